"""The canary over the rows that polls and notifications leave behind: what its selectors make of them.

``WATCHED_DAYS`` in the environment makes the simulated time longer (14 in ``make soak``).
"""

from __future__ import annotations

import datetime as dt
import os
import random
from collections.abc import Callable, Iterable
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import clock
from accounts.models import Organization
from accounts.tenancy import tenant
from catalog import services as catalog
from catalog.criteria import Criteria
from catalog.models import ChangeSource, FigureChange, HeldChange, Product, ProductReference
from catalog.selectors import read_criteria
from contracts.notifications import NotificationKind
from contracts.records import ErpListPrice, Page
from history.models import HistoryEntry, Source
from jobs import queue
from jobs.models import Job, JobAttempt, JobStatus, Outcome
from orders.models import Order, OrderReference, Origin
from tests.catalog.received import Erp, connect, make_product, make_row, make_stock
from webhooks import watch_selectors
from webhooks.models import NotificationWatch, ReceiptState, WebhookReceipt
from webhooks.services import watching

# Three hours at each run of the tests.
DAYS = float(os.environ.get("WATCHED_DAYS", "0.125"))
POLL = dt.timedelta(minutes=5)
GRACE = dt.timedelta(minutes=4)
SECOND = dt.timedelta(seconds=1)
SUBJECTS = 12

MoveClock = Callable[[dt.timedelta], None]


class Shop:
    """An integration whose history is written down as polls, readings and notifications would leave it."""

    def __init__(self, organization: Organization, move_clock: MoveClock) -> None:
        self.erp = Erp(connect(organization))
        self.integration = self.erp.integration
        self.move_clock = move_clock
        self.orders: list[Order] = []
        self.products: list[Product] = []
        self.lease = 0
        for number in range(SUBJECTS):
            row = make_row(str(900 + number), f"P{number}", price=Decimal(100))
            self.erp.tell(make_product(row), make_stock(row.external_id, balance="10", reserved="0"))
        with tenant(organization):
            self.products = list(Product.objects.order_by("id"))
            FigureChange.objects.all().delete()
            HistoryEntry.objects.all().delete()
            queue.ensure_channel(self.integration.channel)
            self.start = clock.now()
            for number in range(SUBJECTS):
                order = Order.objects.create(
                    integration=self.integration,
                    number=number + 1,
                    origin=Origin.ERP,
                    status="approved",
                    placed_on=self.start.astimezone(clock.SAO_PAULO).date(),
                    created_at=self.start,
                    updated_at=self.start,
                )
                OrderReference.objects.create(
                    integration=self.integration,
                    order=order,
                    external_id=str(number),
                    situation="aprovado",
                    row_hash="",
                )
                self.orders.append(order)

    def at(self, minutes: float) -> dt.datetime:
        return self.start + dt.timedelta(minutes=minutes)

    def work(
        self, kind: str, since: dt.datetime, until: dt.datetime, *, created_at: dt.datetime | None = None
    ) -> None:
        """A job that was done in one turn."""
        self.lease += 1
        with tenant(self.integration.organization_id):
            job = Job.objects.create(
                channel=self.integration.channel,
                kind=kind,
                key=str(self.integration.pk),
                priority=50,
                status=JobStatus.DONE,
                not_before=since,
                created_at=created_at or since,
                finished_at=until,
            )
            JobAttempt.objects.create(
                job=job,
                number=1,
                lease=10_000_000 + self.integration.pk * 100_000 + self.lease,
                worker="test",
                started_at=since,
                finished_at=until,
                outcome=Outcome.DONE,
            )

    def poll_orders(self, at: dt.datetime, *numbers: int, code: str = "order.status_changed") -> None:
        """A reading of three seconds, which finds that these have changed."""
        self.work("pull_orders", at, at + 3 * SECOND)
        self.change_orders(at + SECOND, *numbers, code=code)

    def change_orders(self, at: dt.datetime, *numbers: int, code: str = "order.status_changed") -> None:
        with tenant(self.integration.organization_id):
            for number in numbers:
                pk = self.orders[number].pk
                Order.objects.filter(pk=pk).update(updated_at=at)
                HistoryEntry.objects.create(
                    subject_kind="order", subject_id=pk, at=at, code=code, source=Source.ERP
                )

    def find_stock(self, at: dt.datetime, number: int, *, unchanged_at: dt.datetime) -> None:
        """A reading finds another stock than the one before it did."""
        self._step(at, number, ChangeSource.POLL, unchanged_at)

    def tell_stock(self, at: dt.datetime, number: int) -> None:
        """A notification brings another stock."""
        self.receive(NotificationKind.STOCK, f"product:{900 + number}", at)
        self._step(at + SECOND, number, ChangeSource.NOTIFICATION, None)

    def _step(
        self, at: dt.datetime, number: int, source: ChangeSource, unchanged_at: dt.datetime | None
    ) -> None:
        with tenant(self.integration.organization_id):
            FigureChange.objects.create(
                product=self.products[number],
                figure="stock",
                before=9,
                after=8,
                at=at,
                unchanged_at=unchanged_at,
                source=source,
            )

    def receive(self, kind: str, entity: str, at: dt.datetime) -> None:
        with tenant(self.integration.organization_id):
            WebhookReceipt.objects.create(
                integration=self.integration,
                kind=kind,
                entity=entity,
                received_at=at,
                body=b"{}",
                state=ReceiptState.APPLIED,
                facts={"stock_kind": read_criteria(self.integration).stock_kind},
            )

    def look(self, at: dt.datetime) -> list[str]:
        """The kinds that are silent, as long after a poll at ``at`` as the canary looks."""
        self.move_clock(at + GRACE + SECOND - clock.now())
        with tenant(self.integration.organization_id):
            watching.look(integration=self.integration)
            return sorted(NotificationWatch.objects.get().silent)

    def save_criteria(self, **choices: object) -> None:
        with tenant(self.integration.organization_id):
            criteria = Criteria(**choices)  # type: ignore[arg-type]
            catalog.save_criteria(integration=self.integration, criteria=criteria, person="Ana")


