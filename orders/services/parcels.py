"""Which parcels an order is followed by, and what it becomes by what their carriers tell."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

from django.conf import settings
from django.db import transaction

from accounts import clock
from accounts.clock import SAO_PAULO
from contracts.order_status import OrderStatus
from contracts.records import ErpShippingMethod, InvoiceState
from contracts.tracking import ParcelState
from history.services import record_all
from integrations.models import Integration
from jobs import queue
from jobs.queue import Priority
from orders.carriage import decide_carriage, read_word
from orders.models import (
    AddedBy,
    Invoice,
    Order,
    OrderParcel,
    OrderReference,
    OrderShipment,
    ShippingMethodList,
)
from orders.services.changing import follow_up
from orders.services.lines import platform_line, take_revision
from orders.services.queueing import ask_to_follow
from tracking import services as tracking
from tracking.carriers import CARRIERS, CarrierKind, find_carrier
from tracking.codes import split_codes
from tracking.identification import Clues, Confidence, identify
from tracking.models import EndReason, EventSource, Parcel, ParcelEvent
from tracking.selectors import list_rules
from tracking.states import drop_former, fold

METHODS = "pull_shipping_methods"
# Their carriers find a parcel by the nota that goes with it.
BY_INVOICE = frozenset({CarrierKind.ROAD, CarrierKind.NETWORK})
# An order may be written down days after it was sent; carriers give a code out again only much later.
FORMER_USE = dt.timedelta(days=30)
SURE = frozenset({Confidence.MAPPED, Confidence.CERTAIN})
# It is over: what was not followed until now does not begin.
OVER = frozenset({OrderStatus.DELIVERED, OrderStatus.CANCELLED})


@transaction.atomic(savepoint=False)
def follow_order(*, order_id: int) -> None:
    """Have the order's parcels as its shipment names them; done again it changes nothing.

    Several codes in one field are as many parcels. A code that takes another one's place goes on where that
    ended, and one that comes back finds its events again.
    """
    shipment = OrderShipment.objects.select_for_update().filter(order_id=order_id).first()
    if shipment is None:
        return
    # Only now: whoever held the shipment may have changed its order.
    order = Order.objects.select_related("integration").get(pk=order_id)
    if shipment.tracking_wanted_at is not None:
        now = clock.now()
        links = _have_parcels(order, shipment, now)
        _tell_parcels(order, links, now)
        _want_methods(order, shipment, links, now)
    if shipment.needs_following:
        shipment.needs_following = False
        shipment.save(update_fields=["needs_following"])


@transaction.atomic(savepoint=False)
def give_word(*, order_id: int) -> None:
    """Parcels of which nobody is asked any more are where the order says."""
    order = Order.objects.get(pk=order_id)
    _tell_parcels(order, [link for link in _lock_links(order_id) if not _is_replaced(link)], clock.now())


def list_links(order_id: int) -> Sequence[OrderParcel]:
    """The order's parcels, without those whose code was replaced."""
    links = OrderParcel.objects.select_related("parcel").filter(order_id=order_id)
    return list(links.exclude(parcel__end_reason=EndReason.CODE_REPLACED).order_by("id"))


def _lock_links(order_id: int) -> list[OrderParcel]:
    """All that the order ever had. Whoever holds several parcels takes them by their id, and all at once:
    only then he writes to the one job by which a carrier is asked.
    """
    links = OrderParcel.objects.select_related("parcel").filter(order_id=order_id)
    locked = links.select_for_update(of=("parcel",), no_key=True).order_by("parcel_id")
    return sorted(locked, key=lambda link: int(link.pk))


def _is_replaced(link: OrderParcel) -> bool:
    return bool(link.parcel.end_reason == EndReason.CODE_REPLACED)


