"""No process serves companies with a database role that could look over the wall."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import psycopg2
import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

from accounts.checks import privileges_of_app_role, refuse_privileged_role
from launcher.processes import find_any_port
from tests.processes import Stack, wait_until

pytestmark = pytest.mark.django_db(transaction=True)

REFUSAL = "could read the rows of every company"


def run_as_superuser(sql: str) -> None:
    connection = psycopg2.connect(os.environ["TEST_SUPERUSER_URL"])
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(sql)
    connection.close()


@pytest.fixture
def role_with(database_url: Callable[[str], str]) -> Iterator[Callable[[str], str]]:
    """``role_with("BYPASSRLS")``: the address of this database for a new role with these powers."""
    name = f"entreposto_test_{os.getpid()}"
    parts = urlsplit(database_url("app"))

    def create(powers: str) -> str:
        run_as_superuser(f"CREATE ROLE {name} LOGIN PASSWORD 'p' {powers}")
        return parts._replace(netloc=f"{name}:p@{parts.hostname}:{parts.port}").geturl()

    yield create
    run_as_superuser(f"DROP ROLE IF EXISTS {name}")


@pytest.fixture
def superuser_url(database_url: Callable[[str], str]) -> str:
    path = urlsplit(database_url("app")).path
    return urlsplit(os.environ["TEST_SUPERUSER_URL"])._replace(path=path).geturl()


@pytest.fixture
def refuses(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], bool]]:
    """``refuses(url)``: whether the check refuses the role of this address."""

    def connect_as(url: str) -> bool:
        parts = urlsplit(url)
        connection.close()
        monkeypatch.setitem(connection.settings_dict, "USER", parts.username)
        monkeypatch.setitem(connection.settings_dict, "PASSWORD", parts.password)
        return [error.id for error in privileges_of_app_role()] == ["accounts.E001"]

    yield connect_as
    connection.close()


def test_the_roles_of_the_installation(
    refuses: Callable[[str], bool], database_url: Callable[[str], str], superuser_url: str
) -> None:
    assert not refuses(database_url("app"))
    refuse_privileged_role()
    assert refuses(database_url("owner"))
    with pytest.raises(ImproperlyConfigured, match=REFUSAL):
        refuse_privileged_role()
    assert refuses(database_url("staff"))
    assert refuses(superuser_url)


@pytest.mark.parametrize(
    ("powers", "is_refused"),
    [
        ("", False),
        ("BYPASSRLS", True),
        ("IN ROLE entreposto_owner", True),
        ("NOINHERIT IN ROLE entreposto_gateway", True),
        ("IN ROLE entreposto_staff", True),
    ],
)
def test_what_may_become_a_powerful_role_is_one(
    refuses: Callable[[str], bool], role_with: Callable[[str], str], powers: str, is_refused: bool
) -> None:
    assert refuses(role_with(powers)) == is_refused


def test_manage_py_check_refuses_a_superuser(
    stack: Stack, database_url: Callable[[str], str], superuser_url: str
) -> None:
    def check(url: str) -> tuple[int, bool]:
        done = stack.run("manage.py", "check", "--database", "default", DATABASE_URL=url)
        return done.returncode, REFUSAL in done.stderr

    assert check(database_url("app")) == (0, False)
    assert check(superuser_url) == (1, True)


def test_migrating_as_the_owner_is_no_concern_of_the_check(stack: Stack) -> None:
    done = stack.run("manage.py", "migrate", "--check")

    assert (done.returncode, done.stderr) == (0, "")


def test_the_web_server_refuses_a_privileged_role(stack: Stack, database_url: Callable[[str], str]) -> None:
    port = str(find_any_port())
    done = stack.run("-m", "config.serve", "--port", port, DATABASE_URL=database_url("owner"))

    assert done.returncode == os.EX_CONFIG
    assert "The web server does not start: The database role 'entreposto_owner'" in done.stderr
    assert "Traceback" not in done.stderr


def test_any_other_web_server_refuses_a_privileged_role(stack: Stack, superuser_url: str) -> None:
    done = stack.run("-c", "import config.wsgi", DATABASE_URL=superuser_url)

    assert done.returncode == 1
    assert f"ImproperlyConfigured: The database role 'postgres' of DATABASE_URL {REFUSAL}" in done.stderr


def test_the_worker_refuses_a_privileged_role(stack: Stack, database_url: Callable[[str], str]) -> None:
    worker: Any = stack.start_worker(DATABASE_URL=database_url("owner"))

    wait_until(lambda: worker.popen.poll() is not None, seconds=60)
    assert worker.popen.returncode == 1
    assert "The worker does not start: The database role 'entreposto_owner'" in worker.output
    assert "ready." not in worker.output
