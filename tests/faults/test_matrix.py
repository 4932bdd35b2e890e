"""One fault a row, one workload, one checker: nothing lost, nothing doubled, all jobs ended, nobody needed.

Real workers, beat, Valkey and a PostgreSQL of its own. A fault strikes when work is under way, which is seen
by its effects and not by the clock.
"""

from __future__ import annotations

import os
import signal
import time
import uuid
from collections.abc import Callable

import pytest

from launcher.keys import SUPERUSER
from tests.faults.invariants import check_jobs, read_row, report
from tests.faults.platform import Platform
from tests.processes import wait_until

pytestmark = pytest.mark.slow

# More of them in `make soak`.
ROUNDS = int(os.environ.get("FAULT_ROUNDS", "1"))
JOBS = 12
UNDER_WAY = 4
Fault = Callable[[Platform, str], None]


def kill_worker(platform: Platform, run: str) -> None:
    """Row 1: worker -9 with its whole group, in mid-task; a supervisor starts another."""
    platform.workers.pop().kill()
    platform.add_worker()


def kill_pool_child(platform: Platform, run: str) -> None:
    """Row 2: pool child -9 only, while it runs a job."""
    platform.kill_a_child(run)


def freeze_worker(platform: Platform, run: str) -> None:
    """Row 3: worker stopped until others did its jobs; then it writes with its old lease."""
    wait_until(lambda: platform.running_children(run))
    frozen = platform.workers[0]
    frozen.kill(signal.SIGSTOP)
    platform.add_worker()
    wait_until(lambda: set(platform.statuses(run)) == {"done"})
    frozen.kill(signal.SIGCONT)
    wait_until(lambda: "taken over" in frozen.output)


def kill_postgres(platform: Platform, run: str) -> None:
    """Row 5: PostgreSQL -9 under work; worker and beat connect again by themselves."""
    processes = [*platform.workers, *platform.beats]
    platform.postgres.kill()
    platform.postgres.restart()
    platform.enqueue(f"{run}/late", 2)
    wait_until(lambda: platform.statuses(f"{run}/late") == {"done": 2})
    assert [process.popen.poll() for process in processes] == [None, None]
    platform.sql("DELETE FROM jobs_call WHERE starts_with(path, %s)", [f"{run}/late/"])


def terminate_backends(platform: Platform, run: str) -> None:
    """Row 6: every database connection cut, the server lives."""
    platform.sql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename <> %s",
        [SUPERUSER],
    )


def kill_valkey(platform: Platform, run: str) -> None:
    """Row 7: Valkey -9, back with its append-only file."""
    platform.valkey.kill()
    platform.valkey.restart()


def flush_valkey(platform: Platform, run: str) -> None:
    """Row 8: every message lost."""
    for _ in range(20):
        platform.stack.broker.flushall()
        time.sleep(0.05)


def take_valkey_away(platform: Platform, run: str) -> None:
    """Row 9: Valkey away until the worker noticed; new work is enqueued meanwhile."""
    (worker,) = platform.workers
    noticed = worker.output.count("Cannot connect to redis")
    platform.valkey.kill()
    platform.enqueue(f"{run}/meanwhile", 2)
    wait_until(lambda: worker.output.count("Cannot connect to redis") > noticed)
    platform.valkey.restart()
    wait_until(lambda: platform.statuses(f"{run}/meanwhile") == {"done": 2})
    assert worker.popen.poll() is None
    platform.sql("DELETE FROM jobs_call WHERE starts_with(path, %s)", [f"{run}/meanwhile/"])


def kill_beat(platform: Platform, run: str) -> None:
    """Row 10: beat -9 together with a job's worker, so that only its successor can return the job."""
    platform.beats.pop().kill()
    platform.kill_a_child(run)
    platform.add_beat()


def double_beat(platform: Platform, run: str) -> None:
    """Row 11: two beats, and a dead worker's job that both see."""
    platform.add_beat()
    platform.kill_a_child(run)


