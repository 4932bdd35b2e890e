"""The platform with all its processes, and companies whose orders it imports while it is shot at.

Web, worker, beat and a simulated Tiny, over the PostgreSQL and Valkey of ``Platform``. The limits of the
accounts are on and learnt from Tiny's headers, as in production. Time is scaled (``SCALED``).
"""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import subprocess
import sys
import threading
import time
import uuid
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests

from orders.map_selectors import write_version
from tests.browser.people import PASSWORD
from tests.browser.platform import make_cnpj
from tests.database import ROOT
from tests.faults.platform import SETTINGS, Platform
from tests.processes import Process, wait_until
from tests.simulated_tiny import SimulatedAccount, SimulatedTiny, find_free_port
from tests.status_maps import DEFAULT, with_rule

LIST, DETAIL, NOTES, TOKEN = "GET /pedidos", "GET /pedidos/{id}", "GET /notas", "POST /token"
CANARY, STRUCK = "Loja Canário", "Loja Ferida"
# Per minute and per second; we space calls at less than half of the latter, so that no busy machine decides.
READ_LIMIT, BURST_LIMIT = 300, 8
POLL_SECONDS = 2
SCALED = {
    "ORDER_POLL_SECONDS": str(POLL_SECONDS),
    "BREAKER_FIRST_SECONDS": "0.3",
    "JOB_RETRY_LAST_SECONDS": "1",
    "CALLS_PER_MINUTE": str(READ_LIMIT),
    "FAULTS_DEADLINE_SECONDS": "2",
}
# Orders of the struck company: pages of a hundred, and a few that are open, so that their details are read.
CLOSED, OPEN = 150, 4


