"""Products, their stock and their prices, from Tiny's API v2 to our records; pure functions."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from contracts.records import (
    ErpComponent,
    ErpListPrice,
    ErpPriceList,
    ErpProduct,
    ErpProductRow,
    ErpStock,
    ErpVariation,
    ProductKind,
)
from tiny import product_records, records
from tiny.v2.mappers import Retorno, required, to_made_identifier
from tiny.v2.shapes import read_rows
from tiny.values import (
    read_fraction,
    read_identifier,
    read_money,
    read_object,
    read_text,
)

# Of these only Tiny's structure tells the parts where the product does not.
ASSEMBLED = frozenset({ProductKind.KIT, ProductKind.MANUFACTURED})


def to_erp_product_row(row: Mapping[str, Any]) -> ErpProductRow:
    """A row of ``produtos.pesquisa``, in which a kit looks like any product; also ``produto.obter``."""
    sku, name = product_records.read_sku(row.get("codigo"), "codigo"), read_text(row.get("nome"))
    kind = product_records.read_kind(row.get("tipoVariacao"), row.get("classe_produto"))
    product = ErpProductRow(
        external_id=records.read_required_identifier(row.get("id"), sku or name),
        sku=sku,
        name=name,
        kind=kind,
        state=product_records.read_state(row.get("situacao")),
        gtin=product_records.read_gtin(row.get("gtin")),
        unit=product_records.read_unit(row.get("unidade")),
        price=read_money(row.get("preco"), "preco"),
        promotional_price=product_records.read_promotional_price(
            row.get("preco_promocional"), "preco_promocional"
        ),
        is_kind_known=kind is not ProductKind.SIMPLE or "classe_produto" in row,
    )
    return dataclasses.replace(product, row_hash=records.hash_row(product))


def to_erp_product(retorno: Retorno) -> ErpProduct:
    """``produto.obter``. ``row`` says what the list says, and of what kind it is."""
    data = required(retorno.get("produto"))
    images = [_address(row, "anexo") for row in read_rows(data.get("anexos"), "anexo")]
    images += [_address(row, "url") for row in read_rows(data.get("imagens_externas"), "imagem_externa")]
    return ErpProduct(
        row=to_erp_product_row(data),
        description=read_text(data.get("descricao_complementar")),
        brand=read_text(data.get("marca")),
        category=product_records.read_category_path(data.get("categoria")),
        ncm=product_records.read_ncm(data.get("ncm")),
        net_weight=product_records.read_measure(data.get("peso_liquido"), "peso_liquido"),
        gross_weight=product_records.read_measure(data.get("peso_bruto"), "peso_bruto"),
        height=product_records.read_measure(data.get("alturaEmbalagem"), "alturaEmbalagem"),
        width=product_records.read_measure(data.get("larguraEmbalagem"), "larguraEmbalagem"),
        length=product_records.read_measure(data.get("comprimentoEmbalagem"), "comprimentoEmbalagem"),
        images=product_records.read_images(images),
        parent_external_id=read_identifier(data.get("idProdutoPai")),
        variations=tuple(
            _to_variation(read_object(row)) for row in read_rows(data.get("variacoes"), "variacao")
        ),
        components=tuple(_to_component(read_object(row)) for row in read_rows(data.get("kit"), "item")),
    )


def to_components(retorno: Retorno) -> tuple[ErpComponent, ...]:
    """``produto.obter.estrutura``."""
    rows = read_rows(read_object(retorno.get("produto")).get("estrutura"), "item")
    return tuple(_to_component(read_object(row)) for row in rows)


def to_erp_stock(retorno: Retorno) -> ErpStock:
    """``produto.obter.estoque``, which tells reservations over all warehouses only."""
    data = required(retorno.get("produto"))
    return ErpStock(
        external_id=records.read_required_identifier(data.get("id"), read_text(data.get("codigo"))),
        balance=records.read_required_fraction(data.get("saldo"), "saldo"),
        reserved=product_records.read_reserved(data.get("saldoReservado"), "saldoReservado"),
        warehouses=tuple(
            product_records.to_warehouse_stock(read_object(row), product_records.NOTHING_RESERVED)
            for row in read_rows(data.get("depositos"), "deposito")
        ),
    )


def to_erp_price_list(row: Mapping[str, Any]) -> ErpPriceList:
    """A row of ``listas.precos.pesquisa``."""
    name = read_text(row.get("descricao"))
    return ErpPriceList(
        external_id=records.read_required_identifier(row.get("id"), name),
        name=name,
        adjustment=read_fraction(row.get("acrescimo_desconto"), "acrescimo_desconto"),
    )


def to_erp_list_price(row: Mapping[str, Any]) -> ErpListPrice:
    """A row of ``listas.precos.excecoes``, which names the product by its id only."""
    return ErpListPrice(
        external_id=records.read_required_identifier(row.get("id_produto"), ""),
        price=read_money(row.get("preco"), "preco"),
        promotional_price=product_records.read_promotional_price(
            row.get("preco_promocional"), "preco_promocional"
        ),
    )


def to_new_identifier(retorno: Retorno, label: str) -> str:
    """Of the one record that ``produto.incluir`` made."""
    return records.read_required_identifier(to_made_identifier(retorno), label)


def _address(row: Any, name: str) -> Any:
    return row.get(name) if isinstance(row, dict) else row


def _to_variation(data: Mapping[str, Any]) -> ErpVariation:
    return ErpVariation(
        external_id=records.read_required_identifier(data.get("id"), read_text(data.get("codigo"))),
        attributes=product_records.read_attributes(data.get("grade")),
    )


def _to_component(data: Mapping[str, Any]) -> ErpComponent:
    """A part of ``kit``, which may tell no more than its id, or of ``estrutura``."""
    sku = product_records.read_sku(data.get("codigo"), "kit.codigo")
    external_id = read_identifier(data.get("id_produto")) or read_identifier(data.get("id_componente"))
    return ErpComponent(
        external_id=records.read_required_identifier(external_id, sku),
        sku=sku,
        name=read_text(data.get("nome")),
        quantity=records.read_required_fraction(data.get("quantidade"), "kit.quantidade"),
    )
