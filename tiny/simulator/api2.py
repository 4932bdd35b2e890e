"""API v2: a form with a token in, an envelope out, HTTP 200 whatever became of it.

Every call passes token, limits and laid faults before a module of ``v2`` answers it.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape
from threading import Lock
from typing import Any
from urllib.parse import urlencode

import psycopg2

from . import faults, quota, store
from .store import Cursor, Row, Store
from .v2 import contatos, notas, pedido_writes, pedidos, produtos, registers
from .v2.errors import OF_A_RECORD, Answer, Refused, fail_records
from .v2.notas import Xml
from .v2.parameters import Fields, Service
from .v2.variety import describe_refusal, vary
from .web import Request, Response, json_response

PREFIX = "/api2"
SERVICES: dict[str, Service] = {
    **registers.SERVICES,
    **pedidos.SERVICES,
    **pedido_writes.SERVICES,
    **notas.SERVICES,
    **contatos.SERVICES,
    **produtos.SERVICES,
}
# The call's log is no place for a token, nor for whole orders.
UNTOLD = ("token", "formato")
LONGEST_TOLD = 200
NO_SERVICE = b"<!DOCTYPE html><html><body><h1>404 Not Found</h1></body></html>"
HTML_TYPE = {"Content-Type": "text/html; charset=UTF-8"}


@dataclass
class Call:
    """What was found out about one call before it is answered."""

    route: str
    name: str
    service: Service | None
    fields: Fields
    account: Row | None = None
    owner: str = ""
    cause: str = ""
    code: str = ""


class Api2:
    """Every call: token, limits, laid faults, work, log."""

    def __init__(self, database: Store) -> None:
        self._store = database
        self._running: Counter[int] = Counter()
        self._lock = Lock()

    def handle(self, request: Request) -> Response:
        """Answer one call of API v2 and remember it."""
        started = time.perf_counter()
        name = request.path.removeprefix(f"{PREFIX}/")
        service = SERVICES.get(name)
        given = dict(request.query)
        if request.method == "POST" and not (service and service.has_raw_body):
            given |= request.form
        fields = Fields(frozenset(given), given, request.body, request.base_url)
        call = Call(f"{request.method} {PREFIX}/{name}", name, service, fields)
        told = urlencode({key: text[:LONGEST_TOLD] for key, text in given.items() if key not in UNTOLD})
        struck = faults.Struck()
        with self._store.transaction() as cursor:
            at = store.get_now(cursor)
            refusal = self._find_owner(cursor, call)
        with self._count_running(call.account) as running:
            if refusal is None:
                with self._store.transaction() as cursor:
                    refusal, struck = self._admit(cursor, call, running)
            struck.wait()
            response = self._respond(call, refusal, struck)
        if call.account is not None and call.account["v2_limit"]:
            response.headers["x-limit-api"] = str(call.account["v2_limit"])
        response = struck.change(response)
        with self._store.transaction() as cursor:
            store.add_call(
                cursor,
                {
                    "account_id": call.account["id"] if call.account else None,
                    "made_at": call.account["made_at"] if call.account else None,
                    "client_id": call.owner,
                    "at": at,
                    "method": request.method,
                    "route": call.route,
                    "path": request.path,
                    "query": told,
                    "status": response.status,
                    "cause": call.cause,
                    "codigo_erro": call.code,
                    "ms": (time.perf_counter() - started) * 1000,
                },
            )
        if struck.drops_answer:
            request.drop_connection()
        return response

    @contextmanager
    def _count_running(self, account: Row | None) -> Iterator[int]:
        """How many calls of the account are under way, this one included."""
        account_id = account["id"] if account else 0
        with self._lock:
            self._running[account_id] += 1
            running = self._running[account_id]
        try:
            yield running
        finally:
            with self._lock:
                self._running[account_id] -= 1

    def _find_owner(self, cursor: Cursor, call: Call) -> Refused | None:
        token = call.fields.get("token")
        owner = store.find_token_v2(cursor, token) if token else None
        if owner is not None:
            call.account = store.get_account(cursor, owner["account_id"])
            call.owner = str(owner["integration_id"] or "Token API")
        if owner is None or owner["is_revoked"]:
            call.cause = "token"
            return Refused(2 if token else 1)
        return None

    def _admit(self, cursor: Cursor, call: Call, running: int) -> tuple[Refused | None, faults.Struck]:
        """A refusal or none, and the faults that strike what was admitted."""
        assert call.account is not None  # noqa: S101
        is_batch = call.service is not None and call.service.is_batch
        bucket = quota.use_v2(cursor, call.account, running, is_batch=is_batch)
        if bucket:
            call.cause = f"quota:{bucket}"
            return Refused(11 if bucket == quota.V2_CONCURRENT else 6), faults.Struck()
        struck = faults.claim(cursor, call.account["id"], call.route, call.fields.values, is_api=True)
        if struck.answer is not None or struck.v2_error:
            call.cause = "fault"
        return Refused(struck.v2_error) if struck.v2_error else None, struck

    def _respond(self, call: Call, refusal: Refused | None, struck: faults.Struck) -> Response:
        if refusal is None and struck.answer is not None:
            return struck.answer
        if refusal is None and call.service is None:
            return Response(404, NO_SERVICE, dict(HTML_TYPE))
        seed = call.account["v2_variety"] if call.account else 0
        try:
            if refusal is not None:
                raise refusal
            retorno = self._work(call, struck)
        except Refused as error:
            if call.service and call.service.has_records and error.code in OF_A_RECORD:
                retorno = fail_records(error.describe_record("1"))
            else:
                retorno = describe_refusal(seed, call.name, error)
        call.code = _find_code(retorno)
        retorno = vary(seed, call.name, retorno)
        is_xml = call.service is not None and call.service.is_xml
        if is_xml or call.fields.get("formato").lower() != "json":
            document = f'<?xml version="1.0" encoding="UTF-8"?>{_write_xml({"retorno": retorno})}'
            return Response(200, document.encode(), {"Content-Type": "text/xml; charset=UTF-8"})
        return json_response(
            {"retorno": retorno}, headers={"Content-Type": "application/json; charset=UTF-8"}
        )

    def _work(self, call: Call, struck: faults.Struck) -> Answer:
        account = struck.account or call.account
        assert call.service is not None and account is not None  # noqa: S101
        for name in struck.ignored:
            call.fields.values.pop(name, None)
        call.fields.page_size = struck.page_limit or call.fields.page_size
        try:
            with self._store.transaction() as cursor:
                retorno = call.service.work(cursor, account, call.fields)
                if call.fields.page is not None:
                    faults.shift_page(cursor, account, call.fields.page, struck.shifts)
                return retorno
        except psycopg2.DataError:
            # Numbers beyond the column's range.
            raise Refused(31) from None


def _find_code(retorno: Answer) -> str:
    """The code of a failure, wherever it stands."""
    if retorno["status"] == "OK":
        return ""
    records = [row["registro"] for row in retorno.get("registros", [])]
    codes = [row.get("codigo_erro") for row in [retorno, *records]]
    return str(next((code for code in codes if code), ""))


def _write_xml(value: Any) -> str:
    if isinstance(value, dict):
        return "".join(f"<{name}>{_write_xml(inner)}</{name}>" for name, inner in value.items())
    if isinstance(value, list):
        return "".join(_write_xml(inner) for inner in value)
    if isinstance(value, Xml):
        return value
    return "" if value is None else escape(str(value), quote=False)
