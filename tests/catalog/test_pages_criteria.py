"""«Critérios de atualização de produtos»: the integration's tab, and what it would do."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from accounts import services as accounts
from accounts.models import Organization, Perfil, User
from accounts.tenancy import tenant
from catalog import selectors, services
from catalog.criteria import Criteria, StockKind
from catalog.models import ProductCriteria
from contracts.records import ErpWarehouseStock, ProductState
from history.models import HistoryEntry
from integrations.cursors import write_cursor
from jobs.models import Job
from jobs.queue import Priority
from tests.catalog.received import Erp, make_product, make_row, make_stock
from tests.catalog.test_pages import plain

DEFAULTS = {"stock_kind": "available", "safety_stock": "0", "zeroed_percent": "30", "price_percent": "50"}
FRAGMENT = {"HX-Request": "true"}


@pytest.fixture
def address(erp: Erp) -> str:
    return f"/o/casa-aurora/integracoes/erp/nativos/tiny/{erp.integration.pk}/produtos/"


def stored(erp: Erp) -> Criteria:
    with tenant(erp.integration.organization_id):
        return selectors.read_criteria(erp.integration)


def preview(client: Client, address: str, **data: Any) -> str:
    response = client.post(address, DEFAULTS | {"action": "preview"} | data, headers=FRAGMENT)
    assert response.status_code == 200
    page = response.content.decode()
    assert '<div id="efeito"' in page and "<html" not in page
    return plain(page)


def test_the_words_of_the_help_page_come_first(client: Client, address: str) -> None:
    page = client.get(address).content.decode()
    labels = re.findall(r'<label class="check" for="id_(\w+)">.*?<span>([^<]*)</span>', page)
    assert labels == [
        ("ignore_category", "Ignorar categorias"),
        ("keep_name", "Não atualizar nome ou descrição"),
        ("keep_status", "Não atualizar status (Ativo/Inativo)"),
        ("ignore_brand", "Ignorar fabricante ou marca"),
        ("keep_price", "Não atualizar preço"),
        ("keep_promotional_price", "Não atualizar preço promocional"),
        ("keep_stock", "Não atualizar estoque"),
        ("keep_images", "Não atualizar imagens"),
        ("keep_measures", "Não atualizar peso e dimensões"),
        ("keep_codes", "Não atualizar NCM e GTIN"),
        ("only_active", "Só produtos ativos"),
        ("skip_without_sku", "Ignorar produtos sem SKU"),
        ("sends_products", "Enviar ao Tiny os produtos criados ou alterados aqui"),
    ]
    assert "checked" not in page
    assert re.findall(r'<a [^>]*aria-current="page">(\w+)</a>', page)[-1] == "Produtos"


def test_every_choice_is_kept(erp: Erp, client: Client, address: str) -> None:
    with tenant(erp.integration.organization_id):
        write_cursor(
            erp.integration.pk,
            selectors.CHOICES,
            {"price_lists": [{"id": "8", "name": "Atacado"}], "warehouses": ["Geral", "Filial"]},
        )
    chosen = Criteria(
        ignore_category=True, keep_name=True, keep_status=True, ignore_brand=True, keep_price=True,
        keep_promotional_price=True, keep_stock=True, keep_images=True, keep_measures=True, keep_codes=True,
        only_active=True, skip_without_sku=True, stock_kind=StockKind.PHYSICAL, warehouse="Filial",
        price_list_id="8", safety_stock=3, sends_products=True,
    )  # fmt: skip
    form = {name: "on" if value is True else str(value) for name, value in chosen.to_choices().items()}

    response = client.post(address, form | {"action": "save"}, follow=True)

    assert stored(erp) == chosen
    text = plain(response.content.decode())
    assert "Critérios salvos." in text
    assert "Vale para as próximas atualizações." in text and "Reaplicar agora" in text
    page = response.content.decode()
    assert page.count(" checked") == 13
    assert re.findall(r'<option value="([^"]*)" selected', page) == ["physical", "Filial", "8"]
    with tenant(erp.integration.organization_id):
        row = ProductCriteria.objects.get()
        entry = HistoryEntry.objects.get(code="products.criteria_saved")
    assert (row.updated_by, entry.person) == ("Ana Souza", "Ana Souza")

    # Saved again as it is: nothing to tell, nothing to reapply.
    text = plain(client.post(address, form | {"action": "save"}, follow=True).content.decode())
    assert "Critérios salvos." not in text and "Reaplicar agora" not in text


def test_a_choice_that_the_erp_no_longer_names_stays(erp: Erp, client: Client, address: str) -> None:
    with tenant(erp.integration.organization_id):
        criteria = Criteria(warehouse="Antigo", price_list_id="9")
        services.save_criteria(integration=erp.integration, criteria=criteria, person="Ana")
    page = client.get(address).content.decode()
    assert re.findall(r'<option value="([^"]*)" selected>([^<]*)<', page) == [
        ("available", "Disponível (recomendado)"),
        ("Antigo", "Antigo (o Tiny não mostra mais)"),
        ("9", "9 (o Tiny não mostra mais)"),
    ]


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ({"safety_stock": "-1"}, "Use um número a partir de zero."),
        ({"safety_stock": "dois"}, "Use um número inteiro."),
        ({"safety_stock": ""}, "Informe um número; 0 para nenhum."),
        ({"stock_kind": "virtual"}, "Faça uma escolha válida."),
        ({"warehouse": "Inventado"}, "Faça uma escolha válida."),
        ({"price_list_id": "99"}, "Faça uma escolha válida."),
    ],
)
def test_what_is_refused_changes_nothing(
    erp: Erp, client: Client, address: str, wrong: dict[str, str], complaint: str
) -> None:
    response = client.post(address, DEFAULTS | {"keep_price": "on", "action": "save"} | wrong)
    assert response.status_code == 422
    assert complaint in plain(response.content.decode())
    assert stored(erp) == Criteria()


def test_reapplying_is_a_job_behind_what_people_wait_for(erp: Erp, client: Client, address: str) -> None:
    response = client.post(address, {"action": "reapply"})
    assert (response.status_code, response["Location"]) == (302, address)
    with tenant(erp.integration.organization_id):
        job = Job.objects.get()
    assert (job.kind, job.channel, job.lock, job.priority) == (
        "reapply_criteria", erp.integration.channel, "reapply", Priority.COMPLETION,
    )  # fmt: skip
    assert job.key.startswith(f"{erp.integration.pk}/")
    assert stored(erp) == Criteria()


# --- «Ver efeito» ---


@pytest.fixture
def differing(erp: Erp) -> Erp:
    """A product whose name, brand and price are others at the ERP, all three kept out so far."""
    warehouses = (
        ErpWarehouseStock("Geral", Decimal(30), Decimal(2)),
        ErpWarehouseStock("Filial", Decimal(11), Decimal(1)),
    )
    stock = make_stock("900", *warehouses, balance="41", reserved="3")
    erp.tell(make_product(make_row()), stock)
    with tenant(erp.integration.organization_id):
        keep = Criteria(keep_name=True, ignore_brand=True, keep_price=True)
        services.save_criteria(integration=erp.integration, criteria=keep, person="Ana")
    erp.tell(make_product(make_row(name="Outro nome", price=Decimal(199)), brand="Serra"), stock)
    return erp


def test_the_effect_of_choices_that_nobody_saved(differing: Erp, client: Client, address: str) -> None:
    before = vars(differing.product()), stored(differing)

    text = preview(client, address, sku="LUM-01", ignore_brand="on")
    assert "Outro nome LUM-01 : 3 campos são diferentes no Tiny;" in text
    assert "Nome Hoje aqui Luminária 900 Chegaria Outro nome Marca" in text
    assert "Marca Hoje aqui Aurora Chegaria Serra mantido Ignorar fabricante ou marca" in text
    assert "Preço Hoje aqui R$ 249,90 Chegaria R$ 199,00" in text

    text = preview(client, address, sku="LUM-01", keep_name="on", keep_price="on")
    assert "Chegaria Outro nome mantido Não atualizar nome ou descrição" in text
    assert "Marca Hoje aqui Aurora Chegaria Serra Preço" in text

    after = vars(differing.product()), stored(differing)
    for one in (before, after):
        del one[0]["_state"]
    assert after == before


@pytest.mark.parametrize(
    ("choices", "stock"),
    [
        ({"stock_kind": "physical"}, "Estoque Hoje aqui 38 Chegaria 41"),
        ({"warehouse": "Filial"}, "Estoque Hoje aqui 38 Chegaria 10"),
        ({"safety_stock": "8"}, "Estoque Hoje aqui 38 Chegaria 30"),
        ({"safety_stock": "8", "keep_stock": "on"}, "Chegaria 30 mantido Não atualizar estoque"),
    ],
)
def test_the_effect_on_the_stock(
    differing: Erp, client: Client, address: str, choices: dict[str, str], stock: str
) -> None:
    assert stock in preview(client, address, sku="LUM-01", **choices)
    assert differing.product().stock == Decimal(38)


def test_the_effect_on_what_is_not_here(erp: Erp, client: Client, address: str) -> None:
    assert "Nenhum produto do Tiny com este SKU." in preview(client, address, sku="LUM-01")
    assert "Nenhum produto do Tiny com este SKU." in preview(client, address)
    with tenant(erp.integration.organization_id):
        only_active = Criteria(only_active=True)
        services.save_criteria(integration=erp.integration, criteria=only_active, person="Ana")
    erp.list(make_row(state=ProductState.INACTIVE))
    assert "ficaria de fora, inativo no Tiny." in preview(client, address, sku="LUM-01", only_active="on")
    assert "campos são diferentes no Tiny" in preview(client, address, sku="LUM-01")
    assert "Corrija antes os campos desta tela" in preview(client, address, safety_stock="x")


def test_without_script_the_whole_page_shows_the_effect(differing: Erp, client: Client, address: str) -> None:
    response = client.post(address, DEFAULTS | {"action": "preview", "sku": "LUM-01", "keep_codes": "on"})
    page = response.content.decode()
    assert "<html" in page and "3 campos são diferentes" in plain(page)
    # What was not saved yet still stands in the form.
    assert re.findall(r'name="(\w+)"[^>]* checked', page) == ["keep_codes"]


# --- who may ---


@pytest.mark.parametrize("perfil", [Perfil.OPERATOR, Perfil.VIEWER])
def test_only_an_administrador_changes_them(
    erp: Erp, organization: Organization, client_of: Callable[[User], Client], address: str, perfil: Perfil
) -> None:
    member = accounts.add_member(
        organization=organization, email="outra@aurora.test", name="Outra", perfil=perfil
    )
    client = client_of(member.user)
    page = client.get(address).content.decode()
    assert "Só um Administrador da organização pode alterar estes critérios." in plain(page)
    assert "salvar-criterios" not in page and "ver-efeito" not in page.replace("ver-efeito-", "")
    assert len(re.findall(r"<(?:input|select)[^>]* disabled", page)) == 19
    for action in ("save", "preview", "reapply"):
        response = client.post(address, DEFAULTS | {"keep_price": "on", "action": action})
        assert response.status_code == 404
    with tenant(organization):
        assert (ProductCriteria.objects.count(), Job.objects.count()) == (0, 0)
