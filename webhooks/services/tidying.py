"""What must be seen to without a notification: outages, receipts that were stranded, old ones."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from accounts import clock, gateways
from accounts.tenancy import tenant
from contracts.notifications import NotificationKind
from integrations.models import Integration
from jobs import queue
from jobs.models import Job, JobStatus, Schedule
from jobs.queue import Priority
from webhooks import selectors
from webhooks.deciding import Outcome
from webhooks.models import OPEN_STATES, ReceiptState, WebhookReceipt
from webhooks.services.arrivals import channel_of, request_reading
from webhooks.services.outages import take_outages
from webhooks.services.receipts import enqueue_announced, enqueue_following, settle

KEEP = dt.timedelta(days=30)
BATCH = 500
# A receipt that nobody has read after this has lost the job that its POST enqueued.
FORGOTTEN_AFTER = dt.timedelta(minutes=5)
# Kinds of entities that the ERP knows by this name, so that they can be read again.
READABLE = ("product:", "order:")
# How one ends that could not be read, or that a person then dismissed.
UNREADABLE = (ReceiptState.FAILED, ReceiptState.IGNORED)


def keep_tidy(*, integration: Integration) -> None:
    """Look after the receipts of an integration from now on, whether more of them come or not."""
    channel, key = channel_of(integration.pk), str(integration.pk)
    if not Schedule.objects.filter(channel=channel, kind="tidy_receipts", key=key).exists():
        every = settings.TIDY_RECEIPTS_SECONDS
        next_at = clock.now() + dt.timedelta(seconds=every)
        queue.set_schedule(channel, "tidy_receipts", key, every, next_at=next_at, lock="tidy_receipts")


@transaction.atomic
def follow_up_outages() -> None:
    """Have everything read again that may have been told in vain, of every integration that is told."""
    outages = take_outages()
    if not outages:
        return
    until = max(outage.ended_at for outage in outages)
    since = min(outage.started_at for outage in outages) - dt.timedelta(hours=settings.RETRY_HORIZON_HOURS)
    for organization_id, integration_id in gateways.notified_integrations():
        with tenant(organization_id):
            queue.enqueue(
                "reread_announced",
                channel=channel_of(integration_id),
                key=f"{integration_id}/{since.isoformat()}/{until.isoformat()}",
                lock="reread_announced",
                priority=Priority.BACKFILL,
            )


@transaction.atomic
def reread_announced(*, integration: Integration, since: dt.datetime, until: dt.datetime, after: str) -> str:
    """Have some of what was told of in an interval read again; the last of them, ``""`` at the end."""
    receipts = WebhookReceipt.objects.filter(
        integration=integration, received_at__gte=since, received_at__lte=until, entity__gt=after
    )
    entities = list(receipts.order_by("entity").values_list("entity", flat=True).distinct()[:BATCH])
    enqueue_following(
        integration=integration,
        entities=[entity for entity in entities if entity.startswith(READABLE)],
        priority=Priority.BACKFILL,
    )
    return entities[-1] if len(entities) == BATCH else ""


@transaction.atomic
def settle_stranded(*, integration: Integration) -> None:
    """Receipts that wait for a job that waits for a person, or for none: say so, or give them one."""
    waiting = WebhookReceipt.objects.filter(integration=integration, state=ReceiptState.WAITING)
    entities = list(waiting.order_by().values_list("entity", flat=True).distinct()[:BATCH])
    parked, moving = _find_jobs(integration, entities)
    lost = [entity for entity in entities if entity not in moving and entity not in parked]
    is_short = selectors.is_short(integration, len(lost))
    enqueue_announced(integration=integration, entities=lost, is_short=is_short)
    for entity in sorted(parked.keys() - moving):
        job = parked[entity]
        outcome = Outcome(ReceiptState.FAILED, job.reason_code, job.reason_params)
        ids = list(waiting.filter(entity=entity).values_list("pk", flat=True))
        settle(receipt_ids=ids, outcome=outcome)


@transaction.atomic
def request_forgotten(*, integration: Integration) -> None:
    """Have receipts read that nobody has read for long: their job failed, or is no more."""
    unread = WebhookReceipt.objects.filter(integration=integration, state=ReceiptState.RECEIVED)
    oldest = unread.order_by("id").values_list("received_at", flat=True).first()
    if oldest is not None and oldest < clock.now() - FORGOTTEN_AFTER:
        request_reading(integration_id=integration.pk)


def _find_jobs(integration: Integration, entities: Collection[str]) -> tuple[dict[str, Job], set[str]]:
    jobs = Job.objects.filter(
        channel=integration.channel,
        kind="follow_notification",
        key__in=[f"{integration.pk}/{entity}" for entity in entities],
    )
    parked: dict[str, Job] = {}
    moving: set[str] = set()
    for job in jobs.exclude(status=JobStatus.DONE):
        entity = job.key.partition("/")[2]
        if job.status == JobStatus.PARKED:
            parked[entity] = job
        else:
            moving.add(entity)
    return parked, moving


@transaction.atomic
def purge(*, integration: Integration) -> int:
    """Delete some receipts that ended long ago; how many went. The newest of each kind stays."""
    ids = [pk for kind in NotificationKind for pk in _list_old(integration, kind)]
    ids += [pk for state in UNREADABLE for pk in _list_old_unreadable(integration, state)]
    WebhookReceipt.objects.filter(repeats__in=ids).update(repeats=None)
    # Nothing else names them, and their bodies need not be loaded for that.
    receipts = WebhookReceipt.objects.filter(pk__in=ids)
    receipts._raw_delete(receipts.db)
    return len(ids)


def _list_old(integration: Integration, kind: str) -> list[int]:
    """By the index of the kind, in the order of time."""
    receipts = WebhookReceipt.objects.filter(integration=integration, kind=kind).exclude(
        state__in=OPEN_STATES
    )
    newest = receipts.order_by("-id").values_list("pk", flat=True).first()
    return [pk for pk in _list_expired(receipts) if pk != newest]


def _list_old_unreadable(integration: Integration, state: str) -> list[int]:
    """They have no kind, and are found by the index of their state."""
    return _list_expired(WebhookReceipt.objects.filter(integration=integration, kind="", state=state))


def _list_expired(receipts: QuerySet[WebhookReceipt]) -> list[int]:
    before = clock.now() - KEEP
    oldest = receipts.order_by("id").values_list("pk", "received_at")[:BATCH]
    return [pk for pk, received_at in oldest if received_at < before]
