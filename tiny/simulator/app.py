"""The WSGI application: which part answers which address, and the server that runs it."""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterable
from typing import Any

import waitress.server
from waitress.channel import HTTPChannel
from waitress.task import WSGITask

from . import api, api2, control, oauth
from .api import Api
from .api2 import Api2
from .control import Control
from .html import message_page
from .oauth import OAuth
from .pages import Pages
from .store import Store
from .web import BadRequest, Request, Response, StartResponse, WsgiEnvironment, json_response

LOG = logging.getLogger(__name__)
THREADS = 16


class Application:
    """Routes by prefix; whatever fails unexpectedly is logged and answered with 500."""

    def __init__(self, database: Store) -> None:
        self._oauth = OAuth(database)
        self._api = Api(database)
        self._api2 = Api2(database)
        self._control = Control(database, self._oauth)
        self._pages = Pages(database)

    def __call__(self, environ: WsgiEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        try:
            response = self._answer(request)
        except BadRequest as error:
            response = json_response({"erro": str(error)}, 400)
        except Exception:
            LOG.exception("%s %s failed", request.method, request.path)
            response = json_response({"mensagem": "Erro interno"}, 500)
        if request.method == "HEAD":
            response = Response(response.status, b"", response.headers)
        return response(start_response)

    def _answer(self, request: Request) -> Response:
        path = request.path
        if path.startswith(api.PREFIX + "/"):
            return self._api.handle(request)
        if path.startswith(api2.PREFIX + "/"):
            return self._api2.handle(request)
        if path.startswith(control.PREFIX + "/"):
            return self._control.handle(request)
        if path.startswith("/realms/"):
            return self._answer_realm(request)
        return self._pages.handle(request)

    def _answer_realm(self, request: Request) -> Response:
        match request.method, request.path:
            case "GET", "/realms/tiny/.well-known/openid-configuration":
                return self._oauth.describe(request)
            case "GET", p if p == f"{oauth.PREFIX}/auth":
                return self._oauth.show_consent(request)
            case "POST", p if p == f"{oauth.PREFIX}/auth":
                return self._oauth.decide_consent(request)
            case "POST", p if p == f"{oauth.PREFIX}/token":
                return self._oauth.answer_token(request)
        return message_page("Ocorreu um erro", "Page not found", 404)


class _Task(WSGITask):  # type: ignore[misc]
    """Lets the application hang up on a client, which plain WSGI cannot."""

    def get_environment(self) -> dict[str, Any]:
        environ: dict[str, Any] = super().get_environment()
        environ["simulator.drop_connection"] = self._drop_connection
        return environ

    def _drop_connection(self) -> None:
        self.channel.socket.shutdown(socket.SHUT_RDWR)


class _Channel(HTTPChannel):  # type: ignore[misc]
    task_class = _Task


def make_server(application: Application, host: str, port: int) -> Any:
    """A waitress server bound to the address; ``run()`` serves until the process ends."""
    server = waitress.server.create_server(application, host=host, port=port, threads=THREADS)
    server.channel_class = _Channel
    return server
