"""``/produtos`` and ``/estoque``: the list says nothing of the stock, and a repeated entry counts twice."""

from __future__ import annotations

from typing import Any

from .. import catalog, data, store
from ..store import Cursor, Row
from ..web import Request, Response, json_response
from .parameters import (
    Conditions,
    Route,
    ValidationFailed,
    make_page,
    moment_of,
    read_int,
    read_moment,
    read_number,
    read_paging,
)

UNIT = "UN"


def list_produtos(cursor: Cursor, account: Row, request: Request) -> Response:
    catalog.ensure_products(cursor, account)
    limit, offset, descending = read_paging(request)
    rows, total = store.list_rows(
        cursor, "produto", account["id"], conditions_of(request), limit, offset, descending=descending
    )
    return make_page([produto_item(row) for row in rows], limit, offset, total)


def get_produto(cursor: Cursor, account: Row, request: Request) -> Response:
    row = catalog.get_product(cursor, account, int(request.params["id"]))
    return Response(404) if row is None else json_response(produto_detail(row))


def set_preco(cursor: Cursor, account: Row, request: Request) -> Response:
    row = catalog.get_product(cursor, account, int(request.params["id"]), lock=True)
    if row is None:
        return Response(404)
    body = request.json
    price = read_number(body, "preco", is_required=True) or 0
    promotional = read_number(body, "precoPromocional")
    promotional = row["preco_promocional"] if promotional is None else promotional
    catalog.set_price(cursor, account, row["id"], price, promotional)
    return json_response({"preco": price, "precoPromocional": promotional})


def get_estoque(cursor: Cursor, account: Row, request: Request) -> Response:
    row = catalog.get_product(cursor, account, int(request.params["id"]))
    if row is None:
        return Response(404)
    reserved = catalog.count_reserved(cursor, account, row["id"])
    # Measured: without the module of reservations both are 0, whatever there is.
    amounts = {
        "saldo": row["saldo"],
        "reservado": reserved,
        "disponivel": row["saldo"] - reserved if account["reserves_stock"] else 0,
    }
    return json_response(
        {
            "id": row["id"],
            "nome": row["descricao"],
            "codigo": row["sku"],
            "unidade": UNIT,
            **amounts,
            "localizacao": "",
            "depositos": [{**data.DEPOSITO, "desconsiderar": False, **amounts, "empresa": account["cnpj"]}],
        }
    )


def add_lancamento(cursor: Cursor, account: Row, request: Request) -> Response:
    row = catalog.get_product(cursor, account, int(request.params["id"]), lock=True)
    if row is None:
        return Response(404)
    body = request.json
    kind = body.get("tipo")
    if kind not in ("B", "E", "S"):
        raise ValidationFailed("tipo", "O campo tipo é obrigatório")
    quantity = read_number(body, "quantidade", is_required=True) or 0
    return json_response({"idLancamento": catalog.move_stock(cursor, account, row["id"], kind, quantity)})


def conditions_of(request: Request) -> Conditions:
    query = request.query
    conditions: Conditions = []
    situacao = query.get("situacao", "")
    if situacao:
        if situacao not in ("A", "I", "E"):
            raise ValidationFailed("situacao", "O campo situacao é inválido")
        conditions.append(("situacao = %s", situacao))
    if query.get("nome"):
        conditions.append(("strpos(lower(descricao), lower(%s)) > 0", query["nome"]))
    if query.get("codigo"):
        conditions.append(("sku = %s", query["codigo"]))
    gtin = read_int(request, "gtin")
    if gtin is not None:
        # A number here, a text in the body.
        conditions.append(("ltrim(gtin, '0') = %s", str(gtin)))
    for name, column in (("dataCriacao", "criado_em"), ("dataAlteracao", "alterado_em")):
        moment = read_moment(request, name)
        if moment is not None:
            conditions.append((f"{column} >= %s", moment))
    return conditions


def produto_item(row: Row) -> dict[str, Any]:
    return {
        "id": row["id"],
        "sku": row["sku"],
        "descricao": row["descricao"],
        "tipo": "S",
        "situacao": row["situacao"],
        "dataCriacao": moment_of(row["criado_em"]),
        "dataAlteracao": moment_of(row["alterado_em"]),
        "unidade": UNIT,
        "gtin": row["gtin"],
        "precos": _precos(row),
        "estoque": {"localizacao": ""},
        "tipoVariacao": "N",
    }


def produto_detail(row: Row) -> dict[str, Any]:
    product = data.find_product(row["sku"])
    return {
        "id": row["id"],
        "sku": row["sku"],
        "descricao": row["descricao"],
        "tipo": "S",
        "descricaoComplementar": "",
        "situacao": row["situacao"],
        "produtoPai": None,
        "unidade": UNIT,
        "unidadePorCaixa": "1",
        "ncm": product.ncm,
        "gtin": row["gtin"],
        "origem": "0",
        "garantia": "",
        "observacoes": "",
        "categoria": {"id": 0, "nome": "", "caminhoCompleto": ""},
        "marca": {"id": 0, "nome": ""},
        "dimensoes": {
            "embalagem": {"id": None, "tipo": 2, "descricao": "Pacote / Caixa"},
            "largura": 20,
            "altura": 15,
            "comprimento": 30,
            "diametro": 0,
            "pesoLiquido": product.weight,
            "pesoBruto": round(product.weight * 1.08, 3),
            "quantidadeVolumes": 1,
        },
        "precos": _precos(row),
        "estoque": {
            "controlar": True,
            "sobEncomenda": False,
            "diasPreparacao": 0,
            "localizacao": "",
            "minimo": 0,
            "maximo": 0,
            "quantidade": row["saldo"],
        },
        "fornecedores": [],
        "seo": {"titulo": "", "descricao": "", "keywords": [], "linkVideo": "", "slug": ""},
        "tributacao": {"gtinEmbalagem": "", "valorIPIFixo": 0, "classeIPI": ""},
        "anexos": [],
        "variacoes": [],
        "kit": [],
        "producao": {"produtos": [], "etapas": []},
        "codigoListaServicos": "",
        "tipoVariacao": "N",
    }


def _precos(row: Row) -> dict[str, Any]:
    return {
        "preco": row["preco"],
        "precoPromocional": row["preco_promocional"],
        "precoCusto": 0,
        "precoCustoMedio": 0,
    }


ROUTES: list[Route] = [
    ("GET", "/produtos", list_produtos),
    ("GET", "/produtos/{id:int}", get_produto),
    ("PUT", "/produtos/{id:int}/preco", set_preco),
    ("GET", "/estoque/{id:int}", get_estoque),
    ("POST", "/estoque/{id:int}", add_lancamento),
]
