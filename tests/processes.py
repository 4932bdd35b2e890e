"""Real processes for tests: start, wait for a line, kill."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import redis

from tests.database import ROOT


class Process:
    """A child with its own process group. ``output`` is what it has printed so far."""

    def __init__(self, command: list[str], env: Mapping[str, str], log: Path) -> None:
        self.command = command
        self.log = log
        with log.open("wb") as out:
            self.popen = subprocess.Popen(
                command,
                cwd=ROOT,
                env=dict(env),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def output(self) -> str:
        return self.log.read_text(errors="replace")

    def kill(self, number: int = signal.SIGKILL) -> None:
        """Signal the whole group; after SIGKILL nothing of it is left when this returns."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.popen.pid, number)
        if number == signal.SIGKILL:
            self.popen.wait(10)

    def stop(self) -> int:
        """SIGTERM to the parent only, as a supervisor does; its exit code."""
        self.popen.terminate()
        return self.popen.wait(20)


class Stack:
    """Starts processes with one environment and kills what is left of them at the end."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self.directory = tempfile.TemporaryDirectory(prefix="entreposto-test-")
        self.env = {**os.environ, **variables, "PYTHONUNBUFFERED": "1"}
        self.processes: list[Process] = []

    def __enter__(self) -> Stack:
        self.broker = redis.Redis.from_url(self.env["REDIS_URL"])
        self.broker.flushdb()
        return self

    def __exit__(self, *error: object) -> None:
        for process in self.processes:
            process.kill()
        self.broker.flushdb()
        self.broker.close()
        for process in self.processes:
            # pytest shows it when the test failed.
            print(f"--- {' '.join(process.command)}\n{process.output[-4000:]}")
        self.directory.cleanup()

    def start(self, *arguments: str, **variables: str) -> Process:
        """``python <arguments>`` in the root of the checkout, with more variables on top."""
        log = Path(self.directory.name) / f"{len(self.processes)}.log"
        process = Process([sys.executable, *arguments], {**self.env, **variables}, log)
        self.processes.append(process)
        return process

    def start_worker(
        self, *, concurrency: int = 1, settings: str = "config.settings", **variables: str
    ) -> Process:
        return self.start(
            *("-m", "celery", "-A", "config", "worker", "--loglevel", "INFO"),
            *("--concurrency", str(concurrency), "--without-gossip", "--without-mingle"),
            DJANGO_SETTINGS_MODULE=settings,
            **variables,
        )

    def start_beat(self, *, settings: str = "config.settings", **variables: str) -> Process:
        schedule = str(Path(self.directory.name) / f"schedule-{len(self.processes)}")
        return self.start(
            *("-m", "celery", "-A", "config", "beat", "--loglevel", "INFO"),
            *("--pidfile", "", "--schedule", schedule),
            DJANGO_SETTINGS_MODULE=settings,
            **variables,
        )

    def run(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run ``python <arguments>`` to its end."""
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=ROOT,
            env={**self.env, **variables},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )


# Other processes wait for locks of their own in the same cluster.
COUNT_WAITING = """SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid)
                   WHERE NOT granted AND datname = current_database()"""


def wait_until(condition: Callable[[], Any], *, seconds: float = 120.0) -> Any:
    """The first true value of ``condition``; a failure after ``seconds``: a limit, not a measure."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.05)
    raise AssertionError(f"not within {seconds:g} s")
