"""What an ERP says becomes orders: each quirk with its line in the history, and nothing lost in silence."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from accounts import clock
from contracts.records import ErpCustomer, ErpInstallment, ErpOrderItem, ErpShipment, InvoiceState, RowProblem
from customers.models import Customer, CustomerReference
from history.models import HistoryEntry
from integrations.models import Integration
from orders import selectors, services
from orders.models import Invoice, Order, OrderReference, PassedOverOrder
from tests.orders.conftest import MARIA, Erp, make_detail, make_invoice, make_row, shipment
from tests.status_maps import DEFAULT, keep_map, with_rule

Lines = Callable[[Order], list[tuple[str, dict[str, Any]]]]


def codes(lines: list[tuple[str, dict[str, Any]]]) -> list[str]:
    return [code for code, _ in lines]


def told_on_integration() -> list[tuple[str, dict[str, Any]]]:
    entries = HistoryEntry.objects.filter(subject_kind="integration").order_by("id")
    return [(entry.code, entry.params) for entry in entries]


# --- new orders ---


def test_new_order_with_all_that_the_row_says(erp: Erp, lines: Lines) -> None:
    erp.list(make_row(shipment=shipment(tracking_code="QQ123456785BR", tracking_url="https://r.example/1")))
    order = Order.objects.get()
    assert (order.number, order.erp_number, order.ecommerce_number) == (1, "1700", "E-700")
    assert (order.status, order.origin, order.total) == ("paid", "erp", Decimal("100.00"))
    assert order.placed_on == dt.date(2026, 11, 20)
    assert (order.customer.name, order.customer.document) == ("Maria de Exemplo", "52998224725")
    assert order.customer.city == "Curitiba"
    assert order.shipment.tracking_code == "QQ123456785BR"
    assert lines(order) == [
        ("order.imported", {"situation": "Aprovado", "status": "Pagamento aprovado"}),
        ("order.tracking_received", {"code": "QQ123456785BR", "method": "Correios · SEDEX"}),
    ]


def test_same_page_again_writes_nothing(erp: Erp) -> None:
    erp.list(make_row("700"), make_row("701"))
    before = list(HistoryEntry.objects.values())
    erp.list(make_row("700"), make_row("701"))
    assert list(HistoryEntry.objects.values()) == before
    assert Order.objects.count() == 2


def test_row_that_stands_twice_in_a_page_is_one_order(erp: Erp) -> None:
    erp.list(make_row("700"), make_row("700"))
    assert Order.objects.count() == 1


def test_order_without_a_date_or_a_total_or_a_customer(erp: Erp) -> None:
    erp.list(make_row(placed_on=None, total=None, customer=None, number="", ecommerce_number=""))
    order = Order.objects.get()
    assert (order.placed_on, order.total, order.customer) == (None, None, None)


def test_recycled_number_is_another_order(erp: Erp) -> None:
    """Tiny gives a deleted order's number to a new one: only the id says which is which."""
    erp.list(make_row("700", number="10"))
    erp.list(make_row("701", number="10", total=Decimal("5.00")))
    assert list(Order.objects.order_by("number").values_list("number", "erp_number", "total")) == [
        (1, "10", Decimal("100.00")),
        (2, "10", Decimal("5.00")),
    ]


# --- rows that cannot be applied ---


def test_problem_of_a_row_is_kept_and_told_once(erp: Erp, integration: Integration) -> None:
    problem = RowProblem("709", "tiny.amount_unreadable", {"field": "valor", "value": "abc"})
    erp.list(make_row("700"), problems=(problem,))
    erp.list(make_row("700"), problems=(problem,))
    assert Order.objects.count() == 1
    kept = PassedOverOrder.objects.get()
    assert (kept.external_id, kept.reason_code) == ("709", "orders.row_unreadable")
    assert told_on_integration() == [
        ("orders.row_unreadable", {"external_id": "709", "code": "tiny.amount_unreadable"})
    ]
    assert [row["count"] for row in selectors.summarise_passed_over(integration)] == [1]


def test_problem_that_was_mended_at_the_erp(erp: Erp) -> None:
    erp.list(problems=(RowProblem("700", "tiny.amount_unreadable"),))
    erp.list(make_row("700"))
    assert Order.objects.get().reference.external_id == "700"
    assert not PassedOverOrder.objects.exists()