@pytest.fixture
def shop(organization: Organization, move_clock: MoveClock) -> Shop:
    return Shop(organization, move_clock)


# --- days of a line as it is ---


class Line:
    """What changes at the ERP, what of it is told and when, and what finds the rest.

    One notification in 27 is lost, the others are late and overtake each other. Some orders and products sell
    more than others. Orders are polled; of the products four are read in turn.
    """

    def __init__(
        self, shop: Shop, seed: int, *, changes_per_poll: float, gone_at: dt.datetime | None
    ) -> None:
        self.shop, self.chance, self.gone_at = shop, random.Random(seed), gone_at
        self.rate = changes_per_poll / POLL.total_seconds()
        self.open: dict[tuple[str, int], dt.datetime] = {}
        self.read_at = dict.fromkeys(range(SUBJECTS), shop.start)
        self.late: list[tuple[dt.datetime, str, int]] = []
        for number in range(SUBJECTS):
            shop.tell_stock(shop.start, number)
            shop.receive(NotificationKind.ORDER, f"order:{number}", shop.start)

    def pass_time(self, since: dt.datetime, until: dt.datetime) -> None:
        """One turn of the polls, at its end."""
        for kind in ("stock", "order"):
            at = since
            while (at := at + dt.timedelta(seconds=self.chance.expovariate(self.rate))) < until:
                number = min(int(self.chance.expovariate(0.3)), SUBJECTS - 1)
                self.open.setdefault((kind, number), at)
                is_lost = self.chance.randrange(27) == 0 or (self.gone_at is not None and at >= self.gone_at)
                if not is_lost:
                    late = min(self.chance.expovariate(1 / 20), GRACE.total_seconds())
                    self.late.append((at + dt.timedelta(seconds=late), kind, number))
        due = sorted(one for one in self.late if one[0] <= until + GRACE)
        self.late = [one for one in self.late if one[0] > until + GRACE]
        for at, kind, number in (one for one in due if one[0] < until):
            self._tell(at, kind, number)
        found = [number for kind, number in self.open if kind == "order"]
        self.shop.poll_orders(until, *found)
        for number in sorted(self.read_at, key=lambda one: self.read_at[one])[:4]:
            if ("stock", number) in self.open:
                self.shop.find_stock(until + SECOND, number, unchanged_at=self.read_at[number])
                del self.open["stock", number]
            self.read_at[number] = until
        self.open = {key: at for key, at in self.open.items() if key[0] == "stock"}
        for at, kind, number in (one for one in due if one[0] >= until):
            self._tell(at, kind, number)

    def _tell(self, at: dt.datetime, kind: str, number: int) -> None:
        """It is read at the ERP a while later, and brings what no poll brought before."""
        is_news = self.open.pop((kind, number), None) is not None
        if kind == "stock" and is_news:
            self.shop.tell_stock(at, number)
        elif kind == "stock":
            self.shop.receive(NotificationKind.STOCK, f"product:{900 + number}", at)
        else:
            self.shop.receive(NotificationKind.ORDER, f"order:{number}", at)
            if is_news:
                self.shop.change_orders(at + 20 * SECOND, number)


