"""Products of API v3, in every form that their fields were seen in."""

from __future__ import annotations

import dataclasses
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
    ProductKind,
    ProductState,
    RowProblem,
)
from tests.tiny.product_shapes import part, product_detail, product_row, stock, variation
from tests.tiny.products import shirt, shirt_row
from tests.tiny.shapes import envelope
from tests.tiny.test_mappers import loose, paths, read, replace_at
from tests.tiny.test_values import anything
from tiny.product_records import only_sku
from tiny.v3 import mappers, product_mappers, product_writes

ROW = shirt_row("441309693", "CMS-AZUL-M", "Camisa Azul - M")


def row_of(**changes: Any) -> ErpProductRow:
    return product_mappers.to_erp_product_row(read(product_row(**changes)))


def product_of(**changes: Any) -> ErpProduct:
    return product_mappers.to_erp_product(read(product_detail(**changes)))


def refusal(call: Any, *args: Any, **kwargs: Any) -> tuple[str, dict[str, str]]:
    with pytest.raises(MappingError) as caught:
        call(*args, **kwargs)
    return caught.value.code, caught.value.params


def test_a_row_of_products() -> None:
    row = row_of()
    assert dataclasses.replace(row, row_hash="") == ROW
    assert len(row.row_hash) == 64


def test_a_product() -> None:
    product = product_of()
    assert dataclasses.replace(product.row, row_hash="") == ROW
    assert dataclasses.replace(product, row=ROW) == shirt(ROW, stock_balance=Decimal(10))


def test_a_product_of_which_tiny_tells_nothing() -> None:
    told = {"id", "situacao"}
    payload = {name: value if name in told else None for name, value in product_detail().items()}
    product = product_mappers.to_erp_product(payload)
    row = ErpProductRow("441309693", "", "", ProductKind.SIMPLE, ProductState.ACTIVE)
    assert dataclasses.replace(product, row=row) == ErpProduct(row=row)


@pytest.mark.parametrize("field", ["dataAlteracao", "sku", "descricao", "gtin", "unidade"])
def test_a_change_changes_the_hash(field: str) -> None:
    assert row_of(**{field: "2026"}).row_hash != row_of().row_hash


def test_another_form_of_a_value_does_not_change_the_hash() -> None:
    other = row_of(precos={"preco": "50.2500000000", "precoPromocional": "0.00"}, tipo="P", id="441309693")
    assert other == row_of()


@pytest.mark.parametrize(
    ("variation", "product_type", "kind"),
    [
        ("N", "S", ProductKind.SIMPLE),
        ("N", "K", ProductKind.KIT),
        ("N", "F", ProductKind.MANUFACTURED),
        ("N", "M", ProductKind.MATERIAL),
        ("N", "V", ProductKind.PARENT),
        ("P", "S", ProductKind.PARENT),
        ("V", "V", ProductKind.VARIATION),
        ("V", "K", ProductKind.VARIATION),
        (None, "k", ProductKind.KIT),
        # The other enumeration of the same field: produto and serviço.
        ("N", "P", ProductKind.SIMPLE),
        (None, None, ProductKind.SIMPLE),
        ("N", "Z", ProductKind.SIMPLE),
        ([], {}, ProductKind.SIMPLE),
    ],
)
def test_kinds(variation: Any, product_type: Any, kind: ProductKind) -> None:
    assert row_of(tipoVariacao=variation, tipo=product_type).kind is kind
    assert product_of(tipoVariacao=variation, tipo=product_type).row.kind is kind


@pytest.mark.parametrize(
    ("value", "state"),
    [("A", ProductState.ACTIVE), ("I", ProductState.INACTIVE), ("E", ProductState.DELETED)],
)
def test_states(value: str, state: ProductState) -> None:
    assert row_of(situacao=value).state is state


@pytest.mark.parametrize(("value", "shown"), [("X", "X"), ("", ""), (None, ""), (1, "1")])
def test_an_unknown_state_is_no_guess(value: Any, shown: str) -> None:
    assert refusal(row_of, situacao=value) == ("tiny.product_state_unreadable", {"value": shown})


