"""The roles and databases of PostgreSQL, as its superuser makes them; every statement may be repeated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

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
_DATABASE_SETUP = f"""
ALTER SCHEMA public OWNER TO {OWNER};
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO {APP}, {STAFF};
GRANT USAGE, CREATE ON SCHEMA public TO {GATEWAY};
ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER} IN SCHEMA public
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {APP};
ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER} IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO {APP};
ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER} IN SCHEMA public GRANT SELECT ON TABLES TO {STAFF};
ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER} REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE {GATEWAY} REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
"""


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


def prepare_cluster(superuser: Superuser, passwords: Mapping[str, str], *, for_tests: bool = False) -> None:
    """Roles with these passwords (role name → password), the two databases, and their privileges.

    For tests the owner may create databases, and each new one (a copy of template1) has the privileges.
    """
    connection = superuser.connect("postgres")
    try:
        with connection.cursor() as cursor:
            cursor.execute("SET client_min_messages = warning")
            _prepare_roles(cursor, connection, passwords, owner_creates_databases=for_tests)
            _prepare_database(cursor, DATABASE, OWNER, readers=(APP, STAFF))
            _prepare_database(cursor, SIMULATOR_DATABASE, SIMULATOR, readers=())
    finally:
        connection.close()
    for database in (DATABASE, "template1") if for_tests else (DATABASE,):
        prepare_schema(superuser, database)


def prepare_schema(superuser: Superuser, database: str) -> None:
    connection = superuser.connect(database)
    try:
        with connection.cursor() as cursor:
            cursor.execute(_DATABASE_SETUP)
    finally:
        connection.close()


def _prepare_roles(
    cursor: psycopg2.extensions.cursor,
    connection: psycopg2.extensions.connection,
    passwords: Mapping[str, str],
    *,
    owner_creates_databases: bool,
) -> None:
    cursor.execute("SELECT rolname FROM pg_roles")
    existing = {name for (name,) in cursor.fetchall()}
    for role in (*LOGIN_ROLES, GATEWAY):
        if role not in existing:
            cursor.execute(sql.SQL("CREATE ROLE {}").format(sql.Identifier(role)))
    for role in LOGIN_ROLES:
        # Hashed here, so that no password reaches PostgreSQL's log.
        verifier = psycopg2.extensions.encrypt_password(
            passwords[role], role, scope=connection, algorithm="scram-sha-256"
        )
        cursor.execute(
            sql.SQL(
                "ALTER ROLE {} LOGIN NOSUPERUSER NOCREATEROLE NOBYPASSRLS NOREPLICATION {} PASSWORD {}"
            ).format(
                sql.Identifier(role),
                sql.SQL("CREATEDB" if role == OWNER and owner_creates_databases else "NOCREATEDB"),
                sql.Literal(verifier),
            )
        )
    cursor.execute(f"GRANT {GATEWAY} TO {OWNER}")


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
