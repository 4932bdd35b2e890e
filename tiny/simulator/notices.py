"""What Tiny tells by itself: of each change, the notification for every address that is to hear of it.

Two families, both POSTs without a signature: that of an integration's tab «Notificações» names the
integration and knows mappings, that of the account's Webhooks names neither and writes ids as texts. Shapes
follow the samples; of the orders that were sent none is published, so they are told as changed orders.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from . import catalog, outbox, sender_faults, store
from .documents import mask_cnpj, mask_cpf, normalize_document
from .store import Cursor, Row
from .v2.words import CODES, FREIGHT_CODES, LABELS

# The fields of an integration's tab; the first three in Tiny's own words.
INTEGRATION_KINDS = {
    "estoque": "URL de notificações do estoque",
    "produto": "URL para envio de produtos",
    "situacao_pedido": "URL para envio de alteração na situação de pedidos",
    "precos": "URL de notificações de preços",
    "rastreio": "URL para envio de código de rastreio",
    "nota_fiscal": "URL para envio de nota fiscal",
}
# The fields of the account's Webhooks.
ACCOUNT_KINDS = {
    "vendas": "URL da notificação de pedidos",
    "envios": "URL da notificação de pedidos enviados",
    "estoque": "URL da notificação de estoque",
    "nota_fiscal": "URL da notificação de notas fiscais autorizadas",
}
VERSIONS = {"rastreio": "1.0.1", "nota_fiscal": "1.0.1"}
SENT = 5


@dataclass
class _Changed:
    """What one transaction changed in one account, by what it is."""

    produto: list[int] = field(default_factory=list)
    preco: list[int] = field(default_factory=list)
    estoque: list[int] = field(default_factory=list)
    inclusao: list[int] = field(default_factory=list)
    atualizacao: list[int] = field(default_factory=list)
    situacao: list[int] = field(default_factory=list)
    rastreio: list[int] = field(default_factory=list)
    nota: list[int] = field(default_factory=list)


@dataclass
class _Rows:
    """The rows that were changed, as they are now, by id."""

    produtos: dict[int, Row]
    stock: dict[int, Row]
    held: list[int]
    pedidos: dict[int, Row]
    notas: dict[int, Row]


def queue(cursor: Cursor) -> bool:
    """Queue what the transaction of ``cursor`` changed for everybody who listens; whether anybody does."""
    changes: dict[int, _Changed] = {}
    for what, account_id, row_id in cursor.changes:
        getattr(changes.setdefault(account_id, _Changed()), what).append(row_id)
    cursor.changes.clear()
    rows: list[Row] = []
    for account in outbox.list_listeners(cursor, changes):
        changed = changes[account["id"]]
        if account["has_realtime"]:
            outbox.add_updates(cursor, account["id"], "estoque", changed.estoque)
            outbox.add_updates(cursor, account["id"], "produtos", [*changed.produto, *changed.preco])
        found = _find_rows(cursor, account, changed)
        for integration in account["integrations"]:
            told = _tell_integration(cursor, account, integration, changed, found)
            rows += _address(account, integration["id"], integration["urls"], told)
        rows += _address(account, None, account["urls"], _tell_account(account, changed, found))
    if not rows:
        return False
    outbox.add(cursor, sender_faults.strike(cursor, rows, store.get_now(cursor)))
    return True


def _address(
    account: Row, integration_id: int | None, urls: Mapping[str, Row], told: Iterable[tuple[str, Row]]
) -> Iterator[Row]:
    """Envelopes with the addresses of those kinds that have one."""
    for kind, envelope in told:
        if kind in urls:
            yield {
                "account_id": account["id"],
                "integration_id": integration_id,
                "kind": kind,
                "url": urls[kind]["url"],
                "envelope": envelope,
            }


def _find_rows(cursor: Cursor, account: Row, changed: _Changed) -> _Rows:
    pedido_ids = {*changed.inclusao, *changed.atualizacao, *changed.situacao, *changed.rastreio}
    notas = {row["id"]: row for row in store.list_by_ids(cursor, "nota", changed.nota)}
    pedido_ids |= {row["pedido_id"] for row in notas.values() if row["pedido_id"]}
    pedidos = {row["id"]: row for row in store.list_by_ids(cursor, "pedido", pedido_ids)}
    nota_ids = {row["nota_id"] for row in pedidos.values() if row["nota_id"]} - notas.keys()
    notas |= {row["id"]: row for row in store.list_by_ids(cursor, "nota", nota_ids)}
    # What orders hold back is no longer available, though nothing was moved.
    held = []
    if account["reserves_stock"]:
        held = [
            item["produto"]["id"]
            for pedido_id in (*changed.inclusao, *changed.situacao)
            if pedido_id in pedidos
            for item in pedidos[pedido_id]["dados"]["itens"]
        ]
    product_ids = {*changed.produto, *changed.preco, *changed.estoque, *held}
    produtos = {row["id"]: row for row in catalog.list_by_ids(cursor, account, product_ids)}
    parents = {row["pai_id"] for row in produtos.values() if row["pai_id"]} - produtos.keys()
    produtos |= {row["id"]: row for row in catalog.list_by_ids(cursor, account, parents)}
    stocked = [produtos[product_id] for product_id in (*changed.estoque, *held) if product_id in produtos]
    amounts = catalog.list_stock(cursor, account, stocked)
    stock = {product_id: catalog.total_of(found) for product_id, found in amounts.items()}
    return _Rows(produtos, stock, [one for one in held if one not in changed.estoque], pedidos, notas)


# -- an integration's notifications --------------------------------------------------------------------


def _tell_integration(
    cursor: Cursor, account: Row, integration: Row, changed: _Changed, found: _Rows
) -> Iterator[tuple[str, Row]]:
    """Kind and envelope of everything that an integration hears of the changes."""

    def tell(tipo: str, dados: Row) -> tuple[str, Row]:
        envelope: Row = {"cnpj": account["cnpj"], "idEcommerce": integration["id"], "tipo": tipo}
        version = VERSIONS.get(tipo, "1.0.0")
        # The two families of samples put the version first and last.
        if version == "1.0.1":
            return tipo, {"versao": version, **envelope, "dados": dados}
        return tipo, {**envelope, "versao": version, "dados": dados}

    whole = [_whole(found.produtos, product_id) for product_id in changed.produto]
    for product_id in dict.fromkeys(one for one in whole if one is not None):
        yield tell("produto", _produto(cursor, account, integration, found.produtos[product_id]))
    is_available = integration["stock_kind"] == "D"
    told = [*changed.estoque, *(found.held if is_available else [])]
    wanted = {*changed.preco, *told}
    wanted |= {row["pai_id"] for row in found.produtos.values() if row["id"] in wanted and row["pai_id"]}
    mappings = outbox.ensure_mappings(cursor, integration["id"], wanted & found.produtos.keys())

    def mapped(product_ids: Sequence[int]) -> Iterator[Row]:
        for product_id in dict.fromkeys(product_ids):
            row = found.produtos.get(product_id)
            if row is None or row["situacao"] == "E":
                continue
            if integration["mapped"] == "all" or mappings[product_id]["sku"]:
                yield row

    def skus(row: Row) -> Row:
        pai = found.produtos.get(row["pai_id"] or 0)
        return {
            "skuMapeamento": mappings[row["id"]]["sku"] or row["sku"],
            "skuMapeamentoPai": (mappings[pai["id"]]["sku"] or pai["sku"]) if pai else "",
        }

    for row in mapped(changed.preco):
        yield tell(
            "precos",
            {
                "idMapeamento": str(mappings[row["id"]]["id"]),
                **skus(row),
                "preco": f"{row['preco']:.4f}",
                "precoPromocional": f"{row['preco_promocional']:.4f}",
            },
        )
    for row in mapped(told):
        # Without reservations everything that is there is available, whatever the API makes of it.
        name = "disponivel" if is_available and account["reserves_stock"] else "saldo"
        yield tell(
            "estoque",
            {
                "tipoEstoque": integration["stock_kind"],
                "saldo": found.stock[row["id"]][name],
                "idProduto": row["id"],
                "sku": row["sku"],
                **skus(row),
            },
        )

    def own(pedido_ids: Iterable[int]) -> Iterator[Row]:
        for pedido_id in pedido_ids:
            pedido = found.pedidos.get(pedido_id)
            if pedido and str(pedido["dados"]["ecommerce"].get("id") or "") == str(integration["id"]):
                yield pedido

    for pedido in own(changed.situacao):
        yield tell(
            "situacao_pedido",
            {
                "idPedidoEcommerce": pedido["numero_ecommerce"],
                "idVendaTiny": pedido["id"],
                "situacao": situacao_code(pedido["situacao"]),
                "descricaoSituacao": LABELS[pedido["situacao"]],
            },
        )
    for pedido in own(changed.rastreio):
        yield tell("rastreio", _rastreio(pedido, found.notas.get(pedido["nota_id"] or 0)))
    for nota_id in changed.nota:
        for _ in own([found.notas[nota_id]["pedido_id"] or 0]):
            yield tell("nota_fiscal", _nota(found.notas[nota_id]))


def _whole(produtos: Mapping[int, Row], product_id: int) -> int | None:
    """The product that is sent as a whole: the parent of a variation; none that was deleted."""
    row = produtos.get(product_id)
    row = produtos.get(row["pai_id"]) if row and row["pai_id"] else row
    return None if row is None or row["situacao"] == "E" else int(row["id"])


def _produto(cursor: Cursor, account: Row, integration: Row, row: Row) -> Row:
    dados = row["dados"]
    sizes, stock, seo, taxes = dados["dimensoes"], dados["estoque"], dados["seo"], dados["tributacao"]
    children = catalog.list_children(cursor, account, row["id"])
    family = [row, *children]
    mappings = outbox.ensure_mappings(cursor, integration["id"], [one["id"] for one in family])
    amounts = catalog.list_stock(cursor, account, family)
    available = {one["id"]: catalog.total_of(amounts[one["id"]])["saldo"] for one in family}
    categoria = catalog.categoria_of(account, row)
    tree = _categorias(account, dados.get("categoria"))

    def head(one: Row) -> Row:
        return {
            "id": str(one["id"]),
            "idMapeamento": str(mappings[one["id"]]["id"]),
            "skuMapeamento": mappings[one["id"]]["sku"],
        }

    def anexos(one: Row) -> list[Row]:
        return [
            {"url": anexo["url"], "nome": anexo["url"].rpartition("/")[2], "tipo": "jpeg"}
            for anexo in one["dados"]["anexos"]
        ]

    return {
        **head(row),
        "nome": row["descricao"],
        "codigo": row["sku"],
        "unidade": dados["unidade"],
        "preco": f"{row['preco']:.4f}",
        "precoPromocional": f"{row['preco_promocional']:.4f}",
        "ncm": dados["ncm"],
        "origem": dados["origem"],
        "gtin": row["gtin"],
        "gtinEmbalagem": taxes["gtinEmbalagem"],
        "localizacao": stock["localizacao"],
        "pesoLiquido": f"{sizes['pesoLiquido'] or 0:.3f}",
        "pesoBruto": f"{sizes['pesoBruto'] or 0:.3f}",
        "estoqueMinimo": f"{stock['minimo'] or 0:.2f}",
        "estoqueMaximo": f"{stock['maximo'] or 0:.2f}",
        "idFornecedor": "0",
        "codigoFornecedor": "",
        "codigoPeloFornecedor": "",
        "unidadePorCaixa": dados["unidadePorCaixa"],
        "estoqueAtual": available[row["id"]],
        "precoCusto": f"{dados['precoCusto'] or 0:.4f}",
        "precoCustoMedio": f"{dados['precoCusto'] or 0:.4f}",
        "situacao": row["situacao"],
        "descricaoComplementar": dados["descricaoComplementar"],
        "obs": dados["observacoes"],
        "garantia": dados["garantia"],
        "cest": "",
        "sobEncomenda": "S" if stock["sobEncomenda"] else "N",
        "marca": catalog.marca_of(account, row)["nome"],
        "tipoEmbalagem": str(sizes["embalagem"]["tipo"]),
        "alturaEmbalagem": f"{sizes['altura'] or 0:.1f}",
        "larguraEmbalagem": f"{sizes['largura'] or 0:.1f}",
        "comprimentoEmbalagem": f"{sizes['comprimento'] or 0:.1f}",
        "diametroEmbalagem": f"{sizes['diametro'] or 0:.1f}",
        "classeProduto": row["tipo"],
        "idCategoria": str(categoria["id"]),
        "descricaoCategoria": categoria["nome"],
        "descricaoArvoreCategoria": tree[-1]["descricaoCompleta"] if tree else "",
        "arvoreCategoria": tree,
        "variacoes": [
            {
                **head(child),
                "codigo": child["sku"],
                "gtin": child["gtin"],
                "preco": f"{child['preco']:.4f}",
                "precoPromocional": f"{child['preco_promocional']:.4f}",
                "estoqueAtual": available[child["id"]],
                "grade": child["dados"]["grade"],
                "anexos": anexos(child),
            }
            for child in children
        ],
        "anexos": anexos(row),
        "seo": {
            "title": seo["titulo"],
            "description": seo["descricao"],
            "keywords": ",".join(seo["keywords"] or []),
            "linkVideo": seo["linkVideo"],
            "slug": seo["slug"],
        },
        "kit": [
            {"id": str(part["id"]), "codigo": part["sku"], "quantidade": quantity}
            for part, quantity in catalog.list_parts(cursor, account, dados["kit"])
        ],
        "diasPreparacao": str(stock["diasPreparacao"] or 0),
    }


def _categorias(account: Row, categoria_id: int | None) -> list[Row]:
    """A category's way from the root, as a product is sent with it."""
    rows = {row["id"]: row for row in account["categorias"]}
    row = rows.get(categoria_id)
    if row is None:
        return []
    above = _categorias(account, row["pai"])
    names = [*(one["descricao"] for one in above), row["descricao"]]
    return [
        *above,
        {
            "id": str(row["id"]),
            "idPai": str(row["pai"]) if row["pai"] else 0,
            "descricao": row["descricao"],
            "descricaoCompleta": " > ".join(names),
        },
    ]


