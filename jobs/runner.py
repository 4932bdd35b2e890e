"""Runs claimed jobs: calls the handler, keeps the lease alive, and turns an error into what happens next."""

from __future__ import annotations

import datetime as dt
import logging
import os
import re
import secrets
import socket
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, cast

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection
from django.utils.module_loading import import_string

from accounts import clock, gateways
from accounts.gateways import ClaimIds
from accounts.tenancy import tenant
from contracts.errors import AuthenticationFailed, ErpError, RateLimited, TemporaryError
from jobs import budgets, queue, reasons, retry_delays, turns
from jobs.errors import JobNeedsPerson, JobPostponed, LeaseLost
from jobs.models import Channel, Job, JobAttempt, Outcome
from jobs.queue import Priority, Reason

logger = logging.getLogger(__name__)

MAX_CRASHES = 3
# A handler that reports nothing for so long hangs: its lease may end.
SILENCE_SECONDS = 900.0
# A turn so near is waited for, since nobody else needs this worker.
NEAR_SECONDS = 3.0
DATABASE_AWAY = (OperationalError, InterfaceError)
# How long the outcome of a job is offered to a database that is away; then the sweep settles it.
PATIENCE_SECONDS = (0.0, 0.5, 1.0, 2.0, 4.0)


class JobContext:
    """What a handler gets: ``handler(job)``. It runs outside any transaction and opens its own ``tenant``."""

    def __init__(self, job: Job, claim: ClaimIds) -> None:
        self.id: int = job.pk
        self.organization_id = claim.organization_id
        self.channel = job.channel
        self.kind = job.kind
        self.key = job.key
        self.payload: Mapping[str, Any] = job.payload
        self.step: Mapping[str, Any] = job.step
        self.attempts = job.attempts
        self.lease = claim.lease
        self.last_report = time.monotonic()
        self._claim = claim

    def save_step(self, **values: Any) -> None:
        """Add ``values`` to the step and persist it; the job goes on from there after an interruption.

        Called inside the ``tenant`` that writes an effect, both are committed or neither is, and a worker
        that was taken for dead commits nothing: ``LeaseLost``.
        """
        step = {**self.step, **values}
        with tenant(self.organization_id):
            queue.save_step(self._claim, step)
        self.step = step
        self.last_report = time.monotonic()
        turns.mark_progress()

    def prove_lease(self) -> None:
        """For what cannot be repeated. Raises ``LeaseLost`` in a worker that was taken for dead."""
        with tenant(self.organization_id):
            queue.extend_lease(self._claim)
        self.last_report = time.monotonic()


Handler = Callable[[JobContext], None]


class Heartbeat:
    """Extends the lease while a handler runs, on a connection of its own."""

    def __init__(self, job: JobContext, claim: ClaimIds) -> None:
        self._job = job
        self._claim = claim
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._beat, name=f"heartbeat-{claim.job_id}", daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    def _beat(self) -> None:
        try:
            while not self._ended.wait(settings.JOB_LEASE_SECONDS / 3):
                if time.monotonic() - self._job.last_report > SILENCE_SECONDS:
                    logger.error("job %s is silent, its lease ends", self._claim.job_id)
                    return
                try:
                    with tenant(self._claim.organization_id):
                        queue.extend_lease(self._claim)
                except LeaseLost:
                    return
                except DATABASE_AWAY:
                    connection.close_if_unusable_or_obsolete()
        finally:
            connection.close()


def run_due(limit_seconds: float) -> bool:
    """Run due jobs until none is left (False) or the time is up (True)."""
    deadline = time.monotonic() + limit_seconds
    while time.monotonic() < deadline:
        if run_one() is None:
            seconds = gateways.seconds_to_next_turn()
            if seconds is None or time.monotonic() + seconds > min(deadline, time.monotonic() + NEAR_SECONDS):
                return False
            # An account's next slot comes soon: sooner than the next sweep would wake us.
            time.sleep(max(seconds, 0.0))
    return True


def run_one() -> int | None:
    """Claim and run the next due job of any organization. Its id, or None when none is due."""
    claim = gateways.claim_job(
        _worker_name(), lease_seconds=settings.JOB_LEASE_SECONDS, wait_seconds=budgets.CLAIM_AHEAD_SECONDS
    )
    if claim is None:
        return None
    with tenant(claim.organization_id):
        job = Job.objects.get(pk=claim.job_id)
    if job.crashes > MAX_CRASHES:
        logger.error("job %s (%s) is parked: it never came back from %s runs", job.pk, job.kind, MAX_CRASHES)
        _settle(claim, lambda: queue.park(claim, Reason(reasons.CRASHED)))
        return claim.job_id
    context = JobContext(job, claim)
    try:
        with Heartbeat(context, claim), turns.taking_turn():
            _handler(job.kind)(context)
    except LeaseLost:
        logger.warning("job %s (%s) was taken over: this run wrote nothing more", job.pk, job.kind)
    except Exception as error:
        _settle_error(claim, job, error)
    else:
        _settle(claim, lambda: queue.finish(claim))
    return claim.job_id


def _worker_name() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"


def _handler(kind: str) -> Handler:
    return cast(Handler, import_string(settings.JOB_HANDLERS[kind]))


