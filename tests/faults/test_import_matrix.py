"""One fault a row over a real import of two companies, one of which nothing strikes; then the one checker.

Each row is named by its number in the catalogue. A fault strikes when the import is under way and ends by
itself or by what a supervisor does; rows that a person must end say so (``scene.connections``).
"""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import psycopg2
import psycopg2.extensions
import pytest

from accounts.clock import SAO_PAULO
from launcher import roles
from launcher.keys import SUPERUSER
from tests.faults.importing import (
    CLOSED,
    DETAIL,
    LIST,
    NOTES,
    OPEN,
    POLL_SECONDS,
    TOKEN,
    ImportPlatform,
    Scene,
)
from tests.faults.invariants import check_import, read_row, report
from tests.processes import wait_until

ROUNDS = int(os.environ.get("FAULT_ROUNDS", "1"))
ALL = CLOSED + OPEN
DATABASE_AWAY = "us.database_away"
# The first page always stands, also when a busy machine needs two attempts for it.
SECOND_PAGE = {"offset": "100"}
Strike = Callable[[Scene], None]


# --- our own processes and servers ---


def kill_web(scene: Scene) -> None:
    """Row 4: web -9 while pages and forms are under way; its supervisor starts it again."""
    scene.connect_and_wait()
    for _ in range(3):
        scene.add_visitor(pause=0)
    scene.visitors[-1].wait_for_visits(10)
    with scene.platform.absence("web"):
        scene.platform.webs[-1].kill()
        scene.platform.add_web()
    scene.visitors[-1].wait_for_visits(10)


def kill_postgres(scene: Scene) -> None:
    """Row 5: PostgreSQL -9 in mid-import; web, worker and beat connect again by themselves."""
    scene.connect_and_wait()
    with scene.platform.absence("database"):
        scene.platform.postgres.kill()
        scene.visitor.wait_for_visits(3)
        scene.platform.postgres.restart()


def restart_postgres(scene: Scene) -> None:
    """Row 6: PostgreSQL stopped and started in mid-import."""
    scene.connect_and_wait()
    with scene.platform.absence("database"):
        scene.platform.postgres.restart()


def terminate_backends(scene: Scene) -> None:
    """Row 6: every database connection cut in mid-import, three times."""
    scene.connect_and_wait()
    for _ in range(3):
        cut_connections(scene.platform)
        scene.visitor.wait_for_visits(2)


def cut_connections(platform: ImportPlatform) -> None:
    with platform.absence("database"):
        platform.sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename <> %s", [SUPERUSER]
        )


def fill_disk(scene: Scene) -> None:
    """Row 12: the disk under PostgreSQL's tables is full, then has room again."""
    platform = scene.platform
    with small_disk(platform) as disk:
        scene.connect_and_wait()
        ballast = disk / "ballast"
        errors = count_in_log(platform, "No space left on device")
        with platform.absence("database"):
            fill(ballast)
            scene.canary.account.add_orders(count=100, situacoes=[6], with_invoices=True, since_days=1)
            wait_until(lambda: count_in_log(platform, "No space left on device") >= errors + 3)
            scene.visitor.wait_for_visits(8)
            ballast.unlink()
        scene.wait_for_polls()


@contextmanager
def small_disk(platform: ImportPlatform) -> Iterator[Path]:
    """All tables and their indexes on a file system of their own. Skips where none may be mounted."""
    disk = platform.postgres.folder / "small"
    disk.mkdir(exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", "size=256m,mode=0700", "tmpfs", str(disk)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a full disk needs a file system of its own, and only root may mount one")
    try:
        space = disk / "space"
        space.mkdir()
        account = platform.postgres.account
        assert account is not None
        for path in (disk, space):
            os.chown(path, account.uid, account.gid)
        platform.sql("DROP TABLESPACE IF EXISTS small")
        platform.sql(f"CREATE TABLESPACE small LOCATION '{space}'")
        # Whoever wants a table that is being moved waits in vain: that is ours, and not the disk's fault.
        with platform.absence("database"):
            move_tables(platform, "pg_default", "small")
        try:
            yield disk
        finally:
            (disk / "ballast").unlink(missing_ok=True)
            with platform.absence("database"):
                move_tables(platform, "small", "pg_default")
            platform.sql("DROP TABLESPACE small")
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)


