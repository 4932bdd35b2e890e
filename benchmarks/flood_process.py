"""Notifications of stock at a steady pace, in a process of its own: port, path, requests a second.

On standard input ``{"body", "product_ids"}``: what is told of one product after the other.
"""

from __future__ import annotations

import json
import select
import socket
import sys
import time

CONNECTIONS = 8
TICK_SECONDS = 0.01


def main(port: int, path: str, pace: float) -> None:
    """Until it is killed, or the first answer that is not 200."""
    wanted = json.loads(sys.stdin.read())
    body, ids = wanted["body"], wanted["product_ids"]
    lines, poll = {}, select.epoll()
    for _ in range(CONNECTIONS):
        line = socket.create_connection(("127.0.0.1", port))
        lines[line.fileno()] = line
        poll.register(line, select.EPOLLIN)
    idle, answers = list(lines), dict.fromkeys(lines, b"")
    sent, began = 0, time.monotonic()
    while True:
        while idle and sent < (time.monotonic() - began) * pace:
            body["dados"] |= {"idProduto": ids[sent % len(ids)], "saldo": 1 + sent // len(ids)}
            text = json.dumps(body).encode()
            head = (
                f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                f"Content-Length: {len(text)}\r\n\r\n"
            )
            lines[idle.pop()].sendall(head.encode() + text)
            sent += 1
        for number, _ in poll.poll(TICK_SECONDS):
            answers[number] += lines[number].recv(65536)
            if not answers[number].endswith(b"}"):
                continue
            if not answers[number].startswith(b"HTTP/1.1 200 "):
                sys.exit(f"after {sent}: {answers[number]!r}")
            answers[number] = b""
            idle.append(number)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], float(sys.argv[3]))
