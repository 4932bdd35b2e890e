from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

from accounts import clock
from history.models import HistoryEntry, Source

_acting = ContextVar("acting", default="")


@contextmanager
def acting_as(person: str) -> Iterator[None]:
    """Entries of this block whose source is the ERP are written in the name of this user."""
    token = _acting.set(person)
    try:
        yield
    finally:
        _acting.reset(token)


def entry(
    subject_kind: str,
    subject_id: int,
    code: str,
    params: Mapping[str, object] | None = None,
    *,
    source: str = Source.PLATFORM,
    person: str = "",
    at: dt.datetime,
) -> HistoryEntry:
    """An entry for ``record_all``. ``params`` are what the sentence of ``code`` needs."""
    return HistoryEntry(
        subject_kind=subject_kind,
        subject_id=subject_id,
        code=code,
        params=dict(params or {}),
        source=source,
        person=person or (_acting.get() if source == Source.ERP else ""),
        at=at,
    )


def record_all(entries: Iterable[HistoryEntry]) -> None:
    """Append entries, in their order, inside the current ``tenant``."""
    HistoryEntry.objects.bulk_create(entries)


def record(
    *,
    subject_kind: str,
    subject_id: int,
    code: str,
    params: Mapping[str, object] | None = None,
    source: str = Source.PLATFORM,
    person: str = "",
    at: dt.datetime | None = None,
) -> None:
    """Append one entry, dated now unless ``at`` says otherwise."""
    record_all(
        [entry(subject_kind, subject_id, code, params, source=source, person=person, at=at or clock.now())]
    )
