"""Intervals in which nobody could be told anything become outages; nothing else does."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction

from accounts import clock
from tests.processes import Stack, wait_until
from tests.simulated_tiny import find_free_port
from tests.webhooks.test_endpoint import postgresql_away
from webhooks import pulse
from webhooks.models import IngestOutage, IngestPulse
from webhooks.pulse import Witness, beat, find_outage
from webhooks.services.outages import is_doubtful, take_outages

pytestmark = pytest.mark.django_db(transaction=True)

NOON = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)
SECOND = dt.timedelta(seconds=1)
HOUR = dt.timedelta(hours=1)


def test_the_first_beat_is_before_the_first_notification(monkeypatch: pytest.MonkeyPatch) -> None:
    """And a server that starts without PostgreSQL starts."""
    monkeypatch.setattr(pulse.threading, "Thread", lambda **_: SimpleNamespace(start=lambda: None))
    with postgresql_away():
        pulse.start()
    assert not IngestPulse.objects.exists()
    pulse.start()
    assert IngestPulse.objects.count() == 1


# --- the decision ---


@pytest.mark.parametrize(
    ("former", "own", "refusal", "started"),
    [
        # The first beat ever, and the usual one.
        (None, None, None, None),
        (NOON - 5 * SECOND, 5.0, None, None),
        # Another process lived while this one did not.
        (NOON - 5 * SECOND, None, None, None),
        (NOON - 5 * SECOND, 600.0, None, None),
        # Nobody lived: a restart, or all of them hung.
        (NOON - 16 * SECOND, None, None, NOON - 16 * SECOND),
        (NOON - 16 * SECOND, 16.0, None, NOON - 16 * SECOND),
        # At the limit it may be a busy machine.
        (NOON - 15 * SECOND, None, None, None),
        # This process lived, so somebody moved the clock, forwards or back.
        (NOON - 48 * HOUR, 5.0, None, None),
        (NOON + 48 * HOUR, 5.0, None, None),
        (NOON + 48 * HOUR, None, None, None),
        # It lived and answered 503, however short a time.
        (NOON - 5 * SECOND, 5.0, 0.2, NOON - 0.2 * SECOND),
        (None, None, 2.0, NOON - 2 * SECOND),
        # Both: since the earlier of them.
        (NOON - 60 * SECOND, 60.0, 58.0, NOON - 60 * SECOND),
        (NOON - 60 * SECOND, 60.0, 64.0, NOON - 64 * SECOND),
    ],
)
def test_since_when_there_was_an_outage(
    former: dt.datetime | None, own: float | None, refusal: float | None, started: dt.datetime | None
) -> None:
    found = find_outage(former, NOON, since_own_beat=own, since_refusal=refusal, longest_gap=15 * SECOND)

    assert found == started


# --- beats ---


def outages() -> list[IngestOutage]:
    return list(IngestOutage.objects.order_by("id"))


def set_former(ago: dt.timedelta) -> dt.datetime:
    at = clock.now() - ago
    IngestPulse.objects.update_or_create(name="web", defaults={"at": at})
    return at


def test_a_beat_notes_the_time_in_the_one_row() -> None:
    before = clock.now()
    beat(Witness())
    beat(Witness())

    (pulse,) = IngestPulse.objects.all()
    assert before < pulse.at < clock.now()
    assert outages() == []


def test_a_process_that_finds_an_old_pulse_notes_the_outage_once() -> None:
    former = set_former(HOUR)
    before = clock.now()
    for witness in (Witness(), Witness(), Witness()):
        beat(witness)

    (outage,) = outages()
    assert outage.started_at == former
    assert before < outage.ended_at < clock.now()
    assert outage.handled_at is None


def test_a_clock_that_was_moved_is_no_outage(move_clock: Callable[[dt.timedelta], None]) -> None:
    witness = Witness()
    beat(witness)
    for hours in (30, -30):
        move_clock(hours * HOUR)
        beat(witness)

    assert outages() == []
    assert abs(IngestPulse.objects.get().at - clock.now()) < 60 * SECOND


def test_refusals_are_told_by_each_process_and_are_one_outage() -> None:
    first, second = Witness(), Witness()
    beat(first)
    beat(second)
    for witness in (first, second):
        witness.note_refusal()
    began = first.refused_at
    first.note_refusal()
    assert first.refused_at == began
    beat(first)
    beat(second)
    beat(first)
    (told,) = outages()
    first.note_refusal()
    beat(first)

    (outage,) = outages()
    assert (outage.pk, outage.started_at) == (told.pk, told.started_at)
    assert told.ended_at < outage.ended_at
    assert outage.started_at < outage.ended_at
    assert (first.refused_at, second.refused_at) == (None, None)


def test_another_outage_is_another_row_once_the_former_is_followed_up() -> None:
    witness = Witness()
    for _ in range(2):
        witness.note_refusal()
        beat(witness)
        take_outages()

    assert [outage.handled_at is None for outage in outages()] == [False, False]


def test_without_postgresql_nothing_is_forgotten() -> None:
    witness = Witness()
    beat(witness)
    witness.note_refusal()
    began = witness.refused_at
    with postgresql_away(), pytest.raises(OperationalError):
        beat(witness)
    assert witness.refused_at == began
    beat(witness)

    assert len(outages()) == 1
    assert witness.refused_at is None


# --- what follows ---


def test_outages_are_taken_once_and_given_back_by_a_rollback() -> None:
    row = IngestOutage.objects.create(started_at=NOON, ended_at=NOON + HOUR)

    with pytest.raises(KeyError), transaction.atomic():
        assert [outage.pk for outage in take_outages()] == [row.pk]
        raise KeyError
    assert [outage.pk for outage in take_outages()] == [row.pk]
    assert take_outages() == []


@pytest.mark.parametrize(
    ("at", "doubtful"),
    [
        (NOON - SECOND, False),
        (NOON + SECOND, True),
        (NOON + HOUR, True),
        (NOON + 16 * HOUR, True),
        (NOON + 17 * HOUR - SECOND, True),
        (NOON + 17 * HOUR, False),
    ],
)
@pytest.mark.parametrize("handled_at", [None, NOON + HOUR])
def test_what_may_be_a_late_repetition(
    at: dt.datetime, doubtful: bool, handled_at: dt.datetime | None
) -> None:
    IngestOutage.objects.create(started_at=NOON, ended_at=NOON + HOUR, handled_at=handled_at)

    assert is_doubtful(at) is doubtful


# --- the real web server ---


def test_the_web_server_notes_that_it_was_away(stack: Stack) -> None:
    former = set_former(HOUR)
    port = find_free_port()
    stack.start("-m", "config.serve", "--port", str(port), WEBHOOK_PULSE_SECONDS="0.1")

    wait_until(outages)
    first = wait_until(lambda: IngestPulse.objects.get().at)
    wait_until(lambda: IngestPulse.objects.get().at > first)
    assert [outage.started_at for outage in outages()] == [former]


def test_it_beats_on_after_its_connection_broke(stack: Stack, process_database: Any) -> None:
    port = find_free_port()
    stack.start("-m", "config.serve", "--port", str(port), WEBHOOK_PULSE_SECONDS="0.1")
    first = wait_until(lambda: IngestPulse.objects.values_list("at", flat=True).first())
    # The first beat has a connection of its own, which is closed by now or soon.
    wait_until(lambda: IngestPulse.objects.get().at > first)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid, 10000)) FROM pg_stat_activity"
            " WHERE datname = %s AND usename = current_user AND pid <> pg_backend_pid()",
            [process_database.name],
        )
        assert cursor.fetchone()[0] >= 1
    since = clock.now()

    wait_until(lambda: IngestPulse.objects.get().at > since)
