"""The integration's tab «Notificações», as a person gets it."""

from __future__ import annotations

import datetime as dt
import html
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from accounts import clock, services
from accounts.models import Organization, Perfil, User
from accounts.tenancy import tenant
from integrations.models import Integration, IntegrationState
from tests.catalog.received import connect
from tests.simulated_tiny import find_free_port
from tests.webhooks.conftest import Sender, open_address
from tests.webhooks.test_pages import add_receipts, plain, told_stock
from webhooks.models import NotificationWatch, ReceiptState, WebhookAddress, WebhookReceipt
from webhooks.services.receipts import read_batch

pytestmark = pytest.mark.django_db

FRAGMENT = {"HX-Request": "true"}


def tab(integration: Integration) -> str:
    return f"/o/casa-aurora/integracoes/erp/nativos/tiny/{integration.pk}/notificacoes/"


@pytest.fixture
def integration(organization: Organization) -> Integration:
    return connect(organization)


@pytest.fixture
def client(admin: User, client_of: Callable[[User], Client]) -> Client:
    return client_of(admin)


@pytest.fixture
def person(organization: Organization, client_of: Callable[[User], Client]) -> Callable[[Perfil], Client]:
    def login(perfil: Perfil) -> Client:
        member = services.add_member(
            organization=organization, email=f"{perfil}@aurora.test", name="Outra Pessoa", perfil=perfil
        )
        return client_of(member.user)

    return login


def fields(page: str) -> list[tuple[str, str]]:
    """(label, address) of each field, in order."""
    found = re.findall(r'<label for="url-[^"]*">([^<]*)</label>.*?value="([^"]*)" readonly', page, re.S)
    return [(html.unescape(label), html.unescape(url)) for label, url in found]


def facts(page: str) -> dict[str, str]:
    """What is said of each field, by its place and kind."""
    found = re.findall(r'<div class="fact" id="fato-([^"]*)"[^>]*>(.*?)</div>', page, re.S)
    return {name: plain(text).strip() for name, text in found}


def receive(sender: Sender, *bodies: bytes) -> None:
    for body in bodies:
        sender.post(body)
    with tenant(sender.integration.organization_id):
        read_batch(integration=sender.integration)


def test_the_same_address_stands_beside_each_field_of_tiny(client: Client, integration: Integration) -> None:
    page = client.get(tab(integration)).content.decode()
    shown = fields(page)
    (url,) = {url for _, url in shown}

    assert [label for label, _ in shown] == [
        "URL da notificação de pedidos",
        "URL da notificação de estoque",
        "URL da notificação de pedidos enviados",
        "URL da notificação de notas fiscais autorizadas",
        "URL de notificações do estoque",
        "URL de notificações de preços",
        "URL para envio de produtos",
        "URL para envio de alteração na situação de pedidos",
        "URL para envio de nota fiscal",
        "URL para envio de código de rastreio",
    ]
    assert url.startswith(f"{settings.PUBLIC_URL}/webhooks/tiny/")
    assert page.count(f'data-copy="{url}"') == len(shown)
    text = plain(page)
    assert "No Tiny: Configurações › aba Geral › Outras configurações › Webhooks ." in text
    assert "Também dá para avisar por outro lugar: Notificações da integração" in text
    assert re.findall(r'aria-current="page">(\w+)</a></nav>', page)[-1] == "Notificações"
    # What is shown works.
    assert client.post(url.removeprefix(settings.PUBLIC_URL), b"{}", "application/json").status_code == 200


def test_the_place_of_the_protocol_comes_first(
    client: Client, integration: Integration, organization: Organization
) -> None:
    with tenant(organization):
        Integration.objects.update(protocol="v2")
    page = client.get(tab(integration)).content.decode()

    assert fields(page)[0][0] == "URL de notificações do estoque"


