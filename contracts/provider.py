"""What an ERP plug-in offers and what it is given."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, Protocol

from contracts.http import HttpClient
from contracts.notifications import ErpNotification, MappedProduct, NotificationPlace
from contracts.order_status import OrderStatus
from contracts.records import (
    CallRecord,
    CheckStep,
    CustomerDraft,
    ErpAccount,
    ErpCustomer,
    ErpInvoice,
    ErpListPrice,
    ErpOrder,
    ErpOrderDetail,
    ErpPriceList,
    ErpProduct,
    ErpProductRow,
    ErpSeller,
    ErpShippingMethod,
    ErpStock,
    ErpWarehouse,
    Explanation,
    InvoiceQuery,
    OrderChange,
    OrderDraft,
    OrderQuery,
    Page,
    ProductDraft,
    ProductQuery,
    ShipmentDraft,
    Situation,
    TokenGrant,
)

SlotKind = Literal["read", "write", "batch"]


@dataclass(frozen=True, slots=True)
class CredentialField:
    """A field of the connection form, in the ERP's own words."""

    name: str
    label: str
    help_text: str = ""
    is_secret: bool = False
    is_required: bool = True


class Capability(StrEnum):
    """What a protocol can do beyond the common ground. One that is not declared is not there."""

    FULL_ORDER_ROWS = "full_order_rows"
    """The list of orders tells the buyer's document and address, and the carriage."""

    INVOICES_NAME_ORDERS = "invoices_name_orders"
    """The list of notas tells of which order each one is."""

    PRODUCTS_BY_CHANGE = "products_by_change"
    """The list of products can be asked for what changed since a moment."""

    STOCK_IN_PRODUCT = "stock_in_product"
    """The single product tells its physical stock, over all warehouses."""

    PRODUCT_STATE_WRITABLE = "product_state_writable"
    """Whether a product is active can be written."""

    KEEPS_ECOMMERCE_NUMBER = "keeps_ecommerce_number"
    """The e-commerce number of a new order is stored, and orders can be found by it."""

    ORDERS_MAKE_CUSTOMERS = "orders_make_customers"
    """A new order brings its buyer along, and needs no customer made before it."""


@dataclass(frozen=True, slots=True)
class ErpProtocol:
    """One way of talking to an ERP: what the seller fills in for it, and what it can do.

    ``checks`` are key and title of each step of ``check_connection``, in order. ``missing_situations`` are
    codes of ``Provider.situations`` in which this protocol cannot list orders.
    """

    key: str
    label: str
    summary: str
    is_oauth: bool
    credential_fields: Sequence[CredentialField]
    checks: Sequence[tuple[str, str]]
    capabilities: frozenset[Capability] = frozenset()
    missing_situations: frozenset[str] = frozenset()

    def can(self, capability: Capability) -> bool:
        return capability in self.capabilities


@dataclass(frozen=True, slots=True)
class OAuthApp:
    """The application that the seller registered at the ERP."""

    client_id: str
    client_secret: str
    redirect_uri: str

    def __repr__(self) -> str:
        return f"OAuthApp(client_id={self.client_id!r})"


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Addresses of the ERP for one protocol, from the settings and never from a form."""

    api_url: str
    accounts_url: str


class ProviderContext(Protocol):
    """What a plug-in may use while it answers one question; made by ``integrations.credentials``."""

    protocol: str
    """Key of the ``ErpProtocol`` by which this connection talks."""
    http: HttpClient
    endpoints: Endpoints

    def access_token(self, *, force: bool = False) -> str:
        """A token that holds now; ``force`` renews it first (after a 401), where the protocol can renew."""

    def take_slot(self, kind: SlotKind) -> None:
        """Wait for the account's next slot, or give the job back by raising."""

    def observe(self, headers: Mapping[str, str]) -> None:
        """Tell the budget what the answer's headers say of the limit."""

    def log_call(self, call: CallRecord) -> None:
        """Keep a redacted record of the call."""

    def now(self) -> dt.datetime: ...


class OAuthFlow(Protocol):
    """The ERP's OAuth2. ``exchange`` and ``refresh`` make exactly one HTTP call each."""

    def authorize_url(self, app: OAuthApp, *, state: str, code_verifier: str) -> str: ...

    def exchange(self, app: OAuthApp, *, code: str, code_verifier: str) -> TokenGrant:
        """Raises ``AuthorizationRefused`` or ``TemporaryError``."""

    def refresh(self, app: OAuthApp, *, refresh_token: str) -> TokenGrant:
        """Raises ``AuthenticationFailed`` (invalid_grant, unauthorized_client) or ``TemporaryError``."""


