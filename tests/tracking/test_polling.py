"""Carriers are asked for parcels: in batches, within limits, until they have arrived, and nothing is lost."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from accounts import clock
from accounts.tenancy import tenant
from contracts.tracking import ParcelState
from jobs import budgets
from jobs.models import Budget, JobStatus
from tests.simulated_carriers import SimulatedCarriers, at
from tests.tracking.companies import Shipper, make_code, minutes_to_next
from tracking import services, sync
from tracking.identification import Clues
from tracking.models import AccountState, EndReason

pytestmark = pytest.mark.django_db

RunJobs = Callable[[], int]
MoveClock = Callable[[dt.timedelta], None]
HOUR = dt.timedelta(hours=1)


def test_a_parcel_is_followed_from_its_code_to_the_door(
    shipper: Shipper,
    neighbour: Shipper,
    contract: Mapping[str, str],
    simulated_carriers: SimulatedCarriers,
    run_jobs: RunJobs,
    move_clock: MoveClock,
) -> None:
    code = make_code(1)
    simulated_carriers.add_parcel(code, story="delivered")
    shipper.sign(contract)
    other = neighbour.follow(code)
    parcel = shipper.follow(code)
    before = neighbour.rows()
    begin = clock.now()

    run_jobs()
    asked = shipper.read(parcel)
    assert (asked.carrier_key, asked.tracker, asked.takes_word) == ("correios", "correios", False)
    assert (asked.state, asked.ended_at, shipper.told()) == (ParcelState.PENDING, None, [])
    assert minutes_to_next(asked) == 60

    seen = []
    for _ in range(5):
        simulated_carriers.advance(code, at=at(clock.now()))
        move_clock(5 * HOUR)
        run_jobs()
        row = shipper.read(parcel)
        seen.append((row.state, minutes_to_next(row), row.is_followed))

    assert seen == [
        (ParcelState.POSTED, 240, True),
        (ParcelState.IN_TRANSIT, 240, True),
        (ParcelState.IN_TRANSIT, 240, True),
        (ParcelState.OUT_FOR_DELIVERY, 30, True),
        (ParcelState.DELIVERED, 1440, False),
    ]
    row = shipper.read(parcel)
    assert row.end_reason == EndReason.ARRIVED
    assert row.posted_at is not None and row.posted_at >= begin - dt.timedelta(minutes=1)
    assert row.delivered_at == row.state_at == row.last_event_at
    assert shipper.told() == [parcel.pk] * 4
    assert shipper.events(parcel) == ["PO 01", "RO 01", "DO 01", "OEC 01", "BDE 01"]
    # One last look, and then nobody is asked any more.
    simulated_carriers.clear_calls()
    for _ in range(4):
        move_clock(25 * HOUR)
        run_jobs()
    assert simulated_carriers.count_calls().get("correios track", 0) == 1
    assert shipper.read(parcel).next_ask_at is None
    # The neighbour has no contract: nobody was asked in his name, and nothing of his has moved.
    assert neighbour.rows() == before
    assert (neighbour.read(other).takes_word, neighbour.read(other).next_ask_at) == (True, None)


def test_a_delivery_that_is_taken_back_opens_the_parcel_again(
    shipper: Shipper,
    contract: Mapping[str, str],
    simulated_carriers: SimulatedCarriers,
    run_jobs: RunJobs,
    move_clock: MoveClock,
) -> None:
    code = make_code(2)
    simulated_carriers.add_parcel(code, story="retracted")
    simulated_carriers.advance(code, 3, at=at(clock.now() - 6 * HOUR))
    shipper.sign(contract)
    parcel = shipper.follow(code)
    run_jobs()
    assert (shipper.read(parcel).state, shipper.read(parcel).is_followed) == (ParcelState.DELIVERED, False)

    simulated_carriers.advance(code, 1, at=at(clock.now()))
    move_clock(25 * HOUR)
    run_jobs()

    row = shipper.read(parcel)
    assert (row.state, row.ended_at, row.end_reason) == (ParcelState.OUT_FOR_DELIVERY, None, "")
    assert row.delivered_at is None
    assert row.next_ask_at is not None
    assert shipper.told() == [parcel.pk, parcel.pk]
    simulated_carriers.advance(code, 2, at=at(clock.now()))
    move_clock(5 * HOUR)
    run_jobs()
    assert (shipper.read(parcel).state, shipper.read(parcel).end_reason) == (
        ParcelState.DELIVERED,
        EndReason.ARRIVED,
    )


@pytest.mark.parametrize("order", ["oldest_first", "newest_first", "twice"])
def test_neither_order_nor_repetition_of_what_is_told_matters(
    shipper: Shipper,
    contract: Mapping[str, str],
    simulated_carriers: SimulatedCarriers,
    run_jobs: RunJobs,
    order: str,
) -> None:
    code = make_code(3)
    simulated_carriers.add_parcel(code, story="second_attempt")
    simulated_carriers.advance(code, 4, at=at(clock.now() - 8 * HOUR))
    simulated_carriers.add_fault(order, carrier="correios", route="track", times=0)
    shipper.sign(contract)
    parcel = shipper.follow(code)
    run_jobs()
    assert shipper.ask(parcel) == 1
    run_jobs()

    row = shipper.read(parcel)
    assert (row.state, shipper.events(parcel)) == (
        ParcelState.DELIVERY_FAILED,
        ["PO 01", "RO 01", "OEC 01", "BDE 20"],
    )
    assert shipper.told() == [parcel.pk]


def test_many_parcels_are_asked_for_in_batches(
    shipper: Shipper,
    contract: Mapping[str, str],
    simulated_carriers: SimulatedCarriers,
    run_jobs: RunJobs,
) -> None:
    shipper.sign(contract)
    run_jobs()
    simulated_carriers.clear_calls()
    parcels = [shipper.follow(make_code(number)) for number in range(100, 220)]

    run_jobs()

    # Fifty a call, and one job for all of them.
    assert simulated_carriers.count_calls()["correios track"] == 3
    assert all(shipper.read(parcel).asked_at is not None for parcel in parcels)
    assert len(shipper.jobs("poll_parcels", JobStatus.DONE)) == 2
    assert run_jobs() == 0


@pytest.mark.parametrize("place", ["_ask", "_record", "save_step"])
def test_a_worker_that_dies_while_it_polls_loses_nothing(
    shipper: Shipper,
    contract: Mapping[str, str],
    simulated_carriers: SimulatedCarriers,
    run_jobs: RunJobs,
    move_clock: MoveClock,
    monkeypatch: pytest.MonkeyPatch,
    place: str,
) -> None:
    """After any line its successor asks again, and what was recorded is recorded once."""
    codes = [make_code(number) for number in (5, 6)]
    for code in codes:
        simulated_carriers.add_parcel(code, story="delivered")
        simulated_carriers.advance(code, 5, at=at(clock.now() - 8 * HOUR))
    shipper.sign(contract)
    run_jobs()
    parcels = [shipper.follow(code) for code in codes]

    class Killed(BaseException):
        pass

    owner: Any = sync.JobContext if place == "save_step" else sync
    former = getattr(owner, place)

    def die_after(*args: Any, **kwargs: Any) -> None:
        former(*args, **kwargs)
        raise Killed

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(owner, place, die_after)
        run_jobs()
    move_clock(dt.timedelta(seconds=10))
    run_jobs()

    for parcel in parcels:
        assert shipper.read(parcel).state == ParcelState.DELIVERED
        assert shipper.events(parcel) == ["PO 01", "RO 01", "DO 01", "OEC 01", "BDE 01"]
    assert sorted(shipper.told()) == [parcel.pk for parcel in parcels]


def test_one_token_serves_until_it_ends_and_is_sealed(
    shipper: Shipper,
    contract: Mapping[str, str],
    simulated_carriers: SimulatedCarriers,
    run_jobs: RunJobs,
) -> None:
    shipper.sign(contract)
    run_jobs()
    simulated_carriers.clear_calls()
    for number in (10, 11):
        shipper.follow(make_code(number))
        run_jobs()
    assert simulated_carriers.count_calls() == {"correios track": 2}
    account = shipper.account
    assert contract["access_code"] not in account.credentials
    assert account.get_secret("token") not in account.token
    # A token that is taken away is asked for again, and nobody notices.
    simulated_carriers.revoke_tokens()
    parcel = shipper.follow(make_code(12))
    run_jobs()
    assert shipper.read(parcel).asked_at is not None
    assert shipper.account.state == AccountState.OK


def test_companies_with_the_same_contract_share_its_limit(
    shipper: Shipper,
    neighbour: Shipper,
    contract: Mapping[str, str],
    simulated_carriers: SimulatedCarriers,
    run_jobs: RunJobs,
    settings: Any,
) -> None:
    shipper.sign(contract)
    neighbour.sign(contract)
    assert shipper.account.budget_key == neighbour.account.budget_key
    assert shipper.channel().budget_key == neighbour.channel().budget_key == shipper.account.budget_key
    assert not any(value in shipper.account.budget_key for value in contract.values())
    neighbour.sign(contract | {"posting_card": "0000000001"})
    assert shipper.account.budget_key != neighbour.account.budget_key
    run_jobs()
    # As many a minute as the tracker says, whatever another carrier or ERP allows.
    assert Budget.objects.get(key=f"{shipper.account.budget_key}:read").per_minute == 60
    with tenant(shipper.organization):
        budgets.stop_until(shipper.account.budget_key, clock.now() + HOUR)
    neighbour.sign(contract)
    parcel = neighbour.follow(make_code(13))
    settings.SLOT_SPACING_SECONDS = None
    run_jobs()
    assert neighbour.read(parcel).asked_at is None


def test_a_carrier_that_asks_to_wait_is_left_alone(
    shipper: Shipper,
    contract: Mapping[str, str],
    simulated_carriers: SimulatedCarriers,
    run_jobs: RunJobs,
    move_clock: MoveClock,
) -> None:
    shipper.sign(contract)
    run_jobs()
    simulated_carriers.add_fault("too_many", carrier="correios", route="track", value=600)
    parcel = shipper.follow(make_code(14))
    run_jobs()
    simulated_carriers.clear_calls()
    run_jobs()
    assert simulated_carriers.count_calls() == {}
    assert shipper.read(parcel).failing_code == ""

    move_clock(dt.timedelta(seconds=605))
    run_jobs()

    assert shipper.read(parcel).asked_at is not None


@pytest.mark.parametrize("kind", ["server_error", "html", "half_body"])
def test_an_answer_that_does_not_come_is_asked_for_again(
    shipper: Shipper,
    contract: Mapping[str, str],
    simulated_carriers: SimulatedCarriers,
    run_jobs: RunJobs,
    move_clock: MoveClock,
    kind: str,
) -> None:
    code = make_code(15)
    simulated_carriers.add_parcel(code, story="delivered")
    simulated_carriers.advance(code, 1, at=at(clock.now() - HOUR))
    shipper.sign(contract)
    run_jobs()
    simulated_carriers.add_fault(kind, carrier="correios", route="track")
    parcel = shipper.follow(code)
    run_jobs()
    failed = shipper.read(parcel)
    assert failed.failing_code != ""
    assert failed.state == ParcelState.PENDING

    move_clock(dt.timedelta(minutes=21))
    run_jobs()

    row = shipper.read(parcel)
    assert (row.state, row.failing_code) == (ParcelState.POSTED, "")


def test_what_cannot_be_read_is_asked_for_by_itself_and_holds_nobody_up(
    shipper: Shipper,
    contract: Mapping[str, str],
    simulated_carriers: SimulatedCarriers,
    run_jobs: RunJobs,
    move_clock: MoveClock,
) -> None:
    shipper.sign(contract)
    run_jobs()
    simulated_carriers.add_fault("unknown_shape", carrier="correios", route="track")
    parcels = [shipper.follow(make_code(number)) for number in (16, 17)]
    run_jobs()
    assert [shipper.read(parcel).failing_code for parcel in parcels] == ["tracking.answer_unreadable"] * 2
    assert shipper.jobs("poll_parcels") == []

    simulated_carriers.clear_calls()
    move_clock(dt.timedelta(minutes=21))
    run_jobs()

    assert simulated_carriers.count_calls()["correios track"] == 2
    assert [shipper.read(parcel).failing_code for parcel in parcels] == ["", ""]


def test_what_a_code_was_used_for_before_is_another_parcel(
    shipper: Shipper,
    contract: Mapping[str, str],
    simulated_carriers: SimulatedCarriers,
    run_jobs: RunJobs,
    move_clock: MoveClock,
) -> None:
    code = make_code(33)
    simulated_carriers.add_parcel(code, story="delivered")
    simulated_carriers.advance(code, 5, at=at(clock.now() - dt.timedelta(days=400)))
    shipper.sign(contract)
    counts_from = clock.today() - dt.timedelta(days=30)
    with tenant(shipper.organization):
        clues = Clues(tracking_code=code, shipping_method="SEDEX", counts_from=counts_from)
        parcel = services.follow_parcel(clues=clues, now=clock.now())
    run_jobs()

    row = shipper.read(parcel)
    assert (row.state, row.is_followed, row.last_event_at) == (ParcelState.PENDING, True, None)
    assert len(shipper.events(parcel)) == 5
    assert shipper.told() == []
    # Without the day it would be over.
    assert shipper.read(parcel).delivered_at is None
    assert minutes_to_next(row) == 60
