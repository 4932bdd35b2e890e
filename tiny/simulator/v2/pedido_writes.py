"""What a program may do to an order under v2: little, once it is there.

A posted order keeps the number of the shop, unlike v3's, and the same one again makes a second order: whoever
retries looks first.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from .. import catalog, data, pedidos, store
from ..documents import normalize_document
from ..store import Cursor, Row
from ..v3.registers import VENDEDORES
from ..vocabulary import ECOMMERCE_TEXTS
from .contatos import ADDRESS, find_contato, read_person, save_contato
from .errors import Answer, Refused, fail_records
from .notas import find_nota, show_number
from .parameters import (
    Fields,
    Service,
    answer,
    items_of,
    part_of,
    read_day,
    read_int,
    read_number,
    text_of,
)
from .pedidos import find_pedido
from .words import CODES, FREIGHT_CODES

MULTIPLE = {"id": 1, "nome": "Múltiplas"}
MARKER_COLOR = "#808080"
LONGEST_ORDEM_COMPRA = 50


def add_pedido(cursor: Cursor, account: Row, fields: Fields) -> Answer:
    body = fields.json("pedido", "pedido")
    if not isinstance(body, dict):
        raise Refused(3)
    try:
        row = _insert(cursor, account, body)
    except Refused as refusal:
        return fail_records(refusal.describe_record("1"))
    record = {"sequencia": "1", "status": "OK", "id": row["id"], "numero": str(row["numero"])}
    return answer({"registros": {"registro": record}})


def change_pedido(cursor: Cursor, account: Row, fields: Fields) -> Answer:
    """Dates, notes and parcels; whatever else the body has is swallowed."""
    row = find_pedido(cursor, account, fields, lock=True)
    body = fields.json_body("dados_pedido")
    if not isinstance(body, dict):
        raise Refused(3)
    columns: dict[str, Any] = {}
    for name in ("data_prevista", "data_envio"):
        if name in body:
            columns[name] = read_day(body[name], name)
    dados = dict(row["dados"])
    for name, kept in (("obs", "observacoes"), ("obs_interna", "observacoesInternas")):
        if name in body:
            dados[kept] = text_of(body[name])
    parcelas = items_of(body, "parcelas", "parcela")
    if parcelas:
        total = sum(read_number(parcela.get("valor"), "valor") or 0 for parcela in parcelas)
        if abs(total - data.total_of(dados)[1]) >= 0.005:
            raise Refused(
                10, "O valor total das parcelas deve ser igual ao valor total da venda.", field="parcelas"
            )
        dados["pagamento"] = _read_pagamento(parcelas, row["data"] or pedidos.get_today(cursor))
        dados["forma_pagamento"] = text_of(parcelas[0].get("forma_pagamento"))
        dados["meio_pagamento"] = text_of(parcelas[0].get("meio_pagamento"))
    if "pagamentos_integrados" in body:
        dados["pagamentos_integrados"] = _read_integrated(body)
    store.update_pedido(cursor, row["id"], {**columns, "dados": dados}, store.get_now(cursor))
    return answer({})


def change_situacao(cursor: Cursor, account: Row, fields: Fields) -> Answer:
    row = find_pedido(cursor, account, fields, lock=True)
    code = fields.need("situacao")
    if code not in CODES:
        raise Refused(31, "A situação informada é inválida")
    pedidos.change_situacao(cursor, row, CODES[code])
    return answer({})


def set_tracking(cursor: Cursor, account: Row, fields: Fields) -> Answer:
    """Only Correios and road freight can be written so; what is not given stays."""
    row = find_pedido(cursor, account, fields, lock=True)
    code = fields.get("formaEnvio").upper()
    if code not in ("", "C", "T"):
        raise Refused(31, "A forma de envio deve ser C ou T")
    if code == "T" and not fields.get("transportadora"):
        raise Refused(31, "A transportadora deve ser informada")
    transportador = dict(row["dados"]["transportador"])
    if code:
        transportador |= _read_freight(account, code, fields.get("formaFrete"))
    if code == "T":
        transportador["nome"] = fields.get("transportadora")
    dados = {**row["dados"], "transportador": transportador}
    if fields.get("observacoes"):
        dados["observacoes"] = fields.get("observacoes")
    values: dict[str, Any] = {"dados": dados, **_read_tracking(fields)}
    planned = fields.day("dataPrevista")
    if planned is not None:
        values["data_prevista"] = planned
    store.update_pedido(cursor, row["id"], values, store.get_now(cursor))
    return answer({})


def set_tracking_of_nota(cursor: Cursor, account: Row, fields: Fields) -> Answer:
    """The order itself keeps what it had, as under v3."""
    row = find_nota(cursor, account, fields)
    store.update_nota(cursor, row["id"], _read_tracking(fields))
    return answer({})


def issue_nota(cursor: Cursor, account: Row, fields: Fields) -> Answer:
    """A nota that is still to be sent: 1 Pendente, without a key."""
    row = find_pedido(cursor, account, fields, lock=True)
    if fields.get("modelo") not in ("", "NFe", "NFCe"):
        raise Refused(31, "O modelo deve ser NFe ou NFCe")
    if row["nota_id"]:
        raise Refused(31, "O pedido já possui nota fiscal")
    nota = pedidos.issue_nota(cursor, account, row, 1)
    record = {
        "idNotaFiscal": str(nota["id"]),
        "numero": show_number(nota["numero"]),
        "serie": str(nota["serie"]),
    }
    return answer({"registros": {"registro": record}})


# -- reading an order ----------------------------------------------------------------------------------


def _insert(cursor: Cursor, account: Row, body: dict[str, Any]) -> Row:
    """The row of a new order. Raises Refused (31, 33)."""
    cliente = part_of(body, "cliente")
    itens = items_of(body, "itens", "item")
    _check(cliente, itens)
    situacao = text_of(body.get("situacao")) or "aberto"
    if situacao not in CODES:
        raise Refused(31, "A situação informada é inválida")
    day = read_day(body.get("data_pedido"), "data_pedido") or pedidos.get_today(cursor)
    planned = read_day(body.get("data_prevista"), "data_prevista")
    dados: dict[str, Any] = {
        "servico": "",
        "ecommerce": _read_ecommerce(cursor, account, body),
        "enderecoEntrega": _read_delivery(part_of(body, "endereco_entrega")),
        "transportador": {
            "id": None,
            "nome": text_of(body.get("nome_transportador")) or None,
            "fretePorConta": text_of(body.get("frete_por_conta")) or "S",
            **_read_freight(account, text_of(body.get("forma_envio")), text_of(body.get("forma_frete"))),
        },
        "itens": [_read_item(cursor, account, item) for item in itens],
        "valorDesconto": read_number(body.get("valor_desconto"), "valor_desconto") or 0,
        "valorFrete": read_number(body.get("valor_frete"), "valor_frete") or 0,
        "valorOutrasDespesas": read_number(body.get("outras_despesas"), "outras_despesas") or 0,
        "intermediador": _read_intermediador(part_of(body, "intermediador")),
        "numeroOrdemCompra": text_of(body.get("numero_ordem_compra"))[:LONGEST_ORDEM_COMPRA],
        "observacoes": text_of(body.get("obs")),
        "observacoesInternas": text_of(body.get("obs_internas")),
        "pagamento": _read_pagamento(items_of(body, "parcelas", "parcela"), day),
        "forma_pagamento": text_of(body.get("forma_pagamento")),
        "meio_pagamento": text_of(body.get("meio_pagamento")),
        "pagamentos_integrados": _read_integrated(body),
        **_read_vendedor(body),
    }
    # Last: a refused order leaves no customer behind.
    dados["cliente"] = _keep_cliente(cursor, account, cliente)
    pedido = {
        "situacao": CODES[situacao],
        "data": day,
        "data_prevista": planned,
        "data_faturamento": None,
        "data_envio": None,
        "data_entrega": None,
        "atualizado_em": store.get_now(cursor),
        "codigo_rastreamento": "",
        "url_rastreamento": "",
        "dados": dados,
    }
    (row,) = store.add_pedidos(cursor, account["id"], [pedido])
    markers = [
        {"descricao": text_of(marker["descricao"]), "cor": MARKER_COLOR}
        for marker in items_of(body, "marcadores", "marcador")
        if text_of(marker.get("descricao"))
    ]
    if markers:
        store.update_pedido(cursor, row["id"], {"marcadores": markers}, store.get_now(cursor))
    return row


def _check(cliente: dict[str, Any], itens: list[dict[str, Any]]) -> None:
    texts = [] if text_of(cliente.get("nome")) else ["O nome do cliente deve ser informado"]
    if not itens:
        texts.append("O pedido deve ter ao menos um item")
    for place, item in enumerate(itens, start=1):
        texts += [
            f"O campo {name} do item {place} deve ser informado"
            for name in ("descricao", "unidade", "quantidade", "valor_unitario")
            if not text_of(item.get(name))
        ]
    if texts:
        raise Refused(31, *texts)


def _keep_cliente(cursor: Cursor, account: Row, cliente: dict[str, Any]) -> dict[str, Any]:
    """The customer as a contact, found by code or document; with atualizar_cliente N as he was known."""
    found = find_contato(cursor, account, cliente)
    if found is not None and text_of(cliente.get("atualizar_cliente")).upper() == "N":
        known: dict[str, Any] = found["dados"]
        return known
    dados = read_person(cliente, found["dados"] if found else None)
    return {**dados, "id": save_contato(cursor, account, dados)}


def _read_ecommerce(cursor: Cursor, account: Row, body: dict[str, Any]) -> dict[str, Any]:
    """The integration that ``id_ecommerce`` names; without one of the account's own, just the number."""
    wanted = read_int(body.get("id_ecommerce"), "id_ecommerce")
    names = {row["id"]: row["name"] for row in store.list_integrations(cursor, account["id"])}
    return {
        "id": wanted if wanted in names else 0,
        **dict.fromkeys(ECOMMERCE_TEXTS, ""),
        "nome": names.get(wanted or 0, ""),
        "numeroPedidoEcommerce": text_of(body.get("numero_pedido_ecommerce")),
    }


