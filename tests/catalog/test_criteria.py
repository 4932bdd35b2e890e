"""The criteria of products: a guarded field never changes, an unguarded one always arrives."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.criteria import (
    IGNORING_GUARDS,
    NO_STOCK,
    SENDING_GUARDS,
    Criteria,
    StockKind,
    decide_sending,
    decide_update,
    offer_stock,
    passes,
)
from catalog.values import FIELDS, fit, from_json, to_json

AMOUNTS = st.decimals(min_value=0, max_value=10**9, places=4, allow_nan=False, allow_infinity=False)
TEXTS = st.sampled_from(["", "a", "B", "ção", "x" * 50])
GUARDS = sorted({spec.guard for spec in FIELDS.values() if spec.guard})


def value_of(name: str) -> st.SearchStrategy[Any]:
    if FIELDS[name].is_decimal:
        return st.none() | AMOUNTS
    if name in ("category", "images"):
        return st.lists(TEXTS.filter(bool), max_size=3)
    if name == "attributes":
        return st.lists(st.tuples(TEXTS, TEXTS).map(list), max_size=2)
    if name == "components":
        return st.lists(st.fixed_dictionaries({"sku": TEXTS, "quantity": TEXTS}), max_size=2)
    if name == "status":
        return st.sampled_from(["active", "inactive"])
    return TEXTS


WHOLE = st.fixed_dictionaries({name: value_of(name) for name in FIELDS})
# A row of the list tells a part only.
PARTS = st.fixed_dictionaries({}, optional={name: value_of(name) for name in FIELDS})
CRITERIA = st.builds(Criteria, **{guard: st.booleans() for guard in GUARDS})


def is_known(name: str, theirs: dict[str, Any]) -> bool:
    """None is «not known», but for the promotional price, where it is «there is none»."""
    return name in theirs and (theirs[name] is not None or name == "promotional_price")


@given(ours=WHOLE, theirs=PARTS, criteria=CRITERIA)
def test_guarded_never_changes_and_unguarded_always_arrives(
    ours: dict[str, Any], theirs: dict[str, Any], criteria: Criteria
) -> None:
    decision = decide_update(ours, theirs, criteria)
    after = {**ours, **{name: value for name, (_, value) in decision.changes.items()}}
    for name, spec in FIELDS.items():
        is_guarded = bool(spec.guard) and getattr(criteria, spec.guard)
        if is_guarded or not is_known(name, theirs):
            assert after[name] == ours[name]
        else:
            assert after[name] == theirs[name]
        # What is held back is said, whenever it differs.
        assert (name in decision.kept) == (
            is_guarded and is_known(name, theirs) and ours[name] != theirs[name]
        )
    assert decision.changes.keys().isdisjoint(decision.kept)
    # Once applied, nothing is left to do.
    assert not decide_update(after, theirs, criteria).changes


@given(theirs=WHOLE, criteria=CRITERIA, row=st.sets(st.sampled_from(sorted(FIELDS))))
def test_what_is_kept_begins_whole_though_it_comes_in_two_parts(
    theirs: dict[str, Any], criteria: Criteria, row: set[str]
) -> None:
    """The list's row makes the product; the single product brings the rest of what it begins with."""
    part = {name: value for name, value in theirs.items() if name in row}
    ours = dict.fromkeys(FIELDS) | {
        name: after for name, (_, after) in decide_update(None, part, criteria).changes.items()
    }
    second = decide_update(ours, theirs, criteria, is_beginning=True)
    both = ours | {name: after for name, (_, after) in second.changes.items()}
    at_once = dict.fromkeys(FIELDS) | {
        name: after for name, (_, after) in decide_update(None, theirs, criteria).changes.items()
    }
    assert both == at_once


def test_a_stock_that_is_known_no_more_is_not_none_and_not_the_former_one() -> None:
    ours = {"stock": Decimal(5)}
    assert decide_update(ours, {"stock": None}, Criteria()).changes == {}
    gone = decide_update(ours, {"stock": None, NO_STOCK: True}, Criteria())
    assert gone.changes == {"stock": (Decimal(5), None)}
    assert not decide_update(ours, {"stock": None, NO_STOCK: True}, Criteria(keep_stock=True)).changes


@given(theirs=WHOLE, criteria=CRITERIA)
def test_a_new_product_lacks_only_what_is_ignored(theirs: dict[str, Any], criteria: Criteria) -> None:
    decision = decide_update(None, theirs, criteria)
    for name, spec in FIELDS.items():
        is_ignored = spec.guard in IGNORING_GUARDS and getattr(criteria, spec.guard)
        if is_ignored or not is_known(name, theirs) or theirs[name] is None:
            assert name not in decision.changes
        else:
            assert decision.changes[name] == (None, theirs[name])


