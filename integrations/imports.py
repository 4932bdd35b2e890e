"""The first import that a person asks for: plan, reading, summary. What all kinds of imports share."""

from __future__ import annotations

from typing import Any, TypeVar

from django.db import models, transaction
from django.db.models import Q

from accounts import clock
from accounts.tenancy import TenantModel
from integrations.models import Integration, IntegrationState
from jobs import queue
from jobs.queue import Priority
from jobs.selectors import calls_per_minute


class ImportState(models.TextChoices):
    PLANNING = "planning", "Contando"
    PLANNED = "planned", "Aguardando você"
    RUNNING = "running", "Em andamento"
    DONE = "done", "Concluída"
    CANCELLED = "cancelled", "Cancelada"


OPEN = (ImportState.PLANNING, ImportState.PLANNED, ImportState.RUNNING)
# For the constraint of each concrete model: one at a time.
IS_OPEN = Q(state__in=["planning", "planned", "running"])


class ImportRefused(ValueError):
    """What was asked makes no sense now; the text is for the person."""


class ImportRun(TenantModel):
    """One import. ``rows_total`` is how many rows the ERP says there are; the other counts grow as it reads.

    ``calls_per_minute`` is the account's limit when the plan was made.
    """

    integration = models.ForeignKey(
        "integrations.Integration", on_delete=models.PROTECT, related_name="+", db_constraint=False
    )
    state = models.CharField(max_length=10, choices=ImportState, default=ImportState.PLANNING)
    requested_by = models.CharField(max_length=120)
    requested_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    calls_per_minute = models.FloatField(null=True)
    rows_total = models.IntegerField(null=True)
    rows_read = models.IntegerField(default=0)
    rows_created = models.IntegerField(default=0)
    rows_passed_over = models.IntegerField(default=0)
    rows_unreadable = models.IntegerField(default=0)

    class Meta:
        abstract = True


R = TypeVar("R", bound=ImportRun)


@transaction.atomic
def plan(runs: type[R], *, kind: str, lock: str, integration: Integration, person: str, **fields: Any) -> R:
    """Have the job ``kind`` ask the ERP how much there is. Raises ``ImportRefused``."""
    integration = Integration.objects.select_for_update().get(pk=integration.pk)
    if integration.state != IntegrationState.CONNECTED:
        raise ImportRefused("Conecte a integração antes de importar.")
    if runs.objects.filter(integration=integration, state__in=OPEN).exists():
        raise ImportRefused("Já há uma importação em andamento. Espere ela terminar, ou cancele.")
    run: R = runs.objects.create(
        integration=integration, requested_by=person, requested_at=clock.now(), **fields
    )
    queue.enqueue(kind, channel=integration.channel, key=str(run.pk), lock=lock, priority=Priority.PERSON)
    return run


def record_plan(runs: type[R], *, import_id: int, rows_total: int, **fields: Any) -> None:
    run = runs.objects.select_related("integration").get(pk=import_id)
    runs.objects.filter(pk=import_id, state=ImportState.PLANNING).update(
        state=ImportState.PLANNED,
        rows_total=rows_total,
        calls_per_minute=calls_per_minute(run.integration.budget_key, "read"),
        **fields,
    )


@transaction.atomic
def start(runs: type[R], *, kind: str, lock: str, integration: Integration) -> R:
    """The person saw the plan and wants it: the job ``kind`` reads. Raises ``ImportRefused``."""
    plans = runs.objects.select_for_update().filter(integration=integration, state=ImportState.PLANNED)
    planned: R | None = plans.first()
    if planned is None:
        raise ImportRefused("Este plano já não vale. Planeje a importação de novo.")
    planned.state = ImportState.RUNNING
    planned.started_at = clock.now()
    planned.save(update_fields=["state", "started_at"])
    queue.enqueue(
        kind, channel=integration.channel, key=str(planned.pk), lock=lock, priority=Priority.BACKFILL
    )
    return planned


@transaction.atomic
def cancel(runs: type[R], *, integration: Integration) -> None:
    """Stop after what is being read. What was imported stays. Raises ``ImportRefused``."""
    cancelled = runs.objects.filter(integration=integration, state__in=OPEN).update(
        state=ImportState.CANCELLED, finished_at=clock.now()
    )
    if not cancelled:
        raise ImportRefused("Esta importação já terminou.")


def is_wanted(runs: type[R], import_id: int) -> bool:
    """False when the person cancelled meanwhile."""
    return bool(runs.objects.filter(pk=import_id, state=ImportState.RUNNING).exists())


def finish(runs: type[R], *, import_id: int) -> R | None:
    """The run, if it was this call that ended it."""
    running = runs.objects.filter(pk=import_id, state=ImportState.RUNNING)
    if not running.update(state=ImportState.DONE, finished_at=clock.now()):
        return None
    run: R = runs.objects.get(pk=import_id)
    return run
