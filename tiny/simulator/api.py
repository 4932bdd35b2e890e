"""API v3: every call passes token, quota and laid faults before a module of ``v3`` answers it.

Shapes follow Tiny's OpenAPI v3.1 and measured answers; 401, 404 and 429 have no body.
"""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass

import psycopg2

from . import faults, quota, store
from .store import Cursor, Row, Store
from .v3 import contatos, listas, notas, pedido_writes, pedidos, produtos, registers
from .v3.parameters import INVALID, Answer, Conditions, ValidationFailed, read_paging
from .web import BadRequest, Request, Response, Router, json_response

PREFIX = "/public-api/v3"
ROUTES = [
    *pedidos.ROUTES,
    *pedido_writes.ROUTES,
    *notas.ROUTES,
    *contatos.ROUTES,
    *produtos.ROUTES,
    *listas.ROUTES,
    *registers.ROUTES,
]


@dataclass
class Call:
    """What was found out about one call before it is answered."""

    route: str
    template: str
    client_id: str = ""
    account: Row | None = None
    cause: str = ""


class Api:
    """Every call: token, quota, laid faults, work, log."""

    def __init__(self, database: Store) -> None:
        self._store = database
        self._answers: dict[tuple[str, str], Answer] = {}
        self._routes = Router()
        for method, template, answer in ROUTES:
            self._answers[method, template] = answer
            self._routes.add(method, template, lambda request: Response(500))

    def handle(self, request: Request) -> Response:
        """Answer one API call and remember it."""
        started = time.perf_counter()
        path = request.path.removeprefix(PREFIX)
        found = self._routes.find(request.method, path)
        template, request.params = (found[1], found[2]) if found else ("", {})
        call = Call(f"{request.method} {template.replace(':int', '') or path}", template)
        with self._store.transaction() as cursor:
            at = store.get_now(cursor)
            response, headers, struck = self._admit(cursor, call, request)
        struck.wait()
        if response is None:
            response = struck.answer
            call.cause = "fault" if response is not None else ""
        if response is None and call.account is not None:
            response = self._work(struck.account or call.account, request, call.template, struck)
        assert response is not None  # noqa: S101
        response.headers = {**headers, "X-Request-Id": str(uuid.uuid4()), **response.headers}
        response = struck.change(response)
        with self._store.transaction() as cursor:
            store.add_call(
                cursor,
                {
                    "account_id": call.account["id"] if call.account else None,
                    "made_at": call.account["made_at"] if call.account else None,
                    "client_id": call.client_id,
                    "at": at,
                    "method": request.method,
                    "route": call.route,
                    "path": path,
                    "query": request.query_string,
                    "status": response.status,
                    "cause": call.cause,
                    "ms": (time.perf_counter() - started) * 1000,
                },
            )
        if struck.drops_answer:
            request.drop_connection()
        return response

    def _admit(
        self, cursor: Cursor, call: Call, request: Request
    ) -> tuple[Response | None, dict[str, str], faults.Struck]:
        """A refusal or none, the quota's headers, and the faults that strike what was admitted."""
        scheme, _, token = request.header("Authorization").partition(" ")
        owner = store.find_access_token(cursor, token) if scheme.lower() == "bearer" and token else None
        call.client_id = owner["client_id"] if owner else ""
        call.account = store.get_account(cursor, owner["account_id"]) if owner else None
        if owner is None or call.account is None or not owner["is_active"]:
            call.cause = "token"
            return Response(401), {}, faults.Struck()
        bucket, headers = quota.use(cursor, call.account, request.method)
        if bucket:
            call.cause = f"quota:{bucket}"
            return Response(429), headers, faults.Struck()
        return None, headers, faults.claim(cursor, call.account["id"], call.route, request.query, is_api=True)

    def _work(self, account: Row, request: Request, template: str, struck: faults.Struck) -> Response:
        if not template:
            return Response(404)
        for name in struck.ignored:
            request.query_lists.pop(name, None)
            request.query.pop(name, None)
        if struck.page_limit:
            request.query["limit"] = str(struck.page_limit)
        try:
            with self._store.transaction() as cursor:
                response = self._answers[request.method, template](cursor, account, request)
                page = _find_page(request, template) if struck.shifts else None
                if page is not None:
                    faults.shift_page(cursor, account, page, struck.shifts)
                return response
        except ValidationFailed as refusal:
            return json_response({"mensagem": INVALID, "detalhes": refusal.details}, 400)
        except BadRequest:
            detail = {"campo": "", "mensagem": "O corpo da requisição é inválido"}
            return json_response({"mensagem": INVALID, "detalhes": [detail]}, 400)
        except psycopg2.DataError:
            # Numbers beyond the column's range find nothing at Tiny either.
            return json_response({"mensagem": INVALID, "detalhes": None}, 400)


def _find_page(request: Request, template: str) -> faults.Page | None:
    """The page that was asked for, of the lists that can shift."""
    conditions: Conditions
    if template == "/pedidos":
        table, conditions = "pedido", pedidos.conditions_of(request)
    elif template == "/notas":
        table, conditions = "nota", notas.conditions_of(request)
    elif template == "/produtos":
        table, conditions = "produto", produtos.conditions_of(request)
    else:
        return None
    limit, offset, descending = read_paging(request)
    return faults.Page(table, conditions, limit, offset, descending)
