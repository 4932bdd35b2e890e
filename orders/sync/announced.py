"""One order that the ERP spoke of by itself, whether it is known here or not."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace

from accounts import clock
from accounts.tenancy import tenant
from contracts.errors import NotFound
from contracts.provider import Provider
from contracts.records import ErpInvoice, ErpOrderDetail, Page
from integrations.credentials import IntegrationContext
from integrations.models import Integration
from jobs.errors import JobPostponed
from orders import selectors, services
from orders.map_selectors import read_status_map
from orders.models import Order, OrderReference, PassedOverOrder


@dataclass(frozen=True, slots=True)
class Announced:
    """What the ERP answered; without a ``detail`` it has the order no more.

    ``reference`` is what was known of it when it was asked for.
    """

    external_id: str
    reference: OrderReference | None = None
    detail: ErpOrderDetail | None = None
    invoice: ErpInvoice | None = None


def ask_announced(provider: Provider, context: IntegrationContext, external_id: str) -> Announced:
    """One call, and another for its nota if we miss and want it."""
    integration = context.integration
    with tenant(integration.organization_id):
        reference = _find(integration, external_id)
    try:
        detail = provider.get_order(context, external_id)
    except NotFound:
        return Announced(external_id, reference)
    with tenant(integration.organization_id):
        rule = read_status_map(integration).rules.get(detail.order.situation)
        has_invoice = reference is not None and selectors.has_authorized_invoice(reference.order_id)
    invoice = None
    is_wanted = reference is not None if rule is None else rule.awaits_invoice
    if detail.invoice_id and is_wanted and not has_invoice:
        with suppress(NotFound):
            # The order named the nota; whatever the nota says of its origin cannot be better.
            invoice = replace(provider.get_invoice(context, detail.invoice_id), order_external_id=external_id)
    return Announced(external_id, reference, detail, invoice)


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of it. ``changes`` are by label what a page shows of it (before, after).

    Without an ``order_id`` it is not here, and ``passed_over`` says why as a code of ``PASSED_OVER``.
    """

    changes: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    order_id: int | None = None
    passed_over: str = ""
    is_gone: bool = False


def keep_announced(integration: Integration, announced: Announced) -> Kept:
    """Apply what ``ask_announced`` found, inside the caller's ``tenant``.

    One that is new is imported, or passed over, as a row of the list would be. Raises ``JobPostponed`` if
    something else was learnt of it meanwhile: it is to be asked for again.
    """
    external_id, detail = announced.external_id, announced.detail
    reference = _find(integration, external_id)
    if not services.is_as_asked(announced.reference, reference):
        raise JobPostponed(clock.now())
    former = _describe(reference)
    if detail is None:
        services.forget_passed_over(integration=integration, external_id=external_id)
        if reference is not None:
            services.mark_deleted_at_erp(integration=integration, order_id=reference.order_id)
    else:
        if reference is None or reference.deleted_at is not None:
            page = Page((detail.order,), row_ids=(external_id,), offset=0, limit=1, total=1)
            status_map = read_status_map(integration)
            services.upsert_from_list(integration=integration, page=page, status_map=status_map)
            reference = _find(integration, external_id)
        if reference is not None and not services.apply_details(asked_of=reference, detail=detail):
            raise JobPostponed(clock.now())
        if reference is not None and announced.invoice is not None:
            services.attach_invoices(integration=integration, invoices=[announced.invoice])
    reference = _find(integration, external_id)
    if reference is None:
        row = PassedOverOrder.objects.filter(integration=integration, external_id=external_id).first()
        return Kept(passed_over=row.reason_code if row else "", is_gone=detail is None)
    now = _describe(reference)
    changes = {label: (former.get(label, ""), now[label]) for label in now if former.get(label) != now[label]}
    return Kept(changes=changes, order_id=reference.order_id, is_gone=detail is None)


def _find(integration: Integration, external_id: str) -> OrderReference | None:
    references = OrderReference.objects.filter(integration=integration, external_id=external_id)
    return references.select_related("order").first()


def _describe(reference: OrderReference | None) -> dict[str, str]:
    """What of an order a notification may change, by label."""
    if reference is None:
        return {}
    order = Order.objects.select_related("integration", "reference", "shipment").get(pk=reference.order_id)
    shipment = getattr(order, "shipment", None)
    return {
        "Status": order.get_status_display(),
        "Situação no Tiny": selectors.situation_label(order),
        "Rastreio": shipment.tracking_code if shipment else "",
        "Nota fiscal": selectors.shown_invoice_number(order) or "",
    }
