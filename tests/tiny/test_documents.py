from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiny.documents import (
    document_of_number,
    is_valid_cnpj,
    is_valid_cpf,
    normalise_access_key,
    normalise_document,
)

CPFS = ["11144477735", "52998224725", "39053344705", "12345678909", "01234567890"]
CNPJS = ["12ABC34501DE35", "00000000000191", "11222333000181", "16727230000197", "0X0J92JY000196"]
ACCESS_KEYS = [
    "52060433009911002506550120000007800267301615",
    "33150308370779000149550010001100931002410775",
    "13181017921427000125650010000000309887251170",
    "3526050X0J92JY000196570010000006041448679011",
    "35260712ABC34501DE35550010000123451123456788",
    "35260700052998224725559200000000011876543214",
]


@pytest.mark.parametrize("cpf", CPFS)
def test_a_good_cpf(cpf: str) -> None:
    assert is_valid_cpf(cpf)
    assert normalise_document(f" {cpf[:3]}.{cpf[3:6]}.{cpf[6:9]}-{cpf[9:]} ") == cpf


@pytest.mark.parametrize(
    "cpf",
    [
        "12345678900",
        *[str(digit) * 11 for digit in range(10)],
        "1234567890",
        "***.982.247-**",
        "５２９９８２２４７２５",
        "52998224725\n1",
        "",
    ],
)
def test_a_bad_cpf(cpf: str) -> None:
    assert not is_valid_cpf(cpf)
    assert normalise_document(cpf) == ""


@pytest.mark.parametrize("cnpj", CNPJS)
def test_a_good_cnpj(cnpj: str) -> None:
    assert is_valid_cnpj(cnpj)
    dotted = f"{cnpj[:2]}.{cnpj[2:5]}.{cnpj[5:8]}/{cnpj[8:12]}-{cnpj[12:]}"
    assert normalise_document(dotted.lower()) == cnpj


@pytest.mark.parametrize(
    "cnpj",
    [
        "12ABC34501DE36",
        "00000000000000",
        "11111111111111",
        "12ABC34501DE3A",
        "12ABC34501DE3",
        "16727230000198",
        "12ÁBC34501DE35",
    ],
)
def test_a_bad_cnpj(cnpj: str) -> None:
    assert not is_valid_cnpj(cnpj)
    assert normalise_document(cnpj) == ""


@given(st.text(string.digits + string.ascii_uppercase, min_size=12, max_size=12))
def test_a_made_cnpj_is_good_and_its_neighbours_are_not(root: str) -> None:
    """Against a second reading of the law: weights from the right, 2 to 9, and again."""

    def digit(text: str) -> str:
        rest = sum((ord(char) - 48) * (2 + place % 8) for place, char in enumerate(text[::-1])) % 11
        return "0" if rest < 2 else str(11 - rest)

    first = digit(root)
    cnpj = root + first + digit(root + first)
    assert is_valid_cnpj(cnpj) == (root != "0" * 12)
    other = str((int(cnpj[-1]) + 1) % 10)
    assert not is_valid_cnpj(cnpj[:-1] + other)


@pytest.mark.parametrize(
    ("number", "document"),
    [
        (1234567890, "01234567890"),
        (52998224725, "52998224725"),
        (11222333000181, "11222333000181"),
        # Banco do Brasil, or somebody's CPF.
        (191, ""),
        (12345678900, ""),
        (0, ""),
        (-52998224725, ""),
        (10**20, ""),
    ],
)
def test_a_number_lost_its_leading_zeros(number: int, document: str) -> None:
    assert document_of_number(number) == document


@pytest.mark.parametrize("key", ACCESS_KEYS)
def test_a_good_access_key(key: str) -> None:
    grouped = " ".join(key[start : start + 4] for start in range(0, 44, 4))
    assert normalise_access_key(grouped.lower()) == key


@pytest.mark.parametrize("key", ACCESS_KEYS)
def test_a_wrong_check_digit(key: str) -> None:
    other = str((int(key[-1]) + 1) % 10)
    assert normalise_access_key(key[:-1] + other) == ""


@pytest.mark.parametrize(
    "key",
    [
        "",
        "0" * 44,
        ACCESS_KEYS[0][:43],
        ACCESS_KEYS[0] + "0",
        "A" + ACCESS_KEYS[0][1:],
        ACCESS_KEYS[0][:-2] + "A" + ACCESS_KEYS[0][-1],
    ],
)
def test_a_shape_that_no_access_key_has(key: str) -> None:
    assert normalise_access_key(key) == ""


@given(st.text())
def test_no_text_breaks_the_reading(text: str) -> None:
    assert normalise_document(text) == "" or len(normalise_document(text)) in (11, 14)
    assert normalise_access_key(text) == "" or len(normalise_access_key(text)) == 44
