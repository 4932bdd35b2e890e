"""From ``retorno`` of Tiny's API v2 to our records. Pure functions; fields as in Tiny's pages of API v2.

A single record that cannot be read raises ``MappingError``; in a list it becomes a ``RowProblem`` and the
other rows stay good.
"""

from __future__ import annotations

import dataclasses
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
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
from tiny.codes import INVOICE_STATES, V2_SHIPPING_METHODS, V2_SITUATION_LABELS
from tiny.v2.shapes import is_list, read_rows
from tiny.values import (
    read_date,
    read_identifier,
    read_money,
    read_number,
    read_object,
    read_short_text,
    read_text,
    read_web_address,
)

T = TypeVar("T")
Retorno = Mapping[str, Any]

ENTRY = "E"
# Labels of the list, code of the single contact.
DELETED_CONTACT = frozenset({"excluido", "e"})
ACTIVE_SELLER = frozenset({"", "ativo", "a"})


def to_rows(retorno: Retorno, names: tuple[str, str]) -> tuple[Sequence[Any], int | None]:
    """The rows of a list, and ``numero_paginas`` or ``None`` where Tiny does not tell it.

    ``names`` are the list's and its wrapper's. Raises ``MappingError`` if there is no list and Tiny does not
    say that there is none (``{}``, or no pages).
    """
    name, wrapper = names
    pages = read_number(retorno.get("numero_paginas"))
    if not is_list(retorno.get(name)) or (retorno and name not in retorno and pages != 0):
        raise MappingError("tiny.list_unreadable")
    rows = read_rows(retorno.get(name), wrapper)
    is_plausible = pages is not None and (pages > 0 or not rows)
    return rows, max(pages or 0, 0) if is_plausible else None


def to_page(
    rows: Sequence[Any],
    to_record: Callable[[Mapping[str, Any]], T | None],
    *,
    offset: int,
    limit: int,
    total: int | None,
    is_counted: bool,
    id_name: str = "id",
) -> Page[T]:
    """A page of ``rows`` from ``offset`` on. ``to_record`` gives ``None`` for a row that is not ours."""
    items: list[T] = []
    row_ids: list[str] = []
    problems: list[RowProblem] = []
    for row in rows:
        external_id = read_identifier(read_object(row).get(id_name))
        row_ids.append(external_id)
        try:
            record = to_record(required(row))
        except MappingError as error:
            problems.append(RowProblem(external_id, error.code, error.params))
        else:
            if record is not None:
                items.append(record)
    return Page(tuple(items), tuple(row_ids), offset, limit, total, tuple(problems), is_counted)


def to_erp_order(row: Mapping[str, Any]) -> ErpOrder:
    """A row of ``pedidos.pesquisa``: a summary, of the buyer the name only and of the carriage the code."""
    number = read_short_text(row.get("numero"), "numero", records.LONGEST_NUMBER)
    name = read_text(row.get("nome"))
    order = ErpOrder(
        external_id=_identifier(row, number),
        number=number,
        **_situation(row.get("situacao")),
        total=read_money(row.get("valor"), "valor"),
        placed_on=read_date(row.get("data_pedido")),
        customer=ErpCustomer(external_id="", name=name) if name else None,
        ecommerce_number=records.read_ecommerce_number(row.get("numero_ecommerce")),
        shipment=ErpShipment(tracking_code=read_text(row.get("codigo_rastreamento"))),
        is_summary=True,
    )
    return dataclasses.replace(order, row_hash=records.hash_row(order))


