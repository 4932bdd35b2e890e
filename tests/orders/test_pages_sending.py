"""What the pages say of an order on its way to the ERP, and what a person may do about it."""

from __future__ import annotations

import datetime as dt
import html
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts import clock
from accounts import services as accounts_services
from accounts.models import Organization, Perfil, User
from accounts.tenancy import tenant
from contracts.order_status import OrderStatus
from history.models import HistoryEntry
from integrations.models import Integration, IntegrationState
from jobs.models import Call, Job, JobAttempt
from orders import services
from orders.models import Order, OrderForwarding, Origin
from orders.synchronization import describe_synchronization
from tests.orders.conftest import Erp, make_row

BASE = "/o/casa-aurora/pedidos/"
ANA = {"name": "Ana de Exemplo", "kind": "PF", "document": "52998224725", "email": "ana@example.com"}


@pytest.fixture
def client(admin: User, client_of: Callable[[User], Client]) -> Client:
    return client_of(admin)


@pytest.fixture
def sender(integration: Integration, organization: Organization) -> Integration:
    """Sends orders once they are paid."""
    with tenant(organization):
        Integration.objects.update(send_statuses=["paid"])
        integration.refresh_from_db()
    return integration


@pytest.fixture
def place(organization: Organization) -> Callable[..., Order]:
    def place(number: str = "MKT-1", **changes: Any) -> Order:
        values: dict[str, Any] = {
            "ecommerce_number": number,
            "ecommerce_name": "Mercado Azul",
            "status": OrderStatus.PAID,
            "placed_on": clock.today(),
            "buyer": ANA,
            "items": (services.PlacedItem("VASO", "Vaso de barro", Decimal(2), Decimal("55.90")),),
            "request_hash": number,
        }
        with tenant(organization):
            placement = services.Placement(**{**values, **changes})
            return services.place_order(placement=placement, origin=Origin.API, person="Loja Azul").order

    return place


@pytest.fixture
def job(organization: Organization) -> Callable[..., Job]:
    """Make the order's job of sending what it may become."""

    def change(order: Order, kind: str = "export_order", **values: Any) -> Job:
        with tenant(organization):
            row = Job.objects.get(kind=kind, key=str(order.pk))
            Job.objects.filter(pk=row.pk).update(**values)
            row.refresh_from_db()
            return row

    return change


def parked(code: str, **params: str) -> dict[str, Any]:
    return {"status": "parked", "reason_code": code, "reason_params": params, "parked_at": clock.now()}


def read(client: Client, path: str = "", **query: Any) -> str:
    response = client.get(BASE + path, query)
    assert response.status_code == 200
    return response.content.decode()


def plain(page: str) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page)))


def rows(page: str) -> dict[int, str]:
    """By number what the column Sincronização says."""
    cells = re.findall(r'/pedidos/(\d+)/">.*?<td class="sync">(.*?)</td>', page, re.S)
    return {int(number): plain(cell).strip() for number, cell in cells}


def tabs(page: str) -> dict[str, int]:
    found = re.findall(r">([^<>]+) <span class=\"count\">(\d+)</span></a>", page)
    return {label: int(count) for label, count in found}


def problem(page: str) -> str:
    """The banner above the stages, without its buttons."""
    banners = re.findall(r'<div class="banner[^"]* wraps mb-4"[^>]*>(.*?)</div>', page, re.S)
    return plain(banners[0]).strip() if banners else ""


def buttons(page: str) -> list[str]:
    return re.findall(r'data-teste="([a-z-]+)"', page)


# --- the chip and the views ---


