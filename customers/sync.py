"""Customers: what talks to the ERP.

A job that may make one there holds ``services.lock_of`` him, looks for him first, and while a call whose
answer never came may still be under way, not to be seen yet is not to be missing.
"""

from __future__ import annotations

from dataclasses import dataclass

from accounts import clock
from accounts.tenancy import tenant
from contracts.errors import (
    ErpError,
    MappingError,
    NotFound,
    RejectedByErp,
    TemporaryError,
)
from contracts.provider import Capability, Provider
from contracts.records import ErpCustomer
from customers import selectors, services
from customers.criteria import Criteria, Writing, decide_insertion, decide_writing
from customers.models import Customer
from customers.values import is_same
from integrations import registry
from integrations.attempts import await_settling, may_have_made
from integrations.credentials import IntegrationContext
from integrations.models import Integration
from integrations.sync import reach_proven
from jobs.errors import JobPostponed
from jobs.runner import JobContext


@dataclass(frozen=True, slots=True)
class BuyerAtErp:
    """An order's buyer there: ``name`` and ``document`` as the ERP has them, ``""`` where no search shows it.

    ``external_id`` is ``""`` for one whom the order itself is to make (``Capability.ORDERS_MAKE_CUSTOMERS``).
    """

    external_id: str
    name: str
    document: str


@dataclass(frozen=True, slots=True)
class _AtErp:
    """A contact of the ERP; ``record`` is ``None`` where no search shows what it has."""

    external_id: str
    record: ErpCustomer | None


def export_customer(job: JobContext) -> None:
    """Write a customer who was made or changed here: find, merge, write back, read what became of it."""
    with tenant(job.organization_id):
        customer = Customer.objects.filter(pk=int(job.key)).first()
        if customer is None or customer.changed_here_at is None:
            return
        integration = selectors.find_open_target(customer)
        if integration is None:
            services.give_up_export(customer_id=customer.pk)
            return
        criteria = selectors.read_criteria(integration)
    with reach_proven(job, integration) as (provider, context):
        there = _find(provider, context, customer)
        if there is None:
            _create(job, provider, context, customer, criteria, is_forced=customer.is_forced)
            writing = Writing()
        else:
            _link(integration, customer, there, is_new=False)
            writing = _update(provider, context, customer, there)
        after = _find(provider, context, customer) if there is None or writing.changes else there
    ours = selectors.values_of(customer)
    found = selectors.values_at_erp(after.record) if after and after.record else ours
    with tenant(job.organization_id):
        services.record_export(
            customer_id=customer.pk,
            sent=writing.changes.keys(),
            kept=writing.kept.keys(),
            not_taken=[
                name
                for name, value in ours.items()
                if value and name not in writing.kept and not is_same(name, value, found[name])
            ],
            changed_here_at=customer.changed_here_at,
        )
        job.save_step()


def resolve_at_erp(
    job: JobContext,
    provider: Provider,
    context: IntegrationContext,
    customer: Customer,
    criteria: Criteria,
    *,
    is_forced: bool = False,
) -> BuyerAtErp:
    """An order's buyer at the ERP, who is made there if need be; the caller holds his lock.

    Raises ``RejectedByErp``: ``customers.unknown_at_erp`` where the criteria make no customers and
    ``is_forced`` does not overrule them, ``customers.repeated_at_erp``.
    """
    there = _find(provider, context, customer)
    if there is not None:
        _link(context.integration, customer, there, is_new=False)
        record = there.record
        return BuyerAtErp(there.external_id, record.name if record else "", record.document if record else "")
    protocol = registry.get_protocol(context.integration.provider, context.integration.protocol)
    if protocol.can(Capability.ORDERS_MAKE_CUSTOMERS):
        _refuse_insertion(criteria, is_forced=is_forced)
        external_id = ""
    else:
        external_id = _create(job, provider, context, customer, criteria, is_forced=is_forced).external_id
    return BuyerAtErp(external_id, customer.name, customer.document)


def _find(provider: Provider, context: IntegrationContext, customer: Customer) -> _AtErp | None:
    """By document, or by our code for one without.

    Raises ``RejectedByErp`` if several have it, ``JobPostponed`` if nobody has it who may just be being made.
    """
    looked_at = clock.now()
    with tenant(context.integration.organization_id):
        references = selectors.list_references(customer, context.integration)
        known = list(references.values_list("external_id", flat=True))
    if customer.document:
        rows = provider.find_customers(context, document=customer.document)
    else:
        rows = provider.find_customers(context, code=customer.erp_code)
    by_id = {row.external_id: row for row in rows}
    for external_id in known:
        if external_id in by_id:
            return _AtErp(external_id, by_id[external_id])
    if len(by_id) > 1:
        raise RejectedByErp("customers.repeated_at_erp", {"count": str(len(by_id))})
    if by_id:
        ((external_id, row),) = by_id.items()
        return _AtErp(external_id, row)
    if known:
        # Without document there, or with another one: the newest contact that we know him by.
        return _AtErp(known[-1], None)
    await_settling(customer.attempted_at, looked_at)
    return None


def _create(
    job: JobContext,
    provider: Provider,
    context: IntegrationContext,
    customer: Customer,
    criteria: Criteria,
    *,
    is_forced: bool,
) -> _AtErp:
    """The caller has just looked for him. An answer that is lost is found by a later look."""
    _refuse_insertion(criteria, is_forced=is_forced)
    with tenant(job.organization_id):
        services.begin_attempt(customer_id=customer.pk)
        # At the last moment: a worker that was taken for dead makes nobody.
        job.prove_lease()
    try:
        external_id = provider.create_customer(context, selectors.draft_of(customer))
    except (ErpError, JobPostponed) as refusal:
        with tenant(job.organization_id):
            if may_have_made(refusal):
                # The call may have taken long to fail, and what it began may still be under way.
                services.begin_attempt(customer_id=customer.pk)
            else:
                services.end_attempt(customer_id=customer.pk)
        if isinstance(refusal, MappingError):
            raise TemporaryError(refusal.code, refusal.params) from refusal
        raise
    made = _AtErp(external_id, None)
    _link(context.integration, customer, made, is_new=True)
    return made


def _refuse_insertion(criteria: Criteria, *, is_forced: bool) -> None:
    decision = decide_insertion(criteria, is_forced=is_forced)
    if not decision.passes:
        raise RejectedByErp(decision.code, decision.params)


def _update(provider: Provider, context: IntegrationContext, customer: Customer, there: _AtErp) -> Writing:
    """Write what was changed here and what is empty there; what else differs is kept there."""
    theirs = selectors.values_at_erp(there.record) if there.record else None
    writing = decide_writing(selectors.values_of(customer), theirs, customer.changed_here)
    if writing.changes:
        try:
            draft = selectors.draft_of(customer, writing.changes, is_new=False)
            provider.update_customer(context, there.external_id, draft)
        except NotFound:
            # Deleted there: the next attempt looks for him by what he is.
            with tenant(context.integration.organization_id):
                services.forget_reference(integration=context.integration, external_id=there.external_id)
            raise TemporaryError("customers.gone_at_erp") from None
    return writing


def _link(integration: Integration, customer: Customer, there: _AtErp, *, is_new: bool) -> None:
    with tenant(integration.organization_id):
        services.link_at_erp(
            customer_id=customer.pk,
            integration=integration,
            external_id=there.external_id,
            is_new=is_new,
        )
