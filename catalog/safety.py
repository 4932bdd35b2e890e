"""«Disjuntor»: which of the ERP's changes look too harmful to arrive by themselves. Pure functions.

Held is what a fault looks like, seen from here:

* **A shop that is emptied.** Within ``WINDOW`` more than ``zeroed_percent`` of the SKUs of an integration
  that have stock lose it, and at least ``LEAST_ZEROED`` of them; or more than that share of those that the
  ERP was asked for in this time, and at least ``LEAST_OF_ASKED``, because a large shop is read slowly. Then
  the zeros are held, those of the same window that had arrived are put back and held too, and so is every
  further zero of this integration. Offering what is sold out is worse than not offering what is there, and
  so a single zero always arrives; but where every third SKU ends within the hour, few of these ends are
  sales. What waits counts as gone: once the ERP has contradicted so many that the others are few, those
  arrive when it tells them again.
* **Reservations that vanish.** Of the SKUs with reservations that the ERP was asked for within ``WINDOW``,
  more than ``RELEASED_PERCENT`` have none any more and offer more for it: what stands in the depósito was
  told for what may be sold. What is sent off leaves both alike, and orders are not cancelled all at once.
  Such rises are held like zeros, and put back.
* **What follows a failed answer.** Since the ERP's last answer that was empty where there is something, could
  not be read, or was an error, no work of this integration has ended well, or what met it is about to ask
  again. Then a zero, or a price that falls, is read again by itself, and arrives once it comes from an ERP in
  health. A refusal for too many calls is no failure, and what a notification told follows no answer.
* **A price that jumps**: by more than ``price_percent`` of what it was, or to nothing at all. A promotion is
  measured against what is charged now, and its end is never held.

What is new here is never held, nor is what a person does or has accepted. A percentage of 0 turns the rules
of its figure off.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from catalog.criteria import Criteria
from catalog.problems import NO_PRICE

# The smallest account reads some 90 of a thousand products in it by itself, and an import some 1,800.
WINDOW = dt.timedelta(hours=1)
LEAST_ZEROED = 3
# What changed is asked for before what did not, so that a few ends among few questions are an ordinary day.
LEAST_OF_ASKED = 20
RELEASED_PERCENT = 50

MANY_ZEROED = "held.many_zeroed"
RESERVED_LOST = "held.reserved_lost"
AFTER_FAILURE = "held.after_failure"
PRICE_MOVED = "held.price_moved"
PRICE_LOST = "held.price_lost"

Change = tuple[Any, Any]


@dataclass(frozen=True, slots=True)
class Recent:
    """The integration at this moment, in SKUs of it.

    ``in_stock`` are offered with stock; ``asked`` are those of them that the ERP was asked for within
    ``WINDOW``. ``zeroed`` lost it within ``WINDOW`` by what the ERP told, ``losing`` would lose it with what
    is judged, and ``waiting`` would have lost it before, ``fresh`` of them within ``WINDOW``. ``released``
    lost their reservations within it, or wait because of that; ``reserved`` have some.

    Of what is judged: ``is_released`` if it is one of these, ``is_failing`` if it follows a failed answer.
    """

    in_stock: int = 0
    asked: int = 0
    zeroed: int = 0
    losing: int = 0
    waiting: int = 0
    fresh: int = 0
    released: int = 0
    reserved: int = 0
    is_released: bool = False
    is_failing: bool = False

    @property
    def gone(self) -> int:
        return self.zeroed + self.losing + self.waiting

    def is_emptied(self, percent: int) -> bool:
        gone_of_asked = self.zeroed + self.losing + self.fresh
        return _is_more(percent, self.gone, self.in_stock + self.zeroed, LEAST_ZEROED) or _is_more(
            percent, gone_of_asked, self.asked + self.zeroed, LEAST_OF_ASKED
        )

    def has_lost_reservations(self) -> bool:
        return _is_more(RELEASED_PERCENT, self.released, self.released + self.reserved, LEAST_ZEROED)


def _is_more(percent: int, part: int, whole: int, least: int) -> bool:
    return part >= least and part * 100 > percent * whole


@dataclass(frozen=True, slots=True)
class Harm:
    """Why a change is held: a code of ``catalog.sentences.HELD`` and what its sentence needs."""

    code: str
    params: Mapping[str, int] = field(default_factory=dict)


def find_harm(
    changes: Mapping[str, Change], price: Decimal | None, criteria: Criteria, recent: Recent
) -> dict[str, Harm]:
    """Which of the ``changes`` (figure to before and after) are held, and why. ``price`` is ours."""
    found: dict[str, Harm | None] = {}
    limit = criteria.price_percent
    if "stock" in changes:
        found["stock"] = _judge_stock(changes["stock"], criteria.zeroed_percent, recent)
    if "price" in changes:
        found["price"] = _judge_price(*changes["price"], limit, recent)
        if found["price"] is None:
            price = changes["price"][1]
    if "promotional_price" in changes:
        before, after = changes["promotional_price"]
        found["promotional_price"] = _judge_price(price if before is None else before, after, limit, recent)
    return {figure: harm for figure, harm in found.items() if harm is not None}


def is_zeroing(change: Change | None) -> bool:
    """What was offered is not offered any more: there is none, or nobody knows how many there are."""
    return change is not None and bool(change[0]) and not change[1]


def is_rising(change: Change | None) -> bool:
    return change is not None and None not in change and change[1] > change[0]


def _judge_stock(change: Change, percent: int, recent: Recent) -> Harm | None:
    if not percent:
        return None
    if is_rising(change):
        return Harm(RESERVED_LOST) if recent.is_released and recent.has_lost_reservations() else None
    if not is_zeroing(change):
        return None
    if recent.is_emptied(percent):
        return Harm(MANY_ZEROED, {"limit": percent})
    is_told = change[1] is not None
    return Harm(AFTER_FAILURE) if recent.is_failing and is_told else None


def _judge_price(before: Decimal | None, after: Decimal | None, percent: int, recent: Recent) -> Harm | None:
    """``after`` is ``None`` for a promotion that ends; without a real price before there is no jump."""
    if not percent or after is None or before is None or before <= NO_PRICE:
        return None
    if after <= NO_PRICE:
        return Harm(PRICE_LOST)
    moved = abs(after - before) * 100 / before
    if moved > percent:
        shown = int(moved.quantize(Decimal(1), ROUND_HALF_UP))
        return Harm(PRICE_MOVED, {"percent": shown, "limit": percent})
    return Harm(AFTER_FAILURE) if recent.is_failing and after < before else None
