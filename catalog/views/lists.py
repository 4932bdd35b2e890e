"""The list of products, the list of their problems, and the first import."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from accounts.permissions import ADMINS, OPERATORS, READERS, TenantRequest, tenant_view
from catalog import selectors, services
from catalog.forms import FilterForm
from catalog.models import Product
from catalog.problems import PROBLEMS
from catalog.sentences import KINDS
from catalog.views.describing import describe_reference
from integrations.imports import ImportRefused
from integrations.models import Integration, IntegrationState
from integrations.selectors import list_integrations
from ui.filters import build_tabs, list_active
from ui.fragments import render_page, wants_fragment
from ui.paging import paginate


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
        "tabs": build_tabs(
            request,
            "visao",
            [(view.key, view.label, counts[view.key]) for view in selectors.VIEWS],
            wanted.view,
        ),
        "filters": form,
        "active_filters": list_active(request, form.describe(wanted)),
        "has_any_product": bool(page.total) or Product.objects.exists(),
        "connected": [row for row in integrations if row.state == IntegrationState.CONNECTED],
        "running": selectors.list_running_imports(),
        "problem_count": selectors.list_problem_references().count(),
        "unlinked_count": selectors.list_unlinked().count(),
        "may_edit": request.membership.perfil in OPERATORS,
    }
    return render_page(request, "catalog/list.html", context, fragment="catalog/_list.html")


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
        describe_reference(reference)
    tabs = [("", "Todos", selectors.list_problem_references().count())]
    tabs += [(code, problem.title, counts[code]) for code, problem in PROBLEMS.items() if counts.get(code)]
    context = {
        "section": "products",
        "page": page,
        "problem": PROBLEMS.get(chosen),
        "tabs": build_tabs(request, "tipo", tabs, chosen),
        "may_edit": request.membership.perfil in OPERATORS,
        "here": request.get_full_path(),
    }
    return render(request, "catalog/problems.html", context)


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
