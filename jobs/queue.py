"""The durable queue: enqueue, return, finish, park, pause, schedule.

Every function runs inside ``tenant(...)`` and takes part in the caller's transaction. A write on behalf of a
running job is guarded by the token of its claim (see ``lock_running``), so a worker that was taken for dead
cannot undo what its successor did.
"""

from __future__ import annotations

import datetime as dt
import enum
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db import IntegrityError, connection, transaction

from accounts import clock
from accounts.gateways import ClaimIds
from accounts.tenancy import current_organization_id
from jobs import retry_delays
from jobs.errors import LeaseLost
from jobs.models import Channel, Job, JobAttempt, JobStatus, Outcome, Schedule
from jobs.nudges import nudge

SYSTEM_CHANNEL = "system"
# So many temporary errors in a row, and a channel rests.
BREAKER_FAILURES = 3
# The reason of a row whose work another row of equal channel, kind and key does.
MERGED = "merged"


class Priority(enum.IntEnum):
    """Which job of a channel goes first: the lowest number."""

    TOKEN = 10
    PERSON = 20
    NOTIFICATION = 30
    EXPORT = 40
    POLL = 50
    COMPLETION = 60
    BACKFILL = 70


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a job waits, as a code with parameters; ``key`` groups jobs that one fix releases."""

    code: str = ""
    params: Mapping[str, str] = field(default_factory=dict)
    key: str = ""


NO_REASON = Reason()

_ENSURE_CHANNEL = """
    INSERT INTO jobs_channel (organization_id, name, budget_key, paused_code, paused_params, breaker_failures)
    SELECT %(organization)s, %(channel)s, '', '', '{}', 0
    WHERE NOT EXISTS (
        SELECT FROM jobs_channel WHERE organization_id = %(organization)s AND name = %(channel)s)
    ON CONFLICT (organization_id, name) DO NOTHING
"""

_ENQUEUE = f"""
    WITH channel AS ({_ENSURE_CHANNEL})
    INSERT INTO jobs_job AS waiting
        (organization_id, channel, kind, key, lock, priority, payload, step, status,
         attempts, crashes, failures, not_before, reason_code, reason_params, reason_key, created_at)
    VALUES
        (%(organization)s, %(channel)s, %(kind)s, %(key)s, %(lock)s, %(priority)s, %(payload)s, '{{}}',
         'pending', 0, 0, 0, coalesce(%(not_before)s, clock_now()), '', '{{}}', '', clock_now())
    ON CONFLICT (organization_id, channel, kind, key) WHERE status = 'pending' DO UPDATE
        SET not_before = least(waiting.not_before, excluded.not_before),
            priority = least(waiting.priority, excluded.priority)
    RETURNING id
"""  # noqa: S608  made of constants


def enqueue(
    kind: str,
    *,
    channel: str,
    key: str,
    payload: Mapping[str, Any] | None = None,
    lock: str | None = None,
    priority: Priority = Priority.POLL,
    not_before: dt.datetime | None = None,
) -> int:
    """Make sure that this work waits, and return its job's id.

    A job of equal channel, kind and key that waits already stays the one: it keeps its payload and step,
    and takes the earlier time and the higher priority. Jobs of one ``lock`` in one channel never run side by
    side.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            _ENQUEUE,
            {
                "organization": current_organization_id(),
                "channel": channel,
                "kind": kind,
                "key": key,
                "lock": lock,
                "priority": int(priority),
                "payload": json.dumps(dict(payload or {})),
                "not_before": not_before,
            },
        )
        (job_id,) = cursor.fetchone()
    transaction.on_commit(nudge)
    return int(job_id)


_ENQUEUE_ALL = f"""
    WITH channel AS ({_ENSURE_CHANNEL})
    INSERT INTO jobs_job AS waiting
        (organization_id, channel, kind, key, lock, priority, payload, step, status,
         attempts, crashes, failures, not_before, reason_code, reason_params, reason_key, created_at)
    SELECT %(organization)s, %(channel)s, %(kind)s, work.key, work.key, %(priority)s, '{{}}', '{{}}',
           'pending', 0, 0, 0, clock_now(), '', '{{}}', '', clock_now()
    FROM unnest(%(keys)s::text[]) AS work(key)
    ON CONFLICT (organization_id, channel, kind, key) WHERE status = 'pending' DO UPDATE
        SET not_before = least(waiting.not_before, excluded.not_before),
            priority = least(waiting.priority, excluded.priority)
        WHERE waiting.not_before > excluded.not_before OR waiting.priority > excluded.priority
"""  # noqa: S608  made of constants


def enqueue_all(kind: str, *, channel: str, keys: Iterable[str], priority: Priority = Priority.POLL) -> None:
    """``enqueue`` for each key, in one statement; each is its own lock."""
    wanted = sorted(set(keys))
    if not wanted:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            _ENQUEUE_ALL,
            {
                "organization": current_organization_id(),
                "channel": channel,
                "kind": kind,
                "keys": wanted,
                "priority": int(priority),
            },
        )
    transaction.on_commit(nudge)


