"""CPF, CNPJ and the access key of a nota fiscal, as Brazilian law writes them.

CNPJs may hold letters since July 2026 (IN RFB 2.229/2024), and therefore access keys too (Nota Técnica
Conjunta 2025.001: ``[0-9]{6}[A-Z0-9]{12}[0-9]{26}``). Nothing here may keep digits only.
"""

from __future__ import annotations

import re
from functools import lru_cache

from stdnum.br import cnpj, cpf

_CPF_SHAPE = re.compile(r"[0-9]{11}")
_CNPJ_SHAPE = re.compile(r"[0-9A-Z]{12}[0-9]{2}")
_ACCESS_KEY_SHAPE = re.compile(r"[0-9]{6}[0-9A-Z]{12}[0-9]{26}")
_SEPARATORS = re.compile(r"[\s./\-]")


def is_valid_cpf(text: str) -> bool:
    """Whether ``text`` is a bare CPF: 11 digits, not all equal, check digits that hold."""
    # python-stdnum lets 111.111.111-11 and digits of other scripts pass.
    return bool(_CPF_SHAPE.fullmatch(text)) and len(set(text)) > 1 and cpf.is_valid(text)


# Thousands of notifications a second name the same few accounts.
@lru_cache(maxsize=1000)
def is_valid_cnpj(text: str) -> bool:
    """Whether ``text`` is a bare CNPJ of 14 digits or capital letters with check digits that hold."""
    return bool(_CNPJ_SHAPE.fullmatch(text)) and len(set(text)) > 1 and cnpj.is_valid(text)


def normalise_document(text: str) -> str:
    """The CPF or CNPJ in ``text`` without punctuation and in capitals, or ``""`` if it is not a valid one."""
    bare = _SEPARATORS.sub("", text).upper()
    return bare if is_valid_cpf(bare) or is_valid_cnpj(bare) else ""


def document_of_number(number: int) -> str:
    """The CPF or CNPJ that a JSON number stands for (its leading zeros were lost); ``""`` if in doubt."""
    candidates = {str(number).zfill(width) for width in (11, 14)} if number > 0 else set()
    documents = [text for text in candidates if is_valid_cpf(text) or is_valid_cnpj(text)]
    return documents[0] if len(documents) == 1 else ""


def normalise_access_key(text: str) -> str:
    """The 44 characters of an access key without spaces and in capitals, or ``""`` if it does not hold."""
    key = _SEPARATORS.sub("", text).upper()
    if not _ACCESS_KEY_SHAPE.fullmatch(key) or len(set(key)) == 1:
        return ""
    return key if _access_key_digit(key[:-1]) == key[-1] else ""


def _access_key_digit(body: str) -> str:
    """Modulus 11 with weights 2 to 9 from the right; a character counts as its ASCII code less 48."""
    total = sum((ord(char) - 48) * (2 + index % 8) for index, char in enumerate(reversed(body)))
    digit = 11 - total % 11
    return "0" if digit >= 10 else str(digit)
