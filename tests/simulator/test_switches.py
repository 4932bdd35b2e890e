"""The page of faults, limits and clock: what a person switches there holds for the API."""

from __future__ import annotations

import re
from datetime import datetime

import pytest
import requests

from tests.simulated_tiny import SimulatedTiny
from tests.simulator.conftest import App, Reader
from tests.simulator.test_pages import get, post
from tiny.simulator.faults import PRESETS
from tiny.simulator.switches import LABELS


@pytest.fixture
def page(reader: Reader) -> str:
    return f"/contas/{reader.account_id}/falhas"


def test_every_usual_fault_has_a_name() -> None:
    assert list(LABELS) == list(PRESETS)


@pytest.mark.parametrize("kind", [name for name in PRESETS if name not in ("slow_bytes", "delay", "huge")])
def test_every_usual_fault_can_be_laid_by_name(reader: Reader, simulator: SimulatedTiny, kind: str) -> None:
    reader.add_orders(count=2, with_invoices=False)
    simulator.add_fault(route="GET /pedidos", preset=kind, times=1)
    try:
        answer = reader.get("/pedidos", situacao=3)
    except requests.RequestException:
        assert kind in ("broken_off", "drop", "drop_after")
    else:
        assert answer.status_code == PRESETS[kind].get("status", 200)
    assert reader.get("/pedidos").status_code == 200


def test_unknown_preset_is_refused(simulator: SimulatedTiny) -> None:
    answer = requests.post(f"{simulator.url}/_control/faults", json={"route": "*", "preset": "x"}, timeout=10)
    assert answer.status_code == 400


def test_person_switches_a_fault_on_and_off(reader: Reader, simulator: SimulatedTiny, page: str) -> None:
    assert "Nenhuma falha ligada." in get(simulator, page)
    answer = post(simulator, page, rota="GET /info", falha="error_500", vezes="", depois="1")
    assert answer.headers["Location"] == page
    assert [reader.get("/info").status_code for _ in range(3)] == [200, 500, 500]
    shown = get(simulator, page)
    assert "2, até desligar" in shown
    assert ">ligada<" in shown
    number = re.search(r'name="falha" value="(\d+)"', shown)
    assert number is not None
    post(simulator, f"{page}/desligar", falha=number[1])
    assert reader.get("/info").status_code == 200
    assert "Nenhuma falha ligada." in get(simulator, page)


def test_fault_that_has_struck_is_over(reader: Reader, simulator: SimulatedTiny, page: str) -> None:
    post(simulator, page, rota="*", falha="html_200", vezes="1", depois="0")
    assert reader.get("/notas").headers["Content-Type"] == "text/html; charset=utf-8"
    shown = get(simulator, page)
    assert "1 de 1" in shown
    assert ">acabou<" in shown
    simulator.add_fault(route="GET /info", status=500)
    assert "todas as contas" in get(simulator, page)
    post(simulator, f"{page}/desligar", falha="todas")
    assert "Nenhuma falha ligada." in get(simulator, page)


def test_fault_of_one_account_does_not_strike_its_neighbour(
    app: App, reader: Reader, simulator: SimulatedTiny
) -> None:
    other = simulator.add_account("12ABC34501DE35")
    post(simulator, f"/contas/{other.id}/falhas", rota="*", falha="error_500", vezes="", depois="")
    post(simulator, f"/contas/{other.id}/falhas", rota="POST /token", falha="error_503", vezes="", depois="")
    assert reader.get("/info").status_code == 200
    assert app.redeem(app.authorize()).status_code == 200
    assert "Nenhuma falha ligada." in get(simulator, f"/contas/{app.account_id}/falhas")


def test_person_sets_limits_and_lets_another_program_eat(
    reader: Reader, simulator: SimulatedTiny, page: str
) -> None:
    post(
        simulator, f"{page}/limites", read_limit="30", write_limit="20", burst_limit="", janela="sliding",
        cabecalhos="all",
    )  # fmt: skip
    (account,) = simulator.control("GET", "accounts")
    chosen = {
        name: account[name]
        for name in ("read_limit", "write_limit", "burst_limit", "window", "quota_headers")
    }
    assert chosen == {
        "read_limit": 30,
        "write_limit": 20,
        "burst_limit": 0,
        "window": "sliding",
        "quota_headers": "all",
    }
    post(simulator, f"{page}/consumir", tipo="read", chamadas="29")
    assert [reader.get("/info").status_code for _ in range(2)] == [200, 429]


def test_person_moves_the_clock(simulator: SimulatedTiny, page: str) -> None:
    before = datetime.fromisoformat(simulator.control("GET", "clock")["now"])
    post(simulator, f"{page}/relogio", passo="86400")
    post(simulator, f"{page}/relogio", passo="3600")
    assert "Adiantado em 1 d 1 h 0 min." in get(simulator, page)
    moved = datetime.fromisoformat(simulator.control("GET", "clock")["now"]) - before
    assert moved.total_seconds() // 3600 == 25
    post(simulator, f"{page}/relogio", passo="agora")
    assert "Hora certa." in get(simulator, page)


def test_nonsense_changes_nothing(reader: Reader, simulator: SimulatedTiny, page: str) -> None:
    post(simulator, page, rota="GET /x", falha="error_500", vezes="1", depois="0")
    post(simulator, page, rota="*", falha="x", vezes="1", depois="0")
    post(simulator, f"{page}/desligar", falha="x")
    post(simulator, f"{page}/relogio", passo="x")
    post(simulator, f"{page}/limites", read_limit="-1", write_limit="9" * 30, janela="x", cabecalhos="x")
    post(simulator, f"{page}/consumir", tipo="x", chamadas="x")
    assert simulator.control("GET", "faults") == []
    assert simulator.control("GET", "clock")["offset_seconds"] == 0
    assert reader.get("/info").status_code == 200
    get(simulator, "/contas/99/falhas", 404)
    assert post(simulator, "/contas/99/falhas", rota="*", falha="error_500").status_code == 404
