"""Records that cross the border between the domain and an ERP plug-in.

A plug-in translates the vendor's words into these; the domain never sees the vendor's shapes.
Money is ``Decimal`` in BRL, dates are São Paulo calendar dates, times are aware and in UTC, external
identifiers are ``str``. A value that the ERP did not give is ``""`` for text and ``None`` otherwise.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Generic, TypeVar

from contracts.order_status import OrderStatus

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Situation:
    """One state that an order can have at the ERP.

    ``default_status`` is what the order becomes here (``None``: keep ours);
    ``initial_status`` is what an order gets when we meet it for the first time in this situation.
    ``expects_invoice`` says that an order in it should have its nota fiscal. ``stands_after`` is how far an
    order in it has come, where it has no ``default_status`` to tell: it is not led back from there.
    """

    code: str
    label: str
    default_status: OrderStatus | None
    initial_status: OrderStatus
    is_return: bool = False
    expects_invoice: bool = False
    imported_by_default: bool = False
    stands_after: OrderStatus | None = None


@dataclass(frozen=True, slots=True)
class ErpAccount:
    """The account behind a credential. ``document`` is the CNPJ (or CPF) without punctuation."""

    document: str
    name: str
    trade_name: str = ""


@dataclass(frozen=True, slots=True)
class ErpAddress:
    street: str = ""
    number: str = ""
    complement: str = ""
    district: str = ""
    city: str = ""
    state: str = ""
    zip_code: str = ""
    country: str = ""
    recipient: str = ""


@dataclass(frozen=True, slots=True)
class ErpCustomer:
    """A buyer as the ERP knows him.

    ``document`` is a CPF or CNPJ without punctuation whose check digits hold, else ``""``;
    what the ERP wrote stays in ``document_text``. ``kind`` is ``"PF"``, ``"PJ"`` or ``""`` (foreign).
    """

    external_id: str
    name: str
    kind: str = ""
    document: str = ""
    document_text: str = ""
    email: str = ""
    phone: str = ""
    address: ErpAddress = field(default_factory=ErpAddress)


@dataclass(frozen=True, slots=True)
class ErpShipment:
    """The raw strings with which the ERP names the carriage of an order.

    ``shipping_method_type`` is the ERP's own code for what the method is, as ``ErpShippingMethod.type_code``;
    ``""`` where only the list of methods tells it.
    """

    carrier_name: str = ""
    shipping_method: str = ""
    shipping_method_id: str = ""
    shipping_method_type: str = ""
    freight_method: str = ""
    tracking_code: str = ""
    tracking_url: str = ""

    @property
    def is_empty(self) -> bool:
        return not (self.carrier_name or self.shipping_method or self.tracking_code or self.tracking_url)


@dataclass(frozen=True, slots=True)
class ErpOrder:
    """A row of the ERP's list of orders.

    ``situation`` is a code of ``Provider.situations``; one that the provider does not know keeps the
    ERP's raw value in ``situation`` and ``situation_is_known`` is false.
    ``row_hash`` changes when, and only when, something that we read from the row changed.
    ``is_summary``: the row lacks what only the single order tells; of the buyer it has no more than the name.
    """

    external_id: str
    number: str
    situation: str
    situation_is_known: bool
    total: Decimal | None
    placed_on: dt.date | None
    customer: ErpCustomer | None
    ecommerce_number: str = ""
    ecommerce_name: str = ""
    shipment: ErpShipment = field(default_factory=ErpShipment)
    row_hash: str = ""
    is_summary: bool = False


@dataclass(frozen=True, slots=True)
class ErpOrderItem:
    product_id: str
    sku: str
    description: str
    quantity: Decimal
    unit_price: Decimal


@dataclass(frozen=True, slots=True)
class ErpInstallment:
    amount: Decimal
    due_on: dt.date | None
    method: str = ""
    notes: str = ""


@dataclass(frozen=True, slots=True)
class ErpOrderDetail:
    """What only the single order shows. ``delivery_address`` is ``None`` when it is the customer's.

    ``key`` is the ``OrderDraft.key`` of an order that we made; others have what their maker wrote there.
    ``seller_id`` is an ``ErpSeller.external_id``.
    """

    order: ErpOrder
    items: tuple[ErpOrderItem, ...]
    installments: tuple[ErpInstallment, ...]
    delivery_address: ErpAddress | None
    products_total: Decimal | None
    freight: Decimal | None
    discount: Decimal | None
    other_expenses: Decimal | None
    total: Decimal | None
    invoice_id: str = ""
    invoiced_on: dt.date | None = None
    shipped_on: dt.date | None = None
    expected_on: dt.date | None = None
    delivered_on: dt.date | None = None
    notes: str = ""
    key: str = ""
    seller_id: str = ""


@dataclass(frozen=True, slots=True)
class ErpSeller:
    """A salesperson (vendedor) of the ERP's account. ``code`` is the seller's own for him, often empty."""

    external_id: str
    name: str
    code: str = ""
    is_active: bool = True


@dataclass(frozen=True, slots=True)
class CustomerDraft:
    """What a buyer should be at the ERP. ``document`` is a valid CPF or CNPJ without punctuation, or ``""``.

    ``code`` names a buyer without document, so that he is found again; the seller may use the code of any
    other himself, so it stays ``""`` there. Whatever is ``""`` is left as the ERP has it, but an address is
    one thing: one that is given replaces the ERP's whole, except for a country that it leaves open.
    """

    name: str
    kind: str = ""
    document: str = ""
    code: str = ""
    email: str = ""
    phone: str = ""
    address: ErpAddress = field(default_factory=ErpAddress)


@dataclass(frozen=True, slots=True)
class ItemDraft:
    """``product_id`` is the ERP's identifier of the product, ``sku`` the code that it has there."""

    product_id: str
    sku: str
    description: str
    quantity: Decimal
    unit_price: Decimal
    unit: str = ""


