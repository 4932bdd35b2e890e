"""«Rastreio» on an order's page: its parcels, and a code that a person types."""

from __future__ import annotations

import datetime as dt
import html
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts import clock, services
from accounts.models import Organization, Perfil, User
from accounts.tenancy import tenant
from contracts.order_status import OrderStatus
from contracts.tracking import ParcelState
from integrations.models import Integration, IntegrationState
from jobs.models import Job, JobStatus
from orders.models import Order, OrderParcel, OrderShipment
from tests.orders.parcels import Carriage
from tracking.models import AccountState, CarrierAccount, EndReason
from tracking.selectors import public_key

BASE = "/o/casa-aurora/pedidos/1/"
CARD = f"{BASE}rastreio/"
FRAGMENT = {"HX-Request": "true"}
CODE = "AA000000115BR"
NFE_KEY = "41261111222333000181550010000003211000003214"


@pytest.fixture
def client(admin: User, client_of: Callable[[User], Client]) -> Client:
    return client_of(admin)


@pytest.fixture
def viewer(organization: Organization, client_of: Callable[[User], Client]) -> Client:
    return client_of(
        services.add_member(
            organization=organization, email="vera@aurora.test", name="Vera Lima", perfil=Perfil.VIEWER
        ).user
    )


@pytest.fixture
def carriage(organization: Organization, integration: Integration) -> Carriage:
    return Carriage(organization, integration)


@pytest.fixture
def order(carriage: Carriage) -> Order:
    return carriage.add_order(1)


def plain(page: str) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page)))


def read(client: Client, path: str = CARD, **headers: str) -> str:
    response = client.get(path, headers=headers or FRAGMENT)
    assert response.status_code == 200
    return response.content.decode()


def links(page: str) -> list[str]:
    return [html.unescape(link) for link in re.findall(r'href="([^"]*)"', page)]


# --- what is shown ---


def test_the_page_of_an_order_has_the_card(client: Client, carriage: Carriage, order: Order) -> None:
    carriage.add_parcel(order, code=CODE)

    page = client.get(BASE).content.decode()

    assert 'id="rastreio-do-pedido"' in page
    assert CODE in page


def test_a_parcel_with_all_that_is_known(
    client: Client, carriage: Carriage, order: Order, organization: Organization
) -> None:
    today = clock.today()
    parcel = carriage.add_parcel(order, code=CODE, expected_on=today - dt.timedelta(days=1))
    carriage.add_event(parcel, "a", text="Objeto postado", place="Curitiba/PR", state=ParcelState.POSTED)

    page = read(client)

    text = plain(page)
    for shown in (
        "Em trânsito Atrasado 1 dia",
        "Transportadora Correios SEDEX Pelo formato do código de rastreio.",
        f"Código {CODE}",
        "Última posição Objeto em transferência em Cajamar/SP, há 3 h",
        f"Previsão {today - dt.timedelta(days=1):%d/%m/%Y}",
        "Objeto postado Curitiba/PR,",
        "Consultamos de novo",
        "Consultar agora",
    ):
        assert shown in text, shown
    with tenant(organization):
        key = public_key(parcel)
    assert any(link.endswith(f"/r/{key}/") for link in links(page))
    assert any("correios.com.br" in link and CODE in link for link in links(page))


def test_events_newest_first_and_the_old_ones_folded_away(
    client: Client, carriage: Carriage, order: Order
) -> None:
    parcel = carriage.add_parcel(order)
    now = clock.now()
    for number in range(7):
        carriage.add_event(
            parcel, str(number), text=f"Evento {number}", occurred_at=now - dt.timedelta(hours=number)
        )

    text = plain(read(client))

    assert re.findall(r"Evento (\d)", text) == list("0123456")
    assert text.index("Evento 4") < text.index("Ver os 2 anteriores") < text.index("Evento 5")


