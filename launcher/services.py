"""PostgreSQL and Valkey for tests: one pair per checkout, kept between runs, shared by whoever tests now."""

from __future__ import annotations

import json
import signal
import time
from contextlib import AbstractContextManager
from pathlib import Path
from types import FrameType, TracebackType
from typing import IO

from launcher import keys, roles
from launcher.checkout import VAR, Ports, first_port, make_var, try_lock, write_private
from launcher.postgres import Postgres
from launcher.processes import LauncherError, Registry, wait_until
from launcher.valkey import Valkey

HOME = VAR / "test"
_READY_SECONDS = 60.0


class TestServices(AbstractContextManager["TestServices"]):
    """Inside the block `environment` is that of the pair which runs already, or else of one of its own."""

    __test__ = False

    def __init__(self, home: Path = HOME) -> None:
        self.home = home
        self.environment: dict[str, str] = {}
        self._lock: IO[str] | None = None
        self._valkey: Valkey | None = None
        self._postgres: Postgres | None = None

    @property
    def is_shared(self) -> bool:
        return self._lock is None

    def __enter__(self) -> TestServices:
        make_var(VAR)
        make_var(self.home)
        self._lock = try_lock(self.home / "lock")
        if self._lock is None:
            self.environment = _read_running(self.home)
        else:
            try:
                self._start()
            except BaseException:
                self._stop()
                raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def _start(self) -> None:
        _address_file(self.home).unlink(missing_ok=True)
        registry = Registry(self.home / "processes.json")
        registry.sweep()
        secret = keys.load_or_create(self.home / "keys.json")
        ports = Ports(self.home / "ports.json")
        kept = ports.read()
        self._postgres = Postgres(
            self.home / "postgres",
            passwords=secret,
            log=self.home / "log" / "postgres.log",
            port=kept.get("postgres"),
            first_port=first_port(50),
            for_tests=True,
            registry=registry,
        )
        self._valkey = Valkey(
            self.home / "valkey",
            password=secret["valkey"],
            log=self.home / "log" / "valkey.log",
            port=kept.get("valkey"),
            first_port=first_port(70),
            settings={"appendfsync": "no"},
            registry=registry,
        )
        self._postgres.start()
        self._valkey.start()
        assert self._postgres.port is not None and self._valkey.port is not None  # noqa: S101 - for the type checker
        ports.write({"postgres": self._postgres.port, "valkey": self._valkey.port})
        self.environment = {
            "DATABASE_URL": self._postgres.url(roles.APP),
            "DATABASE_OWNER_URL": self._postgres.url(roles.OWNER),
            "DATABASE_STAFF_URL": self._postgres.url(roles.STAFF),
            "DATABASE_GATEWAY_ROLE": roles.GATEWAY,
            "SIMULATOR_DATABASE_URL": self._postgres.url(roles.SIMULATOR),
            "TEST_SUPERUSER_URL": self._postgres.url(keys.SUPERUSER, database="postgres"),
            "REDIS_URL": self._valkey.url(),
            "SECRET_KEY": secret["secret_key"],
            "CREDENTIAL_KEYS": secret["credential_keys"],
            "ALLOWED_HOSTS": "127.0.0.1,localhost,testserver",
            "DEBUG": "0",
            # Playwright runs an event loop in the thread that also asks the database.
            "DJANGO_ALLOW_ASYNC_UNSAFE": "true",
            "ENTREPOSTO_TEST_SERVICES": "1",
        }
        write_private(_address_file(self.home), json.dumps(self.environment, indent=1))

    def _stop(self) -> None:
        if self._lock is None:
            return
        _address_file(self.home).unlink(missing_ok=True)
        for service in (self._valkey, self._postgres):
            if service is not None:
                service.stop()
        self._lock.close()
        self._lock = None

    def check(self) -> list[str]:
        """Names of services that died under us, started again."""
        revived = []
        for name, service in (("PostgreSQL", self._postgres), ("Valkey", self._valkey)):
            if service is not None and not service.is_running:
                service.restart()
                revived.append(name)
        return revived


def _address_file(home: Path) -> Path:
    return home / "services.json"


def _read_running(home: Path) -> dict[str, str]:
    if not wait_until(_address_file(home).exists, _READY_SECONDS, pause=0.2):
        raise LauncherError("The test services are starting or stopping; try again in a moment.")
    environment: dict[str, str] = json.loads(_address_file(home).read_text())
    return environment


def running_environment(home: Path = HOME) -> dict[str, str]:
    """The environment of services that `launcher services` (or a test run) holds now."""
    make_var(VAR)
    make_var(home)
    lock = try_lock(home / "lock")
    if lock is not None:
        lock.close()
        raise LauncherError("No test services run here; start them with `python -m launcher services`.")
    return _read_running(home)


def serve(home: Path = HOME) -> int:
    """Holds the services in the foreground until Ctrl-C or SIGTERM."""
    is_stopping = False

    def stop(number: int, frame: FrameType | None) -> None:
        nonlocal is_stopping
        is_stopping = True

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
    with TestServices(home) as services:
        if services.is_shared:
            raise LauncherError("The test services run already; `python -m launcher env` shows them.")
        print("Test services are ready. Ctrl-C stops them.", flush=True)
        while not is_stopping:
            time.sleep(0.3)
            for name in services.check():
                print(f"{name} had died and runs again.", flush=True)
    return 0
