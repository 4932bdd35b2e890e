"""Contracts with carriers: saved without being shown again, tested, refused, corrected, deleted."""

from __future__ import annotations

import datetime as dt
import html
import re
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from django.test import Client

from accounts import services as accounts_services
from accounts.models import Organization, Perfil, User
from accounts.tenancy import tenant
from tests.simulated_carriers import SimulatedCarriers
from tests.tracking.companies import NFE_KEY, Shipper, make_code
from tracking.models import AccountState, CarrierAccount
from tracking.services import read_credentials
from tracking.views import ASK_AN_ADMIN

BASE = "/o/casa-aurora/rastreamento/contratos/"
CORREIOS = f"{BASE}correios/"
TEST = f"{CORREIOS}teste/"
FRAGMENT = {"HX-Request": "true"}

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(admin: User, client_of: Callable[[User], Client]) -> Client:
    return client_of(admin)


@pytest.fixture
def people(organization: Organization, client_of: Callable[[User], Client]) -> dict[str, Client]:
    return {
        perfil: client_of(
            accounts_services.add_member(
                organization=organization, email=f"{perfil}@aurora.test", name="Outra", perfil=perfil
            ).user
        )
        for perfil in (Perfil.OPERATOR, Perfil.VIEWER)
    }


def plain(page: str) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page)))


def read(client: Client, path: str = CORREIOS) -> str:
    response = client.get(path)
    assert response.status_code == 200
    return response.content.decode()


def stored(organization: Organization) -> dict[str, str]:
    with tenant(organization):
        account = CarrierAccount.objects.filter(tracker="correios").first()
        return read_credentials(account) if account is not None else {}


def test_before_the_contract(client: Client, organization: Organization) -> None:
    text = plain(read(client, BASE))

    assert "Correios Sem contrato Sem o contrato, não consultamos" in text
    assert "Informar contrato : Correios" in text
    assert "Não precisa de contrato: consultamos sozinhos, pela chave da nota fiscal." in text
    assert 'id="teste"' not in read(client)


def test_saving_tests_it(
    client: Client,
    organization: Organization,
    contract: Mapping[str, str],
    run_jobs: Callable[[], int],
) -> None:
    response = client.post(CORREIOS, contract)

    assert (response.status_code, response["Location"]) == (302, CORREIOS)
    assert stored(organization) == contract
    page = read(client)
    assert "Contrato salvo. Estamos testando agora." in plain(page)
    assert "Testando…" in plain(page)
    assert 'hx-trigger="load delay:700ms"' in page
    run_jobs()
    page = client.get(TEST, headers=FRAGMENT).content.decode()
    assert "O contrato funciona" in plain(page)
    assert "hx-trigger" not in page


def test_the_secret_is_never_shown_again(
    client: Client, people: dict[str, Client], organization: Organization, contract: Mapping[str, str]
) -> None:
    client.post(CORREIOS, contract)

    secret, card = contract["access_code"], contract["posting_card"]
    page = read(client)
    assert secret not in page
    assert f"</span>{secret[-4:]}</span>" in page
    assert card in page
    for other in people.values():
        page = read(other) + read(other, BASE)
        assert secret not in page
        assert f"</span>{secret[-4:]}</span>" not in page
        assert card not in page
        assert contract["user"] not in page


def test_a_blank_secret_keeps_the_stored_one(
    client: Client, organization: Organization, contract: Mapping[str, str]
) -> None:
    client.post(CORREIOS, contract)

    client.post(CORREIOS, {**contract, "access_code": "", "posting_card": "0011223344"})

    assert stored(organization) == {**contract, "posting_card": "0011223344"}


def test_what_is_missing_is_said(
    client: Client, organization: Organization, contract: Mapping[str, str]
) -> None:
    response = client.post(CORREIOS, {"user": contract["user"], "access_code": "", "posting_card": " "})

    text = plain(response.content.decode())
    assert response.status_code == 422
    assert "Para salvar, corrija 2 campos:" in text
    assert "Informe: Código de acesso às APIs." in text
    assert stored(organization) == {}


def test_a_refused_contract_says_what_stopped_and_how_to_go_on(
    client: Client,
    shipper: Shipper,
    organization: Organization,
    contract: Mapping[str, str],
    run_jobs: Callable[[], int],
) -> None:
    shipper.follow(make_code(1))
    client.post(CORREIOS, {**contract, "access_code": "wrong-code"})
    run_jobs()

    assert shipper.account.state == AccountState.FAILING
    text = plain(read(client, BASE))
    assert (
        "Recusado Correios recusou este contrato, e as consultas pararam. Nenhum pacote foi perdido" in text
    )
    assert "1 pacote em andamento" in text
    assert "Corrigir contrato" in text
    page = read(client)
    assert 'class="banner err' in page
    assert "O teste parou em" in plain(page)

    client.post(CORREIOS, contract)
    run_jobs()

    assert shipper.account.state == AccountState.OK
    assert "O contrato funciona" in plain(read(client))


