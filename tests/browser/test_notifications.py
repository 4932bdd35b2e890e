"""The URL pasted at Tiny by hand, a stock changed there, and what a person sees of it here."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.platform import PROTOCOLS, Company, Platform
from tests.browser.screens import connect_by_token, import_products

OpenPage = Callable[..., Page]
SKU, NAME = "LUM-01", "Luminária de mesa"
# As Tiny calls the field, by protocol: in the account's Webhooks, in an integration's «Notificações».
STOCK_FIELD = {"v3": "URL da notificação de estoque", "v2": "URL de notificações do estoque"}


@pytest.fixture(scope="module")
def sellers(platform: Platform) -> dict[str, Company]:
    """By protocol."""
    made = platform.create_companies({"farol": "Farol do Norte Ltda", "brisa": "Brisa Casa Ltda"})
    return {"v3": made["farol"], "v2": made["brisa"]}


def connect(platform: Platform, page: Page, company: Company, protocol: str) -> None:
    if protocol == "v3":
        platform.connect(page, company)
    else:
        connect_by_token(platform, page, company)


def copy_url(page: Page, label: str) -> str:
    """On the integration's tab «Notificações», by the button beside the field."""
    page.get_by_role("dialog").get_by_role("link", name="Notificações", exact=True).click()
    field = page.get_by_label(label)
    expect(field.first).to_be_visible()
    page.locator("li", has=field).get_by_role("button", name="Copiar").click()
    url = page.evaluate("navigator.clipboard.readText()")
    assert url == field.input_value()
    return str(url)


def paste_at_tiny(page: Page, platform: Platform, company: Company, label: str, url: str) -> None:
    """Where the menu of the tab says."""
    page.bring_to_front()
    page.goto(f"{platform.tiny.url}/contas/{company.account.id}/pedidos")
    tabs = page.get_by_role("navigation", name="Conta")
    if label == STOCK_FIELD["v3"]:
        tabs.get_by_role("link", name="Webhooks").click()
    else:
        tabs.get_by_role("link", name="Integrações").click()
        page.get_by_role("link", name="Gerenciar").click()
        page.get_by_role("navigation", name="Integração").get_by_role("link", name="Notificações").click()
    page.get_by_label(label).focus()
    page.keyboard.press("Control+V")
    expect(page.get_by_label(label)).to_have_value(url)
    page.get_by_role("button", name="Salvar", exact=True).click()
    expect(page.get_by_text("respondeu 200")).to_be_visible()


def open_product_at_tiny(page: Page, platform: Platform, company: Company) -> None:
    page.goto(f"{platform.tiny.url}/contas/{company.account.id}/produtos?busca={SKU}")
    page.get_by_role("link", name=NAME).click()


def find_stock(page: Page) -> Locator:
    return page.get_by_role("region", name="Números do produto").locator(".fig", has_text="Estoque").first


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_stock_that_is_changed_at_tiny_is_seen_here_at_once(
    platform: Platform, sellers: dict[str, Company], open_page: OpenPage, protocol: str
) -> None:
    company, label = sellers[protocol], STOCK_FIELD[protocol]
    company.account.add_product(sku=SKU, descricao=NAME, preco=249.9, saldo=41)
    page = open_page(company.email())
    connect(platform, page, company, protocol)
    import_products(page)
    url = copy_url(page, label)
    fact = page.locator("li", has=page.get_by_label(label)).locator(".fact")
    expect(fact).to_contain_text("Aguardando a primeira…")
    tiny = page.context.new_page()
    paste_at_tiny(tiny, platform, company, label, url)

    shop = page.context.new_page()
    shop.goto(f"{platform.url}{company.products}?q={SKU}")
    shop.get_by_role("link", name=NAME).click()
    expect(find_stock(shop)).to_contain_text("41")
    open_product_at_tiny(tiny, platform, company)
    tiny.get_by_label("Saldo em Geral").fill("37")
    began = time.monotonic()
    tiny.get_by_role("button", name="Salvar estoque").click()
    while "37" not in find_stock(shop).inner_text():
        assert time.monotonic() - began < 60
        shop.reload()
    print(f"{protocol}: seen {time.monotonic() - began:.2f} s after the button at Tiny was pressed")

    line = shop.get_by_role("region", name="Histórico").locator(".ev").first
    expect(line).to_contain_text("Atualizado pelo Tiny: Estoque")
    expect(line).to_contain_text("41 → 37")
    expect(line).to_contain_text("notificação do Tiny")
    # The tab, which has been open all the time, tells by itself.
    expect(fact).to_contain_text(f"{SKU}: saldo 37")

    shop.goto(platform.url + company.notifications)
    shop.get_by_role("row", name=f"{SKU}: saldo 37").get_by_role("link").click()
    expect(shop.locator(".head")).to_contain_text("Processada")
    changed = shop.get_by_role("table", name="O que mudou aqui").get_by_role("row", name="Estoque")
    expect(changed.get_by_role("cell")).to_have_text(["41", "37"])
