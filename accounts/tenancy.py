"""The first of the two walls between companies (the second is PostgreSQL's row-level security).

Inside ``with tenant(organization):`` both walls know the company; outside of it a tenant model refuses to
be queried and PostgreSQL shows no row.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

from django.db import connection, models, transaction

_current: ContextVar[int | None] = ContextVar("organization", default=None)

M = TypeVar("M", bound=models.Model)


class TenantNotSet(RuntimeError):
    """A tenant model was used outside ``with tenant(...)``."""


class TenantMismatch(RuntimeError):
    """A row of one organization was about to be written in the scope of another."""


def current_organization_id() -> int:
    """The organization of the scope. Raises ``TenantNotSet`` outside of one."""
    organization_id = _current.get()
    if organization_id is None:
        raise TenantNotSet("open `with tenant(organization):` first")
    return organization_id


@contextmanager
def tenant(organization: models.Model | int) -> Iterator[int]:
    """A transaction in which only this organization's rows exist. May be nested; restores the former."""
    organization_id = organization if isinstance(organization, int) else int(organization.pk)
    former = _current.get()
    token = _current.set(organization_id)
    try:
        with transaction.atomic():
            _set_in_database(str(organization_id))
            yield organization_id
    finally:
        _current.reset(token)
        # After the rollback of a savepoint the setting is the former one already; after a commit of one it
        # is not. Outside a transaction it died with ours.
        if connection.in_atomic_block and not connection.needs_rollback:
            _set_in_database("" if former is None else str(former))


def _set_in_database(value: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('app.organization', %s, true)", [value])


class TenantManager(models.Manager[M]):
    def get_queryset(self) -> models.QuerySet[M]:
        return super().get_queryset().filter(organization_id=current_organization_id())

    def all_tenants(self) -> models.QuerySet[M]:
        """The one loud way out. PostgreSQL's wall still stands for the app role."""
        return super().get_queryset()

    def bulk_create(self, objs: Any, *args: Any, **kwargs: Any) -> list[M]:
        rows = list(objs)
        for row in rows:
            adopt(row)
        return super().bulk_create(rows, *args, **kwargs)


def adopt(row: Any) -> None:
    """Give a new row the organization of the scope; refuse one of another organization."""
    organization_id = current_organization_id()
    if row.organization_id is None:
        row.organization_id = organization_id
    elif row.organization_id != organization_id:
        raise TenantMismatch(f"{type(row).__name__} belongs to another organization")


class TenantModel(models.Model):
    """A row of one organization. Its migration calls ``accounts.rls.tenant_table`` (a test looks)."""

    organization = models.ForeignKey("accounts.Organization", on_delete=models.PROTECT, related_name="+")

    objects: TenantManager[Any] = TenantManager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        adopt(self)
        super().save(*args, **kwargs)
