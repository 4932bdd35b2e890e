"""From the JSON of Tiny's API v3 to our records. Pure functions; shapes as in Tiny's OpenAPI 3.1.

A single record that cannot be read raises ``MappingError``; in a list it becomes a ``RowProblem`` and the
other rows stay good. What is missing, ``null`` or ``""`` is ``""`` for text and ``None`` otherwise.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from contracts.errors import MappingError
from contracts.records import (
    ErpAccount,
    ErpAddress,
    ErpCustomer,
    ErpInstallment,
    ErpInvoice,
    ErpOrder,
    ErpOrderDetail,
    ErpOrderItem,
    ErpSeller,
    ErpShipment,
    ErpShippingMethod,
    InvoiceState,
    Page,
    RowProblem,
)
from tiny import records
from tiny.codes import INVOICE_STATES, SITUATION_CODES, V3_SHIPPING_KINDS, V3_SITUATIONS
from tiny.values import (
    read_date,
    read_identifier,
    read_list,
    read_money,
    read_number,
    read_object,
    read_short_text,
    read_text,
    read_web_address,
)

T = TypeVar("T")

_ENTRY = "E"
_DELETED = "E"
_OUT_OF_USE = frozenset({"I", _DELETED})
# Of a contact's numbers the first that is there counts.
PHONES = ("celular", "telefone", "telefoneAdicional")

_ENABLED = 1


def to_page(
    payload: Any,
    to_record: Callable[[Mapping[str, Any]], T | None],
    *,
    offset: int,
    limit: int,
    id_name: str = "id",
) -> Page[T]:
    """One page of ``GET /pedidos``, ``/notas`` or ``/formas-envio``.

    The list may come bare, or without ``paginacao``; then ``total`` is ``None``. ``limit`` is what was asked
    for; the page says what Tiny granted. A row for which ``to_record`` gives ``None`` is not ours: it stays
    in ``row_ids`` only. Raises ``MappingError`` if there is no list at all.
    """
    envelope = read_object(payload)
    rows = payload if isinstance(payload, list) else envelope.get("itens", ())
    if rows is None:
        rows = ()
    if not isinstance(rows, list | tuple) or not (isinstance(payload, list) or "itens" in envelope):
        raise MappingError("tiny.list_unreadable")
    paging = read_object(envelope.get("paginacao"))
    total = read_number(paging.get("total"))
    granted = read_number(paging.get("limit"))
    records: list[T] = []
    row_ids: list[str] = []
    problems: list[RowProblem] = []
    for row in rows:
        external_id = read_identifier(read_object(row).get(id_name))
        row_ids.append(external_id)
        try:
            if not isinstance(row, dict):
                raise MappingError("tiny.row_unreadable")
            record = to_record(row)
        except MappingError as error:
            problems.append(RowProblem(external_id, error.code, error.params))
        else:
            if record is not None:
                records.append(record)
    return Page(
        items=tuple(records),
        row_ids=tuple(row_ids),
        offset=offset,
        limit=granted if granted is not None and granted > 0 else limit,
        total=total if total is not None and total >= 0 else None,
        problems=tuple(problems),
    )


def to_erp_order(row: Mapping[str, Any]) -> ErpOrder:
    """A row of ``GET /pedidos``."""
    return _to_order(row, total_field="valor", placed_field="dataCriacao")


def to_erp_order_detail(payload: Any) -> ErpOrderDetail:
    """``GET /pedidos/{id}``; ``order`` equals, hash included, the row of the list with the same values."""
    data = required_object(payload)
    payment = read_object(data.get("pagamento"))
    address = _to_address(data.get("enderecoEntrega"))
    order = _to_order(data, total_field="valorTotalPedido", placed_field="data")
    return ErpOrderDetail(
        order=order,
        items=tuple(_to_item(read_object(item)) for item in read_list(data.get("itens"))),
        installments=tuple(_to_installment(read_object(row)) for row in read_list(payment.get("parcelas"))),
        delivery_address=None if address == ErpAddress() else address,
        products_total=read_money(data.get("valorTotalProdutos"), "valorTotalProdutos"),
        freight=read_money(data.get("valorFrete"), "valorFrete"),
        discount=read_money(data.get("valorDesconto"), "valorDesconto"),
        other_expenses=read_money(data.get("valorOutrasDespesas"), "valorOutrasDespesas"),
        total=order.total,
        invoice_id=read_identifier(data.get("idNotaFiscal")),
        invoiced_on=read_date(data.get("dataFaturamento")),
        shipped_on=read_date(data.get("dataEnvio")),
        expected_on=read_date(data.get("dataPrevista")),
        delivered_on=read_date(data.get("dataEntrega")),
        notes=read_text(data.get("observacoes")),
        key=read_text(data.get("numeroOrdemCompra")),
        seller_id=read_identifier(read_object(data.get("vendedor")).get("id")),
    )


def to_erp_invoice(payload: Any) -> ErpInvoice:
    """A row of ``GET /notas``, or ``GET /notas/{id}``."""
    data = required_object(payload)
    number = read_short_text(data.get("numero"), "numero", records.LONGEST_INVOICE_NUMBER)
    state_number = read_number(data.get("situacao"))
    state = INVOICE_STATES.get(-1 if state_number is None else state_number, InvoiceState.PENDING)
    origin = read_object(data.get("origem"))
    is_of_order = read_text(origin.get("tipo")) == "venda"
    return ErpInvoice(
        external_id=records.read_required_identifier(data.get("id"), number),
        number=number,
        series=read_short_text(data.get("serie"), "serie", records.LONGEST_SERIES),
        access_key=records.read_access_key(data.get("chaveAcesso"), state, number),
        state=state,
        issued_on=read_date(data.get("dataEmissao")),
        amount=read_money(data.get("valor"), "valor"),
        order_external_id=read_identifier(origin.get("id")) if is_of_order else "",
        ecommerce_number=_ecommerce_number(data),
        tracking_code=read_text(data.get("codigoRastreamento")),
        tracking_url=read_web_address(data.get("urlRastreamento")),
    )


def to_exit_invoice(row: Mapping[str, Any]) -> ErpInvoice | None:
    """A row of ``GET /notas``; ``None`` for a nota of entry (a return or a purchase), which sells nothing."""
    return None if read_text(row.get("tipo")) == _ENTRY else to_erp_invoice(row)


def to_erp_account(payload: Any) -> ErpAccount:
    """``GET /info``. Raises ``MappingError`` without a document that holds: it is the account's only key."""
    data = required_object(payload)
    document, _ = records.read_document(data.get("cpfCnpj"))
    if not document:
        raise MappingError("tiny.account_without_document")
    return ErpAccount(
        document=document,
        name=read_text(data.get("razaoSocial")),
        trade_name=read_text(data.get("fantasia")),
    )


