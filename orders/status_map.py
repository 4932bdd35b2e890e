"""Which status an order gets from the ERP's situation: a pure function of both.

The map itself is the provider's default (``contracts.records.Situation``) until companies edit their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from contracts.order_status import OrderStatus
from contracts.records import Situation
from orders.transitions import is_reachable


@dataclass(frozen=True, slots=True)
class StatusDecision:
    """The status to have, whether it is a return, and why. ``reason`` is a code of ``orders.sentences``."""

    status: OrderStatus
    is_return: bool
    reason: str
    params: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ImportDecision:
    """Whether an order that we do not know yet is imported; ``reason`` says why not."""

    is_imported: bool
    reason: str = ""


def decide_import(situation: Situation | None, chosen: frozenset[str]) -> ImportDecision:
    if situation is None:
        return ImportDecision(False, "order.situation_unknown")
    if situation.code not in chosen:
        return ImportDecision(False, "order.situation_not_chosen")
    return ImportDecision(True)


def decide_initial_status(situation: Situation) -> StatusDecision:
    status = situation.initial_status
    params = {"situation": situation.label, "status": status.label}
    return StatusDecision(status, situation.is_return, "order.imported", params)


def leads_on(there: Situation, status: OrderStatus) -> bool:
    """Whether writing ``status`` would lead an order on that stands at the ERP in ``there``, or cancel it."""
    reached = there.stands_after
    if there.default_status is not None or reached is None or status == OrderStatus.CANCELLED:
        return True
    return status != reached and is_reachable(reached, status)


def decide_status(
    current: OrderStatus, is_return: bool, situation: Situation | None, raw: str
) -> StatusDecision:
    """What a known order becomes when the ERP says ``situation`` (``None``: one that we do not know)."""
    if situation is None:
        params = {"situation": raw, "status": current.label}
        return StatusDecision(current, is_return, "order.status_kept_unknown", params)
    params = {"situation": situation.label, "status": current.label}
    if situation.is_return:
        return StatusDecision(current, True, "order.return_flagged", params)
    if situation.default_status is None:
        return StatusDecision(current, False, "order.status_kept", params)
    status = situation.default_status
    if not is_reachable(current, status):
        # Its steps vary, and it may not have heard yet of what happened here.
        return StatusDecision(current, is_return, "order.status_kept_ahead", params)
    reason = "order.status_confirmed" if status == current else "order.status_changed"
    return StatusDecision(status, False, reason, params | {"status": status.label})
