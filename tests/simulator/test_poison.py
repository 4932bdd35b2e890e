"""Answers that look right and are not: the same call, under both APIs, with and without the poison."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.simulated_tiny import SimulatedAccount
from tests.simulator.conftest import Reader
from tests.simulator.test_api2 import Caller


@pytest.fixture
def account(reader: Reader) -> SimulatedAccount:
    account = SimulatedAccount(reader.simulator, reader.account_id)
    account.tiny.control("PATCH", f"accounts/{account.id}", {"reserves_stock": True, "catalogue": False})
    return account


@pytest.fixture
def product(account: SimulatedAccount) -> int:
    """Ten are there, two of them held back by an order."""
    made = account.add_product(sku="CAN-1", preco=54.9, precoPromocional=49.9, saldo=10)
    item = {"produto": {"id": made["id"], "sku": "CAN-1", "descricao": "C", "tipo": "P"}, "infoAdicional": ""}
    account.add_orders(situacao=3, itens=[{**item, "quantidade": 2, "valorUnitario": 1}])
    return int(made["id"])


def read_v3(reader: Reader, product: int) -> dict[str, Any]:
    stock = reader.get(f"/estoque/{product}").json()
    detail = reader.get(f"/produtos/{product}").json()
    return {
        **{name: stock.get(name, "gone") for name in ("saldo", "reservado", "disponivel")},
        "deposito": stock["depositos"][0].get("saldo", "gone"),
        "preco": detail["precos"].get("preco", "gone"),
        "quantidade": detail["estoque"]["quantidade"],
        "unidade": detail["unidade"],
    }


def read_v2(caller: Caller, product: int) -> dict[str, Any]:
    stock = caller.call("produto.obter.estoque.php", id=product)["produto"]
    detail = caller.call("produto.obter.php", id=product)["produto"]
    (row,) = caller.call("produtos.pesquisa.php", pesquisa="")["produtos"]
    return {
        **{name: stock.get(name, "gone") for name in ("saldo", "saldoReservado")},
        "deposito": stock["depositos"][0]["deposito"].get("saldo", "gone"),
        "preco": detail.get("preco", "gone"),
        "row": row["produto"].get("preco", "gone"),
        "unidade": detail["unidade"],
    }


RIGHT_V3 = {
    "saldo": 10, "reservado": 2, "disponivel": 8, "deposito": 10, "preco": 54.9, "quantidade": 10,
    "unidade": "UN",
}  # fmt: skip
RIGHT_V2 = {"saldo": 10, "saldoReservado": 2, "deposito": 10, "preco": 54.9, "row": 54.9, "unidade": "UN"}


@pytest.mark.parametrize(
    ("kind", "v3", "v2"),
    [
        (
            "comma",
            {"saldo": "10,00", "reservado": "2,00", "disponivel": "8,00", "deposito": "10,00",
             "preco": "54,90", "quantidade": "10,00"},
            {"saldo": "10,00", "saldoReservado": "2,00", "deposito": "10,00", "preco": "54,90",
             "row": "54,90"},
        ),
        ("physical", {"reservado": 0, "disponivel": 10}, {"saldoReservado": 0}),
        (
            "zero_stock",
            {"saldo": 0, "reservado": 0, "disponivel": 0, "deposito": 0, "quantidade": 0},
            {"saldo": 0, "saldoReservado": 0, "deposito": 0},
        ),
        (
            "negative_stock",
            {"saldo": -13, "reservado": -5, "disponivel": -11, "deposito": -13, "quantidade": -13},
            {"saldo": -13, "saldoReservado": -5, "deposito": -13},
        ),
        ("price_hundredth", {"preco": 0.549}, {"preco": 0.549, "row": 0.549}),
        ("price_hundredfold", {"preco": 5490}, {"preco": 5490, "row": 5490}),
        (
            "nulls",
            {"saldo": None, "reservado": None, "disponivel": None, "deposito": None, "preco": None},
            {"saldo": None, "saldoReservado": None, "deposito": None, "preco": None, "row": None},
        ),
        (
            "without_fields",
            {"saldo": "gone", "reservado": "gone", "disponivel": "gone", "deposito": "gone",
             "preco": "gone"},
            {"saldo": "gone", "saldoReservado": "gone", "deposito": "gone", "preco": "gone", "row": "gone"},
        ),
    ],
)  # fmt: skip
def test_stock_and_prices(
    account: SimulatedAccount, reader: Reader, product: int, kind: str, v3: dict[str, Any], v2: dict[str, Any]
) -> None:
    caller = Caller(reader.simulator, account)
    assert (read_v3(reader, product), read_v2(caller, product)) == (RIGHT_V3, RIGHT_V2)
    account.tiny.add_fault(account_id=account.id, route="*", preset=kind, times=None)
    assert read_v3(reader, product) == {**RIGHT_V3, **v3}
    assert read_v2(caller, product) == {**RIGHT_V2, **v2}


def test_empty_list_is_no_error(account: SimulatedAccount, reader: Reader, product: int) -> None:
    caller = Caller(reader.simulator, account)
    account.tiny.add_fault(account_id=account.id, route="*", preset="empty_list", times=None)
    answer = reader.get("/produtos")
    assert (answer.status_code, answer.json()["itens"], answer.json()["paginacao"]["total"]) == (200, [], 0)
    retorno = caller.call("produtos.pesquisa.php", pesquisa="")
    assert (retorno["status"], retorno["produtos"], retorno["numero_paginas"]) == ("OK", [], 1)


def test_rows_of_another_account(account: SimulatedAccount, reader: Reader, product: int) -> None:
    other = reader.simulator.add_account("12ABC34501DE35", catalogue=False)
    theirs = other.add_product(sku="OTHER")
    account.tiny.add_fault(account_id=account.id, route="*", preset="other_account", times=2)
    assert [row["sku"] for row in reader.get("/produtos").json()["itens"]] == ["OTHER"]
    rows = Caller(reader.simulator, account).call("produtos.pesquisa.php", pesquisa="")["produtos"]
    assert [(row["produto"]["id"], row["produto"]["codigo"]) for row in rows] == [
        (str(theirs["id"]), "OTHER")
    ]
    assert reader.list_ids("/produtos") == [product]


def test_what_is_no_json_stays(account: SimulatedAccount, reader: Reader, product: int) -> None:
    account.tiny.add_fault(route="GET /estoque/{id}", poison="zero_stock", truncate=25)
    with pytest.raises(json.JSONDecodeError):
        reader.get(f"/estoque/{product}").json()
    account.tiny.add_fault(route="GET /estoque/{id}", poison="zero_stock", status=200, body="<html>")
    assert reader.get(f"/estoque/{product}").text == "<html>"
