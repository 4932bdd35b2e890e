"""A parcel of Correios: shipped at Tiny, followed by itself, «Entregue» on both sides and to the buyer."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.platform import PROTOCOLS, Company, Platform, wait_for
from tests.browser.screens import connect_by_token
from tests.tracking.companies import make_code

OpenPage = Callable[..., Page]
DELIVERED_AT_TINY = 6
CODES = {"v3": make_code(4_100_001, "QQ"), "v2": make_code(4_100_002, "QQ")}


@pytest.fixture(scope="module")
def sellers(platform: Platform) -> dict[str, Company]:
    """By protocol."""
    made = platform.create_companies({"cais": "Cais da Serra Ltda", "areia": "Areia Branca Ltda"})
    return {"v3": made["cais"], "v2": made["areia"]}


def connect(platform: Platform, page: Page, company: Company, protocol: str) -> None:
    if protocol == "v3":
        platform.connect(page, company)
    else:
        connect_by_token(platform, page, company)


def save_contract(platform: Platform, page: Page, company: Company) -> None:
    """«Rastreamento» → «Contratos», until its test says that it is good."""
    contract = platform.carriers.contract
    page.goto(f"{platform.url}/o/{company.slug}/rastreamento/")
    page.get_by_role("link", name="Contratos").click()
    page.get_by_role("link", name="Correios").first.click()
    page.get_by_label("Usuário").fill(contract["user"])
    page.get_by_label("Código de acesso às APIs").fill(contract["access_code"])
    page.get_by_label("Cartão de postagem").fill(contract["posting_card"])
    page.get_by_role("button", name="Salvar").click()
    expect(page.get_by_text("O contrato dá acesso ao rastreamento.")).to_be_visible(timeout=30_000)


def ship_at_tiny(page: Page, platform: Platform, company: Company, code: str) -> int:
    """A paid order, sent with Correios under ``code`` on Tiny's own page; its id there."""
    (row,) = company.account.add_orders(situacao=3)
    page.goto(f"{platform.tiny.url}/contas/{company.account.id}/pedidos/{row['id']}")
    page.get_by_label("Forma de envio").select_option("Correios")
    page.get_by_role("textbox", name="Transportador").fill("")
    page.get_by_label("Código de rastreamento").fill(code)
    page.get_by_role("button", name="Marcar como Enviado").click()
    expect(page.get_by_label("Código de rastreamento")).to_have_value(code)
    return int(row["id"])


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_shipped_order_goes_to_delivered_by_itself(
    platform: Platform, sellers: dict[str, Company], open_page: OpenPage, protocol: str
) -> None:
    company, code = sellers[protocol], CODES[protocol]
    platform.carriers.add_parcel(code, story="delivered", steps=1)
    page = open_page(company.email())
    connect(platform, page, company, protocol)
    save_contract(platform, page, company)
    tiny_id = ship_at_tiny(page.context.new_page(), platform, company, code)

    parcels = f"{platform.url}/o/{company.slug}/rastreamento/?q={code}"
    wait_for(page, parcels, "1 pacote", seconds=60)
    page.get_by_role("row").filter(has_text=code).get_by_role("link").first.click()
    order_path = page.url
    card = page.get_by_role("region", name="Rastreio")
    wait_for(page, order_path, "Em transporte")
    expect(card).to_contain_text("Correios")
    expect(card).to_contain_text(code)
    address = card.get_by_role("link", name="Página do cliente").get_attribute("href")

    platform.carriers.advance(code, 4)
    wait_for(page, order_path, "Pedido entregue", seconds=60)
    wait_for(page, order_path, "Situação no Tiny: Entregue", seconds=60)
    expect(page.locator(".head")).to_contain_text("Entregue")
    expect(card).to_contain_text("Entregue")
    there = {row["id"]: row["situacao"] for row in company.account.list_orders()}
    assert there[tiny_id] == DELIVERED_AT_TINY

    # The buyer, whom nobody knows, on a telephone.
    buyer = open_page(width=390)
    buyer.goto(str(address))
    expect(buyer.get_by_role("heading", level=1)).to_have_text("Seu pedido foi entregue")
    expect(buyer.locator("main")).to_contain_text(code)
