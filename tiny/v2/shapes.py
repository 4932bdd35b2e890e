"""The envelope of API v2 and the ways in which its lists and refusals vary. Pure functions.

Each variety handled here stands in Tiny's samples or was met on a real account: a list of one as an object,
rows inside a wrapper with the row's name, codes as texts, refusals only inside the records.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tiny.values import read_many, read_number, read_object, read_text


def read_retorno(payload: Any) -> Mapping[str, Any]:
    """``retorno`` of an answer. Raises ``ValueError`` if there is none: then it is no answer of the API."""
    retorno = payload.get("retorno") if isinstance(payload, dict) else None
    if isinstance(retorno, list):
        retorno = next((part for part in retorno if isinstance(part, dict)), None)
    if not isinstance(retorno, dict) or not read_text(retorno.get("status")):
        raise ValueError("no retorno")
    return retorno


def is_refused(retorno: Mapping[str, Any]) -> bool:
    """Whether nothing came of the call. ``status`` decides, for a code stands beside an OK too.

    Of a batch, here always of one, only the record tells: the whole may be called «Parcial».
    """
    status = _status(retorno)
    return status not in ("ok", "parcial") or any(map(_is_refused_record, _records(retorno)))


def read_rows(value: Any, wrapper: str) -> Sequence[Any]:
    """The rows of a list, each without its wrapper: ``[{wrapper: row}]``, ``{wrapper: row}`` or bare rows.

    ``null`` and ``""`` are no rows.
    """
    return [_unwrap(row, wrapper) for row in read_many(value)]


def is_list(value: Any) -> bool:
    """Whether ``read_rows`` can read it; what is no list is not to be taken for an empty one."""
    return isinstance(value, list | dict) or value is None or value == ""


def read_refusals(retorno: Mapping[str, Any]) -> tuple[int | None, str]:
    """``codigo_erro`` and the texts of a refusal, which may stand in the first refused record only."""
    places = [retorno, *_records(retorno)]
    codes = [code for place in places if (code := read_number(place.get("codigo_erro"))) is not None]
    texts = [text for place in places for text in _texts(place.get("erros"))]
    return (codes[0] if codes else None), "; ".join(dict.fromkeys(texts))


def _records(retorno: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    return [read_object(row) for row in read_rows(retorno.get("registros"), "registro")]


def _is_refused_record(record: Mapping[str, Any]) -> bool:
    """Its status may be a sentence that says how well it went."""
    return _status(record) == "erro" or bool(_texts(record.get("erros")))


def _status(data: Mapping[str, Any]) -> str:
    return read_text(data.get("status")).casefold()


def _texts(value: Any) -> Sequence[str]:
    rows = [value] if isinstance(value, str) else read_rows(value, "erro")
    fields = [(row.get("campo"), row.get("erro")) if isinstance(row, dict) else (row,) for row in rows]
    texts = [": ".join(filter(None, map(read_text, field))) for field in fields]
    return [text for text in texts if text]


def _unwrap(row: Any, wrapper: str) -> Any:
    inner = row.get(wrapper) if isinstance(row, dict) else None
    return inner if isinstance(inner, dict) else row
