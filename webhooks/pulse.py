"""Whether web processes can be told something: the only witness of what came while none of them could.

Each web process beats. A former beat that is old says that none of them lived; a process that answered 503
says so itself. Either becomes an ``IngestOutage``.
"""

from __future__ import annotations

import datetime as dt
import logging
import threading
import time

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, transaction

from accounts import clock
from jobs.runner import describe
from webhooks.models import IngestOutage, IngestPulse

logger = logging.getLogger(__name__)

NAME = "web"
# So many intervals without a beat are an outage; fewer may be a busy machine.
MISSED_BEATS = 3
# After a refusal the database is asked this often whether it is back.
ANXIOUS_SECONDS = 0.5


class Witness:
    """What one process knows by itself: moments of its own monotonic clock, in seconds."""

    def __init__(self) -> None:
        self.beaten_at: float | None = None
        self.refused_at: float | None = None
        self.worried = threading.Event()

    def note_refusal(self) -> None:
        """It answered 503: only the first one since the last beat counts."""
        if self.refused_at is None:
            self.refused_at = time.monotonic()
        self.worried.set()


_witness = Witness()
note_refusal = _witness.note_refusal


def find_outage(
    former: dt.datetime | None,
    now: dt.datetime,
    *,
    since_own_beat: float | None,
    since_refusal: float | None,
    longest_gap: dt.timedelta,
) -> dt.datetime | None:
    """Since when notifications may have been refused until ``now``, if they were.

    ``former`` is the last beat of any process. ``since_own_beat`` is how long ago, in seconds, this process
    beat itself: if it did just now, an old ``former`` means only that somebody moved the clock.
    """
    starts = []
    was_away = since_own_beat is None or since_own_beat > longest_gap.total_seconds()
    if former is not None and was_away and now - former > longest_gap:
        starts.append(former)
    if since_refusal is not None:
        starts.append(now - dt.timedelta(seconds=since_refusal))
    return min(starts, default=None)


def longest_gap() -> dt.timedelta:
    return MISSED_BEATS * dt.timedelta(seconds=settings.WEBHOOK_PULSE_SECONDS)


def beat(witness: Witness = _witness) -> None:
    """Note that this process can be told something, and what it missed. One at a time over all processes."""
    moment = time.monotonic()
    witness.worried.clear()
    refused_at, witness.refused_at = witness.refused_at, None
    try:
        with transaction.atomic():
            IngestPulse.objects.bulk_create([IngestPulse(name=NAME, at=clock.now())], ignore_conflicts=True)
            pulse = IngestPulse.objects.select_for_update().get(name=NAME)
            now = clock.now()
            started_at = find_outage(
                pulse.at,
                now,
                since_own_beat=None if witness.beaten_at is None else moment - witness.beaten_at,
                since_refusal=None if refused_at is None else moment - refused_at,
                longest_gap=longest_gap(),
            )
            if started_at is not None:
                _record(started_at, now)
            IngestPulse.objects.filter(name=NAME).update(at=now)
    except BaseException:
        witness.refused_at = refused_at or witness.refused_at
        raise
    witness.beaten_at = moment


def _record(started_at: dt.datetime, ended_at: dt.datetime) -> None:
    """One outage, although each process tells of it as it saw it, and perhaps more than once."""
    same = (
        IngestOutage.objects.filter(handled_at=None, ended_at__gte=started_at - longest_gap())
        .order_by("id")
        .last()
    )
    if same is None:
        IngestOutage.objects.create(started_at=started_at, ended_at=ended_at)
        logger.warning("notifications were not answered between %s and %s", started_at, ended_at)
        return
    same.started_at = min(same.started_at, started_at)
    same.ended_at = ended_at
    same.save(update_fields=["started_at", "ended_at"])


def start() -> None:
    """Beat now, so that the first notification is known to come late, and from now on, in a thread that ends
    with this process.
    """
    _try_to_beat()
    connection.close()
    threading.Thread(target=_beat_for_ever, name="pulse", daemon=True).start()


def _beat_for_ever() -> None:
    while True:
        if _try_to_beat():
            _witness.worried.wait(settings.WEBHOOK_PULSE_SECONDS)
        else:
            time.sleep(ANXIOUS_SECONDS)


def _try_to_beat() -> bool:
    """False while PostgreSQL is away. What else may be wrong stops no notification."""
    try:
        beat()
    except (OperationalError, InterfaceError):
        connection.close()
        return False
    except Exception as error:
        logger.error("the pulse of notifications was not noted\n%s", describe(error))
        connection.close()
    return True
