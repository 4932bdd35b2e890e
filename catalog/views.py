from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import clock
from accounts.permissions import ADMINS, OPERATORS, READERS, TenantRequest, tenant_view
from catalog import mapping_file, selectors, services
from catalog.criteria import BALANCE, RESERVED, Criteria, passes
from catalog.forms import CriteriaForm, FilterForm, MappingFileForm, ProductForm
from catalog.mapping_file import CheckedLine, FileRefused
from catalog.models import ChangeSource, Figure, FigureChange, Product, ProductReference
from catalog.problems import PROBLEMS
from catalog.selectors import ProductFilter
from catalog.sentences import GUARDS, HISTORY, KINDS, PASSED_OVER, SOURCES, describe_value
from catalog.values import FIELDS
from contracts.records import ProductKind, ProductState
from history.selectors import list_entries
from history.timeline import build_days
from integrations import registry
from integrations.imports import ImportRefused
from integrations.models import Integration, IntegrationState
from integrations.selectors import list_integrations
from integrations.views import describe, gallery_context
from ui.charts import Series, StepChart, draw_steps
from ui.formats import format_brl, format_quantity
from ui.fragments import render_page, wants_fragment
from ui.paging import paginate

# The part of the product's page that asks whether the ERP has answered.
REFRESHING = "reconferindo"
PERIODS = (30, 90)
FOUND_AT_MOST = 8
SHOWN_STEPS = 100


# --- the first import ---


@require_http_methods(["GET", "HEAD", "POST"])
@tenant_view(READERS)
def product_import(request: TenantRequest, pk: int) -> HttpResponse:
    """«Importação de produtos» of the integration's page: plan, progress and summary, each where it stands.

    POST with ``action`` plan, start or cancel; only an Administrador may.
    """
    integration = get_object_or_404(Integration.objects.all(), pk=pk)
    may_import = request.membership.perfil in ADMINS
    refusal, status = "", 200
    if request.method == "POST":
        if not may_import:
            raise Http404
        try:
            _act_on_import(request, integration)
        except ImportRefused as error:
            refusal, status = str(error), 422
        if not wants_fragment(request) and status == 200:
            return redirect(
                "integrations:connection",
                slug=request.organization.slug,
                provider=integration.provider,
                pk=integration.pk,
            )
    context = {
        "integration": integration,
        "progress": selectors.describe_import(integration),
        "refusal": refusal,
        "may_import": may_import,
    }
    return render(request, "catalog/_import.html", context, status=status)


def _act_on_import(request: TenantRequest, integration: Integration) -> None:
    action = request.POST.get("action", "")
    if action == "plan":
        services.plan_import(integration=integration, person=request.membership.user.name)
    elif action == "start":
        services.start_import(integration=integration)
    elif action == "cancel":
        services.cancel_import(integration=integration)
    else:
        raise ImportRefused("Escolha o que fazer com a importação.")


# --- the list ---


@require_safe
@tenant_view(READERS)
def product_list(request: TenantRequest) -> HttpResponse:
    integrations = list(list_integrations())
    form = FilterForm(request.GET, integrations=integrations, brands=selectors.list_brands())
    wanted = form.read()
    page = paginate(selectors.list_products(wanted).select_related("source_integration"), request.GET)
    problems = selectors.count_problems_of(page.rows)
    for product in page.rows:
        product.problem_count = problems.get(product.pk, 0)
        product.kind_label = KINDS.get(product.kind, "")
    counts = selectors.count_views(wanted)
    context = {
        "section": "products",
        "is_list": True,
        "page": page,
        "views": [
            {
                "key": view.key,
                "label": view.label,
                "count": counts[view.key],
                "url": _address(request, visao=view.key, pagina=None),
                "current": view.key == wanted.view,
            }
            for view in selectors.VIEWS
        ],
        "filters": form,
        "active_filters": [
            {"label": label, "remove_url": _address(request, pagina=None, **{name: None})}
            for name, label in form.describe(wanted).items()
        ],
        "has_any_product": bool(page.total) or Product.objects.exists(),
        "connected": [row for row in integrations if row.state == IntegrationState.CONNECTED],
        "running": selectors.list_running_imports(),
        "problem_count": selectors.list_problem_references().count(),
        "unlinked_count": selectors.list_unlinked().count(),
        "may_edit": request.membership.perfil in OPERATORS,
    }
    return render_page(request, "catalog/list.html", context, fragment="catalog/_list.html")


