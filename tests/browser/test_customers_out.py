"""A customer of the panel: at Tiny by the criteria, else here with the reason until somebody insists."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import requests
from playwright.sync_api import Page, expect

from tests.browser.platform import PROTOCOLS, Company, Platform, wait_for
from tests.browser.screens import connect_by_token

OpenPage = Callable[..., Page]
FIRM, PERSON = "Móveis do Lago Ltda", "Ana de Exemplo"


@pytest.fixture(scope="module")
def sellers(platform: Platform) -> dict[str, Company]:
    """By protocol."""
    made = platform.create_companies({"lago": "Lago Verde Móveis Ltda", "serra": "Serra Alta Móveis Ltda"})
    return {"v3": made["lago"], "v2": made["serra"]}


def read_contacts(platform: Platform, token: str) -> dict[str, str]:
    """Tiny's truth, by either protocol: e-mails by name."""
    asked = {"token": token, "pesquisa": "", "formato": "json"}
    answer = requests.post(f"{platform.tiny.api2_url}/contatos.pesquisa.php", data=asked, timeout=30)
    rows = [row["contato"] for row in answer.json()["retorno"].get("contatos", [])]
    return {row["nome"]: row["email"] for row in rows}


def send_companies_only(page: Page, gallery: str) -> None:
    page.goto(gallery)
    page.locator("td .main-link").click()
    page.get_by_role("dialog").get_by_role("link", name="Clientes", exact=True).click()
    page.get_by_label("Pessoa Física").uncheck()
    page.get_by_role("button", name="Salvar").click()
    expect(page.get_by_text("Critérios salvos.")).to_be_visible()


def include(page: Page, customers: str, name: str, document: str, email: str) -> None:
    page.goto(f"{customers}novo/")
    page.get_by_label("Nome ou razão social").fill(name)
    page.get_by_label("CPF ou CNPJ").fill(document)
    page.get_by_label("E-mail").fill(email)
    page.get_by_role("button", name="Salvar").click()
    expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_customer_goes_to_tiny_by_the_criteria(
    platform: Platform, sellers: dict[str, Company], open_page: OpenPage, protocol: str
) -> None:
    company = sellers[protocol]
    token = company.account.add_integration("Leitura")["token"]
    page = open_page(company.email())
    if protocol == "v3":
        platform.connect(page, company)
    else:
        connect_by_token(platform, page, company)
    send_companies_only(page, platform.url + company.gallery)
    customers = platform.url + company.customers

    include(page, customers, PERSON, "529.982.247-25", "ana@example.com")
    person = page.url
    expect(
        page.get_by_text("Cliente incluído. Ficou só aqui. Fora do critério: pessoa física.")
    ).to_be_visible()

    # The channel does one thing after the other: the person would be there before the firm.
    include(page, customers, FIRM, "11.444.777/0001-61", "compras@lago.example")
    firm = page.url
    expect(page.get_by_text("Cliente incluído. A mudança vai para o Tiny.")).to_be_visible()
    wait_for(page, firm, "Criado no Tiny")
    assert read_contacts(platform, token) == {FIRM: "compras@lago.example"}

    page.get_by_role("link", name="Editar").click()
    page.get_by_label("E-mail").fill("novo@lago.example")
    page.get_by_role("button", name="Salvar").click()
    expect(page.get_by_text("Cliente salvo. A mudança vai para o Tiny.")).to_be_visible()
    wait_for(page, firm, "Enviado ao Tiny: E-mail")
    assert read_contacts(platform, token) == {FIRM: "novo@lago.example"}

    page.goto(person)
    held_back = page.locator(".banner", has_text="Fora do critério: pessoa física.")
    expect(held_back).to_contain_text("O que mudar aqui não vai para Integração Tiny ERP")
    held_back.get_by_role("button", name="Enviar assim mesmo").click()
    expect(page.get_by_text("O cliente vai para o Tiny.")).to_be_visible()
    wait_for(page, person, "Criado no Tiny")
    assert read_contacts(platform, token) == {FIRM: "novo@lago.example", PERSON: "ana@example.com"}
