"""The frame around the pages of one account."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from . import store, templates
from .documents import mask_cnpj
from .html import Markup, html, message_page, page
from .store import Cursor, Row
from .web import Request, Response

TABS = (
    ("pedidos", "Pedidos"), ("produtos", "Produtos"), ("aplicativos", "Aplicativos"),
    ("integracoes", "Integrações"), ("webhooks", "Webhooks"), ("chamadas", "Chamadas"), ("tokens", "Tokens"),
    ("falhas", "Falhas"),
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


def page_number(request: Request) -> int:
    """The page of a list that was asked for, from 1."""
    text = request.query.get("pagina", "1")
    return min(max(int(text), 1), 100_000) if text.isdecimal() else 1


def paging(place: int, size: int, total: int, filters: dict[str, str], tab: str) -> Markup:
    """Which rows are shown, and the links to the pages beside this one."""
    last = max((total + size - 1) // size, 1)
    filters = {name: value for name, value in filters.items() if value}

    def link(number: int, label: str) -> Markup:
        if not 1 <= number <= last:
            return html('<span class="button" aria-disabled="true">{label}</span>', label=label)
        query = urlencode({**filters, "pagina": number})
        return html('<a class="button" href="{tab}?{query}">{label}</a>', tab=tab, query=query, label=label)

    first_row = (place - 1) * size + 1
    text = f"{first_row} a {min(place * size, total)} de {count(total)}" if total else "0 resultados"
    return html(
        '<nav class="paging" aria-label="Páginas"><span>{text}</span>{older}{newer}</nav>',
        text=text,
        older=link(place - 1, "Anterior"),
        newer=link(place + 1, "Próxima"),
    )


def count(value: int) -> str:
    return f"{value:,}".replace(",", ".")


def money(value: float) -> str:
    return "R$ " + f"{value:,.2f}".translate(str.maketrans(",.", ".,"))


def options(labels: Mapping[str, str], chosen: str = "") -> list[Markup]:
    return [
        html(
            '<option value="{value}"{selected}>{label}</option>',
            value=value,
            label=label,
            selected=Markup(" selected") if value == chosen else "",
        )
        for value, label in labels.items()
    ]
