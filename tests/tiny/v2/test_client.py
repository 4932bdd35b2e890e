"""Each service of API v2 over the wire: what is sent, what comes of each answer, and what is kept of it."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

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
from tests.tiny.v2.bodies import (
    BLOCKED,
    account,
    answer,
    order_detail,
    order_row,
    orders,
    record_refusal,
    refusal,
)
from tests.tiny.v2.context import API, TOKEN, TokenContext, told
from tiny.v2.client import DEADLINE_SECONDS, TinyV2Client

LIST = "pedidos.pesquisa.php"
Call = Callable[[TinyV2Client], Any]
CALLS: dict[str, Call] = {
    "info.php": lambda client: client.get_info(),
    LIST: lambda client: client.list_orders(OrderQuery(), page=1),
    "pedido.obter.php": lambda client: client.get_order("7"),
    "notas.fiscais.pesquisa.php": lambda client: client.list_invoices(InvoiceQuery(), page=1),
    "nota.fiscal.obter.php": lambda client: client.get_invoice("7"),
    "formas.envio.pesquisa.php": lambda client: client.list_shipping_methods(),
    "pedido.alterar.situacao": lambda client: client.change_situation("7", "enviado"),
    "cadastrar.codigo.rastreamento.pedido.php": lambda client: client.set_dispatch("7", {}),
    "pedido.alterar.php": lambda client: client.change_order("7", {"obs": "x"}),
    "pedido.incluir.php": lambda client: client.create_order({"cliente": {"nome": "Ana"}}),
    "contatos.pesquisa.php": lambda client: client.list_contacts(document="", code="E-7", page=1),
    "contato.obter.php": lambda client: client.get_contact("7"),
    "contato.incluir.php": lambda client: client.create_contact({"nome": "Ana", "situacao": "A"}),
    "contato.alterar.php": lambda client: client.change_contact("7", {"nome": "Ana", "situacao": "A"}),
    "vendedores.pesquisa.php": lambda client: client.list_sellers(page=1),
}
LISTS = {
    LIST,
    "notas.fiscais.pesquisa.php",
    "formas.envio.pesquisa.php",
    "contatos.pesquisa.php",
    "vendedores.pesquisa.php",
}
BATCHES = {"contato.incluir.php", "contato.alterar.php"}
BARE_BODY = {"pedido.alterar.php"}


@pytest.fixture
def context() -> TokenContext:
    return TokenContext()


@pytest.fixture
def client(context: TokenContext) -> TinyV2Client:
    return TinyV2Client(context)


def sent() -> dict[str, str]:
    """The form of the last call."""
    return dict(parse_qsl(str(responses.calls[-1].request.body), keep_blank_values=True))


def fail(client: TinyV2Client, call: Call) -> ErpError:
    with pytest.raises(ErpError) as caught:
        call(client)
    return caught.value


# -- what is sent --------------------------------------------------------------------------------------


@pytest.mark.parametrize("service", sorted(CALLS.keys() - BARE_BODY))
@responses.activate
def test_token_is_in_the_form_and_nowhere_else(
    client: TinyV2Client, context: TokenContext, service: str
) -> None:
    responses.post(f"{API}/{service}", json=answer())
    CALLS[service](client)
    request = responses.calls[0].request
    assert request.url == f"{API}/{service}"
    assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert (sent()["token"], sent()["formato"]) == (TOKEN, "json")
    assert TOKEN not in repr(request.headers) + told(context)


@pytest.mark.parametrize("service", CALLS)
@responses.activate
def test_every_call_takes_a_read_s_slot_last(
    client: TinyV2Client, context: TokenContext, service: str
) -> None:
    responses.post(f"{API}/{service}", json=answer())
    CALLS[service](client)
    assert context.slots == (["batch"] if service in BATCHES else []) + ["read"]
    assert (context.renewals, len(responses.calls)) == (0, 1)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (OrderQuery(), {"dataInicial": "01/01/2000"}),
        (OrderQuery(created_from=dt.date(2026, 8, 1)), {"dataInicial": "01/08/2026"}),
        (OrderQuery(updated_from=dt.date(2026, 8, 2)), {"dataAtualizacao": "02/08/2026 00:00:00"}),
        (OrderQuery(situation="aberto"), {"situacao": "aberto"}),
        (
            OrderQuery(dt.date(2026, 8, 1), dt.date(2026, 8, 2), "pronto_envio"),
            {
                "dataInicial": "01/08/2026",
                "dataAtualizacao": "02/08/2026 00:00:00",
                "situacao": "pronto_envio",
            },
        ),
        # Both are stored and shown with punctuation.
        (OrderQuery(document="52998224725"), {"cpf_cnpj": "529.982.247-25"}),
        (OrderQuery(document="12ABC34501DE35"), {"cpf_cnpj": "12.ABC.345/01DE-35"}),
        (OrderQuery(customer_name="Ana & Bia"), {"cliente": "Ana & Bia"}),
        # Where Tiny keeps 30 characters of a name, the whole one would find nothing.
        (
            OrderQuery(customer_name="Maria Aparecida dos Santos de Oliveira"),
            {"cliente": "Maria Aparecida dos Santos de"},
        ),
        (OrderQuery(ecommerce_number="TRK-1001"), {"numeroEcommerce": "TRK-1001"}),
        (
            OrderQuery(created_from=dt.date(2026, 8, 1), customer_name="Ana"),
            {"dataInicial": "01/08/2026", "cliente": "Ana"},
        ),
    ],
)
@responses.activate
def test_the_query_of_orders(client: TinyV2Client, query: OrderQuery, expected: dict[str, str]) -> None:
    responses.post(f"{API}/{LIST}", json=orders(order_row()))
    client.list_orders(query, page=3)
    assert sent() == {"sort": "ASC", "pagina": "3", "token": TOKEN, "formato": "json", **expected}


@responses.activate
def test_a_buyer_who_is_asked_for_is_not_kept_with_the_call(
    client: TinyV2Client, context: TokenContext
) -> None:
    responses.post(f"{API}/{LIST}", json=orders(order_row()))
    client.list_orders(OrderQuery(document="52998224725", customer_name="Maria Exemplo"), page=1)
    responses.post(f"{API}/contatos.pesquisa.php", json=answer(contatos=[]))
    client.list_contacts(document="529.982.247-25", code="", page=1)
    assert [call.query for call in context.calls] == [
        "sort=ASC&pagina=1&cpf_cnpj=***&cliente=***",
        "pesquisa=&pagina=1&cpf_cnpj=***",
    ]


@pytest.mark.parametrize("situation", ["dados_incompletos", "em_devolucao", "orcamento", "Aprovado"])
def test_a_situation_that_api_v2_does_not_have_is_not_asked_for(
    client: TinyV2Client, context: TokenContext, situation: str
) -> None:
    error = fail(client, lambda client: client.list_orders(OrderQuery(situation=situation), page=1))
    assert (type(error), error.code) == (UnsupportedFeature, "tiny.situation_unknown")
    assert error.params == {"situation": situation}
    assert (context.slots, context.calls) == ([], [])


@responses.activate
def test_the_query_of_invoices(client: TinyV2Client) -> None:
    responses.post(f"{API}/notas.fiscais.pesquisa.php", json=answer(notas_fiscais=[]))
    for query, since in (
        (InvoiceQuery(), "01/01/2000"),
        (InvoiceQuery(issued_from=dt.date(2026, 8, 1)), "01/08/2026"),
    ):
        client.list_invoices(query, page=2)
        form = {"tipoNota": "S", "dataInicial": since, "pagina": "2"}
        assert sent() == {**form, "token": TOKEN, "formato": "json"}


def test_invoices_are_not_looked_for_by_order(client: TinyV2Client, context: TokenContext) -> None:
    error = fail(client, lambda client: client.list_invoices(InvoiceQuery(order_external_id="7"), page=1))
    assert (type(error), error.code) == (UnsupportedFeature, "tiny.invoices_by_order")
    assert context.slots == []


@responses.activate
def test_service_without_php(client: TinyV2Client) -> None:
    responses.post(f"{API}/pedido.alterar.situacao", json=answer())
    client.change_situation("912345678", "entregue")
    assert sent() == {"id": "912345678", "situacao": "entregue", "token": TOKEN, "formato": "json"}


@responses.activate
def test_service_with_a_bare_body(client: TinyV2Client, context: TokenContext) -> None:
    responses.post(f"{API}/pedido.alterar.php", json=answer())
    client.change_order("912345678", {"obs": "Olá & até", "parcelas": [{"valor": 161.5}]})
    request = responses.calls[0].request
    assert request.params == {"id": "912345678", "token": TOKEN, "formato": "json"}
    assert json.loads(request.body or b"") == {
        "dados_pedido": {"obs": "Olá & até", "parcelas": [{"valor": 161.5}]}
    }
    assert request.headers["Content-Type"] == "application/json"
    assert [(call.path, call.query) for call in context.calls] == [("/pedido.alterar.php", "id=912345678")]
    assert TOKEN not in told(context)


@responses.activate
def test_batch_of_one(client: TinyV2Client, context: TokenContext) -> None:
    made = answer(registros=[{"registro": {"sequencia": "1", "status": "OK", "id": "46829055"}}])
    responses.post(f"{API}/contato.incluir.php", json=made)
    data = {"nome": "Maria & Filhos", "cpf_cnpj": "529.982.247-25", "situacao": "A"}
    assert client.create_contact(data) == made["retorno"]
    assert json.loads(sent()["contato"]) == {"contatos": [{"contato": {"sequencia": "1", **data}}]}
    (call,) = context.calls
    assert (call.path, call.query, call.response_excerpt) == ("/contato.incluir.php", "", "")


# -- what comes of an answer ---------------------------------------------------------------------------


@responses.activate
def test_fractions_come_as_decimals(client: TinyV2Client) -> None:
    body = json.dumps(answer(pedido=order_detail(total_pedido=27.235000000000003)))
    responses.post(f"{API}/pedido.obter.php", body=body)
    assert client.get_order("7")["pedido"]["total_pedido"] == Decimal("27.235000000000003")


@pytest.mark.parametrize("service", CALLS)
@pytest.mark.parametrize("code", [20, "20", 23, "23"])
@responses.activate
def test_nothing_found_is_an_empty_list_and_no_record(client: TinyV2Client, service: str, code: Any) -> None:
    responses.post(f"{API}/{service}", json=refusal(code, "A consulta não retornou registros"))
    if service in LISTS:
        assert CALLS[service](client) == {}
        return
    error = fail(client, CALLS[service])
    if service == "pedido.incluir.php":
        # What an order names is not there: there is no order that could be missing.
        assert (type(error), error.code) == (RejectedByErp, "tiny.order_names_missing")
        return
    assert type(error) is NotFound
    if service in ("info.php", "contato.incluir.php"):
        assert error.code in ("tiny.v2_no_records", "tiny.v2_page_missing")
    else:
        assert error.code in ("tiny.order_not_found", "tiny.invoice_not_found", "tiny.customer_not_found")
        assert error.params == {"id": "7"}


@pytest.mark.parametrize(
    ("service", "code"),
    [
        ("pedido.obter.php", "tiny.order_not_found"),
        ("pedido.alterar.situacao", "tiny.order_not_found"),
        ("pedido.alterar.php", "tiny.order_not_found"),
        ("nota.fiscal.obter.php", "tiny.invoice_not_found"),
        ("contato.obter.php", "tiny.customer_not_found"),
        ("contato.alterar.php", "tiny.customer_not_found"),
    ],
)
@pytest.mark.parametrize("body", [refusal(32, "Não localizado"), record_refusal("32", "Não localizado")])
@responses.activate
def test_a_deleted_record(client: TinyV2Client, service: str, code: str, body: Any) -> None:
    responses.post(f"{API}/{service}", json=body)
    error = fail(client, CALLS[service])
    assert (type(error), error.code, error.params) == (NotFound, code, {"id": "7"})


@responses.activate
def test_a_nota_that_is_not_authorised_is_not_called_deleted(client: TinyV2Client) -> None:
    responses.post(f"{API}/nota.fiscal.obter.php", json=refusal(34, "Nota Fiscal não autorizada"))
    assert fail(client, CALLS["nota.fiscal.obter.php"]).code == "tiny.v2_invoice_not_authorized"


@responses.activate
def test_ok_with_an_error_s_code_is_ok(client: TinyV2Client) -> None:
    responses.post(f"{API}/info.php", json={"retorno": {**account()["retorno"], "codigo_erro": 32}})
    assert client.get_info()["conta"]["fantasia"] == "Loja Exemplo"


@pytest.mark.parametrize("status", ["Erro", "Parcial", "OK"])
@responses.activate
def test_refused_record_of_a_batch(client: TinyV2Client, status: str) -> None:
    responses.post(f"{API}/contato.incluir.php", json=record_refusal("31", "Falta o nome", status))
    error = fail(client, CALLS["contato.incluir.php"])
    assert (type(error), error.code) == (RejectedByErp, "tiny.v2_invalid")
    assert error.params == {"code": "31", "module": "Contatos", "reason": "Falta o nome"}


@pytest.mark.parametrize(
    ("body", "kind", "code"),
    [
        (refusal(None, BLOCKED), RateLimited, "tiny.v2_too_many_per_minute"),
        (refusal("6", BLOCKED), RateLimited, "tiny.v2_too_many_per_minute"),
        (refusal(11, BLOCKED), RateLimited, "tiny.v2_too_many_at_once"),
        (refusal(None, "token invalido"), AuthenticationFailed, "tiny.v2_token_invalid"),
        (refusal(2, "token invalido"), AuthenticationFailed, "tiny.v2_token_invalid"),
        (refusal("5", "API bloqueada ou sem acesso"), PermissionMissing, "tiny.v2_no_access"),
        (refusal(35, "Ocorreu um erro inesperado"), TemporaryError, "tiny.v2_unexpected"),
        (refusal(), RejectedByErp, "tiny.v2_unknown_error"),
        (answer(status="Talvez"), RejectedByErp, "tiny.v2_unknown_error"),
    ],
)
@pytest.mark.parametrize("service", CALLS)
@responses.activate
def test_refusals_with_status_200(
    client: TinyV2Client, service: str, body: Any, kind: type[ErpError], code: str
) -> None:
    responses.post(f"{API}/{service}", json=body)
    error = fail(client, CALLS[service])
    assert (type(error), error.code) == (kind, code)


@responses.activate
def test_refusal_names_its_module_and_field(client: TinyV2Client) -> None:
    errors = [{"erro": "A soma não confere.", "campo": "parcelas"}]
    responses.post(
        f"{API}/pedido.alterar.php",
        json={"retorno": {"status": "Erro", "codigo_erro": 10, "erros": errors}},
    )
    error = fail(client, CALLS["pedido.alterar.php"])
    assert error.params == {"code": "10", "module": "Pedidos", "reason": "parcelas: A soma não confere."}


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"<!DOCTYPE html><html><body>403 Forbidden</body></html>", id="html"),
        pytest.param(b'<?xml version="1.0"?><retorno><status>OK</status></retorno>', id="xml"),
        pytest.param(b'{"retorno": {"status": "OK", "pedidos": [', id="truncated"),
        pytest.param(b"", id="empty"),
        pytest.param(b"null", id="null"),
        pytest.param(b"[]", id="list"),
        pytest.param(b'{"mensagem": "Erro interno"}', id="another shape"),
        pytest.param(b'{"retorno": null}', id="no retorno"),
        pytest.param(b'{"retorno": {}}', id="no status"),
        pytest.param(b'{"retorno": "\xff\xfe"}', id="not utf-8"),
        pytest.param(b"[" * 100_000, id="nested beyond reason"),
        pytest.param(b'{"valor": 1e9999999999999999999999}', id="number beyond reason"),
        pytest.param(b'{"valor": ' + b"9" * 5000 + b"}", id="digits beyond reason"),
    ],
)
@pytest.mark.parametrize("service", CALLS)
@responses.activate
def test_200_that_is_no_answer_is_temporary(client: TinyV2Client, service: str, body: bytes) -> None:
    responses.post(f"{API}/{service}", body=body, content_type="application/json")
    error = fail(client, CALLS[service])
    assert (type(error), error.code) == (TemporaryError, "tiny.unreadable_answer")
    assert error.params == {"path": f"/{service}"}


@pytest.mark.parametrize(
    ("status", "kind", "code"),
    [
        (301, TemporaryError, "tiny.unstable"),
        (302, TemporaryError, "tiny.unstable"),
        (408, TemporaryError, "tiny.unstable"),
        (500, TemporaryError, "tiny.unstable"),
        (502, TemporaryError, "tiny.unstable"),
        (503, TemporaryError, "tiny.unstable"),
        (429, RateLimited, "tiny.rate_limited"),
        (400, RejectedByErp, "tiny.rejected"),
        (404, RejectedByErp, "tiny.rejected"),
    ],
)
@responses.activate
def test_other_statuses(client: TinyV2Client, status: int, kind: type[ErpError], code: str) -> None:
    elsewhere = {"Location": "https://elsewhere.example/"} if status < 400 else {}
    responses.post(f"{API}/{LIST}", status=status, body="<html>", headers=elsewhere)
    error = fail(client, CALLS[LIST])
    assert (type(error), error.code) == (kind, code)
    assert len(responses.calls) == 1


def test_a_call_may_not_take_long(client: TinyV2Client, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def request(*args: Any, **options: Any) -> None:
        asked.append(options["deadline"])
        raise TemporaryError("http.timeout")

    monkeypatch.setattr("contracts.http.HttpClient.request", request)
    for call in CALLS.values():
        fail(client, call)
    assert asked == [DEADLINE_SECONDS] * len(CALLS)


# -- what is kept --------------------------------------------------------------------------------------


@pytest.mark.parametrize("limit", ["60", "0", ""])
@responses.activate
def test_limit_is_told_by_the_name_that_budgets_know(
    client: TinyV2Client, context: TokenContext, limit: str
) -> None:
    date = "Sun, 22 Nov 2026 12:00:00 GMT"
    headers = {"Date": date, **({"X-Limit-API": limit} if limit else {})}
    responses.post(f"{API}/info.php", json=account(), headers=headers)
    client.get_info()
    assert context.observed == [{"date": date, "x-ratelimit-limit": limit}]


@responses.activate
def test_refusal_tells_the_limit_too(client: TinyV2Client, context: TokenContext) -> None:
    responses.post(f"{API}/info.php", json=refusal("6", BLOCKED), headers={"x-limit-api": "20"})
    fail(client, CALLS["info.php"])
    assert context.observed[0]["x-ratelimit-limit"] == "20"


@responses.activate
def test_record_of_a_good_call_has_no_body(client: TinyV2Client, context: TokenContext) -> None:
    responses.post(f"{API}/{LIST}", json=orders(order_row(nome="Erro de Exemplo")))
    client.list_orders(OrderQuery(created_from=dt.date(2026, 8, 1)), page=1)
    (call,) = context.calls
    assert (call.method, call.path, call.status, call.error) == ("POST", f"/{LIST}", 200, "")
    assert call.query == "sort=ASC&pagina=1&dataInicial=01%2F08%2F2026"
    assert call.response_excerpt == ""


@pytest.mark.parametrize("service", CALLS)
@responses.activate
def test_refusal_s_record_and_error_are_without_secrets_and_people(
    client: TinyV2Client, context: TokenContext, service: str
) -> None:
    text = f"token {TOKEN} de maria@exemplo.com.br, CPF 529.982.247-25, já existe"
    responses.post(f"{API}/{service}", json=refusal(31, text))
    error = fail(client, CALLS[service])
    assert error.params["reason"] == "token ••• de •••, CPF •••, já existe"
    (call,) = context.calls
    assert call.response_excerpt.startswith('{"retorno"')
    for secret in (TOKEN, "maria", "529.982"):
        assert secret not in told(context, error)


@responses.activate
def test_page_of_html_is_kept_for_whoever_must_see_it(client: TinyV2Client, context: TokenContext) -> None:
    responses.post(f"{API}/info.php", body=f"<html>{TOKEN} 403 Forbidden {'x' * 5000}")
    fail(client, CALLS["info.php"])
    (call,) = context.calls
    assert call.response_excerpt.startswith("<html>••• 403 Forbidden")
    assert len(call.response_excerpt) == 2048


@responses.activate
def test_a_long_reason_is_cut(client: TinyV2Client) -> None:
    responses.post(f"{API}/info.php", json=refusal(31, "é" * 5000))
    assert fail(client, CALLS["info.php"]).params["reason"] == "é" * 299 + "…"


@pytest.mark.parametrize("service", CALLS)
@pytest.mark.parametrize(
    ("trouble", "code"),
    [
        (requests.ReadTimeout, "http.timeout"),
        (requests.ConnectTimeout, "http.unreachable"),
        (requests.ConnectionError, "http.interrupted"),
    ],
)
@responses.activate
def test_a_call_without_an_answer_is_recorded_and_says_no_token(
    client: TinyV2Client, context: TokenContext, service: str, trouble: type[Exception], code: str
) -> None:
    def break_off(request: requests.PreparedRequest) -> Any:
        # As urllib3 words it: with the whole address.
        raise trouble(f"Max retries exceeded with url: {request.url}")

    responses.add_callback("POST", f"{API}/{service}", callback=break_off)
    error = fail(client, CALLS[service])
    assert (type(error), error.code) == (TemporaryError, code)
    (call,) = context.calls
    assert (call.path, call.status, call.error) == (f"/{service}", None, code)
    assert context.observed == []
    assert TOKEN not in told(context, error)
    assert error.__context__ is None or service not in BARE_BODY
