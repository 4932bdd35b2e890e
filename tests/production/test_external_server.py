"""`make run` on a PostgreSQL that somebody else runs."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg2
import pytest

from launcher import external, keys
from launcher.postgres import Postgres
from launcher.processes import find_any_port
from tests.launcher.checkouts import RunningCheckout, copy_checkout, free_ports, open_folder, run_launcher

LAUNCH = [sys.executable, "-m", "launcher", "run"]


def test_addresses_keep_the_servers_options_and_any_password() -> None:
    passwords = dict.fromkeys(("entreposto_app", "entreposto_owner", "entreposto_staff"), "a/b@c")

    addresses = external.addresses_on(
        "postgresql://root:secret@db.example:6432/postgres?sslmode=require",
        passwords | {"tiny_simulator": "d"},
    )

    server = "db.example:6432"
    assert addresses == {
        "DATABASE_URL": f"postgresql://entreposto_app:a%2Fb%40c@{server}/entreposto?sslmode=require",
        "DATABASE_OWNER_URL": f"postgresql://entreposto_owner:a%2Fb%40c@{server}/entreposto?sslmode=require",
        "DATABASE_STAFF_URL": f"postgresql://entreposto_staff:a%2Fb%40c@{server}/entreposto?sslmode=require",
        "SIMULATOR_DATABASE_URL": f"postgresql://tiny_simulator:d@{server}/tiny_simulator?sslmode=require",
    }


@pytest.fixture
def folder() -> Iterator[Path]:
    with open_folder() as folder:
        yield folder


def test_a_server_without_our_roles_is_one_sentence(folder: Path) -> None:
    """The tests' server knows the user of none of these addresses."""
    port = find_any_port()
    address = f"postgres://{{}}:x@127.0.0.1:{port}/entreposto"
    checkout = copy_checkout(folder / "entreposto")

    done = run_launcher(
        checkout,
        "run",
        environment={
            "DATABASE_URL": address.format("a"),
            "DATABASE_OWNER_URL": address.format("b"),
            "DATABASE_STAFF_URL": address.format("c"),
            **free_ports(),
        },
    )

    assert done.returncode == 2
    (sentence,) = done.stderr.splitlines()
    assert sentence.startswith(
        f"PostgreSQL at 127.0.0.1:{port} is not ready: DATABASE_URL cannot connect as a ("
    )
    assert sentence.endswith("or have the SQL of docs/OPERATIONS.md run by who administers the server.")


@pytest.mark.slow
def test_a_privileged_address_is_all_that_make_run_needs(folder: Path) -> None:
    server = Postgres(
        folder / "postgres",
        passwords=keys.load_or_create(folder / "keys.json"),
        log=folder / "postgres.log",
        first_port=find_any_port(),
        for_tests=True,
    )
    server.start()
    admin_url = server.url(keys.SUPERUSER, database="postgres")
    running = RunningCheckout(
        copy_checkout(folder / "entreposto"), LAUNCH, {"DATABASE_ADMIN_URL": admin_url, **free_ports()}
    )
    try:
        running.wait_for("Ready in")

        records = json.loads((running.checkout / "var/processes.json").read_text())
        names = ["valkey", "simulator", "carriers", "web", "worker", "beat"]
        assert [record["name"] for record in records] == names
        connection = psycopg2.connect(urlsplit(admin_url)._replace(path="/entreposto").geturl())
        with connection, connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM accounts_organization")
            assert cursor.fetchone() == (2,)
        connection.close()
        # No process of ours knows the privileged address.
        for record in records:
            environment = Path(f"/proc/{record['pid']}/environ").read_bytes()
            assert b"DATABASE_ADMIN_URL" not in environment, record["name"]
        assert "DATABASE_ADMIN_URL" not in (running.checkout / "var/run.env").read_text()
    finally:
        assert running.interrupt() == 0
        server.stop()
