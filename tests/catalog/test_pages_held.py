"""«Mudanças retidas»: where they are shown, and who decides."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.test import Client

from accounts.models import Perfil, User
from accounts.tenancy import tenant
from catalog.models import HeldChange, Product
from tests.catalog.received import Erp
from tests.catalog.test_holding import Shop
from tests.catalog.test_pages import BASE, person, plain

__all__ = ["person"]
NOW = "2026-11-23T10:00:00+00:00"
LIST, DECIDE = f"{BASE}produtos/retidas/", f"{BASE}produtos/retidas/decidir/"


@pytest.fixture
def shop(erp: Erp) -> Shop:
    """Three zeros and one price wait."""
    shop = Shop(erp, 4)
    shop.tell("P3", price="25")
    for number in range(3):
        shop.tell(f"P{number}", "0")
    return shop


def ids(shop: Shop) -> dict[str, int]:
    with tenant(shop.organization_id):
        return {row.product.sku: row.pk for row in HeldChange.objects.select_related("product")}


def seen_at(shop: Shop, sku: str) -> str:
    with tenant(shop.organization_id):
        return HeldChange.objects.get(product__sku=sku).held_at.isoformat()


def address_of(shop: Shop, sku: str) -> str:
    return f"{BASE}produtos/{shop.erp.product(sku).pk}/"


def test_each_says_what_would_change_and_why(shop: Shop, client: Client) -> None:
    page = client.get(LIST).content.decode()
    text = plain(page)
    assert "Todas 4 Muitas zeragens 3 Preço mudou muito 1" in text
    assert "Estoque: 10 → 0. Mais de 30% dos SKUs com estoque que o Tiny informou em uma hora" in text
    assert "Preço: R$ 249,90 → R$ 25,00. O preço mudou 90%, e o limite é 50%." in text
    assert "Aceitar todas as 4" in text
    prices = plain(client.get(LIST, {"motivo": "held.price_moved"}).content.decode())
    assert "Aceitar a mudança" in prices and "Estoque: 10 → 0" not in prices


def test_a_banner_stands_on_every_page_while_any_waits(shop: Shop, client: Client) -> None:
    for path in ("produtos/", "pedidos/"):
        text = plain(client.get(BASE + path).content.decode())
        assert "4 mudanças do Tiny estão retidas." in text
    criteria = f"{BASE}integracoes/erp/nativos/tiny/{shop.erp.integration.pk}/produtos/"
    assert "4 mudanças retidas." in plain(client.get(criteria).content.decode())
    client.post(DECIDE, {"action": "refuse", "visto": shop.seen_at().isoformat()})
    assert "retida" not in plain(client.get(f"{BASE}produtos/").content.decode())
    assert "Nada retido" in plain(client.get(LIST).content.decode())


def test_one_is_accepted_from_the_product_s_page(shop: Shop, client: Client) -> None:
    page = client.get(address_of(shop, "P3")).content.decode()
    assert "Mudança retida: Preço de R$ 249,90 para R$ 25,00." in plain(page)
    form = dict(re.findall(r'<input type="hidden" name="(item|visto|produto)" value="([^"]*)">', page))
    assert form == {
        "item": str(ids(shop)["P3"]),
        "visto": seen_at(shop, "P3"),
        "produto": str(shop.erp.product("P3").pk),
    }
    response = client.post(DECIDE, form | {"action": "accept"}, follow=True)
    assert response.redirect_chain == [(address_of(shop, "P3"), 302)]
    text = plain(response.content.decode())
    assert "1 mudança aceita." in text and "Mudança retida: Preço de" not in text
    assert "Aceita a mudança retida: Preço R$ 249,90 → R$ 25,00." in text
    assert shop.erp.product("P3").price == 25
    assert len(shop.waiting()) == 3


def test_all_of_a_reason_are_accepted_at_once_but_not_what_came_since(shop: Shop, client: Client) -> None:
    page = client.get(LIST, {"motivo": "held.many_zeroed"}).content.decode()
    (bulk,) = re.findall(r'<form class="acts.*?</form>', page)
    form = dict(re.findall(r'<input type="hidden" name="(motivo|visto)" value="([^"]*)">', bulk))
    assert form == {"motivo": "held.many_zeroed", "visto": seen_at(shop, "P2")}
    shop.tell("P3", "0")
    response = client.post(DECIDE, form | {"action": "accept"}, follow=True)
    assert "3 mudanças aceitas." in plain(response.content.decode())
    assert shop.stocks() == [0, 0, 0, 10]
    assert [row[:2] for row in shop.waiting()] == [("P3", "price"), ("P3", "stock")]


def test_a_value_that_came_while_the_page_was_open_is_not_accepted_with_it(
    shop: Shop, client: Client
) -> None:
    page = client.get(address_of(shop, "P3")).content.decode()
    form = dict(re.findall(r'<input type="hidden" name="(item|visto)" value="([^"]*)">', page))
    listed = client.get(LIST).content.decode()
    shop.tell("P3", price="2")
    (bulk,) = re.findall(r'<form class="acts.*?</form>', listed)
    every = dict(re.findall(r'<input type="hidden" name="(motivo|visto)" value="([^"]*)">', bulk))
    response = client.post(DECIDE, form | {"action": "accept"}, follow=True)
    assert "Nada mais esperava: o Tiny já disse outro valor, ou alguém já decidiu." in plain(
        response.content.decode()
    )
    response = client.post(DECIDE, every | {"action": "accept"}, follow=True)
    assert "3 mudanças aceitas." in plain(response.content.decode())
    assert shop.erp.product("P3").price == Decimal("249.90")
    assert [(row[0], row[3]) for row in shop.waiting()] == [("P3", Decimal(2))]


def test_what_is_refused_is_said_in_both_histories(shop: Shop, client: Client) -> None:
    form = {"action": "refuse", "item": ids(shop)["P3"], "visto": seen_at(shop, "P3")}
    response = client.post(DECIDE, form, follow=True)
    assert "1 mudança recusada: fica o que está aqui até o Tiny dizer outro valor." in plain(
        response.content.decode()
    )
    assert shop.lines("product.")[-1] == "product.held_refused"
    assert shop.lines("products.")[-1] == "products.held_refused"
    assert shop.erp.product("P3").price == Decimal("249.90")
    again = client.post(DECIDE, form, follow=True)
    assert "Nada mais esperava" in plain(again.content.decode())


@pytest.mark.parametrize(
    ("perfil", "may"), [(Perfil.ADMIN, True), (Perfil.OPERATOR, True), (Perfil.VIEWER, False)]
)
def test_who_may_only_read_sees_no_button_and_changes_nothing(
    shop: Shop, person: Callable[[Perfil], Client], perfil: Perfil, may: bool
) -> None:
    client = person(perfil)
    for path in (LIST, address_of(shop, "P3")):
        page = client.get(path)
        assert page.status_code == 200
        assert ('value="accept"' in page.content.decode()) is may
    form = {"action": "accept", "item": ids(shop)["P3"], "visto": seen_at(shop, "P3")}
    response = client.post(DECIDE, form)
    assert response.status_code == (302 if may else 404)
    assert (shop.erp.product("P3").price == 25) is may
    assert (len(shop.waiting()) == 3) is may


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"action": "accept"},
        {"action": "accept", "visto": "ontem"},
        {"action": "accept", "visto": "2026-11-23T10:00:00"},
        {"action": "delete", "item": "1", "visto": NOW},
        {"action": "accept", "item": "um", "visto": NOW},
        {"action": "accept", "item": "9" * 19, "visto": NOW},
    ],
)
def test_what_names_nothing_is_refused(shop: Shop, client: Client, form: dict[str, str]) -> None:
    assert client.post(DECIDE, form).status_code == 404
    assert client.post(DECIDE, {"action": "accept", "item": ids(shop)["P3"]}).status_code == 404
    assert len(shop.waiting()) == 4


def test_another_company_s_changes_are_out_of_reach(
    shop: Shop, stranger: User, client_of: Callable[[User], Client]
) -> None:
    neighbour, item, seen = client_of(stranger), max(ids(shop).values()), shop.seen_at().isoformat()
    one = {"item": item, "visto": seen}
    assert neighbour.post(DECIDE, {"action": "accept"} | one).status_code == 404
    for form in (one, {"visto": seen}):
        other = neighbour.post("/o/loja-vizinha/produtos/retidas/decidir/", {"action": "accept"} | form)
        assert other.status_code == 302
    with tenant(shop.organization_id):
        assert Product.objects.get(sku="P3").price == Decimal("249.90")
    assert len(shop.waiting()) == 4
