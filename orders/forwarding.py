"""Whether an order placed here goes to the ERP now: a pure function with the reason that the page shows."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from contracts.order_status import OrderStatus
from orders.models import ForwardingState
from orders.transitions import is_reachable

# Left out because of the status alone: were it chosen later, the order is offered.
STATUS_REASONS = frozenset(
    {"forwarding.awaits_status", "forwarding.no_status_chosen", "forwarding.skipped_statuses"}
)


@dataclass(frozen=True, slots=True)
class ForwardingDecision:
    """``reason`` is a code of ``orders.sentences.FORWARDING``."""

    state: ForwardingState
    reason: str
    params: Mapping[str, str] = field(default_factory=dict)


def decide_forwarding(
    status: OrderStatus, send_statuses: Collection[str], *, is_forced: bool = False
) -> ForwardingDecision:
    """For an order that has just been placed or has just changed its status, and is not at the ERP yet.

    An order goes the first time its status is in the chosen set. Orders that stand there when the set changes
    are not decided anew: a person is offered to send them.
    """
    if is_forced and status != OrderStatus.CANCELLED:
        return ForwardingDecision(ForwardingState.DUE, "forwarding.forced")
    if status in send_statuses:
        return ForwardingDecision(ForwardingState.DUE, "forwarding.in_status", {"status": status.label})
    if status == OrderStatus.CANCELLED:
        return ForwardingDecision(ForwardingState.OUTSIDE, "forwarding.cancelled")
    ahead = [item.label for item in OrderStatus if item in send_statuses and is_reachable(status, item)]
    if ahead:
        statuses = " ou ".join(ahead)
        return ForwardingDecision(ForwardingState.WAITING, "forwarding.awaits_status", {"statuses": statuses})
    if not send_statuses:
        return ForwardingDecision(ForwardingState.OUTSIDE, "forwarding.no_status_chosen")
    return ForwardingDecision(
        ForwardingState.OUTSIDE, "forwarding.skipped_statuses", {"status": status.label}
    )
