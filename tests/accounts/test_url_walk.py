"""Every URL × method × person over the real URLconf, against a table that somebody must have written."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qs, quote, urljoin, urlsplit

import pytest
from django.conf import settings
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from accounts import api_tokens, clock, password_links, services
from accounts.models import Membership, Organization, Perfil, User
from accounts.tenancy import tenant
from contracts.order_status import OrderStatus
from contracts.records import ErpAccount, TokenGrant
from integrations.models import Integration
from integrations.services import (
    Choices,
    begin_authorization,
    disconnect,
    record_connection,
    save_integration,
)
from jobs import queue
from tests.accounts.api_routes import API_ROUTES, UNKNOWN_ADDRESS
from tests.accounts.schema import TENANT_MODELS, insert
from tiny.codes import SITUATIONS
from tracking.identification import Clues
from tracking.models import MappingKind
from tracking.selectors import public_key
from tracking.services import follow_parcel, save_carrier_account, save_mapping
from webhooks.services.addresses import ensure_address, read_url

pytestmark = pytest.mark.django_db(transaction=True)

METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")
ADMINISTRADOR, OPERADOR, CONSULTA = "Administrador", "Operador", "Consulta"
READERS = frozenset({ADMINISTRADOR, OPERADOR, CONSULTA})
OPERATORS = frozenset({ADMINISTRADOR, OPERADOR})
ADMINS = frozenset({ADMINISTRADOR})


CLIENT_ID, CLIENT_SECRET = "tiny-api-of-aurora", "secret-of-aurora-k9x7"
TOKENS = ("token-of-access", "token-of-refresh")
CPF = "52998224725"


@dataclass(frozen=True)
class Answer:
    """What those get who may, and who they are. Everybody else with a login gets 404."""

    status: int
    who: frozenset[str]
    data: Mapping[str, Any] = field(default_factory=dict)


def page(who: frozenset[str] = READERS) -> dict[str, Answer]:
    return {"GET": Answer(200, who), "HEAD": Answer(200, who)}


CONNECTION = {
    "name": "Outro nome",
    "client_id": "client",
    "client_secret": "secret-of-client",
}

NEWCOMER = {"perfil": "integration", "name": "ERP", "email": "novo@aurora.test"}
NEW_TOKEN = {"name": "Loja", "scopes": ["orders:read"], "days": "30"}

DECIDED = {"action": "refuse", "item": "1", "visto": "2026-11-23T10:00:00+00:00"}
SHOP = {"shop_name": "Aurora", "shop_colour": "#8a3324"}
NEW_PRODUCT = {"sku": "NOVO", "name": "Outro nome", "status": "active"}
NEW_CUSTOMER = {"name": "Ana Lima"}
CUSTOMER_CRITERIA = {"sends_people": "on"}
CARRIER_CONTRACT = {"user": "aurora-casa", "access_code": "code-of-aurora-q4w8", "posting_card": "0077001234"}
SHEET = "número do pedido;data;cliente;sku;descrição;quantidade;preço unitário\n;;;;;;1,00\n"
CRITERIA = {"stock_kind": "physical", "safety_stock": "3", "zeroed_percent": "30", "price_percent": "50"}
# Nothing is changed on either side.
STATUS_MAP = {
    "seen": "0",
    **{f"outward-{status}": "keep" for status in OrderStatus},
    **{f"meaning-{situation.code}": "keep" for situation in SITUATIONS},
}

# One row per route of a company. A method that is not named is refused alike (405) for everybody.
COMPANY_ROUTES: dict[str, dict[str, Answer]] = {
    "accounts:users": page(ADMINS),
    "accounts:include_user": page(ADMINS) | {"POST": Answer(302, ADMINS, NEWCOMER)},
    "accounts:user": page(ADMINS) | {"POST": Answer(302, ADMINS, {"name": "Outro nome"})},
    "accounts:deactivate": page(ADMINS) | {"POST": Answer(302, ADMINS)},
    "accounts:reactivate": {"POST": Answer(302, ADMINS)},
    "accounts:create_link": {"POST": Answer(302, ADMINS)},
    "accounts:create_token": page(ADMINS) | {"POST": Answer(200, ADMINS, NEW_TOKEN)},
    "accounts:revoke_token": page(ADMINS) | {"POST": Answer(302, ADMINS)},
    "accounts:shop": page(ADMINS) | {"POST": Answer(302, ADMINS, SHOP)},
    "catalog:list": page(),
    "catalog:new": page(OPERATORS) | {"POST": Answer(302, OPERATORS, NEW_PRODUCT)},
    "catalog:problems": page(),
    "catalog:held": page(),
    "catalog:decide_held": {"POST": Answer(302, OPERATORS, DECIDED)},
    "catalog:import": page() | {"POST": Answer(422, ADMINS)},
    "catalog:detail": page(),
    "catalog:edit": page(OPERATORS) | {"POST": Answer(302, OPERATORS, NEW_PRODUCT)},
    "catalog:refresh": {"POST": Answer(302, OPERATORS)},
    "catalog:mapping": page(),
    "catalog:resolve": {"POST": Answer(302, OPERATORS, {"action": "ignore"})},
    "catalog:mapping_import": page(OPERATORS) | {"POST": Answer(422, OPERATORS)},
    "catalog:mapping_export": page(),
    "catalog:criteria": page() | {"POST": Answer(302, ADMINS, CRITERIA)},
    "customers:list": page(),
    "customers:new": page(OPERATORS) | {"POST": Answer(302, OPERATORS, NEW_CUSTOMER)},
    "customers:detail": page(),
    "customers:show": {"POST": Answer(200, OPERATORS)},
    "customers:edit": page(OPERATORS) | {"POST": Answer(302, OPERATORS, NEW_CUSTOMER)},
    "customers:send": {"POST": Answer(302, OPERATORS)},
    "customers:criteria": page() | {"POST": Answer(302, ADMINS, CUSTOMER_CRITERIA)},
    "integrations:used_by": page(ADMINS),
    "integrations:gallery": page(),
    "integrations:provider": page(),
    "integrations:new": page(ADMINS) | {"POST": Answer(302, ADMINS, CONNECTION)},
    "integrations:connection": page() | {"POST": Answer(302, ADMINS, CONNECTION)},
    "integrations:connect": {"POST": Answer(302, ADMINS)},
    "integrations:test": {"POST": Answer(302, OPERATORS)},
    "integrations:test_result": page(OPERATORS),
    "orders:list": page(),
    "orders:detail": page(),
    "orders:items": page(),
    "orders:import": page() | {"POST": Answer(422, ADMINS)},
    "orders:passed_over": page(),
    "orders:retry": {"POST": Answer(302, OPERATORS)},
    "orders:send_anyway": {"POST": Answer(302, OPERATORS)},
    "orders:send_offered": {"POST": Answer(302, OPERATORS)},
    "orders:choose_integration": {"POST": Answer(302, OPERATORS)},
    "orders:change_status": {"POST": Answer(302, OPERATORS, {"status": "paid"})},
    "orders:parcels": page(),
    "orders:ask_parcels": {"POST": Answer(302, OPERATORS)},
    "orders:shipment": page() | {"POST": Answer(302, OPERATORS, {"code": "AA000000115BR"})},
    "orders:sheet_upload": page(OPERATORS) | {"POST": Answer(422, OPERATORS)},
    "orders:sheet_model": page(OPERATORS),
    "orders:sheet": page(OPERATORS) | {"POST": Answer(302, OPERATORS)},
    "orders:status_map": page() | {"POST": Answer(302, ADMINS, STATUS_MAP)},
    "orders:status_map_run": page() | {"POST": Answer(302, ADMINS)},
    "panel:errors": page(OPERATORS),
    "panel:retry": {"POST": Answer(302, OPERATORS)},
    "tracking:mappings": page(),
    # Without a text there is nothing to choose, and it leads back to the list.
    "tracking:new_mapping": dict.fromkeys(("GET", "HEAD", "POST"), Answer(302, OPERATORS)),
    "tracking:mapping": page(OPERATORS) | {"POST": Answer(302, OPERATORS, {"carrier": "jadlog"})},
    "tracking:delete_mapping": page(OPERATORS) | {"POST": Answer(302, OPERATORS)},
    "tracking:contracts": page(),
    "tracking:contract": page() | {"POST": Answer(302, ADMINS, CARRIER_CONTRACT)},
    "tracking:test_contract": dict.fromkeys(("GET", "HEAD", "POST"), Answer(302, OPERATORS)),
    "tracking:remove_contract": page(ADMINS) | {"POST": Answer(302, ADMINS)},
    "webhooks:list": page(),
    "webhooks:detail": page(),
    "webhooks:body": {"POST": Answer(200, OPERATORS)},
    "webhooks:replay": {"POST": Answer(302, OPERATORS)},
    "webhooks:act": {"POST": Answer(302, OPERATORS, {"action": "ignore"})},
    "webhooks:plan": page(OPERATORS) | {"POST": Answer(302, OPERATORS)},
    "webhooks:run": page(OPERATORS) | {"POST": Answer(302, OPERATORS)},
    "webhooks:places": page(OPERATORS) | {"POST": Answer(302, ADMINS)},
    "webhooks:try": {"POST": Answer(302, OPERATORS)},
}

ANYBODY = {"GET": 200, "HEAD": 200}

# One row per route of no company: the methods of people without a login, and of any person with one.
OPEN_ROUTES: dict[str, tuple[dict[str, int], dict[str, int]]] = {
    "accounts:home": ({"GET": 302, "HEAD": 302}, {"GET": 302, "HEAD": 302}),
    "accounts:organizations": ({"GET": 302, "HEAD": 302}, {"GET": 200, "HEAD": 200}),
    "accounts:login": (
        {"GET": 200, "HEAD": 200, "OPTIONS": 200, "POST": 422, "PUT": 422},
        {"GET": 302, "HEAD": 302, "OPTIONS": 302, "POST": 302, "PUT": 302, "PATCH": 302, "DELETE": 302},
    ),
    "accounts:set_password": (ANYBODY | {"POST": 422}, ANYBODY | {"POST": 422}),
    "accounts:logout": ({"OPTIONS": 200, "POST": 302}, {"OPTIONS": 200, "POST": 302}),
    "orders:buyer_page": (ANYBODY, ANYBODY),
    "integrations:oauth_return": ({"GET": 302, "HEAD": 302}, {"GET": 302, "HEAD": 302}),
    "openapi": (ANYBODY, ANYBODY),
    "panel:health": (ANYBODY, ANYBODY),
    # Whoever knows the address, with whatever method.
    "webhooks:receive": (dict.fromkeys(METHODS, 200), dict.fromkeys(METHODS, 200)),
}


def named_routes() -> dict[str, str]:
    """Name → pattern of every route that the project has."""

    def walk(patterns: list[Any], prefix: str, spaces: tuple[str, ...]) -> Iterator[tuple[str, str]]:
        for entry in patterns:
            route = prefix + str(entry.pattern)
            if isinstance(entry, URLResolver):
                inner = (*spaces, entry.namespace) if entry.namespace else spaces
                yield from walk(entry.url_patterns, route, inner)
            elif isinstance(entry, URLPattern):
                assert entry.name, f"{route} has no name"
                yield ":".join((*spaces, entry.name)), route

    return dict(walk(get_resolver().url_patterns, "", ()))


ROUTES = named_routes()


@dataclass
class World:
    """Organization A with one of everything, and everybody who may knock."""

    organization: Organization
    objects: dict[str, Any]
    people: dict[str, User | None]
    client_of: Callable[[User], Client]
    owner_sql: Callable[..., list[tuple[Any, ...]]]
    tables: list[str]

    def client(self, who: str) -> Client:
        user = self.people[who]
        return Client() if user is None else self.client_of(user)

    def address(self, route: str, **changes: Any) -> str:
        values = self.objects | changes
        names = re.findall(r"<(?:\w+:)?(\w+)>", ROUTES[route])
        return reverse(route, kwargs={name: values[name] for name in names})

    def digest(self) -> list[tuple[str, str]]:
        """Of every row of every table, as the owner sees them."""
        one = "SELECT '{0}', md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM {0} t"
        return self.owner_sql(" UNION ALL ".join(one.format(table) for table in self.tables) + " ORDER BY 1")


@pytest.fixture
def world(
    organization: Organization,
    other_organization: Organization,
    admin: User,
    stranger: User,
    client_of: Callable[[User], Client],
    owner_sql: Callable[..., list[tuple[Any, ...]]],
    process_database: Any,
) -> World:
    people: dict[str, User | None] = {"anonymous": None, "stranger": stranger, ADMINISTRADOR: admin}
    for who, perfil in (
        (OPERADOR, Perfil.OPERATOR),
        (CONSULTA, Perfil.VIEWER),
        ("Integração", Perfil.INTEGRATION),
        ("inactive", Perfil.ADMIN),
    ):
        people[who] = services.add_member(
            organization=organization, email=f"{perfil}-{who}@aurora.test".lower(), name=who, perfil=perfil
        ).user
    with tenant(organization):
        person = Membership.objects.get(user=admin)
        Membership.objects.filter(user=people["inactive"]).update(is_active=False)
        objects = fill(organization, person)
        system = Membership.objects.get(user=people["Integração"])
        row, secret = api_tokens.create_token(
            membership=system, name="ERP", scopes=["orders:read"], days=90, person=person
        )
        invited = Membership.objects.get(user=people[CONSULTA])
        address = password_links.create_link(membership=invited, person=person)
        objects |= {"member_id": system.pk, "token_id": row.pk, "secret": secret}
        objects["token"] = address.rstrip("/").rpartition("/")[2]
    return World(organization, objects, people, client_of, owner_sql, process_database.tables)


def fill(organization: Organization, person: Membership) -> dict[str, Any]:
    """A connected integration with an authorisation under way, an order with everything, a parked job."""
    integration = save_integration(
        integration=None,
        chosen=Choices(
            provider="tiny",
            protocol="v3",
            name="Integração Tiny ERP",
            credentials={"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET},
        ),
        person=person,
    )
    address = begin_authorization(integration=integration, membership=person)
    record_connection(
        integration_id=integration.pk,
        grant=TokenGrant(*TOKENS, 14400, 86400),
        account=ErpAccount(document="11222333000181", name="Casa Aurora"),
        person=person,
    )
    own = {"integration_id": integration.pk}
    by_table: dict[str, Any] = {model._meta.db_table: model for model in TENANT_MODELS}
    customer = insert(by_table["customers_customer"], organization, name="Maria", document=CPF)
    insert(by_table["customers_customerreference"], organization, customer_id=customer, **own)
    order = insert(
        by_table["orders_order"],
        organization,
        customer_id=customer,
        number=1,
        status="placed",
        erp_number="4711",
        details_loaded_at="2026-11-01T12:00:00Z",
        **own,
    )
    insert(by_table["orders_orderreference"], organization, order_id=order, situation="aprovado", **own)
    insert(
        by_table["orders_orderforwarding"],
        organization,
        order_id=order,
        state="outside",
        reason_code="forwarding.no_status_chosen",
    )
    insert(by_table["orders_invoice"], organization, order_id=order, number="99", **own)
    for table in ("orders_orderitem", "orders_orderinstallment", "orders_ordershipment"):
        insert(by_table[table], organization, order_id=order)
    insert(by_table["orders_passedoverorder"], organization, situation="em_aberto", **own)
    insert(by_table["history_historyentry"], organization, subject_kind="order", subject_id=order)
    product = insert(
        by_table["catalog_product"],
        organization,
        sku="LUM-01",
        name="Luminária",
        parent_id=None,
        source_integration_id=integration.pk,
    )
    reference = insert(
        by_table["catalog_productreference"],
        organization,
        product_id=product,
        external_id="900",
        sku="LUM-01",
        problems=["ncm_missing"],
        **own,
    )
    insert(by_table["catalog_warehousestock"], organization, reference_id=reference)
    insert(by_table["catalog_figurechange"], organization, product_id=product)
    insert(by_table["catalog_productreference"], organization, product_id=None, external_id="901", **own)
    job = insert(
        by_table["jobs_job"],
        organization,
        channel=integration.channel,
        kind="complete_order",
        key=str(order),
        status="parked",
        reason_code="ours",
    )
    test = insert(by_table["integrations_connectiontest"], organization, **own)
    ensure_address(integration=integration)
    receipt = insert(
        by_table["webhooks_webhookreceipt"],
        organization,
        state="failed",
        reason_code="webhook.ours",
        **own,
    )
    run = insert(by_table["webhooks_webhookreplayrun"], organization, **own)
    sheet = insert(by_table["orders_ordersheet"], organization, text=SHEET)
    save_carrier_account(tracker="correios", credentials=CARRIER_CONTRACT, by=person.user.name)
    for clues in (
        Clues(shipping_method="SEDEX", tracking_code="AA000000115BR"),
        Clues(
            shipping_method="Frete da Loja", tracking_code="XPTO-1", tracking_url="https://rastreio.example/1"
        ),
    ):
        parcel = follow_parcel(clues=clues, now=clock.now())
        insert(by_table["orders_orderparcel"], organization, order_id=order, parcel_id=parcel.pk)
    mapping = save_mapping(
        kind=MappingKind.SHIPPING_METHOD,
        text="Outro frete",
        label="Outro frete",
        carrier_key="jadlog",
        by=person.user.name,
    )
    queue.set_schedule(integration.channel, "pull_invoices", "k", 60)
    notified = read_url(integration=integration)
    return {
        "slug": organization.slug,
        "provider": "tiny",
        "pk": integration.pk,
        "number": 1,
        "job_id": job,
        "test_id": test,
        "product_id": product,
        "customer_id": customer,
        "reference_id": reference,
        "sheet_id": sheet,
        "mapping_id": mapping.pk,
        "tracker": "correios",
        "receipt_id": receipt,
        "run_id": run,
        "key": public_key(parcel),
        "state": parse_qs(urlsplit(address).query)["state"][0],
        "address": notified.removeprefix(f"{settings.PUBLIC_URL}/webhooks/"),
    }


def send(
    client: Client, method: str, address: str, data: Mapping[str, Any] | None = None, **extra: Any
) -> Any:
    if method == "POST":
        return client.post(address, dict(data or {}), **extra)
    return client.generic(method, address, **extra)


def seen(response: HttpResponse) -> tuple[int, dict[str, str], str]:
    """All that the browser gets, but for what differs at every request."""
    # Pages that nobody may keep expire at the second in which they are made.
    headers = {name: value for name, value in response.items() if name not in ("Set-Cookie", "Expires")}
    return response.status_code, headers, response.content.decode()


def login_address(address: str) -> str:
    return f"{reverse(settings.LOGIN_URL)}?next={quote(address)}"


# --- the table is complete ---


def test_every_route_has_its_row() -> None:
    """A new route fails here until somebody writes who may do what with it."""
    assert set(COMPANY_ROUTES) | set(OPEN_ROUTES) | set(API_ROUTES) | {UNKNOWN_ADDRESS} == set(ROUTES)
    assert {name for name, route in ROUTES.items() if route.startswith("o/<slug:slug>/")} == set(
        COMPANY_ROUTES
    )


# --- those who may not ---


@pytest.mark.parametrize("who", ["anonymous", "stranger", "inactive", "Integração", CONSULTA, OPERADOR])
def test_nobody_opens_or_changes_what_is_not_for_them(world: World, who: str) -> None:
    client = world.client(who)
    before = world.digest()
    wrong = []
    for route, answers in COMPANY_ROUTES.items():
        address = world.address(route)
        for method in METHODS:
            answer = answers.get(method)
            if answer is not None and who in answer.who:
                continue
            response = send(client, method, address, answer.data if answer else CONNECTION)
            if answer is None:
                expected: tuple[int, str | None] = (405, None)
            elif who == "anonymous":
                expected = (302, login_address(address))
            else:
                expected = (404, None)
            got = (response.status_code, response.headers.get("Location"))
            if got != expected:
                wrong.append((method, address, got, expected))
            if world.digest() != before:
                wrong.append((method, address, "changed the database", None))
                before = world.digest()

    assert wrong == []


@pytest.mark.parametrize("who", ["stranger", "inactive", "Integração", CONSULTA, OPERADOR])
def test_what_exists_looks_like_what_never_existed(world: World, who: str) -> None:
    client = world.client(who)
    different = []
    for route, answers in COMPANY_ROUTES.items():
        address, nowhere = world.address(route), world.address(route, slug="nunca-existiu")
        for method in METHODS:
            if method in answers and who in answers[method].who:
                continue
            if seen(send(client, method, address)) != seen(send(client, method, nowhere)):
                different.append((method, address))

    assert different == []


# --- those who may ---


@pytest.mark.parametrize("who", sorted(READERS))
def test_everybody_opens_and_does_what_is_for_them(world: World, who: str) -> None:
    client = world.client(who)
    wrong = []
    for route, answers in COMPANY_ROUTES.items():
        for method, answer in answers.items():
            if who not in answer.who:
                continue
            with transaction.atomic():
                response = send(client, method, world.address(route), answer.data)
                transaction.set_rollback(True)
            if response.status_code != answer.status:
                wrong.append((method, route, response.status_code, answer.status))

    assert wrong == []


ROUTES_WITH_IDS = [route for route in COMPANY_ROUTES if "<int:" in ROUTES[route]]


def test_the_ids_of_a_company_name_nothing_in_another(world: World) -> None:
    client = world.client("stranger")
    before = world.digest()
    found = [
        (method, route)
        for route in ROUTES_WITH_IDS
        for method, answer in COMPANY_ROUTES[route].items()
        if send(client, method, world.address(route, slug="loja-vizinha"), answer.data).status_code != 404
    ]

    assert found == []
    assert world.digest() == before


@pytest.mark.parametrize("number", [0, 999_999_999, 2**63, 10**40])
def test_an_id_that_names_nothing_is_not_found(world: World, number: int) -> None:
    """Nor one that no column could hold."""
    client = world.client(ADMINISTRADOR)
    names = (
        "pk",
        "number",
        "job_id",
        "test_id",
        "member_id",
        "token_id",
        "product_id",
        "reference_id",
        "customer_id",
        "sheet_id",
        "mapping_id",
        "receipt_id",
        "run_id",
    )
    ids = dict.fromkeys(names, number)
    found = [
        (method, route)
        for route in ROUTES_WITH_IDS
        for method, answer in COMPANY_ROUTES[route].items()
        if send(client, method, world.address(route, **ids), answer.data).status_code != 404
    ]

    assert found == []


def test_nothing_is_written_without_the_token_of_a_form(world: World) -> None:
    client = Client(enforce_csrf_checks=True)
    user = world.people[ADMINISTRADOR]
    assert user is not None
    client.force_login(user)
    before = world.digest()
    writes = {
        route: send(client, "POST", world.address(route), answers["POST"].data).status_code
        for route, answers in COMPANY_ROUTES.items()
        if "POST" in answers
    }

    assert set(writes.values()) == {403}, writes
    assert world.digest() == before


class Doors(HTMLParser):
    """(method, address) of everything on a page that a person can press or that it fetches itself."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: set[tuple[str, str]] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attributes}
        if tag == "a" and values.get("href"):
            self.found.add(("GET", values["href"]))
        if tag == "form":
            self.found.add((values.get("method", "get").upper(), values.get("action", "")))
        for method in ("get", "post", "put", "patch", "delete"):
            if values.get(f"hx-{method}"):
                self.found.add((method.upper(), values[f"hx-{method}"]))


