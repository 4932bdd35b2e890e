"""What an order's history says: one place for each sentence."""

from __future__ import annotations

from collections.abc import Mapping

from history.timeline import Sentence

_POLL = "consulta periódica"

HISTORY: Mapping[str, Sentence] = {
    "order.imported": Sentence(
        "Importado do Tiny",
        "No Tiny: {situation}. Entrou aqui como {status}.",
        icon="cart",
        how=_POLL,
    ),
    "order.status_changed": Sentence(
        "Status mudou para {status}",
        "No Tiny: {situation}. De-para aplicado: {situation} → {status}.",
        icon="swap",
        tone="info",
        how=_POLL,
    ),
    "order.status_confirmed": Sentence(
        "Situação no Tiny: {situation}", "O status já era {status}.", icon="swap", how=_POLL
    ),
    "order.status_kept": Sentence(
        "Situação no Tiny: {situation}",
        "O de-para desta situação é Não alterar: o status continua {status}.",
        icon="swap",
        how=_POLL,
    ),
    "order.status_kept_unknown": Sentence(
        "Situação nova no Tiny: {situation}",
        "Ainda não conhecemos esta situação: o status continua {status}, e nossa equipe vê este aviso.",
        icon="alert",
        tone="warn",
        how=_POLL,
    ),
    "order.return_flagged": Sentence(
        "Em devolução",
        "No Tiny: {situation}. O pedido foi marcado como devolução; o status continua {status}.",
        icon="swap",
        tone="warn",
        how=_POLL,
    ),
    "order.total_changed": Sentence(
        "Valor total mudou no Tiny", "De {before} para {after}.", icon="doc", how=_POLL
    ),
    "order.document_invalid": Sentence(
        "CPF/CNPJ do cliente não confere",
        "Os dígitos verificadores não batem no Tiny. O pedido segue; corrija o cadastro no Tiny.",
        icon="alert",
        tone="warn",
        how=_POLL,
    ),
    "order.invoice_received": Sentence(
        "Nota fiscal {number} recebida",
        "Chave de acesso guardada no pedido.",
        icon="doc",
        tone="ok",
        how=_POLL,
    ),
    "order.invoice_pending": Sentence(
        "Nota fiscal {number} ainda não autorizada",
        "Conferimos de novo a cada consulta, sem precisar de você.",
        icon="doc",
        how=_POLL,
    ),
    "order.invoice_cancelled": Sentence(
        "Nota fiscal {number} cancelada", "Cancelada no Tiny.", icon="doc", tone="warn", how=_POLL
    ),
    "order.invoice_denied": Sentence(
        "Nota fiscal {number} denegada",
        "A SEFAZ denegou a nota. Veja o motivo no Tiny.",
        icon="doc",
        tone="err",
        how=_POLL,
    ),
    "order.invoice_given_up": Sentence(
        "Paramos de procurar a nota fiscal",
        "Em {days} dias o Tiny não mostrou nota para este pedido. "
        "Se ela for emitida, abra este pedido: conferimos na hora.",
        icon="doc",
        tone="warn",
        how=_POLL,
    ),
    "order.tracking_received": Sentence(
        "Código de rastreio recebido: {code}", "{method}", icon="truck", tone="info", how=_POLL
    ),
    "order.shipping_changed": Sentence("Forma de envio mudou", "{method}", icon="truck", how=_POLL),
    "order.deleted_at_erp": Sentence(
        "Este pedido foi excluído no Tiny",
        "Mantemos aqui o que sabíamos dele. Se ele voltar ao Tiny, volta a ser acompanhado.",
        icon="alert",
        tone="warn",
    ),
    "order.back_at_erp": Sentence(
        "O pedido voltou ao Tiny", "Voltou a ser acompanhado.", icon="refresh", how=_POLL
    ),
}

PASSED_OVER: Mapping[str, str] = {
    "order.situation_not_chosen": "em situações que você não marcou para importar",
    "order.situation_unknown": "em uma situação do Tiny que ainda não conhecemos",
    "orders.row_unreadable": "com dados que não conseguimos ler",
}
