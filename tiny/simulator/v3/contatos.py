"""``/contatos``: customers and suppliers alike; what a body leaves out stays as it was."""

from __future__ import annotations

from typing import Any

from .. import store
from ..documents import normalize_document
from ..store import Cursor, Row
from ..web import Request, Response, json_response
from .parameters import (
    Conditions,
    Route,
    ValidationFailed,
    make_page,
    moment_of,
    read_moment,
    read_paging,
)

SITUACOES = ("B", "A", "I", "E")
ADDRESS = ("endereco", "numero", "complemento", "bairro", "municipio", "cep", "uf", "pais")
TEXTS = (
    "nome", "codigo", "fantasia", "cpfCnpj", "inscricaoEstadual", "rg", "telefone", "celular", "email",
)  # fmt: skip
# What only the single contact shows.
DETAILS: dict[str, Any] = {
    "inscricaoMunicipal": "", "telefoneAdicional": "", "emailNfe": "", "site": "", "regimeTributario": None,
    "estadoCivil": None, "profissao": "", "sexo": None, "dataNascimento": "", "naturalidade": "",
    "nomePai": "", "nomeMae": "", "cpfPai": "", "cpfMae": "", "limiteCredito": 0, "observacoes": "",
}  # fmt: skip


def list_contatos(cursor: Cursor, account: Row, request: Request) -> Response:
    limit, offset, descending = read_paging(request)
    rows, total = store.list_rows(
        cursor, "contato", account["id"], conditions_of(request), limit, offset, descending=descending
    )
    return make_page([contato_item(row) for row in rows], limit, offset, total)


def get_contato(cursor: Cursor, account: Row, request: Request) -> Response:
    row = find_contato(cursor, account, int(request.params["id"]))
    return Response(404) if row is None else json_response(contato_detail(row))


def add_contato(cursor: Cursor, account: Row, request: Request) -> Response:
    body = request.json
    if not body.get("nome"):
        raise ValidationFailed("nome", "O campo nome é obrigatório")
    contato_id = store.take_id(cursor, "contato_id")
    empty = {**dict.fromkeys(TEXTS, ""), "tipoPessoa": "F", "endereco": dict.fromkeys(ADDRESS, "")}
    _save(cursor, account, {**empty, **_known(body), "id": contato_id})
    return json_response({"id": contato_id})


def change_contato(cursor: Cursor, account: Row, request: Request) -> Response:
    row = find_contato(cursor, account, int(request.params["id"]))
    if row is None:
        return Response(404)
    _save(cursor, account, {**row["dados"], **_known(request.json), "id": row["id"]})
    return Response(204)


def find_contato(cursor: Cursor, account: Row, contato_id: int) -> Row | None:
    rows, _ = store.list_rows(
        cursor, "contato", account["id"], [("id = %s", contato_id)], 1, 0, descending=False
    )
    return rows[0] if rows else None


def conditions_of(request: Request) -> Conditions:
    query = request.query
    conditions: Conditions = []
    if query.get("situacao"):
        if query["situacao"] not in SITUACOES:
            raise ValidationFailed("situacao", "O campo situacao é inválido")
        conditions.append(("situacao = %s", query["situacao"]))
    if query.get("nome"):
        conditions.append(("strpos(lower(dados->>'nome'), lower(%s)) > 0", query["nome"]))
    for name in ("codigo", "celular"):
        if query.get(name):
            conditions.append((f"dados->>'{name}' = %s", query[name]))
    if query.get("cpfCnpj"):
        conditions.append(("documento = %s", normalize_document(query["cpfCnpj"])))
    for name, column in (("dataCriacao", "criado_em"), ("dataAtualizacao", "atualizado_em")):
        moment = read_moment(request, name)
        if moment is not None:
            conditions.append((f"{column} >= %s", moment))
    return conditions


def contato_item(row: Row) -> dict[str, Any]:
    dados = row["dados"]
    return {
        **{name: dados.get(name, "") for name in (*TEXTS, "tipoPessoa", "endereco")},
        "id": row["id"],
        "vendedor": None,
        "situacao": row["situacao"],
        "statusCrm": "C",
        "dataCriacao": moment_of(row["criado_em"]),
        "dataAtualizacao": moment_of(row["atualizado_em"]),
    }


def contato_detail(row: Row) -> dict[str, Any]:
    dados = row["dados"]
    return {
        **contato_item(row),
        **{name: dados.get(name, value) for name, value in DETAILS.items()},
        "enderecoCobranca": dados.get("enderecoCobranca") or dict.fromkeys(ADDRESS, ""),
        "tipos": [{"id": TIPOS[0]["id"], "descricao": TIPOS[0]["nome"]}],
        "contatos": [],
    }


def list_tipos(cursor: Cursor, account: Row, request: Request) -> Response:
    limit, offset, _ = read_paging(request)
    return make_page(TIPOS[offset : offset + limit], limit, offset, len(TIPOS))


def _known(body: dict[str, Any]) -> dict[str, Any]:
    """The fields that exist; others are swallowed, as Tiny does."""
    known = {name: body[name] for name in (*TEXTS, *DETAILS, "tipoPessoa") if name in body}
    for name in ("endereco", "enderecoCobranca"):
        if isinstance(body.get(name), dict):
            known[name] = {part: body[name].get(part) or "" for part in ADDRESS}
    return known


def _save(cursor: Cursor, account: Row, dados: dict[str, Any]) -> None:
    document = normalize_document(str(dados.get("cpfCnpj") or ""))
    store.save_contatos(cursor, account["id"], [(dados, document, store.get_now(cursor))])


TIPOS = [
    {"id": 334_779_501, "nome": "Cliente", "perfilContato": "1"},
    {"id": 334_779_502, "nome": "Fornecedor", "perfilContato": "2"},
    {"id": 334_779_503, "nome": "Transportador", "perfilContato": "4"},
]

ROUTES: list[Route] = [
    ("GET", "/contatos", list_contatos),
    ("GET", "/contatos/tipos", list_tipos),
    ("GET", "/contatos/{id:int}", get_contato),
    ("POST", "/contatos", add_contato),
    ("PUT", "/contatos/{id:int}", change_contato),
]
