"""Orders: reads."""

from __future__ import annotations

import datetime as dt
import math
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import BigIntegerField, Count, Prefetch, Q, QuerySet
from django.db.models.functions import Cast, Coalesce

from accounts import clock
from accounts.clock import SAO_PAULO
from contracts.order_status import OrderStatus
from contracts.provider import Capability
from contracts.records import ErpOrder, InvoiceState
from customers.selectors import list_outside, read_criteria
from customers.sentences import OUTSIDE
from history.models import HistoryEntry
from integrations import registry
from integrations.imports import ImportState
from integrations.models import Integration, IntegrationState
from jobs.models import Call, Job, JobAttempt, JobStatus
from jobs.selectors import count_waiting, list_parked
from orders.forwarding import STATUS_REASONS
from orders.models import (
    ForwardingState,
    Invoice,
    Order,
    OrderForwarding,
    OrderImport,
    OrderInstallment,
    OrderItem,
    OrderReference,
    Origin,
    PassedOverOrder,
)
from orders.sentences import PASSED_OVER
from orders.synchronization import EXPORT_KINDS

# A nota may be dated a little before we could see it.
INVOICE_OVERLAP = dt.timedelta(days=2)
DETAILS_STAY_FRESH = dt.timedelta(minutes=10)
FULL_SEARCH_EVERY = dt.timedelta(days=1)
SHOWN_ATTEMPTS = 20


@dataclass(frozen=True, slots=True)
class View:
    """A saved view of the list. ``key`` stands in the address; ``condition`` is asked inside ``tenant``."""

    key: str
    label: str
    condition: Callable[[], Q]


def _list_stopped() -> QuerySet[Any, Any]:
    """The ids of orders of whose sending a job is parked."""
    parked = list_parked().filter(kind__in=EXPORT_KINDS).order_by()
    return parked.annotate(order_id=Cast("key", BigIntegerField())).values("order_id")


def _list_forwarded(*states: str) -> QuerySet[Any, Any]:
    return OrderForwarding.objects.filter(state__in=states).values("order_id")


def _needs_action() -> Q:
    # One list of ids: for an «or» of two conditions PostgreSQL asks every order.
    return Q(pk__in=_list_stopped().union(_list_forwarded(ForwardingState.UNROUTED)))


def _awaits_sending() -> Q:
    waiting = _list_forwarded(ForwardingState.WAITING, ForwardingState.DUE)
    return Q(pk__in=waiting.difference(_list_stopped()))


VIEWS = (
    View("todos", "Todos", Q),
    View("precisam-de-acao", "Precisam de ação", _needs_action),
    View("aguardando-envio", "Aguardando envio", _awaits_sending),
    View("aguardando-nf", "Aguardando NF", lambda: Q(reference__awaiting_invoice_since__isnull=False)),
    View("em-transporte", "Em transporte", lambda: Q(status=OrderStatus.IN_TRANSIT)),
    View("entregues", "Entregues", lambda: Q(status=OrderStatus.DELIVERED)),
    View("cancelados", "Cancelados", lambda: Q(status=OrderStatus.CANCELLED)),
)


@dataclass(frozen=True, slots=True)
class OrderFilter:
    """What the list is asked for; every part is optional."""

    view: str = "todos"
    text: str = ""
    status: str = ""
    integration_id: int | None = None
    placed_from: dt.date | None = None
    placed_to: dt.date | None = None


def list_orders(wanted: OrderFilter) -> QuerySet[Order]:
    """Newest first, with what a row shows."""
    orders = _filtered(wanted)
    condition = next((view.condition() for view in VIEWS if view.key == wanted.view), Q())
    return (
        orders.filter(condition)
        .select_related("customer", "shipment", "integration", "reference", "forwarding")
        .prefetch_related("invoices")
        .order_by("-placed_on", "-number")
    )


def count_views(wanted: OrderFilter) -> dict[str, int]:
    counts = {view.key.replace("-", "_"): Count("pk", filter=view.condition()) for view in VIEWS[1:]}
    totals = _filtered(wanted).aggregate(todos=Count("pk"), **counts)
    return {view.key: totals[view.key.replace("-", "_")] for view in VIEWS}


