"""Filters and tags of every page (a template built-in: no ``{% load %}`` is needed)."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from typing import Any, cast

from django import template
from django.forms import BoundField
from django.forms.boundfield import BoundWidget
from django.template import Context
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

from ui import formats
from ui.moments import Style, to_brasilia, write_day, write_moment

register = template.Library()

# A browser takes a backslash for a slash: whoever reads such an address is told another host.
_WEB_ADDRESS = re.compile(r"https?://[^\s\\\x00-\x1f]+", re.IGNORECASE)


@register.filter
def brl(amount: Decimal | int | None) -> str:
    """``R$ 1.284,90``; an unknown amount is a dash."""
    return "—" if amount is None or amount == "" else formats.format_brl(amount)


@register.filter
def quantity(amount: Decimal | int | None) -> str:
    """``1.284``, ``0,25``; an unknown amount is a dash."""
    return "—" if amount is None or amount == "" else formats.format_quantity(amount)


@register.filter
def document(text: str | None) -> str:
    return formats.format_document(text or "")


@register.filter
def masked_document(text: str | None, hide_cnpj: bool = False) -> str:
    return formats.mask_document(text or "", hide_cnpj=hide_cnpj)


@register.filter
def masked_email(text: str | None) -> str:
    return formats.mask_email(text or "")


@register.filter
def masked_phone(text: str | None) -> str:
    return formats.mask_phone(text or "")


@register.filter
def phone(text: str | None) -> str:
    return formats.format_phone(text or "")


@register.filter
def zip_code(text: str | None) -> str:
    return formats.format_zip_code(text or "")


@register.filter
def nfe_key(text: str | None) -> str:
    return formats.format_nfe_key(text or "")


@register.filter
def bare(number: object) -> str:
    """An identifier as it is: order 104829, never 104.829."""
    return "" if number is None else str(number)


@register.filter
def initials(name: str | None) -> str:
    """``Aurora Casa`` → ``AC``; one word gives its first two letters."""
    words = (name or "").split()
    if len(words) > 1:
        return (words[0][0] + words[-1][0]).upper()
    return words[0][:2].upper() if words else "?"


@register.filter
def web_address(text: str | None) -> str:
    """The address if a browser may follow it (http or https), else nothing: it came from outside."""
    text = (text or "").strip()
    return text if _WEB_ADDRESS.fullmatch(text) else ""


@register.simple_tag(takes_context=True)
def when(context: Context, moment: dt.date | None, style: Style = "relative") -> SafeString | str:
    """A ``<time>`` in Brasília time, with the exact second in its title; ``now`` comes from the context.

    A date that has no hour is written as a day, whatever the style.
    """
    if moment is None:
        return "—"
    if not isinstance(moment, dt.datetime):
        return format_html('<time datetime="{}">{}</time>', moment.isoformat(), write_day(moment, style))
    local = to_brasilia(moment)
    now = cast("dt.datetime | None", context.get("now"))
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        local.isoformat(timespec="seconds"),
        f"{local:%d/%m/%Y às %H:%M:%S}, horário de Brasília",
        write_moment(local, style, now=now),
    )


@register.simple_tag
def icon(name: str, size: str = "") -> SafeString:
    """One drawing of the sprite, ``s`` for the small size. It is decoration: the word stands beside it."""
    return format_html(
        '<svg class="i{}" aria-hidden="true"><use href="{}#{}"/></svg>',
        f" {size}" if size else "",
        static("icons.svg"),
        name,
    )


@register.inclusion_tag("components/chip.html")
def chip(label: str, tone: str = "", icon: str = "") -> dict[str, str]:
    return {"label": label, "tone": tone, "icon": icon}


@register.inclusion_tag("components/field.html")
def field(bound: BoundField, help: str = "", css: str = "", **attrs: Any) -> dict[str, Any]:
    """Label, control, help and errors of one form field. ``attrs`` go on the control, ``_`` for ``-``."""
    help_text = help or bound.help_text
    errors = bound.errors
    described_by = " ".join(
        part
        for part in (
            f"{bound.id_for_label}_error" if errors else "",
            f"{bound.id_for_label}_help" if help_text else "",
        )
        if part
    )
    attributes = {name.replace("_", "-"): value for name, value in attrs.items()}
    attributes["class"] = f"inp {attributes.get('class', '')}".strip()
    if described_by:
        attributes["aria-describedby"] = described_by
    return {
        "bound": bound,
        "widget": bound.as_widget(attrs=attributes),
        "help_text": help_text,
        "errors": errors,
        "css": css,
        # A secret may stay blank only because one is stored already.
        "is_optional": not bound.field.required and bound.widget_type != "password",
    }


@register.inclusion_tag("components/checklist.html")
def checklist(bound: BoundField, help: str = "") -> dict[str, Any]:
    """The boxes of a multiple-choice field as one group."""
    boxes: list[BoundWidget] = list(bound)
    return {"bound": bound, "boxes": boxes, "help_text": help or bound.help_text, "errors": bound.errors}
