"""What jobs ask of notifications, inside the caller's ``tenant``."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Mapping

from accounts import clock
from catalog.models import ProductReference
from catalog.selectors import find_references_by_sku
from integrations import registry
from integrations.models import Integration
from integrations.selectors import find_integrator_id
from jobs.models import Budget, Channel, Job, JobStatus
from jobs.queue import Priority
from jobs.selectors import call_spacing
from orders.models import Invoice, OrderReference
from webhooks.deciding import Account, Entity
from webhooks.models import ReceiptState, WebhookReceipt

# What one reading of the entity settles: those that wait for it, and those for which it failed before.
TO_FOLLOW = (ReceiptState.WAITING, ReceiptState.FAILED)
# If the ERP cannot be asked within this time, an amount of stock counts until it was: a person who looks two
# seconds after it changed there sees it.
PATIENCE_SECONDS = 1.0


def read_account(integration: Integration) -> Account:
    """Whom notifications of this integration must be for."""
    protocol = registry.get_protocol(integration.provider, integration.protocol)
    asks = any(field.name == "integrator_id" for field in protocol.credential_fields)
    return Account(integration.account_document, find_integrator_id(integration) if asks else "")


def is_short(integration: Integration, more: int) -> bool:
    """Whether the ERP cannot be asked soon, if ``more`` readings join those that wait."""
    channel = Channel.objects.filter(name=integration.channel).first()
    now = clock.now()
    if channel is None or channel.paused_at is not None:
        return True
    if channel.breaker_until is not None and channel.breaker_until > now:
        return True
    budget = integration.budget_key
    slots = Budget.objects.filter(key__in=(budget, f"{budget}:read"))
    slot_at = max((row.next_slot_at for row in slots), default=now)
    due = Job.objects.filter(channel=integration.channel, status=JobStatus.PENDING, not_before__lte=now)
    ahead = due.filter(priority__lte=Priority.NOTIFICATION).count()
    wait = max((slot_at - now).total_seconds(), 0.0) + (ahead + more - 1) * call_spacing(budget, "read")
    return wait > PATIENCE_SECONDS


def find_external_ids(integration: Integration, entities: Iterable[Entity]) -> Mapping[Entity, Entity]:
    """By SKU, number of the marketplace or nota what the ERP calls it; what nothing here has is missing.

    One that two have is missing, too: a wrong one is worse than none.
    """
    names: dict[str, set[str]] = {}
    for entity in entities:
        names.setdefault(entity.kind, set()).add(entity.name)
    return {
        **_find_products(integration, names.get("sku", set())),
        **_find_orders(integration, names.get("ecommerce", set())),
        **_find_invoiced(integration, names.get("invoice", set())),
    }


def _find_products(integration: Integration, skus: Collection[str]) -> dict[Entity, Entity]:
    """The ERP's own SKU first, since the ERP tells it; else ours."""
    if not skus:
        return {}
    theirs = ProductReference.objects.filter(integration=integration, sku__in=skus, deleted_at=None)
    found: dict[str, list[str]] = {}
    for sku, external_id in theirs.values_list("sku", "external_id"):
        found.setdefault(sku, []).append(external_id)
    ours = find_references_by_sku(integration, skus)
    by_sku = {sku: reference.external_id for sku, reference in ours.items()}
    by_sku |= {sku: ids[0] for sku, ids in found.items() if len(ids) == 1}
    return {Entity("sku", sku): Entity("product", external_id) for sku, external_id in by_sku.items()}


def _find_orders(integration: Integration, numbers: Collection[str]) -> dict[Entity, Entity]:
    if not numbers:
        return {}
    references = OrderReference.objects.filter(
        integration=integration, order__ecommerce_number__in=numbers, deleted_at=None
    )
    found: dict[str, list[str]] = {}
    for number, external_id in references.values_list("order__ecommerce_number", "external_id"):
        found.setdefault(number, []).append(external_id)
    return {
        Entity("ecommerce", number): Entity("order", ids[0]) for number, ids in found.items() if len(ids) == 1
    }


def _find_invoiced(integration: Integration, invoice_ids: Collection[str]) -> dict[Entity, Entity]:
    if not invoice_ids:
        return {}
    invoices = Invoice.objects.filter(integration=integration, external_id__in=invoice_ids)
    rows = invoices.values_list("external_id", "order__reference__external_id")
    return {Entity("invoice", name): Entity("order", order) for name, order in rows if order}


def find_doubtful(
    moments: Iterable[dt.datetime], is_doubtful: Callable[[dt.datetime], bool]
) -> set[dt.datetime]:
    """Those at which a late repetition may have come, asked for once a minute of them."""
    by_minute: dict[dt.datetime, list[dt.datetime]] = {}
    for moment in moments:
        by_minute.setdefault(moment.replace(second=0, microsecond=0), []).append(moment)
    return {
        moment
        for same in by_minute.values()
        if is_doubtful(min(same)) or is_doubtful(max(same))
        for moment in same
    }


def list_to_follow(integration: Integration, entity: str) -> list[tuple[int, str]]:
    """(id, kind) of the receipts that a reading of this entity settles, oldest first."""
    receipts = WebhookReceipt.objects.filter(integration=integration, entity=entity, state__in=TO_FOLLOW)
    return list(receipts.order_by("id").values_list("pk", "kind"))


def list_kinds_since(integration: Integration, entity: str, since: dt.datetime) -> list[str]:
    """Which kinds of notification told of this entity lately."""
    receipts = WebhookReceipt.objects.filter(integration=integration, entity=entity, received_at__gte=since)
    return list(receipts.order_by().values_list("kind", flat=True).distinct())
