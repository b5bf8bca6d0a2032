"""When 70 % will be reached: a monthly path with an 80 % interval, and a backtest that looks at nothing of the future.

The path is the mean of two damped drifts, one of the percentages and one of their log odds, each drawn towards no change by how
much the last steps disagree: on generated series it beats the plain damped drift, which stays beside it as the baseline
(`bench/forecast.py`). The interval is split conformal: quantiles of past errors by horizon, pooled over series and divided by how
much a series moves; before there are errors of one's own, a shipped table of errors on generated series stands in.
"""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from calendar import monthrange
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from heapq import heappop, heappush
from itertools import groupby, pairwise
from statistics import median
from typing import Any

from uptake import catalogue
from uptake.core.errors import UptakeError
from uptake.prove.usage.rows import read_rows
from uptake.prove.usage.snapshots import Point

VERSION = "usage-forecast/1"
MONTHS = 12
GOAL = 70.0
LEFT_OUT = 0.2
"""Share of values that lie outside of an interval: it is one of 80 %."""
DAMPING = 0.9
STEPS = 6
"""Monthly changes that a drift is made of."""
RECENT = 0.7
"""Weight of a change against the one after it."""
LEAST_SCALE = 0.4
"""Points: no series moves less, for the interval."""
SCALE_RECENT = 0.75
USUAL_SCALE, USUAL_WEIGHT = 1.5, 0.7
"""What a series is taken to move while little of it is known, in points, and as how many months that counts."""
ODDS_FROM, ODDS_TO = 1.0, 99.0
HORIZONS = (1, 3, 6)
LEAST_HISTORY = 4
"""Months before the first origin of a backtest."""
MOST_RESIDUALS = 20_000
"""Latest errors of a horizon that an interval is made of."""
CORRECTION = 0.005
"""By how much one outcome moves the share that is left out (Gibbs and Candès, adaptive conformal inference, 2021)."""
NOT_REACHED = "not within 12 months"
Path = tuple[float, ...]
Method = Callable[[Sequence[float]], Path]


@dataclass(frozen=True, slots=True)
class Step:
    """One month of a forecast; percent."""

    date: date
    median: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Reach:
    """When the goal is reached: on the median path, at the earliest, at the latest; None: not within twelve months."""

    median: date
    low: date | None
    high: date | None


@dataclass(frozen=True, slots=True)
class Forecast:
    """A forecast made on the last date of a series, kept to measure what was done after it."""

    made_from: date
    months_known: int
    reach: Reach | None
    path: tuple[Step, ...]
    goal: float = GOAL
    version: str = VERSION

    def as_json(self) -> dict[str, Any]:
        """The contract of `uptake usage forecast --format json`."""
        reach = self.reach
        shown: Any = NOT_REACHED
        if reach:
            shown = {"median": reach.median.isoformat(), "low": _iso(reach.low), "high": _iso(reach.high)}
        steps = [
            {"date": s.date.isoformat(), "median": round(s.median, 2), "low": round(s.low, 2), "high": round(s.high, 2)}
            for s in self.path
        ]
        return {"reach_70": shown, "path": steps}

    def at(self, day: date) -> Step | None:
        """The step whose month a day lies in."""
        return next((step for step in self.path if (step.date.year, step.date.month) == (day.year, day.month)), None)


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


# The two ways to look ahead


def damped_drift(values: Sequence[float]) -> Path:
    """The baseline: the mean change of the last three months, fading by a tenth each month. No change from one value."""
    steps = min(3, len(values) - 1)
    drift = (values[-1] - values[-1 - steps]) / steps if steps > 0 else 0.0
    return tuple(values[-1] + drift * weight for weight in _fading(DAMPING))


def ahead(values: Sequence[float]) -> Path:
    """The forecast: mean of the drawn-in drifts of percentages and of their log odds."""
    if len(values) < 3:
        return damped_drift(values)
    last = min(ODDS_TO, max(ODDS_FROM, values[-1]))
    odds = [_log_odds(value) for value in values[-1 - STEPS :]]
    drift, of_odds = drawn_in(values[-1 - STEPS :]), drawn_in(odds)
    return tuple(
        values[-1] + (drift * plain + _percent(odds[-1] + of_odds * curved) - last) / 2
        for plain, curved in zip(_fading(0.85), _fading(DAMPING), strict=True)
    )


