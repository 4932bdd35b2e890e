"""Orders as the REST API carries them: what the marketplace sends, and what it reads of them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import fields, replace
from decimal import Decimal
from functools import partial
from typing import Any

from contracts.order_status import OrderStatus
from contracts.records import ErpAddress, ErpInstallment
from customers.serializers import customer_json, read_address
from customers.serializers import read_values as read_customer_values
from customers.values import ADDRESS, FIELDS, kind_of
from integrations import registry
from integrations.models import Integration, IntegrationState
from jobs.models import Job
from orders.models import ForwardingState, Order, OrderForwarding
from orders.selectors import situation_label
from orders.sentences import describe_forwarding
from orders.services import PlacedItem, Placement
from ui.json_values import (
    InvalidValue,
    read_amount,
    read_choice,
    read_day,
    read_flag,
    read_text,
    write_day,
    write_moment,
    write_money,
    write_quantity,
)
from ui.rest import INVALID_FIELDS, FieldError, Problem

Reader = Callable[[Any], Any]

MOST_ITEMS = 500
MOST_INSTALLMENTS = 100
# The columns of totals hold less.
TOO_MUCH = Decimal(10) ** 12

# --- what is told of an order ---


def order_json(order: Order) -> dict[str, Any]:
    """``order`` is of ``orders.selectors.list_for_api``; ``sending`` is null for one from the ERP."""
    customer = customer_json(order.customer) if order.customer else None
    return {
        "id": order.number,
        "number": order.ecommerce_number,
        "channel": order.ecommerce_name,
        "origin": order.origin,
        "status": order.status,
        "status_label": OrderStatus(order.status).label,
        "is_return": order.is_return,
        "placed_on": write_day(order.placed_on),
        "expected_on": write_day(order.expected_on),
        "products_total": write_money(order.products_total),
        "freight": write_money(order.freight),
        "discount": write_money(order.discount),
        "other_expenses": write_money(order.other_expenses),
        "total": write_money(order.total),
        "items": [
            {
                "sku": item.sku,
                "description": item.description,
                "unit": item.unit,
                "quantity": write_quantity(item.quantity),
                "unit_price": write_money(item.unit_price),
                "total": write_money(item.total),
            }
            for item in order.items.all()
        ],
        "installments": [
            {
                "amount": write_money(installment.amount),
                "due_on": write_day(installment.due_on),
                "method": installment.method,
            }
            for installment in order.installments.all()
        ],
        "customer": {name: customer[name] for name in ("id", *FIELDS)} if customer else None,
        "delivery_address": _delivery_json(order.delivery_address),
        "seller": {"code": order.seller_code, "name": order.seller_name},
        "notes": order.notes,
        "erp": {
            "integration": order.integration.name if order.integration else None,
            "number": order.erp_number or None,
            "situation": situation_label(order) or None,
        },
        "sending": _sending_json(getattr(order, "forwarding", None)),
        "invoices": [
            {
                "number": invoice.number,
                "series": invoice.series,
                "access_key": invoice.access_key,
                "state": invoice.state,
            }
            for invoice in order.invoices.all()
        ],
        "shipment": _shipment_json(getattr(order, "shipment", None)),
        "created_at": write_moment(order.created_at),
        "updated_at": write_moment(order.updated_at),
    }


def single_json(order: Order, parked: Job | None) -> dict[str, Any]:
    """``sending.problem``: what stops it until somebody acts; ``parked`` is the job of its sending."""
    body = order_json(order)
    if body["sending"] is None:
        return body
    problem = None
    if parked is not None and order.integration is not None:
        told = registry.explain(parked.reason_code, parked.reason_params, order.integration.provider)
        problem = {"code": parked.reason_code, "title": told.title, "detail": told.detail}
    return {**body, "sending": {**body["sending"], "problem": problem}}


def _sending_json(forwarding: OrderForwarding | None) -> dict[str, Any] | None:
    if forwarding is None:
        return None
    why = describe_forwarding(forwarding.reason_code, forwarding.reason_params)
    return {
        "state": forwarding.state,
        "reason": forwarding.reason_code,
        "sentence": "Enviado ao ERP" if forwarding.state == ForwardingState.SENT else why,
        "sent_at": write_moment(forwarding.sent_at) if forwarding.sent_at else None,
    }


def _delivery_json(address: Mapping[str, Any]) -> dict[str, str] | None:
    if not any(address.values()):
        return None
    return {part: str(address.get(part) or "") for part in ("recipient", *ADDRESS)}


def _shipment_json(shipment: Any) -> dict[str, str] | None:
    if shipment is None:
        return None
    return {
        "carrier": shipment.carrier_name,
        "method": shipment.shipping_method,
        "tracking_code": shipment.tracking_code,
        "tracking_url": shipment.tracking_url,
    }


# --- what is sent ---


_NOTHING: Mapping[str, str] = {}


class _InvalidParts(Exception):
    """What is wrong within a value: each path begins after the value's own name."""

    def __init__(self, errors: list[FieldError]) -> None:
        super().__init__(errors)
        self.errors = errors


