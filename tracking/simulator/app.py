"""The server: which carrier, or the control API, answers which address."""

from __future__ import annotations

import logging
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from . import control, correios, faults, ssw
from .web import Answer, BadRequest, Request, json_answer
from .world import World

LOG = logging.getLogger(__name__)
MAX_BODY_BYTES = 1_000_000
CARRIERS: dict[str, Any] = {"correios": correios, "ssw": ssw}


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], world: World) -> None:
        super().__init__(address, Handler)
        self.world = world


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Server

    def do_GET(self) -> None:
        self._handle()

    def do_POST(self) -> None:
        self._handle()

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: a line for each call would have a parcel in it."""

    def _handle(self) -> None:
        length = min(int(self.headers.get("Content-Length") or 0), MAX_BODY_BYTES)
        parts = urlsplit(self.path)
        request = Request(
            self.command,
            unquote(parts.path),
            dict(parse_qsl(parts.query, keep_blank_values=True)),
            self.headers,  # type: ignore[arg-type]  # an e-mail message, with a mapping's methods
            self.rfile.read(length),
        )
        try:
            answer = self._answer(request)
        except BadRequest as error:
            answer = json_answer({"erro": str(error)}, 400)
        except Exception:
            LOG.exception("%s %s failed", request.method, request.path)
            answer = json_answer({"erro": "Erro interno"}, 500)
        self._send(answer)

    def _answer(self, request: Request) -> Answer:
        world = self.server.world
        if request.path == "/":
            return json_answer({"simulador": "transportadoras", "caminhos": sorted(CARRIERS)})
        if request.path.startswith(control.PREFIX):
            with world.lock:
                return control.answer(world, request)
        name = request.path.split("/")[1]
        if name not in CARRIERS:
            return json_answer({"erro": "Not found"}, 404)
        request.path = request.path.removeprefix(f"/{name}")
        carrier = CARRIERS[name]
        route = carrier.route_of(request)
        with world.lock:
            striking = world.find_faults(name, route)
            answer = faults.answer_instead(striking) or carrier.answer(world, request, striking)
            world.calls.append({"carrier": name, "route": route, "status": answer.status})
        # Outside the lock: a slow answer holds up nobody else.
        return faults.spoil(answer, striking)

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if answer.is_cut:
            self.wfile.write(answer.body[: len(answer.body) // 2])
            self.close_connection = True
        else:
            self.wfile.write(answer.body)
