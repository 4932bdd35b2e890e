"""Child processes that die with us, and the record that lets the next start find those that did not."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

_PR_SET_PDEATHSIG = 1
_LOG_LIMIT = 5_000_000
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


class LauncherError(Exception):
    """Something the person at the keyboard can act on; its text is the one sentence that they read."""


class PortTakenError(LauncherError):
    """Somebody took the port between our look and the server's bind."""


@dataclass(frozen=True)
class Account:
    """The unprivileged user that a process runs as when we are root."""

    name: str
    uid: int
    gid: int


@dataclass(frozen=True)
class ProcessEntry:
    group: int
    started: str


def process_table() -> dict[int, ProcessEntry]:
    """Every living process by id; zombies count as gone: a container without init never reaps them."""
    if Path("/proc/self/stat").exists():
        return _table_from_proc()
    return _table_from_ps()


def _table_from_proc() -> dict[int, ProcessEntry]:
    table = {}
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            stat = Path("/proc", entry, "stat").read_text(errors="replace")
        except OSError:
            continue
        fields = stat.rpartition(")")[2].split()
        if fields[0] not in "ZX":
            table[int(entry)] = ProcessEntry(group=int(fields[2]), started=fields[19])
    return table


def _table_from_ps() -> dict[int, ProcessEntry]:
    output = subprocess.run(
        ["ps", "-axo", "pid=,pgid=,stat=,lstart="], capture_output=True, text=True, check=True
    ).stdout
    table = {}
    for line in output.splitlines():
        pid, group, state, started = line.split(None, 3)
        if not state.startswith("Z"):
            table[int(pid)] = ProcessEntry(group=int(group), started=started.strip())
    return table


def boot_id() -> str:
    """Process ids and start times mean nothing after a reboot."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def wait_until(condition: Callable[[], bool], seconds: float, *, pause: float = 0.05) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(pause)
    return True


def _group_is_gone(group: int) -> bool:
    return all(entry.group != group for entry in process_table().values())


def _signal_group(group: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


class Registry:
    """The children that run now, on disk, so that the start after a `kill -9` can end them first."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def _read(self) -> list[dict[str, str | int]]:
        try:
            records: list[dict[str, str | int]] = json.loads(self.path.read_text())
        except (OSError, ValueError):
            return []
        return records

    def _write(self, records: list[dict[str, str | int]]) -> None:
        temporary = self.path.with_suffix(".new")
        temporary.write_text(json.dumps(records, indent=1))
        temporary.replace(self.path)

    def add(self, name: str, pid: int, stop_signal: int) -> None:
        entry = process_table().get(pid)
        if entry is None:
            return
        record: dict[str, str | int] = {
            "name": name,
            "pid": pid,
            "started": entry.started,
            "boot": boot_id(),
            "stop_signal": stop_signal,
        }
        self._write([*self._read(), record])

    def remove(self, pid: int) -> None:
        self._write([record for record in self._read() if record["pid"] != pid])

    def sweep(self, *, patience: float = 5.0) -> list[str]:
        """Ends what an earlier launcher left running and returns the names; a recycled pid is left alone."""
        table = process_table()
        leftovers = []
        for record in self._read():
            pid = int(record["pid"])
            if record["boot"] != boot_id() or _group_is_gone(pid):
                continue
            leader = table.get(pid)
            if leader is not None and leader.started != record["started"]:
                continue
            leftovers.append(record)
        for record in reversed(leftovers):
            pid = int(record["pid"])
            _signal_group(pid, int(record["stop_signal"]))
            if not wait_until(lambda group=pid: _group_is_gone(group), patience):  # type: ignore[misc]
                _signal_group(pid, signal.SIGKILL)
                wait_until(lambda group=pid: _group_is_gone(group), patience)  # type: ignore[misc]
        self._write([])
        return [str(record["name"]) for record in leftovers]


