"""How long work waits before it is tried again. The seconds are settings (``config.intervals``)."""

from __future__ import annotations

import datetime as dt
import random

from django.conf import settings


def after_failures(failures: int) -> dt.timedelta:
    """The wait after so many temporary errors in a row: doubling, with a fifth of jitter either way."""
    seconds = settings.JOB_RETRY_FIRST_SECONDS * 2.0 ** min(failures - 1, 30)
    spread = random.uniform(0.8, 1.2)  # noqa: S311  no secret
    return dt.timedelta(seconds=min(seconds * spread, settings.JOB_RETRY_LAST_SECONDS))


def after_crashes(crashes: int) -> dt.timedelta:
    """None after the first crash; then longer each time, so that whatever kills workers may pass.

    Else a bad minute of the machine would be taken for a job that is poison.
    """
    seconds = settings.JOB_RETRY_FIRST_SECONDS * 6.0 ** min(crashes - 2, 10) if crashes > 1 else 0.0
    return dt.timedelta(seconds=min(seconds, settings.JOB_RETRY_LAST_SECONDS))


def rest_of_channel(failures_since: int) -> dt.timedelta:
    """How long a channel rests whose breaker opened: doubling with each failed probe."""
    seconds = settings.BREAKER_FIRST_SECONDS * 2.0 ** min(failures_since, 30)
    return dt.timedelta(seconds=min(seconds, settings.JOB_RETRY_LAST_SECONDS))
