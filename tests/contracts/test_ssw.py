"""SSW behind the port, and what is its alone: a secret key, and answers that are full of persons."""

from __future__ import annotations

import pytest

from contracts.tracking import ParcelState
from tests.contracts.tracker_suite import Context, TrackerSuite
from tests.simulated_carriers import SimulatedCarriers
from tracking.trackers import ssw

MOMENT = "2026-11-16T09:30:00"


class TestSsw(TrackerSuite):
    tracker = ssw.SswTracker()
    carrier = "ssw"
    known = "35261111222333000181550010000012341123456785"
    other = "35261111222333000181550010000012351123456780"
    unknown = "35261111222333000181550010000099991123456780"
    secrets = (known, other, unknown)

    def test_nobody_is_kept_of_a_delivery(
        self, context: Context, simulated_carriers: SimulatedCarriers
    ) -> None:
        simulated_carriers.add_parcel(self.known, "ssw", steps=5)

        kept = repr(self.track(context).events)

        for person in ("JOANA", "52998224725", "AURORA", "Recebido"):
            assert person not in kept

    def test_the_sentence_that_repeats_the_key_is_kept_without_it(
        self, context: Context, simulated_carriers: SimulatedCarriers
    ) -> None:
        assert self.track(context, self.unknown).note == "Nenhum documento localizado para a chave •••"

    def test_it_needs_no_credentials(self, context: Context, simulated_carriers: SimulatedCarriers) -> None:
        assert self.tracker.credential_fields == ()
        assert context.credentials == {}


@pytest.mark.parametrize(
    ("row", "code", "state", "text"),
    [
        ({"ocorrencia": "MERCADORIA ENTREGUE (01)"}, "SSW 01", ParcelState.DELIVERED, "MERCADORIA ENTREGUE"),
        ({"ocorrencia": "EM ROTA (85)", "codigo_ssw": 85}, "SSW 85", ParcelState.OUT_FOR_DELIVERY, "EM ROTA"),
        ({"ocorrencia": "ROUBO DE CARGA", "codigo_ssw": "55"}, "SSW 55", ParcelState.LOST, "ROUBO DE CARGA"),
        ({"ocorrencia": "ENTREGUE", "codigo_ssw": "1"}, "SSW 01", ParcelState.DELIVERED, "ENTREGUE"),
        ({"ocorrencia": "ALGO NOVO (612)"}, "SSW 612", ParcelState.IN_TRANSIT, "ALGO NOVO"),
        ({"ocorrencia": "SEM NUMERO"}, "", ParcelState.IN_TRANSIT, "SEM NUMERO"),
        ({"codigo_ssw": "84"}, "SSW 84", ParcelState.IN_TRANSIT, "Ocorrência 84"),
        ({}, "", ParcelState.IN_TRANSIT, "Ocorrência"),
    ],
)
def test_an_occurrence_is_known_by_its_number(
    row: dict[str, object], code: str, state: ParcelState, text: str
) -> None:
    event = ssw.read_event({"data_hora": MOMENT, "cidade": "CURITIBA / PR", **row})

    assert event is not None
    assert (event.code, event.state, event.text, event.place) == (code, state, text, "CURITIBA/PR")


def test_a_detail_keeps_its_words_and_loses_its_numbers() -> None:
    event = ssw.read_event(
        {"data_hora": MOMENT, "ocorrencia": "TENTATIVA (31)", "descricao": "Ligar para 41999998888"}
    )

    assert event is not None
    assert event.detail == "Ligar para •••"


@pytest.mark.parametrize("row", [None, [], "x", {}, {"data_hora": "ontem"}, {"data_hora": None}])
def test_what_has_no_moment_is_no_event(row: object) -> None:
    assert ssw.read_event(row) is None
