"""The services of API v2 that write, against the simulator: what they change, and how they are refused."""

from __future__ import annotations

import dataclasses
import datetime as dt
import traceback
from typing import Any

import pytest

from contracts.errors import ErpError, NotFound, RateLimited, RejectedByErp, TemporaryError
from tests.tiny.sellers import TokenSeller
from tiny.v2.client import TinyV2Client

CONTACT = {
    "nome": "Maria & Filhos",
    "tipo_pessoa": "F",
    "cpf_cnpj": "529.982.247-25",
    "email": "maria@example.com",
    "situacao": "A",
}


@pytest.fixture
def client(seller: TokenSeller) -> TinyV2Client:
    return TinyV2Client(seller)


def find_contacts(seller: TokenSeller) -> Any:
    form = {"token": seller.token, "formato": "json", "pesquisa": "Maria"}
    url = f"{seller.endpoints.api_url}/contatos.pesquisa.php"
    return seller.http.request("POST", url, form=form).json()["retorno"].get("contatos", [])


@pytest.mark.parametrize("situation", ["preparando_envio", "enviado", "cancelado"])
def test_situation_is_changed_by_our_code(seller: TokenSeller, client: TinyV2Client, situation: str) -> None:
    (row,) = seller.account.add_orders(situacao=3)
    assert client.change_situation(str(row["id"]), situation)["status"] == "OK"
    assert seller.get_order(row["id"]).order.situation == situation
    assert seller.slots == ["read", "read"]


def test_situation_of_a_deleted_order(seller: TokenSeller, client: TinyV2Client) -> None:
    error = seller.fail(lambda: client.change_situation("999999999", "enviado"))
    assert (type(error), error.code) == (NotFound, "tiny.order_not_found")


def test_order_is_changed_by_a_bare_body(seller: TokenSeller, client: TinyV2Client) -> None:
    (row,) = seller.account.add_orders(situacao=3)
    before = seller.get_order(row["id"])
    client.change_order(str(row["id"]), {"obs": "Olá & até <já>", "data_prevista": "28/12/2026"})
    after = seller.get_order(row["id"])
    assert after == dataclasses.replace(before, notes="Olá & até <já>", expected_on=dt.date(2026, 12, 28))
    assert seller.account.count_calls()["POST /api2/pedido.alterar.php"] == 1


def test_refused_change_of_an_order_names_the_field(seller: TokenSeller, client: TinyV2Client) -> None:
    (row,) = seller.account.add_orders(situacao=3)
    before = seller.get_order(row["id"])
    parcels = {"parcelas": [{"data": "18/12/2026", "valor": 0.01, "forma_pagamento": "dinheiro"}]}
    error = seller.fail(lambda: client.change_order(str(row["id"]), parcels))
    assert (type(error), error.code) == (RejectedByErp, "tiny.v2_parameter_missing")
    assert error.params["reason"].startswith("parcelas: O valor total das parcelas")
    assert seller.get_order(row["id"]) == before
    error = seller.fail(lambda: client.change_order("999999999", {"obs": "x"}))
    assert (type(error), error.code) == (NotFound, "tiny.order_not_found")


def test_contact_is_made_and_counted_as_a_batch(seller: TokenSeller, client: TinyV2Client) -> None:
    retorno = client.create_contact(CONTACT)
    (contact,) = find_contacts(seller)
    assert contact["contato"]["nome"] == "Maria & Filhos"
    assert contact["contato"]["id"] == retorno["registros"][0]["registro"]["id"]
    assert seller.slots == ["batch", "read"]
    assert "Maria" not in repr(seller.calls)


@pytest.mark.parametrize("variety", [0, 2, 5])
def test_refused_contact_raises_wherever_the_refusal_stands(
    seller: TokenSeller, client: TinyV2Client, variety: int
) -> None:
    seller.tiny.control("PATCH", f"accounts/{seller.account.id}", {"v2_variety": variety})
    error = seller.fail(lambda: client.create_contact({**CONTACT, "nome": ""}))
    assert (type(error), error.code) == (RejectedByErp, "tiny.v2_invalid")
    assert error.params["reason"] == "O nome do contato deve ser informado"
    assert find_contacts(seller) == []
    client.create_contact(CONTACT)
    error = seller.fail(lambda: client.create_contact(CONTACT))
    assert (type(error), error.code) == (RejectedByErp, "tiny.v2_duplicate")
    assert len(find_contacts(seller)) == 1


def test_sixth_contact_in_a_minute_is_refused(seller: TokenSeller, client: TinyV2Client) -> None:
    account = f"accounts/{seller.account.id}"
    seller.tiny.control("PATCH", account, {"v2_limit": 60, "v2_batch_limit": 5, "window": "sliding"})
    seller.tiny.control("POST", f"{account}/quota/consume", {"bucket": "v2_batch", "count": 5})
    with pytest.raises(RateLimited) as caught:
        client.create_contact(CONTACT)
    assert caught.value.code == "tiny.v2_too_many_per_minute"
    assert seller.list_orders().row_ids == (), "other calls go on"


@pytest.mark.parametrize("preset", ["drop", "error_500", "v2_html", "v2_code_2", "broken_off"])
def test_token_in_the_address_is_told_nowhere(
    seller: TokenSeller,
    client: TinyV2Client,
    caplog: pytest.LogCaptureFixture,
    preset: str,
) -> None:
    (row,) = seller.account.add_orders(situacao=3)
    caplog.set_level("DEBUG")
    seller.lay("POST /api2/pedido.alterar.php", preset=preset)
    with pytest.raises(ErpError) as caught:
        client.change_order(str(row["id"]), {"obs": "x"})
    shown = "".join(traceback.format_exception(caught.value)) + repr(caught.value.params)
    assert seller.token not in shown + repr(seller.calls) + caplog.text
    assert seller.calls[-1].query == f"id={row['id']}"


def test_token_in_the_address_of_a_server_that_is_away_is_told_nowhere(
    seller: TokenSeller, client: TinyV2Client
) -> None:
    """The words of a connection that was never made hold the whole address."""
    seller.endpoints = dataclasses.replace(seller.endpoints, api_url="http://127.0.0.1:9/api2")
    with pytest.raises(TemporaryError) as caught:
        client.change_order("1", {"obs": "x"})
    assert caught.value.code == "http.unreachable"
    shown = "".join(traceback.format_exception(caught.value))
    assert "pedido.alterar" not in shown.replace("change_order", "")
    assert seller.token not in shown
