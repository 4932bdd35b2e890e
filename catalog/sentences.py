"""What the panel says about products: one place for each sentence, and for each value."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from catalog.models import ChangeSource, ProductStatus
from catalog.values import FIELDS
from contracts.records import ProductKind
from history.timeline import Sentence
from ui.formats import format_brl, format_quantity

HISTORY: Mapping[str, Sentence] = {
    "product.imported": Sentence("Importado do Tiny", "SKU {sku}.", icon="box", how="leitura dos produtos"),
    "product.created_here": Sentence("Criado aqui", "{details}", icon="plus", tone="ok"),
    "product.changed_here": Sentence("Alterado aqui: {fields}", "{details}", icon="gear", tone="info"),
    "product.updated": Sentence(
        "Atualizado pelo Tiny: {fields}", "{details}", icon="refresh", tone="info", how="leitura dos produtos"
    ),
    "product.notified": Sentence(
        "Atualizado pelo Tiny: {fields}", "{details}", icon="refresh", tone="info", how="notificação do Tiny"
    ),
    "product.told": Sentence(
        "Avisado pelo Tiny: {fields}",
        "{details}. Já vale aqui; conferimos assim que der para consultar o Tiny.",
        icon="clock",
        tone="info",
        how="notificação do Tiny",
    ),
    "product.kept": Sentence(
        "Mantido aqui: {fields}",
        "Mudou no Tiny, e os critérios mantêm o que está aqui. {details}",
        icon="info",
        how="leitura dos produtos",
    ),
    "product.sku_changed": Sentence(
        "O SKU mudou no Tiny",
        "Lá era {before}, agora é {after}. O SKU daqui não muda: ele identifica o produto para você.",
        icon="swap",
        tone="warn",
        how="leitura dos produtos",
    ),
    "product.deleted_at_erp": Sentence(
        "Excluído no Tiny",
        "O produto continua aqui com o que já sabíamos dele, e não é mais oferecido.",
        icon="alert",
        tone="warn",
    ),
    "product.details_unreadable": Sentence(
        "Não conseguimos ler este produto no Tiny",
        "O que já estava aqui não mudou. Tentamos de novo quando ele mudar no Tiny.",
        icon="alert",
        tone="warn",
    ),
    "product.change_held": Sentence(
        "Mudança retida: {field}", "{details}. {why}", icon="pause", tone="warn", how="disjuntor"
    ),
    "product.stock_put_back": Sentence(
        "Estoque devolvido, e a mudança retida",
        "{details} tinha chegado na última hora. {why}",
        icon="pause",
        tone="warn",
        how="disjuntor",
    ),
    "product.held_withdrawn": Sentence(
        "Retenção desfeita sozinha: {field}",
        "O Tiny foi lido de novo, e o que ele diz agora não precisa esperar.",
        icon="check",
        tone="ok",
        how="disjuntor",
    ),
    "product.held_accepted": Sentence("Aceita a mudança retida: {field}", "{details}.", icon="check"),
    "product.held_refused": Sentence(
        "Recusada a mudança retida: {field}",
        "{details} fica fora daqui até o Tiny dizer outro valor.",
        icon="x",
    ),
    "product.linked": Sentence("Vinculado ao produto {sku} do Tiny", "Os SKUs são iguais.", icon="link"),
    "product.linked_by_person": Sentence("Vinculado ao produto {sku} do Tiny", icon="link", tone="ok"),
    "product.unlinked": Sentence(
        "Desvinculado do produto {sku} do Tiny",
        "Os valores ficaram como estavam e não seguem mais o Tiny.",
        icon="link",
        tone="warn",
    ),
    "product.sent_new": Sentence(
        "Criado no Tiny", "Identificador no Tiny: {external_id}.", icon="swap", tone="ok"
    ),
    "product.sent": Sentence("Enviado ao Tiny: {sent}", icon="swap", tone="ok"),
    "product.sending_kept": Sentence(
        "Não enviado ao Tiny: {kept}",
        "Os critérios, ou a lista de preços escolhida, mantêm o que está no Tiny.",
        icon="info",
    ),
    "product.not_sent": Sentence(
        "A mudança daqui não foi enviada ao Tiny",
        "O envio foi desligado, ou o produto foi excluído no Tiny. O produto volta a seguir o Tiny.",
        icon="alert",
        tone="warn",
    ),
    "product.not_taken": Sentence(
        "O Tiny não aceitou: {not_taken}",
        "Lá continua o valor do Tiny, e ele volta para cá. Se precisar, mude no Tiny.",
        icon="alert",
        tone="warn",
    ),
}

# Why the criteria left a product of the ERP out.
PASSED_OVER: Mapping[str, str] = {
    "product.inactive": "inativo no Tiny",
    "product.without_sku": "sem SKU no Tiny",
    "product.unlinked": "desvinculado por alguém",
}

# Why a change is held, by ``catalog.safety``: what the list of kinds says, and the sentence.
HELD: Mapping[str, tuple[str, str]] = {
    "held.many_zeroed": (
        "Muitas zeragens",
        "Mais de {limit}% dos SKUs com estoque que o Tiny informou em uma hora vieram zerados, o que costuma "
        "ser falha e não venda.",
    ),
    "held.reserved_lost": (
        "Reservas sumiram",
        "Mais da metade dos SKUs com reserva ficou sem nenhuma em uma hora, o que costuma ser o saldo "
        "físico no lugar do disponível.",
    ),
    "held.after_failure": (
        "Logo depois de falha",
        "A resposta anterior do Tiny veio com falha, e esta mudança veio logo depois. Lemos de novo "
        "sozinhos.",
    ),
    "held.price_moved": ("Preço mudou muito", "O preço mudou {percent}%, e o limite é {limit}%."),
    "held.price_lost": ("Preço sumiu", "O preço veio zerado ou de um centavo."),
}

KINDS: Mapping[str, str] = {
    ProductKind.SIMPLE: "Simples",
    ProductKind.PARENT: "Com variações",
    ProductKind.VARIATION: "Variação",
    ProductKind.KIT: "Kit",
    ProductKind.MANUFACTURED: "Fabricado",
    ProductKind.MATERIAL: "Matéria-prima",
}

# The words of each criterion; the first four are those of the ERP's own help page.
GUARDS: Mapping[str, str] = {
    "ignore_category": "Ignorar categorias",
    "keep_name": "Não atualizar nome ou descrição",
    "keep_status": "Não atualizar status (Ativo/Inativo)",
    "ignore_brand": "Ignorar fabricante ou marca",
    "keep_price": "Não atualizar preço",
    "keep_promotional_price": "Não atualizar preço promocional",
    "keep_stock": "Não atualizar estoque",
    "keep_images": "Não atualizar imagens",
    "keep_measures": "Não atualizar peso e dimensões",
    "keep_codes": "Não atualizar NCM e GTIN",
}

SOURCES: Mapping[str, str] = {
    ChangeSource.IMPORT: "importação",
    ChangeSource.POLL: "consulta periódica",
    ChangeSource.NOTIFICATION: "notificação do Tiny",
    ChangeSource.PERSON: "pessoa",
    ChangeSource.API: "API",
}

_MONEY = ("price", "promotional_price")
_UNITS = {"net_weight": "kg", "gross_weight": "kg", "height": "cm", "width": "cm", "length": "cm"}


def describe_value(name: str, value: Any) -> str:
    """A value of ``catalog.values.FIELDS`` as a person reads it; ``""`` for one that is empty or unknown."""
    if value in (None, "", []):
        return ""
    if name in _MONEY:
        return format_brl(value)
    if name == "status":
        return ProductStatus(value).label
    if name == "kind":
        return KINDS.get(value, str(value))
    if name == "category":
        return " > ".join(value)
    if name == "description":
        return plain_text(value)
    if name == "images":
        return f"{len(value)} {'imagem' if len(value) == 1 else 'imagens'}"
    if name == "attributes":
        return ", ".join(f"{label}: {text}" for label, text in value)
    if name == "components":
        return ", ".join(
            f"{format_quantity(Decimal(part['quantity']))} × {part['sku'] or part['name']}" for part in value
        )
    if FIELDS[name].is_decimal:
        unit = _UNITS.get(name, "")
        return f"{format_quantity(value)} {unit}".strip()
    return str(value)


def describe_held(code: str, params: Mapping[str, Any]) -> str:
    """Why a change is held, as a sentence."""
    return HELD[code][1].format_map(params) if code in HELD else ""


def plain_text(markup: str) -> str:
    """The words of sanitised HTML, on one line."""
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", markup))).strip()
