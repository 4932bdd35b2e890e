"""One page per turn when others wait; tickets are neither lost nor needed twice."""

from __future__ import annotations

import datetime as dt
import threading

import pytest
from django.db import connection

from accounts import gateways
from accounts.tenancy import tenant
from jobs import budgets, dispatch, queue, runner, turns
from jobs.models import Turn
from tests.jobs.conftest import in_seconds
from tests.processes import wait_until

pytestmark = pytest.mark.django_db

PAGES = 4


@pytest.fixture(autouse=True)
def impatient(monkeypatch, settings):
    settings.SLOT_SPACING_SECONDS = 0.0
    monkeypatch.setattr(turns, "PATIENCE_SECONDS", 0.0)


def read_pages(seen):
    def work(job):
        for page in range(job.step.get("page", 0), PAGES):
            budgets.take_slot(job.channel, "read")
            seen.append((job.channel, page))
            job.save_step(page=page + 1)

    return work


def test_long_jobs_take_turns_page_by_page(enqueue, handle):
    seen = []
    handle(read_pages(seen))
    for channel in ("erp:1", "erp:2"):
        enqueue(channel=channel)
    while runner.run_one() is not None:
        pass
    assert seen == [(channel, page) for page in range(PAGES) for channel in ("erp:1", "erp:2")]


def test_alone_a_long_job_keeps_its_worker(enqueue, run, job):
    seen = []
    job_id = enqueue()
    run(read_pages(seen))
    assert (len(seen), job(job_id).attempts, job(job_id).status) == (PAGES, 1, "done")


def test_a_short_job_of_another_channel_waits_for_one_page(enqueue, handle):
    seen = []
    handle(read_pages(seen))
    enqueue("backlog", channel="erp:1")
    enqueue("short", channel="erp:2")
    runner.run_one()
    assert seen == [("erp:1", 0)]


def test_a_person_on_the_same_channel_waits_for_one_page(enqueue, handle):
    order = []

    def work(job):
        order.append(job.key)
        read_pages([])(job)

    handle(work)
    enqueue("import", priority=queue.Priority.POLL)

    def interrupt(job):
        if job.key == "import" and not job.step:
            enqueue("person", priority=queue.Priority.PERSON)
        work(job)

    handle(interrupt)
    while runner.run_one() is not None:
        pass
    assert order[:2] == ["import", "person"]
    assert order[-1] == "import"


def test_without_progress_nobody_gives_way(enqueue, run, job):
    job_id = enqueue("first", channel="erp:1")
    enqueue("second", channel="erp:2")
    run(lambda context: [budgets.take_slot("account", "read") for _ in range(3)])
    assert job(job_id).status == "done"


def test_what_a_call_answered_is_kept_before_the_job_gives_way(enqueue, handle):
    seen = []

    def work(job):
        job.save_step(is_begun=True)
        budgets.take_slot(job.channel, "read")
        seen.append(job.key)
        if job.key == "first":
            if seen == ["first"]:
                enqueue("second", channel="erp:2")
            budgets.take_slot(job.channel, "read")
            seen.append(job.key)

    handle(work)
    enqueue("first", channel="erp:1")
    while runner.run_one() is not None:
        pass
    assert seen == ["first", "first", "second"]


def test_outside_a_job_nobody_gives_way(enqueue):
    enqueue()
    turns.mark_progress()
    assert turns.should_yield() is False


def test_a_hundred_jobs_of_one_transaction_draw_one_ticket(
    organization, enqueue, owner_sql, transactional_db
):
    with tenant(organization):
        for number in range(100):
            queue.enqueue("work", channel="erp:1", key=f"k{number}")
    with tenant(organization):
        assert Turn.objects.count() == 1


def test_tickets_of_one_channel_are_used_up_together(organization, enqueue, transactional_db):
    for number in range(5):
        enqueue(f"k{number}")
    with tenant(organization):
        assert Turn.objects.count() == 5
    assert gateways.claim_job("test", lease_seconds=30, wait_seconds=0) is not None
    with tenant(organization):
        assert Turn.objects.count() == 1


def test_a_job_that_waits_for_a_lock_runs_when_it_is_free(enqueue, run, job):
    first, second = enqueue("a", lock="one"), enqueue("b", lock="one")
    claim = gateways.claim_job("test", lease_seconds=30, wait_seconds=0)
    assert claim.job_id == first
    assert gateways.claim_job("test", lease_seconds=30, wait_seconds=0) is None
    assert gateways.seconds_to_next_turn() is None
    with tenant(claim.organization_id):
        queue.park(claim, queue.Reason("x.stuck"))
    assert run() == second


def test_a_paused_channel_has_its_turn_when_it_is_resumed(enqueue, run, organization):
    job_id = enqueue()
    with tenant(organization):
        queue.pause_channel("erp:1", queue.Reason("x.dead"))
    assert run() is None
    with tenant(organization):
        queue.resume_channel("erp:1")
    assert run() == job_id


def test_work_without_a_ticket_is_found_by_the_sweep(enqueue, run, owner_sql, transactional_db, move_clock):
    job_id = enqueue()
    owner_sql("DELETE FROM jobs_turn")
    assert run() is None
    dispatch.dispatch_due()
    assert run() is None
    move_clock(dispatch.LATE + dt.timedelta(seconds=1))
    dispatch.dispatch_due()
    assert run() == job_id


def test_a_locked_channel_is_looked_at_again(enqueue, organization, transactional_db):
    """Somebody writes the channel's row right now: the claim neither waits nor forgets."""
    enqueue()
    locked, release = threading.Event(), threading.Event()

    def hold() -> None:
        try:
            with tenant(organization):
                queue.get_channel("erp:1")
                locked.set()
                release.wait(30)
        finally:
            connection.close()

    holder = threading.Thread(target=hold)
    holder.start()
    assert locked.wait(30)
    assert gateways.claim_job("test", lease_seconds=30, wait_seconds=0) is None
    release.set()
    holder.join()
    assert gateways.seconds_to_next_turn() <= 0.2
    wait_until(lambda: gateways.claim_job("test", lease_seconds=30, wait_seconds=0))


def test_a_near_turn_is_waited_for_and_a_far_one_is_not(enqueue, handle, job):
    handle(lambda context: None)
    near, far = enqueue("near", not_before=in_seconds(0.3)), enqueue("far", not_before=in_seconds(600))
    assert runner.run_due(60.0) is False
    assert (job(near).status, job(far).status) == ("done", "pending")
