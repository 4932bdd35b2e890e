"""Tiny ERP as a ``contracts.Provider``: what it is called, the two ways into it, and what each needs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from contracts.notifications import ErpNotification, MappedProduct, NotificationPlace
from contracts.order_status import OrderStatus
from contracts.provider import (
    Capability,
    CredentialField,
    Endpoints,
    ErpProtocol,
    OAuthFlow,
    ProviderContext,
)
from contracts.records import (
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
)
from tiny import error_messages, notifications, v2, v3
from tiny.codes import DEFAULT_SITUATIONS, SITUATIONS, V2_SITUATION_CODES, V3_SITUATION_NUMBERS
from tiny.oauth import TinyOAuth

OAUTH2 = ErpProtocol(
    key="v3",
    label="OAuth2 (API 3.0)",
    summary="Você autoriza o acesso na página do Tiny. Nenhuma senha passa por aqui.",
    is_oauth=True,
    credential_fields=(
        CredentialField(
            "client_id",
            "Client ID",
            "Identificador da aplicação no Tiny. Fica em Painel Tiny > Aplicações / Integrações.",
        ),
        CredentialField(
            "client_secret",
            "Client Secret",
            "Chave secreta da aplicação. Fica ao lado do Client ID, no Painel Tiny.",
            is_secret=True,
        ),
        CredentialField(
            "invite_url",
            "Link de convite",
            "Link fornecido pelo Tiny ao criar a aplicação, para autorizá-la. Se não tiver, deixe em branco.",
            is_required=False,
        ),
    ),
    checks=v3.CHECKS,
    capabilities=frozenset(
        {
            Capability.FULL_ORDER_ROWS,
            Capability.INVOICES_NAME_ORDERS,
            Capability.PRODUCTS_BY_CHANGE,
            Capability.STOCK_IN_PRODUCT,
        }
    ),
    missing_situations=frozenset(item.code for item in SITUATIONS) - V3_SITUATION_NUMBERS.keys(),
)
TOKEN = ErpProtocol(
    key="v2",
    label="Token (API 2.0)",
    summary="Para contas que já têm Identificador do integrador e Token.",
    is_oauth=False,
    credential_fields=(
        CredentialField(
            "integrator_id",
            "Identificador do integrador",
            "No Tiny: Início > Integrações > Entreposto > Gerenciar. É um número.",
        ),
        CredentialField(
            "token",
            "Token",
            "Fica ao lado do Identificador, no Tiny.",
            is_secret=True,
        ),
    ),
    checks=v2.CHECKS,
    capabilities=frozenset(
        {
            Capability.PRODUCT_STATE_WRITABLE,
            Capability.KEEPS_ECOMMERCE_NUMBER,
            Capability.ORDERS_MAKE_CUSTOMERS,
        }
    ),
    missing_situations=frozenset(item.code for item in SITUATIONS) - V2_SITUATION_CODES,
)

Api = v2.TinyV2 | v3.TinyV3
APIS: Mapping[str, Callable[[ProviderContext], Api]] = {"v2": v2.TinyV2, "v3": v3.TinyV3}


class TinyProvider:
    """Stateless: one instance serves all companies. The context says which protocol a connection talks."""

    key: str = "tiny"
    name: str = "Tiny ERP"
    short_name: str = "Tiny"
    vendor: str = "Olist"
    situations: Sequence[Situation] = SITUATIONS
    default_situations: Mapping[OrderStatus, str] = DEFAULT_SITUATIONS
    protocols: Sequence[ErpProtocol] = (OAUTH2, TOKEN)
    # An address of an invitation is on one of these hosts or below it, and never anywhere else.
    invite_hosts: Sequence[str] = ("tiny.com.br", "olist.com")
    notification_places: Sequence[NotificationPlace] = notifications.PLACES
    answer_mark = notifications.ANSWER_MARK

    def oauth(self, endpoints: Endpoints) -> OAuthFlow:
        return TinyOAuth(endpoints)

    def explain(self, code: str, params: Mapping[str, str]) -> Explanation | None:
        return error_messages.explain(code, params)

    def read_notification(self, body: bytes) -> ErpNotification:
        return notifications.read_notification(body)

    def answer_notification(self, products: Sequence[MappedProduct]) -> bytes:
        return notifications.answer_notification(products)

    def check_connection(self, context: ProviderContext, *, account_document: str) -> Iterator[CheckStep]:
        return _api(context).check_connection(account_document)

    def get_account(self, context: ProviderContext) -> ErpAccount:
        return _api(context).get_account()

    def list_orders(self, context: ProviderContext, query: OrderQuery, *, offset: int) -> Page[ErpOrder]:
        return _api(context).list_orders(query, offset=offset)

    def get_order(self, context: ProviderContext, external_id: str) -> ErpOrderDetail:
        return _api(context).get_order(external_id)

    def list_invoices(
        self, context: ProviderContext, query: InvoiceQuery, *, offset: int
    ) -> Page[ErpInvoice]:
        return _api(context).list_invoices(query, offset=offset)

    def get_invoice(self, context: ProviderContext, external_id: str) -> ErpInvoice:
        return _api(context).get_invoice(external_id)

    def list_shipping_methods(self, context: ProviderContext) -> Sequence[ErpShippingMethod]:
        return _api(context).list_shipping_methods()

    def set_shipment(self, context: ProviderContext, external_id: str, draft: ShipmentDraft) -> None:
        _api(context).set_shipment(external_id, draft)

    def list_products(
        self, context: ProviderContext, query: ProductQuery, *, offset: int
    ) -> Page[ErpProductRow]:
        return _api(context).list_products(query, offset=offset)

    def get_product(self, context: ProviderContext, external_id: str) -> ErpProduct:
        return _api(context).get_product(external_id)

    def get_stock(self, context: ProviderContext, external_id: str) -> ErpStock:
        return _api(context).get_stock(external_id)

    def list_warehouses(self, context: ProviderContext) -> Sequence[ErpWarehouse] | None:
        return _api(context).list_warehouses()

    def list_price_lists(self, context: ProviderContext) -> Sequence[ErpPriceList]:
        return _api(context).list_price_lists()

    def list_prices(self, context: ProviderContext, price_list_id: str, *, offset: int) -> Page[ErpListPrice]:
        return _api(context).list_prices(price_list_id, offset=offset)

    def create_product(self, context: ProviderContext, draft: ProductDraft) -> str:
        return _api(context).create_product(draft)

    def find_customers(
        self, context: ProviderContext, *, document: str = "", code: str = ""
    ) -> Sequence[ErpCustomer]:
        return _api(context).find_customers(document=document, code=code)

    def create_customer(self, context: ProviderContext, draft: CustomerDraft) -> str:
        return _api(context).create_customer(draft)

    def update_customer(self, context: ProviderContext, external_id: str, draft: CustomerDraft) -> None:
        _api(context).update_customer(external_id, draft)

    def list_sellers(self, context: ProviderContext) -> Sequence[ErpSeller]:
        return _api(context).list_sellers()

    def create_order(self, context: ProviderContext, draft: OrderDraft) -> str:
        return _api(context).create_order(draft)

    def change_order(self, context: ProviderContext, external_id: str, change: OrderChange) -> None:
        _api(context).change_order(external_id, change)

    def set_situation(self, context: ProviderContext, external_id: str, situation: str) -> None:
        _api(context).set_situation(external_id, situation)

    def update_product(self, context: ProviderContext, external_id: str, draft: ProductDraft) -> None:
        _api(context).update_product(external_id, draft)


def _api(context: ProviderContext) -> Api:
    return APIS[context.protocol](context)
