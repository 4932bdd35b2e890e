"""Both walls between companies, asked of PostgreSQL for every tenant model, key, function and role."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.conf import settings
from django.db import IntegrityError, ProgrammingError, connection, models, transaction
from django.test import Client

from accounts.models import Organization, User
from accounts.tenancy import TenantManager, tenant
from tests.accounts.breaches import find_function_breaches, find_role_breaches, find_table_breaches
from tests.accounts.schema import APPEND_ONLY, TENANT_MODELS, insert, insert_sql, smallest_values, tenant_keys
from tests.database import connect, run_sql

pytestmark = pytest.mark.django_db

CHANGEABLE = [model for model in TENANT_MODELS if model._meta.db_table not in APPEND_ONLY]
every_changeable_model = pytest.mark.parametrize("model", CHANGEABLE, ids=lambda model: model._meta.db_table)


def keys_of(models_: list[Any]) -> Any:
    keys = [key for key in tenant_keys() if key[0] in models_]
    names = [f"{child._meta.db_table}.{column}" for child, column, _ in keys]
    return pytest.mark.parametrize(("child", "column", "parent"), keys, ids=names)


every_key = keys_of(TENANT_MODELS)
every_changeable_key = keys_of(CHANGEABLE)


@contextmanager
def refused(error: type[Exception], code: str) -> Iterator[None]:
    with pytest.raises(error) as caught, transaction.atomic():
        yield
    assert caught.value.__cause__.pgcode == code  # type: ignore[union-attr]


INSUFFICIENT_PRIVILEGE = "42501"
FOREIGN_KEY_VIOLATION = "23503"


# --- rows ---


@pytest.mark.django_db(transaction=True)
def test_raw_sql_of_the_app_role_sees_only_the_rows_of_its_scope(
    process_database: Any, organization: Organization, other_organization: Organization
) -> None:
    """Committed rows, over a connection that knows nothing of Django."""
    for model in TENANT_MODELS:
        insert(model, organization)
        insert(model, other_organization)
    raw = connect("app", process_database.name)
    try:
        for table in ("accounts_organization", *(model._meta.db_table for model in TENANT_MODELS)):
            column = "id" if table == "accounts_organization" else "organization_id"
            query = f"SELECT DISTINCT {column} FROM {table}"
            run_sql(raw, "SELECT set_config('app.organization', '', false)")
            assert run_sql(raw, query) == [], table
            for company in (organization, other_organization):
                run_sql(raw, "SELECT set_config('app.organization', %s, false)", [str(company.pk)])
                assert run_sql(raw, query) == [(company.pk,)], table
    finally:
        raw.close()


@every_changeable_model
def test_a_row_can_be_neither_made_for_nor_moved_to_nor_taken_from_another_organization(
    model: Any, organization: Organization, other_organization: Organization
) -> None:
    theirs = insert(model, other_organization)
    foreign = smallest_values(model, other_organization)
    ours = insert(model, organization)
    table = model._meta.db_table

    with tenant(organization), connection.cursor() as cursor:
        with refused(ProgrammingError, INSUFFICIENT_PRIVILEGE):
            cursor.execute(insert_sql(model, foreign), list(foreign.values()))
        with refused(ProgrammingError, INSUFFICIENT_PRIVILEGE):
            cursor.execute(
                f"UPDATE {table} SET organization_id = %s WHERE id = %s", [other_organization.pk, ours]
            )
        cursor.execute(f"UPDATE {table} SET organization_id = %s WHERE id = %s", [organization.pk, theirs])
        assert cursor.rowcount == 0
        cursor.execute(f"DELETE FROM {table} WHERE id = %s", [theirs])
        assert cursor.rowcount == 0
    with refused(ProgrammingError, INSUFFICIENT_PRIVILEGE), connection.cursor() as cursor:
        cursor.execute(insert_sql(model, foreign), list(foreign.values()))


@pytest.mark.parametrize("table", sorted(APPEND_ONLY))
def test_what_was_written_down_is_neither_changed_nor_taken_away(
    table: str, organization: Organization, other_organization: Organization
) -> None:
    model: Any = next(model for model in TENANT_MODELS if model._meta.db_table == table)
    foreign = smallest_values(model, other_organization)
    insert(model, organization)

    with tenant(organization), connection.cursor() as cursor:
        for statement in (f"UPDATE {table} SET id = id", f"DELETE FROM {table}", f"TRUNCATE {table}"):
            with refused(ProgrammingError, INSUFFICIENT_PRIVILEGE):
                cursor.execute(statement)
        with refused(ProgrammingError, INSUFFICIENT_PRIVILEGE):
            cursor.execute(insert_sql(model, foreign), list(foreign.values()))


def test_an_organization_is_made_and_changed_in_its_own_scope_only(
    organization: Organization, other_organization: Organization
) -> None:
    with tenant(organization):
        with connection.cursor() as cursor, refused(ProgrammingError, INSUFFICIENT_PRIVILEGE):
            cursor.execute(
                "INSERT INTO accounts_organization (name, slug, cnpj, created_at)"
                " VALUES ('Outra', 'outra', '', now())"
            )
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE accounts_organization SET name = 'Tomada' WHERE id = %s", [other_organization.pk]
            )
            assert cursor.rowcount == 0


# --- keys ---


@every_key
def test_a_key_cannot_point_at_a_row_of_another_organization(
    child: Any, column: str, parent: Any, organization: Organization, other_organization: Organization
) -> None:
    theirs = insert(parent, other_organization)
    values = smallest_values(child, organization, **{column: theirs})

    with (
        refused(IntegrityError, FOREIGN_KEY_VIOLATION),
        tenant(organization),
        connection.cursor() as cursor,
    ):
        cursor.execute(insert_sql(child, values), list(values.values()))
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


@every_changeable_key
def test_a_key_cannot_be_turned_to_a_row_of_another_organization(
    child: Any, column: str, parent: Any, organization: Organization, other_organization: Organization
) -> None:
    theirs = insert(parent, other_organization)
    ours = insert(child, organization, **{column: insert(parent, organization)})

    with (
        refused(IntegrityError, FOREIGN_KEY_VIOLATION),
        tenant(organization),
        connection.cursor() as cursor,
    ):
        cursor.execute(f"UPDATE {child._meta.db_table} SET {column} = %s WHERE id = %s", [theirs, ours])
        assert cursor.rowcount == 1
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


@every_key
def test_a_key_between_companies_rows_is_composite_and_deferrable(
    child: Any, column: str, parent: Any, owner_sql: Callable[..., list[tuple[Any, ...]]]
) -> None:
    keys = owner_sql(
        """
        SELECT ARRAY(SELECT a.attname::text FROM unnest(c.conkey) WITH ORDINALITY AS k (number, place)
                     JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.number ORDER BY place),
               ARRAY(SELECT a.attname::text FROM unnest(c.confkey) WITH ORDINALITY AS k (number, place)
                     JOIN pg_attribute a ON a.attrelid = c.confrelid AND a.attnum = k.number ORDER BY place),
               c.condeferrable, c.condeferred, c.convalidated
        FROM pg_constraint c
        WHERE c.contype = 'f' AND c.conrelid = %s::regclass AND c.confrelid = %s::regclass
          AND (SELECT attnum FROM pg_attribute WHERE attrelid = c.conrelid AND attname = %s) = ANY (c.conkey)
        """,
        [child._meta.db_table, parent._meta.db_table, column],
    )

    assert keys == [(["organization_id", column], ["organization_id", "id"], True, True, True)]


# --- what the catalogue must say, and that the questions would notice ---


def test_every_table_function_and_role_keeps_the_walls(
    owner_sql: Callable[..., list[tuple[Any, ...]]],
) -> None:
    assert find_table_breaches(owner_sql) == []
    assert find_function_breaches(owner_sql) == []
    assert find_role_breaches(owner_sql) == []


def test_every_tenant_model_is_a_table_that_the_questions_are_asked_of() -> None:
    assert {
        model._meta.db_table
        for model in TENANT_MODELS
        if not any(field.column == "organization_id" for field in model._meta.concrete_fields)
    } == set()
    assert all(isinstance(model._default_manager, TenantManager) for model in TENANT_MODELS)
    assert len(TENANT_MODELS) >= 19


POLICIES = """
    CREATE POLICY tenant_app ON {table} TO {app}
        USING (organization_id = nullif(current_setting('app.organization', true), '')::bigint);
    CREATE POLICY tenant_owner ON {table} TO {owner} USING (true);
    CREATE POLICY tenant_staff ON {table} FOR SELECT TO {staff} USING (true);
    CREATE POLICY gateway ON {table} TO {gateway} USING (true);
