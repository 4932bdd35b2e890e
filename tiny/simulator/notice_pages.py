"""What pages show of notifications, and the tab «Webhooks»: the account's own addresses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import data, outbox, probes, templates
from .frame import account_page, find_account, no_account
from .html import Markup, html
from .notices import ACCOUNT_KINDS
from .store import Cursor, Row, Store
from .web import Handler, Request, Response, redirect

TAB = "webhooks"
SHOWN = 50
REFUSED = "Não foi salvo: o endereço precisa responder 200 a GET, HEAD, OPTIONS e a um POST vazio."
STATES = {
    "waiting": ("info", "na fila"),
    "held": ("warn", "segurada"),
    "delivered": ("ok", "entregue"),
    "given_up": ("err", "desistiu"),
    "dropped": ("mute", "perdida"),
    "stopped": ("mute", "não enviada"),
}


def list_routes(database: Store, account: str) -> list[tuple[str, str, Handler]]:
    """The routes of this tab below the account's address."""

    def show(request: Request) -> Response:
        with database.transaction() as cursor:
            row = find_account(cursor, request)
            return no_account() if row is None else account_page(row, TAB, _content(cursor, row, row["urls"]))

    def save(request: Request) -> Response:
        with database.transaction() as cursor:
            row = find_account(cursor, request)
        if row is None:
            return no_account()
        # Outside any transaction: whoever is asked may take his time.
        urls = probes.probe_all(read_urls(request.form, ACCOUNT_KINDS), probes.ACCOUNT)
        if any(saved["answer"] != "200" for saved in urls.values()):
            with database.transaction() as cursor:
                return account_page(row, TAB, _content(cursor, row, urls, REFUSED), 400)
        with database.transaction() as cursor:
            outbox.save_urls(cursor, row["id"], None, urls)
        return redirect(request.path)

    base = f"{account}/{TAB}"
    return [("GET", base, show), ("POST", base, save)]


def read_urls(form: Mapping[str, str], kinds: Mapping[str, str]) -> dict[str, str]:
    return {kind: form.get(kind, "").strip()[:500] for kind in kinds}


def _content(cursor: Cursor, account: Row, urls: Mapping[str, Row], error: str = "") -> Markup:
    return html(
        templates.WEBHOOKS,
        action=f"/contas/{account['id']}/{TAB}",
        error=html('<p class="alert" role="alert">{text}</p>', text=error) if error else "",
        fields=url_fields(ACCOUNT_KINDS, urls),
        sent=sent_part(cursor, account, None),
    )


def url_fields(kinds: Mapping[str, str], urls: Mapping[str, Row]) -> list[Markup]:
    return [
        html(
            templates.URL_FIELD,
            kind=kind,
            label=label,
            url=urls.get(kind, {}).get("url", ""),
            answer=_answer_chip(urls[kind]["answer"]) if kind in urls else "",
        )
        for kind, label in kinds.items()
    ]


def sent_part(cursor: Cursor, account: Row, integration_id: int | None) -> Markup:
    """The latest notifications of an integration, or of the account's Webhooks, with what was answered."""
    conditions: list[tuple[str, Any]] = [("integration_id IS NOT DISTINCT FROM %s", integration_id)]
    rows = outbox.list_notifications(cursor, account["id"], conditions, SHOWN, newest_first=True)
    return html(
        templates.SENT,
        rows=[_sent_row(row) for row in rows],
        empty="" if rows else html('<p class="empty">Nenhuma notificação ainda.</p>'),
    )


def _sent_row(row: Row) -> Markup:
    tone, label = STATES[row["state"]]
    deliveries = row["deliveries"]
    last = deliveries[-1] if deliveries else None
    again = row["due_at"].astimezone(data.BRASILIA)
    return html(
        templates.SENT_ROW,
        at=_moment(row["queued_at"]),
        tipo=row["tipo"],
        copy=html('<span class="chip mute">cópia</span>') if row["is_copy"] else "",
        body=row["body"].decode("utf-8", "replace"),
        state=html('<span class="chip {tone}">{label}</span>', tone=tone, label=label),
        next=f"de novo às {again:%H:%M}" if row["state"] == "waiting" and deliveries else "",
        tries="" if not deliveries else f"{len(deliveries)}×",
        answer=_answer_chip("sem resposta" if last["status"] is None else str(last["status"]))
        if last
        else "",
        text=last["answer"][:200] if last and last["status"] is not None else "",
    )


def mapping_chip(row: Row) -> Markup:
    """Whether the platform answered for a product, and what was wrong."""
    if row["error"]:
        text = row["error"][:160]
        return html('<span class="chip err">com erro</span> <span class="sub">{text}</span>', text=text)
    if row["sku"]:
        return html('<span class="chip ok">mapeado</span>')
    return html('<span class="chip mute">sem resposta</span>')


def _moment(moment: Any) -> str:
    return f"{moment.astimezone(data.BRASILIA):%d/%m %H:%M:%S}"


def _answer_chip(answer: str) -> Markup:
    return html(
        '<span class="chip {tone}">{text}</span>',
        tone="ok" if answer == "200" else "err",
        text=f"respondeu {answer}" if answer.isdecimal() else answer,
    )
