"""The part of the control API that is about notifications: addresses, what was sent, and what goes wrong.

``README.md`` beside this file lists routes, fields and answers.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from . import notices, outbox, probes, sender_faults, store
from .store import Cursor, Row, Store
from .web import BadRequest, Handler, NotFound, Request, Response, json_response

STATES = ("waiting", "held", "delivered", "given_up", "dropped", "stopped")
STOCK_KINDS = ("F", "D")
MAPPED = ("all", "answered")
MAX_TIME_SCALE = 1e6


def list_routes(database: Store) -> list[tuple[str, str, Handler]]:
    """The routes below the control API's address."""

    def change_integration(request: Request) -> Response:
        body = request.json
        with database.transaction() as cursor:
            account, integration = _account(cursor, request), _integration(cursor, request)
        urls = _read_urls(body.get("urls", {}), notices.INTEGRATION_KINDS)
        saved = probes.merge(integration["urls"], urls, probes.INTEGRATION if body.get("probe") else ())
        values = {
            name: _choose(body, name, allowed)
            for name, allowed in (("stock_kind", STOCK_KINDS), ("mapped", MAPPED))
            if name in body
        }
        with database.transaction() as cursor:
            if urls:
                outbox.save_urls(cursor, account["id"], integration["id"], saved)
            store.change_integration(cursor, integration["id"], values)
            changed = _integration(cursor, request)
        database.wake_sender()
        return json_response(describe_integration(changed))

    def show_webhooks(request: Request) -> Response:
        with database.transaction() as cursor:
            return json_response(_show_urls(_account(cursor, request)))

    def change_webhooks(request: Request) -> Response:
        with database.transaction() as cursor:
            account = _account(cursor, request)
        urls = _read_urls(request.json, notices.ACCOUNT_KINDS)
        with database.transaction() as cursor:
            outbox.save_urls(cursor, account["id"], None, probes.merge(account["urls"], urls))
            return json_response(_show_urls(_account(cursor, request)))

    def list_notifications(request: Request) -> Response:
        conditions: list[tuple[str, Any]] = [
            (f"{name} = %s", request.query[name])
            for name in ("kind", "tipo", "state")
            if request.query.get(name)
        ]
        if request.query.get("ecommerce_id"):
            conditions.append(("integration_id = %s", int(request.query["ecommerce_id"])))
        with database.transaction() as cursor:
            account = _account(cursor, request)
            rows = outbox.list_notifications(cursor, account["id"], conditions)
        return json_response([describe_notification(row) for row in rows])

    def forget(request: Request) -> Response:
        with database.transaction() as cursor:
            account = _account(cursor, request)
            return json_response({"cleared": outbox.forget(cursor, account["id"])})

    def resend(request: Request) -> Response:
        with database.transaction() as cursor:
            account = _account(cursor, request)
            if not outbox.resend(cursor, account["id"], int(request.params["notification"])):
                raise NotFound("no such notification")
        database.wake_sender()
        return json_response({"resent": True})

    def list_mappings(request: Request) -> Response:
        with database.transaction() as cursor:
            account = _account(cursor, request)
            return json_response(
                [describe_mapping(row) for row in outbox.list_mappings(cursor, account["id"])]
            )

    def count(request: Request) -> Response:
        with database.transaction() as cursor:
            account_id = _account(cursor, request)["id"] if "account" in request.params else None
            return json_response(count_notifications(cursor, account_id))

    def show_sender(request: Request) -> Response:
        with database.transaction() as cursor:
            return json_response(_describe_sender(cursor))

    def set_sender(request: Request) -> Response:
        body = request.json
        with database.transaction() as cursor:
            scale = float(body.get("time_scale", outbox.get_time_scale(cursor)))
            if not 0 < scale <= MAX_TIME_SCALE:
                raise BadRequest(f"time_scale must be up to {MAX_TIME_SCALE:.0f}")
            removes_urls = bool(body.get("removes_urls", outbox.removes_urls(cursor)))
            outbox.set_resending(cursor, scale, removes_urls=removes_urls)
            answer = _describe_sender(cursor)
        return json_response(answer)

    def add_fault(request: Request) -> Response:
        body = request.json
        ecommerce_id = body.get("ecommerce_id")
        with database.transaction() as cursor:
            fault_id = sender_faults.add(
                cursor,
                str(body["action"]),
                account_id=body.get("account_id"),
                integration_id=None if ecommerce_id is None else int(ecommerce_id),
                kinds=[str(kind) for kind in body.get("kinds", [])],
                value=float(body.get("value", 0)),
                share=float(body.get("share", 1)),
                seed=str(body.get("seed", "")),
            )
        return json_response({"fault_id": fault_id}, 201)

    def list_faults(request: Request) -> Response:
        with database.transaction() as cursor:
            return json_response(sender_faults.list_laid(cursor))

    def remove_fault(request: Request) -> Response:
        with database.transaction() as cursor:
            if not sender_faults.remove(cursor, int(request.params["fault"])):
                raise NotFound("no such fault")
        return json_response({"deleted": True})

    def clear_faults(request: Request) -> Response:
        with database.transaction() as cursor:
            return json_response({"cleared": sender_faults.remove(cursor, None)})

    def release(request: Request) -> Response:
        body = request.json
        order = _choose({"order": "queued", **body}, "order", outbox.ORDERS)
        with database.transaction() as cursor:
            released = outbox.release(cursor, body.get("account_id"), order, str(body.get("seed", "")))
        database.wake_sender()
        return json_response({"released": released})

    account = "/accounts/{account:int}"
    return [
        ("PATCH", account + "/integrations/{integration:int}", change_integration),
        ("GET", account + "/webhooks", show_webhooks),
        ("PATCH", account + "/webhooks", change_webhooks),
        ("GET", account + "/notifications", list_notifications),
        ("GET", account + "/notifications/counters", count),
        ("POST", account + "/notifications/clear", forget),
        ("POST", account + "/notifications/{notification:int}/resend", resend),
        ("GET", account + "/mappings", list_mappings),
        ("GET", "/notifications/counters", count),
        ("GET", "/sender", show_sender),
        ("POST", "/sender", set_sender),
        ("GET", "/sender/faults", list_faults),
        ("POST", "/sender/faults", add_fault),
        ("POST", "/sender/faults/clear", clear_faults),
        ("DELETE", "/sender/faults/{fault:int}", remove_fault),
        ("POST", "/sender/release", release),
    ]


