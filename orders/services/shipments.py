"""The raw strings of the carriage, and since when a parcel is to be followed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from contracts.records import ErpShipment
from history.models import HistoryEntry
from orders.models import Order, OrderShipment
from orders.services.lines import order_line
from orders.services.queueing import ask_to_follow

FIELDS = (
    "carrier_name", "shipping_method", "shipping_method_id", "shipping_method_type", "freight_method",
    "tracking_code", "tracking_url",
)  # fmt: skip
# What of a shipment no page shows: a change of these alone is no news to a person.
SILENT = frozenset({"tracking_url", "shipping_method_id", "shipping_method_type"})

# What a person may have typed here: it holds until the ERP tells another code.
TYPED = frozenset({"carrier_name", "tracking_code", "tracking_url"})


def create_shipments(
    shipments: Iterable[tuple[Order, ErpShipment, bool]], now: dt.datetime
) -> list[HistoryEntry]:
    """Store the shipments of orders that have none, each with whether it is to be tracked.

    Returns the lines to record.
    """
    given = [row for row in shipments if not row[1].is_empty]
    OrderShipment.objects.bulk_create(
        OrderShipment(
            order=order,
            updated_at=now,
            tracking_wanted_at=now if starts_tracking else None,
            **{name: getattr(shipment, name) for name in FIELDS},
        )
        for order, shipment, starts_tracking in given
    )
    ask_to_follow(order.pk for order, _, starts_tracking in given if starts_tracking)
    return [_code_line(order, shipment, now) for order, shipment, _ in given if shipment.tracking_code]


def update_shipment(
    order: Order, shipment: ErpShipment, now: dt.datetime, *, starts_tracking: bool
) -> list[HistoryEntry]:
    """Bring the order's shipment up to date. What the ERP leaves empty later does not erase what we have."""
    if starts_tracking:
        want_tracking(order, now)
    # Who writes a typed code at the ERP, or follows the parcels, holds this row alone.
    kept = OrderShipment.objects.select_for_update(no_key=True).filter(order=order).first()
    if kept is None:
        return create_shipments([(order, shipment, starts_tracking)], now)
    told = {name: getattr(shipment, name) for name in FIELDS if getattr(shipment, name)}
    if kept.typed_at is not None or told.get("tracking_code") == kept.erp_code:
        # What was typed here is on its way there, or this is what became of it there.
        told = {name: value for name, value in told.items() if name not in TYPED}
    changed = {name: value for name, value in told.items() if getattr(kept, name) != value}
    if not changed:
        return []
    for name, value in changed.items():
        setattr(kept, name, value)
    if "tracking_code" in changed:
        kept.erp_code = ""
    kept.updated_at = now
    kept.save(update_fields=[*changed, "erp_code", "updated_at"])
    ask_to_follow([order.pk])
    if "tracking_code" in changed:
        return [_code_line(order, shipment, now)]
    if changed.keys() <= SILENT:
        return []
    return [order_line(order.pk, "order.shipping_changed", {"method": _describe(shipment)}, now)]


def want_tracking(order: Order, now: dt.datetime) -> None:
    """The first time counts."""
    untold = OrderShipment.objects.filter(order=order, tracking_wanted_at=None)
    if untold.update(tracking_wanted_at=now):
        ask_to_follow([order.pk])


def _code_line(order: Order, shipment: ErpShipment, now: dt.datetime) -> HistoryEntry:
    params = {"code": shipment.tracking_code, "method": _describe(shipment)}
    return order_line(order.pk, "order.tracking_received", params, now)


def _describe(shipment: ErpShipment) -> str:
    return " · ".join(
        filter(None, [shipment.carrier_name, shipment.shipping_method, shipment.freight_method])
    )
