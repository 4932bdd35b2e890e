"""From drafts of ours to the words of API v2: what is written, what is cut off, and what is refused."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.errors import RejectedByErp, UnsupportedFeature
from contracts.records import CustomerDraft, ErpAddress, ErpInstallment, OrderChange
from tests.tiny.v2 import drafts
from tiny.codes import SITUATION_CODES, V2_SITUATION_CODES
from tiny.v2 import customer_writes, mappers, order_writes

ADDRESS = {
    "endereco": "Rua Teste",
    "numero": "123",
    "complemento": "apto 2",
    "bairro": "Centro",
    "cep": "95700000",
    "cidade": "Bento Gonçalves",
    "uf": "RS",
}
PERSON = {
    "nome": "Maria & Filhos",
    "tipo_pessoa": "F",
    "cpf_cnpj": "52998224725",
    **ADDRESS,
    "pais": "Brasil",
    "fone": "5432000100",
    "email": "maria@example.com",
}
CONTACT = {
    "id": "46829055",
    "codigo": "",
    "nome": "Maria & Filhos",
    "fantasia": "",
    "tipo_pessoa": "F",
    "cpf_cnpj": "529.982.247-25",
    "ie": "",
    "im": None,
    **ADDRESS,
    "cep": "95.700-000",
    "pais": "Brasil",
    "uf_cobranca": " ",
    "fone": "(54) 3200-0100",
    "celular": "(54) 99999-0000",
    "email": "maria@example.com",
    "crt": "0",
    "estadoCivil": 0,
    "data_nascimento": "01/02/1990",
    "limite_credito": Decimal("1500.50"),
    "situacao": "A",
    "obs": "Cliente antiga",
    "data_criacao": "01/02/2020 09:00:00",
    "data_atualizacao": "18/09/2026 10:01:02",
    "tipos_contato": [{"tipo": "Cliente"}],
    "pessoas_contato": [],
}


def order_of(**changes: Any) -> dict[str, Any]:
    return order_writes.to_order(drafts.order(**changes))


# -- orders --------------------------------------------------------------------------------------------


def test_a_whole_order() -> None:
    assert order_of() == {
        "data_pedido": "18/09/2026",
        "data_prevista": "25/09/2026",
        "numero_ordem_compra": "E7K2M9QX4T",
        "numero_pedido_ecommerce": "TRK-1001",
        "situacao": "aprovado",
        "cliente": {**PERSON, "atualizar_cliente": "N"},
        "endereco_entrega": {
            "endereco": "Rua B",
            "numero": "9",
            "bairro": "Gonzaga",
            "cep": "11055000",
            "cidade": "Santos",
            "uf": "SP",
            "nome_destinatario": "José & Bia",
        },
        "itens": [
            {
                "item": {
                    "id_produto": "441309693",
                    "codigo": "CMS-AZUL-M",
                    "descricao": "Camisa Azul - M",
                    "unidade": "UN",
                    "quantidade": "2",
                    "valor_unitario": "50.25",
                }
            }
        ],
        "parcelas": [
            {
                "parcela": {
                    "dias": "30",
                    "data": "18/10/2026",
                    "valor": "60.40",
                    "obs": "1ª de 2",
                    "forma_pagamento": "credito",
                }
            },
            {"parcela": {"dias": "61", "data": "18/11/2026", "valor": "50.30", "forma_pagamento": "credito"}},
        ],
        "forma_pagamento": "credito",
        "valor_frete": "12.30",
        "valor_desconto": "2.10",
        "id_vendedor": "441479382",
        "obs": "Entregar na portaria",
    }


def test_the_least_order() -> None:
    order = order_of(
        customer=CustomerDraft(name="Ana"),
        items=(drafts.item(product_id="", sku="", unit=""),),
        ecommerce_number="",
        delivery_address=None,
        installments=(),
        freight=Decimal(0),
        discount=Decimal(0),
        expected_on=None,
        seller_id="",
        notes="",
    )
    assert order == {
        "data_pedido": "18/09/2026",
        "numero_ordem_compra": "E7K2M9QX4T",
        "situacao": "aprovado",
        "cliente": {"nome": "Ana", "atualizar_cliente": "N"},
        "itens": [
            {
                "item": {
                    "descricao": "Camisa Azul - M",
                    "unidade": "UN",
                    "quantidade": "2",
                    "valor_unitario": "50.25",
                }
            }
        ],
        "valor_frete": "0",
        "valor_desconto": "0",
    }


amounts = st.decimals(min_value=0, max_value=10**9, places=2)
fractions = st.decimals(min_value=Decimal("0.0001"), max_value=10**6, allow_nan=False, allow_infinity=False)


@given(fractions, fractions, amounts, amounts, st.lists(amounts, max_size=3))
def test_no_digit_of_an_amount_is_lost_on_the_way(
    quantity: Decimal, price: Decimal, freight: Decimal, discount: Decimal, parcels: list[Decimal]
) -> None:
    order = order_of(
        items=(drafts.item(quantity=quantity, unit_price=price),),
        installments=tuple(ErpInstallment(parcel, None) for parcel in parcels),
        freight=freight,
        discount=discount,
    )
    sent = json.loads(json.dumps(order))
    item = sent["itens"][0]["item"]
    written = [item["quantidade"], item["valor_unitario"], sent["valor_frete"], sent["valor_desconto"]]
    written += [row["parcela"]["valor"] for row in sent.get("parcelas", [])]
    assert [Decimal(text) for text in written] == [quantity, price, freight, discount, *parcels]
    assert all(isinstance(text, str) and not set(text) - set("0123456789.") for text in written)


@pytest.mark.parametrize(
    ("amount", "text"),
    [("1E+2", "100"), ("1E-7", "0.0000001"), ("10.10", "10.10"), ("0.00", "0.00"), ("12", "12")],
)
def test_an_amount_has_no_exponent(amount: str, text: str) -> None:
    assert order_of(freight=Decimal(amount))["valor_frete"] == text


@given(quantity=amounts.filter(bool), price=amounts, parcel=amounts)
def test_what_is_written_is_read_as_the_same(quantity: Decimal, price: Decimal, parcel: Decimal) -> None:
    """Tiny shows an order in the words in which it takes one."""
    draft = drafts.order(
        items=(drafts.item(quantity=quantity, unit_price=price),),
        installments=(ErpInstallment(parcel, dt.date(2026, 10, 18), "pix", "à vista"),),
    )
    told = {**order_writes.to_order(draft), "id": 7, "numero": 1}
    detail = mappers.to_erp_order_detail({"pedido": told})
    (item,) = detail.items
    assert (item.product_id, item.sku, item.description) == ("441309693", "CMS-AZUL-M", "Camisa Azul - M")
    assert (item.quantity, item.unit_price) == (quantity, price)
    assert detail.installments == draft.installments
    assert detail.delivery_address == drafts.WORK
    assert (detail.freight, detail.discount) == (draft.freight, draft.discount)
    assert (detail.expected_on, detail.notes) == (draft.expected_on, draft.notes)
    assert (detail.key, detail.seller_id) == (draft.key, draft.seller_id)
    assert (detail.order.placed_on, detail.order.situation) == (draft.placed_on, draft.situation)
    buyer = detail.order.customer
    assert buyer is not None
    assert dataclasses.asdict(drafts.customer()) == {
        **{name: value for name, value in dataclasses.asdict(buyer).items() if name not in _TOLD_OF_A_BUYER},
        "code": "",
    }


_TOLD_OF_A_BUYER = {"external_id", "document_text"}


@pytest.mark.parametrize(
    ("changes", "field", "longest"),
    [
        ({"key": "K" * 11}, "Nº da ordem de compra", "10"),
        ({"ecommerce_number": "9" * 51}, "Nº do pedido no e-commerce", "50"),
        ({"customer": CustomerDraft(name="Ana", code="C" * 31)}, "Código do cliente", "30"),
        ({"customer": CustomerDraft(name="A" * 51)}, "Nome do cliente", "50"),
    ],
)
def test_what_an_order_or_its_buyer_is_found_by_is_never_cut_off(
    changes: dict[str, Any], field: str, longest: str
) -> None:
    with pytest.raises(RejectedByErp) as caught:
        order_of(**changes)
    assert (caught.value.code, caught.value.params) == (
        "tiny.write_too_long",
        {"field": field, "longest": longest},
    )


def test_the_longest_that_fits_is_sent_whole() -> None:
    order = order_of(
        key="K" * 10, ecommerce_number="9" * 50, customer=CustomerDraft(name="A" * 50, code="C" * 30)
    )
    assert (order["numero_ordem_compra"], order["numero_pedido_ecommerce"]) == ("K" * 10, "9" * 50)
    assert order["cliente"] == {"codigo": "C" * 30, "nome": "A" * 50, "atualizar_cliente": "N"}


@pytest.mark.parametrize("identity", [{"document": "52998224725"}, {"code": "E-7", "document": ""}])
def test_a_name_is_cut_off_where_something_else_says_who_it_is(identity: dict[str, str]) -> None:
    name = "Comércio de Alimentos e Bebidas da Serra Gaúcha do Sul Ltda"
    order = order_of(customer=drafts.customer(name=name, **identity))
    assert order["cliente"]["nome"] == "Comércio de Alimentos e Bebidas da Serra Gaúcha do"


def test_texts_by_which_nothing_is_found_are_cut_off() -> None:
    item = drafts.item(description="é" * 200, unit="CAIXA", sku="S" * 30)
    parcel = ErpInstallment(Decimal(1), None, notes="ã" * 200)
    order = order_of(items=(item,), installments=(parcel,))
    written = order["itens"][0]["item"]
    assert (written["descricao"], written["unidade"], written["codigo"]) == ("é" * 120, "CAI", "S" * 30)
    assert order["parcelas"][0]["parcela"]["obs"] == "ã" * 100


def test_nothing_of_an_address_and_of_the_notes_is_cut_off() -> None:
    address = dataclasses.replace(drafts.WORK, street="Rua " + "x" * 80, complement="y" * 80)
    order = order_of(delivery_address=address, notes="z" * 500)
    assert order["endereco_entrega"]["endereco"] == "Rua " + "x" * 80
    assert order["endereco_entrega"]["complemento"] == "y" * 80
    assert order["obs"] == "z" * 500


def test_an_item_without_a_description_is_called_by_its_sku() -> None:
    order = order_of(items=(drafts.item(description=""),))
    assert order["itens"][0]["item"]["descricao"] == "CMS-AZUL-M"


@pytest.mark.parametrize(
    ("method", "code"),
    [
        ("credito", "credito"),
        ("Cartão de Crédito", "credito"),
        ("PIX", "pix"),
        ("Boleto bancário", "boleto"),
        ("Duplicata mercantil", "duplicata_mercantil"),
    ],
)
def test_a_way_to_pay_that_tiny_has_a_code_for(method: str, code: str) -> None:
    order = order_of(installments=(ErpInstallment(Decimal(1), None, method, "nota"),))
    parcel = {"dias": "0", "valor": "1", "obs": "nota", "forma_pagamento": code}
    assert (order["parcelas"], order["forma_pagamento"]) == ([{"parcela": parcel}], code)


def test_another_way_to_pay_is_told_beside_the_parcel() -> None:
    order = order_of(installments=(ErpInstallment(Decimal(1), None, "Vale-troca", "nota"),))
    parcel = {"dias": "0", "valor": "1", "obs": "Vale-troca · nota"}
    assert order["parcelas"] == [{"parcela": parcel}]
    assert "forma_pagamento" not in order


def test_several_ways_to_pay() -> None:
    parcels = tuple(ErpInstallment(Decimal(1), None, method) for method in ("pix", "boleto"))
    assert order_of(installments=parcels)["forma_pagamento"] == "multiplas"


def test_a_parcel_that_was_due_before_the_order() -> None:
    order = order_of(installments=(ErpInstallment(Decimal(1), dt.date(2026, 9, 1)),))
    assert order["parcelas"] == [{"parcela": {"dias": "0", "data": "01/09/2026", "valor": "1"}}]


# -- situações and changes -----------------------------------------------------------------------------


@pytest.mark.parametrize("code", sorted(V2_SITUATION_CODES))
def test_a_situation_that_api_v2_has(code: str) -> None:
    assert order_writes.to_situation(code) == code
    assert order_of(situation=code)["situacao"] == code


@pytest.mark.parametrize(
    ("code", "our_code", "told"),
    [
        ("dados_incompletos", "tiny.situation_unwritable", "Dados incompletos"),
        ("em_devolucao", "tiny.situation_unwritable", "Em devolução"),
        ("Aprovado", "tiny.situation_unknown", "Aprovado"),
        ("", "tiny.situation_unknown", ""),
    ],
)
def test_a_situation_that_api_v2_does_not_have(code: str, our_code: str, told: str) -> None:
    assert code not in V2_SITUATION_CODES
    assert (code in SITUATION_CODES) is (our_code == "tiny.situation_unwritable")
    with pytest.raises(UnsupportedFeature) as caught:
        order_of(situation=code)
    assert (caught.value.code, caught.value.params) == (our_code, {"situation": told})


@pytest.mark.parametrize(
    ("change", "data"),
    [
        (OrderChange(), {}),
        (OrderChange(notes="x" * 500), {"obs": "x" * 500}),
        (OrderChange(notes=""), {"obs": ""}),
        (OrderChange(expected_on=dt.date(2026, 12, 1)), {"data_prevista": "01/12/2026"}),
        (OrderChange("Olá", dt.date(2026, 12, 1)), {"obs": "Olá", "data_prevista": "01/12/2026"}),
    ],
)
def test_what_of_an_order_is_changed(change: OrderChange, data: dict[str, str]) -> None:
    assert order_writes.to_change(change) == data


# -- contacts ------------------------------------------------------------------------------------------


def test_a_new_contact() -> None:
    assert customer_writes.to_new_contact(drafts.customer()) == {**PERSON, "situacao": "A"}
    company = CustomerDraft(name="Loja", kind="PJ", document="12ABC34501DE35", code="E-7")
    assert customer_writes.to_new_contact(company) == {
        "codigo": "E-7",
        "nome": "Loja",
        "tipo_pessoa": "J",
        "cpf_cnpj": "12ABC34501DE35",
        "situacao": "A",
    }


def test_what_a_contact_has_in_another_form_is_no_change() -> None:
    assert customer_writes.find_changes(CONTACT, drafts.customer()) == {}
    assert customer_writes.find_changes({**CONTACT, "cpf_cnpj": 52998224725}, drafts.customer()) == {}


def test_what_a_draft_leaves_open_is_no_change() -> None:
    assert customer_writes.find_changes(CONTACT, CustomerDraft(name="Maria & Filhos")) == {}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"name": "Maria Nova"}, {"nome": "Maria Nova"}),
        ({"name": "maria & filhos"}, {"nome": "maria & filhos"}),
        ({"kind": "PJ", "document": "12ABC34501DE35"}, {"tipo_pessoa": "J", "cpf_cnpj": "12ABC34501DE35"}),
        ({"phone": "11999990000"}, {"fone": "11999990000"}),
        ({"code": "E-7"}, {"codigo": "E-7"}),
        (
            {"address": ErpAddress(zip_code="01310100", number="9")},
            {
                "cep": "01310100", "numero": "9",
                "endereco": "", "complemento": "", "bairro": "", "cidade": "", "uf": "",
            },
        ),
    ],
)  # fmt: skip
def test_what_of_a_contact_is_changed(changes: dict[str, Any], expected: dict[str, str]) -> None:
    assert customer_writes.find_changes(CONTACT, drafts.customer(**changes)) == expected


def test_a_name_that_tiny_cut_off_is_not_written_again() -> None:
    name = "Comércio de Alimentos e Bebidas da Serra Gaúcha do Sul Ltda"
    contact = {**CONTACT, "nome": name[:50].rstrip()}
    assert customer_writes.find_changes(contact, drafts.customer(name=name)) == {}


def test_a_change_is_laid_over_all_that_a_contact_has() -> None:
    """What Tiny alone decides and what says «none» is left out; other names are those of a request."""
    assert customer_writes.merge(CONTACT, {"nome": "Maria Nova", "codigo": "E-7"}) == {
        "codigo": "E-7",
        "nome": "Maria Nova",
        "tipo_pessoa": "F",
        "cpf_cnpj": "529.982.247-25",
        **ADDRESS,
        "cep": "95.700-000",
        "pais": "Brasil",
        "fone": "(54) 3200-0100",
        "celular": "(54) 99999-0000",
        "email": "maria@example.com",
        "data_nascimento": "01/02/1990",
        "limite_credito": Decimal("1500.50"),
        "situacao": "A",
        "obs": "Cliente antiga",
        "tipos_contato": [{"tipo": "Cliente"}],
    }


@pytest.mark.parametrize("told", [{"tipo": "Cliente"}, [{"tipo": "Cliente"}]])
def test_a_list_of_one_is_written_as_a_list(told: Any) -> None:
    merged = customer_writes.merge({**CONTACT, "tipos_contato": told}, {})
    assert merged["tipos_contato"] == [{"tipo": "Cliente"}]


def test_values_that_a_request_has_by_another_name() -> None:
    merged = customer_writes.merge({**CONTACT, "estadoCivil": "2", "crt": 3, "situacao": "S"}, {})
    assert (merged["estado_civil"], merged["crt"], merged["situacao"]) == ("2", 3, "S")
    assert "estadoCivil" not in merged
