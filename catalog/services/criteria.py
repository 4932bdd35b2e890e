"""The choices of a person for one integration, and what they do to what was received already."""

from __future__ import annotations

from django.db import transaction

from accounts import clock
from catalog.criteria import Criteria
from catalog.models import ChangeSource, Product, ProductCriteria, ProductReference
from catalog.selectors import read_arriving, read_criteria
from catalog.services.applying import apply_references
from catalog.services.importing import enqueue_list_prices
from catalog.services.lines import take_revision
from catalog.services.receiving import list_problems, relink_passed_over
from catalog.services.saving import give_up_export
from history.models import Source
from history.services import record
from integrations.models import Integration
from jobs import queue
from jobs.queue import Priority

BATCH = 500


@transaction.atomic
def save_criteria(*, integration: Integration, criteria: Criteria, person: str) -> bool:
    """Keep the choices; they hold for what arrives from now on. False if nothing was changed."""
    former = read_criteria(integration)
    if former == criteria:
        return False
    ProductCriteria.objects.update_or_create(
        integration=integration,
        defaults={
            "choices": criteria.to_choices(),
            "updated_at": clock.now(),
            "updated_by": person,
        },
    )
    if former.sends_products and not criteria.sends_products:
        give_up_exports(integration=integration)
    if former.price_list_id != criteria.price_list_id:
        enqueue_list_prices(integration=integration)
    record(
        subject_kind="integration",
        subject_id=integration.pk,
        code="products.criteria_saved",
        source=Source.PERSON,
        person=person,
    )
    return True


def give_up_exports(*, integration: Integration) -> None:
    """Nothing is sent any more: what waited for it, parked or not, follows the ERP again."""
    waiting = Product.objects.filter(source_integration=integration).exclude(changed_here_at=None)
    ids = list(waiting.values_list("pk", flat=True))
    for product_id in ids:
        give_up_export(product_id=product_id)
    if ids:
        enqueue_reapplying(integration=integration)


def enqueue_reapplying(*, integration: Integration) -> None:
    """«Reaplicar agora»: in the background, without a call to the ERP."""
    queue.enqueue(
        "reapply_criteria",
        channel=integration.channel,
        # A run of its own each time: one that waits stands for the choices of its own moment.
        key=f"{integration.pk}/{clock.now().timestamp():.6f}",
        lock="reapply",
        priority=Priority.COMPLETION,
    )


@transaction.atomic
def reapply(*, integration: Integration, after_id: int) -> tuple[int, int]:
    """«Reaplicar agora»: let what is known of the ERP arrive by today's choices, some hundreds at a time.

    No call is made. Returns how many products changed and the id to go on from, 0 at the end.
    """
    revision, now = take_revision(), clock.now()
    criteria = read_criteria(integration)
    references = list(
        ProductReference.objects.filter(integration=integration, pk__gt=after_id).order_by("id")[:BATCH]
    )
    if not references:
        return 0, 0
    for reference, arriving in read_arriving(references, criteria):
        reference.problems = list_problems(reference, arriving)
    ProductReference.objects.bulk_update(references, ["problems"])
    relink_passed_over(integration=integration, references=references, revision=revision)
    changed = apply_references(references, criteria, source=ChangeSource.PERSON, revision=revision, at=now)
    return changed, references[-1].pk
