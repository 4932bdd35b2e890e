"""What of an order is written by Tiny's API v2, in the words of its requests; pure functions.

Amounts are texts, of which Tiny reads each digit. A text is cut off only where nothing is found by it and
nothing is lost with it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from contracts.errors import UnsupportedFeature
from contracts.records import ErpInstallment, ItemDraft, OrderChange, OrderDraft, ShipmentDraft
from tiny.codes import SITUATIONS, V2_SITUATION_CODES
from tiny.v2.customer_writes import keep_whole, to_address, to_person, without_empty
from tiny.v2.mappers import to_plain_label

LONGEST_KEY = 10
LONGEST_ECOMMERCE_NUMBER = 50
LONGEST_DESCRIPTION = 120
LONGEST_UNIT = 3
LONGEST_PARCEL_NOTES = 100
# As Tiny's own form for a product begins.
USUAL_UNIT = "UN"
SEVERAL_WAYS = "multiplas"

# Tiny's codes by what people call them; another way to pay is told beside the parcel.
_PAYMENT_CODES: Mapping[str, str] = {
    "boleto": "boleto",
    "boleto bancario": "boleto",
    "cartao de credito": "credito",
    "cartao de debito": "debito",
    "cheque": "cheque",
    "credito": "credito",
    "crediario": "crediario",
    "debito": "debito",
    "deposito": "deposito",
    "deposito bancario": "deposito",
    "dinheiro": "dinheiro",
    "duplicata mercantil": "duplicata_mercantil",
    "duplicata_mercantil": "duplicata_mercantil",
    "multiplas": SEVERAL_WAYS,
    "pix": "pix",
}


def to_order(draft: OrderDraft) -> dict[str, Any]:
    """A pedido. The buyer comes along, and one whom Tiny knows stays as he is there."""
    order = {
        "data_pedido": _day(draft.placed_on),
        "data_prevista": _day(draft.expected_on),
        "numero_ordem_compra": keep_whole(draft.key, LONGEST_KEY, "Nº da ordem de compra"),
        "numero_pedido_ecommerce": keep_whole(
            draft.ecommerce_number, LONGEST_ECOMMERCE_NUMBER, "Nº do pedido no e-commerce"
        ),
        # So that Tiny notifies this integration of what becomes of the order.
        "id_ecommerce": draft.integrator_id,
        "situacao": to_situation(draft.situation),
        "cliente": {**to_person(draft.customer), "atualizar_cliente": "N"},
        "endereco_entrega": _to_delivery(draft),
        "itens": [{"item": _to_item(item)} for item in draft.items],
        "parcelas": [
            {"parcela": _to_installment(installment, draft.placed_on)} for installment in draft.installments
        ],
        "forma_pagamento": _summarise_payment(draft.installments),
        "valor_frete": _amount(draft.freight),
        "valor_desconto": _amount(draft.discount),
        "id_vendedor": draft.seller_id,
        "obs": draft.notes,
    }
    return without_empty(order)


def to_change(change: OrderChange) -> dict[str, str]:
    """``dados_pedido`` of what is to change. Notes are sent whole: reading back tells what Tiny keeps."""
    data: dict[str, str] = {}
    if change.notes is not None:
        data["obs"] = change.notes
    if change.expected_on is not None:
        data["data_prevista"] = _day(change.expected_on)
    return data


def to_dispatch(draft: ShipmentDraft) -> dict[str, str]:
    """The carriage stays as it is: of its forms Tiny takes two here, and would make any other one of them."""
    return without_empty({"codigoRastreamento": draft.tracking_code, "urlRastreamento": draft.tracking_url})


def to_situation(code: str) -> str:
    """Tiny's code for ours. Raises ``UnsupportedFeature`` for one that API v2 cannot write."""
    if code in V2_SITUATION_CODES:
        return code
    labels = {situation.code: situation.label for situation in SITUATIONS}
    if code in labels:
        raise UnsupportedFeature("tiny.situation_unwritable", {"situation": labels[code]})
    raise UnsupportedFeature("tiny.situation_unknown", {"situation": code})


def _payment_code(installment: ErpInstallment) -> str:
    return _PAYMENT_CODES.get(to_plain_label(installment.method), "")


def _summarise_payment(installments: Sequence[ErpInstallment]) -> str:
    """What the order as a whole says; ``""`` where no parcel has a way to pay that Tiny has a code for."""
    codes = {_payment_code(installment) for installment in installments}
    return SEVERAL_WAYS if len(codes) > 1 else "".join(codes)


def _to_delivery(draft: OrderDraft) -> dict[str, str]:
    address = draft.delivery_address
    if address is None:
        return {}
    return without_empty({**to_address(address), "nome_destinatario": address.recipient})


def _to_item(item: ItemDraft) -> dict[str, str]:
    values = {
        "id_produto": item.product_id,
        "codigo": item.sku,
        "descricao": (item.description or item.sku)[:LONGEST_DESCRIPTION].rstrip(),
        "unidade": item.unit[:LONGEST_UNIT] or USUAL_UNIT,
        "quantidade": _amount(item.quantity),
        "valor_unitario": _amount(item.unit_price),
    }
    return without_empty(values)


def _to_installment(installment: ErpInstallment, placed_on: dt.date) -> dict[str, str]:
    code = _payment_code(installment)
    days = (installment.due_on - placed_on).days if installment.due_on else 0
    notes = ("" if code else installment.method, installment.notes)
    values = {
        "dias": str(max(days, 0)),
        "data": _day(installment.due_on),
        "valor": _amount(installment.amount),
        "obs": " · ".join(filter(None, notes))[:LONGEST_PARCEL_NOTES],
        "forma_pagamento": code,
    }
    return without_empty(values)


def _amount(amount: Decimal) -> str:
    # Without an exponent, which a Decimal may be written with.
    return f"{amount:f}"


def _day(day: dt.date | None) -> str:
    return f"{day:%d/%m/%Y}" if day else ""
