"""What an account has once and orders refer to: the company itself, shipping methods and the like."""

from __future__ import annotations

from .. import data
from ..documents import mask_cnpj
from ..store import Cursor, Row
from ..web import Request, Response, json_response
from .parameters import Route, make_page, read_paging


def get_info(cursor: Cursor, account: Row, request: Request) -> Response:
    return json_response(
        {
            "razaoSocial": account["razao_social"],
            "cpfCnpj": mask_cnpj(account["cnpj"]),
            "fantasia": account["fantasia"],
            "enderecoEmpresa": account["endereco"],
            "fone": account["fone"],
            "email": account["email"],
            "inscricaoEstadual": "",
            "regimeTributario": 1,
        }
    )


def list_formas_envio(cursor: Cursor, account: Row, request: Request) -> Response:
    limit, offset, _ = read_paging(request)
    wanted_name = request.query.get("nome", "").lower()
    wanted_kind = request.query.get("tipo", "")
    formas = [
        {name: value for name, value in forma.items() if name != "formasFrete"}
        for forma in data.list_formas_envio(account["id"])
        if wanted_name in forma["nome"].lower() and wanted_kind in ("", forma["tipo"])
    ]
    return make_page(formas[offset : offset + limit], limit, offset, len(formas))


def get_forma_envio(cursor: Cursor, account: Row, request: Request) -> Response:
    for forma in data.list_formas_envio(account["id"]):
        if forma["id"] == int(request.params["id"]):
            return json_response(forma)
    return Response(404)


ROUTES: list[Route] = [
    ("GET", "/info", get_info),
    ("GET", "/formas-envio", list_formas_envio),
    ("GET", "/formas-envio/{id:int}", get_forma_envio),
]
