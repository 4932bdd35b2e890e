"""A reader who follows ``since`` misses nothing, whoever writes meanwhile."""

from __future__ import annotations

import base64
import random
import threading
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from accounts import clock
from accounts.models import Organization
from accounts.tenancy import tenant
from catalog.models import ChangeSource, Product
from catalog.services import save_product
from catalog.services.applying import change_product
from catalog.services.lines import take_revision
from contracts.records import ProductKind
from tests.catalog.received import Erp, connect, make_product, make_row
from tests.processes import COUNT_WAITING, wait_until
from tests.rest import Api, create_api, problem_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def api(organization: Organization) -> Api:
    return create_api(organization)


def save(organization: Organization, *skus: str, **values: Any) -> None:
    """In one transaction."""
    with tenant(organization):
        for sku in skus:
            save_product(sku=sku, values={"name": sku, **values}, person="Ana", source=ChangeSource.PERSON)


def import_page(organization: Organization, *skus: str, **values: Any) -> None:
    """Many products under one revision, as a page of the ERP's list brings them."""
    with tenant(organization):
        revision, now = take_revision(), clock.now()
        for sku in skus:
            product = Product.objects.filter(sku=sku).first() or Product(sku=sku, created_at=now)
            product.price_revision = product.price_revision or revision
            product.stock_revision = product.stock_revision or revision
            change_product(product, {"name": sku, **values}, revision, now)
            product.save()


def read_all(api: Api, resource: str, since: str | None = None, limit: int = 2) -> tuple[list[str], str]:
    """The SKUs of every page from ``since`` on, and where to come back to."""
    query = f"limit={limit}" + (f"&since={since}" if since else "")
    skus: list[str] = []
    cursor = ""
    while True:
        response = api.get(f"{resource}/?{query}{cursor}")
        assert response.status_code == 200, response.content
        page = response.json()
        assert sorted(page) == ["next", "results", "since"]
        skus += [row["sku"] for row in page["results"]]
        if page["next"] is None:
            return skus, page["since"]
        assert len(page["results"]) == limit
        cursor = f"&cursor={page['next']}"


# --- one reader, one writer ---


@pytest.mark.parametrize("resource", ["products", "prices", "stock"])
@pytest.mark.parametrize("limit", [1, 2, 3, 200])
def test_the_first_reading_is_everything_and_the_next_what_changed(
    api: Api, organization: Organization, other_organization: Organization, resource: str, limit: int
) -> None:
    save(other_organization, "DELES")
    assert read_all(api, resource, limit=limit)[0] == []
    save(organization, "A")
    import_page(organization, "B", "C", "D")
    save(organization, "E", "F")

    skus, since = read_all(api, resource, limit=limit)

    assert skus == ["A", "B", "C", "D", "E", "F"]
    assert read_all(api, resource, since, limit) == ([], since)
    import_page(organization, "E", "B", price=Decimal(2), stock=Decimal(3))
    assert read_all(api, resource, since, limit)[0] == ["B", "E"]


def test_nothing_read_is_a_place_to_come_back_to(api: Api, organization: Organization) -> None:
    skus, since = read_all(api, "products")
    assert skus == []
    save(organization, "A")

    assert read_all(api, "products", since)[0] == ["A"]


@pytest.mark.parametrize(
    ("values", "moved"),
    [
        ({"brand": "Aurora"}, ["products"]),
        ({"price": Decimal(9)}, ["products", "prices"]),
        ({"promotional_price": Decimal(8)}, ["products", "prices"]),
        ({"stock": Decimal(0)}, ["products", "stock"]),
        ({"stock": None}, []),
    ],
)
def test_each_list_tells_its_own_changes_only(
    api: Api, organization: Organization, values: dict[str, Any], moved: list[str]
) -> None:
    save(organization, "A", "B")
    places = {resource: read_all(api, resource)[1] for resource in ("products", "prices", "stock")}

    if values == {"stock": None}:
        save(organization, "A")
    else:
        import_page(organization, "A", **values)

    found = {resource: read_all(api, resource, since)[0] for resource, since in places.items()}
    assert found == {resource: ["A"] if resource in moved else [] for resource in places}


def test_what_changes_while_it_is_read_is_met_again_at_the_end(api: Api, organization: Organization) -> None:
    save(organization, "A", "B", "C")
    first = api.get("products/?limit=2").json()
    save(organization, "A", brand="Outra")
    save(organization, "D")

    rest = api.get(f"products/?limit=200&cursor={first['next']}").json()

    assert [row["sku"] for row in first["results"]] == ["A", "B"]
    assert [(row["sku"], row["brand"]) for row in rest["results"]] == [("C", ""), ("A", "Outra"), ("D", "")]


def test_a_variation_that_finds_its_parent_has_changed(api: Api, organization: Organization) -> None:
    erp = Erp(connect(organization))
    parent = make_row("1", "CAMISA", kind=ProductKind.PARENT)
    variation = make_row("2", "CAMISA-P", kind=ProductKind.VARIATION)
    erp.list(parent)
    erp.tell(make_product(variation))
    _, since = read_all(api, "products")

    erp.tell(make_product(variation, parent_external_id="1"))

    assert api.get("products/CAMISA-P/").json()["parent"] == "CAMISA"
    assert read_all(api, "products", since)[0] == ["CAMISA-P"]


