"""Single products and their stock, as the ERP has them now."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import DataError

from accounts import clock
from accounts.tenancy import tenant
from catalog import selectors, services
from catalog.criteria import Criteria
from catalog.models import ChangeSource, ProductReference
from contracts.errors import ErpError, MappingError, NotFound, RejectedByErp
from contracts.provider import Capability, Provider
from contracts.records import ErpProduct, ErpStock, ProductKind, ProductState
from integrations import registry
from integrations.credentials import IntegrationContext
from integrations.models import Integration
from jobs.runner import JobContext

# So many refused one behind the other are not the products' fault.
REFUSALS_IN_A_ROW = 3


@dataclass(frozen=True, slots=True)
class Found:
    """A product and its stock; without them a code that says why it cannot be read, "" when it is gone.

    ``refusal`` is the ERP's, when it was one; ``stock_failure`` is why the stock alone is not known.
    ``asked_at`` is from before the first call.
    """

    asked_at: dt.datetime
    product: ErpProduct | None = None
    stock: ErpStock | None = None
    code: str = ""
    refusal: RejectedByErp | None = None
    stock_failure: ErpError | None = None


def read_each(
    job: JobContext,
    provider: Provider,
    context: IntegrationContext,
    references: Sequence[ProductReference],
    settle: Callable[[Sequence[ProductReference]], bool],
) -> bool:
    """Read these products one by one. ``settle`` is told of those that are kept, within the transaction that
    keeps them, and saves the step; false from it ends the reading, and is returned.
    """
    with tenant(job.organization_id):
        costs_a_call = costs_a_stock_call(context.integration, selectors.read_criteria(context.integration))
    held: list[tuple[ProductReference, Found]] = []
    for reference in references:
        held.append((reference, find_product(provider, context, reference.external_id, costs_a_call)))
        refusal = held[-1][1].refusal
        if refusal is not None and len(held) >= REFUSALS_IN_A_ROW:
            # Not these products, but something between us and the ERP: none of them is blamed.
            raise refusal
        if refusal is not None and reference is not references[-1]:
            continue
        with tenant(job.organization_id):
            for one, found in held:
                store(one, found, source_of(job))
            is_wanted = settle([one for one, _ in held])
        held = []
        if not is_wanted:
            return False
    return True


def source_of(job: JobContext) -> ChangeSource:
    return ChangeSource.IMPORT if job.kind == "import_products" else ChangeSource.POLL


def find_product(
    provider: Provider, context: IntegrationContext, external_id: str, costs_a_call: bool
) -> Found:
    """What the ERP tells of a product; what is wrong with this one alone is told in ``Found``, not raised."""
    asked_at = clock.now()
    try:
        product = get_product(provider, context, external_id)
    except NotFound:
        return Found(asked_at)
    except RejectedByErp as refusal:
        return Found(asked_at, code=refusal.code, refusal=refusal)
    except MappingError as error:
        return Found(asked_at, code=error.code)
    if product.row.kind == ProductKind.PARENT or product.row.state == ProductState.DELETED:
        return Found(asked_at, product)
    if costs_a_call or product.stock_balance is None:
        try:
            return Found(asked_at, product, get_stock(provider, context, external_id))
        except (NotFound, MappingError, RejectedByErp) as failure:
            # The product is there; that its stock is not known is a problem of its own.
            return Found(asked_at, product, stock_failure=failure)
    return Found(asked_at, product, ErpStock(external_id, product.stock_balance, reserved=Decimal(0)))


def get_product(provider: Provider, context: IntegrationContext, external_id: str) -> ErpProduct:
    """The provider's, if it is the one that was asked for: else ``MappingError``."""
    product = provider.get_product(context, external_id)
    _refuse_if_other(external_id, product.row.external_id)
    return product


def get_stock(provider: Provider, context: IntegrationContext, external_id: str) -> ErpStock:
    """The provider's, if it is of the one that was asked for: else ``MappingError``."""
    stock = provider.get_stock(context, external_id)
    _refuse_if_other(external_id, stock.external_id)
    return stock


def _refuse_if_other(asked_for: str, answered: str) -> None:
    """A cache or a proxy in between may hand out what somebody else asked for."""
    if answered != asked_for:
        raise MappingError("catalog.other_product")


def store(reference: ProductReference, found: Found, source: ChangeSource) -> None:
    """One product that cannot be read or kept stops no other."""
    code = found.code
    if found.product is not None:
        try:
            services.apply_details(
                reference_id=reference.pk,
                product=found.product,
                stock=found.stock,
                source=source,
                row_hash=reference.row_hash,
                asked_at=found.asked_at,
            )
        except (DataError, ValueError):
            code = "products.unstorable"
    if code:
        services.mark_unreadable(reference_id=reference.pk, code=code)
    elif found.product is None:
        services.mark_deleted(reference_id=reference.pk)


def costs_a_stock_call(integration: Integration, criteria: Criteria) -> bool:
    """Whether a product's stock is told by a call of its own only."""
    protocol = registry.get_protocol(integration.provider, integration.protocol)
    if criteria.warehouse or not protocol.can(Capability.STOCK_IN_PRODUCT):
        return True
    return not selectors.is_stock_simple(integration)