def move_tables(platform: ImportPlatform, source: str, target: str) -> None:
    def move() -> bool:
        try:
            for kind in ("TABLE", "INDEX"):
                platform.sql(f"ALTER {kind} ALL IN TABLESPACE {source} SET TABLESPACE {target}")
        except psycopg2.OperationalError:
            # In the way of a worker, or a worker in ours.
            return False
        return True

    wait_until(move)


def fill(path: Path) -> None:
    """To the last byte."""
    with path.open("wb", buffering=0) as file:
        for size in (1 << 20, 1 << 12, 1):
            try:
                while file.write(bytes(size)) == size:
                    pass
            except OSError:
                continue


def count_in_log(platform: ImportPlatform, text: str) -> int:
    return platform.postgres.log.read_text(errors="replace").count(text)


# --- locks ---


@contextmanager
def setting_of_app(scene: Scene, name: str, value: str) -> Iterator[None]:
    """A setting of PostgreSQL for all processes of ours, which connect anew for it."""
    platform = scene.platform
    platform.sql(f"ALTER ROLE {roles.APP} SET {name} = %s", [value])
    cut_connections(platform)
    try:
        yield
    finally:
        platform.sql(f"ALTER ROLE {roles.APP} RESET {name}")
        cut_connections(platform)


@contextmanager
def saboteur(platform: ImportPlatform) -> Iterator[psycopg2.extensions.cursor]:
    """A second connection, in a transaction until the end of the block."""
    connection = platform.postgres.superuser().connect(roles.DATABASE)
    connection.autocommit = False
    try:
        with connection.cursor() as cursor:
            # A deadlock is found by whoever began to wait first: the worker.
            cursor.execute("SET deadlock_timeout = '5s'")
            yield cursor
    finally:
        connection.rollback()
        connection.close()


def time_out_on_locks(scene: Scene) -> None:
    """Row 15: lock timeouts on rows that the worker needs."""
    with setting_of_app(scene, "lock_timeout", "150ms"):
        scene.connect_and_wait()
        with saboteur(scene.platform) as cursor:
            cursor.execute(
                "SELECT FROM orders_ordercounter WHERE organization_id = %s FOR UPDATE", [scene.struck.id]
            )
            before = count_in_log(scene.platform, "due to lock timeout")
            wait_until(lambda: count_in_log(scene.platform, "due to lock timeout") >= before + 3)
            scene.canary_receives()
        scene.wait_until_felt(DATABASE_AWAY, 1)


def deadlock(scene: Scene) -> None:
    """Row 15: a deadlock with a transaction that takes the worker's rows in the other order."""
    platform, struck = scene.platform, scene.struck
    scene.slow_down(1500)
    struck.connect()
    before = count_in_log(platform, "deadlock detected")

    def meet() -> bool:
        with saboteur(platform) as cursor:
            # While a page is asked for: the worker will give numbers to its orders, then save its step.
            cursor.execute(
                """SELECT FROM jobs_job WHERE organization_id = %s AND kind = 'pull_orders'
                   AND status = 'running' FOR NO KEY UPDATE""",
                [struck.id],
            )
            if cursor.rowcount != 1:
                return False
            try:
                wait_until(
                    lambda: is_worker_waiting(platform) or not struck.count("jobs_job", RUNNING), seconds=15
                )
            except AssertionError:
                # On a busy machine it was taken for dead meanwhile, and does not come: the next one will.
                return False
            cursor.execute(
                "SELECT FROM orders_ordercounter WHERE organization_id = %s FOR UPDATE", [struck.id]
            )
        return count_in_log(platform, "deadlock detected") > before

    wait_until(lambda: struck.count_orders() >= 100)
    wait_until(meet)
    scene.wait_until_felt(DATABASE_AWAY, 1)


RUNNING = "kind = 'pull_orders' AND status = 'running'"


