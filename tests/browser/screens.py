"""Every screen in every state that it has: one list for accessibility, reflow and the pictures.

A screen is a function that leads a page to a state; it gets a ``Visit``. Its name is the picture's name.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.sync_api import Page, expect

from tests.browser.parcels import PAGES
from tests.browser.people import PASSWORD
from tests.browser.platform import Company, Platform, wait_for

FULL_ORDERS = 64
BUYER_PAGES = (*PAGES, "codigo-trocado", "desconhecido")
GUEST, NOBODY = "lia@contabil.example", ""


@dataclass
class World:
    """Companies in the states that the screens show, made once. Orders by our number."""

    platform: Platform
    empty: Company
    full: Company
    broken: Company
    # Its ERP never answers for a single order, so that every order's items are always on their way.
    waiting: Company
    by_token: Company
    opened: str = ""
    cancelled: str = ""
    deleted: str = ""
    # Paths of products of ``full``: one that differs from Tiny's, one with variations; and its criteria.
    product: str = ""
    parent: str = ""
    # One whose price at Tiny fell so far that the breaker holds it.
    held_product: str = ""
    criteria: str = ""
    # A company whom Tiny has, a person whom the criteria leave out, and those criteria.
    customer: str = ""
    left_out: str = ""
    customer_criteria: str = ""
    # The status map of ``full``, and of ``by_token``: that one was changed, applied and undone.
    status_map: str = ""
    changed_map: str = ""
    failed: str = ""
    # Of ``full``: the tab of its notifications, and one about the lamp, which is Tiny's identifier of it. Of
    # ``by_token``: its tab, a notification that was refused, and what became of it when it was tried again.
    lamp: str = ""
    places: str = ""
    receipt: str = ""
    places_refused: str = ""
    refused: str = ""
    replayed: str = ""
    # Of ``by_token``: a sheet whose orders were taken, but for one that was refused and one that is wrong.
    sheet: str = ""
    # Paths of orders of ``full``: one at Tiny, one left out by the criteria, one that waits for a SKU.
    sent: str = ""
    order_left_out: str = ""
    stopped: str = ""
    # Paths of users of ``full``; ``system`` gets a token at every visit of its screen.
    person: str = ""
    invited: str = ""
    system: str = ""
    system_unused: str = ""
    system_with_tokens: str = ""
    invitation: str = ""
    # Paths of the page that the buyers of one more company read, by what it says (tests/browser/parcels.py).
    buyer: dict[str, str] = field(default_factory=dict)
    # The same company, and paths of its own pages (tests/browser/carriage.py).
    shop: Company = field(init=False)
    carriage: dict[str, str] = field(default_factory=dict)


@dataclass
class Visit:
    world: World
    page: Page

    def open(self, path: str) -> None:
        self.page.goto(self.world.platform.url + path)


@dataclass(frozen=True)
class Screen:
    name: str
    lead: Callable[[Visit], None]
    email: Callable[[World], str]


SCREENS: list[Screen] = []
Lead = Callable[[Visit], None]


def screen(name: str, who: Callable[[World], str]) -> Callable[[Lead], Lead]:
    def register(lead: Lead) -> Lead:
        SCREENS.append(Screen(name, lead, who))
        return lead

    return register


def nobody(world: World) -> str:
    return NOBODY


def guest(world: World) -> str:
    return GUEST


def of_empty(world: World) -> str:
    return world.empty.email()


def of_full(world: World) -> str:
    return world.full.email()


def viewer_of_full(world: World) -> str:
    return world.full.email("viewer")


def of_by_token(world: World) -> str:
    return world.by_token.email()


def viewer_of_by_token(world: World) -> str:
    return world.by_token.email("viewer")


def of_waiting(world: World) -> str:
    return world.waiting.email()


def of_broken(world: World) -> str:
    return world.broken.email()


def of_shop(world: World) -> str:
    return world.shop.email()


def viewer_of_shop(world: World) -> str:
    return world.shop.email("viewer")


def operator_of_broken(world: World) -> str:
    return world.broken.email("operator")


def make_world(platform: Platform) -> World:
    """Everything through the panel and the simulator, as it happens in life."""
    names = {
        "aurora": "Aurora Casa e Decoração Ltda",
        "mantiqueira": "Mantiqueira Café e Utilidades Domésticas Ltda",
        "horizonte": "Horizonte Papelaria Ltda",
        "litoral": "Litoral Pesca e Náutica Ltda",
        "cerrado": "Cerrado Instrumentos Musicais Ltda",
    }
    companies = platform.create_companies(names, guests={GUEST: ["aurora", "mantiqueira"]})
    full, empty, broken, waiting, by_token = (companies[slug] for slug in names)
    world = World(platform, empty, full, broken, waiting, by_token)
    _connect_by_token(world)
    _take_sheets(world)
    _map_statuses(world)
    _wait(world)
    _fill(world)
    _sell(world)
    _notify(world)
    _choose_customers(world)
    _people(world)
    _place(world)
    _break(world)
    shop = platform.create_companies({"porto": "Porto Cerâmica e Utilidades Ltda"})["porto"]
    world.buyer = json.loads(platform.run_script("tests.browser.parcels", shop.slug))
    world.shop = shop
    world.carriage = json.loads(platform.run_script("tests.browser.carriage", shop.slug))
    _sign(world)
    return world


def connect_by_token(platform: Platform, page: Page, company: Company) -> None:
    """As ``Platform.connect``, over API v2: the user of the integration first."""
    page.goto(f"{platform.url}{company.users}incluir/?perfil=integracao")
    page.get_by_label("Nome", exact=True).fill("Integração Tiny")
    page.get_by_label("E-mail").fill(f"tiny@{company.slug}.example")
    page.get_by_role("button", name="Salvar").click()
    expect(page.get_by_text("Usuário incluído.")).to_be_visible()
    access = company.account.add_integration()
    page.goto(f"{platform.url}{company.gallery}tiny/nova/conexao/?forma=v2")
    page.get_by_label("Usuário da integração").select_option("Integração Tiny")
    page.get_by_label("Identificador do integrador").fill(access["ecommerce_id"])
    page.get_by_label("Token").fill(access["token"])
    page.get_by_role("button", name="Salvar e testar").click()
    expect(page.get_by_role("dialog")).to_contain_text("Conectado como")


def _connect_by_token(world: World) -> None:
    platform, company = world.platform, world.by_token
    company.account.add_orders(count=3, situacoes=[1], since_days=2)
    admin = platform.open_window(company.email())
    page = admin.page
    connect_by_token(platform, page, company)
    wait_for(page, platform.url + company.orders, "3 pedidos")
    admin.close()


SHEET = """número do pedido;canal;data;cliente;sku;descrição;quantidade;preço unitário;cor
MKT-1001;Loja própria;18/11/2026;Maria de Exemplo;LUM-01;Luminária de mesa;2;1.234,56;azul
MKT-1001;;;;VASO-02;Vaso de cerâmica;1;89,90;
MKT-1002;Loja própria;18/11/2026;João Lima;VASO-02;Vaso de cerâmica;{quantity};89,90;
"""
WRONG_LINES = """MKT-1003;Loja própria;31/02/2026;Ana Prado;VASO-02;Vaso de cerâmica;1;89,90;
MKT-1004;Loja própria;18/11/2026;Ana Prado;;Vaso de cerâmica;uma;1.234;
"""


def choose_sheet(visit: Visit, company: Company, text: str) -> None:
    visit.open(f"{company.orders}importar/")
    visit.page.get_by_label("Arquivo CSV").set_input_files(
        {"name": "pedidos-da-semana.csv", "mimeType": "text/csv", "buffer": text.encode()}
    )
    visit.page.get_by_role("button", name="Conferir").click()


def _take_sheets(world: World) -> None:
    """The second one says something else of an order of the first."""
    admin = world.platform.open_window(world.by_token.email())
    page = admin.page
    corrected = SHEET.format(quantity=2) + "MKT-1005;;18/11/2026;Ana Prado;VASO-02;Vaso;1;89,90;\n"
    for text, received in ((SHEET.format(quantity=1), "2 pedidos"), (corrected + WRONG_LINES, "1 pedido")):
        choose_sheet(Visit(world, page), world.by_token, text)
        page.locator("[data-teste=receber]").click()
        expect(page.get_by_role("heading", name=f"{received} recebido")).to_be_visible(timeout=40_000)
    world.sheet = urlsplit(page.url).path
    admin.close()


def open_status_map(platform: Platform, page: Page, company: Company) -> str:
    """By the integration's tab; its path."""
    page.goto(f"{platform.url}{company.gallery}")
    page.locator("td .main-link").click()
    page.get_by_role("dialog").get_by_role("link", name="Status", exact=True).click()
    expect(page.get_by_role("heading", name="Mapeamento de status")).to_be_visible()
    return urlsplit(page.url).path


