"""Customers: writes, inside the caller's ``tenant``."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.db import transaction

from accounts import clock
from contracts.records import ErpCustomer
from customers.models import Customer, CustomerReference


@transaction.atomic
def upsert_from_erp(*, integration_id: int, record: ErpCustomer, current: Customer | None) -> Customer:
    """The customer of an ERP record, created if missing, brought up to date otherwise.

    Identity: (organization, document), else (integration, contact id), else a record of its own for the
    order (``current``: the one that the order has already). Never by name or e-mail.
    What the ERP does not tell does not erase what we know.
    """
    customer = _find(integration_id, record) or (current if current and not current.document else None)
    values = _values(record)
    if customer is None:
        customer = _create(record, values)
    else:
        _update(customer, values)
    if record.external_id:
        CustomerReference.objects.get_or_create(
            integration_id=integration_id, external_id=record.external_id, defaults={"customer": customer}
        )
    return customer


def _find(integration_id: int, record: ErpCustomer) -> Customer | None:
    if record.document:
        return Customer.objects.select_for_update().filter(document=record.document).first()
    if record.external_id:
        reference = (
            CustomerReference.objects.filter(integration_id=integration_id, external_id=record.external_id)
            .select_related("customer")
            .first()
        )
        return reference.customer if reference else None
    return None


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


def _create(record: ErpCustomer, values: dict[str, Any]) -> Customer:
    now = clock.now()
    if not record.document:
        return Customer.objects.create(created_at=now, updated_at=now, **values)
    # Two workers may meet the same new buyer at once; the document's unique index decides.
    customer, _ = Customer.objects.get_or_create(
        document=record.document, defaults={"created_at": now, "updated_at": now, **values}
    )
    return customer


def _update(customer: Customer, values: dict[str, Any]) -> None:
    changed = {name: value for name, value in values.items() if value and getattr(customer, name) != value}
    if changed:
        for name, value in changed.items():
            setattr(customer, name, value)
        customer.updated_at = clock.now()
        customer.save(update_fields=[*changed, "updated_at"])
