"""What the canary compares: when each kind of notification was heard last, and what readings found since."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from accounts import clock
from catalog.models import ChangeSource, Figure, FigureChange, ProductCriteria, ProductReference
from catalog.selectors import is_stock_simple, read_criteria
from contracts.notifications import NotificationKind
from history.models import HistoryEntry, Source
from integrations.models import Integration
from jobs.models import Job, JobAttempt, Outcome
from orders.map_selectors import find_version
from orders.models import OrderReference, Origin
from orders.services.lines import SUBJECT as ORDER
from webhooks.canary import Deaf, Found
from webhooks.deciding import Entity
from webhooks.models import IngestOutage, IngestPulse, NotificationWatch, ReceiptState, WebhookReceipt

# Of what else the ERP tells no reading finds out.
PRODUCT_FIGURES: Mapping[str, tuple[str, ...]] = {
    NotificationKind.STOCK: (Figure.STOCK,),
    NotificationKind.PRICE: (Figure.PRICE, Figure.PROMOTIONAL_PRICE),
}
IMPORTED = "order.imported"
ORDER_CODES: Mapping[str, tuple[str, ...]] = {
    NotificationKind.ORDER: (
        IMPORTED, "order.status_changed", "order.return_flagged", "order.total_changed",
    ),
    NotificationKind.SITUATION: ("order.status_changed", "order.return_flagged"),
}  # fmt: skip
WATCHED = (*PRODUCT_FIGURES, *ORDER_CODES)
# Of another account: they do not show that ours is told of.
FOREIGN = ("webhook.other_account", "webhook.other_integrator")
# What these jobs find may have changed long before. The import of the history finds only orders so late.
LATE_READERS = ("sweep_orders", "release_situation", "read_held_orders", "apply_status_map")
HISTORY_READER = "import_history"
PULSE_AGE = dt.timedelta(minutes=5)


def list_silences() -> QuerySet[NotificationWatch]:
    """The integrations whose ERP stopped telling, each with its ``integration``."""
    silences = NotificationWatch.objects.exclude(noticed_at=None).select_related("integration")
    return silences.order_by("integration_id")


def list_muted(integration: Integration) -> list[str]:
    """The kinds of notification for which a person wants polls alone."""
    watch = NotificationWatch.objects.filter(integration=integration).first()
    return [kind for kind in WATCHED if watch is not None and is_muted(watch, kind)]


def is_muted(watch: NotificationWatch, kind: str) -> bool:
    return kind in watch.muted and watch.muted[kind] is None


def find_unmuted(watch: NotificationWatch, kind: str) -> dt.datetime | None:
    """Since when this kind is waited for again, where a person once wanted polls alone."""
    moment = watch.muted.get(kind)
    return None if moment is None else dt.datetime.fromisoformat(moment)


def is_listening(integration: Integration, now: dt.datetime) -> bool:
    """Whether what arrives is taken in and read: else a silence may be our own."""
    unread = WebhookReceipt.objects.filter(integration=integration, state=ReceiptState.RECEIVED)
    pulse = IngestPulse.objects.order_by("-at").first()
    return not unread.exists() and (pulse is None or pulse.at >= now - PULSE_AGE)


def find_last_heard(integration: Integration, kind: str) -> dt.datetime | None:
    """When the last notification of this kind came, ``None`` if none ever did."""
    receipts = WebhookReceipt.objects.filter(integration=integration, kind=kind)
    newest = receipts.exclude(reason_code__in=FOREIGN).order_by("-pk")
    return newest.values_list("received_at", flat=True).first()


def list_found(integration: Integration, kind: str, since: dt.datetime) -> list[Found]:
    """Changes since then that polls found, and that a notification of this kind should have announced."""
    if kind in PRODUCT_FIGURES:
        return _list_figures(integration, kind, since)
    return list(_list_orders(integration, kind, since))


def list_deaf(integration: Integration, kind: str, since: dt.datetime) -> list[Deaf]:
    """When notifications could not be taken in, and when readings found what is no news."""
    outages = IngestOutage.objects.filter(ended_at__gte=since).values_list("started_at", "ended_at")
    deaf = [Deaf(*outage) for outage in outages]
    if kind in PRODUCT_FIGURES:
        # By other criteria the same answer is another figure.
        saved = ProductCriteria.objects.filter(integration=integration, updated_at__gte=since)
        return deaf + [Deaf(at, at) for at in saved.values_list("updated_at", flat=True)]
    version = find_version(integration)
    if version is not None and version.saved_at >= since:
        # Orders that it left out before are imported now.
        deaf.append(Deaf(version.saved_at, version.saved_at))
    return deaf


def _list_figures(integration: Integration, kind: str, since: dt.datetime) -> list[Found]:
    if not _are_told_alike(integration, kind):
        return []
    steps = FigureChange.objects.filter(
        source=ChangeSource.POLL,
        figure__in=PRODUCT_FIGURES[kind],
        at__gt=since,
        unchanged_at__gte=since,
        product__references__integration=integration,
    )
    rows = list(steps.order_by("at").values_list("product_id", "unchanged_at", "at").distinct())
    told = _list_told(integration, kind, {product_id for product_id, _, _ in rows})
    return [Found(*row) for row in rows if row[0] in told]


def _are_told_alike(integration: Integration, kind: str) -> bool:
    """Whether what the criteria let count is what notifications tell of."""
    criteria = read_criteria(integration)
    if kind == NotificationKind.PRICE:
        return not criteria.price_list_id
    if criteria.warehouse:
        return False
    receipts = WebhookReceipt.objects.filter(integration=integration, kind=kind).order_by("-pk")
    facts = receipts.values_list("facts", flat=True).first() or {}
    return facts.get("stock_kind", "physical") == criteria.stock_kind or is_stock_simple(integration)


def count_subjects(integration: Integration, kind: str) -> int:
    """Of how many products or orders a notification of this kind told before; two are as good as many."""
    receipts = WebhookReceipt.objects.filter(integration=integration, kind=kind)
    receipts = receipts.exclude(entity="").exclude(reason_code__in=FOREIGN).order_by("-pk")
    newest = receipts.values_list("entity", flat=True).first()
    return 0 if newest is None else 1 + receipts.exclude(entity=newest).exists()


def _list_told(integration: Integration, kind: str, product_ids: Collection[int]) -> set[int]:
    """Those of the products of which the ERP ever told: of what it does not map it never does.

    Receipts of whatever kind show that, while they are kept, and steps that a notification made for ever.
    """
    references = ProductReference.objects.filter(integration=integration, product__in=product_ids)
    names: dict[str, int] = {}
    for product_id, external_id, sku, our_sku in references.values_list(
        "product_id", "external_id", "sku", "product__sku"
    ):
        for entity in (Entity("product", external_id), Entity("sku", sku), Entity("sku", our_sku)):
            names[str(entity)] = product_id
    receipts = WebhookReceipt.objects.filter(integration=integration, entity__in=names)
    told = {names[entity] for entity in receipts.order_by().values_list("entity", flat=True).distinct()}
    steps = FigureChange.objects.filter(
        product__in=product_ids, figure__in=PRODUCT_FIGURES[kind], source=ChangeSource.NOTIFICATION
    )
    return told | set(steps.values_list("product_id", flat=True).distinct())


def _list_orders(integration: Integration, kind: str, since: dt.datetime) -> list[Found]:
    """What a poll found was not so at the poll before: its list shows whatever changed."""
    polls = _list_turns(integration, ["pull_orders"], since)
    late = _list_turns(integration, LATE_READERS, since)
    history = _list_turns(integration, [HISTORY_READER], since)
    orders = _list_orders_since(integration, kind, since)
    entries = HistoryEntry.objects.filter(
        subject_kind=ORDER,
        subject_id__in=list(orders),
        source=Source.ERP,
        code__in=ORDER_CODES[kind],
        at__gt=since,
    )
    found = []
    for order_id, code, at in entries.order_by("at", "id").values_list("subject_id", "code", "at"):
        poll = polls.find(at)
        if poll is None or poll.former_at is None or late.find(at) is not None:
            continue
        day, placed_on = poll.former_at.astimezone(clock.SAO_PAULO).date(), orders[order_id]
        is_new = placed_on is not None and placed_on >= day and history.find(at) is None
        if code != IMPORTED or is_new:
            found.append(Found(order_id, poll.former_at, at))
    return found


def _list_orders_since(integration: Integration, kind: str, since: dt.datetime) -> dict[int, dt.date | None]:
    """When each order that changed was placed. Of an order's situation only its own integration is told."""
    references = OrderReference.objects.filter(integration=integration, order__updated_at__gt=since)
    if kind == NotificationKind.SITUATION:
        references = references.exclude(order__origin=Origin.ERP)
    return dict(references.values_list("order_id", "order__placed_on"))


