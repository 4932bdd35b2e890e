"""The client of API v2 against a Tiny that misbehaves over real HTTP: what it says, and that it goes on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from contracts.errors import (
    AuthenticationFailed,
    ErpError,
    MappingError,
    NotFound,
    PermissionMissing,
    RateLimited,
    RejectedByErp,
    TemporaryError,
)
from integrations.reading import Reading, advance
from tests.tiny.sellers import DEADLINE, MAX_BYTES, TokenSeller
from tests.tiny.v2.test_errors import TABLE

LIST, DETAIL = "POST /api2/pedidos.pesquisa.php", "POST /api2/pedido.obter.php"
Call = Callable[[TokenSeller], Any]
CALLS: dict[str, Call] = {
    "POST /api2/info.php": lambda seller: seller.provider.get_account(seller),
    LIST: lambda seller: seller.list_orders(),
    DETAIL: lambda seller: seller.get_order(1),
    "POST /api2/notas.fiscais.pesquisa.php": lambda seller: seller.list_invoices(),
    "POST /api2/nota.fiscal.obter.php": lambda seller: seller.get_invoice(1),
    "POST /api2/formas.envio.pesquisa.php": lambda seller: seller.provider.list_shipping_methods(seller),
}
LISTS = {LIST, "POST /api2/notas.fiscais.pesquisa.php", "POST /api2/formas.envio.pesquisa.php"}
FAULTS: list[tuple[dict[str, Any], type[ErpError], str]] = [
    ({"preset": "error_500"}, TemporaryError, "tiny.unstable"),
    ({"preset": "error_503"}, TemporaryError, "tiny.unstable"),
    ({"preset": "html_502"}, TemporaryError, "tiny.unstable"),
    ({"preset": "empty_204"}, TemporaryError, "tiny.unstable"),
    ({"preset": "v2_html"}, TemporaryError, "tiny.unreadable_answer"),
    ({"preset": "html_200"}, TemporaryError, "tiny.unreadable_answer"),
    ({"status": 200, "body": ""}, TemporaryError, "tiny.unreadable_answer"),
    ({"status": 200, "body": '{"retorno": {'}, TemporaryError, "tiny.unreadable_answer"),
    ({"status": 200, "body": "<retorno><status>OK</status></retorno>"}, TemporaryError, ""),
    ({"status": 302, "headers": {"Location": "/"}}, TemporaryError, "tiny.unstable"),
    ({"preset": "drop"}, TemporaryError, "http.interrupted"),
    ({"preset": "drop_after"}, TemporaryError, "http.interrupted"),
    ({"preset": "quota_429_bare"}, RateLimited, "tiny.rate_limited"),
    ({"preset": "v2_blocked"}, RateLimited, "tiny.v2_too_many_per_minute"),
    ({"preset": "v2_concurrent"}, RateLimited, "tiny.v2_too_many_at_once"),
    ({"preset": "v2_maintenance"}, TemporaryError, "tiny.v2_maintenance"),
    ({"preset": "v2_code_5"}, PermissionMissing, "tiny.v2_no_access"),
    ({"preset": "missing_404"}, RejectedByErp, "tiny.rejected"),
]


@pytest.mark.parametrize("route", CALLS)
def test_every_service_says_what_was_wrong(seller: TokenSeller, route: str) -> None:
    for fault, kind, code in FAULTS:
        seller.lay(route, **fault)
        error = seller.fail(lambda: CALLS[route](seller))
        assert type(error) is kind, fault
        assert error.code == (code or "tiny.unreadable_answer"), fault


@pytest.mark.parametrize("variety", [0, 5])
def test_every_code_of_the_table(seller: TokenSeller, variety: int) -> None:
    seller.tiny.control("PATCH", f"accounts/{seller.account.id}", {"v2_variety": variety})
    for code in TABLE.keys() - {None, 777}:
        kind, our_code, _, _ = TABLE[code]
        for route in (LIST, DETAIL):
            seller.lay(route, preset=f"v2_code_{code}")
            if route == LIST and code in (20, 23):
                assert seller.list_orders().row_ids == ()
                continue
            error = seller.fail(lambda route=route: CALLS[route](seller))
            is_missing = route == DETAIL and code in (20, 23, 32)
            expected = (NotFound, "tiny.order_not_found") if is_missing else (kind, our_code)
            assert (type(error), error.code) == expected


@pytest.mark.parametrize("route", [LIST, DETAIL])
@pytest.mark.parametrize(
    ("fault", "kind", "code"),
    [
        ({"preset": "truncated"}, TemporaryError, "tiny.unreadable_answer"),
        ({"preset": "broken_off"}, TemporaryError, "http.interrupted"),
        ({"preset": "slow_bytes"}, TemporaryError, "http.timeout"),
        ({"preset": "delay"}, TemporaryError, "http.timeout"),
        ({"padding": MAX_BYTES}, MappingError, "http.too_large"),
    ],
    ids=lambda value: str(value.get("preset") or value) if isinstance(value, dict) else "",
)
def test_answer_that_comes_badly(
    seller: TokenSeller,
    monkeypatch: pytest.MonkeyPatch,
    route: str,
    fault: dict[str, Any],
    kind: type[ErpError],
    code: str,
) -> None:
    monkeypatch.setattr("tiny.v2.client.DEADLINE_SECONDS", DEADLINE)
    (row,) = seller.account.add_orders(situacao=3)
    seller.lay(route, **fault)
    error = seller.fail(lambda: seller.list_orders() if route == LIST else seller.get_order(row["id"]))
    assert (type(error), error.code) == (kind, code)


def test_json_under_another_content_type_is_read(seller: TokenSeller) -> None:
    seller.account.add_orders(situacao=3)
    for content_type in ("text/plain", "text/html; charset=iso-8859-1", ""):
        seller.lay(LIST, content_type=content_type)
        assert len(seller.list_orders().items) == 1


def test_list_of_another_shape_is_not_taken_for_an_empty_one(seller: TokenSeller) -> None:
    seller.account.add_orders(situacao=3)
    for pedidos in ("texto", 7):
        seller.lay(LIST, replace={"pedidos": pedidos})
        assert seller.fail(seller.list_orders).code == "tiny.list_unreadable"
    seller.lay(LIST, remove=["pedidos"])
    assert seller.fail(seller.list_orders).code == "tiny.list_unreadable"


def test_row_that_cannot_be_read_is_a_problem_of_its_own(seller: TokenSeller) -> None:
    seller.account.add_orders(situacao=3)
    rows = [None, 7, {"pedido": {"id": ""}}, {"pedido": {"id": 9, "valor": "caro"}}]
    seller.lay(LIST, replace={"pedidos": rows})
    page = seller.list_orders()
    assert (page.items, page.row_ids) == ((), ("", "", "", "9"))
    assert [problem.code for problem in page.problems] == [
        "tiny.row_unreadable",
        "tiny.row_unreadable",
        "tiny.row_without_id",
        "tiny.amount_unreadable",
    ]


def read_everything(seller: TokenSeller, most: int = 10) -> tuple[Reading, set[str]]:
    reading, ids = Reading(), set()
    for _ in range(most):
        page = seller.list_orders(reading.offset)
        ids.update(page.row_ids)
        reading = advance(reading, page)
        if reading.is_done:
            break
    return reading, ids


@pytest.mark.parametrize("count", [150, 250])
def test_same_page_again_is_noticed_and_ends_the_reading(seller: TokenSeller, count: int) -> None:
    seller.account.add_orders(count=count, with_invoices=False)
    seller.lay(LIST, preset="same_page", times=None)
    reading, ids = read_everything(seller)
    assert (reading.is_done, reading.may_have_missed, len(ids)) == (True, True, 100)
    assert seller.account.count_calls()[LIST] == 4


@pytest.mark.parametrize("size", [50, 30])
def test_smaller_page_than_documented_loses_nothing(seller: TokenSeller, size: int) -> None:
    seller.account.add_orders(count=130, with_invoices=False)
    seller.lay(LIST, page_limit=size, times=None)
    reading, ids = read_everything(seller)
    assert (reading.repeats, reading.may_have_missed, len(ids)) == (False, False, 130)


def test_emptiness_in_the_middle_of_a_list_is_not_taken_for_its_end(seller: TokenSeller) -> None:
    seller.account.add_orders(count=250, with_invoices=False)
    # The first page, the last one, the first one again; then the second.
    seller.lay(LIST, after=3, replace={"pedidos": []})
    reading, ids = read_everything(seller)
    assert (reading.is_done, reading.may_have_missed, len(ids)) == (True, True, 100)
    reading, ids = read_everything(seller)
    assert (reading.may_have_missed, len(ids)) == (False, 250)


def test_ignored_filter_shows_rows_that_were_not_asked_for(seller: TokenSeller) -> None:
    seller.account.add_orders(count=4, situacoes=[3, 5])
    seller.lay(LIST, preset="no_filters")
    page = seller.list_orders(situation="aprovado")
    assert {order.situation for order in page.items} == {"aprovado", "enviado"}
    assert {order.situation for order in seller.list_orders(situation="aprovado").items} == {"aprovado"}


# -- token and limits ----------------------------------------------------------------------------------


def test_revoked_and_regenerated_token(seller: TokenSeller) -> None:
    renewed = seller.account.regenerate_token(seller.token)
    with pytest.raises(AuthenticationFailed) as caught:
        seller.list_orders()
    assert caught.value.code == "tiny.v2_token_invalid"
    seller.token = renewed
    assert seller.list_orders().row_ids == ()
    seller.token = ""
    with pytest.raises(AuthenticationFailed) as caught:
        seller.list_orders()
    assert caught.value.code == "tiny.v2_token_missing"


def test_no_record_and_no_error_tells_the_token(seller: TokenSeller) -> None:
    for fault in ("error_500", "v2_html", "v2_code_2", "v2_code_6", "drop", "broken_off"):
        seller.lay("*", preset=fault)
        error = seller.fail(lambda: seller.get_order(1))
        assert seller.token not in repr(error.params)
    assert len(seller.calls) > 6
    assert seller.token not in repr(seller.calls)


def test_minute_that_is_used_up_is_said_with_the_limit(seller: TokenSeller) -> None:
    account = f"accounts/{seller.account.id}"
    seller.tiny.control("PATCH", account, {"v2_limit": 60, "window": "sliding"})
    seller.list_orders()
    assert seller.observed[-1]["x-ratelimit-limit"] == "60"
    seller.tiny.control("POST", f"{account}/quota/consume", {"bucket": "v2", "count": 59})
    with pytest.raises(RateLimited) as caught:
        seller.list_orders()
    assert (caught.value.code, caught.value.retry_after) == ("tiny.v2_too_many_per_minute", 90)
    assert seller.observed[-1]["x-ratelimit-limit"] == "60"
    assert seller.calls[-1].response_excerpt


def test_no_limit_is_learnt_from_an_answer_without_it(seller: TokenSeller) -> None:
    seller.tiny.control("PATCH", f"accounts/{seller.account.id}", {"v2_limit": 60})
    seller.lay(LIST, no_quota_headers=True)
    seller.list_orders()
    assert seller.observed[-1]["x-ratelimit-limit"] == ""
