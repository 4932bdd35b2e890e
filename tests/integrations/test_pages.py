"""Gallery and side panel: the form, its sentences, and who may do what."""

from __future__ import annotations

import html
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts import services as accounts_services
from accounts.models import Organization, Perfil, User
from accounts.tenancy import tenant
from history.models import HistoryEntry
from integrations.models import Credential, Integration, IntegrationState
from integrations.services import disconnect
from jobs.models import Channel, Job, Schedule

BASE = "/o/casa-aurora/integracoes/erp/nativos/"
NEW = f"{BASE}tiny/nova/conexao/"


def form(**changes: Any) -> dict[str, Any]:
    return {
        "name": "Integração Tiny ERP",
        "client_id": "tiny-api-1",
        "client_secret": "muito-secreto-1234",
        "invite_url": "",
        "action": "save",
    } | changes


@pytest.fixture
def client(admin: User, client_of: Callable[[User], Client]) -> Client:
    return client_of(admin)


@pytest.fixture
def saved(client: Client, organization: Organization) -> Integration:
    assert client.post(NEW, form()).status_code == 302
    with tenant(organization):
        return Integration.objects.get()


def text_of(response: Any) -> str:
    return html.unescape(response.content.decode())


def address(integration: Integration) -> str:
    return f"{BASE}tiny/{integration.pk}/conexao/"


def test_form_of_a_new_connection(client: Client) -> None:
    page = text_of(client.get(NEW))
    assert 'value="Integração Tiny ERP"' in page
    assert "/integracoes/tiny/oauth/retorno/" in page
    assert "Invalid parameter: redirect_uri" in page


def test_saved_draft_starts_nothing(saved: Integration, organization: Organization) -> None:
    with tenant(organization):
        assert saved.state == IntegrationState.DRAFT
        assert not Job.objects.exists()
        assert not Schedule.objects.exists()
        line = HistoryEntry.objects.get()
        assert (line.code, line.person, line.source) == ("integration.created", "Ana Souza", "person")


def test_secret_is_never_shown_again(saved: Integration, client: Client, organization: Organization) -> None:
    page = text_of(client.get(address(saved)))
    assert "muito-secreto-1234" not in page
    assert "1234" in page
    with tenant(organization):
        assert "muito-secreto" not in str(Credential.objects.values().get())


def test_blank_secret_keeps_the_stored_one_and_white_space_is_cut(
    saved: Integration, client: Client, organization: Organization
) -> None:
    client.post(address(saved), form(client_secret="", client_id="  tiny-api-1 \n", name=" Loja 1 "))
    with tenant(organization):
        credential = Credential.objects.get()
        assert credential.get_secret("client_secret") == "muito-secreto-1234"
        assert (credential.client_id, Integration.objects.get().name) == ("tiny-api-1", "Loja 1")


@pytest.mark.parametrize("protocol", ["v3", "v2"])
def test_the_seller_goes_with_the_order_only_where_a_person_says_so(
    saved: Integration, client: Client, organization: Organization, protocol: str
) -> None:
    page = text_of(client.get(f"{address(saved)}?forma={protocol}"))
    for name, label in (
        ("sends_seller", "Incluir o vendedor no envio do pedido"),
        ("seller_is_optional", "Enviar sem vendedor quando o Tiny não o tiver"),
    ):
        assert f'<input type="checkbox" name="{name}" id="id_{name}">' in page
        assert label in page
    assert 'name="send_statuses"' in page
    client.post(address(saved), form(sends_seller="on"))
    with tenant(organization):
        saved.refresh_from_db()
        assert (saved.sends_seller, saved.seller_is_optional) == (True, False)
    client.post(address(saved), form(sends_seller="on", seller_is_optional="on"))
    page = text_of(client.get(f"{address(saved)}?forma={protocol}"))
    for name in ("sends_seller", "seller_is_optional"):
        assert f'<input type="checkbox" name="{name}" id="id_{name}" checked>' in page
    client.post(address(saved), form())
    with tenant(organization):
        saved.refresh_from_db()
        assert (saved.sends_seller, saved.seller_is_optional) == (False, False)


