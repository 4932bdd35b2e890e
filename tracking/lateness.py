"""Which parcels are worth a look, and why: late, standing still, not delivered at the first attempt."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from accounts.clock import SAO_PAULO
from contracts.tracking import ParcelState

# Over a weekend with a holiday a parcel rests without anything being wrong.
QUIET_DAYS = 5
NEVER_LATE = (
    ParcelState.AVAILABLE_FOR_PICKUP,
    ParcelState.DELIVERED,
    ParcelState.RETURNING,
    ParcelState.RETURNED,
    ParcelState.LOST,
    ParcelState.CANCELLED,
    ParcelState.EXPIRED,
)
# It waits for the buyer, and the carrier has nothing to tell.
NEVER_QUIET = (ParcelState.AVAILABLE_FOR_PICKUP,)


@dataclass(frozen=True, slots=True)
class Lateness:
    """``days_late`` past the carrier's own expectation, ``quiet_days`` without a word; 0 where it is well."""

    days_late: int = 0
    quiet_days: int = 0
    has_failed_attempt: bool = False

    @property
    def is_late(self) -> bool:
        return self.days_late > 0

    @property
    def is_quiet(self) -> bool:
        return self.quiet_days >= QUIET_DAYS


def find_lateness(parcel: Any, now: dt.datetime) -> Lateness:
    """``parcel`` is a ``Parcel``, or what has its state and times. Days are those of São Paulo."""
    if parcel.ended_at is not None:
        return Lateness()
    days_late = 0
    if parcel.expected_on is not None and parcel.state not in NEVER_LATE:
        days_late = max((now.astimezone(SAO_PAULO).date() - parcel.expected_on).days, 0)
    quiet_days = 0
    if parcel.state not in NEVER_QUIET:
        quiet_days = max((now - (parcel.last_event_at or parcel.since_at)).days, 0)
    return Lateness(days_late, quiet_days, parcel.state == ParcelState.DELIVERY_FAILED)


def is_late(now: dt.datetime, prefix: str = "") -> Q:
    """``find_lateness(...).is_late`` as a condition on parcels, or on what leads to them by ``prefix``."""
    today = now.astimezone(SAO_PAULO).date()
    followed = Q(**{f"{prefix}ended_at": None, f"{prefix}expected_on__lt": today})
    return followed & ~Q(**{f"{prefix}state__in": NEVER_LATE})


def is_quiet(now: dt.datetime, prefix: str = "") -> Q:
    """``find_lateness(...).is_quiet`` in the same way."""
    since = now - dt.timedelta(days=QUIET_DAYS)
    told_long_ago = Q(**{f"{prefix}last_event_at__lte": since})
    never_told = Q(**{f"{prefix}last_event_at": None, f"{prefix}since_at__lte": since})
    followed = Q(**{f"{prefix}ended_at": None}) & ~Q(**{f"{prefix}state__in": NEVER_QUIET})
    return followed & (told_long_ago | never_told)
