"""The choices of a person for one integration."""

from __future__ import annotations

from dataclasses import asdict

from django.db import transaction

from accounts import clock
from customers.criteria import UNKNOWN, Criteria
from customers.models import CustomerCriteria
from customers.selectors import read_criteria
from history.models import Source
from history.services import record
from integrations.models import Integration
from jobs import queue


@transaction.atomic
def save_criteria(*, integration: Integration, criteria: Criteria, person: str) -> bool:
    """Keep the choices; they hold for what goes to the ERP from now on. False if nothing was changed.

    Whoever waited only because nobody new was made there goes on. The caller has seen to it that one kind at
    least is sent.
    """
    former = read_criteria(integration)
    if former == criteria:
        return False
    CustomerCriteria.objects.update_or_create(
        integration=integration,
        defaults={**asdict(criteria), "updated_at": clock.now(), "updated_by": person},
    )
    if former.only_updates and not criteria.only_updates:
        queue.release_channel(UNKNOWN, channel=integration.channel)
    record(
        subject_kind="integration",
        subject_id=integration.pk,
        code="customers.criteria_saved",
        source=Source.PERSON,
        person=person,
    )
    return True
