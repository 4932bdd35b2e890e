"""Who may do what at the REST API: one row per route, which somebody must have written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from accounts.models import Scope


@dataclass(frozen=True)
class Answer:
    """What a token with ``scopes`` gets; without one of them it gets 403."""

    status: int
    scopes: frozenset[str]
    body: Mapping[str, Any] | None = None


def read(scope: Scope) -> dict[str, Answer]:
    return {"GET": Answer(200, frozenset({scope})), "HEAD": Answer(200, frozenset({scope}))}


WRITES = frozenset({Scope.WRITE_PRODUCTS, Scope.WRITE_STOCK})
WRITES_CUSTOMERS = frozenset({Scope.WRITE_CUSTOMERS})
WRITES_ORDERS = frozenset({Scope.WRITE_ORDERS})
ORDER = {
    "number": "MKT-2",
    "placed_on": "2026-11-20",
    "customer": {"name": "Ana Lima"},
    "items": [{"sku": "A/1", "description": "Nosso", "quantity": 1, "unit_price": "10"}],
}

# A method that is not named is 405 for whoever has a token.
API_ROUTES: dict[str, dict[str, Answer]] = {
    "catalog_api:products": read(Scope.READ_PRODUCTS)
    | {"POST": Answer(201, WRITES, {"sku": "NOVO", "name": "Novo", "price": "1.50"})},
    "catalog_api:product": read(Scope.READ_PRODUCTS)
    | {"PATCH": Answer(200, WRITES, {"name": "Outro", "price": "1.50"})},
    "catalog_api:prices": read(Scope.READ_STOCK),
    "catalog_api:price": read(Scope.READ_STOCK),
    "catalog_api:stock": read(Scope.READ_STOCK),
    "catalog_api:stock_of_product": read(Scope.READ_STOCK),
    "customers_api:customers": read(Scope.READ_CUSTOMERS)
    | {"POST": Answer(201, WRITES_CUSTOMERS, {"name": "Ana Lima"})},
    "customers_api:customer": read(Scope.READ_CUSTOMERS)
    | {"PATCH": Answer(200, WRITES_CUSTOMERS, {"name": "Ana Lima"})},
    "orders_api:orders": read(Scope.READ_ORDERS) | {"POST": Answer(201, WRITES_ORDERS, ORDER)},
    "orders_api:order": read(Scope.READ_ORDERS)
    | {"PATCH": Answer(200, WRITES_ORDERS, {"notes": "Para presente"})},
    "orders_api:status": {"POST": Answer(200, WRITES_ORDERS, {"status": "paid"})},
    "orders_api:cancel": {"POST": Answer(200, WRITES_ORDERS, {"reason": "Desistência"})},
}

# Where there is nothing, whatever the method.
UNKNOWN_ADDRESS = "api_unknown"
