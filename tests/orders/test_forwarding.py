"""When an order that was placed here goes to the ERP, and which status may follow which: pure functions."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.order_status import OrderStatus
from contracts.records import (
    ErpAddress,
    ErpInstallment,
    ErpOrder,
    ErpOrderDetail,
    ErpOrderItem,
    OrderChange,
)
from orders.forwarding import decide_forwarding
from orders.models import ForwardingState
from orders.read_back import Wanted, find_not_taken, find_not_taken_change
from orders.selectors import Unproven
from orders.services.forwarding import make_key
from orders.transitions import is_reachable, list_next, may_follow

S = OrderStatus
statuses = st.sampled_from(list(OrderStatus))


@given(statuses, st.sets(statuses))
def test_an_order_is_due_exactly_in_a_chosen_status(status: OrderStatus, chosen: set[OrderStatus]) -> None:
    decision = decide_forwarding(status, {item.value for item in chosen})
    assert (decision.state == ForwardingState.DUE) == (status in chosen)
    if decision.state == ForwardingState.WAITING:
        assert any(is_reachable(status, item) for item in chosen)
    if decision.state == ForwardingState.OUTSIDE:
        assert not any(is_reachable(status, item) for item in chosen) or status == S.CANCELLED


@given(statuses.filter(lambda status: status != S.CANCELLED), st.sets(statuses))
def test_a_person_sends_it_in_spite_of_everything(status: OrderStatus, chosen: set[OrderStatus]) -> None:
    decision = decide_forwarding(status, {item.value for item in chosen}, is_forced=True)
    assert (decision.state, decision.reason) == (ForwardingState.DUE, "forwarding.forced")


@given(st.sets(statuses))
def test_a_cancelled_order_goes_only_where_cancelled_ones_do(chosen: set[OrderStatus]) -> None:
    values = {item.value for item in chosen}
    decision = decide_forwarding(S.CANCELLED, values, is_forced=True)
    assert decision == decide_forwarding(S.CANCELLED, values)
    assert (decision.state == ForwardingState.DUE) == (S.CANCELLED in chosen)


@pytest.mark.parametrize(
    ("status", "chosen", "state", "reason", "params"),
    [
        (S.PLACED, {"placed"}, "due", "forwarding.in_status", {"status": "Enviado pelo comprador"}),
        (S.PLACED, {"paid"}, "waiting", "forwarding.awaits_status", {"statuses": "Pagamento aprovado"}),
        (S.PICKING, {"paid"}, "outside", "forwarding.skipped_statuses", {"status": "Em separação"}),
        (S.PAID, set(), "outside", "forwarding.no_status_chosen", {}),
        (S.CANCELLED, {"paid"}, "outside", "forwarding.cancelled", {}),
        (S.DELIVERED, {"paid"}, "outside", "forwarding.skipped_statuses", {"status": "Entregue"}),
    ],
)
def test_the_reason_is_told(
    status: OrderStatus, chosen: set[str], state: str, reason: str, params: dict[str, str]
) -> None:
    decision = decide_forwarding(status, chosen)
    assert (decision.state, decision.reason, dict(decision.params)) == (state, reason, params)


def test_what_is_delivered_or_cancelled_stays_so() -> None:
    assert list_next(S.DELIVERED) == list_next(S.CANCELLED) == []
    assert list_next(S.NOT_DELIVERED) == [S.IN_TRANSIT, S.DELIVERED, S.CANCELLED]
    assert list_next(S.IN_TRANSIT) == [S.DELIVERED, S.NOT_DELIVERED, S.CANCELLED]


@given(statuses, statuses)
def test_no_step_goes_back_but_between_transport_and_a_failed_delivery(
    one: OrderStatus, other: OrderStatus
) -> None:
    if one != other and may_follow(one, other) and may_follow(other, one):
        assert {one, other} == {S.IN_TRANSIT, S.NOT_DELIVERED}


@given(st.integers(min_value=1, max_value=36**9 - 1))
def test_a_key_names_one_order_and_fits(number: int) -> None:
    key = make_key(number)
    assert len(key) <= 10
    assert int(key[1:], 36) == number


# --- what the ERP did not keep ---

WANTED = Wanted(
    total=Decimal("124.16"),
    freight=Decimal("15.15"),
    discount=Decimal("2.79"),
    lines=[(Decimal(2), Decimal("55.90"))],
    ecommerce_number="MKT-1",
    notes="Na portaria.\nPedido MKT-1",
    expected_on=dt.date(2026, 12, 24),
    seller_id="7",
)
ROW = ErpOrder("1", "10", "aberto", True, Decimal("124.16"), dt.date(2026, 11, 22), None, "MKT-1")
DETAIL = ErpOrderDetail(
    order=ROW,
    items=(ErpOrderItem("5", "VASO", "Vaso", Decimal("2.00"), Decimal("55.9")),),
    installments=(),
    delivery_address=None,
    products_total=Decimal("111.80"),
    freight=Decimal("15.150"),
    discount=Decimal("2.79"),
    other_expenses=None,
    total=Decimal("124.16"),
    expected_on=dt.date(2026, 12, 24),
    notes="Na portaria. Pedido MKT-1 ",
    seller_id="7",
)


def test_what_was_kept_is_not_named() -> None:
    assert find_not_taken(WANTED, DETAIL) == []


@pytest.mark.parametrize(
    ("detail", "named"),
    [
        (replace(DETAIL, order=replace(ROW, ecommerce_number="")), ["nº e-commerce"]),
        (replace(DETAIL, freight=None, total=Decimal("109.01")), ["frete", "valor total"]),
        (replace(DETAIL, discount=Decimal(0)), ["desconto"]),
        (replace(DETAIL, items=()), ["itens"]),
        (replace(DETAIL, seller_id=""), ["vendedor"]),
        (replace(DETAIL, notes="Na portaria."), ["observações"]),
        (replace(DETAIL, expected_on=None), ["previsão"]),
    ],
)
def test_each_thing_that_was_not_kept_is_named(detail: ErpOrderDetail, named: list[str]) -> None:
    assert find_not_taken(WANTED, detail) == named


HOME = ErpAddress("Rua das Flores", "12", zip_code="80010-000")
DUE = (
    ErpInstallment(Decimal("50.00"), dt.date(2026, 12, 1), "Pix"),
    ErpInstallment(Decimal("59.01"), None, ""),
)


@pytest.mark.parametrize(
    ("found", "named"),
    [
        (HOME, []),
        (ErpAddress("RUA DAS  FLORES", "12", city="Curitiba", zip_code="80010000"), []),
        (replace(HOME, number="13"), ["endereço de entrega"]),
        (None, ["endereço de entrega"]),
    ],
)
def test_another_place_of_delivery_is_named(found: ErpAddress | None, named: list[str]) -> None:
    assert find_not_taken(replace(WANTED, address=HOME), replace(DETAIL, delivery_address=found)) == named


@pytest.mark.parametrize(
    ("wanted", "named"),
    [
        ([], []),
        ([(None, Decimal("59.01")), (None, Decimal("50.00"))], []),
        ([(None, Decimal("109.01"))], ["parcelas"]),
        ([(dt.date(2026, 12, 2), Decimal("50.00")), (dt.date(2027, 1, 2), Decimal("59.01"))], ["parcelas"]),
    ],
)
def test_other_installments_are_named(wanted: list[tuple[dt.date | None, Decimal]], named: list[str]) -> None:
    assert find_not_taken(replace(WANTED, installments=wanted), replace(DETAIL, installments=DUE)) == named


def test_a_salesperson_who_was_not_sent_is_not_missed() -> None:
    assert find_not_taken(replace(WANTED, seller_id=""), replace(DETAIL, seller_id="9")) == []


def test_a_change_names_what_it_left_open_never() -> None:
    assert find_not_taken_change(OrderChange(), DETAIL) == []


# --- an order that may be ours ---

OURS = Unproven(dt.date(2026, 11, 21), "52998224725", "ana de exemplo", "MKT-1")


@pytest.mark.parametrize(
    ("changes", "may_be"),
    [
        ({}, True),
        ({"placed_on": dt.date(2026, 11, 20)}, False),
        ({"ecommerce_number": "MKT-2"}, True),
        ({"ecommerce_number": ""}, True),
    ],
)
def test_a_row_without_buyer_may_be_any_order_of_its_days(changes: dict[str, object], may_be: bool) -> None:
    assert OURS.may_be(replace(ROW, **changes)) is may_be  # type: ignore[arg-type]
