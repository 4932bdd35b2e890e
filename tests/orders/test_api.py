"""Orders by REST: what the marketplace sends, reads and says of them later."""

from __future__ import annotations

import datetime as dt
import logging
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import clock
from accounts.models import Organization, Scope
from accounts.tenancy import tenant
from contracts.order_status import OrderStatus
from history.models import HistoryEntry
from integrations.models import Integration, IntegrationState
from jobs.models import Job, JobStatus
from orders.models import Order, OrderForwarding
from tests.orders.conftest import Erp, make_invoice, make_row, shipment
from tests.rest import ORDER_SCOPES, Api, create_api, problem_of

pytestmark = pytest.mark.django_db(transaction=True)

MOMENT = re.compile(r"2\d{3}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
NEEDED = "Preencha este campo."
UNKNOWN = "Campo desconhecido."
READ_ONLY = "Este campo é só de leitura."
FINAL = "Não muda depois que o pedido entrou."
ADDRESS = {
    "street": "Rua das Flores",
    "number": "12",
    "complement": "",
    "district": "Centro",
    "city": "Curitiba",
    "state": "PR",
    "zip_code": "80420000",
    "country": "",
}
BODY: dict[str, Any] = {
    "number": "MKT-1",
    "channel": "Loja Grande",
    "status": "paid",
    "placed_on": "2026-11-20",
    "customer": {
        "name": "Maria Souza",
        "kind": "PF",
        "document": "529.982.247-25",
        "email": "maria@exemplo.com.br",
        "phone": "(41) 99876-4410",
        "address": {**ADDRESS, "zip_code": "80420-000"},
    },
    "delivery_address": {"recipient": "João Souza", "street": "Rua B", "city": "Curitiba", "state": "pr"},
    "items": [
        {"sku": "LUM-01", "description": "Luminária", "unit": "UN", "quantity": 2, "unit_price": "45.00"},
        {"sku": "CABO/2", "description": "Cabo", "quantity": "1.5", "unit_price": 10.1},
    ],
    "freight": "10",
    "discount": "5.15",
    "expected_on": "2026-11-30",
    "notes": "Para presente\nSem nota no pacote",
    "seller": {"code": "V7", "name": "Rita"},
    "installments": [
        {"amount": "60.00", "due_on": "2026-12-20", "method": "Cartão"},
        {"amount": 50},
    ],
}
SMALLEST: dict[str, Any] = {
    "number": "MKT-2",
    "placed_on": "2026-11-20",
    "customer": {"name": "Ana"},
    "items": [{"sku": "A", "description": "Nosso", "quantity": 1, "unit_price": "10"}],
}


@pytest.fixture
def api(organization: Organization) -> Api:
    return create_api(organization, ORDER_SCOPES)


@pytest.fixture
def digest(
    api: Api, owner_sql: Callable[..., list[tuple[Any, ...]]], process_database: Any
) -> Callable[[], list[tuple[Any, ...]]]:
    """Of every row of every table, but for when a token was last used and the counter of revisions."""
    tables = [
        table
        for table in process_database.tables
        if table not in ("accounts_apitoken", "orders_ordercounter", "customers_customercounter")
    ]
    one = "SELECT '{0}', md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM {0} t"
    return lambda: owner_sql(" UNION ALL ".join(one.format(table) for table in tables) + " ORDER BY 1")


def keyed(api: Api, key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {api.token}", "Idempotency-Key": key}


def sending(organization: Organization, integration: Integration, *statuses: str) -> None:
    with tenant(organization):
        Integration.objects.filter(pk=integration.pk).update(send_statuses=list(statuses))


# --- a new order ---


def test_an_order_is_placed_and_read_whole(
    api: Api, organization: Organization, integration: Integration
) -> None:
    sending(organization, integration, "paid")

    response = api.post("orders/", BODY)

    assert (response.status_code, response["Location"]) == (201, "/api/v1/orders/1/")
    body = response.json()
    assert api.get("orders/1/").json() == body
    assert MOMENT.fullmatch(body.pop("created_at"))
    assert MOMENT.fullmatch(body.pop("updated_at"))
    with tenant(organization):
        customer = Order.objects.get().customer
        assert customer is not None
        [job] = Job.objects.filter(kind="export_order", channel=integration.channel)
        assert job.key == str(Order.objects.get().pk)
        line = HistoryEntry.objects.get(code="order.received")
        assert (line.person, line.params["channel"]) == ("Loja", "Loja Grande")
    assert body == {
        "id": 1,
        "number": "MKT-1",
        "channel": "Loja Grande",
        "origin": "api",
        "status": "paid",
        "status_label": "Pagamento aprovado",
        "is_return": False,
        "placed_on": "2026-11-20",
        "expected_on": "2026-11-30",
        "products_total": "105.15",
        "freight": "10.00",
        "discount": "5.15",
        "other_expenses": None,
        "total": "110.00",
        "items": [
            {
                "sku": "LUM-01",
                "description": "Luminária",
                "unit": "UN",
                "quantity": "2",
                "unit_price": "45.00",
                "total": "90.00",
            },
            {
                "sku": "CABO/2",
                "description": "Cabo",
                "unit": "",
                "quantity": "1.5",
                "unit_price": "10.10",
                "total": "15.15",
            },
        ],
        "installments": [
            {"amount": "60.00", "due_on": "2026-12-20", "method": "Cartão"},
            {"amount": "50.00", "due_on": None, "method": ""},
        ],
        "customer": {
            "id": customer.pk,
            "name": "Maria Souza",
            "kind": "PF",
            "document": "52998224725",
            "email": "maria@exemplo.com.br",
            "phone": "41998764410",
            "address": ADDRESS,
        },
        "delivery_address": {
            **dict.fromkeys(ADDRESS, ""),
            "recipient": "João Souza",
            "street": "Rua B",
            "city": "Curitiba",
            "state": "PR",
        },
        "seller": {"code": "V7", "name": "Rita"},
        "notes": "Para presente\nSem nota no pacote",
        "erp": {"integration": "Integração Tiny ERP", "number": None, "situation": None},
        "sending": {
            "state": "due",
            "reason": "forwarding.in_status",
            "sentence": "Vai para o ERP porque ficou em Pagamento aprovado",
            "sent_at": None,
            "problem": None,
        },
        "invoices": [],
        "shipment": None,
    }


def test_the_smallest_order(api: Api) -> None:
    body = api.post("orders/", SMALLEST).json()

    told = {name: body[name] for name in ("channel", "status", "total", "installments", "delivery_address")}
    assert told == {
        "channel": "",
        "status": "placed",
        "total": "10.00",
        "installments": [],
        "delivery_address": None,
    }
    assert body["erp"]["integration"] is None
    assert body["sending"]["sentence"] == "Nenhum ERP está conectado"


@pytest.mark.parametrize("by", ["name", "id"])
def test_an_order_names_its_integration(
    api: Api, organization: Organization, integration: Integration, by: str
) -> None:
    with tenant(organization):
        Integration.objects.create(
            provider="tiny", name="Outra", state=IntegrationState.CONNECTED, created_at=clock.now()
        )
    unnamed = api.post("orders/", SMALLEST).json()
    named = api.post(
        "orders/", {**BODY, "integration": integration.name if by == "name" else integration.pk}
    ).json()

    assert unnamed["sending"]["state"] == "unrouted"
    sentence = "Há mais de um ERP (Integração Tiny ERP, Outra): escolha para qual ele vai"
    assert unnamed["sending"]["sentence"] == sentence
    assert named["erp"]["integration"] == integration.name


@pytest.mark.parametrize("named", ["Nenhuma", "", 0, -1, 10**30, 1.5, True, ["Tiny"], "a\0", "Rascunho"])
def test_an_integration_that_is_not_there(
    api: Api, organization: Organization, digest: Callable[[], Any], named: Any
) -> None:
    with tenant(organization):
        Integration.objects.create(provider="tiny", name="Rascunho", created_at=clock.now())
    before = digest()

    answer = problem_of(api.post("orders/", {**BODY, "integration": named}))

    message = "Não há integração conectada com este nome ou id."
    assert answer == (422, "invalid-fields", [("integration", message)])
    assert digest() == before


# --- the same order again ---

SAME = [
    {},
    {"freight": 10.00},
    {"freight": "10.0", "discount": 5.15},
    {"notes": f"  {BODY['notes']} "},
    {"integration": None},
    {"customer": {**BODY["customer"], "document": "52998224725", "phone": "+55 41 99876-4410", "kind": ""}},
    {"items": [{**BODY["items"][0], "quantity": "2.0000", "unit_price": 45}, BODY["items"][1]]},
    {"delivery_address": {**BODY["delivery_address"], "district": "", "country": ""}},
]


@pytest.mark.parametrize("keys", [("", ""), ("k", "k"), ("k", ""), ("k", "other"), ("", "k")])
def test_the_same_order_again_changes_nothing(
    api: Api, digest: Callable[[], Any], keys: tuple[str, str]
) -> None:
    first, second = ({"headers": keyed(api, key)} if key else {} for key in keys)
    made = api.post("orders/", BODY, **first)
    # The second key is kept now, and changes nothing but itself.
    api.post("orders/", BODY, **second)
    before = digest()

    assert made.status_code == 201
    for changes in SAME:
        again = api.post("orders/", {**BODY, **changes}, **second)
        assert (again.status_code, again["Location"], again.json()) == (
            200,
            made["Location"],
            made.json(),
        ), changes
    assert digest() == before


OTHER = [
    {"freight": "10.01", "discount": "5.16"},
    {"status": "placed"},
    {"placed_on": "2026-11-21"},
    {"seller": {"code": "V7"}},
    {"notes": ""},
    {"installments": []},
    {"delivery_address": None},
    {"customer": {**BODY["customer"], "name": "Maria"}},
    {"items": BODY["items"][::-1]},
]


def test_another_order_under_its_number_is_refused(api: Api, digest: Callable[[], Any]) -> None:
    api.post("orders/", SMALLEST)
    api.post("orders/", BODY)
    before = digest()

    text = "Já há um pedido com este número neste canal e com outros dados: o de id 2."
    for changes in OTHER:
        response = api.post("orders/", {**BODY, **changes})
        assert problem_of(response) == (422, "order-exists", [("number", text)]), changes
        assert response.json()["detail"] == text
    assert digest() == before


def test_another_order_under_its_key_is_refused(api: Api, digest: Callable[[], Any]) -> None:
    api.post("orders/", BODY, headers=keyed(api, "k"))
    before = digest()

    response = api.post("orders/", SMALLEST, headers=keyed(api, "k"))

    assert problem_of(response) == (422, "idempotency-key-reused", [])
    assert response.json()["detail"].endswith("é o pedido de id 1.")
    assert digest() == before
    assert api.post("orders/", SMALLEST, headers=keyed(api, "K")).status_code == 201


def test_a_key_that_came_with_the_order_again_stands_for_it(api: Api) -> None:
    api.post("orders/", BODY)
    api.post("orders/", BODY, headers=keyed(api, "late"))

    response = api.post("orders/", SMALLEST, headers=keyed(api, "late"))

    assert problem_of(response)[:2] == (422, "idempotency-key-reused")


def test_a_number_is_the_channels_own(api: Api) -> None:
    api.post("orders/", BODY)

    assert api.post("orders/", {**BODY, "channel": "Outra loja"}).status_code == 201
    assert [row["id"] for row in api.get("orders/?number=MKT-1").json()["results"]] == [1, 2]


def test_a_key_is_each_companys_own(api: Api, other_organization: Organization) -> None:
    stranger = create_api(other_organization, ORDER_SCOPES)
    api.post("orders/", BODY, headers=keyed(api, "k"))

    assert stranger.post("orders/", SMALLEST, headers=keyed(stranger, "k")).status_code == 201
    assert stranger.post("orders/", BODY).json()["id"] == 2


@pytest.mark.parametrize("key", ["", " ", "a b", "á", "x" * 256, "a\tb", "\x7f"])
def test_a_key_that_cannot_be_kept(api: Api, digest: Callable[[], Any], key: str) -> None:
    before = digest()

    message = "Use de 1 a 255 caracteres ASCII visíveis, sem espaços."
    answer = problem_of(api.post("orders/", BODY, headers=keyed(api, key)))

    assert answer == (400, "invalid-parameter", [("Idempotency-Key", message)])
    assert digest() == before


@pytest.mark.parametrize("key", ["~", "x" * 255, '"8e03978e-40d5-43dd-bc93-6894a57f9324"', "!"])
def test_a_key_that_can_be_kept(api: Api, key: str) -> None:
    assert api.post("orders/", BODY, headers=keyed(api, key)).status_code == 201
    assert api.post("orders/", BODY, headers=keyed(api, key)).status_code == 200
    assert problem_of(api.post("orders/", SMALLEST, headers=keyed(api, key)))[0] == 422


# --- what is refused ---

MONEY = 'Informe um valor como "50.25": até 9 dígitos e 2 casas, sem sinal.'
PRICE = MONEY.replace("2 casas", "4 casas")
AMOUNT = PRICE.replace("9 dígitos", "7 dígitos")
DAY = "Informe uma data como 2026-11-18, ou null."
NO_NULL = "Informe um valor; aqui null não é aceito."
ITEM = BODY["items"][0]


WRONG: list[tuple[dict[str, Any], list[tuple[str, str]]]] = [
    ({"prize": 1}, [("prize", UNKNOWN)]),
    ({"id": 7, "sending": {}}, [("id", READ_ONLY), ("sending", READ_ONLY)]),
    ({"total": "100"}, [("total", "É calculado aqui: não envie.")]),
    (
        {"is_return": True},
        [("is_return", "Para marcar uma devolução, use o endereço status/ do pedido.")],
    ),
    ({"number": " "}, [("number", NEEDED)]),
    ({"number": 7}, [("number", "Informe um texto.")]),
    ({"number": "x" * 81}, [("number", "Use até 80 caracteres.")]),
    ({"channel": "a\0"}, [("channel", "Há caracteres de controle, que não são aceitos.")]),
    (
        {"status": "pago"},
        [
            (
                "status",
                "Use um destes valores: placed, paid, picking, invoiced, in_transit, delivered,"
                " not_delivered, cancelled.",
            )
        ],
    ),
    ({"placed_on": "20261120"}, [("placed_on", DAY)]),
    ({"placed_on": "2026-11-31"}, [("placed_on", DAY)]),
    ({"placed_on": "2026-11-20T10:00:00Z"}, [("placed_on", DAY)]),
    ({"placed_on": None}, [("placed_on", "Informe uma data como 2026-11-18.")]),
    ({"expected_on": 20261120}, [("expected_on", DAY)]),
    ({"customer": None}, [("customer", "Informe um objeto com o cliente.")]),
    ({"customer": {"email": "x"}},
        [("customer.name", NEEDED),
         ("customer.email", "Confira o e-mail: ele tem a forma nome@empresa.com.br.")]),
    ({"customer": {"name": "a", "address": {"zip_code": "1"}}},
        [("customer.address.zip_code", "O CEP tem 8 números.")]),
    ({"customer": {"name": "a", "document": "52998224726"}},
        [("customer.document", "Confira o CPF: os dois últimos números não batem com os demais.")]),
    ({"delivery_address": "Rua A"},
        [("delivery_address", "Informe um objeto com o endereço, ou null.")]),
    ({"delivery_address": {"recipient": 7, "state": "XX", "floor": "3"}},
        [("delivery_address.recipient", "Informe um texto."),
         ("delivery_address.state", "Use a sigla do estado, como PR."),
         ("delivery_address.floor", UNKNOWN)]),
    ({"items": []}, [("items", "Envie de 1 a 500 itens.")]),
    ({"items": [ITEM] * 501}, [("items", "Envie de 1 a 500 itens.")]),
    ({"items": {}}, [("items", "Informe uma lista.")]),
    ({"items": [ITEM, "LUM-01"]}, [("items[1]", "Informe um objeto com o item.")]),
    ({"items": [{**ITEM, "total": "90"}]}, [("items[0].total", UNKNOWN)]),
    ({"items": [{}]}, [(f"items[0].{name}", NEEDED) for name in
        ("sku", "description", "quantity", "unit_price")]),
    ({"items": [ITEM, ITEM, {**ITEM, "quantity": "-1", "unit_price": "1,5", "unit": "CAIXINHA"}]},
        [("items[2].unit", "Use até 6 caracteres."),
         ("items[2].quantity", AMOUNT), ("items[2].unit_price", PRICE)]),
    ({"items": [{**ITEM, "quantity": "0.0000"}]}, [("items[0].quantity", "Informe mais que zero.")]),
    ({"items": [{**ITEM, "quantity": None}]}, [("items[0].quantity", NO_NULL)]),
    ({"items": [{**ITEM, "quantity": True}]}, [("items[0].quantity", AMOUNT)]),
    ({"items": [{**ITEM, "quantity": "9999999", "unit_price": "999999999"}]},
        [("items", "O total do pedido é grande demais.")]),
    ({"freight": "1.234"}, [("freight", MONEY)]),
    ({"freight": None}, [("freight", NO_NULL)]),
    ({"discount": "115.16"},
        [("discount", "O desconto não pode passar dos produtos mais o frete: 115.15.")]),
    ({"installments": [{"amount": "109.99"}]},
        [("installments", "As parcelas somam 109.99 e o total é 110.00: faltam 0.01.")]),
    ({"installments": [{"amount": "60"}, {"amount": "60"}]},
        [("installments", "As parcelas somam 120.00 e o total é 110.00: sobram 10.00.")]),
    ({"installments": [{"due_on": "amanhã", "days": 30}]},
        [("installments[0].amount", NEEDED), ("installments[0].due_on", DAY),
         ("installments[0].days", UNKNOWN)]),
    ({"installments": [{"amount": "1"}] * 101}, [("installments", "Use até 100 itens.")]),
    ({"seller": "Rita"}, [("seller", "Informe um objeto com o vendedor.")]),
    ({"seller": {"name": "x" * 121, "email": "a"}},
        [("seller.name", "Use até 120 caracteres."), ("seller.email", UNKNOWN)]),
    ({"notes": "x" * 2001}, [("notes", "Use até 2000 caracteres.")]),
]  # fmt: skip


def test_each_wrong_field_is_named_and_nothing_is_written(api: Api, digest: Callable[[], Any]) -> None:
    before = digest()

    for changes, errors in WRONG:
        answer = problem_of(api.post("orders/", {**BODY, **changes}))
        assert answer == (422, "invalid-fields", errors)
    assert digest() == before


def test_what_a_new_order_needs_is_said_at_once(api: Api, digest: Callable[[], Any]) -> None:
    before = digest()
    names = ("number", "placed_on", "customer", "items")

    assert problem_of(api.post("orders/", {})) == (422, "invalid-fields", [(name, NEEDED) for name in names])
    assert digest() == before


def test_the_largest_order_that_is_taken(api: Api) -> None:
    item = {"sku": "A", "description": "x", "quantity": "9999999", "unit_price": "199.9999"}
    made = api.post("orders/", {**SMALLEST, "items": [item] * 499 + [{**item, "unit_price": "0"}]})

    assert made.status_code == 201
    assert (len(made.json()["items"]), made.json()["total"]) == (500, "997999401200.00")


def test_a_discount_of_everything_is_an_order_of_nothing(api: Api) -> None:
    assert api.post("orders/", {**SMALLEST, "discount": "10"}).json()["total"] == "0.00"


# --- what is read ---


def test_an_order_of_the_erp_is_read_alike(api: Api, organization: Organization, erp_order: Order) -> None:
    body = api.get(f"orders/{erp_order.number}/").json()

    told = ("origin", "number", "sending", "installments", "items", "freight")
    assert {name: body[name] for name in told} == {
        "origin": "erp",
        "number": "E-700",
        "sending": None,
        "installments": [],
        "items": [],
        "freight": None,
    }
    assert body["erp"] == {
        "integration": "Integração Tiny ERP",
        "number": "1700",
        "situation": "Aprovado",
    }
    assert body["invoices"] == [
        {"number": "000321", "series": "1", "access_key": "4" * 44, "state": "authorized"}
    ]
    assert body["shipment"] == {
        "carrier": "Correios",
        "method": "SEDEX",
        "tracking_code": "QQ123456785BR",
        "tracking_url": "https://r.example/1",
    }
    assert body["customer"]["name"] == "Maria de Exemplo"


@pytest.fixture
def erp_order(organization: Organization, integration: Integration) -> Order:
    """One that was made at the ERP, with its nota and its tracking."""
    with tenant(organization):
        told = Erp(integration)
        carried = shipment(tracking_code="QQ123456785BR", tracking_url="https://r.example/1")
        told.list(make_row(shipment=carried))
        told.list_invoices(make_invoice())
        return Order.objects.get()


def test_what_stops_the_sending_is_told_with_its_fix(
    api: Api, organization: Organization, integration: Integration
) -> None:
    sending(organization, integration, "paid")
    api.post("orders/", BODY)
    with tenant(organization):
        Job.objects.filter(kind="export_order").update(
            status=JobStatus.PARKED,
            reason_code="catalog.sku_unknown",
            reason_params={"sku": "LUM-01"},
            parked_at=clock.now(),
        )

    problem = api.get("orders/1/").json()["sending"]["problem"]

    assert (problem["code"], problem["title"]) == (
        "catalog.sku_unknown",
        "O SKU LUM-01 não existe no Tiny",
    )
    assert problem["detail"].startswith("Nenhum produto do Tiny está vinculado a este SKU.")
    assert "problem" not in api.get("orders/").json()["results"][0]["sending"]


def test_an_order_that_was_sent_says_when(
    api: Api, organization: Organization, integration: Integration
) -> None:
    sending(organization, integration, "paid")
    api.post("orders/", BODY)
    with tenant(organization):
        sent_at = dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)
        OrderForwarding.objects.update(state="sent", sent_at=sent_at)

    assert api.get("orders/1/").json()["sending"] == {
        "state": "sent",
        "reason": "forwarding.in_status",
        "sentence": "Enviado ao ERP",
        "sent_at": "2026-11-21T12:00:00.000000Z",
        "problem": None,
    }


def test_a_reader_follows_what_changed(api: Api) -> None:
    for number in ("1", "2", "3"):
        api.post("orders/", {**SMALLEST, "number": number})
    page = api.get("orders/?limit=2").json()
    assert [row["number"] for row in page["results"]] == ["1", "2"]
    page = api.get(f"orders/?cursor={page['next']}").json()
    assert ([row["number"] for row in page["results"]], page["next"]) == (["3"], None)
    since = page["since"]

    api.post("orders/1/status/", {"status": "paid"})
    api.patch("orders/3/", {"notes": "Depois"})

    later = api.get(f"orders/?since={since}").json()["results"]
    assert [(row["number"], row["status"], row["notes"]) for row in later] == [
        ("1", "paid", ""),
        ("3", "placed", "Depois"),
    ]


def test_a_list_can_be_asked_for_some_orders(api: Api) -> None:
    api.post("orders/", BODY)
    api.post("orders/", {**SMALLEST, "number": "MKT-1"})
    api.post("orders/", {**SMALLEST, "channel": "Loja Grande"})

    def found(query: str) -> list[int]:
        return [row["id"] for row in api.get(f"orders/?{query}").json()["results"]]

    assert found("number=MKT-1") == [1, 2]
    assert found("channel=Loja Grande") == [1, 3]
    assert found("channel=") == [2]
    assert found("number=MKT-1&channel=Loja%20Grande&status=paid") == [1]
    assert found("status=placed") == [2, 3]
    assert found("number=%00") == found("number=mkt-1") == []
    assert problem_of(api.get("orders/?status=pago"))[:2] == (400, "invalid-parameter")
    assert problem_of(api.get("orders/?numero=1")) == (
        400,
        "invalid-parameter",
        [("numero", "Parâmetro desconhecido.")],
    )


def test_a_page_costs_the_same_however_long_it_is(
    api: Api, organization: Organization, integration: Integration
) -> None:
    for number in range(12):
        body = {**BODY, "number": str(number), "customer": {"name": f"Cliente {number}"}}
        assert api.post("orders/", body).status_code == 201
    with tenant(organization):
        Erp(integration).list(*(make_row(str(number)) for number in range(700, 704)))
    api.get("orders/")
    counts = []
    for limit in (1, 16):
        with CaptureQueriesContext(connection) as queries:
            assert len(api.get(f"orders/?limit={limit}").json()["results"]) == limit
        counts.append(len(queries))

    assert counts[0] == counts[1]


@pytest.mark.parametrize("number", ["0", "2", "99999999999999999999"])
def test_what_is_not_there_is_not_found(api: Api, digest: Callable[[], Any], number: str) -> None:
    api.post("orders/", SMALLEST)
    before = digest()

    answers = [
        api.get(f"orders/{number}/"),
        api.patch(f"orders/{number}/", {"notes": "x"}),
        api.post(f"orders/{number}/status/", {"status": "paid"}),
        api.post(f"orders/{number}/cancel/", {}),
    ]

    assert [problem_of(answer)[:2] for answer in answers] == [(404, "not-found")] * 4
    assert digest() == before


def test_another_companys_order_is_not_there(
    api: Api, digest: Callable[[], Any], other_organization: Organization
) -> None:
    api.post("orders/", BODY)
    stranger = create_api(other_organization, Scope.values)
    before = digest()

    answers = [
        stranger.get("orders/1/"),
        stranger.patch("orders/1/", {"notes": "x"}),
        stranger.post("orders/1/status/", {"status": "delivered"}),
        stranger.post("orders/1/cancel/", {}),
    ]

    assert [problem_of(answer)[:2] for answer in answers] == [(404, "not-found")] * 4
    assert stranger.get("orders/?number=MKT-1").json()["results"] == []
    assert digest() == before


@pytest.mark.parametrize(
    ("scope", "method", "address"),
    [
        ("orders:read", "POST", "orders/"),
        ("orders:read", "PATCH", "orders/1/"),
        ("orders:read", "POST", "orders/1/status/"),
        ("orders:read", "POST", "orders/1/cancel/"),
        ("orders:write", "GET", "orders/"),
        ("orders:write", "GET", "orders/1/"),
    ],
)
def test_without_the_scope_nothing_happens(
    api: Api, organization: Organization, digest: Callable[[], Any], scope: str, method: str, address: str
) -> None:
    api.post("orders/", BODY)
    limited = create_api(organization, [scope], name="Só isso")
    before = digest()

    answer = limited.send(method, address, {"status": "paid"} if method != "GET" else None)

    assert problem_of(answer) == (403, "missing-scope", [])
    assert digest() == before


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS"])
@pytest.mark.parametrize("address", ["orders/", "orders/1/", "orders/1/status/", "orders/1/cancel/"])
def test_another_method_is_not_there(api: Api, digest: Callable[[], Any], method: str, address: str) -> None:
    api.post("orders/", BODY)
    before = digest()

    assert problem_of(api.send(method, address, BODY))[:2] == (405, "method-not-allowed")
    assert digest() == before


# --- what is said of it later ---


def test_an_order_is_changed(api: Api, organization: Organization) -> None:
    before = api.post("orders/", BODY).json()

    changes = {"notes": "", "expected_on": None, "seller": {"name": "Rui"}}
    response = api.patch("orders/1/", changes)

    assert response.status_code == 200
    after = response.json()
    assert after["updated_at"] > before["updated_at"]
    assert after == {
        **before,
        "notes": "",
        "expected_on": None,
        "seller": {"code": "V7", "name": "Rui"},
        "updated_at": after["updated_at"],
    }
    with tenant(organization):
        line = HistoryEntry.objects.get(code="order.changed_here")
    assert (line.person, line.params["fields"]) == ("Loja", "observações, previsão, vendedor")


@pytest.mark.parametrize("body", [{}, {"notes": BODY["notes"]}, {"seller": {}}, {"seller": {"code": "V7"}}])
def test_a_change_of_nothing_is_none(api: Api, digest: Callable[[], Any], body: dict[str, Any]) -> None:
    made = api.post("orders/", BODY).json()
    before = digest()

    response = api.patch("orders/1/", body)

    assert (response.status_code, response.json()) == (200, made)
    assert digest() == before


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"status": "paid"}, ("status", "O status muda pelo endereço status/ do pedido.")),
        ({"items": []}, ("items", FINAL)),
        ({"number": "1"}, ("number", FINAL)),
        ({"total": "1"}, ("total", "É calculado aqui: não envie.")),
        ({"id": 4}, ("id", READ_ONLY)),
        ({"colour": "azul"}, ("colour", UNKNOWN)),
        ({"seller": {"code": 7}}, ("seller.code", "Informe um texto.")),
        ({"notes": None}, ("notes", "Informe um texto.")),
    ],
)
def test_a_change_that_is_none_of_an_order(
    api: Api, digest: Callable[[], Any], body: dict[str, Any], error: tuple[str, str]
) -> None:
    api.post("orders/", BODY)
    before = digest()

    assert problem_of(api.patch("orders/1/", {**body})) == (422, "invalid-fields", [error])
    assert digest() == before


