"""The whole list of products, what changed in it, and each product that is new. A kill costs one call."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from accounts import clock
from accounts.tenancy import tenant
from catalog import selectors, services
from catalog.models import ChangeSource, ProductImport, ProductReference
from catalog.sync.pricing import describe_lists
from catalog.sync.reading import costs_a_stock_call, find_product, read_each, source_of, store
from contracts.errors import PermissionMissing
from contracts.provider import Capability, Provider
from contracts.records import ErpWarehouse, ProductQuery
from integrations import registry
from integrations.credentials import IntegrationContext
from integrations.cursors import read_cursor, write_cursor
from integrations.imports import ImportState
from integrations.models import Integration, IntegrationState
from integrations.reading import Reading, advance
from integrations.rows import PageResult
from integrations.sync import reach_proven
from jobs.runner import JobContext

# The ERP's clock is not ours, and a change that it writes late must not slip through.
OVERLAP = dt.timedelta(hours=1)
READ_AHEAD = 50
# No list of changes is proven to be whole.
WHOLE_LIST_EVERY = dt.timedelta(days=1)


def plan_products(job: JobContext) -> None:
    """How many products the ERP has, and what each costs: three calls or fewer."""
    with tenant(job.organization_id):
        run = ProductImport.objects.select_related("integration").get(pk=int(job.key))
        criteria = selectors.read_criteria(run.integration)
    if run.state != ImportState.PLANNING:
        return
    integration = run.integration
    with reach_proven(job, integration) as (provider, context):
        page = provider.list_products(context, ProductQuery(), offset=0)
        try:
            price_lists = provider.list_price_lists(context)
        except PermissionMissing:
            # Who chose none needs none; whoever chose one is told by the job that reads it.
            price_lists = ()
        warehouses = provider.list_warehouses(context)
    total = page.total if page.total is not None else len(page.row_ids)
    choices = {
        "price_lists": describe_lists(price_lists),
        "warehouses": [one.name for one in warehouses or ()],
        "is_stock_simple": _is_stock_simple(warehouses),
    }
    with tenant(job.organization_id):
        write_cursor(integration.pk, selectors.CHOICES, choices)
        services.record_plan(
            import_id=run.pk,
            rows_total=total,
            calls_per_product=2 if costs_a_stock_call(integration, criteria) else 1,
        )


def import_products(job: JobContext) -> None:
    """Read the whole list, then each product that is new or changed; it stops when a person cancels."""
    with tenant(job.organization_id):
        run = ProductImport.objects.select_related("integration").get(pk=int(job.key))
    if run.state != ImportState.RUNNING:
        return
    integration = run.integration
    step = dict(job.step) or _begin_list(clock.now())

    def count_page(result: PageResult, reading: Reading) -> bool:
        is_wanted = services.advance_list(
            import_id=run.pk, result=result, rows_read=reading.distinct, rows_total=reading.total
        )
        if step["is_listed"]:
            services.begin_details(import_id=run.pk)
        return is_wanted

    def count_product() -> bool:
        return services.advance_details(import_id=run.pk)

    with reach_proven(job, integration) as (provider, context):
        is_complete = _read_list(job, provider, context, step, count_page) and _read_products(
            job, provider, context, count_product
        )
    if is_complete:
        with tenant(job.organization_id):
            _move_cursor(integration, step)
            services.finish_import(import_id=run.pk)


def pull_products(job: JobContext) -> None:
    """Read what changed since the last complete reading, or all where the ERP cannot tell."""
    with tenant(job.organization_id):
        integration = Integration.objects.get(pk=int(job.key))
        if integration.state != IntegrationState.CONNECTED:
            return
        cursor = read_cursor(integration.pk, selectors.CURSOR)
    protocol = registry.get_protocol(integration.provider, integration.protocol)
    since = cursor.get("changed_from") if protocol.can(Capability.PRODUCTS_BY_CHANGE) else None
    listed_at = cursor.get("listed_at")
    if listed_at is None or dt.datetime.fromisoformat(listed_at) < clock.now() - WHOLE_LIST_EVERY:
        since = None
    step = dict(job.step) or _begin_list(clock.now(), since)
    with reach_proven(job, integration) as (provider, context):
        _read_list(job, provider, context, step)
        if protocol.can(Capability.STOCK_IN_PRODUCT):
            warehouses = provider.list_warehouses(context)
            with tenant(job.organization_id):
                services.learn_warehouses(
                    integration=integration,
                    names=[one.name for one in warehouses or ()],
                    is_stock_simple=_is_stock_simple(warehouses),
                )
    with tenant(job.organization_id):
        _date_found(integration, cursor, step)
        _move_cursor(integration, step)
        # By another protocol than the last time, perhaps.
        services.follow_changes(integration=integration)
        services.enqueue_details(integration=integration)
        services.enqueue_list_prices(integration=integration)


def complete_products(job: JobContext) -> None:
    """Read the single products that are new or changed."""
    with tenant(job.organization_id):
        integration = Integration.objects.get(pk=int(job.key))
        if integration.state != IntegrationState.CONNECTED:
            return
    with reach_proven(job, integration) as (provider, context):
        _read_products(job, provider, context)


def read_product(job: JobContext) -> None:
    """«Reconferir agora»: one product, at once, whatever else is being read."""
    with tenant(job.organization_id):
        references = ProductReference.objects.select_related("integration")
        reference = references.get(pk=int(job.key))
        criteria = selectors.read_criteria(reference.integration)
        costs_a_call = costs_a_stock_call(reference.integration, criteria)
    with reach_proven(job, reference.integration) as (provider, context):
        found = find_product(provider, context, reference.external_id, costs_a_call)
        if found.refusal is not None:
            raise found.refusal
    with tenant(job.organization_id):
        store(reference, found, ChangeSource.POLL)
        job.save_step()


def reapply_criteria(job: JobContext) -> None:
    """«Reaplicar agora»: no call to the ERP, some hundreds of products a transaction."""
    integration_id, _, _ = job.key.partition("/")
    with tenant(job.organization_id):
        integration = Integration.objects.get(pk=int(integration_id))
    after_id, is_first = int(job.step.get("after_id", 0)), not job.step
    while is_first or after_id:
        is_first = False
        with tenant(job.organization_id):
            _, after_id = services.reapply(integration=integration, after_id=after_id)
            job.save_step(after_id=after_id)
    with tenant(job.organization_id):
        services.enqueue_details(integration=integration)


def _begin_list(now: dt.datetime, changed_from: str | None = None) -> dict[str, Any]:
    return {
        "started_at": now.isoformat(),
        "changed_from": changed_from,
        "is_second_reading": False,
        "is_listed": False,
        "reading": Reading().to_step(),
    }


def _read_list(
    job: JobContext,
    provider: Provider,
    context: IntegrationContext,
    step: dict[str, Any],
    count_page: Callable[[PageResult, Reading], bool] | None = None,
) -> bool:
    """Apply page after page; false if ``count_page``, called within each one's transaction, ended it."""
    since = step["changed_from"]
    query = ProductQuery(changed_from=dt.datetime.fromisoformat(since) if since else None)
    while not step["is_listed"]:
        reading = Reading.from_step(step["reading"])
        page = provider.list_products(context, query, offset=reading.offset)
        reading = advance(reading, page)
        is_last = reading.is_done
        next_reading = reading
        if is_last and reading.may_have_missed and not step["is_second_reading"]:
            # What is known costs nothing, and what slid past is met this time.
            step["is_second_reading"], next_reading, is_last = True, Reading(), False
        step |= {"reading": next_reading.to_step(), "is_listed": is_last}
        is_whole = is_last and not step["changed_from"] and not reading.repeats and reading.distinct > 0
        with tenant(job.organization_id):
            result = services.upsert_from_list(
                integration=context.integration, page=page, source=source_of(job)
            )
            if is_whole:
                services.forget_unseen(integration=context.integration, since=step["started_at"])
            is_wanted = count_page is None or count_page(result, reading)
            job.save_step(**step)
        if not is_wanted:
            return False
    return True


