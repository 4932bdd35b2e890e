"""What a claim and a slot cost, and who waits for whom: ``make bench ARGS="-k queue"``.

Each figure is one line for docs/PERFORMANCE.md, section «Jobs».
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable
from typing import Any

import pytest

from accounts import clock, gateways
from accounts.models import Organization
from accounts.tenancy import tenant
from jobs import budgets, queue
from jobs.models import JobAttempt
from tests.processes import Stack, wait_until

pytestmark = pytest.mark.django_db(transaction=True)

BACKLOG = int(os.environ.get("BENCH_BACKLOG", "10000"))
CLAIMS = 300

CHANNELS = """
    WITH companies AS (
        INSERT INTO accounts_organization (name, slug, cnpj, created_at)
        SELECT 'Loja ' || n, 'bench-' || n, '', clock_now() FROM generate_series(1, %s) n RETURNING id)
    INSERT INTO jobs_channel (organization_id, name, budget_key, paused_code, paused_params, breaker_failures)
    SELECT id, 'erp:1', '', '', '{}', 0 FROM companies
"""
ONE_EACH = """
    INSERT INTO jobs_job (organization_id, channel, kind, key, priority, payload, step, status, attempts,
        crashes, failures, not_before, reason_code, reason_params, reason_key, created_at)
    SELECT c.organization_id, c.name, %s, '1', 50, '{}', '{}', 'pending', 0, 0, 0, clock_now(), '', '{}', '',
        clock_now()
    FROM jobs_channel c
"""
JOBS = """
    INSERT INTO jobs_job (organization_id, channel, kind, key, priority, payload, step, status, attempts,
        crashes, failures, not_before, reason_code, reason_params, reason_key, created_at)
    SELECT %(organization)s, %(channel)s, %(kind)s, n::text,
        50, '{}', '{}', 'pending', 0, 0, 0, clock_now(), '', '{}', '', clock_now()
    FROM generate_series(1, %(count)s) n
"""


def quantile(seconds: list[float], share: float) -> float:
    return sorted(seconds)[min(int(len(seconds) * share), len(seconds) - 1)]


@pytest.mark.parametrize("channels", [10, 1000, 10_000])
def test_queue_claim(owner_sql: Callable[..., Any], channels: int) -> None:
    """One due job on each of so many channels, each of another company."""
    owner_sql(CHANNELS, [channels])
    started = time.perf_counter()
    for turn in range(max(CLAIMS // channels, 1)):
        owner_sql(ONE_EACH, [f"work {turn}"])
    enqueued = time.perf_counter() - started
    owner_sql("ANALYZE")
    took = []
    for _ in range(CLAIMS):
        started = time.perf_counter()
        assert gateways.claim_job("bench", lease_seconds=600, wait_seconds=0) is not None
        took.append((time.perf_counter() - started) * 1000)
    print(
        f"\nclaim, {channels} channels with due work: median {statistics.median(took):.2f} ms, "
        f"p99 {quantile(took, 0.99):.2f} ms (enqueued in {enqueued:.1f} s)"
    )


def test_queue_slot(settings: Any) -> None:
    """Beside it one bare query, so that the figure means something on a busy machine."""
    settings.SLOT_SPACING_SECONDS = 0.0
    slots: list[float] = []
    queries: list[float] = []
    for number in range(300):
        for took, ask in (
            (queries, clock.now),
            (slots, lambda n=number: budgets.take_slot(f"a{n % 8}", "read")),
        ):
            started = time.perf_counter()
            ask()
            took.append((time.perf_counter() - started) * 1000)
    slot, query = statistics.median(slots), statistics.median(queries)
    print(f"\nslot in PostgreSQL: median {slot:.2f} ms = {slot / query:.1f} times the smallest query")


def test_queue_fairness(
    organization: Organization, other_organization: Organization, stack: Stack, owner_sql: Callable[..., Any]
) -> None:
    """A company's few jobs, with and without another's backlog, on one worker with two children."""
    variables = {"FAULTS_PAGE_SECONDS": "0.005"}
    stack.start_worker(concurrency=2, settings="tests.faults.settings", **variables)
    stack.start_beat(settings="tests.faults.settings", **variables)
    phases = ["without", "with", "without again"]
    waits: dict[str, list[float]] = {}
    for phase in phases:
        if phase == "with":
            with tenant(other_organization):
                queue.ensure_channel("erp:1")
            backlog = {"organization": other_organization.pk, "channel": "erp:1"}
            owner_sql(JOBS, {**backlog, "kind": "write_pages", "count": BACKLOG})
        waits[phase] = [measure_wait(organization, f"{phase}/{n}") for n in range(100)]
        if phase == "with":
            left = owner_sql("SELECT count(*) FROM jobs_job WHERE status = 'pending'")[0][0]
            assert left > 0
            owner_sql("DELETE FROM jobs_job WHERE status = 'pending'")
    base = quantile(waits["without"] + waits["without again"], 0.99)
    beset = quantile(waits["with"], 0.99)
    print(
        f"\nwait of a small company's job: p50 {statistics.median(waits['without']) * 1000:.0f} ms, p99 "
        f"{base * 1000:.0f} ms alone; p50 {statistics.median(waits['with']) * 1000:.0f} ms, p99 "
        f"{beset * 1000:.0f} ms beside {left} to {BACKLOG} waiting jobs of another company "
        f"(p99 ratio {beset / base:.2f})"
    )


def test_queue_recovery(organization: Organization, stack: Stack) -> None:
    """With the production's times: from the -9 of a worker to the next claim of its job."""
    variables = {"FAULTS_PAGE_SECONDS": "4"}
    stack.start_beat(settings="tests.faults.settings")
    took = []
    for number in range(5):
        worker = stack.start_worker(concurrency=2, settings="tests.faults.settings", **variables)
        with tenant(organization):
            job_id = queue.enqueue("write_pages", channel="erp:1", key=f"recovery/{number}")
        wait_until(lambda job=job_id: attempts_of(organization, job))
        time.sleep(number * 0.7)
        worker.kill()
        killed_at = clock.now()
        successor = stack.start_worker(concurrency=2, settings="tests.faults.settings", **variables)
        wait_until(lambda job=job_id: len(attempts_of(organization, job)) > 1)
        took.append((attempts_of(organization, job_id)[1] - killed_at).total_seconds())
        successor.kill()
    print(f"\nrecovery after kill -9: {', '.join(f'{seconds:.1f}' for seconds in sorted(took))} s")


def attempts_of(organization: Organization, job_id: int) -> list[Any]:
    with tenant(organization):
        rows = JobAttempt.objects.filter(job_id=job_id).order_by("number")
        return list(rows.values_list("started_at", flat=True))


def measure_wait(organization: Organization, key: str) -> float:
    """Seconds from the commit of the job to its claim."""
    with tenant(organization):
        job_id = queue.enqueue("write_pages", channel="erp:2", key=key)
    committed_at = clock.now()

    def claimed_at() -> Any:
        with tenant(organization):
            return JobAttempt.objects.filter(job_id=job_id).values_list("started_at", flat=True).first()

    claimed = wait_until(claimed_at)
    time.sleep(0.1)
    return max((claimed - committed_at).total_seconds(), 0.0)
