"""From a page of the ERP's list to orders: new ones in bulk, known ones by what changed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from copy import copy

from django.db import transaction

from accounts import clock
from contracts.records import ErpOrder, Page, RowProblem
from customers.services import upsert_many
from history.services import record_all
from integrations.models import Integration
from integrations.rows import PageResult, apply_apart
from jobs import queue
from jobs.queue import Priority
from orders.models import Order, OrderReference, Origin, PassedOverOrder
from orders.selectors import list_unproven
from orders.services.following import follow
from orders.services.lines import (
    UNREADABLE,
    order_line,
    record_line,
    record_problem,
    take_number,
    take_revision,
)
from orders.services.queueing import catch_up
from orders.services.shipments import create_shipments
from orders.status_map import StatusMap, decide_import, decide_initial_status

# Why a row waits that may be an order of ours.
HELD = "order.waits_for_export"


@transaction.atomic
def upsert_from_list(*, integration: Integration, page: Page[ErpOrder], status_map: StatusMap) -> PageResult:
    """Apply one page: all of it or, after a crash, none of it.

    A row that cannot be applied is recorded as a problem and does not stop the others.
    """
    now = clock.now()
    # Before the references: whoever is no longer under way has its reference, since the same commit, and is
    # found below; whoever begins later was not at the ERP when this page was read. The other way round an
    # order whose export ends in between is neither known nor under way: its row is taken for another one.
    unproven = list_unproven(integration)
    rows = {row.external_id: row for row in page.items}
    here = {"integration": integration, "external_id__in": list(rows)}
    references = OrderReference.objects.select_for_update().filter(**here).order_by("id")
    known = {reference.external_id: reference for reference in references}
    passed_over = {row.external_id: row for row in PassedOverOrder.objects.filter(**here)}
    result = PageResult()

    def is_imported(row: ErpOrder) -> bool:
        return decide_import(status_map, row.situation).is_imported

    def refuse(row: ErpOrder) -> None:
        record_problem(integration, RowProblem(row.external_id, UNREADABLE), now)
        result.problems += 1

    def update(changed: Sequence[ErpOrder]) -> None:
        for row in changed:
            # A copy, because rows that were applied together and rolled back are applied once more.
            _update_order(copy(known[row.external_id]), row, status_map, now)

    def create(new: Sequence[ErpOrder]) -> None:
        _create_orders(integration, new, status_map, now)

    for problem in page.problems:
        record_problem(integration, problem, now)
        result.problems += 1
    heard = [row for row in rows.values() if _is_heard(status_map, row)]
    changed = [row for row in heard if row.external_id in known and _says_more(known, row)]
    new_here = [row for row in rows.values() if row.external_id not in known]
    # What becomes of an order of ours that is under way decides whether such a row is another one.
    held = [row for row in new_here if any(order.may_be(row) for order in unproven)]
    unknown = [row for row in new_here if row not in held]
    new = [row for row in unknown if is_imported(row)]
    apply_apart(changed, update, refuse)
    apply_apart(new, create, refuse)
    left_out = [row for row in unknown if not is_imported(row)]
    _pass_over(integration, left_out, status_map, passed_over, now)
    _hold(integration, held, status_map, now)
    # What was passed over or unreadable before, and now has its place, is no longer so.
    settled = {*known, *(row.external_id for row in new)} & set(passed_over)
    PassedOverOrder.objects.filter(integration=integration, external_id__in=settled, seen_at__lt=now).delete()
    result.created, result.changed, result.passed_over = len(new), len(changed), len(left_out)
    result.held = len(held)
    result.unchanged = len(rows) - len(new) - len(changed) - len(left_out) - len(held)
    return result


def _is_heard(status_map: StatusMap, row: ErpOrder) -> bool:
    rule = status_map.rules.get(row.situation)
    return rule is None or rule.is_polled


def _says_more(known: Mapping[str, OrderReference], row: ErpOrder) -> bool:
    reference = known[row.external_id]
    is_unlike = reference.row_hash != row.row_hash or reference.deleted_at is not None
    # The single order may have told a situation in which it is no longer, or was not yet.
    return is_unlike or reference.situation != row.situation[:40]


def _create_orders(
    integration: Integration, rows: Sequence[ErpOrder], status_map: StatusMap, now: dt.datetime
) -> None:
    # Before the buyers, in the order in which whoever places an order locks them.
    revision = take_revision()
    with_customer = [row for row in rows if row.customer]
    customers = dict(
        zip(
            (row.external_id for row in with_customer),
            upsert_many(
                integration_id=integration.pk,
                records=[row.customer for row in with_customer if row.customer],
            ),
            strict=True,
        )
    )
    first_number = take_number(len(rows))
    decisions = [decide_initial_status(status_map, row.situation) for row in rows]
    orders = Order.objects.bulk_create(
        Order(
            integration=integration,
            customer=customers.get(row.external_id),
            number=first_number + position,
            origin=Origin.ERP,
            status=decision.status,
            is_return=decision.is_return,
            erp_number=row.number[:40],
            ecommerce_number=row.ecommerce_number[:80],
            ecommerce_name=row.ecommerce_name,
            placed_on=row.placed_on,
            total=row.total,
            revision=revision,
            created_at=now,
            updated_at=now,
        )
        for position, (row, decision) in enumerate(zip(rows, decisions, strict=True))
    )
    OrderReference.objects.bulk_create(
        OrderReference(
            integration=integration,
            external_id=row.external_id,
            order=order,
            situation=row.situation[:40],
            row_hash=row.row_hash,
            awaiting_invoice_since=now if status_map.rules[row.situation].awaits_invoice else None,
        )
        for row, order in zip(rows, orders, strict=True)
    )
    lines = []
    for row, order, decision in zip(rows, orders, decisions, strict=True):
        lines.append(order_line(order.pk, decision.reason, decision.params, now))
        if row.customer and row.customer.kind and row.customer.document_text and not row.customer.document:
            lines.append(order_line(order.pk, "order.document_invalid", {}, now))
    shipments = [
        (order, row.shipment, status_map.rules[row.situation].starts_tracking)
        for row, order in zip(rows, orders, strict=True)
    ]
    record_all([*lines, *create_shipments(shipments, now)])


def _update_order(reference: OrderReference, row: ErpOrder, status_map: StatusMap, now: dt.datetime) -> None:
    revision = take_revision()
    order = Order.objects.select_related("customer", "integration").get(pk=reference.order_id)
    order.revision = revision
    if reference.deleted_at is not None:
        reference.deleted_at = None
        record_line(order.pk, "order.back_at_erp", {}, now)
        catch_up(order)
    follow(order, reference, row, status_map, now)
    reference.row_hash = row.row_hash
    reference.save()


def _hold(
    integration: Integration, rows: Sequence[ErpOrder], status_map: StatusMap, now: dt.datetime
) -> None:
    for row in rows:
        PassedOverOrder.objects.update_or_create(
            integration=integration,
            external_id=row.external_id,
            defaults={
                "erp_number": row.number[:40],
                "situation": status_map.label(row.situation)[:40],
                "reason_code": HELD,
                "row_hash": "",
                "seen_at": now,
            },
        )


@transaction.atomic
def release_held(*, integration: Integration) -> None:
    """Read the rows again that waited for what has just become known of an order of ours."""
    if PassedOverOrder.objects.filter(integration=integration, reason_code=HELD).exists():
        queue.enqueue(
            "read_held_orders",
            channel=integration.channel,
            key=str(integration.pk),
            lock="pull_orders",
            priority=Priority.POLL,
        )


@transaction.atomic
def forget_passed_over(*, integration: Integration, external_id: str) -> None:
    """The ERP does not have this order any more."""
    PassedOverOrder.objects.filter(integration=integration, external_id=external_id).delete()


def _pass_over(
    integration: Integration,
    rows: Sequence[ErpOrder],
    status_map: StatusMap,
    former: Mapping[str, PassedOverOrder],
    now: dt.datetime,
) -> None:
    """Write down which orders were not imported and why; what is written already is not written again."""
    passed_over = []
    for row in rows:
        kept = former.get(row.external_id)
        reason = decide_import(status_map, row.situation).reason
        if kept is not None and (kept.row_hash, kept.reason_code) == (row.row_hash, reason):
            continue
        passed_over.append(
            PassedOverOrder(
                integration=integration,
                external_id=row.external_id,
                erp_number=row.number[:40],
                situation=status_map.label(row.situation)[:40],
                reason_code=reason,
                row_hash=row.row_hash,
                seen_at=now,
            )
        )
    PassedOverOrder.objects.bulk_create(
        passed_over,
        update_conflicts=True,
        unique_fields=["organization", "integration", "external_id"],
        update_fields=["erp_number", "situation", "reason_code", "row_hash", "seen_at"],
    )
