"""The one clock: the database's, so that web, workers and SQL never disagree.

``clock_now()`` in SQL adds one offset row that only the owner role (tests, demo) may set.
"""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from django.db import connection

SAO_PAULO = ZoneInfo("America/Sao_Paulo")


def now() -> dt.datetime:
    """The current time, aware, in UTC."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_now()")
        (value,) = cursor.fetchone()
    return value.astimezone(dt.UTC)


def today() -> dt.date:
    """The calendar day in São Paulo, which is what Brazilian ERPs mean by a date."""
    return now().astimezone(SAO_PAULO).date()
