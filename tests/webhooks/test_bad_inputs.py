"""Whatever comes is kept byte for byte and answered 200; what it means is found out later."""

from __future__ import annotations

import gzip
import hashlib
import json

import pytest
from django.test import Client

from tests.webhooks.conftest import Sender

pytestmark = pytest.mark.django_db(transaction=True)

GOOD = (
    '{"versao": "1.0.1", "cnpj": "11222333000181", "idEcommerce": 77, "tipo": "estoque",'
    ' "dados": {"tipoEstoque": "F", "saldo": %s, "idProduto": 900, "sku": "%s"}}'
)


def stock(amount: str = "5", sku: str = "LUM-01") -> bytes:
    return (GOOD % (amount, sku)).encode()


BODIES: dict[str, bytes] = {
    # of no encoding, or of another one
    "invalid UTF-8": b'{"tipo": "estoque", "sku": "\xff\xfe\xfd"}',
    "half a character": b'{"sku": "S\xc3',
    "overlong slash": b'{"sku": "\xc0\xaf"}',
    "surrogate as UTF-8": b'{"sku": "\xed\xa0\x80"}',
    "latin-1": (GOOD % ("5", "VESTIDO É")).encode("latin-1"),
    "windows-1252": '{"sku": "“aspas” – €"}'.encode("cp1252"),
    "UTF-16": (GOOD % ("5", "A")).encode("utf-16"),
    "UTF-16 big": (GOOD % ("5", "A")).encode("utf-16-be"),
    "UTF-32": (GOOD % ("5", "A")).encode("utf-32"),
    "BOM": b"\xef\xbb\xbf" + stock(),
    "BOM twice": b"\xef\xbb\xbf\xef\xbb\xbf" + stock(),
    "EBCDIC": stock().decode().encode("cp500"),
    "every byte": bytes(range(256)),
    "NUL bytes": b"\x00\x00\x00\x00",
    "NUL within": b'{"sku": "A\x00B"}',
    # texts that databases refuse
    "escaped NUL": stock(sku="A\\u0000B"),
    "lone high surrogate": stock(sku="\\ud800"),
    "lone low surrogate": stock(sku="\\udc00"),
    "surrogates in turn": stock(sku="\\udc00\\ud800"),
    "good pair": stock(sku="\\ud83d\\ude00"),
    "escape of nothing": stock(sku="\\x"),
    "control characters": b'{"sku": "\x01\x02\x1b[31m\x7f"}',
    "right to left": '{"sku": "\u202e\u2066abc"}'.encode(),
    "combining": ("{" + "e\u0301" * 5000 + "}").encode(),
    # not quite JSON
    "empty": b"",
    "blank": b" \r\n\t ",
    "null": b"null",
    "true": b"true",
    "a number": b"42",
    "a text": b'"estoque"',
    "empty object": b"{}",
    "empty list": b"[]",
    "list of hooks": b"[" + stock() + b"," + stock() + b"]",
    "two objects": stock() + stock(),
    "lines of objects": stock() + b"\n" + stock(),
    "cut off": stock()[:60],
    "cut off within an escape": b'{"sku": "\\u00',
    "rest after it": stock() + b" rest",
    "single quotes": b"{'tipo': 'estoque'}",
    "no quotes": b"{tipo: estoque}",
    "trailing comma": b'{"tipo": "estoque",}',
    "comment": b'/* hook */ {"tipo": "estoque"}',
    "JSON in JSON": json.dumps(stock().decode()).encode(),
    "JSONP": b"callback(" + stock() + b")",
    # names and nesting
    "duplicate keys": b'{"tipo": "estoque", "tipo": "produto", "dados": {"saldo": 1, "saldo": 2}}',
    "__proto__": b'{"__proto__": {"tipo": "estoque"}}',
    "100k lists": b"[" * 100_000 + b"]" * 100_000,
    "100k open lists": b"[" * 100_000,
    "100k objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "100k keys": ("{" + ",".join(f'"k{n}":0' for n in range(60_000)) + "}").encode(),
    "dados is a list": b'{"tipo": "estoque", "dados": [1, 2]}',
    "dados is a text": b'{"tipo": "estoque", "dados": "{\\"saldo\\": 1}"}',
    "tipo is an object": b'{"tipo": {"a": 1}, "dados": {}}',
    "tipo is null": b'{"tipo": null, "dados": {}}',
    "unknown tipo": b'{"tipo": "reinicio_do_universo", "dados": {}}',
    # numbers
    "negative": stock("-3"),
    "NaN": stock("NaN"),
    "Infinity": stock("Infinity"),
    "minus Infinity": stock("-Infinity"),
    "1e999": stock("1e999"),
    "1e-999999999": stock("1e-999999999"),
    "1e99999999999999999999": stock("1e99999999999999999999"),
    "comma": stock('"10,5"'),
    "thousands": stock('"1.234,56"'),
    "5000 digits": stock("9" * 5000),
    "40 decimals": stock("0." + "1" * 40),
    "octal": stock("007"),
    "hexadecimal": stock("0x10"),
    "empty text as number": stock('""'),
    # other formats
    "HTML": b"<!DOCTYPE html><html><body><h1>502 Bad Gateway</h1></body></html>",
    "XML": b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
    "form": b"dados=%7B%22tipo%22%3A%22estoque%22%7D",
    "form of bad escapes": b"dados=%ZZ%&=&&&=",
    "multipart": b'--x\r\nContent-Disposition: form-data; name="dados"\r\n\r\n{}\r\n--x--\r\n',
    "multipart without an end": b"--x\r\nContent-Disposition: form-data",
    "gzip": gzip.compress(stock()),
    "gzip of nothing real": b"\x1f\x8b\x08\x00",
    "ZIP": b"PK\x03\x04" + bytes(40),
    "pickle": b"\x80\x04\x95\x0b\x00\x00\x00\x00\x00\x00\x00\x8c\x05posix\x94.",
    # what somebody tries
    "SQL": b"'; DROP TABLE webhooks_webhookreceipt; --",
    "placeholders": b"%s %(body)s {} {0} %% ${x} {{ x }}",
    "backslashes": b"\\" * 1001,
    "quotes": b"'" * 1001,
    "dollars": b"$gateway$ SELECT 1 $gateway$",
    "script": stock(sku="<script>alert(1)</script>"),
    "formula": stock(sku="=1+1"),
    "a request": b"POST /webhooks/tiny/x/ HTTP/1.1\r\nHost: a\r\n\r\n",
}
CONTENT_TYPES = [
    "application/json",
    "application/json; charset=utf-16",
    "application/x-www-form-urlencoded",
    "multipart/form-data",
    "multipart/form-data; boundary=x",
    "text/html; charset=klingon",
    "application/octet-stream",
    "a" * 3000,
    "",
]


