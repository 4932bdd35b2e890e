"""The simulated carriers, asked as their documents say and without any code of ours."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.database import ROOT
from tests.simulated_carriers import SimulatedCarriers

CODE = "AD778124948BR"
KEY = "35261111222333000181550010000012341123456785"


@pytest.fixture
def carriers(simulated_carriers: SimulatedCarriers) -> Iterator[SimulatedCarriers]:
    yield simulated_carriers
    simulated_carriers.reset()


def ask_token(carriers: SimulatedCarriers, **changes: str) -> requests.Response:
    contract = {**carriers.contract, **changes}
    return requests.post(
        f"{carriers.correios_url}/token/v1/autentica/cartaopostagem",
        json={"numero": contract["posting_card"]},
        auth=(contract["user"], contract["access_code"]),
        timeout=10,
    )


def ask_correios(
    carriers: SimulatedCarriers, codes: str = CODE, token: str | None = None
) -> requests.Response:
    token = ask_token(carriers).json()["token"] if token is None else token
    return requests.get(
        f"{carriers.correios_url}/srorastro/v1/objetos",
        params={"codigosObjetos": codes, "resultado": "T"},
        headers={"Authorization": f"Bearer {token}"},
        timeout=10,
    )


def ask_ssw(carriers: SimulatedCarriers, key: str = KEY) -> dict[str, Any]:
    answer = requests.post(f"{carriers.ssw_url}/api/trackingdanfe", json={"chave_nfe": key}, timeout=10)
    assert answer.status_code == 200
    return dict(answer.json())


def test_a_contract_opens_a_token_and_nothing_else_does(carriers: SimulatedCarriers) -> None:
    answer = ask_token(carriers)

    assert answer.status_code == 201
    assert answer.json().keys() >= {"token", "expiraEm", "zoneOffset", "ambiente", "cnpj", "cartaoPostagem"}
    assert ask_token(carriers, user="x").status_code == 401
    assert ask_token(carriers, access_code="x").status_code == 401
    assert ask_token(carriers, posting_card="x").status_code == 400
    assert ask_correios(carriers, token="x").status_code == 401


def test_tokens_end(carriers: SimulatedCarriers) -> None:
    contract = {"user": "breve", "access_code": "breve", "posting_card": "1"}
    carriers.add_contract(**contract, token_seconds=1)
    token = ask_token(carriers, **contract).json()["token"]
    time.sleep(1.1)

    assert ask_correios(carriers, token=token).status_code == 401

    token = ask_token(carriers).json()["token"]
    assert ask_correios(carriers, token=token).status_code == 200
    carriers.revoke_tokens()
    assert ask_correios(carriers, token=token).status_code == 401


def test_correios_tell_the_newest_event_first_in_local_time(carriers: SimulatedCarriers) -> None:
    carriers.add_parcel(CODE, expected_on="2026-11-27")
    carriers.advance(CODE, 2, at="2026-11-16T09:30:00")

    (row, other) = ask_correios(carriers, f"{CODE},QQ588651634BR").json()["objetos"]

    assert [(each["codigo"], each["tipo"], each["dtHrCriado"]) for each in row["eventos"]] == [
        ("RO", "01", "2026-11-16T10:30:00"),
        ("PO", "01", "2026-11-16T09:30:00"),
    ]
    assert row["dtPrevista"] == "2026-11-27T23:59:59"
    assert row["eventos"][0]["unidade"]["endereco"] == {"cidade": "CAJAMAR", "uf": "SP"}
    assert other["mensagem"].startswith("SRO-020")
    assert "eventos" not in other


def test_more_than_fifty_codes_are_refused(carriers: SimulatedCarriers) -> None:
    assert ask_correios(carriers, ",".join(["AA000000000BR"] * 51)).status_code == 400


def test_ssw_tells_the_newest_event_last_and_names_persons(carriers: SimulatedCarriers) -> None:
    carriers.add_parcel(KEY, "ssw", steps=5)

    document = ask_ssw(carriers)["documento"]

    assert [row["codigo_ssw"] for row in document["tracking"]] == ["80", "83", "84", "85", "01"]
    assert document["tracking"][-1]["nome_recebedor"]
    assert document["header"]["nro_nf"] == "000001234"
    assert ask_ssw(carriers, "0" * 44)["success"] is False


def test_a_fault_strikes_so_many_calls_of_its_route(carriers: SimulatedCarriers) -> None:
    token = ask_token(carriers).json()["token"]
    carriers.add_fault("too_many", carrier="correios", route="track", times=2, after=1, value=7)

    answers = [ask_correios(carriers, token=token) for _ in range(4)]

    assert [answer.status_code for answer in answers] == [200, 429, 429, 200]
    assert answers[1].headers["Retry-After"] == "7"
    assert carriers.count_calls() == {"correios token": 1, "correios track": 4}
    assert ask_ssw(carriers)["success"] is False


def test_a_fault_without_end_is_taken_away(carriers: SimulatedCarriers) -> None:
    carriers.add_fault("server_error", times=0)
    assert [ask_token(carriers).status_code for _ in range(3)] == [500, 500, 500]

    carriers.clear_faults()
    assert ask_token(carriers).status_code == 201


def test_what_is_not_known_is_refused(carriers: SimulatedCarriers) -> None:
    for path, body in (
        ("faults", {"kind": "earthquake"}),
        ("faults", {"kind": "slow", "carrier": "fedex"}),
        ("parcels", {"carrier": "fedex", "key": "1"}),
        ("parcels", {"carrier": "correios", "key": CODE, "story": "odyssey"}),
        ("parcels", {"carrier": "correios", "key": CODE, "colour": "red"}),
        (f"parcels/correios/{CODE}/advance", {}),
    ):
        with pytest.raises(AssertionError, match="400"):
            carriers.control("POST", path, body)


def test_a_parcel_that_lives_by_itself_arrives(carriers: SimulatedCarriers) -> None:
    carriers.live(0.5)
    for _ in range(60):
        (row,) = ask_correios(carriers).json()["objetos"]
        codes = [event["codigo"] for event in row["eventos"]]
        if codes[:1] == ["BDE"]:
            break
        time.sleep(0.2)

    assert codes == ["BDE", "OEC", "DO", "RO", "PO"]


def test_it_does_not_start_where_nobody_allows_it() -> None:
    environment = {
        name: value for name, value in os.environ.items() if name not in ("DEBUG", "DEMO", "ALLOW_SIMULATOR")
    }
    done = subprocess.run(
        [sys.executable, "-m", "tracking.simulator"],
        cwd=ROOT,
        env={**environment, "CARRIER_SIMULATOR_PORT": "1"},
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert done.returncode == 1
    assert "ALLOW_SIMULATOR=1" in done.stderr
