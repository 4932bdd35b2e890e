"""A PostgreSQL server that somebody else runs: what is ours on it is made, or what is missing is said."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from urllib.parse import SplitResult, quote, unquote, urlsplit

import psycopg2
import psycopg2.extensions

from launcher import roles
from launcher.processes import LauncherError
from launcher.roles import Names

APP, OWNER, STAFF, SIMULATOR = (
    "DATABASE_URL",
    "DATABASE_OWNER_URL",
    "DATABASE_STAFF_URL",
    "SIMULATOR_DATABASE_URL",
)
VARIABLES = (APP, OWNER, STAFF)
_REMEDY = (
    "set DATABASE_ADMIN_URL to a role that may create roles and databases, "
    "or have the SQL of docs/OPERATIONS.md run by who administers the server."
)


@dataclass(frozen=True)
class Address:
    """A role's address of a database, kept as it was written: options such as sslmode stand in it."""

    variable: str
    parts: SplitResult

    @property
    def role(self) -> str:
        return unquote(self.parts.username or "")

    @property
    def password(self) -> str:
        return unquote(self.parts.password or "")

    @property
    def database(self) -> str:
        return unquote(self.parts.path.removeprefix("/"))

    @property
    def server(self) -> str:
        return f"{self.parts.hostname}:{self.parts.port or 5432}"

    def connect(self, database: str = "") -> psycopg2.extensions.connection:
        parts = self.parts._replace(path=f"/{quote(database)}") if database else self.parts
        connection = psycopg2.connect(parts.geturl(), connect_timeout=5)
        connection.autocommit = True
        return connection


def addresses_on(admin_url: str, passwords: Mapping[str, str]) -> dict[str, str]:
    """Variable → address of our own roles and databases on the server of ``admin_url``."""
    parts = urlsplit(admin_url)
    server = parts.netloc.rpartition("@")[2]
    roles_of = {APP: roles.APP, OWNER: roles.OWNER, STAFF: roles.STAFF, SIMULATOR: roles.SIMULATOR}
    return {
        variable: parts._replace(
            netloc=f"{role}:{quote(passwords[role], safe='')}@{server}",
            path=f"/{roles.SIMULATOR_DATABASE if variable == SIMULATOR else roles.DATABASE}",
        ).geturl()
        for variable, role in roles_of.items()
    }


def prepare(environment: Mapping[str, str], admin_url: str = "") -> None:
    """After it the addresses work. Raises ``LauncherError``: one sentence on what is missing."""
    addresses = _read(environment)
    names = _names_of(addresses, environment.get("DATABASE_GATEWAY_ROLE") or roles.GATEWAY)
    if admin_url:
        _make(Address("DATABASE_ADMIN_URL", urlsplit(admin_url)), addresses, names)
    missing = list(_find_missing(addresses, names))
    if missing:
        server = addresses[APP].server
        raise LauncherError(f"PostgreSQL at {server} is not ready: {'; '.join(missing)}: {_REMEDY}")


def _read(environment: Mapping[str, str]) -> dict[str, Address]:
    named = [name for name in VARIABLES if environment.get(name)]
    if len(named) < len(VARIABLES):
        missing = ", ".join(name for name in VARIABLES if name not in named)
        if not named:
            raise LauncherError(f"No database is named: set {missing}.")
        raise LauncherError(f"{named[0]} is set but not {missing}: name all three or none.")
    wanted = [*VARIABLES, *([SIMULATOR] if environment.get(SIMULATOR) else [])]
    addresses = {name: Address(name, urlsplit(environment[name])) for name in wanted}
    for address in addresses.values():
        if not (address.role and address.parts.hostname and address.database):
            raise LauncherError(
                f"{address.variable} is not an address like postgres://role:password@host:5432/database."
            )
    ours = [addresses[name] for name in VARIABLES]
    if len({address.role for address in ours}) < len(ours):
        raise LauncherError(
            f"{', '.join(VARIABLES)} must name three different roles, which keep companies apart."
        )
    if len({(address.server, address.database) for address in ours}) > 1:
        raise LauncherError(f"{', '.join(VARIABLES)} must name the same database.")
    return addresses


