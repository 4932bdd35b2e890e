"""The first import: how many and how long, progress, summary; cancel; a worker that dies costs a page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from django.test import Client

from accounts.tenancy import tenant
from history.models import HistoryEntry
from jobs import runner
from jobs.models import Job
from orders.models import Order, OrderImport
from tests.flows.conftest import Company

RunJobs = Callable[[], int]


def act(company: Company, action: str, status: int = 200, **fields: str) -> str:
    address = f"{company.base}/pedidos/importacao/{company.integration.pk}/"
    answer = company.client.post(address, {"action": action, **fields}, headers={"HX-Request": "true"})
    assert answer.status_code == status
    return answer.content.decode()


def read_run(company: Company) -> OrderImport:
    with tenant(company.organization):
        return OrderImport.objects.order_by("-id").first()


@pytest.fixture
def old_orders(company: Company, run_jobs: RunJobs) -> Company:
    """Connected, with 250 orders of the weeks before the first read and none of this week."""
    company.account.add_orders(count=250, with_invoices=True, since_days=0)
    for row in company.account.list_orders():
        company.account.change_order(row["id"], data="2026-01-10", atualizado_em="2026-01-10T12:00:00Z")
    company.connect_quietly()
    run_jobs()
    with tenant(company.organization):
        assert Order.objects.count() == 0
    return company


def test_plan_then_import_then_summary(old_orders: Company, run_jobs: RunJobs) -> None:
    company = old_orders
    act(company, "plan", days="365")
    run_jobs()
    page = company.page(f"pedidos/importacao/{company.integration.pk}/")
    assert "250 pedidos" in page
    assert "min no limite desta conta" in page
    with tenant(company.organization):
        assert Order.objects.count() == 0
    company.account.clear_calls()
    act(company, "start")
    run_jobs()
    run = read_run(company)
    assert (run.state, run.rows_read, run.rows_created, run.rows_total) == ("done", 250, 250, 250)
    assert company.account.count_calls()[company.LIST] == 3
    with tenant(company.organization):
        assert Order.objects.count() == 250
        assert HistoryEntry.objects.filter(code="orders.import_done").count() == 1
    assert "250 importados" in company.page(f"pedidos/importacao/{company.integration.pk}/")


@pytest.mark.slow
@pytest.mark.parametrize("protocol", ["v2"])
def test_by_token_each_order_has_its_cost_and_the_panel_says_so(
    old_orders: Company, run_jobs: RunJobs
) -> None:
    company = old_orders
    act(company, "plan", days="365")
    run_jobs()
    page = company.page(f"pedidos/importacao/{company.integration.pk}/")
    assert "250 pedidos" in page
    assert "Pela API 2.0 cada pedido custa uma consulta, e cada nota outra." in page
    # Three pages, 250 orders and 250 notas at 30 a minute.
    assert "Leva cerca de 17 min" in page

    act(company, "start")
    while read_run(company).state != "done":
        assert runner.run_one() is not None
    page = company.page(f"pedidos/importacao/{company.integration.pk}/")
    with tenant(company.organization):
        left = Job.objects.filter(kind="complete_order", status="pending").count()
    assert left > 0
    assert f"<strong>{left} pedidos</strong>, lidos um a um" in page
    run_jobs()
    assert "lidos um a um" not in company.page(f"pedidos/importacao/{company.integration.pk}/")
    with tenant(company.organization):
        assert not Order.objects.filter(details_loaded_at=None).exists()


def test_cancelled_between_pages_keeps_what_came(old_orders: Company, run_jobs: RunJobs) -> None:
    company = old_orders
    act(company, "plan", days="365")
    run_jobs()
    act(company, "cancel")
    with tenant(company.organization):
        assert Order.objects.count() == 0
    assert read_run(company).state == "cancelled"
    run_jobs()
    assert act(company, "start", status=422).count("Planeje a importação de novo") == 1


def test_resumes_from_its_page_after_a_crash(old_orders: Company, run_jobs: RunJobs) -> None:
    company = old_orders
    act(company, "plan", days="365")
    run_jobs()
    act(company, "start")
    company.account.clear_calls()
    company.account.tiny.add_fault(
        account_id=company.account.id, route=company.LIST, times=1, after=1, status=500
    )
    run_jobs()
    assert (read_run(company).state, read_run(company).rows_read) == ("running", 100)
    with tenant(company.organization):
        Job.objects.filter(kind="import_history").update(not_before=dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
    while runner.run_one() is not None:
        pass
    run = read_run(company)
    assert (run.state, run.rows_read, run.rows_created) == ("done", 250, 250)
    assert company.account.count_calls()[company.LIST] == 4


def test_a_second_import_waits_for_the_first(old_orders: Company, run_jobs: RunJobs) -> None:
    act(old_orders, "plan", days="30")
    assert "Já há uma importação em andamento" in act(old_orders, "plan", status=422, days="30")
    assert "Escolha de quantos dias" in act(old_orders, "plan", status=422, days="7000")
    with tenant(old_orders.organization):
        assert OrderImport.objects.count() == 1


def test_stranger_and_anonymous_get_nothing(
    old_orders: Company, client_of: Callable[..., Client], stranger: object
) -> None:
    address = f"{old_orders.base}/pedidos/importacao/{old_orders.integration.pk}/"
    assert client_of(stranger).post(address, {"action": "plan", "days": "30"}).status_code == 404
    assert Client().post(address, {"action": "plan", "days": "30"}).status_code == 302
    with tenant(old_orders.organization):
        assert OrderImport.objects.count() == 0
