"""What a hostile review found: old values that would win, answers that lie, links that would be undone."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from accounts.tenancy import tenant
from catalog import selectors, services
from catalog.models import ProductReference
from history.models import HistoryEntry
from tests.flows.conftest import Company
from tests.flows.products import (
    CREATE,
    DETAIL,
    STOCK,
    V2,
    V3,
    MoveClock,
    RunJobs,
    at_tiny,
    choose,
    import_all,
    job_of,
    lay_fault,
    plan,
    poll,
    product_of,
    read_run,
    reapply,
    reference_of,
    save,
    start,
)


@pytest.fixture(params=["v3", "v2"])
def protocol(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def import_against(company: Company, run_jobs: RunJobs, route: str, **fault: Any) -> None:
    """Import all there is, with trouble on the way that the plan did not meet."""
    plan(company, run_jobs)
    start(company)
    lay_fault(company, route, **fault)
    run_jobs()


# --- what goes out ---


def test_one_changed_field_takes_no_older_one_with_it(sending: Company, run_jobs: RunJobs) -> None:
    company = sending
    company.account.change_product(at_tiny(company, "VASO")["id"], preco=12)
    save(company, "VASO", ncm="11111111")
    run_jobs()
    found = at_tiny(company, "VASO")
    assert (found["preco"], found["ncm"].replace(".", "")) == (12, "11111111")
    assert product_of(company, "VASO").price == 12


@V3
def test_a_list_of_prices_never_becomes_tiny_s_own_price(sending: Company, run_jobs: RunJobs) -> None:
    company = sending
    found = company.account.save_price_list("Marketplace", acrescimoDesconto=-10)
    choose(company, sends_products=True, price_list_id=str(found["id"]))
    run_jobs()
    reapply(company)
    assert product_of(company, "VASO").price == 9
    save(company, "VASO", ncm="11111111", price=Decimal("8"))
    run_jobs()
    assert at_tiny(company, "VASO")["preco"] == 10
    with tenant(company.organization):
        assert HistoryEntry.objects.get(code="product.sending_kept").params["kept"] == "Preço"


def test_a_promotion_that_ends_here_ends_there(
    sending: Company, run_jobs: RunJobs, move_clock: MoveClock
) -> None:
    company = sending
    company.account.change_product(at_tiny(company, "VASO")["id"], precoPromocional=5)
    poll(company, run_jobs, move_clock)
    assert product_of(company, "VASO").promotional_price == 5
    save(company, "VASO", promotional_price=None)
    run_jobs()
    assert not at_tiny(company, "VASO")["precoPromocional"]
    poll(company, run_jobs, move_clock)
    assert product_of(company, "VASO").promotional_price is None


@V2
def test_one_s_own_product_is_found_behind_a_hundred_that_look_like_it(
    sending: Company, run_jobs: RunJobs, protocol: str
) -> None:
    company = sending
    for number in range(110):
        company.account.add_product(sku=f"NOVO-{number:03}", descricao="Outro", preco=1)
    company.account.add_product(sku="NOVO", descricao="Do Tiny", preco=1)
    company.account.clear_calls()
    save(company, "NOVO", name="Novo daqui", price=Decimal("9.9"))
    run_jobs()
    assert CREATE[protocol] not in company.account.count_calls()
    assert job_of(company, "export_product").status == "done"


@pytest.mark.parametrize("has_linked", [True, False])
def test_what_a_person_said_holds_for_what_is_sent(
    sending: Company, run_jobs: RunJobs, move_clock: MoveClock, has_linked: bool
) -> None:
    company = sending
    made = company.account.add_product(sku="NOVO", descricao="Do Tiny", preco=50)
    poll(company, run_jobs, move_clock)
    choose(company)
    save(company, "MEU", name="Meu", price=Decimal(3))
    reference = reference_of(company, made["id"])
    with tenant(company.organization):
        services.unlink(reference_id=reference.pk, person="Ana")
        if has_linked:
            services.link(reference_id=reference.pk, sku="MEU", person="Ana")
    choose(company, sends_products=True)
    save(company, "NOVO", name="Outro produto", price=Decimal(7))
    run_jobs()
    assert (at_tiny(company, "NOVO")["descricao"], at_tiny(company, "NOVO")["preco"]) == ("Do Tiny", 50)
    job = job_of(company, "export_product")
    assert (job.status, job.reason_code) == ("parked", "catalog.sku_linked_otherwise")
    after = reference_of(company, made["id"]).product
    assert (after.sku if after else None) == ("MEU" if has_linked else None)


@V3
def test_a_parked_change_holds_back_its_own_field_only_until_sending_ends(
    sending: Company, run_jobs: RunJobs, move_clock: MoveClock
) -> None:
    company = sending
    save(company, "VASO", category=["Nada", "Disso"])
    run_jobs()
    assert job_of(company, "export_product").status == "parked"
    company.account.change_product(at_tiny(company, "VASO")["id"], preco=14, categoria="Casa")
    poll(company, run_jobs, move_clock)
    product = product_of(company, "VASO")
    assert (product.price, product.category) == (14, ["Nada", "Disso"])
    choose(company)
    run_jobs()
    product = product_of(company, "VASO")
    assert (product.category, product.changed_here_at) == (["Casa"], None)


def test_a_product_that_tiny_deleted_is_not_written(sending: Company, run_jobs: RunJobs) -> None:
    company = sending
    company.account.delete_product(at_tiny(company, "VASO")["id"])
    save(company, "VASO", price=Decimal(3))
    run_jobs()
    job = job_of(company, "export_product")
    assert (job.status, job.reason_code) == ("parked", "catalog.product_deleted_at_erp")
    (row,) = [one for one in company.account.list_products() if one["sku"] == "VASO"]
    assert row["preco"] == 10


# --- what comes in ---


def test_made_anew_at_tiny_it_is_the_same_product_here(
    connected: Company, run_jobs: RunJobs, move_clock: MoveClock
) -> None:
    company = connected
    first = company.account.add_product(sku="VASO", descricao="Velho", preco=10)
    import_all(company, run_jobs)
    company.account.delete_product(first["id"])
    again = company.account.add_product(sku="VASO", descricao="Novo", preco=20)
    poll(company, run_jobs, move_clock)
    poll(company, run_jobs, move_clock)
    product = product_of(company, "VASO")
    assert (product.name, product.price, product.status) == ("Novo", 20, "active")
    assert reference_of(company, again["id"]).product == product
    assert reference_of(company, first["id"]).product is None


def test_a_sku_that_wandered_to_another_product_waits_for_a_person(
    connected: Company, run_jobs: RunJobs, move_clock: MoveClock
) -> None:
    company = connected
    first = company.account.add_product(sku="A", descricao="Primeiro", preco=10)
    second = company.account.add_product(sku="C", descricao="Segundo", preco=20)
    import_all(company, run_jobs)
    company.account.change_product(first["id"], sku="B")
    third = company.account.add_product(sku="A", descricao="Terceiro", preco=30)
    poll(company, run_jobs, move_clock)
    assert reference_of(company, second["id"]).problems == []
    disputed = reference_of(company, third["id"])
    assert (disputed.product, "sku_taken" in disputed.problems) == (None, True)
    with tenant(company.organization):
        services.link(reference_id=disputed.pk, sku="A", person="Ana")
    assert product_of(company, "A").price == 30
    assert "sku_taken" not in reference_of(company, third["id"]).problems


def test_what_is_kept_begins_with_what_tiny_has(connected: Company, run_jobs: RunJobs) -> None:
    company = connected
    made = company.account.add_product(
        sku="VASO", descricao="Vaso", descricaoComplementar="<p>Belo</p>", preco=10, ncm="69139000"
    )
    company.account.set_stock(made["id"], 7)
    choose(
        company,
        keep_name=True,
        keep_price=True,
        keep_stock=True,
        keep_images=True,
        keep_measures=True,
        keep_codes=True,
    )
    import_all(company, run_jobs)
    product = product_of(company, "VASO")
    assert (product.description, product.ncm, product.stock) == ("<p>Belo</p>", "69139000", 7)
    assert product.net_weight is not None


def test_a_kept_name_that_changes_at_tiny_is_told(
    connected: Company, run_jobs: RunJobs, move_clock: MoveClock
) -> None:
    company = connected
    made = company.account.add_product(sku="VASO", descricao="Vaso", preco=10)
    import_all(company, run_jobs)
    choose(company, keep_name=True)
    company.account.change_product(made["id"], descricao="Jarro")
    poll(company, run_jobs, move_clock)
    product = product_of(company, "VASO")
    assert product.name == "Vaso"
    with tenant(company.organization):
        line = HistoryEntry.objects.get(code="product.kept", subject_id=product.pk)
    assert line.params["fields"] == "Nome"


def test_a_stock_that_is_not_told_is_unknown_and_the_product_lives(
    connected: Company, run_jobs: RunJobs, protocol: str
) -> None:
    company = connected
    company.account.add_deposito("Loja")
    made = company.account.add_product(sku="VASO", descricao="Vaso", preco=10, ncm="69139000")
    fault = {"preset": "missing_404"} if protocol == "v3" else {"preset": "v2_code_32"}
    lay_fault(company, STOCK[protocol], times=500, **fault)
    import_all(company, run_jobs)
    product = product_of(company, "VASO")
    assert (product.status, product.stock) == ("active", None)
    assert reference_of(company, made["id"]).problems == ["stock_unknown"]


def test_a_deposito_that_is_gone_leaves_the_stock_unknown_and_says_so(
    connected: Company, run_jobs: RunJobs
) -> None:
    company = connected
    company.account.add_deposito("Loja")
    made = company.account.add_product(sku="VASO", descricao="Vaso", preco=10, ncm="69139000")
    company.account.set_stock(made["id"], 5, "Loja")
    choose(company, warehouse="Loja")
    import_all(company, run_jobs)
    assert product_of(company, "VASO").stock == 5
    choose(company, warehouse="Nenhum")
    reapply(company)
    assert product_of(company, "VASO").stock is None
    assert reference_of(company, made["id"]).problems == ["stock_unknown"]


def test_deleted_by_mistake_it_comes_back(
    connected: Company, run_jobs: RunJobs, move_clock: MoveClock, protocol: str
) -> None:
    """One false 404: the row is as before, and still it is news that the product stands in the list."""
    company = connected
    made = company.account.add_product(sku="VASO", descricao="Vaso", preco=10)
    import_all(company, run_jobs)
    with tenant(company.organization):
        services.mark_deleted(reference_id=reference_of(company, made["id"]).pk)
    assert product_of(company, "VASO").status == "inactive"
    # The whole list is read once a day.
    for _ in range(2):
        poll(company, run_jobs, move_clock, hours=13)
    product = product_of(company, "VASO")
    assert (product.status, product.stock) == ("active", Decimal(str(at_tiny(company, "VASO")["saldo"])))


def test_reconferir_reads_that_product_and_no_other(
    connected: Company, run_jobs: RunJobs, protocol: str
) -> None:
    company = connected
    made = company.account.add_products(count=5, kinds=["S"])
    import_against(company, run_jobs, DETAIL[protocol], status=503, after=3, times=1)
    with tenant(company.organization):
        left = selectors.count_unread(company.integration)
        services.cancel_import(integration=company.integration)
        services.refresh_product(
            integration=company.integration, reference_id=reference_of(company, made[0]["id"]).pk
        )
        was_read = reference_of(company, made[0]["id"]).details_read_at is not None
    run_jobs()
    assert job_of(company, "read_product").status == "done"
    with tenant(company.organization):
        assert selectors.count_unread(company.integration) == left - (not was_read)


@V2
def test_a_wall_between_us_and_tiny_is_not_the_products_fault(
    connected: Company, run_jobs: RunJobs, protocol: str
) -> None:
    company = connected
    company.account.add_products(count=8, kinds=["S"])
    import_against(company, run_jobs, DETAIL[protocol], status=400, times=500)
    assert job_of(company, "import_products").status == "parked"
    with tenant(company.organization):
        assert ProductReference.objects.filter(problems__contains=["row_unreadable"]).count() == 0
        assert selectors.count_unread(company.integration) == 8


@V2
def test_two_that_tiny_refuses_stop_no_other(connected: Company, run_jobs: RunJobs, protocol: str) -> None:
    company = connected
    company.account.add_products(count=8, kinds=["S"])
    import_against(company, run_jobs, DETAIL[protocol], status=400, after=3, times=2)
    assert job_of(company, "import_products").status == "done"
    with tenant(company.organization):
        assert ProductReference.objects.filter(problems__contains=["row_unreadable"]).count() == 2
        assert selectors.count_unread(company.integration) == 0
    run = read_run(company)
    assert run.details_read == run.details_total


@V3
def test_no_permission_for_lists_of_prices_is_no_obstacle(connected: Company, run_jobs: RunJobs) -> None:
    company = connected
    lay_fault(company, "GET /listas-precos", preset="refused_403", times=50)
    assert plan(company, run_jobs).state == "planned"


@V3
def test_reservations_that_begin_later_are_read(
    connected: Company, run_jobs: RunJobs, move_clock: MoveClock
) -> None:
    company = connected
    made = company.account.add_product(sku="VASO", descricao="Vaso", preco=10)
    company.account.set_stock(made["id"], 7)
    import_all(company, run_jobs)
    company.account.add_deposito("Loja")
    company.account.clear_calls()
    poll(company, run_jobs, move_clock)
    assert company.account.count_calls()[STOCK["v3"]] > 0
    with tenant(company.organization):
        names = reference_of(company, made["id"]).warehouses.values_list("name", flat=True)
        assert "Geral" in names


def test_what_no_list_tells_arrives_within_a_day(
    connected: Company, run_jobs: RunJobs, move_clock: MoveClock
) -> None:
    company = connected
    made = company.account.add_product(sku="VASO", descricao="Vaso", preco=10)
    company.account.set_stock(made["id"], 7)
    import_all(company, run_jobs)
    company.account.set_stock(made["id"], 0)
    for _ in range(4):
        poll(company, run_jobs, move_clock, hours=6)
    assert product_of(company, "VASO").stock == 0


def test_variations_join_their_parent_in_any_order(
    connected: Company, run_jobs: RunJobs, move_clock: MoveClock
) -> None:
    company = connected
    parent = company.account.add_product(
        sku="",
        descricao="Camisa",
        preco=10,
        tipo="V",
        variacoes=[{"sku": "CAM-AZ", "grade": [{"chave": "Cor", "valor": "Azul"}], "preco": 10}],
    )
    import_all(company, run_jobs)
    child = product_of(company, "CAM-AZ")
    assert (child.parent, child.attributes) == (None, [["Cor", "Azul"]])
    with tenant(company.organization):
        services.create_and_link(reference_id=reference_of(company, parent["id"]).pk, sku="CAM", person="Ana")
    assert product_of(company, "CAM-AZ").parent == product_of(company, "CAM")
