from __future__ import annotations

import copy
import dataclasses
import datetime as dt
import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.errors import MappingError
from contracts.records import (
    ErpAccount,
    ErpAddress,
    ErpCustomer,
    ErpInstallment,
    ErpInvoice,
    ErpOrder,
    ErpOrderItem,
    ErpShipment,
    ErpShippingMethod,
    InvoiceState,
    RowProblem,
)
from tests.tiny.shapes import (
    account,
    address,
    customer,
    envelope,
    invoice_row,
    order_detail,
    order_row,
    shipping,
)
from tests.tiny.test_values import anything
from tiny.v3 import mappers

KEY = "35260712ABC34501DE35550010000123451123456788"


def read(data: Any) -> Any:
    """As the client reads it: fractions are Decimals."""
    return json.loads(json.dumps(data), parse_float=Decimal)


def order_of(**changes: Any) -> ErpOrder:
    return mappers.to_erp_order(read(order_row(**changes)))


def customer_of(**changes: Any) -> ErpCustomer:
    order = order_of(cliente={**customer(), **changes})
    assert order.customer is not None
    return order.customer


def shipment_of(**changes: Any) -> ErpShipment:
    return order_of(transportador={**shipping(), **changes}).shipment


def test_a_row_of_orders() -> None:
    order = order_of()
    assert dataclasses.replace(order, row_hash="") == ErpOrder(
        external_id="600000001",
        number="1186",
        situation="aprovado",
        situation_is_known=True,
        total=Decimal("68.27"),
        placed_on=dt.date(2026, 8, 25),
        customer=ErpCustomer(
            external_id="900000001",
            name="Maria de Exemplo",
            kind="PF",
            document="52998224725",
            document_text="529.982.247-25",
            email="maria@exemplo.com.br",
            phone="(41) 99999-0000",
            address=ErpAddress(
                street="Rua das Flores",
                number="123",
                complement="ANDAR 15",
                district="Centro",
                city="Curitiba",
                state="PR",
                zip_code="80010000",
                country="Brasil",
            ),
        ),
        ecommerce_number="100234",
        ecommerce_name="Loja Exemplo",
        shipment=ErpShipment(
            shipping_method="Correios",
            shipping_method_id="700000001",
            freight_method="SEDEX",
            tracking_code="AA123456785BR",
        ),
    )
    assert len(order.row_hash) == 64


@pytest.mark.parametrize("value", [600000001, "600000001"])
def test_an_id_is_text(value: Any) -> None:
    assert order_of(id=value).external_id == "600000001"


@pytest.mark.parametrize(("value", "number"), [(1186, "1186"), ("1186", "1186"), ("", ""), (None, "")])
def test_a_number_is_text(value: Any, number: str) -> None:
    assert order_of(numeroPedido=value).number == number


@pytest.mark.parametrize(
    ("value", "situation", "is_known"),
    [
        (0, "aberto", True),
        ("0", "aberto", True),
        (10, "em_devolucao", True),
        ("Aprovado", "aprovado", True),
        ("preparando_envio", "preparando_envio", True),
        (11, "11", False),
        ("42", "42", False),
        (-1, "-1", False),
        ("Em análise", "Em análise", False),
        ("", "", False),
        (None, "", False),
        (True, "", False),
        ({}, "", False),
    ],
)
def test_a_situation_that_is_not_known_stays_as_it_came(value: Any, situation: str, is_known: bool) -> None:
    order = order_of(situacao=value)
    assert (order.situation, order.situation_is_known) == (situation, is_known)


@pytest.mark.parametrize(
    ("value", "total"),
    [("68,27", Decimal("68.27")), (68.27, Decimal("68.27")), ("", None), (None, None), ("0", Decimal(0))],
)
def test_a_total(value: Any, total: Decimal | None) -> None:
    assert order_of(valor=value).total == total


@pytest.mark.parametrize("value", ["", None, "0000-00-00"])
def test_no_date(value: Any) -> None:
    assert order_of(dataCriacao=value).placed_on is None


@pytest.mark.parametrize(
    "value", [None, {}, [], "", {"id": 0, "nome": "", "cpfCnpj": None, "endereco": None}]
)
def test_no_customer(value: Any) -> None:
    assert order_of(cliente=value).customer is None


@pytest.mark.parametrize("value", [None, {}, [], ""])
def test_no_carrier_and_no_shop(value: Any) -> None:
    order = order_of(transportador=value, ecommerce=value)
    assert order.shipment == ErpShipment()
    assert order.shipment.is_empty
    assert (order.ecommerce_number, order.ecommerce_name) == ("", "")


