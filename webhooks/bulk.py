"""What a person does with many notifications: «Ignorar», and «Reprocessar» as plan, run and job.

No ERP is asked here.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Count, Q, QuerySet

from accounts import clock
from accounts.tenancy import tenant
from catalog.selectors import read_criteria
from catalog.sync.reading import costs_a_stock_call
from contracts.notifications import NotificationKind
from history.models import Source
from history.services import entry, record, record_all
from integrations.models import Integration
from integrations.services import SUBJECT
from jobs import queue
from jobs.errors import JobPostponed
from jobs.queue import Priority
from jobs.runner import JobContext
from jobs.selectors import calls_per_minute
from webhooks.models import OPEN_STATES, ReceiptState, WebhookReceipt, WebhookReplayRun
from webhooks.services.arrivals import channel_of
from webhooks.services.receipts import SUBJECT as RECEIPT
from webhooks.services.receipts import replay

# More than anybody waits for; the oldest go first, and the rest can be asked for again.
MOST_AT_ONCE = 5_000
# So many things are read again side by side; between two of these a person may cancel.
AT_A_TIME = 50
# How soon to look again whether the former ones, or the former run, are done.
PAUSE = dt.timedelta(seconds=10)

# Left as they are: what is done or on its way, and empty bodies, which only tried the address.
REPLAYABLE = Q(state__in=(ReceiptState.FAILED, ReceiptState.IGNORED)) & ~Q(kind=NotificationKind.PROBE)


@dataclass(frozen=True, slots=True)
class Plan:
    """What reprocessing the chosen ones of an integration means.

    ``receipt_ids`` are those to process again, the oldest first; ``skipped`` others need nothing any more, or
    a run that was begun has them already. ``minutes`` is what it takes at the account's limit. ``left_out``:
    so many more than are done at once.
    """

    integration: Integration
    receipt_ids: Sequence[int]
    skipped: int
    minutes: int
    left_out: int


def plan_replay(receipts: QuerySet[WebhookReceipt], *, at: dt.datetime) -> list[Plan]:
    """A plan for each integration that the chosen receipts are of, as they stood at ``at``.

    What was settled later is skipped: who confirms a plan starts what he saw, or less.
    """
    plans = [
        _plan(integration, receipts.filter(integration=integration), at)
        for integration in Integration.objects.order_by("name", "pk")
    ]
    return [plan for plan in plans if plan.receipt_ids or plan.skipped]


def _plan(integration: Integration, receipts: QuerySet[WebhookReceipt], at: dt.datetime) -> Plan:
    taken = {pk for run in list_open_runs(integration) for pk in run.receipt_ids[run.receipts_done :]}
    replayable = receipts.filter(REPLAYABLE, settled_at__lte=at).exclude(pk__in=taken)
    count = replayable.order_by().count()
    rows = list(replayable.order_by("pk").values_list("pk", "entity")[:MOST_AT_ONCE])
    return Plan(
        integration=integration,
        receipt_ids=[pk for pk, _ in rows],
        skipped=receipts.order_by().count() - count,
        minutes=_estimate_minutes(integration, {entity for _, entity in rows}),
        left_out=count - len(rows),
    )


def _estimate_minutes(integration: Integration, entities: Collection[str]) -> int:
    """What is about the same thing is read at the ERP once."""
    products = sum(entity.startswith(("product:", "sku:")) for entity in entities)
    for_stock = products if costs_a_stock_call(integration, read_criteria(integration)) else 0
    return math.ceil((len(entities) + for_stock) / (calls_per_minute(integration.budget_key, "read") or 1))


@transaction.atomic
def start_replays(*, plans: Collection[Plan], person: str) -> list[WebhookReplayRun]:
    """A run for each plan that has something to do; of one integration they go one after the other."""
    now = clock.now()
    return [_start(plan, person, now) for plan in plans if plan.receipt_ids]


def _start(plan: Plan, person: str, now: dt.datetime) -> WebhookReplayRun:
    integration = plan.integration
    run: WebhookReplayRun = WebhookReplayRun.objects.create(
        integration=integration,
        requested_by=person,
        requested_at=now,
        receipt_ids=list(plan.receipt_ids),
        receipts_skipped=plan.skipped,
    )
    record(
        subject_kind=SUBJECT,
        subject_id=integration.pk,
        code="webhooks.replay_started",
        params={"count": len(plan.receipt_ids)},
        source=Source.PERSON,
        person=person,
    )
    queue.enqueue(
        "replay_receipts",
        channel=channel_of(integration.pk),
        key=str(run.pk),
        lock="replay_receipts",
        priority=Priority.BACKFILL,
    )
    return run


@transaction.atomic
def ignore(*, receipt_ids: Collection[int], person: str) -> int:
    """«Ignorar»: nobody needs to see any more that these failed; how many did. Their reason is kept."""
    failed = WebhookReceipt.objects.select_for_update(of=("self",)).filter(
        pk__in=receipt_ids, state=ReceiptState.FAILED
    )
    ids = list(failed.order_by("pk").values_list("pk", flat=True))
    WebhookReceipt.objects.filter(pk__in=ids).update(state=ReceiptState.IGNORED)
    now = clock.now()
    record_all(
        entry(RECEIPT, pk, "receipt.ignored", source=Source.PERSON, person=person, at=now) for pk in ids
    )
    return len(ids)


@transaction.atomic
def cancel_replay(*, run_id: int) -> None:
    """Those that were not reached stay as they are; the others go on."""
    WebhookReplayRun.objects.filter(pk=run_id, finished_at=None).update(
        finished_at=clock.now(), is_cancelled=True
    )


def replay_receipts(job: JobContext) -> None:
    """The receipts of a run, a few at a time; a kill repeats none and counts none twice."""
    is_done = False
    while not is_done:
        with tenant(job.organization_id):
            is_done = _advance(int(job.key))
            job.save_step()


def _advance(run_id: int) -> bool:
    """The next few; whether there is nothing more to do."""
    run = WebhookReplayRun.objects.select_for_update(no_key=True).get(pk=run_id)
    if run.finished_at is not None:
        return True
    if find_former_run(run) is not None or _count_on_their_way(run) >= AT_A_TIME:
        raise JobPostponed(clock.now() + PAUSE)
    some = run.receipt_ids[run.receipts_done : run.receipts_done + AT_A_TIME]
    todo = WebhookReceipt.objects.filter(REPLAYABLE, pk__in=some).order_by("pk")
    todo_ids = list(todo.values_list("pk", flat=True))
    if todo_ids:
        replay(receipt_ids=todo_ids, person=run.requested_by)
    now = clock.now()
    run.started_at = run.started_at or now
    run.receipts_done += len(some)
    run.receipts_skipped += len(some) - len(todo_ids)
    is_done = run.receipts_done >= len(run.receipt_ids)
    if is_done:
        run.finished_at = now
    run.save(update_fields=["started_at", "receipts_done", "receipts_skipped", "finished_at"])
    return is_done


def _count_on_their_way(run: WebhookReplayRun) -> int:
    """Of how many things the ERP is still to be asked; many notifications about one of them are one."""
    reached = WebhookReceipt.objects.filter(pk__in=run.receipt_ids[: run.receipts_done])
    return reached.filter(state__in=OPEN_STATES).aggregate(count=Count("entity", distinct=True))["count"]


@dataclass(frozen=True, slots=True)
class RunCounts:
    """What became so far of the receipts of a run, of which ``skipped`` were as good as done.

    ``per_minute`` and ``minutes_left`` are ``None`` until enough is known.
    """

    settled: int
    failed: int
    waiting: int
    skipped: int
    per_minute: int | None
    minutes_left: int | None


def count_run(run: WebhookReplayRun, now: dt.datetime) -> RunCounts:
    """By how they stand now; a run itself is over once the last one is on its way."""
    receipts = WebhookReceipt.objects.filter(pk__in=run.receipt_ids[: run.receipts_done])
    counts = dict(receipts.values_list("state").annotate(count=Count("pk")).order_by())
    waiting = sum(counts.get(state, 0) for state in OPEN_STATES)
    failed = counts.get(ReceiptState.FAILED, 0)
    settled = sum(counts.values()) - waiting - failed
    per_minute = _find_rate(run, settled + failed, now)
    left = waiting + len(run.receipt_ids) - run.receipts_done
    return RunCounts(
        settled=settled,
        failed=failed,
        waiting=waiting,
        skipped=run.receipts_skipped,
        per_minute=round(per_minute) if per_minute else None,
        minutes_left=math.ceil(left / per_minute) if per_minute else None,
    )


def _find_rate(run: WebhookReplayRun, done: int, now: dt.datetime) -> float:
    """Receipts per minute; 0 while it has only begun."""
    if run.started_at is None or now - run.started_at < PAUSE:
        return 0.0
    return done / ((now - run.started_at).total_seconds() / 60)


def list_open_runs(integration: Integration) -> QuerySet[WebhookReplayRun]:
    """The one that goes on first, then those that wait for it."""
    return WebhookReplayRun.objects.filter(integration=integration, finished_at=None).order_by("pk")


def find_former_run(run: WebhookReplayRun) -> WebhookReplayRun | None:
    """The run that this one waits for."""
    return list_open_runs(run.integration).filter(pk__lt=run.pk).first()


def list_run_with(run: WebhookReplayRun) -> list[WebhookReplayRun]:
    """The runs that the same request began: one for each integration."""
    same = WebhookReplayRun.objects.filter(requested_at=run.requested_at, requested_by=run.requested_by)
    return list(same.select_related("integration").order_by("integration__name", "pk"))
