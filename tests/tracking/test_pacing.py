"""When a parcel is asked for again, and which ones are worth a look."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings as django_settings

from accounts.models import Organization
from accounts.tenancy import tenant
from contracts.tracking import ParcelState
from tests.accounts.schema import insert
from tracking.identification import ClueWarning, Reason
from tracking.lateness import QUIET_DAYS, Lateness, find_lateness, is_late, is_quiet
from tracking.models import EndReason, Parcel
from tracking.pacing import ENDED, find_next_ask, is_silent
from tracking.sentences import HISTORY, REASONS, WARNINGS, describe_asking

NOW = dt.datetime(2026, 11, 23, 15, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
HOUR = dt.timedelta(hours=1)


def make(state: ParcelState = ParcelState.IN_TRANSIT, **changes: Any) -> Any:
    values = {
        "state": state,
        "since_at": NOW - 20 * DAY,
        "state_at": NOW - HOUR,
        "last_event_at": NOW - HOUR,
        "ended_at": None,
        "end_reason": "",
        "expected_on": None,
        "next_ask_at": None,
        "asked_at": None,
        "failing_code": "",
        "takes_word": False,
        "tracker": "correios",
        "carrier_key": "correios",
    }
    return SimpleNamespace(**(values | changes))


def hours(parcel: Any) -> float | None:
    at = find_next_ask(parcel, NOW)
    return None if at is None else (at - NOW) / HOUR


def test_every_state_that_goes_on_has_its_pace() -> None:
    assert set(django_settings.PARCEL_SECONDS) == {str(state) for state in ParcelState if state not in ENDED}


@pytest.mark.parametrize(
    ("state", "young", "days", "old"),
    [
        (ParcelState.PENDING, 1, 3, 12),
        (ParcelState.POSTED, 4, 10, 12),
        (ParcelState.IN_TRANSIT, 4, 10, 12),
        (ParcelState.OUT_FOR_DELIVERY, 0.5, 2, 4),
        (ParcelState.DELIVERY_FAILED, 4, 10, 12),
        (ParcelState.AVAILABLE_FOR_PICKUP, 4, 10, 12),
        (ParcelState.EXCEPTION, 6, 10, 12),
        (ParcelState.LOST, 24, 1, 24),
    ],
)
def test_the_longer_a_state_lasts_the_less_is_asked(
    state: ParcelState, young: float, days: int, old: float
) -> None:
    assert hours(make(state)) == young
    assert hours(make(state, state_at=NOW - days * DAY + HOUR)) == young
    assert hours(make(state, state_at=NOW - days * DAY)) == old
    assert hours(make(state, state_at=None, since_at=NOW - days * DAY)) == old


@pytest.mark.parametrize(
    ("state", "ended_hours_ago", "expected"),
    [
        (ParcelState.DELIVERED, 0, 24),
        (ParcelState.DELIVERED, 23, 1),
        (ParcelState.DELIVERED, 24, None),
        (ParcelState.RETURNED, 0, 24),
        (ParcelState.CANCELLED, 0, None),
        (ParcelState.EXPIRED, 0, None),
        (ParcelState.LOST, 0, None),
    ],
)
def test_what_has_ended_is_looked_at_once_more_or_not_at_all(
    state: ParcelState, ended_hours_ago: int, expected: float | None
) -> None:
    assert hours(make(state, ended_at=NOW - ended_hours_ago * HOUR)) == expected


def test_a_fixed_pace_is_for_the_demo(settings: Any) -> None:
    settings.PARCEL_ASK_SECONDS = 2.0
    assert find_next_ask(make(ParcelState.PENDING), NOW) == NOW + dt.timedelta(seconds=2)


def test_silence_begins_with_the_last_news_or_with_following() -> None:
    quiet = {"since_at": NOW - 90 * DAY, "last_event_at": NOW - 30 * DAY}
    assert is_silent(make(ParcelState.IN_TRANSIT, **quiet), NOW)
    assert not is_silent(make(ParcelState.IN_TRANSIT, **quiet | {"last_event_at": NOW - 29 * DAY}), NOW)
    assert not is_silent(make(ParcelState.IN_TRANSIT, **quiet | {"since_at": NOW - 29 * DAY}), NOW)
    assert is_silent(make(ParcelState.PENDING, since_at=NOW - 30 * DAY, last_event_at=None), NOW)
    assert not is_silent(make(ParcelState.LOST, **quiet | {"last_event_at": NOW - 59 * DAY}), NOW)
    assert is_silent(make(ParcelState.LOST, **quiet | {"last_event_at": NOW - 60 * DAY}), NOW)


# --- lateness ---


LATE = [
    # 15h UTC on the 23rd is noon of the 23rd in São Paulo.
    (make(ParcelState.IN_TRANSIT, expected_on=dt.date(2026, 11, 23)), Lateness()),
    (make(ParcelState.IN_TRANSIT, expected_on=dt.date(2026, 11, 20)), Lateness(days_late=3)),
    (make(ParcelState.DELIVERY_FAILED), Lateness(has_failed_attempt=True)),
    (make(ParcelState.AVAILABLE_FOR_PICKUP, expected_on=dt.date(2026, 11, 1)), Lateness()),
    (make(ParcelState.RETURNING, expected_on=dt.date(2026, 11, 1)), Lateness()),
    (make(ParcelState.DELIVERED, expected_on=dt.date(2026, 11, 1), ended_at=NOW), Lateness()),
    (make(ParcelState.IN_TRANSIT, last_event_at=NOW - 5 * DAY), Lateness(quiet_days=5)),
    (make(ParcelState.IN_TRANSIT, last_event_at=NOW - 5 * DAY + HOUR), Lateness(quiet_days=4)),
    (make(ParcelState.PENDING, last_event_at=None), Lateness(quiet_days=20)),
    (make(ParcelState.AVAILABLE_FOR_PICKUP, last_event_at=NOW - 9 * DAY), Lateness()),
    (make(ParcelState.IN_TRANSIT, last_event_at=NOW - 9 * DAY, ended_at=NOW), Lateness()),
]


@pytest.mark.parametrize(("parcel", "expected"), LATE)
def test_who_is_late_or_stands_still(parcel: Any, expected: Lateness) -> None:
    assert find_lateness(parcel, NOW) == expected


def test_a_day_begins_in_sao_paulo() -> None:
    parcel = make(ParcelState.IN_TRANSIT, expected_on=dt.date(2026, 11, 23))
    night = dt.datetime(2026, 11, 24, 2, 59, tzinfo=dt.UTC)
    assert find_lateness(parcel, night).days_late == 0
    assert find_lateness(parcel, night + dt.timedelta(minutes=1)).days_late == 1


@pytest.mark.django_db
@pytest.mark.parametrize(("parcel", "expected"), LATE)
def test_the_lists_find_whom_the_rule_names(
    organization: Organization, parcel: Any, expected: Lateness
) -> None:
    names = ("state", "since_at", "last_event_at", "ended_at", "expected_on")
    insert(Parcel, organization, **{name: getattr(parcel, name) for name in names})
    with tenant(organization):
        assert Parcel.objects.filter(is_late(NOW)).exists() == expected.is_late
        assert Parcel.objects.filter(is_quiet(NOW)).exists() == expected.is_quiet
    assert expected.is_quiet == (expected.quiet_days >= QUIET_DAYS)


# --- sentences ---


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"next_ask_at": NOW + HOUR}, "Consultamos de novo às 13:00."),
        ({"next_ask_at": NOW - HOUR}, "Consultamos de novo agora."),
        ({"next_ask_at": NOW + DAY}, "Consultamos de novo amanhã às 12:00."),
        ({"next_ask_at": NOW + 3 * DAY}, "Consultamos de novo em 26/11 às 12:00."),
        (
            {"next_ask_at": NOW + HOUR, "failing_code": "correios.unstable"},
            "A última consulta não deu certo. Consultamos de novo às 13:00.",
        ),
        (
            {"state": ParcelState.PENDING, "asked_at": NOW, "next_ask_at": NOW + HOUR},
            "A transportadora ainda não sabe deste pacote. Consultamos de novo às 13:00.",
        ),
        (
            {"takes_word": True},
            "Sem contrato com a transportadora, o estado vem da situação no Tiny.",
        ),
        (
            {"takes_word": True, "tracker": ""},
            "Esta transportadora não responde a sistemas: o estado vem da situação no Tiny.",
        ),
        (
            {"takes_word": True, "tracker": "", "carrier_key": ""},
            "Até alguém dizer qual é a transportadora, o estado vem da situação no Tiny.",
        ),
        (
            {"ended_at": NOW, "end_reason": EndReason.ARRIVED, "next_ask_at": NOW + DAY},
            "Consultamos uma última vez amanhã às 12:00.",
        ),
        (
            {"ended_at": NOW, "end_reason": EndReason.ORDER_CANCELLED},
            "Não consultamos mais: o pedido foi cancelado.",
        ),
    ],
)
def test_what_happens_by_itself_is_said(changes: dict[str, Any], expected: str) -> None:
    assert describe_asking(make(**changes), NOW) == expected


def test_a_refused_contract_is_what_is_waited_for() -> None:
    parcel = make(ParcelState.IN_TRANSIT, next_ask_at=NOW + HOUR)
    assert (
        describe_asking(parcel, NOW, is_refused=True)
        == "As consultas esperam o contrato com a transportadora ser corrigido."
    )


def test_every_line_of_a_history_has_its_sentence() -> None:
    told = (Path(django_settings.BASE_DIR) / "tracking/services/accounts.py").read_text()
    assert set(re.findall(r'"(tracking\.[a-z_]+)"', told)) - {"tracking.credentials"} == set(HISTORY)


def test_every_reason_and_warning_and_ending_has_its_sentence() -> None:
    assert set(REASONS) == {reason.value for reason in Reason}
    assert set(WARNINGS) == {warning.value for warning in ClueWarning}
    for reason in EndReason:
        assert describe_asking(make(ParcelState.IN_TRANSIT, ended_at=NOW, end_reason=reason), NOW)
