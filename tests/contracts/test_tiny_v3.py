"""Tiny's API v3 keeps the contract."""

from __future__ import annotations

from contracts.records import ErpWarehouse
from tests.contracts.order_writing_suite import OrderWritingSuite
from tests.contracts.product_suite import ProductSuite
from tests.contracts.provider_suite import ProviderSuite, Suite
from tests.simulated_tiny import SimulatedAccount, SimulatedTiny
from tests.tiny.sellers import OAuthSeller, Seller


class ByV3(Suite):
    def connect(self, tiny: SimulatedTiny, account: SimulatedAccount) -> Seller:
        return OAuthSeller(tiny, account)


class TestTinyV3(ByV3, ProviderSuite):
    unknown_situation = (
        "GET /pedidos",
        {"replace": {"itens": [{"id": 9, "numeroPedido": 1, "situacao": "Em análise"}]}},
    )


class TestTinyV3Products(ByV3, ProductSuite):
    warehouses = (ErpWarehouse("Geral"), ErpWarehouse("Avarias", is_ignored=True))
    slots_of_a_write = {"write"}


class TestTinyV3OrderWriting(ByV3, OrderWritingSuite):
    refuses_repetition = True
    creating_route = "POST /pedidos"
    slots_of_an_order = ["write"]
    slots_of_a_customer = ["write"]
