"""What is held for a person, what undoes it by itself, and what a decision does."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import clock
from accounts.models import Organization
from accounts.tenancy import tenant
from catalog import held_selectors, services
from catalog.criteria import Criteria
from catalog.models import ChangeSource, FigureChange, HeldChange, HeldDecision, Product, ProductReference
from catalog.services.applying import apply_references
from catalog.services.lines import take_revision
from contracts.records import ErpProductRow, Page
from history.models import HistoryEntry
from jobs import queue
from jobs.models import Job
from tests.catalog.received import Erp, connect, make_product, make_row, make_stock

D = Decimal
MoveClock = Callable[[dt.timedelta], None]
MINUTE, HOUR = dt.timedelta(minutes=1), dt.timedelta(hours=1)


class Shop:
    """A catalogue at the ERP, told product by product."""

    def __init__(self, erp: Erp, count: int) -> None:
        self.erp = erp
        self.organization_id = erp.integration.organization_id
        self.rows = {f"P{number}": make_row(str(900 + number), f"P{number}") for number in range(count)}
        for sku in self.rows:
            self.tell(sku, "10")

    def tell(self, sku: str, balance: str | None = None, reserved: str = "0", **prices: str | None) -> None:
        """The stock, or prices, of one product; what is not named is as it was."""
        row = self.rows[sku]
        if prices:
            named = {name: None if text is None else D(text) for name, text in prices.items()}
            known = {"price": row.price, "promotional_price": row.promotional_price}
            row = self.rows[sku] = make_row(row.external_id, sku, **known | named)
        if balance is None:
            self.erp.list(row)
        else:
            self.erp.tell(make_product(row), make_stock(row.external_id, balance=balance, reserved=reserved))

    def stocks(self) -> list[int]:
        with tenant(self.organization_id):
            return [int(one) for one in Product.objects.order_by("id").values_list("stock", flat=True)]

    def waiting(self) -> list[tuple[str, str, Any, Any, str]]:
        return self.held(decided_at=None)

    def held(self, **wanted: Any) -> list[tuple[str, str, Any, Any, str]]:
        with tenant(self.organization_id):
            rows = HeldChange.objects.filter(**wanted).order_by("product_id", "figure")
            return [
                (row.product.sku, row.figure, row.before, row.after, row.reason_code)
                for row in rows.select_related("product")
            ]

    def decide(self, decision: HeldDecision, sku: str = "", **wanted: Any) -> int:
        with tenant(self.organization_id):
            if sku:
                wanted["held_id"] = HeldChange.objects.get(product__sku=sku, decided_at=None).pk
            wanted.setdefault("seen_at", clock.now())
            return services.decide_held(decision=decision, person="Ana", **wanted)

    def seen_at(self) -> dt.datetime:
        """The newest of what waits, as a page shows it."""
        with tenant(self.organization_id):
            return HeldChange.objects.filter(decided_at=None).latest("held_at").held_at

    def apply(self, learnt: dict[str, dict[str, Any]]) -> None:
        """What the ERP told of these SKUs, at once."""
        with tenant(self.organization_id):
            references = list(ProductReference.objects.filter(sku__in=learnt).order_by("id"))
            for reference in references:
                reference.learn(learnt[reference.sku])
            apply_references(
                references, Criteria(), source=ChangeSource.POLL, revision=take_revision(), at=clock.now()
            )

    def lines(self, prefix: str = "product") -> list[str]:
        """Of both histories, without those of an ordinary day."""
        with tenant(self.organization_id):
            codes = HistoryEntry.objects.filter(code__startswith=prefix).order_by("id")
            usual = ("product.imported", "product.updated")
            return [code for code in codes.values_list("code", flat=True) if code not in usual]

    def fail(self) -> None:
        """The ERP's last answer was none."""
        with tenant(self.organization_id):
            queue.ensure_channel(self.erp.integration.channel)
            queue.note_failure(self.erp.integration.channel)

    def recover(self) -> None:
        with tenant(self.organization_id):
            queue.close_breaker(self.erp.integration.channel)


