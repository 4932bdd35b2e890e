"""Faults laid by a test for the next calls of a route, and what they do to one call."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from typing import Any

from . import store
from .store import Cursor
from .web import BadRequest, Response, json_response

SHIFTS = ("insert_before", "delete_before", "duplicate_row")


@dataclass
class Struck:
    """The faults that hit one call, put together."""

    answer: Response | None = None
    delay_ms: int = 0
    drops_answer: bool = False
    shifts: list[tuple[int, str]] = field(default_factory=list)

    def wait(self) -> None:
        if self.delay_ms:
            time.sleep(self.delay_ms / 1000)


def claim(cursor: Cursor, account_id: int | None, route: str) -> Struck:
    """Count the call and gather what strikes it; ``shifts`` holds (fault id, kind)."""
    struck = Struck()
    for fault in store.claim_faults(cursor, account_id, normalize_route(route)):
        action = fault["action"]
        struck.delay_ms += action.get("delay_ms", 0)
        struck.drops_answer = struck.drops_answer or bool(action.get("drop_after"))
        if action.get("shift"):
            struck.shifts.append((fault["id"], action["shift"]))
        if action.get("status"):
            struck.answer = _make_answer(action)
    return struck


def normalize_route(route: str) -> str:
    """``GET /pedidos/{anything}`` to ``GET /pedidos/{id}``; the method defaults to GET."""
    if " " not in route:
        route = f"GET {route}"
    return re.sub(r"\{[^}]*\}", "{id}", route)


def read_action(body: dict[str, Any]) -> dict[str, Any]:
    """Check a fault as the control API receives it. Raises BadRequest."""
    action = {
        name: body[name]
        for name in ("status", "body", "headers", "delay_ms", "drop_after", "shift")
        if body.get(name) is not None
    }
    if not {"status", "delay_ms", "drop_after", "shift"} & action.keys():
        raise BadRequest("a fault needs status, delay_ms, drop_after or shift")
    if action.get("shift") not in (None, *SHIFTS):
        raise BadRequest(f"shift must be one of {', '.join(SHIFTS)}")
    return action


def _make_answer(action: dict[str, Any]) -> Response:
    body = action.get("body", "")
    headers = {str(name): str(value) for name, value in action.get("headers", {}).items()}
    if isinstance(body, str):
        return Response(int(action["status"]), body.encode(), headers)
    return json_response(body, int(action["status"]), headers)
