"""Answers that look right and are not do no harm here, and afterwards all goes on by itself."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from accounts.tenancy import tenant
from catalog import selectors, services
from catalog.models import HeldChange, Product
from catalog.sync.announced import ask_announced
from contracts.errors import MappingError
from history.models import HistoryEntry
from integrations import registry
from integrations.credentials import IntegrationContext
from integrations.cursors import write_cursor
from tests.flows.conftest import Company
from tests.flows.products import (
    DETAIL,
    LIST,
    STOCK,
    MoveClock,
    RunJobs,
    at_tiny,
    choose,
    import_all,
    lay_fault,
    poll,
)

SKUS = ["P0", "P1", "P2", "P3", "P4"]
EVERYWHERE = (LIST, DETAIL, STOCK)
# «Erro» with status 200; API v3 has no such answer, and nobody may take one for a product.
REFUSAL = {"status": "Erro", "codigo_erro": 35, "erros": [{"erro": "Erro inesperado"}]}
ERROR_200 = {"status": 200, "body": {**REFUSAL, "retorno": REFUSAL}}

# By name: the fault, the routes that it strikes, and how many changes are held.
POISONS: dict[str, tuple[dict[str, Any], tuple[dict[str, str], ...], int]] = {
    "empty_list": ({"preset": "empty_list"}, (LIST,), 0),
    "empty_answer": ({"status": 200, "body": ""}, EVERYWHERE, 0),
    "error_200": (ERROR_200, EVERYWHERE, 0),
    "html_200": ({"preset": "html_200"}, EVERYWHERE, 0),
    "truncated": ({"preset": "truncated"}, EVERYWHERE, 0),
    "comma": ({"preset": "comma"}, EVERYWHERE, 0),
    "zero_stock": ({"preset": "zero_stock"}, EVERYWHERE, 5),
    "negative_stock": ({"preset": "negative_stock"}, EVERYWHERE, 5),
    "price_hundredth": ({"preset": "price_hundredth"}, EVERYWHERE, 5),
    "price_hundredfold": ({"preset": "price_hundredfold"}, EVERYWHERE, 5),
    "nulls": ({"preset": "nulls"}, EVERYWHERE, 0),
    "without_fields": ({"preset": "without_fields"}, EVERYWHERE, 0),
    "other_account": ({"preset": "other_account"}, (LIST,), 0),
    "duplicate_row": ({"preset": "duplicate_row"}, (LIST,), 0),
}


LIST_PRICES = {"v3": "GET /listas-precos/{id}", "v2": "POST /api2/listas.precos.excecoes.php"}
EMPTY_LIST: dict[str, dict[str, Any]] = {
    "v3": {"replace": {"excecoes": []}},
    "v2": {"replace": {"registros": [], "pagina": 1, "numero_paginas": 1}},
}
# By name: the fault that strikes a chosen list of prices, and how many changes are held.
LIST_POISONS: dict[str, tuple[dict[str, Any], int]] = {
    "empty_answer": ({"status": 200, "body": ""}, 0),
    "error_200": (ERROR_200, 0),
    "truncated": ({"preset": "truncated"}, 0),
    "comma": ({"preset": "comma"}, 0),
    "price_hundredth": ({"preset": "price_hundredth"}, 5),
    "price_hundredfold": ({"preset": "price_hundredfold"}, 5),
    "nulls": ({"preset": "nulls"}, 0),
    "without_fields": ({"preset": "without_fields"}, 0),
}


@pytest.fixture(params=["v3", pytest.param("v2", marks=pytest.mark.slow)])
def protocol(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def shop(connected: Company, run_jobs: RunJobs) -> Company:
    """Five products of R$ 100,00, ten of each; and somebody else's account, with two of the same SKUs."""
    other = connected.account.tiny.add_account("22333444000181", catalogue=False)
    for sku in ("P0", "P1", "X0"):
        other.add_product(sku=sku, descricao="De outra conta", preco=7)
    for sku in SKUS:
        made = connected.account.add_product(sku=sku, descricao=f"Vaso {sku}", preco=100, precoPromocional=0)
        connected.account.set_stock(made["id"], 10)
    import_all(connected, run_jobs)
    return connected


