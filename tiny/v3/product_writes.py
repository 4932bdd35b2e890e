"""What of a product is written by Tiny's API v3, in the words of its requests; pure functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from contracts.errors import UnsupportedFeature
from contracts.records import ErpProductRow
from tiny.product_records import CATEGORY_SEPARATOR
from tiny.values import read_identifier, read_many, read_number, read_object, read_text

SIMPLE = "S"

_TEXTS: Mapping[str, str] = {
    "sku": "sku",
    "name": "descricao",
    "description": "descricaoComplementar",
    "unit": "unidade",
    "ncm": "ncm",
    "gtin": "gtin",
}
_PRICES: Mapping[str, str] = {"price": "preco", "promotional_price": "precoPromocional"}
_SIZES: Mapping[str, str] = {
    "net_weight": "pesoLiquido",
    "gross_weight": "pesoBruto",
    "height": "altura",
    "width": "largura",
    "length": "comprimento",
}
# Of an answer, what a request takes as well. A supplier is left out: no answer tells which one is the
# standard one, and a request has to.
_ECHOED_TEXTS = (
    "sku", "descricao", "descricaoComplementar", "unidade", "unidadePorCaixa", "ncm", "gtin", "garantia",
    "observacoes",
)  # fmt: skip
_ECHOED_PARTS: Mapping[str, Sequence[str]] = {
    "precos": ("preco", "precoPromocional", "precoCusto"),
    "dimensoes": ("largura", "altura", "comprimento", "diametro", "pesoLiquido", "pesoBruto"),
    "estoque": ("controlar", "sobEncomenda", "minimo", "maximo", "diasPreparacao", "localizacao"),
    "seo": ("titulo", "descricao", "keywords", "linkVideo", "slug"),
    "tributacao": ("gtinEmbalagem", "valorIPIFixo", "classeIPI"),
}


def to_product(changes: Mapping[str, Any], ids: Mapping[str, int | None]) -> dict[str, Any]:
    """``changes`` by the names of a ``ProductDraft``; ``ids`` are those of ``marca`` and ``categoria``."""
    parts = {"precos": _rename(changes, _PRICES), "dimensoes": _rename(changes, _SIZES)}
    return {
        **_rename(changes, _TEXTS),
        **{name: part for name, part in parts.items() if part},
        **{name: {"id": number} for name, number in ids.items()},
    }


def to_prices(changes: Mapping[str, Any], known: ErpProductRow) -> dict[str, Any]:
    """Both prices, since Tiny wants the first of them always."""
    promotional = changes.get("promotional_price", known.promotional_price)
    return {"preco": changes.get("price", known.price), "precoPromocional": promotional or 0}


def merge(payload: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """``GET /produtos/{id}`` as a request, with ``changes`` of ``to_product`` laid over it."""
    merged = _echo(payload)
    for name, value in changes.items():
        is_part = name in _ECHOED_PARTS
        merged[name] = {**merged.get(name, {}), **value} if is_part else value
    return merged


def find_brand(payload: Any, name: str) -> int | None:
    """The id of the brand of that name in ``GET /marcas``, whose search may find others too."""
    rows = [read_object(row) for row in read_many(read_object(payload).get("itens"))]
    return _find(rows, name)


def find_category(payload: Any, path: Sequence[str]) -> int:
    """The id of the category at ``path`` in ``GET /categorias/todas``.

    Raises ``UnsupportedFeature``: a tree of categories is the seller's, and we make none in it.
    """
    rows = read_many(payload) or read_many(read_object(payload).get("itens"))
    number = None
    for name in path:
        level = [read_object(row) for row in rows]
        number = _find(level, name)
        rows = next((read_many(row.get("filhas")) for row in level if _number(row) == number), ())
        if number is None:
            break
    if number is None:
        joined = f" {CATEGORY_SEPARATOR} ".join(path)
        raise UnsupportedFeature("tiny.category_unknown", {"category": joined})
    return number


def _find(rows: Sequence[Mapping[str, Any]], name: str) -> int | None:
    """By the exact name, else by one that differs in capitals only."""
    named = [(read_text(row.get("descricao")), _number(row)) for row in rows]
    for wanted in (str, str.casefold):
        for text, number in named:
            if number is not None and wanted(text) == wanted(name):
                return number
    return None


def _number(row: Mapping[str, Any]) -> int | None:
    identifier = read_identifier(row.get("id"))
    return int(identifier) if identifier else None


def _rename(changes: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    return {wire: changes[name] for name, wire in names.items() if name in changes}


def _echo(payload: Mapping[str, Any]) -> dict[str, Any]:
    echoed: dict[str, Any] = {name: payload.get(name) for name in _ECHOED_TEXTS}
    # A text in the answer, a number in the request.
    echoed["origem"] = read_number(payload.get("origem"))
    for name, fields in _ECHOED_PARTS.items():
        part = read_object(payload.get(name))
        echoed[name] = _without_null({field: part.get(field) for field in fields})
    packing = read_object(read_object(payload.get("dimensoes")).get("embalagem"))
    numbers = {"id": _number(packing), "tipo": read_number(packing.get("tipo"))}
    echoed["dimensoes"] |= {"embalagem": _without_null(numbers)} if any(numbers.values()) else {}
    for name in ("marca", "categoria"):
        number = _number(read_object(payload.get(name)))
        echoed[name] = None if number is None else {"id": number}
    return {name: value for name, value in _without_null(echoed).items() if value != {}}


def _without_null(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
