"""From the JSON of API v2 to our records, in all the forms in which the same values come."""

from __future__ import annotations

import copy
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
    ErpOrderDetail,
    ErpOrderItem,
    ErpShipment,
    ErpShippingMethod,
    InvoiceState,
    RowProblem,
)
from tests.tiny.v2.bodies import KEY, account, address, invoice_row, order_detail, order_row
from tiny.codes import SITUATION_CODES, V2_SITUATION_CODES
from tiny.v2 import mappers

ADDRESS = ErpAddress("Rua Teste", "123", "apto 2", "Centro", "Bento Gonçalves", "RS", "95700000")


def order_of(**changes: Any) -> ErpOrder:
    return mappers.to_erp_order(order_row(**changes))


def detail_of(**changes: Any) -> ErpOrderDetail:
    return mappers.to_erp_order_detail({"pedido": order_detail(**changes)})


# -- an order of the list ------------------------------------------------------------------------------


def test_a_row_is_a_summary() -> None:
    order = order_of()
    assert len(order.row_hash) == 64
    assert order == ErpOrder(
        external_id="912345678",
        number="10421",
        situation="aprovado",
        situation_is_known=True,
        total=Decimal("161.50"),
        placed_on=dt.date(2026, 9, 18),
        customer=ErpCustomer(external_id="", name="Maria Exemplo"),
        ecommerce_number="TRK-1001",
        shipment=ErpShipment(tracking_code="QQ123456785BR"),
        row_hash=order.row_hash,
        is_summary=True,
    )


def test_a_row_without_a_name_has_no_customer() -> None:
    assert order_of(nome=" ").customer is None


@pytest.mark.parametrize("value", ["", None, "  ", "00/00/0000", 0])
def test_a_missing_day(value: Any) -> None:
    assert order_of(data_pedido=value).placed_on is None


NOTHING = st.sampled_from(["", None])


def forms_of_number(number: int) -> st.SearchStrategy[Any]:
    return st.sampled_from([number, str(number), f" {number} "])


def forms_of_amount(amount: str) -> st.SearchStrategy[Any]:
    forms = [amount, f"{amount}00000000", float(amount), Decimal(amount), amount.replace(".", ",")]
    return st.sampled_from(forms)


@given(
    st.fixed_dictionaries(
        {
            "id": forms_of_number(912345678),
            "numero": forms_of_number(10421),
            "valor": forms_of_amount("161.50"),
            "situacao": st.sampled_from(["Aprovado", "aprovado", "APROVADO", " Aprovado "]),
            "data_pedido": st.sampled_from(["18/09/2026", "18/09/2026 10:00:00", "2026-09-18"]),
            "id_vendedor": st.sampled_from([0, "0", "", None]),
            "nome": st.sampled_from(["Maria Exemplo", "Maria Exemplo   "]),
        }
    )
)
def test_no_form_of_a_row_changes_its_record_or_its_hash(changes: dict[str, Any]) -> None:
    assert order_of(**changes) == order_of()


@pytest.mark.parametrize(
    "changes",
    [
        {"id": 912345679},
        {"numero": 10422},
        {"valor": "161.51"},
        {"situacao": "Cancelado"},
        {"data_pedido": "19/09/2026"},
        {"nome": "Mario Exemplo"},
        {"numero_ecommerce": ""},
        {"codigo_rastreamento": ""},
    ],
)
def test_the_hash_changes_with_what_is_read(changes: dict[str, Any]) -> None:
    assert order_of(**changes).row_hash != order_of().row_hash


@pytest.mark.parametrize(
    ("changes", "code", "params"),
    [
        ({"id": None}, "tiny.row_without_id", {"label": "10421"}),
        ({"id": "0"}, "tiny.row_without_id", {"label": "10421"}),
        ({"valor": "caro"}, "tiny.amount_unreadable", {"field": "valor", "value": "caro"}),
        ({"numero": "1" * 41}, "tiny.text_too_long", {"field": "numero", "value": "•••"}),
        ({"situacao": "x" * 41}, "tiny.text_too_long", {"field": "situacao", "value": "x" * 39 + "…"}),
        (
            {"numero_ecommerce": "y" * 81},
            "tiny.text_too_long",
            {"field": "numeroPedidoEcommerce", "value": "y" * 39 + "…"},
        ),
    ],
)
def test_a_row_that_cannot_be_read(changes: dict[str, Any], code: str, params: dict[str, str]) -> None:
    with pytest.raises(MappingError) as caught:
        order_of(**changes)
    assert (caught.value.code, caught.value.params) == (code, params)


