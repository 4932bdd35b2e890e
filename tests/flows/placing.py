"""Orders that the marketplace places with a connected company, for the flows that send them to Tiny."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from accounts import clock
from accounts.tenancy import tenant
from catalog import services as catalog_services
from contracts.order_status import OrderStatus
from history.models import HistoryEntry
from integrations.models import Integration
from jobs import queue
from jobs.models import Job
from orders import services
from orders.models import Order, OrderForwarding, Origin
from tests.flows.conftest import Company

CREATE = {"v3": "POST /pedidos", "v2": "POST /api2/pedido.incluir.php"}
LIST = {"v3": "GET /pedidos", "v2": "POST /api2/pedidos.pesquisa.php"}
DETAIL = {"v3": "GET /pedidos/{id}", "v2": "POST /api2/pedido.obter.php"}
SITUATION = {"v3": "PUT /pedidos/{id}/situacao", "v2": "POST /api2/pedido.alterar.situacao"}
ANA = {
    "name": "Ana de Exemplo",
    "kind": "PF",
    "document": "52998224725",
    "email": "ana@example.com",
    "phone": "11932000100",
    "address": {
        "street": "Rua das Flores", "number": "123", "complement": "apto 2", "district": "Centro",
        "city": "Curitiba", "state": "PR", "zip_code": "80010000",
    },
}  # fmt: skip
VASE = services.PlacedItem("VASO", "Vaso de barro", Decimal(2), Decimal("55.90"))
ELSEWHERE = {"CNPJ": "11444777000161"}


def prepare(company: Company, run_jobs: Any, **choices: Any) -> None:
    """Connected, with the product VASO imported, orders sent once they are placed, nothing left to do."""
    company.connect_quietly()
    choose(company, **{"send_statuses": ["placed"], **choices})
    run_jobs()
    company.account.add_product(sku="VASO", descricao="Vaso", preco=10)
    import_products(company, run_jobs)
    company.account.clear_calls()


def import_products(company: Company, run_jobs: Any) -> None:
    with tenant(company.organization):
        catalog_services.plan_import(integration=company.integration, person="Ana")
    run_jobs()
    with tenant(company.organization):
        catalog_services.start_import(integration=company.integration)
    run_jobs()


def choose(company: Company, **choices: Any) -> None:
    with tenant(company.organization):
        Integration.objects.update(**choices)


def placement(number: str = "MKT-1", **changes: Any) -> services.Placement:
    values: dict[str, Any] = {
        "ecommerce_number": number,
        "ecommerce_name": "Mercado Azul",
        "status": OrderStatus.PLACED,
        "placed_on": clock.today(),
        "buyer": ANA,
        "items": (VASE,),
        "freight": Decimal("15.15"),
        "discount": Decimal("2.79"),
        "notes": "Entregar na portaria.",
        "expected_on": clock.today() + dt.timedelta(days=9),
        "request_hash": f"{number} {sorted(changes)}",
    }
    return services.Placement(**{**values, **changes})


def place(company: Company, number: str = "MKT-1", **changes: Any) -> Order:
    with tenant(company.organization):
        placed = services.place_order(
            placement=placement(number, **changes), origin=Origin.API, person="Loja Azul"
        )
    return placed.order


def order_of(company: Company, number: str = "MKT-1") -> Order:
    with tenant(company.organization):
        related = ("forwarding", "reference", "customer")
        return Order.objects.select_related(*related).get(ecommerce_number=number)


def forwarding_of(company: Company, number: str = "MKT-1") -> OrderForwarding:
    with tenant(company.organization):
        return OrderForwarding.objects.get(order__ecommerce_number=number)


def codes_of(company: Company, order: Order) -> list[str]:
    """The codes of the order's history, the oldest first."""
    return [code for code, _ in lines_of(company, order)]


def lines_of(company: Company, order: Order) -> list[tuple[str, dict[str, Any]]]:
    with tenant(company.organization):
        rows = HistoryEntry.objects.filter(subject_kind="order", subject_id=order.pk).order_by("id")
        return [(row.code, row.params) for row in rows]


def job_of(company: Company, kind: str = "export_order") -> Job:
    with tenant(company.organization):
        return Job.objects.filter(kind=kind).latest("id")


def at_tiny(company: Company, orders: Sequence[Order] | None = None) -> list[dict[str, Any]]:
    """Orders at Tiny that have a key of ours."""
    return [row for row in company.account.list_orders() if row["numeroOrdemCompra"]]


def change_status(company: Company, order: Order, status: OrderStatus) -> None:
    with tenant(company.organization):
        services.change_status(order_id=order.pk, status=status, person="Loja Azul", source="platform")


def poll(company: Company) -> None:
    """Have the list of orders read with the next jobs."""
    integration = company.integration
    with tenant(company.organization):
        queue.enqueue("pull_orders", channel=integration.channel, key=str(integration.pk), lock="pull_orders")
