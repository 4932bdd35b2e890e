"""What changes in an account is told to the addresses that were saved, in the shapes of Tiny's samples."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulated_tiny import SimulatedAccount, SimulatedTiny
from tests.simulator.receiver import Receiver
from tests.simulator.test_api2 import Caller
from tests.simulator.test_pages import get, post

INTEGRATION_KINDS = ("estoque", "precos", "produto", "situacao_pedido", "rastreio", "nota_fiscal")
ACCOUNT_KINDS = ("vendas", "envios", "estoque", "nota_fiscal")
CNPJ = "11222333000181"


@pytest.fixture
def account(simulator: SimulatedTiny) -> SimulatedAccount:
    return simulator.add_account(CNPJ)


@pytest.fixture
def caller(simulator: SimulatedTiny, account: SimulatedAccount, receiver: Receiver) -> Caller:
    """An integration that hears everything at /b, beside the account's Webhooks at /a."""
    caller = Caller(simulator, account)
    account.save_urls(dict.fromkeys(INTEGRATION_KINDS, f"{receiver.url}/b"), caller.ecommerce_id)
    account.save_urls(dict.fromkeys(ACCOUNT_KINDS, f"{receiver.url}/a"))
    return caller


def hear(caller: Caller, receiver: Receiver, path: str = "/b") -> list[dict[str, Any]]:
    """What came to an address since the last look."""
    caller.simulator.wait_until_sent()
    told = receiver.told(path)
    receiver.received.clear()
    return told


def types_of(told: list[dict[str, Any]]) -> list[str]:
    return [one["tipo"] for one in told]


def add_own_order(caller: Caller, receiver: Receiver, **fields: Any) -> dict[str, Any]:
    """An order that came through the integration; what it told is passed over."""
    ecommerce = {"id": int(caller.ecommerce_id), "nome": "Entreposto", "numeroPedidoEcommerce": "TRK-1001"}
    (order,) = caller.account.add_orders(situacao=3, ecommerce=ecommerce, **fields)
    hear(caller, receiver)
    return dict(order)


# -- stock and prices ----------------------------------------------------------------------------------


def test_stock_by_the_page_is_told_to_both_families(caller: Caller, receiver: Receiver) -> None:
    account = caller.account
    product = account.add_product(sku="CAN-1", saldo=3)
    hear(caller, receiver)
    page = f"/contas/{account.id}/produtos/{product['id']}"
    deposito = product["depositos"][0]["id"]
    assert post(caller.simulator, f"{page}/estoque", **{str(deposito): "7,5"}).status_code == 303
    caller.simulator.wait_until_sent()
    assert receiver.told("/b") == [
        {
            "cnpj": CNPJ,
            "idEcommerce": int(caller.ecommerce_id),
            "tipo": "estoque",
            "versao": "1.0.0",
            "dados": {
                "tipoEstoque": "D",
                "saldo": 7.5,
                "idProduto": product["id"],
                "sku": "CAN-1",
                "skuMapeamento": "CAN-1",
                "skuMapeamentoPai": "",
            },
        }
    ]
    assert receiver.told("/a") == [
        {
            "versao": "1.0.1",
            "cnpj": CNPJ,
            "tipo": "estoque",
            "dados": {
                "tipoEstoque": "F",
                "saldo": 7.5,
                "idProduto": str(product["id"]),
                "sku": "CAN-1",
                "skuMapeamento": "",
                "skuMapeamentoPai": "",
            },
        }
    ]
    shown = get(caller.simulator, f"/contas/{account.id}/integracoes/{caller.ecommerce_id}/notificacoes")
    assert "&quot;saldo&quot;: 7.5" in shown
    assert "1× <span" in shown
    assert "&quot;saldo&quot;: 7.5" in get(caller.simulator, f"/contas/{account.id}/webhooks")


def test_stock_by_either_api_is_told(caller: Caller, receiver: Receiver) -> None:
    product = caller.account.add_product(sku="CAN-1")
    hear(caller, receiver)
    caller.call(
        "produto.atualizar.estoque.php",
        estoque=f'{{"estoque": {{"idProduto": {product["id"]}, "quantidade": 9}}}}',
    )
    assert [one["dados"]["saldo"] for one in hear(caller, receiver)] == [9]


