"""The tab «Integrações»: what a seller copies to connect a platform by API v2, and where Tiny notifies it."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Callable
from http.client import HTTPException
from typing import Any
from urllib.parse import urlsplit

from . import store, templates
from .frame import account_page, find_account, no_account
from .html import Markup, html, message_page
from .store import Cursor, Row, Store
from .web import Handler, Request, Response, redirect

TAB = "integracoes"
# Kind of notification to the field's name; the first three in Tiny's own words.
URL_LABELS = {
    "estoque": "URL de notificações do estoque",
    "produto": "URL para envio de produtos",
    "situacao_pedido": "URL para envio de alteração na situação de pedidos",
    "precos": "URL de notificações de preços",
    "rastreio": "URL para envio de código de rastreio",
    "nota_fiscal": "URL para envio de nota fiscal",
}
CHECK_SECONDS = 5
NO_ANSWER = "sem resposta"


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: Any, **options: Any) -> None:
        return None


OPENER = urllib.request.build_opener(_NoRedirects, urllib.request.ProxyHandler({}))


def list_routes(database: Store, account: str) -> list[tuple[str, str, Handler]]:
    """The routes of this tab below the account's address."""

    def show(request: Request) -> Response:
        with database.transaction() as cursor:
            row = find_account(cursor, request)
            return no_account() if row is None else account_page(row, TAB, _list_content(cursor, row))

    def show_one(content: Callable[[Row, Row], Markup]) -> Handler:
        def handle(request: Request) -> Response:
            with database.transaction() as cursor:
                row, integration = _find(cursor, request)
            if row is None or integration is None:
                return no_account() if row is None else _no_integration()
            return account_page(row, TAB, content(row, integration))

        return handle

    def add(request: Request) -> Response:
        name = request.form.get("nome", "").strip()[:120]
        with database.transaction(durable=True) as cursor:
            row = find_account(cursor, request)
            if row is None:
                return no_account()
            if not name:
                content = _list_content(cursor, row, "Informe o nome da integração.")
                return account_page(row, TAB, content, 400)
            integration = store.add_integration(cursor, row["id"], name)
        return redirect(f"{request.path}/{integration['id']}")

    def change_own_token(request: Request) -> Response:
        with database.transaction(durable=True) as cursor:
            row = find_account(cursor, request)
            if row is None:
                return no_account()
            _change_token(cursor, row, None, request.form)
        return redirect(f"/contas/{row['id']}/{TAB}")

    def change_token(request: Request) -> Response:
        with database.transaction(durable=True) as cursor:
            row, integration = _find(cursor, request)
            if row is None or integration is None:
                return no_account() if row is None else _no_integration()
            _change_token(cursor, row, integration["id"], request.form)
        return redirect(f"/contas/{row['id']}/{TAB}/{integration['id']}")

    def save_urls(request: Request) -> Response:
        with database.transaction() as cursor:
            row, integration = _find(cursor, request)
        if row is None or integration is None:
            return no_account() if row is None else _no_integration()
        given = {kind: request.form.get(kind, "").strip()[:500] for kind in URL_LABELS}
        # Outside any transaction: whoever is asked may take his time.
        answers = {url: check_url(url) for url in set(given.values()) if url}
        urls = {kind: {"url": url, "answer": answers[url]} for kind, url in given.items() if url}
        with database.transaction() as cursor:
            store.set_integration_urls(cursor, integration["id"], urls)
        return redirect(f"/contas/{row['id']}/{TAB}/{integration['id']}/notificacoes")

    base = f"{account}/{TAB}"
    one = base + "/{integration:int}"
    return [
        ("GET", base, show),
        ("POST", base, add),
        ("POST", base + "/token", change_own_token),
        ("GET", one, show_one(_connection_content)),
        ("POST", one + "/token", change_token),
        ("GET", one + "/notificacoes", show_one(_urls_content)),
        ("POST", one + "/notificacoes", save_urls),
    ]


