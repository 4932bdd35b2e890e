"""From a page of the ERP's products to ours: each row has its reference, and each SKU its product."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.db.models import Q

from accounts import clock
from catalog.criteria import LISTED, Criteria, passes
from catalog.models import ChangeSource, LinkedBy, Product, ProductReference
from catalog.problems import find_problems
from catalog.selectors import read_arriving, read_criteria
from catalog.services.applying import apply_references, create_products
from catalog.services.lines import product_line, take_revision
from catalog.services.waiting import release_waiting
from catalog.values import Values, fit, row_values, to_json
from contracts.records import ErpListPrice, ErpProductRow, Page, ProductKind, ProductState, RowProblem
from history.models import HistoryEntry, Source
from history.selectors import was_recorded_since
from history.services import record, record_all
from integrations.models import Integration
from integrations.rows import PageResult, apply_apart

UNREADABLE = "row_unreadable"
# A person took the product of the ERP away from ours: only a person gives it back.
UNLINKED = "product.unlinked"
_ROW_COLUMNS = (
    "sku", "kind", "state", "values", "row_hash", "details_hash", "deleted_at", "passed_over", "problems",
    "product", "linked_by", "is_problem_ignored",
)  # fmt: skip


@dataclass(slots=True)
class _Receipt:
    """What the steps of one page share."""

    integration: Integration
    criteria: Criteria
    source: ChangeSource
    revision: int
    at: dt.datetime
    lines: list[HistoryEntry] = field(default_factory=list)
    former: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    """What the ERP had told of each changed product before."""


@transaction.atomic
def upsert_from_list(
    *, integration: Integration, page: Page[ErpProductRow], source: ChangeSource
) -> PageResult:
    """Apply one page: all of it or, after a crash, none of it.

    A row that cannot be applied becomes a problem and does not stop the others.
    """
    receipt = _Receipt(integration, read_criteria(integration), source, take_revision(), clock.now())
    rows = {row.external_id: row for row in page.items}
    references = ProductReference.objects.select_for_update().filter(
        integration=integration, external_id__in=list(rows)
    )
    known = {reference.external_id: reference for reference in references.order_by("id")}
    result = PageResult()

    refused: set[str] = set()

    def refuse(row: ErpProductRow) -> None:
        _record_unreadable(receipt, RowProblem(row.external_id, UNREADABLE))
        refused.add(row.external_id)

    for problem in page.problems:
        _record_unreadable(receipt, problem)
        result.problems += 1
    new = [row for row in rows.values() if row.external_id not in known]
    changed = [row for row in rows.values() if row.external_id in known and _is_news(known, row)]
    former_skus = {known[row.external_id].sku for row in changed}
    apply_apart(changed, lambda some: _update(receipt, some), refuse)
    apply_apart(new, lambda some: _create(receipt, some), refuse)
    changed = [row for row in changed if row.external_id not in refused]
    new = [row for row in new if row.external_id not in refused]
    touched = [row.external_id for row in (*changed, *new)]
    _settle(receipt, touched, former_skus)
    ProductReference.objects.filter(integration=integration, external_id__in=list(rows)).update(
        seen_at=receipt.at
    )
    result.created, result.changed = len(new), len(changed)
    result.problems += len(refused)
    result.unchanged = len(rows) - len(new) - len(changed) - len(refused)
    result.passed_over = (
        ProductReference.objects.filter(integration=integration, external_id__in=touched)
        .exclude(passed_over="")
        .count()
    )
    return result


def _is_news(known: Mapping[str, ProductReference], row: ErpProductRow) -> bool:
    reference = known[row.external_id]
    is_back = reference.deleted_at is not None and row.state != ProductState.DELETED
    return reference.row_hash != row.row_hash or is_back


def _create(receipt: _Receipt, rows: Sequence[ErpProductRow]) -> None:
    references = []
    for row in rows:
        reference = ProductReference(integration=receipt.integration, external_id=row.external_id)
        _take_over(receipt, reference, row)
        references.append(reference)
    ProductReference.objects.bulk_create(references)


def _update(receipt: _Receipt, rows: Sequence[ErpProductRow]) -> None:
    by_id = {row.external_id: row for row in rows}
    references = list(
        ProductReference.objects.filter(integration=receipt.integration, external_id__in=list(by_id))
    )
    for reference in references:
        _take_over(receipt, reference, by_id[reference.external_id])
    ProductReference.objects.bulk_update(references, _ROW_COLUMNS)


def _take_over(receipt: _Receipt, reference: ProductReference, row: ErpProductRow) -> None:
    is_deleted = row.state == ProductState.DELETED
    if reference.product_id is not None and reference.sku != row.sku and reference.pk is not None:
        params = {"before": reference.sku or "vazio", "after": row.sku or "vazio"}
        receipt.lines.append(product_line(reference.product_id, "product.sku_changed", params, receipt.at))
    if reference.product_id is not None and is_deleted and reference.deleted_at is None:
        receipt.lines.append(product_line(reference.product_id, "product.deleted_at_erp", {}, receipt.at))
    if reference.sku != row.sku:
        reference.is_problem_ignored = False
    reference.sku = row.sku
    if row.is_kind_known or not reference.kind:
        reference.kind = row.kind
    reference.state = row.state
    receipt.former[row.external_id] = reference.values
    reference.learn(to_json(row_values(row)))
    reference.row_hash = row.row_hash
    reference.problems = [code for code in reference.problems if code != UNREADABLE]
    if is_deleted:
        # Nothing more is to be read of it.
        reference.details_hash = row.row_hash
    elif reference.deleted_at is not None:
        reference.details_hash = ""
    reference.deleted_at = (reference.deleted_at or receipt.at) if is_deleted else None
    if reference.product_id is None and reference.passed_over != UNLINKED:
        is_active = row.state == ProductState.ACTIVE
        reference.passed_over = passes(is_active, row.sku, receipt.criteria)


def _settle(receipt: _Receipt, external_ids: Collection[str], former_skus: Collection[str]) -> None:
    """Link what has its SKU alone, say what is wrong with the rest, and let the values arrive."""
    here = ProductReference.objects.filter(integration=receipt.integration)
    touched = list(here.filter(external_id__in=list(external_ids)).values_list("sku", flat=True))
    skus = {*touched, *former_skus} - {""}
    concerned = list(here.filter(Q(external_id__in=list(external_ids)) | Q(sku__in=skus)).order_by("id"))
    for reference in concerned:
        reference.remember(receipt.former.get(reference.external_id, reference.values))
    taken = _link(receipt, concerned)
    siblings = _group_by_sku(concerned)
    for reference, arriving in read_arriving(concerned, receipt.criteria):
        reference.problems = list_problems(
            reference,
            arriving,
            is_duplicate=len(siblings[reference.sku]) > 1,
            is_taken=reference.external_id in taken,
        )
    ProductReference.objects.bulk_update(concerned, ["product", "linked_by", "is_beginning", "problems"])
    record_all(receipt.lines)
    apply_references(
        concerned, receipt.criteria, source=receipt.source, revision=receipt.revision, at=receipt.at
    )
    release_waiting(reference.sku for reference in concerned if reference.product_id is not None)


def settle_sku(*, integration: Integration, sku: str, source: ChangeSource, revision: int) -> None:
    """One of the products with this SKU left the ERP: the one that remains may have it alone now."""
    if sku:
        receipt = _Receipt(integration, read_criteria(integration), source, revision, clock.now())
        _settle(receipt, (), {sku})


def _link(receipt: _Receipt, concerned: Sequence[ProductReference]) -> set[str]:
    """Tie each unlinked reference whose SKU nobody else at the ERP has to the product of that SKU.

    Returns the identifiers of those whose product another product of the ERP has: a person decides.
    """
    alone = [
        group[0]
        for sku, group in _group_by_sku(concerned).items()
        if sku and len(group) == 1 and group[0].product_id is None and not group[0].passed_over
    ]
    if not alone:
        return set()
    products = {row.sku: row for row in Product.objects.filter(sku__in=[one.sku for one in alone])}
    rivals = ProductReference.objects.filter(
        integration=receipt.integration, product__in=list(products.values())
    )
    # One that is gone from the ERP lets go of its product: the seller made it anew.
    rivals.exclude(deleted_at=None).update(product=None, linked_by="")
    for reference in concerned:
        if reference.deleted_at is not None and reference.product_id in {row.pk for row in products.values()}:
            reference.product, reference.linked_by = None, ""
    taken = set(rivals.filter(deleted_at=None).values_list("product_id", flat=True))
    without_product, disputed = [], set()
    for reference in alone:
        product = products.get(reference.sku)
        if product is None:
            reference.linked_by = LinkedBy.SKU
            without_product.append(reference)
        elif product.pk not in taken:
            reference.product, reference.linked_by = product, LinkedBy.SKU
            adopt_product(product, reference, receipt.at)
        else:
            disputed.add(reference.external_id)
    create_products(
        without_product,
        receipt.criteria,
        source=receipt.source,
        revision=receipt.revision,
        at=receipt.at,
    )
    return disputed


def adopt_product(product: Product, reference: ProductReference, at: dt.datetime) -> None:
    """A product that was made here meets its twin at the ERP."""
    reference.is_just_linked = True
    if product.source_integration_id is None:
        product.source_integration_id = reference.integration_id
        product.save(update_fields=["source_integration"])
    record_all([product_line(product.pk, "product.linked", {"sku": reference.sku}, at)])


def _group_by_sku(references: Iterable[ProductReference]) -> dict[str, list[ProductReference]]:
    """Those that stand at the ERP and are wanted here; one that is gone is nobody's double."""
    groups: dict[str, list[ProductReference]] = defaultdict(list)
    for reference in references:
        if reference.deleted_at is None and not reference.passed_over and reference.sku:
            groups[reference.sku].append(reference)
    return groups