def _rastreio(pedido: Row, nota: Row | None) -> Row:
    freight = pedido["dados"]["transportador"]
    envio = (freight.get("formaEnvio") or {}).get("nome") or ""
    source = nota if nota and nota["codigo_rastreamento"] else pedido
    return {
        "idEntregaEcommerce": 0,
        "idVendaTiny": pedido["id"],
        "idNotaFiscalTiny": pedido["nota_id"] or 0,
        "idPedidoEcommerce": pedido["numero_ecommerce"],
        "codigoRastreio": source["codigo_rastreamento"],
        "urlRastreio": source["url_rastreamento"],
        "transportadora": freight.get("nome") or envio,
        "formaEnvio": FREIGHT_CODES.get(envio, ""),
        "formaFrete": (freight.get("formaFrete") or {}).get("nome") or "",
    }


def _nota(nota: Row) -> Row:
    return {
        "chaveAcesso": nota["chave"],
        "numero": nota["numero"],
        "serie": nota["serie"],
        "urlDanfe": f"https://erp.example.com/doc.view?id={store.digest(nota['chave'])[:16]}",
        "idPedidoEcommerce": nota["numero_ecommerce"],
        "dataEmissao": nota["data_emissao"].isoformat(),
        "valorNota": round(nota["dados"]["valor"], 2),
        "idNotaFiscalTiny": nota["id"],
    }


