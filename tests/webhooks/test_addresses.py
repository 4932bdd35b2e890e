"""The address that a person pastes into the ERP."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings

from accounts.models import Organization
from accounts.tenancy import tenant
from history.models import HistoryEntry
from jobs.models import Channel
from tests.catalog.received import connect
from tests.webhooks.conftest import Sender
from webhooks.models import WebhookAddress
from webhooks.services.addresses import ensure_address, read_url, renew_address

pytestmark = pytest.mark.django_db(transaction=True)


def test_an_integration_has_one_address_under_our_public_url(organization: Organization) -> None:
    integration = connect(organization)
    with tenant(organization):
        assert read_url(integration=integration) == ""
        first = ensure_address(integration=integration, person="Ana")
        second = ensure_address(integration=integration, person="Bia")
        url = read_url(integration=integration)
        channels = list(Channel.objects.values_list("name", flat=True))

    assert (second.pk, second.created_by) == (first.pk, "Ana")
    key = url.removeprefix(f"{settings.PUBLIC_URL}/webhooks/tiny/").removesuffix("/")
    # 24 random bytes in letters that need no quoting.
    assert len(key) == 32
    assert set(key) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")
    assert f"webhooks:{integration.pk}" in channels


def test_the_key_is_kept_as_a_hash_and_encrypted(organization: Organization, owner_sql: Any) -> None:
    integration = connect(organization)
    with tenant(organization):
        address = ensure_address(integration=integration)
        key = read_url(integration=integration).split("/")[-2]

    assert address.key_hash == hashlib.sha256(f"tiny/{key}".encode()).hexdigest()
    assert address.get_secret("key") == key
    ((row,),) = owner_sql("SELECT t::text FROM webhooks_webhookaddress t")
    assert key not in row


def test_two_integrations_never_share_an_address(
    organization: Organization, other_organization: Organization
) -> None:
    urls = set()
    for company in (organization, other_organization):
        for number in range(2):
            integration = connect(company, f"Tiny {number}", account_document=f"1122233300018{number}")
            with tenant(company):
                ensure_address(integration=integration)
                urls.add(read_url(integration=integration))

    assert len(urls) == 4


def test_after_a_renewal_the_former_address_is_good_for_a_day(
    sender: Sender, organization: Organization, move_clock: Callable[[dt.timedelta], None]
) -> None:
    with tenant(organization):
        renew_address(integration=sender.integration, person="Ana")
        url = read_url(integration=sender.integration)
    renewed = Sender(sender.integration, url.removeprefix(settings.PUBLIC_URL))

    assert renewed.path != sender.path
    assert sender.post(b"old").status_code == 200
    assert renewed.post(b"new").status_code == 200
    move_clock(dt.timedelta(hours=23, minutes=59))
    assert sender.post(b"still good").status_code == 200
    move_clock(dt.timedelta(minutes=1))
    assert sender.post(b"too late").status_code == 404
    assert sender.send("GET").status_code == 404
    assert renewed.post(b"for good").status_code == 200
    assert sender.bodies() == [b"old", b"new", b"still good", b"for good"]


def test_a_renewal_has_its_line_without_the_key(sender: Sender, organization: Organization) -> None:
    with tenant(organization):
        renew_address(integration=sender.integration, person="Ana")
        (line,) = HistoryEntry.objects.filter(code="webhook.address_renewed")

    assert (line.subject_kind, line.subject_id) == ("integration", sender.integration.pk)
    assert (line.source, line.person, line.params) == ("person", "Ana", {"hours": 24})


def test_each_renewal_leaves_one_current_address(sender: Sender, organization: Organization) -> None:
    with tenant(organization):
        for _ in range(3):
            renew_address(integration=sender.integration, person="Ana")
        assert WebhookAddress.objects.count() == 4
        assert WebhookAddress.objects.filter(valid_until=None).count() == 1


def test_an_address_is_shown_to_its_own_company_only(
    sender: Sender, other_sender: Sender, other_organization: Organization
) -> None:
    with tenant(other_organization):
        assert read_url(integration=sender.integration) == ""
        assert [row.integration_id for row in WebhookAddress.objects.all()] == [other_sender.integration.pk]