def _address(request: HttpRequest, **changes: str | None) -> str:
    query = {**request.GET.dict(), **changes}
    return "?" + urlencode({key: value for key, value in query.items() if value})


@require_safe
@tenant_view(READERS)
def problem_list(request: TenantRequest) -> HttpResponse:
    """Products of the ERP with something to mend, each with what cures it."""
    counts = selectors.count_problems()
    chosen = request.GET.get("tipo", "")
    chosen = chosen if chosen in PROBLEMS else ""
    references = selectors.list_problem_references(chosen)
    page = paginate(references, request.GET)
    for reference in page.rows:
        _describe_reference(reference)
        reference.found = [PROBLEMS[code] for code in reference.problems if code in PROBLEMS]
    tabs = [("", "Todos", selectors.list_problem_references().count())]
    tabs += [(code, problem.title, counts[code]) for code, problem in PROBLEMS.items() if counts.get(code)]
    context = {
        "section": "products",
        "page": page,
        "problem": PROBLEMS.get(chosen),
        "tabs": [
            {
                "label": label,
                "count": count,
                "url": _address(request, tipo=key, pagina=None),
                "current": key == chosen,
            }
            for key, label, count in tabs
        ],
        "may_edit": request.membership.perfil in OPERATORS,
        "here": request.get_full_path(),
    }
    return render(request, "catalog/problems.html", context)


def _describe_reference(reference: Any) -> None:
    """What the pages show of a product of the ERP beside its own columns."""
    reference.name = reference.values.get("name") or "Sem nome"
    reference.kind_label = KINDS.get(reference.kind, "")
    price = reference.values.get("price")
    reference.price = None if price is None else Decimal(price)
    reference.erp_label = registry.get_provider(reference.integration.provider).short_name