def _map_statuses(world: World) -> None:
    """«Faturado» meant more, was applied and undone; and Tiny has a situation of which nobody said a word."""
    platform, company = world.platform, world.by_token
    admin = platform.open_window(company.email())
    page = admin.page
    world.changed_map = open_status_map(platform, page, company)
    page.get_by_label("Quando o pedido ficar em Nota Fiscal emitida").select_option("Não alterar")
    page.get_by_label("Quando no Tiny estiver em Faturado").select_option("Em transporte")
    page.get_by_role("button", name="Salvar").click()
    expect(page.get_by_text("Mapeamento salvo. Vale para")).to_be_visible()
    page.get_by_role("link", name="Aplicar aos pedidos em aberto").click()
    page.get_by_role("button", name="Aplicar agora").click()
    expect(page.get_by_text("3 mudaram de status")).to_be_visible()
    expect(page.locator("#aplicacao")).to_contain_text("Aplicado")
    page.get_by_role("button", name="Desfazer").click()
    expect(page.get_by_text("Desfeito: vale de novo o mapeamento anterior.")).to_be_visible()
    # The simulated Tiny knows none that we do not know.
    platform.run_as_owner(
        """
        INSERT INTO orders_passedoverorder (
            organization_id, integration_id, external_id, erp_number,
            situation, reason_code, row_hash, seen_at
        )
        SELECT organization_id, id, 'nova', '4711', 'Em produção', 'order.situation_unknown', '', created_at
        FROM integrations_integration WHERE name = 'Integração Tiny ERP' AND protocol = 'v2'
        """
    )
    admin.close()


def _wait(world: World) -> None:
    platform, company = world.platform, world.waiting
    company.account.add_orders(count=2, situacoes=[1], since_days=2)
    platform.tiny.add_fault(
        account_id=company.account.id, route="GET /pedidos/{id}", status=503, times=10_000
    )
    admin = platform.open_window(company.email())
    platform.connect(admin.page, company)
    wait_for(admin.page, platform.url + company.orders, "2 pedidos")
    admin.close()


def _fill(world: World) -> None:
    platform, company = world.platform, world.full
    company.account.add_orders(count=FULL_ORDERS, situacoes=[1, 3, 4, 5, 7], since_days=5)
    admin = platform.open_window(company.email())
    page = admin.page
    platform.connect(page, company)
    wait_for(page, platform.url + company.orders, f"de {FULL_ORDERS} pedidos")
    rows = {str(row["numero"]): row for row in company.account.list_orders()}
    orders = {ours: rows[theirs] for ours, theirs in _list_numbers(page).items()}
    tracked = [number for number, row in orders.items() if row["codigoRastreamento"]]
    plain = [number for number in orders if number not in tracked]
    world.opened, world.cancelled, world.deleted = tracked[0], plain[0], plain[1]
    for number, situacao in {plain[0]: 2, plain[2]: 6, plain[5]: 6, plain[8]: 9}.items():
        company.account.change_order(orders[number]["id"], situacao=situacao)
    company.account.change_order(orders[world.deleted]["id"], delete=True)
    wait_for(page, f"{platform.url}{company.orders}{world.opened}/", "SKU")
    wait_for(page, f"{platform.url}{company.orders}{world.cancelled}/", "Cancelado")
    wait_for(page, f"{platform.url}{company.orders}{world.deleted}/", "foi excluído no Tiny", seconds=90)
    admin.close()


def _sell(world: World) -> None:
    """Products of every kind, with problems; one is another at Tiny, and the criteria keep it."""
    platform, company = world.platform, world.full
    company.account.add_deposito("Filial Sul")
    company.account.add_products(9, problems=True)
    lamp = company.account.add_product(
        sku="LUM-01", descricao="Luminária de mesa articulada", preco=249.9, marca="Aurora"
    )
    world.lamp = str(lamp["id"])
    vase = company.account.add_product(
        sku="VAS-02", descricao="Vaso de cerâmica esmaltada", preco=189.9, marca="Aurora"
    )
    admin = platform.open_window(company.email())
    page = admin.page
    page.goto(f"{platform.url}{company.gallery}")
    page.locator("td .main-link").click()
    import_products(page)
    page.get_by_role("link", name="Produtos", exact=True).last.click()
    page.get_by_label("Ignorar fabricante ou marca").check()
    page.get_by_role("button", name="Salvar").click()
    expect(page.get_by_text("Vale para as próximas atualizações.")).to_be_visible()
    world.criteria = urlsplit(page.url).path
    wait_for(page, f"{platform.url}{company.products}?q=LUM-01", "LUM-01")
    world.product = page.locator("td .main-link").get_attribute("href") or ""
    company.account.change_product(lamp["id"], marca="Serra", preco=199, precoPromocional=189, saldo=12)
    page.goto(platform.url + world.product)
    page.get_by_role("button", name="Reconferir agora").click()
    expect(page.get_by_role("region", name="Números do produto")).to_contain_text("R$ 189,00")
    wait_for(page, f"{platform.url}{company.products}?q=VAS-02", "VAS-02")
    world.held_product = page.locator("td .main-link").get_attribute("href") or ""
    company.account.change_product(vase["id"], preco=1.9, precoPromocional=1.5)
    page.goto(platform.url + world.held_product)
    page.get_by_role("button", name="Reconferir agora").click()
    expect(page.get_by_text("Mudança retida: Preço de R$ 189,90 para R$ 1,90.")).to_be_visible()
    page.goto(f"{platform.url}{company.products}?por_pagina=100")
    row = page.locator("tbody tr", has_text="Com variações").first
    world.parent = row.locator(".main-link").get_attribute("href") or ""
    admin.close()


def open_places(platform: Platform, page: Page, company: Company) -> str:
    """The integration's tab «Notificações»; the address that it shows, at this server."""
    page.goto(f"{platform.url}{company.gallery}")
    page.locator("td .main-link").click()
    page.get_by_role("dialog").get_by_role("link", name="Notificações", exact=True).click()
    address = page.locator(".hooks input").first.input_value()
    return platform.url + urlsplit(address).path