def polls_of(shop: Shop, days: float) -> Iterable[dt.datetime]:
    return (shop.start + POLL * (number + 1) for number in range(int(days * 288)))


@pytest.mark.parametrize(("seed", "changes_per_poll"), [(0, 0.5), (1, 4)])
def test_days_of_a_healthy_line_raise_no_alarm(shop: Shop, seed: int, changes_per_poll: float) -> None:
    line = Line(shop, seed, changes_per_poll=changes_per_poll, gone_at=None)
    for poll in polls_of(shop, DAYS):
        line.pass_time(poll - POLL, poll)
        assert (poll, shop.look(poll)) == (poll, [])


def test_the_same_line_once_its_address_is_gone(shop: Shop) -> None:
    gone_at = shop.at(60)
    line = Line(shop, 1, changes_per_poll=6, gone_at=gone_at)
    noticed: dict[str, dt.datetime] = {}
    for poll in polls_of(shop, 0.08):
        line.pass_time(poll - POLL, poll)
        for kind in shop.look(poll):
            noticed.setdefault(kind, poll)
    assert gone_at < noticed["order"] <= gone_at + 2 * POLL
    # Each product is read at every third poll, and what is found says something if the reading before it came
    # after the last notification: the second reading of each, as with orders, and its findings a poll later.
    assert gone_at < noticed["stock"] <= gone_at + 4 * POLL


# --- what is a finding ---


def fall_silent(shop: Shop, *numbers: int) -> list[str]:
    """Of some orders nothing was told that the second poll found."""
    shop.poll_orders(shop.at(5))
    shop.poll_orders(shop.at(10), *numbers)
    return shop.look(shop.at(10))


def test_what_a_poll_finds_is_a_finding_and_what_a_notification_brings_is_none(shop: Shop) -> None:
    for number in range(2):
        shop.receive(NotificationKind.ORDER, f"order:{number}", shop.start)
    shop.poll_orders(shop.at(5))
    # Read late, by a job of its own, because the account had no calls left.
    shop.change_orders(shop.at(8), 0, 1, 2, 3)
    shop.poll_orders(shop.at(10))
    assert shop.look(shop.at(10)) == []
    shop.poll_orders(shop.at(20), 0, 1, 2, 3)
    assert shop.look(shop.at(20)) == ["order"]


def test_a_sweep_that_waits_hides_nothing(shop: Shop) -> None:
    for number in range(2):
        shop.receive(NotificationKind.ORDER, f"order:{number}", shop.start)
    shop.work("sweep_orders", shop.at(12), shop.at(13), created_at=shop.start)
    assert fall_silent(shop, 0, 1, 2, 3) == ["order"]


