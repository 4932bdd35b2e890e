"""One clock for web, worker and SQL; only the owner role moves it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.db import ProgrammingError, connection, transaction

from accounts import clock
from tests.database import connect, run_sql

pytestmark = pytest.mark.django_db(transaction=True)

HOUR = dt.timedelta(hours=1)


def difference() -> dt.timedelta:
    """Between our clock and PostgreSQL's, to the minute."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT round(extract(epoch FROM clock_now() - clock_timestamp()) / 60)")
        return dt.timedelta(minutes=int(cursor.fetchone()[0]))


def test_the_clock_is_the_databases_in_utc() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (before,) = cursor.fetchone()
        now = clock.now()
        cursor.execute("SELECT clock_timestamp()")
        (after,) = cursor.fetchone()

    assert before < now < after
    assert now.tzinfo is dt.UTC


def test_it_goes_on_within_a_transaction() -> None:
    with transaction.atomic():
        assert clock.now() < clock.now()


def test_moving_it_moves_it_for_everybody(
    process_database: Any, move_clock: Callable[[dt.timedelta], None]
) -> None:
    assert difference() == dt.timedelta()
    move_clock(25 * HOUR)
    assert difference() == 25 * HOUR
    move_clock(-HOUR)
    assert difference() == 24 * HOUR
    staff = connect("staff", process_database.name)
    ((moved,),) = run_sql(staff, "SELECT clock_now() - clock_timestamp() > interval '23 hours'")
    staff.close()
    assert moved


def test_the_day_is_that_of_sao_paulo(move_clock: Callable[[dt.timedelta], None]) -> None:
    def move_to(moment: dt.datetime) -> None:
        move_clock(moment - clock.now())

    move_to(dt.datetime(2026, 3, 10, 2, 59, 30, tzinfo=dt.UTC))
    assert clock.today() == dt.date(2026, 3, 9)
    move_to(dt.datetime(2026, 3, 10, 3, 0, 30, tzinfo=dt.UTC))
    assert clock.today() == dt.date(2026, 3, 10)


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO accounts_clockoffset (\"offset\") VALUES ('1 day')",
        "UPDATE accounts_clockoffset SET \"offset\" = '1 day'",
        "DELETE FROM accounts_clockoffset",
        "TRUNCATE accounts_clockoffset",
        "CREATE OR REPLACE FUNCTION clock_now() RETURNS timestamptz LANGUAGE sql AS 'SELECT now()'",
    ],
)
@pytest.mark.parametrize("role", ["app", "staff"])
def test_no_other_role_moves_it(process_database: Any, role: str, statement: str) -> None:
    raw = connect(role, process_database.name)
    try:
        with pytest.raises(Exception, match="permission denied") as refusal:
            run_sql(raw, statement)
        assert getattr(refusal.value, "pgcode", "") == "42501"
    finally:
        raw.close()


def test_there_is_one_offset(owner_sql: Callable[..., Any], move_clock: Any) -> None:
    move_clock(HOUR)

    with pytest.raises(Exception, match="accounts_clockoffset_single"):
        owner_sql("INSERT INTO accounts_clockoffset (\"offset\") VALUES ('1 day')")


def test_claims_can_use_an_index_with_it() -> None:
    """A volatile function in a condition would read every row."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT provolatile FROM pg_proc WHERE proname = 'clock_now'")
        assert cursor.fetchall() == [("s",)]
    with pytest.raises(ProgrammingError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("ALTER FUNCTION clock_now() VOLATILE")
