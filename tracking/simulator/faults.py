"""What can go wrong with an answer. What is told of a parcel is the carriers' own affair."""

from __future__ import annotations

import time
from collections.abc import Sequence

from .web import Answer, json_answer
from .world import Fault

# Taken note of where a carrier's rows are made.
TOLD = frozenset(
    {
        "unknown_object",
        "no_events",
        "new_code",
        "twice",
        "oldest_first",
        "newest_first",
        "zoned_dates",
        "brazilian_dates",
    }
)
# Instead of an answer: nothing is done, and no token is given.
_INSTEAD = {
    "unauthorized": (401, b'{"msgs": ["GTW-007: Token inv\xc3\xa1lido"]}'),
    "forbidden": (403, b'{"msgs": ["GTW-012: Acesso negado"]}'),
    "too_many": (429, b'{"msgs": ["Muitas requisi\xc3\xa7\xc3\xb5es"]}'),
    "server_error": (500, b'{"msgs": ["Erro interno"]}'),
    "html": (200, b"<!DOCTYPE html><html><body>Em manuten\xc3\xa7\xc3\xa3o</body></html>"),
    "garbage": (200, b'{"objetos": [{"codObjeto": "AD7'),
    "empty_body": (200, b""),
    "unknown_shape": (200, b'{"dados": [1, 2, 3]}'),
}
_SPOILING = frozenset({"slow", "half_body"})
KINDS = TOLD | _SPOILING | set(_INSTEAD)


def answer_instead(faults: Sequence[Fault]) -> Answer | None:
    """Of the first fault that takes the answer's place. ``value`` of «too_many» are the seconds to wait."""
    for fault in faults:
        if fault.kind in _INSTEAD:
            status, body = _INSTEAD[fault.kind]
            made = json_answer(None, status)
            made.body = body
            if fault.kind == "too_many" and fault.value:
                made.headers["Retry-After"] = f"{fault.value:.0f}"
            return made
    return None


def spoil(answer: Answer, faults: Sequence[Fault]) -> Answer:
    """``value`` of «slow» are seconds before the answer."""
    for fault in faults:
        if fault.kind == "slow":
            time.sleep(fault.value)
        elif fault.kind == "half_body":
            answer.is_cut = True
    return answer
