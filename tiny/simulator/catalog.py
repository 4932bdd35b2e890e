"""An account's products and their stock; made from the catalogue when they are first asked for."""

from __future__ import annotations

import random
from typing import Any

from psycopg2.extras import execute_values

from . import data, store
from .store import Cursor, Row

FIRST_ID = 350_000_000
# An order holds stock back from the moment somebody paid until the stock is written off.
RESERVING = (3, 4, 1, 7)


def ensure_products(cursor: Cursor, account: Row) -> None:
    """Make the account's products unless it has them; ids are those that its orders name."""
    cursor.execute("SELECT EXISTS (SELECT FROM produto WHERE account_id = %s) AS is_made", (account["id"],))
    row = cursor.fetchone()
    if row is None or row["is_made"]:
        return
    rng = random.Random(f"stock/{account['seed']}")  # noqa: S311
    now = store.get_now(cursor)
    execute_values(
        cursor,
        "INSERT INTO produto (account_id, id, sku, descricao, gtin, preco, saldo, criado_em, alterado_em)"
        " VALUES %s ON CONFLICT DO NOTHING",
        [
            (
                account["id"],
                FIRST_ID + place,
                product.sku,
                product.descricao,
                # The prefix that GS1 keeps for use inside a company.
                data.complete_gtin(f"20{place:010d}"),
                product.price,
                rng.randint(0, 60),
                now,
                now,
            )
            for place, product in enumerate(data.list_products(account["catalogo"]))
        ],
    )


def get_product(cursor: Cursor, account: Row, product_id: int, *, lock: bool = False) -> Row | None:
    ensure_products(cursor, account)
    cursor.execute(
        f"SELECT * FROM produto WHERE account_id = %s AND id = %s {'FOR UPDATE' if lock else ''}",  # noqa: S608
        (account["id"], product_id),
    )
    row = cursor.fetchone()
    return None if row is None else dict(row)


def find_by_sku(cursor: Cursor, account: Row, sku: str) -> Row | None:
    ensure_products(cursor, account)
    cursor.execute(
        "SELECT * FROM produto WHERE account_id = %s AND sku = %s ORDER BY id LIMIT 1", (account["id"], sku)
    )
    row = cursor.fetchone()
    return None if row is None else dict(row)


def add_product(cursor: Cursor, account: Row, values: Row) -> int:
    """Insert a product with these columns and no stock; its id."""
    product_id = store.take_id(cursor, "produto_id")
    cursor.execute(
        "INSERT INTO produto (account_id, id, sku, descricao, gtin, situacao, preco, preco_promocional,"
        " criado_em, alterado_em) VALUES (%(account_id)s, %(id)s, %(sku)s, %(descricao)s, %(gtin)s,"
        " %(situacao)s, %(preco)s, %(preco_promocional)s, clock(), clock())",
        {**values, "account_id": account["id"], "id": product_id},
    )
    return product_id


def change_product(cursor: Cursor, account: Row, product_id: int, values: Row) -> None:
    cursor.execute(
        "UPDATE produto SET sku = %(sku)s, descricao = %(descricao)s, gtin = %(gtin)s,"
        " situacao = %(situacao)s, preco = %(preco)s, preco_promocional = %(preco_promocional)s,"
        " alterado_em = clock() WHERE account_id = %(account_id)s AND id = %(id)s",
        {**values, "account_id": account["id"], "id": product_id},
    )


def set_price(cursor: Cursor, account: Row, product_id: int, price: float, promotional: float) -> None:
    cursor.execute(
        "UPDATE produto SET preco = %s, preco_promocional = %s, alterado_em = clock()"
        " WHERE account_id = %s AND id = %s",
        (price, promotional, account["id"], product_id),
    )


def move_stock(cursor: Cursor, account: Row, product_id: int, kind: str, quantity: float) -> int:
    """B sets, E adds, S subtracts (below zero too); the id of the entry. A repeated one counts twice."""
    change = {"B": "%s", "E": "saldo + %s", "S": "saldo - %s"}[kind]
    cursor.execute(
        f"UPDATE produto SET saldo = {change}, alterado_em = clock() WHERE account_id = %s AND id = %s",  # noqa: S608
        (quantity, account["id"], product_id),
    )
    return store.take_id(cursor, "lancamento_id")


def count_reserved(cursor: Cursor, account: Row, product_id: int) -> float:
    """How many of a product open orders hold back; 0 for ever where the account has no reservation."""
    if not account["reserves_stock"]:
        return 0
    cursor.execute(
        "SELECT coalesce(sum((item->>'quantidade')::double precision), 0) AS held FROM pedido,"
        " jsonb_array_elements(dados->'itens') AS item WHERE account_id = %s AND NOT estoque_lancado"
        " AND situacao = ANY(%s) AND (item->'produto'->>'id')::bigint = %s",
        (account["id"], list(RESERVING), product_id),
    )
    row: dict[str, Any] | None = cursor.fetchone()
    return float(row["held"]) if row else 0
