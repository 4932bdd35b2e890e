"""A company's contracts with carriers: kept, refused by the carrier, corrected, removed."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict

from django.db import transaction
from django.utils.crypto import salted_hmac

from accounts import clock
from contracts.records import CheckStep
from contracts.tracking import TrackerToken
from history.models import Source
from history.services import record
from jobs import queue
from jobs.queue import Priority, Reason
from tracking import registry
from tracking.models import AccountState, CarrierAccount
from tracking.services.polling import (
    CHANNEL,
    POLL,
    TIDY,
    budget_key,
    channel_of,
    poll_soon,
    settle_service,
)

SUBJECT = "carrier_account"
CHECK = "check_carrier"
CHECK_PAUSE = dt.timedelta(seconds=10)
# No transaction lasts so long that it began before a contract was saved and ends after this.
SETTLE_AGAIN = dt.timedelta(minutes=1)


@transaction.atomic
def save_carrier_account(*, tracker: str, credentials: Mapping[str, str], by: str) -> CarrierAccount:
    """Keep the credentials, ask the carrier by them from now on, and test them.

    What is blank in ``credentials`` stays as it was. Parcels that waited for a contract are asked for.
    """
    now = clock.now()
    account = _lock(tracker) or CarrierAccount(tracker=tracker)
    former = read_credentials(account)
    names = [field.name for field in registry.get_tracker(tracker).credential_fields]
    chosen = {name: credentials.get(name, "").strip() or former.get(name, "") for name in names}
    account.set_secret("credentials", json.dumps(chosen))
    account.budget_key = budget_key(tracker, _name_credentials(chosen))
    if chosen != former:
        account.token, account.token_until = "", None
    account.state, account.saved_by, account.saved_at = AccountState.OK, by, now
    account.failing_code, account.failing_params, account.failing_since = "", {}, None
    account.save()
    _record(account, "tracking.account_saved", person=by)
    channel = channel_of(tracker)
    queue.set_budget(channel, account.budget_key)
    queue.resume_channel(channel)
    settle_service(tracker)
    _settle_again(now)
    poll_soon(tracker)
    _ask_for_check(account, now)
    return account


@transaction.atomic
def remove_carrier_account(*, tracker: str, by: str = "") -> None:
    """Forget the credentials. Parcels stay, and are what the ERP says of them."""
    account = _lock(tracker)
    if account is None or account.state == AccountState.DISCONNECTED:
        return
    account.state = AccountState.DISCONNECTED
    account.credentials = account.token = ""
    account.token_until = None
    account.failing_code, account.failing_params, account.failing_since = "", {}, None
    account.check_steps = []
    account.save()
    _record(account, "tracking.account_removed", person=by)
    settle_service(tracker)
    _settle_again(clock.now())
    queue.delete_schedule(channel_of(tracker), POLL, tracker)
    # What waits there finds nothing to do.
    queue.resume_channel(channel_of(tracker))


@transaction.atomic
def refuse_carrier_account(*, account: CarrierAccount, code: str, params: Mapping[str, str]) -> None:
    """The carrier refuses these credentials: its channel rests here until a person corrects them.

    Nothing happens where ``account`` has been saved again since it was read.
    """
    row = _lock(account.tracker)
    if row is None or row.saved_at != account.saved_at or row.state != AccountState.OK:
        return
    row.state, row.failing_since = AccountState.FAILING, clock.now()
    row.failing_code, row.failing_params = code, dict(params)
    row.token, row.token_until = "", None
    row.save()
    queue.pause_channel(channel_of(row.tracker), Reason(code, row.failing_params))
    explanation = registry.explain(code, params, row.tracker)
    _record(row, "tracking.account_refused", {"reason": explanation.title})


@transaction.atomic
def keep_token(*, account: CarrierAccount, token: TrackerToken | None) -> None:
    """Keep an access for the next question, unless ``account`` has been saved again since it was read."""
    row = _lock(account.tracker)
    if row is None or row.saved_at != account.saved_at:
        return
    row.set_secret("token", token.value if token else "")
    row.token_until = token.expires_at if token else None
    row.save(update_fields=["token", "token_until"])


@transaction.atomic
def request_check(*, account: CarrierAccount) -> None:
    """«Testar»: at most one every ten seconds."""
    row = _lock(account.tracker)
    now = clock.now()
    if row is None or row.state == AccountState.DISCONNECTED:
        return
    if row.check_asked_at is None or row.check_asked_at <= now - CHECK_PAUSE:
        _ask_for_check(row, now)


@transaction.atomic
def record_check(*, account: CarrierAccount, steps: Sequence[CheckStep], is_finished: bool) -> None:
    """What «Testar» has found so far. A good one lets the channel go on that had been stopped."""
    row = _lock(account.tracker)
    if row is None or row.saved_at != account.saved_at or row.state == AccountState.DISCONNECTED:
        return
    row.check_steps = [asdict(step) for step in steps]
    if is_finished:
        row.checked_at = clock.now()
        if row.state == AccountState.FAILING and not any(step.is_fatal for step in steps):
            row.state, row.failing_since = AccountState.OK, None
            row.failing_code, row.failing_params = "", {}
            queue.resume_channel(channel_of(row.tracker))
    row.save()


def read_credentials(account: CarrierAccount) -> dict[str, str]:
    """By ``CredentialField.name``; empty where there are none."""
    stored = account.get_secret("credentials")
    return dict(json.loads(stored)) if stored else {}


def _lock(tracker: str) -> CarrierAccount | None:
    row: CarrierAccount | None = (
        CarrierAccount.objects.select_for_update(no_key=True).filter(tracker=tracker).first()
    )
    return row


def _ask_for_check(account: CarrierAccount, now: dt.datetime) -> None:
    account.check_asked_at, account.checked_at, account.check_steps = now, None, []
    account.save(update_fields=["check_asked_at", "checked_at", "check_steps"])
    queue.enqueue(CHECK, channel=CHANNEL, key=account.tracker, lock=CHECK, priority=Priority.PERSON)


def _settle_again(now: dt.datetime) -> None:
    # Not the daily one, which may be about to run.
    queue.enqueue(TIDY, channel=CHANNEL, key="again", not_before=now + SETTLE_AGAIN)


def _name_credentials(credentials: Mapping[str, str]) -> str:
    """Alike for the same credentials wherever they are used; tells nothing of them without our key."""
    text = json.dumps(credentials, sort_keys=True)
    return salted_hmac("tracking.credentials", text, algorithm="sha256").hexdigest()[:32]


def _record(
    account: CarrierAccount, code: str, params: Mapping[str, object] | None = None, *, person: str = ""
) -> None:
    record(
        subject_kind=SUBJECT,
        subject_id=account.pk,
        code=code,
        params=params,
        source=Source.PERSON if person else Source.PLATFORM,
        person=person,
    )