def test_what_the_erp_does_not_take_any_more_is_refused(
    api: Api, organization: Organization, integration: Integration, digest: Callable[[], Any]
) -> None:
    api.post("orders/", BODY)
    with tenant(organization):
        OrderForwarding.objects.update(state="sent", sent_at=clock.now())
    before = digest()

    response = api.patch("orders/1/", {"notes": "x", "seller": {"code": "V8"}})

    message = "O pedido já foi enviado ao ERP, que não aceita mais esta mudança."
    assert problem_of(response) == (409, "change-refused", [("seller.code", message)])
    assert digest() == before
    assert api.patch("orders/1/", {"notes": "x"}).json()["notes"] == "x"


def test_an_order_of_the_erp_is_changed_there(api: Api, erp_order: Order, digest: Callable[[], Any]) -> None:
    before = digest()

    message = "Este pedido veio do ERP: mude-o lá."
    answer = problem_of(api.patch("orders/1/", {"expected_on": "2026-12-01"}))
    assert answer == (409, "change-refused", [("expected_on", message)])
    assert api.patch("orders/1/", {}).status_code == 200
    assert digest() == before


def test_a_status_is_followed(api: Api, organization: Organization, integration: Integration) -> None:
    sending(organization, integration, "picking")
    assert api.post("orders/", BODY).json()["sending"]["state"] == "waiting"

    body = api.post("orders/1/status/", {"status": "picking", "reason": "Separado às 9h"}).json()

    assert (body["status"], body["status_label"], body["sending"]["state"]) == (
        "picking",
        "Em separação",
        "due",
    )
    with tenant(organization):
        line = HistoryEntry.objects.get(code="order.status_set")
        assert (line.person, line.params) == (
            "Loja",
            {"former": "Pagamento aprovado", "status": "Em separação", "reason": "Separado às 9h"},
        )
        assert Job.objects.filter(kind="export_order").count() == 1


