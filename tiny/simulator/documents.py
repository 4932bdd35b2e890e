"""Brazilian documents and codes with right check digits.

Sources: Receita Federal (CPF, CNPJ), Nota Técnica Conjunta 2025.001 (alphanumeric CNPJ, NF-e access key),
UPU S10 (postal objects).
"""

from __future__ import annotations

import string
from datetime import date

# IBGE codes, the first two digits of an access key.
UF_CODES = {
    "RO": 11, "AC": 12, "AM": 13, "RR": 14, "PA": 15, "AP": 16, "TO": 17, "MA": 21, "PI": 22, "CE": 23,
    "RN": 24, "PB": 25, "PE": 26, "AL": 27, "SE": 28, "BA": 29, "MG": 31, "ES": 32, "RJ": 33, "SP": 35,
    "PR": 41, "SC": 42, "RS": 43, "MS": 50, "MT": 51, "GO": 52, "DF": 53,
}  # fmt: skip

# Letters that the technical note advises against, because they are mistaken for digits.
CNPJ_LETTERS = "".join(sorted(set(string.ascii_uppercase) - set("IOUQF")))


def make_check_digit(text: str, highest: int) -> int:
    """Modulo 11 digit, weights 2..highest from the right; letters count as ASCII minus 48."""
    total = sum((ord(char) - 48) * (2 + place % (highest - 1)) for place, char in enumerate(reversed(text)))
    rest = total % 11
    return 0 if rest < 2 else 11 - rest


def complete_cpf(nine: str) -> str:
    """Nine digits to a whole CPF of eleven."""
    ten = nine + str(make_check_digit(nine, 12))
    return ten + str(make_check_digit(ten, 12))


def complete_cnpj(twelve: str) -> str:
    """Twelve characters (letters allowed since July 2026) to a whole CNPJ of fourteen."""
    thirteen = twelve + str(make_check_digit(twelve, 9))
    return thirteen + str(make_check_digit(thirteen, 9))


def mask_cpf(cpf: str) -> str:
    return f"{cpf[:3]}.{cpf[3:6]}.{cpf[6:9]}-{cpf[9:]}"


def mask_cnpj(cnpj: str) -> str:
    return f"{cnpj[:2]}.{cnpj[2:5]}.{cnpj[5:8]}/{cnpj[8:12]}-{cnpj[12:]}"


def normalize_document(text: str) -> str:
    """Keep letters and digits, upper case."""
    return "".join(char for char in text.upper() if char.isascii() and char.isalnum())


def complete_s10(prefix: str, eight: str, country: str = "BR") -> str:
    """Postal code of the UPU S10 standard: two letters, eight digits, check digit, country."""
    weights = (8, 6, 4, 2, 3, 5, 9, 7)
    rest = sum(int(digit) * weight for digit, weight in zip(eight, weights, strict=True)) % 11
    digit = {0: 5, 1: 0}.get(rest, 11 - rest)
    return f"{prefix}{eight}{digit}{country}"


def make_access_key(uf: str, issued_on: date, cnpj: str, serie: int, numero: int, code: int) -> str:
    """The 44 characters of an NF-e: cUF AAMM CNPJ 55 série número tpEmis cNF DV."""
    key = f"{UF_CODES[uf]:02d}{issued_on:%y%m}{cnpj}55{serie:03d}{numero:09d}1{code:08d}"
    return key + str(make_check_digit(key, 9))
