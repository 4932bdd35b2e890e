"""The little that plain WSGI lacks: a request, an answer and a routing table."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import parse_qs, urlencode

WsgiEnvironment = dict[str, Any]
StartResponse = Callable[..., Any]

REASONS = {
    200: "OK",
    201: "Created",
    204: "No Content",
    302: "Found",
    303: "See Other",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    409: "Conflict",
    413: "Content Too Large",
    429: "Too Many Requests",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}
MAX_BODY_BYTES = 5_000_000


class BadRequest(Exception):
    """The caller sent what the simulator cannot use; the text says what."""


class NotFound(Exception):
    """What a call of the control API names is not there; the text says what."""


@dataclass
class Request:
    """One HTTP request. ``query`` and ``form`` keep the last value of each name."""

    environ: WsgiEnvironment
    params: dict[str, str] = field(default_factory=dict)

    @property
    def method(self) -> str:
        return str(self.environ["REQUEST_METHOD"])

    @property
    def path(self) -> str:
        # WSGI hands the path over as latin-1 bytes in disguise.
        return str(self.environ.get("PATH_INFO", "/")).encode("latin-1").decode("utf-8", "replace")

    @property
    def query_string(self) -> str:
        return str(self.environ.get("QUERY_STRING", ""))

    @cached_property
    def query(self) -> dict[str, str]:
        return {name: values[-1] for name, values in self.query_lists.items()}

    @cached_property
    def query_lists(self) -> dict[str, list[str]]:
        return parse_qs(self.query_string, keep_blank_values=True)

    @cached_property
    def body(self) -> bytes:
        length = int(self.environ.get("CONTENT_LENGTH") or 0)
        if length > MAX_BODY_BYTES:
            raise BadRequest("body too large")
        return bytes(self.environ["wsgi.input"].read(length))

    @cached_property
    def form(self) -> dict[str, str]:
        text = self.body.decode("utf-8", "replace")
        return {name: values[-1] for name, values in parse_qs(text, keep_blank_values=True).items()}

    @cached_property
    def json(self) -> dict[str, Any]:
        value = self._read_json(b"{}")
        if not isinstance(value, dict):
            raise BadRequest("body must be a JSON object")
        return value

    @cached_property
    def json_list(self) -> list[Any]:
        value = self._read_json(b"[]")
        if not isinstance(value, list):
            raise BadRequest("body must be a JSON list")
        return value

    def _read_json(self, empty: bytes) -> Any:
        try:
            return json.loads(self.body or empty)
        except (ValueError, RecursionError) as error:
            raise BadRequest("body is not JSON") from error

    def header(self, name: str) -> str:
        return str(self.environ.get("HTTP_" + name.upper().replace("-", "_"), ""))

    @property
    def base_url(self) -> str:
        return f"{self.environ['wsgi.url_scheme']}://{self.environ.get('HTTP_HOST', 'localhost')}"

    def drop_connection(self) -> None:
        """Close the client's connection without an answer (does nothing on another server)."""
        drop = self.environ.get("simulator.drop_connection")
        if drop is not None:
            drop()


@dataclass
class Response:
    """One HTTP answer.

    ``announced_length`` lies about the body's length; ``bytes_per_second`` sends it byte by byte.
    """

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    announced_length: int | None = None
    bytes_per_second: int = 0

    def __call__(self, start_response: StartResponse) -> Iterable[bytes]:
        length = len(self.body) if self.announced_length is None else self.announced_length
        headers = [("Content-Length", str(length)), *self.headers.items()]
        start_response(f"{self.status} {REASONS.get(self.status, 'Unknown')}", headers)
        return self._drip() if self.bytes_per_second else [self.body]

    def _drip(self) -> Iterator[bytes]:
        # Whoever hangs up ends this: the server then takes no more.
        for place in range(len(self.body)):
            yield self.body[place : place + 1]
            time.sleep(1 / self.bytes_per_second)


def json_response(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Answer with JSON, accents unescaped as Tiny does."""
    body = json.dumps(value, ensure_ascii=False, default=str).encode()
    return Response(status, body, {"Content-Type": "application/json", **(headers or {})})


def redirect(address: str, status: int = 303) -> Response:
    """Send the browser elsewhere; 303 after a form, 302 as the sign-in server does."""
    return Response(status, b"", {"Location": address})


def add_query(address: str, values: Mapping[str, str]) -> str:
    """Append parameters to an address that may already have some."""
    return f"{address}{'&' if '?' in address else '?'}{urlencode(values)}"


Handler = Callable[[Request], Response]


class Router:
    """Routes in order; ``{name}`` stands for one path segment, ``{name:int}`` for digits only."""

    def __init__(self) -> None:
        self._routes: list[tuple[str, re.Pattern[str], str, Handler]] = []

    def add(self, method: str, template: str, handler: Handler) -> None:
        pattern = re.sub(r"\{(\w+):int\}", r"(?P<\1>\\d{1,18})", template)
        pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", pattern)
        self._routes.append((method, re.compile(pattern + r"\Z"), template, handler))

    def find(self, method: str, path: str) -> tuple[Handler, str, dict[str, str]] | None:
        """The handler, its template and the values of its segments; none if nothing matches."""
        for route_method, pattern, template, handler in self._routes:
            match = pattern.match(path)
            if match and route_method == method:
                return handler, template, match.groupdict()
        return None