def drawn_in(values: Sequence[float]) -> float:
    """Mean monthly change, the later the heavier, times how much of it is not noise: change² over change² plus its variance."""
    changes = [after - before for before, after in pairwise(values)]
    if len(changes) < 2:
        return changes[0] if changes else 0.0
    weights = [RECENT ** (len(changes) - 1 - place) for place in range(len(changes))]
    total = sum(weights)
    mean = sum(w * c for w, c in zip(weights, changes, strict=True)) / total
    spread = sum(w * (c - mean) ** 2 for w, c in zip(weights, changes, strict=True)) / total
    variance = spread * sum(w * w for w in weights) / total**2
    return mean**3 / (mean**2 + variance) if mean else 0.0


@lru_cache(maxsize=8)
def _fading(damping: float) -> tuple[float, ...]:
    found, total = [], 0.0
    for month in range(1, MONTHS + 1):
        total += damping**month
        found.append(total)
    return tuple(found)


def _log_odds(percent: float) -> float:
    inside = min(ODDS_TO, max(ODDS_FROM, percent))
    return math.log(inside / (100.0 - inside))


def _percent(log_odds: float) -> float:
    return 100.0 / (1.0 + math.exp(-log_odds))


# The interval


def scale_of(values: Sequence[float]) -> float:
    """How much a series moves, in points: sizes of its last twelve changes and of the jumps between them, the later the heavier."""
    recent = values[-13:]
    changes = [after - before for before, after in pairwise(recent)]
    moved, weights = USUAL_SCALE * USUAL_WEIGHT, USUAL_WEIGHT
    for place, change in enumerate(changes):
        weight = SCALE_RECENT ** (len(changes) - 1 - place)
        jump = abs(change - changes[place - 1]) if place else abs(change)
        moved += weight * (abs(change) + jump) / 2
        weights += weight
    return max(LEAST_SCALE, moved / weights)


@lru_cache(maxsize=1)
def shipped() -> Mapping[int, tuple[float, ...]]:
    """Horizon → quantiles of scaled errors on generated series, ascending."""
    found: dict[int, list[float]] = {}
    for row in catalogue.read_table("forecast_errors"):
        found.setdefault(int(row["months"]), []).append(float(row["error"]))
    return {months: tuple(sorted(errors)) for months, errors in found.items()}


@dataclass(slots=True)
class Residuals:
    """Scaled errors by horizon, ascending; starts from the shipped ones, which weigh less and less.

    What is left out of an interval grows when intervals held more than they should, and shrinks when they held less.
    """

    errors: dict[int, list[float]] = field(default_factory=dict)
    arrived: dict[int, deque[float]] = field(default_factory=dict)
    left_out: dict[int, float] = field(default_factory=dict)

    def add(self, months: int, error: float) -> None:
        """One more error that has shown."""
        known = self._of(months)
        insort(known, error)
        order = self.arrived.setdefault(months, deque())
        order.append(error)
        if len(order) > MOST_RESIDUALS:
            oldest = order.popleft()
            del known[bisect_left(known, oldest)]

    def correct(self, months: int, outcomes: Sequence[bool]) -> None:
        """Whether intervals held the values that have shown on one day; many of one day weigh like ten."""
        missed = 1 - sum(outcomes) / len(outcomes)
        weight = CORRECTION * min(10, len(outcomes))
        share = self.left_out.get(months, LEFT_OUT) + weight * (LEFT_OUT - missed)
        self.left_out[months] = min(0.6, max(0.02, share))

    def _of(self, months: int) -> list[float]:
        known = self.errors.get(months)
        if known is None:
            known = self.errors[months] = list(shipped().get(months, ()))
        return known

    def band(self, months: int) -> tuple[float, float]:
        """Scaled errors between which 80 % lie; the places of split conformal, (n + 1) · share, no further out than there are."""
        known = self._of(months)
        if not known:
            return -math.inf, math.inf
        tail = self.left_out.get(months, LEFT_OUT) / 2
        low = math.floor((len(known) + 1) * tail) - 1
        high = math.ceil((len(known) + 1) * (1 - tail)) - 1
        return known[max(0, low)], known[min(len(known) - 1, high)]


