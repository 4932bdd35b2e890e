"""`make run`: one process that starts everything in order, keeps it alive, and ends all of it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any, Protocol

from launcher import external, keys, roles
from launcher.checkout import ROOT, VAR, Ports, checkout_id, first_port, make_var, try_lock, write_private
from launcher.postgres import Postgres
from launcher.processes import Child, LauncherError, Registry, find_free_port, is_port_free, wait_until
from launcher.stack import Stack, has_module
from launcher.valkey import Valkey

DEFAULT_PORT = 8000
DEFAULT_SIMULATOR_PORT = 8100
DEFAULT_CARRIERS_PORT = 8200
# Each process chooses its role by itself, and none may be as powerful as whoever makes the roles.
_NOT_FOR_CHILDREN = ("DATABASE_ROLE", "DATABASE_ADMIN_URL")
_LONGEST_PAUSE = 30.0
# Who lived this long had no trouble in starting.
_HEALTHY_SECONDS = 60.0


class Service(Protocol):
    """What the supervisor watches: a child, or a server that takes care of its own child."""

    @property
    def is_running(self) -> bool: ...

    def start(self) -> None: ...

    def restart(self) -> None: ...

    def stop(self) -> None: ...


@dataclass
class Watched:
    name: str
    service: Service
    log: Path
    pause: float = 1.0
    started_at: float = field(default_factory=time.monotonic)
    restart_at: float | None = None


def run(port: int | None = None) -> int:
    """Returns the exit code: 0 after Ctrl-C or SIGTERM."""
    if os.environ.get("ENTREPOSTO_TEST_SERVICES"):
        raise LauncherError(
            "This shell has the test services' addresses (`launcher env`); use another shell for `make run`."
        )
    make_var(VAR)
    # An old launcher that was told to stop, or killed, needs a moment.
    taken = []

    def take() -> bool:
        lock = try_lock(VAR / "run.lock")
        taken.append(lock)
        return lock is not None

    if not wait_until(take, 0.5):
        raise LauncherError("Entreposto already runs in this checkout; stop that one first.")
    with contextlib.closing(taken[-1]):  # type: ignore[type-var]
        return Supervisor(port).run()


class Supervisor:
    def __init__(self, port: int | None = None, *, environment: Mapping[str, str] | None = None) -> None:
        self.given = dict(os.environ if environment is None else environment)
        self.admin_url = self.given.get("DATABASE_ADMIN_URL", "")
        self.logs = VAR / "log"
        self.registry = Registry(VAR / "processes.json")
        self.ports = Ports(VAR / "ports.json")
        self.port = self._choose_port("web", port or _port_from(self.given, "PORT"), DEFAULT_PORT)
        self.simulator_port = self._choose_port(
            "simulator", _port_from(self.given, "SIMULATOR_PORT"), DEFAULT_SIMULATOR_PORT, avoid=self.port
        )
        self.carriers_port = self._choose_port(
            *("carriers", _port_from(self.given, "CARRIER_SIMULATOR_PORT"), DEFAULT_CARRIERS_PORT),
            avoid=self.simulator_port,
        )
        self.watched: list[Watched] = []
        self.stopping = threading.Event()

    def run(self) -> int:
        previous = {
            number: signal.signal(number, self._ask_to_stop)
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        }
        began_at = time.monotonic()
        try:
            announcement = self._start()
            say(announcement)
            seconds = time.monotonic() - began_at
            say(f"\nReady in {seconds:.1f} s. Ctrl-C stops everything; logs are in var/log/.")
            self._watch()
        except KeyboardInterrupt:
            pass
        finally:
            self._stop()
            for number, handler in previous.items():
                signal.signal(number, handler)
        return 0

    def _ask_to_stop(self, number: int, frame: FrameType | None) -> None:
        self.stopping.set()

    def _step(self) -> None:
        if self.stopping.is_set():
            raise KeyboardInterrupt

    def _start(self) -> str:
        swept = self.registry.sweep()
        if swept:
            say(f"Ended what an earlier start had left running: {', '.join(swept)}.")
        self._check_still_free()
        secret = keys.load_or_create(VAR / "keys.json")
        environment = self._environment(secret)
        self._step()
        write_private(VAR / "run.env", "".join(f"{name}='{value}'\n" for name, value in environment.items()))
        stack = Stack({**self.given, **environment}, logs=self.logs, registry=self.registry)
        for name in _NOT_FOR_CHILDREN:
            stack.environment.pop(name, None)
        simulator, web = stack.simulator(self.simulator_port), stack.web(self.port)
        # It makes its own tables, beside the migrations of ours.
        self._start_and_watch(simulator.name, simulator, simulator.log)
        carriers = stack.carriers(self.carriers_port)
        self._start_and_watch(carriers.name, carriers, carriers.log)
        say("Preparing the database ...")
        stack.run(
            *("migrate", "manage.py", "migrate", "--noinput", "--verbosity", "0"),
            interrupted=self.stopping.is_set,
        )
        say("Starting web, worker and beat ...")
        for child in (web, stack.worker(), stack.beat()):
            self._start_and_watch(child.name, child, child.log)
        stack.wait_until_healthy(web, "/saude/", interrupted=self.stopping.is_set)
        for played in (simulator, carriers):
            stack.wait_until_healthy(played, interrupted=self.stopping.is_set)
        if not has_module("launcher.demo") or environment["DEMO"] in ("0", "false", "no", "off"):
            return announce(web.url, simulator.url, {})
        say("Setting up the demo companies ...")
        try:
            output = stack.run("demo", "-m", "launcher.demo", interrupted=self.stopping.is_set)
        except LauncherError:
            # On a busy machine a first page may take longer than the script waits; what stands, stands.
            say("That did not work; once more ...")
            output = stack.run("demo", "-m", "launcher.demo", interrupted=self.stopping.is_set)
        return announce(web.url, simulator.url, _last_json(output))

    def _environment(self, secret: Mapping[str, str]) -> dict[str, str]:
        """Starts PostgreSQL and Valkey unless their addresses were given; returns what every child gets."""
        given = self.given
        public_url = f"http://127.0.0.1:{self.port}"
        simulator_url = f"http://127.0.0.1:{self.simulator_port}"
        carriers_url = f"http://127.0.0.1:{self.carriers_port}"
        environment = {
            "DATABASE_GATEWAY_ROLE": roles.GATEWAY,
            "SECRET_KEY": secret["secret_key"],
            "CREDENTIAL_KEYS": secret["credential_keys"],
            # The demo shows what production shows: our own error pages, no settings and no tracebacks.
            "DEBUG": "0",
            "DEMO": "1",
            "ALLOW_SIMULATOR": "1",
            "PUBLIC_URL": public_url,
            "ALLOWED_HOSTS": "127.0.0.1,localhost",
            # Cookies know no ports: two checkouts on one machine would log each other out.
            "SESSION_COOKIE_NAME": f"entreposto_{checkout_id()}",
            "TINY_V2_URL": f"{simulator_url}/api2",
            "TINY_V3_URL": f"{simulator_url}/public-api/v3",
            "TINY_ACCOUNTS_URL": f"{simulator_url}/realms/tiny/protocol/openid-connect",
            "SIMULATOR_URL": simulator_url,
            "SIMULATOR_PORT": str(self.simulator_port),
            "CORREIOS_URL": f"{carriers_url}/correios",
            "SSW_URL": f"{carriers_url}/ssw",
            "CARRIER_SIMULATOR_URL": carriers_url,
            "CARRIER_SIMULATOR_PORT": str(self.carriers_port),
            "ORDER_POLL_SECONDS": "10",
            "PRODUCT_POLL_SECONDS": "15",
            "PRODUCT_LIST_SECONDS": "30",
            "PARCEL_POLL_SECONDS": "10",
            "PARCEL_ASK_SECONDS": "15",
            "SLOT_SPACING_SECONDS": "0.5",
        }
        environment = {name: given.get(name) or value for name, value in environment.items()}
        # The platform asks the simulator, and no proxy in between.
        for variable in ("NO_PROXY", "no_proxy"):
            environment[variable] = ",".join(filter(None, (given.get(variable), "127.0.0.1", "localhost")))
        named = [name for name in external.VARIABLES if given.get(name)]
        if self.admin_url:
            addresses = external.addresses_on(self.admin_url, secret)
            environment |= {name: given.get(name) or address for name, address in addresses.items()}
        if named or self.admin_url:
            say("Looking at the database server ...")
            external.prepare({**given, **environment}, self.admin_url)
        kept = self.ports.read()
        if not self.admin_url and not (named and given.get("SIMULATOR_DATABASE_URL")):
            say("Starting PostgreSQL ...")
            postgres = Postgres(
                VAR / "postgres",
                passwords=secret,
                log=self.logs / "postgres.log",
                port=kept.get("postgres"),
                first_port=first_port(10),
                registry=self.registry,
            )
            self._start_and_watch("postgres", postgres, postgres.log)
            addresses = {
                "DATABASE_URL": postgres.url(roles.APP),
                "DATABASE_OWNER_URL": postgres.url(roles.OWNER),
                "DATABASE_STAFF_URL": postgres.url(roles.STAFF),
                "SIMULATOR_DATABASE_URL": postgres.url(roles.SIMULATOR),
            }
            environment |= {name: given.get(name) or address for name, address in addresses.items()}
            kept["postgres"] = _known(postgres.port)
        if not given.get("REDIS_URL"):
            say("Starting Valkey ...")
            valkey = Valkey(
                VAR / "valkey",
                password=secret["valkey"],
                log=self.logs / "valkey.log",
                port=kept.get("valkey"),
                first_port=first_port(30),
                registry=self.registry,
            )
            self._start_and_watch("valkey", valkey, valkey.log)
            environment["REDIS_URL"] = valkey.url()
            kept["valkey"] = _known(valkey.port)
        self.ports.write(
            kept | {"web": self.port, "simulator": self.simulator_port, "carriers": self.carriers_port}
        )
        return environment

    def _start_and_watch(self, name: str, service: Service, log: Path) -> None:
        self._step()
        # First in the list: a start that fails half-way is stopped too.
        self.watched.append(Watched(name, service, log))
        service.start()

    def _choose_port(self, name: str, named: int | None, default: int, *, avoid: int = 0) -> int:
        if named is not None:
            return named
        kept = self.ports.read().get(name)
        return kept if kept is not None else find_free_port(default, avoid=frozenset({avoid}))

    def _check_still_free(self) -> None:
        """Once leftovers are gone: a named port that is busy ends the start, any other one moves."""
        for name, attribute, variable, default in (
            ("web", "port", "PORT", DEFAULT_PORT),
            ("simulator", "simulator_port", "SIMULATOR_PORT", DEFAULT_SIMULATOR_PORT),
            ("carriers", "carriers_port", "CARRIER_SIMULATOR_PORT", DEFAULT_CARRIERS_PORT),
        ):
            port = getattr(self, attribute)
            if is_port_free(port):
                continue
            if self.ports.read().get(name) != port or self.given.get(variable):
                raise LauncherError(
                    f"Port {port} is busy: stop what uses it or name another ({variable}=...)."
                )
            taken = {self.port, self.simulator_port, self.carriers_port}
            other = find_free_port(default, avoid=frozenset(taken))
            say(f"Port {port}, which {name} used before, is busy now; taking {other}.")
            setattr(self, attribute, other)

    def _watch(self) -> None:
        while not self.stopping.wait(0.3):
            for watched in self.watched:
                self._keep_alive(watched)

    def _keep_alive(self, watched: Watched) -> None:
        now = time.monotonic()
        if watched.restart_at is None:
            if watched.service.is_running:
                if now - watched.started_at > _HEALTHY_SECONDS:
                    watched.pause = 1.0
                return
            log = _relative(watched.log)
            say(f"{watched.name} died; starting it again in {watched.pause:.0f} s (see {log}).")
            watched.restart_at = now + watched.pause
            watched.pause = min(watched.pause * 2, _LONGEST_PAUSE)
        elif now >= watched.restart_at:
            watched.restart_at = None
            watched.started_at = now
            try:
                watched.service.restart()
            except LauncherError as error:
                say(str(error))

    def _stop(self) -> None:
        if not self.watched:
            return
        say("Stopping ...")
        with _deaf_to_signals():
            (VAR / "run.env").unlink(missing_ok=True)
            for watched in reversed(self.watched):
                if isinstance(watched.service, Child):
                    watched.service.ask_to_stop()
            while self.watched:
                self.watched.pop().service.stop()
        say("Everything is stopped.")


def announce(web_url: str, simulator_url: str, demo: Mapping[str, Any]) -> str:
    """What the newcomer reads. `demo` is what `launcher.demo` printed:

    {"logins": [{"company", "email", "password"}],
     "simulator": {"credentials": [{"account", "client_id", "client_secret"}]}}
    """
    lines = ["", f"  Entreposto     {web_url}/"]
    for login in demo.get("logins", []):
        lines.append(f"  Login          {login['email']}   {login['password']}   {login['company']}")
    lines += ["", f"  Simulator      {simulator_url}/   (plays Tiny ERP)"]
    for credentials in demo.get("simulator", {}).get("credentials", []):
        lines.append(f"  To paste: the simulated account {credentials['account']}")
        lines.append(f"  Client ID      {credentials['client_id']}")
        lines.append(f"  Client Secret  {credentials['client_secret']}")
    return "\n".join(lines)


def _last_json(output: str) -> dict[str, Any]:
    for line in reversed(output.splitlines()):
        if line.startswith("{"):
            with contextlib.suppress(ValueError):
                found: dict[str, Any] = json.loads(line)
                return found
    return {}


def _known(port: int | None) -> int:
    if port is None:
        raise RuntimeError("a started service has a port")
    return port


def _port_from(environment: Mapping[str, str], variable: str) -> int | None:
    text = environment.get(variable, "")
    if not text:
        return None
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise LauncherError(f"{variable} is not a port number: {text!r}.")
    return int(text)


def _relative(path: Path) -> str:
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)


@contextlib.contextmanager
def _deaf_to_signals() -> Iterator[None]:
    """An impatient second Ctrl-C would leave half of the processes behind."""
    former: dict[signal.Signals, Callable[..., Any] | int | None] = {
        number: signal.signal(number, signal.SIG_IGN)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    }
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


def say(text: str) -> None:
    # The terminal may be gone while we still have to stop our children.
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.write(text + "\n")
        sys.stdout.flush()
