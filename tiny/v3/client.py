"""Tiny's API v3 over HTTP: one method per endpoint, raw JSON out, one error class per kind of failure.

Sources: Tiny's OpenAPI 3.1 for paths and parameters; its documentation for the limits. Tiny declares no body
for 401, 403, 404 and 429, so only the status is trusted there.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import quote, urlencode

from contracts.errors import (
    AlreadyExists,
    AuthenticationFailed,
    CustomerUnknown,
    ErpError,
    NotFound,
    PermissionMissing,
    RateLimited,
    RejectedByErp,
    TemporaryError,
    UnsupportedFeature,
)
from contracts.http import HttpResponse
from contracts.provider import ProviderContext, SlotKind
from contracts.records import CallRecord, InvoiceQuery, OrderQuery, ProductQuery
from tiny.codes import V3_SITUATION_NUMBERS
from tiny.redaction import redact
from tiny.v3 import refusals
from tiny.values import SAO_PAULO, read_list, read_object, read_text

PAGE_SIZE = 100
DEFAULT_WAIT_SECONDS = 60.0
# The quota is per minute; a longer wait is a header that means something else.
LONGEST_WAIT_SECONDS = 600.0
EXCERPT_LENGTH = 2048
TEXT_LENGTH = 300

# The modules by the names that Tiny's own page of permissions uses.
ACCOUNT_MODULE = "Informações da Conta"
ORDERS_MODULE = "Pedidos"
INVOICES_MODULE = "Notas Fiscais"
SHIPPING_MODULE = "Formas de Envio"
PRODUCTS_MODULE = "Produtos"
STOCK_MODULE = "Estoque"
PRICE_LISTS_MODULE = "Listas de Preço"
BRANDS_MODULE = "Marcas"
CATEGORIES_MODULE = "Categorias"
CONTACTS_MODULE = "Contato e Vendedores"

# Of whom a search is for is nothing to keep.
_PERSONAL = ("cpfCnpj", "nomeCliente")

_NO_ROWS: Mapping[str, Any] = {"itens": []}
_NOTHING: Mapping[str, Any] = {}


class TinyV3Client:
    """The calls of one context. Each takes a slot, and renews a refused token once."""

    def __init__(self, context: ProviderContext) -> None:
        self._context = context

    def get_info(self) -> Any:
        """``GET /info``. Raises ``AuthenticationFailed`` if a fresh token is refused even here."""
        return self._get("/info", module=ACCOUNT_MODULE)

    def list_orders(self, query: OrderQuery, *, offset: int, limit: int = PAGE_SIZE) -> Any:
        """``GET /pedidos``, oldest first, so that a new order moves no row that was already read."""
        params: dict[str, str | int] = {"orderBy": "asc"}
        if query.created_from is not None:
            params["dataInicial"] = _day(query.created_from)
        if query.updated_from is not None:
            params["dataAtualizacao"] = _day(query.updated_from)
        if query.situation:
            if query.situation not in V3_SITUATION_NUMBERS:
                raise UnsupportedFeature("tiny.situation_unknown", {"situation": query.situation})
            params["situacao"] = V3_SITUATION_NUMBERS[query.situation]
        if query.document:
            params["cpfCnpj"] = query.document
        if query.customer_name:
            params["nomeCliente"] = query.customer_name
        if query.ecommerce_number:
            raise UnsupportedFeature("tiny.orders_by_ecommerce_number")
        return self._list("/pedidos", params, offset, limit, module=ORDERS_MODULE)

    def get_order(self, external_id: str) -> Any:
        """``GET /pedidos/{id}``. Raises ``NotFound`` if it was deleted at Tiny."""
        return self._get(
            f"/pedidos/{quote(external_id, safe='')}",
            module=ORDERS_MODULE,
            missing=_no_order(external_id),
        )

    def create_order(self, data: Mapping[str, Any]) -> Any:
        """``POST /pedidos`` in Tiny's words: ``{id, numeroPedido}``. A repeated call may make a second.

        Tiny refuses the same body for some twenty minutes, but not when two come at once.
        """
        return self._write("POST", "/pedidos", data, module=ORDERS_MODULE, conflict="tiny.order_repeated")

    def change_order(self, external_id: str, data: Mapping[str, Any]) -> None:
        """``PUT /pedidos/{id}`` in Tiny's words. Raises ``NotFound`` if it was deleted at Tiny."""
        path = f"/pedidos/{quote(external_id, safe='')}"
        self._write("PUT", path, data, module=ORDERS_MODULE, missing=_no_order(external_id))

    def set_situation(self, external_id: str, number: int) -> None:
        """``PUT /pedidos/{id}/situacao``. Raises ``NotFound`` as above."""
        path = f"/pedidos/{quote(external_id, safe='')}/situacao"
        data = {"situacao": number}
        self._write("PUT", path, data, module=ORDERS_MODULE, missing=_no_order(external_id))

    def set_dispatch(self, external_id: str, data: Mapping[str, Any]) -> None:
        """``PUT /pedidos/{id}/despacho`` in Tiny's words. Raises ``NotFound`` as above."""
        path = f"/pedidos/{quote(external_id, safe='')}/despacho"
        self._write("PUT", path, data, module=ORDERS_MODULE, missing=_no_order(external_id))

    def list_customers(self, *, document: str = "", code: str = "") -> Any:
        """``GET /contatos``, one page, with the document in this very form, or with the code."""
        params: dict[str, str | int] = {"cpfCnpj": document} if document else {"codigo": code}
        return self._list("/contatos", params, 0, PAGE_SIZE, module=CONTACTS_MODULE)

    def get_customer(self, external_id: str) -> Any:
        """``GET /contatos/{id}``. Raises ``NotFound`` if Tiny does not know it."""
        path = f"/contatos/{quote(external_id, safe='')}"
        return self._get(path, module=CONTACTS_MODULE, missing=no_customer(external_id))

    def create_customer(self, data: Mapping[str, Any]) -> Any:
        """``POST /contatos`` in Tiny's words: ``{id}``. A repeated call makes a second."""
        return self._write("POST", "/contatos", data, module=CONTACTS_MODULE)

    def change_customer(self, external_id: str, data: Mapping[str, Any]) -> None:
        """``PUT /contatos/{id}`` in Tiny's words. Raises ``NotFound`` if Tiny does not know it."""
        path = f"/contatos/{quote(external_id, safe='')}"
        self._write("PUT", path, data, module=CONTACTS_MODULE, missing=no_customer(external_id))

    def list_sellers(self, *, offset: int, limit: int = PAGE_SIZE) -> Any:
        """``GET /vendedores``."""
        return self._list("/vendedores", {}, offset, limit, module=CONTACTS_MODULE)

    def list_invoices(self, query: InvoiceQuery, *, offset: int, limit: int = PAGE_SIZE) -> Any:
        """``GET /notas``, those of exit, oldest first."""
        params: dict[str, str | int] = {"tipo": "S", "orderBy": "asc"}
        if query.issued_from is not None:
            params["dataInicial"] = _day(query.issued_from)
        if query.order_external_id:
            params["idVenda"] = query.order_external_id
        return self._list("/notas", params, offset, limit, module=INVOICES_MODULE)

    def get_invoice(self, external_id: str) -> Any:
        """``GET /notas/{id}``. Raises ``NotFound`` if it was deleted at Tiny."""
        return self._get(
            f"/notas/{quote(external_id, safe='')}",
            module=INVOICES_MODULE,
            missing=NotFound("tiny.invoice_not_found", {"id": external_id}),
        )

    def list_shipping_methods(self, *, offset: int, limit: int = PAGE_SIZE) -> Any:
        """``GET /formas-envio``."""
        return self._list("/formas-envio", {}, offset, limit, module=SHIPPING_MODULE)

    def list_products(self, query: ProductQuery, *, offset: int, limit: int = PAGE_SIZE) -> Any:
        """``GET /produtos``, oldest first. Variations are rows of their own, and so are deleted products."""
        params: dict[str, str | int] = {"orderBy": "asc"}
        if query.changed_from is not None:
            params["dataAlteracao"] = _moment(query.changed_from)
        if query.sku:
            params["codigo"] = query.sku
        return self._list("/produtos", params, offset, limit, module=PRODUCTS_MODULE)

    def get_product(self, external_id: str) -> Any:
        """``GET /produtos/{id}``. Raises ``NotFound`` if Tiny does not know it."""
        return self._get(
            f"/produtos/{quote(external_id, safe='')}",
            module=PRODUCTS_MODULE,
            missing=_no_product(external_id),
        )

    def get_stock(self, external_id: str) -> Any:
        """``GET /estoque/{id}``. Raises ``NotFound`` if Tiny does not know the product."""
        return self._get(
            f"/estoque/{quote(external_id, safe='')}", module=STOCK_MODULE, missing=_no_product(external_id)
        )

    def list_warehouses(self) -> Any:
        """``GET /depositos``, without pages."""
        return self._get("/depositos", module=STOCK_MODULE, when_empty=_NO_ROWS)

    def list_price_lists(self, *, offset: int, limit: int = PAGE_SIZE) -> Any:
        """``GET /listas-precos``."""
        return self._list("/listas-precos", {}, offset, limit, module=PRICE_LISTS_MODULE)

    def get_price_list(self, price_list_id: str) -> Any:
        """``GET /listas-precos/{id}``, without pages. Raises ``NotFound`` if it was deleted at Tiny."""
        return self._get(
            f"/listas-precos/{quote(price_list_id, safe='')}",
            module=PRICE_LISTS_MODULE,
            missing=NotFound("tiny.price_list_not_found", {"id": price_list_id}),
        )

    def list_brands(self, name: str, *, offset: int = 0, limit: int = PAGE_SIZE) -> Any:
        """``GET /marcas`` of that name."""
        return self._list("/marcas", {"descricao": name}, offset, limit, module=BRANDS_MODULE)

    def list_categories(self) -> Any:
        """``GET /categorias/todas``: the tree, without pages."""
        return self._get("/categorias/todas", module=CATEGORIES_MODULE, when_empty=())

    def create_product(self, data: Mapping[str, Any]) -> Any:
        """``POST /produtos`` in Tiny's words: ``{id, codigo, descricao}``. A repeated call makes a second."""
        return self._write("POST", "/produtos", data, module=PRODUCTS_MODULE)

    def change_product(self, external_id: str, data: Mapping[str, Any]) -> None:
        """``PUT /produtos/{id}`` in Tiny's words. Raises ``NotFound`` if Tiny does not know it."""
        path = f"/produtos/{quote(external_id, safe='')}"
        self._write("PUT", path, data, module=PRODUCTS_MODULE, missing=_no_product(external_id))

    def change_prices(self, external_id: str, data: Mapping[str, Any]) -> None:
        """``PUT /produtos/{id}/preco``: ``{preco, precoPromocional}``. Raises ``NotFound`` as above."""
        path = f"/produtos/{quote(external_id, safe='')}/preco"
        self._write("PUT", path, data, module=PRODUCTS_MODULE, missing=_no_product(external_id))

    def create_brand(self, name: str) -> Any:
        """``POST /marcas``: ``{id}``."""
        return self._write("POST", "/marcas", {"descricao": name}, module=BRANDS_MODULE)

    def _list(
        self, path: str, params: Mapping[str, str | int], offset: int, limit: int, *, module: str
    ) -> Any:
        page: dict[str, str | int] = {**params, "limit": limit, "offset": offset}
        # An empty list came as 204 without a body in practice.
        return self._get(path, params=page, module=module, when_empty=_NO_ROWS)

    def _get(
        self,
        path: str,
        *,
        module: str,
        params: Mapping[str, str | int] | None = None,
        missing: NotFound | None = None,
        when_empty: Any = None,
    ) -> Any:
        response = self._send("GET", path, params or {}, None)
        if response.status == 204 and when_empty is not None:
            return when_empty
        if response.status != 200:
            raise _error_of(response, path, module, missing)
        return _parse(response, path)

    def _write(
        self,
        method: str,
        path: str,
        data: Mapping[str, Any],
        *,
        module: str,
        missing: NotFound | None = None,
        conflict: str = "",
    ) -> Any:
        """The body of the answer, ``{}`` where Tiny sends none. ``conflict`` is the code of a 409."""
        response = self._send(method, path, {}, data)
        if response.status == 409 and conflict:
            raise AlreadyExists(conflict)
        if response.status not in (200, 201, 204):
            raise _error_of(response, path, module, missing, is_write=True)
        return _parse(response, path) if response.body else _NOTHING

    def _send(
        self, method: str, path: str, params: Mapping[str, str | int], data: Mapping[str, Any] | None
    ) -> HttpResponse:
        """A refused token is renewed once: what was refused did nothing, be it a write."""
        response = self._send_once(method, path, params, data, force=False)
        if response.status == 401:
            response = self._send_once(method, path, params, data, force=True)
        return response

    def _send_once(
        self,
        method: str,
        path: str,
        params: Mapping[str, str | int],
        data: Mapping[str, Any] | None,
        *,
        force: bool,
    ) -> HttpResponse:
        context = self._context
        # The slot last: a renewal in between would let it pass unused.
        token = context.access_token(force=force)
        slot: SlotKind = "read" if method == "GET" else "write"
        context.take_slot(slot)
        hidden = dict.fromkeys(params.keys() & _PERSONAL, "***")
        query = urlencode({**params, **hidden}, safe="*")
        started = time.monotonic()
        try:
            response = context.http.request(
                method,
                context.endpoints.api_url.rstrip("/") + path,
                headers={"Authorization": f"Bearer {token}", "Accept": "application/json"},
                params=params,
                json_body=None if data is None else to_json(data),
            )
        except ErpError as error:
            duration_ms = int((time.monotonic() - started) * 1000)
            context.log_call(CallRecord(method, path, query, None, duration_ms, error=error.code))
            raise
        context.observe(response.headers)
        context.log_call(
            CallRecord(
                method,
                path,
                query,
                response.status,
                response.duration_ms,
                response_excerpt=_excerpt(response) if response.status >= 400 else "",
            )
        )
        return response


