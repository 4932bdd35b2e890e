"""The pages of products, as a person gets them."""

from __future__ import annotations

import datetime as dt
import html
import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from accounts import clock
from accounts import services as accounts
from accounts.models import Organization, Perfil, User
from accounts.tenancy import tenant
from catalog import services
from catalog.criteria import Criteria
from catalog.models import ChangeSource, Figure, FigureChange, Product, ProductImport
from catalog.sentences import HISTORY, PASSED_OVER
from contracts.records import ErpComponent, ErpVariation, ErpWarehouseStock, ProductKind, ProductState
from history.models import HistoryEntry
from integrations.models import Integration, IntegrationState
from integrations.sentences import HISTORY as INTEGRATION_HISTORY
from jobs.models import Job
from tests.catalog.received import Erp, connect, make_product, make_row, make_stock

BASE = "/o/casa-aurora/"


@pytest.fixture
def get(client: Client) -> Callable[..., str]:
    def read(path: str = "produtos/", expected: int = 200, **query: Any) -> str:
        response = client.get(BASE + path, query)
        assert response.status_code == expected
        return response.content.decode()

    return read


@pytest.fixture
def person(organization: Organization, client_of: Callable[[User], Client]) -> Callable[[Perfil], Client]:
    """``person(perfil)``: a client of somebody with this perfil."""

    def join(perfil: Perfil) -> Client:
        member = accounts.add_member(
            organization=organization, email=f"{perfil}@aurora.test", name=f"De {perfil}", perfil=perfil
        )
        return client_of(member.user)

    return join


def plain(page: str) -> str:
    body = re.sub(r"<(script|title)\b.*?</\1>", " ", page, flags=re.S)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", body))).replace("\u00a0", " ")


def skus(page: str) -> list[str]:
    """The products of a list, in its order."""
    return [html.unescape(sku) for sku in re.findall(r'<td class="who mono">([^<]*)</td>', page)]


def set_criteria(integration: Integration, **choices: Any) -> None:
    with tenant(integration.organization_id):
        services.save_criteria(integration=integration, criteria=Criteria(**choices), person="Ana")


def jobs(organization: Organization) -> list[tuple[str, str, str | None, int]]:
    with tenant(organization):
        return [(job.kind, job.key, job.lock, job.priority) for job in Job.objects.order_by("id")]


# --- the list ---


@pytest.fixture
def shop(erp: Erp, organization: Organization) -> Erp:
    """Two of Tiny's, one of them inactive and without a price, one of ours only, one of theirs only."""
    lamp = make_row(
        "900", "LUM-01", name="Luminária de mesa", price=Decimal("1284.90"), promotional_price=Decimal("999")
    )
    erp.tell(make_product(lamp), make_stock("900"))
    chair = make_row(
        "901", "CAD/02 á", name="Cadeira", state=ProductState.INACTIVE, price=Decimal(0), gtin=""
    )
    erp.tell(make_product(chair, brand="Serra", ncm=""), make_stock("901", balance="3", reserved="3"))
    erp.list(make_row("902", "", name="Mesa sem SKU"))
    with tenant(organization):
        services.save_product(
            sku="SO-AQUI", values={"name": "Vaso"}, person="Ana", source=ChangeSource.PERSON
        )
    return erp


