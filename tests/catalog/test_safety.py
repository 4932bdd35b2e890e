"""What looks like a fault of the ERP and not like a sale: the pure decision."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.criteria import Criteria
from catalog.safety import Harm, Recent, find_harm, is_rising, is_zeroing

D = Decimal
SHOP = Recent(in_stock=10)
OURS = D(100)
MANY = {"stock": Harm("held.many_zeroed", {"limit": 30})}
AFTER_FAILURE = {"stock": Harm("held.after_failure")}
RESERVED_LOST = {"stock": Harm("held.reserved_lost")}


def judge(changes: dict[str, tuple[Any, Any]], recent: Recent = SHOP, **choices: Any) -> dict[str, Harm]:
    return find_harm(changes, OURS, Criteria(**choices), recent)


def moved(figure: str, percent: int, limit: int = 50) -> dict[str, Harm]:
    return {figure: Harm("held.price_moved", {"percent": percent, "limit": limit})}


@pytest.mark.parametrize(
    ("recent", "is_held"),
    [
        # Ten SKUs have stock, 30% of them are three.
        (Recent(in_stock=10, losing=1), False),
        (Recent(in_stock=10, losing=3), False),
        (Recent(in_stock=10, losing=4), True),
        # Three of them are gone already: of thirteen that had stock, four are more than 30%.
        (Recent(in_stock=10, zeroed=3, losing=1), True),
        (Recent(in_stock=11, zeroed=3, losing=1), False),
        # Of a small shop two may end at once, and three are a fault.
        (Recent(in_stock=2, losing=2), False),
        (Recent(in_stock=3, losing=3), True),
        (Recent(in_stock=1, zeroed=2, losing=1), True),
        (Recent(in_stock=10_000, asked=10_000, losing=3_000), False),
        (Recent(in_stock=10_000, losing=3_001), True),
        # Of a large one that is read slowly, those count that were asked for.
        (Recent(in_stock=1_000, asked=84, zeroed=24, losing=1), False),
        (Recent(in_stock=1_000, asked=60, zeroed=25, losing=1), True),
        (Recent(in_stock=1_000, asked=1, zeroed=18, losing=1), False),
        (Recent(in_stock=1_000, asked=1, zeroed=19, losing=1), True),
        # What waits is gone, and of what was asked for lately only what waits since.
        (Recent(in_stock=10, waiting=3, losing=1), True),
        (Recent(in_stock=10, waiting=2, losing=1), False),
        (Recent(in_stock=1_000, asked=60, waiting=50, fresh=20, losing=1), True),
        (Recent(in_stock=1_000, asked=60, waiting=50, fresh=10, losing=1), False),
    ],
)
def test_a_shop_is_emptied_when_more_than_the_limit_of_its_skus_end(recent: Recent, is_held: bool) -> None:
    assert judge({"stock": (D(4), D(0))}, recent) == (MANY if is_held else {})


@pytest.mark.parametrize(
    ("recent", "choices", "expected"),
    [
        (Recent(in_stock=100, waiting=30, losing=1), {}, MANY),
        (Recent(in_stock=100, losing=1, is_failing=True), {}, AFTER_FAILURE),
        (Recent(in_stock=10, losing=4, is_failing=True), {}, MANY),
        (Recent(in_stock=10, losing=4, waiting=4, is_failing=True), {"zeroed_percent": 0}, {}),
        (Recent(in_stock=10, losing=4), {"zeroed_percent": 40}, {}),
    ],
)
def test_a_zero_is_held_while_the_breaker_is_open_or_the_erp_fails(
    recent: Recent, choices: dict[str, int], expected: dict[str, Harm]
) -> None:
    assert judge({"stock": (D(4), D(0))}, recent, **choices) == expected


@pytest.mark.parametrize(
    ("before", "after"),
    [(D(0), D(0)), (None, D(0)), (D(4), D(1)), (D(0), D(9)), (None, D(9)), (None, None), (D(0), None)],
)
def test_only_what_ends_is_a_zero(before: Decimal | None, after: Decimal | None) -> None:
    worst = Recent(in_stock=1, zeroed=9, losing=9, waiting=9, is_failing=True)
    assert not is_zeroing((before, after))
    assert judge({"stock": (before, after)}, worst) == {}


@pytest.mark.parametrize(
    ("recent", "change", "expected"),
    [
        (Recent(released=3, reserved=2, is_released=True), (D(4), D(9)), RESERVED_LOST),
        (Recent(released=3, reserved=3, is_released=True), (D(4), D(9)), {}),
        (Recent(released=2, is_released=True), (D(4), D(9)), {}),
        # Another one rises because there is more of it.
        (Recent(released=9), (D(4), D(9)), {}),
        (Recent(released=9, is_released=True), (D(4), D(3)), {}),
        (Recent(released=9, is_released=True), (None, D(3)), {}),
    ],
)
def test_what_rises_is_held_when_most_reservations_vanish_at_once(
    recent: Recent, change: Any, expected: dict[str, Harm]
) -> None:
    assert judge({"stock": change}, recent) == expected
    assert judge({"stock": change}, recent, zeroed_percent=0) == {}


def test_only_what_was_known_rises() -> None:
    assert is_rising((D(1), D(2)))
    for change in ((D(2), D(2)), (None, D(2)), (D(2), None), None):
        assert not is_rising(change)


@pytest.mark.parametrize(
    ("changes", "figures"),
    [
        ({"price": (D(100), D(99))}, ["price"]),
        ({"price": (D(100), D(101))}, []),
        ({"price": (None, D(99))}, []),
        ({"promotional_price": (None, D(99))}, ["promotional_price"]),
        ({"promotional_price": (D(99), None)}, []),
        ({"promotional_price": (D(80), D(81))}, []),
    ],
)
def test_a_price_that_falls_after_a_failed_answer_is_held(changes: Any, figures: list[str]) -> None:
    after_failure = {figure: Harm("held.after_failure") for figure in figures}
    assert judge(changes, Recent(is_failing=True)) == after_failure
    assert judge(changes) == {}
    assert judge(changes, Recent(is_failing=True), price_percent=0) == {}


def test_a_stock_that_is_known_no_more_counts_as_one_that_ends_but_follows_no_answer() -> None:
    gone = {"stock": (D(4), None)}
    assert judge(gone, Recent(in_stock=10, losing=4)) == MANY
    assert judge(gone, Recent(in_stock=100, losing=1, is_failing=True)) == {}


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (D(100), D(150), {}),
        (D(100), D("150.01"), moved("price", 50)),
        (D(100), D(50), {}),
        (D(100), D("49.99"), moved("price", 50)),
        (D(100), D(1), moved("price", 99)),
        (D(100), D(10_000), moved("price", 9900)),
        (D(100), D("0.01"), {"price": Harm("held.price_lost")}),
        (D(100), D(0), {"price": Harm("held.price_lost")}),
        (D(100), D(-1), {"price": Harm("held.price_lost")}),
        # Without a price there was none to jump from.
        (None, D(100), {}),
        (D(0), D(100), {}),
        (D("0.01"), D(100), {}),
    ],
)
def test_a_price_that_jumps_is_held(before: Any, after: Any, expected: dict[str, Harm]) -> None:
    assert judge({"price": (before, after)}) == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"promotional_price": (None, D(50))}, {}),
        ({"promotional_price": (None, D(49))}, moved("promotional_price", 51)),
        ({"promotional_price": (None, D("0.01"))}, {"promotional_price": Harm("held.price_lost")}),
        ({"promotional_price": (D(49), None)}, {}),
        # A deep one that was accepted may go on moving.
        ({"promotional_price": (D(20), D(19))}, {}),
        ({"promotional_price": (D(20), D(2))}, moved("promotional_price", 90)),
        # It is measured against the price that comes with it, unless that one is held.
        ({"price": (D(100), D(60)), "promotional_price": (None, D(31))}, {}),
        (
            {"price": (D(100), D(1)), "promotional_price": (None, D("0.90"))},
            moved("price", 99) | moved("promotional_price", 99),
        ),
    ],
)
def test_a_promotion_is_measured_against_what_is_charged(
    changes: dict[str, Any], expected: dict[str, Harm]
) -> None:
    assert judge(changes) == expected


def test_another_limit_and_none() -> None:
    jump = {"price": (D(100), D(130))}
    assert judge(jump, price_percent=20) == moved("price", 30, limit=20)
    assert judge(jump, price_percent=30) == {}
    assert judge({"price": (D(100), D(0))}, price_percent=0) == {}


amounts = st.one_of(st.none(), st.decimals(0, 10_000, places=2))
counts = st.integers(0, 1000)


@given(amounts, amounts, counts, counts, st.integers(1, 1000), st.integers(0, 99))
def test_what_rises_never_waits_and_a_higher_limit_never_holds_more(
    before: Any, after: Any, in_stock: int, zeroed: int, losing: int, percent: int
) -> None:
    recent = Recent(in_stock=in_stock, zeroed=zeroed, losing=losing)
    held = judge({"stock": (before, after)}, recent, zeroed_percent=percent)
    assert not held or (before > 0 and not after)
    if percent and not held:
        assert judge({"stock": (before, after)}, recent, zeroed_percent=99) == {}
