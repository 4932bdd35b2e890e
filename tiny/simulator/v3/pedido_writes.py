"""What a program may do to an order, and what Tiny makes of it, as measured.

A post answers 201, drops the number of the e-commerce, cuts numeroOrdemCompra at fifty characters and adds
what the account has by default. A put takes six fields and swallows the others with 204. There is no state
machine, and the guard of lancar-estoque is not atomic.
"""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

from .. import catalog, data, pedidos, store
from ..store import Cursor, Row
from ..vocabulary import ECOMMERCE_TEXTS
from ..web import Request, Response, json_response
from .contatos import ADDRESS, find_contato
from .parameters import Route, ValidationFailed, read_number
from .registers import VENDEDORES

# Measured to be at least this long.
REPEATED_WITHIN = timedelta(minutes=21)
LONGEST_ORDEM_COMPRA = 50
# The response's name of a field, and the request's.
DELIVERY = {"numero": "enderecoNro", "telefone": "fone", "inscricaoEstadual": "ie"}
MULTIPLE = {"id": 1, "nome": "Múltiplas"}
MARKER_COLOR = "#808080"


def add_pedido(cursor: Cursor, account: Row, request: Request) -> Response:
    body = request.json
    contact_id = _read_id(body.get("idContato"), "idContato")
    contato = find_contato(cursor, account, contact_id)
    if contato is None:
        raise ValidationFailed("idContato", "Contato não encontrado")
    if store.is_repeated_post(cursor, account["id"], json.dumps(body, sort_keys=True), REPEATED_WITHIN):
        return json_response({"mensagem": "Esse registro já existe"}, 409)
    today = pedidos.get_today(cursor)
    day = _read_day(body, "data") or today
    dados: dict[str, Any] = {
        "servico": "",
        "cliente": contato["dados"],
        # The number that the body has does not arrive: measured in 31 tries.
        "ecommerce": {"id": 0, **dict.fromkeys(ECOMMERCE_TEXTS, "")},
        "enderecoEntrega": _read_delivery(body.get("enderecoEntrega")),
        "transportador": _read_transportador(account, _part(body, "transportador")),
        "itens": [
            _read_item(cursor, account, item, place) for place, item in enumerate(body.get("itens") or [])
        ],
        "valorDesconto": read_number(body, "valorDesconto") or 0,
        "valorFrete": read_number(body, "valorFrete") or 0,
        "valorOutrasDespesas": read_number(body, "valorOutrasDespesas") or 0,
        "intermediador": None,
        "numeroOrdemCompra": str(body.get("numeroOrdemCompra") or "")[:LONGEST_ORDEM_COMPRA],
        "observacoes": str(body.get("observacoes") or ""),
        "observacoesInternas": str(body.get("observacoesInternas") or ""),
        "pagamento": _read_pagamento(_part(body, "pagamento"), day),
        "vendedor": _read_vendedor(body),
    }
    transportador = _part(body, "transportador")
    (row,) = store.add_pedidos(
        cursor,
        account["id"],
        [
            {
                "situacao": _read_situacao(body.get("situacao", 0)),
                "data": day,
                "data_prevista": _read_day(body, "dataPrevista"),
                "data_faturamento": None,
                "data_envio": _read_day(body, "dataEnvio"),
                "data_entrega": None,
                "atualizado_em": store.get_now(cursor),
                "codigo_rastreamento": str(transportador.get("codigoRastreamento") or ""),
                "url_rastreamento": str(transportador.get("urlRastreamento") or ""),
                "dados": dados,
            }
        ],
    )
    # A text here, a number everywhere else.
    return json_response({"id": row["id"], "numeroPedido": str(row["numero"])}, 201)


def change_pedido(cursor: Cursor, account: Row, request: Request) -> Response:
    row = _lock(cursor, account, request)
    if row is None:
        return Response(404)
    body = request.json
    columns: dict[str, Any] = {}
    for name, column in (("dataPrevista", "data_prevista"), ("dataEnvio", "data_envio")):
        if name in body:
            columns[column] = _read_day(body, name)
    dados = dict(row["dados"])
    dados.update(
        {name: str(body[name] or "") for name in ("observacoes", "observacoesInternas") if name in body}
    )
    if _part(body, "pagamento").get("parcelas"):
        dados["pagamento"] = _read_pagamento(
            _part(body, "pagamento"), row["data"] or pedidos.get_today(cursor)
        )
    store.update_pedido(cursor, row["id"], {**columns, "dados": dados}, store.get_now(cursor))
    return Response(204)


