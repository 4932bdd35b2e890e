"""API v2 behind the port: one call or a few for each question, records out."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from contracts.errors import TemporaryError
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
    ShipmentDraft,
)
from tiny import product_records, records
from tiny.v2 import checks, customer_writes, mappers, order_writes, product_mappers, product_writes
from tiny.v2.client import Retorno, TinyV2Client, no_contact
from tiny.v2.shapes import read_rows

T = TypeVar("T")
Named = TypeVar("Named", ErpPriceList, ErpSeller)

# Tiny's pages have 100 rows; older documentation says 50 for orders, so a full page tells which it is.
PAGE_SIZE = 100


class TinyV2:
    def __init__(self, context: ProviderContext) -> None:
        self._context = context
        self._client = TinyV2Client(context)

    def check_connection(self, account_document: str) -> Iterator[CheckStep]:
        return checks.check_connection(self._context, account_document=account_document)

    def get_account(self) -> ErpAccount:
        return mappers.to_erp_account(self._client.get_info())

    def list_orders(self, query: OrderQuery, *, offset: int) -> Page[ErpOrder]:
        return _read_page(
            lambda page: self._client.list_orders(query, page=page),
            ("pedidos", "pedido"),
            mappers.to_erp_order,
            offset,
        )

    def get_order(self, external_id: str) -> ErpOrderDetail:
        return mappers.to_erp_order_detail(self._client.get_order(external_id))

    def create_order(self, draft: OrderDraft) -> str:
        made = self._client.create_order(order_writes.to_order(draft))
        return _read_made(made, "pedido.incluir.php")

    def change_order(self, external_id: str, change: OrderChange) -> None:
        data = order_writes.to_change(change)
        if data:
            self._client.change_order(external_id, data)

    def set_situation(self, external_id: str, situation: str) -> None:
        self._client.change_situation(external_id, order_writes.to_situation(situation))

    def set_shipment(self, external_id: str, draft: ShipmentDraft) -> None:
        self._client.set_dispatch(external_id, order_writes.to_dispatch(draft))

    def find_customers(self, *, document: str = "", code: str = "") -> Sequence[ErpCustomer]:
        if not document and not code:
            return ()
        for form in records.document_forms(document):
            found = mappers.to_customers(self._search_contacts(form, code), document=document, code=code)
            if found:
                return found
        return ()

    def create_customer(self, draft: CustomerDraft) -> str:
        made = self._client.create_contact(customer_writes.to_new_contact(draft))
        return _read_made(made, "contato.incluir.php")

    def update_customer(self, external_id: str, draft: CustomerDraft) -> None:
        contact = mappers.required(self._client.get_contact(external_id).get("contato"))
        if mappers.is_deleted_contact(contact):
            raise no_contact(external_id)
        changes = customer_writes.find_changes(contact, draft)
        if changes:
            self._client.change_contact(external_id, customer_writes.merge(contact, changes))

    def list_sellers(self) -> Sequence[ErpSeller]:
        return _read_all(
            lambda page: self._client.list_sellers(page=page),
            ("vendedores", "vendedor"),
            mappers.to_erp_seller,
        )

    def list_invoices(self, query: InvoiceQuery, *, offset: int) -> Page[ErpInvoice]:
        return _read_page(
            lambda page: self._client.list_invoices(query, page=page),
            ("notas_fiscais", "nota_fiscal"),
            mappers.to_exit_invoice,
            offset,
        )

    def get_invoice(self, external_id: str) -> ErpInvoice:
        return mappers.to_erp_invoice(self._client.get_invoice(external_id))

    def list_shipping_methods(self) -> Sequence[ErpShippingMethod]:
        """All of them; a row that cannot be read is left out, since an order names its method itself."""
        rows = read_rows(self._client.list_shipping_methods().get("registros"), "registro")
        page = mappers.to_page(
            rows, mappers.to_erp_shipping_method, offset=0, limit=len(rows), total=len(rows), is_counted=True
        )
        return page.items

    def list_products(self, query: ProductQuery, *, offset: int) -> Page[ErpProductRow]:
        return _read_page(
            lambda page: self._client.list_products(query, page=page),
            ("produtos", "produto"),
            product_records.only_sku(query.sku, product_mappers.to_erp_product_row),
            offset,
        )

    def get_product(self, external_id: str) -> ErpProduct:
        """One call; two for what is made of others and does not say of which."""
        product = product_mappers.to_erp_product(self._client.get_product(external_id))
        if product.components or product.row.kind not in product_mappers.ASSEMBLED:
            return product
        structure = self._client.get_structure(external_id)
        return dataclasses.replace(product, components=product_mappers.to_components(structure))

    def get_stock(self, external_id: str) -> ErpStock:
        return product_mappers.to_erp_stock(self._client.get_stock(external_id))

    def list_warehouses(self) -> Sequence[ErpWarehouse] | None:
        """API v2 names a depósito only beside the stock of a product."""
        return None

    def list_price_lists(self) -> Sequence[ErpPriceList]:
        """All of them; a row that cannot be read is left out, since nobody could choose it."""
        return _read_all(
            lambda page: self._client.list_price_lists(page=page),
            ("registros", "registro"),
            product_mappers.to_erp_price_list,
        )

    def list_prices(self, price_list_id: str, *, offset: int) -> Page[ErpListPrice]:
        return _read_page(
            lambda page: self._client.list_prices(price_list_id, page=page),
            ("registros", "registro"),
            product_mappers.to_erp_list_price,
            offset,
            id_name="id_produto",
        )

    def create_product(self, draft: ProductDraft) -> str:
        wanted = product_records.wanted_values(draft)
        made = self._client.create_product(product_writes.to_new_product(wanted))
        return product_mappers.to_new_identifier(made, draft.sku)

    def update_product(self, external_id: str, draft: ProductDraft) -> None:
        retorno = self._client.get_product(external_id)
        changes = product_records.find_changes(draft, product_mappers.to_erp_product(retorno))
        wanted = product_writes.to_product(changes)
        if changes and changes.keys() <= product_records.PRICES:
            # Nothing else can be spoilt by it, and it is no batch.
            self._client.change_prices(external_id, wanted)
        elif changes:
            self._client.change_product(external_id, product_writes.merge(retorno["produto"], wanted))

    def _search_contacts(self, document: str, code: str) -> Sequence[Any]:
        contacts: list[Any] = []
        before: Sequence[Any] = ()
        for number in itertools.count(1):
            retorno = self._client.list_contacts(document=document, code=code, page=number)
            rows, pages = mappers.to_rows(retorno, ("contatos", "contato"))
            # The same page again means that Tiny ignored the number.
            if rows == before:
                break
            contacts += rows
            before = rows
            if number >= (pages or 0):
                break
        return contacts


def _read_made(retorno: Retorno, service: str) -> str:
    """The identifier of what was made. Without one it is there all the same: looking will find it."""
    external_id = mappers.to_made_identifier(retorno)
    if not external_id:
        raise TemporaryError("tiny.unreadable_answer", {"path": f"/{service}"})
    return external_id


def _read_all(
    ask: Callable[[int], Retorno],
    names: tuple[str, str],
    to_record: Callable[[Mapping[str, Any]], Named],
) -> Sequence[Named]:
    """The rows of all pages that can be read."""
    found: dict[str, Named] = {}
    for number in itertools.count(1):
        rows, pages = mappers.to_rows(ask(number), names)
        page = mappers.to_page(rows, to_record, offset=0, limit=len(rows), total=None, is_counted=False)
        known = len(found)
        found.update((item.external_id, item) for item in page.items)
        # Pages that bring nothing new mean that Tiny ignored the number.
        if number >= (pages or 0) or len(found) == known:
            break
    return tuple(found.values())


def _read_page(
    ask: Callable[[int], Retorno],
    names: tuple[str, str],
    to_record: Callable[[Mapping[str, Any]], T | None],
    offset: int,
    *,
    id_name: str = "id",
) -> Page[T]:
    """The rows from ``offset`` to the end of Tiny's page in which it falls.

    Tiny knows pages and not offsets, and tells how many pages there are, so that only the last one tells the
    total. Whoever begins to read asks for it first: a smaller total at the end says that rows left meanwhile.
    """

    def read(page: int) -> tuple[Sequence[Any], int | None]:
        return mappers.to_rows(ask(page), names)

    page, size = offset // PAGE_SIZE + 1, PAGE_SIZE
    rows, pages = read(page)
    if rows and pages is not None and page < pages:
        size = len(rows)
    elif rows and pages is None and len(rows) < PAGE_SIZE:
        # It may be the last page, or Tiny's pages are smaller: the first one tells.
        size = len(rows) if page == 1 else len(read(1)[0]) or PAGE_SIZE
    if size != PAGE_SIZE and offset >= size:
        page = offset // size + 1
        rows, pages = read(page)
    start = offset - offset % size
    total = None
    if pages is not None and page >= pages:
        total = start + len(rows)
    elif pages is not None and offset == 0:
        total = (pages - 1) * size + len(read(pages)[0])
        # Rows that left between the two calls would be missed by nobody.
        rows, _ = read(1)
    return mappers.to_page(
        rows[offset - start :],
        to_record,
        offset=offset,
        limit=size - (offset - start),
        total=total,
        is_counted=False,
        id_name=id_name,
    )
