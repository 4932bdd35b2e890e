"""The limit of an account at an ERP: spaced slots in PostgreSQL, across processes and organizations.

Spaced slots because a bucket with a burst is wrong against a window that slides.
"""

from __future__ import annotations

import datetime as dt
import time
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from jobs.errors import JobPostponed

# Longer than this, a worker is worth more than the wait.
WAIT_SECONDS = 3.0

_TAKE = """
    INSERT INTO jobs_budget AS budget (key, next_slot_at) VALUES (%(key)s, clock_now() + %(spacing)s)
    ON CONFLICT (key) DO UPDATE SET next_slot_at = greatest(budget.next_slot_at, clock_now()) + %(spacing)s
        WHERE budget.next_slot_at <= clock_now() + %(wait)s
    RETURNING extract(epoch FROM next_slot_at - %(spacing)s - clock_now())
"""

_STOP = """
    INSERT INTO jobs_budget AS budget (key, next_slot_at) VALUES (%s, %s)
    ON CONFLICT (key) DO UPDATE SET next_slot_at = greatest(budget.next_slot_at, excluded.next_slot_at)
"""


def take_slot(budget_key: str, kind: str) -> None:
    """Wait for the account's next slot, or raise ``JobPostponed`` (to its time) if it is over 3 s away.

    ``kind`` is ``"read"``, ``"write"`` or ``"batch"``; all share one row of slots for now. Outside any
    transaction, because the row would stay locked for every other worker.
    """
    seconds = _reserve(budget_key)
    if seconds > 0:
        time.sleep(seconds)


def _reserve(budget_key: str) -> float:
    """Reserve the next slot; the seconds until it. Raises ``JobPostponed`` without reserving."""
    parameters: dict[str, Any] = {
        "key": budget_key,
        "spacing": dt.timedelta(seconds=settings.SLOT_SPACING_SECONDS),
        "wait": dt.timedelta(seconds=WAIT_SECONDS),
    }
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute(_TAKE, parameters)
        row = cursor.fetchone()
        if row is None:
            cursor.execute("SELECT next_slot_at FROM jobs_budget WHERE key = %s", [budget_key])
            (next_slot_at,) = cursor.fetchone()
            raise JobPostponed(next_slot_at.astimezone(dt.UTC))
    return float(row[0])


def stop_until(budget_key: str, at: dt.datetime) -> None:
    """The ERP said that the limit is reached: no slot before ``at``."""
    with connection.cursor() as cursor:
        cursor.execute(_STOP, [budget_key, at])