# -- situações -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("label", "code"),
    [
        ("Em aberto", "aberto"),
        ("Aberto", "aberto"),
        ("Aprovado", "aprovado"),
        ("Preparando envio", "preparando_envio"),
        ("Faturado", "faturado"),
        ("Faturado (atendido)", "faturado"),
        ("Atendido", "faturado"),
        ("Pronto para envio", "pronto_envio"),
        ("Enviado", "enviado"),
        ("Entregue", "entregue"),
        ("Não Entregue", "nao_entregue"),
        ("Não entregue", "nao_entregue"),
        ("NAO ENTREGUE", "nao_entregue"),
        ("Cancelado", "cancelado"),
        ("Cancelado pelo marketplace", "cancelado"),
        ("Dados incompletos", "dados_incompletos"),
        ("Em devolução", "em_devolucao"),
        ("pronto_envio", "pronto_envio"),
    ],
)
def test_labels_of_situacoes(label: str, code: str) -> None:
    assert mappers.to_situation(label) == (code, True)
    assert code in SITUATION_CODES


@pytest.mark.parametrize("code", sorted(V2_SITUATION_CODES))
def test_codes_of_notifications_are_our_own(code: str) -> None:
    assert mappers.to_situation(code) == (code, True)


@pytest.mark.parametrize(
    "label", ["Em análise", "Orçamento", "Aprovado 2", "3", "已发货", "Enviado?não", "entregue em parte"]
)
def test_an_unknown_situacao_is_kept_as_it_came(label: str) -> None:
    assert mappers.to_situation(label) == (label, False)


@given(st.none() | st.text(max_size=40) | st.integers() | st.lists(st.text()))
def test_no_situacao_is_invented(value: Any) -> None:
    try:
        code, is_known = mappers.to_situation(value)
    except MappingError as error:
        assert error.code == "tiny.text_too_long"
    else:
        assert is_known is (code in SITUATION_CODES)


# -- the single order ----------------------------------------------------------------------------------


def test_a_detail_is_whole() -> None:
    detail = detail_of()
    assert detail == ErpOrderDetail(
        order=ErpOrder(
            external_id="912345678",
            number="10421",
            situation="aprovado",
            situation_is_known=True,
            total=Decimal("161.50"),
            placed_on=dt.date(2026, 9, 18),
            customer=ErpCustomer(
                external_id="",
                name="Maria Exemplo",
                kind="PF",
                document="52998224725",
                document_text="529.982.247-25",
                email="maria@example.com",
                phone="(54) 99999-0000",
                address=ErpAddress(
                    "Rua Teste", "123", "apto 2", "Centro", "Bento Gonçalves", "RS", "95700000", "Brasil"
                ),
            ),
            ecommerce_number="TRK-1001",
            ecommerce_name="Plataforma Exemplo",
            shipment=ErpShipment(
                shipping_method="Correios",
                shipping_method_type="C",
                freight_method="SEDEX - CONTRATO (40436)",
                tracking_code="QQ123456785BR",
                tracking_url="https://rastreio.example.com/1",
            ),
            row_hash=detail.order.row_hash,
        ),
        items=(ErpOrderItem("441309693", "CMS-AZUL-M", "Camisa Azul - M", Decimal("2"), Decimal("50.25")),),
        installments=(ErpInstallment(Decimal("161.50"), dt.date(2026, 10, 18), "credito", ""),),
        delivery_address=ErpAddress(
            "Rua Teste", "9", "apto 2", "Centro", "Bento Gonçalves", "RS", "95700000", recipient="José"
        ),
        products_total=Decimal("161.50"),
        freight=Decimal("35.00"),
        discount=Decimal("35.00"),
        other_expenses=Decimal("0.00"),
        total=Decimal("161.50"),
        invoice_id="912345700",
        invoiced_on=dt.date(2026, 9, 19),
        expected_on=dt.date(2026, 9, 25),
    )


ITEM = order_detail()["itens"][0]["item"]
PARCEL = order_detail()["parcelas"][0]["parcela"]


def forms_of_one(wrapper: str, row: dict[str, Any]) -> st.SearchStrategy[Any]:
    wrapped = {wrapper: row}
    return st.sampled_from([[wrapped], wrapped, [row], row, {"0": wrapped}])