def test_stock_is_that_of_the_event_and_one_change_is_told_once(caller: Caller, receiver: Receiver) -> None:
    product = caller.account.add_product(sku="CAN-1", saldo=1)
    caller.simulator.add_sender_fault("hold")
    for saldo in (4, 5, 6):
        caller.account.set_stock(product["id"], saldo)
    hear(caller, receiver)
    assert caller.simulator.release_notifications() == 6
    assert [one["dados"]["saldo"] for one in hear(caller, receiver)] == [4, 5, 6]


def test_what_is_available_falls_with_an_order_that_reserves(caller: Caller, receiver: Receiver) -> None:
    account = caller.account
    account.tiny.control("PATCH", f"accounts/{account.id}", {"reserves_stock": True})
    product = account.add_product(sku="CAN-1", saldo=10)
    hear(caller, receiver)
    item = {"produto": {"id": product["id"], "sku": "CAN-1", "descricao": "C", "tipo": "P"}}
    add = {"itens": [{**item, "quantidade": 2, "valorUnitario": 1, "infoAdicional": ""}]}
    account.add_orders(situacao=3, **add)
    (told,) = [one["dados"] for one in hear(caller, receiver) if one["tipo"] == "estoque"]
    assert (told["idProduto"], told["tipoEstoque"], told["saldo"]) == (product["id"], "D", 8)

    account.set_rules(caller.ecommerce_id, stock_kind="F")
    account.add_orders(situacao=3, **add)
    assert types_of(hear(caller, receiver)) == [], "nothing was moved"
    account.set_stock(product["id"], 11)
    (told,) = [one["dados"] for one in hear(caller, receiver)]
    assert (told["tipoEstoque"], told["saldo"]) == ("F", 11)


def test_prices_are_texts_with_four_decimals(caller: Caller, receiver: Receiver) -> None:
    parent = caller.account.add_product(sku="P10", variacoes=[{"sku": "P10-1"}])
    child = next(row for row in caller.account.list_products() if row["sku"] == "P10-1")
    caller.simulator.wait_until_sent()
    receiver.received.clear()
    caller.account.change_product(child["id"], preco=54.9, precoPromocional=49.9)
    (told,) = hear(caller, receiver)
    ids = {row["idProduto"]: row["idMapeamento"] for row in caller.account.list_mappings()}
    assert told["dados"] == {
        "idMapeamento": ids[child["id"]],
        "skuMapeamento": "P10-1",
        "skuMapeamentoPai": "P10",
        "preco": "54.9000",
        "precoPromocional": "49.9000",
    }
    assert ids.keys() == {parent["id"], child["id"]}
    caller.account.change_product(child["id"], preco=54.9)
    assert hear(caller, receiver) == [], "nothing changed"


# -- products ------------------------------------------------------------------------------------------


