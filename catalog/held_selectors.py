"""Changes that wait for a person, and what judging the next ones asks for; inside the caller's ``tenant``."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from decimal import Decimal
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery

from catalog import safety
from catalog.criteria import RELEASED, RESERVED
from catalog.models import ChangeSource, Figure, FigureChange, HeldChange, Product, ProductReference
from catalog.selectors import list_references
from integrations.models import Integration

TOLD_BY_ERP = (ChangeSource.IMPORT, ChangeSource.POLL, ChangeSource.NOTIFICATION)


def is_held(reference: ProductReference) -> bool:
    """Whether a change of one of its figures waits for a person."""
    return HeldChange.objects.filter(reference=reference, decided_at=None).exists()


def list_waiting(
    integration_id: int | None = None, reason_code: str = "", product: Product | None = None
) -> QuerySet[HeldChange]:
    """Changes that wait for a person, those held last first."""
    waiting = HeldChange.objects.filter(decided_at=None)
    if integration_id is not None:
        waiting = waiting.filter(integration_id=integration_id)
    if reason_code:
        waiting = waiting.filter(reason_code=reason_code)
    if product is not None:
        waiting = waiting.filter(product=product)
    return waiting.order_by("-id")


def count_held() -> int:
    return list_waiting().count()


def count_held_by_code() -> dict[str, int]:
    """How many changes wait for each reason."""
    codes = list_waiting().order_by().values_list("reason_code")
    return dict(codes.annotate(count=Count("pk")))


def list_codes_waiting(integration: Integration) -> set[str]:
    """Why changes of this integration wait, each code once."""
    codes = list_waiting(integration.pk).order_by().values_list("reason_code", flat=True)
    return set(codes.distinct())


def list_in_stock(integration: Integration) -> QuerySet[Product]:
    """SKUs of the integration that are offered with stock."""
    return Product.objects.filter(source_integration=integration, stock__gt=0)


def list_zeros_waiting(integration: Integration) -> QuerySet[HeldChange]:
    """Those of a shop that is emptied."""
    return list_waiting(integration.pk, safety.MANY_ZEROED).order_by()


def count_asked_in_stock(integration: Integration, since: dt.datetime, losing: Collection[int]) -> int:
    """Of ``list_in_stock`` those that the ERP spoke of since a moment, ``losing`` just now.

    A zero that waits since before is none of them, because what waits is asked for again and again.
    """
    asked = ProductReference.objects.filter(
        product=OuterRef("pk"), integration=integration, stock_asked_at__gte=since
    )
    waiting = list_zeros_waiting(integration).filter(product=OuterRef("pk"))
    spoken_of = Exists(asked) | Exists(waiting.filter(held_at__gte=since)) | Q(pk__in=losing)
    return (
        list_in_stock(integration)
        .filter(spoken_of)
        .exclude(Exists(waiting.filter(held_at__lt=since)))
        .count()
    )


def list_just_zeroed(integration: Integration, since: dt.datetime) -> QuerySet[Any]:
    """Products that the ERP emptied since a moment and that are empty still; ``stock_before`` is what it was.

    Without those of which a person decided.
    """
    steps = _list_steps_told(since).filter(Q(after=0) | Q(after=None), before__gt=0)
    is_empty = Q(stock=0) | Q(stock=None)
    return _list_moved_by(steps, integration).filter(is_empty)


def list_released(integration: Integration, since: dt.datetime) -> QuerySet[ProductReference]:
    """Products of the ERP whose reservations ended since a moment while what may be sold rose."""
    return list_references(integration).filter(**{f"values__{RELEASED}__at__gte": since.isoformat()})


def count_released(integration: Integration, since: dt.datetime) -> int:
    """Those, and those that wait because of that."""
    waiting = list_waiting(integration.pk, safety.RESERVED_LOST).order_by().values("reference_id")
    is_one = Q(pk__in=waiting) | Q(pk__in=list_released(integration, since).values("pk"))
    return list_references(integration).filter(is_one).count()


def count_reserved(integration: Integration, since: dt.datetime) -> int:
    """Products of the ERP that it was asked for since a moment and of which some are reserved."""
    asked = list_references(integration).filter(stock_asked_at__gte=since)
    reserved = asked.exclude(product=None).values_list(f"values__{RESERVED}", flat=True)
    return sum(Decimal(amount or 0) > 0 for amount in reserved)


def list_just_released(integration: Integration, since: dt.datetime) -> QuerySet[Any]:
    """Products whose stock rose when their reservations ended; as ``list_just_zeroed``."""
    released = list_released(integration, since).values("product_id")
    steps = _list_steps_told(since).filter(after__gt=F("before"), product__in=released)
    return _list_moved_by(steps, integration).filter(stock=F("stock_after"))


def _list_steps_told(since: dt.datetime) -> QuerySet[FigureChange]:
    return FigureChange.objects.filter(figure=Figure.STOCK, at__gte=since, source__in=TOLD_BY_ERP)


def _list_moved_by(steps: QuerySet[FigureChange], integration: Integration) -> QuerySet[Any]:
    """The products of ``steps``, with what their newest one says; none of which something waits or holds."""
    newest = steps.filter(product=OuterRef("pk")).order_by("-at", "-id")
    standing = HeldChange.objects.filter(product=OuterRef("pk"), figure=Figure.STOCK, stands=True)
    moved = Product.objects.filter(source_integration=integration, pk__in=steps.values("product"))
    return moved.exclude(Exists(standing)).annotate(
        stock_before=Subquery(newest.values("before")[:1]), stock_after=Subquery(newest.values("after")[:1])
    )
