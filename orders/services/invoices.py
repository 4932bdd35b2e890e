"""Notas fiscais find their orders."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import copy

from django.db import transaction

from accounts import clock
from contracts.provider import Capability
from contracts.records import ErpInvoice, ErpShipment, InvoiceState, RowProblem
from history.models import HistoryEntry
from history.services import record_all
from integrations import registry
from integrations.models import Integration
from integrations.rows import apply_apart
from orders.map_selectors import read_status_map
from orders.models import Invoice, Order, OrderReference, OrderShipment
from orders.services.following import has_valid_invoice
from orders.services.lines import UNREADABLE, order_line, record_line, record_problem, take_revision
from orders.services.queueing import ask_to_follow
from orders.services.shipments import update_shipment
from orders.status_map import Rule

SEARCH_DAYS = 30

CODES: Mapping[InvoiceState, str] = {
    InvoiceState.AUTHORIZED: "order.invoice_received",
    InvoiceState.PENDING: "order.invoice_pending",
    InvoiceState.CANCELLED: "order.invoice_cancelled",
    InvoiceState.DENIED: "order.invoice_denied",
}


@transaction.atomic
def attach_invoices(
    *, integration: Integration, invoices: Iterable[ErpInvoice], problems: Iterable[RowProblem] = ()
) -> int:
    """Join each nota to its order by origin, as before, or by e-commerce number.

    Returns how many found none here.
    """
    now = clock.now()
    for problem in problems:
        record_problem(integration, RowProblem(f"NF {problem.external_id}", problem.code), now)
    given = list({invoice.external_id: invoice for invoice in invoices}.values())
    find = _finder(integration, given)
    joined = [(reference, invoice) for invoice in given if (reference := find(invoice))]

    def attach(pairs: Sequence[tuple[OrderReference, ErpInvoice]]) -> None:
        # Copies, because pairs that were joined together and rolled back are joined once more.
        _attach(integration, [(copy(reference), invoice) for reference, invoice in pairs], now)

    def refuse(pair: tuple[OrderReference, ErpInvoice]) -> None:
        record_problem(integration, RowProblem(f"NF {pair[1].external_id}", UNREADABLE), now)

    apply_apart(joined, attach, refuse)
    return len(given) - len(joined)


def _finder(
    integration: Integration, invoices: Sequence[ErpInvoice]
) -> Callable[[ErpInvoice], OrderReference | None]:
    """Look up, in a few queries, the orders that these notas may belong to."""
    protocol = registry.get_protocol(integration.provider, integration.protocol)
    is_named = protocol.can(Capability.INVOICES_NAME_ORDERS)
    references = OrderReference.objects.select_for_update(of=("self",)).filter(integration=integration)
    references = references.select_related("order").order_by("id")
    origins = {invoice.order_external_id for invoice in invoices if invoice.order_external_id}
    by_origin = {row.external_id: row for row in references.filter(external_id__in=origins)}
    orphans = [invoice.external_id for invoice in invoices if not invoice.order_external_id]
    attached = Invoice.objects.filter(integration=integration, external_id__in=orphans)
    orders_of = dict(attached.values_list("external_id", "order_id"))
    by_order = {row.order_id: row for row in references.filter(order_id__in=orders_of.values())}
    numbers = {
        invoice.ecommerce_number[:80]
        for invoice in invoices
        if invoice.ecommerce_number and not invoice.order_external_id
    }
    by_number: dict[str, list[OrderReference]] = defaultdict(list)
    for row in references.filter(order__ecommerce_number__in=numbers):
        by_number[row.order.ecommerce_number].append(row)

    def find(invoice: ErpInvoice) -> OrderReference | None:
        if invoice.order_external_id:
            return by_origin.get(invoice.order_external_id)
        if invoice.external_id in orders_of:
            return by_order.get(orders_of[invoice.external_id])
        if not is_named:
            # A number of one shop may be another shop's too: there the order itself names its nota.
            return None
        # Two orders with one number (a split, a copy) give no answer: a wrong nota is worse than none.
        found = by_number.get(invoice.ecommerce_number[:80], [])
        return found[0] if len(found) == 1 else None

    return find


def _attach(
    integration: Integration, pairs: Sequence[tuple[OrderReference, ErpInvoice]], now: dt.datetime
) -> None:
    external_ids = [invoice.external_id for _, invoice in pairs]
    kept = {
        row.external_id: row
        for row in Invoice.objects.filter(integration=integration, external_id__in=external_ids)
    }
    lines: list[HistoryEntry] = []
    new: list[Invoice] = []
    news: list[tuple[OrderReference, ErpInvoice]] = []
    for reference, invoice in pairs:
        values = _values(invoice)
        row = kept.get(invoice.external_id)
        is_news = row is None or row.state != invoice.state or row.access_key != values["access_key"]
        if row is None:
            new.append(
                Invoice(
                    integration=integration,
                    external_id=invoice.external_id,
                    order_id=reference.order_id,
                    created_at=now,
                    **values,
                )
            )
        elif any(getattr(row, name) != value for name, value in values.items()):
            for name, value in values.items():
                setattr(row, name, value)
            row.save()
        if is_news:
            params = {"number": invoice.number}
            lines.append(order_line(reference.order_id, CODES[invoice.state], params, now))
            news.append((reference, invoice))
    Invoice.objects.bulk_create(new)
    rules = read_status_map(integration).rules
    _settle_waits(news, rules, now)
    if news or any(invoice.tracking_code for _, invoice in pairs):
        # Before what follows the orders' parcels is woken, which other writers do while they have theirs.
        revision = take_revision()
        ask_to_follow(reference.order_id for reference, _ in news)
        lines += _take_tracking(pairs, rules, now)
        concerned = {line.subject_id for line in lines}
        Order.objects.filter(pk__in=concerned).update(revision=revision)
    record_all(lines)


def _values(invoice: ErpInvoice) -> dict[str, object]:
    return {
        "number": invoice.number[:20],
        "series": invoice.series[:10],
        "access_key": invoice.access_key[:44],
        "state": invoice.state,
        "issued_on": invoice.issued_on,
        "amount": invoice.amount,
    }


def _settle_waits(
    news: Sequence[tuple[OrderReference, ErpInvoice]], rules: Mapping[str, Rule], now: dt.datetime
) -> None:
    """An authorised nota ends the wait; a cancelled one begins it again unless another nota stands.

    None is awaited in a situation whose rule does not look for it.
    """
    served = {
        reference.pk
        for reference, invoice in news
        if invoice.state == InvoiceState.AUTHORIZED and invoice.access_key
    }
    OrderReference.objects.filter(pk__in=served).update(awaiting_invoice_since=None)
    for reference, _ in news:
        if (
            reference.pk not in served
            and (reference.situation not in rules or rules[reference.situation].awaits_invoice)
            and reference.awaiting_invoice_since is None
            and not has_valid_invoice(reference.order_id)
        ):
            reference.awaiting_invoice_since = now
            reference.save(update_fields=["awaiting_invoice_since"])


def _take_tracking(
    pairs: Sequence[tuple[OrderReference, ErpInvoice]], rules: Mapping[str, Rule], now: dt.datetime
) -> list[HistoryEntry]:
    """Tracking that stands only on the nota."""
    given = [(reference, invoice) for reference, invoice in pairs if invoice.tracking_code]
    coded = OrderShipment.objects.filter(order_id__in=[reference.order_id for reference, _ in given])
    have = set(coded.exclude(tracking_code="").values_list("order_id", flat=True))
    lines: list[HistoryEntry] = []
    for reference, invoice in given:
        if reference.order_id not in have:
            shipment = ErpShipment(tracking_code=invoice.tracking_code, tracking_url=invoice.tracking_url)
            rule = rules.get(reference.situation)
            starts_tracking = rule is not None and rule.starts_tracking
            lines += update_shipment(reference.order, shipment, now, starts_tracking=starts_tracking)
    return lines


@transaction.atomic
def give_up_invoices(*, integration: Integration) -> int:
    """Stop looking for notas that did not come in 30 days, or each poll would read a month of them."""
    now = clock.now()
    references = list(
        OrderReference.objects.select_for_update().filter(
            integration=integration, awaiting_invoice_since__lt=now - dt.timedelta(days=SEARCH_DAYS)
        )
    )
    for reference in references:
        reference.awaiting_invoice_since = None
        reference.save(update_fields=["awaiting_invoice_since"])
        record_line(reference.order_id, "order.invoice_given_up", {"days": str(SEARCH_DAYS)}, now)
    return len(references)
