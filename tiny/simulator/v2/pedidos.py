"""Reading orders: the list is short (no document, no carrier, no address), the detail is whole."""

from __future__ import annotations

import zlib
from typing import Any

from psycopg2.extras import Json

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
    show_document,
    show_money,
    show_parcelas,
    show_person,
    show_vendedor,
)
from .words import LABELS, find_situacoes, freight_code

FILTERS = (
    "numero", "cliente", "cpf_cnpj", "dataInicial", "dataFinal", "dataAtualizacao", "situacao",
    "numeroEcommerce", "idVendedor", "nomeVendedor", "marcador",
)  # fmt: skip
NOT_FOUND = "Pedido não localizado"


def list_pedidos(cursor: Cursor, account: Row, fields: Fields) -> Answer:
    fields.need_any(*FILTERS)
    rows, page, pages = list_page(cursor, account, fields, "pedido", conditions_of(fields))
    pedidos = [{"pedido": pedido_item(row)} for row in rows]
    return answer({"pagina": str(page), "numero_paginas": str(pages), "pedidos": pedidos}, 3)


def get_pedido(cursor: Cursor, account: Row, fields: Fields) -> Answer:
    return answer({"pedido": pedido_detail(find_pedido(cursor, account, fields))})


def find_pedido(cursor: Cursor, account: Row, fields: Fields, *, lock: bool = False) -> Row:
    """The order that ``id`` names. Raises Refused (10, 32)."""
    row = store.get_pedido(cursor, account["id"], fields.id(), lock=lock)
    if row is None:
        raise Refused(32, NOT_FOUND)
    return row


def conditions_of(fields: Fields) -> Conditions:
    """Numbers are found anywhere in a number: whoever wants the exact one must look again."""
    conditions: Conditions = []
    for name, sql in (
        ("numero", "strpos(numero::text, %s) > 0"),
        ("numeroEcommerce", "strpos(lower(numero_ecommerce), lower(%s)) > 0"),
        ("cliente", "strpos(lower(dados->'cliente'->>'nome'), lower(%s)) > 0"),
        ("nomeVendedor", "strpos(lower(dados->'vendedor'->>'nome'), lower(%s)) > 0"),
        ("idVendedor", "dados->'vendedor'->>'id' = %s"),
    ):
        if fields.get(name):
            conditions.append((sql, fields.get(name)))
    if fields.get("cpf_cnpj"):
        conditions.append(("documento = %s", normalize_document(fields.get("cpf_cnpj"))))
    if fields.get("situacao"):
        conditions.append(("situacao = ANY(%s)", find_situacoes(fields.get("situacao"))))
    if fields.get("marcador"):
        conditions.append(("marcadores @> %s", Json([{"descricao": fields.get("marcador")}])))
    for name, sql in (("dataInicial", "data >= %s"), ("dataFinal", "data <= %s")):
        day = fields.day(name)
        if day is not None:
            conditions.append((sql, day))
    changed = fields.moment("dataAtualizacao")
    if changed is not None:
        conditions.append(("atualizado_em >= %s", changed))
    return conditions


# -- shapes --------------------------------------------------------------------------------------------


def pedido_item(row: Row) -> Answer:
    """One order as the list shows it."""
    dados = row["dados"]
    return {
        "id": row["id"],
        "numero": row["numero"],
        "numero_ecommerce": row["numero_ecommerce"],
        "data_pedido": show_day(row["data"]),
        "data_prevista": show_day(row["data_prevista"]),
        "nome": dados["cliente"]["nome"],
        "valor": show_money(data.total_of(dados)[1]),
        **show_vendedor(dados),
        "situacao": LABELS[row["situacao"]],
        "codigo_rastreamento": row["codigo_rastreamento"],
    }


