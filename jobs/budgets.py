"""The limit of an account at an ERP: spaced slots in PostgreSQL, across processes and organizations.

Spaced slots because a bucket with a burst is wrong against a window that slides. Each call takes a slot of
its account (so many per second, whatever they do) and of its kind, since reads and writes are limited apart.
The ERP's own headers correct the pace; without them the smallest plan's limit holds. A slot costs PostgreSQL
little beside the call that it allows, so there is no second store to keep in step.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Mapping
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction

from accounts import clock
from jobs import turns
from jobs.errors import JobPostponed
from jobs.models import Budget

# Longer than this, a worker is worth more than the wait.
WAIT_SECONDS = 3.0
# Where a call was made whose answer is not kept yet: beginning again would cost it once more, for ever where
# the slots of an account are that far apart.
UNSAVED_WAIT_SECONDS = 20.0
# A job is claimed this long before its account's next slot, so that no slot passes while it starts.
CLAIM_AHEAD_SECONDS = 0.25
# Tiny answers 429 to a fifth call within a second, documented nowhere; a little slower for the way there.
BURST_SPACING = dt.timedelta(seconds=0.28)
WINDOW_SECONDS = 60.0
# Calls arrive unevenly: so much later than its slot one may reach the ERP without breaking the limit.
LATENESS_SECONDS = 2.0
# Tiny counts calls that write many records apart, on every plan alike.
BATCHES_PER_MINUTE = 5
# So much slower each time that another program used the account up.
GIVE_WAY = 1.25
# Any smaller «limit» is that of another bucket (the one per second), any larger one a mistake.
PLAUSIBLE_LIMITS = range(10, 10_001)
LONGEST_RESET_SECONDS = 600.0


def take_slot(budget_key: str, kind: str, *, gives_way: bool = True) -> None:
    """Wait for the account's next slot, or raise ``JobPostponed`` (to its time) if it is over 3 s away,
    or 20 s once the job has made a call that it would have to repeat.

    ``kind`` is ``"read"``, ``"write"`` or ``"batch"``. A job that has saved a step gives way here when others
    wait for a worker, unless a person waits for it (``gives_way``). Outside any transaction, because the row
    would stay locked for every other worker.
    """
    if gives_way and turns.should_yield():
        raise JobPostponed(_next_slot_at(budget_key, kind))
    seconds = _reserve(budget_key, kind)
    if seconds > 0:
        time.sleep(seconds)
        _check_still_open(budget_key)
    turns.mark_call()


def observe(budget_key: str, kind: str, headers: Mapping[str, str]) -> None:
    """Correct the pace by what the ERP's answer says of the limit: its size, what is left, until when."""
    said = _read_headers(headers)
    if said is None or settings.SLOT_SPACING_SECONDS is not None:
        return
    with transaction.atomic():
        _, lane = _lock(budget_key, kind)
        _correct(lane, said, clock.now())
        lane.save()


def set_limit(budget_key: str, kind: str, per_minute: int) -> None:
    """What is documented of a limit, where no answer tells it."""
    if not Budget.objects.filter(key=f"{budget_key}:{kind}", per_minute=per_minute).exists():
        with transaction.atomic():
            _, lane = _lock(budget_key, kind)
            lane.per_minute = per_minute
            lane.save(update_fields=["per_minute"])


def stop_until(budget_key: str, at: dt.datetime) -> None:
    """The ERP refused a call because of the limit: no slot before ``at``, and slower ones for a while.

    Alone on the account we are never refused, so somebody else uses it.
    """
    with transaction.atomic():
        account, _ = _lock(budget_key, "read")
        account.next_slot_at = max(account.next_slot_at, at)
        account.stopped_until = max(account.stopped_until or at, at)
        account.save()
        for lane in Budget.objects.filter(key__startswith=f"{budget_key}:"):
            _give_way(lane, clock.now())
            lane.save()


@dataclass(frozen=True, slots=True)
class _Said:
    """``remaining`` is ``None`` where the ERP tells its limit and no more."""

    limit: int
    remaining: int | None = None
    reset_seconds: float = 0.0


def _read_headers(headers: Mapping[str, str]) -> _Said | None:
    limit, remaining, reset = (
        headers.get(f"X-Ratelimit-{name}", "") for name in ("Limit", "Remaining", "Reset")
    )
    try:
        if not remaining and not reset:
            return _Said(int(limit))
        said = _Said(int(limit), int(remaining), float(reset))
    except ValueError:
        return None
    is_plausible = said.limit > 0 and int(remaining) >= 0 and 0 <= said.reset_seconds <= LONGEST_RESET_SECONDS
    return said if is_plausible else None