def test_what_a_code_was_used_for_before_is_not_told(
    client: Client, carriage: Carriage, order: Order
) -> None:
    now = clock.now()
    parcel = carriage.add_parcel(order, counts_from=clock.today() - dt.timedelta(days=30))
    carriage.add_event(parcel, "a", text="Objeto postado", occurred_at=now - dt.timedelta(hours=2))
    warning = "Este código já foi de outro pacote, antes deste pedido: o que houve com aquele não conta."
    assert warning not in plain(read(client))
    long_ago = now - dt.timedelta(days=400)
    carriage.add_event(parcel, "b", text="Objeto entregue", state=ParcelState.DELIVERED, occurred_at=long_ago)

    text = plain(read(client))

    assert warning in text
    assert "Objeto postado" in text
    assert "Objeto entregue" not in text


def test_what_the_carrier_took_back_is_not_told(client: Client, carriage: Carriage, order: Order) -> None:
    parcel = carriage.add_parcel(order)
    now = clock.now()
    carriage.add_event(parcel, "a", text="Objeto postado", occurred_at=now - dt.timedelta(hours=2))
    carriage.add_event(
        parcel,
        "b",
        text="Objeto entregue",
        state=ParcelState.DELIVERED,
        occurred_at=now - dt.timedelta(hours=1),
    )
    carriage.add_event(parcel, "c", text="Estorno", is_retraction=True, occurred_at=now)

    text = plain(read(client))

    assert "Objeto postado" in text
    assert "Objeto entregue" not in text
    assert "Estorno" not in text


def test_several_parcels_and_none_of_a_replaced_code(
    client: Client, carriage: Carriage, order: Order
) -> None:
    carriage.add_parcel(order, code=CODE)
    carriage.add_parcel(order, ParcelState.DELIVERED, code="AA000000129BR", delivered_at=clock.now())
    now = clock.now()
    carriage.add_parcel(order, code="AA000000132BR", ended_at=now, end_reason=EndReason.CODE_REPLACED)

    text = plain(read(client))

    assert text.index("Em trânsito") < text.index(CODE) < text.index("AA000000129BR")
    assert "AA000000132BR" not in text


def test_an_unknown_carrier_with_the_erps_words(client: Client, carriage: Carriage, order: Order) -> None:
    parcel = carriage.add_parcel(
        order,
        carrier_key="",
        tracker="",
        takes_word=True,
        confidence="none",
        identified_by="carrier.not_named",
        shipping_method="Frete da Loja",
    )

    page = read(client)

    text = plain(page)
    assert "Transportadora não identificada Forma de envio: Frete da Loja Identificar" in text
    assert "Até alguém dizer qual é a transportadora, o estado vem da situação no Tiny." in text
    assert f"/o/casa-aurora/rastreamento/de-para/incluir/?pacote={parcel.pk}" in links(page)
    assert "Consultar agora" not in text


def test_a_wrong_check_digit_is_warned_of(client: Client, carriage: Carriage, order: Order) -> None:
    carriage.add_parcel(order, code="AA000000116BR", warnings=["code.wrong_digit"])

    assert "O dígito de controle do código não confere" in plain(read(client))


def test_without_a_contract_it_leads_to_it(client: Client, carriage: Carriage, order: Order) -> None:
    carriage.add_parcel(order, takes_word=True, next_ask_at=None)

    page = read(client)

    assert "Sem contrato com a transportadora" in plain(page)
    assert "/o/casa-aurora/rastreamento/contratos/" in links(page)


def test_a_refused_contract_is_said(
    client: Client, carriage: Carriage, order: Order, organization: Organization
) -> None:
    carriage.add_parcel(order)
    with tenant(organization):
        CarrierAccount.objects.create(tracker="correios", state=AccountState.FAILING, saved_at=clock.now())

    page = read(client)

    assert "As consultas esperam o contrato com a transportadora ser corrigido." in plain(page)
    assert "/o/casa-aurora/rastreamento/contratos/" in links(page)


