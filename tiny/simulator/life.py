"""Orders that live by themselves: a background thread that adds one or moves one on, every few seconds."""

from __future__ import annotations

import logging
import random
import threading
import time

from . import data, pedidos, store
from .store import Cursor, Row, Store

LOG = logging.getLogger(__name__)

NEXT_SITUACAO = {8: 0, 0: 3, 3: 4, 4: 1, 1: 7, 7: 5, 5: 6}
# Out of a hundred: how often an order leaves the usual path, and where it goes.
DETOURS = {0: (6, 2), 3: (3, 2), 5: (7, 9)}
WANTED_OPEN_PEDIDOS = 30


class Life(threading.Thread):
    """Moves the live accounts along; a failure is logged and the next beat tries again."""

    def __init__(self, database: Store, seconds: float) -> None:
        super().__init__(name="life", daemon=True)
        self._store = database
        self._seconds = seconds
        self._rng = random.Random()  # noqa: S311
        self._is_stopping = threading.Event()

    def run(self) -> None:
        while not self._is_stopping.wait(self._seconds * self._rng.uniform(0.6, 1.4)):
            try:
                with self._store.transaction() as cursor:
                    accounts = [account for account in store.list_accounts(cursor) if account["is_live"]]
                    if accounts:
                        beat(cursor, self._rng.choice(accounts), self._rng)
            except Exception:
                LOG.exception("life missed a beat")

    def stop(self) -> None:
        self._is_stopping.set()


def beat(cursor: Cursor, account: Row, rng: random.Random) -> None:
    """One event of an account: a new order, or an open one moves one step."""
    candidates = store.list_open_pedidos(cursor, account["id"])
    chance = 0.45 if len(candidates) < WANTED_OPEN_PEDIDOS else 0.12
    if not candidates or rng.random() < chance:
        seed = f"life/{account['seed']}/{time.time_ns()}"
        situacao = rng.choices((0, 3), weights=(55, 45))[0]
        moment = store.get_now(cursor)
        store.add_pedidos(cursor, account["id"], [data.make_pedido(account, seed, moment, situacao, moment)])
        return
    # The youngest third moves most, so that one can watch an order go all the way.
    chosen = rng.choice(candidates[-max(len(candidates) // 3, 1) :] if rng.random() < 0.7 else candidates)
    pedido = store.get_pedido(cursor, account["id"], chosen["id"], lock=True)
    if pedido is not None:
        advance(cursor, account, pedido, rng)


def advance(cursor: Cursor, account: Row, pedido: Row, rng: random.Random) -> None:
    """Move an order one step: the nota appears with Faturada, the tracking code with Enviada."""
    situacao = NEXT_SITUACAO.get(pedido["situacao"])
    if situacao is None:
        return
    chance, elsewhere = DETOURS.get(pedido["situacao"], (0, 0))
    if rng.random() * 100 < chance:
        situacao = elsewhere
    if situacao in data.SITUACOES_COM_NOTA and not pedido["nota_id"]:
        pedido["nota_id"] = pedidos.issue_nota(cursor, account, pedido)["id"]
    if situacao == 5 and not pedido["codigo_rastreamento"]:
        code, address = pedidos.invent_tracking(pedido)
        pedidos.set_tracking(cursor, pedido, code, address)
    pedidos.change_situacao(cursor, pedido, situacao)
