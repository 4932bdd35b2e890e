from __future__ import annotations

import datetime as dt
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.errors import MappingError
from tiny.values import (
    read_date,
    read_fraction,
    read_identifier,
    read_money,
    read_number,
    read_text,
    read_web_address,
)

anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.decimals()
    | st.text()
    | st.from_regex(r"-?[0-9.,]{1,12}"),
    lambda children: st.lists(children) | st.dictionaries(st.text(), children),
    max_leaves=5,
)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("68.27", "68.27"),
        ("68,27", "68.27"),
        ("1.234,56", "1234.56"),
        ("1.234.567,8", "1234567.80"),
        (" 10 ", "10.00"),
        ("10.", "10.00"),
        (".5", "0.50"),
        ("-3.10", "-3.10"),
        (68.27, "68.27"),
        (27.235000000000003, "27.24"),
        (Decimal("27.235000000000003"), "27.24"),
        (10.370000000000001, "10.37"),
        (2.795, "2.80"),
        (Decimal("-0.001"), "0.00"),
        (0, "0.00"),
        (10, "10.00"),
        (0.01, "0.01"),
    ],
)
def test_money_in_every_form(value: Any, expected: str) -> None:
    assert str(read_money(value, "valor")) == expected


@pytest.mark.parametrize("value", [None, "", "   "])
def test_no_money(value: Any) -> None:
    assert read_money(value, "valor") is None


@pytest.mark.parametrize(
    "value",
    [
        "abc",
        "10,20,30",
        "1.234.567",
        "12 34",
        "1e5",
        "٣",
        "10%",
        "R$ 10",
        True,
        [],
        {},
        float("nan"),
        float("inf"),
        Decimal("1E+400"),
        Decimal("1E+9999999"),
        10**12,
        "9" * 5000,
    ],
)
def test_what_is_no_money_is_refused(value: Any) -> None:
    with pytest.raises(MappingError) as caught:
        read_money(value, "valor")
    assert caught.value.code == "tiny.amount_unreadable"
    assert caught.value.params["field"] == "valor"
    assert len(caught.value.params["value"]) <= 40


@given(st.integers(-(10**13), 10**13))
def test_cents_come_back_whatever_their_form(cents: int) -> None:
    amount = Decimal(cents) / 100
    for form in (f"{amount:.2f}", f"{amount:.2f}".replace(".", ","), amount, float(amount)):
        assert read_money(form, "valor") == amount


@given(st.floats(-1e11, 1e11))
def test_a_float_is_rounded_half_up_as_it_is_written(value: float) -> None:
    expected = Decimal(repr(value)).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)
    assert read_money(value, "valor") == expected


def test_a_fraction_keeps_four_places() -> None:
    assert read_fraction(0.30000000000000004, "quantidade") == Decimal("0.3")
    assert read_fraction("0,3333", "valorUnitario") == Decimal("0.3333")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-08-25", dt.date(2026, 8, 25)),
        ("2026-08-25 23:59:59", dt.date(2026, 8, 25)),
        ("2026-08-25 00:00:00", dt.date(2026, 8, 25)),
        ("2026-08-25T10:00:00", dt.date(2026, 8, 25)),
        ("25/08/2026", dt.date(2026, 8, 25)),
        ("25/08/2026 10:00:00", dt.date(2026, 8, 25)),
        (" 2026-08-25 ", dt.date(2026, 8, 25)),
        ("2028-02-29", dt.date(2028, 2, 29)),
        ("", None),
        (None, None),
        ("0000-00-00", None),
        ("0000-00-00 00:00:00", None),
        ("00/00/0000", None),
        ("2026-02-29", None),
        ("2026-13-01", None),
        ("08/25/2026", None),
        ("amanhã", None),
        (20260825, None),
        (False, None),
        ([], None),
    ],
)
def test_dates(value: Any, expected: dt.date | None) -> None:
    assert read_date(value) == expected


@given(st.dates(min_value=dt.date(1900, 1, 1)))
def test_every_form_of_a_date_is_the_same_day(day: dt.date) -> None:
    forms = [
        day.isoformat(),
        f"{day.isoformat()} 00:00:00",
        f"{day.isoformat()} 12:34:56",
        f"{day:%d/%m/}{day.year:04}",
        f"{day:%d/%m/}{day.year:04} 12:34:56",
    ]
    assert {read_date(form) for form in forms} == {day}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (600000001, "600000001"),
        ("600000001", "600000001"),
        (" 7 ", "7"),
        (Decimal("600000001.0"), "600000001"),
        (600000001.0, "600000001"),
        (0, ""),
        ("0", ""),
        (-1, ""),
        (None, ""),
        ("", ""),
        ("abc", ""),
        (True, ""),
        (1.5, ""),
        (10**18, ""),
        (Decimal("1E+9999999"), ""),
        ("9" * 19, ""),
        (float("inf"), ""),
        ({}, ""),
        ("٣", ""),
    ],
)
def test_identifiers(value: Any, expected: str) -> None:
    assert read_identifier(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("ANDAR 15            ", "ANDAR 15"),
        (1186, "1186"),
        (Decimal("1.50"), "1.50"),
        (None, ""),
        (True, ""),
        ({}, ""),
        ("a\x00b", "ab"),
        ("a\ud800b", "a?b"),
        ("  ", ""),
    ],
)
def test_texts(value: Any, expected: str) -> None:
    assert read_text(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("https://rastreio.exemplo.com.br/AA123456785BR", "https://rastreio.exemplo.com.br/AA123456785BR"),
        (" http://a.b/?c=d ", "http://a.b/?c=d"),
        ("HTTPS://A.B/", "HTTPS://A.B/"),
        ("javascript:alert(1)", ""),
        ("data:text/html,x", ""),
        ("//a.b/c", ""),
        ("https://", ""),
        ("https://a.b/ <script>", ""),
        ("https://[::1", ""),
        ("rastreio.exemplo.com.br", ""),
        ("", ""),
        (None, ""),
    ],
)
def test_only_web_addresses_are_kept(value: Any, expected: str) -> None:
    assert read_web_address(value) == expected


@given(anything)
def test_nothing_but_an_amount_ever_raises(value: Any) -> None:
    assert read_text(value).encode("utf-8").find(b"\x00") == -1
    assert read_identifier(value) == "" or int(read_identifier(value)) > 0
    assert read_number(value) is None or isinstance(read_number(value), int)
    assert read_date(value) is None or isinstance(read_date(value), dt.date)
    assert read_web_address(value) == "" or read_web_address(value).lower().startswith("http")
    try:
        amount = read_money(value, "valor")
    except MappingError as error:
        assert error.code == "tiny.amount_unreadable"
    else:
        assert amount is None or amount == amount.quantize(Decimal("0.01"))
