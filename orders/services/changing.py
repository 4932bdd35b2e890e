"""What the marketplace or a person says of an order that was placed here."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db import transaction

from accounts import clock
from contracts.order_status import OrderStatus
from history.models import Source
from history.services import entry, record_all
from orders.models import ForwardingState, Order, OrderForwarding, Origin
from orders.services.forwarding import forward
from orders.services.lines import SUBJECT, take_revision
from orders.services.queueing import ask_to_follow, enqueue_change, enqueue_export, enqueue_situation
from orders.transitions import list_next, may_follow

LABELS: Mapping[str, str] = {
    "notes": "observações",
    "expected_on": "previsão",
    "seller_code": "vendedor",
    "seller_name": "vendedor",
}
# Of these the ERP takes a change once it has the order.
CHANGEABLE_LATER = frozenset({"notes", "expected_on"})


class StatusRefused(ValueError):
    """``allowed`` are the statuses that may follow the order's own."""

    def __init__(self, current: OrderStatus, wanted: OrderStatus) -> None:
        self.allowed = list_next(current)
        super().__init__(f"De {current.label} um pedido não passa para {wanted.label}.")


class ChangeRefused(ValueError):
    """The text is for the person; ``field`` is the one that cannot be changed."""

    def __init__(self, field: str, text: str) -> None:
        self.field = field
        super().__init__(text)


@transaction.atomic
def change_status(
    *,
    order_id: int,
    status: OrderStatus,
    person: str,
    source: Source,
    is_return: bool | None = None,
    reason: str = "",
) -> Order:
    """Move the order on by the one table of transitions; saying its own status again changes nothing.

    What follows from it is enqueued: the order is sent for the first time, or its situation is written at the
    ERP. Raises ``StatusRefused``.
    """
    revision = take_revision()
    order = _lock(order_id)
    current = OrderStatus(order.status)
    if not may_follow(current, status):
        raise StatusRefused(current, status)
    flag = order.is_return if is_return is None else is_return
    if status == current and flag == order.is_return:
        return order
    now = clock.now()
    lines = []
    if status != current:
        params = {"former": current.label, "status": status.label, "reason": reason}
        code = "order.cancelled_here" if status == OrderStatus.CANCELLED else "order.status_set"
        lines.append(entry(SUBJECT, order.pk, code, params, source=source, person=person, at=now))
    if flag != order.is_return:
        code = "order.return_set" if flag else "order.return_unset"
        lines.append(entry(SUBJECT, order.pk, code, {}, source=source, person=person, at=now))
    order.status, order.is_return = status, flag
    order.revision, order.updated_at = revision, now
    order.save()
    record_all(lines)
    if status != current:
        follow_up(order)
    return order


def follow_up(order: Order) -> None:
    """The status of the locked order is another one now: its ERP is to know it, and so are its parcels."""
    ask_to_follow([order.pk])
    forwarding = OrderForwarding.objects.select_for_update().filter(order=order).first()
    if forwarding is not None and forwarding.state != ForwardingState.SENT:
        forward(order=order, forwarding=forwarding)
    elif order.integration is not None:
        enqueue_situation(order=order, integration=order.integration)


@transaction.atomic
def change_order(*, order_id: int, values: Mapping[str, Any], person: str, source: Source) -> Order:
    """Change notes, expected day or salesperson. Raises ``ChangeRefused``."""
    revision = take_revision()
    order = _lock(order_id)
    if order.origin == Origin.ERP:
        raise ChangeRefused(next(iter(values), ""), "Este pedido veio do ERP: mude-o lá.")
    changed = {name: value for name, value in values.items() if getattr(order, name) != value}
    forwarding = OrderForwarding.objects.select_for_update().get(order=order)
    is_sent = forwarding.state == ForwardingState.SENT
    for name in changed:
        if is_sent and name not in CHANGEABLE_LATER:
            raise ChangeRefused(name, "O pedido já foi enviado ao ERP, que não aceita mais esta mudança.")
    if is_sent and changed.get("expected_on", order) is None:
        raise ChangeRefused("expected_on", "O ERP não apaga a previsão: informe outro dia.")
    if not changed:
        return order
    for name, value in changed.items():
        setattr(order, name, value)
    now: dt.datetime = clock.now()
    order.revision, order.updated_at = revision, now
    order.save()
    fields = ", ".join(dict.fromkeys(LABELS[name] for name in changed))
    params = {"fields": fields}
    record_all([entry(SUBJECT, order.pk, "order.changed_here", params, source=source, person=person, at=now)])
    if order.integration is None:
        return order
    if is_sent:
        enqueue_change(order=order, integration=order.integration)
    elif forwarding.state == ForwardingState.DUE:
        # One that was stopped by what has just been changed.
        enqueue_export(order=order, integration=order.integration)
    return order


def _lock(order_id: int) -> Order:
    # A parcel of the order that is written meanwhile refers to it, and must not wait for this.
    locked = Order.objects.select_for_update(of=("self",), no_key=True).select_related("integration")
    order: Order = locked.get(pk=order_id)
    return order
