"""Start-up refuses a database role that could walk around row-level security."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import Error, Tags, register
from django.core.exceptions import ImproperlyConfigured
from django.db import connection


@register(Tags.database)
def app_role_is_ordinary(app_configs: Any, databases: Any = None, **kwargs: Any) -> list[Error]:
    """Run by commands that check the database; the owner's commands (migrate) are exempt by their role."""
    if not databases or settings.DATABASE_ROLE != "app":
        return []
    return privileges_of_app_role()


def refuse_privileged_role() -> None:
    """For web and worker, which run no database checks. Raises ``ImproperlyConfigured``."""
    try:
        errors = privileges_of_app_role()
    finally:
        # The caller may fork.
        connection.close()
    if errors:
        raise ImproperlyConfigured(f"{errors[0].msg} {errors[0].hint}")


def privileges_of_app_role() -> list[Error]:
    """Whoever may become a powerful role, by membership, counts as that role."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT current_user, EXISTS (
                   SELECT FROM pg_roles r
                   WHERE pg_has_role(current_user, r.oid, 'MEMBER') AND (
                       r.rolsuper OR r.rolbypassrls OR r.rolname = ANY (%s)
                       OR EXISTS (SELECT FROM pg_class c WHERE c.relowner = r.oid AND c.relrowsecurity)))""",
            [[settings.DATABASE_GATEWAY_ROLE, settings.DATABASE_STAFF_ROLE, settings.DATABASE_OWNER_ROLE]],
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
