"""The jobs that write an order at its ERP."""

from __future__ import annotations

from customers.services import lock_of
from integrations.models import Integration
from jobs import queue
from jobs.queue import Priority
from orders.models import Order, Origin


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


def _enqueue_later(kind: str, order: Order, integration: Integration) -> None:
    queue.enqueue(
        kind,
        channel=integration.channel,
        key=str(order.pk),
        lock=f"order:{order.pk}",
        priority=Priority.EXPORT,
    )


def catch_up(order: Order) -> None:
    """An order that was placed here was not to be written at the ERP for a while, and is so again."""
    if order.origin != Origin.ERP and order.integration is not None:
        enqueue_situation(order=order, integration=order.integration)
        enqueue_change(order=order, integration=order.integration)
