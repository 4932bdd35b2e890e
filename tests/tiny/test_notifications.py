"""Bytes that Tiny may post, and what is read of them: facts, or a refusal that names the field."""

from __future__ import annotations

import dataclasses
import json
from decimal import Decimal
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.errors import MappingError
from contracts.notifications import ErpNotification, MappedProduct, NotificationKind, NotifiedProduct
from contracts.provider import Provider
from tiny.codes import SITUATIONS
from tiny.provider import TinyProvider

PROVIDER: Provider = TinyProvider()
CNPJ = "11222333000181"
UNREADABLE = "tiny.notification_unreadable"
UNKNOWN = "tiny.notification_type_unknown"
INVALID = "tiny.notification_value_invalid"
WITHOUT_SUBJECT = "tiny.notification_without_subject"


def by_integration(tipo: str, dados: Any, **others: Any) -> dict[str, Any]:
    return {"cnpj": CNPJ, "idEcommerce": 8120, "tipo": tipo, "versao": "1.0.0", "dados": dados, **others}


def by_account(tipo: str, dados: Any) -> dict[str, Any]:
    return {"versao": "1.0.1", "cnpj": CNPJ, "tipo": tipo, "dados": dados}


def dump(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def read(value: Any) -> ErpNotification:
    return PROVIDER.read_notification(value if isinstance(value, bytes) else dump(value))


def refusal(value: Any) -> tuple[str, dict[str, str]]:
    with pytest.raises(MappingError) as caught:
        read(value)
    return caught.value.code, caught.value.params


STOCK = {
    "tipoEstoque": "F",
    "saldo": 12.5,
    "idProduto": 700100201,
    "sku": "CANECA-AZUL",
    "skuMapeamento": "ENT-31-2",
    "skuMapeamentoPai": "ENT-31",
}
READ_STOCK = ErpNotification(
    NotificationKind.STOCK,
    "estoque",
    account_document=CNPJ,
    integrator_id="8120",
    external_id="700100201",
    sku="CANECA-AZUL",
    stock=Decimal("12.5"),
    stock_kind="physical",
)

PRICE = {
    "idMapeamento": "90110",
    "skuMapeamento": "ENT-31-2",
    "skuMapeamentoPai": "ENT-31",
    "preco": "39.9000",
    "precoPromocional": "34.5000",
}
READ_PRICE = ErpNotification(
    NotificationKind.PRICE,
    "precos",
    account_document=CNPJ,
    integrator_id="8120",
    sku="ENT-31-2",
    price=Decimal("39.9"),
    promotional_price=Decimal("34.5"),
)

PRODUCT = {
    "id": "700100200",
    "idMapeamento": "90109",
    "skuMapeamento": "",
    "codigo": "CANECA",
    "nome": "Caneca",
    "descricaoComplementar": "<script>alert(1)</script>",
    "estoqueAtual": 0,
    "variacoes": [
        {"id": "700100201", "idMapeamento": "90110", "codigo": "CANECA-AZUL", "grade": [], "anexos": []},
        {"id": 700100202, "idMapeamento": 90111, "codigo": "CANECA-VERDE", "grade": [], "anexos": []},
    ],
    "anexos": [{"url": "https://imagens.example.com/1.png", "nome": "1.png", "tipo": "png"}],
    "kit": [],
}
READ_PRODUCT = ErpNotification(
    NotificationKind.PRODUCT,
    "produto",
    account_document=CNPJ,
    integrator_id="8120",
    external_id="700100200",
    sku="CANECA",
    products=(
        NotifiedProduct("90109", "700100200", "CANECA"),
        NotifiedProduct("90110", "700100201", "CANECA-AZUL"),
        NotifiedProduct("90111", "700100202", "CANECA-VERDE"),
    ),
)

SITUATION = {
    "idPedidoEcommerce": "MLB-2001",
    "idVendaTiny": 700300400,
    "situacao": "pronto_envio",
    "descricaoSituacao": "Pronto para envio",
}
READ_SITUATION = ErpNotification(
    NotificationKind.SITUATION,
    "situacao_pedido",
    account_document=CNPJ,
    integrator_id="8120",
    external_id="700300400",
    ecommerce_number="MLB-2001",
    situation="pronto_envio",
)

TRACKING = {
    "idEntregaEcommerce": 0,
    "idVendaTiny": 700300400,
    "idNotaFiscalTiny": 700500600,
    "idPedidoEcommerce": "MLB-2001",
    "codigoRastreio": "QB987654321BR",
    "urlRastreio": "javascript:alert(1)",
    "transportadora": "Correios",
    "formaEnvio": "C",
    "formaFrete": "PAC",
}
READ_TRACKING = ErpNotification(
    NotificationKind.TRACKING,
    "rastreio",
    account_document=CNPJ,
    integrator_id="8120",
    external_id="700300400",
    ecommerce_number="MLB-2001",
    tracking_code="QB987654321BR",
    invoice_id="700500600",
)

INVOICE = {
    "chaveAcesso": "35260911222333000181550010000002721000000027",
    "numero": 272,
    "serie": 1,
    "urlDanfe": "https://erp.example.com/danfe/272",
    "idPedidoEcommerce": "MLB-2001",
    "dataEmissao": "2026-09-21",
    "valorNota": 79.8,
    "idNotaFiscalTiny": 700500600,
}
READ_INVOICE = ErpNotification(
    NotificationKind.INVOICE,
    "nota_fiscal",
    account_document=CNPJ,
    integrator_id="8120",
    ecommerce_number="MLB-2001",
    number="272",
    invoice_id="700500600",
)

SALE = {
    "id": "700300400",
    "numero": "5120",
    "data": "21/09/2026",
    "idPedidoEcommerce": "MLB-2001",
    "codigoSituacao": "aprovado",
    "descricaoSituacao": "Aprovado",
    "idContato": "700900100",
    "idNotaFiscal": "0",
    "nomeEcommerce": "Loja",
    "cliente": {"nome": "Ana Exemplo", "cpfCnpj": "111.444.777-35"},
}
READ_SALE = ErpNotification(
    NotificationKind.ORDER,
    "inclusao_pedido",
    account_document=CNPJ,
    external_id="700300400",
    ecommerce_number="MLB-2001",
    number="5120",
    situation="aprovado",
)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (by_integration("estoque", STOCK), READ_STOCK),
        (by_integration("precos", PRICE), READ_PRICE),
        (by_integration("produto", PRODUCT), READ_PRODUCT),
        (by_integration("situacao_pedido", SITUATION), READ_SITUATION),
        (by_integration("rastreio", TRACKING), READ_TRACKING),
        (by_integration("nota_fiscal", INVOICE), READ_INVOICE),
        (by_account("estoque", STOCK), dataclasses.replace(READ_STOCK, integrator_id="")),
        (
            by_account("nota_fiscal", {**INVOICE, "numero": "000272", "serie": "1"}),
            dataclasses.replace(READ_INVOICE, integrator_id="", number="000272"),
        ),
        (by_account("inclusao_pedido", SALE), READ_SALE),
        (
            by_account("atualizacao_pedido", {**SALE, "idNotaFiscal": "700500600"}),
            dataclasses.replace(READ_SALE, type_name="atualizacao_pedido", invoice_id="700500600"),
        ),
    ],
    ids=lambda value: value["tipo"] if isinstance(value, dict) else "",
)
def test_each_kind_of_both_families(told: dict[str, Any], expected: ErpNotification) -> None:
    assert read(told) == expected