@pytest.mark.parametrize(
    ("prices", "price", "promotional"),
    [
        ({"preco": 0, "precoPromocional": 0}, Decimal(0), None),
        ({"preco": 0.01, "precoPromocional": 0.01}, Decimal("0.01"), Decimal("0.01")),
        ({"preco": None, "precoPromocional": None}, None, None),
        ({"preco": "", "precoPromocional": ""}, None, None),
        ({"preco": "54.9000000000", "precoPromocional": "49.90"}, Decimal("54.90"), Decimal("49.90")),
        ({"preco": 27.235000000000003, "precoPromocional": "0.0000000000"}, Decimal("27.24"), None),
        (None, None, None),
        ([], None, None),
    ],
)
def test_prices(prices: Any, price: Decimal | None, promotional: Decimal | None) -> None:
    row = row_of(precos=prices)
    assert (row.price, row.promotional_price) == (price, promotional)


def test_a_price_that_cannot_be_read_is_no_price() -> None:
    expected = ("tiny.amount_unreadable", {"field": "preco", "value": "caro"})
    assert refusal(row_of, precos={"preco": "caro"}) == expected


@pytest.mark.parametrize(
    ("value", "sku"),
    [(" cms Azul/M ", "cms Azul/M"), (123, "123"), (None, ""), ("", ""), ("x" * 120, "x" * 120)],
)
def test_a_sku_is_the_seller_s(value: Any, sku: str) -> None:
    assert row_of(sku=value).sku == sku


@pytest.mark.parametrize(("field", "longest"), [("sku", 120), ("gtin", 40), ("unidade", 20)])
def test_a_text_beyond_reason_is_a_problem_of_its_row(field: str, longest: int) -> None:
    payload = envelope(
        product_row(id=1), product_row(id=2, **{field: "x" * (longest + 1)}), product_row(id=3)
    )
    page = mappers.to_page(read(payload), product_mappers.to_erp_product_row, offset=0, limit=100)
    assert [row.external_id for row in page.items] == ["1", "3"]
    assert page.row_ids == ("1", "2", "3")
    shown = "x" * min(longest + 1, 40) if longest < 40 else "x" * 39 + "…"
    assert page.problems == (RowProblem("2", "tiny.text_too_long", {"field": field, "value": shown}),)


def test_rows_of_another_sku_are_passed_over() -> None:
    payload = envelope(product_row(id=1, sku="a"), product_row(id=2, sku="A"), product_row(id=3, sku=" A "))
    to_row = only_sku("A", product_mappers.to_erp_product_row)
    page = mappers.to_page(read(payload), to_row, offset=0, limit=100)
    assert [row.external_id for row in page.items] == ["2", "3"]
    assert (page.row_ids, page.problems) == (("1", "2", "3"), ())


@pytest.mark.parametrize(
    ("value", "ncm"),
    [
        ("6105.10.00", "61051000"),
        ("61051000", "61051000"),
        (61051000, "61051000"),
        ("6105.10", "6105.10"),
        ("a definir", "a definir"),
        ("", ""),
        (None, ""),
    ],
)
def test_ncm(value: Any, ncm: str) -> None:
    assert product_of(ncm=value).ncm == ncm


@pytest.mark.parametrize(
    ("category", "path"),
    [
        ({"id": 1, "nome": "Camisas", "caminhoCompleto": "Roupas >> Camisas"}, ("Roupas", "Camisas")),
        ({"id": 1, "nome": "Camisas", "caminhoCompleto": " Roupas>>Camisas >> "}, ("Roupas", "Camisas")),
        ({"id": 1, "nome": "Camisas", "caminhoCompleto": ""}, ("Camisas",)),
        ({"id": 1, "nome": "De 10 > 20", "caminhoCompleto": None}, ("De 10 > 20",)),
        ({"id": 0, "nome": "", "caminhoCompleto": ""}, ()),
        (None, ()),
    ],
)
def test_categories(category: Any, path: tuple[str, ...]) -> None:
    assert product_of(categoria=category).category == path


