"""The list and the order's page, as a person gets them."""

from __future__ import annotations

import datetime as dt
import html
import re
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from accounts.models import Organization, User
from accounts.tenancy import tenant
from contracts.records import ErpAddress, ErpCustomer, InvoiceState
from integrations.models import Integration, IntegrationState
from jobs import queue
from jobs.models import Job
from orders import services
from orders.models import Order
from tests.orders.conftest import MARIA, Erp, make_detail, make_invoice, make_row, shipment

BASE = "/o/casa-aurora/pedidos/"


@pytest.fixture
def shop(integration: Integration) -> Erp:
    return Erp(integration)


@pytest.fixture
def get(admin: User, client_of: Callable[[User], Client]) -> Callable[..., str]:
    client = client_of(admin)

    def read(path: str = "", expected: int = 200, **query: Any) -> str:
        response = client.get(BASE + path, query)
        assert response.status_code == expected
        return response.content.decode()

    return read


def numbers(page: str) -> list[int]:
    """The orders of a list, in its order."""
    return [int(number) for number in re.findall(r'class="main-link" href="[^"]*/pedidos/(\d+)/"', page)]


def plain(page: str) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page)))


@pytest.fixture
def three(shop: Erp, organization: Organization) -> None:
    """1: paid, on the 18th; 2: in transit with tracking, on the 20th; 3: cancelled, on the 19th."""
    joao = ErpCustomer("2", "João Lima", "PJ", "11444777000161", "11.444.777/0001-61")
    with tenant(organization):
        shop.list(make_row("700", placed_on=dt.date(2026, 11, 18), total=Decimal("1284.90")))
        shop.list(
            make_row(
                "701",
                situation="enviado",
                placed_on=dt.date(2026, 11, 20),
                shipment=shipment(tracking_code="QQ123456785BR"),
            )
        )
        shop.list(make_row("702", placed_on=dt.date(2026, 11, 19), customer=joao))
        shop.list(make_row("702", placed_on=dt.date(2026, 11, 19), customer=joao, situation="cancelado"))
        shop.list_invoices(make_invoice(order_external_id="701", number="000321"))


# --- the list ---


def test_newest_first_with_what_a_row_shows(three: None, get: Callable[..., str]) -> None:
    page = get()
    assert numbers(page) == [2, 3, 1]
    text = plain(page)
    for shown in (
        "Nº no Tiny 1701",
        "E-701",
        "20/11/2026",
        "Maria de Exemplo",
        "Curitiba /PR",
        "Em transporte",
    ):
        assert shown.replace(" /", "/") in text.replace(" /", "/"), shown
    assert "R$\u00a01.284,90" in html.unescape(page)
    assert "000321" in text
    assert "QQ123456785BR" in text


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("1701", [2]),
        ("E-702", [3]),
        ("#3", [3]),
        ("2", [2]),
        ("000321", [2]),
        ("4" * 44, [2]),
        (" ".join(["4444"] * 11), [2]),
        ("qq123456785br", [2]),
        ("529.982.247-25", [2, 1]),
        ("11.444.777/0001-61", [3]),
        ("52998224725", [2, 1]),
        ("1701 ", [2]),
        ("nada", []),
        ("%", []),
        ("'; DROP TABLE orders_order; --", []),
        ("9" * 40, []),
        ("٣", []),
    ],
)
def test_search(three: None, get: Callable[..., str], text: str, found: list[int]) -> None:
    assert numbers(get(q=text)) == found


