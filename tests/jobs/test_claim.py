"""Which job is claimed next: priority within a channel, channels in turn, locks, budgets, leases."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection, transaction

from accounts import gateways
from accounts.tenancy import tenant
from jobs import budgets, queue
from jobs.models import Job
from jobs.queue import Priority
from tests.jobs.conftest import in_seconds

pytestmark = pytest.mark.django_db


def claim():
    return gateways.claim_job("test", lease_seconds=30, wait_seconds=3)


def claimed_ids(count):
    return [ids.job_id if (ids := claim()) else None for _ in range(count)]


def test_claim_marks_the_row_and_counts(enqueue, job, organization):
    job_id = enqueue()
    ids = claim()
    row = job(job_id)
    assert ids == (organization.pk, job_id, row.lease)
    assert (row.status, row.attempts, row.crashes) == ("running", 1, 1)
    assert dt.timedelta(seconds=29) < row.lease_until - in_seconds(0) <= dt.timedelta(seconds=30)
    assert claim() is None


def test_within_a_channel_by_priority_then_time_then_id(enqueue):
    poll = enqueue("poll", priority=Priority.POLL)
    token = enqueue("token", priority=Priority.TOKEN)
    second_poll = enqueue("poll 2", priority=Priority.POLL, not_before=in_seconds(-60))
    person = enqueue("person", priority=Priority.PERSON)
    assert claimed_ids(5) == [token, person, second_poll, poll, None]


def test_a_job_waits_for_its_time(enqueue, move_clock):
    job_id = enqueue(not_before=in_seconds(60))
    assert claim() is None
    assert 59 < gateways.seconds_to_next_turn() <= 60
    move_clock(dt.timedelta(seconds=61))
    assert -2 < gateways.seconds_to_next_turn() < 0
    assert claimed_ids(1) == [job_id]


def test_channels_take_turns_whatever_their_backlog(enqueue, organization, other_organization):
    big = [enqueue(f"big {n}", channel="erp:1", priority=Priority.TOKEN) for n in range(20)]
    small = [enqueue(f"small {n}", channel="erp:2", priority=Priority.BACKFILL) for n in range(2)]
    other = [enqueue(f"other {n}", channel="erp:1", company=other_organization) for n in range(2)]
    first_two_rounds = claimed_ids(6)
    assert [set(first_two_rounds[:3]), set(first_two_rounds[3:])] == [
        {big[0], small[0], other[0]},
        {big[1], small[1], other[1]},
    ]
    assert claimed_ids(2) == big[2:4]


def test_one_lock_runs_once_in_its_channel_and_organization(enqueue, organization, other_organization):
    first = enqueue("a", lock="orders")
    second = enqueue("b", lock="orders")
    free = enqueue("c")
    other_channel = enqueue("d", lock="orders", channel="erp:2")
    neighbour = enqueue("a", lock="orders", company=other_organization)
    assert set(claimed_ids(5)) == {first, free, other_channel, neighbour, None}
    with tenant(organization):
        row = Job.objects.get(pk=first)
        queue.finish(gateways.ClaimIds(organization.pk, first, row.lease))
    assert claimed_ids(2) == [second, None]


def test_channel_of_an_exhausted_budget_is_passed_over(enqueue, organization):
    waits = enqueue("waits", channel="erp:1")
    runs = enqueue("runs", channel="erp:2")
    with tenant(organization):
        queue.set_budget("erp:1", "tiny-1")
        queue.set_budget("erp:2", "tiny-2")
    budgets.stop_until("tiny-1", in_seconds(3600))
    budgets.stop_until("tiny-2", in_seconds(1))
    assert claimed_ids(2) == [runs, None]
    budgets.stop_until("tiny-1", in_seconds(7200))
    assert waits not in claimed_ids(1)


def test_orphans_are_the_running_jobs_whose_lease_ended(enqueue, organization, move_clock):
    enqueue()
    ids = claim()
    assert gateways.orphaned_jobs(10) == []
    move_clock(dt.timedelta(seconds=31))
    assert gateways.orphaned_jobs(10) == [ids]
    with tenant(organization):
        queue.extend_lease(ids)
    assert gateways.orphaned_jobs(10) == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("function", "due"),
    [
        ("gateway_claim_job('test', 30, 3)", 20),
        ("gateway_claim_job('test', 30, 3)", 10_000),
        ("gateway_orphaned_jobs(100)", 10_000),
        ("gateway_seconds_to_next_turn()", 10_000),
        ("gateway_purge_jobs('7 days', 100)", 10_000),
    ],
)
def test_a_look_at_the_queue_reads_a_few_rows_of_twenty_thousand(organization, owner_sql, function, due):
    """Ten looks in a row, because a connection plans anew only the first five."""
    with tenant(organization):
        queue.ensure_channel("erp:1")
    owner_sql(
        """INSERT INTO jobs_job (organization_id, channel, kind, key, priority, payload, step, status,
               attempts, crashes, failures, not_before, reason_code, reason_params, reason_key, created_at,
               finished_at)
           SELECT %s, 'erp:1', 'work', n::text, 50, '{}', '{}',
               CASE WHEN n > 10000 THEN 'done' ELSE 'pending' END, 0, 0, 0,
               clock_now() + CASE WHEN n <= %s THEN interval '-1 s' ELSE interval '1 day' END,
               '', '{}', '', clock_now(), clock_now()
           FROM generate_series(1, 20000) n""",
        [organization.pk, due],
    )
    owner_sql("ANALYZE jobs_job")
    with connection.cursor() as cursor:
        for _ in range(10):
            with transaction.atomic():
                scanned, fetched = rows_read(cursor)
                cursor.execute(f"SELECT * FROM {function}")
                cursor.fetchall()
                scanned_after, fetched_after = rows_read(cursor)
            assert scanned_after - scanned == 0
            assert fetched_after - fetched < 60


def rows_read(cursor) -> tuple[int, int]:
    cursor.execute(
        """SELECT coalesce(seq_tup_read, 0), coalesce(idx_tup_fetch, 0)
           FROM pg_stat_xact_user_tables WHERE relname = 'jobs_job'"""
    )
    return cursor.fetchone()
