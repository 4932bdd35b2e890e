"""Roles and databases on a server that somebody else runs: ``python -m launcher roles`` and what it says."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import psycopg2
import pytest

from tests.database import ROOT, run_sql
from tests.production.environment import PRODUCTION, run_python

WORDS = ("owner", "app", "staff", "gateway", "simulator", "admin")


@dataclass
class Server:
    """Names of our own on the tests' server, because roles are the whole cluster's. Gone at the end."""

    prefix: str

    def name(self, word: str) -> str:
        return f"{self.prefix}_{word}"

    def url(self, word: str, database: str = "") -> str:
        parts = urlsplit(os.environ["TEST_SUPERUSER_URL"])
        server = parts.netloc.rpartition("@")[2]
        return f"postgres://{self.name(word)}:p%40ss-{word}@{server}/{database or self.name('database')}"

    @property
    def environment(self) -> dict[str, str]:
        return PRODUCTION | {
            "DATABASE_URL": self.url("app"),
            "DATABASE_OWNER_URL": self.url("owner"),
            "DATABASE_STAFF_URL": self.url("staff"),
            "DATABASE_GATEWAY_ROLE": self.name("gateway"),
        }

    def make_admin(self, attributes: str) -> str:
        self.run(f"CREATE ROLE {self.name('admin')} LOGIN {attributes} PASSWORD 'p@ss-admin'")
        return self.url("admin", "postgres")

    def run(self, sql: str, database: str = "postgres") -> list[tuple[object, ...]]:
        url = urlsplit(os.environ["TEST_SUPERUSER_URL"])._replace(path=f"/{database}").geturl()
        connection = psycopg2.connect(url)
        connection.autocommit = True
        try:
            return list(run_sql(connection, sql))
        finally:
            connection.close()

    def clean(self) -> None:
        for word in ("database", "simulator_database"):
            self.run(f"DROP DATABASE IF EXISTS {self.name(word)} WITH (FORCE)")
        existing = {name for (name,) in self.run("SELECT rolname FROM pg_roles")}
        names = [self.name(word) for word in WORDS if self.name(word) in existing]
        if names:
            self.run(f"DROP OWNED BY {', '.join(names)}")
            self.run(f"DROP ROLE {', '.join(names)}")


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server(f"production_{os.getpid()}")
    server.clean()
    yield server
    server.clean()


def roles(environment: dict[str, str]) -> tuple[int, str]:
    done = run_python("-m", "launcher", "roles", environment=environment)
    assert len((done.stdout + done.stderr).splitlines()) == 1, done.stdout + done.stderr
    return done.returncode, (done.stdout + done.stderr).strip()


READY = (0, "Roles and databases stand.")


@pytest.mark.parametrize("attributes", ["SUPERUSER", "CREATEROLE CREATEDB"])
def test_an_administrator_makes_everything_and_again_changes_nothing(server: Server, attributes: str) -> None:
    admin = {"DATABASE_ADMIN_URL": server.make_admin(attributes)}
    with_simulator = {"SIMULATOR_DATABASE_URL": server.url("simulator", server.name("simulator_database"))}

    assert roles(server.environment | admin | with_simulator) == READY
    assert roles(server.environment | admin | with_simulator) == READY
    assert roles(server.environment | with_simulator) == READY

    migrate = run_python("manage.py", "migrate", "--noinput", environment=server.environment)
    assert migrate.returncode == 0, migrate.stderr
    health = run_python("manage.py", "check_health", "database", "migrations", environment=server.environment)
    assert health.returncode == 0, health.stdout
    assert run_python(
        *("manage.py", "check", "--database", "default"), environment=server.environment
    ).stdout.startswith("System check identified no issues")
    app, owner, staff, gateway = (server.name(word) for word in ("app", "owner", "staff", "gateway"))
    assert (
        server.run(
            "SELECT rolname FROM pg_roles WHERE (rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb)"
            f" AND rolname IN ('{app}', '{owner}', '{staff}', '{gateway}', '{server.name('simulator')}')"
        )
        == []
    )
    assert server.run(f"SELECT rolcanlogin FROM pg_roles WHERE rolname = '{gateway}'") == [(False,)]


def test_without_an_administrator_one_sentence_says_what_to_do(server: Server) -> None:
    code, sentence = roles(server.environment)

    assert code == 2
    for variable, word in (("DATABASE_URL", "app"), ("DATABASE_OWNER_URL", "owner")):
        assert f"{variable} cannot connect as {server.name(word)} (" in sentence
    assert sentence.endswith(
        ": set DATABASE_ADMIN_URL to a role that may create roles and databases, "
        "or have the SQL of docs/OPERATIONS.md run by who administers the server."
    )
    assert "p@ss" not in sentence and "p%40ss" not in sentence


def test_an_administrator_who_may_not_is_one_sentence(server: Server) -> None:
    code, sentence = roles(server.environment | {"DATABASE_ADMIN_URL": server.make_admin("NOCREATEROLE")})

    assert code == 2
    assert sentence == (
        f"The role {server.name('admin')} of DATABASE_ADMIN_URL may not make our roles and databases "
        "(permission denied to create role): "
        "it needs CREATEROLE and CREATEDB, and roles that exist must be its own."
    )


def test_an_administrator_who_does_not_exist_is_one_sentence(server: Server) -> None:
    code, sentence = roles(server.environment | {"DATABASE_ADMIN_URL": server.url("admin", "postgres")})

    assert (code, sentence.split(":")[0]) == (2, "DATABASE_ADMIN_URL cannot be used")
    assert f'password authentication failed for user "{server.name("admin")}"' in sentence


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"DATABASE_URL": "", "DATABASE_OWNER_URL": "", "DATABASE_STAFF_URL": ""},
            "No database is named: set DATABASE_URL, DATABASE_OWNER_URL, DATABASE_STAFF_URL.",
        ),
        (
            {"DATABASE_STAFF_URL": ""},
            "DATABASE_URL is set but not DATABASE_STAFF_URL: name all three or none.",
        ),
        (
            {"DATABASE_URL": "postgres://a:b@db/x", "DATABASE_OWNER_URL": "postgres://a:b@db/x"},
            "DATABASE_URL, DATABASE_OWNER_URL, DATABASE_STAFF_URL must name three different roles, "
            "which keep companies apart.",
        ),
        (
            {"DATABASE_URL": "postgres://a:b@elsewhere/x"},
            "DATABASE_URL, DATABASE_OWNER_URL, DATABASE_STAFF_URL must name the same database.",
        ),
        (
            {"DATABASE_URL": "sqlite:///x"},
            "DATABASE_URL is not an address like postgres://role:password@host:5432/database.",
        ),
    ],
)
def test_addresses_that_cannot_be_meant(server: Server, changes: dict[str, str], sentence: str) -> None:
    assert roles(server.environment | changes) == (2, sentence)


def documented_sql(server: Server) -> tuple[str, str]:
    """The SQL of docs/OPERATIONS.md with this test's names: on any database, and then on ours."""
    blocks = re.findall(r"```sql\n(.*?)```", (ROOT / "docs/OPERATIONS.md").read_text(), re.DOTALL)
    cluster, database = blocks[:2]

    def rename(text: str) -> str:
        text = re.sub(r"entreposto_(\w+)", lambda match: server.name(match[1]), text)
        text = re.sub(r"\bentreposto\b", server.name("database"), text)
        return re.sub(r"<password of (?:the )?(\w+)>", lambda match: f"p@ss-{match[1]}", text)

    return rename(cluster), rename(database)


