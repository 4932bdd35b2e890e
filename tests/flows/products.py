"""What the flows of products do again and again: plan, import, poll, choose, save, and look at both sides."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from accounts.tenancy import tenant
from catalog import services
from catalog.criteria import Criteria
from catalog.models import ChangeSource, Product, ProductImport, ProductReference
from jobs.models import Job

if TYPE_CHECKING:
    # The fixtures there begin with what stands here.
    from tests.flows.conftest import Company

RunJobs = Callable[[], int]
MoveClock = Callable[[dt.timedelta], None]

V2 = pytest.mark.parametrize("protocol", ["v2"])
V3 = pytest.mark.parametrize("protocol", ["v3"])

LIST = {"v3": "GET /produtos", "v2": "POST /api2/produtos.pesquisa.php"}
DETAIL = {"v3": "GET /produtos/{id}", "v2": "POST /api2/produto.obter.php"}
STOCK = {"v3": "GET /estoque/{id}", "v2": "POST /api2/produto.obter.estoque.php"}
CREATE = {"v3": "POST /produtos", "v2": "POST /api2/produto.incluir.php"}
UPDATE = {"v3": "PUT /produtos/{id}", "v2": "POST /api2/produto.alterar.php"}


# --- what people and time do ---


def plan(company: Company, run_jobs: RunJobs) -> ProductImport:
    with tenant(company.organization):
        services.plan_import(integration=company.integration, person="Ana")
    run_jobs()
    return read_run(company)


def start(company: Company) -> None:
    """Begin what was planned; no job is run."""
    with tenant(company.organization):
        services.start_import(integration=company.integration)


def import_all(company: Company, run_jobs: RunJobs) -> ProductImport:
    """Planned and imported; the calls counted are those of the import alone."""
    plan(company, run_jobs)
    start(company)
    company.account.clear_calls()
    run_jobs()
    return read_run(company)


def poll(company: Company, run_jobs: RunJobs, move_clock: MoveClock, hours: int = 1) -> None:
    """The next turn of the polls, on both clocks."""
    move_clock(dt.timedelta(hours=hours, seconds=5))
    company.account.tiny.control("POST", "clock", {"advance_seconds": hours * 3600 + 5})
    run_jobs()


def choose(company: Company, **choices: Any) -> None:
    """Save these criteria; whatever is not named is as it was at first."""
    with tenant(company.organization):
        services.save_criteria(integration=company.integration, criteria=Criteria(**choices), person="Ana")


def reapply(company: Company) -> int:
    """The criteria, over all that the ERP said; how many products that changed."""
    with tenant(company.organization):
        changed, _ = services.reapply(integration=company.integration, after_id=0)
    return changed


def save(company: Company, sku: str, **values: Any) -> services.Saved:
    with tenant(company.organization):
        return services.save_product(sku=sku, values=values, person="Ana", source=ChangeSource.PERSON)


# --- what is here ---


def read_run(company: Company) -> ProductImport:
    """The only import."""
    with tenant(company.organization):
        return ProductImport.objects.get()


def product_of(company: Company, sku: str) -> Product:
    with tenant(company.organization):
        return Product.objects.select_related("parent").get(sku=sku)


def reference_of(company: Company, external_id: object) -> ProductReference:
    with tenant(company.organization):
        return ProductReference.objects.select_related("product").get(external_id=str(external_id))


def job_of(company: Company, kind: str) -> Job:
    """The last of its kind."""
    with tenant(company.organization):
        return Job.objects.filter(kind=kind).latest("id")


# --- what is at Tiny ---


def list_at_tiny(company: Company) -> list[dict[str, Any]]:
    """All but what was deleted there."""
    return [row for row in company.account.list_products() if row["situacao"] != "E"]


def at_tiny(company: Company, sku: str) -> dict[str, Any]:
    """The only one of this SKU."""
    (row,) = [row for row in list_at_tiny(company) if row["sku"] == sku]
    return row


def count_at_tiny(company: Company, sku: str) -> int:
    return sum(row["sku"] == sku for row in list_at_tiny(company))


def lay_fault(company: Company, route: str, **fault: Any) -> None:
    company.account.tiny.add_fault(account_id=company.account.id, route=route, **fault)
