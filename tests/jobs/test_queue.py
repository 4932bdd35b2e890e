"""Rows of the queue: one waits per work, twins merge, parked work stands once and is released."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import IntegrityError, transaction

from accounts import clock, gateways
from accounts.gateways import ClaimIds
from accounts.tenancy import TenantNotSet, tenant
from jobs import queue
from jobs.errors import LeaseLost
from jobs.models import Channel, Job, JobAttempt, Outcome
from jobs.queue import Priority, Reason
from tests.jobs.conftest import in_seconds

pytestmark = pytest.mark.django_db


def claim() -> ClaimIds:
    ids = gateways.claim_job("test", lease_seconds=30, wait_seconds=3)
    assert ids is not None
    return ids


def park(organization, reason: Reason) -> int:
    ids = claim()
    with tenant(organization):
        queue.park(ids, reason)
    return ids.job_id


def test_enqueue_twice_keeps_one_row_with_earliest_time_and_highest_priority(enqueue, job):
    late, soon = in_seconds(600), in_seconds(60)
    first = enqueue(not_before=late, priority=Priority.EXPORT, payload={"id": 1})
    second = enqueue(not_before=soon, priority=Priority.BACKFILL, payload={"id": 2})
    assert first == second
    row = job(first)
    assert (row.not_before, row.priority, row.payload, row.status) == (soon, 40, {"id": 1}, "pending")


def test_many_are_enqueued_as_each_of_them_would_be(organization, other_organization):
    soon, late = in_seconds(60), in_seconds(600)
    with tenant(organization):
        waiting = queue.enqueue(
            "work", channel="erp:1", key="b", priority=Priority.TOKEN, payload={"id": 1}, not_before=late
        )
        queue.enqueue("work", channel="erp:1", key="c", priority=Priority.BACKFILL)
        queue.enqueue_all("work", channel="erp:1", keys=["b", "a", "c", "a"], priority=Priority.NOTIFICATION)
        queue.enqueue_all("work", channel="erp:1", keys=[])
        rows = {row.key: row for row in Job.objects.all()}
    assert {key: (row.priority, row.status) for key, row in rows.items()} == {
        "a": (30, "pending"),
        "b": (10, "pending"),
        "c": (30, "pending"),
    }
    assert (rows["b"].pk, rows["b"].payload) == (waiting, {"id": 1})
    assert rows["b"].not_before < soon
    assert (rows["a"].lock, rows["b"].lock) == ("a", None)
    assert {claim().job_id for _ in range(3)} == {row.pk for row in rows.values()}
    with tenant(other_organization):
        assert not Job.objects.exists()


def test_work_of_two_organizations_never_merges(enqueue, organization, other_organization):
    first = enqueue()
    second = enqueue(company=other_organization)
    assert first != second


def test_work_enqueued_while_its_twin_runs_waits_for_itself(enqueue, job):
    first = enqueue()
    claim()
    second = enqueue()
    assert (job(first).status, job(second).status) == ("running", "pending")


def test_enqueue_outside_a_tenant_is_refused():
    with pytest.raises(TenantNotSet):
        queue.enqueue("work", channel="erp:1", key="k")


def test_a_job_of_a_channel_without_row_is_refused_by_the_database(organization):
    with (
        tenant(organization),
        pytest.raises(IntegrityError, match="jobs_job_channel_exists"),
        transaction.atomic(),
    ):
        Job.objects.create(
            channel="nowhere",
            kind="work",
            key="k",
            priority=1,
            not_before=clock.now(),
            created_at=clock.now(),
        )


def test_returned_job_absorbs_the_younger_twin_that_waits(enqueue, job, organization):
    older = enqueue(payload={"id": 1}, priority=Priority.BACKFILL)
    ids = claim()
    with tenant(organization):
        queue.save_step(ids, {"page": 3})
    younger = enqueue(payload={"id": 2}, priority=Priority.PERSON)
    with tenant(organization):
        returned = queue.return_to_pending(
            queue.lock_running(ids),
            not_before=in_seconds(900),
            outcome=Outcome.FAILED,
            reason=Reason("erp.down"),
        )
    assert returned == older
    kept, closed = job(older), job(younger)
    assert (kept.status, kept.step, kept.payload, kept.priority) == ("pending", {"page": 3}, {"id": 1}, 20)
    assert kept.not_before == closed.not_before
    assert (kept.lease, kept.lease_until, kept.reason_code) == (None, None, "erp.down")
    assert (closed.status, closed.reason_code) == ("done", "merged")


def test_returned_job_gives_way_to_an_older_twin(enqueue, job, organization):
    older = enqueue(payload={"id": 1})
    park(organization, Reason("x.stuck"))
    younger = enqueue(payload={"id": 2}, priority=Priority.TOKEN)
    ids = claim()
    with tenant(organization):
        queue.save_step(ids, {"page": 9})
        assert queue.retry_parked(older)
        soon = job(older).not_before
        returned = queue.return_to_pending(
            queue.lock_running(ids), not_before=in_seconds(60), outcome=Outcome.LOST
        )
    assert returned == older
    kept = job(older)
    assert (kept.status, kept.payload, kept.step, kept.priority) == ("pending", {"id": 1}, {}, 10)
    assert kept.not_before == soon
    assert (job(younger).status, job(younger).reason_code, job(younger).lease) == ("done", "merged", None)


def test_late_writer_is_refused_everywhere(enqueue, job, organization):
    job_id = enqueue()
    late = claim()
    with tenant(organization):
        queue.return_to_pending(queue.lock_running(late), not_before=clock.now(), outcome=Outcome.LOST)
    current = claim()
    assert (current.job_id, current.lease > late.lease) == (job_id, True)
    for write in (
        lambda: queue.finish(late),
        lambda: queue.park(late, Reason("x.late")),
        lambda: queue.save_step(late, {"page": 1}),
        lambda: queue.extend_lease(late),
        lambda: queue.lock_running(late),
    ):
        with tenant(organization), pytest.raises(LeaseLost):
            write()
    row = job(job_id)
    assert (row.status, row.lease, row.step) == ("running", current.lease, {})
    with tenant(organization):
        queue.finish(current)
    with tenant(organization), pytest.raises(LeaseLost):
        queue.finish(current)
    with tenant(organization):
        attempts = list(JobAttempt.objects.order_by("number").values_list("number", "lease", "outcome"))
    assert attempts == [(1, late.lease, "lost"), (2, current.lease, "done")]


def test_parked_job_keeps_reason_and_goes_on_by_retry(enqueue, job, organization):
    job_id = enqueue(priority=Priority.COMPLETION)
    park(organization, Reason("tiny.refused", {"field": "frete"}, "map:7"))
    row = job(job_id)
    assert (row.status, row.reason_code, row.reason_params, row.reason_key) == (
        "parked",
        "tiny.refused",
        {"field": "frete"},
        "map:7",
    )
    assert row.lease is None
    assert clock.now() - row.parked_at < dt.timedelta(minutes=1)
    with tenant(organization):
        assert queue.retry_parked(job_id) is True
        assert queue.retry_parked(job_id) is False
    row = job(job_id)
    assert (row.status, row.reason_code, row.parked_at, row.priority) == (
        "pending",
        "",
        None,
        Priority.PERSON,
    )
    assert claim().job_id == job_id


def test_retry_of_a_parked_job_of_another_organization_finds_nothing(
    enqueue, job, organization, other_organization
):
    job_id = enqueue()
    park(organization, Reason("x.stuck"))
    with tenant(other_organization):
        assert queue.retry_parked(job_id) is False
    assert job(job_id).status == "parked"


def test_one_fix_releases_all_that_wait_for_it(enqueue, job, organization):
    for key, reason_key in (("a", "map:7"), ("b", "map:7"), ("c", "map:8")):
        enqueue(key)
        park(organization, Reason("x.unmapped", {}, reason_key))
    with tenant(organization):
        assert queue.release("x.unmapped", "map:7") == 2
        assert queue.release("x.other", "map:8") == 0
        states = dict(Job.objects.values_list("key", "status"))
    assert states == {"a": "pending", "b": "pending", "c": "parked"}


def test_release_merges_with_a_twin_and_goes_on_with_the_rest(enqueue, job, organization):
    first, second = enqueue("a"), enqueue("b")
    park(organization, Reason("x.unmapped", {}, "map:7"))
    park(organization, Reason("x.unmapped", {}, "map:7"))
    twin = enqueue("a")
    with tenant(organization):
        assert queue.release("x.unmapped", "map:7") == 2
    assert [job(row).status for row in (first, second, twin)] == ["pending", "pending", "done"]


def test_the_same_work_stands_parked_once_and_since_its_beginning(enqueue, job, organization, move_clock):
    first = enqueue()
    park(organization, Reason("x.old"))
    since = job(first).parked_at
    move_clock(dt.timedelta(hours=1))
    second = enqueue()
    park(organization, Reason("x.new"))
    assert (job(first).status, job(first).reason_code) == ("done", "merged")
    assert (job(second).status, job(second).reason_code, job(second).parked_at) == ("parked", "x.new", since)


def test_work_that_succeeds_closes_its_parked_twin(enqueue, job, organization):
    first = enqueue()
    park(organization, Reason("x.stuck"))
    second = enqueue()
    ids = claim()
    with tenant(organization):
        queue.finish(ids)
    assert [job(first).status, job(second).status] == ["done", "done"]


def test_paused_channel_is_passed_over_and_keeps_its_first_reason(enqueue, organization, move_clock):
    job_id = enqueue()
    with tenant(organization):
        queue.pause_channel("erp:1", Reason("tiny.revoked", {"since": "ontem"}))
        paused_at = Channel.objects.get(name="erp:1").paused_at
    move_clock(dt.timedelta(hours=1))
    with tenant(organization):
        queue.pause_channel("erp:1", Reason("tiny.other"))
        channel = Channel.objects.get(name="erp:1")
    assert (channel.paused_at, channel.paused_code, channel.paused_params) == (
        paused_at,
        "tiny.revoked",
        {"since": "ontem"},
    )
    assert gateways.claim_job("test", lease_seconds=30, wait_seconds=3) is None
    assert gateways.seconds_to_next_turn() is None
    with tenant(organization):
        queue.resume_channel("erp:1")
        channel = Channel.objects.get(name="erp:1")
    assert (channel.paused_at, channel.paused_code, channel.paused_params) == (None, "", {})
    assert claim().job_id == job_id
