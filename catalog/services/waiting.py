"""Jobs that wait for a SKU, and go on once a product of the ERP is known to have it."""

from __future__ import annotations

from collections.abc import Iterable

from catalog.selectors import SKU_UNKNOWN
from jobs import queue
from jobs.selectors import count_waiting_by


def release_waiting(skus: Iterable[str]) -> int:
    """Let every job go on that waits for one of these SKUs; how many they were."""
    wanted = set(skus) & count_waiting_by(SKU_UNKNOWN).keys()
    return sum(queue.release(SKU_UNKNOWN, sku) for sku in sorted(wanted))
