from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import clock
from accounts.permissions import ADMINS, OPERATORS, READERS, TenantRequest, tenant_view
from customers import selectors, services
from customers.forms import CriteriaForm, CustomerForm, FilterForm
from customers.models import Customer
from customers.sentences import HISTORY, OUTSIDE, describe_outside, with_reasons
from customers.values import has_address, kind_of
from history.selectors import list_entries
from history.timeline import build_days
from integrations import registry
from integrations.models import Integration, IntegrationState
from integrations.selectors import list_integrations
from integrations.views import describe, gallery_context
from jobs.selectors import find_parked
from ui.fragments import render_page, wants_fragment
from ui.paging import paginate

KINDS = {"PF": "Pessoa Física", "PJ": "Pessoa Jurídica"}
SHOWN_ORDERS = 10


# --- the list ---


@require_safe
@tenant_view(READERS)
def customer_list(request: TenantRequest) -> HttpResponse:
    integrations = list(list_integrations())
    form = FilterForm(request.GET, integrations=integrations)
    wanted = form.read()
    page = paginate(selectors.list_customers(wanted), request.GET)
    _describe(page.rows)
    orders = selectors.count_orders_of(page.rows)
    for customer in page.rows:
        customer.order_count = orders.get(customer.pk, 0)
    counts = selectors.count_views(wanted)
    context = {
        "section": "customers",
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
        "has_any_customer": bool(page.total) or Customer.objects.exists(),
        "has_integration": any(row.state != IntegrationState.DRAFT for row in integrations),
        "may_edit": request.membership.perfil in OPERATORS,
    }
    return render_page(request, "customers/list.html", context, fragment="customers/_list.html")


def _address(request: HttpRequest, **changes: str | None) -> str:
    query = {**request.GET.dict(), **changes}
    return "?" + urlencode({key: value for key, value in query.items() if value})


def _describe(customers: Any) -> None:
    """What the pages show beside the row's own columns: kind, where he is at ERPs, what holds him back."""
    targets = selectors.find_targets(customers)
    references = selectors.list_references_of(customers)
    for customer in customers:
        customer.kind_code = kind_of(customer.kind, customer.document)
        customer.kind_label = KINDS.get(customer.kind_code, "")
        customer.target = targets[customer.pk]
        customer.outside = describe_outside(customer.target.decision)
        customer.outside_reason = OUTSIDE.get(customer.target.decision.code, "")
        customer.at_erp = references.get(customer.pk, [])


# --- one customer ---


@require_safe
@tenant_view(READERS)
def customer_detail(request: TenantRequest, customer_id: int) -> HttpResponse:
    return _render_detail(request, _customer_or_404(customer_id), is_shown=False)


@require_POST
@never_cache
@tenant_view(OPERATORS)
def show_customer(request: TenantRequest, customer_id: int) -> HttpResponse:
    """«Mostrar»: the same page with the whole document, e-mail and phone; who looked is written down."""
    customer = _customer_or_404(customer_id)
    services.show_customer(customer=customer, person=request.membership.user.name)
    return _render_detail(request, customer, is_shown=True)


def _customer_or_404(customer_id: int) -> Any:
    return get_object_or_404(Customer.objects.all(), pk=customer_id)


def _render_detail(request: TenantRequest, customer: Any, *, is_shown: bool) -> HttpResponse:
    _describe([customer])
    for reference in customer.at_erp:
        reference.erp_label = registry.get_provider(reference.integration.provider).short_name
    entries = with_reasons(list_entries(services.SUBJECT, customer.pk))
    may_edit = request.membership.perfil in OPERATORS
    context = {
        "section": "customers",
        "customer": customer,
        "has_address": has_address(customer.address),
        "is_shown": is_shown,
        "may_show": may_edit and not is_shown,
        "orders": list(customer.orders.order_by("-number")[:SHOWN_ORDERS]),
        "order_count": customer.orders.count(),
        "problem": _find_problem(customer),
        "may_send": may_edit and _may_send(customer),
        "may_edit": may_edit,
        "may_choose": request.membership.perfil in ADMINS,
        "history_days": build_days(entries, HISTORY, clock.now()),
    }
    return render(request, "customers/detail.html", context)


def _may_send(customer: Any) -> bool:
    """Whether there is anything to ask for: he is held back, or the ERP does not have him."""
    if customer.target.integration is None or customer.changed_here_at is not None:
        return False
    return bool(customer.outside) or not customer.at_erp


def _find_problem(customer: Any) -> dict[str, Any] | None:
    """Why his sending waits for a person."""
    integration = customer.target.integration
    if integration is None or customer.changed_here_at is None:
        return None
    job = find_parked(channel=integration.channel, kind="export_customer", key=str(customer.pk))
    if job is None:
        return None
    explanation = registry.explain(job.reason_code, job.reason_params, integration.provider)
    return {
        "job_id": job.pk,
        "code": job.reason_code,
        "title": explanation.title,
        "detail": explanation.detail,
    }