def test_a_return_is_a_flag_beside_the_status(api: Api) -> None:
    api.post("orders/", {**BODY, "status": "delivered"})

    body = api.post("orders/1/status/", {"status": "delivered", "is_return": True}).json()

    assert (body["status"], body["is_return"]) == ("delivered", True)
    assert api.post("orders/1/status/", {"status": "delivered"}).json() == body


@pytest.mark.parametrize(
    ("status", "wanted", "allowed"),
    [
        ("delivered", "paid", "nenhum"),
        (
            "in_transit",
            "paid",
            "delivered (Entregue), not_delivered (Não entregue), cancelled (Cancelado)",
        ),
    ],
)
def test_a_status_that_cannot_follow_is_refused(
    api: Api, digest: Callable[[], Any], status: str, wanted: str, allowed: str
) -> None:
    api.post("orders/", {**BODY, "status": status})
    before = digest()

    response = api.post("orders/1/status/", {"status": wanted})

    assert problem_of(response) == (409, "status-refused", [])
    labels = OrderStatus(status).label, OrderStatus(wanted).label
    refusal = f"De {labels[0]} um pedido não passa para {labels[1]}."
    assert response.json()["detail"] == f"{refusal} Os que podem vir agora: {allowed}."
    assert digest() == before


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({}, ("status", NEEDED)),
        ({"status": "paid", "is_return": "sim"}, ("is_return", "Use true ou false.")),
        ({"status": "paid", "reason": "x" * 501}, ("reason", "Use até 500 caracteres.")),
        ({"status": "paid", "when": "agora"}, ("when", UNKNOWN)),
    ],
)
def test_a_status_that_cannot_be_read(
    api: Api, digest: Callable[[], Any], body: dict[str, Any], error: tuple[str, str]
) -> None:
    api.post("orders/", {**BODY, "status": "placed"})
    before = digest()

    assert problem_of(api.post("orders/1/status/", body)) == (422, "invalid-fields", [error])
    assert digest() == before


