"""What the REST API of orders takes and answers, for its OpenAPI document."""

from __future__ import annotations

from contracts.order_status import OrderStatus
from contracts.records import InvoiceState
from customers.operations import NEW_ADDRESS, NEW_CUSTOMER, OWN_FIELDS
from customers.values import ADDRESS
from orders.models import ForwardingState, Origin
from orders.serializers import MOST_INSTALLMENTS, MOST_ITEMS
from ui.openapi import (
    DAY,
    FLAG,
    MOMENT,
    MONEY,
    PAGING,
    QUANTITY,
    TEXT,
    WHOLE,
    Operation,
    Parameter,
    Shape,
    amount,
    nullable,
    one_of,
    page_of,
    record,
    rows,
    text,
)
from ui.rest import ProblemKind

KEY_REUSED = ProblemKind("idempotency-key-reused", 422, "Idempotency-Key já usada em outro pedido")
ORDER_EXISTS = ProblemKind("order-exists", 422, "Pedido já existe com outros dados")
STATUS_REFUSED = ProblemKind("status-refused", 409, "Mudança de status não permitida")
CHANGE_REFUSED = ProblemKind("change-refused", 409, "O pedido não aceita mais esta mudança")

_STATUS = one_of(OrderStatus)
_SENDING = {
    "state": one_of(ForwardingState.values),
    "reason": TEXT,
    "sentence": TEXT,
    "sent_at": nullable(MOMENT),
}
_PROBLEM = record({"code": TEXT, "title": TEXT, "detail": TEXT})
_FIELDS = {
    "id": WHOLE,
    "number": TEXT,
    "channel": TEXT,
    "origin": one_of(Origin.values),
    "status": _STATUS,
    "status_label": TEXT,
    "is_return": FLAG,
    "placed_on": nullable(DAY),
    "expected_on": nullable(DAY),
    "products_total": nullable(MONEY),
    "freight": nullable(MONEY),
    "discount": nullable(MONEY),
    "other_expenses": nullable(MONEY),
    "total": nullable(MONEY),
    "items": rows(
        Shape(
            "OrderItem",
            record(
                {
                    "sku": TEXT,
                    "description": TEXT,
                    "unit": TEXT,
                    "quantity": QUANTITY,
                    "unit_price": MONEY,
                    "total": MONEY,
                }
            ),
        )
    ),
    "installments": rows(record({"amount": MONEY, "due_on": nullable(DAY), "method": TEXT})),
    "customer": nullable(Shape("OrderCustomer", record({"id": WHOLE, **OWN_FIELDS}))),
    "delivery_address": nullable(
        Shape("DeliveryAddress", record({"recipient": TEXT, **dict.fromkeys(ADDRESS, TEXT)}))
    ),
    "seller": record({"code": TEXT, "name": TEXT}),
    "notes": TEXT,
    "erp": record({"integration": nullable(TEXT), "number": nullable(TEXT), "situation": nullable(TEXT)}),
    "sending": nullable(record(_SENDING)),
    "invoices": rows(
        record({"number": TEXT, "series": TEXT, "access_key": TEXT, "state": one_of(InvoiceState)})
    ),
    "shipment": nullable(
        record({"carrier": TEXT, "method": TEXT, "tracking_code": TEXT, "tracking_url": TEXT})
    ),
    "created_at": MOMENT,
    "updated_at": MOMENT,
}
_ROW = Shape("OrderRow", record(_FIELDS))
_ORDER = Shape(
    "Order",
    record({**_FIELDS, "sending": nullable(record({**_SENDING, "problem": nullable(_PROBLEM)}))}),
)

_MONEY_SENT = amount(digits=9, places=2)
_ITEM = Shape(
    "NewOrderItem",
    record(
        {
            "sku": text(120, is_needed=True),
            "description": text(500, is_needed=True),
            "unit": text(6),
            "quantity": amount(digits=7),
            "unit_price": amount(digits=9),
        },
        needed=["sku", "description", "quantity", "unit_price"],
    ),
)
_INSTALLMENT = Shape(
    "NewInstallment",
    record({"amount": _MONEY_SENT, "due_on": nullable(DAY), "method": text(60)}, needed=["amount"]),
)
_CHANGES = {
    "notes": text(2000),
    "expected_on": nullable(DAY),
    "seller": record({"code": text(60), "name": text(120)}, needed=[]),
}
_NEW = Shape(
    "NewOrder",
    record(
        {
            "number": {**text(80, is_needed=True), "description": "O número no marketplace."},
            "channel": {**text(80), "description": "O nome do marketplace."},
            "status": _STATUS,
            "placed_on": DAY,
            "customer": NEW_CUSTOMER,
            "delivery_address": nullable(
                Shape("NewDeliveryAddress", record({"recipient": text(200), **NEW_ADDRESS}, needed=[]))
            ),
            "items": rows(_ITEM, least=1, most=MOST_ITEMS),
            "freight": _MONEY_SENT,
            "discount": _MONEY_SENT,
            "installments": {
                **rows(_INSTALLMENT, most=MOST_INSTALLMENTS),
                "description": "Vazio, ou soma o total do pedido.",
            },
            "integration": {
                "type": ["string", "integer", "null"],
                "description": "Nome ou id, quando há mais de uma integração.",
            },
            **_CHANGES,
        },
        needed=["number", "placed_on", "customer", "items"],
    ),
)
_CHANGE = Shape("OrderChange", record(_CHANGES, needed=[]))
_STATUS_CHANGE = Shape(
    "OrderStatusChange",
    record({"status": _STATUS, "is_return": FLAG, "reason": text(500)}, needed=["status"]),
)
_CANCELLATION = Shape("OrderCancellation", record({"reason": text(500)}, needed=[]))

_ID = Parameter("number", "path", WHOLE, "O `id` do pedido.")
_KEY = Parameter(
    "Idempotency-Key",
    "header",
    {"type": "string", "pattern": "^[!-~]{1,255}$"},
    "Repetir a chamada com a mesma chave e o mesmo corpo devolve o mesmo pedido.",
)
_FILTERS = (
    Parameter("number", "query", TEXT, "Só os deste número de marketplace."),
    Parameter("channel", "query", TEXT, "Só os deste marketplace."),
    Parameter("status", "query", _STATUS, "Só os que estão neste status."),
)

LIST = Operation("Lista os pedidos", {200: page_of(_ROW)}, parameters=(*PAGING, *_FILTERS))
PLACE = Operation(
    "Entrega um pedido do marketplace",
    {200: _ORDER, 201: _ORDER},
    body=_NEW,
    parameters=(_KEY,),
    problems=(KEY_REUSED, ORDER_EXISTS),
    description="200: o mesmo pedido já está aqui, e nada mudou.",
)
READ = Operation("Um pedido", {200: _ORDER}, parameters=(_ID,))
CHANGE = Operation(
    "Altera os campos enviados",
    {200: _ORDER},
    body=_CHANGE,
    parameters=(_ID,),
    problems=(CHANGE_REFUSED,),
)
CHANGE_STATUS = Operation(
    "Muda o status",
    {200: _ORDER},
    body=_STATUS_CHANGE,
    parameters=(_ID,),
    problems=(STATUS_REFUSED,),
)
CANCEL = Operation(
    "Cancela o pedido",
    {200: _ORDER},
    body=_CANCELLATION,
    parameters=(_ID,),
    problems=(STATUS_REFUSED,),
)
