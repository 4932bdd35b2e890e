"""Parts of our records of products that both of Tiny's protocols fill alike, from doubtful values."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any

from contracts.errors import MappingError, UnsupportedFeature
from contracts.records import (
    ErpProduct,
    ErpProductRow,
    ErpWarehouseStock,
    ProductDraft,
    ProductKind,
    ProductState,
)
from tiny.records import read_required_fraction
from tiny.redaction import redact
from tiny.values import (
    read_fraction,
    read_many,
    read_money,
    read_object,
    read_short_text,
    read_text,
    read_web_address,
)

# Far beyond what Tiny lets a person write (30, 14 and 3): one row with more must not spoil its page.
LONGEST_SKU = 120
LONGEST_GTIN = 40
LONGEST_UNIT = 20
LARGEST_MEASURE = Decimal(10) ** 8

NOTHING_RESERVED = Decimal("0.0000")
CATEGORY_SEPARATOR = ">>"
NCM_DIGITS = 8

# Fields of a draft that a call of their own can write.
PRICES = frozenset({"price", "promotional_price"})

# Tiny's word for a kind stands in fields that differ by protocol, next to P and S of «produto» and «serviço».
_KINDS: Mapping[str, ProductKind] = {
    "K": ProductKind.KIT,
    "F": ProductKind.MANUFACTURED,
    "M": ProductKind.MATERIAL,
    "V": ProductKind.PARENT,
}
_STATES: Mapping[str, ProductState] = {
    "A": ProductState.ACTIVE,
    "I": ProductState.INACTIVE,
    "E": ProductState.DELETED,
}
STATE_LETTERS: Mapping[ProductState, str] = {state: letter for letter, state in _STATES.items()}

_VARIATION, _PARENT = "V", "P"
_TRUE = frozenset({"S", "TRUE", "1"})


def only_sku(
    sku: str, to_row: Callable[[Mapping[str, Any]], ErpProductRow]
) -> Callable[[Mapping[str, Any]], ErpProductRow | None]:
    """``to_row``, giving ``None`` for products of another SKU: Tiny's searches find loosely."""

    def to_wanted_row(row: Mapping[str, Any]) -> ErpProductRow | None:
        product = to_row(row)
        return product if not sku or product.sku == sku else None

    return to_wanted_row


def read_sku(value: Any, field: str) -> str:
    """As the seller wrote it, but for the spaces around it."""
    return read_short_text(value, field, LONGEST_SKU)


def read_gtin(value: Any) -> str:
    return read_short_text(value, "gtin", LONGEST_GTIN)


def read_unit(value: Any) -> str:
    return read_short_text(value, "unidade", LONGEST_UNIT)


def read_kind(variation: Any, product_type: Any) -> ProductKind:
    """From ``tipoVariacao`` (N, P, V) and the type (S, K, V, F, M): what is a variation is nothing else."""
    place = read_text(variation).upper()
    if place == _VARIATION:
        return ProductKind.VARIATION
    if place == _PARENT:
        return ProductKind.PARENT
    return _KINDS.get(read_text(product_type).upper(), ProductKind.SIMPLE)


def read_state(value: Any) -> ProductState:
    """Raises ``MappingError`` for one that we do not know: what is not for sale must not be sold."""
    letter = read_text(value).upper()
    if letter not in _STATES:
        raise MappingError("tiny.product_state_unreadable", {"value": redact(letter, 40)})
    return _STATES[letter]


def read_promotional_price(value: Any, field: str) -> Decimal | None:
    """``None`` for 0, with which Tiny says that there is none."""
    return read_money(value, field) or None


def read_measure(value: Any, field: str) -> Decimal | None:
    """A weight or a length; ``None`` for 0, which nothing has. Raises ``MappingError`` beyond all reason."""
    measure = read_fraction(value, field) or None
    if measure is not None and abs(measure) >= LARGEST_MEASURE:
        raise MappingError("tiny.amount_unreadable", {"field": field, "value": redact(str(measure), 40)})
    return measure


def read_reserved(value: Any, field: str) -> Decimal:
    """0 without the module of reservations, where Tiny says ``null``."""
    reserved = read_fraction(value, field)
    return NOTHING_RESERVED if reserved is None else reserved


def to_warehouse_stock(data: Mapping[str, Any], reserved: Decimal) -> ErpWarehouseStock:
    """A row of ``depositos``, but for its reservations, which only API v3 tells."""
    return ErpWarehouseStock(
        name=read_text(data.get("nome")),
        balance=read_required_fraction(data.get("saldo"), "depositos.saldo"),
        reserved=reserved,
        is_ignored=read_flag(data.get("desconsiderar")),
    )


def read_ncm(value: Any) -> str:
    """Eight digits, or what Tiny wrote."""
    text = read_text(value)
    digits = "".join(char for char in text if char in "0123456789")
    return digits if len(digits) == NCM_DIGITS else text


def read_category_path(value: Any) -> tuple[str, ...]:
    """``"Roupas >> Camisas"`` from the root on."""
    return tuple(name for name in map(str.strip, read_text(value).split(CATEGORY_SEPARATOR)) if name)


def read_attributes(value: Any) -> tuple[tuple[str, str], ...]:
    """A ``grade``: ``{"Cor": "Azul"}``, or rows of ``{"chave": "Cor", "valor": "Azul"}``."""
    if isinstance(value, dict) and not {"chave", "valor"} <= value.keys():
        pairs: Iterable[tuple[Any, Any]] = value.items()
    else:
        pairs = ((row.get("chave"), row.get("valor")) for row in map(read_object, read_many(value)))
    named = ((read_text(name), read_text(text)) for name, text in pairs)
    return tuple((name, text) for name, text in named if name)


def read_images(addresses: Iterable[Any]) -> tuple[str, ...]:
    """The addresses that can be shown, each once, in Tiny's order."""
    return tuple(dict.fromkeys(filter(None, map(read_web_address, addresses))))


def read_flag(value: Any) -> bool:
    """``true`` of API v3, ``"S"`` of API v2."""
    return value is True or read_text(value).upper() in _TRUE


def find_changes(draft: ProductDraft, product: ErpProduct) -> Mapping[str, Any]:
    """What of ``draft`` is not so at Tiny yet, by the names of its fields."""
    row = product.row
    known: Mapping[str, Any] = {
        **{field.name: getattr(product, field.name, None) for field in dataclasses.fields(draft)},
        **{name: getattr(row, name) for name in ("sku", "name", "state", "gtin", "unit")},
        **{name: getattr(row, name) for name in PRICES},
    }
    wanted = wanted_values(draft)
    # What Tiny has as 0 is read as nothing, and an amount may be written with other zeros.
    return {name: value for name, value in wanted.items() if (value or None) != (known[name] or None)}


def wanted_values(draft: ProductDraft) -> Mapping[str, Any]:
    """What ``draft`` does not leave open. Raises ``UnsupportedFeature`` for the deletion of a product."""
    if draft.state is ProductState.DELETED:
        raise cannot_write_state(draft)
    fields = {field.name: getattr(draft, field.name) for field in dataclasses.fields(draft)}
    return {name: value for name, value in fields.items() if value is not None}


def cannot_write_state(draft: ProductDraft) -> UnsupportedFeature:
    return UnsupportedFeature("tiny.product_state_unwritable", {"sku": redact(draft.sku, LONGEST_SKU)})
