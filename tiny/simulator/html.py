"""Markup that escapes by default, and the frame around every page."""

from __future__ import annotations

import string
from html import escape
from typing import Any

from .web import Response


class Markup(str):
    """Text that is already HTML."""


class _Formatter(string.Formatter):
    def format_field(self, value: Any, format_spec: str) -> str:
        if isinstance(value, Markup):
            return value
        if isinstance(value, list):
            return "".join(self.format_field(part, format_spec) for part in value)
        if value is None:
            return ""
        return escape(format(value, format_spec), quote=True)


_FORMATTER = _Formatter()


def html(template: str, **values: Any) -> Markup:
    """Fill a template; every value is escaped unless it is ``Markup``, lists are joined, None is empty."""
    return Markup(_FORMATTER.vformat(template, (), values))


PAGE = """<!doctype html>
<html lang="pt-BR">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title} · Tiny simulado</title>
<link rel="stylesheet" href="/estilo.css">
<link rel="icon" href="/icone.svg" type="image/svg+xml">
</head>
<body>
<a class="skip" href="#conteudo">Pular para o conteúdo</a>
<header class="top">
  <a class="brand" href="/">{logo}<span>Tiny simulado</span></a>
  <span class="tag">Simulador local. Nenhum dado sai deste computador.</span>
</header>
<main id="conteudo">{content}</main>
</body>
</html>
"""

LOGO = Markup(
    '<svg viewBox="0 0 32 32" width="28" height="28" aria-hidden="true">'
    '<rect width="32" height="32" rx="9" fill="#0f766e"/>'
    '<path d="M9 11h14M16 11v12M11.5 17.5h9" fill="none" stroke="#fff" stroke-width="2.6"'
    ' stroke-linecap="round"/></svg>'
)


def page(title: str, content: Markup, status: int = 200, form_target: str = "") -> Response:
    """A whole page. ``form_target`` is an origin that a form may end at besides ours."""
    document = html(PAGE, title=title, content=content, logo=LOGO)
    policy = (
        "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'; "
        f"form-action 'self' {form_target}"
    )
    headers = {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Security-Policy": policy.strip(),
        "Cache-Control": "no-store",
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(status, document.encode(), headers)


def message_page(title: str, text: str, status: int = 400) -> Response:
    """A page with one message, as the sign-in server shows its errors."""
    content = html(
        '<section class="card narrow"><h1>{title}</h1><p class="lead">{text}</p></section>',
        title=title,
        text=text,
    )
    return page(title, content, status)