def test_product_is_told_whole_and_what_is_answered_is_its_mapping(
    caller: Caller, receiver: Receiver
) -> None:
    account = caller.account
    account.erase_urls()
    product = account.add_product(
        sku="CMS", descricao="Camisa", marca="Exemplo", variacoes=[{"sku": "CMS-M"}, {"sku": "CMS-G"}]
    )
    told = [one for one in hear(caller, receiver) if one["tipo"] == "produto"]
    dados = told[0]["dados"]
    assert (dados["id"], dados["codigo"], dados["nome"]) == (str(product["id"]), "CMS", "Camisa")
    assert [one["codigo"] for one in dados["variacoes"]] == ["CMS-M", "CMS-G"]
    first, second = (one["idMapeamento"] for one in dados["variacoes"])
    assert len({dados["idMapeamento"], first, second}) == 3
    assert {row["error"] for row in account.list_mappings()} == {"A plataforma não respondeu a este produto"}

    answer = (
        f'[{{"idMapeamento":"{dados["idMapeamento"]}","skuMapeamento":"P10"}},'
        f'{{"idMapeamento":{first},"skuMapeamento":"P10-1","urlProduto":"https://loja.example.com/p"}},'
        f'{{"idMapeamento":"{second}","skuMapeamento":"","error":"Produto sem marca"}}]'
    )
    receiver.answers["/b"] = (200, answer.encode())
    account.change_product(product["id"], descricao="Camisa azul")
    assert types_of(hear(caller, receiver)) == ["produto"]
    assert [
        (row["idMapeamento"], row["skuMapeamento"], row["urlProduto"], row["error"])
        for row in account.list_mappings()
    ] == [
        (dados["idMapeamento"], "P10", "", ""),
        (first, "P10-1", "https://loja.example.com/p", ""),
        (second, "", "", "Produto sem marca"),
    ]
    page = get(caller.simulator, f"/contas/{account.id}/integracoes/{caller.ecommerce_id}/mapeamentos")
    assert "P10-1" in page
    assert "Produto sem marca" in page
    children = {row["sku"]: row["id"] for row in account.list_products() if row["idProdutoPai"]}
    assert "Produto sem marca" in get(caller.simulator, f"/contas/{account.id}/produtos/{children['CMS-G']}")

    receiver.received.clear()
    account.set_stock(children["CMS-M"], 4)
    (told_stock,) = hear(caller, receiver)
    assert (told_stock["dados"]["skuMapeamento"], told_stock["dados"]["skuMapeamentoPai"]) == ("P10-1", "P10")

    account.set_rules(caller.ecommerce_id, mapped="answered")
    account.set_stock(children["CMS-G"], 4)
    assert hear(caller, receiver) == [], "the platform refused it"
    account.set_stock(children["CMS-M"], 5)
    assert len(hear(caller, receiver)) == 1


def test_product_that_goes_or_sleeps_is_told_to_nobody(caller: Caller, receiver: Receiver) -> None:
    product = caller.account.add_product(sku="CAN-1")
    hear(caller, receiver)
    caller.account.change_product(product["id"], situacao="I")
    caller.account.delete_product(product["id"])
    assert hear(caller, receiver) == []


def test_product_is_sent_by_hand(caller: Caller, receiver: Receiver) -> None:
    (product,) = caller.account.add_products(1, "S")
    page = f"/contas/{caller.account.id}/produtos/{product['id']}"
    assert "Ainda sem mapeamento." in get(caller.simulator, page)
    receiver.answers["/b"] = (200, b"{}")
    assert post(caller.simulator, f"{page}/enviar").headers["Location"] == page
    assert types_of(hear(caller, receiver)) == ["produto"]
    assert "A plataforma não respondeu a este produto" in get(caller.simulator, page)
    caller.account.send_product(product["id"])
    assert types_of(hear(caller, receiver)) == ["produto"]


def test_refused_product_is_tried_twice_at_once(caller: Caller, receiver: Receiver) -> None:
    receiver.answers["/b"] = (500, b"")
    caller.account.add_product(sku="CAN-1")
    assert types_of(hear(caller, receiver)).count("produto") == 2
    (row,) = caller.account.list_notifications(kind="produto")
    assert (row["state"], [one["status"] for one in row["deliveries"]]) == ("given_up", [500, 500])


# -- orders --------------------------------------------------------------------------------------------


def test_sale_is_told_to_the_account_with_texts(caller: Caller, receiver: Receiver) -> None:
    cliente = {"nome": "Maria Exemplo", "cpfCnpj": "12345678909"}
    (order,) = caller.account.add_orders(
        situacao=3, cliente=cliente, numeroPedidoEcommerce="TRK-1", ecommerce={"nome": "Loja"}
    )
    (told,) = hear(caller, receiver, "/a")
    dados = told["dados"]
    assert (told["tipo"], told["versao"], set(told)) == (
        "inclusao_pedido", "1.0.1", {"versao", "cnpj", "tipo", "dados"},
    )  # fmt: skip
    assert (dados["id"], dados["numero"]) == (str(order["id"]), str(order["numero"]))
    assert (dados["codigoSituacao"], dados["descricaoSituacao"]) == ("aprovado", "Aprovado")
    assert (dados["idPedidoEcommerce"], dados["nomeEcommerce"], dados["idNotaFiscal"]) == (
        "TRK-1",
        "Loja",
        "0",
    )
    assert dados["cliente"] == {"nome": "Maria Exemplo", "cpfCnpj": "123.456.789-09"}
    assert dados["data"] == f"{order['data'][8:]}/{order['data'][5:7]}/{order['data'][:4]}"

    caller.call("pedido.alterar.situacao", id=order["id"], situacao="enviado")
    assert [(one["tipo"], one["dados"]["codigoSituacao"]) for one in hear(caller, receiver, "/a")] == [
        ("atualizacao_pedido", "enviado"),
        ("atualizacao_pedido", "enviado"),
    ], "as a changed order, and as one that was sent"


