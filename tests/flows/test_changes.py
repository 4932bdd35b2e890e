"""What happens while, and after, a list is being read: changes of mind, odd orders, a run that dies late."""

from __future__ import annotations

import datetime as dt
import html
from collections.abc import Callable
from typing import Any

import pytest

from accounts.tenancy import tenant
from history.models import HistoryEntry
from integrations.cursors import read_cursor
from integrations.models import Integration
from jobs.models import Job
from orders.models import Invoice, Order, PassedOverOrder
from tests.flows.conftest import Company
from tests.status_maps import importing, save_map

pytestmark = pytest.mark.usefixtures("watch_secrets")
RunJobs = Callable[[], int]
MoveClock = Callable[[dt.timedelta], None]
LIST = "GET /pedidos"


def save_situations(company: Company, *codes: str) -> None:
    with tenant(company.organization):
        assert save_map(company.integration, importing(*codes))


def lines(company: Company, code: str) -> int:
    with tenant(company.organization):
        return int(HistoryEntry.objects.filter(code=code).count())


def test_situation_that_is_chosen_during_a_reading_is_read_from_the_beginning(
    company: Company, run_jobs: RunJobs, move_clock: MoveClock
) -> None:
    """The first page was read with the old choice; the end of that reading must not hide it."""
    company.account.add_orders(count=1, situacoes=[0], since_days=5)
    company.account.add_orders(count=120, with_invoices=False, since_days=0)
    company.connect()
    with tenant(company.organization):
        # It would ask for the list as well.
        Job.objects.filter(kind="test_connection").delete()
    company.account.tiny.add_fault(account_id=company.account.id, route=LIST, after=1, status=500)
    run_jobs()
    with tenant(company.organization):
        assert Job.objects.get(kind="pull_orders").status == "pending"
        assert 0 < Order.objects.count() < 120
    save_situations(company, "aberto", "aprovado", "preparando_envio")
    for _ in range(2):
        move_clock(dt.timedelta(minutes=6))
        run_jobs()
    with tenant(company.organization):
        assert Order.objects.count() == 121
        assert not PassedOverOrder.objects.exists()


def test_failed_page_is_asked_for_again_and_no_other(
    company: Company, run_jobs: RunJobs, move_clock: MoveClock
) -> None:
    company.account.add_orders(count=250, with_invoices=False)
    company.connect_quietly()
    company.account.clear_calls()
    company.account.tiny.add_fault(account_id=company.account.id, route=LIST, after=1, status=502)
    run_jobs()
    move_clock(dt.timedelta(seconds=10))
    run_jobs()
    assert company.account.count_calls()[LIST] == 4
    with tenant(company.organization):
        assert Order.objects.count() == 250
    assert lines(company, "orders.first_read") == 1


def test_run_that_dies_after_its_end_repeats_no_line(company: Company, run_jobs: RunJobs) -> None:
    company.account.add_orders(count=2, with_invoices=False)
    company.connect()
    run_jobs()
    with tenant(company.organization):
        former = read_cursor(company.integration.pk, "orders")
        first = Job.objects.filter(kind="pull_orders").latest("id")
        Job.objects.filter(pk=first.pk).update(status="pending", finished_at=None)
    run_jobs()
    with tenant(company.organization):
        assert Job.objects.get(pk=first.pk).status == "done"
        assert read_cursor(company.integration.pk, "orders") == former
    assert lines(company, "orders.first_read") == 1
    assert lines(company, "order.imported") == 2


def test_details_that_cannot_be_stored_wait_for_a_person(company: Company, run_jobs: RunJobs) -> None:
    (row,) = company.account.add_orders(situacao=3)
    items = [{"produto": {"id": 1, "sku": "A", "descricao": "A"}, "quantidade": 10**11, "valorUnitario": 1}]
    company.account.change_order(row["id"], itens=items)
    company.connect()
    run_jobs()
    company.page("pedidos/1/")
    run_jobs()
    with tenant(company.organization):
        job = Job.objects.get(kind="complete_order")
        assert (job.status, job.reason_code) == ("parked", "orders.details_unstorable")
    assert "O pedido tem um valor que não conseguimos guardar" in html.unescape(company.page("erros/"))
    company.account.change_order(row["id"], itens=[{**items[0], "quantidade": 2}])
    company.client.post(f"{company.base}/erros/{job.pk}/tentar-de-novo/")
    run_jobs()
    with tenant(company.organization):
        assert Order.objects.get().items.get().quantity == 2
        assert not Job.objects.filter(status="parked").exists()


def test_limit_of_the_account_is_waited_for(
    company: Company, run_jobs: RunJobs, move_clock: MoveClock
) -> None:
    company.account.add_orders(count=2, with_invoices=False)
    company.connect()
    company.account.tiny.add_fault(
        account_id=company.account.id, route=LIST, status=429, headers={"X-RateLimit-Reset": "40"}
    )
    run_jobs()
    with tenant(company.organization):
        job = Job.objects.get(kind="pull_orders")
        assert (job.status, job.reason_code) == ("pending", "tiny.rate_limited")
        assert Order.objects.count() == 0
    move_clock(dt.timedelta(seconds=41))
    run_jobs()
    with tenant(company.organization):
        assert Order.objects.count() == 2


def test_two_companies_at_one_account_have_their_own_orders(
    company: Company, run_jobs: RunJobs, other_organization: Any, stranger: Any, client_of: Any
) -> None:
    company.account.add_orders(count=3, with_invoices=True)
    neighbour = Company(other_organization, client_of(stranger), company.account)
    company.connect()
    neighbour.connect()
    run_jobs()
    for owner in (company, neighbour):
        with tenant(owner.organization):
            assert Order.objects.count() == 3
            assert {order.integration_id for order in Order.objects.all()} == {Integration.objects.get().pk}


@pytest.mark.parametrize("pages_before", [0, 1])
def test_list_of_notas_that_came_empty_is_asked_for_again(
    company: Company, run_jobs: RunJobs, move_clock: MoveClock, pages_before: int
) -> None:
    """Not only with the daily reading of all of them: the buyers' notas would be a day late."""
    company.account.add_orders(count=150, with_invoices=True)
    company.connect_quietly()
    company.account.tiny.add_fault(
        account_id=company.account.id, route="GET /notas", after=pages_before, preset="empty_204"
    )
    run_jobs()
    with tenant(company.organization):
        assert Invoice.objects.count() < 150
    for _ in range(2):
        move_clock(dt.timedelta(minutes=6))
        run_jobs()
    with tenant(company.organization):
        assert Invoice.objects.count() == 150
    company.account.clear_calls()
    move_clock(dt.timedelta(minutes=6))
    run_jobs()
    assert "GET /notas" not in company.account.count_calls()
