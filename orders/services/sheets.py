"""Orders of a sheet: kept until a person wants them, then placed a few at a time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db import transaction

from accounts import clock
from jobs import queue
from jobs.queue import Priority
from orders.models import Order, OrderSheet, Origin, SheetState
from orders.services.placing import Placement, PlacementRefused, place_order

# Channel and kind of the job that places a sheet's orders; its key is the sheet's id.
SHEETS, PLACE_SHEET = "sheets", "place_sheet"
_KEPT_UNWANTED = dt.timedelta(days=1)


@transaction.atomic
def keep_sheet(
    *,
    name: str,
    text: str,
    orders_total: int,
    problem_count: int,
    problems: Sequence[tuple[int, str, str]],
    person: str,
) -> OrderSheet:
    """For the person to look at; those that nobody wanted are thrown away after a day."""
    now = clock.now()
    OrderSheet.objects.filter(state=SheetState.CHECKED, requested_at__lt=now - _KEPT_UNWANTED).delete()
    sheet: OrderSheet = OrderSheet.objects.create(
        name=name,
        text=text,
        orders_total=orders_total,
        problem_count=problem_count,
        problems=[list(problem) for problem in problems],
        requested_by=person,
        requested_at=now,
    )
    return sheet


def find_former(placements: Sequence[Placement]) -> dict[tuple[str, str], Order]:
    """Orders that were placed here under these numbers already, by marketplace and its number."""
    numbers = {placement.ecommerce_number for placement in placements}
    former = Order.objects.exclude(origin=Origin.ERP).filter(ecommerce_number__in=numbers)
    return {(order.ecommerce_name, order.ecommerce_number): order for order in former}


@transaction.atomic
def start_sheet(*, sheet_id: int) -> None:
    """The person saw what is in it and wants it. Asked twice, it is done once."""
    waiting = OrderSheet.objects.filter(pk=sheet_id, state=SheetState.CHECKED)
    if waiting.update(state=SheetState.RUNNING):
        queue.enqueue(PLACE_SHEET, channel=SHEETS, key=str(sheet_id), priority=Priority.PERSON)


@transaction.atomic
def place_some(*, sheet_id: int, placements: Sequence[Placement]) -> None:
    """Place these orders of the sheet. An order that was taken already changes nothing."""
    sheet = OrderSheet.objects.defer("text").select_for_update().get(pk=sheet_id)
    for placement in placements:
        try:
            placed = place_order(placement=placement, origin=Origin.SHEET, person=sheet.requested_by)
        except PlacementRefused as refused:
            entry = [placement.ecommerce_number, refused.number, placement.ecommerce_name]
            sheet.refusals.append(entry)
        else:
            sheet.orders_created += placed.is_new
            sheet.orders_known += not placed.is_new
    sheet.save(update_fields=["orders_created", "orders_known", "refusals"])


@transaction.atomic
def finish_sheet(*, sheet_id: int) -> None:
    OrderSheet.objects.filter(pk=sheet_id, state=SheetState.RUNNING).update(
        state=SheetState.DONE, finished_at=clock.now(), text=""
    )
