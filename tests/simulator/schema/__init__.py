"""What Tiny's OpenAPI v3.1 says of the answers that we use, in a form of our own, and a check against it.

``answers.json``: ``"name"`` or ``"name?"`` (may be null) → a type, ``"string in a,b"``, ``"@shape"``, object
or a list of one. ``/depositos``, ``/pedidos/{id}/itens`` and the deletion of a product came later than that
document: they are as told by others.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

_DOCUMENT = json.loads((Path(__file__).parent / "answers.json").read_text())
ROUTES: dict[str, dict[str, Any]] = _DOCUMENT["answers"]
_SHAPES: dict[str, Any] = _DOCUMENT["shapes"]
_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "object": (dict,),
    "any": (object,),
}


def find_deviations(route: str, value: Any) -> set[str]:
    """``"field.field: what is wrong"`` for everything in the body that the document does not say."""
    return set(_compare(ROUTES[route]["answer"], value, ""))


def _compare(expected: Any, value: Any, place: str) -> list[str]:
    if isinstance(expected, str) and expected.startswith("@"):
        return _compare(_SHAPES[expected[1:]], value, place)
    if isinstance(expected, list):
        if not isinstance(value, list):
            return [f"{place}: {_name(value)} for a list"]
        return [found for row in value for found in _compare(expected[0], row, f"{place}[]")]
    if isinstance(expected, dict):
        return _compare_object(expected, value, place)
    kind, _, allowed = expected.partition(" in ")
    is_misread = isinstance(value, bool) and kind in ("integer", "number")
    if is_misread or not isinstance(value, _TYPES[kind]):
        return [f"{place}: {_name(value)} for {kind}"]
    if allowed and str(value) not in allowed.split(","):
        return [f"{place}: {value!r} is not in the enumeration"]
    return []


def _compare_object(expected: dict[str, Any], value: Any, place: str) -> list[str]:
    if not isinstance(value, dict):
        return [f"{place}: {_name(value)} for an object"]
    found = []
    known = {name.rstrip("?"): name for name in expected}
    for name in value.keys() - known.keys():
        found.append(f"{_join(place, name)}: not in the document")
    for name, declared in known.items():
        where = _join(place, name)
        if name not in value:
            found.append(f"{where}: missing")
        elif value[name] is None:
            if not declared.endswith("?"):
                found.append(f"{where}: null")
        else:
            found += _compare(expected[declared], value[name], where)
    return found


def _join(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name


def _name(value: Any) -> str:
    return "null" if value is None else type(value).__name__
