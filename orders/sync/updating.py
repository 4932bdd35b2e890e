"""What is written at the ERP of an order that it has."""

from __future__ import annotations

from collections.abc import Mapping

from accounts.tenancy import tenant
from contracts.errors import NotFound
from contracts.order_status import OrderStatus
from contracts.provider import Provider
from contracts.records import ErpOrderDetail, OrderChange
from integrations.credentials import IntegrationContext
from jobs.runner import JobContext
from orders import selectors, services
from orders.map_selectors import read_status_map
from orders.models import OrderReference
from orders.read_back import find_not_taken_change
from orders.status_map import leads_on
from orders.sync.drafting import write_notes
from orders.sync.reaching import reach


def export_situation(job: JobContext) -> None:
    """Write the situation that the order's status asks for, unless the ERP has it already.

    The ERP may have moved the order on without our having heard of it, so it is read first.
    """
    with tenant(job.organization_id):
        reference = selectors.find_sent_reference(int(job.key))
    if reference is None or reference.deleted_at is not None:
        return
    with reach(job, reference.integration) as (provider, context):
        detail = read_sent(provider, context, reference)
        if detail is None:
            return
        with tenant(job.organization_id):
            wrote = job.step.get("wrote")
            if wrote is not None and wrote["situation"] == detail.order.situation:
                # The answer was lost. It is our own word that is read here, not the ERP's.
                _record_written(job, reference, wrote)
            order = services.follow_erp(order_id=reference.order_id, row=detail.order)
            status_map = read_status_map(reference.integration)
        status = OrderStatus(order.status)
        situation, there = status_map.outward.get(status, ""), detail.order.situation
        if situation in ("", there) or status_map.means(there, status):
            return
        if not leads_on(status_map, there, status):
            params = {"situation": status_map.label(there), "status": status.label}
            with tenant(job.organization_id):
                services.record_situation_kept(order_id=order.pk, params=params)
            return
        wrote = {"situation": situation, "status": status.value}
        job.save_step(wrote=wrote)
        provider.set_situation(context, reference.external_id, situation)
        with tenant(job.organization_id):
            _record_written(job, reference, wrote)


def _record_written(job: JobContext, reference: OrderReference, wrote: Mapping[str, str]) -> None:
    services.record_situation(
        order_id=reference.order_id, situation=wrote["situation"], status=OrderStatus(wrote["status"])
    )
    job.save_step(wrote=None)


def read_sent(
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
        detail = read_sent(provider, context, reference)
        if detail is None:
            return
        wanted = OrderChange(notes=write_notes(order), expected_on=order.expected_on)
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
