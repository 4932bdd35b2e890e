"""What of a buyer is written by Tiny's API v2, as a contact or inside an order; pure functions.

Sizes are those of Tiny's pages. Only a name is cut off, and only where something else says who it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from contracts.errors import RejectedByErp
from contracts.records import CustomerDraft, ErpAddress
from tiny.values import read_many, read_text

LONGEST_NAME = 50
LONGEST_CODE = 30

_KINDS: Mapping[str, str] = {"PF": "F", "PJ": "J"}
# Tiny shows these with punctuation of its own.
_PUNCTUATED = frozenset({"cpf_cnpj", "cep", "fone"})
# What Tiny alone decides.
_TOLD_ONLY = frozenset({"id", "data_criacao", "data_atualizacao"})
# Answers say 0 for «none» where a request has the field only with a value.
_NEVER_ZERO = frozenset({"crt", "estado_civil", "id_lista_preco", "id_vendedor"})
_LISTS = frozenset({"tipos_contato", "pessoas_contato"})


def to_person(draft: CustomerDraft) -> dict[str, Any]:
    """``draft`` in the words of a contato and of a pedido's cliente, without what it leaves open."""
    person = {
        "codigo": keep_whole(draft.code, LONGEST_CODE, "Código do cliente"),
        "nome": _fit_name(draft),
        "tipo_pessoa": _KINDS.get(draft.kind, ""),
        "cpf_cnpj": draft.document,
        **to_address(draft.address),
        "pais": draft.address.country,
        "fone": draft.phone,
        "email": draft.email,
    }
    return without_empty(person)


def to_address(address: ErpAddress) -> dict[str, str]:
    """Without the country, which a delivery address does not have. Parcels go there: nothing is cut off."""
    return {
        "endereco": address.street,
        "numero": address.number,
        "complemento": address.complement,
        "bairro": address.district,
        "cep": address.zip_code,
        "cidade": address.city,
        "uf": address.state,
    }


def to_new_contact(draft: CustomerDraft) -> dict[str, Any]:
    return {**to_person(draft), "situacao": "A"}


def find_changes(contact: Mapping[str, Any], draft: CustomerDraft) -> dict[str, Any]:
    """What of ``draft`` is not so in ``contato`` of ``contato.obter`` yet, in the words of a request."""
    wanted = to_person(draft)
    address = to_address(draft.address)
    if any(address.values()):
        # Whole, because parts of two addresses make no third.
        wanted |= address
    return {
        name: value
        for name, value in wanted.items()
        if _comparable(name, read_text(contact.get(name))) != _comparable(name, value)
    }


def merge(contact: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """``contato`` of ``contato.obter`` as a request, with ``changes`` of ``find_changes`` laid over it."""
    merged: dict[str, Any] = {"situacao": "A"}
    for told, value in contact.items():
        name = re.sub(r"(?<=[a-z])([A-Z])", r"_\1", told).lower()
        if name in _TOLD_ONLY or (name in _NEVER_ZERO and read_text(value) == "0"):
            continue
        if name in _LISTS:
            merged[name] = list(read_many(value))
        else:
            merged[name] = value.strip() if isinstance(value, str) else value
    return {**without_empty(merged), **changes}


def without_empty(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value not in ("", None, [], {})}


def keep_whole(text: str, longest: int, field: str) -> str:
    """What is found again by it, or read by people, is never cut off: raises ``RejectedByErp``."""
    if len(text) > longest:
        raise RejectedByErp("tiny.write_too_long", {"field": field, "longest": str(longest)})
    return text


def _fit_name(draft: CustomerDraft) -> str:
    """The pages say 30 inside an order and 50 for the contact that Tiny makes of it."""
    if draft.document or draft.code:
        return draft.name[:LONGEST_NAME].rstrip()
    return keep_whole(draft.name, LONGEST_NAME, "Nome do cliente")


def _comparable(name: str, text: str) -> str:
    return re.sub(r"[\W_]", "", text).upper() if name in _PUNCTUATED else text
