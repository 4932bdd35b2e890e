"""The roles and databases of PostgreSQL, as its superuser makes them; every statement may be repeated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import psycopg2
import psycopg2.extensions
from psycopg2 import sql

OWNER = "entreposto_owner"
APP = "entreposto_app"
STAFF = "entreposto_staff"
GATEWAY = "entreposto_gateway"
SIMULATOR = "tiny_simulator"
LOGIN_ROLES = (OWNER, APP, STAFF, SIMULATOR)

DATABASE = "entreposto"
SIMULATOR_DATABASE = "tiny_simulator"

# What a database of ours needs besides its tables. The default privileges are the owner's, who will migrate.
# EXECUTE is revoked without IN SCHEMA, because a schema's defaults can only add to the global ones.
_DATABASE_SETUP = """
ALTER SCHEMA public OWNER TO {owner};
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO {app}, {staff};
GRANT USAGE, CREATE ON SCHEMA public TO {gateway};
ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA public
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {app};
ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO {app};
ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA public GRANT SELECT ON TABLES TO {staff};
ALTER DEFAULT PRIVILEGES FOR ROLE {owner} REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE {gateway} REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
"""


@dataclass(frozen=True)
class Names:
    """Of roles and databases: ours, unless an installation's addresses say otherwise. No simulator: ""."""

    owner: str = OWNER
    app: str = APP
    staff: str = STAFF
    gateway: str = GATEWAY
    database: str = DATABASE
    simulator: str = SIMULATOR
    simulator_database: str = SIMULATOR_DATABASE

    @property
    def logins(self) -> tuple[str, ...]:
        return tuple(filter(None, (self.owner, self.app, self.staff, self.simulator)))


class Administrator(Protocol):
    """Whoever may make roles and databases. A connection of theirs commits each statement."""

    def connect(self, database: str) -> psycopg2.extensions.connection: ...


@dataclass(frozen=True)
class Superuser:
    host: str
    port: int
    name: str
    password: str

    def connect(self, database: str) -> psycopg2.extensions.connection:
        connection = psycopg2.connect(
            host=self.host,
            port=self.port,
            user=self.name,
            password=self.password,
            dbname=database,
            connect_timeout=5,
        )
        connection.autocommit = True
        return connection


def prepare_cluster(
    administrator: Administrator,
    passwords: Mapping[str, str],
    *,
    names: Names = Names(),
    for_tests: bool = False,
) -> None:
    """Roles with these passwords (role name → password), the databases, and their privileges.

    For tests the owner may create databases, and each new one (a copy of template1) has the privileges.
    """
    connection = administrator.connect("postgres")
    try:
        with connection.cursor() as cursor:
            cursor.execute("SET client_min_messages = warning")
            _prepare_roles(cursor, connection, passwords, names, owner_creates_databases=for_tests)
            _prepare_database(cursor, names.database, names.owner, readers=(names.app, names.staff))
            if names.simulator:
                _prepare_database(cursor, names.simulator_database, names.simulator, readers=())
    finally:
        connection.close()
    for database in (names.database, "template1") if for_tests else (names.database,):
        prepare_schema(administrator, database, names)


def prepare_schema(administrator: Administrator, database: str, names: Names) -> None:
    identifiers = {
        "owner": sql.Identifier(names.owner),
        "app": sql.Identifier(names.app),
        "staff": sql.Identifier(names.staff),
        "gateway": sql.Identifier(names.gateway),
    }
    connection = administrator.connect(database)
    try:
        with connection.cursor() as cursor:
            cursor.execute(sql.SQL(_DATABASE_SETUP).format(**identifiers))
    finally:
        connection.close()


def _prepare_roles(
    cursor: psycopg2.extensions.cursor,
    connection: psycopg2.extensions.connection,
    passwords: Mapping[str, str],
    names: Names,
    *,
    owner_creates_databases: bool,
) -> None:
    cursor.execute("SELECT rolname FROM pg_roles")
    existing = {name for (name,) in cursor.fetchall()}
    for role in (*names.logins, names.gateway):
        if role not in existing:
            cursor.execute(sql.SQL("CREATE ROLE {}").format(sql.Identifier(role)))
    cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
    (is_superuser,) = cursor.fetchone() or (False,)
    # Who is no superuser may not even name these; new roles have none of them.
    attributes = "NOSUPERUSER NOCREATEROLE NOBYPASSRLS NOREPLICATION" if is_superuser else ""
    for role in names.logins:
        # Hashed here, so that no password reaches PostgreSQL's log.
        verifier = psycopg2.extensions.encrypt_password(
            passwords[role], role, scope=connection, algorithm="scram-sha-256"
        )
        creates = "CREATEDB" if role == names.owner and owner_creates_databases else "NOCREATEDB"
        cursor.execute(
            sql.SQL("ALTER ROLE {} LOGIN {} PASSWORD {}").format(
                sql.Identifier(role),
                sql.SQL(f"{attributes} {creates}"),
                sql.Literal(verifier),
            )
        )
    cursor.execute(
        sql.SQL("GRANT {} TO {}").format(sql.Identifier(names.gateway), sql.Identifier(names.owner))
    )
    if not is_superuser:
        # To hand them the databases, and to set their default privileges.
        for role in filter(None, (names.owner, names.gateway, names.simulator)):
            cursor.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(sql.Identifier(role)))


def _prepare_database(
    cursor: psycopg2.extensions.cursor, database: str, owner: str, *, readers: tuple[str, ...]
) -> None:
    name = sql.Identifier(database)
    cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database])
    if cursor.fetchone() is None:
        cursor.execute(
            sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE template0").format(name, sql.Identifier(owner))
        )
    cursor.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(name))
    for role in readers:
        cursor.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(name, sql.Identifier(role)))
