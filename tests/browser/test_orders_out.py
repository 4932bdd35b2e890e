"""An order from the marketplace: posted with a token, at Tiny with buyer and seller, seen in the panel."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import requests
from playwright.sync_api import Page, expect

from tests.browser.platform import Company, Platform, wait_for
from tests.browser.screens import import_products

OpenPage = Callable[..., Page]


@pytest.fixture(scope="module")
def company(platform: Platform) -> Company:
    """Connected, with the product VASO imported."""
    company = platform.create_companies({"mar-azul": "Mar Azul Decorações Ltda"})["mar-azul"]
    company.account.add_product(sku="VASO", descricao="Vaso de barro", preco=55.9)
    window = platform.open_window(company.email())
    platform.connect(window.page, company)
    import_products(window.page)
    window.close()
    return company


def generate_token(platform: Platform, company: Company, page: Page) -> str:
    """The marketplace's: a user of perfil Integração and his token, as an Administrador makes them."""
    page.goto(f"{platform.url}{company.users}incluir/")
    page.get_by_role("radio", name="Integração").check()
    page.get_by_label("Nome", exact=True).fill("Mercado Azul")
    page.get_by_label("E-mail").fill("mercado@mar-azul.example")
    page.get_by_role("button", name="Salvar").click()
    page.get_by_role("link", name="Gerar token").click()
    for scope in ("Ler pedidos", "Escrever pedidos"):
        page.get_by_label(scope).check()
    page.get_by_role("button", name="Gerar token").click()
    return page.get_by_label("Token", exact=True).input_value()


def post_order(platform: Platform, token: str, **changes: Any) -> requests.Response:
    order = {
        "number": "AZ-1001",
        "channel": "Mercado Azul",
        "placed_on": "2026-11-20",
        "customer": {"name": "Ana de Exemplo", "document": "529.982.247-25", "email": "ana@example.com"},
        "items": [{"sku": "VASO", "description": "Vaso de barro", "quantity": "2", "unit_price": "55.90"}],
        "freight": "15.15",
        "discount": "2.79",
        "seller": {"name": "Vendas internas"},
    }
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "AZ-1001"}
    return requests.post(
        f"{platform.url}/api/v1/orders/", json={**order, **changes}, headers=headers, timeout=30
    )


def test_an_order_that_is_posted_arrives_at_tiny_with_buyer_and_seller(
    platform: Platform, company: Company, open_page: OpenPage
) -> None:
    page = open_page(company.email())
    token = generate_token(platform, company, page)

    # What is sent, and that the salesperson goes along, is chosen with the connection.
    page.goto(platform.url + company.gallery)
    page.locator("td .main-link").click()
    page.locator("[name=send_statuses][value=placed]").check()
    page.get_by_label("Incluir o vendedor no envio do pedido").check()
    page.get_by_role("button", name="Salvar", exact=True).click()
    expect(page.get_by_text("Integração salva.")).to_be_visible()

    posted = post_order(platform, token)
    assert posted.status_code == 201, posted.text
    again = post_order(platform, token)
    assert (again.status_code, again.json()["id"]) == (200, posted.json()["id"])

    path = f"{platform.url}{company.orders}{posted.json()['id']}/"
    wait_for(page, path, "Sincronizado", seconds=90)
    (there,) = [row for row in company.account.list_orders() if row["numeroOrdemCompra"]]
    assert (there["cliente"], there["vendedor"]) == ("Ana de Exemplo", "Vendas internas")
    expect(page.get_by_text(f"Enviado ao Tiny com o nº {there['numero']}")).to_be_visible()
    expect(page.locator("main")).to_contain_text("R$ 124,16")

    page.goto(platform.url + company.orders)
    row = page.get_by_role("row").filter(has_text="AZ-1001")
    expect(row).to_contain_text("Sincronizado")
