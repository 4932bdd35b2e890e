"""The shirt of ``product_shapes`` and of ``v2.product_bodies`` as a record, and what writing tests share."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from contracts.errors import ErpError
from contracts.records import ErpProduct, ErpProductRow, ProductDraft, ProductKind, ProductState
from tests.tiny.context import RecordingContext
from tiny.provider import TinyProvider

SO_ALREADY: dict[str, Any] = {
    "state": ProductState.ACTIVE,
    "brand": "Serra Alta",
    "category": ("Roupas", "Camisas"),
    "ncm": "61051000",
    "price": Decimal("50.250"),
    "promotional_price": Decimal(0),
    "gross_weight": Decimal("0.2530"),
}
"""A draft that changes nothing of the shirt."""


def shirt_row(external_id: str, sku: str, name: str, *, is_kind_known: bool = True) -> ErpProductRow:
    return ErpProductRow(
        external_id=external_id,
        sku=sku,
        name=name,
        kind=ProductKind.SIMPLE,
        state=ProductState.ACTIVE,
        gtin="7891234567895",
        unit="UN",
        price=Decimal("50.25"),
        promotional_price=None,
        is_kind_known=is_kind_known,
    )


def shirt(row: ErpProductRow, *, stock_balance: Decimal | None) -> ErpProduct:
    return ErpProduct(
        row=row,
        description="<p>Descrição</p>",
        brand="Serra Alta",
        category=("Roupas", "Camisas"),
        ncm="61051000",
        net_weight=Decimal("0.2"),
        gross_weight=Decimal("0.253"),
        height=Decimal("5.5"),
        width=Decimal(15),
        length=Decimal(20),
        images=("https://cdn.example.com/45221.jpg", "https://cdn.example.com/45222.png"),
        stock_balance=stock_balance,
    )


def create(context: RecordingContext, **draft: Any) -> str:
    return TinyProvider().create_product(context, ProductDraft(**{"sku": "NOVO-1", **draft}))


def failure(call: Callable[[], Any]) -> ErpError:
    """The error of a call, for which there is a sentence."""
    with pytest.raises(ErpError) as caught:
        call()
    error = caught.value
    assert TinyProvider().explain(error.code, error.params) is not None
    return error
