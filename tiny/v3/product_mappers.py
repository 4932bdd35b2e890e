"""Products, their stock and their prices, from the JSON of Tiny's API v3 to our records; pure functions."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from contracts.errors import MappingError
from contracts.records import (
    ErpComponent,
    ErpListPrice,
    ErpPriceList,
    ErpProduct,
    ErpProductRow,
    ErpStock,
    ErpVariation,
    ErpWarehouse,
    ErpWarehouseStock,
    Page,
)
from tiny import product_records, records
from tiny.v3.mappers import required_object, to_page
from tiny.values import (
    read_fraction,
    read_identifier,
    read_many,
    read_money,
    read_object,
    read_text,
)


def to_erp_product_row(row: Mapping[str, Any]) -> ErpProductRow:
    """A row of ``GET /produtos``; also ``GET /produtos/{id}``, which does not tell when it changed."""
    sku, name = product_records.read_sku(row.get("sku"), "sku"), read_text(row.get("descricao"))
    prices = read_object(row.get("precos"))
    product = ErpProductRow(
        external_id=records.read_required_identifier(row.get("id"), sku or name),
        sku=sku,
        name=name,
        kind=product_records.read_kind(row.get("tipoVariacao"), row.get("tipo")),
        state=product_records.read_state(row.get("situacao")),
        gtin=product_records.read_gtin(row.get("gtin")),
        unit=product_records.read_unit(row.get("unidade")),
        price=read_money(prices.get("preco"), "preco"),
        promotional_price=product_records.read_promotional_price(
            prices.get("precoPromocional"), "precoPromocional"
        ),
    )
    changed = read_text(row.get("dataAlteracao"))
    return dataclasses.replace(product, row_hash=records.hash_row(product, changed))


def to_erp_product(payload: Any) -> ErpProduct:
    """``GET /produtos/{id}``. ``row`` says what the list says, but for its hash."""
    data = required_object(payload)
    sizes, category = read_object(data.get("dimensoes")), read_object(data.get("categoria"))
    parts = read_many(data.get("kit")) or read_many(read_object(data.get("producao")).get("produtos"))
    return ErpProduct(
        row=to_erp_product_row(data),
        description=read_text(data.get("descricaoComplementar")),
        brand=read_text(read_object(data.get("marca")).get("nome")),
        category=product_records.read_category_path(category.get("caminhoCompleto") or category.get("nome")),
        ncm=product_records.read_ncm(data.get("ncm")),
        net_weight=product_records.read_measure(sizes.get("pesoLiquido"), "pesoLiquido"),
        gross_weight=product_records.read_measure(sizes.get("pesoBruto"), "pesoBruto"),
        height=product_records.read_measure(sizes.get("altura"), "altura"),
        width=product_records.read_measure(sizes.get("largura"), "largura"),
        length=product_records.read_measure(sizes.get("comprimento"), "comprimento"),
        images=product_records.read_images(
            read_object(row).get("url") for row in read_many(data.get("anexos"))
        ),
        parent_external_id=read_identifier(read_object(data.get("produtoPai")).get("id")),
        variations=tuple(_to_variation(read_object(row)) for row in read_many(data.get("variacoes"))),
        components=tuple(_to_component(read_object(row)) for row in parts),
        stock_balance=read_fraction(read_object(data.get("estoque")).get("quantidade"), "quantidade"),
    )


def to_erp_stock(payload: Any) -> ErpStock:
    """``GET /estoque/{id}``. ``disponivel`` is not read: without the module of reservations it is 0."""
    data = required_object(payload)
    return ErpStock(
        external_id=records.read_required_identifier(data.get("id"), read_text(data.get("codigo"))),
        balance=records.read_required_fraction(data.get("saldo"), "saldo"),
        reserved=product_records.read_reserved(data.get("reservado"), "reservado"),
        warehouses=tuple(_to_warehouse_stock(read_object(row)) for row in read_many(data.get("depositos"))),
    )


def to_erp_warehouse(row: Mapping[str, Any]) -> ErpWarehouse:
    """A row of ``GET /depositos``."""
    name = read_text(row.get("descricao"))
    if not name:
        raise MappingError("tiny.row_unreadable")
    return ErpWarehouse(
        name=name,
        is_ignored=product_records.read_flag(row.get("desconsideraSaldo")),
        has_reservations=product_records.read_flag(row.get("possuiReserva")),
    )


def to_erp_price_list(row: Mapping[str, Any]) -> ErpPriceList:
    """A row of ``GET /listas-precos``."""
    name = read_text(row.get("descricao"))
    return ErpPriceList(
        external_id=records.read_required_identifier(row.get("id"), name),
        name=name,
        adjustment=read_fraction(row.get("acrescimoDesconto"), "acrescimoDesconto"),
    )


def to_list_prices(payload: Any, *, offset: int) -> Page[ErpListPrice]:
    """``GET /listas-precos/{id}``: from ``offset`` to the end, for Tiny tells a list whole.

    Tiny's document calls ``excecoes`` an object, which is also how PHP writes some lists. Raises
    ``MappingError`` if it is not there: nobody may take that for a list that names no product.
    """
    exceptions = required_object(payload).get("excecoes", "")
    if exceptions is not None and not isinstance(exceptions, list | dict):
        raise MappingError("tiny.list_unreadable")
    rows = list(read_many(exceptions))
    page = to_page(rows[offset:], _to_list_price, offset=offset, limit=len(rows), id_name="idProduto")
    return dataclasses.replace(page, total=len(rows))


def _to_list_price(row: Mapping[str, Any]) -> ErpListPrice:
    return ErpListPrice(
        external_id=records.read_required_identifier(row.get("idProduto"), read_text(row.get("codigo"))),
        price=read_money(row.get("preco"), "preco"),
        promotional_price=product_records.read_promotional_price(
            row.get("precoPromocional"), "precoPromocional"
        ),
    )


def _to_variation(data: Mapping[str, Any]) -> ErpVariation:
    return ErpVariation(
        external_id=records.read_required_identifier(data.get("id"), read_text(data.get("sku"))),
        attributes=product_records.read_attributes(data.get("grade")),
    )


def _to_component(data: Mapping[str, Any]) -> ErpComponent:
    product = read_object(data.get("produto"))
    sku = product_records.read_sku(product.get("sku"), "kit.sku")
    return ErpComponent(
        external_id=records.read_required_identifier(product.get("id"), sku),
        sku=sku,
        name=read_text(product.get("descricao")),
        quantity=records.read_required_fraction(data.get("quantidade"), "kit.quantidade"),
    )


def _to_warehouse_stock(data: Mapping[str, Any]) -> ErpWarehouseStock:
    reserved = product_records.read_reserved(data.get("reservado"), "depositos.reservado")
    return product_records.to_warehouse_stock(data, reserved)
