"""``/produtos`` and ``/estoque``: the list says nothing of the stock, and a repeated entry counts twice.

Writes take the fields of the document's requests: what is left out stays, null empties, others are ignored.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .. import catalog, data, store
from ..pedidos import merge
from ..store import Cursor, Row
from ..web import Request, Response, json_response
from .listas import find_lista
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

LONGEST_NAME = 120
PACKING = {0: "Não definida", 1: "Envelope", 2: "Pacote / Caixa", 3: "Rolo / Cilindro"}
TEXTS = (
    "descricaoComplementar", "unidade", "unidadePorCaixa", "ncm", "garantia", "observacoes",
)  # fmt: skip
# Objects of a request and the fields that are taken of them.
PARTS = {
    "dimensoes": ("embalagem", "largura", "altura", "comprimento", "diametro", "pesoLiquido", "pesoBruto"),
    "tributacao": ("gtinEmbalagem", "valorIPIFixo", "classeIPI"),
    "seo": ("titulo", "descricao", "keywords", "linkVideo", "slug"),
    "estoque": ("controlar", "sobEncomenda", "minimo", "maximo", "diasPreparacao", "localizacao"),
}


# -- reading -------------------------------------------------------------------------------------------


def list_produtos(cursor: Cursor, account: Row, request: Request) -> Response:
    catalog.ensure_products(cursor, account)
    limit, offset, descending = read_paging(request)
    lista_id = read_int(request, "idListaPreco")
    lista = find_lista(account, lista_id)
    if lista_id is not None and lista is None:
        raise ValidationFailed("idListaPreco", "Lista de preços não encontrada")
    conditions = conditions_of(request)
    if lista is not None:
        conditions.append(catalog.condition_of(lista))
    rows, total = store.list_rows(
        cursor, "produto", account["id"], conditions, limit, offset, descending=descending
    )
    return make_page([produto_item(row, lista) for row in rows], limit, offset, total)


def get_produto(cursor: Cursor, account: Row, request: Request) -> Response:
    row = catalog.get_product(cursor, account, int(request.params["id"]))
    return Response(404) if row is None else json_response(produto_detail(cursor, account, row))


def get_estoque(cursor: Cursor, account: Row, request: Request) -> Response:
    row = catalog.get_product(cursor, account, int(request.params["id"]))
    if row is None:
        return Response(404)
    amounts = catalog.list_stock(cursor, account, [row])[row["id"]]
    return json_response(
        {
            "id": row["id"],
            "nome": row["descricao"],
            "codigo": row["sku"],
            "unidade": row["dados"]["unidade"],
            **catalog.total_of(amounts),
            "localizacao": row["dados"]["estoque"]["localizacao"],
            "depositos": [
                {
                    "id": amount.deposito["id"],
                    "nome": amount.deposito["nome"],
                    "desconsiderar": amount.deposito["desconsiderar"],
                    "saldo": amount.saldo,
                    "reservado": amount.reservado,
                    "disponivel": amount.disponivel,
                    "empresa": account["cnpj"],
                }
                for amount in amounts
            ],
        }
    )


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


# -- shapes --------------------------------------------------------------------------------------------


def produto_item(row: Row, lista: Row | None = None) -> dict[str, Any]:
    return {
        "id": row["id"],
        "sku": row["sku"],
        "descricao": row["descricao"],
        "tipo": row["tipo"],
        "situacao": row["situacao"],
        "dataCriacao": moment_of(row["criado_em"]),
        "dataAlteracao": moment_of(row["alterado_em"]),
        "unidade": row["dados"]["unidade"],
        "gtin": row["gtin"],
        "precos": _precos(row, lista),
        "estoque": {"localizacao": row["dados"]["estoque"]["localizacao"]},
        "tipoVariacao": catalog.variation_of(row),
    }


def produto_detail(cursor: Cursor, account: Row, row: Row) -> dict[str, Any]:
    dados = row["dados"]
    pai = None if row["pai_id"] is None else catalog.get_product(cursor, account, row["pai_id"])
    children = catalog.list_children(cursor, account, row["id"])
    stock = catalog.list_stock(cursor, account, [row, *children])
    packing = dados["dimensoes"]["embalagem"]
    return {
        "id": row["id"],
        "sku": row["sku"],
        "descricao": row["descricao"],
        "tipo": row["tipo"],
        "descricaoComplementar": dados["descricaoComplementar"],
        "situacao": row["situacao"],
        "produtoPai": None if pai is None else _reference(pai),
        "unidade": dados["unidade"],
        "unidadePorCaixa": dados["unidadePorCaixa"],
        "ncm": dados["ncm"],
        "gtin": row["gtin"],
        "origem": dados["origem"],
        "garantia": dados["garantia"],
        "observacoes": dados["observacoes"],
        "categoria": catalog.categoria_of(account, row),
        "marca": catalog.marca_of(account, row),
        "dimensoes": {
            **dados["dimensoes"],
            "embalagem": {**packing, "descricao": PACKING.get(packing["tipo"], "")},
            "quantidadeVolumes": 1,
        },
        "precos": _precos(row),
        "estoque": _estoque(row, stock[row["id"]]),
        "fornecedores": dados["fornecedores"],
        "seo": dados["seo"],
        "tributacao": dados["tributacao"],
        "anexos": dados["anexos"],
        "variacoes": [
            {
                "id": child["id"],
                "descricao": child["descricao"],
                "sku": child["sku"],
                "gtin": child["gtin"],
                "precos": _precos(child),
                "estoque": _estoque(child, stock[child["id"]]),
                "grade": child["dados"]["grade"],
            }
            for child in children
        ],
        "kit": _parts(cursor, account, dados["kit"]),
        "producao": {
            "produtos": _parts(cursor, account, dados["producao"]["produtos"]),
            "etapas": dados["producao"]["etapas"],
        },
        "codigoListaServicos": "",
        "tipoVariacao": catalog.variation_of(row),
    }


def _precos(row: Row, lista: Row | None = None) -> dict[str, Any]:
    price, promotional = (
        (row["preco"], row["preco_promocional"]) if lista is None else catalog.price_in(lista, row)
    )
    return {
        "preco": price,
        "precoPromocional": promotional,
        "precoCusto": row["dados"]["precoCusto"],
        "precoCustoMedio": row["dados"]["precoCusto"],
    }


def _estoque(row: Row, amounts: Sequence[catalog.Amount]) -> dict[str, Any]:
    return {**row["dados"]["estoque"], "quantidade": catalog.total_of(amounts)["saldo"]}


def _reference(row: Row) -> dict[str, Any]:
    """The other enumeration of ``tipo``: P product, S service."""
    return {"id": row["id"], "sku": row["sku"], "descricao": row["descricao"], "tipo": "P"}


def _parts(cursor: Cursor, account: Row, parts: Sequence[Row]) -> list[dict[str, Any]]:
    return [
        {"produto": _reference(row), "quantidade": quantity}
        for row, quantity in catalog.list_parts(cursor, account, parts)
    ]


# -- writing -------------------------------------------------------------------------------------------


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


def add_lancamento(cursor: Cursor, account: Row, request: Request) -> Response:
    row = catalog.get_product(cursor, account, int(request.params["id"]), lock=True)
    if row is None:
        return Response(404)
    body = request.json
    kind = body.get("tipo")
    if kind not in ("B", "E", "S"):
        raise ValidationFailed("tipo", "O campo tipo é obrigatório")
    quantity = read_number(body, "quantidade", is_required=True) or 0
    wanted = _part(body, "deposito").get("id")
    deposito = next((one for one in account["depositos"] if wanted in (None, one["id"])), None)
    if deposito is None:
        raise ValidationFailed("deposito.id", "Depósito não encontrado")
    try:
        entry = catalog.move_stock(cursor, account, row, kind, quantity, deposito)
    except catalog.Unmovable:
        raise ValidationFailed("idProduto", "O estoque deste produto é o dos seus componentes") from None
    return json_response({"idLancamento": entry})


def add_produto(cursor: Cursor, account: Row, request: Request) -> Response:
    catalog.ensure_products(cursor, account)
    body = request.json
    kind = body.get("tipo")
    if kind not in catalog.KINDS:
        raise ValidationFailed("tipo", "O campo tipo é obrigatório")
    values = _read_produto(cursor, account, body, None, is_required=True)
    values["tipo"] = kind
    values["dados"]["anexos"] = [
        {"url": str(anexo.get("url") or ""), "externo": bool(anexo.get("externo"))}
        for anexo in _list(body, "anexos")
    ]
    values["dados"]["kit"] = _read_parts(cursor, account, body.get("kit"), "kit")
    producao = _part(body, "producao")
    values["dados"]["producao"] = {
        "produtos": _read_parts(cursor, account, producao.get("produtos"), "producao.produtos"),
        "etapas": [str(etapa) for etapa in producao.get("etapas") or []],
    }
    product_id = catalog.add_product(cursor, account, values)
    _stock_up(cursor, account, product_id, body)
    made = [_add_variacao(cursor, account, product_id, variation) for variation in _list(body, "variacoes")]
    return json_response({**_created(cursor, account, product_id), "variacoes": made})


def change_produto(cursor: Cursor, account: Row, request: Request) -> Response:
    row = catalog.get_product(cursor, account, int(request.params["id"]), lock=True)
    if row is None:
        return Response(404)
    values = _read_produto(cursor, account, request.json, row, is_required=True)
    catalog.change_product(cursor, account, row["id"], values)
    return Response(204)


def delete_produto(cursor: Cursor, account: Row, request: Request) -> Response:
    row = catalog.get_product(cursor, account, int(request.params["id"]), lock=True)
    if row is None:
        return Response(404)
    catalog.delete_product(cursor, account, row)
    return Response(204)


def add_variacao(cursor: Cursor, account: Row, request: Request) -> Response:
    row = catalog.get_product(cursor, account, int(request.params["id"]), lock=True)
    if row is None:
        return Response(404)
    if catalog.variation_of(row) != "P":
        raise ValidationFailed("idProduto", "O produto não possui variações")
    return json_response(_add_variacao(cursor, account, row["id"], request.json))


def change_variacao(cursor: Cursor, account: Row, request: Request) -> Response:
    child = _find_variacao(cursor, account, request)
    if child is None:
        return Response(404)
    values = _read_produto(cursor, account, request.json, child, is_required=False)
    catalog.change_product(cursor, account, child["id"], values)
    return Response(204)


def delete_variacao(cursor: Cursor, account: Row, request: Request) -> Response:
    child = _find_variacao(cursor, account, request)
    if child is None:
        return Response(404)
    catalog.delete_product(cursor, account, child)
    return Response(204)


def _find_variacao(cursor: Cursor, account: Row, request: Request) -> Row | None:
    child = catalog.get_product(cursor, account, int(request.params["variacao"]), lock=True)
    return child if child is not None and child["pai_id"] == int(request.params["id"]) else None


def _add_variacao(cursor: Cursor, account: Row, pai_id: int, body: Any) -> dict[str, Any]:
    """A variation takes after its parent in what a request cannot say of it."""
    body = body if isinstance(body, dict) else {}
    pai = catalog.get_product(cursor, account, pai_id)
    assert pai is not None  # noqa: S101
    values = _read_produto(cursor, account, body, None, is_required=False)
    grade = [
        {"chave": str(pair.get("chave") or ""), "valor": str(pair.get("valor") or "")}
        for pair in _list(body, "grade")
    ]
    if not grade:
        raise ValidationFailed("grade", "O campo grade é obrigatório")
    name = " ".join([pai["descricao"], *(pair["valor"] for pair in grade)])
    dados = {**pai["dados"], "grade": grade, "anexos": []}
    child = catalog.add_product(
        cursor, account, {**values, "descricao": name, "pai_id": pai_id, "dados": dados}
    )
    _stock_up(cursor, account, child, body)
    return _created(cursor, account, child)


def _created(cursor: Cursor, account: Row, product_id: int) -> dict[str, Any]:
    row = catalog.get_product(cursor, account, product_id)
    assert row is not None  # noqa: S101
    return {"id": row["id"], "codigo": row["sku"], "descricao": row["descricao"]}


def _stock_up(cursor: Cursor, account: Row, product_id: int, body: dict[str, Any]) -> None:
    initial = read_number(_part(body, "estoque"), "inicial")
    row = catalog.get_product(cursor, account, product_id)
    if initial and row is not None:
        catalog.move_stock(cursor, account, row, "B", initial)


def _read_produto(
    cursor: Cursor, account: Row, body: dict[str, Any], known: Row | None, *, is_required: bool
) -> Row:
    """Columns of a product from a request, without those that it leaves out. Raises ValidationFailed."""
    values: Row = {}
    if is_required and not body.get("descricao"):
        raise ValidationFailed("descricao", "O campo descricao é obrigatório")
    if is_required:
        values["descricao"] = str(body["descricao"])
        if len(values["descricao"]) > LONGEST_NAME:
            raise ValidationFailed("descricao", f"O campo descricao deve ter até {LONGEST_NAME} caracteres")
    for name in ("sku", "gtin"):
        if name in body:
            values[name] = str(body[name] or "")
    if values.get("sku"):
        other = catalog.find_by_sku(cursor, account, values["sku"])
        if other is not None and (known is None or other["id"] != known["id"]):
            raise ValidationFailed("sku", "Já existe um produto com este código")
    precos = _part(body, "precos")
    for name, column in (("preco", "preco"), ("precoPromocional", "preco_promocional")):
        if name in precos:
            values[column] = read_number(precos, name) or 0
    return {**values, "dados": _read_dados(account, body, known)}


def _read_dados(account: Row, body: dict[str, Any], known: Row | None) -> Row:
    changes: Row = {name: str(body[name] or "") for name in TEXTS if name in body}
    if "ncm" in changes:
        changes["ncm"] = changes["ncm"].replace(".", "")
    if "origem" in body:
        changes["origem"] = str(body["origem"] or 0)
    if "precoCusto" in _part(body, "precos"):
        changes["precoCusto"] = read_number(body["precos"], "precoCusto") or 0
    for name, ids in (
        ("marca", [marca["id"] for marca in account["marcas"]]),
        ("categoria", list(catalog.paths_of(account))),
    ):
        if name in body:
            wanted = _part(body, name).get("id") or None
            if wanted is not None and wanted not in ids:
                raise ValidationFailed(f"{name}.id", f"{name.capitalize()} não encontrada")
            changes[name] = wanted
    base = merge(data.BLANK_PRODUCT, known["dados"] if known else {})
    for name, fields in PARTS.items():
        if name in body:
            blank = data.BLANK_PRODUCT[name]
            part = _part(body, name)
            given = {
                field: blank[field] if part[field] is None else part[field]
                for field in fields
                if field in part
            }
            changes[name] = given if part else blank
    if "fornecedores" in body:
        changes["fornecedores"] = [
            {
                "id": supplier.get("id"),
                "nome": "",
                "codigoProdutoNoFornecedor": str(supplier.get("codigoProdutoNoFornecedor") or ""),
            }
            for supplier in _list(body, "fornecedores")
        ]
    return merge(base, changes)


def _read_parts(cursor: Cursor, account: Row, value: Any, field: str) -> list[Row]:
    parts = []
    for place, part in enumerate(value if isinstance(value, list) else []):
        part = part if isinstance(part, dict) else {}
        wanted = _part(part, "produto").get("id")
        found = catalog.get_product(cursor, account, wanted) if type(wanted) is int else None
        if found is None:
            raise ValidationFailed(f"{field}[{place}].produto.id", "Produto não encontrado")
        parts.append(
            {"id": found["id"], "quantidade": read_number(part, "quantidade", is_required=True) or 0}
        )
    return parts


def _part(body: dict[str, Any], name: str) -> dict[str, Any]:
    value = body.get(name)
    return value if isinstance(value, dict) else {}


def _list(body: dict[str, Any], name: str) -> list[dict[str, Any]]:
    value = body.get(name)
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


ROUTES: list[Route] = [
    ("GET", "/produtos", list_produtos),
    ("POST", "/produtos", add_produto),
    ("GET", "/produtos/{id:int}", get_produto),
    ("PUT", "/produtos/{id:int}", change_produto),
    ("DELETE", "/produtos/{id:int}", delete_produto),
    ("PUT", "/produtos/{id:int}/preco", set_preco),
    ("POST", "/produtos/{id:int}/variacoes", add_variacao),
    ("PUT", "/produtos/{id:int}/variacoes/{variacao:int}", change_variacao),
    ("DELETE", "/produtos/{id:int}/variacoes/{variacao:int}", delete_variacao),
    ("GET", "/estoque/{id:int}", get_estoque),
    ("POST", "/estoque/{id:int}", add_lancamento),
]