def _notify(world: World) -> None:
    """One company is told of its lamp twice, another one of what nobody can use, which is tried again."""
    platform, company = world.platform, world.full
    admin = platform.open_window(company.email())
    page = admin.page
    address = open_places(platform, page, company)
    world.places = urlsplit(page.url).path
    stock = {"tipoEstoque": "D", "saldo": 12, "idProduto": world.lamp, "sku": "LUM-01"}
    for saldo in (12, 11):
        told = {"tipo": "estoque", "versao": "1.0.1", "dados": stock | {"saldo": saldo}}
        assert page.request.post(address, data=told).status == 200
    assert page.request.post(address, data="").status == 200
    page.goto(f"{platform.url}{world.places}")
    page.locator("[data-teste^=so-consulta-]:visible").last.click()
    expect(page.get_by_text("essas mudanças passam a vir só pelas consultas")).to_be_visible()
    wait_for(page, f"{platform.url}{company.notifications}?visao=processadas", "LUM-01: saldo")
    world.receipt = page.locator("td .main-link").first.get_attribute("href") or ""
    admin.close()
    _refuse_notifications(world)


def _refuse_notifications(world: World) -> None:
    platform, company = world.platform, world.by_token
    admin = platform.open_window(company.email())
    page = admin.page
    address = open_places(platform, page, company)
    world.places_refused = urlsplit(page.url).path
    buyer = {"nome": "Maria de Exemplo", "cpfCnpj": "529.982.247-25"}
    order = {"id": "1", "numero": "10421", "codigoSituacao": "aprovado", "cliente": buyer}
    for body in (
        {"tipo": "cotacao", "dados": {"cep": "80010000"}},
        {"cnpj": "11444777000161", "tipo": "inclusao_pedido", "dados": order},
    ):
        assert page.request.post(address, data=body).status == 200
    failed = f"{platform.url}{company.notifications}?visao=falharam"
    # In the list: the banner above it may know already what the list was too early for.
    wait_for(page, failed, "Pedido 10421")
    page.get_by_role("checkbox", name="Escolher Pedido").check()
    page.locator("[data-teste=reprocessar]").click()
    page.locator("[data-teste=comecar]").click()
    expect(page.get_by_role("heading", name="0 de 1 processada")).to_be_visible()
    world.replayed = urlsplit(page.url).path
    wait_for(page, f"{failed}&tipo=order", "Pedido 10421")
    world.refused = page.locator("td .main-link").first.get_attribute("href") or ""
    admin.close()


def _choose_customers(world: World) -> None:
    """Only companies go to Tiny, so that people are left out."""
    platform, company = world.platform, world.full
    admin = platform.open_window(company.email())
    page = admin.page
    world.status_map = open_status_map(platform, page, company)
    page.get_by_role("dialog").get_by_role("link", name="Clientes", exact=True).click()
    page.get_by_label("Pessoa Física").uncheck()
    expect(page.locator("#efeito")).to_contain_text("salve para ver quais")
    page.get_by_role("button", name="Salvar").click()
    expect(page.locator("#efeito")).to_contain_text("de fora")
    world.customer_criteria = urlsplit(page.url).path
    page.get_by_role("link", name="de fora").click()
    world.left_out = page.locator("td .main-link").first.get_attribute("href") or ""
    page.get_by_role("link", name="Pessoa Jurídica").click()
    world.customer = page.locator("td .main-link").first.get_attribute("href") or ""
    admin.close()


def import_products(page: Page) -> None:
    """From the integration's panel, which is open, until the summary."""
    panel = page.get_by_role("dialog")
    panel.get_by_role("button", name="Ver quantos são").click()
    panel.locator("[data-teste=importar-produtos]").click()
    expect(panel.get_by_text("As mudanças agora chegam sozinhas.")).to_be_visible(timeout=120_000)


def _break(world: World) -> None:
    """Three orders refused, each in its way, then the whole session ended at Tiny."""
    platform, company = world.platform, world.broken
    faults = [
        {"status": 403},
        {"status": 200, "body": {"id": "sem números"}},
        {"status": 400, "body": {"mensagem": "Pedido bloqueado para consulta"}},
    ]
    for position, fault in enumerate(faults):
        platform.tiny.add_fault(
            account_id=company.account.id, route="GET /pedidos/{id}", after=position, **fault
        )
    company.account.add_orders(count=4, situacoes=[3], since_days=3)
    admin = platform.open_window(company.email())
    page = admin.page
    app = platform.connect(page, company)
    wait_for(page, platform.url + company.errors, "Pedido bloqueado para consulta")
    # They park in any order.
    for _ in range(100):
        if page.locator(".problems > li").count() == len(faults):
            break
        page.wait_for_timeout(300)
        page.reload()
    expect(page.locator(".problems > li")).to_have_count(len(faults))
    problem = page.locator(".problems > li", has_text="Pedido bloqueado para consulta")
    world.failed = problem.get_by_role("link").first.inner_text().removeprefix("Pedido ")
    platform.revoke(app)
    wait_for(page, platform.url + company.errors, "está desconectado")
    admin.close()


def _people(world: World) -> None:
    """Two invited, one shut out, two systems: one of them with a token and a revoked one."""
    admin = world.platform.open_window(world.full.email())
    visit = Visit(world, admin.page)
    page = admin.page
    _, link = include(visit, "Operador", "Nina Castro", "nina@aurora.example")
    world.invitation = link.removeprefix(world.platform.url)
    world.invited, _ = include(visit, "Consulta", "Beatriz Albuquerque Nunes", "beatriz@aurora.example")
    gone, _ = include(visit, "Operador", "Davi Reis", "davi@aurora.example")
    visit.open(f"{gone}desativar/")
    page.get_by_role("button", name="Desativar").click()
    expect(page.get_by_text("Usuário desativado.")).to_be_visible()
    world.person = gone
    world.system, _ = include(visit, "Integração", "Loja virtual", "loja@aurora.example")
    world.system_unused, _ = include(visit, "Integração", "Conciliação", "conciliacao@aurora.example")
    world.system_with_tokens, _ = include(visit, "Integração", "Integração Tiny", "tiny@aurora.example")
    for name in ("Etiquetas do depósito", ""):
        generate_token(visit, world.system_with_tokens, name)
    visit.open(world.system_with_tokens)
    page.get_by_role("link", name="Revogar").first.click()
    page.get_by_role("button", name="Revogar").click()
    expect(page.get_by_text("Token revogado.")).to_be_visible()
    admin.close()


