from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from accounts import clock
from history.models import HistoryEntry, Source


def record(
    *,
    subject_kind: str,
    subject_id: int,
    code: str,
    params: Mapping[str, object] | None = None,
    source: str = Source.PLATFORM,
    person: str = "",
    at: dt.datetime | None = None,
) -> HistoryEntry:
    """Append one entry inside the current ``tenant``. ``params`` are what the sentence of ``code`` needs."""
    return HistoryEntry.objects.create(
        subject_kind=subject_kind,
        subject_id=subject_id,
        code=code,
        params=dict(params or {}),
        source=source,
        person=person,
        at=at or clock.now(),
    )
