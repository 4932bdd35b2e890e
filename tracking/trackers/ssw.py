"""SSW, the system of hundreds of road carriers: asked by the key of the nota, without credentials.

Source: «API de rastreamento por DANFE» of SSW and its table of occurrences (option 405). The answer names
sender, recipient and who signed: none of it is kept. Not documented: how often one may ask.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from contracts.errors import MappingError
from contracts.provider import CredentialField
from contracts.records import CheckStep, Explanation
from contracts.tracking import ParcelState, TrackedEvent, TrackedParcel, TrackerContext
from tracking.trackers.answers import (
    ask,
    parse,
    read_moment,
    read_object,
    read_text,
    redact,
)
from tracking.trackers.checking import make_checks, run_checks
from tracking.trackers.explanations import explain

KEY = "ssw"
PATH = "/api/trackingdanfe"
NO_KEY = "0" * 44

# Occurrences by number; the carriers share the table, so what is doubtful ends nothing.
MEANINGS: Mapping[str, tuple[ParcelState, str]] = {
    "01": (ParcelState.DELIVERED, ""),
    "02": (ParcelState.EXCEPTION, "scheduling"),
    "03": (ParcelState.RETURNED, ""),
    "19": (ParcelState.DELIVERED, ""),
    "20": (ParcelState.EXCEPTION, ""),
    "23": (ParcelState.EXCEPTION, "damaged"),
    "31": (ParcelState.DELIVERY_FAILED, ""),
    "32": (ParcelState.DELIVERY_FAILED, ""),
    "33": (ParcelState.DELIVERY_FAILED, ""),
    "38": (ParcelState.DELIVERY_FAILED, "refused"),
    "50": (ParcelState.LOST, ""),
    "53": (ParcelState.EXCEPTION, "damaged"),
    "54": (ParcelState.EXCEPTION, "damaged"),
    "55": (ParcelState.LOST, "stolen"),
    "61": (ParcelState.EXCEPTION, "seized"),
    # The carrier writes its document when it has the goods.
    "80": (ParcelState.POSTED, ""),
    "83": (ParcelState.IN_TRANSIT, ""),
    "84": (ParcelState.IN_TRANSIT, ""),
    "85": (ParcelState.OUT_FOR_DELIVERY, ""),
    "88": (ParcelState.EXCEPTION, ""),
    "95": (ParcelState.OUT_FOR_DELIVERY, ""),
}
UNKNOWN = (ParcelState.IN_TRANSIT, "")
_NUMBER_AT_END = re.compile(r"\s*\(0*(\d{1,3})\)\s*$")


class SswTracker:
    key = KEY
    name = "SSW"
    carrier_keys: Sequence[str] = ("ssw_network",)
    asks_by: Literal["code", "nfe_key"] = "nfe_key"
    batch_size = 1
    calls_per_minute = 30
    credential_fields: Sequence[CredentialField] = ()
    checks: Sequence[tuple[str, str]] = make_checks("Rastreamento")

    def explain(self, code: str, params: Mapping[str, str]) -> Explanation | None:
        return explain(self.key, self.name, code, params)

    def check(self, context: TrackerContext) -> Iterator[CheckStep]:
        (tracking,) = self.checks
        return run_checks(self, ((tracking, "O SSW respondeu.", lambda: self.track(context, [NO_KEY])),))

    def track(self, context: TrackerContext, keys: Sequence[str]) -> list[TrackedParcel]:
        """One call for each key."""
        return [self._track(context, key) for key in keys]

    def _track(self, context: TrackerContext, key: str) -> TrackedParcel:
        response = ask(context, self.key, "POST", PATH, json_body={"chave_nfe": key})
        if response.status not in (200, 400, 404):
            raise MappingError("ssw.unexpected_answer", {"status": str(response.status)})
        answer = read_object(parse(response, self.key))
        document = read_object(answer.get("documento"))
        told = document.get("tracking")
        # The sentence may repeat the key.
        note = redact(read_text(answer.get("message")))
        if isinstance(told, list):
            events = map(read_event, told)
            return TrackedParcel(key, tuple(event for event in events if event is not None))
        if note and answer.get("success") is not True:
            return TrackedParcel(key, note=note)
        raise MappingError("ssw.unexpected_answer", {"status": str(response.status)})


def read_event(value: Any) -> TrackedEvent | None:
    """``None`` for what has no readable moment."""
    row = read_object(value)
    moment = read_moment(row.get("data_hora"))
    if moment is None:
        return None
    occurrence = read_text(row.get("ocorrencia"))
    number = read_text(row.get("codigo_ssw"))
    if not number.isdecimal():
        named = _NUMBER_AT_END.search(occurrence)
        number = named[1] if named else ""
    number = number.zfill(2) if number else ""
    state, substate = MEANINGS.get(number, UNKNOWN)
    text = _NUMBER_AT_END.sub("", occurrence) or (f"Ocorrência {number}" if number else "Ocorrência")
    # «/» stands between blanks here.
    place = re.sub(r"\s*/\s*", "/", read_text(row.get("cidade")))
    # Who signed stands in the sentence of a delivery, with his document.
    detail = "" if state == ParcelState.DELIVERED else redact(read_text(row.get("descricao")))
    branch = read_text(row.get("filial"))
    kept = {"codigo_ssw": number, "ocorrencia": occurrence, "cidade": place, "filial": branch}
    kept |= {"data_hora": read_text(row.get("data_hora")), "tipo": read_text(row.get("tipo"))}
    return TrackedEvent(
        occurred_at=moment,
        state=state,
        substate=substate,
        text=text,
        detail=detail,
        place=place,
        code=number and f"SSW {number}",
        raw={name: each for name, each in kept.items() if each},
    )
