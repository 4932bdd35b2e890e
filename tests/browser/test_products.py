"""Products in a browser: imported, guarded, compared; the de-para by keys; the charts' tables."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.platform import Company, Platform, wait_for
from tests.browser.screens import import_products

OpenPage = Callable[..., Page]


@pytest.fixture(scope="module")
def company(platform: Platform) -> Company:
    """Connected, its products imported: a lamp and some with problems."""
    company = platform.create_companies({"trilha": "Trilha Norte Equipamentos Ltda"})["trilha"]
    company.account.add_product(sku="LUM 01/é", descricao="Farolete náutico", preco=249.9, marca="Aurora")
    company.account.add_products(2, problems=True)
    window = platform.open_window(company.email())
    platform.connect(window.page, company)
    import_products(window.page)
    window.close()
    return company


def test_a_guarded_brand_stays_and_the_price_arrives(
    platform: Platform, company: Company, open_page: OpenPage
) -> None:
    (lamp,) = [row for row in company.account.list_products() if row["sku"] == "LUM 01/é"]
    page = open_page(company.email())
    page.goto(platform.url + company.gallery)
    page.get_by_role("link", name="Integração Tiny ERP").first.click()

    # The brand is guarded: what the choice would do is seen before it is saved.
    page.get_by_role("navigation", name="Partes da integração").get_by_role("link", name="Produtos").click()
    panel = page.get_by_role("dialog")
    brand = panel.get_by_label("Ignorar fabricante ou marca")
    brand.check()
    company.account.change_product(lamp["id"], marca="Serra", preco=199)
    panel.get_by_label("SKU do produto").fill("LUM 01/é")
    panel.get_by_role("button", name="Ver efeito").click()
    expect(panel.get_by_role("status").filter(has_text="nada mudaria")).to_be_visible()
    panel.get_by_role("button", name="Salvar").click()
    expect(page.get_by_text("Vale para as próximas atualizações.")).to_be_visible()

    # Brand and price changed at Tiny: only the price arrives, and the page says why.
    page.goto(f"{platform.url}{company.products}?q=LUM 01")
    page.get_by_role("link", name="Farolete náutico").click()
    page.get_by_role("button", name="Reconferir agora").click()
    expect(page.get_by_role("region", name="Números do produto")).to_contain_text("R$ 199,00")
    row = page.get_by_role("region", name="Aqui e no Tiny").get_by_role("row", name="Marca")
    expect(row).to_contain_text("Aurora")
    expect(row.locator("s")).to_have_text("Serra")
    expect(row).to_contain_text("mantido")
    expect(row).to_contain_text("Critério: Ignorar fabricante ou marca")

    # The same steps for those who cannot see the drawing.
    price = page.get_by_role("figure", name="Preço")
    expect(price.get_by_role("img")).to_be_visible()
    price.get_by_text("Ver como tabela").click()
    expect(price.get_by_role("row").nth(1)).to_contain_text("R$ 249,90")
    expect(price.get_by_role("row").nth(1)).to_contain_text("R$ 199,00")

    # And what the effect would be without the guard.
    page.get_by_role("link", name="Mudar os critérios").click()
    panel.get_by_label("Ignorar fabricante ou marca").uncheck()
    panel.get_by_label("SKU do produto").fill("LUM 01/é")
    panel.get_by_role("button", name="Ver efeito").click()
    arriving = panel.get_by_role("row", name="Marca")
    expect(arriving).to_contain_text("Serra")
    expect(arriving).not_to_contain_text("mantido")


def test_a_product_without_sku_is_linked_by_keys_alone(
    platform: Platform, company: Company, open_page: OpenPage
) -> None:
    page = open_page(company.email("operator"))
    wait_for(page, f"{platform.url}{company.products}problemas/?tipo=sku_missing", "Sem SKU no Tiny")
    link = page.get_by_role("link", name="Vincular ou criar").first
    link.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/de-para/produtos/?item=*")
    sku = page.get_by_label("SKU do produto novo")
    sku.focus()
    page.keyboard.type("NOVO 1")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Produto NOVO 1 criado.")).to_be_visible()
    page.goto(f"{platform.url}{company.products}?q=NOVO 1")
    expect(page.get_by_role("row", name="NOVO 1")).to_be_visible()


def test_the_list_answers_while_one_types(platform: Platform, company: Company, open_page: OpenPage) -> None:
    page = open_page(company.email("viewer"), width=390)
    page.goto(platform.url + company.products)
    expect(page.get_by_role("link", name="Incluir")).to_have_count(0)
    page.get_by_label("Buscar por nome, SKU ou GTIN").fill("farolete náutico")
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.locator("#aviso")).to_have_text("1 produto")
    assert page.url.endswith("?q=farolete%20n%C3%A1utico")