class Provider(Protocol):
    """An ERP. One instance serves all companies: it holds no state of a company."""

    key: str
    name: str
    short_name: str
    """As a sentence calls it: «no Tiny»."""
    vendor: str
    situations: Sequence[Situation]
    default_situations: Mapping[OrderStatus, str]
    """Which situation an order should have there by its status here; one that is missing is not written."""
    protocols: Sequence[ErpProtocol]
    """Ways to connect, the recommended one first. Each method below serves all of them alike."""
    invite_hosts: Sequence[str]
    notification_places: Sequence[NotificationPlace]
    """Where our address is pasted, so that the ERP tells what changes. Empty: it cannot."""
    answer_mark: re.Pattern[bytes]
    """Found in every notification whose sender waits for ``answer_notification``, and in few others."""

    def oauth(self, endpoints: Endpoints) -> OAuthFlow: ...

    def explain(self, code: str, params: Mapping[str, str]) -> Explanation | None: ...

    def read_notification(self, body: bytes) -> ErpNotification:
        """Any bytes, as they came. Raises ``MappingError`` for what cannot be read or is of no known kind.

        ``params["type_name"]`` of the error is the ERP's word for the kind, if it told one. No call.
        """

    def answer_notification(self, products: Sequence[MappedProduct]) -> bytes:
        """The JSON that the sender of a ``PRODUCT`` notification waits for. No call."""

    def check_connection(self, context: ProviderContext, *, account_document: str) -> Iterator[CheckStep]:
        """«Testar»: read only, a few calls, one step at a time; raises nothing of ``contracts.errors``.

        ``account_document`` is the account that this connection is for; ``""`` while it is not known.
        """

    def get_account(self, context: ProviderContext) -> ErpAccount: ...

    def list_orders(self, context: ProviderContext, query: OrderQuery, *, offset: int) -> Page[ErpOrder]: ...

    def get_order(self, context: ProviderContext, external_id: str) -> ErpOrderDetail:
        """Raises ``NotFound`` for an order that was deleted at the ERP."""

    def list_invoices(
        self, context: ProviderContext, query: InvoiceQuery, *, offset: int
    ) -> Page[ErpInvoice]: ...

    def get_invoice(self, context: ProviderContext, external_id: str) -> ErpInvoice: ...

    def list_shipping_methods(self, context: ProviderContext) -> Sequence[ErpShippingMethod]: ...

    def set_shipment(self, context: ProviderContext, external_id: str, draft: ShipmentDraft) -> None:
        """Write code and address by which an order is followed; its carriage stays. Repeating it is harmless.

        What the ERP keeps of it, only reading back tells. Raises ``NotFound`` or ``RejectedByErp``.
        """

    def list_products(
        self, context: ProviderContext, query: ProductQuery, *, offset: int
    ) -> Page[ErpProductRow]:
        """Variations are rows of their own. Raises ``UnsupportedFeature`` for a filter it does not have."""

    def get_product(self, context: ProviderContext, external_id: str) -> ErpProduct:
        """One call, or a second one for the parts of a product that does not name them itself.

        Raises ``NotFound`` for a product that the ERP does not know (any more).
        """

    def get_stock(self, context: ProviderContext, external_id: str) -> ErpStock:
        """One call. Raises ``NotFound``."""

    def list_warehouses(self, context: ProviderContext) -> Sequence[ErpWarehouse] | None:
        """At most one call. ``None`` where the ERP does not tell them to this account."""

    def list_price_lists(self, context: ProviderContext) -> Sequence[ErpPriceList]: ...

    def list_prices(self, context: ProviderContext, price_list_id: str, *, offset: int) -> Page[ErpListPrice]:
        """The products that a list of prices names. Raises ``NotFound`` for a list that is gone."""

    def create_product(self, context: ProviderContext, draft: ProductDraft) -> str:
        """The new product's identifier. The caller looked the SKU up before: a repeated call makes a second.

        Raises ``RejectedByErp``, or ``UnsupportedFeature`` for a brand or category that cannot be written.
        """

    def find_customers(
        self, context: ProviderContext, *, document: str = "", code: str = ""
    ) -> Sequence[ErpCustomer]:
        """Customers with exactly this document or this code, without those that were deleted."""

    def create_customer(self, context: ProviderContext, draft: CustomerDraft) -> str:
        """The new customer's identifier. The caller looked for him before. Raises ``RejectedByErp``."""

    def update_customer(self, context: ProviderContext, external_id: str, draft: CustomerDraft) -> None:
        """Read, merge, write back. Raises ``NotFound`` or ``RejectedByErp``."""

    def list_sellers(self, context: ProviderContext) -> Sequence[ErpSeller]:
        """All of them, inactive ones included; one that cannot be read is left out."""

    def create_order(self, context: ProviderContext, draft: OrderDraft) -> str:
        """The new order's identifier: exactly one writing call, never repeated by itself.

        The caller looked for the ``key`` before. Raises ``RejectedByErp``, of which ``AlreadyExists`` is one.
        After a ``TemporaryError`` or a ``MappingError`` the order may be there or not: only looking tells.
        """

    def change_order(self, context: ProviderContext, external_id: str, change: OrderChange) -> None:
        """Repeating it is harmless. Raises ``NotFound`` or ``RejectedByErp``."""

    def set_situation(self, context: ProviderContext, external_id: str, situation: str) -> None:
        """``situation`` is a code of ``situations``. Repeating it is harmless.

        Raises ``NotFound``, ``RejectedByErp``, or ``UnsupportedFeature`` for one this protocol does not have.
        """

    def update_product(self, context: ProviderContext, external_id: str, draft: ProductDraft) -> None:
        """Read, merge, write back: what ``draft`` leaves open stays as the ERP has it at that moment.

        Repeating it is harmless. Raises ``NotFound``, ``RejectedByErp`` or ``UnsupportedFeature``.
        """