@given(
    st.fixed_dictionaries(
        {
            "id": forms_of_number(912345678),
            "itens": forms_of_one("item", {**ITEM, "id_produto": 441309693, "quantidade": 2}),
            "parcelas": forms_of_one("parcela", {**PARCEL, "valor": 161.5, "dias": 30}),
            "total_pedido": forms_of_amount("161.50"),
            "valor_frete": forms_of_amount("35.00"),
            "outras_despesas": st.sampled_from([0, "0", "0.00", Decimal("0.0000000000"), -0.0]),
            "data_envio": st.sampled_from(["", None, "00/00/0000"]),
            "obs": NOTHING,
            "nome_transportador": NOTHING,
            "marcadores": st.sampled_from([[], {}, None, ""]),
            "id_nota_fiscal": forms_of_number(912345700),
            "forma_envio": st.sampled_from(["C", "c"]),
            "numero_ecommerce": st.sampled_from(["TRK-1001", "", None]),
        }
    )
)
def test_no_form_of_a_detail_changes_its_record(changes: dict[str, Any]) -> None:
    assert detail_of(**changes) == detail_of()


@pytest.mark.parametrize("value", ["0", 0, "", None])
def test_forms_of_no_invoice(value: Any) -> None:
    assert detail_of(id_nota_fiscal=value).invoice_id == ""


@pytest.mark.parametrize("value", [None, "", [], {}, {"endereco": "", "uf": " "}])
def test_forms_of_no_delivery_address(value: Any) -> None:
    assert detail_of(endereco_entrega=value).delivery_address is None


def test_left_out_lists_and_address_are_empty() -> None:
    body = order_detail()
    for name in ("itens", "parcelas", "endereco_entrega", "ecommerce"):
        del body[name]
    detail = mappers.to_erp_order_detail({"pedido": body})
    assert (detail.items, detail.installments, detail.delivery_address) == ((), (), None)
    assert (detail.order.ecommerce_number, detail.order.ecommerce_name) == ("TRK-1001", "")


@pytest.mark.parametrize("value", [None, "", [], {"nome": "", "cpf_cnpj": None}])
def test_forms_of_no_customer(value: Any) -> None:
    assert detail_of(cliente=value).order.customer is None


@pytest.mark.parametrize(
    ("value", "document", "text"),
    [
        ("52998224725", "52998224725", "52998224725"),
        (52998224725, "52998224725", "52998224725"),
        ("12.ABC.345/01DE-35", "12ABC34501DE35", "12.ABC.345/01DE-35"),
        ("529.982.247-26", "", "529.982.247-26"),
        ("", "", ""),
    ],
)
def test_documents(value: Any, document: str, text: str) -> None:
    customer = detail_of(cliente={"nome": "Ana", "cpf_cnpj": value}).order.customer
    assert customer is not None
    assert (customer.document, customer.document_text) == (document, text)


@pytest.mark.parametrize(
    ("code", "name"),
    [("C", "Correios"), ("j", "Jadlog"), ("OLIST", "Olist"), ("NOVO_ENVIO", "NOVO_ENVIO"), ("", "")],
)
def test_shipping_methods_of_orders(code: str, name: str) -> None:
    shipment = detail_of(forma_envio=code).order.shipment
    assert shipment.shipping_method == name
    assert shipment.shipping_method_type in ("", code.upper())


@pytest.mark.parametrize("value", ["javascript:alert(1)", "rastreio.example.com", "", None, 7])
def test_only_an_address_is_a_link(value: Any) -> None:
    assert detail_of(url_rastreamento=value).order.shipment.tracking_url == ""


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"id": ""}, "tiny.row_without_id"),
        ({"itens": [{"item": {**ITEM, "quantidade": None}}]}, "tiny.amount_unreadable"),
        ({"itens": [{"item": {**ITEM, "valor_unitario": "grátis"}}]}, "tiny.amount_unreadable"),
        ({"itens": ["x"]}, "tiny.amount_unreadable"),
        ({"parcelas": [{"parcela": {**PARCEL, "valor": ""}}]}, "tiny.amount_unreadable"),
        ({"valor_frete": "grátis"}, "tiny.amount_unreadable"),
    ],
)
def test_a_detail_that_cannot_be_read(changes: dict[str, Any], code: str) -> None:
    with pytest.raises(MappingError) as caught:
        detail_of(**changes)
    assert caught.value.code == code


@pytest.mark.parametrize("retorno", [{}, {"pedido": None}, {"pedido": []}, {"pedido": "x"}, {"pedido": {}}])
def test_an_answer_without_its_order(retorno: Any) -> None:
    with pytest.raises(MappingError) as caught:
        mappers.to_erp_order_detail(retorno)
    assert caught.value.code == "tiny.row_unreadable"


# -- notas, the account, shipping methods --------------------------------------------------------------


def invoice_of(**changes: Any) -> ErpInvoice:
    invoice = mappers.to_exit_invoice(invoice_row(**changes))
    assert invoice is not None
    return invoice


