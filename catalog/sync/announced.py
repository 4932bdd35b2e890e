"""One product that the ERP spoke of by itself, whether it is known here or not."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from accounts import clock
from accounts.tenancy import tenant
from catalog import held_selectors, selectors, services
from catalog.models import ChangeSource, Product, ProductReference
from catalog.sync.reading import Found, costs_a_stock_call, find_product, get_stock
from contracts.errors import MappingError, NotFound
from contracts.provider import Provider
from contracts.records import ErpProduct, ErpStock, Page, ProductKind, ProductState
from integrations.credentials import IntegrationContext
from integrations.models import Integration
from jobs.errors import JobPostponed


@dataclass(frozen=True, slots=True)
class Announced:
    """A product that the ERP spoke of, as it was then found there: whole, or its stock alone.

    ``row_hash`` is what the list had told of it when it was asked for, ``""`` if nothing. ``is_left_out``: it
    was not asked for, because the criteria or a person left it out.
    """

    external_id: str
    row_hash: str = ""
    found: Found | None = None
    stock: ErpStock | None = None
    asked_at: dt.datetime | None = None
    is_left_out: bool = False


def ask_announced(
    provider: Provider,
    context: IntegrationContext,
    external_id: str,
    *,
    is_stock: bool,
    is_stock_alone: bool,
    is_row: bool,
) -> Announced:
    """Ask for what a notification announced: ``is_stock``, perhaps alone, ``is_row`` what the list tells too.

    One call where the stock is all, else those of a whole reading. Raises what is wrong with the product, or
    with its stock where that was announced.
    """
    integration = context.integration
    with tenant(integration.organization_id):
        reference = selectors.list_references(integration).filter(external_id=external_id).first()
        costs_a_call = costs_a_stock_call(integration, selectors.read_criteria(integration))
    left_out = reference.passed_over if reference is not None else ""
    row_hash = reference.row_hash if reference is not None else ""
    if left_out == services.UNLINKED or (left_out and not is_row):
        return Announced(external_id, is_left_out=True)
    if is_stock_alone and reference is not None and _has_stock_of_its_own(reference):
        asked_at = clock.now()
        with suppress(NotFound):
            stock = get_stock(provider, context, external_id)
            return Announced(external_id, row_hash, stock=stock, asked_at=asked_at)
    found = find_product(provider, context, external_id, costs_a_call)
    if found.refusal is not None:
        raise found.refusal
    if found.code:
        raise MappingError(found.code)
    if is_stock and found.stock_failure is not None:
        raise found.stock_failure
    return Announced(external_id, row_hash, found)


def _has_stock_of_its_own(reference: ProductReference) -> bool:
    is_known = reference.details_read_at is not None and reference.deleted_at is None
    return is_known and reference.kind != ProductKind.PARENT


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of a product that was announced.

    ``changes`` are of our product, by the names of ``FIELDS`` (before, after). ``passed_over`` is why the
    criteria left it out. Without a ``product`` it is none of ours; ``is_gone``: the ERP has it no more.
    ``is_held``: a change of it waits for a person. ``unknown_kin`` are its variations that are not here.
    """

    changes: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)
    product: Product | None = None
    passed_over: str = ""
    is_gone: bool = False
    is_held: bool = False
    unknown_kin: Sequence[str] = ()


def keep_announced(integration: Integration, announced: Announced) -> Kept:
    """Apply what ``ask_announced`` found, inside the caller's ``tenant``; one that is new is taken in.

    Raises ``JobPostponed`` if something else was learnt of it meanwhile: it is to be asked for again.
    """
    here = selectors.list_references(integration).filter(external_id=announced.external_id)
    reference = here.select_related("product").first()
    former = selectors.values_of(reference.product) if reference and reference.product else {}
    found = announced.found
    product = found.product if found is not None else None
    row_hash = reference.row_hash if reference is not None else ""
    if found is not None and row_hash != announced.row_hash:
        raise JobPostponed(clock.now())
    is_gone = found is not None and (product is None or product.row.state == ProductState.DELETED)
    if found is not None and product is not None and not is_gone:
        if reference is None or reference.passed_over or reference.deleted_at is not None:
            _take_in(integration, product)
            reference = here.get()
        if not reference.passed_over:
            _keep_whole(reference, found, product)
    elif announced.stock is not None and announced.asked_at is not None and reference is not None:
        services.apply_stock(
            reference_id=reference.pk,
            stock=announced.stock,
            source=ChangeSource.NOTIFICATION,
            asked_at=announced.asked_at,
        )
    elif is_gone and reference is not None and reference.deleted_at is None:
        services.mark_deleted(reference_id=reference.pk)
    reference = here.select_related("product").first()
    if reference is None:
        return Kept(is_gone=is_gone)
    now = selectors.values_of(reference.product) if reference.product else {}
    return Kept(
        changes={name: (former.get(name), now[name]) for name in now if former.get(name) != now[name]},
        product=reference.product,
        passed_over=reference.passed_over,
        is_gone=is_gone,
        is_held=held_selectors.is_held(reference),
        unknown_kin=() if product is None or is_gone else _list_unknown_kin(integration, product),
    )


def _take_in(integration: Integration, product: ErpProduct) -> None:
    """As a row of the list: criteria and SKUs decide what becomes of it."""
    page = Page((product.row,), row_ids=(product.row.external_id,), offset=0, limit=1, total=1)
    services.upsert_from_list(integration=integration, page=page, source=ChangeSource.NOTIFICATION)


def _keep_whole(reference: ProductReference, found: Found, product: ErpProduct) -> None:
    is_newest = services.apply_details(
        reference_id=reference.pk,
        product=product,
        stock=found.stock,
        source=ChangeSource.NOTIFICATION,
        row_hash=reference.row_hash,
        asked_at=found.asked_at,
    )
    if not is_newest:
        raise JobPostponed(clock.now())


def _list_unknown_kin(integration: Integration, product: ErpProduct) -> list[str]:
    told = [variation.external_id for variation in product.variations]
    known = selectors.list_references(integration).filter(external_id__in=told)
    known_ids = set(known.values_list("external_id", flat=True))
    return [external_id for external_id in told if external_id not in known_ids]