def look(company: Company) -> list[tuple[str, str, Decimal | None, Decimal | None, Decimal | None, str]]:
    with tenant(company.organization):
        rows = Product.objects.filter(sku__in=SKUS).order_by("sku")
        return list(rows.values_list("sku", "name", "price", "promotional_price", "stock", "status"))


def read_all(company: Company, run_jobs: RunJobs, move_clock: MoveClock) -> None:
    """The whole list, as once a day, and each product by itself."""
    forget_list(company)
    poll(company, run_jobs, move_clock)
    with tenant(company.organization):
        for reference in selectors.list_references(company.integration).order_by("id"):
            services.refresh_product(integration=company.integration, reference_id=reference.pk)
    run_jobs()


def forget_list(company: Company) -> None:
    """A day has passed since the whole list was read."""
    with tenant(company.organization):
        write_cursor(company.integration.pk, selectors.CURSOR, {})


def count_waiting(company: Company) -> int:
    with tenant(company.organization):
        return HeldChange.objects.filter(decided_at=None).count()


@pytest.mark.parametrize("name", POISONS)
def test_a_poisoned_answer_does_no_harm_and_leaves_nothing_behind(
    shop: Company, run_jobs: RunJobs, move_clock: MoveClock, protocol: str, name: str
) -> None:
    company = shop
    fault, routes, held = POISONS[name]
    before = look(company)
    assert {row[2:] for row in before} == {(Decimal(100), None, Decimal(10), "active")}
    for route in routes:
        lay_fault(company, route[protocol], times=None, **fault)
    read_all(company, run_jobs, move_clock)
    assert look(company) == before
    assert count_waiting(company) == held
    company.account.tiny.control("POST", "faults/clear")
    sold = at_tiny(company, "P0")["id"]
    company.account.change_product(sold, preco=110)
    company.account.set_stock(sold, 8)
    forget_list(company)
    for _ in range(2):
        poll(company, run_jobs, move_clock)
    assert look(company)[0][2:] == (Decimal(110), None, Decimal(8), "active")
    assert look(company)[1:] == before[1:]
    assert count_waiting(company) == 0


def test_an_answer_about_another_product_is_not_believed(
    shop: Company, run_jobs: RunJobs, move_clock: MoveClock, protocol: str
) -> None:
    """As a cache in between hands them out: in order by themselves, and not what was asked for."""
    company = shop
    before = look(company)
    others: dict[str, list[dict[str, Any]]] = {
        "v3": [{"id": 987654, "descricao": "Outro", "precos": {"preco": 90}}, {"id": 987654, "saldo": 3}],
        "v2": [
            {"produto": {"id": "987654", "nome": "Outro", "codigo": "P0", "preco": 90, "situacao": "A"}},
            {"produto": {"id": "987654", "codigo": "P0", "saldo": 3, "saldoReservado": 0, "depositos": []}},
        ],
    }
    for route, fields in zip((DETAIL, STOCK), others[protocol], strict=True):
        lay_fault(company, route[protocol], times=None, replace=fields)
    read_all(company, run_jobs, move_clock)
    assert look(company) == before
    with tenant(company.organization):
        codes = list(selectors.list_references(company.integration).values_list("values", flat=True))
    assert [values["unreadable_code"] for values in codes] == ["catalog.other_product"] * 5
    with tenant(company.organization):
        reference = selectors.list_references(company.integration).get(sku="P0")
    announced = {"is_stock": True, "is_stock_alone": True, "is_row": False}
    provider, context = registry.get_provider("tiny"), IntegrationContext(company.integration)
    with pytest.raises(MappingError, match=r"^catalog\.other_product$"):
        ask_announced(provider, context, reference.external_id, **announced)
    company.account.tiny.control("POST", "faults/clear")
    read_all(company, run_jobs, move_clock)
    assert look(company) == before


