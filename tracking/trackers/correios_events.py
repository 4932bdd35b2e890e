"""Reads an event of the SRO: what its ``codigo`` and ``tipo`` mean stands in ``data/correios_events.json``.

Correios add codes without a word, so one that the table lacks is a sign of life and keeps its own text.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from contracts.tracking import ParcelState, TrackedEvent
from tracking.trackers.answers import read_moment, read_object, read_text

TABLE = Path(__file__).parents[1] / "data" / "correios_events.json"


class Meaning(NamedTuple):
    state: ParcelState
    substate: str
    text: str


UNKNOWN = Meaning(ParcelState.IN_TRANSIT, "", "")


@cache
def load_meanings() -> Mapping[tuple[str, str], Meaning]:
    """By codigo and tipo."""
    table = json.loads(TABLE.read_text(encoding="utf-8"))
    return {
        (code, kind): Meaning(ParcelState(state), substate, text)
        for group in table["groups"]
        for code in group["codes"]
        for kind, (state, substate, text) in group["types"].items()
    }


def read_event(value: Any) -> TrackedEvent | None:
    """``None`` for what has no readable moment: it has no place among the others."""
    row = read_object(value)
    moment = read_row_moment(row.get("dtHrCriado"))
    if moment is None:
        return None
    code, kind = read_text(row.get("codigo")).upper(), read_text(row.get("tipo")).zfill(2)
    meaning = load_meanings().get((code, kind), UNKNOWN)
    name = f"{code} {kind}".strip()
    return TrackedEvent(
        occurred_at=moment,
        state=meaning.state,
        substate=meaning.substate,
        text=read_text(row.get("descricao")) or meaning.text or f"Evento {name}",
        detail=_read_detail(row, meaning.state),
        place=_read_place(row.get("unidade")),
        code=name,
        is_retraction=code == "EST",
        raw=_keep(row, meaning.state),
    )


def read_row_moment(value: Any) -> Any:
    """A text, or the object with a ``date`` that PHP makes of a moment."""
    return read_moment(read_object(value).get("date") or value)


def _read_detail(row: Mapping[str, Any], state: ParcelState) -> str:
    if state == ParcelState.DELIVERED:
        # It may name who opened the door.
        return ""
    destination = _read_place(row.get("unidadeDestino"))
    return read_text(row.get("detalhe")) or (destination and f"para {destination}")


def _read_place(value: Any) -> str:
    """``Cidade/UF``; the unit's name where it has no address, which is how other countries come."""
    unit = read_object(value)
    address = read_object(unit.get("endereco"))
    parts = filter(None, (read_text(address.get("cidade")), read_text(address.get("uf"))))
    return "/".join(parts) or read_text(unit.get("nome"))


def _keep(row: Mapping[str, Any], state: ParcelState) -> Mapping[str, str]:
    """What tells one event from another; nothing of persons, and a delivery's detail may be of one."""
    names = ["codigo", "tipo", "dtHrCriado", "descricao"]
    if state != ParcelState.DELIVERED:
        names.append("detalhe")
    kept = {name: read_text(row.get(name)) for name in names}
    for name in ("unidade", "unidadeDestino"):
        kept[name] = _read_place(row.get(name))
    return {name: text for name, text in kept.items() if text}
