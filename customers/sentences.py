"""What the panel says about customers: one place for each sentence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from customers.criteria import Decision
from history.models import HistoryEntry
from history.timeline import Sentence

HISTORY: Mapping[str, Sentence] = {
    "customer.created_here": Sentence("Incluído aqui", "{details}", icon="plus", tone="ok"),
    "customer.changed_here": Sentence("Alterado aqui: {fields}", "{details}", icon="gear", tone="info"),
    "customer.created_by_order": Sentence("Incluído com um pedido", icon="cart", tone="ok"),
    "customer.filled_by_order": Sentence(
        "Completado por um pedido: {fields}", "Estava vazio aqui.", icon="cart", tone="info"
    ),
    "customer.shown": Sentence("Dados completos mostrados", icon="eye"),
    "customer.left_out": Sentence("Não enviado ao Tiny", "{words}", icon="info", tone="warn"),
    "customer.sent_anyway": Sentence("Enviar ao Tiny, pedido por uma pessoa", icon="swap", tone="info"),
    "customer.sent_new": Sentence(
        "Criado no Tiny", "Identificador no Tiny: {external_id}.", icon="swap", tone="ok"
    ),
    "customer.linked": Sentence(
        "Encontrado no Tiny", "Identificador no Tiny: {external_id}.", icon="link", tone="ok"
    ),
    "customer.sent": Sentence("Enviado ao Tiny: {fields}", icon="swap", tone="ok"),
    "customer.sending_kept": Sentence(
        "Mantido no Tiny: {fields}",
        "Lá é diferente, e não foi alterado aqui: nada foi sobrescrito.",
        icon="info",
    ),
    "customer.not_taken": Sentence(
        "O Tiny não gravou: {fields}",
        "Lá o valor é outro. Se precisar, mude no Tiny.",
        icon="alert",
        tone="warn",
    ),
}

OUTSIDE: Mapping[str, str] = {
    "customer.outside_person": "pessoa física",
    "customer.outside_company": "pessoa jurídica",
    "customer.outside_kind": "sem tipo, de fora do Brasil",
    "customer.outside_email": "sem e-mail válido",
}


def describe_outside(decision: Decision) -> str:
    """«Fora do critério: pessoa física»; ``""`` for one whom nothing leaves out."""
    return f"Fora do critério: {OUTSIDE[decision.code]}" if decision.code else ""


def with_reasons(entries: Iterable[HistoryEntry]) -> Iterable[HistoryEntry]:
    """The lines of a history, with the words of why a customer was left out."""
    for entry in entries:
        if entry.code == "customer.left_out":
            code = str(entry.params.get("reason", ""))
            words = f"Fora do critério: {OUTSIDE[code]}." if code in OUTSIDE else "O envio foi desligado."
            entry.params = {**entry.params, "words": words}
        yield entry
