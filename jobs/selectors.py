"""Jobs: reads, inside the caller's ``tenant`` unless they say otherwise."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from django.conf import settings
from django.db.models import Count, QuerySet

from jobs.models import Budget, Channel, Heartbeat, Job, JobStatus, Schedule
from jobs.reasons import DATABASE_AWAY

# The name of the dispatcher's heartbeat.
DISPATCH = "dispatch"
# A job that failed so often began to fail minutes ago.
FRESH_FAILURES = 5


def list_parked() -> QuerySet[Job]:
    """What waits for a person, the oldest first."""
    return Job.objects.filter(status=JobStatus.PARKED).order_by("parked_at", "id")


def count_parked(channel: str | None = None) -> int:
    parked = list_parked()
    return (parked if channel is None else parked.filter(channel=channel)).count()


def find_parked(*, channel: str, kind: str, key: str) -> Job | None:
    return list_parked().filter(channel=channel, kind=kind, key=key).last()


def calls_per_minute(budget_key: str, kind: str) -> float:
    """How many calls of this kind the account allows, as far as we know."""
    if settings.SLOT_SPACING_SECONDS:
        return 60.0 / float(settings.SLOT_SPACING_SECONDS)
    learnt = Budget.objects.filter(key=f"{budget_key}:{kind}").values_list("per_minute", flat=True).first()
    return float(learnt or settings.CALLS_PER_MINUTE)


def call_spacing(budget_key: str, kind: str) -> float:
    """The seconds between two calls of this kind, as far as we know."""
    if settings.SLOT_SPACING_SECONDS is not None:
        return float(settings.SLOT_SPACING_SECONDS)
    return 60.0 / calls_per_minute(budget_key, kind)


def count_waiting_for(reason_code: str, reason_key: str) -> int:
    """How many parked jobs one fix would release."""
    return Job.objects.filter(status=JobStatus.PARKED, reason_code=reason_code, reason_key=reason_key).count()


def count_waiting_by(reason_code: str) -> dict[str, int]:
    """How many parked jobs each fix of this kind would release, by its ``reason_key``."""
    parked = Job.objects.filter(status=JobStatus.PARKED, reason_code=reason_code).exclude(reason_key="")
    rows = parked.values("reason_key").annotate(count=Count("pk")).order_by("-count", "reason_key")
    return {row["reason_key"]: row["count"] for row in rows}


def count_waiting(channel: str, kind: str) -> int:
    """Jobs of this kind that wait for their turn, or run."""
    waiting = Job.objects.filter(channel=channel, kind=kind)
    return waiting.filter(status__in=[JobStatus.PENDING, JobStatus.RUNNING]).count()


def next_run_at(channel: str, kind: str) -> dt.datetime | None:
    """When the schedule comes due, or ``None`` without one."""
    return Schedule.objects.filter(channel=channel, kind=kind).values_list("next_at", flat=True).first()


def has_channel(name: str) -> bool:
    return bool(Channel.objects.filter(name=name).exists())


def is_paused(channel: str) -> bool:
    return bool(Channel.objects.filter(name=channel, paused_at__isnull=False).exists())


def is_failing(channel: str, kinds: Collection[str]) -> bool:
    """Whether the counterpart failed just now.

    Since its last failure no job of the channel has ended well, or one of ``kinds`` that met it is about to
    ask again. What failed many times says nothing of the rest, nor does a database that was away.
    """
    asking_again = Job.objects.filter(
        channel=channel, status=JobStatus.PENDING, kind__in=kinds, failures__range=(1, FRESH_FAILURES)
    ).exclude(reason_code=DATABASE_AWAY)
    is_resting = Channel.objects.filter(name=channel, breaker_failures__gt=0)
    return bool(is_resting.exists() or asking_again.exists())


def last_tick_at() -> dt.datetime | None:
    """When beat's tick last went through a worker, of no company; ``None`` before the first one."""
    return Heartbeat.objects.filter(name=DISPATCH).values_list("at", flat=True).first()
