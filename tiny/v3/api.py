"""API v3 behind the port: one call or a few for each question, records out."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from contracts.errors import NotFound, PermissionMissing, RejectedByErp, TemporaryError
from contracts.provider import ProviderContext
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
    InvoiceQuery,
    OrderChange,
    OrderDraft,
    OrderQuery,
    Page,
    ProductDraft,
    ProductQuery,
    ProductState,
    ShipmentDraft,
)
from tiny import product_records, records
from tiny.v3 import checks, mappers, order_writes, product_mappers, product_writes
from tiny.v3.client import PAGE_SIZE, TinyV3Client, no_customer
from tiny.values import read_identifier, read_object

Named = TypeVar("Named", ErpPriceList, ErpSeller, ErpShippingMethod)

# A new product that has none of them needs no word about it.
_NAMED = frozenset({"brand", "category"})


class TinyV3:
    def __init__(self, context: ProviderContext) -> None:
        self._context = context
        self._client = TinyV3Client(context)

    def check_connection(self, account_document: str) -> Iterator[CheckStep]:
        return checks.check_connection(self._context, account_document=account_document)

    def get_account(self) -> ErpAccount:
        return mappers.to_erp_account(self._client.get_info())

    def list_orders(self, query: OrderQuery, *, offset: int) -> Page[ErpOrder]:
        """One page; two calls where nobody has the document in the form in which Tiny keeps most of them."""
        first, *others = records.document_forms(query.document)
        page = self._list_orders(query, first, offset)
        for document in others:
            page = page if page.row_ids else self._list_orders(query, document, offset)
        return page

    def get_order(self, external_id: str) -> ErpOrderDetail:
        return mappers.to_erp_order_detail(self._client.get_order(external_id))

    def create_order(self, draft: OrderDraft) -> str:
        try:
            made = self._client.create_order(order_writes.to_order(draft))
        except RejectedByErp as error:
            error.params |= order_writes.name_item(draft, error.params.get("item", ""))
            raise
        return _made_id(made, "/pedidos")

    def change_order(self, external_id: str, change: OrderChange) -> None:
        data = order_writes.to_change(change)
        if data:
            self._client.change_order(external_id, data)

    def set_situation(self, external_id: str, situation: str) -> None:
        self._client.set_situation(external_id, order_writes.to_situation(situation))

    def set_shipment(self, external_id: str, draft: ShipmentDraft) -> None:
        """Read, merge, write back: nothing tells whether Tiny keeps what a dispatch leaves out."""
        known = mappers.required_object(self._client.get_order(external_id))
        self._client.set_dispatch(external_id, order_writes.merge_dispatch(known, draft))

    def find_customers(self, *, document: str = "", code: str = "") -> Sequence[ErpCustomer]:
        """A document is asked for in each form in which Tiny may have it, until somebody is found."""
        if not document and not code:
            return ()
        forms = [{"document": form} for form in records.document_forms(document)]
        to_customer = mappers.only_customer(document=document, code=code)
        for search in forms if document else [{"code": code}]:
            payload = self._client.list_customers(**search)
            found = mappers.to_page(payload, to_customer, offset=0, limit=PAGE_SIZE).items
            if found:
                return found
        return ()

    def create_customer(self, draft: CustomerDraft) -> str:
        return _made_id(self._client.create_customer(order_writes.to_contact(draft)), "/contatos")

    def update_customer(self, external_id: str, draft: CustomerDraft) -> None:
        known = mappers.required_object(self._client.get_customer(external_id))
        if mappers.is_deleted(known):
            raise no_customer(external_id)
        data = order_writes.merge_contact(known, draft)
        if data:
            self._client.change_customer(external_id, data)

    def list_sellers(self) -> Sequence[ErpSeller]:
        return _read_all(self._client.list_sellers, mappers.to_erp_seller)

    def list_invoices(self, query: InvoiceQuery, *, offset: int) -> Page[ErpInvoice]:
        payload = self._client.list_invoices(query, offset=offset)
        return mappers.to_page(payload, mappers.to_exit_invoice, offset=offset, limit=PAGE_SIZE)

    def get_invoice(self, external_id: str) -> ErpInvoice:
        return mappers.to_erp_invoice(self._client.get_invoice(external_id))

    def list_shipping_methods(self) -> Sequence[ErpShippingMethod]:
        """All of them; a row that cannot be read is left out, since an order names its method itself."""
        return _read_all(self._client.list_shipping_methods, mappers.to_erp_shipping_method)

    def list_products(self, query: ProductQuery, *, offset: int) -> Page[ErpProductRow]:
        payload = self._client.list_products(query, offset=offset)
        return mappers.to_page(
            payload,
            product_records.only_sku(query.sku, product_mappers.to_erp_product_row),
            offset=offset,
            limit=PAGE_SIZE,
        )

    def get_product(self, external_id: str) -> ErpProduct:
        return product_mappers.to_erp_product(self._client.get_product(external_id))

    def get_stock(self, external_id: str) -> ErpStock:
        return product_mappers.to_erp_stock(self._client.get_stock(external_id))

    def list_warehouses(self) -> Sequence[ErpWarehouse] | None:
        """One without a name is left out: nobody could choose it."""
        try:
            payload = self._client.list_warehouses()
        except (PermissionMissing, NotFound):
            # Tiny documents no such list, and not every account has it.
            return None
        return mappers.to_page(payload, product_mappers.to_erp_warehouse, offset=0, limit=PAGE_SIZE).items

    def list_price_lists(self) -> Sequence[ErpPriceList]:
        """All of them; a row that cannot be read is left out, since nobody could choose it."""
        return _read_all(self._client.list_price_lists, product_mappers.to_erp_price_list)

    def list_prices(self, price_list_id: str, *, offset: int) -> Page[ErpListPrice]:
        """One page: Tiny tells a list whole."""
        return product_mappers.to_list_prices(self._client.get_price_list(price_list_id), offset=offset)

    def create_product(self, draft: ProductDraft) -> str:
        wanted = product_records.wanted_values(draft)
        if draft.state not in (None, ProductState.ACTIVE):
            raise product_records.cannot_write_state(draft)
        given = {name: value for name, value in wanted.items() if value or name not in _NAMED}
        body = {"tipo": product_writes.SIMPLE, **product_writes.to_product(given, self._find_ids(given))}
        made = read_object(self._client.create_product(body))
        return records.read_required_identifier(made.get("id"), draft.sku)

    def update_product(self, external_id: str, draft: ProductDraft) -> None:
        payload = mappers.required_object(self._client.get_product(external_id))
        known = product_mappers.to_erp_product(payload)
        changes = product_records.find_changes(draft, known)
        if "state" in changes:
            raise product_records.cannot_write_state(draft)
        has_price = "price" in changes or known.row.price is not None
        if changes and changes.keys() <= product_records.PRICES and has_price:
            # Nothing else can be spoilt by it.
            self._client.change_prices(external_id, product_writes.to_prices(changes, known.row))
        elif changes:
            wanted = product_writes.to_product(changes, self._find_ids(changes))
            self._client.change_product(external_id, product_writes.merge(payload, wanted))

    def _list_orders(self, query: OrderQuery, document: str, offset: int) -> Page[ErpOrder]:
        payload = self._client.list_orders(dataclasses.replace(query, document=document), offset=offset)
        return mappers.to_page(payload, mappers.to_erp_order, offset=offset, limit=PAGE_SIZE)

    def _find_ids(self, changes: Mapping[str, Any]) -> Mapping[str, int | None]:
        """What Tiny knows by number: ``marca``, made if it is not there, and ``categoria``; none for none."""
        ids: dict[str, int | None] = {}
        if "category" in changes:
            path = changes["category"]
            tree = self._client.list_categories() if path else None
            ids["categoria"] = product_writes.find_category(tree, path) if path else None
        if "brand" in changes:
            ids["marca"] = self._find_brand(changes["brand"]) if changes["brand"] else None
        return ids

    def _find_brand(self, name: str) -> int:
        number = product_writes.find_brand(self._client.list_brands(name), name)
        if number is not None:
            return number
        made = read_object(self._client.create_brand(name))
        return int(records.read_required_identifier(made.get("id"), name))


def _made_id(payload: Any, path: str) -> str:
    """Tiny said that it was made: without its identifier only looking for it tells which one it is."""
    external_id = read_identifier(read_object(payload).get("id"))
    if not external_id:
        raise TemporaryError("tiny.unreadable_answer", {"path": path})
    return external_id


def _read_all(ask: Callable[..., Any], to_record: Callable[[Mapping[str, Any]], Named]) -> Sequence[Named]:
    found: dict[str, Named] = {}
    offset = 0
    while True:
        page = mappers.to_page(ask(offset=offset), to_record, offset=offset, limit=PAGE_SIZE)
        known = len(found)
        found.update((record.external_id, record) for record in page.items)
        offset += len(page.row_ids)
        # Pages that bring nothing new mean that Tiny ignored the offset.
        if len(page.row_ids) < page.limit or len(found) == known:
            return tuple(found.values())
