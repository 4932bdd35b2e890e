"""«Rastreamento»: the list of parcels, its views and filters, and having carriers asked again."""

from __future__ import annotations

import datetime as dt
import html
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts import clock, services
from accounts.models import Organization, Perfil, User
from accounts.tenancy import tenant
from contracts.order_status import OrderStatus
from contracts.tracking import ParcelState
from integrations.models import Integration
from orders.parcel_selectors import VIEWS
from tests.orders.parcels import Carriage
from tracking.models import AccountState, CarrierAccount, EndReason, Parcel

BASE = "/o/casa-aurora/rastreamento/"
FRAGMENT = {"HX-Request": "true"}
DAY = dt.timedelta(days=1)


@pytest.fixture
def client(admin: User, client_of: Callable[[User], Client]) -> Client:
    return client_of(admin)


@pytest.fixture
def viewer(organization: Organization, client_of: Callable[[User], Client]) -> Client:
    return client_of(
        services.add_member(
            organization=organization, email="vera@aurora.test", name="Vera Lima", perfil=Perfil.VIEWER
        ).user
    )


@pytest.fixture
def carriage(organization: Organization, integration: Integration) -> Carriage:
    return Carriage(organization, integration)


def plain(page: str) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page)))


def listed(page: str) -> list[int]:
    """The orders of the list, in its order."""
    return [int(number) for number in re.findall(r'class="main-link" href="[^"]*/pedidos/(\d+)/"', page)]


def tabs(page: str) -> dict[str, int]:
    found = re.findall(r'<a href="\?[^"]*"[^>]*>([^<]*) <span class="count">([\d.]+)</span></a>', page)
    return {label: int(count.replace(".", "")) for label, count in found}


def read(client: Client, expected: int = 200, **query: Any) -> str:
    response = client.get(BASE, query)
    assert response.status_code == expected
    return response.content.decode()


@pytest.fixture
def all_kinds(carriage: Carriage, other_organization: Organization) -> dict[str, list[int]]:
    """Parcels in every state; by view the orders that it shows, and a neighbour's that none does."""
    today, now = clock.today(), clock.now()

    def add(number: int, state: ParcelState = ParcelState.IN_TRANSIT, **values: Any) -> None:
        carriage.add_parcel(carriage.add_order(number), state, **values)

    add(1, ParcelState.POSTED, last_event_at=now - dt.timedelta(hours=1))
    add(2, ParcelState.IN_TRANSIT, expected_on=today - DAY, last_event_at=now - dt.timedelta(hours=2))
    add(3, ParcelState.OUT_FOR_DELIVERY, last_event_at=now - dt.timedelta(hours=3), expected_on=today)
    add(4, ParcelState.DELIVERY_FAILED, last_event_at=now - dt.timedelta(hours=4))
    add(5, ParcelState.RETURNED, ended_at=now, end_reason=EndReason.ARRIVED, last_event_at=now - DAY)
    add(6, ParcelState.AVAILABLE_FOR_PICKUP, last_event_at=now - 9 * DAY, expected_on=today - 9 * DAY)
    add(7, ParcelState.IN_TRANSIT, last_event_at=now - 6 * DAY)
    add(8, ParcelState.PENDING, carrier_key="", tracker="", confidence="none", last_event_at=None)
    ended = {"ended_at": now, "end_reason": EndReason.ARRIVED, "expected_on": today - DAY}
    add(9, ParcelState.DELIVERED, last_event_at=now - 20 * DAY, **ended)
    add(10, ParcelState.IN_TRANSIT, ended_at=now, end_reason=EndReason.CODE_REPLACED)
    carriage.add_shipment(carriage.add_order(11, status=OrderStatus.INVOICED), carrier_name="Jadlog")
    carriage.add_shipment(carriage.add_order(12, status=OrderStatus.DELIVERED), carrier_name="Jadlog")
    neighbour = Carriage(other_organization)
    neighbour.add_parcel(neighbour.add_order(77))
    neighbour.add_shipment(neighbour.add_order(78))
    return {
        "todos": [1, 2, 3, 4, 5, 7, 6, 9, 8],
        "em-transito": [1, 2, 7],
        "saiu-para-entrega": [3],
        "atrasados": [2],
        "parados": [7],
        "ocorrencias": [5, 4],
        "aguardando-retirada": [6],
        "sem-codigo": [11],
        "nao-identificada": [8],
        "entregues": [9],
    }


