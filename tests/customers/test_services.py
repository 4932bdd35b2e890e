"""Who a buyer is: by document, else by the ERP's contact, else a record of the order's own."""

from __future__ import annotations

import pytest

from accounts import clock
from accounts.models import Organization
from accounts.tenancy import tenant
from contracts.records import ErpAddress, ErpCustomer
from customers.models import Customer, CustomerReference
from customers.services import upsert_from_erp, upsert_many
from integrations.models import Integration

ADDRESS = ErpAddress(street="Rua das Flores", number="1", city="Curitiba", state="PR")
MARIA = ErpCustomer(
    external_id="11",
    name="Maria",
    kind="PF",
    document="52998224725",
    document_text="529.982.247-25",
    email="maria@exemplo.com.br",
    phone="41999990000",
    address=ADDRESS,
)


@pytest.fixture
def integrations(organization: Organization) -> list[int]:
    with tenant(organization):
        return [
            Integration.objects.create(provider="tiny", name=name, created_at=clock.now()).pk
            for name in ("primeira", "segunda")
        ]


@pytest.fixture(autouse=True)
def scope(organization: Organization, integrations: list[int]):
    with tenant(organization):
        yield


def meet(integration_id: int, record: ErpCustomer, current: Customer | None = None) -> Customer:
    return upsert_from_erp(integration_id=integration_id, record=record, current=current)


def references() -> list[tuple[int, str, int]]:
    rows = CustomerReference.objects.order_by("id")
    return list(rows.values_list("integration_id", "external_id", "customer_id"))


def test_one_document_is_one_customer_across_contacts_and_integrations(integrations: list[int]) -> None:
    first, second = integrations
    maria = meet(first, MARIA)
    again = meet(first, ErpCustomer(external_id="12", name="Maria S.", document="52998224725"))
    there = meet(second, ErpCustomer(external_id="11", name="Maria", document="52998224725"))
    assert maria.pk == again.pk == there.pk
    assert references() == [(first, "11", maria.pk), (first, "12", maria.pk), (second, "11", maria.pk)]


def test_without_a_document_the_contact_decides_within_its_integration(integrations: list[int]) -> None:
    first, second = integrations
    nobody = ErpCustomer(external_id="7", name="CONSUMIDOR FINAL")
    here = meet(first, nobody)
    assert meet(first, nobody).pk == here.pk
    assert meet(second, nobody).pk != here.pk


def test_neither_name_nor_email_joins(integrations: list[int]) -> None:
    same = [ErpCustomer(external_id=number, name="Ana", email="ana@x.test") for number in ("1", "2", "")]
    assert len({meet(integrations[0], record).pk for record in same}) == 3


def test_order_keeps_its_own_record_of_a_buyer_without_identity(integrations: list[int]) -> None:
    nobody = ErpCustomer(external_id="", name="Balcão")
    own = meet(integrations[0], nobody)
    named = meet(integrations[0], ErpCustomer(external_id="", name="Balcão 2"), own)
    assert (named.pk, named.name) == (own.pk, "Balcão 2")
    assert Customer.objects.count() == 1


def test_document_that_comes_later_completes_the_orders_record(integrations: list[int]) -> None:
    own = meet(integrations[0], ErpCustomer(external_id="11", name="Maria"))
    maria = meet(integrations[0], MARIA, own)
    assert (maria.pk, maria.document) == (own.pk, "52998224725")


def test_other_document_is_another_person(integrations: list[int]) -> None:
    maria = meet(integrations[0], MARIA)
    other = meet(integrations[0], ErpCustomer(external_id="11", name="João", document="11144477735"), maria)
    assert other.pk != maria.pk
    maria.refresh_from_db()
    assert (maria.name, maria.document) == ("Maria", "52998224725")


def test_what_the_erp_does_not_tell_erases_nothing(integrations: list[int]) -> None:
    maria = meet(integrations[0], MARIA)
    before = Customer.objects.values().get()
    meet(integrations[0], ErpCustomer(external_id="11", name="", document="52998224725"))
    assert Customer.objects.values().get() == before
    changed = meet(integrations[0], ErpCustomer(external_id="11", name="Maria B.", document="52998224725"))
    assert (changed.pk, changed.name, changed.email) == (maria.pk, "Maria B.", "maria@exemplo.com.br")
    assert changed.city == "Curitiba"


def test_many_at_once_are_as_one_by_one(integrations: list[int]) -> None:
    records = [
        MARIA,
        ErpCustomer(external_id="12", name="Maria", document="52998224725"),
        ErpCustomer(external_id="7", name="Balcão"),
        ErpCustomer(external_id="7", name="Balcão"),
        ErpCustomer(external_id="", name="Balcão"),
        ErpCustomer(external_id="", name="Balcão"),
    ]
    maria, again, till, same_till, one, two = upsert_many(integration_id=integrations[0], records=records)
    assert maria.pk == again.pk
    assert till.pk == same_till.pk
    assert len({customer.pk for customer in (maria, till, one, two)}) == 4
    assert Customer.objects.count() == 4
    assert [external_id for _, external_id, _ in references()] == ["11", "12", "7"]


def test_same_document_in_another_organization_is_another_customer(
    integrations: list[int], other_organization: Organization
) -> None:
    maria = meet(integrations[0], MARIA)
    with tenant(other_organization):
        there = Integration.objects.create(provider="tiny", name="x", created_at=clock.now())
        assert meet(there.pk, MARIA).pk != maria.pk
        assert Customer.objects.count() == 1
