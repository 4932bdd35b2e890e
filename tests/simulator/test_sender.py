"""When a notification is sent again, when Tiny gives up, and what can go wrong on its side."""

from __future__ import annotations

import json
import socket
from collections import Counter
from typing import Any
from urllib.parse import parse_qs

import pytest
import requests

from tests.processes import wait_until
from tests.simulated_tiny import SimulatedAccount, SimulatedTiny, find_free_port
from tests.simulator.receiver import Receiver
from tests.simulator.test_pages import get, post


@pytest.fixture
def account(simulator: SimulatedTiny) -> SimulatedAccount:
    simulator.control("POST", "clock", {"frozen": True})
    return simulator.add_account()


@pytest.fixture
def ecommerce_id(account: SimulatedAccount, receiver: Receiver) -> str:
    """An integration whose stock is told to the receiver."""
    made = account.add_integration()["ecommerce_id"]
    account.save_urls({"estoque": f"{receiver.url}/hook"}, made)
    return made


@pytest.fixture
def product(account: SimulatedAccount, ecommerce_id: str, receiver: Receiver) -> int:
    made = account.add_product(sku="CAN-1")
    account.tiny.wait_until_sent()
    account.clear_notifications()
    receiver.received.clear()
    return int(made["id"])


def advance(simulator: SimulatedTiny, minutes: float) -> None:
    simulator.control("POST", "clock", {"advance_seconds": minutes * 60})
    simulator.wait_until_sent()


def move(account: SimulatedAccount, product: int, *saldos: float) -> list[dict[str, Any]]:
    """Set the stock so often; what became of the notifications once all that are due were sent."""
    for saldo in saldos:
        account.set_stock(product, saldo)
    account.tiny.wait_until_sent()
    return account.list_notifications()


def saldos_of(receiver: Receiver) -> list[Any]:
    return [told["dados"]["saldo"] for told in receiver.told()]


# -- sending again -------------------------------------------------------------------------------------


def test_what_was_sent_is_kept_byte_for_byte_with_its_answer(
    account: SimulatedAccount, product: int, receiver: Receiver
) -> None:
    receiver.answers["/hook"] = (200, b"obrigado")
    (row,) = move(account, product, 7)
    assert receiver.received == [("POST", "/hook", row["body"])]
    assert receiver.content_types[-1] == row["content_type"] == "application/json"
    (delivery,) = row["deliveries"]
    assert (row["state"], delivery["status"], delivery["answer"]) == ("delivered", 200, "obrigado")
    assert delivery["url"] == row["url"] == f"{receiver.url}/hook"


def test_refused_notification_comes_again_with_its_first_content(
    account: SimulatedAccount, product: int, receiver: Receiver
) -> None:
    receiver.answers["/hook"] = (503, b"")
    move(account, product, 7)
    receiver.answers["/hook"] = (200, b"")
    move(account, product, 8)
    assert saldos_of(receiver) == [7, 8]
    advance(account.tiny, 4.9)
    assert saldos_of(receiver) == [7, 8]
    advance(account.tiny, 0.1)
    assert saldos_of(receiver) == [7, 8, 7], "stale by now"
    assert [row["state"] for row in account.list_notifications()] == ["delivered", "delivered"]


@pytest.mark.parametrize("status", [201, 204, 302, 404, 500])
def test_nothing_but_200_is_success(
    account: SimulatedAccount, product: int, receiver: Receiver, status: int
) -> None:
    receiver.answers["/hook"] = (status, b"")
    (row,) = move(account, product, 7)
    assert (row["state"], [one["status"] for one in row["deliveries"]]) == ("waiting", [status])
    assert {path for _, path, _ in receiver.received} == {"/hook"}, "no redirection is followed"


@pytest.mark.parametrize(("is_account_s", "resends"), [(True, 10), (False, 15)])
def test_waiting_grows_by_five_minutes_until_tiny_gives_up(
    account: SimulatedAccount,
    ecommerce_id: str,
    product: int,
    receiver: Receiver,
    is_account_s: bool,
    resends: int,
) -> None:
    account.erase_urls(ecommerce_id)
    account.save_urls({"estoque": f"{receiver.url}/hook"}, "" if is_account_s else ecommerce_id)
    receiver.answers["/hook"] = (500, b"")
    move(account, product, 7)
    for resend in range(1, resends + 1):
        advance(account.tiny, 5 * resend - 0.1)
        assert len(receiver.bodies()) == resend
        advance(account.tiny, 0.1)
        assert len(receiver.bodies()) == resend + 1
    (row,) = account.list_notifications()
    assert (row["state"], row["tries"]) == ("given_up", resends + 1)
    advance(account.tiny, 1000)
    assert len(receiver.bodies()) == resends + 1


