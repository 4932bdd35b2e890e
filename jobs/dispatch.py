"""What happens every few seconds, whoever calls it and however often: two at once do no harm."""

from __future__ import annotations

import datetime as dt
import logging

from django.db import DatabaseError, connection

from accounts import clock, gateways
from accounts.gateways import ClaimIds
from accounts.tenancy import tenant
from jobs import queue, retry_delays
from jobs.models import Job, JobStatus, Outcome, Schedule
from jobs.nudges import nudge
from jobs.selectors import DISPATCH

logger = logging.getLogger(__name__)

BATCH = 500
KEEP = dt.timedelta(days=7)
# Work that is due for so long without anybody about to look at it was forgotten.
LATE = dt.timedelta(seconds=30)


def dispatch_due() -> None:
    """Enqueue what is scheduled, return what died, delete what is old, wake the workers if work is due."""
    for organization_id, schedule_id in gateways.due_schedules(BATCH):
        try:
            fire_schedule(organization_id, schedule_id)
        except DatabaseError:
            logger.exception("schedule %s could not be fired", schedule_id)
    for claim in gateways.orphaned_jobs(BATCH):
        try:
            return_orphan(claim)
        except DatabaseError:
            logger.exception("job %s could not be returned", claim.job_id)
    gateways.purge_jobs(KEEP, BATCH)
    missed = gateways.call_missed_turns(LATE)
    if missed:
        logger.warning("%s channels with overdue work had no turn", missed)
    next_turn = gateways.seconds_to_next_turn()
    if next_turn is not None and next_turn <= 0:
        nudge()
    record_tick()


def record_tick() -> None:
    """Proof for the health page that beat and a worker live."""
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO jobs_heartbeat (name, at) VALUES (%s, clock_now())
               ON CONFLICT (name) DO UPDATE SET at = excluded.at""",
            [DISPATCH],
        )


def fire_schedule(organization_id: int, schedule_id: int) -> bool:
    """Enqueue a schedule's job once, however many turns were missed. False if another process did."""
    with tenant(organization_id):
        now = clock.now()
        schedule = (
            Schedule.objects.select_for_update(skip_locked=True)
            .filter(pk=schedule_id, next_at__lte=now)
            .first()
        )
        if schedule is None:
            return False
        queue.enqueue(
            schedule.kind,
            channel=schedule.channel,
            key=schedule.key,
            payload=schedule.payload,
            lock=schedule.lock,
            priority=queue.Priority(schedule.priority),
        )
        missed = (now - schedule.next_at) // schedule.every
        schedule.next_at += (missed + 1) * schedule.every
        schedule.save(update_fields=["next_at"])
    return True


def return_orphan(claim: ClaimIds) -> bool:
    """Give a dead worker's job back. False if it lives after all, or another process was first."""
    with tenant(claim.organization_id):
        # A locked row belongs to a worker that is writing right now.
        job = (
            Job.objects.select_for_update(no_key=True, skip_locked=True)
            .filter(pk=claim.job_id, status=JobStatus.RUNNING, lease=claim.lease, lease_until__lt=clock.now())
            .first()
        )
        if job is None:
            return False
        logger.warning("job %s (%s) lost its worker and goes back", job.pk, job.kind)
        not_before = clock.now() + retry_delays.after_crashes(job.crashes)
        queue.return_to_pending(job, not_before=not_before, outcome=Outcome.LOST)
    return True
