"""Whether the ERP has an order already."""

from __future__ import annotations

from accounts.tenancy import tenant
from contracts.errors import MappingError, NotFound
from contracts.provider import Capability, Provider
from contracts.records import ErpOrder, ErpOrderDetail, OrderQuery, Page
from integrations import registry
from integrations.credentials import IntegrationContext
from integrations.models import Integration
from integrations.reading import Reading, advance
from jobs.runner import JobContext
from orders import selectors
from orders.models import Order, OrderReference, Origin


def find_at_erp(
    job: JobContext, provider: Provider, context: IntegrationContext, order: Order
) -> ErpOrderDetail | None:
    """The order at the ERP, by its key. Orders there that are known to be others are not read.

    Raises ``MappingError`` for one that cannot be read, if it may be this one.
    """
    integration = context.integration
    forwarding = order.forwarding
    query = _search(order, integration)
    others = set(job.step.get("others", []))
    reading = Reading()
    while not reading.is_done:
        page = provider.list_orders(context, query, offset=reading.offset)
        reading = advance(reading, page)
        for external_id in _unknown_of(integration, page, query.ecommerce_number):
            if external_id in others:
                continue
            try:
                detail = provider.get_order(context, external_id)
            except NotFound:
                continue
            except MappingError:
                if forwarding.attempted_at is None:
                    continue
                raise
            if detail.key == forwarding.key:
                return detail
            # A job that has to give way reads none of them twice.
            others.add(external_id)
            job.save_step(others=sorted(others))
    return None


def _search(order: Order, integration: Integration) -> OrderQuery:
    """By the narrowest that the ERP can tell: the marketplace's number, the document, the name.

    An attempt may have made the order by another protocol, which does not keep the number, and for a contact
    that has another name or document than the buyer has here.
    """
    since = selectors.first_day_at_erp(order)
    forwarding, customer = order.forwarding, order.customer
    # Of the last attempt, even if it was concluded that it made nothing.
    attempt = forwarding.attempt
    protocol = registry.get_protocol(integration.provider, integration.protocol)
    by_number = protocol.can(Capability.KEEPS_ECOMMERCE_NUMBER) and (
        not attempt or attempt["protocol"] == protocol.key
    )
    if by_number and order.ecommerce_number:
        return OrderQuery(created_from=since, ecommerce_number=order.ecommerce_number)
    if attempt:
        name, document = attempt["buyer_name"], attempt["buyer_document"]
    else:
        name, document = (customer.name, customer.document) if customer else ("", "")
    return OrderQuery(created_from=since, document=document, customer_name="" if document else name)


def _unknown_of(integration: Integration, page: Page[ErpOrder], ecommerce_number: str) -> list[str]:
    """Rows that are no other order of ours, without those that the ERP found by a number only like ours.

    One that was imported may be this one: it may have been seen before anybody knew.
    """
    alike = {
        row.external_id
        for row in page.items
        if ecommerce_number and row.ecommerce_number not in ("", ecommerce_number)
    }
    with tenant(integration.organization_id):
        known = OrderReference.objects.filter(integration=integration, external_id__in=page.row_ids)
        placed_here = known.exclude(order__origin=Origin.ERP)
        taken = set(placed_here.values_list("external_id", flat=True))
    return [external_id for external_id in page.row_ids if external_id not in taken | alike]
