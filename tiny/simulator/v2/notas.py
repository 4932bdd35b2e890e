"""Notas fiscais: padded numbers, everything a text, the freight a list where the table says object."""

from __future__ import annotations

from typing import Any

from .. import data, store
from ..documents import normalize_document
from ..store import Cursor, Row
from .errors import Answer, Refused
from .parameters import (
    Conditions,
    Fields,
    Service,
    answer,
    list_page,
    show_day,
    show_delivery,
    show_money,
    show_parcelas,
    show_person,
    show_vendedor,
)
from .words import NOTA_SITUACOES

FILTERS = (
    "tipoNota", "numero", "cliente", "cpf_cnpj", "dataInicial", "dataFinal", "situacao", "numeroEcommerce",
    "idVendedor", "idFormaEnvio", "nomeVendedor",
)  # fmt: skip
NOT_FOUND = "Nota fiscal não localizada"


def list_notas(cursor: Cursor, account: Row, fields: Fields) -> Answer:
    fields.need_any(*FILTERS)
    rows, page, pages = list_page(cursor, account, fields, "nota", conditions_of(fields))
    notas = [{"nota_fiscal": nota_item(row)} for row in rows]
    return answer({"pagina": page, "numero_paginas": pages, "notas_fiscais": notas})


def get_nota(cursor: Cursor, account: Row, fields: Fields) -> Answer:
    row = find_nota(cursor, account, fields)
    formas = data.list_formas_envio(account["id"])
    names = {forma["id"]: forma["nome"] for forma in formas}
    names |= {frete["id"]: frete["nome"] for forma in formas for frete in forma["formasFrete"]}
    return answer({"nota_fiscal": nota_detail(row, names)})


def get_link(cursor: Cursor, account: Row, fields: Fields) -> Answer:
    row = find_nota(cursor, account, fields, is_authorized=True)
    address = f"{fields.base_url}/doc.view.php?id={store.digest(row['chave'])[:32]}"
    # As in the documentation's own sample: an error's code with status OK.
    return answer({"codigo_erro": 32, "link_nfe": address}, 3)


def get_xml(cursor: Cursor, account: Row, fields: Fields) -> Answer:
    """The nota's XML is a stub that names its key, as v3's."""
    key = find_nota(cursor, account, fields, is_authorized=True)["chave"]
    xml = f'<nfeProc versao="4.00"><NFe><infNFe Id="NFe{key}"/></NFe></nfeProc>'
    return answer({"xml_nfe": Xml(xml)})


class Xml(str):
    """Text that stands in an answer as it is."""


def find_nota(cursor: Cursor, account: Row, fields: Fields, *, is_authorized: bool = False) -> Row:
    """The nota that ``id`` names. Raises Refused (10, 32 and, where it must have its key, 34)."""
    row = store.get_nota(cursor, account["id"], fields.id())
    if row is None:
        raise Refused(32, NOT_FOUND)
    if is_authorized and not row["chave"]:
        raise Refused(34)
    return row


def conditions_of(fields: Fields) -> Conditions:
    conditions: Conditions = []
    if fields.get("tipoNota"):
        if fields.get("tipoNota") not in ("E", "S"):
            raise Refused(31, "O parâmetro tipoNota deve ser E ou S")
        conditions.append(("tipo = %s", fields.get("tipoNota")))
    for name, sql in (
        ("situacao", "situacao = %s"),
        ("numero", "numero = %s"),
        ("idFormaEnvio", "(dados->>'idFormaEnvio')::bigint = %s"),
        ("idVendedor", "%s = 0"),
    ):
        number = fields.number(name)
        if number is not None:
            conditions.append((sql, number))
    for name, sql in (("dataInicial", "data_emissao >= %s"), ("dataFinal", "data_emissao <= %s")):
        day = fields.day(name)
        if day is not None:
            conditions.append((sql, day))
    if fields.get("cpf_cnpj"):
        conditions.append(("documento = %s", normalize_document(fields.get("cpf_cnpj"))))
    if fields.get("cliente"):
        conditions.append(("strpos(lower(dados->'cliente'->>'nome'), lower(%s)) > 0", fields.get("cliente")))
    if fields.get("nomeVendedor"):
        conditions.append(("%s = ''", fields.get("nomeVendedor")))
    if fields.get("numeroEcommerce"):
        conditions.append(("strpos(lower(numero_ecommerce), lower(%s)) > 0", fields.get("numeroEcommerce")))
    return conditions


# -- shapes --------------------------------------------------------------------------------------------


def show_number(numero: int) -> str:
    return f"{numero:06d}"


