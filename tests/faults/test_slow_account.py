"""A dead account holds no worker: another company's orders arrive meanwhile, and its own afterwards."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import Organization, User
from accounts.tenancy import tenant
from jobs.models import Channel, Job
from jobs.queue import BREAKER_FAILURES
from orders.models import Order
from tests.flows.conftest import Company
from tests.processes import Stack, wait_until
from tests.simulated_tiny import SimulatedTiny

pytestmark = pytest.mark.django_db(transaction=True)

ORDERS = 300
FAST = {
    "JOB_LEASE_SECONDS": "3",
    "DISPATCH_SECONDS": "0.3",
    "JOB_RETRY_FIRST_SECONDS": "0.2",
    "BREAKER_FIRST_SECONDS": "1",
    "SLOT_SPACING_SECONDS": "0",
    "DEBUG": "1",
}


@pytest.fixture
def neighbour(
    company: Company,
    tiny: SimulatedTiny,
    other_organization: Organization,
    stranger: User,
    client_of: Callable[[User], Client],
) -> Company:
    account = tiny.add_account(cnpj="11444777000161", seed="neighbour")
    return Company(other_organization, client_of(stranger), account)


def count_orders(company: Company) -> int:
    with tenant(company.organization):
        return int(Order.objects.count())


def failures_of(company: Company) -> int:
    with tenant(company.organization):
        return int(Channel.objects.get(name=company.integration.channel).breaker_failures)


def statuses_of(company: Company) -> set[str]:
    with tenant(company.organization):
        return set(Job.objects.values_list("status", flat=True))


@pytest.mark.slow
@pytest.mark.parametrize(
    "fault", [{"status": 500}, {"status": 503, "delay_ms": 2000}], ids=["errors", "slow errors"]
)
def test_a_dead_account_holds_no_worker(
    company: Company, neighbour: Company, stack: Stack, fault: dict[str, int]
) -> None:
    for account in (company.account, neighbour.account):
        account.add_orders(count=ORDERS, with_invoices=False)
    company.connect()
    for route in ("GET /info", "GET /pedidos", "GET /pedidos/{id}", "GET /notas", "GET /formas-envio"):
        company.account.tiny.add_fault(account_id=company.account.id, route=route, times=10_000, **fault)
    variables = {**company.account.tiny.variables, **FAST}
    stack.start_worker(concurrency=2, **variables)
    stack.start_beat(**variables)
    wait_until(lambda: failures_of(company) >= BREAKER_FAILURES, seconds=120)

    neighbour.connect()
    wait_until(lambda: count_orders(neighbour) == ORDERS, seconds=120)
    wait_until(lambda: statuses_of(neighbour) == {"done"}, seconds=120)
    assert count_orders(company) == 0
    assert failures_of(company) >= BREAKER_FAILURES
    assert "parked" not in statuses_of(company)

    company.account.tiny.control("POST", "faults/clear")
    wait_until(lambda: count_orders(company) == ORDERS, seconds=120)
    wait_until(lambda: statuses_of(company) == {"done"}, seconds=120)
    assert failures_of(company) == 0