# --- the same notification in other bytes ---

TOLD = by_integration("estoque", STOCK)
TEXT = json.dumps(TOLD)
FORM = {**TOLD, "dados": json.dumps(STOCK)}
ACCENTED = json.dumps(by_integration("estoque", {**STOCK, "sku": "CAFÉ"}), ensure_ascii=False)

SAME = {
    "indented": json.dumps(TOLD, indent=4).encode(),
    "blanks around": f"\r\n \t{TEXT}\n\n".encode(),
    "BOM": TEXT.encode("utf-8-sig"),
    "UTF-16": TEXT.encode("utf-16"),
    "UTF-16 without BOM": TEXT.encode("utf-16-le"),
    "UTF-16, the other end first": TEXT.encode("utf-16-be"),
    "UTF-32": TEXT.encode("utf-32"),
    "JSON in a JSON text": json.dumps(TEXT).encode(),
    "JSON in a JSON text in a JSON text": json.dumps(json.dumps(TEXT)).encode(),
    "dados as text": json.dumps(FORM).encode(),
    "dados as text of a text": json.dumps({**TOLD, "dados": json.dumps(json.dumps(STOCK))}).encode(),
    "all of it in dados": json.dumps({"dados": TOLD}).encode(),
    "all of it as text in dados": json.dumps({"dados": TEXT}).encode(),
    "all of it in dados, twice": json.dumps({"dados": json.dumps({"dados": TOLD})}).encode(),
    "form, all of it in dados": urlencode({"dados": TEXT}).encode(),
    "form, beside a token": urlencode({"token": "x", "dados": TEXT}).encode(),
    "form with blanks": b"\r\n" + urlencode({"dados": TEXT}).encode() + b"\r\n",
    "form, quoted spaces": ("dados=" + quote(TEXT)).encode(),
    "form, not quoted": ("dados=" + TEXT).encode(),
    "form of the envelope": urlencode(FORM).encode(),
    "the whole body quoted": quote(TEXT).encode(),
    "the whole body quoted, with an equals sign": (quote(TEXT) + "=").encode(),
    "capitals in the kind": json.dumps({**TOLD, "tipo": " Estoque "}).encode(),
    "number as text": json.dumps(by_integration("estoque", {**STOCK, "saldo": " 12.5000 "})).encode(),
    "noise of a float": json.dumps(
        by_integration("estoque", {**STOCK, "saldo": 12.500000000000002})
    ).encode(),
    "identifiers as text": json.dumps(
        by_integration("estoque", {**STOCK, "idProduto": "700100201"}, idEcommerce="8120")
    ).encode(),
    "CNPJ with its mask": json.dumps({**TOLD, "cnpj": "11.222.333/0001-81"}).encode(),
    "CNPJ as a number": json.dumps({**TOLD, "cnpj": int(CNPJ)}).encode(),
    "small letter for the kind of stock": json.dumps(
        by_integration("estoque", {**STOCK, "tipoEstoque": "f"})
    ).encode(),
    "surrogates in a field that is not read": json.dumps({**TOLD, "versao": "\ud800\x00"}).encode(),
}


