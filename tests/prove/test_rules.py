"""Healthy, sustained, stalled: the worked cases, every guard, and the same verdict again for any past day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uptake import catalogue
from uptake.core.errors import UptakeError
from uptake.guide.playbook import load_playbook
from uptake.prove.usage.reasons import said
from uptake.prove.usage.rules import (
    Basis,
    Certainty,
    Judgement,
    Thresholds,
    Verdict,
    chance_of_other,
    judge,
    judge_all,
    months_before,
    replay,
)
from uptake.prove.usage.snapshots import Point
from uptake.prove.usage.thresholds import thresholds_of

ENDS = [date(2026, 2, 28), date(2026, 3, 31), date(2026, 4, 30), date(2026, 5, 31)]
MET, NOT_MET, UNKNOWN = Verdict.MET, Verdict.NOT_MET, Verdict.UNKNOWN
RELATIVE = Thresholds(basis=Basis.RELATIVE)


def points(*values: tuple[float, int] | float, ends: Sequence[date] = ENDS, seats: int = 1000) -> tuple[Point, ...]:
    """Month ends with usage in percent of 1,000 seats, or (users, seats)."""
    found = []
    for day, value in zip(ends, values, strict=True):
        active, paid = value if isinstance(value, tuple) else (round(value * seats / 100), seats)
        found.append(Point(day, int(active), paid))
    return tuple(found)


def between(then: float, now: float, seats: int = 1000) -> tuple[Point, ...]:
    step = (now - then) / 3
    return points(then, then + step, then + 2 * step, now, seats=seats)


def codes(judgement: Judgement) -> set[str]:
    return {reason.code for reason in judgement.why}


@pytest.mark.parametrize(
    ("then", "now", "on_points", "on_relative"),
    [
        (40.0, 41.0, MET, MET),
        (10.0, 10.4, MET, NOT_MET),
        (40.0, 43.0, NOT_MET, NOT_MET),
        (60.0, 58.0, MET, MET),
        (69.0, 70.0, NOT_MET, NOT_MET),
        (0.0, 0.0, MET, UNKNOWN),
        (20.0, 20.6, MET, NOT_MET),
        (20.0, 20.5, MET, MET),
        (60.0, 61.8, MET, NOT_MET),
    ],
)
def test_worked_cases(then: float, now: float, on_points: Verdict, on_relative: Verdict) -> None:
    assert judge(between(then, now), ENDS[-1]).stalled is on_points
    assert judge(between(then, now), ENDS[-1], RELATIVE).stalled is on_relative


def test_both_readings_of_growth_are_shown() -> None:
    found = judge(between(40.0, 41.0), ENDS[-1])
    assert (found.usage_pct, found.growth_points, found.growth_relative) == (41.0, 1.0, 2.5)
    assert judge(between(0.0, 0.0), ENDS[-1]).growth_relative is None


@pytest.mark.parametrize(("now", "healthy"), [(69.9, NOT_MET), (70.0, MET), (104.0, MET)])
def test_exactly_70_is_healthy(now: float, healthy: Verdict) -> None:
    assert judge(between(60.0, now), ENDS[-1]).healthy is healthy


@pytest.mark.parametrize(
    ("values", "sustained"),
    [((60, 70.1, 71, 72), MET), ((60, 70.0, 71, 72), NOT_MET), ((71, 71, 71, 70.0), NOT_MET), ((80, 71, 69, 72), NOT_MET),
     ((60, 90, 90, 90), MET)],
)  # fmt: skip
def test_sustained_is_above_70_for_two_months(values: tuple[float, ...], sustained: Verdict) -> None:
    assert judge(points(*values), ENDS[-1]).sustained is sustained


def test_sustained_needs_two_months_of_figures() -> None:
    found = judge(points(71, 72, ends=ENDS[2:]), ENDS[-1])
    assert (found.healthy, found.sustained) == (MET, UNKNOWN)
    assert "short-for-sustained" in codes(found)


def test_short_history_is_unknown_and_never_not_stalled() -> None:
    for count in range(1, 4):
        found = judge(between(40.0, 41.0)[-count:], ENDS[-1])
        assert found.stalled is UNKNOWN
    assert judge((), ENDS[-1]).healthy is UNKNOWN


def test_three_dates_over_three_months_are_too_few() -> None:
    series = between(40.0, 41.0)
    assert "few-dates" in codes(judge((series[0], series[1], series[3]), ENDS[-1]))


def test_late_data_is_no_stall() -> None:
    series = between(40.0, 41.0)
    assert judge(series, ENDS[-1] + timedelta(days=9)).stalled is MET
    late = judge(series, ENDS[-1] + timedelta(days=10))
    assert (late.stalled, late.healthy, late.certainty) == (UNKNOWN, NOT_MET, Certainty.UNSURE)
    assert judge(series, ENDS[-1] + timedelta(days=46)).healthy is UNKNOWN


def test_a_purchase_of_seats_alone_is_no_stall() -> None:
    found = judge(points((400, 1000), (430, 1000), (460, 1500), (500, 1500)), ENDS[-1])
    assert (found.stalled, found.users_part) == (UNKNOWN, 10.0)
    assert found.seats_part == pytest.approx(100 * 500 / 1500 - 40 - 10)
    assert {"seats-changed", "seats-decide"} <= codes(found)


def test_seats_that_went_away_hide_no_stall() -> None:
    assert judge(points((400, 1000), (400, 1000), (400, 900), (400, 800)), ENDS[-1]).stalled is UNKNOWN


def test_a_change_of_seats_that_decides_nothing_is_only_shown() -> None:
    found = judge(points((400, 1000), (400, 1000), (400, 1010), (400, 1010)), ENDS[-1])
    assert found.stalled is MET
    assert "seats-changed" in codes(found)


def test_another_denominator_is_unknown() -> None:
    series = [
        Point(p.date, p.active, p.paid, "paid:A" if p.date < ENDS[2] else "assigned:A") for p in between(40.0, 41.0)
    ]
    assert "other-basis" in codes(judge(series, ENDS[-1]))


def test_shared_computers_are_unknown_below_the_goal_only() -> None:
    assert judge(between(40.0, 41.0), ENDS[-1], is_shared=True).stalled is UNKNOWN
    assert judge(between(70.0, 71.0), ENDS[-1], is_shared=True).stalled is NOT_MET


def test_without_seats_there_is_no_verdict() -> None:
    found = judge(points((1, 0), (1, 0), (1, 0), (1, 0)), ENDS[-1])
    assert (found.usage_pct, found.healthy, codes(found)) == (None, UNKNOWN, {"no-seats"})


def test_small_tenants_are_unsure_and_large_ones_sure() -> None:
    small, large = (judge(between(40.0, 41.0, seats=seats), ENDS[-1]) for seats in (100, 10_000))
    assert (small.stalled, small.certainty) == (MET, Certainty.UNSURE)
    assert (large.stalled, large.certainty) == (MET, Certainty.SURE)
    assert small.chance
    assert "small" in codes(small)


@pytest.mark.parametrize(("seats", "flagged"), [(50, 0.34), (150, 0.22), (300, 0.13), (1000, 0.02)])
def test_the_chance_is_that_of_the_simulation(seats: int, flagged: float) -> None:
    """Truly growing 5 points and flagged all the same: usage.md, section E."""
    assert chance_of_other(5.0, Thresholds(), Point(ENDS[0], 0, seats)) == pytest.approx(flagged, abs=0.02)


def test_two_months_in_a_row_make_a_small_tenant_sure() -> None:
    ends = [date(2026, 1, 31), *ENDS]
    found = judge(points(40, 40, 40, 41, 41, ends=ends, seats=200), ENDS[-1])
    assert (found.stalled, found.certainty) == (MET, Certainty.SURE)
    assert "twice" in codes(found)


SUMMER = [date(2026, 5, 31), date(2026, 6, 30), date(2026, 7, 31), date(2026, 8, 31)]
LAST_SUMMER = [date(day.year - 1, day.month, day.day) for day in SUMMER]


def test_a_holiday_that_was_the_same_a_year_ago_is_no_stall() -> None:
    series = points(40, 38, 34, 33, ends=LAST_SUMMER) + points(55, 54, 52, 51, ends=SUMMER)
    found = judge(series, SUMMER[-1])
    assert found.stalled is UNKNOWN
    assert "holiday-as-before" in codes(found)


def test_a_holiday_without_history_is_unsure() -> None:
    found = judge(points(55, 55, 54, 54, ends=SUMMER), SUMMER[-1])
    assert (found.stalled, found.certainty) == (MET, Certainty.UNSURE)


def test_the_new_year_is_a_holiday_too() -> None:
    ends = [date(2025, 10, 5), date(2025, 11, 5), date(2025, 12, 5), date(2026, 1, 5)]
    assert "holiday" in codes(judge(points(55, 55, 54, 54, ends=ends), ends[-1]))


@pytest.mark.parametrize(
    ("day", "months", "before"),
    [
        ("2026-05-31", 3, "2026-02-28"),
        ("2026-02-28", 3, "2025-11-30"),
        ("2024-05-30", 3, "2024-02-29"),
        ("2026-01-15", 3, "2025-10-15"),
    ],
)
def test_months_end_where_months_end(day: str, months: int, before: str) -> None:
    assert months_before(date.fromisoformat(day), months) == date.fromisoformat(before)


def test_weekly_figures_find_the_week_three_months_ago() -> None:
    start = date(2026, 1, 5)
    series = [Point(start + timedelta(weeks=n), 400 + n, 1000) for n in range(20)]
    found = judge(series, series[-1].date)
    assert found.base_date
    assert 84 <= (series[-1].date - found.base_date).days <= 95


def test_a_gap_three_months_ago_is_unknown() -> None:
    series = points(40, 41, 41, 41, ends=[date(2025, 12, 31), *ENDS[1:]])
    assert "no-base" in codes(judge(series, ENDS[-1]))


SERIES = st.lists(
    st.tuples(st.integers(0, 1200), st.sampled_from([0, 150, 1000, 1000, 1000, 1100])), min_size=1, max_size=30
)


@given(SERIES, st.integers(0, 900), st.sampled_from(list(Basis)), st.booleans())
def test_a_past_day_gives_the_stored_verdict_whatever_came_later(
    values: list[tuple[int, int]], day: int, basis: Basis, shared: bool
) -> None:
    series = [Point(date(2024, 1, 31) + timedelta(days=30 * n), *value) for n, value in enumerate(values)]
    as_of = date(2024, 1, 1) + timedelta(days=day)
    found = judge(series, as_of, Thresholds(basis=basis), is_shared=shared, formula="any/28/paid")
    assert replay(found) == found
    assert (
        judge(
            [p for p in series if p.date <= as_of],
            as_of,
            Thresholds(basis=basis),
            is_shared=shared,
            formula="any/28/paid",
        )
        == found
    )
    assert found.stalled is not MET or (found.usage_pct is not None and found.usage_pct < 70)
    assert found.why
    assert found.as_json("ja")["why"]


def test_every_reason_has_both_languages_with_the_same_numbers() -> None:
    for row in catalogue.read_table("usage_reasons"):
        names = [set(_fields(row[lang])) for lang in ("en", "ja")]
        assert names[0] == names[1], row["code"]
    assert said(judge((), ENDS[-1]).why[0], "ja").startswith("2026-05-31")


def _fields(text: str) -> list[str]:
    return [part.split("}")[0] for part in text.split("{")[1:]]


def test_many_customers_are_judged_at_once() -> None:
    assert [each.stalled for each in judge_all([between(40, 41), between(40, 50)], ENDS[-1])] == [MET, NOT_MET]


def test_the_playbooks_thresholds_are_the_defaults_and_an_organisation_sets_its_own() -> None:
    playbook = load_playbook()
    assert thresholds_of(playbook) == Thresholds()
    own = thresholds_of(playbook, {"healthy": "65", "stall-basis": "relative", "stall-window": "6"})
    assert (own.goal, own.basis, own.months) == (65.0, Basis.RELATIVE, 6)
    assert judge(between(40.0, 66.0), ENDS[-1], own).healthy is MET


@pytest.mark.parametrize(
    ("key", "value"), [("healthy", "x"), ("healthy", "nan"), ("stall-window", "0"), ("stall-basis", "both")]
)
def test_a_threshold_that_is_none_is_refused(key: str, value: str) -> None:
    with pytest.raises(UptakeError, match=key):
        thresholds_of(load_playbook(), {key: value})


def test_growth_a_little_below_the_limit_is_not_shown_as_the_limit() -> None:
    points = [
        Point(date(2026, 5 + n, 20), active, 1540) for n, active in enumerate((690, 720, 740, 754, 770, 785, 800))
    ]
    judged = judge(points, date(2026, 11, 22))
    assert judged.stalled is Verdict.MET
    assert "growth of +2.99 points since 2026-08-20 is below 3 points" in judged.as_json()["why"]
