"""The canary, as pure functions: a removed address is noticed at the second poll, and bad luck is no silence.

``WATCHED_DAYS`` in the environment makes the simulated time longer (14 in ``make soak``).
"""

from __future__ import annotations

import datetime as dt
import os
import random
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhooks.canary import RUN, Deaf, Found, find_untold, is_silent

DAYS = int(os.environ.get("WATCHED_DAYS", "2"))
START = dt.datetime(2026, 3, 2, 3, tzinfo=dt.UTC)
POLL = dt.timedelta(minutes=5)
GRACE = dt.timedelta(minutes=4)
SECOND = dt.timedelta(seconds=1)


class World:
    """Changes at an ERP, when each was told of (``None``: lost), and polls that find all of them."""

    def __init__(self, changes: Iterable[tuple[dt.datetime, int, dt.datetime | None]]) -> None:
        self.changes = sorted(changes, key=lambda change: change[0])
        self.moments = [at for at, _, _ in self.changes]
        self.told = sorted(arrival for _, _, arrival in self.changes if arrival is not None)

    def look_after(self, poll: dt.datetime) -> bool:
        """Whether the canary calls it a silence, as long after this poll as it looks."""
        now = poll + GRACE
        known = bisect_right(self.told, now)
        if not known:
            return False
        heard_at = self.told[known - 1]
        since, until = bisect_left(self.moments, heard_at), bisect_left(self.moments, poll)
        found = [
            Found(subject, before, before + POLL)
            for at, subject, _ in self.changes[since:until]
            if (before := START + (at - START) // POLL * POLL) + POLL <= poll
        ]
        return is_silent(find_untold(found, heard_at=heard_at, now=now, grace=GRACE))


def find(number: int, *, subject: int | None = None) -> Found:
    """The ``number``-th poll found a change that the one before did not."""
    return Found(number if subject is None else subject, START + number * POLL, START + (number + 1) * POLL)


FOUR = [find(number) for number in range(RUN)]
LATER = START + RUN * POLL + GRACE


def untold(found: Sequence[Found], heard_at: dt.datetime = START, **changes: object) -> list[Found]:
    options: dict[str, object] = {"now": LATER, "grace": GRACE}
    return find_untold(found, heard_at=heard_at, **options | changes)  # type: ignore[arg-type]


def test_four_changes_that_nobody_told_are_a_silence_and_three_are_not() -> None:
    assert is_silent(untold(FOUR)) is True
    assert is_silent(untold(FOUR[:3])) is False


def test_a_notification_of_whatever_subject_shows_that_the_erp_speaks() -> None:
    assert untold(FOUR, heard_at=START + SECOND) == FOUR[1:]
    assert untold(FOUR, heard_at=LATER - SECOND) == []


def test_a_change_counts_once_its_notification_would_have_come() -> None:
    assert untold(FOUR, now=LATER - SECOND) == FOUR[:3]


def test_one_subject_of_which_the_erp_never_tells_is_no_silence() -> None:
    same = [find(number, subject=7) for number in range(40)]
    assert is_silent(untold(same, now=START + dt.timedelta(days=1))) is False
    assert is_silent(untold([*same, find(40, subject=8)], now=START + dt.timedelta(days=1))) is True


def test_the_only_subject_of_which_the_erp_ever_told_is_enough() -> None:
    same = [find(number, subject=7) for number in range(RUN)]
    assert is_silent(untold(same), subjects=1) is True
    assert is_silent(untold(same), subjects=2) is is_silent(untold(same), subjects=9) is False
    assert is_silent(untold(same[:3]), subjects=1) is False


def test_what_may_have_been_told_while_nobody_listened_does_not_count() -> None:
    (second,) = FOUR[1:2]
    outage = Deaf(second.not_before + GRACE + SECOND, second.at - SECOND)
    assert untold(FOUR, deaf=[outage]) == [FOUR[0], *FOUR[2:]]
    # It would have come within the grace.
    assert untold(FOUR, deaf=[Deaf(second.at + GRACE, LATER)])[:1] == FOUR[:1]
    assert second not in untold(FOUR, deaf=[Deaf(second.at + GRACE, LATER)])
    assert untold(FOUR, deaf=[Deaf(START - POLL, START - SECOND)]) == FOUR


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Whatever is lost, doubled, late or overtaken, as long as one of four in a row comes in its time."""
    changes: list[tuple[dt.datetime, int, dt.datetime | None]] = []
    at, lost = START, 0
    for _ in range(draw(st.integers(1, 60))):
        at += dt.timedelta(seconds=draw(st.integers(0, 900)))
        is_lost = lost < RUN - 1 and draw(st.booleans())
        lost = lost + 1 if is_lost else 0
        late = dt.timedelta(seconds=draw(st.integers(0, int(GRACE.total_seconds()))))
        changes.append((at, draw(st.integers(1, 9)), None if is_lost else at + late))
        if draw(st.booleans()):
            # The same once more, hours later.
            changes.append((START - POLL, 0, at + dt.timedelta(hours=draw(st.integers(0, 4)))))
    return World(changes)


@given(worlds())
def test_no_alarm_while_one_of_four_in_a_row_is_told(world: World) -> None:
    last = max(at for at, _, _ in world.changes)
    polls = [START + POLL * number for number in range(1, (last - START) // POLL + 4)]
    assert [poll for poll in polls if world.look_after(poll)] == []


@given(
    st.integers(0, 299),
    st.lists(st.integers(0, 299), min_size=RUN, max_size=40),
    st.lists(st.integers(0, 299), max_size=40),
)
def test_a_removed_address_is_noticed_at_the_second_poll_after_it(
    removed: int, second: Sequence[int], first: Sequence[int]
) -> None:
    """The first one cannot tell what changed before the last notification from what changed after it."""
    told = (START + removed * SECOND, 0, START + removed * SECOND)
    changes = [
        (START + late * POLL + seconds * SECOND, number, None)
        for late, times in ((0, first), (1, second))
        for number, seconds in enumerate(times, start=1)
        if late or seconds > removed
    ]
    assert World([told, *changes]).look_after(START + 2 * POLL) is True


def simulate(seed: int, changes_per_poll: float) -> World:
    """Days of a shop that sells by day: one notification in 27 is lost, the others late and out of order."""
    chance = random.Random(seed)
    changes: list[tuple[dt.datetime, int, dt.datetime | None]] = [(START - POLL, 0, START)]
    at = START
    while at < START + dt.timedelta(days=DAYS):
        is_night = at.hour in range(3, 11)
        rate = changes_per_poll / POLL.total_seconds() * (0.02 if is_night else 1)
        at += dt.timedelta(seconds=min(chance.expovariate(rate), 3600))
        late = dt.timedelta(seconds=min(chance.expovariate(1 / 20), GRACE.total_seconds()))
        arrival = None if chance.randrange(27) == 0 else at + late
        changes.append((at, chance.randrange(1, 500), arrival))
    return World(changes)


def test_the_simulated_line_loses_one_in_27() -> None:
    arrivals = [arrival for _, _, arrival in simulate(0, 30).changes]
    assert 0.03 < arrivals.count(None) / len(arrivals) < 0.045
    told = [arrival for arrival in arrivals if arrival is not None]
    assert told != sorted(told)


@pytest.mark.parametrize("changes_per_poll", [0.1, 1, 3, 30])
@pytest.mark.parametrize("seed", range(5))
def test_days_of_a_healthy_line_raise_no_alarm(seed: int, changes_per_poll: float) -> None:
    world = simulate(seed, changes_per_poll)
    polls = [START + number * POLL for number in range(1, DAYS * 288 + 1)]
    assert [poll for poll in polls if world.look_after(poll)] == []


@pytest.mark.parametrize("changes_per_poll", [1, 3, 30])
def test_the_same_line_once_its_address_is_gone(changes_per_poll: float) -> None:
    healthy = simulate(0, changes_per_poll)
    gone = START + dt.timedelta(hours=12)
    world = World((at, subject, arrival if at < gone else None) for at, subject, arrival in healthy.changes)
    polls = (gone + number * POLL for number in range(12))
    noticed = next(poll for poll in polls if world.look_after(poll))
    # With more than four changes a poll at the second one; else once there were four.
    assert noticed == gone + {1: 3, 3: 2, 30: 2}[changes_per_poll] * POLL
    assert world.look_after(noticed + dt.timedelta(hours=6)) is True
