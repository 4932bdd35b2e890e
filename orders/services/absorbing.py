"""An order that was imported before anybody could know that it is one which was placed here."""

from __future__ import annotations

from accounts import clock
from history.services import record_all
from orders.models import Invoice, Order, OrderParcel, OrderReference, OrderShipment
from orders.services.lines import platform_line
from orders.services.queueing import ask_to_follow


def absorb(order: Order, imported: OrderReference) -> None:
    """What the ERP told of ``imported`` is of ``order``, and the other order is no more.

    The caller has locked both, and makes the reference anew.
    """
    other = imported.order
    Invoice.objects.filter(order=other).update(order=order)
    if not OrderShipment.objects.filter(order=order).exists():
        OrderShipment.objects.filter(order=other).update(order=order)
    OrderParcel.objects.filter(order=other).update(order=order)
    ask_to_follow([order.pk])
    imported.delete()
    other.delete()
    params = {"number": str(other.number)}
    record_all([platform_line(order.pk, "order.joined", params, clock.now())])