def test_what_a_sweep_may_have_found_is_none(shop: Shop) -> None:
    for number in range(2):
        shop.receive(NotificationKind.ORDER, f"order:{number}", shop.start)
    shop.work("sweep_orders", shop.at(9), shop.at(11))
    assert fall_silent(shop, 0, 1, 2, 3) == []


@pytest.mark.parametrize(("code", "silent"), [("order.status_changed", ["order"]), ("order.imported", [])])
def test_an_import_of_hours_hides_only_what_it_imports(shop: Shop, code: str, silent: list[str]) -> None:
    for number in range(2):
        shop.receive(NotificationKind.ORDER, f"order:{number}", shop.start)
    shop.work("import_history", shop.at(-60), shop.at(600))
    shop.poll_orders(shop.at(5))
    shop.poll_orders(shop.at(10), 0, 1, 2, 3, code=code)
    assert shop.look(shop.at(10)) == silent


def test_new_orders_are_findings_too(shop: Shop) -> None:
    for number in range(2):
        shop.receive(NotificationKind.ORDER, f"order:{number}", shop.start)
    shop.poll_orders(shop.at(5))
    shop.poll_orders(shop.at(10), 0, 1, 2, 3, code="order.imported")
    assert shop.look(shop.at(10)) == ["order"]


def test_polls_of_weeks_are_each_compared_with_the_one_before(shop: Shop) -> None:
    for number in range(2):
        shop.receive(NotificationKind.ORDER, f"order:{number}", shop.start)
    for turn in range(1, 40):
        shop.poll_orders(shop.at(5 * turn), *([turn % 2] if turn in (20, 30, 39) else []))
    assert shop.look(shop.at(195)) == []
    with tenant(shop.integration.organization_id):
        found = watch_selectors.list_found(shop.integration, NotificationKind.ORDER, shop.start)
    moments = [(one.subject, one.not_before, one.at) for one in found]
    assert moments == [
        (shop.orders[turn % 2].pk, shop.at(5 * turn - 5), shop.at(5 * turn) + SECOND) for turn in (20, 30, 39)
    ]


# --- of which products the ERP tells ---


def find_four(shop: Shop, *numbers: int) -> list[str]:
    for position in range(4):
        number = numbers[position % len(numbers)]
        shop.find_stock(shop.at(10 + position), number, unchanged_at=shop.at(5 + position))
    return shop.look(shop.at(15))


def test_four_readings_of_products_that_were_told_of(shop: Shop) -> None:
    shop.tell_stock(shop.start, 0)
    shop.tell_stock(shop.start, 1)
    assert find_four(shop, 0, 1) == ["stock"]


def test_a_product_of_which_nothing_was_ever_told_is_none(shop: Shop) -> None:
    shop.tell_stock(shop.start, 0)
    assert find_four(shop, 0, 1) == []


def test_what_was_told_longer_ago_than_receipts_are_kept_counts(shop: Shop) -> None:
    for number in range(3):
        shop.tell_stock(shop.start, number)
    with tenant(shop.integration.organization_id):
        WebhookReceipt.objects.exclude(entity="product:902").delete()
    assert find_four(shop, 0, 1) == ["stock"]


def test_a_product_that_was_mapped_counts_before_its_stock_was_told(shop: Shop) -> None:
    shop.tell_stock(shop.start, 0)
    shop.receive(NotificationKind.PRODUCT, "sku:P1", shop.start)
    assert find_four(shop, 0, 1) == ["stock"]


def test_one_product_alone_is_a_silence_only_if_nothing_else_was_ever_told_of(shop: Shop) -> None:
    """As after a test with one product. Where there are others, it may be this one that was unmapped."""
    shop.tell_stock(shop.start, 0)
    shop.tell_stock(shop.start, 1)
    assert find_four(shop, 0) == []
    with tenant(shop.integration.organization_id):
        WebhookReceipt.objects.filter(entity="product:901").delete()
        FigureChange.objects.filter(source=ChangeSource.NOTIFICATION).delete()
    assert shop.look(shop.at(16)) == ["stock"]


