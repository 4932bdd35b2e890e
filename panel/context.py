"""What the frame of every page of a company shows: who, where, and what needs a person."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from accounts import clock, gateways
from accounts.models import Organization, Perfil
from accounts.permissions import OPERATORS
from catalog.held_selectors import count_held
from integrations.models import Integration
from integrations.selectors import (
    explain_disconnection,
    explain_overdue,
    list_disconnected,
    list_overdue,
)
from jobs.selectors import count_parked
from tracking import registry as trackers
from tracking.selectors import list_refused
from webhooks.page_selectors import list_quarantined
from webhooks.page_sentences import explain_receipt
from webhooks.services.watching import name_kinds, name_moment
from webhooks.watch_selectors import list_silences


def shell(request: HttpRequest) -> dict[str, Any]:
    """Empty outside a company's pages. Runs inside the page's ``tenant``: pages render within their view."""
    organization = getattr(request, "organization", None)
    if organization is None:
        return {}
    membership = request.membership  # type: ignore[attr-defined]
    return {
        "organization": organization,
        "membership": membership,
        "organizations_count": len(gateways.memberships_of(membership.user_id)),
        "parked_count": count_parked(),
        "banners": [
            *_banners(organization, may_connect=membership.perfil == Perfil.ADMIN),
            *_carrier_banners(organization, may_correct=membership.perfil == Perfil.ADMIN),
            *_silence_banners(organization, may_see_url=membership.perfil in OPERATORS),
            *_held_banners(organization),
            *_quarantine_banners(organization),
        ],
        "now": clock.now(),
    }


def _banners(organization: Organization, *, may_connect: bool) -> list[dict[str, str]]:
    """One banner for each integration that a person must connect again, now or soon."""
    banners = []
    for integration in list_disconnected():
        explanation = explain_disconnection(integration)
        banner = {
            "tone": "err",
            "title": f"{integration.name} está desconectado.",
            "detail": f"{explanation.title if explanation else ''}. Nenhum pedido foi perdido: "
            "a leitura continua de onde parou assim que alguém conectar de novo.",
        }
        banners.append(banner | _connect(organization, integration, may_connect))
    now = clock.now()
    for integration in list_overdue(now):
        explanation = explain_overdue(integration, now)
        if explanation:
            banner = {
                "tone": "warn",
                "title": f"{integration.name}: {explanation.title}.",
                "detail": explanation.detail,
            }
            banners.append(banner | _connect(organization, integration, may_connect))
    return banners


def _carrier_banners(organization: Organization, *, may_correct: bool) -> list[dict[str, str]]:
    """One for each contract that its carrier refuses."""
    banners = []
    for account in list_refused():
        explanation = trackers.explain(account.failing_code, account.failing_params, account.tracker)
        banner = {
            "tone": "err",
            "title": f"{explanation.title}.",
            "detail": "As consultas a essa transportadora pararam. Nenhum pacote foi perdido: elas continuam"
            " de onde pararam assim que alguém corrigir o contrato.",
        }
        button = {
            "action_label": "Corrigir contrato",
            "action_url": reverse("tracking:contract", args=[organization.slug, account.tracker]),
            "action_method": "get",
        }
        note = {"note": "Peça a um administrador da sua empresa para corrigir o contrato."}
        banners.append(banner | (button if may_correct else note))
    return banners


def _silence_banners(organization: Organization, *, may_see_url: bool) -> list[dict[str, str]]:
    """One for each integration whose ERP stopped telling what changes."""
    banners = []
    now = clock.now()
    for watch in list_silences():
        integration = watch.integration
        since = name_moment(watch.silent_since or now, now)
        banner = {
            "tone": "warn",
            "title": f"{integration.name}: o Tiny parou de avisar {since}.",
            "detail": f"As consultas acharam mudanças que ele não avisou ({name_kinds(watch.silent)})."
            " Nada foi perdido: enquanto isso, consultamos o Tiny mais vezes. Confira no Tiny se a URL ainda"
            " está lá e cole-a de novo.",
        }
        arguments = [organization.slug, integration.provider, integration.pk]
        banners.append(
            banner
            | (
                {
                    "action_label": "Ver a URL",
                    "action_url": reverse("webhooks:places", args=arguments),
                    "action_method": "get",
                }
                if may_see_url
                else {"note": "Peça a um administrador da sua empresa para conferir a URL."}
            )
        )
    return banners


def _held_banners(organization: Organization) -> list[dict[str, str]]:
    """One while any change of stock or price waits for a person."""
    count = count_held()
    if not count:
        return []
    return [
        {
            "tone": "warn",
            "title": "1 mudança do Tiny está retida."
            if count == 1
            else f"{count} mudanças do Tiny estão retidas.",
            "detail": "Pareceram falha: o estoque e o preço daqui ficam como estão até alguém decidir.",
            "action_label": "Ver mudanças retidas",
            "action_url": reverse("catalog:held", args=[organization.slug]),
            "action_method": "get",
        }
    ]


def _quarantine_banners(organization: Organization) -> list[dict[str, str]]:
    """One for each integration with notifications of which nothing could be used."""
    banners = []
    for found in list_quarantined():
        why = explain_receipt(found.newest)
        refused = (
            "1 notificação não foi usada"
            if found.count == 1
            else f"{found.count} notificações não foram usadas"
        )
        inbox = reverse("webhooks:list", args=[organization.slug])
        banners.append(
            {
                "tone": "warn",
                "title": f"{found.integration.name}: {refused}.",
                "detail": f"{why.title}. Nada mudou aqui." if why else "Nada mudou aqui.",
                "action_label": "Ver notificações",
                "action_url": f"{inbox}?visao=falharam&integracao={found.integration.pk}",
                "action_method": "get",
            }
        )
    return banners


def _connect(organization: Organization, integration: Integration, may_connect: bool) -> dict[str, str]:
    """The button, or whom to ask for it."""
    if not may_connect:
        return {"note": "Peça a um administrador da sua empresa para conectar."}
    arguments = [organization.slug, integration.provider, integration.pk]
    return {
        "action_label": "Conectar",
        "action_url": reverse("integrations:connect", args=arguments),
        "action_method": "post",
    }