@pytest.mark.parametrize(
    "bad",
    [
        {"ecommerce_name": "a\x00b"},
        {"customer": replace(MARIA, document="", external_id="7", name="a\x00b")},
        {"total": Decimal("1000000000000.00")},
        {"external_id": "9" * 61},
    ],
    ids=["nul", "nul in the customer", "oversize total", "oversize id"],
)
def test_row_that_the_database_refuses_stops_no_other(erp: Erp, bad: dict[str, Any]) -> None:
    erp.list(make_row("699"), make_row(**{"external_id": "700", **bad}), make_row("701"))
    assert sorted(OrderReference.objects.values_list("external_id", flat=True)) == ["699", "701"]
    kept = PassedOverOrder.objects.get()
    assert kept.reason_code == "orders.row_unreadable"
    assert codes(told_on_integration()) == ["orders.row_unreadable"]


def test_change_that_the_database_refuses_leaves_the_order_as_it_was(erp: Erp, lines: Lines) -> None:
    erp.list(make_row("700"), make_row("701"), make_row("702"))
    erp.list(
        make_row("701", situation="enviado"),
        make_row("700", total=Decimal("1000000000000.00"), situation="enviado"),
        make_row("702", situation="faturado"),
    )
    first, second, third = Order.objects.order_by("number")
    assert (first.status, first.total) == ("paid", Decimal("100.00"))
    assert codes(lines(first)) == ["order.imported"]
    assert second.status == "in_transit"
    assert codes(lines(second)) == ["order.imported", "order.status_changed"]
    assert third.status == "invoiced"
    assert third.reference.awaiting_invoice_since is not None
    assert PassedOverOrder.objects.get().external_id == "700"
    erp.list(make_row("700", situation="enviado"))
    assert Order.objects.get(number=1).status == "in_transit"
    assert not PassedOverOrder.objects.exists()


# --- situations ---


def test_situation_that_was_not_chosen_is_passed_over_with_its_name(erp: Erp) -> None:
    erp.list(make_row(situation="cancelado"))
    kept = PassedOverOrder.objects.get()
    assert (kept.reason_code, kept.situation, kept.erp_number) == (
        "order.situation_not_chosen",
        "Cancelado",
        "1700",
    )


def test_unknown_situation_of_an_unknown_order(erp: Erp) -> None:
    erp.list(make_row(situation="42", situation_is_known=False))
    kept = PassedOverOrder.objects.get()
    assert (kept.reason_code, kept.situation) == ("order.situation_unknown", "42")
    erp.list(make_row(situation="aprovado"))
    assert Order.objects.count() == 1
    assert not PassedOverOrder.objects.exists()


def test_unknown_situation_of_a_known_order_keeps_status_and_nota(erp: Erp, lines: Lines) -> None:
    erp.list(make_row(situation="faturado"))
    erp.list(make_row(situation="42", situation_is_known=False))
    order = Order.objects.get()
    assert order.status == "invoiced"
    assert lines(order)[1:] == [
        ("order.status_kept_unknown", {"situation": "42", "status": "Nota Fiscal emitida"})
    ]
    assert order.reference.awaiting_invoice_since is not None


def test_known_order_follows_situations_that_are_not_chosen(erp: Erp, lines: Lines) -> None:
    erp.list(make_row())
    erp.list(make_row(situation="cancelado"))
    order = Order.objects.get()
    assert order.status == "cancelled"
    assert codes(lines(order)) == ["order.imported", "order.status_changed"]


def test_return_is_a_flag_that_the_next_situation_lifts(erp: Erp, lines: Lines) -> None:
    erp.list(make_row(situation="enviado"))
    erp.list(make_row(situation="em_devolucao"))
    order = Order.objects.get()
    assert (order.status, order.is_return) == ("in_transit", True)
    erp.list(make_row(situation="entregue"))
    order.refresh_from_db()
    assert (order.status, order.is_return) == ("delivered", False)
    assert codes(lines(order))[1:] == ["order.return_flagged", "order.status_changed"]


# --- changes ---


def test_changed_total_is_told_with_both_amounts(erp: Erp, lines: Lines) -> None:
    erp.list(make_row())
    erp.list(make_row(total=Decimal("1234.50")))
    order = Order.objects.get()
    assert order.total == Decimal("1234.50")
    (line,) = lines(order)[1:]
    assert line == ("order.total_changed", {"before": "R$\u00a0100,00", "after": "R$\u00a01.234,50"})


