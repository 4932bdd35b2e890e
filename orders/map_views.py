"""The integration's tab «Status»: its «Mapeamento de status», what that would do, and applying it."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from accounts import clock
from accounts.permissions import ADMINS, READERS, TenantRequest, tenant_view
from contracts.order_status import OrderStatus
from integrations import registry
from integrations.models import Integration
from integrations.views import describe, gallery_context
from jobs.selectors import find_parked
from orders import map_selectors
from orders.map_forms import StatusMapForm
from orders.map_selectors import OrderEffect
from orders.services.mapping import MapRefused, save_status_map, start_applying, undo_status_map
from orders.status_map import StatusMap
from ui.fragments import render_page, wants_fragment

COUNTED = dt.timedelta(days=30)
BODY = "orders/_status_map.html"


@require_http_methods(["GET", "HEAD", "POST"])
@tenant_view(READERS)
def edit_status_map(request: TenantRequest, provider: str, pk: int) -> HttpResponse:
    """The tab. GET with ``padrao`` fills in the default; POST with ``action`` save, preview or undo.

    Only an Administrador may do either. A preview shows what the form would do, saved or not.
    """
    integration = get_object_or_404(Integration.objects.filter(provider=provider), pk=pk)
    may_edit = request.membership.perfil in ADMINS
    if request.method == "POST":
        if not may_edit:
            raise Http404
        action = request.POST.get("action", "")
        return _undo(request, integration) if action == "undo" else _take(request, integration, action)
    status_map = map_selectors.read_status_map(integration)
    if may_edit and "padrao" in request.GET:
        default = map_selectors.read_default_map(integration)
        # Of a situation that only this company has there is no default.
        own = {code: rule for code, rule in status_map.rules.items() if code not in default.rules}
        restored = replace(default, rules={**default.rules, **own})
        form = _make_form(request, integration, restored)
        return _render(request, integration, form, fragment=BODY, is_default=True)
    return _render(request, integration, _make_form(request, integration, status_map))


def _take(request: TenantRequest, integration: Integration, action: str) -> HttpResponse:
    """Save or preview what stands in the form."""
    form = _make_form(request, integration, map_selectors.read_status_map(integration), request.POST)
    is_preview = action == "preview"
    if not form.is_valid():
        extra: dict[str, Any] = {"seen": _read_seen(request)}
        if is_preview:
            extra |= {"fragment": BODY, "lead": "Para ver o efeito, corrija"}
        return _render(request, integration, form, status=422, **extra)
    if is_preview:
        effect = _preview(integration, form.read())
        return _render(request, integration, form, fragment=BODY, effect=effect, seen=_read_seen(request))
    person = request.membership.user.name
    try:
        is_changed = save_status_map(
            integration=integration, status_map=form.read(), person=person, seen=_read_seen(request)
        )
    except MapRefused as refusal:
        return _render(request, integration, form, status=422, refusal=str(refusal))
    if is_changed:
        messages.success(request, "Mapeamento salvo. Vale para o que acontecer a partir de agora.")
    return redirect(_address(request, integration))


def _undo(request: TenantRequest, integration: Integration) -> HttpResponse:
    person = request.membership.user.name
    try:
        undo_status_map(integration=integration, person=person, seen=_read_seen(request))
    except MapRefused as refusal:
        form = _make_form(request, integration, map_selectors.read_status_map(integration))
        return _render(request, integration, form, status=422, refusal=str(refusal))
    messages.success(request, "Desfeito: vale de novo o mapeamento anterior.")
    return redirect(_address(request, integration))


def _read_seen(request: TenantRequest) -> int:
    """The number of the version that the person looked at; -1, which nobody saw, if it is none."""
    seen = request.POST.get("seen", "")
    return int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 9 else -1


def _address(request: TenantRequest, integration: Integration) -> str:
    return reverse(
        "orders:status_map", args=[request.organization.slug, integration.provider, integration.pk]
    )


def _make_form(
    request: TenantRequest, integration: Integration, status_map: StatusMap, data: Any = None
) -> StatusMapForm:
    return StatusMapForm(
        data,
        status_map=status_map,
        offered=map_selectors.situations_offered(integration, status_map),
        quarantined=map_selectors.list_quarantined(integration),
        may_edit=request.membership.perfil in ADMINS,
    )


def _preview(integration: Integration, status_map: StatusMap) -> dict[str, Any]:
    """«Ver efeito»: the last orders one by one, all open ones counted."""
    orders = map_selectors.preview_orders(integration, status_map)
    return {
        "counted": map_selectors.count_effect(integration, status_map),
        "changed": [_describe(order, status_map) for order in orders if order.changes],
        "same": [_describe(order, status_map) for order in orders if not order.changes],
    }


def _describe(row: OrderEffect, status_map: StatusMap) -> dict[str, Any]:
    decision, written = row.effect.decision, row.effect.written
    return {
        "number": row.order.number,
        "status": OrderStatus(row.order.status).label,
        "next_status": decision.status.label if decision.status != row.order.status else "",
        "becomes_return": decision.is_return and not row.order.is_return,
        "situation": status_map.label(row.situation),
        "next_situation": status_map.label(written) if written else "",
    }


@require_http_methods(["GET", "HEAD", "POST"])
@tenant_view(READERS)
def apply_status_map(request: TenantRequest, provider: str, pk: int) -> HttpResponse:
    """«Aplicar aos pedidos em aberto»: plan (``plano``), progress and summary, each where it stands.

    POST starts it; only an Administrador may.
    """
    integration = get_object_or_404(Integration.objects.filter(provider=provider), pk=pk)
    may_edit = request.membership.perfil in ADMINS
    refusal = ""
    if request.method == "POST":
        if not may_edit:
            raise Http404
        try:
            start_applying(integration=integration, person=request.membership.user.name)
        except MapRefused as refused:
            refusal = str(refused)
        else:
            if not wants_fragment(request):
                return redirect(f"{_address(request, integration)}#aplicacao")
    status = 422 if refusal else 200
    status_map = map_selectors.read_status_map(integration)
    extra: dict[str, Any] = {"run_refusal": refusal}
    if may_edit and "plano" in request.GET:
        extra["plan"] = map_selectors.count_effect(integration, status_map)
    if wants_fragment(request):
        context = extra | _describe_run(integration) | {"integration": integration, "may_edit": may_edit}
        return render(request, "orders/_status_map_run.html", context, status=status)
    return _render(request, integration, _make_form(request, integration, status_map), status=status, **extra)


def _describe_run(integration: Integration) -> dict[str, Any]:
    run = map_selectors.find_run(integration)
    if run is None or run.finished_at is not None:
        return {"run": run}
    stopped = find_parked(channel=integration.channel, kind="apply_status_map", key=str(run.pk))
    return {"run": run, "is_applying": True, "stopped": stopped}


def _render(
    request: TenantRequest,
    integration: Integration,
    form: StatusMapForm,
    *,
    fragment: str = "integrations/_panel.html",
    status: int = 200,
    **extra: Any,
) -> HttpResponse:
    describe(integration)
    by_status, by_situation = map_selectors.count_uses(integration, clock.now() - COUNTED)
    versions = map_selectors.list_versions(integration)
    context = gallery_context() | _describe_run(integration)
    context |= {
        "provider": registry.get_provider(integration.provider),
        "protocol": registry.get_protocol(integration.provider, integration.protocol),
        "integration": integration,
        "panel_body": BODY,
        "panel_title": "Mapeamento de status",
        "tab": "status",
        "form": form,
        "may_edit": request.membership.perfil in ADMINS,
        "outward": form.list_outward(by_status),
        "rules": form.list_rules(by_situation),
        "quarantined": form.list_quarantined(),
        "versions": versions,
        # Who looks at the effect of what he typed has not seen what another one saved meanwhile.
        "seen": versions[0].number if versions else 0,
    }
    return render_page(
        request, "integrations/gallery.html", context | extra, fragment=fragment, status=status
    )
