"""What an ERP tells by itself: a notification, as a plug-in reads it, and what its sender wants to hear.

A notification is a doorbell. It is not signed, has neither time nor number, may be lost, doubled or late, so
what it says is read again from the ERP; only its amount of stock may count until then.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


class NotificationKind(StrEnum):
    """What a notification is about. ``PROBE`` is an empty body: the ERP tries whether the address answers."""

    STOCK = "stock"
    PRICE = "price"
    PRODUCT = "product"
    ORDER = "order"
    SITUATION = "situation"
    TRACKING = "tracking"
    INVOICE = "invoice"
    PROBE = "probe"


@dataclass(frozen=True, slots=True)
class NotificationField:
    """A field of the ERP's settings into which our address is pasted, in the ERP's own words.

    ``kinds`` are what then arrives; the first of them names it.
    """

    label: str
    kinds: Sequence[NotificationKind]


@dataclass(frozen=True, slots=True)
class NotificationPlace:
    """A page of the ERP's settings with such fields, in their order there.

    ``menu`` is the way to it, step by step. ``protocols`` are those of whose users it is the usual place.
    ``note`` is what a person must know beforehand.
    """

    key: str
    title: str
    menu: Sequence[str]
    fields: Sequence[NotificationField]
    protocols: frozenset[str]
    note: str = ""


@dataclass(frozen=True, slots=True)
class NotifiedProduct:
    """One product of a notification that waits for its mapping: a simple one, a parent or a variation."""

    mapping_id: str
    external_id: str
    sku: str


@dataclass(frozen=True, slots=True)
class MappedProduct:
    """The answer to one ``NotifiedProduct``: our identifier for it, or why there is none."""

    mapping_id: str
    sku: str
    error: str = ""


@dataclass(frozen=True, slots=True)
class ErpNotification:
    """A notification that could be read. Of what it does not tell, text is ``""`` and the rest ``None``.

    ``type_name`` is the ERP's own word for it. ``account_document`` is the CNPJ without punctuation,
    ``integrator_id`` the number that the ERP gave the integration. ``external_id`` is the ERP's identifier of
    the product or of the order; ``sku`` is the product's, as the ERP or as our mapping calls it.
    ``ecommerce_number`` is the marketplace's number of the order. ``stock_kind`` is ``"physical"``,
    ``"available"`` or ``""``. ``situation`` is a code of ``Provider.situations``, or the raw word. ``number``
    is that of the order or the nota at the ERP. ``products`` are those of ``PRODUCT``.
    """

    kind: NotificationKind
    type_name: str = ""
    account_document: str = ""
    integrator_id: str = ""
    external_id: str = ""
    sku: str = ""
    ecommerce_number: str = ""
    number: str = ""
    situation: str = ""
    tracking_code: str = ""
    invoice_id: str = ""
    stock: Decimal | None = None
    stock_kind: str = ""
    price: Decimal | None = None
    promotional_price: Decimal | None = None
    products: tuple[NotifiedProduct, ...] = ()
