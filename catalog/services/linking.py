"""De-para of products: which product of the ERP is which of ours, decided by a person."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction

from accounts import clock
from catalog.criteria import Criteria
from catalog.models import ChangeSource, LinkedBy, Product, ProductReference
from catalog.selectors import read_arriving, read_criteria
from catalog.services.applying import apply_references, create_products
from catalog.services.details import join_children
from catalog.services.holding import end_held
from catalog.services.lines import product_line, take_revision
from catalog.services.receiving import UNLINKED, list_problems
from catalog.services.waiting import release_waiting
from history.models import HistoryEntry, Source
from history.services import record_all


class LinkRefused(ValueError):
    """The text is for the person."""


@dataclass(frozen=True, slots=True)
class Linked:
    product: Product
    released: int
    """How many jobs waited for this SKU and go on."""


@transaction.atomic
def link(*, reference_id: int, sku: str, person: str) -> Linked:
    """Say that a product of the ERP is ours with ``sku``. Raises ``LinkRefused``.

    A product that another one of the ERP feeds is taken over from it: one of ours has one there.
    """
    revision, now = take_revision(), clock.now()
    reference = _get(reference_id)
    product = Product.objects.filter(sku=sku).first()
    if product is None:
        raise LinkRefused(f"Não há produto com o SKU {sku} aqui.")
    former = ProductReference.objects.filter(integration_id=reference.integration_id, product=product)
    for other in former.exclude(pk=reference.pk):
        _let_go(other, person)
    product.refresh_from_db(fields=["source_integration"])
    reference.product, reference.linked_by = product, LinkedBy.PERSON
    reference.passed_over = ""
    criteria = read_criteria(reference.integration)
    reference.problems = _list_problems_left(reference, criteria)
    reference.save()
    join_children(reference, revision, now)
    if product.source_integration_id is None:
        product.source_integration_id = reference.integration_id
        product.save(update_fields=["source_integration"])
    params = {"sku": reference.sku or reference.external_id}
    record_all([_line(product.pk, "product.linked_by_person", params, person)])
    apply_references([reference], criteria, source=ChangeSource.PERSON, revision=revision, at=now)
    return Linked(product, release_waiting({sku, reference.sku}))


@transaction.atomic
def create_and_link(*, reference_id: int, sku: str, person: str) -> Linked:
    """Make a product with ``sku`` from what the ERP has. Raises ``LinkRefused``."""
    revision, now = take_revision(), clock.now()
    reference = _get(reference_id)
    if not sku.strip():
        raise LinkRefused("Informe o SKU do produto novo.")
    if reference.product_id is not None:
        raise LinkRefused("Este produto do Tiny já está vinculado.")
    if Product.objects.filter(sku=sku).exists():
        raise LinkRefused(f"Já há um produto com o SKU {sku} aqui. Vincule a ele.")
    at_erp, reference.sku = reference.sku, sku
    [product] = create_products(
        [reference],
        read_criteria(reference.integration),
        source=ChangeSource.PERSON,
        revision=revision,
        at=now,
    )
    reference.sku, reference.linked_by, reference.passed_over = at_erp, LinkedBy.PERSON, ""
    reference.problems = _list_problems_left(reference, read_criteria(reference.integration))
    reference.save()
    join_children(reference, revision, now)
    params = {"sku": at_erp or reference.external_id}
    record_all([_line(product.pk, "product.linked_by_person", params, person)])
    return Linked(product, release_waiting({sku, at_erp}))


@transaction.atomic
def unlink(*, reference_id: int, person: str) -> None:
    """«Desvincular»: the product stays as it is and follows nobody. Raises ``LinkRefused``."""
    take_revision()
    reference = _get(reference_id)
    if reference.product_id is None:
        raise LinkRefused("Este produto do Tiny não está vinculado.")
    _let_go(reference, person)


@transaction.atomic
def ignore_problems(*, reference_id: int, is_ignored: bool) -> None:
    """«Ignorar»: out of the list until the ERP's SKU changes; nothing else changes."""
    ProductReference.objects.filter(pk=_get(reference_id).pk).update(is_problem_ignored=is_ignored)


def _list_problems_left(reference: ProductReference, criteria: Criteria) -> list[str]:
    """Without those that a person has just answered."""
    ((_, arriving),) = read_arriving([reference], criteria)
    return list_problems(reference, arriving, is_duplicate=False, is_taken=False)


def _let_go(reference: ProductReference, person: str) -> None:
    product_id = reference.product_id
    reference.product, reference.linked_by = None, ""
    # It would be tied again by its SKU at once: it waits for a person.
    reference.passed_over = UNLINKED
    reference.problems = []
    reference.save()
    if product_id is not None:
        end_held(product_id=product_id, at=clock.now())
        Product.objects.filter(pk=product_id, source_integration_id=reference.integration_id).update(
            source_integration=None
        )
        params = {"sku": reference.sku or reference.external_id}
        record_all([_line(product_id, "product.unlinked", params, person)])


def _line(product_id: int, code: str, params: dict[str, str], person: str) -> HistoryEntry:
    return product_line(product_id, code, params, clock.now(), source=Source.PERSON, person=person)


def _get(reference_id: int) -> ProductReference:
    try:
        reference: ProductReference = (
            ProductReference.objects.select_for_update(of=("self",))
            .select_related("integration")
            .get(pk=reference_id)
        )
    except ProductReference.DoesNotExist:
        raise LinkRefused("Este produto do Tiny não está mais na lista.") from None
    return reference