def _place(world: World) -> None:
    """Orders by the REST API: one goes to Tiny, two do not, one was there before its status was chosen."""
    platform, company = world.platform, world.full
    admin = platform.open_window(company.email())
    page = admin.page
    generate_token(Visit(world, page), world.system_with_tokens, "Pedidos")
    token = page.get_by_label("Token", exact=True).input_value()
    firm = {
        "name": "Papelaria Horizonte Ltda",
        "document": "11444777000161",
        "email": "compras@horizonte.example",
    }
    person = {"name": "Ana de Exemplo", "document": "52998224725", "email": "ana@example.com"}

    def place(number: str, **changes: object) -> str:
        lamp = {
            "sku": "LUM-01",
            "description": "Luminária de mesa articulada",
            "quantity": 1,
            "unit_price": "189",
        }
        body = {
            "number": number,
            "channel": "Mercado Azul",
            "status": "placed",
            "placed_on": "2026-11-20",
            "customer": firm,
            "items": [lamp],
            "freight": "15.15",
            "notes": "Entregar na portaria.",
            "seller": {"code": "7", "name": "Rita Prado"},
        }
        answer = page.request.post(
            f"{platform.url}/api/v1/orders/",
            data=body | changes,
            headers={"Authorization": f"Bearer {token}"},
        )
        assert answer.status == 201, answer.text()
        return f"{company.orders}{answer.headers['location'].rstrip('/').rpartition('/')[2]}/"

    unknown = {"sku": "VASO-9", "description": "Vaso de barro", "quantity": 2, "unit_price": "55.90"}
    world.sent = place("MKT-1001")
    world.order_left_out = place("MKT-1002", customer=person)
    world.stopped = place("MKT-1003", items=[unknown])
    place("MKT-1004", status="picking")
    for path, chip in ((world.sent, "Sincronizado"), (world.stopped, "Precisa de ação")):
        wait_for(page, platform.url + path, chip)
    wait_for(page, platform.url + world.order_left_out, "pessoa física")
    page.goto(f"{platform.url}{company.gallery}")
    page.locator("td .main-link").click()
    page.locator("[name=send_statuses][value=picking]").check()
    page.get_by_role("button", name="Salvar", exact=True).click()
    expect(page.get_by_text("Integração salva.")).to_be_visible()
    admin.close()


def _sign(world: World) -> None:
    """A contract with Correios, which they accept."""
    admin = world.platform.open_window(world.full.email())
    page = admin.page
    page.goto(f"{world.platform.url}{tracking_of(world.full)}contratos/correios/")
    contract = world.platform.carriers.contract
    page.get_by_label("Usuário").fill(contract["user"])
    page.get_by_label("Código de acesso").fill(contract["access_code"])
    page.get_by_label("Cartão de postagem").fill(contract["posting_card"])
    page.get_by_role("button", name="Salvar").click()
    expect(page.get_by_text("O contrato funciona")).to_be_visible()
    admin.close()


def tracking_of(company: Company) -> str:
    return f"/o/{company.slug}/rastreamento/"


def include(visit: Visit, perfil: str, name: str, email: str) -> tuple[str, str]:
    """Through «Incluir»: the path of the new user's page, and the link that was shown ("" for a system)."""
    page = visit.page
    visit.open(f"{visit.world.full.users}incluir/")
    page.get_by_role("radio", name=perfil).check()
    page.get_by_label("Nome", exact=True).fill(name)
    page.get_by_label("E-mail").fill(email)
    page.get_by_role("button", name="Salvar").click()
    expect(page.get_by_text("Usuário incluído.")).to_be_visible()
    if perfil == "Integração":
        return urlsplit(page.url).path, ""
    link = page.get_by_label("Link", exact=True).input_value()
    return page.get_by_role("link", name=f"Ver {name}").get_attribute("href") or "", link


def generate_token(visit: Visit, user: str, name: str) -> None:
    visit.open(f"{user}tokens/novo/")
    visit.page.get_by_label("Nome do token").fill(name)
    for scope in ("Ler pedidos", "Escrever pedidos", "Ler estoque e preço"):
        visit.page.get_by_label(scope).check()
    visit.page.get_by_role("button", name="Gerar token").click()
    expect(visit.page.get_by_role("heading", name="Token gerado")).to_be_visible()


def _list_numbers(page: Page) -> dict[str, str]:
    """Tiny's number by ours, of the orders on the page."""
    rows = page.locator("tbody tr").all()
    return {
        row.locator(".main-link").inner_text(): row.locator("td.no .sub").inner_text().split()[-1]
        for row in rows
    }


@screen("entrar", nobody)
def login(visit: Visit) -> None:
    visit.open("/entrar/")


@screen("entrar-com-erro", nobody)
def login_error(visit: Visit) -> None:
    visit.open("/entrar/")
    visit.page.get_by_label("E-mail").fill("ninguem@aurora.example")
    visit.page.get_by_label("Senha").fill(PASSWORD[::-1])
    visit.page.get_by_role("button", name="Entrar").click()
    expect(visit.page.get_by_role("alert")).to_be_visible()


@screen("entrar-sem-dados", nobody)
def login_blank(visit: Visit) -> None:
    visit.open("/entrar/")
    visit.page.get_by_role("button", name="Entrar").click()
    expect(visit.page.locator("[aria-invalid=true]")).to_have_count(2)


@screen("organizacoes", guest)
def organizations(visit: Visit) -> None:
    visit.open("/organizacoes/")


@screen("pedidos-vazio", of_empty)
def orders_empty(visit: Visit) -> None:
    visit.open(visit.world.empty.orders)


@screen("pedidos", of_full)
def orders_full(visit: Visit) -> None:
    visit.open(visit.world.full.orders)
    expect(visit.page.locator("tbody tr")).to_have_count(25)


@screen("pedidos-pagina-2", guest)
def orders_second_page(visit: Visit) -> None:
    visit.open(f"{visit.world.full.orders}?pagina=2")


@screen("pedidos-filtro-vazio", of_full)
def orders_filter_empty(visit: Visit) -> None:
    visit.open(f"{visit.world.full.orders}?q=0000000&status=delivered")
    expect(visit.page.get_by_text("Nenhum pedido com estes filtros")).to_be_visible()


@screen("pedidos-desconectado", of_broken)
def orders_disconnected(visit: Visit) -> None:
    visit.open(visit.world.broken.orders)


@screen("pedido", of_full)
def order(visit: Visit) -> None:
    visit.open(f"{visit.world.full.orders}{visit.world.opened}/")


@screen("pedido-carregando", of_waiting)
def order_loading(visit: Visit) -> None:
    visit.open(f"{visit.world.waiting.orders}1/")
    expect(visit.page.get_by_text("Carregando itens…")).to_be_visible()


@screen("pedido-cancelado", of_full)
def order_cancelled(visit: Visit) -> None:
    visit.open(f"{visit.world.full.orders}{visit.world.cancelled}/")
    expect(visit.page.get_by_role("region", name="Itens")).not_to_contain_text("Carregando")


@screen("pedido-excluido-no-tiny", of_full)
def order_deleted(visit: Visit) -> None:
    visit.open(f"{visit.world.full.orders}{visit.world.deleted}/")
    expect(visit.page.get_by_role("region", name="Itens")).not_to_contain_text("Carregando")


@screen("pedidos-precisam-de-acao", of_full)
def orders_that_need_action(visit: Visit) -> None:
    visit.open(f"{visit.world.full.orders}?visao=precisam-de-acao")
    expect(visit.page.get_by_role("button", name="Enviar o 1 que já está nestes status")).to_be_visible()


@screen("pedidos-recebidos", viewer_of_full)
def orders_placed_here(visit: Visit) -> None:
    visit.open(f"{visit.world.full.orders}?q=11444777000161")
    expect(visit.page.locator("td.sync", has_text="Precisa de ação")).to_be_visible()


@screen("pedido-enviado", of_full)
def order_sent(visit: Visit) -> None:
    visit.open(visit.world.sent)
    visit.page.get_by_text("Envio do pedido: Concluído").click()
    visit.page.locator("summary", has_text="Cancelar o pedido").click()
    expect(visit.page.get_by_text("não volta sozinho")).to_be_visible()


@screen("pedido-fora-do-criterio", of_full)
def order_outside(visit: Visit) -> None:
    visit.open(visit.world.order_left_out)
    expect(visit.page.get_by_role("button", name="Enviar assim mesmo")).to_be_visible()