def is_worker_waiting(platform: ImportPlatform) -> bool:
    """For a row, with rows of its own: not its heartbeat, which has none."""
    rows = platform.sql(
        """SELECT pid FROM pg_stat_activity
           WHERE usename = %s AND wait_event_type = 'Lock' AND backend_xid IS NOT NULL
             AND query LIKE '%%jobs_job%%'""",
        [roles.APP],
    )
    return bool(rows)


def fail_to_serialize(scene: Scene) -> None:
    """Row 15: serialization errors: another transaction changes the worker's rows first."""
    platform, struck = scene.platform, scene.struck
    # Our own level, read committed, has none; web pages have no second try at this one, so they are excused.
    with (
        platform.absence("database"),
        setting_of_app(scene, "default_transaction_isolation", "repeatable read"),
    ):
        scene.connect_and_wait()
        before = count_in_log(platform, "could not serialize access")

        def disturb() -> bool:
            platform.sql("UPDATE orders_ordercounter SET last = last WHERE organization_id = %s", [struck.id])
            platform.sql(
                "UPDATE jobs_job SET key = key WHERE organization_id = %s AND status = 'running'", [struck.id]
            )
            return count_in_log(platform, "could not serialize access") >= before + 3

        wait_until(disturb)


# --- Tiny fails ---


def suffer(scene: Scene, reason: str, **fault: Any) -> None:
    """The second page of the list fails until it was felt, then notas and details twice each.

    Meanwhile the other company's orders arrive: the breaker is of one account.
    """
    laid = scene.lay(LIST, times=None, parameters=SECOND_PAGE, **fault)
    for route in (NOTES, DETAIL):
        scene.lay(route, times=2, **fault)
    scene.struck.connect()
    scene.wait_until_felt(reason)
    # No page was applied by half.
    assert scene.struck.count_orders() == 100
    scene.canary_receives()
    scene.lift(laid)


def answer_500(scene: Scene) -> None:
    """Row 16: Tiny answers 500, twenty times and more."""
    laid = scene.lay(LIST, times=None, parameters=SECOND_PAGE, preset="error_500")
    scene.struck.connect()
    wait_until(lambda: sum(status == 500 for status, _ in scene.struck.call_statuses(LIST)) >= 20)
    assert scene.struck.count_orders() == 100
    scene.canary_receives()
    scene.lift(laid)


def answer_html_200(scene: Scene) -> None:
    """Row 17: a page of HTML with 200."""
    suffer(scene, "tiny.unreadable_answer", preset="html_200")


def answer_html_502(scene: Scene) -> None:
    """Row 17: a page of HTML with 502."""
    suffer(scene, "tiny.unstable", preset="html_502")


def truncate(scene: Scene) -> None:
    """Row 18: JSON cut off."""
    suffer(scene, "tiny.unreadable_answer", preset="truncated")


def break_off(scene: Scene) -> None:
    """Row 18: the connection ends in the middle of an answer."""
    suffer(scene, "http.interrupted", preset="broken_off")


def answer_empty(scene: Scene) -> None:
    """Row 19: 204 without a body in the middle of the lists, and for an order."""
    for route in (LIST, NOTES):
        scene.lay(route, after=1, preset="empty_204")
    scene.lay(DETAIL, times=2, preset="empty_204")
    scene.struck.connect()
    wait_until(lambda: scene.struck.count_orders() == ALL)


def answer_empty_from_the_start(scene: Scene) -> None:
    """Row 19: 204 for every list until several polls believed it; the hourly sweep finds all."""
    laid = [scene.lay(route, times=None, preset="empty_204") for route in (LIST, NOTES)]
    scene.struck.connect()
    wait_until(lambda: scene.struck.count("jobs_job", "kind = 'pull_orders' AND status = 'done'") >= 3)
    for fault in laid:
        scene.lift(fault)
    scene.platform.call_schedule(scene.struck, "sweep_orders")
    wait_until(lambda: scene.struck.count_orders() == ALL)


def change_content_type(scene: Scene) -> None:
    """Row 20: JSON under another content type, all the time: it is read."""
    scene.lay("*", times=None, content_type="text/html; charset=iso-8859-1")
    scene.struck.connect()
    wait_until(lambda: scene.struck.count_orders() == ALL)
    scene.wait_for_polls()


