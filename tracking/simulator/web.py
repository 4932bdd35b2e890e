"""The little that the standard library's server lacks: a request, an answer, and ways to spoil one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


class BadRequest(Exception):
    """The caller sent what cannot be used; the text says what."""


@dataclass
class Request:
    """``path`` is without the carrier's prefix."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> dict[str, Any]:
        try:
            value = json.loads(self.body or b"{}")
        except ValueError as error:
            raise BadRequest("body is not JSON") from error
        if not isinstance(value, dict):
            raise BadRequest("body must be a JSON object")
        return value


@dataclass
class Answer:
    """``is_cut`` announces the whole body and sends half of it."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    is_cut: bool = False


def json_answer(value: Any, status: int = 200) -> Answer:
    body = json.dumps(value, ensure_ascii=False).encode()
    return Answer(status, body, {"Content-Type": "application/json"})
