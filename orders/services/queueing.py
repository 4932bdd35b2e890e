"""The jobs that write an order at its ERP, and the one that has its parcels followed."""

from __future__ import annotations

from collections.abc import Iterable

from customers.services import lock_of
from integrations.models import Integration
from jobs import queue
from jobs.queue import Priority
from orders.models import Order, OrderShipment, Origin

FOLLOW = "follow_shipments"


def enqueue_export(*, order: Order, integration: Integration, priority: Priority = Priority.EXPORT) -> None:
    queue.enqueue(
        "export_order",
        channel=integration.channel,
        key=str(order.pk),
        # The buyer may be made at the ERP with it: two of his orders must not make him twice.
        lock=lock_of(order.customer_id) if order.customer_id else f"order:{order.pk}",
        priority=priority,
    )


def enqueue_situation(*, order: Order, integration: Integration) -> None:
    _enqueue_later("export_situation", order, integration)


def enqueue_change(*, order: Order, integration: Integration) -> None:
    _enqueue_later("export_order_change", order, integration)


def enqueue_shipment(*, order: Order, integration: Integration, priority: Priority = Priority.EXPORT) -> None:
    _enqueue_later("export_shipment", order, integration, priority)


def _enqueue_later(
    kind: str, order: Order, integration: Integration, priority: Priority = Priority.EXPORT
) -> None:
    queue.enqueue(
        kind,
        channel=integration.channel,
        key=str(order.pk),
        lock=f"order:{order.pk}",
        priority=priority,
    )


def catch_up(order: Order) -> None:
    """An order that was placed here was not to be written at the ERP for a while, and is so again."""
    if order.origin != Origin.ERP and order.integration is not None:
        enqueue_situation(order=order, integration=order.integration)
        enqueue_change(order=order, integration=order.integration)
    if order.integration is not None:
        write_typed_code(order=order, integration=order.integration)


def write_typed_code(*, order: Order, integration: Integration) -> None:
    """Have a code that was typed here written at the ERP, if one waits for that."""
    if OrderShipment.objects.filter(order=order, typed_at__isnull=False).exists():
        enqueue_shipment(order=order, integration=integration)


def ask_to_follow(order_ids: Iterable[int]) -> None:
    """These have news for their parcels: a code, a nota, a status. Who waits for no parcel is left out."""
    shipments = OrderShipment.objects.filter(order_id__in=order_ids, tracking_wanted_at__isnull=False)
    if shipments.update(needs_following=True):
        queue.enqueue(FOLLOW, channel="tracking", key=FOLLOW, lock=FOLLOW, priority=Priority.POLL)
