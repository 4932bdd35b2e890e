"""The movable clock: codes, tokens, orders and windows live by it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
import requests

from tests.simulated_tiny import SimulatedTiny
from tests.simulator.conftest import App, Reader


@pytest.fixture
def frozen(simulator: SimulatedTiny) -> SimulatedTiny:
    simulator.control("POST", "clock", {"frozen": True})
    return simulator


def advance(simulator: SimulatedTiny, seconds: float) -> None:
    simulator.control("POST", "clock", {"advance_seconds": seconds})


def test_clock_is_moved_held_and_given_back(simulator: SimulatedTiny) -> None:
    assert simulator.control("GET", "clock")["offset_seconds"] == 0
    moved = simulator.control("POST", "clock", {"offset_seconds": -600, "frozen": True})
    assert (moved["offset_seconds"], moved["frozen"]) == (-600, True)
    later = simulator.control("POST", "clock", {"advance_seconds": 3600})
    assert later["offset_seconds"] == 3000
    gap = datetime.fromisoformat(later["now"]) - datetime.fromisoformat(moved["now"])
    assert gap == timedelta(hours=1)
    assert simulator.control("GET", "clock")["now"] == later["now"], "it stands still"
    simulator.control("POST", "reset", {"seed_demo": False})
    clock = simulator.control("GET", "clock")
    assert (clock["offset_seconds"], clock["frozen"]) == (0, False)


def test_clock_refuses_nonsense(simulator: SimulatedTiny) -> None:
    for offset in (1e12, "x", "nan"):
        answer = requests.post(f"{simulator.url}/_control/clock", json={"offset_seconds": offset}, timeout=10)
        assert answer.status_code == 400


def test_code_lives_a_minute(app: App, frozen: SimulatedTiny) -> None:
    code = app.authorize()
    advance(frozen, 59)
    assert app.redeem(code).status_code == 200
    code = app.authorize()
    advance(frozen, 60)
    assert app.redeem(code).json()["error_description"] == "Code is expired"


def test_access_token_lives_four_hours(app: App, frozen: SimulatedTiny) -> None:
    reader = Reader(frozen, app.account_id, app.connect()["access_token"])
    advance(frozen, 4 * 3600 - 1)
    assert reader.get("/info").status_code == 200
    advance(frozen, 1)
    assert reader.get("/info").status_code == 401


def test_refresh_token_lives_a_day_and_each_renewal_gives_another(app: App, frozen: SimulatedTiny) -> None:
    tokens: dict[str, Any] = app.connect()
    for _ in range(3):
        advance(frozen, 24 * 3600 - 1)
        answer = app.refresh(tokens["refresh_token"])
        assert answer.status_code == 200
        tokens = answer.json()
    advance(frozen, 24 * 3600)
    refused = app.refresh(tokens["refresh_token"])
    assert (refused.status_code, refused.json()) == (
        400,
        {"error": "invalid_grant", "error_description": "Token is not active"},
    )


def test_orders_are_dated_by_it(app: App, frozen: SimulatedTiny) -> None:
    # Three days on, an access token must be a new one.
    frozen.control("POST", "clock", {"offset_seconds": 3 * 86400})
    reader = Reader(frozen, app.account_id, app.connect()["access_token"])
    now = datetime.fromisoformat(frozen.control("GET", "clock")["now"])
    (order,) = reader.add_orders(situacao=3)
    day = (now - timedelta(hours=3)).date().isoformat()
    assert reader.get("/pedidos").json()["itens"][0]["dataCriacao"] == day
    assert reader.list_ids("/pedidos", dataAtualizacao=day) == [order["id"]]
    assert datetime.fromisoformat(order["atualizado_em"]) == now
