"""The record of requests to ERPs, for the timeline of a job and the activity of an integration."""

from __future__ import annotations

from accounts import clock
from contracts.records import CallRecord
from jobs.models import Call


def record_call(channel: str, call: CallRecord, *, job_id: int | None = None) -> None:
    """Keep one redacted request and its answer. Inside ``tenant``."""
    Call.objects.create(
        channel=channel,
        job_id=job_id,
        method=call.method,
        path=call.path[:300],
        query=call.query,
        status=call.status,
        duration_ms=call.duration_ms,
        error=call.error[:80],
        response_excerpt=call.response_excerpt,
        created_at=clock.now(),
    )
