"""Points of a series → verdicts: healthy, sustained, stalled; each met, not met or unknown, with what it was made of.

The rules are S45, S46 and M1 to M4 of the playbook: healthy at 70 %, stalled where growth over three months is below 3 while usage
is below 70 %. The playbook does not say points or relative: it is a named choice. The guards keep a late report, a purchase of
seats, a holiday or a small tenant from making a stall. A judgement keeps its inputs, so that any day can be judged again.
"""

from __future__ import annotations

from bisect import bisect_right
from calendar import monthrange
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from math import erf, sqrt
from typing import Any

from uptake.prove.usage.reasons import Reason, because, sentence, signed
from uptake.prove.usage.snapshots import Point

VERSION = "usage-rules/1"
CHANGE_OF_ONE_SEAT = 31.4
"""Standard deviation of the change over three months in points, times the square root of the seats: users who begin and stop by
chance. Measured on simulated tenants (2026-11-22): 4.4, 2.6, 1.8, 1.0 and 0.4 points at 50, 150, 300, 1,000 and 5,000 seats."""


class Verdict(StrEnum):
    """What a rule says."""

    MET = "met"
    NOT_MET = "not_met"
    UNKNOWN = "unknown"


class Basis(StrEnum):
    """What growth is measured in."""

    POINTS = "points"
    RELATIVE = "relative"


class Certainty(StrEnum):
    """Whether chance could have made the verdict."""

    SURE = "sure"
    UNSURE = "unsure"


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What an organisation can set; the defaults are the playbook's, the guards are ours."""

    goal: float = 70.0
    """Percent; at or above is healthy, above is sustained."""
    sustained_months: int = 2
    growth: float = 3.0
    """Points, or percent of the earlier usage; strictly below is slow."""
    months: int = 3
    basis: Basis = Basis.POINTS
    stale_days: int = 9
    """Beyond it there is no verdict on stalls."""
    old_days: int = 45
    """Beyond it there is no verdict at all."""
    least_dates: int = 4
    least_days: int = 84
    tolerance_days: int = 15
    """How far the earlier figure may lie from the day three months ago."""
    sure_from: float = 0.9
    """Probability from which a verdict is sure."""
    small_seats: int = 500
    """Below it the same verdict a month ago makes it sure."""
    holidays: tuple[tuple[int, int, int, int], ...] = ((7, 25, 9, 5), (12, 20, 1, 15))
    """Month and day of the first and last day of times in which use is low."""


DEFAULTS = Thresholds()


