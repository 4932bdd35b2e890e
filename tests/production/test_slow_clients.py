"""Two hundred people on a bad line, who never finish what they send, and one who just wants the page.

No measure of time decides: with the server's usual limits the healthy request is never answered at all,
because half-sent bodies hold every connection that it takes. ``benchmarks/slow_clients.py`` has the figure.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from tests.processes import Process, Stack, wait_until
from tests.simulated_tiny import find_free_port

pytestmark = pytest.mark.django_db(transaction=True)

SLOW_CLIENTS = 200
PATIENCE_SECONDS = 10.0
HALF = (
    b"POST /entrar/ HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    b"Content-Length: 1000\r\n\r\nusername=ana"
)


@pytest.fixture(scope="module")
def port(shared_stack: Stack) -> int:
    port = find_free_port()
    process = shared_stack.start("-m", "config.serve", "--host", "127.0.0.1", "--port", str(port))
    wait_until(lambda: answers(process, port))
    return port


def answers(process: Process, port: int) -> bool:
    assert process.popen.poll() is None, process.output
    try:
        return get(port, "/entrar/").startswith(b"HTTP/1.1 200 ")
    except OSError:
        return False


def get(port: int, path: str) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_SECONDS) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        parts = iter(lambda: connection.recv(65536), b"")
        return b"".join(parts)


@contextmanager
def slow_clients(port: int) -> Iterator[list[socket.socket]]:
    with ExitStack() as held:
        clients = []
        for _ in range(SLOW_CLIENTS):
            client = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_SECONDS)
            held.enter_context(client)
            client.sendall(HALF)
            clients.append(client)
        yield clients


def is_open(client: socket.socket) -> bool:
    """The server neither answered nor hung up."""
    client.setblocking(False)
    try:
        client.recv(1)
    except BlockingIOError:
        return True
    return False


def test_a_healthy_request_is_answered_beside_two_hundred_half_bodies(port: int) -> None:
    with slow_clients(port) as clients:
        for _ in range(20):
            assert get(port, "/entrar/").startswith(b"HTTP/1.1 200 ")
        assert all(is_open(client) for client in clients)


def test_who_finishes_late_is_answered_too(port: int) -> None:
    with slow_clients(port) as clients:
        late = clients[-1]
        late.sendall(b"&" * 1000)
        # Without the form's token it is refused, but it is answered.
        assert late.recv(12) == b"HTTP/1.1 403"


def test_the_test_sees_a_server_that_is_full(monkeypatch: pytest.MonkeyPatch, stack: Stack) -> None:
    """The proof that the limits are what saves us: one process with room for a hundred connections hangs."""
    port = find_free_port()
    script = (
        "import config.serve as serve, sys; serve.CONNECTION_LIMIT = 100;"
        f"sys.argv[1:] = ['--port', '{port}', '--processes', '1']; serve.main()"
    )
    process = stack.start("-c", script)
    wait_until(lambda: answers(process, port))
    monkeypatch.setattr(f"{__name__}.PATIENCE_SECONDS", 2.0)

    with slow_clients(port), pytest.raises(TimeoutError):
        get(port, "/entrar/")

    wait_until(lambda: answers(process, port))
