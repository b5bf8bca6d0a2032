"""The forecast: paths that stay in bounds, honest intervals, and a backtest that knows nothing of the future."""

from __future__ import annotations

import math
import random
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uptake.core.errors import UptakeError
from uptake.prove.usage import forecast as forecasting
from uptake.prove.usage.forecast import (
    HORIZONS,
    MONTHS,
    NOT_REACHED,
    Residuals,
    ahead,
    backtest,
    damped_drift,
    drawn_in,
    forecast,
    monthly,
    months_after,
    read_many,
    shipped,
)
from uptake.prove.usage.snapshots import Point

START = date(2025, 1, 31)


def series(*values: float, seats: int = 1000) -> list[Point]:
    return [Point(months_after(START, n), round(value * seats / 100), seats) for n, value in enumerate(values)]


def test_the_baseline_is_the_mean_change_of_three_months_fading_by_a_tenth() -> None:
    path = damped_drift([10.0, 50.0, 52.0, 54.0, 56.0])
    assert path[0] == pytest.approx(56 + 2 * 0.9)
    assert path[2] == pytest.approx(56 + 2 * (0.9 + 0.81 + 0.729))
    assert damped_drift([40.0]) == (40.0,) * MONTHS


def test_changes_that_agree_are_kept_and_noise_is_drawn_in() -> None:
    assert drawn_in([10, 12, 14, 16, 18]) == pytest.approx(2)
    assert abs(drawn_in([10, 14, 9, 15, 11])) < 0.2
    assert drawn_in([10.0]) == 0.0


def test_a_flat_series_stays_and_does_not_reach_the_goal() -> None:
    found = forecast(series(*[40.0] * 12))
    assert found.reach is None
    assert found.as_json()["reach_70"] == NOT_REACHED
    assert all(step.median == pytest.approx(40, abs=0.5) for step in found.path)


def test_a_growing_series_reaches_the_goal_between_the_ends_of_its_interval() -> None:
    found = forecast(series(*(30 + 3 * n for n in range(12))))
    assert found.reach
    assert found.reach.low
    assert found.reach.low <= found.reach.median
    assert found.reach.high is None or found.reach.high >= found.reach.median
    assert found.path[0].date == date(2026, 1, 31)


def test_who_is_there_already_is_there_now() -> None:
    found = forecast(series(60, 65, 71))
    assert found.reach
    assert (found.reach.low, found.reach.median, found.reach.high) == (date(2025, 3, 31),) * 3


def test_one_figure_gives_a_wide_interval_and_no_trend() -> None:
    found = forecast(series(40))
    assert found.months_known == 1
    assert {step.median for step in found.path} == {40.0}
    assert found.path[5].high - found.path[5].low > 8


def test_no_figure_is_refused() -> None:
    for points in ([], [Point(START, 1, 0)]):
        with pytest.raises(UptakeError, match="no figure"):
            forecast(points)


@given(st.lists(st.integers(0, 1300), min_size=1, max_size=40))
def test_paths_stay_in_their_interval_and_in_bounds(actives: list[int]) -> None:
    points = [Point(months_after(START, n), active, 1000) for n, active in enumerate(actives)]
    found = forecast(points)
    most = max(100.0, 1.1 * max(actives) / 10)
    assert len(found.path) == MONTHS
    for step in found.path:
        assert 0 <= step.low <= step.median <= step.high <= most + 1e-9
        assert math.isfinite(step.median)


def test_intervals_grow_with_the_months() -> None:
    found = forecast(series(*(30 + 1.5 * n + (n % 3) for n in range(14))))
    widths = [step.high - step.low for step in found.path]
    assert widths[0] < widths[2] < widths[5]


def test_weekly_figures_become_monthly_and_gaps_are_bridged() -> None:
    weekly = [(date(2026, 1, day), float(day)) for day in (5, 12, 19, 26)] + [(date(2026, 4, 30), 50.0)]
    found = monthly(weekly)
    assert [day.month for day, _ in found] == [1, 2, 3, 4]
    assert (found[0], found[1][1], found[-1][1]) == ((date(2026, 1, 26), 26.0), 34.0, 50.0)


def test_the_shipped_errors_are_quantiles_of_every_month() -> None:
    assert set(shipped()) == set(range(1, MONTHS + 1))
    assert all(len(errors) == 40 and errors[0] < 0 < errors[-1] for errors in shipped().values())


def test_the_band_is_that_of_split_conformal() -> None:
    residuals = Residuals({1: [float(n) for n in range(1, 100)]})
    assert residuals.band(1) == (10.0, 90.0)


def test_intervals_that_held_too_much_become_narrower() -> None:
    residuals = Residuals({1: [float(n) for n in range(1, 100)]})
    for _ in range(200):
        residuals.correct(1, [True])
    low, high = residuals.band(1)
    assert low > 10
    assert high < 90


def table(count: int = 20, months: int = 24) -> dict[str, list[tuple[date, float]]]:
    return {
        str(n): [
            (months_after(START, t), 20 + n + t * (n % 4) * 0.7 + 3 * math.sin(t * (n + 1))) for t in range(months)
        ]
        for n in range(count)
    }


def test_a_backtest_knows_nothing_of_the_future() -> None:
    """Values after a day change nothing that was said up to that day: errors of origins whose future ends before it."""
    whole = table()
    cut = {name: dated[:-4] for name, dated in whole.items()}
    changed = {name: [*dated[:-4], *((day, 99.0) for day, _ in dated[-4:])] for name, dated in whole.items()}
    known = backtest(cut)
    for other in (backtest(whole), backtest(changed)):
        assert other.errors[1][: len(known.errors[1]) // 2] == known.errors[1][: len(known.errors[1]) // 2]
    assert all(ahead([v for _, v in whole[n][:10]]) == ahead([v for _, v in changed[n][:10]]) for n in whole)


def test_a_backtest_says_how_good_it_was() -> None:
    found = backtest(table())
    assert found.origins == 20 * 20
    assert set(found.mae) == set(found.baseline_mae) == set(found.coverage) == set(HORIZONS)
    assert found.mae[3] <= found.baseline_mae[3]
    assert 0.7 <= found.coverage[3] <= 0.9


def test_the_month_of_the_goal_is_compared() -> None:
    growing = {str(n): [(months_after(START, t), 40 + n + 2.0 * t) for t in range(30)] for n in range(5)}
    found = backtest(growing)
    assert found.reached > 0
    assert 0 < found.hits <= found.reached
    assert found.median_error_months is not None


def test_many_series_of_one_day_do_not_bend_the_interval(monkeypatch: pytest.MonkeyPatch) -> None:
    """Errors that show on one day come in the order of their origins, not of their size; only the latest are kept."""
    monkeypatch.setattr(forecasting, "MOST_RESIDUALS", 150)
    chance = random.Random(3)
    many = {}
    for n in range(400):
        level, found = chance.uniform(20, 60), []
        for t in range(14):
            level += chance.gauss(0, 1)
            found.append((months_after(START, t), level))
        many[str(n)] = found
    assert 0.75 <= backtest(many).coverage[1] <= 0.85


def test_short_series_have_no_origin() -> None:
    found = backtest({"a": [(START, 1.0)], "b": []})
    assert (found.origins, found.as_json()["mae"]) == (0, {"1": None, "3": None, "6": None})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a,b",
        "series,date,value\nA,2026-01-32,1",
        "series,date,value\nA,2026-01-31,nan",
        "series,date,value\nA,2026-01-31,x",
        "series,date,value\nA",
    ],
)
def test_series_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(UptakeError):
        read_many(text, "x.csv")
