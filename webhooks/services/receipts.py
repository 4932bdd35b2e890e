"""What was received, from the bytes to the outcome. A receipt is read in its batch's one transaction."""

from __future__ import annotations

import datetime as dt
import json
import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Length

from accounts import clock
from accounts.gateways import ReceiptIds
from accounts.tenancy import tenant
from catalog.services import ToldStock, tell_stock
from contracts.errors import MappingError
from contracts.notifications import ErpNotification, NotificationKind
from contracts.provider import Provider
from history.models import Source
from history.services import entry, record_all
from integrations import registry
from integrations.models import Integration
from jobs import queue
from jobs.queue import Priority
from jobs.runner import DATABASE_AWAY, describe
from webhooks import deciding, selectors
from webhooks.deciding import (
    Account,
    Effect,
    Entity,
    Outcome,
    find_entity,
    join_effects,
    list_facts,
    list_stock_effect,
    may_count,
)
from webhooks.models import OPEN_STATES, ReceiptState, WebhookReceipt
from webhooks.services.arrivals import request_reading
from webhooks.services.outages import is_doubtful

logger = logging.getLogger(__name__)

SUBJECT = "receipt"
# So many at a time, or so many bytes of them.
BATCH = 1000
BATCH_BYTES = 8_000_000
LATE_KINDS = frozenset({"product", "sku"})
# As the columns are.
LONGEST_ENTITY, LONGEST_TYPE_NAME = 140, 60


class _Received(NamedTuple):
    """Of a receipt what reading it takes; a model's instance would cost as much as the rest."""

    pk: int
    body: memoryview
    received_at: dt.datetime
    replays: int


@dataclass(slots=True)
class _Reading:
    """What reading one receipt found out, as its columns."""

    receipt: _Received
    notification: ErpNotification | None = None
    state: str = ReceiptState.WAITING
    kind: str = ""
    type_name: str = ""
    entity: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)
    reason_code: str = ""
    reason_params: Mapping[str, str] = field(default_factory=dict)
    effect: Effect = field(default_factory=list)
    provisional_at: dt.datetime | None = None


@transaction.atomic
def read_batch(*, integration: Integration) -> int:
    """Read the oldest receipts that nobody has read; how many they were.

    What they announce is then read at the ERP by a job for each entity. If that will take a while, an amount
    of stock counts until then.
    """
    receipts = _take_received(integration)
    if not receipts:
        return 0
    account = selectors.read_account(integration)
    provider = registry.get_provider(integration.provider)
    labels = {situation.code: situation.label for situation in provider.situations}
    readings = [_read(receipt, provider, labels, account) for receipt in receipts]
    announced = [reading for reading in readings if reading.state == ReceiptState.WAITING]
    _resolve(integration, announced)
    entities = {reading.entity for reading in announced}
    is_short = selectors.is_short(integration, len(entities))
    if is_short:
        _let_stock_count(integration, announced, account)
    _save_readings(readings)
    enqueue_announced(integration=integration, entities=entities, is_short=is_short)
    return len(receipts)


def enqueue_announced(*, integration: Integration, entities: Collection[str], is_short: bool) -> None:
    """``enqueue_following``, as soon as that may be. Where calls are scarce orders go before products, whose
    stock may count already: those of a change of the whole catalog would keep every order waiting for hours.
    """
    late = {entity for entity in entities if is_short and Entity.from_text(entity).kind in LATE_KINDS}
    enqueue_following(integration=integration, entities=late, priority=Priority.COMPLETION)
    soon = set(entities) - late
    enqueue_following(integration=integration, entities=soon, priority=Priority.NOTIFICATION)


def enqueue_following(*, integration: Integration, entities: Collection[str], priority: Priority) -> None:
    """Have each of these read at the ERP, once for all receipts about it."""
    queue.enqueue_all(
        "follow_notification",
        channel=integration.channel,
        keys=[f"{integration.pk}/{entity}" for entity in entities],
        priority=priority,
    )