@pytest.fixture
def shop(erp: Erp) -> Shop:
    return Shop(erp, 10)


ACCEPTED, REFUSED = HeldDecision.ACCEPTED, HeldDecision.REFUSED
ZERO = (D(10), D(0), "held.many_zeroed")


# --- zeros ---


def test_a_shop_that_is_emptied_one_by_one_is_put_back_and_waits(shop: Shop) -> None:
    for number in range(3):
        shop.tell(f"P{number}", "0")
    assert shop.stocks() == [0, 0, 0, 10, 10, 10, 10, 10, 10, 10]
    assert shop.waiting() == []
    for number in range(3, 10):
        shop.tell(f"P{number}", "0")
    assert shop.stocks() == [10] * 10
    assert shop.waiting() == [(f"P{number}", "stock", *ZERO) for number in range(10)]
    assert shop.lines("products.") == ["products.many_zeroed_held"]
    assert (
        shop.lines("product.")
        == ["product.change_held", *["product.stock_put_back"] * 3] + ["product.change_held"] * 6
    )
    with tenant(shop.organization_id):
        told = HistoryEntry.objects.get(code="products.many_zeroed_held")
        steps = FigureChange.objects.filter(product__sku="P0", figure="stock").order_by("id")
        assert [(step.before, step.after) for step in steps] == [(None, 10), (10, 0), (0, 10)]
    assert told.params == {"zeroed": 4, "asked": 10}


def test_zeros_of_a_whole_page_are_counted_together(shop: Shop) -> None:
    """Whatever applies many at once: none of them arrives first."""
    shop.apply({f"P{number}": {"stock_balance": "0"} for number in range(4)})
    assert shop.stocks() == [10] * 10
    assert [row[0] for row in shop.waiting()] == ["P0", "P1", "P2", "P3"]
    assert "product.stock_put_back" not in shop.lines()


def test_sales_of_a_day_are_no_fault(shop: Shop, move_clock: MoveClock) -> None:
    for number in range(10):
        shop.tell(f"P{number}", "0")
        move_clock(35 * MINUTE)
    assert shop.stocks() == [0] * 10
    assert shop.held() == []


def test_what_the_erp_tells_next_undoes_it_or_takes_its_place(shop: Shop) -> None:
    for number in range(6):
        shop.tell(f"P{number}", "0")
    shop.tell("P0", "10")
    shop.tell("P1", "4")
    shop.tell("P2", "0")
    assert shop.stocks() == [10, 4, 10, 10, 10, 10, 10, 10, 10, 10]
    assert shop.waiting() == [(sku, "stock", *ZERO) for sku in ("P2", "P3", "P4", "P5")]
    assert [row[0] for row in shop.held(decision="withdrawn")] == ["P0", "P1"]
    assert shop.lines().count("product.held_withdrawn") == 2


def test_while_the_breaker_is_open_every_zero_waits_and_afterwards_none(
    shop: Shop, move_clock: MoveClock
) -> None:
    for number in range(4):
        shop.tell(f"P{number}", "0")
    move_clock(2 * HOUR)
    shop.tell("P9", "0")
    assert ("P9", "stock", *ZERO) in shop.waiting()
    for number in (0, 1, 2, 3, 9):
        shop.tell(f"P{number}", "9")
    assert shop.waiting() == []
    shop.tell("P9", "0")
    assert shop.stocks() == [9, 9, 9, 9, 10, 10, 10, 10, 10, 0]


def test_a_single_zero_among_false_ones_arrives_once_the_others_are_contradicted(shop: Shop) -> None:
    for number in range(10):
        shop.tell(f"P{number}", "0")
    assert shop.stocks() == [10] * 10
    for number in range(1, 10):
        shop.tell(f"P{number}", "10")
    assert [row[0] for row in shop.waiting()] == ["P0"]
    shop.tell("P0", "0")
    assert shop.stocks() == [0] + [10] * 9
    assert shop.waiting() == []
    assert shop.lines()[-1] == "product.held_withdrawn"


