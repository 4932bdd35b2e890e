"""Parcels of orders: having them followed, what they make of an order, and what of them the ERP is told."""

from __future__ import annotations

import datetime as dt
from contextlib import suppress

from django.conf import settings

from accounts import clock
from accounts.tenancy import tenant
from contracts.errors import MappingError, PermissionMissing, RateLimited, TemporaryError
from contracts.records import ErpShipment, ShipmentDraft
from integrations.models import Integration
from jobs.errors import JobPostponed
from jobs.runner import JobContext
from orders import selectors, services
from orders.models import OrderParcel, OrderShipment
from orders.sync.reaching import reach
from orders.sync.updating import read_sent

BATCH = 50
CODE, URL = "código de rastreio", "link de rastreio"


def follow_shipments(job: JobContext) -> None:
    """Have the parcels followed of each order that has news for them. Nobody is asked here."""
    seen = 0
    while True:
        with tenant(job.organization_id):
            waiting = OrderShipment.objects.filter(needs_following=True, pk__gt=seen).order_by("pk")
            rows = list(waiting.values_list("pk", "order_id")[:BATCH])
        if not rows:
            return
        seen = rows[-1][0]
        for _, order_id in rows:
            with tenant(job.organization_id):
                services.follow_order(order_id=order_id)
        job.save_step()


def apply_shipment(job: JobContext) -> None:
    """A parcel's state is another one, or its carrier is not asked any more: what that makes of its order, or
    what its order makes of it.
    """
    with tenant(job.organization_id):
        link = OrderParcel.objects.select_related("parcel").filter(parcel_id=int(job.key)).first()
        if link is None:
            return
        services.apply_carriage(order_id=link.order_id)
        if link.parcel.takes_word:
            services.give_word(order_id=link.order_id)


def pull_shipping_methods(job: JobContext) -> None:
    """Read what the ways to send of an account are: a name that a seller gave one tells nothing of that."""
    with tenant(job.organization_id):
        integration = Integration.objects.get(pk=int(job.key))
        services.note_methods_asked(integration=integration)
    # Who may not see them is followed by what else an order says.
    with suppress(PermissionMissing), reach(job, integration) as (provider, context):
        try:
            methods = provider.list_shipping_methods(context)
        except RateLimited:
            raise
        except (MappingError, TemporaryError) as error:
            # Nothing waits for it that could not go on without.
            pause = dt.timedelta(seconds=settings.SHIPPING_METHODS_RETRY_SECONDS)
            raise JobPostponed(clock.now() + pause) from error
        with tenant(job.organization_id):
            services.record_methods(integration=integration, methods=methods)
            job.save_step()


def export_shipment(job: JobContext) -> None:
    """Write a code at the ERP that was typed here, unless the ERP has it already.

    After an answer that was lost, what the ERP has tells whether it was written.
    """
    order_id = int(job.key)
    with tenant(job.organization_id):
        reference = selectors.find_sent_reference(order_id)
        draft = services.find_draft(order_id)
    if reference is None or reference.deleted_at is not None or draft is None:
        return
    with reach(job, reference.integration) as (provider, context):
        detail = read_sent(provider, context, reference)
        if detail is None:
            return
        there = detail.order.shipment
        wanted = [draft.tracking_code, draft.tracking_url]
        is_written = job.step.get("wrote") == wanted and job.step["before"] != _write(there)
        if not is_written and _find_not_taken(draft, there):
            job.save_step(wrote=wanted, before=_write(there))
            provider.set_shipment(context, reference.external_id, draft)
            there = provider.get_order(context, reference.external_id).order.shipment
            is_written = True
        with tenant(job.organization_id):
            services.record_tracking_written(
                order_id=order_id,
                sent=draft,
                found=there,
                not_taken=_find_not_taken(draft, there),
                is_new=is_written,
            )
            job.save_step(wrote=None)


def _write(shipment: ErpShipment) -> list[str]:
    return [shipment.tracking_code, shipment.tracking_url]


def _find_not_taken(draft: ShipmentDraft, there: ErpShipment) -> list[str]:
    pairs = (
        (CODE, draft.tracking_code, there.tracking_code),
        (URL, draft.tracking_url, there.tracking_url),
    )
    return [name for name, wanted, found in pairs if wanted and " ".join(found.split()) != wanted]