def replace_itens(cursor: Cursor, account: Row, request: Request) -> Response:
    """Since August 2026: the whole grid anew, freight and discount stay; refused once stock is off."""
    row = _lock(cursor, account, request)
    if row is None:
        return Response(404)
    if row["estoque_lancado"]:
        raise ValidationFailed("pedido.motivosBloqueio[0]", "estoque lançado")
    itens = [_read_item(cursor, account, item, place) for place, item in enumerate(_read_grid(request))]
    store.update_pedido(cursor, row["id"], {"dados": {**row["dados"], "itens": itens}}, store.get_now(cursor))
    return Response(204)


def set_situacao(cursor: Cursor, account: Row, request: Request) -> Response:
    row = _lock(cursor, account, request)
    if row is None:
        return Response(404)
    pedidos.change_situacao(cursor, row, _read_situacao(request.json.get("situacao")))
    return Response(204)


def set_despacho(cursor: Cursor, account: Row, request: Request) -> Response:
    """Merged, and the situação stays: nobody has measured either."""
    row = _lock(cursor, account, request)
    if row is None:
        return Response(404)
    body = request.json
    columns = {
        column: str(body[name] or "")
        for name, column in (
            ("codigoRastreamento", "codigo_rastreamento"),
            ("urlRastreamento", "url_rastreamento"),
        )
        if name in body
    }
    transportador = {**row["dados"]["transportador"], **_read_transportador(account, body, only_given=True)}
    dados: dict[str, Any] = {**row["dados"], "transportador": transportador}
    if "observacoes" in body:
        dados["observacoes"] = str(body["observacoes"] or "")
    values: dict[str, Any] = {**columns, "dados": dados}
    if "dataPrevista" in body:
        values["data_prevista"] = _read_day(body, "dataPrevista")
    store.update_pedido(cursor, row["id"], values, store.get_now(cursor))
    return Response(204)


def list_marcadores(cursor: Cursor, account: Row, request: Request) -> Response:
    row = store.get_pedido(cursor, account["id"], int(request.params["id"]))
    return Response(404) if row is None else json_response(row["marcadores"])


def add_marcadores(cursor: Cursor, account: Row, request: Request) -> Response:
    return _set_marcadores(cursor, account, request, keeps=True)


def replace_marcadores(cursor: Cursor, account: Row, request: Request) -> Response:
    return _set_marcadores(cursor, account, request, keeps=False)


def remove_marcadores(cursor: Cursor, account: Row, request: Request) -> Response:
    row = _lock(cursor, account, request)
    if row is None:
        return Response(404)
    store.update_pedido(cursor, row["id"], {"marcadores": []}, store.get_now(cursor))
    return Response(204)


def launch_stock(cursor: Cursor, account: Row, request: Request) -> Response:
    # Not locked, because the guard at Tiny is not atomic: three at once lower the stock twice.
    row = store.get_pedido(cursor, account["id"], int(request.params["id"]))
    if row is None:
        return Response(404)
    if row["estoque_lancado"]:
        return json_response({"mensagem": "Estoque já lançado."}, 400)
    return _move_stock(cursor, account, row, "S", is_launched=True)


def return_stock(cursor: Cursor, account: Row, request: Request) -> Response:
    """Nothing asks whether the stock was ever launched: measured to inflate it."""
    row = store.get_pedido(cursor, account["id"], int(request.params["id"]))
    if row is None:
        return Response(404)
    return _move_stock(cursor, account, row, "E", is_launched=False)


