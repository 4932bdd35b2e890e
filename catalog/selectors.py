"""Products: reads, inside the caller's ``tenant``."""

from __future__ import annotations

import datetime as dt
import difflib
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import (
    Case,
    F,
    IntegerField,
    Q,
    QuerySet,
    Value,
    When,
)

from catalog.criteria import Criteria, decide_update, find_arriving
from catalog.models import (
    Figure,
    FigureChange,
    Product,
    ProductCriteria,
    ProductImport,
    ProductReference,
    WarehouseStock,
)
from catalog.values import FIELDS, Values
from contracts.records import ProductState
from integrations.cursors import read_cursor
from integrations.imports import ImportState
from integrations.models import Integration
from jobs.models import Job, JobStatus
from jobs.selectors import count_waiting_by, count_waiting_for

CURSOR = "products"
# What the ERP offers to choose from: lists of prices, depósitos.
CHOICES = "products_choices"
# Why a job waits that met a SKU which no product of the ERP has; its ``reason_key`` is the SKU.
SKU_UNKNOWN = "catalog.sku_unknown"


def read_criteria(integration: Integration) -> Criteria:
    row = ProductCriteria.objects.filter(integration=integration).first()
    return Criteria.from_choices(row.choices if row else {})


def list_references(integration: Integration) -> QuerySet[ProductReference]:
    return ProductReference.objects.filter(integration=integration)


def find_references_by_sku(integration: Integration, skus: Iterable[str]) -> dict[str, ProductReference]:
    """By SKU of ours the product of the ERP that it is; a SKU that has none is missing."""
    references = list_references(integration).filter(product__sku__in=set(skus), deleted_at=None)
    rows = references.select_related("product").order_by("-id")
    return {row.product.sku: row for row in rows if row.product}


def list_unread(integration: Integration) -> QuerySet[ProductReference]:
    """Products of the ERP that are new or changed since they were read one by one."""
    return (
        list_references(integration)
        .filter(~Q(details_hash=F("row_hash")), passed_over="")
        .exclude(row_hash="")
        .order_by("id")
    )


def count_unread(integration: Integration) -> int:
    return list_unread(integration).count()


def list_unseen(integration: Integration, since: str) -> QuerySet[ProductReference]:
    """Those that no list has shown since a moment, and that are not known to be deleted."""
    moment = dt.datetime.fromisoformat(since)
    unseen = Q(seen_at=None) | Q(seen_at__lt=moment)
    return list_references(integration).filter(
        unseen, ~Q(state=ProductState.DELETED), passed_over="", deleted_at=None
    )


@dataclass(frozen=True, slots=True)
class Reconciling:
    """How far «Reconferir estoque e preços» is: products read, of ``total``; ``moved`` were another here."""

    read: int
    total: int
    moved: int


def find_reconciling(integration: Integration) -> Reconciling | None:
    """The one that waits or runs."""
    jobs = Job.objects.filter(channel=integration.channel, kind="reconcile_products", key=str(integration.pk))
    job = jobs.filter(status__in=[JobStatus.PENDING, JobStatus.RUNNING]).order_by("id").first()
    if job is None:
        return None
    return Reconciling(job.step.get("read", 0), job.step.get("total", 0), job.step.get("moved", 0))


def read_arriving(
    references: Iterable[ProductReference], criteria: Criteria
) -> list[tuple[ProductReference, dict[str, Any]]]:
    """Each reference with what of its values counts by ``criteria`` (``find_arriving``)."""
    adjustments: dict[int, Decimal | None] = {}
    found = []
    for reference in references:
        key = reference.integration_id
        if criteria.price_list_id and key not in adjustments:
            adjustments[key] = _read_adjustment(key, criteria.price_list_id)
        found.append((reference, find_arriving(reference.values, criteria, adjustments.get(key))))
    return found


def _read_adjustment(integration_id: int, price_list_id: str) -> Decimal | None:
    lists = read_cursor(integration_id, CHOICES).get("price_lists", [])
    told = next((one.get("adjustment") for one in lists if one["id"] == price_list_id), None)
    return None if told is None else Decimal(told)


def values_of(product: Product) -> dict[str, Any]:
    """The product's own values by the names of ``FIELDS``."""
    return {name: getattr(product, name) for name in FIELDS}


# --- the list of products ---


@dataclass(frozen=True, slots=True)
class View:
    key: str
    label: str


VIEWS = (
    View("todos", "Todos"),
    View("problemas", "Com problema"),
    View("sem-estoque", "Sem estoque"),
    View("so-aqui", "Só aqui"),
    View("inativos", "Inativos"),
)


@dataclass(frozen=True, slots=True)
class ProductFilter:
    view: str = "todos"
    text: str = ""
    brand: str = ""
    integration_id: int | None = None