def test_a_field_of_which_nothing_came_says_how_to_try(client: Client, integration: Integration) -> None:
    said = facts(client.get(tab(integration)).content.decode())

    assert said["integration-price"] == (
        "Nenhuma até agora Cole a URL no Tiny e altere o preço de um produto para testar. "
        "Aguardando a primeira… 0 em 24 h"
    )
    assert len(said) == 10


def test_what_came_last_is_said_beside_its_field(
    client: Client, integration: Integration, organization: Organization
) -> None:
    sender = open_address(integration)
    receive(
        sender, told_stock(amount=41), told_stock(amount=39), told_stock(cnpj="11444777000161", tipo="precos")
    )
    with tenant(organization):
        two_minutes_ago = clock.now() - dt.timedelta(minutes=2, seconds=5)
        WebhookReceipt.objects.filter(kind="stock").update(received_at=two_minutes_ago)
    page = client.get(tab(integration)).content.decode()

    assert facts(page)["account-stock"] == "Recebida há 2 min , LUM-01: saldo 39 2 em 24 h"
    assert facts(page)["integration-stock"] == facts(page)["account-stock"]
    assert "127.0.0.1" in plain(page)


def test_what_was_refused_is_said_with_its_reason(client: Client, integration: Integration) -> None:
    sender = open_address(integration)
    receive(sender, told_stock(), told_stock(cnpj="11444777000161"), b"nem json")
    page = client.get(tab(integration)).content.decode()

    assert facts(page)["account-stock"] == (
        "Recusada A última, agora : Veio de outra conta do Tiny , CNPJ 11.444.777/0001-61 2 em 24 h"
    )
    text = plain(page)
    assert "2 notificações não foram usadas. Uma notificação do Tiny não pôde ser lida (1)" in text
    assert "Veio de outra conta do Tiny (1) O CNPJ da notificação (11.444.777/0001-61) não é" in text
    assert f"?visao=falharam&amp;motivo=webhook.other_account&amp;integracao={integration.pk}" in page
    assert "motivo=tiny.notification_unreadable" in page


@pytest.mark.parametrize(
    ("minutes", "silence", "is_late"),
    [
        (5, dt.timedelta(days=3), True),
        (5, dt.timedelta(hours=20), False),
        (24 * 60, dt.timedelta(days=3), False),
    ],
)
def test_a_silence_is_late_by_what_is_usual_here(
    client: Client,
    integration: Integration,
    organization: Organization,
    minutes: int,
    silence: dt.timedelta,
    is_late: bool,
) -> None:
    receive(open_address(integration), b"")
    ids = add_receipts(integration, 12)
    newest = clock.now() - silence
    with tenant(organization):
        for back, pk in enumerate(reversed(ids)):
            at = newest - dt.timedelta(minutes=minutes * back)
            WebhookReceipt.objects.filter(pk=pk).update(received_at=at)
    said = facts(client.get(tab(integration)).content.decode())["account-stock"]

    assert said.startswith("Atrasada") is is_late
    if is_late:
        assert said.endswith("; o normal aqui é a cada 5 min. 0 em 24 h")


def test_the_first_arrival_is_announced_once(client: Client, integration: Integration) -> None:
    sender = open_address(integration)
    receive(sender, told_stock(tipo="cotacao"))
    page = client.get(tab(integration)).content.decode()

    def look(page: str) -> str:
        address = re.findall(r'id="vivo"[^>]*hx-get="([^"]*)"', page)[0]
        return client.get(html.unescape(address), headers=FRAGMENT).content.decode()

    nothing = look(page)
    receive(sender, told_stock())
    first = look(nothing)
    receive(sender, told_stock(amount=38))
    second = look(first)

    announced = r'<p class="vh" id="chegou" role="status" hx-swap-oob="innerHTML">([^<]*)</p>'
    assert re.findall(announced, nothing) == []
    assert [text.strip() for text in re.findall(announced, first)] == [
        "Primeira notificação de estoque recebida."
    ]
    assert facts(first)["account-stock"].startswith("Recebida agora")
    assert 'id="fato-account-stock" hx-swap-oob="true"' in first
    # What somebody copies from stays where it is.
    assert fields(first) == []
    assert re.findall(announced, second) == []
    assert "saldo 38" in facts(second)["account-stock"]


