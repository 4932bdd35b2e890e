"""Having carriers asked: the channel of each tracker, and the jobs in it."""

from __future__ import annotations

from django.conf import settings
from django.db.models import Q

from accounts import clock
from jobs import queue
from jobs.models import Job, JobStatus
from jobs.queue import Priority
from jobs.selectors import has_channel, next_run_at
from tracking import registry
from tracking.models import AccountState, CarrierAccount, Parcel

POLL = "poll_parcels"
TIDY = "tidy_parcels"
TELL = "apply_shipment"
CHANNEL = "tracking"


def channel_of(tracker_key: str) -> str:
    """The jobs' channel of one carrier's interface: paused by itself, and in this company only."""
    return f"carrier:{tracker_key}"


def is_served(tracker_key: str) -> bool:
    """Whether this company can ask there: with its contract, or where none is needed."""
    if not registry.get_tracker(tracker_key).credential_fields:
        return True
    accounts = CarrierAccount.objects.filter(tracker=tracker_key)
    return bool(accounts.exclude(state=AccountState.DISCONNECTED).exists())


def poll_soon(tracker_key: str, *, priority: Priority = Priority.POLL) -> None:
    """Have the carrier asked for what is due, at once and from then on."""
    channel = channel_of(tracker_key)
    if next_run_at(channel, POLL) is None:
        if not has_channel(channel):
            queue.set_budget(channel, budget_key(tracker_key))
        _set_schedule(channel, tracker_key)
    # Each parcel of a first import would write to the one job that waits, and everybody to the same row.
    waiting = Q(channel=channel, kind=POLL, key=tracker_key, status=JobStatus.PENDING)
    if not Job.objects.filter(waiting, not_before__lte=clock.now(), priority__lte=priority).exists():
        queue.enqueue(POLL, channel=channel, key=tracker_key, lock=POLL, priority=priority)


def settle_schedule(tracker_key: str) -> None:
    """Have the carrier asked from time to time while there is a parcel to ask for, and only then.

    Called by the one job that asks: who follows a parcel meanwhile leaves another such job behind.
    """
    channel = channel_of(tracker_key)
    is_wanted = Parcel.objects.filter(tracker=tracker_key, next_ask_at__isnull=False).exists()
    is_set = next_run_at(channel, POLL) is not None
    if is_wanted and not is_set:
        _set_schedule(channel, tracker_key)
    elif is_set and not is_wanted:
        queue.delete_schedule(channel, POLL, tracker_key)


def settle_service(tracker_key: str) -> None:
    """Have the tracker's parcels asked for, or not, as the company's contract says now.

    One that is followed while a contract is saved or removed may not know of it.
    """
    is_asked = is_served(tracker_key)
    wrong = Parcel.objects.filter(tracker=tracker_key, takes_word=is_asked)
    if is_asked:
        wrong = wrong.filter(ended_at=None)
    # By their id, as everybody takes several.
    locked = wrong.select_for_update(no_key=True).order_by("pk")
    ended_at = dict(locked.values_list("pk", "ended_at"))
    if not ended_at:
        return
    next_ask_at = clock.now() if is_asked else None
    Parcel.objects.filter(pk__in=list(ended_at)).update(takes_word=not is_asked, next_ask_at=next_ask_at)
    if is_asked:
        poll_soon(tracker_key)
        return
    have_tidied()
    followed = [str(pk) for pk, moment in ended_at.items() if moment is None]
    queue.enqueue_all(TELL, channel=CHANNEL, keys=followed)


def have_tidied() -> None:
    """Nobody is asked for some parcels, so something else must see when nothing is heard of them any more."""
    if next_run_at(CHANNEL, TIDY) is None:
        queue.set_schedule(CHANNEL, TIDY, TIDY, settings.PARCEL_TIDY_SECONDS)


def _set_schedule(channel: str, tracker_key: str) -> None:
    queue.set_schedule(channel, POLL, tracker_key, settings.PARCEL_POLL_SECONDS, lock=POLL)


def budget_key(tracker_key: str, credentials_key: str = "") -> str:
    """The limit that calls share: that of the credentials, in every company that uses them."""
    return ":".join(filter(None, ["carrier", tracker_key, credentials_key]))