def _filtered(wanted: OrderFilter) -> QuerySet[Order]:
    orders: QuerySet[Order] = Order.objects.all()
    if wanted.text:
        orders = orders.filter(_search(wanted.text))
    if wanted.status:
        orders = orders.filter(status=wanted.status)
    if wanted.integration_id:
        orders = orders.filter(integration_id=wanted.integration_id)
    if wanted.placed_from:
        orders = orders.filter(placed_on__gte=wanted.placed_from)
    if wanted.placed_to:
        orders = orders.filter(placed_on__lte=wanted.placed_to)
    return orders


def _search(text: str) -> Q:
    """Equality on each number that an order has: under row-level security only that uses an index.

    A name is not searched for yet: that takes search terms of their own.
    """
    text = text.strip().lstrip("#")
    bare = re.sub(r"[\s./-]", "", text).upper()
    found = Q(erp_number=text) | Q(ecommerce_number=text) | Q(shipment__tracking_code=bare)
    if bare:
        found |= Q(customer__document=bare)
    # The nota and its order are of one organization, so the sub-query needs no join over all orders.
    invoices = Invoice.objects.filter(Q(number=text) | Q(access_key=bare))
    found |= Q(pk__in=invoices.values("order_id"))
    if text.isascii() and text.isdigit() and len(text) < 18:
        found |= Q(number=int(text))
    return found


def get_order(number: int) -> Order:
    """Raises ``Order.DoesNotExist``."""
    related = ("customer", "integration", "reference", "forwarding")
    return Order.objects.select_related(*related).get(number=number)


def list_for_api() -> QuerySet[Order]:
    """Orders with all that the REST API tells of one."""
    related = ("customer", "integration", "reference", "forwarding", "shipment")
    lines = [
        Prefetch("items", OrderItem.objects.order_by("position")),
        Prefetch("installments", OrderInstallment.objects.order_by("position")),
        Prefetch("invoices", Invoice.objects.order_by("id")),
    ]
    orders: QuerySet[Order] = Order.objects.select_related(*related)
    return orders.prefetch_related(*lines)


def needs_details(order: Order) -> bool:
    """Whether the ERP's row changed since the details were read, or they never were."""
    reference = getattr(order, "reference", None)
    if reference is None:
        return False
    return reference.deleted_at is None and reference.details_hash != reference.row_hash


def is_worth_reading(order: Order, now: dt.datetime) -> bool:
    """Whether opening the order justifies a call: details missing, or read a while ago."""
    read_at = order.details_loaded_at
    return needs_details(order) or read_at is None or read_at < now - DETAILS_STAY_FRESH


def has_authorized_invoice(order_id: int) -> bool:
    return (
        Invoice.objects.filter(order_id=order_id, state=InvoiceState.AUTHORIZED)
        .exclude(access_key="")
        .exists()
    )


def shown_invoice_number(order: Order) -> str | None:
    """The number of the order's nota for the list: the authorised one, else the newest."""
    invoices = sorted(
        order.invoices.all(), key=lambda invoice: (invoice.state != InvoiceState.AUTHORIZED, -invoice.pk)
    )
    return invoices[0].number if invoices else None


def situation_label(order: Order) -> str:
    """The ERP's own word for where the order stands there, ``""`` while it is not there."""
    if order.integration is None or not hasattr(order, "reference"):
        return ""
    code = order.reference.situation
    situations = registry.get_provider(order.integration.provider).situations
    return next((item.label for item in situations if item.code == code), code)


@dataclass(frozen=True, slots=True)
class Stage:
    """A step of the order's way: ``state`` is done, now, todo or cancelled."""

    key: str
    label: str
    state: str
    at: dt.datetime | dt.date | None = None


_RANK = {
    OrderStatus.INVOICED: 1,
    OrderStatus.IN_TRANSIT: 2,
    OrderStatus.NOT_DELIVERED: 2,
    OrderStatus.DELIVERED: 3,
}


CAME_TO_STATUS = frozenset(
    {"order.status_changed", "order.status_applied", "order.status_set", "order.cancelled_here"}
)


def times_of_statuses(entries: Iterable[HistoryEntry]) -> dict[str, dt.datetime]:
    """When the order last came to each status, by the status' label. ``entries`` are the newest first."""
    times: dict[str, dt.datetime] = {}
    for entry in entries:
        if entry.code in CAME_TO_STATUS:
            times.setdefault(str(entry.params["status"]), entry.at)
    return times


