"""The control API under ``/_control/``: what tests and the demo do to the simulated carriers."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping
from typing import Any

from .faults import KINDS
from .stories import STORIES, WORDS
from .web import Answer, BadRequest, Request, json_answer
from .world import SAO_PAULO, Contract, Fault, Happening, Parcel, World, now

PREFIX = "/_control/"
CARRIERS = tuple(WORDS)


def answer(world: World, request: Request) -> Answer:
    """See ``docs/SIMULATOR.md`` for what each address takes."""
    name = request.path.removeprefix(PREFIX)
    match request.method, *name.strip("/").split("/"):
        case "GET", "health":
            return json_answer({"ok": True})
        case "POST", "reset":
            world.reset()
            return json_answer({})
        case "POST", "life":
            world.step_seconds = float(request.json().get("step_seconds", 0))
            return json_answer({"step_seconds": world.step_seconds})
        case "GET", "contract":
            return json_answer(dataclasses.asdict(world.contracts[0]))
        case "POST", "contracts":
            contract = _made(Contract, request.json())
            world.contracts.append(contract)
            return json_answer(dataclasses.asdict(contract), 201)
        case "POST", "tokens", "revoke":
            world.tokens.clear()
            return json_answer({})
        case "POST", "parcels":
            return json_answer(_describe(_add_parcel(world, request.json())), 201)
        case "GET", "parcels", carrier, key:
            return json_answer(_describe(_known(world, carrier, key)))
        case "POST", "parcels", carrier, key, "advance":
            return json_answer(_describe(_advance(world, _known(world, carrier, key), request.json())))
        case "POST", "parcels", carrier, key, "events":
            parcel = _known(world, carrier, key)
            parcel.happenings.append(_read_happening(parcel, request.json()))
            return json_answer(_describe(parcel), 201)
        case "POST", "faults":
            fault = _made(Fault, request.json())
            if fault.kind not in KINDS or fault.carrier not in ("", *CARRIERS):
                raise BadRequest(f"kind must be one of {', '.join(sorted(KINDS))}")
            world.faults.append(fault)
            return json_answer(dataclasses.asdict(fault), 201)
        case "POST", "faults", "clear":
            world.faults.clear()
            return json_answer({})
        case "GET", "calls":
            return json_answer({"counts": world.count_calls(), "calls": world.calls})
        case "POST", "calls", "clear":
            world.calls.clear()
            return json_answer({})
    return json_answer({"erro": f"no such address: {request.method} {name}"}, 404)


def _made(kind: Any, fields: Mapping[str, Any]) -> Any:
    try:
        return kind(**fields)
    except TypeError as error:
        raise BadRequest(str(error)) from error


def _add_parcel(world: World, fields: dict[str, Any]) -> Parcel:
    carrier, key = fields.pop("carrier", ""), fields.pop("key", "")
    story, events, steps = fields.pop("story", "delivered"), fields.pop("events", ()), fields.pop("steps", 0)
    if carrier not in CARRIERS or not key or story not in ("", *STORIES):
        raise BadRequest("carrier, key or story is wrong")
    try:
        parcel = world.add_parcel(carrier, key, story=story, **fields)
    except TypeError as error:
        raise BadRequest(str(error)) from error
    parcel.happenings += [_read_happening(parcel, event) for event in events]
    return _advance(world, parcel, {"steps": steps})


def _known(world: World, carrier: str, key: str) -> Parcel:
    parcel = world.parcels.get((carrier, key))
    if parcel is None:
        raise BadRequest("no such parcel")
    return parcel


def _advance(world: World, parcel: Parcel, fields: Mapping[str, Any]) -> Parcel:
    """So many ``steps`` (1): the first ``at`` and each an hour after the one before, or the last one now."""
    steps = min(int(fields.get("steps", 1)), len(parcel.plan))
    if fields.get("at"):
        first, pace = _read_moment(fields["at"]), dt.timedelta(hours=1)
    else:
        pace = dt.timedelta(seconds=1)
        first = now() - pace * (steps - 1)
    for place in range(steps):
        # Two steps never share a moment, so that their order shows.
        last = max((each.at + dt.timedelta(seconds=1) for each in parcel.happenings), default=first)
        world.advance(parcel, max(first + place * pace, last))
    return parcel


def _read_happening(parcel: Parcel, fields: Mapping[str, Any]) -> Happening:
    """``step`` of the stories, or ``code`` and ``text``."""
    code, text = WORDS[parcel.carrier].get(fields.get("step", ""), ("", ""))
    at = fields.get("at")
    return Happening(
        fields.get("code", code),
        fields.get("text", text),
        _read_moment(at) if at else now(),
        fields.get("place", "CURITIBA/PR"),
        fields.get("to", ""),
        fields.get("detail", ""),
    )


def _read_moment(text: str) -> dt.datetime:
    """ISO 8601; without a zone it is São Paulo's."""
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError as error:
        raise BadRequest(str(error)) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=SAO_PAULO)


def _describe(parcel: Parcel) -> dict[str, Any]:
    return {
        "carrier": parcel.carrier,
        "key": parcel.key,
        "plan": parcel.plan,
        "events": [{**dataclasses.asdict(each), "at": each.at.isoformat()} for each in parcel.happenings],
    }
