"""When a parcel is asked for again: by its state, and by how long it has been in it."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.conf import settings

from contracts.tracking import ParcelState

# Nothing is expected after these; what still came would be a correction.
ENDED = frozenset({ParcelState.DELIVERED, ParcelState.RETURNED, ParcelState.CANCELLED, ParcelState.EXPIRED})
CORRECTABLE = frozenset({ParcelState.DELIVERED, ParcelState.RETURNED})


def find_next_ask(parcel: Any, now: dt.datetime) -> dt.datetime | None:
    """The moment of the next question after one at ``now``, or ``None`` after the last one.

    ``parcel`` is a ``Parcel``, or what has its state and times. One that arrived is looked at once more, a
    day after we learnt of it: carriers take a false «delivered» back.
    """
    if parcel.ended_at is not None:
        if parcel.state not in CORRECTABLE:
            return None
        last_look_at: dt.datetime = parcel.ended_at + dt.timedelta(seconds=settings.PARCEL_LAST_LOOK_SECONDS)
        return last_look_at if now < last_look_at else None
    if is_only_tried(parcel):
        moments = (parcel.since_at + dt.timedelta(seconds=each) for each in settings.PARCEL_TRIED_SECONDS)
        return next((moment for moment in moments if moment > now), None)
    if settings.PARCEL_ASK_SECONDS is not None:
        return now + dt.timedelta(seconds=settings.PARCEL_ASK_SECONDS)
    young, days, old = settings.PARCEL_SECONDS[str(parcel.state)]
    is_old = now - (parcel.state_at or parcel.since_at) >= dt.timedelta(days=days)
    return now + dt.timedelta(seconds=old if is_old else young)


def is_only_tried(parcel: Any) -> bool:
    """Whether nobody knows its carrier, and a system of many is asked whether it is one of them."""
    return not parcel.carrier_key


def is_silent(parcel: Any, now: dt.datetime) -> bool:
    """Whether the carrier has told nothing for so long that asking on makes no sense."""
    days = settings.PARCEL_LOST_DAYS if parcel.state == ParcelState.LOST else settings.PARCEL_SILENT_DAYS
    heard_at = max(parcel.last_event_at or parcel.since_at, parcel.since_at)
    return bool(now - heard_at >= dt.timedelta(days=days))
