"""What beat sets off: schedules, the sweep, retention. Twice at once does no harm."""

from __future__ import annotations

import datetime as dt
import threading

import pytest
from django.db import connection

from accounts import clock, gateways
from accounts.tenancy import tenant
from contracts.records import CallRecord
from jobs import calls, dispatch, queue
from jobs.models import Call, Job, JobAttempt, Schedule
from jobs.queue import Priority
from tests.jobs.conftest import in_seconds

pytestmark = pytest.mark.django_db

MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def schedule(organization):
    with tenant(organization):
        queue.set_schedule(
            "erp:1", "work", "poll", 300, payload={"since": 1}, lock="orders", priority=Priority.BACKFILL
        )
        return Schedule.objects.get()


def test_schedule_enqueues_and_moves_on(schedule, organization):
    dispatch.dispatch_due()
    with tenant(organization):
        job = Job.objects.get()
        schedule.refresh_from_db()
    assert (job.channel, job.kind, job.key, job.lock, job.priority, job.payload) == (
        "erp:1",
        "work",
        "poll",
        "orders",
        70,
        {"since": 1},
    )
    assert dt.timedelta(minutes=4) < schedule.next_at - clock.now() <= dt.timedelta(minutes=5)
    dispatch.dispatch_due()
    with tenant(organization):
        assert Job.objects.count() == 1


def test_missed_turns_are_caught_up_by_one_and_the_rhythm_is_kept(schedule, organization, move_clock):
    first_at = schedule.next_at
    move_clock(dt.timedelta(minutes=23))
    dispatch.dispatch_due()
    with tenant(organization):
        schedule.refresh_from_db()
        assert Job.objects.count() == 1
    assert schedule.next_at == first_at + dt.timedelta(minutes=25)


def test_schedule_set_again_keeps_its_time_unless_it_comes_sooner(schedule, organization):
    dispatch.dispatch_due()
    with tenant(organization):
        at = Schedule.objects.get().next_at
        queue.set_schedule("erp:1", "work", "poll", 3600)
        assert Schedule.objects.get().next_at == at
        queue.set_schedule("erp:1", "work", "poll", 10)
        row = Schedule.objects.get()
        assert row.next_at - clock.now() <= dt.timedelta(seconds=10)
        assert (row.every, row.payload, row.priority) == (dt.timedelta(seconds=10), {}, 50)
        later = in_seconds(999)
        queue.set_schedule("erp:1", "work", "poll", 10, next_at=later)
        assert Schedule.objects.get().next_at == later
        queue.delete_schedule("erp:1", "work", "poll")
        assert Schedule.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_eight_beats_at_once_enqueue_each_schedule_once(organization):
    with tenant(organization):
        for number in range(20):
            queue.set_schedule("erp:1", "work", f"poll {number}", 300)
    start = threading.Barrier(8)
    fired: list[bool] = []

    def beat() -> None:
        start.wait()
        try:
            for organization_id, schedule_id in gateways.due_schedules(500):
                fired.append(dispatch.fire_schedule(organization_id, schedule_id))
        finally:
            connection.close()

    threads = [threading.Thread(target=beat) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert fired.count(True) == 20
    with tenant(organization):
        assert Job.objects.count() == 20


def test_sweep_returns_the_dead_and_leaves_the_living(enqueue, job, organization, move_clock):
    dead, living = enqueue("dead"), enqueue("living")
    claims = [gateways.claim_job("test", lease_seconds=30, wait_seconds=3) for _ in range(2)]
    move_clock(dt.timedelta(seconds=31))
    with tenant(organization):
        queue.extend_lease(claims[1])
    dispatch.dispatch_due()
    assert (job(dead).status, job(dead).lease, job(dead).crashes) == ("pending", None, 1)
    assert (job(living).status, job(living).lease) == ("running", claims[1].lease)


def test_sweep_passes_a_collision_and_goes_on(enqueue, job, move_clock):
    """Both dead jobs return, though one meets a twin that waits: no collision stops the recovery."""
    first, second = enqueue("a"), enqueue("b")
    for _ in range(2):
        gateways.claim_job("dies", lease_seconds=30, wait_seconds=3)
    twin = enqueue("a")
    move_clock(dt.timedelta(seconds=31))
    dispatch.dispatch_due()
    assert [job(row).status for row in (first, second, twin)] == ["pending", "pending", "done"]


@pytest.mark.django_db(transaction=True)
def test_return_meets_a_twin_whose_enqueue_is_not_committed_yet(organization, enqueue, job, database_url):
    """The other transaction commits between our look for a twin and our write: we merge all the same."""
    import psycopg2

    older = enqueue("a")
    claim = gateways.claim_job("dies", lease_seconds=30, wait_seconds=3)
    other = psycopg2.connect(database_url("app"))
    with other.cursor() as cursor:
        cursor.execute("SELECT set_config('app.organization', %s, true)", [str(organization.pk)])
        cursor.execute(
            """INSERT INTO jobs_job (organization_id, channel, kind, key, priority, payload, step, status,
                   attempts, crashes, failures, not_before, reason_code, reason_params, reason_key,
                   created_at)
               VALUES (%s, 'erp:1', 'work', 'a', 10, '{}', '{}', 'pending', 0, 0, 0, clock_now(), '', '{}',
                   '', clock_now()) RETURNING id""",
            [organization.pk],
        )
        (twin,) = cursor.fetchone()
    commit = threading.Timer(0.5, other.commit)
    commit.start()
    with tenant(organization):
        returned = queue.return_to_pending(queue.lock_running(claim), not_before=clock.now())
    commit.join()
    other.close()
    assert returned == older
    assert (job(older).status, job(older).priority, job(twin).reason_code) == ("pending", 10, "merged")


def test_done_jobs_and_calls_go_after_a_week_and_parked_ones_stay(enqueue, job, organization, move_clock):
    record = CallRecord(method="GET", path="/pedidos", query="limit=100", status=200, duration_ms=12)
    done, parked = enqueue("done"), enqueue("parked")
    claims = [gateways.claim_job("test", lease_seconds=30, wait_seconds=3) for _ in range(2)]
    with tenant(organization):
        calls.record_call("erp:1", record, job_id=done)
        calls.record_call("erp:1", record, job_id=parked)
        calls.record_call("erp:1", record)
        queue.finish(claims[0])
        queue.park(claims[1], queue.Reason("x.stuck"))
    move_clock(dt.timedelta(days=6, hours=23))
    dispatch.dispatch_due()
    with tenant(organization):
        assert (Job.objects.count(), JobAttempt.objects.count(), Call.objects.count()) == (2, 2, 3)
    move_clock(dt.timedelta(hours=2))
    dispatch.dispatch_due()
    with tenant(organization):
        assert [row.pk for row in Job.objects.all()] == [parked]
        assert (JobAttempt.objects.count(), Call.objects.count()) == (1, 0)


def test_call_is_recorded_as_given(enqueue, organization):
    job_id = enqueue()
    with tenant(organization):
        calls.record_call(
            "erp:1",
            CallRecord("GET", "/pedidos/7", "", None, 30000, "http.timeout", "…"),
            job_id=job_id,
        )
        row = Call.objects.get()
    assert (row.channel, row.job_id, row.method, row.path, row.status, row.duration_ms, row.error) == (
        "erp:1",
        job_id,
        "GET",
        "/pedidos/7",
        None,
        30000,
        "http.timeout",
    )
