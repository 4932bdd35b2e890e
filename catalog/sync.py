"""Products: what talks to the ERP. Each job saves its step with its effect, so that a kill costs one call."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db import DataError

from accounts import clock
from accounts.tenancy import tenant
from catalog import held_selectors, selectors, services
from catalog.criteria import Criteria, decide_sending
from catalog.models import ChangeSource, Product, ProductImport, ProductReference, ProductStatus
from catalog.values import FIELDS, product_values
from contracts.errors import ErpError, MappingError, NotFound, PermissionMissing, RejectedByErp
from contracts.provider import Capability, Provider
from contracts.records import (
    ErpPriceList,
    ErpProduct,
    ErpStock,
    ErpWarehouse,
    Page,
    ProductDraft,
    ProductKind,
    ProductQuery,
    ProductState,
)
from integrations import registry
from integrations.credentials import IntegrationContext
from integrations.cursors import read_cursor, write_cursor
from integrations.imports import ImportState
from integrations.models import Integration, IntegrationState
from integrations.reading import Reading, advance
from integrations.rows import PageResult
from integrations.sync import reach_proven
from jobs.errors import JobPostponed
from jobs.runner import JobContext

# The ERP's clock is not ours, and a change that it writes late must not slip through.
OVERLAP = dt.timedelta(hours=1)
READ_AHEAD = 50
# No list of changes is proven to be whole.
WHOLE_LIST_EVERY = dt.timedelta(days=1)
# So many refused one behind the other are not the products' fault.
REFUSALS_IN_A_ROW = 3


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
        "price_lists": _describe_lists(price_lists),
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
        price_lists = _describe_lists(provider.list_price_lists(context))
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
        found = _read_product(provider, context, reference.external_id, costs_a_call)
        if found.refusal is not None:
            raise found.refusal
    with tenant(job.organization_id):
        _store(reference, found, ChangeSource.POLL)
        job.save_step()


@dataclass(frozen=True, slots=True)
class Announced:
    """A product that the ERP spoke of, as it was then found there: whole, or its stock alone.

    ``row_hash`` is what the list had told of it when it was asked for, ``""`` if nothing. ``is_left_out``: it
    was not asked for, because the criteria or a person left it out.
    """

    external_id: str
    row_hash: str = ""
    found: _Found | None = None
    stock: ErpStock | None = None
    asked_at: dt.datetime | None = None
    is_left_out: bool = False


def ask_announced(
    provider: Provider,
    context: IntegrationContext,
    external_id: str,
    *,
    is_stock: bool,
    is_stock_alone: bool,
    is_row: bool,
) -> Announced:
    """Ask for what a notification announced: ``is_stock``, perhaps alone, ``is_row`` what the list tells too.

    One call where the stock is all, else those of a whole reading. Raises what is wrong with the product, or
    with its stock where that was announced.
    """
    integration = context.integration
    with tenant(integration.organization_id):
        reference = selectors.list_references(integration).filter(external_id=external_id).first()
        costs_a_call = costs_a_stock_call(integration, selectors.read_criteria(integration))
    left_out = reference.passed_over if reference is not None else ""
    row_hash = reference.row_hash if reference is not None else ""
    if left_out == services.UNLINKED or (left_out and not is_row):
        return Announced(external_id, is_left_out=True)
    if is_stock_alone and reference is not None and _has_stock_of_its_own(reference):
        asked_at = clock.now()
        with suppress(NotFound):
            stock = _get_stock(provider, context, external_id)
            return Announced(external_id, row_hash, stock=stock, asked_at=asked_at)
    found = _read_product(provider, context, external_id, costs_a_call)
    if found.refusal is not None:
        raise found.refusal
    if found.code:
        raise MappingError(found.code)
    if is_stock and found.stock_failure is not None:
        raise found.stock_failure
    return Announced(external_id, row_hash, found)


def _has_stock_of_its_own(reference: ProductReference) -> bool:
    is_known = reference.details_read_at is not None and reference.deleted_at is None
    return is_known and reference.kind != ProductKind.PARENT


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of a product that was announced.

    ``changes`` are of our product, by the names of ``FIELDS`` (before, after). ``passed_over`` is why the
    criteria left it out. Without a ``product`` it is none of ours; ``is_gone``: the ERP has it no more.
    ``is_held``: a change of it waits for a person. ``unknown_kin`` are its variations that are not here.
    """

    changes: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)
    product: Product | None = None
    passed_over: str = ""
    is_gone: bool = False
    is_held: bool = False
    unknown_kin: Sequence[str] = ()


