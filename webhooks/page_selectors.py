"""Notifications as the pages show them: reads, inside ``tenant(...)``."""

from __future__ import annotations

import datetime as dt
import statistics
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import reduce
from itertools import pairwise
from operator import or_
from typing import Any

from django.db.models import Count, Max, Q, QuerySet
from django.db.models.functions import TruncHour

from catalog.models import ProductReference
from integrations.models import Integration
from jobs.models import Job, JobStatus
from orders.models import OrderReference
from orders.selectors import Attempt, describe_attempts
from ui.moments import BRASILIA
from webhooks.models import OPEN_STATES, ReceiptState, WebhookAddress, WebhookReceipt, WebhookReplayRun

AT_A_TIME = 50
# Of a state more than so many are not counted: «1.000+» says enough of them.
COUNTED_AT_MOST = 1_000
# A text is looked for among the facts of each receipt, which no index knows.
SEARCHED = dt.timedelta(days=7)
# The job that reads at the ERP what notifications announce.
FOLLOWING = "follow_notification"
# What a page of the list does not need of a row that may be large.
HEAVY = ("body", "headers")


# --- the list ---


@dataclass(frozen=True, slots=True)
class View:
    """A tab of the list; without ``states`` it shows all of them."""

    key: str
    label: str
    states: Collection[str] = ()


VIEWS = (
    View("todas", "Todas"),
    View("falharam", "Falharam", (ReceiptState.FAILED,)),
    View("aguardando", "Aguardando", OPEN_STATES),
    View("processadas", "Processadas", (ReceiptState.APPLIED,)),
    View("ignoradas", "Ignoradas", (ReceiptState.IGNORED,)),
    View("repetidas", "Repetidas", (ReceiptState.REPEATED,)),
)


@dataclass(frozen=True, slots=True)
class ReceiptFilter:
    """``text`` is a SKU or a number of an order; ``reason`` a code, to which a banner leads.

    ``run_id`` is a ``WebhookReplayRun``, of which those receipts are that it reached.
    """

    view: str = VIEWS[0].key
    text: str = ""
    integration_id: int | None = None
    kind: str = ""
    reason: str = ""
    received_from: dt.datetime | None = None
    run_id: int | None = None


def list_receipts(wanted: ReceiptFilter) -> QuerySet[WebhookReceipt]:
    """The newest first, without body and headers."""
    view = next(view for view in VIEWS if view.key == wanted.view)
    receipts = _filtered(wanted).select_related("integration").defer(*HEAVY).order_by("-pk")
    # One by one: each state has its index, and a set of them none.
    return receipts.filter(reduce(or_, (Q(state=state) for state in view.states), Q()))


@dataclass(frozen=True, slots=True)
class Total:
    """``is_more``: there are more than ``count``, which nobody counted."""

    count: int
    is_more: bool


def count_views(wanted: ReceiptFilter) -> dict[str, Total]:
    """How many each tab shows, whichever of them is asked for."""
    receipts = _filtered(wanted).order_by()
    counts = {
        state: receipts.filter(state=state)[: COUNTED_AT_MOST + 1].count() for state in ReceiptState.values
    }
    return {
        view.key: _add_up(
            [count for state, count in counts.items() if not view.states or state in view.states]
        )
        for view in VIEWS
    }


def _add_up(counts: list[int]) -> Total:
    total = sum(min(count, COUNTED_AT_MOST) for count in counts)
    return Total(total, any(count > COUNTED_AT_MOST for count in counts))


def _filtered(wanted: ReceiptFilter) -> QuerySet[WebhookReceipt]:
    receipts: QuerySet[WebhookReceipt] = WebhookReceipt.objects.all()
    if wanted.integration_id is not None:
        receipts = receipts.filter(integration_id=wanted.integration_id)
    if wanted.kind:
        receipts = receipts.filter(kind=wanted.kind)
    if wanted.reason:
        receipts = receipts.filter(reason_code=wanted.reason)
    if wanted.received_from is not None:
        receipts = receipts.filter(received_at__gte=wanted.received_from)
    if wanted.run_id is not None:
        receipts = receipts.filter(pk__in=_list_reached(wanted.run_id))
    if wanted.text:
        receipts = receipts.filter(_named(wanted.text))
    return receipts


def _list_reached(run_id: int) -> list[int]:
    run = WebhookReplayRun.objects.filter(pk=run_id).first()
    return run.receipt_ids[: run.receipts_done] if run is not None else []


