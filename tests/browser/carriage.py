"""`python -m tests.browser.carriage`: parcels that need somebody, a de-para, and a contract that is refused.

The slug of the company is on standard input; paths of its pages by name, as JSON, on standard output.
"""

from __future__ import annotations

import datetime as dt
import json
import secrets
import sys
from typing import Any

import django

STEPS = [
    {"key": "fields", "title": "Dados preenchidos", "state": "ok", "detail": "Todos estão preenchidos."},
    {
        "key": "token",
        "title": "Autenticação",
        "state": "failure",
        "detail": "Os Correios não reconheceram o usuário ou o código de acesso.",
        "remedy": "Gere outro código em Correios Web Services e substitua aqui.",
        "is_fatal": True,
        "duration_ms": 184,
    },
    {"key": "track", "title": "Rastreamento", "state": "not_checked", "detail": "Não verificado."},
]


def main() -> None:
    from django.urls import reverse

    from accounts import clock, gateways
    from accounts.models import User
    from accounts.tenancy import tenant
    from contracts.tracking import ParcelState, TrackedEvent
    from customers.models import Customer
    from orders.models import Order, OrderParcel, OrderShipment
    from tracking.models import CarrierAccount, CarrierMapping, Parcel, ParcelEvent, hash_key

    now = clock.now()
    slug = sys.stdin.read().strip()
    ids = gateways.membership_in(User.objects.get(email=f"admin@{slug}.example").pk, slug)
    assert ids is not None

    def add_order(number: int, **values: Any) -> Order:
        return Order.objects.create(
            **{"status": "in_transit", **values},
            number=number,
            origin="erp",
            erp_number=str(number - 80_000),
            customer=customer,
            created_at=now,
            updated_at=now,
        )

    def add_parcel(order: Order, **values: Any) -> Parcel:
        key = secrets.token_urlsafe(32)
        parcel = Parcel(
            **{"state": "in_transit", "state_at": now, "since_at": now - dt.timedelta(days=9), **values},
            key_hash=hash_key(key),
        )
        parcel.set_secret("key", key)
        parcel.save()
        OrderParcel.objects.create(order=order, parcel=parcel, added_by="erp", added_at=now)
        return parcel

    with tenant(ids.organization_id):
        customer = Customer.objects.create(
            name="João de Exemplo",
            kind="PF",
            address={"city": "São Gabriel da Cachoeira", "state": "AM"},
            created_at=now,
            updated_at=now,
        )
        late = add_parcel(
            add_order(91_001),
            carrier_key="correios",
            service="SEDEX",
            confidence="certain",
            identified_by="carrier.by_code",
            code="AA123456780BR",
            warnings=["code.wrong_digit"],
            shipping_method="SEDEX",
            url="https://rastreio.um-servico-qualquer.example/?codigo=AA123456780BR",
            tracker="correios",
            next_ask_at=now,
            expected_on=clock.today() - dt.timedelta(days=3),
            last_text="Objeto em transferência - por favor aguarde",
            last_place="Cajamar/SP",
            last_event_at=now - dt.timedelta(days=6),
        )
        for place in range(7):
            told = TrackedEvent(
                occurred_at=now - dt.timedelta(days=6, hours=11 * place),
                state=ParcelState.IN_TRANSIT,
                text="Objeto em transferência - por favor aguarde",
                detail="de Unidade de Tratamento em Cajamar para Unidade de Distribuição em Manaus",
                place="Cajamar/SP",
            )
            ParcelEvent.objects.create(
                parcel=late,
                identity=told.identity,
                occurred_at=told.occurred_at,
                state=told.state,
                text=told.text,
                detail=told.detail,
                place=told.place,
                learnt_at=now,
            )
        unknown = add_parcel(
            add_order(91_002),
            state="pending",
            takes_word=True,
            confidence="none",
            identified_by="carrier.not_named",
            code="XPTO-000000000000000001",
            shipping_method="Frete combinado da loja física do centro",
            carrier_name="ZYX Transportes Rodoviários de Cargas Ltda",
        )
        add_parcel(
            add_order(91_003),
            carrier_key="jadlog",
            confidence="likely",
            takes_word=True,
            identified_by="carrier.by_url",
            code="10083930000001",
            shipping_method="Transportadora",
        )
        OrderShipment.objects.create(
            order=add_order(91_004, status="invoiced"),
            carrier_name="ZYX Transportes Rodoviários de Cargas Ltda",
            tracking_wanted_at=now - dt.timedelta(days=2),
            updated_at=now,
        )
        OrderShipment.objects.create(
            order=add_order(91_005, status="invoiced"),
            tracking_code="AA123456785BR",
            typed_at=now,
            tracking_wanted_at=now,
            updated_at=now,
        )
        mapping = CarrierMapping.objects.create(
            kind="carrier_name",
            text="braspress express",
            label="Braspress Express",
            carrier_key="braspress",
            made_by="Ana Souza",
            made_at=now,
        )
        account = CarrierAccount(
            tracker="correios",
            state="failing",
            failing_code="correios.credentials_refused",
            failing_since=now,
            check_asked_at=now,
            checked_at=now,
            check_steps=STEPS,
            saved_at=now,
        )
        account.set_secret(
            "credentials",
            json.dumps({"user": "porto", "access_code": "0123456789abcdef", "posting_card": "0077001234"}),
        )
        account.save()
    paths = {
        "late": reverse("orders:detail", args=[slug, 91_001]),
        "unknown": reverse("orders:detail", args=[slug, 91_002]),
        "without_code": reverse("orders:detail", args=[slug, 91_004]),
        "typed": reverse("orders:detail", args=[slug, 91_005]),
        "choose": f"{reverse('tracking:new_mapping', args=[slug])}?pacote={unknown.pk}",
        "mapping": reverse("tracking:mapping", args=[slug, mapping.pk]),
    }
    json.dump(paths, sys.stdout)


if __name__ == "__main__":
    django.setup()
    main()
