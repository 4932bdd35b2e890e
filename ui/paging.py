"""Numbered pages over a queryset; the rest of the address stays as it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import QueryDict

Row = TypeVar("Row")

SIZES = (25, 50, 100)
PAGE_PARAMETER = "pagina"
SIZE_PARAMETER = "por_pagina"


@dataclass(frozen=True, slots=True)
class PageLink:
    """``address`` is a query string that begins with ``?``, or ``""`` for the gap between far pages."""

    label: str
    address: str
    is_current: bool = False


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """The rows of one page, and where the others are. ``first`` and ``last`` count from 1; 0 if empty."""

    rows: Sequence[Row]
    total: int
    number: int
    size: int
    first: int
    last: int
    links: tuple[PageLink, ...]
    sizes: tuple[PageLink, ...]
    previous: str
    next: str

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)


def paginate(rows: QuerySet[Any] | Sequence[Any], query: QueryDict) -> Page[Any]:
    """The page that ``query`` asks for, 25 rows unless it says 50 or 100.

    A page that is not a number is the first, one past the end is the last: an old link still shows rows.
    """
    asked_size = query.get(SIZE_PARAMETER, "")
    size = int(asked_size) if asked_size in {str(each) for each in SIZES} else SIZES[0]
    paginator = Paginator(rows, size)
    page = paginator.get_page(query.get(PAGE_PARAMETER))

    def address(number: int | None, per_page: int = size) -> str:
        changed = query.copy()
        changed.pop(PAGE_PARAMETER, None)
        changed.pop(SIZE_PARAMETER, None)
        if number is not None and number > 1:
            changed[PAGE_PARAMETER] = str(number)
        if per_page != SIZES[0]:
            changed[SIZE_PARAMETER] = str(per_page)
        return f"?{changed.urlencode()}"

    links = tuple(
        PageLink(str(each), address(each), each == page.number)
        if isinstance(each, int)
        else PageLink("…", "")
        for each in paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1)
    )
    return Page(
        rows=list(page.object_list),
        total=paginator.count,
        number=page.number,
        size=size,
        first=page.start_index(),
        last=page.end_index(),
        links=links if paginator.num_pages > 1 else (),
        sizes=tuple(PageLink(str(each), address(None, each), each == size) for each in SIZES),
        previous=address(page.number - 1) if page.has_previous() else "",
        next=address(page.number + 1) if page.has_next() else "",
    )