@pytest.mark.parametrize("state", ["connected", "disconnected"])
@pytest.mark.parametrize("who", sorted(READERS))
def test_every_page_offers_only_what_its_reader_may_do(world: World, who: str, state: str) -> None:
    if state == "disconnected":
        with tenant(world.organization):
            disconnect(integration=Integration.objects.get(), code="tiny.refresh_refused")
    client = world.client(who)
    dead, pressed = [], set()
    for route, answers in COMPANY_ROUTES.items():
        if "GET" not in answers or who not in answers["GET"].who:
            continue
        here = world.address(route)
        for method, target in Doors(client.get(here).content.decode()).found:
            address = urljoin(here, target)
            if not address.startswith("/") or (method, address) in pressed:
                continue
            pressed.add((method, address))
            with transaction.atomic():
                status = send(client, method, address).status_code
                transaction.set_rollback(True)
            if status not in (200, 204, 302, 422):
                dead.append((here, method, target, status))

    assert dead == []
    assert ("POST", "/sair/") in pressed
    assert (("POST", world.address("integrations:connect")) in pressed) == (
        who == ADMINISTRADOR and state == "disconnected"
    )


@pytest.mark.parametrize("who", sorted(READERS))
def test_no_page_tells_a_secret_or_a_full_cpf(world: World, who: str) -> None:
    """Of the credentials an Administrador sees the Client ID and the secret's tail; the others nothing."""
    client = world.client(who)
    hidden = [CLIENT_SECRET, *TOKENS, world.objects["state"], CPF, "529.982.247-25"]
    hidden += [world.objects["token"], world.objects["secret"], CARRIER_CONTRACT["access_code"]]
    if who != ADMINISTRADOR:
        hidden += [CLIENT_ID, CLIENT_SECRET[-4:], CARRIER_CONTRACT["access_code"][-4:]]
        hidden += [CARRIER_CONTRACT["user"], CARRIER_CONTRACT["posting_card"]]
    if who == CONSULTA:
        # Whoever knows the address of notifications can post to it.
        hidden.append(world.objects["address"])
    told = []
    pages = ""
    for route, answers in COMPANY_ROUTES.items():
        if "GET" in answers and who in answers["GET"].who:
            page = client.get(world.address(route)).content.decode()
            told += [(route, word) for word in hidden if word in page]
            pages += page

    assert told == []
    assert (CLIENT_ID in pages) == (who == ADMINISTRADOR)
    assert "982.247" in pages


