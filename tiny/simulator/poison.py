"""Answers that look right and are not: what would do harm to whoever believes them.

Each changes stock or prices wherever they stand in the JSON of an answer of either API, or its lists.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

# Names of amounts and of prices in both APIs, wherever they are nested.
STOCK = ("saldo", "disponivel", "reservado", "saldoReservado", "saldoEstoque")
PRICES = ("preco", "precoPromocional", "preco_promocional")
LISTS = ("itens", "produtos", "registros", "pedidos", "notas_fiscais", "contatos")


def spoil(body: bytes, kind: str) -> bytes:
    """The answer with its stock, prices or lists changed; what is no JSON stays."""
    try:
        value = json.loads(body)
    except ValueError:
        return body
    return json.dumps(KINDS[kind](value), ensure_ascii=False).encode()


def _walk(value: Any, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Any:
    """Every object changed, from the innermost out."""
    if isinstance(value, list):
        return [_walk(inner, change) for inner in value]
    if isinstance(value, dict):
        return change({name: _walk(inner, change) for name, inner in value.items()})
    return value


def _amounts(turn: Callable[[Any], Any], *names: str) -> Callable[[Any], Any]:
    """Turn each amount or price of these names that is a number or a text of one."""

    def change(fields: dict[str, Any]) -> dict[str, Any]:
        changed = {name: turn(fields[name]) for name in names if _is_number(fields.get(name))}
        estoque = fields.get("estoque")
        # v3's detail calls the amount otherwise; other quantities are none of the stock's.
        if "saldo" in names and isinstance(estoque, dict) and _is_number(estoque.get("quantidade")):
            changed["estoque"] = {**estoque, "quantidade": turn(estoque["quantidade"])}
        return {**fields, **changed}

    return lambda value: _walk(value, change)


def _is_number(value: Any) -> bool:
    if isinstance(value, bool) or value is None:
        return False
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return True


def _times(factor: float) -> Callable[[Any], Any]:
    """As a number where it was one, as a text with as many decimals where it was a text."""

    def turn(value: Any) -> Any:
        number = round(float(value) * factor, 4)
        if isinstance(value, str):
            return f"{number:.{max(len(value.partition('.')[2]), 2)}f}"
        return int(number) if number == int(number) else number

    return turn


def _comma(value: Any) -> str:
    text = value if isinstance(value, str) and "." in value else f"{float(value):.2f}"
    return text.replace(".", ",")


def _zero(value: Any) -> Any:
    return "0.00" if isinstance(value, str) else 0


def _negative(value: Any) -> Any:
    number = -abs(float(value)) - 3
    return f"{number:.2f}" if isinstance(value, str) else int(number) if number == int(number) else number


def _physical(fields: dict[str, Any]) -> dict[str, Any]:
    """As if nothing were reserved: what is there stands where what is available stood."""
    changes: dict[str, Any] = {}
    if "saldo" in fields:
        changes = {name: 0 for name in ("reservado", "saldoReservado") if name in fields}
        if "disponivel" in fields:
            changes["disponivel"] = fields["saldo"]
    return {**fields, **changes}


def _nulled(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: None if name in (*STOCK, *PRICES) else value for name, value in fields.items()}


def _without(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name not in (*STOCK, *PRICES)}


def _emptied(fields: dict[str, Any]) -> dict[str, Any]:
    lists: dict[str, Any] = {name: [] for name in LISTS if isinstance(fields.get(name), list)}
    pages: dict[str, Any] = {}
    if isinstance(fields.get("paginacao"), dict):
        pages["paginacao"] = {**fields["paginacao"], "total": 0}
    if lists and "numero_paginas" in fields:
        pages["numero_paginas"] = 1
    return {**fields, **lists, **pages}


KINDS: dict[str, Callable[[Any], Any]] = {
    "empty_list": lambda value: _walk(value, _emptied),
    "comma": _amounts(_comma, *STOCK, *PRICES),
    "physical": lambda value: _walk(value, _physical),
    "zero_stock": _amounts(_zero, *STOCK),
    "negative_stock": _amounts(_negative, *STOCK),
    "price_hundredth": _amounts(_times(0.01), *PRICES),
    "price_hundredfold": _amounts(_times(100), *PRICES),
    "nulls": lambda value: _walk(value, _nulled),
    "without_fields": lambda value: _walk(value, _without),
}
