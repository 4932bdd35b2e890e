"""«Mapeamento de status»: what it would do to the orders, and its application to those that are open."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.db import connection

from accounts import clock
from accounts.models import Organization
from accounts.tenancy import tenant
from contracts.order_status import OrderStatus
from history.models import HistoryEntry
from integrations.models import Integration
from jobs.models import Job
from orders import map_selectors, services
from orders.models import Order, OrderReference, OrderShipment, StatusMapRun
from orders.services.lines import take_revision
from orders.status_map import StatusMap, find_conflicts
from tests.orders.conftest import Erp, make_row, shipment
from tests.processes import COUNT_WAITING, wait_until
from tests.status_maps import DEFAULT, list_jobs, list_told, with_rule, with_written

Lines = Callable[[Order], list[tuple[str, dict[str, Any]]]]

SITUATIONS = [*DEFAULT.rules, "42"]
RULED = with_rule(
    with_rule(
        with_rule(DEFAULT, "42", status=OrderStatus.PICKING), "pronto_envio", status=OrderStatus.INVOICED
    ),
    "dados_incompletos",
    is_return=True,
)
# By name the map, how many orders of ``fill`` it moves, and of how many it writes the situation.
APPLIED = {
    "default": (DEFAULT, 58, 28),
    "ruled": (RULED, 74, 38),
    "quiet": (replace(RULED, outward=dict.fromkeys(OrderStatus, "")), 74, 0),
    "backward": (
        with_written(with_written(DEFAULT, OrderStatus.IN_TRANSIT, "faturado"), OrderStatus.PAID, ""),
        58,
        24,
    ),
}


def fill(integration: Integration) -> None:
    """One order in each status, situation and flag."""
    now = clock.now()
    kinds = [
        (status, situation, is_return)
        for status in OrderStatus
        for situation in SITUATIONS
        for is_return in (False, True)
    ]
    orders = Order.objects.bulk_create(
        Order(
            integration=integration,
            number=number,
            origin="erp",
            status=status,
            is_return=is_return,
            created_at=now,
            updated_at=now,
        )
        for number, (status, _, is_return) in enumerate(kinds, start=1)
    )
    OrderReference.objects.bulk_create(
        OrderReference(
            integration=integration,
            external_id=str(order.pk),
            order=order,
            situation=situation,
            row_hash="x",
        )
        for order, (_, situation, _) in zip(orders, kinds, strict=True)
    )


def state() -> dict[int, tuple[str, bool]]:
    return {row.pk: (row.status, row.is_return) for row in Order.objects.all()}


@pytest.mark.parametrize(("status_map", "moves", "writes"), APPLIED.values(), ids=APPLIED)
def test_what_was_predicted_is_what_then_happens(
    erp: Erp, integration: Integration, status_map: StatusMap, moves: int, writes: int
) -> None:
    assert find_conflicts(status_map) == []
    fill(integration)
    before = state()
    predicted, written = {}, set()
    for reference in OrderReference.objects.select_related("order"):
        effect = map_selectors.effect_of(reference, status_map)
        predicted[reference.order_id] = (effect.decision.status.value, effect.decision.is_return)
        written |= {str(reference.order_id)} if effect.written else set()
    shown = map_selectors.preview_orders(integration, status_map)
    newest = list(Order.objects.order_by("-id").values_list("id", flat=True)[:50])
    assert [item.order.pk for item in shown] == newest
    for item in shown:
        is_touched = predicted[item.order.pk] != before[item.order.pk] or str(item.order.pk) in written
        assert item.changes == is_touched
    counted = map_selectors.count_effect(integration, status_map)
    assert (state(), Job.objects.exists(), HistoryEntry.objects.exists()) == (before, False, False)

    opened = list(map_selectors.list_open_orders(integration).values_list("pk", flat=True))
    moved, sent = services.apply_to_orders(reference_ids=opened, status_map=status_map, person="Ana")
    assert state() == predicted
    assert set(Job.objects.filter(kind="export_situation").values_list("key", flat=True)) == written
    changed = {pk for pk in before if before[pk] != predicted[pk]}
    assert counted == map_selectors.OpenEffect(len(opened), len(changed), len(written))
    assert counted == map_selectors.OpenEffect(6 * 12 * 2, moves, writes)
    assert (moved, sent) == (len(changed), len(written))
    assert set(HistoryEntry.objects.values_list("subject_id", flat=True)) == changed
    again = services.apply_to_orders(reference_ids=opened, status_map=status_map, person="Ana")
    assert again == (0, len(written)), "they still wait to be written"
    assert (state(), Job.objects.count()) == (predicted, len(written))


def test_applying_obeys_the_actions_as_well(erp: Erp, integration: Integration) -> None:
    sent = shipment(tracking_code="QQ123456785BR")
    erp.list(make_row(shipment=sent), make_row("701", situation="faturado"))
    actions = with_rule(DEFAULT, "aprovado", awaits_invoice=True, starts_tracking=True)
    actions = with_rule(actions, "faturado", awaits_invoice=False)
    pks = list(OrderReference.objects.order_by("id").values_list("pk", flat=True))
    assert services.apply_to_orders(reference_ids=pks, status_map=actions, person="Ana") == (0, 0)
    first, second = OrderReference.objects.order_by("id")
    assert first.awaiting_invoice_since is not None
    assert second.awaiting_invoice_since is None
    assert OrderShipment.objects.get().tracking_wanted_at is not None


def test_an_order_that_is_gone_meanwhile_stops_no_other(erp: Erp, integration: Integration) -> None:
    erp.list(make_row("700", situation="faturado"), make_row("701", situation="faturado"))
    Order.objects.update(status="placed")
    pks = list(OrderReference.objects.order_by("id").values_list("pk", flat=True))
    OrderReference.objects.filter(pk=pks[0]).delete()
    assert services.apply_to_orders(reference_ids=pks, status_map=DEFAULT, person="Ana") == (1, 0)


def test_applying_is_begun_once_at_a_time(erp: Erp, integration: Integration) -> None:
    erp.list(make_row("700"), make_row("701", situation="faturado"))
    Order.objects.filter(reference__external_id="701").update(status="delivered")
    run = services.start_applying(integration=integration, person="Ana Souza")
    assert (run.orders_total, run.requested_by, run.finished_at) == (1, "Ana Souza", None)
    assert list_told(integration) == [("orders.status_map_applied", {"count": 1}, "Ana Souza", "person")]
    assert list_jobs() == [("apply_status_map", str(run.pk), "apply_status_map", "pending")]
    with pytest.raises(services.MapRefused, match="já está sendo aplicado"):
        services.start_applying(integration=integration, person="Bruno")
    assert StatusMapRun.objects.count() == 1
    StatusMapRun.objects.update(finished_at=clock.now())
    assert services.start_applying(integration=integration, person="Bruno").pk != run.pk


@pytest.mark.django_db(transaction=True)
def test_applying_waits_for_an_order_without_holding_up_whoever_writes_it(
    organization: Organization, integration: Integration, owner_sql: Callable[..., list[tuple[Any, ...]]]
) -> None:
    """References first, then the revision: the other way round the two would wait for one another."""
    with tenant(organization):
        Erp(integration).list(make_row("700", situation="faturado"), make_row("701", situation="faturado"))
        Order.objects.update(status="placed")
        pks = list(OrderReference.objects.order_by("id").values_list("pk", flat=True))
    results: list[tuple[int, int]] = []

    def apply() -> None:
        try:
            with tenant(organization):
                results.append(services.apply_to_orders(reference_ids=pks, status_map=DEFAULT, person="Ana"))
        finally:
            connection.close()

    with tenant(organization):
        OrderReference.objects.select_for_update().get(pk=pks[1])
        other = threading.Thread(target=apply)
        other.start()
        wait_until(lambda: owner_sql(COUNT_WAITING)[0][0] > 0)
        take_revision()
    other.join(20)
    assert results == [(2, 0)]


def test_applied_a_return_is_flagged_and_no_poll_is_told_of(erp: Erp, lines: Lines) -> None:
    erp.list(make_row())
    status_map = with_rule(DEFAULT, make_row().situation, is_return=True)
    pks = list(OrderReference.objects.values_list("pk", flat=True))
    assert services.apply_to_orders(reference_ids=pks, status_map=status_map, person="Ana") == (1, 0)
    order = Order.objects.get()
    assert (order.is_return, [code for code, _ in lines(order)]) == (
        True,
        ["order.imported", "order.return_applied"],
    )


def test_uses_of_the_last_time(erp: Erp, integration: Integration) -> None:
    erp.list(make_row("700"), make_row("701"), make_row("702", situation="faturado"))
    Order.objects.filter(reference__external_id="700").update(updated_at=clock.now() - dt.timedelta(days=40))
    since = clock.now() - dt.timedelta(days=30)
    assert map_selectors.count_uses(integration, since) == (
        {"paid": 1, "invoiced": 1},
        {"aprovado": 1, "faturado": 1},
    )
