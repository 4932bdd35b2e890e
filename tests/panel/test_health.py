"""``/saude/`` beside a healthy and an ailing database, broker and beat."""

from __future__ import annotations

import datetime as dt
import json
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connections
from django.test import Client

from accounts.models import Organization, User
from accounts.tenancy import tenant
from jobs import dispatch, queue
from jobs.models import Channel
from panel import health
from tests.processes import Stack

pytestmark = pytest.mark.django_db


@pytest.fixture
def deaf_port() -> Iterator[int]:
    """Takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def ask(client: Client | None = None) -> tuple[int, dict[str, Any]]:
    response = (client or Client()).get("/saude/")
    assert response.headers["Content-Type"] == "application/json"
    assert "no-store" in response.headers["Cache-Control"]
    return response.status_code, response.json()


def test_all_is_well_after_a_tick(organization: Organization) -> None:
    dispatch.dispatch_due()

    status, body = ask()

    assert status == 200
    assert 0 <= body.pop("last_tick_seconds") < 60
    assert body == {"status": "ok", "problems": [], "oldest_due_job_seconds": None}


def test_nothing_of_any_company_is_told_even_to_a_member(
    organization: Organization, admin: User, client_of: Callable[[User], Client]
) -> None:
    dispatch.dispatch_due()

    _, body = ask(client_of(admin))

    assert set(body) == {"status", "problems", "last_tick_seconds", "oldest_due_job_seconds"}


def test_before_the_first_tick_pages_are_served_all_the_same() -> None:
    assert ask() == (
        200,
        {
            "status": "degraded",
            "problems": ["ticks"],
            "last_tick_seconds": None,
            "oldest_due_job_seconds": None,
        },
    )


@pytest.mark.django_db(transaction=True)
def test_a_beat_that_stopped_is_told(organization: Organization, move_clock: Any) -> None:
    dispatch.dispatch_due()
    move_clock(dt.timedelta(minutes=5))

    status, body = ask()

    assert (status, body["status"], body["problems"]) == (200, "degraded", ["ticks"])
    assert 300 <= body["last_tick_seconds"] < 400


@pytest.mark.django_db(transaction=True)
def test_the_oldest_due_job_of_all_companies_is_told_but_none_that_is_paused(
    organization: Organization, other_organization: Organization, move_clock: Any
) -> None:
    for company, channel in ((organization, "erp:1"), (other_organization, "erp:2")):
        with tenant(company):
            queue.ensure_channel(channel)
            queue.enqueue("pull_orders", channel=channel, key="k")
        move_clock(dt.timedelta(hours=1))
    assert 7200 <= ask()[1]["oldest_due_job_seconds"] < 7300

    with tenant(organization):
        Channel.objects.update(paused_at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC))

    assert 3600 <= ask()[1]["oldest_due_job_seconds"] < 3700


def test_a_broker_that_refuses_is_told(settings: Any) -> None:
    dispatch.dispatch_due()
    settings.REDIS_URL = "redis://127.0.0.1:1/0"

    status, body = ask()

    assert (status, body["status"], body["problems"]) == (200, "degraded", ["broker"])


def test_a_broker_that_never_answers_holds_nobody(
    settings: Any, deaf_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The limit is the socket's own: without it this test would never end."""
    settings.REDIS_URL = f"redis://127.0.0.1:{deaf_port}/0"
    monkeypatch.setattr(health, "BROKER_SECONDS", 0.05)

    assert ask()[1]["problems"] == ["broker", "ticks"]


def test_missing_migrations_are_503(monkeypatch: pytest.MonkeyPatch) -> None:
    newer = frozenset({("jobs", "9999_of_the_next_version")})
    monkeypatch.setattr(health, "_latest_migrations", lambda: newer)

    status, body = ask()

    assert (status, body["status"], body["problems"]) == (503, "down", ["migrations", "ticks"])


@pytest.mark.django_db(transaction=True)
def test_a_database_that_is_away_is_503(settings: Any) -> None:
    connection = connections["default"]
    connection.close()
    port, connection.settings_dict["PORT"] = connection.settings_dict["PORT"], 1
    try:
        status, body = ask()
    finally:
        connection.close()
        connection.settings_dict["PORT"] = port

    assert (status, body["status"]) == (503, "down")
    assert body["problems"] == ["database", "migrations", "ticks"]


@pytest.mark.django_db(transaction=True)
def test_the_command_answers_for_the_parts_that_it_is_asked(stack: Stack) -> None:
    before = stack.run("manage.py", "check_health", "database", "migrations", "broker")
    ticks = stack.run("manage.py", "check_health", "ticks")
    dispatch.dispatch_due()
    after = stack.run("manage.py", "check_health")
    unknown = stack.run("manage.py", "check_health", "weather")

    assert (before.returncode, ticks.returncode, after.returncode) == (0, 1, 0), before.stderr
    assert json.loads(ticks.stdout)["problems"] == ["ticks"]
    assert json.loads(after.stdout)["status"] == "ok"
    assert (unknown.returncode, unknown.stderr) == (
        2,
        "Unknown part: weather; there are database, migrations, broker, ticks.\n",
    )
