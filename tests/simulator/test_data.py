"""Invented data hold: right check digits, every situação, the same for the same seed."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime
from typing import Any

import pytest
from stdnum.br import cnpj as stdnum_cnpj
from stdnum.br import cpf as stdnum_cpf

from tiny.simulator import data, documents
from tiny.simulator.vocabulary import FREIGHTS

NOW = datetime(2026, 11, 22, 15, tzinfo=UTC)
ACCOUNT: dict[str, Any] = {"id": 1, "serie": 1, **data.DEMO_ACCOUNTS[0]}


@pytest.fixture(scope="module")
def orders() -> list[dict[str, Any]]:
    return data.make_pedidos(ACCOUNT, 1000, "seed", 6, NOW)


def customers(orders: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    clientes = [order["dados"]["cliente"] for order in orders]
    return [cliente for cliente in clientes if cliente["tipoPessoa"] == kind]


def test_known_vectors() -> None:
    assert documents.complete_cnpj("12ABC34501DE") == "12ABC34501DE35"
    assert documents.complete_cnpj("112223330001") == "11222333000181"
    assert documents.complete_cpf("529982247") == "52998224725"
    assert documents.complete_s10("AA", "12345678") == "AA123456785BR"
    assert documents.complete_s10("RB", "12345678", "GB") == "RB123456785GB"
    key = documents.make_access_key("SP", date(2026, 7, 31), "12ABC34501DE35", 1, 12345, 12345678)
    assert key == "35260712ABC34501DE35550010000123451123456788"


def test_documents_have_right_check_digits(orders: list[dict[str, Any]]) -> None:
    people = [c["cpfCnpj"] for c in customers(orders, "F") if c["cpfCnpj"]]
    companies = [c["cpfCnpj"] for c in customers(orders, "J")]
    assert len(people) > 500
    assert len(companies) > 100
    assert all(stdnum_cpf.is_valid(text) for text in people)
    assert all(stdnum_cnpj.is_valid(text) for text in companies)


def test_customers_are_as_varied_as_real_ones(orders: list[dict[str, Any]]) -> None:
    companies = [documents.normalize_document(c["cpfCnpj"]) for c in customers(orders, "J")]
    assert any(not text.isdecimal() for text in companies), "alphanumeric CNPJ"
    assert any(text.isdecimal() for text in companies)
    assert any(c["cpfCnpj"] == "" for c in customers(orders, "F")), "person without document"
    foreign = customers(orders, "E")
    assert foreign
    assert all(c["cpfCnpj"] == "" and c["endereco"]["uf"] == "EX" for c in foreign)
    assert any(c["endereco"]["complemento"].endswith("  ") for c in customers(orders, "F"))


@pytest.mark.parametrize("account", data.DEMO_ACCOUNTS)
def test_demo_accounts_show_every_situacao(account: dict[str, Any]) -> None:
    orders = data.make_pedidos({"id": 1, "serie": 1, **account}, 40, account["seed"], 6, NOW)
    assert {order["situacao"] for order in orders} == set(data.SITUACOES)


def test_days_reach_back_as_asked_and_never_into_the_future(orders: list[dict[str, Any]]) -> None:
    days = [order["data"] for order in orders]
    assert days == sorted(days)
    assert (days[0], days[-1]) == (date(2026, 11, 17), date(2026, 11, 22))
    assert all(order["atualizado_em"] <= NOW for order in orders)


def test_tracking_only_once_sent(orders: list[dict[str, Any]]) -> None:
    for order in orders:
        if order["situacao"] not in data.SITUACOES_COM_RASTREIO:
            assert (order["codigo_rastreamento"], order["url_rastreamento"]) == ("", "")
    assert any(order["codigo_rastreamento"].startswith("QQ") for order in orders)


def test_postal_codes_have_their_check_digit() -> None:
    rng = random.Random(1)
    for _ in range(100):
        code, _ = data.make_tracking("correios_pac", rng)
        assert code == documents.complete_s10(code[:2], code[2:10])


def test_nota_key_names_its_issuer(orders: list[dict[str, Any]]) -> None:
    order = {"id": 600, **next(order for order in orders if order["dados"]["itens"])}
    nota = data.make_nota(ACCOUNT, order, 12407, date(2026, 11, 20))
    key = nota["chave"]
    assert key[:34] == "35" + "2611" + "11222333000181" + "55" + "001" + "000012407"
    assert key[43] == str(documents.make_check_digit(key[:43], 9))
    assert nota["dados"]["origem"] == {"id": "600", "tipo": "venda"}


def test_same_seed_same_data() -> None:
    assert data.make_pedidos(ACCOUNT, 20, "x", 6, NOW) == data.make_pedidos(ACCOUNT, 20, "x", 6, NOW)
    assert data.make_pedidos(ACCOUNT, 20, "x", 6, NOW) != data.make_pedidos(ACCOUNT, 20, "y", 6, NOW)


def test_every_freight_has_its_method() -> None:
    for freight in FREIGHTS:
        transportador = data.make_transportador(1, freight, "R")
        assert transportador["formaEnvio"]["nome"] == freight.envio
        assert transportador["formaFrete"]["nome"] == freight.frete
        assert bool(transportador["id"]) == bool(freight.transportador)
