"""Handlers that real workers run. Each effect is a ``Call`` row, so that a doubled one is seen."""

from __future__ import annotations

from accounts.tenancy import tenant
from contracts.records import CallRecord
from jobs import calls
from jobs.models import Call
from jobs.runner import JobContext

EFFECTS = "effects"


def write_effect_once(job: JobContext) -> None:
    with tenant(job.organization_id):
        calls.record_call(
            EFFECTS, CallRecord(method="POST", path="done", query="", status=200, duration_ms=0)
        )
        job.save_step(done=True)


def effects() -> list[str]:
    return list(Call.objects.filter(channel=EFFECTS).order_by("id").values_list("path", flat=True))