@dataclass(frozen=True, slots=True)
class OrderDraft:
    """An order as it is to be made at the ERP.

    ``key`` is ours, of at most ten characters, and in no other order: it is stored with the order there.
    ``customer_id`` is the buyer's identifier at the ERP, ``""`` where the order is to make ``customer``
    (``Capability.ORDERS_MAKE_CUSTOMERS``). ``delivery_address`` is ``None`` when it is the buyer's own.
    ``integrator_id`` is the number by which the ERP knows this integration, where the seller gave us one.
    ``installments`` are empty or sum up to the total: items - discount + freight.
    """

    key: str
    placed_on: dt.date
    situation: str
    customer: CustomerDraft
    customer_id: str
    items: tuple[ItemDraft, ...]
    ecommerce_number: str = ""
    delivery_address: ErpAddress | None = None
    installments: tuple[ErpInstallment, ...] = ()
    freight: Decimal = Decimal(0)
    discount: Decimal = Decimal(0)
    expected_on: dt.date | None = None
    seller_id: str = ""
    notes: str = ""
    integrator_id: str = ""


@dataclass(frozen=True, slots=True)
class OrderChange:
    """What of an order can still be changed at the ERP once it is there. ``None`` leaves as it is."""

    notes: str | None = None
    expected_on: dt.date | None = None


class InvoiceState(StrEnum):
    """Lei: a chave de acesso only proves a sale once the nota is authorised."""

    PENDING = "pending"
    AUTHORIZED = "authorized"
    CANCELLED = "cancelled"
    DENIED = "denied"


@dataclass(frozen=True, slots=True)
class ErpInvoice:
    """A nota fiscal of exit. ``access_key`` has 44 characters, or is ``""`` before authorisation."""

    external_id: str
    number: str
    series: str
    access_key: str
    state: InvoiceState
    issued_on: dt.date | None
    amount: Decimal | None
    order_external_id: str = ""
    ecommerce_number: str = ""
    tracking_code: str = ""
    tracking_url: str = ""


@dataclass(frozen=True, slots=True)
class ShipmentDraft:
    """By what an order's parcels are followed, as the ERP should have it. ``""`` is left as it is there."""

    tracking_code: str = ""
    tracking_url: str = ""


