"""A healthy page beside 200 half-sent bodies: ``make bench ARGS="-k slow"``.

Quiet and beset requests in turn, on the real web server; the ratio of their 99th percentiles is the figure
for docs/PERFORMANCE.md (goal: at most 2). Only on a machine that does nothing else.
"""

from __future__ import annotations

import os
import statistics
import time

import pytest

from tests.processes import Stack, wait_until
from tests.production.test_slow_clients import SLOW_CLIENTS, answers, get, slow_clients
from tests.simulated_tiny import find_free_port

REQUESTS = int(os.environ.get("BENCH_REQUESTS", "500"))
ROUNDS = 5


@pytest.mark.django_db(transaction=True)
def test_slow_clients(stack: Stack) -> None:
    port = find_free_port()
    process = stack.start("-m", "config.serve", "--host", "127.0.0.1", "--port", str(port))
    wait_until(lambda: answers(process, port))
    quiet: list[float] = []
    beset: list[float] = []
    for _ in range(ROUNDS):
        measure(port, quiet)
        with slow_clients(port):
            measure(port, beset)
    print(
        f"\nhealthy GET /entrar/ beside {SLOW_CLIENTS} half-sent bodies: p99 {p99(beset):.1f} ms, quiet "
        f"{p99(quiet):.1f} ms, ratio {p99(beset) / p99(quiet):.2f}; "
        f"medians {statistics.median(beset):.1f} and {statistics.median(quiet):.1f} ms "
        f"({len(beset)} requests each, in turn)"
    )


def measure(port: int, into: list[float]) -> None:
    """Milliseconds of each request."""
    for _ in range(REQUESTS // ROUNDS):
        began = time.perf_counter()
        assert get(port, "/entrar/").startswith(b"HTTP/1.1 200 ")
        into.append((time.perf_counter() - began) * 1000)


def p99(values: list[float]) -> float:
    return sorted(values)[int(len(values) * 0.99) - 1]
