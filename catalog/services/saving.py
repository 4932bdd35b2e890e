"""Products made or changed here, and their way to the ERP."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from accounts import clock
from catalog.models import ChangeSource, FigureChange, LinkedBy, Product, ProductReference
from catalog.selectors import read_criteria, values_of
from catalog.services.applying import apply_references, change_product, describe_fields, list_steps
from catalog.services.lines import product_line, take_revision
from catalog.services.waiting import release_waiting
from catalog.values import FIELDS, clean_html, fit, to_json
from history.models import Source
from history.services import record_all
from integrations.models import Integration, IntegrationState
from jobs import queue
from jobs.queue import Priority


class SaveRefused(ValueError):
    """The text is for the person."""


@dataclass(frozen=True, slots=True)
class Saved:
    product: Product
    is_new: bool
    is_sent: bool
    """Whether it is on its way to the ERP."""


@transaction.atomic
def save_product(
    *, sku: str, values: Mapping[str, Any], person: str, source: ChangeSource, must_be_new: bool = False
) -> Saved:
    """Create the product with ``sku``, or change it: a field that ``values`` does not have stays.

    ``values`` are by the names of ``FIELDS``, checked by the caller; stock is not among them, because it is
    the ERP's to say. Raises ``SaveRefused``.
    """
    revision, now = take_revision(), clock.now()
    product = Product.objects.select_for_update().filter(sku=sku).first()
    if product is not None and must_be_new:
        raise SaveRefused(f"Já há um produto com o SKU {sku}.")
    is_new = product is None
    if product is None:
        product = Product(sku=sku, created_at=now, updated_at=now)
    wanted = {name: _normalise(name, value) for name, value in values.items()}
    former = values_of(product)
    changes = {name: (former[name], value) for name, value in wanted.items() if former[name] != value}
    if not changes and not is_new:
        return Saved(product, is_new=False, is_sent=False)
    change_product(product, {name: after for name, (_, after) in changes.items()}, revision, now)
    if is_new:
        product.price_revision = product.stock_revision = revision
    integration = find_target(product)
    if integration is not None:
        product.changed_here_at = now
        product.changed_here = sorted({*product.changed_here, *changes})
    product.save()
    FigureChange.objects.bulk_create(list_steps(product, changes, source, now, person=person))
    params = describe_fields(changes)
    code = "product.created_here" if is_new else "product.changed_here"
    record_all([product_line(product.pk, code, params, now, source=Source.PERSON, person=person)])
    if integration is not None:
        enqueue_export(product=product, integration=integration)
    return Saved(product, is_new, integration is not None)


def find_target(product: Product) -> Integration | None:
    """The integration that a change made here is sent to: the product's own, else the only one that sends."""
    if product.source_integration_id is not None:
        integration = Integration.objects.get(pk=product.source_integration_id)
        gone = ProductReference.objects.filter(integration=integration, product=product).exclude(
            deleted_at=None
        )
        is_sending = read_criteria(integration).sends_products and not gone.exists()
        return integration if is_sending else None
    connected = Integration.objects.exclude(state=IntegrationState.DRAFT)
    sending = [row for row in connected if read_criteria(row).sends_products]
    return sending[0] if len(sending) == 1 else None


def enqueue_export(*, product: Product, integration: Integration) -> None:
    queue.enqueue(
        "export_product",
        channel=integration.channel,
        key=str(product.pk),
        lock=f"product:{product.pk}",
        priority=Priority.EXPORT,
    )


@transaction.atomic
def give_up_export(*, product_id: int) -> None:
    """It goes nowhere any more, because of the criteria or of the ERP: what the ERP says arrives again."""
    take_revision()
    waiting = Product.objects.filter(pk=product_id).exclude(changed_here_at=None)
    if waiting.update(changed_here_at=None, changed_here=[]):
        record_all([product_line(product_id, "product.not_sent", {}, clock.now(), source=Source.PLATFORM)])


@transaction.atomic
def record_export(
    *,
    integration: Integration,
    product_id: int,
    external_id: str,
    is_new: bool,
    sent: Mapping[str, Any],
    kept: Mapping[str, Any],
    not_taken: Mapping[str, Any],
    found: Mapping[str, Any],
    changed_here_at: dt.datetime | None,
) -> None:
    """The ERP has the product now, as ``found``. What it did not take over is told, and never claimed."""
    revision, now = take_revision(), clock.now()
    product = Product.objects.select_for_update().get(pk=product_id)
    reference, _ = ProductReference.objects.get_or_create(
        integration=integration,
        external_id=external_id,
        defaults={"sku": product.sku, "kind": product.kind, "state": product.status},
    )
    if reference.product_id is None:
        reference.product, reference.linked_by = product, LinkedBy.SENDING
        reference.passed_over = ""
        reference.save(update_fields=["product", "linked_by", "passed_over"])
    if product.source_integration_id is None:
        product.source_integration_id = integration.pk
    # Whoever changed it again meanwhile waits for the next turn.
    if product.changed_here_at == changed_here_at:
        product.changed_here_at, product.changed_here = None, []
    product.save(update_fields=["source_integration", "changed_here_at", "changed_here"])
    reference.learn(to_json(found))
    reference.save(update_fields=["values"])
    labels = {
        "sent": ", ".join(FIELDS[name].label for name in sent if name not in not_taken),
        "kept": ", ".join(FIELDS[name].label for name in kept),
        "not_taken": ", ".join(FIELDS[name].label for name in not_taken),
    }
    lines = []
    if is_new:
        lines.append(product_line(product.pk, "product.sent_new", {"external_id": external_id}, now))
    elif labels["sent"]:
        lines.append(product_line(product.pk, "product.sent", labels, now))
    if labels["kept"]:
        lines.append(product_line(product.pk, "product.sending_kept", labels, now))
    if labels["not_taken"]:
        lines.append(product_line(product.pk, "product.not_taken", labels, now))
    record_all(lines)
    apply_references(
        [reference], read_criteria(integration), source=ChangeSource.POLL, revision=revision, at=now
    )
    release_waiting({product.sku})


def _normalise(name: str, value: Any) -> Any:
    if name == "description":
        return clean_html(value or "")
    return fit(value) if FIELDS[name].is_decimal else value
