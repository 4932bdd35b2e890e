"""The one checker: after every fault nothing is lost, nothing is doubled, nobody was needed.

I1 what was accepted is stored · I2 every job ends · I3 each effect exactly once · I4 nothing of one company
in another · I5 the account's limits hold · I6 no secret anywhere · I7 the web answers, or says 503 while the
database is away · I8 no human action. How long the backlog took is printed, not asserted.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from dataclasses import dataclass
from typing import Any

import psycopg2

from integrations import encryption
from launcher import roles
from tests.faults.handlers import EFFECTS, PAGES
from tests.faults.importing import (
    BURST_LIMIT,
    CANARY,
    READ_LIMIT,
    STRUCK,
    ImportPlatform,
    Scene,
    Seller,
    Visit,
    digits,
)
from tests.faults.platform import Platform
from tests.processes import wait_until

# A CPF, bare or with its punctuation, and no part of a longer number.
_CPF = re.compile(r"(?<!\d)\d{3}\.?\d{3}\.?\d{3}-?\d{2}(?!\d)")
SECRETS = ("client_secret", "access_token", "refresh_token")


@dataclass(frozen=True)
class Report:
    """A line of the table in docs/RELIABILITY.md."""

    row: str
    fault: str
    test: str
    lost: int
    doubled: int
    seconds: float


REPORTS: list[Report] = []


def report(row: str, fault: str, test: str, *, lost: int, doubled: int, seconds: float) -> None:
    REPORTS.append(Report(row, fault, test, lost, doubled, seconds))
    print(f"row {row}, {fault}: backlog empty after {seconds:.1f} s, {lost} lost, {doubled} doubled")


def read_row(strike: Any) -> tuple[str, str]:
    """The number of the catalogue's row and the fault, from a docstring «Row 4: …»."""
    number, _, fault = (strike.__doc__ or "").strip().partition(": ")
    return number.removeprefix("Row ").strip(), fault.splitlines()[0].rstrip(".")


# --- notifications ---


def check_receipts(kept: Counter[bytes], *, acknowledged: Counter[bytes], tried: Counter[bytes]) -> None:
    """I1: each post that was answered with 200 is stored byte for byte, and each at most once.

    A post that was not answered, or with anything else, may be stored: only the answer may have been lost.
    """
    lost, doubled = acknowledged - kept, kept - tried
    assert not lost, f"I1: {lost.total()} acknowledged and lost, as {next(iter(lost))!r}"
    assert not doubled, f"I1: {doubled.total()} stored that nobody sent, as {next(iter(doubled))!r}"
    assert acknowledged.total() > 0, "I1: a row in which nothing was told would prove nothing"


def list_bodies(seller: Seller) -> list[bytes]:
    """Of the notifications that a company was sent."""
    rows = seller.platform.sql(
        "SELECT body FROM webhooks_webhookreceipt WHERE organization_id = %s", [seller.id]
    )
    return [bytes(body) for (body,) in rows]


# --- jobs of the matrix ---


def check_jobs(platform: Platform, run: str, count: int) -> tuple[int, int]:
    """I2, I3 and I8 for ``count`` jobs that write effects, and no lock held by two. Lost and doubled."""
    wait_until(lambda: set(platform.statuses(run)) == {"done"}, seconds=120)
    effects = Counter(
        path
        for (path,) in platform.sql(
            "SELECT path FROM jobs_call WHERE channel = %s AND starts_with(path, %s)", [EFFECTS, f"{run}/"]
        )
    )
    wanted = {f"{run}/{n}/{page}" for n in range(count) for page in range(PAGES)}
    assert effects == Counter(wanted)
    assert platform.sql("SELECT count(*) FROM jobs_jobattempt WHERE outcome = ''") == [(0,)]
    overlaps = platform.sql(
        """SELECT a.job_id, b.job_id FROM jobs_jobattempt a JOIN jobs_job i ON i.id = a.job_id
           JOIN jobs_job j ON j.organization_id = i.organization_id AND j.channel = i.channel
               AND j.lock = i.lock
           JOIN jobs_jobattempt b ON b.job_id = j.id AND b.lease > a.lease
               AND b.started_at < a.finished_at
           WHERE starts_with(i.key, %s)""",
        [f"{run}/"],
    )
    assert overlaps == []
    return len(wanted - effects.keys()), effects.total() - len(effects)


# --- an import ---


def check_import(scene: Scene) -> tuple[int, int, float]:
    """I1 to I8 for both companies, once the fault is over. Lost, doubled, seconds until nothing waited."""
    platform = scene.platform
    scene.tiny.control("POST", "faults/clear")
    over = time.monotonic()
    try:
        scene.wait_for_polls()
    except AssertionError as error:
        raise AssertionError(f"I2: {describe_open_jobs(platform)}") from error
    seconds = time.monotonic() - over
    lost = doubled = 0
    for seller in (scene.struck, scene.canary):
        one_lost, one_doubled = _check_orders(seller, scene.deleted if seller is scene.struck else set())
        lost, doubled = lost + one_lost, doubled + one_doubled
    # What pages show now, and whether they still answer: a whole round, with both posts.
    scene.visitor.wait_for_visits(11)
    for visitor in scene.visitors:
        visitor.stop()
    _check_saves(scene)
    for seller in (scene.struck, scene.canary):
        _check_posts(scene, seller)
    _check_jobs_ended(scene)
    _check_walls(scene)
    for seller in (scene.struck, scene.canary):
        _check_limits(seller)
    _check_secrets(scene)
    _check_answers(scene)
    return lost, doubled, seconds


