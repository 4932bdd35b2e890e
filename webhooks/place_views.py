"""The integration's tab «Notificações»: where our address is pasted at the ERP, and what came through it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts import clock
from accounts.permissions import ADMINS, OPERATORS, TenantRequest, tenant_view
from accounts.tenancy import tenant
from contracts.notifications import NotificationField
from integrations import registry
from integrations.models import Integration
from integrations.views import describe, gallery_context
from ui.formats import mask_document
from ui.fragments import render_page, wants_fragment
from webhooks import page_selectors
from webhooks.models import ReceiptState, WebhookReceipt
from webhooks.page_selectors import KindFacts
from webhooks.page_sentences import (
    OF_KIND,
    TRIES,
    explain_receipt,
    report_trial,
    summarise,
    write_interval,
)
from webhooks.self_test import try_address
from webhooks.services import addresses
from webhooks.services.watching import KINDS, mute_kind, name_kinds, name_moment, unmute_kind
from webhooks.watch_selectors import list_muted, list_silences

# The tab looks every three seconds for two minutes, then waits to be asked.
LOOKS = 40
OTHER_ACCOUNT = "webhook.other_account"


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@tenant_view(OPERATORS)
def places(request: TenantRequest, provider: str, pk: int) -> HttpResponse:
    """The tab. POST gives another address, which only an Administrador may; ``trocar`` asks before. With a
    kind in ``mute`` or ``unmute`` it ends or resumes waiting for its notifications instead.

    Whoever reads the address can post to it. With ``visto``, the newest receipt when the tab was opened, htmx
    gets the facts alone; ``volta`` counts how often it looked.
    """
    integration = get_object_or_404(Integration.objects.filter(provider=provider), pk=pk)
    if request.method == "POST":
        return _change(request, integration)
    if wants_fragment(request) and "visto" in request.GET:
        return render(request, "webhooks/_facts.html", _describe_facts(request, integration))
    addresses.ensure_address(integration=integration, person=request.membership.user.name)
    describe(integration)
    failed = page_selectors.list_failed(integration)
    context = gallery_context() | _describe_facts(request, integration)
    context |= {
        "protocol": registry.get_protocol(integration.provider, integration.protocol),
        "panel_body": "webhooks/_places.html",
        "panel_title": "Notificações",
        "tab": "notifications",
        "former": page_selectors.find_former_address(integration, clock.now()),
        "grace_hours": settings.WEBHOOK_GRACE_HOURS,
        "senders": page_selectors.list_senders(integration),
        "silence": _describe_silence(integration),
        "failed": [
            {"count": each.count, "code": each.newest.reason_code, "why": explain_receipt(each.newest)}
            for each in failed
        ],
        "failed_count": sum(each.count for each in failed),
        "may_renew": request.membership.perfil in ADMINS,
        "asks_renewal": "trocar" in request.GET,
    }
    return render_page(request, "integrations/gallery.html", context, fragment="integrations/_panel.html")


def _change(request: TenantRequest, integration: Integration) -> HttpResponse:
    person = request.membership.user.name
    muted, unmuted = request.POST.get("mute"), request.POST.get("unmute")
    if muted is not None and muted in KINDS:
        mute_kind(integration=integration, kind=muted, person=person)
        messages.success(request, "Certo: essas mudanças passam a vir só pelas consultas periódicas.")
    elif unmuted is not None and unmuted in KINDS:
        unmute_kind(integration=integration, kind=unmuted, person=person)
        messages.success(request, "Voltamos a contar com essas notificações.")
    elif muted is None and unmuted is None and request.membership.perfil in ADMINS:
        addresses.renew_address(integration=integration, person=person)
        messages.success(request, "Nova URL gerada. Cole-a no Tiny no lugar da anterior.")
    else:
        raise Http404
    return redirect("webhooks:places", request.organization.slug, integration.provider, integration.pk)


@require_POST
@tenant_view(OPERATORS, opens_scope=False)
def try_out(request: TenantRequest, provider: str, pk: int) -> HttpResponse:
    """«Enviar notificação de teste»: to our own address, by the way that the ERP takes."""
    with tenant(request.organization.pk):
        integration = get_object_or_404(Integration.objects.filter(provider=provider), pk=pk)
        addresses.ensure_address(integration=integration, person=request.membership.user.name)
        url = addresses.read_url(integration=integration)
    trial = try_address(url)
    tell = messages.success if trial.status == 200 else messages.error
    tell(request, report_trial(trial.status, trial.duration_ms))
    return redirect("webhooks:places", request.organization.slug, integration.provider, integration.pk)


def _describe_silence(integration: Integration) -> dict[str, str]:
    """Since when the ERP tells nothing, and of what, in words; empty while nothing was noticed."""
    watch = list_silences().filter(integration=integration).first()
    if watch is None or watch.silent_since is None:
        return {}
    return {"since": name_moment(watch.silent_since, clock.now()), "kinds": name_kinds(watch.silent)}


def _describe_facts(request: TenantRequest, integration: Integration) -> dict[str, Any]:
    """The places in the order in which they concern this integration, each field with what came of it."""
    provider = registry.get_provider(integration.provider)
    newest = page_selectors.newest_id(integration)
    seen_id = _read_number(request.GET.get("visto", ""), default=newest)
    known = page_selectors.describe_kinds(
        integration,
        [kind for place in provider.notification_places for field in place.fields for kind in field.kinds],
        now=clock.now(),
        seen_id=seen_id,
    )
    muted = list_muted(integration)
    shown = sorted(
        provider.notification_places, key=lambda place: integration.protocol not in place.protocols
    )
    look = _read_number(request.GET.get("volta", ""), default=0)
    return {
        "provider": provider,
        "integration": integration,
        "url": addresses.read_url(integration=integration),
        "places": [
            {"place": place, "fields": [_describe_field(field, known, muted) for field in place.fields]}
            for place in shown
        ],
        "arrived": [OF_KIND[kind] for kind, facts in known.items() if facts.is_first],
        "seen_id": seen_id,
        # A first arrival is told once.
        "next_seen_id": max(seen_id, newest) if any(facts.is_first for facts in known.values()) else seen_id,
        "next_look": look + 1,
        "is_watching": look < LOOKS,
    }


def _read_number(text: str, *, default: int) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else default


def _describe_field(
    field: NotificationField, known: dict[str, KindFacts], muted: Sequence[str]
) -> dict[str, Any]:
    """``can_mute``: it is one of those that are waited for at all."""
    heard = [known[kind] for kind in field.kinds if known[kind].last is not None]
    facts = max(heard, key=lambda each: each.last.pk, default=KindFacts())  # type: ignore[union-attr]
    last, kind = facts.last, field.kinds[0]
    described = {
        "label": field.label,
        "kind": kind,
        "of_kind": OF_KIND[kind],
        "try": TRIES[kind],
        "last": last,
        "count": sum(known[kind].count for kind in field.kinds),
        "usual": write_interval(facts.usual) if facts.usual is not None else "",
        "can_mute": kind in KINDS,
        "summary": summarise(last) if last is not None else "",
    }
    if kind in muted:
        return described | {"state": "muted"}
    if last is None:
        return described | {"state": "never"}
    if last.state == ReceiptState.FAILED:
        return described | {"state": "refused", "why": explain_receipt(last), "account": _find_account(last)}
    return described | {"state": "late" if facts.is_late else "received"}


def _find_account(receipt: WebhookReceipt) -> str:
    """Whose a notification is that came from another account; ``""`` of any other."""
    if receipt.reason_code != OTHER_ACCOUNT:
        return ""
    return mask_document(receipt.reason_params.get("document", ""))
