"""Processes that die in mid-import: every order stands here exactly once, and nobody had to do anything."""

from __future__ import annotations

import random
import re
import time
from collections import Counter
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from django.conf import settings

from accounts.tenancy import tenant
from history.models import HistoryEntry
from integrations.models import IntegrationState
from jobs.models import Job, JobAttempt
from orders.models import Invoice, Order
from tests.flows.conftest import Company
from tests.processes import Process, Stack, wait_until
from tests.simulated_tiny import find_free_port

# Short, so that a dead worker is noticed within a test; long enough for a busy machine.
FAST = {
    "JOB_LEASE_SECONDS": "3",
    "DISPATCH_SECONDS": "0.5",
    "SLOT_SPACING_SECONDS": "0",
}
LIST, NOTES = "GET /pedidos", "GET /notas"
Starter = Callable[[], Process]


@pytest.fixture
def start_worker(company: Company, stack: Stack) -> Starter:
    return lambda: stack.start_worker(**FAST, **company.account.tiny.variables)


@pytest.fixture
def start_beat(company: Company, stack: Stack) -> Starter:
    return lambda: stack.start_beat(**FAST, **company.account.tiny.variables)


def slow_down(company: Company, milliseconds: int) -> None:
    """Each page takes so long that a kill falls into the middle of one."""
    for route in (LIST, NOTES):
        company.account.tiny.add_fault(
            account_id=company.account.id, route=route, times=100, delay_ms=milliseconds
        )


def count_rows(company: Company) -> int:
    """How far the import has come."""
    with tenant(company.organization):
        return int(Order.objects.count() + Invoice.objects.count())


def is_quiet(company: Company) -> bool:
    """The orders' and the notas' list have been read to their end, and nothing waits or runs."""
    with tenant(company.organization):
        statuses = dict(Counter(Job.objects.values_list("status", flat=True)))
        kinds = set(Job.objects.filter(status="done").values_list("kind", flat=True))
    return set(statuses) == {"done"} and {"pull_orders", "pull_invoices"} <= kinds


def assert_each_order_once(company: Company) -> None:
    truth = {str(row["id"]): row for row in company.account.list_orders()}
    with tenant(company.organization):
        here = Counter(Order.objects.values_list("reference__external_id", flat=True))
        assert here == Counter(truth.keys())
        numbers = sorted(Order.objects.values_list("number", flat=True))
        # A page that was rolled back may cost numbers, never an order.
        assert len(set(numbers)) == len(truth)
        imported = HistoryEntry.objects.filter(code="order.imported").values_list("subject_id", flat=True)
        assert Counter(imported) == Counter(Order.objects.values_list("id", flat=True))
        received = HistoryEntry.objects.filter(code="order.invoice_received")
        assert Counter(received.values_list("subject_id", flat=True)) == Counter(
            Order.objects.values_list("id", flat=True)
        )
        keys = dict(Order.objects.values_list("reference__external_id", "invoices__access_key"))
        assert keys == {external_id: row["chaveAcesso"] for external_id, row in truth.items()}
        assert HistoryEntry.objects.filter(code="orders.first_read").count() == 1
        assert not Job.objects.filter(status="parked").exists()


def assert_nothing_leaked(company: Company, stack: Stack) -> None:
    """No log of a process, killed or not, shows a token or a buyer's document."""
    logs = "".join(process.output for process in stack.processes)
    assert "jobs.tasks.run_due" in logs
    for document in {row["cpfCnpj"] for row in company.account.list_orders()} - {""}:
        assert document not in logs
        assert re.sub(r"\W", "", document) not in logs
    for secret in ("eyJ", company.app["client_secret"]):
        assert secret not in logs


def outcomes(company: Company) -> Counter[str]:
    with tenant(company.organization):
        return Counter(JobAttempt.objects.values_list("outcome", flat=True))


