"""A connected integration and what an ERP says, as records; no ERP is asked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from accounts import clock
from accounts.models import Organization
from accounts.tenancy import tenant
from contracts.records import (
    ErpAddress,
    ErpCustomer,
    ErpInvoice,
    ErpOrder,
    ErpOrderDetail,
    ErpOrderItem,
    ErpShipment,
    InvoiceState,
    Page,
    RowProblem,
)
from history.models import HistoryEntry
from integrations.models import Credential, Integration, IntegrationState
from orders import services
from orders.map_selectors import read_status_map
from orders.models import Order, OrderReference
from orders.status_map import StatusMap
from tiny.records import hash_row

MARIA = ErpCustomer(
    external_id="900000001",
    name="Maria de Exemplo",
    kind="PF",
    document="52998224725",
    document_text="529.982.247-25",
    email="maria@exemplo.com.br",
    phone="(41) 99999-0000",
    address=ErpAddress(
        street="Rua das Flores", number="123", city="Curitiba", state="PR", zip_code="80010000"
    ),
)


def make_row(external_id: str = "700", **changes: Any) -> ErpOrder:
    """A row of the list, «Aprovado», R$ 100,00."""
    values: dict[str, Any] = {
        "external_id": external_id,
        "number": f"1{external_id}",
        "situation": "aprovado",
        "situation_is_known": True,
        "total": Decimal("100.00"),
        "placed_on": dt.date(2026, 11, 20),
        "customer": MARIA,
        "ecommerce_number": f"E-{external_id}",
    }
    row = ErpOrder(**values | changes)
    return replace(row, row_hash=hash_row(row))


def make_detail(row: ErpOrder, *items: ErpOrderItem, **changes: Any) -> ErpOrderDetail:
    values: dict[str, Any] = {
        "order": row,
        "items": items or (ErpOrderItem("1", "SKU-1", "Luminária", Decimal(2), Decimal("45.0000")),),
        "installments": (),
        "delivery_address": None,
        "products_total": Decimal("90.00"),
        "freight": Decimal("10.00"),
        "discount": None,
        "other_expenses": None,
        "total": row.total,
    }
    return ErpOrderDetail(**values | changes)


def make_invoice(external_id: str = "50", **changes: Any) -> ErpInvoice:
    """An authorised nota of order 700."""
    values: dict[str, Any] = {
        "external_id": external_id,
        "number": "000321",
        "series": "1",
        "access_key": "4" * 44,
        "state": InvoiceState.AUTHORIZED,
        "issued_on": dt.date(2026, 11, 21),
        "amount": Decimal("100.00"),
        "order_external_id": "700",
    }
    return ErpInvoice(**values | changes)


@pytest.fixture
def integration(organization: Organization) -> Integration:
    with tenant(organization):
        row = Integration.objects.create(
            provider="tiny",
            protocol="v3",
            name="Integração Tiny ERP",
            state=IntegrationState.CONNECTED,
            account_document="11222333000181",
            created_at=clock.now(),
        )
        Credential.objects.create(integration=row, client_id="id")
    return row


@pytest.fixture
def scope(organization: Organization) -> Iterator[None]:
    """The whole test runs inside the organization."""
    with tenant(organization):
        yield


class Erp:
    """What the ERP says, applied here as the jobs apply it."""

    def __init__(self, integration: Integration) -> None:
        self.integration = integration

    @property
    def status_map(self) -> StatusMap:
        return read_status_map(self.integration)

    def list(self, *rows: ErpOrder, problems: tuple[RowProblem, ...] = ()) -> Any:
        page = Page(
            items=rows,
            row_ids=tuple(row.external_id for row in rows),
            offset=0,
            limit=100,
            total=len(rows),
            problems=problems,
        )
        return services.upsert_from_list(integration=self.integration, page=page, status_map=self.status_map)

    def tell_detail(self, order: Order, detail: ErpOrderDetail) -> None:
        references = OrderReference.objects.select_related("order")
        asked_of = references.get(order=order, integration=self.integration)
        assert services.apply_details(asked_of=asked_of, detail=detail)

    def list_invoices(self, *invoices: ErpInvoice) -> int:
        return services.attach_invoices(integration=self.integration, invoices=invoices)


@pytest.fixture
def erp(integration: Integration, scope: None) -> Erp:
    return Erp(integration)


@pytest.fixture
def lines() -> Callable[[Order], list[tuple[str, dict[str, Any]]]]:
    """``lines(order)``: (code, params) of its history, oldest first."""

    def read(order: Order) -> list[tuple[str, dict[str, Any]]]:
        entries = HistoryEntry.objects.filter(subject_kind="order", subject_id=order.pk).order_by("id")
        return [(entry.code, entry.params) for entry in entries]

    return read


def shipment(**values: str) -> ErpShipment:
    return ErpShipment(**{"carrier_name": "Correios", "shipping_method": "SEDEX", **values})
