"""The de-para of carriers: what the ERP's texts are here, and a person saying so."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts import services as accounts_services
from accounts.models import Organization, Perfil, User
from accounts.tenancy import tenant
from tests.tracking.companies import Shipper, make_code
from tracking.models import CarrierMapping, Parcel

BASE = "/o/casa-aurora/rastreamento/de-para/"
UNKNOWN = "Frete da Loja"

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(admin: User, client_of: Callable[[User], Client]) -> Client:
    return client_of(admin)


@pytest.fixture
def viewer(organization: Organization, client_of: Callable[[User], Client]) -> Client:
    return client_of(
        accounts_services.add_member(
            organization=organization, email="vera@aurora.test", name="Vera Lima", perfil=Perfil.VIEWER
        ).user
    )


def plain(page: str) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page)))


def read(client: Client, path: str = BASE) -> str:
    response = client.get(path)
    assert response.status_code == 200
    return response.content.decode()


def rows(page: str) -> list[str]:
    return [plain(row).strip() for row in re.findall(r"<tr>(.*?)</tr>", page, re.DOTALL)[1:]]


def links(page: str) -> list[str]:
    return [html.unescape(link) for link in re.findall(r'href="([^"]*)"', page)]


def choose(client: Client, path: str, **data: str) -> Any:
    return client.post(path, {"carrier": "jadlog", "service": "", **data})


def of_text(text: str = UNKNOWN, kind: str = "shipping_method") -> str:
    return f"{BASE}incluir/?{urlencode({'tipo': kind, 'texto': text})}"


def carriers(organization: Organization) -> list[str]:
    with tenant(organization):
        return list(Parcel.objects.order_by("pk").values_list("carrier_key", flat=True))


def mappings(organization: Organization) -> list[tuple[str, ...]]:
    with tenant(organization):
        names = ("kind", "label", "carrier_key", "service", "made_by")
        return list(CarrierMapping.objects.order_by("pk").values_list(*names))


# --- the list ---


def test_the_texts_that_were_seen_the_unknown_ones_first(
    client: Client, shipper: Shipper, neighbour: Shipper
) -> None:
    shipper.follow(make_code(1))
    for number in (1, 2):
        shipper.follow(f"XPTO-{number}", shipping_method=UNKNOWN)
    shipper.follow("XPTO-3", shipping_method=UNKNOWN.upper())
    neighbour.follow("XPTO-4", shipping_method="Frete do vizinho")

    page = read(client)

    first, second = rows(page)
    assert re.fullmatch(r"Frete da Loja Forma de envio 3 pacotes Não identificada Escolher a .*", first, re.I)
    assert second.startswith("SEDEX Forma de envio 1 pacote Correios Reconhecida Escolher")
    assert "vizinho" not in page


def test_a_guess_is_shown_as_one(client: Client, shipper: Shipper, organization: Organization) -> None:
    shipper.follow("XPTO-1", shipping_method=UNKNOWN)
    with tenant(organization):
        Parcel.objects.update(carrier_key="jadlog", confidence="likely")

    (row,) = rows(read(client))
    assert row.startswith(f"{UNKNOWN} Forma de envio 1 pacote Jadlog provável")


def test_before_the_first_parcel_it_says_what_comes(client: Client, organization: Organization) -> None:
    assert "Nenhum texto do Tiny ainda" in plain(read(client))


def test_many_texts_cost_as_many_queries_as_one(client: Client, shipper: Shipper) -> None:
    def count() -> int:
        client.get(BASE)
        with CaptureQueriesContext(connection) as queries:
            read(client)
        return len(queries)

    shipper.follow("XPTO-0", shipping_method=UNKNOWN)
    one = count()
    for number in range(1, 20):
        shipper.follow(f"XPTO-{number}", shipping_method=f"{UNKNOWN} {number}")

    assert count() == one


# --- choosing ---


def test_choosing_identifies_the_parcels_of_now_and_of_later(
    client: Client, shipper: Shipper, organization: Organization, run_jobs: Callable[[], int]
) -> None:
    for number in (1, 2):
        shipper.follow(f"XPTO-{number}", shipping_method=UNKNOWN)
    address = next(link for link in links(read(client)) if "/incluir/?" in link)
    assert f"Forma de envio no Tiny {UNKNOWN}" in plain(read(client, address))

    response = choose(client, address, service=".Package")

    assert response["Location"] == BASE
    page = read(client)
    assert "De-para salvo: 2 pacotes identificados como de Jadlog." in plain(page)
    assert rows(page)[0].startswith(
        f"{UNKNOWN} Forma de envio 2 pacotes Jadlog .Package De-para Por Ana Souza"
    )
    assert mappings(organization) == [("shipping_method", UNKNOWN, "jadlog", ".Package", "Ana Souza")]
    run_jobs()
    shipper.follow("XPTO-3", shipping_method=f"  {UNKNOWN.upper()} ")
    assert carriers(organization) == ["jadlog"] * 3


def test_from_a_parcel_a_person_says_which_of_its_texts_it_is(
    client: Client, shipper: Shipper, organization: Organization, neighbour: Shipper
) -> None:
    parcel = shipper.follow("XPTO-1", shipping_method=UNKNOWN, carrier_name="ZYX Cargas")
    theirs = neighbour.follow("XPTO-1", shipping_method=UNKNOWN)
    address = f"{BASE}incluir/?pacote={parcel.pk}"

    text = plain(read(client, address))
    assert f"Forma de envio: {UNKNOWN}" in text
    assert "Transportador: ZYX Cargas" in text
    choose(client, address, source="carrier_name")

    assert mappings(organization) == [("carrier_name", "ZYX Cargas", "jadlog", "", "Ana Souza")]
    assert mappings(neighbour.organization) == []
    assert client.get(f"{BASE}incluir/?pacote={theirs.pk}").status_code == 404
    assert choose(client, f"{BASE}incluir/?pacote={theirs.pk}").status_code == 404


@pytest.mark.parametrize("query", ["", "?tipo=outro&texto=x", "?tipo=shipping_method", "?pacote=abc"])
def test_without_a_text_it_leads_to_the_list(client: Client, organization: Organization, query: str) -> None:
    assert client.get(f"{BASE}incluir/{query}")["Location"] == BASE


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"carrier": ""}, "Escolha a transportadora."),
        ({"carrier": "nenhuma"}, "Faça uma escolha válida"),
        ({"service": "x" * 81}, "no máximo 80"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_saved(
    client: Client, organization: Organization, data: dict[str, str], sentence: str
) -> None:
    response = choose(client, of_text(), **data)

    assert response.status_code == 422
    assert sentence in plain(response.content.decode())
    assert mappings(organization) == []


def test_hostile_text_is_only_text(client: Client, shipper: Shipper) -> None:
    text = '"><script>alert(1)</script>'
    parcel = shipper.follow("XPTO-1", shipping_method=text)

    for path in (BASE, of_text(text), f"{BASE}incluir/?pacote={parcel.pk}"):
        page = read(client, path)
        assert "<script>alert" not in page
        assert html.escape(text) in page


# --- changing it ---


@pytest.fixture
def mapping(client: Client, organization: Organization) -> CarrierMapping:
    choose(client, of_text())
    with tenant(organization):
        return CarrierMapping.objects.get()


def test_editing(
    client: Client,
    shipper: Shipper,
    mapping: CarrierMapping,
    organization: Organization,
    run_jobs: Callable[[], int],
) -> None:
    shipper.follow("XPTO-1", shipping_method=UNKNOWN)
    address = f"{BASE}{mapping.pk}/"
    assert '<option value="jadlog" selected>' in read(client, address)

    response = choose(client, address, carrier="correios", service="PAC")

    assert response["Location"] == BASE
    assert mappings(organization) == [("shipping_method", UNKNOWN, "correios", "PAC", "Ana Souza")]
    run_jobs()
    assert carriers(organization) == ["correios"]


def test_deleting_asks_first(
    client: Client,
    shipper: Shipper,
    mapping: CarrierMapping,
    organization: Organization,
    run_jobs: Callable[[], int],
) -> None:
    shipper.follow("XPTO-1", shipping_method=UNKNOWN)
    address = f"{BASE}{mapping.pk}/excluir/"

    text = plain(read(client, address))
    assert f"Excluir o de-para de «{UNKNOWN}»?" in text
    assert "1 pacote em andamento com este texto volta ao que reconhecemos sozinhos" in text
    assert len(mappings(organization)) == 1

    assert client.post(address)["Location"] == BASE
    assert mappings(organization) == []
    run_jobs()
    assert carriers(organization) == [""]
    assert client.post(address).status_code == 404


# --- who may ---


def test_who_only_looks_changes_nothing(
    viewer: Client, mapping: CarrierMapping, organization: Organization
) -> None:
    before = mappings(organization)

    page = read(viewer)
    assert UNKNOWN in page
    assert "Editar" not in plain(page)
    for path in (of_text(), f"{BASE}{mapping.pk}/", f"{BASE}{mapping.pk}/excluir/"):
        assert viewer.get(path).status_code == 404
        assert choose(viewer, path, carrier="correios").status_code == 404

    assert mappings(organization) == before


def test_a_neighbours_line_is_not_found(
    mapping: CarrierMapping,
    organization: Organization,
    stranger: User,
    client_of: Callable[[User], Client],
) -> None:
    before = mappings(organization)
    client = client_of(stranger)

    for path in (f"{mapping.pk}/", f"{mapping.pk}/excluir/"):
        assert choose(client, f"/o/loja-vizinha/rastreamento/de-para/{path}").status_code == 404
        assert choose(client, f"{BASE}{path}").status_code == 404

    assert mappings(organization) == before
