"""Two orders of one new buyer, read at the same moment."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from accounts import clock
from accounts.models import Organization
from accounts.tenancy import tenant
from contracts.records import ErpCustomer
from customers.models import Customer
from customers.services import upsert_from_erp
from integrations.models import Integration
from tests.processes import COUNT_WAITING, wait_until

MARIA = ErpCustomer(external_id="", name="Maria", kind="PF", document="52998224725")


@pytest.mark.django_db(transaction=True)
def test_document_that_two_orders_learn_at_once_is_one_customer(
    organization: Organization, owner_sql: Callable[..., list[tuple[Any, ...]]]
) -> None:
    with tenant(organization):
        integration = Integration.objects.create(provider="tiny", name="primeira", created_at=clock.now())
        now = clock.now()
        first, second = (
            Customer.objects.create(name="Maria", created_at=now, updated_at=now) for _ in range(2)
        )
    found: list[int] = []

    def learn_second() -> None:
        try:
            with tenant(organization):
                customer = upsert_from_erp(integration_id=integration.pk, record=MARIA, current=second)
                found.append(customer.pk)
        finally:
            connection.close()

    with tenant(organization):
        upsert_from_erp(integration_id=integration.pk, record=MARIA, current=first)
        other = threading.Thread(target=learn_second)
        other.start()
        wait_until(lambda: owner_sql(COUNT_WAITING)[0][0] > 0)
    other.join(20)
    assert found == [first.pk]
    with tenant(organization):
        assert list(Customer.objects.exclude(document="").values_list("pk", flat=True)) == [first.pk]
