"""«Conectar» from the panel to Tiny and back: what connects, and the sentence for each way it does not."""

from __future__ import annotations

import datetime as dt
import html
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.test import Client

from accounts import services as accounts_services
from accounts.models import Membership, Organization, Perfil, User
from accounts.tenancy import tenant
from history.models import HistoryEntry
from integrations import services
from integrations.models import Credential, Integration, IntegrationState, OAuthState
from integrations.sentences import HISTORY
from jobs import budgets
from jobs.models import Channel, Job, Schedule
from orders.models import Order
from tests.flows.conftest import Company
from tests.simulated_tiny import SimulatedTiny

RunJobs = Callable[[], int]
MoveClock = Callable[[dt.timedelta], None]
OwnerSql = Callable[..., list[tuple[Any, ...]]]
CALLBACK = "/integracoes/tiny/oauth/retorno/"

STATE_INVALID = "Este link de autorização já foi usado ou venceu"
pytestmark = pytest.mark.usefixtures("watch_secrets")
CODE_USED = "Esta autorização já foi usada ou venceu"


@pytest.fixture
def go_back(company: Company) -> Callable[[str], str]:
    """``go_back(address)``: Tiny sends the browser to our address; the text of the page where it ends."""
    return lambda address: read_page(company.client, address)


def read_page(client: Client, address: str) -> str:
    response = client.get(address, follow=True)
    assert response.status_code == 200
    return html.unescape(response.content.decode())


