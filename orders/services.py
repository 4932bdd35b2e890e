"""Orders: writes, inside the caller's ``tenant``, without HTTP."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal

from django.db import DatabaseError, OperationalError, connection, transaction

from accounts import clock
from accounts.tenancy import current_organization_id
from contracts.records import (
    ErpInvoice,
    ErpOrder,
    ErpOrderDetail,
    ErpShipment,
    InvoiceState,
    OrderStatus,
    Page,
    RowProblem,
    Situation,
)
from customers.services import upsert_from_erp
from history.models import Source
from history.services import record
from integrations.models import Integration
from orders.models import (
    Invoice,
    Order,
    OrderInstallment,
    OrderItem,
    OrderReference,
    OrderShipment,
    Origin,
    PassedOverOrder,
)
from orders.status_map import StatusDecision, decide_import, decide_initial_status, decide_status
from ui.formats import format_brl

logger = logging.getLogger(__name__)

SUBJECT = "order"
UNREADABLE = "orders.row_unreadable"
INVOICE_SEARCH_DAYS = 30
CENT = Decimal("0.01")


@dataclass(slots=True)
class PageResult:
    """What a page brought, in rows."""

    created: int = 0
    changed: int = 0
    unchanged: int = 0
    passed_over: int = 0
    problems: int = 0


@transaction.atomic
def upsert_from_list(
    *, integration: Integration, page: Page[ErpOrder], situations: Sequence[Situation]
) -> PageResult:
    """Apply one page of the ERP's list: all of it or, after a crash, none of it.

    A row that cannot be applied is recorded as a problem and does not stop the others.
    """
    by_code = {situation.code: situation for situation in situations}
    external_ids = [row.external_id for row in page.items]
    rows_here = {"integration": integration, "external_id__in": external_ids}
    references = {
        reference.external_id: reference
        for reference in OrderReference.objects.select_for_update().filter(**rows_here).order_by("id")
    }
    passed_over = {row.external_id: row for row in PassedOverOrder.objects.filter(**rows_here)}
    result = PageResult()
    for problem in page.problems:
        _record_problem(integration, problem)
        result.problems += 1
    for row in page.items:
        situation = by_code.get(row.situation) if row.situation_is_known else None
        former = passed_over.get(row.external_id)
        try:
            with transaction.atomic():
                reference = references.get(row.external_id)
                if reference is None:
                    reference = _import_or_pass_over(integration, row, situation, former)
                    result.created += reference is not None
                    result.passed_over += reference is None
                elif _update_order(reference, row, situation):
                    result.changed += 1
                else:
                    result.unchanged += 1
                if reference is not None:
                    references[row.external_id] = reference
                    if former is not None:
                        former.delete()
        except OperationalError:
            raise
        except (DatabaseError, ValueError) as error:
            logger.warning("order %s not applied: %s", row.external_id, type(error).__name__)
            _record_problem(integration, RowProblem(row.external_id, UNREADABLE))
            result.problems += 1
    return result


def _import_or_pass_over(
    integration: Integration,
    row: ErpOrder,
    situation: Situation | None,
    former: PassedOverOrder | None,
) -> OrderReference | None:
    decision = decide_import(situation, frozenset(integration.import_situations))
    if situation is not None and decision.is_imported:
        return _create_order(integration, row, situation)
    if former is None or former.row_hash != row.row_hash:
        PassedOverOrder.objects.update_or_create(
            integration=integration,
            external_id=row.external_id,
            defaults={
                "erp_number": row.number[:40],
                "situation": situation.label if situation else row.situation[:40],
                "reason_code": decision.reason,
                "row_hash": row.row_hash,
                "seen_at": clock.now(),
            },
        )
    return None


def _create_order(integration: Integration, row: ErpOrder, situation: Situation) -> OrderReference:
    now = clock.now()
    decision = decide_initial_status(situation)
    customer = (
        upsert_from_erp(integration_id=integration.pk, record=row.customer, current=None)
        if row.customer
        else None
    )
    order = Order.objects.create(
        integration=integration,
        customer=customer,
        number=_next_number(),
        origin=Origin.ERP,
        status=decision.status,
        is_return=decision.is_return,
        erp_number=row.number[:40],
        ecommerce_number=row.ecommerce_number[:80],
        ecommerce_name=row.ecommerce_name,
        placed_on=row.placed_on,
        total=row.total,
        created_at=now,
        updated_at=now,
    )
    reference = OrderReference.objects.create(
        integration=integration,
        external_id=row.external_id,
        order=order,
        situation=row.situation[:40],
        row_hash=row.row_hash,
        awaiting_invoice_since=now if situation.expects_invoice else None,
    )
    _record(order, decision.reason, decision.params, now)
    if row.customer and row.customer.document_text and not row.customer.document and row.customer.kind:
        _record(order, "order.document_invalid", {}, now)
    _apply_shipment(order, row.shipment, now)
    return reference


def _next_number() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO orders_ordercounter (organization_id, last) VALUES (%s, 1)
               ON CONFLICT (organization_id) DO UPDATE SET last = orders_ordercounter.last + 1
               RETURNING last""",
            [current_organization_id()],
        )
        (number,) = cursor.fetchone()
    return int(number)