def test_the_documented_sql_makes_all_that_is_needed(server: Server) -> None:
    cluster, database = documented_sql(server)
    for statement in filter(str.strip, cluster.split(";")):
        server.run(statement)
    server.run(database, server.name("database"))

    assert roles(server.environment) == READY
    migrate = run_python("manage.py", "migrate", "--noinput", environment=server.environment)
    assert migrate.returncode == 0, migrate.stderr


@pytest.mark.parametrize(
    ("left_out", "missing"),
    [
        ("GRANT INSERT ON TABLES", "new tables of {owner} are not granted to {app}"),
        ("GRANT USAGE, CREATE ON SCHEMA", "{gateway} may not create in the schema public"),
    ],
)
def test_each_missing_privilege_is_named(server: Server, left_out: str, missing: str) -> None:
    cluster, database = documented_sql(server)
    for statement in filter(str.strip, cluster.split(";")):
        server.run(statement)
    statements = [text for text in database.split(";") if text.strip() and left_out not in text]
    if left_out == "GRANT INSERT ON TABLES":
        statements = [text.replace("INSERT, ", "") for text in statements]
    for statement in statements:
        server.run(statement, server.name("database"))

    names = {word: server.name(word) for word in WORDS}
    code, sentence = roles(server.environment)
    assert code == 2
    assert f" is not ready: {missing.format(**names)}: set DATABASE_ADMIN_URL" in sentence