def test_search_that_cannot_be_text_is_no_search(three: None, get: Callable[..., str]) -> None:
    assert numbers(get(q="a\x00b")) == [2, 3, 1]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"status": "cancelled"}, [3]),
        ({"status": "nonsense"}, [2, 3, 1]),
        ({"de": "2026-11-19"}, [2, 3]),
        ({"ate": "19/11/2026"}, [3, 1]),
        ({"de": "2026-11-19", "ate": "2026-11-19"}, [3]),
        ({"de": "31/02/2026"}, [2, 3, 1]),
        ({"visao": "em-transporte"}, [2]),
        ({"visao": "cancelados"}, [3]),
        ({"visao": "aguardando-nf"}, []),
        ({"visao": "entregues"}, []),
        ({"visao": "inventada"}, [2, 3, 1]),
        ({"visao": "em-transporte", "q": "1700"}, []),
        ({"integracao": "1"}, [2, 3, 1]),
    ],
)
def test_filters(three: None, get: Callable[..., str], query: dict[str, str], found: list[int]) -> None:
    assert numbers(get(**query)) == found


def test_views_count_what_the_other_filters_leave(three: None, get: Callable[..., str]) -> None:
    page = get(q="52998224725")
    counts = re.findall(r'<a href="\?[^"]*visao=([\w-]+)[^"]*"[^>]*>[^<]*<span class="count">(\d+)', page)
    assert dict(counts) == {
        "todos": "2",
        "precisam-de-acao": "0",
        "aguardando-envio": "0",
        "aguardando-nf": "0",
        "em-transporte": "1",
        "entregues": "0",
        "cancelados": "0",
    }


def test_filter_by_integration_exists_when_there_are_two(
    three: None, get: Callable[..., str], organization: Organization, integration: Integration
) -> None:
    assert 'name="integracao"' not in get()
    with tenant(organization):
        other = Integration.objects.create(
            provider="tiny",
            protocol="v3",
            name="Segunda",
            created_at=integration.created_at,
        )
        Erp(other).list(make_row("700"))
    assert numbers(get(integracao=str(other.pk))) == [4]
    assert numbers(get(integracao=str(integration.pk))) == [2, 3, 1]
    assert len(numbers(get(integracao="999"))) == 4


def test_pages_are_numbered_and_keep_the_filter(
    shop: Erp, organization: Organization, get: Callable[..., str]
) -> None:
    with tenant(organization):
        shop.list(*(make_row(str(700 + number)) for number in range(60)))
    assert numbers(get()) == list(range(60, 35, -1))
    page = get(pagina="3", status="paid")
    assert numbers(page) == list(range(10, 0, -1))
    assert "51–60 de 60 pedidos" in plain(page)
    assert "status=paid" in page
    assert numbers(get(pagina="3", por_pagina="50")) == numbers(get(pagina="2", por_pagina="50"))
    assert numbers(get(pagina="zzz")) == numbers(get())
    assert len(numbers(get(pagina="9" * 30))) == 10


def test_nothing_yet(organization: Organization, get: Callable[..., str]) -> None:
    assert "Conectar um ERP" in get()


def test_stranger_gets_404(three: None, stranger: User, client_of: Callable[[User], Client]) -> None:
    for path in ("", "1/", "1/itens/"):
        assert client_of(stranger).get(BASE + path).status_code == 404


# --- one order ---


@pytest.mark.parametrize("number", ["0", "4", "99999999999999999999", "9223372036854775808"])
def test_order_that_is_not_here(three: None, get: Callable[..., str], number: str) -> None:
    get(f"{number}/", expected=404)
    get(f"{number}/itens/", expected=404)


def stages(page: str) -> list[tuple[str, str]]:
    items = re.findall(r'<li class="(\w+)"[^>]*>.*?<h3>([^<]+)<', page, re.S)
    return [(label, state) for state, label in items]


IMPORTED = ("Importado do Tiny", "done")


@pytest.mark.parametrize(
    ("situation", "rest"),
    [
        ("aprovado", ["todo", "todo", "todo"]),
        ("preparando_envio", ["todo", "todo", "todo"]),
        ("faturado", ["now", "todo", "todo"]),
        ("enviado", ["done", "now", "todo"]),
        ("entregue", ["done", "done", "done"]),
    ],
)
def test_stages(
    shop: Erp, organization: Organization, get: Callable[..., str], situation: str, rest: list[str]
) -> None:
    with tenant(organization):
        shop.list(make_row())
        shop.list(make_row(situation=situation))
    labels = ["Nota fiscal emitida", "Em transporte", "Entregue"]
    assert stages(get("1/")) == [IMPORTED, *zip(labels, rest, strict=True)]


