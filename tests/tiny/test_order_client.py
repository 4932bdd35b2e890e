"""How API v3 is asked for orders and people, what is written there, and how that is refused."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
import requests
import responses
from responses.matchers import query_param_matcher

from contracts.errors import (
    AlreadyExists,
    CustomerUnknown,
    ErpError,
    NotFound,
    PermissionMissing,
    RateLimited,
    RejectedByErp,
    TemporaryError,
    UnsupportedFeature,
)
from contracts.records import (
    CustomerDraft,
    ErpAddress,
    ErpInstallment,
    ErpSeller,
    ItemDraft,
    OrderChange,
    OrderDraft,
    OrderQuery,
    ShipmentDraft,
)
from tests.tiny.context import ENDPOINTS, RecordingContext
from tests.tiny.shapes import contact, envelope, order_detail, order_row, seller_row
from tiny.provider import TinyProvider

API = ENDPOINTS.api_url
ORDERS = f"{API}/pedidos"
CONTACTS = f"{API}/contatos"
ORDER = f"{ORDERS}/600000001"
CONTACT = f"{CONTACTS}/900000001"
BARE, MASKED = "52998224725", "529.982.247-25"
BUYER = CustomerDraft(name="Maria de Exemplo", kind="PF", document=BARE)
LEAST = OrderDraft(
    key="E7K3000001",
    placed_on=dt.date(2026, 8, 25),
    situation="aprovado",
    customer=BUYER,
    customer_id="900000001",
    items=(
        ItemDraft("357281337", "ABC-1", "Camisa", Decimal(2), Decimal("55.90"), "UN"),
        ItemDraft("357281338", "ABC-2", "Meia", Decimal("1.5"), Decimal("0.10")),
    ),
)
PROVIDER = TinyProvider()


@pytest.fixture
def context() -> RecordingContext:
    return RecordingContext()


def failure(call: Callable[[], Any]) -> ErpError:
    with pytest.raises(ErpError) as caught:
        call()
    error = caught.value
    assert PROVIDER.explain(error.code, error.params) is not None
    return error


def sent(method: str) -> list[tuple[str, Any]]:
    """Path and body of each request by ``method``."""
    return [
        (call.request.url.removeprefix(API), json.loads(call.request.body))
        for call in responses.calls
        if call.request.method == method
    ]


def refusal(*details: tuple[str, str], message: str = "Ocorreram erros de validação") -> dict[str, Any]:
    return {
        "mensagem": message,
        "detalhes": [{"campo": field, "mensagem": text} for field, text in details] or None,
    }


# -- finding an order ----------------------------------------------------------------------------------


@responses.activate
def test_orders_are_asked_for_by_the_buyer(context: RecordingContext) -> None:
    responses.get(ORDERS, json=envelope(order_row()))
    query = OrderQuery(created_from=dt.date(2026, 8, 25), document=BARE, customer_name="Maria & Cia")
    page = PROVIDER.list_orders(context, query, offset=0)
    assert page.row_ids == ("600000001",)
    assert responses.calls[0].request.params == {
        "dataInicial": "2026-08-25",
        "cpfCnpj": MASKED,
        "nomeCliente": "Maria & Cia",
        "orderBy": "asc",
        "limit": "100",
        "offset": "0",
    }
    (call,) = context.calls
    assert call.query == ("orderBy=asc&dataInicial=2026-08-25&cpfCnpj=***&nomeCliente=***&limit=100&offset=0")


@pytest.mark.parametrize(("form", "calls"), [(MASKED, 1), (BARE, 2), ("", 2)])
@responses.activate
def test_a_document_is_looked_for_in_both_forms(context: RecordingContext, form: str, calls: int) -> None:
    for document in (MASKED, BARE):
        rows = [order_row()] if document == form else []
        responses.get(
            ORDERS,
            json=envelope(*rows),
            match=[query_param_matcher({"cpfCnpj": document}, strict_match=False)],
        )
    page = PROVIDER.list_orders(context, OrderQuery(document=BARE), offset=0)
    assert page.row_ids == (("600000001",) if form else ())
    assert len(responses.calls) == calls


@responses.activate
def test_the_shop_s_number_finds_nothing_by_this_protocol(context: RecordingContext) -> None:
    error = failure(lambda: PROVIDER.list_orders(context, OrderQuery(ecommerce_number="E-1"), offset=0))
    assert (type(error), error.code) == (UnsupportedFeature, "tiny.orders_by_ecommerce_number")
    assert len(responses.calls) == 0


@responses.activate
def test_the_key_and_the_seller_of_an_order(context: RecordingContext) -> None:
    payload = order_detail(numeroOrdemCompra=" E7K3000001 ", vendedor={"id": "334779701", "nome": "Ana"})
    responses.get(ORDER, json=payload)
    detail = PROVIDER.get_order(context, "600000001")
    assert (detail.key, detail.seller_id) == ("E7K3000001", "334779701")


# -- making an order -----------------------------------------------------------------------------------


@responses.activate
def test_the_body_of_a_new_order(context: RecordingContext) -> None:
    responses.post(ORDERS, json={"id": 358126298, "numeroPedido": "1"}, status=201)
    draft = OrderDraft(
        key="E7K3000001",
        placed_on=dt.date(2026, 8, 25),
        situation="em_devolucao",
        customer=BUYER,
        customer_id="900000001",
        items=LEAST.items,
        ecommerce_number="MKT-1",
        delivery_address=ErpAddress(
            "Rua B", "9", "fundos", "Gonzaga", "Santos", "SP", "11055000", "Brasil", "Bia"
        ),
        installments=(
            ErpInstallment(Decimal("60.00"), dt.date(2026, 8, 25), "Pix", "à vista"),
            ErpInstallment(Decimal("63.33"), dt.date(2026, 9, 24)),
            ErpInstallment(Decimal("1.00"), dt.date(2026, 8, 1)),
            ErpInstallment(Decimal("0.01"), None),
        ),
        freight=Decimal("15.16"),
        discount=Decimal("2.77"),
        expected_on=dt.date(2026, 12, 24),
        seller_id="334779701",
        notes="Entregar na portaria.",
    )
    assert PROVIDER.create_order(context, draft) == "358126298"
    assert sent("POST") == [
        (
            "/pedidos",
            {
                "idContato": 900000001,
                "numeroOrdemCompra": "E7K3000001",
                "ecommerce": {"numeroPedidoEcommerce": "MKT-1"},
                "situacao": 10,
                "data": "2026-08-25",
                "dataPrevista": "2026-12-24",
                "vendedor": {"id": 334779701},
                "enderecoEntrega": {
                    "endereco": "Rua B",
                    "enderecoNro": "9",
                    "complemento": "fundos",
                    "bairro": "Gonzaga",
                    "municipio": "Santos",
                    "cep": "11055000",
                    "uf": "SP",
                    "nomeDestinatario": "Bia",
                },
                "itens": [
                    {"produto": {"id": 357281337}, "quantidade": 2, "valorUnitario": 55.9},
                    {"produto": {"id": 357281338}, "quantidade": 1.5, "valorUnitario": 0.1},
                ],
                "pagamento": {
                    "parcelas": [
                        {"dias": 0, "data": "2026-08-25", "valor": 60, "observacoes": "Pix · à vista"},
                        {"dias": 30, "data": "2026-09-24", "valor": 63.33},
                        {"dias": 0, "data": "2026-08-01", "valor": 1},
                        {"valor": 0.01},
                    ]
                },
                "valorDesconto": 2.77,
                "valorFrete": 15.16,
                "observacoes": "Entregar na portaria.",
            },
        )
    ]
    assert context.slots == ["write"]
    assert "MKT-1" not in repr(context.calls)


@responses.activate
def test_what_an_order_does_not_have_is_not_sent(context: RecordingContext) -> None:
    responses.post(ORDERS, json={"id": 1})
    PROVIDER.create_order(context, LEAST)
    ((_, body),) = sent("POST")
    assert body.keys() == {
        "idContato", "numeroOrdemCompra", "situacao", "data", "itens", "valorDesconto", "valorFrete",
    }  # fmt: skip
    assert (body["valorDesconto"], body["valorFrete"]) == (0, 0)


@responses.activate
def test_money_is_sent_digit_by_digit(context: RecordingContext) -> None:
    responses.post(ORDERS, json={"id": 1})
    prices = ("0.1", "0.3", "1.1", "19.99", "1234567890.12", "0.0001")
    items = tuple(ItemDraft("1", "A", "A", Decimal(1), Decimal(price)) for price in prices)
    PROVIDER.create_order(context, OrderDraft("K", LEAST.placed_on, "aberto", BUYER, "1", items))
    body = json.loads(responses.calls[0].request.body, parse_float=Decimal)
    assert [item["valorUnitario"] for item in body["itens"]] == [Decimal(price) for price in prices]


@pytest.mark.parametrize("status", [200, 201])
@pytest.mark.parametrize("number", [358126298, "358126298"])
@responses.activate
def test_the_id_of_a_new_order(context: RecordingContext, status: int, number: Any) -> None:
    responses.post(ORDERS, json={"id": number, "numeroPedido": "1"}, status=status)
    assert PROVIDER.create_order(context, LEAST) == "358126298"
    assert len(responses.calls) == 1


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ({"status": 500, "json": {"mensagem": "Erro interno"}}, "tiny.unstable"),
        ({"status": 502, "body": "<html>"}, "tiny.unstable"),
        ({"status": 503}, "tiny.unstable"),
        ({"status": 408}, "tiny.unstable"),
        ({"status": 302}, "tiny.unstable"),
        ({"status": 202}, "tiny.unstable"),
        ({"status": 201, "body": "<html>"}, "tiny.unreadable_answer"),
        ({"status": 201, "body": '{"id": 3581'}, "tiny.unreadable_answer"),
        ({"status": 201, "json": {"id": None}}, "tiny.unreadable_answer"),
        ({"status": 201, "json": []}, "tiny.unreadable_answer"),
        ({"status": 204}, "tiny.unreadable_answer"),
        ({"body": requests.ReadTimeout()}, "http.timeout"),
        ({"body": requests.ConnectionError()}, "http.interrupted"),
    ],
)
@responses.activate
def test_whether_an_order_was_made_may_stay_open(
    context: RecordingContext, answer: dict[str, Any], code: str
) -> None:
    responses.post(ORDERS, **answer)
    error = failure(lambda: PROVIDER.create_order(context, LEAST))
    assert (type(error), error.code) == (TemporaryError, code)
    assert len(responses.calls) == 1


@responses.activate
def test_an_order_is_sent_again_only_after_a_refused_token(context: RecordingContext) -> None:
    responses.post(ORDERS, status=401)
    responses.post(ORDERS, json={"id": 1}, status=201)
    assert PROVIDER.create_order(context, LEAST) == "1"
    assert (context.renewals, len(responses.calls)) == (1, 2)


@responses.activate
def test_an_order_over_the_quota_was_not_made(context: RecordingContext) -> None:
    responses.post(ORDERS, status=429, headers={"X-Ratelimit-Reset": "7"})
    error = failure(lambda: PROVIDER.create_order(context, LEAST))
    assert (type(error), error.params) == (RateLimited, {"seconds": "7"})
    assert len(responses.calls) == 1


@responses.activate
def test_an_order_that_tiny_has_is_told_apart(context: RecordingContext) -> None:
    responses.post(ORDERS, json={"mensagem": "Esse registro já existe"}, status=409)
    error = failure(lambda: PROVIDER.create_order(context, LEAST))
    assert (type(error), error.code) == (AlreadyExists, "tiny.order_repeated")
    assert len(responses.calls) == 1


@pytest.mark.parametrize("status", [401, 403])
@responses.activate
def test_a_missing_permission_to_send_orders(context: RecordingContext, status: int) -> None:
    responses.post(ORDERS, status=status)
    error = failure(lambda: PROVIDER.create_order(context, LEAST))
    assert (type(error), error.code, error.params) == (
        PermissionMissing,
        "tiny.write_permission_missing",
        {"module": "Pedidos"},
    )


@responses.activate
def test_an_account_without_the_service(context: RecordingContext) -> None:
    responses.post(ORDERS, status=404)
    error = failure(lambda: PROVIDER.create_order(context, LEAST))
    assert (type(error), error.code, error.params) == (NotFound, "tiny.not_found", {"path": "/pedidos"})


@pytest.mark.parametrize(
    ("field", "text", "code"),
    [
        ("idContato", "Contato não encontrado", "tiny.order_customer_unknown"),
        ("vendedor.id", "Vendedor não encontrado", "tiny.order_seller_unknown"),
        ("transportador.formaEnvio.id", "Forma de envio não habilitada", "tiny.shipping_method_disabled"),
        ("", "Forma de envio não habilitada", "tiny.shipping_method_disabled"),
        (
            "pagamento.parcelas[0].meioPagamento.id",
            "Meio de pagamento não encontrado",
            "tiny.payment_method_unknown",
        ),
        (
            "pagamento.parcelas[1].formaRecebimento.id",
            "Forma de recebimento da parcela diferente da forma de recebimento do pedido",
            "tiny.installment_method_differs",
        ),
        ("pagamento.parcelas", "A soma difere do total", "tiny.installments_refused"),
        ("estoque", "saldo em estoque de um ou mais produtos é insuficiente", "tiny.stock_insufficient"),
        ("pedido.motivosBloqueio[0]", "estoque lançado", "tiny.stock_launched"),
        ("pedido.motivosBloqueio[0]", "nota fiscal emitida", "tiny.order_locked"),
        ("situacao", "O campo situacao é inválido", "tiny.situation_refused"),
        ("codigo", "O campo código é obrigatório", "tiny.field_missing"),
        ("valorFrete", "O campo valorFrete deve ser um número", "tiny.write_rejected"),
    ],
)
@responses.activate
def test_each_known_refusal_has_a_code(context: RecordingContext, field: str, text: str, code: str) -> None:
    responses.post(ORDERS, json=refusal(("outro", "x"), (field, text)), status=400)
    error = failure(lambda: PROVIDER.create_order(context, LEAST))
    kind = CustomerUnknown if field == "idContato" else RejectedByErp
    assert (type(error), error.code) == (kind, code)
    said = f"{field}: {text}" if field else text
    assert error.params == {
        "status": "400",
        "reason": f"Ocorreram erros de validação (outro: x; {said})",
    }
    explanation = PROVIDER.explain(error.code, error.params)
    assert explanation is not None
    assert (explanation.owner, explanation.action) == ("you", "retry")
    assert len(responses.calls) == 1


@pytest.mark.parametrize(
    ("field", "item", "sku"),
    [
        ("itens[0].produto.id", "1", "ABC-1"),
        ("itens[1].produto.id", "2", "ABC-2"),
        ("itens[7].produto.id", "8", None),
    ],
)
@responses.activate
def test_a_product_that_tiny_lacks_is_named(
    context: RecordingContext, field: str, item: str, sku: str | None
) -> None:
    responses.post(ORDERS, json=refusal((field, "Produto não encontrado")), status=400)
    error = failure(lambda: PROVIDER.create_order(context, LEAST))
    assert (type(error), error.code) == (RejectedByErp, "tiny.order_product_unknown")
    assert (error.params["item"], error.params.get("sku")) == (item, sku)
    explanation = PROVIDER.explain(error.code, error.params)
    assert explanation is not None
    assert explanation.title == f"O Tiny não encontrou o produto {sku or '?'}"


@pytest.mark.parametrize(
    "body", [refusal(message="Estoque já lançado."), {"mensagem": "Estoque já lançado."}]
)
@responses.activate
def test_a_refusal_without_details(context: RecordingContext, body: dict[str, Any]) -> None:
    responses.put(f"{ORDER}/situacao", json=body, status=400)
    error = failure(lambda: PROVIDER.set_situation(context, "600000001", "cancelado"))
    assert (type(error), error.code) == (RejectedByErp, "tiny.stock_launched")


@responses.activate
def test_a_refusal_tells_nothing_of_the_buyer(context: RecordingContext) -> None:
    text = f"O CPF {MASKED} de maria@exemplo.com.br não confere"
    responses.post(CONTACTS, json=refusal(("cpfCnpj", text)), status=400)
    error = failure(lambda: PROVIDER.create_customer(context, BUYER))
    assert (type(error), error.code) == (RejectedByErp, "tiny.customer_document_refused")
    assert error.params["reason"] == "Ocorreram erros de validação (cpfCnpj: O CPF ••• de ••• não confere)"


# -- changing an order ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "body"),
    [
        (OrderChange(notes="Ligar antes."), {"observacoes": "Ligar antes."}),
        (OrderChange(notes=""), {"observacoes": ""}),
        (OrderChange(expected_on=dt.date(2026, 12, 24)), {"dataPrevista": "2026-12-24"}),
    ],
)
@responses.activate
def test_the_body_of_a_change(context: RecordingContext, change: OrderChange, body: dict[str, Any]) -> None:
    responses.put(ORDER, status=204)
    PROVIDER.change_order(context, "600000001", change)
    assert sent("PUT") == [("/pedidos/600000001", body)]
    assert context.slots == ["write"]


@responses.activate
def test_the_body_of_a_situation(context: RecordingContext) -> None:
    responses.put(f"{ORDER}/situacao", status=204)
    PROVIDER.set_situation(context, "600000001", "nao_entregue")
    assert sent("PUT") == [("/pedidos/600000001/situacao", {"situacao": 9})]


@pytest.mark.parametrize(
    ("order", "body"),
    [
        ({}, {"codigoRastreamento": "QQ123456785BR", "urlRastreamento": "https://r.example/1"}),
        (
            {
                "transportador": {
                    "id": 890000001,
                    "nome": "Rápida",
                    "formaEnvio": {"id": 700000001, "nome": "Correios"},
                    "formaFrete": {"id": 0, "nome": None},
                    "codigoRastreamento": "OLD",
                    "urlRastreamento": "https://r.example/old",
                },
                "dataPrevista": "2026-12-24",
                "observacoes": "Frágil",
                "situacao": 5,
            },
            {
                "codigoRastreamento": "QQ123456785BR",
                "urlRastreamento": "https://r.example/1",
                "formaEnvio": {"id": 700000001},
                "idContatoTransportadora": 890000001,
                "dataPrevista": "2026-12-24",
                "observacoes": "Frágil",
            },
        ),
    ],
)
@responses.activate
def test_the_body_of_a_dispatch_has_what_tiny_has(
    context: RecordingContext, order: dict[str, Any], body: dict[str, Any]
) -> None:
    responses.get(ORDER, json={"id": 600000001, **order})
    responses.put(f"{ORDER}/despacho", status=204)
    PROVIDER.set_shipment(context, "600000001", ShipmentDraft("QQ123456785BR", "https://r.example/1"))
    assert sent("PUT") == [("/pedidos/600000001/despacho", body)]
    assert context.slots == ["read", "write"]


@responses.activate
def test_a_situation_that_tiny_does_not_have(context: RecordingContext) -> None:
    error = failure(lambda: PROVIDER.set_situation(context, "600000001", "orcamento"))
    assert (type(error), error.code) == (UnsupportedFeature, "tiny.situation_unknown")
    assert error.params == {"situation": "orcamento"}
    assert len(responses.calls) == 0


@pytest.mark.parametrize(
    ("status", "kind"), [(403, PermissionMissing), (404, NotFound), (500, TemporaryError)]
)
@responses.activate
def test_trouble_with_an_order_that_is_there(
    context: RecordingContext, status: int, kind: type[ErpError]
) -> None:
    responses.put(ORDER, status=status)
    responses.put(f"{ORDER}/situacao", status=status)
    for call in (
        lambda: PROVIDER.change_order(context, "600000001", OrderChange(notes="x")),
        lambda: PROVIDER.set_situation(context, "600000001", "cancelado"),
    ):
        error = failure(call)
        assert type(error) is kind
        assert status != 404 or (error.code, error.params) == ("tiny.order_not_found", {"id": "600000001"})


# -- people --------------------------------------------------------------------------------------------


@responses.activate
def test_customers_with_exactly_the_document(context: RecordingContext) -> None:
    rows = [
        contact(),
        contact(id=2, cpfCnpj=BARE),
        contact(id="3", cpfCnpj=int(BARE)),
        contact(id=4, cpfCnpj="111.444.777-35"),
        contact(id=5, cpfCnpj=""),
        contact(id=6, situacao="E"),
        contact(id=0),
        contact(id=7, situacao="I"),
        None,
    ]
    responses.get(CONTACTS, json=envelope(*rows))
    found = PROVIDER.find_customers(context, document=BARE)
    assert [(row.external_id, row.document) for row in found] == [
        ("900000001", BARE), ("2", BARE), ("3", BARE), ("7", BARE),
    ]  # fmt: skip
    assert responses.calls[0].request.params == {"cpfCnpj": MASKED, "limit": "100", "offset": "0"}
    assert context.calls[0].query == "cpfCnpj=***&limit=100&offset=0"


@pytest.mark.parametrize(
    ("document", "masked"),
    [(BARE, MASKED), ("11222333000181", "11.222.333/0001-81"), ("12ABC34501DE35", "12.ABC.345/01DE-35")],
)
@responses.activate
def test_customers_are_looked_for_in_both_forms(
    context: RecordingContext, document: str, masked: str
) -> None:
    for form, rows in ((masked, [contact(cpfCnpj="")]), (document, [contact(id=2, cpfCnpj=document)])):
        matcher = query_param_matcher({"cpfCnpj": form, "limit": "100", "offset": "0"})
        responses.get(CONTACTS, json=envelope(*rows), match=[matcher])
    (found,) = PROVIDER.find_customers(context, document=document)
    assert (found.external_id, found.document) == ("2", document)
    assert context.slots == ["read", "read"]


@responses.activate
def test_customers_with_exactly_the_code(context: RecordingContext) -> None:
    rows = [contact(id=1, codigo="ENT-7"), contact(id=2, codigo="ENT-77"), contact(id=3, codigo="")]
    responses.get(CONTACTS, json=envelope(*rows))
    (found,) = PROVIDER.find_customers(context, code="ENT-7")
    assert found.external_id == "1"
    assert responses.calls[0].request.params == {"codigo": "ENT-7", "limit": "100", "offset": "0"}
    assert PROVIDER.find_customers(context) == ()
    assert len(responses.calls) == 1


@pytest.mark.parametrize(
    ("phone", "field"),
    [
        ("(41) 99999-0000", "celular"),
        ("55 99999-0000", "celular"),
        ("+55 41 99999-0000", "celular"),
        ("(41) 3333-0000", "telefone"),
        ("+55 41 3333-0000", "telefone"),
        ("0800", "telefone"),
    ],
)
@responses.activate
def test_the_body_of_a_new_customer(context: RecordingContext, phone: str, field: str) -> None:
    responses.post(CONTACTS, json={"id": 900000001})
    address = ErpAddress("Rua das Flores", "123", "", "Centro", "Curitiba", "PR", "80010000", "Brasil", "Bia")
    draft = CustomerDraft("Loja Exemplo", "PJ", "11222333000181", "", "a@example.com", phone, address)
    assert PROVIDER.create_customer(context, draft) == "900000001"
    assert sent("POST") == [
        (
            "/contatos",
            {
                "nome": "Loja Exemplo",
                "tipoPessoa": "J",
                "cpfCnpj": "11.222.333/0001-81",
                "email": "a@example.com",
                field: phone,
                "endereco": {
                    "endereco": "Rua das Flores",
                    "numero": "123",
                    "bairro": "Centro",
                    "municipio": "Curitiba",
                    "cep": "80010000",
                    "uf": "PR",
                    "pais": "Brasil",
                },
            },
        )
    ]


@responses.activate
def test_the_least_of_a_new_customer(context: RecordingContext) -> None:
    responses.post(CONTACTS, json={"id": "7"}, status=201)
    assert PROVIDER.create_customer(context, CustomerDraft("Zoé", code="ENT-7")) == "7"
    assert sent("POST") == [("/contatos", {"nome": "Zoé", "codigo": "ENT-7"})]


@pytest.mark.parametrize("answer", [{"status": 500}, {"json": {"id": 0}}, {"body": requests.ReadTimeout()}])
@responses.activate
def test_whether_a_customer_was_made_may_stay_open(context: RecordingContext, answer: dict[str, Any]) -> None:
    responses.post(CONTACTS, **answer)
    assert type(failure(lambda: PROVIDER.create_customer(context, BUYER))) is TemporaryError
    assert len(responses.calls) == 1


@responses.activate
def test_a_change_is_laid_over_all_that_tiny_has(context: RecordingContext) -> None:
    responses.get(CONTACT, json=contact())
    responses.put(CONTACT, status=204)
    PROVIDER.update_customer(context, "900000001", CustomerDraft("Maria Nova", "PF", BARE))
    ((path, body),) = sent("PUT")
    assert path == "/contatos/900000001"
    assert body == {
        "nome": "Maria Nova",
        "codigo": "C-9",
        "fantasia": "",
        "tipoPessoa": "F",
        "cpfCnpj": MASKED,
        "inscricaoEstadual": "",
        "inscricaoMunicipal": "",
        "rg": "",
        "telefone": "",
        "celular": "(41) 99999-0000",
        "telefoneAdicional": "",
        "email": "maria@exemplo.com.br",
        "emailNfe": "nfe@exemplo.com.br",
        "site": "",
        "profissao": "Professora",
        "dataNascimento": "1990-01-02",
        "naturalidade": "",
        "nomePai": "",
        "nomeMae": "",
        "cpfPai": "",
        "cpfMae": "",
        "situacao": "B",
        "observacoes": "Boa cliente",
        "regimeTributario": 1,
        "limiteCredito": 150.5,
        "endereco": {
            "endereco": "Rua das Flores",
            "numero": "123",
            "complemento": "apto 2",
            "bairro": "Centro",
            "municipio": "Curitiba",
            "cep": "80010-000",
            "uf": "PR",
            "pais": "Brasil",
        },
        "vendedor": {"id": 334779701},
        "tipos": [334779501],
    }
    assert context.slots == ["read", "write"]


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        # What is not said does not stay, but for the country.
        (
            ErpAddress(street="Rua das Flores", city="São José"),
            {"numero": "", "complemento": "", "bairro": "", "municipio": "São José", "cep": "", "uf": ""},
        ),
        (
            ErpAddress(zip_code="80010000"),
            {"endereco": "", "numero": "", "complemento": "", "bairro": "", "municipio": "", "uf": ""},
        ),
        (
            ErpAddress("Rua Nova", "5", "", "", "Recife", "PE", "50050000"),
            {
                "endereco": "Rua Nova", "numero": "5", "complemento": "", "bairro": "",
                "municipio": "Recife", "cep": "50050000", "uf": "PE",
            },
        ),
        (
            ErpAddress(street="Rua das Flores", number="124"),
            {"numero": "124", "complemento": "", "bairro": "", "municipio": "", "cep": "", "uf": ""},
        ),
        (ErpAddress(recipient="Bia"), None),
    ],
)  # fmt: skip
@responses.activate
def test_an_address_is_not_mixed_with_another(
    context: RecordingContext, address: ErpAddress, expected: dict[str, str] | None
) -> None:
    known = contact()
    responses.get(CONTACT, json=known)
    responses.put(CONTACT, status=204)
    PROVIDER.update_customer(context, "900000001", CustomerDraft("", address=address))
    addresses = [body["endereco"] for _, body in sent("PUT")]
    assert addresses == ([] if expected is None else [{**known["endereco"], **expected}])


@pytest.mark.parametrize(
    ("draft", "changed"),
    [
        (CustomerDraft("", phone="+55 (41) 3333-0000"), {"telefone": "+55 (41) 3333-0000"}),
        (CustomerDraft("", phone="(41) 98888-0000"), {"celular": "(41) 98888-0000"}),
        (CustomerDraft("", document="11144477735"), {"cpfCnpj": "111.444.777-35"}),
        (CustomerDraft("", code="ENT-7"), {"codigo": "ENT-7"}),
        (CustomerDraft("", email="nova@example.com"), {"email": "nova@example.com"}),
    ],
)
@responses.activate
def test_what_changes_of_a_customer(
    context: RecordingContext, draft: CustomerDraft, changed: dict[str, Any]
) -> None:
    known = contact()
    responses.get(CONTACT, json=known)
    responses.put(CONTACT, status=204)
    PROVIDER.update_customer(context, "900000001", draft)
    ((_, body),) = sent("PUT")
    assert {name: value for name, value in body.items() if value != known[name]} == {
        **changed,
        "vendedor": {"id": 334779701},
        "tipos": [334779501],
    }


@pytest.mark.parametrize(
    "draft",
    [
        CustomerDraft(""),
        BUYER,
        CustomerDraft("Maria de Exemplo", phone="41999990000", email="maria@exemplo.com.br"),
        CustomerDraft(
            "",
            address=ErpAddress("Rua das Flores", "123", "apto 2", "Centro", "Curitiba", "PR", "80010000"),
        ),
    ],
)
@responses.activate
def test_what_is_so_already_is_not_written(context: RecordingContext, draft: CustomerDraft) -> None:
    responses.get(CONTACT, json=contact())
    PROVIDER.update_customer(context, "900000001", draft)
    assert context.slots == ["read"]


@responses.activate
def test_a_customer_of_whom_tiny_knows_nothing(context: RecordingContext) -> None:
    told = {**dict.fromkeys(contact()), "id": 900000001, "nome": "Maria"}
    responses.get(CONTACT, json=told)
    responses.put(CONTACT, status=204)
    address = ErpAddress("Rua Nova", "5")
    PROVIDER.update_customer(context, "900000001", CustomerDraft("Maria", address=address))
    assert sent("PUT") == [
        ("/contatos/900000001", {"nome": "Maria", "endereco": {"endereco": "Rua Nova", "numero": "5"}})
    ]


@pytest.mark.parametrize(
    "answer", [{"status": 404}, {"json": contact(situacao="E")}], ids=["gone", "deleted"]
)
@responses.activate
def test_a_customer_who_is_gone(context: RecordingContext, answer: dict[str, Any]) -> None:
    responses.get(CONTACT, **answer)
    error = failure(lambda: PROVIDER.update_customer(context, "900000001", BUYER))
    assert (type(error), error.code, error.params) == (
        NotFound,
        "tiny.customer_not_found",
        {"id": "900000001"},
    )
    assert len(responses.calls) == 1


@responses.activate
def test_a_customer_who_is_gone_before_he_is_written(context: RecordingContext) -> None:
    responses.get(CONTACT, json=contact())
    responses.put(CONTACT, status=404)
    error = failure(lambda: PROVIDER.update_customer(context, "900000001", CustomerDraft("Outra")))
    assert (type(error), error.code) == (NotFound, "tiny.customer_not_found")


@responses.activate
def test_sellers_are_read_to_the_end(context: RecordingContext) -> None:
    rows = [seller_row(id=number, situacao="BAIE"[number % 4]) for number in range(1, 103)]
    rows[4] = seller_row(id=None)
    for start in (0, 100):
        responses.get(
            f"{API}/vendedores",
            json=envelope(*rows[start : start + 100], offset=start, total=102),
            match=[query_param_matcher({"offset": start, "limit": 100})],
        )
    found = PROVIDER.list_sellers(context)
    assert len(found) == 101
    assert found[:4] == (
        ErpSeller("1", "Vendas internas", "V1", is_active=True),
        ErpSeller("2", "Vendas internas", "V1", is_active=False),
        ErpSeller("3", "Vendas internas", "V1", is_active=False),
        ErpSeller("4", "Vendas internas", "V1", is_active=True),
    )
    assert found[-1].external_id == "102"


@pytest.mark.parametrize(
    ("call", "path"),
    [
        (lambda context: PROVIDER.find_customers(context, document=BARE), "/contatos"),
        (lambda context: PROVIDER.update_customer(context, "7", BUYER), "/contatos/7"),
        (lambda context: PROVIDER.list_sellers(context), "/vendedores"),
    ],
)
@responses.activate
def test_a_missing_permission_names_its_module(
    context: RecordingContext, call: Callable[[RecordingContext], Any], path: str
) -> None:
    responses.get(f"{API}{path}", status=403)
    error = failure(lambda: call(context))
    assert (type(error), error.code, error.params) == (
        PermissionMissing,
        "tiny.permission_missing",
        {"module": "Contato e Vendedores"},
    )
