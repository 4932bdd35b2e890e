"""All Celery tasks: thin calls, because a message may be lost, doubled or late."""

from __future__ import annotations

from celery import shared_task

from jobs import dispatch, runner
from jobs.nudges import nudge

# Short, so that a worker that is told to stop does so soon.
RUN_SECONDS = 10.0


@shared_task(name="jobs.tasks.run_due", ignore_result=True)
def run_due() -> None:
    if runner.run_due(RUN_SECONDS):
        nudge()


@shared_task(name="jobs.tasks.dispatch_due", ignore_result=True)
def dispatch_due() -> None:
    dispatch.dispatch_due()
