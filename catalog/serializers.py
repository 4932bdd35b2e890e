"""Products, prices and stock as the REST API carries them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from functools import partial
from typing import Any

from catalog.models import Product, ProductStatus
from ui.json_values import (
    InvalidValue,
    read_amount,
    read_choice,
    read_list,
    read_text,
    write_moment,
    write_money,
    write_quantity,
)
from ui.rest import INVALID_FIELDS, FieldError, Problem

PRICES = ("price", "promotional_price")
# In kg and cm, within ``measures``.
MEASURES = ("net_weight", "gross_weight", "height", "width", "length")


def product_json(product: Product) -> dict[str, Any]:
    """``product`` comes with its parent; ``stock`` is null while it is not known."""
    return {
        "sku": product.sku,
        "name": product.name,
        "description": product.description,
        "kind": product.kind,
        "status": product.status,
        "parent": product.parent.sku if product.parent else None,
        "brand": product.brand,
        "category": product.category,
        "ncm": product.ncm,
        "gtin": product.gtin,
        "unit": product.unit,
        "price": write_money(product.price),
        "promotional_price": write_money(product.promotional_price),
        "stock": write_quantity(product.stock),
        "measures": {name: write_quantity(getattr(product, name)) for name in MEASURES},
        "images": product.images,
        "attributes": [{"name": name, "value": value} for name, value in product.attributes],
        "components": [
            {**part, "quantity": write_quantity(Decimal(part["quantity"]))} for part in product.components
        ],
        "created_at": write_moment(product.created_at),
        "updated_at": write_moment(product.updated_at),
    }


def price_json(product: Product) -> dict[str, Any]:
    return {
        "sku": product.sku,
        "price": write_money(product.price),
        "promotional_price": write_money(product.promotional_price),
    }


def stock_json(product: Product) -> dict[str, Any]:
    return {"sku": product.sku, "stock": write_quantity(product.stock)}


def _read_sku(value: Any) -> str:
    sku = read_text(value, most=120, is_needed=True)
    if sku != value:
        raise InvalidValue("Tire os espaços do começo e do fim.")
    return sku


def _read_image(value: Any) -> str:
    address = read_text(value, most=2000)
    if not re.fullmatch(r"https?://\S+", address):
        raise InvalidValue("Informe endereços que começam com https:// ou http://.")
    return address


def _read_promotional_price(value: Any) -> Any:
    amount = read_amount(value, digits=11)
    if amount == 0:
        raise InvalidValue("Para tirar o preço promocional, envie null.")
    return amount


# Digits as the columns hold them.
_READERS: Mapping[str, Callable[[Any], Any]] = {
    "name": partial(read_text, most=500, is_needed=True),
    "description": partial(read_text, most=100_000, has_lines=True),
    "status": partial(read_choice, choices=ProductStatus.values),
    "brand": partial(read_text, most=200),
    "category": partial(read_list, read=partial(read_text, most=200, is_needed=True), most=20),
    "ncm": partial(read_text, most=20),
    "gtin": partial(read_text, most=20),
    "unit": partial(read_text, most=20),
    "price": partial(read_amount, digits=11),
    "promotional_price": _read_promotional_price,
    "images": partial(read_list, read=_read_image, most=50),
}
_MEASURE_READERS = dict.fromkeys(MEASURES, partial(read_amount, digits=8))
_OURS_TO_SAY = "Este campo é só de leitura."
_READ_ONLY: Mapping[str, str] = {
    "stock": "O estoque vem do ERP: aqui é só de leitura.",
    **dict.fromkeys(("kind", "parent", "attributes", "components"), _OURS_TO_SAY),
    **dict.fromkeys(("created_at", "updated_at", "sending"), _OURS_TO_SAY),
}


def read_new_product(data: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """The SKU and the values, by the names of ``catalog.values.FIELDS``. Raises ``Problem``."""
    values, errors = _read({"sku": _read_sku, **_READERS}, _READ_ONLY, data)
    missing = [FieldError(name, "Preencha este campo.") for name in ("sku", "name") if name not in data]
    _raise_for([*missing, *errors])
    return values.pop("sku"), values


def read_changes(data: Mapping[str, Any]) -> dict[str, Any]:
    """The values that are to change, as above. Raises ``Problem``."""
    read_only = {**_READ_ONLY, "sku": "O SKU identifica o produto e não muda."}
    values, errors = _read(_READERS, read_only, data)
    _raise_for(errors)
    return values


def _read(
    readers: Mapping[str, Callable[[Any], Any]], read_only: Mapping[str, str], data: Mapping[str, Any]
) -> tuple[dict[str, Any], list[FieldError]]:
    values: dict[str, Any] = {}
    errors = []
    for path, name, value, read in _walk(readers, data):
        try:
            if read is None:
                raise InvalidValue(read_only.get(path, "Campo desconhecido."))
            values[name] = read(value)
        except InvalidValue as error:
            errors.append(FieldError(path, str(error)))
    return values, errors


def _walk(
    readers: Mapping[str, Callable[[Any], Any]], data: Mapping[str, Any]
) -> Iterator[tuple[str, str, Any, Callable[[Any], Any] | None]]:
    """(path, name, value, reader) of each field; what stands within ``measures`` is a field of its own."""
    for name, value in data.items():
        if name != "measures":
            yield name, name, value, readers.get(name)
        elif isinstance(value, dict):
            for inner, amount in value.items():
                yield f"measures.{inner}", inner, amount, _MEASURE_READERS.get(inner)
        else:
            yield name, name, value, _refuse_measures


def _refuse_measures(value: Any) -> None:
    raise InvalidValue("Informe um objeto com as medidas.")


def _raise_for(errors: list[FieldError]) -> None:
    if errors:
        raise Problem(INVALID_FIELDS, "Nada foi gravado. Corrija os campos e envie de novo.", errors)
