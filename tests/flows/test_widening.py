"""A setting that let orders wait is changed: what waited for it goes on by itself."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from accounts.tenancy import tenant
from customers import services as customer_services
from customers.criteria import Criteria
from jobs.models import Job
from tests.flows.conftest import Company, TokenCompany
from tests.flows.placing import at_tiny, codes_of, job_of, place, prepare
from tests.flows.products import V2

RunJobs = Callable[[], int]


@V2
@pytest.mark.parametrize(
    "wider", [{"sends_seller": "on", "seller_is_optional": "on"}, {}], ids=["optional", "off"]
)
def test_orders_whose_salesperson_is_unknown_go_once_they_may_go_without(
    company: TokenCompany, run_jobs: RunJobs, wider: dict[str, str]
) -> None:
    prepare(company, run_jobs, sends_seller=True)
    orders = [place(company, f"MKT-{name}", seller_name=name) for name in ("Zeca", "Lia")]
    run_jobs()
    assert job_of(company).reason_code == "orders.seller_unknown"
    path = str(company.integration.pk)
    assert company.save(path, action="save", sends_seller="on").status_code == 302
    run_jobs()
    assert at_tiny(company) == [], "as it was"
    assert company.save(path, action="save", **wider).status_code == 302
    assert company.integration.state == "connected"
    run_jobs()
    assert len(at_tiny(company)) == 2
    with tenant(company.organization):
        assert not Job.objects.filter(status="parked").exists()
    told = [code for order in orders for code in codes_of(company, order)].count("order.sent_without_seller")
    assert told == (2 if wider else 0)


@pytest.mark.parametrize("protocol", ["v3", "v2"])
def test_buyers_whom_tiny_does_not_know_go_once_new_ones_are_made(
    company: Company, run_jobs: RunJobs, protocol: str
) -> None:
    prepare(company, run_jobs)
    save_criteria(company, Criteria(only_updates=True))
    place(company)
    with tenant(company.organization):
        customer_services.save_customer(
            customer_id=None, values={"name": "Bia", "document": "39053344705"}, person="Ana"
        )
    run_jobs()
    with tenant(company.organization):
        parked = Job.objects.filter(status="parked", reason_code="customers.unknown_at_erp")
        assert sorted(parked.values_list("kind", flat=True)) == ["export_customer", "export_order"]
    save_criteria(company, Criteria(only_updates=True, sends_companies=False))
    run_jobs()
    assert at_tiny(company) == []
    save_criteria(company, Criteria(sends_companies=False))
    run_jobs()
    assert len(at_tiny(company)) == 1
    with tenant(company.organization):
        assert not Job.objects.filter(status="parked").exists()


def save_criteria(company: Company, criteria: Criteria) -> None:
    with tenant(company.organization):
        customer_services.save_criteria(integration=company.integration, criteria=criteria, person="Ana")
