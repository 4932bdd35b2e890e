"""One spaced slot per account: nobody is early, nobody waits longer than needed, none is wasted."""

from __future__ import annotations

import datetime as dt
import threading
from typing import Any

import pytest
from django.db import connection, transaction

from accounts import clock
from jobs import budgets, turns
from jobs.errors import JobPostponed
from jobs.models import Budget
from tests.jobs.conftest import in_seconds

pytestmark = pytest.mark.django_db


@pytest.fixture
def sleeps(settings: Any, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that ``take_slot`` would have slept."""
    settings.SLOT_SPACING_SECONDS = 2.0
    slept: list[float] = []
    monkeypatch.setattr("jobs.budgets.time.sleep", slept.append)
    return slept


def test_first_slot_is_now_and_the_next_ones_are_spaced(sleeps):
    budgets.take_slot("tiny-1", "read")
    begun = Budget.objects.get(key="tiny-1:read").next_slot_at - dt.timedelta(seconds=2)
    budgets.take_slot("tiny-1", "read")
    assert Budget.objects.get(key="tiny-1:read").next_slot_at == begun + dt.timedelta(seconds=4)
    assert len(sleeps) == 1
    assert 1.5 < sleeps[0] <= 2.0


def test_a_slot_over_three_seconds_away_postpones_and_reserves_nothing(sleeps):
    budgets.take_slot("tiny-1", "read")
    budgets.take_slot("tiny-1", "read")
    reserved = Budget.objects.get(key="tiny-1:read").next_slot_at
    with pytest.raises(JobPostponed) as postponed:
        budgets.take_slot("tiny-1", "read")
    assert postponed.value.not_before == reserved - dt.timedelta(seconds=budgets.CLAIM_AHEAD_SECONDS)
    assert Budget.objects.get(key="tiny-1:read").next_slot_at == reserved


def test_who_made_a_call_already_waits_for_the_next_one_instead_of_repeating_it(sleeps):
    """Else a job of two calls would never end where the account's slots are over three seconds apart."""
    budgets.take_slot("tiny-1", "read")
    with turns.taking_turn():
        budgets.take_slot("tiny-1", "read")
        budgets.take_slot("tiny-1", "read")
        assert 3.5 < sleeps[-1] <= 4.0
        turns.mark_progress()
        with pytest.raises(JobPostponed):
            budgets.take_slot("tiny-1", "read")


def test_nobody_holds_a_worker_for_longer_than_twenty_seconds(sleeps, settings):
    settings.SLOT_SPACING_SECONDS = 21.0
    with turns.taking_turn():
        budgets.take_slot("tiny-1", "read")
        with pytest.raises(JobPostponed):
            budgets.take_slot("tiny-1", "read")
    assert sleeps == []


def test_a_stop_holds_for_those_who_wait_for_their_slot_already(sleeps, monkeypatch):
    """Another worker is refused in the meantime: a call in this slot would be refused as well."""
    budgets.take_slot("tiny-1", "read")
    at = in_seconds(60)
    monkeypatch.setattr("jobs.budgets.time.sleep", lambda seconds: budgets.stop_until("tiny-1", at))
    with pytest.raises(JobPostponed) as postponed:
        budgets.take_slot("tiny-1", "read")
    assert postponed.value.not_before == at - dt.timedelta(seconds=budgets.CLAIM_AHEAD_SECONDS)


def test_a_slot_long_past_is_not_saved_up(sleeps, move_clock):
    budgets.take_slot("tiny-1", "read")
    move_clock(dt.timedelta(hours=1))
    before = clock.now()
    budgets.take_slot("tiny-1", "read")
    assert sleeps == []
    spaced = Budget.objects.get(key="tiny-1:read").next_slot_at - before
    assert dt.timedelta(seconds=2) <= spaced < dt.timedelta(seconds=3)


def test_accounts_do_not_share_slots(sleeps):
    for account in ("tiny-1", "tiny-2", "tiny-3"):
        budgets.take_slot(account, "read")
    assert sleeps == []


def test_a_stop_holds_and_never_brings_the_slot_forward(sleeps):
    at = in_seconds(60)
    budgets.stop_until("tiny-1", at)
    budgets.stop_until("tiny-1", in_seconds(5))
    with pytest.raises(JobPostponed) as postponed:
        budgets.take_slot("tiny-1", "read")
    assert postponed.value.not_before == at - dt.timedelta(seconds=budgets.CLAIM_AHEAD_SECONDS)


@pytest.fixture
def learning(settings: Any, sleeps: list[float]) -> list[float]:
    """Limits are learnt, as in production; the seconds that ``take_slot`` would have slept."""
    settings.SLOT_SPACING_SECONDS = None
    settings.CALLS_PER_MINUTE = 30
    return sleeps


def headers(limit: int, remaining: int, reset: int) -> dict[str, str]:
    values = {"Limit": limit, "Remaining": remaining, "Reset": reset}
    return {f"X-Ratelimit-{name}": str(value) for name, value in values.items()}


def spacing_of(kind: str = "read") -> float:
    """Seconds from one slot to the next one of the kind, as the next call would find it."""
    Budget.objects.filter(key__startswith="tiny-1").update(next_slot_at=clock.now())
    before = clock.now()
    budgets.take_slot("tiny-1", kind)
    return (Budget.objects.get(key=f"tiny-1:{kind}").next_slot_at - before).total_seconds()


def test_until_it_is_learnt_the_limit_of_the_smallest_plan_holds(learning):
    assert 62 / 30 <= spacing_of("read") < 62 / 30 + 0.5
    assert 62 / 30 <= spacing_of("write") < 62 / 30 + 0.5
    assert 60 / 4 <= spacing_of("batch") < 60 / 4 + 0.5


def test_reads_and_writes_are_limited_apart_and_together_four_a_second(learning):
    budgets.take_slot("tiny-1", "read")
    budgets.take_slot("tiny-1", "write")
    assert len(learning) == 1
    assert 0 < learning[0] <= 0.28
    budgets.take_slot("tiny-1", "read")
    assert 1.5 < learning[1] <= 62 / 30


def test_the_limit_is_learnt_for_its_kind(learning):
    budgets.observe("tiny-1", "read", headers(120, 119, 60))
    assert 62 / 120 <= spacing_of("read") < 62 / 120 + 0.5
    assert 62 / 30 <= spacing_of("write") < 62 / 30 + 0.5


def test_an_erp_may_tell_its_limit_and_no_more(learning):
    """API v2 of Tiny tells neither what is left nor until when."""
    budgets.observe("tiny-1", "read", {"X-Ratelimit-Limit": "120", "Date": "Sun, 22 Nov 2026 12:00:00 GMT"})
    assert 62 / 120 <= spacing_of("read") < 62 / 120 + 0.5
    budgets.observe("tiny-1", "read", {"X-Ratelimit-Limit": "20"})
    assert 60 / 19 <= spacing_of("read") < 60 / 19 + 0.5


def test_a_limit_alone_does_not_end_giving_way(learning):
    budgets.observe("tiny-1", "read", {"X-Ratelimit-Limit": "60"})
    budgets.stop_until("tiny-1", in_seconds(5))
    budgets.observe("tiny-1", "read", {"X-Ratelimit-Limit": "60"})
    assert 1.25 * 62 / 60 <= spacing_of("read") < 1.25 * 62 / 60 + 0.2


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"X-Ratelimit-Limit": ""},
        {"X-Ratelimit-Limit": "4"},
        {"X-Ratelimit-Limit": "0"},
        {"X-Ratelimit-Limit": "many"},
        {"X-Ratelimit-Limit": "120", "X-Ratelimit-Remaining": "119"},
        {"X-Ratelimit-Limit": "120", "X-Ratelimit-Reset": "60"},
        headers(4, 3, 1),
        headers(0, 5, 60),
        headers(120, -1, 60),
        headers(120, 119, 1_700_000_000),
        {**headers(120, 119, 60), "X-Ratelimit-Limit": "many"},
        {**headers(120, 119, 60), "X-Ratelimit-Reset": "nan"},
    ],
)
def test_headers_that_say_nothing_sensible_change_nothing(learning, said):
    budgets.observe("tiny-1", "read", said)
    assert 62 / 30 <= spacing_of("read") < 62 / 30 + 0.5