def issue_nota(cursor: Cursor, account: Row, request: Request) -> Response:
    """A nota that is still to be sent: 1 Pendente, without a key."""
    row = _lock(cursor, account, request)
    if row is None:
        return Response(404)
    if request.json.get("modelo") not in (55, 65):
        raise ValidationFailed("modelo", "O campo modelo é inválido")
    if row["nota_id"]:
        return json_response({"mensagem": "O pedido já possui nota fiscal"}, 400)
    nota = pedidos.issue_nota(cursor, account, row, 1)
    return json_response({"id": nota["id"], "numero": nota["numero"], "serie": nota["serie"]})


# -- reading bodies ------------------------------------------------------------------------------------


def _lock(cursor: Cursor, account: Row, request: Request) -> Row | None:
    return store.get_pedido(cursor, account["id"], int(request.params["id"]), lock=True)


def _part(body: dict[str, Any], name: str) -> dict[str, Any]:
    value = body.get(name)
    return value if isinstance(value, dict) else {}


def _read_id(value: Any, field: str) -> int:
    if value in (None, "", 0):
        raise ValidationFailed(field, f"O campo {field} é obrigatório")
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValidationFailed(field, f"O campo {field} deve ser um número inteiro")
    return value


def _read_day(body: dict[str, Any], field: str) -> date | None:
    text = str(body.get(field) or "")
    try:
        return date.fromisoformat(text[:10]) if text else None
    except ValueError:
        raise ValidationFailed(field, f"O campo {field} deve ser uma data válida") from None


def _read_situacao(value: Any) -> int:
    if type(value) is not int or value not in data.SITUACOES:
        raise ValidationFailed("situacao", "O campo situacao é inválido")
    return value


def _read_grid(request: Request) -> list[Any]:
    itens = request.json.get("itens")
    if not isinstance(itens, list) or not itens:
        raise ValidationFailed("itens", "O campo itens é obrigatório")
    return itens


def _read_item(cursor: Cursor, account: Row, item: Any, place: int) -> dict[str, Any]:
    item = item if isinstance(item, dict) else {}
    field = f"itens[{place}].produto.id"
    product = catalog.get_product(cursor, account, _read_id(_part(item, "produto").get("id"), field))
    if product is None:
        raise ValidationFailed(field, "Produto não encontrado")
    price = read_number(item, "valorUnitario")
    quantity = read_number(item, "quantidade")
    return {
        "produto": {
            "id": product["id"],
            "sku": product["sku"],
            "descricao": product["descricao"],
            "tipo": "P",
        },
        "quantidade": 1 if quantity is None else quantity,
        "valorUnitario": product["preco"] if price is None else price,
        "infoAdicional": str(item.get("infoAdicional") or ""),
    }


def _read_delivery(value: Any) -> dict[str, Any] | None:
    """Fields are called otherwise when written than when read."""
    if not isinstance(value, dict) or not any(value.values()):
        return None
    names = (*ADDRESS, "nomeDestinatario", "cpfCnpj", "tipoPessoa", "telefone", "inscricaoEstadual")
    return {name: str(value.get(DELIVERY.get(name, name)) or "") for name in names}


def _read_transportador(account: Row, body: dict[str, Any], *, only_given: bool = False) -> dict[str, Any]:
    """Carrier and shipping method by id. With ``only_given``, just what the body has."""
    found: dict[str, Any] = {}
    contact = body.get("idContatoTransportadora", body.get("id"))
    if contact is not None:
        found["id"] = contact
    if body.get("fretePorConta"):
        found["fretePorConta"] = body["fretePorConta"]
    method = _part(body, "formaEnvio").get("id")
    if method:
        formas = {forma["id"]: forma for forma in data.list_formas_envio(account["id"])}
        if method not in formas:
            raise ValidationFailed("transportador.formaEnvio.id", "Forma de envio não habilitada")
        found["formaEnvio"] = {"id": method, "nome": formas[method]["nome"]}
        fretes = {frete["id"]: frete["nome"] for frete in formas[method]["formasFrete"]}
        frete = _part(body, "formaFrete").get("id")
        found["formaFrete"] = {"id": frete if frete in fretes else None, "nome": fretes.get(frete)}
    if only_given:
        return found
    nothing = {"id": None, "nome": None}
    empty = {**nothing, "fretePorConta": "S", "formaEnvio": {"id": 0, "nome": ""}, "formaFrete": nothing}
    return {**empty, **found}