def _read_delivery(body: dict[str, Any]) -> dict[str, Any] | None:
    if not any(text_of(value) for value in body.values()):
        return None
    return {
        **{column: text_of(body.get(name)) for name, column in ADDRESS.items()},
        "nomeDestinatario": text_of(body.get("nome_destinatario")),
        "cpfCnpj": text_of(body.get("cpf_cnpj")),
        "tipoPessoa": text_of(body.get("tipo_pessoa")),
        "telefone": text_of(body.get("fone")),
        "inscricaoEstadual": text_of(body.get("ie")),
    }


def _read_freight(account: Row, code: str, service: str) -> dict[str, Any]:
    """A shipping method by its code; a name in the code's place is no freight, as at Tiny."""
    wanted = next((name for name, known in FREIGHT_CODES.items() if known == code.upper()), "")
    for forma in data.list_formas_envio(account["id"]):
        if forma["nome"] == wanted:
            frete = next((row for row in forma["formasFrete"] if row["nome"] == service), None)
            return {
                "formaEnvio": {"id": forma["id"], "nome": forma["nome"]},
                "formaFrete": {"id": frete["id"] if frete else None, "nome": service or None},
            }
    return {"formaEnvio": {"id": 0, "nome": ""}, "formaFrete": {"id": None, "nome": None}}


