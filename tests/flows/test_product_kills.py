"""Thousands of products, and a worker that is killed three times: all of them here, at the fewest calls.

``PRODUCTS`` in the environment makes them more (10,000 in ``make soak``).
"""

from __future__ import annotations

import os

import pytest

from accounts.tenancy import tenant
from catalog.models import Product, ProductReference
from history.models import HistoryEntry
from jobs.models import Job
from tests.flows.conftest import Company
from tests.flows.products import RunJobs, list_at_tiny, plan, read_run, start
from tests.processes import Process, Stack, wait_until

PRODUCTS = int(os.environ.get("PRODUCTS", "2000"))
FAST = {"JOB_LEASE_SECONDS": "3", "DISPATCH_SECONDS": "0.5", "SLOT_SPACING_SECONDS": "0"}


@pytest.mark.slow
def test_thousands_of_products_survive_three_kills(
    connected: Company, stack: Stack, run_jobs: RunJobs
) -> None:
    company = connected
    company.account.add_products(count=PRODUCTS, kinds=["S"])
    theirs = {row["sku"]: row for row in list_at_tiny(company)}
    plan(company, run_jobs)
    start(company)
    with tenant(company.organization):
        # What else would be due is not what is counted.
        Job.objects.exclude(kind="import_products").delete()
    company.account.clear_calls()
    stack.start_beat(**FAST, **company.account.tiny.variables)

    def start_worker() -> Process:
        return stack.start_worker(**FAST, **company.account.tiny.variables)

    worker = start_worker()
    # Once in the list, twice among the single products.
    kills = [
        lambda run: run.rows_read >= len(theirs) // 2,
        lambda run: run.details_read >= len(theirs) // 4,
        lambda run: run.details_read >= len(theirs) // 2,
    ]
    for is_due in kills:
        wait_until(lambda is_due=is_due: is_due(read_run(company)), seconds=900)
        worker.kill()
        worker = start_worker()
    wait_until(lambda: read_run(company).state == "done", seconds=1500)
    run = read_run(company)
    assert (run.rows_read, run.rows_created, run.rows_unreadable) == (len(theirs), len(theirs), 0)
    assert run.details_read == len(theirs)
    counts = company.account.count_calls()
    pages = -(-len(theirs) // 100)
    # A kill costs the call whose answer was not stored yet, and no other.
    assert pages <= counts["GET /produtos"] <= pages + len(kills)
    assert len(theirs) <= counts["GET /produtos/{id}"] <= len(theirs) + len(kills)
    assert counts.get("GET /estoque/{id}", 0) == 0
    print(f"{len(theirs)} products, {sum(counts.values())} calls, {len(kills)} kills")
    with tenant(company.organization):
        assert set(Product.objects.values_list("sku", flat=True)) == theirs.keys()
        assert ProductReference.objects.filter(details_read_at=None).count() == 0
        assert Product.objects.filter(stock=None).exclude(kind="parent").count() == 0
        assert HistoryEntry.objects.filter(code="product.imported").count() == len(theirs)
        assert HistoryEntry.objects.filter(code="products.import_done").count() == 1
        assert not Job.objects.filter(status="parked").exists()
