"""Tiny's enumerations and what they mean to us.

Our situation codes are the slugs of Tiny's API v2 and of its notifications; the integers of API v3 map to
them. Sources: Tiny's OpenAPI 3.1 (``situacao`` of pedido and nota, ``tipo`` of forma de envio) and its help
pages. New values appear without notice, so an unknown one is never an error here.
"""

from __future__ import annotations

from collections.abc import Mapping

from contracts.order_status import OrderStatus
from contracts.records import InvoiceState, Situation

# In the order in which a seller meets them; the order is no state machine, Tiny allows any step.
SITUATIONS: tuple[Situation, ...] = (
    Situation(
        "dados_incompletos",
        "Dados incompletos",
        default_status=None,
        initial_status=OrderStatus.PLACED,
    ),
    Situation(
        "aberto",
        "Em aberto",
        default_status=OrderStatus.PLACED,
        initial_status=OrderStatus.PLACED,
    ),
    Situation(
        "aprovado",
        "Aprovado",
        default_status=OrderStatus.PAID,
        initial_status=OrderStatus.PAID,
        imported_by_default=True,
    ),
    Situation(
        "preparando_envio",
        "Preparando envio",
        default_status=OrderStatus.PICKING,
        initial_status=OrderStatus.PICKING,
        imported_by_default=True,
    ),
    Situation(
        "faturado",
        "Faturado",
        default_status=OrderStatus.INVOICED,
        initial_status=OrderStatus.INVOICED,
        expects_invoice=True,
        imported_by_default=True,
    ),
    Situation(
        "pronto_envio",
        "Pronto para envio",
        default_status=None,
        stands_after=OrderStatus.INVOICED,
        initial_status=OrderStatus.PICKING,
        expects_invoice=True,
        imported_by_default=True,
    ),
    Situation(
        "enviado",
        "Enviado",
        default_status=OrderStatus.IN_TRANSIT,
        initial_status=OrderStatus.IN_TRANSIT,
        expects_invoice=True,
        imported_by_default=True,
    ),
    Situation(
        "entregue",
        "Entregue",
        default_status=OrderStatus.DELIVERED,
        initial_status=OrderStatus.DELIVERED,
        expects_invoice=True,
    ),
    Situation(
        "nao_entregue",
        "Não entregue",
        default_status=OrderStatus.NOT_DELIVERED,
        initial_status=OrderStatus.NOT_DELIVERED,
        expects_invoice=True,
    ),
    Situation(
        "em_devolucao",
        "Em devolução",
        default_status=None,
        stands_after=OrderStatus.DELIVERED,
        initial_status=OrderStatus.DELIVERED,
        is_return=True,
    ),
    Situation(
        "cancelado",
        "Cancelado",
        default_status=OrderStatus.CANCELLED,
        initial_status=OrderStatus.CANCELLED,
    ),
)

DEFAULT_SITUATIONS: Mapping[OrderStatus, str] = {
    situation.default_status: situation.code
    for situation in SITUATIONS
    if situation.default_status is not None
}

SITUATION_CODES = frozenset(situation.code for situation in SITUATIONS)

V3_SITUATIONS: Mapping[int, str] = {
    0: "aberto",
    1: "faturado",
    2: "cancelado",
    3: "aprovado",
    4: "preparando_envio",
    5: "enviado",
    6: "entregue",
    7: "pronto_envio",
    8: "dados_incompletos",
    9: "nao_entregue",
    10: "em_devolucao",
}

V3_SITUATION_NUMBERS: Mapping[str, int] = {code: number for number, code in V3_SITUATIONS.items()}

# In which API v2 can list orders. «Dados incompletos» and «Em devolução» are states of API v3 only.
V2_SITUATION_CODES = SITUATION_CODES - {"dados_incompletos", "em_devolucao"}

# Answers of API v2 carry labels, and accounts differ in them: in small letters, without accents or brackets.
V2_SITUATION_LABELS: Mapping[str, str] = {
    "em aberto": "aberto",
    "aprovado": "aprovado",
    "preparando envio": "preparando_envio",
    "faturado": "faturado",
    "faturado atendido": "faturado",
    "atendido": "faturado",
    "pronto para envio": "pronto_envio",
    "enviado": "enviado",
    "entregue": "entregue",
    "nao entregue": "nao_entregue",
    "cancelado": "cancelado",
    "cancelado pelo marketplace": "cancelado",
    "dados incompletos": "dados_incompletos",
    "em devolucao": "em_devolucao",
    **{code: code for code in SITUATION_CODES},
}

# ``forma_envio`` of API v2 as Tiny's panel names it; an unknown one is shown as it came.
V2_SHIPPING_METHODS: Mapping[str, str] = {
    "B": "B2W Entrega",
    "C": "Correios",
    "D": "ConectaLá etiquetas",
    "E": "Correios e fulfillment",
    "J": "Jadlog",
    "M": "Mercado Envios",
    "S": "Sem frete",
    "T": "Transportadora",
    "X": "Customizada",
    "ALI_ENVIOS": "AliExpress Envios",
    "AMAZON_DBA": "Amazon DBA",
    "GATEWAY": "Gateway logístico",
    "LOGGI": "Loggi",
    "MADEIRA_ENVIOS": "Madeira Envios",
    "MAGALU_ENTREGAS": "Magalu Entregas",
    "MAGALU_FULFILLMENT": "Magalu Fulfillment",
    "NS_ENTREGAS": "Netshoes Entregas",
    "NS_MAGALU_ENTREGAS": "Netshoes Magalu Entregas",
    "OLIST": "Olist",
    "SHOPEE_ENVIOS": "Shopee Envios",
    "TOTALEXPRESS": "Total Express",
    "VIAVAREJO_ENVVIAS": "Via Varejo Envvias",
}

# Both API versions number them alike. Only 6 and 7 stand for a nota that SEFAZ authorised.
# 2 (Emitida) was issued in Tiny and not sent yet,
# 5 (Rejeitada) can be corrected and sent again, so both still wait.
INVOICE_STATES: Mapping[int, InvoiceState] = {
    1: InvoiceState.PENDING,
    2: InvoiceState.PENDING,
    3: InvoiceState.CANCELLED,
    4: InvoiceState.PENDING,
    5: InvoiceState.PENDING,
    6: InvoiceState.AUTHORIZED,
    7: InvoiceState.AUTHORIZED,
    8: InvoiceState.PENDING,
    9: InvoiceState.PENDING,
    10: InvoiceState.DENIED,
}

V3_SHIPPING_KINDS: Mapping[int, str] = {
    0: "sem_frete",
    1: "correios",
    2: "transportadora",
    3: "mercado_envios",
    4: "b2w_entrega",
    5: "correios_ff",
    6: "customizado",
    7: "jadlog",
    8: "totalexpress",
    9: "olist",
    10: "gateway",
    11: "magalu_entregas",
    12: "shopee_envios",
    13: "ns_entregas",
    14: "viavarejo_envvias",
    15: "madeira_envios",
    16: "ali_envios",
    17: "loggi",
    18: "conecta_la",
    19: "amazon_dba",
    20: "magalu_fulfillment",
    21: "ns_magalu_entregas",
    22: "shein",
    23: "mandae",
    24: "olist_envios",
    25: "kwai",
    26: "beleza",
    27: "tiktok",
    28: "hub_envios",
    29: "forma_teste",
    30: "posta_ja",
    31: "temu",
}
