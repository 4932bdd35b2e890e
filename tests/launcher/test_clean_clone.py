"""From an empty folder: clone, `make run`, the demo's orders arrive, Ctrl-C, nothing is left."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from launcher.checkout import ROOT
from launcher.processes import is_port_free
from tests.launcher.checkouts import (
    RunningCheckout,
    clean_environment,
    free_ports,
    open_folder,
    wait_until_gone,
)

# A limit and not a measure: the demo asks for orders every ten seconds.
_ARRIVAL_SECONDS = 180


def demo_status(clone: Path) -> dict[str, Any]:
    result = subprocess.run(
        [clone / ".venv/bin/python", "manage.py", "demo_status", "--json"],
        cwd=clone,
        env=clean_environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.returncode == 0, result.stderr[-2000:]
    status: dict[str, Any] = json.loads(result.stdout)
    return status


def has_arrived(status: dict[str, Any]) -> bool:
    return bool(
        status["orders"]
        and status["orders_with_customer"]
        and status["orders_with_nfe_key"]
        and status["orders_with_tracking"]
    )


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("make") or not shutil.which("git"), reason="needs make and git")
def test_a_clean_clone_shows_orders_and_leaves_nothing() -> None:
    with open_folder() as folder:
        clone = folder / "entreposto"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
        running = RunningCheckout(clone, ["make", "run"], free_ports())
        try:
            began_at = time.monotonic()
            running.wait_for("Ready in", seconds=300)
            print(f"\nmake run in a clean clone: {time.monotonic() - began_at:.1f} s to the address")
            deadline = time.monotonic() + _ARRIVAL_SECONDS
            while not has_arrived(status := demo_status(clone)) and time.monotonic() < deadline:
                time.sleep(1)
            print(f"orders through the whole path: {time.monotonic() - began_at:.1f} s")

            assert has_arrived(status), (status, running.text)
            assert status["organizations"] == 2
            assert status["jobs_parked"] == 0
        finally:
            ports = json.loads((clone / "var/ports.json").read_text())
            running.interrupt()

        assert "Everything is stopped." in running.text
        assert wait_until_gone(clone) == {}
        assert [port for port in ports.values() if not is_port_free(port)] == []
