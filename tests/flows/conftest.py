"""A connected company, the way a person connects it: through the panel and Tiny's consent page."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.conf import settings
from django.http import HttpResponse
from django.test import Client

from accounts.models import Organization, Perfil, User
from accounts.services import add_member
from accounts.tenancy import tenant
from integrations.credentials import redirect_uri
from integrations.models import Credential, Integration
from jobs import runner
from jobs.dispatch import dispatch_due
from jobs.models import Job
from tests.flows.products import RunJobs, choose, import_all
from tests.simulated_tiny import SimulatedAccount, SimulatedTiny


@pytest.fixture(scope="session")
def tiny_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatedTiny]:
    tiny = SimulatedTiny(tmp_path_factory.mktemp("simulator"))
    tiny.start()
    yield tiny
    tiny.stop()


@pytest.fixture
def tiny(tiny_process: SimulatedTiny, monkeypatch: pytest.MonkeyPatch) -> SimulatedTiny:
    tiny_process.control("POST", "reset", {"seed_demo": False})
    endpoints = {
        "v3": tiny_process.api_url,
        "v2": tiny_process.api2_url,
        "accounts": tiny_process.accounts_url,
    }
    monkeypatch.setitem(settings.ERP_ENDPOINTS, "tiny", endpoints)
    monkeypatch.setattr(settings, "SLOT_SPACING_SECONDS", 0.0)
    monkeypatch.setattr(settings, "DEBUG", True)
    return tiny_process


class Company:
    """An organization with its Administrador's browser and an account at Tiny, connected by OAuth2."""

    LIST, DETAIL, NOTES = "GET /pedidos", "GET /pedidos/{id}", "GET /notas"
    is_counted = True

    def __init__(self, organization: Organization, client: Client, account: SimulatedAccount) -> None:
        self.organization = organization
        self.client = client
        self.account = account
        self.app = account.add_app(redirect_uri("tiny"))
        self.base = f"/o/{organization.slug}"

    def fill_form(self, **changes: Any) -> dict[str, Any]:
        form = {
            "name": "Integração Tiny ERP",
            "client_id": self.app["client_id"],
            "client_secret": self.app["client_secret"],
            "invite_url": "",
            "action": "connect",
        }
        return form | changes

    @staticmethod
    def refusal(reason: str) -> dict[str, Any]:
        """A fault by which Tiny refuses for good."""
        return {"status": 400, "body": {"mensagem": reason}}

    def press_connect(self, **changes: Any) -> str:
        """The address of Tiny's page to which «Conectar» sends the browser."""
        address = f"{self.base}/integracoes/erp/nativos/tiny/nova/conexao/"
        response = self.client.post(address, self.fill_form(**changes))
        assert response.status_code == 302, response.content.decode()[:2000]
        return str(response["Location"])

    def authorize(self, address: str, **changes: Any) -> str:
        """Press «Autorizar» at Tiny; the path of ours to which it sends the browser back."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        answer = self.account.tiny.control("POST", "authorize", query | changes)
        parts = urlsplit(answer["redirect_to"])
        return f"{parts.path}?{parts.query}"

    def connect_quietly(self) -> Integration:
        """Connected, without the test of the connection that follows by itself: its calls are not counted."""
        integration = self.connect()
        with tenant(self.organization):
            Job.objects.filter(kind="test_connection").delete()
        return integration

    def connect(self, **changes: Any) -> Integration:
        response = self.client.get(self.authorize(self.press_connect(**changes)))
        assert response.status_code == 302
        return self.integration

    @property
    def integration(self) -> Integration:
        with tenant(self.organization):
            return Integration.objects.get()

    def page(self, path: str, status: int = 200) -> str:
        response = self.client.get(f"{self.base}/{path}")
        assert response.status_code == status
        return response.content.decode()


class TokenCompany(Company):
    """The same by Identificador do integrador and Token, in the name of a user of perfil Integração."""

    LIST, DETAIL = "POST /api2/pedidos.pesquisa.php", "POST /api2/pedido.obter.php"
    NOTES, NOTE = "POST /api2/notas.fiscais.pesquisa.php", "POST /api2/nota.fiscal.obter.php"
    is_counted = False

    def __init__(self, organization: Organization, client: Client, account: SimulatedAccount) -> None:
        super().__init__(organization, client, account)
        self.access = account.add_integration()
        self.author = add_member(
            organization=organization,
            email=f"tiny@{organization.slug}.example",
            name="Integração Tiny",
            perfil=Perfil.INTEGRATION,
        )

    def fill_form(self, **changes: Any) -> dict[str, Any]:
        form = {
            "name": "Integração Tiny ERP",
            "author": str(self.author.pk),
            "integrator_id": self.access["ecommerce_id"],
            "token": self.access["token"],
            "send_statuses": ["placed"],
            "action": "connect",
        }
        return form | changes

    @staticmethod
    def refusal(reason: str) -> dict[str, Any]:
        errors = {"status": "Erro", "codigo_erro": 31, "erros": [{"erro": reason}]}
        return {"status": 200, "body": {"retorno": errors}}

    def save(self, path: str = "nova", **changes: Any) -> HttpResponse:
        """Post the form; «Salvar e testar» unless ``action`` says otherwise."""
        address = f"{self.base}/integracoes/erp/nativos/tiny/{path}/conexao/?forma=v2"
        return self.client.post(address, self.fill_form(**changes))

    def connect(self, **changes: Any) -> Integration:
        response = self.save(**changes)
        assert response.status_code == 302, response.content.decode()[:3000]
        # The test runs first: it has a channel of its own, and nothing else is due.
        assert runner.run_one() is not None
        return self.integration


@pytest.fixture
def protocol() -> str:
    return "v3"


@pytest.fixture
def company(
    transactional_db: None,
    tiny: SimulatedTiny,
    organization: Organization,
    admin: User,
    client_of: Callable[[User], Client],
    protocol: str,
) -> Company:
    """With no product until the test adds one: each costs its import a call."""
    kind = TokenCompany if protocol == "v2" else Company
    return kind(organization, client_of(admin), tiny.add_account(catalogue=False))


@pytest.fixture
def watch_secrets(
    company: Company, caplog: pytest.LogCaptureFixture, owner_sql: Callable[..., list[tuple[Any, ...]]]
) -> Iterator[None]:
    """After the test: no log, recorded call or page has shown a secret, a token or a buyer's whole CPF."""
    caplog.set_level(logging.DEBUG)
    yield
    ((calls,),) = owner_sql("SELECT coalesce(string_agg(t::text, chr(10)), '') FROM jobs_call t")
    paths = ["pedidos/", "pedidos/1/", "erros/", "integracoes/erp/nativos/"]
    with tenant(company.organization):
        paths += [f"integracoes/erp/nativos/tiny/{row.pk}/conexao/" for row in Integration.objects.all()]
        secrets = {company.app["client_secret"]}
        for credential in Credential.objects.all():
            secrets |= {credential.get_secret(name) for name in ("access_token", "refresh_token")}
    documents = {row["cpfCnpj"] for row in company.account.list_orders()}
    people = {document for document in documents if len(re.sub(r"\D", "", document)) == 11}
    people |= {re.sub(r"\D", "", document) for document in people}
    pages = "".join(company.client.get(f"{company.base}/{path}").content.decode() for path in paths)
    shown = caplog.text + calls + pages
    # What Keycloak signs begins so.
    for secret in {"eyJ", *secrets, *people} - {""}:
        assert secret not in shown


@pytest.fixture
def run_jobs() -> Callable[[], int]:
    """Run everything that is due, here, as workers would; how many jobs that were."""

    def run() -> int:
        count = 0
        dispatch_due()
        while runner.run_one() is not None:
            count += 1
        return count

    return run


@pytest.fixture
def connected(company: Company, run_jobs: RunJobs) -> Company:
    """Connected, its orders read, and no product asked for yet."""
    company.connect_quietly()
    run_jobs()
    return company


@pytest.fixture
def sending(connected: Company, run_jobs: RunJobs) -> Company:
    """Connected, with one product imported, and sending switched on."""
    connected.account.add_product(
        sku="VASO", descricao="Vaso", preco=10, marca="Serra", categoria="Casa >> Sala", ncm="69139000"
    )
    import_all(connected, run_jobs)
    choose(connected, sends_products=True)
    connected.account.clear_calls()
    return connected