def _read_object(
    value: Any,
    *,
    readers: Mapping[str, Reader],
    needed: Collection[str] = (),
    refused: Mapping[str, str] = _NOTHING,
    what: str,
) -> dict[str, Any]:
    """The values of an object's fields; ``refused`` says why a field that we know is not taken.

    Raises ``_InvalidParts`` with all that is wrong.
    """
    if not isinstance(value, dict):
        raise InvalidValue(f"Informe um objeto com {what}.")
    values = {}
    errors = [FieldError(name, "Preencha este campo.") for name in needed if name not in value]
    for name, given in value.items():
        try:
            if name not in readers:
                raise InvalidValue(refused.get(name, "Campo desconhecido."))
            values[name] = readers[name](given)
        except InvalidValue as error:
            errors.append(FieldError(name, str(error)))
        except _InvalidParts as parts:
            errors += [FieldError(_join(name, part.field), part.message) for part in parts.errors]
    if errors:
        raise _InvalidParts(errors)
    return values


def _read_rows(value: Any, *, read: Reader, least: int, most: int) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise InvalidValue("Informe uma lista.")
    if not least <= len(value) <= most:
        raise InvalidValue(f"Envie de {least} a {most} itens." if least else f"Use até {most} itens.")
    rows, errors = [], []
    for position, given in enumerate(value):
        try:
            rows.append(read(given))
        except InvalidValue as error:
            errors.append(FieldError(f"[{position}]", str(error)))
        except _InvalidParts as parts:
            errors += [FieldError(_join(f"[{position}]", part.field), part.message) for part in parts.errors]
    if errors:
        raise _InvalidParts(errors)
    return tuple(rows)


def _join(outer: str, inner: str) -> str:
    return f"{outer}{inner}" if inner.startswith("[") else f"{outer}.{inner}"


def _read_figure(value: Any, *, digits: int, places: int, is_positive: bool = False) -> Decimal:
    amount = read_amount(value, digits=digits, places=places)
    if amount is None:
        raise InvalidValue("Informe um valor; aqui null não é aceito.")
    if is_positive and not amount:
        raise InvalidValue("Informe mais que zero.")
    return amount


_read_money = partial(_read_figure, digits=9, places=2)


def _read_needed_day(value: Any) -> Any:
    day = read_day(value)
    if day is None:
        raise InvalidValue("Informe uma data como 2026-11-18.")
    return day


def _read_status(value: Any) -> OrderStatus:
    return OrderStatus(read_choice(value, choices=[status.value for status in OrderStatus]))


