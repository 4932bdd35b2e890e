"""How Brazilian values are written."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ui import formats

CPFS = st.from_regex(r"[0-9]{11}", fullmatch=True)
CNPJS = st.from_regex(r"[0-9A-Z]{12}[0-9]{2}", fullmatch=True)
CENTS = st.integers(min_value=-(10**14), max_value=10**14)


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (Decimal("1284.90"), "R$\u00a01.284,90"),
        (Decimal("-37"), "-R$\u00a037,00"),
        (Decimal("0"), "R$\u00a00,00"),
        (Decimal("-0.004"), "R$\u00a00,00"),
        (Decimal("0.005"), "R$\u00a00,01"),
        (Decimal("1234567.8"), "R$\u00a01.234.567,80"),
        (12, "R$\u00a012,00"),
    ],
)
def test_money_is_written_the_brazilian_way(amount: Decimal, text: str) -> None:
    assert formats.format_brl(amount) == text


def test_float_money_is_refused() -> None:
    with pytest.raises(TypeError):
        formats.format_brl(0.1)  # type: ignore[arg-type]


@given(CENTS)
def test_written_money_reads_back_to_the_cent(cents: int) -> None:
    text = formats.format_brl(Decimal(cents).scaleb(-2))
    plain = text.replace("R$\u00a0", "").replace(".", "").replace(",", ".")
    assert Decimal(plain) == Decimal(cents).scaleb(-2)
    assert " " not in text


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("12345678909", "123.456.789-09"),
        ("123.456.789-09", "123.456.789-09"),
        ("12345678000195", "12.345.678/0001-95"),
        ("12abc34501de35", "12.ABC.345/01DE-35"),
        (" 12.345.678/0001-95 ", "12.345.678/0001-95"),
        ("1234567890", "1234567890"),
        ("12ABC34501DEXY", "12ABC34501DEXY"),
        ("", ""),
    ],
)
def test_documents(text: str, written: str) -> None:
    assert formats.format_document(text) == written


@given(st.one_of(CPFS, CNPJS))
def test_a_written_document_is_the_same_document(bare: str) -> None:
    written = formats.format_document(bare)
    assert "".join(each for each in written if each.isalnum()) == bare
    assert formats.format_document(written) == written


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("12345678909", "***.456.789-**"),
        ("123.456.789-09", "***.456.789-**"),
        ("12345678000195", "12.345.678/0001-95"),
        ("12ABC34501DE35", "12.ABC.345/01DE-35"),
        ("2345678909", "••••••"),
        ("G-1234567", "••••••"),
        ("  ", ""),
        ("", ""),
    ],
)
def test_masked_documents(text: str, masked: str) -> None:
    assert formats.mask_document(text) == masked


def test_a_cnpj_is_masked_when_asked() -> None:
    assert formats.mask_document("12345678000195", hide_cnpj=True) == "**.345.678/****-**"


@given(CPFS)
def test_a_masked_cpf_keeps_six_digits_only(cpf: str) -> None:
    assert [each for each in formats.mask_document(cpf) if each.isdigit()] == list(cpf[3:9])


@given(st.text())
def test_what_is_no_cnpj_never_comes_through_the_mask(text: str) -> None:
    masked = formats.mask_document(text)
    assert masked == formats.HIDDEN or masked == "" or len(masked) in (14, 18)
    if len(masked) == 14:
        assert masked.startswith("***.") and masked.endswith("-**")


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("beatriz@email.com.br", "b•••••@email.com.br"),
        ("b@email.com.br", "b•••••@email.com.br"),
        ("a@b@email.com", "a•••••@email.com"),
        ("sem-arroba", "••••••"),
        ("@email.com", "••••••"),
        ("", ""),
    ],
)
def test_masked_emails(text: str, masked: str) -> None:
    assert formats.mask_email(text) == masked


@pytest.mark.parametrize(
    ("text", "written", "masked"),
    [
        ("41998764410", "(41) 99876-4410", "(41) 9••••-4410"),
        ("(41) 99876-4410", "(41) 99876-4410", "(41) 9••••-4410"),
        ("+55 41 99876-4410", "(41) 99876-4410", "(41) 9••••-4410"),
        ("4133221100", "(41) 3322-1100", "(41) 3•••-1100"),
        ("08001234567", "08001234567", "••••••"),
        ("3322-1100", "3322-1100", "••••••"),
        ("", "", ""),
    ],
)
def test_phones(text: str, written: str, masked: str) -> None:
    assert (formats.format_phone(text), formats.mask_phone(text)) == (written, masked)


@pytest.mark.parametrize(
    ("text", "written"), [("80420000", "80420-000"), ("80420-000", "80420-000"), ("8042", "8042"), ("", "")]
)
def test_zip_codes(text: str, written: str) -> None:
    assert formats.format_zip_code(text) == written


def test_an_nfe_key_is_eleven_groups_of_four() -> None:
    key = "412611ABC45678000195550010000124071055148290"
    assert formats.format_nfe_key(key) == "4126 11AB C456 7800 0195 5500 1000 0124 0710 5514 8290"
    assert formats.format_nfe_key("4126") == "4126"


@given(st.from_regex(r"[0-9A-Z]{44}", fullmatch=True))
def test_an_nfe_key_without_its_spaces_is_the_key(key: str) -> None:
    groups = formats.format_nfe_key(key).split(" ")
    assert [len(group) for group in groups] == [4] * 11
    assert "".join(groups) == key
