"""Answers in the shapes of Tiny's API v2, with invented values. Each call makes a new one."""

from __future__ import annotations

from typing import Any

KEY = "35260712ABC34501DE35550010000123451123456788"
BLOCKED = "API Bloqueada - Excedido o número de acessos a API, aguarde alguns minutos e tente novamente"


def answer(**fields: Any) -> dict[str, Any]:
    return {"retorno": {"status_processamento": "3", "status": "OK", **fields}}


def refusal(code: Any = None, *texts: str, **fields: Any) -> dict[str, Any]:
    coded = {} if code is None else {"codigo_erro": code}
    errors = [{"erro": text} for text in texts]
    return {"retorno": {"status_processamento": 2, "status": "Erro", **coded, "erros": errors, **fields}}


def record_refusal(code: Any, text: str, status: str = "Erro") -> dict[str, Any]:
    """A batch whose only record is refused, as ``contato.incluir`` answers it."""
    record = {"sequencia": "1", "status": "Erro", "codigo_erro": code, "erros": [{"erro": text}]}
    return {
        "retorno": {"status_processamento": "2", "status": status, "registros": [{"registro": record}]},
    }


def order_row(**changes: Any) -> dict[str, Any]:
    return {
        "id": 912345678,
        "numero": 10421,
        "numero_ecommerce": "TRK-1001",
        "data_pedido": "18/09/2026",
        "data_prevista": "25/09/2026",
        "nome": "Maria Exemplo",
        "valor": "161.50",
        "id_vendedor": "0",
        "nome_vendedor": "",
        "situacao": "Aprovado",
        "codigo_rastreamento": "QQ123456785BR",
        **changes,
    }


def orders(*rows: Any, page: int = 1, pages: int = 1) -> dict[str, Any]:
    wrapped = [{"pedido": row} for row in rows]
    return answer(pagina=str(page), numero_paginas=str(pages), pedidos=wrapped)


def address() -> dict[str, Any]:
    return {
        "endereco": "Rua Teste",
        "numero": "123",
        "complemento": "apto 2",
        "bairro": "Centro",
        "cep": "95.700-000",
        "cidade": "Bento Gonçalves",
        "uf": "RS",
    }


def order_detail(**changes: Any) -> dict[str, Any]:
    return {
        "id": "912345678",
        "numero": "10421",
        "numero_ecommerce": "TRK-1001",
        "data_pedido": "18/09/2026",
        "data_prevista": "25/09/2026",
        "data_faturamento": "19/09/2026",
        "data_envio": "",
        "data_entrega": "",
        "cliente": {
            "codigo": "1235",
            "nome": "Maria Exemplo",
            "tipo_pessoa": "F",
            "cpf_cnpj": "529.982.247-25",
            **address(),
            "pais": "Brasil",
            "fone": "(54) 99999-0000",
            "email": "maria@example.com",
        },
        "endereco_entrega": {**address(), "numero": "9", "nome_destinatario": "José"},
        "itens": [
            {
                "item": {
                    "id_produto": "441309693",
                    "codigo": "CMS-AZUL-M",
                    "descricao": "Camisa Azul - M",
                    "unidade": "UN",
                    "quantidade": "2.00",
                    "valor_unitario": "50.25",
                }
            }
        ],
        "parcelas": [
            {
                "parcela": {
                    "dias": "30",
                    "data": "18/10/2026",
                    "valor": "161.50",
                    "obs": "",
                    "forma_pagamento": "credito",
                    "meio_pagamento": "Gateway X",
                }
            }
        ],
        "nome_transportador": "",
        "valor_frete": "35.00",
        "valor_desconto": "35.00",
        "outras_despesas": "0.00",
        "total_produtos": "161.50",
        "total_pedido": "161.50",
        "forma_envio": "C",
        "forma_frete": "SEDEX - CONTRATO (40436)",
        "situacao": "Aprovado",
        "obs": "",
        "codigo_rastreamento": "QQ123456785BR",
        "url_rastreamento": "https://rastreio.example.com/1",
        "id_nota_fiscal": "912345700",
        "ecommerce": {
            "id": "13572",
            "numeroPedidoEcommerce": "TRK-1001",
            "nomeEcommerce": "Plataforma Exemplo",
        },
        **changes,
    }


def invoice_row(**changes: Any) -> dict[str, Any]:
    return {
        "id": "912345700",
        "tipo": "S",
        "serie": "1",
        "numero": "000148",
        "numero_ecommerce": None,
        "data_emissao": "19/09/2026",
        "nome": "Maria Exemplo",
        "valor": "161.50",
        "situacao": "6",
        "chave_acesso": KEY,
        "codigo_rastreamento": "",
        "url_rastreamento": "",
        **changes,
    }


def invoices(*rows: Any, page: int = 1, pages: int = 1) -> dict[str, Any]:
    wrapped = [{"nota_fiscal": row} for row in rows]
    return answer(pagina=page, numero_paginas=pages, notas_fiscais=wrapped)


def account(**changes: Any) -> dict[str, Any]:
    conta = {
        "razao_social": "Loja Exemplo Comércio Ltda",
        "cnpj_cpf": "12.345.678/0001-95",
        "fantasia": "Loja Exemplo",
    }
    return answer(conta={**conta, **changes})
