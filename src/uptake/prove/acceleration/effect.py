"""What an action has changed: use after it against the forecast that was made before it.

Growth that would have come anyway is no effect; below the interval is shown as well. Without a forecast or later figures the
effect is unknown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from uptake.prove.acceleration.case import Action, Case, Effort
from uptake.prove.usage.forecast import Forecast, forecast
from uptake.prove.usage.snapshots import Point


class Finding(StrEnum):
    """Use after an action against what was foretold."""

    ABOVE = "above"
    WITHIN = "within"
    BELOW = "below"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Effect:
    """Use on a later day against the forecast made before an action; percent and points."""

    what: str
    on: date
    finding: Finding
    measured_on: date | None = None
    usage_before: float | None = None
    usage_after: float | None = None
    foretold: float | None = None
    low: float | None = None
    high: float | None = None

    @property
    def points(self) -> float | None:
        """Points above or below what was foretold."""
        if self.usage_after is None or self.foretold is None:
            return None
        return self.usage_after - self.foretold


def before_action(points: Sequence[Point], on: date) -> Forecast | None:
    """The forecast from figures that lay before an action; None where there is none."""
    known = [point for point in points if point.date <= on and point.percent is not None]
    return forecast(known) if known else None


def effect_of(action: Action, points: Sequence[Point], until: date) -> Effect:
    """The effect of an action as it shows on the last date up to `until`."""
    made = action.forecast or before_action(points, action.on)
    return _effect(action.move, action.on, made, points, until)


def _effect(what: str, on: date, made: Forecast | None, points: Sequence[Point], until: date) -> Effect:
    before = _last(points, on)
    after = next((p for p in reversed(points) if on < p.date <= until and p.percent is not None), None)
    step = made.at(after.date) if made and after else None
    if after is None or step is None:
        return Effect(what, on, Finding.UNKNOWN, usage_before=before)
    usage = after.percent or 0.0
    finding = Finding.ABOVE if usage > step.high else Finding.BELOW if usage < step.low else Finding.WITHIN
    return Effect(what, on, finding, after.date, before, usage, step.median, step.low, step.high)


def _last(points: Sequence[Point], day: date) -> float | None:
    return next((point.percent for point in reversed(points) if point.date <= day and point.percent is not None), None)


def effects(case: Case, points: Sequence[Point], until: date) -> tuple[Effect, ...]:
    """Effects of everything that was done in a case; discussion and reason are no action on use."""
    done = [action for action in case.actions if action.move not in ("discuss", "find-reason", "report-block")]
    return tuple(effect_of(action, points, until) for action in done)


def measured(effort: Effort, points: Sequence[Point], until: date) -> Effort:
    """An entry of task 3650 with use before and after it, from the figures."""
    after = next((p.percent for p in reversed(points) if effort.on < p.date <= until and p.percent is not None), None)
    return Effort(effort.on, effort.by, effort.what, _last(points, effort.on), after)
