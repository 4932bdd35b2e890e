"""What a program may write through API v2: orders, contacts, products, stock and prices."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.simulated_tiny import SimulatedAccount
from tests.simulator.conftest import Reader
from tests.simulator.test_api2 import Caller, today

OK = {"status_processamento": "3", "status": "OK"}
CLIENTE = {
    "codigo": "1235",
    "nome": "Maria Exemplo",
    "tipo_pessoa": "F",
    "cpf_cnpj": "52998224725",
    "endereco": "Rua Teste",
    "numero": "123",
    "complemento": "apto 2",
    "bairro": "Centro",
    "cep": "95700000",
    "cidade": "Bento Gonçalves",
    "uf": "RS",
    "fone": "5432000100",
    "email": "maria@example.com",
    "atualizar_cliente": "S",
}
ITEM = {
    "codigo": "AVU-1",
    "descricao": "Avulso",
    "unidade": "UN",
    "quantidade": "2",
    "valor_unitario": "50.25",
}

PAYMENT = {
    "valor": 112.8,
    "tipo_pagamento": 3,
    "cnpj_intermediador": "11222333000181",
    "codigo_autorizacao": "AUTH0001",
    "codigo_bandeira": 1,
}


@pytest.fixture
def caller(reader: Reader) -> Caller:
    """With ``reader`` on the same account, for what v3 sees of it."""
    return Caller(reader.simulator, SimulatedAccount(reader.simulator, reader.account_id))


def post(caller: Caller, **changes: Any) -> dict[str, Any]:
    """Post an order; the ``retorno``."""
    order = {"cliente": CLIENTE, "itens": [{"item": ITEM}], **changes}
    return caller.call("pedido.incluir.php", pedido=json.dumps({"pedido": order}))


def add(caller: Caller, **changes: Any) -> dict[str, Any]:
    """Post an order; its ``registro``."""
    retorno = post(caller, **changes)
    assert retorno["status"] == "OK", retorno
    return dict(retorno["registros"]["registro"])


def get(caller: Caller, order_id: Any) -> dict[str, Any]:
    return dict(caller.call("pedido.obter.php", id=order_id)["pedido"])


# -- orders -------------------------------------------------------------------------------------------


def test_posted_order_comes_back_under_both_apis(caller: Caller, reader: Reader) -> None:
    record = add(
        caller,
        data_pedido="18/09/2026",
        data_prevista="25/09/2026",
        id_ecommerce=int(caller.ecommerce_id),
        numero_pedido_ecommerce="TRK-1001",
        situacao="aprovado",
        parcelas=[{"parcela": {"dias": "30", "data": "18/10/2026", "valor": "100.50"}}],
        marcadores=[{"marcador": {"descricao": "Loja online"}}],
        forma_pagamento="credito",
        meio_pagamento="Gateway X",
        frete_por_conta="R",
        valor_frete="12.30",
        forma_envio="c",
        forma_frete="PAC",
        obs="texto",
        obs_internas="interno",
        nome_vendedor="Vendas internas",
        endereco_entrega={"endereco": "Rua B", "cidade": "Santos", "uf": "SP", "nome_destinatario": "Bia"},
        pagamentos_integrados=[{"pagamento_integrado": PAYMENT}],
        intermediador={"nome": "Intermediador", "cnpj": "11.222.333/0001-81", "cnpjPagamento": ""},
    )
    assert (set(record), record["sequencia"]) == ({"sequencia", "status", "id", "numero"}, "1")
    pedido = get(caller, record["id"])
    assert pedido["numero_ecommerce"] == "TRK-1001"
    assert pedido["ecommerce"] == {
        "id": caller.ecommerce_id,
        "numeroPedidoEcommerce": "TRK-1001",
        "numeroPedidoCanalVenda": "",
        "nomeEcommerce": "Entreposto",
        "canalVenda": "",
    }
    assert (pedido["data_pedido"], pedido["data_prevista"]) == ("18/09/2026", "25/09/2026")
    assert (pedido["total_produtos"], pedido["total_pedido"]) == ("100.50", "112.80")
    assert (pedido["forma_envio"], pedido["forma_frete"]) == ("C", "PAC")
    assert (pedido["forma_pagamento"], pedido["meio_pagamento"]) == ("credito", "Gateway X")
    assert (pedido["obs"], pedido["obs_interna"]) == ("texto", "interno")
    assert (pedido["id_vendedor"], pedido["nome_vendedor"]) == ("334779701", "Vendas internas")
    assert pedido["cliente"]["cpf_cnpj"] == "529.982.247-25"
    assert pedido["endereco_entrega"]["nome_destinatario"] == "Bia"
    assert pedido["intermediador"]["cnpj"] == "11.222.333/0001-81"
    assert pedido["pagamentos_integrados"] == [{"pagamento_integrado": PAYMENT}]
    (marker,) = pedido["marcadores"]
    assert set(marker["marcador"]) == {"id", "descricao", "cor"}
    assert caller.list_ids(idVendedor="334779701") == [record["id"]]
    assert caller.list_ids(marcador="Loja online") == [record["id"]]
    seen = reader.get(f"/pedidos/{record['id']}").json()
    assert (str(seen["numeroPedido"]), seen["situacao"]) == (record["numero"], 3)
    assert seen["ecommerce"]["numeroPedidoEcommerce"] == "TRK-1001"
    assert seen["cliente"]["endereco"]["municipio"] == "Bento Gonçalves"
    assert seen["vendedor"] == {"id": 334779701, "nome": "Vendas internas"}


def test_least_order(caller: Caller) -> None:
    record = add(caller)
    pedido = get(caller, record["id"])
    assert (pedido["data_pedido"], pedido["situacao"]) == (today(), "Em aberto")
    assert (pedido["forma_envio"], pedido["frete_por_conta"], pedido["id_vendedor"]) == ("S", "S", "0")


def test_name_in_the_place_of_the_freight_s_code_is_no_freight(caller: Caller) -> None:
    pedido = get(caller, add(caller, forma_envio="Correios", forma_frete="PAC")["id"])
    assert (pedido["forma_envio"], pedido["forma_frete"]) == ("S", "")


def test_number_of_another_integration_leaves_the_number_of_the_order(caller: Caller) -> None:
    pedido = get(caller, add(caller, id_ecommerce=99999, numero_pedido_ecommerce="X-1")["id"])
    assert (pedido["ecommerce"]["id"], pedido["numero_ecommerce"]) == ("0", "X-1")


def test_same_order_again_is_a_second_order(caller: Caller) -> None:
    first, second = (add(caller, numero_pedido_ecommerce="TRK-1")["id"] for _ in range(2))
    assert caller.list_ids(numeroEcommerce="TRK-1") == [first, second]


def test_order_that_lacks_something_is_refused_in_its_record(caller: Caller) -> None:
    retorno = post(caller, cliente={"nome": ""}, itens=[])
    assert retorno == {
        "status_processamento": "2",
        "status": "Erro",
        "registros": [
            {
                "registro": {
                    "sequencia": "1",
                    "status": "Erro",
                    "codigo_erro": "31",
                    "erros": [
                        {"erro": "O nome do cliente deve ser informado"},
                        {"erro": "O pedido deve ter ao menos um item"},
                    ],
                }
            }
        ],
    }
    assert post(caller, situacao="dados_incompletos")["status"] == "Erro"
    assert post(caller, data_prevista="2026-09-25")["status"] == "Erro"
    assert caller.code("pedidos.pesquisa.php", dataInicial="01/01/2020") == 20
    assert caller.code("contatos.pesquisa.php", pesquisa="") == 20, "no customer either"


@pytest.mark.parametrize(
    ("text", "code"), [("{", 3), ('{"cliente": {}}', 3), ('{"pedido": []}', 3), ("[]", 3), ("", 10)]
)
def test_wrong_wrapper_is_malformed_json(caller: Caller, text: str, code: int) -> None:
    assert caller.code("pedido.incluir.php", pedido=text) == code


def test_customer_is_known_again_by_his_document(caller: Caller) -> None:
    add(caller)
    add(caller, cliente={**CLIENTE, "codigo": "", "nome": "Maria Nova"})
    (row,) = caller.call("contatos.pesquisa.php", pesquisa="")["contatos"]
    assert row["contato"]["nome"] == "Maria Nova"
    kept = add(caller, cliente={**CLIENTE, "nome": "Outra", "atualizar_cliente": "N"})
    assert get(caller, kept["id"])["cliente"]["nome"] == "Maria Nova"


def test_little_of_an_order_can_be_changed(caller: Caller) -> None:
    order_id = add(caller)["id"]
    parcelas = [{"data": "18/10/2026", "valor": 100.5, "obs": "", "forma_pagamento": "dinheiro"}]
    body = {
        "data_prevista": "28/09/2026",
        "data_envio": "20/09/2026 08:00:00",
        "obs": "texto",
        "obs_interna": "interno",
        "parcelas": parcelas,
        "situacao": "cancelado",
        "itens": [],
    }
    assert caller.send("pedido.alterar.php", {"dados_pedido": body}, id=order_id) == OK
    pedido = get(caller, order_id)
    assert (pedido["data_prevista"], pedido["data_envio"]) == ("28/09/2026", "20/09/2026")
    assert (pedido["obs"], pedido["obs_interna"], pedido["situacao"]) == ("texto", "interno", "Em aberto")
    assert len(pedido["itens"]) == 1
    assert pedido["parcelas"][0]["parcela"]["forma_pagamento"] == "dinheiro"


def test_parcels_must_add_up(caller: Caller) -> None:
    order_id = add(caller)["id"]
    body = {"dados_pedido": {"parcelas": [{"parcela": {"valor": 1}}]}}
    assert caller.send("pedido.alterar.php", body, id=order_id) == {
        "status_processamento": "2",
        "status": "Erro",
        "codigo_erro": 10,
        "erros": [
            {
                "erro": "O valor total das parcelas deve ser igual ao valor total da venda.",
                "campo": "parcelas",
            }
        ],
    }
    assert get(caller, order_id)["parcelas"] == []


def test_raw_body_wants_its_parameters_in_the_address(caller: Caller) -> None:
    order_id = add(caller)["id"]
    assert "<codigo_erro>1</codigo_erro>" in caller.post("pedido.alterar.php", id=order_id).text
    assert caller.send("pedido.alterar.php", {"obs": "x"}, id=order_id)["codigo_erro"] == 3
    assert caller.send("pedido.alterar.php", {"dados_pedido": {}}, id=1)["codigo_erro"] == 32


def test_situacao_is_set_by_code(caller: Caller, reader: Reader) -> None:
    order_id = add(caller)["id"]
    assert caller.call("pedido.alterar.situacao", id=order_id, situacao="entregue") == OK
    assert reader.get(f"/pedidos/{order_id}").json()["situacao"] == 6
    assert caller.code("pedido.alterar.situacao", id=order_id, situacao="Entregue") == 31
    assert caller.code("pedido.alterar.situacao", id=order_id) == 10
    assert caller.code("pedido.alterar.situacao", id=1, situacao="entregue") == 32
    assert caller.post("pedido.alterar.situacao.php", id=order_id).status_code == 404


def test_tracking_is_written_for_correios_and_road_freight_only(caller: Caller) -> None:
    order_id = add(caller)["id"]
    fields = {
        "id": order_id,
        "codigoRastreamento": "QQ123456785BR",
        "urlRastreamento": "https://x.example/?a=1",
    }
    service = "cadastrar.codigo.rastreamento.pedido.php"
    assert caller.code(service, **fields, formaEnvio="J") == 31
    assert caller.code(service, **fields, formaEnvio="T") == 31
    assert get(caller, order_id)["codigo_rastreamento"] == ""
    assert caller.call(service, **fields) == OK
    pedido = get(caller, order_id)
    assert (pedido["codigo_rastreamento"], pedido["forma_envio"]) == ("QQ123456785BR", "S")
    changed = caller.call(service, **fields, formaEnvio="C", formaFrete="PAC", dataPrevista="25/09/2026")
    assert changed == OK
    pedido = get(caller, order_id)
    assert pedido["codigo_rastreamento"] == "QQ123456785BR"
    assert pedido["url_rastreamento"] == "https://x.example/?a=1"
    assert (pedido["forma_envio"], pedido["forma_frete"], pedido["data_prevista"]) == (
        "C",
        "PAC",
        "25/09/2026",
    )
    assert caller.call(service, **fields, formaEnvio="T", transportadora="Rodonaves") == OK
    assert get(caller, order_id)["nome_transportador"] == "Rodonaves"


def test_nota_of_an_order(caller: Caller) -> None:
    order_id = add(caller)["id"]
    record = caller.call("gerar.nota.fiscal.pedido.php", id=order_id)["registros"]["registro"]
    assert set(record) == {"idNotaFiscal", "numero", "serie"}
    assert (record["numero"], record["serie"]) == ("000001", "1")
    assert get(caller, order_id)["id_nota_fiscal"] == record["idNotaFiscal"]
    nota_id = record["idNotaFiscal"]
    assert caller.call("nota.fiscal.obter.php", id=nota_id)["nota_fiscal"]["situacao"] == "1"
    assert caller.code("gerar.nota.fiscal.pedido.php", id=order_id) == 31
    service = "nota.fiscal.cadastrar.codigo.rastreamento.php"
    assert caller.call(service, id=nota_id, codigoRastreamento="QQ123456785BR") == OK
    nota = caller.call("nota.fiscal.obter.php", id=nota_id)["nota_fiscal"]
    assert nota["codigo_rastreamento"] == "QQ123456785BR"


# -- contacts -----------------------------------------------------------------------------------------


def write_contacts(caller: Caller, service: str, *contacts: dict[str, Any]) -> dict[str, Any]:
    body = {"contatos": [{"contato": contact} for contact in contacts]}
    return caller.call(service, contato=json.dumps(body))


CONTACT = {
    "sequencia": "1",
    "nome": "Maria Exemplo",
    "cpf_cnpj": "52998224725",
    "situacao": "A",
    "codigo": "M1",
}


def test_contact_is_added_found_and_changed(caller: Caller, reader: Reader) -> None:
    retorno = write_contacts(caller, "contato.incluir.php", CONTACT)
    contact_id = retorno["registros"][0]["registro"]["id"]
    assert retorno == {
        "status_processamento": 3,
        "status": "OK",
        "registros": [{"registro": {"sequencia": "1", "status": "OK", "id": contact_id}}],
    }
    changed = {"sequencia": "1", "codigo": "M1", "nome": "Maria Nova", "situacao": "A", "cidade": "Santos"}
    assert write_contacts(caller, "contato.alterar.php", changed)["status"] == "OK"
    (row,) = caller.call("contatos.pesquisa.php", pesquisa="maria")["contatos"]
    assert set(row["contato"]) == {
        "id", "codigo", "nome", "fantasia", "tipo_pessoa", "cpf_cnpj", "ie", "endereco", "numero",
        "complemento", "bairro", "cep", "cidade", "uf", "fone", "email", "id_lista_preco", "id_vendedor",
        "nome_vendedor", "situacao", "data_criacao",
    }  # fmt: skip
    assert (row["contato"]["id"], row["contato"]["nome"]) == (contact_id, "Maria Nova")
    assert row["contato"]["situacao"] == "Ativo"
    contact = caller.call("contato.obter.php", id=contact_id)["contato"]
    assert set(contact) == {
        "id", "codigo", "nome", "fantasia", "tipo_pessoa", "cpf_cnpj", "ie", "rg", "im", "endereco", "numero",
        "complemento", "bairro", "cep", "cidade", "uf", "pais", "endereco_cobranca", "uf_cobranca",
        "contatos", "fone", "celular", "email", "email_nfe", "site", "crt", "estadoCivil", "data_nascimento",
        "limite_credito", "situacao", "obs", "data_atualizacao", "tipos_contato", "pessoas_contato",
    }  # fmt: skip
    assert (contact["cidade"], contact["cpf_cnpj"], contact["situacao"]) == ("Santos", "529.982.247-25", "A")
    assert reader.get(f"/contatos/{contact_id}").json()["nome"] == "Maria Nova"
    assert caller.code("contato.obter.php", id="1") == 32
    assert caller.code("contatos.pesquisa.php") == 10
    assert caller.code("contatos.pesquisa.php", pesquisa="M1", situacao="Excluido") == 20
    assert len(caller.call("contatos.pesquisa.php", pesquisa="M1", dataMinimaAtualizacao=today())["contatos"])


def test_batch_fails_record_by_record(caller: Caller) -> None:
    empty = {"sequencia": "", "situacao": "A"}
    assert write_contacts(caller, "contato.incluir.php", empty) == {
        "status_processamento": "2",
        "status": "Erro",
        "registros": [
            {
                "registro": {
                    "sequencia": "",
                    "status": "Erro",
                    "codigo_erro": "31",
                    "erros": [
                        {"erro": "O número de sequência deve ser informado"},
                        {"erro": "O nome do contato deve ser informado"},
                    ],
                }
            }
        ],
    }
    again = {**CONTACT, "sequencia": "2"}
    retorno = write_contacts(caller, "contato.incluir.php", CONTACT, again)
    assert (retorno["status_processamento"], retorno["status"]) == (4, "Parcial")
    assert [row["registro"].get("codigo_erro") for row in retorno["registros"]] == [None, "30"]
    unknown = {**CONTACT, "codigo": "M2", "cpf_cnpj": ""}
    failed = write_contacts(caller, "contato.alterar.php", unknown)
    assert failed["registros"][0]["registro"]["codigo_erro"] == "32"
    assert write_contacts(caller, "contato.incluir.php", CONTACT, CONTACT)["codigo_erro"] == 9
    many = [{**CONTACT, "sequencia": str(place)} for place in range(21)]
    assert write_contacts(caller, "contato.incluir.php", *many)["codigo_erro"] == 22
    assert len(caller.call("contatos.pesquisa.php", pesquisa="")["contatos"]) == 1


def test_contact_that_two_have_the_code_of(caller: Caller) -> None:
    for sequence, document in (("1", "52998224725"), ("2", "11144477735")):
        contact = {**CONTACT, "sequencia": sequence, "cpf_cnpj": document}
        assert write_contacts(caller, "contato.incluir.php", contact)["status"] == "OK"
    failed = write_contacts(caller, "contato.alterar.php", {**CONTACT, "cpf_cnpj": ""})
    assert failed["registros"][0]["registro"]["codigo_erro"] == "33"


# -- products -----------------------------------------------------------------------------------------


def find_product(caller: Caller, **filters: str) -> dict[str, Any]:
    retorno = caller.call("produtos.pesquisa.php", **{"pesquisa": "", **filters})
    return dict(retorno["produtos"][0]["produto"])


def test_catalogue(caller: Caller, reader: Reader) -> None:
    retorno = caller.call("produtos.pesquisa.php", pesquisa="")
    assert (retorno["pagina"], retorno["numero_paginas"], len(retorno["produtos"])) == (1, 1, 25)
    product = find_product(caller)
    assert set(product) == {
        "id", "data_criacao", "nome", "codigo", "preco", "preco_promocional", "unidade", "gtin",
        "tipoVariacao", "localizacao", "preco_custo", "preco_custo_medio", "situacao",
    }  # fmt: skip
    detail = caller.call("produto.obter.php", id=product["id"])["produto"]
    assert {name: detail[name] for name in product} == product
    assert set(detail) == {
        "id", "data_criacao", "codigo", "nome", "unidade", "preco", "preco_promocional", "ncm", "origem",
        "gtin", "gtin_embalagem", "localizacao", "peso_liquido", "peso_bruto", "estoque_minimo",
        "estoque_maximo", "id_fornecedor", "codigo_fornecedor", "codigo_pelo_fornecedor", "unidade_por_caixa",
        "preco_custo", "preco_custo_medio", "situacao", "tipo", "classe_ipi", "valor_ipi_fixo",
        "cod_lista_servicos", "descricao_complementar", "obs", "garantia", "cest", "tipoVariacao",
        "variacoes", "idProdutoPai", "sob_encomenda", "dias_preparacao", "marca", "tipoEmbalagem",
        "alturaEmbalagem", "comprimentoEmbalagem", "larguraEmbalagem", "diametroEmbalagem", "categoria",
        "anexos", "imagens_externas", "classe_produto", "seo_title", "seo_keywords", "link_video",
        "seo_description", "slug",
    }  # fmt: skip
    structure = caller.call("produto.obter.estrutura.php", id=product["id"])["produto"]
    assert set(structure) == {"id", "nome", "codigo", "estrutura"}
    assert reader.get(f"/produtos/{product['id']}").json()["sku"] == product["codigo"]
    assert find_product(caller, gtin=product["gtin"]) == product
    assert caller.code("produtos.pesquisa.php") == 10
    assert caller.code("produtos.pesquisa.php", pesquisa="", situacao="E") == 20
    assert caller.code("produto.obter.php", id="1") == 32


def move(caller: Caller, **entry: Any) -> dict[str, Any]:
    return caller.call("produto.atualizar.estoque.php", estoque=json.dumps({"estoque": entry}))


def test_stock(caller: Caller, reader: Reader) -> None:
    product_id = find_product(caller)["id"]
    retorno = move(caller, idProduto=product_id, quantidade="25", data="2026-09-18 16:08:54")
    record = retorno.pop("registros")["registro"]
    assert retorno == OK
    assert isinstance(record.pop("id"), int)
    assert record == {
        "sequencia": "1",
        "status": "OK",
        "saldoEstoque": 25,
        "saldoReservado": None,
        "registroCriado": True,
    }
    move(caller, idProduto=product_id, quantidade=5, tipo="S", deposito="Geral")
    stock = caller.call("produto.obter.estoque.php", id=product_id)["produto"]
    assert set(stock) == {"id", "codigo", "nome", "unidade", "saldo", "saldoReservado", "depositos"}
    assert (stock["saldo"], stock["saldoReservado"]) == (20, None)
    assert stock["depositos"] == [
        {"deposito": {"nome": "Geral", "desconsiderar": "N", "saldo": 20, "empresa": "CASA AROEIRA LTDA"}}
    ]
    assert reader.get(f"/estoque/{product_id}").json()["saldo"] == 20
    caller.set(reserves_stock=True)
    assert caller.call("produto.obter.estoque.php", id=product_id)["produto"]["saldoReservado"] == 0
    assert move(caller, idProduto=1, quantidade=1)["codigo_erro"] == 32
    assert move(caller, idProduto=product_id)["codigo_erro"] == 31
    assert move(caller, idProduto=product_id, quantidade=1, data="18/09/2026")["codigo_erro"] == 31
    assert reader.get(f"/estoque/{product_id}").json()["saldo"] == 20


def test_prices_may_succeed_in_part(caller: Caller) -> None:
    product_id = find_product(caller)["id"]
    prices = [{"id": product_id, "preco": "54.90", "preco_promocional": "49.90"}, {"id": "1", "preco": "1"}]
    retorno = caller.send("produto.atualizar.precos", {"precos": prices})
    assert (retorno["status_processamento"], retorno["status"]) == (4, "Parcial")
    assert [row["registro"]["status"] for row in retorno["registros"]] == ["OK", "Erro"]
    product = find_product(caller)
    assert (product["preco"], product["preco_promocional"]) == (54.9, 49.9)


def test_products_are_written(caller: Caller) -> None:
    def write(service: str, **fields: Any) -> dict[str, Any]:
        body = {"produtos": [{"produto": {"sequencia": 1, **fields}}]}
        return caller.call(service, produto=json.dumps(body))["registros"][0]["registro"]  # type: ignore[no-any-return]

    record = write("produto.incluir.php", nome="Novo", codigo="NOVO-1", preco="9.90")
    assert write("produto.incluir.php", nome="Novo", codigo="NOVO-1")["codigo_erro"] == "30"
    assert write("produto.alterar.php", nome="Mudado", codigo="NOVO-1", situacao="I")["status"] == "OK"
    product = find_product(caller, pesquisa="NOVO-1")
    assert (product["id"], product["nome"], product["preco"]) == (record["id"], "Mudado", 0)
    assert product["situacao"] == "I"
    assert write("produto.alterar.php", nome="X", codigo="NADA")["codigo_erro"] == "32"
