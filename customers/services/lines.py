"""What every write of customers leaves behind. No line holds a whole document, e-mail or phone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import connection

from accounts.tenancy import current_organization_id
from customers.models import Customer
from customers.values import FIELDS
from history.models import Source
from history.services import record
from ui.formats import mask_document, mask_email, mask_phone

SUBJECT = "customer"


def take_revision() -> int:
    """The organization's next revision. Until the transaction ends no other one writes customers."""
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO customers_customercounter AS counter (organization_id, last) VALUES (%s, 1)
               ON CONFLICT (organization_id) DO UPDATE SET last = counter.last + 1
               RETURNING last""",
            [current_organization_id()],
        )
        (last,) = cursor.fetchone()
    return int(last)


def lock_of(customer_id: int) -> str:
    """The lock of the jobs that may make this customer at the ERP: one at a time."""
    return f"customer:{customer_id}"


def tell(
    customer: Customer,
    code: str,
    params: Mapping[str, object] | None = None,
    *,
    source: str = Source.ERP,
    person: str = "",
) -> None:
    record(
        subject_kind=SUBJECT,
        subject_id=customer.pk,
        code=code,
        params=params,
        source=source,
        person=person,
    )


def name_fields(names: Iterable[str]) -> str:
    return ", ".join(label for name, label in FIELDS.items() if name in set(names))


def describe_changes(changes: Mapping[str, tuple[Any, Any]]) -> dict[str, object]:
    """``fields`` and ``details`` of a history line: which, and from what to what where that may be shown."""
    details = [
        f"{FIELDS[name]}: {_show(name, before)} → {_show(name, after)}"
        for name, (before, after) in changes.items()
        if name != "address"
    ]
    return {"fields": name_fields(changes), "details": "; ".join(details)}


def _show(name: str, value: str) -> str:
    masks = {"document": mask_document, "email": mask_email, "phone": mask_phone}
    return (masks[name](value) if name in masks else value) or "vazio"