def check_url(url: str) -> str:
    """Post nothing to an address, as Tiny does before it takes it; the status, or that none came."""
    if urlsplit(url).scheme not in ("http", "https"):
        return NO_ANSWER
    request = urllib.request.Request(url, data=b"", method="POST")  # noqa: S310
    try:
        with OPENER.open(request, timeout=CHECK_SECONDS) as answer:
            return str(answer.status)
    except urllib.error.HTTPError as error:
        return str(error.code)
    except (OSError, HTTPException, ValueError):
        return NO_ANSWER


def _find(cursor: Cursor, request: Request) -> tuple[Row | None, Row | None]:
    account = find_account(cursor, request)
    wanted = int(request.params["integration"])
    integrations = store.list_integrations(cursor, account["id"]) if account else []
    return account, next((row for row in integrations if row["id"] == wanted), None)


def _no_integration() -> Response:
    return message_page("Integração não encontrada", "Esta integração não existe nesta conta.", 404)


def _change_token(cursor: Cursor, account: Row, integration_id: int | None, form: dict[str, str]) -> None:
    if form.get("decisao") == "gerar":
        store.renew_token_v2(cursor, account["id"], integration_id)
    elif form.get("decisao") == "revogar":
        store.revoke_token_v2(cursor, account["id"], integration_id)


# -- contents ------------------------------------------------------------------------------------------


def _list_content(cursor: Cursor, account: Row, error: str = "") -> Markup:
    base = f"/contas/{account['id']}/{TAB}"
    cards = [
        html(
            templates.INTEGRATION_CARD,
            href=f"{base}/{row['id']}",
            name=row["name"],
            ecommerce=row["id"],
            token="" if row["token"] else _no_token(),
        )
        for row in reversed(store.list_integrations(cursor, account["id"]))
    ]
    return html(
        templates.INTEGRATIONS,
        base=base,
        error=html('<p class="alert" role="alert">{text}</p>', text=error) if error else "",
        cards=cards or [html('<p class="empty">Nenhuma integração ainda.</p>')],
        token=_token_part(store.get_token_v2(cursor, account["id"]), f"{base}/token"),
    )


def _connection_content(account: Row, integration: Row) -> Markup:
    base = f"/contas/{account['id']}/{TAB}/{integration['id']}"
    part = html(
        templates.CONNECTION,
        ecommerce=integration["id"],
        token=_token_part(integration["token"] or "", f"{base}/token"),
    )
    return _frame(account, integration, "conexao", part)


def _urls_content(account: Row, integration: Row) -> Markup:
    urls = integration["urls"]
    rows = [
        html(
            templates.URL_FIELD,
            kind=kind,
            label=label,
            url=urls.get(kind, {}).get("url", ""),
            answer=_answer_chip(urls[kind]["answer"]) if kind in urls else "",
        )
        for kind, label in URL_LABELS.items()
    ]
    action = f"/contas/{account['id']}/{TAB}/{integration['id']}/notificacoes"
    return _frame(account, integration, "notificacoes", html(templates.URLS, action=action, rows=rows))


def _frame(account: Row, integration: Row, current: str, content: Markup) -> Markup:
    base = f"/contas/{account['id']}/{TAB}/{integration['id']}"
    tabs = [
        html(
            '<a href="{href}"{current}>{label}</a>',
            href=href,
            label=label,
            current=Markup(' aria-current="page"') if name == current else "",
        )
        for name, href, label in (
            ("conexao", base, "Conexão"),
            ("notificacoes", f"{base}/notificacoes", "Notificações"),
        )
    ]
    back = f"/contas/{account['id']}/{TAB}"
    return html(templates.INTEGRATION, back=back, name=integration["name"], tabs=tabs, content=content)


def _token_part(token: str, action: str) -> Markup:
    return html(
        templates.CREDENTIAL,
        token=html('<span class="mono">{token}</span>', token=token) if token else _no_token(),
        action=action,
        renew="Gerar novo token" if token else "Gerar token",
        revoke=html(templates.REVOKE) if token else "",
    )


def _no_token() -> Markup:
    return html('<span class="chip err">sem token</span>')


def _answer_chip(answer: str) -> Markup:
    return html(
        '<span class="chip {tone}">{text}</span>',
        tone="ok" if answer == "200" else "err",
        text=f"respondeu {answer}" if answer.isdecimal() else answer,
    )