@screen("pedido-precisa-de-acao", of_full)
def order_stopped(visit: Visit) -> None:
    visit.open(visit.world.stopped)
    expect(visit.page.get_by_role("button", name="Tentar de novo")).to_be_visible()


@screen("pedido-com-problema", of_broken)
def order_with_problem(visit: Visit) -> None:
    visit.open(f"{visit.world.broken.orders}{visit.world.failed}/")
    expect(visit.page.get_by_role("region", name="Itens")).not_to_contain_text("Carregando")


@screen("produtos-vazio", of_empty)
def products_empty(visit: Visit) -> None:
    visit.open(visit.world.empty.products)


@screen("produtos", of_full)
def products(visit: Visit) -> None:
    visit.open(visit.world.full.products)
    expect(visit.page.locator("tbody tr")).to_have_count(25)


@screen("produtos-consulta", viewer_of_full)
def products_of_viewer(visit: Visit) -> None:
    visit.open(f"{visit.world.full.products}?visao=problemas")


@screen("produtos-filtro-vazio", of_full)
def products_filter_empty(visit: Visit) -> None:
    visit.open(f"{visit.world.full.products}?q=nada")
    expect(visit.page.get_by_text("Nenhum produto nesta lista")).to_be_visible()


@screen("produtos-problemas", of_full)
def product_problems(visit: Visit) -> None:
    visit.open(f"{visit.world.full.products}problemas/")


@screen("produtos-problemas-vazio", of_empty)
def product_problems_empty(visit: Visit) -> None:
    visit.open(f"{visit.world.empty.products}problemas/")


@screen("produto", of_full)
def product(visit: Visit) -> None:
    visit.open(visit.world.product)
    for summary in ("Ver como tabela", "Ver os campos iguais", "Desvincular"):
        visit.page.locator("summary", has_text=summary).last.click()


@screen("produto-com-variacoes", of_full)
def product_parent(visit: Visit) -> None:
    visit.open(visit.world.parent)


@screen("produto-consulta", viewer_of_full)
def product_of_viewer(visit: Visit) -> None:
    visit.open(visit.world.product)


@screen("produto-editar", of_full)
def product_edit(visit: Visit) -> None:
    visit.open(f"{visit.world.product}editar/")


@screen("produto-incluir-com-erros", of_full)
def product_invalid(visit: Visit) -> None:
    visit.open(f"{visit.world.full.products}novo/")
    visit.page.get_by_label("Preço (R$)").fill("caro")
    visit.page.get_by_role("button", name="Salvar").click()
    expect(visit.page.locator(".summary")).to_be_visible()


@screen("pedidos-planilha", of_by_token)
def sheet_upload(visit: Visit) -> None:
    visit.open(f"{visit.world.by_token.orders}importar/")
    visit.page.get_by_text("Ver as colunas").click()


@screen("pedidos-planilha-recusada", of_empty)
def sheet_refused(visit: Visit) -> None:
    choose_sheet(visit, visit.world.empty, "data;cliente\n")
    expect(visit.page.locator(".summary")).to_be_visible()


@screen("pedidos-planilha-conferencia", of_by_token)
def sheet_preview(visit: Visit) -> None:
    text = SHEET.format(quantity=2) + WRONG_LINES + "MKT-2001;;18/11/2026;Ana Prado;VASO-02;Vaso;1;89,90;\n"
    choose_sheet(visit, visit.world.by_token, text)
    expect(visit.page.get_by_role("button", name="Receber o 1 pedido")).to_be_visible()


@screen("pedidos-planilha-recebida", of_by_token)
def sheet_taken(visit: Visit) -> None:
    visit.open(visit.world.sheet)


@screen("clientes-vazio", of_empty)
def customers_empty(visit: Visit) -> None:
    visit.open(visit.world.empty.customers)


@screen("clientes", of_full)
def customers(visit: Visit) -> None:
    visit.open(visit.world.full.customers)
    expect(visit.page.locator("tbody tr")).to_have_count(25)


@screen("clientes-fora", viewer_of_full)
def customers_left_out(visit: Visit) -> None:
    visit.open(f"{visit.world.full.customers}?visao=fora")


@screen("clientes-filtro-vazio", of_full)
def customers_filter_empty(visit: Visit) -> None:
    visit.open(f"{visit.world.full.customers}?q=nada")
    expect(visit.page.get_by_text("Nenhum cliente nesta lista")).to_be_visible()


@screen("cliente", of_full)
def customer(visit: Visit) -> None:
    visit.open(visit.world.customer)


@screen("cliente-mostrado", of_full)
def customer_shown(visit: Visit) -> None:
    visit.open(visit.world.left_out)
    visit.page.get_by_role("button", name="Mostrar").click()
    expect(visit.page.get_by_text("Dados completos.")).to_be_visible()


@screen("cliente-fora", of_full)
def customer_left_out(visit: Visit) -> None:
    visit.open(visit.world.left_out)
    expect(visit.page.get_by_role("button", name="Enviar assim mesmo")).to_be_visible()


@screen("cliente-consulta", viewer_of_full)
def customer_of_viewer(visit: Visit) -> None:
    visit.open(visit.world.left_out)


@screen("cliente-editar", of_full)
def customer_edit(visit: Visit) -> None:
    visit.open(f"{visit.world.customer}editar/")


@screen("cliente-incluir-com-erros", of_full)
def customer_invalid(visit: Visit) -> None:
    visit.open(f"{visit.world.full.customers}novo/")
    visit.page.get_by_label("CPF ou CNPJ").fill("529.982.247-26")
    visit.page.get_by_label("CEP").fill("80")
    visit.page.get_by_role("button", name="Salvar").click()
    expect(visit.page.locator(".summary")).to_be_visible()


@screen("produto-retido", of_full)
def product_held(visit: Visit) -> None:
    visit.open(visit.world.held_product)


@screen("mudancas-retidas", of_full)
def held(visit: Visit) -> None:
    visit.open(f"{visit.world.full.products}retidas/")
    expect(visit.page.get_by_role("button", name="Aceitar todas as 2")).to_be_visible()


@screen("mudancas-retidas-consulta", viewer_of_full)
def held_of_viewer(visit: Visit) -> None:
    visit.open(f"{visit.world.full.products}retidas/")


@screen("mudancas-retidas-vazio", of_empty)
def held_empty(visit: Visit) -> None:
    visit.open(f"{visit.world.empty.products}retidas/")


@screen("de-para-produtos", of_full)
def mapping(visit: Visit) -> None:
    visit.open(visit.world.full.mapping)


@screen("de-para-produtos-vazio", of_empty)
def mapping_empty(visit: Visit) -> None:
    visit.open(visit.world.empty.mapping)


@screen("de-para-produtos-escolhido", of_full)
def mapping_chosen(visit: Visit) -> None:
    visit.open(visit.world.full.mapping)
    visit.page.locator(".pick").first.click()
    visit.page.get_by_label("Procurar outro produto daqui").fill("luminária")
    visit.page.get_by_label("Procurar outro produto daqui").press("Enter")
    expect(visit.page.get_by_role("button", name="Vincular a LUM-01")).to_be_visible()


@screen("de-para-produtos-arquivo", of_full)
def mapping_file(visit: Visit) -> None:
    visit.open(f"{visit.world.full.mapping}importar/")


