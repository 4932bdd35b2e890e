"""The map between our statuses and the ERP's situations, both ways: pure functions.

A company has one per integration; until it saves its own, the provider's default holds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from contracts.order_status import OrderStatus
from contracts.records import Situation
from orders.transitions import is_final, is_reachable


@dataclass(frozen=True, slots=True)
class Rule:
    """What one situation of the ERP means here.

    ``status`` is what an order becomes (``None``: Não alterar); ``is_return`` flags it instead.
    ``is_polled``: what the ERP's lists say of orders in it is heard; ``is_imported``: one that we do not know
    is taken in; ``awaits_invoice``: its nota is looked for; ``starts_tracking``: its parcel is followed.
    """

    status: OrderStatus | None = None
    is_return: bool = False
    is_polled: bool = True
    is_imported: bool = False
    awaits_invoice: bool = False
    starts_tracking: bool = False


@dataclass(frozen=True, slots=True)
class StatusMap:
    """``outward``: the situation to write by status (``""``: Não alterar). ``rules`` go by situation.

    ``labels`` are the situations' names at the ERP; a situation without a rule is in quarantine. Where a rule
    names no status, ``initial`` is what an order gets that we meet for the first time, and ``stands_after``
    how far it has come at least.
    """

    outward: Mapping[OrderStatus, str]
    rules: Mapping[str, Rule]
    labels: Mapping[str, str]
    initial: Mapping[str, OrderStatus] = field(default_factory=dict)
    stands_after: Mapping[str, OrderStatus] = field(default_factory=dict)

    def label(self, situation: str) -> str:
        return self.labels.get(situation, situation)

    def means(self, situation: str, status: OrderStatus) -> bool:
        """Whether the ERP says ``status`` already, be it by another situation than we would write."""
        rule = self.rules.get(situation)
        return rule is not None and rule.status == status


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


@dataclass(frozen=True, slots=True)
class Effect:
    """What a map makes of one order: its status here, and the situation to write (``""``: none)."""

    decision: StatusDecision
    written: str


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two rules that fight. ``text`` is for the person."""

    status: OrderStatus
    situation: str
    text: str


def make_default_map(situations: Sequence[Situation], outward: Mapping[OrderStatus, str]) -> StatusMap:
    return StatusMap(
        outward={status: outward.get(status, "") for status in OrderStatus},
        rules={
            situation.code: Rule(
                status=situation.default_status,
                is_return=situation.is_return,
                is_imported=situation.imported_by_default,
                awaits_invoice=situation.expects_invoice,
                starts_tracking=situation.expects_invoice,
            )
            for situation in situations
        },
        labels={situation.code: situation.label for situation in situations},
        initial={situation.code: situation.initial_status for situation in situations},
        stands_after={
            situation.code: reached
            for situation in situations
            if (reached := situation.stands_after or situation.default_status) is not None
        },
    )


def decide_import(status_map: StatusMap, situation: str) -> ImportDecision:
    rule = status_map.rules.get(situation)
    if rule is None:
        return ImportDecision(False, "order.situation_unknown")
    if not (rule.is_imported and rule.is_polled):
        return ImportDecision(False, "order.situation_not_chosen")
    return ImportDecision(True)


def decide_initial_status(status_map: StatusMap, situation: str) -> StatusDecision:
    """For an order that is imported: its situation has a rule."""
    rule = status_map.rules[situation]
    status = rule.status or status_map.initial.get(situation, OrderStatus.PLACED)
    params = {"situation": status_map.label(situation), "status": status.label}
    return StatusDecision(status, rule.is_return, "order.imported", params)


def decide_status(
    status_map: StatusMap, current: OrderStatus, situation: str, *, is_return: bool
) -> StatusDecision:
    """What a known order becomes when the ERP says ``situation``."""
    rule = status_map.rules.get(situation)
    params = {"situation": status_map.label(situation), "status": current.label}
    if rule is None:
        return StatusDecision(current, is_return, "order.status_kept_unknown", params)
    if rule.is_return:
        return StatusDecision(current, True, "order.return_flagged", params)
    if rule.status is None:
        return StatusDecision(current, False, "order.status_kept", params)
    if not is_reachable(current, rule.status):
        # Its steps vary, and it may not have heard yet of what happened here.
        return StatusDecision(current, is_return, "order.status_kept_ahead", params)
    reason = "order.status_confirmed" if rule.status == current else "order.status_changed"
    return StatusDecision(rule.status, False, reason, params | {"status": rule.status.label})


def leads_on(status_map: StatusMap, situation: str, status: OrderStatus) -> bool:
    """Whether what is written for ``status`` leads an order on that stands at the ERP in ``situation``.

    A situation that says less than the status, because a person wants it so, leads nothing back either.
    """
    reached = _reached(status_map, situation)
    wanted = _reached(status_map, status_map.outward.get(status, "")) or status
    if reached is None or wanted == OrderStatus.CANCELLED:
        return True
    return wanted != reached and is_reachable(reached, wanted)


def _reached(status_map: StatusMap, situation: str) -> OrderStatus | None:
    """How far an order in ``situation`` has come; ``None`` where nobody knows."""
    rule = status_map.rules.get(situation)
    if rule is None:
        return None
    return rule.status or status_map.stands_after.get(situation)


def decide_effect(status_map: StatusMap, current: OrderStatus, situation: str, *, is_return: bool) -> Effect:
    """What the map makes of an order of which the ERP said ``situation`` last.

    What the ERP said is taken over first, as far as it leads on; written is only what the ERP does not say
    already, be it in another situation of the same meaning. An order that has ended stays as it is on both
    sides; so does one that may have come from either status to the other, because nobody knows which side
    spoke last.
    """
    decision = decide_status(status_map, current, situation, is_return=is_return)
    decision = replace(decision, is_return=is_return or decision.is_return)
    if is_final(current) or (decision.status != current and is_reachable(decision.status, current)):
        return Effect(replace(decision, status=current, is_return=is_return), "")
    written = status_map.outward.get(current, "")
    says_more = decision.reason == "order.status_kept_ahead" and leads_on(status_map, situation, current)
    return Effect(decision, written if says_more and written != situation else "")


def find_conflicts(status_map: StatusMap) -> list[Conflict]:
    """What we write must not come back as an order's next status: that would move it on by itself."""
    conflicts = []
    for status, situation in status_map.outward.items():
        rule = status_map.rules.get(situation)
        written = status_map.label(situation)
        text = f"{status.label} muda o Tiny para {written}, e {written} no Tiny"
        if rule is not None and rule.is_return:
            conflicts.append(Conflict(status, situation, f"{text} marca o pedido como devolução."))
            continue
        back = rule.status if rule is not None else None
        if back is None or back == status or not is_reachable(status, back):
            continue
        text += f" muda o pedido para {back.label}"
        again = status_map.outward.get(back, "")
        rule_again = status_map.rules.get(again)
        if rule_again is not None and rule_again.status == status:
            text += ", que o muda de volta: os dois ficariam trocando sem parar"
        conflicts.append(Conflict(status, situation, f"{text}."))
    return conflicts