def test_the_list_says_where_each_order_stands(
    client: Client,
    sender: Integration,
    organization: Organization,
    place: Callable[..., Order],
    job: Callable[..., Job],
    move_clock: Callable[[dt.timedelta], None],
) -> None:
    with tenant(organization):
        Erp(sender).list(make_row())
    place("MKT-2")
    job(place("MKT-3"), status="running")
    at = clock.now() + dt.timedelta(days=3)
    job(place("MKT-4"), not_before=at, failures=2, reason_code="http.timeout")
    job(place("MKT-5"), **parked("catalog.sku_unknown", sku="VASO"))
    place("MKT-6", status=OrderStatus.PLACED)
    place("MKT-7", status=OrderStatus.PICKING)
    shown = at.astimezone(dt.timezone(dt.timedelta(hours=-3)))
    page = read(client)
    sku_title = rows(page)[5].removeprefix("Precisa de ação").strip()
    assert rows(page) == {
        1: "Sincronizado",
        2: "Aguardando envio Vai para o ERP porque ficou em Pagamento aprovado",
        3: "Enviando",
        4: f"Nova tentativa em {shown:%d/%m/%Y às %H:%M} O Tiny demorou demais para responder",
        5: f"Precisa de ação {sku_title}",
        6: "Aguardando envio Será enviado quando ficar em Pagamento aprovado",
        7: "Fora do critério Chegou a Em separação sem passar pelos status que são enviados",
    }
    assert "VASO" in sku_title
    assert tabs(page)["Precisam de ação"] == 1
    assert tabs(page)["Aguardando envio"] == 4
    assert list(rows(read(client, visao="precisam-de-acao"))) == [5]
    assert sorted(rows(read(client, visao="aguardando-envio"))) == [2, 3, 4, 6]
    move_clock(dt.timedelta(days=4))
    assert rows(read(client))[4].startswith("Aguardando envio")


def test_what_is_stopped_and_what_is_unrouted_need_a_person_and_await_nothing(
    client: Client,
    sender: Integration,
    organization: Organization,
    place: Callable[..., Order],
    job: Callable[..., Job],
) -> None:
    place("MKT-1", status=OrderStatus.PLACED)
    job(place("MKT-2"), **parked("catalog.sku_unknown", sku="VASO"))
    job(place("MKT-3"), **parked("catalog.sku_unknown", sku="VASO"))
    place("MKT-4")
    with tenant(organization):
        Integration.objects.create(
            provider="tiny",
            protocol="v3",
            name="Tiny da filial",
            state=IntegrationState.CONNECTED,
            send_statuses=["paid"],
            created_at=clock.now(),
        )
        # Work that is not of its sending.
        Job.objects.create(
            channel=sender.channel,
            kind="complete_order",
            key=str(Order.objects.get(number=4).pk),
            priority=5,
            not_before=clock.now(),
            created_at=clock.now(),
            **parked("us.bug"),
        )
    place("MKT-5")
    page = read(client, visao="precisam-de-acao")
    assert list(rows(page)) == [5, 3, 2]
    assert (tabs(page)["Precisam de ação"], tabs(page)["Aguardando envio"]) == (3, 2)
    assert list(rows(read(client, visao="aguardando-envio"))) == [4, 1]
    found = read(client, visao="precisam-de-acao", q="MKT-3")
    assert (list(rows(found)), tabs(found)["Precisam de ação"]) == ([3], 1)


@pytest.mark.parametrize(
    ("wait", "label"),
    [
        (dt.timedelta(minutes=5), "Nova tentativa às 21:35"),
        (dt.timedelta(hours=3), "Nova tentativa em 24/11/2026 às 00:30"),
        (dt.timedelta(0), "Aguardando envio"),
    ],
)
def test_a_retry_of_the_same_day_names_the_hour_alone(
    sender: Integration, place: Callable[..., Order], job: Callable[..., Job], wait: dt.timedelta, label: str
) -> None:
    order = place()
    now = dt.datetime(2026, 11, 24, 0, 30, tzinfo=dt.UTC)
    waiting = job(order, not_before=now + wait, reason_code="http.unreachable")
    assert describe_synchronization(order, [waiting], now).label == label


def test_a_job_that_goes_on_already_outranks_its_parked_twin(
    sender: Integration, place: Callable[..., Order], job: Callable[..., Job]
) -> None:
    order = place()
    twin = job(order, **parked("us.crashed"))
    running = Job(kind="export_order", status="running")
    other = Job(kind="export_situation", status="running")
    assert describe_synchronization(order, [twin, running], clock.now()).label == "Enviando"
    assert describe_synchronization(order, [twin, other], clock.now()).label == "Precisa de ação"


def test_a_page_of_orders_asks_once_for_their_jobs(
    client: Client, sender: Integration, place: Callable[..., Order]
) -> None:
    def count() -> int:
        with CaptureQueriesContext(
            connection,
        ) as asked:
            read(client)
        return len(asked)

    place("MKT-1")
    one = count()
    for number in range(2, 6):
        place(f"MKT-{number}")
    assert count() == one