def test_an_invoice_of_the_list_does_not_tell_its_order() -> None:
    assert invoice_of() == ErpInvoice(
        external_id="912345700",
        number="000148",
        series="1",
        access_key=KEY,
        state=InvoiceState.AUTHORIZED,
        issued_on=dt.date(2026, 9, 19),
        amount=Decimal("161.50"),
    )


def test_a_single_invoice_tells_its_order() -> None:
    body = {**invoice_row(id_venda="912345678", valor_nota="161.50"), "valor": None}
    invoice = mappers.to_erp_invoice({"nota_fiscal": body})
    assert (invoice.order_external_id, invoice.amount) == ("912345678", Decimal("161.50"))


@pytest.mark.parametrize(
    ("value", "state", "key"),
    [
        ("1", InvoiceState.PENDING, ""),
        (2, InvoiceState.PENDING, ""),
        ("3", InvoiceState.CANCELLED, KEY),
        ("4", InvoiceState.PENDING, ""),
        ("5", InvoiceState.PENDING, ""),
        (6, InvoiceState.AUTHORIZED, KEY),
        ("7", InvoiceState.AUTHORIZED, KEY),
        ("8", InvoiceState.PENDING, ""),
        ("9", InvoiceState.PENDING, ""),
        ("10", InvoiceState.DENIED, ""),
        ("77", InvoiceState.PENDING, ""),
        (None, InvoiceState.PENDING, ""),
        ("Autorizada", InvoiceState.PENDING, ""),
    ],
)
def test_states_of_invoices(value: Any, state: InvoiceState, key: str) -> None:
    invoice = invoice_of(situacao=value)
    assert (invoice.state, invoice.access_key) == (state, key)


def test_a_key_that_does_not_hold() -> None:
    with pytest.raises(MappingError) as caught:
        invoice_of(chave_acesso=KEY[:-1] + "9")
    assert (caught.value.code, caught.value.params) == (
        "tiny.invoice_key_unreadable",
        {"number": "000148"},
    )


@pytest.mark.parametrize("value", ["E", "e", " E "])
def test_a_nota_of_entry_is_not_ours(value: str) -> None:
    assert mappers.to_exit_invoice(invoice_row(tipo=value)) is None


@given(
    st.fixed_dictionaries(
        {
            "id": forms_of_number(912345700),
            "situacao": st.sampled_from([6, "6"]),
            "serie": st.sampled_from([1, "1"]),
            "valor": forms_of_amount("161.50"),
            "numero_ecommerce": NOTHING,
            "codigo_rastreamento": NOTHING,
            "chave_acesso": st.sampled_from([KEY, KEY.lower(), f"{KEY[:4]} {KEY[4:]}"]),
        }
    )
)
def test_no_form_of_an_invoice_changes_its_record(changes: dict[str, Any]) -> None:
    assert invoice_of(**changes) == invoice_of()


def test_the_account() -> None:
    found = mappers.to_erp_account(account()["retorno"])
    assert found == ErpAccount("12345678000195", "Loja Exemplo Comércio Ltda", "Loja Exemplo")


@pytest.mark.parametrize("retorno", [{}, {"conta": None}, {"conta": []}, account(cnpj_cpf="")["retorno"]])
def test_an_account_without_a_document_has_no_key(retorno: Any) -> None:
    with pytest.raises(MappingError) as caught:
        mappers.to_erp_account(retorno)
    assert caught.value.code == "tiny.account_without_document"


@pytest.mark.parametrize(
    ("row", "method"),
    [
        (
            {"id": 441239677, "nome": "Correios", "situacao": 1, "tipo_logistica": 1},
            ErpShippingMethod("441239677", "Correios", "1", True),
        ),
        (
            {"id": "7", "nome": "Antiga", "situacao": "2", "tipo_logistica": None},
            ErpShippingMethod("7", "Antiga", "", False),
        ),
        ({"id": 7, "nome": None, "situacao": None}, ErpShippingMethod("7", "", "", True)),
    ],
)
def test_shipping_methods(row: dict[str, Any], method: ErpShippingMethod) -> None:
    assert mappers.to_erp_shipping_method(row) == method


# -- lists ---------------------------------------------------------------------------------------------

NAMES = ("pedidos", "pedido")


