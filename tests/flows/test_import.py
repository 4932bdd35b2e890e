"""Flow A: from «Conectar» to orders with customer, nota and tracking, over real HTTP."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest

from accounts.tenancy import tenant
from history.models import HistoryEntry
from integrations.models import IntegrationState
from jobs.models import Job
from orders.models import Invoice, Order, OrderReference, OrderShipment, PassedOverOrder
from tests.flows.conftest import Company, TokenCompany
from tests.status_maps import importing, save_map

RunJobs = Callable[[], int]


@pytest.fixture(params=["v3", "v2"])
def protocol(request: pytest.FixtureRequest) -> str:
    """Every flow by OAuth2 and by token."""
    return str(request.param)


def test_connecting_imports_orders_with_customer_nota_and_tracking(
    company: Company, run_jobs: RunJobs
) -> None:
    company.account.add_orders(count=12, with_invoices=True)
    integration = company.connect()
    assert integration.state == IntegrationState.CONNECTED
    assert integration.account_document == "11222333000181"
    run_jobs()
    truth = {str(row["id"]): row for row in company.account.list_orders()}
    assert len(truth) == 12
    with tenant(company.organization):
        orders = Order.objects.select_related("reference", "customer").all()
        assert {order.reference.external_id for order in orders} == set(truth)
        for order in orders:
            row = truth[order.reference.external_id]
            assert order.erp_number == str(row["numero"])
            assert order.customer is not None
            invoice = Invoice.objects.get(order=order)
            assert invoice.access_key == row["chaveAcesso"]
        codes = set(OrderShipment.objects.exclude(tracking_code="").values_list("tracking_code", flat=True))
        assert codes == {row["codigoRastreamento"] for row in truth.values() if row["codigoRastreamento"]}
        assert sorted(order.number for order in orders) == list(range(1, 13))


@pytest.mark.slow
@pytest.mark.parametrize("protocol", ["v3"])
def test_thousand_orders_cost_ten_list_and_ten_notas_calls(company: Company, run_jobs: RunJobs) -> None:
    company.account.add_orders(count=1000, with_invoices=True)
    company.connect_quietly()
    company.account.clear_calls()
    run_jobs()
    calls = company.account.count_calls()
    assert (calls[company.LIST], calls[company.NOTES]) == (10, 10)
    # The details of open orders come in the background, a few with each poll.
    assert calls[company.DETAIL] == 20
    with tenant(company.organization):
        assert Order.objects.count() == 1000
        assert Invoice.objects.exclude(access_key="").values("order_id").distinct().count() == 1000


@pytest.mark.parametrize("protocol", ["v2"])
def test_by_token_each_order_costs_its_own_call_and_its_nota_another(
    company: TokenCompany, run_jobs: RunJobs, move_clock: Callable[[dt.timedelta], None]
) -> None:
    company.account.add_orders(count=130, with_invoices=True)
    company.connect_quietly()
    company.account.clear_calls()
    run_jobs()
    calls = company.account.count_calls()
    # The first page asks for the last one, to know how many there are, and then for itself once more.
    assert (calls[company.LIST], calls[company.DETAIL], calls[company.NOTE]) == (4, 130, 130)
    with tenant(company.organization):
        assert Order.objects.count() == 130
        assert Invoice.objects.exclude(access_key="").values("order_id").distinct().count() == 130
    company.account.clear_calls()
    move_clock(dt.timedelta(minutes=6))
    run_jobs()
    assert company.account.count_calls() == {company.LIST: 1}


@pytest.mark.slow
def test_shifted_and_doubled_rows_lose_no_order(
    company: Company, run_jobs: RunJobs, move_clock: Callable[[dt.timedelta], None]
) -> None:
    # By token each order costs a call of its own.
    company.account.add_orders(count=1000 if company.is_counted else 700, with_invoices=False)
    before = {str(row["id"]) for row in company.account.list_orders()}
    company.connect_quietly()
    company.account.clear_calls()
    shifts = ["insert_before", "delete_before", "duplicate_row"]
    for position, shift in enumerate(shifts):
        company.account.tiny.add_fault(
            account_id=company.account.id, route=company.LIST, times=1, shift=shift, after=2 + 2 * position
        )
    run_jobs()
    truth = {str(row["id"]) for row in company.account.list_orders()}
    assert company.account.count_calls()[company.LIST] <= 10 + len(shifts) + 2 * (not company.is_counted)
    if company.is_counted:
        assert list_external_ids(company) >= before & truth
    # The order that Tiny put in front of what had been read already comes with the next poll; where pages
    # tell no total, that one begins anew.
    move_clock(dt.timedelta(minutes=6))
    run_jobs()
    with tenant(company.organization):
        passed_over = set(PassedOverOrder.objects.values_list("external_id", flat=True))
    assert list_external_ids(company) | passed_over >= truth
    assert list_external_ids(company) >= before & truth


def list_external_ids(company: Company) -> set[str]:
    with tenant(company.organization):
        return set(Order.objects.values_list("reference__external_id", flat=True))


def test_change_at_tiny_arrives_with_the_next_poll(
    company: Company, run_jobs: RunJobs, move_clock: Callable[[dt.timedelta], None]
) -> None:
    (row,) = company.account.add_orders(situacao=3)
    company.connect()
    run_jobs()
    company.account.change_order(row["id"], situacao=5, nota=True, tracking={"code": "AA123456785BR"})
    move_clock(dt.timedelta(minutes=6))
    run_jobs()
    with tenant(company.organization):
        order = Order.objects.get()
        assert order.status == "in_transit"
        assert order.shipment.tracking_code == "AA123456785BR"
        assert len(Invoice.objects.get(order=order).access_key) == 44
        codes = list(
            HistoryEntry.objects.filter(subject_kind="order").order_by("id").values_list("code", flat=True)
        )
    assert codes == [
        "order.imported",
        "order.status_changed",
        "order.tracking_received",
        "order.invoice_received",
    ]


def test_idle_poll_costs_one_call_and_writes_nothing(
    company: Company, run_jobs: RunJobs, move_clock: Callable[[dt.timedelta], None]
) -> None:
    company.account.add_orders(count=5, with_invoices=True)
    company.connect()
    run_jobs()
    company.account.clear_calls()
    with tenant(company.organization):
        before = HistoryEntry.objects.count()
    move_clock(dt.timedelta(minutes=6))
    run_jobs()
    assert company.account.count_calls() == {company.LIST: 1}
    with tenant(company.organization):
        assert HistoryEntry.objects.count() == before


def test_order_outside_the_chosen_situations_is_passed_over_with_a_reason(
    company: Company, run_jobs: RunJobs, move_clock: Callable[[dt.timedelta], None]
) -> None:
    (row,) = company.account.add_orders(situacao=0)
    integration = company.connect()
    run_jobs()
    with tenant(company.organization):
        assert Order.objects.count() == 0
        passed = PassedOverOrder.objects.get()
        assert (passed.external_id, passed.reason_code) == (str(row["id"]), "order.situation_not_chosen")
    assert "Em aberto" in company.page(f"pedidos/nao-importados/{integration.pk}/")
    company.account.change_order(row["id"], situacao=3)
    move_clock(dt.timedelta(minutes=6))
    run_jobs()
    with tenant(company.organization):
        assert Order.objects.get().status == "paid"
        assert PassedOverOrder.objects.count() == 0


def test_opening_an_order_reads_its_details_once(company: Company, run_jobs: RunJobs) -> None:
    company.account.add_orders(count=1, with_invoices=True)
    company.connect()
    run_jobs()
    with tenant(company.organization):
        OrderReference.objects.update(details_hash="")
    company.account.clear_calls()
    assert "Carregando itens" in company.page("pedidos/1/")
    run_jobs()
    fragment = company.page("pedidos/1/itens/")
    with tenant(company.organization):
        order = Order.objects.get()
        assert order.items.count() >= 1
        assert order.items.first().description in company.page("pedidos/1/")
        assert order.products_total == sum(item.total for item in order.items.all())
    assert "hx-trigger" not in fragment
    run_jobs()
    assert company.account.count_calls() == {company.DETAIL: 1}


def test_order_deleted_at_tiny_is_said_when_it_is_opened(
    company: Company, run_jobs: RunJobs, move_clock: Callable[[dt.timedelta], None]
) -> None:
    (row,) = company.account.add_orders(situacao=3)
    company.connect()
    run_jobs()
    company.account.change_order(row["id"], delete=True)
    move_clock(dt.timedelta(minutes=11))
    company.page("pedidos/1/")
    run_jobs()
    page = company.page("pedidos/1/")
    assert "excluído no Tiny" in page
    with tenant(company.organization):
        assert Job.objects.filter(status="parked").count() == 0


def test_a_situation_that_is_now_imported_brings_what_was_passed_over(
    company: Company, run_jobs: RunJobs
) -> None:
    company.account.add_orders(situacao=0)
    integration = company.connect()
    run_jobs()
    with tenant(company.organization):
        assert save_map(integration, importing("aberto", "aprovado"))
    run_jobs()
    with tenant(company.organization):
        assert Order.objects.get().status == "placed"


def test_details_of_open_orders_come_by_themselves(company: Company, run_jobs: RunJobs) -> None:
    company.account.add_orders(count=3, with_invoices=True)
    company.connect()
    run_jobs()
    with tenant(company.organization):
        assert [order.items.exists() for order in Order.objects.all()] == [True, True, True]


def test_sweep_finds_what_the_filter_by_change_hid(
    company: Company, run_jobs: RunJobs, move_clock: Callable[[dt.timedelta], None]
) -> None:
    (row,) = company.account.add_orders(situacao=3)
    company.connect()
    run_jobs()
    company.account.change_order(row["id"], situacao=1)
    (late,) = company.account.add_orders(situacao=3)
    for order in (row, late):
        company.account.change_order(order["id"], atualizado_em="2026-01-01T00:00:00Z")
    move_clock(dt.timedelta(minutes=6))
    run_jobs()
    with tenant(company.organization):
        assert Order.objects.get().status == "paid"
    move_clock(dt.timedelta(minutes=60))
    run_jobs()
    with tenant(company.organization):
        assert sorted(Order.objects.values_list("status", flat=True)) == ["invoiced", "paid"]


def test_sweep_notices_orders_that_left_every_list(
    company: Company, run_jobs: RunJobs, move_clock: Callable[[dt.timedelta], None]
) -> None:
    gone, delivered = (company.account.add_orders(situacao=3)[0] for _ in range(2))
    company.connect()
    run_jobs()
    company.account.change_order(gone["id"], delete=True)
    company.account.change_order(delivered["id"], situacao=6)
    company.account.change_order(delivered["id"], atualizado_em="2026-01-01T00:00:00Z")
    move_clock(dt.timedelta(minutes=61))
    run_jobs()
    with tenant(company.organization):
        references = {row.external_id: row for row in OrderReference.objects.select_related("order")}
    assert references[str(gone["id"])].deleted_at is not None
    assert references[str(delivered["id"])].order.status == "delivered"


def test_details_that_wait_for_a_person_are_not_asked_for_behind_his_back(
    company: Company, run_jobs: RunJobs, move_clock: Callable[[dt.timedelta], None]
) -> None:
    company.account.add_orders(situacao=3)
    company.connect_quietly()
    company.account.tiny.add_fault(
        account_id=company.account.id, route=company.DETAIL, times=1, **company.refusal("bloqueado")
    )
    run_jobs()
    assert "bloqueado" in company.page("erros/")
    company.account.clear_calls()
    for _ in range(13):
        move_clock(dt.timedelta(minutes=6))
        run_jobs()
    assert company.account.count_calls().get(company.DETAIL, 0) == 0
    assert "bloqueado" in company.page("erros/")
