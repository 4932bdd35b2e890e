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
    Rows that slid to offsets below ``gap_end`` are read first; from there to ``resume_at`` all is known.
    ``has_shrunk`` says that rows left a list that does not tell where.
    """

    offset: int = 0
    total: int | None = None
    distinct: int = 0
    grown: int = 0
    recent_ids: list[str] = field(default_factory=list)
    last_ids: list[str] = field(default_factory=list)
    is_second_look: bool = False
    gap_end: int = 0
    resume_at: int = 0
    is_done: bool = False
    repeats: bool = False
    has_shrunk: bool = False

    @classmethod
    def from_step(cls, step: dict[str, Any]) -> Reading:
        return cls(**step)

    def to_step(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def may_have_missed(self) -> bool:
        """Fewer rows were seen than the list says it has, or it moved unseen: come back for them."""
        return self.has_shrunk or (self.total is not None and self.distinct + self.grown < self.total)


def advance(reading: Reading, page: Page[Any]) -> Reading:
    """The reading after ``page``, which was asked for at ``reading.offset``."""
    count = len(page.row_ids)
    end = reading.offset + count
    new_ids = set(page.row_ids) - set(reading.recent_ids)
    change = 0 if reading.total is None or page.total is None else page.total - reading.total
    has_shrunk = reading.has_shrunk or (change < 0 and not page.is_counted)
    if not page.is_counted:
        change = max(0, change)
    gap_end, resume_at = reading.gap_end, reading.resume_at
    step_back = 0
    is_end = page.total is not None and end >= page.total
    if change < 0:
        # Rows left: those that slid below this page's offset have not been seen.
        next_offset = max(0, reading.offset + change)
        gap_end, resume_at = (gap_end, resume_at + change) if gap_end else (reading.offset, end)
    elif gap_end and end < gap_end + change:
        next_offset, gap_end = end, gap_end + change
    elif gap_end:
        next_offset, gap_end, resume_at = max(end, resume_at), 0, 0
    else:
        if not reading.is_second_look and not is_end:
            step_back = _count_rows_to_look_at_again(count - len(new_ids), change)
        next_offset = end - step_back
    repeats = not new_ids and 0 <= change < count and not reading.is_second_look and not is_end
    is_beyond = count == 0 and change >= 0
    is_last = is_beyond or (count < page.limit if page.total is None else next_offset >= page.total)
    return Reading(
        offset=next_offset,
        # A page that says no total (204) does not unsay the one that is known.
        total=reading.total if page.total is None else page.total,
        distinct=reading.distinct + len(new_ids),
        grown=reading.grown + max(0, change),
        recent_ids=[*reading.last_ids, *page.row_ids],
        last_ids=list(page.row_ids),
        # The page after a gap may show again what was read behind the gap.
        is_second_look=step_back > 0 or change < 0 or reading.gap_end > 0,
        gap_end=gap_end,
        resume_at=resume_at,
        is_done=is_last or repeats,
        repeats=repeats,
        has_shrunk=has_shrunk,
    )


def _count_rows_to_look_at_again(repeated: int, change: int) -> int:
    """Repeated rows that no new row explains pushed as many rows out of the page."""
    return max(0, repeated - max(0, change))