def _settle(claim: ClaimIds, write: Callable[[], object]) -> None:
    """Write a job's outcome in one transaction; through a short absence of the database, too."""
    for seconds in PATIENCE_SECONDS:
        time.sleep(seconds)
        try:
            with tenant(claim.organization_id):
                write()
        except LeaseLost:
            logger.warning("job %s was taken over before its outcome was written", claim.job_id)
            return
        except DATABASE_AWAY:
            connection.close_if_unusable_or_obsolete()
        else:
            return
    logger.warning("job %s waits for the sweep: the database is away", claim.job_id)


def _settle_error(claim: ClaimIds, job: Job, error: Exception) -> None:
    """What happens next, by the class of the error (architecture: a job never ends in silence)."""
    if isinstance(error, JobPostponed):
        not_before = error.not_before
        _settle(claim, lambda: _return(claim, Outcome.POSTPONED, not_before))
    elif isinstance(error, RateLimited):
        wait = dt.timedelta(seconds=error.retry_after)
        reason = Reason(error.code, error.params)
        _settle(claim, lambda: _stop_and_return(claim, wait, reason))
    elif isinstance(error, TemporaryError):
        reason = Reason(error.code, error.params)
        _settle(claim, lambda: _fail(claim, reason))
    elif isinstance(error, DATABASE_AWAY):
        connection.close_if_unusable_or_obsolete()
        _settle(claim, lambda: _back_off(claim, Reason(reasons.DATABASE_AWAY)))
    elif isinstance(error, AuthenticationFailed) and job.channel != queue.SYSTEM_CHANNEL:
        reason = Reason(error.code, error.params)
        _settle(claim, lambda: _disconnect(claim, reason))
    elif isinstance(error, (ErpError, JobNeedsPerson)):
        reason = Reason(error.code, error.params, getattr(error, "key", ""))
        _settle(claim, lambda: queue.park(claim, reason))
    else:
        support_code = secrets.token_hex(3).upper()
        logger.error(
            "job %s (%s) failed, support code %s\n%s", job.pk, job.kind, support_code, describe(error)
        )
        reason = Reason(reasons.BUG, {"support_code": support_code})
        _settle(claim, lambda: queue.park(claim, reason))


def _return(
    claim: ClaimIds, outcome: Outcome, not_before: dt.datetime, reason: Reason = queue.NO_REASON
) -> None:
    job = queue.lock_running(claim)
    job.crashes = 0
    queue.return_to_pending(job, not_before=not_before, outcome=outcome, reason=reason)


def _back_off(claim: ClaimIds, reason: Reason) -> None:
    job = queue.lock_running(claim)
    job.crashes = 0
    job.failures += 1
    not_before = clock.now() + retry_delays.after_failures(job.failures)
    queue.return_to_pending(job, not_before=not_before, outcome=Outcome.FAILED, reason=reason)


def _fail(claim: ClaimIds, reason: Reason) -> None:
    """The counterpart failed, not we: the whole channel learns of it."""
    channel = queue.lock_running(claim).channel
    _back_off(claim, reason)
    if channel != queue.SYSTEM_CHANNEL:
        queue.note_failure(channel)


def _stop_and_return(claim: ClaimIds, wait: dt.timedelta, reason: Reason) -> None:
    """The ERP named the time: the whole account waits, and the job with it."""
    job = queue.lock_running(claim)
    not_before = clock.now() + wait
    channel = Channel.objects.get(name=job.channel)
    if channel.budget_key:
        budgets.stop_until(channel.budget_key, not_before)
    _return(claim, Outcome.FAILED, not_before, reason)


def _disconnect(claim: ClaimIds, reason: Reason) -> None:
    """Nothing is lost: the channel rests until a person connects again, and the job waits in it."""
    job = queue.lock_running(claim)
    started_at = JobAttempt.objects.get(lease=claim.lease).started_at
    _return(claim, Outcome.FAILED, clock.now(), reason)
    channel = queue.get_channel(job.channel)
    if channel.resumed_at is not None and channel.resumed_at > started_at:
        # Somebody connected again while this run still held the old credential.
        return
    queue.pause_channel(job.channel, reason)
    queue.enqueue(
        "mark_disconnected",
        channel=queue.SYSTEM_CHANNEL,
        key=job.channel,
        payload={"channel": job.channel, "reason_code": reason.code, "reason_params": dict(reason.params)},
        priority=Priority.TOKEN,
    )


# --- logs without data of people ---

_SECRETS = (
    (re.compile(r"[\w.+-]+@[\w.-]+"), "<e-mail>"),
    (re.compile(r"\d(?:[.\-/ ]?\d){5,}"), "<number>"),
    (re.compile(r"[\w.~+/=-]{24,}"), "<long word>"),
)


def describe(error: BaseException) -> str:
    """A traceback for the log: the frames in full, the messages without numbers, e-mails and tokens."""
    parts = []
    step: BaseException | None = error
    while step is not None:
        message = str(step)[:500]
        for pattern, name in _SECRETS:
            message = pattern.sub(name, message)
        parts.append("".join(traceback.format_tb(step.__traceback__)) + f"{type(step).__name__}: {message}")
        step = step.__cause__ or (None if step.__suppress_context__ else step.__context__)
    return "\ncaused by\n".join(parts)