def test_it_looks_for_two_minutes_and_then_waits_to_be_asked(
    client: Client, integration: Integration
) -> None:
    open_address(integration)
    last = client.get(f"{tab(integration)}?visto=0&volta=39", headers=FRAGMENT).content.decode()
    over = client.get(f"{tab(integration)}?visto=0&volta=40", headers=FRAGMENT).content.decode()

    assert 'hx-trigger="load delay:3s"' in last
    assert "hx-trigger" not in over
    assert "Verificar de novo" in over


def test_another_address_is_asked_for_and_the_former_one_is_good_for_a_day(
    client: Client, integration: Integration, organization: Organization
) -> None:
    former = fields(client.get(tab(integration)).content.decode())[0][1]
    asked = client.get(f"{tab(integration)}?trocar=1").content.decode()
    response = client.post(tab(integration), follow=True)
    page = response.content.decode()

    assert "A URL de agora continua valendo por 24 horas." in plain(asked)
    assert response.redirect_chain == [(tab(integration), 302)]
    assert fields(page)[0][1] != former
    assert "Nova URL gerada." in page
    with tenant(organization):
        until = WebhookAddress.objects.exclude(valid_until=None).get().valid_until
    assert until is not None
    assert f"A URL anterior vale até {until.astimezone(clock.SAO_PAULO):%d/%m/%Y às %H:%M}" in plain(page)
    assert former not in page


def test_an_operator_reads_the_address_and_does_not_change_it(
    person: Callable[[Perfil], Client], integration: Integration, organization: Organization
) -> None:
    operator = person(Perfil.OPERATOR)
    page = operator.get(f"{tab(integration)}?trocar=1").content.decode()
    url = fields(page)[0][1]

    assert "/webhooks/tiny/" in url
    assert "Gerar nova URL" not in page
    assert operator.post(tab(integration)).status_code == 404
    assert fields(operator.get(tab(integration)).content.decode())[0][1] == url
    with tenant(organization):
        assert WebhookAddress.objects.count() == 1


def test_who_only_looks_gets_neither_tab_nor_address(
    person: Callable[[Perfil], Client], integration: Integration, organization: Organization
) -> None:
    viewer = person(Perfil.VIEWER)

    assert viewer.get(tab(integration)).status_code == 404
    assert viewer.get(f"{tab(integration)}?visto=0", headers=FRAGMENT).status_code == 404
    connection = tab(integration).replace("notificacoes", "conexao")
    assert tab(integration) not in viewer.get(connection).content.decode()
    with tenant(organization):
        assert WebhookAddress.objects.count() == 0


def test_no_cache_keeps_the_address(client: Client, integration: Integration) -> None:
    assert "no-store" in client.get(tab(integration))["Cache-Control"]


def test_a_silence_that_was_noticed_is_said(
    client: Client, integration: Integration, organization: Organization
) -> None:
    since = clock.now() - dt.timedelta(days=2)
    with tenant(organization):
        NotificationWatch.objects.create(
            integration=integration,
            silent={"stock": since.isoformat()},
            silent_since=since,
            noticed_at=clock.now(),
            missed=4,
        )
    text = plain(client.get(tab(integration)).content.decode())

    local = since.astimezone(clock.SAO_PAULO)
    assert f"O Tiny parou de avisar em {local:%d/%m} às {local:%H:%M} (estoque)." in text


def test_a_disconnected_integration_still_hears(
    client: Client, integration: Integration, organization: Organization
) -> None:
    with tenant(organization):
        Integration.objects.update(state=IntegrationState.DISCONNECTED)
    assert len(fields(client.get(tab(integration)).content.decode())) == 10


