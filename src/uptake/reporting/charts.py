"""Charts as SVG text.

Colours are classes, so that a strict CSP holds; `role="img"` and a title with the numbers speak to screen readers.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

GAP = 2.0
LEAST = 3.0
"""Width of the smallest part that is not nothing: five files of a million must show."""


def stacked_bar(
    parts: Sequence[tuple[str, int]], title: str, *, width: int = 600, height: int = 14, css: str = "bar-chart"
) -> str:
    """One bar of `parts` (class, number), left to right; parts of zero take no room."""
    shown = [(name, number) for name, number in parts if number > 0]
    total = sum(number for _, number in shown)
    room = width - GAP * max(len(shown) - 1, 0)
    widths = _widths([number for _, number in shown], total, room)
    x, rects = 0.0, []
    for (name, _), part in zip(shown, widths, strict=True):
        rects.append(f'<rect class="{name}" x="{x:.1f}" y="0" width="{part:.1f}" height="{height}"/>')
        x += part + GAP
    if not shown:
        rects.append(f'<rect class="empty" x="0" y="0" width="{width}" height="{height}"/>')
    return (
        f'<svg class="{css}" viewBox="0 0 {width} {height}" preserveAspectRatio="none" role="img">'
        f"<title>{escape(title)}</title>{''.join(rects)}</svg>"
    )


def _widths(numbers: Sequence[int], total: int, room: float) -> list[float]:
    """Proportional widths, small parts raised to `LEAST` at the cost of the others."""
    if not total:
        return []
    small = [number for number in numbers if number / total * room < LEAST]
    rest = room - LEAST * len(small)
    large = total - sum(small)
    return [LEAST if number / total * room < LEAST else number / large * rest for number in numbers]
