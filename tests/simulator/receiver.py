"""A platform that keeps what is posted to it, and answers as a test wants."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Receiver(ThreadingHTTPServer):
    """``answer`` maps a path to (status, body); other paths get 200 without a body."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.received: list[tuple[str, str, bytes]] = []
        self.content_types: list[str] = []
        self.answers: dict[str, tuple[int, bytes]] = {}
        self.url = f"http://127.0.0.1:{self.server_port}"
        self._thread = threading.Thread(target=self.serve_forever, daemon=True)
        self._thread.start()

    def bodies(self, path: str = "") -> list[bytes]:
        return [body for _, at, body in self.received if at.startswith(path) and body]

    def told(self, path: str = "") -> list[dict[str, Any]]:
        return [json.loads(body) for body in self.bodies(path)]

    def close(self) -> None:
        self.shutdown()
        self.server_close()
        self._thread.join(5)


class _Answer(BaseHTTPRequestHandler):
    server: Receiver
    protocol_version = "HTTP/1.1"

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.received.append((self.command, self.path, body))
        self.server.content_types.append(self.headers.get("Content-Type") or "")
        status, answer = self.server.answers.get(self.path, (200, b""))
        # In one piece, so that nobody waits for the second.
        self.wfile.write(
            f"HTTP/1.1 {status} X\r\nContent-Length: {len(answer)}\r\nLocation: /elsewhere\r\n\r\n".encode()
            + (b"" if self.command == "HEAD" else answer)
        )

    do_POST = do_GET = do_HEAD = do_OPTIONS = _answer

    def log_message(self, *_: object) -> None:
        pass