def list_problems(
    reference: ProductReference,
    arriving: Values,
    *,
    is_duplicate: bool | None = None,
    is_taken: bool | None = None,
) -> list[str]:
    """``arriving`` as ``read_arriving`` gives it. What is ``None`` is as it was found last."""
    if is_duplicate is None:
        is_duplicate = "sku_duplicate" in reference.problems
    if is_taken is None:
        is_taken = "sku_taken" in reference.problems
    if reference.deleted_at is not None or reference.passed_over:
        return []
    unreadable = [code for code in reference.problems if code == UNREADABLE]
    if not reference.row_hash:
        return unreadable
    return unreadable + find_problems(
        sku=reference.sku,
        # One that a person chose among doubles is no open question any more.
        is_duplicate=is_duplicate and reference.linked_by != LinkedBy.PERSON,
        is_taken=is_taken,
        kind=reference.kind,
        values=arriving,
        is_detailed=reference.details_read_at is not None,
        has_variations=bool(reference.variation_ids),
    )


def _record_unreadable(receipt: _Receipt, problem: RowProblem) -> None:
    """A row that cannot be read stands in the list of problems; one without an identifier in the history."""
    if problem.external_id:
        reference, is_new = ProductReference.objects.get_or_create(
            integration=receipt.integration,
            external_id=problem.external_id[:60],
            defaults={
                "kind": ProductKind.SIMPLE,
                "state": ProductState.ACTIVE,
                "problems": [UNREADABLE],
                "seen_at": receipt.at,
            },
        )
        if not is_new and UNREADABLE not in reference.problems:
            reference.problems = [*reference.problems, UNREADABLE]
            # Whatever it says next is to be read, even if it is what it said before.
            reference.row_hash = reference.details_hash = ""
            reference.save(update_fields=["problems", "row_hash", "details_hash"])
        if not is_new:
            return
    elif was_recorded_since(
        "integration", receipt.integration.pk, "products.row_unreadable", receipt.at - dt.timedelta(days=1)
    ):
        # Each reading meets it again.
        return
    record(
        subject_kind="integration",
        subject_id=receipt.integration.pk,
        code="products.row_unreadable",
        params={"external_id": problem.external_id or "?", "code": problem.code},
        source=Source.ERP,
        at=receipt.at,
    )


