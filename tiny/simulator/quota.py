"""An account's windows of calls, as Tiny counts them: reads, writes and, over both, each second.

Measured at Tiny: 45 calls at once came out as 8 answered, 22 refused by the second and 15 by the minute, so a
call that the second refuses has used the minute up as well. A refusal carries the full window's numbers.
Whether the minute is fixed or slides nobody knows; an account can have either.
"""

from __future__ import annotations

import math

from . import store
from .store import Cursor, Row

WINDOWS = ("fixed", "sliding")
# Measured: reads always had the headers, forty writes in a row had none.
HEADERS = ("reads", "all", "none")
SECONDS = {"read": 60, "write": 60, "burst": 1, "v2": 60, "v2_batch": 60}
V2_CONCURRENT = "v2_concurrent"


def use(cursor: Cursor, account: Row, method: str) -> tuple[str, dict[str, str]]:
    """Count one call: the bucket that refuses it ("" if none does), and the headers of the answer.

    A limit of 0 means none; such an account answers without quota headers.
    """
    is_read = method in ("GET", "HEAD")
    moment = store.get_now(cursor).timestamp()
    headers: dict[str, str] = {}
    for bucket in ("read" if is_read else "write", "burst"):
        limit = account[f"{bucket}_limit"]
        if not limit:
            continue
        uses, reset = _open(cursor, account, bucket, moment)
        is_refused = len(uses) >= limit
        if not is_refused:
            uses.append(moment)
            store.save_uses(cursor, account["id"], bucket, uses)
        state = {
            "X-Ratelimit-Limit": str(limit),
            "X-Ratelimit-Remaining": str(max(limit - len(uses), 0)),
            "X-Ratelimit-Reset": str(reset),
        }
        if account["quota_headers"] == "none" or (account["quota_headers"] == "reads" and not is_read):
            state = {}
        if is_refused:
            return bucket, state
        headers = headers or state
    return "", headers


def use_v2(cursor: Cursor, account: Row, running: int, *, is_batch: bool) -> str:
    """Count one call of API v2 while ``running`` are under way, this one included; what refuses it, or "".

    Reads and writes share one bucket, and a batch call uses both up. Windows of v3 are left alone.
    """
    limit = account["v2_limit"]
    # Documented: at most a quarter of the minute's calls at once.
    if limit and running > max(limit // 4, 1):
        return V2_CONCURRENT
    moment = store.get_now(cursor).timestamp()
    buckets = [name for name in ("v2", *(["v2_batch"] if is_batch else [])) if account[f"{name}_limit"]]
    held = {name: _open(cursor, account, name, moment)[0] for name in buckets}
    for name, uses in held.items():
        if len(uses) >= account[f"{name}_limit"]:
            return name
    for name, uses in held.items():
        store.save_uses(cursor, account["id"], name, [*uses, moment])
    return ""


def consume(cursor: Cursor, account: Row, bucket: str, count: int) -> int:
    """What another program does with the same account: use calls up; how many are left."""
    moment = store.get_now(cursor).timestamp()
    uses, _ = _open(cursor, account, bucket, moment)
    store.save_uses(cursor, account["id"], bucket, uses + [moment] * count)
    return int(max(account[f"{bucket}_limit"] - len(uses) - count, 0))


def _open(cursor: Cursor, account: Row, bucket: str, moment: float) -> tuple[list[float], int]:
    """The uses that the window still holds, locked, and the seconds until it gives room again."""
    seconds = SECONDS[bucket]
    # A clock that was set back leaves uses that are still to come: they count in no window.
    kept = [at for at in store.lock_uses(cursor, account["id"], bucket) if at <= moment]
    if account["quota_window"] == "fixed":
        opened_at = moment // seconds * seconds
        uses = [at for at in kept if at >= opened_at]
        ends_at = opened_at + seconds
    else:
        uses = [at for at in kept if at > moment - seconds]
        ends_at = min(uses, default=moment) + seconds
    return uses, max(1, math.ceil(ends_at - moment))