@pytest.mark.parametrize("body", SAME.values(), ids=SAME)
def test_the_same_in_other_bytes(body: bytes) -> None:
    assert read(body) == READ_STOCK


@pytest.mark.parametrize(
    "body",
    [
        ACCENTED.encode(),
        ACCENTED.encode("latin-1"),
        ACCENTED.encode("utf-16"),
        urlencode({"dados": ACCENTED}).encode(),
        urlencode({"dados": ACCENTED}, encoding="latin-1").encode(),
        b"dados=" + ACCENTED.encode(),
        b"dados=" + ACCENTED.encode("latin-1"),
        json.dumps(by_integration("estoque", {**STOCK, "sku": "CAFÉ"})).encode(),
    ],
)
def test_accents_in_other_bytes(body: bytes) -> None:
    assert read(body) == dataclasses.replace(READ_STOCK, sku="CAFÉ")


def test_signs_that_mean_something_in_a_form() -> None:
    text = json.dumps(by_integration("estoque", {**STOCK, "sku": "A+B&C=D%20E;F"}))
    expected = dataclasses.replace(READ_STOCK, sku="A+B&C=D%20E;F")
    for body in (text, json.dumps(text), urlencode({"dados": text}), quote(text), quote(json.dumps(text))):
        assert read(body.encode()) == expected


@pytest.mark.parametrize(
    "body", [b"", b" ", b"\r\n\t ", b"\xef\xbb\xbf", b"\xff\xfe", " \n".encode("utf-16"), b"\xef\xbb\xbf\n"]
)
def test_an_empty_body_tries_the_address(body: bytes) -> None:
    assert read(body) == ErpNotification(NotificationKind.PROBE)


# --- what is not told, and what is told in other ways ---


@pytest.mark.parametrize("nothing", [None, "", " ", 0, "0", 0.0])
def test_no_identifier(nothing: Any) -> None:
    told = by_account("atualizacao_pedido", {**SALE, "idNotaFiscal": nothing})
    assert read(told).invoice_id == ""
    told = by_integration("rastreio", {**TRACKING, "idVendaTiny": nothing}, idEcommerce=nothing)
    assert (read(told).external_id, read(told).integrator_id) == ("", "")
    assert read(told).ecommerce_number == "MLB-2001"


@pytest.mark.parametrize("nothing", [None, "", "  "])
def test_no_amount_is_not_zero(nothing: Any) -> None:
    assert read(by_integration("estoque", {**STOCK, "saldo": nothing})).stock is None
    told = read(by_integration("precos", {**PRICE, "preco": nothing, "precoPromocional": nothing}))
    assert (told.price, told.promotional_price) == (None, None)


def test_fields_that_are_not_there() -> None:
    assert read({"tipo": "estoque", "dados": {"idProduto": 7}}) == ErpNotification(
        NotificationKind.STOCK, "estoque", external_id="7"
    )
    assert read({"tipo": "precos", "dados": {"skuMapeamento": "A"}}) == ErpNotification(
        NotificationKind.PRICE, "precos", sku="A"
    )
    assert read({"tipo": "produto", "dados": {"id": 7}}) == ErpNotification(
        NotificationKind.PRODUCT, "produto", external_id="7"
    )
    assert read({"tipo": "rastreio", "dados": {"idPedidoEcommerce": "A"}}) == ErpNotification(
        NotificationKind.TRACKING, "rastreio", ecommerce_number="A"
    )
    assert read({"tipo": "nota_fiscal", "dados": {"idNotaFiscalTiny": 7}}) == ErpNotification(
        NotificationKind.INVOICE, "nota_fiscal", invoice_id="7"
    )


@pytest.mark.parametrize(
    ("letter", "kind"),
    [("F", "physical"), ("D", "available"), ("d ", "available"), (None, ""), ("", ""), ("X", ""), (1, "")],
)
def test_the_kind_of_stock_is_never_guessed(letter: Any, kind: str) -> None:
    assert read(by_integration("estoque", {**STOCK, "tipoEstoque": letter})).stock_kind == kind
    dados = {name: value for name, value in STOCK.items() if name != "tipoEstoque"}
    assert read(by_integration("estoque", dados)).stock_kind == ""


def test_the_sku_is_that_of_tiny_or_else_of_the_mapping() -> None:
    assert read(by_integration("estoque", {**STOCK, "sku": ""})).sku == "ENT-31-2"
    assert read(by_integration("estoque", {**STOCK, "sku": 4711})).sku == "4711"
    assert read(by_integration("precos", {**PRICE, "sku": " A 1 "})).sku == "A 1"


@pytest.mark.parametrize(
    ("saldo", "stock"),
    [
        ("0", "0"),
        ("-0.0", "0"),
        ("7", "7"),
        ("7.0", "7"),
        ("1e2", "100"),
        ("0.30000000000000004", "0.3"),
        ("0.00005", "0.0001"),
        ("0.00004", "0"),
        ("999999999999", "999999999999"),
        ('"0.00"', "0"),
        ('"50.2500000000"', "50.25"),
        ('"007"', "7"),
    ],
)
def test_stock(saldo: str, stock: str) -> None:
    body = f'{{"tipo": "estoque", "dados": {{"idProduto": 7, "saldo": {saldo}}}}}'
    assert str(read(body.encode()).stock) == str(Decimal(stock).quantize(Decimal("0.0001")))