def _parse(response: HttpResponse, path: str) -> Any:
    try:
        return response.json()
    except (ValueError, ArithmeticError, RecursionError) as error:
        # Cut off, a page of HTML, or numbers and nesting beyond all reason.
        raise TemporaryError("tiny.unreadable_answer", {"path": path}) from error


def _error_of(
    response: HttpResponse, path: str, module: str, missing: NotFound | None, *, is_write: bool = False
) -> ErpError:
    status = response.status
    if status == 401 and module == ACCOUNT_MODULE:
        return AuthenticationFailed("tiny.access_refused")
    if status in (401, 403):
        # Tiny answers 401 for a missing permission too, so only /info can prove a dead access.
        code = "tiny.write_permission_missing" if is_write else "tiny.permission_missing"
        return PermissionMissing(code, {"module": module})
    if status == 404:
        return missing or NotFound("tiny.not_found", {"path": path})
    if status == 429:
        wait = _wait_seconds(response.headers)
        return RateLimited("tiny.rate_limited", {"seconds": f"{wait:.0f}"}, retry_after=wait)
    if 400 <= status < 500 and status != 408:
        code, params = _refusal(response)
        rejected = CustomerUnknown if code == refusals.CUSTOMER_UNKNOWN and is_write else RejectedByErp
        return rejected(code if is_write else "tiny.rejected", {"status": str(status), **params})
    # 5xx, a redirect (a maintenance page, or a credential lured elsewhere) or a 2xx without a body.
    return TemporaryError("tiny.unstable", {"status": str(status)})


