"""«Testar» for any tracker: its steps in turn, up to the first that fails."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from contracts.errors import ErpError, TemporaryError
from contracts.records import CheckState, CheckStep, Explanation
from contracts.tracking import Tracker

Step = tuple[tuple[str, str], str, Callable[[], Any]]


def make_checks(*titles: str) -> Sequence[tuple[str, str]]:
    return tuple((f"step_{number}", title) for number, title in enumerate(titles, 1))


def run_checks(tracker: Tracker, steps: Sequence[Step]) -> Iterator[CheckStep]:
    """Each step's key and title, what is said of it when it works, and what it does."""
    for (key, title), detail, do in steps:
        started = time.monotonic()
        try:
            do()
        except ErpError as error:
            said = tracker.explain(error.code, error.params) or Explanation(error.code, "", "us")
            is_passing = isinstance(error, TemporaryError)
            yield CheckStep(
                key,
                title,
                CheckState.WARNING if is_passing else CheckState.FAILURE,
                detail=said.title,
                remedy=said.detail,
                action=said.action,
                is_fatal=True,
                duration_ms=_since(started),
            )
            return
        yield CheckStep(key, title, CheckState.OK, detail=detail, duration_ms=_since(started))


def _since(started: float) -> int:
    return int((time.monotonic() - started) * 1000)
