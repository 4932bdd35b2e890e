"""The lines that every write of orders leaves behind."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

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
