"""What happens to a job after its handler: by the class of the error, and by nothing else."""

from __future__ import annotations

import datetime as dt
import logging
import threading

import pytest
from django.db import OperationalError, connection

from accounts import clock
from accounts.tenancy import tenant
from contracts.errors import (
    AuthenticationFailed,
    MappingError,
    NotFound,
    PermissionMissing,
    RateLimited,
    RejectedByErp,
    TemporaryError,
    UnsupportedFeature,
)
from jobs import budgets, queue, retry_delays, runner
from jobs.errors import JobNeedsPerson, JobPostponed, LeaseLost
from jobs.models import Budget, Channel, Job, JobAttempt
from jobs.queue import Priority, Reason
from tests.jobs.conftest import in_seconds, raising

pytestmark = pytest.mark.django_db


def attempts_of(organization, job_id):
    with tenant(organization):
        rows = JobAttempt.objects.filter(job_id=job_id).order_by("number")
        return [(row.number, row.outcome, row.reason_code) for row in rows]


def test_handler_gets_what_was_enqueued(enqueue, run, organization, job):
    job_id = enqueue("order 7", payload={"order": 7}, lock="orders")
    seen = {}
    assert run(lambda context: seen.update(vars(context))) == job_id
    assert {name: seen[name] for name in ("id", "organization_id", "channel", "kind", "key")} == {
        "id": job_id,
        "organization_id": organization.pk,
        "channel": "erp:1",
        "kind": "work",
        "key": "order 7",
    }
    assert (seen["payload"], seen["step"], seen["attempts"]) == ({"order": 7}, {}, 1)
    row = job(job_id)
    assert (row.status, row.lease, row.lease_until) == ("done", None, None)
    assert row.finished_at is not None
    assert attempts_of(organization, job_id) == [(1, "done", "")]


def test_no_due_job_is_none(run, organization):
    assert run() is None
    assert runner.run_due(1.0) is False


def test_run_due_runs_all_that_is_due(enqueue, handle, organization):
    for key in "abc":
        enqueue(key)
    seen = []
    handle(lambda context: seen.append(context.key))
    assert runner.run_due(60.0) is False
    assert seen == ["a", "b", "c"]


def test_handler_runs_outside_any_transaction_of_the_runner(enqueue, handle, transactional_db):
    enqueue()
    seen = []
    handle(lambda context: seen.append(connection.in_atomic_block))
    runner.run_one()
    assert seen == [False]


def test_interrupted_job_goes_on_from_its_step(enqueue, run, job):
    job_id = enqueue()

    def first(context):
        context.save_step(page=3, seen=["a"])
        context.save_step(page=4)
        raise JobPostponed(in_seconds(-1))

    run(first)
    assert job(job_id).step == {"page": 4, "seen": ["a"]}
    steps = []
    run(lambda context: steps.append(context.step))
    assert steps == [{"page": 4, "seen": ["a"]}]


def test_postponed_is_no_failure(enqueue, run, organization, job):
    job_id = enqueue()
    at = in_seconds(120)
    run(raising(JobPostponed(at)))
    row = job(job_id)
    assert (row.status, row.not_before, row.failures, row.crashes, row.reason_code) == (
        "pending",
        at,
        0,
        0,
        "",
    )
    assert attempts_of(organization, job_id) == [(1, "postponed", "")]


def test_temporary_errors_back_off_and_never_park(enqueue, run, organization, job, move_clock):
    job_id = enqueue()
    waits = []
    for _ in range(12):
        assert run(raising(TemporaryError("http.timeout", {"after": "30"}))) == job_id
        row = job(job_id)
        assert (row.status, row.reason_code, row.reason_params) == (
            "pending",
            "http.timeout",
            {"after": "30"},
        )
        waits.append((row.not_before - clock.now()).total_seconds())
        move_clock(dt.timedelta(seconds=901))
    for wait, nominal in zip(waits, [5, 10, 20, 40, 80, 160, 320, 640], strict=False):
        assert nominal * 0.8 - 2 < wait <= nominal * 1.2
    assert all(700 < wait <= 900 for wait in waits[8:])
    assert job(job_id).failures == 12
    assert attempts_of(organization, job_id)[0] == (1, "failed", "http.timeout")
    run()
    assert job(job_id).status == "done"


def test_progress_begins_the_back_off_anew(enqueue, run, job, move_clock):
    job_id = enqueue()
    for _ in range(5):
        run(raising(TemporaryError("http.timeout")))
        move_clock(dt.timedelta(seconds=901))

    def some_progress(context):
        context.save_step(page=2)
        raise TemporaryError("http.timeout")

    run(some_progress)
    assert job(job_id).failures == 1


