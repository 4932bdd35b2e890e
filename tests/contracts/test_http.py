"""``HttpClient`` against a server of plain sockets, which can do what no web framework would."""

from __future__ import annotations

import gzip
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from decimal import Decimal

import pytest

from contracts.errors import ErpError, MappingError, TemporaryError
from contracts.http import HttpClient

# A client without a deadline would wait for the last of these pieces: twenty times the deadline.
DRIPS = 200
DRIP_SECONDS = 0.05
SHORT_DEADLINE = 0.5

Answer = Callable[[socket.socket, threading.Event], None]


class Server:
    """Accepts connections on loopback, keeps what was asked, and lets ``answer`` write what it likes."""

    def __init__(self) -> None:
        self.answer: Answer = write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
        self.requests: list[bytes] = []
        self.stopping = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self.stopping.set()
        # Closing a listener wakes no one who waits in accept.
        with suppress(OSError):
            socket.create_connection(self._listener.getsockname()).close()
        self._thread.join()
        self._listener.close()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                if self.stopping.is_set():
                    connection.close()
                    return
                with connection, suppress(OSError):
                    connection.settimeout(10)
                    self.requests.append(read_request(connection))
                    self.answer(connection, self.stopping)


def read_request(connection: socket.socket) -> bytes:
    """A request with its body, which can come in a packet of its own."""
    data = connection.recv(65536)
    head, _, body = data.partition(b"\r\n\r\n")
    length = next((int(line[15:]) for line in head.splitlines() if line.startswith(b"Content-Length:")), 0)
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def write(data: bytes) -> Answer:
    return lambda connection, stopping: connection.sendall(data)


class Drip:
    """One ``piece`` at a time, each well within a read timeout; all together far beyond the deadline."""

    def __init__(self, start: bytes, piece: bytes, end: bytes) -> None:
        self.parts = (start, piece, end)
        self.has_ended = False

    def __call__(self, connection: socket.socket, stopping: threading.Event) -> None:
        start, piece, end = self.parts
        connection.sendall(start)
        for _ in range(DRIPS):
            if stopping.wait(DRIP_SECONDS):
                return
            connection.sendall(piece)
        self.has_ended = True
        connection.sendall(end)


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


@pytest.fixture
def client() -> Iterator[HttpClient]:
    client = HttpClient()
    yield client
    client.close()


def failure(client: HttpClient, url: str, **options: float) -> ErpError:
    with pytest.raises(ErpError) as caught:
        client.request("GET", url, **options)  # type: ignore[arg-type]
    return caught.value


def test_an_answer_is_read_whole(server: Server, client: HttpClient) -> None:
    body = json.dumps({"valor": 27.235000000000003, "nome": "São João"}, ensure_ascii=False).encode()
    server.answer = write(
        b"HTTP/1.1 200 OK\r\nX-Ratelimit-Limit: 30\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    )
    response = client.request(
        "GET", f"{server.url}/a", params={"limit": 100, "q": "ção"}, headers={"Authorization": "Bearer abc"}
    )
    assert (response.status, response.body) == (200, body)
    assert response.headers["x-ratelimit-limit"] == "30"
    assert response.json() == {"valor": Decimal("27.235000000000003"), "nome": "São João"}
    assert server.requests[0].startswith(b"GET /a?limit=100&q=%C3%A7%C3%A3o HTTP/1.1\r\n")
    assert b"Authorization: Bearer abc\r\n" in server.requests[0]


def test_a_form_is_sent_urlencoded(server: Server, client: HttpClient) -> None:
    client.request("POST", f"{server.url}/token", form={"client_secret": "a+b&c=d"})
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    assert b"Content-Type: application/x-www-form-urlencoded" in head
    assert body == b"client_secret=a%2Bb%26c%3Dd"


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_returned_and_not_followed(server: Server, client: HttpClient, status: int) -> None:
    server.answer = write(
        b"HTTP/1.1 %d Go\r\nLocation: %s/elsewhere\r\nContent-Length: 0\r\n\r\n"
        % (status, server.url.encode())
    )
    response = client.request("GET", f"{server.url}/a", headers={"Authorization": "Bearer abc"})
    assert response.status == status
    assert len(server.requests) == 1


def test_a_body_that_drips_ends_at_the_deadline(server: Server, client: HttpClient) -> None:
    server.answer = drip = Drip(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % DRIPS, b"x", b"")
    error = failure(client, server.url, deadline=SHORT_DEADLINE)
    assert (type(error), error.code, drip.has_ended) == (TemporaryError, "http.timeout", False)


def test_headers_that_drip_end_at_the_deadline(server: Server, client: HttpClient) -> None:
    # Another name each time would be stopped by the limit of a hundred headers; one long line is not.
    server.answer = drip = Drip(b"HTTP/1.1 200 OK\r\nX: ", b"y", b"\r\nContent-Length: 0\r\n\r\n")
    error = failure(client, server.url, deadline=SHORT_DEADLINE)
    assert (type(error), error.code, drip.has_ended) == (TemporaryError, "http.timeout", False)


def test_a_server_that_never_answers_ends_at_the_deadline(server: Server, client: HttpClient) -> None:
    def answer(connection: socket.socket, stopping: threading.Event) -> None:
        stopping.wait(10)

    server.answer = answer
    error = failure(client, server.url, deadline=SHORT_DEADLINE)
    assert (type(error), error.code) == (TemporaryError, "http.timeout")


def test_a_body_that_stalls_ends_at_the_deadline(server: Server, client: HttpClient) -> None:
    def answer(connection: socket.socket, stopping: threading.Event) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        stopping.wait(10)

    server.answer = answer
    error = failure(client, server.url, deadline=SHORT_DEADLINE)
    assert (type(error), error.code) == (TemporaryError, "http.timeout")


def test_a_connection_is_used_again_after_an_answer(client: HttpClient) -> None:
    """Keep-alive must survive the wrapping of the socket: two answers come over one connection."""

    def answer(connection: socket.socket, stopping: threading.Event) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1")
        assert connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n2")

    server = Server()
    server.answer = answer
    assert client.request("GET", server.url).body == b"1"
    assert client.request("GET", server.url).body == b"2"
    assert len(server.requests) == 1
    server.close()


@pytest.mark.parametrize("length", [b"Content-Length: 4097\r\n", b""])
def test_a_body_over_the_limit_is_refused(server: Server, client: HttpClient, length: bytes) -> None:
    server.answer = write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n" + length + b"\r\n" + b"x" * 4097)
    error = failure(client, server.url, max_bytes=4096)
    assert (type(error), error.code) == (MappingError, "http.too_large")


def test_a_body_of_just_the_limit_is_read(server: Server, client: HttpClient) -> None:
    server.answer = write(b"HTTP/1.1 200 OK\r\nContent-Length: 4096\r\n\r\n" + b"x" * 4096)
    assert len(client.request("GET", server.url, max_bytes=4096).body) == 4096


def test_a_compressed_body_counts_unpacked(server: Server, client: HttpClient) -> None:
    packed = gzip.compress(b"0" * 5_000_000)
    server.answer = write(
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed) + packed
    )
    error = failure(client, server.url, max_bytes=1_000_000)
    assert (type(error), error.code) == (MappingError, "http.too_large")


