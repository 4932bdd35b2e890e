"""Contacts: written in batches, refused record by record."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import store
from ..documents import normalize_document
from ..store import Cursor, Row
from .errors import Answer, Refused, fail_records
from .parameters import (
    Conditions,
    Fields,
    Service,
    answer,
    list_page,
    part_of,
    show_moment,
    show_person,
    text_of,
)

LONGEST_BATCH = 20
NOT_FOUND = "Contato não localizado"
# v2's name of a field to v3's, in which contacts are kept.
TEXTS = {
    "nome": "nome", "codigo": "codigo", "fantasia": "fantasia", "nome_fantasia": "fantasia",
    "tipo_pessoa": "tipoPessoa", "cpf_cnpj": "cpfCnpj", "ie": "inscricaoEstadual", "rg": "rg",
    "im": "inscricaoMunicipal", "fone": "telefone", "celular": "celular", "email": "email",
    "email_nfe": "emailNfe", "site": "site", "obs": "observacoes", "data_nascimento": "dataNascimento",
}  # fmt: skip
ADDRESS = {
    "endereco": "endereco", "numero": "numero", "complemento": "complemento", "bairro": "bairro",
    "cidade": "municipio", "cep": "cep", "uf": "uf", "pais": "pais",
}  # fmt: skip
LABELS = {"E": "Excluido"}

Save = Callable[[dict[str, Any]], Answer]


def list_contatos(cursor: Cursor, account: Row, fields: Fields) -> Answer:
    rows, page, pages = list_page(cursor, account, fields, "contato", conditions_of(fields))
    contatos = [{"contato": contato_item(row)} for row in rows]
    return answer({"pagina": page, "numero_paginas": pages, "contatos": contatos}, 3)


def get_contato(cursor: Cursor, account: Row, fields: Fields) -> Answer:
    rows = _find(cursor, account, [("id = %s", fields.id())])
    if not rows:
        raise Refused(32, NOT_FOUND)
    return answer({"contato": contato_detail(rows[0])})


def add_contatos(cursor: Cursor, account: Row, fields: Fields) -> Answer:
    def add(record: dict[str, Any]) -> Answer:
        check_record(record, "contato", situacao="A situação do contato deve ser informada")
        document = normalize_document(text_of(record.get("cpf_cnpj")))
        if document and _find(cursor, account, [("documento = %s", document)]):
            raise Refused(30)
        return {"id": str(save_contato(cursor, account, read_person(record)))}

    return save_records(read_records(fields, "contato"), add)


def change_contatos(cursor: Cursor, account: Row, fields: Fields) -> Answer:
    def change(record: dict[str, Any]) -> Answer:
        check_record(record, "contato", situacao="A situação do contato deve ser informada")
        found = find_contato(cursor, account, record)
        if found is None:
            raise Refused(32, NOT_FOUND)
        return {"id": str(save_contato(cursor, account, read_person(record, found["dados"])))}

    return save_records(read_records(fields, "contato"), change)


# -- batches -------------------------------------------------------------------------------------------


def read_records(fields: Fields, name: str) -> list[dict[str, Any]]:
    """The records of ``{"contatos": [{"contato": {…}}]}``. Raises Refused (3, 9, 10, 22)."""
    rows = fields.json(name, f"{name}s")
    rows = rows if isinstance(rows, list) else [rows]
    records = [part_of(row, name) for row in rows]
    if not records or not all(records):
        raise Refused(3)
    if len(records) > LONGEST_BATCH:
        raise Refused(22)
    sequences = [text_of(record.get("sequencia")) for record in records if text_of(record.get("sequencia"))]
    if len(set(sequences)) < len(sequences):
        raise Refused(9)
    return records


def check_record(record: dict[str, Any], what: str, **needed: str) -> None:
    """Raises Refused (31) with a sentence for each field that is missing."""
    needed = {
        "sequencia": "O número de sequência deve ser informado",
        "nome": f"O nome do {what} deve ser informado",
        **needed,
    }
    texts = [text for field, text in needed.items() if not text_of(record.get(field))]
    if texts:
        raise Refused(31, *texts)


def save_records(records: list[dict[str, Any]], save: Save) -> Answer:
    """Each record on its own; what came of the batch is told by ``status``."""
    saved, failed = [], []
    rows: list[Answer] = []
    for record in records:
        sequence = text_of(record.get("sequencia"))
        try:
            row = {"sequencia": sequence, "status": "OK", **save(record)}
            saved.append(row)
        except Refused as refusal:
            row = refusal.describe_record(sequence)
            failed.append(row)
        rows.append(row)
    if not saved:
        return fail_records(*failed)
    registros = [{"registro": row} for row in rows]
    if failed:
        return {"status_processamento": 4, "status": "Parcial", "registros": registros}
    return answer({"registros": registros}, 3)


# -- finding and keeping -------------------------------------------------------------------------------


def find_contato(cursor: Cursor, account: Row, record: dict[str, Any]) -> Row | None:
    """By id, else by code, else by document. Raises Refused (33) where two have it."""
    document = normalize_document(text_of(record.get("cpf_cnpj")))
    for sql, value in (
        ("id::text = %s", text_of(record.get("id"))),
        ("dados->>'codigo' = %s", text_of(record.get("codigo"))),
        ("documento = %s", document),
    ):
        if not value:
            continue
        found = _find(cursor, account, [(sql, value)])
        if len(found) > 1:
            raise Refused(33)
        if found:
            return found[0]
    return None


def read_person(record: dict[str, Any], known: dict[str, Any] | None = None) -> dict[str, Any]:
    """A customer in v3's shape; what the record leaves out stays as it is known."""
    known = known or {
        **dict.fromkeys(TEXTS.values(), ""),
        "tipoPessoa": "F",
        "endereco": dict.fromkeys(ADDRESS.values(), ""),
    }
    texts = {column: text_of(record[name]) for name, column in TEXTS.items() if name in record}
    address = {column: text_of(record[name]) for name, column in ADDRESS.items() if name in record}
    return {**known, **texts, "endereco": {**(known.get("endereco") or {}), **address}}