# --- the list ---


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.key)
def test_each_view_shows_its_own(client: Client, all_kinds: dict[str, list[int]], view: Any) -> None:
    assert listed(read(client, visao=view.key)) == all_kinds[view.key]


def test_each_view_is_counted(client: Client, all_kinds: dict[str, list[int]]) -> None:
    assert tabs(read(client)) == {view.label: len(all_kinds[view.key]) for view in VIEWS}
    assert tabs(read(client, visao="sem-codigo", q="1")) == {
        view.label: 1 if view.key in ("todos", "em-transito") else 0 for view in VIEWS
    }


def test_a_row_says_where_the_parcel_is(client: Client, carriage: Carriage) -> None:
    order = carriage.add_order(1, city="Belém")
    carriage.add_parcel(order, code="AA000000115BR", expected_on=clock.today() - 2 * DAY)

    text = plain(read(client))

    assert "1 Nº no Tiny 11" in text
    assert "Correios SEDEX AA000000115BR" in text
    assert "Em trânsito Atrasado 2 dias" in text
    assert "Objeto em transferência em Cajamar/SP, há 3 h" in text
    assert f"{clock.today() - 2 * DAY:%d/%m/%Y}" in text
    assert "Belém/PR" in text


def test_what_waits_for_a_code_says_since_when(client: Client, carriage: Carriage) -> None:
    order = carriage.add_order(3, status=OrderStatus.INVOICED)
    carriage.add_shipment(order, shipping_method="Transportadora do João")

    text = plain(read(client, visao="sem-codigo"))

    assert "Transportadora do João Ainda não informado Sem código Esperando desde" in text


def test_what_is_no_code_is_shown_as_such(client: Client, carriage: Carriage) -> None:
    carriage.add_shipment(carriage.add_order(3), tracking_code="aguardando <b>")

    page = read(client, visao="sem-codigo")

    assert "aguardando <b> Não parece um código de rastreio" in plain(page)
    carriage.add_shipment(carriage.add_order(4), tracking_code="AA000000115BR")
    assert "AA000000115BR O rastreio começa em instantes" in plain(read(client, visao="sem-codigo"))
    assert "<b>" not in page


def test_of_an_order_with_two_parcels_each_has_its_row(client: Client, carriage: Carriage) -> None:
    order = carriage.add_order(1)
    carriage.add_parcel(order, code="AA000000115BR")
    carriage.add_parcel(order, code="AA000000129BR")

    page = read(client)

    assert listed(page) == [1, 1]
    assert "AA000000115BR" in page
    assert "AA000000129BR" in page


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("AA000000115BR", [1]),
        (" aa 000 000 115 br", [1]),
        ("2", [2]),
        ("#2", [2]),
        ("12", [2]),
        ("LOJA-1", [1]),
        ("nada", []),
        ("%", []),
        ("9" * 40, []),
        ("٢", []),
    ],
)
def test_search(client: Client, carriage: Carriage, text: str, found: list[int]) -> None:
    carriage.add_parcel(carriage.add_order(1, ecommerce_number="LOJA-1"), code="AA000000115BR")
    carriage.add_parcel(carriage.add_order(2), code="AA000000129BR")

    assert listed(read(client, q=text)) == found


def test_of_one_carrier(client: Client, carriage: Carriage) -> None:
    carriage.add_parcel(carriage.add_order(1))
    carriage.add_parcel(carriage.add_order(2), carrier_key="jadlog", tracker="", code="12345678901234")

    page = read(client, transportadora="jadlog")

    assert listed(page) == [2]
    assert '<option value="jadlog" selected>Jadlog</option>' in page
    assert listed(read(client, transportadora="nenhuma")) == [2, 1]


def test_of_one_integration(client: Client, carriage: Carriage, organization: Organization) -> None:
    with tenant(organization):
        other = Integration.objects.create(
            provider="tiny", protocol="v3", name="Filial", created_at=clock.now()
        )
    carriage.add_parcel(carriage.add_order(1))
    branch = Carriage(organization, other)
    branch.add_parcel(branch.add_order(2))

    assert listed(read(client, integracao=str(other.pk))) == [2]