NEGATIVE_AMOUNTS = ["-1", "-0.0001", '"-3"', '"-2.50"']


@pytest.mark.parametrize("saldo", NEGATIVE_AMOUNTS)
def test_stock_below_zero_is_usual_and_has_the_product_read(saldo: str) -> None:
    body = f'{{"tipo": "estoque", "dados": {{"idProduto": 7, "saldo": {saldo}}}}}'
    told = read(body.encode())
    assert (told.kind, told.external_id, told.stock) == (NotificationKind.STOCK, "7", None)


BAD_AMOUNTS = [
    '"10,5"',
    '"1.234,00"',
    '"1,234.00"',
    '"1.234.567"',
    '"R$ 10"',
    '"10 un"',
    '"1e2"',
    '"+5"',
    '".5"',
    '"5."',
    '"٣"',
    '"NaN"',
    '"\\u0000"',
    '"\\ud800"',
    '"-0"',
    "-1000000000000",
    "-1e999",
    "NaN",
    "Infinity",
    "-Infinity",
    "1e999",
    "1e9999999",
    "1e-999",
    "1000000000000",
    "9" * 5000,
    '"' + "9" * 5000 + '"',
    "0." + "1" * 40,
    '"0.' + "1" * 40 + '"',
    "true",
    "false",
    "[]",
    "[7]",
    "{}",
    '{"valor": 7}',
]


@pytest.mark.parametrize("amount", BAD_AMOUNTS, ids=lambda amount: amount[:20])
@pytest.mark.parametrize(
    ("tipo", "field"),
    [
        ("estoque", "saldo"),
        ("precos", "preco"),
        ("precos", "precoPromocional"),
        ("precos", "preco_promocional"),
    ],
)
def test_an_amount_is_never_guessed(tipo: str, field: str, amount: str) -> None:
    body = f'{{"tipo": "{tipo}", "dados": {{"idProduto": 7, "{field}": {amount}}}}}'
    assert refusal(body.encode()) == (INVALID, {"field": field, "type_name": tipo})


@pytest.mark.parametrize("amount", NEGATIVE_AMOUNTS)
@pytest.mark.parametrize("field", ["preco", "precoPromocional"])
def test_a_price_below_zero_is_none(field: str, amount: str) -> None:
    body = f'{{"tipo": "precos", "dados": {{"idProduto": 7, "{field}": {amount}}}}}'
    assert refusal(body.encode()) == (INVALID, {"field": field, "type_name": "precos"})


def test_promotional_prices() -> None:
    other_name = {name: value for name, value in PRICE.items() if name != "precoPromocional"}
    told = read(by_integration("precos", {**other_name, "preco_promocional": "34.5"}))
    assert told == READ_PRICE
    none = read(by_integration("precos", {**PRICE, "precoPromocional": "0.0000"}))
    assert none == dataclasses.replace(READ_PRICE, promotional_price=None)
    noise = read(by_integration("precos", {**PRICE, "preco": 10.370000000000001, "precoPromocional": 2.795}))
    assert (str(noise.price), str(noise.promotional_price)) == ("10.37", "2.80")


@pytest.mark.parametrize(
    "variacoes",
    [
        {"id": 2, "idMapeamento": 20, "codigo": "B"},
        [{"id": 2, "idMapeamento": 20, "codigo": "B"}],
        [{"variacao": {"id": 2, "idMapeamento": 20, "codigo": "B"}}],
        {"variacao": {"id": 2, "idMapeamento": 20, "codigo": "B"}},
        {"0": {"id": 2, "idMapeamento": 20, "codigo": "B"}},
    ],
)
def test_forms_of_variations(variacoes: Any) -> None:
    told = read(
        by_integration("produto", {"id": 1, "idMapeamento": 10, "codigo": "A", "variacoes": variacoes})
    )
    assert told.products == (NotifiedProduct("10", "1", "A"), NotifiedProduct("20", "2", "B"))


@pytest.mark.parametrize("variacoes", [None, "", [], {}])
def test_a_simple_product(variacoes: Any) -> None:
    told = read(
        by_integration("produto", {"id": 1, "idMapeamento": 10, "codigo": "", "variacoes": variacoes})
    )
    assert (told.external_id, told.sku) == ("1", "")
    assert told.products == (NotifiedProduct("10", "1", ""),)


def test_a_product_that_only_a_variation_names() -> None:
    told = read(by_integration("produto", {"variacoes": [{"idMapeamento": 20, "codigo": "B"}]}))
    assert (told.external_id, told.sku, told.products) == ("", "", (NotifiedProduct("20", "", "B"),))


def test_a_product_that_waits_for_no_mapping_is_not_answered() -> None:
    told = read(by_integration("produto", {**PRODUCT, "idMapeamento": None}))
    assert [product.sku for product in told.products] == ["CANECA-AZUL", "CANECA-VERDE"]
    assert (told.external_id, told.sku) == ("700100200", "CANECA")


@pytest.mark.parametrize("code", [situation.code for situation in SITUATIONS])
def test_every_situation(code: str) -> None:
    label = next(situation.label for situation in SITUATIONS if situation.code == code)
    for word in (code, code.upper(), f" {code} ", label):
        assert read(by_integration("situacao_pedido", {**SITUATION, "situacao": word})).situation == code
        assert read(by_account("inclusao_pedido", {**SALE, "codigoSituacao": word})).situation == code