def interval(values: Sequence[float], path: Path, residuals: Residuals) -> tuple[tuple[float, float], ...]:
    """(low, high) of each month, between 0 and what a series that passed 100 may reach."""
    scale, most = scale_of(values), max(100.0, 1.1 * max(values))
    found = []
    for months, middle in enumerate(path, 1):
        below, above = residuals.band(months)
        low, high = middle + below * scale, middle + above * scale
        inside = min(most, max(0.0, middle))
        found.append((min(inside, max(0.0, low)), max(inside, min(most, high))))
    return tuple(found)


# One customer


def months_after(day: date, months: int) -> date:
    """The same day of a later month, or its last day; the last day of a month stays one."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = monthrange(year, month + 1)[1]
    is_last = day.day == monthrange(day.year, day.month)[1]
    return date(year, month + 1, last if is_last else min(day.day, last))


def monthly(dated: Sequence[tuple[date, float]]) -> list[tuple[date, float]]:
    """One value a month, the last known; a month without one takes the line between its neighbours."""
    last = [list(group)[-1] for _, group in groupby(dated, key=lambda each: (each[0].year, each[0].month))]
    found: list[tuple[date, float]] = []
    for day, value in last:
        if found:
            before, old = found[-1]
            gap = (day.year - before.year) * 12 + day.month - before.month
            found += [(months_after(before, step), old + (value - old) * step / gap) for step in range(1, min(gap, 60))]
        found.append((day, value))
    return found


def forecast(points: Sequence[Point], *, goal: float = GOAL, residuals: Residuals | None = None) -> Forecast:
    """The forecast of a series on its last date. Raises `UptakeError` where there is no percentage at all."""
    dated = [(point.date, value) for point in points if (value := point.percent) is not None]
    if not dated:
        raise UptakeError("there is no figure with paid seats", hint="A line looks like 2026-11-30,412,1000.")
    values = [value for _, value in monthly(dated)]
    made = dated[-1][0]
    path = ahead(values)
    bands = interval(values, path, residuals or Residuals())
    most = max(100.0, 1.1 * max(values))
    steps = tuple(
        Step(months_after(made, months), min(most, max(0.0, middle)), *band)
        for months, (middle, band) in enumerate(zip(path, bands, strict=True), 1)
    )
    return Forecast(made, len(values), _reach(dated[-1], steps, goal), steps, goal)


def _reach(last: tuple[date, float], steps: Sequence[Step], goal: float) -> Reach | None:
    if last[1] >= goal:
        return Reach(last[0], last[0], last[0])
    middle = next((step.date for step in steps if step.median >= goal), None)
    if middle is None:
        return None
    early = next((step.date for step in steps if step.high >= goal), None)
    return Reach(middle, early, next((step.date for step in steps if step.low >= goal), None))


# Backtest


@dataclass(frozen=True, slots=True)
class Backtest:
    """How good the forecast would have been on past dates."""

    origins: int
    mae: Mapping[int, float]
    baseline_mae: Mapping[int, float]
    coverage: Mapping[int, float]
    reached: int
    """Origins below the goal after which twelve months are known."""
    hits: int
    """Of these: whether the goal would be reached within twelve months was foretold."""
    median_error_months: float | None
    """Where it was foretold and came: months between."""
    errors: Mapping[int, tuple[float, ...]] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The contract of `uptake usage backtest --format json`."""
        return {
            "origins": self.origins,
            "mae": _numbers(self.mae),
            "baseline_mae": _numbers(self.baseline_mae),
            "coverage80": _numbers(self.coverage),
            "reach_70": {"hits": self.hits, "median_error_months": self.median_error_months},
        }


def _numbers(by_months: Mapping[int, float]) -> dict[str, float | None]:
    return {str(months): round(by_months[months], 4) if months in by_months else None for months in HORIZONS}


@dataclass(slots=True)
class _Tally:
    origins: int = 0
    ours: dict[int, list[float]] = field(default_factory=lambda: {months: [] for months in HORIZONS})
    baseline: dict[int, list[float]] = field(default_factory=lambda: {months: [] for months in HORIZONS})
    covered: dict[int, list[bool]] = field(default_factory=lambda: {months: [] for months in HORIZONS})
    reached: int = 0
    hits: int = 0
    months_off: list[float] = field(default_factory=list)