def list_products(wanted: ProductFilter) -> QuerySet[Product]:
    return _in_view(_filtered(wanted), wanted.view).order_by("sku", "id")


def count_views(wanted: ProductFilter) -> dict[str, int]:
    filtered = _filtered(wanted)
    return {view.key: _in_view(filtered, view.key).count() for view in VIEWS}


def _filtered(wanted: ProductFilter) -> QuerySet[Product]:
    products: QuerySet[Product] = Product.objects.all()
    if wanted.integration_id is not None:
        products = products.filter(references__integration_id=wanted.integration_id).distinct()
    if wanted.brand:
        products = products.filter(brand=wanted.brand)
    text = wanted.text.strip()
    if text:
        products = products.filter(Q(sku__icontains=text) | Q(name__icontains=text) | Q(gtin=text))
    return products


def _in_view(products: QuerySet[Product], view: str) -> QuerySet[Product]:
    if view == "problemas":
        return products.filter(pk__in=_with_problems().values("product_id"))
    if view == "sem-estoque":
        return products.filter(stock=0, status="active").exclude(kind="parent")
    if view == "so-aqui":
        return products.exclude(pk__in=ProductReference.objects.exclude(product=None).values("product_id"))
    if view == "inativos":
        return products.filter(status="inactive")
    return products


def _with_problems() -> QuerySet[ProductReference]:
    return ProductReference.objects.exclude(problems=[]).filter(is_problem_ignored=False)


# --- the list of problems ---


def list_problem_references(code: str = "") -> QuerySet[ProductReference]:
    """Products of the ERP with something to mend, ours or not, without those that a person ignored."""
    references = _with_problems().select_related("product", "integration")
    if code:
        references = references.filter(problems__contains=[code])
    return references.order_by("sku", "id")


def count_problems() -> dict[str, int]:
    """How many products of the ERP have each problem."""
    counts: dict[str, int] = {}
    for problems in _with_problems().values_list("problems", flat=True):
        for code in problems:
            counts[code] = counts.get(code, 0) + 1
    return counts


# --- one product ---


def get_product(sku: str) -> Product:
    """Raises ``Product.DoesNotExist``."""
    product: Product = Product.objects.select_related("source_integration", "parent").get(sku=sku)
    return product


@dataclass(frozen=True, slots=True)
class Comparison:
    """One field, here and at the ERP. ``is_kept``: a criterion holds the ERP's value back."""

    name: str
    label: str
    ours: Any
    theirs: Any
    is_kept: bool

    @property
    def differs(self) -> bool:
        return bool(self.ours != self.theirs)


def compare(product: Product | None, reference: ProductReference, criteria: Criteria) -> list[Comparison]:
    """Each field that the ERP told, in the order of ``FIELDS``: «hoje aqui», «chegaria», «mantido»."""
    ours = None if product is None else values_of(product)
    ((_, theirs),) = read_arriving([reference], criteria)
    decision = decide_update(ours, theirs, criteria)
    return [
        Comparison(
            name,
            spec.label,
            None if ours is None else ours[name],
            theirs[name],
            name in decision.kept,
        )
        for name, spec in FIELDS.items()
        if name in theirs
    ]


def list_figure_changes(product: Product, figure: Figure, since: dt.datetime) -> Sequence[FigureChange]:
    """The steps since a moment, oldest first, and before them the one that held at that moment."""
    steps = FigureChange.objects.filter(product=product, figure=figure)
    before = steps.filter(at__lt=since).order_by("-at", "-id").first()
    return [*([before] if before else []), *steps.filter(at__gte=since).order_by("at", "id")]


def list_warehouses(reference: ProductReference) -> QuerySet[WarehouseStock]:
    return WarehouseStock.objects.filter(reference=reference).order_by("name")


# --- imports ---


@dataclass(frozen=True, slots=True)
class ImportProgress:
    """``minutes`` is what is left, at the account's limit, of the calls that the plan counted."""

    run: ProductImport
    calls: int
    minutes: int
    details_left: int

    @property
    def polls(self) -> bool:
        return self.run.state in (ImportState.PLANNING, ImportState.RUNNING)


def describe_import(integration: Integration) -> ImportProgress | None:
    """The newest import of the integration."""
    run = ProductImport.objects.filter(integration=integration).order_by("-requested_at", "-id").first()
    if run is None:
        return None
    total = run.rows_total or 0
    rows_left = max(0, total - run.rows_read) if run.details_total is None else 0
    details_left = max(0, (total if run.details_total is None else run.details_total) - run.details_read)
    calls = math.ceil(rows_left / 100) + details_left * run.calls_per_product
    minutes = math.ceil(calls / (run.calls_per_minute or 1))
    return ImportProgress(run, calls, minutes, details_left)


# --- de-para ---