def send_slowly(scene: Scene) -> None:
    """Row 21: one byte a second: the deadline of the whole answer ends it."""
    suffer(scene, "http.timeout", preset="slow_bytes")


def refuse_connections(scene: Scene) -> None:
    """Row 22: Tiny refuses connections."""
    scene.connect_and_wait()
    scene.tiny.kill()
    scene.wait_until_felt("http.unreachable")
    scene.tiny.launch()


def hang(scene: Scene) -> None:
    """Row 22: Tiny accepts connections and never answers."""
    scene.connect_and_wait()
    with scene.tiny.frozen():
        scene.wait_until_felt("http.timeout")


def refuse_for_quota(scene: Scene) -> None:
    """Row 23: 429 with headers, on every route: no call until Reset."""
    scene.connect_and_finish()
    headers = {"X-Ratelimit-Limit": "300", "X-Ratelimit-Remaining": "0", "X-Ratelimit-Reset": "3"}
    for route in (LIST, NOTES, DETAIL):
        scene.lay(route, status=429, headers=headers)
    scene.struck.account.add_orders(count=6, situacoes=[1, 7, 5], with_invoices=True, since_days=1)
    scene.canary_receives()
    wait_until(lambda: len(find_quiet_times(scene)) == 3)
    assert all(quiet >= 3 for quiet in find_quiet_times(scene)), find_quiet_times(scene)


def refuse_without_headers(scene: Scene) -> None:
    """Row 24: 429 without headers: no call for the minute that is assumed."""
    scene.connect_and_finish()
    scene.lay(LIST, preset="quota_429_bare")
    scene.wait_until_felt("tiny.rate_limited", 1)
    scene.canary_receives()
    scene.platform.move_clock(dt.timedelta(seconds=61))
    wait_until(lambda: len(find_quiet_times(scene)) == 1)
    assert find_quiet_times(scene)[0] >= 60


def find_quiet_times(scene: Scene) -> list[float]:
    """Seconds from each 429 of the struck account to its next call, as Tiny saw them."""
    calls = scene.struck.call_statuses("*")
    return [
        (after - moment).total_seconds() for (status, moment), (_, after) in pairwise(calls) if status == 429
    ]


# --- Tiny's lists and orders ---


def shift_pages(scene: Scene) -> None:
    """Row 25: rows come, go and are shown twice between two pages."""
    for after, shift in enumerate(["insert_before", "delete_before", "duplicate_row"]):
        scene.lay(LIST, after=after, shift=shift)
    scene.struck.connect()
    _, deletion, _ = wait_for_effects(scene)
    scene.deleted = {str(deletion["id"])}


def wait_for_effects(scene: Scene) -> list[dict[str, Any]]:
    """What each laid shift did, in the order in which they were laid."""

    def find() -> list[dict[str, Any]]:
        faults = scene.tiny.control("GET", "faults")
        return [fault["effects"][0] for fault in faults] if all(f["effects"] for f in faults) else []

    return list(wait_until(find))


def double_notas(scene: Scene) -> None:
    """Row 25: the list of notas shows rows twice."""
    for after in range(3):
        scene.lay(NOTES, after=after, shift="duplicate_row")
    scene.struck.connect()
    wait_for_effects(scene)


def ignore_offset(scene: Scene) -> None:
    """Row 26: the same page for ever: it stops and says so; the hourly sweep finds the rest."""
    scene.struck.account.add_orders(count=100, situacoes=[6], with_invoices=True, since_days=1)
    laid = [scene.lay(route, times=None, preset="same_page") for route in (LIST, NOTES)]
    scene.struck.connect()
    wait_until(lambda: scene.struck.count("history_historyentry", "code = 'orders.list_repeats'"))
    # Two pages for each reading, and not more.
    calls = scene.struck.call_statuses(LIST)
    polls = scene.struck.count("jobs_job", "kind = 'pull_orders'")
    assert len(calls) <= 2 * polls + 2
    for fault in laid:
        scene.lift(fault)
    scene.platform.call_schedule(scene.struck, "sweep_orders")
    wait_until(lambda: scene.struck.count_orders() == ALL + 100)


