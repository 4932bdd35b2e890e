"""The status map over a real Tiny: what it writes there, what waits in quarantine, what a run does."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest

from accounts.tenancy import tenant
from contracts.order_status import OrderStatus
from jobs import queue
from jobs.models import Job
from orders import map_selectors, services
from orders.models import Invoice, Order, OrderReference, OrderShipment, PassedOverOrder, StatusMapRun
from orders.status_map import StatusMap
from tests.flows.conftest import Company
from tests.flows.placing import DETAIL, LIST, SITUATION, change_status, codes_of
from tests.status_maps import DEFAULT, keep_map, save_map, with_rule, with_written

RunJobs = Callable[[], int]
MoveClock = Callable[[dt.timedelta], None]
NEW = {"v3": "42", "v2": "Em produção"}
CODES = {8: "dados_incompletos", 0: "aberto", 3: "aprovado", 4: "preparando_envio", 1: "faturado",
         7: "pronto_envio", 5: "enviado", 6: "entregue", 9: "nao_entregue", 10: "em_devolucao",
         2: "cancelado"}  # fmt: skip


@pytest.fixture(params=["v3", "v2"])
def protocol(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def seller(company: Company, run_jobs: RunJobs) -> Company:
    company.connect_quietly()
    run_jobs()
    return company


def save(seller: Company, status_map: StatusMap) -> None:
    with tenant(seller.organization):
        assert save_map(seller.integration, status_map)


def poll(seller: Company, run_jobs: RunJobs) -> None:
    with tenant(seller.organization):
        integration = seller.integration
        queue.enqueue("pull_orders", channel=integration.channel, key=str(integration.pk), lock="pull_orders")
    run_jobs()


def there(seller: Company) -> dict[int, str]:
    """By Tiny's identifier the situation of each order there."""
    return {row["id"]: CODES[row["situacao"]] for row in seller.account.list_orders()}


def here(seller: Company) -> dict[int, str]:
    with tenant(seller.organization):
        rows = OrderReference.objects.values_list("external_id", "order__status")
        return {int(external_id): status for external_id, status in rows}


def order_at(seller: Company, row: dict[str, object]) -> Order:
    with tenant(seller.organization):
        return Order.objects.select_related("reference").get(reference__external_id=row["id"])


def set_status(seller: Company, row: dict[str, object], status: OrderStatus) -> None:
    """Without that anything follows: as what happened before the map was another one."""
    with tenant(seller.organization):
        Order.objects.filter(reference__external_id=row["id"]).update(status=status)


def writes(seller: Company, protocol: str) -> int:
    return seller.account.count_calls().get(SITUATION[protocol], 0)


# --- both directions ---


def test_a_status_is_written_by_the_map_once(seller: Company, run_jobs: RunJobs, protocol: str) -> None:
    save(seller, with_written(DEFAULT, OrderStatus.INVOICED, "pronto_envio"))
    (row,) = seller.account.add_orders(situacao=3)
    poll(seller, run_jobs)
    change_status(seller, order_at(seller, row), OrderStatus.INVOICED)
    run_jobs()
    assert there(seller) == {row["id"]: "pronto_envio"}
    for _ in range(2):
        poll(seller, run_jobs)
    assert here(seller) == {row["id"]: "invoiced"}
    assert writes(seller, protocol) == 1
    codes = codes_of(seller, order_at(seller, row))
    assert codes == ["order.imported", "order.status_set", "order.situation_sent"]


def test_a_status_that_alters_nothing_writes_nothing(
    seller: Company, run_jobs: RunJobs, protocol: str
) -> None:
    save(seller, with_written(DEFAULT, OrderStatus.PICKING, ""))
    (row,) = seller.account.add_orders(situacao=3)
    poll(seller, run_jobs)
    change_status(seller, order_at(seller, row), OrderStatus.PICKING)
    run_jobs()
    assert (there(seller), here(seller)) == ({row["id"]: "aprovado"}, {row["id"]: "picking"})
    assert writes(seller, protocol) == 0
    with tenant(seller.organization):
        assert not Job.objects.exclude(status="done").exclude(kind__startswith="test_").exists()


def test_what_tiny_says_already_is_not_written_again(
    seller: Company, run_jobs: RunJobs, protocol: str
) -> None:
    """Tiny moved it on by itself, and we have not heard of that yet."""
    (row,) = seller.account.add_orders(situacao=3)
    poll(seller, run_jobs)
    seller.account.change_order(row["id"], situacao=1)
    change_status(seller, order_at(seller, row), OrderStatus.INVOICED)
    run_jobs()
    assert writes(seller, protocol) == 0
    assert (there(seller), here(seller)) == ({row["id"]: "faturado"}, {row["id"]: "invoiced"})
    assert order_at(seller, row).reference.situation == "faturado"


# --- quarantine ---


