"""Which orders deserve a call of their own: those whose details we lack, and those that a sweep missed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db.models import F, Q, QuerySet

from accounts import clock
from contracts.order_status import OrderStatus
from contracts.records import ErpOrder, Page
from integrations.models import Integration
from jobs import queue
from jobs.queue import Priority
from jobs.selectors import list_parked
from orders.map_selectors import list_unheard_situations
from orders.models import OrderReference

# One call an order: a few at a time leave the account's limit to the seller's other programs.
DETAILS_PER_POLL = 20
MISSED_PER_SWEEP = 50
LOOK_FOR_INVOICE_EVERY = dt.timedelta(hours=1)
OPEN = ~Q(order__status__in=[OrderStatus.DELIVERED, OrderStatus.CANCELLED])


def enqueue_completion(*, integration: Integration, order_id: int, priority: Priority) -> None:
    """Read one order by itself. Asked for twice, it is one job, of the higher priority."""
    queue.enqueue(
        "complete_order",
        channel=integration.channel,
        key=str(order_id),
        lock=f"order:{order_id}",
        priority=priority,
    )


def enqueue_some_details(*, integration: Integration) -> int:
    """Ask for the details of the newest open orders that lack them; how many were asked for."""
    lacking = OrderReference.objects.filter(OPEN, integration=integration, deleted_at=None).exclude(
        details_hash=F("row_hash")
    )
    return _enqueue(integration, lacking.order_by("-order_id"), DETAILS_PER_POLL)


def complete_summaries(*, integration: Integration, page: Page[ErpOrder], priority: Priority) -> int:
    """Read the new and changed orders of a page whose rows say too little, each by itself; how many."""
    summaries = [row.external_id for row in page.items if row.is_summary]
    if not summaries:
        return 0
    changed = OrderReference.objects.filter(integration=integration, external_id__in=summaries)
    changed = changed.filter(deleted_at=None).exclude(details_hash=F("row_hash"))
    return _enqueue(integration, changed.order_by("order_id"), len(summaries), priority)


def enqueue_awaiting_invoice(*, integration: Integration) -> int:
    """Orders whose nota only they themselves name: those that were read longest ago, hourly at most."""
    before = clock.now() - LOOK_FOR_INVOICE_EVERY
    awaiting = OrderReference.objects.filter(
        integration=integration,
        deleted_at=None,
        awaiting_invoice_since__isnull=False,
        order__details_loaded_at__lt=before,
    )
    return _enqueue(integration, awaiting.order_by("order__details_loaded_at"), DETAILS_PER_POLL)


def mark_seen(*, integration: Integration, external_ids: Sequence[str], at: dt.datetime) -> None:
    """A sweep met these rows at the ERP."""
    OrderReference.objects.filter(integration=integration, external_id__in=external_ids).update(seen_at=at)


def enqueue_missed(*, integration: Integration, since: dt.date, started_at: dt.datetime) -> int:
    """Open orders that a sweep should have met and did not: deleted, or moved on without a notice."""
    missed = OrderReference.objects.filter(
        OPEN,
        Q(seen_at=None) | Q(seen_at__lt=started_at),
        integration=integration,
        deleted_at=None,
        order__placed_on__gte=since,
        order__created_at__lt=started_at,
    ).exclude(situation__in=list_unheard_situations(integration))
    return _enqueue(integration, missed.order_by(F("seen_at").asc(nulls_first=True)), MISSED_PER_SWEEP)


def _enqueue(
    integration: Integration,
    references: QuerySet[OrderReference],
    limit: int,
    priority: Priority = Priority.COMPLETION,
) -> int:
    # What waits for a person is not tried again behind his back.
    parked = list_parked().filter(channel=integration.channel, kind="complete_order")
    waiting = [int(key) for key in parked.values_list("key", flat=True)]
    order_ids = list(references.exclude(order_id__in=waiting).values_list("order_id", flat=True)[:limit])
    for order_id in order_ids:
        enqueue_completion(integration=integration, order_id=order_id, priority=priority)
    return len(order_ids)
