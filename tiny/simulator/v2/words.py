"""v2's words for what v3 has numbers for."""

from __future__ import annotations

from typing import Any

from .errors import Refused

# Code of a request, situação of v3, and label of an answer.
SITUACOES = (
    ("aberto", 0, "Em aberto"),
    ("aprovado", 3, "Aprovado"),
    ("preparando_envio", 4, "Preparando envio"),
    ("faturado", 1, "Faturado"),
    ("pronto_envio", 7, "Pronto para envio"),
    ("enviado", 5, "Enviado"),
    ("entregue", 6, "Entregue"),
    ("nao_entregue", 9, "Não Entregue"),
    ("cancelado", 2, "Cancelado"),
)
CODES = {code: situacao for code, situacao, _ in SITUACOES}
LABELS = {
    **{situacao: label for _, situacao, label in SITUACOES},
    # Not in v2's table. What is still incomplete reads as open; a return has a label, and no code to ask by.
    8: "Em aberto",
    10: "Em devolução",
    42: "Em produção",
}
OTHER_LABELS = {
    "Faturado": ("Faturado", "Faturado (atendido)", "Atendido"),
    "Em aberto": ("Em aberto", "Aberto"),
}
FREIGHT_CODES = {
    "Correios": "C",
    "Transportadora": "T",
    "Mercado Envios": "M",
    "Jadlog": "J",
    "Shopee Envios": "SHOPEE_ENVIOS",
    "Loggi": "LOGGI",
    "Total Express": "TOTALEXPRESS",
}
NO_FREIGHT = "S"
NOTA_SITUACOES = {
    1: "Pendente",
    2: "Emitida",
    3: "Cancelada",
    4: "Enviada aguardando recibo",
    5: "Rejeitada",
    6: "Autorizada",
    7: "Emitida DANFE",
    8: "Registrada",
    9: "Enviada aguardando protocolo",
    10: "Denegada",
}


def find_situacoes(code: str) -> list[int]:
    """The situações that a code finds; ``aberto`` finds the incomplete ones too. Raises Refused (31)."""
    if code not in CODES:
        raise Refused(31, "A situação informada é inválida")
    return [CODES[code], *([8] if code == "aberto" else [])]


def freight_code(transportador: dict[str, Any]) -> str:
    name = (transportador.get("formaEnvio") or {}).get("nome")
    return FREIGHT_CODES.get(name or "", NO_FREIGHT)