def test_a_row_shows_what_the_marketplace_sees(shop: Erp, get: Callable[..., str]) -> None:
    page = get()
    assert skus(page) == ["CAD/02 á", "LUM-01", "SO-AQUI"]
    text = plain(page)
    for shown in (
        "Luminária de mesa LUM-01 7891000315507 39 em estoque R$ 999,00 sem a promoção R$ 1.284,90 Ativo",
        "Cadeira CAD/02 á — 0 em estoque R$ 0,00 Inativo 2 problemas Integração Tiny ERP",
        "Vaso SO-AQUI — — em estoque — Ativo Só aqui",
        "3 produtos",
        "2 produtos do Tiny com problema.",
    ):
        assert shown in text, shown


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"q": "lumin"}, ["LUM-01"]),
        ({"q": "cad/02"}, ["CAD/02 á"]),
        ({"q": "7891000315507"}, ["LUM-01"]),
        ({"q": "789"}, []),
        ({"q": "a\x00b"}, ["CAD/02 á", "LUM-01", "SO-AQUI"]),
        ({"marca": "Serra"}, ["CAD/02 á"]),
        ({"marca": "Inventada"}, ["CAD/02 á", "LUM-01", "SO-AQUI"]),
        ({"visao": "problemas"}, ["CAD/02 á"]),
        ({"visao": "inativos"}, ["CAD/02 á"]),
        ({"visao": "so-aqui"}, ["SO-AQUI"]),
        ({"visao": "sem-estoque"}, []),
        ({"visao": "inventada"}, ["CAD/02 á", "LUM-01", "SO-AQUI"]),
        ({"visao": "so-aqui", "q": "lum"}, []),
    ],
)
def test_search_views_and_filters(
    shop: Erp, get: Callable[..., str], query: dict[str, str], found: list[str]
) -> None:
    assert skus(get(**query)) == found


def test_the_filter_by_integration_is_there_when_there_are_two(
    shop: Erp, organization: Organization, get: Callable[..., str]
) -> None:
    assert "Todas as integrações" not in get() and 'name="integracao"' not in get()
    other = Erp(connect(organization, "Tiny da filial", account_document="11444777000161"))
    other.list(make_row("77", "FILIAL-1"))

    page = get(integracao=str(other.integration.pk))
    assert skus(page) == ["FILIAL-1"]
    assert "Tiny da filial , remover filtro" in plain(page)


def test_views_are_counted_within_the_filter(shop: Erp, get: Callable[..., str]) -> None:
    text = plain(get(marca="Serra"))
    assert "Todos 1 Com problema 1 Sem estoque 0 Só aqui 0 Inativos 1" in text