def test_pages(client: Client, carriage: Carriage) -> None:
    for number in range(1, 28):
        carriage.add_parcel(carriage.add_order(number))

    assert len(listed(read(client))) == 25
    assert "26–27 de 27 pacotes" in plain(read(client, pagina="2"))


def test_a_filter_swaps_the_list_alone(client: Client, carriage: Carriage) -> None:
    carriage.add_parcel(carriage.add_order(1))

    page = client.get(BASE, {"visao": "em-transito"}, headers=FRAGMENT).content.decode()

    assert listed(page) == [1]
    assert "<html" not in page
    assert tabs(page)["Em trânsito"] == 1


# --- what nobody knows, and what anybody may have written ---


def test_an_unknown_carrier_is_one_click_from_the_de_para(client: Client, carriage: Carriage) -> None:
    parcel = carriage.add_parcel(
        carriage.add_order(1),
        carrier_key="",
        tracker="",
        confidence="none",
        identified_by="carrier.not_named",
        shipping_method="Frete da Loja",
        carrier_name="ZYX Cargas",
    )

    page = read(client, visao="nao-identificada")

    text = plain(page)
    assert "Transportadora não identificada" in text
    assert "Forma de envio: Frete da Loja" in text
    assert "Transportador: ZYX Cargas" in text
    assert f'href="{BASE}de-para/incluir/?pacote={parcel.pk}"' in page


def test_a_guess_is_shown_as_one(client: Client, carriage: Carriage) -> None:
    carriage.add_parcel(
        carriage.add_order(1), carrier_key="jadlog", confidence="likely", shipping_method="Frete", tracker=""
    )

    text = plain(read(client))

    assert "Jadlog provável" in text
    assert "Confirmar" in text


def test_hostile_text_is_only_text(client: Client, carriage: Carriage) -> None:
    carriage.add_parcel(
        carriage.add_order(1),
        carrier_key="",
        tracker="",
        code="<script>alert(1)</script>",
        carrier_name='"><img src=x onerror=alert(1)>',
        last_text="<b>forte</b>",
        last_place="<i>aqui</i>",
    )

    page = read(client)

    for raw in ("<script>alert", "<img src=x", "<b>forte", "<i>aqui"):
        assert raw not in page
    assert html.escape("<script>alert(1)</script>") in page


def test_the_key_of_a_nota_is_never_shown(client: Client, carriage: Carriage) -> None:
    key = "41261111222333000181550010000003211000003214"
    carriage.add_parcel(carriage.add_order(1), code="", nfe_key=key, carrier_key="ssw_network", tracker="ssw")

    page = read(client)

    assert "Pela nota fiscal" in page
    assert key not in page


# --- nothing to show ---


def test_before_the_first_parcel_it_says_when_tracking_begins(
    client: Client, carriage: Carriage, other_organization: Organization
) -> None:
    neighbour = Carriage(other_organization)
    neighbour.add_parcel(neighbour.add_order(1))

    text = plain(read(client))

    assert "O rastreio começa quando o Tiny informa o código." in text
    assert "Em trânsito" not in text


def test_without_an_integration_it_leads_to_connecting_one(
    organization: Organization, client: Client
) -> None:
    page = read(client)

    assert "Conecte seu ERP" in plain(page)
    assert 'href="/o/casa-aurora/integracoes/erp/nativos/"' in page


@pytest.mark.parametrize("view", [view for view in VIEWS if view.key not in ("todos", "em-transito")])
def test_an_empty_view_has_its_sentence(client: Client, carriage: Carriage, view: Any) -> None:
    carriage.add_parcel(carriage.add_order(1))

    text = plain(read(client, visao=view.key))

    assert view.empty_title in text
    assert view.empty_detail in text


def test_an_empty_filter_says_so(client: Client, carriage: Carriage) -> None:
    carriage.add_parcel(carriage.add_order(1))

    assert "Nenhum pacote com estes filtros" in plain(read(client, q="nada"))


# --- «Consultar de novo» ---


def ask(client: Client, *parcels: Parcel, **data: str) -> Any:
    return client.post(f"{BASE}consultar/", {"id": [parcel.pk for parcel in parcels], **data})