# --- a running job: every write shows the token of its claim ---


def lock_running(claim: ClaimIds) -> Job:
    """The job's row, locked until the end of the transaction. Raises ``LeaseLost``."""
    job: Job | None = (
        Job.objects.select_for_update(no_key=True)
        .filter(pk=claim.job_id, status=JobStatus.RUNNING, lease=claim.lease)
        .first()
    )
    if job is None:
        raise LeaseLost(f"job {claim.job_id} is no longer held by lease {claim.lease}")
    return job


def extend_lease(claim: ClaimIds) -> None:
    """Hold the job for another ``JOB_LEASE_SECONDS``. Raises ``LeaseLost``."""
    job = lock_running(claim)
    job.lease_until = clock.now() + dt.timedelta(seconds=settings.JOB_LEASE_SECONDS)
    job.save(update_fields=["lease_until"])


def save_step(claim: ClaimIds, step: Mapping[str, Any]) -> None:
    """Persist where to go on, and report life: no crash and no failure so far. Raises ``LeaseLost``."""
    job = lock_running(claim)
    job.step = dict(step)
    job.crashes = job.failures = 0
    job.lease_until = clock.now() + dt.timedelta(seconds=settings.JOB_LEASE_SECONDS)
    job.save(update_fields=["step", "crashes", "failures", "lease_until"])
    close_breaker(job.channel)


def finish(claim: ClaimIds) -> None:
    """The work is done, and so is that of a parked twin. Raises ``LeaseLost``."""
    job = lock_running(claim)
    _end_attempt(job, Outcome.DONE)
    _close(job)
    _supersede_parked(job)
    close_breaker(job.channel)


def park(claim: ClaimIds, reason: Reason) -> None:
    """Keep the job for a person. Raises ``LeaseLost``.

    One row stands for the same work: an older parked twin is closed, and its beginning is kept.
    """
    job = lock_running(claim)
    _end_attempt(job, Outcome.PARKED, reason)
    job.parked_at = _supersede_parked(job) or clock.now()
    job.status = JobStatus.PARKED
    job.lease = job.lease_until = None
    job.crashes = job.failures = 0
    _set_reason(job, reason)
    job.save()


# --- back to pending ---


def return_to_pending(
    job: Job,
    *,
    not_before: dt.datetime,
    outcome: Outcome | None = None,
    step: Mapping[str, Any] | None = None,
    reason: Reason = NO_REASON,
) -> int:
    """The one way back to pending: retry, postponed, swept, released. Returns the id of the row that waits.

    ``job`` is locked by the caller. When a twin waits already, the older of the two rows stays, with its own
    payload and step, the earlier time and the higher priority; the other one is closed as merged. ``outcome``
    says how the attempt of a running job ended.
    """
    if outcome is not None:
        _end_attempt(job, outcome, reason)
    job.not_before = not_before
    job.step = job.step if step is None else dict(step)
    job.status = JobStatus.PENDING
    job.lease = job.lease_until = job.parked_at = None
    _set_reason(job, reason)
    while True:
        twin: Job | None = (
            Job.objects.select_for_update(no_key=True)
            .filter(channel=job.channel, kind=job.kind, key=job.key, status=JobStatus.PENDING)
            .first()
        )
        try:
            with transaction.atomic():
                return _merge(job, twin) if twin else _save(job)
        except IntegrityError as error:
            # A twin was enqueued between our look and our write: look again.
            if "jobs_job_one_pending" not in str(error):
                raise


def retry_parked(job_id: int) -> bool:
    """«Tentar de novo»: the parked job runs as soon as it can. False if it is not parked (any more)."""
    return _release(Job.objects.filter(pk=job_id)) == 1


def release(reason_code: str, reason_key: str) -> int:
    """Let every parked job go on that waits for this one fix; how many they were."""
    return _release(Job.objects.filter(reason_code=reason_code, reason_key=reason_key))


def release_channel(reason_code: str, *, channel: str) -> int:
    """The same for one channel and every key: a choice of a person, and no single fix, was waited for."""
    return _release(Job.objects.filter(channel=channel, reason_code=reason_code))


def _release(jobs: Any) -> int:
    released = 0
    for job in jobs.filter(status=JobStatus.PARKED).select_for_update(no_key=True).order_by("id"):
        job.crashes = job.failures = 0
        job.priority = min(job.priority, Priority.PERSON)
        return_to_pending(job, not_before=clock.now())
        released += 1
    if released:
        transaction.on_commit(nudge)
    return released


