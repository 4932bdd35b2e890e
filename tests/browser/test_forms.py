"""Errors that lead to their field, and pages without the buttons that a perfil may not press."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.platform import Company, Platform
from tests.browser.screens import World

OpenPage = Callable[..., Page]


def test_refused_form_puts_the_focus_on_the_summary_and_marks_each_field(
    platform: Platform, companies: dict[str, Company], open_page: OpenPage
) -> None:
    company = companies["vazia"]
    page = open_page(company.email())
    page.goto(f"{platform.url}{company.gallery}")
    page.get_by_role("link", name="Conectar Tiny").click()
    page.get_by_role("dialog").get_by_role("link", name="OAuth2").click()
    panel = page.get_by_role("dialog")
    panel.get_by_label("Client ID").fill("tiny-api-1")
    panel.get_by_label("Link de convite").fill("http://outro.example/convite")
    with page.expect_response(lambda response: response.request.method == "POST") as answer:
        panel.get_by_role("button", name="Conectar", exact=True).click()
    assert answer.value.status == 422
    summary = panel.locator(".summary")
    expect(summary).to_be_focused()
    expect(summary).to_contain_text("Para salvar, corrija 2 campos:")
    for label, message in {
        "Client Secret": "Informe o Client Secret.",
        "Link de convite": "Use um link que comece com https://. "
        "Copie de novo o link que o Tiny mostrou ao criar a aplicação.",
    }.items():
        field = panel.get_by_label(label)
        expect(field).to_have_attribute("aria-invalid", "true")
        described = field.get_attribute("aria-describedby") or ""
        texts = [panel.locator(f"#{part}").inner_text().strip() for part in described.split()]
        assert message in texts
    expect(panel.get_by_label("Client ID")).to_have_value("tiny-api-1")
    expect(panel.get_by_label("Client ID")).not_to_have_attribute("aria-invalid", "true")
    summary.get_by_role("link", name="Client Secret").click()
    expect(panel.get_by_label("Client Secret")).to_be_focused()


def test_only_an_administrador_sees_buttons_that_change_a_connection(
    platform: Platform, companies: dict[str, Company], open_page: OpenPage
) -> None:
    company = companies["vista"]
    platform.connect(open_page(company.email()), company)
    for perfil in ("operator", "viewer"):
        page = open_page(company.email(perfil))
        page.goto(f"{platform.url}{company.gallery}")
        expect(page.get_by_role("link", name="Configurar")).to_have_count(0)
        page.get_by_role("link", name="Ver Integração Tiny ERP").click()
        panel = page.get_by_role("dialog")
        expect(panel).to_contain_text("Só um Administrador da organização pode alterar esta integração.")
        expect(panel.get_by_role("button", name=re.compile("Salvar|Conectar"))).to_have_count(0)
        expect(panel.get_by_label("Nome da integração")).to_be_disabled()
        expect(panel.get_by_label("Client ID")).to_have_count(0)
        page.goto(f"{platform.url}{company.gallery}tiny/")
        expect(page.get_by_role("dialog").get_by_role("link", name="OAuth2")).to_have_count(0)
        response = page.goto(f"{platform.url}{company.gallery}tiny/nova/conexao/")
        assert response is not None and response.status == 404


@pytest.mark.slow
def test_central_de_erros_is_not_for_consulta(world: World, open_page: OpenPage) -> None:
    viewer = open_page(world.broken.email("viewer"))
    viewer.goto(f"{world.platform.url}{world.broken.orders}")
    expect(viewer.get_by_role("link", name="Central de erros")).to_have_count(0)
    response = viewer.goto(f"{world.platform.url}{world.broken.errors}")
    assert response is not None and response.status == 404
    operator = open_page(world.broken.email("operator"))
    operator.goto(f"{world.platform.url}{world.broken.errors}")
    expect(operator.get_by_role("button", name="Conectar")).to_have_count(0)
    expect(operator.get_by_role("button", name="Tentar de novo")).to_have_count(3)