def _update_order(reference: OrderReference, row: ErpOrder, situation: Situation | None) -> bool:
    """Bring a known order up to date; false when the row says what it said before."""
    if reference.row_hash == row.row_hash and reference.deleted_at is None:
        return False
    now = clock.now()
    order = Order.objects.select_related("customer").get(pk=reference.order_id)
    if reference.deleted_at is not None:
        reference.deleted_at = None
        _record(order, "order.back_at_erp", {}, now)
    _follow(order, reference, row, situation, now)
    reference.row_hash = row.row_hash
    reference.save()
    return True


def _follow(
    order: Order, reference: OrderReference, row: ErpOrder, situation: Situation | None, now: dt.datetime
) -> None:
    """Apply what a list row or a detail says of an order that we have. The caller saves the reference."""
    if reference.situation != row.situation[:40]:
        decision = decide_status(OrderStatus(order.status), order.is_return, situation, row.situation)
        _apply_decision(order, decision, now)
        reference.situation = row.situation[:40]
        _expect_invoice(reference, situation, now)
    if order.total != row.total and row.total is not None:
        if order.total is not None:
            _record(
                order,
                "order.total_changed",
                {"before": format_brl(order.total), "after": format_brl(row.total)},
                now,
            )
        order.total = row.total
    order.erp_number = row.number[:40] or order.erp_number
    order.ecommerce_number = row.ecommerce_number[:80] or order.ecommerce_number
    order.ecommerce_name = row.ecommerce_name or order.ecommerce_name
    order.placed_on = row.placed_on or order.placed_on
    if row.customer:
        order.customer = upsert_from_erp(
            integration_id=reference.integration_id, record=row.customer, current=order.customer
        )
    order.updated_at = now
    order.save()
    _apply_shipment(order, row.shipment, now)


def _apply_decision(order: Order, decision: StatusDecision, now: dt.datetime) -> None:
    order.status = decision.status
    order.is_return = decision.is_return
    _record(order, decision.reason, decision.params, now)


def _expect_invoice(reference: OrderReference, situation: Situation | None, now: dt.datetime) -> None:
    if situation is None or not situation.expects_invoice:
        reference.awaiting_invoice_since = None
    elif reference.awaiting_invoice_since is None and not _has_valid_invoice(reference.order_id):
        reference.awaiting_invoice_since = now


def _has_valid_invoice(order_id: int) -> bool:
    invoices = Invoice.objects.filter(order_id=order_id, state=InvoiceState.AUTHORIZED)
    return invoices.exclude(access_key="").exists()


def _apply_shipment(order: Order, shipment: ErpShipment, now: dt.datetime) -> None:
    """Keep the raw strings. What the ERP leaves empty later does not erase a code that we have."""
    if shipment.is_empty:
        return
    values = {
        "carrier_name": shipment.carrier_name,
        "shipping_method": shipment.shipping_method,
        "freight_method": shipment.freight_method,
        "tracking_code": shipment.tracking_code,
        "tracking_url": shipment.tracking_url,
    }
    kept = OrderShipment.objects.filter(order=order).first()
    method = " · ".join(
        filter(None, [shipment.carrier_name, shipment.shipping_method, shipment.freight_method])
    )
    if kept is None:
        OrderShipment.objects.create(order=order, updated_at=now, **values)
        if shipment.tracking_code:
            _record(order, "order.tracking_received", {"code": shipment.tracking_code, "method": method}, now)
        return
    changed = {name: value for name, value in values.items() if value and getattr(kept, name) != value}
    if not changed:
        return
    for name, value in changed.items():
        setattr(kept, name, value)
    kept.updated_at = now
    kept.save()
    if "tracking_code" in changed:
        _record(order, "order.tracking_received", {"code": shipment.tracking_code, "method": method}, now)
    elif "tracking_url" not in changed or len(changed) > 1:
        _record(order, "order.shipping_changed", {"method": method}, now)


@transaction.atomic
def apply_details(
    *, integration: Integration, order_id: int, detail: ErpOrderDetail, situations: Sequence[Situation]
) -> None:
    """What only the single order shows: items, installments, delivery address, the parts of the total."""
    now = clock.now()
    reference = OrderReference.objects.select_for_update().get(order_id=order_id, integration=integration)
    order = Order.objects.select_related("customer").get(pk=order_id)
    row = detail.order
    known = next((item for item in situations if item.code == row.situation), None)
    _follow(order, reference, row, known if row.situation_is_known else None, now)
    order.products_total = detail.products_total
    order.freight = detail.freight
    order.discount = detail.discount
    order.other_expenses = detail.other_expenses
    order.expected_on = detail.expected_on
    order.delivery_address = asdict(detail.delivery_address) if detail.delivery_address else {}
    order.details_loaded_at = now
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
    reference.details_hash = reference.row_hash
    reference.deleted_at = None
    reference.save()


