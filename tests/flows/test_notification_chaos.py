"""Companies are told late, twice, out of order or not at all, while workers die and Valkey goes away.

Each notification that was answered with 200 is stored once, byte for byte, and has its outcome; one reading
of all products then puts right what nobody told. ``NOTIFIED_COMPANIES`` in the environment makes them more
(50 in ``make soak``, with a hundred notifications each).
"""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import requests
from django.conf import settings
from django.test import Client

from accounts.models import Perfil
from accounts.services import add_member, create_organization
from accounts.tenancy import tenant
from catalog import services
from catalog.models import Product
from integrations.models import Integration
from jobs.models import Job
from launcher.valkey import Valkey
from tests.browser.platform import make_cnpj
from tests.faults.invariants import check_receipts
from tests.flows.conftest import Company, TokenCompany
from tests.processes import Process, Stack, wait_until
from tests.simulated_tiny import SimulatedTiny, find_free_port
from webhooks.services.addresses import ensure_address, read_url

COMPANIES = int(os.environ.get("NOTIFIED_COMPANIES", "10"))
PRODUCTS, ROUNDS = 20, 5
DROPPED = 0.05
# Within so many seconds any of them is sent.
SPREAD_SECONDS = 15
# Between two calls, so that twenty products take longer than anybody waits.
SCARCE_SECONDS = 0.12
ROWS = tuple[Any, ...]
OwnerSql = Callable[..., list[ROWS]]

UNREAD = "SELECT count(*) FROM webhooks_webhookreceipt WHERE state IN ('received', 'waiting')"
SETTLED = "SELECT count(*) FROM webhooks_webhookreceipt WHERE settled_at IS NOT NULL"
NO_POLLS = "DELETE FROM jobs_schedule"
OPEN_JOBS = "SELECT count(*) FROM jobs_job WHERE kind = %s AND status <> 'done'"
# Whether all was told is asked only after Tiny has had time to tell.
UNDONE = "SELECT count(*) FROM jobs_job WHERE status <> 'done' AND kind <> 'watch_notifications'"
NOT_SETTLED = """
    SELECT id, state, reason_code, repeats_id FROM webhooks_webhookreceipt
    WHERE NOT (state = 'applied' OR (state = 'repeated' AND repeats_id IS NOT NULL))
"""


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[Valkey]:
    """One that may be shot at."""
    server = Valkey(tmp_path / "valkey", password="chaos", log=tmp_path / "valkey.log")
    server.start()
    yield server
    server.stop()


class Crowd:
    """The companies, each with products at Tiny, and the processes that serve them."""

    def __init__(self, companies: list[Company], stack: Stack, variables: dict[str, str]) -> None:
        self.companies = companies
        self.stack = stack
        self.variables = variables
        self.products = {
            company.organization.pk: company.account.add_products(PRODUCTS, kinds=["S"])
            for company in companies
        }
        self.stack.start_beat(**variables)
        self.worker = self._start_worker(0)

    def kill_worker(self, slot_spacing: float) -> None:
        """The next one leaves so many seconds between two calls for the same account."""
        self.worker.kill()
        self.worker = self._start_worker(slot_spacing)

    def _start_worker(self, slot_spacing: float) -> Process:
        return self.stack.start_worker(
            concurrency=4, **self.variables, SLOT_SPACING_SECONDS=str(slot_spacing)
        )

    def for_each(self, do: Callable[[Integration], object]) -> None:
        for company in self.companies:
            with tenant(company.organization):
                do(Integration.objects.get())

    def listen(self) -> None:
        """Tiny has the address of each company: of its integration, or of the account's own Webhooks."""
        port = find_free_port()
        web = self.stack.start(
            "-m", "config.serve", "--host", "127.0.0.1", "--port", str(port), **self.variables
        )

        def answers() -> bool:
            assert web.popen.poll() is None, web.output
            with suppress(requests.RequestException):
                return requests.get(f"http://127.0.0.1:{port}/entrar/", timeout=5).status_code == 200
            return False

        wait_until(answers)
        for company in self.companies:
            with tenant(company.organization):
                integration = Integration.objects.get()
                ensure_address(integration=integration)
                path = read_url(integration=integration).removeprefix(settings.PUBLIC_URL)
            owner = company.access["ecommerce_id"] if isinstance(company, TokenCompany) else ""
            company.account.save_urls({"estoque": f"http://127.0.0.1:{port}{path}"}, owner)

    def move_stock(self, number: int, chance: random.Random) -> None:
        """Of every product of every company; in the last round the first one of each is sold out."""
        for company in self.companies:
            ids = [int(row["id"]) for row in self.products[company.organization.pk]]
            saldos = {key: float(number * 1000 + chance.randrange(1, 1000)) for key in ids}
            if number == ROUNDS:
                saldos[ids[0]] = 0.0
            company.account.change_stock(saldos)


