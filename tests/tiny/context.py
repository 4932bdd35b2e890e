"""A ``ProviderContext`` without a database: real HTTP client, everything else kept for the test to read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from contracts.errors import ErpError
from contracts.http import HttpClient
from contracts.provider import Endpoints, SlotKind
from contracts.records import CallRecord

ENDPOINTS = Endpoints(
    api_url="https://api.tiny.com.br/public-api/v3",
    accounts_url="https://accounts.tiny.com.br/realms/tiny/protocol/openid-connect",
)


class RecordingContext:
    def __init__(self) -> None:
        self.protocol = "v3"
        self.http = HttpClient()
        self.endpoints = ENDPOINTS
        self.renewal_error: ErpError | None = None
        self.renewals = 0
        self.slots: list[SlotKind] = []
        self.observed: list[dict[str, str]] = []
        self.calls: list[CallRecord] = []

    def access_token(self, *, force: bool = False) -> str:
        if force:
            if self.renewal_error is not None:
                raise self.renewal_error
            self.renewals += 1
        return f"token-{self.renewals}"

    def take_slot(self, kind: SlotKind) -> None:
        self.slots.append(kind)

    def observe(self, headers: Mapping[str, str]) -> None:
        self.observed.append({name.lower(): value for name, value in headers.items()})

    def log_call(self, call: CallRecord) -> None:
        self.calls.append(call)

    def now(self) -> dt.datetime:
        return dt.datetime(2026, 11, 22, 12, 0, tzinfo=dt.UTC)
