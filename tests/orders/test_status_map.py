"""The map between our statuses and the ERP's situations: pure, so every case is cheap."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.order_status import OrderStatus
from contracts.records import Situation
from orders.sentences import HISTORY, PASSED_OVER
from orders.status_map import (
    Rule,
    StatusMap,
    decide_effect,
    decide_import,
    decide_initial_status,
    decide_status,
    find_conflicts,
    leads_on,
)
from orders.transitions import is_final, is_reachable
from tests.status_maps import DEFAULT, with_rule, with_written
from tiny.codes import SITUATIONS

CODES = [item.code for item in SITUATIONS]
statuses = st.sampled_from(OrderStatus)
codes = st.sampled_from([*CODES, "42"])
rules = st.builds(
    Rule,
    status=st.sampled_from([None, *OrderStatus]),
    is_return=st.sampled_from([False, False, False, True]),
    is_polled=st.booleans(),
    is_imported=st.booleans(),
)
maps = st.builds(
    lambda outward, rules: replace(DEFAULT, outward=outward, rules=rules),
    st.fixed_dictionaries({status: st.sampled_from(["", *CODES]) for status in OrderStatus}),
    st.dictionaries(codes, rules, min_size=9),
)
sound_maps = maps.map(lambda status_map: without_conflicts(status_map))


def without_conflicts(status_map: StatusMap) -> StatusMap:
    """The rows that fight are set to «Não alterar»."""
    for conflict in find_conflicts(status_map):
        status_map = with_written(status_map, conflict.status, "")
    return status_map


# --- the default map is the one that the users' help tells of ---


def test_what_a_status_writes_by_default() -> None:
    assert DEFAULT.outward == {
        OrderStatus.PLACED: "aberto",
        OrderStatus.PAID: "aprovado",
        OrderStatus.PICKING: "preparando_envio",
        OrderStatus.INVOICED: "faturado",
        OrderStatus.IN_TRANSIT: "enviado",
        OrderStatus.DELIVERED: "entregue",
        OrderStatus.NOT_DELIVERED: "nao_entregue",
        OrderStatus.CANCELLED: "cancelado",
    }


def test_what_a_situation_means_by_default() -> None:
    imported = {"is_imported": True}
    sold = {"awaits_invoice": True, "starts_tracking": True}
    assert DEFAULT.rules == {
        "dados_incompletos": Rule(),
        "aberto": Rule(OrderStatus.PLACED),
        "aprovado": Rule(OrderStatus.PAID, **imported),
        "preparando_envio": Rule(OrderStatus.PICKING, **imported),
        "faturado": Rule(OrderStatus.INVOICED, **imported, **sold),
        "pronto_envio": Rule(None, **imported, **sold),
        "enviado": Rule(OrderStatus.IN_TRANSIT, **imported, **sold),
        "entregue": Rule(OrderStatus.DELIVERED, **sold),
        "nao_entregue": Rule(OrderStatus.NOT_DELIVERED, **sold),
        "em_devolucao": Rule(None, is_return=True),
        "cancelado": Rule(OrderStatus.CANCELLED),
    }
    assert all(rule.is_polled for rule in DEFAULT.rules.values())
    assert find_conflicts(DEFAULT) == []


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda situation: situation.code)
def test_first_meeting(situation: Situation) -> None:
    decision = decide_initial_status(DEFAULT, situation.code)
    assert (decision.status, decision.is_return) == (situation.initial_status, situation.is_return)
    assert (decision.reason, decision.params) == (
        "order.imported",
        {"situation": situation.label, "status": situation.initial_status.label},
    )


def test_first_meeting_in_a_situation_that_nobody_knew() -> None:
    known = with_rule(DEFAULT, "42", is_imported=True)
    assert decide_initial_status(known, "42").status == OrderStatus.PLACED
    invoiced = with_rule(known, "42", status=OrderStatus.INVOICED)
    assert decide_initial_status(invoiced, "42").status == OrderStatus.INVOICED


# --- what a known order becomes ---


@given(maps, statuses, codes, st.booleans())
def test_a_status_is_never_led_back(
    status_map: StatusMap, current: OrderStatus, situation: str, is_return: bool
) -> None:
    decision = decide_status(status_map, current, situation, is_return=is_return)
    assert is_reachable(current, decision.status)
    assert decision.reason in HISTORY
    assert decision.params == {
        "situation": status_map.label(situation),
        "status": decision.status.label,
    }
    twice = decide_status(status_map, decision.status, situation, is_return=decision.is_return)
    assert (twice.status, twice.is_return) == (decision.status, decision.is_return)
    assert twice.reason != "order.status_changed"


@given(statuses, st.booleans(), st.text(max_size=20).filter(lambda text: text not in DEFAULT.rules))
def test_a_situation_without_a_rule_changes_nothing(
    current: OrderStatus, is_return: bool, situation: str
) -> None:
    decision = decide_status(DEFAULT, current, situation, is_return=is_return)
    assert (decision.status, decision.is_return) == (current, is_return)
    assert decision.reason == "order.status_kept_unknown"
    assert decision.params["situation"] == situation


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
    decision = decide_status(DEFAULT, OrderStatus.PLACED, code, is_return=False)
    assert (decision.status, decision.is_return) == (status, is_return)


@pytest.mark.parametrize(
    ("current", "code", "status"),
    [
        (OrderStatus.DELIVERED, "enviado", OrderStatus.DELIVERED),
        (OrderStatus.DELIVERED, "cancelado", OrderStatus.DELIVERED),
        (OrderStatus.CANCELLED, "aprovado", OrderStatus.CANCELLED),
        (OrderStatus.CANCELLED, "entregue", OrderStatus.CANCELLED),
        (OrderStatus.INVOICED, "preparando_envio", OrderStatus.INVOICED),
        (OrderStatus.IN_TRANSIT, "nao_entregue", OrderStatus.NOT_DELIVERED),
        (OrderStatus.NOT_DELIVERED, "enviado", OrderStatus.IN_TRANSIT),
    ],
)
def test_what_holds_and_what_goes_both_ways(current: OrderStatus, code: str, status: OrderStatus) -> None:
    decision = decide_status(DEFAULT, current, code, is_return=False)
    assert decision.status == status
    assert decision.reason == ("order.status_kept_ahead" if status == current else "order.status_changed")


# --- which orders are imported ---


@given(maps, codes)
def test_an_order_is_imported_or_the_reason_is_known(status_map: StatusMap, situation: str) -> None:
    decision = decide_import(status_map, situation)
    rule = status_map.rules.get(situation)
    assert decision.is_imported == (rule is not None and rule.is_imported and rule.is_polled)
    if decision.is_imported:
        assert decision.reason == ""
    else:
        unknown, left_out = "order.situation_unknown", "order.situation_not_chosen"
        assert decision.reason == (unknown if rule is None else left_out)
        assert decision.reason in PASSED_OVER


# --- what is written ---


@given(sound_maps, statuses, codes, st.booleans())
def test_the_effect_applied_again_changes_and_writes_nothing(
    status_map: StatusMap, current: OrderStatus, situation: str, is_return: bool
) -> None:
    effect = decide_effect(status_map, current, situation, is_return=is_return)
    decision = effect.decision
    assert is_reachable(current, decision.status)
    there = effect.written or situation
    again = decide_effect(status_map, decision.status, there, is_return=decision.is_return)
    assert (again.decision.status, again.decision.is_return) == (decision.status, decision.is_return)
    assert again.written == ""


@given(maps, statuses, st.booleans())
def test_written_is_what_the_status_says_where_ours_is_ahead_and_nothing_else(
    status_map: StatusMap, current: OrderStatus, is_return: bool
) -> None:
    for situation in [*CODES, "42"]:
        effect = decide_effect(status_map, current, situation, is_return=is_return)
        rule = status_map.rules.get(situation, Rule())
        is_behind = rule.status is not None and not is_reachable(current, rule.status)
        is_ahead = is_behind and not rule.is_return and not is_final(current)
        is_due = is_ahead and leads_on(status_map, situation, current)
        differs = status_map.outward[current] != situation
        assert effect.written == (status_map.outward[current] if is_due and differs else "")
        if effect.written:
            assert (effect.decision.status, effect.decision.reason) == (current, "order.status_kept_ahead")


@pytest.mark.parametrize(
    ("current", "situation", "status", "written"),
    [
        (OrderStatus.PLACED, "faturado", OrderStatus.INVOICED, ""),
        (OrderStatus.INVOICED, "aprovado", OrderStatus.INVOICED, "faturado"),
        (OrderStatus.INVOICED, "faturado", OrderStatus.INVOICED, ""),
        # «Pronto para envio» says nothing of the status, so there is nothing to write over it.
        (OrderStatus.IN_TRANSIT, "pronto_envio", OrderStatus.IN_TRANSIT, ""),
        # Of these two either may be the newer word: neither is taken back by applying the map.
        (OrderStatus.IN_TRANSIT, "nao_entregue", OrderStatus.IN_TRANSIT, ""),
        (OrderStatus.NOT_DELIVERED, "enviado", OrderStatus.NOT_DELIVERED, ""),
        (OrderStatus.DELIVERED, "enviado", OrderStatus.DELIVERED, ""),
        (OrderStatus.CANCELLED, "enviado", OrderStatus.CANCELLED, ""),
        (OrderStatus.PLACED, "42", OrderStatus.PLACED, ""),
    ],
)
def test_effect_of_the_default_map(
    current: OrderStatus, situation: str, status: OrderStatus, written: str
) -> None:
    effect = decide_effect(DEFAULT, current, situation, is_return=False)
    assert (effect.decision.status, effect.written) == (status, written)


def test_applying_a_map_marks_a_return_and_never_unmarks_it() -> None:
    assert decide_effect(DEFAULT, OrderStatus.PAID, "em_devolucao", is_return=False).decision.is_return
    # A person may have marked it since the ERP said «Enviado».
    assert decide_effect(DEFAULT, OrderStatus.IN_TRANSIT, "enviado", is_return=True).decision.is_return


def test_a_status_that_is_not_to_alter_the_erp_writes_nothing() -> None:
    quiet = with_written(DEFAULT, OrderStatus.INVOICED, "")
    assert decide_effect(quiet, OrderStatus.INVOICED, "aprovado", is_return=False).written == ""


@pytest.mark.parametrize(
    ("situation", "status", "expected"),
    [
        ("pronto_envio", OrderStatus.INVOICED, False),
        ("pronto_envio", OrderStatus.PAID, False),
        ("pronto_envio", OrderStatus.IN_TRANSIT, True),
        ("pronto_envio", OrderStatus.CANCELLED, True),
        ("em_devolucao", OrderStatus.DELIVERED, False),
        ("em_devolucao", OrderStatus.IN_TRANSIT, False),
        ("em_devolucao", OrderStatus.CANCELLED, True),
        ("dados_incompletos", OrderStatus.PAID, True),
        ("aberto", OrderStatus.PAID, True),
        ("entregue", OrderStatus.INVOICED, False),
        ("aprovado", OrderStatus.PAID, False),
        ("cancelado", OrderStatus.DELIVERED, False),
        ("42", OrderStatus.PAID, True),
    ],
)
def test_what_leads_an_order_on(situation: str, status: OrderStatus, expected: bool) -> None:
    assert leads_on(DEFAULT, situation, status) == expected


@pytest.mark.parametrize("situation", ["cancelado", "entregue", "faturado"])
def test_a_situation_that_changes_nothing_here_is_not_led_back_there(situation: str) -> None:
    ruled = with_rule(DEFAULT, situation, status=None)
    assert not leads_on(ruled, situation, OrderStatus.PICKING)


def test_what_is_written_on_purpose_for_an_earlier_status_leads_nothing_back() -> None:
    ruled = with_written(DEFAULT, OrderStatus.INVOICED, "aprovado")
    assert not leads_on(ruled, "preparando_envio", OrderStatus.INVOICED)
    assert leads_on(ruled, "aberto", OrderStatus.INVOICED)


def test_a_rule_with_a_status_decides_by_that_how_far_an_order_is() -> None:
    ruled = with_rule(DEFAULT, "pronto_envio", status=OrderStatus.PICKING)
    assert leads_on(ruled, "pronto_envio", OrderStatus.INVOICED)


# --- rules that fight ---


@settings(max_examples=300)
@given(maps)
def test_what_is_written_comes_back_as_itself_unless_a_conflict_names_it(status_map: StatusMap) -> None:
    named = {conflict.status for conflict in find_conflicts(status_map)}
    for status, situation in status_map.outward.items():
        if not situation:
            assert status not in named
            continue
        echo = decide_status(status_map, status, situation, is_return=False)
        assert (status in named) == ((echo.status, echo.is_return) != (status, False))


@given(maps)
def test_a_conflict_names_a_row_of_the_map(status_map: StatusMap) -> None:
    for conflict in find_conflicts(status_map):
        assert status_map.outward[conflict.status] == conflict.situation
        assert conflict.situation in status_map.rules
        assert conflict.text.startswith(f"{conflict.status.label} muda o Tiny para ")
        assert conflict.text.endswith(".")


def test_a_status_that_moves_itself_on_is_a_conflict() -> None:
    fighting = with_written(DEFAULT, OrderStatus.PAID, "enviado")
    (conflict,) = find_conflicts(fighting)
    assert (conflict.status, conflict.situation) == (OrderStatus.PAID, "enviado")
    assert conflict.text == (
        "Pagamento aprovado muda o Tiny para Enviado, e Enviado no Tiny muda o pedido para Em transporte."
    )


def test_a_loop_between_the_tables_is_named_as_one() -> None:
    looping = with_written(DEFAULT, OrderStatus.IN_TRANSIT, "nao_entregue")
    looping = with_written(looping, OrderStatus.NOT_DELIVERED, "enviado")
    back = "que o muda de volta: os dois ficariam trocando sem parar."
    assert [conflict.text for conflict in find_conflicts(looping)] == [
        "Em transporte muda o Tiny para Não entregue, "
        f"e Não entregue no Tiny muda o pedido para Não entregue, {back}",
        f"Não entregue muda o Tiny para Enviado, e Enviado no Tiny muda o pedido para Em transporte, {back}",
    ]


def test_what_is_written_must_not_mark_a_return() -> None:
    (conflict,) = find_conflicts(with_written(DEFAULT, OrderStatus.DELIVERED, "em_devolucao"))
    assert conflict.text == (
        "Entregue muda o Tiny para Em devolução, e Em devolução no Tiny marca o pedido como devolução."
    )


def test_writing_what_lies_behind_is_no_conflict() -> None:
    """«Mantido»: the echo of it does not move the order."""
    assert find_conflicts(with_written(DEFAULT, OrderStatus.INVOICED, "aprovado")) == []