def _correct(lane: Budget, said: _Said, now: dt.datetime) -> None:
    if said.remaining is None:
        lane.per_minute = said.limit if said.limit in PLAUSIBLE_LIMITS else lane.per_minute
        return
    reset_at = now + dt.timedelta(seconds=said.reset_seconds)
    if said.remaining == 0:
        lane.next_slot_at = max(lane.next_slot_at, reset_at)
    if said.limit not in PLAUSIBLE_LIMITS:
        return
    lane.per_minute = said.limit
    spacing = _full_pace(lane)
    ahead = max((lane.next_slot_at - now).total_seconds(), 0.0)
    left = said.remaining - int(ahead / spacing)
    ours = round(WINDOW_SECONDS / spacing)
    if said.remaining == 0 and said.limit - ours >= 2:
        # In a window that slides the others take what falls free.
        _give_way(lane, now)
    elif 0 < said.remaining < int(said.reset_seconds / spacing):
        # Somebody else uses this account: what is left after the slots that are taken is spread.
        if left <= 0:
            lane.next_slot_at = max(lane.next_slot_at, reset_at)
        else:
            lane.pace_seconds = max((said.reset_seconds - ahead) / left, spacing)
            lane.pace_until = reset_at


def _give_way(lane: Budget, now: dt.datetime) -> None:
    """Slower each time, for a minute, until those who share the account find their part."""
    lane.pace_seconds = _spacing(lane, now).total_seconds() * GIVE_WAY
    lane.pace_until = now + dt.timedelta(seconds=WINDOW_SECONDS)


def _reserve(budget_key: str, kind: str) -> float:
    """Reserve the next slot; the seconds until it. Raises ``JobPostponed`` without reserving."""
    with transaction.atomic(durable=True):
        account, lane = _lock(budget_key, kind)
        now = clock.now()
        slot_at = max(now, account.next_slot_at, lane.next_slot_at)
        seconds = (slot_at - now).total_seconds()
        if seconds > (UNSAVED_WAIT_SECONDS if turns.has_unsaved_call() else WAIT_SECONDS):
            raise JobPostponed(slot_at - dt.timedelta(seconds=CLAIM_AHEAD_SECONDS))
        for row, spacing in ((account, _burst_spacing()), (lane, _spacing(lane, slot_at))):
            Budget.objects.filter(pk=row.pk).update(next_slot_at=slot_at + spacing)
    return seconds


def _check_still_open(budget_key: str) -> None:
    """Raise ``JobPostponed`` when the ERP stopped the account while somebody waited for his slot."""
    at = Budget.objects.filter(key=budget_key).values_list("stopped_until", flat=True).first()
    if at is not None and at > clock.now():
        raise JobPostponed(at - dt.timedelta(seconds=CLAIM_AHEAD_SECONDS))


def _next_slot_at(budget_key: str, kind: str) -> dt.datetime:
    rows = Budget.objects.filter(key__in=(budget_key, f"{budget_key}:{kind}"))
    now = clock.now()
    slot_at = max((row.next_slot_at for row in rows), default=now)
    return max(now, slot_at - dt.timedelta(seconds=CLAIM_AHEAD_SECONDS))


def _lock(budget_key: str, kind: str) -> tuple[Budget, Budget]:
    """The rows of the account and of one kind of its calls, locked in this order by all."""
    keys = [budget_key, f"{budget_key}:{kind}"]
    rows = Budget.objects.select_for_update(no_key=True).filter(key__in=keys).order_by("key")
    found = list(rows)
    if len(found) < len(keys):
        missing = [Budget(key=key, next_slot_at=clock.now()) for key in keys]
        Budget.objects.bulk_create(missing, ignore_conflicts=True)
        found = list(rows.all())
    account, lane = found
    return account, lane


def _burst_spacing() -> dt.timedelta:
    if settings.SLOT_SPACING_SECONDS is not None:
        return min(BURST_SPACING, dt.timedelta(seconds=settings.SLOT_SPACING_SECONDS))
    return BURST_SPACING


def _spacing(lane: Budget, at: dt.datetime) -> dt.timedelta:
    """From the slot ``at`` to the next one of its kind."""
    if settings.SLOT_SPACING_SECONDS is not None:
        return dt.timedelta(seconds=settings.SLOT_SPACING_SECONDS)
    if lane.pace_until is not None and lane.pace_seconds is not None and at < lane.pace_until:
        return dt.timedelta(seconds=lane.pace_seconds)
    return dt.timedelta(seconds=_full_pace(lane))


def _full_pace(lane: Budget) -> float:
    """Seconds between calls that have the account for themselves: at least one call below the limit."""
    default = BATCHES_PER_MINUTE if lane.key.endswith(":batch") else settings.CALLS_PER_MINUTE
    limit = lane.per_minute or default
    return float(max((WINDOW_SECONDS + LATENESS_SECONDS) / limit, WINDOW_SECONDS / max(limit - 1, 1)))