def describe_open_jobs(platform: ImportPlatform) -> list[tuple[Any, ...]]:
    return platform.sql(
        """SELECT j.organization_id, kind, status, j.reason_code, attempts, crashes, failures,
                  not_before - clock_now(), c.paused_code, c.breaker_until - clock_now()
           FROM jobs_job j LEFT JOIN jobs_channel c
               ON c.organization_id = j.organization_id AND c.name = j.channel
           WHERE status <> 'done' ORDER BY j.id"""
    )


def _check_saves(scene: Scene) -> None:
    """I1."""
    accepted = sum(visitor.saves_accepted for visitor in scene.visitors)
    tried = sum(visitor.saves_tried for visitor in scene.visitors)
    stored = scene.struck.count("history_historyentry", "code = 'integration.saved'")
    assert accepted <= stored <= tried, f"I1: {accepted} saves accepted, {stored} stored, {tried} tried"


def _check_posts(scene: Scene, seller: Seller) -> None:
    """I1, and I2 of notifications: each has been read."""
    wait_until(lambda: seller.count("webhooks_webhookreceipt", "state = 'received'") == 0)
    tried: Counter[bytes] = Counter()
    acknowledged: Counter[bytes] = Counter()
    for visitor in scene.visitors:
        tried += visitor.posts_tried[seller.id]
        acknowledged += visitor.posts_accepted[seller.id]
    # The company that nothing strikes has those of former rows, too.
    kept = Counter(body for body in list_bodies(seller) if body in tried)
    check_receipts(kept, acknowledged=acknowledged, tried=tried)


def _check_jobs_ended(scene: Scene) -> None:
    """I2 and I8: all are done, none waits for a person, and nobody connected more often than the row says."""
    for seller in (scene.struck, scene.canary):
        parked = seller.count("jobs_job", "status = 'parked'")
        assert parked == 0, f"I8: {describe_open_jobs(scene.platform)}"
        assert seller.state == "connected"
    connected = scene.struck.count("history_historyentry", "code = 'integration.connected'")
    assert connected == scene.connections, "I8"


def _check_orders(seller: Seller, deleted: set[str]) -> tuple[int, int]:
    """I3: the orders here are Tiny's, each once, with its numbers, its nota and one line of its import.

    A nota or a row that a poll has still to bring may take that poll.
    """

    def differ() -> list[str]:
        return [*_compare(seller, deleted)]

    try:
        wait_until(lambda: not differ(), seconds=60)
    except AssertionError as error:
        raise AssertionError(f"I3, {seller.name}: {differ()[:8]}") from error
    truth = {str(row["id"]) for row in seller.account.list_orders()}
    here = _references(seller)
    return len(truth - here.keys()), here.total() - len(here)


def _references(seller: Seller) -> Counter[str]:
    rows = seller.platform.sql(
        "SELECT external_id FROM orders_orderreference WHERE organization_id = %s", [seller.id]
    )
    return Counter(external_id for (external_id,) in rows)


def _compare(seller: Seller, deleted: set[str]) -> list[str]:
    platform = seller.platform
    truth = {str(row["id"]): row for row in seller.account.list_orders()}
    rows = platform.sql(
        """SELECT r.external_id, o.number, o.erp_number,
                  (SELECT array_agg(i.access_key) FROM orders_invoice i WHERE i.order_id = o.id),
                  (SELECT count(*) FROM history_historyentry h WHERE h.organization_id = o.organization_id
                       AND h.subject_kind = 'order' AND h.subject_id = o.id AND h.code = 'order.imported'),
                  (SELECT count(*) FROM history_historyentry h WHERE h.organization_id = o.organization_id
                       AND h.subject_kind = 'order' AND h.subject_id = o.id
                       AND h.code = 'order.invoice_received')
           FROM orders_order o LEFT JOIN orders_orderreference r ON r.order_id = o.id
           WHERE o.organization_id = %s""",
        [seller.id],
    )
    here = Counter(row[0] for row in rows)
    differences = [f"doubled: {external_id}" for external_id, times in here.items() if times > 1]
    differences += [f"lost: {external_id}" for external_id in sorted(truth.keys() - here.keys())]
    differences += [f"foreign: {external_id}" for external_id in here.keys() - truth.keys() - deleted]
    if len({number for _, number, *_ in rows}) != len(rows):
        differences.append("a number of ours was given twice")
    for external_id, _, erp_number, keys, imported, received in rows:
        if imported != 1:
            differences.append(f"{external_id} has {imported} lines of its import")
        if external_id in truth:
            row = truth[external_id]
            key = row["chaveAcesso"]
            if erp_number != str(row["numero"]):
                differences.append(f"{external_id} is number {erp_number}, not {row['numero']}")
            if (keys or []) != ([key] if key else []) or received != bool(key):
                differences.append(f"{external_id} has notas {keys} in {received} lines")
    return differences


