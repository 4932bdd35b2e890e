"""Products, prices and stock by REST."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import clock
from accounts.models import Organization, Scope
from accounts.tenancy import tenant
from catalog import api as products_api
from catalog.criteria import Criteria
from catalog.models import ChangeSource, FigureChange, Product
from catalog.services import save_criteria, save_product
from catalog.services.applying import change_product
from catalog.services.lines import take_revision
from customers import api as customers_api
from history.models import HistoryEntry
from integrations.models import Integration, IntegrationState
from jobs.models import Job
from orders import api as orders_api
from tests.rest import Api, create_api, problem_of
from ui import rest

pytestmark = pytest.mark.django_db(transaction=True)

MOMENT = re.compile(r"2\d{3}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
LAMP = {
    "sku": "LUM-01",
    "name": "Luminária",
    "description": "<p>De mesa</p>",
    "status": "active",
    "brand": "Aurora",
    "category": ["Casa", "Iluminação"],
    "ncm": "94052100",
    "gtin": "7891000315507",
    "unit": "UN",
    "price": "50.25",
    "promotional_price": "45.9",
    "images": ["https://img.aurora.test/lum-01.jpg"],
    "measures": {"net_weight": "1.2", "height": "30", "width": "10", "length": None},
}


@pytest.fixture
def api(organization: Organization) -> Api:
    return create_api(organization)


def save(organization: Organization, sku: str, **values: Any) -> Product:
    with tenant(organization):
        return save_product(
            sku=sku, values={"name": sku, **values}, person="Ana", source=ChangeSource.PERSON
        ).product


def change(organization: Organization, sku: str, **values: Any) -> None:
    """What the ERP alone says, as a receiving does it."""
    with tenant(organization):
        revision = take_revision()
        product = Product.objects.get(sku=sku)
        change_product(product, values, revision, clock.now())
        product.save()


def rows(organization: Organization) -> list[dict[str, Any]]:
    with tenant(organization):
        return list(Product.objects.order_by("id").values())


def connect(organization: Organization) -> Integration:
    """A connected account that products go to."""
    with tenant(organization):
        integration = Integration.objects.create(
            provider="tiny",
            protocol="v3",
            name="Tiny",
            state=IntegrationState.CONNECTED,
            created_at=clock.now(),
        )
        save_criteria(integration=integration, criteria=Criteria(sends_products=True), person="Ana")
    return integration


# --- what is read ---


def test_a_product_is_read_with_everything_that_is_known(api: Api, organization: Organization) -> None:
    api.post("products/", LAMP)
    change(organization, "LUM-01", stock=Decimal("12.5000"))

    response = api.get("products/LUM-01/")

    assert (response.status_code, response["Content-Type"]) == (200, "application/json")
    body = response.json()
    assert MOMENT.fullmatch(body.pop("created_at"))
    assert MOMENT.fullmatch(body.pop("updated_at"))
    assert body == {
        **LAMP,
        "kind": "simple",
        "parent": None,
        "price": "50.25",
        "promotional_price": "45.90",
        "stock": "12.5",
        "measures": {
            "net_weight": "1.2",
            "gross_weight": None,
            "height": "30",
            "width": "10",
            "length": None,
        },
        "attributes": [],
        "components": [],
        "sending": False,
    }


def test_a_variation_names_its_parent(api: Api, organization: Organization) -> None:
    parent = save(organization, "CAMISA")
    save(organization, "CAMISA-P")
    change(organization, "CAMISA-P", kind="variation", parent_id=parent.pk, attributes=[["Tamanho", "P"]])
    change(
        organization,
        "CAMISA",
        kind="kit",
        components=[{"sku": "CAMISA-P", "name": "P", "quantity": "2.0000"}],
    )

    [kit, variation] = sorted(api.get("products/").json()["results"], key=lambda row: row["sku"])

    assert (variation["kind"], variation["parent"]) == ("variation", "CAMISA")
    assert variation["attributes"] == [{"name": "Tamanho", "value": "P"}]
    assert kit["components"] == [{"sku": "CAMISA-P", "name": "P", "quantity": "2"}]


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        (None, None),
        ("0", "0"),
        ("0.0000", "0"),
        ("100.0000", "100"),
        ("0.2500", "0.25"),
        ("7.1234", "7.1234"),
    ],
)
def test_stock_that_is_not_known_is_never_zero(
    api: Api, organization: Organization, stored: str | None, shown: str | None
) -> None:
    save(organization, "A")
    change(organization, "A", stock=None if stored is None else Decimal(stored))

    assert api.get("stock/A/").json() == {"sku": "A", "stock": shown}
    assert api.get("stock/").json()["results"] == [{"sku": "A", "stock": shown}]
    assert api.get("products/A/").json()["stock"] == shown


@pytest.mark.parametrize(
    ("stored", "shown"),
    [(None, None), ("50", "50.00"), ("50.25", "50.25"), ("0.1230", "0.123"), ("99999999999.9999",) * 2],
)
def test_money_is_text_with_two_to_four_places(
    api: Api, organization: Organization, stored: str | None, shown: str | None
) -> None:
    save(organization, "A", price=None if stored is None else Decimal(stored))

    assert api.get("prices/A/").json() == {"sku": "A", "price": shown, "promotional_price": None}
    assert api.get("products/A/").json()["price"] == shown


@pytest.mark.parametrize("resource", ["prices", "stock", "products"])
def test_a_list_can_be_asked_for_some_skus(api: Api, organization: Organization, resource: str) -> None:
    for sku in ("A", "B/C", "D", "a"):
        save(organization, sku)

    response = api.get(f"{resource}/?sku=A&sku=B%2FC&sku=nenhum&sku=%00")

    assert [row["sku"] for row in response.json()["results"]] == ["A", "B/C"]
    many = "&".join(f"sku=S{number}" for number in range(101))
    assert problem_of(api.get(f"{resource}/?{many}")) == (
        400,
        "invalid-parameter",
        [("sku", "Informe até 100 SKUs.")],
    )
    assert api.get(f"{resource}/?{many.rpartition('&')[0]}").json()["results"] == []


@pytest.mark.parametrize(
    "sku", ["A/B", "/", "a b", "100%", "%2F", "ção?x=1#y", "a//b/", "é+ü&=", "products", "~!@$'()*,;:"]
)
def test_any_sku_has_an_address(api: Api, sku: str) -> None:
    address = f"{quote(sku, safe='')}/"

    made = api.post("products/", {"sku": sku, "name": "P", "price": "1"})

    assert (made.status_code, made["Location"]) == (201, f"/api/v1/products/{address}")
    assert api.client.get(made["Location"], headers={"Authorization": f"Bearer {api.token}"}).json() == {
        **made.json()
    }
    assert api.patch(f"products/{address}", {"name": "Q"}).json()["sku"] == sku
    assert api.get(f"prices/{address}").json()["sku"] == sku
    assert api.get(f"stock/{address}").json() == {"sku": sku, "stock": None}


@pytest.mark.parametrize("sku", ["B", "a", "%00", "A%00", "%FF", "A%20", "x" * 200, "%2E%2E"])
@pytest.mark.parametrize("resource", ["products", "prices", "stock"])
def test_what_is_not_there_is_not_found(
    api: Api, organization: Organization, resource: str, sku: str
) -> None:
    save(organization, "A")
    before = rows(organization)

    assert problem_of(api.get(f"{resource}/{sku}/")) == (404, "not-found", [])
    if resource == "products":
        assert problem_of(api.patch(f"products/{sku}/", {"name": "N"})) == (404, "not-found", [])
    assert rows(organization) == before


def test_another_companys_products_are_not_there(
    api: Api, organization: Organization, other_organization: Organization
) -> None:
    save(other_organization, "DELES", price=Decimal(5))
    before = rows(other_organization)

    assert [api.get(f"{name}/DELES/").status_code for name in ("products", "prices", "stock")] == [404] * 3
    for name in ("products", "prices", "stock"):
        assert api.get(f"{name}/?sku=DELES").json()["results"] == []
    assert api.patch("products/DELES/", {"name": "Nosso"}).status_code == 404
    assert api.post("products/", {"sku": "DELES", "name": "Nosso"}).status_code == 201
    assert rows(other_organization) == before


@pytest.mark.parametrize("resource", ["products", "prices", "stock"])
def test_a_page_costs_the_same_however_long_it_is(
    api: Api, organization: Organization, resource: str
) -> None:
    parent = save(organization, "PAI")
    for number in range(20):
        save(organization, f"F{number}")
        change(organization, f"F{number}", parent_id=parent.pk)
    api.get(f"{resource}/")
    counts = []
    for limit in (1, 20):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert len(api.get(f"{resource}/?limit={limit}").json()["results"]) == limit
        counts.append(len(queries))

    assert counts[0] == counts[1]


# --- what is written ---


def test_a_product_is_made_and_its_history_says_by_whom(api: Api, organization: Organization) -> None:
    response = api.post("products/", {**LAMP, "description": "<p>De mesa</p><script>x()</script>"})

    assert response.status_code == 201
    assert response.json() == api.get("products/LUM-01/").json()
    assert response.json()["description"] == "<p>De mesa</p>"
    with tenant(organization):
        product = Product.objects.get()
        assert (product.price, product.promotional_price) == (Decimal("50.2500"), Decimal("45.9000"))
        assert (product.net_weight, product.length, product.stock) == (Decimal("1.2"), None, None)
        [line] = HistoryEntry.objects.filter(subject_kind="product", subject_id=product.pk)
        assert (line.code, line.source, line.person) == ("product.created_here", "person", "Loja")
        steps = FigureChange.objects.order_by("figure").values_list("figure", "after", "source", "person")
        assert list(steps) == [
            ("price", Decimal("50.2500"), "api", "Loja"),
            ("promotional_price", Decimal("45.9000"), "api", "Loja"),
        ]


def test_a_sku_is_made_once(api: Api, organization: Organization) -> None:
    api.post("products/", LAMP)
    before = rows(organization)

    response = api.post("products/", {**LAMP, "name": "Outra"})

    message = "Já há um produto com o SKU LUM-01."
    assert problem_of(response) == (409, "sku-taken", [("sku", message)])
    assert rows(organization) == before
    # To the last letter: another case is another product.
    assert api.post("products/", {**LAMP, "sku": "lum-01"}).status_code == 201


def test_a_change_leaves_all_else_as_it_was(api: Api, organization: Organization) -> None:
    before = api.post("products/", LAMP).json()

    response = api.patch("products/LUM-01/", {"price": "60", "measures": {"height": "31.5"}, "brand": ""})

    after = response.json()
    assert response.status_code == 200
    assert after.pop("updated_at") > before.pop("updated_at")
    assert after == {
        **before,
        "price": "60.00",
        "brand": "",
        "measures": {**before["measures"], "height": "31.5"},
    }
    with tenant(organization):
        line = HistoryEntry.objects.get(code="product.changed_here")
    assert (line.person, line.params["fields"]) == ("Loja", "Preço, Altura, Marca")


@pytest.mark.parametrize("body", [{}, {"name": "Luminária", "price": "50.2500"}])
def test_a_change_of_nothing_is_none(api: Api, organization: Organization, body: dict[str, Any]) -> None:
    api.post("products/", LAMP)
    before = rows(organization)

    response = api.patch("products/LUM-01/", body)

    assert (response.status_code, rows(organization)) == (200, before)
    with tenant(organization):
        assert HistoryEntry.objects.filter(subject_kind="product").count() == 1


def test_the_answer_says_whether_it_goes_to_the_erp(api: Api, organization: Organization) -> None:
    assert api.post("products/", {"sku": "ANTES", "name": "N"}).json()["sending"] is False
    integration = connect(organization)

    made = api.post("products/", LAMP)

    assert made.json()["sending"] is True
    assert api.get("products/LUM-01/").json()["sending"] is True
    assert api.patch("products/ANTES/", {"name": "M"}).json()["sending"] is True
    with tenant(organization):
        jobs = Job.objects.filter(kind="export_product", channel=integration.channel).values_list("key")
        assert {int(key) for (key,) in jobs} == set(Product.objects.values_list("pk", flat=True))


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        (b'"50.25"', "50.2500"),
        (b"50.25", "50.2500"),
        (b"7", "7.0000"),
        (b'"0.0001"', "0.0001"),
        (b"99999999999.9999", "99999999999.9999"),
        (b"0.1000", "0.1000"),
    ],
)
def test_an_amount_keeps_its_digits(api: Api, organization: Organization, given: bytes, stored: str) -> None:
    assert api.post("products/", b'{"sku": "A", "name": "A", "price": %s}' % given).status_code == 201

    with tenant(organization):
        assert str(Product.objects.get().price) == stored


# --- what is refused ---

AMOUNT = 'Informe um valor como "50.25": até 11 dígitos e 4 casas, sem sinal.'
SMALL = AMOUNT.replace("11", "8")
UNKNOWN = "Campo desconhecido."
NEEDED = "Preencha este campo."
NO_ADDRESS = "Informe endereços que começam com https:// ou http://."
NO_PROMOTION = "Para tirar o preço promocional, envie null."
CONTROL = "Há caracteres de controle, que não são aceitos."


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({"prize": "1"}, [("prize", UNKNOWN)]),
        ({"Price": "1"}, [("Price", UNKNOWN)]),
        ({"id": 1}, [("id", UNKNOWN)]),
        ({"net_weight": "1"}, [("net_weight", UNKNOWN)]),
        ({"measures": {"depth": "1"}}, [("measures.depth", UNKNOWN)]),
        ({"measures": {"height": "alto"}}, [("measures.height", SMALL)]),
        ({"measures": ["1"]}, [("measures", "Informe um objeto com as medidas.")]),
        ({"measures": None}, [("measures", "Informe um objeto com as medidas.")]),
        ({"measures": {"height": "100000000"}}, [("measures.height", SMALL)]),
        ({"stock": "3"}, [("stock", "O estoque vem do ERP: aqui é só de leitura.")]),
        ({"kind": "kit"}, [("kind", "Este campo é só de leitura.")]),
        ({"sending": True}, [("sending", "Este campo é só de leitura.")]),
        ({"name": ""}, [("name", NEEDED)]),
        ({"name": "  "}, [("name", NEEDED)]),
        ({"name": None}, [("name", "Informe um texto.")]),
        ({"name": 7}, [("name", "Informe um texto.")]),
        ({"name": "x" * 501}, [("name", "Use até 500 caracteres.")]),
        ({"name": "a\0b"}, [("name", CONTROL)]),
        ({"name": "a\ud800b"}, [("name", CONTROL)]),
        ({"description": "a\0"}, [("description", CONTROL)]),
        ({"description": ["a"]}, [("description", "Informe um texto.")]),
        ({"status": "ativo"}, [("status", "Use um destes valores: active, inactive.")]),
        ({"status": ["active"]}, [("status", "Use um destes valores: active, inactive.")]),
        ({"category": "Casa"}, [("category", "Informe uma lista.")]),
        ({"category": ["Casa", 1]}, [("category", "Informe um texto.")]),
        ({"category": [""]}, [("category", NEEDED)]),
        ({"category": ["x"] * 21}, [("category", "Use até 20 itens.")]),
        ({"category": [["\0"]]}, [("category", "Informe um texto.")]),
        ({"images": ["javascript:alert(1)"]}, [("images", NO_ADDRESS)]),
        ({"images": {"a": "b"}}, [("images", "Informe uma lista.")]),
        ({"price": "-1"}, [("price", AMOUNT)]),
        ({"price": "1,50"}, [("price", AMOUNT)]),
        ({"price": "1.23456"}, [("price", AMOUNT)]),
        ({"price": "100000000000"}, [("price", AMOUNT)]),
        ({"price": "NaN"}, [("price", AMOUNT)]),
        ({"price": "Infinity"}, [("price", AMOUNT)]),
        ({"price": "1e2"}, [("price", AMOUNT)]),
        ({"price": "٣"}, [("price", AMOUNT)]),
        ({"price": "1\n"}, [("price", AMOUNT)]),
        ({"price": ""}, [("price", AMOUNT)]),
        ({"price": True}, [("price", AMOUNT)]),
        ({"price": [1]}, [("price", AMOUNT)]),
        ({"price": "9" * 5000}, [("price", AMOUNT)]),
        ({"price": "1e999"}, [("price", AMOUNT)]),
        ({"promotional_price": "0.00"}, [("promotional_price", NO_PROMOTION)]),
        ({"prize": 1, "name": "", "price": "x"}, [("prize", UNKNOWN), ("name", NEEDED), ("price", AMOUNT)]),
    ],
)  # fmt: skip
def test_each_wrong_field_is_named_and_nothing_is_written(
    api: Api, organization: Organization, changes: dict[str, Any], errors: list[tuple[str, str]]
) -> None:
    save(organization, "A")
    before = rows(organization)

    made = problem_of(api.post("products/", {"sku": "N", "name": "N", **changes}))
    changed = problem_of(api.patch("products/A/", changes))

    assert (made[0], made[1], sorted(made[2])) == (422, "invalid-fields", sorted(errors))
    assert changed == (422, "invalid-fields", errors)
    assert rows(organization) == before


@pytest.mark.parametrize(
    ("sku", "message"),
    [
        ("", NEEDED),
        ("   ", NEEDED),
        (" A", "Tire os espaços do começo e do fim."),
        ("A\n", "Tire os espaços do começo e do fim."),
        ("A\0", CONTROL),
        ("x" * 121, "Use até 120 caracteres."),
        (7, "Informe um texto."),
        (None, "Informe um texto."),
    ],
)
def test_a_sku_can_be_written_exactly(api: Api, organization: Organization, sku: Any, message: str) -> None:
    response = api.post("products/", {"sku": sku, "name": "N"})

    assert problem_of(response) == (422, "invalid-fields", [("sku", message)])
    assert rows(organization) == []


def test_what_a_new_product_needs_is_said_at_once(api: Api, organization: Organization) -> None:
    assert problem_of(api.post("products/", {})) == (
        422,
        "invalid-fields",
        [("sku", NEEDED), ("name", NEEDED)],
    )
    save(organization, "A")
    assert problem_of(api.patch("products/A/", {"sku": "B"})) == (
        422,
        "invalid-fields",
        [("sku", "O SKU identifica o produto e não muda.")],
    )
    assert [row["sku"] for row in rows(organization)] == ["A"]


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"nada",
        b"[]",
        b'"sku"',
        b"null",
        b'{"sku": "A", "name": "A", "price": NaN}',
        b'{"sku": "A", "name": "A", "price": -Infinity}',
        b'{"sku": "A", "name": "A", "price": ' + b"9" * 5000 + b"}",
        b'{"sku": "A", "name": "A", "price": 1e99999999999999999999}',
        b'{"sku": "A", "name": "A", "name": "B"}',
        b'{"sku": "A", "name": "A", "measures": {"height": 1, "height": 2}}',
        b'{"sku": "A", "name": "\xff"}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"sku": "A", "name": "A"} {}',
    ],
)
def test_what_is_no_json_object_is_malformed(api: Api, organization: Organization, body: bytes) -> None:
    assert problem_of(api.post("products/", body)) == (400, "malformed-json", [])
    assert rows(organization) == []


@pytest.mark.parametrize("number", [b"1e999", b"1E-9", b"-0.0", b"1e2", b"0." + b"1" * 5000])
def test_a_number_that_is_no_amount_is_refused(api: Api, organization: Organization, number: bytes) -> None:
    response = api.post("products/", b'{"sku": "A", "name": "A", "price": %s}' % number)

    assert problem_of(response) == (422, "invalid-fields", [("price", AMOUNT)])
    assert rows(organization) == []


def test_a_body_has_a_limit(api: Api, organization: Organization) -> None:
    body = b'{"sku": "A", "name": "' + b"x" * settings.DATA_UPLOAD_MAX_MEMORY_SIZE + b'"}'

    assert problem_of(api.post("products/", body)) == (413, "too-large", [])
    assert rows(organization) == []


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/xml",
        "",
    ],
)
def test_only_json_is_taken(api: Api, organization: Organization, content_type: str) -> None:
    body = b'{"sku": "A", "name": "A"}'

    response = api.post("products/", body, content_type=content_type)

    assert problem_of(response) == (415, "unsupported-media-type", [])
    assert rows(organization) == []


def test_another_charset_is_no_way_in(api: Api, organization: Organization) -> None:
    """JSON is UTF-8, whatever the header says: no codec unpacks a body past its limit."""
    body = '{"sku": "A", "name": "ção"}'.encode()
    for charset in ("bz2_codec", "latin-1", "nada"):
        made = api.post(
            "products/",
            body.replace(b"A", charset.encode()),
            content_type=f"application/json; charset={charset}",
        )
        assert made.json()["name"] == "ção"


def test_only_json_is_given(api: Api) -> None:
    headers = {"Authorization": f"Bearer {api.token}", "Accept": "text/html"}

    assert problem_of(api.get("products/", headers=headers)) == (406, "not-acceptable", [])


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=-1", "limit"),
        ("limit=abc", "limit"),
        ("limit=", "limit"),
        ("limit=%D9%A3", "limit"),
        ("limit=1e1", "limit"),
        ("limite=10", "limite"),
        ("page=2", "page"),
        ("format=json", "format"),
    ],
)
def test_a_parameter_that_is_wrong_is_named(api: Api, query: str, name: str) -> None:
    status, kind, errors = problem_of(api.get(f"products/?{query}"))

    assert (status, kind, [field for field, _ in errors]) == (400, "invalid-parameter", [name])


# --- who may ---


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Bearer ent_live_abcdefgh_nada",
        "Basic {token}",
        "Token {token}",
        "{token}",
        "Bearer {token}x",
        "Bearer {token} {token}",
        "Bearer ent_live_\xff\xfe",
    ],
)
def test_without_its_token_nobody_learns_anything(
    api: Api, organization: Organization, header: str | None
) -> None:
    save(organization, "A")
    before = rows(organization)
    headers = {} if header is None else {"Authorization": header.format(token=api.token)}
    stranger = Api("")

    for response in (
        stranger.get("products/A/", headers=headers),
        stranger.patch("products/A/", {"name": "N"}, headers=headers),
    ):
        assert problem_of(response) == (401, "unauthenticated", [])
        assert response["WWW-Authenticate"] == 'Bearer realm="Entreposto"'
        assert api.token not in response.content.decode()
    assert rows(organization) == before


def test_the_scheme_is_read_in_any_case(api: Api) -> None:
    response = Api("").get("products/", headers={"Authorization": f"bearer  {api.token}"})

    assert response.status_code == 200


@pytest.mark.parametrize(
    ("body", "scopes", "missing"),
    [
        ({"name": "N"}, [Scope.WRITE_PRODUCTS], None),
        ({"name": "N", "price": "1"}, [Scope.WRITE_PRODUCTS, Scope.WRITE_STOCK], None),
        ({"price": "1"}, [Scope.WRITE_PRODUCTS, Scope.READ_STOCK], Scope.WRITE_STOCK),
        ({"promotional_price": None}, [Scope.WRITE_PRODUCTS], Scope.WRITE_STOCK),
        ({"name": "N"}, [Scope.READ_PRODUCTS, Scope.WRITE_STOCK], Scope.WRITE_PRODUCTS),
    ],
)
def test_a_price_is_written_by_whom_may_write_prices(
    organization: Organization, body: dict[str, Any], scopes: list[str], missing: Scope | None
) -> None:
    save(organization, "A", price=Decimal(7))
    api = create_api(organization, scopes)
    before = rows(organization)

    changed = api.patch("products/A/", body)
    made = api.post("products/", {"sku": "B", "name": "B", **body})

    if missing is None:
        assert (changed.status_code, made.status_code) == (200, 201)
    else:
        for response in (changed, made):
            assert problem_of(response) == (403, "missing-scope", [])
            assert response.json()["detail"] == (
                f"Este token não tem a permissão «{missing.label}» ({missing.value})."
            )
        assert rows(organization) == before


def test_a_cookie_opens_nothing(
    organization: Organization, admin: Any, client_of: Callable[..., Any]
) -> None:
    client = client_of(admin)

    assert client.get("/api/v1/products/").status_code == 401
    assert problem_of(client.get("/api/v1/products/"))[1] == "unauthenticated"


@pytest.mark.parametrize("path", ["", "products", "nada/", "products//"])
def test_an_address_of_nothing_is_a_problem_and_no_redirection(api: Api, path: str) -> None:
    for method in ("GET", "POST", "DELETE"):
        response = api.send(method, path, {"sku": "A", "name": "A"} if method == "POST" else None)
        assert problem_of(response) == (404, "not-found", [])


# --- what goes wrong on our side ---


def test_a_failure_of_ours_is_a_problem_and_leaves_nothing_half_done(
    api: Api,
    organization: Organization,
    owner_sql: Callable[..., list[tuple[Any, ...]]],
    caplog: pytest.LogCaptureFixture,
) -> None:
    owner_sql("ALTER TABLE history_historyentry RENAME TO elsewhere")
    try:
        response = api.post("products/", LAMP)
    finally:
        owner_sql("ALTER TABLE elsewhere RENAME TO history_historyentry")

    assert problem_of(response) == (500, "internal-error", [])
    assert "history_historyentry" not in response.content.decode()
    assert "ProductList failed" in caplog.text
    assert "history_historyentry" in caplog.text
    assert api.token not in caplog.text
    assert rows(organization) == []
    assert api.post("products/", LAMP).status_code == 201


def test_a_database_that_goes_away_is_said_to_come_back(
    api: Api, organization: Organization, owner_sql: Callable[..., list[tuple[Any, ...]]]
) -> None:
    """The app role is shut out, and what it had open is closed."""
    api.get("products/")
    database = connection.settings_dict["NAME"]
    role = connection.settings_dict["USER"]
    owner_sql(f'REVOKE CONNECT ON DATABASE "{database}" FROM PUBLIC, "{role}"')
    connection.close()
    try:
        response = api.get("products/")
    finally:
        owner_sql(f'GRANT CONNECT ON DATABASE "{database}" TO PUBLIC, "{role}"')

    assert problem_of(response) == (503, "unavailable", [])
    assert response["Retry-After"] == "5"
    assert api.get("products/").status_code == 200


# --- its documentation ---


def test_the_documentation_names_every_field_and_problem(api: Api) -> None:
    text = (Path(settings.BASE_DIR) / "docs" / "API.md").read_text()
    kinds = [
        kind for module in (rest, products_api, customers_api, orders_api) for kind in vars(module).values()
    ]
    problems = {(kind.status, kind.code) for kind in kinds if isinstance(kind, rest.ProblemKind)}
    product = api.post("products/", {"sku": "A", "name": "A"}).json()

    told = re.findall(r"^\| (\d+) \| `([\w-]+)` \|", text, re.M)
    assert {(int(status), code) for status, code in told} == problems
    assert [name for name in product if f"`{name}`" not in text] == []
    assert [name for name in product["measures"] if f'"{name}"' not in text] == []
