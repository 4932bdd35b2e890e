"""Reading an offset list that somebody changes meanwhile, against a model of such a list."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.records import Page
from integrations.reading import Reading, advance

LIMIT = 4


@dataclass
class ModelList:
    """The rows as the ERP has them; ``shown`` rows that stand twice are shown twice."""

    rows: list[str]
    new: int = 0
    seen: list[str] = field(default_factory=list)
    pages: int = 0

    def page(self, offset: int, *, limit: int = LIMIT, tells_total: bool = True) -> Page[str]:
        ids = tuple(self.rows[offset : offset + limit])
        self.seen += ids
        self.pages += 1
        return Page(
            items=ids,
            row_ids=ids,
            offset=offset,
            limit=limit,
            total=len(self.rows) if tells_total else None,
        )

    def insert(self, where: int) -> None:
        self.new += 1
        self.rows.insert(where % (len(self.rows) + 1), f"new {self.new}")

    def delete(self, where: int) -> None:
        if self.rows:
            del self.rows[where % len(self.rows)]

    def duplicate(self, where: int) -> None:
        if self.rows:
            where %= len(self.rows)
            self.rows.insert(where, self.rows[where])


def read_all(model: ModelList, changes: list[tuple[str, list[int]]], *, tells_total: bool = True) -> Reading:
    """Read to the end; before each page but the first, one kind of change strikes."""
    reading = Reading()
    coming = list(changes)
    while not reading.is_done:
        assert model.pages < 200, "the reading does not end"
        reading = advance(reading, model.page(reading.offset, tells_total=tells_total))
        if coming:
            kind, places = coming.pop(0)
            for place in places:
                getattr(model, kind)(place)
    return reading


names = st.integers(0, 30).map(lambda count: [f"row {number}" for number in range(count)])
places = st.lists(st.integers(0, 60), min_size=1, max_size=6)


@given(names, st.lists(st.tuples(st.sampled_from(["insert", "delete", "duplicate"]), places), max_size=12))
@settings(max_examples=400, deadline=None)
def test_no_standing_row_is_missed_unless_the_reading_says_so(
    rows: list[str], changes: list[tuple[str, list[int]]]
) -> None:
    model = ModelList(list(rows))
    reading = read_all(model, changes)
    standing = set(rows) & set(model.rows)
    missed = standing - set(model.seen)
    assert not missed or reading.may_have_missed or reading.repeats


@given(names, st.lists(st.tuples(st.just("delete"), places), max_size=12))
@settings(max_examples=300, deadline=None)
def test_rows_that_leave_hide_no_other(rows: list[str], changes: list[tuple[str, list[int]]]) -> None:
    model = ModelList(list(rows))
    reading = read_all(model, changes)
    assert set(model.rows) <= set(model.seen)
    assert not reading.repeats


@given(names, st.lists(st.tuples(st.just("insert"), st.lists(st.integers(0, 60), max_size=1)), max_size=12))
@settings(max_examples=300, deadline=None)
def test_rows_that_come_hide_no_other(rows: list[str], changes: list[tuple[str, list[int]]]) -> None:
    model = ModelList(list(rows))
    reading = read_all(model, changes)
    assert set(rows) <= set(model.seen)
    assert not reading.repeats


@given(names, st.lists(st.tuples(st.sampled_from(["insert", "delete", "duplicate"]), places), max_size=12))
@settings(max_examples=200, deadline=None)
def test_pages_are_bounded_by_rows_and_changes(rows: list[str], changes: list[tuple[str, list[int]]]) -> None:
    model = ModelList(list(rows))
    read_all(model, changes)
    most_rows = len(rows) + sum(len(where) for _, where in changes)
    struck = len(changes) + sum(len(where) for kind, where in changes if kind == "duplicate")
    assert model.pages <= most_rows // LIMIT + 2 + 3 * struck + sum(
        len(where) for kind, where in changes if kind == "delete"
    )


@given(st.integers(0, 60))
def test_quiet_list_is_read_once_with_the_fewest_calls(count: int) -> None:
    rows = [f"row {number}" for number in range(count)]
    model = ModelList(list(rows))
    reading = read_all(model, [])
    assert model.seen == rows
    assert model.pages == max(1, -(-count // LIMIT))
    assert (reading.may_have_missed, reading.repeats) == (False, False)


@given(st.integers(0, 60))
def test_list_without_a_total_ends_with_its_first_short_page(count: int) -> None:
    rows = [f"row {number}" for number in range(count)]
    model = ModelList(list(rows))
    read_all(model, [], tells_total=False)
    assert model.seen == rows
    assert model.pages == count // LIMIT + 1


@pytest.mark.parametrize("total", [None, 1000])
def test_list_that_ignores_the_offset_is_given_up_at_its_second_page(total: int | None) -> None:
    ids = ("a", "b", "c", "d")
    first: Page[str] = Page(items=ids, row_ids=ids, offset=0, limit=4, total=total)
    reading = advance(Reading(), first)
    assert (reading.offset, reading.is_done) == (4, False)
    second: Page[str] = Page(items=ids, row_ids=ids, offset=4, limit=4, total=total)
    reading = advance(reading, second)
    assert (reading.repeats, reading.is_done) == (True, True)


def test_more_new_rows_than_a_page_in_front_are_no_repetition() -> None:
    model = ModelList([f"row {number}" for number in range(8)])
    reading = read_all(model, [("insert", [0] * LIMIT)])
    assert not reading.repeats
    assert {f"row {number}" for number in range(8)} <= set(model.seen)


def test_rows_that_slid_below_an_empty_page_are_read() -> None:
    model = ModelList([f"row {number}" for number in range(10)])
    reading = advance(Reading(), model.page(0))
    reading = advance(reading, model.page(reading.offset))
    del model.rows[:5]
    while not reading.is_done:
        reading = advance(reading, model.page(reading.offset))
    assert set(model.rows) <= set(model.seen)


@pytest.mark.parametrize("kind", ["insert", "delete", "duplicate"])
@pytest.mark.parametrize("where", [0, 5, 99, 100, 150, 500, 999])
@pytest.mark.parametrize("before_page", range(1, 11))
def test_one_shift_costs_at_most_one_page(kind: str, where: int, before_page: int) -> None:
    model = ModelList([f"row {number}" for number in range(1000)])
    reading, pages = Reading(), 0
    while not reading.is_done:
        reading = advance(reading, model.page(reading.offset, limit=100))
        pages += 1
        if pages == before_page:
            getattr(model, kind)(where)
    assert pages <= 11
    assert {f"row {number}" for number in range(1000)} & set(model.rows) <= set(model.seen)
    assert not reading.repeats


def test_fewer_rows_than_the_list_claims_are_noticed() -> None:
    page: Page[str] = Page(items=(), row_ids=("a", "b"), offset=0, limit=4, total=6)
    reading = advance(Reading(), page)
    empty: Page[str] = Page(items=(), row_ids=(), offset=2, limit=4, total=6)
    reading = advance(reading, empty)
    assert (reading.is_done, reading.may_have_missed) == (True, True)


def test_reading_survives_its_saved_step() -> None:
    page: Page[str] = Page(items=(), row_ids=("a", "b"), offset=0, limit=2, total=6)
    reading = advance(Reading(), page)
    assert Reading.from_step(reading.to_step()) == reading
