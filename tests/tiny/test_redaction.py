from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiny.redaction import redact


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("CPF 529.982.247-25 e 52998224725", "CPF ••• e •••"),
        ("CNPJ 12.345.678/0001-95 e 12345678000195", "CNPJ ••• e •••"),
        ("CNPJ 12.ABC.345/01DE-35 e 12ABC34501DE35", "CNPJ ••• e •••"),
        ("CNPJ 12.345.678\\/0001-95", "CNPJ •••"),
        ("de maria.da-silva+loja@exemplo.com.br.", "de •••."),
        ("fone (41) 99999-0000, 41 3322-1100, +55 41 99999-0000", "fone •••, •••, •••"),
        ("41999990000 ou 4133221100 ou 5541999990000", "••• ou ••• ou •••"),
        ("Authorization: Bearer abc.def-ghi", "Authorization: •••"),
        ("token eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl fim", "token ••• fim"),
        ("chave 35260712ABC34501DE35550010000123451123456788", "chave •••"),
        (
            "id 600000001 de 2026-08-25 00:00:00, R$ 1.284,90",
            "id 600000001 de 2026-08-25 00:00:00, R$ 1.284,90",
        ),
        ("pedido.motivosBloqueio[0]: estoque lançado", "pedido.motivosBloqueio[0]: estoque lançado"),
    ],
)
def test_what_is_masked_and_what_stays(text: str, expected: str) -> None:
    assert redact(text, 500) == expected


@given(st.text(max_size=300), st.integers(1, 50))
def test_the_limit_holds(text: str, limit: int) -> None:
    assert len(redact(text, limit)) <= limit


@given(st.from_regex(r"[0-9]{3}\.?[0-9]{3}\.?[0-9]{3}-?[0-9]{2}", fullmatch=True), st.text(" ,;:()[]{}\"'\n"))
def test_no_cpf_survives(cpf: str, around: str) -> None:
    assert cpf not in redact(f"{around} {cpf} {around}", 1000)