def test_nothing_left_is_a_stop_until_the_reset_for_this_kind_only(learning):
    budgets.observe("tiny-1", "read", headers(30, 0, 40))
    with pytest.raises(JobPostponed) as postponed:
        budgets.take_slot("tiny-1", "read")
    assert 38 < (postponed.value.not_before - clock.now()).total_seconds() < 40
    budgets.take_slot("tiny-1", "write")
    assert learning == []


def test_the_bucket_of_the_second_teaches_no_limit(learning):
    budgets.observe("tiny-1", "read", headers(4, 0, 1))
    assert Budget.objects.get(key="tiny-1:read").per_minute is None


def test_what_another_program_left_is_spread_until_the_reset(learning, move_clock):
    budgets.observe("tiny-1", "read", headers(60, 5, 30))
    assert 6.0 <= spacing_of("read") < 6.5
    move_clock(dt.timedelta(seconds=31))
    assert 62 / 60 <= spacing_of("read") < 62 / 60 + 0.5


def test_each_time_that_another_program_uses_the_account_up_we_give_way(learning, move_clock):
    for spacing in (1.25 * 62 / 60, 1.25**2 * 62 / 60):
        budgets.observe("tiny-1", "read", headers(60, 0, 1))
        assert spacing <= spacing_of("read") < spacing + 0.2
    budgets.observe("tiny-1", "read", headers(60, 3, 1))
    assert spacing <= spacing_of("read") < spacing + 0.2
    move_clock(dt.timedelta(seconds=62))
    assert 62 / 60 <= spacing_of("read") < 62 / 60 + 0.2


