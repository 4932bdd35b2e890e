"""The envelope of API v2: what is an answer, what is a list, what is a refusal."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tiny.v2.bodies import answer, record_refusal, refusal
from tiny.v2.shapes import is_list, is_refused, read_refusals, read_retorno, read_rows

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["retorno", "status", "erros", "erro", "campo", "registros", "registro", "codigo_erro", "0"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@pytest.mark.parametrize("envelope", [{"status": "OK"}, [{"status": "OK"}], ["", {"status": "OK"}]])
def test_retorno_may_come_in_a_list(envelope: Any) -> None:
    assert read_retorno({"retorno": envelope}) == {"status": "OK"}


@pytest.mark.parametrize(
    "payload",
    [
        None,
        [],
        "texto",
        7,
        {},
        {"retorno": None},
        {"retorno": ""},
        {"retorno": []},
        {"retorno": [7]},
        {"retorno": {}},
        {"retorno": {"status": ""}},
        {"retorno": {"status": {}}},
        {"status": "OK"},
    ],
)
def test_what_is_no_answer_of_the_api(payload: Any) -> None:
    with pytest.raises(ValueError, match="no retorno"):
        read_retorno(payload)


@pytest.mark.parametrize(
    ("value", "rows"),
    [
        ([{"pedido": {"id": 1}}, {"pedido": {"id": 2}}], [{"id": 1}, {"id": 2}]),
        ({"pedido": {"id": 1}}, [{"id": 1}]),
        ([{"id": 1}], [{"id": 1}]),
        ({"id": 1}, [{"id": 1}]),
        ({"0": {"pedido": {"id": 1}}, "2": {"pedido": {"id": 2}}}, [{"id": 1}, {"id": 2}]),
        ([None, 7, {"pedido": None}], [None, 7, {"pedido": None}]),
        ([], []),
        ({}, []),
        (None, []),
        ("", []),
    ],
)
def test_forms_of_a_list(value: Any, rows: list[Any]) -> None:
    assert list(read_rows(value, "pedido")) == rows
    assert is_list(value)


@pytest.mark.parametrize("value", [0, 7, "texto", True])
def test_what_is_no_list(value: Any) -> None:
    assert not is_list(value)


@pytest.mark.parametrize(
    ("payload", "code", "text"),
    [
        (refusal(32, "Pedido não localizado"), 32, "Pedido não localizado"),
        (refusal("32", "Pedido não localizado"), 32, "Pedido não localizado"),
        (refusal(None, "token invalido"), None, "token invalido"),
        (refusal(31, "Um", "Dois", "Um"), 31, "Um; Dois"),
        (record_refusal("31", "Falta o nome"), 31, "Falta o nome"),
        ({"retorno": {"status": "Erro", "erros": {"erro": "Só um"}}}, None, "Só um"),
        ({"retorno": {"status": "Erro", "erros": "Só texto"}}, None, "Só texto"),
        ({"retorno": {"status": "Erro", "erros": ["Nu"]}}, None, "Nu"),
        (
            {"retorno": {"status": "Erro", "erros": [{"erro": "Soma errada", "campo": "parcelas"}]}},
            None,
            "parcelas: Soma errada",
        ),
        (
            {"retorno": {"status": "Erro", "erros": [{"erro": {"erro": "Fundo", "campo": "x"}}]}},
            None,
            "x: Fundo",
        ),
        (
            {"retorno": {"status": "Erro", "registros": {"registro": {"codigo_erro": 30, "erros": []}}}},
            30,
            "",
        ),
        ({"retorno": {"status": "Erro"}}, None, ""),
        ({"retorno": {"status": "Erro", "codigo_erro": "muitos"}}, None, ""),
    ],
)
def test_code_and_texts_of_a_refusal(payload: Any, code: int | None, text: str) -> None:
    retorno = read_retorno(payload)
    assert is_refused(retorno)
    assert read_refusals(retorno) == (code, text)


@pytest.mark.parametrize(
    "payload",
    [
        answer(),
        answer(status="ok"),
        answer(codigo_erro=32, link_nfe="https://tiny.com.br/doc.view.php?id=1"),
        answer(status="Parcial"),
        answer(registros={"registro": {"status": "OK", "id": "1"}}),
        answer(registros=[{"registro": {"status": "Estoque atualizado com sucesso", "codigo_erro": 32}}]),
        answer(registros=[{"id": 1, "nome": "Correios", "situacao": 1}]),
    ],
)
def test_status_decides_and_no_code_beside_it(payload: Any) -> None:
    assert not is_refused(read_retorno(payload))


@pytest.mark.parametrize("status", ["OK", "Parcial", "Erro"])
def test_refused_record_is_a_refusal_whatever_the_whole_is_called(status: str) -> None:
    assert is_refused(read_retorno(record_refusal(31, "Falta o nome", status)))


@given(anything)
def test_nothing_raises_but_what_is_said(payload: Any) -> None:
    try:
        retorno = read_retorno(payload)
    except ValueError:
        return
    assert is_refused(retorno) in (True, False)
    code, text = read_refusals(retorno)
    assert code is None or isinstance(code, int)
    assert isinstance(text, str)


@given(anything, st.sampled_from(["registro", "erro"]))
def test_rows_are_read_from_anything(value: Any, wrapper: str) -> None:
    assert len(read_rows(value, wrapper)) >= 0


@given(st.lists(st.fixed_dictionaries({"id": st.integers(1, 9), "nome": st.text()}), max_size=4))
def test_every_form_of_a_list_has_the_same_rows(rows: list[dict[str, Any]]) -> None:
    wrapped = [{"pedido": row} for row in rows]
    forms: list[Any] = [rows, wrapped, {str(place * 2): row for place, row in enumerate(wrapped)}]
    if len(rows) == 1:
        forms += [rows[0], wrapped[0]]
    for form in forms:
        assert list(read_rows(form, "pedido")) == rows
