"""Oddities of Tiny that no endpoint explains, and that docs/SIMULATOR.md promises."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.database import ROOT
from tests.simulator.conftest import Reader
from tiny.simulator.faults import ACTIONS, ALIASES, PRESETS

DAY = r"\d{4}-\d\d-\d\d"


@pytest.fixture
def orders(reader: Reader) -> list[dict[str, Any]]:
    """Forty orders in every situação, as the list shows them."""
    reader.add_orders(count=40, seed="quirks")
    return list(reader.get("/pedidos").json()["itens"])


def test_money_is_binary_noise(reader: Reader) -> None:
    item = {"produto": {"id": 1, "sku": "A", "descricao": "A", "tipo": "P"}, "infoAdicional": ""}
    (order,) = reader.add_orders(
        situacao=3, itens=[{**item, "quantidade": 3, "valorUnitario": 9.1}], valorFrete=0, valorDesconto=0,
        valorOutrasDespesas=0,
    )  # fmt: skip
    assert reader.get(f"/pedidos/{order['id']}").text.count("27.299999999999997") == 2
    assert reader.get("/pedidos").json()["itens"][0]["valor"] == "27.30"


def test_dates_come_in_three_forms(reader: Reader, orders: list[dict[str, Any]]) -> None:
    sent = next(order for order in orders if order["situacao"] == 5)
    open_ = next(order for order in orders if order["situacao"] == 3)
    detail = reader.get(f"/pedidos/{sent['id']}").json()
    assert re.fullmatch(DAY, sent["dataCriacao"])
    assert re.fullmatch(f"{DAY} 00:00:00", detail["dataEnvio"])
    assert re.fullmatch(f"{DAY} 00:00:00", detail["pagamento"]["parcelas"][0]["data"])
    contact = reader.get(f"/contatos/{sent['cliente']['id']}").json()
    assert re.fullmatch(rf"{DAY} \d\d:\d\d:\d\d", contact["dataCriacao"])
    assert reader.get(f"/pedidos/{open_['id']}").json()["dataEnvio"] == ""


def test_absence_has_two_forms(reader: Reader, orders: list[dict[str, Any]]) -> None:
    unplanned = next(order for order in orders if order["dataPrevista"] == "")
    assert reader.get(f"/pedidos/{unplanned['id']}").json()["dataPrevista"] is None
    direct = [order["ecommerce"]["nome"] for order in orders if not order["ecommerce"]["nome"]]
    assert set(direct) == {"", None}
    phones = {(bool(order["cliente"]["telefone"]), bool(order["cliente"]["celular"])) for order in orders}
    assert {(True, False), (False, True)} <= phones


def test_list_lacks_what_the_detail_has(reader: Reader, orders: list[dict[str, Any]]) -> None:
    order = orders[0]
    detail = reader.get(f"/pedidos/{order['id']}").json()
    only_detail = {"itens", "valorFrete", "valorDesconto", "observacoes", "idNotaFiscal", "enderecoEntrega"}
    assert only_detail <= detail.keys() - order.keys()
    assert "marcadores" not in detail
    assert {order["origemPedido"] for order in orders} == {0}, "whichever marketplace it came from"
    assert len({order["ecommerce"]["nome"] for order in orders}) > 3
    product = reader.get("/produtos").json()["itens"][0]
    assert "quantidade" not in product["estoque"]
    only_detail = {"marca", "categoria", "anexos", "ncm", "descricaoComplementar", "dimensoes", "variacoes"}
    assert only_detail <= reader.get(f"/produtos/{product['id']}").json().keys() - product.keys()


def test_number_of_a_deleted_order_comes_again(reader: Reader) -> None:
    first, second = (reader.add_orders(situacao=3)[0] for _ in range(2))
    reader.change_order(first["id"], delete=True)
    (third,) = reader.add_orders(situacao=3)
    assert third["numero"] == 3, "only the newest one's number is free again"
    reader.change_order(third["id"], delete=True)
    (fourth,) = reader.add_orders(situacao=3)
    assert (second["numero"], fourth["numero"]) == (2, 3)
    assert fourth["id"] not in (first["id"], second["id"], third["id"])


def test_the_page_about_the_simulator_names_what_exists() -> None:
    text = (ROOT / "docs" / "SIMULATOR.md").read_text()
    tests = set()
    for path in Path(__file__).parent.glob("test_*.py"):
        tests |= set(re.findall(r"^def (test_\w+)", path.read_text(), re.MULTILINE))
    named = set(re.findall(r"`(test_\w+)`", text))
    assert len(named) > 20
    assert named <= tests
    laid = set(re.findall(r"`([a-z_0-9]+)`", text.partition("## Quirks")[0]))
    assert {name for name in (*PRESETS, *ALIASES) if not name.startswith("v2_code_")} <= laid
    assert set(re.findall(r'`\{"(\w+)":', text)) <= ACTIONS.keys()
