"""Filters of the pages of products."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import nh3
from django import template
from django.utils.safestring import SafeString, mark_safe

from catalog.sentences import describe_value
from catalog.values import clean_html
from ui.formats import format_quantity

register = template.Library()

# A page has its own outline, and the browser may load nothing from another site.
_SHOWN_TAGS = nh3.ALLOWED_TAGS - {"img"}


@register.filter
def seller_html(text: str | None) -> SafeString:
    """The seller's own formatting, without headings and images; cleaned again wherever it came from."""
    without_headings = re.sub(r"<(/?)h[1-6]\b", r"<\1p", clean_html(text or ""))
    # Cleaned last, so that nothing comes after it.
    return mark_safe(nh3.clean(without_headings, tags=_SHOWN_TAGS))  # noqa: S308


@register.filter
def shown(value: Any, field: str) -> str:
    """A value of a product as a person reads it; an unknown one is a dash."""
    return describe_value(field, value) or "—"


@register.filter
def amount(text: str | None) -> str:
    """A quantity that a JSON column carries as text."""
    return format_quantity(Decimal(text)) if text else "—"