@pytest.mark.parametrize(
    ("value", "document", "document_text"),
    [
        ("52998224725", "52998224725", "52998224725"),
        ("12.abc.345/01de-35", "12ABC34501DE35", "12.abc.345/01de-35"),
        (1234567890, "01234567890", "1234567890"),
        ("529.982.247-26", "", "529.982.247-26"),
        ("***.982.247-**", "", "***.982.247-**"),
        ("111.111.111-11", "", "111.111.111-11"),
        ("isento ", "", "isento"),
        ("", "", ""),
        (None, "", ""),
    ],
)
def test_a_document(value: Any, document: str, document_text: str) -> None:
    found = customer_of(cpfCnpj=value)
    assert (found.document, found.document_text) == (document, document_text)


@pytest.mark.parametrize(
    ("value", "kind"), [("F", "PF"), ("J", "PJ"), ("j", "PJ"), ("E", ""), ("X", ""), (None, ""), ("?", "")]
)
def test_a_kind_of_person(value: Any, kind: str) -> None:
    assert customer_of(tipoPessoa=value).kind == kind


@pytest.mark.parametrize(
    ("mobile", "phone", "expected"),
    [("1", "2", "1"), ("", "2", "2"), (None, "2", "2"), ("  ", " 2 ", "2"), ("", "", "")],
)
def test_the_mobile_comes_before_the_phone(mobile: Any, phone: Any, expected: str) -> None:
    assert customer_of(celular=mobile, telefone=phone).phone == expected


@pytest.mark.parametrize(
    ("value", "zip_code"), [("01.311-914", "01311914"), ("80010000", "80010000"), ("SW1A 1AA", "SW1A 1AA")]
)
def test_a_cep(value: str, zip_code: str) -> None:
    assert customer_of(endereco={**address(), "cep": value}).address.zip_code == zip_code


def test_a_carrier_by_name_and_a_link() -> None:
    shipment = shipment_of(id=5, nome="Braspress ", urlRastreamento="https://a.b/c", formaEnvio={"id": 0})
    assert shipment == ErpShipment(
        carrier_name="Braspress",
        freight_method="SEDEX",
        tracking_code="AA123456785BR",
        tracking_url="https://a.b/c",
    )


def test_a_link_that_is_none_is_not_kept() -> None:
    assert shipment_of(urlRastreamento="javascript:alert(1)").tracking_url == ""


