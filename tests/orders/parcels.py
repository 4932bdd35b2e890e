"""Orders with parcels in any state, as rows: tested is what the pages show of them, not how they came."""

from __future__ import annotations

import datetime as dt
import itertools
import secrets
from typing import Any

from accounts import clock
from accounts.models import Organization
from accounts.tenancy import tenant
from contracts.order_status import OrderStatus
from contracts.tracking import ParcelState
from customers.models import Customer
from integrations.models import Integration
from orders.models import Order, OrderParcel, OrderReference, OrderShipment, Origin
from tracking.models import Parcel, ParcelEvent, hash_key

_serial = itertools.count(1)


class Carriage:
    """``Carriage(organization)``: adds orders, each with the parcels that it is told of."""

    def __init__(self, organization: Organization, integration: Integration | None = None) -> None:
        self.organization = organization
        self.integration = integration

    def add_order(self, number: int, *, city: str = "Curitiba", **values: Any) -> Order:
        now = clock.now()
        with tenant(self.organization):
            customer = Customer.objects.create(
                name="Maria de Exemplo", address={"city": city, "state": "PR"}, created_at=now, updated_at=now
            )
            order = Order.objects.create(
                **{
                    "number": number,
                    "origin": Origin.ERP,
                    "status": OrderStatus.IN_TRANSIT,
                    "erp_number": f"1{number}",
                    "customer": customer,
                    "integration": self.integration,
                    "created_at": now,
                    "updated_at": now,
                    **values,
                }
            )
            if self.integration is not None:
                OrderReference.objects.create(
                    order=order,
                    integration=self.integration,
                    external_id=str(7000 + number),
                    situation="enviado",
                    row_hash="x",
                    details_hash="x",
                )
            return order

    def add_shipment(self, order: Order, **values: Any) -> OrderShipment:
        now = clock.now()
        with tenant(self.organization):
            return OrderShipment.objects.create(
                order=order, **{"updated_at": now, "tracking_wanted_at": now, **values}
            )

    def add_parcel(self, order: Order, state: ParcelState = ParcelState.IN_TRANSIT, **values: Any) -> Parcel:
        """Of the Correios and well on its way, unless ``values`` say otherwise."""
        now = clock.now()
        link = {name: values.pop(name) for name in ("added_by", "written_at") if name in values}
        key = secrets.token_urlsafe(32)
        with tenant(self.organization):
            parcel = Parcel(
                **{
                    "carrier_key": "correios",
                    "service": "SEDEX",
                    "confidence": "certain",
                    "identified_by": "carrier.by_code",
                    "code": f"AA{next(_serial):09d}BR",
                    "tracker": "correios",
                    "state": state,
                    "state_at": now,
                    "last_text": "Objeto em transferência",
                    "last_place": "Cajamar/SP",
                    "last_event_at": now - dt.timedelta(hours=3),
                    "since_at": now - dt.timedelta(days=2),
                    "next_ask_at": now + dt.timedelta(hours=2),
                    "key_hash": hash_key(key),
                    **values,
                }
            )
            parcel.set_secret("key", key)
            parcel.save()
            OrderParcel.objects.create(
                order=order, parcel=parcel, **{"added_by": "erp", "added_at": now, **link}
            )
        return parcel

    def add_event(self, parcel: Parcel, identity: str, **values: Any) -> ParcelEvent:
        now = clock.now()
        with tenant(self.organization):
            return ParcelEvent.objects.create(
                parcel=parcel,
                identity=identity,
                **{
                    "occurred_at": now,
                    "learnt_at": now,
                    "state": ParcelState.IN_TRANSIT,
                    "text": "Objeto em transferência",
                    "place": "Cajamar/SP",
                    **values,
                },
            )