@pytest.mark.parametrize("value", [0, "0.00", None, ""])
def test_nothing_weighs_or_measures_0(value: Any) -> None:
    product = product_of(
        dimensoes=dict.fromkeys(("pesoLiquido", "pesoBruto", "altura", "largura", "comprimento"), value)
    )
    sizes = (product.net_weight, product.gross_weight, product.height, product.width, product.length)
    assert sizes == (None,) * 5


def test_a_weight_that_no_database_takes() -> None:
    code, params = refusal(product_of, dimensoes={"pesoBruto": 10**8})
    assert (code, params["field"]) == ("tiny.amount_unreadable", "pesoBruto")
    assert product_of(dimensoes={"pesoBruto": 10**8 - 1}).gross_weight == Decimal(10**8 - 1)


@pytest.mark.parametrize("packing", [{"tipo": "2"}, {"tipo": 2}, "2", 2, None, []])
def test_a_package_of_any_form(packing: Any) -> None:
    assert product_of(dimensoes={"embalagem": packing, "altura": "5.5000000000"}).height == Decimal("5.5")


def test_images_are_addresses_each_once() -> None:
    addresses = [
        "https://a.example/2.jpg",
        " http://a.example/1.jpg ",
        "javascript:alert(1)",
        "data:image/png;base64,AA==",
        "/local.jpg",
        "https://a.example/2.jpg",
        None,
        "",
    ]
    product = product_of(anexos=[{"url": address, "externo": True} for address in addresses])
    assert product.images == ("https://a.example/2.jpg", "http://a.example/1.jpg")
    assert product_of(anexos={"url": "https://a.example/1.jpg"}).images == ("https://a.example/1.jpg",)


@pytest.mark.parametrize(
    ("parent", "external_id"),
    [({"id": 5}, "5"), ({"id": "5"}, "5"), ({"id": 0}, ""), ({"id": "0"}, ""), ({"id": ""}, ""), (None, "")],
)
def test_parents(parent: Any, external_id: str) -> None:
    assert product_of(produtoPai=parent).parent_external_id == external_id


@pytest.mark.parametrize(
    ("grade", "attributes"),
    [
        ({"Tamanho": "M", "Cor": " Azul "}, (("Tamanho", "M"), ("Cor", "Azul"))),
        (
            [{"chave": "Tamanho", "valor": "M"}, {"chave": "Cor", "valor": None}],
            (("Tamanho", "M"), ("Cor", "")),
        ),
        ({"chave": "Tamanho", "valor": 42}, (("Tamanho", "42"),)),
        ([], ()),
        (None, ()),
        ([None, "x", {}], ()),
    ],
)
def test_variations_with_any_form_of_grade(grade: Any, attributes: tuple[tuple[str, str], ...]) -> None:
    product = product_of(tipo="V", tipoVariacao="P", variacoes=[variation(7, grade), variation(8, [])])
    assert product.variations == (ErpVariation("7", attributes), ErpVariation("8"))
    assert product_of(variacoes=variation(7, grade)).variations == (ErpVariation("7", attributes),)


def test_a_variation_without_an_id_is_not_lost_in_silence() -> None:
    broken = {**variation(7, []), "id": None}
    assert refusal(product_of, variacoes=[broken]) == ("tiny.row_without_id", {"label": "CMS-7"})


def test_parts_of_a_kit_and_of_a_manufactured_product() -> None:
    components = (
        ErpComponent("5", "A", "Parte 5", Decimal(1)),
        ErpComponent("6", "", "Parte 6", Decimal("0.25")),
    )
    parts = [part(5, 1, "A"), part(6, "0.2500000000")]
    assert product_of(tipo="K", kit=parts).components == components
    assert product_of(tipo="F", producao={"produtos": parts, "etapas": []}).components == components
    assert product_of(tipo="K", kit=parts[0]).components == components[:1]
    assert product_of(producao=[]).components == ()


def test_a_part_without_a_quantity() -> None:
    expected = ("tiny.amount_unreadable", {"field": "kit.quantidade", "value": ""})
    assert refusal(product_of, kit=[part(5, None)]) == expected


