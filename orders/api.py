"""The REST API of orders (docs/API.md)."""

from __future__ import annotations

import re
from typing import Any

from django.db.models import QuerySet
from django.http import QueryDict
from django.urls import reverse
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api_auth import Resource, token_method
from accounts.models import Scope
from contracts.order_status import OrderStatus
from history.models import Source
from jobs.selectors import find_parked
from orders import operations, selectors, services
from orders.models import Order, Origin
from orders.operations import CHANGE_REFUSED, KEY_REUSED, ORDER_EXISTS, STATUS_REFUSED
from orders.serializers import (
    order_json,
    read_cancellation,
    read_changes,
    read_new_order,
    read_status_change,
    single_json,
)
from ui.rest import INVALID_PARAMETER, NOT_FOUND, FieldError, Problem
from ui.revisions import Listing, list_since

LISTING = Listing("orders", "revision", order_json)
# A parameter of the list to the column that it names.
FILTERS = {"number": "ecommerce_number", "channel": "ecommerce_name", "status": "status"}


class OrderList(Resource):
    @token_method(Scope.READ_ORDERS, operations.LIST)
    def get(self, request: Request) -> Response:
        rows = _named_in(request.query_params)
        return Response(list_since(LISTING, rows, request.query_params, filters=FILTERS))

    @token_method(Scope.WRITE_ORDERS, operations.PLACE)
    def post(self, request: Request) -> Response:
        key = _read_key(request)
        placement = read_new_order(request.data)
        try:
            placed = services.place_order(
                placement=placement, origin=Origin.API, person=request.user.name, idempotency_key=key
            )
        except services.PlacementRefused as refused:
            raise _placement_problem(refused) from None
        number = placed.order.number
        address = reverse("orders_api:order", args=[number])
        status = 201 if placed.is_new else 200
        return Response(_single_json(number), status=status, headers={"Location": address})


class OrderDetail(Resource):
    @token_method(Scope.READ_ORDERS, operations.READ)
    def get(self, request: Request, number: int) -> Response:
        return Response(_single_json(number))

    @token_method(Scope.WRITE_ORDERS, operations.CHANGE)
    def patch(self, request: Request, number: int) -> Response:
        order = _find(number)
        values = read_changes(request.data)
        if values:
            try:
                services.change_order(
                    order_id=order.pk, values=values, person=request.user.name, source=Source.PERSON
                )
            except services.ChangeRefused as refused:
                errors = [FieldError(refused.field.replace("seller_", "seller."), str(refused))]
                raise Problem(CHANGE_REFUSED, str(refused), errors) from None
        return Response(_single_json(number))


class OrderStatusChange(Resource):
    @token_method(Scope.WRITE_ORDERS, operations.CHANGE_STATUS)
    def post(self, request: Request, number: int) -> Response:
        order = _find(number)
        _change_status(order, request, **read_status_change(request.data))
        return Response(_single_json(number))


class OrderCancellation(Resource):
    @token_method(Scope.WRITE_ORDERS, operations.CANCEL)
    def post(self, request: Request, number: int) -> Response:
        order = _find(number)
        _change_status(order, request, status=OrderStatus.CANCELLED, reason=read_cancellation(request.data))
        return Response(_single_json(number))


def _change_status(order: Order, request: Request, **change: Any) -> None:
    person = request.user.name
    try:
        services.change_status(order_id=order.pk, person=person, source=Source.PERSON, **change)
    except services.StatusRefused as refused:
        allowed = ", ".join(f"{status} ({status.label})" for status in refused.allowed) or "nenhum"
        raise Problem(STATUS_REFUSED, f"{refused} Os que podem vir agora: {allowed}.") from None


def _placement_problem(refused: services.PlacementRefused) -> Problem:
    if refused.reason == services.KEY_REUSED:
        text = f"Esta Idempotency-Key já entregou outro conteúdo, que é o pedido de id {refused.number}."
        return Problem(KEY_REUSED, text)
    text = f"Já há um pedido com este número neste canal e com outros dados: o de id {refused.number}."
    return Problem(ORDER_EXISTS, text, [FieldError("number", text)])


def _read_key(request: Request) -> str:
    """The header ``Idempotency-Key``, ``""`` without one."""
    key: str | None = request.headers.get("Idempotency-Key")
    if key is None:
        return ""
    if not re.fullmatch(r"[\x21-\x7e]{1,255}", key):
        text = "Use de 1 a 255 caracteres ASCII visíveis, sem espaços."
        errors = [FieldError("Idempotency-Key", text)]
        raise Problem(INVALID_PARAMETER, "O cabeçalho Idempotency-Key não pôde ser lido.", errors)
    return key


def _find(number: int) -> Order:
    try:
        return selectors.get_order(number)
    except (Order.DoesNotExist, OverflowError):
        raise Problem(NOT_FOUND, "Não há pedido com este id.") from None


def _named_in(query: QueryDict) -> QuerySet[Order]:
    """All orders, or those that the filters name; what nobody has is no error in a list."""
    orders = selectors.list_for_api()
    status = query.get("status")
    if status is not None and status not in set(OrderStatus):
        errors = [FieldError("status", f"Use um destes valores: {', '.join(OrderStatus)}.")]
        raise Problem(INVALID_PARAMETER, "O status não pôde ser lido.", errors)
    wanted = {column: query[name] for name, column in FILTERS.items() if name in query}
    # PostgreSQL has no text with NUL, and must not be asked for one.
    if any("\0" in text for text in wanted.values()):
        return orders.none()
    return orders.filter(**wanted)


def _single_json(number: int) -> dict[str, object]:
    try:
        order = selectors.list_for_api().get(number=number)
    except (Order.DoesNotExist, OverflowError):
        raise Problem(NOT_FOUND, "Não há pedido com este id.") from None
    parked = None
    if order.integration is not None and hasattr(order, "forwarding"):
        parked = find_parked(channel=order.integration.channel, kind="export_order", key=str(order.pk))
    return single_json(order, parked)
