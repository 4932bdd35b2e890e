"""Values as JSON carries them: read strictly, written without losing a digit. Pure functions."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Callable, Collection
from decimal import Decimal
from typing import Any

_LINES = "\n\r\t"


class InvalidValue(ValueError):
    """The text, in Portuguese, is for whoever sent the value."""


def read_text(value: Any, *, most: int, is_needed: bool = False, has_lines: bool = False) -> str:
    """Up to ``most`` characters, without space around. Raises ``InvalidValue``."""
    if not isinstance(value, str):
        raise InvalidValue("Informe um texto.")
    text = value.strip()
    if is_needed and not text:
        raise InvalidValue("Preencha este campo.")
    if len(text) > most:
        raise InvalidValue(f"Use até {most} caracteres.")
    # No column holds NUL nor half a surrogate pair, and no form sends the others.
    if any(
        unicodedata.category(each) in ("Cc", "Cs") and not (has_lines and each in _LINES) for each in text
    ):
        raise InvalidValue("Há caracteres de controle, que não são aceitos.")
    return text


def read_choice(value: Any, choices: Collection[str]) -> str:
    if not isinstance(value, str) or value not in choices:
        raise InvalidValue(f"Use um destes valores: {', '.join(choices)}.")
    return value


def read_list(value: Any, read: Callable[[Any], Any], *, most: int) -> list[Any]:
    if not isinstance(value, list):
        raise InvalidValue("Informe uma lista.")
    if len(value) > most:
        raise InvalidValue(f"Use até {most} itens.")
    return [read(each) for each in value]


def read_amount(value: Any, *, digits: int, places: int = 4) -> Decimal | None:
    """A text such as ``50.25``, or a number of JSON; null is ``None``. Raises ``InvalidValue``.

    Never negative, with ``digits`` before the point at most, and ``places`` after it.
    """
    if value is None:
        return None
    is_number = isinstance(value, int | Decimal) and not isinstance(value, bool)
    text = str(value) if is_number else value
    if not isinstance(text, str) or not re.fullmatch(rf"[0-9]{{1,{digits}}}(\.[0-9]{{1,{places}}})?", text):
        raise InvalidValue(
            f'Informe um valor como "50.25": até {digits} dígitos e {places} casas, sem sinal.'
        )
    return Decimal(text)


def read_day(value: Any) -> dt.date | None:
    """``2026-11-18``; null is ``None``. Raises ``InvalidValue``."""
    if value is None:
        return None
    try:
        if isinstance(value, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
            return dt.date.fromisoformat(value)
    except ValueError:
        pass
    raise InvalidValue("Informe uma data como 2026-11-18, ou null.")


def read_flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise InvalidValue("Use true ou false.")
    return value


def write_money(amount: Decimal | None) -> str | None:
    """Two to four places: ``50.25``, ``50.00``, ``0.1234``."""
    if amount is None:
        return None
    number, _, places = f"{amount:.4f}".partition(".")
    return f"{number}.{places[:2]}{places[2:].rstrip('0')}"


def write_quantity(amount: Decimal | None) -> str | None:
    """Without places that say nothing: ``12``, ``0.25``."""
    return None if amount is None else f"{amount:.4f}".rstrip("0").rstrip(".")


def write_day(day: dt.date | None) -> str | None:
    return day.isoformat() if day else None


def write_moment(moment: dt.datetime) -> str:
    """``2026-11-18T12:00:00.000000Z``"""
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