def _have_parcels(order: Order, shipment: OrderShipment, now: dt.datetime) -> Sequence[OrderParcel]:
    """The order's parcels as they are then, without those whose code was replaced."""
    known = _lock_links(order.pk)
    links = [link for link in known if not _is_replaced(link)]
    if OrderStatus(order.status) in OVER and not links:
        return links
    wanted = _list_clues(order, shipment, now)
    by_code = {link.parcel.code: link for link in links}
    missing = []
    for clues in wanted:
        link = by_code.pop(tracking.read_code(clues), None)
        if link is None:
            missing.append(clues)
        else:
            link.parcel = tracking.update_parcel(parcel=link.parcel, clues=clues)
    for clues in missing:
        replaced = [
            link for link in known if _is_replaced(link) and link.parcel.code == tracking.read_code(clues)
        ]
        if replaced and clues.tracking_code:
            again = tracking.resume_following(parcel=replaced[-1].parcel)
            tracking.update_parcel(parcel=again, clues=clues)
            continue
        # A parcel without a code learns its code; of another one this takes the place.
        code = "" if "" in by_code else next(iter(by_code), None)
        if code is None or not clues.tracking_code:
            parcel = tracking.follow_parcel(clues=clues, now=now)
        else:
            parcel = tracking.update_parcel(parcel=by_code.pop(code).parcel, clues=clues)
        added_by = AddedBy.PERSON if shipment.typed_at else AddedBy.ERP
        OrderParcel.objects.bulk_create(
            [OrderParcel(order=order, parcel=parcel, added_by=added_by, added_at=now)], ignore_conflicts=True
        )
    dropped = [link.parcel for link in by_code.values() if wanted and link.parcel.code]
    for parcel in dropped:
        tracking.stop_following(parcel=parcel, reason=EndReason.CODE_REPLACED)
    return list_links(order.pk) if missing or dropped else links


def _list_clues(order: Order, shipment: OrderShipment, now: dt.datetime) -> list[Clues]:
    """One for each parcel that the shipment names; none while nothing says that there is one to follow."""
    codes = split_codes(shipment.tracking_code)
    nfe_key = _find_nfe_key(order.pk)
    placed_on = min(order.placed_on, now.astimezone(SAO_PAULO).date()) if order.placed_on else None

    def clues_of(code: str) -> Clues:
        return Clues(
            type_code=shipment.shipping_method_type or _find_type(order, shipment),
            carrier_name=shipment.carrier_name,
            shipping_method=shipment.shipping_method,
            freight_method=shipment.freight_method,
            tracking_code=code,
            tracking_url=shipment.tracking_url,
            nfe_key=nfe_key,
            counts_from=placed_on - FORMER_USE if placed_on else None,
        )

    if codes or shipment.tracking_url:
        return [clues_of(code) for code in codes or [""]]
    clues = clues_of("")
    return [clues] if nfe_key and _goes_by_invoice(clues) else []


def _goes_by_invoice(clues: Clues) -> bool:
    """Whether the carrier is asked by the nota, or may be: one that is named and that nobody knows."""
    found = identify(clues, list_rules())
    if not found.carrier_key:
        return bool(clues.carrier_name)
    return CARRIERS[found.carrier_key].kind in BY_INVOICE


def _find_nfe_key(order_id: int) -> str:
    invoices = Invoice.objects.filter(order_id=order_id, state=InvoiceState.AUTHORIZED).exclude(access_key="")
    newest = invoices.order_by("-id").first()
    return newest.access_key if newest else ""


def _tell_parcels(order: Order, links: Sequence[OrderParcel], now: dt.datetime) -> None:
    """Of parcels that no carrier tells of, the order's own way is all that anybody knows."""
    status = OrderStatus(order.status)
    word = read_word(status, is_return=order.is_return)
    for link in links:
        parcel = link.parcel
        if status == OrderStatus.CANCELLED:
            if parcel.is_followed:
                tracking.stop_following(parcel=parcel, reason=EndReason.ORDER_CANCELLED)
        elif word is not None and not (word == ParcelState.RETURNING and len(links) > 1):
            # Of several parcels nobody knows which one comes back.
            text = "Em devolução" if word == ParcelState.RETURNING else status.label
            tracking.take_word(parcel=parcel, state=word, at=now, text=text)


# --- back to the order -------------------------------------------------------------------------------


