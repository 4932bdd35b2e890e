"""The import of products that a person asks for, and the polls that follow it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.conf import settings
from django.db import transaction
from django.db.models import F

from accounts import clock
from catalog import selectors
from catalog.models import ProductImport
from contracts.provider import Capability
from history.services import record
from integrations import imports, registry
from integrations.cursors import read_cursor, write_cursor
from integrations.models import Integration
from integrations.rows import PageResult
from jobs import queue
from jobs.queue import Priority

# Whatever lists or reads products of one integration runs alone, or it would read them twice.
LOCK = "products"
# A product that was read by itself within this time is not read again without a reason.
RECHECK_AFTER = dt.timedelta(hours=6)


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
    """Poll for changed products; where the ERP cannot tell them, its whole list is read, less often."""
    protocol = registry.get_protocol(integration.provider, integration.protocol)
    knows_changes = protocol.can(Capability.PRODUCTS_BY_CHANGE)
    queue.set_schedule(
        integration.channel,
        "pull_products",
        str(integration.pk),
        settings.PRODUCT_POLL_SECONDS if knows_changes else settings.PRODUCT_LIST_SECONDS,
        lock=LOCK,
    )


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


def recheck_oldest(*, integration: Integration, count: int) -> None:
    """Have some products read again whose last reading is longest ago: no list tells all that changes."""
    oldest = (
        selectors.list_references(integration)
        .filter(details_hash=F("row_hash"), passed_over="", deleted_at=None)
        .filter(details_read_at__lt=clock.now() - RECHECK_AFTER)
        .order_by("details_read_at")
        .values("pk")[:count]
    )
    selectors.list_references(integration).filter(pk__in=oldest).update(details_hash="")


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