def _wait_seconds(headers: Mapping[str, str]) -> float:
    """Seconds until the quota is new, from ``X-Ratelimit-Reset`` (seconds, no epoch; sometimes absent)."""
    try:
        wait = float(headers.get("X-Ratelimit-Reset", ""))
    except ValueError:
        return DEFAULT_WAIT_SECONDS
    return max(wait, 1.0) if 0 <= wait <= LONGEST_WAIT_SECONDS else DEFAULT_WAIT_SECONDS


def _refusal(response: HttpResponse) -> tuple[str, dict[str, str]]:
    """The code of a refused write; ``mensagem`` and ``detalhes`` of the body, without personal data."""
    try:
        body = read_object(response.json())
    except (ValueError, ArithmeticError, RecursionError):
        body = _NOTHING
    message = read_text(body.get("mensagem"))
    rows = filter(None, map(read_object, read_list(body.get("detalhes"))[:10]))
    details = [(read_text(row.get("campo")), read_text(row.get("mensagem"))) for row in rows]
    joined = "; ".join(": ".join(filter(None, detail)) for detail in details)
    reason = " ".join(filter(None, (message, joined and f"({joined})")))
    params = {"reason": redact(reason, TEXT_LENGTH), "item": refusals.place_of_item(details)}
    code = refusals.code_of([("", message), *details])
    return code, {name: value for name, value in params.items() if value}


def _excerpt(response: HttpResponse) -> str:
    return redact(response.body[: EXCERPT_LENGTH * 8].decode("utf-8", "replace"), EXCERPT_LENGTH)


def to_json(value: Any) -> Any:
    """A fraction becomes a JSON number of the same digits: Tiny's amounts are far from what a float loses."""
    if isinstance(value, Mapping):
        return {name: to_json(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [to_json(inner) for inner in value]
    return float(value) if isinstance(value, Decimal) else value


def _no_order(external_id: str) -> NotFound:
    return NotFound("tiny.order_not_found", {"id": external_id})


def no_customer(external_id: str) -> NotFound:
    return NotFound("tiny.customer_not_found", {"id": external_id})


def _no_product(external_id: str) -> NotFound:
    return NotFound("tiny.product_not_found", {"id": external_id})


def _day(day: dt.date) -> str:
    return day.isoformat()


def _moment(moment: dt.datetime) -> str:
    return f"{moment.astimezone(SAO_PAULO):%Y-%m-%d %H:%M:%S}"
