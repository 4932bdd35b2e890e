"""What the frame of every page of a company shows: who, where, and what needs a person."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from accounts import clock, gateways
from accounts.models import Organization, Perfil
from integrations.selectors import explain_disconnection, list_disconnected
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
    """One banner for each integration that a person must connect again."""
    banners = []
    for integration in list_disconnected():
        explanation = explain_disconnection(integration)
        arguments = [organization.slug, integration.provider, integration.pk]
        banner = {
            "tone": "err",
            "title": f"{integration.name} está desconectado.",
            "detail": f"{explanation.title if explanation else ''}. Nenhum pedido foi perdido: "
            "a leitura continua de onde parou assim que alguém conectar de novo.",
        }
        if may_connect:
            banner |= {
                "action_label": "Conectar",
                "action_url": reverse("integrations:connect", args=arguments),
                "action_method": "post",
            }
        else:
            banner["detail"] += " Peça a um administrador da sua empresa."
        banners.append(banner)
    return banners
