"""Customers on their way to the ERP. What a reader of the API sees of a customer does not change here."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from django.db import transaction

from accounts import clock
from customers.models import Customer, CustomerReference
from customers.selectors import find_target, list_offered
from customers.services.lines import lock_of, name_fields, tell
from history.models import Source
from integrations.models import Integration
from jobs import queue
from jobs.queue import Priority


def enqueue_export(*, customer_id: int, integration: Integration) -> None:
    queue.enqueue(
        "export_customer",
        channel=integration.channel,
        key=str(customer_id),
        lock=lock_of(customer_id),
        priority=Priority.EXPORT,
    )


@transaction.atomic
def send_anyway(*, customer_id: int, person: str) -> bool:
    """«Enviar ao Tiny», «Enviar assim mesmo»: whatever the criteria say. False if no single ERP is meant."""
    customer = Customer.objects.select_for_update().get(pk=customer_id)
    customer.is_forced = True
    integration = find_target(customer).integration
    if integration is None:
        return False
    customer.changed_here_at = clock.now()
    customer.save(update_fields=["is_forced", "changed_here_at"])
    tell(customer, "customer.sent_anyway", source=Source.PERSON, person=person)
    enqueue_export(customer_id=customer.pk, integration=integration)
    return True


@transaction.atomic
def send_offered(*, integration: Integration, person: str) -> int:
    """Send those whom the criteria left out and let in now; how many they were."""
    offered = [customer.pk for customer in list_offered(integration)]
    rows = Customer.objects.select_for_update().filter(pk__in=offered, changed_here_at=None)
    customers, now = list(rows.order_by("id")), clock.now()
    for customer in customers:
        customer.changed_here_at = now
        customer.save(update_fields=["changed_here_at"])
        tell(customer, "customer.sent_anyway", source=Source.PERSON, person=person)
        enqueue_export(customer_id=customer.pk, integration=integration)
    return len(customers)


@transaction.atomic
def give_up_export(*, customer_id: int) -> None:
    """He goes nowhere any more: what the ERP says of him arrives again."""
    customer = Customer.objects.select_for_update().get(pk=customer_id)
    if customer.changed_here_at is None:
        return
    target = find_target(customer)
    Customer.objects.filter(pk=customer_id).update(changed_here_at=None, is_forced=False)
    tell(customer, "customer.left_out", {"reason": target.decision.code}, source=Source.PLATFORM)


@transaction.atomic
def begin_attempt(*, customer_id: int) -> None:
    """From now on he may be at the ERP without our knowing."""
    Customer.objects.filter(pk=customer_id).update(attempted_at=clock.now())


@transaction.atomic
def end_attempt(*, customer_id: int) -> None:
    """The ERP refused to make him."""
    Customer.objects.filter(pk=customer_id).update(attempted_at=None)


@transaction.atomic
def link_at_erp(*, customer_id: int, integration: Integration, external_id: str, is_new: bool) -> None:
    """The contact ``external_id`` is this customer: found there, or just made."""
    customer = Customer.objects.get(pk=customer_id)
    if CustomerReference.objects.filter(
        integration=integration, external_id=external_id, customer=customer
    ).exists():
        return
    # A record without document may have had it, and the ERP says now whose it is.
    CustomerReference.objects.update_or_create(
        integration=integration, external_id=external_id, defaults={"customer": customer}
    )
    if is_new:
        # He went there whole.
        Customer.objects.filter(pk=customer_id, changed_here_at=None).update(changed_here=[])
    code = "customer.sent_new" if is_new else "customer.linked"
    tell(customer, code, {"external_id": external_id})


@transaction.atomic
def forget_reference(*, integration: Integration, external_id: str) -> None:
    """The ERP does not have this contact any more."""
    CustomerReference.objects.filter(integration=integration, external_id=external_id).delete()


@transaction.atomic
def record_export(
    *,
    customer_id: int,
    sent: Collection[str],
    kept: Collection[str],
    not_taken: Collection[str],
    changed_here_at: dt.datetime | None,
) -> None:
    """The ERP has the customer now. What it kept or did not take over is told, and never claimed."""
    customer = Customer.objects.select_for_update().get(pk=customer_id)
    # Whoever changed him again meanwhile waits for the next turn.
    if customer.changed_here_at == changed_here_at:
        customer.changed_here_at, customer.changed_here, customer.is_forced = None, [], False
        customer.save(update_fields=["changed_here_at", "changed_here", "is_forced"])
    for code, names in (
        ("customer.sent", set(sent) - set(not_taken)),
        ("customer.sending_kept", set(kept)),
        ("customer.not_taken", set(not_taken)),
    ):
        if names:
            tell(customer, code, {"fields": name_fields(names)})
