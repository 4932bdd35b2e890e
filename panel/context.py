"""What the frame of every page of a company shows: who, where, and what needs a person."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from accounts import clock, gateways
from accounts.models import Organization, Perfil
from integrations.models import Integration
from integrations.selectors import (
    explain_disconnection,
    explain_overdue,
    list_disconnected,
    list_overdue,
)
from jobs.selectors import count_parked


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
        "banners": _banners(organization, may_connect=membership.perfil == Perfil.ADMIN),
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
