"""What came, as a page may show it: a body in lines, without a whole CPF; posts by the hour as columns.

Pure functions. A body is anything that anybody sent: nothing of it is trusted, and the page escapes it.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ui.formats import mask_document
from ui.moments import to_brasilia

# Bytes that are looked at, and characters that a page takes; the file that can be taken along has all.
READ_AT_MOST, SHOWN_AT_MOST = 256 * 1024, 20_000
HOURS = 24
# The drawing's own units: the page stretches it.
HEIGHT, STEP, BREADTH = 100, 10, 7

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{},:]|[^\s"\[\]{},:]+')
# A mobile number without punctuation has as many digits, and is nobody's business either. The digits of
# ``%22``, which is a quotation mark in a form, are none of its.
_CPF = re.compile(r"(?:(?<![0-9%])|(?<=%[0-9A-Fa-f]{2}))[0-9]{3}\.?[0-9]{3}\.?[0-9]{3}-?[0-9]{2}(?![0-9])")
# Written in any other way it is one if its check digits say so.
_GAP = r"(?:%[0-9A-Fa-f]{2}|[^0-9A-Za-z,:;\"{}\[\]]){0,3}"
_ODD_CPF = re.compile(
    rf"(?:(?<![0-9])|(?<=%[0-9A-Fa-f]{{2}}))([0-9]{{3}}){_GAP}([0-9]{{3}}){_GAP}([0-9]{{3}}){_GAP}([0-9]{{2}})(?![0-9])"
)
# A number has lost its first zeros; if it is called a CPF, however many.
_SHORT_CPF = re.compile(r"(?<![0-9.])([0-9]{10})(?![0-9.])")
_CALLED_CPF = re.compile(r"(?i)(cpf[a-z_]*(?:[\s\"':=]|\\\"|%22|%3A|%3D)*)([0-9]{5,10})(?![0-9])")
_CONTROLS = {code: 0x2400 + code for code in range(32) if code not in (9, 10)} | {127: 0x2421}
# What turns a line round, or is not seen at all, is written as JSON would.
_UNSEEN = re.compile("[\x80-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")


@dataclass(frozen=True, slots=True)
class ShownBody:
    """``is_cut``: the rest stands in the file only."""

    text: str
    is_json: bool
    is_cut: bool


def show_body(body: bytes) -> ShownBody:
    """JSON with a line for each value, in its own order and with its own digits; anything else as it came."""
    is_long = len(body) > READ_AT_MOST
    text = body[:READ_AT_MOST].decode("utf-8-sig", "replace").replace("\r\n", "\n")
    is_json = not is_long and _is_json(text)
    # As a whole: the end of what is shown may stand in the middle of a CPF.
    shown = show_text(_mask_numbers(_indent(text) if is_json else text))
    is_cut = is_long or len(shown) > SHOWN_AT_MOST
    return ShownBody(shown[:SHOWN_AT_MOST], is_json, is_cut)


def show_text(text: str) -> str:
    """Anybody's words for a page: no whole CPF (``***.456.789-**``), and nothing that is not seen."""
    text = _CPF.sub(lambda found: mask_document(found[0]), text)
    text = _ODD_CPF.sub(_mask_odd, text).translate(_CONTROLS)
    return _UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _mask_odd(found: re.Match[str]) -> str:
    digits = "".join(found.groups()).zfill(11)
    return mask_document(digits) if _is_cpf(digits) else found[0]


def _mask_numbers(text: str) -> str:
    text = _CALLED_CPF.sub(lambda found: found[1] + mask_document(found[2].zfill(11)), text)
    return _SHORT_CPF.sub(_mask_odd, text)


def _is_cpf(digits: str) -> bool:
    """Whether the two last of eleven digits are those that the others ask for."""
    for length in (9, 10):
        weighed = sum(int(digit) * (length + 1 - place) for place, digit in enumerate(digits[:length]))
        if weighed * 10 % 11 % 10 != int(digits[length]):
            return False
    return True


def _is_json(text: str) -> bool:
    try:
        # Digits stay text: some are more than a number may have.
        value = json.loads(text, parse_int=str, parse_float=str, parse_constant=str)
    except (ValueError, RecursionError):
        return False
    return isinstance(value, dict | list)


def _indent(text: str) -> str:
    """By its pieces, so that a name that stands twice is seen twice. A little more than a page takes."""
    written: list[str] = []
    length, depth = 0, 0
    pieces = _TOKEN.findall(text)
    for position, piece in enumerate(pieces):
        after = pieces[position + 1] if position + 1 < len(pieces) else ""
        if piece in ("}", "]"):
            depth -= 1
        piece = _readable(piece)
        if piece == ":":
            piece = ": "
        elif piece in ("{", "["):
            depth += 1
            piece += "" if after in ("}", "]") else _line(depth)
        elif piece == ",":
            piece += _line(depth)
        elif after in ("}", "]"):
            piece += _line(depth - 1)
        written.append(piece)
        length += len(piece)
        if length > SHOWN_AT_MOST:
            break
    return "".join(written)


def _line(depth: int) -> str:
    return "\n" + "  " * depth


def _readable(piece: str) -> str:
    r"""``"Sa\u00edda"`` as ``"Saída"``; half a character stays written as it was."""
    if not piece.startswith('"'):
        return piece
    plain = json.dumps(json.loads(piece), ensure_ascii=False)
    return plain.encode("utf-8", "backslashreplace").decode()


@dataclass(frozen=True, slots=True)
class Column:
    """The posts of one hour, of which ``failed`` were not taken over. The rest is geometry."""

    at: dt.datetime
    count: int
    failed: int
    x: int
    y: float
    height: float
    failed_height: float


def draw_columns(counts: Mapping[dt.datetime, tuple[int, int]], now: dt.datetime) -> Sequence[Column]:
    """A column for each of the last 24 hours, the present one last; ``counts`` go by the hour's beginning."""
    most = max((count for count, _ in counts.values()), default=0) or 1
    columns = []
    for position, hour in enumerate(_hours(now)):
        count, failed = counts.get(hour, (0, 0))
        # A single one among thousands is still seen.
        height = max(round(HEIGHT * count / most, 1), 2.0) if count else 0.0
        failed_height = max(round(height * failed / count, 1), 2.0) if failed else 0.0
        columns.append(
            Column(hour, count, failed, position * STEP, round(HEIGHT - height, 1), height, failed_height)
        )
    return columns


def _hours(now: dt.datetime) -> Iterator[dt.datetime]:
    present = to_brasilia(now).replace(minute=0, second=0, microsecond=0)
    for back in range(HOURS - 1, -1, -1):
        yield present - dt.timedelta(hours=back)
