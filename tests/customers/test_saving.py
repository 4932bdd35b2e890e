"""Customers made or changed here, and those whom an order brings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from accounts import clock
from accounts.models import Organization
from accounts.tenancy import tenant
from contracts.records import ErpAddress, ErpCustomer
from customers import selectors, services
from customers.criteria import Criteria
from customers.models import Customer, CustomerReference
from history.models import HistoryEntry
from integrations.models import Integration, IntegrationState
from jobs.models import Job

CPF, CNPJ = "52998224725", "11222333000181"


@pytest.fixture(autouse=True)
def scope(organization: Organization) -> Iterator[None]:
    with tenant(organization):
        yield


def connect(name: str = "Tiny", **choices: bool) -> Integration:
    row = Integration.objects.create(
        provider="tiny",
        protocol="v3",
        name=name,
        state=IntegrationState.CONNECTED,
        created_at=clock.now(),
    )
    services.save_criteria(integration=row, criteria=Criteria(**choices), person="Ana")
    return row


def save(customer_id: int | None = None, **values: Any) -> services.Saved:
    if customer_id is None:
        values = {"name": "Maria", **values}
    return services.save_customer(customer_id=customer_id, values=values, person="Ana")


def lines(customer: Customer) -> list[tuple[str, dict[str, Any]]]:
    rows = HistoryEntry.objects.filter(subject_kind="customer", subject_id=customer.pk).order_by("id")
    return [(row.code, row.params) for row in rows]


def exports() -> list[tuple[str, str, str | None]]:
    return list(Job.objects.filter(kind="export_customer").values_list("channel", "key", "lock"))


def test_a_new_customer_is_sent_where_the_criteria_let_him_pass() -> None:
    integration = connect()
    saved = save(document=CPF, email="maria@x.test")
    customer = Customer.objects.get()
    assert (saved.is_new, saved.is_sent, saved.decision.code) == (True, True, "")
    assert (customer.kind, customer.document_text) == ("PF", CPF)
    assert customer.changed_here == ["document", "email", "kind", "name"]
    assert exports() == [(f"erp:{integration.pk}", str(customer.pk), f"customer:{customer.pk}")]


def test_the_history_hides_what_is_personal() -> None:
    customer = save(document=CPF, email="maria@x.test", phone="41998764410").customer
    save(customer.pk, email="outra@x.test", address={"street": "Rua A"})
    assert lines(customer) == [
        (
            "customer.created_here",
            {
                "fields": "Nome, Tipo, CPF/CNPJ, E-mail, Telefone",
                "details": "Nome: vazio → Maria; CPF/CNPJ: vazio → ***.982.247-**;"
                " E-mail: vazio → m•••••@x.test; Telefone: vazio → (41) 9••••-4410; Tipo: vazio → PF",
            },
        ),
        (
            "customer.changed_here",
            {"fields": "E-mail, Endereço", "details": "E-mail: m•••••@x.test → o•••••@x.test"},
        ),
    ]


def test_one_left_out_stays_here_with_the_reason() -> None:
    connect(sends_people=False)
    saved = save(document=CPF)
    assert (saved.is_sent, saved.decision.code) == (False, "customer.outside_person")
    assert exports() == []
    assert lines(saved.customer)[-1] == ("customer.left_out", {"reason": "customer.outside_person"})
    customer = Customer.objects.get()
    assert (customer.changed_here_at, customer.changed_here) == (None, ["document", "kind", "name"])


def test_one_left_out_is_offered_once_the_criteria_let_him_in() -> None:
    integration = connect(sends_people=False)
    maria, joana = save(document=CPF).customer, save(name="Joana", document="39053344705").customer
    sent = save(name="Papelaria", document=CNPJ).customer
    assert selectors.list_offered(integration) == []
    services.save_criteria(integration=integration, criteria=Criteria(), person="Ana")
    assert selectors.list_offered(integration) == [maria, joana]
    # What the ERP tells of her since is newer than what was held back.
    told = ErpCustomer("7", "Joana Lima", kind="PF", document="39053344705")
    services.upsert_from_erp(integration_id=integration.pk, record=told, current=None)
    joana.refresh_from_db()
    assert joana.changed_here == ["document", "kind"]
    assert services.send_offered(integration=integration, person="Ana") == 2
    assert services.send_offered(integration=integration, person="Ana") == 0
    assert {key for _, key, _ in exports()} == {str(one.pk) for one in (sent, maria, joana)}
    assert lines(maria)[-1][0] == "customer.sent_anyway"
    maria.refresh_from_db()
    assert not maria.is_forced


def test_what_another_account_is_for_is_not_offered() -> None:
    first, second = connect("um", sends_people=False), connect("dois", sends_people=False)
    customer = save(document=CPF).customer
    CustomerReference.objects.create(integration=second, external_id="7", customer=customer)
    for integration in (first, second):
        services.save_criteria(integration=integration, criteria=Criteria(), person="Ana")
    assert selectors.list_offered(first) == []
    assert selectors.list_offered(second) == [customer]


def test_without_an_account_nothing_is_said_of_criteria() -> None:
    saved = save(document=CPF)
    assert (saved.is_sent, saved.decision.code) == (False, "")
    assert [code for code, _ in lines(saved.customer)] == ["customer.created_here"]


def test_of_two_accounts_the_one_that_knows_him_is_meant() -> None:
    first, second = connect("um"), connect("dois")
    customer = save(document=CPF).customer
    assert exports() == []
    CustomerReference.objects.create(integration=second, external_id="7", customer=customer)
    assert save(customer.pk, name="Maria S.").is_sent
    assert [channel for channel, _, _ in exports()] == [second.channel]
    services.save_criteria(integration=second, criteria=Criteria(sends_people=False), person="Ana")
    target = selectors.find_target(customer)
    assert (target.integration, target.decision.code) == (second, "customer.outside_person")
    assert first.pk != second.pk


def test_of_two_accounts_one_that_lets_him_pass_is_meant() -> None:
    connect("um", sends_people=False)
    second = connect("dois")
    assert save(document=CPF).is_sent
    assert [channel for channel, _, _ in exports()] == [second.channel]


def test_a_document_is_one_customer() -> None:
    first = save(document=CPF).customer
    with pytest.raises(services.DocumentTaken) as refusal:
        save(document=CPF)
    assert (refusal.value.field, str(refusal.value)) == ("document", "Já há um cliente com este CPF.")
    assert refusal.value.customer_id == first.pk
    assert Customer.objects.count() == 1


def test_a_document_comes_once_and_does_not_change() -> None:
    other, customer = save(document=CNPJ).customer, save().customer
    with pytest.raises(services.DocumentTaken):
        save(customer.pk, document=CNPJ)
    assert save(customer.pk, document=CPF).customer.kind == "PF"
    with pytest.raises(services.SaveRefused) as refusal:
        save(other.pk, document="12ABC34501DE35")
    assert refusal.value.field == "document"
    assert sorted(Customer.objects.values_list("document", flat=True)) == [CNPJ, CPF]


def test_nothing_changed_is_nothing_done() -> None:
    connect()
    customer = save(document=CPF, address={"city": "Curitiba"}).customer
    Job.objects.all().delete()
    before = Customer.objects.values().get()
    saved = save(customer.pk, name="Maria", document=CPF, address={"city": "Curitiba"})
    assert (saved.is_new, saved.is_sent) == (False, False)
    assert Customer.objects.values().get() == before
    assert (len(lines(customer)), exports()) == (1, [])


def test_of_an_address_the_parts_that_do_not_come_stay() -> None:
    customer = save(address={"street": "Rua A", "number": "1"}).customer
    save(customer.pk, address={"number": "2"})
    assert Customer.objects.get().address == {"street": "Rua A", "number": "2"}
    save(customer.pk, address={"street": "", "number": ""})
    assert Customer.objects.get().address == {}


def test_every_change_has_a_later_revision() -> None:
    integration = connect()
    customer = save(document=CPF).customer
    revisions = [Customer.objects.get().revision]
    save(customer.pk, name="Maria S.")
    revisions.append(Customer.objects.get().revision)
    told = ErpCustomer("7", "Maria Souza", document="52998224725", phone="4133221100")
    services.upsert_from_erp(integration_id=integration.pk, record=told, current=None)
    revisions.append(Customer.objects.get().revision)
    assert revisions == sorted(set(revisions))


def test_what_waits_to_be_sent_is_not_undone_by_the_erp() -> None:
    integration = connect()
    save(document=CPF, email="nova@x.test")
    told = ErpCustomer("7", "Maria Souza", document=CPF, email="velha@x.test", phone="4133221100")
    services.upsert_from_erp(integration_id=integration.pk, record=told, current=None)
    customer = Customer.objects.get()
    assert (customer.name, customer.email, customer.phone) == ("Maria", "nova@x.test", "4133221100")


def test_criteria_never_hold_for_who_comes_from_the_erp() -> None:
    integration = connect(sends_people=False, needs_valid_email=True)
    told = ErpCustomer("7", "Maria", document=CPF)
    customer = services.upsert_from_erp(integration_id=integration.pk, record=told, current=None)
    assert (customer.document, lines(customer), exports()) == (CPF, [], [])


def test_send_anyway_overrules_the_criteria() -> None:
    integration = connect(sends_people=False)
    customer = save(document=CPF).customer
    assert services.send_anyway(customer_id=customer.pk, person="Ana")
    customer.refresh_from_db()
    assert selectors.find_open_target(customer) == integration
    assert [key for _, key, _ in exports()] == [str(customer.pk)]
    assert lines(customer)[-1][0] == "customer.sent_anyway"


def test_send_anyway_needs_somewhere_to_go() -> None:
    customer = save(document=CPF).customer
    assert not services.send_anyway(customer_id=customer.pk, person="Ana")
    customer.refresh_from_db()
    assert (customer.is_forced, customer.changed_here_at) == (False, None)


# --- the buyer of an order ---


def test_the_buyer_of_an_order_is_found_by_document_and_keeps_what_is_here() -> None:
    maria = save(document=CPF, email="maria@x.test", address={"city": "Curitiba"}).customer
    told = {"name": "M. Souza", "document": CPF, "phone": "4133221100", "address": {"city": "Londrina"}}
    buyer = services.take_buyer(values=told, person="Loja")
    assert buyer.customer.pk == maria.pk
    assert buyer.conflicts == {
        "name": ("Maria", "M. Souza"),
        "address": ({"city": "Curitiba"}, {"city": "Londrina"}),
    }
    stored = Customer.objects.get()
    assert (stored.name, stored.phone, stored.address) == ("Maria", "4133221100", {"city": "Curitiba"})
    assert lines(maria)[-1] == ("customer.filled_by_order", {"fields": "Telefone"})


def test_an_unknown_buyer_is_a_new_customer_who_goes_with_his_order() -> None:
    connect()
    buyer = services.take_buyer(values={"name": "Ana", "document": CNPJ}, person="Loja")
    assert (buyer.customer.kind, dict(buyer.conflicts)) == ("PJ", {})
    assert [code for code, _ in lines(buyer.customer)] == ["customer.created_by_order"]
    assert (exports(), Customer.objects.get().changed_here) == ([], [])


def test_without_a_document_every_order_has_its_own_buyer() -> None:
    told = {"name": "Balcão", "email": "balcao@x.test"}
    one, two = (services.take_buyer(values=told, person="Loja").customer for _ in range(2))
    assert one.pk != two.pk
    assert one.erp_code != two.erp_code
    draft = selectors.draft_of(one)
    assert (draft.code, draft.document, draft.address) == (one.erp_code, "", ErpAddress())
