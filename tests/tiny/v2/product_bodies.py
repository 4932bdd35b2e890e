"""Products in the shapes of Tiny's API v2, with invented values. Each call makes a new one."""

from __future__ import annotations

from typing import Any

from tests.tiny.v2.bodies import answer


def product_row(**changes: Any) -> dict[str, Any]:
    return {
        "id": "441309690",
        "data_criacao": "01/02/2026 09:00:00",
        "nome": "Camisa Azul",
        "codigo": "CMS-AZUL",
        "preco": 50.25,
        "preco_promocional": 0,
        "unidade": "UN",
        "gtin": "7891234567895",
        "tipoVariacao": "N",
        "localizacao": "A-12",
        "preco_custo": 20,
        "preco_custo_medio": 20.5,
        "situacao": "A",
        **changes,
    }


def product(**changes: Any) -> dict[str, Any]:
    return {
        **product_row(),
        "preco": "50.2500000000",
        "preco_promocional": "0.00",
        "ncm": "6105.10.00",
        "origem": "0",
        "gtin_embalagem": "",
        "peso_liquido": 0.2,
        "peso_bruto": "0.2530",
        "estoque_minimo": 2,
        "estoque_maximo": 0,
        "id_fornecedor": 0,
        "codigo_fornecedor": "",
        "codigo_pelo_fornecedor": "",
        "unidade_por_caixa": "12",
        "tipo": "P",
        "classe_ipi": "",
        "valor_ipi_fixo": "0",
        "cod_lista_servicos": None,
        "descricao_complementar": "<p>Descrição</p>",
        "obs": "",
        "garantia": "3 meses",
        "cest": "28.038.00",
        "variacoes": [],
        "idProdutoPai": "0",
        "sob_encomenda": "N",
        "dias_preparacao": "0",
        "marca": "Serra Alta",
        "tipoEmbalagem": "2",
        "alturaEmbalagem": "5.50",
        "comprimentoEmbalagem": "20.00",
        "larguraEmbalagem": "15.00",
        "diametroEmbalagem": "0.00",
        "categoria": "Roupas >> Camisas",
        "anexos": [{"anexo": "https://cdn.example.com/45221.jpg"}],
        "imagens_externas": [{"imagem_externa": {"url": "https://cdn.example.com/45222.png"}}],
        "classe_produto": "S",
        "seo_title": "Camisa",
        "seo_keywords": "camisa,azul",
        "link_video": "",
        "seo_description": "",
        "slug": "camisa-azul",
        **changes,
    }


def products(*rows: Any, page: int = 1, pages: int = 1) -> dict[str, Any]:
    wrapped = [{"produto": row} for row in rows]
    return answer(pagina=str(page), numero_paginas=str(pages), produtos=wrapped)


def variation(number: int, grade: Any) -> dict[str, Any]:
    return {"id": str(number), "codigo": f"CMS-{number}", "preco": "50.2500000000", "grade": grade}


def stock(**changes: Any) -> dict[str, Any]:
    return {
        "id": "441309693",
        "codigo": "CMS-AZUL-M",
        "nome": "Camisa Azul - M",
        "unidade": "UN",
        "saldo": 10,
        "saldoReservado": 3,
        "depositos": [
            {"deposito": {"nome": "Geral", "desconsiderar": "N", "saldo": 7, "empresa": "Loja"}},
            {"deposito": {"nome": " Avarias", "desconsiderar": "S", "saldo": "3.5", "empresa": "Loja"}},
        ],
        **changes,
    }


def made(number: Any) -> dict[str, Any]:
    """What ``produto.incluir`` and ``produto.alterar`` answer."""
    record = {"sequencia": "1", "status": "OK", "id": number}
    return answer(registros=[{"registro": record}])