def test_time_scale_makes_minutes_shorter(
    account: SimulatedAccount, product: int, receiver: Receiver
) -> None:
    account.tiny.set_sender(time_scale=60)
    receiver.answers["/hook"] = (500, b"")
    move(account, product, 7)
    advance(account.tiny, 4 / 60)
    assert len(receiver.bodies()) == 1
    advance(account.tiny, 1 / 60)
    assert len(receiver.bodies()) == 2


def test_nobody_there_is_no_answer(account: SimulatedAccount, ecommerce_id: str, product: int) -> None:
    account.save_urls({"estoque": f"http://127.0.0.1:{find_free_port()}/"}, ecommerce_id)
    (row,) = move(account, product, 7)
    assert [(one["status"], one["answer"]) for one in row["deliveries"]] == [(None, "sem resposta")]
    page = f"/contas/{account.id}/integracoes/{ecommerce_id}/notificacoes"
    assert "de novo às" in get(account.tiny, page)


def test_address_that_answers_nothing_keeps_nobody_else_waiting(
    account: SimulatedAccount, ecommerce_id: str, product: int, receiver: Receiver
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        account.save_urls({"estoque": f"http://127.0.0.1:{silent.getsockname()[1]}/"})
        account.set_stock(product, 7)
        wait_until(lambda: receiver.bodies("/hook"))
        counters = account.count_notifications()
        assert (counters["delivered"], counters["sent"]) == (1, 1)
    # Whoever was posting to it is set free.
    account.tiny.wait_until_sent()
    assert account.count_notifications()["statuses"] == {"200": 1, "none": 1}


def test_address_is_removed_after_twenty_failures_in_a_row(
    account: SimulatedAccount, ecommerce_id: str, product: int, receiver: Receiver
) -> None:
    receiver.answers["/hook"] = (500, b"")
    move(account, product, *range(19))
    receiver.answers["/hook"] = (200, b"")
    move(account, product, 19)
    receiver.answers["/hook"] = (500, b"")
    move(account, product, *range(20, 39))
    assert account.list_urls(ecommerce_id) == {"estoque": f"{receiver.url}/hook"}
    rows = move(account, product, 39)
    assert account.list_urls(ecommerce_id) == {}
    assert Counter(row["state"] for row in rows) == {"given_up": 39, "delivered": 1}
    move(account, product, 40)
    assert len(receiver.bodies()) == 40


def test_address_stays_where_removing_is_switched_off(
    account: SimulatedAccount, ecommerce_id: str, product: int, receiver: Receiver
) -> None:
    account.tiny.set_sender(removes_urls=False)
    receiver.answers["/hook"] = (500, b"")
    move(account, product, *range(21))
    assert account.list_urls(ecommerce_id) == {"estoque": f"{receiver.url}/hook"}


def test_state_survives_a_kill_and_what_waited_is_sent(
    simulator_process: SimulatedTiny, account: SimulatedAccount, product: int, receiver: Receiver
) -> None:
    simulator_process.add_sender_fault("hold")
    move(account, product, 7)
    simulator_process.release_notifications()
    simulator_process.kill()
    simulator_process.launch()
    simulator_process.wait_until_sent()
    assert set(saldos_of(receiver)) == {7}


def test_everything_can_be_erased_while_it_is_sent(simulator: SimulatedTiny) -> None:
    nowhere = f"http://127.0.0.1:{find_free_port()}"
    for _ in range(12):
        account = simulator.add_account(catalogue=False)
        products = account.add_products(10, "S")
        account.save_urls({"estoque": f"{nowhere}/b"}, account.add_integration()["ecommerce_id"])
        account.save_urls({"estoque": f"{nowhere}/a"})
        account.change_stock({row["id"]: 1 for row in products})
        simulator.control("POST", "reset", {"seed_demo": False})
        assert simulator.count_notifications()["queued"] == 0


def test_old_notification_can_be_sent_again(
    account: SimulatedAccount, product: int, receiver: Receiver
) -> None:
    first, _ = move(account, product, 7, 8)
    advance(account.tiny, 95)
    account.resend_notification(first["id"])
    account.tiny.wait_until_sent()
    assert saldos_of(receiver) == [7, 8, 7]


# -- what goes wrong -----------------------------------------------------------------------------------


def test_same_share_is_lost_for_the_same_seed(
    account: SimulatedAccount, product: int, receiver: Receiver
) -> None:
    lost = []
    for _ in range(2):
        account.clear_notifications()
        fault = account.tiny.add_sender_fault("drop", account_id=account.id, share=0.25, seed="s")
        rows = move(account, product, *range(40))
        account.tiny.remove_sender_fault(fault)
        lost.append([json.loads(row["body"])["dados"]["saldo"] for row in rows if row["state"] == "dropped"])
    assert lost[0] == lost[1]
    assert 3 <= len(lost[0]) <= 17
    counters = account.count_notifications()
    assert (counters["queued"], counters["dropped"], counters["delivered"]) == (
        40, len(lost[0]), 40 - len(lost[0]),
    )  # fmt: skip
    assert counters["kinds"]["estoque"]["statuses"] == {"200": counters["delivered"]}
    assert len(receiver.bodies()) == 2 * counters["delivered"]


def test_doubled_notifications_are_the_same_bytes(
    account: SimulatedAccount, product: int, receiver: Receiver
) -> None:
    account.tiny.add_sender_fault("double")
    move(account, product, 7)
    first, second = receiver.bodies()
    assert first == second
    counters = account.count_notifications()
    assert (counters["queued"], counters["copies"], counters["delivered"]) == (1, 1, 2)


def test_held_ones_are_let_go_in_another_order(
    account: SimulatedAccount, product: int, receiver: Receiver
) -> None:
    fault = account.tiny.add_sender_fault("hold")
    move(account, product, *range(9))
    assert saldos_of(receiver) == []
    account.tiny.remove_sender_fault(fault)
    assert account.tiny.release_notifications("shuffle", "s") == 9
    account.tiny.wait_until_sent()
    shuffled = saldos_of(receiver)
    assert sorted(shuffled) == list(range(9))
    assert shuffled != list(range(9))


def test_everything_that_was_sent_came_whatever_went_wrong(
    simulator: SimulatedTiny, receiver: Receiver
) -> None:
    urls = {}
    for number in range(5):
        account = simulator.add_account(f"{11222333000100 + number}", catalogue=False)
        urls[account] = f"{receiver.url}/{number}"
        account.save_urls({"estoque": urls[account]}, account.add_integration()["ecommerce_id"])
        account.add_products(20, "S")
    for action, share in (("drop", 0.05), ("double", 0.2), ("hold", 1)):
        simulator.add_sender_fault(action, share=share, seed=action)
    for saldo in range(4):
        for account in urls:
            account.change_stock({row["id"]: saldo for row in account.list_products()})
    held = simulator.count_notifications()
    assert (held["queued"], held["dropped"]) == (400, 400 + held["copies"] - held["held"])
    assert min(held["copies"], held["dropped"]) > 0
    assert simulator.release_notifications("shuffle", "s") == held["held"]
    counters = simulator.wait_until_sent()
    assert (counters["delivered"], counters["statuses"]) == (held["held"], {"200": held["held"]})
    for account, url in urls.items():
        sent = [row["body"] for row in account.list_notifications(state="delivered")]
        assert Counter(receiver.bodies(url.removeprefix(receiver.url))) == Counter(sent)


def test_delay_is_of_the_simulator_s_clock(
    account: SimulatedAccount, product: int, receiver: Receiver
) -> None:
    fault = account.tiny.add_sender_fault("delay", value=90)
    move(account, product, 1)
    account.tiny.remove_sender_fault(fault)
    account.tiny.add_sender_fault("shuffle", value=60, seed="s")
    move(account, product, 2, 3, 4, 5)
    assert saldos_of(receiver) == []
    advance(account.tiny, 1)
    assert sorted(saldos_of(receiver)) == [2, 3, 4, 5]
    assert saldos_of(receiver) != [2, 3, 4, 5]
    advance(account.tiny, 0.5)
    assert saldos_of(receiver)[4:] == [1]


def test_tiny_stops_and_shows_the_address_all_the_same(
    account: SimulatedAccount, ecommerce_id: str, product: int, receiver: Receiver
) -> None:
    account.tiny.add_sender_fault("stop", ecommerce_id=ecommerce_id, kinds=["estoque"])
    rows = move(account, product, 7, 8)
    assert [row["state"] for row in rows] == ["stopped", "stopped"]
    assert receiver.bodies() == []
    page = f"/contas/{account.id}/integracoes/{ecommerce_id}/notificacoes"
    shown = get(account.tiny, page)
    assert f"{receiver.url}/hook" in shown
    assert shown.count("não enviada") == 2


@pytest.mark.parametrize(
    ("action", "wrong"),
    [
        ("wrong_cnpj", {"cnpj": "99888777000100"}),
        ("wrong_ecommerce", {"idEcommerce": 999_999}),
        ("unknown_tipo", {"tipo": "lancamento_novo"}),
    ],
)
def test_wrong_envelope(
    account: SimulatedAccount, product: int, receiver: Receiver, action: str, wrong: dict[str, Any]
) -> None:
    account.tiny.add_sender_fault(action)
    move(account, product, 7)
    account.tiny.clear_sender_faults()
    move(account, product, 7)
    spoilt, right = receiver.told()
    assert spoilt == {**right, **wrong}
    assert spoilt != right


def test_garbled_bodies(account: SimulatedAccount, product: int, receiver: Receiver) -> None:
    account.change_product(product, sku="AÇÚCAR")

    def garble(action: str) -> bytes:
        fault = account.tiny.add_sender_fault(action)
        receiver.received.clear()
        move(account, product, 1234.5)
        account.tiny.remove_sender_fault(fault)
        (body,) = receiver.bodies()
        return body

    right = json.loads(garble("no_tipo_estoque"))
    assert "tipoEstoque" not in right["dados"]
    right["dados"] = {"tipoEstoque": "D", **right["dados"]}
    assert json.loads(garble("comma"))["dados"]["saldo"] == "1234,50"
    text = json.loads(garble("text_dados"))
    assert (json.loads(text["dados"]), text["cnpj"]) == (right["dados"], right["cnpj"])
    assert json.loads(garble("latin1").decode("latin-1")) == right
    with pytest.raises(json.JSONDecodeError):
        json.loads(garble("broken_json"))
    form = {name: values[0] for name, values in parse_qs(garble("form").decode()).items()}
    assert receiver.content_types[-1] == "application/x-www-form-urlencoded"
    assert json.loads(form["dados"]) == right["dados"]
    assert (form["tipo"], form["cnpj"]) == ("estoque", right["cnpj"])


def test_fault_of_another_account_or_kind_does_not_strike(
    account: SimulatedAccount, product: int, receiver: Receiver
) -> None:
    other = account.tiny.add_account("12ABC34501DE35")
    account.tiny.add_sender_fault("drop", account_id=other.id)
    account.tiny.add_sender_fault("drop", kinds=["precos"])
    move(account, product, 7)
    assert saldos_of(receiver) == [7]


def test_unknown_fault_is_refused(simulator: SimulatedTiny) -> None:
    for body in ({"action": "x"}, {"action": "drop", "share": 2}, {"action": "delay"}):
        answer = requests.post(f"{simulator.url}/_control/sender/faults", json=body, timeout=10)
        assert answer.status_code == 400
    assert simulator.control("GET", "sender/faults") == []


def test_person_lays_faults_lets_go_and_erases_addresses(
    account: SimulatedAccount, ecommerce_id: str, product: int, receiver: Receiver
) -> None:
    page = f"/contas/{account.id}/falhas"
    assert "Nenhuma falha no envio." in get(account.tiny, page)
    form = {"falha": "hold", "tipo": "estoque", "parte": "100", "segundos": "", "semente": "1"}
    assert post(account.tiny, f"{page}/envio", **form).headers["Location"] == page
    move(account, product, 7, 8)
    shown = get(account.tiny, page)
    assert "2 de 2" in shown
    assert "seguradas <strong>2</strong>" in shown
    (fault,) = account.tiny.control("GET", "sender/faults")
    post(account.tiny, f"{page}/envio/desligar", falha=str(fault["id"]))
    assert "Nenhuma falha no envio." in get(account.tiny, page)
    post(account.tiny, f"{page}/envio/soltar", ordem="reverse")
    account.tiny.wait_until_sent()
    assert saldos_of(receiver) == [8, 7]
    assert post(account.tiny, f"{page}/envio/reenvio", escala="60", depois="mantem").status_code == 303
    assert account.tiny.control("GET", "sender") == {"time_scale": 60, "removes_urls": False}
    assert 'value="mantem" selected' in get(account.tiny, page)
    post(account.tiny, f"{page}/envio/apagar")
    assert account.list_urls(ecommerce_id) == {}
