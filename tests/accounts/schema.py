"""What PostgreSQL's catalogue says about the tables of ours, and the smallest rows that they accept."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.apps import apps
from django.db import connection, models

from accounts.models import Organization, User
from accounts.tenancy import TenantModel, tenant

# Rows of no company. A new table belongs here only if no row of it could ever tell of one.
GLOBAL_TABLES = frozenset(
    {
        "accounts_clockoffset",
        "accounts_user",
        "auth_group",
        "auth_group_permissions",
        "auth_permission",
        "django_content_type",
        "django_migrations",
        "django_session",
        "jobs_budget",
        "jobs_heartbeat",
        "webhooks_ingestoutage",
        "webhooks_ingestpulse",
    }
)
TENANT_MODELS: list[type[TenantModel]] = sorted(
    (model for model in apps.get_models() if issubclass(model, TenantModel)),
    key=lambda model: model._meta.db_table,
)
# The app role adds rows and reads them, nothing else.
APPEND_ONLY = frozenset({"accounts_auditentry"})
# Columns whose value decides whether a row is accepted at all, because SQL ties them to another table's.
LINKED_COLUMNS = {("jobs_job", "channel"): "jobs_channel", ("jobs_schedule", "channel"): "jobs_channel"}

_serial = itertools.count(1)


def tenant_keys() -> list[tuple[type[TenantModel], str, type[TenantModel]]]:
    """(child, column, parent) of every foreign key between tenant models."""
    return [
        (model, str(field.column), field.related_model)
        for model in TENANT_MODELS
        for field in model._meta.concrete_fields
        if field.is_relation and field.related_model in TENANT_MODELS
    ]


def smallest_values(model: type[models.Model], organization: Organization, **given: Any) -> dict[str, Any]:
    """Column → value of a row that PostgreSQL accepts; parents are inserted. ``given`` goes by column."""
    table = model._meta.db_table
    values = {}
    for field in model._meta.concrete_fields:
        column = str(field.column)
        if column in given:
            value = given[column]
        elif field.primary_key:
            continue
        elif column == "organization_id":
            value = organization.pk
        elif (table, column) in LINKED_COLUMNS:
            value = _linked_name(LINKED_COLUMNS[table, column], organization)
        elif field.is_relation and field.null and field.related_model is model:
            value = None
        elif field.is_relation:
            value = insert(field.related_model, organization)
        elif field.has_default():
            value = field.get_default()
        elif field.null:
            value = None
        else:
            value = _some_value(field)
        values[column] = field.get_db_prep_save(value, connection)
    return values


def insert(model: Any, organization: Organization, **given: Any) -> int:
    """Insert the smallest row as the app role in the scope of ``organization``; its id."""
    if model is User:
        return User.objects.create_user(f"pessoa{next(_serial)}@exemplo.test", None, name="Pessoa").pk
    values = smallest_values(model, organization, **given)
    with tenant(organization), connection.cursor() as cursor:
        cursor.execute(f"{insert_sql(model, values)} RETURNING id", list(values.values()))
        return int(cursor.fetchone()[0])


def insert_sql(model: Any, values: Mapping[str, Any]) -> str:
    columns = ", ".join(f'"{column}"' for column in values)
    return f"INSERT INTO {model._meta.db_table} ({columns}) VALUES ({', '.join(['%s'] * len(values))})"


def _linked_name(table: str, organization: Organization) -> str:
    model: Any = next(model for model in TENANT_MODELS if model._meta.db_table == table)
    with tenant(organization):
        return str(model.objects.get(pk=insert(model, organization)).name)


def _some_value(field: Any) -> Any:
    number = next(_serial)
    if field.choices:
        return field.choices[0][0]
    kind = field.get_internal_type()
    if kind in ("CharField", "TextField", "SlugField", "URLField"):
        return "" if field.blank else f"v{number}"[: field.max_length]
    if kind in ("SmallIntegerField", "IntegerField", "BigIntegerField"):
        return number
    simple = {
        "DateTimeField": dt.datetime(2026, 11, 1, 12, tzinfo=dt.UTC),
        "DateField": dt.date(2026, 11, 1),
        "DurationField": dt.timedelta(minutes=5),
        "DecimalField": Decimal("1.00"),
        "BooleanField": False,
        "JSONField": "{}",
        "BinaryField": b"{}",
    }
    return simple[kind]
