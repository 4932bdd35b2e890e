"""What the panel says about a failure at a carrier: what happened, what happens by itself, which button."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from contracts.records import Explanation

_ALONE = "Perguntamos de novo sozinhos, e nada se perde."

# Values of ``params`` and the tracker's ``name`` are filled in; one that is missing becomes «?».
_WAY: Mapping[str, Explanation] = {
    "http.timeout": Explanation(
        "{name}: a resposta demorou demais", f"O serviço de rastreamento está lento agora. {_ALONE}", "erp"
    ),
    "http.unreachable": Explanation(
        "{name}: o endereço não respondeu",
        f"Não conseguimos falar com o serviço. O problema está fora do seu cadastro. {_ALONE}",
        "erp",
    ),
    "http.interrupted": Explanation(
        "{name}: a resposta veio pela metade", f"A conexão caiu no meio da resposta. {_ALONE}", "erp"
    ),
    "http.too_large": Explanation(
        "{name}: a resposta é grande demais",
        "Ela passa do tamanho que aceitamos por segurança. A nossa equipe precisa ver este caso.",
        "us",
        "retry",
    ),
    "unstable": Explanation(
        "{name}: o rastreamento está instável",
        f"O serviço respondeu com um erro dele ({{status}}). {_ALONE}",
        "erp",
    ),
    "unreadable_answer": Explanation(
        "{name}: o rastreamento está instável",
        f"O serviço mandou uma página no lugar dos dados. {_ALONE}",
        "erp",
    ),
    "rate_limited": Explanation(
        "{name}: limite de consultas",
        "O serviço pediu uma pausa. Perguntamos de novo em {seconds} s, sem precisar de você.",
        "limit",
    ),
    "unexpected_answer": Explanation(
        "{name}: resposta em formato desconhecido",
        "Não conseguimos entender a resposta e não vamos adivinhar. A nossa equipe precisa ver este caso.",
        "us",
        "retry",
    ),
    "permission_missing": Explanation(
        "{name}: acesso ao rastreamento não liberado",
        "O acesso foi recusado ({status}). Nada se perde, e o rastreamento continua assim que for liberado.",
        "erp",
    ),
}

_CORREIOS: Mapping[str, Explanation] = {
    "permission_missing": Explanation(
        "Seu contrato com os Correios não libera o rastreamento",
        "Os Correios aceitaram o acesso, mas não para rastrear objetos. Peça ao seu gerente comercial dos"
        " Correios o acesso à API Rastro para este cartão de postagem e depois teste de novo.",
        "you",
        "edit_credentials",
    ),
    "credentials_refused": Explanation(
        "Os Correios não aceitaram o usuário e o código de acesso",
        "Confira o usuário e gere um novo código de acesso em Correios Web Services > Gestão de acesso"
        " a APIs. O rastreamento continua de onde parou assim que o contrato for corrigido.",
        "you",
        "edit_credentials",
    ),
    "card_refused": Explanation(
        "Os Correios não aceitaram o cartão de postagem",
        "Confira os dez dígitos do cartão e se ele é do mesmo contrato que o usuário."
        " O rastreamento continua de onde parou assim que o contrato for corrigido.",
        "you",
        "edit_credentials",
    ),
    "access_refused": Explanation(
        "Os Correios recusaram o acesso",
        "O contrato abriu o acesso e mesmo assim a consulta foi recusada. Confira se o código de acesso"
        " ainda vale. O rastreamento continua de onde parou assim que o contrato for corrigido.",
        "you",
        "edit_credentials",
    ),
}


_SSW: Mapping[str, Explanation] = {
    "permission_missing": Explanation(
        "O SSW recusou as consultas",
        "A recusa ({status}) vale para todas as lojas, e não há nada a corrigir no seu cadastro."
        " Perguntamos de novo sozinhos a cada quarto de hora, e nada se perde.",
        "erp",
    ),
}

_OWN: Mapping[str, Mapping[str, Explanation]] = {"correios": _CORREIOS, "ssw": _SSW}


def explain(tracker_key: str, name: str, code: str, params: Mapping[str, str]) -> Explanation | None:
    """``None`` for a code that is none of a tracker's."""
    reason = code.removeprefix(f"{tracker_key}.")
    own = _OWN.get(tracker_key, {})
    template = own.get(reason) or _WAY.get(reason)
    if template is None:
        return None
    filled = defaultdict(lambda: "?", {**params, "name": name})
    return Explanation(
        template.title.format_map(filled),
        template.detail.format_map(filled),
        template.owner,
        template.action,
    )