def test_a_situation_that_is_new_or_only_described() -> None:
    new = {**SITUATION, "situacao": "Em_Conferencia", "descricaoSituacao": "Em conferência"}
    assert read(by_integration("situacao_pedido", new)).situation == "Em_Conferencia"
    described = {**SITUATION, "situacao": "", "descricaoSituacao": "Não entregue"}
    assert read(by_integration("situacao_pedido", described)).situation == "nao_entregue"
    silent = {**SITUATION, "situacao": None, "descricaoSituacao": ""}
    assert read(by_integration("situacao_pedido", silent)).situation == ""


def test_the_other_name_of_the_tracking_code() -> None:
    dados = {**TRACKING, "codigoRastreio": "", "codigoRastreamento": "QB987654321BR"}
    assert read(by_integration("rastreio", dados)) == READ_TRACKING


@pytest.mark.parametrize(
    ("cnpj", "document"),
    [
        (None, ""),
        ("", ""),
        ("12.ABC.345/01DE-35", "12ABC34501DE35"),
        ("12abc34501de35", "12ABC34501DE35"),
        ("111.444.777-35", "11144477735"),
        (6990590000123, "06990590000123"),
        # Both a CPF and a CNPJ end so, hence neither is guessed.
        (191, "191"),
        # It does not hold, so it is no account of ours, and that must be seen.
        ("11222333000182", "11222333000182"),
        ("nenhum", "NENHUM"),
    ],
)
def test_the_account(cnpj: Any, document: str) -> None:
    assert read({**TOLD, "cnpj": cnpj}).account_document == document


def test_no_address_and_no_buyer_is_kept() -> None:
    told = [read(by_integration("rastreio", TRACKING)), read(by_integration("nota_fiscal", INVOICE))]
    told += [read(by_account("inclusao_pedido", SALE)), read(by_integration("produto", PRODUCT))]
    kept = repr(told)
    for word in ("http", "javascript", "script", "Ana", "111.444", INVOICE["chaveAcesso"]):
        assert str(word) not in kept


# --- what is refused ---

NOT_READ = {
    "text": b"ok",
    "page": b"<!DOCTYPE html><html><body>502 Bad Gateway</body></html>",
    "XML": b'<?xml version="1.0"?><retorno><status>OK</status></retorno>',
    "null": b"null",
    "number": b"12",
    "true": b"true",
    "text in JSON": b'"estoque"',
    "empty text in JSON": b'""',
    "empty object": b"{}",
    "empty list": b"[]",
    "list of one": b"[" + dump(TOLD) + b"]",
    "cut off": dump(TOLD)[:-5],
    "cut off within a text": dump(TOLD)[:40],
    "something behind it": dump(TOLD) + b";",
    "two of them": dump(TOLD) + b"\n" + dump(TOLD),
    "single quotes": b"{'tipo': 'estoque', 'dados': {'idProduto': 7}}",
    "a comma too much": b'{"tipo": "estoque", "dados": {"idProduto": 7,}}',
    "NUL": b"\x00",
    "NULs": b"\x00" * 64,
    "NUL before it": b"\x00" + dump(TOLD),
    "random bytes": bytes(range(256)),
    "lone continuation bytes": b"\x80\x81\xfe\xff",
    "half of UTF-16": TEXT.encode("utf-16")[:-1],
    "gzip": b"\x1f\x8b\x08\x00\x00\x00\x00\x00",
    "control character in a text": b'{"tipo": "estoque", "dados": {"sku": "A\x01B"}}',
    "a hundred thousand lists": b"[" * 100_000,
    "a hundred thousand objects": b'{"a":' * 100_000,
    "a hundred thousand lists, closed": b'{"tipo":"estoque","dados":'
    + b"[" * 100_000
    + b"]" * 100_000
    + b"}",
    "exponent beyond reason": b'{"tipo": "estoque", "dados": {"saldo": 1e9999999999999999999999}}',
    "no kind": dump({"cnpj": CNPJ, "dados": STOCK}),
    "kind is null": dump({**TOLD, "tipo": None}),
    "kind is blank": dump({**TOLD, "tipo": "  "}),
    "kind is a list": dump({**TOLD, "tipo": ["estoque"]}),
    "kind is true": dump({**TOLD, "tipo": True}),
    "dados is a number": dump({**TOLD, "dados": 7}),
    "dados is true": dump({**TOLD, "dados": True}),
    "dados is a list": dump({**TOLD, "dados": [STOCK]}),
    "dados is some text": dump({**TOLD, "dados": "saldo 7"}),
    "dados is text of a number": dump({**TOLD, "dados": "7"}),
    "form without anything": b"&&",
    "form of an equals sign": b"=",
    "form of other fields": b"a=1&b=2",
    "form with broken JSON": b"dados=%7B%22tipo%22",
    "form with nothing in dados": b"dados=&a=1",
    "form of a hundred thousand fields": urlencode({"dados": TEXT}).encode() + b"&a=1" * 100_000,
    "form in PHP's manner": b"dados[saldo]=7&cnpj=1",
    "multipart": b'--x\r\nContent-Disposition: form-data; name="dados"\r\n\r\n{}\r\n--x--',
}


