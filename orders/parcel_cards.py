"""How a parcel is told on the pages of orders: its chips, its carrier, and what happens to it by itself."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from contracts.order_status import OrderStatus
from contracts.tracking import ParcelState
from integrations import registry
from integrations.models import IntegrationState
from jobs.models import Job, JobStatus
from orders.buyer_page import read_link
from orders.models import Order, OrderShipment
from orders.parcel_forms import TrackingCodeForm
from orders.parcel_selectors import list_events_of, list_used_before
from orders.services.parcels import list_links
from tracking import registry as trackers
from tracking.carriers import public_url
from tracking.codes import is_nfe_key
from tracking.identification import Confidence
from tracking.lateness import Lateness, find_lateness
from tracking.models import EndReason, EventSource, MappingKind, Parcel, ParcelEvent
from tracking.page_selectors import name_carrier
from tracking.selectors import list_refused
from tracking.sentences import USED_BEFORE, describe_asking, describe_identification, describe_warning
from tracking.states import STATE_LABELS
from ui.templatetags.ui import web_address

# More of them are behind «Ver todos».
SHOWN_EVENTS = 5


@dataclass(frozen=True, slots=True)
class Chip:
    label: str
    tone: str = ""
    icon: str = ""


_LOOKS: Mapping[ParcelState, tuple[str, str]] = {
    ParcelState.PENDING: ("", "clock"),
    ParcelState.INFO_RECEIVED: ("", "doc"),
    ParcelState.POSTED: ("info", "box"),
    ParcelState.IN_TRANSIT: ("info", "truck"),
    ParcelState.OUT_FOR_DELIVERY: ("info", "truck"),
    ParcelState.DELIVERY_FAILED: ("warn", "bang"),
    ParcelState.AVAILABLE_FOR_PICKUP: ("warn", "pin"),
    ParcelState.DELIVERED: ("ok", "check"),
    ParcelState.RETURNING: ("warn", "undo"),
    ParcelState.RETURNED: ("err", "undo"),
    ParcelState.LOST: ("err", "x"),
    ParcelState.EXCEPTION: ("err", "alert"),
    ParcelState.CANCELLED: ("", "x"),
    ParcelState.EXPIRED: ("warn", "pause"),
}


@dataclass(frozen=True, slots=True)
class ShownEvent:
    """``source`` is who told it, where that was not the carrier."""

    text: str
    detail: str
    place: str
    occurred_at: dt.datetime
    tone: str
    icon: str
    source: str


@dataclass(frozen=True, slots=True)
class ParcelCard:
    """A parcel as pages show it.

    ``carrier`` is ``""`` while nobody knows it; ``is_likely``: it is no more than a guess; ``why`` it is
    taken to be the one, or none. ``raw`` are the ERP's own words of it, each with its name. ``code`` is empty
    where the parcel is found by its nota, whose key tells who bought what. ``link`` leads to the carrier's
    page of the code; ``told_link`` is the address that the ERP told, http(s) or ``""``, and ``told_host``
    where it leads: it is anybody's text. ``asking`` is what happens by itself, and
    ``needs_contract`` whether more would with the carrier's contract. ``events`` are the newest first.
    ``buyer_link`` is the buyer's own page, ``written_at`` when the ERP got a code that was typed here; both
    are told on the order's page only.
    """

    parcel: Parcel
    carrier: str
    is_likely: bool
    why: str
    raw: Sequence[tuple[str, str]]
    code: str
    link: str
    told_link: str
    told_host: str
    chip: Chip
    alerts: Sequence[Chip]
    position: str
    warnings: Sequence[str]
    asking: str
    needs_contract: bool
    events: Sequence[ShownEvent]
    buyer_link: str
    written_at: dt.datetime | None

    @property
    def name(self) -> str:
        """What a person calls it."""
        return self.code or "sem código"

    @property
    def may_ask(self) -> bool:
        is_asked = bool(self.parcel.tracker) and not self.parcel.takes_word
        return is_asked and not self.needs_contract and self.parcel.end_reason != EndReason.ORDER_CANCELLED

    @property
    def is_by_invoice(self) -> bool:
        """Whether the key of the nota stands for the code."""
        tracker = self.parcel.tracker
        return is_nfe_key(self.parcel.code) or bool(
            tracker and trackers.get_tracker(tracker).asks_by == "nfe_key"
        )

    @property
    def first_events(self) -> Sequence[ShownEvent]:
        return self.events[:SHOWN_EVENTS]

    @property
    def other_events(self) -> Sequence[ShownEvent]:
        return self.events[SHOWN_EVENTS:]


def describe_parcel(
    parcel: Parcel,
    now: dt.datetime,
    events: Iterable[ParcelEvent] = (),
    *,
    refused: Collection[str] = (),
    has_former: bool = False,
    buyer_link: str = "",
    written_at: dt.datetime | None = None,
) -> ParcelCard:
    """``refused``: trackers whose contract the carrier does not accept; ``has_former``: something is kept of
    another parcel, which had the same code.
    """
    told_link = web_address(parcel.url)
    code = "" if is_nfe_key(parcel.code) else parcel.code
    is_likely = parcel.confidence == Confidence.LIKELY
    return ParcelCard(
        parcel=parcel,
        carrier=name_carrier(parcel.carrier_key),
        is_likely=is_likely,
        why=describe_identification(parcel),
        raw=[(kind.label, text) for kind in MappingKind if (text := getattr(parcel, kind.value))],
        code=code,
        link="" if is_likely else public_url(parcel.carrier_key, code),
        told_link=told_link,
        told_host=_find_host(told_link),
        chip=_make_chip(ParcelState(parcel.state)),
        alerts=_list_alerts(find_lateness(parcel, now)),
        position=" em ".join(filter(None, (parcel.last_text, parcel.last_place))),
        warnings=[*map(describe_warning, parcel.warnings), *([USED_BEFORE] if has_former else [])],
        asking=describe_asking(parcel, now, is_refused=parcel.tracker in refused),
        needs_contract=(parcel.takes_word and bool(parcel.tracker)) or parcel.tracker in refused,
        events=[_show_event(event) for event in events],
        buyer_link=buyer_link,
        written_at=written_at,
    )


def _find_host(address: str) -> str:
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""


def _make_chip(state: ParcelState) -> Chip:
    return Chip(STATE_LABELS[state], *_LOOKS[state])


def _list_alerts(lateness: Lateness) -> list[Chip]:
    alerts = []
    if lateness.is_late:
        days = lateness.days_late
        alerts.append(Chip(f"Atrasado {days} {'dia' if days == 1 else 'dias'}", "err", "clock"))
    if lateness.is_quiet:
        alerts.append(Chip(f"Parado há {lateness.quiet_days} dias", "warn", "pause"))
    return alerts


def _show_event(event: ParcelEvent) -> ShownEvent:
    chip = _make_chip(ParcelState(event.state))
    return ShownEvent(
        text=event.text or chip.label,
        detail=event.detail,
        place=event.place,
        occurred_at=event.occurred_at,
        tone=chip.tone,
        icon=chip.icon,
        source="" if event.source == EventSource.CARRIER else EventSource(event.source).label,
    )


# --- the card of an order ---


@dataclass(frozen=True, slots=True)
class TypedCode:
    """How far a code that was typed here has come on its way to the ERP. ``is_moving``: ask again soon."""

    title: str
    detail: str = ""
    tone: str = ""
    icon: str = "clock"
    may_retry: bool = False
    is_moving: bool = False


def describe_shipment(order: Order, now: dt.datetime, *, may_act: bool) -> dict[str, Any]:
    """What the card «Rastreio» shows. Runs inside ``tenant(...)``."""
    links = list_links(order.pk)
    events = list_events_of(link.parcel for link in links)
    shipment: OrderShipment | None = OrderShipment.objects.filter(order=order).first()
    former = list_used_before(link.parcel for link in links)
    refused = find_refused()
    erp_name = name_erp(order)
    typed = _describe_typed(order, shipment, erp_name)
    is_moving = typed is not None and typed.is_moving
    # What is being asked for again would take a form from under a person's hands.
    may_type = may_act and order.status != OrderStatus.CANCELLED and not is_moving
    return {
        "cards": [
            describe_parcel(
                link.parcel,
                now,
                events[link.parcel_id],
                refused=refused,
                has_former=link.parcel_id in former,
                buyer_link=read_link(link.parcel),
                written_at=link.written_at,
            )
            for link in links
        ],
        "shipment": shipment,
        "erp_name": erp_name,
        "typed": typed,
        "is_moving": is_moving,
        "code_form": make_code_form(shipment) if may_type else None,
    }


def make_code_form(shipment: OrderShipment | None) -> TrackingCodeForm:
    """With what stands there, so that only what a person takes out is taken away."""
    if shipment is None:
        return TrackingCodeForm()
    return TrackingCodeForm(
        initial={"code": shipment.tracking_code, "url": web_address(shipment.tracking_url)}
    )


def find_refused() -> frozenset[str]:
    return frozenset(account.tracker for account in list_refused())


def name_erp(order: Order) -> str:
    return registry.get_provider(order.integration.provider).short_name if order.integration else "ERP"


def _describe_typed(order: Order, shipment: OrderShipment | None, erp_name: str) -> TypedCode | None:
    if shipment is None or shipment.typed_at is None:
        return None
    integration = order.integration
    if integration is None or not hasattr(order, "reference"):
        return TypedCode("Código guardado aqui.", f"Ele vai para o {erp_name} quando o pedido estiver lá.")
    if order.reference.deleted_at is not None:
        return TypedCode(
            "Código guardado aqui.",
            f"O pedido foi excluído no {erp_name}: o código não vai para lá.",
            "warn",
            "alert",
        )
    jobs = Job.objects.filter(channel=integration.channel, kind="export_shipment", key=str(order.pk))
    job = jobs.exclude(status=JobStatus.DONE).order_by("-pk").first()
    if job is not None and job.status == JobStatus.PARKED:
        why = registry.explain(job.reason_code, job.reason_params, integration.provider)
        return TypedCode(
            f"O código não foi gravado no {erp_name}: {why.title}.",
            why.detail,
            "err",
            "alert",
            may_retry=True,
        )
    if integration.state != IntegrationState.CONNECTED:
        return TypedCode(
            "Código guardado aqui.", f"Ele vai para o {erp_name} quando alguém conectar de novo."
        )
    if job is not None and job.failures:
        return TypedCode(
            f"O {erp_name} não gravou o código ainda.", "Tentamos de novo sozinhos.", "warn", "refresh"
        )
    return TypedCode(f"Sendo gravado no {erp_name}…", is_moving=job is not None)
