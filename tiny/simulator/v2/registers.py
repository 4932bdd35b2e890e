"""The company itself, its shipping methods and its salespeople."""

from __future__ import annotations

from typing import Any

from .. import data
from ..documents import mask_cnpj
from ..store import Cursor, Row
from ..v3.registers import VENDEDORES
from .errors import Answer, Refused
from .parameters import Fields, Service, answer, cut_page, show_address


def get_info(cursor: Cursor, account: Row, fields: Fields) -> Answer:
    address = show_address(account["endereco"])
    conta = {
        "razao_social": account["razao_social"],
        "cnpj_cpf": mask_cnpj(account["cnpj"]),
        "fantasia": account["fantasia"],
        **{name: address[name] for name in ("endereco", "numero", "bairro", "complemento", "cidade")},
        "estado": address["uf"],
        "cep": address["cep"],
        "fone": account["fone"],
        "email": account["email"],
        "inscricao_estadual": "",
        "regime_tributario": "Simples Nacional",
    }
    return answer({"conta": conta}, 3)


def list_formas_envio(cursor: Cursor, account: Row, fields: Fields) -> Answer:
    """Flat records, unlike every other list."""
    kind = fields.number("tipoLogistica")
    formas = [
        _forma(forma)
        for forma in data.list_formas_envio(account["id"])
        if kind is None or int(forma["tipo"]) == kind
    ]
    if not formas:
        raise Refused(20)
    return answer({"registros": formas}, 3)


def get_forma_envio(cursor: Cursor, account: Row, fields: Fields) -> Answer:
    wanted = fields.id("idFormaEnvio")
    for forma in data.list_formas_envio(account["id"]):
        if forma["id"] == wanted:
            fretes = [
                {
                    "id": frete["id"],
                    "descricao": frete["nome"],
                    "codigo": frete["codigo"],
                    "codigo_externo": frete["codigoExterno"],
                    "tipo_entrega": int(frete["tipoEntrega"]),
                }
                for frete in forma["formasFrete"]
            ]
            return answer({"forma_envio": {**_forma(forma), "formas_frete": fretes}}, 3)
    raise Refused(32, "Forma de envio não localizada")


def _forma(forma: dict[str, Any]) -> Answer:
    return {
        "id": forma["id"],
        "nome": forma["nome"],
        "situacao": int(forma["situacao"]),
        "tipo_logistica": int(forma["tipo"]),
    }


def list_vendedores(cursor: Cursor, account: Row, fields: Fields) -> Answer:
    wanted = fields.get("pesquisa").lower()
    found = [{"vendedor": _vendedor(row)} for row in VENDEDORES if wanted in row["contato"]["nome"].lower()]
    rows, page, pages = cut_page(fields, found)
    return answer({"pagina": str(page), "numero_paginas": str(pages), "vendedores": rows}, 3)


def _vendedor(row: dict[str, Any]) -> Answer:
    contato = row["contato"]
    return {
        "id": row["id"],
        "codigo": contato["codigo"],
        "nome": contato["nome"],
        "tipo_pessoa": contato["tipoPessoa"],
        "fantasia": contato["fantasia"],
        "cpf_cnpj": contato["cpfCnpj"],
        "email": contato["email"],
        **show_address(contato["endereco"]),
        "situacao": "Ativo",
    }


SERVICES = {
    "info.php": Service(get_info),
    "vendedores.pesquisa.php": Service(list_vendedores),
    "formas.envio.pesquisa.php": Service(list_formas_envio),
    "formas.envio.obter.php": Service(get_forma_envio),
}
