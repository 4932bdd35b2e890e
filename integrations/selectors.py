from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from accounts import clock
from contracts.records import CheckState, Explanation
from integrations import registry
from integrations.models import ConnectionTest, Credential, Integration, IntegrationState

RENEWAL_OVERDUE_AFTER = dt.timedelta(hours=12)


def list_integrations() -> QuerySet[Integration]:
    return Integration.objects.order_by("created_at", "id")


def list_disconnected() -> QuerySet[Integration]:
    return Integration.objects.filter(state=IntegrationState.DISCONNECTED).order_by("disconnected_at")


def list_overdue(now: dt.datetime) -> QuerySet[Integration]:
    """Connected, yet without a renewal for so long that a person should know before the access dies."""
    return Integration.objects.filter(
        state=IntegrationState.CONNECTED, credential__renewed_at__lt=now - RENEWAL_OVERDUE_AFTER
    ).select_related("credential")


def explain_overdue(integration: Integration, now: dt.datetime) -> Explanation | None:
    """What to say of a renewal that fails for hours, or ``None``."""
    credential = integration.credential
    renewed_at, until = credential.renewed_at, credential.refresh_expires_at
    is_overdue = renewed_at is not None and renewed_at < now - RENEWAL_OVERDUE_AFTER
    if integration.state != IntegrationState.CONNECTED or not is_overdue or until is None:
        return None
    local = until.astimezone(clock.SAO_PAULO)
    return registry.explain("integration.renewal_overdue", {"until": f"{local:%d/%m/%Y às %H:%M}"})


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


@dataclass(frozen=True, slots=True)
class TestReport:
    """A test as the panel shows it: one sentence, its tone, and the steps, the coming ones included."""

    test: ConnectionTest
    summary: str
    tone: str
    steps: list[dict[str, Any]]

    @property
    def is_running(self) -> bool:
        return self.test.finished_at is None


def report_test(test: ConnectionTest) -> TestReport:
    states = [step["state"] for step in test.steps]
    failed = next((step for step in test.steps if step["state"] == CheckState.FAILURE), None)
    warnings = states.count(CheckState.WARNING)
    if test.finished_at is None:
        summary, tone = "Testando…", "info"
    elif failed:
        summary, tone = f"O teste parou em {failed['title']}: {failed['detail']}", "err"
    elif warnings:
        plural = "aviso" if warnings == 1 else "avisos"
        summary, tone = f"Conexão funcionando, com {warnings} {plural}", "warn"
    else:
        summary, tone = "Conexão funcionando", "ok"
    return TestReport(test, summary, tone, list(test.steps))


def last_test(integration: Integration) -> TestReport | None:
    test = ConnectionTest.objects.filter(integration=integration).order_by("-requested_at", "-id").first()
    return report_test(test) if test else None


def find_integrator_id(integration: Integration) -> str:
    """The number by which the ERP knows this integration, ``""`` where the seller gave us none."""
    credential = Credential.objects.filter(integration=integration).first()
    return str(credential.integrator_id) if credential else ""


def suggest_name(provider_name: str) -> str:
    """«Integração Tiny ERP», with a number when that name is taken."""
    name = f"Integração {provider_name}"
    taken = set(Integration.objects.values_list("name", flat=True))
    suggestions = (name if number == 1 else f"{name} {number}" for number in range(1, len(taken) + 2))
    return next(suggestion for suggestion in suggestions if suggestion not in taken)
