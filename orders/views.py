from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_http_methods, require_safe

from accounts import clock
from accounts.permissions import ADMINS, OPERATORS, READERS, TenantRequest, tenant_view
from contracts.order_status import OrderStatus
from customers.values import FIELDS
from history.selectors import list_entries
from history.timeline import build_days
from integrations import registry
from integrations.imports import ImportRefused
from integrations.models import Integration, IntegrationState
from integrations.selectors import list_integrations
from integrations.views import act_on_import
from jobs.models import Job
from jobs.queue import Priority
from jobs.selectors import find_parked
from orders import selectors, services
from orders.forms import FilterForm, ImportForm, IntegrationForm
from orders.models import Order
from orders.parcel_cards import describe_shipment
from orders.sentences import HISTORY
from orders.synchronization import Synchronization, SyncState, describe_synchronization
from orders.transitions import list_next
from ui.filters import build_tabs, list_active
from ui.fragments import render_page, wants_fragment
from ui.paging import paginate

# The part of the empty page that asks whether the first orders are there.
AWAITING_FIRST = "primeiros"
# The part of an order's page that asks whether its sending has come to an end.
FOLLOWING = "acompanhar"


@require_safe
@tenant_view(READERS)
def order_list(request: TenantRequest) -> HttpResponse:
    if request.headers.get("HX-Trigger") == AWAITING_FIRST:
        return HttpResponse(status=204, headers={"HX-Refresh": "true"} if Order.objects.exists() else {})
    integrations = list(list_integrations())
    form = FilterForm(request.GET, integrations=integrations)
    wanted = form.read()
    page = paginate(selectors.list_orders(wanted), request.GET)
    now, jobs = clock.now(), selectors.list_open_exports(page.rows)
    for order in page.rows:
        order.invoice = selectors.shown_invoice_number(order)
        order.synchronization = describe_synchronization(order, jobs.get(order.pk, []), now)
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
        "offers": _list_offers(request, integrations),
        "may_import": request.membership.perfil in OPERATORS,
    }
    return render_page(request, "orders/list.html", context, fragment="orders/_list.html")


def _list_offers(request: TenantRequest, integrations: list[Integration]) -> list[dict[str, Any]]:
    """By integration how many orders stand in its chosen statuses and wait for a person to send them."""
    if request.membership.perfil not in OPERATORS or wants_fragment(request):
        return []
    counts = [(integration, selectors.list_offered(integration).count()) for integration in integrations]
    return [{"integration": integration, "count": count} for integration, count in counts if count]


@require_safe
@tenant_view(READERS)
def order_detail(request: TenantRequest, number: int) -> HttpResponse:
    order = get_order_or_404(number)
    sending = _sending_context(request, order)
    if request.headers.get("HX-Trigger") == FOLLOWING:
        return HttpResponse(status=204, headers={} if sending["following_up"] else {"HX-Refresh": "true"})
    _ask_for_details(order)
    context = _detail_context(order) | sending
    context |= describe_shipment(order, clock.now(), may_act=sending["may_act"])
    return render(request, "orders/detail.html", context)


@require_safe
@tenant_view(READERS)
def order_items(request: TenantRequest, number: int) -> HttpResponse:
    """The part of the page that waits for the ERP; it asks again until the details stand."""
    return render(request, "orders/_items.html", _detail_context(get_order_or_404(number)))


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


def get_order_or_404(number: int) -> Order:
    """By our number. Raises ``Http404``."""
    try:
        return selectors.get_order(number)
    except (Order.DoesNotExist, OverflowError):
        raise Http404 from None


def _ask_for_details(order: Order) -> None:
    """Who opens an order sees it as it is now: what is missing is waited for, what is old comes by itself."""
    integration = order.integration
    if integration is None or not hasattr(order, "reference"):
        return
    if selectors.is_worth_reading(order, clock.now()) and not _parked_details(order):
        services.enqueue_completion(integration=integration, order_id=order.pk, priority=Priority.PERSON)


def _parked_details(order: Order) -> Any:
    if order.integration is None:
        return None
    return find_parked(channel=order.integration.channel, kind="complete_order", key=str(order.pk))


def _detail_context(order: Order) -> dict[str, Any]:
    invoices = list(order.invoices.order_by("-issued_on", "-id"))
    integration = order.integration
    parked = _parked_details(order) if selectors.needs_details(order) else None
    problem = None
    if parked and integration:
        problem = registry.explain(parked.reason_code, parked.reason_params, integration.provider)
    elif integration and integration.state != IntegrationState.CONNECTED and selectors.needs_details(order):
        problem = registry.explain("integration.waiting_connection", {}, integration.provider)
    customer = order.customer
    entries = list(list_entries(services.SUBJECT, order.pk))
    order.situation_label = selectors.situation_label(order)  # type: ignore[attr-defined]
    return {
        "section": "orders",
        "order": order,
        "customer": customer,
        "invoices": invoices,
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


def _sending_context(request: TenantRequest, order: Order) -> dict[str, Any]:
    """How the order stands with its ERP, and what the person may do about it."""
    may_act = request.membership.perfil in OPERATORS
    jobs = selectors.list_open_exports([order]).get(order.pk, [])
    synchronization = describe_synchronization(order, jobs, clock.now())
    destinations: list[Integration] = []
    if may_act and synchronization.action == "choose_integration":
        destinations = selectors.list_destinations()
    following = list_next(OrderStatus(order.status)) if may_act else []
    return {
        "synchronization": synchronization,
        "following_up": FOLLOWING if _is_moving(order, synchronization, jobs) else "",
        "attempts": selectors.list_attempts(order),
        "conflicts": [(name, FIELDS[name], *pair) for name, pair in order.buyer_conflicts.items()],
        "may_act": may_act,
        "may_connect": request.membership.perfil in ADMINS,
        "destination_form": IntegrationForm(integrations=destinations) if destinations else None,
        "following": [status for status in following if status != OrderStatus.CANCELLED],
        "may_cancel": OrderStatus.CANCELLED in following,
        "erp_label": registry.get_provider(order.integration.provider).short_name
        if order.integration
        else "",
    }


def _is_moving(order: Order, synchronization: Synchronization, jobs: list[Job]) -> bool:
    """Whether the page will be another one in a moment, so that it asks again by itself."""
    if synchronization.state == SyncState.WAITING:
        is_connected = order.integration is not None and order.integration.state == IntegrationState.CONNECTED
        return bool(jobs) and is_connected
    return synchronization.state == SyncState.SENDING
