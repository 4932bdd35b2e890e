"""From Tiny's pages to our offsets: whatever the size of a page, no row is passed over in silence."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qsl

import pytest
import requests
import responses
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.errors import MappingError
from contracts.records import ErpOrder, OrderQuery, Page
from integrations.reading import Reading, advance
from tests.tiny.v2.bodies import answer, order_row, orders, refusal
from tests.tiny.v2.context import API, TokenContext
from tiny.provider import TinyProvider

LIST = f"{API}/pedidos.pesquisa.php"


class FakeList:
    """A list of orders in pages of ``size``, which a test changes between two calls."""

    def __init__(self, count: int, size: int = 100, *, form: str = "text") -> None:
        self.ids = list(range(1, count + 1))
        self.size = size
        self.form = form
        self.asked: list[int] = []
        self.before_call: Callable[[int], None] = lambda number: None

    def answer(self, request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        page = int(dict(parse_qsl(str(request.body)))["pagina"])
        self.asked.append(page)
        self.before_call(len(self.asked))
        return 200, {}, json.dumps(self.make_page(page))

    def make_page(self, page: int) -> dict[str, Any]:
        if not self.ids:
            return refusal(20, "A consulta não retornou registros")
        shown = self.ids[(page - 1) * self.size : page * self.size]
        if not shown:
            return refusal("23", "A página que você está tentando obter não existe")
        pages = math.ceil(len(self.ids) / self.size)
        rows = [{"pedido": order_row(id=number)} for number in shown]
        counts: dict[str, Any] = {"text": str(pages), "number": pages, "none": None}
        counted = {} if self.form == "none" else {"pagina": page, "numero_paginas": counts[self.form]}
        return answer(**counted, pedidos=rows[0] if len(rows) == 1 else rows)


@contextmanager
def serving(rows: FakeList) -> Iterator[Callable[[int], Page[ErpOrder]]]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        mock.add_callback("POST", LIST, callback=rows.answer)
        yield lambda offset: TinyProvider().list_orders(TokenContext(), OrderQuery(), offset=offset)


def read_everything(rows: FakeList, most: int = 60) -> tuple[Reading, list[int]]:
    reading, ids = Reading(), []
    with serving(rows) as read:
        for _ in range(most):
            page = read(reading.offset)
            ids.extend(map(int, page.row_ids))
            reading = advance(reading, page)
            if reading.is_done:
                return reading, ids
    raise AssertionError("the reading does not end")


def test_rows_of_two_pages() -> None:
    rows = FakeList(130)
    with serving(rows) as read:
        first = read(0)
        assert (len(first.items), first.offset, first.limit, first.total) == (100, 0, 100, 130)
        assert rows.asked == [1, 2, 1], "the last page tells the total to whoever begins"
        second = read(100)
        assert (len(second.items), second.offset, second.limit, second.total) == (30, 100, 100, 130)
        assert rows.asked == [1, 2, 1, 2]
        assert first.is_counted is second.is_counted is False


@pytest.mark.parametrize(
    ("offset", "ids", "limit", "total"),
    [
        (1, range(2, 101), 99, None),
        (30, range(31, 101), 70, None),
        (99, range(100, 101), 1, None),
        (100, range(101, 131), 100, 130),
        (115, range(116, 131), 85, 130),
        (129, range(130, 131), 71, 130),
        (130, range(0), 70, 130),
        (200, range(0), 100, None),
    ],
)
def test_offset_inside_a_page(offset: int, ids: range, limit: int, total: int | None) -> None:
    with serving(FakeList(130)) as read:
        page = read(offset)
    assert [int(row_id) for row_id in page.row_ids] == list(ids)
    assert (page.offset, page.limit, page.total) == (offset, limit, total)


def test_pages_of_fifty_as_older_documentation_has_them() -> None:
    rows = FakeList(130, 50)
    with serving(rows) as read:
        first = read(0)
        assert (len(first.items), first.limit, first.total) == (50, 50, 130)
        assert rows.asked == [1, 3, 1]
        assert read(50).row_ids == tuple(map(str, range(51, 101)))
        last = read(100)
        assert (last.row_ids, last.total) == (tuple(map(str, range(101, 131))), 130)


@pytest.mark.parametrize("form", ["text", "number", "none"])
@pytest.mark.parametrize("size", [100, 50, 30, 20])
@pytest.mark.parametrize("count", [0, 1, 19, 20, 50, 51, 99, 100, 101, 130, 200, 250, 300])
def test_each_row_is_read_once_whatever_the_size_of_a_page(count: int, size: int, form: str) -> None:
    rows = FakeList(count, size, form=form)
    reading, ids = read_everything(rows)
    assert ids == rows.ids
    assert (reading.repeats, reading.may_have_missed) == (False, False)


def test_an_empty_list_costs_one_call() -> None:
    rows = FakeList(0)
    reading, ids = read_everything(rows)
    assert (reading.is_done, ids, rows.asked) == (True, [], [1])


def test_a_short_list_costs_one_call() -> None:
    rows = FakeList(99)
    read_everything(rows)
    assert rows.asked == [1]


def test_a_list_that_ignores_the_page_is_noticed() -> None:
    rows = FakeList(250)
    plain = rows.make_page
    rows.make_page = lambda page: plain(1)  # type: ignore[method-assign]
    reading, ids = read_everything(rows)
    assert (reading.repeats, reading.may_have_missed, set(ids)) == (True, True, set(range(1, 101)))


@settings(deadline=None, max_examples=60)
@given(
    st.integers(90, 330),
    st.sampled_from([100, 50]),
    st.sampled_from([1, -1]),
    st.lists(st.tuples(st.integers(2, 6), st.integers(1, 30), st.integers(0, 300)), max_size=3),
)
def test_a_list_that_changes_is_read_whole_or_says_so(
    count: int, size: int, sign: int, changes: list[tuple[int, int, int]]
) -> None:
    """Rows leave anywhere, or new ones come at the end, between two calls.

    As many of both in one reading look like none: Tiny tells no more, and the sweep reads each list again.
    """
    rows = FakeList(count, size)

    def change(number: int) -> None:
        for call, by, place in changes:
            if call == number and sign > 0:
                newest = max(rows.ids)
                rows.ids.extend(range(newest + 1, newest + 1 + by))
            elif call == number:
                start = place % max(len(rows.ids), 1)
                del rows.ids[start : start + by]

    rows.before_call = change
    reading, ids = read_everything(rows)
    # What came while the list was read is the next poll's.
    stayed = set(rows.ids) & set(range(1, count + 1))
    assert stayed <= set(ids) or reading.may_have_missed


@pytest.mark.parametrize("pedidos", ["texto", 7, True])
def test_what_is_no_list_is_not_taken_for_an_empty_one(pedidos: Any) -> None:
    rows = FakeList(1)
    rows.make_page = lambda page: answer(numero_paginas=1, pedidos=pedidos)  # type: ignore[method-assign]
    with serving(rows) as read, pytest.raises(MappingError) as caught:
        read(0)
    assert caught.value.code == "tiny.list_unreadable"


def test_a_page_that_is_empty_in_the_middle_is_noticed() -> None:
    rows = FakeList(250)
    plain = rows.make_page
    rows.make_page = lambda page: (  # type: ignore[method-assign]
        orders(page=2, pages=3) if page == 2 else plain(page)
    )
    reading, ids = read_everything(rows)
    assert (len(ids), reading.may_have_missed) == (100, True)
