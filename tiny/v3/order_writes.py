"""What of orders and buyers is written by Tiny's API v3, in the words of its requests; pure functions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from contracts.errors import UnsupportedFeature
from contracts.records import (
    CustomerDraft,
    ErpAddress,
    ErpInstallment,
    ItemDraft,
    OrderChange,
    OrderDraft,
    ShipmentDraft,
)
from tiny.codes import V3_SITUATION_NUMBERS
from tiny.records import mask_document, read_document
from tiny.v3.mappers import PHONES
from tiny.values import read_date, read_identifier, read_list, read_number, read_object, read_text

# With the digits of the area, and with those of the country.
_LENGTHS_OF_MOBILE = (11, 13)
_KINDS_OF_PERSON = {"PF": "F", "PJ": "J"}

_ADDRESS: Mapping[str, str] = {
    "endereco": "street",
    "numero": "number",
    "complemento": "complement",
    "bairro": "district",
    "municipio": "city",
    "cep": "zip_code",
    "uf": "state",
    "pais": "country",
}
# Requests call two of them otherwise than answers do, and have no country.
_DELIVERY: Mapping[str, str] = {
    "endereco": "street",
    "enderecoNro": "number",
    "complemento": "complement",
    "bairro": "district",
    "municipio": "city",
    "cep": "zip_code",
    "uf": "state",
    "nomeDestinatario": "recipient",
}
# Of a contact's answer, what a request takes as well. The persons to contact are left out: nothing tells
# whether those of a request are added to the ones that are there.
_ECHOED_TEXTS = (
    "nome", "codigo", "fantasia", "tipoPessoa", "cpfCnpj", "inscricaoEstadual", "inscricaoMunicipal", "rg",
    *PHONES, "email", "emailNfe", "site", "profissao", "sexo", "dataNascimento", "naturalidade", "nomePai",
    "nomeMae", "cpfPai", "cpfMae", "situacao", "observacoes",
)  # fmt: skip
_METHODS = ("formaEnvio", "formaFrete")
_ECHOED_NUMBERS = ("regimeTributario", "estadoCivil", "limiteCredito")


def to_order(draft: OrderDraft) -> dict[str, Any]:
    """``POST /pedidos``. Raises ``UnsupportedFeature`` for a situation that Tiny does not have.

    Tiny answers 201 to the number of the e-commerce and does not keep it; what finds the order again is
    ``numeroOrdemCompra``.
    """
    address = draft.delivery_address
    delivery = None if address is None else _name(_DELIVERY, address)
    parcels = [_to_parcel(row, draft.placed_on) for row in draft.installments]
    return _without_empty(
        {
            "idContato": int(draft.customer_id),
            "numeroOrdemCompra": draft.key,
            "ecommerce": _without_empty({"numeroPedidoEcommerce": draft.ecommerce_number}),
            "situacao": to_situation(draft.situation) if draft.situation else None,
            "data": draft.placed_on.isoformat(),
            "dataPrevista": draft.expected_on and draft.expected_on.isoformat(),
            "vendedor": {"id": int(draft.seller_id)} if draft.seller_id else None,
            "enderecoEntrega": delivery,
            "itens": [_to_item(item) for item in draft.items],
            "pagamento": {"parcelas": parcels} if parcels else None,
            "valorDesconto": draft.discount,
            "valorFrete": draft.freight,
            "observacoes": draft.notes,
        }
    )


def name_item(draft: OrderDraft, number: str) -> dict[str, str]:
    """``sku`` of the item that Tiny refused, by its number from one; nothing if there is no such item."""
    items = {str(place): item for place, item in enumerate(draft.items, 1)}
    return {"sku": items[number].sku} if number in items else {}


def to_change(change: OrderChange) -> dict[str, Any]:
    """``PUT /pedidos/{id}``, which swallows all else without a word; ``{}`` if nothing is to change."""
    fields = {"observacoes": change.notes, "dataPrevista": change.expected_on and str(change.expected_on)}
    return {name: value for name, value in fields.items() if value is not None}


def merge_dispatch(payload: Mapping[str, Any], draft: ShipmentDraft) -> dict[str, Any]:
    """``PUT /pedidos/{id}/despacho``: the carriage as Tiny answered it, with the draft laid over it."""
    carriage = read_object(payload.get("transportador"))
    expected_on = read_date(payload.get("dataPrevista"))
    methods = {name: read_number(read_object(carriage.get(name)).get("id")) for name in _METHODS}
    return _without_empty(
        {
            "codigoRastreamento": draft.tracking_code or read_text(carriage.get("codigoRastreamento")),
            "urlRastreamento": draft.tracking_url or read_text(carriage.get("urlRastreamento")),
            # A zero is none.
            **{name: {"id": number} if number else None for name, number in methods.items()},
            "idContatoTransportadora": read_number(carriage.get("id")) or None,
            "dataPrevista": expected_on and expected_on.isoformat(),
            "observacoes": read_text(payload.get("observacoes")),
        }
    )


def to_situation(code: str) -> int:
    """Tiny's number. Raises ``UnsupportedFeature``."""
    if code not in V3_SITUATION_NUMBERS:
        raise UnsupportedFeature("tiny.situation_unknown", {"situation": code})
    return V3_SITUATION_NUMBERS[code]


