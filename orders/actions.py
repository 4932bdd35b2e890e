"""What a person does to an order. Each answer leads back to the page that the person came from."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from accounts.permissions import OPERATORS, TenantRequest, tenant_view
from contracts.order_status import OrderStatus
from history.models import Source
from integrations.models import Integration
from jobs import queue
from jobs.models import JobStatus
from orders import selectors, services
from orders.forms import IntegrationForm, StatusForm
from orders.models import Order
from orders.views import get_order_or_404


@require_POST
@tenant_view(OPERATORS)
def retry(request: TenantRequest, number: int) -> HttpResponse:
    """«Tentar de novo»: whatever of the order's sending is parked, the same step again."""
    order = get_order_or_404(number)
    jobs = selectors.list_open_exports([order]).get(order.pk, [])
    released = [queue.retry_parked(job.pk) for job in jobs if job.status == JobStatus.PARKED]
    if any(released):
        messages.success(request, "Tentando de novo agora.")
    else:
        messages.info(request, "Nada deste pedido está parado.")
    return _to_order(request, order)


@require_POST
@tenant_view(OPERATORS)
def send_anyway(request: TenantRequest, number: int) -> HttpResponse:
    order = _placed_here_or_404(number)
    try:
        services.send_anyway(order_id=order.pk, person=request.membership.user.name)
    except services.ForwardingRefused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, "O pedido vai ser enviado agora.")
    return _to_order(request, order)


@require_POST
@tenant_view(OPERATORS)
def choose_integration(request: TenantRequest, number: int) -> HttpResponse:
    order = _placed_here_or_404(number)
    integrations = {str(row.pk): row for row in selectors.list_destinations()}
    form = IntegrationForm(request.POST, integrations=integrations.values())
    if not form.is_valid():
        messages.error(request, "Escolha a integração.")
        return _to_order(request, order)
    integration = integrations[form.cleaned_data["integration"]]
    try:
        services.choose_integration(
            order_id=order.pk, integration=integration, person=request.membership.user.name
        )
    except services.ForwardingRefused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, f"O pedido é agora de {integration.name}.")
    return _to_order(request, order)


@require_POST
@tenant_view(OPERATORS)
def change_status(request: TenantRequest, number: int) -> HttpResponse:
    """To a status that may follow the order's own; ``cancelled`` among them."""
    order = get_order_or_404(number)
    form = StatusForm(request.POST, current=OrderStatus(order.status))
    if not form.is_valid():
        messages.error(request, "Este status não pode vir depois do status do pedido.")
        return _to_order(request, order)
    status = OrderStatus(form.cleaned_data["status"])
    try:
        services.change_status(
            order_id=order.pk,
            status=status,
            person=request.membership.user.name,
            source=Source.PERSON,
            reason=form.cleaned_data["reason"],
        )
    except services.StatusRefused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, f"Status do pedido: {status.label}.")
    return _to_order(request, order)


@require_POST
@tenant_view(OPERATORS)
def send_offered(request: TenantRequest, pk: int) -> HttpResponse:
    """«Enviar os N que já estão nestes status» of one integration."""
    integration = get_object_or_404(Integration.objects.all(), pk=pk)
    count = services.send_offered(integration=integration, person=request.membership.user.name)
    if count == 0:
        messages.info(request, "Não há mais pedidos a enviar nestes status.")
    elif count == 1:
        messages.success(request, f"1 pedido entrou na fila de envio de {integration.name}.")
    else:
        messages.success(request, f"{count} pedidos entraram na fila de envio de {integration.name}.")
    return redirect("orders:list", slug=request.organization.slug)


def _placed_here_or_404(number: int) -> Order:
    """Only an order that was placed here has a way to an ERP."""
    order = get_order_or_404(number)
    if not hasattr(order, "forwarding"):
        raise Http404
    return order


def _to_order(request: TenantRequest, order: Order) -> HttpResponse:
    return redirect("orders:detail", slug=request.organization.slug, number=order.number)
