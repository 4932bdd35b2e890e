"""The integration's tab «Produtos»: its criteria, and what they would do."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from accounts.permissions import ADMINS, READERS, TenantRequest, tenant_view
from catalog import held_selectors, selectors, services
from catalog.criteria import Criteria, passes
from catalog.forms import CriteriaForm
from catalog.sentences import PASSED_OVER
from catalog.views.describing import describe_comparisons
from contracts.records import ProductState
from integrations import registry
from integrations.models import Integration
from integrations.views import describe, gallery_context
from ui.fragments import render_page, wants_fragment


@require_http_methods(["GET", "HEAD", "POST"])
@tenant_view(READERS)
def edit_criteria(request: TenantRequest, provider: str, pk: int) -> HttpResponse:
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
    rows = [row for row in describe_comparisons(compared) if row["differs"]]
    left_out = ""
    if reference.product is None:
        left_out = passes(reference.state == ProductState.ACTIVE, reference.sku, chosen)
    return {
        "effect": {
            "reference": reference,
            "name": reference.values.get("name") or "Sem nome",
            "rows": rows,
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
        "held_count": held_selectors.list_waiting(integration.pk).count(),
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
