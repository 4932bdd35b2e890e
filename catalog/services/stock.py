"""What is known of a product's stock: what the ERP answered, and what it told by itself until it is asked."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import connection, transaction

from accounts import clock
from catalog.criteria import BALANCE, NO_STOCK, RELEASED, RESERVED, TOLD, WAREHOUSES
from catalog.models import ChangeSource, Product, ProductReference, WarehouseStock
from catalog.selectors import read_arriving, read_criteria
from catalog.services.applying import apply_references
from catalog.services.lines import take_revision
from catalog.services.receiving import list_problems
from catalog.values import fit, fit_amount
from contracts.records import ErpStock, ProductKind
from integrations.models import Integration

_OF_STOCK = frozenset({BALANCE, RESERVED, WAREHOUSES, TOLD, NO_STOCK})


def is_overtaken(asked_at: dt.datetime, known_at: dt.datetime | None, now: dt.datetime) -> bool:
    """Whether what is known is newer. A moment yet to come proves nothing: the clock went back."""
    return known_at is not None and asked_at < known_at <= now


def take_stock(reference: ProductReference, stock: ErpStock, asked_at: dt.datetime) -> bool:
    """Learn what the ERP answered; the caller saves. False if something newer is known already.

    ``asked_at`` is from before the call. What a notification told before it is settled with this answer.
    """
    if is_overtaken(asked_at, reference.stock_asked_at, clock.now()):
        return False
    reference.stock_asked_at = asked_at
    amounts = {row.name: (fit_amount(row.balance), fit_amount(row.reserved)) for row in stock.warehouses}
    _drop(reference, TOLD)
    _note_release(reference, stock, asked_at)
    reference.learn(
        {
            BALANCE: str(fit_amount(stock.balance)),
            RESERVED: str(fit_amount(stock.reserved)),
            WAREHOUSES: {name: [str(one), str(two)] for name, (one, two) in amounts.items()},
            NO_STOCK: False,
        }
    )
    now = clock.now()
    WarehouseStock.objects.filter(reference=reference).exclude(name__in=amounts).delete()
    WarehouseStock.objects.bulk_create(
        [
            WarehouseStock(
                reference=reference,
                name=row.name,
                balance=amounts[row.name][0],
                reserved=amounts[row.name][1],
                is_ignored=row.is_ignored,
                observed_at=now,
            )
            for row in {one.name: one for one in stock.warehouses}.values()
        ],
        update_conflicts=True,
        unique_fields=["organization", "reference", "name"],
        update_fields=["balance", "reserved", "is_ignored", "observed_at"],
    )
    return True


def _note_release(reference: ProductReference, stock: ErpStock, asked_at: dt.datetime) -> None:
    """What is sent off leaves the depósito with its reservation; here the reservation alone ended."""
    if stock.reserved > 0:
        _drop(reference, RELEASED)
    elif BALANCE in reference.values:
        balance, reserved = Decimal(reference.values[BALANCE]), Decimal(reference.values[RESERVED])
        if reserved > 0 and stock.balance - stock.reserved > balance - reserved:
            reference.learn({RELEASED: {"at": asked_at.isoformat()}})


def forget_stock(reference: ProductReference) -> None:
    """What was known of it counts no more: it is not known, which is not none. The caller saves."""
    _drop(reference, BALANCE, RESERVED, WAREHOUSES, TOLD)
    reference.learn({NO_STOCK: True})
    WarehouseStock.objects.filter(reference=reference).delete()


def _drop(reference: ProductReference, *names: str) -> None:
    reference.values = {name: value for name, value in reference.values.items() if name not in names}


@transaction.atomic
def apply_stock(*, reference_id: int, stock: ErpStock, source: ChangeSource, asked_at: dt.datetime) -> None:
    """The stock of one product that is known, and nothing else of it."""
    revision, now = take_revision(), clock.now()
    reference = ProductReference.objects.select_related("integration").get(pk=reference_id)
    if not take_stock(reference, stock, asked_at):
        return
    criteria = read_criteria(reference.integration)
    ((_, arriving),) = read_arriving([reference], criteria)
    reference.problems = list_problems(reference, arriving)
    reference.save(update_fields=["values", "stock_asked_at", "problems"])
    apply_references([reference], criteria, source=source, revision=revision, at=now)


@dataclass(frozen=True, slots=True)
class ToldStock:
    """An amount that a notification told ``at`` a moment; ``kind`` is ``"physical"`` or ``"available"``."""

    external_id: str
    amount: Decimal
    kind: str
    at: dt.datetime


@transaction.atomic
def tell_stock(
    *, integration: Integration, told: Sequence[ToldStock]
) -> Mapping[str, tuple[Decimal | None, Decimal | None]]:
    """Let amounts count that the ERP told by itself, until it is asked; of one product the newest.

    By identifier of those that counted the stock of our product before and after. What is older than what is
    known counts not, nor what says something else than the criteria ask for.
    """
    revision, now, criteria = take_revision(), clock.now(), read_criteria(integration)
    fitting = [one for one in told if one.kind == criteria.stock_kind and fit(one.amount) is not None]
    newest = {one.external_id: one for one in sorted(fitting, key=lambda one: one.at)}
    if criteria.warehouse or not newest:
        return {}
    here = ProductReference.objects.filter(
        integration=integration, external_id__in=list(newest), deleted_at=None, passed_over=""
    )
    references = [
        row
        for row in here.exclude(product=None).exclude(kind=ProductKind.PARENT).order_by("id")
        if not is_overtaken(newest[row.external_id].at, row.stock_asked_at, now)
    ]
    for row in references:
        one = newest[row.external_id]
        # Nothing else of the product is news.
        row.values = {name: row.values[name] for name in _OF_STOCK & row.values.keys()}
        row.learn({TOLD: {"kind": one.kind, "amount": str(fit_amount(one.amount))}})
        row.stock_asked_at = one.at
    _save_told(references)
    before = _read_stock(references)
    apply_references(references, criteria, source=ChangeSource.NOTIFICATION, revision=revision, at=now)
    after = _read_stock(references)
    return {row.external_id: (before[row.product_id], after[row.product_id]) for row in references}


def _save_told(references: Sequence[ProductReference]) -> None:
    """Thousands a second, which an UPDATE of a branch for each row is not."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""UPDATE catalog_productreference r
                SET "values" = r."values" || jsonb_build_object('{TOLD}', t.told::jsonb),
                    stock_asked_at = t.at
                FROM unnest(%s::bigint[], %s::text[], %s::timestamptz[]) AS t(id, told, at)
                WHERE r.id = t.id""",  # noqa: S608  a name of ours
            [
                [row.pk for row in references],
                [json.dumps(row.values[TOLD]) for row in references],
                [row.stock_asked_at for row in references],
            ],
        )


def _read_stock(references: Sequence[ProductReference]) -> dict[Any, Decimal | None]:
    products = Product.objects.filter(pk__in=[row.product_id for row in references])
    return dict(products.values_list("pk", "stock"))
