"""The only place that talks HTTP to the outside: total deadline, size limit, no redirects.

``requests`` limits each read, not the whole answer, so a server that sends one byte a second, of the headers
or of the body, would hold a worker for ever; here every read of a socket ends at the answer's deadline.
"""

from __future__ import annotations

import http.client
import io
import json
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import NewConnectionError, ReadTimeoutError, SSLError

from contracts.errors import MappingError, TemporaryError

CONNECT_TIMEOUT_SECONDS = 5.0
DEFAULT_DEADLINE_SECONDS = 30.0
MAX_BODY_BYTES = 16 * 1024 * 1024
PIECE_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class HttpResponse:
    status: int
    headers: Mapping[str, str]
    body: bytes
    duration_ms: int

    def json(self) -> Any:
        """The body as JSON, fractions as ``Decimal``. Raises ``ValueError`` if it is not JSON."""
        return json.loads(self.body, parse_float=Decimal)


class HttpClient:
    """A session with keep-alive. Thread-bound; make one per provider context.

    ``deadline`` (seconds) and ``max_bytes`` hold for each request that does not name its own.
    """

    def __init__(
        self, *, deadline: float = DEFAULT_DEADLINE_SECONDS, max_bytes: int = MAX_BODY_BYTES
    ) -> None:
        self._deadline = deadline
        self._max_bytes = max_bytes
        self._session = requests.Session()
        # A proxy or .netrc of the machine must not see or alter credentials.
        self._session.trust_env = False
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, _DeadlineAdapter())

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str | int] | None = None,
        form: Mapping[str, str] | None = None,
        json_body: Any = None,
        deadline: float | None = None,
        max_bytes: int | None = None,
    ) -> HttpResponse:
        """Send one request and read the whole answer within ``deadline`` seconds.

        Raises ``TemporaryError`` (``http.timeout``, ``http.unreachable``, ``http.interrupted``) or
        ``MappingError`` (``http.too_large``). Any status is returned, redirects included: none is followed,
        because a credential must not travel to another host.
        """
        started = time.monotonic()
        deadline = self._deadline if deadline is None else deadline
        try:
            response = self._session.request(
                method,
                url,
                headers=dict(headers or {}),
                params=params,
                data=form,
                json=json_body,
                timeout=(min(CONNECT_TIMEOUT_SECONDS, deadline), deadline),
                allow_redirects=False,
                stream=True,
            )
            body = self._read(response, self._max_bytes if max_bytes is None else max_bytes)
        except requests.ConnectTimeout as error:
            raise TemporaryError("http.unreachable") from error
        except requests.Timeout as error:
            raise TemporaryError("http.timeout") from error
        except requests.ConnectionError as error:
            # A connection that broke later may have carried the request: whoever must not repeat it asks.
            raise TemporaryError(
                "http.unreachable" if _was_never_made(error) else "http.interrupted"
            ) from error
        except (requests.RequestException, OSError) as error:
            raise TemporaryError("http.interrupted") from error
        duration_ms = int((time.monotonic() - started) * 1000)
        return HttpResponse(response.status_code, response.headers, body, duration_ms)

    def close(self) -> None:
        self._session.close()

    @staticmethod
    def _read(response: requests.Response, max_bytes: int) -> bytes:
        pieces = bytearray()
        with response:
            while True:
                try:
                    piece = response.raw.read1(PIECE_BYTES, decode_content=True)
                except ReadTimeoutError as error:
                    raise TemporaryError("http.timeout") from error
                except Exception as error:  # urllib3 raises a family of its own here
                    raise TemporaryError("http.interrupted") from error
                if not piece:
                    return bytes(pieces)
                pieces += piece
                if len(pieces) > max_bytes:
                    raise MappingError("http.too_large")


class _DeadlineReader(io.RawIOBase):
    """Reads a socket until a moment, however often something comes in."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket, seconds: float) -> None:
        self._raw = raw
        self._sock = sock
        self._ends_at = time.monotonic() + seconds

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        remaining = self._ends_at - time.monotonic()
        if remaining <= 0:
            raise TimeoutError("deadline")
        self._sock.settimeout(remaining)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _DeadlineResponse(http.client.HTTPResponse):
    """The timeout that the socket has when the answer begins is the deadline of the whole answer."""

    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        seconds = sock.gettimeout()
        if seconds is not None:
            raw = self.fp.detach()
            self.fp = io.BufferedReader(_DeadlineReader(raw, sock, seconds))


class _DeadlineConnection(HTTPConnection):
    response_class = _DeadlineResponse


class _DeadlineSecureConnection(HTTPSConnection):
    response_class = _DeadlineResponse


class _DeadlinePool(HTTPConnectionPool):
    ConnectionCls = _DeadlineConnection


class _DeadlineSecurePool(HTTPSConnectionPool):
    ConnectionCls = _DeadlineSecureConnection


class _DeadlineAdapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _DeadlinePool, "https": _DeadlineSecurePool}


def _was_never_made(error: requests.ConnectionError) -> bool:
    cause = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(cause, (NewConnectionError, SSLError))