@screen("de-para-produtos-conferencia", of_full)
def mapping_preview(visit: Visit) -> None:
    mapping_file(visit)
    lines = b"sku_aqui;id_tiny\nNUNCA;1\nLUM-01;555\n"
    visit.page.get_by_label("Arquivo CSV").set_input_files(
        {"name": "de-para.csv", "mimeType": "text/csv", "buffer": lines}
    )
    visit.page.get_by_role("button", name="Conferir").click()
    expect(visit.page.get_by_text("Linhas com problema")).to_be_visible()


@screen("tiny-produtos", of_full)
def criteria(visit: Visit) -> None:
    visit.open(visit.world.criteria)
    visit.page.get_by_label("SKU do produto").fill("LUM-01")
    visit.page.get_by_role("button", name="Ver efeito").click()
    expect(visit.page.locator("#efeito")).to_contain_text("mantido")


@screen("tiny-produtos-com-erros", of_full)
def criteria_invalid(visit: Visit) -> None:
    visit.open(visit.world.criteria)
    visit.page.get_by_label("Estoque de segurança").fill("dois")
    visit.page.get_by_role("button", name="Salvar").click()
    expect(visit.page.locator(".summary")).to_be_visible()


@screen("tiny-produtos-consulta", viewer_of_full)
def criteria_of_viewer(visit: Visit) -> None:
    visit.open(visit.world.criteria)


@screen("tiny-clientes", of_full)
def customer_criteria(visit: Visit) -> None:
    visit.open(visit.world.customer_criteria)


@screen("tiny-clientes-com-erro", of_full)
def customer_criteria_invalid(visit: Visit) -> None:
    visit.open(visit.world.customer_criteria)
    visit.page.get_by_label("Pessoa Jurídica").uncheck()
    visit.page.get_by_role("button", name="Salvar").click()
    expect(visit.page.locator(".summary")).to_be_visible()


@screen("tiny-clientes-consulta", viewer_of_full)
def customer_criteria_of_viewer(visit: Visit) -> None:
    visit.open(visit.world.customer_criteria)


@screen("tiny-status", of_full)
def status_map(visit: Visit) -> None:
    visit.open(visit.world.status_map)
    visit.page.get_by_label("Quando no Tiny estiver em Pronto para envio").select_option(
        "Nota Fiscal emitida"
    )
    visit.page.get_by_role("button", name="Ver efeito").click()
    expect(visit.page.locator("#efeito")).to_contain_text("de status")


@screen("tiny-status-com-erros", of_full)
def status_map_invalid(visit: Visit) -> None:
    visit.open(visit.world.status_map)
    visit.page.get_by_label("Quando no Tiny estiver em Aprovado").select_option("Nota Fiscal emitida")
    visit.page.get_by_label("Consultar pedidos nesta situação: Enviado").uncheck()
    visit.page.get_by_role("button", name="Salvar").click()
    expect(visit.page.locator(".summary")).to_be_visible()


@screen("tiny-status-situacao-nova", of_by_token)
def status_map_new_situation(visit: Visit) -> None:
    visit.open(visit.world.changed_map)
    expect(visit.page.get_by_text("1 pedido parado aqui")).to_be_visible()


@screen("tiny-status-aplicar", of_by_token)
def status_map_plan(visit: Visit) -> None:
    visit.open(visit.world.changed_map)
    visit.page.get_by_role("link", name="Aplicar aos pedidos em aberto").click()
    expect(visit.page.get_by_role("button", name="Aplicar agora")).to_be_visible()


@screen("tiny-status-consulta", viewer_of_full)
def status_map_of_viewer(visit: Visit) -> None:
    visit.open(visit.world.status_map)


@screen("notificacoes-vazio", of_empty)
def notifications_empty(visit: Visit) -> None:
    visit.open(visit.world.empty.notifications)


@screen("notificacoes", of_full)
def notifications(visit: Visit) -> None:
    visit.open(visit.world.full.notifications)
    visit.page.get_by_text("Ver como tabela").click()


@screen("notificacoes-escolhidas", of_by_token)
def notifications_chosen(visit: Visit) -> None:
    visit.open(visit.world.by_token.notifications)
    for box in visit.page.get_by_role("checkbox").all():
        box.check()
    expect(visit.page.get_by_role("button", name="Ignorar")).to_be_visible()


@screen("notificacoes-desde", of_by_token)
def notifications_since(visit: Visit) -> None:
    visit.open(visit.world.by_token.notifications)
    visit.page.locator("summary", has_text="Reprocessar falhas").click()
    expect(visit.page.get_by_label("Recebidas desde")).to_be_visible()


@screen("notificacoes-filtro-vazio", of_full)
def notifications_filter_empty(visit: Visit) -> None:
    visit.open(f"{visit.world.full.notifications}?q=nada")
    expect(visit.page.get_by_text("Nenhuma notificação com estes filtros")).to_be_visible()


@screen("notificacoes-consulta", viewer_of_by_token)
def notifications_of_viewer(visit: Visit) -> None:
    visit.open(visit.world.by_token.notifications)


@screen("notificacoes-plano", of_by_token)
def notifications_plan(visit: Visit) -> None:
    visit.open(f"{visit.world.by_token.notifications}reprocessar/")
    expect(visit.page.locator("[data-teste=comecar]")).to_be_visible()


@screen("notificacoes-reprocessadas", of_by_token)
def notifications_replayed(visit: Visit) -> None:
    visit.open(visit.world.replayed)
    expect(visit.page.get_by_text("Ainda com erro")).to_be_visible()


@screen("notificacao", of_full)
def notification(visit: Visit) -> None:
    visit.open(visit.world.receipt)
    visit.page.locator("summary", has_text="Cabeçalhos").click()
    visit.page.locator("summary", has_text="Reprocessar").click()


@screen("notificacao-recusada", of_by_token)
def notification_refused(visit: Visit) -> None:
    visit.open(visit.world.refused)
    expect(visit.page.get_by_text("Reprocessamento pedido")).to_be_visible()


@screen("notificacao-consulta", viewer_of_full)
def notification_of_viewer(visit: Visit) -> None:
    visit.open(visit.world.receipt)


@screen("tiny-notificacoes", of_full)
def places(visit: Visit) -> None:
    visit.open(visit.world.places)
    visit.page.get_by_text("Também dá para avisar").click()


@screen("tiny-notificacoes-trocar-url", of_full)
def places_renewal(visit: Visit) -> None:
    visit.open(visit.world.places)
    visit.page.get_by_role("link", name="Gerar nova URL").click()
    expect(visit.page.get_by_role("heading", name="Gerar nova URL?")).to_be_visible()


@screen("tiny-notificacoes-teste", of_full)
def places_tried(visit: Visit) -> None:
    visit.open(visit.world.places)
    visit.page.locator("[data-teste=testar-url]").click()
    expect(visit.page.get_by_text("A URL respondeu 200")).to_be_visible()


@screen("tiny-notificacoes-recusadas", of_by_token)
def places_refused(visit: Visit) -> None:
    visit.open(visit.world.places_refused)
    expect(visit.page.get_by_text("Veio de outra conta do Tiny").first).to_be_visible()


@screen("tiny-notificacoes-nenhuma", of_waiting)
def places_before_the_first(visit: Visit) -> None:
    open_places(visit.world.platform, visit.page, visit.world.waiting)


@screen("integracoes-vazio", of_empty)
def gallery_empty(visit: Visit) -> None:
    visit.open(visit.world.empty.gallery)


@screen("integracoes", of_full)
def gallery_full(visit: Visit) -> None:
    visit.open(visit.world.full.gallery)


