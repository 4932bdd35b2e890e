"""Orders on their way to the ERP, each exactly once.

An order is looked for by its key before it is made, read back after it was made, and between the two its row
says that it may be there: whoever comes next, after a kill or a time-out, looks first and waits until a call
that is still under way must have ended.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from accounts import clock
from accounts.tenancy import tenant
from contracts.errors import (
    AlreadyExists,
    CustomerUnknown,
    ErpError,
    MappingError,
    NotFound,
    RejectedByErp,
    TemporaryError,
)
from contracts.order_status import OrderStatus
from contracts.provider import Provider
from contracts.records import ErpAddress, ErpOrderDetail
from customers.criteria import decide_customer
from customers.selectors import read_criteria, values_of
from customers.services import forget_reference
from integrations.attempts import await_settling, may_have_made
from integrations.credentials import IntegrationContext
from integrations.models import Integration
from jobs.errors import JobPostponed
from jobs.runner import JobContext
from orders import selectors, services
from orders.forwarding import decide_forwarding
from orders.map_selectors import read_status_map
from orders.models import ForwardingState, Order
from orders.read_back import EXPECTED, NOTES, Wanted, find_not_taken
from orders.sync.drafting import draft_order, find_people, people_of, situation_of, write_notes
from orders.sync.finding import find_at_erp
from orders.sync.reaching import reach


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
                found = find_at_erp(job, provider, context, order)
                if found is not None:
                    _record(job, provider, integration, order, found, is_earlier=True, is_found=True)
                    return
                if _settle(job, order, integration, looked_at):
                    return
                job.save_step(is_missing=True)
            if job.step.get("customer_id") is None or job.step["people_of"] != people_of(integration, order):
                find_people(job, provider, context, order)
            job.save_step(external_id=_create(job, provider, context, order))
        made = _read_back(job, provider, context, order)
        _record(job, provider, integration, order, made, is_earlier=is_earlier)


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
    await_settling(order.forwarding.attempted_at, looked_at)
    with tenant(job.organization_id):
        services.end_attempt(order_id=order.pk)
        order.forwarding.attempted_at = None
        return _leave_out(order, integration)


def _read_back(
    job: JobContext, provider: Provider, context: IntegrationContext, order: Order
) -> ErpOrderDetail:
    """The order that the ERP says it has made. Raises ``RejectedByErp`` if it is gone for good."""
    looked_at = clock.now()
    try:
        return provider.get_order(context, job.step["external_id"])
    except NotFound:
        await_settling(order.forwarding.attempted_at, looked_at)
        with tenant(job.organization_id):
            services.end_attempt(order_id=order.pk)
            job.save_step(external_id=None, is_missing=False, customer_id=None)
        raise RejectedByErp("orders.gone_at_erp") from None


def _create(job: JobContext, provider: Provider, context: IntegrationContext, order: Order) -> str:
    with tenant(job.organization_id):
        draft = draft_order(job, provider, context.integration, order)
        attempt = {
            "protocol": context.integration.protocol,
            "status": order.status,
            "seller": [order.seller_code, order.seller_name],
            **{name: job.step[name] for name in ("seller_id", "left_out", "buyer_name", "buyer_document")},
        }
        order.forwarding = services.begin_attempt(order_id=order.pk, attempt=attempt)
        # At the last moment: a worker that was taken for dead makes no order.
        job.prove_lease()
    try:
        return provider.create_order(context, draft)
    except MappingError as error:
        # An answer that cannot be read tells not whether the order was made.
        refusal = TemporaryError(error.code, error.params)
        _conclude(job, context, order, refusal)
        raise refusal from error
    except (ErpError, JobPostponed) as refusal:
        # Only the key proves that it is this one which the ERP has already.
        found = find_at_erp(job, provider, context, order) if isinstance(refusal, AlreadyExists) else None
        if found is not None:
            return found.order.external_id
        _conclude(job, context, order, refusal)
        raise


def _conclude(
    job: JobContext, context: IntegrationContext, order: Order, refusal: ErpError | JobPostponed
) -> None:
    """What a refused call leaves behind. Raises ``JobPostponed`` if the next one may be taken at once."""
    with tenant(job.organization_id):
        if may_have_made(refusal):
            # The call may have taken long to fail, and what it began may still be under way.
            services.begin_attempt(order_id=order.pk, attempt=order.forwarding.attempt)
        else:
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
    integration: Integration,
    order: Order,
    detail: ErpOrderDetail,
    *,
    is_earlier: bool,
    is_found: bool = False,
) -> None:
    """``is_earlier``: another run of this job sent it, maybe before the order was changed here."""
    attempt = order.forwarding.attempt
    status = OrderStatus(attempt.get("status", order.status))
    seller_code, seller_name = attempt.get("seller", [order.seller_code, order.seller_name])
    with tenant(job.organization_id):
        status_map = read_status_map(integration)
        wanted = Wanted(
            total=order.total or Decimal(0),
            freight=order.freight or Decimal(0),
            discount=order.discount or Decimal(0),
            lines=[(item.quantity, item.unit_price) for item in order.items.order_by("position")],
            ecommerce_number=order.ecommerce_number,
            notes=write_notes(order),
            expected_on=order.expected_on,
            address=ErpAddress(**order.delivery_address) if order.delivery_address else None,
            installments=[(row.due_on, row.amount) for row in order.installments.order_by("position")],
            seller_id=attempt.get("seller_id", ""),
        )
        not_taken = find_not_taken(wanted, detail)
        if is_earlier:
            # The change that follows tells what of these the ERP does not keep.
            not_taken = [name for name in not_taken if name not in (NOTES, EXPECTED)]
        services.record_export(
            integration=integration,
            order_id=order.pk,
            detail=detail,
            sent=services.Sent(
                status=status,
                situation=situation_of(provider, status_map, status),
                first_situation=provider.default_situations[OrderStatus.PLACED],
                content=None if is_earlier else (order.notes, order.expected_on),
                seller=(seller_code, seller_name),
            ),
            not_taken=not_taken,
            is_found=is_found,
        )
        job.save_step()