def _read_item(cursor: Cursor, account: Row, item: dict[str, Any]) -> dict[str, Any]:
    """An item by id or code; one that no product has stays as it was written."""
    product_id = read_int(item.get("id_produto"), "id_produto")
    sku = text_of(item.get("codigo"))
    product = catalog.get_product(cursor, account, product_id) if product_id else None
    product = product or (catalog.find_by_sku(cursor, account, sku) if sku else None)
    return {
        "produto": {
            "id": product["id"] if product else 0,
            "sku": product["sku"] if product else sku,
            "descricao": text_of(item.get("descricao")),
            "tipo": "P",
        },
        "quantidade": read_number(item.get("quantidade"), "quantidade") or 0,
        "valorUnitario": read_number(item.get("valor_unitario"), "valor_unitario") or 0,
        "infoAdicional": text_of(item.get("info_adicional")),
    }


def _read_intermediador(body: dict[str, Any]) -> dict[str, Any] | None:
    if not text_of(body.get("nome")):
        return None
    return {
        "id": 0,
        "nome": text_of(body.get("nome")),
        "cnpj": normalize_document(text_of(body.get("cnpj"))),
        "cnpjPagamentoInstituicao": normalize_document(text_of(body.get("cnpjPagamento"))) or None,
    }


def _read_vendedor(body: dict[str, Any]) -> dict[str, Any]:
    """The salesperson by id or by name; one whom nobody knows is left out."""
    wanted = (text_of(body.get("id_vendedor")), text_of(body.get("nome_vendedor")).lower())
    for vendedor in VENDEDORES:
        name = vendedor["contato"]["nome"]
        if wanted[0] == str(vendedor["id"]) or wanted[1] == name.lower():
            return {"vendedor": {"id": vendedor["id"], "nome": name}}
    return {}


