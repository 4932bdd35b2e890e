"""What the REST API of products, prices and stock takes and answers, for its OpenAPI document."""

from __future__ import annotations

from catalog.models import ProductStatus
from catalog.serializers import MEASURES
from contracts.records import ProductKind
from ui.openapi import (
    FLAG,
    MOMENT,
    MONEY,
    PAGING,
    QUANTITY,
    TEXT,
    Operation,
    Parameter,
    Shape,
    amount,
    nullable,
    one_of,
    page_of,
    record,
    rows,
    text,
)
from ui.rest import ProblemKind

SKU_TAKEN = ProblemKind("sku-taken", 409, "SKU já existe")
MOST_SKUS = 100

_PRICES = {"price": nullable(MONEY), "promotional_price": nullable(MONEY)}
_STOCK = {"stock": {**nullable(QUANTITY), "description": "`null` enquanto não se sabe."}}
_FIELDS = {
    "sku": TEXT,
    "name": TEXT,
    "description": TEXT,
    "kind": one_of(ProductKind),
    "status": one_of(ProductStatus.values),
    "parent": nullable(TEXT),
    "brand": TEXT,
    "category": rows(TEXT),
    "ncm": TEXT,
    "gtin": TEXT,
    "unit": TEXT,
    **_PRICES,
    **_STOCK,
    "measures": record(dict.fromkeys(MEASURES, nullable(QUANTITY))),
    "images": rows(TEXT),
    "attributes": rows(record({"name": TEXT, "value": TEXT})),
    "components": rows(record({"sku": TEXT, "name": TEXT, "quantity": QUANTITY})),
    "created_at": MOMENT,
    "updated_at": MOMENT,
}
_ROW = Shape("ProductRow", record(_FIELDS))
_PRODUCT = Shape("Product", record({**_FIELDS, "sending": FLAG}))
_PRICE = Shape("Price", record({"sku": TEXT, **_PRICES}))
_STOCK_OF = Shape("Stock", record({"sku": TEXT, **_STOCK}))

_PRICE_SENT = nullable(amount(digits=11))
_SENT = {
    "name": text(500, is_needed=True),
    "description": text(100_000),
    "status": one_of(ProductStatus.values),
    "brand": text(200),
    "category": rows(text(200, is_needed=True), most=20),
    "ncm": text(20),
    "gtin": text(20),
    "unit": text(20),
    "price": _PRICE_SENT,
    "promotional_price": _PRICE_SENT,
    "measures": record(dict.fromkeys(MEASURES, nullable(amount(digits=8))), needed=[]),
    "images": rows(text(2000, is_needed=True), most=50),
}
_NEW = Shape("NewProduct", record({"sku": text(120, is_needed=True), **_SENT}, needed=["sku", "name"]))
_CHANGE = Shape("ProductChange", record(_SENT, needed=[]))

_SKU = Parameter("sku", "path", TEXT, "O SKU, codificado: `A/B` é `A%2FB`.")
_SKUS = Parameter("sku", "query", rows(TEXT, most=MOST_SKUS), "Só estes SKUs; um que não existe não é erro.")
_WITH_PRICE = "Para enviar preços, também `stock:write`."

LIST_PRODUCTS = Operation("Lista os produtos", {200: page_of(_ROW)}, parameters=(*PAGING, _SKUS))
CREATE_PRODUCT = Operation(
    "Cria um produto", {201: _PRODUCT}, body=_NEW, problems=(SKU_TAKEN,), description=_WITH_PRICE
)
READ_PRODUCT = Operation("Um produto", {200: _PRODUCT}, parameters=(_SKU,))
CHANGE_PRODUCT = Operation(
    "Altera os campos enviados",
    {200: _PRODUCT},
    body=_CHANGE,
    parameters=(_SKU,),
    description=_WITH_PRICE,
)
LIST_PRICES = Operation("Lista os preços", {200: page_of(_PRICE)}, parameters=(*PAGING, _SKUS))
READ_PRICE = Operation("O preço de um produto", {200: _PRICE}, parameters=(_SKU,))
LIST_STOCK = Operation("Lista o estoque", {200: page_of(_STOCK_OF)}, parameters=(*PAGING, _SKUS))
READ_STOCK = Operation("O estoque de um produto", {200: _STOCK_OF}, parameters=(_SKU,))