def keep_announced(integration: Integration, announced: Announced) -> Kept:
    """Apply what ``ask_announced`` found, inside the caller's ``tenant``; one that is new is taken in.

    Raises ``JobPostponed`` if something else was learnt of it meanwhile: it is to be asked for again.
    """
    here = selectors.list_references(integration).filter(external_id=announced.external_id)
    reference = here.select_related("product").first()
    former = selectors.values_of(reference.product) if reference and reference.product else {}
    found = announced.found
    product = found.product if found is not None else None
    row_hash = reference.row_hash if reference is not None else ""
    if found is not None and row_hash != announced.row_hash:
        raise JobPostponed(clock.now())
    is_gone = found is not None and (product is None or product.row.state == ProductState.DELETED)
    if found is not None and product is not None and not is_gone:
        if reference is None or reference.passed_over or reference.deleted_at is not None:
            _take_in(integration, product)
            reference = here.get()
        if not reference.passed_over:
            _keep_whole(reference, found, product)
    elif announced.stock is not None and announced.asked_at is not None and reference is not None:
        services.apply_stock(
            reference_id=reference.pk,
            stock=announced.stock,
            source=ChangeSource.NOTIFICATION,
            asked_at=announced.asked_at,
        )
    elif is_gone and reference is not None and reference.deleted_at is None:
        services.mark_deleted(reference_id=reference.pk)
    reference = here.select_related("product").first()
    if reference is None:
        return Kept(is_gone=is_gone)
    now = selectors.values_of(reference.product) if reference.product else {}
    return Kept(
        changes={name: (former.get(name), now[name]) for name in now if former.get(name) != now[name]},
        product=reference.product,
        passed_over=reference.passed_over,
        is_gone=is_gone,
        is_held=held_selectors.is_held(reference),
        unknown_kin=() if product is None or is_gone else _list_unknown_kin(integration, product),
    )


def _take_in(integration: Integration, product: ErpProduct) -> None:
    """As a row of the list: criteria and SKUs decide what becomes of it."""
    page = Page((product.row,), row_ids=(product.row.external_id,), offset=0, limit=1, total=1)
    services.upsert_from_list(integration=integration, page=page, source=ChangeSource.NOTIFICATION)


def _keep_whole(reference: ProductReference, found: _Found, product: ErpProduct) -> None:
    is_newest = services.apply_details(
        reference_id=reference.pk,
        product=product,
        stock=found.stock,
        source=ChangeSource.NOTIFICATION,
        row_hash=reference.row_hash,
        asked_at=found.asked_at,
    )
    if not is_newest:
        raise JobPostponed(clock.now())


def _list_unknown_kin(integration: Integration, product: ErpProduct) -> list[str]:
    told = [variation.external_id for variation in product.variations]
    known = selectors.list_references(integration).filter(external_id__in=told)
    known_ids = set(known.values_list("external_id", flat=True))
    return [external_id for external_id in told if external_id not in known_ids]


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
                integration=context.integration, page=page, source=_source_of(job)
            )
            if is_whole:
                services.forget_unseen(integration=context.integration, since=step["started_at"])
            is_wanted = count_page is None or count_page(result, reading)
            job.save_step(**step)
        if not is_wanted:
            return False
    return True


def _describe_lists(price_lists: Sequence[ErpPriceList]) -> list[dict[str, str | None]]:
    return [
        {
            "id": one.external_id,
            "name": one.name,
            "adjustment": None if one.adjustment is None else str(one.adjustment),
        }
        for one in price_lists
    ]


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


