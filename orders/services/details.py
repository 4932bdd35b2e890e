"""What only the single order of the ERP shows."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict
from decimal import Decimal

from django.db import transaction

from accounts import clock
from contracts.records import ErpOrderDetail
from integrations.models import Integration
from orders.map_selectors import read_status_map
from orders.models import Order, OrderInstallment, OrderItem, OrderReference, Origin
from orders.services.following import follow
from orders.services.lines import record_line, take_revision

CENT = Decimal("0.01")


def is_as_asked(asked_of: OrderReference | None, reference: OrderReference | None) -> bool:
    """Whether nothing was learnt of an order between two looks at its reference, or none (with ``order``)."""
    if asked_of is None or reference is None:
        return asked_of is reference
    return _what_is_known(asked_of) == _what_is_known(reference)


def _what_is_known(reference: OrderReference) -> tuple[object, ...]:
    read_at = reference.order.details_loaded_at
    return reference.row_hash, reference.situation, reference.deleted_at, read_at


@transaction.atomic
def apply_details(*, asked_of: OrderReference, detail: ErpOrderDetail) -> bool:
    """Items, installments, delivery address and the parts of the total, in place of the former ones.

    ``asked_of`` is the reference, with ``order``, as it was before the order was asked for. If something else
    was learnt of it meanwhile, nobody knows what is newer: false, and nothing is changed.
    """
    now = clock.now()
    reference = OrderReference.objects.select_for_update().get(pk=asked_of.pk)
    revision = take_revision()
    order = Order.objects.select_related("customer").get(pk=reference.order_id)
    reference.order = order
    if not is_as_asked(asked_of, reference):
        return False
    order.revision = revision
    row = detail.order
    follow(order, reference, row, read_status_map(reference.integration), now)
    order.products_total = detail.products_total
    order.freight = detail.freight
    order.discount = detail.discount
    order.other_expenses = detail.other_expenses
    order.expected_on = detail.expected_on
    order.delivery_address = asdict(detail.delivery_address) if detail.delivery_address else {}
    order.details_loaded_at = now
    if order.origin != Origin.ERP:
        # What was sold is the marketplace's to say: of the ERP an order that was placed here takes its way.
        order.save(update_fields=["details_loaded_at"])
        _keep_read(reference, now)
        return True
    order.save()
    OrderItem.objects.filter(order=order).delete()
    OrderItem.objects.bulk_create(
        OrderItem(
            order=order,
            position=position,
            sku=item.sku,
            description=item.description,
            quantity=item.quantity,
            unit_price=item.unit_price,
            total=(item.quantity * item.unit_price).quantize(CENT),
        )
        for position, item in enumerate(detail.items, start=1)
    )
    OrderInstallment.objects.filter(order=order).delete()
    OrderInstallment.objects.bulk_create(
        OrderInstallment(
            order=order,
            position=position,
            due_on=installment.due_on,
            amount=installment.amount,
            method=installment.method,
        )
        for position, installment in enumerate(detail.installments, start=1)
    )
    _keep_read(reference, now)
    return True


def _keep_read(reference: OrderReference, now: dt.datetime) -> None:
    reference.details_hash = reference.row_hash
    reference.seen_at = now
    reference.deleted_at = None
    reference.save()


@transaction.atomic
def mark_deleted_at_erp(*, integration: Integration, order_id: int) -> None:
    """The order is gone at the ERP; what we know of it stays."""
    reference = OrderReference.objects.select_for_update().get(order_id=order_id, integration=integration)
    if reference.deleted_at is None:
        reference.deleted_at = clock.now()
        reference.awaiting_invoice_since = None
        reference.save()
        Order.objects.filter(pk=order_id).update(revision=take_revision())
        record_line(order_id, "order.deleted_at_erp", {}, reference.deleted_at)
