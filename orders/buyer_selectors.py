"""What the buyer's page is made of: reads within the organization whose parcel it is."""

from __future__ import annotations

from orders.models import Order, OrderParcel
from tracking.models import EndReason, Parcel


def find_order_of(parcel: Parcel) -> Order | None:
    """The order that the parcel belongs to, with ``customer``."""
    tie = OrderParcel.objects.filter(parcel=parcel).select_related("order__customer").first()
    return tie.order if tie else None


def list_volumes(order: Order) -> list[Parcel]:
    """The order's parcels in the order in which they came, without those whose code was replaced."""
    parcels = Parcel.objects.filter(pk__in=OrderParcel.objects.filter(order=order).values("parcel_id"))
    return list(parcels.exclude(end_reason=EndReason.CODE_REPLACED).order_by("since_at", "id"))