class Child:
    """One process of ours, in a process group of its own, which ends when we end.

    Linux tells the child by signal when its parent's *thread* dies: start children from a thread that stays.
    """

    def __init__(
        self,
        name: str,
        argv: Sequence[str],
        *,
        env: Mapping[str, str],
        cwd: Path,
        log: Path,
        url: str = "",
        stop_signal: int = signal.SIGTERM,
        patience: float = 10.0,
        account: Account | None = None,
        pass_fds: Sequence[int] = (),
        registry: Registry | None = None,
    ) -> None:
        self.name = name
        self.argv = list(argv)
        self.env = dict(env)
        self.cwd = cwd
        self.log = log
        self.url = url
        self.stop_signal = stop_signal
        self.patience = patience
        self.account = account
        self.pass_fds = tuple(pass_fds)
        self.registry = registry
        self.process: subprocess.Popen[bytes] | None = None
        self._was_asked = False

    @property
    def pid(self) -> int:
        if self.process is None:
            raise RuntimeError(f"{self.name} was not started")
        return self.process.pid

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    @property
    def exit_code(self) -> int | None:
        return None if self.process is None else self.process.poll()

    def start(self) -> None:
        self.log.parent.mkdir(parents=True, exist_ok=True)
        parent = os.getpid()
        death_signal = int(self.stop_signal)

        def die_with_parent() -> None:
            # Popen runs this after its change of user, which would otherwise reset the setting.
            if _libc is not None:
                _libc.prctl(_PR_SET_PDEATHSIG, death_signal)
                if os.getppid() != parent:
                    os._exit(1)

        self._was_asked = False
        with _open_log(self.log) as output:
            self.process = subprocess.Popen(
                self.argv,
                env=self.env,
                cwd=self.cwd,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=self.pass_fds,
                user=None if self.account is None else self.account.uid,
                group=None if self.account is None else self.account.gid,
                extra_groups=None if self.account is None else [],
                preexec_fn=die_with_parent,
            )
        if self.registry is not None:
            self.registry.add(self.name, self.process.pid, int(self.stop_signal))

    def ask_to_stop(self) -> None:
        """Once only: Celery takes a second request for impatience."""
        if self.is_running and not self._was_asked and self.process is not None:
            self._was_asked = True
            with contextlib.suppress(ProcessLookupError):
                self.process.send_signal(self.stop_signal)

    def stop(self) -> None:
        """Asks, waits, insists; afterwards nothing of the process group is left."""
        if self.process is None:
            return
        self.ask_to_stop()
        if self.is_running:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(self.patience)
        self._end_group()

    def kill(self) -> None:
        """What a crash or the kernel's out-of-memory killer does to the whole process group."""
        if self.process is not None:
            self._end_group()

    def restart(self) -> None:
        self.stop()
        self.start()

    def _end_group(self) -> None:
        assert self.process is not None  # noqa: S101 - for the type checker; both callers looked
        if self.process.poll() is None or not _group_is_gone(self.process.pid):
            _signal_group(self.process.pid, signal.SIGKILL)
        self.process.wait()
        wait_until(lambda: _group_is_gone(self.pid), 5.0)
        if self.registry is not None:
            self.registry.remove(self.process.pid)

    def log_tail(self, lines: int = 15) -> str:
        try:
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])
        except OSError:
            return ""


def _open_log(path: Path) -> IO[bytes]:
    if path.exists() and path.stat().st_size > _LOG_LIMIT:
        path.replace(path.with_suffix(path.suffix + ".1"))
    return path.open("ab")


def is_port_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    # macOS lets a second socket bind beside a wildcard listener: ask whether anybody answers.
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) != 0


def find_any_port() -> int:
    """A free one whose number does not matter; chance keeps two who look at once apart."""
    return find_free_port(10000 + secrets.randbelow(9000))


def find_free_port(first: int, *, avoid: frozenset[int] = frozenset()) -> int:
    for port in range(first, min(first + 500, 65536)):
        if port not in avoid and is_port_free(port):
            return port
    raise LauncherError(f"No free port was found from {first} upwards.")
