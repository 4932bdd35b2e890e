"""Which parcels are followed, whose each is taken to be, and what the ERP's word counts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping

import pytest

from accounts import clock, gateways
from accounts.tenancy import tenant
from contracts.tracking import ParcelState, TrackedEvent, TrackedParcel
from tests.simulated_carriers import SimulatedCarriers
from tests.tracking.companies import NFE_KEY, Shipper, make_code
from tracking import services
from tracking.models import (
    CarrierMapping,
    EndReason,
    EventSource,
    MappingKind,
    Parcel,
    ParcelEvent,
    hash_key,
)
from tracking.selectors import public_key

pytestmark = pytest.mark.django_db

RunJobs = Callable[[], int]
MoveClock = Callable[[dt.timedelta], None]


def save_mapping(shipper: Shipper, text: str, carrier_key: str, **changes: str) -> CarrierMapping:
    with tenant(shipper.organization):
        return services.save_mapping(
            kind=MappingKind.SHIPPING_METHOD,
            text=text,
            label=text,
            carrier_key=carrier_key,
            by="Ana Souza",
            **changes,
        )


def say(shipper: Shipper, parcel: Parcel, state: ParcelState) -> bool:
    with tenant(shipper.organization):
        return services.take_word(parcel=parcel, state=state, at=clock.now(), text=state.value)


def stop(shipper: Shipper, parcel: Parcel, reason: EndReason) -> None:
    with tenant(shipper.organization):
        services.stop_following(parcel=parcel, reason=reason)


def test_a_parcel_of_nobody_known_keeps_what_was_said_and_is_never_guessed(shipper: Shipper) -> None:
    parcel = shipper.follow(
        "ABC-99/7",
        shipping_method="Entrega da Zefa",
        carrier_name="Zefa & Filhos",
        freight_method="Via 2h",
    )

    assert (parcel.carrier_key, parcel.confidence, parcel.identified_by) == ("", "none", "carrier.not_named")
    assert (parcel.shipping_method, parcel.carrier_name, parcel.freight_method) == (
        "Entrega da Zefa",
        "Zefa & Filhos",
        "Via 2h",
    )
    assert (parcel.tracker, parcel.takes_word, parcel.next_ask_at) == ("", True, None)
    assert shipper.schedules() == [("tracking", "tidy_parcels", 86400.0)]


def test_the_companys_own_words_identify_those_that_wait_and_those_to_come(
    shipper: Shipper,
    neighbour: Shipper,
    contract: Mapping[str, str],
    run_jobs: RunJobs,
) -> None:
    """In batches; another company's words are its own affair."""
    shipper.sign(contract)
    waiting = [shipper.follow(make_code(n), shipping_method="Envio da Loja") for n in range(300, 303)]
    ended = shipper.follow(make_code(303), shipping_method="Envio da Loja")
    stop(shipper, ended, EndReason.ORDER_CANCELLED)
    strange = neighbour.follow("X-1", shipping_method="Envio da Loja")
    other = shipper.follow("X-2", shipping_method="Outra coisa")
    before = neighbour.rows()

    save_mapping(shipper, "  ENVIO  da loja ", "correios", service="SEDEX")
    run_jobs()

    for parcel in waiting:
        row = shipper.read(parcel)
        assert (row.carrier_key, row.confidence, row.identified_by) == (
            "correios",
            "mapped",
            "carrier.mapped",
        )
        assert (row.service, row.tracker) == ("SEDEX", "correios")
        assert row.asked_at is not None
    assert shipper.read(ended).confidence != "mapped"
    assert shipper.read(other).carrier_key == ""
    assert neighbour.rows() == before
    assert neighbour.read(strange).carrier_key == ""
    new = shipper.follow(make_code(304), shipping_method="envio da lója")
    assert (new.carrier_key, new.confidence) == ("correios", "mapped")


def test_a_line_that_is_corrected_or_deleted_is_followed_too(shipper: Shipper, run_jobs: RunJobs) -> None:
    parcel = shipper.follow("ABC123", shipping_method="Envio da Loja")
    save_mapping(shipper, "Envio da Loja", "jadlog")
    run_jobs()
    assert shipper.read(parcel).carrier_key == "jadlog"
    mapping = save_mapping(shipper, "ENVIO DA LOJA", "loggi")
    run_jobs()
    assert shipper.read(parcel).carrier_key == "loggi"
    with tenant(shipper.organization):
        assert CarrierMapping.objects.count() == 1
        services.delete_mapping(mapping=mapping)
    run_jobs()
    assert shipper.read(parcel).carrier_key == ""
    assert shipper.read(parcel).shipping_method == "Envio da Loja"
    with pytest.raises(KeyError):
        save_mapping(shipper, "Envio da Loja", "nobody")


