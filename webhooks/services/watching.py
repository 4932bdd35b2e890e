"""The canary: when the ERP stops telling what changes, it is asked more often, and a person learns of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping

from django.conf import settings
from django.db import transaction

from accounts import clock
from catalog.services import follow_changes, recheck_soon, start_reconciling
from contracts.notifications import NotificationKind
from history.models import Source
from history.services import record
from integrations import polling
from integrations.imports import ImportRefused
from integrations.models import Integration
from integrations.services import SUBJECT
from jobs.selectors import next_run_at
from ui.moments import to_brasilia
from webhooks import watch_selectors
from webhooks.canary import Found, find_untold, is_silent
from webhooks.models import NotificationWatch

KINDS: Mapping[str, str] = {
    NotificationKind.STOCK: "estoque",
    NotificationKind.PRICE: "preço",
    NotificationKind.ORDER: "pedido",
    NotificationKind.SITUATION: "situação do pedido",
}


@transaction.atomic
def look(*, integration: Integration) -> None:
    """Compare what readings found with what was told. The integration's channel is never waited for."""
    now, grace = clock.now(), dt.timedelta(seconds=settings.NOTIFICATION_GRACE_SECONDS)
    if not watch_selectors.is_listening(integration, now):
        return
    watch, _ = NotificationWatch.objects.select_for_update().get_or_create(integration=integration)
    began: dict[str, tuple[dt.datetime, int]] = {}
    ended = []
    # What was too fresh to be judged the last time.
    judged_until = (watch.checked_at or integration.created_at) - grace
    is_doubtful = False
    for kind in watch_selectors.WATCHED:
        heard_at = watch_selectors.find_last_heard(integration, kind)
        if heard_at is None or watch_selectors.is_muted(watch, kind):
            continue
        if kind in watch.silent:
            if heard_at > dt.datetime.fromisoformat(watch.silent[kind]):
                ended.append(kind)
            continue
        since = max(heard_at, watch_selectors.find_unmuted(watch, kind) or heard_at)
        untold = _find_untold(integration, kind, since, now, grace)
        if is_silent(untold, subjects=watch_selectors.count_subjects(integration, kind)):
            began[kind] = since, len(untold)
        elif kind in watch_selectors.PRODUCT_FIGURES:
            is_doubtful |= any(one.at > judged_until for one in untold)
    silent = {kind: since for kind, since in watch.silent.items() if kind not in ended}
    silent |= {kind: since.isoformat() for kind, (since, _) in began.items()}
    watch.checked_at = now
    missed = sum(count for _, count in began.values())
    # It locks the integration, as whoever connects one does before its schedules.
    if {NotificationKind.STOCK, NotificationKind.PRICE} & set(ended):
        reconcile(integration=integration)
    _set_silent(watch, silent, missed=missed, now=now)
    if is_doubtful and not silent:
        # A share of the products is read at a time: others that moved of late tell whether it is bad luck.
        recheck_soon(integration=integration)
    _tell(integration, began, ended, now)


@transaction.atomic
def mute_kind(*, integration: Integration, kind: str, person: str) -> None:
    """«Usar só consulta periódica»: nobody waits for notifications of this kind; one that comes still counts.

    ``kind`` is one of ``KINDS``.
    """
    watch, _ = NotificationWatch.objects.select_for_update().get_or_create(integration=integration)
    if watch_selectors.is_muted(watch, kind):
        return
    watch.muted[kind] = None
    silent = {name: since for name, since in watch.silent.items() if name != kind}
    _set_silent(watch, silent, missed=0, now=clock.now())
    _record_choice(integration, "webhook.kind_muted", kind, person)


@transaction.atomic
def unmute_kind(*, integration: Integration, kind: str, person: str) -> None:
    """Notifications of this kind are waited for again. What polls found until now was not missed."""
    watch, _ = NotificationWatch.objects.select_for_update().get_or_create(integration=integration)
    if not watch_selectors.is_muted(watch, kind):
        return
    watch.muted[kind] = clock.now().isoformat()
    watch.save(update_fields=["muted"])
    _record_choice(integration, "webhook.kind_unmuted", kind, person)


def reconcile(*, integration: Integration) -> None:
    """Read every product again, where there are any: some of what changed may not have been told."""
    try:
        start_reconciling(integration=integration)
    except ImportRefused:
        # Not connected, nothing imported yet, or under way already: then the polls bring it.
        return


def name_kinds(kinds: Collection[str]) -> str:
    """«estoque, preço e pedido»"""
    names = [name for kind, name in KINDS.items() if kind in kinds]
    return " e ".join(filter(None, [", ".join(names[:-1]), names[-1]])) if names else ""


def name_moment(moment: dt.datetime, now: dt.datetime) -> str:
    """«às 10:42», with the day if that is not today."""
    local = to_brasilia(moment)
    is_today = local.date() == to_brasilia(now).date()
    return f"às {local:%H:%M}" if is_today else f"em {local:%d/%m} às {local:%H:%M}"


def _find_untold(
    integration: Integration, kind: str, since: dt.datetime, now: dt.datetime, grace: dt.timedelta
) -> list[Found]:
    found = watch_selectors.list_found(integration, kind, since)
    deaf = watch_selectors.list_deaf(integration, kind, since)
    return find_untold(found, heard_at=since, now=now, grace=grace, deaf=deaf)


def _set_silent(
    watch: NotificationWatch, silent: Mapping[str, str], *, missed: int, now: dt.datetime
) -> None:
    """Which kinds are silent from now on; ``missed`` more changes went untold. Polls follow."""
    was_silent = bool(watch.silent)
    watch.silent = dict(silent)
    moments = [dt.datetime.fromisoformat(moment) for moment in silent.values()]
    watch.silent_since = min(moments, default=None)
    watch.noticed_at = (watch.noticed_at or now) if silent else None
    watch.missed = (watch.missed if was_silent and silent else 0) + missed
    watch.save()
    if bool(silent) != was_silent:
        _hurry(watch.integration, is_hurried=bool(silent))


def _hurry(integration: Integration, *, is_hurried: bool) -> None:
    polling.hurry(integration, is_hurried=is_hurried)
    if next_run_at(integration.channel, "pull_products") is not None:
        follow_changes(integration=integration)


def _record_choice(integration: Integration, code: str, kind: str, person: str) -> None:
    record(
        subject_kind=SUBJECT,
        subject_id=integration.pk,
        code=code,
        params={"kind": KINDS[kind]},
        source=Source.PERSON,
        person=person,
    )


def _tell(
    integration: Integration,
    began: Mapping[str, tuple[dt.datetime, int]],
    ended: Collection[str],
    now: dt.datetime,
) -> None:
    if began:
        since = min(heard_at for heard_at, _ in began.values())
        params: dict[str, object] = {
            "since": name_moment(since, now),
            "kinds": name_kinds(began),
            "count": sum(count for _, count in began.values()),
        }
        record(subject_kind=SUBJECT, subject_id=integration.pk, code="webhook.silence_noticed", params=params)
    if ended:
        params = {"kinds": name_kinds(ended)}
        record(subject_kind=SUBJECT, subject_id=integration.pk, code="webhook.silence_ended", params=params)
