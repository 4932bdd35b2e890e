"""Which parcels a carrier is asked for, by whose contract, and which of them no more."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from accounts import clock
from accounts.tenancy import tenant
from contracts.tracking import ParcelState
from jobs.models import Budget, JobStatus
from tests.simulated_carriers import SimulatedCarriers, at
from tests.tracking.companies import NFE_KEY, Shipper, make_code, minutes_to_next
from tracking import services
from tracking.models import AccountState, EndReason, Parcel

pytestmark = pytest.mark.django_db

RunJobs = Callable[[], int]
MoveClock = Callable[[dt.timedelta], None]
HOUR = dt.timedelta(hours=1)


def test_a_refused_contract_stops_this_carrier_in_this_company_alone(
    shipper: Shipper,
    neighbour: Shipper,
    contract: Mapping[str, str],
    simulated_carriers: SimulatedCarriers,
    run_jobs: RunJobs,
    move_clock: MoveClock,
) -> None:
    second = {"user": "vizinha", "access_code": "outro-codigo-de-acesso", "posting_card": "0067599080"}
    simulated_carriers.add_contract(**second)
    codes = [make_code(7), make_code(8)]
    for code in codes:
        simulated_carriers.add_parcel(code, story="delivered")
        simulated_carriers.advance(code, 2, at=at(clock.now() - 3 * HOUR))
    shipper.sign(contract | {"access_code": "errado"})
    neighbour.sign(second)
    parcel, other = shipper.follow(codes[0]), neighbour.follow(codes[1])

    run_jobs()

    assert shipper.account.state == AccountState.FAILING
    assert shipper.account.failing_code == "correios.credentials_refused"
    assert shipper.channel().paused_at is not None
    assert shipper.channel().paused_code == "correios.credentials_refused"
    assert (shipper.read(parcel).state, shipper.read(parcel).asked_at) == (ParcelState.PENDING, None)
    assert [code for code, *_ in shipper.history()] == ["tracking.account_saved", "tracking.account_refused"]
    assert neighbour.account.state == AccountState.OK
    assert neighbour.channel().paused_at is None
    assert neighbour.read(other).state == ParcelState.IN_TRANSIT
    # It waits, however long it takes, and no carrier is troubled meanwhile.
    calls = shipper.paths()
    for _ in range(3):
        move_clock(5 * HOUR)
        run_jobs()
    assert shipper.paths() == calls
    assert len(shipper.jobs("poll_parcels")) == 1

    shipper.sign(contract)
    run_jobs()

    assert shipper.account.state == AccountState.OK
    assert shipper.channel().paused_at is None
    assert shipper.read(parcel).state == ParcelState.IN_TRANSIT


def test_a_contract_without_access_to_tracking_stops_it_too(
    shipper: Shipper,
    contract: Mapping[str, str],
    simulated_carriers: SimulatedCarriers,
    run_jobs: RunJobs,
) -> None:
    shipper.sign(contract)
    run_jobs()
    simulated_carriers.add_fault("forbidden", carrier="correios", route="track")
    shipper.follow(make_code(9))

    run_jobs()

    assert (shipper.account.state, shipper.account.failing_code) == (
        AccountState.FAILING,
        "correios.permission_missing",
    )


def test_a_refusal_of_credentials_that_were_replaced_meanwhile_stops_nothing(
    shipper: Shipper, contract: Mapping[str, str]
) -> None:
    former = shipper.sign(contract | {"access_code": "errado"})
    shipper.sign(contract)

    with tenant(shipper.organization):
        services.refuse_carrier_account(account=former, code="correios.credentials_refused", params={})

    assert shipper.account.state == AccountState.OK
    assert shipper.channel().paused_at is None


def test_a_parcel_that_nothing_is_heard_of_expires_and_comes_back_with_news(
    shipper: Shipper,
    contract: Mapping[str, str],
    simulated_carriers: SimulatedCarriers,
    run_jobs: RunJobs,
    move_clock: MoveClock,
) -> None:
    code = make_code(18)
    simulated_carriers.add_parcel(code, story="delivered")
    simulated_carriers.advance(code, 2, at=at(clock.now() - 2 * HOUR))
    shipper.sign(contract)
    parcel = shipper.follow(code)
    run_jobs()
    move_clock(dt.timedelta(days=29))
    run_jobs()
    assert shipper.read(parcel).state == ParcelState.IN_TRANSIT
    assert minutes_to_next(shipper.read(parcel)) == 12 * 60
    move_clock(dt.timedelta(days=1))
    run_jobs()
    row = shipper.read(parcel)
    assert (row.state, row.end_reason, row.next_ask_at) == (ParcelState.EXPIRED, EndReason.EXPIRED, None)
    # Jobs of more than a week ago are no longer kept.
    assert shipper.told() == [parcel.pk]
    simulated_carriers.clear_calls()
    move_clock(dt.timedelta(days=1))
    run_jobs()
    assert simulated_carriers.count_calls() == {}

    simulated_carriers.advance(code, 1, at=at(clock.now()))
    assert shipper.ask(parcel) == 1
    run_jobs()

    row = shipper.read(parcel)
    assert (row.state, row.end_reason, row.is_followed) == (ParcelState.IN_TRANSIT, "", True)


def test_road_freight_is_followed_by_the_key_of_the_nota_without_any_contract(
    shipper: Shipper, simulated_carriers: SimulatedCarriers, run_jobs: RunJobs
) -> None:
    simulated_carriers.add_parcel(NFE_KEY, "ssw", story="delivered")
    simulated_carriers.advance(NFE_KEY, 4, carrier="ssw", at=at(clock.now() - 6 * HOUR))
    parcel = shipper.follow(carrier_name="Ativa Logística", nfe_key=NFE_KEY)
    assert (parcel.tracker, parcel.takes_word) == ("ssw", False)

    run_jobs()

    assert shipper.read(parcel).state == ParcelState.OUT_FOR_DELIVERY
    # The key opens the recipient's data: no record of a call has it.
    assert not any(NFE_KEY in text for path in shipper.paths() for text in path)


def test_a_carrier_that_nobody_knows_is_looked_for_by_the_nota(
    shipper: Shipper, simulated_carriers: SimulatedCarriers, run_jobs: RunJobs, move_clock: MoveClock
) -> None:
    parcel = shipper.follow(carrier_name="Zefa Transportes", nfe_key=NFE_KEY)
    nameless = shipper.follow(shipping_method="Envio da Loja", nfe_key=NFE_KEY)
    assert (parcel.carrier_key, parcel.tracker, parcel.takes_word) == ("", "ssw", False)
    assert (nameless.tracker, nameless.next_ask_at) == ("", None)
    run_jobs()
    # Until the network knows it, the ERP's word stands.
    with tenant(shipper.organization):
        assert services.take_word(parcel=parcel, state=ParcelState.DELIVERED, at=clock.now(), text="Entregue")
    row = shipper.read(parcel)
    assert (row.carrier_key, row.state) == ("", ParcelState.DELIVERED)

    simulated_carriers.add_parcel(NFE_KEY, "ssw", story="delivered")
    simulated_carriers.advance(NFE_KEY, 2, carrier="ssw", at=at(clock.now() - 6 * HOUR))
    move_clock(dt.timedelta(days=1, minutes=10))
    run_jobs()

    row = shipper.read(parcel)
    assert (row.carrier_key, row.confidence, row.identified_by) == (
        "ssw_network",
        "certain",
        "carrier.by_invoice",
    )
    assert (row.state, row.is_followed) == (ParcelState.IN_TRANSIT, True)
    with tenant(shipper.organization):
        assert not services.take_word(
            parcel=row, state=ParcelState.DELIVERED, at=clock.now(), text="Entregue"
        )
    # Learnt once, it is not forgotten when the parcel's clues change.
    shipper.change(row, shipping_method="", carrier_name="Zefa Transportes Ltda", nfe_key=NFE_KEY)
    row = shipper.read(parcel)
    assert (row.carrier_key, row.tracker) == ("ssw_network", "ssw")


def test_what_is_only_tried_is_asked_for_a_few_times_and_then_left_to_the_erp(
    shipper: Shipper, simulated_carriers: SimulatedCarriers, run_jobs: RunJobs, move_clock: MoveClock
) -> None:
    parcel = shipper.follow(carrier_name="Zefa Transportes", nfe_key=NFE_KEY)
    asked = []
    for _ in range(24):
        run_jobs()
        asked.append(simulated_carriers.count_calls().get("ssw track", 0))
        move_clock(dt.timedelta(hours=4, minutes=10))

    # At once, after six hours, a day and three days.
    assert asked == [1, 1] + [2] * 4 + [3] * 12 + [4] * 6
    row = shipper.read(parcel)
    assert (row.tracker, row.takes_word, row.next_ask_at, row.is_followed) == ("", True, None, True)
    assert [kind for _, kind, _ in shipper.schedules()] == ["tidy_parcels"]
    with tenant(shipper.organization):
        assert services.take_word(parcel=row, state=ParcelState.DELIVERED, at=clock.now(), text="Entregue")
    assert shipper.read(parcel).state == ParcelState.DELIVERED
    # What is learnt of it later is tried.
    other = shipper.follow(carrier_name="Zefa Transportes", nfe_key=NFE_KEY)
    assert (other.tracker, other.takes_word) == ("ssw", False)


@pytest.mark.parametrize(
    ("fault", "code", "minutes"),
    [("server_error", "ssw.unstable", 1), ("forbidden", "ssw.permission_missing", 15)],
)
def test_what_all_companies_share_rests_for_all_of_them(
    shipper: Shipper,
    neighbour: Shipper,
    simulated_carriers: SimulatedCarriers,
    run_jobs: RunJobs,
    move_clock: MoveClock,
    settings: Any,
    fault: str,
    code: str,
    minutes: int,
) -> None:
    """Not every company finds out by itself, with a worker of its own."""
    simulated_carriers.add_fault(fault, carrier="ssw", route="track")
    parcel = shipper.follow(carrier_name="Ativa Logística", nfe_key=NFE_KEY)
    run_jobs()
    settings.SLOT_SPACING_SECONDS = None
    other = neighbour.follow(carrier_name="Ativa Logística", nfe_key=NFE_KEY)
    run_jobs()

    assert simulated_carriers.count_calls() == {"ssw track": 1}
    assert shipper.read(parcel).failing_code == code
    assert (neighbour.read(other).failing_code, neighbour.read(other).asked_at) == ("", None)
    assert shipper.jobs("poll_parcels", JobStatus.PARKED) == []
    stopped = Budget.objects.get(key="carrier:ssw").stopped_until
    assert stopped is not None
    assert round((stopped - clock.now()).total_seconds() / 60) == minutes
    assert len(neighbour.jobs("poll_parcels")) == 1

    settings.SLOT_SPACING_SECONDS = 0.0
    move_clock(dt.timedelta(minutes=minutes, seconds=1))
    run_jobs()
    assert neighbour.read(other).asked_at is not None
    move_clock(dt.timedelta(minutes=21))
    run_jobs()
    assert (shipper.read(parcel).failing_code, shipper.read(parcel).asked_at is None) == ("", False)


def test_a_company_without_parcels_on_their_way_looks_for_none(
    shipper: Shipper,
    contract: Mapping[str, str],
    simulated_carriers: SimulatedCarriers,
    run_jobs: RunJobs,
    move_clock: MoveClock,
) -> None:
    code = make_code(30)
    simulated_carriers.add_parcel(code, story="delivered")
    simulated_carriers.advance(code, 5, at=at(clock.now() - HOUR))
    shipper.sign(contract)
    parcel = shipper.follow(code)
    run_jobs()
    assert ("carrier:correios", "poll_parcels", 300.0) in shipper.schedules()
    for _ in range(2):
        move_clock(25 * HOUR)
        run_jobs()
    assert shipper.read(parcel).next_ask_at is None
    assert "poll_parcels" not in [kind for _, kind, _ in shipper.schedules()]

    shipper.follow(make_code(31))
    assert ("carrier:correios", "poll_parcels", 300.0) in shipper.schedules()


def test_a_parcel_of_which_no_answer_can_ever_be_read_expires(
    shipper: Shipper,
    contract: Mapping[str, str],
    simulated_carriers: SimulatedCarriers,
    run_jobs: RunJobs,
    move_clock: MoveClock,
) -> None:
    shipper.sign(contract)
    run_jobs()
    simulated_carriers.add_fault("unknown_shape", carrier="correios", route="track", times=0)
    parcel = shipper.follow(make_code(32))
    for days in (0, 1, 28, 2):
        move_clock(dt.timedelta(days=days))
        run_jobs()

    row = shipper.read(parcel)
    assert (row.state, row.end_reason, row.next_ask_at) == (ParcelState.EXPIRED, EndReason.EXPIRED, None)
    assert row.failing_code == "tracking.answer_unreadable"
    assert shipper.told() == [parcel.pk]


@pytest.mark.parametrize("is_saved", [True, False])
def test_a_parcel_that_missed_a_contract_finds_it(
    shipper: Shipper,
    contract: Mapping[str, str],
    simulated_carriers: SimulatedCarriers,
    run_jobs: RunJobs,
    move_clock: MoveClock,
    is_saved: bool,
) -> None:
    """Another transaction made it, and saw the contract as it had been."""
    shipper.sign(contract)
    parcel = shipper.follow(make_code(34))
    if not is_saved:
        with tenant(shipper.organization):
            services.remove_carrier_account(tracker="correios", by="Ana Souza")
    run_jobs()
    next_ask_at = None if is_saved else clock.now()
    with tenant(shipper.organization):
        Parcel.objects.filter(pk=parcel.pk).update(takes_word=is_saved, next_ask_at=next_ask_at)
    run_jobs()
    assert shipper.read(parcel).takes_word is is_saved

    move_clock(dt.timedelta(seconds=61))
    run_jobs()

    row = shipper.read(parcel)
    assert row.takes_word is not is_saved
    assert (row.asked_at is not None) is is_saved
    assert (row.next_ask_at is not None) is is_saved
    # Who has it followed is told that his word counts now.
    assert (parcel.pk in shipper.told()) is not is_saved


def test_removing_a_contract_leaves_parcels_to_the_word_of_the_erp(
    shipper: Shipper,
    contract: Mapping[str, str],
    simulated_carriers: SimulatedCarriers,
    run_jobs: RunJobs,
    move_clock: MoveClock,
) -> None:
    shipper.sign(contract)
    parcel = shipper.follow(make_code(19))
    run_jobs()
    with tenant(shipper.organization):
        services.remove_carrier_account(tracker="correios", by="Ana Souza")
    account = shipper.account
    assert (account.state, account.credentials, account.token) == (AccountState.DISCONNECTED, "", "")
    simulated_carriers.clear_calls()
    move_clock(5 * HOUR)
    run_jobs()
    assert simulated_carriers.count_calls() == {}
    row = shipper.read(parcel)
    assert (row.takes_word, row.next_ask_at, row.is_followed) == (True, None, True)
    with tenant(shipper.organization):
        services.take_word(parcel=row, state=ParcelState.IN_TRANSIT, at=clock.now(), text="Enviado")
    assert shipper.read(parcel).state == ParcelState.IN_TRANSIT

    shipper.sign(contract)
    run_jobs()
    assert shipper.read(parcel).takes_word is False
    assert simulated_carriers.count_calls()["correios track"] >= 1


def test_testing_a_contract_tells_each_step_and_lets_a_stopped_channel_go_on(
    shipper: Shipper,
    contract: Mapping[str, str],
    simulated_carriers: SimulatedCarriers,
    run_jobs: RunJobs,
    move_clock: MoveClock,
) -> None:
    simulated_carriers.add_fault("unauthorized", carrier="correios", route="token", times=0)
    shipper.sign(contract)
    shipper.follow(make_code(20))
    run_jobs()
    account = shipper.account
    assert account.checked_at is not None
    assert account.check_steps[0]["state"] == "failure"
    assert account.state == AccountState.FAILING

    simulated_carriers.clear_faults()
    move_clock(dt.timedelta(seconds=11))
    with tenant(shipper.organization):
        services.request_check(account=account)
        services.request_check(account=account)
    assert len(shipper.jobs("check_carrier")) == 1
    run_jobs()

    account = shipper.account
    assert [step["state"] for step in account.check_steps] == ["ok", "ok"]
    assert (account.state, shipper.channel().paused_at) == (AccountState.OK, None)
