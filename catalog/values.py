"""The values of a product that cross the border, by one set of names: pure functions, no models.

As Python they are ``str``, ``Decimal``, ``list`` or ``None`` (not known); ``to_json`` and ``from_json`` carry
them through a JSON column without losing a digit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import nh3

from contracts.records import ErpProduct, ErpProductRow, ProductState

Values = Mapping[str, Any]
PLACES = Decimal("0.0001")
CENT = Decimal("0.01")
# What PostgreSQL's column holds; Tiny has nothing of this size, and a slip of the hand must not break a page.
LARGEST = Decimal(10) ** 11


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """``guard`` is the criterion that holds the field back, ``""`` for none."""

    label: str
    guard: str = ""
    is_decimal: bool = False
    is_sent: bool = False


FIELDS: Mapping[str, FieldSpec] = {
    "name": FieldSpec("Nome", "keep_name", is_sent=True),
    "description": FieldSpec("Descrição", "keep_name", is_sent=True),
    "status": FieldSpec("Status", "keep_status", is_sent=True),
    "category": FieldSpec("Categoria", "ignore_category", is_sent=True),
    "brand": FieldSpec("Marca", "ignore_brand", is_sent=True),
    "price": FieldSpec("Preço", "keep_price", is_decimal=True, is_sent=True),
    "promotional_price": FieldSpec(
        "Preço promocional", "keep_promotional_price", is_decimal=True, is_sent=True
    ),
    "stock": FieldSpec("Estoque", "keep_stock", is_decimal=True),
    "images": FieldSpec("Imagens", "keep_images"),
    "net_weight": FieldSpec("Peso líquido", "keep_measures", is_decimal=True, is_sent=True),
    "gross_weight": FieldSpec("Peso bruto", "keep_measures", is_decimal=True, is_sent=True),
    "height": FieldSpec("Altura", "keep_measures", is_decimal=True, is_sent=True),
    "width": FieldSpec("Largura", "keep_measures", is_decimal=True, is_sent=True),
    "length": FieldSpec("Comprimento", "keep_measures", is_decimal=True, is_sent=True),
    "ncm": FieldSpec("NCM", "keep_codes", is_sent=True),
    "gtin": FieldSpec("GTIN", "keep_codes", is_sent=True),
    "unit": FieldSpec("Unidade", is_sent=True),
    "kind": FieldSpec("Tipo"),
    "attributes": FieldSpec("Variação"),
    "components": FieldSpec("Componentes"),
}

# The status of ours that a state of the ERP means.
STATUSES = {
    ProductState.ACTIVE: "active",
    ProductState.INACTIVE: "inactive",
    ProductState.DELETED: "inactive",
}


def row_values(row: ErpProductRow) -> dict[str, Any]:
    """What a row of the list tells; its kind only if the list knows it."""
    values = {
        "name": row.name,
        "status": STATUSES[row.state],
        "gtin": row.gtin,
        "unit": row.unit,
        "price": fit(row.price),
        "promotional_price": fit(row.promotional_price),
    }
    return values | {"kind": row.kind.value} if row.is_kind_known else values


def product_values(product: ErpProduct) -> dict[str, Any]:
    """What a single product tells."""
    return row_values(product.row) | {
        "description": clean_html(product.description),
        "brand": product.brand,
        "category": list(product.category),
        "ncm": product.ncm,
        "net_weight": fit(product.net_weight),
        "gross_weight": fit(product.gross_weight),
        "height": fit(product.height),
        "width": fit(product.width),
        "length": fit(product.length),
        "images": list(product.images),
        "components": [
            {"sku": part.sku, "name": part.name, "quantity": str(fit(part.quantity))}
            for part in product.components
        ],
    }


def list_price(own: Decimal | None, named: Decimal | None, adjustment: Decimal | None) -> Decimal | None:
    """A price by a list of prices: what the list names, else the product's own by the list's percentage."""
    if named is not None:
        return named
    if own is None or adjustment is None:
        return own
    return fit((own * (100 + adjustment) / 100).quantize(CENT, ROUND_HALF_UP))


def clean_html(text: str) -> str:
    """The seller's formatting without anything that runs, loads styles or leads away by a script."""
    return nh3.clean(text, url_schemes={"http", "https", "mailto"}).strip() if text else ""


def fit(amount: Decimal | None) -> Decimal | None:
    """As the columns hold it, so that what was stored equals what comes again. ``None`` beyond them."""
    if amount is None or not amount.is_finite() or abs(amount) >= LARGEST:
        return None
    return amount.quantize(PLACES, ROUND_HALF_UP)


def fit_amount(amount: Decimal) -> Decimal:
    """As ``fit``. Raises ``ValueError`` for an amount that no column holds."""
    fitted = fit(amount)
    if fitted is None:
        raise ValueError("an amount beyond all reason")
    return fitted


def to_json(values: Values) -> dict[str, Any]:
    return {name: str(value) if isinstance(value, Decimal) else value for name, value in values.items()}


def from_json(values: Values) -> dict[str, Any]:
    return {
        name: Decimal(value) if name in FIELDS and FIELDS[name].is_decimal and value is not None else value
        for name, value in values.items()
    }
