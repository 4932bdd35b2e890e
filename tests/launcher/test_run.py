"""`make run` itself: what it says when it cannot start, and that it leaves nothing behind."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from launcher.processes import is_port_free, process_table, wait_until
from tests.launcher.checkouts import (
    RunningCheckout,
    copy_checkout,
    free_ports,
    open_folder,
    run_launcher,
    wait_until_gone,
)

LAUNCH = [sys.executable, "-m", "launcher", "run"]


@pytest.fixture
def checkout() -> Iterator[Path]:
    with open_folder() as folder:
        yield copy_checkout(folder / "entreposto")


def status_of(url: str) -> int:
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=10) as answer:
        return int(answer.status)


def test_a_named_port_that_is_busy(checkout: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]

        named = run_launcher(checkout, "run", "--port", str(port))
        in_environment = run_launcher(checkout, "run", environment={"PORT": str(port)})

    sentence = f"Port {port} is busy: stop what uses it or name another (PORT=...).\n"
    assert (named.returncode, named.stdout, named.stderr) == (2, "", sentence)
    assert (in_environment.returncode, in_environment.stdout, in_environment.stderr) == (2, "", sentence)


def test_a_port_that_is_none(checkout: Path) -> None:
    result = run_launcher(checkout, "run", environment={"PORT": "http"})

    assert (result.returncode, result.stderr) == (2, "PORT is not a port number: 'http'.\n")


def test_half_a_set_of_addresses(checkout: Path) -> None:
    result = run_launcher(checkout, "run", environment={"DATABASE_URL": "postgres://a:b@127.0.0.1:1/c"})

    assert (result.returncode, result.stderr) == (
        2,
        "DATABASE_URL is set but not DATABASE_OWNER_URL, DATABASE_STAFF_URL: name all three or none.\n",
    )


@pytest.mark.slow
def test_a_whole_life(checkout: Path) -> None:
    ports = free_ports()
    address = f"http://127.0.0.1:{ports['PORT']}/entrar/"
    first = RunningCheckout(checkout, LAUNCH, ports)
    first.wait_for("Ready in")
    assert status_of(address) == 200

    # A second start in the same checkout says so.
    second = run_launcher(checkout, "run")
    assert (second.returncode, second.stderr) == (
        2,
        "Entreposto already runs in this checkout; stop that one first.\n",
    )

    # A child that dies comes back.
    names = ["postgres", "valkey", "simulator", "carriers", "web", "worker", "beat"]
    assert list(recorded(checkout)) == names
    for name in ("worker", "postgres"):
        os.killpg(recorded(checkout)[name], signal.SIGKILL)
        first.wait_for(f"{name} died; starting it again in 1 s (see var/log/{name}.log).")
    assert wait_until(lambda: len(recorded(checkout)) == len(names), 30)
    assert wait_until(lambda: answers(address), 30)

    # The launcher is killed: the next start cleans up, finds the data and its ports again.
    first.process.kill()
    first.process.wait()
    before = json.loads((checkout / "var/ports.json").read_text())
    again = RunningCheckout(checkout, LAUNCH, ports)
    again.console.write_text("")
    again.wait_for("Ready in")
    assert status_of(address) == 200
    assert json.loads((checkout / "var/ports.json").read_text()) == before

    assert again.interrupt() == 0
    assert "Everything is stopped." in again.text
    assert wait_until_gone(checkout) == {}
    assert [port for port in before.values() if not is_port_free(port)] == []
    assert recorded(checkout) == {}


def recorded(checkout: Path) -> dict[str, int]:
    records = json.loads((checkout / "var/processes.json").read_text())
    return {record["name"]: record["pid"] for record in records}


def answers(url: str) -> bool:
    try:
        return status_of(url) == 200
    except OSError:
        return False


def test_processes_of_this_test_are_seen(checkout: Path) -> None:
    """The proof that something is gone is worth nothing if it could not be seen."""
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], cwd=checkout)
    try:
        assert wait_until(lambda: child.pid in process_table(), 10)
        assert list(wait_until_gone(checkout, seconds=0)) == [child.pid]
    finally:
        child.kill()
        child.wait()