REFUSED = [
    ({"name": ""}, "Informe o nome da integração."),
    ({"client_id": " "}, "Informe o Client ID."),
    ({"client_secret": ""}, "Informe o Client Secret."),
    ({"invite_url": "http://tiny.com.br/convite"}, "Use um link que comece com https://."),
    ({"invite_url": "javascript:alert(1)"}, "Use um link que comece com https://."),
    ({"invite_url": "https://tiny.com.br.evil.test/x"}, "Este link não é do Tiny."),
    ({"invite_url": "https://eviltiny.com.br/x"}, "Este link não é do Tiny."),
    ({"invite_url": "https://tiny.com.br@evil.test/x"}, "Este link não é do Tiny."),
    ({"name": "x" * 81}, "80"),
    ({"client_id": "a\x00b"}, "nulos"),
]


@pytest.mark.parametrize(("changes", "sentence"), REFUSED)
def test_refused_form_says_why_and_saves_nothing(
    client: Client, organization: Organization, changes: dict[str, Any], sentence: str
) -> None:
    response = client.post(NEW, form(**changes))
    assert response.status_code == 422
    assert sentence in text_of(response)
    with tenant(organization):
        assert not Integration.objects.exists()


@pytest.mark.parametrize("url", ["https://erp.tiny.com.br/convite/1", "https://olist.com/x", ""])
def test_invite_of_the_vendor_is_offered_as_a_link(
    client: Client, organization: Organization, url: str
) -> None:
    client.post(NEW, form(invite_url=url))
    with tenant(organization):
        integration = Integration.objects.get()
    assert ("Abrir convite" in text_of(client.get(address(integration)))) == bool(url)


def test_name_is_used_once(saved: Integration, client: Client) -> None:
    response = client.post(NEW, form())
    assert "Já existe uma integração com este nome. Escolha outro." in text_of(response)
    assert 'value="Integração Tiny ERP 2"' in text_of(client.get(NEW))


def connect(organization: Organization) -> None:
    with tenant(organization):
        Integration.objects.update(state=IntegrationState.CONNECTED, account_name="Casa Aurora")


def test_other_client_id_disconnects_until_it_is_authorised(
    saved: Integration, client: Client, organization: Organization
) -> None:
    connect(organization)
    client.post(address(saved), form(client_id="tiny-api-2", client_secret=""))
    with tenant(organization):
        integration = Integration.objects.get()
        assert (integration.state, integration.disconnect_code) == (
            "disconnected",
            "integration.other_application",
        )
        assert Channel.objects.get(name=integration.channel).paused_code == "integration.other_application"
        codes = list(HistoryEntry.objects.order_by("id").values_list("code", flat=True))
    assert codes == ["integration.created", "integration.saved", "integration.disconnected"]
    assert "O Client ID mudou" in text_of(client.get("/o/casa-aurora/pedidos/"))


def test_disconnecting_twice_keeps_the_first_reason(saved: Integration, organization: Organization) -> None:
    connect(organization)
    with tenant(organization):
        for code in ("tiny.refresh_refused", "tiny.access_refused"):
            disconnect(integration=saved, code=code)
        assert Integration.objects.get().disconnect_code == "tiny.refresh_refused"
        assert HistoryEntry.objects.filter(code="integration.disconnected").count() == 1


@pytest.mark.parametrize("perfil", [Perfil.OPERATOR, Perfil.VIEWER])
def test_who_is_no_administrador_looks_and_changes_nothing(
    saved: Integration, organization: Organization, client_of: Callable[[User], Client], perfil: Perfil
) -> None:
    person = accounts_services.add_member(
        organization=organization, email="o@aurora.test", name="O", perfil=perfil
    ).user
    other = client_of(person)
    page = text_of(other.get(address(saved)))
    assert 'value="connect"' not in page
    assert "tiny-api-1" not in page
    assert other.post(address(saved), form(name="Meu")).status_code == 404
    assert other.post(f"{BASE}tiny/{saved.pk}/conectar/").status_code == 404
    assert other.get(NEW).status_code == 404
    with tenant(organization):
        assert Integration.objects.get().name == "Integração Tiny ERP"


@pytest.mark.parametrize("path", ["bling/", "tiny/99/conexao/", "tiny/9223372036854775808/conexao/"])
def test_what_is_not_here(client: Client, path: str) -> None:
    assert client.get(BASE + path).status_code == 404


def test_secret_and_tokens_are_out_of_reprs(saved: Integration, organization: Organization) -> None:
    with tenant(organization):
        credential = Credential.objects.get()
        assert "muito-secreto" not in repr(credential) + str(credential)