"""
WALL = "ALTER TABLE {table} ENABLE ROW LEVEL SECURITY; ALTER TABLE {table} FORCE ROW LEVEL SECURITY;"
UNIQUE = "ALTER TABLE {table} ADD UNIQUE (organization_id, id);"


@pytest.mark.parametrize(
    ("statements", "breach"),
    [
        (UNIQUE + WALL, "policies"),
        (UNIQUE + POLICIES, "is_walled_off"),
        (UNIQUE + POLICIES + "ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;", "is_walled_off"),
        (WALL + POLICIES, "unique"),
        (UNIQUE + WALL + POLICIES + "CREATE POLICY leak ON {table} TO {app} USING (true);", "policies"),
        (UNIQUE + WALL + POLICIES + "CREATE POLICY leak ON {table} USING (true);", "policies"),
        (UNIQUE + WALL + POLICIES + "GRANT TRUNCATE ON {table} TO {app};", "grants"),
        (UNIQUE + WALL + POLICIES + "GRANT INSERT ON {table} TO {staff};", "grants"),
        (UNIQUE + WALL + POLICIES + "GRANT SELECT ON {table} TO PUBLIC;", "grants"),
    ],
)
def test_a_table_without_its_wall_is_noticed(
    owner_sql: Callable[..., list[tuple[Any, ...]]], statements: str, breach: str
) -> None:
    names = {
        "table": "planted",
        "app": settings.DATABASE_APP_ROLE,
        "owner": settings.DATABASE_OWNER_ROLE,
        "staff": settings.DATABASE_STAFF_ROLE,
        "gateway": settings.DATABASE_GATEWAY_ROLE,
    }
    try:
        owner_sql("CREATE TABLE planted (id bigint PRIMARY KEY, organization_id bigint NOT NULL)")
        if statements:
            owner_sql(statements.format(**names))
        assert find_table_breaches(owner_sql) == [f"planted: {breach}"]
    finally:
        owner_sql("DROP TABLE planted")


def test_a_table_that_nobody_declared_global_is_noticed(
    owner_sql: Callable[..., list[tuple[Any, ...]]],
) -> None:
    try:
        owner_sql("CREATE TABLE planted (id bigint PRIMARY KEY, secret text)")
        assert find_table_breaches(owner_sql) == ["planted: neither of a company nor declared global"]
    finally:
        owner_sql("DROP TABLE planted")


@pytest.mark.parametrize("role", ["PUBLIC", "{staff}"])
def test_a_gateway_that_somebody_else_may_call_is_noticed(
    owner_sql: Callable[..., list[tuple[Any, ...]]], role: str
) -> None:
    try:
        owner_sql(
            "CREATE FUNCTION gateway_planted() RETURNS integer LANGUAGE sql SECURITY DEFINER"
            f" SET search_path = public, pg_temp AS 'SELECT 1'; "
            f"ALTER FUNCTION gateway_planted() OWNER TO {settings.DATABASE_GATEWAY_ROLE};"
            f"GRANT EXECUTE ON FUNCTION gateway_planted() TO {settings.DATABASE_APP_ROLE}"
        )
        assert find_function_breaches(owner_sql) == []
        grantee = role.format(staff=settings.DATABASE_STAFF_ROLE)
        owner_sql(f"GRANT EXECUTE ON FUNCTION gateway_planted() TO {grantee}")
        assert find_function_breaches(owner_sql) == ["gateway_planted: callers"]
    finally:
        owner_sql("DROP FUNCTION gateway_planted()")


def test_a_definer_with_an_open_search_path_or_a_powerful_owner_is_noticed(
    owner_sql: Callable[..., list[tuple[Any, ...]]],
) -> None:
    try:
        owner_sql(
            "CREATE FUNCTION planted() RETURNS integer LANGUAGE sql SECURITY DEFINER AS 'SELECT 1';"
            f"GRANT EXECUTE ON FUNCTION planted() TO {settings.DATABASE_APP_ROLE}"
        )
        assert find_function_breaches(owner_sql) == ["planted: owner", "planted: search_path"]
    finally:
        owner_sql("DROP FUNCTION planted()")


# --- the second wall alone ---


@pytest.mark.django_db(transaction=True)
def test_without_the_first_wall_the_pages_still_show_nothing_of_another_company(
    monkeypatch: pytest.MonkeyPatch,
    organization: Organization,
    other_organization: Organization,
    admin: User,
    client_of: Callable[[User], Client],
) -> None:
    theirs = _fill(other_organization, "Vizinha")
    _fill(organization, "Aurora")
    monkeypatch.setattr(TenantManager, "get_queryset", models.Manager.get_queryset)
    client = client_of(admin)
    base = f"/o/{organization.slug}"
    pages = ["pedidos/", "pedidos/1/", "erros/", "integracoes/erp/nativos/", "integracoes/erp/nativos/tiny/"]

    for page in pages:
        response = client.get(f"{base}/{page}")
        assert response.status_code == 200, page
        assert "Vizinha" not in response.content.decode(), page
    assert "Aurora-pedido" in client.get(f"{base}/pedidos/").content.decode()
    native = f"{base}/integracoes/erp/nativos/tiny"
    for path in (f"{native}/{theirs['integration']}/conexao/", f"{base}/pedidos/7/"):
        assert client.get(path).status_code == 404
    assert client.post(f"{native}/{theirs['integration']}/conectar/").status_code == 404
    assert client.post(f"{base}/erros/{theirs['job']}/tentar-de-novo/").status_code == 404
    assert client.get(f"{base}/pedidos/nao-importados/{theirs['integration']}/").status_code == 404


def _fill(organization: Organization, mark: str) -> dict[str, int]:
    """An order, an integration and a parked job, all marked, with number 7 only at the neighbour's."""
    by_table: dict[str, Any] = {model._meta.db_table: model for model in TENANT_MODELS}
    integration = insert(
        by_table["integrations_integration"],
        organization,
        provider="tiny",
        name=f"{mark}-integracao",
        state="connected",
    )
    insert(by_table["integrations_credential"], organization, integration_id=integration)
    customer = insert(by_table["customers_customer"], organization, name=f"{mark}-cliente")
    for number in (1, 7) if mark == "Vizinha" else (1,):
        order = insert(
            by_table["orders_order"],
            organization,
            integration_id=integration,
            customer_id=customer,
            number=number,
            erp_number=f"{mark}-pedido",
            details_loaded_at="2026-11-01T12:00:00Z",
        )
        insert(
            by_table["orders_orderreference"],
            organization,
            order_id=order,
            integration_id=integration,
            situation="aprovado",
        )
        insert(by_table["orders_orderitem"], organization, order_id=order, description=f"{mark}-item")
    insert(by_table["jobs_channel"], organization, name=f"erp:{integration}")
    job = insert(
        by_table["jobs_job"], organization, channel=f"erp:{integration}", status="parked", reason_code="x"
    )
    return {"integration": integration, "job": job}
