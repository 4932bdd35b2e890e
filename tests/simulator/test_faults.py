"""Faults strike the calls they were laid for, and rows shift the pages after them."""

from __future__ import annotations

import pytest
import requests

from tests.simulated_tiny import SimulatedTiny
from tests.simulator.conftest import App, Reader


def test_status_with_body_and_headers_strikes_as_often_as_asked(
    reader: Reader, simulator: SimulatedTiny
) -> None:
    simulator.add_fault(
        account_id=reader.account_id, route="GET /info", after=1, times=2, status=503,
        body={"mensagem": "fora"}, headers={"X-Test": "1"},
    )  # fmt: skip
    answers = [reader.get("/info") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 503, 503, 200]
    assert answers[1].json() == {"mensagem": "fora"}
    assert answers[1].headers["X-Test"] == "1"


def test_fault_of_another_route_or_account_does_not_strike(reader: Reader, simulator: SimulatedTiny) -> None:
    other = simulator.add_account("12ABC34501DE35")
    simulator.add_fault(account_id=other.id, route="GET /info", status=500)
    simulator.add_fault(route="GET /pedidos/{idPedido}", status=500)
    assert reader.get("/info").status_code == 200
    assert reader.get("/pedidos").status_code == 200
    assert reader.get("/pedidos/1").status_code == 500
    assert reader.get("/pedidos/1").status_code == 404


def test_dropped_answer_was_worked_and_counted(reader: Reader, simulator: SimulatedTiny) -> None:
    simulator.add_fault(route="GET /pedidos", drop_after=True)
    with pytest.raises(requests.ConnectionError):
        reader.get("/pedidos")
    assert reader.get("/pedidos").status_code == 200
    counts = simulator.control("GET", f"accounts/{reader.account_id}/calls")["counts"]
    assert counts == {"GET /pedidos": 2}


def test_dropped_token_answer_has_rotated_the_token(app: App, simulator: SimulatedTiny) -> None:
    tokens = app.connect()
    simulator.add_fault(route="POST /token", drop_after=True)
    with pytest.raises(requests.ConnectionError):
        app.refresh(tokens["refresh_token"])
    assert app.refresh(tokens["refresh_token"]).json()["error_description"] == "Stale token"


def test_token_fault_answers_instead(app: App, simulator: SimulatedTiny) -> None:
    tokens = app.connect()
    simulator.add_fault(account_id=app.account_id, route="POST /token", status=502)
    assert app.refresh(tokens["refresh_token"]).status_code == 502
    assert app.refresh(tokens["refresh_token"]).status_code == 200
    assert app.count_token_calls()["refresh_token"] == {"fault 502": 1, "ok": 1}


@pytest.mark.parametrize("path", ["/pedidos", "/notas"])
@pytest.mark.parametrize("order", ["asc", "desc"])
def test_inserted_row_pushes_the_next_page(
    reader: Reader, simulator: SimulatedTiny, path: str, order: str
) -> None:
    reader.add_orders(count=250, with_invoices=True)
    simulator.add_fault(route=f"GET {path}", k=1, shift="insert_before")
    first = reader.list_ids(path, orderBy=order)
    second = reader.list_ids(path, orderBy=order, offset=100)
    assert second[0] == first[-1], "the last row of the first page comes again"
    assert reader.get(path).json()["paginacao"]["total"] == 251


@pytest.mark.parametrize("path", ["/pedidos", "/notas"])
@pytest.mark.parametrize("order", ["asc", "desc"])
def test_deleted_row_pulls_the_next_page(
    reader: Reader, simulator: SimulatedTiny, path: str, order: str
) -> None:
    reader.add_orders(count=250, with_invoices=True)
    everything = reader.list_ids(path, orderBy=order) + reader.list_ids(path, orderBy=order, offset=100)
    simulator.add_fault(route=f"GET {path}", k=1, shift="delete_before")
    first = reader.list_ids(path, orderBy=order)
    second = reader.list_ids(path, orderBy=order, offset=100)
    assert first == everything[:100]
    assert second[0] == everything[101], "the row at the seam is passed over"
    (fault,) = simulator.control("GET", "faults")
    assert [effect["id"] for effect in fault["effects"]] == [first[0]]


def test_doubled_row_comes_twice_and_nothing_is_lost(reader: Reader, simulator: SimulatedTiny) -> None:
    reader.add_orders(count=250, with_invoices=True)
    simulator.add_fault(route="GET /pedidos", k=1, shift="duplicate_row")
    ids = []
    for offset in (0, 100, 200):
        ids += reader.list_ids("/pedidos", offset=offset)
    assert len(ids) == 251
    assert len(set(ids)) == 250
    assert ids[99] == ids[100]


def test_fault_needs_an_effect(simulator: SimulatedTiny) -> None:
    answer = requests.post(f"{simulator.url}/_control/faults", json={"route": "GET /info"}, timeout=10)
    assert answer.status_code == 400
