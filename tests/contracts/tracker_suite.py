"""What every tracker must do. A subclass names the tracker and its simulated carrier."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from contracts.errors import (
    AuthenticationFailed,
    ErpError,
    MappingError,
    PermissionMissing,
    RateLimited,
    TemporaryError,
)
from contracts.http import HttpClient
from contracts.records import CallRecord, CheckState
from contracts.tracking import ParcelState, TrackedParcel, Tracker, TrackerToken
from tests.simulated_carriers import SimulatedCarriers
from tracking.states import fold

POSTED_AT = dt.datetime(2026, 11, 16, 12, 30, tzinfo=dt.UTC)
# The same at São Paulo, which is how carriers write it.
POSTED_LOCALLY = "2026-11-16T09:30:00"


class Context:
    """A ``TrackerContext`` that writes down what is done with it."""

    def __init__(self, url: str, credentials: Mapping[str, str]) -> None:
        self.http = HttpClient(deadline=1.5)
        self.url = url
        self.credentials = credentials
        self.token: TrackerToken | None = None
        self.calls: list[CallRecord] = []
        self.slots = 0
        self.is_late_by = dt.timedelta()

    def kept_token(self) -> TrackerToken | None:
        return self.token

    def keep_token(self, token: TrackerToken | None) -> None:
        self.token = token

    def take_slot(self) -> None:
        self.slots += 1

    def log_call(self, call: CallRecord) -> None:
        self.calls.append(call)

    def now(self) -> dt.datetime:
        return dt.datetime.now(dt.UTC) + self.is_late_by


class TrackerSuite:
    tracker: Tracker
    carrier: str
    known: str
    other: str
    unknown: str
    secrets: Sequence[str]

    @pytest.fixture
    def context(self, simulated_carriers: SimulatedCarriers) -> Context:
        url = {"correios": simulated_carriers.correios_url, "ssw": simulated_carriers.ssw_url}[self.carrier]
        return Context(url, simulated_carriers.contract if self.tracker.credential_fields else {})

    @pytest.fixture
    def carriers(self, simulated_carriers: SimulatedCarriers) -> SimulatedCarriers:
        simulated_carriers.add_parcel(self.known, self.carrier)
        return simulated_carriers

    def track(self, context: Context, key: str = "") -> TrackedParcel:
        (parcel,) = self.tracker.track(context, [key or self.known])
        return parcel

    def break_tracking(self, carriers: SimulatedCarriers, kind: str, **fields: Any) -> None:
        carriers.add_fault(kind, carrier=self.carrier, route="track", **fields)

    # --- what is told ---

    def test_a_parcel_is_told_from_its_posting_to_the_door(
        self, context: Context, carriers: SimulatedCarriers
    ) -> None:
        carriers.advance(self.known, 5, carrier=self.carrier, at=POSTED_LOCALLY)

        folded = fold(self.track(context).events)

        assert folded.state == ParcelState.DELIVERED
        assert folded.posted_at == POSTED_AT
        assert folded.delivered_at == POSTED_AT + dt.timedelta(hours=4)
        assert folded.last_event is not None
        assert folded.last_event.place == "CURITIBA/PR"

    def test_each_state_on_the_way_is_told(self, context: Context, carriers: SimulatedCarriers) -> None:
        seen = []
        for _ in range(5):
            carriers.advance(self.known, carrier=self.carrier)
            seen.append(fold(self.track(context).events).state)

        assert seen == [
            ParcelState.POSTED,
            ParcelState.IN_TRANSIT,
            ParcelState.IN_TRANSIT,
            ParcelState.OUT_FOR_DELIVERY,
            ParcelState.DELIVERED,
        ]

    @pytest.mark.parametrize(
        ("story", "state"), [("returned", ParcelState.RETURNED), ("lost", ParcelState.LOST)]
    )
    def test_what_does_not_arrive_is_told(
        self, context: Context, carriers: SimulatedCarriers, story: str, state: ParcelState
    ) -> None:
        carriers.add_parcel(self.other, self.carrier, story=story, steps=9)

        assert fold(self.track(context, self.other).events).state == state

    def test_a_batch_is_answered_key_by_key_in_its_order(
        self, context: Context, carriers: SimulatedCarriers
    ) -> None:
        carriers.add_parcel(self.other, self.carrier, steps=1)
        keys = [self.unknown, self.other, self.known]

        answers = self.tracker.track(context, keys)

        assert [(each.key, len(each.events)) for each in answers] == [
            (self.unknown, 0),
            (self.other, 1),
            (self.known, 0),
        ]

    def test_one_that_the_carrier_does_not_know_has_its_sentence_and_no_events(
        self, context: Context, carriers: SimulatedCarriers
    ) -> None:
        parcel = self.track(context, self.unknown)

        assert parcel.events == ()
        assert parcel.note

    @pytest.mark.parametrize(
        "kind", ["twice", "oldest_first", "newest_first", "zoned_dates", "brazilian_dates"]
    )
    def test_what_carriers_vary_changes_nothing(
        self, context: Context, carriers: SimulatedCarriers, kind: str
    ) -> None:
        carriers.advance(self.known, 4, carrier=self.carrier, at=POSTED_LOCALLY)
        plain = self.track(context)
        self.break_tracking(carriers, kind)

        told = self.track(context)

        # How its date was written is part of what came, and of nothing else.
        assert {event.identity for event in told.events} == {event.identity for event in plain.events}
        assert fold(told.events) == fold(plain.events)

    def test_a_code_that_nobody_knows_is_a_sign_of_life_with_its_own_text(
        self, context: Context, carriers: SimulatedCarriers
    ) -> None:
        carriers.advance(self.known, carrier=self.carrier)
        self.break_tracking(carriers, "new_code")

        folded = fold(self.track(context).events)

        assert folded.state == ParcelState.IN_TRANSIT
        assert folded.last_event is not None
        assert "NINGUEM DOCUMENTOU" in folded.last_event.text.upper().replace("É", "E")

    def test_no_events_are_no_error(self, context: Context, carriers: SimulatedCarriers) -> None:
        carriers.advance(self.known, 3, carrier=self.carrier)
        self.break_tracking(carriers, "no_events")

        assert self.track(context).events == ()

    # --- what goes wrong ---

    @pytest.mark.parametrize(
        ("kind", "error", "reason"),
        [
            ("forbidden", PermissionMissing, "permission_missing"),
            ("server_error", TemporaryError, "unstable"),
            ("html", TemporaryError, "unreadable_answer"),
            ("garbage", TemporaryError, "unreadable_answer"),
            ("empty_body", TemporaryError, "unreadable_answer"),
            ("unknown_shape", MappingError, "unexpected_answer"),
        ],
    )
    def test_a_failure_says_what_it_is(
        self, context: Context, carriers: SimulatedCarriers, kind: str, error: type[ErpError], reason: str
    ) -> None:
        self.break_tracking(carriers, kind)

        with pytest.raises(error) as caught:
            self.track(context)

        assert type(caught.value) is error
        assert caught.value.code == f"{self.tracker.key}.{reason}"
        explanation = self.tracker.explain(caught.value.code, caught.value.params)
        assert explanation is not None
        assert "?" not in explanation.title + explanation.detail

    @pytest.mark.parametrize(
        ("kind", "value", "code"), [("slow", 4, "http.timeout"), ("half_body", 0, "http.interrupted")]
    )
    def test_an_answer_that_does_not_come_whole_is_asked_for_later(
        self, context: Context, carriers: SimulatedCarriers, kind: str, value: float, code: str
    ) -> None:
        self.break_tracking(carriers, kind, value=value)

        with pytest.raises(TemporaryError) as caught:
            self.track(context)

        assert caught.value.code == code
        assert context.calls[-1].error == code
        assert self.tracker.explain(code, {}) is not None

    @pytest.mark.parametrize(("seconds", "wait"), [(90, 90), (0, 60)])
    def test_a_pause_is_kept_as_long_as_it_was_asked_for(
        self, context: Context, carriers: SimulatedCarriers, seconds: float, wait: float
    ) -> None:
        self.break_tracking(carriers, "too_many", value=seconds)

        with pytest.raises(RateLimited) as caught:
            self.track(context)

        assert caught.value.retry_after == wait
        assert self.track(context).key == self.known

    # --- budget, records, «Testar» ---

    def test_each_call_takes_a_slot_and_leaves_a_record_without_secrets(
        self, context: Context, carriers: SimulatedCarriers
    ) -> None:
        self.track(context)
        self.track(context, self.unknown)
        for kind in ("unauthorized", "forbidden", "server_error"):
            self.break_tracking(carriers, kind, times=2)
            with pytest.raises(ErpError):
                self.track(context)
            carriers.clear_faults()

        assert context.slots == len(context.calls) == sum(carriers.count_calls().values())
        written = repr(context.calls)
        secrets = [*self.secrets, *context.credentials.values()]
        if context.token is not None:
            secrets.append(context.token.value)
        for secret in secrets:
            assert secret not in written

    def test_a_check_says_step_by_step_what_works(
        self, context: Context, carriers: SimulatedCarriers
    ) -> None:
        steps = list(self.tracker.check(context))

        assert [(step.key, step.title) for step in steps] == list(self.tracker.checks)
        assert {step.state for step in steps} == {CheckState.OK}

    def test_a_check_ends_with_what_fails_and_says_what_to_do(
        self, context: Context, carriers: SimulatedCarriers
    ) -> None:
        self.break_tracking(carriers, "forbidden")
        *_, refused = self.tracker.check(context)
        self.break_tracking(carriers, "server_error")
        *_, passing = self.tracker.check(context)

        assert (refused.state, refused.is_fatal) == (CheckState.FAILURE, True)
        assert refused.detail
        assert refused.remedy
        assert passing.state == CheckState.WARNING

    def test_an_unauthorized_call_is_no_silence(self, context: Context, carriers: SimulatedCarriers) -> None:
        self.break_tracking(carriers, "unauthorized", times=0)

        with pytest.raises((AuthenticationFailed, MappingError)):
            self.track(context)
