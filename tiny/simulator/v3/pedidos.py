"""``/pedidos``: shapes follow Tiny's OpenAPI v3.1 and measured answers, oddities included.

``valor`` is a string in the list and a float in the detail, a missing date is ``""`` in one place and null
in another, and unknown parameters are ignored.
"""

from __future__ import annotations

from datetime import datetime
from datetime import time as clock_time
from typing import Any

from psycopg2.extras import Json

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


def list_pedidos(cursor: Cursor, account: Row, request: Request) -> Response:
    if "marcadores[]" in request.query_lists:
        return json_response({"mensagem": "Erro interno"}, 500)
    limit, offset, descending = read_paging(request)
    rows, total = store.list_rows(
        cursor, "pedido", account["id"], conditions_of(request), limit, offset, descending=descending
    )
    return make_page([pedido_item(row) for row in rows], limit, offset, total)


def get_pedido(cursor: Cursor, account: Row, request: Request) -> Response:
    row = store.get_pedido(cursor, account["id"], int(request.params["id"]))
    return Response(404) if row is None else json_response(pedido_detail(row))


def conditions_of(request: Request) -> Conditions:
    query = request.query
    conditions: Conditions = []
    situacao = read_int(request, "situacao")
    if situacao is not None:
        if situacao not in data.SITUACOES:
            raise ValidationFailed("situacao", "O campo situacao é inválido")
        conditions.append(("situacao = %s", situacao))
    for name, sql in (("numero", "numero = %s"), ("origemPedido", "%s = 0")):
        number = read_int(request, name)
        if number is not None:
            conditions.append((sql, number))
    for name, sql in (("dataInicial", "data >= %s"), ("dataFinal", "data <= %s")):
        day = read_date(request, name)
        if day is not None:
            conditions.append((sql, day))
    changed = read_date(request, "dataAtualizacao")
    if changed is not None:
        midnight = datetime.combine(changed, clock_time(0), tzinfo=data.BRASILIA)
        conditions.append(("atualizado_em >= %s", midnight))
    if query.get("cpfCnpj"):
        conditions.append(("documento = %s", normalize_document(query["cpfCnpj"])))
    if query.get("numeroPedidoEcommerce"):
        conditions.append(("numero_ecommerce = %s", query["numeroPedidoEcommerce"]))
    if query.get("nomeCliente"):
        conditions.append(("strpos(lower(dados->'cliente'->>'nome'), lower(%s)) > 0", query["nomeCliente"]))
    if query.get("codigoCliente"):
        conditions.append(("dados->'cliente'->>'codigo' = %s", query["codigoCliente"]))
    if query.get("marcadores"):
        marker = Json([{"descricao": query["marcadores"]}])
        conditions.append(("marcadores @> %s", marker))
    return conditions


# -- shapes -------------------------------------------------------------------------------------------


def _transportador(row: Row) -> dict[str, Any]:
    return {
        **row["dados"]["transportador"],
        "codigoRastreamento": row["codigo_rastreamento"],
        "urlRastreamento": row["url_rastreamento"],
    }


def pedido_item(row: Row) -> dict[str, Any]:
    """One order as the list shows it."""
    dados = row["dados"]
    return {
        "id": row["id"],
        "situacao": row["situacao"],
        "numeroPedido": row["numero"],
        "ecommerce": dados["ecommerce"],
        "dataCriacao": text_of(row["data"]),
        "dataPrevista": text_of(row["data_prevista"]),
        "cliente": dados["cliente"],
        "valor": data.value_of(dados),
        "vendedor": dados.get("vendedor") or {"id": 0, "nome": ""},
        "transportador": _transportador(row),
        "origemPedido": 0,
    }


def pedido_detail(row: Row) -> dict[str, Any]:
    """One order with items, payment and delivery address."""
    dados = row["dados"]
    goods, total = data.total_of(dados)
    sent_on = row["data_envio"]
    return {
        "id": row["id"],
        "numeroPedido": row["numero"],
        "idNotaFiscal": row["nota_id"] or 0,
        "dataFaturamento": text_of(row["data_faturamento"]),
        "valorTotalProdutos": goods,
        "valorTotalPedido": total,
        "listaPreco": {"id": 0, "nome": "Padrão", "acrescimoDesconto": 0},
        "cliente": dados["cliente"],
        "enderecoEntrega": dados["enderecoEntrega"],
        "ecommerce": dados["ecommerce"],
        "transportador": _transportador(row),
        "deposito": data.DEPOSITO,
        "vendedor": dados.get("vendedor") or {"id": 0, "nome": ""},
        "naturezaOperacao": data.NATUREZA_OPERACAO,
        "intermediador": dados["intermediador"],
        "pagamento": dados["pagamento"],
        "itens": dados["itens"],
        "pagamentosIntegrados": [],
        "situacao": row["situacao"],
        "data": text_of(row["data"]),
        # The same absence is "" in the list and null here for the planned day.
        "dataPrevista": row["data_prevista"],
        "dataEnvio": f"{sent_on} 00:00:00" if sent_on else "",
        "dataEntrega": text_of(row["data_entrega"]),
        "numeroOrdemCompra": dados["numeroOrdemCompra"],
        "valorDesconto": dados["valorDesconto"],
        "valorFrete": dados["valorFrete"],
        "valorOutrasDespesas": dados["valorOutrasDespesas"],
        "observacoes": dados["observacoes"],
        "observacoesInternas": dados["observacoesInternas"],
        "origemPedido": 0,
    }


ROUTES: list[Route] = [
    ("GET", "/pedidos", list_pedidos),
    ("GET", "/pedidos/{id:int}", get_pedido),
]
