"""Orders, buyers and salespeople by API v2: what is asked and written, and what comes of odd answers."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

import pytest
import requests
import responses

from contracts.errors import (
    AlreadyExists,
    AuthenticationFailed,
    ErpError,
    MappingError,
    NotFound,
    PermissionMissing,
    RateLimited,
    RejectedByErp,
    TemporaryError,
    UnsupportedFeature,
)
from contracts.records import CustomerDraft, ErpAddress, ErpCustomer, ErpSeller, OrderChange, ShipmentDraft
from tests.tiny.v2 import drafts
from tests.tiny.v2.bodies import BLOCKED, address, answer, order_detail, record_refusal, refusal
from tests.tiny.v2.context import API, TOKEN, TokenContext, told
from tiny.v2 import TinyV2, customer_writes, mappers, order_writes

ID = "46829055"
NEW_ORDER, NEW_CONTACT = "pedido.incluir.php", "contato.incluir.php"
SEARCH, CONTACT, CHANGED_CONTACT = "contatos.pesquisa.php", "contato.obter.php", "contato.alterar.php"
SELLERS = "vendedores.pesquisa.php"


@pytest.fixture
def context() -> TokenContext:
    return TokenContext()


@pytest.fixture
def api(context: TokenContext) -> TinyV2:
    return TinyV2(context)


def serve(service: str, *bodies: Any) -> None:
    for body in bodies:
        responses.post(f"{API}/{service}", json=body)


def sent(service: str) -> list[dict[str, str]]:
    """The form of each request to ``service``, without what every form has."""
    forms = [
        dict(parse_qsl(str(call.request.body), keep_blank_values=True))
        for call in responses.calls
        if call.request.url == f"{API}/{service}"
    ]
    assert all(form.pop("token") == TOKEN and form.pop("formato") == "json" for form in forms)
    return forms


def written_contact(service: str) -> dict[str, Any]:
    (form,) = sent(service)
    ((row,),) = json.loads(form.pop("contato")).values()
    assert form == {}
    return dict(row["contato"])


def failure(call: Callable[[], Any]) -> ErpError:
    with pytest.raises(ErpError) as caught:
        call()
    return caught.value


def made(number: Any, status: str = "OK") -> dict[str, Any]:
    return {"sequencia": "1", "status": status, "id": number, "numero": "10422"}


def contact_row(**changes: Any) -> dict[str, Any]:
    return {
        "id": ID,
        "codigo": "",
        "nome": "Maria & Filhos",
        "fantasia": "",
        "tipo_pessoa": "F",
        "cpf_cnpj": "529.982.247-25",
        **address(),
        "email": "maria@example.com",
        "fone": "(54) 3200-0100",
        "situacao": "Ativo",
        "data_criacao": "01/02/2026 09:00:00",
        **changes,
    }


def contacts(*rows: Any, page: int = 1, pages: int = 1) -> dict[str, Any]:
    wrapped = [{"contato": row} for row in rows]
    return answer(pagina=str(page), numero_paginas=str(pages), contatos=wrapped)


# -- a new order ---------------------------------------------------------------------------------------


@responses.activate
def test_a_new_order_is_one_call_that_is_no_batch(api: TinyV2, context: TokenContext) -> None:
    serve(NEW_ORDER, answer(registros={"registro": made(912345678)}))
    assert api.create_order(drafts.order()) == "912345678"
    (form,) = sent(NEW_ORDER)
    assert json.loads(form.pop("pedido")) == {"pedido": order_writes.to_order(drafts.order())}
    assert form == {}
    assert (context.slots, len(responses.calls)) == (["read"], 1)
    (call,) = context.calls
    assert (call.method, call.path, call.query, call.response_excerpt) == ("POST", f"/{NEW_ORDER}", "", "")
    for private in ("Maria", "52998224725", "529.982", "Rua", "portaria", TOKEN):
        assert private not in told(context)


@pytest.mark.parametrize(
    "registros",
    [
        {"registro": made("912345678")},
        {"registro": made(912345678)},
        [{"registro": made("912345678")}],
        [made(" 912345678 ")],
        made("912345678"),
        {"0": {"registro": made("912345678")}},
        {"registro": made("912345678", "Pedido incluído com sucesso")},
    ],
)
@pytest.mark.parametrize("envelope", [{}, {"codigo_erro": 32}, {"status": "Parcial"}, {"status": "ok"}])
@responses.activate
def test_every_form_in_which_tiny_tells_the_new_order(
    api: TinyV2, registros: Any, envelope: dict[str, Any]
) -> None:
    serve(NEW_ORDER, answer(registros=registros, **envelope))
    assert api.create_order(drafts.order()) == "912345678"


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"registros": []},
        {"registros": {}},
        {"registros": None},
        {"registros": {"registro": made("0")}},
        {"registros": {"registro": made(None)}},
        {"registros": "912345678"},
    ],
)
@responses.activate
def test_an_order_that_was_made_and_not_told_must_be_looked_for(api: TinyV2, fields: Any) -> None:
    serve(NEW_ORDER, answer(**fields))
    error = failure(lambda: api.create_order(drafts.order()))
    assert (type(error), error.code) == (TemporaryError, "tiny.unreadable_answer")
    assert error.params == {"path": f"/{NEW_ORDER}"}
    assert len(responses.calls) == 1


REFUSALS: list[tuple[Any, type[ErpError], str]] = [
    (30, AlreadyExists, "tiny.order_repeated"),
    (31, RejectedByErp, "tiny.v2_invalid"),
    (32, RejectedByErp, "tiny.order_names_missing"),
    (20, RejectedByErp, "tiny.order_names_missing"),
    (33, RejectedByErp, "tiny.v2_found_twice"),
    (3, RejectedByErp, "tiny.v2_malformed"),
    (10, RejectedByErp, "tiny.v2_parameter_missing"),
    (None, RejectedByErp, "tiny.v2_unknown_error"),
    (6, RateLimited, "tiny.v2_too_many_per_minute"),
    (11, RateLimited, "tiny.v2_too_many_at_once"),
    (7, TemporaryError, "tiny.v2_no_space"),
    (35, TemporaryError, "tiny.v2_unexpected"),
    (99, TemporaryError, "tiny.v2_maintenance"),
    (2, AuthenticationFailed, "tiny.v2_token_invalid"),
    (5, PermissionMissing, "tiny.v2_no_access"),
]


def in_a_record(code: Any, text: str) -> dict[str, Any]:
    """The record as the element of its list, and no code at the top."""
    body = record_refusal(str(code), text)
    body["retorno"]["registros"] = body["retorno"]["registros"][0]
    return body


@pytest.mark.parametrize(("code", "kind", "our_code"), REFUSALS)
@pytest.mark.parametrize("form", ["number", "text", "record", "lone record"])
@responses.activate
def test_a_refused_order(api: TinyV2, code: Any, kind: type[ErpError], our_code: str, form: str) -> None:
    told_code = code if code is None or form == "number" else str(code)
    forms = {
        "number": refusal(code, "Motivo do Tiny"),
        "text": refusal(told_code, "Motivo do Tiny"),
        "record": record_refusal(told_code, "Motivo do Tiny"),
        "lone record": in_a_record(told_code, "Motivo do Tiny")
        if code is not None
        else record_refusal(None, "Motivo do Tiny"),
    }
    serve(NEW_ORDER, forms[form])
    error = failure(lambda: api.create_order(drafts.order()))
    assert (type(error), error.code) == (kind, our_code)
    assert error.params["reason"] == "Motivo do Tiny"
    assert len(responses.calls) == 1


@responses.activate
def test_a_refusal_without_a_code_is_told_by_its_text(api: TinyV2) -> None:
    serve(NEW_ORDER, refusal(None, BLOCKED))
    error = failure(lambda: api.create_order(drafts.order()))
    assert (type(error), error.code) == (RateLimited, "tiny.v2_too_many_per_minute")


@pytest.mark.parametrize("is_escaped", [True, False])
@responses.activate
def test_a_refusal_shows_nobody(api: TinyV2, context: TokenContext, is_escaped: bool) -> None:
    text = (
        "O cliente MARIA & FILHOS (529.982.247-25, maria@example.com, Rua Teste/RS) já existe;"
        " entregar a José & Bia, Rua B"
    )
    body = json.dumps(record_refusal("31", text), ensure_ascii=is_escaped).replace("/", "\\/")
    responses.post(f"{API}/{NEW_ORDER}", body=body)
    error = failure(lambda: api.create_order(drafts.order()))
    assert error.code == "tiny.v2_invalid"
    assert error.params["reason"] == "O cliente ••• (•••, •••, •••/RS) já existe; entregar a •••, •••"
    (call,) = context.calls
    assert '"status": "Erro"' in call.response_excerpt
    for private in ("maria", "529.982", "jos", "bia", "rua"):
        assert private not in told(context, error).lower(), private


TROUBLES: list[tuple[dict[str, Any], str]] = [
    ({"body": requests.ReadTimeout()}, "http.timeout"),
    ({"body": requests.ConnectionError()}, "http.interrupted"),
    ({"body": requests.ConnectTimeout()}, "http.unreachable"),
    ({"body": "<!DOCTYPE html><html>504</html>"}, "tiny.unreadable_answer"),
    ({"body": '{"retorno": {"status": "OK", "registros": {'}, "tiny.unreadable_answer"),
    ({"body": ""}, "tiny.unreadable_answer"),
    ({"status": 500, "body": "<html>"}, "tiny.unstable"),
    ({"status": 502, "body": "<html>"}, "tiny.unstable"),
    ({"status": 408}, "tiny.unstable"),
    ({"status": 302, "headers": {"Location": "/"}}, "tiny.unstable"),
]


@pytest.mark.parametrize(("trouble", "code"), TROUBLES, ids=lambda value: str(value)[:40])
@pytest.mark.parametrize("service", [NEW_ORDER, NEW_CONTACT])
@responses.activate
def test_whether_it_came_about_stays_open_and_nothing_is_repeated(
    api: TinyV2, context: TokenContext, service: str, trouble: dict[str, Any], code: str
) -> None:
    responses.post(f"{API}/{service}", **trouble)
    error = failure(
        lambda: (
            api.create_order(drafts.order())
            if service == NEW_ORDER
            else api.create_customer(drafts.customer())
        )
    )
    assert (type(error), error.code) == (TemporaryError, code)
    assert len(responses.calls) == 1
    assert len(context.calls) == 1
    assert TOKEN not in told(context, error)


@pytest.mark.parametrize("status", [400, 403, 404])
@responses.activate
def test_an_order_that_a_wall_turned_away(api: TinyV2, status: int) -> None:
    responses.post(f"{API}/{NEW_ORDER}", status=status, body="<html>")
    error = failure(lambda: api.create_order(drafts.order()))
    assert (type(error), error.code, error.params) == (
        RejectedByErp,
        "tiny.write_rejected",
        {"status": str(status)},
    )


def test_an_order_that_cannot_be_told_in_tiny_s_words_is_not_sent(api: TinyV2, context: TokenContext) -> None:
    for draft, kind in (
        (drafts.order(situation="em_devolucao"), UnsupportedFeature),
        (drafts.order(ecommerce_number="9" * 51), RejectedByErp),
    ):
        assert type(failure(lambda draft=draft: api.create_order(draft))) is kind
    assert (context.slots, context.calls) == ([], [])


# -- an order that is there ----------------------------------------------------------------------------


@responses.activate
def test_notes_and_the_expected_day_are_changed_by_one_call(api: TinyV2, context: TokenContext) -> None:
    serve("pedido.alterar.php", answer())
    api.change_order("7", OrderChange(notes="Olá & até"))
    request = responses.calls[0].request
    assert request.params == {"id": "7", "token": TOKEN, "formato": "json"}
    assert json.loads(request.body or b"") == {"dados_pedido": {"obs": "Olá & até"}}
    assert context.slots == ["read"]


def test_no_change_is_no_call(api: TinyV2, context: TokenContext) -> None:
    api.change_order("7", OrderChange())
    assert context.slots == []


@responses.activate
def test_situation_is_set_by_its_code(api: TinyV2) -> None:
    serve("pedido.alterar.situacao", answer())
    api.set_situation("7", "nao_entregue")
    assert sent("pedido.alterar.situacao") == [{"id": "7", "situacao": "nao_entregue"}]


@responses.activate
def test_code_of_a_parcel_leaves_its_carriage(api: TinyV2, context: TokenContext) -> None:
    service = "cadastrar.codigo.rastreamento.pedido.php"
    serve(service, answer())
    api.set_shipment("7", ShipmentDraft("QQ123456785BR"))
    api.set_shipment("7", ShipmentDraft("QQ123456785BR", "https://r.example/?a=1&b=2"))
    code = {"id": "7", "codigoRastreamento": "QQ123456785BR"}
    assert sent(service) == [code, {**code, "urlRastreamento": "https://r.example/?a=1&b=2"}]
    assert context.slots == ["read", "read"]


@pytest.mark.parametrize("code", [32, "32"])
@responses.activate
def test_an_order_that_was_deleted(api: TinyV2, code: Any) -> None:
    serve("pedido.alterar.situacao", refusal(code, "Pedido não localizado"))
    serve("pedido.alterar.php", refusal(code, "Pedido não localizado"))
    for call in (
        lambda: api.set_situation("7", "cancelado"),
        lambda: api.change_order("7", OrderChange(notes="x")),
    ):
        error = failure(call)
        assert (type(error), error.code, error.params) == (NotFound, "tiny.order_not_found", {"id": "7"})


def test_a_situation_that_api_v2_does_not_have_is_not_written(api: TinyV2, context: TokenContext) -> None:
    error = failure(lambda: api.set_situation("7", "em_devolucao"))
    assert (type(error), error.code) == (UnsupportedFeature, "tiny.situation_unwritable")
    assert error.params == {"situation": "Em devolução"}
    assert context.slots == []


@pytest.mark.parametrize(
    ("told_key", "key"), [("E7K2M9QX4T", "E7K2M9QX4T"), (" A1 ", "A1"), (77, "77"), (None, ""), ("", "")]
)
@pytest.mark.parametrize(
    ("told_seller", "seller"), [("441479382", "441479382"), (7, "7"), ("0", ""), (None, "")]
)
def test_key_and_seller_of_an_order(told_key: Any, key: str, told_seller: Any, seller: str) -> None:
    changes = {"numero_ordem_compra": told_key, "id_vendedor": told_seller}
    detail = mappers.to_erp_order_detail({"pedido": order_detail(**changes)})
    assert (detail.key, detail.seller_id) == (key, seller)


def test_an_order_that_tells_neither() -> None:
    detail = mappers.to_erp_order_detail({"pedido": order_detail()})
    assert (detail.key, detail.seller_id) == ("", "")


# -- buyers --------------------------------------------------------------------------------------------


@responses.activate
def test_a_customer_is_found_by_his_document(api: TinyV2, context: TokenContext) -> None:
    others = [contact_row(id=2, cpf_cnpj="111.444.777-35"), contact_row(id=3, cpf_cnpj=""), None, 7]
    serve(SEARCH, contacts(contact_row(), *others, contact_row(id=4, situacao="Excluido")))
    (found,) = api.find_customers(document="52998224725")
    assert found == ErpCustomer(
        external_id=ID,
        name="Maria & Filhos",
        kind="PF",
        document="52998224725",
        document_text="529.982.247-25",
        email="maria@example.com",
        phone="(54) 3200-0100",
        address=ErpAddress("Rua Teste", "123", "apto 2", "Centro", "Bento Gonçalves", "RS", "95700000"),
    )
    assert sent(SEARCH) == [{"pesquisa": "", "cpf_cnpj": "529.982.247-25", "pagina": "1"}]
    assert context.slots == ["read"]


@responses.activate
def test_all_who_have_the_document_are_told(api: TinyV2) -> None:
    serve(SEARCH, contacts(contact_row(id=1), contact_row(id="2", cpf_cnpj=52998224725)))
    assert [item.external_id for item in api.find_customers(document="52998224725")] == ["1", "2"]


@responses.activate
def test_a_document_is_looked_for_in_both_of_its_forms(api: TinyV2) -> None:
    serve(SEARCH, refusal(20, "A consulta não retornou registros"), contacts(contact_row()))
    assert len(api.find_customers(document="52998224725")) == 1
    assert [form["cpf_cnpj"] for form in sent(SEARCH)] == ["529.982.247-25", "52998224725"]


@responses.activate
def test_a_customer_whom_tiny_does_not_know(api: TinyV2) -> None:
    serve(SEARCH, refusal("20", "A consulta não retornou registros"), contacts())
    assert api.find_customers(document="52998224725") == ()


@responses.activate
def test_a_code_is_compared_whole(api: TinyV2) -> None:
    rows = [contact_row(id=number, codigo=code) for number, code in enumerate(["E-7", "E-70", "e-7", ""], 1)]
    serve(SEARCH, contacts(*rows, contact_row(id=5, codigo=" E-7 ", situacao="Excluído")))
    assert [item.external_id for item in api.find_customers(code="E-7")] == ["1"]
    assert sent(SEARCH) == [{"pesquisa": "E-7", "pagina": "1"}]


@responses.activate
def test_a_search_goes_through_all_pages(api: TinyV2) -> None:
    pages = [
        contacts(*(contact_row(id=100 * page + row, codigo="X") for row in range(3)), page=page, pages=3)
        for page in (1, 2)
    ]
    serve(SEARCH, *pages, contacts(contact_row(id=7, codigo="E-7"), page=3, pages=3))
    assert [item.external_id for item in api.find_customers(code="E-7")] == ["7"]
    assert [form["pagina"] for form in sent(SEARCH)] == ["1", "2", "3"]


@responses.activate
def test_a_page_of_a_search_that_tiny_repeats_ends_it(api: TinyV2) -> None:
    page = contacts(contact_row(codigo="E-7"), pages=900)
    serve(SEARCH, page, page, page)
    assert [item.external_id for item in api.find_customers(code="E-7")] == [ID]
    assert len(responses.calls) == 2


@responses.activate
def test_a_list_of_one_may_be_its_element(api: TinyV2) -> None:
    serve(SEARCH, answer(pagina=1, numero_paginas="1", contatos={"contato": contact_row(id=9)}))
    assert [item.external_id for item in api.find_customers(document="52998224725")] == ["9"]


def test_nobody_is_looked_for_by_nothing(api: TinyV2, context: TokenContext) -> None:
    assert api.find_customers() == ()
    assert context.slots == []


@responses.activate
def test_the_wanted_customer_without_an_id_is_not_taken_for_nobody(api: TinyV2) -> None:
    serve(SEARCH, contacts(contact_row(id="0")))
    error = failure(lambda: api.find_customers(document="52998224725"))
    assert (type(error), error.code) == (MappingError, "tiny.row_without_id")


@responses.activate
def test_a_new_customer_is_a_batch_of_one(api: TinyV2, context: TokenContext) -> None:
    serve(NEW_CONTACT, answer(registros=[{"registro": {"sequencia": "1", "status": "OK", "id": ID}}]))
    assert api.create_customer(drafts.customer()) == ID
    expected = customer_writes.to_new_contact(drafts.customer())
    assert written_contact(NEW_CONTACT) == {"sequencia": "1", **expected}
    assert context.slots == ["batch", "read"]
    assert "Maria" not in told(context)


@pytest.mark.parametrize("status", ["Erro", "Parcial", "OK"])
@responses.activate
def test_a_customer_who_is_refused_in_his_record(api: TinyV2, context: TokenContext, status: str) -> None:
    serve(NEW_CONTACT, record_refusal("31", "maria & filhos: o CPF deve ser informado", status))
    error = failure(lambda: api.create_customer(drafts.customer()))
    assert (type(error), error.code) == (RejectedByErp, "tiny.v2_invalid")
    assert error.params["reason"] == "•••: o CPF deve ser informado"
    assert "filhos" not in told(context, error).lower()


@responses.activate
def test_a_customer_is_read_merged_and_written_back(api: TinyV2, context: TokenContext) -> None:
    contact = contact_row(situacao="A", celular="(54) 99999-0000", estadoCivil="2", data_atualizacao="x")
    serve(CONTACT, answer(contato=contact))
    serve(CHANGED_CONTACT, answer(registros=[{"registro": {"sequencia": "1", "status": "OK", "id": ID}}]))
    api.update_customer(ID, drafts.customer(name="Maria Nova"))
    assert sent(CONTACT) == [{"id": ID}]
    assert written_contact(CHANGED_CONTACT) == {
        "sequencia": "1",
        "id": ID,
        "nome": "Maria Nova",
        "tipo_pessoa": "F",
        "cpf_cnpj": "529.982.247-25",
        **address(),
        "pais": "Brasil",
        "email": "maria@example.com",
        "fone": "(54) 3200-0100",
        "celular": "(54) 99999-0000",
        "estado_civil": "2",
        "situacao": "A",
    }
    assert context.slots == ["read", "batch", "read"]


@responses.activate
def test_a_customer_who_is_so_already_is_not_written(api: TinyV2, context: TokenContext) -> None:
    serve(CONTACT, answer(contato=contact_row(situacao="A", pais="Brasil")))
    api.update_customer(ID, drafts.customer())
    assert context.slots == ["read"]


@pytest.mark.parametrize(
    ("read", "write"),
    [
        (refusal(32, "Contato não localizado"), None),
        (answer(contato=contact_row(situacao="E")), None),
        (answer(contato=contact_row(situacao="A")), record_refusal("32", "Contato não localizado")),
    ],
)
@responses.activate
def test_a_customer_who_was_deleted(api: TinyV2, read: Any, write: Any) -> None:
    serve(CONTACT, read)
    serve(CHANGED_CONTACT, *filter(None, [write]))
    error = failure(lambda: api.update_customer(ID, CustomerDraft(name="Outra")))
    assert (type(error), error.code, error.params) == (NotFound, "tiny.customer_not_found", {"id": ID})
    assert len(responses.calls) == (2 if write else 1)


@pytest.mark.parametrize("fields", [{}, {"contato": None}, {"contato": []}, {"contato": "Maria"}])
@responses.activate
def test_a_contact_that_cannot_be_read_is_not_written_over(api: TinyV2, fields: Any) -> None:
    serve(CONTACT, answer(**fields))
    error = failure(lambda: api.update_customer(ID, CustomerDraft(name="Outra")))
    assert (type(error), error.code) == (MappingError, "tiny.row_unreadable")
    assert len(responses.calls) == 1


# -- salespeople ---------------------------------------------------------------------------------------


@responses.activate
def test_salespeople_of_all_pages(api: TinyV2) -> None:
    first = [
        {"vendedor": {"id": 441479382, "codigo": 123, "nome": "Ana", "situacao": "Ativo"}},
        {"vendedor": {"id": "0", "nome": "Sem id"}},
        None,
        {"vendedor": {"id": "2", "codigo": None, "nome": " Bia ", "situacao": "Inativo"}},
    ]
    second = {"vendedor": {"id": "3", "codigo": "V3", "nome": "Caio", "situacao": "Excluido"}}
    serve(
        SELLERS,
        answer(pagina="1", numero_paginas="2", vendedores=first),
        answer(pagina=2, numero_paginas=2, vendedores=second),
    )
    assert api.list_sellers() == (
        ErpSeller("441479382", "Ana", "123", is_active=True),
        ErpSeller("2", "Bia", "", is_active=False),
        ErpSeller("3", "Caio", "V3", is_active=False),
    )
    assert sent(SELLERS) == [{"pesquisa": "", "pagina": "1"}, {"pesquisa": "", "pagina": "2"}]


@pytest.mark.parametrize("body", [refusal(20, "Nada"), answer(numero_paginas=0, vendedores=[])])
@responses.activate
def test_an_account_without_salespeople(api: TinyV2, body: Any) -> None:
    serve(SELLERS, body)
    assert api.list_sellers() == ()
    assert len(responses.calls) == 1


@responses.activate
def test_a_page_that_tiny_repeats_ends_the_list(api: TinyV2) -> None:
    row = {"vendedor": {"id": 1, "codigo": "", "nome": "Ana"}}
    page = answer(pagina=1, numero_paginas=900, vendedores=[row])
    serve(SELLERS, page, page, page)
    assert api.list_sellers() == (ErpSeller("1", "Ana"),)
    assert len(responses.calls) == 2