def read_each(
    job: JobContext,
    provider: Provider,
    context: IntegrationContext,
    references: Sequence[ProductReference],
    settle: Callable[[Sequence[ProductReference]], bool],
) -> bool:
    """Read these products one by one. ``settle`` is told of those that are kept, within the transaction that
    keeps them, and saves the step; false from it ends the reading, and is returned.
    """
    with tenant(job.organization_id):
        costs_a_call = costs_a_stock_call(context.integration, selectors.read_criteria(context.integration))
    held: list[tuple[ProductReference, _Found]] = []
    for reference in references:
        held.append((reference, _read_product(provider, context, reference.external_id, costs_a_call)))
        refusal = held[-1][1].refusal
        if refusal is not None and len(held) >= REFUSALS_IN_A_ROW:
            # Not these products, but something between us and the ERP: none of them is blamed.
            raise refusal
        if refusal is not None and reference is not references[-1]:
            continue
        with tenant(job.organization_id):
            for one, found in held:
                _store(one, found, _source_of(job))
            is_wanted = settle([one for one, _ in held])
        held = []
        if not is_wanted:
            return False
    return True


def _source_of(job: JobContext) -> ChangeSource:
    return ChangeSource.IMPORT if job.kind == "import_products" else ChangeSource.POLL


@dataclass(frozen=True, slots=True)
class _Found:
    """A product and its stock; without them a code that says why it cannot be read, "" when it is gone.

    ``refusal`` is the ERP's, when it was one; ``stock_failure`` is why the stock alone is not known.
    ``asked_at`` is from before the first call.
    """

    asked_at: dt.datetime
    product: ErpProduct | None = None
    stock: ErpStock | None = None
    code: str = ""
    refusal: RejectedByErp | None = None
    stock_failure: ErpError | None = None


def _read_product(
    provider: Provider, context: IntegrationContext, external_id: str, costs_a_call: bool
) -> _Found:
    asked_at = clock.now()
    try:
        product = _get_product(provider, context, external_id)
    except NotFound:
        return _Found(asked_at)
    except RejectedByErp as refusal:
        return _Found(asked_at, code=refusal.code, refusal=refusal)
    except MappingError as error:
        return _Found(asked_at, code=error.code)
    if product.row.kind == ProductKind.PARENT or product.row.state == ProductState.DELETED:
        return _Found(asked_at, product)
    if costs_a_call or product.stock_balance is None:
        try:
            return _Found(asked_at, product, _get_stock(provider, context, external_id))
        except (NotFound, MappingError, RejectedByErp) as failure:
            # The product is there; that its stock is not known is a problem of its own.
            return _Found(asked_at, product, stock_failure=failure)
    return _Found(asked_at, product, ErpStock(external_id, product.stock_balance, reserved=Decimal(0)))


def _get_product(provider: Provider, context: IntegrationContext, external_id: str) -> ErpProduct:
    product = provider.get_product(context, external_id)
    _refuse_if_other(external_id, product.row.external_id)
    return product


def _get_stock(provider: Provider, context: IntegrationContext, external_id: str) -> ErpStock:
    stock = provider.get_stock(context, external_id)
    _refuse_if_other(external_id, stock.external_id)
    return stock


def _refuse_if_other(asked_for: str, answered: str) -> None:
    """A cache or a proxy in between may hand out what somebody else asked for."""
    if answered != asked_for:
        raise MappingError("catalog.other_product")


def _store(reference: ProductReference, found: _Found, source: ChangeSource) -> None:
    """One product that cannot be read or kept stops no other."""
    code = found.code
    if found.product is not None:
        try:
            services.apply_details(
                reference_id=reference.pk,
                product=found.product,
                stock=found.stock,
                source=source,
                row_hash=reference.row_hash,
                asked_at=found.asked_at,
            )
        except (DataError, ValueError):
            code = "products.unstorable"
    if code:
        services.mark_unreadable(reference_id=reference.pk, code=code)
    elif found.product is None:
        services.mark_deleted(reference_id=reference.pk)


