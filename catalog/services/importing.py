"""The import of products that a person asks for, and the polls that follow it."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from accounts import clock
from catalog import selectors
from catalog.models import ChangeSource, Figure, FigureChange, HeldChange, ProductImport, ProductReference
from contracts.provider import Capability
from history.models import Source
from history.services import record
from integrations import imports, polling, registry
from integrations.cursors import read_cursor, write_cursor
from integrations.imports import ImportRefused
from integrations.models import Integration, IntegrationState
from integrations.rows import PageResult
from jobs import queue
from jobs.queue import Priority
from jobs.selectors import calls_per_minute

# Whatever lists or reads products of one integration runs alone, or it would read them twice.
LOCK = "products"
# Reading known products again disturbs no list, however long it takes.
RECHECK_LOCK = "recheck_products"
ROWS_A_PAGE = 100
# A product that was read by itself within this time is not read again without a reason.
RECHECK_AFTER = dt.timedelta(hours=6)
# Whatever moved within a day moves again soon, and is looked at this often.
MOVED_WITHIN = dt.timedelta(days=1)
RECHECK_MOVED_AFTER = dt.timedelta(minutes=9)
# The ERP said that it knows a product no more: it may have known none at that moment.
RECHECK_DELETED_AFTER = dt.timedelta(hours=1)


def plan_import(*, integration: Integration, person: str) -> ProductImport:
    """Ask the ERP how many products it has. Raises ``ImportRefused``."""
    return imports.plan(
        ProductImport, kind="plan_products", lock=LOCK, integration=integration, person=person
    )


def record_plan(*, import_id: int, rows_total: int, calls_per_product: int) -> None:
    imports.record_plan(
        ProductImport, import_id=import_id, rows_total=rows_total, calls_per_product=calls_per_product
    )


def start_import(*, integration: Integration) -> None:
    """The person saw the plan and wants it. Raises ``ImportRefused``."""
    imports.start(ProductImport, kind="import_products", lock=LOCK, integration=integration)


def cancel_import(*, integration: Integration) -> None:
    """Stop after what is being read. What was imported stays. Raises ``ImportRefused``."""
    imports.cancel(ProductImport, integration=integration)


def advance_list(*, import_id: int, result: PageResult, rows_read: int, rows_total: int | None) -> bool:
    """A page was applied; false when the person cancelled meanwhile."""
    ProductImport.objects.filter(pk=import_id).update(
        rows_read=rows_read,
        rows_total=rows_total if rows_total is not None else F("rows_total"),
        rows_created=F("rows_created") + result.created,
        rows_passed_over=F("rows_passed_over") + result.passed_over,
        rows_unreadable=F("rows_unreadable") + result.problems,
    )
    return imports.is_wanted(ProductImport, import_id)


def begin_details(*, import_id: int) -> None:
    """The list is read: from here on single products, as many as were not read yet."""
    run = ProductImport.objects.select_related("integration").get(pk=import_id)
    left = selectors.count_unread(run.integration)
    ProductImport.objects.filter(pk=import_id).update(details_total=F("details_read") + left)
    enqueue_list_prices(integration=run.integration)


def advance_details(*, import_id: int) -> bool:
    """One product was read; false when the person cancelled meanwhile."""
    ProductImport.objects.filter(pk=import_id).update(details_read=F("details_read") + 1)
    return imports.is_wanted(ProductImport, import_id)


@transaction.atomic
def finish_import(*, import_id: int) -> None:
    """The import is over; from now on changes arrive by themselves."""
    run = imports.finish(ProductImport, import_id=import_id)
    if run is None:
        return
    follow_changes(integration=run.integration)
    record(
        subject_kind="integration",
        subject_id=run.integration_id,
        code="products.import_done",
        params={"seen": run.rows_read, "created": run.rows_created, "skipped": run.rows_passed_over},
    )


def follow_changes(*, integration: Integration) -> None:
    """Poll for changed products; where the ERP cannot tell them, its whole list is read, less often.

    Beside it products are read again by themselves, because no list tells every change.
    """
    key = str(integration.pk)
    queue.set_schedule(integration.channel, "pull_products", key, _poll_seconds(integration), lock=LOCK)
    queue.set_schedule(
        integration.channel,
        "recheck_products",
        key,
        settings.RECHECK_SECONDS,
        lock=RECHECK_LOCK,
        priority=Priority.BACKFILL,
    )


def _poll_seconds(integration: Integration) -> float:
    protocol = registry.get_protocol(integration.provider, integration.protocol)
    knows_changes = protocol.can(Capability.PRODUCTS_BY_CHANGE)
    usual = settings.PRODUCT_POLL_SECONDS if knows_changes else settings.PRODUCT_LIST_SECONDS
    if not polling.is_hurried(integration):
        return float(usual)
    rows = 0 if knows_changes else selectors.list_references(integration).count()
    calls_a_second = calls_per_minute(integration.budget_key, "read") / 60
    affordable = rows / ROWS_A_PAGE / calls_a_second / settings.LIST_SHARE_IN_SILENCE
    return min(float(usual), max(float(settings.PRODUCT_POLL_IN_SILENCE_SECONDS), affordable))


def enqueue_details(*, integration: Integration, priority: Priority = Priority.COMPLETION) -> None:
    """Single products that are new or changed are read one by one, behind what people wait for."""
    if selectors.count_unread(integration):
        queue.enqueue(
            "complete_products",
            channel=integration.channel,
            key=str(integration.pk),
            lock=LOCK,
            priority=priority,
        )


def enqueue_list_prices(*, integration: Integration) -> None:
    """Where a list of prices was chosen, it is read again, beside the products."""
    if selectors.read_criteria(integration).price_list_id:
        queue.enqueue(
            "pull_list_prices",
            channel=integration.channel,
            key=str(integration.pk),
            lock="list_prices",
            priority=Priority.POLL,
        )


@transaction.atomic
def forget_unseen(*, integration: Integration, since: str) -> int:
    """Products that a complete list did not show are read once more by themselves: deleted, or hidden."""
    unseen = selectors.list_unseen(integration, since)
    return int(unseen.update(details_hash=""))


@transaction.atomic
def refresh_product(*, integration: Integration, reference_id: int) -> None:
    """«Reconferir agora»: this one product is read again, at once."""
    selectors.list_references(integration).filter(pk=reference_id).update(details_hash="")
    queue.enqueue(
        "read_product",
        channel=integration.channel,
        key=str(reference_id),
        lock=f"reference:{reference_id}",
        priority=Priority.PERSON,
    )


def recheck_soon(*, integration: Integration) -> None:
    """Some products are read again before their turn, those that moved of late first."""
    queue.enqueue(
        "recheck_products",
        channel=integration.channel,
        key=str(integration.pk),
        lock=RECHECK_LOCK,
        priority=Priority.POLL,
    )


def choose_rechecked(*, integration: Integration, calls_per_product: int) -> list[int]:
    """References to read again now, as many as a small share of the account's calls allows.

    First what the breaker holds, so that a fault that is over undoes it. Half of the others are what moved or
    went of late, which is where a change shows first, and the rest those whose last reading is longest ago.
    """
    now = clock.now()
    lately = now - RECHECK_MOVED_AFTER
    share = settings.RECHECK_SHARE_IN_SILENCE if polling.is_hurried(integration) else settings.RECHECK_SHARE
    calls = calls_per_minute(integration.budget_key, "read") * settings.RECHECK_SECONDS / 60 * share
    count = max(1, int(calls // calls_per_product))
    known = list_rechecked(integration)
    doubtful = known.filter(_waits(), details_read_at__lt=lately).order_by("details_read_at", "pk")
    held = list(doubtful.values_list("pk", flat=True)[: math.ceil(count / 2)])
    steps = FigureChange.objects.filter(
        product=OuterRef("product_id"), at__gte=now - MOVED_WITHIN, before__isnull=False
    )
    has_moved = Q(Exists(steps), deleted_at=None, details_read_at__lt=lately)
    has_gone = Q(deleted_at__isnull=False, details_read_at__lt=now - RECHECK_DELETED_AFTER)
    moved = known.filter(has_moved | has_gone).exclude(pk__in=held)
    newest = moved.order_by("-product__stock_revision", "pk").values_list("pk", flat=True)
    chosen = held + list(newest[: (count - len(held)) // 2])
    oldest = known.filter(details_read_at__lt=now - RECHECK_AFTER, deleted_at=None).exclude(pk__in=chosen)
    left = count - len(chosen)
    return chosen + list(oldest.order_by("details_read_at", "pk").values_list("pk", flat=True)[:left])


def list_rechecked(integration: Integration) -> QuerySet[ProductReference]:
    """Products of ours that were read by themselves before, and that nothing else has read again.

    One that the ERP knows no more is among them for a day, and while anything of it waits for a person.
    """
    references = selectors.list_references(integration).filter(
        details_hash=F("row_hash"), passed_over="", product__isnull=False
    )
    stands = Q(deleted_at=None) | Q(deleted_at__gte=clock.now() - MOVED_WITHIN) | Q(_waits())
    return references.filter(stands, details_read_at__isnull=False)


def _waits() -> Exists:
    return Exists(HeldChange.objects.filter(reference=OuterRef("pk"), decided_at=None))


def count_moved(references: Sequence[ProductReference]) -> int:
    """How many of these had another stock or price here than their last reading told."""
    pks = [reference.pk for reference in references]
    read = ProductReference.objects.filter(pk__in=pks, product__figure_changes__at=F("details_read_at"))
    return read.filter(product__figure_changes__before__isnull=False).distinct().count()


def date_found(*, integration: Integration, since: dt.datetime, unchanged_at: dt.datetime) -> None:
    """What a list showed since ``since`` had not changed yet when the former one was asked for.

    Prices whose product was on the page with which they came, and no stock: of that a list says nothing, and
    so what changed with it is a zero that was put back. Nor what had been held and was let go now.
    """
    released = HeldChange.objects.filter(
        product=OuterRef("product_id"), figure=OuterRef("figure"), decided_at=OuterRef("at")
    )
    FigureChange.objects.filter(
        ~Exists(released),
        product__references__integration=integration,
        product__references__seen_at=F("at"),
        figure__in=(Figure.PRICE, Figure.PROMOTIONAL_PRICE),
        source=ChangeSource.POLL,
        at__gte=since,
        unchanged_at=None,
        before__isnull=False,
    ).update(unchanged_at=unchanged_at)


@transaction.atomic
def start_reconciling(*, integration: Integration, person: str = "") -> None:
    """«Reconferir estoque e preços»: every product is read again, behind what people wait for.

    Raises ``ImportRefused`` while that makes no sense. One that is under way goes on to its end.
    """
    integration = Integration.objects.select_for_update(no_key=True).get(pk=integration.pk)
    if integration.state != IntegrationState.CONNECTED:
        raise ImportRefused("Conecte a integração antes de reconferir.")
    if not list_rechecked(integration).exists():
        raise ImportRefused("Ainda não há produtos importados para reconferir.")
    if selectors.find_reconciling(integration) is not None:
        raise ImportRefused("Os produtos já estão sendo reconferidos.")
    queue.enqueue(
        "reconcile_products",
        channel=integration.channel,
        key=str(integration.pk),
        lock=RECHECK_LOCK,
        priority=Priority.BACKFILL,
    )
    if person:
        record(
            subject_kind="integration",
            subject_id=integration.pk,
            code="products.reconcile_asked",
            source=Source.PERSON,
            person=person,
        )


def finish_reconciling(*, integration: Integration, since: dt.datetime, moved: int) -> None:
    """Every product was read since ``since``, by whomever; ``moved`` of them were another here."""
    checked = list_rechecked(integration).filter(details_read_at__gte=since).count()
    record(
        subject_kind="integration",
        subject_id=integration.pk,
        code="products.reconciled" if moved else "products.reconciled_alike",
        params={"checked": checked, "moved": moved},
    )
    enqueue_list_prices(integration=integration)


@transaction.atomic
def learn_warehouses(*, integration: Integration, names: Sequence[str], is_stock_simple: bool) -> None:
    """The depósitos of now. When the stock is simple no more, each product's is read by a call of its own."""
    choices = read_cursor(integration.pk, selectors.CHOICES)
    was_simple = choices.get("is_stock_simple")
    write_cursor(
        integration.pk,
        selectors.CHOICES,
        {**choices, "warehouses": list(names), "is_stock_simple": is_stock_simple},
    )
    if was_simple and not is_stock_simple:
        selectors.list_references(integration).filter(deleted_at=None, passed_over="").update(details_hash="")
