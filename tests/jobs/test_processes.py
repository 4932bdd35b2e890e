"""Real workers, real Valkey, real PostgreSQL, real kills: every effect once and nobody needed."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

import pytest

from accounts.models import Organization
from accounts.tenancy import tenant
from jobs import queue
from jobs.models import Job, JobAttempt, JobStatus
from tests.jobs.process_handlers import effects
from tests.processes import Stack, wait_until

pytestmark = pytest.mark.django_db(transaction=True)

SETTINGS = "tests.jobs.process_settings"
# Short, so that a dead worker is noticed within a test.
FAST = {"JOB_LEASE_SECONDS": "1.5", "DISPATCH_SECONDS": "0.3"}


@pytest.fixture
def start(stack: Stack) -> Callable[[str], object]:
    def call(what: str):
        starter = {"worker": stack.start_worker, "beat": stack.start_beat}[what]
        return starter(settings=SETTINGS, **FAST)

    return call


def status_of(organization: Organization, job_id: int) -> str:
    with tenant(organization):
        return Job.objects.get(pk=job_id).status


def effects_of(organization: Organization) -> list[str]:
    with tenant(organization):
        return effects()


def attempts_of(organization: Organization, job_id: int) -> list[tuple[int, str]]:
    with tenant(organization):
        rows = JobAttempt.objects.filter(job_id=job_id).order_by("number")
        return [(row.number, row.outcome) for row in rows]


def enqueue(organization: Organization, kind: str, key: str = "k") -> int:
    with tenant(organization):
        return queue.enqueue(kind, channel="erp:1", key=key)


def test_commit_sends_a_nudge_and_rollback_none(organization, stack):
    with pytest.raises(ZeroDivisionError), tenant(organization):
        queue.enqueue("two_pages", channel="erp:1", key="rolled back")
        raise ZeroDivisionError
    assert stack.broker.llen("celery") == 0
    enqueue(organization, "two_pages")
    wait_until(lambda: stack.broker.llen("celery") == 1)
    assert b"jobs.tasks.run_due" in stack.broker.lindex("celery", 0)


def test_worker_killed_in_mid_task(organization, start):
    worker = start("worker")
    start("beat")
    job_id = enqueue(organization, "two_pages")
    wait_until(lambda: effects_of(organization) == ["page 1"])
    worker.kill(signal.SIGKILL)
    start("worker")
    wait_until(lambda: status_of(organization, job_id) == JobStatus.DONE)
    assert effects_of(organization) == ["page 1", "page 2"]
    assert attempts_of(organization, job_id) == [(1, "lost"), (2, "done")]


def test_pool_child_killed_in_mid_task(organization, start):
    start("worker")
    start("beat")
    job_id = enqueue(organization, "two_pages")
    wait_until(lambda: effects_of(organization) == ["page 1"])
    with tenant(organization):
        child = int(JobAttempt.objects.get(job_id=job_id).worker.rpartition(":")[2])
    os.kill(child, signal.SIGKILL)
    wait_until(lambda: status_of(organization, job_id) == JobStatus.DONE)
    assert effects_of(organization) == ["page 1", "page 2"]
    assert attempts_of(organization, job_id) == [(1, "lost"), (2, "done")]


def test_retry_that_meets_a_waiting_twin(organization, start):
    start("worker")
    start("beat")
    first = enqueue(organization, "fail_once")
    wait_until(lambda: status_of(organization, first) == JobStatus.RUNNING)
    second = enqueue(organization, "fail_once")
    assert second != first
    wait_until(lambda: status_of(organization, first) == JobStatus.DONE)
    assert effects_of(organization) == ["done"]
    assert attempts_of(organization, first) == [(1, "failed"), (2, "done")]
    assert attempts_of(organization, second) == []
    with tenant(organization):
        merged = Job.objects.get(pk=second)
    assert (merged.status, merged.reason_code) == ("done", "merged")


def test_lost_nudge_is_found_by_the_sweep(organization, stack, start):
    """The row is enqueued by a process that cannot reach the broker at all."""
    start("worker")
    code = (
        "from accounts.tenancy import tenant; from jobs import queue\n"
        f"with tenant({organization.pk}): queue.enqueue('fail_once', channel='erp:1', key='k')\n"
    )
    done = stack.run("manage.py", "shell", "-c", code, REDIS_URL="redis://127.0.0.1:1/0")
    assert done.returncode == 0, done.stderr
    with tenant(organization):
        job = Job.objects.get()
        Job.objects.filter(pk=job.pk).update(attempts=1)
    start("beat")
    wait_until(lambda: status_of(organization, job.pk) == JobStatus.DONE)
    assert effects_of(organization) == ["done"]
