"""Parcels of orders as «Rastreamento» lists them: reads, inside ``tenant(...)``."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Count, Exists, F, Min, OrderBy, OuterRef, Q, QuerySet

from accounts.clock import SAO_PAULO
from contracts.order_status import OrderStatus
from contracts.tracking import ParcelState
from orders.models import OrderParcel, OrderShipment
from tracking.codes import normalize_code
from tracking.lateness import is_late, is_quiet
from tracking.models import EndReason, EventSource, Parcel, ParcelEvent
from tracking.page_selectors import name_carrier
from tracking.states import list_holding

TROUBLED = (
    ParcelState.DELIVERY_FAILED,
    ParcelState.RETURNING,
    ParcelState.RETURNED,
    ParcelState.LOST,
    ParcelState.EXCEPTION,
)
# An order that has come to its end waits for no code.
OVER = (OrderStatus.DELIVERED, OrderStatus.NOT_DELIVERED, OrderStatus.CANCELLED)

Condition = Callable[[dt.datetime], Q]


@dataclass(frozen=True, slots=True)
class View:
    """A tab of the list, and what it says while it has no rows.

    ``condition`` at a moment is asked of ``OrderParcel``; without one the tab lists orders that await a code.
    ``is_work``: rows are for somebody to act on, the longest silent first, and none of them is good news.
    """

    key: str
    label: str
    condition: Condition | None
    empty_title: str
    empty_detail: str
    is_work: bool = False

    @property
    def order_by(self) -> OrderBy:
        told_at = F("parcel__last_event_at")
        return told_at.asc(nulls_first=True) if self.is_work else told_at.desc(nulls_last=True)

    @property
    def empty_mark(self) -> str:
        return "check" if self.is_work else "truck"

    @property
    def empty_tone(self) -> str:
        return "ok" if self.is_work else ""


def _in(*states: ParcelState) -> Condition:
    return lambda now: Q(parcel__state__in=states)


def _late(now: dt.datetime) -> Q:
    return is_late(now, "parcel__")


def _quiet(now: dt.datetime) -> Q:
    """Those that the carrier no longer speaks of, and those that were given up for it."""
    return is_quiet(now, "parcel__") | Q(parcel__state=ParcelState.EXPIRED)


def _unidentified(now: dt.datetime) -> Q:
    return Q(parcel__carrier_key="", parcel__ended_at=None)


VIEWS = (
    View(
        "todos",
        "Todos",
        lambda now: Q(),
        "Nenhum pacote ainda",
        "O rastreio começa quando o Tiny informa o código.",
    ),
    View(
        "em-transito",
        "Em trânsito",
        _in(ParcelState.POSTED, ParcelState.IN_TRANSIT),
        "Nenhum pacote em trânsito",
        "Assim que a transportadora disser que um pacote foi postado, ele aparece aqui.",
    ),
    View(
        "saiu-para-entrega",
        "Saiu para entrega",
        _in(ParcelState.OUT_FOR_DELIVERY),
        "Nenhum pacote saiu para entrega",
        "Nestas horas consultamos a transportadora a cada 30 minutos.",
    ),
    View(
        "atrasados",
        "Atrasados",
        _late,
        "Nenhum pacote atrasado",
        "Quando a previsão da transportadora passar sem entrega, o pacote aparece aqui.",
        is_work=True,
    ),
    View(
        "parados",
        "Parados",
        _quiet,
        "Nenhum pacote parado",
        "Quando a transportadora ficar dias sem dizer nada de um pacote, ele aparece aqui.",
        is_work=True,
    ),
    View(
        "ocorrencias",
        "Ocorrências",
        _in(*TROUBLED),
        "Nenhuma ocorrência",
        "Tentativas sem sucesso, devoluções, extravios e outras exceções aparecem aqui.",
        is_work=True,
    ),
    View(
        "aguardando-retirada",
        "Aguardando retirada",
        _in(ParcelState.AVAILABLE_FOR_PICKUP),
        "Nenhum pacote aguardando retirada",
        "Quando um pacote esperar o comprador numa agência, ele aparece aqui.",
        is_work=True,
    ),
    View(
        "sem-codigo",
        "Sem código",
        None,
        "Todos os pedidos enviados têm código",
        "Um pedido que sai sem código de rastreio espera aqui até o Tiny, ou você, informar o código.",
        is_work=True,
    ),
    View(
        "nao-identificada",
        "Transportadora não identificada",
        _unidentified,
        "Todas as transportadoras foram identificadas",
        "Quando não soubermos de quem é um pacote, ele aparece aqui, com o que o Tiny disse dele.",
        is_work=True,
    ),
    View(
        "entregues",
        "Entregues",
        _in(ParcelState.DELIVERED),
        "Nenhum pacote entregue ainda",
        "Quando a transportadora confirmar a entrega, o pacote aparece aqui.",
    ),
)


def find_view(key: str) -> View:
    """The first one for a key that is none."""
    return next((view for view in VIEWS if view.key == key), VIEWS[0])


@dataclass(frozen=True, slots=True)
class ParcelFilter:
    """What the list is asked for; every part is optional. ``carrier`` is a key of ``tracking.carriers``."""

    view: str = VIEWS[0].key
    text: str = ""
    integration_id: int | None = None
    carrier: str = ""


def list_parcels(wanted: ParcelFilter, now: dt.datetime) -> QuerySet[OrderParcel]:
    """With what a row shows; none for the view without a ``condition``."""
    view = find_view(wanted.view)
    parcels = _filtered(wanted).filter(view.condition(now) if view.condition else Q(pk=None))
    related = ("parcel", "order__customer", "order__integration")
    return parcels.select_related(*related).order_by(view.order_by, "-pk")


def list_without_code(wanted: ParcelFilter) -> QuerySet[OrderShipment]:
    """Orders on their way of whose parcel nothing can be asked, the longest waiting first."""
    has_parcel = OrderParcel.objects.filter(order=OuterRef("order"))
    shipments: QuerySet[OrderShipment] = OrderShipment.objects.filter(
        ~Exists(has_parcel), tracking_wanted_at__isnull=False
    ).exclude(order__status__in=OVER)
    if wanted.carrier:
        return shipments.none()
    shipments = shipments.filter(_of_order(wanted))
    return shipments.select_related("order__customer", "order__integration").order_by(
        "tracking_wanted_at", "pk"
    )


def count_views(wanted: ParcelFilter, now: dt.datetime) -> dict[str, int]:
    counts = {
        view.key.replace("-", "_"): Count("pk", filter=view.condition(now))
        for view in VIEWS[1:]
        if view.condition is not None
    }
    totals = _filtered(wanted).aggregate(todos=Count("pk"), **counts)
    found = {key.replace("_", "-"): count for key, count in totals.items()}
    return {
        view.key: found[view.key] if view.condition is not None else list_without_code(wanted).count()
        for view in VIEWS
    }


def _filtered(wanted: ParcelFilter) -> QuerySet[OrderParcel]:
    # Of a code that was replaced only its successor is on the way.
    parcels = OrderParcel.objects.exclude(parcel__end_reason=EndReason.CODE_REPLACED)
    if wanted.carrier:
        parcels = parcels.filter(parcel__carrier_key=wanted.carrier)
    return parcels.filter(_of_order(wanted, by_code=True))


def _of_order(wanted: ParcelFilter, *, by_code: bool = False) -> Q:
    condition = Q()
    if wanted.integration_id is not None:
        condition &= Q(order__integration_id=wanted.integration_id)
    if wanted.text:
        text = wanted.text.strip().lstrip("#")
        found = Q(order__erp_number=text) | Q(order__ecommerce_number=text)
        if by_code:
            found |= Q(parcel__code=normalize_code(text))
        if text.isascii() and text.isdigit() and len(text) < 18:
            found |= Q(order__number=int(text))
        condition &= found
    return condition


def has_any_parcel() -> bool:
    """Whether anything was ever followed, or waits for its code."""
    return OrderParcel.objects.exists() or list_without_code(ParcelFilter()).exists()


def list_carriers() -> dict[str, str]:
    """Key and name of the carriers that have, or had, a parcel of the company."""
    keys = Parcel.objects.exclude(carrier_key="").order_by().values_list("carrier_key", flat=True).distinct()
    names = {key: name for key in keys if (name := name_carrier(key))}
    return dict(sorted(names.items(), key=lambda item: item[1].casefold()))


def list_events_of(parcels: Iterable[Parcel]) -> Mapping[int, Sequence[ParcelEvent]]:
    """By parcel, the newest first; what a carrier took back is not among them."""
    rows = {parcel.pk: parcel for parcel in parcels}
    events: dict[int, list[ParcelEvent]] = {pk: [] for pk in rows}
    for event in ParcelEvent.objects.filter(parcel__in=list(rows)).order_by("-occurred_at", "-pk"):
        events[event.parcel_id].append(event)
    return {pk: list_holding(told, rows[pk].counts_from) for pk, told in events.items()}


def list_used_before(parcels: Iterable[Parcel]) -> Collection[int]:
    """The ids of those whose code was another parcel's before, as far as its events were told."""
    days = {parcel.pk: parcel.counts_from for parcel in parcels if parcel.counts_from is not None}
    told = ParcelEvent.objects.filter(parcel__in=list(days), source=EventSource.CARRIER).order_by()
    first = dict(told.values_list("parcel").annotate(first=Min("occurred_at")))
    return {pk for pk, at in first.items() if at.astimezone(SAO_PAULO).date() < days[pk]}
