"""What Tiny tells by itself: where our address is pasted, how a notification is read and what answers it.

Two families share one envelope: notifications of an integration, which name it (``idEcommerce``), and those
of the whole account, by the extension «Webhooks». Little of either is published: ids were seen as numbers
and as text, prices as text, and ``dados`` as an object and as JSON in a text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from urllib.parse import parse_qsl

from contracts.errors import MappingError
from contracts.notifications import (
    ErpNotification,
    MappedProduct,
    NotificationField,
    NotificationKind,
    NotificationPlace,
    NotifiedProduct,
)
from tiny.documents import document_of_number, normalise_document
from tiny.product_records import LONGEST_SKU
from tiny.records import LONGEST_ECOMMERCE_NUMBER, LONGEST_NUMBER, LONGEST_SITUATION
from tiny.redaction import redact
from tiny.v2.mappers import to_situation
from tiny.values import CENT, FOUR_PLACES, read_identifier, read_many, read_number, read_object, read_text

PLACES = (
    NotificationPlace(
        key="integration",
        title="Notificações da integração",
        menu=("Início", "Integrações", "a sua integração", "Gerenciar", "aba Notificações"),
        fields=(
            NotificationField("URL de notificações do estoque", (NotificationKind.STOCK,)),
            NotificationField("URL de notificações de preços", (NotificationKind.PRICE,)),
            NotificationField("URL para envio de produtos", (NotificationKind.PRODUCT,)),
            NotificationField(
                "URL para envio de alteração na situação de pedidos", (NotificationKind.SITUATION,)
            ),
            NotificationField("URL para envio de nota fiscal", (NotificationKind.INVOICE,)),
            NotificationField("URL para envio de código de rastreio", (NotificationKind.TRACKING,)),
        ),
        protocols=frozenset({"v2"}),
        note="A mesma URL serve em todos os campos. O Tiny só avisa dos produtos mapeados nesta integração e"
        " dos pedidos que entraram por ela. Na sua conta, os nomes de alguns campos podem ser um pouco"
        " diferentes destes.",
    ),
    NotificationPlace(
        key="account",
        title="Webhooks da conta",
        menu=("Configurações", "aba Geral", "Outras configurações", "Webhooks"),
        fields=(
            NotificationField("URL da notificação de pedidos", (NotificationKind.ORDER,)),
            NotificationField("URL da notificação de estoque", (NotificationKind.STOCK,)),
            # What it sends is not published: perhaps a change of an order like any other.
            NotificationField(
                "URL da notificação de pedidos enviados", (NotificationKind.SITUATION, NotificationKind.ORDER)
            ),
            NotificationField("URL da notificação de notas fiscais autorizadas", (NotificationKind.INVOICE,)),
        ),
        protocols=frozenset({"v3"}),
        note="Precisa da extensão «Webhooks», que nem todo plano do Tiny inclui. Cada campo aceita uma só URL"
        " para a conta inteira: se outro sistema já usa o campo, trocar a URL tira os avisos dele. Na sua"
        " conta, os nomes de alguns campos podem ser um pouco diferentes destes.",
    ),
)

LONGEST_WORD = 60
LONGEST_MAPPING = 40
LONGEST_TRACKING = 120
# Beyond what a binary float has, with which Tiny calculates.
MOST_PLACES = 20
LARGEST = Decimal(10) ** 12
# Of a form; an envelope has five.
MOST_FIELDS = 50

STOCK_KINDS: Mapping[str, str] = {"F": "physical", "D": "available"}

# Of JSON, of JSON in a form, or of a form; ``idProduto`` is none.
ANSWER_MARK = re.compile(
    rb"""(?ix) (?: "|%22 ) \s* produto \s* (?: "|%22 )
    | \btipo= (?: \s|\+|%20 )* produto (?: \s|\+|%20 )* (?: &|$ )"""
)

_AMOUNT = re.compile(r"[0-9]+(?:\.[0-9]+)?")
_JSON_BEGINS = ("{", "[", '"')


def read_notification(body: bytes) -> ErpNotification:
    """Any bytes, whatever their content type said: JSON, or a form with JSON in it; nothing is a ``PROBE``.

    Raises ``MappingError`` and nothing else; ``params["type_name"]`` is Tiny's word, once it was read.
    """
    text = _decode(body).strip()
    if not text:
        return ErpNotification(NotificationKind.PROBE)
    try:
        envelope, data = _open(_load(text) if text.startswith(_JSON_BEGINS) else _read_form(body))
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise MappingError("tiny.notification_unreadable") from error
    told = read_text(envelope.get("tipo"))
    type_name = "_".join(told.casefold().split())
    if not type_name:
        raise MappingError("tiny.notification_unreadable")
    if type_name not in _READERS:
        raise MappingError("tiny.notification_type_unknown", {"type_name": _shorten(told)})
    kind, read = _READERS[type_name]
    around = _Fields(envelope, type_name)
    common = ErpNotification(
        kind,
        type_name,
        account_document=_read_document(around),
        integrator_id=around.identifier("idEcommerce"),
    )
    notification = read(common, _Fields(data, type_name))
    if not _names_something(notification):
        raise MappingError("tiny.notification_without_subject", {"type_name": type_name})
    return notification


def answer_notification(products: Sequence[MappedProduct]) -> bytes:
    """What Tiny's ``produto`` waits for: a flat list, one entry for the parent and one per variation."""
    rows = [
        {"idMapeamento": product.mapping_id, "skuMapeamento": product.sku}
        | ({"error": product.error} if product.error else {})
        for product in products
    ]
    return json.dumps(rows, ensure_ascii=False).encode()


