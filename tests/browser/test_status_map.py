"""«Mapeamento de status», changed in the panel: what happens here and at Tiny follows it, both ways."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.platform import PROTOCOLS, Company, Platform, wait_for
from tests.browser.screens import connect_by_token, open_status_map
from tests.simulated_tiny import SimulatedAccount

OpenPage = Callable[..., Page]
# Situações of the simulated Tiny.
APPROVED, PREPARING, READY = 3, 4, 7


@pytest.fixture(scope="module")
def sellers(platform: Platform) -> dict[str, Company]:
    """By protocol."""
    made = platform.create_companies({"vale": "Vale Verde Ltda", "duna": "Duna Alta Ltda"})
    return {"v3": made["vale"], "v2": made["duna"]}


def find_order(platform: Platform, company: Company, page: Page, numero: str) -> str:
    """The address of our order that Tiny calls so."""
    wait_for(page, f"{platform.url}{company.orders}?q={numero}", f"Nº no Tiny {numero}")
    return platform.url + (page.locator("tbody .main-link").first.get_attribute("href") or "")


def wait_for_situacao(page: Page, account: SimulatedAccount, numero: str, situacao: int) -> None:
    """At Tiny itself."""
    deadline = time.monotonic() + 60
    while True:
        there = {str(row["numero"]): row["situacao"] for row in account.list_orders()}
        if there[numero] == situacao:
            return
        assert time.monotonic() < deadline, f"order {numero} stays in {there[numero]}, not {situacao}"
        page.wait_for_timeout(300)


def map_both_ways(page: Page) -> None:
    """«Em separação» writes another situation, and the one it wrote means more; first these two fight."""
    meaning = page.get_by_label("Quando no Tiny estiver em Preparando envio, mudar aqui para")
    meaning.select_option("Nota Fiscal emitida")
    page.get_by_role("button", name="Salvar").click()
    text = (
        "Em separação muda o Tiny para Preparando envio, "
        "e Preparando envio no Tiny muda o pedido para Nota Fiscal emitida."
    )
    expect(page.locator("tr.wrong", has_text="Em separação").first).to_contain_text(text)
    expect(page.locator("tr.wrong", has_text="Preparando envio").last).to_contain_text(text)
    expect(page.locator("tr.wrong")).to_have_count(2)
    page.get_by_role("link", name="Quando o pedido ficar em Em separação").click()
    written = page.get_by_label("Quando o pedido ficar em Em separação, mudar no Tiny para")
    expect(written).to_be_focused()
    written.select_option("Pronto para envio")

    page.get_by_role("button", name="Ver efeito").click()
    expect(page.locator("#efeito")).to_contain_text("De 3 pedidos em aberto, 1 mudaria de status")
    # Who reads by ear or works with keys is led there.
    expect(page.locator("#efeito")).to_be_focused()
    expect(meaning).to_have_value("invoiced")
    page.get_by_role("button", name="Salvar").click()
    expect(page.get_by_text("Mapeamento salvo. Vale para o que acontecer a partir de agora.")).to_be_visible()


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_the_map_of_the_panel_holds_both_ways(
    platform: Platform, sellers: dict[str, Company], open_page: OpenPage, protocol: str
) -> None:
    company = sellers[protocol]
    account = company.account
    first, second, third = (
        account.add_orders(situacao=situacao)[0] for situacao in (APPROVED, APPROVED, PREPARING)
    )
    page = open_page(company.email())
    if protocol == "v3":
        platform.connect(page, company)
    else:
        connect_by_token(platform, page, company)
    paths = [find_order(platform, company, page, str(order["numero"])) for order in (first, second, third)]
    for path, status in zip(paths, ("Pagamento aprovado", "Pagamento aprovado", "Em separação"), strict=True):
        wait_for(page, path, status)

    address = open_status_map(platform, page, company)
    map_both_ways(page)

    # A status that is said here is at Tiny what the map says, and comes back as nothing else.
    page.goto(paths[0])
    page.get_by_label("Novo status").select_option("Em separação")
    page.get_by_role("button", name="Mudar o status").click()
    wait_for_situacao(page, account, str(first["numero"]), READY)

    # A situation of Tiny is here what the map says.
    account.change_order(second["id"], situacao=PREPARING)
    wait_for(page, paths[1], "De-para aplicado: Preparando envio → Nota Fiscal emitida.", seconds=90)

    # The order that stood in that situation before follows when somebody says so.
    page.goto(platform.url + address)
    page.get_by_role("link", name="Aplicar aos pedidos em aberto").click()
    expect(page.locator("#aplicacao")).to_contain_text("De 3 pedidos em aberto, 1 mudaria de status.")
    page.get_by_role("button", name="Aplicar agora").click()
    expect(page.locator("#aplicacao")).to_contain_text(
        "3 pedidos vistos, 1 mudou de status, 0 com a situação a caminho do Tiny."
    )
    for path, status in zip(
        paths, ("Em separação", "Nota Fiscal emitida", "Nota Fiscal emitida"), strict=True
    ):
        page.goto(path)
        expect(page.locator(".head")).to_contain_text(status)
    there = {str(row["numero"]): row["situacao"] for row in account.list_orders()}
    assert [there[str(order["numero"])] for order in (first, second, third)] == [READY, PREPARING, PREPARING]

    page.goto(platform.url + address)
    page.get_by_role("button", name="Desfazer").click()
    expect(page.get_by_text("Desfeito: vale de novo o mapeamento anterior.")).to_be_visible()
    expect(page.get_by_label("Quando o pedido ficar em Em separação")).to_have_value("preparando_envio")