@pytest.mark.slow
def test_worker_killed_in_mid_import(
    company: Company, stack: Stack, start_worker: Starter, start_beat: Starter
) -> None:
    company.account.add_orders(count=300, with_invoices=True)
    # The reading alone, so that the kill cannot hit another job.
    company.connect_quietly()
    slow_down(company, 500)
    start_beat()
    worker = start_worker()
    # One page is stored, and the next one is being asked for.
    wait_until(lambda: count_rows(company) == 100, seconds=60)
    worker.kill()
    assert count_rows(company) < 300
    start_worker()
    wait_until(lambda: is_quiet(company), seconds=90)
    assert_each_order_once(company)
    assert outcomes(company)["lost"] == 1
    assert_nothing_leaked(company, stack)
    assert company.account.count_calls()[LIST] <= 4


@pytest.mark.slow
@pytest.mark.parametrize("round_number", range(2))
def test_workers_killed_at_random_moments(
    company: Company, start_worker: Starter, start_beat: Starter, round_number: int
) -> None:
    seed = random.SystemRandom().randrange(10**6)
    print(f"seed {seed}")
    dice = random.Random(seed)
    company.account.add_orders(count=600, with_invoices=True)
    company.connect()
    slow_down(company, 300)
    start_beat()
    for _ in range(4):
        before = count_rows(company)
        worker = start_worker()
        # Three lives without a page stored would be a poison, and rightly parked.
        wait_until(lambda before=before: count_rows(company) > before or is_quiet(company), seconds=60)
        time.sleep(dice.uniform(0, 0.6))
        worker.kill()
    start_worker()
    wait_until(lambda: is_quiet(company), seconds=120)
    assert_each_order_once(company)


@pytest.mark.slow
def test_two_workers_of_which_one_dies(company: Company, start_worker: Starter, start_beat: Starter) -> None:
    company.account.add_orders(count=500, with_invoices=True)
    company.connect()
    slow_down(company, 300)
    start_beat()
    workers = [start_worker(), start_worker()]
    wait_until(lambda: count_rows(company) >= 100, seconds=60)
    with tenant(company.organization):
        busy = {name.rpartition(":")[2] for name in JobAttempt.objects.values_list("worker", flat=True)}
    assert busy
    workers[0].kill()
    wait_until(lambda: is_quiet(company), seconds=120)
    assert_each_order_once(company)


@pytest.mark.slow
def test_web_and_worker_restarted_while_a_person_connects(
    company: Company, stack: Stack, start_worker: Starter, start_beat: Starter
) -> None:
    """The web process dies while the person is at Tiny's page; the way back needs only rows."""
    company.account.add_orders(count=200, with_invoices=True)
    port = find_free_port()
    base = f"http://127.0.0.1:{port}"
    browser = requests.Session()
    browser.cookies.set(
        settings.SESSION_COOKIE_NAME, company.client.cookies[settings.SESSION_COOKIE_NAME].value
    )

    def start_web() -> Process:
        process = stack.start(
            *("-m", "config.serve", "--host", "127.0.0.1", "--port", str(port)),
            DJANGO_SETTINGS_MODULE="config.settings",
            **FAST,
            **company.account.tiny.variables,
        )
        wait_until(lambda: answers(browser, f"{base}/entrar/"), seconds=60)
        return process

    web = start_web()
    form_address = f"{base}{company.base}/integracoes/erp/nativos/tiny/nova/conexao/"
    page = browser.get(form_address, timeout=30).text
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert token, page[:500]
    answer = browser.post(
        form_address,
        data={**company.fill_form(), "csrfmiddlewaretoken": token[1]},
        headers={"Referer": form_address},
        allow_redirects=False,
        timeout=30,
    )
    assert answer.status_code == 302, answer.text[:500]
    web.kill()
    back = company.authorize(answer.headers["Location"])
    assert parse_qs(urlsplit(back).query)["state"]
    web = start_web()
    assert browser.get(base + back, allow_redirects=False, timeout=60).status_code == 302
    assert company.integration.state == IntegrationState.CONNECTED
    web.kill()
    start_beat()
    worker = start_worker()
    wait_until(lambda: count_rows(company) >= 100, seconds=60)
    worker.stop()
    start_worker()
    wait_until(lambda: is_quiet(company), seconds=90)
    assert_each_order_once(company)


def answers(browser: requests.Session, address: str) -> bool:
    try:
        return browser.get(address, timeout=5).status_code < 500
    except requests.ConnectionError:
        return False