def to_erp_order_detail(retorno: Retorno) -> ErpOrderDetail:
    """``pedido.obter``. ``order.row_hash`` is not the list's: a row there says less."""
    data = required(retorno.get("pedido"))
    number = read_short_text(data.get("numero"), "numero", records.LONGEST_NUMBER)
    shop = read_object(data.get("ecommerce"))
    ecommerce_number = data.get("numero_ecommerce") or shop.get("numeroPedidoEcommerce")
    order = ErpOrder(
        external_id=_identifier(data, number),
        number=number,
        **_situation(data.get("situacao")),
        total=read_money(data.get("total_pedido"), "total_pedido"),
        placed_on=read_date(data.get("data_pedido")),
        customer=_to_customer(data.get("cliente")),
        ecommerce_number=records.read_ecommerce_number(ecommerce_number),
        ecommerce_name=read_text(shop.get("nomeEcommerce")),
        shipment=_to_shipment(data),
    )
    address = _to_address(data.get("endereco_entrega"))
    return ErpOrderDetail(
        order=dataclasses.replace(order, row_hash=records.hash_row(order)),
        items=tuple(_to_item(read_object(row)) for row in read_rows(data.get("itens"), "item")),
        installments=tuple(
            _to_installment(read_object(row)) for row in read_rows(data.get("parcelas"), "parcela")
        ),
        delivery_address=None if address == ErpAddress() else address,
        products_total=read_money(data.get("total_produtos"), "total_produtos"),
        freight=read_money(data.get("valor_frete"), "valor_frete"),
        discount=read_money(data.get("valor_desconto"), "valor_desconto"),
        other_expenses=read_money(data.get("outras_despesas"), "outras_despesas"),
        total=order.total,
        invoice_id=read_identifier(data.get("id_nota_fiscal")),
        invoiced_on=read_date(data.get("data_faturamento")),
        shipped_on=read_date(data.get("data_envio")),
        expected_on=read_date(data.get("data_prevista")),
        delivered_on=read_date(data.get("data_entrega")),
        notes=read_text(data.get("obs")),
        key=read_text(data.get("numero_ordem_compra")),
        seller_id=read_identifier(data.get("id_vendedor")),
    )


def to_exit_invoice(row: Mapping[str, Any]) -> ErpInvoice | None:
    """A row of ``notas.fiscais.pesquisa``; ``None`` for a nota of entry. It does not tell its order."""
    return None if read_text(row.get("tipo")).upper() == ENTRY else _to_invoice(row, "valor")


def to_erp_invoice(retorno: Retorno) -> ErpInvoice:
    """``nota.fiscal.obter``."""
    return _to_invoice(required(retorno.get("nota_fiscal")), "valor_nota")


def to_erp_account(retorno: Retorno) -> ErpAccount:
    """``info``. Raises ``MappingError`` without a document that holds: it is the account's only key."""
    data = read_object(retorno.get("conta"))
    document, _ = records.read_document(data.get("cnpj_cpf"))
    if not document:
        raise MappingError("tiny.account_without_document")
    return ErpAccount(document, read_text(data.get("razao_social")), read_text(data.get("fantasia")))


def to_erp_shipping_method(row: Mapping[str, Any]) -> ErpShippingMethod:
    """A row of ``formas.envio.pesquisa``."""
    name, situation = read_text(row.get("nome")), read_number(row.get("situacao"))
    return ErpShippingMethod(
        external_id=_identifier(row, name),
        name=name,
        kind=read_text(row.get("tipo_logistica")),
        is_enabled=situation is None or situation == 1,
    )


def to_customers(rows: Sequence[Any], *, document: str, code: str) -> Sequence[ErpCustomer]:
    """Those of ``contatos.pesquisa`` with exactly this document, else this code; none that was deleted."""
    contacts = [row for row in map(read_object, rows) if not is_deleted_contact(row)]
    if document:
        wanted = [row for row in contacts if records.read_document(row.get("cpf_cnpj"))[0] == document]
    else:
        wanted = [row for row in contacts if read_text(row.get("codigo")) == code]
    return [_read_customer(row, _identifier(row, "contato")) for row in wanted]


def is_deleted_contact(data: Mapping[str, Any]) -> bool:
    return to_plain_label(read_text(data.get("situacao"))) in DELETED_CONTACT


def to_erp_seller(row: Mapping[str, Any]) -> ErpSeller:
    """A row of ``vendedores.pesquisa``."""
    name = read_text(row.get("nome"))
    return ErpSeller(
        external_id=_identifier(row, name),
        name=name,
        code=read_text(row.get("codigo")),
        is_active=to_plain_label(read_text(row.get("situacao"))) in ACTIVE_SELLER,
    )


def to_made_identifier(retorno: Retorno) -> str:
    """Of the one record that a service made; ``""`` where Tiny does not tell it."""
    made = [read_object(row) for row in read_rows(retorno.get("registros"), "registro")]
    return read_identifier(made[0].get("id")) if made else ""


def to_situation(value: Any) -> tuple[str, bool]:
    """Our code and whether we know it; answers carry labels, requests and notifications codes."""
    text = read_short_text(value, "situacao", records.LONGEST_SITUATION)
    code = V2_SITUATION_LABELS.get(to_plain_label(text))
    return (text, False) if code is None else (code, True)


