"""Every route of the REST API × method × token, over the real URLconf."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction
from django.urls import reverse

from accounts import clock
from accounts.models import Organization, Scope, User
from accounts.tenancy import tenant
from catalog.models import ChangeSource
from catalog.services import save_product
from customers.models import Customer
from orders.models import Origin
from orders.serializers import read_new_order
from orders.services import place_order
from tests.accounts.api_routes import API_ROUTES, ORDER, UNKNOWN_ADDRESS
from tests.accounts.test_url_walk import METHODS, ROUTES
from tests.rest import Api, create_api, problem_of

pytestmark = pytest.mark.django_db(transaction=True)

PREFIX = "/api/v1/"
OURS = {"sku": "A/1", "customer_id": 4711, "number": 1}


def names_one(route: str) -> dict[str, Any]:
    """What the route's address needs to name something of ours."""
    return {name: value for name, value in OURS.items() if f":{name}>" in ROUTES[route]}


ADDRESSES = {route: reverse(route, kwargs=names_one(route)) for route in API_ROUTES}


@pytest.fixture
def product(organization: Organization) -> None:
    """One of everything that the API names."""
    with tenant(organization):
        save_product(sku="A/1", values={"name": "Nosso"}, person="Ana", source=ChangeSource.PERSON)
        now = clock.now()
        Customer.objects.create(pk=OURS["customer_id"], name="Maria", created_at=now, updated_at=now)
        placement = read_new_order({**ORDER, "number": "MKT-1"})
        place_order(placement=placement, origin=Origin.API, person="Loja")


@pytest.fixture
def digest(
    product: None, owner_sql: Callable[..., list[tuple[Any, ...]]], process_database: Any
) -> Callable[[], list[tuple[Any, ...]]]:
    """Of every row of every table, but for when a token was last used."""
    tables = [table for table in process_database.tables if table != "accounts_apitoken"]
    one = "SELECT '{0}', md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM {0} t"
    return lambda: owner_sql(" UNION ALL ".join(one.format(table) for table in tables) + " ORDER BY 1")


def send(api: Api, route: str, method: str) -> Any:
    answer = API_ROUTES[route].get(method)
    body = dict(answer.body) if answer and answer.body else None
    return api.send(method, ADDRESSES[route].removeprefix(PREFIX), body)


def check(response: Any, method: str, expected: tuple[int, str]) -> tuple[Any, ...] | None:
    """``None``, or what was wrong with an answer that must be this problem."""
    if method == "HEAD":
        got: tuple[int, str] = (response.status_code, expected[1])
    else:
        got = problem_of(response)[:2]
    return None if got == expected else (response.request["PATH_INFO"], method, got, expected)


@pytest.mark.parametrize("token", ["", "ent_live_aaaaaaaa_nada"])
def test_without_a_token_there_is_nothing(
    digest: Callable[[], Any], organization: Organization, token: str
) -> None:
    before = digest()
    wrong = [
        check(send(Api(token), route, method), method, (401, "unauthenticated"))
        for route in API_ROUTES
        for method in METHODS
    ]
    wrong += [check(Api(token).send(method, "nada/"), method, (401, "unauthenticated")) for method in METHODS]

    assert [found for found in wrong if found] == []
    assert digest() == before


def test_a_session_is_no_token(
    digest: Callable[[], Any], admin: User, client_of: Callable[[User], Any]
) -> None:
    api = Api("", client_of(admin))
    before = digest()
    wrong = [
        check(send(api, route, method), method, (401, "unauthenticated"))
        for route in API_ROUTES
        for method in METHODS
    ]

    assert [found for found in wrong if found] == []
    assert digest() == before


def test_a_token_does_only_what_each_of_its_scopes_allows(
    digest: Callable[[], Any], organization: Organization
) -> None:
    """For each method a token with every scope but one that it needs."""
    without = {
        scope: create_api(organization, set(Scope.values) - {scope}, name=f"sem {scope}")
        for answers in API_ROUTES.values()
        for answer in answers.values()
        for scope in answer.scopes
    }
    before = digest()
    wrong = []
    for route, answers in API_ROUTES.items():
        for method in METHODS:
            answer = answers.get(method)
            for scope, api in without.items():
                if answer is None:
                    expected = (405, "method-not-allowed")
                elif scope in answer.scopes:
                    expected = (403, "missing-scope")
                else:
                    continue
                wrong.append(check(send(api, route, method), method, expected))

    assert [found for found in wrong if found] == []
    assert digest() == before


def test_a_token_of_another_company_finds_nothing_of_this_one(
    digest: Callable[[], Any], organization: Organization, other_organization: Organization
) -> None:
    stranger = create_api(other_organization, Scope.values)
    before = digest()
    wrong: list[Any] = []
    for route, answers in API_ROUTES.items():
        for method in answers:
            if names_one(route):
                wrong.append(check(send(stranger, route, method), method, (404, "not-found")))
            elif method == "GET":
                results = send(stranger, route, method).json()["results"]
                wrong.append((route, results) if results else None)

    assert [found for found in wrong if found] == []
    assert digest() == before


def test_a_token_with_just_the_scopes_may(product: None, organization: Organization) -> None:
    wrong = []
    for route, answers in API_ROUTES.items():
        for method, answer in answers.items():
            api = create_api(organization, answer.scopes)
            with transaction.atomic():
                response = send(api, route, method)
                transaction.set_rollback(True)
            if response.status_code != answer.status or "Cookie" in response.get("Vary", ""):
                wrong.append((route, method, response.status_code, response.headers))

    assert wrong == []


def test_an_address_of_nothing_is_not_found(organization: Organization) -> None:
    api = create_api(organization)
    wrong = [
        check(api.send(method, address), method, (404, "not-found"))
        for address in ("", "nada/", "products", "../v2/products/")
        for method in METHODS
    ]

    assert [found for found in wrong if found] == []
    assert ROUTES[UNKNOWN_ADDRESS] == "api/<path:address>"
