from __future__ import annotations

import datetime as dt

from django.db.models import QuerySet

from history.models import HistoryEntry


def list_entries(subject_kind: str, subject_id: int, limit: int = 200) -> QuerySet[HistoryEntry]:
    """The newest entries of a subject, newest first."""
    entries = HistoryEntry.objects.filter(subject_kind=subject_kind, subject_id=subject_id)
    return entries.order_by("-at", "-id")[:limit]


def was_recorded_since(subject_kind: str, subject_id: int, code: str, since: dt.datetime) -> bool:
    """Whether a line of this code stands there already."""
    entries = HistoryEntry.objects.filter(subject_kind=subject_kind, subject_id=subject_id, code=code)
    return bool(entries.filter(at__gte=since).exists())
