"""Every screen in every state that it has: one list for accessibility, reflow and the pictures.

A screen is a function that leads a page to a state; it gets a ``Visit``. Its name is the picture's name.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from playwright.sync_api import Page, expect

from tests.browser.people import PASSWORD
from tests.browser.platform import Company, Platform, wait_for

FULL_ORDERS = 64
GUEST, NOBODY = "lia@contabil.example", ""


@dataclass
class World:
    """Companies in the states that the screens show, made once."""

    platform: Platform
    empty: Company
    full: Company
    broken: Company
    cancelled: str
    deleted: str
    failed: str
    opened: str
    # Orders that nobody has opened: each can be shown while its items are on their way, once.
    unopened: list[str] = field(default_factory=list)


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


def of_broken(world: World) -> str:
    return world.broken.email()


def operator_of_broken(world: World) -> str:
    return world.broken.email("operator")


def make_world(platform: Platform) -> World:
    """Everything through the panel and the simulator, as it happens in life."""
    names = {
        "aurora": "Aurora Casa e Decoração Ltda",
        "mantiqueira": "Mantiqueira Café e Utilidades Domésticas Ltda",
        "horizonte": "Horizonte Papelaria Ltda",
    }
    companies = platform.create_companies(names, guests={GUEST: ["aurora", "mantiqueira"]})
    full, empty, broken = (companies[slug] for slug in names)
    world = World(platform, empty, full, broken, "", "", "", "")
    _fill(world)
    _break(world)
    return world


def _fill(world: World) -> None:
    platform, company = world.platform, world.full
    company.account.add_orders(count=FULL_ORDERS, situacoes=[1, 3, 4, 5, 7], since_days=5)
    admin = platform.open_window(company.email())
    page = admin.page
    platform.connect(page, company)
    wait_for(page, platform.url + company.orders, f"de {FULL_ORDERS} pedidos")
    numbers = _list_numbers(page)
    rows = {str(row["numero"]): row for row in company.account.list_orders()}
    ours = iter(numbers)
    world.opened = next(number for number in ours if rows[numbers[number]]["codigoRastreamento"])
    world.cancelled, world.deleted = next(ours), next(ours)
    world.unopened = list(ours)
    page.goto(f"{platform.url}{company.orders}{world.opened}/")
    expect(page.get_by_role("region", name="Itens")).to_contain_text("SKU")
    company.account.change_order(rows[numbers[world.cancelled]]["id"], situacao=2)
    for position, number in enumerate(numbers):
        if position % 9 == 4:
            company.account.change_order(rows[numbers[number]]["id"], situacao=6)
            world.unopened.remove(number) if number in world.unopened else None
    company.account.change_order(rows[numbers[world.deleted]]["id"], delete=True)
    page.goto(f"{platform.url}{company.orders}{world.deleted}/")
    expect(page.get_by_role("region", name="Itens")).not_to_contain_text("Carregando")
    wait_for(page, f"{platform.url}{company.orders}{world.cancelled}/", "Cancelado")
    admin.close()


def _break(world: World) -> None:
    """Refused at one order, then the whole session ended at Tiny."""
    platform, company = world.platform, world.broken
    company.account.add_orders(count=4, situacoes=[3], since_days=3)
    admin = platform.open_window(company.email())
    page = admin.page
    app = platform.connect(page, company)
    wait_for(page, platform.url + company.orders, "4 pedidos")
    first, second, world.failed = list(_list_numbers(page))[:3]
    for number, fault in {
        first: {"status": 403},
        second: {"status": 200, "body": {"id": "sem números"}},
        world.failed: {"status": 400, "body": {"mensagem": "Pedido bloqueado para consulta"}},
    }.items():
        company.account.tiny.add_fault(account_id=company.account.id, route="GET /pedidos/{id}", **fault)
        page.goto(f"{platform.url}{company.orders}{number}/")
        expect(page.get_by_role("region", name="Itens")).not_to_contain_text("Carregando")
    platform.revoke(app)
    wait_for(page, platform.url + company.errors, "está desconectado")
    admin.close()


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


@screen("pedido-carregando", of_full)
def order_loading(visit: Visit) -> None:
    """The question for the items stays without an answer, so that the state stays too."""
    visit.page.route("**/itens/", lambda route: None)
    visit.open(f"{visit.world.full.orders}{visit.world.unopened.pop()}/")
    expect(visit.page.get_by_text("Carregando itens…")).to_be_visible()


@screen("pedido-cancelado", of_full)
def order_cancelled(visit: Visit) -> None:
    visit.open(f"{visit.world.full.orders}{visit.world.cancelled}/")
    expect(visit.page.get_by_role("region", name="Itens")).not_to_contain_text("Carregando")


@screen("pedido-excluido-no-tiny", of_full)
def order_deleted(visit: Visit) -> None:
    visit.open(f"{visit.world.full.orders}{visit.world.deleted}/")
    expect(visit.page.get_by_role("region", name="Itens")).not_to_contain_text("Carregando")


@screen("pedido-com-problema", of_broken)
def order_with_problem(visit: Visit) -> None:
    visit.open(f"{visit.world.broken.orders}{visit.world.failed}/")
    expect(visit.page.get_by_role("region", name="Itens")).not_to_contain_text("Carregando")


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


@screen("conta-aberta", guest)
def account_menu(visit: Visit) -> None:
    visit.open(visit.world.full.errors)
    visit.page.locator("details.menu > summary").click()


@screen("nao-encontrada", of_full)
def not_found(visit: Visit) -> None:
    visit.open(visit.world.broken.orders)