def ignore_filters_and_limit(scene: Scene) -> None:
    """Row 26: filters are ignored and pages are smaller than asked for, all the time."""
    for route in (LIST, NOTES):
        scene.lay(route, times=None, preset="no_filters")
        scene.lay(route, times=None, page_limit=70)
    scene.struck.connect()
    wait_until(lambda: scene.struck.count_orders() == ALL)
    scene.wait_for_polls()


def delete_and_recycle(scene: Scene) -> None:
    """Row 27: the newest order is deleted and its number given to another one."""
    scene.connect_and_finish()
    struck = scene.struck
    newest = struck.account.list_orders()[-1]
    struck.account.change_order(newest["id"], delete=True)
    (other,) = struck.account.add_orders(situacao=1, nota=True)
    assert other["numero"] == newest["numero"]
    scene.deleted = {str(newest["id"])}
    wait_until(lambda: struck.count_orders() == ALL + 1)
    scene.platform.call_schedule(struck, "sweep_orders")
    gone = "external_id = %s AND deleted_at IS NOT NULL"
    wait_until(lambda: struck.count("orders_orderreference", gone, str(newest["id"])))
    # Two orders of one number, and each kept its own nota.
    assert struck.count("orders_order", "erp_number = %s", str(newest["numero"])) == 2
    keys = [newest["chaveAcesso"], other["chaveAcesso"]]
    wait_until(lambda: struck.count("orders_invoice", "access_key = ANY(%s)", keys) == 2)


# --- tokens ---


def expire_access(scene: Scene) -> None:
    """Row 29: the access token dies early, in mid-import: one renewal."""
    scene.connect_and_wait()
    scene.struck.spoil_tokens("expire_access")
    wait_until(lambda: scene.struck.count_orders() == ALL)
    assert scene.struck.token_calls() == {"ok": 1}


def renew_in_crowds(scene: Scene) -> None:
    """Row 30: eight worker processes need the dead token at once: one call to the token endpoint."""
    scene.connect_and_finish()
    platform, struck = scene.platform, scene.struck
    platform.workers.pop().kill()
    platform.sql("UPDATE orders_orderreference SET details_hash = '' WHERE organization_id = %s", [struck.id])
    for number in range(1, 13):
        struck.read_page(f"pedidos/{number}/")
    waiting = "kind = 'complete_order' AND status = 'pending'"
    assert struck.count("jobs_job", waiting) == 12
    struck.spoil_tokens("expire_access")
    scene.lay(TOKEN, delay_ms=1000)
    for _ in range(2):
        platform.add_worker(concurrency=4)
    wait_until(lambda: not struck.count("jobs_job", waiting))
    assert struck.token_calls() == {"ok": 1}


def lose_token_answer(scene: Scene) -> None:
    """Row 31: the answer of a renewal is lost: «desconectado» with its reason; a person connects again."""
    scene.connect_and_wait()
    scene.lay(TOKEN, drop_after=True)
    scene.struck.spoil_tokens("expire_access")
    expect_disconnection(scene, "integration.renewal_lost")
    assert scene.struck.count("integrations_credential", "lost_grants = 1") == 1
    connect_again(scene)


def revoke(scene: Scene) -> None:
    """Row 32: the authorisation is revoked at Tiny: «desconectado»; a person connects again."""
    scene.connect_and_wait()
    scene.struck.spoil_tokens("revoke")
    scene.struck.spoil_tokens("expire_access")
    expect_disconnection(scene, "tiny.refresh_refused")
    connect_again(scene)


def expect_disconnection(scene: Scene, reason: str) -> None:
    """Said on every page, nothing parked, the work kept."""
    struck = scene.struck
    began = time.monotonic()
    wait_until(lambda: struck.state == "disconnected")
    print(f"said to be disconnected after {time.monotonic() - began:.1f} s")
    assert struck.reason == reason
    for path in ("pedidos/", "erros/", "integracoes/erp/nativos/"):
        assert "está desconectado." in struck.read_page(path)
    assert struck.count("jobs_job", "status = 'parked'") == 0
    assert struck.count("jobs_job", "kind = 'pull_orders' AND status = 'pending'") == 1
    # What was under way at that moment ends; «Testar», which begins with a connection, is not the import's.
    under_way = "(status = 'running' OR (status = 'pending' AND kind = 'test_connection'))"
    wait_until(lambda: not struck.count("jobs_job", under_way))
    calls = len(struck.call_statuses("*"))
    scene.canary_receives()
    # Nothing is tried meanwhile, and what came until then stays.
    assert len(struck.call_statuses("*")) == calls
    assert struck.count_orders() >= 100


