"""The frame around the pages of one account."""

from __future__ import annotations

from . import store, templates
from .documents import mask_cnpj
from .html import Markup, html, message_page, page
from .store import Cursor, Row
from .web import Request, Response

TABS = (
    ("pedidos", "Pedidos"), ("aplicativos", "Aplicativos"), ("integracoes", "Integrações"),
    ("chamadas", "Chamadas"), ("tokens", "Tokens"), ("falhas", "Falhas"),
)  # fmt: skip


def find_account(cursor: Cursor, request: Request) -> Row | None:
    return store.get_account(cursor, int(request.params["account"]))


def no_account() -> Response:
    return message_page("Conta não encontrada", "Esta conta não existe no simulador.", 404)


def account_page(account: Row, current: str, content: Markup, status: int = 200) -> Response:
    tabs = [
        html(
            '<a href="/contas/{id}/{tab}"{current}>{label}</a>',
            id=account["id"],
            tab=tab,
            label=label,
            current=Markup(' aria-current="page"') if tab == current else "",
        )
        for tab, label in TABS
    ]
    frame = html(
        templates.ACCOUNT,
        name=account["razao_social"],
        cnpj=mask_cnpj(account["cnpj"]),
        tabs=tabs,
        content=content,
    )
    return page(account["razao_social"], frame, status)
