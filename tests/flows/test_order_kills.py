"""Five hundred orders out while Tiny fails and workers die: each of them stands at Tiny once, linked here."""

from __future__ import annotations

import os
import random
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from accounts.tenancy import tenant
from jobs.models import Job
from orders.models import Order, OrderForwarding, OrderReference
from tests.flows.conftest import Company
from tests.flows.placing import CREATE, DETAIL, LIST, place, prepare
from tests.processes import Process, Stack, wait_until

ORDERS, KILLS = int(os.environ.get("ORDERS", "500")), 20
# A call has two seconds here, so one whose answer is lost has ended after four. Polls are not what is tested.
SCALED = {
    "JOB_LEASE_SECONDS": "3",
    "DISPATCH_SECONDS": "0.5",
    "SLOT_SPACING_SECONDS": "0",
    "FAULTS_DEADLINE_SECONDS": "2",
    "EXPORT_SETTLE_SECONDS": "4",
    "BREAKER_FIRST_SECONDS": "0.3",
    "JOB_RETRY_FIRST_SECONDS": "0.2",
    "JOB_RETRY_LAST_SECONDS": "1",
    "ORDER_POLL_SECONDS": "86400",
}


@pytest.fixture(params=["v3", "v2"])
def protocol(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def lay_faults(company: Company, protocol: str) -> None:
    """One in about twenty calls fails, each in its own way, as long as there are calls."""

    def lay(route: str, every: int, times: int, **fault: Any) -> None:
        for number in range(times):
            after = every * (number + 1)
            company.account.tiny.add_fault(
                account_id=company.account.id, route=route, after=after, times=1, **fault
            )

    create = CREATE[protocol]
    lay(create, 29, ORDERS // 30, drop_after=True)
    lay(create, 37, ORDERS // 40, drop=True)
    lay(create, 97, ORDERS // 100, delay_ms=2500)
    lay(create, 61, ORDERS // 70, preset="error_500")
    if protocol == "v3":
        limited = {"X-Ratelimit-Limit": "30", "X-Ratelimit-Remaining": "0", "X-Ratelimit-Reset": "1"}
        lay(create, 53, ORDERS // 60, status=429, headers=limited)
    else:
        # API v2 names no time: each costs the whole minute that is assumed.
        lay(create, 53, 1, preset="v2_code_6")
        lay(create, 79, ORDERS // 80, preset="v2_code_35")
    lay(DETAIL[protocol], 71, ORDERS // 80, preset="error_503")
    lay(LIST[protocol], 43, ORDERS // 50, preset="html_502")


@pytest.mark.slow
def test_every_order_arrives_once_whatever_fails(
    company: Company, stack: Stack, run_jobs: Callable[[], int], protocol: str
) -> None:
    prepare(company, run_jobs)
    with tenant(company.organization):
        Job.objects.all().delete()
    for number in range(ORDERS):
        # A buyer of ten has no document, and comes again.
        name = f"Comprador {number % 50}"
        buyer = {"name": name} if number % 10 == 0 else {"name": name, "document": make_cpf(number % 50)}
        place(company, f"MKT-{number}", buyer=buyer)
    lay_faults(company, protocol)
    stack.start_beat(**SCALED, **company.account.tiny.variables)

    def start_worker() -> Process:
        variables = {**SCALED, **company.account.tiny.variables}
        return stack.start_worker(concurrency=2, settings="tests.faults.settings", **variables)

    def count_sent() -> int:
        with tenant(company.organization):
            return OrderForwarding.objects.filter(state="sent").count()

    worker = start_worker()
    moments = random.Random(7)
    for number in range(KILLS):
        share = ORDERS * (number + 1) // (KILLS + 2)
        wait_until(lambda share=share: count_sent() >= share, seconds=600)
        time.sleep(moments.uniform(0, 0.5))
        worker.kill()
        worker = start_worker()
    wait_until(lambda: count_sent() == ORDERS, seconds=900)
    theirs = Counter(row["numeroOrdemCompra"] for row in company.account.list_orders())
    del theirs[""]
    with tenant(company.organization):
        assert theirs == Counter(OrderForwarding.objects.values_list("key", flat=True))
        assert set(theirs.values()) == {1}
        linked = dict(OrderReference.objects.values_list("external_id", "order__forwarding__key"))
        there = {str(row["id"]): row["numeroOrdemCompra"] for row in company.account.list_orders()}
        assert linked == {key: value for key, value in there.items() if value}
        assert Order.objects.count() == ORDERS
        assert OrderForwarding.objects.exclude(attempted_at=None).count() == 0
        assert not Job.objects.filter(status="parked").exists()
    injected = company.account.tiny.control("GET", f"accounts/{company.account.id}/counters")["injected"]
    calls = sum(company.account.count_calls().values())
    print(f"{ORDERS} orders, {KILLS} kills, faults {injected}, {calls} calls")


def make_cpf(number: int) -> str:
    digits = [int(digit) for digit in f"{700000000 + number * 7919:09d}"]
    for length in (10, 11):
        total = sum(digit * weight for digit, weight in zip(digits, range(length, 1, -1), strict=True))
        digits.append(total * 10 % 11 % 10)
    return "".join(map(str, digits))
