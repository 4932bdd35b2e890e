"""An account that is slow or dead holds no worker: one job at a time, then a rest, then one probe."""

from __future__ import annotations

import datetime as dt

import pytest

from accounts import gateways
from accounts.tenancy import tenant
from contracts.errors import NotFound, RateLimited, TemporaryError
from jobs import queue
from jobs.models import Channel
from jobs.queue import BREAKER_FAILURES
from tests.jobs.conftest import in_seconds, raising

pytestmark = pytest.mark.django_db

DOWN = raising(TemporaryError("http.timeout"))


def claim():
    return gateways.claim_job("test", lease_seconds=30, wait_seconds=3)


@pytest.fixture
def channel(organization):
    def read(name: str = "erp:1") -> Channel:
        with tenant(organization):
            return Channel.objects.get(name=name)

    return read


@pytest.fixture
def open_breaker(enqueue, run, settings):
    settings.BREAKER_FIRST_SECONDS = 60.0
    ids = [enqueue(f"k{number}") for number in range(BREAKER_FAILURES)]
    assert [run(DOWN) for _ in ids] == ids


def test_failures_in_a_row_open_it_and_other_channels_go_on(open_breaker, enqueue, run, channel):
    enqueue("more")
    other = enqueue("other", channel="erp:2")
    assert (run(), run()) == (other, None)
    assert channel().breaker_failures == BREAKER_FAILURES
    assert in_seconds(55) < channel().breaker_until <= in_seconds(60)


def test_after_the_rest_one_probe_runs_and_nobody_beside_it(open_breaker, move_clock):
    move_clock(dt.timedelta(seconds=61))
    assert claim() is not None
    assert claim() is None


def test_a_probe_that_fails_doubles_the_rest_up_to_the_longest(open_breaker, run, channel, move_clock):
    rests = []
    for _ in range(6):
        move_clock(dt.timedelta(hours=1))
        assert run(DOWN) is not None
        rests.append(round((channel().breaker_until - in_seconds(0)).total_seconds()))
    assert rests == [120, 240, 480, 900, 900, 900]


def test_a_probe_that_gets_an_answer_lets_everybody_through(open_breaker, run, channel, move_clock):
    move_clock(dt.timedelta(hours=1))
    assert run() is not None
    assert (channel().breaker_failures, channel().breaker_until) == (0, None)
    assert None not in [run() for _ in range(BREAKER_FAILURES - 1)]


def test_a_saved_step_is_an_answer(open_breaker, run, channel, move_clock):
    move_clock(dt.timedelta(hours=1))

    def page_then_down(job):
        job.save_step(page=1)
        raise TemporaryError("http.timeout")

    run(page_then_down)
    assert channel().breaker_failures == 1


def test_a_failing_channel_holds_one_worker_at_most(enqueue, run, move_clock):
    enqueue("a")
    run(DOWN)
    move_clock(dt.timedelta(minutes=1))
    enqueue("b")
    other = enqueue("c", channel="erp:2")
    assert claim() is not None
    assert claim().job_id == other
    assert claim() is None


def test_its_next_job_runs_when_the_one_ended(enqueue, run, organization, move_clock):
    enqueue("a")
    run(DOWN)
    move_clock(dt.timedelta(minutes=1))
    enqueue("b")
    first = claim()
    assert claim() is None
    with tenant(organization):
        queue.finish(first)
    assert claim() is not None


@pytest.mark.parametrize(
    "error", [RateLimited("tiny.limit", retry_after=1), NotFound("tiny.order_not_found")]
)
def test_an_answer_that_refuses_is_no_failure_of_the_channel(enqueue, run, channel, error):
    enqueue()
    run(raising(error))
    assert channel().breaker_failures == 0


def test_a_person_who_connects_again_closes_it(open_breaker, run, organization, channel):
    with tenant(organization):
        queue.resume_channel("erp:1")
    assert (channel().breaker_failures, channel().breaker_until) == (0, None)