def to_plain_label(text: str) -> str:
    """In small letters, without accents and punctuation."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return " ".join(re.sub(r"[^a-z0-9_]+", " ", plain).split())


def _situation(value: Any) -> dict[str, Any]:
    code, is_known = to_situation(value)
    return {"situation": code, "situation_is_known": is_known}


def _to_invoice(data: Mapping[str, Any], amount_field: str) -> ErpInvoice:
    number = read_short_text(data.get("numero"), "numero", records.LONGEST_INVOICE_NUMBER)
    state_number = read_number(data.get("situacao"))
    state = INVOICE_STATES.get(-1 if state_number is None else state_number, InvoiceState.PENDING)
    return ErpInvoice(
        external_id=_identifier(data, number),
        number=number,
        series=read_short_text(data.get("serie"), "serie", records.LONGEST_SERIES),
        access_key=records.read_access_key(data.get("chave_acesso"), state, number),
        state=state,
        issued_on=read_date(data.get("data_emissao")),
        amount=read_money(data.get(amount_field), amount_field),
        order_external_id=read_identifier(data.get("id_venda")),
        ecommerce_number=records.read_ecommerce_number(data.get("numero_ecommerce")),
        tracking_code=read_text(data.get("codigo_rastreamento")),
        tracking_url=read_web_address(data.get("url_rastreamento")),
    )


def _to_customer(value: Any) -> ErpCustomer | None:
    """An order names no contact by id: its ``codigo`` is the seller's own and may be changed or repeated."""
    customer = _read_customer(read_object(value), "")
    return customer if customer.name or customer.document_text else None


def _read_customer(data: Mapping[str, Any], external_id: str) -> ErpCustomer:
    document, document_text = records.read_document(data.get("cpf_cnpj"))
    return ErpCustomer(
        external_id=external_id,
        name=read_text(data.get("nome")),
        kind=records.read_kind_of_person(data.get("tipo_pessoa")),
        document=document,
        document_text=document_text,
        email=read_text(data.get("email")),
        phone=read_text(data.get("fone")),
        address=_to_address(data),
    )


def _to_address(value: Any) -> ErpAddress:
    data = read_object(value)
    return ErpAddress(
        street=read_text(data.get("endereco")),
        number=read_text(data.get("numero")),
        complement=read_text(data.get("complemento")),
        district=read_text(data.get("bairro")),
        city=read_text(data.get("cidade")),
        state=read_text(data.get("uf")).upper(),
        zip_code=records.read_zip_code(data.get("cep")),
        country=read_text(data.get("pais")),
        recipient=read_text(data.get("nome_destinatario")),
    )


def _to_shipment(data: Mapping[str, Any]) -> ErpShipment:
    method = read_text(data.get("forma_envio"))
    code = method.upper()
    return ErpShipment(
        carrier_name=read_text(data.get("nome_transportador")),
        shipping_method=V2_SHIPPING_METHODS.get(code, method),
        shipping_method_type=code if code in V2_SHIPPING_METHODS else "",
        freight_method=read_text(data.get("forma_frete")),
        tracking_code=read_text(data.get("codigo_rastreamento")),
        tracking_url=read_web_address(data.get("url_rastreamento")),
    )


def _to_item(data: Mapping[str, Any]) -> ErpOrderItem:
    return ErpOrderItem(
        product_id=read_identifier(data.get("id_produto")),
        sku=read_text(data.get("codigo")),
        description=read_text(data.get("descricao")),
        quantity=records.read_required_fraction(data.get("quantidade"), "quantidade"),
        unit_price=records.read_required_fraction(data.get("valor_unitario"), "valor_unitario"),
    )


def _to_installment(data: Mapping[str, Any]) -> ErpInstallment:
    return ErpInstallment(
        amount=records.read_required_money(data.get("valor"), "parcelas.valor"),
        due_on=read_date(data.get("data")),
        method=read_text(data.get("forma_pagamento")),
        notes=read_text(data.get("obs")),
    )


def required(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict) or not value:
        raise MappingError("tiny.row_unreadable")
    return value


def _identifier(data: Mapping[str, Any], label: str) -> str:
    return records.read_required_identifier(data.get("id"), label)