@pytest.mark.parametrize(
    ("retorno", "count", "pages"),
    [
        ({"pedidos": [{"pedido": {}}, {"pedido": {}}], "numero_paginas": "3"}, 2, 3),
        ({"pedidos": {"pedido": {"id": 1}}, "numero_paginas": 1}, 1, 1),
        ({"pedidos": [{"id": 1}]}, 1, None),
        ({"pedidos": [{"id": 1}], "numero_paginas": 0}, 1, None),
        ({"pedidos": [{"id": 1}], "numero_paginas": "muitas"}, 1, None),
        ({"pedidos": [], "numero_paginas": "1"}, 0, 1),
        ({"pedidos": None, "numero_paginas": "1"}, 0, 1),
        ({"pedidos": "", "numero_paginas": 0}, 0, 0),
        ({"status": "OK", "numero_paginas": "0"}, 0, 0),
        ({}, 0, None),
    ],
)
def test_rows_and_pages(retorno: Any, count: int, pages: int | None) -> None:
    rows, found = mappers.to_rows(retorno, NAMES)
    assert (len(rows), found) == (count, pages)


@pytest.mark.parametrize(
    "retorno",
    [
        {"status": "OK"},
        {"status": "OK", "numero_paginas": "1"},
        {"pedidos": "texto", "numero_paginas": 1},
        {"pedidos": 7},
        {"pedidos": True},
    ],
)
def test_what_is_no_list_is_not_taken_for_an_empty_one(retorno: Any) -> None:
    with pytest.raises(MappingError) as caught:
        mappers.to_rows(retorno, NAMES)
    assert caught.value.code == "tiny.list_unreadable"


def test_a_bad_row_is_a_problem_of_its_own() -> None:
    rows = [order_row(id=1), None, "x", {}, order_row(id=2, valor="muito"), order_row(id=3)]
    page = mappers.to_page(rows, mappers.to_erp_order, offset=0, limit=100, total=6, is_counted=False)
    assert [order.external_id for order in page.items] == ["1", "3"]
    assert page.row_ids == ("1", "", "", "", "2", "3")
    assert page.problems == (
        RowProblem("", "tiny.row_unreadable"),
        RowProblem("", "tiny.row_unreadable"),
        RowProblem("", "tiny.row_unreadable"),
        RowProblem("2", "tiny.amount_unreadable", {"field": "valor", "value": "muito"}),
    )


# -- whatever else comes -------------------------------------------------------------------------------

anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=60)
    | st.sampled_from(["0", "1e5", "NaN", "\x00", "\ud800", "99/99/9999", "9" * 60]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
paths = st.lists(st.integers(0, 40), min_size=1, max_size=5)
loose = settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=200)


def replace_at(data: Any, path: list[int], value: Any) -> Any:
    """``data`` as it would come over the wire with ``value`` in a place that ``path`` chooses."""
    changed = copy.deepcopy(data)
    place = changed
    for step in path:
        key: Any = list(place)[step % len(place)] if isinstance(place, dict) else step % len(place)
        if not isinstance(place[key], dict | list) or not place[key] or step == path[-1]:
            place[key] = value
            break
        place = place[key]
    return json.loads(json.dumps(changed), parse_float=Decimal)


@loose
@given(paths, anything)
def test_no_value_anywhere_breaks_a_page(path: list[int], value: Any) -> None:
    for row, to_record in (
        (order_row(), mappers.to_erp_order),
        (invoice_row(), mappers.to_exit_invoice),
        ({"id": 7, "nome": "Correios", "situacao": 1}, mappers.to_erp_shipping_method),
    ):
        rows = [replace_at(row, path, value), {**row, "id": 2}]
        page = mappers.to_page(rows, to_record, offset=0, limit=100, total=None, is_counted=False)
        assert len(page.row_ids) == 2
        assert page.row_ids[-1] == page.items[-1].external_id == "2"


@loose
@given(paths, anything)
def test_a_single_record_is_read_or_refused(path: list[int], value: Any) -> None:
    for retorno, to_record in (
        ({"pedido": order_detail()}, mappers.to_erp_order_detail),
        ({"nota_fiscal": invoice_row()}, mappers.to_erp_invoice),
        (account()["retorno"], mappers.to_erp_account),
    ):
        try:
            to_record(replace_at(retorno, path, value))
        except MappingError as error:
            assert error.code.startswith("tiny.")


@loose
@given(anything)
def test_any_list_is_read_or_refused(value: Any) -> None:
    try:
        rows, pages = mappers.to_rows({"pedidos": value, "numero_paginas": value}, NAMES)
    except MappingError as error:
        assert error.code == "tiny.list_unreadable"
    else:
        assert len(rows) >= 0
        assert pages is None or pages >= 0


def test_delivery_address_has_no_country_of_its_own() -> None:
    assert (
        mappers.to_erp_order_detail({"pedido": order_detail(endereco_entrega=address())}).delivery_address
        == ADDRESS
    )
