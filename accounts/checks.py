"""Start-up refuses a database role that could walk around row-level security."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import Error, Tags, register
from django.db import connection


@register(Tags.database)
def app_role_is_ordinary(app_configs: Any, databases: Any = None, **kwargs: Any) -> list[Error]:
    """Run by commands that check the database; the owner's commands (migrate) are exempt by their role."""
    if not databases or settings.DATABASE_ROLE != "app":
        return []
    return privileges_of_app_role()


def privileges_of_app_role() -> list[Error]:
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT rolname, rolsuper OR rolbypassrls
                      OR EXISTS (SELECT FROM pg_class WHERE relowner = r.oid AND relrowsecurity)
                      OR pg_has_role(r.oid, %s::name, 'MEMBER')
               FROM pg_roles r WHERE rolname = current_user""",
            [settings.DATABASE_GATEWAY_ROLE],
        )
        name, is_privileged = cursor.fetchone()
    if not is_privileged:
        return []
    return [
        Error(
            f"The database role {name!r} of DATABASE_URL could read the rows of every company.",
            hint="Use a role that is no superuser, owns no table and has no BYPASSRLS.",
            id="accounts.E001",
        )
    ]
