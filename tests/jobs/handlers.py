"""Handlers of the tests. ``work`` does whatever the test says."""

from __future__ import annotations

from collections.abc import Callable

from jobs.runner import JobContext

behaviour: Callable[[JobContext], None] | None = None


def work(job: JobContext) -> None:
    assert behaviour is not None
    behaviour(job)


NOT_A_HANDLER = "text"
