"""Faults laid by a test, or by a person on the page of faults, and what they do to one call."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from . import poison, store
from .store import Cursor, Row
from .v2.errors import MESSAGES
from .web import BadRequest, Response, json_response

SHIFTS = ("insert_before", "delete_before", "duplicate_row")
EVERY_ROUTE = "*"
# For as long as nobody takes the fault away.
ENDLESS = 1_000_000_000
QUOTA_HEADERS = ("X-Ratelimit-Limit", "X-Ratelimit-Remaining", "X-Ratelimit-Reset", "x-limit-api")
# What may be laid, and the type that its value must have.
ACTIONS: dict[str, type | tuple[type, ...]] = {
    "status": int,
    "delay_ms": int,
    "drop": bool,
    "drop_after": bool,
    "shift": str,
    "ignore": list,
    "page_limit": int,
    "replace": dict,
    "remove": list,
    "truncate": int,
    "break_off": int,
    "padding": int,
    "bytes_per_second": int,
    "content_type": str,
    "no_quota_headers": bool,
    "v2_error": int,
    "poison": str,
    "other_account": bool,
}
HTML = "<!DOCTYPE html><html><body><h1>Estamos em manutenção</h1></body></html>"
BLOCKED_HTML = "<html><head><title>403 Forbidden</title></head><body><h1>403 Forbidden</h1></body></html>"
HTML_TYPE = {"Content-Type": "text/html; charset=utf-8"}
FULL_MINUTE = {"X-Ratelimit-Limit": "30", "X-Ratelimit-Remaining": "0", "X-Ratelimit-Reset": "16"}
FILTERS = [
    "numero", "nomeCliente", "codigoCliente", "cpfCnpj", "dataInicial", "dataFinal", "dataAtualizacao",
    "dataCriacao", "dataAlteracao", "situacao", "numeroPedidoEcommerce", "idVendedor", "marcadores",
    "origemPedido", "idVenda", "tipo", "idFormaEnvio", "nome", "codigo", "gtin", "orderBy",
    "cliente", "cpf_cnpj", "numeroEcommerce", "nomeVendedor", "marcador", "tipoNota", "pesquisa", "sort",
]  # fmt: skip
# Usual faults by name, for the page and for whoever does not want to spell them out.
PRESETS: dict[str, dict[str, Any]] = {
    "error_500": {"status": 500, "body": {"mensagem": "Erro interno"}},
    "error_503": {"status": 503},
    "html_200": {"status": 200, "body": HTML, "headers": HTML_TYPE},
    "html_502": {"status": 502, "body": HTML, "headers": HTML_TYPE},
    "truncated": {"truncate": 40},
    "broken_off": {"break_off": 40},
    "content_type": {"content_type": "text/plain"},
    "empty_204": {"status": 204},
    "quota_429": {"status": 429, "headers": FULL_MINUTE},
    "quota_429_bare": {"status": 429, "no_quota_headers": True},
    "refused_401": {"status": 401},
    "refused_403": {"status": 403},
    "missing_404": {"status": 404},
    "slow_bytes": {"bytes_per_second": 1},
    "delay": {"delay_ms": 10_000},
    "drop": {"drop": True},
    "drop_after": {"drop_after": True},
    "same_page": {"ignore": ["offset", "pagina"]},
    "no_filters": {"ignore": FILTERS},
    "insert_before": {"shift": "insert_before"},
    "delete_before": {"shift": "delete_before"},
    "duplicate_row": {"shift": "duplicate_row"},
    "huge": {"padding": 20_000_000},
    "no_refresh_token": {"remove": ["refresh_token"]},
    "no_lifetime": {"replace": {"expires_in": 0}},
    "v2_html": {"status": 200, "body": BLOCKED_HTML, "headers": HTML_TYPE},
    **{kind: {"poison": kind} for kind in poison.KINDS},
    "other_account": {"other_account": True},
    **{f"v2_code_{code}": {"v2_error": code} for code in MESSAGES},
}
# Other names of the same.
ALIASES = {"v2_blocked": "v2_code_6", "v2_concurrent": "v2_code_11", "v2_maintenance": "v2_code_99"}
# These go with ``status``.
DETAILS = ("body", "headers")
MAX_PADDING = 100_000_000


@dataclass
class Struck:
    """The faults that hit one call, put together."""

    answer: Response | None = None
    delay_ms: int = 0
    drops_answer: bool = False
    shifts: list[tuple[int, str]] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    page_limit: int = 0
    v2_error: int = 0
    # Another seller's account, whose rows are answered instead.
    account: Row | None = None
    changes: list[dict[str, Any]] = field(default_factory=list)

    def wait(self) -> None:
        if self.delay_ms:
            time.sleep(self.delay_ms / 1000)

    def change(self, response: Response) -> Response:
        """The answer as it goes over the wire."""
        for action in self.changes:
            response = _change(response, action)
        return response


def claim(
    cursor: Cursor,
    account_id: int | None,
    route: str,
    parameters: Mapping[str, str] | None = None,
    *,
    is_api: bool = False,
) -> Struck:
    """Count the call and gather what strikes it; ``shifts`` holds (fault id, kind)."""
    routes = [normalize_route(route), *([EVERY_ROUTE] if is_api else [])]
    struck = Struck()
    for fault in store.claim_faults(cursor, account_id, routes, parameters or {}):
        action = fault["action"]
        struck.delay_ms += action.get("delay_ms", 0)
        struck.drops_answer = struck.drops_answer or bool(action.get("drop_after") or action.get("drop"))
        if action.get("shift"):
            struck.shifts.append((fault["id"], action["shift"]))
        struck.ignored += action.get("ignore", [])
        struck.page_limit = action.get("page_limit", struck.page_limit)
        struck.v2_error = action.get("v2_error", struck.v2_error)
        if action.get("other_account"):
            struck.account = store.find_other_account(cursor, account_id)
        struck.changes.append(action)
        if action.get("drop"):
            struck.answer = Response(503)
        if action.get("status"):
            struck.answer = _make_answer(action)
    return struck


def normalize_route(route: str) -> str:
    """``GET /pedidos/{anything}`` to ``GET /pedidos/{id}``; GET by default, ``*`` for every route."""
    if route == EVERY_ROUTE:
        return route
    if " " not in route:
        route = f"GET {route}"
    return re.sub(r"\{[^}]*\}", "{id}", route)


def read_action(body: dict[str, Any]) -> dict[str, Any]:
    """Check a fault as the control API receives it; ``preset`` names a usual one. Raises BadRequest."""
    if "preset" in body:
        preset = ALIASES.get(body["preset"], body["preset"])
        if preset not in PRESETS:
            raise BadRequest(f"preset must be one of {', '.join([*PRESETS, *ALIASES])}")
        body = {**PRESETS[preset], **body}
    action = {name: body[name] for name in (*ACTIONS, *DETAILS) if body.get(name) is not None}
    if not ACTIONS.keys() & action.keys():
        raise BadRequest(f"a fault needs one of {', '.join(ACTIONS)}")
    for name, value in action.items():
        expected = ACTIONS.get(name, object)
        if not isinstance(value, expected) or (expected is int and isinstance(value, bool)):
            raise BadRequest(f"{name} has the wrong type")
    if action.get("shift") not in (None, *SHIFTS):
        raise BadRequest(f"shift must be one of {', '.join(SHIFTS)}")
    if action.get("poison") not in (None, *poison.KINDS):
        raise BadRequest(f"poison must be one of {', '.join(poison.KINDS)}")
    if "v2_error" in action and action["v2_error"] not in MESSAGES:
        raise BadRequest(f"v2_error must be one of {', '.join(map(str, MESSAGES))}")
    if action.get("padding", 0) > MAX_PADDING:
        raise BadRequest(f"padding must be at most {MAX_PADDING}")
    return action


def read_parameters(body: dict[str, Any]) -> dict[str, str]:
    """With which a call must come to be struck; none is every call. Raises BadRequest."""
    parameters = body.get("parameters") or {}
    if not isinstance(parameters, dict):
        raise BadRequest("parameters must be an object")
    return {name: str(value) for name, value in parameters.items()}


def _make_answer(action: dict[str, Any]) -> Response:
    body = action.get("body", "")
    headers = {str(name): str(value) for name, value in action.get("headers", {}).items()}
    if isinstance(body, str):
        return Response(int(action["status"]), body.encode(), headers)
    return json_response(body, int(action["status"]), headers)


def _change(response: Response, action: dict[str, Any]) -> Response:
    headers = dict(response.headers)
    if action.get("no_quota_headers"):
        headers = {name: value for name, value in headers.items() if name not in QUOTA_HEADERS}
    if "content_type" in action:
        headers["Content-Type"] = action["content_type"]
    body = response.body
    if "replace" in action or "remove" in action:
        body = _change_fields(body, action.get("replace", {}), action.get("remove", []))
    if "poison" in action:
        body = poison.spoil(body, action["poison"])
    body += b" " * action.get("padding", 0)
    announced = response.announced_length
    if "truncate" in action:
        body = body[: action["truncate"]]
    if "break_off" in action:
        announced = len(body)
        body = body[: action["break_off"]]
    speed = action.get("bytes_per_second", response.bytes_per_second)
    return Response(response.status, body, headers, announced, speed)


def _change_fields(body: bytes, replaced: dict[str, Any], removed: list[str]) -> bytes:
    """Set and take away fields of a JSON object, in v2's ``retorno`` where it has one; else all stays."""
    try:
        fields = json.loads(body)
    except ValueError:
        return body
    if not isinstance(fields, dict):
        return body
    inner = fields["retorno"] if isinstance(fields.get("retorno"), dict) else fields
    changed = {name: value for name, value in {**inner, **replaced}.items() if name not in removed}
    return json.dumps({"retorno": changed} if inner is not fields else changed, ensure_ascii=False).encode()


@dataclass(frozen=True)
class Page:
    """A page of a list that can shift under its reader."""

    table: str
    conditions: list[tuple[str, Any]]
    limit: int
    offset: int
    descending: bool


def shift_page(cursor: Cursor, account: Row, page: Page, shifts: list[tuple[int, str]]) -> None:
    """Move every later page by one row for each (fault id, kind), and write down which row did it."""
    for fault_id, shift in shifts:
        rows, _ = store.list_rows(
            cursor,
            page.table,
            account["id"],
            page.conditions,
            page.limit,
            page.offset,
            descending=page.descending,
        )
        if rows:
            row_id = store.shift_row(
                cursor,
                page.table,
                account,
                shift,
                rows[0]["id"],
                rows[-1]["id"],
                descending=page.descending,
            )
            store.add_fault_effect(cursor, fault_id, {"shift": shift, "table": page.table, "id": row_id})
