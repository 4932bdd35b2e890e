"""Products of API v2, in every form that their fields were seen in."""

from __future__ import annotations

import dataclasses
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given

from contracts.errors import MappingError
from contracts.records import (
    ErpComponent,
    ErpListPrice,
    ErpPriceList,
    ErpProduct,
    ErpProductRow,
    ErpStock,
    ErpVariation,
    ErpWarehouseStock,
    ProductKind,
)
from tests.tiny.products import shirt, shirt_row
from tests.tiny.test_mappers import loose, paths, read, replace_at
from tests.tiny.test_values import anything
from tests.tiny.v2.product_bodies import made, product, product_row, stock, variation
from tiny.v2 import product_mappers, product_writes
from tiny.v2.mappers import to_page

ROW = shirt_row("441309690", "CMS-AZUL", "Camisa Azul", is_kind_known=False)


def row_of(**changes: Any) -> ErpProductRow:
    return product_mappers.to_erp_product_row(read(product_row(**changes)))


def product_of(**changes: Any) -> ErpProduct:
    return product_mappers.to_erp_product(read({"produto": product(**changes)}))


def test_a_row_of_products() -> None:
    row = row_of()
    assert dataclasses.replace(row, row_hash="") == ROW
    assert len(row.row_hash) == 64
    assert row_of(preco="50.2500000000", preco_promocional="0.00", id=441309690) == row
    assert row_of(preco="50.26").row_hash != row.row_hash


def test_a_product() -> None:
    told = product_of()
    assert dataclasses.replace(told.row, row_hash="") == dataclasses.replace(ROW, is_kind_known=True)
    # API v2 tells stock by a call of its own only.
    assert dataclasses.replace(told, row=ROW) == shirt(ROW, stock_balance=None)


@pytest.mark.parametrize(
    ("variation", "product_class", "kind"),
    [
        ("N", "S", ProductKind.SIMPLE),
        ("N", "K", ProductKind.KIT),
        ("N", "F", ProductKind.MANUFACTURED),
        ("N", "M", ProductKind.MATERIAL),
        ("N", "V", ProductKind.PARENT),
        ("P", "V", ProductKind.PARENT),
        ("V", "S", ProductKind.VARIATION),
        ("N", None, ProductKind.SIMPLE),
        ("", "", ProductKind.SIMPLE),
    ],
)
def test_kinds(variation: str, product_class: Any, kind: ProductKind) -> None:
    assert product_of(tipoVariacao=variation, classe_produto=product_class).row.kind is kind


def test_a_kit_looks_like_any_product_in_the_list() -> None:
    rows = [row_of(tipoVariacao=letter) for letter in "NPV"]
    assert [(row.kind, row.is_kind_known) for row in rows] == [
        (ProductKind.SIMPLE, False),
        (ProductKind.PARENT, True),
        (ProductKind.VARIATION, True),
    ]


@pytest.mark.parametrize("value", ["", None, "Ativo"])
def test_an_unknown_state_is_no_guess(value: Any) -> None:
    with pytest.raises(MappingError) as caught:
        row_of(situacao=value)
    assert caught.value.code == "tiny.product_state_unreadable"


@pytest.mark.parametrize(
    ("value", "parent"), [("0", ""), ("", ""), (None, ""), (0, ""), ("55", "55"), (55, "55")]
)
def test_parents(value: Any, parent: str) -> None:
    assert product_of(idProdutoPai=value).parent_external_id == parent


@pytest.mark.parametrize(
    ("attachments", "external", "images"),
    [
        ([], [], ()),
        ("", None, ()),
        ({"anexo": "https://a.example/1.jpg"}, [], ("https://a.example/1.jpg",)),
        (
            ["https://a.example/1.jpg", {"anexo": "https://a.example/1.jpg"}],
            {"imagem_externa": {"url": "http://a.example/2.jpg"}},
            ("https://a.example/1.jpg", "http://a.example/2.jpg"),
        ),
        (
            [{"anexo": "ftp://a.example/1.jpg"}, {"anexo": None}],
            [{"url": "http://a.example/2.jpg"}, {"imagem_externa": {"url": "javascript:alert(1)"}}],
            ("http://a.example/2.jpg",),
        ),
    ],
)
def test_images(attachments: Any, external: Any, images: tuple[str, ...]) -> None:
    assert product_of(anexos=attachments, imagens_externas=external).images == images


@pytest.mark.parametrize(
    "rows",
    [
        [{"variacao": variation(7, {"Tamanho": "M", "Cor": "Azul"})}],
        {"variacao": variation(7, {"Tamanho": "M", "Cor": "Azul"})},
        variation(7, {"Tamanho": "M", "Cor": "Azul"}),
        [variation(7, [{"chave": "Tamanho", "valor": "M"}, {"chave": "Cor", "valor": "Azul"}])],
        {"0": {"variacao": variation(7, {"Tamanho": "M", "Cor": "Azul"})}},
    ],
)
def test_variations_in_any_form(rows: Any) -> None:
    expected = ErpVariation("7", (("Tamanho", "M"), ("Cor", "Azul")))
    assert product_of(tipoVariacao="P", variacoes=rows).variations == (expected,)


@pytest.mark.parametrize(
    "rows",
    [
        [{"item": {"id_produto": "5", "quantidade": "2.00"}}],
        {"item": {"id_produto": 5, "quantidade": 2}},
        [{"id_produto": "5", "quantidade": "2"}],
    ],
)
def test_a_kit_tells_its_parts_by_id_only(rows: Any) -> None:
    expected = (ErpComponent("5", sku="", name="", quantity=Decimal(2)),)
    assert product_of(classe_produto="K", kit=rows).components == expected


