"""What the jobs of the fault matrix do. Each effect is a ``Call`` row, so that a doubled one is seen."""

from __future__ import annotations

import os
import signal
import time

from accounts.tenancy import tenant
from contracts.errors import TemporaryError
from contracts.records import CallRecord
from jobs import calls
from jobs.runner import JobContext

EFFECTS = "effects"
PAGES = 3


def write_pages(job: JobContext) -> None:
    """One effect a page, each with its step in one transaction."""
    for page in range(job.step.get("page", 0), PAGES):
        time.sleep(float(os.environ.get("FAULTS_PAGE_SECONDS", "0.1")))
        with tenant(job.organization_id):
            effect = CallRecord(method="POST", path=f"{job.key}/{page}", query="", status=200, duration_ms=0)
            calls.record_call(EFFECTS, effect)
            job.save_step(page=page + 1)


def fail_between_pages(job: JobContext) -> None:
    """Temporary errors now and then, so that returns meet twins."""
    if job.attempts % 2 == 1:
        raise TemporaryError("http.timeout")
    write_pages(job)


def kill_worker(job: JobContext) -> None:
    os.kill(os.getpid(), signal.SIGKILL)
