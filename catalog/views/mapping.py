"""De-para: which product of ours a product of the ERP is, one by one or by a file."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.permissions import OPERATORS, READERS, TenantRequest, tenant_view
from catalog import mapping_file, selectors, services
from catalog.forms import MappingFileForm
from catalog.mapping_file import CheckedLine, FileRefused
from catalog.models import ProductReference
from catalog.selectors import ProductFilter
from catalog.views.describing import describe_reference
from ui.filters import change_query
from ui.paging import paginate

FOUND_AT_MOST = 8


@require_safe
@tenant_view(READERS)
def unlinked_list(request: TenantRequest) -> HttpResponse:
    """Products of the ERP that are none of ours, by how much waits for them; one of them with suggestions."""
    text = _read_text(request, "q")
    page = paginate(selectors.list_unlinked_by_impact(text), request.GET)
    for reference in page.rows:
        describe_reference(reference)
        reference.address = change_query(request, item=str(reference.pk), busca=None)
    chosen: Any = None
    found: list[Any] = []
    item = request.GET.get("item", "")
    if item.isascii() and item.isdigit() and len(item) < 18:
        chosen = selectors.list_unlinked().filter(pk=int(item)).first()
    search = _read_text(request, "busca")
    if chosen is not None:
        describe_reference(chosen)
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
        "list_address": change_query(request, item=None, busca=None),
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