def test_stages_of_an_order_that_was_not_delivered(
    shop: Erp, organization: Organization, get: Callable[..., str]
) -> None:
    with tenant(organization):
        shop.list(make_row(situation="enviado"))
        shop.list(make_row(situation="nao_entregue"))
    assert stages(get("1/"))[2] == ("Não entregue", "now")


def test_stages_of_a_cancelled_order(three: None, get: Callable[..., str]) -> None:
    assert stages(get("3/")) == [IMPORTED, ("Cancelado", "cancelled")]


def test_nota_before_its_situation_is_a_stage(
    shop: Erp, organization: Organization, get: Callable[..., str]
) -> None:
    with tenant(organization):
        shop.list(make_row())
        shop.list_invoices(make_invoice())
    assert stages(get("1/"))[1] == ("Nota fiscal emitida", "now")


def test_page_with_nota_items_and_history(
    three: None, shop: Erp, organization: Organization, get: Callable[..., str]
) -> None:
    with tenant(organization):
        order = Order.objects.get(number=2)
        row = make_row("701", situation="enviado", placed_on=dt.date(2026, 11, 20))
        address = ErpAddress(
            street="Avenida Outra", number="9", city="Recife", state="PE", zip_code="50000000"
        )
        shop.tell_detail(order, make_detail(row, delivery_address=address))
    page = get("2/")
    text = plain(page)
    assert "000321 / 1" in text
    assert " ".join(["4444"] * 11) in text
    for shown in ("Luminária", "SKU-1", "Avenida Outra", "Recife", "Importado do Tiny", "No Tiny: Enviado."):
        assert shown in text, shown
    assert "hx-trigger" not in get("2/itens/")


def test_opening_an_order_asks_once_for_its_details(
    three: None, get: Callable[..., str], organization: Organization
) -> None:
    for _ in range(3):
        assert "Carregando itens" in get("1/")
    with tenant(organization):
        job = Job.objects.get(kind="complete_order")
        order = Order.objects.get(number=1)
        assert (job.key, job.priority, job.lock) == (
            str(order.pk),
            queue.Priority.PERSON,
            f"order:{order.pk}",
        )


def test_disconnected_integration_says_why_nothing_loads(
    three: None, get: Callable[..., str], organization: Organization
) -> None:
    with tenant(organization):
        Integration.objects.update(state=IntegrationState.DISCONNECTED)
    page = get("1/")
    assert "A integração está desconectada. Nada foi perdido" in plain(page).replace(" .", ".")
    assert "Carregando itens" not in page


def test_parked_details_say_why_and_are_not_asked_for_again(
    three: None, get: Callable[..., str], organization: Organization
) -> None:
    get("1/")
    with tenant(organization):
        Job.objects.filter(kind="complete_order").update(
            status="parked", reason_code="orders.details_unstorable", parked_at=dt.datetime.now(dt.UTC)
        )
    assert "O pedido tem um valor que não conseguimos guardar" in get("1/")
    with tenant(organization):
        assert Job.objects.filter(kind="complete_order").count() == 1


# --- what comes from outside ---


def test_no_page_shows_a_whole_cpf_or_contact(three: None, get: Callable[..., str]) -> None:
    for page in (get(), get("1/"), get("1/itens/"), get("2/")):
        for secret in ("52998224725", "529.982.247-25", "maria@exemplo.com.br", "99999-0000", "999990000"):
            assert secret not in page
    text = plain(get("1/"))
    assert "***.982.247-**" in text
    assert "m•••••@exemplo.com.br" in text


def test_search_by_cpf_shows_only_what_was_typed(three: None, get: Callable[..., str]) -> None:
    """The search box and the filter's tag repeat what the person wrote; no row adds the document."""
    page = get(q="52998224725")
    table = page[page.index("<tbody>") : page.index("</tbody>")]
    assert "52998224725" not in table
    assert "529.982" not in table