def terminate_worker(platform: Platform, run: str) -> None:
    """Row 13: deploy: SIGTERM with work in flight, which is finished or returned."""
    old = platform.workers.pop()
    platform.add_worker()
    assert old.stop() == 0


def double_messages(platform: Platform, run: str) -> None:
    """Row –: messages that wait doubled ten times, two workers."""
    platform.add_worker()
    for message in platform.stack.broker.lrange("celery", 0, -1) or []:
        for _ in range(10):
            platform.stack.broker.rpush("celery", message)


def kill_many_children(platform: Platform, run: str) -> None:
    """Row 2: several pool children -9, one after the other, each in the middle of a job."""
    for effects in range(UNDER_WAY, UNDER_WAY + 12, 4):
        platform.wait_for_effects(run, effects)
        platform.kill_a_child(run)


ROWS: list[Fault] = [
    kill_worker,
    kill_pool_child,
    freeze_worker,
    kill_postgres,
    terminate_backends,
    kill_valkey,
    flush_valkey,
    take_valkey_away,
    kill_beat,
    double_beat,
    terminate_worker,
    double_messages,
    kill_many_children,
]


@pytest.mark.parametrize("number", range(ROUNDS))
@pytest.mark.parametrize("strike", ROWS, ids=lambda fault: fault.__name__)
def test_fault(platform: Platform, strike: Fault, number: int) -> None:
    run = f"{strike.__name__}-{uuid.uuid4().hex[:6]}"
    platform.enqueue(run, JOBS)
    platform.wait_for_effects(run, UNDER_WAY)
    strike(platform, run)
    over = time.monotonic()
    lost, doubled = check_jobs(platform, run, JOBS)
    number_of_row, fault = read_row(strike)
    seconds = time.monotonic() - over
    test = f"test_fault[{strike.__name__}]"
    report(number_of_row, fault, test, lost=lost, doubled=doubled, seconds=seconds)


def test_one_lock_and_two_workers_one_of_which_dies(platform: Platform) -> None:
    run = f"lock-{uuid.uuid4().hex[:6]}"
    platform.add_worker()
    platform.enqueue(run, JOBS, lock="one")
    platform.wait_for_effects(run, UNDER_WAY)
    platform.kill_a_child(run)
    check_jobs(platform, run, JOBS)


def test_twins_that_are_enqueued_while_their_jobs_fail_and_die(platform: Platform) -> None:
    """At the end every job and every twin is done or merged, and no piece of work is in pieces."""
    run = f"twins-{uuid.uuid4().hex[:6]}"
    platform.add_worker()
    for _ in range(6):
        platform.enqueue(run, JOBS, kind="fail_between_pages")
        platform.wait_for_effects(run, 1)
        platform.kill_a_child(run)
    wait_until(lambda: set(platform.statuses(run)) == {"done"}, seconds=120)
    rows = platform.sql(
        """SELECT j.key, count(*) FILTER (WHERE j.reason_code <> 'merged'),
                  (SELECT count(*) FROM jobs_call c WHERE starts_with(c.path, j.key || '/'))
           FROM jobs_job j WHERE starts_with(j.key, %s) GROUP BY 1""",
        [f"{run}/"],
    )
    assert len(rows) == JOBS
    assert [effects for _, _, effects in rows] == [3 * done for _, done, _ in rows]


def test_poison_is_parked_after_three_crashes_and_the_healthy_are_done(platform: Platform) -> None:
    run, poison = f"healthy-{uuid.uuid4().hex[:6]}", f"poison-{uuid.uuid4().hex[:6]}"
    platform.enqueue(poison, 1, kind="kill_worker")
    platform.enqueue(run, JOBS)
    wait_until(lambda: platform.statuses(poison) == {"parked": 1}, seconds=120)
    assert platform.sql(
        "SELECT attempts, reason_code FROM jobs_job WHERE starts_with(key, %s)", [f"{poison}/"]
    ) == [(4, "us.crashed")]
    check_jobs(platform, run, JOBS)
