"""What of a product is written by Tiny's API v2, in the words of its requests; pure functions.

An answer says ``alturaEmbalagem`` where a request says ``altura_embalagem``, and has ``seo`` spread out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from contracts.records import ProductState
from tiny.product_records import CATEGORY_SEPARATOR, STATE_LETTERS
from tiny.v2.shapes import read_rows
from tiny.values import read_object, read_text

_NAMES: Mapping[str, str] = {
    "sku": "codigo",
    "name": "nome",
    "description": "descricao_complementar",
    "state": "situacao",
    "brand": "marca",
    "category": "categoria",
    "ncm": "ncm",
    "gtin": "gtin",
    "unit": "unidade",
    "price": "preco",
    "promotional_price": "preco_promocional",
    "net_weight": "peso_liquido",
    "gross_weight": "peso_bruto",
    "height": "altura_embalagem",
    "width": "largura_embalagem",
    "length": "comprimento_embalagem",
}
# What Tiny asks for in every new product, as its own form begins.
_NEW: Mapping[str, str] = {"unidade": "UN", "origem": "0", "situacao": "A", "tipo": "P"}
# What Tiny alone decides.
_TOLD_ONLY = frozenset({"id", "data_criacao", "preco_custo_medio", "tipo_variacao", "id_produto_pai"})
_SEO = frozenset({"seo_title", "seo_keywords", "seo_description", "link_video", "slug"})
_WRAPPERS: Mapping[str, str] = {
    "variacoes": "variacao",
    "kit": "item",
    "anexos": "anexo",
    "imagens_externas": "imagem_externa",
}
# Answers say 0 for «none» where a request takes no 0.
_NEVER_ZERO = frozenset({"tipo_embalagem", "id_fornecedor"})
_ZEROES = frozenset({"", "0"})


def to_product(changes: Mapping[str, Any]) -> dict[str, Any]:
    """``changes`` by the names of a ``ProductDraft``."""
    return {_NAMES[name]: _to_wire(value) for name, value in changes.items()}


def to_new_product(changes: Mapping[str, Any]) -> dict[str, Any]:
    return {**_NEW, **to_product(changes)}


def merge(product: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """``produto`` of ``produto.obter`` as a request, with ``changes`` of ``to_product`` laid over it."""
    merged: dict[str, Any] = {}
    seo: dict[str, Any] = dict(read_object(product.get("seo")))
    for told, value in product.items():
        name = re.sub(r"(?<=[a-z])([A-Z])", r"_\1", told).lower()
        if value is None or name in _TOLD_ONLY or name == "seo":
            continue
        if name in _WRAPPERS:
            merged[name] = [_wrap(row, _WRAPPERS[name]) for row in read_rows(value, _WRAPPERS[name])]
        elif name in _SEO:
            seo[name] = value
        elif name not in _NEVER_ZERO or read_text(value) not in _ZEROES:
            merged[name] = value
    return {**merged, **({"seo": seo} if seo else {}), **changes}


def _to_wire(value: Any) -> Any:
    if isinstance(value, ProductState):
        return STATE_LETTERS[value]
    return f" {CATEGORY_SEPARATOR} ".join(value) if isinstance(value, tuple) else value


def _wrap(row: Any, wrapper: str) -> Any:
    return row if isinstance(row, dict) and wrapper in row else {wrapper: row}
