"""What is asked of API v2 about products, what is written, and how it is refused."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

import pytest
import requests
import responses

from contracts.errors import NotFound, RejectedByErp, TemporaryError, UnsupportedFeature
from contracts.records import (
    ErpComponent,
    ErpListPrice,
    ErpPriceList,
    ProductDraft,
    ProductQuery,
    ProductState,
    RowProblem,
)
from tests.tiny.products import SO_ALREADY, create, failure
from tests.tiny.v2.bodies import answer, record_refusal, refusal
from tests.tiny.v2.context import API, TOKEN, TokenContext, told
from tests.tiny.v2.product_bodies import made, product, product_row, products, variation
from tiny.provider import TinyProvider

ID = "441309690"


@pytest.fixture
def context() -> TokenContext:
    return TokenContext()


def serve(service: str, *bodies: Any) -> None:
    for body in bodies:
        responses.post(f"{API}/{service}", json=body)


def sent(service: str) -> list[dict[str, str]]:
    """The form of each request to ``service``, without what every form has."""
    forms = [
        dict(parse_qsl(str(call.request.body), keep_blank_values=True))
        for call in responses.calls
        if call.request.url == f"{API}/{service}"
    ]
    assert all(form.pop("token") == TOKEN and form.pop("formato") == "json" for form in forms)
    return forms


def written(service: str) -> dict[str, Any]:
    (form,) = sent(service)
    ((row,),) = json.loads(form.pop("produto")).values()
    assert form == {}
    return dict(row["produto"])


def update(context: TokenContext, **draft: Any) -> None:
    TinyProvider().update_product(context, ID, ProductDraft(**{"sku": "CMS-AZUL", **draft}))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (ProductQuery(), {"pesquisa": ""}),
        (ProductQuery(sku="Açaí 1+1"), {"pesquisa": "Açaí 1+1"}),
    ],
)
@responses.activate
def test_the_query_of_products(context: TokenContext, query: ProductQuery, expected: dict[str, str]) -> None:
    serve("produtos.pesquisa.php", products(product_row()))
    TinyProvider().list_products(context, query, offset=0)
    assert sent("produtos.pesquisa.php") == [{"pagina": "1", **expected}]


@responses.activate
def test_a_search_finds_loosely_and_the_rows_are_held_against_it(context: TokenContext) -> None:
    rows = [
        product_row(id=1, codigo="A-1"),
        product_row(id=2, codigo="A-10"),
        product_row(id=3, codigo="a-1"),
    ]
    serve("produtos.pesquisa.php", products(*rows))
    page = TinyProvider().list_products(context, ProductQuery(sku="A-1"), offset=0)
    assert [row.external_id for row in page.items] == ["1"]
    assert (page.row_ids, page.problems, page.total) == (("1", "2", "3"), (), 3)


@pytest.mark.parametrize("code", [20, "23"])
@responses.activate
def test_no_product_is_an_empty_list(context: TokenContext, code: Any) -> None:
    serve("produtos.pesquisa.php", refusal(code, "A consulta não retornou registros"))
    page = TinyProvider().list_products(context, ProductQuery(), offset=0)
    assert (page.items, page.row_ids, page.problems) == ((), (), ())


@responses.activate
def test_what_changed_is_not_to_be_had(context: TokenContext) -> None:
    query = ProductQuery(changed_from=dt.datetime(2026, 8, 1, tzinfo=dt.UTC))
    error = failure(lambda: TinyProvider().list_products(context, query, offset=0))
    assert (type(error), error.code) == (UnsupportedFeature, "tiny.products_by_change")
    assert context.slots == []


@responses.activate
def test_a_kit_that_names_its_parts_costs_one_call(context: TokenContext) -> None:
    kit = [{"item": {"id_produto": "5", "quantidade": "2.00"}}]
    serve("produto.obter.php", answer(produto=product(classe_produto="K", kit=kit)))
    told = TinyProvider().get_product(context, ID)
    assert told.components == (ErpComponent("5", "", "", Decimal(2)),)
    assert context.slots == ["read"]


@pytest.mark.parametrize("product_class", ["K", "F"])
@responses.activate
def test_parts_that_a_product_does_not_name_are_asked_for(context: TokenContext, product_class: str) -> None:
    item = {"id_componente": "5", "codigo": "A", "nome": "Meia", "quantidade": "2.00"}
    serve("produto.obter.php", answer(produto=product(classe_produto=product_class)))
    serve("produto.obter.estrutura.php", answer(produto={"id": ID, "estrutura": [{"item": item}]}))
    assert TinyProvider().get_product(context, ID).components == (ErpComponent("5", "A", "Meia", Decimal(2)),)
    assert sent("produto.obter.estrutura.php") == [{"id": ID}]


@pytest.mark.parametrize("product_class", ["S", "M", "V"])
@responses.activate
def test_no_other_product_is_asked_for_its_parts(context: TokenContext, product_class: str) -> None:
    serve("produto.obter.php", answer(produto=product(classe_produto=product_class)))
    TinyProvider().get_product(context, ID)
    assert context.slots == ["read"]


@pytest.mark.parametrize("code", [20, 32])
@responses.activate
def test_a_product_that_tiny_does_not_know(context: TokenContext, code: int) -> None:
    body = refusal(code, "Produto não localizado")
    serve("produto.obter.php", body, body)
    serve("produto.obter.estoque.php", body)
    for call in (
        lambda: TinyProvider().get_product(context, ID),
        lambda: TinyProvider().get_stock(context, ID),
        lambda: update(context, name="Outro"),
    ):
        error = failure(call)
        assert (type(error), error.code, error.params) == (NotFound, "tiny.product_not_found", {"id": ID})


@responses.activate
def test_depositos_are_not_told(context: TokenContext) -> None:
    assert TinyProvider().list_warehouses(context) is None
    assert context.slots == []


@pytest.mark.parametrize("is_wrapped", [True, False])
@responses.activate
def test_lists_of_prices(context: TokenContext, is_wrapped: bool) -> None:
    rows = [{"id": number, "descricao": f"Lista {number}"} for number in (1, 2, 3)]
    shown = [{"registro": row} if is_wrapped else row for row in rows]
    serve(
        "listas.precos.pesquisa.php",
        answer(pagina=1, numero_paginas="2", registros=shown[:2]),
        answer(pagina="2", numero_paginas=2, registros=shown[2]),
    )
    assert TinyProvider().list_price_lists(context) == tuple(
        ErpPriceList(str(number), f"Lista {number}") for number in (1, 2, 3)
    )
    assert sent("listas.precos.pesquisa.php") == [
        {"pesquisa": "", "pagina": "1"},
        {"pesquisa": "", "pagina": "2"},
    ]


@pytest.mark.parametrize("body", [refusal(20, "Nada"), answer(registros=[]), answer(registros="")])
@responses.activate
def test_an_account_without_lists_of_prices(context: TokenContext, body: Any) -> None:
    serve("listas.precos.pesquisa.php", body)
    assert TinyProvider().list_price_lists(context) == ()
    assert len(responses.calls) == 1


@pytest.mark.parametrize("is_wrapped", [True, False])
@responses.activate
def test_prices_of_a_list(context: TokenContext, is_wrapped: bool) -> None:
    rows = [
        {"id": 71, "id_lista_preco": 9, "id_produto": 1, "preco": 40.05, "preco_promocional": 0},
        {
            "id": "72",
            "id_lista_preco": "9",
            "id_produto": "2",
            "preco": "45.0000",
            "preco_promocional": "39.9",
        },
        {"id": 73, "id_lista_preco": 9, "id_produto": 3, "preco": None},
        {"id": 74, "id_lista_preco": 9, "id_produto": 4, "preco": "?"},
        {"id": 75, "id_lista_preco": 9, "preco": 1},
    ]
    shown = [{"registro": row} if is_wrapped else row for row in rows]
    serve("listas.precos.excecoes.php", answer(pagina=1, numero_paginas="1", registros=shown))
    page = TinyProvider().list_prices(context, "9", offset=0)
    assert page.items == (
        ErpListPrice("1", Decimal("40.05"), None),
        ErpListPrice("2", Decimal(45), Decimal("39.9")),
        ErpListPrice("3", None, None),
    )
    assert (page.row_ids, page.total) == (("1", "2", "3", "4", ""), 5)
    assert page.problems == (
        RowProblem("4", "tiny.amount_unreadable", {"field": "preco", "value": "?"}),
        RowProblem("", "tiny.row_without_id", {"label": ""}),
    )
    assert sent("listas.precos.excecoes.php") == [{"idListaPreco": "9", "pagina": "1"}]


@responses.activate
def test_a_list_of_prices_has_pages(context: TokenContext) -> None:
    rows = [{"id_produto": number, "preco": 1} for number in range(1, 151)]
    pages = [answer(pagina=1, numero_paginas=2, registros=rows[:100])] * 2
    pages.insert(1, answer(pagina=2, numero_paginas=2, registros=rows[100:]))
    serve("listas.precos.excecoes.php", *pages, pages[1])
    first, last = (TinyProvider().list_prices(context, "9", offset=offset) for offset in (0, 100))
    assert first.row_ids + last.row_ids == tuple(map(str, range(1, 151)))
    assert (first.total, last.total, first.is_counted) == (150, 150, False)


@pytest.mark.parametrize("code", [20, "23"])
@responses.activate
def test_a_list_of_prices_that_names_no_product(context: TokenContext, code: Any) -> None:
    serve("listas.precos.excecoes.php", refusal(code, "A consulta não retornou registros"))
    page = TinyProvider().list_prices(context, "9", offset=0)
    assert (page.items, page.row_ids, page.problems) == ((), (), ())


@responses.activate
def test_a_list_of_prices_that_is_gone(context: TokenContext) -> None:
    serve("listas.precos.excecoes.php", refusal(32, "Lista de preços não localizada"))
    error = failure(lambda: TinyProvider().list_prices(context, "9", offset=0))
    assert (type(error), error.code, error.params) == (NotFound, "tiny.price_list_not_found", {"id": "9"})


# -- writing -------------------------------------------------------------------------------------------


@responses.activate
def test_a_product_is_made_with_what_tiny_asks_for(context: TokenContext) -> None:
    serve("produto.incluir.php", made(99))
    number = create(
        context,
        name="Novo & cia.",
        state=ProductState.INACTIVE,
        brand="Lume",
        category=("Casa", "Cozinha"),
        price=Decimal("19.90"),
        height=Decimal("5.5"),
    )
    assert number == "99"
    assert written("produto.incluir.php") == {
        "sequencia": "1",
        "codigo": "NOVO-1",
        "nome": "Novo & cia.",
        "unidade": "UN",
        "preco": "19.90",
        "origem": "0",
        "situacao": "I",
        "tipo": "P",
        "marca": "Lume",
        "categoria": "Casa >> Cozinha",
        "altura_embalagem": "5.5",
    }
    assert context.slots == ["batch", "read"]
    assert "Novo" not in told(context)
    assert TOKEN not in told(context)


@pytest.mark.parametrize(
    ("draft", "body"),
    [
        ({"price": Decimal("54.90")}, {"preco": "54.90"}),
        ({"promotional_price": Decimal("44.1")}, {"preco_promocional": "44.1"}),
        (
            {"price": Decimal("54.90"), "promotional_price": Decimal("44.1")},
            {"preco": "54.90", "preco_promocional": "44.1"},
        ),
    ],
)
@responses.activate
def test_prices_alone_are_written_by_a_call_of_their_own(
    context: TokenContext, draft: dict[str, Any], body: dict[str, str]
) -> None:
    serve("produto.obter.php", answer(produto=product()))
    responses.post(f"{API}/produto.atualizar.precos", json=made(ID))
    update(context, **draft)
    assert json.loads(responses.calls[1].request.body) == {"precos": [{"id": ID, **body}]}
    assert context.slots == ["read", "read"]
    assert TOKEN not in told(context)


FAMILY = [{"variacao": {**variation(7, {"Cor": "Azul"}), "mapeamentos": []}}]


@responses.activate
def test_a_change_is_laid_over_all_that_tiny_has(context: TokenContext) -> None:
    """Tiny takes away what it is not sent, and names the same things otherwise in a request."""
    serve(
        "produto.obter.php",
        answer(produto=product(variacoes=FAMILY[0], kit=[{"item": {"id_produto": "5", "quantidade": "2"}}])),
    )
    serve("produto.alterar.php", made(ID))
    update(context, name="Camisa", price=Decimal("54.90"), gross_weight=Decimal("0.3"), category=(), gtin="")
    assert written("produto.alterar.php") == {
        "sequencia": "1",
        "id": ID,
        "codigo": "CMS-AZUL",
        "nome": "Camisa",
        "unidade": "UN",
        "preco": "54.90",
        "preco_promocional": "0.00",
        "preco_custo": 20,
        "gtin": "",
        "gtin_embalagem": "",
        "localizacao": "A-12",
        "situacao": "A",
        "ncm": "6105.10.00",
        "origem": "0",
        "peso_liquido": "0.2",
        "peso_bruto": "0.3",
        "estoque_minimo": 2,
        "estoque_maximo": 0,
        "codigo_fornecedor": "",
        "codigo_pelo_fornecedor": "",
        "unidade_por_caixa": "12",
        "tipo": "P",
        "classe_ipi": "",
        "valor_ipi_fixo": "0",
        "descricao_complementar": "<p>Descrição</p>",
        "obs": "",
        "garantia": "3 meses",
        "cest": "28.038.00",
        "variacoes": FAMILY,
        "kit": [{"item": {"id_produto": "5", "quantidade": "2"}}],
        "sob_encomenda": "N",
        "dias_preparacao": "0",
        "marca": "Serra Alta",
        "tipo_embalagem": "2",
        "altura_embalagem": "5.50",
        "comprimento_embalagem": "20.00",
        "largura_embalagem": "15.00",
        "diametro_embalagem": "0.00",
        "categoria": "",
        "anexos": [{"anexo": "https://cdn.example.com/45221.jpg"}],
        "imagens_externas": [{"imagem_externa": {"url": "https://cdn.example.com/45222.png"}}],
        "classe_produto": "S",
        "seo": {
            "seo_title": "Camisa",
            "seo_keywords": "camisa,azul",
            "link_video": "",
            "seo_description": "",
            "slug": "camisa-azul",
        },
    }
    assert context.slots == ["read", "batch", "read"]


@pytest.mark.parametrize(
    ("told_name", "name"), [("tipoEmbalagem", "tipo_embalagem"), ("id_fornecedor", "id_fornecedor")]
)
@pytest.mark.parametrize("value", [0, "0", ""])
@responses.activate
def test_a_none_that_tiny_would_refuse_is_not_sent_back(
    context: TokenContext, told_name: str, name: str, value: Any
) -> None:
    serve("produto.obter.php", answer(produto=product(**{told_name: value})))
    serve("produto.alterar.php", made(ID))
    update(context, name="Camisa")
    assert name not in written("produto.alterar.php")


@responses.activate
def test_what_is_so_already_is_not_written(context: TokenContext) -> None:
    serve("produto.obter.php", answer(produto=product()))
    update(context, name="Camisa Azul", **SO_ALREADY)
    assert context.slots == ["read"]


@responses.activate
def test_a_product_is_never_deleted(context: TokenContext) -> None:
    serve("produto.obter.php", answer(produto=product()))
    for call in (
        lambda: update(context, state=ProductState.DELETED),
        lambda: create(context, state=ProductState.DELETED),
    ):
        error = failure(call)
        assert (type(error), error.code) == (UnsupportedFeature, "tiny.product_state_unwritable")
    assert context.slots == ["read"]


@pytest.mark.parametrize(
    ("code", "expected"),
    [(31, "tiny.v2_invalid"), (30, "tiny.v2_duplicate"), (10, "tiny.v2_parameter_missing")],
)
@responses.activate
def test_a_refused_product(context: TokenContext, code: int, expected: str) -> None:
    serve("produto.incluir.php", record_refusal(code, "O nome do produto deve ter até 120 caracteres"))
    error = failure(lambda: create(context, name="x" * 121, price=Decimal(1)))
    assert (type(error), error.code) == (RejectedByErp, expected)
    assert error.params["reason"] == "O nome do produto deve ter até 120 caracteres"


@responses.activate
def test_a_product_that_is_gone_before_it_is_written(context: TokenContext) -> None:
    serve("produto.obter.php", answer(produto=product()))
    serve("produto.alterar.php", record_refusal(32, "Produto não localizado"))
    error = failure(lambda: update(context, name="Outro"))
    assert (type(error), error.code, error.params) == (NotFound, "tiny.product_not_found", {"id": ID})


@pytest.mark.parametrize("trouble", [requests.ReadTimeout(), requests.ConnectionError()])
@responses.activate
def test_whether_a_write_came_about_may_stay_open(context: TokenContext, trouble: Exception) -> None:
    responses.post(f"{API}/produto.incluir.php", body=trouble)
    error = failure(lambda: create(context, name="Novo", price=Decimal(1)))
    assert type(error) is TemporaryError
    assert len(responses.calls) == 1
    assert TOKEN not in told(context, error)