def list_stages(order: Order, invoices: list[Invoice], times: Mapping[str, dt.datetime]) -> list[Stage]:
    """Importado → Nota fiscal emitida → Em transporte → Entregue; a cancelled order shows just that.

    One that was placed here begins with Recebido → Enviado ao ERP.
    """
    first = _list_first_stages(order)
    status = OrderStatus(order.status)
    if status == OrderStatus.CANCELLED:
        return [*first, Stage("cancelled", status.label, "cancelled", times.get(status.label))]
    rank = _RANK.get(status, 0)
    carried = status if status == OrderStatus.NOT_DELIVERED else OrderStatus.IN_TRANSIT
    issued = next((invoice for invoice in invoices if invoice.state == InvoiceState.AUTHORIZED), None)
    if issued and rank == 0:
        rank = 1
    labels = [
        ("invoiced", "Nota fiscal emitida", issued.issued_on if issued else None),
        ("in_transit", carried.label, times.get(carried.label)),
        ("delivered", OrderStatus.DELIVERED.label, times.get(OrderStatus.DELIVERED.label)),
    ]
    stages = first
    for position, (key, label, at) in enumerate(labels, start=1):
        state = "todo" if position > rank else "done"
        if position == rank and status != OrderStatus.DELIVERED:
            state = "now"
        stages.append(Stage(key, label, state, at))
    return stages


def _list_first_stages(order: Order) -> list[Stage]:
    erp = registry.get_provider(order.integration.provider).short_name if order.integration else "ERP"
    if order.origin == Origin.ERP:
        return [Stage("imported", f"Importado do {erp}", "done", order.created_at)]
    sent_at = order.forwarding.sent_at
    return [
        Stage("received", "Recebido", "done" if sent_at else "now", order.created_at),
        Stage("sent", f"Enviado ao {erp}", "done" if sent_at else "todo", sent_at),
    ]


def summarise_passed_over(integration: Integration) -> list[dict[str, Any]]:
    """How many orders of the ERP were not imported, by reason and situation."""
    rows = (
        PassedOverOrder.objects.filter(integration=integration)
        .values("reason_code", "situation")
        .annotate(count=Count("pk"))
        .order_by("-count")
    )
    return [
        {
            "label": row["situation"] or PASSED_OVER.get(row["reason_code"], row["reason_code"]),
            "reason": PASSED_OVER.get(row["reason_code"], row["reason_code"]),
            "count": row["count"],
        }
        for row in rows
    ]


def summarise_first_read(integration: Integration, step: Mapping[str, Any]) -> dict[str, Any]:
    created = Order.objects.filter(integration=integration).count()
    skipped = PassedOverOrder.objects.filter(integration=integration).count()
    since = dt.date.fromisoformat(step["created_from"]).strftime("%d/%m/%Y")
    return {"since": since, "created": created, "skipped": skipped, "seen": created + skipped}


@dataclass(frozen=True, slots=True)
class ImportProgress:
    """An import as the panel shows it. ``minutes`` is what it takes, or what is left of it.

    ``details_left`` is how many orders of a list that was read are still to be read one by one.
    """

    run: OrderImport
    minutes: int
    rows_per_minute: int
    is_by_rows: bool
    details_left: int

    @property
    def polls(self) -> bool:
        """Whether the page asks again by itself."""
        return self.run.state in (ImportState.PLANNING, ImportState.RUNNING)


def describe_import(integration: Integration, now: dt.datetime) -> ImportProgress | None:
    """The newest import of the integration."""
    run = OrderImport.objects.filter(integration=integration).order_by("-requested_at", "-id").first()
    if run is None:
        return None
    left = max(0, (run.rows_total or 0) - run.rows_read)
    # A hundred orders a call, and as many notas: two calls. Rows that say too little cost two calls each.
    lists = math.ceil(left / 100)
    is_by_rows = reads_whole_rows(integration)
    details_left = 0
    if not is_by_rows and run.state in (ImportState.RUNNING, ImportState.DONE):
        details_left = count_waiting(integration.channel, "complete_order")
    calls = 2 * lists if is_by_rows else lists + 2 * (left + details_left)
    minutes = math.ceil(calls / (run.calls_per_minute or 1))
    elapsed = ((run.finished_at or now) - run.started_at).total_seconds() if run.started_at else 0
    pace = round(60 * run.rows_read / elapsed) if elapsed > 1 else 0
    return ImportProgress(run, minutes, pace, is_by_rows, details_left)