@transaction.atomic
def mark_deleted_at_erp(*, integration: Integration, order_id: int) -> None:
    reference = OrderReference.objects.select_for_update().get(order_id=order_id, integration=integration)
    if reference.deleted_at is None:
        reference.deleted_at = clock.now()
        reference.awaiting_invoice_since = None
        reference.save()
        _record(Order.objects.get(pk=order_id), "order.deleted_at_erp", {}, reference.deleted_at)


@transaction.atomic
def attach_invoices(
    *, integration: Integration, invoices: Iterable[ErpInvoice], problems: Iterable[RowProblem] = ()
) -> int:
    """Join each nota to its order by origin, else by e-commerce number. Returns how many found none here."""
    unmatched = 0
    for problem in problems:
        _record_problem(integration, RowProblem(f"NF {problem.external_id}", problem.code))
    for invoice in invoices:
        reference = _find_order_of(integration, invoice)
        if reference is None:
            unmatched += 1
        else:
            _attach(integration, reference, invoice)
    return unmatched


def _find_order_of(integration: Integration, invoice: ErpInvoice) -> OrderReference | None:
    references = OrderReference.objects.select_for_update().filter(integration=integration)
    if invoice.order_external_id:
        return references.filter(external_id=invoice.order_external_id).first()
    if not invoice.ecommerce_number:
        return None
    # Two orders with one number (a split, a copy) give no answer: a wrong nota is worse than none.
    found = list(references.filter(order__ecommerce_number=invoice.ecommerce_number[:80])[:2])
    return found[0] if len(found) == 1 else None


_INVOICE_CODES: Mapping[InvoiceState, str] = {
    InvoiceState.AUTHORIZED: "order.invoice_received",
    InvoiceState.PENDING: "order.invoice_pending",
    InvoiceState.CANCELLED: "order.invoice_cancelled",
    InvoiceState.DENIED: "order.invoice_denied",
}


def _attach(integration: Integration, reference: OrderReference, invoice: ErpInvoice) -> None:
    now = clock.now()
    values = {
        "number": invoice.number[:20],
        "series": invoice.series[:10],
        "access_key": invoice.access_key[:44],
        "state": invoice.state,
        "issued_on": invoice.issued_on,
        "amount": invoice.amount,
    }
    kept, is_new = Invoice.objects.get_or_create(
        integration=integration,
        external_id=invoice.external_id,
        defaults={"order_id": reference.order_id, "created_at": now, **values},
    )
    is_changed = is_new or kept.state != invoice.state or kept.access_key != values["access_key"]
    if not is_new and any(getattr(kept, name) != value for name, value in values.items()):
        for name, value in values.items():
            setattr(kept, name, value)
        kept.save()
    order = Order.objects.get(pk=reference.order_id)
    if is_changed:
        _record(order, _INVOICE_CODES[invoice.state], {"number": invoice.number}, now)
    if invoice.state == InvoiceState.AUTHORIZED and values["access_key"]:
        reference.awaiting_invoice_since = None
        reference.save()
    elif is_changed and reference.awaiting_invoice_since is None and not _has_valid_invoice(order.pk):
        reference.awaiting_invoice_since = now
        reference.save()
    tracking = ErpShipment(tracking_code=invoice.tracking_code, tracking_url=invoice.tracking_url)
    shipment = OrderShipment.objects.filter(order=order).first()
    if shipment is None or not shipment.tracking_code:
        _apply_shipment(order, tracking, now)


@transaction.atomic
def give_up_invoices(*, integration: Integration) -> int:
    """Stop looking for notas that did not come in 30 days, or each poll would read a month of them."""
    before = clock.now() - dt.timedelta(days=INVOICE_SEARCH_DAYS)
    late = OrderReference.objects.select_for_update().filter(
        integration=integration, awaiting_invoice_since__lt=before
    )
    references = list(late)
    for reference in references:
        reference.awaiting_invoice_since = None
        reference.save()
        order = Order.objects.get(pk=reference.order_id)
        _record(order, "order.invoice_given_up", {"days": str(INVOICE_SEARCH_DAYS)}, clock.now())
    return len(references)


def _record(order: Order, code: str, params: Mapping[str, str], at: dt.datetime) -> None:
    record(subject_kind=SUBJECT, subject_id=order.pk, code=code, params=params, source=Source.ERP, at=at)


def _record_problem(integration: Integration, problem: RowProblem) -> None:
    """A row that cannot be read may have no order to stand on: it is written, once, on the integration."""
    kept, is_new = PassedOverOrder.objects.update_or_create(
        integration=integration,
        external_id=problem.external_id[:60] or "?",
        defaults={"reason_code": UNREADABLE, "row_hash": "", "seen_at": clock.now()},
    )
    if is_new:
        record(
            subject_kind="integration",
            subject_id=integration.pk,
            code=UNREADABLE,
            params={"external_id": kept.external_id, "code": problem.code},
            source=Source.ERP,
        )