def _take_received(integration: Integration) -> list[_Received]:
    unread = WebhookReceipt.objects.filter(integration=integration, state=ReceiptState.RECEIVED)
    ids: list[int] = []
    total = 0
    for pk, size in unread.order_by("id").values_list("pk", Length("body"))[:BATCH]:
        total += size
        if ids and total > BATCH_BYTES:
            break
        ids.append(pk)
    receipts = WebhookReceipt.objects.filter(pk__in=ids, state=ReceiptState.RECEIVED).order_by("id")
    return [_Received(*row) for row in receipts.select_for_update().values_list(*_Received._fields)]


def _read(receipt: _Received, provider: Provider, labels: Mapping[str, str], account: Account) -> _Reading:
    """One that cannot be read, whatever the reason, stops no other."""
    reading = _Reading(receipt)
    try:
        notification = provider.read_notification(bytes(receipt.body))
        reading.kind, reading.type_name = notification.kind, notification.type_name[:LONGEST_TYPE_NAME]
        reading.facts = list_facts(notification, labels)
        refusal = deciding.find_refusal(notification, account)
        if notification.kind == NotificationKind.PROBE:
            reading.state, reading.reason_code = ReceiptState.IGNORED, "webhook.probe"
        elif refusal:
            reading.state, reading.reason_code = ReceiptState.FAILED, refusal
            reading.reason_params = {
                "document": notification.account_document,
                "integrator_id": notification.integrator_id,
            }
        else:
            reading.notification = notification
            reading.entity = str(find_entity(notification))
            if len(reading.entity) > LONGEST_ENTITY:
                raise MappingError("webhook.subject_too_long")
    except MappingError as error:
        reading.state, reading.entity, reading.reason_code = ReceiptState.FAILED, "", error.code
        reading.reason_params = error.params
        reading.type_name = reading.type_name or error.params.get("type_name", "")[:LONGEST_TYPE_NAME]
    except Exception as error:
        logger.error("receipt %s cannot be read\n%s", receipt.pk, describe(error))
        reading = _Reading(receipt, state=ReceiptState.FAILED, reason_code="webhook.ours")
    return reading


def _resolve(integration: Integration, announced: Iterable[_Reading]) -> None:
    """Call by the ERP's own identifier whatever is known here by it, so that it is read once."""
    readings = [(reading, Entity.from_text(reading.entity)) for reading in announced]
    known = selectors.find_external_ids(integration, [entity for _, entity in readings])
    for reading, entity in readings:
        reading.entity = str(known.get(entity, entity))


def _let_stock_count(integration: Integration, announced: Sequence[_Reading], account: Account) -> None:
    """Nothing that is wrong with it keeps the receipts from being read."""
    try:
        with transaction.atomic():
            _count_stock(integration, announced, account)
    except DATABASE_AWAY:
        raise
    except Exception as error:
        logger.error("stock was told that cannot be kept\n%s", describe(error))
        for reading in announced:
            reading.effect, reading.provisional_at = [], None


def _count_stock(integration: Integration, announced: Sequence[_Reading], account: Account) -> None:
    told: dict[str, list[tuple[_Reading, ToldStock]]] = {}
    doubtful = selectors.find_doubtful([reading.receipt.received_at for reading in announced], is_doubtful)
    for reading in announced:
        receipt, notification = reading.receipt, reading.notification
        entity = Entity.from_text(reading.entity)
        if notification is None or notification.stock is None or entity.kind != "product":
            continue
        is_late = receipt.received_at in doubtful
        if may_count(notification, account, is_replay=receipt.replays > 0, is_doubtful=is_late):
            stock = ToldStock(entity.name, notification.stock, notification.stock_kind, receipt.received_at)
            told.setdefault(entity.name, []).append((reading, stock))
    if not told:
        return
    newest = {name: max(pairs, key=lambda pair: pair[1].at) for name, pairs in told.items()}
    counted = tell_stock(
        integration=integration, told=[stock for pairs in told.values() for _, stock in pairs]
    )
    now = clock.now()
    for name, (before, after) in counted.items():
        reading, _ = newest[name]
        reading.effect = list_stock_effect(before, after)
        reading.provisional_at = now


