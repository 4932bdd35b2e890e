"""The list of products, the list of their problems, and the first import."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_http_methods, require_safe

from accounts.permissions import ADMINS, OPERATORS, READERS, TenantRequest, tenant_view
from catalog import selectors, services
from catalog.forms import FilterForm
from catalog.models import Product
from catalog.problems import PROBLEMS
from catalog.sentences import KINDS
from catalog.views.describing import describe_reference
from integrations.models import Integration, IntegrationState
from integrations.selectors import list_integrations
from integrations.views import act_on_import
from ui.filters import build_tabs, list_active
from ui.fragments import render_page
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

    POST with ``action`` plan, start or cancel, or reconcile: «Reconferir estoque e preços». Only an
    Administrador may.
    """
    integration = get_object_or_404(Integration.objects.all(), pk=pk)
    refusal = ""
    if request.method == "POST":
        person = request.membership.user.name
        actions = {
            "plan": lambda: services.plan_import(integration=integration, person=person),
            "start": lambda: services.start_import(integration=integration),
            "cancel": lambda: services.cancel_import(integration=integration),
            "reconcile": lambda: services.start_reconciling(integration=integration, person=person),
        }
        refusal, onward = act_on_import(request, integration, actions)
        if onward is not None:
            return onward
    context = {
        "integration": integration,
        "progress": selectors.describe_import(integration),
        "reconciling": selectors.find_reconciling(integration),
        "refusal": refusal,
        "may_import": request.membership.perfil in ADMINS,
    }
    return render(request, "catalog/_import.html", context, status=422 if refusal else 200)
