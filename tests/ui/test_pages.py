"""What the pieces of pages show and what they must never show. No database: plain values go in."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from django.template.loader import render_to_string
from django.test import RequestFactory

from ui.paging import paginate

NOW = dt.datetime(2026, 11, 21, 17, 32, 5, tzinfo=dt.UTC)
CPF = "12345678909"


def render(template: str, *, htmx: bool = False, perfil: str = "admin", **context: Any) -> str:
    request = RequestFactory().get("/o/aurora/pedidos/?q=a")
    request.htmx = SimpleNamespace(trigger="") if htmx else False  # type: ignore[attr-defined]
    frame = {
        "request": request,
        "organization": SimpleNamespace(name="Aurora Casa", slug="aurora", cnpj="12ABC34501DE35"),
        "membership": SimpleNamespace(perfil=perfil, get_perfil_display="Administrador"),
        "user": SimpleNamespace(name="Marina Lopes", email="marina@aurora.example"),
        "organizations_count": 1,
        "now": NOW,
    }
    return render_to_string(template, frame | context)


def order(**changes: Any) -> SimpleNamespace:
    values: dict[str, Any] = {
        "number": 104829,
        "erp_number": "5531",
        "ecommerce_number": "UP-1",
        "ecommerce_name": "Loja",
        "placed_on": dt.date(2026, 11, 18),
        "customer": SimpleNamespace(name="Beatriz <b>", city="Curitiba", state="PR"),
        "total": Decimal("1284.90"),
        "status": "in_transit",
        "get_status_display": "Em transporte",
        "is_return": False,
        "invoice": "12407",
        "shipment": None,
        "delivery_address": {},
    }
    return SimpleNamespace(**values | changes)


def test_a_row_links_by_our_number_and_escapes_what_came_from_outside() -> None:
    html = render("orders/_row.html", order=order())
    assert '<a class="main-link" href="/o/aurora/pedidos/104829/">104829</a>' in html
    assert "Nº no Tiny 5531" in html
    assert "Beatriz &lt;b&gt;" in html
    assert "R$\u00a01.284,90" in html


def test_a_row_without_customer_total_or_invoice_stands() -> None:
    html = render("orders/_row.html", order=order(customer=None, total=None, invoice=None, placed_on=None))
    assert "Cliente não informado" in html
    assert "—" in html
    assert "None" not in html


def test_the_customer_card_shows_no_whole_cpf_mail_or_phone() -> None:
    customer = SimpleNamespace(
        name="Beatriz",
        kind="PF",
        document=CPF,
        document_text="123.456.789-09",
        email="beatriz@email.com.br",
        phone="41998764410",
        address={"street": "Rua A", "city": "Curitiba", "zip_code": "80420000"},
    )
    html = render("orders/_customer.html", order=order(), customer=customer)
    assert "***.456.789-**" in html and "b•••••@email.com.br" in html and "(41) 9••••-4410" in html
    assert "80420-000" in html
    for secret in (CPF, "123.456", "beatriz@", "99876", "4199"):
        assert secret not in html


def test_a_document_that_nobody_could_read_is_hidden() -> None:
    customer = SimpleNamespace(
        name="J", kind="", document="", document_text="123.456.78", email="", phone="", address={}
    )
    html = render("orders/_customer.html", order=order(), customer=customer)
    assert "••••••" in html and "123" not in html


@pytest.mark.parametrize(
    ("address", "is_link"), [("https://r.example/1", True), ("javascript:alert(1)", False), ("", False)]
)
def test_only_a_web_address_of_tracking_becomes_a_link(address: str, is_link: bool) -> None:
    shipment = SimpleNamespace(
        carrier_name="", shipping_method="PAC", freight_method="", tracking_code="BR1", tracking_url=address
    )
    html = render("orders/_shipments.html", order=order(), shipment=shipment)
    assert ("Abrir rastreio" in html) is is_link
    assert "javascript" not in html
    if is_link:
        assert 'rel="noopener noreferrer"' in html


def test_items_ask_again_until_they_stand_and_bring_the_address_with_them() -> None:
    url = 'hx-get="/o/aurora/pedidos/104829/itens/"'
    waiting = render("orders/_items.html", htmx=True, order=order(), loading_details=True, items=[])
    assert url in waiting and "Carregando itens…" in waiting
    item = SimpleNamespace(
        sku="A-1",
        description="Panela",
        quantity=Decimal("2.0000"),
        unit_price=Decimal("10.5000"),
        total=Decimal("21"),
    )
    there = order(delivery_address={"street": "Rua A", "number": "1000", "city": "Curitiba", "state": "PR"})
    done = render("orders/_items.html", htmx=True, order=there, items=[item], totals={"total": Decimal("21")})
    assert url not in done and "Carregando" not in done
    assert 'id="entrega"' in done and 'hx-swap-oob="true"' in done and "Rua A, 1000" in done
    assert '<td class="r q">2</td>' in done


def test_the_list_says_which_kind_of_nothing_it_shows() -> None:
    context = {"section": "orders", "page": paginate([], RequestFactory().get("/").GET), "views": []}
    never = render("orders/list.html", has_any_order=False, has_integration=False, **context)
    assert "Conectar um ERP" in never and "/o/aurora/integracoes/erp/nativos/" in never
    waiting = render("orders/list.html", has_any_order=False, has_integration=True, **context)
    assert "quando chegam do ERP" in waiting and "Conectar um ERP" not in waiting
    filtered = render("orders/list.html", has_any_order=True, has_integration=True, **context)
    assert "Nenhum pedido com estes filtros" in filtered and "Limpar filtros" in filtered


def test_a_fragment_of_the_list_replaces_the_views_and_says_how_many() -> None:
    page = paginate([order()], RequestFactory().get("/").GET)
    views = [{"label": "Todos", "count": 1, "url": "?", "current": True}]
    fragment = render("orders/_list.html", htmx=True, is_fragment=True, page=page, views=views)
    assert 'id="visoes" aria-label="Visões salvas" hx-swap-oob="true"' in fragment
    assert 'hx-swap-oob="innerHTML">1 pedido</p>' in fragment
    assert "<html" not in fragment


def test_the_frame_offers_only_what_the_person_may_open() -> None:
    context: dict[str, Any] = {"problems": [], "parked_count": 3}
    admin = render("panel/errors.html", **context)
    assert 'href="/o/aurora/erros/"' in admin and "Trocar de organização" not in admin
    assert "12.ABC.345/01DE-35" in admin
    assert 'action="/sair/"' in admin
    viewer = render("panel/errors.html", perfil="viewer", **context)
    assert 'href="/o/aurora/erros/"' not in viewer
    several = render("panel/errors.html", organizations_count=2, **context)
    assert several.count('href="/organizacoes/"') == 3


def test_a_banner_that_changes_something_is_a_form() -> None:
    banner = {
        "tone": "err",
        "title": "Desconectado.",
        "action_label": "Conectar",
        "action_url": "/x/",
        "action_method": "post",
    }
    html = render("panel/errors.html", problems=[], banners=[banner])
    assert '<form method="post" action="/x/">' in html
    banner["action_method"] = ""
    assert '<a class="btn sm primary" href="/x/">Conectar</a>' in render(
        "panel/errors.html", problems=[], banners=[banner]
    )


@pytest.mark.parametrize("name", ["403", "404", "500", "503"])
def test_error_pages_need_nothing(name: str) -> None:
    html = render_to_string(f"errors/{name}.html", {"support_code": "7F3K"})
    assert "<h1>" in html and "7F3K" in html
    assert "htmx" not in html
