"""The whole client against a Tiny that misbehaves over real HTTP: what it says, and that it goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
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
from contracts.records import InvoiceQuery
from integrations.reading import Reading, advance
from tests.simulated_tiny import SimulatedTiny
from tests.tiny.sellers import DEADLINE, MAX_BYTES, OAuthSeller

LIST, DETAIL, INVOICES = "GET /pedidos", "GET /pedidos/{id}", "GET /notas"

Call = Callable[[], Any]


@pytest.fixture(scope="module")
def tiny_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatedTiny]:
    process = SimulatedTiny(tmp_path_factory.mktemp("hardening"))
    process.start()
    yield process
    process.stop()


@pytest.fixture
def seller(tiny_process: SimulatedTiny) -> Iterator[OAuthSeller]:
    tiny_process.control("POST", "reset", {"seed_demo": False})
    seller = OAuthSeller(tiny_process, tiny_process.add_account())
    yield seller
    seller.http.close()


CALLS: dict[str, Callable[[OAuthSeller], Call]] = {
    "GET /info": lambda seller: lambda: seller.provider.get_account(seller),
    LIST: lambda seller: seller.list_orders,
    DETAIL: lambda seller: lambda: seller.get_order(1),
    INVOICES: lambda seller: lambda: seller.provider.list_invoices(seller, InvoiceQuery(), offset=0),
    "GET /notas/{id}": lambda seller: lambda: seller.provider.get_invoice(seller, "1"),
    "GET /contatos": lambda seller: lambda: seller.provider.find_customers(seller, code="ENT-1"),
    "GET /vendedores": lambda seller: lambda: seller.provider.list_sellers(seller),
    "GET /formas-envio": lambda seller: lambda: seller.provider.list_shipping_methods(seller),
}


FAULTS: list[tuple[dict[str, Any], type[ErpError], str]] = [
    ({"preset": "error_500"}, TemporaryError, "tiny.unstable"),
    ({"preset": "error_503"}, TemporaryError, "tiny.unstable"),
    ({"preset": "html_502"}, TemporaryError, "tiny.unstable"),
    ({"preset": "html_200"}, TemporaryError, "tiny.unreadable_answer"),
    ({"status": 200, "body": ""}, TemporaryError, "tiny.unreadable_answer"),
    ({"status": 200, "body": '{"itens": ['}, TemporaryError, "tiny.unreadable_answer"),
    ({"status": 302, "headers": {"Location": "/"}}, TemporaryError, "tiny.unstable"),
    ({"preset": "drop"}, TemporaryError, "http.interrupted"),
    ({"preset": "drop_after"}, TemporaryError, "http.interrupted"),
    ({"preset": "quota_429"}, RateLimited, "tiny.rate_limited"),
    ({"preset": "quota_429_bare"}, RateLimited, "tiny.rate_limited"),
    ({"preset": "refused_403"}, PermissionMissing, "tiny.permission_missing"),
    ({"status": 400, "body": {"mensagem": "Não"}}, RejectedByErp, "tiny.rejected"),
    ({"status": 200, "body": "null"}, MappingError, ""),
    ({"status": 200, "body": '"texto"'}, MappingError, ""),
    ({"status": 200, "body": {"mensagem": "Erro interno"}}, MappingError, ""),
]


@pytest.mark.parametrize("route", CALLS)
def test_every_endpoint_says_what_was_wrong(seller: OAuthSeller, route: str) -> None:
    for fault, kind, code in FAULTS:
        seller.lay(route, **fault)
        error = seller.fail(CALLS[route](seller))
        assert type(error) is kind, fault
        assert error.code == code or (not code and error.code.startswith("tiny.")), fault


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
    seller: OAuthSeller, route: str, fault: dict[str, Any], kind: type[ErpError], code: str
) -> None:
    (row,) = seller.account.add_orders(situacao=3)
    seller.lay(route, **fault)
    error = seller.fail(lambda: seller.list_orders() if route == LIST else seller.get_order(row["id"]))
    assert (type(error), error.code) == (kind, code)


def test_json_under_another_content_type_is_read(seller: OAuthSeller) -> None:
    seller.account.add_orders(situacao=3)
    for content_type in ("text/plain", "text/html; charset=iso-8859-1", ""):
        seller.lay(LIST, content_type=content_type)
        assert len(seller.list_orders().items) == 1


def test_204_is_an_empty_list_and_no_record(seller: OAuthSeller) -> None:
    seller.lay("*", preset="empty_204", times=None)
    assert seller.list_orders().row_ids == ()
    assert seller.provider.list_invoices(seller, InvoiceQuery(), offset=0).row_ids == ()
    assert seller.provider.list_shipping_methods(seller) == ()
    error = seller.fail(lambda: seller.get_order(1))
    assert (type(error), error.code) == (TemporaryError, "tiny.unstable")


def test_list_of_another_shape_is_not_taken_for_an_empty_one(seller: OAuthSeller) -> None:
    seller.account.add_orders(situacao=3)
    for itens in ({}, "", 7):
        seller.lay(LIST, replace={"itens": itens})
        assert seller.fail(seller.list_orders).code == "tiny.list_unreadable"
    seller.lay(LIST, remove=["itens"])
    assert seller.fail(seller.list_orders).code == "tiny.list_unreadable"


def test_row_that_cannot_be_read_is_a_problem_of_its_own(seller: OAuthSeller) -> None:
    seller.account.add_orders(situacao=3)
    seller.lay(LIST, replace={"itens": [None, 7, {}, {"id": 9, "valor": "caro"}]})
    page = seller.list_orders()
    assert page.items == ()
    assert page.row_ids == ("", "", "", "9")
    assert [problem.code for problem in page.problems] == [
        "tiny.row_unreadable",
        "tiny.row_unreadable",
        "tiny.row_without_id",
        "tiny.amount_unreadable",
    ]


def test_paging_that_is_missing_or_nonsense_is_not_believed(seller: OAuthSeller) -> None:
    seller.account.add_orders(count=2, with_invoices=False)
    for paging in (None, [], {"total": -1}, {"total": "muitos", "limit": 0}):
        seller.lay(LIST, replace={"paginacao": paging})
        page = seller.list_orders()
        assert (len(page.items), page.total, page.limit) == (2, None, 100)


# -- lists that ignore what was asked for --------------------------------------------------------------


def read_everything(seller: OAuthSeller, most: int = 10) -> tuple[Reading, set[str]]:
    reading, ids = Reading(), set()
    for _ in range(most):
        page = seller.list_orders(reading.offset)
        ids.update(page.row_ids)
        reading = advance(reading, page)
        if reading.is_done:
            break
    return reading, ids


def test_ignored_offset_is_noticed_by_the_second_page(seller: OAuthSeller) -> None:
    seller.account.add_orders(count=250, with_invoices=False)
    seller.lay(LIST, preset="same_page", times=None)
    reading, ids = read_everything(seller)
    assert (reading.repeats, reading.may_have_missed, len(ids)) == (True, True, 100)
    assert seller.account.count_calls()[LIST] == 2


def test_ignored_offset_of_shipping_methods_ends(seller: OAuthSeller) -> None:
    rows = [{"id": number, "nome": str(number), "tipo": "1", "situacao": "1"} for number in range(1, 101)]
    paging = {"limit": 100, "offset": 0, "total": 500}
    seller.lay("GET /formas-envio", replace={"itens": rows, "paginacao": paging}, times=None)
    assert len(seller.provider.list_shipping_methods(seller)) == 100
    assert seller.account.count_calls()["GET /formas-envio"] == 2


def test_smaller_page_than_asked_for_loses_nothing(seller: OAuthSeller) -> None:
    seller.account.add_orders(count=250, with_invoices=False)
    seller.lay(LIST, page_limit=30, times=None)
    reading, ids = read_everything(seller)
    assert (reading.repeats, reading.may_have_missed, len(ids)) == (False, False, 250)


def test_ignored_filter_shows_rows_that_were_not_asked_for(seller: OAuthSeller) -> None:
    seller.account.add_orders(count=4, situacoes=[3, 5])
    seller.lay(LIST, preset="no_filters")
    page = seller.list_orders(situation="aprovado")
    assert {order.situation for order in page.items} == {"aprovado", "enviado"}
    assert {order.situation for order in seller.list_orders(situation="aprovado").items} == {"aprovado"}


@pytest.mark.parametrize("fault", [{"preset": "empty_204"}, {"replace": {"itens": []}}])
def test_emptiness_in_the_middle_of_a_list_is_not_taken_for_its_end(
    seller: OAuthSeller, fault: dict[str, Any]
) -> None:
    seller.account.add_orders(count=250, with_invoices=False)
    seller.lay(LIST, after=1, **fault)
    reading, ids = read_everything(seller)
    assert (reading.is_done, len(ids)) == (True, 100)
    assert reading.may_have_missed, "so that somebody comes back for the other 150"
    reading, ids = read_everything(seller)
    assert (reading.may_have_missed, len(ids)) == (False, 250)


# -- records that go and numbers that come back --------------------------------------------------------


def test_deleted_order_is_not_found(seller: OAuthSeller) -> None:
    (row,) = seller.account.add_orders(situacao=1, nota=True)
    assert seller.get_order(row["id"]).order.external_id == str(row["id"])
    seller.account.change_order(row["id"], delete=True)
    error = seller.fail(lambda: seller.get_order(row["id"]))
    assert (type(error), error.code) == (NotFound, "tiny.order_not_found")
    (invoice,) = seller.provider.list_invoices(seller, InvoiceQuery(), offset=0).items
    assert invoice.order_external_id == str(row["id"]), "its nota stays, and names an order that is gone"


def test_recycled_number_is_another_order(seller: OAuthSeller) -> None:
    (first,) = seller.account.add_orders(situacao=3, cliente={"nome": "Antiga"})
    seller.account.change_order(first["id"], delete=True)
    (second,) = seller.account.add_orders(situacao=3, cliente={"nome": "Nova"})
    (order,) = seller.list_orders().items
    assert (first["numero"], order.number) == (second["numero"], str(second["numero"]))
    assert order.external_id == str(second["id"]) != str(first["id"])
    assert order.customer is not None
    assert order.customer.name == "Nova"
    assert seller.fail(lambda: seller.get_order(first["id"])).code == "tiny.order_not_found"


# -- limits --------------------------------------------------------------------------------------------


def test_wait_is_that_of_the_window_that_refused(seller: OAuthSeller) -> None:
    account = f"accounts/{seller.account.id}"
    seller.tiny.control("POST", "clock", {"frozen": True})
    seller.tiny.control("PATCH", account, {"read_limit": 2, "window": "sliding"})
    seller.list_orders()
    seller.tiny.control("POST", "clock", {"advance_seconds": 20})
    seller.list_orders()
    assert refuse(seller) == 40
    seller.tiny.control("PATCH", account, {"read_limit": 100, "burst_limit": 1})
    seller.tiny.control("POST", "clock", {"advance_seconds": 1})
    seller.list_orders()
    assert refuse(seller) == 1
    assert seller.observed[-1]["x-ratelimit-limit"] == "1"
    seller.tiny.control("PATCH", account, {"quota_headers": "none"})
    assert refuse(seller) == 60, "nothing said how long"


def refuse(seller: OAuthSeller) -> float:
    with pytest.raises(RateLimited) as caught:
        seller.list_orders()
    return caught.value.retry_after


def test_another_program_can_use_the_whole_minute_up(seller: OAuthSeller) -> None:
    account = f"accounts/{seller.account.id}"
    seller.tiny.control("PATCH", account, {"read_limit": 5, "window": "sliding"})
    seller.list_orders()
    assert seller.observed[-1]["x-ratelimit-remaining"] == "4"
    seller.tiny.control("POST", f"{account}/quota/consume", {"count": 4})
    assert 1 <= refuse(seller) <= 60


# -- tokens --------------------------------------------------------------------------------------------


def test_early_401_is_renewed_once(seller: OAuthSeller) -> None:
    seller.change_tokens("expire_access")
    assert seller.list_orders().row_ids == ()
    assert (seller.renewals, [call.status for call in seller.calls]) == (1, [401, 200])


def test_401_that_a_new_token_does_not_heal(seller: OAuthSeller) -> None:
    seller.lay("*", preset="refused_401", times=None)
    with pytest.raises(PermissionMissing):
        seller.list_orders()
    with pytest.raises(AuthenticationFailed) as caught:
        seller.provider.get_account(seller)
    assert caught.value.code == "tiny.access_refused"
    assert seller.renewals == 2


def test_revoked_connection_is_said_by_the_renewal(seller: OAuthSeller) -> None:
    seller.change_tokens("revoke")
    with pytest.raises(AuthenticationFailed) as caught:
        seller.list_orders()
    assert (caught.value.code, caught.value.params) == ("tiny.refresh_refused", {"error": "invalid_grant"})


@pytest.mark.parametrize(
    "fault",
    [
        {"preset": "error_500"},
        {"preset": "error_503"},
        {"preset": "html_502"},
        {"preset": "html_200"},
        {"status": 400, "body": "<html>Bad Request</html>"},
        {"status": 200, "body": {}},
        {"status": 204},
        {"preset": "quota_429_bare"},
        {"preset": "drop"},
        {"preset": "delay"},
        {"status": 302, "headers": {"Location": "/"}},
    ],
    ids=lambda value: str(value.get("preset") or value),
)
def test_trouble_at_the_token_endpoint_keeps_the_connection(
    seller: OAuthSeller, fault: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tiny.oauth.DEADLINE_SECONDS", DEADLINE)
    before = seller.grant
    seller.lay("POST /token", **fault)
    with pytest.raises(TemporaryError):
        seller.renew()
    if fault == {"preset": "delay"}:
        # It was late, not lost: whatever Tiny did after we had gone is done now.
        seller.tiny.control("POST", "faults/clear")
        return
    assert seller.grant is before
    seller.renew()
    assert seller.list_orders().row_ids == ()


@pytest.mark.parametrize("preset", ["drop_after", "truncated", "broken_off", "slow_bytes", "huge"])
def test_token_answer_that_is_lost_costs_the_grant(
    seller: OAuthSeller, preset: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one way to lose a connection: Tiny has spent the token, and nobody knows the next one."""
    monkeypatch.setattr("tiny.oauth.DEADLINE_SECONDS", DEADLINE)
    seller.lay("POST /token", preset=preset)
    with pytest.raises(TemporaryError):
        seller.renew()
    with pytest.raises(AuthenticationFailed) as caught:
        seller.renew()
    assert caught.value.code == "tiny.refresh_refused"


def test_answer_without_refresh_token_and_lifetime_is_usable(seller: OAuthSeller) -> None:
    seller.lay("POST /token", preset="no_refresh_token")
    seller.lay("POST /token", preset="no_lifetime")
    seller.renew()
    assert (seller.grant.refresh_token, seller.grant.expires_in) == ("", 4 * 3600)
    assert seller.grant.warnings == ("tiny.token_lifetime_missing",)
    assert seller.list_orders().row_ids == ()