def test_a_catalogue_that_the_erp_says_it_does_not_know_stays_offered(
    shop: Company, run_jobs: RunJobs, move_clock: MoveClock, protocol: str
) -> None:
    company = shop
    before = look(company)
    missing = {"v3": "missing_404", "v2": "v2_code_32"}[protocol]
    lay_fault(company, DETAIL[protocol], times=None, preset=missing)
    read_all(company, run_jobs, move_clock)
    assert look(company) == before
    assert count_waiting(company) == 5
    company.account.tiny.control("POST", "faults/clear")
    # No list that is read meanwhile shows what is not news.
    for _ in range(2):
        poll(company, run_jobs, move_clock)
    assert look(company) == before
    assert count_waiting(company) == 0
    with tenant(company.organization):
        assert not selectors.list_references(company.integration).exclude(deleted_at=None).exists()


def test_what_is_there_told_for_what_may_be_sold_does_no_harm(
    shop: Company, run_jobs: RunJobs, move_clock: MoveClock, protocol: str
) -> None:
    company = shop
    company.account.tiny.control("PATCH", f"accounts/{company.account.id}", {"reserves_stock": True})
    for sku in SKUS:
        product = {"id": at_tiny(company, sku)["id"], "sku": sku, "descricao": sku, "tipo": "P"}
        item = {"produto": product, "quantidade": 3, "valorUnitario": 1, "infoAdicional": ""}
        company.account.add_orders(situacao=3, itens=[item])
    read_all(company, run_jobs, move_clock)
    read_all(company, run_jobs, move_clock)
    before = look(company)
    assert {row[4] for row in before} == {Decimal(7)}
    for route in EVERYWHERE:
        lay_fault(company, route[protocol], times=None, preset="physical")
    read_all(company, run_jobs, move_clock)
    assert look(company) == before
    assert count_waiting(company) == 5
    company.account.tiny.control("POST", "faults/clear")
    for _ in range(2):
        poll(company, run_jobs, move_clock)
    assert look(company) == before
    assert count_waiting(company) == 0


@pytest.fixture
def listed(shop: Company, run_jobs: RunJobs) -> Company:
    """Prices are those of a list: R$ 90,00 each."""
    rows = [{"idProduto": at_tiny(shop, sku)["id"], "preco": 90, "precoPromocional": 0} for sku in SKUS]
    found = shop.account.save_price_list("Marketplace", excecoes=rows)
    choose(shop, price_list_id=str(found["id"]))
    run_jobs()
    assert {row[2] for row in look(shop)} == {Decimal(90)}
    return shop


@pytest.mark.parametrize("name", [*LIST_POISONS, "empty_list"])
def test_a_poisoned_list_of_prices_does_no_harm(
    listed: Company, run_jobs: RunJobs, move_clock: MoveClock, protocol: str, name: str
) -> None:
    company = listed
    before = look(company)
    fault, held = (EMPTY_LIST[protocol], 0) if name == "empty_list" else LIST_POISONS[name]
    lay_fault(company, LIST_PRICES[protocol], times=None, **fault)
    poll(company, run_jobs, move_clock)
    assert look(company) == before
    assert count_waiting(company) == held
    assert count_told_empty(company) == int(name == "empty_list")
    company.account.tiny.control("POST", "faults/clear")
    for _ in range(2):
        poll(company, run_jobs, move_clock)
    assert look(company) == before
    assert count_waiting(company) == 0
    assert count_told_empty(company) == int(name == "empty_list")


def count_told_empty(company: Company) -> int:
    with tenant(company.organization):
        return HistoryEntry.objects.filter(code="products.price_list_empty", params={"count": 5}).count()


def test_a_zero_right_after_a_failure_is_asked_for_again(
    shop: Company, run_jobs: RunJobs, move_clock: MoveClock, protocol: str
) -> None:
    company = shop
    before = look(company)
    sold = at_tiny(company, "P0")["id"]
    company.account.set_stock(sold, 0)
    lay_fault(company, DETAIL[protocol], preset="html_200")
    with tenant(company.organization):
        reference = selectors.list_references(company.integration).get(sku="P0")
        services.refresh_product(integration=company.integration, reference_id=reference.pk)
    run_jobs()
    assert look(company) == before
    assert count_waiting(company) == 1
    move_clock(dt.timedelta(seconds=60))
    run_jobs()
    assert look(company)[0][4] == 0
    assert look(company)[1:] == before[1:]
    assert count_waiting(company) == 0
