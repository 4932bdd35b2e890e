"""Products in the shapes of Tiny's API v3, with invented values. Each call makes a new one."""

from __future__ import annotations

from typing import Any


def product_row(**changes: Any) -> dict[str, Any]:
    return {
        "id": 441309693,
        "sku": "CMS-AZUL-M",
        "descricao": "Camisa Azul - M",
        "tipo": "S",
        "situacao": "A",
        "dataCriacao": "2026-02-01 09:00:00",
        "dataAlteracao": "2026-08-25 10:00:00",
        "unidade": "UN",
        "gtin": "7891234567895",
        "precos": {"preco": 50.25, "precoPromocional": 0, "precoCusto": 20, "precoCustoMedio": 20.5},
        "estoque": {"localizacao": "A-12"},
        "tipoVariacao": "N",
        **changes,
    }


def product_detail(**changes: Any) -> dict[str, Any]:
    row = product_row()
    return {
        **{name: value for name, value in row.items() if not name.startswith("data")},
        "descricaoComplementar": "<p>Descrição</p>",
        "produtoPai": None,
        "unidadePorCaixa": "12",
        "ncm": "6105.10.00",
        "origem": "0",
        "garantia": "3 meses",
        "observacoes": "",
        "categoria": {"id": 71, "nome": "Camisas", "caminhoCompleto": "Roupas >> Camisas"},
        "marca": {"id": 81, "nome": "Serra Alta"},
        "dimensoes": {
            "embalagem": {"id": None, "tipo": 2, "descricao": "Pacote / Caixa"},
            "largura": 15,
            "altura": 5.5,
            "comprimento": 20,
            "diametro": 0,
            "pesoLiquido": 0.2,
            "pesoBruto": 0.253,
            "quantidadeVolumes": 1,
        },
        "estoque": {
            "controlar": True,
            "sobEncomenda": False,
            "diasPreparacao": 0,
            "localizacao": "A-12",
            "minimo": 2,
            "maximo": 0,
            "quantidade": 10,
        },
        "fornecedores": [{"id": 61, "nome": "Malharia Exemplo", "codigoProdutoNoFornecedor": "M-1"}],
        "seo": {
            "titulo": "Camisa",
            "descricao": "",
            "keywords": ["camisa", "azul"],
            "linkVideo": "",
            "slug": "camisa-azul",
        },
        "tributacao": {"gtinEmbalagem": "", "valorIPIFixo": 0, "classeIPI": ""},
        "anexos": [
            {"url": "https://cdn.example.com/45221.jpg", "externo": False},
            {"url": "https://cdn.example.com/45222.png", "externo": True},
        ],
        "variacoes": [],
        "kit": [],
        "producao": {"produtos": [], "etapas": []},
        "codigoListaServicos": "",
        **changes,
    }


def part(number: int, quantity: Any, sku: str = "") -> dict[str, Any]:
    name = f"Parte {number}"
    return {"produto": {"id": number, "sku": sku, "descricao": name, "tipo": "P"}, "quantidade": quantity}


def variation(number: int, grade: Any) -> dict[str, Any]:
    return {
        "id": number,
        "descricao": "Camisa Azul",
        "sku": f"CMS-{number}",
        "gtin": "",
        "precos": {"preco": 50.25, "precoPromocional": 0},
        "estoque": {"quantidade": 1},
        "grade": grade,
    }


def stock(**changes: Any) -> dict[str, Any]:
    return {
        "id": 441309693,
        "nome": "Camisa Azul - M",
        "codigo": "CMS-AZUL-M",
        "unidade": "UN",
        "saldo": 10,
        "reservado": 3,
        "disponivel": 7,
        "localizacao": "",
        "depositos": [
            {
                "id": 1,
                "nome": "Geral",
                "desconsiderar": False,
                "saldo": 7.5,
                "reservado": 3,
                "disponivel": 4.5,
                "empresa": "12345678000195",
            },
            {
                "id": 2,
                "nome": "Avarias ",
                "desconsiderar": True,
                "saldo": -2,
                "reservado": 0,
                "disponivel": -2,
                "empresa": "12345678000195",
            },
        ],
        **changes,
    }
