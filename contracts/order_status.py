"""Our own eight statuses of an order and their labels on the page."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class OrderStatus(StrEnum):
    """Our own status of an order; a return is a flag beside it, not a status."""

    PLACED = "placed"
    PAID = "paid"
    PICKING = "picking"
    INVOICED = "invoiced"
    IN_TRANSIT = "in_transit"
    DELIVERED = "delivered"
    NOT_DELIVERED = "not_delivered"
    CANCELLED = "cancelled"

    @property
    def label(self) -> str:
        return ORDER_STATUS_LABELS[self]


ORDER_STATUS_LABELS: Mapping[OrderStatus, str] = {
    OrderStatus.PLACED: "Enviado pelo comprador",
    OrderStatus.PAID: "Pagamento aprovado",
    OrderStatus.PICKING: "Em separação",
    OrderStatus.INVOICED: "Nota Fiscal emitida",
    OrderStatus.IN_TRANSIT: "Em transporte",
    OrderStatus.DELIVERED: "Entregue",
    OrderStatus.NOT_DELIVERED: "Não entregue",
    OrderStatus.CANCELLED: "Cancelado",
}