# --- writers at the same moment ---


@pytest.fixture
def in_thread() -> Iterator[Callable[[Callable[[], None]], threading.Thread]]:
    """``in_thread(work)`` starts it with a connection of its own."""
    threads: list[threading.Thread] = []

    def start(work: Callable[[], None]) -> threading.Thread:
        def run() -> None:
            try:
                work()
            finally:
                connection.close()

        threads.append(threading.Thread(target=run))
        threads[-1].start()
        return threads[-1]

    yield start
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive()


def test_a_change_that_commits_late_is_not_passed_over(
    api: Api,
    organization: Organization,
    owner_sql: Callable[..., list[tuple[Any, ...]]],
    in_thread: Callable[[Callable[[], None]], threading.Thread],
) -> None:
    """Two connections: one holds its transaction open, the other wants to commit before it, and cannot."""
    save(organization, "VELHO")
    _, since = read_all(api, "products")
    is_written, may_commit = threading.Event(), threading.Event()

    def write_slowly() -> None:
        with tenant(organization):
            save(organization, "LENTO")
            is_written.set()
            assert may_commit.wait(30)

    slow = in_thread(write_slowly)
    assert is_written.wait(30)
    fast = in_thread(lambda: save(organization, "RAPIDO"))
    try:
        wait_until(lambda: owner_sql(COUNT_WAITING)[0][0] == 1)
        between, since = read_all(api, "products", since)
    finally:
        may_commit.set()
    slow.join(30)
    fast.join(30)

    assert between == []
    assert read_all(api, "products", since)[0] == ["LENTO", "RAPIDO"]


def test_a_change_that_is_taken_back_leaves_no_trace(api: Api, organization: Organization) -> None:
    _, since = read_all(api, "products")
    with pytest.raises(RuntimeError), tenant(organization):
        save(organization, "NUNCA")
        raise RuntimeError
    save(organization, "A")

    assert read_all(api, "products", since)[0] == ["A"]


def test_another_companys_writers_keep_nobody_waiting(
    organization: Organization, other_organization: Organization, in_thread: Callable[..., threading.Thread]
) -> None:
    with tenant(organization):
        save(organization, "A")
        thread = in_thread(lambda: save(other_organization, "B"))
        thread.join(30)
        assert not thread.is_alive()


@pytest.mark.parametrize("seed", range(3))
def test_a_reader_among_many_writers_ends_with_what_is_there(
    api: Api, organization: Organization, in_thread: Callable[..., threading.Thread], seed: int
) -> None:
    def write(writer: int) -> None:
        chance = random.Random(100 * seed + writer)
        for step in range(12):
            skus = chance.sample("ABCDEFGH", chance.randint(1, 3))
            price = Decimal(chance.randint(1, 9999)) / 100
            if chance.random() < 0.5:
                import_page(organization, *skus, price=price, brand=f"{writer}.{step}")
            else:
                save(organization, *skus, price=price, brand=f"{writer}.{step}")

    writers = [in_thread(lambda writer=writer: write(writer)) for writer in range(3)]
    products: dict[str, Any] = {}
    prices: dict[str, Any] = {}
    places = {"products": "", "prices": ""}

    def follow() -> None:
        for resource, known in (("products", products), ("prices", prices)):
            while True:
                query = f"&since={places[resource]}" if places[resource] else ""
                page = api.get(f"{resource}/?limit=3{query}").json()
                known |= {row["sku"]: row for row in page["results"]}
                places[resource] = page["since"]
                if page["next"] is None:
                    break

    while any(thread.is_alive() for thread in writers):
        follow()
    follow()

    assert products == {row["sku"]: row for row in api.get("products/").json()["results"]}
    assert prices == {row["sku"]: row for row in api.get("prices/").json()["results"]}
    assert len(products) == 8


# --- cursors ---


def encode(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


@pytest.mark.parametrize("parameter", ["since", "cursor"])
@pytest.mark.parametrize(
    "text",
    [
        "",
        "0",
        "abc",
        "%00",
        "ção",
        "=",
        "A" * 5000,
        encode("products:1"),
        encode("products:1:2:3"),
        encode("products:-1:2"),
        encode("products:1.5:2"),
        encode("products:1:" + "9" * 19),
        encode("products:٣:1"),
        encode("products:1:1\n"),
        encode("prices:1:1"),
        encode(":1:1"),
        encode("products:1:1") + "!",
    ],
)
def test_a_cursor_of_nobody_is_refused(
    api: Api, organization: Organization, parameter: str, text: str
) -> None:
    save(organization, "A")

    response = api.get(f"products/?{parameter}={text}")

    message = "Use um cursor que esta mesma lista devolveu."
    assert problem_of(response) == (400, "invalid-cursor", [(parameter, message)])


def test_a_cursor_belongs_to_its_list(api: Api, organization: Organization) -> None:
    save(organization, "A")
    for resource in ("products", "prices", "stock"):
        _, since = read_all(api, resource)
        for other in ("products", "prices", "stock"):
            expected = 200 if other == resource else 400
            assert api.get(f"{other}/?since={since}").status_code == expected