def test_htmx_gets_the_part_that_changes(shop: Erp, client: Client) -> None:
    page = client.get(f"{BASE}produtos/", {"q": "lum"}, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in page and skus(page) == ["LUM-01"]
    assert 'id="visoes" aria-label="Visões salvas" hx-swap-oob="true"' in page


def test_no_product_yet(get: Callable[..., str], organization: Organization) -> None:
    assert "Conecte seu ERP para trazer os produtos" in plain(get())
    integration = connect(organization)
    page = get()
    assert "Antes de começar você vê quantos são" in plain(page)
    assert f"nativos/tiny/{integration.pk}/conexao/#importar-produtos" in page
    assert "Nenhum produto nesta lista" not in page


def test_an_import_that_runs_is_told(shop: Erp, organization: Organization, get: Callable[..., str]) -> None:
    with tenant(organization):
        services.plan_import(integration=shop.integration, person="Ana")
        run = ProductImport.objects.get()
        services.record_plan(import_id=run.pk, rows_total=250, calls_per_product=2)
        services.start_import(integration=shop.integration)
        ProductImport.objects.update(rows_read=100)
    assert "Importando produtos de Integração Tiny ERP. Lista: 100 de 250." in plain(get())


# --- problems ---


def test_each_problem_says_what_cures_it(shop: Erp, get: Callable[..., str]) -> None:
    page = get("produtos/problemas/")
    text = plain(page)
    assert "Todos 2 Sem SKU no Tiny 1 Preço zerado ou de um centavo 1 Sem NCM 1" in text
    assert (
        "Mesa sem SKU Sem SKU no Tiny. Preencha o código (SKU) no Tiny: ele entra sozinho na próxima leitura."
        in text
    )
    assert f"/de-para/produtos/?item={shop.reference('902').pk}" in page
    assert f'href="{BASE}produtos/{shop.product("CAD/02 á").pk}/">Abrir' in page

    only = plain(get("produtos/problemas/", tipo="ncm_missing"))
    assert "Cadeira" in only and "Mesa sem SKU" not in only
    assert "Mesa sem SKU" in plain(get("produtos/problemas/", tipo="inventado"))


def test_what_was_ignored_leaves_the_list(shop: Erp, client: Client, get: Callable[..., str]) -> None:
    here = f"{BASE}produtos/problemas/?tipo=sku_missing"
    response = client.post(
        f"{BASE}de-para/produtos/{shop.reference('902').pk}/", {"action": "ignore", "de": here}
    )
    assert (response.status_code, response["Location"]) == (302, here)
    assert shop.reference("902").is_problem_ignored
    assert "Mesa sem SKU" not in get("produtos/problemas/")
    assert "Todos os produtos têm de-para" in get("de-para/produtos/")


# --- one product ---


def test_the_page_of_a_product(erp: Erp, get: Callable[..., str]) -> None:
    stock = make_stock(
        "900",
        ErpWarehouseStock("Geral", Decimal(30), Decimal(2)),
        ErpWarehouseStock("Vitrine", Decimal(11), Decimal(0), is_ignored=True),
    )
    erp.tell(make_product(make_row()), stock)
    text = plain(get(f"produtos/{erp.product().pk}/"))
    for shown in (
        "SKU LUM-01 GTIN 7891000315507 Marca Aurora Categoria Casa > Iluminação",
        "Estoque 39 à venda Saldo no Tiny 41 2 reservados Preço R$ 249,90 sem promoção",
        "Geral 30 2 28",
        "Vitrine fora do saldo no Tiny 11 0 11",
        "SKU no Tiny LUM-01 Id no Tiny 900",
        "Vinculado por SKU igual",
        "NCM 9405.21.00 Unidade UN Peso líquido 1,2 kg",
        "Importado do Tiny SKU LUM-01.",
        "Tudo igual",
    ):
        assert shown in text, shown


def test_what_the_criteria_keep_stands_beside_what_the_erp_has(erp: Erp, get: Callable[..., str]) -> None:
    erp.tell(make_product(make_row()), make_stock())
    set_criteria(erp.integration, keep_name=True, ignore_brand=True)
    erp.tell(make_product(make_row(name="Outro nome", price=Decimal(199)), brand="Serra"), make_stock())

    product = erp.product()
    assert (product.name, product.brand, product.price) == ("Luminária 900", "Aurora", Decimal(199))
    text = plain(get(f"produtos/{product.pk}/"))
    assert (
        "Nome Aqui Luminária 900 No Tiny Outro nome mantido Critério: Não atualizar nome ou descrição" in text
    )
    assert "Marca Aqui Aurora No Tiny Serra mantido Critério: Ignorar fabricante ou marca" in text
    assert "2 diferenças" in text
    assert "Preço: R$ 249,90 → R$ 199,00" in text
    assert "Mantido aqui: Marca Mudou no Tiny, e os critérios mantêm o que está aqui." in text


def test_the_charts_and_their_tables(erp: Erp, get: Callable[..., str]) -> None:
    erp.tell(make_product(make_row()), make_stock())
    erp.tell(make_product(make_row(price=Decimal(199), promotional_price=Decimal(189))), make_stock())
    page = get(f"produtos/{erp.product().pk}/")
    assert page.count('role="img"') == 2
    assert re.findall(r'<desc id="texto-(\w+)">([^<]*)<', html.unescape(page).replace("\u00a0", " ")) == [
        ("estoque", "Estoque nos últimos 30 dias: 1 mudança; a última foi para 39."),
        ("preco", "Preço nos últimos 30 dias: 3 mudanças; a última foi para R$ 189,00."),
    ]
    text = plain(page)
    assert "R$ 249,90 R$ 199,00 Importação" in text
    assert len(re.findall(r'<path class="line\d" d="M', page)) == 3
    assert " style=" not in page
    assert "nos últimos 90 dias" in html.unescape(get(f"produtos/{erp.product().pk}/", dias="90"))


def test_a_long_history_shows_its_newest_steps(
    erp: Erp, organization: Organization, get: Callable[..., str]
) -> None:
    erp.tell(make_product(make_row()), make_stock())
    product = erp.product()
    with tenant(organization):
        now = clock.now()
        FigureChange.objects.bulk_create(
            FigureChange(
                product=product,
                figure=Figure.STOCK,
                before=number - 1,
                after=number,
                at=now - dt.timedelta(minutes=105 - number),
                source=ChangeSource.POLL,
            )
            for number in range(1, 105)
        )
    text = plain(get(f"produtos/{product.pk}/"))
    assert "As 100 mais recentes de 105 mudanças." in text
    assert " 103 104 " in text and " 4 5 Consulta" not in text


def test_parent_variations_and_components(erp: Erp, get: Callable[..., str]) -> None:
    parent = make_row("910", "CAM", name="Camiseta", kind=ProductKind.PARENT)
    child = make_row("911", "CAM-P", name="Camiseta P", kind=ProductKind.VARIATION)
    erp.list(parent, child)
    erp.tell(make_product(parent, variations=(ErpVariation("911", (("Tamanho", "P"), ("Cor", "Azul"))),)))
    kit = make_row("920", "KIT", kind=ProductKind.KIT)
    erp.tell(make_product(kit, components=(ErpComponent("911", "CAM-P", "Camiseta P", Decimal("2.5")),)))

    text = plain(get(f"produtos/{erp.product('CAM').pk}/"))
    assert "Variações 1" in text and "Tamanho: P, Cor: Azul SKU CAM-P" in text
    assert "Estoque — nas variações" in text
    text = plain(get(f"produtos/{erp.product('CAM-P').pk}/"))
    assert "Variação de Camiseta Variação Tamanho: P, Cor: Azul" in text
    assert "Camiseta P SKU CAM-P 2,5" in plain(get(f"produtos/{erp.product('KIT').pk}/"))


def test_the_sellers_html_is_shown_without_what_it_could_do(erp: Erp, get: Callable[..., str]) -> None:
    evil = (
        '<h2>Título</h2><p onclick="x()">Texto <b>forte</b></p><script>alert(1)</script>'
        '<img src="https://mau.example/x.png"><a href="javascript:x()">a</a><style>p{}</style>'
    )
    erp.tell(make_product(make_row(name="<b>Nome</b>"), description=evil, brand="<i>"), make_stock())
    page = get(f"produtos/{erp.product().pk}/")
    rich = page[page.index('<div class="rich">') :].split("</div>")[0]
    assert "<p>Título</p><p>Texto <b>forte</b></p>" in rich
    for forbidden in ("<img", "<script", "onclick", "javascript:", "<style", "<h2"):
        assert forbidden not in rich
    for everywhere in (page, get(), get(f"produtos/{erp.product().pk}/editar/")):
        assert "<b>Nome" not in everywhere and "<i>" not in everywhere
        assert "<script>alert" not in everywhere


def test_a_product_deleted_at_the_erp_says_so(erp: Erp, get: Callable[..., str]) -> None:
    erp.tell(make_product(make_row()), make_stock())
    with tenant(erp.integration.organization_id):
        services.mark_deleted(reference_id=erp.reference().pk)
    text = plain(get(f"produtos/{erp.product().pk}/"))
    assert "Este produto foi excluído no Tiny." in text
    assert "Excluído no Tiny O produto continua aqui" in text


def test_reconferir_reads_the_product_before_everything_else(
    erp: Erp, organization: Organization, client: Client
) -> None:
    erp.tell(make_product(make_row()), make_stock())
    here = f"{BASE}produtos/{erp.product().pk}/"
    assert (
        client.get(here, headers={"HX-Request": "true", "HX-Trigger": "reconferindo"}).headers["HX-Refresh"]
        == "true"
    )
    before = jobs(organization)

    response = client.post(f"{here}reconferir/")
    assert (response.status_code, response["Location"]) == (302, here)
    key = str(erp.reference().pk)
    assert [job for job in jobs(organization) if job not in before] == [
        ("read_product", key, f"reference:{key}", 20)
    ]
    assert erp.reference().details_hash == ""
    assert "Reconferindo…" in client.get(here).content.decode()
    waiting = client.get(here, headers={"HX-Request": "true", "HX-Trigger": "reconferindo"})
    assert (waiting.status_code, waiting.headers.get("HX-Refresh")) == (204, None)


def test_reconferir_while_disconnected_asks_for_nothing(
    erp: Erp, organization: Organization, client: Client
) -> None:
    erp.tell(make_product(make_row()), make_stock())
    with tenant(organization):
        Integration.objects.update(state=IntegrationState.DISCONNECTED)
    before = jobs(organization)
    client.post(f"{BASE}produtos/{erp.product().pk}/reconferir/")
    assert jobs(organization) == before
    assert erp.reference().details_hash != ""


def test_unlink(erp: Erp, client: Client, get: Callable[..., str]) -> None:
    erp.tell(make_product(make_row()), make_stock())
    here = f"{BASE}produtos/{erp.product().pk}/"
    response = client.post(f"{BASE}de-para/produtos/{erp.reference().pk}/", {"action": "unlink", "de": here})
    assert (response.status_code, response["Location"]) == (302, here)
    assert erp.reference().product is None
    text = plain(get(f"produtos/{erp.product().pk}/"))
    assert "Desvinculado. O produto ficou como estava" in text
    assert "Este produto só existe aqui." in text


@pytest.mark.parametrize(
    "elsewhere",
    ["https://mau.example/", "//mau.example", "/o/outra/produtos/", "/o/casa-aurora/usuarios/", ""],
)
def test_the_way_back_leads_nowhere_else(erp: Erp, client: Client, elsewhere: str) -> None:
    erp.list(make_row("902", ""))
    response = client.post(
        f"{BASE}de-para/produtos/{erp.reference('902').pk}/", {"action": "ignore", "de": elsewhere}
    )
    assert response["Location"] == f"{BASE}de-para/produtos/"


# --- new and edited ---

FORM = {"sku": "NOVO/1 é", "name": "Vaso", "status": "active"}


def test_a_new_product(organization: Organization, client: Client) -> None:
    response = client.post(
        f"{BASE}produtos/novo/",
        FORM
        | {
            "price": "R$ 1.284,90",
            "promotional_price": "999,9",
            "category": "Casa > Decoração",
            "description": "<p>Bom</p><script>x</script>",
            "net_weight": "0,25",
        },
    )
    with tenant(organization):
        product = Product.objects.get()
        entry = HistoryEntry.objects.get(subject_kind="product")
    assert (response.status_code, response["Location"]) == (302, f"{BASE}produtos/{product.pk}/")
    assert (product.sku, product.price, product.promotional_price) == (
        "NOVO/1 é", Decimal("1284.90"), Decimal("999.90"),
    )  # fmt: skip
    assert (product.category, product.description, product.net_weight) == (
        ["Casa", "Decoração"], "<p>Bom</p>", Decimal("0.25"),
    )  # fmt: skip
    assert (entry.code, entry.person) == ("product.created_here", "Ana Souza")
    text = plain(client.get(f"{BASE}produtos/{product.pk}/").content.decode())
    assert "Produto criado." in text and "Criado aqui" in text


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ({"sku": ""}, "Informe o SKU."),
        ({"sku": "x" * 121}, "Use até 120 caracteres."),
        ({"sku": "LUM-01"}, "Já há um produto com o SKU LUM-01."),
        ({"name": ""}, "Informe o nome."),
        ({"price": "caro"}, "Use números, como 249,90."),
        ({"price": "-1"}, "Use um número a partir de zero."),
        ({"price": "1,23456"}, "Use até 4 casas depois da vírgula."),
        ({"price": "999999999999"}, "Este número é grande demais."),
        ({"price": "10", "promotional_price": "10"}, "O preço promocional precisa ser menor que o preço."),
        ({"promotional_price": "10"}, "O preço promocional precisa ser menor que o preço."),
        ({"gtin": "7891000315508"}, "Confira o GTIN: o último número não bate com os demais."),
        ({"ncm": "940"}, "O NCM tem 8 números, como 9405.21.00."),
        ({"name": "a\x00b"}, "Caracteres nulos não são permitidos."),
    ],
)
def test_a_new_product_that_is_refused_changes_nothing(
    erp: Erp, organization: Organization, client: Client, wrong: dict[str, str], complaint: str
) -> None:
    erp.tell(make_product(make_row()), make_stock())
    with tenant(organization):
        before = list(Product.objects.values()), HistoryEntry.objects.count()
    response = client.post(f"{BASE}produtos/novo/", FORM | wrong)
    assert response.status_code == 422
    assert complaint in plain(response.content.decode())
    with tenant(organization):
        assert (list(Product.objects.values()), HistoryEntry.objects.count()) == before


