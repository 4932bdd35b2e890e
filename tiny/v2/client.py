"""Tiny's API v2 over HTTP: one method per service, ``retorno`` out, one error class per kind of failure.

Source: Tiny's pages of API v2. Every service is a POST with the token in the form; HTTP says 200 to almost
everything, and ``retorno.status`` tells whether it worked. Some services end in ``.php``, newer ones do not.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import time
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from contracts.errors import (
    ErpError,
    NotFound,
    RateLimited,
    RejectedByErp,
    TemporaryError,
    UnsupportedFeature,
)
from contracts.http import HttpResponse
from contracts.provider import ProviderContext
from contracts.records import CallRecord, InvoiceQuery, OrderQuery, ProductQuery
from tiny.codes import V2_SITUATION_CODES
from tiny.records import mask_document
from tiny.redaction import MASK, redact
from tiny.v2 import errors
from tiny.v2.shapes import is_refused, read_refusals, read_retorno
from tiny.values import read_object, read_text

# At most a quarter of the limit may run at once (code 11). Calls are 60 s / limit apart, and may reach Tiny a
# little late: those which end within this time are never more than that, whatever the plan.
DEADLINE_SECONDS = 12.0
DEFAULT_WAIT_SECONDS = 60.0
# Tiny lists nothing without a filter; no account is older.
EARLIEST_DAY = dt.date(2000, 1, 1)
EXCERPT_LENGTH = 2048
TEXT_LENGTH = 300
# The least that Tiny documents for the name of a buyer, which is 50 elsewhere.
SURE_NAME_LENGTH = 30
# By these people are asked for: they are not kept with the call.
PERSONAL_FILTERS = frozenset({"cpf_cnpj", "cliente"})
LEAST_PRIVATE_LENGTH = 3

ACCOUNT_MODULE = "Informações da Conta"
ORDERS_MODULE = "Pedidos"
INVOICES_MODULE = "Notas Fiscais"
SHIPPING_MODULE = "Formas de Envio"
CONTACTS_MODULE = "Contatos"
PRODUCTS_MODULE = "Produtos"
STOCK_MODULE = "Estoque"
PRICE_LISTS_MODULE = "Listas de Preço"
SELLERS_MODULE = "Vendedores"

Retorno = Mapping[str, Any]
_NOTHING: Retorno = {}


class TinyV2Client:
    """The calls of one context. Reads and writes are counted together by Tiny, so all take a read's slot."""

    def __init__(self, context: ProviderContext) -> None:
        self._context = context

    def get_info(self) -> Retorno:
        """``info.php``: ``{conta}``."""
        return self._call("info.php", module=ACCOUNT_MODULE)

    def list_orders(self, query: OrderQuery, *, page: int) -> Retorno:
        """``pedidos.pesquisa.php``: ``{pedidos, pagina, numero_paginas}``, oldest first; ``{}`` for none.

        Its days are São Paulo's. By number and by name it finds whatever has them somewhere in it.
        """
        params: dict[str, str] = {}
        if query.created_from is not None:
            params["dataInicial"] = _day(query.created_from)
        if query.updated_from is not None:
            params["dataAtualizacao"] = f"{_day(query.updated_from)} 00:00:00"
        if query.situation:
            params["situacao"] = _situation(query.situation)
        if query.document:
            params["cpf_cnpj"] = mask_document(query.document)
        if query.customer_name:
            # What Tiny may have cut off of a name would keep the whole one from being found.
            params["cliente"] = query.customer_name[:SURE_NAME_LENGTH].strip()
        if query.ecommerce_number:
            params["numeroEcommerce"] = query.ecommerce_number
        filters = params or {"dataInicial": _day(EARLIEST_DAY)}
        return self._call(
            "pedidos.pesquisa.php",
            {"sort": "ASC", "pagina": str(page), **filters},
            module=ORDERS_MODULE,
            may_be_empty=True,
        )

    def get_order(self, external_id: str) -> Retorno:
        """``pedido.obter.php``: ``{pedido}``. Raises ``NotFound`` if it was deleted at Tiny."""
        missing = NotFound("tiny.order_not_found", {"id": external_id})
        return self._call("pedido.obter.php", {"id": external_id}, module=ORDERS_MODULE, missing=missing)

    def list_invoices(self, query: InvoiceQuery, *, page: int) -> Retorno:
        """``notas.fiscais.pesquisa.php``, those of exit: ``{notas_fiscais, pagina, numero_paginas}``."""
        if query.order_external_id:
            raise UnsupportedFeature("tiny.invoices_by_order")
        since = _day(query.issued_from or EARLIEST_DAY)
        params = {"tipoNota": "S", "dataInicial": since, "pagina": str(page)}
        return self._call("notas.fiscais.pesquisa.php", params, module=INVOICES_MODULE, may_be_empty=True)

    def get_invoice(self, external_id: str) -> Retorno:
        """``nota.fiscal.obter.php``: ``{nota_fiscal}``. Raises ``NotFound`` if it was deleted at Tiny."""
        missing = NotFound("tiny.invoice_not_found", {"id": external_id})
        return self._call(
            "nota.fiscal.obter.php", {"id": external_id}, module=INVOICES_MODULE, missing=missing
        )

    def list_shipping_methods(self) -> Retorno:
        """``formas.envio.pesquisa.php``: ``{registros}``."""
        return self._call("formas.envio.pesquisa.php", module=SHIPPING_MODULE, may_be_empty=True)

    def create_order(self, data: Mapping[str, Any]) -> Retorno:
        """``pedido.incluir.php``: ``{registros}`` with the one that was made; the same again makes a second.

        ``data`` is a pedido in Tiny's words.
        """
        return self._call(
            "pedido.incluir.php",
            records={"pedido": json.dumps({"pedido": data})},
            module=ORDERS_MODULE,
            kinds=errors.KINDS_FOR_NEW_ORDER,
            private=_private_texts(data),
        )

    def change_situation(self, external_id: str, situation: str) -> Retorno:
        """``pedido.alterar.situacao``, by Tiny's code. Raises ``NotFound`` if the order was deleted there."""
        params = {"id": external_id, "situacao": situation}
        missing = NotFound("tiny.order_not_found", {"id": external_id})
        return self._call("pedido.alterar.situacao", params, module=ORDERS_MODULE, missing=missing)

    def set_dispatch(self, external_id: str, data: Mapping[str, str]) -> Retorno:
        """``cadastrar.codigo.rastreamento.pedido.php``: the code and more of the dispatch, in Tiny's words.

        What is left out stays. Raises ``NotFound`` if the order was deleted at Tiny.
        """
        return self._call(
            "cadastrar.codigo.rastreamento.pedido.php",
            {"id": external_id, **data},
            module=ORDERS_MODULE,
            missing=NotFound("tiny.order_not_found", {"id": external_id}),
        )

    def change_order(self, external_id: str, data: Mapping[str, Any]) -> Retorno:
        """``pedido.alterar.php``: dates, notes and parcels, in Tiny's words; it changes nothing else.

        Raises ``NotFound`` if the order was deleted at Tiny.
        """
        return self._call(
            "pedido.alterar.php",
            {"id": external_id},
            body={"dados_pedido": data},
            module=ORDERS_MODULE,
            missing=NotFound("tiny.order_not_found", {"id": external_id}),
        )

    def list_contacts(self, *, document: str, code: str, page: int) -> Retorno:
        """``contatos.pesquisa.php``: ``{contatos, pagina, numero_paginas}``, deleted ones too.

        A search by ``code`` finds loosely, by name too.
        """
        params = {"pesquisa": code, "pagina": str(page), **({"cpf_cnpj": document} if document else {})}
        return self._call("contatos.pesquisa.php", params, module=CONTACTS_MODULE, may_be_empty=True)

    def get_contact(self, external_id: str) -> Retorno:
        """``contato.obter.php``: ``{contato}``. Raises ``NotFound`` if Tiny does not know it."""
        return self._call(
            "contato.obter.php",
            {"id": external_id},
            module=CONTACTS_MODULE,
            missing=no_contact(external_id),
        )

    def create_contact(self, data: Mapping[str, Any]) -> Retorno:
        """``contato.incluir.php``: ``{registros}`` with the one that was made.

        ``data`` is a contato in Tiny's words. Tiny counts it with the few batch calls of a minute.
        """
        return self._write_contact("contato.incluir.php", data)

    def change_contact(self, external_id: str, data: Mapping[str, Any]) -> Retorno:
        """``contato.alterar.php``, a batch call too: what ``data`` does not have, the contact may lose.

        Raises ``NotFound`` if Tiny does not know it.
        """
        return self._write_contact(
            "contato.alterar.php", {"id": external_id, **data}, missing=no_contact(external_id)
        )

    def list_sellers(self, *, page: int) -> Retorno:
        """``vendedores.pesquisa.php``: ``{vendedores, pagina, numero_paginas}``."""
        params = {"pesquisa": "", "pagina": str(page)}
        return self._call("vendedores.pesquisa.php", params, module=SELLERS_MODULE, may_be_empty=True)

    def list_products(self, query: ProductQuery, *, page: int) -> Retorno:
        """``produtos.pesquisa.php``: ``{produtos, pagina, numero_paginas}``, active and inactive ones.

        A search finds loosely, by name too. Raises ``UnsupportedFeature`` for what changed since a moment.
        """
        if query.changed_from is not None:
            raise UnsupportedFeature("tiny.products_by_change")
        # An empty search is the whole catalogue.
        params = {"pesquisa": query.sku, "pagina": str(page)}
        return self._call("produtos.pesquisa.php", params, module=PRODUCTS_MODULE, may_be_empty=True)

    def get_product(self, external_id: str) -> Retorno:
        """``produto.obter.php``: ``{produto}``. Raises ``NotFound`` if Tiny does not know it."""
        return self._call(
            "produto.obter.php",
            {"id": external_id},
            module=PRODUCTS_MODULE,
            missing=_no_product(external_id),
        )

    def get_structure(self, external_id: str) -> Retorno:
        """``produto.obter.estrutura.php``: ``{produto: {estrutura}}``, ``{}`` for none."""
        return self._call(
            "produto.obter.estrutura.php", {"id": external_id}, module=PRODUCTS_MODULE, may_be_empty=True
        )

    def get_stock(self, external_id: str) -> Retorno:
        """``produto.obter.estoque.php``: ``{produto}``. Raises ``NotFound`` if Tiny does not know it."""
        return self._call(
            "produto.obter.estoque.php",
            {"id": external_id},
            module=STOCK_MODULE,
            missing=_no_product(external_id),
        )

    def list_price_lists(self, *, page: int) -> Retorno:
        """``listas.precos.pesquisa.php``: ``{registros, pagina, numero_paginas}``."""
        params = {"pesquisa": "", "pagina": str(page)}
        return self._call("listas.precos.pesquisa.php", params, module=PRICE_LISTS_MODULE, may_be_empty=True)

    def list_prices(self, price_list_id: str, *, page: int) -> Retorno:
        """``listas.precos.excecoes.php``: ``{registros, pagina, numero_paginas}``, by product.

        Raises ``NotFound`` if the list was deleted at Tiny.
        """
        return self._call(
            "listas.precos.excecoes.php",
            {"idListaPreco": price_list_id, "pagina": str(page)},
            module=PRICE_LISTS_MODULE,
            missing=NotFound("tiny.price_list_not_found", {"id": price_list_id}),
            may_be_empty=True,
        )

    def create_product(self, data: Mapping[str, Any]) -> Retorno:
        """``produto.incluir.php``: ``{registros}`` with the one that was made.

        ``data`` is a produto in Tiny's words. Tiny counts it with the few batch calls of a minute.
        """
        return self._write_product("produto.incluir.php", data)

    def change_product(self, external_id: str, data: Mapping[str, Any]) -> Retorno:
        """``produto.alterar.php``, a batch call too: what ``data`` does not have, the product loses.

        Raises ``NotFound`` if Tiny does not know it.
        """
        return self._write_product(
            "produto.alterar.php", {"id": external_id, **data}, missing=_no_product(external_id)
        )

    def change_prices(self, external_id: str, data: Mapping[str, Any]) -> Retorno:
        """``produto.atualizar.precos``: ``preco`` and ``preco_promocional``; it changes nothing else.

        Raises ``NotFound`` if Tiny does not know the product.
        """
        prices = {name: str(price) for name, price in data.items()}
        return self._call(
            "produto.atualizar.precos",
            body={"precos": [{"id": external_id, **prices}]},
            module=PRODUCTS_MODULE,
            missing=_no_product(external_id),
        )

    def _write_contact(
        self, service: str, data: Mapping[str, Any], *, missing: NotFound | None = None
    ) -> Retorno:
        contact = {"contatos": [{"contato": {"sequencia": "1", **data}}]}
        return self._call(
            service,
            records={"contato": json.dumps(contact, default=str)},
            is_batch=True,
            module=CONTACTS_MODULE,
            missing=missing,
            private=_private_texts(data),
        )

    def _write_product(
        self, service: str, data: Mapping[str, Any], *, missing: NotFound | None = None
    ) -> Retorno:
        product = {"produtos": [{"produto": {"sequencia": "1", **data}}]}
        return self._call(
            service,
            # A fraction as text is a number to Tiny, and none of its digits is lost.
            records={"produto": json.dumps(product, default=str)},
            is_batch=True,
            module=PRODUCTS_MODULE,
            missing=missing,
        )

    def _call(
        self,
        service: str,
        params: Mapping[str, str] | None = None,
        *,
        module: str,
        records: Mapping[str, str] | None = None,
        is_batch: bool = False,
        body: Mapping[str, Any] | None = None,
        missing: NotFound | None = None,
        may_be_empty: bool = False,
        kinds: Mapping[int, errors.Kind] = errors.KINDS,
        private: Sequence[str] = (),
    ) -> Retorno:
        """``records`` is the field that holds JSON, ``body`` the JSON of a service that wants it bare.

        ``private`` are texts that nothing which is kept of the call may show.
        """
        token = self._context.access_token()
        secrets = (token, *private)
        if is_batch:
            self._context.take_slot("batch")
        # The read's slot last: it is the lane that the answer's headers speak of.
        self._context.take_slot("read")
        response = self._send(service, token, params or {}, records or {}, body, secrets)
        if response.status == 429:
            raise RateLimited(
                "tiny.rate_limited",
                {"seconds": f"{DEFAULT_WAIT_SECONDS:.0f}"},
                retry_after=DEFAULT_WAIT_SECONDS,
            )
        if 400 <= response.status < 500 and response.status != 408:
            rejected = "tiny.rejected" if records is None and body is None else "tiny.write_rejected"
            raise RejectedByErp(rejected, {"status": str(response.status)})
        if response.status != 200:
            raise TemporaryError("tiny.unstable", {"status": str(response.status)})
        retorno = _parse(response, service)
        if not is_refused(retorno):
            return retorno
        code, text = read_refusals(retorno)
        code = errors.code_of_text(text) if code is None else code
        if code in errors.EMPTY and may_be_empty:
            return _NOTHING
        if code in errors.MISSING and missing is not None:
            raise missing
        reason = _redact(text, secrets, TEXT_LENGTH)
        raise errors.make_error(code, module=module, reason=reason, kinds=kinds)

    def _send(
        self,
        service: str,
        token: str,
        params: Mapping[str, str],
        records: Mapping[str, str],
        body: Mapping[str, Any] | None,
        secrets: Sequence[str],
    ) -> HttpResponse:
        context = self._context
        # Records hold people: what is kept of the call does not have them.
        shown = {name: "***" if name in PERSONAL_FILTERS else value for name, value in params.items()}
        path, query = f"/{service}", urlencode(shown, safe="*")
        given = {**params, **records, "token": token, "formato": "json"}
        started = time.monotonic()
        try:
            response = context.http.request(
                "POST",
                context.endpoints.api_url.rstrip("/") + path,
                headers={"Accept": "application/json"},
                params=None if body is None else given,
                form=given if body is None else None,
                json_body=body,
                deadline=DEADLINE_SECONDS,
            )
        except ErpError as error:
            duration_ms = int((time.monotonic() - started) * 1000)
            context.log_call(CallRecord("POST", path, query, None, duration_ms, error=error.code))
            if body is not None:
                # What lies behind it names the address, and the token is in there.
                error.__cause__ = error.__context__ = None
            raise
        limit = response.headers.get("x-limit-api", "")
        context.observe({"Date": response.headers.get("Date", ""), "X-Ratelimit-Limit": limit})
        context.log_call(
            CallRecord(
                "POST",
                path,
                query,
                response.status,
                response.duration_ms,
                response_excerpt=_excerpt(response, secrets),
            )
        )
        return response


