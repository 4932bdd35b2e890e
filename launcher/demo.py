"""The demo's two companies, made over HTTP as a person would.

One is connected already, through the real OAuth2 flow: log in, fill the form, «Conectar», «Autorizar» at the
simulator, back; and it has a contract with Correios, so that what is shipped arrives. The other waits for the
newcomer with credentials to paste. Run again, it changes nothing that stands. Prints one line of JSON for the
supervisor.
"""

from __future__ import annotations

import html
import http.cookiejar
import json
import os
import re
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from launcher.checkout import ROOT

# The demo runs on loopback with DEBUG; outside of it nobody has these.
PASSWORD = "entreposto-demo"  # noqa: S105
TIMEOUT_SECONDS = 30
RETURN_PATH = "/integracoes/tiny/oauth/retorno/"


@dataclass(frozen=True)
class Company:
    name: str
    slug: str
    email: str
    admin: str


CONNECTED = Company("Aurora Casa", "aurora-casa", "marina@aurora.example", "Marina Lopes")
WAITING = Company("Serra Azul Esportes", "serra-azul", "rafael@serra.example", "Rafael Nunes")


class Browser:
    """Pages with cookies and redirects, and forms by their hidden token."""

    def __init__(self) -> None:
        self.cookies = http.cookiejar.CookieJar()
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(self.cookies)
        )
        self.address = ""
        self.page = ""

    def open(self, address: str, form: Iterable[tuple[str, str]] | None = None) -> str:
        data = None if form is None else urllib.parse.urlencode(list(form)).encode()
        request = urllib.request.Request(address, data, headers={"Referer": self.address or address})  # noqa: S310
        with self._opener.open(request, timeout=TIMEOUT_SECONDS) as response:
            self.address, self.page = response.url, response.read().decode()
        return self.page

    def hidden_fields(self) -> list[tuple[str, str]]:
        """Name and value of the hidden inputs of the page's forms."""
        found = []
        for tag in re.findall(r"<input[^>]*>", self.page):
            attributes = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
            if attributes.get("type") == "hidden" and "name" in attributes:
                found.append((attributes["name"], html.unescape(attributes.get("value", ""))))
        return found

    def token(self) -> tuple[str, str]:
        return next(field for field in self.hidden_fields() if field[0] == "csrfmiddlewaretoken")


class Simulator:
    """The control API of the simulated Tiny, or of the simulated carriers."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def call(self, method: str, path: str, body: Any = None) -> Any:
        request = urllib.request.Request(  # noqa: S310
            f"{self._url}/_control/{path}",
            None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
            method=method,
        )
        with self._opener.open(request, timeout=TIMEOUT_SECONDS) as response:
            return json.load(response)

    def ensure_app(self, account: dict[str, Any], redirect_uri: str) -> dict[str, str]:
        """The account's app with our redirect address, registered if there is none."""
        for app in account["apps"]:
            if app["redirect_uri"] == redirect_uri:
                return dict(app)
        body = {"name": "Entreposto", "redirect_uri": redirect_uri}
        return dict(self.call("POST", f"accounts/{account['account_id']}/apps", body))


def create_company(company: Company, cnpj: str) -> None:
    subprocess.run(
        [
            *(sys.executable, "manage.py", "create_organization", company.name, "--if-missing"),
            *("--slug", company.slug, "--cnpj", cnpj),
            *("--admin-email", company.email, "--admin-name", company.admin),
        ],
        cwd=ROOT,
        env={**os.environ, "ADMIN_PASSWORD": PASSWORD},
        check=True,
    )


def log_in(public_url: str, company: Company) -> Browser | None:
    """The company's admin at the panel; None while the company does not exist."""
    browser = Browser()
    address = f"{public_url}/entrar/"
    browser.open(address)
    try:
        browser.open(address, [browser.token(), ("username", company.email), ("password", PASSWORD)])
    except urllib.error.HTTPError as error:
        if error.code == 422:
            return None
        raise
    return browser


def ensure_company(public_url: str, company: Company, cnpj: str) -> Browser:
    # Asking the panel first: a management command costs a start of Django, at each start of the demo.
    browser = log_in(public_url, company)
    if browser is None:
        create_company(company, cnpj)
        browser = log_in(public_url, company)
    if browser is None:
        raise SystemExit(f"Nobody can log in as {company.email}: was the demo's password changed?")
    return browser


def connect(browser: Browser, public_url: str, app: dict[str, str]) -> None:
    """Connect the first company, unless that was done: what a person changed since then stays."""
    native = f"{public_url}/o/{CONNECTED.slug}/integracoes/erp/nativos/"
    begun = re.search(r"/nativos/(tiny/\d+/conexao/)", browser.open(native))
    form_address = native + (begun[1] if begun else "tiny/nova/conexao/")
    if begun and "Rascunho" not in browser.open(form_address):
        return
    browser.open(form_address)
    browser.open(
        form_address,
        [
            browser.token(),
            ("name", "Integração Tiny ERP"),
            ("client_id", app["client_id"]),
            ("client_secret", app["client_secret"]),
            ("action", "connect"),
        ],
    )
    # Now at the simulator's consent page: its form posts to its own address.
    browser.open(browser.address, [*browser.hidden_fields(), ("decisao", "autorizar")])
    if not browser.address.startswith(f"{native}tiny/"):
        raise SystemExit(f"The demo could not be connected: it ended at {browser.address}.")


def sign_contract(browser: Browser, public_url: str, contract: dict[str, str]) -> None:
    """Paste the contract with Correios, unless there is one."""
    address = f"{public_url}/o/{CONNECTED.slug}/rastreamento/contratos/correios/"
    if "/contratos/correios/apagar/" in browser.open(address):
        return
    fields = [(name, contract[name]) for name in ("user", "access_code", "posting_card")]
    browser.open(address, [browser.token(), *fields])


def main() -> None:
    public_url, simulator = os.environ["PUBLIC_URL"], Simulator(os.environ["SIMULATOR_URL"])
    carriers = Simulator(os.environ["CARRIER_SIMULATOR_URL"])
    first, second = simulator.call("GET", "accounts")[:2]
    redirect_uri = public_url + RETURN_PATH
    try:
        browser = ensure_company(public_url, CONNECTED, first["cnpj"])
        ensure_company(public_url, WAITING, second["cnpj"])
        connect(browser, public_url, simulator.ensure_app(first, redirect_uri))
        sign_contract(browser, public_url, carriers.call("GET", "contract"))
    except urllib.error.HTTPError as error:
        raise SystemExit(f"The demo could not be connected: {error.code} from {error.url}.") from error
    app = simulator.ensure_app(second, redirect_uri)
    answer = {
        "logins": [
            {"company": f"{CONNECTED.name} (connected)", "email": CONNECTED.email, "password": PASSWORD},
            {"company": f"{WAITING.name} (connect it!)", "email": WAITING.email, "password": PASSWORD},
        ],
        "simulator": {
            "credentials": [
                {
                    "account": second["name"],
                    "client_id": app["client_id"],
                    "client_secret": app["client_secret"],
                }
            ]
        },
    }
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