def reads_whole_rows(integration: Integration) -> bool:
    """Whether the ERP's list says all that an order here needs."""
    protocol = registry.get_protocol(integration.provider, integration.protocol)
    return protocol.can(Capability.FULL_ORDER_ROWS)


def newest_references(integration: Integration) -> list[OrderReference]:
    """Some orders of the integration that stood at the ERP when it was last asked."""
    references = OrderReference.objects.filter(integration=integration, deleted_at=None)
    return list(references.select_related("order").order_by("-order_id")[:5])


def is_awaiting_invoices(integration: Integration) -> bool:
    return _awaiting(integration).exists()


@dataclass(frozen=True, slots=True)
class InvoiceSearch:
    """From which day to list notas; ``is_full`` when that is the day of the oldest order that awaits one."""

    issued_from: dt.date
    is_full: bool


def plan_invoice_search(integration: Integration, cursor: Mapping[str, Any]) -> InvoiceSearch | None:
    """The shortest list that can hold an awaited nota.

    Once a day, and the first time, from the oldest order that awaits its nota. In between only notas newer
    than the last reading can matter to orders that were awaited then already.
    """
    awaiting = _awaiting(integration)
    oldest = awaiting.order_by("first_day").values_list("first_day", flat=True).first()
    if oldest is None:
        return None
    read_at, full_read_at = (_moment(cursor.get(key)) for key in ("read_at", "full_read_at"))
    latest = awaiting.order_by("-awaiting_invoice_since").values_list("awaiting_invoice_since", flat=True)[0]
    if read_at is None or full_read_at is None or read_at - full_read_at > FULL_SEARCH_EVERY:
        return InvoiceSearch(oldest, is_full=True)
    days = [read_at.astimezone(SAO_PAULO).date() - INVOICE_OVERLAP]
    if latest > read_at:
        newly = awaiting.filter(awaiting_invoice_since__gt=read_at)
        days += newly.order_by("first_day").values_list("first_day", flat=True)[:1]
    pending = Invoice.objects.filter(integration=integration, state=InvoiceState.PENDING)
    days += pending.exclude(issued_on=None).order_by("issued_on").values_list("issued_on", flat=True)[:1]
    return InvoiceSearch(max(oldest, min(days)), is_full=min(days) <= oldest)


# --- orders on their way to the ERP ---


def fold(text: str) -> str:
    """For comparing names: small letters without accents or spare spaces."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return " ".join(plain.casefold().split())


def get_order_to_send(order_id: int) -> Order:
    related = ("customer", "integration", "forwarding")
    return Order.objects.select_related(*related).get(pk=order_id)


def find_sent_reference(order_id: int) -> OrderReference | None:
    references = OrderReference.objects.select_related("order", "integration")
    return references.filter(order_id=order_id).first()


@dataclass(frozen=True, slots=True)
class Unproven:
    """An order that may be at the ERP without our knowing, as a row of the ERP's list would show it."""

    since: dt.date
    document: str
    name: str
    ecommerce_number: str

    def may_be(self, row: ErpOrder) -> bool:
        """Whether the row may be this order: of its days, and of its number or buyer as far as it tells."""
        if row.placed_on is not None and row.placed_on < self.since:
            return False
        if row.ecommerce_number and row.ecommerce_number == self.ecommerce_number:
            return True
        if row.customer is None or not (self.document or self.name):
            return True
        if row.customer.document and self.document:
            return row.customer.document == self.document
        return fold(row.customer.name) == self.name


def list_unproven(integration: Integration) -> list[Unproven]:
    """The ERP may tell of an order, in a list or a notification, before it answers the call that made it."""
    forwardings = OrderForwarding.objects.filter(
        attempted_at__isnull=False, order__integration=integration
    ).select_related("order")
    return [
        Unproven(
            since=first_day_at_erp(forwarding.order),
            document=forwarding.attempt["buyer_document"],
            name=fold(forwarding.attempt["buyer_name"]),
            ecommerce_number=forwarding.order.ecommerce_number,
        )
        for forwarding in forwardings
    ]