@pytest.mark.parametrize("is_list", [True, False])
def test_a_structure_tells_its_parts(is_list: bool) -> None:
    row = {"item": {"id_componente": "5", "codigo": "MEIA-01", "nome": " Meia", "quantidade": "0.2500000000"}}
    retorno = {"produto": {"id": "1", "estrutura": [row] if is_list else row}}
    expected = ErpComponent("5", "MEIA-01", "Meia", Decimal("0.25"))
    assert product_mappers.to_components(read(retorno)) == (expected,)
    assert product_mappers.to_components({}) == ()
    assert product_mappers.to_components({"produto": {"estrutura": ""}}) == ()


def test_stock() -> None:
    assert product_mappers.to_erp_stock(read({"produto": stock()})) == ErpStock(
        external_id="441309693",
        balance=Decimal(10),
        reserved=Decimal(3),
        warehouses=(
            ErpWarehouseStock("Geral", Decimal(7), Decimal(0)),
            ErpWarehouseStock("Avarias", Decimal("3.5"), Decimal(0), is_ignored=True),
        ),
    )


@pytest.mark.parametrize("warehouses", [None, "", []])
def test_stock_without_the_extension(warehouses: Any) -> None:
    retorno = {"produto": stock(saldo="-1.5000000000", saldoReservado=None, depositos=warehouses)}
    told = product_mappers.to_erp_stock(read(retorno))
    assert told == ErpStock("441309693", balance=Decimal("-1.5"), reserved=Decimal(0))


def test_a_balance_that_is_not_told_is_no_zero() -> None:
    with pytest.raises(MappingError) as caught:
        product_mappers.to_erp_stock({"produto": stock(saldo=None)})
    assert caught.value.params == {"field": "saldo", "value": ""}


def test_a_list_of_prices() -> None:
    row = {"id": "9", "descricao": " Atacado", "acrescimo_desconto": "-5"}
    assert product_mappers.to_erp_price_list(row) == ErpPriceList("9", "Atacado", Decimal(-5))


@pytest.mark.parametrize("told", [{}, {"acrescimo_desconto": None}, {"acrescimo_desconto": ""}])
def test_a_list_of_prices_without_its_percentage(told: dict[str, Any]) -> None:
    read = product_mappers.to_erp_price_list({"id": 9, "descricao": "Atacado", **told})
    assert read == ErpPriceList("9", "Atacado", None)


@loose
@given(paths, anything)
def test_no_value_anywhere_breaks_a_list_of_prices(path: list[int], value: Any) -> None:
    named = {"id_lista_preco": 9, "id_produto": 5, "preco": 40.05, "preco_promocional": 0}
    page = to_page(
        [replace_at(named, path, value), {"id_produto": "6", "preco": "1.0000"}],
        product_mappers.to_erp_list_price,
        offset=0,
        limit=100,
        total=2,
        is_counted=False,
        id_name="id_produto",
    )
    assert len(page.items) + len(page.problems) == 2
    assert page.items[-1] == ErpListPrice("6", Decimal(1), None)


@pytest.mark.parametrize("number", [99, "99"])
def test_a_new_product_has_a_number(number: Any) -> None:
    for registers in (made(number)["retorno"]["registros"], made(number)["retorno"]["registros"][0]):
        assert product_mappers.to_new_identifier({"registros": registers}, "NOVO-1") == "99"


@pytest.mark.parametrize("registers", [None, [], {}, [{"registro": {"status": "OK"}}], "x"])
def test_a_new_product_without_a_number(registers: Any) -> None:
    with pytest.raises(MappingError) as caught:
        product_mappers.to_new_identifier({"registros": registers}, "NOVO-1")
    assert (caught.value.code, caught.value.params) == ("tiny.row_without_id", {"label": "NOVO-1"})


@loose
@given(paths, anything)
def test_no_value_anywhere_breaks_the_page_of_products(path: list[int], value: Any) -> None:
    page = to_page(
        [replace_at(product_row(), path, value), product_row(id=2)],
        product_mappers.to_erp_product_row,
        offset=0,
        limit=100,
        total=2,
        is_counted=False,
    )
    assert len(page.items) + len(page.problems) == 2
    assert page.items[-1].external_id == "2"
    for row in page.items:
        assert isinstance(row.price, Decimal | None)


@loose
@given(paths, anything)
def test_a_product_is_read_or_refused(path: list[int], value: Any) -> None:
    full = product(
        variacoes=[{"variacao": variation(7, {"Cor": "Azul"})}],
        kit=[{"item": {"id_produto": "5", "quantidade": "2"}}],
    )
    try:
        told = product_mappers.to_erp_product({"produto": replace_at(full, path, value)})
    except MappingError as error:
        assert error.code.startswith("tiny.")
    else:
        assert all(isinstance(item.quantity, Decimal) for item in told.components)
        assert all(address.startswith(("http://", "https://")) for address in told.images)


@loose
@given(paths, anything)
def test_whatever_was_read_can_be_laid_under_a_change(path: list[int], value: Any) -> None:
    merged = product_writes.merge(replace_at(product(), path, value), {"nome": "Outro"})
    assert merged["nome"] == "Outro"
    assert not merged.keys() & {"id", "seo_title", "alturaEmbalagem", "idProdutoPai", "estoque_atual"}


@loose
@given(paths, anything)
def test_stock_is_read_or_refused(path: list[int], value: Any) -> None:
    try:
        told = product_mappers.to_erp_stock({"produto": replace_at(stock(), path, value)})
    except MappingError as error:
        assert error.code.startswith("tiny.")
    else:
        assert all(isinstance(item.balance, Decimal) for item in (told, *told.warehouses))