@pytest.mark.parametrize("value", [None, "", 0, "0", "abc", {}])
def test_a_row_without_an_id_is_no_order(value: Any) -> None:
    with pytest.raises(MappingError) as caught:
        order_of(id=value)
    assert (caught.value.code, caught.value.params) == ("tiny.row_without_id", {"label": "1186"})


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"numeroPedido": "1" * 41}, "numeroPedido"),
        ({"situacao": "x" * 41}, "situacao"),
        ({"ecommerce": {"numeroPedidoEcommerce": "1" * 81}}, "numeroPedidoEcommerce"),
    ],
)
def test_a_name_beyond_all_length_is_refused(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(MappingError) as caught:
        order_of(**changes)
    assert (caught.value.code, caught.value.params["field"]) == ("tiny.text_too_long", field)


def test_the_hash_ignores_the_form_and_the_fields_that_nobody_reads() -> None:
    same = order_of(
        id="600000001",
        numeroPedido="1186",
        situacao="3",
        valor=68.27,
        dataCriacao="25/08/2026",
        vendedor={"id": 5, "nome": "Ana"},
        dataPrevista="2026-09-01",
        novidade=1,
    )
    assert same.row_hash == order_of().row_hash


@pytest.mark.parametrize(
    "changes",
    [
        {"id": 600000002},
        {"numeroPedido": 1187},
        {"situacao": 4},
        {"valor": "68.28"},
        {"dataCriacao": "2026-08-26"},
        {"ecommerce": {"numeroPedidoEcommerce": "100235"}},
        {"cliente": {**customer(), "nome": "Outra"}},
        {"cliente": {**customer(), "cpfCnpj": "390.533.447-05"}},
        {"cliente": {**customer(), "celular": ""}},
        {"cliente": {**customer(), "endereco": {**address(), "numero": "124"}}},
        {"transportador": {**shipping(), "codigoRastreamento": ""}},
        {"transportador": {**shipping(), "urlRastreamento": "https://a.b/"}},
        {"transportador": {**shipping(), "formaFrete": {"id": 1, "nome": "PAC"}}},
    ],
)
def test_the_hash_sees_every_field_that_is_read(changes: dict[str, Any]) -> None:
    assert order_of(**changes).row_hash != order_of().row_hash


def test_the_detail_of_an_order() -> None:
    detail = mappers.to_erp_order_detail(read(order_detail()))
    assert detail.order == order_of()
    assert detail.items == (
        ErpOrderItem("357281337", "ABC-1", "Produto exemplo", Decimal(1), Decimal("55.90")),
    )
    assert detail.installments == (ErpInstallment(Decimal("68.27"), dt.date(2026, 8, 25), "Pix", ""),)
    assert detail.delivery_address is None
    assert (detail.products_total, detail.freight, detail.discount, detail.other_expenses, detail.total) == (
        Decimal("55.90"),
        Decimal("15.16"),
        Decimal("2.80"),
        Decimal("0.01"),
        Decimal("68.27"),
    )
    assert (detail.invoice_id, detail.notes) == ("", "")
    assert (detail.invoiced_on, detail.shipped_on, detail.expected_on, detail.delivered_on) == (None,) * 4


def test_the_detail_of_an_order_that_is_on_its_way() -> None:
    detail = mappers.to_erp_order_detail(
        read(
            order_detail(
                idNotaFiscal=650000001,
                dataFaturamento="2026-08-26",
                dataEnvio="2026-08-27 00:00:00",
                dataPrevista="2026-09-01",
                dataEntrega="30/08/2026",
                observacoes="Deixar na portaria ",
                enderecoEntrega={**address(), "nomeDestinatario": "José", "numero": "9"},
                pagamento=None,
                itens=None,
            )
        )
    )
    assert detail.invoice_id == "650000001"
    assert (detail.invoiced_on, detail.shipped_on) == (dt.date(2026, 8, 26), dt.date(2026, 8, 27))
    assert (detail.expected_on, detail.delivered_on) == (dt.date(2026, 9, 1), dt.date(2026, 8, 30))
    assert detail.notes == "Deixar na portaria"
    assert detail.delivery_address is not None
    assert (detail.delivery_address.recipient, detail.delivery_address.number) == ("José", "9")
    assert (detail.items, detail.installments) == ((), ())


@pytest.mark.parametrize("value", [None, {}, [], {"endereco": "", "cep": None}])
def test_the_customer_s_address_is_where_it_goes(value: Any) -> None:
    assert mappers.to_erp_order_detail(read(order_detail(enderecoEntrega=value))).delivery_address is None


@pytest.mark.parametrize("payment", [{"parcelas": None}, {"condicaoPagamento": None}, {}, []])
def test_an_order_without_parcels(payment: Any) -> None:
    assert mappers.to_erp_order_detail(read(order_detail(pagamento=payment))).installments == ()


def test_a_parcel_in_the_old_words() -> None:
    parcel = {"valor": "10,5", "data": "2026-08-25", "formaPagamento": {"id": 1, "nome": "Boleto"}}
    detail = mappers.to_erp_order_detail(read(order_detail(pagamento={"parcelas": [parcel]})))
    assert detail.installments == (ErpInstallment(Decimal("10.50"), dt.date(2026, 8, 25), "Boleto"),)


@pytest.mark.parametrize("payload", [None, [], "x", 1])
def test_what_is_no_record_is_refused(payload: Any) -> None:
    for to_record in (mappers.to_erp_order_detail, mappers.to_erp_invoice, mappers.to_erp_account):
        with pytest.raises(MappingError) as caught:
            to_record(payload)
        assert caught.value.code == "tiny.row_unreadable"


@pytest.mark.parametrize(
    ("item", "field"),
    [
        ({"quantidade": None, "valorUnitario": 1}, "quantidade"),
        ({"quantidade": 1, "valorUnitario": "grátis"}, "valorUnitario"),
        (None, "quantidade"),
    ],
)
def test_an_item_without_amounts_is_refused(item: Any, field: str) -> None:
    with pytest.raises(MappingError) as caught:
        mappers.to_erp_order_detail(read(order_detail(itens=[item])))
    assert (caught.value.code, caught.value.params["field"]) == ("tiny.amount_unreadable", field)


def invoice_of(**changes: Any) -> ErpInvoice:
    return mappers.to_erp_invoice(read(invoice_row(**changes)))


def test_a_row_of_invoices() -> None:
    assert invoice_of() == ErpInvoice(
        external_id="650000001",
        number="000012407",
        series="1",
        access_key=KEY,
        state=InvoiceState.AUTHORIZED,
        issued_on=dt.date(2026, 8, 26),
        amount=Decimal("68.27"),
        order_external_id="600000001",
        ecommerce_number="100234",
        tracking_code="AA123456785BR",
        tracking_url="https://rastreio.exemplo.com.br/AA123456785BR",
    )


@pytest.mark.parametrize(
    ("value", "state", "access_key"),
    [
        ("6", InvoiceState.AUTHORIZED, KEY),
        (7, InvoiceState.AUTHORIZED, KEY),
        ("3", InvoiceState.CANCELLED, KEY),
        ("10", InvoiceState.DENIED, ""),
        ("2", InvoiceState.PENDING, ""),
        ("5", InvoiceState.PENDING, ""),
        ("11", InvoiceState.PENDING, ""),
        ("Autorizada", InvoiceState.PENDING, ""),
        (None, InvoiceState.PENDING, ""),
    ],
)
def test_the_key_is_given_once_the_nota_was_authorised(
    value: Any, state: InvoiceState, access_key: str
) -> None:
    invoice = invoice_of(situacao=value)
    assert (invoice.state, invoice.access_key) == (state, access_key)


def test_a_key_that_does_not_hold_is_a_problem() -> None:
    with pytest.raises(MappingError) as caught:
        invoice_of(chaveAcesso=KEY[:-1] + "9")
    assert caught.value.code == "tiny.invoice_key_unreadable"
    assert caught.value.params == {"number": "000012407"}


@pytest.mark.parametrize("situation", ["1", "3"])
def test_a_key_that_does_not_hold_hurts_no_nota_that_is_not_in_force(situation: str) -> None:
    assert invoice_of(situacao=situation, chaveAcesso="123").access_key == ""


@pytest.mark.parametrize("value", [None, ""])
def test_an_authorised_nota_without_its_key(value: Any) -> None:
    invoice = invoice_of(chaveAcesso=value)
    assert (invoice.state, invoice.access_key) == (InvoiceState.AUTHORIZED, "")


@pytest.mark.parametrize(
    ("origin", "order_id"),
    [
        ({"id": "600000001", "tipo": "venda"}, "600000001"),
        ({"id": 600000001, "tipo": "venda"}, "600000001"),
        ({"id": "600000001", "tipo": "devolucao"}, ""),
        ({"id": "0", "tipo": "venda"}, ""),
        ({"id": None, "tipo": None}, ""),
        (None, ""),
    ],
)
def test_the_order_of_a_nota(origin: Any, order_id: str) -> None:
    assert invoice_of(origem=origin).order_external_id == order_id


def test_the_account() -> None:
    assert mappers.to_erp_account(account()) == ErpAccount("12345678000195", "EMPRESA EXEMPLO LTDA", "")


@pytest.mark.parametrize("value", ["", None, "12.345.678/0001-96", "000.000.000-00"])
def test_an_account_without_a_document_has_no_key(value: Any) -> None:
    with pytest.raises(MappingError) as caught:
        mappers.to_erp_account(account(cpfCnpj=value))
    assert caught.value.code == "tiny.account_without_document"


@pytest.mark.parametrize(
    ("row", "method"),
    [
        (
            {"id": 700000001, "nome": "Correios", "tipo": "1", "situacao": "1"},
            ErpShippingMethod("700000001", "Correios", "correios", True, "v3:1"),
        ),
        (
            {"id": "7", "nome": " LALAMOVE ", "tipo": 35, "situacao": 2},
            ErpShippingMethod("7", "LALAMOVE", "35", False, "v3:35"),
        ),
        ({"id": 7, "nome": None, "tipo": None, "situacao": None}, ErpShippingMethod("7", "", "", True)),
    ],
)
def test_a_shipping_method(row: dict[str, Any], method: ErpShippingMethod) -> None:
    assert mappers.to_erp_shipping_method(row) == method


def orders_page(payload: Any, offset: int = 0) -> Any:
    return mappers.to_page(read(payload), mappers.to_erp_order, offset=offset, limit=100)


def test_a_bad_row_is_a_problem_of_its_own() -> None:
    page = orders_page(
        envelope(
            order_row(id=1),
            order_row(id=None),
            None,
            order_row(id=2, valor="muito"),
            "x",
            order_row(id=3),
            offset=200,
            total=206,
        ),
        offset=200,
    )
    assert [order.external_id for order in page.items] == ["1", "3"]
    assert page.row_ids == ("1", "", "", "2", "", "3")
    assert page.problems == (
        RowProblem("", "tiny.row_without_id", {"label": "1186"}),
        RowProblem("", "tiny.row_unreadable"),
        RowProblem("2", "tiny.amount_unreadable", {"field": "valor", "value": "muito"}),
        RowProblem("", "tiny.row_unreadable"),
    )
    assert (page.offset, page.limit, page.total) == (200, 100, 206)


@pytest.mark.parametrize(
    ("payload", "ids", "limit", "total"),
    [
        ({"itens": [], "paginacao": {"limit": 1, "offset": 0, "total": 0}}, (), 1, 0),
        ({"itens": None}, (), 100, None),
        ({"itens": []}, (), 100, None),
        ([], (), 100, None),
        ([order_row()], ("600000001",), 100, None),
        ({"itens": [order_row()]}, ("600000001",), 100, None),
        (
            {"itens": [order_row()], "paginacao": {"limit": "50", "total": "7"}},
            ("600000001",),
            50,
            7,
        ),
        ({"itens": [], "paginacao": None}, (), 100, None),
        ({"itens": [], "paginacao": []}, (), 100, None),
        ({"itens": [], "paginacao": {"limit": 0, "total": -1}}, (), 100, None),
        ({"itens": [], "paginacao": {"limit": None, "total": "muitos"}}, (), 100, None),
    ],
)
def test_the_envelopes_of_a_list(payload: Any, ids: tuple[str, ...], limit: int, total: int | None) -> None:
    page = orders_page(payload)
    assert (page.row_ids, page.limit, page.total) == (ids, limit, total)
    assert len(page.items) == len(ids)


@pytest.mark.parametrize(
    "payload", [None, {}, "x", 1, {"mensagem": "x"}, {"itens": {"0": {}}}, {"itens": "x"}]
)
def test_what_is_no_list_is_refused(payload: Any) -> None:
    with pytest.raises(MappingError) as caught:
        orders_page(payload)
    assert caught.value.code == "tiny.list_unreadable"


def test_a_nota_of_entry_is_not_ours() -> None:
    payload = envelope(invoice_row(id=1), invoice_row(id=2, tipo="E"), invoice_row(id=3, tipo=None))
    page = mappers.to_page(read(payload), mappers.to_exit_invoice, offset=0, limit=100)
    assert [invoice.external_id for invoice in page.items] == ["1", "3"]
    assert page.row_ids == ("1", "2", "3")
    assert page.problems == ()


def replace_at(data: Any, path: list[int], value: Any) -> Any:
    """``data`` with ``value`` in a place that ``path`` chooses."""
    changed = copy.deepcopy(data)
    place = changed
    for step in path:
        if not isinstance(place, dict | list) or not place:
            break
        key: Any = list(place)[step % len(place)] if isinstance(place, dict) else step % len(place)
        if not isinstance(place[key], dict | list) or step == path[-1]:
            place[key] = value
            break
        place = place[key]
    return changed


paths = st.lists(st.integers(0, 40), min_size=1, max_size=5)
loose = settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=300)