def _read_vendedor(body: dict[str, Any]) -> dict[str, Any] | None:
    """One whom nobody knows is left out."""
    wanted = _part(body, "vendedor").get("id")
    found = next((row for row in VENDEDORES if row["id"] == wanted), None)
    return None if found is None else {"id": found["id"], "nome": found["contato"]["nome"]}


def _read_pagamento(body: dict[str, Any], day: date) -> dict[str, Any]:
    """Whatever form was sent, Tiny shows «Múltiplas»; without parcels there are none."""
    wanted = _part(body, "formaRecebimento").get("id")
    parcelas = []
    for place, parcela in enumerate(body.get("parcelas") or []):
        parcela = parcela if isinstance(parcela, dict) else {}
        forma = _part(parcela, "formaRecebimento").get("id")
        if wanted and forma and forma != wanted:
            raise ValidationFailed(
                f"pagamento.parcelas[{place}].formaRecebimento.id",
                "Forma de recebimento da parcela diferente da forma de recebimento do pedido",
            )
        days = int(read_number(parcela, "dias") or 0)
        due = _read_day(parcela, "data") or day + timedelta(days=days)
        shown = {"id": forma or 9, "nome": ""}
        parcelas.append(
            {
                "dias": days,
                "data": f"{due} 00:00:00",
                "valor": read_number(parcela, "valor") or 0,
                "observacoes": str(parcela.get("observacoes") or ""),
                "formaPagamento": shown,
                "formaRecebimento": shown,
                "meioPagamento": None,
            }
        )
    return {
        "formaPagamento": MULTIPLE,
        "formaRecebimento": MULTIPLE,
        "meioPagamento": None,
        "condicaoPagamento": " ".join(str(parcela["dias"]) for parcela in parcelas) if parcelas else None,
        "parcelas": parcelas or None,
    }


def _set_marcadores(cursor: Cursor, account: Row, request: Request, *, keeps: bool) -> Response:
    row = _lock(cursor, account, request)
    if row is None:
        return Response(404)
    markers = list(row["marcadores"]) if keeps else []
    known = {marker["descricao"] for marker in markers}
    for marker in request.json_list:
        text = str(marker.get("descricao") or "") if isinstance(marker, dict) else ""
        if not text:
            raise ValidationFailed("descricao", "O campo descricao é obrigatório")
        if text not in known:
            markers.append({"descricao": text, "cor": MARKER_COLOR})
            known.add(text)
    store.update_pedido(cursor, row["id"], {"marcadores": markers}, store.get_now(cursor))
    return Response(204)


def _move_stock(cursor: Cursor, account: Row, row: Row, kind: str, *, is_launched: bool) -> Response:
    for item in row["dados"]["itens"]:
        for product, quantity in catalog.list_moved(
            cursor, account, item["produto"]["id"], item["quantidade"]
        ):
            catalog.move_stock(cursor, account, product, kind, quantity)
    store.update_pedido(cursor, row["id"], {"estoque_lancado": is_launched}, store.get_now(cursor))
    return Response(204)


ROUTES: list[Route] = [
    ("POST", "/pedidos", add_pedido),
    ("PUT", "/pedidos/{id:int}", change_pedido),
    ("PUT", "/pedidos/{id:int}/itens", replace_itens),
    ("PUT", "/pedidos/{id:int}/situacao", set_situacao),
    ("PUT", "/pedidos/{id:int}/despacho", set_despacho),
    ("GET", "/pedidos/{id:int}/marcadores", list_marcadores),
    ("POST", "/pedidos/{id:int}/marcadores", add_marcadores),
    ("PUT", "/pedidos/{id:int}/marcadores", replace_marcadores),
    ("DELETE", "/pedidos/{id:int}/marcadores", remove_marcadores),
    ("POST", "/pedidos/{id:int}/lancar-estoque", launch_stock),
    ("POST", "/pedidos/{id:int}/estornar-estoque", return_stock),
    ("POST", "/pedidos/{id:int}/gerar-nota-fiscal", issue_nota),
]
