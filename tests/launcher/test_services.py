"""The database and broker of tests: one pair per checkout, shared, gone with its holder."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.launcher.checkouts import (
    RunningCheckout,
    copy_checkout,
    open_folder,
    run_launcher,
    wait_until_gone,
)


@pytest.fixture
def checkout() -> Iterator[Path]:
    with open_folder() as folder:
        yield copy_checkout(folder / "entreposto")


def test_without_services_their_addresses_are_not_invented(checkout: Path) -> None:
    result = run_launcher(checkout, "env")

    assert (result.returncode, result.stdout, result.stderr) == (
        2,
        "",
        "No test services run here; start them with `python -m launcher services`.\n",
    )


def test_services_are_shared_and_leave_nothing(checkout: Path) -> None:
    holder = RunningCheckout(checkout, [sys.executable, "-m", "launcher", "services"], {})
    holder.wait_for("Test services are ready")

    names = [line.split("=")[0] for line in run_launcher(checkout, "env").stdout.splitlines()]
    second = run_launcher(checkout, "services")
    # pytest's own code for «no test was collected», from a run that borrows the pair.
    borrowed = run_launcher(
        checkout, "test", "-n0", "-p", "no:django", "--noconftest", "tests/launcher", "-k", "no_such_test"
    )

    assert {"export DATABASE_URL", "export REDIS_URL", "export TEST_SUPERUSER_URL"} < set(names)
    assert (second.returncode, second.stderr) == (
        2,
        "The test services run already; `python -m launcher env` shows them.\n",
    )
    assert borrowed.returncode == 5
    assert holder.process.poll() is None
    holder.process.send_signal(signal.SIGTERM)
    assert holder.process.wait(30) == 0
    assert wait_until_gone(checkout) == {}
    assert not (checkout / "var/test/services.json").exists()
