"""Many customers: colours at their edges, four opinions side by side, and the watch list with its reasons."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from uptake.prove.usage.forecast import forecast, months_after
from uptake.prove.usage.portfolio import (
    WEIGHTS,
    Colour,
    Standing,
    colour_of,
    customer_health,
    group_colour,
    risk_of,
    watch_list,
)
from uptake.prove.usage.rules import judge
from uptake.prove.usage.snapshots import Point

DAY = date(2026, 5, 31)
RED, YELLOW, GREEN, BLUE, UNKNOWN = Colour.RED, Colour.YELLOW, Colour.GREEN, Colour.BLUE, Colour.UNKNOWN


def standing(name: str, start: float, slope: float, seats: int = 1000, **more: object) -> Standing:
    points = [
        Point(months_after(date(2025, 12, 31), n), round((start + slope * n) * seats / 100), seats) for n in range(6)
    ]
    judged = judge(points, DAY)
    return replace(Standing(name, name, judged, forecast(points)), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("percent", "colour"), [(39.9, RED), (40, YELLOW), (69.9, YELLOW), (70, GREEN), (130, GREEN), (None, UNKNOWN)]
)
def test_colours_of_usage(percent: float | None, colour: Colour) -> None:
    assert colour_of(percent) is colour


@pytest.mark.parametrize(
    ("kind", "percents", "colour"),
    [("one", (71, 5), GREEN), ("one", (70, 5), YELLOW), ("both", (71, 5), YELLOW), ("both", (71, 71), GREEN), ("both", (40, 40), RED),
     ("management", (31, 31), GREEN), ("management", (16, 0), YELLOW), ("management", (15, 0), RED), ("both", (None, None), UNKNOWN),
     ("both", (90, None), YELLOW)],
)  # fmt: skip
def test_colours_of_groups(kind: str, percents: tuple[float | None, ...], colour: Colour) -> None:
    assert group_colour(kind, percents) is colour


@pytest.mark.parametrize(
    ("groups", "health"),
    [
        ((RED, RED, YELLOW), RED),
        ((GREEN, RED, RED), YELLOW),
        ((GREEN, GREEN, RED), GREEN),
        ((GREEN,) * 3, BLUE),
        ((GREEN, UNKNOWN, RED), UNKNOWN),
        ((), UNKNOWN),
    ],
)
def test_customer_health_counts_green_groups(groups: tuple[Colour, ...], health: Colour) -> None:
    assert customer_health(groups) is health


def test_the_watch_list_begins_with_the_stalled_and_leaves_out_the_healthy() -> None:
    found = watch_list(
        [
            standing("healthy", 71, 1),
            standing("growing", 30, 4),
            standing("stalled", 40, 0.2),
            standing("falling", 50, -2),
            Standing("none", "none"),
        ],
        DAY,
    )
    assert [risk.standing.id for risk in found][:2] == ["falling", "stalled"]
    assert "healthy" not in {risk.standing.id for risk in found}
    assert [risk.standing.id for risk in found].index("none") < [risk.standing.id for risk in found].index("growing")
    assert all(risk.said("en") and risk.said("ja") for risk in found)


def test_an_open_case_and_overdue_actions_move_a_customer() -> None:
    bare = risk_of(standing("a", 40, 0.2), DAY).score
    assert risk_of(standing("a", 40, 0.2, has_open_case=True), DAY).score == bare - WEIGHTS["risk-no-case"]
    more = standing("a", 40, 0.2, next_action=date(2026, 5, 1), l1="blocked", enterprise=RED)
    assert risk_of(more, DAY).score == bare + 10 + 20 + 10


def test_equal_risks_are_ordered_by_seats_that_nobody_uses() -> None:
    found = watch_list([standing("small", 40, 0.2, 2000), standing("large", 40, 0.2, 20_000)], DAY)
    assert [risk.standing.id for risk in found] == ["large", "small"]