def _save_readings(readings: Sequence[_Reading]) -> None:
    """Thousands a second, which an UPDATE of a branch for each row is not."""
    now = clock.now()
    waits = [reading.state == ReceiptState.WAITING for reading in readings]
    with connection.cursor() as cursor:
        cursor.execute(
            """UPDATE webhooks_webhookreceipt r
               SET state = t.state, kind = t.kind, type_name = t.type_name, entity = t.entity,
                   facts = t.facts::jsonb, reason_code = t.reason_code,
                   reason_params = t.reason_params::jsonb,
                   -- What one did before it is processed again, it did.
                   effect = CASE WHEN r.replays > 0 THEN r.effect ELSE t.effect::jsonb END,
                   provisional_at = CASE WHEN r.replays > 0 THEN r.provisional_at ELSE t.provisional_at END,
                   read_at = %s,
                   settled_at = CASE WHEN t.waits THEN NULL ELSE %s END
               FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[],
                           %s::text[], %s::text[], %s::text[], %s::timestamptz[], %s::boolean[])
                   AS t(id, state, kind, type_name, entity, facts, reason_code, reason_params, effect,
                        provisional_at, waits)
               WHERE r.id = t.id""",
            [
                now,
                now,
                [reading.receipt.pk for reading in readings],
                [str(reading.state) for reading in readings],
                [str(reading.kind) for reading in readings],
                [reading.type_name for reading in readings],
                [reading.entity for reading in readings],
                [json.dumps(reading.facts) for reading in readings],
                [reading.reason_code for reading in readings],
                [json.dumps(reading.reason_params) for reading in readings],
                [json.dumps(reading.effect) for reading in readings],
                [reading.provisional_at for reading in readings],
                waits,
            ],
        )


# --- what became of them ---


@transaction.atomic
def settle(*, receipt_ids: Sequence[int], outcome: Outcome) -> None:
    """The newest has the outcome, and stands for the earlier ones; none of them is left to follow.

    One that could not be followed takes the others with it: each waits for the same. What failed before then
    stays as it is.
    """
    now = clock.now()
    is_failure = outcome.state == ReceiptState.FAILED
    states = (ReceiptState.WAITING,) if is_failure else selectors.TO_FOLLOW
    receipts = list(
        WebhookReceipt.objects.select_for_update(of=("self",))
        .filter(pk__in=receipt_ids, state__in=states)
        .only("effect")
        .order_by("id")
    )
    if not receipts:
        return
    newest, earlier = receipts[-1], [receipt.pk for receipt in receipts[:-1]]
    settled = {"settled_at": now, "attempts": F("attempts") + 1}
    reason = {"reason_code": outcome.reason_code, "reason_params": dict(outcome.reason_params)}
    WebhookReceipt.objects.filter(pk=newest.pk).update(
        state=outcome.state, effect=join_effects(newest.effect, outcome.effect), **reason, **settled
    )
    WebhookReceipt.objects.filter(pk__in=earlier).update(
        **settled,
        **({"state": outcome.state} | reason if is_failure else {"state": ReceiptState.REPEATED}),
        **({} if is_failure else {"repeats": newest, "reason_code": "", "reason_params": {}}),
    )


@transaction.atomic
def replay(*, receipt_ids: Collection[int], person: str) -> int:
    """«Reprocessar»: read these again by the rules of now; how many. What waits already is left alone.

    It cannot undo anything newer: what it announces is asked for again at the ERP.
    """
    receipts = WebhookReceipt.objects.select_for_update(of=("self",)).filter(pk__in=receipt_ids)
    rows = list(receipts.exclude(state__in=OPEN_STATES).order_by("id").only("integration_id"))
    WebhookReceipt.objects.filter(pk__in=[row.pk for row in rows]).update(
        state=ReceiptState.RECEIVED,
        replays=F("replays") + 1,
        reason_code="",
        reason_params={},
        repeats=None,
        settled_at=None,
    )
    now = clock.now()
    record_all(
        entry(SUBJECT, row.pk, "receipt.replayed", source=Source.PERSON, person=person, at=now)
        for row in rows
    )
    for integration_id in sorted({row.integration_id for row in rows}):
        request_reading(integration_id=integration_id)
    return len(rows)


def find_refusal(receipt: ReceiptIds, notification: ErpNotification) -> str:
    """Why a notification that was just received is nothing for its integration, as a code, or ``""``."""
    with tenant(receipt.organization_id):
        row = WebhookReceipt.objects.select_related("integration").defer("body").get(pk=receipt.receipt_id)
        return deciding.find_refusal(notification, selectors.read_account(row.integration))
