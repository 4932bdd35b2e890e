"""One product: its page, «Reconferir agora», and the form."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import clock
from accounts.permissions import ADMINS, OPERATORS, READERS, TenantRequest, tenant_view
from catalog import held_selectors, selectors, services
from catalog.criteria import BALANCE, RESERVED
from catalog.forms import ProductForm
from catalog.models import ChangeSource, Figure, FigureChange, Product, ProductReference
from catalog.sentences import HISTORY, KINDS, SOURCES, describe_value
from catalog.values import FIELDS
from catalog.views.describing import describe_comparisons, describe_held_changes, describe_reference
from contracts.records import ProductKind
from history.selectors import list_entries
from history.timeline import build_days
from integrations.models import IntegrationState
from ui.charts import Series, StepChart, draw_steps
from ui.formats import format_brl, format_quantity

# The part of the product's page that asks whether the ERP has answered.
REFRESHING = "reconferindo"
PERIODS = (30, 90)
SHOWN_STEPS = 100


@require_safe
@tenant_view(READERS)
def product_detail(request: TenantRequest, product_id: int) -> HttpResponse:
    product = _product_or_404(product_id)
    references = list(selectors.list_references_of(product))
    is_awaited = any(_is_awaited(reference) for reference in references)
    if request.headers.get("HX-Trigger") == REFRESHING:
        return HttpResponse(status=204, headers={} if is_awaited else {"HX-Refresh": "true"})
    days = PERIODS[1] if request.GET.get("dias") == str(PERIODS[1]) else PERIODS[0]
    entries = list_entries(services.SUBJECT, product.pk)
    held = list(held_selectors.list_waiting(product=product))
    describe_held_changes(held)
    context = {
        "section": "products",
        "product": product,
        "held": held,
        "kind_label": KINDS.get(product.kind, ""),
        "sides": [_describe_side(product, reference) for reference in references],
        "is_awaited": is_awaited,
        "refreshing": REFRESHING,
        "measures": _list_measures(product),
        "parent": product.parent,
        "variations": list(product.variations.order_by("sku", "id")),
        "components": product.components,
        "images": len(product.images),
        "days": days,
        "periods": PERIODS,
        "charts": _draw_charts(product, days),
        "history_days": build_days(entries, HISTORY, clock.now()),
        "may_edit": request.membership.perfil in OPERATORS,
        "may_choose": request.membership.perfil in ADMINS,
        "here": request.get_full_path(),
    }
    return render(request, "catalog/detail.html", context)


def _product_or_404(product_id: int) -> Product:
    products = Product.objects.select_related("source_integration", "parent")
    product: Product = get_object_or_404(products, pk=product_id)
    return product


def _is_awaited(reference: ProductReference) -> bool:
    """Whether the single product is about to be read."""
    is_connected = reference.integration.state == IntegrationState.CONNECTED
    is_unread = reference.details_hash != reference.row_hash and bool(reference.row_hash)
    return is_connected and is_unread and reference.deleted_at is None


def _list_measures(product: Product) -> list[tuple[str, str]]:
    """(label, words) of what a table of facts shows, without what is not known."""
    names = ("net_weight", "gross_weight", "height", "width", "length")
    shown = ((FIELDS[name].label, describe_value(name, getattr(product, name))) for name in names)
    return [(label, words) for label, words in shown if words]


def _describe_side(product: Product, reference: Any) -> dict[str, Any]:
    """One product of an ERP beside ours: stock, comparison, problems."""
    describe_reference(reference)
    criteria = selectors.read_criteria(reference.integration)
    is_source = product.source_integration_id == reference.integration_id
    rows = describe_comparisons(selectors.compare(product, reference, criteria))
    warehouses: list[Any] = list(selectors.list_warehouses(reference))
    for row in warehouses:
        row.available = row.balance - row.reserved
    balance, reserved = (reference.values.get(name) for name in (BALANCE, RESERVED))
    return {
        "reference": reference,
        "is_source": is_source,
        "differing": [row for row in rows if row["differs"]],
        "equal": [row for row in rows if not row["differs"]],
        "warehouses": warehouses,
        "balance": None if balance is None else Decimal(balance),
        "reserved": None if reserved is None else Decimal(reserved),
        "criteria": criteria,
        "sends": criteria.sends_products and is_source,
    }


@dataclass(frozen=True, slots=True)
class ShownChart:
    """``rows`` are the newest steps of the period for the table; the drawing begins at ``first``."""

    key: str
    title: str
    description: str
    drawing: StepChart | None
    rows: Sequence[Any]
    total: int
    first: dt.datetime


def _draw_charts(product: Product, days: int) -> list[ShownChart]:
    """Stock, and price with the promotional one, over the last days."""
    end = clock.now()
    start = end - dt.timedelta(days=days)
    wanted: tuple[tuple[str, str, tuple[Figure, ...], Callable[[Decimal], str]], ...] = (
        ("estoque", "Estoque", (Figure.STOCK,), format_quantity),
        ("preco", "Preço", (Figure.PRICE, Figure.PROMOTIONAL_PRICE), format_brl),
    )
    charts = []
    for key, title, figures, write in wanted:
        if product.kind == ProductKind.PARENT and Figure.STOCK in figures:
            continue
        steps = {figure: selectors.list_figure_changes(product, figure, start) for figure in figures}
        series = [
            Series(Figure(figure).label, [(step.at, step.after) for step in found])
            for figure, found in steps.items()
        ]
        rows = [step for found in steps.values() for step in found if step.at >= start]
        rows.sort(key=lambda step: (step.at, step.pk), reverse=True)
        # What nobody knew yet takes no room.
        known = [moment for one in series for moment, amount in one.steps if amount is not None]
        first = max(start, min(known, default=start))
        drawing = draw_steps(series, first, end, write)
        for row in rows:
            _describe_step(row, write)
        description = _describe_chart(title, days, rows, drawing)
        charts.append(ShownChart(key, title, description, drawing, rows[:SHOWN_STEPS], len(rows), first))
    return charts


def _describe_step(step: Any, write: Callable[[Decimal], str]) -> None:
    step.label = Figure(step.figure).label
    step.before_text = "—" if step.before is None else write(step.before)
    step.after_text = "—" if step.after is None else write(step.after)
    step.origin = step.person or SOURCES.get(step.source, step.source)


def _describe_chart(title: str, days: int, rows: Sequence[FigureChange], drawing: StepChart | None) -> str:
    if drawing is None:
        return f"{title}: nada conhecido nos últimos {days} dias."
    if not rows:
        return f"{title} sem mudança nos últimos {days} dias."
    times = "1 mudança" if len(rows) == 1 else f"{len(rows)} mudanças"
    last: Any = rows[0]
    words = f"{'' if last.before is None else f'de {last.before_text} '}para {last.after_text}"
    return f"{title} nos últimos {days} dias: {times}; a última foi {words}."


@require_POST
@tenant_view(OPERATORS)
def refresh_product(request: TenantRequest, product_id: int) -> HttpResponse:
    """«Reconferir agora»: read what the ERP has, before everything else."""
    product = _product_or_404(product_id)
    for reference in selectors.list_references_of(product):
        if reference.integration.state == IntegrationState.CONNECTED:
            services.refresh_product(integration=reference.integration, reference_id=reference.pk)
    return redirect("catalog:detail", slug=request.organization.slug, product_id=product.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@tenant_view(OPERATORS)
def new_product(request: TenantRequest) -> HttpResponse:
    form = ProductForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        saved = _save(request, form, form.cleaned_data["sku"], must_be_new=True)
        if saved is not None:
            return saved
    return _render_form(request, form, None)


@require_http_methods(["GET", "HEAD", "POST"])
@tenant_view(OPERATORS)
def edit_product(request: TenantRequest, product_id: int) -> HttpResponse:
    product = _product_or_404(product_id)
    form = ProductForm(request.POST if request.method == "POST" else None, product=product)
    if request.method == "POST" and form.is_valid():
        saved = _save(request, form, product.sku, must_be_new=False)
        if saved is not None:
            return saved
    return _render_form(request, form, product)


def _save(request: TenantRequest, form: ProductForm, sku: str, *, must_be_new: bool) -> HttpResponse | None:
    """The way on, or ``None`` with the reason in the form."""
    try:
        saved = services.save_product(
            sku=sku,
            values=form.read(),
            person=request.membership.user.name,
            source=ChangeSource.PERSON,
            must_be_new=must_be_new,
        )
    except services.SaveRefused as error:
        form.add_error("sku" if must_be_new else None, str(error))
        return None
    done = "Produto criado." if saved.is_new else "Produto salvo."
    messages.success(request, f"{done} A mudança vai para o Tiny." if saved.is_sent else done)
    return redirect("catalog:detail", slug=request.organization.slug, product_id=saved.product.pk)


def _render_form(request: TenantRequest, form: ProductForm, product: Product | None) -> HttpResponse:
    context = {
        "section": "products",
        "form": form,
        "product": product,
        # A product that is not here yet goes where every new one goes.
        "target": services.find_target(product or Product()),
        "is_linked": product is not None and ProductReference.objects.filter(product=product).exists(),
    }
    return render(request, "catalog/form.html", context, status=422 if form.errors else 200)