def test_what_the_erp_empties_later_is_kept(erp: Erp, lines: Lines) -> None:
    full = shipment(tracking_code="QQ123456785BR", tracking_url="https://r.example/1")
    erp.list(make_row(shipment=full))
    erp.list(make_row(shipment=ErpShipment(), ecommerce_number="", placed_on=None, total=None, number=""))
    order = Order.objects.get()
    assert (order.shipment.tracking_code, order.shipment.carrier_name) == ("QQ123456785BR", "Correios")
    assert (order.ecommerce_number, order.erp_number, order.total) == ("E-700", "1700", Decimal("100.00"))
    assert codes(lines(order)) == ["order.imported", "order.tracking_received"]


def test_other_tracking_code_and_other_method_leave_a_line_each(erp: Erp, lines: Lines) -> None:
    erp.list(make_row(shipment=shipment(tracking_code="A1")))
    erp.list(make_row(shipment=shipment(tracking_code="B2")))
    erp.list(make_row(shipment=shipment(tracking_code="B2", shipping_method="PAC")))
    order = Order.objects.get()
    assert lines(order)[1:] == [
        ("order.tracking_received", {"code": "A1", "method": "Correios · SEDEX"}),
        ("order.tracking_received", {"code": "B2", "method": "Correios · SEDEX"}),
        ("order.shipping_changed", {"method": "Correios · PAC"}),
    ]


def test_deleted_order_that_comes_back(erp: Erp, integration: Integration, lines: Lines) -> None:
    erp.list(make_row(situation="faturado"))
    order = Order.objects.get()
    services.mark_deleted_at_erp(integration=integration, order_id=order.pk)
    services.mark_deleted_at_erp(integration=integration, order_id=order.pk)
    assert OrderReference.objects.get().awaiting_invoice_since is None
    erp.list(make_row(situation="faturado"))
    assert OrderReference.objects.get().deleted_at is None
    assert codes(lines(order)) == ["order.imported", "order.deleted_at_erp", "order.back_at_erp"]


# --- details ---


def test_details_replace_items_and_installments(erp: Erp) -> None:
    row = make_row()
    erp.list(row)
    order = Order.objects.get()
    items = (
        ErpOrderItem("1", "S1", "Luminária", Decimal("2"), Decimal("33.3333")),
        ErpOrderItem("2", "", "", Decimal("0.5"), Decimal("10")),
    )
    installments = (
        ErpInstallment(Decimal("50.00"), dt.date(2026, 12, 1), "Pix"),
        ErpInstallment(Decimal(50), None),
    )
    erp.tell_detail(order, make_detail(row, *items, installments=installments))
    assert list(order.items.order_by("position").values_list("position", "sku", "quantity", "total")) == [
        (1, "S1", Decimal("2.0000"), Decimal("66.67")),
        (2, "", Decimal("0.5000"), Decimal("5.00")),
    ]
    assert order.installments.count() == 2
    erp.tell_detail(order, make_detail(row))
    assert order.items.get().description == "Luminária"
    assert order.installments.count() == 0
    order.refresh_from_db()
    assert not selectors.needs_details(Order.objects.select_related("reference").get())
    erp.list(make_row(total=Decimal("1.00")))
    assert selectors.needs_details(Order.objects.select_related("reference").get())


def test_details_bring_a_newer_situation(erp: Erp, lines: Lines) -> None:
    row = make_row()
    erp.list(row)
    order = Order.objects.get()
    erp.tell_detail(order, make_detail(make_row(situation="enviado", total=Decimal("1.00"))))
    order.refresh_from_db()
    assert (order.status, order.total) == ("in_transit", Decimal("1.00"))
    assert codes(lines(order)) == ["order.imported", "order.status_changed", "order.total_changed"]


# --- notas ---


def test_no_nota_is_awaited_where_none_is_looked_for(erp: Erp, integration: Integration) -> None:
    keep_map(integration, with_rule(DEFAULT, "faturado", awaits_invoice=False))
    erp.list(make_row(situation="faturado"))
    for state in (InvoiceState.PENDING, InvoiceState.CANCELLED):
        erp.list_invoices(make_invoice(state=state))
        assert Invoice.objects.get().state == state
        assert OrderReference.objects.get().awaiting_invoice_since is None


