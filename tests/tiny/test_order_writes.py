"""What is written of an order and read back sums up the same, whatever its amounts."""

from __future__ import annotations

import datetime as dt
import json
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from contracts.records import CustomerDraft, ErpInstallment, ErpOrderDetail, ItemDraft, OrderDraft
from tests.tiny.shapes import order_detail
from tiny.records import document_forms, mask_document
from tiny.v3.client import to_json
from tiny.v3.mappers import to_erp_order_detail
from tiny.v3.order_writes import to_order

CENT = Decimal("0.01")
LARGEST = Decimal("99999999.9999")
DAY = dt.date(2026, 8, 25)

money = st.decimals(min_value=0, max_value=LARGEST, places=2)
fractions = st.decimals(min_value=0, max_value=LARGEST, places=4)
quantities = st.decimals(min_value=Decimal("0.0001"), max_value=9999, places=4)
items = st.builds(
    ItemDraft,
    product_id=st.integers(1, 10**12).map(str),
    sku=st.text(max_size=20),
    description=st.just("Camisa"),
    quantity=quantities,
    unit_price=fractions,
)
installments = st.builds(
    ErpInstallment, amount=money, due_on=st.dates(dt.date(2020, 1, 1), dt.date(2040, 1, 1)) | st.none()
)


def read_back(body: dict[str, Any]) -> ErpOrderDetail:
    """What Tiny tells of an order that it took as it came over the wire."""
    took = json.loads(json.dumps(body), parse_float=Decimal)
    products = sum(item["quantidade"] * item["valorUnitario"] for item in took["itens"])
    answer = order_detail(
        itens=took["itens"],
        pagamento=took.get("pagamento"),
        valorDesconto=took["valorDesconto"],
        valorFrete=took["valorFrete"],
        valorOutrasDespesas=0,
        valorTotalProdutos=products,
        valorTotalPedido=products - took["valorDesconto"] + took["valorFrete"],
        numeroOrdemCompra=took["numeroOrdemCompra"],
    )
    return to_erp_order_detail(answer)


@given(st.lists(items, min_size=1, max_size=20), st.lists(installments, max_size=12), money, money)
@example([ItemDraft("1", "A", "A", Decimal("0.1"), Decimal("0.3"))], [], Decimal("0.07"), Decimal("1E+2"))
@example([ItemDraft("1", "A", "A", Decimal("3"), Decimal("33.3333"))], [], Decimal(0), CENT)
def test_amounts_come_back_to_the_cent(
    items: list[ItemDraft], installments: list[ErpInstallment], discount: Decimal, freight: Decimal
) -> None:
    draft = OrderDraft(
        key="E7K3000001",
        placed_on=DAY,
        situation="aprovado",
        customer=CustomerDraft("Maria"),
        customer_id="1",
        items=tuple(items),
        installments=tuple(installments),
        discount=discount,
        freight=freight,
    )
    detail = read_back(to_json(to_order(draft)))
    assert [(item.product_id, item.quantity, item.unit_price) for item in detail.items] == [
        (item.product_id, item.quantity, item.unit_price) for item in items
    ]
    assert [(row.amount, row.due_on) for row in detail.installments] == [
        (row.amount, row.due_on) for row in installments
    ]
    products = sum((item.quantity * item.unit_price for item in items), Decimal(0))
    total = products - discount + freight
    assert (detail.discount, detail.freight) == (discount, freight)
    assert detail.total == total.quantize(CENT, ROUND_HALF_UP)
    assert detail.key == "E7K3000001"


@pytest.mark.parametrize(
    ("document", "forms"),
    [
        ("52998224725", ("529.982.247-25", "52998224725")),
        ("11222333000181", ("11.222.333/0001-81", "11222333000181")),
        ("12ABC34501DE35", ("12.ABC.345/01DE-35", "12ABC34501DE35")),
        ("", ("",)),
        ("12345678900", ("12345678900",)),
    ],
)
def test_the_forms_of_a_document(document: str, forms: tuple[str, ...]) -> None:
    assert document_forms(document) == forms
    assert mask_document(document) == forms[0]