@require_http_methods(["GET", "HEAD", "POST"])
@tenant_view(OPERATORS)
def new_customer(request: TenantRequest) -> HttpResponse:
    form = CustomerForm(request.POST if request.method == "POST" else None)
    return _save(request, form, None) or _render_form(request, form, None)


@require_http_methods(["GET", "HEAD", "POST"])
@tenant_view(OPERATORS)
def edit_customer(request: TenantRequest, customer_id: int) -> HttpResponse:
    customer = _customer_or_404(customer_id)
    form = CustomerForm(request.POST if request.method == "POST" else None, customer=customer)
    return _save(request, form, customer) or _render_form(request, form, customer)


def _save(request: TenantRequest, form: CustomerForm, customer: Customer | None) -> HttpResponse | None:
    """The way on, or ``None`` with the reason in the form."""
    if request.method != "POST" or not form.is_valid():
        return None
    try:
        saved = services.save_customer(
            customer_id=customer.pk if customer else None,
            values=form.read(),
            person=request.membership.user.name,
        )
    except services.SaveRefused as refused:
        form.add_error(refused.field, str(refused))
        return None
    done = "Cliente incluído." if saved.is_new else "Cliente salvo."
    outside = describe_outside(saved.decision)
    if saved.is_sent:
        messages.success(request, f"{done} A mudança vai para o Tiny.")
    else:
        messages.success(request, f"{done} Ficou só aqui. {outside}." if outside else done)
    return redirect("customers:detail", slug=request.organization.slug, customer_id=saved.customer.pk)


def _render_form(request: TenantRequest, form: CustomerForm, customer: Any) -> HttpResponse:
    # One who is not here yet has no kind: nothing can be said of him but where he would go.
    target = selectors.find_target(customer) if customer else None
    context = {
        "section": "customers",
        "form": form,
        "customer": customer,
        "target": target,
        "outside": describe_outside(target.decision) if target else "",
        "has_integration": Integration.objects.exclude(state=IntegrationState.DRAFT).exists(),
    }
    return render(request, "customers/form.html", context, status=422 if form.errors else 200)


@require_POST
@tenant_view(OPERATORS)
def send_customer(request: TenantRequest, customer_id: int) -> HttpResponse:
    """«Enviar ao Tiny», «Enviar assim mesmo»: whatever the criteria say."""
    customer = _customer_or_404(customer_id)
    if services.send_anyway(customer_id=customer.pk, person=request.membership.user.name):
        messages.success(request, "O cliente vai para o Tiny.")
    else:
        messages.error(request, "Não há uma só integração conectada para onde enviar este cliente.")
    return redirect("customers:detail", slug=request.organization.slug, customer_id=customer.pk)


# --- criteria ---


@require_http_methods(["GET", "HEAD", "POST"])
@tenant_view(READERS)
def criteria(request: TenantRequest, provider: str, pk: int) -> HttpResponse:
    """The integration's tab «Clientes». POST with ``action`` save, count or send, Administrador only.

    A count says what the form would do, saved or not; send is for those whom wider criteria let in.
    """
    integration = get_object_or_404(Integration.objects.filter(provider=provider), pk=pk)
    may_edit = request.membership.perfil in ADMINS
    if request.method == "POST" and not may_edit:
        raise Http404
    here = reverse(
        "customers:criteria", args=[request.organization.slug, integration.provider, integration.pk]
    )
    if request.POST.get("action") == "send":
        count = services.send_offered(integration=integration, person=request.membership.user.name)
        going = f"{count} clientes vão" if count != 1 else "1 cliente vai"
        messages.success(request, f"{going} para o Tiny.")
        return redirect(here)
    stored = selectors.read_criteria(integration)
    form = CriteriaForm(
        request.POST if request.method == "POST" else None, criteria=stored, may_edit=may_edit
    )
    is_count = request.POST.get("action") == "count"
    if request.method == "POST" and form.is_valid() and not is_count:
        person = request.membership.user.name
        if services.save_criteria(integration=integration, criteria=form.read(), person=person):
            messages.success(request, "Critérios salvos. Valem para os próximos envios.")
        return redirect(here)
    context: dict[str, Any] = {"form": form, "may_edit": may_edit, "integration": integration}
    if not form.errors:
        chosen = form.read() if form.is_bound else stored
        passing, total = selectors.count_effect(chosen)
        context["effect"] = {
            "passing": passing,
            "total": total,
            "outside": total - passing,
            "is_stored": chosen == stored,
        }
    if is_count and wants_fragment(request):
        return render(request, "customers/_effect.html", context)
    return _render_criteria(request, integration, context)


def _render_criteria(
    request: TenantRequest, integration: Integration, context: dict[str, Any]
) -> HttpResponse:
    describe(integration)
    form: CriteriaForm = context["form"]
    context = gallery_context() | context | {"offered": len(selectors.list_offered(integration))}
    context |= {
        "provider": registry.get_provider(integration.provider),
        "protocol": registry.get_protocol(integration.provider, integration.protocol),
        "panel_body": "customers/_criteria.html",
        "tab": "customers",
    }
    return render_page(
        request,
        "integrations/gallery.html",
        context,
        fragment="integrations/_panel.html",
        status=422 if form.errors else 200,
    )
