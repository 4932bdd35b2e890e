"""The simulated carriers as a real process for tests, and the controls of it that they use."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import requests

from accounts.clock import SAO_PAULO
from tests.database import ROOT
from tests.simulated_tiny import find_free_port


def at(moment: dt.datetime) -> str:
    """As the simulated carriers take a time."""
    return moment.astimezone(SAO_PAULO).replace(tzinfo=None).isoformat(timespec="seconds")


class SimulatedCarriers:
    """Correios and SSW at one address. ``contract`` has the credentials that Correios accept.

    A parcel is added with a story (delivered, second_attempt, pickup, returned, lost, retracted) of which
    nothing has happened yet, and ``advance`` lets it happen; or with ``events`` of one's own.
    """

    def __init__(self, directory: Path) -> None:
        self.port = find_free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.correios_url = f"{self.url}/correios"
        self.ssw_url = f"{self.url}/ssw"
        self._log = directory / "carriers.log"
        self._http = requests.Session()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def variables(self) -> dict[str, str]:
        """What a process of ours needs to talk to it."""
        return {"CORREIOS_URL": self.correios_url, "SSW_URL": self.ssw_url, "ALLOW_SIMULATOR": "1"}

    @property
    def contract(self) -> dict[str, str]:
        """user, access_code and posting_card: a company's credentials at Correios."""
        answer = self.control("GET", "contract")
        return {name: answer[name] for name in ("user", "access_code", "posting_card")}

    def start(self) -> None:
        with self._log.open("ab") as out:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tracking.simulator"],
                cwd=ROOT,
                env={
                    **os.environ,
                    "ALLOW_SIMULATOR": "1",
                    "CARRIER_SIMULATOR_PORT": str(self.port),
                    "CARRIER_LIVE_SECONDS": "0",
                },
                stdout=out,
                stderr=subprocess.STDOUT,
            )
        for _ in range(200):
            try:
                self.control("GET", "health")
                return
            except requests.ConnectionError:
                time.sleep(0.05)
        raise RuntimeError(self._log.read_text())

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)

    def control(self, method: str, path: str, body: Any = None) -> Any:
        answer = self._http.request(method, f"{self.url}/_control/{path}", json=body, timeout=60)
        if answer.status_code >= 400:
            raise AssertionError(f"{method} {path}: {answer.status_code} {answer.text}")
        return answer.json()

    def reset(self) -> None:
        """Nothing is left but the contract; parcels move when they are told to."""
        self.control("POST", "reset")
        self.control("POST", "life", {"step_seconds": 0})

    def live(self, step_seconds: float) -> None:
        """From now on any parcel that is asked for exists, and takes its steps by itself."""
        self.control("POST", "life", {"step_seconds": step_seconds})

    def add_parcel(self, key: str, carrier: str = "correios", **fields: Any) -> dict[str, Any]:
        """``story``, ``steps`` that have happened, ``events``, ``expected_on`` (ISO date), ``message``."""
        return dict(self.control("POST", "parcels", {"carrier": carrier, "key": key, **fields}))

    def advance(
        self, key: str, steps: int = 1, *, carrier: str = "correios", at: str = ""
    ) -> list[dict[str, Any]]:
        """The next steps of its story; the first one ``at`` (ISO, São Paulo), the others an hour apart."""
        answer = self.control("POST", f"parcels/{carrier}/{key}/advance", {"steps": steps, "at": at})
        return list(answer["events"])

    def add_event(self, key: str, carrier: str = "correios", **fields: Any) -> None:
        """``step`` of the stories, or ``code`` («BDE 01») and ``text``; at, place, to, detail."""
        self.control("POST", f"parcels/{carrier}/{key}/events", fields)

    def add_contract(self, **fields: Any) -> dict[str, Any]:
        """user, access_code, posting_card; ``token_seconds``, ``may_track``."""
        return dict(self.control("POST", "contracts", fields))

    def revoke_tokens(self) -> None:
        self.control("POST", "tokens/revoke")

    def add_fault(self, kind: str, **fields: Any) -> None:
        """For ``times`` calls (1; 0: until ``clear_faults``) of ``carrier`` and ``route`` (token, track).

        unauthorized, forbidden, too_many (``value``: Retry-After), server_error, slow (``value``: seconds),
        half_body, html, garbage, empty_body, unknown_shape; unknown_object, no_events, new_code, twice,
        oldest_first, newest_first, zoned_dates, brazilian_dates.
        """
        self.control("POST", "faults", {"kind": kind, **fields})

    def clear_faults(self) -> None:
        self.control("POST", "faults/clear")

    def count_calls(self) -> dict[str, int]:
        """Since ``reset`` or ``clear_calls``: «correios token», «correios track», «ssw track»."""
        return dict(self.control("GET", "calls")["counts"])

    def clear_calls(self) -> None:
        self.control("POST", "calls/clear")
