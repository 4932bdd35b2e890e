"""Migration operations for the second wall: row-level security, composite foreign keys, gateways.

Names of roles come from the settings, because an installation may bring a database of its own.
"""

from __future__ import annotations

from django.conf import settings
from django.db.migrations.operations import RunSQL

APP = settings.DATABASE_APP_ROLE
OWNER = settings.DATABASE_OWNER_ROLE
STAFF = settings.DATABASE_STAFF_ROLE
GATEWAY = settings.DATABASE_GATEWAY_ROLE

CURRENT = "nullif(current_setting('app.organization', true), '')::bigint"


def policies(table: str, column: str = "organization_id") -> RunSQL:
    """Forced row-level security on ``table``: the app sees the organization of its transaction."""
    return RunSQL(
        f"""
        ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
        ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
        CREATE POLICY tenant_app ON {table} TO {APP}
            USING ({column} = {CURRENT}) WITH CHECK ({column} = {CURRENT});
        CREATE POLICY tenant_owner ON {table} TO {OWNER} USING (true) WITH CHECK (true);
        CREATE POLICY tenant_staff ON {table} FOR SELECT TO {STAFF} USING (true);
        """,
        RunSQL.noop,
    )


def tenant_table(table: str) -> RunSQL:
    """``policies`` plus the unique pair that composite foreign keys of other tables point at."""
    unique = f"ALTER TABLE {table} ADD CONSTRAINT {table}_organization_row UNIQUE (organization_id, id);"
    return RunSQL(f"{policies(table).sql}{unique}", RunSQL.noop)


def tenant_foreign_key(child: str, column: str, parent: str) -> RunSQL:
    """A foreign key that cannot point into another organization (PostgreSQL's own checks ignore RLS)."""
    return RunSQL(
        f"""
        ALTER TABLE {child} ADD CONSTRAINT {child}_{column}_same_organization
            FOREIGN KEY (organization_id, {column}) REFERENCES {parent} (organization_id, id)
            DEFERRABLE INITIALLY DEFERRED;
        """,
        RunSQL.noop,
    )


def gateway_access(table: str, privileges: str = "SELECT") -> RunSQL:
    """Let the gateway role, and so only the functions it owns, see every row of ``table``."""
    return RunSQL(
        f"""
        GRANT {privileges} ON {table} TO {GATEWAY};
        CREATE POLICY gateway ON {table} TO {GATEWAY} USING (true) WITH CHECK (true);
        """,
        RunSQL.noop,
    )


def gateway_function(signature: str, returns: str, body: str, language: str = "sql") -> RunSQL:
    """A SECURITY DEFINER function of the gateway role that only the app may call; it returns ids only."""
    return RunSQL(
        f"""
        CREATE FUNCTION {signature} RETURNS {returns} LANGUAGE {language} SECURITY DEFINER
            SET search_path = public, pg_temp AS $gateway$ {body} $gateway$;
        ALTER FUNCTION {signature} OWNER TO {GATEWAY};
        REVOKE ALL ON FUNCTION {signature} FROM PUBLIC;
        GRANT EXECUTE ON FUNCTION {signature} TO {APP};
        """,
        f"DROP FUNCTION {signature};",
    )
