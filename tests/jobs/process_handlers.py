"""Handlers that real workers run. Each effect is a ``Call`` row, so that a doubled one is seen."""

from __future__ import annotations

import time

from accounts.tenancy import tenant
from contracts.errors import TemporaryError
from contracts.records import CallRecord
from jobs import calls
from jobs.models import Call, Job, JobStatus
from jobs.runner import JobContext

EFFECTS = "effects"


def write_effect(name: str) -> None:
    calls.record_call(EFFECTS, CallRecord(method="POST", path=name, query="", status=200, duration_ms=0))


def effects() -> list[str]:
    return list(Call.objects.filter(channel=EFFECTS).order_by("id").values_list("path", flat=True))


def two_pages(job: JobContext) -> None:
    """One effect a page. The first attempt hangs between the pages, where the test kills it."""
    if not job.step:
        with tenant(job.organization_id):
            write_effect("page 1")
            job.save_step(page=1)
    if job.attempts == 1:
        time.sleep(600)
    with tenant(job.organization_id):
        write_effect("page 2")
        job.save_step(page=2)


def fail_once(job: JobContext) -> None:
    """The first attempt fails as soon as a twin waits."""
    if job.attempts == 1 and not job.step:
        job.save_step(begun=True)
        while not twin_waits(job):
            time.sleep(0.05)
        raise TemporaryError("http.timeout")
    with tenant(job.organization_id):
        write_effect("done")
        job.save_step(done=True)


def twin_waits(job: JobContext) -> bool:
    with tenant(job.organization_id):
        return bool(Job.objects.filter(kind=job.kind, key=job.key, status=JobStatus.PENDING).exists())