def test_other_criteria_make_other_figures_of_the_same_answers(shop: Shop) -> None:
    shop.tell_stock(shop.start, 0)
    shop.tell_stock(shop.start, 1)
    shop.move_clock(shop.at(8.5) - clock.now())
    shop.save_criteria(price_percent=20)
    # Two of the four readings had the former ones after that.
    assert find_four(shop, 0, 1) == []
    with tenant(shop.integration.organization_id):
        (deaf,) = watch_selectors.list_deaf(shop.integration, NotificationKind.STOCK, shop.start)
        assert watch_selectors.list_deaf(shop.integration, NotificationKind.ORDER, shop.start) == []
    assert shop.at(8.5) <= deaf.since == deaf.until < shop.at(8.6)


def test_what_was_told_in_vain_has_others_read_at_once_and_once(shop: Shop) -> None:
    def rechecks() -> int:
        with tenant(shop.integration.organization_id):
            count = Job.objects.filter(kind="recheck_products", status=JobStatus.PENDING).count()
            Job.objects.filter(kind="recheck_products").delete()
        return count

    shop.tell_stock(shop.start, 0)
    shop.tell_stock(shop.start, 1)
    assert (shop.look(shop.at(5)), rechecks()) == ([], 0)
    shop.find_stock(shop.at(10), 0, unchanged_at=shop.at(5))
    assert (shop.look(shop.at(10)), rechecks()) == ([], 1)
    assert (shop.look(shop.at(15)), rechecks()) == ([], 0)
    shop.find_stock(shop.at(20), 1, unchanged_at=shop.at(10))
    assert (shop.look(shop.at(20)), rechecks()) == ([], 1)


# --- what is locked ---


def test_the_integration_is_locked_before_its_schedules_as_whoever_connects_it_does(shop: Shop) -> None:
    shop.receive(NotificationKind.STOCK, "product:900", shop.at(1))
    with tenant(shop.integration.organization_id):
        NotificationWatch.objects.create(
            integration=shop.integration, silent={"stock": shop.start.isoformat()}, noticed_at=shop.start
        )
        with CaptureQueriesContext(
            connection,
        ) as queries:
            watching.look(integration=shop.integration)
        assert NotificationWatch.objects.get().silent == {}
    locked = [
        name
        for query in queries
        for name in ("integrations_integration", "jobs_schedule")
        if f'FROM "{name}"' in query["sql"] and "FOR " in query["sql"].rpartition("WHERE")[2]
    ]
    assert locked[0] == "integrations_integration"
    assert "jobs_schedule" in locked[1:]


# --- how long ago a change may have happened ---


def steps_of(shop: Shop, number: int) -> list[FigureChange]:
    with tenant(shop.integration.organization_id):
        return list(FigureChange.objects.filter(product=shop.products[number]).order_by("id"))


def test_a_reading_dates_what_it_finds_by_the_former_one(shop: Shop) -> None:
    former = shop.erp.reference("900")
    shop.erp.tell(
        make_product(make_row("900", "P0", price=Decimal(110))), make_stock("900", balance="7", reserved="0")
    )
    by_figure = {step.figure: step for step in steps_of(shop, 0)}
    assert by_figure["stock"].unchanged_at == former.stock_asked_at


def test_what_was_held_and_is_let_go_is_no_change_of_now(shop: Shop) -> None:
    def tell(price: str, balance: str) -> None:
        row = make_row("900", "P0", price=Decimal(100))
        product = make_product(make_row("900", "P0", price=Decimal(price)))
        with tenant(shop.integration.organization_id):
            catalog.apply_details(
                reference_id=shop.erp.reference("900").pk,
                product=product,
                stock=make_stock("900", balance=balance, reserved="0"),
                source=ChangeSource.POLL,
                row_hash=row.row_hash,
                asked_at=clock.now(),
            )

    tell("500", "10")
    with tenant(shop.integration.organization_id):
        assert HeldChange.objects.get().figure == "price"
    shop.save_criteria(price_percent=0)
    tell("500", "6")
    price, stock = sorted(steps_of(shop, 0), key=lambda step: step.figure)
    assert (price.figure, price.before, price.after) == ("price", 100, 500)
    assert price.unchanged_at is None
    assert (stock.figure, stock.after, stock.unchanged_at is not None) == ("stock", 6, True)


