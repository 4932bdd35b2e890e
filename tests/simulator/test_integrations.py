"""The tab «Integrações»: Identificador, Token, and addresses that are asked before they are kept."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from tests.simulated_tiny import SimulatedAccount, SimulatedTiny, find_free_port
from tests.simulator.test_api2 import Caller
from tests.simulator.test_pages import ESCAPED, HOSTILE, get, post


@pytest.fixture
def account(simulator: SimulatedTiny) -> SimulatedAccount:
    return simulator.add_account()


@pytest.fixture
def base(account: SimulatedAccount) -> str:
    return f"/contas/{account.id}/integracoes"


class Platform(HTTPServer):
    """Answers /ok with 200, /moved with a redirection, the rest with 404, and keeps what came."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.received: list[tuple[str, str, bytes]] = []
        self.url = f"http://127.0.0.1:{self.server_port}"


class _Answer(BaseHTTPRequestHandler):
    server: Platform

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.received.append(("POST", self.path, body))
        self.send_response({"/ok": 200, "/moved": 302}.get(self.path, 404))
        self.send_header("Location", "/ok")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def platform() -> Iterator[Platform]:
    server = Platform()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join(5)


def test_person_adds_an_integration_and_copies_two_values(
    simulator: SimulatedTiny, account: SimulatedAccount, base: str
) -> None:
    assert "Nenhuma integração ainda." in get(simulator, base)
    answer = post(simulator, base, nome="Entreposto")
    (made,) = simulator.control("GET", f"accounts/{account.id}/integrations")
    assert made["name"] == "Entreposto"
    assert answer.headers["Location"] == f"{base}/{made['ecommerce_id']}"
    page = get(simulator, answer.headers["Location"])
    assert made["ecommerce_id"].isdecimal()
    assert 4 <= len(made["ecommerce_id"]) <= 6
    assert f'Identificador do integrador</dt><dd class="mono">{made["ecommerce_id"]}<' in page
    assert made["token"] in page
    assert made["token"] not in get(simulator, base)
    caller = Caller(simulator, account)
    assert caller.call("info.php", token=made["token"])["status"] == "OK"


def test_nameless_integration_is_told(simulator: SimulatedTiny, account: SimulatedAccount, base: str) -> None:
    answer = post(simulator, base, nome=" ")
    assert (answer.status_code, "Informe o nome da integração." in answer.text) == (400, True)
    assert simulator.control("GET", f"accounts/{account.id}/integrations") == []


def test_person_revokes_and_regenerates_tokens(
    simulator: SimulatedTiny, account: SimulatedAccount, base: str
) -> None:
    caller = Caller(simulator, account)
    page = f"{base}/{caller.ecommerce_id}"
    assert post(simulator, f"{page}/token", decisao="gerar").headers["Location"] == page
    (made,) = simulator.control("GET", f"accounts/{account.id}/integrations")
    assert (caller.code("info.php"), made["token"] in get(simulator, page)) == (2, True)
    post(simulator, f"{page}/token", decisao="revogar")
    assert caller.code("info.php", token=made["token"]) == 2
    assert "sem token" in get(simulator, page)
    assert "sem token" in get(simulator, base)

    own = simulator.control("GET", "accounts")[0]["token_api"]
    assert own in get(simulator, base)
    post(simulator, f"{base}/token", decisao="revogar")
    assert caller.code("info.php", token=own) == 2
    post(simulator, f"{base}/token", decisao="gerar")
    renewed = simulator.control("GET", "accounts")[0]["token_api"]
    assert caller.call("info.php", token=renewed)["status"] == "OK"


def test_saved_addresses_are_asked_with_an_empty_post(
    simulator: SimulatedTiny, account: SimulatedAccount, base: str, platform: Platform
) -> None:
    integration = account.add_integration()
    page = f"{base}/{integration['ecommerce_id']}/notificacoes"
    shown = get(simulator, page)
    for label in (
        "URL de notificações do estoque",
        "URL para envio de produtos",
        "URL para envio de alteração na situação de pedidos",
    ):
        assert label in shown
    given = {
        "estoque": f"{platform.url}/ok",
        "produto": f"{platform.url}/ok",
        "precos": f"{platform.url}/missing",
        "rastreio": f"{platform.url}/moved",
        "nota_fiscal": f"http://127.0.0.1:{find_free_port()}/",
    }
    answer = post(simulator, page, **given, situacao_pedido="")
    assert answer.headers["Location"] == page
    assert sorted(platform.received) == [
        ("POST", "/missing", b""),
        ("POST", "/moved", b""),
        ("POST", "/ok", b""),
    ]
    shown = get(simulator, page)
    counts = [
        shown.count(text) for text in ("respondeu 200", "respondeu 404", "respondeu 302", "sem resposta")
    ]
    assert counts == [2, 1, 1, 1]
    (made,) = simulator.control("GET", f"accounts/{account.id}/integrations")
    assert made["urls"] == given
    post(simulator, page, estoque="")
    (made,) = simulator.control("GET", f"accounts/{account.id}/integrations")
    assert made["urls"] == {}


def test_everything_is_escaped(simulator: SimulatedTiny, account: SimulatedAccount, base: str) -> None:
    integration = account.add_integration(HOSTILE)
    page = f"{base}/{integration['ecommerce_id']}"
    post(simulator, f"{page}/notificacoes", estoque=HOSTILE)
    for path in (base, page, f"{page}/notificacoes"):
        shown = get(simulator, path)
        assert "<script" not in shown
        assert ESCAPED in shown


def test_integration_of_a_neighbour_is_not_found(simulator: SimulatedTiny, base: str) -> None:
    other = simulator.add_account("12ABC34501DE35")
    theirs = other.add_integration()
    for path in ("", "/notificacoes"):
        get(simulator, f"{base}/{theirs['ecommerce_id']}{path}", 404)
    for path in ("token", "notificacoes"):
        answer = post(simulator, f"{base}/{theirs['ecommerce_id']}/{path}", decisao="revogar")
        assert answer.status_code == 404
    (kept,) = simulator.control("GET", f"accounts/{other.id}/integrations")
    assert kept["token"] == theirs["token"]


def test_codes_are_seen_among_the_calls(simulator: SimulatedTiny, account: SimulatedAccount) -> None:
    caller = Caller(simulator, account)
    caller.code("pedido.obter.php", id=1)
    caller.call("info.php")
    shown = get(simulator, f"/contas/{account.id}/chamadas")
    assert "200 · código 32" in shown
    assert "/api2/pedido.obter.php?id=1" in shown
    assert caller.token not in shown
