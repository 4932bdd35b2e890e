"""Which parcels are followed, and which carrier each is taken to be of."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Sequence

from django.db import transaction
from django.db.models import Q

from accounts import clock
from jobs.queue import Priority
from tracking import registry
from tracking.codes import is_nfe_key, normalize_code
from tracking.identification import Clues, MappingRule, identify
from tracking.models import EndReason, Parcel, hash_key
from tracking.selectors import list_rules
from tracking.services.polling import have_tidied, is_served, poll_soon
from tracking.services.recording import learn_carrier, lock_parcel, settle_state, tell_user

# 43 characters: nobody guesses one.
KEY_BYTES = 32
NFE_KEY_LENGTH = 44


@transaction.atomic(savepoint=False)
def follow_parcel(*, clues: Clues, now: dt.datetime) -> Parcel:
    """A new parcel, asked for as soon as somebody can be asked."""
    return _follow(clues, now, first=None)


@transaction.atomic(savepoint=False)
def update_parcel(*, parcel: Parcel, clues: Clues) -> Parcel:
    """The parcel by what is known of it now: the same one, or that of another code.

    An empty ``clues.tracking_code`` takes no code away. A code that comes back finds its events again.
    """
    parcel = lock_parcel(parcel)
    now = clock.now()
    code = read_code(clues)
    if parcel.code and code and code != parcel.code:
        return _replace(parcel, clues, code, now)
    if not _take_clues(parcel, clues):
        return parcel
    settle_state(parcel, now)
    identify_parcel(parcel, list_rules(), now)
    parcel.save()
    return parcel


@transaction.atomic(savepoint=False)
def stop_following(*, parcel: Parcel, reason: EndReason) -> None:
    """Nobody is asked any more. What is known of it stays."""
    parcel = lock_parcel(parcel)
    _end(parcel, reason, clock.now())


@transaction.atomic(savepoint=False)
def resume_following(*, parcel: Parcel) -> Parcel:
    """Followed again, as if from now on: silence before does not count."""
    parcel = lock_parcel(parcel)
    now = clock.now()
    _reopen(parcel, now)
    settle_state(parcel, now)
    _ask_soon(parcel, now)
    parcel.save()
    return parcel


@transaction.atomic
def ask_now(*, parcels: Sequence[Parcel]) -> int:
    """«Consultar agora»: before all others. How many are asked for; of the rest nobody can be asked."""
    rows = Parcel.objects.select_for_update(no_key=True).filter(pk__in=[each.pk for each in parcels])
    now = clock.now()
    trackers = set()
    count = 0
    for parcel in rows.order_by("pk"):
        if parcel.end_reason in (EndReason.CODE_REPLACED, EndReason.ORDER_CANCELLED):
            continue
        if not parcel.tracker or parcel.takes_word:
            continue
        if parcel.end_reason == EndReason.EXPIRED:
            _reopen(parcel, now)
            settle_state(parcel, now)
        # The earliest moment goes first.
        parcel.next_ask_at = parcel.since_at
        parcel.save()
        trackers.add(parcel.tracker)
        count += 1
    for tracker in sorted(trackers):
        poll_soon(tracker, priority=Priority.PERSON)
    return count


def identify_parcel(parcel: Parcel, rules: Sequence[MappingRule], now: dt.datetime) -> None:
    """Say anew whose the locked ``parcel`` is, and have it asked for there. The caller saves."""
    found = identify(
        Clues(
            type_code=parcel.type_code,
            carrier_name=parcel.carrier_name,
            shipping_method=parcel.shipping_method,
            freight_method=parcel.freight_method,
            tracking_code=parcel.code,
            tracking_url=parcel.url,
            nfe_key=parcel.nfe_key,
        ),
        rules,
    )
    parcel.carrier_key, parcel.service = found.carrier_key, found.service[:80]
    parcel.confidence, parcel.warnings = found.confidence, list(found.warnings)
    parcel.identified_by, parcel.identified_params = found.reason, dict(found.params)
    choose_tracker(parcel, now)
    if parcel.pk is not None:
        learn_carrier(parcel)


def choose_tracker(parcel: Parcel, now: dt.datetime) -> None:
    """Who is asked for the locked ``parcel``: a tracker that serves this company, or nobody."""
    nfe_key = parcel.nfe_key if is_nfe_key(parcel.nfe_key) else ""
    tracker = registry.find_tracker(
        parcel.carrier_key, code=parcel.code, nfe_key=nfe_key, carrier_name=parcel.carrier_name
    )
    took_word = parcel.takes_word
    parcel.tracker = tracker.key if tracker else ""
    parcel.takes_word = tracker is None or not is_served(tracker.key)
    if parcel.takes_word:
        parcel.next_ask_at = None
        have_tidied()
        if not took_word:
            tell_user(parcel)
    else:
        _ask_soon(parcel, now)


def _ask_soon(parcel: Parcel, now: dt.datetime) -> None:
    if parcel.ended_at is None and parcel.tracker and not parcel.takes_word:
        parcel.next_ask_at = now
        poll_soon(parcel.tracker)


def _follow(clues: Clues, now: dt.datetime, *, first: Parcel | None) -> Parcel:
    key = secrets.token_urlsafe(KEY_BYTES)
    parcel = Parcel(since_at=now, first=first, key_hash=hash_key(key), takes_word=True)
    parcel.set_secret("key", key)
    _take_clues(parcel, clues)
    identify_parcel(parcel, list_rules(), now)
    parcel.save()
    return parcel


def _replace(parcel: Parcel, clues: Clues, code: str, now: dt.datetime) -> Parcel:
    """End this one, and follow the one of the other code: that of an earlier time, or a new one."""
    _end(parcel, EndReason.CODE_REPLACED, now)
    first_id = parcel.first_id or parcel.pk
    family = Parcel.objects.select_for_update(no_key=True).filter(Q(pk=first_id) | Q(first=first_id))
    former = family.filter(code=code).order_by("-pk").first()
    if former is None:
        return _follow(clues, now, first=Parcel.objects.get(pk=first_id))
    _reopen(former, now)
    _take_clues(former, clues)
    identify_parcel(former, list_rules(), now)
    settle_state(former, now)
    _ask_soon(former, now)
    former.save()
    return former


def _end(parcel: Parcel, reason: EndReason, now: dt.datetime) -> None:
    parcel.ended_at = parcel.ended_at or now
    parcel.end_reason = reason
    parcel.next_ask_at = None
    parcel.save()


def _reopen(parcel: Parcel, now: dt.datetime) -> None:
    parcel.ended_at, parcel.end_reason, parcel.since_at = None, "", now


def read_code(clues: Clues) -> str:
    """The code as a parcel has it; ``""`` without one."""
    return normalize_code(clues.tracking_code)[:100]


def _take_clues(parcel: Parcel, clues: Clues) -> bool:
    """Whether any of them was another."""
    nfe_key = clues.nfe_key if len(clues.nfe_key) <= NFE_KEY_LENGTH else ""
    new = {
        "type_code": clues.type_code,
        "carrier_name": clues.carrier_name,
        "shipping_method": clues.shipping_method,
        "freight_method": clues.freight_method,
        "url": clues.tracking_url,
        "code": read_code(clues) or parcel.code,
        "nfe_key": nfe_key or parcel.nfe_key,
        "counts_from": clues.counts_from or parcel.counts_from,
    }
    has_changed = any(getattr(parcel, name) != value for name, value in new.items())
    for name, value in new.items():
        setattr(parcel, name, value)
    return has_changed
