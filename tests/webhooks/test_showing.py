"""What came, as a page may show it."""

from __future__ import annotations

import datetime as dt
import re

import pytest

from webhooks.showing import HEIGHT, READ_AT_MOST, SHOWN_AT_MOST, draw_columns, show_body


def test_json_gets_a_line_for_each_value() -> None:
    shown = show_body(
        b'{"dados":{"sku":"LUM-01","saldo":39,"vazio":[],"lista":[1,{"a":null}]},"tipo":"estoque"}'
    )

    assert shown.is_json
    assert not shown.is_cut
    assert (
        shown.text
        == """{
  "dados": {
    "sku": "LUM-01",
    "saldo": 39,
    "vazio": [],
    "lista": [
      1,
      {
        "a": null
      }
    ]
  },
  "tipo": "estoque"
}"""
    )


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b'{"a":1e999,"a":0.10}', '{\n  "a": 1e999,\n  "a": 0.10\n}'),
        (rb'["Sa\u00edda","\ud800","a\"b"]', '[\n  "Saída",\n  "\\ud800",\n  "a\\"b"\n]'),
        (b'{"n":' + b"9" * 5000 + b"}", '{\n  "n": ' + "9" * 5000 + "\n}"),
        (b'\xef\xbb\xbf{"a":1}', '{\n  "a": 1\n}'),
    ],
    ids=["numbers and names as they came", "text as people read it", "a number of 5,000 digits", "a BOM"],
)
def test_nothing_of_json_is_lost(body: bytes, text: str) -> None:
    assert show_body(body).text == text


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"tipo=estoque&saldo=1", "tipo=estoque&saldo=1"),
        (b"<html>\r\n<b>oi</b>", "<html>\n<b>oi</b>"),
        (b"a\x00b\x1b[31m\x7f", "a␀b␛[31m␡"),
        (b"Sa\xedda", "Sa\ufffdda"),
        (b"", ""),
        (b'"text"', '"text"'),
        (b"{nao}", "{nao}"),
    ],
)
def test_anything_else_is_shown_as_it_came(body: bytes, text: str) -> None:
    shown = show_body(body)

    assert (shown.text, shown.is_json, shown.is_cut) == (text, False, False)


@pytest.mark.parametrize(
    "body",
    [
        b'{"cpfCnpj":"529.982.247-25"}',
        b'{"cpfCnpj":"52998224725"}',
        b'{"cpfCnpj":52998224725}',
        rb'{"cpfCnpj":"\u00352998224725"}',
        b"cpf=529.982.247-25&x=1",
        b"dados=%7B%22x%22%3A%2252998224725%22%7D",
        b"dados=%7B%22x%22%3A52998224725%7D",
        b"x=529%2E982%2E247%2D25",
        b"x=529+982+247+25",
        b'{"x":"529 982 247 25"}',
        b'{"x":"529.982.247/25"}',
        '{"x":"529\u200b982\u200b247\u200b25"}'.encode(),
        '{"x":"529.982.247\u201125"}'.encode(),
        b"x" * (SHOWN_AT_MOST - 8) + b" 52998224725",
        b"%52998224725",
    ],
)
def test_a_cpf_is_never_whole(body: bytes) -> None:
    text = show_body(body).text

    assert "***.98" in text or len(body) > SHOWN_AT_MOST
    digits = "".join(re.findall("[0-9]", text.replace("%22", "").replace("u200b", "").replace("u2011", "")))
    assert "529982" not in digits
    assert "98224725" not in digits


@pytest.mark.parametrize(
    ("body", "text"),
    [
        # 013.456.789-75 and 000.456.789-79, as numbers.
        (b'{"documento":1345678975}', '{\n  "documento": ***.456.789-**\n}'),
        (b'{"cpf_cnpj":45678979}', '{\n  "cpf_cnpj": ***.456.789-**\n}'),
        (b"x=1&cpf=1345678975", "x=1&cpf=***.456.789-**"),
    ],
)
def test_nor_is_one_that_lost_its_zeros(body: bytes, text: str) -> None:
    assert show_body(body).text == text


def test_what_is_not_seen_is_written_down() -> None:
    shown = show_body('{"x":"LUM\u202e10-\u200b"}'.encode())

    assert shown.text == '{\n  "x": "LUM\\u202e10-\\u200b"\n}'


def test_other_numbers_stay() -> None:
    body = b'{"cnpj":"11222333000181","chave":"' + b"4" * 44 + b'","id":912345678,"idProduto":9123456780}'

    assert "***" not in show_body(body).text
    assert "***" not in show_body(b"id=%22912345678%22&saldo=100.000.000/10&lista=100 200 300 41").text


def test_what_is_long_is_cut() -> None:
    many = show_body(b"[" + b"1," * 50_000 + b"1]")
    long = show_body(b"x" * (READ_AT_MOST + 1))

    for shown in (many, long):
        assert shown.is_cut
        assert len(shown.text) == SHOWN_AT_MOST
    assert many.text.startswith("[\n  1,\n  1,\n")


def test_a_hundred_thousand_brackets_are_only_text() -> None:
    shown = show_body(b"[" * 100_000)

    assert not shown.is_json
    assert shown.text == "[" * SHOWN_AT_MOST


def test_an_hour_is_a_column() -> None:
    now = dt.datetime(2026, 11, 21, 17, 30, tzinfo=dt.UTC)
    hour = dt.datetime(2026, 11, 21, 14, tzinfo=dt.timezone(-dt.timedelta(hours=3)))
    columns = draw_columns({hour: (10, 5), hour - dt.timedelta(hours=23): (1000, 0)}, now)

    assert len(columns) == 24
    assert (columns[0].at, columns[0].count, columns[0].height, columns[0].y) == (
        hour - dt.timedelta(hours=23),
        1000,
        HEIGHT,
        0,
    )
    # A little of much is still seen.
    assert (columns[-1].at, columns[-1].height, columns[-1].failed_height) == (hour, 2.0, 2.0)
    assert {column.height for column in columns[1:-1]} == {0.0}