def test_orders_in_a_situation_that_nobody_knew_go_on_once_it_has_a_rule(
    seller: Company, run_jobs: RunJobs, move_clock: MoveClock, protocol: str
) -> None:
    known, unknown, later = (seller.account.add_orders(situacao=3)[0] for _ in range(3))
    seller.account.change_order(unknown["id"], situacao=42)
    poll(seller, run_jobs)
    seller.account.change_order(known["id"], situacao=42)
    poll(seller, run_jobs)
    assert here(seller) == {known["id"]: "paid", later["id"]: "paid"}
    with tenant(seller.organization):
        (quarantined,) = map_selectors.list_quarantined(seller.integration)
        assert quarantined == map_selectors.Quarantined(NEW[protocol], held=1, kept=1)
    seller.account.clear_calls()
    save(
        seller,
        with_rule(DEFAULT, NEW[protocol], status=OrderStatus.PICKING, is_imported=True, awaits_invoice=True),
    )
    run_jobs()
    assert here(seller) == {known["id"]: "picking", later["id"]: "paid", unknown["id"]: "picking"}
    assert seller.account.count_calls() == {DETAIL[protocol]: 1}
    with tenant(seller.organization):
        assert map_selectors.list_quarantined(seller.integration) == []
        assert not PassedOverOrder.objects.exists()
        assert OrderReference.objects.filter(awaiting_invoice_since=None).count() == 1
    codes = codes_of(seller, order_at(seller, known))
    assert codes == ["order.imported", "order.status_kept_unknown", "order.status_changed"]
    # From now on it is a situation like the others, also for the sweep, which cannot ask for it.
    seller.account.change_order(later["id"], situacao=42)
    move_clock(dt.timedelta(minutes=66))
    run_jobs()
    assert here(seller)[later["id"]] == "picking"
    with tenant(seller.organization):
        assert not Job.objects.filter(status="parked").exists()


def test_a_release_that_dies_between_two_orders_tells_nothing_twice(
    seller: Company, run_jobs: RunJobs, protocol: str
) -> None:
    rows = [seller.account.add_orders(situacao=3)[0] for _ in range(3)]
    poll(seller, run_jobs)
    for row in rows:
        seller.account.change_order(row["id"], situacao=42)
    poll(seller, run_jobs)
    save(seller, with_rule(DEFAULT, NEW[protocol], status=OrderStatus.PICKING))
    run_jobs()
    with tenant(seller.organization):
        done = Job.objects.get(kind="release_situation")
        middle = OrderReference.objects.order_by("id")[1].pk
        Job.objects.filter(pk=done.pk).update(status="pending", finished_at=None, step={"last": middle})
    run_jobs()
    heard = ["order.imported", "order.status_kept_unknown", "order.status_changed"]
    assert [codes_of(seller, order_at(seller, row)) for row in rows[:2]] == [heard, heard]


# --- the four actions ---


def test_a_situation_that_is_not_asked_for_is_let_alone(
    seller: Company, run_jobs: RunJobs, move_clock: MoveClock, protocol: str
) -> None:
    (known,) = seller.account.add_orders(situacao=3)
    poll(seller, run_jobs)
    save(seller, with_rule(DEFAULT, "preparando_envio", is_polled=False))
    seller.account.change_order(known["id"], situacao=4)
    (other,) = seller.account.add_orders(situacao=4)
    poll(seller, run_jobs)
    # Nor does the sweep ask for it, and what it then reads by itself is not heard either.
    move_clock(dt.timedelta(minutes=66))
    run_jobs()
    assert here(seller) == {known["id"]: "paid"}
    assert codes_of(seller, order_at(seller, known)) == ["order.imported"]
    save(seller, DEFAULT)
    run_jobs()
    assert here(seller) == {known["id"]: "picking", other["id"]: "picking"}


def test_the_sweep_asks_for_what_is_imported_and_nothing_else(
    seller: Company, run_jobs: RunJobs, move_clock: MoveClock, protocol: str
) -> None:
    save(
        seller,
        with_rule(with_rule(DEFAULT, "cancelado", is_imported=True), "enviado", is_imported=False),
    )
    (wanted,) = seller.account.add_orders(situacao=2)
    (unwanted,) = seller.account.add_orders(situacao=5)
    for row in (wanted, unwanted):
        seller.account.change_order(row["id"], atualizado_em="2026-01-01T00:00:00Z")
    with tenant(seller.organization):
        Job.objects.filter(kind="pull_orders", status="pending").delete()
    seller.account.clear_calls()
    move_clock(dt.timedelta(minutes=66))
    run_jobs()
    assert here(seller) == {wanted["id"]: "cancelled"}
    # aprovado, preparando_envio, faturado, pronto_envio and cancelado, and the poll of this hour.
    assert seller.account.count_calls()[LIST[protocol]] == 6


@pytest.mark.parametrize("awaits", [True, False])
def test_a_nota_is_fetched_where_the_map_says_so(
    seller: Company, run_jobs: RunJobs, protocol: str, awaits: bool
) -> None:
    if not awaits:
        save(seller, with_rule(DEFAULT, "faturado", awaits_invoice=False))
    (row,) = seller.account.add_orders(situacao=1)
    seller.account.change_order(row["id"], nota=True)
    seller.account.clear_calls()
    poll(seller, run_jobs)
    with tenant(seller.organization):
        assert Invoice.objects.exists() == awaits
    assert any("nota" in route for route in seller.account.count_calls()) == awaits