def _check_walls(scene: Scene) -> None:
    """I4: neither the app's role nor a page shows one company what is another's."""
    platform = scene.platform
    tables = [
        name
        for (name,) in platform.sql(
            """SELECT table_name FROM information_schema.columns
               WHERE table_schema = 'public' AND column_name = 'organization_id'"""
        )
    ]
    assert "orders_order" in tables
    connection = psycopg2.connect(platform.postgres.url(roles.APP))
    try:
        for here in (scene.struck.id, scene.canary.id, None):
            with connection, connection.cursor() as cursor:
                cursor.execute("SELECT set_config('app.organization', %s, true)", [str(here or "")])
                for table in tables:
                    cursor.execute(
                        f"SELECT count(*) FROM {table} WHERE organization_id IS DISTINCT FROM %s", [here]
                    )
                    assert cursor.fetchone() == (0,), f"I4: {table} of another company, seen by {here}"
    finally:
        connection.close()
    for visitor in scene.visitors:
        for seller, foreign in ((scene.struck, CANARY), (scene.canary, STRUCK)):
            shown = visitor.bodies[seller.slug]
            assert not any(foreign in body for body in shown), f"I4: a page shows {foreign}"
            # The check would be empty if pages said nothing.
            assert visitor is not scene.visitor or any(seller.name in body for body in shown)


def _check_limits(seller: Seller) -> None:
    """I5: Tiny refused nothing of ours, and counted no more calls than the account may make."""
    counters = seller.account.tiny.control("GET", f"accounts/{seller.account.id}/counters")
    assert set(counters["refused"].values()) == {0}, f"I5: {counters}"
    assert counters["busiest"]["reads_per_minute"] <= READ_LIMIT
    assert counters["busiest"]["calls_per_second"] <= BURST_LIMIT


def _check_secrets(scene: Scene) -> None:
    """I6: neither the logs of our processes, recorded calls nor pages hold a secret or a buyer's CPF.

    In the whole database there is no secret in plain text.
    """
    platform = scene.platform
    secrets: set[str] = set()
    people: set[str] = set()
    for seller in (scene.struck, scene.canary):
        rows = platform.sql(
            f"SELECT {', '.join(SECRETS)} FROM integrations_credential WHERE organization_id = %s",
            [seller.id],
        )
        for name, sealed in zip(SECRETS, rows[0], strict=True):
            secrets.add(encryption.decrypt(sealed, organization_id=seller.id, field=name))
        secrets |= {seller.app["client_secret"], seller.hook.split("/")[-2]}
        people |= {digits(row["cpfCnpj"]) for row in seller.account.list_orders()}
    people = {document for document in people if len(document) == 11}
    # Else nothing would be looked for.
    assert len(secrets) >= 6, secrets
    assert any(secret.startswith("eyJ") for secret in secrets)
    assert people
    ((calls,),) = platform.sql("SELECT coalesce(string_agg(t::text, chr(10)), '') FROM jobs_call t")
    shown = {"recorded calls": calls}
    shown |= {
        f"log of {' '.join(process.command[1:6])}": process.output for process in platform.stack.processes
    }
    for visitor in scene.visitors:
        shown |= {f"pages of {slug}": "\n".join(bodies) for slug, bodies in visitor.bodies.items()}
    for where, text in shown.items():
        assert not any(secret in text for secret in secrets), f"I6: a secret in {where}"
        found = people & {digits(match) for match in _CPF.findall(text)}
        assert not found, f"I6: a CPF in {where}"
    tables = platform.sql("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    for (table,) in tables:
        for secret in secrets:
            rows = platform.sql(f"SELECT count(*) FROM {table} t WHERE strpos(t::text, %s) > 0", [secret])
            assert rows == [(0,)], f"I6: a secret in plain text in {table}"


def _check_answers(scene: Scene) -> None:
    """I7: pages, redirects and 404; 503 only while the database was away, silence only while the web was."""
    absences = [absence for absence in scene.platform.absences if absence.ended >= scene.began]

    def is_excused(visit: Visit) -> bool:
        part = {503: "database", 0: "web"}.get(visit.status)
        return any(
            absence.part == part and visit.began <= absence.ended and visit.ended >= absence.began
            for absence in absences
        )

    visits = [visit for visitor in scene.visitors for visit in visitor.visits]
    odd = [
        visit
        for visit in visits
        if not (200 <= visit.status < 400 or visit.status == 404 or is_excused(visit))
    ]
    assert not odd, f"I7: {odd[:5]}"
    for visit in visits:
        if visit.path.startswith("/o/") and not visit.path.startswith(f"/o/{visit.who}/"):
            assert visit.status == 404 or is_excused(visit), f"I4: {visit}"
    # A row in which nobody looked would prove nothing.
    assert {visit.who for visit in visits if visit.status == 200} == {scene.struck.slug, scene.canary.slug}
