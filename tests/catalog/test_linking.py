"""De-para of products: a person says which is which, and whatever waited for the SKU goes on."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from accounts.models import Organization
from accounts.tenancy import tenant
from catalog import selectors, services
from catalog.models import ChangeSource, Product, ProductReference
from catalog.values import to_json
from contracts.records import ErpProductRow, Page, ProductKind, ProductState
from history.models import HistoryEntry
from integrations.models import Integration
from integrations.rows import PageResult
from jobs import queue
from jobs.models import Job, JobStatus

pytestmark = pytest.mark.django_db


@pytest.fixture
def integration(organization: Organization) -> Integration:
    with tenant(organization):
        return Integration.objects.create(
            provider="tiny",
            protocol="v3",
            proven_protocol="v3",
            name="Tiny",
            state="connected",
            created_at=dt.datetime.now(dt.UTC),
        )


def row(external_id: str, sku: str, **fields: Any) -> ErpProductRow:
    made = ErpProductRow(
        external_id,
        sku,
        f"Produto {external_id}",
        ProductKind.SIMPLE,
        ProductState.ACTIVE,
        price=Decimal("10"),
        row_hash=f"{external_id}/{sku}/{fields}",
    )
    return replace(made, **fields)


def receive(integration: Integration, *rows: ErpProductRow) -> PageResult:
    ids = tuple(one.external_id for one in rows)
    page = Page(items=rows, row_ids=ids, offset=0, limit=100, total=len(rows))
    with tenant(integration.organization_id):
        return services.upsert_from_list(integration=integration, page=page, source=ChangeSource.POLL)


def reference_of(integration: Integration, external_id: str) -> ProductReference:
    with tenant(integration.organization_id):
        return ProductReference.objects.select_related("product").get(external_id=external_id)


def save_here(integration: Integration, sku: str, **values: object) -> Product:
    with tenant(integration.organization_id):
        return services.save_product(sku=sku, values=values, person="Ana", source=ChangeSource.PERSON).product


def park_for(integration: Integration, sku: str, key: str) -> None:
    with tenant(integration.organization_id):
        job_id = queue.enqueue("export_order", channel=integration.channel, key=key)
        Job.objects.filter(pk=job_id).update(
            status=JobStatus.PARKED, reason_code=selectors.SKU_UNKNOWN, reason_key=sku
        )


def test_linking_releases_exactly_what_waits_for_that_sku(integration: Integration) -> None:
    save_here(integration, "MEU-1", name="Vaso")
    receive(integration, row("11", "DO-TINY"))
    park_for(integration, "MEU-1", "1")
    park_for(integration, "MEU-1", "2")
    park_for(integration, "OUTRO", "3")
    with tenant(integration.organization_id):
        assert selectors.count_waiting("MEU-1") == 2
        services.unlink(reference_id=reference_of(integration, "11").pk, person="Ana")
        linked = services.link(reference_id=reference_of(integration, "11").pk, sku="MEU-1", person="Ana")
        assert linked.released == 2
        statuses = dict(Job.objects.filter(kind="export_order").values_list("key", "status"))
    assert statuses == {"1": "pending", "2": "pending", "3": "parked"}
    reference = reference_of(integration, "11")
    assert reference.product is not None
    assert (reference.product.sku, reference.linked_by) == ("MEU-1", "person")
    assert reference.product.price == 10


def test_a_link_by_hand_outlives_the_next_reading(integration: Integration) -> None:
    save_here(integration, "MEU-1", name="Vaso")
    receive(integration, row("11", ""))
    with tenant(integration.organization_id):
        services.link(reference_id=reference_of(integration, "11").pk, sku="MEU-1", person="Ana")
    receive(integration, row("11", "", price=Decimal("12")))
    reference = reference_of(integration, "11")
    assert reference.product is not None
    assert (reference.product.sku, reference.product.price) == ("MEU-1", Decimal("12"))


def test_unlinked_stays_unlinked_until_a_person_says_otherwise(integration: Integration) -> None:
    receive(integration, row("11", "A"))
    with tenant(integration.organization_id):
        services.unlink(reference_id=reference_of(integration, "11").pk, person="Ana")
    receive(integration, row("11", "A", price=Decimal("99")))
    assert reference_of(integration, "11").product is None
    with tenant(integration.organization_id):
        product = Product.objects.get(sku="A")
        assert (product.price, product.source_integration_id) == (Decimal(10), None)
        assert list(selectors.list_unlinked()) == [reference_of(integration, "11")]
        services.reapply(integration=integration, after_id=0)
    assert reference_of(integration, "11").product is None


def test_choosing_among_doubles(integration: Integration) -> None:
    receive(integration, row("11", "A"), row("12", "A", price=Decimal("20")))
    for external_id in ("11", "12"):
        assert reference_of(integration, external_id).product is None
        assert reference_of(integration, external_id).problems == ["sku_duplicate"]
    with tenant(integration.organization_id):
        services.create_and_link(reference_id=reference_of(integration, "12").pk, sku="A", person="Ana")
    chosen, other = reference_of(integration, "12"), reference_of(integration, "11")
    assert chosen.product is not None
    assert (chosen.product.sku, chosen.product.price, chosen.problems) == ("A", Decimal(20), [])
    assert (other.product, other.problems) == (None, ["sku_duplicate"])
    receive(integration, row("11", "A", name="outro nome"))
    assert reference_of(integration, "11").product is None


def test_taking_a_product_over_from_another_of_the_erp(integration: Integration) -> None:
    receive(integration, row("11", "A"), row("12", "B", price=Decimal("20")))
    with tenant(integration.organization_id):
        services.link(reference_id=reference_of(integration, "12").pk, sku="A", person="Ana")
    assert reference_of(integration, "11").product is None
    taken = reference_of(integration, "12").product
    assert taken is not None
    assert (taken.sku, taken.price) == ("A", Decimal(20))
    with tenant(integration.organization_id):
        # What was made for it stays, and follows nobody.
        assert Product.objects.get(sku="B").references.count() == 0
        codes = HistoryEntry.objects.filter(subject_kind="product", subject_id=taken.pk)
        assert list(codes.order_by("id").values_list("code", flat=True)) == [
            "product.imported",
            "product.unlinked",
            "product.linked_by_person",
            "product.updated",
        ]


@pytest.mark.parametrize("sku", ["", "   ", "NADA"])
def test_linking_to_nothing_is_refused_and_changes_nothing(integration: Integration, sku: str) -> None:
    receive(integration, row("11", ""))
    before = reference_of(integration, "11")
    with tenant(integration.organization_id), pytest.raises(services.LinkRefused):
        services.link(reference_id=before.pk, sku=sku, person="Ana")
    after = reference_of(integration, "11")
    assert (after.product, after.problems, after.passed_over) == (None, ["sku_missing"], "")


def test_suggestions_best_first(integration: Integration) -> None:
    save_here(integration, "vaso-1", name="Nada a ver")
    save_here(integration, "X", name="Outro nome", gtin="7891234567895")
    save_here(integration, "Y", name="Vaso de barro grande")
    save_here(integration, "Z", name="Prato")
    receive(integration, row("11", ""))
    with tenant(integration.organization_id):
        reference = reference_of(integration, "11")
        reference.sku = "VASO-1"
        reference.learn(to_json({"name": "Vaso de barro médio", "gtin": "7891234567895"}))
        reference.save()
        found = [(one.product.sku, one.reason) for one in selectors.suggest(reference)]
    assert [sku for sku, _ in found] == ["vaso-1", "X", "Y"]
    assert found[0][1] == "SKU igual"
    assert found[1][1] == "GTIN igual"


def test_a_row_that_cannot_be_kept_stops_no_other(integration: Integration) -> None:
    result = receive(integration, row("11", "A"), row("12", "B\x00"), row("13", "C"))
    assert (result.problems, result.created) == (1, 2)
    with tenant(integration.organization_id):
        assert sorted(Product.objects.values_list("sku", flat=True)) == ["A", "C"]
        assert ProductReference.objects.get(external_id="12").problems == ["row_unreadable"]


def test_another_company_sees_and_links_nothing(
    integration: Integration, other_organization: Organization
) -> None:
    receive(integration, row("11", ""))
    save_here(integration, "MEU", name="Vaso")
    reference = reference_of(integration, "11")
    with tenant(other_organization), pytest.raises(services.LinkRefused):
        services.link(reference_id=reference.pk, sku="MEU", person="Eva")
    assert reference_of(integration, "11").product is None
