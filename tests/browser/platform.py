"""The whole platform as its processes (web, worker, beat, simulators), and companies that live on it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import redis
from playwright.sync_api import Browser, Page, expect
from stdnum.br import cnpj

from launcher.processes import find_any_port
from launcher.stack import Stack
from tests.browser.chromium import Window
from tests.browser.people import PASSWORD
from tests.database import ADDRESSES, ROOT, TestDatabase, address, run_sql
from tests.simulated_carriers import SimulatedCarriers
from tests.simulated_tiny import SimulatedAccount, SimulatedTiny

# Long enough to be seen by a person, short enough for a test to wait for.
POLL_SECONDS = 2
# Both in CI; what the panel shows is alike, so `make test` looks at one of them.
PROTOCOLS = ["v3", pytest.param("v2", marks=pytest.mark.slow)]
PERFIS = {"admin": "Ana Souza", "operator": "Olga Prado", "viewer": "Caio Viana"}


@dataclass
class Company:
    """An organization with an Administrador, an Operador and a Consulta, and its account at Tiny."""

    slug: str
    name: str
    account: SimulatedAccount

    def email(self, perfil: str = "admin") -> str:
        return f"{perfil}@{self.slug}.example"

    @property
    def orders(self) -> str:
        return f"/o/{self.slug}/pedidos/"

    @property
    def products(self) -> str:
        return f"/o/{self.slug}/produtos/"

    @property
    def customers(self) -> str:
        return f"/o/{self.slug}/clientes/"

    @property
    def mapping(self) -> str:
        return f"/o/{self.slug}/de-para/produtos/"

    @property
    def gallery(self) -> str:
        return f"/o/{self.slug}/integracoes/erp/nativos/"

    @property
    def notifications(self) -> str:
        return f"/o/{self.slug}/notificacoes/"

    @property
    def users(self) -> str:
        return f"/o/{self.slug}/usuarios/"

    @property
    def errors(self) -> str:
        return f"/o/{self.slug}/erros/"


def make_cnpj(number: int) -> str:
    root = f"{number:08d}0001"
    return root + cnpj.calc_check_digits(root)


class Platform:
    """Everything that runs, on a database and a Valkey number of its own."""

    def __init__(self, browser: Browser) -> None:
        self.browser = browser
        self.states: dict[str, Any] = {}
        self._folder = tempfile.TemporaryDirectory(prefix="entreposto-browser-")
        self._database = TestDatabase("browser")
        self.tiny = SimulatedTiny(Path(self._folder.name))
        self.carriers = SimulatedCarriers(Path(self._folder.name))
        self._stack = Stack(self._variables(), logs=Path(self._folder.name))
        self._companies = 0

    def _variables(self) -> dict[str, str]:
        number = self._database.take_broker_number()
        broker = urlsplit(os.environ["REDIS_URL"])._replace(path=f"/{number}").geturl()
        with redis.Redis.from_url(broker) as connection:
            connection.flushdb()
        self._port = find_any_port()
        self.url = f"http://127.0.0.1:{self._port}"
        return {
            **{variable: address(role, self._database.name) for role, variable in ADDRESSES.items()},
            **self.tiny.variables,
            **self.carriers.variables,
            "REDIS_URL": broker,
            "PUBLIC_URL": self.url,
            "ALLOWED_HOSTS": "127.0.0.1",
            # As in production: our own pages for 404 and 403, not Django's.
            "DEBUG": "0",
            "ALLOW_SIMULATOR": "1",
            "LOG_LEVEL": "WARNING",
            "ORDER_POLL_SECONDS": str(POLL_SECONDS),
            "SWEEP_SECONDS": "15",
            "PARCEL_POLL_SECONDS": str(POLL_SECONDS),
            "PARCEL_ASK_SECONDS": str(POLL_SECONDS),
            "DISPATCH_SECONDS": "0.3",
            "SLOT_SPACING_SECONDS": "0.05",
        }

    def __enter__(self) -> Platform:
        self.tiny.start()
        self.tiny.control("POST", "reset", {"seed_demo": False})
        self.carriers.start()
        web = self._stack.start_web(self._port)
        self._stack.start_worker()
        self._stack.start_beat()
        self._stack.wait_until_healthy(web, "/entrar/")
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.stop()
        for log in sorted(Path(self._folder.name).glob("*.log")):
            # pytest shows it when the last test, or what makes the platform, failed.
            print(f"--- {log.name}\n{log.read_text(errors='replace')[-3000:]}")
        self.tiny.stop()
        self.carriers.stop()
        self._database.close()
        self._folder.cleanup()

    def create_companies(
        self, names: dict[str, str], guests: dict[str, list[str]] | None = None
    ) -> dict[str, Company]:
        """Companies by slug. ``guests``: e-mails that are Administrador of several."""
        companies, rows = {}, []
        for slug, name in names.items():
            self._companies += 1
            document = make_cnpj(30_000_000 + self._companies)
            companies[slug] = company = Company(slug, name, self.tiny.add_account(document, name=name))
            people = [
                {"email": company.email(perfil), "name": person, "perfil": perfil}
                for perfil, person in PERFIS.items()
            ]
            people += [
                {"email": email, "name": "Lia Prado Matos", "perfil": "admin"}
                for email, slugs in (guests or {}).items()
                if slug in slugs
            ]
            rows.append({"slug": slug, "name": name, "cnpj": document, "people": people})
        self.run_script("tests.browser.people", json.dumps(rows))
        return companies

    def run_script(self, module: str, text: str) -> str:
        """What a module of ours makes of ``text``, as a process on the platform's database."""
        finished = subprocess.run(
            [sys.executable, "-m", module],
            cwd=ROOT,
            env={**self._stack.environment, "DJANGO_SETTINGS_MODULE": "config.settings"},
            input=text,
            text=True,
            stdout=subprocess.PIPE,
            check=True,
        )
        return finished.stdout

    def open_window(self, email: str = "", *, width: int = 1440, is_dark: bool = False) -> Window:
        """A new window, in which the person has logged in already unless ``email`` is empty."""
        if email and email not in self.states:
            window = Window(self.browser, width=1440, is_dark=False)
            self.log_in(window.page, email)
            self.states[email] = window.context.storage_state()
            window.close()
        return Window(self.browser, width=width, is_dark=is_dark, state=self.states.get(email))

    def log_in(self, page: Page, email: str) -> None:
        page.goto(f"{self.url}/entrar/")
        page.get_by_label("E-mail").fill(email)
        page.get_by_label("Senha").fill(PASSWORD)
        page.get_by_role("button", name="Entrar").click()
        page.wait_for_url(lambda address: "/entrar/" not in address)

    def connect(self, page: Page, company: Company) -> dict[str, str]:
        """Through the side panel and Tiny's consent page. The application's credentials."""
        app = company.account.add_app(f"{self.url}/integracoes/tiny/oauth/retorno/")
        page.goto(f"{self.url}{company.gallery}tiny/nova/conexao/")
        page.get_by_label("Client ID").fill(app["client_id"])
        page.get_by_label("Client Secret").fill(app["client_secret"])
        page.get_by_role("button", name="Conectar", exact=True).click()
        page.get_by_role("button", name="Autorizar").click()
        expect(page.get_by_role("dialog")).to_contain_text("Conectado como")
        return app

    def run_as_owner(self, sql: str, parameters: Any = None) -> None:
        """Change what only time or the owner could: dates of the past, the clock."""
        run_sql(self._database.owner, sql, parameters)

    def revoke(self, app: dict[str, str]) -> None:
        """End the session at Tiny, as somebody who removes the application there does."""
        self.tiny.control("POST", "tokens", {"client_id": app["client_id"], "action": "revoke"})


def wait_for(page: Page, path: str, text: str, *, seconds: float = 40.0) -> None:
    """Load ``path`` again and again until ``text`` stands in it."""
    deadline = time.monotonic() + seconds
    while True:
        page.goto(path)
        shown = page.locator("body").inner_text()
        if text in shown:
            return
        if time.monotonic() > deadline:
            raise AssertionError(f"«{text}» did not appear at {path} within {seconds:g} s: {shown[:1500]}")
        page.wait_for_timeout(300)
