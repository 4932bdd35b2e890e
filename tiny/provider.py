"""Tiny ERP as a ``contracts.Provider``: what it is called, what it asks for, and its API v3."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from contracts.provider import CredentialField, Endpoints, OAuthFlow, ProviderContext
from contracts.records import (
    CheckStep,
    ErpAccount,
    ErpInvoice,
    ErpOrder,
    ErpOrderDetail,
    ErpShippingMethod,
    Explanation,
    InvoiceQuery,
    OrderQuery,
    Page,
    Situation,
)
from tiny import checks, error_messages
from tiny.codes import SITUATIONS
from tiny.oauth import TinyOAuth
from tiny.v3 import mappers
from tiny.v3.client import PAGE_SIZE, TinyV3Client


class TinyProvider:
    """Stateless: one instance serves all companies."""

    key: str = "tiny"
    name: str = "Tiny ERP"
    vendor: str = "Olist"
    situations: Sequence[Situation] = SITUATIONS
    credential_fields: Sequence[CredentialField] = (
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
    )
    # An address of an invitation is on one of these hosts or below it, and never anywhere else.
    invite_hosts: Sequence[str] = ("tiny.com.br", "olist.com")

    checks: Sequence[tuple[str, str]] = checks.CHECKS

    def oauth(self, endpoints: Endpoints) -> OAuthFlow:
        return TinyOAuth(endpoints)

    def explain(self, code: str, params: Mapping[str, str]) -> Explanation | None:
        return error_messages.explain(code, params)

    def check_connection(self, context: ProviderContext, *, account_document: str) -> Iterator[CheckStep]:
        return checks.check_connection(context, account_document=account_document)

    def get_account(self, context: ProviderContext) -> ErpAccount:
        return mappers.to_erp_account(TinyV3Client(context).get_info())

    def list_orders(self, context: ProviderContext, query: OrderQuery, *, offset: int) -> Page[ErpOrder]:
        payload = TinyV3Client(context).list_orders(query, offset=offset)
        return mappers.to_page(payload, mappers.to_erp_order, offset=offset, limit=PAGE_SIZE)

    def get_order(self, context: ProviderContext, external_id: str) -> ErpOrderDetail:
        return mappers.to_erp_order_detail(TinyV3Client(context).get_order(external_id))

    def list_invoices(
        self, context: ProviderContext, query: InvoiceQuery, *, offset: int
    ) -> Page[ErpInvoice]:
        payload = TinyV3Client(context).list_invoices(query, offset=offset)
        return mappers.to_page(payload, mappers.to_exit_invoice, offset=offset, limit=PAGE_SIZE)

    def get_invoice(self, context: ProviderContext, external_id: str) -> ErpInvoice:
        return mappers.to_erp_invoice(TinyV3Client(context).get_invoice(external_id))

    def list_shipping_methods(self, context: ProviderContext) -> Sequence[ErpShippingMethod]:
        """All of them; a row that cannot be read is left out, since an order names its method itself."""
        client = TinyV3Client(context)
        methods: dict[str, ErpShippingMethod] = {}
        offset = 0
        while True:
            payload = client.list_shipping_methods(offset=offset)
            page = mappers.to_page(payload, mappers.to_erp_shipping_method, offset=offset, limit=PAGE_SIZE)
            known = len(methods)
            methods.update((method.external_id, method) for method in page.items)
            offset += len(page.row_ids)
            # Pages that bring nothing new mean that Tiny ignored the offset.
            if len(page.row_ids) < page.limit or len(methods) == known:
                return tuple(methods.values())
