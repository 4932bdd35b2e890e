"""The shapes of what parcels are followed by: tracking codes, with the UPU's digit, and the key of a nota.

Sources: UPU standard S10 (13 characters, modulus 11); Nota Técnica Conjunta 2025.001 for keys of notas, which
may hold letters since July 2026.
"""

from __future__ import annotations

import re
import unicodedata

LONGEST_CODE = 60
MOST_CODES = 30
_LONGEST_TEXT = 4000

_S10 = re.compile(r"[A-Z]{2}[0-9]{9}[A-Z]{2}")
_S10_WEIGHTS = (8, 6, 4, 2, 3, 5, 9, 7)
# An address, or a sentence, that holds a code; in groups, as the label of the Correios prints it.
_S10_IN_TEXT = re.compile(r"(?<![A-Z0-9])[A-Z]{2} ?[0-9]{3} ?[0-9]{3} ?[0-9]{3} ?[A-Z]{2}(?![A-Z0-9])")
_NFE_KEY = re.compile(r"[0-9]{6}[0-9A-Z]{12}[0-9]{26}")
_SEPARATORS = re.compile(r"[,;|+\n\r\t]| [eE] ")
_PUNCTUATION = re.compile(r"[.\-]")
_HAS_DIGIT = re.compile(r"[0-9]")
# A shorter piece beside a slash or a space is a part of its neighbour.
_SHORTEST_OF_SEVERAL = 8

# ISO 3166-1 alpha-2, which S10 uses for the post that accepted the item.
_COUNTRIES = """
AD AE AF AG AI AL AM AO AR AT AU AW AZ BA BB BD BE BF BG BH BI BJ BM BN BO BR BS BT BW BY BZ CA CD CF CG
CH CI CL CM CN CO CR CU CV CW CY CZ DE DJ DK DM DO DZ EC EE EG ER ES ET FI FJ FK FM FO FR GA GB GD GE GH
GI GL GM GN GQ GR GT GW GY HK HN HR HT HU ID IE IL IN IQ IR IS IT JM JO JP KE KG KH KI KM KN KP KR KW KY
KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MG MK ML MM MN MO MR MS MT MU MV MW MX MY MZ NA NC NE NG
NI NL NO NP NR NZ OM PA PE PF PG PH PK PL PS PT PY QA RO RS RU RW SA SB SC SD SE SG SH SI SK SL SM SN SO
SR SS ST SV SX SY SZ TC TD TG TH TJ TL TM TN TO TR TT TV TW TZ UA UG US UY UZ VA VC VE VG VN VU WF WS XK
YE ZA ZM ZW
"""


def normalize_code(text: str) -> str:
    """In capitals, without spaces and invisible characters; in S10's shape without hyphens and dots."""
    folded = unicodedata.normalize("NFKC", text).upper()
    visible = "".join(each for each in folded if not each.isspace() and unicodedata.category(each)[0] != "C")
    code = unicodedata.normalize("NFC", visible)
    bare = _PUNCTUATION.sub("", code)
    return bare if _S10.fullmatch(bare) else code


def split_codes(text: str) -> list[str]:
    """The codes in what a person or a shop wrote into one field: normalised, each once, in their order.

    Several may stand there, between commas, slashes, lines or spaces, with words before them. What has no
    digit («aguardando») is no code. Of an address only a code in S10's shape is taken.
    """
    codes: list[str] = []
    for part in _SEPARATORS.split(text[:_LONGEST_TEXT]):
        # Only now: it makes ordinary spaces of others.
        codes += _read_part(" ".join(unicodedata.normalize("NFKC", part).split()).upper())
    return list(dict.fromkeys(code for code in codes if len(code) <= LONGEST_CODE))[:MOST_CODES]


def _read_part(part: str) -> list[str]:
    found = [normalize_code(each) for each in _S10_IN_TEXT.findall(part)]
    if "://" in part:
        return found
    rest = [normalize_code(piece).strip("-.:#") for piece in _divide(_S10_IN_TEXT.sub(" ", part))]
    # Beside a code of that shape a short number is a count of parcels, a date or the nota's.
    return found + [code for code in rest if code and (not found or len(code) >= _SHORTEST_OF_SEVERAL)]


def _divide(text: str) -> list[str]:
    """At slashes, then at spaces, unless a piece would be too short to stand alone. Words are left out."""
    pieces = text.split("/")
    if any(len(piece.strip()) < _SHORTEST_OF_SEVERAL for piece in pieces):
        pieces = [text]
    divided: list[str] = []
    for piece in pieces:
        words = [word for word in piece.split() if _HAS_DIGIT.search(word)]
        if all(len(word) >= _SHORTEST_OF_SEVERAL for word in words):
            divided += words
        else:
            divided.append("".join(words))
    return divided


def is_s10(code: str) -> bool:
    """Whether a normalised code has S10's shape, whatever its digit."""
    return _S10.fullmatch(code) is not None


def has_valid_s10_digit(code: str) -> bool:
    """Whether a normalised code is an S10 identifier of an existing country whose check digit holds."""
    if not is_s10(code) or code[-2:] not in _COUNTRIES.split():
        return False
    rest = sum(int(digit) * weight for digit, weight in zip(code[2:10], _S10_WEIGHTS, strict=True)) % 11
    return int(code[10]) == {0: 5, 1: 0}.get(rest, 11 - rest)


def is_nfe_key(key: str) -> bool:
    """Whether ``key`` is a bare chave de acesso of 44 digits or capital letters whose check digit holds."""
    if not _NFE_KEY.fullmatch(key) or len(set(key)) == 1:
        return False
    total = sum((ord(char) - 48) * (2 + index % 8) for index, char in enumerate(reversed(key[:-1])))
    digit = 11 - total % 11
    return int(key[-1]) == (0 if digit >= 10 else digit)
