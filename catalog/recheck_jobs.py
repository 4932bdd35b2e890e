"""Products that are read again though nothing says that they changed: a few all the time, or all of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.conf import settings

from accounts import clock
from accounts.tenancy import tenant
from catalog import selectors, services
from catalog.models import ProductReference
from catalog.sync.reading import costs_a_stock_call, read_each
from integrations.models import Integration, IntegrationState
from integrations.sync import reach_proven
from jobs.errors import JobPostponed
from jobs.runner import JobContext
from jobs.selectors import call_spacing

# Between so many products whoever reads all of them leaves the account's calls to others.
PORTION = 10


def recheck_products(job: JobContext) -> None:
    """Read some again, as many as a small share of the account's calls allows until the next time."""
    with tenant(job.organization_id):
        integration = Integration.objects.get(pk=int(job.key))
        if integration.state != IntegrationState.CONNECTED:
            return
        left = job.step.get("left")
        if left is None:
            costs_a_call = costs_a_stock_call(integration, selectors.read_criteria(integration))
            left = services.choose_rechecked(
                integration=integration, calls_per_product=2 if costs_a_call else 1
            )
        by_id = services.list_rechecked(integration).in_bulk(left)
    waiting = [by_id[pk] for pk in left if pk in by_id]
    if not waiting:
        return

    def settle(kept: Sequence[ProductReference]) -> bool:
        done = {reference.pk for reference in kept}
        job.save_step(left=[pk for pk in job.step.get("left", left) if pk not in done])
        return True

    with reach_proven(job, integration) as (provider, context):
        read_each(job, provider, context, waiting, settle)


def reconcile_products(job: JobContext) -> None:
    """«Reconferir estoque e preços»: every product once, except what something else reads meanwhile.

    A portion at a time, so that it takes a share of the account's calls, however few others need them.
    """
    with tenant(job.organization_id):
        integration = Integration.objects.get(pk=int(job.key))
        if integration.state != IntegrationState.CONNECTED:
            return
        # Killed after its end, it stands for one that was asked for meanwhile.
        step = dict(job.step) if job.step and not job.step["is_finished"] else _begin(integration)
        costs_a_call = costs_a_stock_call(integration, selectors.read_criteria(integration))
    began_at = dt.datetime.fromisoformat(step["began_at"])
    turn_at = clock.now()

    def settle(kept: Sequence[ProductReference]) -> bool:
        step["last"] = kept[-1].pk
        step["read"] += len(kept)
        step["moved"] += services.count_moved(kept)
        job.save_step(**step)
        return True

    with reach_proven(job, integration) as (provider, context):
        waiting = _list_left(job, integration, began_at, step["last"])
        read_each(job, provider, context, waiting, settle)
    if waiting:
        taken = len(waiting) * (2 if costs_a_call else 1) * call_spacing(integration.budget_key, "read")
        raise JobPostponed(turn_at + dt.timedelta(seconds=taken / settings.RECONCILE_SHARE))
    with tenant(job.organization_id):
        services.finish_reconciling(integration=integration, since=began_at, moved=step["moved"])
        job.save_step(**step | {"is_finished": True})


def _begin(integration: Integration) -> dict[str, Any]:
    return {
        "is_finished": False,
        "began_at": clock.now().isoformat(),
        "total": services.list_rechecked(integration).count(),
        "last": 0,
        "read": 0,
        "moved": 0,
    }


def _list_left(
    job: JobContext, integration: Integration, began_at: dt.datetime, last: int
) -> list[ProductReference]:
    with tenant(job.organization_id):
        left = services.list_rechecked(integration).filter(details_read_at__lt=began_at, pk__gt=last)
        return list(left.order_by("pk")[:PORTION])
