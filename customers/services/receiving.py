"""Customers as the ERP tells them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from django.db import IntegrityError, transaction

from accounts import clock
from contracts.records import ErpCustomer
from customers.models import Customer, CustomerReference
from customers.services.lines import take_revision

Identity = tuple[str, str]


@transaction.atomic
def upsert_from_erp(*, integration_id: int, record: ErpCustomer, current: Customer | None) -> Customer:
    """``upsert_many`` for the one customer of an order that has ``current`` already."""
    return upsert_many(integration_id=integration_id, records=[record], current=[current])[0]


@transaction.atomic
def upsert_many(
    *, integration_id: int, records: Sequence[ErpCustomer], current: Sequence[Customer | None] | None = None
) -> list[Customer]:
    """The customer of each ERP record, created if missing, brought up to date otherwise.

    Identity: (organization, document), else (integration, contact id), else a record of its own for the
    order (``current``: the one that the order has already). Never by name or e-mail.
    What the ERP does not tell does not erase what we know, and what was changed here stays until it is there.
    No criteria hold: they are for what goes to the ERP.
    """
    revision = take_revision()
    owned = current or [None] * len(records)
    identities = [_identify(record, position) for position, record in enumerate(records)]
    known = _find(integration_id, records)
    for identity, owner in zip(identities, owned, strict=True):
        if owner is not None and not owner.document:
            known.setdefault(identity, owner)
    missing: dict[Identity, ErpCustomer] = {}
    for identity, record in zip(identities, records, strict=True):
        if identity in known:
            known[identity] = _update(known[identity], record, revision)
        else:
            missing[identity] = record
    known |= _create(missing, revision)
    customers = [known[identity] for identity in identities]
    CustomerReference.objects.bulk_create(
        [
            CustomerReference(
                integration_id=integration_id, external_id=record.external_id, customer=customer
            )
            for record, customer in zip(records, customers, strict=True)
            if record.external_id
        ],
        ignore_conflicts=True,
    )
    return customers


def discard_own_record(customer: Customer) -> None:
    """A record that stood for the unknown buyer of one order, who is known now. Any other stays."""
    if not customer.document and not CustomerReference.objects.filter(customer=customer).exists():
        customer.delete()


def _identify(record: ErpCustomer, position: int) -> Identity:
    if record.document:
        return ("document", record.document)
    if record.external_id:
        return ("contact", record.external_id)
    return ("row", str(position))


def _find(integration_id: int, records: Sequence[ErpCustomer]) -> dict[Identity, Customer]:
    documents = {record.document for record in records if record.document}
    found: dict[Identity, Customer] = {
        ("document", customer.document): customer
        for customer in Customer.objects.select_for_update().filter(document__in=documents).order_by("id")
    }
    contacts = {record.external_id for record in records if record.external_id and not record.document}
    references = CustomerReference.objects.filter(integration_id=integration_id, external_id__in=contacts)
    for reference in references.select_related("customer"):
        found["contact", reference.external_id] = reference.customer
    return found


def _create(missing: dict[Identity, ErpCustomer], revision: int) -> dict[Identity, Customer]:
    now = clock.now()
    rows = {
        identity: Customer(created_at=now, updated_at=now, revision=revision, **_values(record))
        for identity, record in missing.items()
    }
    # Another worker may be creating the same new buyer: the document's unique index decides, then we look.
    Customer.objects.bulk_create([row for row in rows.values() if row.document], ignore_conflicts=True)
    Customer.objects.bulk_create([row for row in rows.values() if not row.document])
    documents = [row.document for row in rows.values() if row.document]
    stored = {customer.document: customer for customer in Customer.objects.filter(document__in=documents)}
    return {identity: stored[row.document] if row.document else row for identity, row in rows.items()}


def _values(record: ErpCustomer) -> dict[str, Any]:
    address = asdict(record.address)
    return {
        "name": record.name,
        "kind": record.kind,
        "document": record.document,
        "document_text": record.document_text,
        "email": record.email,
        "phone": record.phone,
        "address": address if any(address.values()) else {},
    }


def _update(customer: Customer, record: ErpCustomer, revision: int) -> Customer:
    """The customer, brought up to date; another one when the document has just become somebody else's."""
    waiting = customer.changed_here if customer.changed_here_at else []
    changed = {
        name: value
        for name, value in _values(record).items()
        if value and name not in waiting and getattr(customer, name) != value
    }
    if changed:
        for name, value in changed.items():
            setattr(customer, name, value)
        customer.changed_here = [name for name in customer.changed_here if name not in changed]
        customer.updated_at, customer.revision = clock.now(), revision
        try:
            with transaction.atomic():
                customer.save(update_fields=[*changed, "changed_here", "updated_at", "revision"])
        except IntegrityError:
            # Another order of the same new buyer is read at this moment, and came first.
            return Customer.objects.get(document=record.document)
    return customer