def test_a_chunked_body_is_put_together(server: Server, client: HttpClient) -> None:
    server.answer = write(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n"
    )
    assert client.request("GET", server.url).body == b"abcdefg"


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", id="short of its length"),
        pytest.param(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\nhalf", id="in mid-chunk"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\njunk", id="not gzip"
        ),
    ],
)
def test_a_body_that_breaks_off_is_no_answer(server: Server, client: HttpClient, data: bytes) -> None:
    server.answer = write(data)
    error = failure(client, server.url)
    assert (type(error), error.code) == (TemporaryError, "http.interrupted")


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="closed at once"),
        pytest.param(b"SSH-2.0-OpenSSH_9.2\r\n", id="another protocol"),
    ],
)
def test_an_answer_without_a_head_is_temporary(server: Server, client: HttpClient, data: bytes) -> None:
    server.answer = write(data)
    error = failure(client, server.url)
    assert type(error) is TemporaryError
    assert error.code in {"http.unreachable", "http.interrupted"}


def test_a_refused_connection_is_unreachable(client: HttpClient) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    error = failure(client, url)
    assert (type(error), error.code) == (TemporaryError, "http.unreachable")


def test_a_name_that_does_not_resolve_is_unreachable(client: HttpClient) -> None:
    error = failure(client, "http://nowhere.invalid")
    assert (type(error), error.code) == (TemporaryError, "http.unreachable")


def test_the_machine_s_proxy_and_netrc_are_not_asked(
    server: Server, client: HttpClient, monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    netrc = f"{tmp_path}/netrc"
    with open(netrc, "w") as file:
        file.write("machine 127.0.0.1 login someone password something\n")
    monkeypatch.setenv("NETRC", netrc)
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert client.request("GET", server.url).status == 200
    assert b"Authorization" not in server.requests[0]


def test_a_host_that_does_not_take_the_connection_ends_at_the_deadline(client: HttpClient) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        address = listener.getsockname()
        waiting = []
        # A queue that is full answers nobody: the kernel drops what asks to come in.
        for _ in range(4):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(address)
            waiting.append(filler)
        error = failure(client, f"http://127.0.0.1:{address[1]}", deadline=SHORT_DEADLINE)
        for filler in waiting:
            filler.close()
    assert (type(error), error.code) == (TemporaryError, "http.unreachable")


def test_limits_of_the_client_hold_unless_a_request_names_its_own(server: Server) -> None:
    client = HttpClient(deadline=SHORT_DEADLINE, max_bytes=10)
    # A connection kept alive, which this server ends, could break under the next request.
    server.answer = write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 11\r\n\r\nhello world")
    assert failure(client, server.url).code == "http.too_large"
    assert client.request("GET", server.url, max_bytes=11).body == b"hello world"
    server.answer = Drip(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % DRIPS, b"x", b"")
    assert failure(client, server.url).code == "http.timeout"
    client.close()
