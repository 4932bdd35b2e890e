"""The first import: orders of the past, asked for by a person. Plan, reading, summary."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.db.models import F

from accounts import clock
from history.services import record
from integrations import imports
from integrations.models import Integration
from integrations.rows import PageResult
from orders.models import OrderImport

LOCK = "import"


def plan_import(*, integration: Integration, days: int, person: str) -> OrderImport:
    """Ask the ERP how much there is. Raises ``ImportRefused``."""
    since = clock.today() - dt.timedelta(days=days)
    return imports.plan(
        OrderImport,
        kind="plan_import",
        lock=LOCK,
        integration=integration,
        person=person,
        created_from=since,
    )


def record_plan(*, import_id: int, rows_total: int) -> None:
    imports.record_plan(OrderImport, import_id=import_id, rows_total=rows_total)


def start_import(*, integration: Integration) -> None:
    """The person saw the plan and wants it. Raises ``ImportRefused``."""
    imports.start(OrderImport, kind="import_history", lock=LOCK, integration=integration)


def cancel_import(*, integration: Integration) -> None:
    """Stop after the page that is being read. What was imported stays. Raises ``ImportRefused``."""
    imports.cancel(OrderImport, integration=integration)


def advance_import(*, import_id: int, result: PageResult, rows_read: int, rows_total: int | None) -> bool:
    """A page was applied; false when the person cancelled meanwhile."""
    OrderImport.objects.filter(pk=import_id).update(
        rows_read=rows_read,
        rows_total=rows_total if rows_total is not None else F("rows_total"),
        rows_created=F("rows_created") + result.created,
        rows_passed_over=F("rows_passed_over") + result.passed_over,
        rows_unreadable=F("rows_unreadable") + result.problems,
    )
    return imports.is_wanted(OrderImport, import_id)


@transaction.atomic
def finish_import(*, import_id: int) -> None:
    run = imports.finish(OrderImport, import_id=import_id)
    if run is None:
        return
    params = {
        "since": f"{run.created_from:%d/%m/%Y}",
        "seen": run.rows_read,
        "created": run.rows_created,
        "skipped": run.rows_passed_over,
    }
    record(
        subject_kind="integration", subject_id=run.integration_id, code="orders.import_done", params=params
    )