def test_there_are_enough_of_them() -> None:
    assert len(BODIES) >= 60
    assert len(set(BODIES.values())) == len(BODIES)


@pytest.mark.parametrize("name", BODIES)
def test_a_body_is_kept_byte_for_byte(sender: Sender, name: str) -> None:
    body = BODIES[name]
    response = sender.post(body)

    assert response.status_code == 200
    assert [hashlib.sha256(kept).hexdigest() for kept in sender.bodies()] == [
        hashlib.sha256(body).hexdigest()
    ]
    assert len(sender.jobs()) == 1


@pytest.mark.parametrize("content_type", CONTENT_TYPES)
def test_no_content_type_changes_a_byte(sender: Sender, content_type: str) -> None:
    bodies = [
        BODIES[name] for name in ("form", "multipart", "latin-1", "UTF-16", "gzip", "escaped NUL", "empty")
    ]
    for body in bodies:
        assert sender.post(body, content_type).status_code == 200

    assert sender.bodies() == bodies


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "klingon"])
def test_nothing_is_unpacked(sender: Sender, encoding: str) -> None:
    """50 MB of nothing are kept as the 50 kB that came."""
    bomb = gzip.compress(bytes(50_000_000))
    assert len(bomb) < 60_000

    assert sender.post(bomb, HTTP_CONTENT_ENCODING=encoding).status_code == 200
    assert sender.bodies() == [bomb]


def test_a_query_adds_nothing(sender: Sender) -> None:
    response = Client().post(f"{sender.path}?dados=1&tipo=estoque", b"{}", "application/json")

    assert response.status_code == 200
    assert sender.bodies() == [b"{}"]


@pytest.mark.parametrize(
    "headers",
    [
        {"HTTP_HOST": "evil.example:99999"},
        {"HTTP_HOST": "bad host"},
        {"HTTP_X_FORWARDED_FOR": "'; DROP TABLE x; --"},
        {"HTTP_X_HTTP_METHOD_OVERRIDE": "DELETE"},
        {"HTTP_ACCEPT": "application/xml"},
        {"HTTP_ACCEPT": "nonsense;;;q=klingon"},
        {"HTTP_COOKIE": "entreposto_sessao=\xff\xfe; ==="},
        {"HTTP_IF_NONE_MATCH": "*"},
        {"HTTP_RANGE": "bytes=5-1"},
        {"HTTP_EXPECT": "100-continue"},
        {"HTTP_CONTENT_MD5": "x"},
        {"HTTP_X_LATIN": "caf\xe9 \xff"},
    ],
)
def test_no_header_keeps_a_notification_out(sender: Sender, headers: dict[str, str]) -> None:
    assert sender.post(stock(), **headers).status_code == 200
    assert sender.bodies() == [stock()]