def _parse(response: HttpResponse, service: str) -> Retorno:
    try:
        return read_retorno(response.json())
    except (ValueError, ArithmeticError, RecursionError) as error:
        # Cut off, a page of HTML, XML, or numbers and nesting beyond all reason.
        raise TemporaryError("tiny.unreadable_answer", {"path": f"/{service}"}) from error


def _excerpt(response: HttpResponse, secrets: Sequence[str]) -> str:
    """What is kept of a refusal. A refusal has status 200 too, so its beginning tells."""
    start = response.body[:400]
    if response.status == 200 and b'"Erro"' not in start and start.lstrip()[:1] == b"{":
        return ""
    return _redact(response.body[: EXCERPT_LENGTH * 8].decode("utf-8", "replace"), secrets, EXCERPT_LENGTH)


def _redact(text: str, secrets: Sequence[str], limit: int) -> str:
    text = text.replace("\\/", "/")
    for secret in filter(None, secrets):
        # The beginning of an answer is JSON, in which a letter with an accent may be escaped.
        for written in (secret, json.dumps(secret)[1:-1]):
            text = re.sub(re.escape(written), MASK, text, flags=re.IGNORECASE)
    return redact(text, limit)


def _private_texts(data: Mapping[str, Any]) -> Sequence[str]:
    """Names and streets in a pedido or contato: a refusal may repeat them, and no pattern knows them."""
    people = [data, *map(read_object, (data.get("cliente"), data.get("endereco_entrega")))]
    names = ("nome", "fantasia", "nome_destinatario", "endereco")
    texts = {read_text(person.get(name)) for person in people for name in names}
    return sorted((text for text in texts if len(text) >= LEAST_PRIVATE_LENGTH), key=len, reverse=True)


def _situation(code: str) -> str:
    if code not in V2_SITUATION_CODES:
        raise UnsupportedFeature("tiny.situation_unknown", {"situation": code})
    return code


def no_contact(external_id: str) -> NotFound:
    return NotFound("tiny.customer_not_found", {"id": external_id})


def _no_product(external_id: str) -> NotFound:
    return NotFound("tiny.product_not_found", {"id": external_id})


def _day(day: dt.date) -> str:
    return f"{day:%d/%m/%Y}"
