"""Which status may follow which when the marketplace or a person says so: one table for both.

What the ERP says follows the status map instead (``orders.status_map``).
"""

from __future__ import annotations

from collections.abc import Mapping

from contracts.order_status import OrderStatus

_ONWARD: Mapping[OrderStatus, frozenset[OrderStatus]] = {
    OrderStatus.PLACED: frozenset(
        {
            OrderStatus.PAID,
            OrderStatus.PICKING,
            OrderStatus.INVOICED,
            OrderStatus.IN_TRANSIT,
            OrderStatus.DELIVERED,
            OrderStatus.CANCELLED,
        }
    ),
    OrderStatus.PAID: frozenset(
        {
            OrderStatus.PICKING,
            OrderStatus.INVOICED,
            OrderStatus.IN_TRANSIT,
            OrderStatus.DELIVERED,
            OrderStatus.CANCELLED,
        }
    ),
    OrderStatus.PICKING: frozenset(
        {OrderStatus.INVOICED, OrderStatus.IN_TRANSIT, OrderStatus.DELIVERED, OrderStatus.CANCELLED}
    ),
    OrderStatus.INVOICED: frozenset({OrderStatus.IN_TRANSIT, OrderStatus.DELIVERED, OrderStatus.CANCELLED}),
    OrderStatus.IN_TRANSIT: frozenset(
        {OrderStatus.DELIVERED, OrderStatus.NOT_DELIVERED, OrderStatus.CANCELLED}
    ),
    OrderStatus.NOT_DELIVERED: frozenset(
        {OrderStatus.IN_TRANSIT, OrderStatus.DELIVERED, OrderStatus.CANCELLED}
    ),
    OrderStatus.DELIVERED: frozenset(),
    OrderStatus.CANCELLED: frozenset(),
}


def may_follow(current: OrderStatus, wanted: OrderStatus) -> bool:
    """A status may always be said again."""
    return wanted == current or wanted in _ONWARD[current]


def list_next(current: OrderStatus) -> list[OrderStatus]:
    """In the order in which a seller meets them."""
    return [status for status in OrderStatus if status in _ONWARD[current]]


def is_final(status: OrderStatus) -> bool:
    """Whether no other status follows."""
    return not _ONWARD[status]


def is_reachable(current: OrderStatus, wanted: OrderStatus) -> bool:
    """Whether an order in ``current`` can still come to ``wanted``, over any number of steps."""
    seen = {current}
    waiting = [current]
    while waiting:
        for status in _ONWARD[waiting.pop()] - seen:
            seen.add(status)
            waiting.append(status)
    return wanted in seen
