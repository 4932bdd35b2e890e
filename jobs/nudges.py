"""Tells the workers to look at the queue. May be lost, late or doubled: the sweep finds what it missed."""

from __future__ import annotations

import logging
import threading
import time

from celery import current_app
from django.conf import settings

logger = logging.getLogger(__name__)

# A worker that is woken takes all that is due: in a flood, more messages only cost time of a web process.
SPACING_SECONDS = 0.05


class Nudger:
    """Sends from a thread of its own, so that a broker that is away never holds a request or a transaction.

    Nudges that meet in this process become one: the first goes at once, the next ``SPACING_SECONDS`` later.
    """

    def __init__(self) -> None:
        self._wanted = threading.Event()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None
        self._is_broken = False

    def nudge(self) -> None:
        self._wanted.set()
        with self._starting:
            # After a fork the parent's thread is not alive here.
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._send_for_ever, name="nudges", daemon=True)
                self._thread.start()

    def _send_for_ever(self) -> None:
        while True:
            self._wanted.wait()
            self._wanted.clear()
            try:
                current_app.send_task(
                    "jobs.tasks.run_due", expires=settings.MESSAGE_EXPIRES_SECONDS, retry=False
                )
            except Exception as error:
                if not self._is_broken:
                    logger.warning("nudges cannot be sent, jobs wait for the sweep: %s", type(error).__name__)
                self._is_broken = True
            else:
                self._is_broken = False
            time.sleep(SPACING_SECONDS)


nudge = Nudger().nudge