def test_remapping_goes_on_after_each_batch(
    shipper: Shipper, run_jobs: RunJobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tracking.services.mapping.BATCH", 2)
    parcels = [shipper.follow(f"CODE{n}", shipping_method="Envio da Loja") for n in range(5)]

    save_mapping(shipper, "Envio da Loja", "jadlog")
    run_jobs()

    assert [shipper.read(parcel).carrier_key for parcel in parcels] == ["jadlog"] * 5


def test_a_code_that_is_replaced_starts_afresh_and_one_that_comes_back_goes_on(
    shipper: Shipper,
    contract: Mapping[str, str],
    simulated_carriers: SimulatedCarriers,
    run_jobs: RunJobs,
) -> None:
    first, second = make_code(400), make_code(401)
    for code in (first, second):
        simulated_carriers.add_parcel(code, story="delivered")
    simulated_carriers.advance(first, 2)
    shipper.sign(contract)
    parcel = shipper.follow(first)
    run_jobs()

    other = shipper.change(parcel, second)
    run_jobs()
    assert other.pk != parcel.pk
    former = shipper.read(parcel)
    assert (former.end_reason, former.next_ask_at) == (EndReason.CODE_REPLACED, None)
    assert (shipper.read(other).state, shipper.read(other).code) == (ParcelState.PENDING, second)
    assert shipper.ask(former) == 0

    again = shipper.change(other, first)
    run_jobs()
    assert again.pk == parcel.pk
    row = shipper.read(parcel)
    assert (row.state, row.end_reason, row.is_followed) == (ParcelState.IN_TRANSIT, "", True)
    assert shipper.events(parcel) == ["PO 01", "RO 01"]
    assert shipper.read(other).end_reason == EndReason.CODE_REPLACED
    assert shipper.change(again, second).pk == other.pk
    # What says no code takes none away, and what says the same changes nothing.
    row = shipper.read(other)
    assert shipper.change(row, "").code == second
    assert shipper.read(other) == row


def test_a_code_that_comes_later_belongs_to_the_same_parcel(
    shipper: Shipper, contract: Mapping[str, str], simulated_carriers: SimulatedCarriers
) -> None:
    shipper.sign(contract)
    parcel = shipper.follow(tracking_url="https://rastreamento.correios.com.br/x", shipping_method="SEDEX")
    assert (parcel.carrier_key, parcel.tracker, parcel.takes_word) == ("correios", "", True)

    changed = shipper.change(parcel, f" {make_code(402).lower()} ")

    assert (changed.pk, changed.code, changed.tracker) == (parcel.pk, make_code(402), "correios")
    assert changed.next_ask_at is not None


def test_the_word_of_the_erp_counts_until_the_carrier_speaks(
    shipper: Shipper,
    contract: Mapping[str, str],
    simulated_carriers: SimulatedCarriers,
    run_jobs: RunJobs,
) -> None:
    code = make_code(403)
    simulated_carriers.add_parcel(code, story="delivered")
    simulated_carriers.advance(code, 2)
    parcel = shipper.follow(code)
    assert say(shipper, parcel, ParcelState.IN_TRANSIT) is True
    assert say(shipper, parcel, ParcelState.IN_TRANSIT) is False
    assert say(shipper, parcel, ParcelState.DELIVERED) is True
    row = shipper.read(parcel)
    assert (row.state, row.end_reason) == (ParcelState.DELIVERED, EndReason.ARRIVED)
    # Who gave his word need not be told of it.
    assert shipper.told() == []
    with tenant(shipper.organization):
        sources = list(ParcelEvent.objects.filter(parcel=parcel).values_list("source", flat=True))
    assert sources == [EventSource.ERP, EventSource.ERP]

    # A parcel that the ERP calls delivered is asked for no more; one on its way is, and the carrier is right.
    moving = shipper.follow(make_code(404))
    simulated_carriers.add_parcel(make_code(404), story="delivered")
    simulated_carriers.advance(make_code(404), 4)
    say(shipper, moving, ParcelState.POSTED)
    shipper.sign(contract)
    run_jobs()
    assert shipper.read(moving).state == ParcelState.OUT_FOR_DELIVERY
    assert shipper.read(moving).takes_word is False
    assert say(shipper, moving, ParcelState.DELIVERED) is False
    assert shipper.read(moving).state == ParcelState.OUT_FOR_DELIVERY


def test_what_the_erp_said_before_counts_again_where_the_carrier_is_asked_no_more(
    shipper: Shipper, simulated_carriers: SimulatedCarriers, run_jobs: RunJobs, move_clock: MoveClock
) -> None:
    parcel = shipper.follow(carrier_name="Zefa Transportes", shipping_method="Envio da Zefa", nfe_key=NFE_KEY)
    run_jobs()
    assert say(shipper, parcel, ParcelState.DELIVERED) is True
    simulated_carriers.add_parcel(NFE_KEY, "ssw", story="delivered")
    simulated_carriers.advance(NFE_KEY, 2, carrier="ssw")
    move_clock(dt.timedelta(days=1, minutes=10))
    run_jobs()
    assert shipper.read(parcel).state == ParcelState.IN_TRANSIT
    assert say(shipper, parcel, ParcelState.DELIVERED) is False
    save_mapping(shipper, "Envio da Zefa", "jadlog")
    run_jobs()
    assert shipper.read(parcel).takes_word is True
    assert shipper.told()[-1] == parcel.pk

    assert say(shipper, parcel, ParcelState.DELIVERED) is True

    assert shipper.read(parcel).state == ParcelState.DELIVERED
    assert say(shipper, parcel, ParcelState.DELIVERED) is False
    with tenant(shipper.organization):
        told = ParcelEvent.objects.filter(parcel=parcel, source=EventSource.ERP)
        assert [event.state for event in told] == [ParcelState.DELIVERED]


def test_a_parcel_of_which_only_the_erp_tells_expires_too(
    shipper: Shipper, run_jobs: RunJobs, move_clock: MoveClock
) -> None:
    parcel = shipper.follow("ABC123", shipping_method="Motoboy")
    say(shipper, parcel, ParcelState.IN_TRANSIT)
    move_clock(dt.timedelta(days=29))
    run_jobs()
    assert shipper.read(parcel).is_followed
    move_clock(dt.timedelta(days=2))
    run_jobs()
    row = shipper.read(parcel)
    assert (row.state, row.end_reason) == (ParcelState.EXPIRED, EndReason.EXPIRED)
    assert shipper.told() == [parcel.pk]


def test_one_that_the_erp_calls_lost_is_kept_open_for_longer(
    shipper: Shipper, run_jobs: RunJobs, move_clock: MoveClock
) -> None:
    parcel = shipper.follow("ABC123", shipping_method="Motoboy")
    say(shipper, parcel, ParcelState.LOST)
    move_clock(dt.timedelta(days=59))
    run_jobs()
    assert shipper.read(parcel).is_followed
    move_clock(dt.timedelta(days=2))
    run_jobs()
    row = shipper.read(parcel)
    assert (row.state, row.end_reason) == (ParcelState.LOST, EndReason.EXPIRED)


def test_what_was_stopped_stays_so_whatever_is_still_told(
    shipper: Shipper, contract: Mapping[str, str], simulated_carriers: SimulatedCarriers
) -> None:
    """An answer may be under way while an order is cancelled."""
    shipper.sign(contract)
    parcel = shipper.follow(make_code(405))
    stop(shipper, parcel, EndReason.ORDER_CANCELLED)
    event = TrackedEvent(clock.now(), ParcelState.DELIVERED, text="Entregue", code="BDE 01")
    with tenant(shipper.organization):
        services.record_tracked(parcel=parcel, tracked=TrackedParcel(parcel.code, [event]))
    row = shipper.read(parcel)
    assert (row.state, row.end_reason, row.next_ask_at) == (
        ParcelState.DELIVERED,
        EndReason.ORDER_CANCELLED,
        None,
    )
    assert shipper.ask(parcel) == 0
    with tenant(shipper.organization):
        services.resume_following(parcel=parcel)
    assert shipper.read(parcel).end_reason == EndReason.ARRIVED


def test_a_text_that_cannot_be_kept_harms_its_own_parcel_alone(
    shipper: Shipper,
    contract: Mapping[str, str],
    simulated_carriers: SimulatedCarriers,
    run_jobs: RunJobs,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    codes = [make_code(406), make_code(407)]
    for code in codes:
        simulated_carriers.add_parcel(code, story="delivered")
        simulated_carriers.advance(code, 1)
    simulated_carriers.add_event(codes[0], code="RO 01", text="Objeto \x00 encaminhado")
    shipper.sign(contract)
    parcels = [shipper.follow(code) for code in codes]

    run_jobs()

    assert shipper.read(parcels[1]).state == ParcelState.POSTED
    assert shipper.read(parcels[0]).failing_code in ("", "tracking.answer_unstorable")
    assert shipper.jobs("poll_parcels") == []


def test_the_buyers_key_finds_its_parcel_and_nothing_else(shipper: Shipper, neighbour: Shipper) -> None:
    ours, theirs = (
        shipper.follow("ABC123", shipping_method="x"),
        neighbour.follow("ABC123", shipping_method="x"),
    )
    with tenant(shipper.organization):
        key = public_key(shipper.read(ours))
    with tenant(neighbour.organization):
        other = public_key(neighbour.read(theirs))

    assert len(key) >= 43
    assert key != other
    assert gateways.parcel_by_key(hash_key(key)) == (shipper.organization.pk, ours.pk)
    assert gateways.parcel_by_key(hash_key(other)) == (neighbour.organization.pk, theirs.pk)
    assert [gateways.parcel_by_key(text) for text in ("", key, hash_key("other"))] == [None] * 3
    assert key not in ours.key
