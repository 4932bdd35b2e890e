"""What a person does to a product in the ERP's panel; used by the web page and the control API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from . import catalog, data, store
from .pedidos import merge
from .store import Cursor, Row
from .web import BadRequest

# The names of the control API, as v3 reads them, and the columns that they are.
COLUMNS = {
    "sku": "sku",
    "descricao": "descricao",
    "gtin": "gtin",
    "tipo": "tipo",
    "idProdutoPai": "pai_id",
    "situacao": "situacao",
    "preco": "preco",
    "precoPromocional": "preco_promocional",
    "vezes": "vezes",
}
SITUACOES = {"A": "Ativo", "I": "Inativo", "E": "Excluído"}


def add_produto(cursor: Cursor, account: Row, fields: dict[str, Any]) -> int:
    """One invented product with these fields; ``variacoes`` are its children, with fields of their own."""
    fields = dict(fields)
    children = fields.pop("variacoes", [])
    kind = "V" if children else str(fields.get("tipo", "S"))
    (made,) = catalog.add_products(cursor, account, 1, "S", problems=False)
    cursor.note("produto", account["id"], made["id"])
    change_produto(
        cursor, account, made["id"], {"precoPromocional": 0, "situacao": "A", **fields, "tipo": kind}
    )
    if kind == "V":
        catalog.change_product(cursor, account, made["id"], {"saldos": {}})
    for child in children:
        own = {
            "idProdutoPai": made["id"],
            "descricao": f"{fields.get('descricao', 'Produto')} {child.get('sku')}",
        }
        add_produto(cursor, account, {**own, **child})
    return int(made["id"])


def send_produto(cursor: Cursor, account: Row, product_id: int) -> None:
    """Have every integration told of a product, as a person does who wants it mapped. Raises LookupError."""
    if catalog.get_product(cursor, account, product_id) is None:
        raise LookupError("no such product")
    cursor.note("produto", account["id"], product_id)


def change_produto(cursor: Cursor, account: Row, product_id: int, fields: dict[str, Any]) -> None:
    """Change a product by v3's names, its brand and category by theirs. Raises BadRequest, LookupError."""
    row = catalog.get_product(cursor, account, product_id, lock=True)
    if row is None:
        raise LookupError("no such product")
    changes = dict(fields)
    saldo, deposito = changes.pop("saldo", None), changes.pop("deposito", None)
    moment = changes.pop("alterado_em", None)
    values: Row = {COLUMNS[name]: changes.pop(name) for name in list(changes) if name in COLUMNS}
    if values.get("situacao", "A") not in SITUACOES or values.get("tipo", "S") not in catalog.KINDS:
        raise BadRequest("situacao must be A, I or E and tipo one of S, V, K, F, M")
    if "marca" in changes:
        changes["marca"] = catalog.find_marca(cursor, account, str(changes["marca"] or ""))
    if "categoria" in changes:
        changes["categoria"] = catalog.find_categoria(cursor, account, str(changes["categoria"] or ""))
    if "anexos" in changes:
        changes["anexos"] = [
            anexo if isinstance(anexo, dict) else {"url": str(anexo), "externo": True}
            for anexo in changes["anexos"]
        ]
    unknown = changes.keys() - data.BLANK_PRODUCT.keys()
    if unknown:
        raise BadRequest(f"unknown fields: {', '.join(sorted(unknown))}")
    if changes:
        values["dados"] = merge(row["dados"], changes)
    if values or not fields:
        catalog.change_product(cursor, account, product_id, values)
    if saldo is not None:
        set_saldo(cursor, account, product_id, float(saldo), deposito)
    if moment is not None:
        catalog.date_change(cursor, account, product_id, moment)


def set_saldo(
    cursor: Cursor, account: Row, product_id: int, saldo: float, deposito: str | int | None
) -> None:
    """What there is of a product in a depósito, by its name or id; none is the first."""
    row = catalog.get_product(cursor, account, product_id, lock=True)
    if row is None:
        raise LookupError("no such product")
    _move(cursor, store.get_account(cursor, account["id"]) or account, row, saldo, deposito)


def set_saldos(cursor: Cursor, account: Row, saldos: Sequence[Mapping[str, Any]]) -> None:
    """The same of many at once: id, saldo and, where it is not the first, deposito."""
    catalog.ensure_products(cursor, account)
    rows = {
        row["id"]: row for row in catalog.list_by_ids(cursor, account, [int(entry["id"]) for entry in saldos])
    }
    for entry in saldos:
        row = rows.get(int(entry["id"]))
        if row is None:
            raise LookupError("no such product")
        _move(cursor, account, row, float(entry["saldo"]), entry.get("deposito"))


def _move(cursor: Cursor, account: Row, row: Row, saldo: float, deposito: str | int | None) -> None:
    found = next((one for one in account["depositos"] if deposito in (None, one["nome"], one["id"])), None)
    if found is None:
        raise BadRequest("no such deposito")
    try:
        catalog.move_stock(cursor, account, row, "B", saldo, found)
    except catalog.Unmovable:
        raise BadRequest("the stock of this product is that of its parts") from None
