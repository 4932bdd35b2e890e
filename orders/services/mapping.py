"""«Mapeamento de status»: saving it, undoing that, and applying it to the open orders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from django.db import transaction
from django.db.models import F

from accounts import clock
from contracts.order_status import OrderStatus
from history.models import Source
from history.services import record, record_all
from integrations.models import Integration, IntegrationState
from integrations.services import read_again
from jobs import queue
from jobs.queue import Priority
from orders import map_selectors
from orders.map_selectors import UNKNOWN_SITUATION
from orders.models import Order, OrderReference, PassedOverOrder, StatusMapRun, StatusMapVersion
from orders.services.following import expect_invoice
from orders.services.lines import order_line, person_line, take_revision
from orders.services.queueing import ask_to_follow, enqueue_situation
from orders.services.shipments import want_tracking
from orders.status_map import StatusDecision, StatusMap, decide_status, find_conflicts

# What an order becomes because a person applies the map, by what it is called when the ERP says it.
APPLIED = {"order.status_changed": "order.status_applied", "order.return_flagged": "order.return_applied"}


class MapRefused(ValueError):
    """The text is for the person."""


@transaction.atomic
def save_status_map(
    *, integration: Integration, status_map: StatusMap, person: str, seen: int, undoes: int | None = None
) -> bool:
    """Keep the map as the next version; it holds for what happens from now on. False if it is the same.

    ``seen`` is the number of the version that the person looked at, 0 for the default. Raises ``MapRefused``
    for rules that fight, and if somebody else saved meanwhile.
    """
    # One after the other, so that the later one sees what the former saved. Who writes an order at this
    # moment refers to the integration, which must not wait for this.
    integration = Integration.objects.select_for_update(no_key=True).get(pk=integration.pk)
    # What was decided by the former map has ended, and its orders are found by the release.
    take_revision()
    newest = map_selectors.find_version(integration)
    former = map_selectors.read_status_map(integration)
    number = newest.number if newest else 0
    if number != seen:
        raise MapRefused("Outra pessoa salvou este mapeamento enquanto você o via. Confira e salve de novo.")
    if find_conflicts(status_map):
        raise MapRefused("Há regras que se contradizem: corrija as linhas marcadas.")
    if (status_map.outward, status_map.rules) == (former.outward, former.rules):
        return False
    StatusMapVersion.objects.create(
        integration=integration,
        number=number + 1,
        saved_at=clock.now(),
        saved_by=person,
        undoes=undoes,
        **map_selectors.write_version(status_map),
    )
    code = "orders.status_map_saved" if undoes is None else "orders.status_map_undone"
    params = {"number": number + 1}
    _tell(integration, code, params, person)
    _release(integration, former, status_map)
    return True


@transaction.atomic
def undo_status_map(*, integration: Integration, person: str, seen: int) -> None:
    """The version before the newest once more, as a new one. Raises ``MapRefused``."""
    newest = map_selectors.find_version(integration)
    if newest is None or newest.number != seen:
        raise MapRefused("Não há o que desfazer: outra pessoa já mudou este mapeamento.")
    default = map_selectors.read_default_map(integration)
    before = StatusMapVersion.objects.filter(integration=integration, number=newest.number - 1).first()
    former = default if before is None else map_selectors.read_version(before, default)
    save_status_map(
        integration=integration, status_map=former, person=person, seen=seen, undoes=newest.number
    )


def _release(integration: Integration, former: StatusMap, status_map: StatusMap) -> None:
    """Orders that waited for a rule go on; what is imported now is looked for from the beginning.

    While the integration is disconnected, its jobs wait.
    """
    if integration.state == IntegrationState.DRAFT:
        return
    for situation in sorted({*status_map.rules} - {*former.rules}):
        _enqueue_release(integration, situation)
    widened = [
        code
        for code, rule in status_map.rules.items()
        if code in former.rules
        and rule.is_polled
        and ((rule.is_imported and not former.rules[code].is_imported) or not former.rules[code].is_polled)
    ]
    if widened:
        read_again(integration=integration)


def release_ruled(*, integration: Integration) -> None:
    """What was written down as unknown beside the saving of its rule, or could not be read since, goes on."""
    unknown = PassedOverOrder.objects.filter(integration=integration, reason_code=UNKNOWN_SITUATION)
    situations = set(unknown.values_list("situation", flat=True).distinct())
    if situations:
        for situation in sorted(situations & {*map_selectors.read_status_map(integration).rules}):
            _enqueue_release(integration, situation)


def _enqueue_release(integration: Integration, situation: str) -> None:
    version = map_selectors.find_version(integration)
    queue.enqueue(
        "release_situation",
        channel=integration.channel,
        # A rule that was undone and given again begins from the first order.
        key=f"{integration.pk}:{version.number if version else 0}:{situation}",
        # It reads and imports like these, and never beside them.
        lock="pull_orders",
        priority=Priority.PERSON,
    )


@transaction.atomic
def start_applying(*, integration: Integration, person: str) -> StatusMapRun:
    """«Aplicar aos pedidos em aberto». Raises ``MapRefused`` while it is done already."""
    integration = Integration.objects.select_for_update().get(pk=integration.pk)
    if StatusMapRun.objects.filter(integration=integration, finished_at=None).exists():
        raise MapRefused("O mapeamento já está sendo aplicado.")
    run = StatusMapRun.objects.create(
        integration=integration,
        requested_by=person,
        requested_at=clock.now(),
        orders_total=map_selectors.list_open_orders(integration).count(),
    )
    params = {"count": run.orders_total}
    _tell(integration, "orders.status_map_applied", params, person)
    queue.enqueue(
        "apply_status_map",
        channel=integration.channel,
        key=str(run.pk),
        lock="apply_status_map",
        priority=Priority.BACKFILL,
    )
    return run


@transaction.atomic
def apply_to_orders(*, reference_ids: Sequence[int], status_map: StatusMap, person: str) -> tuple[int, int]:
    """What the map makes of each order, because ``person`` wants it.

    How many changed, and of how many the situation will be written.
    """
    # All of them before the revision, as everybody locks who writes several.
    locked = OrderReference.objects.select_for_update().filter(pk__in=reference_ids).order_by("id")
    references = list(locked)
    revision = take_revision()
    orders = Order.objects.select_related("integration").in_bulk([row.order_id for row in references])
    moved = written = 0
    for reference in references:
        reference.order = orders[reference.order_id]
        effect = map_selectors.effect_of(reference, status_map)
        decision = effect.decision
        if _take_over(reference, decision, status_map, revision):
            moved += 1
            # Not the ERP has spoken now.
            code = APPLIED.get(decision.reason, decision.reason)
            now = clock.now()
            record_all([person_line(reference.order_id, code, decision.params, now, person)])
        if effect.written and reference.order.integration is not None:
            enqueue_situation(order=reference.order, integration=reference.order.integration)
            written += 1
    return moved, written


@transaction.atomic
def hear_again(*, reference_id: int, situation: str, status_map: StatusMap) -> None:
    """What the ERP said of an order while ``situation`` had no rule, if that is still what it said last."""
    locked = OrderReference.objects.select_for_update().filter(pk=reference_id, situation=situation)
    reference = locked.first()
    if reference is None:
        return
    revision = take_revision()
    reference.order = order = Order.objects.get(pk=reference.order_id)
    current = OrderStatus(order.status)
    decision = decide_status(status_map, current, situation, is_return=order.is_return)
    decision = replace(decision, is_return=order.is_return or decision.is_return)
    _take_over(reference, decision, status_map, revision)
    record_all([order_line(order.pk, decision.reason, decision.params, clock.now())])


def _take_over(
    reference: OrderReference, decision: StatusDecision, status_map: StatusMap, revision: int
) -> bool:
    """Whether the order is another one now. The caller holds the lock of the reference, and tells of it."""
    order, now = reference.order, clock.now()
    rule = status_map.rules.get(reference.situation)
    expect_invoice(reference, rule, now)
    reference.save(update_fields=["awaiting_invoice_since"])
    if rule is not None and rule.starts_tracking:
        want_tracking(order, now)
    if (decision.status, decision.is_return) == (OrderStatus(order.status), order.is_return):
        return False
    order.status, order.is_return = decision.status, decision.is_return
    order.revision, order.updated_at = revision, now
    order.save(update_fields=["status", "is_return", "revision", "updated_at"])
    ask_to_follow([order.pk])
    return True


def _tell(integration: Integration, code: str, params: Mapping[str, object], person: str) -> None:
    record(
        subject_kind="integration",
        subject_id=integration.pk,
        code=code,
        params=params,
        source=Source.PERSON,
        person=person,
    )


def advance_applying(*, run_id: int, read: int, moved: int, written: int) -> None:
    StatusMapRun.objects.filter(pk=run_id).update(
        orders_read=F("orders_read") + read,
        orders_moved=F("orders_moved") + moved,
        orders_written=F("orders_written") + written,
    )


def finish_applying(*, run_id: int) -> None:
    StatusMapRun.objects.filter(pk=run_id, finished_at=None).update(finished_at=clock.now())