def test_a_large_shop_that_is_emptied_slowly_is_known_by_what_was_asked_for(
    erp: Erp, move_clock: MoveClock
) -> None:
    shop = Shop(erp, 70)
    move_clock(2 * HOUR)
    for number in range(19):
        shop.tell(f"P{number}", "0")
    assert shop.stocks() == [0] * 19 + [10] * 51
    assert shop.waiting() == []
    shop.tell("P19", "0")
    assert shop.stocks() == [10] * 70
    assert [row[1:] for row in shop.waiting()] == [("stock", *ZERO)] * 20
    with tenant(shop.organization_id):
        assert HistoryEntry.objects.get(code="products.many_zeroed_held").params == {
            "zeroed": 20,
            "asked": 20,
        }


def test_where_most_of_what_was_asked_for_stands_the_same_zeros_are_sales(
    erp: Erp, move_clock: MoveClock
) -> None:
    shop = Shop(erp, 70)
    move_clock(2 * HOUR)
    for number in range(20, 70):
        shop.tell(f"P{number}", "10")
    for number in range(20):
        shop.tell(f"P{number}", "0")
    assert shop.stocks() == [0] * 20 + [10] * 50
    assert shop.waiting() == []


def test_what_rises_while_zeros_are_put_back_keeps_what_it_rose_to(shop: Shop) -> None:
    for number in range(3):
        shop.tell(f"P{number}", "0")
    shop.apply({"P0": {"stock_balance": "7"}, "P1": {"price": "240"}, "P3": {"stock_balance": "0"}})
    assert shop.stocks() == [7] + [10] * 9
    assert [row[0] for row in shop.waiting()] == ["P1", "P2", "P3"]
    assert [shop.erp.product(sku).price for sku in ("P0", "P1", "P2")] == [D("249.90"), 240, D("249.90")]


def test_what_is_new_here_is_never_held(erp: Erp) -> None:
    for number in range(6):
        row = make_row(str(900 + number), f"N{number}")
        erp.tell(make_product(row), make_stock(row.external_id, balance="0", reserved="0"))
    with tenant(erp.integration.organization_id):
        assert list(Product.objects.values_list("stock", flat=True)) == [0] * 6
        assert not HeldChange.objects.exists()


def test_products_that_are_gone_all_at_once_stay_offered(shop: Shop) -> None:
    with tenant(shop.organization_id):
        for reference in ProductReference.objects.order_by("id"):
            services.mark_deleted(reference_id=reference.pk)
        rows = Product.objects.order_by("id").values_list("status", "stock")
        assert list(rows) == [("active", 10)] * 10
    assert shop.waiting() == [
        (f"P{number}", "stock", D(10), None, "held.many_zeroed") for number in range(10)
    ]
    assert shop.decide(ACCEPTED) == 10
    with tenant(shop.organization_id):
        rows = Product.objects.order_by("id").values_list("status", "stock")
        assert list(rows) == [("inactive", None)] * 10


def test_the_limit_of_one_integration_is_not_the_other_s(shop: Shop, organization: Organization) -> None:
    other = Erp(connect(organization, "Outra", account_document="22333444000181"))
    rows = [make_row(str(500 + number), f"Q{number}") for number in range(10)]
    for row in rows:
        other.tell(make_product(row), make_stock(row.external_id, balance="7", reserved="0"))
    for number in range(3):
        shop.tell(f"P{number}", "0")
        other.tell(
            make_product(rows[number]), make_stock(rows[number].external_id, balance="0", reserved="0")
        )
    assert shop.waiting() == []
    shop.tell("P3", "0")
    assert [row[0] for row in shop.waiting()] == ["P0", "P1", "P2", "P3"]


