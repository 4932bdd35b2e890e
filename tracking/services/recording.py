"""What was told of a parcel, and what follows from it."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Mapping, Sequence

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from accounts import clock
from contracts.tracking import ParcelState, TrackedEvent, TrackedParcel
from jobs import queue
from tracking import registry
from tracking.identification import Confidence, Reason
from tracking.models import EndReason, EventSource, Parcel, ParcelEvent
from tracking.pacing import ENDED, find_next_ask, is_only_tried, is_silent
from tracking.sentences import UNREADABLE, UNSTORABLE
from tracking.services.polling import CHANNEL, TELL, have_tidied
from tracking.states import drop_former, fold

# Only these endings are taken back by what a carrier tells; the others are somebody's decision.
REOPENED_BY_NEWS = ("", EndReason.ARRIVED, EndReason.EXPIRED)


@transaction.atomic
def record_tracked(
    *, parcel: Parcel, tracked: TrackedParcel, source: EventSource = EventSource.CARRIER
) -> bool:
    """Keep what is new of an answer; whether the parcel's state is another one now.

    Telling the same again changes nothing but the time of the next question.
    """
    parcel = lock_parcel(parcel)
    now = clock.now()
    known = list(parcel.events.all())
    events = [*known, *_keep_events(parcel, tracked.events, source, now, known)]
    if tracked.expected_on is not None:
        parcel.expected_on = tracked.expected_on
    parcel.service = parcel.service or tracked.service[:80]
    parcel.note = tracked.note
    parcel.asked_at = now
    parcel.failing_code, parcel.failing_params = "", {}
    learn_carrier(parcel)
    has_changed = settle_state(parcel, now, events)
    parcel.save()
    return has_changed


def learn_carrier(parcel: Parcel) -> None:
    """A system of many carriers has told of the locked ``parcel``, of which nobody knew whose it is.

    The caller saves.
    """
    if parcel.carrier_key or not parcel.tracker:
        return
    if parcel.events.filter(source=EventSource.CARRIER).exists():
        parcel.carrier_key = registry.get_tracker(parcel.tracker).carrier_keys[0]
        parcel.confidence, parcel.identified_by = Confidence.CERTAIN, Reason.BY_INVOICE
        parcel.identified_params = {}


@transaction.atomic(savepoint=False)
def take_word(*, parcel: Parcel, state: ParcelState, at: dt.datetime, text: str) -> bool:
    """What the ERP says now, ``at``, stands for what no carrier tells us. Who says so is not told of it.

    Whether the parcel's state is another one then. Saying the same again is no event. While the carrier
    itself is asked, what it told counts alone.
    """
    parcel = lock_parcel(parcel)
    if not (parcel.takes_word or is_only_tried(parcel)):
        return False
    events = list(parcel.events.order_by("occurred_at", "id"))
    said = [event.state for event in events if event.source == EventSource.ERP]
    if not said or said[-1] != state:
        word = TrackedEvent(occurred_at=at, state=state, text=text)
        events += _keep_events(parcel, [word], EventSource.ERP, at, events)
    former = parcel.state
    # What was said while the carrier was asked counts now.
    _settle(parcel, events, at)
    parcel.save()
    return bool(parcel.state != former)


@transaction.atomic
def record_failure(*, parcels: Sequence[Parcel], code: str, params: Mapping[str, str]) -> None:
    """These could not be asked for: others go first, and each comes again at a moment of its own.

    So one that no answer can be had for holds nobody up, and is not for ever in the same batch.
    """
    now = clock.now()
    rows = Parcel.objects.select_for_update(no_key=True).filter(pk__in=[each.pk for each in parcels])
    for row in rows.order_by("pk"):
        if row.next_ask_at is None:
            continue
        if row.failing_code == code and code in (UNREADABLE, UNSTORABLE):
            # What is wrong with its answer again will be so for a while, and perhaps for ever.
            settle_state(row, now)
        else:
            seconds = settings.PARCEL_RETRY_SECONDS * random.uniform(1.0, 2.0)  # noqa: S311  no secret
            row.next_ask_at = now + dt.timedelta(seconds=seconds)
        row.failing_code, row.failing_params = code, dict(params)
        row.save()


@transaction.atomic
def end_silent(*, limit: int) -> int:
    """End up to ``limit`` parcels that nobody is asked for and nothing has been heard of for long."""
    now = clock.now()
    silent = _unheard(now, settings.PARCEL_LOST_DAYS) | (
        _unheard(now, settings.PARCEL_SILENT_DAYS) & ~Q(state=ParcelState.LOST)
    )
    rows = Parcel.objects.select_for_update(no_key=True, skip_locked=True)
    found = list(rows.filter(silent, ended_at=None, takes_word=True).order_by("pk")[:limit])
    for parcel in found:
        settle_state(parcel, now)
        parcel.save()
    return len(found)


def _unheard(now: dt.datetime, days: int) -> Q:
    """``pacing.is_silent`` as a condition."""
    since = now - dt.timedelta(days=days)
    return Q(since_at__lt=since) & (Q(last_event_at=None) | Q(last_event_at__lt=since))


def lock_parcel(parcel: Parcel) -> Parcel:
    """The row as it is now, held until the end of the transaction."""
    row: Parcel = Parcel.objects.select_for_update(no_key=True).get(pk=parcel.pk)
    return row


def settle_state(parcel: Parcel, now: dt.datetime, events: Sequence[ParcelEvent] | None = None) -> bool:
    """Let its events say where the locked ``parcel`` stands, whether it has ended, and when it is asked for.

    Whether its state is another one; then who uses it is told, with this transaction. The caller saves, and
    gives all ``events`` where he has them.
    """
    former = parcel.state
    _settle(parcel, list(parcel.events.all()) if events is None else events, now)
    if parcel.state == former:
        return False
    tell_user(parcel)
    return True


def _settle(parcel: Parcel, events: Sequence[ParcelEvent], now: dt.datetime) -> None:
    events = drop_former(events, parcel.counts_from)
    # The ERP's word stands in for the carrier's, and may be late or somebody's guess.
    told = [event for event in events if event.source == EventSource.CARRIER and not parcel.takes_word]
    folded = fold(told or events)
    parcel.state, parcel.substate = folded.state, folded.substate[:40]
    parcel.state_at, parcel.posted_at, parcel.delivered_at = (
        folded.state_at,
        folded.posted_at,
        folded.delivered_at,
    )
    last = folded.last_event
    parcel.last_text, parcel.last_place = (last.text, last.place) if last else ("", "")
    parcel.last_event_at = last.occurred_at if last else None
    _settle_end(parcel, now)
    if parcel.takes_word or parcel.end_reason not in REOPENED_BY_NEWS:
        parcel.next_ask_at = None
    else:
        parcel.next_ask_at = find_next_ask(parcel, now)
        if parcel.next_ask_at is None and is_only_tried(parcel):
            # It is none of the network's.
            parcel.tracker, parcel.takes_word = "", True
            have_tidied()


def tell_user(parcel: Parcel) -> None:
    """Whoever has the parcel followed is told with this transaction: of its state, or to give his word."""
    queue.enqueue(TELL, channel=CHANNEL, key=str(parcel.pk))


def _settle_end(parcel: Parcel, now: dt.datetime) -> None:
    if parcel.end_reason not in REOPENED_BY_NEWS:
        return
    has_expired = False
    if parcel.state in ENDED:
        reason = EndReason.ARRIVED
    elif is_silent(parcel, now):
        # What is lost stays lost; of the others nobody knows.
        reason, has_expired = EndReason.EXPIRED, parcel.state != ParcelState.LOST
    else:
        parcel.ended_at, parcel.end_reason = None, ""
        return
    if parcel.end_reason != reason:
        parcel.ended_at, parcel.end_reason = now, reason
    if has_expired:
        parcel.state = ParcelState.EXPIRED


def _keep_events(
    parcel: Parcel,
    events: Sequence[TrackedEvent],
    source: EventSource,
    now: dt.datetime,
    known: Sequence[ParcelEvent],
) -> Sequence[ParcelEvent]:
    """Store those of ``events`` that are none of the ``known`` ones, which are all of the parcel."""
    identities = {event.identity for event in known}
    new = {event.identity: event for event in events if event.identity not in identities}
    rows = [
        ParcelEvent(
            parcel=parcel,
            identity=identity,
            occurred_at=event.occurred_at,
            state=event.state,
            substate=event.substate[:40],
            code=event.code[:40],
            text=event.text,
            detail=event.detail,
            place=event.place,
            is_retraction=event.is_retraction,
            raw=dict(event.raw),
            source=source,
            learnt_at=now,
        )
        for identity, event in new.items()
    ]
    ParcelEvent.objects.bulk_create(rows)
    return rows
