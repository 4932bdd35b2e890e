"""Which of the refusals that Tiny's API v3 is known for a write met, told by the field and by the text."""

from __future__ import annotations

import re
from collections.abc import Sequence

UNKNOWN = "tiny.write_rejected"
CUSTOMER_UNKNOWN = "tiny.order_customer_unknown"

# Our code, the field that Tiny names, its text; both are searched for, and either is enough where both stand.
_RULES: Sequence[tuple[str, str, str]] = (
    ("tiny.stock_insufficient", "", r"saldo em estoque\b.*\binsuficiente"),
    ("tiny.stock_launched", "", r"estoque (já )?lançado"),
    ("tiny.order_locked", r"motivosBloqueio", ""),
    ("tiny.order_product_unknown", r"^itens\[\d+\]\.produto\b", ""),
    (CUSTOMER_UNKNOWN, r"^idContato$", ""),
    ("tiny.order_seller_unknown", r"^vendedor\b", ""),
    ("tiny.shipping_method_disabled", r"\bforma(Envio|Frete)\b", r"forma de envio não habilitada"),
    ("tiny.installment_method_differs", "", r"forma de recebimento da parcela diferente"),
    (
        "tiny.payment_method_unknown",
        r"\b(meioPagamento|formaRecebimento)\b",
        r"meio de pagamento não encontrado",
    ),
    ("tiny.installments_refused", r"^pagamento\b|\bparcelas\b", ""),
    ("tiny.situation_refused", r"^situacao$", ""),
    ("tiny.customer_document_refused", r"^cpfCnpj$", ""),
    ("tiny.field_missing", "", r"\bé obrigatório"),
)
_ITEM = re.compile(r"^itens\[(\d+)\]")


def code_of(details: Sequence[tuple[str, str]]) -> str:
    """The code for (field, text) pairs of a refusal; of several the one that comes first above."""
    for code, field, text in _RULES:
        if any(_has(field, detail[0]) or _has(text, detail[1]) for detail in details):
            return code
    return UNKNOWN


def place_of_item(details: Sequence[tuple[str, str]]) -> str:
    """The number, from one, of the first item that is refused; ``""`` if none is."""
    places = [match[1] for field, _ in details if (match := _ITEM.match(field))]
    return str(int(places[0]) + 1) if places else ""


def _has(pattern: str, value: str) -> bool:
    return bool(pattern) and re.search(pattern, value, re.IGNORECASE) is not None