def connect_again(scene: Scene) -> None:
    scene.struck.connect_again()
    scene.connections += 1
    wait_until(lambda: scene.struck.count_orders() == ALL)


def fail_at_token_endpoint(scene: Scene) -> None:
    """Row 33: the token endpoint answers 503 for two hours, past the token's end: still connected."""
    scene.connect_and_finish()
    struck = scene.struck
    laid = scene.lay(TOKEN, times=None, status=503)
    failed = 0
    for _ in range(3):
        scene.platform.move_clock(dt.timedelta(minutes=60))
    for _ in range(4):
        scene.platform.move_clock(dt.timedelta(minutes=30))
        failed = sum(struck.token_calls().values())
        wait_until(lambda failed=failed: sum(struck.token_calls().values()) >= failed + 2)
        assert struck.state == "connected"
    struck.account.add_orders(count=5, situacoes=[6], with_invoices=True, since_days=1)
    scene.canary_receives()
    assert struck.count_orders() == ALL
    assert struck.count("jobs_job", "status = 'parked'") == 0
    scene.lift(laid)
    wait_until(lambda: struck.count_orders() == ALL + 5)
    assert set(struck.token_calls()) == {"fault 503", "ok"}


def keep_refresh_token(scene: Scene) -> None:
    """Row 34: a renewal brings no new refresh token: the old one holds on."""
    scene.connect_and_wait()
    body = {"access_token": "not-known-at-tiny", "expires_in": 14400}
    scene.lay(TOKEN, status=200, body=body)
    scene.struck.spoil_tokens("expire_access")
    # What was answered is refused by Tiny, so that the kept refresh token is needed at once.
    wait_until(lambda: scene.struck.token_calls() == {"fault 200": 1, "ok": 1})
    wait_until(lambda: scene.struck.count_orders() == ALL)


def forget_lifetime(scene: Scene) -> None:
    """Row 35: expires_in 0, then absent: four hours are assumed, with a warning in the log."""
    scene.connect_and_wait()
    warning = f"integration {scene.struck.integration_id}: tiny.token_lifetime_missing"

    def warnings() -> int:
        return sum(process.output.count(warning) for process in scene.platform.stack.processes)

    for number, fault in enumerate([{"preset": "no_lifetime"}, {"remove": ["expires_in"]}], start=1):
        scene.lay(TOKEN, **fault)
        scene.struck.spoil_tokens("expire_access")
        wait_until(lambda number=number: scene.struck.token_calls() == {"ok": number})
        wait_until(lambda number=number: warnings() == number)
        # No call may be in between, whose new token would then die as well: that is a missing permission.
        scene.wait_for_polls()
    four_hours = "access_expires_at = renewed_at + interval '4 hours'"
    assert scene.struck.count("integrations_credential", four_hours) == 1
    wait_until(lambda: scene.struck.count_orders() == ALL)


# --- clocks ---


def skew_processes(scene: Scene) -> None:
    """Row 36: worker ten minutes ahead, web and beat ten minutes behind, then the other way round."""
    try:
        for worker, others in ((600, -600), (-600, 600)):
            restart_with_clocks(scene.platform, worker, others)
            if worker > 0:
                scene.struck.connect()
            receive_more(scene)
    finally:
        restart_with_clocks(scene.platform, 0, 0)


def receive_more(scene: Scene) -> None:
    """New orders of both companies arrive."""
    scene.struck.account.add_orders(count=5, situacoes=[6], with_invoices=True, since_days=1)
    count = len(scene.struck.account.list_orders())
    wait_until(lambda: scene.struck.count_orders() == count)
    scene.canary_receives()


