"""API v3 has Tiny's shapes, filters, refusals and oddities."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from tests.simulated_tiny import SimulatedTiny
from tests.simulator.conftest import App, Reader

ENDERECO = {"endereco", "numero", "complemento", "bairro", "municipio", "cep", "uf", "pais"}
CLIENTE = {
    "id", "nome", "codigo", "fantasia", "tipoPessoa", "cpfCnpj", "inscricaoEstadual", "rg", "telefone",
    "celular", "email", "endereco",
}  # fmt: skip
TRANSPORTADOR = {
    "id", "nome", "fretePorConta", "formaEnvio", "formaFrete", "codigoRastreamento", "urlRastreamento",
}  # fmt: skip
ECOMMERCE = {"id", "nome", "numeroPedidoEcommerce", "numeroPedidoCanalVenda", "canalVenda"}


def today() -> str:
    return (datetime.now(UTC) - timedelta(hours=3)).date().isoformat()


def test_info_masks_the_cnpj_and_pads_the_complement(reader: Reader) -> None:
    info = reader.get("/info").json()
    assert set(info) == {
        "razaoSocial", "cpfCnpj", "fantasia", "enderecoEmpresa", "fone", "email", "inscricaoEstadual",
        "regimeTributario",
    }  # fmt: skip
    assert info["cpfCnpj"] == "11.222.333/0001-81"
    assert info["enderecoEmpresa"]["complemento"] == "SALA 2              "


def test_order_in_the_list(reader: Reader) -> None:
    created = reader.add_orders(
        situacao=3,
        numeroPedidoEcommerce="UP-104829",
        itens=[
            {
                "produto": {"id": 1, "sku": "ABC-1", "descricao": "Produto", "tipo": "P"},
                "quantidade": 1,
                "valorUnitario": 55.9,
                "infoAdicional": "",
            }
        ],
        valorFrete=15.16,
        valorDesconto=2.795,
        valorOutrasDespesas=0.01,
    )
    (item,) = reader.get("/pedidos").json()["itens"]
    assert set(item) == {
        "id", "situacao", "numeroPedido", "ecommerce", "dataCriacao", "dataPrevista", "cliente", "valor",
        "vendedor", "transportador", "origemPedido",
    }  # fmt: skip
    assert set(item["cliente"]) == CLIENTE
    assert set(item["cliente"]["endereco"]) == ENDERECO
    assert set(item["transportador"]) == TRANSPORTADOR
    assert set(item["ecommerce"]) == ECOMMERCE
    assert item["id"] == created[0]["id"]
    assert item["numeroPedido"] == created[0]["numero"] == 1
    assert item["situacao"] == 3
    assert item["valor"] == "68.28"
    assert item["dataCriacao"] == today()
    assert item["ecommerce"]["numeroPedidoEcommerce"] == "UP-104829"

    detail = reader.get(f"/pedidos/{item['id']}").json()
    assert detail["valorTotalPedido"] == 55.9 - 2.795 + 15.16 + 0.01
    assert detail["idNotaFiscal"] == 0
    assert detail["dataEnvio"] == ""
    assert detail["cliente"] == item["cliente"]
    assert set(detail["itens"][0]) == {"produto", "quantidade", "valorUnitario", "infoAdicional"}
    assert set(detail["pagamento"]) == {
        "formaPagamento", "formaRecebimento", "meioPagamento", "condicaoPagamento", "parcelas",
    }  # fmt: skip


def test_order_without_items_has_an_empty_value_in_the_list(reader: Reader) -> None:
    reader.add_orders(situacao=8, itens=[])
    assert reader.get("/pedidos").json()["itens"][0]["valor"] == ""


def test_nota_belongs_to_its_order(reader: Reader) -> None:
    (order,) = reader.add_orders(situacao=1, nota=True, tracking={"code": "AA123456785BR"})
    (item,) = reader.get("/notas").json()["itens"]
    assert item["origem"] == {"id": str(order["id"]), "tipo": "venda"}
    assert (item["numero"], item["serie"], item["situacao"], item["tipo"]) == ("1", "1", "6", "S")
    assert item["dataEmissao"] == today()
    assert item["codigoRastreamento"] == "AA123456785BR"
    assert item["chaveAcesso"] == order["chaveAcesso"]
    assert item["chaveAcesso"][6:25] == "11222333000181" + "55" + "001"
    assert reader.get(f"/pedidos/{order['id']}").json()["idNotaFiscal"] == item["id"]
    detail = reader.get(f"/notas/{item['id']}").json()
    assert {name: detail[name] for name in item} == item
    assert reader.list_ids("/notas", idVenda=order["id"]) == [item["id"]]
    assert reader.list_ids("/notas", idVenda=1) == []


def test_draft_nota_has_no_key_and_origin_may_be_missing(reader: Reader) -> None:
    reader.add_orders(situacao=4, nota={"situacao": 1, "origem": None}, numeroPedidoEcommerce="E-1")
    (item,) = reader.get("/notas", numeroPedidoEcommerce="E-1").json()["itens"]
    assert (item["situacao"], item["chaveAcesso"]) == ("1", "")
    assert item["origem"] == {"id": "0", "tipo": "venda"}


def test_notas_are_filtered(reader: Reader) -> None:
    reader.add_orders(count=4, with_invoices=True)
    everything = reader.list_ids("/notas")
    assert len(everything) == 4
    assert reader.list_ids("/notas", numero=2) == [everything[1]]
    assert reader.list_ids("/notas", tipo="S") == everything
    assert reader.list_ids("/notas", tipo="E") == []
    assert reader.list_ids("/notas", situacao=6) == everything
    assert reader.list_ids("/notas", dataInicial="2100-01-01") == []
    assert reader.list_ids("/notas", dataFinal="2000-01-01") == []
    assert reader.list_ids("/notas", dataInicial="2000-01-01", dataFinal="2100-01-01") == everything


def test_pages_of_a_hundred(reader: Reader) -> None:
    reader.add_orders(count=230, with_invoices=True)
    for path in ("/pedidos", "/notas"):
        first = reader.get(path).json()
        assert first["paginacao"] == {"limit": 100, "offset": 0, "total": 230}
        assert len(first["itens"]) == 100
        ids = [item["id"] for item in first["itens"]]
        ids += reader.list_ids(path, offset=100) + reader.list_ids(path, offset=200, limit=500)
        assert ids == sorted(set(ids))
        assert len(ids) == 230
        assert reader.list_ids(path, orderBy="desc", limit=1) == [ids[-1]]
        assert reader.get(path, offset=230).json()["itens"] == []


def test_orders_are_filtered(reader: Reader) -> None:
    (first,) = reader.add_orders(
        situacao=3, numeroPedidoEcommerce="A-1", cliente={"nome": "José Ávila", "cpfCnpj": "529.982.247-25"}
    )
    (second,) = reader.add_orders(
        situacao=5, data="2026-01-31", cliente={"nome": "Mirante Ltda", "cpfCnpj": "12abc34501de35"}
    )
    one, two = first["id"], second["id"]
    assert reader.list_ids("/pedidos", situacao=3) == [one]
    assert reader.list_ids("/pedidos", situacao=5) == [two]
    assert reader.list_ids("/pedidos", numero=second["numero"]) == [two]
    assert reader.list_ids("/pedidos", numeroPedidoEcommerce="A-1") == [one]
    assert reader.list_ids("/pedidos", cpfCnpj="52998224725") == [one]
    assert reader.list_ids("/pedidos", cpfCnpj="12.ABC.345/01DE-35") == [two]
    assert reader.list_ids("/pedidos", nomeCliente="ávila") == [one]
    assert reader.list_ids("/pedidos", dataInicial="2026-01-31", dataFinal="2026-01-31") == [two]
    assert reader.list_ids("/pedidos", dataInicial="2026-02-01") == [one]
    assert reader.list_ids("/pedidos", origemPedido=1) == []
    assert reader.list_ids("/pedidos", marcadores="x") == []
    assert reader.list_ids("/pedidos", cnpj="nothing", pagina=7) == [one, two], "unknown ones are ignored"


def test_change_filter_is_day_granular(reader: Reader) -> None:
    (order,) = reader.add_orders(situacao=3)
    # Eleven at night of the 10th in Brasília is already the 11th in UTC.
    reader.change_order(order["id"], atualizado_em="2026-11-11T02:00:00+00:00")
    assert reader.list_ids("/pedidos", dataAtualizacao="2026-11-10") == [order["id"]]
    assert reader.list_ids("/pedidos", dataAtualizacao="2026-11-10 23:59:00") == [order["id"]]
    assert reader.list_ids("/pedidos", dataAtualizacao="2026-11-11") == []
    reader.change_order(order["id"], situacao=4)
    assert reader.list_ids("/pedidos", dataAtualizacao=today()) == [order["id"]]


def test_order_without_creation_day_is_missing_from_dated_lists(reader: Reader) -> None:
    (order,) = reader.add_orders(situacao=3, data="")
    assert reader.list_ids("/pedidos", dataInicial="2000-01-01") == []
    assert reader.get("/pedidos").json()["itens"][0]["dataCriacao"] == ""
    assert reader.list_ids("/pedidos", dataAtualizacao=today()) == [order["id"]]


def test_deleted_order_is_gone_and_its_nota_stays(reader: Reader) -> None:
    (order,) = reader.add_orders(situacao=1, nota=True)
    reader.change_order(order["id"], delete=True)
    missing = reader.get(f"/pedidos/{order['id']}")
    assert (missing.status_code, missing.content) == (404, b"")
    assert len(reader.list_ids("/notas")) == 1


@pytest.mark.parametrize(
    ("path", "parameters", "field"),
    [
        ("/pedidos", {"limit": "x"}, "limit"),
        ("/pedidos", {"limit": 0}, "limit"),
        ("/pedidos", {"offset": -1}, "offset"),
        ("/pedidos", {"situacao": 42}, "situacao"),
        ("/pedidos", {"numero": "abc"}, "numero"),
        ("/pedidos", {"dataInicial": "31/12/2026"}, "dataInicial"),
        ("/pedidos", {"orderBy": "up"}, "orderBy"),
        ("/notas", {"tipo": "X"}, "tipo"),
        ("/notas", {"situacao": 11}, "situacao"),
    ],
)
def test_what_cannot_be_read_is_refused(
    reader: Reader, path: str, parameters: dict[str, Any], field: str
) -> None:
    answer = reader.get(path, **parameters)
    assert answer.status_code == 400
    assert answer.json()["mensagem"] == "Ocorreram erros de validação"
    assert [detail["campo"] for detail in answer.json()["detalhes"]] == [field]


def test_numbers_beyond_any_column(reader: Reader) -> None:
    assert reader.get("/pedidos/999999999999999999").status_code == 404
    assert reader.get("/pedidos", numero=10**30).status_code in (200, 400)


def test_marcadores_with_brackets_break_tiny(reader: Reader) -> None:
    answer = reader.get("/pedidos", **{"marcadores[]": "x"})
    assert answer.status_code == 500
    assert set(answer.json()) == {"mensagem"}


def test_empty_bodies(reader: Reader, simulator: SimulatedTiny) -> None:
    for path in ("/pedidos/1", "/notas/1", "/formas-envio/1", "/notafiscal"):
        answer = reader.get(path)
        assert (answer.status_code, answer.content) == (404, b"")
    for headers in ({}, {"Authorization": "Bearer nothing"}, {"Authorization": "Basic eDp5"}):
        refused = requests.get(f"{simulator.api_url}/pedidos", headers=headers, timeout=10)
        assert (refused.status_code, refused.content) == (401, b"")
        assert refused.headers["X-Request-Id"]


def test_shipping_methods_of_the_account(reader: Reader) -> None:
    answer = reader.get("/formas-envio").json()
    assert answer["paginacao"]["total"] == len(answer["itens"]) == 8
    correios = next(forma for forma in answer["itens"] if forma["nome"] == "Correios")
    assert set(correios) == {"id", "nome", "tipo", "situacao", "gatewayLogistico"}
    assert (correios["tipo"], correios["situacao"]) == ("1", "1")
    detail = reader.get(f"/formas-envio/{correios['id']}").json()
    assert [frete["nome"] for frete in detail["formasFrete"]] == ["SEDEX", "PAC"]
    assert reader.list_ids("/formas-envio", tipo=7) == [
        next(forma["id"] for forma in answer["itens"] if forma["nome"] == "Jadlog")
    ]


def test_quota_refuses_with_an_empty_body(app: App, reader: Reader, simulator: SimulatedTiny) -> None:
    # Eight calls are more than two windows hold, should a minute end among them.
    simulator.control("PATCH", f"accounts/{app.account_id}", {"read_limit": 3})
    answers = [reader.get("/info") for _ in range(8)]
    assert {answer.status_code for answer in answers} == {200, 429}
    allowed = answers[0]
    assert allowed.headers["X-Ratelimit-Limit"] == "3"
    assert allowed.headers["X-Ratelimit-Remaining"] == "2"
    assert 1 <= int(allowed.headers["X-Ratelimit-Reset"]) <= 60
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert refused.content == b""
    assert refused.headers["X-Ratelimit-Limit"] == "3"
    assert refused.headers["X-Ratelimit-Remaining"] == "0"
    assert "Retry-After" not in refused.headers


def test_burst_bucket_names_itself(app: App, reader: Reader, simulator: SimulatedTiny) -> None:
    simulator.control("PATCH", f"accounts/{app.account_id}", {"burst_limit": 1, "read_limit": 1000})
    answers = [reader.get("/info") for _ in range(30)]
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert refused.headers["X-Ratelimit-Limit"] == "1"
    assert answers[0].headers["X-Ratelimit-Limit"] == "1000"


def test_account_without_limit_sends_no_quota_headers(reader: Reader) -> None:
    answer = reader.get("/info")
    assert "X-Ratelimit-Limit" not in answer.headers
    assert answer.headers["X-Request-Id"]


def test_accounts_do_not_see_each_other(reader: Reader, simulator: SimulatedTiny) -> None:
    other = simulator.add_account("12ABC34501DE35", orders=3, with_invoices=True)
    (foreign, *_) = simulator.control("GET", f"accounts/{other.id}/orders")
    assert reader.list_ids("/pedidos") == []
    assert reader.list_ids("/notas") == []
    assert reader.get(f"/pedidos/{foreign['id']}").status_code == 404


def test_calls_are_counted(reader: Reader, simulator: SimulatedTiny) -> None:
    reader.get("/info")
    reader.get("/pedidos", limit=5)
    reader.get("/pedidos/1")
    path = f"accounts/{reader.account_id}/calls"
    answer = simulator.control("GET", path)
    assert answer["counts"] == {"GET /info": 1, "GET /pedidos": 1, "GET /pedidos/{id}": 1}
    assert answer["statuses"] == {"200": 2, "404": 1}
    assert [(call["path"], call["query"], call["status"]) for call in answer["calls"]] == [
        ("/info", "", 200),
        ("/pedidos", "limit=5", 200),
        ("/pedidos/1", "", 404),
    ]
    assert simulator.control("GET", path + "?path=/info")["total"] == 1
    simulator.control("POST", path + "/clear")
    assert simulator.control("GET", path)["total"] == 0
