"""Customers by REST."""

from __future__ import annotations

import logging
import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from accounts import clock
from accounts.models import Organization, Scope
from accounts.tenancy import tenant
from customers.criteria import Criteria
from customers.models import Customer
from customers.services import save_criteria
from history.models import HistoryEntry
from integrations.models import Integration, IntegrationState
from tests.rest import CUSTOMER_SCOPES, Api, create_api, problem_of

pytestmark = pytest.mark.django_db(transaction=True)

MOMENT = re.compile(r"2\d{3}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
ADDRESS = {
    "street": "Rua das Flores",
    "number": "12",
    "complement": "ap 3",
    "district": "Centro",
    "city": "Curitiba",
    "state": "PR",
    "zip_code": "80420000",
    "country": "",
}
MARIA = {
    "name": "Maria Souza",
    "document": "529.982.247-25",
    "email": "maria@exemplo.com.br",
    "phone": "(41) 99876-4410",
    "address": {**ADDRESS, "zip_code": "80420-000"},
}


@pytest.fixture
def api(organization: Organization) -> Api:
    return create_api(organization, CUSTOMER_SCOPES)


def rows(organization: Organization) -> list[dict[str, Any]]:
    with tenant(organization):
        return list(Customer.objects.order_by("id").values())


def connect(organization: Organization, **choices: bool) -> Integration:
    with tenant(organization):
        row = Integration.objects.create(
            provider="tiny",
            protocol="v3",
            name="Tiny",
            state=IntegrationState.CONNECTED,
            created_at=clock.now(),
        )
        save_criteria(integration=row, criteria=Criteria(**choices), person="Ana")
    return row


def test_a_customer_is_created_and_read_whole(api: Api, organization: Organization) -> None:
    response = api.post("customers/", MARIA)
    assert response.status_code == 201
    body = response.json()
    assert response["Location"] == f"/api/v1/customers/{body['id']}/"
    assert api.get(f"customers/{body['id']}/").json() == body
    assert MOMENT.fullmatch(body.pop("created_at"))
    assert MOMENT.fullmatch(body.pop("updated_at"))
    (stored,) = rows(organization)
    assert body == {
        "id": stored["id"],
        "name": "Maria Souza",
        "kind": "PF",
        "document": "52998224725",
        "email": "maria@exemplo.com.br",
        "phone": "41998764410",
        "address": ADDRESS,
        "sending": False,
        "not_sent": None,
    }
    with tenant(organization):
        assert HistoryEntry.objects.get(code="customer.created_here").person == "Loja"


def test_whether_he_goes_to_the_erp_is_told(api: Api, organization: Organization) -> None:
    connect(organization, sends_people=False)
    company = api.post("customers/", {"name": "Papelaria", "document": "11222333000181"}).json()
    assert (company["sending"], company["not_sent"]) == (True, None)
    person = api.post("customers/", MARIA).json()
    assert (person["sending"], person["not_sent"]) == (False, "Fora do critério: pessoa física")


def test_a_second_one_with_the_document_is_refused(api: Api, organization: Organization) -> None:
    first = api.post("customers/", MARIA).json()
    before = rows(organization)
    response = api.post("customers/", {"name": "Outra", "document": "52998224725"})
    assert problem_of(response) == (
        409,
        "document-taken",
        [("document", "Já há um cliente com este CPF.")],
    )
    assert response.json()["detail"] == f"Já há um cliente com este CPF. É o de id {first['id']}."
    assert rows(organization) == before


def test_a_patch_changes_what_it_names(api: Api, organization: Organization) -> None:
    body = api.post("customers/", MARIA).json()
    changed = api.patch(f"customers/{body['id']}/", {"phone": "", "address": {"number": "14"}}).json()
    assert changed["updated_at"] > body["updated_at"]
    assert changed | {"updated_at": ""} == body | {
        "phone": "",
        "address": {**ADDRESS, "number": "14"},
        "updated_at": "",
    }


def test_the_document_does_not_change(api: Api, organization: Organization) -> None:
    body = api.post("customers/", MARIA).json()
    before = rows(organization)
    response = api.patch(f"customers/{body['id']}/", {"document": "11222333000181"})
    message = "O CPF/CNPJ identifica o cliente e não muda. Inclua outro cliente."
    assert problem_of(response) == (422, "invalid-fields", [("document", message)])
    assert rows(organization) == before


def test_every_wrong_field_is_named(api: Api, organization: Organization) -> None:
    body = {
        "id": 3,
        "document": "52998224726",
        "email": "maria",
        "phone": 4133221100,
        "kind": "XX",
        "colour": "azul",
        "address": {"zip_code": "80", "state": "Paraná", "planet": "Terra", "city": None},
    }
    assert problem_of(api.post("customers/", body)) == (
        422,
        "invalid-fields",
        [
            ("name", "Preencha este campo."),
            ("id", "Este campo é só de leitura."),
            ("document", "Confira o CPF: os dois últimos números não batem com os demais."),
            ("email", "Confira o e-mail: ele tem a forma nome@empresa.com.br."),
            ("phone", "Informe um texto."),
            ("kind", "Use PF, PJ, ou vazio para quem não é nem um nem outro."),
            ("colour", "Campo desconhecido."),
            ("address.zip_code", "O CEP tem 8 números."),
            ("address.state", "Use a sigla do estado, como PR."),
            ("address.planet", "Campo desconhecido."),
            ("address.city", "Informe um texto."),
        ],
    )
    assert rows(organization) == []


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({"name": " "}, [("name", "Preencha este campo.")]),
        ({"name": "a", "address": "Rua A"}, [("address", "Informe um objeto com o endereço.")]),
        (
            {"name": "a", "kind": "PJ", "document": "52998224725"},
            [("kind", "CPF é de pessoa física (PF), CNPJ de pessoa jurídica (PJ).")],
        ),
    ],
)
def test_a_body_that_is_refused(api: Api, body: Any, errors: list[tuple[str, str]]) -> None:
    assert problem_of(api.post("customers/", body)) == (422, "invalid-fields", errors)


