"""The pages of customers, as a person gets them."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from accounts import clock
from accounts import services as accounts
from accounts.models import Organization, Perfil, User
from accounts.tenancy import tenant
from customers import selectors, services
from customers.criteria import Criteria
from customers.models import Customer, CustomerReference
from customers.sentences import HISTORY
from history.models import HistoryEntry
from integrations.models import Credential, Integration, IntegrationState
from jobs.models import Job

SERVICES = Path(services.__file__).parent
BASE = "/o/casa-aurora/clientes/"
CPF, CNPJ = "52998224725", "11222333000181"
FRAGMENT = {"HX-Request": "true"}


@pytest.fixture
def integration(organization: Organization) -> Integration:
    with tenant(organization):
        row = Integration.objects.create(
            provider="tiny",
            protocol="v3",
            name="Integração Tiny ERP",
            state=IntegrationState.CONNECTED,
            created_at=clock.now(),
        )
        Credential.objects.create(integration=row, client_id="id")
    return row


@pytest.fixture
def client(admin: User, client_of: Callable[[User], Client]) -> Client:
    return client_of(admin)


@pytest.fixture
def save(organization: Organization) -> Callable[..., Customer]:
    def make(**values: Any) -> Customer:
        with tenant(organization):
            return services.save_customer(customer_id=None, values=values, person="Ana").customer

    return make


@pytest.fixture
def of(organization: Organization, client_of: Callable[[User], Client]) -> Callable[[Perfil], Client]:
    def join(perfil: Perfil) -> Client:
        member = accounts.add_member(
            organization=organization, email=f"{perfil}@aurora.test", name=f"De {perfil}", perfil=perfil
        )
        return client_of(member.user)

    return join


def plain(page: str) -> str:
    body = re.sub(r"<(script|title)\b.*?</\1>", " ", page, flags=re.S)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", body))).replace("\u00a0", " ")


def read(client: Client, path: str = "", status: int = 200, **query: str) -> str:
    response = client.get(BASE + path, query)
    assert response.status_code == status
    return response.content.decode()


def names(page: str) -> list[str]:
    return [html.unescape(name) for name in re.findall(r'main-link" href="[^"]*">([^<]*)</a>', page)]


def choose(integration: Integration, **choices: bool) -> None:
    with tenant(integration.organization_id):
        services.save_criteria(integration=integration, criteria=Criteria(**choices), person="Ana")


def codes(customer: Customer) -> list[str]:
    with tenant(customer.organization_id):
        rows = HistoryEntry.objects.filter(subject_kind="customer", subject_id=customer.pk)
        return list(rows.order_by("id").values_list("code", flat=True))


# --- the list ---


def test_without_customers_the_page_says_how_they_come(client: Client, integration: Integration) -> None:
    text = plain(read(client))
    assert "Nenhum cliente ainda" in text
    assert "Os clientes aparecem aqui com o primeiro pedido deles" in text


def test_a_row_says_who_where_and_why_not(
    client: Client, integration: Integration, save: Callable[..., Customer]
) -> None:
    choose(integration, sends_people=False)
    save(name="Maria Souza", document=CPF, address={"city": "Curitiba", "state": "PR"})
    company = save(name="Papelaria Horizonte", document=CNPJ)
    there = save(name="Zilda & Filhos", kind="PJ")
    with tenant(integration.organization_id):
        CustomerReference.objects.create(integration=integration, external_id="8812", customer=there)
        Customer.objects.filter(pk=there.pk).update(changed_here_at=None)
    page = read(client)
    assert names(page) == ["Maria Souza", "Papelaria Horizonte", "Zilda & Filhos"]
    rows = [plain(row) for row in re.findall(r"<tr>.*?</tr>", page, re.S)[1:]]
    person = (
        "Maria Souza Pessoa Física · Curitiba/PR ***.982.247-** Curitiba/PR 0 pedidos"
        " Fora do critério pessoa física —"
    )
    assert person in rows[0]
    assert "11.222.333/0001-81" in rows[1] and "A caminho do Tiny" in rows[1]
    assert "No Tiny" in rows[2] and "8812" in rows[2]
    assert CPF not in page and company.name in page


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"q": "mari"}, ["Maria Souza"]),
        ({"q": "529.982.247-25"}, ["Maria Souza"]),
        ({"q": "11222"}, ["Papelaria"]),
        ({"q": "MARIA@x.test"}, ["Maria Souza"]),
        ({"q": "nada"}, []),
        ({"visao": "pf"}, ["Maria Souza"]),
        ({"visao": "pj"}, ["Papelaria"]),
        ({"visao": "fora"}, ["Maria Souza"]),
        ({"visao": "fora", "q": "pape"}, []),
        ({"visao": "nenhuma"}, ["Maria Souza", "Papelaria"]),
    ],
)
def test_the_list_finds(
    client: Client,
    integration: Integration,
    save: Callable[..., Customer],
    query: dict[str, str],
    expected: list[str],
) -> None:
    choose(integration, sends_people=False)
    save(name="Maria Souza", document=CPF, email="maria@x.test")
    save(name="Papelaria", document=CNPJ)
    assert names(read(client, **query)) == expected


def test_the_views_count(client: Client, integration: Integration, save: Callable[..., Customer]) -> None:
    choose(integration, needs_valid_email=True)
    save(name="Maria", document=CPF, email="maria@x.test")
    save(name="Papelaria", document=CNPJ)
    tabs = re.findall(r'visao=(\w+)"[^>]*>[^<]*<span class="count">(\d+)<', read(client))
    assert tabs == [("todos", "2"), ("pf", "1"), ("pj", "1"), ("fora", "1")]


# --- one customer ---


def test_what_is_personal_is_masked_until_somebody_asks(
    client: Client, save: Callable[..., Customer]
) -> None:
    customer = save(name="Maria", document=CPF, email="maria@x.test", phone="41998764410")
    page = read(client, f"{customer.pk}/")
    text = plain(page)
    assert "***.982.247-**" in text and "m•••••@x.test" in text and "(41) 9••••-4410" in text
    for whole in (CPF, "529.982.247-25", "maria@x.test", "99876"):
        assert whole not in page
    assert codes(customer) == ["customer.created_here"]

    response = client.post(f"{BASE}{customer.pk}/mostrar/")
    text = plain(response.content.decode())
    assert (response.status_code, "no-store" in response["Cache-Control"]) == (200, True)
    assert "529.982.247-25" in text and "maria@x.test" in text and "(41) 99876-4410" in text
    with tenant(customer.organization_id):
        line = HistoryEntry.objects.get(code="customer.shown")
    assert (line.person, line.params) == ("Ana Souza", {})
    assert "Dados completos mostrados" in plain(read(client, f"{customer.pk}/"))


def test_who_only_consults_sees_no_more_and_changes_nothing(
    of: Callable[[Perfil], Client], save: Callable[..., Customer]
) -> None:
    customer = save(name="Maria", document=CPF)
    viewer = of(Perfil.VIEWER)
    page = read(viewer, f"{customer.pk}/")
    assert "mostrar/" not in page and "editar/" not in page
    assert viewer.post(f"{BASE}{customer.pk}/mostrar/").status_code == 404
    assert codes(customer) == ["customer.created_here"]


def test_one_left_out_says_why_and_is_sent_anyway(
    client: Client, integration: Integration, save: Callable[..., Customer]
) -> None:
    choose(integration, sends_people=False)
    customer = save(name="Maria", document=CPF)
    text = plain(read(client, f"{customer.pk}/"))
    assert "Fora do critério: pessoa física. O que mudar aqui não vai para Integração Tiny ERP" in text
    assert "Não enviado ao Tiny Fora do critério: pessoa física." in text
    client.post(f"{BASE}{customer.pk}/enviar/")
    text = plain(read(client, f"{customer.pk}/"))
    assert "O cliente vai para o Tiny." in text
    assert "Uma mudança feita aqui está a caminho do Tiny." in text
    with tenant(integration.organization_id):
        assert Job.objects.get().kind == "export_customer"


def test_one_that_waits_for_a_person_says_what_to_do(
    client: Client,
    integration: Integration,
    save: Callable[..., Customer],
    owner_sql: Callable[..., Any],
) -> None:
    customer = save(name="Maria", document=CPF)
    with tenant(integration.organization_id):
        Job.objects.filter(kind="export_customer").update(
            status="parked", reason_code="customers.unknown_at_erp", parked_at=clock.now()
        )
    text = plain(read(client, f"{customer.pk}/"))
    assert "O cliente não existe no Tiny." in text
    assert "Enviar assim mesmo" in text and "Tentar de novo" in text
    errors = client.get("/o/casa-aurora/erros/").content.decode()
    assert "O cliente não existe no Tiny" in plain(errors)
    assert f'href="{BASE}{customer.pk}/"' in errors


def test_the_orders_of_a_customer_are_his(
    client: Client, save: Callable[..., Customer], organization: Organization
) -> None:
    one, other = save(name="Maria"), save(name="Ana")
    with tenant(organization):
        now = clock.now()
        for number, customer in ((1, one), (2, other), (3, one)):
            customer.orders.create(
                number=number,
                ecommerce_number=f"MKT-{number}",
                origin="api",
                status="placed",
                placed_on=clock.today(),
                created_at=now,
                updated_at=now,
            )
    assert re.findall(r"/pedidos/(\d+)/", read(client, f"{one.pk}/")) == ["3", "1"]


# --- forms ---


def test_a_customer_is_included(client: Client, integration: Integration, organization: Organization) -> None:
    form = {
        "name": "Maria",
        "document": "529.982.247-25",
        "kind": "PJ",
        "email": "maria@x.test",
        "phone": "(41) 99876-4410",
        "zip_code": "80420-000",
        "state": "pr",
        "city": "Curitiba",
    }
    response = client.post(f"{BASE}novo/", form, follow=True)
    assert "Cliente incluído. A mudança vai para o Tiny." in plain(response.content.decode())
    with tenant(organization):
        customer = Customer.objects.get()
    assert selectors.values_of(customer) == {
        "name": "Maria",
        "kind": "PF",
        "document": CPF,
        "email": "maria@x.test",
        "phone": "41998764410",
        "address": {"zip_code": "80420000", "state": "PR", "city": "Curitiba"},
    }


def test_what_is_wrong_stands_at_its_field(client: Client, organization: Organization) -> None:
    form = {"document": "52998224726", "email": "x", "phone": "1", "zip_code": "2", "state": "Paraná"}
    response = client.post(f"{BASE}novo/", form)
    text = plain(response.content.decode())
    assert response.status_code == 422
    for words in (
        "Para salvar, corrija 6 campos:",
        "Informe o nome.",
        "Confira o CPF: os dois últimos números não batem com os demais.",
        "Confira o e-mail: ele tem a forma nome@empresa.com.br.",
        "Informe o telefone com o DDD: 10 ou 11 números.",
        "O CEP tem 8 números.",
        "Use a sigla do estado, como PR.",
    ):
        assert words in text
    with tenant(organization):
        assert not Customer.objects.exists()


def test_a_document_that_is_taken_is_refused(
    client: Client, save: Callable[..., Customer], organization: Organization
) -> None:
    save(name="Maria", document=CPF)
    response = client.post(f"{BASE}novo/", {"name": "Outra", "document": CPF, "kind": "PF"})
    assert response.status_code == 422
    assert "Já há um cliente com este CPF." in plain(response.content.decode())
    with tenant(organization):
        assert Customer.objects.count() == 1


def test_what_nobody_touched_is_neither_judged_nor_changed(
    client: Client, organization: Organization, save: Callable[..., Customer]
) -> None:
    customer = save(name="Maria", document=CPF)
    with tenant(organization):
        Customer.objects.update(
            email="a@x; b@y", phone="ramal 12", address={"zip_code": "12", "state": "Par"}
        )
    page = read(client, f"{customer.pk}/editar/")
    assert CPF not in page and "529.982.247-25" not in page and "***.982.247-**" in page
    form = {"email": "a@x; b@y", "phone": "ramal 12", "zip_code": "12", "state": "Par", "name": "Maria S."}
    response = client.post(f"{BASE}{customer.pk}/editar/", form)
    assert response.status_code == 302
    with tenant(organization):
        stored = Customer.objects.get()
    assert (stored.name, stored.email, stored.phone) == ("Maria S.", "a@x; b@y", "ramal 12")
    assert stored.address == {"zip_code": "12", "state": "Par"}
    with tenant(organization):
        assert HistoryEntry.objects.get(code="customer.changed_here").params["fields"] == "Nome"


# --- criteria ---


@pytest.fixture
def address(integration: Integration) -> str:
    return f"/o/casa-aurora/integracoes/erp/nativos/tiny/{integration.pk}/clientes/"


def test_the_words_of_the_help_page(client: Client, address: str) -> None:
    page = client.get(address).content.decode()
    assert re.findall(r'id="id_(\w+)"( checked)?[^>]*><span>([^<]*)', page) == [
        ("sends_companies", " checked", "Pessoa Jurídica"),
        ("sends_people", " checked", "Pessoa Física"),
        ("needs_valid_email", "", "Com e-mail válido"),
        ("only_updates", "", "Apenas atualizar (não insere novos clientes)"),
    ]
    assert re.findall(r'<a [^>]*aria-current="page">(\w+)</a>', page)[-1] == "Clientes"
    assert "Ainda não há clientes aqui." in plain(page)


def test_the_count_follows_the_form_and_leads_to_who_is_out(
    client: Client, address: str, integration: Integration, save: Callable[..., Customer]
) -> None:
    save(name="Maria", document=CPF)
    save(name="Papelaria", document=CNPJ)
    save(name="Zilda", kind="PJ", email="z@x.test")

    counted = client.post(address, {"action": "count", "sends_companies": "on"}, headers=FRAGMENT)
    text = plain(counted.content.decode())
    assert "Com estes critérios, 2 de 3 clientes serão sincronizados. 1 fica de fora; salve para ver" in text
    assert "<html" not in counted.content.decode()
    with tenant(integration.organization_id):
        assert selectors.read_criteria(integration) == Criteria()

    form = {"action": "save", "sends_companies": "on", "needs_valid_email": "on"}
    page = client.post(address, form, follow=True).content.decode()
    assert "Critérios salvos." in plain(page)
    assert "1 de 3 clientes serão sincronizados. Ver os 2 de fora" in plain(page)
    with tenant(integration.organization_id):
        assert selectors.read_criteria(integration) == Criteria(sends_people=False, needs_valid_email=True)
        assert HistoryEntry.objects.get(code="customers.criteria_saved").person == "Ana Souza"
    (link,) = re.findall(r'href="([^"]*visao=fora[^"]*)"', page)
    assert names(client.get(html.unescape(link)).content.decode()) == ["Maria", "Papelaria"]


@pytest.mark.parametrize("action", ["save", "count"])
def test_some_kind_must_be_sent(client: Client, address: str, integration: Integration, action: str) -> None:
    response = client.post(address, {"action": action, "only_updates": "on"})
    assert response.status_code == 422
    assert "Marque ao menos um tipo." in plain(response.content.decode())
    with tenant(integration.organization_id):
        assert selectors.read_criteria(integration) == Criteria()


def test_who_is_no_administrator_reads_them(
    of: Callable[[Perfil], Client], address: str, integration: Integration
) -> None:
    operator = of(Perfil.OPERATOR)
    page = operator.get(address).content.decode()
    assert "Só um Administrador da organização pode alterar estes critérios." in plain(page)
    assert page.count(" disabled") == 4 and "salvar-criterios" not in page
    assert operator.post(address, {"sends_people": "on"}).status_code == 404
    with tenant(integration.organization_id):
        assert selectors.read_criteria(integration) == Criteria()


def test_every_line_has_its_sentence() -> None:
    told = {
        code
        for path in ("saving", "sending")
        for code in re.findall(r'"(customer\.\w+)"', (SERVICES / f"{path}.py").read_text())
    }
    assert told == HISTORY.keys()
