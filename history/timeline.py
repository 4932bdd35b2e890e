"""From entries to what a page shows: days, newest first, each entry as a sentence.

The sentences belong to the app that records the codes; it passes them in.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby

from accounts.clock import SAO_PAULO
from history.models import HistoryEntry, Source


@dataclass(frozen=True, slots=True)
class Sentence:
    """A pt-BR text with ``{param}`` places, an icon of the sprite and a tone (ok, warn, err, info or "")."""

    title: str
    detail: str = ""
    icon: str = "info"
    tone: str = ""
    how: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    at: dt.datetime
    title: str
    detail: str
    icon: str
    tone: str
    source: str
    how: str


@dataclass(frozen=True, slots=True)
class Day:
    label: str
    entries: list[Line]


class _Params(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return ""


def build_days(
    entries: Iterable[HistoryEntry], sentences: Mapping[str, Sentence], now: dt.datetime
) -> list[Day]:
    today = now.astimezone(SAO_PAULO).date()
    days = groupby(entries, key=lambda entry: entry.at.astimezone(SAO_PAULO).date())
    return [Day(_label(day, today), [_line(entry, sentences) for entry in group]) for day, group in days]


def _label(day: dt.date, today: dt.date) -> str:
    text = day.strftime("%d/%m/%Y")
    if day == today:
        return f"Hoje, {text}"
    return f"Ontem, {text}" if day == today - dt.timedelta(days=1) else text


def _source(entry: HistoryEntry) -> str:
    """A person by name; the ERP with the user in whose name it wrote."""
    if entry.source == Source.PERSON:
        return entry.person
    return " · ".join(filter(None, [entry.get_source_display(), entry.person]))


def _line(entry: HistoryEntry, sentences: Mapping[str, Sentence]) -> Line:
    # A code that lost its sentence is shown as it is: nothing of a history may disappear.
    sentence = sentences.get(entry.code, Sentence(title=entry.code))
    params = _Params(entry.params)
    return Line(
        at=entry.at,
        title=sentence.title.format_map(params),
        detail=sentence.detail.format_map(params).strip(),
        icon=sentence.icon,
        tone=sentence.tone,
        source=_source(entry),
        how=sentence.how,
    )
