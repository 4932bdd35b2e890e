"""Both sides move forty orders while workers die in mid-write: in the end each of them is settled."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable

import pytest

from accounts.tenancy import tenant
from contracts.order_status import OrderStatus
from history.models import Source
from jobs import queue
from jobs.models import Job, JobAttempt
from orders import services
from orders.models import Order, OrderReference
from orders.services.lines import take_revision
from orders.transitions import list_next
from tests.flows.conftest import Company
from tests.flows.placing import SITUATION
from tests.flows.settled import CODES, OVER, check_told, is_explained, lines_of
from tests.processes import Process, Stack, wait_until
from tests.status_maps import DEFAULT

ORDERS, KILLS, EVENTS = 40, 8, 12
SCALED = {
    "JOB_LEASE_SECONDS": "3",
    "DISPATCH_SECONDS": "0.5",
    "SLOT_SPACING_SECONDS": "0",
    "ORDER_POLL_SECONDS": "1",
    "BREAKER_FIRST_SECONDS": "0.3",
    "JOB_RETRY_FIRST_SECONDS": "0.2",
    "JOB_RETRY_LAST_SECONDS": "1",
}


@pytest.fixture(params=["v3", "v2"])
def protocol(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.mark.slow
def test_each_order_ends_settled_whoever_dies(
    company: Company, stack: Stack, run_jobs: Callable[[], int], protocol: str
) -> None:
    company.connect_quietly()
    rows = [company.account.add_orders(situacao=3)[0] for _ in range(ORDERS)]
    run_jobs()
    account, chance = company.account, random.Random(protocol)
    # Half of the writes wait, so that a kill falls into one, and some lose their answer.
    account.tiny.add_fault(account_id=account.id, route=SITUATION[protocol], times=200, delay_ms=100)
    for after in range(3, 60, 7):
        account.tiny.add_fault(
            account_id=account.id, route=SITUATION[protocol], after=after, times=1, drop_after=True
        )
    account.clear_calls()
    stack.start_beat(**SCALED, **account.tiny.variables)

    def start_worker() -> Process:
        return stack.start_worker(concurrency=2, **SCALED, **account.tiny.variables)

    changes: Counter[int] = Counter()
    with tenant(company.organization):
        ids = list(Order.objects.order_by("id").values_list("id", flat=True))

    def say_something() -> None:
        if chance.random() < 0.5:
            account.change_order(chance.choice(rows)["id"], situacao=chance.choice(list(CODES)))
            return
        with tenant(company.organization):
            # Nobody else writes orders until it is said.
            take_revision()
            order = Order.objects.get(pk=chance.choice(ids))
            following = list_next(OrderStatus(order.status))
            if following:
                services.change_status(
                    order_id=order.pk,
                    status=chance.choice(following),
                    person="Loja Azul",
                    source=Source.PLATFORM,
                )
                changes[order.pk] += 1

    def count_writes() -> int:
        return account.count_calls().get(SITUATION[protocol], 0)

    def is_quiet() -> bool:
        with tenant(company.organization):
            return not Job.objects.exclude(status="done").exclude(kind="pull_orders").exists()

    worker = start_worker()
    for _ in range(KILLS):
        before = count_writes()
        for _ in range(EVENTS):
            say_something()
        wait_until(lambda before=before: count_writes() > before or is_quiet(), seconds=90)
        time.sleep(chance.uniform(0, 0.2))
        worker.kill()
        worker = start_worker()

    wait_until(is_quiet, seconds=120)
    worker.kill()
    # The list once more, here, and whatever it sets going.
    with tenant(company.organization):
        Job.objects.filter(kind="pull_orders").delete()
        integration = company.integration
        queue.enqueue("pull_orders", channel=integration.channel, key=str(integration.pk), lock="pull_orders")
    run_jobs()
    there = {str(row["id"]): OVER[protocol][row["situacao"]] for row in account.list_orders()}
    with tenant(company.organization):
        assert set(Job.objects.values_list("status", flat=True)) == {"done"}
        assert JobAttempt.objects.filter(outcome="lost").exists()
        references = list(OrderReference.objects.select_related("order"))
    assert len(references) == ORDERS
    for reference in references:
        order, lines = reference.order, lines_of(company, reference.order)
        check_told(DEFAULT, order, lines, changes[order.pk])
        assert reference.situation == there[reference.external_id]
        assert is_explained(DEFAULT, OrderStatus(order.status), reference.situation, lines), lines
    # One for each change here, for each answer that was lost, and for each job that a kill hit.
    assert 0 < count_writes() <= changes.total() + 9 + 2 * KILLS
