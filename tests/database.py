"""A PostgreSQL database for each pytest process, cloned from one migrated template.

The owner role migrates and clones; the tests themselves connect as the app role, so row-level security holds
in every test as it does in production.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg2
import psycopg2.extensions

ROOT = Path(__file__).resolve().parent.parent
ADDRESSES = {"app": "DATABASE_URL", "owner": "DATABASE_OWNER_URL", "staff": "DATABASE_STAFF_URL"}
PREFIX = "entreposto_test_"
TEMPLATE_PREFIX = "entreposto_template_"
# Rows that ``migrate`` itself wrote; no test changes them.
KEPT_TABLES = ("django_migrations", "django_content_type", "auth_permission")
# From so many rows in a table on, TRUNCATE is faster than DELETE although it makes new files.
MANY_ROWS = 500
# Any number of our own; one lock for «somebody makes or drops a database».
MAKING_LOCK = 7_260_001
NAME_LOCKS = 7_260_002
BROKER_LOCKS = 7_260_003
BROKER_DATABASES = range(1, 16)


class NoCluster(RuntimeError):
    def __init__(self) -> None:
        super().__init__("These tests need PostgreSQL and Valkey: run them with `make test`.")


def address(role: str, database: str) -> str:
    """The URL of ``database`` for the role ``app``, ``owner`` or ``staff``."""
    url = os.environ.get(ADDRESSES[role])
    if not url:
        raise NoCluster
    return urlsplit(url)._replace(path=f"/{database}").geturl()


def connect(role: str, database: str) -> psycopg2.extensions.connection:
    """A connection in autocommit, outside Django."""
    connection = psycopg2.connect(address(role, database), connect_timeout=5)
    connection.autocommit = True
    return connection


def run_sql(
    connection: psycopg2.extensions.connection, sql: str, parameters: Sequence[Any] | None = None
) -> Any:
    """Run one statement; its rows, or an empty list."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall() if cursor.description else []


def schema_hash() -> str:
    digest = hashlib.sha256()
    for path in sorted([*ROOT.glob("*/migrations/*.py"), ROOT / "accounts" / "rls.py"]):
        digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes() + b"\0")
    for variable in (*ADDRESSES.values(), "DATABASE_GATEWAY_ROLE"):
        digest.update(str(urlsplit(os.environ.get(variable, "")).username).encode())
    return digest.hexdigest()[:12]


class TestDatabase:
    """A database of this process, and the Valkey number that goes with it. Gone when ``close`` is called.

    Whoever needs one beside the tests' own gives it a ``purpose``.
    """

    __test__ = False

    def __init__(self, purpose: str = "") -> None:
        self.maintenance = connect("owner", "postgres")
        self.name = f"{PREFIX}{os.getpid()}{purpose and '_'}{purpose}"
        # Held until the process ends, so that others can tell a living database from a left-over.
        run_sql(self.maintenance, "SELECT pg_advisory_lock(%s, hashtext(%s))", [NAME_LOCKS, self.name])
        with self._making():
            self._drop_leftovers()
            self._drop(self.name)
            run_sql(self.maintenance, f'CREATE DATABASE "{self.name}" TEMPLATE "{self._template()}"')
        self.owner = connect("owner", self.name)
        run_sql(self.owner, "SET lock_timeout = '10s'")
        self.tables = [
            name
            for (name,) in run_sql(
                self.owner,
                "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> ALL(%s)",
                [list(KEPT_TABLES)],
            )
        ]

    def close(self) -> None:
        self.owner.close()
        with self._making():
            self._drop(self.name)
        self.maintenance.close()

    def take_broker_number(self) -> int:
        """A Valkey database that no other running test process uses."""
        for number in BROKER_DATABASES:
            if run_sql(self.maintenance, "SELECT pg_try_advisory_lock(%s, %s)", [BROKER_LOCKS, number])[0][0]:
                return number
        raise RuntimeError("more test processes than Valkey databases")

    def empty(self) -> None:
        """Delete every row that a test committed; the app role may not, and foreign keys wait for the end."""
        counts = " UNION ALL ".join(
            f"SELECT '{table}', count(*) FROM (SELECT FROM {table} LIMIT {MANY_ROWS}) AS few"
            for table in self.tables
        )
        filled = {table: count for table, count in run_sql(self.owner, counts) if count}
        if MANY_ROWS in filled.values():
            run_sql(self.owner, f"TRUNCATE {', '.join(filled)} CASCADE")
        elif filled:
            run_sql(self.owner, "; ".join(f"DELETE FROM {table}" for table in filled))

    @contextmanager
    def _making(self) -> Iterator[None]:
        run_sql(self.maintenance, "SELECT pg_advisory_lock(%s)", [MAKING_LOCK])
        try:
            yield
        finally:
            run_sql(self.maintenance, "SELECT pg_advisory_unlock(%s)", [MAKING_LOCK])

    def _databases(self, prefix: str) -> list[str]:
        rows = run_sql(
            self.maintenance, "SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [prefix]
        )
        return [name for (name,) in rows]

    def _drop(self, name: str) -> None:
        # Not WITH (FORCE): the owner may not end the app's sessions, and PostgreSQL waits for those that end.
        run_sql(self.maintenance, f'DROP DATABASE IF EXISTS "{name}"')

    def _drop_leftovers(self) -> None:
        for name in self._databases(PREFIX):
            lock = [NAME_LOCKS, name]
            if name != self.name and run_sql(
                self.maintenance, "SELECT pg_try_advisory_lock(%s, hashtext(%s))", lock
            ) == [(True,)]:
                self._drop(name)
                run_sql(self.maintenance, "SELECT pg_advisory_unlock(%s, hashtext(%s))", lock)

    def _template(self) -> str:
        """The template of these migrations; made under another name first: a half one is never used."""
        name = f"{TEMPLATE_PREFIX}{schema_hash()}"
        templates = self._databases(TEMPLATE_PREFIX)
        if name in templates:
            return name
        for old in templates:
            self._drop(old)
        unfinished = f"{TEMPLATE_PREFIX}unfinished"
        run_sql(self.maintenance, f'CREATE DATABASE "{unfinished}"')
        migrate(unfinished)
        run_sql(self.maintenance, f'ALTER DATABASE "{unfinished}" RENAME TO "{name}"')
        return name


def migrate(database: str, *where: str) -> None:
    """To the newest state, or to ``where``: an app and its migration."""
    variables = {variable: address(role, database) for role, variable in ADDRESSES.items()}
    done = subprocess.run(
        [sys.executable, "manage.py", "migrate", "--skip-checks", "--verbosity", "0", *where],
        cwd=ROOT,
        env={**os.environ, **variables, "DATABASE_ROLE": "owner"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{database} could not be migrated:\n{done.stdout}{done.stderr}")
