"""The buyer's page: no login, no session, no script; whoever has the key reads it."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.views.decorators.http import require_safe

from accounts import clock, gateways
from accounts.models import Organization
from accounts.tenancy import tenant
from orders.buyer_page import BuyerPage, describe_parcel, is_over
from orders.buyer_selectors import find_order_of, list_volumes
from tracking.models import Parcel, ParcelEvent, hash_key

HEADERS = {
    "Cache-Control": "private, no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'",
    # The address is a secret: neither the carrier nor the shop's site is told from where one comes.
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
}
UNKNOWN = {
    "title": "Não encontramos esta página",
    "lead": "Confira se o endereço está inteiro, como a loja enviou. Se estiver, fale com a loja.",
}
OVER = {
    "title": "Este acompanhamento terminou",
    "lead": "A entrega aconteceu há muito tempo, e os dados não ficam mais aqui. "
    "Se precisar, fale com a loja onde você comprou.",
}


class PageOver(Exception):
    """The parcel has arrived so long ago that its page tells nothing any more."""


def buyer_page(request: HttpRequest, key: str) -> HttpResponse:
    response = _answer(request, key)
    for name, value in HEADERS.items():
        response[name] = value
    return response


@require_safe
def _answer(request: HttpRequest, key: str) -> HttpResponse:
    """200, or 404 for a key that opens nothing, or 410: he who has the key knows that there was a parcel."""
    try:
        page = _read_page(key)
    except PageOver:
        return _say(OVER, status=410)
    if page is None:
        return _say(UNKNOWN, status=404)
    # Without the request: whoever is logged in to the panel reads the same page.
    return HttpResponse(render_to_string("buyer/parcel.html", {"page": page}))


def _read_page(key: str) -> BuyerPage | None:
    ids = gateways.parcel_by_key(hash_key(key))
    if ids is None:
        return None
    with tenant(ids.organization_id):
        parcel = Parcel.objects.get(pk=ids.parcel_id)
        now = clock.now()
        if is_over(parcel, now):
            raise PageOver
        order = find_order_of(parcel)
        if order is None:
            return None
        return describe_parcel(
            parcel=parcel,
            events=list(ParcelEvent.objects.filter(parcel=parcel)),
            order=order,
            volumes=list_volumes(order),
            organization=Organization.objects.get(pk=ids.organization_id),
            now=now,
        )


def _say(words: dict[str, str], status: int) -> HttpResponse:
    return HttpResponse(render_to_string("buyer/nothing.html", words), status=status)
