"""Nudges between real processes; what kills do to them is in tests/faults."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from accounts.models import Organization
from accounts.tenancy import tenant
from jobs import queue
from jobs.models import Job, JobStatus
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


def enqueue(organization: Organization, kind: str, key: str = "k") -> int:
    with tenant(organization):
        return queue.enqueue(kind, channel="erp:1", key=key)


def test_commit_sends_a_nudge_and_rollback_none(organization, stack):
    with pytest.raises(ZeroDivisionError), tenant(organization):
        queue.enqueue("write_effect_once", channel="erp:1", key="rolled back")
        raise ZeroDivisionError
    assert stack.broker.llen("celery") == 0
    enqueue(organization, "write_effect_once")
    wait_until(lambda: stack.broker.llen("celery") == 1)
    assert b"jobs.tasks.run_due" in stack.broker.lindex("celery", 0)


def test_lost_nudge_is_found_by_the_sweep(organization, stack, start):
    """The row is enqueued by a process that cannot reach the broker at all."""
    start("worker")
    code = (
        "from accounts.tenancy import tenant; from jobs import queue\n"
        f"with tenant({organization.pk}): queue.enqueue('write_effect_once', channel='erp:1', key='k')\n"
    )
    done = stack.run("manage.py", "shell", "-c", code, REDIS_URL="redis://127.0.0.1:1/0")
    assert done.returncode == 0, done.stderr
    with tenant(organization):
        job = Job.objects.get()
    start("beat")
    wait_until(lambda: status_of(organization, job.pk) == JobStatus.DONE)
    assert effects_of(organization) == ["done"]
