"""Help page A, as a seller's admin walks it: a user, the credentials at Tiny, the panel, «Testar», orders."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.platform import Company, Platform, wait_for

OpenPage = Callable[..., Page]
CUSTOMER = {"nome": "Luzia Ferreira Rocha", "cpfCnpj": "529.982.247-25"}


def read_credentials_at_tiny(page: Page, platform: Platform, company: Company) -> dict[str, str]:
    """At Tiny: add the integration, «Gerenciar», and what its page shows."""
    page.goto(f"{platform.tiny.url}/contas/{company.account.id}/integracoes")
    page.get_by_label("Nome").fill("Entreposto")
    page.get_by_role("button", name="Adicionar").click()
    return {
        name: page.locator("dl div", has_text=name).locator("dd").first.inner_text()
        for name in ("Identificador do integrador", "Token")
    }


def test_newcomer_connects_by_token_and_watches_orders_arrive(
    platform: Platform, companies: dict[str, Company], open_page: OpenPage
) -> None:
    company = companies["de-token"]
    (row,) = company.account.add_orders(
        situacao=1, nota=True, tracking={"code": "QQ123456785BR"}, cliente=CUSTOMER
    )
    page = open_page(company.email())
    page.goto(f"{platform.url}{company.orders}")

    page.get_by_role("link", name="Usuários").click()
    page.get_by_role("link", name="Incluir").first.click()
    page.get_by_role("radio", name="Integração").check()
    page.get_by_label("Nome").fill("Integração Tiny")
    page.get_by_label("E-mail").fill("tiny@de-token.example")
    page.get_by_role("button", name="Salvar").click()
    expect(page.get_by_text("Usuário incluído.")).to_be_visible()

    simulator = page.context.new_page()
    shown = read_credentials_at_tiny(simulator, platform, company)
    page.bring_to_front()

    page.get_by_role("navigation").get_by_role("link", name="Integrações").first.click()
    page.get_by_role("link", name="Conectar Tiny").click()
    panel = page.get_by_role("dialog")
    panel.get_by_role("link", name="Token (API 2.0)").click()
    expect(panel.get_by_label("Nome da integração")).to_have_value("Integração Tiny ERP")
    panel.get_by_label("Usuário da integração").select_option("Integração Tiny")
    panel.get_by_label("Identificador do integrador").fill(shown["Identificador do integrador"])
    panel.get_by_label("Token").fill(shown["Token"])
    panel.get_by_role("checkbox", name="Pagamento aprovado").check()
    panel.get_by_role("button", name="Salvar e testar").click()
    expect(panel).to_contain_text(f"Conectado como {company.name}", timeout=60_000)
    expect(panel).to_contain_text("Conexão funcionando")
    expect(panel).to_contain_text("O Tiny não deixa conferir este número sozinho")
    assert shown["Token"] not in page.content()

    wait_for(page, f"{platform.url}{company.orders}", CUSTOMER["nome"])
    line = page.locator("tbody tr", has_text=str(row["numero"]))
    expect(line).to_contain_text("Nota Fiscal emitida")
    wait_for(page, f"{platform.url}{company.orders}1/", "Nota fiscal")
    expect(page.locator("main")).to_contain_text("QQ123456785BR")
    expect(page.get_by_role("region", name="Histórico")).to_contain_text("Tiny · Integração Tiny")


def test_wrong_token_says_what_to_do_and_a_good_one_connects(
    platform: Platform, companies: dict[str, Company], open_page: OpenPage
) -> None:
    company = companies["de-token-errado"]
    access = company.account.add_integration()
    page = open_page(company.email())
    page.goto(f"{platform.url}{company.gallery}tiny/nova/conexao/?forma=v2")
    panel = page.get_by_role("dialog")
    panel.get_by_role("link", name="Incluir usuário de integração").click()
    page.get_by_label("Nome").fill("Integração Tiny")
    page.get_by_label("E-mail").fill("tiny@de-token-errado.example")
    page.get_by_role("button", name="Salvar").click()
    expect(page.get_by_text("Usuário incluído.")).to_be_visible()

    page.goto(f"{platform.url}{company.gallery}tiny/nova/conexao/?forma=v2")
    panel.get_by_role("button", name="Salvar e testar").click()
    expect(page.locator(".summary")).to_contain_text("Informe o Token.")
    expect(page.locator(".summary")).to_contain_text("Escolha o usuário da integração.")
    panel.get_by_label("Usuário da integração").select_option("Integração Tiny")
    panel.get_by_label("Identificador do integrador").fill(access["ecommerce_id"])
    panel.get_by_label("Token").fill("copiado-pela-metade")
    panel.get_by_role("button", name="Salvar e testar").click()
    expect(panel).to_contain_text("O teste parou em Autenticação: O Tiny não reconheceu o Token.")
    expect(panel).to_contain_text("Copie de novo em Integrações > Gerenciar")
    expect(panel).to_contain_text("Rascunho")

    panel.get_by_text("Substituir").click()
    panel.get_by_label("Token").fill(access["token"])
    panel.get_by_role("button", name="Salvar e testar").click()
    expect(panel).to_contain_text(f"Conectado como {company.name}")
