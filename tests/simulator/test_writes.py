"""What a program writes, and what Tiny makes of it: the quirks that were measured are on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from tests.simulated_tiny import SimulatedTiny
from tests.simulator.conftest import Reader

PRODUCT = 350_000_000


class Writer(Reader):
    """A reader that writes, with a customer and the first product of the catalogue."""

    def __init__(self, reader: Reader) -> None:
        super().__init__(reader.simulator, reader.account_id, reader.authorization.removeprefix("Bearer "))
        self.contact = self.send("POST", "/contatos", {"nome": "Maria de Exemplo"}).json()["id"]

    def send(self, method: str, path: str, body: Any = None) -> requests.Response:
        return self.call(method, path, json=body)

    def post_order(self, **fields: Any) -> requests.Response:
        item = {"produto": {"id": PRODUCT}, "quantidade": 2, "valorUnitario": 10}
        return self.send("POST", "/pedidos", {"idContato": self.contact, "itens": [item], **fields})

    def create(self, **fields: Any) -> int:
        answer = self.post_order(**fields)
        assert answer.status_code == 201, answer.text
        return int(answer.json()["id"])

    def detail(self, order: int) -> dict[str, Any]:
        return dict(self.get(f"/pedidos/{order}").json())

    def stock(self) -> Any:
        return self.get(f"/estoque/{PRODUCT}").json()


@pytest.fixture
def writer(reader: Reader) -> Writer:
    return Writer(reader)


def refusal(answer: requests.Response) -> tuple[int, list[tuple[str, str]]]:
    details = [(detail["campo"], detail["mensagem"]) for detail in answer.json()["detalhes"]]
    assert answer.json()["mensagem"] == "Ocorreram erros de validação"
    return answer.status_code, details


def test_posted_order_is_enriched_and_its_number_is_a_text(writer: Writer) -> None:
    answer = writer.post_order(ecommerce={"numeroPedidoEcommerce": "LOJA-1"}, numeroOrdemCompra="é" * 60)
    assert answer.status_code == 201
    assert answer.json() == {"id": answer.json()["id"], "numeroPedido": "1"}
    detail = writer.detail(answer.json()["id"])
    assert detail["numeroPedido"] == 1, "a number here"
    assert detail["cliente"]["nome"] == "Maria de Exemplo"
    assert detail["situacao"] == 0
    assert detail["ecommerce"]["numeroPedidoEcommerce"] == "", "the number of the shop does not arrive"
    assert writer.list_ids("/pedidos", numeroPedidoEcommerce="LOJA-1") == []
    assert detail["numeroOrdemCompra"] == "é" * 50, "cut without a word"
    assert detail["deposito"]["nome"] == "Geral"
    assert detail["naturezaOperacao"]["nome"] == "Venda"
    assert detail["listaPreco"] == {"id": 0, "nome": "Padrão", "acrescimoDesconto": 0}
    assert detail["pagamento"]["formaRecebimento"] == {"id": 1, "nome": "Múltiplas"}
    assert (detail["pagamento"]["condicaoPagamento"], detail["pagamento"]["parcelas"]) == (None, None)
    assert detail["valorTotalPedido"] == 20


def test_order_needs_a_contact_and_nothing_else(writer: Writer) -> None:
    assert refusal(writer.send("POST", "/pedidos", {})) == (
        400,
        [("idContato", "O campo idContato é obrigatório")],
    )
    answer = writer.send("POST", "/pedidos", {"idContato": writer.contact})
    assert answer.status_code == 201
    (item,) = writer.get("/pedidos").json()["itens"]
    assert item["valor"] == ""


@pytest.mark.parametrize(
    ("fields", "campo"),
    [
        ({"idContato": 1}, "idContato"),
        ({"idContato": "x"}, "idContato"),
        ({"itens": [{}]}, "itens[0].produto.id"),
        ({"itens": [{"produto": {"id": PRODUCT}}, {"produto": {"id": 7}}]}, "itens[1].produto.id"),
        ({"transportador": {"formaEnvio": {"id": 7}}}, "transportador.formaEnvio.id"),
        ({"situacao": 42}, "situacao"),
        ({"situacao": {}}, "situacao"),
        ({"data": "31/12/2026"}, "data"),
        ({"valorFrete": "10"}, "valorFrete"),
        (
            {
                "pagamento": {
                    "formaRecebimento": {"id": 334779594},
                    "parcelas": [{"formaRecebimento": {"id": 334779586}}],
                }
            },
            "pagamento.parcelas[0].formaRecebimento.id",
        ),
    ],
)
def test_order_that_is_refused(writer: Writer, fields: dict[str, Any], campo: str) -> None:
    status, details = refusal(writer.post_order(**fields))
    assert (status, [name for name, _ in details]) == (400, [campo])
    assert writer.list_ids("/pedidos") == []


def test_same_order_twice_within_21_minutes_is_a_conflict_without_the_id(
    writer: Writer, simulator: SimulatedTiny
) -> None:
    writer.create()
    again = writer.post_order()
    assert (again.status_code, again.json()) == (409, {"mensagem": "Esse registro já existe"})
    assert writer.post_order(observacoes="outro").status_code == 201
    simulator.control("POST", "clock", {"advance_seconds": 21 * 60 + 5})
    assert writer.post_order().status_code == 201


def test_delivery_address_is_called_otherwise_when_it_is_read(writer: Writer) -> None:
    sent = {"endereco": "Rua A", "enderecoNro": "7", "fone": "(11) 3000-0000", "ie": "ISENTO", "uf": "SP"}
    address = writer.detail(writer.create(enderecoEntrega=sent))["enderecoEntrega"]
    assert (address["numero"], address["telefone"], address["inscricaoEstadual"]) == (
        "7",
        "(11) 3000-0000",
        "ISENTO",
    )
    assert "enderecoNro" not in address


def test_put_takes_six_fields_and_swallows_the_others(writer: Writer) -> None:
    order = writer.create(observacoes="antes")
    before = writer.detail(order)
    ignored = {"idContato": 1, "valorFrete": 99, "valorDesconto": 9, "enderecoEntrega": {"cep": "1"}, "x": 1}
    parcela = {"dias": 30, "valor": 20, "data": "2026-12-22"}
    answer = writer.send(
        "PUT",
        f"/pedidos/{order}",
        {
            **ignored,
            "observacoes": "depois",
            "dataPrevista": "2026-12-01",
            "pagamento": {"parcelas": [parcela]},
        },
    )
    assert (answer.status_code, answer.content) == (204, b"")
    after = writer.detail(order)
    assert after["observacoes"] == "depois"
    assert after["dataPrevista"] == "2026-12-01"
    assert after["pagamento"]["condicaoPagamento"] == "30"
    assert after["pagamento"]["parcelas"][0]["data"] == "2026-12-22 00:00:00"
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {"observacoes", "dataPrevista", "pagamento"}


def test_items_are_replaced_until_the_stock_is_written_off(writer: Writer) -> None:
    order = writer.create(valorFrete=5)
    path = f"/pedidos/{order}/itens"
    itens = [{"produto": {"id": PRODUCT + 1}, "quantidade": 1, "valorUnitario": 7}]
    assert writer.send("PUT", path, {"itens": itens}).status_code == 204
    detail = writer.detail(order)
    assert [item["produto"]["id"] for item in detail["itens"]] == [PRODUCT + 1]
    assert (detail["valorFrete"], detail["valorTotalPedido"]) == (5, 12)
    assert refusal(writer.send("PUT", path, {})) == (400, [("itens", "O campo itens é obrigatório")])
    writer.send("POST", f"/pedidos/{order}/lancar-estoque")
    blocked = refusal(writer.send("PUT", path, {"itens": itens}))
    assert blocked == (400, [("pedido.motivosBloqueio[0]", "estoque lançado")])


def test_despacho_of_a_nota_does_not_reach_its_order(writer: Writer) -> None:
    (order,) = writer.add_orders(situacao=1, nota=True)
    (nota,) = writer.list_ids("/notas")
    answer = writer.send("PUT", f"/notas/{nota}/despacho", {"codigoRastreamento": "QQ123456785BR"})
    assert answer.status_code == 204
    assert writer.get(f"/notas/{nota}").json()["codigoRastreamento"] == "QQ123456785BR"
    assert writer.detail(order["id"])["transportador"]["codigoRastreamento"] == ""


def test_situacao_has_no_state_machine(writer: Writer) -> None:
    order = writer.create(situacao=6)
    for situacao in (0, 2, 3, 10):
        assert writer.send("PUT", f"/pedidos/{order}/situacao", {"situacao": situacao}).status_code == 204
        assert writer.detail(order)["situacao"] == situacao
    status, details = refusal(writer.send("PUT", f"/pedidos/{order}/situacao", {"situacao": "3"}))
    assert (status, details[0][0]) == (400, "situacao")


def test_despacho_is_merged(writer: Writer) -> None:
    forma = next(row for row in writer.get("/formas-envio").json()["itens"] if row["nome"] == "Correios")
    order = writer.create()
    path = f"/pedidos/{order}/despacho"
    assert writer.send("PUT", path, {"formaEnvio": {"id": forma["id"]}}).status_code == 204
    assert writer.send("PUT", path, {"codigoRastreamento": "QQ123456785BR"}).status_code == 204
    shown = writer.detail(order)
    assert shown["transportador"]["formaEnvio"] == {"id": forma["id"], "nome": "Correios"}
    assert shown["transportador"]["codigoRastreamento"] == "QQ123456785BR"
    assert shown["situacao"] == 0
    status, details = refusal(writer.send("PUT", path, {"formaEnvio": {"id": 7}}))
    assert (status, details) == (400, [("transportador.formaEnvio.id", "Forma de envio não habilitada")])


def test_marcadores_are_added_replaced_filtered_and_removed(writer: Writer) -> None:
    order, other = writer.create(), writer.create(observacoes="outro")
    path = f"/pedidos/{order}/marcadores"

    def names() -> list[str]:
        return [marker["descricao"] for marker in writer.get(path).json()]

    writer.send("POST", path, [{"descricao": "a"}, {"descricao": "b"}])
    writer.send("POST", path, [{"descricao": "b"}, {"descricao": "c"}])
    assert names() == ["a", "b", "c"]
    assert writer.list_ids("/pedidos", marcadores="c") == [order]
    assert writer.list_ids("/pedidos") == [order, other]
    writer.send("PUT", path, [{"descricao": "d"}])
    assert names() == ["d"]
    assert writer.send("DELETE", path).status_code == 204
    assert names() == []
    assert refusal(writer.send("POST", path, [{}]))[0] == 400
    assert writer.send("POST", path, {"descricao": "a"}).status_code == 400


def test_stock_is_set_added_and_subtracted_and_a_repetition_counts(writer: Writer) -> None:
    path = f"/estoque/{PRODUCT}"
    writer.send("POST", path, {"tipo": "B", "quantidade": 10})
    writer.send("POST", path, {"tipo": "E", "quantidade": 5})
    ids = [
        writer.send("POST", path, {"tipo": "S", "quantidade": 20}).json()["idLancamento"] for _ in range(2)
    ]
    assert ids[0] != ids[1]
    assert writer.stock()["saldo"] == -25, "below zero, and twice"
    assert refusal(writer.send("POST", path, {"tipo": "X", "quantidade": 1}))[0] == 400
    assert refusal(writer.send("POST", path, {"tipo": "B"}))[0] == 400


def test_nothing_is_available_without_reservations(writer: Writer, simulator: SimulatedTiny) -> None:
    writer.send("POST", f"/estoque/{PRODUCT}", {"tipo": "B", "quantidade": 10})
    writer.create(situacao=3)
    stock = writer.stock()
    assert (stock["saldo"], stock["reservado"], stock["disponivel"]) == (10, 0, 0)
    assert stock["depositos"][0]["empresa"] == "11222333000181", "without its mask"
    simulator.control("PATCH", f"accounts/{writer.account_id}", {"reserves_stock": True})
    stock = writer.stock()
    assert (stock["saldo"], stock["reservado"], stock["disponivel"]) == (10, 2, 8)
    assert writer.get("/depositos").json()[0]["possuiReserva"] is True


def test_stock_of_an_order_is_written_off_once_and_given_back_without_end(writer: Writer) -> None:
    writer.send("POST", f"/estoque/{PRODUCT}", {"tipo": "B", "quantidade": 10})
    order = writer.create(situacao=3)
    assert writer.send("POST", f"/pedidos/{order}/lancar-estoque").status_code == 204
    again = writer.send("POST", f"/pedidos/{order}/lancar-estoque")
    assert (again.status_code, again.json()) == (400, {"mensagem": "Estoque já lançado."})
    assert writer.stock()["saldo"] == 8
    # Cancelling gives nothing back.
    writer.send("PUT", f"/pedidos/{order}/situacao", {"situacao": 2})
    assert writer.stock()["saldo"] == 8
    for _ in range(3):
        assert writer.send("POST", f"/pedidos/{order}/estornar-estoque").status_code == 204
    assert writer.stock()["saldo"] == 14


def test_price_is_changed_and_seen_in_the_list(writer: Writer) -> None:
    answer = writer.send("PUT", f"/produtos/{PRODUCT}/preco", {"preco": 12.5, "precoPromocional": 10})
    assert (answer.status_code, answer.json()) == (200, {"preco": 12.5, "precoPromocional": 10})
    assert writer.send("PUT", f"/produtos/{PRODUCT}/preco", {"preco": 13}).json()["precoPromocional"] == 10
    assert writer.get("/produtos").json()["itens"][0]["precos"]["preco"] == 13
    assert refusal(writer.send("PUT", f"/produtos/{PRODUCT}/preco", {}))[0] == 400


def test_products_are_filtered(writer: Writer, simulator: SimulatedTiny) -> None:
    first, second, *_ = writer.get("/produtos").json()["itens"]
    assert writer.list_ids("/produtos", codigo=second["sku"]) == [second["id"]]
    assert writer.list_ids("/produtos", gtin=int(second["gtin"])) == [second["id"]]
    assert writer.list_ids("/produtos", nome=first["descricao"].upper()) == [first["id"]]
    assert writer.list_ids("/produtos", situacao="I") == []
    simulator.control("POST", "clock", {"advance_seconds": 3600})
    # Half an hour after they were made, and half an hour before the price was changed.
    between = datetime.now(UTC) + timedelta(minutes=30) - timedelta(hours=3)
    writer.send("PUT", f"/produtos/{second['id']}/preco", {"preco": 1})
    assert writer.list_ids("/produtos", dataAlteracao=f"{between:%Y-%m-%d %H:%M:%S}") == [second["id"]]


def test_contact_keeps_what_a_put_leaves_out(writer: Writer) -> None:
    path = f"/contatos/{writer.contact}"
    changes = {"cpfCnpj": "529.982.247-25", "endereco": {"cep": "01310-000"}, "codigo": "77", "unknown": 1}
    assert writer.send("PUT", path, changes).status_code == 204
    contact = writer.get(path).json()
    assert (contact["nome"], contact["cpfCnpj"]) == ("Maria de Exemplo", "529.982.247-25")
    assert (contact["endereco"]["cep"], contact["endereco"]["uf"]) == ("01310-000", "")
    assert "unknown" not in contact
    for filters in ({"cpfCnpj": "52998224725"}, {"nome": "MARIA"}, {"codigo": "77"}):
        assert writer.list_ids("/contatos", **filters) == [writer.contact]
    assert writer.list_ids("/contatos", dataAtualizacao="2100-01-01 00:00:00") == []
    assert refusal(writer.send("POST", "/contatos", {}))[0] == 400


def test_customer_of_an_order_is_a_contact(writer: Writer) -> None:
    (order,) = writer.add_orders(situacao=3, cliente={"nome": "José", "cpfCnpj": "111.444.777-35"})
    customer = writer.detail(order["id"])["cliente"]
    contact = writer.get(f"/contatos/{customer['id']}").json()
    assert (contact["nome"], contact["cpfCnpj"]) == ("José", "111.444.777-35")


def test_nota_of_an_order_begins_as_a_draft(writer: Writer) -> None:
    order = writer.create()
    answer = writer.send("POST", f"/pedidos/{order}/gerar-nota-fiscal", {"modelo": 55}).json()
    assert answer == {"id": answer["id"], "numero": 1, "serie": 1}
    nota = writer.get(f"/notas/{answer['id']}").json()
    assert (nota["situacao"], nota["chaveAcesso"], nota["numero"]) == ("1", "", "1")
    assert writer.get(f"/notas/{answer['id']}/xml").json()["xmlNfe"] == ""
    again = writer.send("POST", f"/pedidos/{order}/gerar-nota-fiscal", {"modelo": 55})
    assert again.status_code == 400


def test_xml_names_the_key(writer: Writer) -> None:
    (order,) = writer.add_orders(situacao=1, nota=True)
    (nota,) = writer.list_ids("/notas")
    assert order["chaveAcesso"] in writer.get(f"/notas/{nota}/xml").json()["xmlNfe"]
    assert writer.get(f"/notas/{nota}/link").json()["link"].startswith("https://erp.example.com/")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/contatos/1"), ("PUT", "/contatos/1"), ("GET", "/produtos/1"), ("PUT", "/produtos/1/preco"),
        ("GET", "/estoque/1"), ("POST", "/estoque/1"), ("PUT", "/pedidos/1"), ("PUT", "/pedidos/1/situacao"),
        ("PUT", "/pedidos/1/despacho"), ("PUT", "/pedidos/1/itens"), ("PUT", "/notas/1/despacho"),
        ("GET", "/pedidos/1/marcadores"), ("POST", "/pedidos/1/marcadores"),
        ("PUT", "/pedidos/1/marcadores"), ("DELETE", "/pedidos/1/marcadores"),
        ("POST", "/pedidos/1/lancar-estoque"), ("POST", "/pedidos/1/estornar-estoque"),
        ("POST", "/pedidos/1/gerar-nota-fiscal"), ("GET", "/notas/1/xml"), ("GET", "/notas/1/link"),
        ("GET", "/formas-pagamento/1"), ("GET", "/formas-recebimento/1"), ("GET", "/listas-precos/1"),
        ("PATCH", "/pedidos/1"), ("DELETE", "/pedidos/1"),
    ],
)  # fmt: skip
def test_what_is_not_there_is_404_without_a_body(writer: Writer, method: str, path: str) -> None:
    answer = writer.send(method, path)
    assert (answer.status_code, answer.content) == (404, b"")


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b"[" * 100_000, b"7"])
def test_body_that_cannot_be_read_is_refused(writer: Writer, body: bytes) -> None:
    answer = writer.call("POST", "/contatos", data=body)
    assert (answer.status_code, set(answer.json())) == (400, {"mensagem", "detalhes"})


def test_writes_of_another_account_find_nothing(writer: Writer, simulator: SimulatedTiny) -> None:
    other = simulator.add_account("12ABC34501DE35", orders=1)
    (foreign,) = other.list_orders()
    path = f"/pedidos/{foreign['id']}"
    assert writer.send("PUT", f"{path}/situacao", {"situacao": 2}).status_code == 404
    assert writer.send("PUT", path, {"observacoes": "x"}).status_code == 404
    assert other.list_orders() == [foreign]
