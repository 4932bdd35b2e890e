"""What parcels make of their order: never led back, delivered once all are, the same however often told."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.order_status import OrderStatus
from contracts.tracking import ParcelState
from orders.carriage import decide_carriage, read_word
from orders.sentences import HISTORY
from orders.transitions import is_final, is_reachable

S, P = OrderStatus, ParcelState
statuses = st.sampled_from(OrderStatus)
parcels = st.lists(st.sampled_from(ParcelState), max_size=5)


@pytest.mark.parametrize(
    ("current", "states", "status", "is_return", "reason"),
    [
        (S.INVOICED, [], S.INVOICED, False, ""),
        (S.INVOICED, [P.PENDING], S.INVOICED, False, ""),
        (S.INVOICED, [P.INFO_RECEIVED, P.EXCEPTION], S.INVOICED, False, ""),
        (S.INVOICED, [P.EXPIRED], S.INVOICED, False, ""),
        (S.INVOICED, [P.CANCELLED], S.INVOICED, False, ""),
        (S.INVOICED, [P.POSTED], S.IN_TRANSIT, False, "order.carriage_in_transit"),
        (S.PLACED, [P.OUT_FOR_DELIVERY], S.IN_TRANSIT, False, "order.carriage_in_transit"),
        (S.IN_TRANSIT, [P.DELIVERY_FAILED], S.IN_TRANSIT, False, ""),
        (S.IN_TRANSIT, [P.AVAILABLE_FOR_PICKUP], S.IN_TRANSIT, False, ""),
        (S.IN_TRANSIT, [P.DELIVERED], S.DELIVERED, False, "order.carriage_delivered"),
        (S.PAID, [P.DELIVERED], S.DELIVERED, False, "order.carriage_delivered"),
        (S.IN_TRANSIT, [P.DELIVERED, P.DELIVERED], S.DELIVERED, False, "order.carriage_delivered"),
        (S.IN_TRANSIT, [P.DELIVERED, P.CANCELLED], S.DELIVERED, False, "order.carriage_delivered"),
        (S.IN_TRANSIT, [P.DELIVERED, P.IN_TRANSIT], S.IN_TRANSIT, False, ""),
        (S.INVOICED, [P.DELIVERED, P.PENDING], S.IN_TRANSIT, False, "order.carriage_in_transit"),
        (S.INVOICED, [P.DELIVERED, P.EXPIRED], S.IN_TRANSIT, False, "order.carriage_in_transit"),
        (S.IN_TRANSIT, [P.RETURNING], S.NOT_DELIVERED, True, "order.carriage_not_delivered"),
        (S.INVOICED, [P.RETURNED], S.NOT_DELIVERED, True, "order.carriage_not_delivered"),
        (S.IN_TRANSIT, [P.LOST], S.NOT_DELIVERED, False, "order.carriage_not_delivered"),
        (S.IN_TRANSIT, [P.LOST, P.DELIVERED], S.NOT_DELIVERED, False, "order.carriage_not_delivered"),
        (S.IN_TRANSIT, [P.RETURNED, P.IN_TRANSIT], S.IN_TRANSIT, True, "order.carriage_returning"),
        (S.NOT_DELIVERED, [P.IN_TRANSIT], S.NOT_DELIVERED, False, ""),
        (S.NOT_DELIVERED, [P.DELIVERED], S.DELIVERED, False, "order.carriage_delivered"),
        (S.DELIVERED, [P.IN_TRANSIT], S.DELIVERED, False, ""),
        (S.DELIVERED, [P.LOST], S.DELIVERED, False, ""),
        (S.DELIVERED, [P.RETURNED], S.DELIVERED, True, "order.carriage_returning"),
        (S.CANCELLED, [P.DELIVERED], S.CANCELLED, False, ""),
        (S.CANCELLED, [P.RETURNED], S.CANCELLED, False, ""),
    ],
)
def test_what_an_order_becomes(current: S, states: list[P], status: S, is_return: bool, reason: str) -> None:
    for told in permutations(states):
        decision = decide_carriage(current, told, is_return=False)
        assert (decision.status, decision.is_return, decision.reason) == (status, is_return, reason)
        assert decision.deciding <= set(states)
    assert reason == "" or reason in HISTORY


@given(current=statuses, states=parcels, is_return=st.booleans())
def test_decision_leads_on_and_settles(current: S, states: list[P], is_return: bool) -> None:
    decision = decide_carriage(current, states, is_return=is_return)
    assert is_reachable(current, decision.status)
    assert decision.is_return >= is_return
    assert (decision.reason == "") == ((decision.status, decision.is_return) == (current, is_return))
    assert not is_final(current) or decision.status == current
    again = decide_carriage(decision.status, [*states, *states], is_return=decision.is_return)
    assert (again.status, again.is_return, again.reason) == (decision.status, decision.is_return, "")


@given(story=st.lists(parcels, max_size=8), current=statuses)
def test_no_story_leads_an_order_back(story: list[list[P]], current: S) -> None:
    status, is_return, seen = current, False, [current]
    for states in story:
        decision = decide_carriage(status, states, is_return=is_return)
        status, is_return = decision.status, decision.is_return
        if status != seen[-1]:
            assert status not in seen
            seen.append(status)
    # At most: on its way, not delivered, delivered after all.
    assert len(seen) <= 4


@given(current=statuses, states=parcels)
def test_delivered_is_only_what_was_delivered_whole(current: S, states: list[P]) -> None:
    decision = decide_carriage(current, states, is_return=False)
    if decision.status == S.DELIVERED != current:
        assert set(states) - {P.CANCELLED} == {P.DELIVERED}


def test_word_of_the_order_for_what_nobody_can_ask() -> None:
    words = {status: read_word(status, is_return=False) for status in S}
    assert {status: word for status, word in words.items() if word} == {
        S.IN_TRANSIT: P.IN_TRANSIT,
        S.NOT_DELIVERED: P.DELIVERY_FAILED,
        S.DELIVERED: P.DELIVERED,
    }
    assert read_word(S.IN_TRANSIT, is_return=True) == P.RETURNING
    assert read_word(S.INVOICED, is_return=True) is None
