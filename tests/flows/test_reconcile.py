"""Stock and price are read again: a few products all the time within a small share, or all at once."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.conf import settings

from accounts.tenancy import tenant
from catalog import selectors, services
from catalog.models import FigureChange
from catalog.recheck_jobs import PORTION, reconcile_products
from history.models import HistoryEntry
from integrations import polling
from integrations.imports import ImportRefused
from jobs import runner
from jobs.models import Job, JobAttempt, JobStatus, Outcome
from jobs.queue import Priority
from tests.flows.conftest import Company
from tests.flows.products import (
    DETAIL,
    STOCK,
    V3,
    MoveClock,
    RunJobs,
    import_all,
    job_of,
    lay_fault,
    list_at_tiny,
    poll,
    product_of,
)


@pytest.fixture(params=["v3", "v2"])
def protocol(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def shop(connected: Company, run_jobs: RunJobs, move_clock: MoveClock) -> Company:
    """Forty simple products, imported; the first of them moved since, as no list tells."""
    connected.account.add_products(count=40, kinds=["S"])
    import_all(connected, run_jobs)
    # What the hour before the import changed is read once more with the next poll.
    poll(connected, run_jobs, move_clock)
    connected.account.clear_calls()
    return connected


def count_reads(company: Company, protocol: str) -> tuple[int, int]:
    """(products, stocks)"""
    counts = company.account.count_calls()
    return counts.get(DETAIL[protocol], 0), counts.get(STOCK[protocol], 0)


def start(company: Company, person: str = "Ana") -> None:
    with tenant(company.organization):
        services.start_reconciling(integration=company.integration, person=person)


def lines(company: Company) -> list[tuple[str, dict[str, object], str]]:
    with tenant(company.organization):
        entries = HistoryEntry.objects.filter(code__startswith="products.reconcile").order_by("id")
        return [(row.code, row.params, row.person) for row in entries]


def test_those_read_longest_ago_are_read_again_within_a_tenth_of_the_calls(
    shop: Company, run_jobs: RunJobs, move_clock: MoveClock, protocol: str
) -> None:
    move_clock(dt.timedelta(hours=7))
    with tenant(shop.organization):
        Job.objects.filter(status=JobStatus.PENDING).delete()
        services.follow_changes(integration=shop.integration)
        calls = 1 if protocol == "v3" else 2
        chosen = services.choose_rechecked(integration=shop.integration, calls_per_product=calls)
        oldest = list(services.list_rechecked(shop.integration).order_by("details_read_at", "pk"))
    # Thirty calls a minute, of which a tenth, for five minutes.
    assert chosen == [reference.pk for reference in oldest[: 15 // calls]]
    run_jobs()
    job = job_of(shop, "recheck_products")
    assert (job.status, job.priority, job.step) == (JobStatus.DONE, Priority.BACKFILL, {"left": []})
    assert count_reads(shop, protocol) == (15 // calls, 15 // calls if protocol == "v2" else 0)
    with tenant(shop.organization):
        polling.hurry(shop.integration, is_hurried=True)
        more = services.choose_rechecked(integration=shop.integration, calls_per_product=1)
    assert len(more) == min(60, len(oldest) - 15 // calls)


@V3
def test_what_moved_of_late_is_looked_at_first(
    shop: Company, run_jobs: RunJobs, move_clock: MoveClock, protocol: str
) -> None:
    theirs = [row for row in list_at_tiny(shop) if row["tipo"] == "S"]
    with tenant(shop.organization):
        product = product_of(shop, theirs[-1]["sku"])
        FigureChange.objects.create(
            product=product,
            figure="stock",
            before=1,
            after=product.stock,
            at=product.updated_at,
            source="api",
        )
        reference = services.list_rechecked(shop.integration).get(product=product)

    def choose() -> list[int]:
        with tenant(shop.organization):
            return services.choose_rechecked(integration=shop.integration, calls_per_product=1)

    assert choose() == [reference.pk]
    move_clock(dt.timedelta(seconds=settings.RECHECK_SECONDS + 1))
    run_jobs()
    assert count_reads(shop, protocol) == (1, 0)
    assert choose() == []
    move_clock(dt.timedelta(minutes=10))
    assert choose() == [reference.pk]


def test_all_are_read_once_and_the_difference_is_told_in_one_line(
    shop: Company, run_jobs: RunJobs, protocol: str
) -> None:
    theirs = list_at_tiny(shop)
    simple = [row for row in theirs if row["sku"] and row["saldo"] > 3][:2]
    for row in simple:
        shop.account.set_stock(row["id"], float(row["saldo"]) - 1)
    start(shop)
    run_jobs()
    with tenant(shop.organization):
        count = services.list_rechecked(shop.integration).count()
    products, stocks = count_reads(shop, protocol)
    assert products == count
    parents = sum(row["tipoVariacao"] == "P" for row in theirs)
    assert stocks == (count - parents if protocol == "v2" else 0)
    for row in simple:
        assert product_of(shop, row["sku"]).stock == Decimal(str(row["saldo"])) - 1
    assert lines(shop) == [
        ("products.reconcile_asked", {}, "Ana"),
        ("products.reconciled", {"checked": count, "moved": 2}, ""),
    ]
    shop.account.clear_calls()
    start(shop, person="")
    run_jobs()
    assert count_reads(shop, protocol)[0] == count
    assert lines(shop)[2:] == [("products.reconciled_alike", {"checked": count, "moved": 0}, "")]


@V3
def test_what_ends_in_the_middle_goes_on_there(shop: Company, run_jobs: RunJobs, protocol: str) -> None:
    start(shop)
    with tenant(shop.organization):
        count = services.list_rechecked(shop.integration).count()
        assert selectors.find_reconciling(shop.integration) == selectors.Reconciling(0, 0, 0)
    lay_fault(shop, DETAIL[protocol], status=500, after=15, times=1)
    while job_of(shop, "reconcile_products").failures == 0:
        assert runner.run_one() is not None
    job = job_of(shop, "reconcile_products")
    assert (job.status, job.step["read"], job.step["total"]) == (JobStatus.PENDING, 15, count)
    with tenant(shop.organization):
        assert selectors.find_reconciling(shop.integration) == selectors.Reconciling(15, count, 0)
        with pytest.raises(ImportRefused, match="já estão sendo reconferidos"):
            services.start_reconciling(integration=shop.integration, person="Rui")
        Job.objects.filter(pk=job.pk).update(not_before=job.created_at)
    run_jobs()
    assert job_of(shop, "reconcile_products").status == JobStatus.DONE
    assert count_reads(shop, protocol)[0] == count + 1
    assert [code for code, _, _ in lines(shop)] == ["products.reconcile_asked", "products.reconciled_alike"]


def test_it_takes_a_share_of_the_calls_and_others_have_their_turn_meanwhile(
    shop: Company, run_jobs: RunJobs, move_clock: MoveClock, protocol: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "SLOT_SPACING_SECONDS", 0.003)
    start(shop)
    with tenant(shop.organization):
        assert services.list_rechecked(shop.integration).count() > PORTION
    while job_of(shop, "reconcile_products").attempts == 0:
        assert runner.run_one() is not None
    job = job_of(shop, "reconcile_products")
    assert (job.status, job.step["read"]) == (JobStatus.PENDING, PORTION)
    products, stocks = count_reads(shop, protocol)
    assert products == PORTION
    # It rests until its calls were three of ten.
    rest = dt.timedelta(seconds=(products + stocks) * 0.003 / 0.3)
    with tenant(shop.organization):
        attempt = JobAttempt.objects.get(job=job)
    assert attempt.outcome == Outcome.POSTPONED
    assert attempt.started_at <= job.not_before - rest <= attempt.finished_at


@V3
def test_a_person_asks_for_it_beside_the_import_and_sees_how_far_it_is(
    shop: Company, run_jobs: RunJobs, protocol: str
) -> None:
    path = f"produtos/importacao/{shop.integration.pk}/"
    assert "Reconferir estoque e preços" in shop.page(path)
    response = shop.client.post(
        f"{shop.base}/{path}", {"action": "reconcile"}, headers={"HX-Request": "true"}
    )
    assert response.status_code == 200
    assert "Reconferindo estoque e preços:</strong> 0 produtos" in response.content.decode()
    again = shop.client.post(f"{shop.base}/{path}", {"action": "reconcile"}, headers={"HX-Request": "true"})
    assert again.status_code == 422
    assert "Os produtos já estão sendo reconferidos." in again.content.decode()
    assert lines(shop) == [("products.reconcile_asked", {}, "Ana Souza")]
    run_jobs()
    page = shop.page(path)
    assert "Reconferindo" not in page
    assert "Reconferir estoque e preços" in page
    assert len(lines(shop)) == 2


@V3
def test_it_is_refused_where_it_makes_no_sense(connected: Company, run_jobs: RunJobs, protocol: str) -> None:
    with tenant(connected.organization):
        with pytest.raises(ImportRefused, match="não há produtos"):
            services.start_reconciling(integration=connected.integration)
        assert not Job.objects.filter(kind="reconcile_products").exists()
    assert settings.JOB_HANDLERS["reconcile_products"].endswith(reconcile_products.__name__)
