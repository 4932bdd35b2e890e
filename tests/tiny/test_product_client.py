"""What is asked of API v3 about products, what is written, and how it is refused."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
import requests
import responses

from contracts.errors import (
    ErpError,
    NotFound,
    PermissionMissing,
    RateLimited,
    RejectedByErp,
    TemporaryError,
    UnsupportedFeature,
)
from contracts.records import ErpWarehouse, ProductDraft, ProductQuery, ProductState
from tests.tiny.context import ENDPOINTS, RecordingContext
from tests.tiny.product_shapes import product_detail, product_row, stock
from tests.tiny.products import SO_ALREADY, create, failure
from tests.tiny.shapes import envelope
from tiny.provider import TinyProvider
from tiny.v3.client import TinyV3Client

API = ENDPOINTS.api_url
ID = "441309693"
PRODUCT = f"{API}/produtos/{ID}"
DRAFT = ProductDraft(sku="CMS-AZUL-M")


@pytest.fixture
def context() -> RecordingContext:
    return RecordingContext()


@pytest.fixture
def client(context: RecordingContext) -> TinyV3Client:
    return TinyV3Client(context)


def update(context: RecordingContext, **draft: Any) -> None:
    TinyProvider().update_product(context, ID, ProductDraft(**{"sku": "CMS-AZUL-M", **draft}))


def sent(method: str) -> list[tuple[str, Any]]:
    """Path and body of each request by ``method``."""
    return [
        (call.request.url.removeprefix(API), json.loads(call.request.body))
        for call in responses.calls
        if call.request.method == method
    ]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (ProductQuery(), {}),
        # Two hours past midnight in UTC is the evening before in São Paulo.
        (
            ProductQuery(changed_from=dt.datetime(2026, 8, 26, 2, 0, 5, tzinfo=dt.UTC)),
            {"dataAlteracao": "2026-08-25 23:00:05"},
        ),
        (ProductQuery(sku="Açaí 1+1"), {"codigo": "Açaí 1+1"}),
    ],
)
@responses.activate
def test_the_query_of_products(client: TinyV3Client, query: ProductQuery, expected: dict[str, str]) -> None:
    responses.get(f"{API}/produtos", json=envelope(product_row()))
    client.list_products(query, offset=200)
    asked = {"limit": "100", "offset": "200", "orderBy": "asc", **expected}
    assert responses.calls[0].request.params == asked


@responses.activate
def test_warehouses_come_bare(context: RecordingContext) -> None:
    responses.get(f"{API}/depositos", json=[{"id": 1, "descricao": "Geral", "desconsideraSaldo": False}])
    assert TinyProvider().list_warehouses(context) == (ErpWarehouse("Geral"),)


@pytest.mark.parametrize("status", [403, 404])
@responses.activate
def test_warehouses_that_an_account_does_not_tell(context: RecordingContext, status: int) -> None:
    responses.get(f"{API}/depositos", status=status)
    assert TinyProvider().list_warehouses(context) is None


@pytest.mark.parametrize(("status", "error"), [(429, RateLimited), (500, TemporaryError)])
@responses.activate
def test_trouble_is_not_an_account_without_warehouses(
    context: RecordingContext, status: int, error: type[ErpError]
) -> None:
    responses.get(f"{API}/depositos", status=status)
    assert isinstance(failure(lambda: TinyProvider().list_warehouses(context)), error)


@responses.activate
def test_lists_of_prices_are_read_to_the_end(context: RecordingContext) -> None:
    lists = [{"id": number, "descricao": f"Lista {number}"} for number in range(1, 102)]
    for start in (0, 100):
        responses.get(
            f"{API}/listas-precos",
            json=envelope(*lists[start : start + 100], offset=start, total=101),
            match=[responses.matchers.query_param_matcher({"offset": start, "limit": 100})],
        )
    found = TinyProvider().list_price_lists(context)
    assert [(item.external_id, item.name) for item in found] == [
        (str(number), f"Lista {number}") for number in range(1, 102)
    ]


@pytest.mark.parametrize(
    ("call", "path", "module"),
    [
        (lambda client: client.list_products(ProductQuery(), offset=0), "/produtos", "Produtos"),
        (lambda client: client.get_product("7"), "/produtos/7", "Produtos"),
        (lambda client: client.get_stock("7"), "/estoque/7", "Estoque"),
        (lambda client: client.list_price_lists(offset=0), "/listas-precos", "Listas de Preço"),
        (lambda client: client.get_price_list("7"), "/listas-precos/7", "Listas de Preço"),
        (lambda client: client.list_brands("Lume"), "/marcas", "Marcas"),
        (lambda client: client.list_categories(), "/categorias/todas", "Categorias"),
    ],
)
@responses.activate
def test_a_missing_permission_names_its_module(
    client: TinyV3Client, call: Callable[[TinyV3Client], Any], path: str, module: str
) -> None:
    responses.get(f"{API}{path}", status=403)
    error = failure(lambda: call(client))
    assert (type(error), error.code, error.params) == (
        PermissionMissing,
        "tiny.permission_missing",
        {"module": module},
    )


@responses.activate
def test_a_list_of_prices_is_told_whole_by_one_call(context: RecordingContext) -> None:
    rows = [{"idProduto": number, "codigo": "A", "preco": 2.5} for number in range(1, 151)]
    responses.get(f"{API}/listas-precos/9", json={"id": 9, "descricao": "Atacado", "excecoes": rows})
    page = TinyProvider().list_prices(context, "9", offset=0)
    assert (len(page.items), page.total, page.problems) == (150, 150, ())
    assert len(responses.calls) == 1
    beyond = TinyProvider().list_prices(context, "9", offset=150)
    assert (beyond.items, beyond.row_ids, beyond.total) == ((), (), 150)


@responses.activate
def test_a_list_of_prices_that_is_gone(context: RecordingContext) -> None:
    responses.get(f"{API}/listas-precos/9", status=404)
    error = failure(lambda: TinyProvider().list_prices(context, "9", offset=0))
    assert (type(error), error.code, error.params) == (NotFound, "tiny.price_list_not_found", {"id": "9"})


@pytest.mark.parametrize("path", ["produtos", "estoque"])
@responses.activate
def test_a_product_that_tiny_does_not_know(client: TinyV3Client, path: str) -> None:
    responses.get(f"{API}/{path}/7", status=404)
    ask = client.get_product if path == "produtos" else client.get_stock
    error = failure(lambda: ask("7"))
    assert (type(error), error.code, error.params) == (NotFound, "tiny.product_not_found", {"id": "7"})


# -- writing -------------------------------------------------------------------------------------------


@responses.activate
def test_a_price_alone_is_written_by_a_call_of_its_own(context: RecordingContext) -> None:
    responses.get(PRODUCT, json=product_detail())
    responses.put(f"{PRODUCT}/preco", json={"preco": 54.9, "precoPromocional": 0})
    update(context, price=Decimal("54.90"))
    assert sent("PUT") == [(f"/produtos/{ID}/preco", {"preco": 54.9, "precoPromocional": 0})]
    assert context.slots == ["read", "write"]
    assert [(call.method, call.path, call.status) for call in context.calls] == [
        ("GET", f"/produtos/{ID}", 200),
        ("PUT", f"/produtos/{ID}/preco", 200),
    ]


@pytest.mark.parametrize(
    ("price", "promotional", "body"),
    [
        (None, "45.5", {"preco": 50.25, "precoPromocional": 45.5}),
        ("54.90", "0", {"preco": 54.9, "precoPromocional": 0}),
        ("54.90", None, {"preco": 54.9, "precoPromocional": 44}),
    ],
)
@responses.activate
def test_of_two_prices_the_other_stays(
    context: RecordingContext, price: str | None, promotional: str | None, body: dict[str, Any]
) -> None:
    responses.get(PRODUCT, json=product_detail(precos={"preco": 50.25, "precoPromocional": 44}))
    responses.put(f"{PRODUCT}/preco", json=body)
    update(
        context,
        price=None if price is None else Decimal(price),
        promotional_price=None if promotional is None else Decimal(promotional),
    )
    assert sent("PUT") == [(f"/produtos/{ID}/preco", body)]


@responses.activate
def test_what_is_so_already_is_not_written(context: RecordingContext) -> None:
    responses.get(PRODUCT, json=product_detail())
    update(context, name="Camisa Azul - M", **SO_ALREADY)
    assert context.slots == ["read"]


@responses.activate
def test_a_change_is_laid_over_all_that_tiny_has(context: RecordingContext) -> None:
    responses.get(PRODUCT, json=product_detail())
    responses.put(PRODUCT, status=204)
    update(context, name="Camisa", price=Decimal("54.90"), gross_weight=Decimal("0.3"), gtin="")
    ((path, body),) = sent("PUT")
    assert path == f"/produtos/{ID}"
    assert body == {
        "sku": "CMS-AZUL-M",
        "descricao": "Camisa",
        "descricaoComplementar": "<p>Descrição</p>",
        "unidade": "UN",
        "unidadePorCaixa": "12",
        "ncm": "6105.10.00",
        "gtin": "",
        "origem": 0,
        "garantia": "3 meses",
        "observacoes": "",
        "marca": {"id": 81},
        "categoria": {"id": 71},
        "precos": {"preco": 54.9, "precoPromocional": 0, "precoCusto": 20},
        "dimensoes": {
            "embalagem": {"tipo": 2},
            "largura": 15,
            "altura": 5.5,
            "comprimento": 20,
            "diametro": 0,
            "pesoLiquido": 0.2,
            "pesoBruto": 0.3,
        },
        "estoque": {
            "controlar": True,
            "sobEncomenda": False,
            "diasPreparacao": 0,
            "localizacao": "A-12",
            "minimo": 2,
            "maximo": 0,
        },
        "seo": {
            "titulo": "Camisa",
            "descricao": "",
            "keywords": ["camisa", "azul"],
            "linkVideo": "",
            "slug": "camisa-azul",
        },
        "tributacao": {"gtinEmbalagem": "", "valorIPIFixo": 0, "classeIPI": ""},
    }


@responses.activate
def test_what_tiny_does_not_have_is_not_made_up(context: RecordingContext) -> None:
    told = {"id": int(ID), "sku": "CMS-AZUL-M", "descricao": "Camisa", "situacao": "A"}
    payload = {**dict.fromkeys(product_detail()), **told, "dimensoes": {"embalagem": {"tipo": "2"}}}
    responses.get(PRODUCT, json=payload)
    responses.put(PRODUCT, status=204)
    update(context, unit="UN")
    expected = {"sku": "CMS-AZUL-M", "descricao": "Camisa", "unidade": "UN"}
    assert sent("PUT") == [(f"/produtos/{ID}", {**expected, "dimensoes": {"embalagem": {"tipo": 2}}})]


@responses.activate
def test_a_brand_is_found_by_its_name_or_made(context: RecordingContext) -> None:
    responses.get(PRODUCT, json=product_detail())
    responses.put(PRODUCT, status=204)
    others = [
        {"id": 1, "descricao": "Lume Casa"},
        {"id": 2, "descricao": "LUME"},
        {"id": 3, "descricao": "Lume"},
    ]
    responses.get(f"{API}/marcas", json=envelope(*others))
    responses.get(f"{API}/marcas", json=envelope(*others[:2]))
    responses.get(f"{API}/marcas", json=envelope(others[0]))
    responses.post(f"{API}/marcas", json={"id": 4}, status=201)
    for _ in range(3):
        update(context, brand="Lume")
    assert [body["marca"] for _, body in sent("PUT")] == [{"id": 3}, {"id": 2}, {"id": 4}]
    assert sent("POST") == [("/marcas", {"descricao": "Lume"})]
    assert context.slots[-4:] == ["read", "read", "write", "write"]


@responses.activate
def test_a_brand_and_a_category_are_taken_away(context: RecordingContext) -> None:
    responses.get(PRODUCT, json=product_detail())
    responses.put(PRODUCT, status=204)
    update(context, brand="", category=())
    ((_, body),) = sent("PUT")
    assert (body["marca"], body["categoria"]) == ({"id": None}, {"id": None})
    assert context.slots == ["read", "write"]


TREE = [
    {"id": 10, "descricao": "Casa", "filhas": [{"id": 11, "descricao": "Camisas", "filhas": []}]},
    {"id": 20, "descricao": "Roupas", "filhas": [{"id": 21, "descricao": "Meias", "filhas": None}]},
]


@pytest.mark.parametrize("path", [("Roupas", "Meias"), ("ROUPAS", "meias")])
@responses.activate
def test_a_category_is_found_in_the_tree(context: RecordingContext, path: tuple[str, ...]) -> None:
    responses.get(PRODUCT, json=product_detail())
    responses.get(f"{API}/categorias/todas", json=TREE)
    responses.put(PRODUCT, status=204)
    update(context, category=path)
    ((_, body),) = sent("PUT")
    assert body["categoria"] == {"id": 21}


@pytest.mark.parametrize(
    "path", [("Roupas", "Bonés"), ("Meias",), ("Roupas", "Meias", "Finas"), ("Novidades",)]
)
@pytest.mark.parametrize("tree", [TREE, {"itens": TREE}, [], {}])
@responses.activate
def test_a_category_that_tiny_lacks_is_not_made(
    context: RecordingContext, path: tuple[str, ...], tree: Any
) -> None:
    responses.get(PRODUCT, json=product_detail())
    responses.get(f"{API}/categorias/todas", json=tree)
    error = failure(lambda: update(context, category=path, brand="Nova", name="Outro"))
    assert (type(error), error.code) == (UnsupportedFeature, "tiny.category_unknown")
    assert error.params == {"category": " >> ".join(path)}
    assert set(context.slots) == {"read"}


@pytest.mark.parametrize("state", [ProductState.INACTIVE, ProductState.DELETED])
@responses.activate
def test_a_state_is_not_written(context: RecordingContext, state: ProductState) -> None:
    responses.get(PRODUCT, json=product_detail())
    for call in (
        lambda: update(context, name="Outro", state=state),
        lambda: create(context, name="Outro", price=Decimal(1), state=state),
    ):
        error = failure(call)
        assert (type(error), error.code) == (UnsupportedFeature, "tiny.product_state_unwritable")
    assert set(context.slots) == {"read"}


@pytest.mark.parametrize("status", [200, 201])
@responses.activate
def test_a_product_is_made(context: RecordingContext, status: int) -> None:
    responses.post(f"{API}/produtos", json={"id": 99, "codigo": "NOVO-1", "descricao": "Novo"}, status=status)
    responses.get(f"{API}/marcas", json=envelope({"id": 3, "descricao": "Lume"}))
    made = create(
        context,
        name="Novo",
        description="<p>Olá</p>",
        state=ProductState.ACTIVE,
        brand="Lume",
        category=(),
        price=Decimal("19.90"),
        net_weight=Decimal("0.1234"),
    )
    assert made == "99"
    assert sent("POST") == [
        (
            "/produtos",
            {
                "sku": "NOVO-1",
                "descricao": "Novo",
                "descricaoComplementar": "<p>Olá</p>",
                "tipo": "S",
                "marca": {"id": 3},
                "precos": {"preco": 19.9},
                "dimensoes": {"pesoLiquido": 0.1234},
            },
        )
    ]
    assert context.slots == ["read", "write"]


@responses.activate
def test_a_refused_token_is_renewed_once_for_a_write(context: RecordingContext) -> None:
    responses.post(f"{API}/produtos", status=401)
    responses.post(f"{API}/produtos", json={"id": 99})
    assert create(context, name="Novo", price=Decimal(1)) == "99"
    assert context.renewals == 1
    assert [call.request.headers["Authorization"] for call in responses.calls] == [
        "Bearer token-0",
        "Bearer token-1",
    ]
    assert context.slots == ["write", "write"]


@pytest.mark.parametrize("status", [401, 403])
@responses.activate
def test_a_missing_permission_to_write(context: RecordingContext, status: int) -> None:
    responses.post(f"{API}/produtos", status=status)
    error = failure(lambda: create(context, name="Novo", price=Decimal(1)))
    assert (type(error), error.code, error.params) == (
        PermissionMissing,
        "tiny.write_permission_missing",
        {"module": "Produtos"},
    )


@pytest.mark.parametrize("status", [400, 409])
@responses.activate
def test_a_refused_write_says_why(context: RecordingContext, status: int) -> None:
    body = {
        "mensagem": "Ocorreram erros de validação",
        "detalhes": [{"campo": "sku", "mensagem": "Já existe um produto com este código"}],
    }
    responses.post(f"{API}/produtos", json=body, status=status)
    error = failure(lambda: create(context, name="Novo", price=Decimal(1)))
    assert (type(error), error.code) == (RejectedByErp, "tiny.write_rejected")
    assert error.params == {
        "status": str(status),
        "reason": "Ocorreram erros de validação (sku: Já existe um produto com este código)",
    }


@pytest.mark.parametrize("path", [f"/produtos/{ID}", f"/produtos/{ID}/preco"])
@responses.activate
def test_a_product_that_is_gone_before_it_is_written(context: RecordingContext, path: str) -> None:
    responses.get(PRODUCT, json=product_detail())
    responses.put(f"{API}{path}", status=404)
    change = {"price": Decimal(2)} if path.endswith("preco") else {"name": "Outro"}
    error = failure(lambda: update(context, **change))
    assert (type(error), error.code, error.params) == (NotFound, "tiny.product_not_found", {"id": ID})


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ({"status": 500}, "tiny.unstable"),
        ({"status": 302}, "tiny.unstable"),
        ({"status": 202}, "tiny.unstable"),
        ({"status": 201, "body": "<html>"}, "tiny.unreadable_answer"),
        ({"body": requests.ReadTimeout()}, "http.timeout"),
        ({"body": requests.ConnectionError()}, "http.interrupted"),
    ],
)
@responses.activate
def test_whether_a_write_came_about_may_stay_open(
    context: RecordingContext, answer: dict[str, Any], code: str
) -> None:
    responses.post(f"{API}/produtos", **answer)
    error = failure(lambda: create(context, name="Novo", price=Decimal(1)))
    assert (type(error), error.code) == (TemporaryError, code)
    assert len(responses.calls) == 1


@pytest.mark.parametrize("body", [{}, {"id": None}, {"id": 0}, [], "x"])
@responses.activate
def test_a_new_product_without_an_id(context: RecordingContext, body: Any) -> None:
    responses.post(f"{API}/produtos", json=body)
    error = failure(lambda: create(context, name="Novo", price=Decimal(1)))
    assert (error.code, error.params) == ("tiny.row_without_id", {"label": "NOVO-1"})


@responses.activate
def test_what_is_written_is_not_kept_of_the_call(context: RecordingContext) -> None:
    responses.post(f"{API}/produtos", json={"id": 99})
    create(context, name="Segredo", price=Decimal(1))
    assert "Segredo" not in repr(context.calls)


@responses.activate
def test_stock_of_a_product(context: RecordingContext) -> None:
    responses.get(f"{API}/estoque/{ID}", json=stock())
    told = TinyProvider().get_stock(context, ID)
    assert (told.balance, told.reserved, len(told.warehouses)) == (Decimal(10), Decimal(3), 2)