def test_rate_limit_stops_the_account_until_the_named_time(
    enqueue, run, organization, other_organization, job, move_clock
):
    limited, neighbour = enqueue(), enqueue(channel="erp:9", company=other_organization)
    for company, channel in ((organization, "erp:1"), (other_organization, "erp:9")):
        with tenant(company):
            queue.set_budget(channel, "tiny-account")
    assert run(raising(RateLimited("tiny.limit", retry_after=50))) in (limited, neighbour)
    at = Budget.objects.get(key="tiny-account").next_slot_at
    assert dt.timedelta(seconds=48) < at - clock.now() <= dt.timedelta(seconds=50)
    assert run() is None
    move_clock(dt.timedelta(seconds=51))
    assert {run(), run()} == {limited, neighbour}


def test_refused_credential_pauses_the_channel_and_loses_nothing(enqueue, run, organization, job):
    job_id, waiting = enqueue(payload={"order": 7}), enqueue("other")
    run(raising(AuthenticationFailed("tiny.invalid_grant", {"when": "renewal"})))
    assert (job(job_id).status, job(job_id).reason_code) == ("pending", "tiny.invalid_grant")
    with tenant(organization):
        channel = Channel.objects.get(name="erp:1")
        notice = Job.objects.get(kind="mark_disconnected")
    assert (channel.paused_code, channel.paused_params) == ("tiny.invalid_grant", {"when": "renewal"})
    assert (notice.channel, notice.key, notice.priority) == ("system", "erp:1", Priority.TOKEN)
    assert notice.payload == {
        "channel": "erp:1",
        "reason_code": "tiny.invalid_grant",
        "reason_params": {"when": "renewal"},
    }
    assert run() == notice.pk
    assert run() is None
    with tenant(organization):
        queue.resume_channel("erp:1")
    assert {run(), run()} == {job_id, waiting}


def test_credential_refused_to_a_run_from_before_the_reconnection_pauses_nothing(
    enqueue, run, organization, job
):
    job_id = enqueue()

    def connected_again_meanwhile(context):
        with tenant(organization):
            queue.resume_channel("erp:1")
        raise AuthenticationFailed("tiny.invalid_grant")

    run(connected_again_meanwhile)
    with tenant(organization):
        assert Channel.objects.get(name="erp:1").paused_at is None
    assert run() == job_id
    assert job(job_id).status == "done"


