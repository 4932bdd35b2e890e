"""Times as they are read in Brazil."""

from __future__ import annotations

import datetime as dt

import pytest

from ui.moments import write_day, write_moment

NOW = dt.datetime(2026, 11, 21, 17, 32, 5, tzinfo=dt.UTC)  # 14:32:05 in Brasília


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        ("2026-11-21T14:32:05-03:00", "agora"),
        ("2026-11-21T14:31:06-03:00", "agora"),
        ("2026-11-21T14:31:05-03:00", "há 1 min"),
        ("2026-11-21T13:32:06-03:00", "há 59 min"),
        ("2026-11-21T13:32:05-03:00", "há 1 h"),
        ("2026-11-20T14:32:06-03:00", "há 23 h"),
        ("2026-11-20T14:32:05-03:00", "ontem, 14:32"),
        ("2026-11-20T00:00:00-03:00", "ontem, 00:00"),
        ("2026-11-19T23:59:59-03:00", "19/11 23:59"),
        ("2025-12-31T09:12:00-03:00", "31/12/2025"),
        ("2026-11-21T14:32:35-03:00", "em instantes"),
        ("2026-11-21T14:35:10-03:00", "em 3 min"),
        ("2026-11-21T17:00:00-03:00", "em 2 h"),
        ("2026-11-22T20:00:00-03:00", "amanhã, 20:00"),
        ("2026-11-24T20:00:00-03:00", "24/11 20:00"),
    ],
)
def test_relative(moment: str, text: str) -> None:
    assert write_moment(at(moment), "relative", now=NOW) == text


def test_what_is_overdue_comes_soon() -> None:
    assert write_moment(NOW - dt.timedelta(minutes=5), "next", now=NOW) == "em instantes"
    assert write_moment(NOW + dt.timedelta(minutes=5), "next", now=NOW) == "em 5 min"


def test_fixed_styles_are_in_brasilia_time() -> None:
    moment = at("2026-11-18T02:12:59+00:00")
    assert write_moment(moment, "full") == "17/11/2026 às 23:12"
    assert write_moment(moment, "short") == "17/11 23:12"
    assert write_moment(moment, "day") == "17/11/2026"
    assert write_moment(moment, "time") == "23:12"


def test_days_have_no_hour() -> None:
    assert write_day(dt.date(2026, 11, 18), "short") == "18/11"
    assert write_day(dt.date(2026, 11, 18), "full") == "18/11/2026"


def test_a_time_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="without a zone"):
        write_moment(dt.datetime(2026, 11, 18, 9, 12), "full")  # noqa: DTZ001


def test_a_relative_time_needs_the_time_of_reading() -> None:
    with pytest.raises(ValueError, match="time of reading"):
        write_moment(NOW, "relative")