def save_contato(cursor: Cursor, account: Row, dados: dict[str, Any]) -> int:
    """Write a contact, with a new id unless it has one; the id."""
    contato_id: int = dados.get("id") or store.take_id(cursor, "contato_id")
    document = normalize_document(dados.get("cpfCnpj") or "")
    store.save_contatos(
        cursor, account["id"], [({**dados, "id": contato_id}, document, store.get_now(cursor))]
    )
    return contato_id


def _find(cursor: Cursor, account: Row, conditions: Conditions) -> list[Row]:
    rows, _ = store.list_rows(cursor, "contato", account["id"], conditions, 2, 0, descending=False)
    return rows


def conditions_of(fields: Fields) -> Conditions:
    if "pesquisa" not in fields.given:
        raise Refused(10, "O parâmetro pesquisa não foi informado")
    conditions: Conditions = []
    if fields.get("pesquisa"):
        # The name somewhere, or the code as a whole: one placeholder for both.
        either = "EXISTS (SELECT FROM (SELECT %s AS text) AS wanted WHERE dados->>'codigo' = text"
        conditions.append(
            (f"{either} OR strpos(lower(dados->>'nome'), lower(text)) > 0)", fields.get("pesquisa"))
        )
    if fields.get("cpf_cnpj"):
        conditions.append(("documento = %s", normalize_document(fields.get("cpf_cnpj"))))
    if fields.get("situacao"):
        if fields.get("situacao") not in ("Ativo", "Excluido"):
            raise Refused(31, "O parâmetro situacao deve ser Ativo ou Excluido")
        conditions.append(("(situacao = 'E') = %s", fields.get("situacao") == "Excluido"))
    for name, column in (("dataCriacao", "criado_em"), ("dataMinimaAtualizacao", "atualizado_em")):
        moment = fields.moment(name)
        if moment is not None:
            conditions.append((f"{column} >= %s", moment))
    return conditions


# -- shapes --------------------------------------------------------------------------------------------


def contato_item(row: Row) -> Answer:
    dados = row["dados"]
    return {
        "id": str(row["id"]),
        "codigo": dados.get("codigo") or "",
        "fantasia": dados.get("fantasia") or "",
        **show_person(dados),
        "id_lista_preco": "0",
        "id_vendedor": "0",
        "nome_vendedor": "",
        "situacao": LABELS.get(row["situacao"], "Ativo"),
        "data_criacao": show_moment(row["criado_em"]),
    }


def contato_detail(row: Row) -> Answer:
    dados = row["dados"]
    return {
        "id": str(row["id"]),
        "codigo": dados.get("codigo") or "",
        "fantasia": dados.get("fantasia") or "",
        **show_person(dados),
        # v3's one number of an order's customer may be either of two; here they are apart.
        "fone": dados.get("telefone") or "",
        "rg": dados.get("rg") or "",
        "im": dados.get("inscricaoMunicipal") or None,
        "pais": (dados.get("endereco") or {}).get("pais") or "",
        "endereco_cobranca": "",
        "uf_cobranca": " ",
        "contatos": "",
        "celular": dados.get("celular") or "",
        "email_nfe": dados.get("emailNfe") or "",
        "site": dados.get("site") or "",
        "crt": "0",
        "estadoCivil": "0",
        "data_nascimento": dados.get("dataNascimento") or "",
        "limite_credito": 0,
        # v3 tells apart those who may log in (A) from those who may not (B).
        "situacao": "A" if row["situacao"] == "B" else row["situacao"],
        "obs": dados.get("observacoes") or "",
        "data_atualizacao": show_moment(row["atualizado_em"]),
        "tipos_contato": [{"tipo": "Cliente"}],
        "pessoas_contato": [],
    }


SERVICES = {
    "contatos.pesquisa.php": Service(list_contatos),
    "contato.obter.php": Service(get_contato),
    "contato.incluir.php": Service(add_contatos, is_batch=True, has_records=True),
    "contato.alterar.php": Service(change_contatos, is_batch=True, has_records=True),
}
