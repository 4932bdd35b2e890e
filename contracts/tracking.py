"""The port between our tracking and a carrier: what became of a parcel, and the plug-in that asks for it.

Times are aware and in UTC, dates are São Paulo calendar dates. What a carrier did not tell is ``""`` for text
and ``None`` otherwise.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal, Protocol

from contracts.http import HttpClient
from contracts.provider import CredentialField
from contracts.records import CallRecord, CheckStep, Explanation


class ParcelState(StrEnum):
    """How far a parcel has come, in our words; no carrier has all of them."""

    PENDING = "pending"
    INFO_RECEIVED = "info_received"
    POSTED = "posted"
    IN_TRANSIT = "in_transit"
    OUT_FOR_DELIVERY = "out_for_delivery"
    DELIVERY_FAILED = "delivery_failed"
    AVAILABLE_FOR_PICKUP = "available_for_pickup"
    DELIVERED = "delivered"
    RETURNING = "returning"
    RETURNED = "returned"
    LOST = "lost"
    EXCEPTION = "exception"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class TrackedEvent:
    """Something that a carrier told of a parcel.

    ``code`` is the carrier's own name for it (``"BDE 01"``), ``text`` and ``detail`` are the carrier's words,
    ``place`` is ``"Cidade/UF"``. ``is_retraction``: it takes back the event before it, and ``state`` says
    nothing. ``raw`` is what the carrier sent, without personal data that we have no use for.
    """

    occurred_at: dt.datetime
    state: ParcelState
    substate: str = ""
    text: str = ""
    detail: str = ""
    place: str = ""
    code: str = ""
    is_retraction: bool = False
    raw: Mapping[str, Any] = field(default_factory=dict, compare=False)

    @property
    def identity(self) -> str:
        """64 characters, alike for what is one event however often it is told."""
        moment = self.occurred_at.astimezone(dt.UTC).isoformat()
        return hashlib.sha256("\0".join((self.code, moment, self.text, self.place)).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class TrackedParcel:
    """The answer for one ``key``: what was asked, a code or the key of a nota. ``events`` have no order.

    ``note`` is the carrier's own sentence when it tells no event.
    """

    key: str
    events: Sequence[TrackedEvent] = ()
    expected_on: dt.date | None = None
    service: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class TrackerToken:
    """An access that a carrier gave for a while."""

    value: str
    expires_at: dt.datetime

    def __repr__(self) -> str:
        return f"TrackerToken(expires_at={self.expires_at.isoformat()!r})"


class TrackerContext(Protocol):
    """What a tracker may use while it answers one question."""

    http: HttpClient
    url: str
    """Root address of the carrier's API, without a slash at its end; from the settings, never from a form."""
    credentials: Mapping[str, str]
    """By ``CredentialField.name``; empty where the tracker needs none."""

    def kept_token(self) -> TrackerToken | None:
        """What ``keep_token`` was given last for these credentials, expired or not."""

    def keep_token(self, token: TrackerToken | None) -> None:
        """Keep it, sealed, for the next question; ``None`` forgets it."""

    def take_slot(self) -> None:
        """Wait for the credential's next slot, or give the job back by raising."""

    def log_call(self, call: CallRecord) -> None:
        """Keep a redacted record of the call."""

    def now(self) -> dt.datetime: ...


class Tracker(Protocol):
    """Asks one carrier, or one system of many carriers. One instance serves all companies."""

    key: str
    name: str
    carrier_keys: Sequence[str]
    """The carriers of ``tracking.carriers`` whose parcels it finds."""
    asks_by: Literal["code", "nfe_key"]
    batch_size: int
    """How many keys one ``track`` takes."""
    calls_per_minute: int
    credential_fields: Sequence[CredentialField]
    """Empty: it needs none, and serves every company at once."""
    checks: Sequence[tuple[str, str]]
    """Key and title of each step of ``check``, in order."""

    def explain(self, code: str, params: Mapping[str, str]) -> Explanation | None: ...

    def check(self, context: TrackerContext) -> Iterator[CheckStep]:
        """«Testar»: reads only, one step at a time; raises nothing of ``contracts.errors``."""

    def track(self, context: TrackerContext, keys: Sequence[str]) -> list[TrackedParcel]:
        """One answer for each of ``keys``, in their order; one that the carrier does not know has no events.

        Raises ``TemporaryError`` (``RateLimited`` is one), ``AuthenticationFailed``, ``PermissionMissing``,
        or ``MappingError`` where nothing of the answer can be read.
        """
