"""What a page of a list brought, and how one bad row of it is kept apart from the others."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from django.db import DatabaseError, OperationalError, transaction

logger = logging.getLogger(__name__)

Row = TypeVar("Row")


@dataclass(slots=True)
class PageResult:
    """What a page brought, in rows. Those ``held`` are read again once it is known whether they are ours."""

    created: int = 0
    changed: int = 0
    unchanged: int = 0
    passed_over: int = 0
    problems: int = 0
    held: int = 0


def apply_apart(
    rows: Sequence[Row], apply: Callable[[Sequence[Row]], None], refuse: Callable[[Row], None]
) -> None:
    """Apply all rows at once; when the database refuses them, one by one, and ``refuse`` the bad ones."""
    if not rows:
        return
    try:
        with transaction.atomic():
            apply(rows)
    except OperationalError:
        raise
    except (DatabaseError, ValueError) as error:
        if len(rows) > 1:
            for row in rows:
                apply_apart([row], apply, refuse)
            return
        logger.warning("a row of the ERP was refused: %s", type(error).__name__)
        refuse(rows[0])
