"""What products refer to: brands, categories, depósitos and lists of prices."""

from __future__ import annotations

from .. import catalog, store
from ..store import Cursor, Row
from ..web import Request, Response, json_response
from .parameters import Route, ValidationFailed, make_page, read_int, read_paging


def list_marcas(cursor: Cursor, account: Row, request: Request) -> Response:
    catalog.ensure_products(cursor, account)
    wanted = request.query.get("descricao", "").lower()
    found = [marca for marca in account["marcas"] if wanted in marca["descricao"].lower()]
    limit, offset, _ = read_paging(request)
    return make_page(found[offset : offset + limit], limit, offset, len(found))


def add_marca(cursor: Cursor, account: Row, request: Request) -> Response:
    catalog.ensure_products(cursor, account)
    account = store.lock_account(cursor, account["id"])
    text = _read_descricao(request)
    if any(marca["descricao"] == text for marca in account["marcas"]):
        raise ValidationFailed("descricao", "Já existe uma marca com esta descrição")
    return json_response({"id": catalog.find_marca(cursor, account, text)})


def change_marca(cursor: Cursor, account: Row, request: Request) -> Response:
    account = store.lock_account(cursor, account["id"])
    wanted = int(request.params["id"])
    if all(marca["id"] != wanted for marca in account["marcas"]):
        return Response(404)
    text = _read_descricao(request)
    marcas = [{**marca, "descricao": text} if marca["id"] == wanted else marca for marca in account["marcas"]]
    store.update_account(cursor, account["id"], {"marcas": marcas})
    return Response(204)


def list_categorias(cursor: Cursor, account: Row, request: Request) -> Response:
    """One tree per root. The document describes a single node; that they come in a list is a guess."""
    catalog.ensure_products(cursor, account)
    return json_response(catalog.show_tree(account))


def list_depositos(cursor: Cursor, account: Row, request: Request) -> Response:
    """Without an envelope, as measured."""
    return json_response(
        [
            {
                "id": deposito["id"],
                "descricao": deposito["nome"],
                "tipo": "P",
                "desconsideraSaldo": deposito["desconsiderar"],
                "padrao": place == 0,
                "possuiReserva": account["reserves_stock"],
            }
            for place, deposito in enumerate(account["depositos"])
        ]
    )


def list_listas_precos(cursor: Cursor, account: Row, request: Request) -> Response:
    wanted = request.query.get("nome", "").lower()
    rows = [_lista(lista) for lista in account["listas_precos"] if wanted in lista["descricao"].lower()]
    limit, offset, _ = read_paging(request)
    return make_page(rows[offset : offset + limit], limit, offset, len(rows))


def get_lista_precos(cursor: Cursor, account: Row, request: Request) -> Response:
    """The document types ``excecoes`` as an object; a list is a guess."""
    lista = find_lista(account, int(request.params["id"]))
    if lista is None:
        return Response(404)
    product_id = read_int(request, "idProduto")
    found = [row for row in lista["excecoes"] if product_id in (None, row["idProduto"])]
    return json_response({**_lista(lista), "excecoes": found})


def find_lista(account: Row, lista_id: int | None) -> Row | None:
    return next((lista for lista in account["listas_precos"] if lista["id"] == lista_id), None)


def _lista(lista: Row) -> Row:
    return {name: lista[name] for name in ("id", "descricao", "acrescimoDesconto")}


def _read_descricao(request: Request) -> str:
    text = str(request.json.get("descricao") or "").strip()
    if not text:
        raise ValidationFailed("descricao", "O campo descricao é obrigatório")
    return text


ROUTES: list[Route] = [
    ("GET", "/marcas", list_marcas),
    ("POST", "/marcas", add_marca),
    ("PUT", "/marcas/{id:int}", change_marca),
    ("GET", "/categorias/todas", list_categorias),
    ("GET", "/depositos", list_depositos),
    ("GET", "/listas-precos", list_listas_precos),
    ("GET", "/listas-precos/{id:int}", get_lista_precos),
]
