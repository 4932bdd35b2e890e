"""How one bad row of a list is kept apart from the others."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import TypeVar

from django.db import DatabaseError, OperationalError, transaction

logger = logging.getLogger(__name__)

Row = TypeVar("Row")


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
