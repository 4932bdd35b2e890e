"""Products and their stock: prices are numbers in one place and texts in the next."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from .. import catalog, data
from ..store import Cursor, Row
from .contatos import check_record, read_records, save_records
from .errors import Answer, Refused
from .parameters import (
    Conditions,
    Fields,
    Service,
    answer,
    list_page,
    read_int,
    read_number,
    show_moment,
    show_money,
    text_of,
)

UNIT = "UN"
NOT_FOUND = "Produto não localizado"
SITUACOES = ("A", "I", "E")


def list_produtos(cursor: Cursor, account: Row, fields: Fields) -> Answer:
    catalog.ensure_products(cursor, account)
    rows, page, pages = list_page(cursor, account, fields, "produto", conditions_of(fields))
    produtos = [{"produto": produto_item(row)} for row in rows]
    return answer({"pagina": page, "numero_paginas": pages, "produtos": produtos}, 3)


def get_produto(cursor: Cursor, account: Row, fields: Fields) -> Answer:
    return answer({"produto": produto_detail(_find(cursor, account, fields.id()))})


def get_estoque(cursor: Cursor, account: Row, fields: Fields) -> Answer:
    row = _find(cursor, account, fields.id())
    deposito = {
        "nome": data.DEPOSITO["nome"],
        "desconsiderar": "N",
        "saldo": _plain(row["saldo"]),
        "empresa": account["fantasia"] or account["razao_social"],
    }
    produto = {
        "id": str(row["id"]),
        "codigo": row["sku"],
        "nome": row["descricao"],
        "unidade": UNIT,
        "saldo": _plain(row["saldo"]),
        "saldoReservado": _count_reserved(cursor, account, row),
        "depositos": [{"deposito": deposito}],
    }
    return answer({"produto": produto})


def get_estrutura(cursor: Cursor, account: Row, fields: Fields) -> Answer:
    """No product here is made of others."""
    row = _find(cursor, account, fields.id())
    produto = {"id": str(row["id"]), "nome": row["descricao"], "codigo": row["sku"], "estrutura": []}
    return answer({"produto": produto})


def move_stock(cursor: Cursor, account: Row, fields: Fields) -> Answer:
    entry = fields.json("estoque", "estoque")
    entry = entry if isinstance(entry, dict) else {}
    product_id = read_int(entry.get("idProduto"), "idProduto")
    quantity = read_number(entry.get("quantidade"), "quantidade")
    if product_id is None or quantity is None:
        raise Refused(31, "Informe idProduto e quantidade")
    kind = text_of(entry.get("tipo")) or "B"
    if kind not in ("B", "E", "S"):
        raise Refused(31, "O tipo do lançamento deve ser B, E ou S")
    if text_of(entry.get("deposito")) not in ("", data.DEPOSITO["nome"]):
        raise Refused(32, "Depósito não localizado")
    if text_of(entry.get("data")):
        _check_moment(text_of(entry.get("data")))
    row = _find(cursor, account, product_id, lock=True)
    record = {
        "sequencia": "1",
        "status": "OK",
        "id": catalog.move_stock(cursor, account, row["id"], kind, quantity),
        "saldoEstoque": _plain(_find(cursor, account, product_id)["saldo"]),
        "saldoReservado": _count_reserved(cursor, account, row),
        "registroCriado": True,
    }
    return answer({"registros": {"registro": record}})


def set_precos(cursor: Cursor, account: Row, fields: Fields) -> Answer:
    def save(record: dict[str, Any]) -> Answer:
        row = _find(cursor, account, read_int(record.get("id"), "id") or 0, lock=True)
        price = read_number(record.get("preco"), "preco")
        promotional = read_number(record.get("preco_promocional"), "preco_promocional")
        catalog.set_price(
            cursor,
            account,
            row["id"],
            row["preco"] if price is None else price,
            row["preco_promocional"] if promotional is None else promotional,
        )
        return {"id": str(row["id"])}

    rows = fields.json_body("precos")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise Refused(3)
    return save_records([{**row, "sequencia": str(place)} for place, row in enumerate(rows, start=1)], save)


def add_produtos(cursor: Cursor, account: Row, fields: Fields) -> Answer:
    catalog.ensure_products(cursor, account)

    def add(record: dict[str, Any]) -> Answer:
        check_record(record, "produto")
        sku = text_of(record.get("codigo"))
        if sku and catalog.find_by_sku(cursor, account, sku) is not None:
            raise Refused(30)
        return {"id": str(catalog.add_product(cursor, account, _read_produto(record)))}

    return save_records(read_records(fields, "produto"), add)


def change_produtos(cursor: Cursor, account: Row, fields: Fields) -> Answer:
    catalog.ensure_products(cursor, account)

    def change(record: dict[str, Any]) -> Answer:
        check_record(record, "produto")
        product_id = read_int(record.get("id"), "id")
        if product_id is None:
            found = catalog.find_by_sku(cursor, account, text_of(record.get("codigo")))
        else:
            found = catalog.get_product(cursor, account, product_id, lock=True)
        if found is None:
            raise Refused(32, NOT_FOUND)
        catalog.change_product(cursor, account, found["id"], _read_produto(record, found))
        return {"id": str(found["id"])}

    return save_records(read_records(fields, "produto"), change)


def _read_produto(record: dict[str, Any], known: Row | None = None) -> Row:
    """Columns of a product. Raises Refused (31)."""
    known = known or {"situacao": "A", "preco": 0, "preco_promocional": 0, "sku": "", "gtin": ""}
    situacao = text_of(record.get("situacao")) or known["situacao"]
    if situacao not in SITUACOES:
        raise Refused(31, "A situação do produto é inválida")
    price = read_number(record.get("preco"), "preco")
    promotional = read_number(record.get("preco_promocional"), "preco_promocional")
    return {
        "descricao": text_of(record.get("nome")),
        "sku": text_of(record.get("codigo")) or known["sku"],
        "gtin": text_of(record.get("gtin")) or known["gtin"],
        "situacao": situacao,
        "preco": known["preco"] if price is None else price,
        "preco_promocional": known["preco_promocional"] if promotional is None else promotional,
    }


def _find(cursor: Cursor, account: Row, product_id: int, *, lock: bool = False) -> Row:
    row = catalog.get_product(cursor, account, product_id, lock=lock)
    if row is None:
        raise Refused(32, NOT_FOUND)
    return row


def _count_reserved(cursor: Cursor, account: Row, row: Row) -> float | None:
    """null without the extension of reservations."""
    if not account["reserves_stock"]:
        return None
    return _plain(catalog.count_reserved(cursor, account, row["id"]))


def _plain(value: float) -> float:
    return int(value) if value == int(value) else value


def _check_moment(text: str) -> None:
    """The one date of v2 that is written the other way round."""
    try:
        datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=data.BRASILIA)
    except ValueError:
        raise Refused(31, "A data do lançamento deve ser informada como aaaa-mm-dd hh:mm:ss") from None


def conditions_of(fields: Fields) -> Conditions:
    if "pesquisa" not in fields.given:
        raise Refused(10, "O parâmetro pesquisa não foi informado")
    situacao = fields.get("situacao")
    if situacao not in ("", *SITUACOES):
        raise Refused(31, "O parâmetro situacao deve ser A, I ou E")
    conditions: Conditions = [("situacao = ANY(%s)", [situacao] if situacao else ["A", "I"])]
    if fields.get("pesquisa"):
        conditions.append(("strpos(lower(sku || ' ' || descricao), lower(%s)) > 0", fields.get("pesquisa")))
    if fields.get("gtin"):
        conditions.append(("gtin = %s", fields.get("gtin")))
    created = fields.moment("dataCriacao")
    if created is not None:
        conditions.append(("criado_em >= %s", created))
    return conditions


# -- shapes --------------------------------------------------------------------------------------------


def produto_item(row: Row) -> Answer:
    return {
        "id": str(row["id"]),
        "data_criacao": show_moment(row["criado_em"]),
        "nome": row["descricao"],
        "codigo": row["sku"],
        "preco": row["preco"],
        "preco_promocional": _plain(row["preco_promocional"]),
        "unidade": UNIT,
        "gtin": row["gtin"],
        "tipoVariacao": "N",
        "localizacao": "",
        "preco_custo": 0,
        "preco_custo_medio": 0,
        "situacao": row["situacao"],
    }


# What the simulator has no values for, in the forms of the documentation's sample.
NOTHINGS: Answer = {
    **dict.fromkeys(
        (
            "gtin_embalagem", "codigo_fornecedor", "codigo_pelo_fornecedor", "unidade_por_caixa",
            "classe_ipi", "descricao_complementar", "obs", "garantia", "cest", "idProdutoPai", "marca",
            "categoria", "seo_title", "seo_keywords", "link_video", "seo_description", "slug",
        ),
        "",
    ),
    **dict.fromkeys(("estoque_minimo", "estoque_maximo", "id_fornecedor"), 0),
    "origem": "0",
    "valor_ipi_fixo": "0",
    "cod_lista_servicos": None,
    "sob_encomenda": "N",
    "dias_preparacao": "0",
}  # fmt: skip


def produto_detail(row: Row) -> Answer:
    product = data.find_product(row["sku"])
    return {
        **produto_item(row),
        **NOTHINGS,
        "ncm": f"{product.ncm[:4]}.{product.ncm[4:6]}.{product.ncm[6:]}",
        "peso_liquido": product.weight,
        "peso_bruto": round(product.weight * 1.08, 3),
        "tipo": "P",
        "variacoes": [],
        "tipoEmbalagem": "2",
        "alturaEmbalagem": show_money(15),
        "comprimentoEmbalagem": show_money(30),
        "larguraEmbalagem": show_money(20),
        "diametroEmbalagem": show_money(0),
        "anexos": [],
        "imagens_externas": [],
        "classe_produto": "S",
    }


SERVICES = {
    "produtos.pesquisa.php": Service(list_produtos),
    "produto.obter.php": Service(get_produto),
    "produto.obter.estoque.php": Service(get_estoque),
    "produto.obter.estrutura.php": Service(get_estrutura),
    "produto.atualizar.estoque.php": Service(move_stock),
    "produto.atualizar.precos": Service(set_precos, has_raw_body=True),
    "produto.incluir.php": Service(add_produtos, is_batch=True, has_records=True),
    "produto.alterar.php": Service(change_produtos, is_batch=True, has_records=True),
}