def test_a_rule_that_is_off_holds_nothing(shop: Shop) -> None:
    with tenant(shop.organization_id):
        services.save_criteria(
            integration=shop.erp.integration,
            criteria=Criteria(zeroed_percent=0, price_percent=0),
            person="Ana",
        )
    shop.fail()
    for number in range(10):
        shop.tell(f"P{number}", "0", price="0.01")
    assert shop.stocks() == [0] * 10
    assert shop.held() == []


def test_a_product_that_was_said_to_be_gone_is_asked_for_again(shop: Shop, move_clock: MoveClock) -> None:
    """Nothing of it waits: it had no stock to lose, and the list may tell of it a day later only."""
    shop.tell("P0", "0")
    with tenant(shop.organization_id):
        gone = shop.erp.reference("900").pk
        services.mark_deleted(reference_id=gone)
        assert services.choose_rechecked(integration=shop.erp.integration, calls_per_product=2) == []
    move_clock(HOUR + MINUTE)
    with tenant(shop.organization_id):
        chosen = services.choose_rechecked(integration=shop.erp.integration, calls_per_product=2)
        assert chosen[0] == gone
        services.mark_deleted(reference_id=gone)
        assert gone not in services.choose_rechecked(integration=shop.erp.integration, calls_per_product=2)
    assert shop.lines("product.") == ["product.deleted_at_erp"]
    shop.tell("P0", "10")
    product = shop.erp.product("P0")
    assert (product.status, product.stock) == ("active", 10)
    move_clock(dt.timedelta(days=2))
    with tenant(shop.organization_id):
        services.mark_deleted(reference_id=gone)
    move_clock(25 * HOUR)
    with tenant(shop.organization_id):
        assert gone not in services.list_rechecked(shop.erp.integration).values_list("pk", flat=True)


# --- reservations that vanish ---


@pytest.fixture
def reserving(shop: Shop) -> Shop:
    """Of five SKUs three pieces are reserved."""
    for number in range(5):
        shop.tell(f"P{number}", "10", "3")
    assert shop.stocks() == [7] * 5 + [10] * 5
    return shop


def test_what_stands_there_told_for_what_may_be_sold_waits(reserving: Shop) -> None:
    shop = reserving
    for number in range(5):
        shop.tell(f"P{number}", "10", "0")
    assert shop.stocks() == [7] * 5 + [10] * 5
    assert shop.waiting() == [
        (f"P{number}", "stock", D(7), D(10), "held.reserved_lost") for number in range(5)
    ]
    assert shop.lines("products.") == ["products.reserved_lost_held"]
    with tenant(shop.organization_id):
        told = HistoryEntry.objects.get(code="products.reserved_lost_held")
    assert told.params == {"released": 3, "reserved": 5}
    for number in range(5):
        shop.tell(f"P{number}", "10", "3")
    assert shop.waiting() == []
    assert shop.stocks() == [7] * 5 + [10] * 5


def test_what_is_sent_off_or_cancelled_here_and_there_is_no_fault(reserving: Shop) -> None:
    shop = reserving
    for number in range(3):
        shop.tell(f"P{number}", "7", "0")
    assert shop.stocks()[:5] == [7] * 5
    for number in range(3, 5):
        shop.tell(f"P{number}", "10", "0")
    assert shop.stocks()[:5] == [7] * 3 + [10] * 2
    shop.tell("P0", "20", "0")
    assert shop.stocks()[0] == 20
    assert shop.held() == []


def test_reservations_that_end_over_hours_are_no_fault(reserving: Shop, move_clock: MoveClock) -> None:
    for number in range(5):
        reserving.tell(f"P{number}", "10", "0")
        move_clock(35 * MINUTE)
    assert reserving.stocks() == [10] * 10
    assert reserving.held() == []


# --- after a failed answer ---