class Seller:
    """A company with its account at Tiny and its Administrador's browser, over HTTP to the web server."""

    def __init__(self, platform: ImportPlatform, number: int, name: str, account: SimulatedAccount) -> None:
        self.platform = platform
        self.id = number
        self.name = name
        self.slug = f"empresa-{number}"
        self.account = account
        self.app = account.add_app(f"{platform.url}/integracoes/tiny/oauth/retorno/")
        self.browser = requests.Session()
        self.integration_id: int | None = None
        # Where Tiny posts its notifications, once there is a connection.
        self.hook = ""

    def log_in(self, email: str) -> None:
        self.browser.get(f"{self.platform.url}/entrar/", timeout=30)
        answer = self._post("/entrar/", {"username": email, "password": PASSWORD})
        assert answer.status_code == 302, answer.text[:1000]

    @property
    def gallery(self) -> str:
        return f"/o/{self.slug}/integracoes/erp/nativos/tiny"

    def _post(self, path: str, form: dict[str, Any]) -> requests.Response:
        return post(self.browser, self.platform.url + path, form)

    def connect(self) -> None:
        """Through the form and Tiny's consent page, as a person does."""
        form = self.fill_form(client_secret=self.app["client_secret"])
        assert self._post(f"{self.gallery}/nova/conexao/", form).status_code == 302
        ((self.integration_id,),) = self.platform.sql(
            "SELECT id FROM integrations_integration WHERE organization_id = %s", [self.id]
        )
        # Delivered orders, too: they need no call of their own, and so the import is short.
        kept = write_version(with_rule(DEFAULT, "entregue", is_imported=True))
        self.platform.sql(
            """INSERT INTO orders_statusmapversion
                   (organization_id, integration_id, number, outward, rules, saved_at, saved_by)
               VALUES (%s, %s, 1, %s, %s, now(), 'Ana')""",
            [self.id, self.integration_id, json.dumps(kept["outward"]), json.dumps(kept["rules"])],
        )
        self.connect_again()
        tab = self.read_page(f"integracoes/erp/nativos/tiny/{self.integration_id}/notificacoes/")
        self.hook = re.findall(r'value="(http[^"]+/webhooks/tiny/[^"]+)"', tab)[0]

    def connect_again(self) -> None:
        """«Conectar» on the banner of a connection that is not, or no longer, there."""
        self._authorize(self._post(f"{self.gallery}/{self.integration_id}/conectar/", {}))

    def _authorize(self, answer: requests.Response) -> None:
        assert answer.status_code == 302, answer.text[:1000]
        query = {
            name: values[0] for name, values in parse_qs(urlsplit(answer.headers["Location"]).query).items()
        }
        back = self.account.tiny.control("POST", "authorize", query)["redirect_to"]
        returned = self.browser.get(back, allow_redirects=False, timeout=60)
        assert returned.status_code == 302
        assert self.state == "connected", self.browser.get(returned.headers["Location"], timeout=30).text

    def fill_form(self, **changes: Any) -> dict[str, Any]:
        form = {
            "name": "Integração Tiny ERP",
            "client_id": self.app["client_id"],
            "client_secret": "",
            "invite_url": "",
            "action": "save",
        }
        return form | changes

    def read_page(self, path: str) -> str:
        answer = self.browser.get(f"{self.platform.url}/o/{self.slug}/{path}", timeout=30)
        assert answer.status_code == 200
        return answer.text

    # --- what became of it ---

    @property
    def state(self) -> str:
        rows = self.platform.sql(
            "SELECT state FROM integrations_integration WHERE organization_id = %s", [self.id]
        )
        return str(rows[0][0]) if rows else ""

    @property
    def reason(self) -> str:
        ((code,),) = self.platform.sql(
            "SELECT disconnect_code FROM integrations_integration WHERE organization_id = %s", [self.id]
        )
        return str(code)

    def count_orders(self) -> int:
        return self.count("orders_order")

    def count(self, table: str, condition: str = "true", *parameters: Any) -> int:
        ((count,),) = self.platform.sql(
            f"SELECT count(*) FROM {table} WHERE organization_id = %s AND {condition}", [self.id, *parameters]
        )
        return int(count)

    def attempts(self) -> Counter[str]:
        """Attempts of this company's jobs by the reason of their failure, «» for none."""
        rows = self.platform.sql(
            "SELECT reason_code, count(*) FROM jobs_jobattempt WHERE organization_id = %s GROUP BY 1",
            [self.id],
        )
        return Counter({code: int(count) for code, count in rows})

    def call_statuses(self, route: str) -> list[tuple[int, dt.datetime]]:
        """Status and moment (the simulator's clock) of each call of the account, oldest first."""
        calls = self.account.tiny.control("GET", f"accounts/{self.account.id}/calls")["calls"]
        return [
            (int(call["status"]), dt.datetime.fromisoformat(call["at"]))
            for call in calls
            if call["route"] == route or route == "*"
        ]

    def token_calls(self) -> dict[str, int]:
        """Renewals at Tiny by their outcome."""
        answer = self.account.tiny.control("GET", f"token_calls?client_id={self.app['client_id']}")
        return dict(answer["counts"].get("refresh_token", {}))

    def spoil_tokens(self, action: str) -> None:
        body = {"client_id": self.app["client_id"], "action": action}
        self.account.tiny.control("POST", "tokens", body)


def post(browser: requests.Session, address: str, form: dict[str, Any]) -> requests.Response:
    token = next(cookie.value for cookie in browser.cookies if cookie.name.endswith("_csrf"))
    return browser.post(address, {**form, "csrfmiddlewaretoken": token}, allow_redirects=False, timeout=60)


