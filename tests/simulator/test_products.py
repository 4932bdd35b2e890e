"""Products of every kind, their stock by depósito and their prices by list, alike under both APIs."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
import requests
from stdnum import ean

from tests.simulated_tiny import SimulatedAccount, SimulatedTiny
from tests.simulator.conftest import Reader
from tests.simulator.test_api2 import Caller
from tests.simulator.test_api2_writes import move
from tiny.simulator.assortment import HOSTILE


@pytest.fixture
def account(reader: Reader) -> SimulatedAccount:
    return SimulatedAccount(reader.simulator, reader.account_id)


@pytest.fixture
def caller(account: SimulatedAccount) -> Caller:
    return Caller(account.tiny, account)


def find(account: SimulatedAccount, sku: str) -> dict[str, Any]:
    return next(product for product in account.list_products() if product["sku"] == sku)


def detail(reader: Reader, product: dict[str, Any]) -> dict[str, Any]:
    return dict(reader.get(f"/produtos/{product['id']}").json())


def detail2(caller: Caller, product: dict[str, Any]) -> dict[str, Any]:
    return dict(caller.call("produto.obter.php", id=product["id"])["produto"])


# -- kinds ---------------------------------------------------------------------------------------------


def test_variations_are_rows_of_their_own_and_stand_in_their_parent(
    account: SimulatedAccount, reader: Reader, caller: Caller
) -> None:
    parent = account.add_product(
        sku="CAM",
        descricao="Camisa",
        marca="Serra Alta",
        variacoes=[
            {"sku": "CAM-P", "gtin": "2000000000008", "preco": 10, "saldo": 3,
             "grade": [{"chave": "Tamanho", "valor": "P"}, {"chave": "Cor", "valor": "Azul"}]},
            {"sku": "CAM-G", "preco": 12.5, "saldo": 4, "grade": [{"chave": "Tamanho", "valor": "G"}]},
        ],
    )  # fmt: skip
    small, large = (find(account, sku) for sku in ("CAM-P", "CAM-G"))
    rows = {row["sku"]: row for row in reader.get("/produtos").json()["itens"]}
    assert {sku: (rows[sku]["tipo"], rows[sku]["tipoVariacao"]) for sku in ("CAM", "CAM-P", "CAM-G")} == {
        "CAM": ("V", "P"),
        "CAM-P": ("S", "V"),
        "CAM-G": ("S", "V"),
    }
    variations = detail(reader, parent)["variacoes"]
    assert [(row["id"], row["sku"], row["precos"]["preco"]) for row in variations] == [
        (small["id"], "CAM-P", 10),
        (large["id"], "CAM-G", 12.5),
    ]
    assert variations[0]["gtin"] == "2000000000008"
    assert variations[0]["estoque"]["quantidade"] == 3
    assert variations[0]["grade"] == [
        {"chave": "Tamanho", "valor": "P"},
        {"chave": "Cor", "valor": "Azul"},
    ]
    assert detail(reader, small)["produtoPai"] == {
        "id": parent["id"], "sku": "CAM", "descricao": "Camisa", "tipo": "P",
    }  # fmt: skip
    assert detail(reader, parent)["produtoPai"] is None

    retorno = caller.call("produtos.pesquisa.php", pesquisa="CAM")
    listed = {row["produto"]["codigo"]: row["produto"]["tipoVariacao"] for row in retorno["produtos"]}
    assert listed == {"CAM": "P", "CAM-P": "V", "CAM-G": "V"}
    assert [row["variacao"] for row in detail2(caller, parent)["variacoes"]] == [
        {"id": str(small["id"]), "codigo": "CAM-P", "preco": "10.0000000000",
         "grade": {"Tamanho": "P", "Cor": "Azul"}},
        {"id": str(large["id"]), "codigo": "CAM-G", "preco": "12.5000000000", "grade": {"Tamanho": "G"}},
    ]  # fmt: skip
    assert (detail2(caller, parent)["classe_produto"], detail2(caller, parent)["idProdutoPai"]) == ("V", "")
    assert detail2(caller, small)["idProdutoPai"] == str(parent["id"])


def test_kit_and_manufactured_product_name_their_parts(
    account: SimulatedAccount, reader: Reader, caller: Caller
) -> None:
    knife, pots, kit, wax, wick, candle = (
        find(account, sku)
        for sku in ("FAC-CHEF-8", "POT-VID-10", "KIT-MESA", "CERA-SOJA", "PAV-ALG", "VEL-AROM")
    )
    parts = [(part["produto"], part["quantidade"]) for part in detail(reader, kit)["kit"]]
    assert parts == [
        ({"id": part["id"], "sku": part["sku"], "descricao": part["descricao"], "tipo": "P"}, 1)
        for part in (knife, pots)
    ]
    made = detail(reader, candle)["producao"]
    assert [(part["produto"]["id"], part["quantidade"]) for part in made["produtos"]] == [
        (wax["id"], 0.2),
        (wick["id"], 1),
    ]
    assert made["etapas"] == ["Derreter a cera", "Verter e curar"]
    assert [row["item"] for row in detail2(caller, kit)["kit"]] == [
        {"id_produto": str(part["id"]), "quantidade": "1.00"} for part in (knife, pots)
    ]
    structure = caller.call("produto.obter.estrutura.php", id=candle["id"])["produto"]["estrutura"]
    assert [row["item"] for row in structure] == [
        {"id_componente": str(wax["id"]), "codigo": "CERA-SOJA", "nome": "Cera de soja, kg",
         "quantidade": "0.20"},
        {"id_componente": str(wick["id"]), "codigo": "PAV-ALG", "nome": "Pavio de algodão",
         "quantidade": "1.00"},
    ]  # fmt: skip
    assert caller.call("produto.obter.estrutura.php", id=kit["id"])["produto"]["estrutura"] == []
    assert (detail2(caller, wax)["classe_produto"], detail2(caller, candle)["classe_produto"]) == ("M", "F")


def test_a_product_says_the_same_under_both_apis(
    account: SimulatedAccount, reader: Reader, caller: Caller
) -> None:
    product = account.add_product(
        sku="X-1", descricao="Panela", preco=99.9, precoPromocional=89.9, marca="Nova marca",
        categoria="Casa >> Cozinha >> Panelas de ferro", ncm="73239300", gtin="2000000000015", unidade="CJ",
        descricaoComplementar=HOSTILE[1], situacao="I",
        dimensoes={"largura": 30, "altura": 12.5, "comprimento": 40, "pesoLiquido": 2.5, "pesoBruto": 2.7},
        anexos=[{"url": "https://cdn.example.com/a.jpg", "externo": False}, "https://cdn.example.com/b.png"],
    )  # fmt: skip
    read = detail(reader, product)
    assert (read["descricaoComplementar"], read["ncm"], read["gtin"], read["unidade"], read["situacao"]) == (
        HOSTILE[1], "73239300", "2000000000015", "CJ", "I",
    )  # fmt: skip
    assert (read["marca"]["nome"], read["categoria"]["caminhoCompleto"]) == (
        "Nova marca",
        "Casa >> Cozinha >> Panelas de ferro",
    )
    assert read["categoria"]["nome"] == "Panelas de ferro"
    assert (read["dimensoes"]["altura"], read["dimensoes"]["pesoLiquido"]) == (12.5, 2.5)
    assert read["anexos"] == [
        {"url": "https://cdn.example.com/a.jpg", "externo": False},
        {"url": "https://cdn.example.com/b.png", "externo": True},
    ]
    read2 = detail2(caller, product)
    assert (read2["descricao_complementar"], read2["ncm"], read2["marca"], read2["categoria"]) == (
        HOSTILE[1], "7323.93.00", "Nova marca", "Casa >> Cozinha >> Panelas de ferro",
    )  # fmt: skip
    assert (read2["alturaEmbalagem"], read2["peso_bruto"], read2["preco_promocional"]) == ("12.50", 2.7, 89.9)
    assert read2["anexos"] == [{"anexo": "https://cdn.example.com/a.jpg"}]
    assert read2["imagens_externas"] == [{"imagem_externa": {"url": "https://cdn.example.com/b.png"}}]

    (tree,) = (row for row in reader.get("/categorias/todas").json() if row["descricao"] == "Casa")
    (kitchen,) = (row for row in tree["filhas"] if row["descricao"] == "Cozinha")
    assert read["categoria"]["id"] in [row["id"] for row in kitchen["filhas"]]
    brands = {row["descricao"]: row["id"] for row in reader.get("/marcas").json()["itens"]}
    assert brands["Nova marca"] == read["marca"]["id"]


# -- stock ---------------------------------------------------------------------------------------------


def test_stock_stands_in_depositos_and_some_do_not_count(
    account: SimulatedAccount, reader: Reader, caller: Caller
) -> None:
    broken = account.add_deposito("Avarias", desconsiderar=True)
    shop = account.add_deposito("Loja")
    product = account.add_product(sku="X-1", saldo=7)
    account.set_stock(product["id"], 3, "Avarias")
    account.set_stock(product["id"], 5, "Loja")
    stock = reader.get(f"/estoque/{product['id']}").json()
    assert [(row["id"], row["nome"], row["desconsiderar"], row["saldo"]) for row in stock["depositos"]] == [
        (334_779_581, "Geral", False, 7),
        (broken["id"], "Avarias", True, 3),
        (shop["id"], "Loja", False, 5),
    ]
    assert (stock["saldo"], detail(reader, product)["estoque"]["quantidade"]) == (12, 12)
    depositos = reader.get("/depositos").json()
    assert [(row["descricao"], row["desconsideraSaldo"], row["padrao"]) for row in depositos] == [
        ("Geral", False, True),
        ("Avarias", True, False),
        ("Loja", False, False),
    ]
    stock2 = caller.call("produto.obter.estoque.php", id=product["id"])["produto"]
    assert stock2["saldo"] == 12
    assert [(row["deposito"]["nome"], row["deposito"]["desconsiderar"]) for row in stock2["depositos"]] == [
        ("Geral", "N"),
        ("Avarias", "S"),
        ("Loja", "N"),
    ]
    entry = {"tipo": "E", "quantidade": 2, "deposito": {"id": shop["id"]}}
    assert reader.call("POST", f"/estoque/{product['id']}", json=entry).status_code == 200
    entry["deposito"] = {"id": 1}
    refused = reader.call("POST", f"/estoque/{product['id']}", json=entry)
    assert (refused.status_code, refused.json()["detalhes"][0]["campo"]) == (400, "deposito.id")
    moved = move(caller, idProduto=product["id"], tipo="S", quantidade=1, deposito="Loja")
    assert moved["registros"]["registro"]["saldoEstoque"] == 13
    assert move(caller, idProduto=product["id"], quantidade=1, deposito="Nenhum")["codigo_erro"] == 32
    truth = find(account, "X-1")
    assert (truth["saldo"], {row["nome"]: row["saldo"] for row in truth["depositos"]}) == (
        13,
        {"Geral": 7, "Avarias": 3, "Loja": 6},
    )


def test_parents_and_kits_have_the_stock_of_their_parts(
    account: SimulatedAccount, reader: Reader, caller: Caller
) -> None:
    family = [
        {"sku": "A-1", "saldo": 3, "grade": [{"chave": "Cor", "valor": "Azul"}]},
        {"sku": "A-2", "saldo": 4, "grade": [{"chave": "Cor", "valor": "Preta"}]},
    ]
    parent = account.add_product(sku="A", variacoes=family)
    first, second = find(account, "A-1"), find(account, "A-2")
    kit = account.add_product(
        sku="K",
        tipo="K",
        kit=[{"id": first["id"], "quantidade": 1}, {"id": second["id"], "quantidade": 2}],
    )
    saldos = {product["sku"]: product["saldo"] for product in account.list_products()}
    assert (saldos["A"], saldos["K"]) == (7, 2)
    assert reader.get(f"/estoque/{kit['id']}").json()["saldo"] == 2
    for product in (parent, kit):
        entry = {"tipo": "B", "quantidade": 9}
        assert reader.call("POST", f"/estoque/{product['id']}", json=entry).status_code == 400
        assert move(caller, idProduto=product["id"], quantidade=9)["codigo_erro"] == 31
    assert find(account, "A")["saldo"] == 7

    contact = reader.call("POST", "/contatos", json={"nome": "Maria"}).json()["id"]
    body = {"idContato": contact, "itens": [{"produto": {"id": kit["id"]}, "quantidade": 2}]}
    order = reader.call("POST", "/pedidos", json=body).json()["id"]
    assert reader.call("POST", f"/pedidos/{order}/lancar-estoque").status_code == 204
    assert (find(account, "A-1")["saldo"], find(account, "A-2")["saldo"]) == (1, 0)


def test_stock_moves_no_date_of_change_unless_asked_for(
    account: SimulatedAccount, reader: Reader, simulator: SimulatedTiny
) -> None:
    simulator.control("POST", "clock", {"frozen": True})
    product = account.add_product(sku="X-1", alterado_em="2026-01-02T12:00:00-03:00")

    def changed() -> list[int]:
        return reader.list_ids("/produtos", dataAlteracao="2026-01-02 12:00:01")

    before = changed()
    assert product["id"] not in before
    account.set_stock(product["id"], 9)
    assert (
        reader.call("POST", f"/estoque/{product['id']}", json={"tipo": "E", "quantidade": 1}).status_code
        == 200
    )
    assert changed() == before
    simulator.control("PATCH", f"accounts/{account.id}", {"stock_touches_product": True})
    account.set_stock(product["id"], 10)
    assert changed() == [*before, product["id"]]


# -- lists of prices -----------------------------------------------------------------------------------


def test_a_list_of_prices_has_a_percentage_and_exceptions(
    account: SimulatedAccount, reader: Reader, caller: Caller
) -> None:
    plain, special = (account.add_product(sku=sku, preco=100, precoPromocional=90) for sku in ("P", "S"))
    exception = {"idProduto": special["id"], "preco": 70, "precoPromocional": 65}
    made = account.save_price_list("Revenda", acrescimoDesconto=-10, excecoes=[exception])
    names = [row["descricao"] for row in reader.get("/listas-precos").json()["itens"]]
    assert names == ["Atacado", "Revenda"]
    assert reader.get(f"/listas-precos/{made['id']}").json() == {
        "id": made["id"],
        "descricao": "Revenda",
        "acrescimoDesconto": -10,
        "excecoes": [{"codigo": "S", **exception}],
    }
    assert reader.get(f"/listas-precos/{made['id']}", idProduto=plain["id"]).json()["excecoes"] == []
    rows = reader.get("/produtos", idListaPreco=made["id"]).json()["itens"]
    assert [(row["sku"], row["precos"]["preco"], row["precos"]["precoPromocional"]) for row in rows] == [
        ("S", 70, 65)
    ]
    assert reader.get("/produtos", codigo="S").json()["itens"][0]["precos"]["preco"] == 100
    assert reader.get("/produtos", idListaPreco=1).status_code == 400

    found = caller.call("produtos.pesquisa.php", pesquisa="", idListaPreco=made["id"], gtin="")["produtos"]
    assert [(row["produto"]["codigo"], row["produto"]["preco"]) for row in found] == [("S", 70)]
    assert caller.code("produtos.pesquisa.php", pesquisa="", idListaPreco=1) == 32
    retorno = caller.call("listas.precos.pesquisa.php", pesquisa="reve")
    assert retorno == {
        "status_processamento": 3,
        "status": "OK",
        "pagina": 1,
        "numero_paginas": 1,
        "registros": [{"registro": {"id": made["id"], "descricao": "Revenda", "acrescimo_desconto": -10}}],
    }
    records = caller.call("listas.precos.excecoes.php", idListaPreco=made["id"])["registros"]
    assert [row["registro"] for row in records] == [
        {"id_lista_preco": made["id"], "id_produto": special["id"], "preco": 70, "preco_promocional": 65}
    ]
    assert caller.code("listas.precos.excecoes.php", idListaPreco=made["id"], idProduto=plain["id"]) == 20


# -- data ----------------------------------------------------------------------------------------------


def test_every_account_has_products_of_every_kind(simulator: SimulatedTiny) -> None:
    for seed in ("casa", "a"):
        account = simulator.add_account(seed=seed)
        products = account.list_products()
        kinds = Counter((product["tipo"], product["tipoVariacao"]) for product in products)
        assert {key: kinds[key] for key in (("V", "P"), ("S", "V"), ("K", "N"), ("F", "N"), ("M", "N"))} == {
            ("V", "P"): 1, ("S", "V"): 6, ("K", "N"): 1, ("F", "N"): 1, ("M", "N"): 2,
        }  # fmt: skip
        assert len({product["sku"] for product in products}) == len(products)
        assert all(ean.is_valid(product["gtin"]) for product in products if product["gtin"])
        texts = " ".join(product["descricaoComplementar"] for product in products)
        assert "<script>" in texts
        assert len({product["marca"] for product in products}) > 2


def test_orders_name_products_that_exist(account: SimulatedAccount, reader: Reader) -> None:
    reader.add_orders(count=20, with_invoices=True)
    named = set()
    for order in reader.get("/pedidos").json()["itens"]:
        named |= {item["produto"]["id"] for item in reader.get(f"/pedidos/{order['id']}").json()["itens"]}
    assert named
    assert named <= {product["id"] for product in account.list_products()}


def test_thousands_are_added_at_once_and_alike(account: SimulatedAccount, reader: Reader) -> None:
    before = account.list_products()
    made = account.add_products(1000, problems=True)
    assert len(made) == 1007
    assert len(account.list_products()) == len(before) + 1007
    page = reader.get("/produtos", limit=1).json()["paginacao"]
    assert page["total"] == len(before) + 1007
    assert Counter(product["problem"] for product in made if product["problem"]) == {
        "empty_sku": 1, "duplicate_sku": 2, "no_children": 1, "price_zero": 1, "price_one_cent": 1,
        "no_ncm": 1,
    }  # fmt: skip
    clean = [product for product in made if not product["problem"]]
    skus = [product["sku"] for product in (*before, *clean)]
    assert len(set(skus)) == len(skus)
    assert all(product["ncm"] and product["preco"] > 1 for product in clean)
    by_id = {product["id"]: product for product in made}
    for product in clean:
        if product["idProdutoPai"]:
            assert by_id[product["idProdutoPai"]]["tipoVariacao"] == "P"
        for part in (*product["kit"], *product["producao"]["produtos"]):
            assert part["id"] in by_id
    wrong = {product["problem"]: product for product in made}
    assert (wrong["empty_sku"]["sku"], wrong["price_zero"]["preco"], wrong["no_ncm"]["ncm"]) == ("", 0, "")
    assert wrong["price_one_cent"]["preco"] == 0.01
    assert detail(reader, wrong["no_children"])["variacoes"] == []
    assert [row["sku"] for row in made if row["problem"] == "duplicate_sku"] == [
        wrong["duplicate_sku"]["sku"]
    ] * 2


def test_only_the_kinds_that_are_asked_for_are_added(simulator: SimulatedTiny) -> None:
    account = simulator.add_account(catalogue=False)
    assert account.list_products() == []
    assert {product["tipo"] for product in account.add_products(10, kinds="S")} == {"S"}
    assert Counter(product["tipoVariacao"] for product in account.add_products(10, kinds="V"))["P"] > 1
    assert len(account.list_products()) == 20


def test_what_the_control_api_cannot_use_is_refused(
    account: SimulatedAccount, simulator: SimulatedTiny
) -> None:
    product = account.add_product(sku="X-1")
    path = f"{simulator.url}/_control/accounts/{account.id}/products"
    for body in ({"cor": "azul"}, {"situacao": "X"}, {"saldo": 1, "deposito": "Nenhum"}):
        assert requests.patch(f"{path}/{product['id']}", json=body, timeout=10).status_code == 400, body
    assert requests.patch(f"{path}/1", json={"preco": 1}, timeout=10).status_code == 404
    assert requests.post(path, json={"count": 5, "kinds": "Z"}, timeout=10).status_code == 400
    assert find(account, "X-1") == product


def test_a_deleted_product_is_one_of_situacao_e(
    account: SimulatedAccount, reader: Reader, caller: Caller
) -> None:
    product = account.add_product(sku="X-1")
    account.delete_product(product["id"])
    assert reader.list_ids("/produtos", situacao="E") == [product["id"]]
    assert detail(reader, product)["situacao"] == "E"
    assert caller.code("produtos.pesquisa.php", pesquisa="X-1") == 20
    assert find(account, "X-1")["situacao"] == "E"


def test_lists_move_under_their_reader(
    account: SimulatedAccount, reader: Reader, simulator: SimulatedTiny, caller: Caller
) -> None:
    account.add_products(60, kinds="S")
    everything = reader.list_ids("/produtos")
    middle = everything[40:]

    def lay(**fields: Any) -> None:
        simulator.control("POST", "faults/clear")
        simulator.add_fault(account_id=account.id, **fields)

    lay(route="GET /produtos", shift="insert_before", after=1)
    read = reader.list_ids("/produtos", limit=40)
    assert read + reader.list_ids("/produtos", limit=40, offset=40) == everything[:80]
    (moved,) = [product for product in account.list_products() if product["id"] not in everything]
    assert moved["id"] == everything[40] - 1
    assert reader.list_ids("/produtos", limit=40, offset=40) == [moved["id"], *middle][:40]
    lay(route="GET /produtos", shift="delete_before")
    read = reader.list_ids("/produtos", limit=1)
    assert read[0] not in reader.list_ids("/produtos")
    assert len(account.list_products()) == len(everything)
    lay(route="POST /api2/produtos.pesquisa.php", shift="duplicate_row")
    rows = caller.call("produtos.pesquisa.php", pesquisa="")["produtos"]
    again = reader.list_ids("/produtos")
    assert again.count(int(rows[-1]["produto"]["id"])) == 2


def test_stock_of_many_is_set_at_once_or_not_at_all(simulator: SimulatedTiny) -> None:
    account = simulator.add_account(catalogue=False)
    first, second = (account.add_product(sku=sku, saldo=1)["id"] for sku in ("CAN-1", "CAN-2"))
    account.add_deposito("Avarias", desconsiderar=True)
    account.change_stock({first: 4, second: 5.5})
    account.change_stock({first: 2}, "Avarias")
    assert [row["saldo"] for row in account.list_products()] == [4, 5.5]
    assert account.list_products()[0]["depositos"][1]["saldo"] == 2
    with pytest.raises(AssertionError, match="404"):
        account.change_stock({first: 9, 1: 9})
    assert [row["saldo"] for row in account.list_products()] == [4, 5.5]
