"""The trend of usage as SVG: figures, goal line, forecast with its band, marks of waves and actions on the time axis.

Colours are classes, so that a strict CSP holds; the title says the same in words, and the page has a table with the numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from html import escape

from uptake.prove.usage.forecast import Forecast
from uptake.prove.usage.snapshots import Point
from uptake.reporting.clean import visible
from uptake.reporting.usage_model import Mark

WIDTH, HEIGHT = 900, 320
LEFT, RIGHT, TOP, BOTTOM = 46, 16, 26, 38


class _Axes:
    """Dates and percent → places in the picture."""

    def __init__(self, first: date, last: date, top: float) -> None:
        self.first, self.days, self.top = first, max(1, (last - first).days), top

    def x(self, day: date) -> float:
        return LEFT + (day - self.first).days / self.days * (WIDTH - LEFT - RIGHT)

    def y(self, percent: float) -> float:
        return TOP + (1 - min(percent, self.top) / self.top) * (HEIGHT - TOP - BOTTOM)


def trend(
    points: Sequence[Point],
    forecast: Forecast | None,
    goal: float,
    marks: Sequence[Mark] = (),
    *,
    title: str,
    goal_word: str = "70 %",
) -> str:
    """The picture; an empty text where there is no figure."""
    values = [(point.date, value) for point in points if (value := point.percent) is not None]
    if not values:
        return ""
    steps = forecast.path if forecast else ()
    last = steps[-1].date if steps else values[-1][0]
    highest = max([goal, 100.0, *(value for _, value in values), *(step.high for step in steps)])
    axes = _Axes(values[0][0], last, highest if highest <= 100 else 10 * (highest // 10 + 1))
    parts = [*_grid(axes), *_months(axes, last), *_band(axes, values[-1], forecast)]
    parts.append(
        f'<line class="goal" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{axes.y(goal):.1f}" y2="{axes.y(goal):.1f}"/>'
    )
    parts.append(f'<text class="goal-word" x="{LEFT + 6}" y="{axes.y(goal) - 6:.1f}">{escape(goal_word)}</text>')
    parts += _marks(axes, marks, values[0][0], last)
    parts.append(f'<polyline class="line" points="{_line(axes, values)}"/>')
    parts += [
        f'<circle class="dot" cx="{axes.x(day):.1f}" cy="{axes.y(value):.1f}" r="3"/>' for day, value in values[-60:]
    ]
    shown = escape(visible(title))
    head = f'<svg class="trend" viewBox="0 0 {WIDTH} {HEIGHT}" role="img"><title>{shown}</title>'
    return f"{head}{''.join(parts)}</svg>"


def _line(axes: _Axes, values: Sequence[tuple[date, float]]) -> str:
    return " ".join(f"{axes.x(day):.1f},{axes.y(value):.1f}" for day, value in values)


def _grid(axes: _Axes) -> list[str]:
    step = 20 if axes.top <= 120 else 50
    found = []
    for percent in range(0, int(axes.top) + 1, step):
        y = axes.y(percent)
        found.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        found.append(f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{percent} %</text>')
    return found


def _months(axes: _Axes, last: date) -> list[str]:
    """The first of a month, as many as there is room for."""
    months = (last.year - axes.first.year) * 12 + last.month - axes.first.month
    every = next((step for step in (1, 2, 3, 6, 12, 24) if months / step <= 12), 48)
    found = []
    for number in range(1, months + 1):
        year, month = divmod(axes.first.year * 12 + axes.first.month - 1 + number, 12)
        if (month % every if every <= 12 else 12 * year + month) % every == 0:
            x = axes.x(date(year, month + 1, 1))
            if x < WIDTH - RIGHT - 20:
                found.append(f'<text x="{x:.1f}" y="{HEIGHT - 14}" text-anchor="middle">{year}-{month + 1:02}</text>')
    return found


def _band(axes: _Axes, last: tuple[date, float], forecast: Forecast | None) -> list[str]:
    if forecast is None:
        return []
    upper = [last, *((step.date, step.high) for step in forecast.path)]
    lower = [last, *((step.date, step.low) for step in forecast.path)]
    middle = [last, *((step.date, step.median) for step in forecast.path)]
    return [
        f'<polygon class="band" points="{_line(axes, upper)} {_line(axes, lower[::-1])}"/>',
        f'<polyline class="ahead" points="{_line(axes, middle)}"/>',
    ]


def _marks(axes: _Axes, marks: Sequence[Mark], first: date, last: date) -> list[str]:
    found = []
    for number, mark in enumerate((mark for mark in marks if first <= mark.date <= last), 1):
        x, css = axes.x(mark.date), "wave" if mark.kind == "wave" else "mark"
        label = escape(visible(f"{mark.date} {mark.label}"))
        found.append(
            f'<g><title>{label}</title><line class="{css}" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}"/>'
        )
        found.append(f'<circle class="flag" cx="{x:.1f}" cy="{TOP - 9}" r="8"/>')
        found.append(f'<text class="number" x="{x:.1f}" y="{TOP - 5}" text-anchor="middle">{number}</text></g>')
    return found
