"""API v3 as far as orders coming in need it: info, pedidos, notas, formas-envio.

Shapes follow Tiny's OpenAPI v3.1 and measured answers, oddities included: ``valor`` is a string in the list
and a float in the detail, a missing date is ``""`` in one place and null in another, a nota's number and
situação are strings, unknown parameters are ignored, 401, 404 and 429 have no body.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Sequence
from datetime import date, datetime
from datetime import time as clock_time
from typing import Any

import psycopg2

from . import data, faults, pedidos, store
from .documents import mask_cnpj, normalize_document
from .store import Cursor, Row, Store
from .web import Request, Response, Router, json_response

PREFIX = "/public-api/v3"
PAGE_LIMIT = 100
NOTA_SITUACOES = range(1, 11)


class ValidationFailed(Exception):
    """A parameter that Tiny refuses with 400; carries (campo, mensagem)."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__(text)
        self.details = [{"campo": field, "mensagem": text}]


Answer = Callable[[Cursor, Row, Request], Response]


class Api:
    """Every call: token, quota, laid faults, work, log."""

    def __init__(self, database: Store) -> None:
        self._store = database
        self._answers: dict[str, Answer] = {
            "/info": self._info,
            "/pedidos": self._list_pedidos,
            "/pedidos/{id:int}": self._get_pedido,
            "/notas": self._list_notas,
            "/notas/{id:int}": self._get_nota,
            "/formas-envio": self._list_formas_envio,
            "/formas-envio/{id:int}": self._get_forma_envio,
        }
        self._routes = Router()
        for template in self._answers:
            self._routes.add("GET", template, lambda request: Response(500))

    def handle(self, request: Request) -> Response:
        """Answer one API call and remember it."""
        started = time.perf_counter()
        at = pedidos.now()
        path = request.path.removeprefix(PREFIX)
        found = self._routes.find(request.method, path)
        template, params = (found[1], found[2]) if found else ("", {})
        request.params = params
        route = f"{request.method} {template.replace(':int', '') or path}"
        request_id = {"X-Request-Id": str(uuid.uuid4())}
        scheme, _, token = request.header("Authorization").partition(" ")
        with self._store.transaction() as cursor:
            owner = store.find_access_token(cursor, token) if scheme.lower() == "bearer" and token else None
            account = store.get_account(cursor, owner["account_id"]) if owner else None
            refusal: Response | None = None
            headers: dict[str, str] = {}
            struck = faults.Struck()
            if owner is None or account is None or not owner["is_active"]:
                refusal = Response(401)
            else:
                refusal, headers = _use_quota(cursor, account)
                if refusal is None:
                    struck = faults.claim(cursor, account["id"], route)
        struck.wait()
        response = refusal or struck.answer
        if response is None and account is not None:
            response = self._work(account, request, template, struck)
        assert response is not None  # noqa: S101
        response.headers = {**headers, **request_id, **response.headers}
        with self._store.transaction() as cursor:
            store.add_call(
                cursor,
                {
                    "account_id": account["id"] if account else None,
                    "client_id": owner["client_id"] if owner else "",
                    "at": at,
                    "method": request.method,
                    "route": route,
                    "path": path,
                    "query": request.query_string,
                    "status": response.status,
                    "ms": (time.perf_counter() - started) * 1000,
                },
            )
        if struck.drops_answer:
            request.drop_connection()
        return response

    def _work(self, account: Row, request: Request, template: str, struck: faults.Struck) -> Response:
        if not template:
            return Response(404)
        try:
            with self._store.transaction() as cursor:
                response = self._answers[template](cursor, account, request)
                for fault_id, shift in struck.shifts:
                    _shift(cursor, account, request, template, fault_id, shift)
                return response
        except ValidationFailed as refusal:
            body = {"mensagem": "Ocorreram erros de validação", "detalhes": refusal.details}
            return json_response(body, 400)
        except psycopg2.DataError:
            # Numbers beyond the column's range find nothing at Tiny either.
            return json_response({"mensagem": "Ocorreram erros de validação", "detalhes": None}, 400)

    # -- answers ---------------------------------------------------------------------------------------

    def _info(self, cursor: Cursor, account: Row, request: Request) -> Response:
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

    def _list_pedidos(self, cursor: Cursor, account: Row, request: Request) -> Response:
        if "marcadores[]" in request.query_lists:
            return json_response({"mensagem": "Erro interno"}, 500)
        limit, offset, descending = _read_paging(request)
        rows, total = store.list_rows(
            cursor, "pedido", account["id"], _pedido_conditions(request), limit, offset, descending=descending
        )
        return _page([pedido_item(row) for row in rows], limit, offset, total)

    def _get_pedido(self, cursor: Cursor, account: Row, request: Request) -> Response:
        row = store.get_pedido(cursor, account["id"], int(request.params["id"]))
        return Response(404) if row is None else json_response(pedido_detail(row))

    def _list_notas(self, cursor: Cursor, account: Row, request: Request) -> Response:
        if "marcadores[]" in request.query_lists:
            return json_response({"mensagem": "Erro interno"}, 500)
        limit, offset, descending = _read_paging(request)
        rows, total = store.list_rows(
            cursor, "nota", account["id"], _nota_conditions(request), limit, offset, descending=descending
        )
        return _page([nota_item(row) for row in rows], limit, offset, total)

    def _get_nota(self, cursor: Cursor, account: Row, request: Request) -> Response:
        row = store.get_nota(cursor, account["id"], int(request.params["id"]))
        return Response(404) if row is None else json_response(nota_detail(row))

    def _list_formas_envio(self, cursor: Cursor, account: Row, request: Request) -> Response:
        limit, offset, _ = _read_paging(request)
        wanted_name = request.query.get("nome", "").lower()
        wanted_kind = request.query.get("tipo", "")
        formas = [
            {name: value for name, value in forma.items() if name != "formasFrete"}
            for forma in data.list_formas_envio(account["id"])
            if wanted_name in forma["nome"].lower() and wanted_kind in ("", forma["tipo"])
        ]
        return _page(formas[offset : offset + limit], limit, offset, len(formas))

    def _get_forma_envio(self, cursor: Cursor, account: Row, request: Request) -> Response:
        for forma in data.list_formas_envio(account["id"]):
            if forma["id"] == int(request.params["id"]):
                return json_response(forma)
        return Response(404)


