"""A recording context that talks API v2 with a token that must be seen nowhere."""

from __future__ import annotations

import traceback

from contracts.errors import ErpError
from contracts.provider import Endpoints
from tests.tiny.context import RecordingContext

ENDPOINTS = Endpoints(api_url="https://api.tiny.com.br/api2", accounts_url="https://accounts.tiny.com.br")
API = ENDPOINTS.api_url
TOKEN = "9f8e7d6c5b4a39281706f5e4d3c2b1a0f9e8d7c6b5a4"


class TokenContext(RecordingContext):
    def __init__(self) -> None:
        super().__init__()
        self.protocol = "v2"
        self.endpoints = ENDPOINTS
        self.token = TOKEN

    def access_token(self, *, force: bool = False) -> str:
        return self.token


def told(context: RecordingContext, error: ErpError | None = None) -> str:
    """All that is kept of the calls, and all that a log would show of the error."""
    shown = "".join(traceback.format_exception(error)) + repr(error.params) if error else ""
    return repr(context.calls) + repr(context.observed) + shown
