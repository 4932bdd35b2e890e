"""Our own processes (web, worker, beat, simulators): one way to start them, for supervisor and tests.

with Stack({"DATABASE_URL": ..., ...}, logs=folder) as stack:
    web = stack.start_web()
    stack.wait_until_healthy(web, "/entrar/")
    worker = stack.start_worker()
    worker.kill(); worker.restart()
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType

from launcher.checkout import ROOT
from launcher.processes import Child, LauncherError, Registry, find_any_port

# Straight to the loopback address, whatever proxy the environment names.
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Stack(AbstractContextManager["Stack"]):
    """Children that share an environment (on top of ours) and a folder of logs; the block's end ends them."""

    def __init__(
        self,
        environment: Mapping[str, str],
        *,
        logs: Path,
        root: Path = ROOT,
        registry: Registry | None = None,
    ) -> None:
        self.environment = {**os.environ, **environment, "PYTHONUNBUFFERED": "1"}
        self.logs = logs
        self.root = root
        self.registry = registry
        self.children: list[Child] = []

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        while self.children:
            self.children.pop().stop()

    def web(self, port: int | None = None) -> Child:
        port = port or find_any_port()
        arguments = ["-m", "config.serve", "--host", "127.0.0.1", "--port", str(port)]
        return self._child("web", arguments, url=f"http://127.0.0.1:{port}")

    def worker(self, name: str = "worker", *, concurrency: int = 2) -> Child:
        arguments = ["-m", "celery", "-A", "config", "worker", "--loglevel", "WARNING"]
        arguments += ["--concurrency", str(concurrency), "--without-gossip", "--without-mingle"]
        arguments += ["--hostname", f"{name}-{uuid.uuid4().hex[:8]}@%h"]
        return self._child(name, arguments)

    def beat(self) -> Child:
        # PersistentScheduler only remembers when it last ticked; our entries run every few seconds anyway.
        arguments = ["-m", "celery", "-A", "config", "beat", "--loglevel", "WARNING", "--pidfile", ""]
        return self._child("beat", [*arguments, "--schedule", str(self.logs / "beat-schedule")])

    def simulator(self, port: int | None = None) -> Child:
        port = port or find_any_port()
        child = self._child("simulator", ["-m", "tiny.simulator"], url=f"http://127.0.0.1:{port}")
        child.env["SIMULATOR_PORT"] = str(port)
        return child

    def carriers(self, port: int | None = None) -> Child:
        port = port or find_any_port()
        child = self._child("carriers", ["-m", "tracking.simulator"], url=f"http://127.0.0.1:{port}")
        child.env["CARRIER_SIMULATOR_PORT"] = str(port)
        return child

    def start_web(self, port: int | None = None) -> Child:
        return self._started(self.web(port))

    def start_worker(self, name: str = "worker", *, concurrency: int = 2) -> Child:
        return self._started(self.worker(name, concurrency=concurrency))

    def start_beat(self) -> Child:
        return self._started(self.beat())

    def start_simulator(self, port: int | None = None) -> Child:
        return self._started(self.simulator(port))

    def run(self, name: str, *arguments: str, interrupted: Callable[[], bool] = lambda: False) -> str:
        """Runs `python <arguments>` to its end and returns what it printed."""
        log = self.logs / f"{name}.log"
        log.unlink(missing_ok=True)
        child = self._started(self._child(name, list(arguments)))
        try:
            while child.is_running:
                if interrupted():
                    raise KeyboardInterrupt
                time.sleep(0.05)
        finally:
            child.stop()
            self.children.remove(child)
        output = log.read_text(errors="replace")
        if child.exit_code != 0:
            raise LauncherError(f"{name} failed; the end of {log}:\n{child.log_tail()}")
        return output

    def wait_until_healthy(
        self,
        child: Child,
        path: str = "/",
        *,
        seconds: float = 120.0,
        interrupted: Callable[[], bool] = lambda: False,
    ) -> None:
        """Returns when `path` answers 200."""
        deadline = time.monotonic() + seconds
        while not _answers(child.url + path):
            if interrupted():
                raise KeyboardInterrupt
            if not child.is_running or time.monotonic() > deadline:
                what = "stopped" if not child.is_running else f"did not answer within {seconds:.0f} s"
                raise LauncherError(f"{child.name} {what}; the end of {child.log}:\n{child.log_tail()}")
            time.sleep(0.1)

    def _child(self, name: str, arguments: list[str], *, url: str = "") -> Child:
        return Child(
            name,
            [sys.executable, *arguments],
            env=self.environment,
            cwd=self.root,
            log=self.logs / f"{name}.log",
            url=url,
            registry=self.registry,
        )

    def _started(self, child: Child) -> Child:
        child.start()
        self.children.append(child)
        return child


def _answers(url: str) -> bool:
    try:
        with _opener.open(url, timeout=5) as answer:  # loopback only
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def has_module(name: str, root: Path = ROOT) -> bool:
    return (root / Path(*name.split("."))).with_suffix(".py").exists()


def run_and_wait(arguments: list[str], environment: Mapping[str, str], *, root: Path = ROOT) -> int:
    """Runs `python <arguments>` on our console and returns its exit code; Ctrl-C reaches it by itself."""
    process = subprocess.Popen([sys.executable, *arguments], cwd=root, env={**os.environ, **environment})
    try:
        while True:
            with contextlib.suppress(KeyboardInterrupt):
                return process.wait()
    finally:
        # Here after SIGTERM, which only we received.
        if process.poll() is None:
            process.terminate()
            process.wait()
