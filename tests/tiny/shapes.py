"""Bodies in the shapes of Tiny's API v3, with invented values. Each call makes a new one."""

from __future__ import annotations

from typing import Any


def address() -> dict[str, Any]:
    return {
        "endereco": "Rua das Flores",
        "numero": "123",
        "complemento": "ANDAR 15            ",
        "bairro": "Centro",
        "municipio": "Curitiba",
        "cep": "80010-000",
        "uf": "PR",
        "pais": "Brasil",
    }


def customer() -> dict[str, Any]:
    return {
        "nome": "Maria de Exemplo",
        "codigo": "",
        "fantasia": "",
        "tipoPessoa": "F",
        "cpfCnpj": "529.982.247-25",
        "inscricaoEstadual": "",
        "rg": "",
        "telefone": "",
        "celular": "(41) 99999-0000",
        "email": "maria@exemplo.com.br",
        "endereco": address(),
        "id": 900000001,
    }


def contact(**changes: Any) -> dict[str, Any]:
    """``GET /contatos/{id}``; a row of the list has less of it."""
    return {
        **customer(),
        "codigo": "C-9",
        "endereco": {**address(), "complemento": "apto 2"},
        "enderecoCobranca": None,
        "inscricaoMunicipal": "",
        "telefoneAdicional": "",
        "emailNfe": "nfe@exemplo.com.br",
        "site": "",
        "regimeTributario": 1,
        "estadoCivil": None,
        "profissao": "Professora",
        "sexo": None,
        "dataNascimento": "1990-01-02",
        "naturalidade": "",
        "nomePai": "",
        "nomeMae": "",
        "cpfPai": "",
        "cpfMae": "",
        "limiteCredito": 150.5,
        "situacao": "B",
        "observacoes": "Boa cliente",
        "dataCriacao": "2026-08-01 10:00:00",
        "dataAtualizacao": "2026-08-01 10:00:00",
        "statusCrm": "C",
        "vendedor": {"id": 334779701, "nome": "Vendas internas"},
        "tipos": [{"id": 334779501, "descricao": "Cliente"}, {"id": None}],
        "contatos": [{"id": 5, "nome": "Bia", "telefone": "", "ramal": "", "email": "", "setor": ""}],
        **changes,
    }


def seller_row(**changes: Any) -> dict[str, Any]:
    person = {**customer(), "nome": "Vendas internas", "codigo": "V1"}
    return {"id": 334779701, "contato": person, "situacao": "B", **changes}


def shipping() -> dict[str, Any]:
    return {
        "id": None,
        "nome": None,
        "fretePorConta": "D",
        "formaEnvio": {"id": 700000001, "nome": "Correios"},
        "formaFrete": {"id": 700000011, "nome": "SEDEX"},
        "codigoRastreamento": "AA123456785BR",
        "urlRastreamento": "",
    }


def ecommerce() -> dict[str, Any]:
    return {
        "id": 800000001,
        "nome": "Loja Exemplo",
        "numeroPedidoEcommerce": "100234",
        "numeroPedidoCanalVenda": "100234",
        "canalVenda": "Loja própria",
    }


def order_row(**changes: Any) -> dict[str, Any]:
    return {
        "id": 600000001,
        "situacao": 3,
        "numeroPedido": 1186,
        "ecommerce": ecommerce(),
        "dataCriacao": "2026-08-25",
        "dataPrevista": "",
        "cliente": customer(),
        "valor": "68.27",
        "vendedor": {"id": 0, "nome": ""},
        "transportador": shipping(),
        "origemPedido": 0,
        **changes,
    }


def order_detail(**changes: Any) -> dict[str, Any]:
    return {
        "id": 600000001,
        "numeroPedido": 1186,
        "idNotaFiscal": 0,
        "dataFaturamento": "",
        "valorTotalProdutos": 55.9,
        "valorTotalPedido": 68.27,
        "listaPreco": {"id": 0, "nome": "Padrão", "acrescimoDesconto": 0},
        "cliente": customer(),
        "enderecoEntrega": None,
        "ecommerce": ecommerce(),
        "transportador": shipping(),
        "deposito": {"id": 334779581, "nome": "Geral"},
        "vendedor": {"id": 0, "nome": ""},
        "intermediador": None,
        "pagamento": {
            "formaPagamento": {"id": 1, "nome": "Múltiplas"},
            "formaRecebimento": {"id": 1, "nome": "Múltiplas"},
            "meioPagamento": None,
            "condicaoPagamento": "0",
            "parcelas": [
                {
                    "dias": 0,
                    "data": "2026-08-25 00:00:00",
                    "valor": 68.27,
                    "observacoes": "",
                    "formaPagamento": {"id": 9, "nome": "Pix"},
                    "formaRecebimento": {"id": 9, "nome": "Pix"},
                    "meioPagamento": None,
                }
            ],
        },
        "itens": [
            {
                "produto": {"id": 357281337, "sku": "ABC-1", "descricao": "Produto exemplo", "tipo": "P"},
                "quantidade": 1,
                "valorUnitario": 55.9,
                "infoAdicional": "",
            }
        ],
        "pagamentosIntegrados": [],
        "situacao": 3,
        "data": "2026-08-25",
        "dataEntrega": "",
        "numeroOrdemCompra": "",
        "valorDesconto": 2.795,
        "valorFrete": 15.16,
        "valorOutrasDespesas": 0.01,
        "dataPrevista": "",
        "dataEnvio": "",
        "observacoes": "",
        "observacoesInternas": "",
        "origemPedido": 0,
        **changes,
    }


def invoice_row(**changes: Any) -> dict[str, Any]:
    return {
        "id": 650000001,
        "situacao": "6",
        "tipo": "S",
        "numero": "000012407",
        "serie": "1",
        "chaveAcesso": "35260712ABC34501DE35550010000123451123456788",
        "dataEmissao": "2026-08-26",
        "cliente": customer(),
        "enderecoEntrega": None,
        "valor": 68.27,
        "valorProdutos": 55.9,
        "valorFrete": 15.16,
        "vendedor": {"id": 0, "nome": ""},
        "idFormaEnvio": 700000001,
        "idFormaFrete": 700000011,
        "codigoRastreamento": "AA123456785BR",
        "urlRastreamento": "https://rastreio.exemplo.com.br/AA123456785BR",
        "ecommerce": ecommerce(),
        "origem": {"id": "600000001", "tipo": "venda"},
        **changes,
    }


def account(**changes: Any) -> dict[str, Any]:
    return {
        "razaoSocial": "EMPRESA EXEMPLO LTDA",
        "cpfCnpj": "12.345.678/0001-95",
        "fantasia": "",
        "enderecoEmpresa": address(),
        "fone": "",
        "email": "contato@exemplo.com.br",
        "inscricaoEstadual": "",
        "regimeTributario": 1,
        **changes,
    }


def envelope(*rows: Any, offset: int = 0, total: int | None = None) -> dict[str, Any]:
    return {
        "itens": list(rows),
        "paginacao": {"limit": 100, "offset": offset, "total": len(rows) if total is None else total},
    }
