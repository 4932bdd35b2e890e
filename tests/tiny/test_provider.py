"""The provider as the domain uses it: records in, records out, over the wire."""

from __future__ import annotations

from typing import Any

import pytest
import responses
from responses import matchers

from contracts.provider import Capability, Provider
from contracts.records import ErpAccount, InvoiceQuery, InvoiceState, OrderQuery
from tests.tiny.context import ENDPOINTS, RecordingContext
from tests.tiny.shapes import account, envelope, invoice_row, order_detail, order_row
from tiny.oauth import TinyOAuth
from tiny.provider import TinyProvider

API = ENDPOINTS.api_url
PROVIDER: Provider = TinyProvider()


@pytest.fixture
def context() -> RecordingContext:
    return RecordingContext()


def test_what_it_declares() -> None:
    assert (PROVIDER.key, PROVIDER.name, PROVIDER.vendor) == ("tiny", "Tiny ERP", "Olist")
    oauth2, token = PROVIDER.protocols
    assert [(protocol.key, protocol.is_oauth) for protocol in PROVIDER.protocols] == [
        ("v3", True),
        ("v2", False),
    ]
    assert [(field.name, field.is_secret, field.is_required) for field in oauth2.credential_fields] == [
        ("client_id", False, True),
        ("client_secret", True, True),
        ("invite_url", False, False),
    ]
    assert [(field.name, field.is_secret, field.is_required) for field in token.credential_fields] == [
        ("integrator_id", False, True),
        ("token", True, True),
    ]
    assert (oauth2.missing_situations, token.missing_situations) == (
        frozenset(),
        {"dados_incompletos", "em_devolucao"},
    )
    only_token = {
        Capability.PRODUCT_STATE_WRITABLE,
        Capability.KEEPS_ECOMMERCE_NUMBER,
        Capability.ORDERS_MAKE_CUSTOMERS,
    }
    assert (set(oauth2.capabilities), set(token.capabilities)) == (set(Capability) - only_token, only_token)
    assert tuple(PROVIDER.invite_hosts) == ("tiny.com.br", "olist.com")
    assert isinstance(PROVIDER.oauth(ENDPOINTS), TinyOAuth)


def test_it_explains_its_codes_and_no_others() -> None:
    explanation = PROVIDER.explain("tiny.permission_missing", {"module": "Pedidos"})
    assert explanation is not None
    assert explanation.title == "Sua conta do Tiny não libera Pedidos"
    assert (explanation.owner, explanation.action) == ("you", "connect")
    assert PROVIDER.explain("us.bug", {}) is None


@responses.activate
def test_the_account(context: RecordingContext) -> None:
    responses.get(f"{API}/info", json=account())
    assert PROVIDER.get_account(context) == ErpAccount("12345678000195", "EMPRESA EXEMPLO LTDA")


@responses.activate
def test_a_page_of_orders(context: RecordingContext) -> None:
    payload = envelope(order_row(), order_row(id=600000002), offset=100, total=102)
    responses.get(
        f"{API}/pedidos",
        json=payload,
        match=[matchers.query_param_matcher({"offset": "100"}, strict_match=False)],
    )
    page = PROVIDER.list_orders(context, OrderQuery(), offset=100)
    assert [order.external_id for order in page.items] == ["600000001", "600000002"]
    assert (page.offset, page.limit, page.total) == (100, 100, 102)


@responses.activate
def test_an_order(context: RecordingContext) -> None:
    responses.get(f"{API}/pedidos/600000001", json=order_detail())
    detail = PROVIDER.get_order(context, "600000001")
    assert (detail.order.external_id, len(detail.items)) == ("600000001", 1)


@responses.activate
def test_a_page_of_invoices(context: RecordingContext) -> None:
    responses.get(f"{API}/notas", json=envelope(invoice_row(), invoice_row(id=2, tipo="E")))
    page = PROVIDER.list_invoices(context, InvoiceQuery(), offset=0)
    assert [(invoice.external_id, invoice.state) for invoice in page.items] == [
        ("650000001", InvoiceState.AUTHORIZED)
    ]
    assert page.row_ids == ("650000001", "2")


@responses.activate
def test_an_invoice(context: RecordingContext) -> None:
    responses.get(f"{API}/notas/650000001", json=invoice_row(itens=[], finalidade="1"))
    assert PROVIDER.get_invoice(context, "650000001").order_external_id == "600000001"


def shipping_methods(first: int, last: int) -> list[dict[str, Any]]:
    return [{"id": number, "nome": f"Forma {number}", "tipo": "1"} for number in range(first, last)]


@responses.activate
def test_all_pages_of_shipping_methods(context: RecordingContext) -> None:
    for offset, last in ((0, 101), (100, 131)):
        responses.get(
            f"{API}/formas-envio",
            json=envelope(*shipping_methods(offset + 1, last), offset=offset, total=130),
            match=[matchers.query_param_matcher({"limit": "100", "offset": str(offset)})],
        )
    methods = PROVIDER.list_shipping_methods(context)
    assert [method.external_id for method in methods] == [str(number) for number in range(1, 131)]
    assert len(responses.calls) == 2


@responses.activate
def test_an_offset_that_is_ignored_does_not_go_on_for_ever(context: RecordingContext) -> None:
    responses.get(f"{API}/formas-envio", json=envelope(*shipping_methods(1, 101), total=500))
    assert len(PROVIDER.list_shipping_methods(context)) == 100
    assert len(responses.calls) == 2