# -- the account's Webhooks ----------------------------------------------------------------------------


def _tell_account(account: Row, changed: _Changed, found: _Rows) -> Iterator[tuple[str, Row]]:
    """Kind and envelope of everything that the account's Webhooks tell of the changes."""

    def tell(kind: str, tipo: str, dados: Row) -> tuple[str, Row]:
        return kind, {"versao": "1.0.1", "cnpj": account["cnpj"], "tipo": tipo, "dados": dados}

    for pedido_id in changed.inclusao:
        if pedido_id in found.pedidos:
            yield tell("vendas", "inclusao_pedido", _venda(found.pedidos[pedido_id]))
    for pedido_id in changed.atualizacao:
        if pedido_id in found.pedidos and pedido_id not in changed.inclusao:
            yield tell("vendas", "atualizacao_pedido", _venda(found.pedidos[pedido_id]))
    for pedido_id in changed.situacao:
        pedido = found.pedidos.get(pedido_id)
        if pedido and pedido["situacao"] == SENT:
            yield tell("envios", "atualizacao_pedido", _venda(pedido))
    for product_id in changed.estoque:
        row = found.produtos.get(product_id)
        if row is not None and row["situacao"] != "E":
            yield tell(
                "estoque",
                "estoque",
                {
                    "tipoEstoque": "F",
                    "saldo": found.stock[product_id]["saldo"],
                    "idProduto": str(row["id"]),
                    "sku": row["sku"],
                    "skuMapeamento": "",
                    "skuMapeamentoPai": "",
                },
            )
    for nota_id in changed.nota:
        nota = found.notas[nota_id]
        told = _nota(nota)
        yield tell(
            "nota_fiscal",
            "nota_fiscal",
            {
                "idNotaFiscalTiny": nota["id"],
                "numero": f"{nota['numero']:06d}",
                "serie": str(nota["serie"]),
                **{
                    name: told[name]
                    for name in ("chaveAcesso", "urlDanfe", "dataEmissao", "valorNota", "idPedidoEcommerce")
                },
            },
        )