def test_nota_pending_then_authorised_then_cancelled(erp: Erp, lines: Lines) -> None:
    erp.list(make_row(situation="faturado"))
    order = Order.objects.get()
    erp.list_invoices(make_invoice(state=InvoiceState.PENDING, access_key=""))
    assert OrderReference.objects.get().awaiting_invoice_since is not None
    erp.list_invoices(make_invoice(state=InvoiceState.PENDING, access_key=""))
    erp.list_invoices(make_invoice())
    assert Invoice.objects.get().access_key == "4" * 44
    assert OrderReference.objects.get().awaiting_invoice_since is None
    erp.list_invoices(make_invoice())
    erp.list_invoices(make_invoice(state=InvoiceState.CANCELLED))
    assert Invoice.objects.get().state == "cancelled"
    # A cancelled nota is followed by another one, as a rule.
    assert OrderReference.objects.get().awaiting_invoice_since is not None
    erp.list_invoices(make_invoice("51", number="000322", access_key="5" * 44))
    assert OrderReference.objects.get().awaiting_invoice_since is None
    assert lines(order)[1:] == [
        ("order.invoice_pending", {"number": "000321"}),
        ("order.invoice_received", {"number": "000321"}),
        ("order.invoice_cancelled", {"number": "000321"}),
        ("order.invoice_received", {"number": "000322"}),
    ]


def test_authorised_without_its_key_still_waits(erp: Erp) -> None:
    erp.list(make_row(situation="faturado"))
    erp.list_invoices(make_invoice(access_key=""))
    assert OrderReference.objects.get().awaiting_invoice_since is not None


def test_denied_nota_is_told(erp: Erp, lines: Lines) -> None:
    erp.list(make_row(situation="faturado"))
    erp.list_invoices(make_invoice(state=InvoiceState.DENIED, access_key=""))
    assert codes(lines(Order.objects.get()))[1:] == ["order.invoice_denied"]


def test_nota_without_origin_finds_its_order_by_the_ecommerce_number(erp: Erp) -> None:
    erp.list(make_row("700"), make_row("701"))
    unmatched = erp.list_invoices(make_invoice(order_external_id="", ecommerce_number="E-701"))
    assert unmatched == 0
    assert Invoice.objects.get().order.reference.external_id == "701"


def test_two_orders_of_one_ecommerce_number_take_no_nota(erp: Erp) -> None:
    erp.list(make_row("700", ecommerce_number="E-1"), make_row("701", ecommerce_number="E-1"))
    assert erp.list_invoices(make_invoice(order_external_id="", ecommerce_number="E-1")) == 1
    assert not Invoice.objects.exists()
    assert erp.list_invoices(make_invoice(order_external_id="701", ecommerce_number="E-1")) == 0
    assert Invoice.objects.get().order.reference.external_id == "701"


def test_nota_of_an_order_that_is_not_here(erp: Erp) -> None:
    erp.list(make_row("700"))
    notas = [
        make_invoice(order_external_id="999", ecommerce_number="E-700"),
        make_invoice("51", order_external_id=""),
    ]
    assert erp.list_invoices(*notas) == 2
    assert not Invoice.objects.exists()


def test_nota_that_the_database_refuses_stops_no_other(erp: Erp) -> None:
    erp.list(make_row("700"), make_row("701", situation="faturado"))
    erp.list_invoices(
        make_invoice("51", order_external_id="701", state=InvoiceState.CANCELLED),
        make_invoice("50", amount=Decimal("1000000000000.00")),
    )
    assert Invoice.objects.get().external_id == "51"
    assert OrderReference.objects.get(external_id="701").awaiting_invoice_since is not None
    assert PassedOverOrder.objects.get().external_id == "NF 50"
    assert told_on_integration()[0][1]["external_id"] == "NF 50"


def test_tracking_that_stands_only_on_the_nota(erp: Erp, lines: Lines) -> None:
    erp.list(make_row("700", situation="faturado"))
    erp.list_invoices(make_invoice(tracking_code="QQ1"))
    order = Order.objects.get()
    assert order.shipment.tracking_code == "QQ1"
    erp.list(make_row("700", situation="enviado", shipment=shipment(tracking_code="QQ2")))
    erp.list_invoices(make_invoice(tracking_code="QQ1"))
    order.shipment.refresh_from_db()
    assert order.shipment.tracking_code == "QQ2"


def test_search_for_a_nota_is_given_up_after_thirty_days(
    erp: Erp, integration: Integration, lines: Lines
) -> None:
    erp.list(make_row("700", situation="faturado"), make_row("701", situation="faturado"))
    first, second = OrderReference.objects.order_by("id")
    since = clock.now() - dt.timedelta(days=30, minutes=1)
    OrderReference.objects.filter(pk=first.pk).update(awaiting_invoice_since=since)
    services.give_up_invoices(integration=integration)
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.awaiting_invoice_since, second.awaiting_invoice_since is None) == (None, False)
    assert lines(first.order)[1:] == [("order.invoice_given_up", {"days": "30"})]
    erp.list_invoices(make_invoice())
    assert codes(lines(first.order))[-1] == "order.invoice_received"


