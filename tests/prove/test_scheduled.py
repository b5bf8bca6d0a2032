"""When a report is due, and when it is not."""

from __future__ import annotations

from datetime import date

import pytest

from uptake.prove.usage.scheduled import Every, Occasion, Plan, due


def on(day: int, month: int = 11) -> date:
    return date(2026, month, day)


@pytest.mark.parametrize(
    ("plan", "today", "expected"),
    [
        (Plan(Every.OFF), on(1), None),
        (Plan(Every.MONTH, day=5), on(4), None),
        (Plan(Every.MONTH, day=5), on(5), on(5)),
        (Plan(Every.MONTH, day=5), on(30), on(5)),
        (Plan(Every.MONTH, day=31), on(30), on(30)),
        (Plan(Every.MONTH, day=31), on(28, 2), on(28, 2)),
        (Plan(Every.MONTH, day=5, since=on(6)), on(20), None),
        (Plan(Every.MONTH, day=5, since=on(5)), on(20), on(5)),
    ],
)
def test_a_month_has_its_day_and_nothing_is_made_up_for(plan: Plan, today: date, expected: date | None) -> None:
    wanted = Occasion(Every.MONTH, expected) if expected else None
    assert due(plan, today, (), ()) == wanted


@pytest.mark.parametrize(
    ("today", "sessions", "expected"),
    [
        (on(6), [on(10)], None),
        (on(7), [on(10)], on(10)),
        (on(10), [on(10)], on(10)),
        (on(11), [on(10)], None),
        (on(7), [on(10), on(9)], on(9)),
        (on(7), [], None),
    ],
)
def test_a_session_has_its_report_some_days_before(today: date, sessions: list[date], expected: date | None) -> None:
    wanted = Occasion(Every.SESSION, expected) if expected else None
    assert due(Plan(Every.SESSION, days_before=3), today, sessions, ()) == wanted


def test_an_occasion_has_one_report_and_a_session_that_moves_is_another_one() -> None:
    plan, made = Plan(Every.SESSION), {Occasion(Every.SESSION, on(10))}
    assert due(plan, on(9), [on(10)], made) is None
    assert due(plan, on(9), [on(12)], made) == Occasion(Every.SESSION, on(12))
