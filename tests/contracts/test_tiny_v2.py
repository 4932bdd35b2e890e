"""Tiny's API v2 keeps the contract, in the documentation's form and in those that real accounts send."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contracts.order_writing_suite import OrderWritingSuite
from tests.contracts.product_suite import ProductSuite
from tests.contracts.provider_suite import ProviderSuite, Suite
from tests.simulated_tiny import SimulatedAccount, SimulatedTiny
from tests.tiny.sellers import Seller, TokenSeller


class ByV2(Suite):
    def connect(self, tiny: SimulatedTiny, account: SimulatedAccount) -> Seller:
        return TokenSeller(tiny, account)


class ByVariedV2(Suite):
    """Everything once more, in an odd form that the seed chooses for each field of each record."""

    def connect(self, tiny: SimulatedTiny, account: SimulatedAccount) -> Seller:
        tiny.control("PATCH", f"accounts/{account.id}", {"v2_variety": 11})
        return TokenSeller(tiny, account)


class TestTinyV2(ByV2, ProviderSuite):
    unknown_situation = (
        "POST /api2/pedidos.pesquisa.php",
        {"replace": {"pedidos": [{"pedido": {"id": 9, "numero": 1, "situacao": "Em análise"}}]}},
    )
    # An order itself tells its letter.
    types_of_methods = ("", "")
    # Tiny has no service that tells the Identificador do integrador.
    unproven_checks = {"integrator"}

    def situation_of(self, row: dict[str, Any]) -> str:
        """API v2 has no «Dados incompletos»: such an order is open."""
        code = super().situation_of(row)
        return "aberto" if code == "dados_incompletos" else code


class TestTinyV2Varied(ByVariedV2, TestTinyV2):
    pass


class TestTinyV2Products(ByV2, ProductSuite):
    tells_kinds = False
    tells_reservations_by_warehouse = False
    slots_of_a_write = {"batch", "read"}


class TestTinyV2ProductsVaried(ByVariedV2, TestTinyV2Products):
    pass


class TestTinyV2OrderWriting(ByV2, OrderWritingSuite):
    refuses_repetition = False
    creating_route = "POST /api2/pedido.incluir.php"
    slots_of_an_order = ["read"]
    slots_of_a_customer = ["batch", "read"]
    country_of_a_row = ""


class TestTinyV2OrderWritingVaried(ByVariedV2, TestTinyV2OrderWriting):
    pass


def read_all(seller: Seller) -> list[Any]:
    """Every record that there is to read of the account."""
    orders, invoices, products = seller.list_orders(), seller.list_invoices(), seller.list_products()
    price_lists = seller.provider.list_price_lists(seller)
    return [
        seller.provider.get_account(seller),
        orders,
        *(seller.get_order(row_id) for row_id in orders.row_ids),
        invoices,
        *(seller.get_invoice(row_id) for row_id in invoices.row_ids),
        seller.provider.list_shipping_methods(seller),
        products,
        *(seller.get_product(row_id) for row_id in products.row_ids),
        *(seller.get_stock(row_id) for row_id in products.row_ids),
        price_lists,
        *(seller.list_prices(item.external_id) for item in price_lists),
    ]


@pytest.mark.parametrize("count", [1, 8])
def test_form_of_an_answer_changes_no_record(tiny: SimulatedTiny, count: int) -> None:
    seller = TokenSeller(tiny, tiny.add_account())
    seller.account.add_orders(count=count, situacoes=[0, 1, 5, 6], with_invoices=True, seed="varied")
    named = [
        {"idProduto": row["id"], "preco": 40.5, "precoPromocional": 0}
        for row in seller.account.list_products()[:count]
    ]
    seller.account.save_price_list("Feira", acrescimoDesconto=-5, excecoes=named)
    plain = read_all(seller)
    for seed in range(1, 9):
        tiny.control("PATCH", f"accounts/{seller.account.id}", {"v2_variety": seed})
        for record, expected in zip(read_all(seller), plain, strict=True):
            assert record == expected, seed
