"""Orders that are placed here go to Tiny, over both protocols: what is sent, when, and exactly once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

import pytest

from accounts.tenancy import tenant
from contracts.order_status import OrderStatus
from customers import services as customer_services
from customers.criteria import Criteria
from customers.models import CustomerReference
from integrations.models import Integration
from jobs import queue
from jobs.models import Job
from orders import services
from orders.models import Order, OrderForwarding, Origin
from tests.flows.conftest import Company
from tests.flows.placing import (
    ANA,
    CREATE,
    SITUATION,
    at_tiny,
    change_status,
    choose,
    codes_of,
    forwarding_of,
    import_products,
    job_of,
    lines_of,
    order_of,
    place,
    placement,
    poll,
    prepare,
)
from tests.status_maps import importing, keep_map

RunJobs = Callable[[], int]
MoveClock = Callable[[dt.timedelta], None]


@pytest.fixture(params=["v3", "v2"])
def protocol(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def seller(company: Company, run_jobs: RunJobs) -> Company:
    prepare(company, run_jobs)
    return company


def test_an_order_arrives_whole_and_is_linked(seller: Company, run_jobs: RunJobs, protocol: str) -> None:
    known_contacts = {"v3": 1, "v2": 0}[protocol]  # API v2 tells of no contact whose order it shows.
    order = place(seller)
    run_jobs()
    order = order_of(seller)
    (there,) = at_tiny(seller)
    assert there["numeroOrdemCompra"] == order.forwarding.key
    assert (there["cliente"], there["situacao"]) == ("Ana de Exemplo", 0)
    assert order.reference.external_id == str(there["id"])
    assert order.erp_number == str(there["numero"])
    assert (order.forwarding.state, order.forwarding.attempted_at) == ("sent", None)
    assert (order.total, order.products_total) == (Decimal("124.16"), Decimal("111.80"))
    with tenant(seller.organization):
        assert CustomerReference.objects.filter(customer=order.customer).count() == known_contacts
    assert there["numeroPedidoEcommerce"] == {"v3": "", "v2": "MKT-1"}[protocol]
    codes = codes_of(seller, order)
    assert codes[:2] == ["order.received", "order.sent"]
    # API v3 drops the marketplace's number, and that is told; it stands in the observations.
    not_taken = [params["fields"] for code, params in lines_of(seller, order) if code == "order.not_taken"]
    assert not_taken == {"v3": ["nº e-commerce"], "v2": []}[protocol]


def test_sending_costs_few_calls_and_repeats_none(seller: Company, run_jobs: RunJobs, protocol: str) -> None:
    place(seller)
    run_jobs()
    counts = seller.account.count_calls()
    assert counts[CREATE[protocol]] == 1
    run_jobs()
    assert seller.account.count_calls() == counts


def test_only_the_chosen_statuses_are_sent_and_the_first_time_only(
    seller: Company, run_jobs: RunJobs
) -> None:
    choose(seller, send_statuses=["paid"])
    order = place(seller)
    run_jobs()
    assert at_tiny(seller) == []
    assert forwarding_of(seller).reason_code == "forwarding.awaits_status"
    assert forwarding_of(seller).reason_params == {"statuses": "Pagamento aprovado"}
    change_status(seller, order, OrderStatus.PAID)
    run_jobs()
    (there,) = at_tiny(seller)
    assert there["situacao"] == 3
    change_status(seller, order, OrderStatus.PICKING)
    run_jobs()
    (there,) = at_tiny(seller)
    assert there["situacao"] == 4


def test_an_order_that_skipped_the_set_is_outside_until_a_person_sends_it(
    seller: Company, run_jobs: RunJobs
) -> None:
    choose(seller, send_statuses=["paid"])
    order = place(seller, status=OrderStatus.PICKING)
    run_jobs()
    assert at_tiny(seller) == []
    forwarding = forwarding_of(seller)
    assert (forwarding.state, forwarding.reason_code) == ("outside", "forwarding.skipped_statuses")
    with tenant(seller.organization):
        services.send_anyway(order_id=order.pk, person="Marina")
    run_jobs()
    assert len(at_tiny(seller)) == 1
    assert codes_of(seller, order)[:3] == ["order.received", "order.forced", "order.sent"]


def test_orders_that_stand_in_a_status_chosen_later_are_offered_never_sent_silently(
    seller: Company, run_jobs: RunJobs
) -> None:
    choose(seller, send_statuses=["paid"])
    for number in ("MKT-1", "MKT-2"):
        place(seller, number)
    choose(seller, send_statuses=["placed", "paid"])
    run_jobs()
    assert at_tiny(seller) == []
    with tenant(seller.organization):
        integration = Integration.objects.get()
        assert services.send_offered(integration=integration, person="Marina") == 2
        assert services.send_offered(integration=integration, person="Marina") == 0
    run_jobs()
    assert len(at_tiny(seller)) == 2


def test_a_sku_that_tiny_lacks_parks_the_order_and_its_product_releases_it(
    seller: Company, run_jobs: RunJobs
) -> None:
    lamp = services.PlacedItem("LUM-1", "Luminária", Decimal(1), Decimal("80"))
    place(seller, items=(lamp,))
    run_jobs()
    job = job_of(seller)
    assert (job.status, job.reason_code, job.reason_params) == (
        "parked",
        "catalog.sku_unknown",
        {"sku": "LUM-1"},
    )
    assert at_tiny(seller) == []
    seller.account.add_product(sku="LUM-1", descricao="Luminária", preco=80)
    import_products(seller, run_jobs)
    assert len(at_tiny(seller)) == 1


def test_the_salesperson_goes_along_when_that_is_chosen(seller: Company, run_jobs: RunJobs) -> None:
    place(seller, "MKT-1", seller_name="vendas INTERNAS")
    choose(seller, sends_seller=True)
    place(seller, "MKT-2", seller_name="vendas INTERNAS")
    place(seller, "MKT-3", seller_code="V1")
    place(seller, "MKT-4")
    run_jobs()
    sellers = {row["numeroOrdemCompra"]: row["vendedor"] for row in at_tiny(seller)}
    keys = [forwarding_of(seller, f"MKT-{number}").key for number in (1, 2, 3, 4)]
    assert [sellers[key] for key in keys] == [*["Vendas internas"] * 3, None]


def test_an_unknown_salesperson_parks_the_order_or_is_left_out_by_choice(
    seller: Company, run_jobs: RunJobs
) -> None:
    choose(seller, sends_seller=True)
    place(seller, "MKT-1", seller_name="Zeca")
    run_jobs()
    job = job_of(seller)
    assert (job.status, job.reason_code) == ("parked", "orders.seller_unknown")
    assert job.reason_params == {"seller": "Zeca", "names": "Vendas internas"}
    choose(seller, seller_is_optional=True)
    order = place(seller, "MKT-2", seller_name="Zeca")
    run_jobs()
    (there,) = at_tiny(seller)
    assert there["vendedor"] is None
    assert "order.sent_without_seller" in codes_of(seller, order)


def test_a_cancelled_order_is_not_sent_and_a_sent_one_is_cancelled_there(
    seller: Company, run_jobs: RunJobs
) -> None:
    first = place(seller, "MKT-1")
    change_status(seller, first, OrderStatus.CANCELLED)
    second = place(seller, "MKT-2")
    run_jobs()
    assert forwarding_of(seller, "MKT-1").reason_code == "forwarding.cancelled"
    (there,) = at_tiny(seller)
    change_status(seller, second, OrderStatus.CANCELLED)
    run_jobs()
    (there,) = at_tiny(seller)
    assert there["situacao"] == 2
    assert codes_of(seller, second)[-2:] == ["order.situation_sent", "order.stock_stays_launched"]


def test_a_parked_order_that_is_cancelled_needs_nobody_any_more(seller: Company, run_jobs: RunJobs) -> None:
    lamp = services.PlacedItem("LUM-1", "Luminária", Decimal(1), Decimal("80"))
    order = place(seller, items=(lamp,))
    run_jobs()
    assert job_of(seller).status == "parked"
    change_status(seller, order, OrderStatus.CANCELLED)
    run_jobs()
    assert forwarding_of(seller).reason_code == "forwarding.cancelled"
    with tenant(seller.organization):
        assert not Job.objects.filter(status="parked").exists()
    assert at_tiny(seller) == []


def test_what_tiny_says_itself_is_not_written_back(seller: Company, run_jobs: RunJobs, protocol: str) -> None:
    order = place(seller)
    run_jobs()
    (there,) = at_tiny(seller)
    change_status(seller, order, OrderStatus.PAID)
    run_jobs()
    seller.account.clear_calls()
    seller.account.change_order(there["id"], situacao=1)
    with tenant(seller.organization):
        services.change_status(order_id=order.pk, status=OrderStatus.PICKING, person="x", source="platform")
    run_jobs()
    assert SITUATION[protocol] not in seller.account.count_calls()
    assert order_of(seller).status == OrderStatus.INVOICED


# --- exactly once ---


def test_an_answer_that_was_lost_after_tiny_wrote_makes_no_second_order(
    seller: Company, run_jobs: RunJobs, move_clock: MoveClock, protocol: str
) -> None:
    seller.account.tiny.add_fault(
        account_id=seller.account.id, route=CREATE[protocol], drop_after=True, times=1
    )
    order = place(seller)
    run_jobs()
    (there,) = at_tiny(seller)
    assert forwarding_of(seller).attempted_at is not None
    move_clock(dt.timedelta(minutes=2))
    run_jobs()
    assert at_tiny(seller) == [there]
    assert order_of(seller).reference.external_id == str(there["id"])
    assert "order.sent_found" in codes_of(seller, order)


def test_an_answer_that_was_lost_before_tiny_wrote_is_repeated_once_that_is_sure(
    seller: Company, run_jobs: RunJobs, move_clock: MoveClock, protocol: str
) -> None:
    seller.account.tiny.add_fault(account_id=seller.account.id, route=CREATE[protocol], drop=True, times=1)
    place(seller)
    run_jobs()
    move_clock(dt.timedelta(seconds=30))
    run_jobs()
    assert at_tiny(seller) == []
    assert seller.account.count_calls()[CREATE[protocol]] == 1, "it may be under way still"
    move_clock(dt.timedelta(minutes=2))
    run_jobs()
    assert len(at_tiny(seller)) == 1
    assert forwarding_of(seller).state == "sent"


def test_an_order_whose_creation_the_list_tells_before_its_answer_is_no_second_one(
    seller: Company, run_jobs: RunJobs, move_clock: MoveClock, protocol: str
) -> None:
    seller.account.tiny.add_fault(
        account_id=seller.account.id, route=CREATE[protocol], drop_after=True, times=1
    )
    with tenant(seller.organization):
        keep_map(Integration.objects.get(), importing("aberto", "aprovado"))
    order = place(seller)
    run_jobs()
    move_clock(dt.timedelta(seconds=20))
    seller.account.add_orders(count=1, situacoes=[3], with_invoices=False, since_days=1)
    poll(seller)
    run_jobs()
    move_clock(dt.timedelta(minutes=2))
    run_jobs()
    poll(seller)
    run_jobs()
    with tenant(seller.organization):
        assert Order.objects.filter(origin=Origin.ERP).count() == 1, "the one that is Tiny's own"
        assert Order.objects.count() == 2
    assert order_of(seller).pk == order.pk
    assert forwarding_of(seller).state == "sent"


def test_a_buyer_without_document_is_found_by_day_and_name(
    seller: Company, run_jobs: RunJobs, move_clock: MoveClock, protocol: str
) -> None:
    seller.account.tiny.add_fault(
        account_id=seller.account.id, route=CREATE[protocol], drop_after=True, times=1
    )
    place(seller, buyer={"name": "Zoé Sem Documento", "address": ANA["address"]})
    run_jobs()
    move_clock(dt.timedelta(minutes=2))
    run_jobs()
    assert len(at_tiny(seller)) == 1
    assert forwarding_of(seller).state == "sent"


def test_the_same_order_again_changes_nothing(seller: Company, run_jobs: RunJobs) -> None:
    first = place(seller)
    run_jobs()
    assert place(seller).pk == first.pk
    run_jobs()
    assert len(at_tiny(seller)) == 1
    with tenant(seller.organization):
        with pytest.raises(services.PlacementRefused):
            services.place_order(
                placement=placement("MKT-1", freight=Decimal(1)),
                origin=Origin.API,
                person="Loja Azul",
            )
        assert OrderForwarding.objects.count() == 1


def test_a_refusal_parks_the_order_and_the_fix_resends_it(
    seller: Company, run_jobs: RunJobs, protocol: str
) -> None:
    seller.account.tiny.add_fault(
        account_id=seller.account.id,
        route=CREATE[protocol],
        times=1,
        **seller.refusal("Forma de envio não habilitada"),
    )
    place(seller)
    run_jobs()
    job = job_of(seller)
    assert job.status == "parked"
    assert forwarding_of(seller).attempted_at is None
    with tenant(seller.organization):
        queue.release(job.reason_code, job.reason_key)
    run_jobs()
    assert len(at_tiny(seller)) == 1


def test_several_integrations_leave_the_choice_to_a_person(seller: Company, run_jobs: RunJobs) -> None:
    with tenant(seller.organization):
        other = Integration.objects.create(
            provider="tiny",
            protocol="v3",
            name="Filial",
            state="connected",
            created_at=Integration.objects.get().created_at,
        )
    order = place(seller)
    assert order.integration is None
    assert forwarding_of(seller).reason_code == "forwarding.several_integrations"
    with tenant(seller.organization):
        integration = Integration.objects.exclude(pk=other.pk).get()
        services.choose_integration(order_id=order.pk, integration=integration, person="Marina")
    run_jobs()
    assert len(at_tiny(seller)) == 1


def test_the_criteria_of_customers_hold_the_order_back(seller: Company, run_jobs: RunJobs) -> None:
    with tenant(seller.organization):
        customer_services.save_criteria(
            integration=Integration.objects.get(), criteria=Criteria(sends_people=False), person="Marina"
        )
    order = place(seller)
    place(seller, "MKT-2")
    run_jobs()
    assert at_tiny(seller) == []
    assert forwarding_of(seller).reason_code == "customer.outside_person"
    with tenant(seller.organization):
        services.send_anyway(order_id=order.pk, person="Marina")
        assert services.send_offered(integration=Integration.objects.get(), person="Marina") == 0
    run_jobs()
    assert [row["numeroOrdemCompra"] for row in at_tiny(seller)] == [forwarding_of(seller).key]
    with tenant(seller.organization):
        integration = Integration.objects.get()
        customer_services.save_criteria(integration=integration, criteria=Criteria(), person="Marina")
        assert services.send_offered(integration=integration, person="Marina") == 1
    run_jobs()
    assert len(at_tiny(seller)) == 2


def test_only_updates_parks_an_order_of_a_buyer_whom_tiny_does_not_know(
    seller: Company, run_jobs: RunJobs
) -> None:
    with tenant(seller.organization):
        customer_services.save_criteria(
            integration=Integration.objects.get(), criteria=Criteria(only_updates=True), person="Marina"
        )
    place(seller)
    run_jobs()
    job = job_of(seller)
    assert (job.status, job.reason_code) == ("parked", "customers.unknown_at_erp")
    assert at_tiny(seller) == []
