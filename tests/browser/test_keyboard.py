"""Without a mouse: everything is reached, in order, and one sees where one is."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.people import PASSWORD
from tests.browser.platform import Company, Platform
from tests.browser.screens import GUEST, World

OpenPage = Callable[..., Page]

# What holds the focus, and whether one sees it: a ring of its own, or of the box that draws it.
DESCRIBE_FOCUS = """() => {
  const one = document.activeElement;
  const ring = [one, one.closest(".search"), one.querySelector("summary")].some((box) => {
    const style = box && getComputedStyle(box);
    return style && style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
  });
  const label = [one.getAttribute("aria-label"), one.labels?.[0]?.innerText, one.innerText, one.value];
  return [one.tabIndex, label.find(Boolean)?.trim().replace(/\\s+/g, " ") || one.tagName, ring];
}"""


def press_until(page: Page, name: str, *, key: str = "Tab", limit: int = 40) -> None:
    """Press ``key`` until what holds the focus is called ``name``; every stop on the way shows a ring."""
    stops = []
    for _ in range(limit):
        page.keyboard.press(key)
        tab_index, label, has_ring = page.evaluate(DESCRIBE_FOCUS)
        if tab_index < 0:
            # The page, or a heading to which the page itself moved the focus: no stop of the Tab key.
            continue
        stops.append(label)
        assert has_ring, f"no focus ring on «{label}»"
        if name in label:
            return
    raise AssertionError(f"«{name}» is not among {stops}")


def test_log_in_connect_and_go_back_with_keys_only(
    platform: Platform, companies: dict[str, Company], open_page: OpenPage
) -> None:
    company = companies["vazia"]
    page = open_page()
    page.goto(f"{platform.url}/entrar/")
    expect(page.get_by_label("E-mail")).to_be_focused()
    page.keyboard.type(company.email())
    press_until(page, "Senha")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Pedidos", level=1)).to_be_visible()

    press_until(page, "Pular para o conteúdo")
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    press_until(page, "Conectar um ERP")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Integrações ERP", level=1)).to_be_visible()

    press_until(page, "Conectar Tiny ERP")
    page.keyboard.press("Enter")
    # Modal, not merely visible: the script takes the focus in a moment after the panel is there.
    panel = page.locator("dialog:modal")
    expect(panel).to_be_visible()
    assert page.evaluate("document.querySelector('dialog').contains(document.activeElement)")
    for _ in range(12):
        page.keyboard.press("Tab")
        inside = page.evaluate(
            "document.activeElement === document.body || "
            "document.querySelector('dialog').contains(document.activeElement)"
        )
        assert inside, "the focus left the open panel"
    page.keyboard.press("Escape")
    expect(panel).to_have_count(0)
    expect(page).to_have_url(re.compile(f"{company.gallery}$"))
    expect(page.get_by_role("link", name="Conectar Tiny ERP")).to_be_focused()

    page.keyboard.press("Enter")
    expect(panel).to_be_visible()
    press_until(page, "OAuth2")
    page.keyboard.press("Enter")
    expect(panel.get_by_label("Client ID")).to_be_visible()
    press_until(page, "Nome da integração")
    page.keyboard.press("Control+A")
    page.keyboard.type("Tiny da Serra")
    press_until(page, "Client ID")
    page.keyboard.type("tiny-api-1")
    press_until(page, "Client Secret")
    page.keyboard.type("segredo")
    press_until(page, "Salvar")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Integração salva.")).to_be_visible()
    expect(panel).to_contain_text("Rascunho")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_role("link", name="Tiny da Serra").first).to_be_visible()


def test_unsaved_changes_are_not_lost_by_a_key(
    platform: Platform, companies: dict[str, Company], open_page: OpenPage
) -> None:
    company = companies["novata"]
    page = open_page(company.email())
    page.goto(f"{platform.url}{company.gallery}tiny/nova/conexao/")
    page.get_by_label("Client ID").fill("tiny-api-1")
    page.once("dialog", lambda dialog: dialog.dismiss())
    page.keyboard.press("Escape")
    expect(page.get_by_label("Client ID")).to_have_value("tiny-api-1")
    page.once("dialog", lambda dialog: dialog.accept())
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


@pytest.mark.slow
def test_search_menu_and_switch_of_organization_with_keys_only(world: World, open_page: OpenPage) -> None:
    page = open_page(GUEST)
    page.goto(f"{world.platform.url}{world.full.orders}")
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.type(world.opened)
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page).to_have_url(re.compile(f"q={world.opened}"))
    page.go_back()
    expect(page.locator("tbody tr")).to_have_count(25)

    page.locator("details.menu > summary").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Sair")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Sair")).to_be_hidden()
    expect(page.locator("details.menu > summary")).to_be_focused()
    page.keyboard.press("Enter")
    press_until(page, "Trocar de organização")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Escolha a organização")).to_be_visible()
    press_until(page, world.empty.name)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Nenhum pedido ainda")).to_be_visible()