def test_an_order_is_cancelled_once(api: Api, organization: Organization, digest: Callable[[], Any]) -> None:
    api.post("orders/", BODY)

    body = api.post("orders/1/cancel/", {"reason": "O cliente desistiu"}).json()

    assert (body["status"], body["sending"]["sentence"]) == ("cancelled", "Foi cancelado antes do envio")
    with tenant(organization):
        line = HistoryEntry.objects.get(code="order.cancelled_here")
        assert (line.person, line.params["reason"]) == ("Loja", "O cliente desistiu")
    before = digest()
    assert api.post("orders/1/cancel/", {"reason": "De novo"}).json() == body
    assert digest() == before


def test_a_delivered_order_is_not_cancelled(api: Api, digest: Callable[[], Any]) -> None:
    api.post("orders/", {**BODY, "status": "delivered"})
    before = digest()

    assert problem_of(api.post("orders/1/cancel/", {})) == (409, "status-refused", [])
    assert problem_of(api.post("orders/1/cancel/", {"status": "paid"}))[:2] == (422, "invalid-fields")
    assert digest() == before


# --- what is written about it ---


def test_the_documentation_names_every_field(api: Api, erp_order: Order) -> None:
    text = (Path(settings.BASE_DIR) / "docs" / "API.md").read_text()
    section = text.partition("## Pedidos")[2].partition("## Listas")[0]
    told = {
        name
        for row in re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|", section, re.M)
        for name in row.split("`")[1::2]
    }
    assert told == {*api.get("orders/1/").json(), "integration"}


def test_no_log_tells_who_it_was(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    api.post("orders/", BODY)
    api.post("orders/", {**BODY, "customer": {**BODY["customer"], "document": "52998224726"}})
    for text in ("52998224725", "529.982.247", "52998224726", "maria@exemplo", "99876"):
        assert text not in caplog.text