@pytest.mark.parametrize("body", NOT_READ.values(), ids=NOT_READ)
def test_what_is_no_notification(body: bytes) -> None:
    assert refusal(body) == (UNREADABLE, {})


@pytest.mark.parametrize(
    ("tipo", "type_name"),
    [
        ("pedido_enviado", "pedido_enviado"),
        (" Cotação ", "Cotação"),
        ("estoques", "estoques"),
        (7, "7"),
        ("x" * 5000, "x" * 60),
        ("a\x00b\ud800", "ab?"),
        ("<b>estoque</b>", "<b>estoque</b>"),
        ("pedido de 111.444.777-35", "pedido de •••"),
    ],
)
def test_a_kind_that_is_not_known(tipo: Any, type_name: str) -> None:
    body = json.dumps(by_integration(tipo, STOCK)).encode()
    assert refusal(body) == (UNKNOWN, {"type_name": type_name})


def test_the_kind_with_blanks_and_capitals() -> None:
    for tipo in ("SITUACAO_PEDIDO", " situacao pedido ", "Situacao_Pedido\n"):
        assert read(by_integration(tipo, SITUATION)) == READ_SITUATION


BAD_TEXTS = ["A\x00B", "\x00A", "A\ud800", "A" * 5000, True, False, 1.5, -7, 1.5e300, [], ["A"], {}, {"a": 1}]


@pytest.mark.parametrize("text", BAD_TEXTS, ids=lambda text: repr(text)[:20])
@pytest.mark.parametrize(
    ("tipo", "field"),
    [
        ("estoque", "sku"),
        ("estoque", "tipoEstoque"),
        ("precos", "skuMapeamento"),
        ("produto", "codigo"),
        ("produto", "idMapeamento"),
        ("situacao_pedido", "situacao"),
        ("situacao_pedido", "idPedidoEcommerce"),
        ("rastreio", "codigoRastreio"),
        ("nota_fiscal", "numero"),
        ("inclusao_pedido", "numero"),
        ("atualizacao_pedido", "codigoSituacao"),
    ],
)
def test_a_text_that_names_something_is_read_as_it_is_or_not_at_all(tipo: str, field: str, text: Any) -> None:
    body = json.dumps({"tipo": tipo, "dados": {"id": 7, "idProduto": 7, "idVendaTiny": 7, field: text}})
    assert refusal(body.encode()) == (INVALID, {"field": field, "type_name": tipo})


BAD_IDENTIFIERS = ["abc", "7x", "7\x00", "\ud800", "-7", -7, 7.5, 10**18, "9" * 5000, True, [], [7], {}]


@pytest.mark.parametrize("identifier", BAD_IDENTIFIERS, ids=lambda identifier: repr(identifier)[:20])
@pytest.mark.parametrize(
    ("tipo", "field"),
    [
        ("estoque", "idProduto"),
        ("produto", "id"),
        ("situacao_pedido", "idVendaTiny"),
        ("rastreio", "idNotaFiscalTiny"),
        ("nota_fiscal", "idNotaFiscalTiny"),
        ("inclusao_pedido", "id"),
        ("atualizacao_pedido", "idNotaFiscal"),
    ],
)
def test_an_identifier_is_a_number_above_zero(tipo: str, field: str, identifier: Any) -> None:
    dados = {"sku": "A", "codigo": "A", "idPedidoEcommerce": "A", field: identifier}
    body = json.dumps({"tipo": tipo, "dados": dados}).encode()
    assert refusal(body) == (INVALID, {"field": field, "type_name": tipo})


@pytest.mark.parametrize(
    ("others", "field"),
    [
        ({"cnpj": ["1"]}, "cnpj"),
        ({"cnpj": "1\x002"}, "cnpj"),
        ({"cnpj": "1" * 5000}, "cnpj"),
        ({"cnpj": True}, "cnpj"),
        ({"idEcommerce": "abc"}, "idEcommerce"),
        ({"idEcommerce": {}}, "idEcommerce"),
    ],
)
def test_who_sends_it_is_not_passed_over(others: dict[str, Any], field: str) -> None:
    assert refusal(json.dumps({**TOLD, **others}).encode()) == (
        INVALID,
        {"field": field, "type_name": "estoque"},
    )


@pytest.mark.parametrize("variacoes", [[1], ["A"], [None], [[]], {"0": 1}])
def test_variations_that_are_none(variacoes: Any) -> None:
    told = by_integration("produto", {**PRODUCT, "variacoes": variacoes})
    assert refusal(told) == (INVALID, {"field": "variacoes", "type_name": "produto"})


def test_one_bad_variation() -> None:
    told = by_integration("produto", {**PRODUCT, "variacoes": [{"id": "abc", "idMapeamento": 1}]})
    assert refusal(told) == (INVALID, {"field": "id", "type_name": "produto"})


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b'{"tipo": "estoque", "dados": {"idProduto": 7, "saldo": 1, "saldo": 2}}', "saldo"),
        (b'{"tipo": "estoque", "tipo": "precos", "dados": {"idProduto": 7}}', "tipo"),
        (b'{"tipo": "estoque", "dados": {"a": {"x": 1, "x": 1}}}', "x"),
        (b"tipo=estoque&tipo=precos&dados={}", "tipo"),
        (b'{"' + b"a" * 100_000 + b'": 1, "' + b"a" * 100_000 + b'": 1}', "a" * 60),
        (b'{"a\\u0000\\ud800": 1, "a\\u0000\\ud800": 2}', "a?"),
    ],
)
def test_a_field_that_is_told_twice(body: bytes, field: str) -> None:
    assert refusal(body) == (INVALID, {"field": field, "type_name": ""})


