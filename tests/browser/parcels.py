"""`python -m tests.browser.parcels`: an order with a parcel in each state that its buyer's page knows.

The slug of the company is on standard input; the path of each page by its name, as JSON, on standard output.
"""

from __future__ import annotations

import datetime as dt
import json
import secrets
import sys
from typing import Any

import django

SHOP = {
    "shop_name": "Porto Cerâmica",
    "shop_colour": "#0b6e4f",
    "shop_whatsapp": "41998764410",
    "shop_phone": "4133221100",
    "shop_email": "atendimento@porto.example",
    "shop_site": "https://porto.example/contato",
}
# Name of the page → state of the parcel, its other values, and the order's.
PAGES: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "preparando": ("pending", {"carrier_key": "", "confidence": "none", "code": ""}, {"status": "invoiced"}),
    "sem-eventos": ("pending", {"carrier_key": "", "confidence": "none"}, {}),
    "a-caminho": ("in_transit", {"expected_in": 3}, {}),
    "atrasado": ("in_transit", {"expected_in": 2}, {"expected_in": -1}),
    "saiu": ("out_for_delivery", {"expected_in": 0}, {}),
    "tentativa": ("delivery_failed", {"substate": "retry"}, {}),
    "retirada": ("available_for_pickup", {"last_place": "Curitiba/PR"}, {}),
    "entregue": ("delivered", {"delivered_ago": 1}, {"status": "delivered"}),
    "problema": ("exception", {}, {}),
    "voltando": ("returning", {"substate": "refused"}, {}),
    "devolvido": ("returned", {}, {"status": "not_delivered"}),
    "extraviado": ("lost", {}, {"status": "not_delivered"}),
    "cancelado": ("posted", {}, {"status": "cancelled"}),
    "sem-noticias": ("expired", {}, {}),
    "provavel": ("posted", {"confidence": "likely"}, {}),
    "volumes": ("in_transit", {}, {}),
    "terminou": ("delivered", {"delivered_ago": 91}, {"status": "delivered"}),
}
WAY = ("posted", "in_transit", "in_transit", "out_for_delivery", "delivery_failed", "available_for_pickup")


def main() -> None:
    from accounts import clock, gateways
    from accounts.models import Organization, User
    from accounts.tenancy import tenant
    from contracts.tracking import ParcelState, TrackedEvent
    from customers.models import Customer
    from orders.buyer_page import read_path
    from orders.models import Order, OrderParcel
    from tracking.models import EndReason, Parcel, ParcelEvent, hash_key

    now = clock.now()
    today = clock.today()

    def day(distance: int | None) -> dt.date | None:
        return None if distance is None else today + dt.timedelta(days=distance)

    def tell(parcel: Parcel, states: list[str]) -> None:
        for place, state in enumerate(states):
            told = TrackedEvent(
                occurred_at=now - dt.timedelta(hours=20 * (len(states) - place)),
                state=ParcelState(state),
                text="Objeto em transferência de Unidade de Tratamento em São Paulo para Curitiba",
                place="Curitiba/PR" if place % 2 else "São José do Rio Preto/SP",
            )
            ParcelEvent.objects.create(
                parcel=parcel,
                identity=told.identity,
                occurred_at=told.occurred_at,
                state=told.state,
                text=told.text,
                place=told.place,
                learnt_at=now,
            )

    def send(order: Order, state: str, **values: Any) -> Parcel:
        delivered_ago = values.pop("delivered_ago", None)
        if delivered_ago is not None:
            values["delivered_at"] = values["ended_at"] = now - dt.timedelta(days=delivered_ago)
        expected_on = day(values.pop("expected_in", None))
        key = secrets.token_urlsafe(32)
        parcel = Parcel(
            **{"carrier_key": "correios", "confidence": "certain", "code": "AA123456785BR", **values},
            state=state,
            state_at=now,
            expected_on=expected_on,
            since_at=now - dt.timedelta(days=6),
            key_hash=hash_key(key),
        )
        parcel.set_secret("key", key)
        parcel.save()
        OrderParcel.objects.create(order=order, parcel=parcel, added_by="erp", added_at=now)
        if state == "pending":
            return parcel
        on_its_way = state in WAY
        tell(parcel, [*WAY[: WAY.index(state) + 1]] if on_its_way else [*WAY[:4], state])
        return parcel

    slug = sys.stdin.read().strip()
    ids = gateways.membership_in(User.objects.get(email=f"admin@{slug}.example").pk, slug)
    assert ids is not None
    organization_id = ids.organization_id
    paths = {}
    with tenant(organization_id):
        Organization.objects.filter(pk=organization_id).update(**SHOP)
        customer = Customer.objects.create(
            name="MARIA DE EXEMPLO",
            kind="PF",
            address={"city": "Curitiba", "state": "PR"},
            created_at=now,
            updated_at=now,
        )
        for number, (name, (state, values, order_values)) in enumerate(PAGES.items(), start=90_001):
            expected_on = day(order_values.pop("expected_in", None))
            order = Order.objects.create(
                **{"status": "in_transit", **order_values},
                number=number,
                origin="erp",
                ecommerce_number=f"PORTO-{number}",
                customer=customer,
                expected_on=expected_on,
                created_at=now,
                updated_at=now,
            )
            parcel = send(order, state, **values)
            paths[name] = read_path(parcel)
            if name == "volumes":
                send(order, "delivered", delivered_ago=1)
                replaced = send(order, "posted", end_reason=EndReason.CODE_REPLACED, ended_at=now)
                paths["codigo-trocado"] = read_path(replaced)
    json.dump(paths, sys.stdout)


if __name__ == "__main__":
    django.setup()
    main()
