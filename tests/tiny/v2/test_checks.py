"""«Testar» by API v2: what each step says of an account that is not well."""

from __future__ import annotations

import datetime as dt
from urllib.parse import parse_qsl

import pytest
import responses

from contracts.records import CheckState, CheckStep
from tests.tiny.sellers import TokenSeller
from tests.tiny.v2.bodies import account, answer
from tests.tiny.v2.context import API, TokenContext
from tiny.provider import TinyProvider


def step_of(seller: TokenSeller, key: str) -> CheckStep:
    (step,) = [step for step in seller.check() if step.key == key]
    return step


def test_each_module_is_looked_at_once(seller: TokenSeller) -> None:
    seller.check()
    assert seller.account.count_calls() == {
        "POST /api2/info.php": 1,
        "POST /api2/pedidos.pesquisa.php": 1,
        "POST /api2/notas.fiscais.pesquisa.php": 1,
        "POST /api2/formas.envio.pesquisa.php": 1,
    }
    assert seller.slots == ["read"] * 4, "the first look at the address has no token, and is nobody's call"


def test_limit_of_the_plan_is_told(seller: TokenSeller) -> None:
    seller.tiny.control("PATCH", f"accounts/{seller.account.id}", {"v2_limit": 60})
    step = step_of(seller, "limit")
    assert (step.state, step.detail) == (CheckState.OK, "Seu plano permite 60 chamadas por minuto.")
    assert step_of(seller, "clock").state == CheckState.OK


def test_limit_that_is_not_told(seller: TokenSeller) -> None:
    step = step_of(seller, "limit")
    assert (step.state, step.detail) == (CheckState.OK, "O Tiny não informou o limite nesta resposta.")


def test_module_without_access_is_named(seller: TokenSeller) -> None:
    seller.lay("POST /api2/notas.fiscais.pesquisa.php", preset="v2_code_5")
    step = step_of(seller, "permissions")
    assert (step.state, step.action, step.is_fatal) == (CheckState.FAILURE, "open_erp", False)
    assert "Notas fiscais" in step.detail
    assert "Libera: Pedidos e Formas de envio" in step.detail


@pytest.mark.parametrize(
    ("code", "action"), [(1, "edit_credentials"), (2, "edit_credentials"), (8, "connect"), (6, ""), (99, "")]
)
def test_refused_access_says_what_to_do(seller: TokenSeller, code: int, action: str) -> None:
    seller.lay("POST /api2/info.php", preset=f"v2_code_{code}")
    last = seller.check()[-1]
    assert (last.key, last.state, last.action, last.is_fatal) == ("access", CheckState.FAILURE, action, True)


class Evening(TokenContext):
    """22:30 in São Paulo, tomorrow in UTC."""

    def now(self) -> dt.datetime:
        return dt.datetime(2026, 11, 23, 1, 30, tzinfo=dt.UTC)


@responses.activate
def test_today_is_sao_paulo_s_and_no_plan_without_api_is_well() -> None:
    responses.get(f"{API}/info.php", body="")
    headers = {"x-limit-api": "0", "Date": "Mon, 23 Nov 2026 01:31:00 GMT"}
    for service, body in (
        ("info.php", account()),
        ("pedidos.pesquisa.php", answer(pedidos=[])),
        ("notas.fiscais.pesquisa.php", answer(notas_fiscais=[])),
        ("formas.envio.pesquisa.php", answer(registros=[])),
    ):
        responses.post(f"{API}/{service}", json=body, headers=headers)
    steps = {step.key: step for step in TinyProvider().check_connection(Evening(), account_document="")}
    days = [dict(parse_qsl(str(call.request.body))).get("dataInicial") for call in responses.calls]
    assert set(days) - {None} == {"22/11/2026"}
    assert (steps["limit"].state, steps["limit"].action) == (CheckState.FAILURE, "open_erp")
    # Without calls there is nothing to go on for.
    assert steps["limit"].is_fatal
    assert "clock" not in steps
