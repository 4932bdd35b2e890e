"""Sends what is queued: a thread that looks for what is due, and a few that post it, one connection each.

To one address one after the other, to several at once. An address that does not answer keeps one thread busy.
"""

from __future__ import annotations

import http.client
import json
import logging
import queue
import select
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import psycopg2.errors

from . import outbox
from .store import Row, Store

LOG = logging.getLogger(__name__)
SENDERS = 8
# Of one address at a time, so that nobody waits long for a thread.
EACH = 50
# What falls due by the passing of time is seen this late; what is queued, at once.
LOOK_SECONDS = 0.5
TIMEOUT_SECONDS = 5
LONGEST_ANSWER = 200_000
NO_ANSWER = "sem resposta"
NO_MAPPING = "A plataforma não respondeu a este produto"


@dataclass(frozen=True)
class Answered:
    """What came back: no status where nothing did."""

    status: int | None
    body: bytes = b""
    ms: float = 0

    @property
    def text(self) -> str:
        return NO_ANSWER if self.status is None else self.body.decode("utf-8", "replace")


class Poster:
    """Posts over one connection, which is kept while the same server answers. No redirections, no proxies."""

    def __init__(self) -> None:
        self._connection: http.client.HTTPConnection | None = None
        self._server = ("", "")

    def send(self, url: str, body: bytes, content_type: str = "", method: str = "POST") -> Answered:
        started = time.perf_counter()
        try:
            status, answer = self._send(url, body, content_type, method)
        except (OSError, http.client.HTTPException, ValueError):
            self.close()
            status, answer = None, b""
        return Answered(status, answer, (time.perf_counter() - started) * 1000)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _send(self, url: str, body: bytes, content_type: str, method: str) -> tuple[int, bytes]:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("no address")
        connection = self._connect(parts.scheme, parts.netloc)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        headers = {"Content-Type": content_type} if content_type else {}
        connection.request(method, target, body, headers)
        answer = connection.getresponse()
        content = answer.read(LONGEST_ANSWER)
        if answer.will_close or not answer.isclosed():
            self.close()
        return answer.status, content

    def _connect(self, scheme: str, netloc: str) -> http.client.HTTPConnection:
        # What can be read before anything was asked is that the server has hung up.
        sock = self._connection.sock if self._connection else None
        if self._server != (scheme, netloc) or sock is None or select.select([sock], [], [], 0)[0]:
            self.close()
        if self._connection is None:
            kind = http.client.HTTPSConnection if scheme == "https" else http.client.HTTPConnection
            self._connection = kind(netloc, timeout=TIMEOUT_SECONDS)
            self._server = (scheme, netloc)
        return self._connection


class Sender(threading.Thread):
    """Looks for what is due and hands it out by address; ``wake`` spares it the waiting."""

    def __init__(self, database: Store) -> None:
        super().__init__(name="sender", daemon=True)
        self._store = database
        self._woken = threading.Event()
        self._work: queue.SimpleQueue[tuple[str, list[Row]]] = queue.SimpleQueue()
        self._busy: set[str] = set()
        self._lock = threading.Lock()

    def wake(self) -> None:
        self._woken.set()

    def run(self) -> None:
        for number in range(SENDERS):
            threading.Thread(target=self._serve, name=f"sender-{number}", daemon=True).start()
        while True:
            self._woken.wait(LOOK_SECONDS)
            self._woken.clear()
            try:
                self._hand_out()
            except Exception:
                LOG.exception("the sender missed a beat")

    def _hand_out(self) -> None:
        with self._lock:
            busy = list(self._busy)
        if len(busy) >= SENDERS:
            return
        with self._store.transaction() as cursor:
            found = outbox.list_due(cursor, busy, SENDERS - len(busy), EACH)
        for url, rows in found.items():
            with self._lock:
                self._busy.add(url)
            self._work.put((url, rows))

    def _serve(self) -> None:
        poster = Poster()
        while True:
            url, rows = self._work.get()
            try:
                for row in rows:
                    self._send(poster, row)
            except psycopg2.errors.ForeignKeyViolation:
                LOG.info("a notification was erased while it was sent")
            except Exception:
                LOG.exception("a notification was not sent")
            finally:
                with self._lock:
                    self._busy.discard(url)
                self.wake()

    def _send(self, poster: Poster, row: Row) -> None:
        with self._store.transaction() as cursor:
            if not outbox.is_still_due(cursor, row):
                return
        answered = poster.send(row["url"], bytes(row["body"]), row["content_type"])
        with self._store.transaction() as cursor:
            kept = answered.text[:2000]
            sent = outbox.record(cursor, row, answered.status, kept, answered.ms)
            if sent is not None and sent["kind"] == outbox.PRODUCT:
                answers = read_mappings(bytes(sent["body"]), answered)
                outbox.save_answers(cursor, sent["integration_id"], answers)


def read_mappings(told: bytes, answered: Answered) -> dict[int, Row]:
    """What was answered to each product of a notification, by its mapping; those left out have an error."""
    wanted = _list_mapping_ids(told)
    blank = {"sku": "", "url_produto": "", "url_imagem": "", "error": NO_MAPPING}
    answers: dict[int, Row] = {mapping_id: dict(blank) for mapping_id in wanted}
    for entry in _read_list(answered.body) if answered.status == 200 else []:
        mapping_id = str(entry.get("idMapeamento"))
        if mapping_id.isdecimal() and int(mapping_id) in answers:
            answers[int(mapping_id)] = {
                "sku": str(entry.get("skuMapeamento") or ""),
                "url_produto": str(entry.get("urlProduto") or ""),
                "url_imagem": str(entry.get("urlImagem") or ""),
                "error": str(entry.get("error") or ""),
            }
    return answers


def _list_mapping_ids(told: bytes) -> list[int]:
    """Those of a product and its variations; none of a body that a fault garbled."""
    try:
        dados: Mapping[str, Any] = json.loads(told)["dados"]
        return [int(one["idMapeamento"]) for one in (dados, *dados["variacoes"])]
    except (ValueError, KeyError, TypeError):
        return []


def _read_list(body: bytes) -> list[dict[str, Any]]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return []
    return [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else []
