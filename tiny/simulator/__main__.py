"""``python -m tiny.simulator``: start the simulator and serve until SIGTERM or Ctrl-C.

Environment: SIMULATOR_DATABASE_URL and SIMULATOR_PORT (needed), SIMULATOR_HOST (127.0.0.1),
SIMULATOR_LIVE=1 (orders live by themselves; by default only where DEMO=1), SIMULATOR_LIVE_SECONDS (4, mean
time between events). It starts only where DEBUG, DEMO or ALLOW_SIMULATOR is set, so never in production by
mistake.
"""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys

from . import notices, store
from .app import THREADS, Application, make_server
from .control import seed_demo
from .life import Life
from .sender import SENDERS, Sender
from .store import Store

LOG = logging.getLogger("tiny.simulator")


def _is_set(name: str) -> bool:
    return os.environ.get(name, "").strip().lower() in {"1", "true", "yes", "on"}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tiny.simulator", description="Tiny simulado")
    is_live = os.environ.get("SIMULATOR_LIVE", os.environ.get("DEMO")) == "1"
    parser.add_argument("--live", action="store_true", default=is_live)
    parser.add_argument("--host", default=os.environ.get("SIMULATOR_HOST", "127.0.0.1"))
    parser.add_argument("--port", type=int, default=os.environ.get("SIMULATOR_PORT") or None)
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s")
    logging.getLogger("waitress").setLevel(logging.ERROR)
    if not any(_is_set(name) for name in ("DEBUG", "DEMO", "ALLOW_SIMULATOR")):
        sys.exit(
            "The simulator invents orders and starts outside DEBUG and DEMO only with ALLOW_SIMULATOR=1."
        )
    url = os.environ.get("SIMULATOR_DATABASE_URL")
    if not url or options.port is None:
        sys.exit("SIMULATOR_DATABASE_URL and SIMULATOR_PORT must be set.")
    # Each thread needs a connection of its own: life's, the sender's, and those that serve and that post.
    database = Store(url, THREADS + SENDERS + 2)
    database.create_schema()
    with database.transaction() as cursor:
        if store.claim_first_start(cursor):
            seed_demo(cursor)
    sender = Sender(database)
    database.queue_notices, database.wake_sender = notices.queue, sender.wake
    sender.start()
    server = make_server(Application(database), options.host, options.port)
    if options.live:
        Life(database, float(os.environ.get("SIMULATOR_LIVE_SECONDS", "4"))).start()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    LOG.info("Tiny simulado: http://%s:%s/", options.host, options.port)
    server.run()


if __name__ == "__main__":
    main()
