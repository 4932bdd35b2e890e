"""The tab «Integrações»: what a seller copies to connect a platform by API v2, and where Tiny notifies it."""

from __future__ import annotations

from collections.abc import Callable

from . import notice_pages, outbox, probes, store, templates
from .frame import account_page, find_account, no_account, options
from .html import Markup, html, message_page
from .notices import INTEGRATION_KINDS
from .store import Cursor, Row, Store
from .web import Handler, Request, Response, redirect

TAB = "integracoes"
STOCK_KINDS = {"D": "Disponível (o saldo menos as reservas)", "F": "Físico (o saldo)"}
MAPPED = {"all": "De todos os produtos", "answered": "Só dos que a plataforma já respondeu"}


def list_routes(database: Store, account: str) -> list[tuple[str, str, Handler]]:
    """The routes of this tab below the account's address."""

    def show(request: Request) -> Response:
        with database.transaction() as cursor:
            row = find_account(cursor, request)
            return no_account() if row is None else account_page(row, TAB, _list_content(cursor, row))

    def show_one(content: Callable[[Cursor, Row, Row], Markup]) -> Handler:
        def handle(request: Request) -> Response:
            with database.transaction() as cursor:
                row, integration = _find(cursor, request)
                if row is None or integration is None:
                    return no_account() if row is None else _no_integration()
                return account_page(row, TAB, content(cursor, row, integration))

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
        # Outside any transaction: whoever is asked may take his time.
        urls = probes.probe_all(notice_pages.read_urls(request.form, INTEGRATION_KINDS), probes.INTEGRATION)
        with database.transaction() as cursor:
            outbox.save_urls(cursor, row["id"], integration["id"], urls)
        return redirect(f"/contas/{row['id']}/{TAB}/{integration['id']}/notificacoes")

    def save_rules(request: Request) -> Response:
        form = request.form
        with database.transaction() as cursor:
            row, integration = _find(cursor, request)
            if row is None or integration is None:
                return no_account() if row is None else _no_integration()
            chosen = {"stock_kind": form.get("estoque"), "mapped": form.get("produtos")}
            allowed = {"stock_kind": STOCK_KINDS, "mapped": MAPPED}
            values = {name: value for name, value in chosen.items() if value in allowed[name]}
            store.change_integration(cursor, integration["id"], values)
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
        ("POST", one + "/regras", save_rules),
        ("GET", one + "/mapeamentos", show_one(_mappings_content)),
    ]


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


def _connection_content(cursor: Cursor, account: Row, integration: Row) -> Markup:
    base = f"/contas/{account['id']}/{TAB}/{integration['id']}"
    part = html(
        templates.CONNECTION,
        ecommerce=integration["id"],
        token=_token_part(integration["token"] or "", f"{base}/token"),
    )
    return _frame(account, integration, "conexao", part)


def _urls_content(cursor: Cursor, account: Row, integration: Row) -> Markup:
    base = f"/contas/{account['id']}/{TAB}/{integration['id']}"
    content = html(
        templates.NOTICES,
        action=f"{base}/notificacoes",
        fields=notice_pages.url_fields(INTEGRATION_KINDS, integration["urls"]),
        rules_action=f"{base}/regras",
        stock_kinds=options(STOCK_KINDS, integration["stock_kind"]),
        mapped=options(MAPPED, integration["mapped"]),
        sent=notice_pages.sent_part(cursor, account, integration["id"]),
    )
    return _frame(account, integration, "notificacoes", content)


def _mappings_content(cursor: Cursor, account: Row, integration: Row) -> Markup:
    rows = outbox.list_mappings(cursor, account["id"], integration["id"])
    content = html(
        templates.MAPPINGS,
        rows=[
            html(
                templates.MAPPING_ROW,
                href=f"/contas/{account['id']}/produtos/{row['produto_id']}",
                name=row["descricao"] or "(sem nome)",
                sku=row["produto_sku"] or "(sem SKU)",
                id=row["id"],
                mapped=row["sku"],
                state=notice_pages.mapping_chip(row),
            )
            for row in rows
        ],
        empty="" if rows else html('<p class="empty">Nenhum produto enviado ainda.</p>'),
    )
    return _frame(account, integration, "mapeamentos", content)


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
            ("mapeamentos", f"{base}/mapeamentos", "Mapeamentos"),
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
