from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_http_methods, require_safe

from accounts import clock
from accounts.permissions import ADMINS, READERS, TenantRequest, tenant_view
from history.selectors import list_entries
from history.timeline import build_days
from integrations import registry
from integrations.imports import ImportRefused
from integrations.models import Integration, IntegrationState
from integrations.selectors import list_integrations
from integrations.views import act_on_import
from jobs.queue import Priority
from jobs.selectors import find_parked
from orders import selectors, services
from orders.forms import FilterForm, ImportForm
from orders.models import Order
from orders.sentences import HISTORY
from ui.filters import build_tabs, list_active
from ui.fragments import render_page
from ui.paging import paginate

# The part of the empty page that asks whether the first orders are there.
AWAITING_FIRST = "primeiros"


@require_safe
@tenant_view(READERS)
def order_list(request: TenantRequest) -> HttpResponse:
    if request.headers.get("HX-Trigger") == AWAITING_FIRST:
        return HttpResponse(status=204, headers={"HX-Refresh": "true"} if Order.objects.exists() else {})
    integrations = list(list_integrations())
    form = FilterForm(request.GET, integrations=integrations)
    wanted = form.read()
    page = paginate(selectors.list_orders(wanted), request.GET)
    for order in page.rows:
        order.situation_label = selectors.situation_label(order)
        order.invoice = selectors.shown_invoice_number(order)
    counts = selectors.count_views(wanted)
    context = {
        "section": "orders",
        "page": page,
        "tabs": build_tabs(
            request,
            "visao",
            [(view.key, view.label, counts[view.key]) for view in selectors.VIEWS],
            wanted.view,
        ),
        "filters": form,
        "active_filters": list_active(request, form.describe(wanted)),
        "has_any_order": bool(page.total) or Order.objects.exists(),
        "has_integration": bool(integrations),
        "awaiting_first": AWAITING_FIRST,
    }
    return render_page(request, "orders/list.html", context, fragment="orders/_list.html")


@require_safe
@tenant_view(READERS)
def order_detail(request: TenantRequest, number: int) -> HttpResponse:
    order = _get_or_404(number)
    _ask_for_details(order)
    return render(request, "orders/detail.html", _detail_context(order))


@require_safe
@tenant_view(READERS)
def order_items(request: TenantRequest, number: int) -> HttpResponse:
    """The part of the page that waits for the ERP; it asks again until the details stand."""
    return render(request, "orders/_items.html", _detail_context(_get_or_404(number)))


@require_safe
@tenant_view(READERS)
def passed_over(request: TenantRequest, pk: int) -> HttpResponse:
    """Which orders of the ERP were not imported, for the integration's page."""
    integration = get_object_or_404(Integration.objects.all(), pk=pk)
    skipped = selectors.summarise_passed_over(integration)
    return render(request, "orders/_passed_over.html", {"skipped": skipped, "integration": integration})


@require_http_methods(["GET", "HEAD", "POST"])
@tenant_view(READERS)
def order_import(request: TenantRequest, pk: int) -> HttpResponse:
    """«Importação inicial» of the integration's page: plan, progress and summary, each where it stands.

    POST with ``action`` plan (and ``days``), start or cancel; only an Administrador may.
    """
    integration = get_object_or_404(Integration.objects.all(), pk=pk)
    form = ImportForm(request.POST or None)
    refusal = ""
    if request.method == "POST":
        person = request.membership.user.name
        actions = {
            "plan": lambda: services.plan_import(integration=integration, days=_days_of(form), person=person),
            "start": lambda: services.start_import(integration=integration),
            "cancel": lambda: services.cancel_import(integration=integration),
        }
        refusal, onward = act_on_import(request, integration, actions)
        if onward is not None:
            return onward
    context = {
        "integration": integration,
        "progress": selectors.describe_import(integration, clock.now()),
        "import_form": form,
        "refusal": refusal,
        "may_import": request.membership.perfil in ADMINS,
    }
    return render(request, "orders/_import.html", context, status=422 if refusal else 200)


def _days_of(form: ImportForm) -> int:
    if not form.is_valid():
        raise ImportRefused("Escolha de quantos dias atrás importar.")
    return int(form.cleaned_data["days"])


def _get_or_404(number: int) -> Order:
    try:
        return selectors.get_order(number)
    except (Order.DoesNotExist, OverflowError):
        raise Http404 from None


def _ask_for_details(order: Order) -> None:
    """Who opens an order sees it as it is now: what is missing is waited for, what is old comes by itself."""
    if selectors.is_worth_reading(order, clock.now()) and not _parked_details(order):
        services.enqueue_completion(
            integration=order.integration, order_id=order.pk, priority=Priority.PERSON
        )


def _parked_details(order: Order) -> Any:
    return find_parked(channel=order.integration.channel, kind="complete_order", key=str(order.pk))


def _detail_context(order: Order) -> dict[str, Any]:
    invoices = list(order.invoices.order_by("-issued_on", "-id"))
    parked = _parked_details(order) if selectors.needs_details(order) else None
    problem = None
    if parked:
        problem = registry.explain(parked.reason_code, parked.reason_params, order.integration.provider)
    elif order.integration.state != IntegrationState.CONNECTED and selectors.needs_details(order):
        problem = registry.explain("integration.waiting_connection", {}, order.integration.provider)
    customer = order.customer
    entries = list(list_entries(services.SUBJECT, order.pk))
    order.situation_label = selectors.situation_label(order)  # type: ignore[attr-defined]
    shipment = getattr(order, "shipment", None)
    return {
        "section": "orders",
        "order": order,
        "customer": customer,
        "invoices": invoices,
        "shipments": [shipment] if shipment else [],
        "items": list(order.items.order_by("position")),
        "installments": list(order.installments.order_by("position")),
        "totals": {
            "products": order.products_total,
            "freight": order.freight,
            "discount": order.discount,
            "other": order.other_expenses,
            "total": order.total,
        },
        "stages": selectors.list_stages(order, invoices, selectors.times_of_statuses(entries)),
        "history_days": build_days(entries, HISTORY, clock.now()),
        "loading_details": selectors.needs_details(order) and problem is None,
        "details_problem": problem,
    }
