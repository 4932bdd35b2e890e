"""What an account has once and orders refer to: the company itself, shipping methods and the like."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .. import data
from ..documents import mask_cnpj
from ..store import Cursor, Row
from ..vocabulary import CHANNELS
from ..web import Request, Response, json_response
from .parameters import Answer, Route, make_page, read_paging


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


# As an account was seen to have them: "1" is in use, "2" is not.
FORMAS = [
    {"id": 334_779_586 + place, "nome": nome, "situacao": situacao}
    for place, (nome, situacao) in enumerate(
        (
            ("Dinheiro", "1"), ("Cartão de crédito", "1"), ("Cartão de débito", "2"), ("Boleto", "2"),
            ("Cheque", "1"), ("Depósito", "2"), ("Crediário", "2"), ("Vale-troca", "2"), ("Pix", "1"),
        )
    )
]  # fmt: skip
VENDEDORES: list[dict[str, Any]] = [
    {
        "id": 334_779_701,
        "contato": {
            "nome": "Vendas internas", "codigo": "V1", "fantasia": "", "tipoPessoa": "F", "cpfCnpj": "",
            "inscricaoEstadual": "", "rg": "", "telefone": "", "celular": "",
            "email": "vendas@example.com",
            "endereco": dict.fromkeys(
                ("endereco", "numero", "complemento", "bairro", "municipio", "cep", "uf", "pais"), ""
            ),
            "id": 899_100_001,
        },
        "situacao": "B",
    }
]  # fmt: skip
USUARIOS = [
    {
        "id": 334_779_801,
        "nome": "Administração",
        "email": "adm@example.com",
        "emailComunicacao": "",
        "tipo": "",
    },
    {
        "id": 334_779_802,
        "nome": "Vendas internas",
        "email": "vendas@example.com",
        "emailComunicacao": "",
        "tipo": "vendedor",
    },
]


def list_of(rows: Sequence[dict[str, Any]], *filters: str) -> Answer:
    """An endpoint that lists fixed rows; a filter on a text finds it anywhere, on anything else exactly."""

    def answer(cursor: Cursor, account: Row, request: Request) -> Response:
        limit, offset, _ = read_paging(request)
        wanted = {name: request.query[name].lower() for name in filters if request.query.get(name)}
        found = [row for row in rows if all(_matches(row.get(name), text) for name, text in wanted.items())]
        return make_page(found[offset : offset + limit], limit, offset, len(found))

    return answer


def _matches(value: Any, text: str) -> bool:
    return text in str(value).lower() if isinstance(value, str) and len(value) > 1 else str(value) == text


def one_of(rows: Sequence[dict[str, Any]]) -> Answer:
    def answer(cursor: Cursor, account: Row, request: Request) -> Response:
        wanted = int(request.params["id"])
        found = next((row for row in rows if row["id"] == wanted), None)
        return Response(404) if found is None else json_response(found)

    return answer


def list_intermediadores(cursor: Cursor, account: Row, request: Request) -> Response:
    rows = [
        {"id": 810_000_000 + place, "nome": channel.nome, "cnpj": "", "canalVenda": channel.canal}
        for place, channel in enumerate(CHANNELS)
        if channel.intermediador
    ]
    return list_of(rows, "nome", "cnpj")(cursor, account, request)


ROUTES: list[Route] = [
    ("GET", "/formas-pagamento", list_of(FORMAS, "nome", "situacao")),
    ("GET", "/formas-pagamento/{id:int}", one_of(FORMAS)),
    ("GET", "/formas-recebimento", list_of(FORMAS, "nome", "situacao")),
    ("GET", "/formas-recebimento/{id:int}", one_of(FORMAS)),
    ("GET", "/vendedores", list_of(VENDEDORES)),
    ("GET", "/usuarios", list_of(USUARIOS, "nome", "tipo")),
    ("GET", "/intermediadores", list_intermediadores),
    ("GET", "/info", get_info),
    ("GET", "/formas-envio", list_formas_envio),
    ("GET", "/formas-envio/{id:int}", get_forma_envio),
]
