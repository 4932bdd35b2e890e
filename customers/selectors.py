"""Customers: reads, inside the caller's ``tenant``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.db.models.functions import Length

from contracts.records import CustomerDraft, ErpAddress, ErpCustomer
from customers.criteria import PASSES, Criteria, Decision, decide_customer
from customers.models import Customer, CustomerCriteria, CustomerReference
from customers.values import ADDRESS, EMAIL, FIELDS, LONGEST_EMAIL, kind_of
from integrations.models import Integration, IntegrationState


def read_criteria(integration: Integration) -> Criteria:
    row = CustomerCriteria.objects.filter(integration=integration).first()
    return Criteria(**{one.name: getattr(row, one.name) for one in fields(Criteria)}) if row else Criteria()


def values_of(customer: Customer) -> dict[str, Any]:
    """The customer's own values by the names of ``FIELDS``."""
    values = {name: getattr(customer, name) for name in FIELDS}
    return values | {"kind": kind_of(customer.kind, customer.document)}


def values_at_erp(record: ErpCustomer) -> dict[str, Any]:
    values = {name: getattr(record, name) for name in FIELDS if name != "address"}
    values["kind"] = kind_of(record.kind, record.document)
    return values | {"address": {part: getattr(record.address, part) for part in ADDRESS}}


def draft_of(
    customer: Customer, names: Iterable[str] = tuple(FIELDS), *, is_new: bool = True
) -> CustomerDraft:
    """The customer as he should be at the ERP, as far as ``names`` go; ``is_new`` there: with our code."""
    values = {name: value for name, value in values_of(customer).items() if name in names}
    address = values.pop("address", {})
    known = {part: str(address.get(part) or "") for part in ADDRESS}
    return CustomerDraft(
        **{"name": "", **values},
        code=customer.erp_code if is_new and not customer.document else "",
        address=ErpAddress(**known),
    )


def list_references(customer: Customer, integration: Integration) -> QuerySet[CustomerReference]:
    references = CustomerReference.objects.filter(customer=customer, integration=integration)
    return references.order_by("id")


# --- where a customer goes ---


@dataclass(frozen=True, slots=True)
class Target:
    """Where a customer goes when he changes here, if ``decision`` lets him pass.

    ``integration`` is ``None`` where no account, or no single one, is meant.
    """

    integration: Integration | None
    decision: Decision = PASSES

    @property
    def is_open(self) -> bool:
        return self.integration is not None and self.decision.passes


def find_targets(customers: Iterable[Customer]) -> dict[int, Target]:
    """By the customer's id: the account that knows him and lets him pass, else the only one that does.

    Where none lets him pass, it is the one whose criteria leave him out.
    """
    connected = {
        row.pk: row for row in Integration.objects.exclude(state=IntegrationState.DRAFT).order_by("id")
    }
    criteria = {pk: read_criteria(row) for pk, row in connected.items()}
    wanted = list(customers)
    known: dict[int, list[int]] = {}
    references = CustomerReference.objects.filter(
        customer__in=[one.pk for one in wanted if one.pk], integration__in=connected
    )
    for customer_id, integration_id in references.order_by("id").values_list("customer_id", "integration_id"):
        known.setdefault(customer_id, []).append(integration_id)
    return {one.pk: _choose(one, known.get(one.pk, []), connected, criteria) for one in wanted}


def find_target(customer: Customer) -> Target:
    return find_targets([customer])[customer.pk]


def find_open_target(customer: Customer) -> Integration | None:
    """The account that he goes to, ``None`` where the criteria or nobody lets him."""
    target = find_target(customer)
    return target.integration if target.is_open else None


def _choose(
    customer: Customer,
    known: list[int],
    connected: Mapping[int, Integration],
    criteria: Mapping[int, Criteria],
) -> Target:
    values = values_of(customer)
    candidates = list(dict.fromkeys(known)) or list(connected)
    decisions = {
        pk: PASSES if customer.is_forced else decide_customer(values, criteria[pk]) for pk in candidates
    }
    passing = [pk for pk in candidates if decisions[pk].passes]
    if passing and (known or len(passing) == 1):
        return Target(connected[passing[0]])
    if passing:
        return Target(None)
    return Target(connected[candidates[0]], decisions[candidates[0]]) if candidates else Target(None)


# --- the criteria as PostgreSQL asks them ---


