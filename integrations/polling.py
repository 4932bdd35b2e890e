"""How often an ERP is asked what changed: as usual, or more often while it does not tell by itself."""

from __future__ import annotations

import datetime as dt

from django.conf import settings

from accounts import clock
from integrations.cursors import read_cursor, write_cursor
from integrations.models import Integration
from jobs import queue
from jobs.selectors import has_channel

NAME = "polling"


def report_reading(integration: Integration) -> None:
    """A reading has ended: what it found is compared with what the ERP told, once that may have come.

    Only where the ERP can tell by itself, which has a channel of its own.
    """
    channel = f"webhooks:{integration.pk}"
    if has_channel(channel):
        queue.enqueue(
            "watch_notifications",
            channel=channel,
            key=str(integration.pk),
            not_before=clock.now() + dt.timedelta(seconds=settings.NOTIFICATION_GRACE_SECONDS),
        )


def is_hurried(integration: Integration) -> bool:
    """Whether it is asked more often than usual."""
    return bool(read_cursor(integration.pk, NAME).get("hurried_since"))


def hurry(integration: Integration, *, is_hurried: bool) -> None:
    """Ask for orders more often from now on, or as usual again. Who asks for other things looks here."""
    since = clock.now().isoformat() if is_hurried else None
    write_cursor(integration.pk, NAME, {"hurried_since": since})
    schedule_orders(integration)


def schedule_orders(integration: Integration) -> None:
    every = settings.ORDER_POLL_SECONDS
    if is_hurried(integration):
        every = min(every, settings.ORDER_POLL_IN_SILENCE_SECONDS)
    queue.set_schedule(integration.channel, "pull_orders", str(integration.pk), every, lock="pull_orders")
