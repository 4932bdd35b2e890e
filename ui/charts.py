"""Step charts as the geometry of an SVG: a pure function. The words of a chart stand beside it as HTML."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

# The drawing's own units; the page stretches it, so that it says nothing about pixels.
WIDTH, HEIGHT = 1000, 200
# What people count in, times a power of ten.
_NICE = (1, 2, 2.5, 5, 10)


@dataclass(frozen=True, slots=True)
class Series:
    """Steps, oldest first: from each moment on its amount holds. ``None`` is not known, and leaves a gap."""

    label: str
    steps: Sequence[tuple[dt.datetime, Decimal | None]]


@dataclass(frozen=True, slots=True)
class Line:
    """``path`` is the ``d`` of an SVG path."""

    label: str
    path: str


@dataclass(frozen=True, slots=True)
class StepChart:
    """``ticks`` are the words of the horizontal lines from top to bottom, at even distances."""

    lines: tuple[Line, ...]
    ticks: tuple[str, ...]
    tick_places: tuple[float, ...]
    width: int = WIDTH
    height: int = HEIGHT


def draw_steps(
    series: Sequence[Series], start: dt.datetime, end: dt.datetime, write: Callable[[Decimal], str]
) -> StepChart | None:
    """The amounts of each series between two moments; ``None`` where nothing at all is known.

    A step before ``start`` holds at ``start``. The scale begins at 0 unless an amount is below it.
    """
    amounts = [amount for one in series for _, amount in one.steps if amount is not None]
    if not amounts:
        return None
    low, high, parts = _scale(min(amounts), max(amounts))
    span = (end - start).total_seconds() or 1.0

    def across(moment: dt.datetime) -> float:
        share = (moment - start).total_seconds() / span
        return round(WIDTH * min(1.0, max(0.0, share)), 1)

    def down(amount: Decimal) -> float:
        return round(HEIGHT * (1 - float((amount - low) / (high - low))), 1)

    lines = tuple(Line(one.label, _path(one.steps, across, down)) for one in series)
    ticks = [high - (high - low) * part / parts for part in range(parts + 1)]
    return StepChart(
        tuple(line for line in lines if line.path),
        tuple(write(tick) for tick in ticks),
        tuple(down(tick) for tick in ticks),
    )


def _path(
    steps: Sequence[tuple[dt.datetime, Decimal | None]],
    across: Callable[[dt.datetime], float],
    down: Callable[[Decimal], float],
) -> str:
    path: list[str] = []
    is_drawn = False
    for position, (moment, amount) in enumerate(steps):
        if amount is None:
            is_drawn = False
            continue
        # Up or down to the new amount, then along it until the next step.
        path.append(f"{'V' if is_drawn else f'M{across(moment):g} '}{down(amount):g}")
        path.append(f"H{across(steps[position + 1][0]) if position + 1 < len(steps) else WIDTH:g}")
        is_drawn = True
    return "".join(path)


def _scale(least: Decimal, most: Decimal) -> tuple[Decimal, Decimal, int]:
    """The ends of the axis and into how many parts it is cut."""
    low, high = min(least, Decimal(0)), max(most, Decimal(0))
    reach = float(high - low) or 1.0
    size = 10 ** math.floor(math.log10(reach / 3))
    part = Decimal(str(next(nice * size for nice in _NICE if nice * size * 3 >= reach)))
    bottom = Decimal(math.floor(low / part)) * part
    top = Decimal(math.ceil(high / part)) * part
    if top == bottom:
        top = bottom + part
    return bottom, top, int((top - bottom) / part)
