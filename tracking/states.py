"""What a parcel's events together say of it: where it stands, since when, and what of it was taken back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from accounts.clock import SAO_PAULO
from contracts.tracking import ParcelState

STATE_LABELS: Mapping[ParcelState, str] = {
    ParcelState.PENDING: "Aguardando postagem",
    ParcelState.INFO_RECEIVED: "Etiqueta criada",
    ParcelState.POSTED: "Postado",
    ParcelState.IN_TRANSIT: "Em trânsito",
    ParcelState.OUT_FOR_DELIVERY: "Saiu para entrega",
    ParcelState.DELIVERY_FAILED: "Tentativa sem sucesso",
    ParcelState.AVAILABLE_FOR_PICKUP: "Aguardando retirada",
    ParcelState.DELIVERED: "Entregue",
    ParcelState.RETURNING: "Em devolução",
    ParcelState.RETURNED: "Devolvido",
    ParcelState.LOST: "Extraviado",
    ParcelState.EXCEPTION: "Com problema",
    ParcelState.CANCELLED: "Cancelado",
    ParcelState.EXPIRED: "Sem notícias",
}

_BEFORE_POSTING = (ParcelState.PENDING, ParcelState.INFO_RECEIVED)
# Both ways pass the same sorting centres, so none of these says where the parcel goes.
_ON_THE_WAY = (
    *_BEFORE_POSTING,
    ParcelState.POSTED,
    ParcelState.IN_TRANSIT,
    ParcelState.DELIVERY_FAILED,
    ParcelState.AVAILABLE_FOR_PICKUP,
)
# None of these says that the carrier has the parcel.
_WITHOUT_PARCEL = (*_BEFORE_POSTING, ParcelState.EXCEPTION, ParcelState.CANCELLED, ParcelState.EXPIRED)
_ORDER = {state: place for place, state in enumerate(ParcelState)}


class Event(Protocol):
    """A ``TrackedEvent``, or a row that keeps one."""

    @property
    def occurred_at(self) -> dt.datetime: ...
    @property
    def state(self) -> Any: ...
    @property
    def substate(self) -> str: ...
    @property
    def is_retraction(self) -> bool: ...
    @property
    def identity(self) -> str: ...


E = TypeVar("E", bound=Event)


def drop_former(events: Iterable[E], counts_from: dt.date | None) -> list[E]:
    """Without what happened before the day ``counts_from`` of São Paulo: carriers give a code out again."""
    return [
        event
        for event in events
        if counts_from is None or event.occurred_at.astimezone(SAO_PAULO).date() >= counts_from
    ]


@dataclass(frozen=True, slots=True)
class Folded(Generic[E]):
    """Where a parcel stands. Without any event that holds it is ``PENDING``, and nothing else is known.

    ``state_at`` is when it came into ``state``, ``last_event`` the newest one that holds, whether or not the
    state is its own. ``posted_at`` is when the carrier first had the parcel. ``retracted`` are the identities
    of the events that were taken back and of those that did so.
    """

    state: ParcelState = ParcelState.PENDING
    substate: str = ""
    state_at: dt.datetime | None = None
    last_event: E | None = None
    posted_at: dt.datetime | None = None
    delivered_at: dt.datetime | None = None
    retracted: frozenset[str] = frozenset()


def fold(events: Iterable[E]) -> Folded[E]:
    """What the events say, in whatever order and however often each one is told."""
    holding, retracted = _take_back(events)
    state, substate, state_at, posted_at = ParcelState.PENDING, "", None, None
    is_returning = False
    for event in holding:
        told = ParcelState(event.state)
        if posted_at is None and told not in _WITHOUT_PARCEL:
            posted_at = event.occurred_at
        if not _leads_on(state, told, is_returning=is_returning):
            continue
        if told in (ParcelState.OUT_FOR_DELIVERY, ParcelState.DELIVERED):
            # Both name the recipient: the return was called off.
            is_returning = False
        elif told == ParcelState.RETURNING:
            is_returning = True
        if told != state or state_at is None:
            state, state_at = told, event.occurred_at
        substate = event.substate
    return Folded(
        state=state,
        substate=substate,
        state_at=state_at,
        last_event=holding[-1] if holding else None,
        posted_at=posted_at,
        delivered_at=state_at if state == ParcelState.DELIVERED else None,
        retracted=retracted,
    )


def list_holding(events: Iterable[E], counts_from: dt.date | None) -> list[E]:
    """Those that count and that nobody took back, in their order."""
    counting = drop_former(events, counts_from)
    retracted = fold(counting).retracted
    return [event for event in counting if event.identity not in retracted]


def _take_back(events: Iterable[E]) -> tuple[list[E], frozenset[str]]:
    """The events that hold, oldest first, and the identities of the others."""
    # Of equal moment the one that is further on is the later one, and a retraction the last of all.
    ordered = sorted(
        {event.identity: event for event in events}.values(),
        key=lambda event: (
            event.occurred_at,
            event.is_retraction,
            _ORDER[ParcelState(event.state)],
            event.identity,
        ),
    )
    holding: list[E] = []
    retracted = set()
    for event in ordered:
        if not event.is_retraction:
            holding.append(event)
            continue
        retracted.add(event.identity)
        if holding:
            retracted.add(holding.pop().identity)
    return holding, frozenset(retracted)


def _leads_on(state: ParcelState, told: ParcelState, *, is_returning: bool) -> bool:
    # Some scans are written down late: what has ended is opened again by its contrary only.
    if state == ParcelState.DELIVERED:
        return told in (ParcelState.DELIVERED, ParcelState.RETURNING, ParcelState.RETURNED)
    if state == ParcelState.RETURNED:
        return told in (ParcelState.RETURNED, ParcelState.DELIVERED)
    if is_returning:
        return told not in _ON_THE_WAY
    if told in (*_BEFORE_POSTING, ParcelState.POSTED):
        return state in (*_BEFORE_POSTING, ParcelState.POSTED) and _ORDER[told] >= _ORDER[state]
    return True
