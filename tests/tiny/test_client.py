"""Every status and shape that Tiny's API v3 answers with, over the wire."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import Any

import pytest
import requests
import responses

from contracts.errors import (
    AuthenticationFailed,
    ErpError,
    NotFound,
    PermissionMissing,
    RateLimited,
    RejectedByErp,
    TemporaryError,
    UnsupportedFeature,
)
from contracts.records import InvoiceQuery, OrderQuery
from tests.tiny.context import ENDPOINTS, RecordingContext
from tests.tiny.shapes import account, envelope, order_detail, order_row
from tiny.v3.client import TinyV3Client

API = ENDPOINTS.api_url


@pytest.fixture
def context() -> RecordingContext:
    return RecordingContext()


@pytest.fixture
def client(context: RecordingContext) -> TinyV3Client:
    return TinyV3Client(context)


def failure(client: TinyV3Client, method: str, *args: Any, **kwargs: Any) -> ErpError:
    with pytest.raises(ErpError) as caught:
        getattr(client, method)(*args, **kwargs)
    return caught.value


def list_failure(client: TinyV3Client) -> ErpError:
    return failure(client, "list_orders", OrderQuery(), offset=0)


@responses.activate
def test_a_call_takes_a_slot_and_bears_the_token(client: TinyV3Client, context: RecordingContext) -> None:
    responses.get(f"{API}/info", json=account(), headers={"X-Ratelimit-Remaining": "29"})
    assert client.get_info() == account()
    assert context.slots == ["read"]
    assert context.renewals == 0
    assert context.observed[0]["x-ratelimit-remaining"] == "29"
    sent = responses.calls[0].request
    assert sent.headers["Authorization"] == "Bearer token-0"
    assert sent.headers["Accept"] == "application/json"


@responses.activate
def test_fractions_come_as_decimals(client: TinyV3Client) -> None:
    body = json.dumps(order_detail(valorTotalPedido=27.235000000000003))
    responses.get(f"{API}/pedidos/600000001", body=body)
    assert client.get_order("600000001")["valorTotalPedido"] == Decimal("27.235000000000003")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (OrderQuery(), {}),
        (OrderQuery(created_from=dt.date(2026, 8, 1)), {"dataInicial": "2026-08-01"}),
        (OrderQuery(updated_from=dt.date(2026, 8, 2)), {"dataAtualizacao": "2026-08-02"}),
        (OrderQuery(situation="aberto"), {"situacao": "0"}),
        (OrderQuery(situation="em_devolucao"), {"situacao": "10"}),
    ],
)
@responses.activate
def test_the_query_of_orders(client: TinyV3Client, query: OrderQuery, expected: dict[str, str]) -> None:
    responses.get(f"{API}/pedidos", json=envelope(order_row()))
    client.list_orders(query, offset=200)
    assert responses.calls[0].request.params == {
        "limit": "100",
        "offset": "200",
        "orderBy": "asc",
        **expected,
    }


def test_a_situation_that_tiny_does_not_have_is_not_asked_for(client: TinyV3Client) -> None:
    error = failure(client, "list_orders", OrderQuery(situation="orcamento"), offset=0)
    assert (type(error), error.code) == (UnsupportedFeature, "tiny.situation_unknown")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (InvoiceQuery(), {}),
        (InvoiceQuery(issued_from=dt.date(2026, 8, 1)), {"dataInicial": "2026-08-01"}),
        (InvoiceQuery(order_external_id="600000001"), {"idVenda": "600000001"}),
    ],
)
@responses.activate
def test_the_query_of_invoices(client: TinyV3Client, query: InvoiceQuery, expected: dict[str, str]) -> None:
    responses.get(f"{API}/notas", json=envelope())
    client.list_invoices(query, offset=0)
    assert responses.calls[0].request.params == {
        "tipo": "S",
        "limit": "100",
        "offset": "0",
        "orderBy": "asc",
        **expected,
    }


@responses.activate
def test_the_query_of_shipping_methods(client: TinyV3Client) -> None:
    responses.get(f"{API}/formas-envio", json=envelope())
    assert client.list_shipping_methods(offset=0) == envelope()
    assert responses.calls[0].request.params == {"limit": "100", "offset": "0"}


@responses.activate
def test_an_id_cannot_lead_to_another_path(client: TinyV3Client) -> None:
    responses.get(f"{API}/pedidos/..%2Finfo", json={})
    client.get_order("../info")
    assert responses.calls[0].request.url == f"{API}/pedidos/..%2Finfo"


@responses.activate
def test_204_on_a_list_is_an_empty_list(client: TinyV3Client) -> None:
    responses.get(f"{API}/notas", status=204)
    assert client.list_invoices(InvoiceQuery(), offset=0) == {"itens": []}


@responses.activate
def test_204_on_a_single_record_is_temporary(client: TinyV3Client) -> None:
    responses.get(f"{API}/pedidos/1", status=204)
    error = failure(client, "get_order", "1")
    assert (type(error), error.code) == (TemporaryError, "tiny.unstable")


@responses.activate
def test_401_is_renewed_once_and_tried_again(client: TinyV3Client, context: RecordingContext) -> None:
    responses.get(f"{API}/pedidos", status=401)
    responses.get(f"{API}/pedidos", json=envelope(order_row()))
    assert client.list_orders(OrderQuery(), offset=0) == envelope(order_row())
    assert context.renewals == 1
    assert context.slots == ["read", "read"]
    assert [call.request.headers["Authorization"] for call in responses.calls] == [
        "Bearer token-0",
        "Bearer token-1",
    ]
    assert [call.status for call in context.calls] == [401, 200]


@responses.activate
def test_401_twice_on_info_is_a_dead_access(client: TinyV3Client, context: RecordingContext) -> None:
    responses.get(f"{API}/info", status=401)
    error = failure(client, "get_info")
    assert (type(error), error.code) == (AuthenticationFailed, "tiny.access_refused")
    assert (context.renewals, len(responses.calls)) == (1, 2)


@pytest.mark.parametrize(
    ("path", "method", "args", "kwargs", "module"),
    [
        ("/pedidos", "list_orders", (OrderQuery(),), {"offset": 0}, "Pedidos"),
        ("/pedidos/7", "get_order", ("7",), {}, "Pedidos"),
        ("/notas", "list_invoices", (InvoiceQuery(),), {"offset": 0}, "Notas Fiscais"),
        ("/notas/7", "get_invoice", ("7",), {}, "Notas Fiscais"),
        ("/formas-envio", "list_shipping_methods", (), {"offset": 0}, "Formas de Envio"),
    ],
)
@responses.activate
def test_401_twice_elsewhere_may_be_a_missing_permission(
    client: TinyV3Client, path: str, method: str, args: Any, kwargs: Any, module: str
) -> None:
    responses.get(f"{API}{path}", status=401)
    error = failure(client, method, *args, **kwargs)
    assert (type(error), error.code) == (PermissionMissing, "tiny.permission_missing")
    assert error.params == {"module": module}
    assert len(responses.calls) == 2


@pytest.mark.parametrize(("path", "method"), [("/info", "get_info"), ("/pedidos/7", "get_order")])
@responses.activate
def test_403_is_a_missing_permission_at_once(
    client: TinyV3Client, context: RecordingContext, path: str, method: str
) -> None:
    responses.get(f"{API}{path}", status=403)
    error = failure(client, method, *([] if method == "get_info" else ["7"]))
    assert (type(error), error.code) == (PermissionMissing, "tiny.permission_missing")
    assert error.params == {"module": "Informações da Conta" if path == "/info" else "Pedidos"}
    assert (context.renewals, len(responses.calls)) == (0, 1)


@responses.activate
def test_a_renewal_that_fails_ends_the_call(client: TinyV3Client, context: RecordingContext) -> None:
    context.renewal_error = AuthenticationFailed("tiny.refresh_refused")
    responses.get(f"{API}/pedidos", status=401)
    assert list_failure(client) is context.renewal_error
    assert len(responses.calls) == 1


@pytest.mark.parametrize(
    ("path", "method", "code", "params"),
    [
        ("/pedidos/7", "get_order", "tiny.order_not_found", {"id": "7"}),
        ("/notas/7", "get_invoice", "tiny.invoice_not_found", {"id": "7"}),
    ],
)
@responses.activate
def test_404_of_a_record(
    client: TinyV3Client, path: str, method: str, code: str, params: dict[str, str]
) -> None:
    responses.get(f"{API}{path}", status=404)
    error = failure(client, method, "7")
    assert (type(error), error.code, error.params) == (NotFound, code, params)


@responses.activate
def test_404_of_a_list(client: TinyV3Client) -> None:
    responses.get(f"{API}/pedidos", status=404)
    error = list_failure(client)
    assert (type(error), error.code, error.params) == (NotFound, "tiny.not_found", {"path": "/pedidos"})


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"X-Ratelimit-Reset": "16", "X-Ratelimit-Remaining": "0"}, 16.0),
        ({"x-ratelimit-reset": "16"}, 16.0),
        ({"X-Ratelimit-Reset": "0"}, 1.0),
        ({}, 60.0),
        ({"X-Ratelimit-Reset": ""}, 60.0),
        ({"X-Ratelimit-Reset": "soon"}, 60.0),
        ({"X-Ratelimit-Reset": "-5"}, 60.0),
        ({"X-Ratelimit-Reset": "nan"}, 60.0),
        ({"X-Ratelimit-Reset": "1793361600"}, 60.0),
    ],
)
@responses.activate
def test_429_tells_how_long_to_wait(
    client: TinyV3Client, context: RecordingContext, headers: dict[str, str], wait: float
) -> None:
    responses.get(f"{API}/pedidos", status=429, headers=headers)
    error = list_failure(client)
    assert isinstance(error, RateLimited)
    assert (error.code, error.retry_after) == ("tiny.rate_limited", wait)
    assert error.params == {"seconds": f"{wait:.0f}"}
    assert len(context.observed) == 1


@pytest.mark.parametrize("status", [500, 502, 503, 504, 301, 302, 307, 408])
@responses.activate
def test_trouble_at_tiny_is_temporary(client: TinyV3Client, status: int) -> None:
    responses.get(
        f"{API}/pedidos",
        status=status,
        body="<html>",
        headers={"Location": "https://elsewhere.example/"} if status < 400 else {},
    )
    error = list_failure(client)
    assert (type(error), error.code) == (TemporaryError, "tiny.unstable")
    assert error.params == {"status": str(status)}
    assert len(responses.calls) == 1


@pytest.mark.parametrize(
    ("body", "params"),
    [
        (
            {
                "mensagem": "Ocorreram erros de validação",
                "detalhes": [{"campo": "codigo", "mensagem": "O campo código é obrigatório"}],
            },
            {"reason": "Ocorreram erros de validação (codigo: O campo código é obrigatório)"},
        ),
        ({"mensagem": "Estoque já lançado.", "detalhes": None}, {"reason": "Estoque já lançado."}),
        ({"mensagem": "CPF 529.982.247-25 de maria@exemplo.com.br"}, {"reason": "CPF ••• de •••"}),
        ({"detalhes": ["x", None, {}, {"campo": 1}]}, {"reason": "(1)"}),
        ({}, {}),
        (["mensagem"], {}),
        ("", {}),
    ],
)
@responses.activate
def test_400_keeps_tiny_s_reason(client: TinyV3Client, body: Any, params: dict[str, str]) -> None:
    responses.get(f"{API}/pedidos", status=400, body=json.dumps(body) if body != "" else "")
    error = list_failure(client)
    assert (type(error), error.code) == (RejectedByErp, "tiny.rejected")
    assert error.params == {"status": "400", **params}


@responses.activate
def test_a_long_reason_is_cut(client: TinyV3Client) -> None:
    responses.get(f"{API}/pedidos", status=409, json={"mensagem": "é" * 5000})
    assert list_failure(client).params == {"status": "409", "reason": "é" * 299 + "…"}


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"<!DOCTYPE html><html><body>Manuten\xc3\xa7\xc3\xa3o</body></html>", id="html"),
        pytest.param(b'{"itens": [{"id": 1}, {"id"', id="truncated"),
        pytest.param(b"", id="empty"),
        pytest.param(b'{"itens": "\xff\xfe"}', id="not utf-8"),
        pytest.param(b"[" * 100_000, id="nested beyond reason"),
        pytest.param(b'{"valor": 1e9999999999999999999999}', id="number beyond reason"),
        pytest.param(b'{"valor": ' + b"9" * 5000 + b"}", id="digits beyond reason"),
    ],
)
@responses.activate
def test_200_that_is_not_json_is_temporary(client: TinyV3Client, body: bytes) -> None:
    responses.get(f"{API}/pedidos", body=body, content_type="application/json")
    error = list_failure(client)
    assert (type(error), error.code) == (TemporaryError, "tiny.unreadable_answer")
    assert error.params == {"path": "/pedidos"}


@pytest.mark.parametrize(
    ("trouble", "code"),
    [
        (requests.ReadTimeout("late"), "http.timeout"),
        (requests.ConnectTimeout("late"), "http.unreachable"),
        (requests.ConnectionError("broken"), "http.interrupted"),
        (requests.exceptions.ContentDecodingError("junk"), "http.interrupted"),
    ],
)
@responses.activate
def test_a_call_without_an_answer_is_recorded_too(
    client: TinyV3Client, context: RecordingContext, trouble: Exception, code: str
) -> None:
    responses.get(f"{API}/pedidos", body=trouble)
    error = list_failure(client)
    assert (type(error), error.code) == (TemporaryError, code)
    call = context.calls[0]
    assert (call.method, call.path, call.status, call.error) == ("GET", "/pedidos", None, code)
    assert context.observed == []


@responses.activate
def test_the_record_of_a_good_call_has_no_body(client: TinyV3Client, context: RecordingContext) -> None:
    responses.get(f"{API}/pedidos", json=envelope(order_row()))
    client.list_orders(OrderQuery(created_from=dt.date(2026, 8, 1)), offset=0)
    call = context.calls[0]
    assert (call.method, call.path, call.status, call.error) == ("GET", "/pedidos", 200, "")
    assert call.query == "orderBy=asc&dataInicial=2026-08-01&limit=100&offset=0"
    assert call.response_excerpt == ""
    assert "token-0" not in repr(call)


@responses.activate
def test_the_record_of_a_failure_has_a_redacted_excerpt(
    client: TinyV3Client, context: RecordingContext
) -> None:
    body = {
        "mensagem": "Cliente 12.345.678/0001-95 já existe",
        "email": "maria@exemplo.com.br",
        "fone": "(41) 99999-0000",
        "token": "Bearer eyJhbGciOi.eyJzdWIi.c2ln",
        "lixo": "x" * 5000,
    }
    # PHP escapes slashes.
    responses.get(f"{API}/pedidos", status=400, body=json.dumps(body).replace("/", "\\/"))
    list_failure(client)
    excerpt = context.calls[0].response_excerpt
    assert len(excerpt) == 2048
    for secret in ("345.678", "0001-95", "maria", "99999", "eyJ"):
        assert secret not in excerpt
