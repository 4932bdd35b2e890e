"""What the trackers share: one call, what its failure means, and doubtful values read without raising."""

from __future__ import annotations

import datetime as dt
import email.utils
import re
import time
from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from contracts.errors import ErpError, PermissionMissing, RateLimited, TemporaryError
from contracts.http import HttpResponse
from contracts.records import CallRecord
from contracts.tracking import TrackerContext

# Carriers' times carry no zone.
SAO_PAULO = ZoneInfo("America/Sao_Paulo")
MAX_ANSWER_BYTES = 4 * 1024 * 1024
DEFAULT_WAIT_SECONDS = 60.0
LONGEST_WAIT_SECONDS = 3600.0
EXCERPT_LENGTH = 200
TEXT_LENGTH = 300

_LOCAL_TIME = re.compile(r"(\d{2})/(\d{2})/(\d{4})(?:[ T](\d{2}):(\d{2})(?::(\d{2}))?)?")
# A token, the key of a nota (it opens the recipient's data), a document or telephone, an address of e-mail.
_SECRET = re.compile(r"[\w.+-]+@[\w.-]+|\b[A-Za-z0-9_.-]{30,}|\d{8,}")


def ask(
    context: TrackerContext,
    tracker_key: str,
    method: str,
    path: str,
    *,
    query: str = "",
    headers: Mapping[str, str] | None = None,
    params: Mapping[str, str | int] | None = None,
    json_body: Any = None,
) -> HttpResponse:
    """One call within the budget, and its record, in which ``query`` stands for ``params``.

    Raises ``RateLimited`` for 429, ``PermissionMissing`` for 403 and ``TemporaryError`` for 5xx and
    redirects; any other answer is the caller's to judge.
    """
    context.take_slot()
    started = time.monotonic()
    try:
        response = context.http.request(
            method,
            context.url + path,
            headers={"Accept": "application/json", **(headers or {})},
            params=params,
            json_body=json_body,
            max_bytes=MAX_ANSWER_BYTES,
        )
    except ErpError as error:
        duration_ms = int((time.monotonic() - started) * 1000)
        context.log_call(CallRecord(method, path, query, None, duration_ms, error=error.code))
        raise
    excerpt = _excerpt(response) if response.status >= 400 else ""
    context.log_call(
        CallRecord(method, path, query, response.status, response.duration_ms, response_excerpt=excerpt)
    )
    status = {"status": str(response.status)}
    if response.status == 429:
        wait = _wait_seconds(response.headers, context.now())
        raise RateLimited(f"{tracker_key}.rate_limited", {"seconds": f"{wait:.0f}"}, retry_after=wait)
    if response.status == 403:
        raise PermissionMissing(f"{tracker_key}.permission_missing", status)
    if response.status >= 500 or 300 <= response.status < 400 or response.status == 408:
        raise TemporaryError(f"{tracker_key}.unstable", status)
    return response


def parse(response: HttpResponse, tracker_key: str) -> Any:
    """The JSON of an answer. Raises ``TemporaryError``: what is none is a proxy's page, or was cut off."""
    try:
        return response.json()
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise TemporaryError(f"{tracker_key}.unreadable_answer") from error


def read_text(value: Any) -> str:
    """One line without NUL, lone surrogates and needless spaces, bounded; ``""`` for what is no text."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        return ""
    clean = value.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")
    return " ".join(clean.split())[:TEXT_LENGTH]


def read_object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def read_list(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else ()


def read_moment(value: Any) -> dt.datetime | None:
    """In UTC; without a zone it is São Paulo's. Reads ISO 8601 and ``dd/mm/aaaa hh:mm``."""
    text = read_text(value)
    local = _LOCAL_TIME.match(text)
    try:
        if local:
            day, month, year, hour, minute, second = (int(part or 0) for part in local.groups())
            moment = dt.datetime(year, month, day, hour, minute, second, tzinfo=SAO_PAULO)
        else:
            moment = dt.datetime.fromisoformat(text)
            if moment.tzinfo is None:
                moment = moment.replace(tzinfo=SAO_PAULO)
        return moment.astimezone(dt.UTC)
    except (ValueError, OverflowError):
        return None


def read_day(value: Any) -> dt.date | None:
    """The São Paulo calendar date of a date or a moment."""
    moment = read_moment(value)
    return None if moment is None else moment.astimezone(SAO_PAULO).date()


def redact(text: str) -> str:
    return _SECRET.sub("•••", text)[:EXCERPT_LENGTH]


def _excerpt(response: HttpResponse) -> str:
    return redact(response.body[: EXCERPT_LENGTH * 4].decode("utf-8", "replace"))


def _wait_seconds(headers: Mapping[str, str], now: dt.datetime) -> float:
    """Of ``Retry-After``: seconds, or a date (RFC 9110 §10.2.3)."""
    text = headers.get("Retry-After", "").strip()
    try:
        wait = float(text) if text.isdecimal() else (_http_date(text) - now).total_seconds()
    except (ValueError, TypeError):
        return DEFAULT_WAIT_SECONDS
    return min(max(wait, 1.0), LONGEST_WAIT_SECONDS)


def _http_date(text: str) -> dt.datetime:
    moment = email.utils.parsedate_to_datetime(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