@pytest.mark.parametrize(
    ("kind", "reason", "is_doubtful"),
    [
        ("read_product", "tiny.unavailable", True),
        ("read_product", "us.database_away", False),
        ("export_order", "tiny.unavailable", False),
    ],
)
def test_only_what_failed_at_the_erp_while_it_was_asked_for_products_makes_a_zero_doubtful(
    shop: Shop, kind: str, reason: str, is_doubtful: bool
) -> None:
    with tenant(shop.organization_id):
        queue.enqueue(kind, channel=shop.erp.integration.channel, key="1")
        Job.objects.filter(kind=kind).update(failures=1, reason_code=reason)
    shop.tell("P0", "0")
    assert shop.stocks()[0] == (10 if is_doubtful else 0)
    assert len(shop.waiting()) == int(is_doubtful)


def test_a_price_that_falls_after_a_failure_waits_until_it_is_told_again(shop: Shop) -> None:
    shop.fail()
    shop.tell("P0", price="240")
    shop.tell("P1", price="260")
    assert [shop.erp.product(sku).price for sku in ("P0", "P1")] == [D("249.90"), 260]
    assert shop.waiting() == [("P0", "price", D("249.90"), D(240), "held.after_failure")]
    shop.recover()
    with tenant(shop.organization_id):
        services.reapply(integration=shop.erp.integration, after_id=0)
    assert shop.erp.product("P0").price == D("249.90")
    shop.tell("P0", "10")
    assert shop.erp.product("P0").price == 240
    assert shop.waiting() == []


def test_a_zero_after_a_failure_waits_until_an_erp_in_health_tells_it_again(shop: Shop) -> None:
    shop.fail()
    shop.tell("P0", "0")
    shop.tell("P1", "3")
    assert shop.stocks()[:2] == [10, 3]
    assert shop.waiting() == [("P0", "stock", D(10), D(0), "held.after_failure")]
    assert shop.lines("products.") == ["products.doubtful_held"]
    shop.recover()
    # What is known is no new answer.
    shop.tell("P0", price="250")
    with tenant(shop.organization_id):
        services.reapply(integration=shop.erp.integration, after_id=0)
    assert shop.stocks()[0] == 10
    shop.tell("P0", "0")
    assert shop.stocks()[0] == 0
    assert [row[0] for row in shop.held(decision="withdrawn")] == ["P0"]


def test_a_zero_that_a_notification_told_follows_no_answer(shop: Shop) -> None:
    shop.fail()
    with tenant(shop.organization_id):
        now = clock.now()
        told = [services.ToldStock("900", D(0), "available", now)]
        services.tell_stock(integration=shop.erp.integration, told=told)
    assert shop.stocks()[0] == 0
    assert shop.held() == []


# --- prices ---


def test_a_price_that_jumps_waits_and_the_rest_arrives(shop: Shop) -> None:
    shop.tell("P0", "8", price="2.50", promotional_price="2.20")
    product = shop.erp.product("P0")
    assert (product.price, product.promotional_price, product.stock) == (D("249.90"), None, 8)
    assert shop.waiting() == [
        ("P0", "price", D("249.90"), D("2.50"), "held.price_moved"),
        ("P0", "promotional_price", None, D("2.20"), "held.price_moved"),
    ]
    assert shop.lines("products.") == ["products.price_held"]
    shop.tell("P0", price="3.50")
    assert shop.waiting()[0] == ("P0", "price", D("249.90"), D("3.50"), "held.price_moved")
    shop.tell("P0", price="260", promotional_price="199")
    product = shop.erp.product("P0")
    assert (product.price, product.promotional_price) == (260, 199)
    assert shop.waiting() == []


def test_the_price_of_a_list_is_judged_like_any_other(shop: Shop) -> None:
    for number in range(2):
        shop.tell(f"P{number}", price="0")
    assert [row[4] for row in shop.waiting()] == ["held.price_lost"] * 2
    assert shop.lines("products.") == ["products.price_held"]
    assert [shop.erp.product(f"P{number}").price for number in range(2)] == [D("249.90")] * 2


# --- what a person says ---