def test_abroad_codes_are_free(api: Api) -> None:
    address = {"city": "Lisboa", "state": "Lisboa", "zip_code": "1100-148", "country": "Portugal"}
    body = api.post("customers/", {"name": "Rui", "phone": "+351 912 345 678", "address": address}).json()
    assert (body["kind"], body["phone"]) == ("", "+351912345678")
    assert {name: body["address"][name] for name in address} == address


def test_a_reader_follows_what_changed(api: Api) -> None:
    one, two = (api.post("customers/", {"name": name}).json()["id"] for name in ("um", "dois"))
    page = api.get("customers/?limit=1").json()
    assert [row["id"] for row in page["results"]] == [one]
    page = api.get(f"customers/?cursor={page['next']}").json()
    assert ([row["id"] for row in page["results"]], page["next"]) == ([two], None)
    api.patch(f"customers/{one}/", {"name": "um outra vez"})
    later = api.get(f"customers/?since={page['since']}").json()
    assert [(row["id"], row["name"]) for row in later["results"]] == [(one, "um outra vez")]
    assert "sending" not in later["results"][0]


def test_one_is_found_by_document(api: Api) -> None:
    body = api.post("customers/", MARIA).json()
    api.post("customers/", {"name": "sem documento"})
    found = api.get("customers/?document=529.982.247-25").json()["results"]
    assert [row["id"] for row in found] == [body["id"]]
    assert api.get("customers/?document=11222333000181").json()["results"] == []
    assert api.get("customers/?document=").json()["results"] == []
    message = "O CPF tem 11 números; o CNPJ tem 14 números ou letras."
    assert problem_of(api.get("customers/?document=12")) == (
        400,
        "invalid-parameter",
        [("document", message)],
    )


def test_nobody_of_another_company_is_there(
    api: Api, organization: Organization, other_organization: Organization
) -> None:
    body = api.post("customers/", MARIA).json()
    stranger = create_api(other_organization, Scope.values)
    before = rows(organization)
    address = f"customers/{body['id']}/"
    assert problem_of(stranger.get(address))[:2] == (404, "not-found")
    assert problem_of(stranger.patch(address, {"name": "x"}))[:2] == (404, "not-found")
    assert stranger.get("customers/?document=52998224725").json()["results"] == []
    assert stranger.post("customers/", MARIA).status_code == 201
    assert rows(organization) == before


@pytest.mark.parametrize("number", ["0", "99999999999999999999"])
def test_a_number_of_nobody(api: Api, number: str) -> None:
    assert problem_of(api.get(f"customers/{number}/"))[:2] == (404, "not-found")


def test_the_documentation_names_every_field(api: Api) -> None:
    text = (Path(settings.BASE_DIR) / "docs" / "API.md").read_text()
    body = api.post("customers/", MARIA).json()
    section = text.partition("## Clientes")[2].partition("\n## ")[0]
    told = {
        name
        for row in re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|", section, re.M)
        for name in row.split("`")[1::2]
    }
    assert told == body.keys() - {"id"}


def test_no_log_tells_who_it_was(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    api.post("customers/", MARIA)
    api.post("customers/", MARIA)
    api.post("customers/", {**MARIA, "document": "52998224726"})
    for text in ("52998224725", "529.982.247", "52998224726", "maria@exemplo", "99876"):
        assert text not in caplog.text