def to_erp_shipping_method(row: Mapping[str, Any]) -> ErpShippingMethod:
    """A row of ``GET /formas-envio``. ``kind`` is a slug (``correios``), or Tiny's number if unknown.

    ``type_code`` has the number always, after ``v3:``.
    """
    kind = read_number(row.get("tipo"))
    situation = read_number(row.get("situacao"))
    return ErpShippingMethod(
        external_id=records.read_required_identifier(row.get("id"), read_text(row.get("nome"))),
        name=read_text(row.get("nome")),
        kind="" if kind is None else V3_SHIPPING_KINDS.get(kind, str(kind)),
        type_code="" if kind is None else f"v3:{kind}",
        is_enabled=situation is None or situation == _ENABLED,
    )


def to_erp_customer(value: Any) -> ErpCustomer:
    """A row of ``GET /contatos``, ``GET /contatos/{id}``, or the ``cliente`` of an order."""
    data = read_object(value)
    document, document_text = records.read_document(data.get("cpfCnpj"))
    return ErpCustomer(
        external_id=read_identifier(data.get("id")),
        name=read_text(data.get("nome")),
        kind=records.read_kind_of_person(data.get("tipoPessoa")),
        document=document,
        document_text=document_text,
        email=read_text(data.get("email")),
        phone=_first_text(data, *PHONES),
        address=_to_address(data.get("endereco")),
    )


def only_customer(*, document: str, code: str) -> Callable[[Mapping[str, Any]], ErpCustomer | None]:
    """Reads the rows of ``GET /contatos`` that have the document, or else the code, and are not deleted."""

    def read(row: Mapping[str, Any]) -> ErpCustomer | None:
        customer = to_erp_customer(row)
        has_it = customer.document == document if document else read_text(row.get("codigo")) == code
        return customer if has_it and customer.external_id and not is_deleted(row) else None

    return read


def is_deleted(contact: Mapping[str, Any]) -> bool:
    """Whether a contact, which Tiny tells all the same, was deleted."""
    return read_text(contact.get("situacao")).upper() == _DELETED