@pytest.mark.parametrize("starts", [True, False])
def test_a_parcel_is_followed_where_the_map_says_so(
    seller: Company, run_jobs: RunJobs, protocol: str, starts: bool
) -> None:
    if not starts:
        save(seller, with_rule(DEFAULT, "enviado", starts_tracking=False))
    (row,) = seller.account.add_orders(situacao=3)
    poll(seller, run_jobs)
    seller.account.change_order(row["id"], situacao=5, tracking="QQ123456785BR")
    poll(seller, run_jobs)
    with tenant(seller.organization):
        kept = OrderShipment.objects.get()
    assert kept.tracking_code == "QQ123456785BR"
    assert (kept.tracking_wanted_at is not None) == starts


# --- «Aplicar aos pedidos em aberto» ---

KINDS = [
    # Status here, situation there: ahead, behind, alike, said by nothing, ended.
    (OrderStatus.INVOICED, 3),
    (OrderStatus.PAID, 4),
    (OrderStatus.PAID, 3),
    (OrderStatus.IN_TRANSIT, 7),
    (OrderStatus.PLACED, 7),
    (OrderStatus.NOT_DELIVERED, 5),
    (OrderStatus.DELIVERED, 5),
    (OrderStatus.CANCELLED, 1),
    (OrderStatus.IN_TRANSIT, 1),
]
LATER = with_rule(with_written(DEFAULT, OrderStatus.PAID, ""), "pronto_envio", status=OrderStatus.INVOICED)


@pytest.mark.parametrize("status_map", [DEFAULT, LATER], ids=["default", "another"])
def test_what_the_preview_says_is_what_applying_does_at_tiny(
    seller: Company, run_jobs: RunJobs, protocol: str, status_map: StatusMap
) -> None:
    rows = [seller.account.add_orders(situacao=situacao)[0] for _, situacao in KINDS]
    poll(seller, run_jobs)
    for row, (status, _) in zip(rows, KINDS, strict=True):
        set_status(seller, row, status)
    with tenant(seller.organization):
        integration = seller.integration
        keep_map(integration, status_map)
        shown = map_selectors.preview_orders(integration, status_map)
        counted = map_selectors.count_effect(integration, status_map)
        external = dict(OrderReference.objects.values_list("order_id", "external_id"))
    before = there(seller)
    seller.account.clear_calls()
    expected_here = {int(external[item.order.pk]): item.effect.decision.status.value for item in shown}
    expected_there = {
        int(external[item.order.pk]): item.effect.written or before[int(external[item.order.pk])]
        for item in shown
    }
    changed_there = {key for key in before if expected_there[key] != before[key]}
    with tenant(seller.organization):
        services.start_applying(integration=integration, person="Ana Souza")
    run_jobs()
    assert here(seller) == expected_here
    assert there(seller) == expected_there
    assert writes(seller, protocol) == len(changed_there) == counted.written > 0
    with tenant(seller.organization):
        run = StatusMapRun.objects.get()
    assert run.finished_at is not None
    assert (run.orders_total, run.orders_read) == (counted.total, counted.total) == (7, 7)
    assert (run.orders_moved, run.orders_written) == (counted.moved, counted.written)
    # All is said: neither another run nor the list changes or writes anything more.
    with tenant(seller.organization):
        services.start_applying(integration=integration, person="Ana Souza")
    run_jobs()
    poll(seller, run_jobs)
    assert (here(seller), there(seller)) == (expected_here, expected_there)
    assert writes(seller, protocol) == len(changed_there)
    with tenant(seller.organization):
        again = map_selectors.find_run(integration)
        assert (again.orders_moved, again.orders_written) == (0, 0)


def test_a_run_that_dies_counts_nothing_twice(
    seller: Company, run_jobs: RunJobs, owner_sql: Callable[..., object], protocol: str
) -> None:
    """The second batch meets an error in the middle: it leaves nothing, and is done once afterwards."""
    seller.account.add_orders(count=60, situacoes=[4], with_invoices=False, since_days=1)
    poll(seller, run_jobs)
    with tenant(seller.organization):
        Order.objects.update(status="paid")
        integration = seller.integration
        run = services.start_applying(integration=integration, person="Ana Souza")
        last = Order.objects.latest("id").pk
    owner_sql(
        f"ALTER TABLE orders_order ADD CONSTRAINT stopped CHECK (id <> {last} OR status = 'paid') NOT VALID"
    )
    try:
        run_jobs()
    finally:
        owner_sql("ALTER TABLE orders_order DROP CONSTRAINT stopped")
    with tenant(seller.organization):
        run.refresh_from_db()
        assert (run.orders_read, run.orders_moved, run.finished_at) == (50, 50, None)
        assert Order.objects.filter(status="picking").count() == 50
        job = Job.objects.get(kind="apply_status_map")
        assert job.status == "parked"
        queue.retry_parked(job.pk)
    run_jobs()
    with tenant(seller.organization):
        run.refresh_from_db()
        assert (run.orders_total, run.orders_read, run.orders_moved) == (60, 60, 60)
        assert run.finished_at is not None
        assert Order.objects.filter(status="picking").count() == 60
