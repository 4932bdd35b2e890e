"""De-para of products: by hand, and by a file."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import Organization
from accounts.tenancy import tenant
from catalog import selectors, services
from catalog.models import ChangeSource, LinkedBy, Product, ProductReference
from integrations.models import Integration
from jobs import queue
from jobs.models import Job, JobStatus
from tests.catalog.received import Erp, make_row
from tests.catalog.test_pages import plain

HERE = "/o/casa-aurora/de-para/produtos/"


@pytest.fixture
def get(client: Client) -> Callable[..., str]:
    def read(path: str = "", **query: Any) -> str:
        response = client.get(HERE + path, query)
        assert response.status_code == 200
        return response.content.decode()

    return read


@pytest.fixture
def shop(erp: Erp, organization: Organization) -> Erp:
    """Of Tiny's, four without one of ours: no SKU (902), one SKU twice (903, 904), another case (905)."""
    save(organization, "VASO-1", name="Vaso de cerâmica azul", gtin="7891000315507")
    save(organization, "mesa-9", name="Mesa")
    erp.list(
        make_row("900", "LUM-01", gtin=""),
        make_row("902", "", name="Vaso de cerâmica azul claro", gtin=""),
        make_row("903", "DUP", name="Tapete", gtin="7891000315507"),
        make_row("904", "DUP", name="Cortina", gtin=""),
    )
    with tenant(organization):
        services.unlink(reference_id=erp.reference("900").pk, person="Ana")
        Product.objects.filter(sku="LUM-01").delete()
    return erp


def save(organization: Organization, sku: str, **values: Any) -> None:
    with tenant(organization):
        services.save_product(sku=sku, values=values, person="Ana", source=ChangeSource.API)


def wait_for_sku(integration: Integration, sku: str, count: int) -> None:
    """Jobs that stopped because of a SKU that no product of the ERP has."""
    with tenant(integration.organization_id):
        for number in range(count):
            queue.enqueue("complete_order", channel=integration.channel, key=f"{sku}-{number}")
        Job.objects.filter(key__startswith=f"{sku}-").update(
            status=JobStatus.PARKED, reason_code=selectors.SKU_UNKNOWN, reason_key=sku
        )


def listed(page: str) -> list[str]:
    return re.findall(r'<a class="pick"[^>]*>.*?<strong>([^<]*)</strong>', page)


def links(organization: Organization) -> dict[str, tuple[str | None, str]]:
    """By the ERP's id: the SKU of ours, and who linked it."""
    with tenant(organization):
        rows = ProductReference.objects.values_list("external_id", "product__sku", "linked_by")
        return {external_id: (sku, linked_by) for external_id, sku, linked_by in rows}


# --- by hand ---


def test_what_most_orders_wait_for_comes_first(shop: Erp, get: Callable[..., str]) -> None:
    assert listed(get()) == ["Vaso de cerâmica azul claro", "Tapete", "Cortina", "Luminária 900"]
    wait_for_sku(shop.integration, "LUM-01", 5)
    wait_for_sku(shop.integration, "OUTRO", 9)

    page = get()
    assert listed(page) == ["Luminária 900", "Vaso de cerâmica azul claro", "Tapete", "Cortina"]
    assert "Luminária 900 SKU LUM-01 · id 900 5 pedidos parados" in plain(page)
    assert listed(get(q="dup")) == ["Tapete", "Cortina"]
    assert listed(get(q="vaso")) == ["Vaso de cerâmica azul claro"]
    assert listed(get(q="7891000315507")) == ["Tapete"]
    assert "Nenhum produto sem vínculo com esta busca." in plain(get(q="nada"))


@pytest.mark.parametrize("item", ["", "0", "999999999", "9" * 30, "x", "²", "-1"])
def test_an_item_that_is_none_shows_the_list(shop: Erp, get: Callable[..., str], item: str) -> None:
    assert "Escolha um produto" in get(item=item)


def test_suggestions_and_search(shop: Erp, get: Callable[..., str]) -> None:
    text = plain(get(item=str(shop.reference("903").pk)))
    assert "Vaso de cerâmica azul VASO-1 · GTIN igual Vincular a VASO-1" in text
    text = plain(get(item=str(shop.reference("902").pk)))
    assert re.search(r"VASO-1 · nome \d\d% parecido", text)
    text = plain(get(item=str(shop.reference("904").pk)))
    assert "Nenhum produto daqui se parece com este." in text
    text = plain(get(item=str(shop.reference("904").pk), busca="mes"))
    assert "Mesa mesa-9 Vincular a mesa-9" in text
    assert "Nenhum produto daqui com «zzz»." in plain(get(item=str(shop.reference("904").pk), busca="zzz"))


