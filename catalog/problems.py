"""What is wrong with a product of the ERP, and what cures it: a pure function and its sentences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from contracts.records import ProductKind

# Sellers who must type a price type one of these.
NO_PRICE = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Problem:
    """``title`` says what is wrong, ``fix`` what the person does; the product stays here either way."""

    title: str
    fix: str


PROBLEMS: Mapping[str, Problem] = {
    "sku_missing": Problem(
        "Sem SKU no Tiny",
        "Preencha o código (SKU) no Tiny: ele entra sozinho na próxima leitura. "
        "Ou vincule aqui a um produto seu.",
    ),
    "sku_duplicate": Problem(
        "SKU repetido no Tiny",
        "Mais de um produto do Tiny tem este SKU, e não adivinhamos qual vale. Corrija no Tiny, "
        "ou escolha aqui a qual produto vincular.",
    ),
    "row_unreadable": Problem(
        "Com dados que não conseguimos ler",
        "Confira o cadastro no Tiny. Quando ele mudar, lemos de novo sozinhos.",
    ),
    "parent_without_variations": Problem(
        "Produto com variações, mas nenhuma cadastrada",
        "Cadastre as variações no Tiny, ou mude o tipo para Simples.",
    ),
    "sku_taken": Problem(
        "O SKU já é de outro produto do Tiny",
        "Aqui, o produto com este SKU está vinculado a outro produto do Tiny. Escolha qual dos dois vale.",
    ),
    "stock_unknown": Problem(
        "O Tiny não disse o estoque",
        "Enquanto não soubermos, o estoque fica em branco, e não em zero. Lemos de novo sozinhos; "
        "se continuar, confira no Tiny o estoque, e nos critérios o depósito escolhido.",
    ),
    "price_missing": Problem(
        "Preço zerado ou de um centavo",
        "Preencha o preço no Tiny antes de vender: aqui ele fica como está lá.",
    ),
    "ncm_missing": Problem("Sem NCM", "Preencha o NCM no Tiny: sem ele a nota fiscal não sai."),
}


def find_problems(
    *,
    sku: str,
    is_duplicate: bool,
    is_taken: bool,
    kind: str,
    values: Mapping[str, Any],
    is_detailed: bool,
    has_variations: bool,
) -> list[str]:
    """Codes of ``PROBLEMS``, in their order. What only the single product tells counts once it was read."""
    is_parent = kind == ProductKind.PARENT
    price = values.get("price")
    found = {
        "sku_missing": not sku,
        "sku_duplicate": is_duplicate,
        "sku_taken": is_taken,
        "stock_unknown": not is_parent and is_detailed and values.get("stock") is None,
        "parent_without_variations": is_parent and is_detailed and not has_variations,
        "price_missing": not is_parent and (price is None or price <= NO_PRICE),
        "ncm_missing": is_detailed and not values.get("ncm"),
    }
    return [code for code in PROBLEMS if found.get(code)]