def sent_back(page: str) -> dict[str, str]:
    """The form as a browser sends it without a touch."""
    found = dict(re.findall(r'<input type="text" name="(\w+)"(?: value="([^"]*)")?', page))
    found |= dict(re.findall(r'<textarea name="(\w+)"[^>]*>\s*(.*?)</textarea>', page, re.S))
    found |= dict(re.findall(r'<select name="(\w+)".*?<option value="(\w+)" selected', page, re.S))
    return {name: html.unescape(value).replace("\n", "\r\n") for name, value in found.items()}


def test_saving_an_untouched_form_changes_nothing(erp: Erp, client: Client) -> None:
    odd = make_product(
        make_row(
            gtin="123", price=Decimal("10.1234"), promotional_price=Decimal(11), name=" Nome  com espaço "
        ),
        ncm="sem",
        description="<p>a</p>\n<p>b</p>",
    )
    erp.tell(odd, make_stock())
    product = erp.product()
    page = client.get(f"{BASE}produtos/{product.pk}/editar/").content.decode()
    fields = sent_back(page)
    assert (fields["price"], fields["category"]) == ("10,1234", "Casa > Iluminação")

    response = client.post(f"{BASE}produtos/{product.pk}/editar/", fields)
    assert response.status_code == 302
    after = erp.product()
    assert (after.revision, after.name, after.updated_at) == (
        product.revision,
        product.name,
        product.updated_at,
    )


