"""Tracking: what talks to carriers. Outside any transaction, then one service for each parcel."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from django.conf import settings
from django.db import DatabaseError, OperationalError

from accounts import clock
from accounts.tenancy import tenant
from contracts.errors import (
    AuthenticationFailed,
    MappingError,
    PermissionMissing,
    RateLimited,
    TemporaryError,
)
from contracts.http import HttpClient
from contracts.records import CallRecord, CheckStep
from contracts.tracking import TrackedParcel, Tracker, TrackerToken
from jobs import budgets, calls
from jobs.errors import JobPostponed
from jobs.runner import JobContext
from tracking import registry, services
from tracking.models import CarrierAccount, Parcel
from tracking.selectors import asked_key, find_account, list_due
from tracking.sentences import UNREADABLE, UNSTORABLE
from tracking.services.polling import budget_key
from tracking.services.recording import lock_parcel

KIND = "read"
TIDY_BATCH = 200
# While what all companies share hangs, each question holds a worker for so long.
SHARED_DEADLINE_SECONDS = 10.0


class CarrierContext:
    """The ``TrackerContext`` of one company. Use outside any transaction: it makes HTTP calls.

    ``account`` is ``None`` where the tracker needs no contract.
    """

    def __init__(
        self, job: JobContext, tracker: Tracker, account: CarrierAccount | None, *, gives_way: bool = True
    ) -> None:
        self.http = HttpClient() if account else HttpClient(deadline=SHARED_DEADLINE_SECONDS)
        self.url = str(settings.TRACKER_URLS[tracker.key])
        self.account = account
        self.credentials: Mapping[str, str] = services.read_credentials(account) if account else {}
        self._job = job
        self._channel = services.channel_of(tracker.key)
        self._budget_key = account.budget_key if account else budget_key(tracker.key)
        self._gives_way = gives_way
        budgets.set_limit(self._budget_key, KIND, tracker.calls_per_minute)

    def kept_token(self) -> TrackerToken | None:
        if self.account is None or self.account.token_until is None:
            return None
        return TrackerToken(self.account.get_secret("token"), self.account.token_until)

    def keep_token(self, token: TrackerToken | None) -> None:
        if self.account is None:
            return
        with tenant(self._job.organization_id):
            services.keep_token(account=self.account, token=token)
            self.account.set_secret("token", token.value if token else "")
        self.account.token_until = token.expires_at if token else None

    def take_slot(self) -> None:
        budgets.take_slot(self._budget_key, KIND, gives_way=self._gives_way)

    def rest(self, seconds: float) -> None:
        """Nobody asks by the same limit for so long: neither this company nor any other."""
        budgets.stop_until(self._budget_key, clock.now() + dt.timedelta(seconds=seconds))

    def log_call(self, call: CallRecord) -> None:
        with tenant(self._job.organization_id):
            calls.record_call(self._channel, call, job_id=self._job.id)

    def now(self) -> dt.datetime:
        return clock.now()


def poll_parcels(job: JobContext) -> None:
    """Ask a carrier for the company's parcels that are due, batch by batch.

    What is recorded of one batch stays, whatever becomes of the next; what was asked and not recorded is
    asked again.
    """
    tracker = registry.get_tracker(job.key)
    with tenant(job.organization_id):
        account = find_account(tracker.key)
    if account is None and tracker.credential_fields:
        return
    context = CarrierContext(job, tracker, account)
    while batch := _take_batch(job, tracker):
        try:
            _ask(job, tracker, context, batch)
        except (AuthenticationFailed, PermissionMissing) as error:
            if account is None:
                # No person of this company can do anything about it.
                _note_failure(job, batch, error.code, error.params)
                context.rest(settings.SHARED_TRACKER_REFUSED_SECONDS)
                raise TemporaryError(error.code, error.params) from error
            with tenant(job.organization_id):
                services.refuse_carrier_account(account=account, code=error.code, params=error.params)
            # It waits in the channel until that is let go on.
            raise JobPostponed(clock.now()) from error
        job.save_step()
    with tenant(job.organization_id):
        services.settle_schedule(tracker.key)


def check_carrier(job: JobContext) -> None:
    """«Testar» of a contract."""
    tracker = registry.get_tracker(job.key)
    with tenant(job.organization_id):
        account = find_account(tracker.key)
    if account is None:
        return
    context = CarrierContext(job, tracker, account, gives_way=False)
    steps: list[CheckStep] = []
    for step in tracker.check(context):
        steps.append(step)
        with tenant(job.organization_id):
            services.record_check(account=account, steps=steps, is_finished=False)
    with tenant(job.organization_id):
        services.record_check(account=account, steps=steps, is_finished=True)


def remap_parcels(job: JobContext) -> None:
    """A line of the de-para was saved or deleted: the parcels with its text are identified anew."""
    after: int | None = int(job.step.get("after", 0))
    while after is not None:
        with tenant(job.organization_id):
            after = services.remap_batch(
                kind=str(job.payload["kind"]), text=str(job.payload["text"]), after=after
            )
            if after is not None:
                job.save_step(after=after)


def tidy_parcels(job: JobContext) -> None:
    """End what nobody is asked for and nothing is heard of any more; first, what a contract missed."""
    for tracker in registry.list_trackers():
        if tracker.credential_fields:
            with tenant(job.organization_id):
                services.settle_service(tracker.key)
    while True:
        with tenant(job.organization_id):
            ended = services.end_silent(limit=TIDY_BATCH)
            job.save_step()
        if ended < TIDY_BATCH:
            return


def _take_batch(job: JobContext, tracker: Tracker) -> list[Parcel]:
    with tenant(job.organization_id):
        due = list(list_due(tracker.key, clock.now())[: tracker.batch_size])
    if due and due[0].failing_code == UNREADABLE:
        # By itself, so that it takes no other with it.
        return due[:1]
    return [parcel for parcel in due if parcel.failing_code != UNREADABLE]


def _ask(job: JobContext, tracker: Tracker, context: CarrierContext, batch: Sequence[Parcel]) -> None:
    keys = {parcel.pk: asked_key(tracker, parcel) for parcel in batch}
    try:
        answers = {
            answer.key: answer for answer in tracker.track(context, list(dict.fromkeys(keys.values())))
        }
    except RateLimited:
        raise
    except TemporaryError as error:
        _note_failure(job, batch, error.code, error.params)
        if context.account is None:
            context.rest(settings.SHARED_TRACKER_REST_SECONDS)
        raise
    except MappingError as error:
        _note_failure(job, batch, UNREADABLE, {"code": error.code})
        return
    for parcel in batch:
        answer = answers.get(keys[parcel.pk])
        if answer is None:
            _note_failure(job, [parcel], UNREADABLE, {"code": ""})
        else:
            _record(job, tracker, parcel, answer)


def _record(job: JobContext, tracker: Tracker, parcel: Parcel, answer: TrackedParcel) -> None:
    try:
        with tenant(job.organization_id):
            current = lock_parcel(parcel)
            # It may have got another key, or another carrier, while we asked.
            if current.tracker == tracker.key and asked_key(tracker, current) == answer.key:
                services.record_tracked(parcel=current, tracked=answer)
    except OperationalError:
        raise
    except (DatabaseError, ValueError):
        # One bad value keeps the others of the batch from nothing.
        _note_failure(job, [parcel], UNSTORABLE, {})


def _note_failure(job: JobContext, batch: Sequence[Parcel], code: str, params: Mapping[str, str]) -> None:
    with tenant(job.organization_id):
        services.record_failure(parcels=batch, code=code, params=params)