def to_erp_seller(row: Mapping[str, Any]) -> ErpSeller:
    """A row of ``GET /vendedores``."""
    contact = read_object(row.get("contato"))
    name = read_text(contact.get("nome"))
    return ErpSeller(
        external_id=records.read_required_identifier(row.get("id"), name),
        name=name,
        code=read_text(contact.get("codigo")),
        is_active=read_text(row.get("situacao")).upper() not in _OUT_OF_USE,
    )


def _to_order(data: Mapping[str, Any], *, total_field: str, placed_field: str) -> ErpOrder:
    number = read_short_text(data.get("numeroPedido"), "numeroPedido", records.LONGEST_NUMBER)
    situation, is_known = _to_situation(data.get("situacao"))
    order = ErpOrder(
        external_id=records.read_required_identifier(data.get("id"), number),
        number=number,
        situation=situation,
        situation_is_known=is_known,
        total=read_money(data.get(total_field), total_field),
        placed_on=read_date(data.get(placed_field)),
        customer=_to_customer(data.get("cliente")),
        ecommerce_number=_ecommerce_number(data),
        ecommerce_name=read_text(read_object(data.get("ecommerce")).get("nome")),
        shipment=_to_shipment(data.get("transportador")),
    )
    return dataclasses.replace(order, row_hash=records.hash_row(order))


def _to_situation(value: Any) -> tuple[str, bool]:
    """Our code and whether we know it. Lists send a number; notifications and API v2 send the slug."""
    number = read_number(value)
    if number is not None:
        code = V3_SITUATIONS.get(number)
        return (str(number), False) if code is None else (code, True)
    text = read_short_text(value, "situacao", records.LONGEST_SITUATION)
    slug = text.lower()
    return (slug, True) if slug in SITUATION_CODES else (text, False)


def _to_customer(value: Any) -> ErpCustomer | None:
    customer = to_erp_customer(value)
    # Tiny fills «no customer» with empty fields as often as with null.
    return customer if customer.external_id or customer.name or customer.document_text else None


def _to_address(value: Any) -> ErpAddress:
    data = read_object(value)
    return ErpAddress(
        street=read_text(data.get("endereco")),
        number=read_text(data.get("numero")),
        complement=read_text(data.get("complemento")),
        district=read_text(data.get("bairro")),
        city=read_text(data.get("municipio")),
        state=read_text(data.get("uf")).upper(),
        zip_code=records.read_zip_code(data.get("cep")),
        country=read_text(data.get("pais")),
        recipient=read_text(data.get("nomeDestinatario")),
    )


def _to_shipment(value: Any) -> ErpShipment:
    data = read_object(value)
    method = read_object(data.get("formaEnvio"))
    return ErpShipment(
        carrier_name=read_text(data.get("nome")),
        shipping_method=read_text(method.get("nome")),
        shipping_method_id=read_identifier(method.get("id")),
        freight_method=read_text(read_object(data.get("formaFrete")).get("nome")),
        tracking_code=read_text(data.get("codigoRastreamento")),
        tracking_url=read_web_address(data.get("urlRastreamento")),
    )


def _to_item(data: Mapping[str, Any]) -> ErpOrderItem:
    product = read_object(data.get("produto"))
    return ErpOrderItem(
        product_id=read_identifier(product.get("id")),
        sku=read_text(product.get("sku")),
        description=read_text(product.get("descricao")),
        quantity=records.read_required_fraction(data.get("quantidade"), "quantidade"),
        unit_price=records.read_required_fraction(data.get("valorUnitario"), "valorUnitario"),
    )


def _to_installment(data: Mapping[str, Any]) -> ErpInstallment:
    # Bodies of API 3.1 carry the old name beside the new one.
    method = read_object(data.get("formaRecebimento")) or read_object(data.get("formaPagamento"))
    return ErpInstallment(
        amount=records.read_required_money(data.get("valor"), "parcelas.valor"),
        due_on=read_date(data.get("data")),
        method=read_text(method.get("nome")),
        notes=read_text(data.get("observacoes")),
    )


def _ecommerce_number(data: Mapping[str, Any]) -> str:
    return records.read_ecommerce_number(read_object(data.get("ecommerce")).get("numeroPedidoEcommerce"))


def _first_text(data: Mapping[str, Any], *fields: str) -> str:
    return next((text for text in (read_text(data.get(field)) for field in fields) if text), "")


def required_object(payload: Any) -> Mapping[str, Any]:
    if not isinstance(payload, dict):
        raise MappingError("tiny.row_unreadable")
    return payload