@dataclass(frozen=True, slots=True)
class ErpShippingMethod:
    """A way to send, as the seller set it up. ``type_code`` says what it is whatever it is called."""

    external_id: str
    name: str
    kind: str = ""
    is_enabled: bool = True
    type_code: str = ""


class ProductKind(StrEnum):
    """``PARENT`` groups variations and is not sold itself; a ``VARIATION`` belongs to one."""

    SIMPLE = "simple"
    PARENT = "parent"
    VARIATION = "variation"
    KIT = "kit"
    MANUFACTURED = "manufactured"
    MATERIAL = "material"


class ProductState(StrEnum):
    ACTIVE = "active"
    INACTIVE = "inactive"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class ErpProductRow:
    """A row of the ERP's list of products. ``sku`` is as the seller wrote it, and may be empty or repeated.

    ``price`` is the product's own; a ``promotional_price`` of 0 is ``None``: there is none. ``row_hash``
    changes when, and only when, something that we read from the row changed, or the ERP says that the product
    did. Unless ``is_kind_known``, a product that the list calls ``SIMPLE`` may be a kit, manufactured or a
    material: only the single product tells.
    """

    external_id: str
    sku: str
    name: str
    kind: ProductKind
    state: ProductState
    gtin: str = ""
    unit: str = ""
    price: Decimal | None = None
    promotional_price: Decimal | None = None
    row_hash: str = ""
    is_kind_known: bool = True


@dataclass(frozen=True, slots=True)
class ErpVariation:
    """What only the parent tells of a variation: that it has it, and by what it differs from the others."""

    external_id: str
    attributes: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class ErpComponent:
    """A product that a kit holds, or that a manufactured product is made of.

    ``sku`` and ``name`` are ``""`` where the ERP names it by its identifier only.
    """

    external_id: str
    sku: str
    name: str
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class ErpProduct:
    """A single product. ``description`` is HTML as the ERP has it, hostile or not.

    ``category`` is the path from the root. Weights are in kg, measures of the package in cm.
    ``stock_balance`` is the physical stock over all warehouses that count, ``None`` where the ERP tells it
    by a call of its own only.
    """

    row: ErpProductRow
    description: str = ""
    brand: str = ""
    category: tuple[str, ...] = ()
    ncm: str = ""
    net_weight: Decimal | None = None
    gross_weight: Decimal | None = None
    height: Decimal | None = None
    width: Decimal | None = None
    length: Decimal | None = None
    images: tuple[str, ...] = ()
    parent_external_id: str = ""
    variations: tuple[ErpVariation, ...] = ()
    components: tuple[ErpComponent, ...] = ()
    stock_balance: Decimal | None = None


@dataclass(frozen=True, slots=True)
class ErpWarehouseStock:
    """Stock in one depósito. ``is_ignored``: the seller keeps it out of the product's balance."""

    name: str
    balance: Decimal
    reserved: Decimal
    is_ignored: bool = False


@dataclass(frozen=True, slots=True)
class ErpStock:
    """The stock of one product. What is available is ``balance - reserved``, and may be negative.

    Amounts are over all warehouses; Tiny's root is not always their sum, so both are kept.
    """

    external_id: str
    balance: Decimal
    reserved: Decimal
    warehouses: tuple[ErpWarehouseStock, ...] = ()


@dataclass(frozen=True, slots=True)
class ErpWarehouse:
    """A depósito. ``is_ignored`` as in ``ErpWarehouseStock``."""

    name: str
    is_ignored: bool = False
    has_reservations: bool = False


@dataclass(frozen=True, slots=True)
class ErpPriceList:
    """``adjustment`` is the percentage added to the own price of products that the list does not name.

    -10 is a discount of ten per cent; ``None``: the ERP does not tell it.
    """

    external_id: str
    name: str
    adjustment: Decimal | None = None


@dataclass(frozen=True, slots=True)
class ErpListPrice:
    """A product that a list of prices names. ``external_id`` is the product's."""

    external_id: str
    price: Decimal | None
    promotional_price: Decimal | None


