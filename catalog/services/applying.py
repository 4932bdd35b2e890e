"""From the values that the ERP has to the product as the marketplace sees it, under the criteria."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from django.db import connection

from catalog.criteria import TOLD, Criteria, Decision, decide_update
from catalog.models import ChangeSource, Figure, FigureChange, Product, ProductReference
from catalog.selectors import read_arriving, values_of
from catalog.sentences import describe_value
from catalog.services.holding import FIGURES, Arrival, hold_harmful
from catalog.services.lines import product_line
from catalog.values import FIELDS, Values
from history.models import HistoryEntry
from history.services import record_all

REVISIONS = ("revision", "price_revision", "stock_revision")


def create_products(
    references: Sequence[ProductReference],
    criteria: Criteria,
    *,
    source: ChangeSource,
    revision: int,
    at: dt.datetime,
) -> list[Product]:
    """A product for each reference, whose SKU no product has; the caller saves the references."""
    products, steps, lines = [], [], []
    for reference, theirs in read_arriving(references, criteria):
        decision = decide_update(None, theirs, criteria)
        product = Product(
            sku=reference.sku,
            source_integration_id=reference.integration_id,
            revision=revision,
            price_revision=revision,
            stock_revision=revision,
            created_at=at,
            updated_at=at,
            **{name: after for name, (_, after) in decision.changes.items()},
        )
        products.append(product)
    Product.objects.bulk_create(products)
    for reference, product in zip(references, products, strict=True):
        reference.product, reference.is_beginning = product, reference.details_read_at is None
        steps += list_steps(product, {name: (None, getattr(product, name)) for name in FIGURES}, source, at)
        lines.append(product_line(product.pk, "product.imported", {"sku": product.sku}, at))
    FigureChange.objects.bulk_create(steps)
    record_all(lines)
    return products


def apply_references(
    references: Iterable[ProductReference],
    criteria: Criteria,
    *,
    source: ChangeSource,
    revision: int,
    at: dt.datetime,
    person: str = "",
) -> int:
    """Let the values of each reference arrive at its product. How many products changed.

    The references are of one integration. What looks harmful is held (``catalog.services.holding``).
    """
    wanted = {
        row.product_id: (row, theirs)
        for row, theirs in read_arriving(references, criteria)
        if row.product_id is not None
    }
    arrivals = []
    for product in Product.objects.filter(pk__in=wanted).order_by("id"):
        reference, theirs = wanted[product.pk]
        if product.source_integration_id != reference.integration_id:
            continue
        # A change made here is on its way there; everything else arrives all the same.
        theirs = {name: value for name, value in theirs.items() if name not in product.changed_here}
        decision = decide_update(values_of(product), theirs, criteria, is_beginning=reference.is_beginning)
        arrivals.append(Arrival(product, reference, theirs, decision))
    put_back = hold_harmful(arrivals, criteria, source=source, at=at)
    steps, lines = [], []
    for arrival in arrivals:
        code = name_update(arrival.reference, source)
        news = arrival.reference.find_news()
        lines += describe_changes(arrival.product, arrival.decision, news, at, code)
    changed = [arrival for arrival in (*arrivals, *put_back) if arrival.decision.changes]
    for arrival in changed:
        product, changes = arrival.product, arrival.decision.changes
        change_product(product, {name: after for name, (_, after) in changes.items()}, revision, at)
        steps += list_steps(product, changes, source, at, person=person)
    _save_all(changed)
    FigureChange.objects.bulk_create(steps)
    record_all(lines)
    return len(changed)


def _save_all(changed: Iterable[Arrival]) -> None:
    """Those of which only figures changed in one statement: notifications come by the thousand."""
    figures: dict[int, Product] = {}
    for arrival in changed:
        product, changes = arrival.product, arrival.decision.changes
        if changes.keys() <= set(FIGURES):
            figures[product.pk] = product
        else:
            product.save(update_fields=[*changes, *REVISIONS, "updated_at"])
    if not figures:
        return
    columns = dict.fromkeys(FIGURES, "numeric") | dict.fromkeys(REVISIONS, "bigint")
    columns["updated_at"] = "timestamptz"
    with connection.cursor() as cursor:
        cursor.execute(
            f"""UPDATE catalog_product p SET {", ".join(f"{name} = t.{name}" for name in columns)}
                FROM unnest(%s::bigint[], {", ".join(f"%s::{kind}[]" for kind in columns.values())})
                    AS t(id, {", ".join(columns)})
                WHERE p.id = t.id""",  # noqa: S608  names of ours
            [list(figures), *([getattr(row, name) for row in figures.values()] for name in columns)],
        )


def name_update(reference: ProductReference, source: ChangeSource) -> str:
    """The line's code: by what the ERP's values came, and whether it was asked already."""
    if source != ChangeSource.NOTIFICATION:
        return "product.updated"
    return "product.told" if TOLD in reference.values else "product.notified"


def change_product(product: Product, changes: Values, revision: int, at: dt.datetime) -> None:
    """Set values and the revisions that they move; the caller saves."""
    for name, value in changes.items():
        setattr(product, name, value)
    product.revision = revision
    if changes.keys() & {Figure.PRICE, Figure.PROMOTIONAL_PRICE}:
        product.price_revision = revision
    if Figure.STOCK in changes:
        product.stock_revision = revision
    product.updated_at = at


def list_steps(
    product: Product,
    changes: Mapping[str, tuple[Any, Any]],
    source: ChangeSource,
    at: dt.datetime,
    *,
    person: str = "",
) -> list[FigureChange]:
    """Of the changes, those that charts show; the caller saves."""
    return [
        FigureChange(
            product=product, figure=figure, before=before, after=after, at=at, source=source, person=person
        )
        for figure, (before, after) in changes.items()
        if figure in FIGURES and before != after
    ]


def describe_changes(
    product: Product, decision: Decision, news: Collection[str], at: dt.datetime, code: str
) -> list[HistoryEntry]:
    """A line for all that arrived, by ``code``, and one for what was kept out.

    ``news`` is what the ERP changed just now. What the first reading of the single product adds to the list's
    row is no news.
    """
    arrived = {
        name: change
        for name, change in decision.changes.items()
        if change[0] not in (None, "", []) or name == Figure.PROMOTIONAL_PRICE
    }
    kept = {name: change for name, change in decision.kept.items() if name in news}
    return [
        product_line(product.pk, code, describe_fields(changes), at)
        for code, changes in ((code, arrived), ("product.kept", kept))
        if changes
    ]


def describe_fields(changes: Mapping[str, tuple[Any, Any]]) -> dict[str, object]:
    """``fields`` and ``details`` of a history line: which, and from what to what where that is short."""
    details = [
        f"{FIELDS[name].label}: {describe_value(name, before) or 'vazio'}"
        f" → {describe_value(name, after) or 'vazio'}"
        for name, (before, after) in changes.items()
        if name not in ("description", "images", "components", "attributes")
    ]
    return {"fields": ", ".join(FIELDS[name].label for name in changes), "details": "; ".join(details)}