def nota_item(row: Row) -> Answer:
    """One nota as the list shows it."""
    dados = row["dados"]
    return {
        "id": str(row["id"]),
        "tipo": row["tipo"],
        "serie": str(row["serie"]),
        "numero": show_number(row["numero"]),
        "numero_ecommerce": row["numero_ecommerce"] or None,
        "data_emissao": show_day(row["data_emissao"]),
        "nome": dados["cliente"]["nome"],
        "cliente": show_person(dados["cliente"]),
        **show_delivery(dados["enderecoEntrega"]),
        "transportador": {"nome": dados["transportador"] or ""},
        "valor": show_money(dados["valor"]),
        "valor_produtos": show_money(dados["valorProdutos"]),
        "valor_frete": show_money(dados["valorFrete"]),
        **show_vendedor(dados),
        "situacao": str(row["situacao"]),
        "descricao_situacao": NOTA_SITUACOES.get(row["situacao"], ""),
        "chave_acesso": row["chave"],
        "id_forma_envio": str(dados["idFormaEnvio"] or 0),
        "id_forma_frete": str(dados["idFormaFrete"] or 0),
        "codigo_rastreamento": row["codigo_rastreamento"],
        "url_rastreamento": row["url_rastreamento"],
    }


# Taxes are there, and zero.
NO_TAXES = dict.fromkeys(("base_icms", "valor_icms", "valor_total_ibs_uf", "valor_total_cbs"), "0.00")
NO_CARRIER = dict.fromkeys(("cpf_cnpj", "ie", "endereco", "cidade", "uf"), "")


def nota_detail(row: Row, names: dict[int, str]) -> Answer:
    """One nota with items and parcels; ``id_venda`` leads back to the order."""
    dados = row["dados"]
    envio, frete = dados["idFormaEnvio"], dados["idFormaFrete"]
    total = show_money(dados["valor"])
    return {
        "id": str(row["id"]),
        "tipo_nota": "N",
        "natureza_operacao": "Venda de mercadorias",
        "regime_tributario": "1",
        "finalidade": "1",
        "serie": str(row["serie"]),
        "numero": show_number(row["numero"]),
        "numero_ecommerce": row["numero_ecommerce"] or None,
        "data_emissao": show_day(row["data_emissao"]),
        "data_saida": show_day(row["data_emissao"]),
        "hora_saida": "16:26",
        "cliente": show_person(dados["cliente"]),
        **show_delivery(dados["enderecoEntrega"]),
        "itens": [{"item": _item(item)} for item in dados["itens"]],
        **NO_TAXES,
        "valor_produtos": show_money(dados["valorProdutos"]),
        "valor_frete": show_money(dados["valorFrete"]),
        "valor_nota": total,
        "valor_desconto": show_money(dados["valorDesconto"]),
        "valor_faturado": total,
        "frete_por_conta": dados["fretePorConta"],
        "transportador": {"nome": dados["transportador"] or "", **NO_CARRIER},
        "quantidade_volumes": str(dados["qtdVolumes"]),
        "peso_bruto": show_money(dados["pesoBruto"]),
        "peso_liquido": show_money(dados["pesoLiquido"]),
        "forma_envio": {"id": str(envio or 0), "descricao": names.get(envio, "")},
        "forma_frete": [{"id": str(frete or 0), "descricao": names.get(frete, "")}],
        "codigo_rastreamento": row["codigo_rastreamento"],
        "url_rastreamento": row["url_rastreamento"],
        "condicao_pagamento": dados["condicaoPagamento"],
        "forma_pagamento": "multiplas",
        "meio_pagamento": "",
        "parcelas": show_parcelas(dados["parcelas"], "multiplas", ""),
        "marcadores": [],
        "id_venda": str(row["pedido_id"] or 0),
        **show_vendedor(dados),
        "situacao": str(row["situacao"]),
        "descricao_situacao": NOTA_SITUACOES.get(row["situacao"], ""),
        "obs": "",
        "chave_acesso": row["chave"],
    }


def _item(item: dict[str, Any]) -> Answer:
    return {
        "id_produto": str(item["idProduto"] or 0),
        "codigo": item["codigo"],
        "descricao": item["descricao"],
        "unidade": item["unidade"],
        "ncm": f"{item['ncm'][:4]}.{item['ncm'][4:6]}.{item['ncm'][6:]}",
        "quantidade": show_money(item["quantidade"]),
        "valor_unitario": show_money(item["valorUnitario"]),
        "valor_total": show_money(item["valorTotal"]),
        "cfop": item["cfop"],
        "natureza": item["naturezaOperacao"],
    }


SERVICES = {
    "notas.fiscais.pesquisa.php": Service(list_notas),
    "nota.fiscal.obter.php": Service(get_nota),
    "nota.fiscal.obter.link.php": Service(get_link),
    "nota.fiscal.obter.xml.php": Service(get_xml, is_xml=True),
}
