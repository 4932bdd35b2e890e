"""What a program may write of products: v3 keeps what is left out, v2 empties it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.simulated_tiny import SimulatedAccount, SimulatedTiny
from tests.simulator.conftest import Reader
from tests.simulator.test_api2 import Caller
from tests.simulator.test_products import detail, detail2, find

FULL: dict[str, Any] = {
    "sku": "X-1",
    "descricao": "Panela de ferro",
    "preco": 99.9,
    "precoPromocional": 89.9,
    "marca": "Panela Brava",
    "categoria": "Casa >> Cozinha",
    "ncm": "73239300",
    "gtin": "2000000000015",
    "unidade": "CJ",
    "garantia": "12 meses",
    "descricaoComplementar": "<p>Ferro</p>",
    "dimensoes": {"largura": 30, "altura": 12, "comprimento": 40, "pesoLiquido": 2.5, "pesoBruto": 2.7},
    "anexos": [{"url": "https://cdn.example.com/a.jpg", "externo": False}, "https://cdn.example.com/b.png"],
    "saldo": 5,
}


@pytest.fixture
def account(reader: Reader) -> SimulatedAccount:
    return SimulatedAccount(reader.simulator, reader.account_id)


@pytest.fixture
def caller(account: SimulatedAccount) -> Caller:
    return Caller(account.tiny, account)


def put(reader: Reader, product: dict[str, Any], **body: Any) -> tuple[int, list[str]]:
    """The status and the fields that were refused."""
    answer = reader.call("PUT", f"/produtos/{product['id']}", json={"descricao": "Panela de ferro", **body})
    return answer.status_code, [row["campo"] for row in answer.json()["detalhes"]] if answer.content else []


def write(caller: Caller, service: str, **fields: Any) -> dict[str, Any]:
    body = {"produtos": [{"produto": {"sequencia": 1, **fields}}]}
    retorno = caller.call(service, produto=json.dumps(body))
    return dict(retorno["registros"][0]["registro"])


# -- v3 ------------------------------------------------------------------------------------------------


def test_put_keeps_what_it_leaves_out_and_null_empties(account: SimulatedAccount, reader: Reader) -> None:
    product = account.add_product(**FULL)
    before = detail(reader, product)
    assert put(reader, product) == (204, [])
    assert detail(reader, product) == before
    brands = {row["descricao"]: row["id"] for row in reader.get("/marcas").json()["itens"]}
    changes = {
        "descricao": "Panela nova",
        "marca": {"id": brands["Lume"]},
        "precos": {"preco": 79.9},
        "dimensoes": {"pesoBruto": 3},
        "ncm": None,
        "garantia": None,
    }
    assert put(reader, product, **changes) == (204, [])
    after = detail(reader, product)
    assert after["marca"] == {"id": brands["Lume"], "nome": "Lume"}
    assert after == {
        **before,
        "descricao": "Panela nova",
        "marca": after["marca"],
        "precos": {**before["precos"], "preco": 79.9},
        "dimensoes": {**before["dimensoes"], "pesoBruto": 3},
        "ncm": "",
        "garantia": "",
    }
    assert put(reader, product, marca=None, categoria={"id": None}) == (204, [])
    emptied = detail(reader, product)
    assert (emptied["marca"], emptied["categoria"]["id"]) == ({"id": 0, "nome": ""}, 0)


def test_put_ignores_what_its_request_does_not_have(account: SimulatedAccount, reader: Reader) -> None:
    product = account.add_product(**FULL)
    before = detail(reader, product)
    others = {"situacao": "I", "tipo": "K", "anexos": [], "kit": [], "estoque": {"quantidade": 99}, "nada": 1}
    assert put(reader, product, **others) == (204, [])
    assert detail(reader, product) == before


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"marca": {"id": 1}}, "marca.id"),
        ({"categoria": {"id": 1}}, "categoria.id"),
        ({"descricao": ""}, "descricao"),
        ({"descricao": "x" * 121}, "descricao"),
        ({"precos": {"preco": "9"}}, "preco"),
        ({"sku": "LUM-ART-PT"}, "sku"),
    ],
)
def test_what_put_refuses_changes_nothing(
    account: SimulatedAccount, reader: Reader, body: dict[str, Any], field: str
) -> None:
    product = account.add_product(**FULL)
    before = detail(reader, product)
    assert put(reader, product, **body) == (400, [field])
    assert detail(reader, product) == before


def test_every_change_moves_the_date_that_the_list_is_filtered_by(
    account: SimulatedAccount, reader: Reader, simulator: SimulatedTiny, caller: Caller
) -> None:
    simulator.control("POST", "clock", {"frozen": True})
    product = account.add_product(**FULL)
    old = "2026-01-02T12:00:00-03:00"

    def is_changed() -> bool:
        rows = reader.list_ids("/produtos", dataAlteracao="2026-01-02 12:00:01", codigo="X-1")
        account.change_product(product["id"], alterado_em=old)
        return rows == [product["id"]]

    is_changed()
    assert not is_changed()
    assert reader.list_ids("/produtos", dataAlteracao="2026-01-02 12:00:00", codigo="X-1") == [product["id"]]
    put(reader, product, garantia="3 meses")
    assert is_changed()
    reader.call("PUT", f"/produtos/{product['id']}/preco", json={"preco": 1})
    assert is_changed()
    caller.send("produto.atualizar.precos", {"precos": [{"id": product["id"], "preco": "2"}]})
    assert is_changed()
    account.change_product(product["id"], marca="Lume")
    assert is_changed()
    reader.call("DELETE", f"/produtos/{product['id']}")
    assert is_changed()


def test_posted_product_is_read_with_its_variations(account: SimulatedAccount, reader: Reader) -> None:
    body = {
        "descricao": "Camisa",
        "tipo": "V",
        "sku": "CAM",
        "precos": {"preco": 50},
        "anexos": [{"url": "https://cdn.example.com/c.jpg", "externo": True}],
        "variacoes": [
            {"sku": "CAM-P", "gtin": "2000000000022", "precos": {"preco": 55}, "estoque": {"inicial": 4},
             "grade": [{"chave": "Tamanho", "valor": "P"}]},
        ],
    }  # fmt: skip
    made = reader.call("POST", "/produtos", json=body).json()
    (child,) = made["variacoes"]
    assert (made["codigo"], made["descricao"]) == ("CAM", "Camisa")
    assert (child["codigo"], child["descricao"]) == ("CAM-P", "Camisa P")
    parent = reader.get(f"/produtos/{made['id']}").json()
    assert [
        (row["id"], row["precos"]["preco"], row["estoque"]["quantidade"]) for row in parent["variacoes"]
    ] == [(child["id"], 55, 4)]
    assert parent["anexos"] == body["anexos"]
    path = f"/produtos/{made['id']}/variacoes"
    grade = [{"chave": "Tamanho", "valor": "G"}]
    second = reader.call("POST", path, json={"sku": "CAM-G", "grade": grade}).json()["id"]
    assert (
        reader.call("PUT", f"{path}/{second}", json={"sku": "CAM-GG", "ncm": "61051000"}).status_code == 204
    )
    assert reader.get(f"/produtos/{second}").json()["ncm"] == "61051000"
    assert find(account, "CAM-GG")["grade"] == grade
    assert reader.call("DELETE", f"{path}/{child['id']}").status_code == 204
    assert [row["id"] for row in reader.get(f"/produtos/{made['id']}").json()["variacoes"]] == [second]
    assert reader.call("PUT", f"{path}/1", json={"sku": "A"}).status_code == 404
    assert reader.call("POST", "/produtos/350000000/variacoes", json={"grade": grade}).status_code == 400
    assert reader.call("DELETE", f"/produtos/{made['id']}").status_code == 204
    assert {find(account, sku)["situacao"] for sku in ("CAM", "CAM-GG")} == {"E"}
    counts = account.count_calls()
    assert (counts["POST /produtos"], counts["POST /produtos/{id}/variacoes"]) == (1, 2)
    assert counts["PUT /produtos/{id}/variacoes/{variacao}"] == 2


def test_posted_kit_needs_parts_that_exist(account: SimulatedAccount, reader: Reader) -> None:
    before = account.list_products()
    part = {"produto": {"id": before[0]["id"]}, "quantidade": 2}
    body = {
        "descricao": "Kit",
        "tipo": "K",
        "sku": "K-1",
        "kit": [part, {"produto": {"id": 7}, "quantidade": 1}],
    }
    refused = reader.call("POST", "/produtos", json=body)
    assert (refused.status_code, refused.json()["detalhes"][0]["campo"]) == (400, "kit[1].produto.id")
    assert reader.call("POST", "/produtos", json={"descricao": "Sem tipo"}).status_code == 400
    assert account.list_products() == before
    made = reader.call("POST", "/produtos", json={**body, "kit": [part]}).json()["id"]
    assert [row["quantidade"] for row in reader.get(f"/produtos/{made}").json()["kit"]] == [2]


def test_brands_are_added_and_renamed(account: SimulatedAccount, reader: Reader) -> None:
    product = account.add_product(sku="X-1", marca="Lume")
    made = reader.call("POST", "/marcas", json={"descricao": "Nova"}).json()["id"]
    assert reader.get("/marcas", descricao="nova").json()["itens"] == [{"id": made, "descricao": "Nova"}]
    for body in ({"descricao": "Nova"}, {"descricao": " "}):
        assert reader.call("POST", "/marcas", json=body).status_code == 400
    brand = detail(reader, product)["marca"]["id"]
    assert reader.call("PUT", f"/marcas/{brand}", json={"descricao": "Lumen"}).status_code == 204
    assert detail(reader, product)["marca"] == {"id": brand, "nome": "Lumen"}
    assert reader.call("PUT", "/marcas/1", json={"descricao": "X"}).status_code == 404


# -- v2 ------------------------------------------------------------------------------------------------


def test_alterar_empties_what_it_leaves_out(
    account: SimulatedAccount, reader: Reader, caller: Caller
) -> None:
    product = account.add_product(**FULL)
    assert write(caller, "produto.alterar.php", id=product["id"], nome="Só o nome")["status"] == "OK"
    after = detail2(caller, product)
    emptied = (
        "codigo", "unidade", "ncm", "gtin", "garantia", "marca", "categoria", "descricao_complementar",
    )  # fmt: skip
    assert {name: after[name] for name in emptied} == dict.fromkeys(emptied, "")
    assert (after["preco"], after["preco_promocional"], after["peso_liquido"]) == (0, 0, 0)
    assert (after["alturaEmbalagem"], after["tipoEmbalagem"]) == ("0.00", "0")
    assert (after["anexos"], after["imagens_externas"]) == ([], [])
    assert (after["nome"], after["situacao"], after["classe_produto"]) == ("Só o nome", "A", "S")
    assert reader.get(f"/estoque/{product['id']}").json()["saldo"] == 5, "stock is written otherwise"


def test_alterar_with_everything_that_was_read_changes_one_field(
    account: SimulatedAccount, caller: Caller
) -> None:
    product = account.add_product(**FULL)
    before = detail2(caller, product)
    packing = {
        f"{name}_embalagem": before[f"{name}Embalagem"]
        for name in ("tipo", "altura", "largura", "comprimento", "diametro")
    }
    record = {**before, **packing, "nome": "Panela nova"}
    assert write(caller, "produto.alterar.php", **record)["status"] == "OK"
    assert detail2(caller, product) == {**before, "nome": "Panela nova"}
    # By the names that it is read by, packing is not found.
    record = {name: value for name, value in record.items() if name not in packing}
    write(caller, "produto.alterar.php", **record)
    assert detail2(caller, product)["alturaEmbalagem"] == "0.00"


def test_alterar_takes_away_the_variations_that_it_does_not_name(
    account: SimulatedAccount, caller: Caller
) -> None:
    family = [
        {"sku": f"CAM-{size}", "preco": 50, "grade": [{"chave": "Tamanho", "valor": size}]} for size in "PMG"
    ]
    parent = account.add_product(sku="CAM", variacoes=family)
    variations = detail2(caller, parent)["variacoes"]
    assert len(variations) == 3
    write(caller, "produto.alterar.php", id=parent["id"], codigo="CAM", nome="Camisa", variacoes=variations)
    assert detail2(caller, parent)["variacoes"] == variations
    variations[0]["variacao"]["preco"] = "60"
    new = {"variacao": {"codigo": "CAM-X", "preco": "70", "grade": {"Tamanho": "X"}}}
    named = [variations[0], variations[1], new]
    write(caller, "produto.alterar.php", id=parent["id"], codigo="CAM", nome="Camisa", variacoes=named)
    after = [row["variacao"] for row in detail2(caller, parent)["variacoes"]]
    assert [(row["codigo"], row["preco"]) for row in after] == [
        ("CAM-P", "60.0000000000"),
        ("CAM-M", "50.0000000000"),
        ("CAM-X", "70.0000000000"),
    ]
    assert find(account, "CAM-G")["situacao"] == "E"
    write(caller, "produto.alterar.php", id=parent["id"], codigo="CAM", nome="Camisa")
    assert detail2(caller, parent)["variacoes"] == []


def test_incluir_makes_variations_brand_and_category(
    account: SimulatedAccount, reader: Reader, caller: Caller
) -> None:
    variation = {"codigo": "CAM-P", "preco": "55.00", "grade": {"Tamanho": "P"}, "estoque_atual": "3"}
    record = write(
        caller, "produto.incluir.php", nome="Camisa", codigo="CAM", preco="50", unidade="UN", origem="0",
        tipo="P", situacao="A", classe_produto="V", marca="Marca de v2", categoria="Roupas >> Camisas",
        seo={"seo_title": "Camisas", "seo_keywords": "camisa,azul"},
        imagens_externas=[{"imagem_externa": {"url": "https://cdn.example.com/v2.jpg"}}],
        variacoes=[{"variacao": variation}],
    )  # fmt: skip
    assert record["status"] == "OK", record
    parent = reader.get(f"/produtos/{record['id']}").json()
    assert (parent["marca"]["nome"], parent["categoria"]["caminhoCompleto"]) == (
        "Marca de v2",
        "Roupas >> Camisas",
    )
    assert parent["seo"]["keywords"] == ["camisa", "azul"]
    assert parent["anexos"] == [{"url": "https://cdn.example.com/v2.jpg", "externo": True}]
    (child,) = parent["variacoes"]
    assert (child["sku"], child["precos"]["preco"], child["estoque"]["quantidade"]) == ("CAM-P", 55, 3)
    assert child["grade"] == [{"chave": "Tamanho", "valor": "P"}]
    part = {"item": {"id_produto": str(child["id"]), "quantidade": "2.00"}}
    kit = write(caller, "produto.incluir.php", nome="Kit", codigo="K-1", classe_produto="K", kit=[part])
    assert detail2(caller, {"id": kit["id"]})["kit"] == [part]
    before = account.list_products()
    for wrong in ({"classe_produto": "Z"}, {"situacao": "Z"}, {"preco": "dez"}, {"tipo_embalagem": "0"}):
        assert write(caller, "produto.incluir.php", nome="X", codigo="X-9", **wrong)["codigo_erro"] == "31"
    assert account.list_products() == before


def test_v2_variety_reaches_products(account: SimulatedAccount, caller: Caller) -> None:
    product = account.add_product(**FULL)
    plain = detail2(caller, product)
    seen = set()
    for seed in range(1, 30):
        caller.set(v2_variety=seed)
        varied = detail2(caller, product)
        assert (varied["nome"], varied["ncm"], varied["codigo"]) == (plain["nome"], plain["ncm"], "X-1")
        seen |= {type(varied[name]).__name__ for name in ("id", "anexos", "preco", "peso_liquido")}
        assert detail2(caller, product) == varied
    assert seen == {"int", "str", "list", "dict", "float"}
