"""What the pages say of notifications: kinds, states, a line for each, and how long things take."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation

from contracts.notifications import NotificationKind
from contracts.records import Explanation
from ui.formats import format_brl, format_quantity, mask_document
from webhooks.models import ReceiptState, WebhookReceipt
from webhooks.sentences import explain
from webhooks.showing import show_text

KINDS: Mapping[str, str] = {
    NotificationKind.STOCK: "Estoque",
    NotificationKind.PRICE: "Preço",
    NotificationKind.PRODUCT: "Produto",
    NotificationKind.ORDER: "Pedido",
    NotificationKind.SITUATION: "Situação do pedido",
    NotificationKind.TRACKING: "Rastreio",
    NotificationKind.INVOICE: "Nota fiscal",
    NotificationKind.PROBE: "Teste da URL",
}
# As in «Primeira notificação de … recebida.»
OF_KIND: Mapping[str, str] = {
    NotificationKind.STOCK: "estoque",
    NotificationKind.PRICE: "preço",
    NotificationKind.PRODUCT: "produto",
    NotificationKind.ORDER: "pedido",
    NotificationKind.SITUATION: "situação do pedido",
    NotificationKind.TRACKING: "rastreio",
    NotificationKind.INVOICE: "nota fiscal",
}


# What makes the ERP send one.
TRIES: Mapping[str, str] = {
    NotificationKind.STOCK: "altere o estoque de um produto",
    NotificationKind.PRICE: "altere o preço de um produto",
    NotificationKind.PRODUCT: "envie um produto para a integração",
    NotificationKind.ORDER: "inclua um pedido",
    NotificationKind.SITUATION: "mude a situação de um pedido",
    NotificationKind.TRACKING: "informe o código de rastreio de um pedido",
    NotificationKind.INVOICE: "emita a nota de um pedido",
}


# Of «Enviar notificação de teste».
OWN_TRIAL = Explanation(
    "Teste enviado daqui",
    "Alguém pediu o teste na página da integração. Ele chegou: a URL funciona. Nada a fazer.",
    owner="us",
)


def report_trial(status: int, duration_ms: int) -> str:
    """What became of a test of our own address; ``status`` 0: nobody answered."""
    if status == 200:
        return f"A URL respondeu 200 em {duration_ms} ms. O teste está em Notificações, como «Teste da URL»."
    if status:
        return (
            f"A URL respondeu {status}, e o Tiny espera 200: ele pode deixar de avisar."
            " Avise quem cuida do servidor."
        )
    return (
        "Não alcançamos a nossa própria URL, e nada foi recebido. O Tiny talvez também não a alcance:"
        " avise quem cuida do servidor."
    )


@dataclass(frozen=True, slots=True)
class Chip:
    label: str
    tone: str
    icon: str


STATES: Mapping[str, Chip] = {
    ReceiptState.RECEIVED: Chip("Recebida", "info", "clock"),
    ReceiptState.WAITING: Chip("Aguardando", "info", "clock"),
    ReceiptState.APPLIED: Chip("Processada", "ok", "check"),
    ReceiptState.IGNORED: Chip("Ignorada", "", "pause"),
    ReceiptState.REPEATED: Chip("Repetida", "", "swap"),
    ReceiptState.FAILED: Chip("Falhou", "err", "x"),
}


def name_kind(receipt: WebhookReceipt) -> str:
    """What it is about, else the ERP's own word, which is anybody's."""
    return KINDS.get(receipt.kind) or show_text(receipt.type_name) or "Não reconhecida"


def explain_receipt(receipt: WebhookReceipt) -> Explanation | None:
    """Why it was not taken over, in words; ``None`` where there is nothing to say."""
    if not receipt.reason_code:
        return None
    params = receipt.reason_params
    if params.get("document"):
        params = params | {"document": mask_document(params["document"])}
    why = explain(receipt.reason_code, params, receipt.integration.provider)
    return replace(why, title=show_text(why.title), detail=show_text(why.detail))


def _amount(text: str, write: Callable[[Decimal], str]) -> str:
    try:
        return write(Decimal(text))
    except InvalidOperation:
        return text


def summarise(receipt: WebhookReceipt) -> str:
    """A notification in a line: ``LUM-01: saldo 39``; ``""`` where it told nothing that could be read."""
    kind, facts = receipt.kind, receipt.facts
    name = facts.get("sku") or (f"Produto {facts['external_id']}" if facts.get("external_id") else "")
    order = facts.get("number") or facts.get("ecommerce_number") or facts.get("external_id", "")
    said = ""
    if kind == NotificationKind.STOCK and facts.get("stock"):
        said = f"saldo {_amount(facts['stock'], format_quantity)}"
    elif kind == NotificationKind.PRICE and facts.get("price"):
        said = _amount(facts["price"], format_brl)
        if facts.get("promotional_price"):
            said += f", promocional {_amount(facts['promotional_price'], format_brl)}"
    elif kind in (NotificationKind.ORDER, NotificationKind.SITUATION):
        name, said = f"Pedido {order}" if order else "", facts.get("situation_label", "")
    elif kind == NotificationKind.TRACKING:
        name, said = f"Pedido {order}" if order else "", facts.get("tracking_code", "")
    elif kind == NotificationKind.INVOICE:
        # The number is the nota's own.
        order = facts.get("ecommerce_number", "")
        name = f"Nota {facts['number']}" if facts.get("number") else "Nota fiscal"
        said = f"pedido {order}" if order else ""
    return show_text(": ".join(part for part in (name, said) if part))


def write_interval(interval: dt.timedelta) -> str:
    """``5 min``, ``3 h``, ``2 dias``: about how long."""
    minutes = max(1, round(interval.total_seconds() / 60))
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 24 * 60:
        return f"{round(minutes / 60)} h"
    days = round(minutes / (24 * 60))
    return "1 dia" if days == 1 else f"{days} dias"


def write_duration(duration: dt.timedelta) -> str:
    """How long something took: ``840 ms``, ``1,2 s``, ``3 min``."""
    seconds = max(0.0, duration.total_seconds())
    if seconds < 1:
        return f"{round(seconds * 1000)} ms"
    if seconds < 60:
        return f"{seconds:.1f} s".replace(".", ",")
    return write_interval(duration)
