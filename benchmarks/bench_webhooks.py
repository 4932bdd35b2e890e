"""The endpoint for notifications against a bare view: ``make bench ARGS="-k endpoint"``.

Both in the same web server, in turn, round after round; the figures are medians of each round's ratio. Ours
finds the key, keeps bytes and headers under row-level security and enqueues the reading; jobs are taken away
twenty times a second. CPU is that of the web processes and of their sessions in PostgreSQL. Only on a
machine that does nothing else. BENCH_ROUNDS, BENCH_SECONDS.
"""

from __future__ import annotations

import os
import select
import socket
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from accounts.models import Organization
from benchmarks.bare_view import TABLE
from tests.catalog.received import connect
from tests.database import connect as connect_raw
from tests.database import run_sql
from tests.processes import Process, Stack, wait_until
from tests.simulated_tiny import find_free_port
from tests.webhooks.conftest import open_address
from tests.webhooks.test_endpoint import STOCK

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "20"))
SECONDS = float(os.environ.get("BENCH_SECONDS", "1"))
CONNECTIONS = 8
TICKS = os.sysconf("SC_CLK_TCK")
# The five that wait longest: a hundred readings a second keep a worker busy.
TAKE_JOBS = (
    "DELETE FROM jobs_job WHERE id IN (SELECT id FROM jobs_job ORDER BY id LIMIT 5); DELETE FROM jobs_turn"
)


@dataclass
class Case:
    process: Process
    port: int
    requests: list[bytes]

    def answers(self) -> bool:
        assert self.process.popen.poll() is None, self.process.output
        try:
            return load(self, 0.0) == 1
        except OSError:
            return False


@dataclass
class Figure:
    rps: float
    web: float
    """Microseconds of CPU per request; the same of PostgreSQL's sessions."""
    postgresql: float

    @property
    def cpu(self) -> float:
        return self.web + self.postgresql


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("keys", [1, 50])
def test_endpoint(
    stack: Stack, organization: Organization, process_database: Any, owner_sql: Callable[..., Any], keys: int
) -> None:
    owner_sql(f"{TABLE}; GRANT ALL ON bare_receipt, bare_receipt_id_seq TO PUBLIC; TRUNCATE bare_receipt")
    senders = [
        open_address(connect(organization, f"Tiny {n}", account_document=f"{n:014}")) for n in range(keys)
    ]
    bare = start(stack, ["/bare/"], DJANGO_SETTINGS_MODULE="benchmarks.bare_settings")
    ours = start(stack, [sender.path for sender in senders])
    owner_sql("ANALYZE")
    rounds = []
    with taking_jobs(process_database):
        for number in range(ROUNDS):
            turn = [bare, ours] if number % 2 else [ours, bare]
            figures = {case.port: measure(case, owner_sql) for case in turn}
            rounds.append((figures[ours.port], figures[bare.port]))
    kept = owner_sql("SELECT count(*) FROM webhooks_webhookreceipt")[0][0]
    print(
        f"\nendpoint, {keys} keys, {CONNECTIONS} connections, {ROUNDS} rounds of {SECONDS:g} s: "
        f"rps ratio {median(rounds, 'rps'):.3f}, CPU ratio {median(rounds, 'cpu'):.3f}\n"
        f"  ours  {describe([ours for ours, _ in rounds])}, {kept} kept\n"
        f"  bare  {describe([bare for _, bare in rounds])}\n"
        f"  rps ratios {', '.join(f'{ours.rps / bare.rps:.2f}' for ours, bare in rounds)}"
    )


def median(rounds: list[tuple[Figure, Figure]], name: str) -> float:
    return statistics.median(getattr(ours, name) / getattr(bare, name) for ours, bare in rounds)


def describe(figures: list[Figure]) -> str:
    rps, web, postgresql = (
        statistics.median(getattr(figure, name) for figure in figures)
        for name in ("rps", "web", "postgresql")
    )
    return f"{rps:.0f} rps, CPU {web:.0f} + {postgresql:.0f} µs"


def start(stack: Stack, paths: list[str], **variables: str) -> Case:
    port = find_free_port()
    process = stack.start("-m", "config.serve", "--host", "127.0.0.1", "--port", str(port), **variables)
    requests = [
        (
            f"POST {path} HTTP/1.1\r\nHost: localhost\r\nUser-Agent: Tiny\r\nAccept: */*\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(STOCK)}\r\n\r\n"
        ).encode()
        + STOCK
        for path in paths
    ]
    case = Case(process, port, requests)
    wait_until(case.answers)
    load(case, 1.0)
    return case


@contextmanager
def taking_jobs(process_database: Any) -> Iterator[None]:
    """As a reading would, so that posts make new ones."""
    ended = threading.Event()

    def take() -> None:
        owner = connect_raw("owner", process_database.name)
        while not ended.wait(0.05):
            run_sql(owner, TAKE_JOBS)
        owner.close()

    thread = threading.Thread(target=take)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def measure(case: Case, owner_sql: Callable[..., Any]) -> Figure:
    before = cpu_of_web(case), cpu_of_postgresql(owner_sql)
    began = time.monotonic()
    done = load(case, SECONDS)
    took = time.monotonic() - began
    web, postgresql = cpu_of_web(case) - before[0], cpu_of_postgresql(owner_sql) - before[1]
    return Figure(done / took, web * 1e6 / done, postgresql * 1e6 / done)


def load(case: Case, seconds: float) -> int:
    """Post over keep-alive connections for so long; how many were answered 200. At least one."""
    lines, poll, sent = {}, select.epoll(), 0
    deadline = time.monotonic() + seconds
    for _ in range(CONNECTIONS if seconds else 1):
        line = socket.create_connection(("127.0.0.1", case.port), timeout=10)
        lines[line.fileno()] = line
        poll.register(line, select.EPOLLIN)
        line.sendall(case.requests[sent % len(case.requests)])
        sent += 1
    answers = dict.fromkeys(lines, b"")
    done = 0
    waiting = len(lines)
    while waiting:
        for number, _ in poll.poll(10):
            answers[number] += lines[number].recv(65536)
            if not answers[number].endswith(b"}"):
                continue
            assert answers[number].startswith(b"HTTP/1.1 200 OK"), answers[number]
            answers[number] = b""
            done += 1
            if time.monotonic() < deadline:
                lines[number].sendall(case.requests[sent % len(case.requests)])
                sent += 1
            else:
                waiting -= 1
    for line in lines.values():
        line.close()
    return done


def cpu_of_web(case: Case) -> float:
    """Seconds so far, of all its processes."""
    return sum(
        cpu_of(int(folder.name))
        for folder in Path("/proc").glob("[0-9]*")
        if group_of(int(folder.name)) == case.process.popen.pid
    )


def group_of(pid: int) -> int | None:
    try:
        return os.getpgid(pid)
    except ProcessLookupError:
        return None


def cpu_of_postgresql(owner_sql: Callable[..., Any]) -> float:
    """Of the app role's sessions in this database."""
    rows = owner_sql(
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND usename <> current_user"
    )
    return sum(cpu_of(pid) for (pid,) in rows)


def cpu_of(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return (int(fields[11]) + int(fields[12])) / TICKS