def backtest(series: Mapping[str, Sequence[tuple[date, float]]], *, goal: float = GOAL) -> Backtest:
    """Rolling origins over all series in the order of time: an origin knows its own past and the errors that had shown by then."""
    tables = {name: monthly(sorted(dated)) for name, dated in series.items()}
    origins = sorted(
        (day, name, place) for name, table in tables.items() for place, (day, _) in enumerate(table, 1)
        if LEAST_HISTORY <= place < len(table)
    )  # fmt: skip
    residuals, tally = Residuals(), _Tally()
    waiting: list[tuple[date, int, int, float, bool]] = []
    """When it shows, a number that keeps the order of arrival, months ahead, scaled error, whether the interval held it."""
    scaled: dict[int, list[float]] = {}
    for number, (day, name, place) in enumerate(origins):
        shown = []
        while waiting and waiting[0][0] <= day:
            shown.append(heappop(waiting))
        _learn(residuals, shown)
        table = tables[name]
        values, future = [value for _, value in table[:place]], table[place : place + MONTHS]
        path = ahead(values)
        bands = interval(values, path, residuals)
        _count(tally, values, path, bands, [value for _, value in future], goal)
        scale = scale_of(values)
        for months, (when, actual) in enumerate(future, 1):
            error = (actual - path[months - 1]) / scale
            low, high = bands[months - 1]
            heappush(waiting, (when, number, months, error, low <= actual <= high))
            scaled.setdefault(months, []).append(error)
    return _summed(tally, scaled)


def _learn(residuals: Residuals, shown: Iterable[tuple[date, int, int, float, bool]]) -> None:
    """Errors that have shown since the origin before."""
    outcomes: dict[int, list[bool]] = {}
    for _, _, months, error, is_covered in shown:
        residuals.add(months, error)
        outcomes.setdefault(months, []).append(is_covered)
    for months, found in outcomes.items():
        residuals.correct(months, found)


def _count(
    tally: _Tally, values: Sequence[float], path: Path, bands: Sequence[tuple[float, float]], future: Sequence[float],
    goal: float,
) -> None:  # fmt: skip
    tally.origins += 1
    plain = damped_drift(values)
    for months in HORIZONS:
        if months <= len(future):
            actual, (low, high) = future[months - 1], bands[months - 1]
            tally.ours[months].append(abs(actual - path[months - 1]))
            tally.baseline[months].append(abs(actual - plain[months - 1]))
            tally.covered[months].append(low <= actual <= high)
    if values[-1] >= goal:
        return
    foretold = next((m for m, value in enumerate(path, 1) if value >= goal), None)
    came = next((m for m, value in enumerate(future, 1) if value >= goal), None)
    if came is None and len(future) < MONTHS:
        return  # nobody knows yet
    tally.reached += 1
    tally.hits += (foretold is None) == (came is None)
    if foretold is not None and came is not None:
        tally.months_off.append(float(abs(foretold - came)))


def _summed(tally: _Tally, scaled: Mapping[int, Sequence[float]]) -> Backtest:
    def mean(by_months: Mapping[int, Sequence[float]]) -> dict[int, float]:
        return {months: sum(found) / len(found) for months, found in by_months.items() if found}

    return Backtest(
        tally.origins, mean(tally.ours), mean(tally.baseline), mean(tally.covered), tally.reached, tally.hits,
        median(tally.months_off) if tally.months_off else None,
        {months: tuple(errors) for months, errors in scaled.items()},
    )  # fmt: skip


def read_many(text: str, name: str) -> dict[str, list[tuple[date, float]]]:
    """Series by name from CSV with the columns series, date, value (percent). Raises `UptakeError` with the line."""
    found: dict[str, dict[date, float]] = {}
    for line, row in read_rows(text, name, ("series", "date", "value")):
        try:
            day, value = date.fromisoformat(row["date"][:10]), float(row["value"].replace(",", "."))
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise UptakeError(f"{name}, line {line}: not a date and a number", hint="For example A,2026-11-30,41.2")
        found.setdefault(row["series"], {})[day] = value
    return {series: sorted(dated.items()) for series, dated in found.items()}


def all_values(series: Iterable[Sequence[tuple[date, float]]]) -> list[float]:
    """Every value, for a look at the range."""
    return [value for dated in series for _, value in dated]