@dataclass(frozen=True, slots=True)
class _Turn:
    """A worker was at a job from ``since`` to ``until``.

    ``former_at``: when the last one before it that came to its end began.
    """

    since: dt.datetime
    until: dt.datetime
    former_at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class _Turns:
    """In the order of their beginnings, and of their ends."""

    turns: Sequence[_Turn]

    def find(self, at: dt.datetime) -> _Turn | None:
        """The one in which this happened."""
        position = bisect_right(self.turns, at, key=lambda turn: turn.since)
        turn = self.turns[position - 1] if position else None
        return turn if turn is not None and at <= turn.until else None


def _list_turns(integration: Integration, kinds: Iterable[str], since: dt.datetime) -> _Turns:
    """When jobs of these kinds were worked at since then, and not when they waited."""
    is_recent = Q(finished_at=None) | Q(finished_at__gte=since)
    jobs = Job.objects.filter(is_recent, channel=integration.channel, kind__in=list(kinds))
    # By their ids: joined, all attempts of the company are looked at where statistics are old.
    attempts = JobAttempt.objects.filter(job__in=list(jobs.values_list("pk", flat=True)))
    rows = attempts.order_by("started_at", "id").values_list("job_id", "started_at", "finished_at", "outcome")
    turns: list[_Turn] = []
    began_at: dict[int, dt.datetime] = {}
    former_at: dict[int, dt.datetime | None] = {}
    done_at, until = None, since
    for job_id, started_at, finished_at, outcome in rows:
        if job_id not in began_at:
            began_at[job_id], former_at[job_id] = started_at, done_at
        until = max(until, finished_at or clock.now())
        turns.append(_Turn(started_at, until, former_at[job_id]))
        if outcome == Outcome.DONE:
            done_at = began_at[job_id]
    return _Turns(turns)