@transaction.atomic
def apply_carriage(*, order_id: int) -> None:
    """What the carriers told of the order's parcels, taken over as far as it leads on.

    Said again it is no news. A status that changes is written at the ERP once, by the same job as any other
    change of status here.
    """
    # In the order in which everybody locks.
    OrderReference.objects.select_for_update().filter(order_id=order_id).first()
    revision = take_revision()
    locked = Order.objects.select_for_update(of=("self",), no_key=True).select_related("integration")
    order = locked.get(pk=order_id)
    parcels = [link.parcel for link in list_links(order_id)]
    heard = _read_heard(parcels)
    if not heard:
        return
    current = OrderStatus(order.status)
    states = [heard.get(row.pk, ParcelState.PENDING) for row in parcels]
    decision = decide_carriage(current, states, is_return=order.is_return)
    if not decision.reason:
        return
    now = clock.now()
    deciding = [row for row in parcels if heard.get(row.pk) in decision.deciding]
    params = {**decision.params, **_describe(max(deciding, key=_moment, default=None))}
    order.status, order.is_return = decision.status, decision.is_return
    order.revision, order.updated_at = revision, now
    order.save(update_fields=["status", "is_return", "revision", "updated_at"])
    record_all([platform_line(order.pk, decision.reason, params, now)])
    if decision.status != current:
        follow_up(order)


def _read_heard(parcels: Sequence[Parcel]) -> dict[int, ParcelState]:
    """By the id of each parcel of which its carrier told something, the state that this makes.

    The ERP's own word, which stands in for the carrier's, must not come back from nowhere.
    """
    told: dict[int, list[ParcelEvent]] = {}
    for event in ParcelEvent.objects.filter(parcel__in=parcels, source=EventSource.CARRIER):
        told.setdefault(event.parcel_id, []).append(event)
    return {
        row.pk: fold(drop_former(told[row.pk], row.counts_from)).state
        if row.takes_word
        else ParcelState(row.state)
        for row in parcels
        if row.pk in told
    }


def _moment(parcel: Parcel) -> dt.datetime:
    moment: dt.datetime = parcel.last_event_at or parcel.since_at
    return moment


def _describe(parcel: Parcel | None) -> dict[str, str]:
    if parcel is None:
        return {"carrier": "", "text": ""}
    carrier = find_carrier(parcel.carrier_key)
    told = " · ".join(filter(None, [parcel.last_text, parcel.last_place, parcel.code]))
    return {"carrier": carrier.name if carrier else "Transportadora", "text": told}


# --- what the ERP's ways to send are -----------------------------------------------------------------


def _find_type(order: Order, shipment: OrderShipment) -> str:
    if order.integration is None or not shipment.shipping_method_id:
        return ""
    known = ShippingMethodList.objects.filter(integration=order.integration).first()
    types = known.types if known else {}
    return str(types.get(shipment.shipping_method_id, ""))


def _want_methods(
    order: Order, shipment: OrderShipment, links: Sequence[OrderParcel], now: dt.datetime
) -> None:
    """Have the ERP's list of shipping methods read where it would tell more, at most once an hour.

    It would where nobody is sure whose a parcel is by what the order says, and the list is a day old or does
    not have the order's method.
    """
    integration = order.integration
    if integration is None or not shipment.shipping_method_id or shipment.shipping_method_type:
        return
    if all(link.parcel.confidence in SURE for link in links):
        return
    known = ShippingMethodList.objects.filter(integration=integration).first()
    day = dt.timedelta(seconds=settings.SHIPPING_METHODS_SECONDS)
    is_new = known is not None and known.read_at is not None and now - known.read_at < day
    if known is not None and is_new and shipment.shipping_method_id in known.types:
        return
    not_before = now
    if known is not None and known.asked_at is not None:
        pause = dt.timedelta(seconds=settings.SHIPPING_METHODS_RETRY_SECONDS)
        not_before = max(now, known.asked_at + pause)
    queue.enqueue(
        METHODS,
        channel=integration.channel,
        key=str(integration.pk),
        lock=METHODS,
        priority=Priority.COMPLETION,
        not_before=not_before,
    )


@transaction.atomic
def note_methods_asked(*, integration: Integration) -> None:
    ShippingMethodList.objects.update_or_create(integration=integration, defaults={"asked_at": clock.now()})


@transaction.atomic
def record_methods(*, integration: Integration, methods: Iterable[ErpShippingMethod]) -> None:
    """Keep what each method is; orders of which that says more than was known are told."""
    take_revision()
    row = ShippingMethodList.objects.select_for_update().get(integration=integration)
    types = {method.external_id: method.type_code for method in methods}
    news = {name for name, type_code in types.items() if row.types.get(name) != type_code}
    row.types, row.read_at = types, clock.now()
    row.save()
    concerned = OrderShipment.objects.filter(
        order__integration=integration, shipping_method_id__in=news, order__parcels__isnull=False
    )
    ask_to_follow(concerned.values_list("order_id", flat=True))
