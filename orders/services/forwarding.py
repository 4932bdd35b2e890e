"""Whether and when an order that was placed here goes to the ERP. Each write says which reason applies."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction
from django.db.models import QuerySet

from accounts import clock
from contracts.order_status import OrderStatus
from history.services import record_all
from integrations.models import Integration
from jobs.queue import Priority
from orders.forwarding import ForwardingDecision, decide_forwarding
from orders.models import ForwardingState, Order, OrderForwarding
from orders.selectors import list_offered
from orders.services.lines import person_line, platform_line, take_revision
from orders.services.queueing import enqueue_export

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class ForwardingRefused(ValueError):
    """The text is for the person."""


def make_key(order_id: int) -> str:
    """The order's name at the ERP: ``E`` and its identifier to the base 36, so at most ten characters."""
    number, digits = order_id, ""
    while number:
        number, digit = divmod(number, 36)
        digits = _DIGITS[digit] + digits
    return f"E{digits}"


def forward(*, order: Order, forwarding: OrderForwarding) -> None:
    """Decide for an order that was placed or changed its status just now, and enqueue what is due."""
    integration = order.integration
    if forwarding.state == ForwardingState.SENT:
        return
    if integration is None:
        if order.status == OrderStatus.CANCELLED:
            # Nobody has to choose any more where it goes.
            _decide(forwarding, ForwardingDecision(ForwardingState.OUTSIDE, "forwarding.cancelled"))
        return
    decision = decide_forwarding(
        OrderStatus(order.status), integration.send_statuses, is_forced=forwarding.is_forced
    )
    # What was due stays so; the job looks at the order as it is when its turn comes, a parked one anew.
    if forwarding.state != ForwardingState.DUE or decision.state == ForwardingState.DUE:
        _decide(forwarding, decision)
    if forwarding.state == ForwardingState.DUE:
        enqueue_export(order=order, integration=integration)


@transaction.atomic
def send_anyway(*, order_id: int, person: str) -> None:
    """«Enviar assim mesmo»: in spite of status and criteria. Raises ``ForwardingRefused``."""
    order, forwarding = lock_forwarding(order_id)
    if forwarding.state == ForwardingState.SENT:
        raise ForwardingRefused("Este pedido já foi enviado.")
    if order.integration is None:
        raise ForwardingRefused("Escolha antes a integração deste pedido.")
    if order.status == OrderStatus.CANCELLED:
        raise ForwardingRefused("Este pedido está cancelado e não é mais enviado.")
    now = clock.now()
    forwarding.is_forced = True
    _decide(forwarding, ForwardingDecision(ForwardingState.DUE, "forwarding.forced"))
    _touch(order)
    record_all([person_line(order.pk, "order.forced", {}, now, person)])
    enqueue_export(order=order, integration=order.integration, priority=Priority.PERSON)


@transaction.atomic
def choose_integration(*, order_id: int, integration: Integration, person: str) -> None:
    """For an order that nobody could tell where to send. Raises ``ForwardingRefused``."""
    order, forwarding = lock_forwarding(order_id)
    if order.integration is not None:
        raise ForwardingRefused("Este pedido já tem a sua integração.")
    order.integration = integration
    order.save(update_fields=["integration"])
    _touch(order)
    params = {"integration": integration.name}
    record_all([person_line(order.pk, "order.integration_chosen", params, clock.now(), person)])
    forward(order=order, forwarding=forwarding)


@transaction.atomic
def send_offered(*, integration: Integration, person: str) -> int:
    """«Enviar os N que já estão nestes status»; how many they were."""
    take_revision()
    lines, now = [], clock.now()
    offered: QuerySet[OrderForwarding] = list_offered(integration).select_for_update(of=("self",))
    for forwarding in offered.order_by("id"):
        order = forwarding.order
        params = {"status": OrderStatus(order.status).label}
        _decide(forwarding, ForwardingDecision(ForwardingState.DUE, "forwarding.in_status", params))
        _touch(order)
        lines.append(person_line(order.pk, "order.offered_sent", {}, now, person))
        enqueue_export(order=order, integration=integration)
    record_all(lines)
    return len(lines)


@transaction.atomic
def leave_out(*, order_id: int, reason: str, params: Mapping[str, str]) -> None:
    """The criteria say that it is not sent; a person may still do so."""
    order, forwarding = lock_forwarding(order_id)
    if forwarding.state != ForwardingState.DUE:
        return
    if forwarding.is_forced and order.status != OrderStatus.CANCELLED:
        # A person said so while the criteria were looked at; the job is wanted once more.
        return
    forwarding.attempted_at = None
    _decide(forwarding, ForwardingDecision(ForwardingState.OUTSIDE, reason, params))
    _touch(order)
    record_all([platform_line(order.pk, reason, params, clock.now())])


def lock_forwarding(order_id: int) -> tuple[Order, OrderForwarding]:
    """Order by order, so that two who decide about one order never do so side by side."""
    take_revision()
    forwarding = OrderForwarding.objects.select_for_update().get(order_id=order_id)
    order = Order.objects.select_related("integration", "customer").get(pk=order_id)
    return order, forwarding


def _decide(forwarding: OrderForwarding, decision: ForwardingDecision) -> None:
    forwarding.state = decision.state
    forwarding.reason_code, forwarding.reason_params = decision.reason, dict(decision.params)
    forwarding.save()


def _touch(order: Order) -> None:
    """A reader of the API learns of it."""
    Order.objects.filter(pk=order.pk).update(revision=take_revision(), updated_at=clock.now())
