"""What an ERP says of products, as records, received here as the jobs receive it; no ERP is asked."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from accounts import clock
from accounts.models import Organization
from accounts.tenancy import tenant
from catalog import services
from catalog.models import ChangeSource, Product, ProductReference
from contracts.records import (
    ErpProduct,
    ErpProductRow,
    ErpStock,
    ErpWarehouseStock,
    Page,
    ProductKind,
    ProductState,
)
from integrations.models import Credential, Integration, IntegrationState
from tiny.records import hash_row


def make_row(external_id: str = "900", sku: str = "LUM-01", **changes: Any) -> ErpProductRow:
    """A row of the list: a simple, active product of R$ 249,90."""
    values: dict[str, Any] = {
        "external_id": external_id,
        "sku": sku,
        "name": f"Luminária {external_id}",
        "kind": ProductKind.SIMPLE,
        "state": ProductState.ACTIVE,
        "gtin": "7891000315507",
        "unit": "UN",
        "price": Decimal("249.90"),
    }
    row = ErpProductRow(**values | changes)
    return replace(row, row_hash=hash_row(row))


def make_product(row: ErpProductRow, **changes: Any) -> ErpProduct:
    values: dict[str, Any] = {
        "description": "<p>De mesa</p>",
        "brand": "Aurora",
        "category": ("Casa", "Iluminação"),
        "ncm": "9405.21.00",
        "net_weight": Decimal("1.2"),
    }
    return ErpProduct(row, **values | changes)


def make_stock(
    external_id: str = "900", *warehouses: ErpWarehouseStock, balance: str = "41", reserved: str = "2"
) -> ErpStock:
    return ErpStock(external_id, Decimal(balance), Decimal(reserved), warehouses)


def connect(organization: Organization, name: str = "Integração Tiny ERP", **fields: Any) -> Integration:
    with tenant(organization):
        row = Integration.objects.create(
            provider="tiny",
            protocol="v3",
            name=name,
            state=IntegrationState.CONNECTED,
            created_at=clock.now(),
            **{"account_document": "11222333000181", **fields},
        )
        Credential.objects.create(integration=row, client_id="id")
    return row


class Erp:
    """What the ERP of one integration says."""

    def __init__(self, integration: Integration) -> None:
        self.integration = integration

    def list(self, *rows: ErpProductRow) -> None:
        """One page of the list."""
        page = Page(rows, tuple(row.external_id for row in rows), offset=0, limit=100, total=len(rows))
        with tenant(self.integration.organization_id):
            services.upsert_from_list(integration=self.integration, page=page, source=ChangeSource.IMPORT)

    def tell(self, product: ErpProduct, stock: ErpStock | None = None) -> None:
        """One product by itself, after the list."""
        self.list(product.row)
        with tenant(self.integration.organization_id):
            services.apply_details(
                reference_id=self.reference(product.row.external_id).pk,
                product=product,
                stock=stock,
                source=ChangeSource.POLL,
                row_hash=product.row.row_hash,
                asked_at=clock.now(),
            )

    def reference(self, external_id: str = "900") -> ProductReference:
        with tenant(self.integration.organization_id):
            found = ProductReference.objects.filter(integration=self.integration, external_id=external_id)
            return found.select_related("product").get()

    def product(self, sku: str = "LUM-01") -> Product:
        with tenant(self.integration.organization_id):
            return Product.objects.get(sku=sku)