def test_the_name_of_a_field_tells_no_document() -> None:
    code, params = refusal(b'{"CPF 111.444.777-35": 1, "CPF 111.444.777-35": 2}')
    assert code == INVALID
    assert "111" not in params["field"]


@pytest.mark.parametrize(
    ("tipo", "dados"),
    [
        ("estoque", {"saldo": 7, "tipoEstoque": "F"}),
        ("estoque", {"saldo": 7, "idProduto": 0, "sku": "", "skuMapeamento": " "}),
        ("estoque", {}),
        ("estoque", []),
        ("estoque", None),
        ("estoque", ""),
        ("precos", {"preco": "1.00", "idMapeamento": "7"}),
        ("produto", {"nome": "Caneca", "variacoes": []}),
        ("produto", {"idMapeamento": 10, "variacoes": [{"id": 2, "idMapeamento": 20}]}),
        ("situacao_pedido", {"situacao": "aprovado"}),
        ("rastreio", {"codigoRastreio": "QB987654321BR", "idVendaTiny": "0"}),
        ("nota_fiscal", {"numero": "000272", "chaveAcesso": INVOICE["chaveAcesso"]}),
        ("inclusao_pedido", {"numero": "5120"}),
    ],
)
def test_what_names_nothing_cannot_be_read_again(tipo: str, dados: Any) -> None:
    assert refusal(by_integration(tipo, dados)) == (WITHOUT_SUBJECT, {"type_name": tipo})


# --- anything at all ---

SOME_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.from_regex(r"-?[0-9.,]{1,12}"),
    lambda children: (
        st.lists(children, max_size=4) | st.dictionaries(st.text(max_size=8), children, max_size=4)
    ),
    max_leaves=8,
)
KINDS: dict[str, dict[str, Any]] = {
    "estoque": STOCK,
    "precos": PRICE,
    "produto": PRODUCT,
    "situacao_pedido": SITUATION,
    "rastreio": TRACKING,
    "nota_fiscal": INVOICE,
    "inclusao_pedido": SALE,
    "atualizacao_pedido": SALE,
}
FIELD_NAMES = sorted({name for dados in KINDS.values() for name in dados})


def read_or_refuse(body: bytes) -> None:
    """A notification whose texts PostgreSQL takes, in bounds; or a ``MappingError`` of ours, likewise."""
    try:
        told = read(body)
    except MappingError as error:
        explanation = PROVIDER.explain(error.code, error.params)
        assert explanation is not None
        texts = [error.code, *error.params.values()]
    else:
        texts = [value for value in dataclasses.asdict(told).values() if isinstance(value, str)]
        texts += [text for product in told.products for text in dataclasses.astuple(product)]
        for amount in (told.stock, told.price, told.promotional_price):
            assert amount is None or (0 <= amount < 10**13)
    for text in texts:
        assert len(text) <= 120
        assert "\x00" not in text
        text.encode()


@given(st.binary(max_size=200))
def test_any_bytes(body: bytes) -> None:
    read_or_refuse(body)


@given(st.binary(max_size=60), st.integers(0, len(TEXT)), st.integers(0, 20))
def test_bytes_that_were_damaged_on_the_way(noise: bytes, place: int, gap: int) -> None:
    body = TEXT.encode()
    read_or_refuse(body[:place] + noise + body[place + gap :])
    read_or_refuse(b"dados=" + quote(body[:place]).encode() + noise + quote(body[place + gap :]).encode())


@given(SOME_JSON)
def test_any_json(value: Any) -> None:
    read_or_refuse(json.dumps(value).encode())
    read_or_refuse(json.dumps({"dados": value}).encode())


@given(
    st.sampled_from(sorted(KINDS)),
    st.fixed_dictionaries({}, optional=dict.fromkeys(FIELD_NAMES, SOME_JSON)),
    st.fixed_dictionaries({}, optional={"cnpj": SOME_JSON, "idEcommerce": SOME_JSON}),
)
def test_any_value_in_any_field(tipo: str, dados: dict[str, Any], others: dict[str, Any]) -> None:
    read_or_refuse(json.dumps({"tipo": tipo, "dados": dados, **others}).encode())


IDENTIFIERS = st.integers(1, 10**18 - 1)
SKUS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=120).map(str.strip)
AMOUNTS = st.decimals(0, 10**11, places=4)


def either_form(value: Any, as_text: bool) -> Any:
    return str(value) if as_text else value