@screen("integracoes-desconectado", of_broken)
def gallery_disconnected(visit: Visit) -> None:
    visit.open(visit.world.broken.gallery)


@screen("tiny-opcoes", of_empty)
def options(visit: Visit) -> None:
    visit.open(f"{visit.world.empty.gallery}tiny/")


@screen("tiny-opcoes-com-conexao", of_full)
def options_connected(visit: Visit) -> None:
    visit.open(f"{visit.world.full.gallery}tiny/")


@screen("tiny-nova-conexao", of_empty)
def connection_new(visit: Visit) -> None:
    visit.open(f"{visit.world.empty.gallery}tiny/nova/conexao/")


@screen("tiny-nova-por-token", of_full)
def token_new(visit: Visit) -> None:
    visit.open(f"{visit.world.full.gallery}tiny/nova/conexao/?forma=v2")


@screen("tiny-token-com-erros", of_full)
def token_invalid(visit: Visit) -> None:
    token_new(visit)
    visit.page.get_by_role("button", name="Salvar e testar").click()
    expect(visit.page.locator(".summary")).to_be_visible()


@screen("tiny-conectado-por-token", of_by_token)
def token_connected(visit: Visit) -> None:
    visit.open(visit.world.by_token.gallery)
    visit.page.locator("td .main-link").click()
    expect(visit.page.get_by_role("dialog")).to_contain_text("Conectado como")
    expect(visit.page.get_by_role("dialog")).not_to_contain_text("Contando…")


@screen("tiny-conectado-por-token-consulta", viewer_of_by_token)
def token_of_viewer(visit: Visit) -> None:
    token_connected(visit)


@screen("tiny-conexao-com-erros", of_empty)
def connection_invalid(visit: Visit) -> None:
    connection_new(visit)
    visit.page.get_by_label("Nome da integração").fill("")
    visit.page.get_by_label("Link de convite").fill("http://outro.example/convite")
    for box in visit.page.get_by_role("checkbox").all():
        box.uncheck()
    visit.page.get_by_role("button", name="Conectar", exact=True).click()
    expect(visit.page.locator(".summary")).to_be_visible()


@screen("tiny-conectado", of_full)
def connection_connected(visit: Visit) -> None:
    visit.open(visit.world.full.gallery)
    visit.page.locator("td .main-link").click()
    expect(visit.page.get_by_role("dialog")).to_contain_text("Conectado como")
    expect(visit.page.get_by_role("dialog")).not_to_contain_text("Contando…")


@screen("tiny-conectado-credenciais", of_full)
def connection_credentials(visit: Visit) -> None:
    connection_connected(visit)
    visit.page.get_by_text("Credenciais e autorização").click()
    visit.page.get_by_text("Substituir").click()


@screen("tiny-conectado-consulta", viewer_of_full)
def connection_of_viewer(visit: Visit) -> None:
    connection_connected(visit)


@screen("tiny-desconectado", of_broken)
def connection_disconnected(visit: Visit) -> None:
    visit.open(visit.world.broken.gallery)
    visit.page.locator("td .main-link").click()
    expect(visit.page.get_by_role("dialog")).to_contain_text("Desconectado desde")
    expect(visit.page.get_by_role("dialog")).not_to_contain_text("Contando…")


@screen("erros-vazio", of_empty)
def errors_empty(visit: Visit) -> None:
    visit.open(visit.world.empty.errors)


@screen("erros", of_broken)
def errors_full(visit: Visit) -> None:
    visit.open(visit.world.broken.errors)


@screen("erros-operador", operator_of_broken)
def errors_of_operator(visit: Visit) -> None:
    visit.open(visit.world.broken.errors)


@screen("usuarios", of_full)
def users(visit: Visit) -> None:
    visit.open(visit.world.full.users)


@screen("usuarios-integracao", of_full)
def users_systems(visit: Visit) -> None:
    visit.open(f"{visit.world.full.users}?visao=integracao")


@screen("usuarios-integracao-vazio", of_empty)
def users_no_systems(visit: Visit) -> None:
    visit.open(f"{visit.world.empty.users}?visao=integracao")


@screen("usuarios-convites", of_full)
def users_invited(visit: Visit) -> None:
    visit.open(f"{visit.world.full.users}?visao=convites")


@screen("usuarios-convites-vazio", of_empty)
def users_no_invited(visit: Visit) -> None:
    visit.open(f"{visit.world.empty.users}?visao=convites")


@screen("usuario-incluir", of_empty)
def user_include(visit: Visit) -> None:
    visit.open(f"{visit.world.empty.users}incluir/")


@screen("usuario-incluir-integracao", of_empty)
def user_include_system(visit: Visit) -> None:
    visit.open(f"{visit.world.empty.users}incluir/?perfil=integracao")


@screen("usuario-incluir-com-erros", of_empty)
def user_include_invalid(visit: Visit) -> None:
    visit.open(f"{visit.world.empty.users}incluir/")
    visit.page.get_by_label("E-mail").fill(visit.world.empty.email("viewer"))
    visit.page.get_by_role("button", name="Salvar").click()
    expect(visit.page.locator(".summary")).to_be_visible()


@screen("usuario-link", of_full)
def user_link(visit: Visit) -> None:
    visit.open(visit.world.invited)
    visit.page.get_by_role("button", name="Gerar novo link de senha").click()
    expect(visit.page.get_by_role("heading", name="Link de senha")).to_be_visible()


@screen("usuario-proprio", of_full)
def user_self(visit: Visit) -> None:
    visit.open(visit.world.full.users)
    visit.page.get_by_role("link", name="Ana Souza").first.click()
    expect(visit.page.get_by_role("heading", name="Ana Souza")).to_be_visible()


@screen("usuario-convidado", of_full)
def user_invited(visit: Visit) -> None:
    visit.open(visit.world.invited)


@screen("usuario-inativo", of_full)
def user_inactive(visit: Visit) -> None:
    visit.open(visit.world.person)


@screen("usuario-de-duas-organizacoes", of_full)
def user_of_two(visit: Visit) -> None:
    visit.open(visit.world.full.users)
    visit.page.get_by_role("link", name="Lia Prado Matos").first.click()
    expect(visit.page.get_by_role("heading", name="Lia Prado Matos")).to_be_visible()


@screen("usuario-desativar", of_full)
def user_deactivate(visit: Visit) -> None:
    visit.open(f"{visit.world.system_with_tokens}desativar/")


@screen("usuario-de-integracao", of_full)
def system(visit: Visit) -> None:
    visit.open(visit.world.system_with_tokens)


@screen("usuario-de-integracao-sem-token", of_full)
def system_without_token(visit: Visit) -> None:
    visit.open(visit.world.system_unused)


@screen("token-gerar", of_full)
def token_form(visit: Visit) -> None:
    visit.open(f"{visit.world.system}tokens/novo/")


@screen("token-gerado", of_full)
def token_shown(visit: Visit) -> None:
    generate_token(visit, visit.world.system, "Etiquetas do depósito")


@screen("token-revogar", of_full)
def token_revoke(visit: Visit) -> None:
    visit.open(visit.world.system_with_tokens)
    visit.page.get_by_role("link", name="Revogar").first.click()
    expect(visit.page.get_by_role("button", name="Revogar")).to_be_visible()


@screen("convite", nobody)
def invitation(visit: Visit) -> None:
    visit.open(visit.world.invitation)