def test_linking_lets_the_orders_go_on(shop: Erp, organization: Organization, client: Client) -> None:
    wait_for_sku(shop.integration, "LUM-01", 5)
    reference = shop.reference("900")
    assert "5 pedidos esperam por este produto." in plain(
        client.get(HERE, {"item": reference.pk}).content.decode()
    )

    response = client.post(
        f"{HERE}{reference.pk}/", {"action": "link", "sku": " mesa-9 ", "de": f"{HERE}?q=lum"}, follow=True
    )

    assert response.redirect_chain == [(f"{HERE}?q=lum", 302)]
    assert "Vinculado ao SKU mesa-9. 5 pedidos voltaram para a fila." in plain(response.content.decode())
    assert links(organization)["900"] == ("mesa-9", LinkedBy.PERSON)
    with tenant(organization):
        assert set(Job.objects.values_list("status", flat=True)) == {JobStatus.PENDING}


def test_a_product_of_another_is_taken_over_and_the_page_says_so(
    shop: Erp, organization: Organization, client: Client, get: Callable[..., str]
) -> None:
    with tenant(organization):
        services.link(reference_id=shop.reference("900").pk, sku="mesa-9", person="Ana")
    item = shop.reference("904").pk
    text = plain(get(item=str(item), busca="mesa"))
    assert "mesa-9 Hoje vinculado ao id 900, que deixaria de ser ele." in text
    client.post(f"{HERE}{item}/", {"action": "link", "sku": "mesa-9"})
    assert (links(organization)["900"][0], links(organization)["904"][0]) == (None, "mesa-9")


def test_creating_here(shop: Erp, organization: Organization, client: Client) -> None:
    reference = shop.reference("902")
    response = client.post(f"{HERE}{reference.pk}/", {"action": "create", "sku": "VASO-2"}, follow=True)
    assert "Produto VASO-2 criado." in plain(response.content.decode())
    product = shop.product("VASO-2")
    assert (product.name, product.source_integration_id) == (
        "Vaso de cerâmica azul claro",
        shop.integration.pk,
    )
    assert links(organization)["902"] == ("VASO-2", LinkedBy.PERSON)


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        ({"action": "link", "sku": "NUNCA"}, "Não há produto com o SKU NUNCA aqui."),
        ({"action": "link", "sku": ""}, "Não há produto com o SKU aqui."),
        ({"action": "create", "sku": ""}, "Informe o SKU do produto novo."),
        ({"action": "create", "sku": "x" * 121}, "O SKU tem até 120 caracteres."),
        ({"action": "create", "sku": "VASO-1"}, "Já há um produto com o SKU VASO-1 aqui. Vincule a ele."),
        ({"action": "unlink"}, "Este produto do Tiny não está vinculado."),
        ({"action": "apagar"}, "Escolha o que fazer com este produto."),
        ({}, "Escolha o que fazer com este produto."),
    ],
)
def test_what_is_refused_changes_nothing(
    shop: Erp, organization: Organization, client: Client, data: dict[str, str], complaint: str
) -> None:
    before = links(organization)
    response = client.post(f"{HERE}{shop.reference('902').pk}/", data, follow=True)
    assert complaint in plain(response.content.decode())
    assert links(organization) == before
    with tenant(organization):
        assert set(Product.objects.values_list("sku", flat=True)) == {"VASO-1", "mesa-9"}


def test_nothing_left_to_link(erp: Erp, get: Callable[..., str]) -> None:
    erp.list(make_row())
    assert "Todos os produtos têm de-para" in plain(get())


# --- by a file ---


def upload(client: Client, content: str | bytes, name: str = "de-para.csv") -> Any:
    body = content if isinstance(content, bytes) else content.encode()
    return client.post(f"{HERE}importar/", {"file": SimpleUploadedFile(name, body, "text/csv")})


GOOD = "sku_aqui;sku_tiny;id_tiny\r\nVASO-1;;902\r\nmesa-9;LUM-01;\r\n"


@pytest.mark.parametrize(
    "content",
    [
        GOOD.encode(),
        GOOD.encode("utf-8-sig"),
        GOOD.replace(";", ",").encode(),
        GOOD.replace("\r\n", "\n").encode(),
        ("Sku_Aqui ; sku_tiny;id_tiny;nota\n" + GOOD.partition("\r\n")[2] + ";;;\n\n").encode(),
    ],
)
def test_a_file_is_shown_before_anything_changes(
    shop: Erp, organization: Organization, client: Client, content: bytes
) -> None:
    wait_for_sku(shop.integration, "LUM-01", 1)
    before = links(organization)
    response = upload(client, content)
    page = response.content.decode()
    assert response.status_code == 200
    assert "2 produtos a vincular" in plain(page) and "Vincular os 2" in plain(page)
    assert links(organization) == before

    [pairs] = re.findall(r'name="vincular" value="([^"]*)"', page)
    done = client.post(f"{HERE}importar/", {"vincular": pairs.replace("&quot;", '"')}, follow=True)
    assert "2 produtos vinculados. 1 pedido voltou para a fila." in plain(done.content.decode())
    after = links(organization)
    assert (after["902"], after["900"]) == (("VASO-1", "person"), ("mesa-9", "person"))


