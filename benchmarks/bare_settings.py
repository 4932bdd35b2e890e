"""The floor of the endpoint for notifications: the same server with a view that does one INSERT."""

from config.settings import *  # noqa: F403
from config.settings import DATABASES

MIDDLEWARE: list[str] = []
ROOT_URLCONF = "benchmarks.bare_view"
# As our endpoint does without it, so does the floor.
DATABASES["default"]["CONN_HEALTH_CHECKS"] = False