# --- which notas are listed ---


def at(hours: float) -> str:
    return (clock.now() + dt.timedelta(hours=hours)).isoformat()


def test_no_order_awaits_a_nota(erp: Erp, integration: Integration) -> None:
    erp.list(make_row())
    assert selectors.plan_invoice_search(integration, {}) is None


def test_first_search_starts_with_the_oldest_order(erp: Erp, integration: Integration) -> None:
    erp.list(
        make_row("700", situation="faturado", placed_on=dt.date(2026, 11, 3)),
        make_row("701", situation="faturado", placed_on=dt.date(2026, 10, 30)),
    )
    search = selectors.plan_invoice_search(integration, {})
    assert search == selectors.InvoiceSearch(dt.date(2026, 10, 30), is_full=True)


def test_search_in_between_is_short_and_once_a_day_full(erp: Erp, integration: Integration) -> None:
    old = clock.today() - dt.timedelta(days=20)
    erp.list(make_row("700", situation="faturado", placed_on=old))
    short = selectors.plan_invoice_search(integration, {"read_at": at(0.1), "full_read_at": at(-2)})
    assert short is not None
    assert not short.is_full
    assert clock.today() - dt.timedelta(days=3) <= short.issued_from <= clock.today() - dt.timedelta(days=1)
    full = selectors.plan_invoice_search(integration, {"read_at": at(0.1), "full_read_at": at(-24)})
    assert full == selectors.InvoiceSearch(old, is_full=True)


def test_order_that_began_to_wait_later_widens_the_search(erp: Erp, integration: Integration) -> None:
    older, old = clock.today() - dt.timedelta(days=25), clock.today() - dt.timedelta(days=15)
    erp.list(make_row("700", situation="faturado", placed_on=older))
    OrderReference.objects.update(awaiting_invoice_since=clock.now() - dt.timedelta(hours=5))
    erp.list(make_row("701", situation="faturado", placed_on=old))
    search = selectors.plan_invoice_search(integration, {"read_at": at(-1), "full_read_at": at(-2)})
    assert search == selectors.InvoiceSearch(old, is_full=False)


def test_pending_nota_is_listed_again_from_its_day(erp: Erp, integration: Integration) -> None:
    older, issued = clock.today() - dt.timedelta(days=25), clock.today() - dt.timedelta(days=9)
    erp.list(make_row("700", situation="faturado", placed_on=older))
    OrderReference.objects.update(awaiting_invoice_since=clock.now() - dt.timedelta(hours=5))
    erp.list_invoices(make_invoice(state=InvoiceState.PENDING, access_key="", issued_on=issued))
    search = selectors.plan_invoice_search(integration, {"read_at": at(-1), "full_read_at": at(-2)})
    assert search == selectors.InvoiceSearch(issued, is_full=False)


# --- who buys ---


def test_one_document_in_two_contacts_is_one_customer(erp: Erp) -> None:
    erp.list(
        make_row("700"), make_row("701", customer=replace(MARIA, external_id="900000002", email="m@x.test"))
    )
    customer = Customer.objects.get()
    assert customer.orders.count() == 2
    assert sorted(CustomerReference.objects.values_list("external_id", flat=True)) == [
        "900000001",
        "900000002",
    ]


def test_invalid_document_is_told_and_the_contact_decides(erp: Erp, lines: Lines) -> None:
    wrong = replace(MARIA, document="", document_text="529.982.247-26")
    erp.list(make_row("700", customer=wrong), make_row("701", customer=wrong))
    customer = Customer.objects.get()
    assert (customer.document, customer.document_text) == ("", "529.982.247-26")
    for order in Order.objects.all():
        assert codes(lines(order)) == ["order.imported", "order.document_invalid"]


def test_buyers_without_document_or_contact_are_never_joined_by_name(erp: Erp) -> None:
    nobody = ErpCustomer(external_id="", name="CONSUMIDOR FINAL", email="x@x.test")
    erp.list(make_row("700", customer=nobody), make_row("701", customer=nobody))
    assert Customer.objects.count() == 2
    erp.list(make_row("700", customer=nobody, total=Decimal("7.00")))
    assert Customer.objects.count() == 2


def test_alphanumeric_cnpj(erp: Erp) -> None:
    erp.list(
        make_row(
            customer=replace(MARIA, kind="PJ", document="12ABC34501DE35", document_text="12.ABC.345/01DE-35")
        )
    )
    customer = Customer.objects.get()
    assert (customer.kind, customer.document) == ("PJ", "12ABC34501DE35")
