"""Lists that a reader of the API follows by cursor, in the order in which their rows changed."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from django.db.models import Model, QuerySet
from django.http import QueryDict

from ui.rest import INVALID_CURSOR, INVALID_PARAMETER, FieldError, Problem

LIMIT, MOST = 100, 200
_NUMBER = re.compile(r"[0-9]{1,3}")
_POSITION = re.compile(r"([a-z]+):([0-9]{1,18}):([0-9]{1,18})")


@dataclass(frozen=True, slots=True)
class Listing:
    """A list of the API: ``name`` ties its cursors to it, ``revision`` is the column that orders its rows.

    Revisions are whole numbers, given out in the order of the commits, and all rows of one transaction have
    the same: what a reader has passed never gets a smaller one.
    """

    name: str
    revision: str
    to_json: Callable[[Any], dict[str, Any]]


def list_since(
    listing: Listing, rows: QuerySet[Any], query: QueryDict, *, filters: Collection[str] = ()
) -> dict[str, Any]:
    """The page that ``query`` asks for: ``{results, next, since}``, at most ``MOST`` rows.

    ``next`` goes on from here as ``?cursor=`` and is ``None`` where nothing more stands now; ``since`` asks
    later, as ``?since=``, for what changed after this page. ``filters`` are parameters that the caller has
    applied to ``rows``. Raises ``Problem`` for any other, and for values that cannot be read.
    """
    unknown = sorted(set(query) - {"limit", "cursor", "since", *filters})
    if unknown:
        errors = [FieldError(name, "Parâmetro desconhecido.") for name in unknown]
        raise Problem(INVALID_PARAMETER, "Há parâmetros que este endereço não conhece.", errors)
    limit = _read_limit(query.get("limit", str(LIMIT)))
    revision, last_id = 0, 0
    for name in ("since", "cursor"):
        text = query.get(name)
        if text is not None:
            revision, last_id = _read_cursor(listing, name, text)
    column = listing.revision
    later = rows.filter(**{f"{column}__gte": revision}).exclude(**{column: revision, "id__lte": last_id})
    found = list(later.order_by(column, "id")[: limit + 1])
    page = found[:limit]
    since = _write_cursor(listing, page[-1]) if page else _encode(listing, revision, last_id)
    return {
        "results": [listing.to_json(row) for row in page],
        "next": since if len(found) > limit else None,
        "since": since,
    }


def _read_limit(text: str) -> int:
    if not _NUMBER.fullmatch(text) or not 1 <= int(text) <= MOST:
        errors = [FieldError("limit", f"Informe um número de 1 a {MOST}.")]
        raise Problem(INVALID_PARAMETER, "O limite não pôde ser lido.", errors)
    return int(text)


def _write_cursor(listing: Listing, row: Model) -> str:
    return _encode(listing, getattr(row, listing.revision), row.pk)


def _encode(listing: Listing, revision: int, row_id: int) -> str:
    text = f"{listing.name}:{revision}:{row_id}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read_cursor(listing: Listing, parameter: str, text: str) -> tuple[int, int]:
    try:
        padded = text.encode() + b"=" * (-len(text) % 4)
        found = _POSITION.fullmatch(base64.b64decode(padded, altchars=b"-_", validate=True).decode())
    except (binascii.Error, UnicodeError):
        found = None
    if found is None or found[1] != listing.name:
        errors = [FieldError(parameter, "Use um cursor que esta mesma lista devolveu.")]
        raise Problem(INVALID_CURSOR, "O cursor não é desta lista ou está incompleto.", errors)
    return int(found[2]), int(found[3])