def test_situacao_without_a_code_is_told_as_its_label(caller: Caller, receiver: Receiver) -> None:
    (order,) = caller.account.add_orders(situacao=3)
    hear(caller, receiver)
    for situacao, code in ((10, "em_devolucao"), (42, "em_producao"), (8, "aberto")):
        caller.account.change_order(order["id"], situacao=situacao)
        (told,) = hear(caller, receiver, "/a")
        assert told["dados"]["codigoSituacao"] == code


def test_integration_hears_of_its_own_orders_only(caller: Caller, receiver: Receiver) -> None:
    order = add_own_order(caller, receiver)
    (other,) = caller.account.add_orders(situacao=3)
    hear(caller, receiver)
    caller.account.change_order(other["id"], situacao=5, nota=True, tracking="QQ111111111BR")
    assert hear(caller, receiver) == []

    post(caller.simulator, f"/contas/{caller.account.id}/pedidos/{order['id']}/situacao", situacao="5")
    (told,) = hear(caller, receiver)
    assert (told["tipo"], told["versao"]) == ("situacao_pedido", "1.0.0")
    assert told["dados"] == {
        "idPedidoEcommerce": "TRK-1001",
        "idVendaTiny": order["id"],
        "situacao": "enviado",
        "descricaoSituacao": "Enviado",
    }


def test_nota_and_tracking_of_an_own_order(caller: Caller, receiver: Receiver) -> None:
    order = add_own_order(caller, receiver)
    post(caller.simulator, f"/contas/{caller.account.id}/pedidos/{order['id']}/nota")
    caller.simulator.wait_until_sent()
    (account_s,) = [one for one in receiver.told("/a") if one["tipo"] == "nota_fiscal"]
    (told,) = hear(caller, receiver)
    (truth,) = caller.account.list_orders()
    nota = caller.call("pedido.obter.php", id=order["id"])["pedido"]["id_nota_fiscal"]
    assert list(told) == ["versao", "cnpj", "idEcommerce", "tipo", "dados"]
    dados = told["dados"]
    assert (dados["chaveAcesso"], dados["numero"]) == (truth["chaveAcesso"], truth["numeroNota"])
    assert (dados["idNotaFiscalTiny"], dados["idPedidoEcommerce"]) == (int(nota), "TRK-1001")
    assert "idEcommerce" not in account_s
    assert (account_s["dados"]["numero"], account_s["dados"]["serie"]) == (f"{truth['numeroNota']:06d}", "1")

    caller.account.change_order(
        order["id"], tracking={"code": "QQ111111111BR", "url": "https://r.example.com"}
    )
    (told,) = hear(caller, receiver)
    assert (told["tipo"], told["versao"]) == ("rastreio", "1.0.1")
    assert told["dados"]["codigoRastreio"] == "QQ111111111BR"
    assert (told["dados"]["idVendaTiny"], told["dados"]["idNotaFiscalTiny"]) == (order["id"], int(nota))


def test_nota_that_is_still_to_be_sent_is_told_to_nobody(caller: Caller, receiver: Receiver) -> None:
    order = add_own_order(caller, receiver)
    caller.call("gerar.nota.fiscal.pedido.php", id=order["id"])
    assert "nota_fiscal" not in types_of(hear(caller, receiver))


# -- addresses -----------------------------------------------------------------------------------------