def relink_passed_over(
    *, integration: Integration, references: Sequence[ProductReference], revision: int
) -> None:
    """What other criteria had left out has its chance again. What a person unlinked stays so."""
    receipt = _Receipt(integration, read_criteria(integration), ChangeSource.PERSON, revision, clock.now())
    returning = []
    for reference in references:
        if reference.product_id is None and reference.passed_over != UNLINKED:
            is_active = reference.state == ProductState.ACTIVE
            former = reference.passed_over
            reference.passed_over = passes(is_active, reference.sku, receipt.criteria)
            if former != reference.passed_over:
                returning.append(reference)
    ProductReference.objects.bulk_update(returning, ["passed_over"])
    _settle(receipt, [reference.external_id for reference in returning], ())


@transaction.atomic
def apply_list_prices(
    *, integration: Integration, price_list_id: str, page: Page[ErpListPrice], seen: str
) -> None:
    """Prices of the chosen list for the products that it names. ``seen`` marks this reading of the list."""
    revision, now, criteria = take_revision(), clock.now(), read_criteria(integration)
    rows = {row.external_id: row for row in page.items}
    references = list(
        ProductReference.objects.select_for_update()
        .filter(integration=integration, external_id__in=page.row_ids)
        .order_by("id")
    )
    for reference in references:
        row = rows.get(reference.external_id)
        if row is None or row.price is None:
            # Named with a price that cannot be read, or with none: what was known of it holds.
            former = reference.values.get(LISTED, {})
            reference.learn({LISTED: {**former, "id": price_list_id, "seen": seen}})
        else:
            prices = to_json({"price": fit(row.price), "promotional_price": fit(row.promotional_price)})
            reference.learn({LISTED: {"id": price_list_id, "seen": seen, **prices}})
    ProductReference.objects.bulk_update(references, ["values"])
    apply_references(references, criteria, source=ChangeSource.POLL, revision=revision, at=now)