def test_an_edit_changes_what_was_touched_and_nothing_else(
    erp: Erp, organization: Organization, client: Client
) -> None:
    erp.tell(make_product(make_row()), make_stock())
    product = erp.product()
    address = f"{BASE}produtos/{product.pk}/editar/"
    page = client.get(address).content.decode()
    assert "O que você salvar fica só aqui." in plain(page)
    assert 'name="sku"' not in page and 'name="stock"' not in page

    response = client.post(address, sent_back(page) | {"price": "259,00", "brand": "Serra", "stock": "999"})
    assert response.status_code == 302
    after = erp.product()
    assert (after.price, after.brand, after.stock) == (Decimal(259), "Serra", product.stock)
    assert (after.name, after.changed_here_at) == (product.name, None)
    with tenant(organization):
        entry = HistoryEntry.objects.filter(subject_kind="product").latest("id")
    assert (entry.code, entry.params["fields"]) == ("product.changed_here", "Marca, Preço")
    assert not [kind for kind, *_ in jobs(organization) if kind == "export_product"]


def test_an_edit_goes_to_the_erp_where_the_criteria_send(
    erp: Erp, organization: Organization, client: Client
) -> None:
    erp.tell(make_product(make_row()), make_stock())
    set_criteria(erp.integration, sends_products=True)
    product = erp.product()
    address = f"{BASE}produtos/{product.pk}/editar/"
    page = client.get(address).content.decode()
    assert "O que você salvar vai para o Tiny" in plain(page)

    response = client.post(address, sent_back(page) | {"price": "259,00"}, follow=True)
    text = plain(response.content.decode())
    assert "Produto salvo. A mudança vai para o Tiny." in text
    assert "Uma mudança feita aqui está a caminho do Tiny." in text
    assert [(kind, key) for kind, key, *_ in jobs(organization) if kind == "export_product"] == [
        ("export_product", str(product.pk))
    ]