def restart_with_clocks(platform: ImportPlatform, worker: int, others: int) -> None:
    """Our processes anew, their clocks wrong by so many seconds."""
    for process in (platform.workers.pop(), platform.beats.pop()):
        process.stop()
    platform.stack.skew_seconds = others
    with platform.absence("web"):
        platform.webs.pop().kill()
        platform.add_web()
    platform.add_beat()
    platform.stack.skew_seconds = worker
    platform.add_worker()
    platform.stack.skew_seconds = 0


def skew_tiny(scene: Scene) -> None:
    """Row 36: Tiny's clock ten minutes ahead of ours, then ten minutes behind."""
    for seconds in (600, -1200):
        scene.tiny.control("POST", "clock", {"advance_seconds": seconds})
        if seconds > 0:
            scene.struck.connect()
        receive_more(scene)
    scene.tiny.control("POST", "clock", {"advance_seconds": 600})


def pass_midnight(scene: Scene) -> None:
    """Row 36: midnight in São Paulo passes in mid-import: no poll missed, none doubled."""
    platform, struck = scene.platform, scene.struck
    scene.connect_and_finish()
    until_midnight = dt.timedelta(days=1) - since_midnight(platform) - dt.timedelta(seconds=4)
    # By a few hours at a time, as tokens live: at each step both accesses are renewed.
    while until_midnight > dt.timedelta(0):
        step = min(until_midnight, dt.timedelta(hours=8))
        before = platform.now()
        platform.move_clock(step)
        until_midnight -= step
        if step > dt.timedelta(hours=3):
            for seller in (struck, scene.canary):
                wait_until(
                    lambda seller=seller, at=before: seller.count(
                        "integrations_credential", "renewed_at > %s", at
                    )
                )
    began, polls = platform.now(), count_polls(scene)
    assert since_midnight(platform) > dt.timedelta(hours=23), "midnight passed before it was watched"
    expected = ALL
    while since_midnight(platform) > dt.timedelta(hours=12) or expected == ALL:
        struck.account.add_orders(count=1, situacoes=[6], with_invoices=True, since_days=1)
        expected += 1
        wait_until(lambda count=expected: struck.count_orders() == count)
    scene.canary_receives()
    seconds = (platform.now() - began).total_seconds()
    assert count_polls(scene) - polls <= seconds / POLL_SECONDS + 1


def since_midnight(platform: ImportPlatform) -> dt.timedelta:
    local = platform.now().astimezone(SAO_PAULO)
    return local - local.replace(hour=0, minute=0, second=0, microsecond=0)


def count_polls(scene: Scene) -> int:
    return scene.struck.count("jobs_job", "kind = 'pull_orders'")


ROWS: list[Strike] = [
    kill_web,
    kill_postgres,
    restart_postgres,
    terminate_backends,
    fill_disk,
    time_out_on_locks,
    deadlock,
    fail_to_serialize,
    answer_500,
    answer_html_200,
    answer_html_502,
    truncate,
    break_off,
    answer_empty,
    answer_empty_from_the_start,
    change_content_type,
    send_slowly,
    refuse_connections,
    hang,
    refuse_for_quota,
    refuse_without_headers,
    shift_pages,
    double_notas,
    ignore_offset,
    ignore_filters_and_limit,
    delete_and_recycle,
    expire_access,
    renew_in_crowds,
    lose_token_answer,
    revoke,
    fail_at_token_endpoint,
    keep_refresh_token,
    forget_lifetime,
    skew_processes,
    skew_tiny,
    pass_midnight,
]


@pytest.mark.slow
@pytest.mark.parametrize("number", range(ROUNDS))
@pytest.mark.parametrize("strike", ROWS, ids=lambda row: row.__name__)
def test_import_survives(import_platform: ImportPlatform, strike: Strike, number: int) -> None:
    with Scene(import_platform) as scene:
        strike(scene)
        lost, doubled, seconds = check_import(scene)
    row, fault = read_row(strike)
    test = f"test_import_survives[{strike.__name__}]"
    report(row, fault, test, lost=lost, doubled=doubled, seconds=seconds)
