"""Fixtures that every test may use. There are always two organizations."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.db import connections
from django.test import Client, TransactionTestCase
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from playwright.sync_api import Browser, expect, sync_playwright
from xdist.scheduler import LoadScopeScheduling

from accounts import services
from accounts.models import Organization, Perfil, User
from tests.browser.chromium import WAIT_MS, launch, require_browser
from tests.database import ADDRESSES, TestDatabase, address, run_sql
from tests.processes import Stack
from tests.simulated_carriers import SimulatedCarriers

# How long an example takes is the machine's affair.
hypothesis_settings.register_profile(
    "untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
hypothesis_settings.load_profile("untimed")

# Slow on purpose, and no test is about that. The rounds stand in each hash, so every process can read it.
PBKDF2PasswordHasher.iterations = 1

# No test asks a real carrier, and SSW wants no credentials. Names that RFC 2606 gives to nobody.
settings.TRACKER_URLS = {"correios": "https://correios.invalid", "ssw": "https://ssw.invalid"}
os.environ.update(CORREIOS_URL="https://correios.invalid", SSW_URL="https://ssw.invalid")

# What is tested there stands on a platform that takes long to start: one process of pytest has all of it.
TOGETHER = ("tests/browser/", "tests/faults/")


class Scheduling(LoadScopeScheduling):
    """xdist's own groups are lost with pytest 9.2: https://github.com/pytest-dev/pytest-xdist/issues/1386"""

    def _split_scope(self, nodeid: str) -> str:
        return next((folder for folder in TOGETHER if nodeid.startswith(folder)), nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Scheduling:
    return Scheduling(config, log)


@pytest.fixture(scope="session")
def process_database() -> Iterator[TestDatabase]:
    database = TestDatabase()
    yield database
    database.close()


@pytest.fixture(scope="session")
def django_db_setup(
    process_database: TestDatabase, django_test_environment: None, django_db_blocker: Any
) -> Iterator[None]:
    """pytest-django's own would create the database as the app role, which may not."""
    connections["default"].close()
    settings.DATABASES["default"]["NAME"] = process_database.name
    connections["default"].settings_dict["NAME"] = process_database.name
    use_own_broker(process_database.take_broker_number())
    former = TransactionTestCase._fixture_teardown

    def empty_as_owner(test: TransactionTestCase) -> None:
        for connection in connections.all(initialized_only=True):
            connection.close()
        process_database.empty()

    TransactionTestCase._fixture_teardown = empty_as_owner
    yield
    TransactionTestCase._fixture_teardown = former
    with django_db_blocker.unblock():
        connections["default"].close()


def use_own_broker(number: int) -> None:
    """Nudges of this process reach only workers that its own tests started."""
    url = urlsplit(settings.REDIS_URL)._replace(path=f"/{number}").geturl()
    os.environ["REDIS_URL"] = settings.REDIS_URL = settings.CELERY_BROKER_URL = url


@pytest.fixture
def owner_sql(process_database: TestDatabase, db: None) -> Callable[..., list[tuple[Any, ...]]]:
    """``owner_sql(sql, params)``: run as the owner role and committed at once; sees committed rows only."""

    def run(sql: str, parameters: Any = None) -> list[tuple[Any, ...]]:
        return run_sql(process_database.owner, sql, parameters)

    return run


@pytest.fixture
def database_url(process_database: TestDatabase) -> Callable[[str], str]:
    """``database_url("app" | "owner" | "staff")``: the address of this process's database."""
    return lambda role: address(role, process_database.name)


@pytest.fixture(scope="session")
def carriers_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatedCarriers]:
    simulator = SimulatedCarriers(tmp_path_factory.mktemp("carriers"))
    try:
        simulator.start()
        yield simulator
    finally:
        simulator.stop()


@pytest.fixture
def simulated_carriers(
    carriers_process: SimulatedCarriers, monkeypatch: pytest.MonkeyPatch
) -> SimulatedCarriers:
    """Correios and SSW without parcels and faults; whom we ask in this process are they.

    Processes that a test starts want its ``variables``.
    """
    carriers_process.reset()
    addresses = {"correios": carriers_process.correios_url, "ssw": carriers_process.ssw_url}
    monkeypatch.setattr(settings, "TRACKER_URLS", addresses)
    return carriers_process


@pytest.fixture
def move_clock(owner_sql: Any) -> Iterator[Callable[[dt.timedelta], None]]:
    """``move_clock(delta)``: shift ``clock_now()`` further, for every process; back again after the test."""

    def move(delta: dt.timedelta) -> None:
        if not owner_sql(
            'UPDATE accounts_clockoffset SET "offset" = "offset" + %s::interval RETURNING id', [delta]
        ):
            owner_sql('INSERT INTO accounts_clockoffset ("offset") VALUES (%s::interval)', [delta])

    yield move
    owner_sql("DELETE FROM accounts_clockoffset")


@pytest.fixture
def other_organization(db: None) -> Organization:
    return services.create_organization(name="Loja Vizinha Ltda", slug="loja-vizinha", cnpj="11444777000161")


@pytest.fixture
def organization(other_organization: Organization) -> Organization:
    return services.create_organization(name="Casa Aurora", slug="casa-aurora", cnpj="11222333000181")


@pytest.fixture
def admin(organization: Organization) -> User:
    """Administrador of ``organization``."""
    return services.add_member(
        organization=organization, email="ana@aurora.test", name="Ana Souza", perfil=Perfil.ADMIN
    ).user


@pytest.fixture
def stranger(other_organization: Organization) -> User:
    """Administrador of ``other_organization`` only."""
    return services.add_member(
        organization=other_organization, email="bruno@vizinha.test", name="Bruno Lima", perfil=Perfil.ADMIN
    ).user


@pytest.fixture
def client_of() -> Callable[[User], Client]:
    """``client_of(user)``: a logged-in test client."""

    def login(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return login


@pytest.fixture
def stack(transactional_db: None, process_database: TestDatabase) -> Iterator[Stack]:
    """Real processes (worker, beat, web, any command) on this process's database and Valkey.

    Rows must be committed to be seen, hence ``transactional_db``. All processes are killed at the end.
    """
    with make_stack(process_database) as running:
        yield running


@pytest.fixture(scope="module")
def shared_stack(django_db_setup: None, process_database: TestDatabase) -> Iterator[Stack]:
    """The same for processes that all tests of a module ask: between two tests their tables are emptied."""
    with make_stack(process_database) as running:
        yield running


def make_stack(database: TestDatabase) -> Stack:
    variables = {variable: address(role, database.name) for role, variable in ADDRESSES.items()}
    return Stack({**variables, "REDIS_URL": settings.REDIS_URL})


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for all: its driver cannot be started twice in a process."""
    path = require_browser()
    expect.set_options(timeout=WAIT_MS)
    with sync_playwright() as playwright:
        browser = launch(playwright, path)
        yield browser
        browser.close()
