"""The values of a buyer that cross the border, by one set of names: pure functions, no models.

Documents, phones and CEPs are kept without punctuation; addresses are dictionaries with the fields of
``contracts.records.ErpAddress``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from stdnum.br import cnpj, cpf

Values = Mapping[str, Any]

FIELDS: Mapping[str, str] = {
    "name": "Nome",
    "kind": "Tipo",
    "document": "CPF/CNPJ",
    "email": "E-mail",
    "phone": "Telefone",
    "address": "Endereço",
}
ADDRESS: Mapping[str, str] = {
    "street": "Logradouro",
    "number": "Número",
    "complement": "Complemento",
    "district": "Bairro",
    "city": "Cidade",
    "state": "UF",
    "zip_code": "CEP",
    "country": "País",
}
STATES = (
    "AC", "AL", "AM", "AP", "BA", "CE", "DF", "ES", "GO", "MA", "MG", "MS", "MT", "PA",
    "PB", "PE", "PI", "PR", "RJ", "RN", "RO", "RR", "RS", "SC", "SE", "SP", "TO",
)  # fmt: skip

# PostgreSQL reads it alike: the criteria are counted there.
EMAIL = r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})+"
LONGEST_EMAIL = 254
_HOME = {"", "brasil", "brazil", "br"}


class InvalidField(ValueError):
    """The text, in Portuguese, is for whoever typed or sent the value."""


def is_valid_email(text: str) -> bool:
    """Whether a message could be sent there; nobody is asked."""
    return len(text) <= LONGEST_EMAIL and bool(re.fullmatch(EMAIL, text))


def kind_of(kind: str, document: str) -> str:
    """``PF``, ``PJ`` or ``""``: a document says it, whatever else was said."""
    return {11: "PF", 14: "PJ"}.get(len(document), kind)


def read_document(text: str) -> str:
    """A CPF or CNPJ without punctuation, ``""`` for nothing. Raises ``InvalidField``."""
    bare = re.sub(r"[\s./\-]", "", text).upper()
    if not bare:
        return ""
    # python-stdnum lets 111.111.111-11 and digits of other scripts pass.
    is_real = bare.isascii() and len(set(bare)) > 1
    if len(bare) == 11 and bare.isdigit():
        if is_real and cpf.is_valid(bare):
            return bare
        raise InvalidField("Confira o CPF: os dois últimos números não batem com os demais.")
    if len(bare) == 14 and re.fullmatch(r"[0-9A-Z]{12}[0-9]{2}", bare):
        if is_real and cnpj.is_valid(bare):
            return bare
        raise InvalidField("Confira o CNPJ: os dois últimos números não batem com os demais.")
    raise InvalidField("O CPF tem 11 números; o CNPJ tem 14 números ou letras.")


def read_email(text: str) -> str:
    text = text.strip()
    if text and not is_valid_email(text):
        raise InvalidField("Confira o e-mail: ele tem a forma nome@empresa.com.br.")
    return text


def read_phone(text: str) -> str:
    """Digits with the area code; one from abroad begins with + and its country. Raises ``InvalidField``."""
    digits = re.sub(r"[^0-9]", "", text)
    if not text.strip():
        return ""
    if re.search(r"[^0-9+()\s.\-]", text):
        raise InvalidField("Use só números no telefone, com o DDD.")
    if text.strip().startswith("+") and not digits.startswith("55"):
        if 8 <= len(digits) <= 15:
            return f"+{digits}"
        raise InvalidField("Confira o telefone: com o código do país ele tem de 8 a 15 números.")
    national = digits[2:] if len(digits) in (12, 13) and digits.startswith("55") else digits
    if len(national) not in (10, 11) or national.startswith("0"):
        raise InvalidField("Informe o telefone com o DDD: 10 ou 11 números.")
    return national


def is_abroad(country: str) -> bool:
    return country.strip().casefold() not in _HOME


def read_zip_code(text: str, *, country: str = "") -> str:
    if is_abroad(country):
        return text.strip()
    digits = re.sub(r"[\s.\-]", "", text)
    if digits and not re.fullmatch(r"[0-9]{8}", digits):
        raise InvalidField("O CEP tem 8 números.")
    return digits


def read_state(text: str, *, country: str = "") -> str:
    if is_abroad(country):
        return text.strip()
    state = text.strip().upper()
    if state and state not in STATES:
        raise InvalidField("Use a sigla do estado, como PR.")
    return state


def is_same(name: str, one: Any, other: Any) -> bool:
    """Whether two values of a field say the same, however they are written."""
    return _essence(name, one) == _essence(name, other)


def _essence(name: str, value: Any) -> Any:
    if name == "address":
        parts = {part: _words(str(value.get(part) or "")) for part in ADDRESS if part != "country"}
        parts["zip_code"] = re.sub(r"[^0-9a-z]", "", parts["zip_code"])
        return parts
    if name == "phone":
        digits = re.sub(r"[^0-9]", "", value)
        return digits[2:] if len(digits) in (12, 13) and digits.startswith("55") else digits
    return _words(value)


def _words(text: str) -> str:
    return " ".join(text.casefold().split())


def has_address(address: Mapping[str, Any]) -> bool:
    """Whether it says more than a country."""
    return any(address.get(part) for part in ADDRESS if part != "country")