# --- who may ---


def test_consulta_reads_and_changes_nothing(
    shop: Erp, organization: Organization, person: Callable[[Perfil], Client]
) -> None:
    viewer = person(Perfil.VIEWER)
    product = shop.product()
    for path in ("produtos/", "produtos/problemas/", "de-para/produtos/", f"produtos/{product.pk}/"):
        page = viewer.get(BASE + path).content.decode()
        assert not re.findall(r'<form[^>]*method="post"[^>]*action="(?!/sair/)', page), path
    with tenant(organization):
        before = list(Product.objects.values()), list(Job.objects.values()), HistoryEntry.objects.count()
    reference = shop.reference("902")
    for path, data in (
        ("produtos/novo/", FORM),
        (f"produtos/{product.pk}/editar/", FORM),
        (f"produtos/{product.pk}/reconferir/", {}),
        (f"produtos/importacao/{shop.integration.pk}/", {"action": "plan"}),
        (f"de-para/produtos/{reference.pk}/", {"action": "create", "sku": "X"}),
        ("de-para/produtos/importar/", {"vincular": f'[[{reference.pk}, "LUM-01"]]'}),
    ):
        assert viewer.post(BASE + path, data).status_code == 404, path
    with tenant(organization):
        assert (
            list(Product.objects.values()), list(Job.objects.values()), HistoryEntry.objects.count()
        ) == before  # fmt: skip
    assert (shop.reference("902").product, shop.reference("902").is_problem_ignored) == (None, False)


