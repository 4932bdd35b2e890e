"""Orders on their way to the ERP, each exactly once.

An order is looked for by its key before it is made, read back after it was made, and between the two its row
says that it may be there: whoever comes next, after a kill or a time-out, looks first and waits until a call
that is still under way must have ended.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.conf import settings

from accounts import clock
from accounts.tenancy import tenant
from catalog.selectors import SKU_UNKNOWN, find_references_by_sku
from contracts.errors import (
    AlreadyExists,
    CustomerUnknown,
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
from customers.services import forget_reference
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
from orders.read_back import EXPECTED, NOTES, Wanted, find_not_taken, find_not_taken_change
from orders.selectors import fold
from orders.sync.reaching import reach

SELLER_UNKNOWN = "orders.seller_unknown"


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
    is_earlier = job.step.get("external_id") is not None
    with reach(job, integration) as (provider, context):
        if not is_earlier:
            # Missing once, it stays so until a call is made that may create it.
            if forwarding.attempted_at is not None or not job.step.get("is_missing"):
                looked_at = clock.now()
                found = _find(job, provider, context, order)
                if found is not None:
                    _record(job, provider, order, found, is_earlier=True, is_found=True)
                    return
                if _settle(job, order, integration, looked_at):
                    return
                job.save_step(is_missing=True)
            if job.step.get("customer_id") is None or job.step["people_of"] != _people_of(order):
                _find_people(job, provider, context, order)
            job.save_step(external_id=_create(job, provider, context, order))
        _record(job, provider, order, _read_back(job, provider, context, order), is_earlier=is_earlier)


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


def _settle(job: JobContext, order: Order, integration: Integration, looked_at: dt.datetime) -> bool:
    """Conclude that no attempt, if there was one, made the order; whether it is left out now."""
    if order.forwarding.attempted_at is None:
        return False
    _await_settling(order, looked_at)
    with tenant(job.organization_id):
        services.end_attempt(order_id=order.pk)
        order.forwarding.attempted_at = None
        return _leave_out(order, integration)


def _await_settling(order: Order, looked_at: dt.datetime) -> None:
    """A call whose answer never came may still be under way: not to be seen yet is not to be missing."""
    attempted_at = order.forwarding.attempted_at
    if attempted_at is None:
        return
    settled_at = attempted_at + dt.timedelta(seconds=settings.EXPORT_SETTLE_SECONDS)
    if looked_at < settled_at:
        raise JobPostponed(settled_at)


def _read_back(
    job: JobContext, provider: Provider, context: IntegrationContext, order: Order
) -> ErpOrderDetail:
    """The order that the ERP says it has made. Raises ``RejectedByErp`` if it is gone for good."""
    looked_at = clock.now()
    try:
        return provider.get_order(context, job.step["external_id"])
    except NotFound:
        _await_settling(order, looked_at)
        with tenant(job.organization_id):
            services.end_attempt(order_id=order.pk)
            job.save_step(external_id=None, is_missing=False, customer_id=None)
        raise RejectedByErp("orders.gone_at_erp") from None


# --- is it there already? ---


def _find(
    job: JobContext, provider: Provider, context: IntegrationContext, order: Order
) -> ErpOrderDetail | None:
    """The order at the ERP, by its key. Orders there that are known to be others are not read.

    Raises ``MappingError`` for one that cannot be read, if it may be this one.
    """
    integration = context.integration
    forwarding = order.forwarding
    protocol = registry.get_protocol(integration.provider, integration.protocol)
    query = _search(order, by_number=protocol.can(Capability.KEEPS_ECOMMERCE_NUMBER))
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


def _search(order: Order, *, by_number: bool) -> OrderQuery:
    """By the narrowest that the ERP can tell: the marketplace's number, the document, the name.

    An attempt may have made the order for a contact that has others than the buyer has here.
    """
    since = selectors.first_day_at_erp(order)
    if by_number and order.ecommerce_number:
        return OrderQuery(created_from=since, ecommerce_number=order.ecommerce_number)
    forwarding, customer = order.forwarding, order.customer
    name, document = forwarding.buyer_name, forwarding.buyer_document
    if forwarding.attempted_at is None and customer is not None:
        name, document = customer.name, customer.document
    return OrderQuery(created_from=since, document=document, customer_name="" if document else name)


def _unknown_of(integration: Integration, page: Page[ErpOrder], ecommerce_number: str) -> list[str]:
    """Rows that no order here is linked to, without those that the ERP found by a number only like ours."""
    alike = {row.external_id for row in page.items if ecommerce_number not in ("", row.ecommerce_number)}
    with tenant(integration.organization_id):
        known = OrderReference.objects.filter(integration=integration, external_id__in=page.row_ids)
        taken = set(known.values_list("external_id", flat=True))
    return [external_id for external_id in page.row_ids if external_id not in taken | alike]


# --- what is to be made ---


def _people_of(order: Order) -> list[Any]:
    """What decides who sold and who bought. One protocol may leave to the order what another must be told."""
    integration = order.integration
    assert integration is not None  # noqa: S101
    return [integration.protocol, integration.sends_seller, order.seller_code, order.seller_name]


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
        customer_id=buyer.external_id,
        buyer_name=buyer.name,
        buyer_document=buyer.document,
        seller_id=seller.external_id if seller else "",
        left_out=dict(left_out),
        people_of=_people_of(order),
    )


def _draft(job: JobContext, provider: Provider, order: Order) -> OrderDraft:
    """The order for the ERP, inside ``tenant``. Raises ``JobNeedsPerson`` for a SKU that it does not know."""
    integration, customer = order.integration, order.customer
    assert integration is not None and customer is not None  # noqa: S101
    installments = order.installments.order_by("position")
    return OrderDraft(
        key=order.forwarding.key,
        placed_on=order.placed_on or clock.today(),
        situation=_situation_of(provider, OrderStatus(order.status)),
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


def _situation_of(provider: Provider, status: OrderStatus) -> str:
    """The one in which an order is made."""
    situations = provider.default_situations
    return situations.get(status) or situations[OrderStatus.PLACED]


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
        order.forwarding = services.begin_attempt(
            order_id=order.pk,
            buyer_name=job.step["buyer_name"],
            buyer_document=job.step["buyer_document"],
        )
        # At the last moment, and it proves the lease: a worker that was taken for dead makes no order.
        job.save_step(status=order.status)
    try:
        return provider.create_order(context, draft)
    except MappingError as error:
        # An answer that cannot be read tells not whether the order was made.
        raise TemporaryError(error.code, error.params) from error
    except (ErpError, JobPostponed) as refusal:
        # Only the key proves that it is this one which the ERP has already.
        found = _find(job, provider, context, order) if isinstance(refusal, AlreadyExists) else None
        if found is not None:
            return found.order.external_id
        _conclude(job, context, order, refusal)
        raise


def _conclude(
    job: JobContext, context: IntegrationContext, order: Order, refusal: ErpError | JobPostponed
) -> None:
    """What a refused call leaves behind. Raises ``JobPostponed`` if the next one may be taken at once."""
    is_open = isinstance(refusal, AlreadyExists | TemporaryError) and not isinstance(refusal, RateLimited)
    with tenant(job.organization_id):
        if not is_open:
            services.end_attempt(order_id=order.pk)
        if isinstance(refusal, JobPostponed | TemporaryError):
            return
        former = job.step["customer_id"]
        # A person puts it right: whoever it was about may be another one then, and much time has passed.
        job.save_step(customer_id=None, is_missing=False)
        if isinstance(refusal, CustomerUnknown) and former != job.step.get("unknown_customer_id"):
            forget_reference(integration=context.integration, external_id=former)
            job.save_step(unknown_customer_id=former)
        else:
            return
    raise JobPostponed(clock.now())


def _record(
    job: JobContext,
    provider: Provider,
    order: Order,
    detail: ErpOrderDetail,
    *,
    is_earlier: bool,
    is_found: bool = False,
) -> None:
    """``is_earlier``: another run of this job sent it, maybe before the order was changed here."""
    integration = order.integration
    assert integration is not None  # noqa: S101
    status = OrderStatus(job.step.get("status", order.status))
    _, _, *seller = job.step.get("people_of") or _people_of(order)
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
        not_taken = find_not_taken(wanted, detail)
        if is_earlier:
            # The change that follows tells what of these the ERP does not keep.
            not_taken = [name for name in not_taken if name not in (NOTES, EXPECTED)]
        services.record_export(
            integration=integration,
            order_id=order.pk,
            detail=detail,
            situations=provider.situations,
            sent=services.Sent(
                status=status,
                situation=_situation_of(provider, status),
                first_situation=_situation_of(provider, OrderStatus.PLACED),
                content=None if is_earlier else (order.notes, order.expected_on),
                seller=(seller[0], seller[1]),
            ),
            not_taken=not_taken,
            left_out=job.step.get("left_out", {}),
            is_found=is_found,
        )
        job.save_step()


# --- afterwards ---


def export_situation(job: JobContext) -> None:
    """Write the situation that the order's status asks for, unless the ERP has it already.

    The ERP may have moved the order on without our having heard of it, so it is read first.
    """
    with tenant(job.organization_id):
        reference = selectors.find_sent_reference(int(job.key))
    if reference is None or reference.deleted_at is not None:
        return
    with reach(job, reference.integration) as (provider, context):
        detail = _read_sent(provider, context, reference)
        if detail is None:
            return
        with tenant(job.organization_id):
            order = services.follow_erp(
                order_id=reference.order_id, row=detail.order, situations=provider.situations
            )
        status = OrderStatus(order.status)
        code = provider.default_situations.get(status)
        situation = next((item for item in provider.situations if item.code == code), None)
        if situation is None or situation.code == detail.order.situation:
            return
        provider.set_situation(context, reference.external_id, situation.code)
        with tenant(job.organization_id):
            services.record_situation(order_id=order.pk, situation=situation, status=status)
            job.save_step()


def _read_sent(
    provider: Provider, context: IntegrationContext, reference: OrderReference
) -> ErpOrderDetail | None:
    """``None`` for an order that was deleted at the ERP, which is then written down."""
    try:
        return provider.get_order(context, reference.external_id)
    except NotFound:
        with tenant(context.integration.organization_id):
            services.mark_deleted_at_erp(integration=context.integration, order_id=reference.order_id)
        return None


def export_order_change(job: JobContext) -> None:
    """Write what was changed here after the order was sent, as far as the ERP still takes it."""
    with tenant(job.organization_id):
        reference = selectors.find_sent_reference(int(job.key))
    if reference is None or reference.deleted_at is not None:
        return
    order = reference.order
    with reach(job, reference.integration) as (provider, context):
        detail = _read_sent(provider, context, reference)
        if detail is None:
            return
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