def test_an_order_on_its_way_has_stages_and_is_read_by_nobody(
    client: Client, sender: Integration, organization: Organization, place: Callable[..., Order]
) -> None:
    place(status=OrderStatus.PLACED)
    page = read(client, "1/")
    assert re.findall(r"<h3>([^<]+)<", page)[:2] == ["Recebido", "Enviado ao Tiny"]
    with tenant(organization):
        assert not Job.objects.exists()


def test_the_page_of_an_order_on_its_way_asks_until_it_is_there_or_stops(
    client: Client,
    sender: Integration,
    organization: Organization,
    place: Callable[..., Order],
    job: Callable[..., Job],
) -> None:
    def ask() -> tuple[int, str | None]:
        response = client.get(f"{BASE}1/", headers={"HX-Request": "true", "HX-Trigger": "acompanhar"})
        return response.status_code, response.headers.get("HX-Refresh")

    order = place()
    for status in ("pending", "running"):
        job(order, status=status)
        assert 'id="acompanhar"' in read(client, "1/")
        assert ask() == (204, None)
    job(order, **parked("us.crashed"))
    assert 'id="acompanhar"' not in read(client, "1/")
    assert ask() == (204, "true")
    job(order, status="pending")
    with tenant(organization):
        Integration.objects.update(state=IntegrationState.DISCONNECTED)
    assert 'id="acompanhar"' not in read(client, "1/")


# --- what a person does ---


def test_try_again_releases_what_is_parked(
    client: Client,
    sender: Integration,
    organization: Organization,
    place: Callable[..., Order],
    job: Callable[..., Job],
) -> None:
    order = place()
    job(order, **parked("orders.seller_unknown", seller="Zé", names="Bia, Rui"))
    page = read(client, "1/")
    assert "Zé" in problem(page)
    assert "Bia, Rui" in problem(page)
    assert "tentar-de-novo" in buttons(page)
    assert client.post(f"{BASE}1/tentar-de-novo/")["Location"] == f"{BASE}1/"
    with tenant(organization):
        assert Job.objects.values_list("kind", "status", "priority").get() == ("export_order", "pending", 20)
    page = read(client, "1/")
    assert "Tentando de novo agora." in page
    assert "tentar-de-novo" not in buttons(page)
    client.post(f"{BASE}1/tentar-de-novo/")
    assert "Nada deste pedido está parado." in read(client, "1/")


def test_send_anyway(
    client: Client, sender: Integration, organization: Organization, place: Callable[..., Order]
) -> None:
    place(status=OrderStatus.PICKING)
    page = read(client, "1/")
    assert problem(page) == (
        "Fora do critério: Chegou a Em separação sem passar pelos status que são enviados."
        " Não foi enviado ao ERP, e não será enviado sozinho."
    )
    assert "enviar-assim-mesmo" in buttons(page)
    assert client.post(f"{BASE}1/enviar/")["Location"] == f"{BASE}1/"
    with tenant(organization):
        forwarding = OrderForwarding.objects.get()
        assert (forwarding.state, forwarding.reason_code, forwarding.is_forced) == (
            "due",
            "forwarding.forced",
            True,
        )
        line = HistoryEntry.objects.get(code="order.forced")
        assert (line.person, line.source) == ("Ana Souza", "person")
    page = read(client, "1/")
    assert problem(page) == "Vai para o ERP porque uma pessoa pediu."
    assert "enviar-assim-mesmo" not in buttons(page)


def test_a_cancelled_order_cannot_be_sent_anyway(
    client: Client, sender: Integration, organization: Organization, place: Callable[..., Order]
) -> None:
    place(status=OrderStatus.CANCELLED)
    page = read(client, "1/")
    assert problem(page).startswith("Fora do critério: Foi cancelado antes do envio.")
    assert "enviar-assim-mesmo" not in buttons(page)
    assert "Mudar o status" not in page
    client.post(f"{BASE}1/enviar/")
    assert "Este pedido está cancelado e não é mais enviado." in read(client, "1/")
    with tenant(organization):
        assert OrderForwarding.objects.get().state == "outside"


