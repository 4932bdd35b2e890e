"""One spaced slot per account: nobody is early, nobody waits longer than needed, none is wasted."""

from __future__ import annotations

import datetime as dt
import threading
from typing import Any

import pytest
from django.db import connection, transaction

from accounts import clock
from jobs import budgets
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
