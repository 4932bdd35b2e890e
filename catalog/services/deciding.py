"""What a person says of the changes that are held."""

from __future__ import annotations

import datetime as dt
from itertools import groupby

from django.db import transaction

from accounts import clock
from catalog.held_selectors import list_waiting
from catalog.models import ChangeSource, HeldChange, HeldDecision
from catalog.selectors import read_criteria
from catalog.services.applying import apply_references
from catalog.services.holding import held_line
from catalog.services.lines import take_revision
from history.models import Source
from history.services import record, record_all


@transaction.atomic
def decide_held(
    *,
    decision: HeldDecision,
    person: str,
    seen_at: dt.datetime,
    held_id: int | None = None,
    reason_code: str = "",
) -> int:
    """Accept or refuse one change, or all that wait for a reason; how many that were.

    ``seen_at`` is the newest ``held_at`` that the person saw: what was held since, or got another value,
    waits on. What is accepted arrives at once; what is refused stays out until the ERP tells another value.
    """
    revision, now = take_revision(), clock.now()
    waiting = list_waiting(reason_code=reason_code).filter(held_at__lte=seen_at)
    if held_id is not None:
        waiting = waiting.filter(pk=held_id)
    rows = list(
        waiting.select_for_update(of=("self",))
        .select_related("reference", "integration")
        .order_by("integration_id", "id")
    )
    HeldChange.objects.filter(pk__in=[row.pk for row in rows]).update(
        decision=decision, decided_at=now, decided_by=person
    )
    is_accepted = decision == HeldDecision.ACCEPTED
    code = "product.held_accepted" if is_accepted else "product.held_refused"
    record_all([held_line(code, row, now, source=Source.PERSON, person=person) for row in rows])
    for integration, group in groupby(rows, key=lambda row: row.integration):
        references = [row.reference for row in group]
        record(
            subject_kind="integration",
            subject_id=integration.pk,
            code="products.held_accepted" if is_accepted else "products.held_refused",
            params={"count": len(references)},
            source=Source.PERSON,
            person=person,
            at=now,
        )
        if is_accepted:
            apply_references(
                references,
                read_criteria(integration),
                source=ChangeSource.PERSON,
                revision=revision,
                at=now,
                person=person,
            )
    return len(rows)