def export_product(job: JobContext) -> None:
    """Write a product that was made or changed here: read, merge, write back, read what became of it."""
    with tenant(job.organization_id):
        product = Product.objects.get(pk=int(job.key))
        integration = services.find_target(product)
        if integration is None:
            services.give_up_export(product_id=product.pk)
            return
        criteria = selectors.read_criteria(integration)
        reference = selectors.list_references(integration).filter(product=product).first()
        stamp = product.changed_here_at
    ours = selectors.values_of(product)
    with reach_proven(job, integration) as (provider, context):
        external_id = reference.external_id if reference else _find_by_sku(provider, context, product.sku)
        if reference is None and external_id:
            _refuse_if_taken(integration, external_id, product)
        is_new = not external_id
        at_erp = None if is_new else _get_product(provider, context, external_id)
        if at_erp is not None and at_erp.row.state == ProductState.DELETED:
            raise RejectedByErp("catalog.product_deleted_at_erp", {"sku": product.sku})
        theirs = None if at_erp is None else product_values(at_erp)
        decision = decide_sending(ours, theirs, criteria, product.changed_here)
        changes = {name: after for name, (_, after) in decision.changes.items()}
        unwritable = _take_unwritable(integration, changes, is_new=is_new)
        if at_erp is None:
            external_id = provider.create_product(context, _draft(product.sku, changes))
        elif changes:
            # Linked by a person, it may have another SKU there.
            provider.update_product(context, external_id, _draft(at_erp.row.sku, changes))
        found = product_values(_get_product(provider, context, external_id)) if changes else theirs or {}
    not_taken = unwritable | {name: value for name, value in changes.items() if found.get(name) != value}
    with tenant(job.organization_id):
        services.record_export(
            integration=integration,
            product_id=product.pk,
            external_id=external_id,
            is_new=is_new,
            sent=changes,
            kept=decision.kept,
            not_taken=not_taken,
            found=found,
            changed_here_at=stamp,
        )
        job.save_step()


def _refuse_if_taken(integration: Integration, external_id: str, product: Product) -> None:
    """What a person said of a product of the ERP holds for what is sent, too."""
    with tenant(integration.organization_id):
        known = selectors.list_references(integration).filter(external_id=external_id).first()
    if known is None:
        return
    is_others = known.product_id not in (None, product.pk)
    if is_others or known.passed_over == services.UNLINKED:
        raise RejectedByErp("catalog.sku_linked_otherwise", {"sku": product.sku})


def _take_unwritable(integration: Integration, changes: dict[str, Any], *, is_new: bool) -> dict[str, Any]:
    """Take out what this protocol cannot write, so that the rest goes. What is new there is active there."""
    protocol = registry.get_protocol(integration.provider, integration.protocol)
    if protocol.can(Capability.PRODUCT_STATE_WRITABLE) or "status" not in changes:
        return {}
    status = changes.pop("status")
    return {} if is_new and status == ProductStatus.ACTIVE else {"status": status}


def _find_by_sku(provider: Provider, context: IntegrationContext, sku: str) -> str:
    """The ERP's identifier of this SKU, ``""`` if it has none. Raises ``RejectedByErp`` if it has several."""
    reading, found = Reading(), set()
    while not reading.is_done:
        # The ERP finds loosely: the one that is meant may stand behind others.
        page = provider.list_products(context, ProductQuery(sku=sku), offset=reading.offset)
        if page.problems:
            raise MappingError(page.problems[0].code, page.problems[0].params)
        reading = advance(reading, page)
        found |= {
            row.external_id for row in page.items if row.sku == sku and row.state != ProductState.DELETED
        }
    if len(found) > 1:
        raise RejectedByErp("catalog.sku_repeated_at_erp", {"sku": sku})
    return found.pop() if found else ""


def _draft(sku: str, changes: dict[str, Any]) -> ProductDraft:
    values = {name: value for name, value in changes.items() if FIELDS[name].is_sent}
    if "status" in values:
        values["state"] = ProductState(values.pop("status"))
    if "category" in values:
        values["category"] = tuple(values["category"])
    if "promotional_price" in values:
        # No promotion is a price of 0 there; None would leave it as it is.
        values["promotional_price"] = values["promotional_price"] or Decimal(0)
    return ProductDraft(sku=sku, **values)


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


def costs_a_stock_call(integration: Integration, criteria: Criteria) -> bool:
    """Whether a product's stock is told by a call of its own only."""
    protocol = registry.get_protocol(integration.provider, integration.protocol)
    if criteria.warehouse or not protocol.can(Capability.STOCK_IN_PRODUCT):
        return True
    return not selectors.is_stock_simple(integration)
