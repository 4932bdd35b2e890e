"""Orders on their way to Tiny that meet something else: nothing is led back, claimed or made twice."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from accounts import clock
from accounts.tenancy import tenant
from contracts.order_status import OrderStatus
from contracts.records import CustomerDraft
from customers.models import CustomerReference
from history.models import Source
from integrations import registry
from integrations.credentials import UrgentContext
from integrations.models import Integration
from jobs import queue
from jobs.models import Job
from orders import services
from orders.models import Order, Origin
from tests.flows.conftest import Company, TokenCompany
from tests.flows.placing import (
    CREATE,
    DETAIL,
    SITUATION,
    at_tiny,
    change_status,
    choose,
    codes_of,
    forwarding_of,
    job_of,
    lines_of,
    order_of,
    place,
    poll,
    prepare,
)
from tests.flows.test_token import switch_to_oauth
from tests.status_maps import importing, keep_map

RunJobs = Callable[[], int]
MoveClock = Callable[[dt.timedelta], None]
SETTLED = dt.timedelta(minutes=2)
FATURADO, CANCELADO, PRONTO = 1, 2, 7
OTHER_CPF = "11144477735"
GONE: dict[str, dict[str, Any]] = {"v3": {"status": 404}, "v2": {"v2_error": 32}}


@pytest.fixture(params=["v3", "v2"])
def protocol(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def seller(company: Company, run_jobs: RunJobs) -> Company:
    prepare(company, run_jobs)
    return company


def strike(seller: Company, route: str, **fault: Any) -> None:
    seller.account.tiny.add_fault(account_id=seller.account.id, route=route, **fault)


def test_an_order_that_moved_on_before_it_was_found_is_followed_and_not_led_back(
    seller: Company, run_jobs: RunJobs, move_clock: MoveClock, protocol: str
) -> None:
    strike(seller, CREATE[protocol], drop_after=True)
    order = place(seller)
    run_jobs()
    (there,) = at_tiny(seller)
    seller.account.change_order(there["id"], situacao=FATURADO)
    move_clock(SETTLED)
    run_jobs()
    assert order_of(seller).status == OrderStatus.INVOICED
    assert order_of(seller).reference.situation == "faturado"
    assert at_tiny(seller)[0]["situacao"] == FATURADO
    assert SITUATION[protocol] not in seller.account.count_calls()
    assert [code for code in codes_of(seller, order) if code.startswith("order.s")] == [
        "order.sent_found",
        "order.status_changed",
    ]


def test_a_cancellation_here_stands_whatever_tiny_says_before_it_has_heard_of_it(
    seller: Company, run_jobs: RunJobs, move_clock: MoveClock, protocol: str
) -> None:
    order = place(seller)
    run_jobs()
    (there,) = at_tiny(seller)
    strike(seller, SITUATION[protocol], drop=True)
    change_status(seller, order, OrderStatus.CANCELLED)
    run_jobs()
    seller.account.change_order(there["id"], situacao=FATURADO)
    poll(seller)
    run_jobs()
    assert order_of(seller).status == OrderStatus.CANCELLED
    assert ("order.status_kept_ahead", {"situation": "Faturado", "status": "Cancelado"}) in lines_of(
        seller, order
    )
    move_clock(dt.timedelta(minutes=10))
    run_jobs()
    assert at_tiny(seller)[0]["situacao"] == CANCELADO
    assert order_of(seller).status == OrderStatus.CANCELLED


@pytest.mark.parametrize("protocol", ["v3"], indirect=True)  # Orders of API v2 do not tell their contact.
def test_a_contact_with_another_document_hides_no_order_and_makes_no_second(
    seller: Company, run_jobs: RunJobs, move_clock: MoveClock, protocol: str
) -> None:
    place(seller)
    run_jobs()
    with tenant(seller.organization):
        contact_id = CustomerReference.objects.get().external_id
    registry.get_provider("tiny").update_customer(
        UrgentContext(seller.integration),
        contact_id,
        CustomerDraft("Ana Casada", document=OTHER_CPF),
    )
    strike(seller, CREATE[protocol], drop_after=True)
    place(seller, "MKT-2")
    run_jobs()
    assert len(at_tiny(seller)) == 2
    assert forwarding_of(seller, "MKT-2").attempted_at is not None
    poll(seller)
    run_jobs()
    move_clock(SETTLED)
    run_jobs()
    poll(seller)
    run_jobs()
    assert len(at_tiny(seller)) == 2
    assert forwarding_of(seller, "MKT-2").state == "sent"
    with tenant(seller.organization):
        assert not Order.objects.filter(origin=Origin.ERP).exists()


def test_what_was_changed_while_the_order_was_on_its_way_is_sent_afterwards(
    seller: Company, run_jobs: RunJobs, move_clock: MoveClock, protocol: str
) -> None:
    strike(seller, CREATE[protocol], drop_after=True)
    order = place(seller)
    run_jobs()
    with tenant(seller.organization):
        values = {"notes": "Deixar com o vizinho.", "seller_name": "Rui Outro"}
        services.change_order(order_id=order.pk, values=values, person="Ana", source=Source.PERSON)
    move_clock(SETTLED)
    run_jobs()
    run_jobs()
    provider, context = registry.get_provider("tiny"), UrgentContext(seller.integration)
    detail = provider.get_order(context, order_of(seller).reference.external_id)
    assert detail.notes.startswith("Deixar com o vizinho.")
    told = dict(lines_of(seller, order))
    assert "observações" in told["order.change_sent"]["fields"]


@pytest.mark.parametrize("protocol", ["v3"], indirect=True)
def test_a_buyer_whom_the_order_would_have_made_is_made_once_the_protocol_has_no_such_orders(
    company: Company, run_jobs: RunJobs
) -> None:
    """The step stands as API v2 left it."""
    prepare(company, run_jobs)
    order = place(company)
    left = {"customer_id": "", "buyer_name": "Ana", "buyer_document": "", "seller_id": "", "left_out": {}}
    with tenant(company.organization):
        step = {**left, "is_missing": True, "people_of": ["v2", False, "", ""]}
        assert Job.objects.filter(kind="export_order", key=str(order.pk)).update(step=step) == 1
    run_jobs()
    assert [row["cpfCnpj"] for row in at_tiny(company)] == ["529.982.247-25"]
    assert forwarding_of(company).state == "sent"


def test_an_order_that_is_gone_before_it_is_read_back_waits_then_asks_a_person(
    seller: Company, run_jobs: RunJobs, move_clock: MoveClock, protocol: str
) -> None:
    strike(seller, DETAIL[protocol], times=None, **GONE[protocol])
    order = place(seller)
    run_jobs()
    assert job_of(seller).status == "pending", "it may not be to be seen yet"
    move_clock(SETTLED)
    run_jobs()
    job = job_of(seller)
    assert (job.status, job.reason_code) == ("parked", "orders.gone_at_erp")
    assert forwarding_of(seller).attempted_at is None
    seller.account.tiny.control("POST", "faults/clear")
    with tenant(seller.organization):
        keep_map(Integration.objects.get(), importing("aberto", "aprovado"))
    poll(seller)
    run_jobs()
    with tenant(seller.organization):
        assert Order.objects.filter(origin=Origin.ERP).count() == 1, "nobody knows yet whose it is"
        queue.retry_parked(job.pk)
    run_jobs()
    assert len(at_tiny(seller)) == 1, "it was there after all"
    assert forwarding_of(seller).state == "sent"
    with tenant(seller.organization):
        assert Order.objects.get().pk == order.pk
    assert "order.joined" in codes_of(seller, order)


@pytest.mark.parametrize("protocol", ["v3"], indirect=True)  # An order of API v2 brings its buyer along.
def test_a_contact_that_tiny_lost_is_looked_for_anew_by_itself(company: Company, run_jobs: RunJobs) -> None:
    prepare(company, run_jobs)
    place(company)
    run_jobs()
    details = [{"campo": "idContato", "mensagem": "Contato não encontrado"}]
    body = {"mensagem": "Ocorreram erros de validação", "detalhes": details}
    strike(company, CREATE["v3"], status=400, body=body)
    place(company, "MKT-2")
    run_jobs()
    assert len(at_tiny(company)) == 2
    assert forwarding_of(company, "MKT-2").state == "sent"
    with tenant(company.organization):
        assert CustomerReference.objects.count() == 1


def test_a_cancelled_order_is_not_sent_even_if_a_person_had_wanted_it(
    company: Company, run_jobs: RunJobs
) -> None:
    prepare(company, run_jobs, send_statuses=[])
    order = place(company)
    with tenant(company.organization):
        services.send_anyway(order_id=order.pk, person="Ana")
    change_status(company, order, OrderStatus.CANCELLED)
    run_jobs()
    assert at_tiny(company) == []
    assert (forwarding_of(company).state, forwarding_of(company).reason_code) == (
        "outside",
        "forwarding.cancelled",
    )


# API v2 finds orders by their number, so that none of others is read.
@pytest.mark.parametrize("protocol", ["v3"], indirect=True)
def test_an_order_of_the_same_buyer_that_cannot_be_read_stops_none_that_was_never_sent(
    seller: Company, run_jobs: RunJobs, protocol: str
) -> None:
    place(seller)
    run_jobs()
    with tenant(seller.organization):
        # As one that Tiny's people typed: nobody here knows it.
        order_of(seller).reference.delete()
    strike(seller, DETAIL[protocol], status=200, body={"id": "?"})
    place(seller, "MKT-2")
    run_jobs()
    assert forwarding_of(seller, "MKT-2").state == "sent"
    assert len(at_tiny(seller)) == 2


@pytest.mark.parametrize("protocol", ["v2"], indirect=True)
def test_an_order_that_the_other_protocol_made_is_found_by_this_one(
    company: TokenCompany, run_jobs: RunJobs, move_clock: MoveClock
) -> None:
    prepare(company, run_jobs)
    integration = company.integration
    switch_to_oauth(company, integration)
    choose(company, send_statuses=["placed"])
    run_jobs()
    strike(company, CREATE["v3"], drop_after=True)
    place(company)
    run_jobs()
    assert len(at_tiny(company)) == 1
    company.save(str(integration.pk), author=str(company.author.pk))
    move_clock(SETTLED)
    run_jobs()
    assert company.integration.protocol == "v2"
    assert len(at_tiny(company)) == 1
    assert forwarding_of(company).state == "sent"


def test_a_cancellation_while_the_look_is_stopped_reaches_tiny(
    seller: Company, run_jobs: RunJobs, move_clock: MoveClock, protocol: str
) -> None:
    strike(seller, CREATE[protocol], drop_after=True)
    order = place(seller)
    run_jobs()
    with tenant(seller.organization):
        # As after a refused look, which a person has to put right: the row stays, and its step with it.
        parked = {"status": "parked", "reason_code": "tiny.permission_missing", "parked_at": clock.now()}
        assert Job.objects.filter(kind="export_order", status="pending").update(**parked) == 1
    change_status(seller, order, OrderStatus.CANCELLED)
    move_clock(SETTLED)
    run_jobs()
    assert at_tiny(seller)[0]["situacao"] == CANCELADO
    assert order_of(seller).status == OrderStatus.CANCELLED


@pytest.mark.parametrize(
    ("status", "situation"),
    [(OrderStatus.PICKING, PRONTO), (OrderStatus.INVOICED, PRONTO), (OrderStatus.CANCELLED, CANCELADO)],
)
def test_what_stands_further_on_at_tiny_is_not_led_back(
    seller: Company, run_jobs: RunJobs, protocol: str, status: OrderStatus, situation: int
) -> None:
    order = place(seller)
    run_jobs()
    seller.account.change_order(at_tiny(seller)[0]["id"], situacao=PRONTO)
    change_status(seller, order, status)
    run_jobs()
    assert at_tiny(seller)[0]["situacao"] == situation
    assert order_of(seller).status == status
    assert ("order.situation_kept" in codes_of(seller, order)) == (situation == PRONTO)


def test_a_cancellation_that_met_no_order_is_written_once_it_is_back(
    seller: Company, run_jobs: RunJobs, protocol: str
) -> None:
    order = place(seller)
    run_jobs()
    strike(seller, DETAIL[protocol], **GONE[protocol])
    change_status(seller, order, OrderStatus.CANCELLED)
    run_jobs()
    assert "order.deleted_at_erp" in codes_of(seller, order)
    assert "Excluído no ERP" in seller.page(f"pedidos/{order.number}/")
    poll(seller)
    run_jobs()
    assert at_tiny(seller)[0]["situacao"] == CANCELADO


def test_the_launched_stock_is_told_though_the_answer_was_lost(
    seller: Company, run_jobs: RunJobs, move_clock: MoveClock, protocol: str
) -> None:
    order = place(seller)
    run_jobs()
    strike(seller, SITUATION[protocol], drop_after=True)
    change_status(seller, order, OrderStatus.CANCELLED)
    run_jobs()
    move_clock(dt.timedelta(minutes=10))
    run_jobs()
    assert codes_of(seller, order).count("order.stock_stays_launched") == 1
    assert seller.account.count_calls()[SITUATION[protocol]] == 1


def test_another_salesperson_sends_the_order_that_waits_for_one(company: Company, run_jobs: RunJobs) -> None:
    prepare(company, run_jobs, sends_seller=True)
    sellers = registry.get_provider("tiny").list_sellers(UrgentContext(company.integration))
    order = place(company, seller_name="Ninguém Conhecido")
    run_jobs()
    assert job_of(company).reason_code == "orders.seller_unknown"
    with tenant(company.organization):
        values = {"seller_name": next(each.name for each in sellers if each.is_active)}
        services.change_order(order_id=order.pk, values=values, person="Ana", source=Source.PERSON)
    run_jobs()
    assert forwarding_of(company).state == "sent"
    with tenant(company.organization):
        assert not Job.objects.filter(status="parked").exists()


def test_a_day_that_was_told_to_tiny_is_not_taken_back_in_silence(
    company: Company, run_jobs: RunJobs
) -> None:
    prepare(company, run_jobs)
    order = place(company)
    run_jobs()
    with tenant(company.organization), pytest.raises(services.ChangeRefused) as refusal:
        services.change_order(
            order_id=order.pk, values={"expected_on": None}, person="Ana", source=Source.PERSON
        )
    assert refusal.value.field == "expected_on"
    assert order_of(company).expected_on is not None
