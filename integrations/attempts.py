"""A call that makes a record at the ERP and whose answer may be lost: what may be concluded, and when."""

from __future__ import annotations

import datetime as dt

from django.conf import settings

from contracts.errors import AlreadyExists, MappingError, RateLimited, TemporaryError
from jobs.errors import JobPostponed


def may_have_made(failure: Exception) -> bool:
    """Whether the record may be there in spite of it: an unreadable answer, for one, tells nothing."""
    is_open = isinstance(failure, AlreadyExists | TemporaryError | MappingError)
    return is_open and not isinstance(failure, RateLimited)


def await_settling(attempted_at: dt.datetime | None, looked_at: dt.datetime) -> None:
    """Raises ``JobPostponed`` if a look at that time may have come before the call had its effect.

    It may still be under way: not to be seen yet is not to be missing.
    """
    if attempted_at is not None:
        settled_at = attempted_at + dt.timedelta(seconds=settings.EXPORT_SETTLE_SECONDS)
        if looked_at < settled_at:
            raise JobPostponed(settled_at)
