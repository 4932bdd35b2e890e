"""What a handler may raise besides the errors of ``contracts.errors``."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping


class JobPostponed(Exception):
    """Not a failure: the job goes on from its step at ``not_before``."""

    def __init__(self, not_before: dt.datetime) -> None:
        super().__init__(f"postponed to {not_before.isoformat()}")
        self.not_before = not_before


class JobNeedsPerson(Exception):
    """The job is parked until a person (or ``queue.release`` with this code and key) lets it go on."""

    def __init__(self, code: str, params: Mapping[str, str] | None = None, *, key: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.params = dict(params or {})
        self.key = key


class LeaseLost(Exception):
    """This worker was taken for dead, and the job is no longer its own: it must write nothing more."""
