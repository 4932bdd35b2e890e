"""Whether the ERP still tells what changes. Pure functions over what readings find and notifications tell.

The ERP loses about one notification in 27, and repeats late what was not answered. So a change counts as
untold only if it happened after the last notification of its kind (any later one shows that the ERP speaks),
and only once one would have come. Then a run of ``RUN`` has one chance in 500,000 to be bad luck, and a
removed address shows itself in what the second reading finds.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

RUN = 4
# A single product or order of which the ERP does not tell, whatever the reason, is no silence.
SUBJECTS = 2


@dataclass(frozen=True, slots=True)
class Found:
    """A change that a reading found at ``at``; at ``not_before`` the ERP still told the former value.

    ``subject`` is what changed: our id of it.
    """

    subject: int
    not_before: dt.datetime
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class Deaf:
    """An interval in which nothing could be heard, or in which readings found what is no news."""

    since: dt.datetime
    until: dt.datetime


def find_untold(
    found: Iterable[Found],
    *,
    heard_at: dt.datetime,
    now: dt.datetime,
    grace: dt.timedelta,
    deaf: Collection[Deaf] = (),
) -> list[Found]:
    """Changes of one kind that a notification should have announced by ``now``, and none did.

    ``heard_at`` is the last notification of this kind, about whatever it was.
    """
    return [
        one
        for one in found
        if heard_at <= one.not_before
        and one.at <= now - grace
        and not any(gap.since <= one.at + grace and one.not_before <= gap.until for gap in deaf)
    ]


def is_silent(untold: Sequence[Found], *, subjects: int = SUBJECTS) -> bool:
    """Whether so much went untold that it is no chance.

    ``subjects`` is of how many the ERP told before, where they are less than ``SUBJECTS``: then nothing else
    could show that it speaks.
    """
    return len(untold) >= RUN and len({one.subject for one in untold}) >= min(subjects, SUBJECTS)
