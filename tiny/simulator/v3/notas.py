"""``/notas``: numbers, situações and origins are texts; taxes are there and zero."""

from __future__ import annotations

from typing import Any

from .. import data, store
from ..documents import normalize_document
from ..store import Cursor, Row
from ..web import Request, Response, json_response
from .parameters import (
    Conditions,
    Route,
    ValidationFailed,
    make_page,
    read_date,
    read_int,
    read_paging,
    text_of,
)

SITUACOES = range(1, 11)


def list_notas(cursor: Cursor, account: Row, request: Request) -> Response:
    if "marcadores[]" in request.query_lists:
        return json_response({"mensagem": "Erro interno"}, 500)
    limit, offset, descending = read_paging(request)
    rows, total = store.list_rows(
        cursor, "nota", account["id"], conditions_of(request), limit, offset, descending=descending
    )
    return make_page([nota_item(row) for row in rows], limit, offset, total)


def get_nota(cursor: Cursor, account: Row, request: Request) -> Response:
    row = store.get_nota(cursor, account["id"], int(request.params["id"]))
    return Response(404) if row is None else json_response(nota_detail(row))


def conditions_of(request: Request) -> Conditions:
    query = request.query
    conditions: Conditions = []
    situacao = read_int(request, "situacao")
    if situacao is not None:
        if situacao not in SITUACOES:
            raise ValidationFailed("situacao", "O campo situacao é inválido")
        conditions.append(("situacao = %s", situacao))
    if query.get("tipo"):
        if query["tipo"] not in ("E", "S"):
            raise ValidationFailed("tipo", "O campo tipo é inválido")
        conditions.append(("tipo = %s", query["tipo"]))
    for name, sql in (
        ("numero", "numero = %s"),
        ("idVenda", "pedido_id = %s"),
        ("idFormaEnvio", "(dados->>'idFormaEnvio')::bigint = %s"),
    ):
        number = read_int(request, name)
        if number is not None:
            conditions.append((sql, number))
    for name, sql in (("dataInicial", "data_emissao >= %s"), ("dataFinal", "data_emissao <= %s")):
        day = read_date(request, name)
        if day is not None:
            conditions.append((sql, day))
    if query.get("cpfCnpj"):
        conditions.append(("documento = %s", normalize_document(query["cpfCnpj"])))
    if query.get("numeroPedidoEcommerce"):
        conditions.append(("numero_ecommerce = %s", query["numeroPedidoEcommerce"]))
    if query.get("marcadores"):
        conditions.append(("%s = ''", query["marcadores"]))
    return conditions


def nota_item(row: Row) -> dict[str, Any]:
    """One nota as the list shows it."""
    dados = row["dados"]
    return {
        "id": row["id"],
        "situacao": str(row["situacao"]),
        "tipo": row["tipo"],
        "numero": str(row["numero"]),
        "serie": str(row["serie"]),
        "chaveAcesso": row["chave"],
        "dataEmissao": text_of(row["data_emissao"]),
        "cliente": dados["cliente"],
        "enderecoEntrega": dados["enderecoEntrega"] or NO_ADDRESS,
        "valor": dados["valor"],
        "valorProdutos": dados["valorProdutos"],
        "valorFrete": dados["valorFrete"],
        "vendedor": {"id": 0, "nome": ""},
        "idFormaEnvio": dados["idFormaEnvio"],
        "idFormaFrete": dados["idFormaFrete"],
        "codigoRastreamento": row["codigo_rastreamento"],
        "urlRastreamento": row["url_rastreamento"],
        "fretePorConta": dados["fretePorConta"],
        "qtdVolumes": dados["qtdVolumes"],
        "pesoBruto": dados["pesoBruto"],
        "pesoLiquido": dados["pesoLiquido"],
        "ecommerce": dados["ecommerce"],
        "origem": dados["origem"],
    }


