"""What the single product tells: its text, measures, kin and stock."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.db import transaction
from django.db.models import Q

from accounts import clock
from catalog.criteria import STATUS_BEFORE
from catalog.models import ChangeSource, Figure, FigureChange, Product, ProductReference
from catalog.selectors import read_arriving, read_criteria
from catalog.services.applying import apply_references
from catalog.services.lines import product_line, take_revision
from catalog.services.receiving import UNREADABLE, list_problems, settle_sku
from catalog.services.stock import forget_stock, is_overtaken, take_stock
from catalog.values import product_values, to_json
from contracts.records import ErpProduct, ErpStock, ProductKind, ProductState
from history.services import record_all

# Attributes by the identifier of each variation, as the parent told them.
VARIATIONS = "variations"


@transaction.atomic
def apply_details(
    *,
    reference_id: int,
    product: ErpProduct,
    stock: ErpStock | None,
    source: ChangeSource,
    row_hash: str,
    asked_at: dt.datetime,
) -> bool:
    """Keep what the single product tells; false if something else was learnt of it since it was asked for.

    ``stock`` is ``None`` where there is none to know: of a parent, or when the ERP did not tell it.

    ``row_hash`` is the row's when the product was asked for: one that changed meanwhile is read again.
    ``asked_at`` is from before the first call: an answer that another one overtook is not applied.
    """
    revision, now = take_revision(), clock.now()
    reference = ProductReference.objects.select_related("integration").get(pk=reference_id)
    is_as_asked = reference.row_hash == row_hash
    if is_overtaken(asked_at, reference.details_read_at, now):
        # Nobody knows which of the two is the newer one.
        ProductReference.objects.filter(pk=reference_id).update(details_hash="")
        return False
    if product.row.state == ProductState.DELETED:
        mark_deleted(reference_id=reference_id)
        return is_as_asked
    criteria = read_criteria(reference.integration)
    ((_, former),) = read_arriving([reference], criteria)
    former_asked_at, former_read_at = reference.stock_asked_at, reference.details_read_at
    reference.kind = product.row.kind
    reference.state = product.row.state
    reference.deleted_at = None
    reference.learn(to_json(product_values(_name_components(reference, product))))
    if stock is not None:
        take_stock(reference, stock, asked_at)
    elif product.row.kind == ProductKind.PARENT:
        forget_stock(reference)
    reference.parent_external_id = product.parent_external_id[:60]
    reference.variation_ids = [variation.external_id for variation in product.variations]
    reference.details_hash = row_hash
    reference.details_read_at = now
    reference.problems = [code for code in reference.problems if code != UNREADABLE]
    kin = _join_kin(reference, product, revision, now)
    ((_, arriving),) = read_arriving([reference], criteria)
    reference.problems = list_problems(reference, arriving)
    reference.save()
    if apply_references([reference, *kin], criteria, source=source, revision=revision, at=now):
        _date_steps(reference, now, former, former_asked_at, former_read_at)
    if reference.is_beginning:
        ProductReference.objects.filter(pk=reference.pk).update(is_beginning=False)
    return is_as_asked


def _date_steps(
    reference: ProductReference,
    at: dt.datetime,
    former: Mapping[str, Any],
    stock_unchanged_at: dt.datetime | None,
    price_unchanged_at: dt.datetime | None,
) -> None:
    """What this reading found had not changed yet at the former one, if the ERP told then what was here.

    It did not where a change was held that is let go now, and where the criteria let something else count.
    """
    steps = FigureChange.objects.filter(product_id=reference.product_id, at=at, before__isnull=False)
    dated = [step for step in steps if former.get(step.figure) == step.before]
    for step in dated:
        is_stock = step.figure == Figure.STOCK
        step.unchanged_at = stock_unchanged_at if is_stock else price_unchanged_at
    FigureChange.objects.bulk_update(dated, ["unchanged_at"])


def _name_components(reference: ProductReference, product: ErpProduct) -> ErpProduct:
    """Where the ERP names a part by its identifier only, by what we know of that product."""
    nameless = [part.external_id for part in product.components if not part.sku]
    if not nameless:
        return product
    known = {
        row.external_id: row
        for row in ProductReference.objects.filter(
            integration_id=reference.integration_id, external_id__in=nameless
        )
    }
    components = tuple(
        replace(
            part, sku=known[part.external_id].sku, name=str(known[part.external_id].values.get("name", ""))
        )
        if part.external_id in known
        else part
        for part in product.components
    )
    return replace(product, components=components)


def _join_kin(
    reference: ProductReference, product: ErpProduct, revision: int, at: dt.datetime
) -> list[ProductReference]:
    """Tie variations to their parent, whichever was read first. References whose values changed."""
    here = ProductReference.objects.filter(integration_id=reference.integration_id)
    parent = (
        here.filter(external_id=reference.parent_external_id).first()
        if reference.parent_external_id
        else None
    )
    if parent is not None or not reference.parent_external_id:
        _set_parent([reference], parent.product_id if parent else None, revision, at)
    told = parent.values.get(VARIATIONS, {}) if parent is not None else {}
    if reference.external_id in told:
        reference.learn({"attributes": told[reference.external_id]})
    attributes = {one.external_id: [list(pair) for pair in one.attributes] for one in product.variations}
    if attributes or VARIATIONS in reference.values:
        # Kept for those that are not here yet.
        reference.learn({VARIATIONS: attributes})
    children = list(here.filter(external_id__in=attributes).order_by("id"))
    for child in children:
        child.parent_external_id = reference.external_id
        child.learn({"attributes": attributes[child.external_id]})
    ProductReference.objects.bulk_update(children, ["parent_external_id", "values"])
    _set_parent(children, reference.product_id, revision, at)
    return children


def _set_parent(
    children: list[ProductReference], parent_id: int | None, revision: int, at: dt.datetime
) -> None:
    ids = [child.product_id for child in children if child.product_id not in (None, parent_id)]
    is_so = Q(parent_id=parent_id) if parent_id is not None else Q(parent=None)
    orphans = Product.objects.filter(~is_so, pk__in=ids)
    orphans.update(parent_id=parent_id, revision=revision, updated_at=at)


def join_children(parent: ProductReference, revision: int, at: dt.datetime) -> None:
    """A parent that found its product late takes its variations."""
    children = ProductReference.objects.filter(
        integration_id=parent.integration_id, parent_external_id=parent.external_id
    )
    _set_parent(list(children), parent.product_id, revision, at)


@transaction.atomic
def mark_deleted(*, reference_id: int) -> None:
    """The ERP does not know it any more: what it told of the stock counts no more, and nothing is deleted."""
    revision, now = take_revision(), clock.now()
    reference = ProductReference.objects.select_related("integration").get(pk=reference_id)
    is_news = reference.deleted_at is None
    reference.state = ProductState.DELETED
    reference.deleted_at = reference.deleted_at or now
    reference.details_hash = reference.row_hash
    reference.details_read_at = now
    forget_stock(reference)
    if is_news:
        reference.learn({STATUS_BEFORE: reference.values.get("status"), "status": "inactive"})
    reference.problems = []
    reference.save()
    if is_news and reference.product_id is not None:
        record_all([product_line(reference.product_id, "product.deleted_at_erp", {}, now)])
    criteria = read_criteria(reference.integration)
    apply_references([reference], criteria, source=ChangeSource.POLL, revision=revision, at=now)
    settle_sku(
        integration=reference.integration, sku=reference.sku, source=ChangeSource.POLL, revision=revision
    )


@transaction.atomic
def mark_unreadable(*, reference_id: int, code: str) -> None:
    """The single product cannot be read: a problem of its own, tried again when the ERP changes it."""
    reference = ProductReference.objects.select_for_update().get(pk=reference_id)
    reference.details_hash = reference.row_hash
    reference.problems = [*(one for one in reference.problems if one != UNREADABLE), UNREADABLE]
    reference.values = {**reference.values, "unreadable_code": code}
    reference.save()
    if reference.product_id is not None:
        record_all(
            [product_line(reference.product_id, "product.details_unreadable", {"code": code}, clock.now())]
        )