@loose
@given(paths, anything)
def test_no_value_anywhere_breaks_the_page_of_orders(path: list[int], value: Any) -> None:
    page = mappers.to_page(
        {"itens": [replace_at(order_row(), path, value), order_row(id=2)]},
        mappers.to_erp_order,
        offset=0,
        limit=100,
    )
    assert len(page.items) + len(page.problems) == 2
    assert page.items[-1].external_id == "2"


@loose
@given(paths, anything)
def test_no_value_anywhere_breaks_the_page_of_invoices(path: list[int], value: Any) -> None:
    page = mappers.to_page(
        {"itens": [replace_at(invoice_row(), path, value), invoice_row(id=2)]},
        mappers.to_erp_invoice,
        offset=0,
        limit=100,
    )
    assert len(page.items) + len(page.problems) == 2
    assert page.items[-1].external_id == "2"


@loose
@given(paths, anything)
def test_a_detail_is_read_or_refused(path: list[int], value: Any) -> None:
    try:
        detail = mappers.to_erp_order_detail(replace_at(order_detail(), path, value))
    except MappingError as error:
        assert error.code.startswith("tiny.")
    else:
        assert detail.total is None or detail.total == round(detail.total, 2)


@loose
@given(anything)
def test_any_page_is_read_or_refused(payload: Any) -> None:
    try:
        page = mappers.to_page(payload, mappers.to_erp_shipping_method, offset=0, limit=100)
    except MappingError as error:
        assert error.code == "tiny.list_unreadable"
    else:
        assert len(page.row_ids) == len(page.items) + len(page.problems)