# --- routes of no company ---


@pytest.mark.parametrize("who", ["anonymous", "stranger", "inactive", "Integração", *sorted(READERS)])
def test_routes_of_no_company_answer_alike_to_every_person(world: World, who: str) -> None:
    client, user = world.client(who), world.people[who]
    wrong = []
    for route, (without_login, with_login) in OPEN_ROUTES.items():
        allowed = with_login if user else without_login
        for method in METHODS:
            if user:
                client.force_login(user)
            response = send(client, method, world.address(route))
            if response.status_code != allowed.get(method, 405):
                wrong.append((method, route, response.status_code, allowed.get(method, 405)))

    assert wrong == []


@pytest.mark.parametrize("who", ["stranger", "inactive", "Integração", OPERADOR, "demoted"])
def test_an_authorisation_is_ended_only_by_the_administrador_who_began_it(world: World, who: str) -> None:
    """All others learn nothing of it and change nothing; the company's history says that somebody tried."""
    if who == "demoted":
        with tenant(world.organization):
            Membership.objects.filter(user=world.people[ADMINISTRADOR]).update(perfil=Perfil.OPERATOR)
    client = world.client(ADMINISTRADOR if who == "demoted" else who)
    before = dict(world.digest())
    query = {"state": world.objects["state"], "code": "a-code"}

    response = client.get(world.address("integrations:oauth_return"), query)

    assert (response.status_code, response["Location"]) == (302, "/")
    after = dict(world.digest())
    assert {table for table in after if after[table] != before[table]} == {"history_historyentry"}


# --- HTMX ---


def test_a_fragment_asked_for_without_a_login_sends_the_whole_page_to_it(world: World) -> None:
    client = Client()
    here = world.address("orders:list")
    wrong = []
    routes = [*COMPANY_ROUTES, "accounts:home", "accounts:organizations", "integrations:oauth_return"]
    for route in routes:
        method = "GET" if "GET" in COMPANY_ROUTES.get(route, {"GET": None}) else "POST"
        headers = {"HX-Request": "true", "HX-Current-URL": f"http://testserver{here}"}
        response = send(client, method, world.address(route), headers=headers)
        got = (response.status_code, response.headers.get("HX-Redirect"), response.content)
        if got != (204, login_address(here), b""):
            wrong.append((route, got))

    assert wrong == []