# An order says null where the customer's own address holds; a nota has the fields, and nothing in them.
NO_ADDRESS = dict.fromkeys(
    (
        "endereco", "numero", "complemento", "bairro", "municipio", "cep", "uf", "pais", "nomeDestinatario",
        "cpfCnpj", "tipoPessoa", "telefone", "inscricaoEstadual",
    ),
    "",
)  # fmt: skip

# Taxes are not what the simulator is about: they are there, and zero.
NO_TAXES = dict.fromkeys(
    (
        "baseIcms", "valorIcms", "baseIcmsSt", "valorIcmsSt", "valorServicos", "valorSeguro", "valorOutras",
        "valorIpi", "valorIssqn", "valorBaseDiferimento", "percentualICMSPartilhaDestino",
        "valorTotalICMSFCPDestino", "valorIPIDevolvido", "valorTotalBCIBSCBS", "valorTotalIBSUF",
        "valorTotalCBS",
    ),
    0,
)  # fmt: skip


def nota_detail(row: Row) -> dict[str, Any]:
    """One nota with items and parcels."""
    dados = row["dados"]
    return {
        **nota_item(row),
        **NO_TAXES,
        "finalidade": "1",
        "regimeTributario": 1,
        "dataInclusao": text_of(row["data_emissao"]),
        "valorDesconto": dados["valorDesconto"],
        "valorFaturado": dados["valor"],
        "valorNotaComImpostos": dados["valor"],
        "idIntermediador": None,
        "idNaturezaOperacao": data.NATUREZA_OPERACAO["id"],
        "idFormaPagamento": 1,
        "idMeioPagamento": None,
        "observacoes": "",
        "condicaoPagamento": dados["condicaoPagamento"],
        "tipoNotaCredito": None,
        "tipoNotaDebito": None,
        "itens": dados["itens"],
        "parcelas": [
            {
                "dias": parcela["dias"],
                "data": parcela["data"],
                "valor": parcela["valor"],
                "observacoes": "",
                "idFormaPagamento": str(parcela["formaPagamento"]["id"]),
                "idMeioPagamento": None,
            }
            for parcela in dados["parcelas"]
        ],
        "pagamentosIntegrados": [],
        "marcadores": [],
        "transportador": {
            "nome": dados["transportador"],
            "cpfCnpj": None,
            "ie": None,
            "endereco": None,
            "municipio": None,
            "uf": None,
        },
    }


def get_xml(cursor: Cursor, account: Row, request: Request) -> Response:
    """The XML is a stub that names its key: nobody here reads taxes out of it."""
    row = store.get_nota(cursor, account["id"], int(request.params["id"]))
    if row is None:
        return Response(404)
    key = row["chave"]
    xml = f'<nfeProc versao="4.00"><NFe><infNFe Id="NFe{key}"/></NFe></nfeProc>' if key else ""
    return json_response({"xmlNfe": xml, "xmlCancelamento": ""})


def get_link(cursor: Cursor, account: Row, request: Request) -> Response:
    row = store.get_nota(cursor, account["id"], int(request.params["id"]))
    if row is None:
        return Response(404)
    return json_response({"link": f"https://erp.example.com/doc.view?id={store.digest(row['chave'])[:32]}"})


def set_despacho(cursor: Cursor, account: Row, request: Request) -> Response:
    """Merged, as that of an order; the order itself keeps what it had."""
    row = store.get_nota(cursor, account["id"], int(request.params["id"]))
    if row is None:
        return Response(404)
    columns = {"codigoRastreamento": "codigo_rastreamento", "urlRastreamento": "url_rastreamento"}
    given = {
        column: str(request.json[name] or "") for name, column in columns.items() if name in request.json
    }
    store.update_nota(cursor, row["id"], given)
    return Response(204)


ROUTES: list[Route] = [
    ("GET", "/notas", list_notas),
    ("GET", "/notas/{id:int}", get_nota),
    ("GET", "/notas/{id:int}/xml", get_xml),
    ("GET", "/notas/{id:int}/link", get_link),
    ("PUT", "/notas/{id:int}/despacho", set_despacho),
]
