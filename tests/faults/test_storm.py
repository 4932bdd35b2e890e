"""A storm of random kills over an import of 2,000 orders: all arrive, none twice, nothing of ours is parked.

``STORMS`` (default 1) is how many in a row; each draws a seed and prints it. ``STORM_SEED`` repeats one.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import time
from collections import Counter

import pytest

from accounts.tenancy import tenant
from jobs.models import Job, JobAttempt, JobStatus
from orders.models import Invoice, Order, OrderShipment
from tests.flows.conftest import Company
from tests.processes import Process, Stack, wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

ORDERS = int(os.environ.get("STORM_ORDERS", "2000"))
STORMS = int(os.environ.get("STORMS", "1"))
FIRST_SEED = int(os.environ.get("STORM_SEED", "0"))
FAST = {"JOB_LEASE_SECONDS": "1.5", "DISPATCH_SECONDS": "0.3"}
KILLS = 15
STALL_SECONDS = 60


class Storm:
    def __init__(self, seed: int, stack: Stack, variables: dict[str, str]) -> None:
        self.dice = random.Random(seed)
        self.stack = stack
        self.variables = variables
        self.kills: Counter[str] = Counter()
        self.worker = self._start_worker()
        self.beat = self._start_beat()

    def strike(self, company: Company) -> None:
        target = self.dice.choice(["worker", "beat", "child", "child"])
        if target == "worker":
            # One that is still starting holds no job yet.
            wait_until(lambda: "ready." in self.worker.output)
            time.sleep(self.dice.uniform(0, 3))
            self.worker.kill()
            self.worker = self._start_worker()
        elif target == "beat":
            self.beat.kill()
            self.beat = self._start_beat()
        elif not self._kill_child(company):
            return
        self.kills[target] += 1

    def _kill_child(self, company: Company) -> bool:
        with tenant(company.organization):
            running = Job.objects.filter(status=JobStatus.RUNNING).values_list("lease", flat=True)
            workers = JobAttempt.objects.filter(lease__in=list(running)).values_list("worker", flat=True)
            children = [int(worker.rpartition(":")[2]) for worker in workers]
        for child in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
                return True
        return False

    def _start_worker(self) -> Process:
        return self.stack.start_worker(concurrency=2, **self.variables)

    def _start_beat(self) -> Process:
        return self.stack.start_beat(**self.variables)


def statuses(company: Company) -> Counter[str]:
    with tenant(company.organization):
        return Counter(Job.objects.values_list("status", flat=True))


def describe_open_jobs(company: Company) -> list[dict[str, object]]:
    with tenant(company.organization):
        rows = Job.objects.exclude(status="done")
        return list(rows.values("kind", "status", "reason_code", "attempts", "crashes", "not_before"))


def wait_while_it_gets_on(company: Company, seed: int) -> None:
    """Until all is done, however long a busy machine takes; what went on within a minute must be new."""
    seen: set[str] = set()
    news_at = time.monotonic()
    while set(statuses(company)) != {"done"}:
        if (now := describe_progress(company)) not in seen:
            seen.add(now)
            news_at = time.monotonic()
        assert time.monotonic() < news_at + STALL_SECONDS, f"seed {seed}: {describe_open_jobs(company)}"
        time.sleep(0.2)


def describe_progress(company: Company) -> str:
    """What is done, and how far the rest is. An attempt is no progress: what is stuck begins for ever."""
    with tenant(company.organization):
        done = Job.objects.filter(status=JobStatus.DONE).count()
        steps = list(Job.objects.exclude(status=JobStatus.DONE).order_by("id").values_list("id", "step"))
        waiting = OrderShipment.objects.filter(needs_following=True).count()
        return f"{done} {steps} {Order.objects.count()} {Invoice.objects.count()} {waiting}"


@pytest.mark.parametrize("number", range(STORMS))
def test_storm(company: Company, stack: Stack, number: int) -> None:
    seed = FIRST_SEED + number if FIRST_SEED else random.randrange(10**6)
    company.account.add_orders(count=ORDERS, with_invoices=True)
    # Slow enough for many kills within one reading.
    for route in ("GET /pedidos", "GET /notas"):
        company.account.tiny.add_fault(account_id=company.account.id, route=route, times=10_000, delay_ms=300)
    company.connect()
    variables = {**company.account.tiny.variables, **FAST, "SLOT_SPACING_SECONDS": "0", "DEBUG": "1"}
    storm = Storm(seed, stack, variables)
    deadline = time.monotonic() + 400
    while sum(storm.kills.values()) < KILLS and set(statuses(company)) != {"done"}:
        assert time.monotonic() < deadline
        time.sleep(storm.dice.uniform(0.2, 2.5))
        storm.strike(company)
    wait_while_it_gets_on(company, seed)
    truth = {str(row["id"]) for row in company.account.list_orders()}
    with tenant(company.organization):
        imported = list(Order.objects.values_list("reference__external_id", flat=True))
        numbers = list(Order.objects.values_list("number", flat=True))
        lost = JobAttempt.objects.filter(outcome="lost").count()
    doubled = len(imported) - len(set(imported))
    print(
        f"\nstorm, seed {seed}: kills {dict(storm.kills)}, {lost} attempts lost, {len(imported)} orders, "
        f"{doubled} doubled, jobs {dict(statuses(company))}"
    )
    assert len(truth) == ORDERS
    assert sorted(imported) == sorted(truth)
    assert len(set(numbers)) == ORDERS
