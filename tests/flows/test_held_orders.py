"""Rows of Tiny's list that may be an order of ours whose sending has no answer yet: what becomes of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest

from accounts import clock
from accounts.tenancy import tenant
from integrations.cursors import write_cursor
from jobs import queue
from jobs.models import Job
from orders.models import Order, OrderForwarding, OrderReference, Origin, PassedOverOrder
from tests.flows.conftest import Company
from tests.flows.placing import CREATE, DETAIL, LIST, at_tiny, forwarding_of, place, prepare
from tests.status_maps import importing, keep_map

RunJobs = Callable[[], int]
MoveClock = Callable[[dt.timedelta], None]
# The buyer of ``placing.ANA``, as another program of the seller's brought her to Tiny.
ANA_AT_TINY = {"nome": "Ana de Exemplo", "cpfCnpj": "529.982.247-25"}


@pytest.fixture(params=["v3", "v2"])
def protocol(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def seller(company: Company, run_jobs: RunJobs, protocol: str) -> Company:
    """An order of Ana's is on its way, and nobody knows whether it arrived."""
    prepare(company, run_jobs)
    with tenant(company.organization):
        keep_map(company.integration, importing("aprovado"))
    company.account.tiny.add_fault(account_id=company.account.id, route=CREATE[protocol], drop=True, times=1)
    place(company)
    run_jobs()
    assert forwarding_of(company).attempted_at is not None
    return company


def add_others(seller: Company, run_jobs: RunJobs, count: int = 1) -> list[str]:
    """Ana's orders that are Tiny's own, met by a poll and held; no later one shows them any more."""
    rows = [seller.account.add_orders(situacao=3, cliente=ANA_AT_TINY)[0] for _ in range(count)]
    enqueue(seller, "pull_orders")
    run_jobs()
    assert set(kept(seller).values()) == {"order.waits_for_export"}
    with tenant(seller.organization):
        later = clock.today() + dt.timedelta(days=9)
        write_cursor(seller.integration.pk, "orders", {"updated_from": later.isoformat()})
    return [str(row["id"]) for row in rows]


def enqueue(seller: Company, kind: str) -> None:
    with tenant(seller.organization):
        integration = seller.integration
        queue.enqueue(kind, channel=integration.channel, key=str(integration.pk), lock="pull_orders")


def kept(seller: Company) -> dict[str, str]:
    with tenant(seller.organization):
        return dict(PassedOverOrder.objects.values_list("external_id", "reason_code"))


def imported(seller: Company) -> list[str]:
    with tenant(seller.organization):
        references = OrderReference.objects.filter(order__origin=Origin.ERP).order_by("id")
        return list(references.values_list("external_id", flat=True))


def test_a_row_that_no_list_shows_any_more_is_imported_once_it_is_known_to_be_another(
    seller: Company, run_jobs: RunJobs, move_clock: MoveClock, protocol: str
) -> None:
    (other,) = add_others(seller, run_jobs)
    move_clock(dt.timedelta(minutes=2))
    run_jobs()
    assert forwarding_of(seller).state == "sent"
    assert len(at_tiny(seller)) == 1
    assert (imported(seller), kept(seller)) == ([other], {})
    enqueue(seller, "read_held_orders")
    seller.account.clear_calls()
    run_jobs()
    assert seller.account.count_calls() == {}
    with tenant(seller.organization):
        assert Order.objects.count() == 2
        assert not Job.objects.filter(status="parked").exists()


def test_a_row_that_turns_out_to_be_ours_is_no_other_order(
    seller: Company, run_jobs: RunJobs, move_clock: MoveClock, protocol: str
) -> None:
    with tenant(seller.organization):
        keep_map(seller.integration, importing("aberto", "aprovado"))
    seller.account.tiny.add_fault(
        account_id=seller.account.id, route=CREATE[protocol], drop_after=True, times=1
    )
    move_clock(dt.timedelta(minutes=2))
    run_jobs()
    (there,) = at_tiny(seller)
    enqueue(seller, "pull_orders")
    run_jobs()
    assert kept(seller) == {str(there["id"]): "order.waits_for_export"}
    move_clock(dt.timedelta(minutes=2))
    run_jobs()
    assert forwarding_of(seller).state == "sent"
    assert (imported(seller), kept(seller)) == ([], {})
    with tenant(seller.organization):
        assert Order.objects.count() == 1


def give_up(seller: Company) -> None:
    """Nothing is on its way any more, and nobody looked at what was held."""
    with tenant(seller.organization):
        OrderForwarding.objects.update(attempted_at=None, state="outside")
        Job.objects.filter(kind="export_order").update(status="done")


def test_a_row_that_changed_or_went_meanwhile_has_its_own_reason(
    seller: Company, run_jobs: RunJobs, protocol: str
) -> None:
    gone, moved, other = add_others(seller, run_jobs, 3)
    seller.account.change_order(gone, delete=True)
    seller.account.change_order(moved, situacao=4)
    give_up(seller)
    enqueue(seller, "pull_orders")
    run_jobs()
    assert imported(seller) == [other]
    assert kept(seller) == {moved: "order.situation_not_chosen"}


def test_a_row_that_cannot_be_read_stops_no_other(seller: Company, run_jobs: RunJobs, protocol: str) -> None:
    others = add_others(seller, run_jobs, 2)
    unreadable_answer = {"v3": {"valorTotalPedido": "muito"}, "v2": {"pedido": "muito"}}[protocol]
    seller.account.tiny.add_fault(
        account_id=seller.account.id, route=DETAIL[protocol], replace=unreadable_answer, times=1
    )
    give_up(seller)
    enqueue(seller, "pull_orders")
    run_jobs()
    (read,) = imported(seller)
    (unreadable,) = set(others) - {read}
    assert kept(seller) == {unreadable: "orders.row_unreadable"}
    with tenant(seller.organization):
        assert not Job.objects.filter(status="parked").exists()


def test_a_row_that_may_still_be_ours_is_held_on(seller: Company, run_jobs: RunJobs, protocol: str) -> None:
    (other,) = add_others(seller, run_jobs)
    seller.account.clear_calls()
    enqueue(seller, "read_held_orders")
    run_jobs()
    assert seller.account.count_calls() == {DETAIL[protocol]: 1}
    assert (imported(seller), kept(seller)) == ([], {other: "order.waits_for_export"})
    # A poll asks for it only once nothing is on its way any more.
    seller.account.clear_calls()
    enqueue(seller, "pull_orders")
    run_jobs()
    assert seller.account.count_calls() == {LIST[protocol]: 1}
