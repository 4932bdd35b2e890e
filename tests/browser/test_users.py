"""«Usuários» in a browser: the link of a person, the token of a system; keys only; no script."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.platform import Company, Platform
from tests.browser.test_keyboard import press_until

OpenPage = Callable[..., Page]
PASSWORD = "uma frase que só eu sei"
UNUSABLE = "Este link já foi usado ou venceu. Peça outro a um administrador."


def test_a_person_comes_in_by_the_link_that_the_administrador_copied(
    platform: Platform, companies: dict[str, Company], open_page: OpenPage
) -> None:
    company = companies["negada"]
    page = open_page(company.email())
    page.goto(f"{platform.url}{company.orders}")
    page.get_by_role("navigation", name="Navegação principal", exact=True).get_by_role(
        "link", name="Usuários"
    ).click()
    page.get_by_role("link", name="Incluir").click()
    page.get_by_role("radio", name="Operador").check()
    expect(page.get_by_text("A pessoa entra com este e-mail.")).to_be_visible()
    page.get_by_label("Nome", exact=True).fill("Rita Moura")
    page.get_by_label("E-mail").fill("rita@pedra-lisa.example")
    page.get_by_role("button", name="Salvar").click()

    expect(page.get_by_text("Usuário incluído.")).to_be_visible()
    link = page.get_by_label("Link", exact=True).input_value()
    page.get_by_role("button", name="Copiar link").click()
    expect(page.get_by_role("button", name="Copiado")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == link
    page.get_by_role("link", name="Já copiei").click()
    expect(page.get_by_role("row", name="Rita Moura")).to_contain_text("Convidado")

    theirs = open_page()
    theirs.goto(link)
    expect(theirs.get_by_label("Senha", exact=True)).to_be_focused()
    for password, complaint in (
        ("curta", "Esta senha é muito curta. Ela precisa conter pelo menos 10 caracteres."),
        ("password123", "Esta senha é muito comum."),
    ):
        theirs.get_by_label("Senha", exact=True).fill(password)
        theirs.get_by_label("Repita a senha").fill(password)
        theirs.get_by_role("button", name="Definir senha e entrar").click()
        expect(theirs.locator(".msg")).to_have_text(complaint)
    with theirs.expect_request(re.compile("/convite/")) as asked:
        theirs.get_by_label("Senha", exact=True).fill(PASSWORD)
        theirs.get_by_label("Repita a senha").fill(PASSWORD)
        theirs.get_by_role("button", name="Definir senha e entrar").click()
    # Where the browser comes from is told without the secret.
    assert asked.value.headers.get("referer", "").count("/convite/") == 0
    expect(theirs.get_by_role("heading", name="Pedidos", level=1)).to_be_visible()
    expect(theirs.get_by_text("Senha definida.")).to_be_visible()

    third = open_page()
    third.goto(link)
    expect(third.get_by_text(UNUSABLE)).to_be_visible()
    page.reload()
    expect(page.get_by_role("row", name="Rita Moura")).to_contain_text("Ativo")


def test_a_system_gets_its_token_with_keys_only(
    platform: Platform, companies: dict[str, Company], open_page: OpenPage
) -> None:
    company = companies["revogada"]
    page = open_page(company.email())
    page.goto(f"{platform.url}{company.users}")
    press_until(page, "Integração 0")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Incluir usuário de integração")).to_be_visible()
    press_until(page, "Incluir usuário de integração")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Incluir usuário")).to_be_visible()
    press_until(page, "Integração")
    page.keyboard.press("ArrowUp")
    expect(page.get_by_role("radio", name="Consulta")).to_be_checked()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("radio", name="Integração")).to_be_checked()
    expect(page.get_by_text("ninguém entra no painel com ele")).to_be_visible()
    press_until(page, "Nome")
    press_until(page, "E-mail")
    page.keyboard.type("tiny@rio-claro.example")
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", name="Integração Tiny")).to_be_visible()
    press_until(page, "Gerar token")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Gerar token de API")).to_be_visible()
    press_until(page, "Ler pedidos")
    page.keyboard.press("Space")
    press_until(page, "Gerar token")
    page.keyboard.press("Enter")
    token = page.get_by_label("Token", exact=True).input_value()
    assert re.fullmatch(r"ent_live_[a-z0-9]{8}_[\w-]{43}", token)
    press_until(page, "Copiar")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Copiado")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == token
    press_until(page, "Já copiei")
    page.keyboard.press("Enter")
    expect(page.get_by_role("row", name=token[:17])).to_contain_text("Ler pedidos")
    press_until(page, "Revogar")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Revogar o token")).to_be_visible()
    press_until(page, "Revogar")
    page.keyboard.press("Enter")
    expect(page.get_by_role("row", name=token[:17])).to_contain_text("Revogado")


def test_everything_works_without_script(platform: Platform, companies: dict[str, Company]) -> None:
    company = companies["vista"]
    platform.open_window(company.email()).close()
    context = platform.browser.new_context(
        java_script_enabled=False, storage_state=platform.states[company.email()]
    )
    try:
        page = context.new_page()
        page.goto(f"{platform.url}{company.users}incluir/?perfil=integracao")
        page.get_by_role("button", name="Salvar").click()
        expect(page.locator(".summary")).to_contain_text("Informe o e-mail.")
        page.get_by_label("E-mail").fill("erp@vista.example")
        page.get_by_role("button", name="Salvar").click()
        expect(page.get_by_role("heading", name="Integração Tiny")).to_be_visible()
        page.get_by_role("link", name="Gerar token").click()
        page.get_by_label("Ler pedidos").check()
        page.get_by_label("Validade").select_option("Sem validade")
        page.get_by_role("button", name="Gerar token").click()
        page.get_by_role("link", name="Já copiei").click()
        expect(page.get_by_role("row", name="ent_live_")).to_contain_text("sem validade")
        page.get_by_role("link", name="Desativar").click()
        page.get_by_role("button", name="Desativar").click()
        expect(page.get_by_text("nenhum token funciona até você reativar")).to_be_visible()
        page.get_by_role("button", name="Reativar").click()
        expect(page.get_by_role("link", name="Desativar")).to_be_visible()
    finally:
        context.close()
