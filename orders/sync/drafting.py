"""What of an order is to be made at the ERP: who bought, who sold, and the order itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from accounts import clock
from accounts.tenancy import tenant
from catalog.selectors import SKU_UNKNOWN, find_references_by_sku
from contracts.errors import MappingError
from contracts.order_status import OrderStatus
from contracts.provider import Provider
from contracts.records import ErpAddress, ErpInstallment, ErpSeller, ItemDraft, OrderDraft
from customers.models import Customer
from customers.selectors import draft_of, read_criteria
from customers.sync import resolve_at_erp
from integrations.credentials import IntegrationContext
from integrations.models import Integration
from integrations.selectors import find_integrator_id
from integrations.services import SELLER_UNKNOWN
from jobs.errors import JobNeedsPerson
from jobs.runner import JobContext
from orders.map_selectors import read_status_map
from orders.models import Order
from orders.selectors import fold
from orders.status_map import StatusMap


def people_of(integration: Integration, order: Order) -> list[Any]:
    """What decides who sold and who bought. One protocol may leave to the order what another must be told."""
    return [integration.protocol, integration.sends_seller, order.seller_code, order.seller_name]


def find_people(job: JobContext, provider: Provider, context: IntegrationContext, order: Order) -> None:
    """Who sold and who bought, as the ERP knows them: into the job's step.

    Raises ``JobNeedsPerson`` or ``RejectedByErp`` for one whom it does not know and may not get to know.
    """
    integration, customer = context.integration, _buyer_of(order)
    with tenant(job.organization_id):
        # Nothing is made at the ERP for an order that cannot go.
        _item_drafts(order, integration)
        criteria = read_criteria(integration)
    seller, left_out = _find_seller(provider, context, order)
    is_forced = order.forwarding.is_forced
    buyer = resolve_at_erp(job, provider, context, customer, criteria, is_forced=is_forced)
    job.save_step(
        customer_id=buyer.external_id,
        buyer_name=buyer.name,
        buyer_document=buyer.document,
        seller_id=seller.external_id if seller else "",
        left_out=dict(left_out),
        people_of=people_of(integration, order),
    )


def _buyer_of(order: Order) -> Customer:
    if order.customer is None:
        raise MappingError("orders.buyer_missing")
    return order.customer


def draft_order(job: JobContext, provider: Provider, integration: Integration, order: Order) -> OrderDraft:
    """The order for the ERP, inside ``tenant``. Raises ``JobNeedsPerson`` for a SKU that it does not know."""
    installments = order.installments.order_by("position")
    status_map = read_status_map(integration)
    return OrderDraft(
        key=order.forwarding.key,
        placed_on=order.placed_on or clock.today(),
        situation=situation_of(provider, status_map, OrderStatus(order.status)),
        customer=draft_of(_buyer_of(order)),
        customer_id=job.step["customer_id"],
        items=_item_drafts(order, integration),
        ecommerce_number=order.ecommerce_number,
        delivery_address=ErpAddress(**order.delivery_address) if order.delivery_address else None,
        installments=tuple(ErpInstallment(row.amount, row.due_on, row.method) for row in installments),
        freight=order.freight or Decimal(0),
        discount=order.discount or Decimal(0),
        expected_on=order.expected_on,
        seller_id=job.step["seller_id"],
        integrator_id=find_integrator_id(integration),
        notes=write_notes(order),
    )


def situation_of(provider: Provider, status_map: StatusMap, status: OrderStatus) -> str:
    """The one in which an order is made; where the map names none, the one of any new order."""
    return status_map.outward.get(status) or provider.default_situations[OrderStatus.PLACED]


def _item_drafts(order: Order, integration: Integration) -> tuple[ItemDraft, ...]:
    items = list(order.items.order_by("position"))
    references = find_references_by_sku(integration, [item.sku for item in items])
    for item in items:
        if item.sku not in references:
            raise JobNeedsPerson(SKU_UNKNOWN, {"sku": item.sku}, key=item.sku)
    return tuple(
        ItemDraft(
            product_id=references[item.sku].external_id,
            sku=references[item.sku].sku,
            description=item.description,
            quantity=item.quantity,
            unit_price=item.unit_price,
            unit=item.unit,
        )
        for item in items
    )


def _find_seller(
    provider: Provider, context: IntegrationContext, order: Order
) -> tuple[ErpSeller | None, Mapping[str, str]]:
    """By the code, else by the name, capitals and accents aside; one who is not alone in it is nobody."""
    integration = context.integration
    wanted = order.seller_code or order.seller_name
    if not integration.sends_seller or not wanted:
        return None, {}
    sellers = [seller for seller in provider.list_sellers(context) if seller.is_active]
    seller = match_seller(sellers, order.seller_code, order.seller_name)
    if seller is not None:
        return seller, {}
    if integration.seller_is_optional:
        return None, {"order.sent_without_seller": wanted}
    names = ", ".join(sorted(each.name for each in sellers)) or "nenhum"
    raise JobNeedsPerson(SELLER_UNKNOWN, {"seller": wanted, "names": names}, key=wanted)


def match_seller(sellers: Sequence[ErpSeller], code: str, name: str) -> ErpSeller | None:
    by_code = [each for each in sellers if code and each.code == code]
    by_name = [each for each in sellers if name and fold(each.name) == fold(name)]
    for found in (by_code, by_name):
        if len(found) == 1:
            return found[0]
    return None


def write_notes(order: Order) -> str:
    """The ERP may drop the marketplace's number where it belongs, so it stands here as well."""
    channel = order.ecommerce_name or "marketplace"
    return "\n".join(filter(None, [order.notes, f"Pedido {order.ecommerce_number} ({channel})"]))
