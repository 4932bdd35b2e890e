"""A product that was made or changed here, on its way to the ERP."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from accounts.tenancy import tenant
from catalog import selectors, services
from catalog.criteria import decide_sending
from catalog.models import Product, ProductStatus
from catalog.sync.reading import get_product
from catalog.values import FIELDS, product_values
from contracts.errors import MappingError, RejectedByErp
from contracts.provider import Capability, Provider
from contracts.records import ProductDraft, ProductQuery, ProductState
from integrations import registry
from integrations.credentials import IntegrationContext
from integrations.models import Integration
from integrations.reading import Reading, advance
from integrations.sync import reach_proven
from jobs.runner import JobContext


def export_product(job: JobContext) -> None:
    """Write a product that was made or changed here: read, merge, write back, read what became of it."""
    with tenant(job.organization_id):
        product = Product.objects.get(pk=int(job.key))
        integration = services.find_target(product)
        if integration is None:
            services.give_up_export(product_id=product.pk)
            return
        criteria = selectors.read_criteria(integration)
        reference = selectors.list_references(integration).filter(product=product).first()
        stamp = product.changed_here_at
    ours = selectors.values_of(product)
    with reach_proven(job, integration) as (provider, context):
        external_id = reference.external_id if reference else _find_by_sku(provider, context, product.sku)
        if reference is None and external_id:
            _refuse_if_taken(integration, external_id, product)
        is_new = not external_id
        at_erp = None if is_new else get_product(provider, context, external_id)
        if at_erp is not None and at_erp.row.state == ProductState.DELETED:
            raise RejectedByErp("catalog.product_deleted_at_erp", {"sku": product.sku})
        theirs = None if at_erp is None else product_values(at_erp)
        decision = decide_sending(ours, theirs, criteria, product.changed_here)
        changes = {name: after for name, (_, after) in decision.changes.items()}
        unwritable = _take_unwritable(integration, changes, is_new=is_new)
        if at_erp is None:
            external_id = provider.create_product(context, _draft(product.sku, changes))
        elif changes:
            # Linked by a person, it may have another SKU there.
            provider.update_product(context, external_id, _draft(at_erp.row.sku, changes))
        found = product_values(get_product(provider, context, external_id)) if changes else theirs or {}
    not_taken = unwritable | {name: value for name, value in changes.items() if found.get(name) != value}
    with tenant(job.organization_id):
        services.record_export(
            integration=integration,
            product_id=product.pk,
            external_id=external_id,
            is_new=is_new,
            sent=changes,
            kept=decision.kept,
            not_taken=not_taken,
            found=found,
            changed_here_at=stamp,
        )
        job.save_step()


def _refuse_if_taken(integration: Integration, external_id: str, product: Product) -> None:
    """What a person said of a product of the ERP holds for what is sent, too."""
    with tenant(integration.organization_id):
        known = selectors.list_references(integration).filter(external_id=external_id).first()
    if known is None:
        return
    is_others = known.product_id not in (None, product.pk)
    if is_others or known.passed_over == services.UNLINKED:
        raise RejectedByErp("catalog.sku_linked_otherwise", {"sku": product.sku})


def _take_unwritable(integration: Integration, changes: dict[str, Any], *, is_new: bool) -> dict[str, Any]:
    """Take out what this protocol cannot write, so that the rest goes. What is new there is active there."""
    protocol = registry.get_protocol(integration.provider, integration.protocol)
    if protocol.can(Capability.PRODUCT_STATE_WRITABLE) or "status" not in changes:
        return {}
    status = changes.pop("status")
    return {} if is_new and status == ProductStatus.ACTIVE else {"status": status}


def _find_by_sku(provider: Provider, context: IntegrationContext, sku: str) -> str:
    """The ERP's identifier of this SKU, ``""`` if it has none. Raises ``RejectedByErp`` if it has several."""
    reading, found = Reading(), set()
    while not reading.is_done:
        # The ERP finds loosely: the one that is meant may stand behind others.
        page = provider.list_products(context, ProductQuery(sku=sku), offset=reading.offset)
        if page.problems:
            raise MappingError(page.problems[0].code, page.problems[0].params)
        reading = advance(reading, page)
        found |= {
            row.external_id for row in page.items if row.sku == sku and row.state != ProductState.DELETED
        }
    if len(found) > 1:
        raise RejectedByErp("catalog.sku_repeated_at_erp", {"sku": sku})
    return found.pop() if found else ""


def _draft(sku: str, changes: dict[str, Any]) -> ProductDraft:
    values = {name: value for name, value in changes.items() if FIELDS[name].is_sent}
    if "status" in values:
        values["state"] = ProductState(values.pop("status"))
    if "category" in values:
        values["category"] = tuple(values["category"])
    if "promotional_price" in values:
        # No promotion is a price of 0 there; None would leave it as it is.
        values["promotional_price"] = values["promotional_price"] or Decimal(0)
    return ProductDraft(sku=sku, **values)