@given(
    ours=WHOLE,
    theirs=WHOLE,
    criteria=CRITERIA,
    price_list_id=st.sampled_from(["", "7"]),
    changed=st.sets(st.sampled_from(sorted(FIELDS))),
)
def test_sending_touches_what_was_changed_here_within_the_four_rules_and_never_the_stock(
    ours: dict[str, Any],
    theirs: dict[str, Any],
    criteria: Criteria,
    price_list_id: str,
    changed: set[str],
) -> None:
    criteria = replace(criteria, price_list_id=price_list_id)
    decision = decide_sending(ours, theirs, criteria, changed)
    for name, spec in FIELDS.items():
        is_guarded = spec.guard in SENDING_GUARDS and getattr(criteria, spec.guard)
        is_of_list = bool(price_list_id) and name in ("price", "promotional_price")
        if name not in changed or not spec.is_sent or ours[name] == theirs[name]:
            assert name not in decision.changes
            assert name not in decision.kept
        elif is_guarded or is_of_list:
            assert name in decision.kept
        else:
            # Emptied here, too: a promotion that ended ends there.
            assert decision.changes[name] == (theirs[name], ours[name])
    assert decision.changes.keys().isdisjoint({"stock", "images", "kind", "attributes", "components"})


@given(ours=WHOLE, criteria=CRITERIA)
def test_a_product_that_is_new_at_the_erp_is_sent_but_for_what_is_ignored(
    ours: dict[str, Any], criteria: Criteria
) -> None:
    decision = decide_sending(ours, None, criteria, ())
    expected = {
        name
        for name, spec in FIELDS.items()
        if spec.is_sent
        and ours[name] not in (None, "", [])
        and not (spec.guard in IGNORING_GUARDS and getattr(criteria, spec.guard))
    }
    assert decision.changes.keys() == expected


@given(
    balance=st.none() | AMOUNTS.map(lambda amount: amount - 10**6),
    reserved=st.none() | AMOUNTS,
    kind=st.sampled_from(StockKind),
    safety=st.integers(0, 1000),
)
def test_what_is_offered_is_known_and_never_negative(
    balance: Decimal | None, reserved: Decimal | None, kind: StockKind, safety: int
) -> None:
    offered = offer_stock(balance, reserved, {}, Criteria(stock_kind=kind, safety_stock=safety))
    if balance is None or (kind == StockKind.AVAILABLE and reserved is None):
        assert offered is None
    else:
        held = reserved if kind == StockKind.AVAILABLE and reserved is not None else Decimal(0)
        assert offered == max(Decimal(0), balance - held - safety)


@pytest.mark.parametrize(
    ("warehouse", "kind", "expected"),
    [
        ("Loja", StockKind.AVAILABLE, Decimal(4)),
        ("Loja", StockKind.PHYSICAL, Decimal(5)),
        # A depósito that is not named is not an empty one.
        ("Outro", StockKind.AVAILABLE, None),
        ("", StockKind.PHYSICAL, Decimal(20)),
    ],
)
def test_a_chosen_deposito(warehouse: str, kind: StockKind, expected: Decimal | None) -> None:
    amounts = {"Loja": (Decimal(5), Decimal(1)), "Geral": (Decimal(15), Decimal(0))}
    criteria = Criteria(warehouse=warehouse, stock_kind=kind)
    assert offer_stock(Decimal(20), Decimal(1), amounts, criteria) == expected


@pytest.mark.parametrize(
    ("is_active", "sku", "criteria", "reason"),
    [
        (False, "A", Criteria(), ""),
        (False, "A", Criteria(only_active=True), "product.inactive"),
        (True, "A", Criteria(only_active=True), ""),
        (True, "", Criteria(), ""),
        (True, "", Criteria(skip_without_sku=True), "product.without_sku"),
    ],
)
def test_who_is_left_out(is_active: bool, sku: str, criteria: Criteria, reason: str) -> None:
    assert passes(is_active, sku, criteria) == reason


@given(values=WHOLE)
def test_values_survive_the_column(values: dict[str, Any]) -> None:
    assert from_json(to_json(values)) == values


@given(st.decimals(allow_nan=True, allow_infinity=True))
def test_fit_is_what_the_column_holds_or_nothing(amount: Decimal) -> None:
    fitted = fit(amount)
    if amount.is_finite() and abs(amount) < 10**11:
        assert fitted is not None
        assert abs(fitted - amount) <= Decimal("0.00005")
        assert fit(fitted) == fitted
    else:
        assert fitted is None


@given(criteria=CRITERIA)
def test_choices_are_kept_as_they_were(criteria: Criteria) -> None:
    assert Criteria.from_choices(criteria.to_choices()) == criteria
    assert Criteria.from_choices({**criteria.to_choices(), "of_another_day": 1}) == criteria
    assert Criteria.from_choices({}) == Criteria()
