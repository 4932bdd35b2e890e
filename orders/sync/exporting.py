"""Orders on their way to the ERP, each exactly once.

An order is looked for by its key before it is made, read back after it was made, and between the two its row
says that it may be there: whoever comes next, after a kill or a time-out, looks first and waits until a call
that is still under way must have ended.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal

from django.conf import settings

from accounts import clock
from accounts.clock import SAO_PAULO
from accounts.tenancy import tenant
from catalog.selectors import SKU_UNKNOWN, find_references_by_sku
from contracts.errors import (
    AlreadyExists,
    ErpError,
    MappingError,
    NotFound,
    RateLimited,
    RejectedByErp,
    TemporaryError,
)
from contracts.order_status import OrderStatus
from contracts.provider import Capability, Provider
from contracts.records import (
    ErpAddress,
    ErpInstallment,
    ErpOrder,
    ErpOrderDetail,
    ErpSeller,
    ItemDraft,
    OrderChange,
    OrderDraft,
    OrderQuery,
    Page,
)
from customers.criteria import decide_customer
from customers.selectors import draft_of, read_criteria, values_of
from customers.sync import resolve_at_erp
from integrations import registry
from integrations.credentials import IntegrationContext
from integrations.models import Integration
from integrations.reading import Reading, advance
from integrations.selectors import find_integrator_id
from jobs.errors import JobNeedsPerson, JobPostponed
from jobs.runner import JobContext
from orders import selectors, services
from orders.forwarding import decide_forwarding
from orders.models import ForwardingState, Order, OrderReference
from orders.read_back import Wanted, find_not_taken, find_not_taken_change
from orders.selectors import fold
from orders.sync.reaching import reach

SELLER_UNKNOWN = "orders.seller_unknown"
# The ERP's day is not ours, and an order may be dated before it was placed here.
DAY = dt.timedelta(days=1)


def export_order(job: JobContext) -> None:
    """Send one order that is due, or leave it out with the reason.

    What was found out stays in the step: a job that gives way to others asks nothing twice.
    """
    with tenant(job.organization_id):
        order = selectors.get_order_to_send(int(job.key))
        forwarding, integration = order.forwarding, order.integration
        if forwarding.state != ForwardingState.DUE or integration is None:
            return
        if forwarding.attempted_at is None and _leave_out(order, integration):
            return
    with reach(job, integration) as (provider, context):
        if "external_id" not in job.step:
            # Missing once, it stays so until a call is made that may create it.
            if forwarding.attempted_at is not None or "is_missing" not in job.step:
                found = _find(provider, context, order)
                if found is not None:
                    _record(job, provider, integration, order, found, is_found=True)
                    return
                if _settle(job, order, integration):
                    return
                job.save_step(is_missing=True)
            if job.step.get("customer_id") is None:
                _find_people(job, provider, context, order)
            job.save_step(external_id=_create(job, provider, context, order))
        _record(job, provider, integration, order, provider.get_order(context, job.step["external_id"]))


def _leave_out(order: Order, integration: Integration) -> bool:
    """Whether the order as it is now is none of those that are sent; then that is written."""
    forwarding, customer = order.forwarding, order.customer
    decision = decide_forwarding(
        OrderStatus(order.status), integration.send_statuses, is_forced=forwarding.is_forced
    )
    if order.status == OrderStatus.CANCELLED and decision.state != ForwardingState.DUE:
        services.leave_out(order_id=order.pk, reason=decision.reason, params=decision.params)
        return True
    if customer is not None and not forwarding.is_forced:
        outside = decide_customer(values_of(customer), read_criteria(integration))
        if not outside.passes:
            services.leave_out(order_id=order.pk, reason=outside.code, params=outside.params)
            return True
    return False


def _settle(job: JobContext, order: Order, integration: Integration) -> bool:
    """Conclude that no attempt, if there was one, made the order; whether it is left out now.

    A call whose answer never came may still be under way: not to be seen yet is not to be missing.
    """
    attempted_at = order.forwarding.attempted_at
    if attempted_at is None:
        return False
    settled_at = attempted_at + dt.timedelta(seconds=settings.EXPORT_SETTLE_SECONDS)
    if clock.now() < settled_at:
        raise JobPostponed(settled_at)
    with tenant(job.organization_id):
        services.end_attempt(order_id=order.pk)
        return _leave_out(order, integration)


# --- is it there already? ---


def _find(provider: Provider, context: IntegrationContext, order: Order) -> ErpOrderDetail | None:
    """The order at the ERP, by its key. Orders there that are known to be others are not read."""
    integration = context.integration
    forwarding = order.forwarding
    protocol = registry.get_protocol(integration.provider, integration.protocol)
    days = [order.placed_on or clock.today(), order.created_at.astimezone(SAO_PAULO).date()]
    query = _search(order, min(days) - DAY, by_number=protocol.can(Capability.KEEPS_ECOMMERCE_NUMBER))
    reading = Reading()
    while not reading.is_done:
        page = provider.list_orders(context, query, offset=reading.offset)
        reading = advance(reading, page)
        for external_id in _unknown_of(integration, page, query.ecommerce_number):
            try:
                detail = provider.get_order(context, external_id)
            except NotFound:
                continue
            if detail.key == forwarding.key:
                return detail
    return None


def _search(order: Order, since: dt.date, *, by_number: bool) -> OrderQuery:
    """By the narrowest that the ERP can tell: the marketplace's number, the document, the name."""
    if by_number and order.ecommerce_number:
        return OrderQuery(created_from=since, ecommerce_number=order.ecommerce_number)
    customer = order.customer
    if customer is not None and customer.document:
        return OrderQuery(created_from=since, document=customer.document)
    return OrderQuery(created_from=since, customer_name=customer.name if customer else "")


