"""«Ao enviar ao Tiny»: what is made or changed here is written there, under the four rules, exactly once."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from accounts.tenancy import tenant
from catalog import services
from catalog.models import Product, ProductReference
from history.models import HistoryEntry
from jobs.models import Job
from tests.flows.conftest import Company
from tests.flows.products import (
    CREATE,
    UPDATE,
    V3,
    MoveClock,
    RunJobs,
    at_tiny,
    choose,
    count_at_tiny,
    job_of,
    lay_fault,
    product_of,
    save,
)


@pytest.fixture(params=["v3", "v2"])
def protocol(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def lines_of(company: Company, sku: str) -> list[tuple[str, dict[str, Any]]]:
    with tenant(company.organization):
        product = Product.objects.get(sku=sku)
        rows = HistoryEntry.objects.filter(subject_kind="product", subject_id=product.pk).order_by("id")
        return [(row.code, row.params) for row in rows]


def test_nothing_is_sent_while_it_is_off(sending: Company, run_jobs: RunJobs) -> None:
    company = sending
    choose(company, sends_products=False)
    saved = save(company, "VASO", price=Decimal("12"))
    run_jobs()
    assert not saved.is_sent
    assert at_tiny(company, "VASO")["preco"] == 10
    assert set(company.account.count_calls()).isdisjoint({*CREATE.values(), *UPDATE.values()})
    with tenant(company.organization):
        assert not Job.objects.filter(kind="export_product").exists()


def test_a_change_here_changes_that_field_there_and_no_other(sending: Company, run_jobs: RunJobs) -> None:
    company = sending
    before = at_tiny(company, "VASO")
    assert save(company, "VASO", price=Decimal("12.34")).is_sent
    run_jobs()
    assert job_of(company, "export_product").status == "done"
    after = at_tiny(company, "VASO")
    assert after["preco"] == 12.34
    ignored = {"preco", "precos", "dataAlteracao", "alterado_em"}
    assert {k: v for k, v in after.items() if k not in ignored} == {
        k: v for k, v in before.items() if k not in ignored
    }
    assert [code for code, _ in lines_of(company, "VASO")][-2:] == ["product.changed_here", "product.sent"]
    with tenant(company.organization):
        assert Product.objects.get(sku="VASO").changed_here_at is None


def test_the_four_rules_hold_on_the_way_out(sending: Company, run_jobs: RunJobs) -> None:
    company = sending
    choose(
        company,
        sends_products=True,
        ignore_brand=True,
        keep_name=True,
        ignore_category=True,
        keep_status=True,
    )
    save(
        company,
        "VASO",
        brand="Minha",
        name="Vaso meu",
        category=["Jardim"],
        status="inactive",
        price=Decimal("15"),
    )
    run_jobs()
    after = at_tiny(company, "VASO")
    assert (after["preco"], after["descricao"], after["situacao"]) == (15, "Vaso", "A")
    code, params = lines_of(company, "VASO")[-1]
    assert (code, params["kept"]) == ("product.sending_kept", "Nome, Status, Categoria, Marca")


def test_a_product_made_here_is_made_there_once(sending: Company, run_jobs: RunJobs, protocol: str) -> None:
    company = sending
    saved = save(
        company, "NOVO", name="Novo daqui", price=Decimal("9.9"), ncm="69139000", unit="UN", brand="Serra"
    )
    assert (saved.is_new, saved.is_sent) == (True, True)
    run_jobs()
    made = at_tiny(company, "NOVO")
    assert (made["descricao"], made["preco"]) == ("Novo daqui", 9.9)
    with tenant(company.organization):
        reference = ProductReference.objects.select_related("product").get(external_id=str(made["id"]))
        assert reference.product is not None
        assert (reference.product.sku, reference.linked_by) == ("NOVO", "sending")
    assert company.account.count_calls()[CREATE[protocol]] == 1
    assert [line for line in lines_of(company, "NOVO") if line[0] == "product.not_taken"] == []
    assert lines_of(company, "NOVO")[-1][0] == "product.sent_new"


@pytest.mark.parametrize("preset", ["drop_after", "error_500"])
def test_an_answer_that_is_lost_makes_no_second_product(
    sending: Company, run_jobs: RunJobs, move_clock: MoveClock, protocol: str, preset: str
) -> None:
    company = sending
    lay_fault(company, CREATE[protocol], preset=preset)
    save(company, "NOVO", name="Novo daqui", price=Decimal("9.9"), ncm="69139000", unit="UN")
    run_jobs()
    assert job_of(company, "export_product").status == "pending"
    move_clock(dt.timedelta(minutes=1))
    run_jobs()
    assert job_of(company, "export_product").status == "done"
    assert count_at_tiny(company, "NOVO") == 1
    assert company.account.count_calls()[CREATE[protocol]] == (1 if preset == "drop_after" else 2)


def test_a_change_here_is_not_overwritten_while_it_waits(
    sending: Company, run_jobs: RunJobs, move_clock: MoveClock
) -> None:
    company = sending
    save(company, "VASO", price=Decimal("12"))
    with tenant(company.organization):
        reference = ProductReference.objects.get(sku="VASO")
        reference.learn({"price": "99.0000", "images": ["https://cdn.example.com/nova.jpg"]})
        reference.save()
        services.reapply(integration=company.integration, after_id=0)
        product = Product.objects.get(sku="VASO")
        # What is never sent, stock above all, does not wait for it.
        assert (product.price, product.images) == (12, ["https://cdn.example.com/nova.jpg"])
    run_jobs()
    assert at_tiny(company, "VASO")["preco"] == 12


def test_a_change_that_is_no_longer_sent_holds_nothing_back(sending: Company, run_jobs: RunJobs) -> None:
    company = sending
    save(company, "VASO", price=Decimal("12"))
    choose(company, sends_products=False)
    run_jobs()
    with tenant(company.organization):
        assert Product.objects.get(sku="VASO").changed_here_at is None
        assert HistoryEntry.objects.filter(code="product.not_sent").count() == 1
        services.reapply(integration=company.integration, after_id=0)
        assert Product.objects.get(sku="VASO").price == 10


def test_a_sku_that_tiny_has_twice_waits_for_a_person(sending: Company, run_jobs: RunJobs) -> None:
    company = sending
    for _ in range(2):
        company.account.add_product(sku="DUPLO", descricao="Do Tiny", preco=1)
    save(company, "DUPLO", name="Meu", price=Decimal("5"))
    run_jobs()
    job = job_of(company, "export_product")
    assert (job.status, job.reason_code, job.reason_params) == (
        "parked",
        "catalog.sku_repeated_at_erp",
        {"sku": "DUPLO"},
    )
    assert count_at_tiny(company, "DUPLO") == 2


@V3
def test_what_tiny_does_not_take_is_told(sending: Company, run_jobs: RunJobs) -> None:
    company = sending
    lay_fault(company, UPDATE["v3"], status=204, times=5)
    save(company, "VASO", ncm="69120000")
    run_jobs()
    # It is told, and what Tiny has arrives again.
    told = [
        (code, params.get("not_taken") or params.get("fields")) for code, params in lines_of(company, "VASO")
    ]
    assert told[-2:] == [("product.not_taken", "NCM"), ("product.updated", "NCM")]
    assert product_of(company, "VASO").ncm == "69139000"
