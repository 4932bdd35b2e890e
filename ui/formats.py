"""How Brazilian values are written on a page: pure functions of text, the filters of every template.

Every function takes what the ERP sent, with or without punctuation, and gives back a text that it could
not read as it came, trimmed. The ``mask_*`` functions never do: what they cannot read, they hide whole.
"""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal

NO_BREAK_SPACE = "\u00a0"
HIDDEN = "••••••"

_CPF = re.compile(r"[0-9]{11}")
# Letters since July 2026 (IN RFB 2.229/2024); the two check digits stay digits.
_CNPJ = re.compile(r"[0-9A-Z]{12}[0-9]{2}")


def format_brl(amount: Decimal | int) -> str:
    """Two places, halves away from zero: ``R$ 1.284,90``, ``-R$ 37,00``. The space does not break."""
    if isinstance(amount, float):
        raise TypeError("Money is Decimal, never float.")
    cents = Decimal(amount).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)
    number = f"{abs(cents):,.2f}".translate(str.maketrans(",.", ".,"))
    return f"{'-' if cents < 0 else ''}R${NO_BREAK_SPACE}{number}"


def format_quantity(amount: Decimal | int) -> str:
    """Without places that say nothing: ``1.284``, ``0,25``, ``-3``."""
    text = f"{Decimal(amount).normalize():,f}"
    return text.translate(str.maketrans(",.", ".,"))


def _bare(text: str) -> str:
    return re.sub(r"[.\-/\s]", "", text).upper()


def _digits(text: str) -> str:
    return re.sub(r"[^0-9]", "", text)


def format_document(text: str) -> str:
    """A CPF or a CNPJ with its punctuation. Check digits are not looked at."""
    bare = _bare(text)
    if _CPF.fullmatch(bare):
        return f"{bare[:3]}.{bare[3:6]}.{bare[6:9]}-{bare[9:]}"
    if _CNPJ.fullmatch(bare):
        return f"{bare[:2]}.{bare[2:5]}.{bare[5:8]}/{bare[8:12]}-{bare[12:]}"
    return text.strip()


def mask_document(text: str, *, hide_cnpj: bool = False) -> str:
    """``***.456.789-**``. A CNPJ is public and stays whole unless ``hide_cnpj``."""
    bare = _bare(text)
    if _CPF.fullmatch(bare):
        return f"***.{bare[3:6]}.{bare[6:9]}-**"
    if _CNPJ.fullmatch(bare):
        return f"**.{bare[2:5]}.{bare[5:8]}/****-**" if hide_cnpj else format_document(bare)
    return HIDDEN if bare else ""


def mask_email(text: str) -> str:
    """The first character and the domain: ``b•••••@email.com.br``."""
    local, at, domain = text.strip().rpartition("@")
    if local and domain:
        return f"{local[0]}•••••{at}{domain}"
    return HIDDEN if text.strip() else ""


def _national_phone(text: str) -> str:
    digits = _digits(text)
    return digits[2:] if len(digits) in (12, 13) and digits.startswith("55") else digits


def format_phone(text: str) -> str:
    """``(41) 99876-4410``, ``(41) 3322-1100``; +55 is left out."""
    digits = _national_phone(text)
    if len(digits) in (10, 11) and digits[0] != "0":
        return f"({digits[:2]}) {digits[2:-4]}-{digits[-4:]}"
    return text.strip()


def mask_phone(text: str) -> str:
    """Area code, first digit and the last four: ``(41) 9••••-4410``."""
    digits = _national_phone(text)
    if len(digits) in (10, 11) and digits[0] != "0":
        return f"({digits[:2]}) {digits[2]}{'•' * (len(digits) - 7)}-{digits[-4:]}"
    return HIDDEN if text.strip() else ""


def format_zip_code(text: str) -> str:
    """CEP: ``80420-000``."""
    digits = _digits(text)
    return f"{digits[:5]}-{digits[5:]}" if len(digits) == 8 else text.strip()


def format_nfe_key(text: str) -> str:
    """The 44 characters of a chave de acesso in 11 groups of 4 (positions 7 to 20 may hold letters)."""
    bare = re.sub(r"\s", "", text)
    return " ".join(bare[i : i + 4] for i in range(0, len(bare), 4)) if len(bare) == 44 else text.strip()
