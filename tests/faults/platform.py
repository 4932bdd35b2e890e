"""A platform that may be shot at: its own PostgreSQL and Valkey, workers and beat."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psycopg2
import psycopg2.extensions

from jobs.queue import _ENQUEUE
from launcher import keys, roles
from launcher.postgres import Postgres
from launcher.valkey import Valkey
from tests.database import ROOT
from tests.faults.handlers import EFFECTS
from tests.processes import Process, Stack, wait_until

# Short, so that a dead worker is noticed within a test.
FAST = {
    "IDLE_TRANSACTION_SECONDS": "3",
    "JOB_LEASE_SECONDS": "1.5",
    "DISPATCH_SECONDS": "0.3",
    "JOB_RETRY_FIRST_SECONDS": "0.2",
}
COMPANIES = (1, 2)
SETTINGS = "tests.faults.settings"


class SkewableStack(Stack):
    """``skew_seconds``: how wrong the clocks of the processes are that are started from now on."""

    skew_seconds = 0

    def start(self, *arguments: str, **variables: str) -> Process:
        if self.skew_seconds:
            arguments = ("-m", "tests.faults.skewed", str(self.skew_seconds), *arguments[1:])
        return super().start(*arguments, **variables)


class Platform:
    """Started once for all faults; each fault leaves it running."""

    def __init__(self, directory: Path) -> None:
        self.secret = keys.load_or_create(directory / "keys.json")
        self.postgres = Postgres(
            directory / "postgres",
            passwords=self.secret,
            log=directory / "postgres.log",
            for_tests=True,
            # What was committed must survive the kill of the server.
            settings={"fsync": "on", "full_page_writes": "on"},
        )
        self.valkey = Valkey(
            directory / "valkey", password=self.secret["valkey"], log=directory / "valkey.log"
        )
        self.workers: list[Process] = []
        self.beats: list[Process] = []

    def start(self) -> None:
        self.postgres.start()
        self.valkey.start()
        self.variables = self.environment()
        subprocess.run(
            [sys.executable, "manage.py", "migrate", "--skip-checks", "--verbosity", "0"],
            cwd=ROOT,
            env={**os.environ, **self.variables, "DATABASE_ROLE": "owner"},
            check=True,
        )
        for company in COMPANIES:
            self.sql(
                """INSERT INTO accounts_organization (id, name, slug, cnpj, created_at)
                   VALUES (%s, %s, %s, %s, clock_now())""",
                [
                    company,
                    f"Loja {company}",
                    f"loja-{company}",
                    ["11222333000181", "11444777000161"][company - 1],
                ],
            )
        self.stack = SkewableStack(self.variables)
        self.stack.__enter__()
        self.add_worker()
        self.add_beat()

    def environment(self) -> dict[str, str]:
        """What every process of ours gets."""
        return {
            "DATABASE_URL": self.postgres.url(roles.APP),
            "DATABASE_OWNER_URL": self.postgres.url(roles.OWNER),
            "DATABASE_STAFF_URL": self.postgres.url(roles.STAFF),
            "REDIS_URL": self.valkey.url(),
            **FAST,
        }

    def stop(self) -> None:
        self.heal()
        self.stack.__exit__(None, None, None)
        self.valkey.stop()
        self.postgres.stop()

    def heal(self) -> None:
        """As a supervisor does: what died runs again, once."""
        if not self.postgres.is_running:
            self.postgres.restart()
        if not self.valkey.is_running:
            self.valkey.restart()
        self.workers = [worker for worker in self.workers if worker.popen.poll() is None]
        self.beats = [beat for beat in self.beats if beat.popen.poll() is None]
        for extra in (*self.workers[1:], *self.beats[1:]):
            extra.kill()
        del self.workers[1:], self.beats[1:]
        if not self.workers:
            self.add_worker()
        if not self.beats:
            self.add_beat()

    def add_worker(self, *, concurrency: int = 2) -> Process:
        self.workers.append(self.stack.start_worker(concurrency=concurrency, settings=SETTINGS))
        return self.workers[-1]

    def add_beat(self) -> Process:
        self.beats.append(self.stack.start_beat(settings=SETTINGS))
        return self.beats[-1]

    # --- work and what became of it ---

    def sql(self, statement: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """As the superuser of this cluster, committed at once."""
        connection = self.postgres.superuser().connect(roles.DATABASE)
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement, parameters)
                return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()

    def enqueue(self, run: str, count: int, *, kind: str = "write_pages", lock: str | None = None) -> None:
        """``count`` jobs of the fault ``run`` over both companies, by our own statement."""
        connection = psycopg2.connect(self.postgres.url(roles.APP))
        try:
            for number in range(count):
                company = COMPANIES[number % len(COMPANIES)]
                with connection, connection.cursor() as cursor:
                    cursor.execute("SELECT set_config('app.organization', %s, true)", [str(company)])
                    cursor.execute(
                        _ENQUEUE,
                        {
                            "organization": company,
                            "channel": f"erp:{number % 3}",
                            "kind": kind,
                            "key": f"{run}/{number}",
                            "lock": lock,
                            "priority": 50,
                            "payload": "{}",
                            "not_before": None,
                        },
                    )
        finally:
            connection.close()

    def statuses(self, run: str) -> dict[str, int]:
        rows = self.sql(
            "SELECT status, count(*) FROM jobs_job WHERE starts_with(key, %s) GROUP BY 1", [f"{run}/"]
        )
        return {status: int(count) for status, count in rows}

    def count_effects(self, run: str) -> int:
        rows = self.sql(
            "SELECT count(*) FROM jobs_call WHERE channel = %s AND starts_with(path, %s)",
            [EFFECTS, f"{run}/"],
        )
        return int(rows[0][0])

    def wait_for_effects(self, run: str, count: int) -> None:
        wait_until(lambda: self.count_effects(run) >= count)

    def running_children(self, run: str) -> list[int]:
        """Process ids of the pool children that hold a job of ``run`` now."""
        rows = self.sql(
            """SELECT a.worker FROM jobs_jobattempt a JOIN jobs_job j ON j.id = a.job_id AND j.lease = a.lease
               WHERE starts_with(j.key, %s) AND j.status = 'running'""",
            [f"{run}/"],
        )
        return [int(worker.rpartition(":")[2]) for (worker,) in rows]

    def kill_a_child(self, run: str) -> None:
        def kill() -> bool:
            for child in self.running_children(run):
                # One that died a moment ago still holds its job.
                with contextlib.suppress(ProcessLookupError):
                    os.kill(child, signal.SIGKILL)
                    return True
            return False

        wait_until(kill)
