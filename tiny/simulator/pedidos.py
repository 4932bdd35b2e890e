"""What a person does to an order in the ERP's panel; used by the web page, the control API and ``life``."""

from __future__ import annotations

import random
from datetime import date
from typing import Any

from . import data, store
from .documents import normalize_document
from .store import Cursor, Row


def get_today(cursor: Cursor) -> date:
    """The date in Brasília, where Tiny's dates live."""
    return store.get_now(cursor).astimezone(data.BRASILIA).date()


def create_pedidos(
    cursor: Cursor,
    account: Row,
    count: int,
    seed: str,
    since_days: int,
    *,
    situacoes: tuple[int, ...] | None = None,
    with_notas: bool | None = None,
) -> list[Row]:
    """Invent and insert orders. Notas: for all, for none, or (None) where the situação calls for one."""
    pedidos = store.add_pedidos(
        cursor,
        account["id"],
        data.make_pedidos(account, count, seed, since_days, store.get_now(cursor), situacoes),
    )
    if with_notas is None:
        invoiced = [pedido for pedido in pedidos if pedido["situacao"] in data.SITUACOES_COM_NOTA]
    else:
        invoiced = pedidos if with_notas else []
    store.add_notas(cursor, account, invoiced)
    return pedidos


def change_situacao(cursor: Cursor, pedido: Row, situacao: int) -> None:
    """Set the situação; Tiny keeps no state machine, any change is allowed."""
    day = get_today(cursor)
    values: dict[str, Any] = {"situacao": situacao}
    if situacao in data.SITUACOES_COM_NOTA and pedido["data_faturamento"] is None:
        values["data_faturamento"] = day
    if situacao in data.SITUACOES_COM_RASTREIO and pedido["data_envio"] is None:
        values["data_envio"] = day
    if situacao == 6:
        values["data_entrega"] = day
    store.update_pedido(cursor, pedido["id"], values, store.get_now(cursor))
    if situacao != pedido["situacao"]:
        cursor.note("situacao", pedido["account_id"], pedido["id"])


def issue_nota(cursor: Cursor, account: Row, pedido: Row, situacao: int = 6) -> Row:
    """Issue a nota dated today for an order that has none; 6 Autorizada unless said otherwise."""
    nota = store.add_notas(cursor, account, [pedido], get_today(cursor), situacao)[0]
    store.update_pedido(cursor, pedido["id"], {"data_faturamento": get_today(cursor)}, store.get_now(cursor))
    return nota


def set_freight(cursor: Cursor, pedido: Row, forma: str, transportador: str | None) -> None:
    """Choose one of the account's shipping methods by its name; ``None`` leaves the carrier as it is."""
    known = {row["nome"]: row["id"] for row in data.list_formas_envio(pedido["account_id"])}
    carriage = pedido["dados"]["transportador"]
    changes: dict[str, Any] = {}
    if forma in known and forma != (carriage.get("formaEnvio") or {}).get("nome"):
        changes["formaEnvio"] = {"id": known[forma], "nome": forma}
        changes["formaFrete"] = {"id": None, "nome": None}
    if transportador is not None and transportador.strip() != (carriage.get("nome") or ""):
        changes["nome"] = transportador.strip()[:60] or None
    if changes:
        pedido["dados"] = {**pedido["dados"], "transportador": {**carriage, **changes}}
        store.update_pedido(cursor, pedido["id"], {"dados": pedido["dados"]}, store.get_now(cursor))


def set_tracking(cursor: Cursor, pedido: Row, code: str, address: str) -> None:
    """Write the tracking code and address on the order and on its nota."""
    values = {"codigo_rastreamento": code, "url_rastreamento": address}
    store.update_pedido(cursor, pedido["id"], values, store.get_now(cursor))
    if pedido["nota_id"]:
        store.update_nota(cursor, pedido["nota_id"], values)


def invent_tracking(pedido: Row) -> tuple[str, str]:
    """A code and address that fit the order's freight; always the same ones for the same order."""
    rng = random.Random(f"tracking/{pedido['id']}")  # noqa: S311
    return data.make_tracking(pedido["dados"].get("servico", ""), rng)


def change_dados(cursor: Cursor, pedido: Row, changes: dict[str, Any]) -> None:
    """Merge nested parts (cliente, ecommerce, transportador, itens …) into an order."""
    dados = merge(pedido["dados"], changes)
    if "cliente" in changes:
        contato = (dados["cliente"], data.document_of(dados), store.get_now(cursor))
        store.save_contatos(cursor, pedido["account_id"], [contato])
    store.update_pedido(
        cursor,
        pedido["id"],
        {
            "dados": dados,
            "documento": normalize_document(dados["cliente"].get("cpfCnpj") or ""),
            "numero_ecommerce": dados["ecommerce"].get("numeroPedidoEcommerce") or "",
        },
        store.get_now(cursor),
    )


def merge(base: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """``base`` with the changes laid over it, objects within objects merged."""
    merged = dict(base)
    for name, value in changes.items():
        if isinstance(value, dict) and isinstance(merged.get(name), dict):
            merged[name] = merge(merged[name], value)
        else:
            merged[name] = value
    return merged
