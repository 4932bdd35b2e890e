"""What every protocol of every provider does about products, told through ``Provider`` and nothing else."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any, ClassVar

import pytest

from contracts.errors import NotFound, RejectedByErp, TemporaryError, UnsupportedFeature
from contracts.provider import Capability
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
)
from tests.contracts.provider_suite import Suite, read_everything
from tests.simulated_tiny import SimulatedTiny
from tests.tiny.sellers import Seller

PRODUCT: dict[str, Any] = {
    "sku": "CMS-azul",
    "descricao": "Camisa azul & branca",
    "preco": 50.25,
    "precoPromocional": 45.5,
    "gtin": "7891234567895",
    "unidade": "UN",
    "ncm": "61051000",
    "origem": "2",
    "marca": "Serra Alta",
    "categoria": "Roupas >> Camisas",
    "descricaoComplementar": "<p>Olá &amp; <b>até</b></p><script>alert(1)</script>",
    "garantia": "3 meses",
    "observacoes": "Frágil",
    "unidadePorCaixa": "12",
    "precoCusto": 20.5,
    "dimensoes": {"altura": 5.5, "largura": 15, "comprimento": 20, "pesoLiquido": 0.2, "pesoBruto": 0.25},
    "estoque": {"localizacao": "A-12", "minimo": 2, "diasPreparacao": 3},
    "seo": {"titulo": "Camisa", "keywords": ["camisa", "azul"], "slug": "camisa-azul"},
    "anexos": [
        {"url": "https://cdn.example.com/1.jpg", "externo": False},
        {"url": "https://cdn.example.com/2.jpg", "externo": True},
    ],
    "saldo": 10,
}
FAMILY: dict[str, Any] = {
    **{name: value for name, value in PRODUCT.items() if name != "saldo"},
    "variacoes": [
        {
            "sku": f"CMS-{size}",
            "grade": [{"chave": "Tamanho", "valor": size}, {"chave": "Cor", "valor": "Azul"}],
        }
        for size in ("M", "G")
    ],
}
KINDS = {
    "S": ProductKind.SIMPLE,
    "V": ProductKind.PARENT,
    "K": ProductKind.KIT,
    "F": ProductKind.MANUFACTURED,
    "M": ProductKind.MATERIAL,
}
STATES = {"A": ProductState.ACTIVE, "I": ProductState.INACTIVE, "E": ProductState.DELETED}


def kind_of(row: dict[str, Any]) -> ProductKind:
    return ProductKind.VARIATION if row["tipoVariacao"] == "V" else KINDS[row["tipo"]]


def add_product(seller: Seller, **changes: Any) -> dict[str, Any]:
    """``PRODUCT``, made at the ERP."""
    return seller.account.add_product(**PRODUCT | changes)


def truth_of(seller: Seller, external_id: Any) -> dict[str, Any]:
    """A product as the ERP has it, but for when it changed."""
    row = next(row for row in seller.account.list_products() if str(row["id"]) == str(external_id))
    return {name: value for name, value in row.items() if name != "alterado_em"}


def values_of(row: ErpProductRow, *left_out: str) -> dict[str, Any]:
    left = {"row_hash", "is_kind_known", *left_out}
    return {name: getattr(row, name) for name in row.__slots__ if name not in left}


class ProductSuite(Suite):
    tells_kinds: ClassVar[bool] = True
    """Whether the list tells a kit, a manufactured product and a material from any other."""
    tells_reservations_by_warehouse: ClassVar[bool] = True
    warehouses: ClassVar[tuple[ErpWarehouse, ...] | None] = None
    """Those of an account with «Geral» and «Avarias», where the ERP tells them."""
    slots_of_a_write: ClassVar[set[str]]

    @pytest.fixture(autouse=True)
    def without_a_catalogue(self, tiny: SimulatedTiny, seller: Seller) -> None:
        tiny.control("PATCH", f"accounts/{seller.account.id}", {"catalogue": False})

    # -- lists -----------------------------------------------------------------------------------------

    def test_page_of_products_is_what_the_erp_has(self, seller: Seller) -> None:
        seller.account.add_products(40, problems=True)
        truth = seller.account.list_products()
        page = seller.list_products()
        assert (page.offset, page.total, page.problems) == (0, 47, ())
        assert page.row_ids == tuple(str(row["id"]) for row in truth)
        assert {kind_of(row) for row in truth} == set(ProductKind)
        for product, row in zip(page.items, truth, strict=True):
            assert product.external_id == str(row["id"])
            assert (product.sku, product.name) == (row["sku"], row["descricao"])
            assert (product.gtin, product.unit) == (row["gtin"], row["unidade"])
            assert product.state == STATES[row["situacao"]]
            assert product.price == Decimal(str(row["preco"]))
            promotional = Decimal(str(row["precoPromocional"]))
            assert product.promotional_price == (promotional or None)
            assert product.kind is (kind_of(row) if product.is_kind_known else ProductKind.SIMPLE)
            assert product.is_kind_known or kind_of(row) not in (ProductKind.PARENT, ProductKind.VARIATION)
            assert product.is_kind_known or not self.tells_kinds
        assert len({product.row_hash for product in page.items}) == 47

    def test_single_product_agrees_with_its_row(self, seller: Seller) -> None:
        seller.account.add_products(20, problems=True)
        truth = {str(row["id"]): row for row in seller.account.list_products()}
        for row in seller.list_products().items:
            product = seller.get_product(row.external_id)
            assert values_of(product.row, "kind") == values_of(row, "kind")
            assert product.row.kind is kind_of(truth[row.external_id])
            assert product.row.is_kind_known

    def test_same_row_has_the_same_hash_and_a_changed_one_another(self, seller: Seller) -> None:
        product = add_product(seller)
        hashes = [seller.list_products().items[0].row_hash for _ in range(2)]
        for change in ({"preco": 50.26}, {"situacao": "I"}, {"sku": "CMS-AZUL"}):
            seller.account.change_product(product["id"], **change)
            hashes.append(seller.list_products().items[0].row_hash)
        assert hashes[0] == hashes[1]
        assert len(set(hashes)) == 4

    def test_a_change_that_no_row_shows(self, seller: Seller) -> None:
        product = add_product(seller)
        before = seller.list_products().items[0].row_hash
        seller.account.change_product(product["id"], marca="Lume", alterado_em="2027-01-02T12:00:00-03:00")
        is_told = seller.declared.can(Capability.PRODUCTS_BY_CHANGE)
        assert (seller.list_products().items[0].row_hash != before) is is_told

    def test_empty_account_has_an_empty_list(self, seller: Seller) -> None:
        page = seller.list_products()
        assert (page.items, page.row_ids, page.problems) == ((), (), ())

    @pytest.mark.parametrize("count", [99, 100, 101, 250])
    def test_whole_reading_finds_each_product_once(self, seller: Seller, count: int) -> None:
        seller.account.add_products(count)
        reading, ids = read_everything(seller.list_products)
        assert (reading.is_done, reading.repeats, reading.may_have_missed) == (True, False, False)
        assert ids == [str(row["id"]) for row in seller.account.list_products()]

    def test_variations_are_rows_of_their_own(self, seller: Seller) -> None:
        parent = seller.account.add_product(**FAMILY)
        rows = {row.sku: row.kind for row in seller.list_products().items}
        expected = {"CMS-M": ProductKind.VARIATION, "CMS-G": ProductKind.VARIATION}
        assert rows == {parent["sku"]: ProductKind.PARENT, **expected}

    def test_inactive_product_is_listed_and_a_deleted_one_is_told(self, seller: Seller) -> None:
        products = [add_product(seller, sku=sku) for sku in ("A", "B")]
        seller.account.change_product(products[0]["id"], situacao="I")
        seller.account.delete_product(products[1]["id"])
        rows = {row.sku: row.state for row in seller.list_products().items}
        assert rows.pop("A") is ProductState.INACTIVE
        assert rows in ({}, {"B": ProductState.DELETED})
        assert seller.get_product(products[1]["id"]).row.state is ProductState.DELETED

    # -- filters ---------------------------------------------------------------------------------------

    def test_sku_is_matched_exactly(self, seller: Seller) -> None:
        for sku in ("A-1", "A-10", "a-1", "Açaí 1+1 & cia", ""):
            add_product(seller, sku=sku, descricao="Produto A-1 e outros")
        for sku in ("A-1", "a-1", "Açaí 1+1 & cia"):
            page = seller.list_products(sku=sku)
            assert [row.sku for row in page.items] == [sku]
            assert page.problems == ()
        assert seller.list_products(sku="A-2").items == ()

    def test_changes_since_a_moment(self, seller: Seller) -> None:
        """From 21 h to 24 h in São Paulo it is tomorrow in UTC."""
        for sku, moment in (("A", "2026-08-09T21:59:59-03:00"), ("B", "2026-08-09T22:00:00-03:00")):
            product = add_product(seller, sku=sku)
            seller.account.change_product(product["id"], alterado_em=moment)
        since = dt.datetime(2026, 8, 10, 1, 0, tzinfo=dt.UTC)
        if seller.declared.can(Capability.PRODUCTS_BY_CHANGE):
            rows = seller.list_products(changed_from=since).items
            assert [row.sku for row in rows] == ["B"]
            assert seller.list_products(changed_from=since + dt.timedelta(seconds=1)).items == ()
        else:
            error = self.fail(seller, lambda: seller.list_products(changed_from=since))
            assert type(error) is UnsupportedFeature
            assert seller.calls == []

    # -- lists of prices -------------------------------------------------------------------------------

    def test_lists_of_prices_tell_their_percentage(self, seller: Seller) -> None:
        wanted = {"Atacado": "-12.5", "Feira": "7.25", "Site": "0"}
        made = {
            name: seller.account.save_price_list(name, acrescimoDesconto=float(adjustment))["id"]
            for name, adjustment in wanted.items()
        }
        found = seller.provider.list_price_lists(seller)
        assert {item.name: item for item in found} == {
            name: ErpPriceList(str(made[name]), name, Decimal(adjustment))
            for name, adjustment in wanted.items()
        }

    def test_prices_of_the_products_that_a_list_names(self, seller: Seller) -> None:
        ids = [add_product(seller, sku=sku)["id"] for sku in ("A", "B", "C")]
        exceptions = [
            {"idProduto": ids[0], "preco": 40.05, "precoPromocional": 0},
            {"idProduto": ids[2], "preco": 45, "precoPromocional": 39.9},
        ]
        made = seller.account.save_price_list("Atacado", acrescimoDesconto=-10, excecoes=exceptions)
        seller.account.clear_calls()
        page = seller.list_prices(made["id"])
        assert sum(seller.account.count_calls().values()) == 1
        assert page.items == (
            ErpListPrice(str(ids[0]), Decimal("40.05"), None),
            ErpListPrice(str(ids[2]), Decimal(45), Decimal("39.9")),
        )
        assert (page.row_ids, page.total, page.problems) == ((str(ids[0]), str(ids[2])), 2, ())
        own = {(row.price, row.promotional_price) for row in seller.list_products().items}
        assert own == {(Decimal("50.25"), Decimal("45.5"))}

    def test_list_of_prices_that_names_no_product(self, seller: Seller) -> None:
        add_product(seller)
        made = seller.account.save_price_list("Atacado", acrescimoDesconto=-10)
        reading, ids = read_everything(lambda offset: seller.list_prices(made["id"], offset))
        assert (reading.is_done, reading.may_have_missed, ids) == (True, False, [])

    @pytest.mark.parametrize("count", [100, 250])
    def test_whole_list_of_prices_names_each_product_once(self, seller: Seller, count: int) -> None:
        seller.account.add_products(count)
        rows = seller.account.list_products()
        exceptions = [{"idProduto": row["id"], "preco": 40, "precoPromocional": 0} for row in rows]
        made = seller.account.save_price_list("Atacado", excecoes=exceptions)
        reading, ids = read_everything(lambda offset: seller.list_prices(made["id"], offset))
        assert (reading.is_done, reading.repeats, reading.may_have_missed) == (True, False, False)
        assert ids == [str(row["id"]) for row in rows]

    def test_list_of_prices_that_is_gone(self, seller: Seller) -> None:
        error = self.fail(seller, lambda: seller.list_prices(999999999))
        assert (type(error), error.code) == (NotFound, "tiny.price_list_not_found")
        assert error.params == {"id": "999999999"}

    # -- the single product ----------------------------------------------------------------------------

    def test_single_product_is_whole_and_costs_one_call(self, seller: Seller) -> None:
        made = add_product(seller)
        product = seller.get_product(made["id"])
        has_stock = seller.declared.can(Capability.STOCK_IN_PRODUCT)
        assert values_of(product.row) == {
            "external_id": str(made["id"]),
            "sku": "CMS-azul",
            "name": "Camisa azul & branca",
            "kind": ProductKind.SIMPLE,
            "state": ProductState.ACTIVE,
            "gtin": "7891234567895",
            "unit": "UN",
            "price": Decimal("50.25"),
            "promotional_price": Decimal("45.5"),
        }
        assert product == ErpProduct(
            row=product.row,
            description="<p>Olá &amp; <b>até</b></p><script>alert(1)</script>",
            brand="Serra Alta",
            category=("Roupas", "Camisas"),
            ncm="61051000",
            net_weight=Decimal("0.2"),
            gross_weight=Decimal("0.25"),
            height=Decimal("5.5"),
            width=Decimal(15),
            length=Decimal(20),
            images=("https://cdn.example.com/1.jpg", "https://cdn.example.com/2.jpg"),
            stock_balance=Decimal(10) if has_stock else None,
        )
        assert seller.slots == ["read"]

    def test_parent_and_variations_name_each_other(self, seller: Seller) -> None:
        parent = seller.account.add_product(**FAMILY)
        children = [row for row in seller.account.list_products() if row["idProdutoPai"] == parent["id"]]
        assert seller.get_product(parent["id"]).variations == tuple(
            ErpVariation(str(child["id"]), (("Tamanho", size), ("Cor", "Azul")))
            for child, size in zip(children, ("M", "G"), strict=True)
        )
        for child in children:
            product = seller.get_product(child["id"])
            assert product.parent_external_id == str(parent["id"])
            assert product.variations == ()

    @pytest.mark.parametrize(("field", "kind"), [("kit", "K"), ("producao", "F")])
    def test_parts_of_a_product(self, seller: Seller, field: str, kind: str) -> None:
        parts = [add_product(seller, sku=sku) for sku in ("A", "B")]
        amounts = [
            {"id": part["id"], "quantidade": amount} for part, amount in zip(parts, (2, 1.5), strict=True)
        ]
        value = amounts if field == "kit" else {"produtos": amounts, "etapas": []}
        made = add_product(seller, sku="C", tipo=kind, saldo=None, **{field: value})
        product = seller.get_product(made["id"])
        assert product.row.kind is KINDS[kind]
        assert [(part.external_id, part.quantity) for part in product.components] == [
            (str(parts[0]["id"]), Decimal(2)),
            (str(parts[1]["id"]), Decimal("1.5")),
        ]
        # A kit may tell no more of its parts than their identifiers.
        assert [(part.sku, part.name) for part in product.components] in (
            [("A", PRODUCT["descricao"]), ("B", PRODUCT["descricao"])],
            [("", ""), ("", "")],
        )
        assert all(isinstance(part, ErpComponent) for part in product.components)

    @pytest.mark.parametrize("ask", ["get_product", "get_stock"])
    def test_product_that_the_erp_does_not_know(self, seller: Seller, ask: str) -> None:
        error = self.fail(seller, lambda: getattr(seller, ask)(999999999))
        assert (type(error), error.params["id"]) == (NotFound, "999999999")

    # -- stock -----------------------------------------------------------------------------------------

    def test_stock_by_warehouse(self, seller: Seller) -> None:
        seller.account.add_deposito("Avarias", desconsiderar=True)
        product = add_product(seller)
        seller.account.set_stock(product["id"], 3.5, "Avarias")
        seller.account.set_stock(product["id"], -2)
        assert seller.get_stock(product["id"]) == ErpStock(
            external_id=str(product["id"]),
            balance=Decimal(-2),
            reserved=Decimal(0),
            warehouses=(
                ErpWarehouseStock("Geral", Decimal(-2), Decimal(0)),
                ErpWarehouseStock("Avarias", Decimal("3.5"), Decimal(0), is_ignored=True),
            ),
        )
        if seller.declared.can(Capability.STOCK_IN_PRODUCT):
            assert seller.get_product(product["id"]).stock_balance == Decimal(-2)
        assert seller.provider.list_warehouses(seller) == self.warehouses

    def test_stock_that_open_orders_hold_back(self, tiny: SimulatedTiny, seller: Seller) -> None:
        tiny.control("PATCH", f"accounts/{seller.account.id}", {"reserves_stock": True})
        product = add_product(seller)
        item = {
            "produto": {"id": product["id"], "sku": "CMS-azul", "descricao": "Camisa", "tipo": "P"},
            "quantidade": 12,
            "valorUnitario": 1,
            "infoAdicional": "",
        }
        seller.account.add_orders(situacao=3, itens=[item])
        stock = seller.get_stock(product["id"])
        assert (stock.balance, stock.reserved) == (Decimal(10), Decimal(12))
        (geral,) = stock.warehouses
        assert geral.reserved == (Decimal(12) if self.tells_reservations_by_warehouse else Decimal(0))

    # -- writing ---------------------------------------------------------------------------------------

    def test_new_product_is_there_with_all_that_was_given(self, seller: Seller) -> None:
        add_product(seller, sku="other")
        seller.slots.clear()
        external_id = seller.create_product(
            sku="Novo-1",
            name="Panela & tampa",
            description="<p>Olá</p>",
            state=ProductState.ACTIVE,
            brand="Serra Alta",
            category=("Roupas", "Camisas"),
            ncm="76151000",
            gtin="7891234567895",
            unit="PC",
            price=Decimal("19.90"),
            promotional_price=Decimal("17.45"),
            net_weight=Decimal("0.3"),
            gross_weight=Decimal("0.35"),
            height=Decimal("5.5"),
            width=Decimal("10"),
            length=Decimal("20"),
        )
        assert set(seller.slots) >= self.slots_of_a_write
        product = seller.get_product(external_id)
        assert values_of(product.row) == {
            "external_id": external_id,
            "sku": "Novo-1",
            "name": "Panela & tampa",
            "kind": ProductKind.SIMPLE,
            "state": ProductState.ACTIVE,
            "gtin": "7891234567895",
            "unit": "PC",
            "price": Decimal("19.90"),
            "promotional_price": Decimal("17.45"),
        }
        has_stock = seller.declared.can(Capability.STOCK_IN_PRODUCT)
        assert product == ErpProduct(
            row=product.row,
            description="<p>Olá</p>",
            brand="Serra Alta",
            category=("Roupas", "Camisas"),
            ncm="76151000",
            net_weight=Decimal("0.3"),
            gross_weight=Decimal("0.35"),
            height=Decimal("5.5"),
            width=Decimal("10"),
            length=Decimal("20"),
            stock_balance=Decimal(0) if has_stock else None,
        )
        assert [row.external_id for row in seller.list_products(sku="Novo-1").items] == [external_id]

    def test_least_that_makes_a_product(self, seller: Seller) -> None:
        external_id = seller.create_product(sku="Novo-1", name="Panela", price=Decimal("19.90"))
        row = seller.get_product(external_id).row
        assert (row.sku, row.name, row.price, row.state) == (
            "Novo-1",
            "Panela",
            Decimal("19.90"),
            ProductState.ACTIVE,
        )

    def test_second_product_of_a_sku_is_refused(self, seller: Seller) -> None:
        add_product(seller)
        error = self.fail(
            seller, lambda: seller.create_product(sku="CMS-azul", name="Outra", price=Decimal(1))
        )
        assert type(error) is RejectedByErp
        assert [row["descricao"] for row in seller.account.list_products()] == [PRODUCT["descricao"]]

    @pytest.mark.parametrize(
        ("draft", "expected"),
        [
            ({"name": "Camisa"}, {"descricao": "Camisa"}),
            ({"description": "<p>Novo</p>"}, {"descricaoComplementar": "<p>Novo</p>"}),
            ({"description": ""}, {"descricaoComplementar": ""}),
            ({"brand": "Outra & Cia"}, {"marca": "Outra & Cia"}),
            ({"brand": ""}, {"marca": ""}),
            ({"category": ("Roupas",)}, {"categoria": "Roupas"}),
            ({"category": ()}, {"categoria": ""}),
            ({"ncm": "61091000"}, {"ncm": "61091000"}),
            ({"gtin": ""}, {"gtin": ""}),
            ({"unit": "PC"}, {"unidade": "PC"}),
            ({"price": Decimal("54.90")}, {"preco": 54.9}),
            ({"promotional_price": Decimal(0)}, {"precoPromocional": 0}),
            ({"sku": "CMS-AZUL"}, {"sku": "CMS-AZUL"}),
            (
                {"gross_weight": Decimal("0.3"), "width": Decimal("15.5")},
                {"dimensoes": {"pesoBruto": 0.3, "largura": 15.5}},
            ),
            (
                {"name": "Camisa", "price": Decimal("54.90")},
                {"descricao": "Camisa", "preco": 54.9},
            ),
        ],
    )
    def test_change_leaves_all_else_as_it_is(
        self, seller: Seller, draft: dict[str, Any], expected: dict[str, Any]
    ) -> None:
        product = add_product(seller)
        before = truth_of(seller, product["id"])
        for _ in range(2):
            # Repeated it does no harm.
            seller.update_product(product["id"], **{"sku": "CMS-azul", **draft})
            after = truth_of(seller, product["id"])
            sizes = {**before["dimensoes"], **expected.get("dimensoes", {})}
            wanted = {**before, **expected, "dimensoes": sizes}
            assert {name: value for name, value in after.items() if value != wanted[name]} == {}

    def test_variation_is_changed_for_itself(self, seller: Seller) -> None:
        parent = seller.account.add_product(**FAMILY)
        first, second = (row for row in seller.account.list_products() if row["idProdutoPai"] == parent["id"])
        changes = {"name": "Camisa M", "price": Decimal("54.90")}
        seller.update_product(first["id"], sku=first["sku"], **changes)
        wanted = {**first, "descricao": "Camisa M", "preco": 54.9}
        del wanted["alterado_em"]
        assert truth_of(seller, first["id"]) == wanted
        assert truth_of(seller, second["id"])["descricao"] == second["descricao"]
        assert truth_of(seller, parent["id"])["preco"] == parent["preco"]

    def test_what_is_so_already_is_not_written(self, seller: Seller) -> None:
        product = add_product(seller)
        seller.update_product(
            product["id"],
            sku="CMS-azul",
            name=PRODUCT["descricao"],
            price=Decimal("50.250"),
            brand="Serra Alta",
            ncm="61051000",
            category=("Roupas", "Camisas"),
            state=ProductState.ACTIVE,
        )
        assert seller.slots == ["read"]

    def test_change_keeps_variations_and_parts(self, seller: Seller) -> None:
        parent = seller.account.add_product(**FAMILY)
        part = add_product(seller, sku="A")
        parts = [{"id": part["id"], "quantidade": 2}]
        kit = add_product(seller, sku="K", tipo="K", kit=parts, saldo=None)
        made = add_product(seller, sku="F", tipo="F", producao={"produtos": parts, "etapas": ["Costurar"]})
        before = {row["id"]: row for row in seller.account.list_products()}
        for product in (parent, kit, made):
            seller.update_product(product["id"], sku=product["sku"], name="Outro nome")
        after = {row["id"]: row for row in seller.account.list_products()}
        assert after.keys() == before.keys()
        for number, row in after.items():
            changed = {name for name, value in row.items() if before[number][name] != value}
            is_changed = number in (parent["id"], kit["id"], made["id"])
            assert changed == ({"descricao", "alterado_em"} if is_changed else set())

    def test_state_is_written_or_refused(self, seller: Seller) -> None:
        product = add_product(seller)
        before = truth_of(seller, product["id"])
        changes = {"sku": "CMS-azul", "name": "Outro", "state": ProductState.INACTIVE}
        if seller.declared.can(Capability.PRODUCT_STATE_WRITABLE):
            seller.update_product(product["id"], **changes)
            assert truth_of(seller, product["id"]) == {**before, "descricao": "Outro", "situacao": "I"}
        else:
            error = self.fail(seller, lambda: seller.update_product(product["id"], **changes))
            assert type(error) is UnsupportedFeature
            assert truth_of(seller, product["id"]) == before
        gone = {**changes, "state": ProductState.DELETED}
        error = self.fail(seller, lambda: seller.update_product(product["id"], **gone))
        assert type(error) is UnsupportedFeature
        assert truth_of(seller, product["id"])["situacao"] != "E"

    def test_change_of_a_product_that_is_gone(self, seller: Seller) -> None:
        error = self.fail(seller, lambda: seller.update_product(999999999, sku="A", name="Outro"))
        assert (type(error), error.params["id"]) == (NotFound, "999999999")
        assert seller.account.list_products() == []

    def test_refused_change_changes_nothing(self, seller: Seller) -> None:
        product = add_product(seller)
        add_product(seller, sku="A")
        before = truth_of(seller, product["id"])
        error = self.fail(seller, lambda: seller.update_product(product["id"], sku="CMS-azul", name=""))
        assert type(error) is RejectedByErp
        assert error.params["reason"]
        assert truth_of(seller, product["id"]) == before

    # -- trouble ---------------------------------------------------------------------------------------

    @pytest.mark.parametrize("preset", ["error_500", "error_503", "html_502", "html_200", "drop"])
    def test_trouble_at_the_erp_passes(self, seller: Seller, preset: str) -> None:
        product = add_product(seller)
        before = seller.account.list_products()
        seller.lay("*", preset=preset, times=None)
        calls: list[Callable[[], Any]] = [
            seller.list_products,
            lambda: seller.get_product(product["id"]),
            lambda: seller.get_stock(product["id"]),
            lambda: seller.provider.list_price_lists(seller),
            lambda: seller.list_prices(1),
            lambda: seller.create_product(sku="Novo-1", name="Panela", price=Decimal(1)),
            lambda: seller.update_product(product["id"], sku="CMS-azul", name="Outro"),
        ]
        for call in calls:
            error = self.fail(seller, call)
            assert isinstance(error, TemporaryError), error.code
        seller.tiny.control("POST", "faults/clear")
        assert seller.account.list_products() == before

    def test_every_call_is_written_down(self, seller: Seller) -> None:
        product = add_product(seller)
        named = [{"idProduto": product["id"], "preco": 40}]
        price_list = seller.account.save_price_list("Atacado", excecoes=named)
        seller.account.clear_calls()
        seller.list_products()
        seller.get_product(product["id"])
        seller.get_stock(product["id"])
        seller.provider.list_warehouses(seller)
        seller.provider.list_price_lists(seller)
        seller.list_prices(price_list["id"])
        seller.create_product(sku="Novo-1", name="Segredo", price=Decimal(1))
        seller.update_product(product["id"], sku="CMS-azul", name="Segredo")
        assert sum(seller.account.count_calls().values()) == len(seller.calls)
        for call in seller.calls:
            assert (call.error, call.response_excerpt) == ("", "")
            assert seller.access_token() not in repr(call)
            assert "Segredo" not in repr(call)