@dataclass(frozen=True, slots=True)
class Suggestion:
    product: Product
    reason: str
    likeness: int


def list_unlinked() -> QuerySet[ProductReference]:
    """Products of the ERP that are none of ours: wanted, or taken apart by a person."""
    wanted = Q(passed_over="") | Q(passed_over="product.unlinked")
    return (
        ProductReference.objects.filter(wanted, product=None, deleted_at=None, is_problem_ignored=False)
        .select_related("integration")
        .order_by("sku", "id")
    )


def count_waiting(sku: str) -> int:
    """How many jobs wait for this SKU."""
    return count_waiting_for(SKU_UNKNOWN, sku)


SUGGESTIONS = 3
LEAST_LIKENESS = 60


def suggest(reference: ProductReference) -> list[Suggestion]:
    """Products of ours that this one of the ERP may be: by SKU, by GTIN, by a similar name."""
    values: Values = reference.values
    free = Product.objects.exclude(
        pk__in=ProductReference.objects.filter(integration=reference.integration)
        .exclude(product=None)
        .values("product_id")
    )
    found: dict[int, Suggestion] = {}
    if reference.sku:
        for product in free.filter(sku__iexact=reference.sku)[:SUGGESTIONS]:
            found[product.pk] = Suggestion(product, "SKU igual", 100)
    if values.get("gtin"):
        for product in free.filter(gtin=values["gtin"])[:SUGGESTIONS]:
            found.setdefault(product.pk, Suggestion(product, "GTIN igual", 99))
    name = str(values.get("name", "")).casefold()
    first_word = name.split(" ")[0]
    if first_word:
        for product in free.filter(name__icontains=first_word).order_by("id")[:200]:
            likeness = round(100 * difflib.SequenceMatcher(None, name, product.name.casefold()).ratio())
            if likeness >= LEAST_LIKENESS:
                found.setdefault(product.pk, Suggestion(product, f"nome {likeness}% parecido", likeness))
    return sorted(found.values(), key=lambda one: (-one.likeness, one.product.sku))[:SUGGESTIONS]


# --- choices for the form ---


def read_choices(integration: Integration) -> Mapping[str, Any]:
    """``price_lists`` ([{id, name}]), ``warehouses`` ([name]) as the ERP told them last."""
    stored = read_cursor(integration.pk, CHOICES)
    seen = WarehouseStock.objects.filter(reference__integration=integration)
    names = {*stored.get("warehouses", []), *seen.values_list("name", flat=True).distinct()}
    return {"price_lists": stored.get("price_lists", []), "warehouses": sorted(names)}


def is_stock_simple(integration: Integration) -> bool:
    """Whether the ERP has one depósito and no reservations: its physical stock is what may be sold."""
    return bool(read_cursor(integration.pk, CHOICES).get("is_stock_simple", False))


# --- what the pages ask for ---


def list_brands() -> list[str]:
    """The brands to filter by, in order; the first some hundreds."""
    brands = Product.objects.exclude(brand="").values_list("brand", flat=True)
    return list(brands.order_by("brand").distinct()[:300])


def list_references_of(product: Product) -> QuerySet[ProductReference]:
    """The products of ERPs that this one of ours is, its own integration's first."""
    return (
        ProductReference.objects.filter(product=product)
        .select_related("integration")
        .order_by(Case(When(integration=product.source_integration_id, then=0), default=1), "id")
    )


def count_problems_of(products: Sequence[Product]) -> dict[int, int]:
    """How many problems each of these has, by its id."""
    counts: dict[int, int] = {}
    references = _with_problems().filter(product__in=products)
    for product_id, problems in references.values_list("product_id", "problems"):
        counts[product_id] = counts.get(product_id, 0) + len(problems)
    return counts


def list_running_imports() -> list[ImportProgress]:
    """Imports that read at this moment, one for each integration."""
    runs = ProductImport.objects.filter(state=ImportState.RUNNING).select_related("integration")
    found = (describe_import(run.integration) for run in runs.order_by("id"))
    return [progress for progress in found if progress is not None]


def list_unlinked_by_impact(text: str = "") -> QuerySet[ProductReference]:
    """As ``list_unlinked``, those first that most jobs wait for; each has their number as ``impact``.

    ``text`` is looked for in SKU, name and GTIN.
    """
    waiting = count_waiting_by(SKU_UNKNOWN)
    cases = [When(sku=sku, then=Value(count)) for sku, count in waiting.items()]
    unlinked = list_unlinked().annotate(impact=Case(*cases, default=Value(0), output_field=IntegerField()))
    text = text.strip()
    if text:
        found = Q(sku__icontains=text) | Q(values__name__icontains=text) | Q(values__gtin=text)
        unlinked = unlinked.filter(found)
    return unlinked.order_by("-impact", "sku", "id")
