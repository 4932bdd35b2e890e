"""What an order's history says: one place for each sentence."""

from __future__ import annotations

from collections.abc import Mapping

from customers.sentences import OUTSIDE
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
    "order.status_applied": Sentence(
        "Status mudou para {status}",
        "Mapeamento de status aplicado aos pedidos em aberto: no Tiny, {situation}.",
        icon="swap",
        tone="info",
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
    "order.joined": Sentence(
        "Este pedido é também o pedido {number}",
        "O Tiny o mostrou antes de sabermos que era este, e ele entrou como outro. Juntamos os dois aqui.",
        icon="swap",
    ),
    "order.situation_kept": Sentence(
        "Situação no Tiny mantida: {situation}",
        "O pedido passou aqui para {status}; no Tiny, {situation} já vem depois disso. Nada foi mudado lá.",
        icon="swap",
    ),
    "order.status_kept_ahead": Sentence(
        "Situação no Tiny: {situation}",
        "Mantido: o pedido já está em {status}, e daí esta situação não o leva de volta.",
        icon="swap",
        how=_POLL,
    ),
    "order.status_kept_unknown": Sentence(
        "Situação nova no Tiny: {situation}",
        "Ela ainda não tem regra no Mapeamento de status: o status continua {status} até alguém dar uma.",
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
    "order.return_applied": Sentence(
        "Em devolução",
        "Mapeamento de status aplicado aos pedidos em aberto: no Tiny, {situation}.",
        icon="swap",
        tone="warn",
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
    "order.tracking_typed": Sentence(
        "Código de rastreio informado aqui: {code}",
        "Já acompanhamos por aqui, e o código vai sozinho para o pedido no Tiny.",
        icon="truck",
        tone="info",
    ),
    "order.tracking_sent": Sentence("Código de rastreio enviado ao Tiny", "{code}", icon="truck", tone="ok"),
    "order.tracking_already_there": Sentence(
        "O Tiny já tem este código de rastreio", "{code}", icon="truck", tone="ok"
    ),
    "order.carriage_in_transit": Sentence(
        "Status mudou para {status}", "{carrier}: {text}", icon="truck", tone="info", how="rastreio"
    ),
    "order.carriage_delivered": Sentence(
        "Pedido entregue", "{carrier}: {text}", icon="truck", tone="ok", how="rastreio"
    ),
    "order.carriage_not_delivered": Sentence(
        "Status mudou para {status}", "{carrier}: {text}", icon="truck", tone="warn", how="rastreio"
    ),
    "order.carriage_returning": Sentence(
        "Em devolução",
        "{carrier}: {text}. O status continua {status}.",
        icon="truck",
        tone="warn",
        how="rastreio",
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
    "order.received": Sentence("Recebido de {channel}", "Entrou como {status}.", icon="cart", how="API"),
    "order.received_by_sheet": Sentence(
        "Recebido de {channel}", "Entrou como {status}.", icon="cart", how="planilha"
    ),
    "order.buyer_differs": Sentence(
        "O pedido traz outros dados do cliente: {fields}",
        "O cadastro do cliente ficou como estava. Veja os dois na parte Cliente.",
        icon="alert",
        tone="warn",
    ),
    "order.status_set": Sentence(
        "Status mudou de {former} para {status}", "{reason}", icon="swap", tone="info"
    ),
    "order.cancelled_here": Sentence("Pedido cancelado", "{reason}", icon="alert", tone="warn"),
    "order.return_set": Sentence("Em devolução", "O status não muda por isso.", icon="swap", tone="warn"),
    "order.return_unset": Sentence("Não está mais em devolução", icon="swap"),
    "order.changed_here": Sentence("Mudou aqui: {fields}", icon="gear"),
    "order.integration_chosen": Sentence("Integração escolhida: {integration}", icon="plug"),
    "order.forced": Sentence(
        "Enviar assim mesmo", "Vai para o Tiny apesar do status e dos critérios.", icon="swap"
    ),
    "order.offered_sent": Sentence(
        "Envio pedido para os que já estavam neste status", "Vai para o Tiny agora.", icon="swap"
    ),
    "order.sent": Sentence(
        "Enviado ao Tiny com o nº {number}", "No Tiny: {situation}.", icon="check", tone="ok"
    ),
    "order.sent_found": Sentence(
        "Já estava no Tiny com o nº {number}",
        "A resposta de um envio anterior não chegou. Conferimos pelo nosso código antes de enviar de novo.",
        icon="check",
        tone="ok",
    ),
    "order.sent_without_seller": Sentence(
        "Enviado sem o vendedor {what}", "O Tiny não tem este vendedor.", icon="alert", tone="warn"
    ),
    "order.not_taken": Sentence(
        "O Tiny não guardou: {fields}",
        "Enviamos, conferimos, e lá está diferente. Se precisar, mude no Tiny.",
        icon="alert",
        tone="warn",
    ),
    "order.change_sent": Sentence("Mudança enviada ao Tiny: {fields}", icon="swap", tone="ok"),
    "order.situation_sent": Sentence(
        "Situação no Tiny: {situation}",
        "Escrita por nós. De-para aplicado: {status} → {situation}.",
        icon="swap",
        tone="ok",
    ),
    "order.stock_stays_launched": Sentence(
        "Confira o estoque no Tiny",
        "O cancelamento não devolve o estoque que o Tiny já lançou: estorne o lançamento lá, se houver.",
        icon="alert",
        tone="warn",
    ),
    **{
        code: Sentence(
            f"Fora do critério: {text}", "Não foi enviado. Dá para enviar assim mesmo.", icon="info"
        )
        for code, text in OUTSIDE.items()
    },
    "forwarding.cancelled": Sentence("Não foi enviado ao Tiny", "Foi cancelado antes do envio.", icon="info"),
}

# Why an order that was placed here is, or is not, on its way to the ERP.
FORWARDING: Mapping[str, str] = {
    "forwarding.in_status": "Vai para o ERP porque ficou em {status}",
    "forwarding.forced": "Vai para o ERP porque uma pessoa pediu",
    "forwarding.awaits_status": "Será enviado quando ficar em {statuses}",
    "forwarding.skipped_statuses": "Chegou a {status} sem passar pelos status que são enviados",
    "forwarding.no_status_chosen": "Nenhum status está marcado para envio nesta integração",
    "forwarding.cancelled": "Foi cancelado antes do envio",
    "forwarding.no_integration": "Nenhum ERP está conectado",
    "forwarding.several_integrations": "Há mais de um ERP ({names}): escolha para qual ele vai",
    **{code: f"Fora do critério: {text}" for code, text in OUTSIDE.items()},
}


def describe_forwarding(code: str, params: Mapping[str, str]) -> str:
    """Why an order is, or is not, on its way."""
    return FORWARDING[code].format_map(params)


PASSED_OVER: Mapping[str, str] = {
    "order.situation_not_chosen": "em situações que você não marcou para importar",
    "order.situation_unknown": "em uma situação do Tiny que ainda não conhecemos",
    "orders.row_unreadable": "com dados que não conseguimos ler",
    "order.waits_for_export": "que podem ser um envio nosso ainda sem resposta",
}