class ImportPlatform(Platform):
    """Started once for all rows; each row brings a new company and shares the one that nothing strikes."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self.tiny = SimulatedTiny(directory)
        self.port = find_free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.webs: list[Process] = []
        self.absences: list[Absence] = []
        self._last_id = 1000

    def start(self) -> None:
        self.tiny.start()
        self.tiny.control("POST", "reset", {"seed_demo": False})
        super().start()
        self.add_web()
        self.canary = self._make_seller(CANARY)
        self.canary.account.add_orders(count=10, situacoes=[6], with_invoices=True)
        self._make_people([self.canary.slug], "canaria@loja.test")
        first = self._make_seller(STRUCK)
        self._make_people([first.slug], "ferida@loja.test")
        self.canary.log_in("canaria@loja.test")
        first.log_in("ferida@loja.test")
        self._person = first.browser
        ((self._person_id,),) = self.sql("SELECT id FROM accounts_user WHERE email = 'ferida@loja.test'")
        self.canary.connect()
        wait_until(lambda: self.canary.count_orders() == 10)

    def stop(self) -> None:
        super().stop()
        self.tiny.stop()

    def environment(self) -> dict[str, str]:
        return {
            **super().environment(),
            **self.tiny.variables,
            **SCALED,
            "PUBLIC_URL": self.url,
            "ALLOWED_HOSTS": "127.0.0.1",
            "DEBUG": "0",
        }

    def heal(self) -> None:
        super().heal()
        if not self.webs or self.webs[-1].popen.poll() is not None:
            self.add_web()

    def add_web(self) -> None:
        """As the supervisor does after a death; returns when it answers."""
        arguments = ["-m", "config.serve", "--host", "127.0.0.1", "--port", str(self.port)]
        self.webs.append(self.stack.start(*arguments, DJANGO_SETTINGS_MODULE=SETTINGS))
        wait_until(self.answers)

    def answers(self) -> bool:
        try:
            return requests.get(f"{self.url}/entrar/", timeout=5).status_code == 200
        except requests.RequestException:
            return False

    def open_seller(self) -> Seller:
        """A company with orders at Tiny, not connected yet, in the hands of the one person of them all."""
        seller = self._make_seller(STRUCK)
        self.sql(
            """INSERT INTO accounts_membership (organization_id, user_id, perfil, is_active, created_at)
               VALUES (%s, %s, 'admin', true, clock_now())""",
            [seller.id, self._person_id],
        )
        seller.browser = copy_session(self._person)
        seller.account.add_orders(count=CLOSED, situacoes=[6], with_invoices=True)
        seller.account.add_orders(count=OPEN, situacoes=[1, 7, 5], with_invoices=True, since_days=1)
        return seller

    def retire(self, seller: Seller) -> None:
        """Its polls must not load the rows that follow."""
        self.sql("DELETE FROM jobs_schedule WHERE organization_id = %s", [seller.id])
        self.sql(
            """UPDATE jobs_job SET status = 'done', lease = NULL, lease_until = NULL,
                   finished_at = clock_now()
               WHERE status <> 'done' AND organization_id = %s""",
            [seller.id],
        )

    def _make_seller(self, name: str) -> Seller:
        self._last_id += 1
        document = make_cnpj(40_000_000 + self._last_id)
        account = self.tiny.add_account(
            document, name=name, read_limit=READ_LIMIT, burst_limit=BURST_LIMIT, window="sliding"
        )
        seller = Seller(self, self._last_id, f"{name} {self._last_id}", account)
        self.sql(
            """INSERT INTO accounts_organization (id, name, slug, cnpj, created_at)
               VALUES (%s, %s, %s, %s, clock_now())""",
            [seller.id, seller.name, seller.slug, document],
        )
        return seller

    def _make_people(self, slugs: list[str], email: str) -> None:
        for slug in slugs:
            subprocess.run(
                [sys.executable, "-m", "tests.faults.people", slug, email],
                cwd=ROOT,
                env={**os.environ, **self.variables, "DJANGO_SETTINGS_MODULE": SETTINGS},
                check=True,
            )

    # --- time ---

    def now(self) -> dt.datetime:
        ((moment,),) = self.sql("SELECT clock_now()")
        return moment  # type: ignore[no-any-return]

    def move_clock(self, delta: dt.timedelta) -> None:
        """Time passes for us and for Tiny. It is never turned back: schedules would stand still."""
        self.shift_our_clock(delta)
        self.tiny.control("POST", "clock", {"advance_seconds": delta.total_seconds()})

    def shift_our_clock(self, delta: dt.timedelta) -> None:
        if not self.sql('UPDATE accounts_clockoffset SET "offset" = "offset" + %s RETURNING id', [delta]):
            self.sql('INSERT INTO accounts_clockoffset ("offset") VALUES (%s)', [delta])

    def call_schedule(self, seller: Seller, kind: str) -> None:
        """The hour of this schedule has come: scaled time for what happens once an hour or in three."""
        self.sql(
            "UPDATE jobs_schedule SET next_at = clock_now() WHERE organization_id = %s AND kind = %s",
            [seller.id, kind],
        )

    # --- what may be seen from outside meanwhile ---

    @contextmanager
    def absence(self, part: str) -> Iterator[None]:
        """While «database» is away pages may answer 503; while «web» is, nobody answers."""
        began = time.monotonic()
        try:
            yield
        finally:
            self.absences.append(Absence(part, began, time.monotonic()))


@dataclass(frozen=True)
class Absence:
    part: str
    began: float
    ended: float


@dataclass(frozen=True)
class Visit:
    """One request of a person of the company ``who``. ``status`` 0: no answer."""

    who: str
    path: str
    status: int
    began: float
    ended: float


def copy_session(session: requests.Session) -> requests.Session:
    """Of the same person, for another thread."""
    copied = requests.Session()
    copied.cookies.update(session.cookies)
    return copied


@dataclass
class Visitor:
    """A person of each company who looks at pages and saves a form, again and again, whatever happens.

    Meanwhile each company's Tiny posts notifications.
    """

    struck: Seller
    canary: Seller
    pause: float = 0.1
    visits: list[Visit] = field(default_factory=list)
    # By company: every page that was shown.
    bodies: dict[str, set[str]] = field(default_factory=dict)
    saves_tried: int = 0
    saves_accepted: int = 0
    # By company: notifications that were posted, and those that were answered with 200.
    posts_tried: dict[int, Counter[bytes]] = field(default_factory=lambda: defaultdict(Counter))
    posts_accepted: dict[int, Counter[bytes]] = field(default_factory=lambda: defaultdict(Counter))

    def __post_init__(self) -> None:
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._browsers = {seller.slug: copy_session(seller.browser) for seller in (self.struck, self.canary)}

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._ended.set()
        self._thread.join(90)
        assert not self._thread.is_alive()

    def wait_for_visits(self, count: int) -> None:
        """So many more, answered or not."""
        before = len(self.visits)
        wait_until(lambda: len(self.visits) >= before + count)

    def _run(self) -> None:
        while not self._ended.is_set():
            for seller, path in self._list_pages():
                self._visit(seller, path)
                if self._ended.wait(self.pause):
                    return
            if self.struck.integration_id:
                self._save()
            for seller in (self.struck, self.canary):
                if seller.hook:
                    self._notify(seller)

    def _list_pages(self) -> list[tuple[Seller, str]]:
        struck, canary = self.struck, self.canary
        pages = [
            (struck, f"/o/{struck.slug}/pedidos/"),
            (canary, f"/o/{canary.slug}/pedidos/"),
            (struck, f"/o/{struck.slug}/pedidos/1/"),
            (struck, f"/o/{struck.slug}/erros/"),
            # Of another company: there is no such page.
            (struck, f"/o/{canary.slug}/pedidos/"),
            (canary, f"/o/{struck.slug}/pedidos/1/"),
            (canary, f"{canary.gallery}/{canary.integration_id}/conexao/"),
        ]
        if struck.integration_id:
            pages.append((struck, f"{struck.gallery}/{struck.integration_id}/conexao/"))
        return pages

    def _visit(self, seller: Seller, path: str) -> None:
        began, status = time.monotonic(), 0
        with suppress(requests.RequestException):
            answer = self._browsers[seller.slug].get(seller.platform.url + path, timeout=60)
            status = answer.status_code
            self.bodies.setdefault(seller.slug, set()).add(answer.text)
        self.visits.append(Visit(seller.slug, path, status, began, time.monotonic()))

    def _save(self) -> None:
        """A write whose acceptance is a promise: the history has its line."""
        path = f"{self.struck.gallery}/{self.struck.integration_id}/conexao/"
        form = self.struck.fill_form(name=f"Tiny {self.saves_tried}")
        began, status = time.monotonic(), 0
        self.saves_tried += 1
        with suppress(requests.RequestException):
            status = post(self._browsers[self.struck.slug], self.struck.platform.url + path, form).status_code
        self.saves_accepted += status == 302
        self.visits.append(Visit(self.struck.slug, path, status, began, time.monotonic()))

    def _notify(self, seller: Seller) -> None:
        """A post that is a promise as well, of a kind for which nothing is asked at Tiny."""
        body = json.dumps({"tipo": "cotacao", "numero": uuid.uuid4().hex}).encode()
        began, status = time.monotonic(), 0
        self.posts_tried[seller.id][body] += 1
        with suppress(requests.RequestException):
            status = requests.post(seller.hook, body, timeout=60).status_code
        if status == 200:
            self.posts_accepted[seller.id][body] += 1
        self.visits.append(Visit(seller.slug, "/webhooks/", status, began, time.monotonic()))


class Scene:
    """One row: the platform, the company that is struck, the one that is not, and people who look."""

    def __init__(self, platform: ImportPlatform) -> None:
        self.platform = platform
        self.tiny = platform.tiny
        self.canary = platform.canary
        self.struck = platform.open_seller()
        self.began = time.monotonic()
        self.visitors: list[Visitor] = []
        # What the row adds to what is expected of all.
        self.deleted: set[str] = set()
        self.connections = 1

    def __enter__(self) -> Scene:
        self.add_visitor()
        return self

    def __exit__(self, *error: object) -> None:
        for visitor in self.visitors:
            visitor.stop()
        self.tiny.control("POST", "faults/clear")
        self.platform.retire(self.struck)

    @property
    def visitor(self) -> Visitor:
        return self.visitors[0]

    def add_visitor(self, *, pause: float = 0.1) -> None:
        self.visitors.append(Visitor(self.struck, self.canary, pause))
        self.visitors[-1].start()

    def lay(self, route: str, **fault: Any) -> int:
        """A fault on the struck company's account; its id."""
        body = {"account_id": self.struck.account.id, "route": route, **fault}
        return int(self.tiny.control("POST", "faults", body)["fault_id"])

    def lift(self, fault_id: int) -> None:
        self.tiny.control("DELETE", f"faults/{fault_id}")

    def slow_down(self, milliseconds: int = 300) -> None:
        """Each page takes so long that a fault falls into the middle of the import."""
        for route in (LIST, NOTES):
            self.lay(route, times=100, delay_ms=milliseconds)

    def connect_and_wait(self) -> None:
        """Until the import is under way: one page stands, others are to come."""
        self.slow_down()
        self.struck.connect()
        wait_until(lambda: self.struck.count_orders() >= 100)

    def connect_and_finish(self) -> None:
        """Until the import is done."""
        self.struck.connect()
        wait_until(lambda: self.struck.count_orders() == CLOSED + OPEN)
        self.wait_for_polls()

    def wait_until_felt(self, reason: str, times: int = 3) -> None:
        wait_until(lambda: self.struck.attempts()[reason] >= times)

    def canary_receives(self, count: int = 5) -> None:
        """New orders of the other company arrive now."""
        before = self.canary.count_orders()
        self.canary.account.add_orders(count=count, situacoes=[6], with_invoices=True, since_days=1)
        wait_until(lambda: self.canary.count_orders() == before + count)

    def wait_for_polls(self) -> None:
        """Until a poll that began from now on is done, and nothing waits, for both companies."""
        since = self.platform.now()
        for seller in (self.struck, self.canary):
            wait_until(lambda seller=seller: self._is_settled(seller, since), seconds=120)

    def _is_settled(self, seller: Seller, since: dt.datetime) -> bool:
        rows = self.platform.sql(
            # A look at what was told waits some minutes for what may still come.
            """SELECT count(*) FILTER (WHERE status <> 'done' AND kind <> 'watch_notifications'),
                      count(*) FILTER (WHERE kind = 'pull_orders' AND created_at > %s)
               FROM jobs_job WHERE organization_id = %s""",
            [since, seller.id],
        )
        return rows[0][0] == 0 and rows[0][1] > 0


def digits(text: str) -> str:
    return re.sub(r"\D", "", text)