def to_contact(draft: CustomerDraft) -> dict[str, Any]:
    """``POST /contatos``."""
    return _without_empty(
        {
            **_to_texts(draft),
            _field_of_phone(draft.phone): draft.phone,
            "endereco": _name(_ADDRESS, draft.address),
        }
    )


def merge_contact(payload: Mapping[str, Any], draft: CustomerDraft) -> dict[str, Any]:
    """``PUT /contatos/{id}``: what Tiny answered, with the draft laid over it; ``{}`` if that is no change.

    Texts that say the same in another form stay as they are.
    """
    known = _echo(payload)
    changes = _without_empty(_to_texts(draft))
    if read_document(known.get("cpfCnpj"))[0] == draft.document:
        changes.pop("cpfCnpj", None)
    if draft.phone and _digits(draft.phone) not in {_digits(known.get(name)) for name in PHONES}:
        changes[_field_of_phone(draft.phone)] = draft.phone
    address = _merge_address(known.get("endereco", {}), _name(_ADDRESS, draft.address))
    merged = {**known, **changes, **({"endereco": address} if address else {})}
    return {} if merged == known else merged


def _to_item(item: ItemDraft) -> dict[str, Any]:
    return {
        "produto": {"id": int(item.product_id)},
        "quantidade": item.quantity,
        "valorUnitario": item.unit_price,
    }


def _to_parcel(row: ErpInstallment, placed_on: dt.date) -> dict[str, Any]:
    """Tiny knows ways of paying by numbers of each account only, so theirs goes along as a note."""
    parcel: dict[str, Any] = {"valor": row.amount}
    if row.due_on is not None:
        parcel |= {"dias": max((row.due_on - placed_on).days, 0), "data": row.due_on.isoformat()}
    notes = " · ".join(filter(None, (row.method, row.notes)))
    return {**parcel, "observacoes": notes} if notes else parcel


def _to_texts(draft: CustomerDraft) -> dict[str, str]:
    return {
        "nome": draft.name,
        "codigo": draft.code,
        "tipoPessoa": _KINDS_OF_PERSON.get(draft.kind, ""),
        "cpfCnpj": mask_document(draft.document),
        "email": draft.email,
    }


def _merge_address(known: Mapping[str, str], wanted: Mapping[str, str]) -> dict[str, str]:
    """Whole, because parts of two addresses make no third; the country alone stays where none is given."""
    if not wanted.keys() - {"pais"}:
        return {**known, **wanted}
    given = {**wanted}
    if "cep" in given and _digits(known.get("cep")) == _digits(given["cep"]):
        given["cep"] = known["cep"]
    return {name: text if name == "pais" else "" for name, text in known.items()} | given


def _echo(payload: Mapping[str, Any]) -> dict[str, Any]:
    echoed: dict[str, Any] = {name: payload[name] for name in _ECHOED_TEXTS if payload.get(name) is not None}
    echoed |= {name: payload[name] for name in _ECHOED_NUMBERS if payload.get(name) is not None}
    for name in ("endereco", "enderecoCobranca"):
        address = read_object(payload.get(name))
        if address:
            echoed[name] = {part: read_text(address.get(part)) for part in _ADDRESS}
    seller = read_identifier(read_object(payload.get("vendedor")).get("id"))
    kinds = [read_number(read_object(kind).get("id")) for kind in read_list(payload.get("tipos"))]
    kinds = [number for number in kinds if number is not None]
    return echoed | _without_empty({"vendedor": {"id": int(seller)} if seller else None, "tipos": kinds})


def _field_of_phone(phone: str) -> str:
    return "celular" if len(_digits(phone)) in _LENGTHS_OF_MOBILE else "telefone"


def _name(names: Mapping[str, str], address: ErpAddress) -> dict[str, str]:
    return _without_empty({wire: getattr(address, name) for wire, name in names.items()})


def _digits(value: Any) -> str:
    return "".join(char for char in read_text(value) if char in "0123456789")


def _without_empty(values: Mapping[str, Any]) -> dict[str, Any]:
    """Without what is not there; a zero is."""
    return {name: value for name, value in values.items() if isinstance(value, int | Decimal) or value}
