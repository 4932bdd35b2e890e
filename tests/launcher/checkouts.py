"""A second checkout of ours in a folder of its own, with commands that run in it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from launcher.checkout import ROOT
from launcher.processes import find_any_port, find_free_port, process_table, wait_until

_NOT_COPIED = shutil.ignore_patterns(".git", ".venv", "var", "__pycache__", ".*_cache", ".hypothesis")
# What this test run was told must not steer the checkout under test.
_NOT_INHERITED = (
    "ALLOWED_HOSTS",
    "CARRIER_SIMULATOR_PORT",
    "CORREIOS_URL",
    "CREDENTIAL_KEYS",
    "DATABASE_GATEWAY_ROLE",
    "DATABASE_OWNER_URL",
    "DATABASE_ROLE",
    "DATABASE_STAFF_URL",
    "DATABASE_URL",
    "DEBUG",
    "DJANGO_SETTINGS_MODULE",
    "ENTREPOSTO_TEST_SERVICES",
    "MAKEFLAGS",
    "MAKELEVEL",
    "MFLAGS",
    "PORT",
    "REDIS_URL",
    "SECRET_KEY",
    "SIMULATOR_DATABASE_URL",
    "SIMULATOR_PORT",
    "SSW_URL",
    "TEST_SUPERUSER_URL",
)


def clean_environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in _NOT_INHERITED and not name.startswith(("PYTEST_", "COV_"))
    }
    return {**kept, **(extra or {})}


@contextmanager
def open_folder() -> Iterator[Path]:
    """Unlike pytest's, one that every user may enter; as root the database's data lie in it then."""
    folder = Path(tempfile.mkdtemp(prefix="entreposto-test-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def copy_checkout(target: Path) -> Path:
    shutil.copytree(ROOT, target, ignore=_NOT_COPIED)
    return target


def free_ports() -> dict[str, str]:
    """Far from the defaults, where a person's own `make run` may live."""
    port = find_any_port()
    simulator = find_free_port(port + 1)
    return {
        "PORT": str(port),
        "SIMULATOR_PORT": str(simulator),
        "CARRIER_SIMULATOR_PORT": str(find_free_port(simulator + 1)),
    }


def run_launcher(
    checkout: Path, *arguments: str, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "launcher", *arguments],
        cwd=checkout,
        env=clean_environment(environment),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


class RunningCheckout:
    """`make run` (or the launcher itself) in a process group of its own, as a terminal would start it."""

    def __init__(self, checkout: Path, command: list[str], environment: Mapping[str, str]) -> None:
        self.checkout = checkout
        self.console = checkout.parent / "console.txt"
        with self.console.open("ab") as output:
            self.process = subprocess.Popen(
                command,
                cwd=checkout,
                env=clean_environment(environment),
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def text(self) -> str:
        return self.console.read_text(errors="replace")

    def wait_for(self, text: str, *, seconds: float = 120.0) -> None:
        found = wait_until(lambda: text in self.text or self.process.poll() is not None, seconds)
        assert found and text in self.text, self.text + self._logs()

    def interrupt(self) -> int:
        """Ctrl-C: the terminal tells the whole foreground group."""
        os.killpg(self.process.pid, signal.SIGINT)
        return self.process.wait(60)

    def _logs(self) -> str:
        logs = sorted((self.checkout / "var" / "log").glob("*.log"))
        return "".join(f"\n--- {log.name}\n{log.read_text(errors='replace')[-1500:]}" for log in logs)


def processes_of(checkout: Path) -> dict[int, str]:
    """Living processes that were started in, from or for this checkout, by their command line or folder."""
    found = {}
    for pid in process_table():
        try:
            command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            folder = os.readlink(f"/proc/{pid}/cwd")
        except OSError:
            continue
        if str(checkout) in command or folder.startswith(str(checkout)):
            found[pid] = command
    return found


def wait_until_gone(checkout: Path, *, seconds: float = 15.0) -> dict[int, str]:
    deadline = time.monotonic() + seconds
    while (left := processes_of(checkout)) and time.monotonic() < deadline:
        time.sleep(0.1)
    return left
