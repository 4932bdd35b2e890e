"""What an installation had before is still there after ``migrate``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from orders.map_selectors import read_version
from orders.status_map import StatusMap
from tests.database import TestDatabase, migrate, run_sql
from tests.status_maps import DEFAULT, importing

USUAL = ["enviado", "aprovado", "preparando_envio", "faturado", "pronto_envio"]


@pytest.fixture
def former() -> Iterator[TestDatabase]:
    """A database as it was before there were status maps."""
    database = TestDatabase("former")
    try:
        migrate(database.name, "orders", "0009")
        yield database
    finally:
        database.close()


def connect_companies(database: TestDatabase, chosen: list[list[str]]) -> list[tuple[int, int]]:
    """A company with one integration for each choice of situations: the identifiers of both."""
    made = []
    for number, situations in enumerate(chosen):
        ((company,),) = run_sql(
            database.owner,
            "INSERT INTO accounts_organization (name, slug, cnpj, created_at)"
            " VALUES ('Loja', %s, '', now()) RETURNING id",
            [f"loja-{number}"],
        )
        columns = [
            (name, kind)
            for name, kind in run_sql(
                database.owner,
                "SELECT column_name, data_type FROM information_schema.columns WHERE is_nullable = 'NO'"
                " AND table_name = 'integrations_integration' AND column_name <> 'id'",
            )
        ]
        values: dict[str, Any] = {
            name: {"jsonb": "{}", "boolean": False, "bigint": 0, "integer": 0}.get(kind, "")
            for name, kind in columns
        }
        values |= {
            "organization_id": company,
            "provider": "tiny",
            "protocol": "v3",
            "created_at": "2026-11-01T00:00:00Z",
            "import_situations": json.dumps(situations),
        }
        ((integration,),) = run_sql(
            database.owner,
            f"INSERT INTO integrations_integration ({', '.join(values)})"
            f" VALUES ({', '.join(['%s'] * len(values))}) RETURNING id",
            list(values.values()),
        )
        made.append((company, integration))
    return made


def test_who_had_chosen_other_situations_keeps_them(former: TestDatabase) -> None:
    chosen = [USUAL, ["aberto", "cancelado"], []]
    _, (second, other), (third, none) = connect_companies(former, chosen)
    migrate(former.name)
    rows = run_sql(
        former.owner,
        "SELECT organization_id, integration_id, number, saved_by, outward, rules"
        " FROM orders_statusmapversion ORDER BY id",
    )
    assert [row[:4] for row in rows] == [(second, other, 1, "Entreposto"), (third, none, 1, "Entreposto")]
    kept: list[StatusMap] = []
    for *_, outward, rules in rows:
        version: Any = SimpleNamespace(outward=outward, rules=rules)
        # Nothing may come from the default but what no version has.
        kept.append(read_version(version, replace(DEFAULT, outward={}, rules={})))
    assert kept == [importing("aberto", "cancelado"), importing()]