def test_each_bad_line_is_named(shop: Erp, organization: Organization, client: Client) -> None:
    lines = [
        "sku_aqui;sku_tiny;id_tiny",
        "VASO-1;;902",  # 2: good
        "NUNCA;LUM-01;",
        "mesa-9;;",
        "mesa-9;NADA;",
        "mesa-9;;555",
        "mesa-9;DUP;",
        ";LUM-01;900",  # 8: nobody wrote which
        '"mesa-9";"LUM-01";',  # 9: good
        "mesa-9;;903",
        "VASO-1;;904",
    ]
    before = links(organization)
    text = plain(upload(client, "\n".join(lines)).content.decode())
    assert "2 produtos a vincular 10 linhas lidas; 1 sem sku_aqui, pulada; 7 com problema ." in text
    for named in (
        "Linha 3 Não há produto com o SKU NUNCA aqui.",
        "Linha 4 Falta o sku_tiny ou o id_tiny.",
        "Linha 5 Não há produto com o SKU NADA no Tiny.",
        "Linha 6 Não há produto com o id 555 no Tiny.",
        "Linha 7 Mais de um produto do Tiny tem o SKU DUP. Use a coluna id_tiny.",
        "Linha 10 Repete um produto da linha 9.",
        "Linha 11 Repete um produto da linha 2.",
    ):
        assert named in text, named
    assert links(organization) == before


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "O arquivo está vazio."),
        (b"produto;preco\n1;2\n", "A primeira linha precisa ter as colunas sku_aqui e sku_tiny, ou id_tiny."),
        (b"sku_aqui;nome\n1;2\n", "A primeira linha precisa ter as colunas"),
        ("sku_aqui;sku_tiny\nção;x\n".encode("latin-1"), "O arquivo não está em UTF-8."),
        (b"PK\x03\x04\x00\x00", "O arquivo não parece um CSV."),
        (
            b"sku_aqui;sku_tiny\n" + b"a;b\n" * 5001,
            "O arquivo tem 5001 linhas. Divida em partes de até 5000.",
        ),
        (b"sku_aqui;sku_tiny\n" + b"x" * 2_000_001, "O arquivo passa de 2 MB. Divida em partes."),
    ],
)
def test_a_file_that_is_none(erp: Erp, client: Client, content: bytes, complaint: str) -> None:
    response = upload(client, content)
    assert response.status_code == 422
    assert complaint in plain(response.content.decode())


def test_what_changed_since_the_preview_stops_no_other(
    shop: Erp, organization: Organization, client: Client
) -> None:
    good, gone = shop.reference("902").pk, shop.reference("904").pk
    sent = f'[[{gone}, "NUNCA"], [{good}, "VASO-1"], [999999999, "mesa-9"]]'
    response = client.post(f"{HERE}importar/", {"vincular": sent}, follow=True)
    assert "1 produto vinculado. 2 mudaram desde a conferência e ficaram como estavam." in plain(
        response.content.decode()
    )
    assert (links(organization)["902"][0], links(organization)["904"][0]) == ("VASO-1", None)


@pytest.mark.parametrize("sent", ["", "x", "{}", "[1]", '[["a", "b"]]', "[[1]]", "null", "7"])
def test_pairs_that_nobody_was_shown_change_nothing(
    shop: Erp, organization: Organization, client: Client, sent: str
) -> None:
    before = links(organization)
    assert client.post(f"{HERE}importar/", {"vincular": sent}).status_code == 302
    assert links(organization) == before


def test_the_file_goes_out_and_comes_back(shop: Erp, organization: Organization, client: Client) -> None:
    shop.list(make_row("906", "=HYPERLINK(1)", name='+Fórmula; com "aspas"'), make_row("907", "-1+2"))
    response = client.get(f"{HERE}exportar/")
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response["Content-Disposition"] == 'attachment; filename="de-para-produtos-casa-aurora.csv"'
    assert response.content.startswith(b"\xef\xbb\xbfsku_aqui;sku_tiny;id_tiny;produto_tiny;integracao\r\n")
    lines = response.content.decode("utf-8-sig").splitlines()[1:]
    assert lines == [
        ";;902;Vaso de cerâmica azul claro;Integração Tiny ERP",
        "'-1+2;'-1+2;907;Luminária 907;Integração Tiny ERP",
        '\'=HYPERLINK(1);\'=HYPERLINK(1);906;"\'+Fórmula; com ""aspas""";Integração Tiny ERP',
        ";DUP;903;Tapete;Integração Tiny ERP",
        ";DUP;904;Cortina;Integração Tiny ERP",
        ";LUM-01;900;Luminária 900;Integração Tiny ERP",
    ]
    text = plain(upload(client, response.content).content.decode())
    assert "0 produtos a vincular 6 linhas lidas; 2 já eram assim; 4 sem sku_aqui, puladas." in text
    assert "Vincular os" not in text