def _read_products(
    job: JobContext,
    provider: Provider,
    context: IntegrationContext,
    count_product: Callable[[], bool] | None = None,
) -> bool:
    """Read single products until none is left, or until ``count_product`` says that it is enough."""

    def settle(kept: Sequence[ProductReference]) -> bool:
        wanted = [count_product is None or count_product() for _ in kept]
        # Its lease is proven with it: a worker that was taken for dead writes nothing.
        job.save_step()
        return all(wanted)

    while True:
        with tenant(job.organization_id):
            waiting = list(selectors.list_unread(context.integration)[:READ_AHEAD])
        if not waiting:
            return True
        if not read_each(job, provider, context, waiting, settle):
            return False


def _date_found(integration: Integration, cursor: Mapping[str, Any], step: Mapping[str, Any]) -> None:
    """What a list shows now and the former one of its kind did not has changed since that one began."""
    protocol = registry.get_protocol(integration.provider, integration.protocol)
    is_of_kind = bool(step["changed_from"]) == protocol.can(Capability.PRODUCTS_BY_CHANGE)
    if is_of_kind and cursor.get("changed_from"):
        former_began_at = dt.datetime.fromisoformat(cursor["changed_from"]) + OVERLAP
        began_at = dt.datetime.fromisoformat(step["started_at"])
        services.date_found(integration=integration, since=began_at, unchanged_at=former_began_at)


def _move_cursor(integration: Integration, step: dict[str, Any]) -> None:
    since = dt.datetime.fromisoformat(step["started_at"]) - OVERLAP
    cursor = read_cursor(integration.pk, selectors.CURSOR)
    listed_at = cursor.get("listed_at") if step["changed_from"] else step["started_at"]
    write_cursor(
        integration.pk, selectors.CURSOR, {"changed_from": since.isoformat(), "listed_at": listed_at}
    )


def _is_stock_simple(warehouses: Sequence[ErpWarehouse] | None) -> bool:
    """One depósito without reservations has nothing to add to what the single product tells."""
    return warehouses is not None and len(warehouses) == 1 and not warehouses[0].has_reservations