@dataclass(frozen=True, slots=True)
class ProductQuery:
    """Which products to list. ``changed_from`` is a moment, inclusive; not every protocol can filter by it.

    ``sku`` is matched exactly.
    """

    changed_from: dt.datetime | None = None
    sku: str = ""


@dataclass(frozen=True, slots=True)
class ProductDraft:
    """What a product should be at the ERP. A value that is ``None`` is left as the ERP has it.

    Texts that are ``""`` and tuples that are ``()`` empty the ERP's value. ``sku``, ``name`` and ``price``
    are needed to create one.
    """

    sku: str
    name: str | None = None
    description: str | None = None
    state: ProductState | None = None
    brand: str | None = None
    category: tuple[str, ...] | None = None
    ncm: str | None = None
    gtin: str | None = None
    unit: str | None = None
    price: Decimal | None = None
    promotional_price: Decimal | None = None
    net_weight: Decimal | None = None
    gross_weight: Decimal | None = None
    height: Decimal | None = None
    width: Decimal | None = None
    length: Decimal | None = None


@dataclass(frozen=True, slots=True)
class RowProblem:
    """A row of a list that could not be read: it is kept as a problem and never dropped in silence."""

    external_id: str
    code: str
    params: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of an offset list. ``row_ids`` has every row of the page, read or not, in its order.

    ``total`` is ``None`` where the ERP does not tell it. Unless ``is_counted``, only the first and the last
    page have it, so that a reader learns at the end that rows left the list, and not where.
    """

    items: tuple[T, ...]
    row_ids: tuple[str, ...]
    offset: int
    limit: int
    total: int | None
    problems: tuple[RowProblem, ...] = ()
    is_counted: bool = True


@dataclass(frozen=True, slots=True)
class OrderQuery:
    """Which orders to list. ``created_from`` and ``updated_from`` are days, both inclusive.

    ``document`` and ``customer_name`` are the buyer's. ``ecommerce_number`` is for protocols with
    ``Capability.KEEPS_ECOMMERCE_NUMBER``; the ERP finds loosely by it and by the name, so rows that it shows
    may have others.
    """

    created_from: dt.date | None = None
    updated_from: dt.date | None = None
    situation: str = ""
    document: str = ""
    customer_name: str = ""
    ecommerce_number: str = ""


@dataclass(frozen=True, slots=True)
class InvoiceQuery:
    issued_from: dt.date | None = None
    order_external_id: str = ""


@dataclass(frozen=True, slots=True)
class TokenGrant:
    """A pair of tokens. ``refresh_token`` is ``""`` when the server sent none (then the old one holds)."""

    access_token: str
    refresh_token: str
    expires_in: int
    refresh_expires_in: int
    warnings: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"TokenGrant(expires_in={self.expires_in})"


@dataclass(frozen=True, slots=True)
class Explanation:
    """What the panel says about a failure: what happened, what happens by itself, who acts, which button.

    ``owner`` is one of ``"you"``, ``"erp"``, ``"limit"``, ``"us"``;
    ``action`` is one of ``""``, ``"connect"``, ``"retry"``, ``"edit_credentials"``, ``"open_erp"``.
    """

    title: str
    detail: str
    owner: str
    action: str = ""


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One request to the ERP and its answer, already without secrets and personal data."""

    method: str
    path: str
    query: str
    status: int | None
    duration_ms: int
    error: str = ""
    response_excerpt: str = ""


class CheckState(StrEnum):
    OK = "ok"
    WARNING = "warning"
    FAILURE = "failure"
    NOT_CHECKED = "not_checked"


@dataclass(frozen=True, slots=True)
class CheckStep:
    """One step of «Testar»: what was looked at, what was found, and what to do about it.

    After a step that ``is_fatal`` the later ones make no sense. ``action`` is as in ``Explanation``.
    """

    key: str
    title: str
    state: CheckState
    detail: str = ""
    remedy: str = ""
    action: str = ""
    is_fatal: bool = False
    duration_ms: int = 0