def next_asks(organization: Organization, *parcels: Parcel) -> list[dt.datetime | None]:
    with tenant(organization):
        by_id = dict(Parcel.objects.values_list("pk", "next_ask_at"))
    return [by_id[parcel.pk] for parcel in parcels]


def test_those_that_a_carrier_answers_for_are_asked_for_now(
    client: Client, carriage: Carriage, organization: Organization
) -> None:
    first, second = (carriage.add_parcel(carriage.add_order(number)) for number in (1, 2))
    word = carriage.add_parcel(carriage.add_order(3), tracker="", takes_word=True, next_ask_at=None)
    left = carriage.add_parcel(carriage.add_order(4))

    response = ask(client, first, second, word, query="visao=em-transito")

    assert response["Location"] == f"{BASE}?visao=em-transito"
    asked = next_asks(organization, first, second, word, left)
    now = clock.now()
    assert [moment is not None and moment <= now for moment in asked] == [True, True, False, False]
    text = plain(client.get(response["Location"]).content.decode())
    assert "2 pacotes vão ser consultados agora. 1 não tem consulta automática." in text


@pytest.mark.parametrize("with_another", [True, False])
def test_those_of_a_refused_contract_wait_and_are_told_so(
    client: Client, carriage: Carriage, organization: Organization, with_another: bool
) -> None:
    refused = [carriage.add_parcel(carriage.add_order(number)) for number in (1, 2)]
    other = carriage.add_parcel(carriage.add_order(3), tracker="ssw", carrier_key="ssw_network")
    with tenant(organization):
        CarrierAccount.objects.create(tracker="correios", state=AccountState.FAILING, saved_at=clock.now())
    before = next_asks(organization, *refused)

    response = ask(client, *refused, *[other] * with_another)

    text = plain(client.get(response["Location"]).content.decode())
    assert "2 pacotes esperam: a transportadora recusou o contrato." in text
    assert "quando um Administrador o corrigir em Rastreamento > Contratos." in text
    assert ("1 pacote vai ser consultado agora." in text) is with_another
    assert "consulta automática" not in text
    assert next_asks(organization, *refused) == before


def test_from_an_order_it_leads_back_there(client: Client, carriage: Carriage) -> None:
    response = ask(client, carriage.add_parcel(carriage.add_order(5)), order="5")

    assert response["Location"] == "/o/casa-aurora/pedidos/5/"


@pytest.mark.parametrize("ids", [[], ["abc"], ["9" * 30], ["0"]])
def test_nothing_is_asked_for_what_is_none(client: Client, carriage: Carriage, ids: list[str]) -> None:
    response = client.post(f"{BASE}consultar/", {"id": ids})

    assert (response.status_code, response["Location"]) == (302, BASE)


def test_a_neighbours_parcel_is_not_asked_for(
    client: Client, organization: Organization, other_organization: Organization
) -> None:
    neighbour = Carriage(other_organization)
    parcel = neighbour.add_parcel(neighbour.add_order(1))
    before = next_asks(other_organization, parcel)

    ask(client, parcel)

    assert next_asks(other_organization, parcel) == before


def test_who_only_looks_has_nothing_asked(
    viewer: Client, carriage: Carriage, organization: Organization
) -> None:
    parcel = carriage.add_parcel(carriage.add_order(1))
    before = next_asks(organization, parcel)

    assert ask(viewer, parcel).status_code == 404

    assert next_asks(organization, parcel) == before
    page = read(viewer)
    assert listed(page) == [1]
    assert "Consultar de novo" not in page
    assert 'type="checkbox"' not in page


# --- cost ---


def count_queries(client: Client, **query: str) -> int:
    client.get(BASE, query)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert client.get(BASE, query).status_code == 200
    return len(queries)


@pytest.mark.parametrize("view", ["todos", "sem-codigo"])
def test_fifty_rows_cost_as_many_queries_as_one(client: Client, carriage: Carriage, view: str) -> None:
    def add(number: int) -> None:
        carriage.add_parcel(carriage.add_order(number))
        carriage.add_shipment(carriage.add_order(1000 + number, status=OrderStatus.INVOICED))

    add(1)
    one = count_queries(client, visao=view, por_pagina="50")
    for number in range(2, 51):
        add(number)

    assert count_queries(client, visao=view, por_pagina="50") == one
