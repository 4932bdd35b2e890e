"""An order of ours whose export ends while the ERP's list, which shows it already, is applied."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from accounts import clock
from accounts.models import Organization
from accounts.tenancy import tenant
from contracts.records import ErpOrder, Page
from history.models import HistoryEntry
from integrations.models import Integration, IntegrationState
from integrations.rows import PageResult
from orders import services
from orders.models import ForwardingState, Order, OrderForwarding, OrderReference, Origin, PassedOverOrder
from tests.orders.conftest import make_row
from tests.processes import COUNT_WAITING, wait_until
from tests.status_maps import DEFAULT

KNOWN, OURS = make_row("700"), make_row("701")


def apply_list(integration: Integration, *rows: ErpOrder) -> PageResult:
    ids = tuple(row.external_id for row in rows)
    page = Page(rows, row_ids=ids, offset=0, limit=100, total=len(rows))
    return services.upsert_from_list(integration=integration, page=page, status_map=DEFAULT)


@pytest.mark.django_db(transaction=True)
def test_an_export_that_ends_meanwhile_is_no_other_order(
    organization: Organization, owner_sql: Callable[..., list[tuple[Any, ...]]]
) -> None:
    with tenant(organization):
        now = clock.now()
        integration = Integration.objects.create(
            provider="tiny",
            protocol="v3",
            name="Tiny",
            state=IntegrationState.CONNECTED,
            created_at=now,
        )
        apply_list(integration, KNOWN)
        order = Order.objects.create(
            integration=integration,
            number=100,
            origin=Origin.API,
            status="placed",
            ecommerce_number=OURS.ecommerce_number,
            placed_on=OURS.placed_on,
            created_at=now,
            updated_at=now,
        )
        forwarding = OrderForwarding.objects.create(
            order=order,
            key="E1",
            state=ForwardingState.DUE,
            reason_code="forwarding.in_status",
            attempted_at=now,
            attempt={"buyer_name": "Maria de Exemplo", "buyer_document": ""},
        )
    results: list[PageResult] = []

    def poll() -> None:
        try:
            with tenant(organization):
                results.append(apply_list(integration, KNOWN, OURS))
        finally:
            connection.close()

    with tenant(organization):
        # The list is applied as far as the references that are known already, and waits for this one.
        OrderReference.objects.select_for_update().get(external_id=KNOWN.external_id)
        other = threading.Thread(target=poll)
        other.start()
        wait_until(lambda: owner_sql(COUNT_WAITING)[0][0] > 0)
        # As the end of the export writes them.
        OrderReference.objects.create(
            integration=integration,
            external_id=OURS.external_id,
            order=order,
            situation="aberto",
            row_hash="",
        )
        OrderForwarding.objects.filter(pk=forwarding.pk).update(
            attempted_at=None, state=ForwardingState.SENT, sent_at=now
        )
    other.join(20)
    ((result),) = results
    assert (result.created, result.problems, result.held, result.unchanged) == (0, 0, 1, 1)
    with tenant(organization):
        assert Order.objects.count() == 2
        assert not HistoryEntry.objects.filter(code="orders.row_unreadable").exists()
        assert apply_list(integration, OURS).changed == 1
        assert not PassedOverOrder.objects.exists()
        assert OrderReference.objects.get(external_id=OURS.external_id).order_id == order.pk