def count_effect(criteria: Criteria) -> tuple[int, int]:
    """How many customers pass, and of how many."""
    total = Customer.objects.count()
    return total - list_outside(criteria).count(), total


def list_outside(criteria: Criteria) -> QuerySet[Customer]:
    """Those whom ``decide_customer`` leaves out."""
    rows: QuerySet[Customer] = Customer.objects.annotate(
        document_length=Length("document"), email_length=Length("email")
    )
    is_person = Q(document_length=11) | Q(document="", kind="PF")
    is_company = Q(document_length=14) | Q(document="", kind="PJ")
    outside = Q(pk__in=[])
    if not criteria.sends_people:
        outside |= is_person
    if not criteria.sends_companies:
        outside |= is_company
    if not (criteria.sends_people and criteria.sends_companies):
        outside |= ~(is_person | is_company)
    if criteria.needs_valid_email:
        outside |= ~Q(email__regex=f"^({EMAIL})$", email_length__lte=LONGEST_EMAIL)
    return rows.filter(outside)


def list_offered(integration: Integration) -> list[Customer]:
    """Those with changes made here that the criteria held back, and let go to this account by now."""
    outside = list_outside(read_criteria(integration))
    held = Customer.objects.filter(changed_here_at=None).exclude(changed_here=[])
    customers = list(held.exclude(pk__in=outside.values("pk")).order_by("id"))
    targets = find_targets(customers)
    return [one for one in customers if targets[one.pk] == Target(integration)]


# --- the list ---


@dataclass(frozen=True, slots=True)
class View:
    key: str
    label: str


VIEWS = (
    View("todos", "Todos"),
    View("pf", "Pessoa Física"),
    View("pj", "Pessoa Jurídica"),
    View("fora", "Fora do critério"),
)


@dataclass(frozen=True, slots=True)
class CustomerFilter:
    """``integration_id`` says whose criteria «fora» means; ``None`` for any account's."""

    view: str = "todos"
    text: str = ""
    integration_id: int | None = None


def list_customers(wanted: CustomerFilter) -> QuerySet[Customer]:
    return _in_view(_filtered(wanted), wanted).order_by("name", "id")


def count_views(wanted: CustomerFilter) -> dict[str, int]:
    filtered = _filtered(wanted)
    return {
        view.key: _in_view(filtered, CustomerFilter(view.key, "", wanted.integration_id)).count()
        for view in VIEWS
    }


def _filtered(wanted: CustomerFilter) -> QuerySet[Customer]:
    customers: QuerySet[Customer] = Customer.objects.all()
    text = wanted.text.strip()
    if not text:
        return customers
    found = Q(name__icontains=text)
    bare = "".join(char for char in text if char.isalnum()).upper()
    if len(bare) >= 3:
        found |= Q(document__startswith=bare) | Q(document_text=text)
    if "@" in text:
        found |= Q(email__iexact=text)
    return customers.filter(found)


def _in_view(customers: QuerySet[Customer], wanted: CustomerFilter) -> QuerySet[Customer]:
    if wanted.view in ("pf", "pj"):
        length = {"pf": 11, "pj": 14}[wanted.view]
        sized = customers.annotate(document_length=Length("document"))
        return sized.filter(Q(document_length=length) | Q(document="", kind=wanted.view.upper()))
    if wanted.view == "fora":
        rows = Integration.objects.exclude(state=IntegrationState.DRAFT).order_by("id")
        if wanted.integration_id is not None:
            rows = rows.filter(pk=wanted.integration_id)
        found = Q(pk__in=[])
        for integration in rows:
            found |= Q(pk__in=list_outside(read_criteria(integration)).values("pk"))
        return customers.filter(found)
    return customers


def list_references_of(customers: Iterable[Customer]) -> dict[int, list[CustomerReference]]:
    """The contacts of ERPs that each customer is, by his id, the oldest first."""
    found: dict[int, list[CustomerReference]] = {}
    references = CustomerReference.objects.filter(customer__in=list(customers)).select_related("integration")
    for reference in references.order_by("id"):
        found.setdefault(reference.customer_id, []).append(reference)
    return found


def count_orders_of(customers: Iterable[Customer]) -> dict[int, int]:
    """How many orders each of these has, by his id."""
    counted = Customer.objects.filter(pk__in=[one.pk for one in customers]).annotate(count=Count("orders"))
    return dict(counted.values_list("pk", "count"))