def test_what_failed_stays_until_somebody_ignores_it(
    client: Client, integration: Integration, organization: Organization
) -> None:
    receive(open_address(integration), b"nem json")
    before = client.get(tab(integration)).content.decode()
    with tenant(organization):
        pk = WebhookReceipt.objects.get(state=ReceiptState.FAILED).pk
    client.post("/o/casa-aurora/notificacoes/escolhidas/", {"id": pk, "action": "ignore"})

    assert "1 notificação não foi usada." in before
    assert "não foi usada" not in client.get(tab(integration)).content.decode()


# --- a kind that nobody waits for ---


def acts(page: str, kind: str) -> list[tuple[str, str]]:
    """(name, value) of the buttons beside the fields of a kind."""
    return re.findall(rf'<button class="[^"]*" type="submit" name="(mute|unmute)" value="({kind})"', page)


def test_a_kind_can_be_left_to_polls_and_taken_back(
    client: Client, integration: Integration, organization: Organization
) -> None:
    receive(open_address(integration), told_stock())
    before = client.get(tab(integration)).content.decode()
    muted = client.post(tab(integration), {"mute": "stock"}, follow=True).content.decode()
    with tenant(organization):
        stored = NotificationWatch.objects.get().muted
    back = client.post(tab(integration), {"unmute": "stock"}, follow=True).content.decode()

    assert acts(before, "stock") == [("mute", "stock")] * 2
    assert stored == {"stock": None}
    assert facts(muted)["account-stock"] == (
        "Só consulta As mudanças vêm pelas consultas periódicas. A última notificação foi agora . 1 em 24 h"
    )
    assert acts(muted, "stock") == [("unmute", "stock")] * 2
    assert acts(muted, "price") == [("mute", "price")]
    assert facts(back)["account-stock"].startswith("Recebida agora")
    # Of what nobody waits for there is nothing to leave.
    assert acts(before, "invoice") == acts(before, "tracking") == acts(before, "product") == []


def test_an_operator_may_and_a_kind_that_is_none_changes_nothing(
    client: Client,
    person: Callable[[Perfil], Client],
    integration: Integration,
    organization: Organization,
) -> None:
    operator = person(Perfil.OPERATOR)
    url = fields(operator.get(tab(integration)).content.decode())[0][1]

    assert operator.post(tab(integration), {"mute": "price"}).status_code == 302
    assert person(Perfil.VIEWER).post(tab(integration), {"mute": "stock"}).status_code == 404
    for unknown in ({"mute": "invoice"}, {"mute": ""}, {"unmute": "nothing"}):
        assert client.post(tab(integration), unknown).status_code == 404
    with tenant(organization):
        assert NotificationWatch.objects.get().muted == {"price": None}
    assert fields(operator.get(tab(integration)).content.decode())[0][1] == url


def test_each_field_leads_to_its_own(client: Client, integration: Integration) -> None:
    page = client.get(tab(integration)).content.decode()
    links = re.findall(r'href="([^"]*)">Ver notificações<span class="vh"> de ([^<]*)</span></a>', page)

    base = f"/o/casa-aurora/notificacoes/?tipo=%s&amp;integracao={integration.pk}"
    assert (base % "tracking", "rastreio") in links
    assert (base % "stock", "estoque") in links
    assert len(links) == len(fields(page))


# --- «Enviar notificação de teste» ---


def test_an_address_that_nobody_serves_is_said_to_be_one(
    person: Callable[[Perfil], Client], integration: Integration, organization: Organization, settings: Any
) -> None:
    settings.PUBLIC_URL = f"http://127.0.0.1:{find_free_port()}"
    address = f"{tab(integration)}testar/"
    page = person(Perfil.OPERATOR).post(address, follow=True).content.decode()

    assert "Não alcançamos a nossa própria URL, e nada foi recebido." in plain(page)
    assert person(Perfil.VIEWER).post(address).status_code == 404
    with tenant(organization):
        assert WebhookReceipt.objects.count() == 0
