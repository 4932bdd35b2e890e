"""When an order is settled, told from its history: for the flows in which both sides speak at once."""

from __future__ import annotations

from typing import Any

from accounts.tenancy import tenant
from contracts.order_status import OrderStatus
from history.models import HistoryEntry
from orders.models import Order
from orders.status_map import StatusMap, leads_on
from orders.transitions import is_reachable, may_follow
from tests.flows.conftest import Company

Lines = list[tuple[str, dict[str, Any]]]

CODES = {
    0: "aberto", 1: "faturado", 2: "cancelado", 3: "aprovado", 4: "preparando_envio", 5: "enviado",
    6: "entregue", 7: "pronto_envio", 8: "dados_incompletos", 9: "nao_entregue", 10: "em_devolucao",
}  # fmt: skip
# What is still incomplete reads as open over API v2, and what Tiny added has a name instead of a number.
OVER = {"v3": {**CODES, 42: "42"}, "v2": {**CODES, 8: "aberto", 42: "Em produção"}}
LABELS = {status.label: status for status in OrderStatus}

SAID_HERE = {"order.status_set", "order.cancelled_here"}
KEPT = {
    "order.status_kept",
    "order.status_kept_ahead",
    "order.status_kept_unknown",
    "order.return_flagged",
    "order.return_applied",
    "order.situation_kept",
}
FOLLOWED = {"order.status_changed", "order.status_confirmed"}
BEGUN = {"order.imported", "order.received", "order.sent", "order.sent_found"}
SAID = {*SAID_HERE, *KEPT, *FOLLOWED, *BEGUN, "order.situation_sent"}


def lines_of(company: Company, order: Order) -> Lines:
    """What was said of its status, by either side, the oldest first."""
    with tenant(company.organization):
        rows = HistoryEntry.objects.filter(subject_kind="order", subject_id=order.pk).order_by("id")
        return [(row.code, row.params) for row in rows if row.code in SAID]


def check_told(status_map: StatusMap, order: Order, lines: Lines, changes: int) -> None:
    """Each status has its line, neither side was led back, none of the ``changes`` made here is missing."""
    status = LABELS[lines[0][1]["status"]]
    codes = {label: code for code, label in status_map.labels.items()}
    label = lines[0][1].get("situation", "")
    for code, params in lines[1:]:
        said = LABELS.get(params.get("status", ""), status)
        if code in {"order.situation_sent", "order.situation_kept"}:
            former = label if code == "order.situation_sent" else params["situation"]
            is_sent = code == "order.situation_sent"
            # Written by a call whose answer was lost, it may have been heard before it is told as ours.
            is_echo = is_sent and former == params["situation"]
            assert is_echo or leads_on(status_map, codes.get(former, former), said) == is_sent
        label = params.get("situation", label)
        if code in SAID_HERE:
            assert LABELS[params["former"]] == status
            assert may_follow(status, said)
            status = said
        elif code == "order.status_changed":
            assert is_reachable(status, said)
            status = said
        elif code in KEPT or code in FOLLOWED:
            assert said == status
    assert status == order.status
    assert sum(code in SAID_HERE for code, _ in lines) == changes


def is_about_another(line: tuple[str, Any], status: OrderStatus) -> bool:
    code, params = line
    return code == "order.situation_sent" and bool(params["status"] != status.label)


def is_explained(status_map: StatusMap, status: OrderStatus, situation: str, lines: Lines) -> bool:
    """Whether the map relates the two, or the last word said of them tells why they stay apart."""
    rule = status_map.rules.get(situation)
    written = status_map.outward[status]
    if situation == written or (rule is not None and rule.status == status):
        return True
    # Of a former status it may be told late that it was written: the answer had been lost.
    code, params = [line for line in lines if not is_about_another(line, status)][-1]
    if code in KEPT:
        return params == {"situation": status_map.label(situation), "status": status.label}
    return not written and code in {*SAID_HERE, "order.sent", "order.sent_found"}
