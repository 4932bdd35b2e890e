from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.order_status import OrderStatus
from contracts.records import Situation
from orders.sentences import HISTORY, PASSED_OVER
from orders.status_map import decide_import, decide_initial_status, decide_status
from tiny.codes import SITUATIONS

statuses = st.sampled_from(list(OrderStatus))
situations = st.one_of(
    st.none(),
    st.sampled_from(SITUATIONS),
    st.builds(
        Situation,
        code=st.text(min_size=1, max_size=10),
        label=st.text(min_size=1, max_size=10),
        default_status=st.one_of(st.none(), statuses),
        initial_status=statuses,
        is_return=st.booleans(),
    ),
)


@given(statuses, st.booleans(), situations, st.text(max_size=20))
def test_every_situation_decides_the_same_always(
    current: OrderStatus, is_return: bool, situation: Situation | None, raw: str
) -> None:
    decision = decide_status(current, is_return, situation, raw)
    assert decision == decide_status(current, is_return, situation, raw)
    assert decision.reason in HISTORY
    assert decision.params["status"] == decision.status.label
    assert decision.params["situation"] == (raw if situation is None else situation.label)


@given(statuses, st.booleans(), st.text(max_size=20))
def test_unknown_situation_changes_nothing(current: OrderStatus, is_return: bool, raw: str) -> None:
    decision = decide_status(current, is_return, None, raw)
    assert (decision.status, decision.is_return) == (current, is_return)
    assert decision.reason == "order.status_kept_unknown"


@given(statuses, st.booleans(), situations.filter(lambda situation: situation is not None))
def test_applying_a_situation_twice_changes_nothing_more(
    current: OrderStatus, is_return: bool, situation: Situation
) -> None:
    once = decide_status(current, is_return, situation, "")
    twice = decide_status(once.status, once.is_return, situation, "")
    assert (twice.status, twice.is_return) == (once.status, once.is_return)
    assert twice.reason != "order.status_changed"


@given(situations, st.frozensets(st.sampled_from([item.code for item in SITUATIONS])))
def test_an_order_is_imported_or_the_reason_is_known(
    situation: Situation | None, chosen: frozenset[str]
) -> None:
    decision = decide_import(situation, chosen)
    assert decision.is_imported == (situation is not None and situation.code in chosen)
    assert decision.is_imported or decision.reason in PASSED_OVER


def situation_of(code: str) -> Situation:
    return next(item for item in SITUATIONS if item.code == code)


@pytest.mark.parametrize(
    ("code", "status", "is_return"),
    [
        ("dados_incompletos", OrderStatus.PLACED, False),
        ("aberto", OrderStatus.PLACED, False),
        ("aprovado", OrderStatus.PAID, False),
        ("preparando_envio", OrderStatus.PICKING, False),
        ("faturado", OrderStatus.INVOICED, False),
        ("pronto_envio", OrderStatus.PLACED, False),
        ("enviado", OrderStatus.IN_TRANSIT, False),
        ("entregue", OrderStatus.DELIVERED, False),
        ("nao_entregue", OrderStatus.NOT_DELIVERED, False),
        ("em_devolucao", OrderStatus.PLACED, True),
        ("cancelado", OrderStatus.CANCELLED, False),
    ],
)
def test_default_map_on_a_new_order(code: str, status: OrderStatus, is_return: bool) -> None:
    decision = decide_status(OrderStatus.PLACED, False, situation_of(code), code)
    assert (decision.status, decision.is_return) == (status, is_return)


@pytest.mark.parametrize(
    ("current", "code", "status"),
    [
        (OrderStatus.DELIVERED, "enviado", OrderStatus.DELIVERED),
        (OrderStatus.DELIVERED, "cancelado", OrderStatus.DELIVERED),
        (OrderStatus.CANCELLED, "aprovado", OrderStatus.CANCELLED),
        (OrderStatus.INVOICED, "preparando_envio", OrderStatus.INVOICED),
        (OrderStatus.IN_TRANSIT, "nao_entregue", OrderStatus.NOT_DELIVERED),
        (OrderStatus.NOT_DELIVERED, "enviado", OrderStatus.IN_TRANSIT),
    ],
)
def test_an_order_is_not_led_back(current: OrderStatus, code: str, status: OrderStatus) -> None:
    decision = decide_status(current, False, situation_of(code), code)
    assert decision.status == status
    assert decision.reason == ("order.status_kept_ahead" if status == current else "order.status_changed")


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda situation: situation.code)
def test_first_meeting(situation: Situation) -> None:
    decision = decide_initial_status(situation)
    assert (decision.status, decision.is_return) == (situation.initial_status, situation.is_return)
    assert decision.reason == "order.imported"
