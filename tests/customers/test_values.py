"""What a person or a system may write of a customer, and what they read when it is wrong."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from customers.values import (
    InvalidField,
    read_document,
    read_email,
    read_phone,
    read_state,
    read_zip_code,
)

CPF_WRONG = "Confira o CPF: os dois últimos números não batem com os demais."
CNPJ_WRONG = "Confira o CNPJ: os dois últimos números não batem com os demais."
NEITHER = "O CPF tem 11 números; o CNPJ tem 14 números ou letras."


@pytest.mark.parametrize(
    ("read", "text", "value"),
    [
        (read_document, "", ""),
        (read_document, " 529.982.247-25 ", "52998224725"),
        (read_document, "11.222.333/0001-81", "11222333000181"),
        (read_document, "12.abc.345/01de-35", "12ABC34501DE35"),
        (read_email, " ana.lima+loja@x.com.br ", "ana.lima+loja@x.com.br"),
        (read_phone, "(41) 99876-4410", "41998764410"),
        (read_phone, "+55 41 3322-1100", "4133221100"),
        (read_phone, "+351 912 345 678", "+351912345678"),
        (read_phone, "", ""),
        (read_zip_code, "80.420-000", "80420000"),
        (read_state, "pr", "PR"),
    ],
)
def test_what_is_read(read: Callable[[str], str], text: str, value: str) -> None:
    assert read(text) == value


@pytest.mark.parametrize(
    ("read", "text", "words"),
    [
        (read_document, "529.982.247-26", CPF_WRONG),
        (read_document, "111.111.111-11", CPF_WRONG),
        (read_document, "11.222.333/0001-82", CNPJ_WRONG),
        (read_document, "00000000000000", CNPJ_WRONG),
        (read_document, "1234", NEITHER),
        (read_document, "٥٢٩٩٨٢٢٤٧٢٥", CPF_WRONG),
        (read_email, "ana@x", "Confira o e-mail: ele tem a forma nome@empresa.com.br."),
        (read_email, "ana@x.br, bia@x.br", "Confira o e-mail: ele tem a forma nome@empresa.com.br."),
        (read_phone, "99876-4410", "Informe o telefone com o DDD: 10 ou 11 números."),
        (read_phone, "041 9987-6441", "Informe o telefone com o DDD: 10 ou 11 números."),
        (read_phone, "fale com Ana", "Use só números no telefone, com o DDD."),
        (
            read_phone,
            "+351 12",
            "Confira o telefone: com o código do país ele tem de 8 a 15 números.",
        ),
        (read_zip_code, "8042-000", "O CEP tem 8 números."),
        (read_state, "Paraná", "Use a sigla do estado, como PR."),
    ],
)
def test_what_is_refused(read: Callable[[str], str], text: str, words: str) -> None:
    with pytest.raises(InvalidField) as refusal:
        read(text)
    assert str(refusal.value) == words


def test_abroad_there_are_other_codes() -> None:
    assert read_zip_code("1100-148", country="Portugal") == "1100-148"
    assert read_state("Lisboa", country="Portugal") == "Lisboa"
    with pytest.raises(InvalidField):
        read_state("Lisboa", country="Brasil")
