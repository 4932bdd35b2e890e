"""Correios behind the port, and what is theirs alone: contract, token, batches, retractions."""

from __future__ import annotations

import datetime as dt

import pytest

from contracts.errors import AuthenticationFailed, MappingError, PermissionMissing, TemporaryError
from contracts.records import CheckState
from contracts.tracking import ParcelState, TrackerToken
from tests.contracts.tracker_suite import Context, TrackerSuite
from tests.simulated_carriers import SimulatedCarriers
from tracking.states import fold
from tracking.trackers.correios import TOKEN_LIFETIME, CorreiosTracker, _read_expiry

NOW = dt.datetime(2026, 11, 23, 15, 0, tzinfo=dt.UTC)


class TestCorreios(TrackerSuite):
    tracker = CorreiosTracker()
    carrier = "correios"
    known = "AD778124948BR"
    other = "AP321801328BR"
    unknown = "QQ588651634BR"
    secrets = ()

    def test_the_service_the_expected_day_and_the_way_are_told(
        self, context: Context, simulated_carriers: SimulatedCarriers
    ) -> None:
        event = {"code": "DO 01", "text": "Objeto encaminhado", "place": "CAJAMAR/SP", "to": "CURITIBA/PR"}
        simulated_carriers.add_parcel(self.known, events=[event], expected_on="2026-11-27")

        parcel = self.track(context)

        assert (parcel.service, parcel.expected_on) == ("SEDEX", dt.date(2026, 11, 27))
        assert [(e.code, e.place, e.detail) for e in parcel.events] == [
            ("DO 01", "CAJAMAR/SP", "para CURITIBA/PR")
        ]

    def test_a_code_is_asked_for_in_capitals_and_answered_as_it_was_written(
        self, context: Context, carriers: SimulatedCarriers
    ) -> None:
        carriers.advance(self.known)

        parcel = self.track(context, "ad 778124948 br")

        assert (parcel.key, len(parcel.events)) == ("ad 778124948 br", 1)

    def test_a_delivery_that_was_taken_back_is_none(
        self, context: Context, simulated_carriers: SimulatedCarriers
    ) -> None:
        simulated_carriers.add_parcel(self.known, story="retracted", steps=3)
        assert fold(self.track(context).events).state == ParcelState.DELIVERED

        simulated_carriers.advance(self.known)
        folded = fold(self.track(context).events)

        assert (folded.state, folded.delivered_at) == (ParcelState.OUT_FOR_DELIVERY, None)
        assert len(folded.retracted) == 2

    def test_fifty_codes_are_one_call(self, context: Context, simulated_carriers: SimulatedCarriers) -> None:
        codes = [f"AA{number:09}BR" for number in range(self.tracker.batch_size)]
        simulated_carriers.add_parcel(codes[7], steps=1)

        answers = self.tracker.track(context, codes)

        assert [each.key for each in answers] == codes
        assert [place for place, each in enumerate(answers) if each.events] == [7]
        assert simulated_carriers.count_calls() == {"correios token": 1, "correios track": 1}

    # --- the token ---

    def test_one_token_serves_until_shortly_before_its_end(
        self, context: Context, carriers: SimulatedCarriers
    ) -> None:
        self.track(context)
        self.track(context)
        assert carriers.count_calls() == {"correios token": 1, "correios track": 2}

        context.is_late_by = dt.timedelta(minutes=54)
        self.track(context)
        assert carriers.count_calls()["correios token"] == 1

        context.is_late_by = dt.timedelta(minutes=56)
        self.track(context)
        assert carriers.count_calls()["correios token"] == 2

    def test_the_token_ends_when_correios_say_at_their_clock(
        self, context: Context, carriers: SimulatedCarriers
    ) -> None:
        self.track(context)

        assert context.token is not None
        remaining = context.token.expires_at - context.now()
        assert dt.timedelta(minutes=59) < remaining <= dt.timedelta(hours=1)

    def test_a_token_that_died_early_is_renewed_once(
        self, context: Context, carriers: SimulatedCarriers
    ) -> None:
        self.track(context)
        carriers.revoke_tokens()

        assert self.track(context).key == self.known
        assert carriers.count_calls() == {"correios token": 2, "correios track": 3}

    def test_who_refuses_a_new_token_too_wants_a_person(
        self, context: Context, carriers: SimulatedCarriers
    ) -> None:
        self.track(context)
        carriers.clear_calls()
        carriers.add_fault("unauthorized", carrier="correios", route="track", times=0)

        with pytest.raises(AuthenticationFailed) as caught:
            self.track(context)

        assert caught.value.code == "correios.access_refused"
        assert carriers.count_calls() == {"correios token": 1, "correios track": 2}
        assert context.token is None

    @pytest.mark.parametrize(
        ("field", "code"),
        [
            ("user", "correios.credentials_refused"),
            ("access_code", "correios.credentials_refused"),
            ("posting_card", "correios.card_refused"),
        ],
    )
    def test_a_contract_that_is_wrong_says_where(
        self, context: Context, carriers: SimulatedCarriers, field: str, code: str
    ) -> None:
        context.credentials = {**context.credentials, field: "errado"}

        with pytest.raises(AuthenticationFailed) as caught:
            self.track(context)
        (step,) = self.tracker.check(context)

        assert caught.value.code == code
        assert (step.title, step.state, step.action) == (
            "Contrato",
            CheckState.FAILURE,
            "edit_credentials",
        )
        assert context.token is None

    def test_a_contract_without_tracking_is_told_apart_from_a_wrong_one(
        self, context: Context, carriers: SimulatedCarriers
    ) -> None:
        context.credentials = {"user": "outra", "access_code": "código", "posting_card": "1"}
        carriers.add_contract(**context.credentials, may_track=False)

        with pytest.raises(PermissionMissing):
            self.track(context)
        contract, tracking = self.tracker.check(context)

        assert (contract.state, tracking.state) == (CheckState.OK, CheckState.FAILURE)
        assert tracking.detail == "Seu contrato com os Correios não libera o rastreamento"

    @pytest.mark.parametrize(
        ("kind", "error"),
        [("server_error", TemporaryError), ("html", TemporaryError), ("unknown_shape", MappingError)],
    )
    def test_trouble_with_the_token_says_nothing_against_the_contract(
        self, context: Context, carriers: SimulatedCarriers, kind: str, error: type[Exception]
    ) -> None:
        kept = TrackerToken("old", NOW)
        context.token = kept
        carriers.add_fault(kind, carrier="correios", route="token")

        with pytest.raises(error):
            self.track(context)

        assert context.token == kept

    def test_a_token_shows_itself_to_nobody(self) -> None:
        assert "secret" not in repr(TrackerToken("secret", NOW))


@pytest.mark.parametrize(
    ("answer", "expires_at"),
    [
        ({"expiraEm": "2026-11-23T13:00:00", "zoneOffset": "-03:00"}, NOW + dt.timedelta(hours=1)),
        ({"expiraEm": "2026-11-23T12:00:00", "zoneOffset": "-04:00"}, NOW + dt.timedelta(hours=1)),
        ({"expiraEm": "2026-11-23T13:00:00"}, NOW + dt.timedelta(hours=1)),
        ({"expiraEm": "2026-11-23T16:00:00Z", "zoneOffset": "-03:00"}, NOW + dt.timedelta(hours=1)),
        ({"expiraEm": "2026-11-23T11:00:00", "zoneOffset": "-03:00"}, NOW + TOKEN_LIFETIME),
        ({"expiraEm": "amanhã"}, NOW + TOKEN_LIFETIME),
        ({"expiraEm": "2026-11-23T13:00:00", "zoneOffset": "Brasília"}, NOW + TOKEN_LIFETIME),
        ({}, NOW + TOKEN_LIFETIME),
    ],
)
def test_when_a_token_ends(answer: dict[str, str], expires_at: dt.datetime) -> None:
    assert _read_expiry(answer, NOW) == expires_at