def test_nothing_left_on_the_smallest_plan_may_be_a_late_call_of_our_own(learning, move_clock):
    budgets.observe("tiny-1", "read", headers(30, 0, 1))
    assert 60 / 29 <= spacing_of("read") < 60 / 29 + 0.2


def test_a_refusal_makes_us_give_way_for_a_minute(learning, move_clock):
    budgets.observe("tiny-1", "read", headers(30, 15, 30))
    budgets.stop_until("tiny-1", in_seconds(5))
    assert 1.25 * 60 / 29 <= spacing_of("read") < 1.25 * 60 / 29 + 0.2
    move_clock(dt.timedelta(seconds=62))
    assert 60 / 29 <= spacing_of("read") < 60 / 29 + 0.2


def test_alone_on_the_account_nothing_slows_down(learning):
    """Our own pace leaves exactly what it needs, whenever in the minute we look."""
    for second in range(60):
        used = int(second / (60 / 29)) + 1
        budgets.observe("tiny-1", "read", headers(30, 30 - used, 60 - second))
        assert Budget.objects.get(key="tiny-1:read").pace_seconds is None, second


@pytest.mark.django_db(transaction=True)
def test_inside_a_transaction_it_is_refused(sleeps):
    with transaction.atomic(), pytest.raises(RuntimeError, match="durable"):
        budgets.take_slot("tiny-1", "read")


@pytest.mark.django_db(transaction=True)
def test_eight_connections_at_once_get_slots_that_are_exactly_spaced(settings, monkeypatch):
    settings.SLOT_SPACING_SECONDS = 0.25
    start = threading.Barrier(8)
    taken: list[float] = []

    def take() -> None:
        start.wait()
        try:
            seconds = budgets._reserve("tiny-1", "read")
            taken.append(clock.now().timestamp() + seconds)
        finally:
            connection.close()

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == 8
    next_slot_at = Budget.objects.get(key="tiny-1:read").next_slot_at.timestamp()
    slots = [next_slot_at - 0.25 * (8 - n) for n in range(8)]
    for slot, at in zip(slots, sorted(taken), strict=True):
        assert slot <= at < slot + 0.25
