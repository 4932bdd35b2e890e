"""The lines that every write of orders leaves behind."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from django.db import connection

from accounts.tenancy import current_organization_id
from contracts.records import RowProblem
from history.models import HistoryEntry, Source
from history.services import entry, record
from integrations.models import Integration
from orders.models import PassedOverOrder

SUBJECT = "order"
UNREADABLE = "orders.row_unreadable"


def order_line(order_id: int, code: str, params: Mapping[str, str], at: dt.datetime) -> HistoryEntry:
    """An entry of an order's history whose cause is the ERP."""
    return entry(SUBJECT, order_id, code, params, source=Source.ERP, at=at)


def platform_line(
    order_id: int, code: str, params: Mapping[str, object], at: dt.datetime, *, person: str = ""
) -> HistoryEntry:
    """An entry whose cause is the platform itself, or a program that speaks to it as ``person``."""
    return entry(SUBJECT, order_id, code, params, source=Source.PLATFORM, person=person, at=at)


def person_line(
    order_id: int, code: str, params: Mapping[str, object], at: dt.datetime, person: str
) -> HistoryEntry:
    return entry(SUBJECT, order_id, code, params, source=Source.PERSON, person=person, at=at)


def take_revision() -> int:
    """The organization's next revision of orders. Until the transaction ends no other one takes one."""
    return _count_on("revision", 1)


def take_number(count: int = 1) -> int:
    """The first of ``count`` new numbers of the organization's own sequence."""
    return _count_on("last", count) - count + 1


def _count_on(column: str, count: int) -> int:
    other = "revision" if column == "last" else "last"
    with connection.cursor() as cursor:
        cursor.execute(
            f"""INSERT INTO orders_ordercounter AS counter (organization_id, {column}, {other})
                VALUES (%(organization)s, %(count)s, 0)
                ON CONFLICT (organization_id) DO UPDATE SET {column} = counter.{column} + %(count)s
                RETURNING {column}""",  # noqa: S608  a name of ours
            {"organization": current_organization_id(), "count": count},
        )
        (last,) = cursor.fetchone()
    return int(last)


def record_line(order_id: int, code: str, params: Mapping[str, str], at: dt.datetime) -> None:
    record(subject_kind=SUBJECT, subject_id=order_id, code=code, params=params, source=Source.ERP, at=at)


def record_problem(integration: Integration, problem: RowProblem, at: dt.datetime) -> None:
    """A row that cannot be read may have no order to stand on: it is written, once, on the integration."""
    kept, is_new = PassedOverOrder.objects.update_or_create(
        integration=integration,
        external_id=problem.external_id[:60] or "?",
        defaults={"reason_code": UNREADABLE, "row_hash": "", "seen_at": at},
    )
    if is_new:
        record(
            subject_kind="integration",
            subject_id=integration.pk,
            code=UNREADABLE,
            params={"external_id": kept.external_id, "code": problem.code},
            source=Source.ERP,
            at=at,
        )
