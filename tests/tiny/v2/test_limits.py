"""The pace of ``jobs.budgets`` and the client's deadline keep API v2's two limits, on every plan."""

from __future__ import annotations

import math

import pytest

from jobs.budgets import LATENESS_SECONDS, _full_pace
from jobs.models import Budget
from tiny.v2.client import DEADLINE_SECONDS

PLANS = [20, 30, 60, 120]


@pytest.mark.parametrize("limit", PLANS)
def test_at_most_a_quarter_of_the_limit_is_under_way(limit: int) -> None:
    """A call is under way from its slot, or a little later, until the deadline at most."""
    spacing = _full_pace(Budget(key="tiny-1:read", per_minute=limit))
    longest = LATENESS_SECONDS + DEADLINE_SECONDS
    under_way = math.floor(longest / spacing) + 1
    assert under_way <= limit // 4


@pytest.mark.parametrize("limit", PLANS)
def test_at_most_the_limit_in_any_minute(limit: int) -> None:
    spacing = _full_pace(Budget(key="tiny-1:read", per_minute=limit))
    assert math.floor((60 + LATENESS_SECONDS) / spacing) + 1 <= limit + 1
    assert math.floor(60 / spacing) + 1 <= limit


def test_batch_calls_keep_their_five_a_minute() -> None:
    assert math.floor(60 / _full_pace(Budget(key="tiny-1:batch"))) + 1 <= 5
