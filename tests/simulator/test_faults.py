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


def test_fault_of_certain_parameters_strikes_only_calls_that_bring_them(
    reader: Reader, simulator: SimulatedTiny
) -> None:
    simulator.add_fault(route="GET /pedidos", parameters={"offset": 100}, times=None, status=500)
    assert reader.get("/pedidos", limit=100).status_code == 200
    assert reader.get("/pedidos", limit=100, offset=0).status_code == 200
    assert reader.get("/pedidos", limit=100, offset=100).status_code == 500
    assert reader.get("/pedidos", offset=100).status_code == 500


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


def test_every_route_can_be_struck_until_somebody_takes_it_away(
    reader: Reader, simulator: SimulatedTiny
) -> None:
    fault_id = simulator.control("POST", "faults", {"route": "*", "status": 500, "times": None})["fault_id"]
    assert {reader.get(path).status_code for path in ("/info", "/pedidos", "/notas", "/nothing")} == {500}
    simulator.control("DELETE", f"faults/{fault_id}")
    assert reader.get("/info").status_code == 200
    gone = requests.delete(f"{simulator.url}/_control/faults/{fault_id}", timeout=10)
    assert gone.status_code == 404


def test_dropped_call_was_not_worked(app: App, simulator: SimulatedTiny) -> None:
    tokens = app.connect()
    simulator.add_fault(route="POST /token", drop=True)
    with pytest.raises(requests.ConnectionError):
        app.refresh(tokens["refresh_token"])
    assert app.refresh(tokens["refresh_token"]).status_code == 200, "the token was not spent"


def test_delay_comes_before_the_answer(reader: Reader, simulator: SimulatedTiny) -> None:
    simulator.add_fault(route="GET /info", delay_ms=300)
    answer = reader.get("/info")
    assert answer.status_code == 200
    assert answer.elapsed.total_seconds() >= 0.3


def test_truncated_answer_is_whole_to_http_and_half_to_json(reader: Reader, simulator: SimulatedTiny) -> None:
    simulator.add_fault(route="GET /info", truncate=20)
    answer = reader.get("/info")
    assert (answer.status_code, len(answer.content)) == (200, 20)
    with pytest.raises(requests.JSONDecodeError):
        answer.json()


def test_broken_off_answer_is_short_of_its_length(reader: Reader, simulator: SimulatedTiny) -> None:
    simulator.add_fault(route="GET /info", break_off=20)
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        reader.get("/info")


def test_bytes_come_one_by_one(reader: Reader, simulator: SimulatedTiny) -> None:
    simulator.add_fault(route="GET /info", truncate=10, bytes_per_second=50)
    answer = reader.call("GET", "/info", stream=True)
    pieces = []
    while piece := answer.raw.read1(1000):
        pieces.append(piece)
    assert len(b"".join(pieces)) == 10
    assert len(pieces) > 1, "they did not come together"


def test_content_type_padding_and_fields(reader: Reader, simulator: SimulatedTiny) -> None:
    simulator.add_fault(
        route="GET /info", content_type="text/html", padding=1000, replace={"fone": 7}, remove=["email"]
    )
    answer = reader.get("/info")
    assert answer.headers["Content-Type"] == "text/html"
    assert answer.content.endswith(b"}" + b" " * 1000)
    assert answer.json()["fone"] == 7
    assert "email" not in answer.json()


def test_token_answer_can_lack_fields(app: App, simulator: SimulatedTiny) -> None:
    tokens = app.connect()
    simulator.add_fault(route="POST /token", replace={"expires_in": 0}, remove=["refresh_token"])
    answer = app.refresh(tokens["refresh_token"]).json()
    assert answer["expires_in"] == 0
    assert "refresh_token" not in answer


def test_html_with_200_and_204_on_a_list(reader: Reader, simulator: SimulatedTiny) -> None:
    simulator.add_fault(
        route="GET /pedidos", status=200, body="<html>", headers={"Content-Type": "text/html"}
    )
    simulator.add_fault(route="GET /pedidos", status=204, after=1)
    page = reader.get("/pedidos")
    assert (page.status_code, page.headers["Content-Type"], page.text) == (200, "text/html", "<html>")
    empty = reader.get("/pedidos")
    assert (empty.status_code, empty.content) == (204, b"")


def test_429_with_and_without_headers(app: App, reader: Reader, simulator: SimulatedTiny) -> None:
    simulator.control("PATCH", f"accounts/{app.account_id}", {"read_limit": 30})
    reset = {"X-Ratelimit-Limit": "30", "X-Ratelimit-Remaining": "0", "X-Ratelimit-Reset": "16"}
    simulator.add_fault(route="GET /info", status=429, headers=reset)
    simulator.add_fault(route="GET /info", status=429, after=1, no_quota_headers=True)
    told, untold = reader.get("/info"), reader.get("/info")
    assert {name: told.headers[name] for name in reset} == reset
    assert (untold.status_code, untold.content) == (429, b"")
    assert not reset.keys() & untold.headers.keys()


def test_ignored_offset_gives_the_same_page_for_ever(reader: Reader, simulator: SimulatedTiny) -> None:
    reader.add_orders(count=250, with_invoices=True)
    simulator.add_fault(route="GET /pedidos", ignore=["offset", "situacao"], times=2)
    first = reader.list_ids("/pedidos")
    assert reader.list_ids("/pedidos", offset=100, situacao=5) == first
    assert reader.list_ids("/pedidos", offset=100)[0] > first[-1]


def test_ignored_limit_is_a_hundred(reader: Reader, simulator: SimulatedTiny) -> None:
    reader.add_orders(count=120, with_invoices=False)
    simulator.add_fault(route="GET /pedidos", ignore=["limit"])
    assert reader.get("/pedidos", limit=7).json()["paginacao"] == {"limit": 100, "offset": 0, "total": 120}


@pytest.mark.parametrize(
    "fields",
    [
        {"status": "500"},
        {"ignore": "offset"},
        {"drop": 1},
        {"shift": "sideways"},
        {"padding": 10**12},
        {"drop": True, "parameters": ["offset"]},
    ],
)
def test_fault_of_the_wrong_kind_is_refused(simulator: SimulatedTiny, fields: dict[str, object]) -> None:
    answer = requests.post(f"{simulator.url}/_control/faults", json={"route": "*", **fields}, timeout=10)
    assert answer.status_code == 400


def test_call_still_under_way_at_a_reset_is_not_counted_afterwards(
    reader: Reader, simulator: SimulatedTiny
) -> None:
    simulator.add_fault(route="GET /info", delay_ms=1500)
    with pytest.raises(requests.Timeout):
        requests.get(
            f"{simulator.api_url}/info", headers={"Authorization": reader.authorization}, timeout=0.5
        )
    simulator.control("POST", "reset", {"seed_demo": False})
    account = simulator.add_account()
    assert account.id == reader.account_id
    # The server works on with whoever has gone; this one waits until it must have finished.
    simulator.control("POST", "faults", {"route": "POST /token", "delay_ms": 1500})
    requests.post(f"{simulator.accounts_url}/token", data={}, timeout=10)
    assert account.count_calls() == {}