def test_what_is_accepted_arrives_in_the_person_s_name_and_is_not_held_again(shop: Shop) -> None:
    shop.tell("P0", price="25")
    shop.tell("P1", price="25")
    assert shop.decide(ACCEPTED, "P0") == 1
    assert [shop.erp.product(sku).price for sku in ("P0", "P1")] == [25, D("249.90")]
    with tenant(shop.organization_id):
        step = FigureChange.objects.filter(product__sku="P0", figure="price").latest("id")
        assert (step.before, step.after, step.source, step.person) == (D("249.90"), 25, "person", "Ana")
        row = HeldChange.objects.get(product__sku="P0")
        assert (row.decision, row.decided_by, row.stands) == ("accepted", "Ana", True)
        line = HistoryEntry.objects.get(code="product.held_accepted")
        assert (line.person, line.params["details"]) == ("Ana", "R$\xa0249,90 → R$\xa025,00")
        told = HistoryEntry.objects.get(code="products.held_accepted")
        assert (told.person, told.params) == ("Ana", {"count": 1})
    shop.tell("P0", "5")
    assert (shop.erp.product("P0").price, shop.erp.product("P0").stock) == (25, 5)
    assert [row[0] for row in shop.waiting()] == ["P1"]
    shop.tell("P0", price="250")
    assert shop.erp.product("P0").price == 25
    assert [row[0] for row in shop.waiting()] == ["P0", "P1"]


def test_what_is_refused_stays_out_until_the_erp_tells_another_value(shop: Shop) -> None:
    for number in range(5):
        shop.tell(f"P{number}", "0")
    assert shop.decide(REFUSED) == 5
    assert shop.waiting() == []
    for number in range(5):
        shop.tell(f"P{number}", "0")
    with tenant(shop.organization_id):
        services.reapply(integration=shop.erp.integration, after_id=0)
    assert shop.stocks() == [10] * 10
    assert shop.waiting() == []
    shop.tell("P0", "7")
    shop.tell("P1", "10")
    shop.tell("P0", "0")
    shop.tell("P1", "0")
    assert shop.stocks() == [0, 0, 10, 10, 10, 10, 10, 10, 10, 10]
    assert [row[0] for row in shop.held(stands=True)] == ["P2", "P3", "P4"]


def test_what_was_accepted_is_neither_put_back_nor_counted(shop: Shop) -> None:
    for number in range(4):
        shop.tell(f"P{number}", "0")
    assert shop.decide(ACCEPTED) == 4
    assert shop.stocks() == [0] * 4 + [10] * 6
    shop.tell("P4", "0")
    assert shop.stocks()[4] == 0
    assert shop.waiting() == []


def test_all_of_one_reason_and_only_what_the_person_saw(shop: Shop) -> None:
    shop.tell("P8", price="25")
    for number in range(4):
        shop.tell(f"P{number}", "0")
    seen_at = shop.seen_at()
    shop.tell("P5", "0")
    assert shop.decide(REFUSED, reason_code="held.many_zeroed", seen_at=seen_at) == 4
    assert [row[0] for row in shop.waiting()] == ["P5", "P8"]
    assert shop.decide(REFUSED, reason_code="held.many_zeroed", seen_at=seen_at) == 0


def test_a_value_that_the_person_never_saw_is_not_decided(shop: Shop) -> None:
    shop.tell("P0", price="25")
    shop.tell("P1", price="25")
    seen_at = shop.seen_at()
    shop.tell("P0", price="2")
    assert shop.decide(ACCEPTED, "P0", seen_at=seen_at) == 0
    assert shop.decide(ACCEPTED, seen_at=seen_at) == 1
    assert [shop.erp.product(sku).price for sku in ("P0", "P1")] == [D("249.90"), 25]
    assert shop.waiting() == [("P0", "price", D("249.90"), D(2), "held.price_moved")]