def query_of(address: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


def history_of(company: Company, integration: Integration | None = None) -> list[tuple[str, str]]:
    """(code, reason) of the integration, oldest first."""
    with tenant(company.organization):
        entries = HistoryEntry.objects.filter(subject_kind="integration").order_by("id")
        if integration is not None:
            entries = entries.filter(subject_id=integration.pk)
        return [(entry.code, entry.params.get("reason", "")) for entry in entries]


def snapshot(company: Company) -> dict[str, Any]:
    """All that a refused authorisation must leave as it was."""
    with tenant(company.organization):
        return {
            "integrations": list(Integration.objects.order_by("id").values()),
            "credentials": list(Credential.objects.order_by("id").values()),
            "schedules": list(Schedule.objects.order_by("id").values()),
            "jobs": list(Job.objects.order_by("id").values()),
            "channels": list(Channel.objects.order_by("id").values()),
            "orders": Order.objects.count(),
        }


def assert_refused(
    company: Company, before: dict[str, Any], page: str, sentence: str, *, is_told: bool = True
) -> None:
    assert f"{sentence}. " in page
    assert snapshot(company) == before
    told = [reason for code, reason in history_of(company) if code == "integration.authorization_refused"]
    assert told == ([sentence] if is_told else [])


# --- the way there and back ---


def test_connects_and_starts_the_first_poll(
    company: Company, run_jobs: RunJobs, go_back: Callable[[str], str]
) -> None:
    company.account.add_orders(count=2, with_invoices=False)
    address = company.press_connect()
    query = query_of(address)
    assert address.startswith(f"{company.account.tiny.accounts_url}/auth?")
    assert query["client_id"] == company.app["client_id"]
    assert query["redirect_uri"] == company.app["redirect_uri"]
    assert (query["response_type"], query["scope"]) == ("code", "openid")
    assert query["code_challenge_method"] == "S256"
    assert re.fullmatch(r"[\w-]{43}", query["code_challenge"])
    page = go_back(company.authorize(address))
    assert "Tiny ERP conectado à conta EMPRESA DE TESTE LTDA. Os pedidos já estão chegando." in page
    integration = company.integration
    assert integration.state == IntegrationState.CONNECTED
    assert integration.account_document == "11222333000181"
    with tenant(company.organization):
        schedules = Schedule.objects.order_by("kind").values_list("channel", "kind", "every")
        assert list(schedules) == [
            (integration.channel, "pull_orders", dt.timedelta(minutes=5)),
            (integration.channel, "renew_token", dt.timedelta(hours=3)),
            (integration.channel, "sweep_orders", dt.timedelta(hours=1)),
        ]
        waiting = Job.objects.filter(status="pending").values_list("kind", flat=True)
        assert sorted(waiting) == ["pull_orders", "test_connection"]
    assert history_of(company) == [("integration.created", ""), ("integration.connected", "")]
    run_jobs()
    with tenant(company.organization):
        assert Order.objects.count() == 2


def test_person_at_the_consent_page(company: Company, go_back: Callable[[str], str]) -> None:
    """The browser's own way: Tiny's page, its form, its redirect."""
    address = company.press_connect()
    browser = company.account.tiny._http
    page = browser.get(address, timeout=30).text
    fields = dict(re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', page))
    form = {name: html.unescape(value) for name, value in fields.items()}
    answer = browser.post(
        f"{company.account.tiny.accounts_url}/auth",
        data={**form, "decisao": "autorizar"},
        allow_redirects=False,
        timeout=30,
    )
    parts = urlsplit(answer.headers["Location"])
    go_back(f"{parts.path}?{parts.query}")
    assert company.integration.state == IntegrationState.CONNECTED


def test_verifier_stays_here_and_is_forgotten_when_used(company: Company) -> None:
    address = company.press_connect()
    with tenant(company.organization):
        verifier = OAuthState.objects.get().get_secret("code_verifier")
    assert verifier not in address
    company.client.get(company.authorize(address))
    with tenant(company.organization):
        state = OAuthState.objects.get()
        assert (state.code_verifier, state.used_at is None) == ("", False)


def test_code_of_another_browser_fails_the_proof(company: Company, go_back: Callable[[str], str]) -> None:
    """A stolen code is worth nothing: its challenge belongs to another verifier (RFC 7636)."""
    address = company.press_connect()
    stolen = company.authorize(address, code_challenge="A" * 43)
    before = snapshot(company)
    assert_refused(company, before, go_back(stolen), CODE_USED)


def test_credentials_stand_encrypted(
    company: Company, owner_sql: OwnerSql, run_jobs: RunJobs, caplog: pytest.LogCaptureFixture
) -> None:
    company.account.add_orders(count=3, with_invoices=True)
    company.connect()
    run_jobs()
    company.page("pedidos/1/")
    run_jobs()
    with tenant(company.organization):
        credential = Credential.objects.get()
        secrets = {
            name: credential.get_secret(name) for name in ("client_secret", "access_token", "refresh_token")
        }
    assert secrets["client_secret"] == company.app["client_secret"]
    assert secrets["access_token"].count(".") == 2
    tables = [name for (name,) in owner_sql("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
    dump = "\n".join(
        text
        for table in tables
        for (text,) in owner_sql(f'SELECT string_agg(t::text, chr(10)) FROM "{table}" t')
        if text
    )
    assert company.app["client_id"] in dump
    base = f"integracoes/erp/nativos/tiny/{company.integration.pk}/conexao/"
    pages = "\n".join(company.page(path) for path in (base, "pedidos/", "pedidos/1/", "erros/"))
    for name, secret in secrets.items():
        assert len(secret) > 20
        assert secret not in dump, name
        assert secret not in caplog.text, name
        assert secret not in pages, name
    documents = {row["cpfCnpj"] for row in company.account.list_orders() if len(row["cpfCnpj"]) == 14}
    for document in documents:
        bare = re.sub(r"\D", "", document)
        assert document not in pages + caplog.text
        assert bare not in pages + caplog.text
    assert f"…{secrets['client_secret'][-4:]}" in pages or secrets["client_secret"][-4:] in pages


# --- what is refused ---


def test_denied_at_tiny(company: Company, go_back: Callable[[str], str]) -> None:
    state = query_of(company.press_connect())["state"]
    before = snapshot(company)
    page = go_back(f"{CALLBACK}?{urlencode({'error': 'access_denied', 'state': state})}")
    assert_refused(company, before, page, "A autorização foi cancelada no Tiny")


def test_return_without_a_code(company: Company, go_back: Callable[[str], str]) -> None:
    state = query_of(company.press_connect())["state"]
    before = snapshot(company)
    page = go_back(f"{CALLBACK}?{urlencode({'state': state})}")
    assert_refused(company, before, page, "A autorização não foi concluída no Tiny")


@pytest.mark.parametrize("damage", ["tampered", "empty", "foreign", "nul"])
def test_state_that_is_not_ours(company: Company, go_back: Callable[[str], str], damage: str) -> None:
    """Nobody knows which integration was meant: a sentence, and nothing else happens."""
    query = query_of(company.authorize(company.press_connect()))
    states = {"tampered": "A" + query["state"][1:], "empty": "", "foreign": "abc", "nul": "a\x00b"}
    before = snapshot(company)
    page = go_back(f"{CALLBACK}?{urlencode(query | {'state': states[damage]})}")
    assert_refused(company, before, page, STATE_INVALID, is_told=False)


def test_state_signed_by_us_that_nobody_began(
    company: Company, go_back: Callable[[str], str], owner_sql: OwnerSql
) -> None:
    back = company.authorize(company.press_connect())
    owner_sql("DELETE FROM integrations_oauthstate")
    before = snapshot(company)
    assert_refused(company, before, go_back(back), STATE_INVALID, is_told=False)


def test_state_after_its_time(company: Company, go_back: Callable[[str], str], move_clock: MoveClock) -> None:
    back = company.authorize(company.press_connect())
    move_clock(dt.timedelta(minutes=16))
    before = snapshot(company)
    assert_refused(company, before, go_back(back), STATE_INVALID)


def test_state_just_before_its_end(
    company: Company, go_back: Callable[[str], str], move_clock: MoveClock
) -> None:
    back = company.authorize(company.press_connect())
    move_clock(dt.timedelta(minutes=14))
    go_back(back)
    assert company.integration.state == IntegrationState.CONNECTED


def test_return_address_opened_twice(company: Company, go_back: Callable[[str], str]) -> None:
    back = company.authorize(company.press_connect())
    go_back(back)
    before = snapshot(company)
    page = go_back(back)
    assert_refused(company, before, page, STATE_INVALID)
    assert company.account.tiny.control("GET", "token_calls")["total"] == 1


def test_state_of_another_person(
    company: Company, client_of: Callable[[User], Client], organization: Organization
) -> None:
    colleague = accounts_services.add_member(
        organization=organization, email="carla@aurora.test", name="Carla Dias", perfil=Perfil.ADMIN
    ).user
    back = company.authorize(company.press_connect())
    before = snapshot(company)
    page = read_page(client_of(colleague), back)
    assert_refused(company, before, page, "Esta autorização foi iniciada por outra pessoa")
    assert company.client.get(back).status_code == 302
    assert company.integration.state == IntegrationState.CONNECTED


def test_state_of_another_organization(
    company: Company, client_of: Callable[[User], Client], stranger: User
) -> None:
    back = company.authorize(company.press_connect())
    before = snapshot(company)
    response = client_of(stranger).get(back, follow=True)
    page = html.unescape(response.content.decode())
    assert_refused(company, before, page, "Esta autorização foi iniciada por outra pessoa")
    assert [address for address, _ in response.redirect_chain] == ["/", "/o/loja-vizinha/pedidos/"]
    assert "Casa Aurora" not in page


def test_return_without_login_comes_back_after_it(company: Company) -> None:
    back = company.authorize(company.press_connect())
    response = Client().get(back)
    assert response.status_code == 302
    assert response["Location"].startswith("/entrar/?next=") or "next=" in response["Location"]
    with tenant(company.organization):
        assert OAuthState.objects.get().used_at is None


def test_code_used_twice(company: Company, go_back: Callable[[str], str]) -> None:
    code = query_of(company.authorize(company.press_connect()))["code"]
    first = company.integration
    company.account.tiny._http.post(
        f"{company.account.tiny.accounts_url}/token",
        data={
            "grant_type": "authorization_code",
            "client_id": company.app["client_id"],
            "client_secret": company.app["client_secret"],
            "redirect_uri": company.app["redirect_uri"],
            "code": code,
        },
        timeout=30,
    )
    state = query_of(press_connect_again(company, first))["state"]
    before = snapshot(company)
    page = go_back(f"{CALLBACK}?{urlencode({'code': code, 'state': state})}")
    assert_refused(company, before, page, CODE_USED)


def press_connect_again(company: Company, integration: Integration) -> str:
    """«Conectar» of an integration that exists, with what is stored."""
    response = company.client.post(f"{company.base}/integracoes/erp/nativos/tiny/{integration.pk}/conectar/")
    assert response.status_code == 302
    return str(response["Location"])


def test_wrong_client_secret(company: Company, go_back: Callable[[str], str]) -> None:
    back = company.authorize(company.press_connect(client_secret="errado-errado-errado"))
    before = snapshot(company)
    page = go_back(back)
    assert_refused(company, before, page, "O Tiny não reconheceu o Client ID ou o Client Secret")
    assert "errado-errado-errado" not in page


def test_redirect_mismatch_at_the_token_call(company: Company, go_back: Callable[[str], str]) -> None:
    company.account.tiny.add_fault(
        route="POST /token",
        status=400,
        body={"error": "invalid_grant", "error_description": "Incorrect redirect_uri"},
    )
    back = company.authorize(company.press_connect())
    before = snapshot(company)
    page = go_back(back)
    assert_refused(company, before, page, "A URL de redirecionamento cadastrada no Tiny é diferente")
    assert company.app["redirect_uri"] in page


def test_other_account_on_reconnect(
    company: Company, tiny: SimulatedTiny, go_back: Callable[[str], str], run_jobs: RunJobs
) -> None:
    other = tiny.add_account(cnpj="11444777000161", name="OUTRA EMPRESA LTDA")
    integration = company.connect()
    run_jobs()
    back = company.authorize(press_connect_again(company, integration), account_id=other.id)
    before = snapshot(company)
    page = go_back(back)
    assert_refused(company, before, page, "Você autorizou outra conta do Tiny")
    assert "Esta integração é da conta EMPRESA DE TESTE LTDA" in page
    assert "a autorização veio da conta OUTRA EMPRESA LTDA" in page


def test_same_account_in_a_second_integration(company: Company, go_back: Callable[[str], str]) -> None:
    company.connect()
    back = company.authorize(company.press_connect(name="Segunda loja"))
    before = snapshot(company)
    page = go_back(back)
    assert_refused(company, before, page, "Esta conta do Tiny já está conectada")
    assert "A integração Integração Tiny ERP já usa a mesma conta" in page
    assert [row["state"] for row in before["integrations"]] == ["connected", "draft"]


def test_same_account_in_another_organization_is_allowed(
    company: Company, stranger: User, other_organization: Organization, client_of: Callable[[User], Client]
) -> None:
    """They share nothing but the account's call budget."""
    first = company.connect()
    neighbour = Company(other_organization, client_of(stranger), company.account)
    second = neighbour.connect()
    assert second.state == IntegrationState.CONNECTED
    assert second.budget_key == first.budget_key


REFUSALS_OF_INFO = [
    (403, "Falta a permissão Informações da Conta"),
    (500, "O Tiny está instável"),
    (401, "O Tiny não reconheceu o acesso"),
    (429, "O Tiny limitou as chamadas"),
]


@pytest.mark.parametrize(("status", "sentence"), REFUSALS_OF_INFO)
def test_account_information_refused(
    company: Company, go_back: Callable[[str], str], status: int, sentence: str
) -> None:
    company.account.tiny.add_fault(account_id=company.account.id, route="GET /info", times=2, status=status)
    back = company.authorize(company.press_connect())
    before = snapshot(company)
    assert_refused(company, before, go_back(back), sentence)


def test_account_without_cnpj(company: Company, go_back: Callable[[str], str]) -> None:
    company.account.tiny.add_fault(
        account_id=company.account.id, route="GET /info", status=200, body={"razaoSocial": "X", "cpfCnpj": ""}
    )
    back = company.authorize(company.press_connect())
    before = snapshot(company)
    assert_refused(company, before, go_back(back), "A conta do Tiny está sem CNPJ")


@pytest.mark.parametrize("fault", [{"status": 500, "body": "<html>"}, {"drop_after": True}])
def test_token_endpoint_fails(company: Company, go_back: Callable[[str], str], fault: dict[str, Any]) -> None:
    company.account.tiny.add_fault(route="POST /token", **fault)
    back = company.authorize(company.press_connect())
    before = snapshot(company)
    page = go_back(back)
    sentence = "O Tiny está instável" if "status" in fault else "A resposta do Tiny veio pela metade"
    assert_refused(company, before, page, sentence)


def test_refusal_of_a_connected_integration_leaves_it_connected(
    company: Company, go_back: Callable[[str], str], run_jobs: RunJobs
) -> None:
    integration = company.connect()
    run_jobs()
    back = company.authorize(press_connect_again(company, integration))
    company.account.tiny.add_fault(route="POST /token", status=503)
    before = snapshot(company)
    assert_refused(company, before, go_back(back), "O Tiny está instável")
    assert before["integrations"][0]["state"] == "connected"


def test_spaced_slots_do_not_fail_a_person_who_connects(company: Company) -> None:
    """The code is spent by then: the account's limit must not cost another consent."""
    integration = company.connect()
    with tenant(company.organization):
        budgets.stop_until(integration.budget_key, integration.connected_at + dt.timedelta(minutes=10))
    back = company.authorize(press_connect_again(company, integration))
    assert company.client.get(back).status_code == 302
    assert [code for code, _ in history_of(company)][-1] == "integration.connected"


# --- back again ---


def test_connecting_again_resumes_everything(
    company: Company, run_jobs: RunJobs, move_clock: MoveClock, go_back: Callable[[str], str]
) -> None:
    first, _ = company.account.add_orders(count=2, situacoes=[3])
    integration = company.connect()
    run_jobs()
    company.account.tiny.control(
        "POST", "tokens", {"client_id": company.app["client_id"], "action": "revoke"}
    )
    move_clock(dt.timedelta(minutes=16))
    run_jobs()
    assert company.integration.state == IntegrationState.DISCONNECTED
    company.account.change_order(first["id"], situacao=5, tracking="QQ123456785BR")
    company.account.add_orders(situacao=3)
    company.page("pedidos/2/")
    assert run_jobs() == 0
    with tenant(company.organization):
        waiting = set(Job.objects.filter(status="pending").values_list("kind", flat=True))
        assert waiting == {"pull_orders", "complete_order"}
        assert Channel.objects.get(name=integration.channel).paused_at is not None
    page = go_back(company.authorize(press_connect_again(company, integration)))
    assert "está desconectado" not in page
    run_jobs()
    with tenant(company.organization):
        assert Channel.objects.get(name=integration.channel).paused_at is None
        assert not Job.objects.filter(status__in=["pending", "running", "parked"]).exists()
        changed = Order.objects.get(reference__external_id=str(first["id"]))
        assert (changed.status, changed.shipment.tracking_code) == ("in_transit", "QQ123456785BR")
        assert Order.objects.count() == 3
        assert Order.objects.get(number=2).details_loaded_at is not None
    codes = [code for code, _ in history_of(company)]
    assert codes == [
        "integration.created",
        "integration.connected",
        "orders.first_read",
        "integration.disconnected",
        "integration.connected",
    ]


def test_form_shown_before_a_disconnection_does_not_undo_it(
    company: Company,
) -> None:
    """The view read the row; a worker disconnects; then the form is saved."""
    stale = company.connect()
    with tenant(company.organization):
        integration = Integration.objects.get()
        services.disconnect(integration=integration, code="tiny.refresh_refused")
        person = Membership.objects.get()
        services.save_integration(
            integration=stale,
            chosen=services.Choices(
                provider="tiny",
                protocol="v3",
                name="Outro nome",
                credentials={"client_id": company.app["client_id"]},
            ),
            person=person,
        )
    assert (company.integration.name, company.integration.state) == ("Outro nome", "disconnected")


def test_every_history_code_has_its_sentence(company: Company, go_back: Callable[[str], str]) -> None:
    go_back(company.authorize(company.press_connect()))
    assert {code for code, _ in history_of(company)} <= set(HISTORY)
