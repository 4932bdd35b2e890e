"""Intervals in which notifications were not answered: what was told then comes late, doubled, or never."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.db import transaction

from accounts import clock
from webhooks.models import IngestOutage


def take_outages() -> list[IngestOutage]:
    """Outages that nobody has followed up yet; they are, once the caller's transaction is committed.

    Of no company, so each of them concerns every integration.
    """
    with transaction.atomic():
        outages = list(
            IngestOutage.objects.select_for_update(skip_locked=True)
            .filter(handled_at=None)
            .order_by("started_at")
        )
        IngestOutage.objects.filter(pk__in=[outage.pk for outage in outages]).update(handled_at=clock.now())
    return outages


def is_doubtful(at: dt.datetime) -> bool:
    """Whether what arrives at this moment may be the late repetition of something older."""
    horizon = dt.timedelta(hours=settings.RETRY_HORIZON_HOURS)
    return IngestOutage.objects.filter(started_at__lt=at, ended_at__gt=at - horizon).exists()
