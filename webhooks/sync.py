"""Notifications: what reads them, and what then asks the ERP for all that they announce."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db import DataError

from accounts import clock
from accounts.tenancy import tenant
from catalog.selectors import SKU_UNKNOWN
from catalog.sentences import PASSED_OVER as PRODUCT_PASSED_OVER
from catalog.services import enqueue_list_prices
from catalog.sync import announced as products_announced
from contracts.errors import AuthenticationFailed, ErpError, MappingError, TemporaryError
from contracts.notifications import NotificationKind
from integrations.models import Integration
from integrations.sync import reach_proven
from jobs import turns
from jobs.errors import JobNeedsPerson, JobPostponed, LeaseLost
from jobs.queue import Priority
from jobs.runner import DATABASE_AWAY, JobContext
from orders.sentences import PASSED_OVER as ORDER_PASSED_OVER
from orders.services import attach_invoices
from orders.sync import announced as orders_announced
from orders.sync.reaching import reach
from webhooks import selectors, services
from webhooks.deciding import Entity, Outcome, is_stock_alone, list_effect, list_product_effect
from webhooks.models import ReceiptState
from webhooks.services.arrivals import await_arrivals

Keep = Callable[[], Outcome]
# They mean nothing of the notification: the job goes on later, or was never here.
_PASSING = (TemporaryError, AuthenticationFailed, JobPostponed, LeaseLost, *DATABASE_AWAY)


def read_receipts(job: JobContext) -> None:
    """Read what was received, batch after batch; no call to the ERP is made."""
    services.follow_up_outages()
    integration_id = int(job.key)
    await_arrivals(integration_id=integration_id)
    with tenant(job.organization_id):
        integration = Integration.objects.get(pk=integration_id)
        services.keep_tidy(integration=integration)
    count = None
    while count != 0:
        with tenant(job.organization_id):
            count = services.read_batch(integration=integration)
            job.save_step()
        _give_way(count)


def tidy_receipts(job: JobContext) -> None:
    """Once in a while: follow outages up, free what was stranded, delete what is old."""
    services.follow_up_outages()
    with tenant(job.organization_id):
        integration = Integration.objects.get(pk=int(job.key))
        services.settle_stranded(integration=integration)
        services.request_forgotten(integration=integration)
    count = None
    while count != 0:
        with tenant(job.organization_id):
            count = services.purge(integration=integration)
            job.save_step()
        _give_way(count)


def reread_announced(job: JobContext) -> None:
    """After an outage: whatever was told of before it and meanwhile is asked for at the ERP again."""
    integration_id, since, until = job.key.split("/")
    with tenant(job.organization_id):
        integration = Integration.objects.get(pk=int(integration_id))
    after, is_first = str(job.step.get("after", "")), not job.step
    while is_first or after:
        is_first = False
        with tenant(job.organization_id):
            after = services.reread_announced(
                integration=integration,
                since=dt.datetime.fromisoformat(since),
                until=dt.datetime.fromisoformat(until),
                after=after,
            )
            job.save_step(after=after)
        _give_way(len(after))


def _give_way(left: int) -> None:
    """To those who wait for a worker, if something is left to go on with."""
    if left and turns.should_yield():
        raise JobPostponed(clock.now())


def follow_notification(job: JobContext) -> None:
    """Read at the ERP what notifications are about, and apply it: one reading for all that wait for it."""
    integration_id, _, text = job.key.partition("/")
    with tenant(job.organization_id):
        integration = Integration.objects.get(pk=int(integration_id))
        waiting = selectors.list_to_follow(integration, text)
        kinds = [kind for _, kind in waiting]
        if not waiting:
            horizon = dt.timedelta(hours=settings.RETRY_HORIZON_HOURS)
            kinds = selectors.list_kinds_since(integration, text, clock.now() - horizon)
    if not waiting and job.step.get("is_done"):
        # Killed after its end.
        return
    receipt_ids = [pk for pk, _ in waiting]
    try:
        keep = _ask(job, integration, Entity.from_text(text), kinds)
        with tenant(job.organization_id):
            outcome = keep()
            services.settle(receipt_ids=receipt_ids, outcome=outcome)
            job.save_step(is_done=True)
    except _PASSING:
        raise
    except Exception as error:
        with tenant(job.organization_id):
            services.settle(receipt_ids=receipt_ids, outcome=_explain(error))
            job.save_step()
        raise


def _explain(error: Exception) -> Outcome:
    if isinstance(error, JobNeedsPerson) and error.code == SKU_UNKNOWN:
        return Outcome(ReceiptState.FAILED, "webhook.product_unknown", error.params)
    if isinstance(error, (ErpError, JobNeedsPerson)):
        return Outcome(ReceiptState.FAILED, error.code, error.params)
    return Outcome(ReceiptState.FAILED, "webhook.ours")


@contextmanager
def _storing(code: str) -> Iterator[None]:
    """What the ERP answered in the right form may still be more than a column holds."""
    try:
        yield
    except (DataError, ValueError) as error:
        raise MappingError(code) from error


def _ask(job: JobContext, integration: Integration, entity: Entity, kinds: list[str]) -> Keep:
    """Ask the ERP; what is returned applies the answer, within the transaction that settles the receipts."""
    with tenant(job.organization_id):
        entity = selectors.find_external_ids(integration, [entity]).get(entity, entity)
    if entity.kind == "product":
        return _ask_product(job, integration, entity.name, kinds)
    if entity.kind == "order":
        return _ask_order(job, integration, entity.name)
    if entity.kind == "invoice":
        return _ask_invoice(job, integration, entity.name)
    if entity.kind == "sku":
        # Let go on by whoever gives a product this SKU.
        raise JobNeedsPerson(SKU_UNKNOWN, {"sku": entity.name}, key=entity.name)
    return lambda: Outcome(ReceiptState.FAILED, "webhook.order_unknown", {"number": entity.name})


def _ask_product(job: JobContext, integration: Integration, external_id: str, kinds: list[str]) -> Keep:
    with reach_proven(job, integration) as (provider, context):
        announced = products_announced.ask_announced(
            provider,
            context,
            external_id,
            is_stock=NotificationKind.STOCK in kinds,
            is_stock_alone=is_stock_alone(kinds),
            is_row=NotificationKind.PRODUCT in kinds,
        )

    def keep() -> Outcome:
        with _storing("products.unstorable"):
            kept = products_announced.keep_announced(integration, announced)
        if NotificationKind.PRICE in kinds:
            enqueue_list_prices(integration=integration)
        services.enqueue_following(
            integration=integration,
            entities=[str(Entity("product", kin)) for kin in kept.unknown_kin],
            priority=Priority.COMPLETION,
        )
        return _judge_product(kept)

    return keep


def _judge_product(kept: products_announced.Kept) -> Outcome:
    effect = list_product_effect(kept.changes)
    if kept.passed_over:
        reason = PRODUCT_PASSED_OVER.get(kept.passed_over, kept.passed_over)
        return Outcome(ReceiptState.IGNORED, "webhook.product_left_out", {"reason": reason})
    if kept.product is None:
        code = "webhook.gone" if kept.is_gone else "webhook.product_unlinked"
        return Outcome(ReceiptState.IGNORED, code)
    if kept.is_held and not effect:
        return Outcome(reason_code="webhook.change_held")
    return Outcome(effect=effect)


def _ask_order(job: JobContext, integration: Integration, external_id: str) -> Keep:
    with reach(job, integration) as (provider, context):
        announced = orders_announced.ask_announced(provider, context, external_id)

    def keep() -> Outcome:
        with _storing("orders.details_unstorable"):
            return _judge_order(orders_announced.keep_announced(integration, announced))

    return keep


def _judge_order(kept: orders_announced.Kept) -> Outcome:
    if kept.order_id is not None:
        return Outcome(effect=list_effect(kept.changes))
    if kept.is_gone:
        return Outcome(ReceiptState.IGNORED, "webhook.gone")
    reason = ORDER_PASSED_OVER.get(kept.passed_over, kept.passed_over)
    return Outcome(ReceiptState.IGNORED, "webhook.order_left_out", {"reason": reason})


def _ask_invoice(job: JobContext, integration: Integration, external_id: str) -> Keep:
    """A nota that names no order of ours: it may name it when it is read by itself."""
    with reach(job, integration) as (provider, context):
        invoice = provider.get_invoice(context, external_id)

    def keep() -> Outcome:
        if attach_invoices(integration=integration, invoices=[invoice]):
            return Outcome(ReceiptState.IGNORED, "webhook.invoice_unknown", {"number": invoice.number})
        return Outcome(effect=list_effect({"Nota fiscal": ("", invoice.number)}))

    return keep
