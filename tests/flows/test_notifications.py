"""Tiny tells by itself: what it tells is read again, applied once, and accounted for."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.conf import settings

from accounts.tenancy import tenant
from catalog import services as catalog_services
from catalog.models import ChangeSource, FigureChange, Product
from catalog.sync import announced as products_announced
from contracts.records import ErpStock, InvoiceQuery
from history.models import HistoryEntry
from integrations import registry
from integrations import services as integrations_services
from integrations.credentials import IntegrationContext
from integrations.models import Integration, IntegrationState
from jobs import queue, runner
from jobs.dispatch import dispatch_due
from jobs.errors import JobPostponed
from jobs.models import Job
from orders import services as orders_services
from orders.models import Invoice, Order, OrderReference
from orders.sync import announced as orders_announced
from tests.catalog.received import Erp, make_row
from tests.flows.conftest import Company
from tests.flows.notifying import change, post, receipts, states, tell, tell_stock
from tests.flows.products import (
    DETAIL,
    STOCK,
    V2,
    V3,
    MoveClock,
    RunJobs,
    choose,
    import_all,
    lay_fault,
    product_of,
    reference_of,
)
from webhooks.models import IngestOutage
from webhooks.services import replay


@pytest.fixture(params=["v3", "v2"])
def protocol(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def shop(connected: Company, run_jobs: RunJobs) -> Company:
    """Connected, with one product imported: 10 in stock, at R$ 50."""
    connected.account.add_product(sku="VASO", descricao="Vaso", preco=50, saldo=10, ncm="69139000")
    import_all(connected, run_jobs)
    # The poll that follows every import.
    run_jobs()
    connected.account.clear_calls()
    return connected


def vaso(company: Company) -> dict[str, Any]:
    (row,) = [row for row in company.account.list_products() if row["sku"] == "VASO"]
    return row


def disconnect(company: Company) -> None:
    with tenant(company.organization):
        integrations_services.disconnect(integration=company.integration, code="integration.other_token")


def reconnect(company: Company, run_jobs: RunJobs) -> None:
    with tenant(company.organization):
        Integration.objects.update(state=IntegrationState.CONNECTED)
        queue.resume_channel(company.integration.channel)
    run_jobs()


# --- products ---


def test_stock_is_read_at_tiny_once_and_arrives_with_its_line(
    shop: Company, run_jobs: RunJobs, protocol: str
) -> None:
    shop.account.set_stock(vaso(shop)["id"], 7)
    tell_stock(shop, vaso(shop), 7)
    run_jobs()
    assert product_of(shop, "VASO").stock == 7
    assert shop.account.count_calls() == {STOCK[protocol]: 1}
    (receipt,) = receipts(shop)
    assert (receipt.state, receipt.kind, receipt.entity) == (
        "applied",
        "stock",
        f"product:{vaso(shop)['id']}",
    )
    assert receipt.effect == [change("Estoque", "10", "7")]
    assert receipt.facts["stock"] == "7.0000"
    assert (receipt.provisional_at, receipt.attempts) == (None, 1)
    with tenant(shop.organization):
        step = FigureChange.objects.filter(figure="stock").latest("id")
        assert (step.before, step.after, step.source) == (10, 7, "notice")


def test_what_is_told_is_a_doorbell_and_tiny_is_believed(
    shop: Company, run_jobs: RunJobs, protocol: str
) -> None:
    """Comma for point, físico for disponível, or simply late: what the ERP answers counts."""
    shop.account.set_stock(vaso(shop)["id"], 8)
    tell_stock(shop, vaso(shop), 800, tipo="F")
    run_jobs()
    assert product_of(shop, "VASO").stock == 8
    assert receipts(shop)[0].effect == [change("Estoque", "10", "8")]


def test_price_and_product_cost_one_whole_reading(shop: Company, run_jobs: RunJobs, protocol: str) -> None:
    product = vaso(shop)
    shop.account.change_product(product["id"], preco=45.5, precoPromocional=39.9, descricao="Vaso azul")
    tell(shop, "precos", idMapeamento="1", skuMapeamento="VASO", preco="45.5000", precoPromocional="39.9000")
    tell(shop, "produto", id=str(product["id"]), idMapeamento="1", nome="Vaso azul", codigo="VASO")
    run_jobs()
    found = product_of(shop, "VASO")
    assert (found.price, found.promotional_price, found.name) == (
        Decimal("45.5"),
        Decimal("39.9"),
        "Vaso azul",
    )
    calls = {DETAIL[protocol]: 1} | ({STOCK["v2"]: 1} if protocol == "v2" else {})
    assert shop.account.count_calls() == calls
    assert states(shop) == [("repeated", ""), ("applied", "")]
    first, last = receipts(shop)
    assert first.repeats_id == last.pk
    assert last.effect == [
        change("Nome", "Vaso", "Vaso azul"),
        change("Preço", "R$\xa050,00", "R$\xa045,50"),
        change("Preço promocional", "", "R$\xa039,90"),
    ]


def test_a_hundred_of_one_product_are_one_reading(shop: Company, run_jobs: RunJobs, protocol: str) -> None:
    product = vaso(shop)
    shop.account.set_stock(product["id"], 3)
    for saldo in range(100):
        tell_stock(shop, product, saldo)
    run_jobs()
    assert shop.account.count_calls() == {STOCK[protocol]: 1}
    assert product_of(shop, "VASO").stock == 3
    assert states(shop) == [("repeated", "")] * 99 + [("applied", "")]
    assert {row.repeats_id for row in receipts(shop)[:-1]} == {receipts(shop)[-1].pk}


def test_the_echo_of_what_is_here_already_changes_nothing(
    shop: Company, run_jobs: RunJobs, protocol: str
) -> None:
    before = product_of(shop, "VASO")
    tell_stock(shop, vaso(shop), 10)
    tell(shop, "precos", skuMapeamento="VASO", preco="50.0000", precoPromocional="0")
    run_jobs()
    assert product_of(shop, "VASO").revision == before.revision
    assert [(row.state, row.effect) for row in receipts(shop)] == [("repeated", []), ("applied", [])]


def test_an_unknown_product_is_taken_in_as_a_row_would_be(
    shop: Company, run_jobs: RunJobs, protocol: str
) -> None:
    made = shop.account.add_product(sku="NOVO", descricao="Novo", preco=9, saldo=4)
    tell_stock(shop, made, 4)
    run_jobs()
    assert (product_of(shop, "NOVO").stock, product_of(shop, "NOVO").price) == (4, 9)
    assert states(shop) == [("applied", "")]


def test_what_the_criteria_leave_out_is_ignored_and_costs_a_call_once(
    shop: Company, run_jobs: RunJobs, protocol: str
) -> None:
    choose(shop, only_active=True)
    made = shop.account.add_product(sku="PARADO", descricao="Parado", preco=9, situacao="I")
    tell_stock(shop, made, 4)
    run_jobs()
    shop.account.clear_calls()
    tell_stock(shop, made, 5)
    run_jobs()
    assert states(shop) == [("ignored", "webhook.product_left_out")] * 2
    assert receipts(shop)[0].reason_params == {"reason": "inativo no Tiny"}
    assert shop.account.count_calls() == {}
    with tenant(shop.organization):
        assert not Product.objects.filter(sku="PARADO").exists()


def test_one_that_is_gone_at_tiny_loses_its_stock(shop: Company, run_jobs: RunJobs, protocol: str) -> None:
    product = vaso(shop)
    shop.account.delete_product(product["id"])
    tell(shop, "produto", id=str(product["id"]), idMapeamento="1", codigo="VASO")
    run_jobs()
    assert product_of(shop, "VASO").stock is None
    ((state, reason),) = states(shop)
    assert (state, reason) == ("applied", "")
    assert change("Estoque", "10", "") in receipts(shop)[0].effect


def test_unknown_sku_waits_and_goes_on_by_itself_once_it_is_known(
    shop: Company, run_jobs: RunJobs, protocol: str
) -> None:
    tell(shop, "precos", skuMapeamento="DEPOIS", preco="9.0000", precoPromocional="0")
    run_jobs()
    assert states(shop) == [("failed", "webhook.product_unknown")]
    assert receipts(shop)[0].reason_params == {"sku": "DEPOIS"}
    made = shop.account.add_product(sku="DEPOIS", descricao="Depois", preco=9, saldo=4)
    tell_stock(shop, made, 4)
    run_jobs()
    assert states(shop) == [("applied", ""), ("applied", "")]
    assert product_of(shop, "DEPOIS").price == 9


def test_unknown_sku_can_be_processed_again_after_the_mapping(
    shop: Company, run_jobs: RunJobs, protocol: str
) -> None:
    tell(shop, "precos", skuMapeamento="DEPOIS", preco="9.0000", precoPromocional="0")
    run_jobs()
    with tenant(shop.organization):
        Product.objects.filter(sku="VASO").update(sku="DEPOIS")
        assert replay(receipt_ids=[receipts(shop)[0].pk], person="Ana") == 1
    run_jobs()
    (receipt,) = receipts(shop)
    assert (receipt.state, receipt.replays, receipt.entity) == ("applied", 1, f"product:{vaso(shop)['id']}")
    with tenant(shop.organization):
        line = HistoryEntry.objects.get(code="receipt.replayed")
        assert (line.subject_kind, line.subject_id, line.person) == ("receipt", receipt.pk, "Ana")


@V3
def test_a_new_parent_brings_its_variations(shop: Company, run_jobs: RunJobs) -> None:
    made = shop.account.add_product(
        sku="CAMISA",
        descricao="Camisa",
        preco=9,
        variacoes=[{"sku": "CAMISA-P", "saldo": 2}, {"sku": "CAMISA-M", "saldo": 3}],
    )
    tell(shop, "produto", id=str(made["id"]), idMapeamento="1", codigo="CAMISA", nome="Camisa")
    run_jobs()
    parent = product_of(shop, "CAMISA")
    assert {product_of(shop, sku).parent_id for sku in ("CAMISA-P", "CAMISA-M")} == {parent.pk}
    assert product_of(shop, "CAMISA-M").stock == 3


@V3
def test_one_that_a_person_must_link_is_kept_until_then(shop: Company, run_jobs: RunJobs) -> None:
    doubles = [shop.account.add_product(sku="DOBRO", descricao=name, preco=9, saldo=4) for name in "AB"]
    for made in doubles:
        tell_stock(shop, made, 4)
        run_jobs()
    tell_stock(shop, doubles[1], 4)
    run_jobs()
    assert states(shop)[-1] == ("ignored", "webhook.product_unlinked")
    assert reference_of(shop, doubles[1]["id"]).values["stock_balance"] == "4.0000"


@V3
def test_a_harmful_change_waits_for_a_person_and_the_receipt_says_so(
    shop: Company, run_jobs: RunJobs
) -> None:
    shop.account.change_product(vaso(shop)["id"], preco=0.5)
    tell(shop, "precos", skuMapeamento="VASO", preco="0.5000", precoPromocional="0")
    run_jobs()
    assert product_of(shop, "VASO").price == 50
    assert [(row.state, row.reason_code, row.effect) for row in receipts(shop)] == [
        ("applied", "webhook.change_held", [])
    ]


# --- whose it is, and what it is ---


def test_another_account_or_integration_is_kept_apart_and_changes_nothing(
    shop: Company, run_jobs: RunJobs, protocol: str
) -> None:
    shop.account.set_stock(vaso(shop)["id"], 2)
    tell_stock(shop, vaso(shop), 2, cnpj="11444777000161")
    post(
        shop,
        {
            "cnpj": "11222333000181",
            "idEcommerce": 999,
            "tipo": "estoque",
            "dados": {"saldo": 2, "tipoEstoque": "D", "idProduto": vaso(shop)["id"]},
        },
    )
    run_jobs()
    other, integrator = states(shop)
    assert other == ("failed", "webhook.other_account")
    # By OAuth2 we do not know how Tiny numbers the integration.
    assert integrator == (("failed", "webhook.other_integrator") if protocol == "v2" else ("applied", ""))
    assert product_of(shop, "VASO").stock == (10 if protocol == "v2" else 2)
    assert shop.account.count_calls() == ({} if protocol == "v2" else {STOCK["v3"]: 1})


@V3
def test_what_cannot_be_read_is_kept_and_stops_no_other(shop: Company, run_jobs: RunJobs) -> None:
    shop.account.set_stock(vaso(shop)["id"], 6)
    bodies = [b"<html>", b'{"tipo": "cotacao", "dados": {}}', b"", b"\xff\xfe\x00", b'{"tipo": "estoque"}']
    for body in bodies:
        post(shop, body)
    tell_stock(shop, vaso(shop), "10,5")
    tell_stock(shop, vaso(shop), 6)
    run_jobs()
    assert [bytes(row.body) for row in receipts(shop)[:5]] == bodies
    assert states(shop) == [
        ("failed", "tiny.notification_unreadable"),
        ("failed", "tiny.notification_type_unknown"),
        ("ignored", "webhook.probe"),
        ("failed", "tiny.notification_unreadable"),
        ("failed", "tiny.notification_without_subject"),
        ("failed", "tiny.notification_value_invalid"),
        ("applied", ""),
    ]
    assert product_of(shop, "VASO").stock == 6


# --- while the ERP cannot be asked ---


def test_disconnected_it_counts_provisionally_and_is_confirmed_afterwards(
    shop: Company, run_jobs: RunJobs, protocol: str
) -> None:
    product = vaso(shop)
    disconnect(shop)
    tell_stock(shop, product, 7)
    tell_stock(shop, product, 5)
    run_jobs()
    assert product_of(shop, "VASO").stock == 5
    assert shop.account.count_calls() == {}
    assert states(shop) == [("waiting", ""), ("waiting", "")]
    first, last = receipts(shop)
    assert (first.provisional_at, last.effect) == (None, [change("Estoque", "10", "5")])
    assert last.provisional_at is not None
    with tenant(shop.organization):
        step = FigureChange.objects.filter(figure="stock").latest("id")
        assert (step.before, step.after, step.source) == (10, 5, "notice")
    shop.account.set_stock(product["id"], 4)
    reconnect(shop, run_jobs)
    assert product_of(shop, "VASO").stock == 4
    assert states(shop) == [("repeated", ""), ("applied", "")]
    assert receipts(shop)[-1].effect == [change("Estoque", "10", "4")]
    assert "told" not in reference_of(shop, product["id"]).values


@V3
@pytest.mark.parametrize(
    ("choices", "told"),
    [
        ({"stock_kind": "physical"}, {"tipo": "D"}),
        ({}, {"tipo": "F"}),
        ({}, {"tipo": ""}),
        ({"warehouse": "Geral"}, {"tipo": "D"}),
        ({}, {"tipo": "D", "cnpj": ""}),
        ({"keep_stock": True}, {"tipo": "D"}),
    ],
)
def test_what_says_something_else_does_not_count(
    shop: Company, run_jobs: RunJobs, choices: dict[str, Any], told: dict[str, Any]
) -> None:
    choose(shop, **choices)
    run_jobs()
    disconnect(shop)
    before = product_of(shop, "VASO").stock
    tell_stock(shop, vaso(shop), 3, **told)
    run_jobs()
    assert product_of(shop, "VASO").stock == before
    assert states(shop) == [("waiting", "")]


@V3
def test_a_late_repetition_does_not_count_before_it_is_confirmed(shop: Company, run_jobs: RunJobs) -> None:
    now = dt.datetime.now(dt.UTC)
    IngestOutage.objects.create(
        started_at=now - dt.timedelta(hours=2), ended_at=now - dt.timedelta(hours=1), handled_at=now
    )
    disconnect(shop)
    tell_stock(shop, vaso(shop), 3)
    run_jobs()
    assert product_of(shop, "VASO").stock == 10
    assert states(shop) == [("waiting", "")]


@V3
def test_a_short_budget_counts_at_once_and_asks_later(
    shop: Company, run_jobs: RunJobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = shop.account.add_products(count=3, kinds=["S"])
    import_all(shop, run_jobs) if False else None
    monkeypatch.setattr(settings, "SLOT_SPACING_SECONDS", 5.0)
    tell_stock(shop, vaso(shop), 7)
    tell_stock(shop, made[0], 7)
    tell_stock(shop, made[1], 7)
    assert runner.run_one() is not None
    assert product_of(shop, "VASO").stock == 7
    assert {state for state, _ in states(shop)} == {"waiting"}


@V3
def test_an_answer_that_was_asked_for_before_does_not_undo_what_was_told_since(
    shop: Company, run_jobs: RunJobs
) -> None:
    """A poll is under way while the ERP tells; its answer is from before."""
    reference = reference_of(shop, vaso(shop)["id"])
    asked_at = dt.datetime.now(dt.UTC)
    disconnect(shop)
    tell_stock(shop, vaso(shop), 5)
    run_jobs()
    with tenant(shop.organization):
        catalog_services.apply_stock(
            reference_id=reference.pk,
            stock=ErpStock(reference.external_id, Decimal(10), Decimal(0)),
            source=ChangeSource.POLL,
            asked_at=asked_at,
        )
    assert product_of(shop, "VASO").stock == 5


@V3
def test_a_replayed_one_never_overwrites_what_is_newer(shop: Company, run_jobs: RunJobs) -> None:
    tell_stock(shop, vaso(shop), 10)
    run_jobs()
    disconnect(shop)
    tell_stock(shop, vaso(shop), 2)
    run_jobs()
    with tenant(shop.organization):
        replay(receipt_ids=[receipts(shop)[0].pk], person="Ana")
    run_jobs()
    assert product_of(shop, "VASO").stock == 2
    shop.account.set_stock(vaso(shop)["id"], 1)
    reconnect(shop, run_jobs)
    assert product_of(shop, "VASO").stock == 1
    assert states(shop) == [("repeated", ""), ("applied", "")]


# --- what fails ---


def test_refusal_parks_the_job_and_is_said_of_the_receipts(
    shop: Company, run_jobs: RunJobs, protocol: str
) -> None:
    shop.account.set_stock(vaso(shop)["id"], 6)
    for route in (STOCK, DETAIL):
        lay_fault(shop, route[protocol], times=1, **shop.refusal("Produto bloqueado"))
    tell_stock(shop, vaso(shop), 6)
    run_jobs()
    ((state, reason),) = states(shop)
    assert (state, reason.startswith("tiny.")) == ("failed", True)
    assert product_of(shop, "VASO").stock == 10
    with tenant(shop.organization):
        job = Job.objects.get(kind="follow_notification")
        assert (job.status, job.reason_code) == ("parked", reason)
    with tenant(shop.organization):
        replay(receipt_ids=[receipts(shop)[0].pk], person="Ana")
    run_jobs()
    assert states(shop) == [("applied", "")]
    assert product_of(shop, "VASO").stock == 6
    with tenant(shop.organization):
        assert not Job.objects.filter(kind="follow_notification", status="parked").exists()


@V3
def test_what_no_column_holds_is_kept_out_and_said(shop: Company, run_jobs: RunJobs) -> None:
    shop.account.set_stock(vaso(shop)["id"], 10.0**11)
    tell_stock(shop, vaso(shop), 7)
    run_jobs()
    assert states(shop) == [("failed", "products.unstorable")]
    assert product_of(shop, "VASO").stock == 10
    with tenant(shop.organization):
        assert Job.objects.get(kind="follow_notification").status == "parked"
    shop.account.set_stock(vaso(shop)["id"], 7)
    tell_stock(shop, vaso(shop), 7)
    run_jobs()
    assert states(shop) == [("repeated", ""), ("applied", "")]
    assert receipts(shop)[0].reason_params == {}
    assert product_of(shop, "VASO").stock == 7


def test_temporary_error_is_tried_again_and_nothing_is_lost(
    shop: Company, run_jobs: RunJobs, move_clock: MoveClock, protocol: str
) -> None:
    shop.account.set_stock(vaso(shop)["id"], 6)
    lay_fault(shop, STOCK[protocol], times=1, status=502)
    tell_stock(shop, vaso(shop), 6)
    run_jobs()
    assert states(shop) == [("waiting", "")]
    move_clock(dt.timedelta(seconds=10))
    run_jobs()
    assert states(shop) == [("applied", "")]
    assert product_of(shop, "VASO").stock == 6


@V3
def test_killed_between_effect_and_end_it_is_not_done_twice(shop: Company, run_jobs: RunJobs) -> None:
    shop.account.set_stock(vaso(shop)["id"], 6)
    tell_stock(shop, vaso(shop), 6)
    run_jobs()
    shop.account.clear_calls()
    with tenant(shop.organization):
        Job.objects.filter(kind="follow_notification").update(status="pending", finished_at=None)
    run_jobs()
    assert shop.account.count_calls() == {}
    assert (states(shop), receipts(shop)[0].attempts) == ([("applied", "")], 1)


@V2
def test_stock_that_was_announced_and_cannot_be_read_is_said(shop: Company, run_jobs: RunJobs) -> None:
    shop.account.change_product(vaso(shop)["id"], preco=45)
    lay_fault(shop, STOCK["v2"], times=1, **shop.refusal("Estoque bloqueado"))
    tell(shop, "precos", skuMapeamento="VASO", preco="45.0000", precoPromocional="0")
    run_jobs()
    # Nobody spoke of its stock.
    assert (states(shop), product_of(shop, "VASO").price) == ([("applied", "")], 45)
    shop.account.set_stock(vaso(shop)["id"], 6)
    lay_fault(shop, STOCK["v2"], times=1, **shop.refusal("Estoque bloqueado"))
    tell(shop, "precos", skuMapeamento="VASO", preco="45.0000", precoPromocional="0")
    tell_stock(shop, vaso(shop), 6)
    run_jobs()
    assert [state for state, _ in states(shop)] == ["applied", "failed", "failed"]
    assert {reason.partition(".")[0] for _, reason in states(shop)[1:]} == {"tiny"}
    assert product_of(shop, "VASO").stock == 10


# --- two answers about one thing ---


def ask_product(company: Company) -> products_announced.Announced:
    return products_announced.ask_announced(
        registry.get_provider("tiny"),
        IntegrationContext(company.integration),
        str(vaso(company)["id"]),
        is_stock=True,
        is_stock_alone=False,
        is_row=False,
    )


def keep_product(company: Company, announced: products_announced.Announced) -> products_announced.Kept:
    with tenant(company.organization):
        return products_announced.keep_announced(company.integration, announced)


def test_an_answer_is_not_dropped_because_another_one_was_kept_meanwhile(
    shop: Company, run_jobs: RunJobs, protocol: str
) -> None:
    early = ask_product(shop)
    shop.account.set_stock(vaso(shop)["id"], 3)
    late = ask_product(shop)
    assert keep_product(shop, early).changes == {}
    with pytest.raises(JobPostponed):
        keep_product(shop, late)
    assert product_of(shop, "VASO").stock == 10
    changes = keep_product(shop, ask_product(shop)).changes
    assert changes == {"stock": (10, 3)}
    assert product_of(shop, "VASO").stock == 3


@V3
def test_a_list_that_told_more_meanwhile_is_not_undone(shop: Company, run_jobs: RunJobs) -> None:
    announced = ask_product(shop)
    external_id = announced.external_id
    Erp(shop.integration).list(make_row(external_id, "VASO", name="Vaso", price=Decimal(45)))
    assert product_of(shop, "VASO").price == 45
    with pytest.raises(JobPostponed):
        keep_product(shop, announced)
    assert product_of(shop, "VASO").price == 45
    # What only the single product tells is still to be read.
    reference = reference_of(shop, external_id)
    assert reference.details_hash != reference.row_hash


def test_an_order_that_changed_while_it_was_asked_for_is_asked_for_again(
    seller: tuple[Company, dict[str, Any]], run_jobs: RunJobs
) -> None:
    company, order = seller

    def ask() -> orders_announced.Announced:
        context = IntegrationContext(company.integration)
        return orders_announced.ask_announced(registry.get_provider("tiny"), context, str(order["id"]))

    def keep(announced: orders_announced.Announced) -> orders_announced.Kept:
        with tenant(company.organization):
            return orders_announced.keep_announced(company.integration, announced)

    early = ask()
    company.account.change_order(order["id"], situacao=5)
    assert keep(ask()).changes["Status"] == ("Pagamento aprovado", "Em transporte")
    with pytest.raises(JobPostponed):
        keep(early)
    assert order_of(company, order).status == "in_transit"
    # Nor does the job that completes an order undo what came in between.
    assert early.reference is not None and early.detail is not None
    with tenant(company.organization):
        assert not orders_services.apply_details(asked_of=early.reference, detail=early.detail)
    assert order_of(company, order).status == "in_transit"


# --- orders ---


@pytest.fixture
def seller(company: Company, run_jobs: RunJobs) -> tuple[Company, dict[str, Any]]:
    """Connected, with one approved order that is read whole."""
    (order,) = company.account.add_orders(count=1, situacoes=[3], with_invoices=False)
    company.connect_quietly()
    run_jobs()
    company.account.clear_calls()
    return company, order


def order_of(company: Company, order: dict[str, Any]) -> Order:
    with tenant(company.organization):
        reference = OrderReference.objects.select_related("order").get(external_id=str(order["id"]))
        found: Order = reference.order
        return found


def test_situation_tracking_and_nota_are_one_reading_of_the_order(
    seller: tuple[Company, dict[str, Any]], run_jobs: RunJobs
) -> None:
    company, order = seller
    company.account.change_order(order["id"], situacao=5, nota=True, tracking={"code": "AA123456785BR"})
    about = {"idPedidoEcommerce": "X-1", "idVendaTiny": order["id"]}
    tell(company, "situacao_pedido", **about, situacao="enviado", descricaoSituacao="Enviado")
    tell(company, "rastreio", **about, codigoRastreio="AA123456785BR")
    tell(company, "nota_fiscal", **about, numero=1, idNotaFiscalTiny=1)
    run_jobs()
    calls = company.account.count_calls()
    # What the account's ways to send are is asked for once, whatever the orders.
    assert calls.pop("GET /formas-envio", 1) == 1
    assert (calls[company.DETAIL], sum(calls.values())) == (1, 2)
    found = order_of(company, order)
    assert found.status == "in_transit"
    with tenant(company.organization):
        invoice = Invoice.objects.get(order=found)
        assert found.shipment.tracking_code == "AA123456785BR"
    assert states(company) == [("repeated", ""), ("repeated", ""), ("applied", "")]
    assert receipts(company)[-1].effect == [
        change("Status", "Pagamento aprovado", "Em transporte"),
        change("Situação no Tiny", "Aprovado", "Enviado"),
        change("Rastreio", "", "AA123456785BR"),
        change("Nota fiscal", "", invoice.number),
    ]


def test_an_unknown_order_is_imported_by_its_notification(company: Company, run_jobs: RunJobs) -> None:
    company.connect_quietly()
    run_jobs()
    company.account.add_orders(count=1, situacoes=[3], with_invoices=False)
    company.account.add_orders(count=1, situacoes=[0], with_invoices=False)
    company.account.clear_calls()
    for row in company.account.list_orders():
        tell(company, "inclusao_pedido", id=str(row["id"]), numero="1", codigoSituacao="aprovado")
    run_jobs()
    assert company.account.count_calls() == {company.DETAIL: 2}
    by_situation = {row["situacao"]: str(row["id"]) for row in company.account.list_orders()}
    with tenant(company.organization):
        assert OrderReference.objects.get().external_id == by_situation[3]
    assert sorted(states(company)) == [("applied", ""), ("ignored", "webhook.order_left_out")]


def test_number_of_the_marketplace_finds_our_order_or_says_so(
    seller: tuple[Company, dict[str, Any]], run_jobs: RunJobs
) -> None:
    company, order = seller
    number = order_of(company, order).ecommerce_number
    assert number
    company.account.change_order(order["id"], situacao=4)
    tell(company, "situacao_pedido", idPedidoEcommerce=number, situacao="preparando_envio")
    tell(company, "situacao_pedido", idPedidoEcommerce="NENHUM", situacao="preparando_envio")
    run_jobs()
    assert states(company) == [("applied", ""), ("failed", "webhook.order_unknown")]
    assert receipts(company)[0].entity == f"order:{order['id']}"
    assert company.account.count_calls() == {company.DETAIL: 1}


@V3
def test_a_nota_that_names_no_order_is_asked_for_its_own(
    seller: tuple[Company, dict[str, Any]], run_jobs: RunJobs
) -> None:
    company, order = seller
    company.account.change_order(order["id"], nota=True)
    page = registry.get_provider("tiny").list_invoices(
        IntegrationContext(company.integration), InvoiceQuery(issued_from=dt.date(2020, 1, 1)), offset=0
    )
    tell(company, "nota_fiscal", idNotaFiscalTiny=int(page.items[0].external_id), numero=1)
    tell(company, "nota_fiscal", idNotaFiscalTiny=4, numero=4)
    run_jobs()
    with tenant(company.organization):
        assert Invoice.objects.get().order_id == order_of(company, order).pk
    assert states(company)[0] == ("applied", "")
    assert states(company)[1][0] == "failed"


def test_an_order_that_is_gone_is_marked_and_the_echo_changes_nothing(
    seller: tuple[Company, dict[str, Any]], run_jobs: RunJobs
) -> None:
    company, order = seller
    tell(company, "atualizacao_pedido", id=str(order["id"]), codigoSituacao="aprovado")
    run_jobs()
    assert (receipts(company)[0].state, receipts(company)[0].effect) == ("applied", [])
    company.account.change_order(order["id"], delete=True)
    tell(company, "atualizacao_pedido", id=str(order["id"]), codigoSituacao="aprovado")
    run_jobs()
    assert states(company)[-1] == ("applied", "")
    with tenant(company.organization):
        assert OrderReference.objects.get().deleted_at is not None


# --- after an outage, and in the end ---


@V3
def test_after_an_outage_whatever_was_told_of_is_read_again(shop: Company, run_jobs: RunJobs) -> None:
    tell_stock(shop, vaso(shop), 10)
    run_jobs()
    shop.account.set_stock(vaso(shop)["id"], 2)
    shop.account.clear_calls()
    now = dt.datetime.now(dt.UTC)
    outage = IngestOutage.objects.create(started_at=now, ended_at=now + dt.timedelta(minutes=1))
    post(shop, b"")
    run_jobs()
    assert product_of(shop, "VASO").stock == 2
    assert shop.account.count_calls() == {STOCK["v3"]: 1}
    outage.refresh_from_db()
    assert outage.handled_at is not None


@V3
def test_old_receipts_go_and_the_newest_of_each_kind_stays(
    shop: Company, run_jobs: RunJobs, move_clock: MoveClock
) -> None:
    for saldo in (9, 8):
        tell_stock(shop, vaso(shop), saldo)
        run_jobs()
    post(shop, b"")
    run_jobs()
    kept = [row.pk for row in receipts(shop)][1:]
    disconnect(shop)
    move_clock(dt.timedelta(days=31))
    dispatch_due()
    run_jobs()
    assert [row.pk for row in receipts(shop)] == kept
