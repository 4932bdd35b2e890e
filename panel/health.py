"""Is the platform alive? Answers for probes and monitors, without a word about any company."""

from __future__ import annotations

import datetime as dt
import functools
from dataclasses import dataclass
from typing import Any

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from redis.backoff import NoBackoff
from redis.retry import Retry

from accounts import clock, gateways
from jobs import selectors

# A probe waits seconds at most, so a broker that is away gets less than one.
BROKER_SECONDS = 0.4
TICK_LIMIT_SECONDS = 60.0
PARTS = ("database", "migrations", "broker", "ticks")


@dataclass(frozen=True, slots=True)
class Health:
    """Ages are in seconds; ``None`` is no tick yet, no due job, or what could not be asked."""

    database: bool
    migrations: bool
    broker: bool
    last_tick_seconds: float | None
    oldest_due_job_seconds: float | None

    @property
    def problems(self) -> list[str]:
        has_ticked = self.last_tick_seconds is not None and self.last_tick_seconds <= TICK_LIMIT_SECONDS
        wells = (self.database, self.migrations, self.broker, has_ticked)
        return [part for part, is_well in zip(PARTS, wells, strict=True) if not is_well]

    @property
    def can_serve(self) -> bool:
        """Pages need the database and its tables. Without broker or ticks jobs are late, and none is lost."""
        return self.database and self.migrations

    def as_json(self) -> dict[str, Any]:
        status = "down" if not self.can_serve else "degraded" if self.problems else "ok"
        return {
            "status": status,
            "problems": self.problems,
            "last_tick_seconds": self.last_tick_seconds,
            "oldest_due_job_seconds": self.oldest_due_job_seconds,
        }


def measure_health() -> Health:
    database, migrations = True, False
    last_tick = oldest_due_job = None
    try:
        migrations = has_all_migrations()
        if migrations:
            now = clock.now()
            last_tick = _age(now, selectors.last_tick_at())
            oldest_due_job = _age(now, gateways.oldest_due_job_at())
    except DatabaseError:
        database = False
    return Health(database, migrations, is_broker_reachable(), last_tick, oldest_due_job)


def has_all_migrations() -> bool:
    return _latest_migrations() <= MigrationRecorder(connection).applied_migrations().keys()


@functools.cache
def _latest_migrations() -> frozenset[tuple[str, str]]:
    """Of the code that runs here, so a process started before an upgrade keeps its own answer."""
    return frozenset(MigrationLoader(None).graph.leaf_nodes())


def is_broker_reachable() -> bool:
    client = redis.Redis.from_url(
        settings.REDIS_URL,
        socket_connect_timeout=BROKER_SECONDS,
        socket_timeout=BROKER_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False
    finally:
        client.close()


def _age(now: dt.datetime, at: dt.datetime | None) -> float | None:
    return None if at is None else round(max((now - at).total_seconds(), 0.0), 1)
