"""What the parcels of an order make of it, and what an order says of a parcel that nobody can ask for."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from contracts.order_status import OrderStatus
from contracts.tracking import ParcelState
from orders.transitions import is_reachable

COMES_BACK = frozenset({ParcelState.RETURNING, ParcelState.RETURNED})
_FAILED = COMES_BACK | {ParcelState.LOST}
# They tell nothing of how far the order has come.
_STANDS = frozenset(
    {ParcelState.PENDING, ParcelState.INFO_RECEIVED, ParcelState.EXCEPTION, ParcelState.EXPIRED}
)

# A carrier is believed about how far an order has come, and never that it went back.
_STEPS: Mapping[OrderStatus, int] = {
    OrderStatus.IN_TRANSIT: 1,
    OrderStatus.NOT_DELIVERED: 2,
    OrderStatus.DELIVERED: 3,
}
_REASONS: Mapping[OrderStatus, str] = {
    OrderStatus.IN_TRANSIT: "order.carriage_in_transit",
    OrderStatus.NOT_DELIVERED: "order.carriage_not_delivered",
    OrderStatus.DELIVERED: "order.carriage_delivered",
}
_WORDS: Mapping[OrderStatus, ParcelState] = {
    OrderStatus.IN_TRANSIT: ParcelState.IN_TRANSIT,
    OrderStatus.NOT_DELIVERED: ParcelState.DELIVERY_FAILED,
    OrderStatus.DELIVERED: ParcelState.DELIVERED,
}


@dataclass(frozen=True, slots=True)
class CarriageDecision:
    """The status to have, whether it is a return, and why.

    ``reason`` is a code of ``orders.sentences``, ``""`` for an order that stays as it is. ``deciding`` are
    the states of the parcels that it is about.
    """

    status: OrderStatus
    is_return: bool
    reason: str = ""
    params: Mapping[str, str] = field(default_factory=dict)
    deciding: frozenset[ParcelState] = frozenset()


def decide_carriage(
    current: OrderStatus, states: Collection[ParcelState], *, is_return: bool
) -> CarriageDecision:
    """What an order becomes whose parcels are in ``states``: delivered once every one of them is.

    A cancelled parcel counts for none. An order that was delivered or cancelled stays so, and none is led
    back; a return is a flag that only somebody else takes away.
    """
    there = frozenset(states) - {ParcelState.CANCELLED}
    comes_back = current != OrderStatus.CANCELLED and bool(there & COMES_BACK)
    wanted, deciding = _find_wanted(there)
    if wanted is not None and _leads_on(current, wanted):
        params = {"status": wanted.label, "former": current.label}
        return CarriageDecision(wanted, is_return or comes_back, _REASONS[wanted], params, deciding)
    if comes_back and not is_return:
        params = {"status": current.label}
        return CarriageDecision(current, True, "order.carriage_returning", params, there & COMES_BACK)
    return CarriageDecision(current, is_return)


def read_word(status: OrderStatus, *, is_return: bool) -> ParcelState | None:
    """What the order says of a parcel that no carrier is asked for; ``None``: nothing yet."""
    if is_return and status in _WORDS:
        return ParcelState.RETURNING
    return _WORDS.get(status)


def _find_wanted(there: frozenset[ParcelState]) -> tuple[OrderStatus | None, frozenset[ParcelState]]:
    if not there:
        return None, there
    if there == {ParcelState.DELIVERED}:
        return OrderStatus.DELIVERED, there
    if there & _FAILED and there <= _FAILED | {ParcelState.DELIVERED}:
        return OrderStatus.NOT_DELIVERED, there & _FAILED
    moving = there - _STANDS
    return (OrderStatus.IN_TRANSIT, moving) if moving else (None, moving)


def _leads_on(current: OrderStatus, wanted: OrderStatus) -> bool:
    return is_reachable(current, wanted) and _STEPS.get(wanted, 0) > _STEPS.get(current, 0)
