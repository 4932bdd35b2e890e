"""«Rastreamento»: the parcels of all orders, and those of one order on its page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import clock
from accounts.permissions import OPERATORS, READERS, TenantRequest, tenant_view
from integrations.selectors import list_integrations
from orders import parcel_selectors
from orders.models import Order, OrderParcel
from orders.parcel_cards import ParcelCard, describe_parcel, describe_shipment, find_refused, name_erp
from orders.parcel_forms import ParcelFilterForm, TrackingCodeForm
from orders.services.tracking_codes import TrackingCodeRefused, set_tracking_code
from orders.views import get_order_or_404
from tracking.codes import split_codes
from tracking.models import Parcel
from tracking.services import ask_now
from ui.filters import build_tabs, list_active
from ui.fragments import render_page, wants_fragment
from ui.paging import paginate

# As many as a page of the list can show.
ASKED_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the list: an order with one of its parcels, or one that waits for a code.

    ``destination`` is ``"Cidade/UF"``. Of an order without a parcel: ``carriage``, what the ERP tells of it,
    ``told_code``, what stands in the place of its code, whether that ``is_code``, and ``wanted_at``.
    """

    order: Order
    erp_name: str
    destination: str
    card: ParcelCard | None = None
    carriage: str = ""
    told_code: str = ""
    is_code: bool = False
    wanted_at: dt.datetime | None = None


@require_safe
@tenant_view(READERS)
def parcel_list(request: TenantRequest) -> HttpResponse:
    now = clock.now()
    integrations = list(list_integrations())
    carriers = parcel_selectors.list_carriers()
    form = ParcelFilterForm(request.GET, integrations=integrations, carriers=carriers)
    wanted = form.read()
    view = parcel_selectors.find_view(wanted.view)
    has_parcels = view.condition is not None
    rows: QuerySet[Any] = (
        parcel_selectors.list_parcels(wanted, now)
        if has_parcels
        else parcel_selectors.list_without_code(wanted)
    )
    page = paginate(rows, request.GET)
    refused = find_refused()
    shown = [_describe(row, now, refused) for row in page.rows]
    counts = parcel_selectors.count_views(wanted, now)
    choices = [(each.key, each.label, counts[each.key]) for each in parcel_selectors.VIEWS]
    context = {
        "section": "tracking",
        "is_list": True,
        "page": page,
        "rows": shown,
        "view": view,
        "has_parcels": has_parcels,
        "tabs": build_tabs(request, "visao", choices, wanted.view),
        "filters": form,
        "active_filters": list_active(request, form.describe(wanted)),
        "has_any_parcel": any(counts.values()) or parcel_selectors.has_any_parcel(),
        "has_integration": bool(integrations),
        "may_act": request.membership.perfil in OPERATORS,
    }
    return render_page(request, "orders/parcels.html", context, fragment="orders/_parcels.html")


def _describe(row: Any, now: dt.datetime, refused: Collection[str]) -> Row:
    """``row``: an ``OrderParcel`` or an ``OrderShipment``."""
    order = row.order
    names = {"order": order, "erp_name": name_erp(order), "destination": _find_destination(order)}
    if isinstance(row, OrderParcel):
        return Row(**names, card=describe_parcel(row.parcel, now, refused=refused))
    carriage = row.carrier_name or row.shipping_method or row.freight_method
    return Row(
        **names,
        carriage=carriage,
        told_code=row.tracking_code,
        is_code=bool(split_codes(row.tracking_code)),
        wanted_at=row.tracking_wanted_at,
    )


def _find_destination(order: Order) -> str:
    address = order.delivery_address
    if not address.get("city") and order.customer is not None:
        address = order.customer.address
    return "/".join(filter(None, (address.get("city", ""), address.get("state", ""))))


@require_POST
@tenant_view(OPERATORS)
def ask_parcels(request: TenantRequest) -> HttpResponse:
    """«Consultar de novo» of the parcels of ``id``; back to the ``order`` that it names, else to the list."""
    asked = request.POST.getlist("id")[:ASKED_AT_ONCE]
    ids = {int(text) for text in asked if text.isascii() and text.isdigit() and len(text) < 18}
    parcels = list(Parcel.objects.filter(pk__in=ids))
    refused = find_refused()
    askable = [parcel for parcel in parcels if parcel.tracker not in refused]
    _tell_asked(request, len(ids), ask_now(parcels=askable), waiting=len(parcels) - len(askable))
    number = request.POST.get("order", "")
    if number.isascii() and number.isdigit() and len(number) < 18:
        return redirect("orders:detail", slug=request.organization.slug, number=int(number))
    back = reverse("orders:parcels", args=[request.organization.slug])
    query = request.POST.get("query", "")
    return redirect(f"{back}?{query}" if query else back)


def _tell_asked(request: TenantRequest, wanted: int, count: int, waiting: int) -> None:
    """``waiting``: so many of them are asked for once a contract that was refused is corrected."""
    if not wanted:
        messages.info(request, "Escolha ao menos um pacote.")
        return
    if waiting:
        several = f"{waiting} pacotes esperam" if waiting > 1 else "1 pacote espera"
        messages.warning(
            request,
            f"{several}: a transportadora recusou o contrato. A consulta continua sozinha quando um"
            " Administrador o corrigir em Rastreamento > Contratos.",
        )
    skipped = wanted - count - waiting
    if not count and waiting:
        return
    if not count:
        messages.info(
            request, "Estes envios não têm consulta automática: vale a situação no ERP. Nada foi consultado."
        )
        return
    told = (
        "1 pacote vai ser consultado agora." if count == 1 else f"{count} pacotes vão ser consultados agora."
    )
    if skipped == 1:
        told += " 1 não tem consulta automática."
    elif skipped:
        told += f" {skipped} não têm consulta automática."
    messages.success(request, told)


@require_http_methods(["GET", "HEAD", "POST"])
@tenant_view(READERS)
def order_shipment(request: TenantRequest, number: int) -> HttpResponse:
    """The card «Rastreio» of an order's page, which asks again while a code is written at the ERP.

    POST is «Informar código», which an Operador may.
    """
    order = get_order_or_404(number)
    if request.method != "POST":
        return _render_card(request, order)
    if request.membership.perfil not in OPERATORS:
        raise Http404
    form = TrackingCodeForm(request.POST)
    if form.is_valid() and _set_code(request, order, form):
        if not wants_fragment(request):
            return redirect("orders:detail", slug=request.organization.slug, number=order.number)
        return _render_card(request, get_order_or_404(number))
    return _render_card(request, order, form, status=422)


def _set_code(request: TenantRequest, order: Order, form: TrackingCodeForm) -> bool:
    values = form.cleaned_data
    try:
        set_tracking_code(
            order=order,
            code=values["code"],
            carrier_key=values["carrier"],
            url=values["url"],
            by=request.membership.user.name,
        )
    except TrackingCodeRefused as refusal:
        form.add_error(refusal.field, str(refusal))
        return False
    return True


def _render_card(
    request: TenantRequest, order: Order, form: TrackingCodeForm | None = None, status: int = 200
) -> HttpResponse:
    may_act = request.membership.perfil in OPERATORS
    context = {"section": "orders", "order": order, "may_act": may_act}
    context |= describe_shipment(order, clock.now(), may_act=may_act)
    if form is not None:
        context["code_form"] = form
    return render_page(
        request, "orders/shipment.html", context, fragment="orders/_shipments.html", status=status
    )
