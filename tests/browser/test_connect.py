"""From nothing to orders that keep arriving, as a newcomer does it; refusals and the way back."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.platform import Company, Platform

OpenPage = Callable[..., Page]
# The list looks again every 15 s.
BY_ITSELF_MS = 90_000
CUSTOMER = {"nome": "Luzia Ferreira Rocha", "cpfCnpj": "529.982.247-25"}


def test_newcomer_connects_tiny_and_watches_orders_arrive(
    platform: Platform, companies: dict[str, Company], open_page: OpenPage
) -> None:
    company = companies["novata"]
    (row,) = company.account.add_orders(
        situacao=1, nota=True, tracking={"code": "QQ123456785BR"}, cliente=CUSTOMER
    )
    page = open_page()
    platform.log_in(page, company.email())
    expect(page.get_by_role("heading", name="Nenhum pedido ainda")).to_be_visible()
    page.get_by_role("link", name="Conectar um ERP").click()
    page.get_by_role("link", name="Conectar Tiny").click()
    page.get_by_role("dialog").get_by_role("link", name="OAuth2").click()
    expect(page).to_have_url(re.compile("/tiny/nova/conexao/$"))
    panel = page.get_by_role("dialog")
    panel.get_by_role("button", name="Copiar URL de redirecionamento").click()
    expect(panel.get_by_text("Copiado", exact=True).first).to_be_visible()

    simulator = page.context.new_page()
    simulator.goto(f"{platform.tiny.url}/contas/{company.account.id}/aplicativos")
    simulator.get_by_label("Nome").fill("Entreposto")
    simulator.get_by_label("URL de redirecionamento").focus()
    simulator.keyboard.press("Control+V")
    simulator.get_by_role("button", name="Registrar aplicativo").click()
    shown = {
        name: simulator.locator("dl div", has_text=name).locator("dd").inner_text()
        for name in ("Client ID", "Client Secret", "URL de redirecionamento")
    }
    assert shown["URL de redirecionamento"] == f"{platform.url}/integracoes/tiny/oauth/retorno/"

    page.bring_to_front()
    panel.get_by_label("Client ID").fill(shown["Client ID"])
    panel.get_by_label("Client Secret").fill(shown["Client Secret"])
    panel.get_by_role("button", name="Conectar", exact=True).click()
    page.get_by_role("button", name="Autorizar").click()
    expect(page.get_by_role("dialog")).to_contain_text(f"Conectado como {company.name}")
    expect(page.get_by_text("Os pedidos já estão chegando")).to_be_visible()
    assert shown["Client Secret"] not in page.content()

    page.goto(f"{platform.url}{company.orders}")
    arrived = page.locator("tbody tr", has_text=str(row["numero"]))
    expect(arrived).to_have_count(1, timeout=BY_ITSELF_MS)
    expect(arrived).to_contain_text(CUSTOMER["nome"])
    expect(arrived).to_contain_text("QQ123456785BR")
    expect(arrived).to_contain_text("Nota Fiscal emitida")
    arrived.get_by_role("link").click()
    key = re.sub(r"(.{4})(?=.)", r"\1 ", row["chaveAcesso"])
    expect(page.get_by_text(key)).to_be_visible()
    expect(page.get_by_role("region", name="Cliente")).to_contain_text(CUSTOMER["nome"])
    expect(page.get_by_role("region", name="Cliente")).to_contain_text("***.982.247-**")
    expect(page.get_by_role("region", name="Itens")).to_contain_text("SKU")

    page.get_by_role("navigation", name="Você está em").get_by_role("link", name="Pedidos").click()
    expect(arrived).to_contain_text("Nota Fiscal emitida")
    simulator.goto(f"{platform.tiny.url}/contas/{company.account.id}/pedidos/{row['id']}")
    simulator.get_by_label("Código de rastreamento").fill("QQ987654327BR")
    simulator.get_by_role("button", name="Salvar").click()
    simulator.get_by_label("Nova situação").select_option("5")
    simulator.get_by_role("button", name="Mudar").click()
    page.bring_to_front()
    expect(arrived).to_contain_text("QQ987654327BR", timeout=BY_ITSELF_MS)
    expect(arrived).to_contain_text("Em transporte", timeout=BY_ITSELF_MS)


def test_consent_denied_at_tiny_says_so_and_can_be_repeated(
    platform: Platform, companies: dict[str, Company], open_page: OpenPage
) -> None:
    company = companies["negada"]
    app = company.account.add_app(f"{platform.url}/integracoes/tiny/oauth/retorno/")
    page = open_page(company.email())
    page.goto(f"{platform.url}{company.gallery}tiny/nova/conexao/")
    page.get_by_label("Client ID").fill(app["client_id"])
    page.get_by_label("Client Secret").fill(app["client_secret"])
    page.get_by_role("button", name="Conectar", exact=True).click()
    page.get_by_role("button", name="Negar").click()
    panel = page.get_by_role("dialog")
    expect(panel.get_by_role("alert")).to_contain_text("A autorização foi cancelada no Tiny")
    expect(panel).to_contain_text("Rascunho")
    panel.get_by_role("button", name="Conectar", exact=True).click()
    page.get_by_role("button", name="Autorizar").click()
    expect(page.get_by_role("dialog")).to_contain_text("Conectado como")


def test_session_ended_at_tiny_shows_a_banner_and_reconnects(
    platform: Platform, companies: dict[str, Company], open_page: OpenPage
) -> None:
    company = companies["revogada"]
    page = open_page(company.email())
    app = platform.connect(page, company)
    platform.revoke(app)
    page.goto(f"{platform.url}{company.orders}")
    banner = page.locator(".banners .banner.err")
    for _ in range(60):
        if banner.count():
            break
        page.wait_for_timeout(500)
        page.reload()
    expect(banner).to_contain_text("está desconectado")
    expect(banner).to_contain_text("Nenhum pedido foi perdido")
    viewer = open_page(company.email("viewer"))
    viewer.goto(f"{platform.url}{company.orders}")
    expect(viewer.locator(".banners .banner.err")).to_contain_text("Peça a um administrador")
    expect(viewer.get_by_role("button", name="Conectar")).to_have_count(0)
    page.goto(f"{platform.url}{company.gallery}")
    page.get_by_role("link", name="Integração Tiny").first.click()
    expect(page.get_by_role("dialog")).to_contain_text("Desconectado desde")
    page.goto(f"{platform.url}{company.orders}")
    banner.get_by_role("button", name="Conectar").click()
    page.get_by_role("button", name="Autorizar").click()
    expect(page.get_by_role("dialog")).to_contain_text("Conectado como")
    page.goto(f"{platform.url}{company.orders}")
    expect(banner).to_have_count(0)