def _account(cursor: Cursor, request: Request) -> Row:
    account = store.get_account(cursor, int(request.params["account"]))
    if account is None:
        raise NotFound("no such account")
    return account


def _integration(cursor: Cursor, request: Request) -> Row:
    wanted = int(request.params["integration"])
    for row in store.list_integrations(cursor, int(request.params["account"])):
        if row["id"] == wanted:
            return row
    raise NotFound("no such integration")


def _read_urls(given: Any, kinds: Mapping[str, str]) -> dict[str, str]:
    if not isinstance(given, dict) or not given.keys() <= kinds.keys():
        raise BadRequest(f"addresses are for {', '.join(kinds)}")
    return {kind: str(url).strip() for kind, url in given.items()}


def _choose(body: Mapping[str, Any], name: str, allowed: tuple[str, ...]) -> str:
    if body[name] not in allowed:
        raise BadRequest(f"{name} must be one of {', '.join(allowed)}")
    return str(body[name])


def _show_urls(row: Row) -> dict[str, str]:
    return {kind: saved["url"] for kind, saved in row["urls"].items()}


def _describe_sender(cursor: Cursor) -> dict[str, Any]:
    return {"time_scale": outbox.get_time_scale(cursor), "removes_urls": outbox.removes_urls(cursor)}


def describe_integration(row: Row) -> dict[str, Any]:
    """What a seller copies from «Gerenciar» (texts), and the addresses of «Notificações»."""
    return {
        "ecommerce_id": str(row["id"]),
        "token": row["token"] or "",
        "name": row["name"],
        "stock_kind": row["stock_kind"],
        "mapped": row["mapped"],
        "urls": _show_urls(row),
    }


def describe_notification(row: Row) -> dict[str, Any]:
    """A notification and its deliveries; the body byte for byte in base64, and as text for whoever reads."""
    return {
        "id": row["id"],
        "ecommerce_id": None if row["integration_id"] is None else str(row["integration_id"]),
        **{name: row[name] for name in ("kind", "tipo", "url", "content_type", "state", "tries", "is_copy")},
        "body": base64.b64encode(row["body"]).decode(),
        "text": row["body"].decode("utf-8", "replace"),
        "queued_at": row["queued_at"],
        "due_at": row["due_at"],
        "deliveries": [
            {
                **{name: delivery[name] for name in ("url", "at", "status", "answer")},
                "ms": float(delivery["ms"]),
            }
            for delivery in row["deliveries"]
        ],
    }


def describe_mapping(row: Row) -> dict[str, Any]:
    return {
        "idMapeamento": str(row["id"]),
        "ecommerce_id": str(row["integration_id"]),
        "idProduto": row["produto_id"],
        "sku": row["produto_sku"],
        "skuMapeamento": row["sku"],
        "urlProduto": row["url_produto"],
        "urlImagem": row["url_imagem"],
        "error": row["error"],
        "answered_at": row["answered_at"],
    }


def count_notifications(cursor: Cursor, account_id: int | None) -> dict[str, Any]:
    """Of everything and of each kind: how many in which state, and how many tries met which answer.

    ``queued`` are those that were to be sent, copies apart, dropped and stopped ones included.
    """
    blank = {"queued": 0, "copies": 0, "due": 0, **dict.fromkeys(STATES, 0), "sent": 0}
    total: dict[str, Any] = {**blank, "statuses": {}}
    kinds: dict[str, dict[str, Any]] = {}
    for row in outbox.count_states(cursor, account_id):
        for counters in (total, kinds.setdefault(row["kind"], {**blank, "statuses": {}})):
            counters["copies" if row["is_copy"] else "queued"] += row["total"]
            counters[row["state"]] += row["total"]
            counters["due"] += row["due"]
    for row in outbox.count_answers(cursor, account_id):
        status = "none" if row["status"] is None else str(row["status"])
        for counters in (total, kinds[row["kind"]]):
            counters["sent"] += row["total"]
            counters["statuses"][status] = counters["statuses"].get(status, 0) + row["total"]
    return {**total, "kinds": kinds}
