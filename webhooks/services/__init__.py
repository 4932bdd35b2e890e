"""Writes. Keyword-only, atomic, without HTTP."""

from webhooks.services.receipts import (
    SUBJECT,
    enqueue_following,
    find_refusal,
    read_batch,
    replay,
    settle,
)
from webhooks.services.tidying import (
    follow_up_outages,
    keep_tidy,
    purge,
    request_forgotten,
    reread_announced,
    settle_stranded,
)

__all__ = [
    "SUBJECT",
    "enqueue_following",
    "find_refusal",
    "follow_up_outages",
    "keep_tidy",
    "purge",
    "read_batch",
    "replay",
    "request_forgotten",
    "reread_announced",
    "settle",
    "settle_stranded",
]
