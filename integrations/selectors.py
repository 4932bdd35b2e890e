from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet

from contracts.records import Explanation
from integrations import registry
from integrations.models import Integration, IntegrationState


def list_integrations() -> QuerySet[Integration]:
    return Integration.objects.order_by("created_at", "id")


def list_disconnected() -> QuerySet[Integration]:
    return Integration.objects.filter(state=IntegrationState.DISCONNECTED).order_by("disconnected_at")


def explain_disconnection(integration: Integration) -> Explanation | None:
    """Why it is «desconectado», or ``None``."""
    if integration.state != IntegrationState.DISCONNECTED:
        return None
    params: dict[str, Any] = integration.disconnect_params
    return registry.explain(integration.disconnect_code, params, integration.provider)


def find_worst(integrations: Iterable[Integration], provider_key: str) -> Integration | None:
    """The integration whose state the provider's card shows: the one that needs somebody first."""
    order = (IntegrationState.DISCONNECTED, IntegrationState.CONNECTED, IntegrationState.DRAFT)
    own = [integration for integration in integrations if integration.provider == provider_key]
    return min(own, key=lambda integration: order.index(IntegrationState(integration.state)), default=None)


def suggest_name(provider_name: str) -> str:
    """«Integração Tiny ERP», with a number when that name is taken."""
    name = f"Integração {provider_name}"
    taken = set(Integration.objects.values_list("name", flat=True))
    suggestions = (name if number == 1 else f"{name} {number}" for number in range(1, len(taken) + 2))
    return next(suggestion for suggestion in suggestions if suggestion not in taken)
