"""Customers as the REST API carries them: whole, because they are the company's own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from customers.models import Customer, CustomerKind
from customers.selectors import Target, values_of
from customers.sentences import describe_outside
from customers.values import (
    ADDRESS,
    LONGEST_EMAIL,
    InvalidField,
    read_document,
    read_email,
    read_phone,
    read_state,
    read_zip_code,
)
from ui.json_values import InvalidValue, read_text, write_moment
from ui.rest import INVALID_FIELDS, FieldError, Problem

Reader = Callable[[Any], Any]


def customer_json(customer: Customer) -> dict[str, Any]:
    values = values_of(customer)
    return {
        "id": customer.pk,
        "name": values["name"],
        "kind": values["kind"],
        "document": values["document"],
        "email": values["email"],
        "phone": values["phone"],
        "address": {part: str(values["address"].get(part) or "") for part in ADDRESS},
        "created_at": write_moment(customer.created_at),
        "updated_at": write_moment(customer.updated_at),
    }


def single_json(customer: Customer, target: Target) -> dict[str, Any]:
    """``sending``: he waits to be written to the ERP. ``not_sent`` says which criterion leaves him out."""
    return {
        **customer_json(customer),
        "sending": customer.changed_here_at is not None,
        "not_sent": describe_outside(target.decision) or None,
    }


def _read_with(read: Callable[[str], str], value: Any, *, most: int) -> str:
    try:
        return read(read_text(value, most=most))
    except InvalidField as error:
        raise InvalidValue(str(error)) from None


def _read_kind(value: Any) -> str:
    if value not in ("", *CustomerKind.values):
        raise InvalidValue("Use PF, PJ, ou vazio para quem não é nem um nem outro.")
    return str(value)


_READERS: Mapping[str, Reader] = {
    "name": partial(read_text, most=200, is_needed=True),
    "kind": _read_kind,
    "document": partial(_read_with, read_document, most=40),
    "email": partial(_read_with, read_email, most=LONGEST_EMAIL),
    "phone": partial(_read_with, read_phone, most=40),
}
_OURS_TO_SAY = ("id", "created_at", "updated_at", "sending", "not_sent")


def read_new_customer(data: Mapping[str, Any]) -> dict[str, Any]:
    """The values by the names of ``customers.values.FIELDS``. Raises ``Problem``."""
    values, errors = read_values(data)
    if "name" not in data:
        errors = [FieldError("name", "Preencha este campo."), *errors]
    raise_for(errors)
    return values


def read_changes(data: Mapping[str, Any]) -> dict[str, Any]:
    """The values that are to change; of the address the parts that are. Raises ``Problem``."""
    values, errors = read_values(data)
    raise_for(errors)
    return values


def read_values(data: Mapping[str, Any], path: str = "") -> tuple[dict[str, Any], list[FieldError]]:
    """What can be read of a customer, and what is wrong; ``path`` leads to him, such as ``customer.``."""
    values: dict[str, Any] = {}
    errors: list[FieldError] = []
    for name, value in data.items():
        if name == "address" and isinstance(value, dict):
            values["address"], wrong = read_address(value, f"{path}address.")
            errors += wrong
        else:
            found, wrong = _read_all(_READERS, {name: value}, path)
            values |= found
            errors += wrong
    document, kind = values.get("document", ""), values.get("kind", "")
    if document and kind and (kind == "PF") != (len(document) == 11):
        errors.append(FieldError(f"{path}kind", "CPF é de pessoa física (PF), CNPJ de pessoa jurídica (PJ)."))
    return values, errors


def read_address(
    data: Mapping[str, Any], path: str, others: Mapping[str, Reader] | None = None
) -> tuple[dict[str, Any], list[FieldError]]:
    """As ``read_values``; ``others`` read what stands in this address beside the parts of any."""
    return _read_all({**_address_readers(data), **(others or {})}, data, path)


def raise_for(errors: list[FieldError]) -> None:
    if errors:
        raise Problem(INVALID_FIELDS, "Nada foi gravado. Corrija os campos e envie de novo.", errors)


def _address_readers(address: Mapping[str, Any]) -> Mapping[str, Reader]:
    """Abroad there are other states and codes."""
    country = address.get("country")
    abroad = country if isinstance(country, str) else ""
    return {
        **{part: partial(read_text, most=200) for part in ADDRESS},
        "state": partial(_read_with, partial(read_state, country=abroad), most=40),
        "zip_code": partial(_read_with, partial(read_zip_code, country=abroad), most=20),
    }


def _read_all(
    readers: Mapping[str, Reader], data: Mapping[str, Any], path: str
) -> tuple[dict[str, Any], list[FieldError]]:
    values, errors = {}, []
    for name, value in data.items():
        try:
            values[name] = _find_reader(readers, name, path)(value)
        except InvalidValue as error:
            errors.append(FieldError(f"{path}{name}", str(error)))
    return values, errors


def _find_reader(readers: Mapping[str, Reader], name: str, path: str) -> Reader:
    if name in readers:
        return readers[name]
    if name == "address":
        raise InvalidValue("Informe um objeto com o endereço.")
    if name in _OURS_TO_SAY:
        raise InvalidValue("Este campo é só de leitura.")
    raise InvalidValue("Campo desconhecido.")
