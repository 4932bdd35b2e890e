"""Tiny's API v3 keeps the contract."""

from __future__ import annotations

from tests.contracts.provider_suite import ProviderSuite
from tests.simulated_tiny import SimulatedAccount, SimulatedTiny
from tests.tiny.sellers import OAuthSeller, Seller


class TestTinyV3(ProviderSuite):
    unknown_situation = (
        "GET /pedidos",
        {"replace": {"itens": [{"id": 9, "numeroPedido": 1, "situacao": "Em análise"}]}},
    )

    def connect(self, tiny: SimulatedTiny, account: SimulatedAccount) -> Seller:
        return OAuthSeller(tiny, account)