@pytest.fixture
def crowd(
    transactional_db: None,
    tiny: SimulatedTiny,
    stack: Stack,
    valkey: Valkey,
    client_of: Callable[..., Client],
) -> Crowd:
    """Connected, some by a token and most by OAuth2."""
    companies: list[Company] = []
    for number in range(COMPANIES):
        document = make_cnpj(50_000_000 + number)
        organization = create_organization(name=f"Loja {number}", slug=f"loja-{number}", cnpj=document)
        person = add_member(
            organization=organization, email=f"dona{number}@loja.test", name="Dona", perfil=Perfil.ADMIN
        ).user
        # Of API v2 a product's stock costs a call of its own.
        kind = TokenCompany if number % 5 == 0 else Company
        company = kind(organization, client_of(person), tiny.add_account(document, catalogue=False))
        if isinstance(company, TokenCompany):
            # The test that proves the token is the worker's.
            assert company.save().status_code == 302
        else:
            company.connect()
        companies.append(company)
    variables = {
        **tiny.variables,
        "REDIS_URL": valkey.url(),
        "ALLOWED_HOSTS": "127.0.0.1",
        "JOB_LEASE_SECONDS": "3",
        "DISPATCH_SECONDS": "0.3",
        "DEBUG": "1",
    }
    return Crowd(companies, stack, variables)


def wait_for_import(crowd: Crowd, owner_sql: OwnerSql) -> None:
    def all_are(state: str, table: str = "catalog_productimport") -> bool:
        rows = owner_sql(f"SELECT count(*) FROM {table} WHERE state = %s", [state])
        return rows == [(COMPANIES,)]

    wait_until(lambda: all_are("connected", "integrations_integration"), seconds=300)
    owner_sql(NO_POLLS)
    crowd.for_each(lambda integration: services.plan_import(integration=integration, person="Dona"))
    wait_until(lambda: all_are("planned"), seconds=300)
    crowd.for_each(lambda integration: services.start_import(integration=integration))
    wait_until(lambda: all_are("done"), seconds=600)
    # What nobody tells is found by the one reading at the end, and not by a poll before.
    owner_sql(NO_POLLS)
    wait_until(lambda: owner_sql(UNDONE) == [(0,)], seconds=300)