@given(IDENTIFIERS, SKUS, AMOUNTS, st.sampled_from("FD"), st.booleans(), st.sampled_from(range(6)))
def test_stock_comes_back_whatever_its_form(
    identifier: int, sku: str, amount: Decimal, letter: str, as_text: bool, form: int
) -> None:
    dados = {
        "idProduto": either_form(identifier, as_text),
        "sku": sku,
        "saldo": f"{amount:f}" if as_text else "AMOUNT",
        "tipoEstoque": letter,
    }
    text = json.dumps(by_integration("estoque", dados)).replace('"AMOUNT"', f"{amount:f}")
    body = [
        text.encode(),
        text.encode("utf-16"),
        json.dumps(text).encode(),
        urlencode({"dados": text}).encode(),
        quote(text).encode(),
        json.dumps({"dados": text}).encode(),
    ][form]
    assert read(body) == dataclasses.replace(
        READ_STOCK,
        external_id=str(identifier),
        sku=sku,
        stock=amount,
        stock_kind={"F": "physical", "D": "available"}[letter],
    )


@given(IDENTIFIERS, st.integers(0, 10**12), st.integers(1, 10**12), st.booleans())
def test_prices_come_back(identifier: int, cents: int, promotional: int, as_text: bool) -> None:
    price, promotional_price = Decimal(cents) / 100, Decimal(promotional) / 100
    dados = {
        "idProduto": either_form(identifier, as_text),
        "preco": f"{price:.4f}" if as_text else float(price),
        "precoPromocional": f"{promotional_price:.4f}" if as_text else float(promotional_price),
    }
    assert read(by_integration("precos", dados)) == dataclasses.replace(
        READ_PRICE, external_id=str(identifier), sku="", price=price, promotional_price=promotional_price
    )


@given(st.lists(st.tuples(IDENTIFIERS, IDENTIFIERS, SKUS), min_size=1, max_size=5), st.booleans())
def test_products_come_back(rows: list[tuple[int, int, str]], as_text: bool) -> None:
    parent, *variations = [
        {
            "idMapeamento": either_form(mapping, as_text),
            "id": either_form(identifier, as_text),
            "codigo": sku,
        }
        for mapping, identifier, sku in rows
    ]
    told = read(by_integration("produto", {**parent, "variacoes": variations}))
    assert told.products == tuple(
        NotifiedProduct(str(mapping), str(identifier), sku) for mapping, identifier, sku in rows
    )


@given(IDENTIFIERS, IDENTIFIERS, st.sampled_from(SITUATIONS), st.booleans())
def test_orders_come_back(order: int, invoice: int, situation: Any, as_text: bool) -> None:
    order_id, invoice_id = either_form(order, as_text), either_form(invoice, as_text)
    sale = {**SALE, "id": order_id, "codigoSituacao": situation.code, "idNotaFiscal": invoice_id}
    assert read(by_account("inclusao_pedido", sale)) == dataclasses.replace(
        READ_SALE, external_id=str(order), situation=situation.code, invoice_id=str(invoice)
    )
    tracking = {**TRACKING, "idVendaTiny": order_id, "idNotaFiscalTiny": invoice_id}
    assert read(by_integration("rastreio", tracking)) == dataclasses.replace(
        READ_TRACKING, external_id=str(order), invoice_id=str(invoice)
    )


# --- what is answered, and where it is set up ---


def test_the_answer_to_a_product() -> None:
    products = [
        MappedProduct("90109", "ENT-31"),
        MappedProduct("90110", "", "O produto está sem SKU"),
        MappedProduct("90111", 'CAFÉ "1"'),
    ]
    assert (
        PROVIDER.answer_notification(products)
        == (
            '[{"idMapeamento": "90109", "skuMapeamento": "ENT-31"},'
            ' {"idMapeamento": "90110", "skuMapeamento": "", "error": "O produto está sem SKU"},'
            ' {"idMapeamento": "90111", "skuMapeamento": "CAFÉ \\"1\\""}]'
        ).encode()
    )
    assert PROVIDER.answer_notification([]) == b"[]"


def test_the_places_in_tiny() -> None:
    integration, account = PROVIDER.notification_places
    assert [(place.key, place.protocols) for place in (integration, account)] == [
        ("integration", {"v2"}),
        ("account", {"v3"}),
    ]
    assert tuple(integration.menu)[-1] == "aba Notificações"
    assert [(field.label, tuple(field.kinds)) for field in integration.fields] == [
        ("URL de notificações do estoque", (NotificationKind.STOCK,)),
        ("URL de notificações de preços", (NotificationKind.PRICE,)),
        ("URL para envio de produtos", (NotificationKind.PRODUCT,)),
        ("URL para envio de alteração na situação de pedidos", (NotificationKind.SITUATION,)),
        ("URL para envio de nota fiscal", (NotificationKind.INVOICE,)),
        ("URL para envio de código de rastreio", (NotificationKind.TRACKING,)),
    ]
    assert tuple(account.menu) == ("Configurações", "aba Geral", "Outras configurações", "Webhooks")
    assert [(field.label, tuple(field.kinds)) for field in account.fields] == [
        ("URL da notificação de pedidos", (NotificationKind.ORDER,)),
        ("URL da notificação de estoque", (NotificationKind.STOCK,)),
        ("URL da notificação de pedidos enviados", (NotificationKind.SITUATION, NotificationKind.ORDER)),
        ("URL da notificação de notas fiscais autorizadas", (NotificationKind.INVOICE,)),
    ]
    told = {kind for place in PROVIDER.notification_places for field in place.fields for kind in field.kinds}
    assert told == set(NotificationKind) - {NotificationKind.PROBE}
    assert all(place.note for place in PROVIDER.notification_places)
