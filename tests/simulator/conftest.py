"""One simulator process for this folder, empty before each test, and an authorised reader of it."""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from tests.simulated_tiny import SimulatedTiny
from tests.simulator.receiver import Receiver

REDIRECT_URI = "http://127.0.0.1:8000/integracoes/tiny/oauth/retorno/"
VERIFIER = "verifier-of-forty-three-characters-or-more-0123456789"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


@pytest.fixture(scope="session")
def simulator_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatedTiny]:
    process = SimulatedTiny(tmp_path_factory.mktemp("own_simulator"))
    # Other folders of the same pytest process have a simulator of their own.
    process.database = f"sim_{os.getpid()}"
    process.start()
    yield process
    process.stop()


@pytest.fixture
def simulator(simulator_process: SimulatedTiny) -> SimulatedTiny:
    simulator_process.control("POST", "reset", {"seed_demo": False})
    return simulator_process


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A platform to which an account's notifications can go."""
    server = Receiver()
    yield server
    server.close()


@dataclass
class App:
    """A registered application and what a client does with it."""

    simulator: SimulatedTiny
    account_id: int
    client_id: str
    client_secret: str

    @property
    def auth_address(self) -> str:
        return f"{self.simulator.accounts_url}/auth"

    def auth_query(self, **changes: str) -> dict[str, str]:
        query = {
            "client_id": self.client_id,
            "redirect_uri": REDIRECT_URI,
            "response_type": "code",
            "scope": "openid",
            "state": "s-1",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
        }
        return {name: value for name, value in (query | changes).items() if value}

    def authorize(self, **changes: Any) -> str:
        """The code that pressing «Autorizar» gives."""
        answer = self.simulator.control("POST", "authorize", self.auth_query() | changes)
        return parse_qs(urlsplit(answer["redirect_to"]).query)["code"][0]

    def call_token(self, **fields: str) -> requests.Response:
        form = {"client_id": self.client_id, "client_secret": self.client_secret, **fields}
        return requests.post(f"{self.simulator.accounts_url}/token", data=form, timeout=10)

    def redeem(self, code: str, **changes: str) -> requests.Response:
        fields = {"redirect_uri": REDIRECT_URI, "code_verifier": VERIFIER, **changes}
        return self.call_token(grant_type="authorization_code", code=code, **fields)

    def refresh(self, refresh_token: str, **changes: str) -> requests.Response:
        return self.call_token(grant_type="refresh_token", refresh_token=refresh_token, **changes)

    def connect(self) -> dict[str, Any]:
        answer = self.redeem(self.authorize())
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def count_token_calls(self) -> dict[str, dict[str, int]]:
        answer = self.simulator.control("GET", f"token_calls?client_id={self.client_id}")
        return dict(answer["counts"])


@pytest.fixture
def app(simulator: SimulatedTiny) -> App:
    account = simulator.add_account("11222333000181", name="CASA AROEIRA LTDA", seed="a")
    answer = account.add_app(REDIRECT_URI)
    return App(simulator, account.id, answer["client_id"], answer["client_secret"])


class Reader:
    """Calls API v3 with an access token."""

    def __init__(self, simulator: SimulatedTiny, account_id: int, access_token: str) -> None:
        self.simulator = simulator
        self.account_id = account_id
        self._url = simulator.api_url
        self._http = requests.Session()
        self.authorization = f"Bearer {access_token}"
        self._http.headers["Authorization"] = self.authorization

    def call(self, method: str, path: str, **options: Any) -> requests.Response:
        return self._http.request(method, self._url + path, timeout=30, **options)

    def get(self, path: str, **parameters: Any) -> requests.Response:
        return self._http.get(self._url + path, params=parameters, timeout=30)

    def list_ids(self, path: str, **parameters: Any) -> list[int]:
        answer = self.get(path, **parameters)
        assert answer.status_code == 200, answer.text
        return [item["id"] for item in answer.json()["itens"]]

    def add_orders(self, **fields: Any) -> list[dict[str, Any]]:
        return list(self.simulator.control("POST", f"accounts/{self.account_id}/orders", fields))

    def change_order(self, order_id: int, **fields: Any) -> dict[str, Any]:
        path = f"accounts/{self.account_id}/orders/{order_id}"
        return dict(self.simulator.control("PATCH", path, fields))


@pytest.fixture
def reader(app: App) -> Reader:
    return Reader(app.simulator, app.account_id, app.connect()["access_token"])
