"""Tracking codes as they are typed, the UPU's digit, and the key of a nota."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracking.codes import (
    LONGEST_CODE,
    MOST_CODES,
    has_valid_s10_digit,
    is_nfe_key,
    is_s10,
    normalize_code,
    split_codes,
)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("qq588651634br", "QQ588651634BR"),
        (" QQ 588 651 634 BR ", "QQ588651634BR"),
        ("QQ-588651634-BR", "QQ588651634BR"),
        ("QQ588.651.634BR", "QQ588651634BR"),
        ("QQ\u200b588651634\u00a0BR\ufeff", "QQ588651634BR"),
        ("ＱＱ５８８６５１６３４ＢＲ", "QQ588651634BR"),
        ("TXAQ485921993tx", "TXAQ485921993TX"),
        ("577-12345675", "577-12345675"),
        ("", ""),
        ("\t \n", ""),
    ],
)
def test_a_code_is_the_same_however_it_is_typed(text: str, code: str) -> None:
    assert normalize_code(text) == code


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("", []),
        ("QQ588651634BR", ["QQ588651634BR"]),
        ("QQ588651634BR, AD778124948BR", ["QQ588651634BR", "AD778124948BR"]),
        ("QQ588651634BR;AD778124948BR|AP321801328BR", ["QQ588651634BR", "AD778124948BR", "AP321801328BR"]),
        ("QQ588651634BR AD778124948BR", ["QQ588651634BR", "AD778124948BR"]),
        ("QQ588651634BR/AD778124948BR", ["QQ588651634BR", "AD778124948BR"]),
        ("QQ588651634BR\nAD778124948BR\r\n", ["QQ588651634BR", "AD778124948BR"]),
        ("qq588651634br e ad778124948br", ["QQ588651634BR", "AD778124948BR"]),
        ("QQ588651634BR, qq 588 651 634 br", ["QQ588651634BR"]),
        ("QQ 588 651 634 BR", ["QQ588651634BR"]),
        ("Código de rastreio: QQ588651634BR", ["QQ588651634BR"]),
        ("QQ588651634BR (2 volumes)", ["QQ588651634BR"]),
        ("QQ588651634BR - 22/11", ["QQ588651634BR"]),
        ("QQ588651634BR / 614554609", ["QQ588651634BR", "614554609"]),
        ("https://rastreamento.correios.com.br/app/index.php?objetos=QQ588651634BR", ["QQ588651634BR"]),
        ("https://www.jadlog.com.br/tracking?cte=08012345678901", []),
        ("Jadlog: 614554609", ["614554609"]),
        ("614 554 609", ["614554609"]),
        ("12345/2", ["12345/2"]),
        ("577-12345675", ["577-12345675"]),
        ("BR261114662447B, MEL48090000137FMXDF01", ["BR261114662447B", "MEL48090000137FMXDF01"]),
        ("AGUARDANDO", []),
        ("sem rastreio", []),
        ("-", []),
        ("1" * 500, []),
    ],
)
def test_a_field_may_hold_several_codes_and_words(text: str, codes: list[str]) -> None:
    assert split_codes(text) == codes


def test_only_so_many_codes_are_taken() -> None:
    assert len(split_codes(", ".join(f"A{number:09}" for number in range(1000)))) == MOST_CODES


@given(st.text(max_size=200))
def test_codes_are_found_in_any_text(text: str) -> None:
    codes = split_codes(text)

    assert len(codes) == len(set(codes)) <= MOST_CODES
    assert all(0 < len(code) <= LONGEST_CODE and not any(map(str.isspace, code)) for code in codes)
    assert normalize_code(normalize_code(text)) == normalize_code(text)


@given(st.lists(st.from_regex(r"[A-Z]{2}[0-9]{9}BR", fullmatch=True), max_size=8, unique=True))
def test_no_code_is_lost_between_others(codes: list[str]) -> None:
    for separator in (", ", ";", " ", "\n", "/", " / ", " e "):
        assert split_codes(separator.join(codes)) == codes


@pytest.mark.parametrize(
    "code",
    [
        "AA123456785BR",
        "QQ588651634BR",
        "AD778124948BR",
        "AP321801328BR",
        "AD754668993BR",
        "PG747937788BR",
        "RB123456785GB",
        "LB498113226SE",
    ],
)
def test_a_right_digit(code: str) -> None:
    assert is_s10(code)
    assert has_valid_s10_digit(code)
    # Each other digit is wrong.
    others = [f"{code[:10]}{digit}{code[11:]}" for digit in "0123456789" if digit != code[10]]
    assert [other for other in others if has_valid_s10_digit(other)] == []
    assert all(map(is_s10, others))


def test_each_remainder_has_its_digit() -> None:
    """Modulus 11 gives 5 for a remainder of 0, and 0 for one of 1."""
    bodies = {
        sum(int(d) * w for d, w in zip(f"{n:08}", (8, 6, 4, 2, 3, 5, 9, 7), strict=True)) % 11: n
        for n in range(99)
    }

    assert sorted(bodies) == list(range(11))
    for rest, number in bodies.items():
        digit = {0: 5, 1: 0}.get(rest, 11 - rest)
        assert has_valid_s10_digit(f"QQ{number:08}{digit}BR")


@pytest.mark.parametrize("code", ["AA123456789BR", "RB123456786US", "QU247608282BR", "RB123456785XX"])
def test_a_wrong_digit_or_country(code: str) -> None:
    assert is_s10(code)
    assert not has_valid_s10_digit(code)


@pytest.mark.parametrize(
    "code", ["", "TINY90831920321BR", "QQ58865163BR", "qq588651634br", "QQ588651634BR\n", "QQ٥٨٨٦٥١٦٣٤BR"]
)
def test_what_is_not_of_the_shape(code: str) -> None:
    assert not is_s10(code)
    assert not has_valid_s10_digit(code)


@pytest.mark.parametrize(
    "key",
    [
        "52060433009911002506550120000007800267301615",
        "33150308370779000149550010001100931002410775",
        "13181017921427000125650010000000309887251170",
        "3526050X0J92JY000196570010000006041448679011",
        "35260712ABC34501DE35550010000123451123456788",
        "35260700052998224725559200000000011876543214",
    ],
)
def test_a_key_of_a_nota(key: str) -> None:
    assert is_nfe_key(key)
    assert not is_nfe_key(f"{key[:-1]}{(int(key[-1]) + 1) % 10}")
    assert not is_nfe_key(key[:-1])
    assert not is_nfe_key(f" {key}")
    assert not is_nfe_key(f"{key}\n")


@pytest.mark.parametrize("key", ["", "0" * 44, "35260712abc34501de35550010000123451123456788", "٣" * 44])
def test_no_key_of_a_nota(key: str) -> None:
    assert not is_nfe_key(key)