def test_testing_again(
    people: dict[str, Client],
    shipper: Shipper,
    contract: Mapping[str, str],
    run_jobs: Callable[[], int],
    owner_sql: Any,
) -> None:
    shipper.sign(contract)
    run_jobs()
    with tenant(shipper.organization):
        CarrierAccount.objects.update(check_asked_at="2026-01-01T00:00:00Z", check_steps=[])
    operator = people[Perfil.OPERATOR]

    response = operator.post(TEST, headers=FRAGMENT)

    assert "Testando…" in plain(response.content.decode())
    assert operator.post(TEST)["Location"] == CORREIOS
    run_jobs()
    assert "O contrato funciona" in plain(read(operator))


def test_a_test_that_ends_a_refusal_tells_the_whole_page(
    client: Client, shipper: Shipper, contract: Mapping[str, str], run_jobs: Callable[[], int]
) -> None:
    shipper.sign(contract)
    run_jobs()

    refreshed = client.get(f"{TEST}?estado=failing", headers=FRAGMENT)
    calm = client.get(f"{TEST}?estado=ok", headers=FRAGMENT)

    assert refreshed["HX-Refresh"] == "true"
    assert "HX-Refresh" not in calm


def test_deleting_asks_first(
    client: Client, shipper: Shipper, contract: Mapping[str, str], organization: Organization
) -> None:
    shipper.sign(contract)
    shipper.follow(make_code(1))
    address = f"{CORREIOS}apagar/"

    assert "1 pacote em andamento passa a valer pela situação no ERP." in plain(read(client, address))
    assert stored(organization) == contract

    assert client.post(address)["Location"] == BASE
    assert stored(organization) == {}
    assert "Sem contrato" in plain(read(client, BASE))


def test_only_an_administrador_changes_it(
    people: dict[str, Client], shipper: Shipper, contract: Mapping[str, str]
) -> None:
    shipper.sign(contract)
    before = shipper.rows()

    for client in people.values():
        assert "Salvar" not in plain(read(client))
        for path in (BASE, CORREIOS):
            assert ASK_AN_ADMIN in plain(read(client, path))
        assert client.post(CORREIOS, {**contract, "user": "outra"}).status_code == 404
        assert client.get(f"{CORREIOS}apagar/").status_code == 404
        assert client.post(f"{CORREIOS}apagar/").status_code == 404
    viewer = people[Perfil.VIEWER]
    assert viewer.get(TEST).status_code == 404
    assert viewer.post(TEST).status_code == 404

    assert shipper.rows() == before


def test_a_test_that_lost_its_worker_is_not_waited_for_for_ever(
    client: Client,
    shipper: Shipper,
    contract: Mapping[str, str],
    move_clock: Callable[[dt.timedelta], None],
) -> None:
    shipper.sign(contract)
    assert "Testando…" in plain(client.get(TEST, headers={"HX-Request": "true"}).content.decode())
    move_clock(dt.timedelta(minutes=2))

    page = client.get(TEST, headers={"HX-Request": "true"}).content.decode()

    assert "Testando…" not in page
    assert "O teste não terminou: toque em «Testar» de novo" in plain(page)
    assert "hx-trigger" not in page
    assert client.post(TEST).status_code == 302
    assert "Testando…" in plain(read(client))


def test_a_carrier_that_all_share_tells_that_it_does_not_answer(
    client: Client,
    shipper: Shipper,
    simulated_carriers: SimulatedCarriers,
    run_jobs: Callable[[], int],
) -> None:
    simulated_carriers.add_fault("forbidden", carrier="ssw", route="track")
    shipper.follow(carrier_name="Ativa Logística", nfe_key=NFE_KEY)
    assert "Não precisa de contrato" in plain(read(client, BASE))
    run_jobs()

    page = plain(read(client, BASE))
    assert "Sem resposta" in page
    assert "O SSW recusou as consultas. A recusa (403) vale para todas as lojas" in page
    assert "Perguntamos de novo sozinhos a cada quarto de hora, e nada se perde." in page
    assert "Não precisa de contrato" not in page


def test_a_neighbour_changes_nothing(
    stranger: User,
    client_of: Callable[[User], Client],
    shipper: Shipper,
    neighbour: Shipper,
    contract: Mapping[str, str],
) -> None:
    shipper.sign(contract)
    before = shipper.rows()
    client = client_of(stranger)

    assert client.post(CORREIOS, contract).status_code == 404
    theirs = CORREIOS.replace("casa-aurora", "loja-vizinha")
    assert client.post(theirs, {**contract, "user": "vizinha"}).status_code == 302
    assert client.post(f"{theirs}apagar/").status_code == 302

    assert shipper.rows() == before
    assert neighbour.account.state == AccountState.DISCONNECTED


@pytest.mark.parametrize("tracker", ["ssw", "nenhuma"])
def test_a_carrier_that_needs_none_has_no_page(
    client: Client, organization: Organization, tracker: str
) -> None:
    for path in ("", "teste/", "apagar/"):
        assert client.get(f"{BASE}{tracker}/{path}").status_code == 404
        assert client.post(f"{BASE}{tracker}/{path}").status_code == 404
    with tenant(organization):
        assert not CarrierAccount.objects.exists()
