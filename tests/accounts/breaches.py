"""Questions to PostgreSQL's catalogue whose answer is a list of breaches in the second wall."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings

from tests.accounts.schema import APPEND_ONLY, GLOBAL_TABLES

Sql = Callable[..., list[tuple[Any, ...]]]

CURRENT = "(NULLIF(current_setting('app.organization'::text, true), ''::text))::bigint"


def find_table_breaches(owner_sql: Sql) -> list[str]:
    tables = owner_sql(
        """
        SELECT c.relname::text, c.relrowsecurity AND c.relforcerowsecurity,
            EXISTS (SELECT FROM pg_attribute a
                    WHERE a.attrelid = c.oid AND a.attname = 'organization_id' AND a.attnum > 0),
            EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisunique AND i.indpred IS NULL
                    AND pg_get_indexdef(i.indexrelid) LIKE '%%(organization_id, id)')
        FROM pg_class c
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
        ORDER BY c.relname
        """
    )
    breaches = []
    for table, is_walled_off, has_organization, is_unique in tables:
        column = "id" if table == "accounts_organization" else "organization_id"
        if not has_organization and column != "id":
            if table not in GLOBAL_TABLES:
                breaches.append(f"{table}: neither of a company nor declared global")
            elif find_grants(owner_sql, table) - _grants_of_global(table):
                breaches.append(f"{table}: grants")
            continue
        if not is_walled_off:
            breaches.append(f"{table}: is_walled_off")
        if not is_unique and column != "id":
            breaches.append(f"{table}: unique")
        if not _has_exactly_our_policies(owner_sql, table, column):
            breaches.append(f"{table}: policies")
        if find_grants(owner_sql, table) - _grants_of_tenant(table):
            breaches.append(f"{table}: grants")
    return breaches


_GRANTS = {
    *((settings.DATABASE_APP_ROLE, privilege) for privilege in ("SELECT", "INSERT", "UPDATE", "DELETE")),
    (settings.DATABASE_STAFF_ROLE, "SELECT"),
    *((settings.DATABASE_GATEWAY_ROLE, privilege) for privilege in ("SELECT", "INSERT", "UPDATE", "DELETE")),
}


def _grants_of_tenant(table: str) -> set[tuple[str, str]]:
    """What has been written down stays as it was."""
    if table not in APPEND_ONLY:
        return _GRANTS
    return _GRANTS - {(settings.DATABASE_APP_ROLE, "UPDATE"), (settings.DATABASE_APP_ROLE, "DELETE")}


def _grants_of_global(table: str) -> set[tuple[str, str]]:
    """Only tests and the demo may move the clock."""
    if table != "accounts_clockoffset":
        return _GRANTS
    return {(role, privilege) for role, privilege in _GRANTS if privilege == "SELECT"}


def find_grants(owner_sql: Sql, table: str) -> set[tuple[str, str]]:
    """(role, privilege) of everybody but the owner of the table; TRUNCATE and REFERENCES ignore policies."""
    rows = owner_sql(
        """
        SELECT coalesce(r.rolname::text, 'PUBLIC'), a.privilege_type::text
        FROM pg_class c, aclexplode(c.relacl) a LEFT JOIN pg_roles r ON r.oid = a.grantee
        WHERE c.oid = %s::regclass AND a.grantee <> c.relowner
        """,
        [table],
    )
    return set(rows)


def _has_exactly_our_policies(owner_sql: Sql, table: str, column: str) -> bool:
    """Policies are joined by OR: one too many is a hole."""
    found = {
        name: (roles, command, using, check)
        for name, roles, command, using, check in owner_sql(
            """
            SELECT policyname::text, roles::text[], cmd, qual, with_check
            FROM pg_policies WHERE schemaname = 'public' AND tablename = %s AND permissive = 'PERMISSIVE'
            """,
            [table],
        )
    }
    mine = f"({column} = {CURRENT})"
    expected: dict[str, tuple[list[str], str, str, set[str | None]]] = {
        "tenant_app": ([settings.DATABASE_APP_ROLE], "ALL", mine, {mine, None}),
        "tenant_owner": ([settings.DATABASE_OWNER_ROLE], "ALL", "true", {"true", None}),
        "tenant_staff": ([settings.DATABASE_STAFF_ROLE], "SELECT", "true", {None}),
    }
    if "gateway" in found:
        expected["gateway"] = ([settings.DATABASE_GATEWAY_ROLE], "ALL", "true", {"true", None})
    return found.keys() == expected.keys() and all(
        found[name][:3] == policy[:3] and found[name][3] in policy[3] for name, policy in expected.items()
    )


def find_function_breaches(owner_sql: Sql) -> list[str]:
    """SECURITY DEFINER functions: whose, with which path, and who may call them."""
    breaches = []
    for name, owner, path, callers in owner_sql(
        """
        SELECT p.proname::text, r.rolname::text, coalesce(array_to_string(p.proconfig, ' '), ''),
            ARRAY(SELECT DISTINCT coalesce(g.rolname::text, 'PUBLIC')
                  FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
                  LEFT JOIN pg_roles g ON g.oid = a.grantee
                  WHERE a.grantee <> p.proowner AND a.privilege_type = 'EXECUTE' ORDER BY 1)
        FROM pg_proc p JOIN pg_roles r ON r.oid = p.proowner
        WHERE p.pronamespace = 'public'::regnamespace AND (p.prosecdef OR p.proname LIKE 'gateway%%')
        ORDER BY p.proname
        """
    ):
        if owner != settings.DATABASE_GATEWAY_ROLE:
            breaches.append(f"{name}: owner")
        if path != "search_path=public, pg_temp":
            breaches.append(f"{name}: search_path")
        if callers != [settings.DATABASE_APP_ROLE]:
            breaches.append(f"{name}: callers")
    return breaches


def find_role_breaches(owner_sql: Sql) -> list[str]:
    """None of our roles is above the policies, or can become one that is."""
    app, owner = settings.DATABASE_APP_ROLE, settings.DATABASE_OWNER_ROLE
    staff, gateway = settings.DATABASE_STAFF_ROLE, settings.DATABASE_GATEWAY_ROLE
    rows = owner_sql(
        """
        SELECT r.rolname::text, r.rolsuper OR r.rolbypassrls OR r.rolcreaterole OR r.rolreplication,
            r.rolcanlogin,
            ARRAY(SELECT m.rolname::text FROM pg_roles m
                  WHERE m.oid <> r.oid AND m.rolname <> 'pg_database_owner'
                    AND pg_has_role(r.oid, m.oid, 'MEMBER') ORDER BY 1)
        FROM pg_roles r WHERE r.rolname = ANY (%s)
        """,
        [[app, owner, staff, gateway]],
    )
    expected = {
        app: (False, True, []),
        owner: (False, True, [gateway]),
        staff: (False, True, []),
        gateway: (False, False, []),
    }
    found = {name: (is_privileged, may_login, roles) for name, is_privileged, may_login, roles in rows}
    return [f"{role}: {found.get(role)}" for role in expected if found.get(role) != expected[role]]