def test_reapplying_the_criteria_leaves_alone_what_waits_and_holds_nothing_itself(shop: Shop) -> None:
    shop.tell("P9", price="25")
    for number in range(4):
        shop.tell(f"P{number}", "0")
    waiting = shop.waiting()
    assert [row[0] for row in waiting] == ["P0", "P1", "P2", "P3", "P9"]
    with tenant(shop.organization_id):
        services.save_criteria(
            integration=shop.erp.integration, criteria=Criteria(safety_stock=10), person="Ana"
        )
        services.reapply(integration=shop.erp.integration, after_id=0)
    assert shop.stocks() == [10] * 4 + [0] * 6
    assert shop.waiting() == waiting


def test_a_product_that_is_taken_apart_waits_for_nothing(shop: Shop) -> None:
    shop.tell("P0", price="25")
    shop.tell("P1", price="25")
    with tenant(shop.organization_id):
        services.unlink(reference_id=shop.erp.reference("900").pk, person="Ana")
    assert [row[0] for row in shop.waiting()] == ["P1"]
    assert shop.held(stands=True) == shop.waiting()


def test_a_product_that_the_erp_has_anew_begins_with_what_the_new_one_says(shop: Shop) -> None:
    with tenant(shop.organization_id):
        services.mark_deleted(reference_id=shop.erp.reference("900").pk)
    row = make_row("990", "P0", price=D(5))
    shop.erp.list(row)
    product = shop.erp.product("P0")
    assert (product.price, product.pk) == (5, shop.erp.reference("990").product_id)
    assert shop.held() == []


def test_a_criterion_that_keeps_the_price_ends_the_waiting(shop: Shop) -> None:
    shop.tell("P0", price="25")
    with tenant(shop.organization_id):
        services.save_criteria(
            integration=shop.erp.integration, criteria=Criteria(keep_price=True), person="Ana"
        )
    shop.tell("P0", "8")
    assert shop.erp.product("P0").price == D("249.90")
    assert shop.waiting() == []


# --- what it costs ---


def count_queries(erp: Erp, *rows: ErpProductRow) -> int:
    page = Page(rows, tuple(row.external_id for row in rows), offset=0, limit=100, total=len(rows))
    with tenant(erp.integration.organization_id), CaptureQueriesContext(connection) as seen:
        services.upsert_from_list(integration=erp.integration, page=page, source=ChangeSource.POLL)
    return sum("catalog_heldchange" in query["sql"] for query in seen.captured_queries)


def test_a_page_costs_one_query_more_and_one_that_is_held_a_few(erp: Erp) -> None:
    rows = [make_row(str(number), f"P{number}") for number in range(100)]
    erp.list(*rows)
    with tenant(erp.integration.organization_id):
        ProductReference.objects.update(is_beginning=False)
    names = [make_row(row.external_id, row.sku, name="Outro") for row in rows]
    assert count_queries(erp, *names) == 1
    prices = [make_row(row.external_id, row.sku, name="Outro", price=D(1)) for row in rows]
    assert count_queries(erp, *prices) == 3
    with tenant(erp.integration.organization_id):
        assert HeldChange.objects.count() == 100


def test_a_zero_is_judged_by_the_steps_of_the_hour_and_one_alone_counts_no_shop(shop: Shop) -> None:
    with tenant(shop.organization_id):
        zeroed = held_selectors.list_just_zeroed(shop.erp.integration, clock.now() - HOUR)
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")
        assert "catalog_figures_emptied" in zeroed.explain()
    with CaptureQueriesContext(connection) as seen:
        shop.tell("P0", "0")
    counts = [query["sql"] for query in seen.captured_queries if 'FROM "catalog_product"' in query["sql"]]
    assert len([sql for sql in counts if "COUNT(*)" in sql and '"stock" > ' in sql]) == 0
    for number in (1, 2):
        with CaptureQueriesContext(connection) as seen:
            shop.tell(f"P{number}", "0")
    counts = [query["sql"] for query in seen.captured_queries if 'FROM "catalog_product"' in query["sql"]]
    assert len([sql for sql in counts if "COUNT(*)" in sql and '"stock" > ' in sql]) == 2