def _unknown_of(integration: Integration, page: Page[ErpOrder], ecommerce_number: str) -> list[str]:
    """Rows that no order here is linked to, without those that the ERP found by a number only like ours."""
    alike = {row.external_id for row in page.items if ecommerce_number not in ("", row.ecommerce_number)}
    with tenant(integration.organization_id):
        known = OrderReference.objects.filter(integration=integration, external_id__in=page.row_ids)
        taken = set(known.values_list("external_id", flat=True))
    return [external_id for external_id in page.row_ids if external_id not in taken | alike]


# --- what is to be made ---


def _find_people(job: JobContext, provider: Provider, context: IntegrationContext, order: Order) -> None:
    """Who sold and who bought, as the ERP knows them: into the job's step.

    Raises ``JobNeedsPerson`` or ``RejectedByErp`` for one whom it does not know and may not get to know.
    """
    integration, customer = context.integration, order.customer
    with tenant(job.organization_id):
        # Nothing is made at the ERP for an order that cannot go.
        _item_drafts(order, integration)
        criteria = read_criteria(integration)
    if customer is None:
        raise MappingError("orders.buyer_missing")
    seller, left_out = _find_seller(provider, context, order)
    is_forced = order.forwarding.is_forced
    buyer = resolve_at_erp(job, provider, context, customer, criteria, is_forced=is_forced)
    job.save_step(
        customer_id=buyer.external_id, seller_id=seller.external_id if seller else "", left_out=dict(left_out)
    )


def _draft(job: JobContext, provider: Provider, order: Order) -> OrderDraft:
    """The order for the ERP, inside ``tenant``. Raises ``JobNeedsPerson`` for a SKU that it does not know."""
    integration, customer = order.integration, order.customer
    assert integration is not None and customer is not None  # noqa: S101
    installments = order.installments.order_by("position")
    status = OrderStatus(order.status)
    situations = provider.default_situations
    return OrderDraft(
        key=order.forwarding.key,
        placed_on=order.placed_on or clock.today(),
        situation=situations.get(status) or situations[OrderStatus.PLACED],
        customer=draft_of(customer),
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
        notes=_notes(order),
    )


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


