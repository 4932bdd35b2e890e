"""What of an order the ERP did not keep, by reading it back: pure functions. Names are for the person."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from contracts.records import ErpAddress, ErpOrderDetail, OrderChange

NOTES, EXPECTED = "observações", "previsão"


@dataclass(frozen=True, slots=True)
class Wanted:
    """``lines`` are quantity and unit price of each item, ``installments`` day and amount.

    An ``address`` of ``None``, no installments and a ``seller_id`` of ``""`` were not sent.
    """

    total: Decimal
    freight: Decimal
    discount: Decimal
    lines: Sequence[tuple[Decimal, Decimal]]
    ecommerce_number: str
    notes: str
    expected_on: dt.date | None
    address: ErpAddress | None = None
    installments: Sequence[tuple[dt.date | None, Decimal]] = ()
    seller_id: str = ""


def find_not_taken(wanted: Wanted, detail: ErpOrderDetail) -> list[str]:
    lines = [(item.quantity, item.unit_price) for item in detail.items]
    differing = {
        "itens": sorted(lines) != sorted(wanted.lines),
        "frete": (detail.freight or Decimal(0)) != wanted.freight,
        "desconto": (detail.discount or Decimal(0)) != wanted.discount,
        "valor total": detail.total is not None and detail.total != wanted.total,
        "nº e-commerce": detail.order.ecommerce_number != wanted.ecommerce_number,
        "endereço de entrega": _is_elsewhere(wanted.address, detail.delivery_address),
        "parcelas": _are_others(wanted.installments, detail),
        "vendedor": bool(wanted.seller_id) and detail.seller_id != wanted.seller_id,
    }
    change = OrderChange(notes=wanted.notes, expected_on=wanted.expected_on)
    return [name for name, differs in differing.items() if differs] + find_not_taken_change(change, detail)


def _is_elsewhere(wanted: ErpAddress | None, found: ErpAddress | None) -> bool:
    """Where the parcel goes: the ERP writes the rest of an address in ways of its own."""
    return wanted is not None and (found is None or _place(wanted) != _place(found))


def _place(address: ErpAddress) -> tuple[str, str, str]:
    zip_code = "".join(filter(str.isdigit, address.zip_code))
    return zip_code, _words(address.street).casefold(), _words(address.number).casefold()


def _are_others(wanted: Sequence[tuple[dt.date | None, Decimal]], detail: ErpOrderDetail) -> bool:
    found = [(row.due_on, row.amount) for row in detail.installments]
    if not all(day for day, _ in wanted):
        # The ERP chooses the days that it was not told.
        found, wanted = [(None, amount) for _, amount in found], [(None, amount) for _, amount in wanted]
    return bool(wanted) and sorted(found, key=repr) != sorted(wanted, key=repr)


def find_not_taken_change(wanted: OrderChange, detail: ErpOrderDetail) -> list[str]:
    differing = {
        NOTES: wanted.notes is not None and _words(wanted.notes) != _words(detail.notes),
        EXPECTED: wanted.expected_on is not None and wanted.expected_on != detail.expected_on,
    }
    return [name for name, differs in differing.items() if differs]


def _words(text: str) -> str:
    """The ERP keeps the words, and not always the spaces."""
    return " ".join(text.split())
