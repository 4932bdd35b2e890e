"""A known order follows what the ERP says of it, whether a list or the single order says it."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from accounts import clock
from contracts.order_status import OrderStatus
from contracts.records import ErpOrder, InvoiceState
from customers.services import discard_own_record, upsert_from_erp
from history.services import record_all
from orders.map_selectors import read_status_map
from orders.models import Invoice, Order, OrderReference, Origin
from orders.services.lines import order_line, take_revision
from orders.services.queueing import ask_to_follow
from orders.services.shipments import update_shipment
from orders.status_map import Rule, StatusMap, decide_status
from ui.formats import format_brl


@transaction.atomic
def follow_erp(*, order_id: int, row: ErpOrder) -> Order:
    """Apply what the single order of the ERP says, and return what it is here now."""
    locked = OrderReference.objects.select_related("integration").select_for_update(of=("self",))
    reference = locked.get(order_id=order_id)
    revision = take_revision()
    order: Order = Order.objects.select_related("customer").get(pk=order_id)
    if reference.situation == row.situation[:40]:
        return order
    order.revision = revision
    follow(order, reference, row, read_status_map(reference.integration), clock.now())
    reference.save()
    return order


def follow(
    order: Order, reference: OrderReference, row: ErpOrder, status_map: StatusMap, now: dt.datetime
) -> None:
    """Apply ``row`` and record each change. The caller locked the reference and saves it, and gave the order
    its revision; only then it read the map: one that is saved later is told of what this one decides.
    """
    lines = []
    before = (order.status, order.is_return)
    rule = status_map.rules.get(row.situation)
    if reference.situation != row.situation[:40] and (rule is None or rule.is_polled):
        current = OrderStatus(order.status)
        decision = decide_status(status_map, current, row.situation, is_return=order.is_return)
        order.status, order.is_return = decision.status, decision.is_return
        lines.append(order_line(order.pk, decision.reason, decision.params, now))
        reference.situation = row.situation[:40]
        expect_invoice(reference, rule, now)
    if order.origin == Origin.ERP and row.total is not None and order.total != row.total:
        if order.total is not None:
            totals = {"before": format_brl(order.total), "after": format_brl(row.total)}
            lines.append(order_line(order.pk, "order.total_changed", totals, now))
        order.total = row.total
    order.erp_number = row.number[:40] or order.erp_number
    if order.origin == Origin.ERP:
        # By these two the marketplace knows the order that it placed here.
        order.ecommerce_number = row.ecommerce_number[:80] or order.ecommerce_number
        order.ecommerce_name = row.ecommerce_name or order.ecommerce_name
    order.placed_on = row.placed_on or order.placed_on
    former = order.customer
    # A summary has no more of the buyer than the name, which is no news. Who bought an order that was placed
    # here is known from the marketplace.
    if order.origin == Origin.ERP and row.customer and not (row.is_summary and former):
        order.customer = upsert_from_erp(
            integration_id=reference.integration_id, record=row.customer, current=former
        )
    order.updated_at = now
    order.save()
    if former and former != order.customer:
        discard_own_record(former)
    starts_tracking = rule is not None and rule.is_polled and rule.starts_tracking
    record_all([*lines, *update_shipment(order, row.shipment, now, starts_tracking=starts_tracking)])
    if (order.status, order.is_return) != before:
        ask_to_follow([order.pk])


def expect_invoice(reference: OrderReference, rule: Rule | None, now: dt.datetime) -> None:
    """Whether the order's nota is looked for. A situation that we do not know says nothing of it."""
    if rule is None:
        return
    if not rule.awaits_invoice:
        reference.awaiting_invoice_since = None
    elif reference.awaiting_invoice_since is None and not has_valid_invoice(reference.order_id):
        reference.awaiting_invoice_since = now


def has_valid_invoice(order_id: int) -> bool:
    """An authorised nota with its key: the order awaits none."""
    invoices = Invoice.objects.filter(order_id=order_id, state=InvoiceState.AUTHORIZED)
    return invoices.exclude(access_key="").exists()
