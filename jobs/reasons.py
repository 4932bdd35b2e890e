"""What the panel says about a parked job when the failure is not the ERP's to explain.

A reason is a code and parameters; the sentence is made when it is shown.
"""

from __future__ import annotations

from collections.abc import Mapping

from contracts.records import Explanation

BUG = "us.bug"
CRASHED = "us.crashed"
DATABASE_AWAY = "us.database_away"


def explain(code: str, params: Mapping[str, str]) -> Explanation:
    """The sentence of ``code``; for a code that nobody explains, an honest general one that names it."""
    if code == BUG:
        return Explanation(
            title="Erro do nosso lado",
            detail="Algo falhou no Entreposto e nada foi perdido. A nossa equipe vê este erro"
            f"{_support(params)}; depois da correção, ele volta a andar. Você também pode tentar de novo.",
            owner="us",
            action="retry",
        )
    if code == CRASHED:
        return Explanation(
            title="Interrompido várias vezes",
            detail="Este trabalho foi interrompido três vezes antes de terminar. Nada foi perdido: paramos de"
            " repetir para não atrasar os outros, e a nossa equipe vê este erro. Você pode tentar de novo.",
            owner="us",
            action="retry",
        )
    if code == DATABASE_AWAY:
        return Explanation(
            title="Conexão interna interrompida",
            detail="O nosso banco de dados ficou fora do ar por um instante. Tentamos de novo sozinhos.",
            owner="us",
        )
    if code in _HTTP_TITLES:
        return Explanation(
            title=_HTTP_TITLES[code],
            detail="O ERP não respondeu como esperado. Tentamos de novo sozinhos, com intervalos maiores.",
            owner="erp",
        )
    return Explanation(
        title="Não foi possível concluir",
        detail=f"O trabalho parou com o código {code}. Tente de novo; se o erro voltar,"
        " fale com a nossa equipe.",
        owner="us",
        action="retry",
    )


_HTTP_TITLES: Mapping[str, str] = {
    "http.timeout": "O ERP demorou demais para responder",
    "http.unreachable": "O ERP está fora do ar",
    "http.interrupted": "A resposta do ERP veio pela metade",
}


def _support(params: Mapping[str, str]) -> str:
    return f" (código de suporte {params['support_code']})" if params.get("support_code") else ""
