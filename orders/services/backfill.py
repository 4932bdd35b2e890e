"""The first import: orders of the past, asked for by a person. Plan, reading, summary."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.db.models import F

from accounts import clock
from history.services import record
from integrations.models import Integration, IntegrationState
from jobs import queue
from jobs.queue import Priority
from jobs.selectors import calls_per_minute
from orders.models import ImportState, OrderImport
from orders.services.importing import PageResult

OPEN = (ImportState.PLANNING, ImportState.PLANNED, ImportState.RUNNING)


class ImportRefused(ValueError):
    """What was asked makes no sense now; the text is for the person."""


@transaction.atomic
def plan_import(*, integration: Integration, days: int, person: str) -> OrderImport:
    """Ask the ERP how much there is. Raises ``ImportRefused``."""
    integration = Integration.objects.select_for_update().get(pk=integration.pk)
    if integration.state != IntegrationState.CONNECTED:
        raise ImportRefused("Conecte a integração antes de importar.")
    if OrderImport.objects.filter(integration=integration, state__in=OPEN).exists():
        raise ImportRefused("Já há uma importação em andamento. Espere ela terminar, ou cancele.")
    run: OrderImport = OrderImport.objects.create(
        integration=integration,
        created_from=clock.today() - dt.timedelta(days=days),
        requested_by=person,
        requested_at=clock.now(),
    )
    queue.enqueue(
        "plan_import", channel=integration.channel, key=str(run.pk), lock="import", priority=Priority.PERSON
    )
    return run


def record_plan(*, import_id: int, rows_total: int) -> None:
    run = OrderImport.objects.select_related("integration").get(pk=import_id)
    OrderImport.objects.filter(pk=import_id, state=ImportState.PLANNING).update(
        state=ImportState.PLANNED,
        rows_total=rows_total,
        calls_per_minute=calls_per_minute(run.integration.budget_key, "read"),
    )


@transaction.atomic
def start_import(*, integration: Integration) -> None:
    """The person saw the plan and wants it. Raises ``ImportRefused``."""
    plans = OrderImport.objects.select_for_update().filter(integration=integration, state=ImportState.PLANNED)
    planned = plans.first()
    if planned is None:
        raise ImportRefused("Este plano já não vale. Planeje a importação de novo.")
    planned.state = ImportState.RUNNING
    planned.started_at = clock.now()
    planned.save(update_fields=["state", "started_at"])
    queue.enqueue(
        "import_history",
        channel=integration.channel,
        key=str(planned.pk),
        lock="import",
        priority=Priority.BACKFILL,
    )


@transaction.atomic
def cancel_import(*, integration: Integration) -> None:
    """Stop after the page that is being read. What was imported stays. Raises ``ImportRefused``."""
    cancelled = OrderImport.objects.filter(integration=integration, state__in=OPEN).update(
        state=ImportState.CANCELLED, finished_at=clock.now()
    )
    if not cancelled:
        raise ImportRefused("Esta importação já terminou.")


def advance_import(*, import_id: int, result: PageResult, rows_read: int, rows_total: int | None) -> bool:
    """A page was applied; false when the person cancelled meanwhile."""
    OrderImport.objects.filter(pk=import_id).update(
        rows_read=rows_read,
        rows_total=rows_total if rows_total is not None else F("rows_total"),
        rows_created=F("rows_created") + result.created,
        rows_passed_over=F("rows_passed_over") + result.passed_over,
        rows_unreadable=F("rows_unreadable") + result.problems,
    )
    return bool(OrderImport.objects.filter(pk=import_id, state=ImportState.RUNNING).exists())


@transaction.atomic
def finish_import(*, import_id: int) -> None:
    finished = OrderImport.objects.filter(pk=import_id, state=ImportState.RUNNING)
    if finished.update(state=ImportState.DONE, finished_at=clock.now()):
        run = OrderImport.objects.get(pk=import_id)
        params = {
            "since": f"{run.created_from:%d/%m/%Y}",
            "seen": run.rows_read,
            "created": run.rows_created,
            "skipped": run.rows_passed_over,
        }
        record(
            subject_kind="integration",
            subject_id=run.integration_id,
            code="orders.import_done",
            params=params,
        )