@dataclass(frozen=True, slots=True)
class _Fields:
    """Fields of a notification. What is there and cannot be read without guessing is a ``MappingError``."""

    values: Mapping[str, Any]
    type_name: str

    def text(self, field: str, longest: int) -> str:
        value = self._told(field)
        text = read_text(value)
        # A SKU without its NUL or its lone surrogate would be that of another product.
        is_whole = isinstance(value, Decimal) and text.isdecimal()
        if (is_whole or text == value) and len(text) <= longest:
            return text
        raise self.refuse(field)

    def identifier(self, field: str) -> str:
        """``""`` for ``0`` too, with which Tiny says «none»."""
        value = self._told(field)
        identifier = read_identifier(value)
        if identifier or value == "" or read_number(value) == 0:
            return identifier
        raise self.refuse(field)

    def amount(self, field: str, step: Decimal) -> Decimal | None:
        """Digits and a point: «10,5» and «1.234,00» are not Tiny's way, so they may mean anything."""
        value = self._told(field)
        if value == "":
            return None
        if isinstance(value, str) and _AMOUNT.fullmatch(value):
            value = Decimal(value)
        if isinstance(value, Decimal) and 0 <= value < LARGEST:
            places = value.as_tuple().exponent
            if isinstance(places, int) and places >= -MOST_PLACES:
                # Adding zero turns -0.00 into 0.00.
                return value.quantize(step, rounding=ROUND_HALF_UP) + 0
        raise self.refuse(field)

    def is_below_zero(self, field: str) -> bool:
        value = self._told(field)
        if isinstance(value, str) and value.startswith("-") and _AMOUNT.fullmatch(value[1:]):
            value = Decimal(value)
        return isinstance(value, Decimal) and value.is_finite() and -LARGEST < value < 0

    def rows(self, field: str, name: str) -> Iterator[_Fields]:
        """Objects of a list; API v2 is known to wrap each in an object with its ``name``."""
        for row in read_many(self.values.get(field)):
            if not isinstance(row, dict):
                raise self.refuse(field)
            yield _Fields(read_object(row.get(name)) or row, self.type_name)

    def _told(self, field: str) -> Any:
        """``""`` for ``null`` and for what is not there."""
        value = self.values.get(field)
        if isinstance(value, str):
            return value.strip()
        return "" if value is None else value

    def refuse(self, field: str) -> MappingError:
        return _invalid(field, self.type_name)


# --- bytes to objects ---


def _decode(body: bytes) -> str:
    try:
        return body.decode(json.detect_encoding(body))
    except UnicodeDecodeError:
        return body.decode("latin-1")


def _load(text: str) -> Any:
    # An int of thousands of digits is an error, and a float has noise. NaN and Infinity stay floats, which
    # nothing here takes for a value.
    return json.loads(text, parse_int=Decimal, parse_float=Decimal, object_pairs_hook=_to_object)


def _to_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise _invalid(_shorten(read_text(name)))
        found[name] = value
    return found


def _read_form(body: bytes) -> dict[str, Any] | str:
    """``dados=<json>`` with or without the envelope's other fields, or JSON that somebody only quoted."""
    # By way of latin-1, in which each byte is one character, quoted bytes keep what they are.
    pairs = parse_qsl(
        body.decode("latin-1"), keep_blank_values=True, encoding="latin-1", max_num_fields=MOST_FIELDS
    )
    fields = [(name, _decode(value.encode("latin-1"))) for name, value in pairs]
    if len(fields) == 1 and not fields[0][1]:
        return _decode(pairs[0][0].encode("latin-1"))
    return _to_object([(name.strip(), value) for name, value in fields])


def _open(value: object) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """The envelope and its ``dados``; a form's ``dados`` may itself be the envelope."""
    envelope = _to_mapping(value)
    while "tipo" not in envelope and "dados" in envelope:
        envelope = _to_mapping(envelope["dados"])
    return envelope, _to_mapping(envelope.get("dados"))


def _to_mapping(value: object) -> Mapping[str, Any]:
    """An object, or JSON of one, or JSON of that; ``null``, ``""`` and PHP's ``[]`` are empty ones."""
    while isinstance(value, str) and value.strip():
        value = _load(value)
    if isinstance(value, dict):
        return value
    if value is None or value == [] or isinstance(value, str):
        return {}
    raise ValueError("neither an object nor JSON of one")


def _shorten(word: str) -> str:
    """As a sentence may quote it. Anybody can post anything, somebody's CPF for a name too."""
    return redact(word[:LONGEST_WORD], LONGEST_WORD)