def first_day_at_erp(order: Order) -> dt.date:
    """The earliest that the ERP may call this order's day, which is not ours by its clock."""
    days = [order.placed_on or clock.today(), order.created_at.astimezone(SAO_PAULO).date()]
    return min(days) - dt.timedelta(days=1)


def list_offered(integration: Integration) -> QuerySet[OrderForwarding]:
    """Orders that would go were they placed now, and stood there before status or criteria were chosen."""
    outside = list_outside(read_criteria(integration))
    return (
        OrderForwarding.objects.select_related("order")
        .filter(
            order__integration=integration,
            order__status__in=integration.send_statuses,
            state__in=[ForwardingState.WAITING, ForwardingState.OUTSIDE],
            reason_code__in=[*STATUS_REASONS, *OUTSIDE],
        )
        .exclude(order__customer__in=outside.values("pk"))
    )


def list_destinations() -> list[Integration]:
    """The integrations to which a person may send an order."""
    return list(Integration.objects.exclude(state=IntegrationState.DRAFT).order_by("name"))


def list_open_exports(orders: Sequence[Order]) -> dict[int, list[Job]]:
    """By order the jobs of ``EXPORT_KINDS`` that wait, run or are parked, in one query."""
    by_order: dict[int, list[Job]] = {order.pk: [] for order in orders if order.integration is not None}
    channels = {order.integration.channel for order in orders if order.integration is not None}
    of_these = Q(channel__in=channels, kind__in=EXPORT_KINDS, key__in=[str(pk) for pk in by_order])
    # Each status by itself: each has an index of its own.
    states = (JobStatus.PENDING, JobStatus.RUNNING, JobStatus.PARKED)
    wanted = [Q(status=state) & of_these for state in states]
    if by_order:
        for job in Job.objects.filter(wanted[0] | wanted[1] | wanted[2]):
            by_order[int(job.key)].append(job)
    return by_order


@dataclass(frozen=True, slots=True)
class Attempt:
    """A try to do something at the ERP. ``reason`` is why it did not come to its end, in words."""

    what: str
    started_at: dt.datetime
    outcome: str
    label: str
    reason: str
    calls: Sequence[Call]


def list_attempts(order: Order) -> list[Attempt]:
    """The newest first, each with its redacted calls, which are kept for a week."""
    integration = order.integration
    if integration is None:
        return []
    jobs = Job.objects.filter(channel=integration.channel, kind__in=EXPORT_KINDS, key=str(order.pk))
    return describe_attempts(jobs, EXPORT_KINDS, integration)


def describe_attempts(
    jobs: Iterable[Job],
    names: Mapping[str, str],
    integration: Integration,
    *,
    since: dt.datetime | None = None,
    until: dt.datetime | None = None,
) -> list[Attempt]:
    """Those of ``jobs`` that began in that time, as ``list_attempts``; ``names`` of them go by kind."""
    kinds = {job.pk: job.kind for job in jobs}
    found = JobAttempt.objects.filter(job__in=list(kinds))
    if since is not None:
        found = found.filter(started_at__gte=since)
    if until is not None:
        found = found.filter(started_at__lte=until)
    rows = list(found.order_by("-started_at", "-id")[:SHOWN_ATTEMPTS])
    calls = list(Call.objects.filter(job__in=list(kinds)).order_by("id")) if rows else []
    attempts = []
    for row in rows:
        ended_at = row.finished_at
        of_row = [
            call
            for call in calls
            if call.job_id == row.job_id
            and row.started_at <= call.created_at
            and (ended_at is None or call.created_at <= ended_at)
        ]
        reason = registry.explain(row.reason_code, row.reason_params, integration.provider).title
        attempts.append(
            Attempt(
                what=names[kinds[row.job_id]],
                started_at=row.started_at,
                outcome=row.outcome,
                label=row.get_outcome_display() or "Em andamento",
                reason=reason if row.reason_code else "",
                calls=of_row,
            )
        )
    return attempts


def _awaiting(integration: Integration) -> Any:
    references = OrderReference.objects.filter(integration=integration, awaiting_invoice_since__isnull=False)
    return references.annotate(first_day=Coalesce("order__placed_on", "awaiting_invoice_since__date"))


def _moment(text: str | None) -> dt.datetime | None:
    return dt.datetime.fromisoformat(text) if text else None