def _named(text: str) -> Q:
    return (
        Q(facts__sku__icontains=text)
        | Q(facts__number=text)
        | Q(facts__ecommerce_number__icontains=text)
        | Q(facts__tracking_code__iexact=text)
        | Q(facts__external_id=text)
    )


def count_newer(wanted: ReceiptFilter, than_id: int, most: int) -> int:
    """Receipts of the list that came after the newest one that it shows; ``most`` at most."""
    return list_receipts(wanted).filter(pk__gt=than_id).order_by()[:most].count()


def count_by_hour(
    since: dt.datetime, integration_id: int | None = None
) -> Mapping[dt.datetime, tuple[int, int]]:
    """(all, failed) by the beginning of the hour, in Brasília."""
    receipts = WebhookReceipt.objects.filter(received_at__gte=since)
    if integration_id is not None:
        receipts = receipts.filter(integration_id=integration_id)
    failed = Count("pk", filter=Q(state=ReceiptState.FAILED))
    hours = receipts.annotate(hour=TruncHour("received_at", tzinfo=BRASILIA)).values("hour").order_by()
    return {
        row["hour"]: (row["count"], row["failed"]) for row in hours.annotate(count=Count("pk"), failed=failed)
    }


# --- what becomes of one that waits ---


@dataclass(frozen=True, slots=True)
class Waiting:
    """Why it was not processed yet: tried before, and again ``next_at``; or it needs a person."""

    next_at: dt.datetime | None
    needs_person: bool


def find_waiting(receipts: Iterable[WebhookReceipt]) -> dict[int, Waiting]:
    """Of receipts whose reading at the ERP did not succeed at once, by their id."""
    keys = {
        receipt.pk: f"{receipt.integration_id}/{receipt.entity}"
        for receipt in receipts
        if receipt.state == ReceiptState.WAITING and receipt.entity
    }
    if not keys:
        return {}
    jobs = Job.objects.filter(kind=FOLLOWING, key__in=set(keys.values())).filter(
        Q(status=JobStatus.PARKED) | Q(status=JobStatus.PENDING, failures__gt=0)
    )
    found = {
        job.key: Waiting(
            next_at=job.not_before if job.status == JobStatus.PENDING else None,
            needs_person=job.status == JobStatus.PARKED,
        )
        for job in jobs.order_by("pk")
    }
    return {pk: found[key] for pk, key in keys.items() if key in found}


def find_followed(job_key: str) -> WebhookReceipt | None:
    """The newest notification for which a job reads the ERP."""
    integration_id, _, entity = job_key.partition("/")
    receipts = WebhookReceipt.objects.filter(integration_id=int(integration_id), entity=entity)
    return receipts.defer(*HEAVY).order_by("-pk").first()


# --- one ---


@dataclass(frozen=True, slots=True)
class Subject:
    """What a notification is about, where it is one of ours."""

    product_id: int | None = None
    product_name: str = ""
    order_number: int | None = None


def find_subject(receipt: WebhookReceipt) -> Subject | None:
    kind, _, external_id = receipt.entity.partition(":")
    if kind == "order":
        order = OrderReference.objects.filter(integration=receipt.integration, external_id=external_id)
        found = order.select_related("order").first()
        return Subject(order_number=found.order.number) if found else None
    if kind == "product":
        product = ProductReference.objects.filter(integration=receipt.integration, external_id=external_id)
        known = product.exclude(product=None).select_related("product").first()
        return Subject(product_id=known.product.pk, product_name=known.product.name) if known else None
    return None


def list_attempts(receipt: WebhookReceipt) -> list[Attempt]:
    """The readings at the ERP that were for this one, the newest first."""
    integration = receipt.integration
    jobs = Job.objects.filter(
        channel=integration.channel, kind=FOLLOWING, key=f"{integration.pk}/{receipt.entity}"
    )
    names = {FOLLOWING: "Leitura no Tiny"}
    return describe_attempts(jobs, names, integration, since=receipt.received_at, until=receipt.settled_at)


def list_repeats(receipt: WebhookReceipt, most: int) -> tuple[list[WebhookReceipt], int]:
    """The newest of those for which this one's reading stands, and how many they are."""
    repeats = WebhookReceipt.objects.filter(
        integration=receipt.integration, entity=receipt.entity, repeats=receipt
    )
    return list(repeats.defer(*HEAVY).order_by("-pk")[:most]), repeats.count()


def find_newer(receipt: WebhookReceipt) -> WebhookReceipt | None:
    """The newest later one of the same entity."""
    if not receipt.entity:
        return None
    later = WebhookReceipt.objects.filter(
        integration=receipt.integration, entity=receipt.entity, pk__gt=receipt.pk
    )
    return later.defer(*HEAVY).order_by("-pk").first()