def _notes(order: Order) -> str:
    """The ERP may drop the marketplace's number where it belongs, so it stands here as well."""
    channel = order.ecommerce_name or "marketplace"
    return "\n".join(filter(None, [order.notes, f"Pedido {order.ecommerce_number} ({channel})"]))


# --- the one call that makes it, and what came of it ---


def _create(job: JobContext, provider: Provider, context: IntegrationContext, order: Order) -> str:
    with tenant(job.organization_id):
        draft = _draft(job, provider, order)
        services.begin_attempt(order_id=order.pk)
        # At the last moment: a worker that was taken for dead makes no order.
        job.prove_lease()
    try:
        return provider.create_order(context, draft)
    except MappingError as error:
        # An answer that cannot be read tells not whether the order was made.
        raise TemporaryError(error.code, error.params) from error
    except (ErpError, JobPostponed) as refusal:
        # Only the key proves that it is this one which the ERP has already.
        found = _find(provider, context, order) if isinstance(refusal, AlreadyExists) else None
        if found is not None:
            return found.order.external_id
        is_open = isinstance(refusal, AlreadyExists | TemporaryError) and not isinstance(refusal, RateLimited)
        if not is_open:
            with tenant(job.organization_id):
                services.end_attempt(order_id=order.pk)
        if isinstance(refusal, RejectedByErp):
            # Whoever it was about may be another one when a person has put it right.
            job.save_step(customer_id=None)
        raise


def _record(
    job: JobContext,
    provider: Provider,
    integration: Integration,
    order: Order,
    detail: ErpOrderDetail,
    *,
    is_found: bool = False,
) -> None:
    with tenant(job.organization_id):
        wanted = Wanted(
            total=order.total or Decimal(0),
            freight=order.freight or Decimal(0),
            discount=order.discount or Decimal(0),
            lines=[(item.quantity, item.unit_price) for item in order.items.order_by("position")],
            ecommerce_number=order.ecommerce_number,
            notes=_notes(order),
            expected_on=order.expected_on,
            seller_id=job.step.get("seller_id", ""),
        )
        services.record_export(
            integration=integration,
            order_id=order.pk,
            detail=detail,
            situations=provider.situations,
            not_taken=find_not_taken(wanted, detail),
            left_out=job.step.get("left_out", {}),
            is_found=is_found,
        )
        job.save_step()


# --- afterwards ---


def export_situation(job: JobContext) -> None:
    """Write the situation that the order's status asks for, unless the ERP has it already."""
    with tenant(job.organization_id):
        reference = selectors.find_sent_reference(int(job.key))
    if reference is None or reference.deleted_at is not None:
        return
    order, integration = reference.order, reference.integration
    status = OrderStatus(order.status)
    with reach(job, integration) as (provider, context):
        code = provider.default_situations.get(status)
        situation = next((item for item in provider.situations if item.code == code), None)
        if situation is None or situation.code == reference.situation:
            return
        provider.set_situation(context, reference.external_id, situation.code)
        with tenant(job.organization_id):
            services.record_situation(order_id=order.pk, situation=situation, status=status)
            job.save_step()


def export_order_change(job: JobContext) -> None:
    """Write what was changed here after the order was sent, as far as the ERP still takes it."""
    with tenant(job.organization_id):
        reference = selectors.find_sent_reference(int(job.key))
    if reference is None or reference.deleted_at is not None:
        return
    order, integration = reference.order, reference.integration
    with reach(job, integration) as (provider, context):
        detail = provider.get_order(context, reference.external_id)
        wanted = OrderChange(notes=_notes(order), expected_on=order.expected_on)
        sent = find_not_taken_change(wanted, detail)
        if not sent:
            return
        provider.change_order(context, reference.external_id, wanted)
        found = provider.get_order(context, reference.external_id)
        with tenant(job.organization_id):
            services.record_change(
                order_id=order.pk, sent=sent, not_taken=find_not_taken_change(wanted, found)
            )
            job.save_step()
