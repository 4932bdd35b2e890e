"""What is to be written at Tiny, with invented values; a test names what it changes."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from contracts.records import CustomerDraft, ErpAddress, ErpInstallment, ItemDraft, OrderDraft

HOME = ErpAddress(
    street="Rua Teste",
    number="123",
    complement="apto 2",
    district="Centro",
    city="Bento Gonçalves",
    state="RS",
    zip_code="95700000",
    country="Brasil",
)
WORK = ErpAddress(
    street="Rua B",
    number="9",
    district="Gonzaga",
    city="Santos",
    state="SP",
    zip_code="11055000",
    recipient="José & Bia",
)


def customer(**changes: Any) -> CustomerDraft:
    values: dict[str, Any] = {
        "name": "Maria & Filhos",
        "kind": "PF",
        "document": "52998224725",
        "email": "maria@example.com",
        "phone": "5432000100",
        "address": HOME,
    }
    return CustomerDraft(**{**values, **changes})


def item(**changes: Any) -> ItemDraft:
    values: dict[str, Any] = {
        "product_id": "441309693",
        "sku": "CMS-AZUL-M",
        "description": "Camisa Azul - M",
        "quantity": Decimal(2),
        "unit_price": Decimal("50.25"),
        "unit": "UN",
    }
    return ItemDraft(**{**values, **changes})


def order(**changes: Any) -> OrderDraft:
    values: dict[str, Any] = {
        "key": "E7K2M9QX4T",
        "placed_on": dt.date(2026, 9, 18),
        "situation": "aprovado",
        "customer": customer(),
        "customer_id": "",
        "items": (item(),),
        "ecommerce_number": "TRK-1001",
        "delivery_address": WORK,
        "installments": (
            ErpInstallment(Decimal("60.40"), dt.date(2026, 10, 18), "Cartão de crédito", "1ª de 2"),
            ErpInstallment(Decimal("50.30"), dt.date(2026, 11, 18), "Cartão de crédito"),
        ),
        "freight": Decimal("12.30"),
        "discount": Decimal("2.10"),
        "expected_on": dt.date(2026, 9, 25),
        "seller_id": "441479382",
        "notes": "Entregar na portaria",
    }
    return OrderDraft(**{**values, **changes})