# --- the fields of the ERP's settings ---

# So many of a kind tell how often they usually come.
USUAL_OF = 50
USUAL_AT_LEAST = 10
LATE_AFTER = dt.timedelta(days=1)
LATE_TIMES = 12


@dataclass(frozen=True, slots=True)
class KindFacts:
    """``last`` is the newest notification of a kind; ``usual`` the middle of the pauses between them.

    ``is_late``: it is much longer ago than that. ``is_first``: none had come when the page was opened.
    """

    last: WebhookReceipt | None = None
    count: int = 0
    usual: dt.timedelta | None = None
    is_late: bool = False
    is_first: bool = False


def describe_kinds(
    integration: Integration, kinds: Iterable[str], *, now: dt.datetime, seen_id: int
) -> dict[str, KindFacts]:
    """By kind; ``count`` is that of the last 24 hours, ``seen_id`` the newest when the page was opened."""
    receipts = WebhookReceipt.objects.filter(integration=integration).select_related("integration")
    today = receipts.exclude(kind="").filter(received_at__gte=now - dt.timedelta(hours=24))
    counts = dict(today.values_list("kind").annotate(count=Count("pk")).order_by())
    return {
        kind: _describe_kind(receipts.filter(kind=kind), counts.get(kind, 0), now, seen_id)
        for kind in dict.fromkeys(kinds)
    }


def _describe_kind(
    receipts: QuerySet[WebhookReceipt], count: int, now: dt.datetime, seen_id: int
) -> KindFacts:
    recent = list(receipts.defer(*HEAVY).order_by("-pk")[:USUAL_OF])
    if not recent:
        return KindFacts()
    usual = None
    if len(recent) >= USUAL_AT_LEAST:
        moments = [receipt.received_at for receipt in recent]
        pauses = [(later - earlier).total_seconds() for later, earlier in pairwise(moments)]
        usual = dt.timedelta(seconds=statistics.median(pauses))
    silence = now - recent[0].received_at
    return KindFacts(
        last=recent[0],
        count=count,
        usual=usual,
        is_late=usual is not None and silence > max(LATE_AFTER, usual * LATE_TIMES),
        is_first=recent[-1].pk > seen_id and len(recent) < USUAL_OF,
    )


def newest_id(integration: Integration | None = None) -> int:
    """Of the receipts that there are, 0 before the first one."""
    receipts = WebhookReceipt.objects.all()
    if integration is not None:
        receipts = receipts.filter(integration=integration)
    return receipts.order_by("-pk").values_list("pk", flat=True).first() or 0


def find_former_address(integration: Integration, now: dt.datetime) -> WebhookAddress | None:
    """The one before the current one, as long as it is still good."""
    addresses = WebhookAddress.objects.filter(integration=integration, valid_until__gt=now)
    return addresses.order_by("-valid_until").first()


def list_senders(integration: Integration) -> list[str]:
    """From where the last notifications came: IP addresses, each once."""
    receipts = WebhookReceipt.objects.filter(integration=integration).order_by("-pk")
    return list(dict.fromkeys(filter(None, receipts.values_list("remote_ip", flat=True)[:USUAL_OF])))


# --- what was not taken over, and why ---


@dataclass(frozen=True, slots=True)
class Failed:
    """``count`` receipts of an integration; ``newest`` of them has their reason, or the newest reason."""

    integration: Integration
    count: int
    newest: WebhookReceipt


def list_failed(integration: Integration) -> list[Failed]:
    """By reason, those of which nothing was taken over and that nobody ignored."""
    receipts = WebhookReceipt.objects.filter(integration=integration, state=ReceiptState.FAILED)
    return _group(receipts, "reason_code")


def list_quarantined() -> list[Failed]:
    """By integration, those that were not even followed: not to be read, or meant for somebody else."""
    receipts = WebhookReceipt.objects.filter(state=ReceiptState.FAILED, entity="")
    return _group(receipts, "integration_id")


def _group(receipts: QuerySet[WebhookReceipt], column: str) -> list[Failed]:
    groups: list[Any] = list(
        receipts.values(column).annotate(count=Count("pk"), newest=Max("pk")).order_by(column)
    )
    rows = WebhookReceipt.objects.select_related("integration").defer(*HEAVY)
    newest = rows.in_bulk([group["newest"] for group in groups])
    return [
        Failed(newest[group["newest"]].integration, group["count"], newest[group["newest"]])
        for group in groups
    ]
