"""Times as people in Brazil read them. Pure functions: the caller brings the time of reading."""

from __future__ import annotations

import datetime as dt
from typing import Literal
from zoneinfo import ZoneInfo

BRASILIA = ZoneInfo("America/Sao_Paulo")

Style = Literal["relative", "next", "full", "short", "day", "time"]


def to_brasilia(moment: dt.datetime) -> dt.datetime:
    """Raises ``ValueError`` for a naive time: nobody could say which moment it is."""
    if moment.tzinfo is None:
        raise ValueError("A time without a zone cannot be shown.")
    return moment.astimezone(BRASILIA)


def write_moment(moment: dt.datetime, style: Style, *, now: dt.datetime | None = None) -> str:
    """full, short, day, time: ``18/11/2026 às 09:12``, ``18/11 09:12``, ``18/11/2026``, ``09:12``.

    ``relative`` and ``next`` need ``now``; ``next`` is for what comes: overdue, it is «em instantes».
    """
    local = to_brasilia(moment)
    if style == "full":
        return f"{local:%d/%m/%Y às %H:%M}"
    if style == "short":
        return f"{local:%d/%m %H:%M}"
    if style == "day":
        return f"{local:%d/%m/%Y}"
    if style == "time":
        return f"{local:%H:%M}"
    if now is None:
        raise ValueError("A relative time needs the time of reading.")
    if style == "next" and moment <= now:
        return "em instantes"
    return _write_relative(local, to_brasilia(now))


def write_day(day: dt.date, style: Style) -> str:
    """A day without an hour, as short as ``style`` allows: ``18/11`` or ``18/11/2026``."""
    return f"{day:%d/%m}" if style == "short" else f"{day:%d/%m/%Y}"


def _write_relative(local: dt.datetime, now: dt.datetime) -> str:
    seconds = (now - local).total_seconds()
    distance = abs(int(seconds))
    if distance < 60:
        return "agora" if seconds >= 0 else "em instantes"
    if distance < 24 * 3600:
        minutes = distance // 60
        amount = f"{minutes} min" if minutes < 60 else f"{minutes // 60} h"
        return f"há {amount}" if seconds > 0 else f"em {amount}"
    days = (now.date() - local.date()).days
    if days in (1, -1):
        return f"{'ontem' if days == 1 else 'amanhã'}, {local:%H:%M}"
    return f"{local:%d/%m %H:%M}" if local.year == now.year else f"{local:%d/%m/%Y}"