def test_an_order_of_the_erp_has_nothing_to_send(
    client: Client, sender: Integration, organization: Organization
) -> None:
    with tenant(organization):
        Erp(sender).list(make_row())
    for action in ("enviar/", "integracao/"):
        assert client.post(f"{BASE}1/{action}").status_code == 404
    with tenant(organization):
        assert not Job.objects.filter(kind="export_order").exists()


def test_an_order_without_integration_waits_for_a_choice(
    client: Client, sender: Integration, organization: Organization, place: Callable[..., Order]
) -> None:
    with tenant(organization):
        second = Integration.objects.create(
            provider="tiny",
            protocol="v3",
            name="Tiny da filial",
            state=IntegrationState.CONNECTED,
            send_statuses=["paid"],
            created_at=clock.now(),
        )
        draft = Integration.objects.create(
            provider="tiny",
            protocol="v3",
            name="Rascunho",
            state=IntegrationState.DRAFT,
            created_at=clock.now(),
        )
    place()
    assert rows(read(client))[1].startswith("Precisa de ação Há mais de um ERP (")
    assert list(rows(read(client, visao="precisam-de-acao"))) == [1]
    page = read(client, "1/")
    assert re.findall(r'<option value="\d+">([^<]+)</option>', page) == [
        "Integração Tiny ERP",
        "Tiny da filial",
    ]
    for wrong in ("", "x", str(draft.pk), "9" * 30):
        client.post(f"{BASE}1/integracao/", {"integration": wrong})
        assert "Escolha a integração." in read(client, "1/")
    client.post(f"{BASE}1/integracao/", {"integration": str(second.pk)})
    assert "O pedido é agora de Tiny da filial." in read(client, "1/")
    with tenant(organization):
        assert Order.objects.get().integration_id == second.pk
        assert Job.objects.get(kind="export_order").channel == second.channel


def test_orders_that_stand_in_a_status_already_are_offered(
    client: Client, sender: Integration, organization: Organization, place: Callable[..., Order]
) -> None:
    for number in ("MKT-1", "MKT-2"):
        place(number, status=OrderStatus.PLACED)
    assert "nestes status" not in read(client)
    with tenant(organization):
        Integration.objects.update(send_statuses=["placed", "paid"])
    assert "Enviar os 2 que já estão nestes status" in read(client)
    assert client.post(f"{BASE}enviar/{sender.pk}/")["Location"] == BASE
    page = read(client)
    assert "2 pedidos entraram na fila de envio de Integração Tiny ERP." in page
    assert "nestes status" not in page
    with tenant(organization):
        assert Job.objects.filter(kind="export_order", status="pending").count() == 2
    client.post(f"{BASE}enviar/{sender.pk}/")
    assert "Não há mais pedidos a enviar nestes status." in read(client)


def test_a_person_moves_an_order_on_by_the_table(
    client: Client, sender: Integration, organization: Organization, place: Callable[..., Order]
) -> None:
    place(status=OrderStatus.PLACED)
    page = read(client, "1/")
    statuses = page.partition('id="novo-status"')[2].partition("</select>")[0]
    assert re.findall(r'<option value="([a-z_]+)">', statuses) == [
        "paid",
        "picking",
        "invoiced",
        "in_transit",
        "delivered",
    ]
    for wrong in ("not_delivered", "placed", "nada", ""):
        client.post(f"{BASE}1/status/", {"status": wrong})
        assert "Este status não pode vir depois do status do pedido." in read(client, "1/")
    client.post(f"{BASE}1/status/", {"status": "paid", "reason": "Pix caiu"})
    with tenant(organization):
        assert Order.objects.get().status == "paid"
        line = HistoryEntry.objects.get(code="order.status_set")
        assert (line.params["reason"], line.person, line.source) == ("Pix caiu", "Ana Souza", "person")
        assert Job.objects.get().kind == "export_order"
    assert "Status do pedido: Pagamento aprovado." in read(client, "1/")


