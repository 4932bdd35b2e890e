"""A connected ERP that knows its address here, and posts to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from django.conf import settings
from django.http import HttpResponse
from django.test import Client

from accounts.models import Organization
from accounts.tenancy import tenant
from integrations.models import Integration
from jobs.models import Job
from tests.catalog.received import connect
from webhooks.models import WebhookReceipt
from webhooks.services.addresses import ensure_address, read_url


@dataclass
class Sender:
    """An ERP that posts to the address of one integration."""

    integration: Integration
    path: str

    @property
    def key(self) -> str:
        return self.path.split("/")[3]

    def post(self, body: bytes, content_type: str = "application/json", **extra: Any) -> HttpResponse:
        return self.send("POST", body, content_type, **extra)

    def send(
        self, method: str, body: bytes = b"", content_type: str = "application/json", **extra: Any
    ) -> HttpResponse:
        """``extra`` goes into the WSGI environment."""
        client = Client(enforce_csrf_checks=True)
        return client.generic(method, self.path, body, content_type, **extra)

    def receipts(self) -> list[WebhookReceipt]:
        """In the order in which they came."""
        with tenant(self.integration.organization_id):
            return list(WebhookReceipt.objects.filter(integration=self.integration).order_by("id"))

    def bodies(self) -> list[bytes]:
        return [bytes(receipt.body) for receipt in self.receipts()]

    def jobs(self) -> list[Job]:
        with tenant(self.integration.organization_id):
            return list(Job.objects.filter(kind="read_receipts").order_by("id"))


def open_address(integration: Integration) -> Sender:
    with tenant(integration.organization_id):
        ensure_address(integration=integration)
        return Sender(integration, read_url(integration=integration).removeprefix(settings.PUBLIC_URL))


@pytest.fixture
def sender(organization: Organization) -> Sender:
    return open_address(connect(organization))


@pytest.fixture
def other_sender(other_organization: Organization) -> Sender:
    return open_address(connect(other_organization, account_document="11444777000161"))
