"""Parts of our records that both of Tiny's protocols fill alike, each from one doubtful value."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from decimal import Decimal
from typing import Any

from stdnum.br import cnpj, cpf

from contracts.errors import MappingError
from contracts.records import ErpOrder, ErpProductRow, InvoiceState
from tiny.documents import (
    document_of_number,
    is_valid_cnpj,
    is_valid_cpf,
    normalise_access_key,
    normalise_document,
)
from tiny.values import read_fraction, read_identifier, read_money, read_short_text, read_text

# Far beyond what Tiny lets a person write; one row with more must not spoil its page in the database.
LONGEST_NUMBER = 40
LONGEST_ECOMMERCE_NUMBER = 80
LONGEST_SITUATION = 40
LONGEST_INVOICE_NUMBER = 20
LONGEST_SERIES = 10

_KINDS_OF_PERSON = {"F": "PF", "J": "PJ"}


def hash_row(row: ErpOrder | ErpProductRow, stamp: str = "") -> str:
    """A hash of all that was read of a row, so that a value written in another form does not count as new.

    ``stamp`` is what Tiny says of when it changed, for changes of what the row does not show.
    """
    values = dataclasses.asdict(dataclasses.replace(row, row_hash=stamp))
    # Told of few; without it the hash is what it was before it was read, and no row looks new for it.
    if "shipment" in values and not values["shipment"]["shipping_method_type"]:
        del values["shipment"]["shipping_method_type"]
    text = json.dumps(values, sort_keys=True, ensure_ascii=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def read_required_identifier(value: Any, label: str) -> str:
    external_id = read_identifier(value)
    if not external_id:
        raise MappingError("tiny.row_without_id", {"label": label})
    return external_id


def read_required_fraction(value: Any, field: str) -> Decimal:
    return _required(read_fraction(value, field), field)


def read_required_money(value: Any, field: str) -> Decimal:
    return _required(read_money(value, field), field)


def read_document(value: Any) -> tuple[str, str]:
    """The valid CPF or CNPJ, or ``""``, and what Tiny wrote."""
    text = read_text(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return document_of_number(value), text
    return normalise_document(text), text


def read_kind_of_person(value: Any) -> str:
    """``"PF"``, ``"PJ"`` or ``""``."""
    return _KINDS_OF_PERSON.get(read_text(value).upper(), "")


def document_forms(document: str) -> tuple[str, ...]:
    """The forms in which Tiny may hold a CPF or CNPJ, its own first; ``("",)`` for none.

    What a search by one form does not find may be there in the other.
    """
    return tuple(dict.fromkeys((mask_document(document), document)))


def mask_document(document: str) -> str:
    """A bare CPF or CNPJ as Tiny's own pages write it; any other text as it is."""
    if is_valid_cpf(document):
        return str(cpf.format(document))
    return str(cnpj.format(document)) if is_valid_cnpj(document) else document


def read_zip_code(value: Any) -> str:
    """Eight digits, or what Tiny wrote."""
    text = read_text(value)
    digits = "".join(char for char in text if char in "0123456789")
    return digits if len(digits) == 8 else text


def read_ecommerce_number(value: Any) -> str:
    return read_short_text(value, "numeroPedidoEcommerce", LONGEST_ECOMMERCE_NUMBER)


def read_access_key(value: Any, state: InvoiceState, number: str) -> str:
    """The key of a nota that SEFAZ authorised, cancelled afterwards or not; ``""`` before.

    Raises ``MappingError`` if the key of an authorised one does not hold: it opens the buyer's data at
    carriers, so nobody guesses one.
    """
    if state not in (InvoiceState.AUTHORIZED, InvoiceState.CANCELLED):
        return ""
    text = read_text(value)
    key = normalise_access_key(text)
    if text and not key and state == InvoiceState.AUTHORIZED:
        raise MappingError("tiny.invoice_key_unreadable", {"number": number})
    return key


def _required(amount: Decimal | None, field: str) -> Decimal:
    if amount is None:
        raise MappingError("tiny.amount_unreadable", {"field": field, "value": ""})
    return amount
