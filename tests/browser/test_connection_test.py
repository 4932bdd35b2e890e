"""«Testar» in the panel: what each failing step says, and its own remedy."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.platform import Company, Platform

OpenPage = Callable[..., Page]
# One test every ten seconds: the former ones are made older instead of waiting.
BETWEEN_TESTS = "1 hour"


def press(platform: Platform, page: Page) -> None:
    platform.run_as_owner(
        "UPDATE integrations_connectiontest SET requested_at = requested_at - %s::interval", [BETWEEN_TESTS]
    )
    page.get_by_role("dialog").get_by_role("button", name="Testar").click()


def expect_step(page: Page, title: str, *texts: str) -> None:
    step = page.locator("#teste .steps li", has_text=title)
    for text in texts:
        expect(step).to_contain_text(text, timeout=60_000)


@pytest.mark.slow
def test_every_failing_step_shows_its_own_remedy(
    platform: Platform, companies: dict[str, Company], open_page: OpenPage
) -> None:
    company = companies["testada"]
    page = open_page(company.email())
    app = company.account.add_app(f"{platform.url}/integracoes/tiny/oauth/retorno/")
    page.goto(f"{platform.url}{company.gallery}tiny/nova/conexao/")
    page.get_by_label("Client ID").fill(app["client_id"])
    page.get_by_label("Client Secret").fill(app["client_secret"])
    page.get_by_role("button", name="Salvar").click()
    panel = page.get_by_role("dialog")
    expect(panel).to_contain_text("Rascunho")
    panel.get_by_role("button", name="Testar").click()
    expect_step(page, "Dados preenchidos", "ainda não foi autorizada", "Clique em Conectar")
    expect_step(page, "Relógio", "Não verificado")

    panel.get_by_role("button", name="Conectar", exact=True).click()
    page.get_by_role("button", name="Autorizar").click()
    expect(page.get_by_role("dialog")).to_contain_text("Conectado como")
    expect(page.locator("#teste .banner")).to_contain_text("Conexão funcionando", timeout=60_000)
    expect_step(page, "Autenticação", "Acesso aceito. Conta")

    tiny, account_id = platform.tiny, company.account.id
    with tiny.frozen():
        press(platform, page)
        expect_step(
            page,
            "Endereço e certificado",
            "O Tiny demorou demais para responder",
            "Tentamos de novo sozinhos",
        )
        expect_step(page, "Autenticação", "Não verificado")
    expect(page.locator("#teste .banner.err")).to_contain_text("O teste parou em Endereço")

    tiny.add_fault(account_id=account_id, route="GET /formas-envio", times=1, status=403)
    press(platform, page)
    expect_step(page, "Permissões", "Falta permissão para Formas de envio", "conecte de novo")
    tiny.control("POST", "faults/clear")

    tiny.control("PATCH", f"accounts/{account_id}", {"read_limit": 100})
    tiny.control("POST", f"accounts/{account_id}/quota/consume", {"bucket": "read", "count": 88})
    press(platform, page)
    expect_step(page, "Limite do plano", "perto do limite")
    expect(page.locator("#teste .banner.warn")).to_contain_text("com 1 aviso", timeout=60_000)
    tiny.control("PATCH", f"accounts/{account_id}", {"read_limit": 0})

    platform.run_as_owner("INSERT INTO accounts_clockoffset (\"offset\") VALUES ('10 minutes')")
    press(platform, page)
    expect_step(page, "Relógio", "10 min de diferença", "É do nosso lado")
    platform.run_as_owner("DELETE FROM accounts_clockoffset")

    platform.revoke(app)
    tiny.control("POST", "tokens", {"client_id": app["client_id"], "action": "expire_access"})
    press(platform, page)
    expect_step(page, "Autenticação", "Não conseguimos renovar o acesso ao Tiny", "Clique em Conectar")
    expect_step(page, "Permissões", "Não verificado")
