"""Why a notification was not taken over, and what happens next: one place for each sentence."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace

from contracts.records import Explanation
from history.timeline import Sentence
from integrations import registry

HISTORY: Mapping[str, Sentence] = {
    "receipt.replayed": Sentence("Reprocessamento pedido", icon="refresh", tone="info"),
    "receipt.ignored": Sentence("Ignorada", icon="pause"),
    "receipt.body_taken": Sentence("Conteúdo baixado", "Sem esconder nada do texto.", icon="dl"),
}

REASONS: Mapping[str, Explanation] = {
    "webhook.probe": Explanation(
        "Teste da URL",
        "Chegou vazia: é assim que o Tiny confere a URL quando alguém salva o campo. Nada a fazer.",
        owner="erp",
    ),
    "webhook.other_account": Explanation(
        "Veio de outra conta do Tiny",
        "O CNPJ da notificação ({document}) não é o desta integração, e nada dela foi usado. Se a URL foi"
        " colada na conta errada, tire-a de lá; se a integração é que está errada, confira a conexão.",
        owner="you",
        action="retry",
    ),
    "webhook.other_integrator": Explanation(
        "Veio de outra integração do Tiny",
        "O Identificador da notificação ({integrator_id}) não é o desta integração, e nada dela foi usado."
        " Confira no Tiny em qual integração a URL foi colada, ou corrija o Identificador na conexão e clique"
        " em Reprocessar.",
        owner="you",
        action="retry",
    ),
    "webhook.ours": Explanation(
        "Erro do nosso lado",
        "Não conseguimos processar esta notificação. Ela está guardada inteira e a nossa equipe vê este erro;"
        " depois da correção, clique em Reprocessar.",
        owner="us",
        action="retry",
    ),
    "webhook.subject_too_long": Explanation(
        "Não dá para saber de que ela fala",
        "O identificador que veio é longo demais para ser do Tiny, e nada foi usado. A notificação está"
        " guardada inteira.",
        owner="erp",
    ),
    "webhook.product_unknown": Explanation(
        "O SKU {sku} não é de nenhum produto daqui",
        "Vincule o produto em Produtos, no de-para, ou cadastre-o no Tiny: a notificação é processada sozinha"
        " assim que o SKU for conhecido. Ou clique em Reprocessar.",
        owner="you",
        action="retry",
    ),
    "webhook.product_unlinked": Explanation(
        "O produto do Tiny não está vinculado a um produto daqui",
        "O que o Tiny disse está guardado e passa a valer quando você vincular o produto, em Produtos.",
        owner="you",
    ),
    "webhook.product_left_out": Explanation(
        "Os critérios deixam este produto de fora",
        "Motivo: {reason}. Se ele deve vir, mude os critérios de produtos da integração e clique em"
        " Reprocessar.",
        owner="you",
        action="retry",
    ),
    "webhook.gone": Explanation(
        "Não existe mais no Tiny",
        "Quando fomos conferir, o Tiny já não tinha o que a notificação anuncia, e aqui ele nunca existiu."
        " Nada a fazer.",
        owner="erp",
    ),
    "webhook.order_unknown": Explanation(
        "O pedido {number} do marketplace não é conhecido aqui",
        "A notificação só diz o número do marketplace, e nenhum pedido desta integração o tem. A consulta"
        " periódica o traz se ele for seu; depois, clique em Reprocessar.",
        owner="you",
        action="retry",
    ),
    "webhook.invoice_unknown": Explanation(
        "A nota {number} não é de nenhum pedido daqui",
        "Nenhum pedido desta integração tem esta nota. Se o pedido chegar depois, a nota vem com ele.",
        owner="erp",
    ),
    "webhook.order_left_out": Explanation(
        "O pedido não é importado",
        "Motivo: {reason}. Se ele deve vir, mude o mapeamento de status da integração e clique em"
        " Reprocessar.",
        owner="you",
        action="retry",
    ),
    "webhook.change_held": Explanation(
        "A mudança espera por você",
        "O valor que o Tiny disse parece um engano e ainda não vale aqui. Confira o produto e decida: aceitar"
        " ou recusar.",
        owner="you",
    ),
}


def explain(code: str, params: Mapping[str, str], provider_key: str = "") -> Explanation:
    """The sentence of a receipt's reason: ours, or that of whoever refused it."""
    if code not in REASONS:
        return registry.explain(code, params, provider_key)
    template, filled = REASONS[code], defaultdict(str, params)
    return replace(
        template, title=template.title.format_map(filled), detail=template.detail.format_map(filled)
    )