@pytest.mark.parametrize(("value", "balance"), [(10, Decimal(10)), ("-1.5", Decimal("-1.5")), (None, None)])
def test_the_stock_that_a_product_tells(value: Any, balance: Decimal | None) -> None:
    assert product_of(estoque={"quantidade": value}).stock_balance == balance


def test_stock() -> None:
    assert product_mappers.to_erp_stock(read(stock())) == ErpStock(
        external_id="441309693",
        balance=Decimal(10),
        reserved=Decimal(3),
        warehouses=(
            ErpWarehouseStock("Geral", Decimal("7.5"), Decimal(3)),
            ErpWarehouseStock("Avarias", Decimal(-2), Decimal(0), is_ignored=True),
        ),
    )


@pytest.mark.parametrize("value", [None, "", 0, "0.00"])
def test_without_the_module_nothing_is_reserved_and_nothing_else_is_lost(value: Any) -> None:
    told = product_mappers.to_erp_stock(read(stock(reservado=value, disponivel=0, depositos=None)))
    assert told == ErpStock("441309693", balance=Decimal(10), reserved=Decimal(0))


@pytest.mark.parametrize("value", [None, "", "muito"])
def test_a_balance_that_is_not_told_is_no_zero(value: Any) -> None:
    code, params = refusal(product_mappers.to_erp_stock, stock(saldo=value))
    assert (code, params["field"]) == ("tiny.amount_unreadable", "saldo")


def test_warehouses() -> None:
    payload = [
        {
            "id": 1,
            "descricao": "Geral",
            "tipo": "P",
            "desconsideraSaldo": False,
            "padrao": True,
            "possuiReserva": True,
        },
        {"id": 2, "descricao": " Avarias ", "desconsideraSaldo": True, "possuiReserva": None},
        {"id": 3, "descricao": ""},
    ]
    page = mappers.to_page(payload, product_mappers.to_erp_warehouse, offset=0, limit=100)
    assert page.items == (
        ErpWarehouse("Geral", has_reservations=True),
        ErpWarehouse("Avarias", is_ignored=True),
    )


def test_a_list_of_prices() -> None:
    row = {"id": 9, "descricao": "Atacado ", "acrescimoDesconto": -5}
    assert product_mappers.to_erp_price_list(row) == ErpPriceList("9", "Atacado", Decimal(-5))


@pytest.mark.parametrize("told", [{}, {"acrescimoDesconto": None}])
def test_a_list_of_prices_without_its_percentage(told: dict[str, Any]) -> None:
    read = product_mappers.to_erp_price_list({"id": 9, "descricao": "Atacado", **told})
    assert read == ErpPriceList("9", "Atacado", None)


NAMED = {"idProduto": 5, "codigo": "A", "preco": 40.05, "precoPromocional": 0}
PRICE = ErpListPrice("5", Decimal("40.05"), None)
OTHER = {"idProduto": "6", "codigo": "B", "preco": "45", "precoPromocional": 39.9}


@pytest.mark.parametrize(
    ("exceptions", "expected"),
    [
        ([NAMED, OTHER], (PRICE, ErpListPrice("6", Decimal(45), Decimal("39.9")))),
        ({"0": NAMED, "3": OTHER}, (PRICE, ErpListPrice("6", Decimal(45), Decimal("39.9")))),
        (NAMED, (PRICE,)),
        ({"0": NAMED}, (PRICE,)),
        ([{"idProduto": 5, "preco": None}], (ErpListPrice("5", None, None),)),
        ([], ()),
        ({}, ()),
        (None, ()),
    ],
)
def test_the_products_that_a_list_of_prices_names(
    exceptions: Any, expected: tuple[ErpListPrice, ...]
) -> None:
    payload = {"id": 9, "descricao": "Atacado", "excecoes": exceptions}
    page = product_mappers.to_list_prices(read(payload), offset=0)
    assert (page.items, page.problems, page.total) == (expected, (), len(expected))
    assert page.row_ids == tuple(item.external_id for item in expected)