def pedido_detail(row: Row) -> Answer:
    """One order whole; ids are texts here and numbers in the list."""
    dados = row["dados"]
    goods, total = data.total_of(dados)
    cliente = dados["cliente"]
    transportador = dados["transportador"]
    intermediador = dados["intermediador"] or {}
    # How a seller pays is kept apart: v3 shows «Múltiplas» for everything.
    forma, meio = dados.get("forma_pagamento") or "multiplas", dados.get("meio_pagamento") or ""
    return {
        "id": str(row["id"]),
        "numero": str(row["numero"]),
        "numero_ecommerce": row["numero_ecommerce"],
        "data_pedido": show_day(row["data"]),
        "data_prevista": show_day(row["data_prevista"]),
        "data_faturamento": show_day(row["data_faturamento"]),
        "data_envio": show_day(row["data_envio"]),
        "data_entrega": show_day(row["data_entrega"]),
        "id_lista_preco": "",
        "descricao_lista_preco": "",
        "cliente": {
            "codigo": cliente.get("codigo") or "",
            "nome_fantasia": cliente.get("fantasia") or "",
            "rg": cliente.get("rg") or "",
            **show_person(cliente),
            "pais": (cliente.get("endereco") or {}).get("pais") or "",
        },
        **show_delivery(dados["enderecoEntrega"]),
        "itens": [{"item": _item(item)} for item in dados["itens"]],
        "parcelas": show_parcelas(dados["pagamento"]["parcelas"] or [], forma, meio),
        "marcadores": [
            {
                "marcador": {
                    "id": str(100_000 + zlib.crc32(marker["descricao"].encode()) % 900_000),
                    "descricao": marker["descricao"],
                    "cor": marker["cor"],
                }
            }
            for marker in row["marcadores"]
        ],
        "condicao_pagamento": dados["pagamento"]["condicaoPagamento"] or "",
        "forma_pagamento": forma,
        "meio_pagamento": meio,
        "nome_transportador": transportador.get("nome") or "",
        "frete_por_conta": transportador.get("fretePorConta") or "",
        "valor_frete": show_money(dados["valorFrete"]),
        "valor_desconto": show_money(dados["valorDesconto"]),
        "outras_despesas": show_money(dados["valorOutrasDespesas"]),
        "total_produtos": show_money(goods),
        "total_pedido": show_money(total),
        "numero_ordem_compra": dados["numeroOrdemCompra"],
        "deposito": data.DEPOSITO["nome"],
        "forma_envio": freight_code(transportador),
        "forma_frete": (transportador.get("formaFrete") or {}).get("nome") or "",
        "situacao": LABELS[row["situacao"]],
        "obs": dados["observacoes"],
        "obs_interna": dados["observacoesInternas"],
        **show_vendedor(dados),
        "codigo_rastreamento": row["codigo_rastreamento"],
        "url_rastreamento": row["url_rastreamento"],
        "id_nota_fiscal": str(row["nota_id"] or 0),
        "ecommerce": _ecommerce(dados["ecommerce"]),
        "intermediador": {
            "nome": intermediador.get("nome") or "",
            "cnpj": show_document(intermediador.get("cnpj")),
            "cnpjPagamento": show_document(intermediador.get("cnpjPagamentoInstituicao")),
        },
        "id_natureza_operacao": str(data.NATUREZA_OPERACAO["id"]),
        "pagamentos_integrados": [
            {"pagamento_integrado": pagamento} for pagamento in dados.get("pagamentos_integrados", [])
        ],
    }


def _item(item: dict[str, Any]) -> Answer:
    return {
        "id_produto": str(item["produto"]["id"] or 0),
        "codigo": item["produto"]["sku"],
        "descricao": item["produto"]["descricao"],
        "unidade": "UN",
        "quantidade": show_money(item["quantidade"]),
        "valor_unitario": show_money(item["valorUnitario"]),
        "info_adicional": item["infoAdicional"],
    }


def _ecommerce(ecommerce: dict[str, Any]) -> Answer:
    return {
        "id": str(ecommerce.get("id") or 0),
        "numeroPedidoEcommerce": ecommerce.get("numeroPedidoEcommerce") or "",
        "numeroPedidoCanalVenda": ecommerce.get("numeroPedidoCanalVenda") or "",
        "nomeEcommerce": ecommerce.get("nome") or "",
        "canalVenda": ecommerce.get("canalVenda") or "",
    }


SERVICES = {
    "pedidos.pesquisa.php": Service(list_pedidos),
    "pedido.obter.php": Service(get_pedido),
}