@transaction.atomic
def forget_list_prices(*, integration: Integration, price_list_id: str, seen: str, is_empty: bool) -> None:
    """The list was read whole: what it named before and names no more has its own price again.

    One that names nothing at all any more (``is_empty``) is not believed, and that is told once a day:
    whoever wants no list chooses none.
    """
    revision, now, criteria = take_revision(), clock.now(), read_criteria(integration)
    listed = ProductReference.objects.filter(
        integration=integration, **{f"values__{LISTED}__id": price_list_id}
    )
    gone = list(listed.exclude(**{f"values__{LISTED}__seen": seen}).order_by("id"))
    if is_empty:
        _tell_empty_list(integration, len(gone), now)
        return
    for reference in gone:
        reference.learn({LISTED: {}})
    ProductReference.objects.bulk_update(gone, ["values"])
    apply_references(gone, criteria, source=ChangeSource.POLL, revision=revision, at=now)


def _tell_empty_list(integration: Integration, count: int, at: dt.datetime) -> None:
    code, since = "products.price_list_empty", at - dt.timedelta(days=1)
    if count and not was_recorded_since("integration", integration.pk, code, since):
        record(
            subject_kind="integration",
            subject_id=integration.pk,
            code=code,
            params={"count": count},
            source=Source.ERP,
            at=at,
        )
