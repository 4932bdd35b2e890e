"""The settings of the fault suite's processes: ours, with the matrix's handlers and shorter deadlines."""

import os

import tiny.oauth
from config.settings import *  # noqa: F403
from config.settings import JOB_HANDLERS as _OURS
from contracts.http import HttpClient

JOB_HANDLERS = {
    **_OURS,
    "write_pages": "tests.faults.handlers.write_pages",
    "fail_between_pages": "tests.faults.handlers.fail_between_pages",
    "kill_worker": "tests.faults.handlers.kill_worker",
}

# Scaled time: thirty seconds of patience with Tiny are this many here.
DEADLINE_SECONDS = float(os.environ.get("FAULTS_DEADLINE_SECONDS", "30"))
HttpClient.__init__.__kwdefaults__["deadline"] = DEADLINE_SECONDS
tiny.oauth.DEADLINE_SECONDS = min(tiny.oauth.DEADLINE_SECONDS, DEADLINE_SECONDS)
