"""API v3 behind the port: one call or a few for each question, records out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from contracts.provider import ProviderContext
from contracts.records import (
    CheckStep,
    ErpAccount,
    ErpInvoice,
    ErpOrder,
    ErpOrderDetail,
    ErpShippingMethod,
    InvoiceQuery,
    OrderQuery,
    Page,
)
from tiny.v3 import checks, mappers
from tiny.v3.client import PAGE_SIZE, TinyV3Client


class TinyV3:
    def __init__(self, context: ProviderContext) -> None:
        self._context = context
        self._client = TinyV3Client(context)

    def check_connection(self, account_document: str) -> Iterator[CheckStep]:
        return checks.check_connection(self._context, account_document=account_document)

    def get_account(self) -> ErpAccount:
        return mappers.to_erp_account(self._client.get_info())

    def list_orders(self, query: OrderQuery, *, offset: int) -> Page[ErpOrder]:
        payload = self._client.list_orders(query, offset=offset)
        return mappers.to_page(payload, mappers.to_erp_order, offset=offset, limit=PAGE_SIZE)

    def get_order(self, external_id: str) -> ErpOrderDetail:
        return mappers.to_erp_order_detail(self._client.get_order(external_id))

    def list_invoices(self, query: InvoiceQuery, *, offset: int) -> Page[ErpInvoice]:
        payload = self._client.list_invoices(query, offset=offset)
        return mappers.to_page(payload, mappers.to_exit_invoice, offset=offset, limit=PAGE_SIZE)

    def get_invoice(self, external_id: str) -> ErpInvoice:
        return mappers.to_erp_invoice(self._client.get_invoice(external_id))

    def list_shipping_methods(self) -> Sequence[ErpShippingMethod]:
        """All of them; a row that cannot be read is left out, since an order names its method itself."""
        methods: dict[str, ErpShippingMethod] = {}
        offset = 0
        while True:
            payload = self._client.list_shipping_methods(offset=offset)
            page = mappers.to_page(payload, mappers.to_erp_shipping_method, offset=offset, limit=PAGE_SIZE)
            known = len(methods)
            methods.update((method.external_id, method) for method in page.items)
            offset += len(page.row_ids)
            # Pages that bring nothing new mean that Tiny ignored the offset.
            if len(page.row_ids) < page.limit or len(methods) == known:
                return tuple(methods.values())
