"""The chosen list of prices."""

from __future__ import annotations

from collections.abc import Sequence

from accounts import clock
from accounts.tenancy import tenant
from catalog import selectors, services
from contracts.errors import NotFound
from contracts.records import ErpPriceList
from integrations.cursors import read_cursor, write_cursor
from integrations.models import Integration, IntegrationState
from integrations.reading import Reading, advance
from integrations.sync import reach_proven
from jobs.runner import JobContext


def pull_list_prices(job: JobContext) -> None:
    """Read the chosen list of prices, whole: nothing tells whether the ERP changes products with it.

    A job of its own, so that a list that is gone stops no product.
    """
    with tenant(job.organization_id):
        integration = Integration.objects.get(pk=int(job.key))
        list_id = selectors.read_criteria(integration).price_list_id
    if integration.state != IntegrationState.CONNECTED or not list_id:
        return
    step = dict(job.step) or {"started_at": clock.now().isoformat(), "reading": Reading().to_step()}
    reading = Reading.from_step(step["reading"])
    with reach_proven(job, integration) as (provider, context):
        price_lists = describe_lists(provider.list_price_lists(context))
        if list_id not in {one["id"] for one in price_lists}:
            # One that is gone may look empty, and would take every price with it.
            raise NotFound("catalog.price_list_gone")
        while not reading.is_done:
            page = provider.list_prices(context, list_id, offset=reading.offset)
            reading = advance(reading, page)
            step["reading"] = reading.to_step()
            with tenant(job.organization_id):
                services.apply_list_prices(
                    integration=integration, price_list_id=list_id, page=page, seen=step["started_at"]
                )
                if reading.is_done and not reading.may_have_missed and not reading.repeats:
                    services.forget_list_prices(
                        integration=integration,
                        price_list_id=list_id,
                        seen=step["started_at"],
                        is_empty=reading.distinct == 0,
                    )
                job.save_step(**step)
    with tenant(job.organization_id):
        choices = read_cursor(integration.pk, selectors.CHOICES)
        if choices.get("price_lists") != price_lists:
            write_cursor(integration.pk, selectors.CHOICES, {**choices, "price_lists": price_lists})
            services.enqueue_reapplying(integration=integration)


def describe_lists(price_lists: Sequence[ErpPriceList]) -> list[dict[str, str | None]]:
    return [
        {
            "id": one.external_id,
            "name": one.name,
            "adjustment": None if one.adjustment is None else str(one.adjustment),
        }
        for one in price_lists
    ]
