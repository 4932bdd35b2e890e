"""Orders: what talks to the ERP. Each job saves its step after every page, so that a kill costs one page."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

from django.conf import settings
from django.db import DataError
from django.db.models import Q

from accounts import clock
from accounts.tenancy import tenant
from contracts.errors import MappingError, NotFound
from contracts.provider import Capability, Provider
from contracts.records import ErpOrder, InvoiceQuery, OrderQuery, Page, RowProblem
from history.services import record
from integrations import polling, registry
from integrations.credentials import IntegrationContext
from integrations.cursors import read_cursor, write_cursor
from integrations.imports import ImportState
from integrations.models import Integration, IntegrationState
from integrations.reading import Reading, advance
from integrations.rows import PageResult
from jobs import queue
from jobs.errors import JobPostponed
from jobs.queue import Priority
from jobs.runner import JobContext
from orders import selectors, services
from orders.map_selectors import UNKNOWN_SITUATION, list_swept_situations, read_status_map
from orders.models import OrderImport, OrderReference, PassedOverOrder
from orders.sync.reaching import reach

ORDERS, INVOICES = "orders", "invoices"
# The ERP's filter knows days, not hours, and its clock is not ours.
OVERLAP = dt.timedelta(days=1)


def _apply(integration: Integration, page: Page[ErpOrder], priority: Priority) -> PageResult:
    """One page of orders; rows that say too little are read one by one afterwards."""
    status_map = read_status_map(integration)
    result = services.upsert_from_list(integration=integration, page=page, status_map=status_map)
    services.complete_summaries(integration=integration, page=page, priority=priority)
    return result


def pull_orders(job: JobContext) -> None:
    """Read what changed at the ERP since the last complete reading; the first one starts some days back.

    The ERP's list says all that an order here needs, so an order costs a hundredth of a call.
    """
    with tenant(job.organization_id):
        integration = Integration.objects.get(pk=int(job.key))
        if integration.state != IntegrationState.CONNECTED:
            return
        cursor = read_cursor(integration.pk, ORDERS)
    # Killed after its end, it stands for a reading that was wanted meanwhile.
    step = dict(job.step) if job.step and not job.step["is_finished"] else _begin_reading(cursor)
    query = OrderQuery(created_from=_day(step["created_from"]), updated_from=_day(step["updated_from"]))
    reading = Reading.from_step(step["reading"])
    with reach(job, integration) as (provider, context):
        while not reading.is_done:
            page = provider.list_orders(context, query, offset=reading.offset)
            reading = advance(reading, page)
            step["reading"] = reading.to_step()
            with tenant(job.organization_id):
                _apply(integration, page, Priority.COMPLETION)
                job.save_step(**step)
        with tenant(job.organization_id):
            _finish_reading(integration, step, reading)
            job.save_step(**step | {"is_finished": True})


def read_held_orders(job: JobContext) -> None:
    """Read by itself each row that may have been an order of ours: a list may have moved past it since."""
    _read_passed_over(job, int(job.key), Q(reason_code=services.HELD))


def release_situation(job: JobContext) -> None:
    """A situation that nobody knew has its rule now: what waited for it goes on."""
    integration_id, _, situation = job.key.split(":", 2)
    last = int(job.step.get("last", 0))
    with tenant(job.organization_id):
        integration = Integration.objects.get(pk=int(integration_id))
        if situation not in read_status_map(integration).rules:
            # Undone meanwhile: it waits again.
            return
    _read_passed_over(job, integration.pk, Q(reason_code=UNKNOWN_SITUATION, situation=situation))
    with tenant(job.organization_id):
        kept = OrderReference.objects.filter(integration=integration, situation=situation, pk__gt=last)
        ids = list(kept.filter(deleted_at=None).order_by("pk").values_list("pk", flat=True))
    for pk in ids:
        with tenant(job.organization_id):
            services.hear_again(reference_id=pk, situation=situation, status_map=read_status_map(integration))
            job.save_step(last=pk)


def _read_passed_over(job: JobContext, integration_id: int, which: Q) -> None:
    with tenant(job.organization_id):
        integration = Integration.objects.get(pk=integration_id)
        if integration.state != IntegrationState.CONNECTED:
            return
        # One that must wait on is written down anew, later than this.
        started_at = job.step.get("started_at") or clock.now().isoformat()
        waiting = PassedOverOrder.objects.filter(
            which, integration=integration, seen_at__lt=dt.datetime.fromisoformat(started_at)
        )
        external_ids = list(waiting.order_by("id").values_list("external_id", flat=True))
    with reach(job, integration) as (provider, context):
        for external_id in external_ids:
            page = _read_alone(provider, context, external_id)
            with tenant(job.organization_id):
                if page is None:
                    services.forget_passed_over(integration=integration, external_id=external_id)
                else:
                    _apply(integration, page, Priority.COMPLETION)
                job.save_step(started_at=started_at)


def _read_alone(provider: Provider, context: IntegrationContext, external_id: str) -> Page[ErpOrder] | None:
    """A page of this one row, ``None`` if the ERP does not have it any more."""
    items: tuple[ErpOrder, ...] = ()
    problems: tuple[RowProblem, ...] = ()
    try:
        items = (provider.get_order(context, external_id).order,)
    except NotFound:
        return None
    except MappingError as error:
        problems = (RowProblem(external_id, error.code),)
    return Page(items, row_ids=(external_id,), offset=0, limit=1, total=1, problems=problems)


def _begin_reading(cursor: dict[str, Any]) -> dict[str, Any]:
    today = clock.today()
    since = cursor.get("updated_from")
    first_day = today - dt.timedelta(days=settings.FIRST_READ_DAYS)
    return {
        "is_finished": False,
        "started_on": today.isoformat(),
        "cursor": cursor,
        "created_from": None if since else first_day.isoformat(),
        "updated_from": since,
        "reading": Reading().to_step(),
    }


def _finish_reading(integration: Integration, step: dict[str, Any], reading: Reading) -> None:
    # Before the cursor, as everybody locks who saves an integration and has it read again.
    Integration.objects.select_for_update().get(pk=integration.pk)
    is_first = step["updated_from"] is None
    cursor = read_cursor(integration.pk, ORDERS)
    if reading.repeats:
        _tell(integration, "orders.list_repeats", {})
    # A list that still seems to hide rows is read once more from the same day, then let go.
    must_return = (reading.repeats or reading.may_have_missed) and not cursor.get("is_second_reading")
    if cursor != step["cursor"]:
        # Somebody asked meanwhile to read from the beginning: that reading is still to come.
        pass
    elif must_return:
        write_cursor(integration.pk, ORDERS, {**cursor, "is_second_reading": True})
    else:
        since = dt.date.fromisoformat(step["started_on"]) - OVERLAP
        write_cursor(integration.pk, ORDERS, {"updated_from": since.isoformat()})
        if is_first:
            _tell(integration, "orders.first_read", selectors.summarise_first_read(integration, step))
    integration.last_polled_at = clock.now()
    integration.save(update_fields=["last_polled_at"])
    if not selectors.list_unproven(integration):
        # Held by a reading that ended after all had become known.
        services.release_held(integration=integration)
    services.release_ruled(integration=integration)
    services.give_up_invoices(integration=integration)
    services.enqueue_some_details(integration=integration)
    protocol = registry.get_protocol(integration.provider, integration.protocol)
    if not protocol.can(Capability.INVOICES_NAME_ORDERS):
        services.enqueue_awaiting_invoice(integration=integration)
    _pull_awaited_invoices(integration)
    polling.report_reading(integration)


def _pull_awaited_invoices(integration: Integration) -> None:
    if selectors.is_awaiting_invoices(integration):
        queue.enqueue(
            "pull_invoices",
            channel=integration.channel,
            key=str(integration.pk),
            lock="pull_invoices",
            priority=Priority.POLL,
        )


def sweep_orders(job: JobContext) -> None:
    """List each situation that is imported, once an hour: Tiny's filter by change is not proven.

    Open orders of ours that no list shows are then read one by one, a few at a time: they were deleted, or
    moved on without the filter noticing.
    """
    with tenant(job.organization_id):
        integration = Integration.objects.get(pk=int(job.key))
        if integration.state != IntegrationState.CONNECTED:
            return
        step = dict(job.step) or _begin_sweep(integration)
    started_at = dt.datetime.fromisoformat(step["started_at"])
    with reach(job, integration) as (provider, context):
        while step["situations"]:
            situation = step["situations"][0]
            query = OrderQuery(created_from=_day(step["created_from"]), situation=situation)
            reading = Reading.from_step(step["reading"])
            page = provider.list_orders(context, query, offset=reading.offset)
            reading = advance(reading, page)
            step["reading"] = reading.to_step()
            if reading.is_done:
                step |= {"situations": step["situations"][1:], "reading": Reading().to_step()}
            with tenant(job.organization_id):
                _apply(integration, page, Priority.COMPLETION)
                services.mark_seen(integration=integration, external_ids=page.row_ids, at=started_at)
                job.save_step(**step)
    with tenant(job.organization_id):
        services.enqueue_missed(
            integration=integration,
            since=dt.date.fromisoformat(step["created_from"]),
            started_at=started_at,
        )


def _begin_sweep(integration: Integration) -> dict[str, Any]:
    first_day = clock.today() - dt.timedelta(days=settings.SWEEP_DAYS)
    return {
        "started_at": clock.now().isoformat(),
        "created_from": first_day.isoformat(),
        "situations": list_swept_situations(integration),
        "reading": Reading().to_step(),
    }


def plan_import(job: JobContext) -> None:
    """How many orders the ERP has since the day that was asked for: a call or two."""
    with tenant(job.organization_id):
        run = OrderImport.objects.select_related("integration").get(pk=int(job.key))
    if run.state != ImportState.PLANNING:
        return
    query = OrderQuery(created_from=run.created_from)
    with reach(job, run.integration) as (provider, context):
        page = provider.list_orders(context, query, offset=0)
    total = page.total if page.total is not None else len(page.row_ids)
    with tenant(job.organization_id):
        services.record_plan(import_id=run.pk, rows_total=total)


def import_history(job: JobContext) -> None:
    """Read the orders since a day, page by page; it stops between two pages when a person cancels."""
    with tenant(job.organization_id):
        run = OrderImport.objects.select_related("integration").get(pk=int(job.key))
    integration = run.integration
    query = OrderQuery(created_from=run.created_from)
    step = dict(job.step) or {"is_second_reading": False, "reading": Reading().to_step()}
    reading = Reading.from_step(step["reading"])
    is_wanted = run.state == ImportState.RUNNING
    with reach(job, integration) as (provider, context):
        while is_wanted and not reading.is_done:
            page = provider.list_orders(context, query, offset=reading.offset)
            reading = advance(reading, page)
            rows_read, rows_total = reading.distinct, reading.total
            if reading.is_done and reading.may_have_missed and not step["is_second_reading"]:
                # What is known costs nothing, and what slid past is met this time.
                step["is_second_reading"], reading = True, Reading()
            step["reading"] = reading.to_step()
            with tenant(job.organization_id):
                result = _apply(integration, page, Priority.BACKFILL)
                is_wanted = services.advance_import(
                    import_id=run.pk, result=result, rows_read=rows_read, rows_total=rows_total
                )
                job.save_step(**step)
    if is_wanted:
        with tenant(job.organization_id):
            services.finish_import(import_id=run.pk)
            _pull_awaited_invoices(integration)


def pull_invoices(job: JobContext) -> None:
    """One list of notas for all the orders that await theirs, from the oldest of them on."""
    with tenant(job.organization_id):
        integration = Integration.objects.get(pk=int(job.key))
        if integration.state != IntegrationState.CONNECTED:
            return
        cursor = read_cursor(integration.pk, INVOICES)
        search = selectors.plan_invoice_search(integration, cursor)
    if search is None:
        return
    step = dict(job.step) or {
        "started_at": clock.now().isoformat(),
        "issued_from": search.issued_from.isoformat(),
        "is_full": search.is_full,
        "unmatched": 0,
        "reading": Reading().to_step(),
    }
    query = InvoiceQuery(issued_from=_day(step["issued_from"]))
    reading = Reading.from_step(step["reading"])
    with reach(job, integration) as (provider, context):
        while not reading.is_done:
            page = provider.list_invoices(context, query, offset=reading.offset)
            reading = advance(reading, page)
            step["reading"] = reading.to_step()
            with tenant(job.organization_id):
                step["unmatched"] += services.attach_invoices(
                    integration=integration, invoices=page.items, problems=page.problems
                )
                job.save_step(**step)
    # Nothing is concluded from a list that was empty or showed its first page again: to ask once more costs a
    # call or two. One that seems to hide rows is read a second time, then let go.
    is_incomplete = (
        reading.repeats
        or reading.distinct == 0
        or (reading.may_have_missed and not cursor.get("is_second_reading"))
    )
    read = {
        "read_at": step["started_at"],
        "full_read_at": step["started_at"] if step["is_full"] else cursor.get("full_read_at"),
        "unmatched": step["unmatched"],
    }
    with tenant(job.organization_id):
        write_cursor(
            integration.pk, INVOICES, {**cursor, "is_second_reading": True} if is_incomplete else read
        )


def complete_order(job: JobContext) -> None:
    """The detail of one order: items, installments, delivery address, and its nota if we miss and want it."""
    order_id = int(job.key)
    with tenant(job.organization_id):
        reference = selectors.find_sent_reference(order_id)
        if reference is None:
            # It was another order's after all.
            return
        integration = reference.integration
        has_invoice = selectors.has_authorized_invoice(order_id)
    with reach(job, integration) as (provider, context):
        try:
            detail = provider.get_order(context, reference.external_id)
        except NotFound:
            with tenant(job.organization_id):
                services.mark_deleted_at_erp(integration=integration, order_id=order_id)
            return
        try:
            with tenant(job.organization_id):
                if not services.apply_details(asked_of=reference, detail=detail):
                    raise JobPostponed(clock.now())
                rule = read_status_map(integration).rules.get(detail.order.situation)
        except (DataError, ValueError) as error:
            raise MappingError("orders.details_unstorable") from error
        is_wanted = rule is None or rule.awaits_invoice
        if detail.invoice_id and is_wanted and not has_invoice:
            invoice = provider.get_invoice(context, detail.invoice_id)
            # The order named the nota; whatever the nota says of its origin cannot be better.
            invoice = replace(invoice, order_external_id=reference.external_id)
            with tenant(job.organization_id):
                services.attach_invoices(integration=integration, invoices=[invoice])


def _tell(integration: Integration, code: str, params: dict[str, Any]) -> None:
    record(subject_kind="integration", subject_id=integration.pk, code=code, params=params)


def _day(text: str | None) -> dt.date | None:
    return dt.date.fromisoformat(text) if text else None
