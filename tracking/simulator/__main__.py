"""``python -m tracking.simulator``: start the simulated carriers and serve until SIGTERM or Ctrl-C.

Environment: CARRIER_SIMULATOR_PORT (needed), SIMULATOR_HOST (127.0.0.1), CARRIER_LIVE_SECONDS (where DEMO=1
20, else 0: how long a parcel takes for a step of its story; 0: parcels move when they are told to). It starts
only where DEBUG, DEMO or ALLOW_SIMULATOR is set, so never in production by mistake.
"""

from __future__ import annotations

import logging
import os
import signal
import sys

from .app import Server
from .world import World

LOG = logging.getLogger("tracking.simulator")


def _is_set(name: str) -> bool:
    return os.environ.get(name, "").strip().lower() in {"1", "true", "yes", "on"}


def main() -> None:
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s")
    if not any(map(_is_set, ("DEBUG", "DEMO", "ALLOW_SIMULATOR"))):
        sys.exit("The simulator invents deliveries: outside DEBUG and DEMO only with ALLOW_SIMULATOR=1.")
    port = os.environ.get("CARRIER_SIMULATOR_PORT")
    if not port:
        sys.exit("CARRIER_SIMULATOR_PORT must be set.")
    seconds = os.environ.get("CARRIER_LIVE_SECONDS") or ("20" if _is_set("DEMO") else "0")
    host = os.environ.get("SIMULATOR_HOST", "127.0.0.1")
    server = Server((host, int(port)), World(float(seconds)))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    LOG.info("Transportadoras simuladas: http://%s:%s/", host, port)
    server.serve_forever()


if __name__ == "__main__":
    main()
