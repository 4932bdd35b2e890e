"""Rows 37, 44 and 45 of what a sender may do, against the real web server."""

from __future__ import annotations

import http.client
import os
import socket
import threading
from pathlib import Path
from typing import Any

import pytest

from config.serve import LARGEST_BODY
from tests.processes import Process, Stack, wait_until
from tests.production.test_slow_clients import slow_clients
from tests.simulated_tiny import find_free_port
from tests.webhooks.conftest import Sender
from tests.webhooks.test_endpoint import STOCK, product

pytestmark = pytest.mark.django_db(transaction=True)

LIMIT = 1_000_000
PATIENCE_SECONDS = 60.0


class Web:
    """The web server with two processes."""

    def __init__(self, process: Process, port: int) -> None:
        self.process = process
        self.port = port

    def ask(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None, **options: Any
    ) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_SECONDS)
        try:
            connection.request(method, path, body, headers or {}, **options)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def send(self, *parts: bytes) -> bytes:
        """Raw bytes, then the first line of what is answered; ``b""`` if the server hung up."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE_SECONDS) as line:
            try:
                for part in parts:
                    line.sendall(part)
            except (BrokenPipeError, ConnectionResetError):
                pass
            try:
                return line.recv(4096).partition(b"\r\n")[0]
            except ConnectionResetError:
                return b""

    def is_up(self) -> bool:
        assert self.process.popen.poll() is None, self.process.output
        try:
            return self.ask("GET", "/entrar/")[0] == 200
        except OSError:
            return False

    def memory(self) -> int:
        """Bytes that the processes hold, all together."""
        pages = 0
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                if os.getpgid(int(folder.name)) == self.process.popen.pid:
                    pages += int((folder / "statm").read_text().split()[1])
            except (ProcessLookupError, FileNotFoundError):
                continue
        return pages * os.sysconf("SC_PAGE_SIZE")


@pytest.fixture(scope="module")
def web(shared_stack: Stack) -> Web:
    port = find_free_port()
    process = shared_stack.start("-m", "config.serve", "--host", "127.0.0.1", "--port", str(port))
    running = Web(process, port)
    wait_until(running.is_up)
    return running


def head(sender: Sender, *lines: str) -> bytes:
    return "\r\n".join([f"POST {sender.path} HTTP/1.1", "Host: localhost", *lines, "", ""]).encode("latin-1")


def test_the_real_server_keeps_and_answers(web: Web, sender: Sender) -> None:
    assert web.ask("POST", sender.path, STOCK) == (200, b'{"ok": true}')
    assert web.ask("POST", sender.path, b"") == (200, b'{"ok": true}')
    assert web.ask("GET", sender.path) == (200, b'{"ok": true}')
    assert web.ask("HEAD", sender.path) == (200, b"")
    assert web.ask("OPTIONS", sender.path) == (200, b'{"ok": true}')
    assert web.ask("POST", sender.path, product())[1].startswith(b'[{"idMapeamento": "55"')
    assert (
        web.ask("POST", sender.path.swapcase().replace("/WEBHOOKS/TINY", "/webhooks/tiny"), STOCK)[0] == 404
    )
    assert sender.bodies() == [STOCK, b"", product()]


@pytest.mark.parametrize("page", ["an address", "an address of nobody", "/entrar/"])
def test_after_head_a_connection_goes_on_with_the_next_answer(web: Web, sender: Sender, page: str) -> None:
    """As an ERP visits an address before it takes it: one method after the other, over one connection."""
    path = {"an address": sender.path, "an address of nobody": sender.path[:-2] + "/"}.get(page, page)
    status, body = web.ask("GET", path)
    ask = f"{{}} {path} HTTP/1.1\r\nHost: localhost\r\n{{}}\r\n"
    with socket.create_connection(("127.0.0.1", web.port), timeout=PATIENCE_SECONDS) as line:
        line.sendall((2 * ask.format("HEAD", "") + ask.format("GET", "Connection: close\r\n")).encode())
        with line.makefile("rb") as stream:
            before, *answers = stream.read().split(f"HTTP/1.1 {status} ".encode())

    assert before == b""
    assert [len(answer.partition(b"\r\n\r\n")[2]) for answer in answers] == [0, 0, len(body)]
    assert all(f"\r\nContent-Length: {len(body)}\r\n".encode() in answer for answer in answers)


def test_a_chunked_body_is_kept(web: Web, sender: Sender) -> None:
    chunks = [b"\xff" * 10, b"\x00" * 1000, b"{}"]

    assert web.ask("POST", sender.path, iter(chunks), encode_chunked=True)[0] == 200
    assert sender.bodies() == [b"".join(chunks)]


def test_ten_megabytes_are_refused_and_cost_no_memory(web: Web, sender: Sender) -> None:
    web.ask("POST", sender.path, STOCK)
    before = web.memory()
    for _ in range(5):
        assert web.ask("POST", sender.path, b"x" * (LIMIT + 1)) == (413, b'{"error": "too large"}')
        assert web.ask("POST", sender.path, b"x" * (LARGEST_BODY - 1)) == (413, b'{"error": "too large"}')

    assert web.memory() - before < 20_000_000
    assert sender.bodies() == [STOCK]


def test_a_length_beyond_all_bounds_is_refused_before_it_comes(web: Web, sender: Sender) -> None:
    assert web.send(head(sender, f"Content-Length: {10**12}")) == b"HTTP/1.1 413 Request Entity Too Large"
    assert sender.bodies() == []


def test_endless_chunks_end(web: Web, sender: Sender) -> None:
    before = web.memory()
    chunk = b"10000\r\n" + b"x" * 65536 + b"\r\n"
    # Five times as much as anybody may send.
    answer = web.send(head(sender, "Transfer-Encoding: chunked"), *[chunk] * (5 * LARGEST_BODY // 65536))

    assert answer in (b"HTTP/1.1 413 Request Entity Too Large", b"")
    assert web.memory() - before < 20_000_000
    assert web.ask("POST", sender.path, STOCK)[0] == 200
    assert sender.bodies() == [STOCK]


LIES = (
    (["Content-Length: 5"], b"abcdefghij"),
    (["Content-Length: 5", "Content-Length: 6"], b"abcdef"),
    (["Content-Length: 5", "Transfer-Encoding: chunked"], b"0\r\n\r\n"),
    (["Content-Length: -1"], b"abc"),
    (["Content-Length: +3"], b"abc"),
    (["Content-Length: abc"], b"abc"),
    (["Content-Length: 0x3"], b"abc"),
    (["Transfer-Encoding: chunked"], b"ZZ\r\nabc\r\n"),
    (["Transfer-Encoding: chunked"], b"3\r\nabcdef\r\n0\r\n\r\n"),
    (["Transfer-Encoding: gzip"], b"abc"),
    (["Bad Header"], b""),
    (["X: " + "y" * 300_000], b""),
)


def test_a_request_that_lies_of_itself_harms_nobody(web: Web, sender: Sender) -> None:
    """It is kept as far as it was announced, or refused as no HTTP at all; the next one is served."""
    for lines, rest in LIES:
        before = len(sender.bodies())
        answer = web.send(head(sender, *lines) + rest)
        kept = sender.bodies()[before:]
        assert not answer.startswith(b"HTTP/1.1 500"), lines
        assert kept in ([], [b"abcde"], [b""]), lines
        assert (answer == b"HTTP/1.1 200 OK") == bool(kept), lines
        assert web.ask("POST", sender.path, STOCK)[0] == 200
        assert sender.bodies()[-1] == STOCK


def test_who_never_sends_the_rest_leaves_nothing(web: Web, sender: Sender) -> None:
    with socket.create_connection(("127.0.0.1", web.port), timeout=PATIENCE_SECONDS) as line:
        line.sendall(head(sender, "Content-Length: 1000") + b"half")
    assert web.ask("POST", sender.path, STOCK)[0] == 200

    assert sender.bodies() == [STOCK]


def test_notifications_pass_by_two_hundred_half_bodies(web: Web, sender: Sender) -> None:
    with slow_clients(web.port):
        for _ in range(20):
            assert web.ask("POST", sender.path, STOCK)[0] == 200

    assert sender.bodies() == [STOCK] * 20


def test_a_flood_is_kept_whole_and_answered_200(web: Web, sender: Sender, other_sender: Sender) -> None:
    """Eight senders of one account as fast as they can, and a neighbour in between."""
    statuses: list[int] = []

    def flood(number: int) -> None:
        line = http.client.HTTPConnection("127.0.0.1", web.port, timeout=PATIENCE_SECONDS)
        for turn in range(50):
            line.request("POST", sender.path, f"{number}/{turn}".encode())
            response = line.getresponse()
            response.read()
            statuses.append(response.status)
        line.close()

    threads = [threading.Thread(target=flood, args=[number]) for number in range(8)]
    for thread in threads:
        thread.start()
    for _ in range(10):
        assert web.ask("POST", other_sender.path, STOCK)[0] == 200
    for thread in threads:
        thread.join(PATIENCE_SECONDS)

    assert statuses == [200] * 400
    assert sorted(sender.bodies()) == sorted(f"{n}/{t}".encode() for n in range(8) for t in range(50))
    assert (len(sender.jobs()), other_sender.bodies()) == (1, [STOCK] * 10)


def test_neither_log_nor_answer_tells_the_key(web: Web, sender: Sender) -> None:
    told = len(web.process.output)
    paths = [f"{sender.path}x/", sender.path.replace("tiny", "bling"), f"{sender.path}?a=1"]
    for path in paths:
        for method in ("GET", "POST", "PUT"):
            _, body = web.ask(method, path, b"x" * (LIMIT + 1) if method == "PUT" else STOCK)
            assert sender.key.encode() not in body
    web.send(head(sender, "Content-Length: 5", "Transfer-Encoding: chunked") + b"ZZ\r\n")

    assert "/webhooks/•••" in web.process.output[told:]
    assert sender.key not in web.process.output
