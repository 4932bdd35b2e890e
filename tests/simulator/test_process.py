"""The process itself: first start, restart, life, control API."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.processes import Stack, wait_until
from tests.simulated_tiny import SimulatedTiny, find_free_port


@pytest.fixture
def own_database() -> Iterator[str]:
    """The address of an empty database of the simulator's role."""
    name = f"sim_process_{os.getpid()}"
    SimulatedTiny._run_sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    SimulatedTiny._run_sql(f"CREATE DATABASE {name} OWNER tiny_simulator")
    yield os.environ["SIMULATOR_DATABASE_URL"].rpartition("/")[0] + f"/{name}"
    SimulatedTiny._run_sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def variables_of(database: str, port: int) -> dict[str, str]:
    return {"ALLOW_SIMULATOR": "1", "SIMULATOR_DATABASE_URL": database, "SIMULATOR_PORT": str(port)}


def get_control(url: str, path: str) -> Any:
    try:
        return requests.get(f"{url}/_control/{path}", timeout=10).json()
    except requests.ConnectionError:
        return None


def test_first_start_seeds_once_and_state_survives_a_kill(own_database: str) -> None:
    port = find_free_port()
    url = f"http://127.0.0.1:{port}"
    with Stack(variables_of(own_database, port)) as stack:
        process = stack.start("-m", "tiny.simulator")
        accounts = wait_until(lambda: get_control(url, "accounts"))
        assert [(account["cnpj"], account["orders"]) for account in accounts] == [
            ("11222333000181", 40),
            ("12ABC34501DE35", 40),
        ]
        app = requests.post(
            f"{url}/_control/accounts/1/apps", json={"redirect_uri": "http://127.0.0.1:1/"}, timeout=10
        ).json()
        before = get_control(url, "accounts/1/orders")
        assert sum(1 for order in before if order["chaveAcesso"]) > 10
        process.kill()

        stack.start("-m", "tiny.simulator")
        accounts = wait_until(lambda: get_control(url, "accounts"))
        assert [len(account["apps"]) for account in accounts] == [1, 0]
        assert accounts[0]["apps"][0]["client_id"] == app["client_id"]
        assert get_control(url, "accounts/1/orders") == before


def test_orders_live_by_themselves_in_demo_mode(own_database: str) -> None:
    port = find_free_port()
    url = f"http://127.0.0.1:{port}"
    variables = variables_of(own_database, port) | {"SIMULATOR_LIVE_SECONDS": "0.01"}
    with Stack(variables) as stack:
        stack.start("-m", "tiny.simulator", "--live")
        wait_until(lambda: get_control(url, "health"))

        def has_lived() -> bool:
            orders = get_control(url, "accounts/1/orders")
            born = orders[40:]
            return (
                len(born) > 3
                and any(order["chaveAcesso"] and order["situacao"] in (1, 7) for order in born)
                and any(order["situacao"] in (5, 6) for order in born)
            )

        wait_until(has_lived)
        for order in get_control(url, "accounts/1/orders"):
            if order["situacao"] in (1, 7, 5, 6, 9):
                assert len(order["chaveAcesso"]) == 44


def test_missing_settings_are_one_sentence() -> None:
    with Stack({"ALLOW_SIMULATOR": "1", "SIMULATOR_DATABASE_URL": "", "SIMULATOR_PORT": ""}) as stack:
        done = stack.run("-m", "tiny.simulator")
    assert done.returncode != 0
    assert "SIMULATOR_DATABASE_URL and SIMULATOR_PORT must be set." in done.stderr


@pytest.mark.parametrize("no", ["", "0", "false"])
def test_it_refuses_to_start_where_nobody_asked_for_it(own_database: str, no: str) -> None:
    variables = variables_of(own_database, find_free_port())
    with Stack(variables | {"DEBUG": no, "DEMO": no, "ALLOW_SIMULATOR": no}) as stack:
        done = stack.run("-m", "tiny.simulator")
    assert (done.returncode, done.stdout, done.stderr) == (
        1,
        "",
        "The simulator invents orders and starts outside DEBUG and DEMO only with ALLOW_SIMULATOR=1.\n",
    )


def test_thousand_orders_with_notas_are_ten_pages(simulator: SimulatedTiny) -> None:
    account = simulator.add_account("12345678000195", orders=1000, with_invoices=True, since_days=6)
    orders = simulator.control("GET", f"accounts/{account.id}/orders")
    assert len(orders) == 1000
    assert {order["situacao"] for order in orders} == {1, 7, 5}
    assert len({order["chaveAcesso"] for order in orders}) == 1000


def test_orders_without_invoices_have_none(simulator: SimulatedTiny) -> None:
    account = simulator.add_account("12345678000195", orders=10, with_invoices=False)
    orders = simulator.control("GET", f"accounts/{account.id}/orders")
    assert {order["chaveAcesso"] for order in orders} == {None}
    assert {order["situacao"] for order in orders} == {3, 4}


def test_reset_starts_numbering_again(simulator: SimulatedTiny) -> None:
    def seed() -> Any:
        simulator.control("POST", "reset", {"seed_demo": False})
        account = simulator.add_account("12345678000195", orders=5, with_invoices=True, seed="s")
        orders = simulator.control("GET", f"accounts/{account.id}/orders")
        return [{name: order[name] for name in order if name != "atualizado_em"} for order in orders]

    assert seed() == seed()


def test_adding_a_known_cnpj_starts_it_afresh(simulator: SimulatedTiny) -> None:
    simulator.add_account("12345678000195", orders=5)
    simulator.add_account("12345678000195", orders=2)
    (account,) = simulator.control("GET", "accounts")
    assert account["orders"] == 2


def test_control_refuses_what_it_cannot_use(simulator: SimulatedTiny) -> None:
    url = f"{simulator.url}/_control"
    assert requests.post(f"{url}/accounts", json={}, timeout=10).status_code == 400
    assert requests.post(f"{url}/accounts", data="x", timeout=10).status_code == 400
    assert requests.get(f"{url}/accounts/99/orders", timeout=10).status_code == 404
    assert requests.get(f"{url}/nothing", timeout=10).status_code == 404
    unknown = {"client_id": "x", "action": "revoke"}
    assert requests.post(f"{url}/tokens", json=unknown, timeout=10).status_code == 404
