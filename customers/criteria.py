"""Which buyers go to the ERP, and which of their values: pure functions."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from customers.values import FIELDS, Values, has_address, is_same, is_valid_email, kind_of

# Why a customer that the ERP does not know waits for a person.
UNKNOWN = "customers.unknown_at_erp"


@dataclass(frozen=True, slots=True)
class Criteria:
    """«Critérios de clientes» of one integration. They never hold for customers who come from the ERP."""

    sends_companies: bool = True
    sends_people: bool = True
    needs_valid_email: bool = False
    only_updates: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """``code`` says why a customer is left out (``customers.sentences.OUTSIDE``); ``""`` if he is not."""

    code: str = ""
    params: Mapping[str, str] = field(default_factory=dict)

    @property
    def passes(self) -> bool:
        return not self.code


PASSES = Decision()


def decide_customer(values: Values, criteria: Criteria) -> Decision:
    """Whether a customer is one of those that go to the ERP. ``values`` go by the names of ``FIELDS``.

    Who is neither a person nor a company of Brazil may be either: he goes only where both do, because
    whoever left one of them out has not asked for him.
    """
    kind = kind_of(values.get("kind", ""), values.get("document", ""))
    if kind == "PF" and not criteria.sends_people:
        return Decision("customer.outside_person")
    if kind == "PJ" and not criteria.sends_companies:
        return Decision("customer.outside_company")
    if not kind and not (criteria.sends_people and criteria.sends_companies):
        return Decision("customer.outside_kind")
    if criteria.needs_valid_email and not is_valid_email(values.get("email", "")):
        return Decision("customer.outside_email")
    return PASSES


def decide_insertion(criteria: Criteria, *, is_forced: bool = False) -> Decision:
    """Whether a customer whom the ERP does not know may be made there."""
    return Decision(UNKNOWN) if criteria.only_updates and not is_forced else PASSES


@dataclass(frozen=True, slots=True)
class Writing:
    """``changes`` are to be written, ``kept`` stay as the ERP has them: field to (the ERP's, ours)."""

    changes: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)
    kept: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)


def decide_writing(ours: Values, theirs: Values | None, changed_here: Collection[str]) -> Writing:
    """What of ours goes to a customer who is at the ERP; ``theirs`` is ``None`` while it cannot be read.

    What was changed here is written, what is empty there is filled, and the rest stays: it may be newer
    there. What is empty here empties nothing. An address is one thing, because two of them make no third.
    """
    changes, kept = {}, {}
    for name in FIELDS:
        outgoing = ours.get(name)
        current = None if theirs is None else theirs.get(name)
        if _is_empty(name, outgoing) or (theirs is not None and is_same(name, outgoing, current)):
            continue
        is_empty_there = theirs is not None and _is_empty(name, current)
        if name in changed_here or is_empty_there:
            changes[name] = (current, outgoing)
        elif theirs is not None:
            kept[name] = (current, outgoing)
    return Writing(changes, kept)


def decide_filling(ours: Values, theirs: Values) -> Writing:
    """What an order's buyer adds to a customer: what is empty here. ``kept`` are (ours, the order's)."""
    return decide_writing(theirs, ours, changed_here=())


def _is_empty(name: str, value: Any) -> bool:
    return not value or (name == "address" and not has_address(value))
