"""Whatever a sender was told we have, we have: once, byte for byte, whoever of us is shot meanwhile.

Short in CI's slow share; ``POSTS`` and ``POST_KILLS`` in the environment make it longer (20,000 and 20 in
``make soak``).
"""

from __future__ import annotations

import http.client
import itertools
import json
import os
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest

from tests.faults.importing import ImportPlatform, Seller
from tests.faults.invariants import check_receipts, describe_open_jobs, list_bodies, report
from tests.processes import wait_until

POSTS = int(os.environ.get("POSTS", "1000"))
KILLS = int(os.environ.get("POST_KILLS", "2"))
SENDERS = 8


def kill_web(platform: ImportPlatform) -> None:
    platform.webs.pop().kill()
    platform.add_web()


def kill_postgres(platform: ImportPlatform) -> None:
    platform.postgres.kill()
    platform.postgres.restart()


def kill_worker(platform: ImportPlatform) -> None:
    platform.workers.pop().kill()
    platform.add_worker()


def kill_valkey(platform: ImportPlatform) -> None:
    platform.valkey.kill()
    platform.valkey.restart()


VICTIMS: list[Callable[[ImportPlatform], None]] = [kill_web, kill_postgres, kill_worker, kill_valkey]


@dataclass
class Flood:
    """Senders that post as fast as they can, each body once, whatever is answered."""

    seller: Seller
    tried: Counter[bytes] = field(default_factory=Counter)
    acknowledged: Counter[bytes] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._ended = threading.Event()
        self._lock = threading.Lock()
        self._numbers = itertools.count()
        self._order_ids = [str(row["id"]) for row in self.seller.account.list_orders()]
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(SENDERS)]

    def __enter__(self) -> Flood:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join(60)
            assert not thread.is_alive()

    def wait_for(self, count: int) -> None:
        """Until so many were answered with 200, since the beginning."""
        wait_until(lambda: self.statuses[200] >= count, seconds=900)

    def _make_body(self) -> bytes:
        """An order that the ERP tells of; now and then what nobody can read."""
        number = next(self._numbers)
        if number % 10 == 0:
            return b"\xff\x00%d" % number + os.urandom(200)
        told = {"id": self._order_ids[number % len(self._order_ids)], "numero": number}
        return json.dumps({"tipo": "atualizacao_pedido", "versao": "1.0.1", "dados": told}).encode()

    def _run(self) -> None:
        parts = urlsplit(self.seller.hook)
        line = http.client.HTTPConnection(parts.netloc, timeout=30)
        while not self._ended.is_set():
            body, status = self._make_body(), 0
            with self._lock:
                self.tried[body] += 1
            try:
                line.request("POST", parts.path, body, {"Content-Type": "application/json"})
                answer = line.getresponse()
                status = answer.status
                answer.read()
            except (OSError, http.client.HTTPException):
                line.close()
            with self._lock:
                self.statuses[status] += 1
                self.acknowledged[body] += status == 200
            if status != 200:
                time.sleep(0.05)
        line.close()


@pytest.mark.slow
def test_what_was_acknowledged_is_kept(import_platform: ImportPlatform) -> None:
    platform, seller = import_platform, import_platform.canary
    with Flood(seller) as flood:
        for number in range(KILLS):
            flood.wait_for((number + 1) * POSTS // (KILLS + 1))
            VICTIMS[number % len(VICTIMS)](platform)
        flood.wait_for(POSTS)
    over = time.monotonic()
    open_states = "state IN ('received', 'waiting')"
    try:
        wait_until(lambda: seller.count("webhooks_webhookreceipt", open_states) == 0, seconds=300)
    except AssertionError as error:
        raise AssertionError(f"I2: {describe_open_jobs(platform)}") from error
    seconds = time.monotonic() - over
    kept = Counter(list_bodies(seller))
    check_receipts(kept, acknowledged=flood.acknowledged, tried=flood.tried)
    unexplained = "state IN ('ignored', 'failed') AND reason_code = ''"
    assert seller.count("webhooks_webhookreceipt", unexplained) == 0
    assert seller.count("jobs_job", "status = 'parked'") == 0, f"I8: {describe_open_jobs(platform)}"
    print(
        f"{KILLS} kills, {flood.tried.total()} posts, answers {dict(flood.statuses)}, {kept.total()} stored"
    )
    fault = "web, PostgreSQL, worker and Valkey -9 in turn under a flood of notifications"
    report("–", fault, "test_what_was_acknowledged_is_kept", lost=0, doubled=0, seconds=seconds)