def _read_customer(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise InvalidValue("Informe um objeto com o cliente.")
    values, errors = read_customer_values(value)
    if "name" not in value:
        errors = [FieldError("name", "Preencha este campo."), *errors]
    if errors:
        raise _InvalidParts(errors)
    return values


def _read_delivery(value: Any) -> ErpAddress | None:
    """``None``, and an address that says nothing: to the customer's own."""
    if value is None:
        return None
    if not isinstance(value, dict):
        raise InvalidValue("Informe um objeto com o endereço, ou null.")
    parts, errors = read_address(value, "", {"recipient": partial(read_text, most=200)})
    if errors:
        raise _InvalidParts(errors)
    return ErpAddress(**parts) if any(parts.values()) else None


def _read_integration(value: Any) -> Integration | None:
    """By name or id; null is whichever there is."""
    if value is None:
        return None
    connected = Integration.objects.exclude(state=IntegrationState.DRAFT)
    found = None
    if isinstance(value, int) and not isinstance(value, bool):
        found = connected.filter(pk=value).first() if 0 < value < 1 << 63 else None
    elif isinstance(value, str) and "\0" not in value:
        found = connected.filter(name=value).first()
    if found is None:
        raise InvalidValue("Não há integração conectada com este nome ou id.")
    return found


_read_notes = partial(read_text, most=2000, has_lines=True)
_read_reason = partial(read_text, most=500)

_ITEM: Mapping[str, Reader] = {
    "sku": partial(read_text, most=120, is_needed=True),
    "description": partial(read_text, most=500, is_needed=True),
    "unit": partial(read_text, most=6),
    "quantity": partial(_read_figure, digits=7, places=4, is_positive=True),
    "unit_price": partial(_read_figure, digits=9, places=4),
}
_INSTALLMENT: Mapping[str, Reader] = {
    "amount": _read_money,
    "due_on": read_day,
    "method": partial(read_text, most=60),
}
_SELLER: Mapping[str, Reader] = {
    "code": partial(read_text, most=60),
    "name": partial(read_text, most=120),
}


def _read_item(value: Any) -> PlacedItem:
    needed = ("sku", "description", "quantity", "unit_price")
    return PlacedItem(**_read_object(value, readers=_ITEM, needed=needed, what="o item"))


def _read_installment(value: Any) -> ErpInstallment:
    values = _read_object(value, readers=_INSTALLMENT, needed=["amount"], what="a parcela")
    return ErpInstallment(**{"due_on": None, **values})


_CHANGES: Mapping[str, Reader] = {
    "notes": _read_notes,
    "expected_on": read_day,
    "seller": partial(_read_object, readers=_SELLER, what="o vendedor"),
}
_STATUS_CHANGE: Mapping[str, Reader] = {
    "status": _read_status,
    "is_return": read_flag,
    "reason": _read_reason,
}
_ORDER: Mapping[str, Reader] = {
    "number": partial(read_text, most=80, is_needed=True),
    "channel": partial(read_text, most=80),
    "status": _read_status,
    "placed_on": _read_needed_day,
    "customer": _read_customer,
    "delivery_address": _read_delivery,
    "items": partial(_read_rows, read=_read_item, least=1, most=MOST_ITEMS),
    "freight": _read_money,
    "discount": _read_money,
    "installments": partial(_read_rows, read=_read_installment, least=0, most=MOST_INSTALLMENTS),
    "integration": _read_integration,
    **_CHANGES,
}
_NEEDED = ("number", "placed_on", "customer", "items")
_OURS_TO_SAY = "Este campo é só de leitura."
_CALCULATED = "É calculado aqui: não envie."
_FINAL = "Não muda depois que o pedido entrou."
_NOT_SENT: Mapping[str, str] = {
    **dict.fromkeys(("id", "origin", "status_label", "created_at", "updated_at"), _OURS_TO_SAY),
    **dict.fromkeys(("erp", "sending", "invoices", "shipment"), _OURS_TO_SAY),
    **dict.fromkeys(("products_total", "other_expenses", "total"), _CALCULATED),
    "is_return": "Para marcar uma devolução, use o endereço status/ do pedido.",
}
_NOT_CHANGED: Mapping[str, str] = {
    **dict.fromkeys(_ORDER, _FINAL),
    **_NOT_SENT,
    "status": "O status muda pelo endereço status/ do pedido.",
}


def read_new_order(data: Mapping[str, Any]) -> Placement:
    """Raises ``Problem``."""
    values = _read_body(data, _ORDER, _NEEDED, _NOT_SENT)
    placement = Placement(
        ecommerce_number=values.pop("number"),
        ecommerce_name=values.pop("channel", ""),
        status=values.pop("status", OrderStatus.PLACED),
        buyer=values.pop("customer"),
        request_hash="",
        **_flatten_seller(values),
    )
    errors = _find_contradictions(placement)
    if errors:
        raise _problem(errors)
    return replace(placement, request_hash=hash_placement(placement))


def read_changes(data: Mapping[str, Any]) -> dict[str, Any]:
    """The values that are to change, as ``orders.services.change_order`` takes them. Raises ``Problem``."""
    return _flatten_seller(_read_body(data, _CHANGES, refused=_NOT_CHANGED))


def read_status_change(data: Mapping[str, Any]) -> dict[str, Any]:
    """``status``, and of ``is_return`` and ``reason`` what was sent. Raises ``Problem``."""
    return _read_body(data, _STATUS_CHANGE, ["status"])


def read_cancellation(data: Mapping[str, Any]) -> str:
    """The reason, which may be empty. Raises ``Problem``."""
    return str(_read_body(data, {"reason": _read_reason}).get("reason", ""))


def hash_placement(placement: Placement) -> str:
    """Of what was read, so that ``10`` and ``"10.00"`` are the same order; 64 hexadecimal digits."""
    buyer = {name: placement.buyer.get(name) or "" for name in FIELDS}
    address = placement.buyer.get("address") or {}
    buyer["kind"] = kind_of(buyer["kind"], buyer["document"])
    buyer["address"] = {part: address.get(part) or "" for part in ADDRESS}
    text = json.dumps(
        _to_plain(replace(placement, buyer=buyer, request_hash="")), default=_to_plain, sort_keys=True
    )
    return hashlib.sha256(text.encode()).hexdigest()


def _to_plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return write_quantity(value)
    if isinstance(value, Integration):
        return value.pk
    if hasattr(value, "isoformat"):
        return value.isoformat()
    # Without its defaults: a field that comes later must not make another order of those that are here.
    return {
        field.name: getattr(value, field.name)
        for field in fields(value)
        if getattr(value, field.name) != field.default
    }


def _find_contradictions(placement: Placement) -> list[FieldError]:
    before_discount = placement.products_total + placement.freight
    if before_discount >= TOO_MUCH:
        return [FieldError("items", "O total do pedido é grande demais.")]
    if placement.discount > before_discount:
        most = write_money(before_discount)
        return [FieldError("discount", f"O desconto não pode passar dos produtos mais o frete: {most}.")]
    paid = sum((installment.amount for installment in placement.installments), Decimal(0))
    if placement.installments and paid != placement.total:
        word = "faltam" if paid < placement.total else "sobram"
        difference = write_money(abs(placement.total - paid))
        text = f"As parcelas somam {write_money(paid)} e o total é {write_money(placement.total)}"
        return [FieldError("installments", f"{text}: {word} {difference}.")]
    return []


def _flatten_seller(values: dict[str, Any]) -> dict[str, Any]:
    seller = values.pop("seller", {})
    return {**values, **{f"seller_{name}": text for name, text in seller.items()}}


def _read_body(
    data: Mapping[str, Any],
    readers: Mapping[str, Reader],
    needed: Collection[str] = (),
    refused: Mapping[str, str] = _NOTHING,
) -> dict[str, Any]:
    try:
        return _read_object(data, readers=readers, needed=needed, refused=refused, what="o pedido")
    except _InvalidParts as parts:
        raise _problem(parts.errors) from None


def _problem(errors: list[FieldError]) -> Problem:
    return Problem(INVALID_FIELDS, "Nada foi gravado. Corrija os campos e envie de novo.", errors)
