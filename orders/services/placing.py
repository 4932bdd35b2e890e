"""Orders that come from the marketplace, and what is said of them afterwards, here."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.db import transaction

from accounts import clock
from contracts.order_status import OrderStatus
from contracts.records import ErpAddress, ErpInstallment
from customers.services import take_buyer
from customers.values import FIELDS
from history.services import record_all
from integrations.models import Integration, IntegrationState
from orders.models import (
    ForwardingState,
    IdempotencyKey,
    Order,
    OrderForwarding,
    OrderInstallment,
    OrderItem,
    Origin,
)
from orders.services.forwarding import forward, make_key
from orders.services.lines import platform_line, take_number, take_revision

CENT = Decimal("0.01")
# The reasons of a ``PlacementRefused``.
KEY_REUSED, NUMBER_TAKEN = "key_reused", "number_taken"


class PlacementRefused(ValueError):
    """``number`` is ours of the order that stands in the way."""

    def __init__(self, reason: str, number: int) -> None:
        super().__init__(reason)
        self.reason = reason
        self.number = number


@dataclass(frozen=True, slots=True)
class PlacedItem:
    sku: str
    description: str
    quantity: Decimal
    unit_price: Decimal
    unit: str = ""

    @property
    def total(self) -> Decimal:
        return (self.quantity * self.unit_price).quantize(CENT, ROUND_HALF_UP)


@dataclass(frozen=True, slots=True)
class Placement:
    """An order as the marketplace has it. ``ecommerce_name`` is the marketplace, or ``""``.

    ``buyer`` is as ``customers.services.save_customer`` takes values.
    ``request_hash`` tells whether the same order is placed again or another one under its number.
    """

    ecommerce_number: str
    ecommerce_name: str
    status: OrderStatus
    placed_on: dt.date
    buyer: Mapping[str, Any]
    items: tuple[PlacedItem, ...]
    request_hash: str
    delivery_address: ErpAddress | None = None
    installments: tuple[ErpInstallment, ...] = ()
    freight: Decimal = Decimal(0)
    discount: Decimal = Decimal(0)
    expected_on: dt.date | None = None
    notes: str = ""
    seller_code: str = ""
    seller_name: str = ""
    integration: Integration | None = None

    @property
    def products_total(self) -> Decimal:
        return sum((item.total for item in self.items), Decimal(0))

    @property
    def total(self) -> Decimal:
        return self.products_total - self.discount + self.freight


@dataclass(frozen=True, slots=True)
class Placed:
    order: Order
    is_new: bool


@dataclass(frozen=True, slots=True)
class Route:
    """The integration by which an order goes to its ERP, or why there is none."""

    integration: Integration | None
    reason: str = ""
    params: dict[str, str] = field(default_factory=dict)


@transaction.atomic
def place_order(*, placement: Placement, origin: Origin, person: str, idempotency_key: str = "") -> Placed:
    """Take the order, decide whether it is sent, and enqueue that; the same order again changes nothing.

    Raises ``PlacementRefused``: the key or the marketplace's number stands for another order.
    """
    # Until the transaction ends no other one places orders, so what was looked for stays as it was found.
    revision = take_revision()
    now = clock.now()
    former = _find_former(placement, idempotency_key)
    if former is not None:
        _keep_key(idempotency_key, former, now)
        return Placed(former, is_new=False)
    route = find_route(placement.integration)
    buyer = take_buyer(values=placement.buyer, person=person)
    order = Order.objects.create(
        integration=route.integration,
        customer=buyer.customer,
        number=take_number(),
        origin=origin,
        status=placement.status,
        ecommerce_number=placement.ecommerce_number,
        ecommerce_name=placement.ecommerce_name,
        placed_on=placement.placed_on,
        total=placement.total,
        products_total=placement.products_total,
        freight=placement.freight,
        discount=placement.discount,
        expected_on=placement.expected_on,
        delivery_address=asdict(placement.delivery_address) if placement.delivery_address else {},
        notes=placement.notes,
        seller_code=placement.seller_code,
        seller_name=placement.seller_name,
        buyer_conflicts={name: list(pair) for name, pair in buyer.conflicts.items()},
        request_hash=placement.request_hash,
        revision=revision,
        details_loaded_at=now,
        created_at=now,
        updated_at=now,
    )
    _write_lines(order, placement)
    _keep_key(idempotency_key, order, now)
    channel = placement.ecommerce_name or "marketplace"
    params = {"channel": channel, "status": placement.status.label}
    code = "order.received_by_sheet" if origin == Origin.SHEET else "order.received"
    lines = [platform_line(order.pk, code, params, now, person=person)]
    if buyer.conflicts:
        fields = ", ".join(FIELDS[name] for name in buyer.conflicts)
        lines.append(platform_line(order.pk, "order.buyer_differs", {"fields": fields}, now))
    record_all(lines)
    forwarding = OrderForwarding(
        order=order,
        key=make_key(order.pk),
        state=ForwardingState.UNROUTED,
        reason_code=route.reason,
        reason_params=route.params,
    )
    forwarding.save()
    forward(order=order, forwarding=forwarding)
    return Placed(order, is_new=True)


def find_route(named: Integration | None) -> Route:
    """The integration that was named, else the only one that was ever connected."""
    if named is not None:
        return Route(named)
    active: Sequence[Integration] = list(
        Integration.objects.exclude(state=IntegrationState.DRAFT).order_by("name")
    )
    if len(active) == 1:
        return Route(active[0])
    if not active:
        return Route(None, "forwarding.no_integration")
    return Route(None, "forwarding.several_integrations", {"names": ", ".join(row.name for row in active)})


def _find_former(placement: Placement, idempotency_key: str) -> Order | None:
    if idempotency_key:
        known = IdempotencyKey.objects.select_related("order").filter(key=idempotency_key).first()
        if known is not None:
            if known.request_hash != placement.request_hash:
                raise PlacementRefused(KEY_REUSED, known.order.number)
            return known.order
    former: Order | None = (
        Order.objects.exclude(origin=Origin.ERP)
        .filter(ecommerce_name=placement.ecommerce_name, ecommerce_number=placement.ecommerce_number)
        .first()
    )
    if former is not None and former.request_hash != placement.request_hash:
        raise PlacementRefused(NUMBER_TAKEN, former.number)
    return former


def _keep_key(idempotency_key: str, order: Order, now: dt.datetime) -> None:
    if idempotency_key:
        IdempotencyKey.objects.get_or_create(
            key=idempotency_key,
            defaults={"request_hash": order.request_hash, "order": order, "created_at": now},
        )


def _write_lines(order: Order, placement: Placement) -> None:
    OrderItem.objects.bulk_create(
        OrderItem(
            order=order,
            position=position,
            sku=item.sku,
            description=item.description,
            unit=item.unit,
            quantity=item.quantity,
            unit_price=item.unit_price,
            total=item.total,
        )
        for position, item in enumerate(placement.items, start=1)
    )
    OrderInstallment.objects.bulk_create(
        OrderInstallment(
            order=order,
            position=position,
            due_on=installment.due_on,
            amount=installment.amount,
            method=installment.method,
        )
        for position, installment in enumerate(placement.installments, start=1)
    )