# --- import ---


def test_the_import_from_plan_to_summary(
    erp: Erp, organization: Organization, client: Client, get: Callable[..., str]
) -> None:
    address = f"{BASE}produtos/importacao/{erp.integration.pk}/"

    def act(action: str, expected: int = 200) -> str:
        response = client.post(address, {"action": action}, headers={"HX-Request": "true"})
        assert response.status_code == expected
        return plain(response.content.decode())

    def read() -> str:
        return plain(get(f"produtos/importacao/{erp.integration.pk}/"))

    assert "Ver quantos são" in read()
    assert "Contando os produtos no Tiny…" in act("plan")
    assert "Já há uma importação em andamento." in act("plan", 422)
    with tenant(organization):
        run = ProductImport.objects.get()
        services.record_plan(import_id=run.pk, rows_total=250, calls_per_product=2)
        ProductImport.objects.update(calls_per_minute=30)
    planned = read()
    assert (
        "250 produtos , 503 chamadas, cerca de 17 min no limite desta conta (30 chamadas por minuto)."
        in planned
    )
    assert "Cada produto custa 2 chamadas: uma para descrição, marca, categoria e medidas" in planned
    assert "1 de 2, lista: 0 de 250 produtos." in act("start")
    with tenant(organization):
        ProductImport.objects.update(rows_read=250, rows_created=240, rows_passed_over=10)
        ProductImport.objects.update(details_total=240, details_read=90)
    assert "2 de 2, produtos: 90 de 240 lidos um a um, faltam cerca de 10 min." in read()
    with tenant(organization):
        services.finish_import(import_id=run.pk)
    assert "250 lidos, 240 novos , 10 fora dos critérios." in read()
    assert "Esta importação já terminou." in act("cancel", 422)
    assert "Escolha o que fazer com a importação." in act("", 422)
    history = plain(get(f"integracoes/erp/nativos/tiny/{erp.integration.pk}/conexao/"))
    assert "Importação de produtos concluída 250 produtos lidos; 240 novos, 10 fora dos critérios." in history


def test_an_import_that_was_cancelled_keeps_what_came(
    erp: Erp, organization: Organization, client: Client
) -> None:
    address = f"{BASE}produtos/importacao/{erp.integration.pk}/"
    client.post(address, {"action": "plan"})
    response = client.post(address, {"action": "cancel"})
    assert response["Location"].endswith(f"/{erp.integration.pk}/conexao/")
    assert "O que entrou ficou." in client.get(address).content.decode()


def test_an_import_of_one_call_per_product_says_why(
    erp: Erp, organization: Organization, get: Callable[..., str]
) -> None:
    with tenant(organization):
        run = services.plan_import(integration=erp.integration, person="Ana")
        services.record_plan(import_id=run.pk, rows_total=1, calls_per_product=1)
    text = plain(get(f"produtos/importacao/{erp.integration.pk}/"))
    assert "1 produto , 2 chamadas," in text
    assert "Cada produto custa 1 chamada: a lista do Tiny não traz descrição" in text


# --- sentences ---


def test_every_code_that_is_recorded_has_its_sentence() -> None:
    root = Path(settings.BASE_DIR) / "catalog"
    text = "".join(path.read_text() for path in root.rglob("*.py") if path.name != "sentences.py")
    told = set(re.findall(r'"(products?\.[a-z_]+)"', text)) - set(PASSED_OVER) | {"product.unlinked"}
    # A job's reason, not a line of a history.
    told -= {"products.unstorable"}
    assert told - set(INTEGRATION_HISTORY) == set(HISTORY)