@dataclass(frozen=True, slots=True)
class Judgement:
    """All verdicts of one day, with everything they were made of."""

    as_of: date
    usage_pct: float | None
    growth_points: float | None
    growth_relative: float | None
    healthy: Verdict
    sustained: Verdict
    stalled: Verdict
    certainty: Certainty
    why: tuple[Reason, ...]
    data_date: date | None = None
    base_date: date | None = None
    users_part: float | None = None
    """Points of growth that users made, at the seats of the earlier date."""
    seats_part: float | None = None
    """Points that the change of seats made."""
    chance: float | None = None
    """Probability that chance alone would give the other verdict on the stall."""
    inputs: tuple[Point, ...] = ()
    thresholds: Thresholds = DEFAULTS
    is_shared: bool = False
    formula: str = ""
    version: str = VERSION

    def as_json(self, lang: str = "en") -> dict[str, Any]:
        """The contract of `uptake usage status --format json`."""
        return {
            "usage_pct": _rounded(self.usage_pct),
            "growth_points": _rounded(self.growth_points),
            "growth_relative": _rounded(self.growth_relative),
            "healthy": self.healthy.value,
            "sustained": self.sustained.value,
            "stalled": self.stalled.value,
            "certainty": self.certainty.value,
            "why": sentence(self.why, lang),
        }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def months_before(day: date, months: int) -> date:
    """The same day of an earlier month, or its last day; the last day of a month stays one."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    last = monthrange(year, month + 1)[1]
    is_last = day.day == monthrange(day.year, day.month)[1]
    return date(year, month + 1, last if is_last else min(day.day, last))


def judge(
    points: Sequence[Point],
    as_of: date,
    thresholds: Thresholds = DEFAULTS,
    *,
    is_shared: bool = False,
    formula: str = "",
) -> Judgement:
    """The verdicts on a day, from what had data dates up to it. `points` ascend by date; `formula` is kept as it is.

    `is_shared`: a tenant with shared computers, whose use the report does not hold.
    """
    used = tuple(points[: bisect_right(points, as_of, key=_date_of)])
    view = _View(used, as_of, thresholds, is_shared)
    if not used:
        nothing = because("no-figures", as_of=as_of)
        return _unknown(view, (nothing,), formula)
    if view.now is None:
        return _unknown(view, (because("no-seats", date=used[-1].date),), formula)
    healthy, why_healthy = _healthy(view)
    sustained, why_sustained = _sustained(view)
    if healthy is sustained is Verdict.NOT_MET:
        why_sustained = ()  # it would say the same twice
    stall = _stalled(view)
    certainty = Certainty.UNSURE if stall.is_unsure or view.age > thresholds.stale_days else Certainty.SURE
    growth = view.growth()
    return Judgement(
        as_of, view.now, growth.points, growth.relative, healthy, sustained, stall.verdict, certainty,
        (*why_healthy, *why_sustained, *stall.why), used[-1].date, growth.base.date if growth.base else None,
        growth.users, growth.seats, stall.chance, used, thresholds, is_shared, formula,
    )  # fmt: skip


def replay(stored: Judgement) -> Judgement:
    """The judgement again from what it kept; equal to it unless the rules have another version."""
    return judge(stored.inputs, stored.as_of, stored.thresholds, is_shared=stored.is_shared, formula=stored.formula)


def judge_all(
    series: Iterable[Sequence[Point]], as_of: date, thresholds: Thresholds = DEFAULTS
) -> tuple[Judgement, ...]:
    """The same day for many customers."""
    return tuple(judge(points, as_of, thresholds) for points in series)


def _unknown(view: _View, why: tuple[Reason, ...], formula: str) -> Judgement:
    unknown = Verdict.UNKNOWN
    return Judgement(
        view.as_of, None, None, None, unknown, unknown, unknown, Certainty.UNSURE, why,
        inputs=view.points, thresholds=view.thresholds, is_shared=view.is_shared, formula=formula,
    )  # fmt: skip


def _date_of(point: Point) -> date:
    return point.date


def percent(point: Point) -> float | None:
    """Rounded beyond what can be seen, so that 43.0 − 40.0 is 3.0."""
    return round(100.0 * point.active / point.paid, 9) if point.paid > 0 else None


@dataclass(frozen=True, slots=True)
class _Growth:
    base: Point | None = None
    points: float | None = None
    relative: float | None = None
    users: float | None = None
    seats: float | None = None


@dataclass(frozen=True, slots=True)
class _Stall:
    verdict: Verdict
    why: tuple[Reason, ...]
    is_unsure: bool = False
    chance: float | None = None


class _View:
    """The points up to a day, and what is asked of them more than once."""

    def __init__(self, points: tuple[Point, ...], as_of: date, thresholds: Thresholds, is_shared: bool) -> None:
        self.points = points
        self.as_of = as_of
        self.thresholds = thresholds
        self.is_shared = is_shared
        self.now = percent(points[-1]) if points else None
        self.age = (as_of - points[-1].date).days if points else 0
        self._growth: _Growth | None = None

    @property
    def last(self) -> Point:
        return self.points[-1]

    def nearest(self, target: date, before: date) -> Point | None:
        """The point with seats that lies nearest to a day, within the tolerance and before another day."""
        allowed = self.thresholds.tolerance_days
        at = bisect_right(self.points, target + timedelta(days=allowed), key=_date_of)
        found, distance = None, allowed + 1
        while at > 0:
            at -= 1
            point = self.points[at]
            days = abs((point.date - target).days)
            if point.date < target - timedelta(days=allowed):
                break
            if days < distance and point.date < before and point.paid > 0:
                found, distance = point, days
        return found

    def growth(self) -> _Growth:
        if self._growth is None:
            base = self.nearest(months_before(self.last.date, self.thresholds.months), self.last.date)
            self._growth = _change(base, self.last)
        return self._growth


def _change(base: Point | None, last: Point) -> _Growth:
    then, now = percent(base) if base else None, percent(last)
    if base is None or then is None or now is None:
        return _Growth(base)
    points = round(now - then, 9)
    relative = round(100.0 * points / then, 9) if then else None
    users = round(100.0 * (last.active - base.active) / base.paid, 9)
    return _Growth(base, points, relative, users, round(points - users, 9))


def _healthy(view: _View) -> tuple[Verdict, tuple[Reason, ...]]:
    goal, now = view.thresholds.goal, view.now
    if view.age > view.thresholds.old_days or now is None:
        stale = because("stale", date=view.last.date, days=view.age, limit=view.thresholds.old_days)
        return Verdict.UNKNOWN, (stale,)
    late = (
        (because("old-figures", date=view.last.date, days=view.age),) if view.age > view.thresholds.stale_days else ()
    )
    if now >= goal:
        return Verdict.MET, (because("healthy", percent=now, goal=goal), *late)
    return Verdict.NOT_MET, (because("below-goal", percent=now, goal=goal), *late)


def _sustained(view: _View) -> tuple[Verdict, tuple[Reason, ...]]:
    """Above the goal at every date of the last two months, the first of which lies two months back."""
    limits = view.thresholds
    if view.age > limits.old_days:
        return Verdict.UNKNOWN, ()
    start = months_before(view.last.date, limits.sustained_months)
    first = view.nearest(start, view.last.date)
    since = first.date if first else start
    for point in reversed(view.points):
        if point.date < since:
            break
        value = percent(point)
        if value is None or value <= limits.goal:
            return Verdict.NOT_MET, (because("not-above", percent=value or 0.0, date=point.date, goal=limits.goal),)
    if first is None:
        short = because(
            "short-for-sustained", since=view.points[0].date, months=limits.sustained_months, date=view.last.date
        )
        return Verdict.UNKNOWN, (short,)
    return Verdict.MET, (because("sustained", goal=limits.goal, since=since),)


def _stalled(view: _View) -> _Stall:
    limits, now = view.thresholds, view.now
    if view.age > limits.stale_days:
        return _Stall(Verdict.UNKNOWN, (because("stale", date=view.last.date, days=view.age, limit=limits.stale_days),))
    if now is not None and now >= limits.goal:
        return _Stall(Verdict.NOT_MET, (because("goal-reached", percent=now, goal=limits.goal),))
    guard = _guarded(view)
    return _Stall(Verdict.UNKNOWN, guard) if guard else _by_growth(view)


def _guarded(view: _View) -> tuple[Reason, ...]:
    """Why nothing can be said of growth; empty where it can."""
    limits, last, growth = view.thresholds, view.last, view.growth()
    base = growth.base
    if base is None or growth.points is None:
        target = months_before(last.date, limits.months)
        values = {"tolerance": limits.tolerance_days, "target": target, "months": limits.months, "date": last.date}
        return (because("no-base", **values),)
    count = sum(1 for point in view.points if point.date >= base.date)
    days = (last.date - base.date).days
    if count < limits.least_dates or days < limits.least_days:
        values = {"count": count, "days": days, "least": limits.least_dates, "span": limits.least_days}
        return (because("few-dates", **values),)
    if base.basis.partition(":")[0] != last.basis.partition(":")[0]:
        return (because("other-basis", before=base.basis, base=base.date, after=last.basis, date=last.date),)
    if view.is_shared:
        return (because("shared-computers"),)
    if limits.basis is Basis.RELATIVE and growth.relative is None:
        return (because("base-zero", base=base.date),)
    return ()


def _by_growth(view: _View) -> _Stall:
    limits, growth, last = view.thresholds, view.growth(), view.last
    base, points, users = growth.base, growth.points, growth.users
    if base is None or points is None or users is None:  # `_guarded` has seen to it
        return _Stall(Verdict.UNKNOWN, ())
    measured = points if limits.basis is Basis.POINTS else growth.relative or 0.0
    is_slow = measured < limits.growth
    code = ("slow" if is_slow else "growing") + ("" if limits.basis is Basis.POINTS else "-relative")
    why = [because(code, growth=signed(measured), base=base.date, limit=f"{limits.growth:g}")]
    if base.paid != last.paid:
        values = {"before": base.paid, "after": last.paid, "users": users, "seats": growth.seats}
        why.append(because("seats-changed", **values))
        if (_at_same_seats(limits, users, base) < limits.growth) != is_slow:
            return _Stall(Verdict.UNKNOWN, (*why, because("seats-decide")), is_unsure=True)
    holiday = _holiday(view, points) if is_slow else None
    if holiday is not None:
        why.append(holiday)
        if holiday.code == "holiday-as-before":
            return _Stall(Verdict.UNKNOWN, tuple(why), is_unsure=True)
    verdict = Verdict.MET if is_slow else Verdict.NOT_MET
    chance = chance_of_other(measured, limits, base)
    unsure = chance > 1 - limits.sure_from
    if unsure and last.paid < limits.small_seats and _same_a_month_ago(view, verdict):
        why.append(because("twice"))
        unsure = False
    elif unsure:
        why.append(because("small", seats=last.paid, chance=round(100 * chance)))
    return _Stall(verdict, tuple(why), unsure or holiday is not None, chance)


def _at_same_seats(limits: Thresholds, users: float, base: Point) -> float:
    """Growth that users made, in the unit of the threshold."""
    if limits.basis is Basis.POINTS:
        return users
    then = percent(base)
    return 100.0 * users / then if then else 0.0


def chance_of_other(measured: float, limits: Thresholds, base: Point) -> float:
    """Probability that the true growth lies on the other side of the threshold, by users who come and go by chance."""
    spread = CHANGE_OF_ONE_SEAT / sqrt(max(base.paid, 1))
    if limits.basis is Basis.RELATIVE:
        spread *= 100.0 / max(percent(base) or 1.0, 1.0)
    return 0.5 * (1.0 - erf(abs(measured - limits.growth) / spread / sqrt(2)))


def _same_a_month_ago(view: _View, verdict: Verdict) -> bool:
    before = view.nearest(months_before(view.last.date, 1), view.last.date)
    if before is None:
        return False
    points = view.points[: bisect_right(view.points, before.date, key=_date_of)]
    earlier = _View(points, before.date, view.thresholds, view.is_shared)
    if earlier.now is None or earlier.now >= view.thresholds.goal or _guarded(earlier):
        return False
    growth = earlier.growth()
    measured = growth.points if view.thresholds.basis is Basis.POINTS else growth.relative
    return measured is not None and (measured < view.thresholds.growth) == (verdict is Verdict.MET)


def _holiday(view: _View, points: float) -> Reason | None:
    """Where the last date falls into holidays: whether the year before fell as well, or that nobody knows."""
    day = view.last.date
    if not any(_lies_in(day, times) for times in view.thresholds.holidays):
        return None
    then = view.nearest(months_before(day, 12), day)
    base = view.nearest(months_before(day, 12 + view.thresholds.months), day) if then else None
    if then is None or base is None or base.date >= then.date:
        return because("holiday")
    before = _change(base, then).points
    if before is not None and before < 0 and points - before >= view.thresholds.growth:
        return because("holiday-as-before", before=before)
    return None


def _lies_in(day: date, times: tuple[int, int, int, int]) -> bool:
    first, last, here = times[:2], times[2:], (day.month, day.day)
    return first <= here <= last if first <= last else here >= first or here <= last
