"""Tiny stops telling what changes: polls find it out, ask more often meanwhile, and say so."""

from __future__ import annotations

import datetime as dt

import pytest
from django.conf import settings

from accounts.tenancy import tenant
from catalog.models import FigureChange
from history.models import HistoryEntry
from jobs.models import Job, JobStatus, Schedule
from orders.models import OrderReference
from tests.flows.conftest import Company
from tests.flows.notifying import tell, tell_stock
from tests.flows.products import V3, MoveClock, RunJobs, import_all, list_at_tiny
from ui.moments import to_brasilia
from webhooks.models import IngestOutage, NotificationWatch
from webhooks.services import watching
from webhooks.watch_selectors import list_muted


@pytest.fixture(params=["v3", "v2"])
def protocol(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def wait(company: Company, run_jobs: RunJobs, move_clock: MoveClock, seconds: float) -> None:
    """Time passes on both sides, and whatever is due by then is done."""
    move_clock(dt.timedelta(seconds=seconds))
    company.account.tiny.control("POST", "clock", {"advance_seconds": int(seconds)})
    run_jobs()


def poll_orders(company: Company, run_jobs: RunJobs, move_clock: MoveClock) -> None:
    """The next reading of orders, and the look that follows it, before the one after that."""
    wait(company, run_jobs, move_clock, settings.ORDER_POLL_SECONDS + 1)
    wait(company, run_jobs, move_clock, settings.NOTIFICATION_GRACE_SECONDS + 1)


def watch_of(company: Company) -> NotificationWatch:
    with tenant(company.organization):
        return NotificationWatch.objects.get()


def every(company: Company, kind: str) -> float:
    with tenant(company.organization):
        return float(Schedule.objects.get(kind=kind).every.total_seconds())


def lines(company: Company, code: str) -> list[dict[str, object]]:
    with tenant(company.organization):
        return [row.params for row in HistoryEntry.objects.filter(code=code).order_by("id")]


@pytest.fixture
def told(company: Company, run_jobs: RunJobs, move_clock: MoveClock) -> Company:
    """Six open orders are here, and Tiny told of one of them before the last poll."""
    add_approved(company)
    company.connect_quietly()
    run_jobs()
    tell_order(company, 0)
    run_jobs()
    poll_orders(company, run_jobs, move_clock)
    return company


def add_approved(company: Company) -> None:
    company.account.add_orders(count=6)
    move_orders(company, 0, 1, 2, 3, 4, 5, situacao=3)


def order_ids(company: Company) -> list[int]:
    return sorted(int(row["id"]) for row in company.account.list_orders())


def tell_order(company: Company, position: int) -> None:
    order_id = order_ids(company)[position]
    tell(company, "atualizacao_pedido", id=str(order_id), codigoSituacao="aprovado")


def move_orders(company: Company, *positions: int, situacao: int) -> None:
    """At Tiny, where nobody tells of it."""
    for position in positions:
        company.account.change_order(order_ids(company)[position], situacao=situacao)


def test_a_removed_address_is_noticed_by_the_orders_that_nobody_told(
    told: Company, run_jobs: RunJobs, move_clock: MoveClock, protocol: str
) -> None:
    assert watch_of(told).silent == {}
    assert every(told, "pull_orders") == settings.ORDER_POLL_SECONDS
    move_orders(told, 0, 1, 2, situacao=4)
    poll_orders(told, run_jobs, move_clock)
    assert (watch_of(told).silent, lines(told, "webhook.silence_noticed")) == ({}, [])
    move_orders(told, 3, situacao=4)
    poll_orders(told, run_jobs, move_clock)
    watch = watch_of(told)
    assert (list(watch.silent), watch.missed) == (["order"], 4)
    with tenant(told.organization):
        assert OrderReference.objects.filter(situation="preparando_envio").count() == 4
    since = f"às {to_brasilia(watch.silent_since or watch.integration.created_at):%H:%M}"
    assert lines(told, "webhook.silence_noticed") == [{"since": since, "kinds": "pedido", "count": 4}]
    assert every(told, "pull_orders") == settings.ORDER_POLL_IN_SILENCE_SECONDS
    page = told.page("pedidos/")
    assert f"o Tiny parou de avisar {since}" in page
    assert f"/integracoes/erp/nativos/tiny/{told.integration.pk}/notificacoes/" in page
    # It is said once.
    move_orders(told, 4, situacao=4)
    poll_orders(told, run_jobs, move_clock)
    assert len(lines(told, "webhook.silence_noticed")) == 1
    # Whatever it tells of, it tells again.
    tell_order(told, 5)
    run_jobs()
    poll_orders(told, run_jobs, move_clock)
    watch = watch_of(told)
    assert (watch.silent, watch.silent_since, watch.noticed_at, watch.missed) == ({}, None, None, 0)
    assert lines(told, "webhook.silence_ended") == [{"kinds": "pedido"}]
    assert every(told, "pull_orders") == settings.ORDER_POLL_SECONDS
    assert "parou de avisar" not in told.page("pedidos/")


@V3
def test_a_person_ends_a_silence_by_wanting_polls_alone(
    told: Company, run_jobs: RunJobs, move_clock: MoveClock, protocol: str
) -> None:
    """As where another system took the place of our address at Tiny for good."""
    move_orders(told, 0, 1, 2, 3, situacao=4)
    poll_orders(told, run_jobs, move_clock)
    assert list(watch_of(told).silent) == ["order"]
    for _ in range(2):
        with tenant(told.organization):
            watching.mute_kind(integration=told.integration, kind="order", person="Ana")
            assert list_muted(told.integration) == ["order"]
    watch = watch_of(told)
    assert (watch.silent, watch.silent_since, watch.noticed_at, watch.missed) == ({}, None, None, 0)
    assert every(told, "pull_orders") == settings.ORDER_POLL_SECONDS
    assert "parou de avisar" not in told.page("pedidos/")
    move_orders(told, 0, 1, 2, 3, situacao=7)
    poll_orders(told, run_jobs, move_clock)
    assert watch_of(told).silent == {}
    with tenant(told.organization):
        watching.unmute_kind(integration=told.integration, kind="order", person="Rui")
        assert list_muted(told.integration) == []
    assert lines(told, "webhook.kind_muted") == lines(told, "webhook.kind_unmuted") == [{"kind": "pedido"}]
    # What was found until then was not waited for.
    poll_orders(told, run_jobs, move_clock)
    assert watch_of(told).silent == {}
    poll_orders(told, run_jobs, move_clock)
    move_orders(told, 0, 1, 2, 3, situacao=5)
    poll_orders(told, run_jobs, move_clock)
    assert list(watch_of(told).silent) == ["order"]


@V3
def test_a_notification_that_comes_after_the_poll_is_none_missed(
    told: Company, run_jobs: RunJobs, move_clock: MoveClock, protocol: str
) -> None:
    move_orders(told, 0, 1, 2, 3, situacao=4)
    wait(told, run_jobs, move_clock, settings.ORDER_POLL_SECONDS + 1)
    tell_order(told, 3)
    run_jobs()
    wait(told, run_jobs, move_clock, settings.NOTIFICATION_GRACE_SECONDS + 1)
    assert watch_of(told).silent == {}


@V3
def test_a_silence_of_our_own_is_not_tinys(
    told: Company, run_jobs: RunJobs, move_clock: MoveClock, protocol: str
) -> None:
    move_orders(told, 0, 1, 2, 3, situacao=4)
    wait(told, run_jobs, move_clock, settings.ORDER_POLL_SECONDS + 1)
    with tenant(told.organization):
        found_at = HistoryEntry.objects.filter(code="order.status_changed").latest("id").at
    IngestOutage.objects.create(started_at=found_at - dt.timedelta(seconds=30), ended_at=found_at)
    wait(told, run_jobs, move_clock, settings.NOTIFICATION_GRACE_SECONDS + 1)
    assert watch_of(told).silent == {}


@V3
def test_nobody_misses_what_never_came(
    company: Company, run_jobs: RunJobs, move_clock: MoveClock, protocol: str
) -> None:
    """Only stock was ever told: that orders are not is how this account is set up."""
    add_approved(company)
    company.connect_quietly()
    run_jobs()
    product = company.account.add_product(sku="VASO", descricao="Vaso", preco=10, saldo=5)
    import_all(company, run_jobs)
    tell_stock(company, product, 5)
    run_jobs()
    poll_orders(company, run_jobs, move_clock)
    move_orders(company, 0, 1, 2, 3, 4, 5, situacao=4)
    poll_orders(company, run_jobs, move_clock)
    assert watch_of(company).silent == {}


@V3
def test_prices_that_nobody_told_are_found_by_the_list(
    connected: Company, run_jobs: RunJobs, move_clock: MoveClock, protocol: str
) -> None:
    company = connected
    products = [
        company.account.add_product(sku=f"P{number}", descricao=f"Produto {number}", preco=10, saldo=9)
        for number in range(5)
    ]
    import_all(company, run_jobs)
    for product in products:
        tell(company, "precos", idMapeamento="1", skuMapeamento=product["sku"], preco="10.0000")
    run_jobs()
    for _ in range(2):
        poll_orders(company, run_jobs, move_clock)
    assert watch_of(company).silent == {}
    for product in products[:4]:
        company.account.change_product(product["id"], preco=10.5)
    with tenant(company.organization):
        last_id = Job.objects.filter(kind="pull_products").latest("id").pk
    for _ in range(3):
        poll_orders(company, run_jobs, move_clock)
    assert list(watch_of(company).silent) == ["price"]
    # Lists of products are read a third as often as those of orders.
    with tenant(company.organization):
        lists = Job.objects.filter(kind="pull_products", status=JobStatus.DONE, pk__gt=last_id)
        assert 1 <= lists.filter(finished_at__lte=watch_of(company).noticed_at).count() <= 2
    assert watch_of(company).missed == 4
    assert [line["kinds"] for line in lines(company, "webhook.silence_noticed")] == ["preço"]


def test_an_account_without_notifications_is_not_looked_at(
    connected: Company, run_jobs: RunJobs, move_clock: MoveClock, protocol: str
) -> None:
    poll_orders(connected, run_jobs, move_clock)
    with tenant(connected.organization):
        assert not Job.objects.filter(kind="watch_notifications").exists()


def test_stock_that_nobody_told_is_found_by_what_moved_of_late(
    connected: Company, run_jobs: RunJobs, move_clock: MoveClock, protocol: str
) -> None:
    company = connected
    products = [
        company.account.add_product(sku=f"P{number}", descricao=f"Produto {number}", preco=10, saldo=9)
        for number in range(8)
    ]
    import_all(company, run_jobs)
    for product in products[:6]:
        company.account.set_stock(product["id"], 8)
        tell_stock(company, product, 8)
    run_jobs()
    # Those six are read again, and had not changed since they were told of.
    for _ in range(3):
        poll_orders(company, run_jobs, move_clock)
    assert watch_of(company).silent == {}
    for product in products[:6]:
        company.account.set_stock(product["id"], 7)
    # Of this one Tiny never told.
    company.account.set_stock(products[7]["id"], 7)
    for _ in range(2):
        poll_orders(company, run_jobs, move_clock)
    assert list(watch_of(company).silent) == ["stock"]
    with tenant(company.organization):
        found = FigureChange.objects.filter(figure="stock", source="poll", after=7)
        assert {row.product.sku for row in found.select_related("product")} == {
            product["sku"] for product in products[:6]
        }
    assert every(company, "pull_products") == settings.PRODUCT_POLL_IN_SILENCE_SECONDS
    tell_stock(company, products[0], 7)
    run_jobs()
    poll_orders(company, run_jobs, move_clock)
    assert watch_of(company).silent == {}
    usual = settings.PRODUCT_POLL_SECONDS if protocol == "v3" else settings.PRODUCT_LIST_SECONDS
    assert every(company, "pull_products") == usual
    # What may have gone untold was read by itself: the one that no list shows.
    assert lines(company, "products.reconciled") == [{"checked": len(list_at_tiny(company)), "moved": 1}]
