"""What becomes of an order's way to the ERP: before the call, after it, and what is written there later."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from accounts import clock
from contracts.order_status import OrderStatus
from contracts.records import ErpOrderDetail
from customers.services import link_at_erp
from history.services import record_all
from integrations.models import Integration
from orders.map_selectors import read_status_map
from orders.models import ForwardingState, Order, OrderForwarding, OrderReference
from orders.services.absorbing import absorb
from orders.services.following import expect_invoice, follow
from orders.services.forwarding import lock_forwarding
from orders.services.importing import release_held
from orders.services.lines import order_line, platform_line, take_revision
from orders.services.queueing import enqueue_change, enqueue_situation, write_typed_code


@dataclass(frozen=True, slots=True)
class Sent:
    """What an order was when it was sent: what became of it here since is not at the ERP yet.

    ``content`` are notes and expected day, ``None`` if nobody knows any more which were sent. ``seller`` is
    code and name. ``first_situation`` is the one in which the ERP may begin any order.
    """

    status: OrderStatus
    situation: str
    first_situation: str
    content: tuple[str, dt.date | None] | None
    seller: tuple[str, str]


@transaction.atomic
def begin_attempt(*, order_id: int, attempt: Mapping[str, Any]) -> OrderForwarding:
    """From now on the order may be at the ERP without our knowing, as ``attempt`` tells it.

    Said again when the call has ended without an answer: from then on it is waited.
    """
    forwarding: OrderForwarding = OrderForwarding.objects.select_for_update().get(order_id=order_id)
    forwarding.attempted_at, forwarding.attempt = clock.now(), dict(attempt)
    forwarding.save(update_fields=["attempted_at", "attempt"])
    return forwarding


@transaction.atomic
def end_attempt(*, order_id: int) -> None:
    """The order is not at the ERP: it was refused, or was not found after all."""
    order, forwarding = lock_forwarding(order_id)
    forwarding.attempted_at = None
    forwarding.save(update_fields=["attempted_at"])
    if order.integration is not None:
        release_held(integration=order.integration)


@transaction.atomic
def record_export(
    *,
    integration: Integration,
    order_id: int,
    detail: ErpOrderDetail,
    sent: Sent,
    not_taken: Collection[str],
    is_found: bool,
) -> None:
    """The ERP has the order, as ``detail``: once more told changes nothing.

    ``not_taken`` names what the ERP did not keep. ``is_found``: it was there already, from an attempt whose
    answer never came.
    """
    here = {"integration": integration, "external_id": detail.order.external_id}
    imported = OrderReference.objects.select_for_update().filter(**here).first()
    order, forwarding = lock_forwarding(order_id)
    if forwarding.state == ForwardingState.SENT:
        return
    if imported is not None:
        absorb(order, imported)
    status_map = read_status_map(integration)
    now = clock.now()
    row = detail.order
    status = OrderStatus(order.status)
    # It may have moved on at the ERP since; the situation of a new order there says nothing of it.
    has_moved = row.situation not in (sent.situation, sent.first_situation)
    reference = OrderReference(
        integration=integration,
        external_id=row.external_id,
        order=order,
        situation=sent.situation if has_moved else row.situation[:40],
        # The list has not shown it yet: what it says then is news.
        row_hash="",
    )
    forwarding.state = ForwardingState.SENT
    forwarding.attempted_at, forwarding.sent_at = None, now
    forwarding.save()
    params = {"number": row.number, "situation": status_map.label(row.situation)}
    record_all([order_line(order.pk, "order.sent_found" if is_found else "order.sent", params, now)])
    order.revision = take_revision()
    expect_invoice(reference, status_map.rules.get(row.situation), now)
    follow(order, reference, row, status_map, now)
    reference.save()
    if order.customer and row.customer and row.customer.external_id:
        link_at_erp(
            customer_id=order.customer.pk,
            integration=integration,
            external_id=row.customer.external_id,
            is_new=False,
        )
    not_taken = list(not_taken)
    if (order.seller_code, order.seller_name) != sent.seller:
        not_taken.append("vendedor")
    lines = []
    if not_taken:
        fields = ", ".join(dict.fromkeys(not_taken))
        lines.append(order_line(order.pk, "order.not_taken", {"fields": fields}, now))
    left_out = forwarding.attempt.get("left_out", {})
    lines += [platform_line(order.pk, code, {"what": what}, now) for code, what in left_out.items()]
    record_all(lines)
    release_held(integration=integration)
    # Somebody may have changed it or moved it on while it was on its way, or the ERP began it elsewhere.
    if sent.content != (order.notes, order.expected_on):
        enqueue_change(order=order, integration=integration)
    began_elsewhere = row.situation == sent.first_situation != sent.situation
    if status != sent.status or began_elsewhere:
        enqueue_situation(order=order, integration=integration)
    write_typed_code(order=order, integration=integration)


@transaction.atomic
def record_situation(*, order_id: int, situation: str, status: OrderStatus) -> None:
    """The ERP has the order in ``situation`` now, because of its ``status`` here."""
    locked = OrderReference.objects.select_related("integration").select_for_update(of=("self",))
    reference = locked.get(order_id=order_id)
    Order.objects.filter(pk=order_id).update(revision=take_revision())
    status_map = read_status_map(reference.integration)
    now = clock.now()
    reference.situation = situation
    expect_invoice(reference, status_map.rules.get(situation), now)
    reference.save()
    params = {"situation": status_map.label(situation), "status": status.label}
    lines = [order_line(order_id, "order.situation_sent", params, now)]
    if status == OrderStatus.CANCELLED:
        lines.append(order_line(order_id, "order.stock_stays_launched", {}, now))
    record_all(lines)


@transaction.atomic
def record_situation_kept(*, order_id: int, params: Mapping[str, str]) -> None:
    """The order stands further on at the ERP, in ``situation``, than its ``status`` here would say."""
    record_all([platform_line(order_id, "order.situation_kept", params, clock.now())])


@transaction.atomic
def record_change(*, order_id: int, sent: Collection[str], not_taken: Collection[str]) -> None:
    """What was changed here after the order was sent, and what of it the ERP did not keep."""
    now = clock.now()
    lines = []
    if sent:
        lines.append(order_line(order_id, "order.change_sent", {"fields": ", ".join(sent)}, now))
    if not_taken:
        lines.append(order_line(order_id, "order.not_taken", {"fields": ", ".join(not_taken)}, now))
    record_all(lines)
