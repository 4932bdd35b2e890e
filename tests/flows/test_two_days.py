"""Days of renewals with workers that die: only an answer lost in a kill loses a connection, and is counted.

Time moves three hours a step, on both sides at once. ``DAYS`` and ``CONNECTIONS`` in the environment make it
longer (30 × 200 in ``make soak``).
"""

from __future__ import annotations

import datetime as dt
import os
import random
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from accounts import clock
from accounts.models import Perfil
from accounts.services import add_member, create_organization
from accounts.tenancy import tenant
from integrations.models import Credential, Integration
from tests.flows.conftest import Company
from tests.processes import Stack, wait_until
from tests.simulated_tiny import SimulatedTiny

DAYS = int(os.environ.get("DAYS", "2"))
CONNECTIONS = int(os.environ.get("CONNECTIONS", "20"))
STEP = dt.timedelta(hours=3, minutes=2)
FAST = {"JOB_LEASE_SECONDS": "3", "DISPATCH_SECONDS": "0.5", "SLOT_SPACING_SECONDS": "0"}


def make_cnpj(number: int) -> str:
    """A CNPJ whose check digits hold."""
    digits = f"{number:08d}0001"
    for _ in range(2):
        weights = [(len(digits) - 1 - place) % 8 + 2 for place in range(len(digits))]
        rest = sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=True)) % 11
        digits += str(0 if rest < 2 else 11 - rest)
    return digits


@pytest.fixture
def companies(
    transactional_db: None,
    tiny: SimulatedTiny,
    client_of: Callable[..., Client],
    monkeypatch: pytest.MonkeyPatch,
) -> list[Company]:
    # Once a day is enough of what else goes on: renewals are what is looked at.
    monkeypatch.setattr(settings, "ORDER_POLL_SECONDS", 86_400)
    monkeypatch.setattr(settings, "SWEEP_SECONDS", 86_400)
    made = []
    for number in range(1, CONNECTIONS + 1):
        organization = create_organization(name=f"Loja {number}", slug=f"loja-{number}")
        person = add_member(
            organization=organization, email=f"dona{number}@loja.test", name="Dona", perfil=Perfil.ADMIN
        ).user
        company = Company(organization, client_of(person), tiny.add_account(make_cnpj(10_000_000 + number)))
        company.connect()
        made.append(company)
    return made


def read_credential(company: Company) -> tuple[Integration, Credential]:
    with tenant(company.organization):
        credential = Credential.objects.select_related("integration").get()
    return credential.integration, credential


SETTLED = """
    SELECT count(*) FROM integrations_credential c JOIN integrations_integration i ON i.id = c.integration_id
    WHERE i.state = 'disconnected' OR c.renewed_at >= %s
"""


@pytest.mark.slow
def test_connections_live_through_days_of_kills(
    companies: list[Company],
    stack: Stack,
    tiny: SimulatedTiny,
    move_clock: Callable[[dt.timedelta], None],
    owner_sql: Callable[..., list[tuple[Any, ...]]],
) -> None:
    def count_settled(since: dt.datetime) -> int:
        """How many renewed since then, or are said to be disconnected."""
        return int(owner_sql(SETTLED, [since])[0][0])

    seed = int(os.environ.get("SEED", random.SystemRandom().randrange(10_000)))
    print(f"SEED={seed}")
    chance = random.Random(seed)
    kills = 0
    stack.start_beat(**FAST, **tiny.variables)
    worker = stack.start_worker(concurrency=2, **FAST, **tiny.variables)
    for _ in range(DAYS * 24 // 3):
        before = clock.now()
        move_clock(STEP)
        tiny.control("POST", "clock", {"advance_seconds": int(STEP.total_seconds())})
        if chance.random() < 0.5:
            asked = chance.randrange(1, CONNECTIONS)
            wait_until(lambda asked=asked, since=before: count_settled(since) >= asked, seconds=600)
            worker.kill()
            kills += 1
            worker = stack.start_worker(concurrency=2, **FAST, **tiny.variables)
        wait_until(lambda since=before: count_settled(since) == CONNECTIONS, seconds=600)
    states = [read_credential(company) for company in companies]
    lost = [credential for integration, credential in states if integration.state == "disconnected"]
    print(f"{CONNECTIONS} connections, {DAYS} days, {kills} kills, {len(lost)} grants lost")
    # A kill may hit both children of the worker between an answer and its commit, and never more than those.
    assert len(lost) <= 2 * kills
    for integration, credential in states:
        if integration.state == "disconnected":
            assert integration.disconnect_code == "integration.renewal_lost"
            assert credential.lost_grants == 1
        else:
            assert (integration.state, credential.lost_grants) == ("connected", 0)
