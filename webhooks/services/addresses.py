"""Where an ERP posts its notifications: one address per integration, whose key is what makes it ours."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from accounts import clock
from history.models import Source
from history.services import record
from integrations.models import Integration
from integrations.services import SUBJECT
from jobs import queue
from webhooks.models import WebhookAddress
from webhooks.services.arrivals import channel_of

KEY_BYTES = 24


def hash_address(address: str) -> str:
    """What ``"<provider>/<key>"`` is found by: under another provider's name a key is unknown."""
    return hashlib.sha256(address.encode()).hexdigest()


@transaction.atomic
def ensure_address(*, integration: Integration, person: str = "") -> WebhookAddress:
    """The integration's address; made, with the channel of its receipts, when it is first asked for."""
    # Of two who ask at once the second one finds what the first one made.
    Integration.objects.select_for_update(no_key=True).get(pk=integration.pk)
    current: WebhookAddress | None = _find_current(integration)
    return current or _make(integration, person)


@transaction.atomic
def renew_address(*, integration: Integration, person: str) -> WebhookAddress:
    """Another address from now on; the former one is good for ``WEBHOOK_GRACE_HOURS`` more."""
    Integration.objects.select_for_update(no_key=True).get(pk=integration.pk)
    former = _find_current(integration)
    if former is not None:
        former.valid_until = clock.now() + dt.timedelta(hours=settings.WEBHOOK_GRACE_HOURS)
        former.save(update_fields=["valid_until"])
    record(
        subject_kind=SUBJECT,
        subject_id=integration.pk,
        code="webhook.address_renewed",
        params={"hours": settings.WEBHOOK_GRACE_HOURS},
        source=Source.PERSON if person else Source.PLATFORM,
        person=person,
    )
    return _make(integration, person)


def read_url(*, integration: Integration) -> str:
    """The address as it is pasted into the ERP: whoever knows it can post. ``""`` before there is one."""
    current = _find_current(integration)
    if current is None:
        return ""
    path = reverse("webhooks:receive", args=[f"{integration.provider}/{current.get_secret('key')}/"])
    return f"{settings.PUBLIC_URL}{path}"


def _find_current(integration: Integration) -> WebhookAddress | None:
    return WebhookAddress.objects.filter(integration=integration, valid_until=None).first()


def _make(integration: Integration, person: str) -> WebhookAddress:
    key = secrets.token_urlsafe(KEY_BYTES)
    address = WebhookAddress(
        integration=integration,
        key_hash=hash_address(f"{integration.provider}/{key}"),
        created_at=clock.now(),
        created_by=person,
    )
    address.set_secret("key", key)
    address.save()
    queue.ensure_channel(channel_of(integration.pk))
    return address