def _names_of(addresses: Mapping[str, Address], gateway: str) -> Names:
    simulator = addresses.get(SIMULATOR)
    # A simulator elsewhere is none of this server's.
    if simulator and simulator.server != addresses[APP].server:
        simulator = None
    return Names(
        owner=addresses[OWNER].role,
        app=addresses[APP].role,
        staff=addresses[STAFF].role,
        gateway=gateway,
        database=addresses[APP].database,
        simulator=simulator.role if simulator else "",
        simulator_database=simulator.database if simulator else "",
    )


def _make(administrator: Address, addresses: Mapping[str, Address], names: Names) -> None:
    passwords = {address.role: address.password for address in addresses.values()}
    without = [address.variable for address in addresses.values() if not address.password]
    if without:
        raise LauncherError(f"{', '.join(without)} must name a password, which the role will get.")
    try:
        roles.prepare_cluster(administrator, passwords, names=names)
    except psycopg2.OperationalError as error:
        raise LauncherError(f"DATABASE_ADMIN_URL cannot be used: {_first_line(error)}.") from error
    except psycopg2.errors.InsufficientPrivilege as error:
        raise LauncherError(
            f"The role {administrator.role} of DATABASE_ADMIN_URL may not make our roles and databases "
            f"({_first_line(error)}): it needs CREATEROLE and CREATEDB, and roles that exist must be its own."
        ) from error


def _find_missing(addresses: Mapping[str, Address], names: Names) -> Iterator[str]:
    strangers = []
    for address in addresses.values():
        try:
            address.connect().close()
        except psycopg2.OperationalError as error:
            strangers.append(f"{address.variable} cannot connect as {address.role} ({_first_line(error)})")
    if strangers:
        yield from strangers
        return
    with closing(addresses[OWNER].connect()) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = %s)", [names.gateway])
        if cursor.fetchone() != (True,):
            yield f"the role {names.gateway} does not exist"
            return
        for sentence, condition in _PRIVILEGES.items():
            cursor.execute(f"SELECT coalesce({condition}, false)", vars(names))
            if cursor.fetchone() != (True,):
                yield sentence.format(**vars(names))


_GRANTED_BY_DEFAULT = """(
    SELECT bool_or(true) FROM pg_default_acl d, aclexplode(d.defaclacl) a
    WHERE pg_get_userbyid(d.defaclrole) = %(owner)s AND d.defaclobjtype = '{kind}'
      AND pg_get_userbyid(a.grantee) = %({role})s AND a.privilege_type = '{privilege}')"""

# What is missing → the question whether it is there, asked as the owner.
_PRIVILEGES = {
    "{owner} is no member of {gateway}": "pg_has_role(%(owner)s, %(gateway)s, 'MEMBER')",
    "{owner} may not create in the schema public": "has_schema_privilege(%(owner)s, 'public', 'CREATE')",
    "{gateway} may not create in the schema public": "has_schema_privilege(%(gateway)s, 'public', 'CREATE')",
    "{app} may not use the schema public": "has_schema_privilege(%(app)s, 'public', 'USAGE')",
    "{staff} may not use the schema public": "has_schema_privilege(%(staff)s, 'public', 'USAGE')",
    "new tables of {owner} are not granted to {app}": _GRANTED_BY_DEFAULT.format(
        kind="r", role="app", privilege="INSERT"
    ),
    "new sequences of {owner} are not granted to {app}": _GRANTED_BY_DEFAULT.format(
        kind="S", role="app", privilege="USAGE"
    ),
    "new tables of {owner} are not granted to {staff}": _GRANTED_BY_DEFAULT.format(
        kind="r", role="staff", privilege="SELECT"
    ),
}


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".:")