def _invalid(field: str, type_name: str = "") -> MappingError:
    return MappingError("tiny.notification_value_invalid", {"field": field, "type_name": type_name})


# --- one reader per kind ---


def _read_document(envelope: _Fields) -> str:
    """One that does not hold is kept: it is somebody's other account, and not an unknown one."""
    text = envelope.text("cnpj", LONGEST_NUMBER)
    bare = "".join(filter(str.isalnum, text)).upper()
    return normalise_document(bare) or document_of_number(read_number(text) or 0) or bare


def _read_product_figures(common: ErpNotification, data: _Fields) -> ErpNotification:
    return replace(
        common,
        external_id=data.identifier("idProduto"),
        # The mapping's SKU is what we answered: ours.
        sku=data.text("sku", LONGEST_SKU) or data.text("skuMapeamento", LONGEST_SKU),
    )


def _read_stock(common: ErpNotification, data: _Fields) -> ErpNotification:
    return replace(
        _read_product_figures(common, data),
        # Usual at Tiny, which sells what is yet to come, and no level for us: the product is read.
        stock=None if data.is_below_zero("saldo") else data.amount("saldo", FOUR_PLACES),
        # Tiny leaves it out at times; what is not told is neither of both.
        stock_kind=STOCK_KINDS.get(data.text("tipoEstoque", LONGEST_NUMBER).upper(), ""),
    )


def _read_price(common: ErpNotification, data: _Fields) -> ErpNotification:
    promotional = "precoPromocional" if "precoPromocional" in data.values else "preco_promocional"
    return replace(
        _read_product_figures(common, data),
        price=data.amount("preco", CENT),
        # 0 says that there is none.
        promotional_price=data.amount(promotional, CENT) or None,
    )


def _read_product(common: ErpNotification, data: _Fields) -> ErpNotification:
    everyone = [_to_notified_product(row) for row in (data, *data.rows("variacoes", "variacao"))]
    return replace(
        common,
        external_id=everyone[0].external_id,
        sku=everyone[0].sku,
        products=tuple(product for product in everyone if product.mapping_id),
    )


def _to_notified_product(data: _Fields) -> NotifiedProduct:
    return NotifiedProduct(
        mapping_id=data.text("idMapeamento", LONGEST_MAPPING),
        external_id=data.identifier("id"),
        sku=data.text("codigo", LONGEST_SKU),
    )


def _read_account_order(common: ErpNotification, data: _Fields) -> ErpNotification:
    return replace(
        common,
        external_id=data.identifier("id"),
        number=data.text("numero", LONGEST_NUMBER),
        ecommerce_number=data.text("idPedidoEcommerce", LONGEST_ECOMMERCE_NUMBER),
        situation=_read_situation(data, "codigoSituacao"),
        invoice_id=data.identifier("idNotaFiscal"),
    )


def _read_situation_change(common: ErpNotification, data: _Fields) -> ErpNotification:
    return replace(_read_sale(common, data), situation=_read_situation(data, "situacao"))


def _read_tracking(common: ErpNotification, data: _Fields) -> ErpNotification:
    code = data.text("codigoRastreio", LONGEST_TRACKING) or data.text("codigoRastreamento", LONGEST_TRACKING)
    return replace(
        _read_sale(common, data), tracking_code=code, invoice_id=data.identifier("idNotaFiscalTiny")
    )


def _read_invoice(common: ErpNotification, data: _Fields) -> ErpNotification:
    return replace(
        _read_sale(common, data),
        number=data.text("numero", LONGEST_NUMBER),
        invoice_id=data.identifier("idNotaFiscalTiny"),
    )


def _read_sale(common: ErpNotification, data: _Fields) -> ErpNotification:
    return replace(
        common,
        external_id=data.identifier("idVendaTiny"),
        ecommerce_number=data.text("idPedidoEcommerce", LONGEST_ECOMMERCE_NUMBER),
    )


def _read_situation(data: _Fields, field: str) -> str:
    told = data.text(field, LONGEST_SITUATION) or data.text("descricaoSituacao", LONGEST_SITUATION)
    return to_situation(told)[0]


def _names_something(notification: ErpNotification) -> bool:
    return bool(
        notification.external_id
        or notification.sku
        or notification.ecommerce_number
        or notification.invoice_id
        or any(product.sku for product in notification.products)
    )


_Reader = Callable[[ErpNotification, _Fields], ErpNotification]
_READERS: Mapping[str, tuple[NotificationKind, _Reader]] = {
    "estoque": (NotificationKind.STOCK, _read_stock),
    "precos": (NotificationKind.PRICE, _read_price),
    "produto": (NotificationKind.PRODUCT, _read_product),
    "situacao_pedido": (NotificationKind.SITUATION, _read_situation_change),
    "rastreio": (NotificationKind.TRACKING, _read_tracking),
    "nota_fiscal": (NotificationKind.INVOICE, _read_invoice),
    "inclusao_pedido": (NotificationKind.ORDER, _read_account_order),
    "atualizacao_pedido": (NotificationKind.ORDER, _read_account_order),
}