def _merge(job: Job, twin: Job) -> int:
    older, younger = sorted((job, twin), key=lambda row: row.pk)
    older.not_before = min(job.not_before, twin.not_before)
    older.priority = min(job.priority, twin.priority)
    older.crashes = max(job.crashes, twin.crashes)
    older.failures = max(job.failures, twin.failures)
    _set_reason(older, Reason(job.reason_code, job.reason_params, job.reason_key))
    _close(younger, Reason(MERGED))
    return _save(older)


def _save(job: Job) -> int:
    job.save()
    return int(job.pk)


def _close(job: Job, reason: Reason = NO_REASON) -> None:
    job.status = JobStatus.DONE
    job.finished_at = clock.now()
    job.lease = job.lease_until = job.parked_at = None
    _set_reason(job, reason)
    job.save()


def _supersede_parked(job: Job) -> dt.datetime | None:
    """Close parked twins of ``job``; since when the oldest of them was parked."""
    since = None
    for twin in Job.objects.select_for_update(no_key=True).filter(
        channel=job.channel, kind=job.kind, key=job.key, status=JobStatus.PARKED
    ):
        since = min(since or twin.parked_at, twin.parked_at)
        _close(twin, Reason(MERGED))
    return since


def _set_reason(job: Job, reason: Reason) -> None:
    job.reason_code = reason.code
    job.reason_params = dict(reason.params)
    job.reason_key = reason.key


def _end_attempt(job: Job, outcome: Outcome, reason: Reason = NO_REASON) -> None:
    JobAttempt.objects.filter(lease=job.lease).update(
        finished_at=clock.now(), outcome=outcome, reason_code=reason.code, reason_params=dict(reason.params)
    )


# --- channels ---


def ensure_channel(name: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_ENSURE_CHANNEL, {"organization": current_organization_id(), "channel": name})


def get_channel(name: str) -> Channel:
    """The channel's row, locked until the end of the transaction; made if it is new."""
    ensure_channel(name)
    channel: Channel = Channel.objects.select_for_update(no_key=True).get(name=name)
    return channel


def set_budget(channel: str, budget_key: str) -> None:
    """Say which account's limit the channel's calls share."""
    row = get_channel(channel)
    row.budget_key = budget_key
    row.save(update_fields=["budget_key"])


def pause_channel(channel: str, reason: Reason) -> None:
    """Claim nothing from the channel until it is resumed. An earlier pause keeps its reason and its time."""
    row = get_channel(channel)
    if row.paused_at is None:
        row.paused_at = clock.now()
        row.paused_code = reason.code
        row.paused_params = dict(reason.params)
        row.save(update_fields=["paused_at", "paused_code", "paused_params"])


def resume_channel(channel: str) -> None:
    """Claim from the channel again, paused or not."""
    row = get_channel(channel)
    row.paused_at = None
    row.paused_code = ""
    row.paused_params = {}
    row.resumed_at = clock.now()
    row.breaker_failures = 0
    row.breaker_until = None
    row.save()
    transaction.on_commit(nudge)


# --- the breaker of a channel: an account that is slow or dead holds no worker ---


def note_failure(channel: str) -> None:
    """One more temporary error in a row on this channel; from the third on it rests, up to 15 minutes."""
    row = get_channel(channel)
    row.breaker_failures += 1
    if row.breaker_failures >= BREAKER_FAILURES:
        rest = retry_delays.rest_of_channel(row.breaker_failures - BREAKER_FAILURES)
        row.breaker_until = clock.now() + rest
    row.save(update_fields=["breaker_failures", "breaker_until"])


def close_breaker(channel: str) -> None:
    """The channel's counterpart answered: as many jobs at a time as there are workers."""
    Channel.objects.filter(name=channel, breaker_failures__gt=0).update(
        breaker_failures=0, breaker_until=None
    )


# --- schedules ---


def set_schedule(
    channel: str,
    kind: str,
    key: str,
    every_seconds: float,
    *,
    next_at: dt.datetime | None = None,
    payload: Mapping[str, Any] | None = None,
    lock: str | None = None,
    priority: Priority = Priority.POLL,
) -> None:
    """Enqueue this work every ``every_seconds``, first at ``next_at`` (default: at once).

    One that exists already takes the new values; without ``next_at`` it keeps its time, or comes sooner when
    the new interval is shorter.
    """
    ensure_channel(channel)
    now = clock.now()
    every = dt.timedelta(seconds=every_seconds)
    schedule = Schedule.objects.select_for_update().filter(channel=channel, kind=kind, key=key).first()
    if schedule is None:
        schedule = Schedule(channel=channel, kind=kind, key=key, next_at=now)
    schedule.next_at = next_at or min(schedule.next_at, now + every)
    schedule.every = every
    schedule.payload = dict(payload or {})
    schedule.lock = lock
    schedule.priority = priority
    schedule.save()


def delete_schedule(channel: str, kind: str, key: str) -> None:
    """Stop enqueuing this work; jobs of it that wait stay."""
    Schedule.objects.filter(channel=channel, kind=kind, key=key).delete()
