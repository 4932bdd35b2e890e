"""Reads the doubtful values of Tiny's JSON: the same field is a number, a text, ``""`` or ``null``.

Every quirk handled here was seen in real answers. Nothing raises, except an amount that is there and cannot
be read: an order with a guessed price does harm.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from contracts.errors import MappingError
from tiny.redaction import redact

# Tiny's times carry no zone.
SAO_PAULO = ZoneInfo("America/Sao_Paulo")
CENT = Decimal("0.01")
# Quantities and unit prices have fractions of a cent at Tiny.
FOUR_PLACES = Decimal("0.0001")
_LARGEST = Decimal(10) ** 12
_LONGEST_NUMBER = 10**18

_ISO_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})(?:[ T][0-9]{2}:[0-9]{2}(?::[0-9]{2})?)?")
_LOCAL_DATE = re.compile(r"([0-9]{2})/([0-9]{2})/([0-9]{4})(?: [0-9]{2}:[0-9]{2}(?::[0-9]{2})?)?")

_UNSAFE_IN_LINK = re.compile(r"[\s\x00-\x1f\x7f\"<>\\]")

_PLAIN_AMOUNT = re.compile(r"-?[0-9]+(?:\.[0-9]*)?|-?\.[0-9]+")
_COMMA_AMOUNT = re.compile(r"-?[0-9]+,[0-9]*")
_BRAZILIAN_AMOUNT = re.compile(r"-?[0-9]{1,3}(?:\.[0-9]{3})+,[0-9]+")


def read_text(value: Any) -> str:
    """A text without the spaces that Tiny pads it with; a number as text; else ``""``.

    NUL and lone surrogates, which no database takes, are removed or replaced.
    """
    if isinstance(value, str):
        return value.replace("\x00", "").encode("utf-8", "replace").decode("utf-8").strip()
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return str(value)
    return ""


def read_short_text(value: Any, field: str, longest: int) -> str:
    """A text that names something (a number, a series). Raises ``MappingError`` if it is absurdly long."""
    text = read_text(value)
    if len(text) > longest:
        raise MappingError("tiny.text_too_long", {"field": field, "value": redact(text, 40)})
    return text


def read_object(value: Any) -> Mapping[str, Any]:
    """A JSON object; ``{}`` for ``null`` and for ``[]``, which is how PHP writes an empty one."""
    return value if isinstance(value, dict) else {}


def read_list(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else ()


def read_many(value: Any) -> Sequence[Any]:
    """A list, also where Tiny writes a list of one as that one object.

    PHP writes a list with gaps as an object with numbers for keys.
    """
    if not isinstance(value, dict):
        return read_list(value)
    is_gappy = value and all(isinstance(key, str) and key.isdecimal() for key in value)
    return list(value.values()) if is_gappy else [value] if value else ()


def read_number(value: Any) -> int | None:
    """A whole number that came as a number or as text, else ``None``."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value if abs(value) < _LONGEST_NUMBER else None
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) < _LONGEST_NUMBER else None
    if isinstance(value, Decimal):
        # ``abs`` of 1e9999999 overflows.
        is_short = value.is_finite() and value.copy_abs() < _LONGEST_NUMBER
        return int(value) if is_short and value % 1 == 0 else None
    if isinstance(value, str) and re.fullmatch(r"\s*-?[0-9]{1,18}\s*", value):
        return int(value.strip())
    return None


def read_identifier(value: Any) -> str:
    """An id as text; ``""`` for ``null``, ``""`` and ``0``, with which Tiny says «none»."""
    number = read_number(value)
    return str(number) if number is not None and number > 0 else ""


def read_date(value: Any) -> dt.date | None:
    """A calendar day in São Paulo; ``None`` for ``""``, ``null``, ``0000-00-00`` and what is no date.

    Known forms: ``2026-08-25``, ``2026-08-25 10:00:00``, ``2026-08-25 00:00:00`` (parcels),
    ``25/08/2026`` and ``25/08/2026 10:00:00``. Tiny sends no time zone.
    """
    if not isinstance(value, str):
        return None
    text = value.strip()
    if match := _ISO_DATE.fullmatch(text):
        year, month, day = match.groups()
    elif match := _LOCAL_DATE.fullmatch(text):
        day, month, year = match.groups()
    else:
        return None
    try:
        return dt.date(int(year), int(month), int(day))
    except ValueError:
        return None


def read_money(value: Any, field: str) -> Decimal | None:
    """BRL in whole cents, half up (Tiny sends binary floats with noise); ``None`` if there is none.

    Raises ``MappingError`` if there is something that is no amount; ``field`` names it.
    """
    return _read_decimal(value, field, CENT)


def read_fraction(value: Any, field: str) -> Decimal | None:
    """A quantity or unit price, to four places; otherwise as ``read_money``."""
    return _read_decimal(value, field, FOUR_PLACES)


def read_web_address(value: Any) -> str:
    """An http or https address that can be shown as a link, else ``""``: the field is free text at Tiny."""
    text = read_text(value)
    try:
        parts = urlsplit(text)
    except ValueError:
        return ""
    is_link = parts.scheme in ("http", "https") and parts.netloc and not _UNSAFE_IN_LINK.search(text)
    return text if is_link else ""


def _read_decimal(value: Any, field: str, step: Decimal) -> Decimal | None:
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    try:
        amount = _to_decimal(value)
        if amount.is_finite() and amount.copy_abs() < _LARGEST:
            # Adding zero turns -0.00 into 0.00.
            return amount.quantize(step, rounding=ROUND_HALF_UP) + 0
    except InvalidOperation:
        pass
    raise MappingError("tiny.amount_unreadable", {"field": field, "value": redact(str(value), 40)})


def _to_decimal(value: Any) -> Decimal:
    if isinstance(value, Decimal):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return Decimal(value)
    if isinstance(value, float):
        return Decimal(repr(value))
    if isinstance(value, str):
        text = value.strip()
        if _PLAIN_AMOUNT.fullmatch(text):
            return Decimal(text)
        if _COMMA_AMOUNT.fullmatch(text):
            return Decimal(text.replace(",", "."))
        if _BRAZILIAN_AMOUNT.fullmatch(text):
            return Decimal(text.replace(".", "").replace(",", "."))
    return Decimal("NaN")
