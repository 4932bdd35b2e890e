"""The table of SRO's events, and how odd rows are read."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.tracking import ParcelState
from tracking.trackers.correios_events import load_meanings, read_event

MOMENT = "2026-11-16T09:30:00"


def read(**row: Any) -> Any:
    event = read_event({"dtHrCriado": MOMENT, **row})
    assert event is not None
    return event


def test_the_table_is_whole() -> None:
    states = Counter(meaning.state for meaning in load_meanings().values())

    assert len(load_meanings()) == 382
    assert states == {
        ParcelState.IN_TRANSIT: 121,
        ParcelState.EXCEPTION: 87,
        ParcelState.RETURNING: 64,
        ParcelState.LOST: 35,
        ParcelState.DELIVERY_FAILED: 28,
        ParcelState.DELIVERED: 15,
        ParcelState.AVAILABLE_FOR_PICKUP: 12,
        ParcelState.INFO_RECEIVED: 8,
        ParcelState.POSTED: 4,
        ParcelState.CANCELLED: 3,
        ParcelState.RETURNED: 3,
        ParcelState.OUT_FOR_DELIVERY: 2,
    }


def test_a_delivery_is_only_what_says_so() -> None:
    # Of collections, exports and lists there are such words too, and they deliver nothing to the buyer.
    delivered = {name for name, meaning in load_meanings().items() if meaning.state == ParcelState.DELIVERED}

    assert delivered == {
        (code, kind) for code in ("BDE", "BDI", "BDR") for kind in ("00", "01", "67", "70", "79")
    }


def test_all_three_lists_say_the_same_of_each_type() -> None:
    meanings = load_meanings()
    by_list = [
        {kind: meaning for (code, kind), meaning in meanings.items() if code == name}
        for name in ("BDE", "BDI", "BDR")
    ]

    assert by_list[0] == by_list[1] == by_list[2]


@pytest.mark.parametrize(
    ("code", "kind", "state", "substate"),
    [
        ("PO", "01", ParcelState.POSTED, ""),
        ("PO", "09", ParcelState.POSTED, ""),
        ("RO", "01", ParcelState.IN_TRANSIT, ""),
        ("DO", "01", ParcelState.IN_TRANSIT, ""),
        ("OEC", "01", ParcelState.OUT_FOR_DELIVERY, ""),
        ("OEC", "09", ParcelState.RETURNING, "out_for_return"),
        ("LDI", "01", ParcelState.AVAILABLE_FOR_PICKUP, ""),
        ("BDE", "01", ParcelState.DELIVERED, ""),
        ("BDI", "01", ParcelState.DELIVERED, ""),
        ("BDE", "20", ParcelState.DELIVERY_FAILED, "retry"),
        ("BDE", "07", ParcelState.DELIVERY_FAILED, "address"),
        ("BDE", "04", ParcelState.RETURNING, "refused"),
        ("BDI", "26", ParcelState.RETURNING, "not_picked_up"),
        ("BDR", "23", ParcelState.RETURNED, ""),
        ("BDI", "09", ParcelState.EXCEPTION, "delayed"),
        ("BDE", "28", ParcelState.EXCEPTION, "damaged"),
        ("BDE", "69", ParcelState.IN_TRANSIT, "delayed"),
        ("BDE", "50", ParcelState.LOST, "stolen"),
        ("BDE", "80", ParcelState.LOST, ""),
        ("CO", "08", ParcelState.IN_TRANSIT, "collection"),
        ("BDE", "14", ParcelState.CANCELLED, "by_sender"),
        ("CO", "09", ParcelState.EXCEPTION, "collection_cancelled"),
    ],
)
def test_what_a_code_means(code: str, kind: str, state: ParcelState, substate: str) -> None:
    event = read(codigo=code, tipo=kind)

    assert (event.state, event.substate, event.code) == (state, substate, f"{code} {kind}")


def test_a_row_is_read_whole() -> None:
    event = read(
        codigo="BDE",
        tipo="20",
        descricao=" Carteiro  não atendido ",
        detalhe="Nova tentativa amanhã",
        unidade={"nome": "CDD", "endereco": {"cidade": "CURITIBA", "uf": "PR", "cep": "80000000"}},
        entregador={"nome": "Fulano"},
    )

    assert event.occurred_at == dt.datetime(2026, 11, 16, 12, 30, tzinfo=dt.UTC)
    assert (event.text, event.detail) == ("Carteiro não atendido", "Nova tentativa amanhã")
    assert event.place == "CURITIBA/PR"
    assert "Fulano" not in repr(event)


def test_a_retraction_says_so_whatever_its_type() -> None:
    assert all(read(codigo="EST", tipo=kind).is_retraction for kind in ("01", "09", "77", ""))
    assert not read(codigo="BDE", tipo="01").is_retraction


def test_an_unknown_pair_is_on_the_way_with_its_own_text() -> None:
    event = read(codigo="ZZZ", tipo="77", descricao="Objeto em órbita")

    assert (event.state, event.text, event.code) == (ParcelState.IN_TRANSIT, "Objeto em órbita", "ZZZ 77")


def test_a_row_without_words_has_the_table_s_or_its_code() -> None:
    assert read(codigo="BDE", tipo="01").text == "Objeto entregue ao destinatário"
    assert read(codigo="ZZZ", tipo="77").text == "Evento ZZZ 77"


def test_who_took_the_delivery_is_not_kept() -> None:
    event = read(codigo="BDE", tipo="01", detalhe="Recebido por Joana Prado")

    assert "Joana" not in repr(event)


@pytest.mark.parametrize(
    "moment",
    [
        "2026-11-16T09:30:00",
        "2026-11-16 09:30:00",
        "2026-11-16T09:30:00.000",
        "2026-11-16T09:30:00-03:00",
        "2026-11-16T12:30:00Z",
        "16/11/2026 09:30:00",
        "16/11/2026 09:30",
        {"date": "2026-11-16 09:30:00.000000", "timezone_type": 3, "timezone": "America/Sao_Paulo"},
    ],
)
def test_a_moment_may_be_written_in_many_ways(moment: object) -> None:
    assert read(dtHrCriado=moment).occurred_at == dt.datetime(2026, 11, 16, 12, 30, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    "moment", [None, "", "ontem", 17, [], {}, "31/02/2026 10:00", "0001-01-01T00:00:00+14:00"]
)
def test_without_a_moment_it_is_no_event(moment: object) -> None:
    assert read_event({"codigo": "BDE", "tipo": "01", "dtHrCriado": moment}) is None


def test_the_same_row_is_the_same_event() -> None:
    row = {"codigo": "BDE", "tipo": "01", "unidade": {"endereco": {"cidade": "CURITIBA", "uf": "PR"}}}

    assert read(**row).identity == read(**row).identity
    assert read(**row).identity != read(**{**row, "tipo": "20"}).identity
    assert read(**row).identity != read(**row | {"dtHrCriado": "2026-11-16T09:31:00"}).identity


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(["codigo", "tipo", "descricao", "detalhe", "unidade"]), ANYTHING))
def test_no_row_makes_it_fail(row: dict[str, Any]) -> None:
    event = read(**row)

    assert event.state in ParcelState
    assert "\x00" not in event.text + event.place + event.detail
    assert event.identity


@given(ANYTHING)
def test_nothing_makes_it_fail(row: Any) -> None:
    assert read_event(row) is None