@pytest.mark.slow
def test_after_one_reading_every_stock_is_that_of_tiny(
    crowd: Crowd, tiny: SimulatedTiny, valkey: Valkey, owner_sql: OwnerSql
) -> None:
    seed = int(os.environ.get("SEED", random.SystemRandom().randrange(10_000)))
    print(f"SEED={seed}")
    chance = random.Random(seed)
    wait_for_import(crowd, owner_sql)
    crowd.listen()
    # On a slow machine an answer may come too late for Tiny: then it tells once more, soon.
    tiny.set_sender(time_scale=60, removes_urls=False)
    tiny.add_sender_fault("shuffle", value=SPREAD_SECONDS, seed=f"{seed}/shuffle")
    tiny.add_sender_fault("double", seed=f"{seed}/double")
    tiny.add_sender_fault("drop", share=DROPPED, seed=f"{seed}/drop")
    for number in range(1, ROUNDS):
        crowd.move_stock(number, chance)
        wait_for_outcomes(owner_sql, COMPANIES)
        # While calls are scarce, what is told counts before it is confirmed.
        crowd.kill_worker(SCARCE_SECONDS)
        if number % 2 == 0:
            valkey.kill()
            valkey.restart()
    wait_for_all(tiny, owner_sql)
    dropped = tiny.count_notifications()["dropped"]
    # Of the last round nothing tells but itself.
    crowd.move_stock(ROUNDS, chance)
    wait_for_outcomes(owner_sql, COMPANIES)
    crowd.kill_worker(0)
    wait_for_all(tiny, owner_sql)

    told = tiny.count_notifications()
    assert told["queued"] == COMPANIES * PRODUCTS * ROUNDS
    untold = told["dropped"] - dropped
    assert count_differences(crowd) == untold
    kept: Counter[bytes] = Counter()
    for company in crowd.companies:
        kept += check_company(company, owner_sql)
    assert owner_sql(NOT_SETTLED) == []

    crowd.for_each(lambda integration: services.start_reconciling(integration=integration))
    wait_until(lambda: owner_sql(OPEN_JOBS, ["reconcile_products"]) == [(0,)], seconds=600)
    assert count_differences(crowd) == 0
    for company in crowd.companies:
        with tenant(company.organization):
            assert not Job.objects.filter(status="parked").exists()
    ((provisional,),) = owner_sql(
        "SELECT count(*) FROM webhooks_webhookreceipt WHERE provisional_at IS NOT NULL"
    )
    print(
        f"{told['queued']} notifications, {told['dropped']} dropped, {kept.total()} stored,"
        f" {provisional} counted before they were confirmed, {untold} products wrong until they were read"
    )


def wait_for_outcomes(owner_sql: OwnerSql, count: int) -> None:
    """So many more, which is in the middle of the work."""
    before = owner_sql(SETTLED)[0][0]
    wait_until(lambda: owner_sql(SETTLED)[0][0] >= before + count, seconds=300)


def wait_for_all(tiny: SimulatedTiny, owner_sql: OwnerSql) -> None:
    """Until Tiny has nothing left to send, and each that came has its outcome."""

    def is_over() -> bool:
        counters = tiny.count_notifications()
        return counters["waiting"] == 0 and owner_sql(UNREAD) == [(0,)]

    wait_until(is_over, seconds=600)


def check_company(company: Company, owner_sql: OwnerSql) -> Counter[bytes]:
    """What is stored is what Tiny was answered 200 for, with every repetition."""
    acknowledged: Counter[bytes] = Counter()
    tried: Counter[bytes] = Counter()
    for row in company.account.list_notifications():
        tried[row["body"]] += len(row["deliveries"])
        acknowledged[row["body"]] += sum(delivery["status"] == 200 for delivery in row["deliveries"])
    bodies = owner_sql(
        "SELECT body FROM webhooks_webhookreceipt WHERE organization_id = %s", [company.organization.pk]
    )
    kept = Counter(bytes(body) for (body,) in bodies)
    check_receipts(kept, acknowledged=acknowledged, tried=tried)
    return kept


def count_differences(crowd: Crowd) -> int:
    """Products whose stock here is not Tiny's."""
    different = 0
    for company in crowd.companies:
        known = {row["sku"] for row in crowd.products[company.organization.pk]}
        there = {
            row["sku"]: Decimal(str(row["saldo"]))
            for row in company.account.list_products()
            if row["sku"] in known
        }
        with tenant(company.organization):
            here = dict(Product.objects.filter(sku__in=known).values_list("sku", "stock"))
        assert len(there) == PRODUCTS
        assert here.keys() == there.keys()
        different += sum(here[sku] != there[sku] for sku in there)
    return different