def test_invalid_document_is_hidden_too(
    shop: Erp, organization: Organization, get: Callable[..., str]
) -> None:
    wrong = replace(MARIA, document="", document_text="529.982.247-26")
    with tenant(organization):
        shop.list(make_row(customer=wrong))
    assert "529.982.247-26" not in get("1/")
    with tenant(organization):
        shop.list(make_row("701", customer=replace(wrong, external_id="8", document_text="RG 12.345.678-9")))
    page = get("2/")
    assert "12.345.678-9" not in page


@pytest.mark.parametrize(
    "address",
    ["javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,x", "//evil.test", " vbscript:x"],
)
def test_hostile_tracking_address_is_no_link(
    shop: Erp, organization: Organization, get: Callable[..., str], address: str
) -> None:
    with tenant(organization):
        shop.list(make_row(shipment=shipment(tracking_code="QQ1", tracking_url=address)))
    page = get("1/")
    assert "Abrir rastreio" not in page
    assert address.strip() not in page


def test_good_tracking_address_is_a_careful_link(
    shop: Erp, organization: Organization, get: Callable[..., str]
) -> None:
    with tenant(organization):
        shop.list(make_row(shipment=shipment(tracking_code="QQ1", tracking_url='https://r.example/?a="b"&c')))
    link = re.search(r'<a [^>]*href="https://r\.example/[^"]*"[^>]*>', get("1/"))
    assert link
    assert 'rel="noopener noreferrer"' in link[0]
    assert "&quot;b&quot;&amp;c" in link[0]


def test_markup_from_outside_is_text(shop: Erp, organization: Organization, get: Callable[..., str]) -> None:
    evil = "<script>alert(1)</script>\"'{{ 7|add:7 }}{code}"
    customer = replace(
        MARIA, name=evil, email=f"{evil}@x.test", address=ErpAddress(street=evil, city=evil, state="PR")
    )
    row = make_row(
        number="<b>1</b>",
        customer=customer,
        ecommerce_number="<i>2</i>",
        ecommerce_name=evil,
        situation="aprovado",
        shipment=shipment(carrier_name=evil, tracking_code=evil),
    )
    with tenant(organization):
        shop.list(row)
        shop.list(replace(row, situation="<u>9</u>", situation_is_known=False, row_hash="x"))
        shop.list_invoices(make_invoice(number="<b>3</b>", state=InvoiceState.PENDING, access_key=""))
        order = Order.objects.get()
        item = make_detail(row).items[0]
        shop.tell_detail(order, make_detail(row, replace(item, description=evil, sku=evil)))
    for page in (get(), get("1/"), get("1/itens/"), get(q=evil)):
        assert "<script>alert" not in page
        for tag in ("<b>1", "<i>2", "<u>9", "<b>3"):
            assert tag not in page
        assert "14{code}" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in get("1/")


def test_passed_over_orders_are_counted_with_their_reason(
    shop: Erp, organization: Organization, get: Callable[..., str], integration: Integration
) -> None:
    with tenant(organization):
        shop.list(
            make_row("700", situation="aberto"),
            make_row("701", situation="aberto"),
            make_row("702", situation="<b>42</b>", situation_is_known=False),
        )
    page = get(f"nao-importados/{integration.pk}/")
    text = plain(page)
    assert "Em aberto" in text
    assert "Em situações que você não marcou para importar" in text
    assert "Em uma situação do Tiny que ainda não conhecemos" in text
    assert "<b>42" not in page


def test_order_that_was_deleted_at_the_erp(
    three: None, get: Callable[..., str], organization: Organization, integration: Integration
) -> None:
    with tenant(organization):
        services.mark_deleted_at_erp(integration=integration, order_id=Order.objects.get(number=1).pk)
    assert "Este pedido foi excluído no Tiny" in get("1/")
