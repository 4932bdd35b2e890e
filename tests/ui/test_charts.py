"""Step charts: where the lines go."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal

import pytest

from ui.charts import Series, StepChart, draw_steps
from ui.formats import format_quantity

START = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
END = START + dt.timedelta(days=10)


def draw(*steps: tuple[float, str | None]) -> StepChart | None:
    """``steps``: (days after the start, amount)."""
    found = [(START + dt.timedelta(days=day), None if text is None else Decimal(text)) for day, text in steps]
    return draw_steps([Series("Estoque", found)], START, END, format_quantity)


@pytest.mark.parametrize(
    ("steps", "path"),
    [
        ([(0, "30")], "M0 0H1000"),
        ([(0, "30"), (5, "15")], "M0 0H500V100H1000"),
        # What held before the period holds at its beginning.
        ([(-40, "30"), (2.5, "0")], "M0 0H250V200H1000"),
        ([(2, "30")], "M200 0H1000"),
        # Not known for a while: a gap, and no line through it.
        ([(0, "30"), (2, None), (5, "15")], "M0 0H200M500 100H1000"),
        ([(0, "30"), (12, "15")], "M0 0H1000V100H1000"),
        ([(0, "0")], "M0 200H1000"),
    ],
)
def test_each_amount_holds_until_the_next(steps: Sequence[tuple[float, str | None]], path: str) -> None:
    chart = draw(*steps)
    assert chart is not None
    assert [line.path for line in chart.lines] == [path]


@pytest.mark.parametrize(
    ("amounts", "ticks"),
    [
        (["30"], ("30", "20", "10", "0")),
        (["41", "12"], ("60", "40", "20", "0")),
        (["-3", "5"], ("5", "0", "-5")),
        (["0"], ("0,5", "0")),
        (["0.01"], ("0,01", "0,005", "0")),
        (["99999999999.9999"], ("100.000.000.000", "50.000.000.000", "0")),
    ],
)
def test_the_scale_begins_at_nothing_and_has_round_ends(amounts: list[str], ticks: tuple[str, ...]) -> None:
    chart = draw(*enumerate(amounts))
    assert chart is not None
    assert chart.ticks == ticks
    assert (chart.tick_places[0], chart.tick_places[-1]) == (0, chart.height)


def test_nothing_known_is_no_chart() -> None:
    assert draw() is None
    assert draw((0, None)) is None


def test_two_series_share_one_scale() -> None:
    price = Series("Preço", [(START, Decimal(100))])
    promotion = Series("Preço promocional", [(START, None), (START + dt.timedelta(days=5), Decimal(50))])
    chart = draw_steps([price, promotion], START, END, format_quantity)
    assert chart is not None
    assert [(line.label, line.path) for line in chart.lines] == [
        ("Preço", "M0 0H1000"),
        ("Preço promocional", "M500 100H1000"),
    ]


def test_a_period_without_length_is_drawn_too() -> None:
    assert draw_steps([Series("x", [(START, Decimal(1))])], START, START, str) is not None
