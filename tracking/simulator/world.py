"""What the simulated carriers know: parcels, contracts, tokens, faults, and the calls that came."""

from __future__ import annotations

import datetime as dt
import secrets
import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from .stories import PLACES, STORIES, WORDS, choose_story

SAO_PAULO = ZoneInfo("America/Sao_Paulo")


@dataclass
class Happening:
    """An event in the carrier's own words. ``at`` is aware."""

    code: str
    text: str
    at: dt.datetime
    place: str = ""
    to: str = ""
    detail: str = ""


@dataclass
class Parcel:
    """``plan`` are the steps of its story that are still to come; a ``live`` one takes them by itself."""

    carrier: str
    key: str
    happenings: list[Happening] = field(default_factory=list)
    plan: list[str] = field(default_factory=list)
    expected_on: str = ""
    message: str = ""
    is_live: bool = False
    moved_at: dt.datetime | None = None


@dataclass
class Contract:
    user: str
    access_code: str
    posting_card: str
    token_seconds: int = 3600
    may_track: bool = True


@dataclass
class Fault:
    """Strikes ``times`` calls (0: until it is taken away) of a route ("": any), after the first few."""

    kind: str
    carrier: str = ""
    route: str = ""
    times: int = 1
    after: int = 0
    value: float = 0


class World:
    """Everything at once, behind one lock. Parcels take a step each ``step_seconds``; 0: when told to."""

    def __init__(self, step_seconds: float = 0) -> None:
        self.lock = threading.RLock()
        self.step_seconds = step_seconds
        self.reset()

    def reset(self) -> None:
        self.parcels: dict[tuple[str, str], Parcel] = {}
        self.contracts = [Contract("aurora.casa", "codigo-de-acesso-simulado", "0071234567")]
        self.tokens: dict[str, tuple[Contract, dt.datetime]] = {}
        self.faults: list[Fault] = []
        self.calls: list[dict[str, Any]] = []

    def add_parcel(
        self, carrier: str, key: str, *, story: str, is_live: bool = False, **fields: Any
    ) -> Parcel:
        parcel = Parcel(carrier, key, plan=list(STORIES[story]) if story else [], is_live=is_live, **fields)
        parcel.moved_at = now()
        self.parcels[carrier, key] = parcel
        return parcel

    def advance(self, parcel: Parcel, at: dt.datetime | None = None) -> None:
        """The next step of its story happens."""
        step = parcel.plan.pop(0)
        words = WORDS[parcel.carrier]
        # SSW has no word for «disregard the former one»: nothing was said, nothing is taken back.
        if step in words:
            code, text = words[step]
            place = PLACES[min(len(parcel.happenings), len(PLACES) - 1)]
            parcel.happenings.append(Happening(code, text, at or now(), place=place))

    def find(self, carrier: str, key: str) -> Parcel | None:
        """A parcel as it stands now; where parcels live by themselves, any that is asked for exists."""
        parcel = self.parcels.get((carrier, key))
        if parcel is None and self.step_seconds:
            parcel = self.add_parcel(carrier, key, story=choose_story(carrier, key), is_live=True)
        if parcel is not None and parcel.is_live and self.step_seconds:
            step = dt.timedelta(seconds=self.step_seconds)
            while parcel.plan and parcel.moved_at is not None and parcel.moved_at + step <= now():
                parcel.moved_at += step
                self.advance(parcel, parcel.moved_at)
        return parcel

    def give_token(self, contract: Contract) -> tuple[str, dt.datetime]:
        token, expires_at = secrets.token_urlsafe(48), now() + dt.timedelta(seconds=contract.token_seconds)
        self.tokens[token] = (contract, expires_at)
        return token, expires_at

    def find_token(self, token: str) -> Contract | None:
        contract, expires_at = self.tokens.get(token, (None, now()))
        return contract if expires_at > now() else None

    def find_faults(self, carrier: str, route: str) -> list[Fault]:
        """Those that strike this call; each counts it."""
        striking = []
        for fault in list(self.faults):
            if fault.carrier not in ("", carrier) or fault.route not in ("", route):
                continue
            if fault.after:
                fault.after -= 1
                continue
            striking.append(fault)
            if fault.times == 1:
                self.faults.remove(fault)
            fault.times -= bool(fault.times)
        return striking

    def count_calls(self) -> dict[str, int]:
        return dict(Counter(f"{call['carrier']} {call['route']}" for call in self.calls))


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC).replace(microsecond=0)