@pytest.mark.parametrize(
    "error",
    [
        MappingError("tiny.shape", {"field": "valor"}),
        RejectedByErp("tiny.shape", {"field": "valor"}),
        UnsupportedFeature("tiny.shape", {"field": "valor"}),
        PermissionMissing("tiny.shape", {"field": "valor"}),
        NotFound("tiny.shape", {"field": "valor"}),
        JobNeedsPerson("tiny.shape", {"field": "valor"}),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_only_a_person_can_mend_is_parked(enqueue, run, organization, job, error):
    job_id = enqueue()
    run(raising(error))
    row = job(job_id)
    assert (row.status, row.reason_code, row.reason_params) == ("parked", "tiny.shape", {"field": "valor"})
    assert attempts_of(organization, job_id) == [(1, "parked", "tiny.shape")]
    assert run() is None


def test_a_key_groups_what_one_fix_releases(enqueue, run, organization, job):
    job_id = enqueue()
    run(raising(JobNeedsPerson("order.unmapped", key="situation:99")))
    with tenant(organization):
        assert queue.release("order.unmapped", "situation:99") == 1
    assert job(job_id).status == "pending"


def test_a_bug_parks_as_ours_and_the_log_tells_no_data(enqueue, run, job, caplog):
    job_id = enqueue(payload={"secret_id": 31337})

    inner = "cpf 123.456.789-09"
    outer = "ana@aurora.test 12345678909 Bearer eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9"

    def buggy(context):
        try:
            raise KeyError(inner)
        except KeyError as error:
            raise ValueError(outer) from error

    with caplog.at_level(logging.ERROR):
        run(buggy)
    row = job(job_id)
    code = row.reason_params["support_code"]
    assert (row.status, row.reason_code, row.reason_params) == ("parked", "us.bug", {"support_code": code})
    assert len(code) == 6
    assert f"support code {code}" in caplog.text
    assert "in buggy" in caplog.text
    assert "ValueError: <e-mail> <number> Bearer <long word>" in caplog.text
    assert "KeyError: 'cpf <number>'" in caplog.text
    for data in ("31337", "ana@", "12345678909", "123.456.789-09", "eyJ"):
        assert data not in caplog.text


def test_a_kind_without_handler_is_our_bug(organization, job, run):
    with tenant(organization):
        job_id = queue.enqueue("unheard of", channel="erp:1", key="k")
    run()
    assert (job(job_id).status, job(job_id).reason_code) == ("parked", "us.bug")


@pytest.mark.django_db(transaction=True)
def test_database_error_of_the_moment_is_temporary(enqueue, run, job):
    job_id = enqueue()
    run(raising(OperationalError("deadlock detected")))
    assert (job(job_id).status, job(job_id).reason_code) == ("pending", "us.database_away")


@pytest.mark.django_db(transaction=True)
def test_lost_connection_inside_a_handler_is_temporary(enqueue, run, job, owner_sql):
    job_id = enqueue()

    def lose_connection(context):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    run(lose_connection)
    row = job(job_id)
    assert (row.status, row.reason_code, row.failures) == ("pending", "us.database_away", 1)


def test_three_crashes_park_as_poison(enqueue, organization, run, job, move_clock):
    from accounts import gateways
    from jobs import dispatch

    job_id = enqueue()
    for rest in (0, 5, 30):
        assert gateways.claim_job("dies", lease_seconds=30, wait_seconds=3).job_id == job_id
        move_clock(dt.timedelta(seconds=31))
        dispatch.dispatch_due()
        if rest:
            # What kills workers may pass: a machine in trouble is no poison.
            assert gateways.claim_job("early", lease_seconds=30, wait_seconds=3) is None
        move_clock(dt.timedelta(seconds=rest))
    assert (job(job_id).status, job(job_id).crashes) == ("pending", 3)
    ran = []
    assert run(lambda context: ran.append(1)) == job_id
    assert ran == []
    assert (job(job_id).status, job(job_id).reason_code) == ("parked", "us.crashed")
    assert attempts_of(organization, job_id) == [
        (1, "lost", ""),
        (2, "lost", ""),
        (3, "lost", ""),
        (4, "parked", "us.crashed"),
    ]
    with tenant(organization):
        assert queue.retry_parked(job_id)
    assert run() == job_id
    assert job(job_id).status == "done"


def test_a_report_forgives_the_crashes_before_it(enqueue, organization, job, move_clock):
    from accounts import gateways
    from jobs import dispatch

    job_id = enqueue()
    for _ in range(5):
        ids = gateways.claim_job("dies later", lease_seconds=30, wait_seconds=3)
        with tenant(organization):
            queue.save_step(ids, {"page": 1})
        move_clock(dt.timedelta(seconds=31))
        dispatch.dispatch_due()
    assert (job(job_id).status, job(job_id).crashes, job(job_id).attempts) == ("pending", 0, 5)


def test_worker_taken_for_dead_writes_nothing(enqueue, handle, organization, job, move_clock):
    """Its effect and its step are one transaction, so both are refused; its successor does the work."""
    from jobs import dispatch

    job_id = enqueue()
    refused = []

    def slow(context):
        move_clock(dt.timedelta(seconds=31))
        dispatch.dispatch_due()
        try:
            with tenant(organization):
                queue.enqueue("effect", channel="erp:2", key="once")
                context.save_step(done=True)
        except LeaseLost:
            refused.append(context.lease)
            raise

    handle(slow)
    assert runner.run_one() == job_id
    assert len(refused) == 1
    with tenant(organization):
        assert not Job.objects.filter(kind="effect").exists()
    handle(lambda context: None)
    assert runner.run_one() == job_id
    assert [row[:2] for row in attempts_of(organization, job_id)] == [(1, "lost"), (2, "done")]


@pytest.mark.django_db(transaction=True)
def test_heartbeat_keeps_the_lease_of_a_long_handler(enqueue, handle, settings, organization, job):
    settings.JOB_LEASE_SECONDS = 0.6
    job_id = enqueue()
    first_lease_end, extended = [], threading.Event()

    def long(context):
        first_lease_end.append(job(job_id).lease_until)
        while not extended.wait(0.05):
            if job(job_id).lease_until > first_lease_end[0]:
                extended.set()

    handle(long)
    assert runner.run_one() == job_id
    assert job(job_id).status == "done"


def test_retry_delay_doubles_from_first_to_last(settings):
    settings.JOB_RETRY_FIRST_SECONDS, settings.JOB_RETRY_LAST_SECONDS = 5.0, 900.0
    for failures, nominal in ((1, 5), (2, 10), (7, 320), (9, 900), (500, 900)):
        for _ in range(20):
            delay = retry_delays.after_failures(failures).total_seconds()
            assert nominal * 0.8 <= delay <= min(nominal * 1.2, 900)


def test_pause_of_a_channel_by_hand_is_kept_by_the_runner(enqueue, run, organization):
    enqueue()

    def behaviour(context):
        with tenant(organization):
            queue.pause_channel("erp:1", Reason("person.paused"))
        raise AuthenticationFailed("tiny.invalid_grant")

    run(behaviour)
    with tenant(organization):
        assert Channel.objects.get(name="erp:1").paused_code == "person.paused"


def test_a_slot_too_far_away_postpones_the_job(enqueue, run, job):
    job_id = enqueue()
    at = in_seconds(30)
    budgets.stop_until("tiny-account", at)
    run(lambda context: budgets.take_slot("tiny-account", "read"))
    claimable_at = at - dt.timedelta(seconds=budgets.CLAIM_AHEAD_SECONDS)
    assert (job(job_id).status, job(job_id).not_before, job(job_id).failures) == ("pending", claimable_at, 0)
