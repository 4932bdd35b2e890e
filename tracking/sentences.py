"""What the panel says about parcels and carriers: one place for each sentence."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from accounts.clock import SAO_PAULO
from contracts.records import Explanation
from contracts.tracking import ParcelState
from history.timeline import Sentence
from tracking.models import EndReason, MappingKind, Parcel

# Its answer about this parcel has a shape that we cannot read, or a value that cannot be kept.
UNREADABLE = "tracking.answer_unreadable"
UNSTORABLE = "tracking.answer_unstorable"

HISTORY: Mapping[str, Sentence] = {
    "tracking.account_saved": Sentence(
        "Contrato salvo", "Os pacotes desta transportadora passam a ser consultados por ele.", icon="gear"
    ),
    "tracking.account_refused": Sentence(
        "A transportadora recusou o acesso",
        "{reason}. Nada foi perdido: as consultas continuam quando o contrato for corrigido.",
        icon="alert",
        tone="err",
    ),
    "tracking.account_removed": Sentence(
        "Contrato removido", "O estado dos pacotes passa a vir da situação no Tiny.", icon="x"
    ),
}

FAILURES: Mapping[str, Explanation] = {
    UNREADABLE: Explanation(
        "A resposta da transportadora não pôde ser lida",
        "O que já se sabia do pacote ficou como estava. Consultamos de novo sozinhos.",
        owner="erp",
    ),
    UNSTORABLE: Explanation(
        "A resposta da transportadora tem um texto que não conseguimos guardar",
        "O que já se sabia do pacote ficou como estava. Consultamos de novo sozinhos.",
        owner="us",
    ),
}

# By the reason code of ``tracking.identification``.
REASONS: Mapping[str, str] = {
    "carrier.mapped": "De-para da sua empresa: {source} “{text}”.",
    "carrier.named": "{source}: “{text}”.",
    "carrier.by_type": "Pelo tipo da forma de envio no Tiny.",
    "carrier.by_code": "Pelo formato do código de rastreio.",
    "carrier.by_url": "Pelo endereço da página de rastreio.",
    "carrier.hidden": "{name} vende o frete de outras transportadoras e não diz qual leva este pacote.",
    "carrier.contradiction": "Os textos do Tiny dizem coisas diferentes: {names}.",
    "carrier.not_named": "Nenhum texto do Tiny diz qual é a transportadora.",
    "carrier.by_invoice": "A rede conhece a nota fiscal deste pacote.",
}

# Carriers give a code out again: what happened then is another parcel's.
USED_BEFORE = "Este código já foi de outro pacote, antes deste pedido: o que houve com aquele não conta."

WARNINGS: Mapping[str, str] = {
    "code.wrong_digit": "O dígito de controle do código não confere: pode haver um número trocado.",
    "code.foreign_shape": "O código não tem o formato que esta transportadora usa.",
    "nfe_key.wrong": "A chave da nota fiscal não confere, e por ela não consultamos.",
}

_ENDINGS: Mapping[str, str] = {
    EndReason.ARRIVED: "Não consultamos mais: o pacote chegou ao fim do caminho.",
    EndReason.EXPIRED: "Paramos de consultar: ficou tempo demais sem notícias.",
    EndReason.CODE_REPLACED: "Não consultamos mais: o código foi trocado por outro.",
    EndReason.ORDER_CANCELLED: "Não consultamos mais: o pedido foi cancelado.",
}


def explain_failure(code: str, params: Mapping[str, str]) -> Explanation | None:
    """Our own sentence of ``code``, if it is ours."""
    template = FAILURES.get(code)
    if template is None:
        return None
    filled = defaultdict(str, params)
    return replace(
        template, title=template.title.format_map(filled), detail=template.detail.format_map(filled)
    )


def describe_identification(parcel: Parcel) -> str:
    """Why it is taken to be of its carrier, or of none."""
    params: defaultdict[str, str] = defaultdict(str, parcel.identified_params)
    if params["source"] in MappingKind.values:
        params["source"] = str(MappingKind(params["source"]).label)
    return REASONS.get(parcel.identified_by, parcel.identified_by).format_map(params)


def describe_warning(code: str) -> str:
    return WARNINGS.get(code, code)


def describe_asking(parcel: Any, now: dt.datetime, *, is_refused: bool = False) -> str:
    """What happens by itself with it. ``is_refused``: the carrier refuses the company's contract."""
    if parcel.ended_at is not None:
        if parcel.next_ask_at is not None:
            return f"Consultamos uma última vez {_name_moment(parcel.next_ask_at, now)}."
        return _ENDINGS.get(parcel.end_reason, "")
    if is_refused:
        return "As consultas esperam o contrato com a transportadora ser corrigido."
    if parcel.takes_word:
        if parcel.tracker:
            return "Sem contrato com a transportadora, o estado vem da situação no Tiny."
        if not parcel.carrier_key:
            return "Até alguém dizer qual é a transportadora, o estado vem da situação no Tiny."
        return "Esta transportadora não responde a sistemas: o estado vem da situação no Tiny."
    if parcel.next_ask_at is None:
        return ""
    when = _name_moment(parcel.next_ask_at, now)
    if not parcel.carrier_key:
        return f"Procuramos pela nota fiscal na rede SSW, e o estado vem da situação no Tiny. De novo {when}."
    if parcel.failing_code:
        return f"A última consulta não deu certo. Consultamos de novo {when}."
    if parcel.asked_at is not None and parcel.state == ParcelState.PENDING:
        return f"A transportadora ainda não sabe deste pacote. Consultamos de novo {when}."
    return f"Consultamos de novo {when}."


def _name_moment(at: dt.datetime, now: dt.datetime) -> str:
    if at <= now + dt.timedelta(minutes=1):
        return "agora"
    local, today = at.astimezone(SAO_PAULO), now.astimezone(SAO_PAULO).date()
    if local.date() == today:
        return f"às {local:%H:%M}"
    if local.date() == today + dt.timedelta(days=1):
        return f"amanhã às {local:%H:%M}"
    return f"em {local:%d/%m} às {local:%H:%M}"