@pytest.mark.parametrize(
    ("url", "is_linked"),
    [
        ("https://rastreio.example/?c=1&d=%3Cb%3E", True),
        ("http://rastreio.example/", True),
        ("javascript:alert(1)", False),
        (" JavaScript:alert(1)", False),
        ("data:text/html,<script>alert(1)</script>", False),
        ("//rastreio.example/", False),
        ('" onmouseover="alert(1)', False),
        ("https://[::1", True),
    ],
)
def test_an_address_that_the_erp_told_is_linked_as_http_only(
    client: Client, carriage: Carriage, order: Order, url: str, is_linked: bool
) -> None:
    carriage.add_parcel(order, url=url)

    page = read(client)

    assert (url in links(page)) == is_linked
    assert 'onmouseover="alert' not in page
    assert "<script>alert" not in page
    if is_linked:
        assert 'rel="noopener noreferrer"' in page


def test_hostile_text_is_only_text(client: Client, carriage: Carriage, order: Order) -> None:
    parcel = carriage.add_parcel(
        order,
        carrier_key="",
        tracker="",
        code="<script>alert(1)</script>",
        shipping_method='"><img src=x>',
        last_text="<b>forte</b>",
        last_place="<i>aqui</i>",
    )
    carriage.add_event(parcel, "a", text="<u>evento</u>", detail="<s>detalhe</s>", place="<em>onde</em>")

    page = read(client)

    for raw in ("<script>alert", "<img src=x", "<b>forte", "<i>aqui", "<u>evento", "<s>det", "<em>onde"):
        assert raw not in page


@pytest.mark.parametrize("column", ["code", "nfe_key"])
def test_the_key_of_a_nota_is_never_shown(
    client: Client, carriage: Carriage, order: Order, column: str
) -> None:
    carriage.add_parcel(order, carrier_key="ssw_network", tracker="ssw", **{"code": "", column: NFE_KEY})

    page = read(client)

    assert NFE_KEY not in page
    assert "Pela nota fiscal" in page


def test_without_a_parcel_the_erps_words_stand(client: Client, carriage: Carriage, order: Order) -> None:
    carriage.add_shipment(order, carrier_name="Jadlog", tracking_url="javascript:alert(1)")

    page = read(client)

    assert "Transportadora Jadlog Código Ainda não informado" in plain(page)
    assert "javascript:alert(1)" not in links(page)


def test_without_anything_it_says_who_will_tell(client: Client, order: Order) -> None:
    assert "O Tiny ainda não informou o envio." in plain(read(client))


def test_without_scripts_it_is_a_page(client: Client, carriage: Carriage, order: Order) -> None:
    carriage.add_parcel(order, code=CODE)

    page = client.get(CARD).content.decode()

    assert "<h1>Rastreio do pedido 1</h1>" in page
    assert CODE in page


# --- «Informar código» ---


def type_code(client: Client, code: str = CODE, **data: str) -> Any:
    return client.post(CARD, {"code": code, "carrier": "", "url": "", **data}, headers=FRAGMENT)


def test_a_typed_code_is_followed_and_on_its_way_to_the_erp(
    client: Client, carriage: Carriage, order: Order, organization: Organization
) -> None:
    response = type_code(client)

    page = response.content.decode()
    assert response.status_code == 200
    assert CODE in page
    assert "Sendo gravado no Tiny…" in page
    assert f'hx-get="{CARD}" hx-trigger="load delay:3s"' in page
    with tenant(organization):
        link = OrderParcel.objects.select_related("parcel").get(order=order)
        job = Job.objects.get(kind="export_shipment")
    assert (link.parcel.code, link.added_by) == (CODE, "person")
    assert (job.key, job.status) == (str(order.pk), JobStatus.PENDING)


def test_without_scripts_it_leads_back_to_the_order(client: Client, order: Order) -> None:
    response = client.post(CARD, {"code": CODE})

    assert (response.status_code, response["Location"]) == (302, BASE)


