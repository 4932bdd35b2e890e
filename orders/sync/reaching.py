"""The way to the ERP for everything of orders."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from accounts.tenancy import tenant
from contracts.errors import AuthenticationFailed, NotFound
from contracts.provider import Provider
from contracts.records import OrderQuery
from integrations import sync as integrations_sync
from integrations.credentials import IntegrationContext
from integrations.models import Integration
from jobs.runner import JobContext
from orders import selectors
from orders.models import OrderReference


@contextmanager
def reach(job: JobContext, integration: Integration) -> Iterator[tuple[Provider, IntegrationContext]]:
    """The ERP by the integration's protocol, in the name of its user.

    The identifiers that we keep were learnt by one protocol; before another one is used, an order is read by
    it and compared. Raises ``AuthenticationFailed`` if it is another order: then nothing may be applied.
    """
    with integrations_sync.reach(job, integration) as (provider, context):
        if integration.proven_protocol != integration.protocol:
            _prove_references(provider, context)
        yield provider, context


def _prove_references(provider: Provider, context: IntegrationContext) -> None:
    integration = context.integration
    with tenant(integration.organization_id):
        references = selectors.newest_references(integration)
    differing = _find_differing_order(provider, context, references)
    if differing:
        raise AuthenticationFailed("integration.references_differ", {"number": differing})
    with tenant(integration.organization_id):
        Integration.objects.filter(pk=integration.pk).update(proven_protocol=integration.protocol)


def _find_differing_order(
    provider: Provider, context: IntegrationContext, references: Sequence[OrderReference]
) -> str:
    """Our number of an order that the ERP shows as another one, or ``""``."""
    for reference in references:
        with suppress(NotFound):
            shown = provider.get_order(context, reference.external_id).order.number
            return "" if shown == reference.order.erp_number else str(reference.order.number)
    # Deleted at the ERP, every one of them, or known there by other identifiers?
    days = [reference.order.placed_on for reference in references if reference.order.placed_on]
    if days:
        page = provider.list_orders(context, OrderQuery(created_from=min(days)), offset=0)
        # The number alone may have been given again.
        there = {(row.number, row.placed_on, row.total): row.external_id for row in page.items}
        for reference in references:
            order = reference.order
            known = there.get((order.erp_number, order.placed_on, order.total), reference.external_id)
            if known != reference.external_id:
                return str(order.number)
    return ""
