"""Where an order stands between here and its ERP, as one chip: a pure function of the order and its jobs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from contracts.order_status import OrderStatus
from customers.criteria import UNKNOWN as BUYER_UNKNOWN
from integrations import registry
from integrations.models import IntegrationState
from jobs.models import Job, JobStatus
from orders.models import ForwardingState, Order, OrderForwarding, OrderReference
from orders.sentences import describe_forwarding
from ui.moments import to_brasilia, write_moment

# The jobs that write an order at its ERP, and what a person calls them.
EXPORT_KINDS: Mapping[str, str] = {
    "export_order": "Envio do pedido",
    "export_situation": "Envio da situação",
    "export_order_change": "Envio de uma mudança",
    "export_shipment": "Envio do código de rastreio",
}


class SyncState(StrEnum):
    WAITING = "waiting"
    SENDING = "sending"
    SYNCED = "synced"
    RETRY = "retry"
    NEEDS_ACTION = "needs_action"
    OUTSIDE = "outside"
    DELETED = "deleted"


_LOOKS: Mapping[SyncState, tuple[str, str, str]] = {
    SyncState.WAITING: ("Aguardando envio", "", "clock"),
    SyncState.SENDING: ("Enviando", "info", "swap"),
    SyncState.SYNCED: ("Sincronizado", "ok", "check"),
    SyncState.RETRY: ("Nova tentativa", "warn", "refresh"),
    SyncState.NEEDS_ACTION: ("Precisa de ação", "err", "bang"),
    SyncState.OUTSIDE: ("Fora do critério", "", "pause"),
    SyncState.DELETED: ("Excluído no ERP", "warn", "alert"),
}


@dataclass(frozen=True, slots=True)
class Synchronization:
    """``cause`` is one line without a full stop, ``detail`` what happens by itself and what is to be done.

    ``action`` is the button: ``""``, ``"retry"``, ``"connect"`` or ``"choose_integration"``. ``may_force``:
    «Enviar assim mesmo» would send it.
    """

    state: SyncState
    cause: str = ""
    detail: str = ""
    action: str = ""
    may_force: bool = False
    next_at: str = ""

    @property
    def label(self) -> str:
        label = _LOOKS[self.state][0]
        return f"{label} {self.next_at}" if self.next_at else label

    @property
    def tone(self) -> str:
        return _LOOKS[self.state][1]

    @property
    def icon(self) -> str:
        return _LOOKS[self.state][2]


def describe_synchronization(order: Order, jobs: Iterable[Job], now: dt.datetime) -> Synchronization:
    """``jobs``: those of ``EXPORT_KINDS`` that wait, run or are parked for this order.

    What needs a person comes first, then what leaves the order out, then what happens by itself.
    """
    forwarding: OrderForwarding | None = getattr(order, "forwarding", None)
    live = _one_of_a_kind(jobs)
    parked = next((job for job in live if job.status == JobStatus.PARKED), None)
    if parked is not None:
        return _describe_parked(order, parked)
    if forwarding is not None and forwarding.state in (ForwardingState.UNROUTED, ForwardingState.OUTSIDE):
        return _describe_left_out(order, forwarding)
    if any(job.status == JobStatus.RUNNING for job in live):
        return Synchronization(SyncState.SENDING)
    if live:
        return _describe_pending(order, min(live, key=lambda job: job.not_before), now)
    if forwarding is not None and forwarding.state != ForwardingState.SENT:
        return _describe_waiting(order)
    reference: OrderReference | None = getattr(order, "reference", None)
    if reference is not None and reference.deleted_at is not None:
        return Synchronization(SyncState.DELETED, detail="Se ele voltar ao ERP, volta a ser acompanhado.")
    return Synchronization(SyncState.SYNCED)


def _one_of_a_kind(jobs: Iterable[Job]) -> list[Job]:
    """A parked job that goes on already, or that another of its kind will close, needs nobody."""
    by_kind: dict[str, Job] = {}
    for job in jobs:
        other = by_kind.get(job.kind)
        if other is None or _RANK[job.status] < _RANK[other.status]:
            by_kind[job.kind] = job
    return list(by_kind.values())


_RANK: Mapping[str, int] = {JobStatus.RUNNING: 0, JobStatus.PENDING: 1, JobStatus.PARKED: 2}


def _describe_parked(order: Order, job: Job) -> Synchronization:
    provider = order.integration.provider if order.integration else ""
    explanation = registry.explain(job.reason_code, job.reason_params, provider)
    return Synchronization(
        SyncState.NEEDS_ACTION,
        cause=explanation.title,
        detail=explanation.detail,
        action="connect" if explanation.action == "connect" else "retry",
        may_force=job.reason_code == BUYER_UNKNOWN and _may_force(order),
    )


def _describe_left_out(order: Order, forwarding: OrderForwarding) -> Synchronization:
    cause = describe_forwarding(forwarding.reason_code, forwarding.reason_params)
    if forwarding.state == ForwardingState.UNROUTED:
        return Synchronization(
            SyncState.NEEDS_ACTION,
            cause=cause,
            detail="O pedido está guardado aqui e não é enviado até que se saiba para onde.",
            action="choose_integration",
        )
    return Synchronization(
        SyncState.OUTSIDE,
        cause=cause.removeprefix("Fora do critério: "),
        detail="Não foi enviado ao ERP, e não será enviado sozinho.",
        may_force=_may_force(order),
    )


def _describe_pending(order: Order, job: Job, now: dt.datetime) -> Synchronization:
    if job.not_before <= now:
        return _describe_waiting(order)
    is_today = to_brasilia(job.not_before).date() == to_brasilia(now).date()
    moment = write_moment(job.not_before, "time" if is_today else "full")
    provider = order.integration.provider if order.integration else ""
    explanation = registry.explain(job.reason_code, job.reason_params, provider) if job.reason_code else None
    return Synchronization(
        SyncState.RETRY,
        cause=explanation.title if explanation else "",
        detail="Tentamos de novo sozinhos; nada foi perdido.",
        next_at=f"às {moment}" if is_today else f"em {moment}",
    )


def _describe_waiting(order: Order) -> Synchronization:
    integration = order.integration
    forwarding: OrderForwarding | None = getattr(order, "forwarding", None)
    if integration is not None and integration.state != IntegrationState.CONNECTED:
        explanation = registry.explain("integration.waiting_connection", {}, integration.provider)
        return Synchronization(SyncState.WAITING, cause=explanation.title, detail=explanation.detail)
    if forwarding is None or forwarding.state == ForwardingState.SENT:
        return Synchronization(SyncState.WAITING)
    return Synchronization(
        SyncState.WAITING,
        cause=describe_forwarding(forwarding.reason_code, forwarding.reason_params),
        may_force=forwarding.state == ForwardingState.WAITING and _may_force(order),
    )


def _may_force(order: Order) -> bool:
    forwarding: OrderForwarding | None = getattr(order, "forwarding", None)
    if forwarding is None or forwarding.state == ForwardingState.SENT:
        return False
    return order.integration is not None and order.status != OrderStatus.CANCELLED