# -- quota and faults ---------------------------------------------------------------------------------


def _use_quota(cursor: Cursor, account: Row) -> tuple[Response | None, dict[str, str]]:
    """Count the call in the account's windows; a refusal when one is full, and the headers either way.

    A limit of 0 means none; such an account answers without quota headers, as Tiny was seen to do too.
    """
    moment = time.time()
    buckets = (("read", account["read_limit"], 60), ("burst", account["burst_limit"], 1))
    headers: dict[str, str] = {}
    for bucket, limit, seconds in buckets:
        if not limit:
            continue
        opened_at = int(moment // seconds) * seconds
        used = store.count_use(cursor, account["id"], bucket, opened_at)
        state = {
            "X-Ratelimit-Limit": str(limit),
            "X-Ratelimit-Remaining": str(max(limit - used, 0)),
            "X-Ratelimit-Reset": str(max(1, int(opened_at + seconds - moment))),
        }
        if used > limit:
            return Response(429), state
        headers = headers or state
    return None, headers


def _shift(cursor: Cursor, account: Row, request: Request, template: str, fault_id: int, shift: str) -> None:
    table = {"/pedidos": "pedido", "/notas": "nota"}.get(template)
    if table is None:
        return
    conditions = _pedido_conditions(request) if table == "pedido" else _nota_conditions(request)
    limit, offset, descending = _read_paging(request)
    rows, _ = store.list_rows(cursor, table, account["id"], conditions, limit, offset, descending=descending)
    if rows:
        row_id = store.shift_row(
            cursor, table, account, shift, rows[0]["id"], rows[-1]["id"], descending=descending
        )
        store.add_fault_effect(cursor, fault_id, {"shift": shift, "table": table, "id": row_id})


# -- parameters ---------------------------------------------------------------------------------------


def _page(items: Sequence[Any], limit: int, offset: int, total: int) -> Response:
    return json_response({"itens": items, "paginacao": {"limit": limit, "offset": offset, "total": total}})


def _read_int(request: Request, name: str) -> int | None:
    text = request.query.get(name, "")
    if not text:
        return None
    try:
        return int(text)
    except ValueError:
        raise ValidationFailed(name, f"O campo {name} deve ser um número inteiro") from None


def _read_date(request: Request, name: str) -> date | None:
    """A day, or the day of a moment: only the day counts."""
    text = request.query.get(name, "")
    if not text:
        return None
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        raise ValidationFailed(name, f"O campo {name} deve ser uma data válida") from None


def _read_paging(request: Request) -> tuple[int, int, bool]:
    limit = _read_int(request, "limit")
    offset = _read_int(request, "offset") or 0
    limit = PAGE_LIMIT if limit is None else limit
    if limit < 1:
        raise ValidationFailed("limit", "O campo limit deve ser maior que zero")
    if offset < 0:
        raise ValidationFailed("offset", "O campo offset não pode ser negativo")
    order = request.query.get("orderBy", "")
    if order not in ("", "asc", "desc"):
        raise ValidationFailed("orderBy", "O campo orderBy deve ser asc ou desc")
    return min(limit, PAGE_LIMIT), offset, order == "desc"


def _pedido_conditions(request: Request) -> list[tuple[str, Any]]:
    query = request.query
    conditions: list[tuple[str, Any]] = []
    situacao = _read_int(request, "situacao")
    if situacao is not None:
        if situacao not in data.SITUACOES:
            raise ValidationFailed("situacao", "O campo situacao é inválido")
        conditions.append(("situacao = %s", situacao))
    for name, sql in (("numero", "numero = %s"), ("origemPedido", "%s = 0")):
        number = _read_int(request, name)
        if number is not None:
            conditions.append((sql, number))
    for name, sql in (("dataInicial", "data >= %s"), ("dataFinal", "data <= %s")):
        day = _read_date(request, name)
        if day is not None:
            conditions.append((sql, day))
    changed = _read_date(request, "dataAtualizacao")
    if changed is not None:
        midnight = datetime.combine(changed, clock_time(0), tzinfo=data.BRASILIA)
        conditions.append(("atualizado_em >= %s", midnight))
    if query.get("cpfCnpj"):
        conditions.append(("documento = %s", normalize_document(query["cpfCnpj"])))
    if query.get("numeroPedidoEcommerce"):
        conditions.append(("numero_ecommerce = %s", query["numeroPedidoEcommerce"]))
    if query.get("nomeCliente"):
        conditions.append(("strpos(lower(dados->'cliente'->>'nome'), lower(%s)) > 0", query["nomeCliente"]))
    if query.get("codigoCliente"):
        conditions.append(("dados->'cliente'->>'codigo' = %s", query["codigoCliente"]))
    if query.get("marcadores"):
        conditions.append(("%s = ''", query["marcadores"]))
    return conditions


def _nota_conditions(request: Request) -> list[tuple[str, Any]]:
    query = request.query
    conditions: list[tuple[str, Any]] = []
    situacao = _read_int(request, "situacao")
    if situacao is not None:
        if situacao not in NOTA_SITUACOES:
            raise ValidationFailed("situacao", "O campo situacao é inválido")
        conditions.append(("situacao = %s", situacao))
    if query.get("tipo"):
        if query["tipo"] not in ("E", "S"):
            raise ValidationFailed("tipo", "O campo tipo é inválido")
        conditions.append(("tipo = %s", query["tipo"]))
    for name, sql in (
        ("numero", "numero = %s"),
        ("idVenda", "pedido_id = %s"),
        ("idFormaEnvio", "(dados->>'idFormaEnvio')::bigint = %s"),
    ):
        number = _read_int(request, name)
        if number is not None:
            conditions.append((sql, number))
    for name, sql in (("dataInicial", "data_emissao >= %s"), ("dataFinal", "data_emissao <= %s")):
        day = _read_date(request, name)
        if day is not None:
            conditions.append((sql, day))
    if query.get("cpfCnpj"):
        conditions.append(("documento = %s", normalize_document(query["cpfCnpj"])))
    if query.get("numeroPedidoEcommerce"):
        conditions.append(("numero_ecommerce = %s", query["numeroPedidoEcommerce"]))
    if query.get("marcadores"):
        conditions.append(("%s = ''", query["marcadores"]))
    return conditions


# -- shapes -------------------------------------------------------------------------------------------


def _text(day: date | None) -> str:
    return "" if day is None else day.isoformat()


def _transportador(row: Row) -> dict[str, Any]:
    return {
        **row["dados"]["transportador"],
        "codigoRastreamento": row["codigo_rastreamento"],
        "urlRastreamento": row["url_rastreamento"],
    }


def pedido_item(row: Row) -> dict[str, Any]:
    """One order as the list shows it."""
    dados = row["dados"]
    return {
        "id": row["id"],
        "situacao": row["situacao"],
        "numeroPedido": row["numero"],
        "ecommerce": dados["ecommerce"],
        "dataCriacao": _text(row["data"]),
        "dataPrevista": _text(row["data_prevista"]),
        "cliente": dados["cliente"],
        "valor": data.value_of(dados),
        "vendedor": {"id": 0, "nome": ""},
        "transportador": _transportador(row),
        "origemPedido": 0,
    }


def pedido_detail(row: Row) -> dict[str, Any]:
    """One order with items, payment and delivery address."""
    dados = row["dados"]
    goods, total = data.total_of(dados)
    sent_on = row["data_envio"]
    return {
        "id": row["id"],
        "numeroPedido": row["numero"],
        "idNotaFiscal": row["nota_id"] or 0,
        "dataFaturamento": _text(row["data_faturamento"]),
        "valorTotalProdutos": goods,
        "valorTotalPedido": total,
        "listaPreco": {"id": 0, "nome": "Padrão", "acrescimoDesconto": 0},
        "cliente": dados["cliente"],
        "enderecoEntrega": dados["enderecoEntrega"],
        "ecommerce": dados["ecommerce"],
        "transportador": _transportador(row),
        "deposito": {"id": 334_779_581, "nome": "Geral"},
        "vendedor": {"id": 0, "nome": ""},
        "naturezaOperacao": {"id": 334_779_520, "nome": "Venda"},
        "intermediador": dados["intermediador"],
        "pagamento": dados["pagamento"],
        "itens": dados["itens"],
        "pagamentosIntegrados": [],
        "situacao": row["situacao"],
        "data": _text(row["data"]),
        # The same absence is "" in the list and null here for the planned day.
        "dataPrevista": row["data_prevista"],
        "dataEnvio": f"{sent_on} 00:00:00" if sent_on else "",
        "dataEntrega": _text(row["data_entrega"]),
        "numeroOrdemCompra": dados["numeroOrdemCompra"],
        "valorDesconto": dados["valorDesconto"],
        "valorFrete": dados["valorFrete"],
        "valorOutrasDespesas": dados["valorOutrasDespesas"],
        "observacoes": dados["observacoes"],
        "observacoesInternas": dados["observacoesInternas"],
        "origemPedido": 0,
    }


def nota_item(row: Row) -> dict[str, Any]:
    """One nota as the list shows it."""
    dados = row["dados"]
    return {
        "id": row["id"],
        "situacao": str(row["situacao"]),
        "tipo": row["tipo"],
        "numero": str(row["numero"]),
        "serie": str(row["serie"]),
        "chaveAcesso": row["chave"],
        "dataEmissao": _text(row["data_emissao"]),
        "cliente": dados["cliente"],
        "enderecoEntrega": dados["enderecoEntrega"],
        "valor": dados["valor"],
        "valorProdutos": dados["valorProdutos"],
        "valorFrete": dados["valorFrete"],
        "vendedor": {"id": 0, "nome": ""},
        "idFormaEnvio": dados["idFormaEnvio"],
        "idFormaFrete": dados["idFormaFrete"],
        "codigoRastreamento": row["codigo_rastreamento"],
        "urlRastreamento": row["url_rastreamento"],
        "fretePorConta": dados["fretePorConta"],
        "qtdVolumes": dados["qtdVolumes"],
        "pesoBruto": dados["pesoBruto"],
        "pesoLiquido": dados["pesoLiquido"],
        "ecommerce": dados["ecommerce"],
        "origem": dados["origem"],
    }


# Taxes are not what the simulator is about: they are there, and zero.
NO_TAXES = dict.fromkeys(
    (
        "baseIcms", "valorIcms", "baseIcmsSt", "valorIcmsSt", "valorServicos", "valorSeguro", "valorOutras",
        "valorIpi", "valorIssqn", "valorBaseDiferimento", "percentualICMSPartilhaDestino",
        "valorTotalICMSFCPDestino", "valorIPIDevolvido", "valorTotalBCIBSCBS", "valorTotalIBSUF",
        "valorTotalCBS",
    ),
    0,
)  # fmt: skip


def nota_detail(row: Row) -> dict[str, Any]:
    """One nota with items and parcels."""
    dados = row["dados"]
    return {
        **nota_item(row),
        **NO_TAXES,
        "finalidade": "1",
        "regimeTributario": 1,
        "dataInclusao": _text(row["data_emissao"]),
        "valorDesconto": dados["valorDesconto"],
        "valorFaturado": dados["valor"],
        "valorNotaComImpostos": dados["valor"],
        "idIntermediador": None,
        "idNaturezaOperacao": 334_779_520,
        "idFormaPagamento": 1,
        "idMeioPagamento": None,
        "observacoes": "",
        "condicaoPagamento": dados["condicaoPagamento"],
        "tipoNotaCredito": None,
        "tipoNotaDebito": None,
        "itens": dados["itens"],
        "parcelas": [
            {
                "dias": parcela["dias"],
                "data": parcela["data"],
                "valor": parcela["valor"],
                "observacoes": "",
                "idFormaPagamento": str(parcela["formaPagamento"]["id"]),
                "idMeioPagamento": None,
            }
            for parcela in dados["parcelas"]
        ],
        "pagamentosIntegrados": [],
        "marcadores": [],
        "transportador": {
            "nome": dados["transportador"],
            "cpfCnpj": None,
            "ie": None,
            "endereco": None,
            "municipio": None,
            "uf": None,
        },
    }