def test_a_row_of_a_list_of_prices_that_names_no_product() -> None:
    rows = [{"codigo": "A", "preco": 1}, None, {"idProduto": 7, "preco": "?"}, NAMED]
    page = product_mappers.to_list_prices(read({"excecoes": rows}), offset=0)
    assert (page.items, page.row_ids, page.total) == ((PRICE,), ("", "", "7", "5"), 4)
    assert page.problems == (
        RowProblem("", "tiny.row_without_id", {"label": "A"}),
        RowProblem("", "tiny.row_unreadable"),
        RowProblem("7", "tiny.amount_unreadable", {"field": "preco", "value": "?"}),
    )


@loose
@given(paths, anything)
def test_no_value_anywhere_breaks_a_list_of_prices(path: list[int], value: Any) -> None:
    rows = [replace_at(NAMED, path, value), {"idProduto": 6, "preco": 1}]
    page = product_mappers.to_list_prices({"excecoes": rows}, offset=0)
    assert len(page.items) + len(page.problems) == 2
    assert page.items[-1] == ErpListPrice("6", Decimal(1), None)


@pytest.mark.parametrize("payload", [{"id": 9}, {"excecoes": "x"}, {"excecoes": 0}, {"excecoes": ""}])
def test_a_list_of_prices_that_tells_no_products_is_not_empty(payload: Any) -> None:
    with pytest.raises(MappingError) as caught:
        product_mappers.to_list_prices(payload, offset=0)
    assert caught.value.code == "tiny.list_unreadable"


@loose
@given(paths, anything)
def test_no_value_anywhere_breaks_the_page_of_products(path: list[int], value: Any) -> None:
    payload = {"itens": [replace_at(product_row(), path, value), product_row(id=2)]}
    page = mappers.to_page(payload, product_mappers.to_erp_product_row, offset=0, limit=100)
    assert len(page.items) + len(page.problems) == 2
    assert page.items[-1].external_id == "2"
    for row in page.items:
        assert isinstance(row.price, Decimal | None)
        assert isinstance(row.promotional_price, Decimal | None)


@loose
@given(paths, anything)
def test_a_product_is_read_or_refused(path: list[int], value: Any) -> None:
    full = product_detail(variacoes=[variation(7, {"Cor": "Azul"})], kit=[part(5, 1)], produtoPai={"id": 4})
    try:
        product = product_mappers.to_erp_product(replace_at(full, path, value))
    except MappingError as error:
        assert error.code.startswith("tiny.")
    else:
        assert all(isinstance(item.quantity, Decimal) for item in product.components)
        assert all(address.startswith(("http://", "https://")) for address in product.images)


@loose
@given(paths, anything)
def test_whatever_was_read_can_be_laid_under_a_change(path: list[int], value: Any) -> None:
    changes = {"descricao": "Outro", "precos": {"preco": Decimal(2)}, "marca": {"id": None}}
    merged = product_writes.merge(replace_at(product_detail(), path, value), changes)
    assert (merged["descricao"], merged["precos"]["preco"], merged["marca"]) == (
        "Outro",
        Decimal(2),
        {"id": None},
    )
    assert not merged.keys() & {"id", "situacao", "variacoes", "fornecedores"}


@loose
@given(paths, anything)
def test_stock_is_read_or_refused(path: list[int], value: Any) -> None:
    try:
        told = product_mappers.to_erp_stock(replace_at(stock(), path, value))
    except MappingError as error:
        assert error.code.startswith("tiny.")
    else:
        amounts = [told, *told.warehouses]
        assert all(isinstance(item.balance, Decimal) for item in amounts)
        assert all(isinstance(item.reserved, Decimal) for item in amounts)


@loose
@given(st.one_of(anything, st.lists(anything)))
def test_any_list_of_warehouses_is_read_or_refused(payload: Any) -> None:
    try:
        page = mappers.to_page(payload, product_mappers.to_erp_warehouse, offset=0, limit=100)
    except MappingError as error:
        assert error.code == "tiny.list_unreadable"
    else:
        assert all(item.name for item in page.items)
