"""Products come from Tiny: plan, list, single products, then what changes, by both of its protocols."""

from __future__ import annotations

from decimal import Decimal

import pytest

from accounts.tenancy import tenant
from catalog import services
from catalog.models import FigureChange, Product, ProductReference, WarehouseStock
from history.models import HistoryEntry
from jobs.models import Job, Schedule
from tests.flows.conftest import Company
from tests.flows.products import (
    DETAIL,
    LIST,
    STOCK,
    V3,
    MoveClock,
    RunJobs,
    choose,
    import_all,
    lay_fault,
    list_at_tiny,
    plan,
    poll,
    product_of,
    read_run,
    reapply,
    start,
)


@pytest.fixture(params=["v3", "v2"])
def protocol(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def calls(company: Company, protocol: str) -> dict[str, int]:
    counts = company.account.count_calls()
    routes = {"list": LIST, "detail": DETAIL, "stock": STOCK}
    return {name: counts.get(route[protocol], 0) for name, route in routes.items()}


def show_all(company: Company) -> dict[str, Product]:
    with tenant(company.organization):
        return {row.sku: row for row in Product.objects.all()}


def test_every_kind_arrives_whole_with_the_fewest_calls(
    connected: Company, run_jobs: RunJobs, protocol: str
) -> None:
    company = connected
    company.account.add_products(count=120, kinds=["S", "V", "K", "F", "M"])
    theirs = {row["sku"]: row for row in list_at_tiny(company)}
    planned = plan(company, run_jobs)
    costs_stock = 2 if protocol == "v2" else 1
    assert (planned.state, planned.rows_total, planned.calls_per_product) == (
        "planned",
        len(theirs) if protocol == "v3" else planned.rows_total,
        costs_stock,
    )
    start(company)
    company.account.clear_calls()
    run_jobs()
    run = read_run(company)
    assert (run.state, run.rows_read, run.rows_created) == ("done", len(theirs), len(theirs))
    assert (run.details_read, run.details_total) == (len(theirs), len(theirs))
    parents = sum(row["tipoVariacao"] == "P" for row in theirs.values())
    pages = -(-len(theirs) // 100)
    assert calls(company, protocol) == {
        # Without a total in the answer, the first and the last page are asked for once more.
        "list": pages + 2 if protocol == "v2" else pages,
        "detail": len(theirs),
        "stock": len(theirs) - parents if protocol == "v2" else 0,
    }
    products = show_all(company)
    assert products.keys() == theirs.keys()
    for sku, row in theirs.items():
        product = products[sku]
        assert product.name == row["descricao"].strip()
        assert product.price == Decimal(str(row["preco"])).quantize(Decimal("0.0001"))
        assert product.status == ("active" if row["situacao"] == "A" else "inactive")
        if row["tipoVariacao"] != "P":
            assert product.stock == max(Decimal(0), Decimal(str(row["saldo"])))
    with tenant(company.organization):
        children = Product.objects.filter(kind="variation")
        assert children.exists()
        assert not children.filter(parent=None).exists()
        assert not children.filter(attributes=[]).exists()
        assert Product.objects.filter(kind="kit").exclude(components=[]).exists()
        assert HistoryEntry.objects.filter(code="products.import_done").count() == 1


def test_changes_arrive_by_themselves_after_the_import(
    connected: Company, run_jobs: RunJobs, move_clock: MoveClock, protocol: str
) -> None:
    company = connected
    sku = "VASO"
    vaso = company.account.add_product(sku=sku, descricao="Vaso", preco=600, marca="Serra")
    company.account.add_products(count=12, kinds=["S"])
    import_all(company, run_jobs)
    company.account.change_product(vaso["id"], preco=577.5, descricao="Nome novo", marca="Marca nova")
    added = company.account.add_product(sku="NOVO-1", descricao="Chegou depois", preco=10)
    company.account.clear_calls()
    poll(company, run_jobs, move_clock)
    product = product_of(company, sku)
    assert (product.price, product.name) == (Decimal("577.5"), "Nome novo")
    assert product.brand == "Marca nova"
    assert product_of(company, added["sku"]).name == "Chegou depois"
    assert calls(company, protocol)["detail"] == 2
    with tenant(company.organization):
        steps = FigureChange.objects.filter(product=product, figure="price").order_by("id")
        assert [(step.after, step.source) for step in steps][-1] == (Decimal("577.5"), "poll")
        lines = HistoryEntry.objects.filter(code="product.updated", subject_id=product.pk).order_by("id")
        # The list tells name and price, the single product the brand.
        assert [line.params["fields"] for line in lines] == ["Nome, Preço", "Marca"]


@pytest.mark.slow
def test_an_unchanged_catalogue_costs_its_list_only(
    connected: Company, run_jobs: RunJobs, move_clock: MoveClock, protocol: str
) -> None:
    company = connected
    company.account.add_products(count=150, kinds=["S"])
    import_all(company, run_jobs)
    # What changed in the hour before the import is read once more; from then on nothing is.
    poll(company, run_jobs, move_clock)
    poll(company, run_jobs, move_clock)
    revisions = {row.sku: row.revision for row in show_all(company).values()}
    company.account.clear_calls()
    poll(company, run_jobs, move_clock)
    found = calls(company, protocol)
    assert (found["detail"], found["stock"]) == (0, 0)
    assert {row.sku: row.revision for row in show_all(company).values()} == revisions


def test_problems_are_listed_and_nothing_is_dropped_or_guessed(connected: Company, run_jobs: RunJobs) -> None:
    company = connected
    made = company.account.add_products(count=3, kinds=["S"], problems=True)
    wrong = {row["id"]: row["problem"] for row in made if row.get("problem")}
    assert len(wrong) == 7
    import_all(company, run_jobs)
    theirs = list_at_tiny(company)
    with tenant(company.organization):
        references = {row.external_id: row for row in ProductReference.objects.select_related("product")}
    assert references.keys() == {str(row["id"]) for row in theirs}
    kinds = {
        "empty_sku": ["sku_missing"],
        "duplicate_sku": ["sku_duplicate"],
        "no_children": ["parent_without_variations"],
        "price_zero": ["price_missing"],
        "price_one_cent": ["price_missing"],
        "no_ncm": ["ncm_missing"],
        None: [],
    }
    for row in theirs:
        reference = references[str(row["id"])]
        assert reference.problems == kinds[wrong.get(row["id"])], row
        # Only a SKU that says too little leaves open which product of ours it is.
        assert (reference.product is None) == (wrong.get(row["id"]) in ("empty_sku", "duplicate_sku"))


def test_a_double_sku_that_is_mended_at_tiny_finds_its_product(
    connected: Company, run_jobs: RunJobs, move_clock: MoveClock
) -> None:
    company = connected
    company.account.add_product(sku="DUPLO", descricao="Primeiro", preco=10)
    second = company.account.add_product(sku="DUPLO", descricao="Segundo", preco=20)
    import_all(company, run_jobs)
    assert show_all(company).keys().isdisjoint({"DUPLO"})
    company.account.change_product(second["id"], sku="UNICO")
    poll(company, run_jobs, move_clock)
    assert product_of(company, "DUPLO").name == "Primeiro"
    assert product_of(company, "UNICO").name == "Segundo"
    with tenant(company.organization):
        assert not ProductReference.objects.filter(problems__contains=["sku_duplicate"]).exists()


def test_guarded_brand_stays_and_price_arrives(
    connected: Company, run_jobs: RunJobs, move_clock: MoveClock
) -> None:
    company = connected
    made = company.account.add_product(sku="GUARDA", descricao="Vaso", preco=10, marca="Antiga")
    import_all(company, run_jobs)
    assert product_of(company, "GUARDA").brand == "Antiga"
    choose(company, ignore_brand=True)
    company.account.change_product(made["id"], marca="Outra", preco=12.5)
    poll(company, run_jobs, move_clock)
    product = product_of(company, "GUARDA")
    assert (product.brand, product.price) == ("Antiga", Decimal("12.5"))
    with tenant(company.organization):
        reference = ProductReference.objects.get(product=product)
        lines = list(
            HistoryEntry.objects.filter(subject_id=product.pk, subject_kind="product").order_by("id")
        )
    assert reference.values["brand"] == "Outra"
    assert [(line.code, line.params.get("fields")) for line in lines][1:] == [
        ("product.updated", "Preço"),
        ("product.kept", "Marca"),
    ]


def test_stock_by_deposito_with_a_reserve(connected: Company, run_jobs: RunJobs) -> None:
    company = connected
    company.account.add_deposito("Loja")
    company.account.add_deposito("Avarias", desconsiderar=True)
    made = company.account.add_product(sku="EST", descricao="Vaso", preco=10)
    company.account.set_stock(made["id"], 7)
    company.account.set_stock(made["id"], 3, "Loja")
    company.account.set_stock(made["id"], 2, "Avarias")
    choose(company, warehouse="Loja", safety_stock=1)
    run = import_all(company, run_jobs)
    assert run.calls_per_product == 2
    assert product_of(company, "EST").stock == 2
    with tenant(company.organization):
        rows = WarehouseStock.objects.filter(reference__sku="EST").order_by("name")
        assert [(row.name, row.balance, row.is_ignored) for row in rows] == [
            ("Avarias", Decimal(2), True),
            ("Geral", Decimal(7), False),
            ("Loja", Decimal(3), False),
        ]
    choose(company)
    assert reapply(company) > 0
    assert product_of(company, "EST").stock == 10


def test_prices_of_a_chosen_list(connected: Company, run_jobs: RunJobs) -> None:
    company = connected
    made = company.account.add_product(sku="LISTA", descricao="Vaso", preco=100)
    other = company.account.add_product(sku="FORA", descricao="Prato", preco=100)
    found = company.account.save_price_list(
        "Marketplace",
        acrescimoDesconto=-10,
        excecoes=[{"idProduto": made["id"], "preco": 80, "precoPromocional": 0}],
    )
    choose(company, price_list_id=str(found["id"]))
    import_all(company, run_jobs)
    assert product_of(company, "LISTA").price == 80
    assert product_of(company, other["sku"]).price == 90


@V3
def test_a_list_of_prices_that_is_gone_stops_no_product_and_changes_no_price(
    connected: Company, run_jobs: RunJobs, move_clock: MoveClock
) -> None:
    company = connected
    made = company.account.add_product(sku="LISTA", descricao="Vaso", preco=100)
    found = company.account.save_price_list(
        "Marketplace", excecoes=[{"idProduto": made["id"], "preco": 80, "precoPromocional": 0}]
    )
    choose(company, price_list_id=str(found["id"]))
    import_all(company, run_jobs)
    assert product_of(company, "LISTA").price == 80
    lay_fault(
        company,
        "GET /listas-precos",
        status=200,
        body={"itens": [], "paginacao": {"limit": 100, "offset": 0, "total": 0}},
    )
    company.account.change_product(made["id"], descricao="Vaso azul")
    poll(company, run_jobs, move_clock)
    product = product_of(company, "LISTA")
    assert (product.name, product.price) == ("Vaso azul", 80)
    with tenant(company.organization):
        job = Job.objects.filter(kind="pull_list_prices").latest("id")
        assert (job.status, job.reason_code) == ("parked", "catalog.price_list_gone")
        assert not Job.objects.filter(kind="pull_products", status="parked").exists()


def test_deleted_product_is_marked_and_kept(
    connected: Company, run_jobs: RunJobs, move_clock: MoveClock
) -> None:
    company = connected
    made = company.account.add_product(sku="FIM", descricao="Vaso", preco=10)
    company.account.add_product(sku="FICA", descricao="Prato", preco=10)
    import_all(company, run_jobs)
    company.account.delete_product(made["id"])
    poll(company, run_jobs, move_clock)
    product = product_of(company, "FIM")
    assert product.status == "inactive"
    assert product_of(company, "FICA").status == "active"
    with tenant(company.organization):
        assert ProductReference.objects.get(product=product).deleted_at is not None
        assert HistoryEntry.objects.filter(code="product.deleted_at_erp", subject_id=product.pk).count() == 1


def test_left_out_by_the_criteria_until_they_change(connected: Company, run_jobs: RunJobs) -> None:
    company = connected
    company.account.add_product(sku="INATIVO", descricao="Vaso", preco=10, situacao="I")
    company.account.add_product(sku="", descricao="Sem código", preco=10)
    choose(company, only_active=True, skip_without_sku=True)
    run = import_all(company, run_jobs)
    assert run.rows_passed_over == 2
    assert "INATIVO" not in show_all(company)
    with tenant(company.organization):
        reasons = ProductReference.objects.exclude(passed_over="").values_list("passed_over", flat=True)
        assert sorted(reasons) == ["product.inactive", "product.without_sku"]
    choose(company)
    with tenant(company.organization):
        Job.objects.all().delete()
        services.reapply(integration=company.integration, after_id=0)
    assert product_of(company, "INATIVO").status == "inactive"
    with tenant(company.organization):
        assert ProductReference.objects.get(sku="").problems == ["sku_missing"]


def test_cancelled_import_keeps_what_it_had(connected: Company, run_jobs: RunJobs) -> None:
    company = connected
    company.account.add_products(count=5, kinds=["S"])
    plan(company, run_jobs)
    with tenant(company.organization):
        services.start_import(integration=company.integration)
        services.cancel_import(integration=company.integration)
    run_jobs()
    assert read_run(company).state == "cancelled"
    with tenant(company.organization):
        assert not Schedule.objects.filter(kind="pull_products").exists()