def test_a_reading_by_other_criteria_dates_nothing(shop: Shop) -> None:
    shop.erp.tell(
        make_product(make_row("900", "P0", price=Decimal(100))), make_stock("900", balance="10", reserved="3")
    )
    with tenant(shop.integration.organization_id):
        FigureChange.objects.all().delete()
        is_available = read_criteria(shop.integration).stock_kind == "available"
    shop.save_criteria(stock_kind="physical" if is_available else "available")
    shop.erp.tell(
        make_product(make_row("900", "P0", price=Decimal(100))), make_stock("900", balance="10", reserved="3")
    )
    (step,) = steps_of(shop, 0)
    assert (step.figure, step.unchanged_at) == ("stock", None)


def test_a_list_dates_what_it_shows_and_nothing_else_of_the_same_time(shop: Shop) -> None:
    began_at, former_at = clock.now(), shop.at(-15)

    def list_price(number: int, price: int) -> None:
        row = make_row(str(900 + number), f"P{number}", price=Decimal(price))
        page = Page((row,), (row.external_id,), offset=0, limit=100, total=1)
        with tenant(shop.integration.organization_id):
            catalog.upsert_from_list(integration=shop.integration, page=page, source=ChangeSource.POLL)

    list_price(0, 110)
    with tenant(shop.integration.organization_id):
        # One that is gone, what we sent, and a list of prices.
        catalog.mark_deleted(reference_id=shop.erp.reference("901").pk)
        catalog.record_export(
            product_id=shop.products[2].pk,
            integration=shop.integration,
            external_id="902",
            found={"price": Decimal(120)},
            sent={},
            kept={},
            not_taken={},
            is_new=False,
            changed_here_at=None,
        )
    shop.save_criteria(price_list_id="7")
    priced = Page((ErpListPrice("903", Decimal(105), None),), ("903",), offset=0, limit=100, total=1)
    with tenant(shop.integration.organization_id):
        catalog.apply_list_prices(integration=shop.integration, price_list_id="7", page=priced, seen="now")
    shop.save_criteria()
    # One that was held is let go by the list.
    list_price(4, 900)
    with tenant(shop.integration.organization_id):
        assert HeldChange.objects.get(product=shop.products[4]).decided_at is None
    shop.save_criteria(price_percent=0)
    row = make_row("904", "P4", price=Decimal(900), name="Outro nome")
    page = Page((row,), ("904",), offset=0, limit=100, total=1)
    with tenant(shop.integration.organization_id):
        catalog.upsert_from_list(integration=shop.integration, page=page, source=ChangeSource.POLL)
        # A zero that is put back in the very moment in which the list is applied.
        reference = ProductReference.objects.get(external_id="904")
        FigureChange.objects.create(
            product=shop.products[4], figure="stock", before=0, after=10, at=reference.seen_at, source="poll"
        )
        assert all(step.unchanged_at is None for step in FigureChange.objects.all())
        catalog.date_found(integration=shop.integration, since=began_at, unchanged_at=former_at)
        dated = FigureChange.objects.exclude(unchanged_at=None).values_list("product_id", "figure", "after")
        assert list(dated) == [(shop.products[0].pk, "price", 110)]
        others = FigureChange.objects.filter(unchanged_at=None).order_by("id")
        figures = [(step.product_id - shop.products[0].pk, step.figure) for step in others]
    assert figures == [(1, "stock"), (2, "price"), (3, "price"), (4, "price"), (4, "stock")]
