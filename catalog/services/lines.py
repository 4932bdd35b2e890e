"""The lines that every write of products leaves behind."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from django.db import connection

from accounts.tenancy import current_organization_id
from history.models import HistoryEntry, Source
from history.services import entry

SUBJECT = "product"


def product_line(
    product_id: int,
    code: str,
    params: Mapping[str, object],
    at: dt.datetime,
    *,
    source: str = Source.ERP,
    person: str = "",
) -> HistoryEntry:
    return entry(SUBJECT, product_id, code, params, source=source, person=person, at=at)


def take_revision() -> int:
    """The organization's next revision. Until the transaction ends no other one writes products."""
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO catalog_catalogcounter AS counter (organization_id, last) VALUES (%s, 1)
               ON CONFLICT (organization_id) DO UPDATE SET last = counter.last + 1
               RETURNING last""",
            [current_organization_id()],
        )
        (last,) = cursor.fetchone()
    return int(last)