@screen("convite-com-erros", nobody)
def invitation_refused(visit: Visit) -> None:
    visit.open(visit.world.invitation)
    visit.page.get_by_label("Senha", exact=True).fill("curta")
    visit.page.get_by_label("Repita a senha").fill("outra")
    visit.page.get_by_role("button", name="Definir senha e entrar").click()
    expect(visit.page.locator("[aria-invalid=true]")).to_have_count(1)


@screen("convite-vencido", nobody)
def invitation_unusable(visit: Visit) -> None:
    visit.open("/convite/um-link-que-nunca-existiu/")


@screen("sua-loja", of_full)
def shop(visit: Visit) -> None:
    visit.open(f"/o/{visit.world.full.slug}/config/loja/")


@screen("sua-loja-com-erros", of_full)
def shop_refused(visit: Visit) -> None:
    shop(visit)
    visit.page.get_by_label("Nome da loja").fill("")
    visit.page.get_by_label("Cor da loja").fill("#ffcc00")
    visit.page.get_by_label("WhatsApp").fill("99876-4410")
    visit.page.get_by_role("button", name="Salvar").click()
    expect(visit.page.locator(".summary")).to_be_visible()


@screen("rastreamento-vazio", of_empty)
def tracking_empty(visit: Visit) -> None:
    visit.open(tracking_of(visit.world.empty))
    expect(visit.page.get_by_text("Nenhum pacote ainda")).to_be_visible()


@screen("rastreamento", of_shop)
def tracking(visit: Visit) -> None:
    visit.open(tracking_of(visit.world.shop))


@screen("rastreamento-atrasados", of_shop)
def tracking_late(visit: Visit) -> None:
    visit.open(f"{tracking_of(visit.world.shop)}?visao=atrasados")
    expect(visit.page.get_by_text("Atrasado 3 dias")).to_be_visible()


@screen("rastreamento-sem-codigo", of_shop)
def tracking_without_code(visit: Visit) -> None:
    visit.open(f"{tracking_of(visit.world.shop)}?visao=sem-codigo")
    expect(visit.page.get_by_text("Ainda não informado").first).to_be_visible()


@screen("rastreamento-nao-identificada", of_shop)
def tracking_unidentified(visit: Visit) -> None:
    visit.open(f"{tracking_of(visit.world.shop)}?visao=nao-identificada")
    expect(visit.page.get_by_role("link", name="Identificar")).to_be_visible()


@screen("rastreamento-escolhidos", of_shop)
def tracking_chosen(visit: Visit) -> None:
    visit.open(tracking_of(visit.world.shop))
    visit.page.get_by_role("checkbox").first.check()
    expect(visit.page.get_by_role("button", name="Consultar de novo")).to_be_visible()


@screen("rastreamento-filtro-vazio", of_shop)
def tracking_filter_empty(visit: Visit) -> None:
    visit.open(f"{tracking_of(visit.world.shop)}?q=0000000")
    expect(visit.page.get_by_text("Nenhum pacote com estes filtros")).to_be_visible()


@screen("rastreamento-consulta", viewer_of_shop)
def tracking_of_viewer(visit: Visit) -> None:
    visit.open(tracking_of(visit.world.shop))


@screen("pedido-rastreio", of_shop)
def order_parcel(visit: Visit) -> None:
    visit.open(visit.world.carriage["late"])
    visit.page.get_by_text("Ver os 2 anteriores").click()


@screen("pedido-rastreio-nao-identificada", of_shop)
def order_parcel_unidentified(visit: Visit) -> None:
    visit.open(visit.world.carriage["unknown"])


@screen("pedido-rastreio-codigo-guardado", viewer_of_shop)
def order_parcel_typed(visit: Visit) -> None:
    visit.open(visit.world.carriage["typed"])
    expect(visit.page.get_by_text("Código guardado aqui.")).to_be_visible()


@screen("pedido-rastreio-codigo-recusado", of_shop)
def order_parcel_refused(visit: Visit) -> None:
    visit.open(visit.world.carriage["without_code"])
    visit.page.get_by_text("Informar código", exact=True).first.click()
    visit.page.get_by_label("Código de rastreio").fill("aguardando")
    visit.page.get_by_role("button", name="Informar código").click()
    expect(visit.page.locator(".summary")).to_be_visible()


@screen("de-para-de-transportadoras-vazio", of_empty)
def carrier_mapping_empty(visit: Visit) -> None:
    visit.open(f"{tracking_of(visit.world.empty)}de-para/")


@screen("de-para-de-transportadoras", of_shop)
def carrier_mapping(visit: Visit) -> None:
    visit.open(f"{tracking_of(visit.world.shop)}de-para/")


@screen("de-para-de-transportadoras-escolher", of_shop)
def carrier_mapping_choose(visit: Visit) -> None:
    visit.open(visit.world.carriage["choose"])


@screen("de-para-de-transportadoras-com-erros", of_shop)
def carrier_mapping_invalid(visit: Visit) -> None:
    visit.open(visit.world.carriage["choose"])
    visit.page.get_by_role("button", name="Salvar").click()
    expect(visit.page.locator(".summary")).to_be_visible()


@screen("de-para-de-transportadoras-excluir", of_shop)
def carrier_mapping_delete(visit: Visit) -> None:
    visit.open(f"{visit.world.carriage['mapping']}excluir/")


@screen("contratos-vazio", of_empty)
def contracts_empty(visit: Visit) -> None:
    visit.open(f"{tracking_of(visit.world.empty)}contratos/")


@screen("contratos-recusado", of_shop)
def contracts_refused(visit: Visit) -> None:
    visit.open(f"{tracking_of(visit.world.shop)}contratos/")
    expect(visit.page.get_by_text("Correios recusou este contrato")).to_be_visible()


@screen("contratos-correios", of_full)
def contract_accepted(visit: Visit) -> None:
    visit.open(f"{tracking_of(visit.world.full)}contratos/correios/")
    expect(visit.page.get_by_text("O contrato funciona")).to_be_visible()


@screen("contratos-correios-recusado", of_shop)
def contract_refused(visit: Visit) -> None:
    visit.open(f"{tracking_of(visit.world.shop)}contratos/correios/")
    expect(visit.page.get_by_text("O teste parou em Autenticação")).to_be_visible()


@screen("contratos-correios-com-erros", of_empty)
def contract_invalid(visit: Visit) -> None:
    visit.open(f"{tracking_of(visit.world.empty)}contratos/correios/")
    visit.page.get_by_role("button", name="Salvar").click()
    expect(visit.page.locator(".summary")).to_be_visible()


@screen("contratos-correios-consulta", viewer_of_full)
def contract_of_viewer(visit: Visit) -> None:
    visit.open(f"{tracking_of(visit.world.full)}contratos/correios/")


@screen("contratos-correios-apagar", of_full)
def contract_remove(visit: Visit) -> None:
    visit.open(f"{tracking_of(visit.world.full)}contratos/correios/apagar/")


def buyer_screen(name: str) -> None:
    @screen(f"comprador-{name}", nobody)
    def buyer_page(visit: Visit) -> None:
        visit.open(visit.world.buyer.get(name, "/r/um-endereco-que-nunca-existiu/"))
        expect(visit.page.get_by_role("heading", level=1)).to_be_visible()


for name_of_page in BUYER_PAGES:
    buyer_screen(name_of_page)


@screen("conta-aberta", guest)
def account_menu(visit: Visit) -> None:
    visit.open(visit.world.full.errors)
    visit.page.locator("details.menu > summary").click()


@screen("nao-encontrada", of_full)
def not_found(visit: Visit) -> None:
    visit.open(visit.world.broken.orders)
