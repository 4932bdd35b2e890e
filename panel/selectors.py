"""What needs a person, in words."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.urls import reverse

from accounts.models import Organization, Perfil
from customers.models import Customer
from integrations import registry
from integrations.models import Integration
from jobs.models import Job
from jobs.selectors import list_parked
from orders.models import Order, OrderSheet
from orders.services.sheets import PLACE_SHEET
from orders.synchronization import EXPORT_KINDS
from tracking import registry as trackers
from webhooks.page_selectors import find_followed
from webhooks.page_sentences import summarise


@dataclass(frozen=True, slots=True)
class Problem:
    """A parked job as a row of the Central de erros. ``owner`` is you, erp, limit or us."""

    job_id: int
    title: str
    detail: str
    owner: str
    erp_name: str
    subject: str
    subject_url: str
    since: dt.datetime | None
    action: str
    action_url: str
    support_code: str


def list_problems(organization: Organization, perfil: str) -> list[Problem]:
    integrations = {integration.channel: integration for integration in Integration.objects.all()}
    return [_problem(job, integrations.get(job.channel), organization, perfil) for job in list_parked()]


def _problem(job: Job, integration: Integration | None, organization: Organization, perfil: str) -> Problem:
    provider_key = integration.provider if integration else ""
    tracker_key = job.channel.removeprefix("carrier:") if job.channel.startswith("carrier:") else ""
    if tracker_key:
        explanation = trackers.explain(job.reason_code, job.reason_params, tracker_key)
    else:
        explanation = registry.explain(job.reason_code, job.reason_params, provider_key)
    action, action_url = "retry", reverse("panel:retry", args=[organization.slug, job.pk])
    if explanation.action == "connect" and integration and perfil == Perfil.ADMIN:
        action = "connect"
        action_url = reverse(
            "integrations:connect", args=[organization.slug, integration.provider, integration.pk]
        )
    subject, subject_url = _subject(job, integration, organization)
    return Problem(
        job_id=job.pk,
        title=explanation.title,
        detail=explanation.detail,
        owner=explanation.owner,
        erp_name=registry.get_provider(provider_key).name if provider_key else "",
        subject=subject,
        subject_url=subject_url,
        since=job.parked_at,
        action=action,
        action_url=action_url,
        support_code=job.reason_params.get("support_code", ""),
    )


def _subject(job: Job, integration: Integration | None, organization: Organization) -> tuple[str, str]:
    """The order, the customer, the sheet, the notification or the integration that the work was about."""
    if job.kind in {"complete_order", *EXPORT_KINDS} and job.key.isdecimal():
        order = Order.objects.filter(pk=int(job.key)).first()
        if order is not None:
            return str(order), reverse("orders:detail", args=[organization.slug, order.number])
    if job.kind == "apply_shipment" and job.key.isdecimal():
        order = Order.objects.filter(parcels__parcel=int(job.key)).first()
        if order is not None:
            return str(order), reverse("orders:detail", args=[organization.slug, order.number])
    if job.kind == "export_customer" and job.key.isdecimal():
        customer = Customer.objects.filter(pk=int(job.key)).first()
        if customer is not None:
            name = customer.name or "Cliente sem nome"
            return name, reverse("customers:detail", args=[organization.slug, customer.pk])
    if job.kind == PLACE_SHEET:
        sheet = OrderSheet.objects.defer("text").filter(pk=int(job.key)).first()
        if sheet is not None:
            return sheet.name, reverse("orders:sheet", args=[organization.slug, sheet.pk])
    if job.kind == "follow_notification":
        receipt = find_followed(job.key)
        if receipt is not None:
            summary = summarise(receipt)
            name = f"Notificação {summary}" if summary else "Notificação"
            return name, reverse("webhooks:detail", args=[organization.slug, receipt.pk])
    if job.kind in ("poll_parcels", "check_carrier"):
        return "Rastreamento de pacotes", reverse("tracking:contracts", args=[organization.slug])
    if job.kind == "remap_parcels":
        return "De-para de transportadoras", reverse("tracking:mappings", args=[organization.slug])
    if job.kind == "replay_receipts":
        return "Reprocessamento de notificações", reverse("webhooks:run", args=[organization.slug, job.key])
    if integration is not None:
        arguments = [organization.slug, integration.provider, integration.pk]
        return integration.name, reverse("integrations:connection", args=arguments)
    return "", ""
