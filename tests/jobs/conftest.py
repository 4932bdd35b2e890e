from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from accounts import clock
from accounts.models import Organization
from accounts.tenancy import tenant
from jobs import queue, runner
from jobs.models import Job
from tests.jobs import handlers


@pytest.fixture
def handle(settings: Any) -> Iterator[Callable[[Callable[..., Any]], None]]:
    """``handle(function)``: what jobs of kind "work" do from now on."""
    settings.JOB_HANDLERS = {
        "work": "tests.jobs.handlers.work",
        "mark_disconnected": "tests.jobs.handlers.work",
    }

    def set_behaviour(behaviour: Callable[..., Any]) -> None:
        handlers.behaviour = behaviour

    yield set_behaviour
    handlers.behaviour = None


@pytest.fixture
def enqueue(organization: Organization) -> Callable[..., int]:
    """``queue.enqueue("work", …)`` for ``organization``, by default on channel "erp:1" with key "k"."""

    def call(
        key: str = "k", *, channel: str = "erp:1", company: Organization = organization, **options: Any
    ) -> int:
        with tenant(company):
            return queue.enqueue("work", channel=channel, key=key, **options)

    return call


@pytest.fixture
def job(organization: Organization) -> Callable[[int], Job]:
    """``job(id)``: the row as it is now."""

    def read(job_id: int) -> Job:
        with tenant(organization):
            return Job.objects.get(pk=job_id)

    return read


@pytest.fixture
def run(handle: Any) -> Callable[[Callable[..., Any]], int | None]:
    """``run(function)``: run the next due job with it; the job's id."""

    def call(behaviour: Callable[..., Any] = lambda job: None) -> int | None:
        handle(behaviour)
        return runner.run_one()

    return call


def raising(error: BaseException) -> Callable[..., None]:
    def behaviour(job: Any) -> None:
        raise error

    return behaviour


def in_seconds(seconds: float) -> dt.datetime:
    return clock.now() + dt.timedelta(seconds=seconds)