def test_once_the_erp_has_it_the_card_says_so(client: Client, carriage: Carriage, order: Order) -> None:
    carriage.add_parcel(order, code=CODE, added_by="person", written_at=clock.now())

    page = read(client)

    assert "No Tiny Gravado agora" in plain(page)
    assert "hx-trigger" not in page


def test_a_code_that_the_erp_refuses_is_said_with_its_button(
    client: Client, order: Order, organization: Organization
) -> None:
    type_code(client)
    with tenant(organization):
        Job.objects.filter(kind="export_shipment").update(status=JobStatus.PARKED, reason_code="ours")

    page = read(client)

    text = plain(page)
    assert "O código não foi gravado no Tiny:" in text
    assert "Tentar de novo" in text
    assert "hx-trigger" not in page


def test_while_the_erp_cannot_be_asked_it_says_that_it_tries_again(
    client: Client, order: Order, organization: Organization
) -> None:
    type_code(client)
    with tenant(organization):
        Job.objects.filter(kind="export_shipment").update(failures=2)

    assert "Tentamos de novo sozinhos." in plain(read(client))


def test_while_the_erp_is_disconnected_the_code_waits(
    client: Client, order: Order, organization: Organization
) -> None:
    type_code(client)
    with tenant(organization):
        Integration.objects.update(state=IntegrationState.DISCONNECTED)

    page = read(client)

    assert "Ele vai para o Tiny quando alguém conectar de novo." in plain(page)
    assert "hx-trigger" not in page


def test_an_order_that_is_not_at_an_erp_keeps_the_code(client: Client, organization: Organization) -> None:
    here = Carriage(organization)
    order = here.add_order(1, origin="api")

    text = plain(type_code(client).content.decode())

    assert "Código guardado aqui. Ele vai para o ERP quando o pedido estiver lá." in text
    with tenant(organization):
        assert OrderShipment.objects.get(order=order).tracking_code == CODE
        assert not Job.objects.filter(kind="export_shipment").exists()


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"code": ""}, "Informe o código de rastreio ou o link."),
        ({"code": "aguardando"}, "Isto não parece um código de rastreio."),
        ({"url": "javascript:alert(1)"}, "O link deve começar com http:// ou https://."),
        ({"carrier": "nenhuma"}, "Faça uma escolha válida"),
    ],
)
def test_what_is_no_code_is_refused_in_its_field(
    client: Client, order: Order, organization: Organization, data: dict[str, str], sentence: str
) -> None:
    response = type_code(client, **{"code": CODE} | data)

    assert response.status_code == 422
    assert sentence in plain(response.content.decode())
    with tenant(organization):
        assert not OrderShipment.objects.exists()
        assert not OrderParcel.objects.exists()


def test_a_cancelled_order_takes_no_code(client: Client, carriage: Carriage) -> None:
    carriage.add_order(1, status=OrderStatus.CANCELLED)

    assert "Informar código" not in plain(read(client))
    assert type_code(client).status_code == 422


def test_who_only_looks_types_no_code(viewer: Client, order: Order, organization: Organization) -> None:
    assert "Informar código" not in plain(read(viewer))
    assert type_code(viewer).status_code == 404
    with tenant(organization):
        assert not OrderShipment.objects.exists()


def test_a_neighbours_order_is_not_found(
    client: Client, organization: Organization, other_organization: Organization
) -> None:
    Carriage(other_organization).add_order(1)

    assert client.get(CARD).status_code == 404
    assert type_code(client).status_code == 404
    with tenant(other_organization):
        assert not OrderShipment.objects.exists()


# --- cost ---


def test_many_parcels_and_events_cost_as_many_queries_as_one(
    client: Client, carriage: Carriage, order: Order
) -> None:
    def add(number: int) -> None:
        parcel = carriage.add_parcel(order)
        for each in range(3):
            carriage.add_event(parcel, f"{number}-{each}")

    def count() -> int:
        client.get(CARD)
        with CaptureQueriesContext(connection) as queries:
            read(client)
        return len(queries)

    add(0)
    one = count()
    for number in range(1, 10):
        add(number)

    assert count() == one