# --- one product ---


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
    context = {
        "section": "products",
        "product": product,
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
    _describe_reference(reference)
    criteria = selectors.read_criteria(reference.integration)
    is_source = product.source_integration_id == reference.integration_id
    rows = [
        {
            "label": one.label,
            "ours": describe_value(one.name, one.ours),
            "theirs": describe_value(one.name, one.theirs),
            "differs": one.differs,
            "is_kept": one.is_kept,
            "guard": GUARDS[FIELDS[one.name].guard] if one.is_kept else "",
            "is_long": one.name == "description",
        }
        for one in selectors.compare(product, reference, criteria)
    ]
    rows = [row for row in rows if row["ours"] or row["theirs"]]
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
        "problems": [PROBLEMS[code] for code in reference.problems if code in PROBLEMS],
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


# --- de-para ---


@require_safe
@tenant_view(READERS)
def mapping(request: TenantRequest) -> HttpResponse:
    """Products of the ERP that are none of ours, by how much waits for them; one of them with suggestions."""
    text = _read_text(request, "q")
    page = paginate(selectors.list_unlinked_by_impact(text), request.GET)
    for reference in page.rows:
        _describe_reference(reference)
        reference.address = _address(request, item=str(reference.pk), busca=None)
    chosen: Any = None
    found: list[Any] = []
    item = request.GET.get("item", "")
    if item.isascii() and item.isdigit() and len(item) < 18:
        chosen = selectors.list_unlinked().filter(pk=int(item)).first()
    search = _read_text(request, "busca")
    if chosen is not None:
        _describe_reference(chosen)
        chosen.waiting = selectors.count_waiting(chosen.sku) if chosen.sku else 0
        if search:
            found = list(selectors.list_products(ProductFilter(text=search))[:FOUND_AT_MOST])
            tied = selectors.list_references(chosen.integration).filter(product__in=found)
            others = dict(tied.values_list("product_id", "external_id"))
            for product in found:
                product.tied_to = others.get(product.pk, "")
    context = {
        "section": "products",
        "page": page,
        "text": text,
        "chosen": chosen,
        "suggestions": selectors.suggest(chosen) if chosen is not None else [],
        "search": search,
        "found": found,
        "has_any": bool(page.total) or selectors.list_unlinked().exists(),
        "may_edit": request.membership.perfil in OPERATORS,
        "list_address": _address(request, item=None, busca=None),
        "here": request.get_full_path(),
    }
    return render(request, "catalog/mapping.html", context)


def _read_text(request: HttpRequest, name: str) -> str:
    return request.GET.get(name, "").replace("\0", "").strip()[:100]


@require_POST
@tenant_view(OPERATORS)
def resolve(request: TenantRequest, reference_id: int) -> HttpResponse:
    """What to do with a product of the ERP: ``action`` link, create (both with ``sku``), unlink or ignore."""
    reference = get_object_or_404(ProductReference.objects.all(), pk=reference_id)
    sku = request.POST.get("sku", "").replace("\0", "").strip()
    person = request.membership.user.name
    try:
        done = _resolve(request.POST.get("action", ""), reference, sku, person)
    except services.LinkRefused as error:
        messages.error(request, str(error))
    else:
        messages.success(request, done)
    return redirect(_way_back(request))


def _resolve(action: str, reference: ProductReference, sku: str, person: str) -> str:
    """What was done, in words. Raises ``LinkRefused``."""
    if action == "link":
        linked = services.link(reference_id=reference.pk, sku=sku, person=person)
        return f"Vinculado ao SKU {sku}.{_say_released(linked.released)}"
    if action == "create":
        if len(sku) > 120:
            raise services.LinkRefused("O SKU tem até 120 caracteres.")
        linked = services.create_and_link(reference_id=reference.pk, sku=sku, person=person)
        return f"Produto {sku} criado.{_say_released(linked.released)}"
    if action == "unlink":
        services.unlink(reference_id=reference.pk, person=person)
        return "Desvinculado. O produto ficou como estava e não segue mais o Tiny."
    if action == "ignore":
        services.ignore_problems(reference_id=reference.pk, is_ignored=True)
        return "Ignorado. Ele volta à lista se o SKU mudar no Tiny."
    raise services.LinkRefused("Escolha o que fazer com este produto.")


def _say_released(count: int) -> str:
    if not count:
        return ""
    return " 1 pedido voltou para a fila." if count == 1 else f" {count} pedidos voltaram para a fila."


def _way_back(request: TenantRequest) -> str:
    """The page of this organization that the person came from; de-para for anything else."""
    home = reverse("catalog:mapping", args=[request.organization.slug])
    asked = request.POST.get("de", "")
    inside = (home, reverse("catalog:list", args=[request.organization.slug]))
    is_inside = asked.startswith(inside) and "\\" not in asked and not any(ord(one) < 32 for one in asked)
    return asked if is_inside else home


@require_http_methods(["GET", "HEAD", "POST"])
@tenant_view(OPERATORS)
def import_mapping(request: TenantRequest) -> HttpResponse:
    """De-para from a file: what each line would do first, then «Vincular os N»."""
    is_sent = request.method == "POST"
    form = MappingFileForm(request.POST, request.FILES) if is_sent else MappingFileForm()
    checked: list[CheckedLine] | None = None
    if is_sent and "vincular" in request.POST:
        messages.success(request, _link_all(request))
        return redirect("catalog:mapping", slug=request.organization.slug)
    if is_sent and form.is_valid():
        try:
            checked = mapping_file.check_lines(mapping_file.read_file(form.cleaned_data["file"].read()))
        except FileRefused as error:
            form.add_error("file", str(error))
    context: dict[str, Any] = {"section": "products", "form": form, "checked": checked}
    if checked is not None:
        links = [one for one in checked if one.reference_id is not None and not one.is_linked]
        context |= {
            "links": links,
            "problems": [one for one in checked if one.problem],
            "linked_count": sum(one.is_linked for one in checked),
            "blank_count": sum(one.reference_id is None and not one.problem for one in checked),
            "pairs": json.dumps([[one.reference_id, one.line.ours] for one in links]),
        }
    return render(request, "catalog/mapping_import.html", context, status=422 if form.errors else 200)


def _link_all(request: TenantRequest) -> str:
    """Each pair by itself: what became impossible since the preview stops no other."""
    person = request.membership.user.name
    done = refused = released = 0
    for reference_id, sku in _read_pairs(request.POST["vincular"]):
        try:
            linked = services.link(reference_id=reference_id, sku=sku, person=person)
        except services.LinkRefused:
            refused += 1
        else:
            done, released = done + 1, released + linked.released
    words = "1 produto vinculado." if done == 1 else f"{done} produtos vinculados."
    if refused:
        words += f" {refused} mudaram desde a conferência e ficaram como estavam."
    return words + _say_released(released)


def _read_pairs(text: str) -> list[tuple[int, str]]:
    try:
        pairs = json.loads(text)
        pairs = pairs[: mapping_file.MOST_LINES]
        return [(int(reference_id), str(sku).replace("\0", "")) for reference_id, sku in pairs]
    except (ValueError, TypeError):
        return []


@require_safe
@tenant_view(READERS)
def export_mapping(request: TenantRequest) -> HttpResponse:
    references = ProductReference.objects.filter(deleted_at=None).select_related("product", "integration")
    content = mapping_file.write_file(references.order_by("integration_id", "sku", "id"))
    name = f"de-para-produtos-{request.organization.slug}.csv"
    return HttpResponse(
        content,
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


# --- criteria ---


@require_http_methods(["GET", "HEAD", "POST"])
@tenant_view(READERS)
def criteria(request: TenantRequest, provider: str, pk: int) -> HttpResponse:
    """The integration's tab «Produtos». POST with ``action`` save, preview or reapply, Administrador only.

    A preview shows what the form would do, saved or not, to the product named by ``sku``.
    """
    integration = get_object_or_404(Integration.objects.filter(provider=provider), pk=pk)
    may_edit = request.membership.perfil in ADMINS
    if request.method == "POST" and not may_edit:
        raise Http404
    form = CriteriaForm(
        request.POST if request.method == "POST" and request.POST.get("action") != "reapply" else None,
        criteria=selectors.read_criteria(integration),
        choices=selectors.read_choices(integration),
        may_edit=may_edit,
    )
    context: dict[str, Any] = {
        "form": form,
        "may_edit": may_edit,
        "is_saved": "salvo" in request.GET,
        "sample": request.POST.get("sku", "").replace("\0", "").strip(),
    }
    if request.method == "POST":
        action = request.POST.get("action", "")
        if action == "reapply":
            return _reapply(request, integration)
        if form.is_valid():
            if action != "preview":
                return _save_criteria(request, integration, form.read())
            context |= _preview(integration, form.read(), context["sample"])
        if action == "preview" and wants_fragment(request):
            return render(request, "catalog/_effect.html", context)
    return _render_criteria(request, integration, context)


def _save_criteria(request: TenantRequest, integration: Integration, chosen: Criteria) -> HttpResponse:
    person = request.membership.user.name
    is_changed = services.save_criteria(integration=integration, criteria=chosen, person=person)
    if is_changed:
        messages.success(request, "Critérios salvos.")
    address = _criteria_address(request, integration)
    return redirect(f"{address}?salvo=1" if is_changed else address)


def _reapply(request: TenantRequest, integration: Integration) -> HttpResponse:
    services.enqueue_reapplying(integration=integration)
    messages.success(request, "Reaplicando os critérios aos produtos que já estão aqui.")
    return redirect(_criteria_address(request, integration))


def _criteria_address(request: TenantRequest, integration: Integration) -> str:
    return reverse("catalog:criteria", args=[request.organization.slug, integration.provider, integration.pk])


def _preview(integration: Integration, chosen: Criteria, sku: str) -> dict[str, Any]:
    """«Ver efeito»: one real product by choices that nobody saved yet."""
    references = selectors.list_references(integration).filter(deleted_at=None).select_related("product")
    reference = (
        references.filter(product__sku=sku).first() or references.filter(sku=sku).order_by("id").first()
        if sku
        else references.exclude(product=None).order_by("product__sku").first()
    )
    if reference is None:
        return {"effect": {"reference": None}}
    former = selectors.read_criteria(integration)
    compared = selectors.compare(reference.product, reference, chosen)
    rows = [
        {
            "label": one.label,
            "ours": describe_value(one.name, one.ours),
            "theirs": describe_value(one.name, one.theirs),
            "guard": GUARDS[FIELDS[one.name].guard] if one.is_kept else "",
        }
        for one in compared
        if one.differs
    ]
    left_out = ""
    if reference.product is None:
        left_out = passes(reference.state == ProductState.ACTIVE, reference.sku, chosen)
    return {
        "effect": {
            "reference": reference,
            "name": reference.values.get("name") or "Sem nome",
            "rows": [row for row in rows if row["ours"] or row["theirs"]],
            "equal_count": sum(not one.differs for one in compared),
            "left_out": PASSED_OVER.get(left_out, ""),
            "is_other_list": chosen.price_list_id != former.price_list_id,
        }
    }


def _render_criteria(
    request: TenantRequest, integration: Integration, context: dict[str, Any]
) -> HttpResponse:
    describe(integration)
    form: CriteriaForm = context["form"]
    context = gallery_context() | context
    context |= {
        "provider": registry.get_provider(integration.provider),
        "protocol": registry.get_protocol(integration.provider, integration.protocol),
        "integration": integration,
        "panel_body": "catalog/_criteria.html",
        "tab": "products",
    }
    return render_page(
        request,
        "integrations/gallery.html",
        context,
        fragment="integrations/_panel.html",
        status=422 if form.errors else 200,
    )
