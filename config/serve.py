"""The web server: forked waitress processes on one pre-bound socket.

The limits are waitress' own, raised: with its defaults two hundred half-sent bodies stop the server.
It sends the body of an answer to HEAD too, unless it is taken away.
"""

from __future__ import annotations

import argparse
import os
import signal
import socket
import sys
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.core.exceptions import ImproperlyConfigured

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

CONNECTION_LIMIT = 4000
THREADS = 8
# As in deploy/nginx.conf; the largest that anybody may send is a sheet.
LARGEST_BODY = 10 * 1024 * 1024
# A child that cannot start now, say without a database, is tried again after this; a refused one never.
RESPAWN_SECONDS = 1.0


def bind(host: str, port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    listener.listen(1024)
    return listener


def without_bodies_of_head(application: WSGIApplication) -> WSGIApplication:
    """The application with no body in its answers to HEAD: on a connection that is kept, the next answer
    would begin with that body (RFC 9110, section 9.3.2).
    """

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        body = application(environ, start_response)
        if environ["REQUEST_METHOD"] != "HEAD":
            return body
        if hasattr(body, "close"):
            body.close()
        return []

    return answer


def serve_here(listener: socket.socket) -> None:
    import waitress  # noqa: PLC0415  after the fork: each child has an application of its own
    from django.conf import settings  # noqa: PLC0415

    from config.wsgi import application  # noqa: PLC0415
    from webhooks import pulse  # noqa: PLC0415

    pulse.start()
    waitress.serve(
        without_bodies_of_head(application),
        sockets=[listener],
        threads=THREADS,
        connection_limit=CONNECTION_LIMIT,
        max_request_body_size=LARGEST_BODY,
        asyncore_use_poll=True,
        trusted_proxy=settings.TRUSTED_PROXY or None,
        trusted_proxy_headers={"x-forwarded-for", "x-forwarded-proto"} if settings.TRUSTED_PROXY else set(),
        clear_untrusted_proxy_headers=True,
        ident="entreposto",
    )


def run_child(listener: socket.socket) -> int:
    """Serve until told to stop; the exit code. ``EX_CONFIG`` says that no child can ever start."""
    try:
        serve_here(listener)
    except ImproperlyConfigured as error:
        print(f"The web server does not start: {error}", file=sys.stderr, flush=True)  # noqa: T201
        return os.EX_CONFIG
    return 0


def main() -> None:
    parser = argparse.ArgumentParser(description="Serve the panel over HTTP.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    listener = bind(options.host, options.port)
    children: set[int] = set()
    stopping = False
    exit_code = 0

    def spawn() -> None:
        pid = os.fork()
        if pid == 0:
            signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            os._exit(run_child(listener))
        children.add(pid)

    def stop(*_: object) -> None:
        nonlocal stopping
        stopping = True
        for pid in children:
            os.kill(pid, signal.SIGTERM)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    for _ in range(options.processes):
        spawn()
    while children:
        try:
            pid, status = os.wait()
        except InterruptedError:
            continue
        children.discard(pid)
        if os.waitstatus_to_exitcode(status) == os.EX_CONFIG:
            exit_code = os.EX_CONFIG
            stop()
        if not stopping:
            time.sleep(RESPAWN_SECONDS)
        if not stopping:
            spawn()
    sys.exit(exit_code)


if __name__ == "__main__":
    main()
