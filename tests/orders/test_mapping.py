"""«Mapeamento de status»: saved, undone, and what it does with what the ERP says."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

import pytest
from django.db import connection

from accounts import clock
from accounts.models import Organization
from accounts.tenancy import tenant
from contracts.order_status import OrderStatus
from integrations.cursors import read_cursor, write_cursor
from integrations.models import Integration, IntegrationState
from jobs.models import Job
from orders import map_selectors, services
from orders.models import (
    Order,
    OrderReference,
    OrderShipment,
    PassedOverOrder,
    StatusMapVersion,
)
from orders.status_map import Rule, StatusMap, find_conflicts
from tests.orders.conftest import Erp, make_detail, make_row, shipment
from tests.processes import COUNT_WAITING, wait_until
from tests.status_maps import (
    DEFAULT,
    importing,
    keep_map,
    list_jobs,
    list_told,
    save_map,
    with_rule,
    with_written,
)

Lines = Callable[[Order], list[tuple[str, dict[str, Any]]]]
QUIET = with_written(DEFAULT, OrderStatus.PAID, "")
FIGHTING = with_written(DEFAULT, OrderStatus.PAID, "enviado")


def maps(integration: Integration) -> list[tuple[int, str, int | None]]:
    """Number, who saved it and what it undoes, the oldest first."""
    versions = StatusMapVersion.objects.filter(integration=integration).order_by("number")
    return [(version.number, version.saved_by, version.undoes) for version in versions]


# --- saving ---


def test_the_default_holds_until_somebody_saves(erp: Erp, integration: Integration) -> None:
    assert map_selectors.read_status_map(integration) == DEFAULT
    assert save_map(integration, QUIET)
    assert map_selectors.read_status_map(integration) == QUIET
    version = StatusMapVersion.objects.get()
    assert (version.number, version.saved_by, version.undoes) == (1, "Ana Souza", None)
    assert version.outward == {**{key.value: code for key, code in DEFAULT.outward.items()}, "paid": ""}
    assert version.rules["enviado"] == {**asdict(DEFAULT.rules["enviado"]), "status": "in_transit"}
    assert list_told(integration) == [("orders.status_map_saved", {"number": 1}, "Ana Souza", "person")]
    assert list_jobs() == []


def test_the_same_map_again_is_no_version(erp: Erp, integration: Integration) -> None:
    assert not save_map(integration, DEFAULT)
    assert save_map(integration, QUIET)
    assert not save_map(integration, QUIET)
    assert maps(integration) == [(1, "Ana Souza", None)]
    assert len(list_told(integration)) == 1


def test_who_looked_at_an_older_map_saves_nothing(erp: Erp, integration: Integration) -> None:
    save_map(integration, QUIET)
    with pytest.raises(services.MapRefused, match="Outra pessoa salvou este mapeamento"):
        services.save_status_map(integration=integration, status_map=DEFAULT, person="Bruno", seen=0)
    assert map_selectors.read_status_map(integration) == QUIET
    assert len(maps(integration)) == len(list_told(integration)) == 1


def test_rules_that_fight_are_not_saved(erp: Erp, integration: Integration) -> None:
    assert find_conflicts(FIGHTING)
    with pytest.raises(services.MapRefused, match="se contradizem"):
        save_map(integration, FIGHTING)
    assert (maps(integration), list_told(integration), list_jobs()) == ([], [], [])


def test_a_situation_that_the_erp_got_since_has_its_default_rule(erp: Erp, integration: Integration) -> None:
    save_map(integration, QUIET)
    version = StatusMapVersion.objects.get()
    del version.rules["entregue"], version.outward["delivered"]
    version.save()
    assert map_selectors.read_status_map(integration) == QUIET


def test_undoing_is_a_version_too_and_can_be_undone(erp: Erp, integration: Integration) -> None:
    quieter = with_written(QUIET, OrderStatus.PICKING, "")
    save_map(integration, QUIET)
    save_map(integration, quieter)
    services.undo_status_map(integration=integration, person="Bruno", seen=2)
    assert map_selectors.read_status_map(integration) == QUIET
    services.undo_status_map(integration=integration, person="Ana Souza", seen=3)
    assert map_selectors.read_status_map(integration) == quieter
    assert maps(integration) == [
        (1, "Ana Souza", None),
        (2, "Ana Souza", None),
        (3, "Bruno", 2),
        (4, "Ana Souza", 3),
    ]
    assert [line[:3] for line in list_told(integration)][2:] == [
        ("orders.status_map_undone", {"number": 3}, "Bruno"),
        ("orders.status_map_undone", {"number": 4}, "Ana Souza"),
    ]
    assert [version.number for version in map_selectors.list_versions(integration)] == [4, 3, 2, 1]


def test_undoing_the_first_one_brings_the_default_back(erp: Erp, integration: Integration) -> None:
    save_map(integration, QUIET)
    services.undo_status_map(integration=integration, person="Ana Souza", seen=1)
    assert map_selectors.read_status_map(integration) == DEFAULT


@pytest.mark.parametrize("seen", [0, 1, 3])
def test_who_looked_at_another_version_undoes_nothing(erp: Erp, integration: Integration, seen: int) -> None:
    if seen:
        save_map(integration, QUIET)
        save_map(integration, with_written(QUIET, OrderStatus.PICKING, ""))
    before = maps(integration)
    with pytest.raises(services.MapRefused, match="Não há o que desfazer"):
        services.undo_status_map(integration=integration, person="Bruno", seen=seen)
    assert maps(integration) == before


def test_maps_of_two_companies_do_not_mix(
    organization: Organization, other_organization: Organization, integration: Integration
) -> None:
    with tenant(other_organization):
        theirs = Integration.objects.create(
            provider="tiny", protocol="v3", name="Tiny", state="connected", created_at=clock.now()
        )
        save_map(theirs, QUIET)
        other = Erp(theirs)
        other.list(make_row("700", situation="faturado"), make_row("701", situation="42"))
        Order.objects.update(status="in_transit")
        services.start_applying(integration=theirs, person="Bruno")
        # Whoever names another company's integration finds nothing of it.
        assert map_selectors.find_version(integration) is None
    with tenant(organization):
        assert map_selectors.read_status_map(integration) == DEFAULT
        assert map_selectors.find_version(theirs) is None
        assert map_selectors.list_quarantined(theirs) == map_selectors.list_quarantined(integration) == []
        assert map_selectors.preview_orders(theirs, DEFAULT) == []
        assert map_selectors.count_effect(theirs, DEFAULT) == map_selectors.OpenEffect(0, 0, 0)
        assert map_selectors.find_run(theirs) is None
        save_map(integration, importing("aberto"))
        assert map_selectors.find_version(integration).number == 1
        assert list_jobs() == [("pull_orders", str(integration.pk), "pull_orders", "pending")]
    with tenant(other_organization):
        assert map_selectors.read_status_map(theirs) == QUIET
        assert map_selectors.count_effect(theirs, QUIET) == map_selectors.OpenEffect(1, 0, 1)


# --- what a saved map sets going ---


@pytest.mark.parametrize(
    ("before", "after", "is_read_again"),
    [
        (importing("aprovado"), importing("aprovado", "aberto"), True),
        (importing("aprovado", "aberto"), importing("aprovado"), False),
        (DEFAULT, QUIET, False),
        (with_rule(DEFAULT, "cancelado", is_polled=False), DEFAULT, True),
        (DEFAULT, with_rule(DEFAULT, "cancelado", is_polled=False), False),
        (DEFAULT, with_rule(DEFAULT, "cancelado", is_polled=False, is_imported=True), False),
    ],
)
def test_only_what_is_heard_more_than_before_is_read_from_the_beginning(
    erp: Erp, integration: Integration, before: StatusMap, after: StatusMap, is_read_again: bool
) -> None:
    keep_map(integration, before)
    write_cursor(integration.pk, "orders", {"updated_from": "2026-11-20"})
    assert save_map(integration, after)
    poll = ("pull_orders", str(integration.pk), "pull_orders", "pending")
    assert list_jobs() == ([poll] if is_read_again else [])
    assert ("updated_from" not in read_cursor(integration.pk, "orders")) == is_read_again


@pytest.mark.parametrize(
    ("state", "is_awaited"),
    [
        (IntegrationState.CONNECTED, True),
        (IntegrationState.DISCONNECTED, True),
        (IntegrationState.DRAFT, False),
    ],
)
def test_a_rule_for_a_situation_that_had_none_releases_what_waits(
    erp: Erp, integration: Integration, state: IntegrationState, is_awaited: bool
) -> None:
    """While it is disconnected the job waits with the others: nothing else would ask for these orders."""
    Integration.objects.update(state=state)
    integration.refresh_from_db()
    save_map(integration, with_rule(DEFAULT, "42", status=OrderStatus.PICKING, is_imported=True))
    release = ("release_situation", f"{integration.pk}:1:42", "pull_orders", "pending")
    assert list_jobs() == ([release] if is_awaited else [])


def test_what_was_written_down_beside_the_saving_of_its_rule_goes_on_later(
    erp: Erp, integration: Integration
) -> None:
    save_map(integration, with_rule(DEFAULT, "42", status=OrderStatus.PICKING, is_imported=True))
    Job.objects.all().delete()
    for external_id, situation in (("901", "42"), ("902", "43")):
        PassedOverOrder.objects.create(
            integration=integration,
            external_id=external_id,
            situation=situation,
            reason_code="order.situation_unknown",
            row_hash="",
            seen_at=clock.now(),
        )
    services.release_ruled(integration=integration)
    assert list_jobs() == [("release_situation", f"{integration.pk}:1:42", "pull_orders", "pending")]


@pytest.mark.django_db(transaction=True)
def test_an_order_decided_by_the_former_map_is_written_before_the_next_map_holds(
    organization: Organization, integration: Integration, owner_sql: Callable[..., list[tuple[Any, ...]]]
) -> None:
    """Else the release would not find it: nobody would hear again what the ERP said of it."""
    known = with_rule(DEFAULT, "42", status=OrderStatus.INVOICED)
    with tenant(organization):
        erp = Erp(integration)
        erp.list(make_row())
        order = Order.objects.get()
    seen: list[list[str]] = []

    def save() -> None:
        try:
            with tenant(organization):
                save_map(integration, known)
                seen.append(list(OrderReference.objects.values_list("situation", flat=True)))
        finally:
            connection.close()

    with tenant(organization):
        erp.tell_detail(order, make_detail(make_row(situation="42")))
        other = threading.Thread(target=save)
        other.start()
        wait_until(lambda: owner_sql(COUNT_WAITING)[0][0] > 0)
    other.join(20)
    assert seen == [["42"]]
    with tenant(organization):
        assert ("release_situation", f"{integration.pk}:1:42") in [job[:2] for job in list_jobs()]


# --- quarantine ---


def test_a_situation_without_a_rule_is_visible_with_its_orders(erp: Erp, integration: Integration) -> None:
    erp.list(make_row("700"), make_row("701", situation="42"), make_row("702", situation="42"))
    erp.list(make_row("700", situation="42"), make_row("703", situation="Em análise"))
    assert map_selectors.list_quarantined(integration) == [
        map_selectors.Quarantined("42", held=2, kept=1),
        map_selectors.Quarantined("Em análise", held=1, kept=0),
    ]
    save_map(integration, with_rule(DEFAULT, "42"))
    assert [item.situation for item in map_selectors.list_quarantined(integration)] == ["Em análise"]


def test_what_is_not_imported_has_the_reason_that_holds_now(erp: Erp, integration: Integration) -> None:
    row = make_row("701", situation="42")
    erp.list(row)
    assert PassedOverOrder.objects.get().reason_code == "order.situation_unknown"
    keep_map(integration, with_rule(DEFAULT, "42"))
    erp.list(row)
    assert PassedOverOrder.objects.get().reason_code == "order.situation_not_chosen"
    keep_map(integration, with_rule(DEFAULT, "42", is_imported=True))
    erp.list(row)
    assert not PassedOverOrder.objects.exists()
    assert Order.objects.get().status == "placed"


@pytest.mark.parametrize(
    ("rule", "status", "is_return", "code"),
    [
        (Rule(OrderStatus.PICKING), "picking", False, "order.status_changed"),
        (Rule(OrderStatus.PLACED), "paid", False, "order.status_kept_ahead"),
        (Rule(OrderStatus.PAID), "paid", False, "order.status_confirmed"),
        (Rule(), "paid", False, "order.status_kept"),
        (Rule(is_return=True), "paid", True, "order.return_flagged"),
    ],
)
def test_what_was_said_without_a_rule_is_heard_by_it(
    erp: Erp, integration: Integration, lines: Lines, rule: Rule, status: str, is_return: bool, code: str
) -> None:
    erp.list(make_row())
    erp.list(make_row(situation="42"))
    reference = OrderReference.objects.get()
    known = replace(DEFAULT, rules={**DEFAULT.rules, "42": rule})
    before = Order.objects.get().revision
    services.hear_again(reference_id=reference.pk, situation="42", status_map=known)
    order = Order.objects.get()
    assert (order.status, order.is_return) == (status, is_return)
    assert (order.revision > before) == (code in ("order.status_changed", "order.return_flagged"))
    assert [line for line, _ in lines(order)][1:] == ["order.status_kept_unknown", code]
    # Heard only: what the ERP said is not answered by a write.
    assert not Job.objects.exists()


def test_what_the_erp_has_left_since_is_not_heard_again(
    erp: Erp, integration: Integration, lines: Lines
) -> None:
    erp.list(make_row(situation="faturado"))
    reference = OrderReference.objects.get()
    known = with_rule(DEFAULT, "42", status=OrderStatus.CANCELLED)
    services.hear_again(reference_id=reference.pk, situation="42", status_map=known)
    assert Order.objects.get().status == "invoiced"
    assert len(lines(Order.objects.get())) == 1


# --- the four actions ---


def test_what_is_not_to_be_asked_for_is_not_heard(erp: Erp, integration: Integration, lines: Lines) -> None:
    sent = shipment(tracking_code="QQ123456785BR")
    erp.list(make_row("700"))
    keep_map(integration, with_rule(DEFAULT, "enviado", is_polled=False))
    erp.list(make_row("700", situation="enviado", shipment=sent), make_row("701", situation="enviado"))
    order = Order.objects.get()
    assert (order.status, order.reference.situation) == ("paid", "aprovado")
    assert PassedOverOrder.objects.get().reason_code == "order.situation_not_chosen"
    # A single reading brings the details, and nothing of the situation either.
    erp.tell_detail(order, make_detail(make_row("700", situation="enviado", shipment=sent)))
    order = Order.objects.get()
    assert (order.status, order.reference.situation) == ("paid", "aprovado")
    assert order.reference.awaiting_invoice_since is None
    assert order.shipment.tracking_wanted_at is None
    assert order.items.exists()
    assert [code for code, _ in lines(order)] == ["order.imported", "order.tracking_received"]
    # The next one that is heard leads on.
    erp.list(make_row("700", situation="entregue"))
    assert Order.objects.get().status == "delivered"
    keep_map(integration, DEFAULT)
    erp.list(make_row("701", situation="enviado"))
    assert Order.objects.get(reference__external_id="701").status == "in_transit"


@pytest.mark.parametrize("is_imported", [True, False])
def test_what_is_not_to_be_imported_is_passed_over(
    erp: Erp, integration: Integration, is_imported: bool
) -> None:
    keep_map(integration, with_rule(DEFAULT, "aprovado", is_imported=is_imported))
    result = erp.list(make_row())
    assert (result.created, result.passed_over) == ((1, 0) if is_imported else (0, 1))
    assert Order.objects.exists() == is_imported


@pytest.mark.parametrize("awaits", [True, False])
@pytest.mark.parametrize("is_new", [True, False])
def test_a_nota_is_looked_for_where_the_rule_says_so(
    erp: Erp, integration: Integration, awaits: bool, is_new: bool
) -> None:
    keep_map(integration, with_rule(DEFAULT, "preparando_envio", awaits_invoice=awaits))
    if not is_new:
        erp.list(make_row())
    erp.list(make_row(situation="preparando_envio"))
    assert (OrderReference.objects.get().awaiting_invoice_since is not None) == awaits


@pytest.mark.parametrize("starts", [True, False])
@pytest.mark.parametrize("is_new", [True, False])
def test_a_parcel_is_followed_where_the_rule_says_so(
    erp: Erp, integration: Integration, starts: bool, is_new: bool
) -> None:
    keep_map(integration, with_rule(DEFAULT, "preparando_envio", starts_tracking=starts))
    sent = shipment(tracking_code="QQ123456785BR")
    if not is_new:
        erp.list(make_row(shipment=sent))
        assert OrderShipment.objects.get().tracking_wanted_at is None
    erp.list(make_row(situation="preparando_envio", shipment=replace(sent, carrier_name="Jadlog")))
    kept = OrderShipment.objects.get()
    assert kept.carrier_name == "Jadlog"
    assert (kept.tracking_wanted_at is not None) == starts
    first = kept.tracking_wanted_at
    erp.list(make_row(situation="preparando_envio", shipment=replace(sent, carrier_name="Correios")))
    assert OrderShipment.objects.get().tracking_wanted_at == first


def test_only_what_the_erp_can_list_is_swept(erp: Erp, integration: Integration) -> None:
    known = with_rule(DEFAULT, "42", is_imported=True)
    known = with_rule(known, "aprovado", is_polled=False)
    keep_map(integration, with_rule(known, "em_devolucao", is_imported=True))
    usual = ["preparando_envio", "faturado", "pronto_envio", "enviado"]
    assert map_selectors.list_swept_situations(integration) == [*usual, "em_devolucao"]
    integration.protocol = "v2"
    assert map_selectors.list_swept_situations(integration) == usual
    offered = [code for code, _ in map_selectors.situations_offered(integration, known)]
    assert offered == [code for code in DEFAULT.rules if code not in ("dados_incompletos", "em_devolucao")]


def test_an_order_in_a_situation_that_is_not_asked_for_is_not_asked_for_by_itself(
    erp: Erp, integration: Integration
) -> None:
    erp.list(make_row("700"), make_row("701", situation="faturado"))
    keep_map(integration, with_rule(DEFAULT, "faturado", is_polled=False))
    Job.objects.all().delete()
    later = clock.now() + dt.timedelta(hours=1)
    missed = services.enqueue_missed(
        integration=integration, since=clock.today() - dt.timedelta(days=400), started_at=later
    )
    asked = Order.objects.get(reference__external_id="700")
    assert (missed, [job[:2] for job in list_jobs()]) == (1, [("complete_order", str(asked.pk))])