def test_nobody_listens_nothing_is_queued(simulator: SimulatedTiny, account: SimulatedAccount) -> None:
    product = account.add_product(saldo=1)
    account.set_stock(product["id"], 2)
    assert account.count_notifications()["queued"] == 0


def test_neighbour_hears_nothing(caller: Caller, receiver: Receiver) -> None:
    other = caller.simulator.add_account("12ABC34501DE35")
    other.add_product(saldo=1)
    other.add_orders(situacao=3)
    assert hear(caller, receiver, "/") == []


def test_account_s_addresses_are_visited_before_they_are_saved(
    simulator: SimulatedTiny, account: SimulatedAccount, receiver: Receiver
) -> None:
    page = f"/contas/{account.id}/webhooks"
    assert post(simulator, page, vendas=f"{receiver.url}/ok", estoque="").headers["Location"] == page
    assert receiver.received == [(method, "/ok", b"") for method in ("GET", "HEAD", "OPTIONS", "POST")]
    assert account.list_urls() == {"vendas": f"{receiver.url}/ok"}

    receiver.answers["/no"] = (405, b"")
    answer = post(simulator, page, vendas=f"{receiver.url}/ok", estoque=f"{receiver.url}/no")
    assert (answer.status_code, "Não foi salvo" in answer.text) == (400, True)
    assert "respondeu 405" in answer.text
    assert f'value="{receiver.url}/no"' in answer.text
    assert account.list_urls() == {"vendas": f"{receiver.url}/ok"}


def test_address_that_is_taken_away_hears_no_more(caller: Caller, receiver: Receiver) -> None:
    product = caller.account.add_product(sku="CAN-1")
    hear(caller, receiver)
    caller.simulator.add_sender_fault("hold")
    caller.account.set_stock(product["id"], 2)
    caller.account.erase_urls(caller.ecommerce_id)
    caller.account.erase_urls()
    caller.simulator.release_notifications()
    caller.account.set_stock(product["id"], 3)
    assert hear(caller, receiver, "/") == []
    assert [row["state"] for row in caller.account.list_notifications(kind="estoque")][-2:] == [
        "given_up"
    ] * 2


def test_rules_are_chosen_on_the_page(caller: Caller) -> None:
    base = f"/contas/{caller.account.id}/integracoes/{caller.ecommerce_id}"
    answer = post(caller.simulator, f"{base}/regras", estoque="F", produtos="answered")
    assert answer.headers["Location"] == f"{base}/notificacoes"
    (row,) = caller.simulator.control("GET", f"accounts/{caller.account.id}/integrations")
    assert (row["stock_kind"], row["mapped"]) == ("F", "answered")


# -- what API v2 is asked for instead ------------------------------------------------------------------


def test_changed_products_are_told_once_and_gone(simulator: SimulatedTiny, account: SimulatedAccount) -> None:
    caller = Caller(simulator, account)
    since = {"dataAlteracao": "01/01/2020 00:00:00"}
    assert caller.code("lista.atualizacoes.estoque", **since) == 5
    caller.set(realtime=True)
    assert caller.code("lista.atualizacoes.estoque") == 10
    assert caller.code("lista.atualizacoes.estoque", **since) == 20
    first = account.add_product(sku="CAN-1", saldo=1)
    second = account.add_product(sku="CAN-2", saldo=2)
    account.set_stock(first["id"], 9)
    retorno = caller.call("lista.atualizacoes.estoque", **since)
    assert [(row["produto"]["id"], row["produto"]["saldo"]) for row in retorno["produtos"]] == [
        (second["id"], 2),
        (first["id"], 9),
    ]
    assert caller.code("lista.atualizacoes.estoque", **since) == 20
    account.change_product(second["id"], preco=5)
    retorno = caller.call("lista.atualizacoes.produtos", **since)
    assert {row["produto"]["codigo"]: row["produto"]["preco"] for row in retorno["produtos"]} == {
        "CAN-1": first["preco"],
        "CAN-2": 5,
    }
    assert caller.code("lista.atualizacoes.produtos", **since) == 20