def _venda(pedido: Row) -> Row:
    """Of an order its situação and whose it is; everything a text, and no items."""
    dados = pedido["dados"]
    cliente = dados["cliente"]
    forma = dados["transportador"].get("formaEnvio") or {}
    freight = (
        {"formaEnvio": {"id": str(forma["id"]), "descricao": forma.get("nome") or ""}}
        if forma.get("id")
        else {}
    )
    return {
        "id": str(pedido["id"]),
        "numero": str(pedido["numero"]),
        "data": f"{pedido['data']:%d/%m/%Y}" if pedido["data"] else "",
        "idPedidoEcommerce": pedido["numero_ecommerce"],
        "codigoSituacao": situacao_code(pedido["situacao"]),
        "descricaoSituacao": LABELS[pedido["situacao"]],
        "idContato": str(cliente.get("id") or 0),
        "idNotaFiscal": str(pedido["nota_id"] or 0),
        "nomeEcommerce": dados["ecommerce"].get("nome") or "",
        "cliente": {"nome": cliente.get("nome") or "", "cpfCnpj": _document(cliente.get("cpfCnpj"))},
        **freight,
    }


def _document(text: str | None) -> str:
    bare = normalize_document(text or "")
    if len(bare) == 11:
        return mask_cpf(bare)
    return mask_cnpj(bare) if len(bare) == 14 else bare


def situacao_code(situacao: int) -> str:
    """v2's code; of a situação that v2 has none for, its label written as one."""
    label = LABELS[situacao]
    plain = unicodedata.normalize("NFKD", label).encode("ascii", "ignore").decode().lower()
    spelt = re.sub(r"\W+", "_", plain)
    return next((code for code, known in CODES.items() if LABELS[known] == label), spelt)
