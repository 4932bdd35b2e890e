"""Customers made or changed here: by a person, by the REST API, by an order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from accounts import clock
from customers.criteria import PASSES, Decision, decide_filling
from customers.models import Customer
from customers.selectors import find_target, values_of
from customers.services.lines import describe_changes, name_fields, take_revision, tell
from customers.services.sending import enqueue_export
from customers.values import has_address, kind_of
from history.models import Source


class SaveRefused(ValueError):
    """``field`` is a name of ``customers.values.FIELDS``; the text is for the person."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__(text)
        self.field = field


class DocumentTaken(SaveRefused):
    """Another customer has this document: ``customer_id``."""

    def __init__(self, customer_id: int, document: str) -> None:
        super().__init__("document", f"Já há um cliente com este {'CPF' if len(document) == 11 else 'CNPJ'}.")
        self.customer_id = customer_id


@dataclass(frozen=True, slots=True)
class Saved:
    """``is_sent``: he is on his way to the ERP; else ``decision`` says whether criteria are why he is not."""

    customer: Customer
    is_new: bool
    is_sent: bool
    decision: Decision = PASSES


@transaction.atomic
def save_customer(*, customer_id: int | None, values: Mapping[str, Any], person: str) -> Saved:
    """Create a customer, or change the one with ``customer_id``: a field that ``values`` does not have stays.

    ``values`` are by the names of ``FIELDS``, read by ``customers.values``; of an address the parts that are
    there. Raises ``SaveRefused``, ``DocumentTaken`` for a document that another customer has.
    """
    revision, now = take_revision(), clock.now()
    is_new = customer_id is None
    if is_new:
        customer = Customer(created_at=now, updated_at=now)
    else:
        customer = Customer.objects.select_for_update().get(pk=customer_id)
    former = values_of(customer)
    wanted = _settle(former, values)
    changes = {name: (former[name], value) for name, value in wanted.items() if former[name] != value}
    _refuse_document(customer, changes)
    if not changes and not is_new:
        return Saved(customer, is_new=False, is_sent=False)
    _write(customer, {name: after for name, (_, after) in changes.items()}, revision)
    target = find_target(customer)
    if target.integration is not None:
        # Of one who is left out it stands until the criteria let him in.
        customer.changed_here = sorted({*customer.changed_here, *changes})
    if target.is_open:
        customer.changed_here_at = now
    customer.save()
    code = "customer.created_here" if is_new else "customer.changed_here"
    tell(customer, code, describe_changes(changes), source=Source.PERSON, person=person)
    if target.is_open and target.integration is not None:
        enqueue_export(customer_id=customer.pk, integration=target.integration)
    elif not target.decision.passes:
        tell(customer, "customer.left_out", {"reason": target.decision.code}, source=Source.PLATFORM)
    return Saved(customer, is_new, target.is_open, target.decision)


@dataclass(frozen=True, slots=True)
class Buyer:
    """``conflicts`` are what the order says otherwise than the customer's record: field to (ours, theirs)."""

    customer: Customer
    conflicts: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)


@transaction.atomic
def take_buyer(*, values: Mapping[str, Any], person: str) -> Buyer:
    """The customer of a new order: the one with this document, else a record of the order's own.

    ``values`` as in ``save_customer``. An order adds what is empty here and overwrites nothing. He goes to
    the ERP with the order, so nothing is sent.
    """
    revision, now = take_revision(), clock.now()
    wanted = _settle(values_of(Customer()), values)
    document = wanted.get("document", "")
    customer = Customer.objects.select_for_update().filter(document=document).first() if document else None
    if customer is None:
        customer = Customer(created_at=now, updated_at=now)
        _write(customer, wanted, revision)
        customer.save()
        tell(customer, "customer.created_by_order", source=Source.PERSON, person=person)
        return Buyer(customer)
    filling = decide_filling(values_of(customer), wanted)
    if filling.changes:
        _write(customer, {name: after for name, (_, after) in filling.changes.items()}, revision)
        customer.save()
        fields = {"fields": name_fields(filling.changes)}
        tell(customer, "customer.filled_by_order", fields, source=Source.PERSON, person=person)
    return Buyer(customer, filling.kept)


@transaction.atomic
def show_customer(*, customer: Customer, person: str) -> None:
    """«Mostrar»: somebody looks at the whole document, e-mail and phone."""
    tell(customer, "customer.shown", source=Source.PERSON, person=person)


def _settle(former: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """``values`` as they will stand: whole addresses, and the kind that the document says."""
    wanted = dict(values)
    if "address" in wanted:
        address = {**former["address"], **wanted["address"]}
        wanted["address"] = address if has_address(address) else {}
    document = wanted.get("document") or former["document"]
    wanted["kind"] = kind_of(wanted.get("kind", former["kind"]), document)
    return wanted


def _refuse_document(customer: Customer, changes: Mapping[str, tuple[str, str]]) -> None:
    before, document = changes.get("document", ("", ""))
    if before:
        raise SaveRefused("document", "O CPF/CNPJ identifica o cliente e não muda. Inclua outro cliente.")
    other = Customer.objects.filter(document=document).exclude(pk=customer.pk).first() if document else None
    if other is not None:
        raise DocumentTaken(other.pk, document)


def _write(customer: Customer, values: Mapping[str, Any], revision: int) -> None:
    for name, value in values.items():
        setattr(customer, name, value)
    if values.get("document"):
        customer.document_text = values["document"]
    customer.updated_at, customer.revision = clock.now(), revision