def test_a_cancellation_warns_about_stock_only_where_it_was_launched(
    client: Client, sender: Integration, organization: Organization, place: Callable[..., Order]
) -> None:
    place()
    assert "O pedido não vai mais para o Tiny." in read(client, "1/")
    with tenant(organization):
        Erp(sender).list(make_row())
    assert "o estoque que o Tiny já lançou não volta sozinho" in read(client, "2/")
    client.post(f"{BASE}2/status/", {"status": "cancelled", "reason": "Comprador desistiu"})
    with tenant(organization):
        assert Order.objects.get(number=2).status == "cancelled"
        assert Job.objects.filter(kind="export_situation").count() == 1
    assert rows(read(client))[2] == "Aguardando envio"


# --- what the page tells of it ---


def test_attempts_show_their_redacted_calls(
    client: Client,
    sender: Integration,
    organization: Organization,
    place: Callable[..., Order],
    job: Callable[..., Job],
) -> None:
    order = place()
    row = job(order)
    start = clock.now()
    minute = dt.timedelta(minutes=1)
    with tenant(organization):
        for number in (1, 2):
            begun = start + number * 10 * minute
            JobAttempt.objects.create(
                job=row,
                number=number,
                lease=number,
                worker="w",
                started_at=begun,
                finished_at=begun + minute,
                outcome="failed" if number == 1 else "done",
                reason_code="http.timeout" if number == 1 else "",
            )
            Call.objects.create(
                channel=row.channel,
                job=row,
                method="POST",
                path=f"/pedidos/{number}",
                status=None if number == 1 else 200,
                duration_ms=40 * number,
                created_at=begun + minute / 2,
            )
    section = read(client, "1/").partition('id="tentativas"')[2].partition("</section>")[0]
    newest, oldest = (plain(part) for part in section.split("<li>")[1:])
    assert "Envio do pedido: Concluído" in newest
    assert re.search(r"POST /pedidos/2 200 80 ms", newest)
    assert "Envio do pedido: Falhou, vai tentar de novo" in oldest
    assert "O Tiny demorou demais para responder." in oldest
    assert re.search(r"POST /pedidos/1 sem resposta 40 ms", oldest)


def test_seller_notes_and_what_the_order_says_otherwise_of_its_buyer(
    client: Client, sender: Integration, place: Callable[..., Order]
) -> None:
    place("MKT-1")
    other = {**ANA, "name": "Ana Maria", "email": "outra@example.org"}
    place("MKT-2", buyer=other, seller_code="7", seller_name="Bia", notes="Portaria <b>2</b>")
    text = plain(read(client, "2/"))
    assert "Nome No cadastro: Ana de Exemplo No pedido: Ana Maria" in text
    assert "E-mail No cadastro: a•••••@example.com No pedido: o•••••@example.org" in text
    assert "Vendedor Nome Bia Código 7 Esta integração envia os pedidos sem o vendedor." in text
    page = read(client, "2/")
    assert "Portaria &lt;b&gt;2&lt;/b&gt;" in page
    assert "outra@" not in page


# --- who may ---


@pytest.mark.parametrize("perfil", [Perfil.VIEWER, Perfil.OPERATOR])
def test_consulta_reads_and_operador_acts(
    sender: Integration,
    organization: Organization,
    place: Callable[..., Order],
    job: Callable[..., Job],
    client_of: Callable[[User], Client],
    perfil: str,
) -> None:
    person = accounts_services.add_member(
        organization=organization, email="p@aurora.test", name="Pedro", perfil=perfil
    )
    client = client_of(person.user)
    order = place(status=OrderStatus.PLACED)
    with tenant(organization):
        Integration.objects.update(send_statuses=["placed"])
    may = perfil == Perfil.OPERATOR
    assert ("enviar-os-que-ja-estao" in buttons(read(client))) is may
    assert ("mudar-status" in buttons(read(client, "1/"))) is may
    requests = [
        ("1/tentar-de-novo/", {}),
        ("1/enviar/", {}),
        ("1/integracao/", {"integration": str(sender.pk)}),
        ("1/status/", {"status": "cancelled"}),
        (f"enviar/{sender.pk}/", {}),
    ]
    answers = [client.post(BASE + path, data).status_code for path, data in requests]
    assert answers == [302 if may else 404] * len(requests)
    with tenant(organization):
        order.refresh_from_db()
        assert order.status == ("cancelled" if may else "placed")
        assert Job.objects.exists() is may
