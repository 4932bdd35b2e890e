"""Products and their stock: prices are numbers in one place and texts in the next."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from .. import catalog, data, outbox
from ..store import Cursor, Row
from .contatos import check_record, read_records, save_records
from .errors import Answer, Refused
from .parameters import (
    Conditions,
    Fields,
    Service,
    answer,
    cut_page,
    items_of,
    list_page,
    part_of,
    read_int,
    read_number,
    show_moment,
    show_money,
    text_of,
)

NOT_FOUND = "Produto não localizado"
SITUACOES = ("A", "I", "E")
# Answers say 0 for none; a request takes no 0.
PACKINGS = (1, 2, 3)


def list_produtos(cursor: Cursor, account: Row, fields: Fields) -> Answer:
    catalog.ensure_products(cursor, account)
    lista_id = fields.number("idListaPreco")
    lista = None if lista_id is None else _find_lista(account, lista_id)
    conditions = conditions_of(fields)
    if lista is not None:
        conditions.append(catalog.condition_of(lista))
    rows, page, pages = list_page(cursor, account, fields, "produto", conditions)
    produtos = [{"produto": produto_item(row, lista)} for row in rows]
    return answer({"pagina": page, "numero_paginas": pages, "produtos": produtos}, 3)


def get_produto(cursor: Cursor, account: Row, fields: Fields) -> Answer:
    return answer({"produto": produto_detail(cursor, account, _find(cursor, account, fields.id()))})


def get_estoque(cursor: Cursor, account: Row, fields: Fields) -> Answer:
    row = _find(cursor, account, fields.id())
    amounts = catalog.list_stock(cursor, account, [row])[row["id"]]
    produto = {
        "id": str(row["id"]),
        "codigo": row["sku"],
        "nome": row["descricao"],
        "unidade": row["dados"]["unidade"],
        **_stock_of(account, amounts, "saldo"),
        "depositos": _show_depositos(account, amounts),
    }
    return answer({"produto": produto})


def get_estrutura(cursor: Cursor, account: Row, fields: Fields) -> Answer:
    """What a manufactured product is made of; empty for any other."""
    row = _find(cursor, account, fields.id())
    estrutura = [
        {
            "item": {
                "id_componente": str(part["id"]),
                "codigo": part["sku"],
                "nome": part["descricao"],
                "quantidade": show_money(quantity),
            }
        }
        for part, quantity in catalog.list_parts(cursor, account, row["dados"]["producao"]["produtos"])
    ]
    produto = {"id": str(row["id"]), "nome": row["descricao"], "codigo": row["sku"], "estrutura": estrutura}
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
    wanted = text_of(entry.get("deposito"))
    deposito = next((one for one in account["depositos"] if wanted in ("", one["nome"])), None)
    if deposito is None:
        raise Refused(32, "Depósito não localizado")
    if text_of(entry.get("data")):
        _check_moment(text_of(entry.get("data")))
    row = _find(cursor, account, product_id, lock=True)
    try:
        entry_id = catalog.move_stock(cursor, account, row, kind, quantity, deposito)
    except catalog.Unmovable:
        raise Refused(31, "O estoque deste produto é o dos seus componentes") from None
    amounts = catalog.list_stock(cursor, account, [_find(cursor, account, product_id)])[product_id]
    record = {
        "sequencia": "1",
        "status": "OK",
        "id": entry_id,
        **_stock_of(account, amounts, "saldoEstoque"),
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
        product_id = catalog.add_product(cursor, account, _read_produto(cursor, account, record, None))
        _stock_up(cursor, account, product_id, record)
        for variation in items_of(record, "variacoes", "variacao"):
            _add_variacao(cursor, account, product_id, variation)
        return {"id": str(product_id)}

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
        values = _read_produto(cursor, account, record, found)
        catalog.change_product(cursor, account, found["id"], values)
        _replace_variacoes(cursor, account, found["id"], items_of(record, "variacoes", "variacao"))
        return {"id": str(found["id"])}

    return save_records(read_records(fields, "produto"), change)


def list_estoque_updates(cursor: Cursor, account: Row, fields: Fields) -> Answer:
    """Whose stock changed: whoever asks takes them away from everybody."""

    def show(row: Row, at: datetime) -> Answer:
        amounts = catalog.list_stock(cursor, account, [row])[row["id"]]
        return {
            "id": row["id"],
            "nome": row["descricao"],
            "codigo": row["sku"],
            "unidade": row["dados"]["unidade"],
            "tipo_variacao": catalog.variation_of(row),
            "localizacao": row["dados"]["estoque"]["localizacao"],
            "data_alteracao": show_moment(at),
            **_stock_of(account, amounts, "saldo"),
            "depositos": _show_depositos(account, amounts),
        }

    return _take_updates(cursor, account, fields, "estoque", show)


def list_produto_updates(cursor: Cursor, account: Row, fields: Fields) -> Answer:
    return _take_updates(
        cursor,
        account,
        fields,
        "produtos",
        lambda row, at: {**produto_item(row), "data_alteracao": show_moment(at)},
    )


def _take_updates(
    cursor: Cursor, account: Row, fields: Fields, kind: str, show: Callable[[Row, datetime], Answer]
) -> Answer:
    """The oldest changes, whatever page is asked for: those of the page before are no longer there."""
    if not account["has_realtime"]:
        raise Refused(5)
    fields.need("dataAlteracao")
    since = fields.moment("dataAlteracao")
    if since is None:
        raise Refused(31, "O campo dataAlteracao deve ser uma data válida")
    total = outbox.count_updates(cursor, account["id"], kind, since)
    if not total:
        raise Refused(20)
    taken = outbox.take_updates(cursor, account["id"], kind, since, fields.page_size)
    rows = {
        row["id"]: row
        for row in catalog.list_by_ids(cursor, account, [change["produto_id"] for change in taken])
    }
    produtos = [
        {"produto": show(rows[change["produto_id"]], change["at"])}
        for change in taken
        if change["produto_id"] in rows
    ]
    pages = math.ceil(total / fields.page_size)
    return answer({"pagina": fields.number("pagina") or 1, "numero_paginas": pages, "produtos": produtos}, 3)


def list_listas_precos(cursor: Cursor, account: Row, fields: Fields) -> Answer:
    wanted = fields.get("pesquisa").lower()
    found = [
        {
            "registro": {
                "id": lista["id"],
                "descricao": lista["descricao"],
                "acrescimo_desconto": catalog.plain(lista["acrescimoDesconto"]),
            }
        }
        for lista in account["listas_precos"]
        if wanted in lista["descricao"].lower()
    ]
    rows, page, pages = cut_page(fields, found)
    return answer({"pagina": page, "numero_paginas": pages, "registros": rows}, 3)


def list_excecoes(cursor: Cursor, account: Row, fields: Fields) -> Answer:
    lista = _find_lista(account, fields.id("idListaPreco"))
    product_id = fields.number("idProduto")
    found = [
        {
            "registro": {
                "id_lista_preco": lista["id"],
                "id_produto": row["idProduto"],
                "preco": row["preco"],
                "preco_promocional": row["precoPromocional"],
            }
        }
        for row in lista["excecoes"]
        if product_id in (None, row["idProduto"])
    ]
    rows, page, pages = cut_page(fields, found)
    return answer({"pagina": page, "numero_paginas": pages, "registros": rows}, 3)


# -- writing -------------------------------------------------------------------------------------------


def _read_produto(cursor: Cursor, account: Row, record: dict[str, Any], known: Row | None) -> Row:
    """Columns of a product. What a record leaves out is empty afterwards. Raises Refused (31).

    Only kind and situação stay. Packing is written by other names than it is read by.
    """
    situacao = text_of(record.get("situacao")) or (known["situacao"] if known else "A")
    if situacao not in SITUACOES:
        raise Refused(31, "A situação do produto é inválida")
    kind = text_of(record.get("classe_produto")) or (known["tipo"] if known else "S")
    if kind not in catalog.KINDS:
        raise Refused(31, "A classe do produto é inválida")

    def text(name: str) -> str:
        return text_of(record.get(name))

    packing = read_int(record.get("tipo_embalagem"), "tipo_embalagem")
    if packing not in (None, *PACKINGS):
        raise Refused(31, "O tipo da embalagem é inválido")

    def number(name: str) -> float:
        return catalog.plain(read_number(record.get(name), name) or 0)

    seo = part_of(record, "seo")
    parts = [
        {"id": read_int(item.get("id_produto"), "id_produto"), "quantidade": _read_quantity(item)}
        for item in items_of(record, "kit", "item")
    ]
    dados = {
        **data.BLANK_PRODUCT,
        "unidade": text("unidade"),
        "unidadePorCaixa": text("unidade_por_caixa"),
        "ncm": text("ncm").replace(".", ""),
        "origem": text("origem") or "0",
        "garantia": text("garantia"),
        "observacoes": text("obs"),
        "descricaoComplementar": text("descricao_complementar"),
        "marca": catalog.find_marca(cursor, account, text("marca")),
        "categoria": catalog.find_categoria(cursor, account, text("categoria")),
        "precoCusto": number("preco_custo"),
        "dimensoes": {
            "embalagem": {"id": None, "tipo": packing or 0},
            "largura": number("largura_embalagem"),
            "altura": number("altura_embalagem"),
            "comprimento": number("comprimento_embalagem"),
            "diametro": number("diametro_embalagem"),
            "pesoLiquido": number("peso_liquido"),
            "pesoBruto": number("peso_bruto"),
        },
        "estoque": {
            "controlar": True,
            "sobEncomenda": text("sob_encomenda") == "S",
            "diasPreparacao": read_int(record.get("dias_preparacao"), "dias_preparacao") or 0,
            "localizacao": text("localizacao"),
            "minimo": number("estoque_minimo"),
            "maximo": number("estoque_maximo"),
        },
        "seo": {
            "titulo": text_of(seo.get("seo_title")),
            "descricao": text_of(seo.get("seo_description")),
            "keywords": [word for word in text_of(seo.get("seo_keywords")).split(",") if word],
            "linkVideo": text_of(seo.get("link_video")),
            "slug": text_of(seo.get("slug")),
        },
        "tributacao": {
            "gtinEmbalagem": text("gtin_embalagem"),
            "valorIPIFixo": number("valor_ipi_fixo"),
            "classeIPI": text("classe_ipi"),
        },
        "anexos": [
            *({"url": url, "externo": False} for url in _list_urls(record, "anexos", "anexo")),
            *(
                {"url": url, "externo": True}
                for url in _list_urls(record, "imagens_externas", "imagem_externa")
            ),
        ],
        "grade": known["dados"]["grade"] if known else [],
        "kit": parts,
        "producao": known["dados"]["producao"] if known else data.BLANK_PRODUCT["producao"],
    }
    return {
        "descricao": text("nome"),
        "sku": text("codigo"),
        "gtin": text("gtin"),
        "tipo": kind,
        "situacao": situacao,
        "preco": number("preco"),
        "preco_promocional": number("preco_promocional"),
        "dados": dados,
    }


def _read_quantity(item: dict[str, Any]) -> float:
    return catalog.plain(read_number(item.get("quantidade"), "quantidade") or 0)


def _list_urls(record: dict[str, Any], name: str, wrapper: str) -> list[str]:
    """Addresses that stand as ``{"anexo": "…"}`` or as ``{"imagem_externa": {"url": "…"}}``."""
    found = []
    for row in record.get(name) or []:
        value = row.get(wrapper) if isinstance(row, dict) else None
        url = text_of(value.get("url") if isinstance(value, dict) else value)
        found += [url] if url else []
    return found


def _replace_variacoes(cursor: Cursor, account: Row, pai_id: int, variations: list[dict[str, Any]]) -> None:
    """Those named by id are changed, those without one are new, the others are gone."""
    children = {row["id"]: row for row in catalog.list_children(cursor, account, pai_id)}
    for variation in variations:
        child = children.pop(read_int(variation.get("id"), "id") or 0, None)
        if child is None:
            _add_variacao(cursor, account, pai_id, variation)
            continue
        price = read_number(variation.get("preco"), "preco") or 0
        dados = {**child["dados"], "grade": _read_grade(variation)}
        values = {"sku": text_of(variation.get("codigo")), "preco": price, "dados": dados}
        if any(child[name] != value for name, value in values.items()):
            catalog.change_product(cursor, account, child["id"], values)
    for child in children.values():
        catalog.delete_product(cursor, account, child)


def _read_grade(variation: dict[str, Any]) -> list[Row]:
    return [{"chave": key, "valor": text_of(value)} for key, value in part_of(variation, "grade").items()]


def _add_variacao(cursor: Cursor, account: Row, pai_id: int, variation: dict[str, Any]) -> None:
    """A variation takes after its parent in what the request cannot say of it."""
    pai = _find(cursor, account, pai_id)
    grade = _read_grade(variation)
    name = " ".join([pai["descricao"], *(pair["valor"] for pair in grade)])
    child = catalog.add_product(
        cursor,
        account,
        {
            "descricao": name,
            "sku": text_of(variation.get("codigo")),
            "gtin": text_of(variation.get("gtin")),
            "pai_id": pai_id,
            "preco": read_number(variation.get("preco"), "preco") or 0,
            "dados": {**pai["dados"], "grade": grade, "anexos": []},
        },
    )
    _stock_up(cursor, account, child, variation)


def _stock_up(cursor: Cursor, account: Row, product_id: int, record: dict[str, Any]) -> None:
    initial = read_number(record.get("estoque_atual"), "estoque_atual")
    if initial:
        catalog.move_stock(cursor, account, _find(cursor, account, product_id), "B", initial)


# -- finding -------------------------------------------------------------------------------------------


def _find(cursor: Cursor, account: Row, product_id: int, *, lock: bool = False) -> Row:
    row = catalog.get_product(cursor, account, product_id, lock=lock)
    if row is None:
        raise Refused(32, NOT_FOUND)
    return row


def _find_lista(account: Row, lista_id: int) -> Row:
    for lista in account["listas_precos"]:
        if lista["id"] == lista_id:
            return dict(lista)
    raise Refused(32, "Lista de preços não localizada")


def _stock_of(account: Row, amounts: Sequence[catalog.Amount], name: str) -> Answer:
    """Of reservations null without the extension for them."""
    total = catalog.total_of(amounts)
    return {name: total["saldo"], "saldoReservado": total["reservado"] if account["reserves_stock"] else None}


def _show_depositos(account: Row, amounts: Sequence[catalog.Amount]) -> list[Answer]:
    return [
        {
            "deposito": {
                "nome": amount.deposito["nome"],
                "desconsiderar": "S" if amount.deposito["desconsiderar"] else "N",
                "saldo": amount.saldo,
                "empresa": account["fantasia"] or account["razao_social"],
            }
        }
        for amount in amounts
    ]


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


def produto_item(row: Row, lista: Row | None = None) -> Answer:
    price, promotional = (
        (row["preco"], row["preco_promocional"]) if lista is None else catalog.price_in(lista, row)
    )
    return {
        "id": str(row["id"]),
        "data_criacao": show_moment(row["criado_em"]),
        "nome": row["descricao"],
        "codigo": row["sku"],
        "preco": price,
        "preco_promocional": catalog.plain(promotional),
        "unidade": row["dados"]["unidade"],
        "gtin": row["gtin"],
        "tipoVariacao": catalog.variation_of(row),
        "localizacao": row["dados"]["estoque"]["localizacao"],
        "preco_custo": row["dados"]["precoCusto"],
        "preco_custo_medio": row["dados"]["precoCusto"],
        "situacao": row["situacao"],
    }


def _show_ncm(ncm: str) -> str:
    """With the points that v3 leaves out."""
    return f"{ncm[:4]}.{ncm[4:6]}.{ncm[6:]}" if len(ncm) == 8 else ncm


def produto_detail(cursor: Cursor, account: Row, row: Row) -> Answer:
    """In the forms of the documentation's sample: of two numbers one is a text."""
    dados = row["dados"]
    sizes, stock, seo, taxes = dados["dimensoes"], dados["estoque"], dados["seo"], dados["tributacao"]
    produto = {
        **produto_item(row),
        "ncm": _show_ncm(dados["ncm"]),
        "origem": dados["origem"],
        "gtin_embalagem": taxes["gtinEmbalagem"],
        "peso_liquido": sizes["pesoLiquido"],
        "peso_bruto": sizes["pesoBruto"],
        "estoque_minimo": stock["minimo"],
        "estoque_maximo": stock["maximo"],
        "id_fornecedor": 0,
        "codigo_fornecedor": "",
        "codigo_pelo_fornecedor": "",
        "unidade_por_caixa": dados["unidadePorCaixa"],
        "tipo": "P",
        "classe_ipi": taxes["classeIPI"],
        "valor_ipi_fixo": str(taxes["valorIPIFixo"]),
        "cod_lista_servicos": None,
        "descricao_complementar": dados["descricaoComplementar"],
        "obs": dados["observacoes"],
        "garantia": dados["garantia"],
        "cest": "",
        "variacoes": [
            {
                "variacao": {
                    "id": str(child["id"]),
                    "codigo": child["sku"],
                    "preco": f"{child['preco']:.10f}",
                    "grade": {pair["chave"]: pair["valor"] for pair in child["dados"]["grade"]},
                }
            }
            for child in catalog.list_children(cursor, account, row["id"])
        ],
        "idProdutoPai": str(row["pai_id"] or ""),
        "sob_encomenda": "S" if stock["sobEncomenda"] else "N",
        "dias_preparacao": str(stock["diasPreparacao"]),
        "marca": catalog.marca_of(account, row)["nome"],
        "tipoEmbalagem": str(sizes["embalagem"]["tipo"]),
        "alturaEmbalagem": show_money(sizes["altura"]),
        "comprimentoEmbalagem": show_money(sizes["comprimento"]),
        "larguraEmbalagem": show_money(sizes["largura"]),
        "diametroEmbalagem": show_money(sizes["diametro"]),
        "categoria": catalog.categoria_of(account, row)["caminhoCompleto"],
        "anexos": [{"anexo": anexo["url"]} for anexo in dados["anexos"] if not anexo["externo"]],
        "imagens_externas": [
            {"imagem_externa": {"url": anexo["url"]}} for anexo in dados["anexos"] if anexo["externo"]
        ],
        "classe_produto": row["tipo"],
        "seo_title": seo["titulo"],
        "seo_keywords": ",".join(seo["keywords"]),
        "link_video": seo["linkVideo"],
        "seo_description": seo["descricao"],
        "slug": seo["slug"],
    }
    if row["tipo"] == "K":
        produto["kit"] = [
            {"item": {"id_produto": str(part["id"]), "quantidade": show_money(quantity)}}
            for part, quantity in catalog.list_parts(cursor, account, row["dados"]["kit"])
        ]
    return produto


SERVICES = {
    "produtos.pesquisa.php": Service(list_produtos),
    "produto.obter.php": Service(get_produto),
    "produto.obter.estoque.php": Service(get_estoque),
    "produto.obter.estrutura.php": Service(get_estrutura),
    "produto.atualizar.estoque.php": Service(move_stock),
    "produto.atualizar.precos": Service(set_precos, has_raw_body=True),
    "produto.incluir.php": Service(add_produtos, is_batch=True, has_records=True),
    "produto.alterar.php": Service(change_produtos, is_batch=True, has_records=True),
    "lista.atualizacoes.estoque": Service(list_estoque_updates),
    "lista.atualizacoes.produtos": Service(list_produto_updates),
    "listas.precos.pesquisa.php": Service(list_listas_precos),
    "listas.precos.excecoes.php": Service(list_excecoes),
}