def _read_integrated(body: dict[str, Any]) -> list[Answer]:
    """Payments that an intermediary took, as they were written."""
    names = ("valor", "tipo_pagamento", "cnpj_intermediador", "codigo_autorizacao", "codigo_bandeira")
    rows = items_of(body, "pagamentos_integrados", "pagamento_integrado")
    return [{name: row.get(name) for name in names} for row in rows]


def _read_pagamento(parcelas: list[dict[str, Any]], day: date) -> dict[str, Any]:
    """Parcels in v3's shape."""
    rows = []
    for parcela in parcelas:
        days = read_int(parcela.get("dias"), "dias") or 0
        due = read_day(parcela.get("data"), "data") or day + timedelta(days=days)
        forma = {"id": 9, "nome": ""}
        rows.append(
            {
                "dias": days,
                "data": f"{due} 00:00:00",
                "valor": read_number(parcela.get("valor"), "valor") or 0,
                "observacoes": text_of(parcela.get("obs")),
                "formaPagamento": forma,
                "formaRecebimento": forma,
                "meioPagamento": None,
            }
        )
    return {
        "formaPagamento": MULTIPLE,
        "formaRecebimento": MULTIPLE,
        "meioPagamento": None,
        "condicaoPagamento": " ".join(str(row["dias"]) for row in rows) if rows else None,
        "parcelas": rows or None,
    }


def _read_tracking(fields: Fields) -> dict[str, str]:
    columns = {"codigoRastreamento": "codigo_rastreamento", "urlRastreamento": "url_rastreamento"}
    return {column: fields.get(name) for name, column in columns.items() if name in fields.values}


SERVICES = {
    "pedido.incluir.php": Service(add_pedido, has_records=True),
    "pedido.alterar.php": Service(change_pedido, has_raw_body=True),
    "pedido.alterar.situacao": Service(change_situacao),
    "cadastrar.codigo.rastreamento.pedido.php": Service(set_tracking),
    "nota.fiscal.cadastrar.codigo.rastreamento.php": Service(set_tracking_of_nota),
    "gerar.nota.fiscal.pedido.php": Service(issue_nota),
}
