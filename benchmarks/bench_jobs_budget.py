"""Share of an account's limit that eight processes use, and refusals: ``make bench ARGS="-k budget"``.

BENCH_SECONDS (default 180) of real time. The counters are the simulator's. One account slides, one has fixed
minutes, one has another program on it, one never says its limit.
"""

from __future__ import annotations

import json
import os
import threading
import time
from typing import Any

import pytest

from tests.flows.conftest import SimulatedTiny
from tests.processes import Stack
from tests.simulator.conftest import REDIRECT_URI, App

pytestmark = pytest.mark.django_db(transaction=True)

SECONDS = float(os.environ.get("BENCH_SECONDS", "180"))
PROCESSES = 8
START_SECONDS = 20.0
CASES: dict[str, dict[str, Any]] = {
    "sliding-30": {"read_limit": 30, "window": "sliding"},
    "fixed-30": {"read_limit": 30, "window": "fixed"},
    "sliding-120": {"read_limit": 120, "window": "sliding"},
    "fixed-120": {"read_limit": 120, "window": "fixed"},
    "without-headers-30": {"read_limit": 30, "window": "sliding", "quota_headers": "none"},
    "shared-fixed-60": {"read_limit": 60, "window": "fixed"},
    "shared-sliding-60": {"read_limit": 60, "window": "sliding"},
}
# What the other program takes of a shared account.
OTHER_EVERY_SECONDS = 4.0


def test_budget(tiny: SimulatedTiny, stack: Stack) -> None:
    accounts, tokens = {}, {}
    for number, (name, limits) in enumerate(CASES.items()):
        account = tiny.add_account(f"{11222333000100 + number}", burst_limit=4, **limits)
        app = account.add_app(REDIRECT_URI)
        accounts[name] = account
        tokens[name] = App(tiny, account.id, app["client_id"], app["client_secret"]).connect()["access_token"]
    begins_at = time.time() + START_SECONDS
    ends_at = begins_at + SECONDS
    plan = {"begins_at": begins_at, "ends_at": ends_at, "api_url": tiny.api_url, "accounts": tokens}
    variables = {"BUDGET_PLAN": json.dumps(plan)}
    processes = [stack.start("-m", "benchmarks.budget_process", **variables) for _ in range(PROCESSES)]
    time.sleep(START_SECONDS)
    taken = use_as_another_program(
        [account for name, account in accounts.items() if name.startswith("shared")], ends_at
    )
    for process in processes:
        assert process.popen.wait(SECONDS + 120) == 0, process.output
    print()
    for name, account in accounts.items():
        counters = tiny.control("GET", f"accounts/{account.id}/counters")
        others = taken[0] if name.startswith("shared") else 0
        refused = counters["refused"]
        accepted = counters["reads"] - refused["read"] - refused["burst"]
        allowed = CASES[name]["read_limit"] * SECONDS / 60
        print(
            f"{name}: {accepted} calls"
            + (f" + {others} of another program" if others else "")
            + f" of {allowed:.0f} = {(accepted + others) / allowed:.3f} of the limit; "
            f"refused: {refused['read']} by the minute, {refused['burst']} by the second"
        )


def use_as_another_program(accounts: list[Any], ends_at: float) -> list[int]:
    taken = [0]

    def use() -> None:
        while time.time() < ends_at:
            for account in accounts:
                account.tiny.control("POST", f"accounts/{account.id}/quota/consume", {"count": 1})
            taken[0] += 1
            time.sleep(OTHER_EVERY_SECONDS)

    threading.Thread(target=use, daemon=True).start()
    return taken
