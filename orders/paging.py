"""Reading an offset list that changes while it is read: a pure function from page to page.

An offset list shifts when rows come or go between two pages. Rows that went are noticed by a smaller total,
rows pushed along by repeated identifiers; the next offset makes up for both, so that no row is passed over
and a shift costs at most one page more.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from contracts.records import Page


@dataclass(frozen=True, slots=True)
class Reading:
    """Where a reading stands. ``recent_ids`` are the identifiers of the last two pages.

    ``is_second_look`` says that the next page steps back on purpose, so that its repetitions mean nothing.
    """

    offset: int = 0
    total: int | None = None
    distinct: int = 0
    grown: int = 0
    recent_ids: list[str] = field(default_factory=list)
    last_ids: list[str] = field(default_factory=list)
    is_second_look: bool = False
    is_done: bool = False
    repeats: bool = False

    @classmethod
    def from_step(cls, step: dict[str, Any]) -> Reading:
        return cls(**step)

    def to_step(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def may_have_missed(self) -> bool:
        """Fewer rows were seen than the list says it has: come back for them."""
        return self.total is not None and self.distinct + self.grown < self.total


def advance(reading: Reading, page: Page[Any]) -> Reading:
    """The reading after ``page``, which was asked for at ``reading.offset``."""
    count = len(page.row_ids)
    new_ids = set(page.row_ids) - set(reading.recent_ids)
    change = 0 if reading.total is None or page.total is None else page.total - reading.total
    step_back = 0 if reading.is_second_look else _count_rows_to_look_at_again(count - len(new_ids), change)
    next_offset = reading.offset + count - step_back
    if change < 0:
        # Rows left: those that slid below this page's offset have not been seen.
        next_offset = max(0, reading.offset + change)
        step_back = count - change
    repeats = not new_ids and 0 <= change < count and not reading.is_second_look
    is_beyond = count == 0 and step_back == 0
    is_last = is_beyond or (count < page.limit if page.total is None else next_offset >= page.total)
    return Reading(
        offset=next_offset,
        total=page.total,
        distinct=reading.distinct + len(new_ids),
        grown=reading.grown + max(0, change),
        recent_ids=[*reading.last_ids, *page.row_ids],
        last_ids=list(page.row_ids),
        is_second_look=step_back > 0,
        is_done=is_last or repeats,
        repeats=repeats,
    )


def _count_rows_to_look_at_again(repeated: int, change: int) -> int:
    """Repeated rows that no new row explains pushed as many rows out of the page."""
    return max(0, repeated - max(0, change))
