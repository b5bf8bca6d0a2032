"""When the usage report of a customer is due: on a day of each month, or some days before the planned follow-on session.

A report belongs to an occasion, which is a kind and a date; each occasion has one report, however often somebody asks.
"""

from __future__ import annotations

import calendar
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum


class Every(StrEnum):
    """The rhythm of a plan."""

    OFF = "off"
    MONTH = "month"
    SESSION = "session"


@dataclass(frozen=True, slots=True)
class Plan:
    """What an engagement has chosen."""

    every: Every = Every.OFF
    day: int = 1
    """Of the month; a month that is too short has its last day."""
    days_before: int = 3
    """A planned session."""
    since: date = date.min
    """Nothing that was due before the choice is made afterwards."""


@dataclass(frozen=True, slots=True)
class Occasion:
    """What a report is for."""

    kind: Every
    on: date


def due(plan: Plan, today: date, sessions: Iterable[date], made: Collection[Occasion]) -> Occasion | None:
    """The occasion whose report is due today and not there yet. `sessions` are the dates that were agreed on."""
    found = _month(plan, today) if plan.every is Every.MONTH else _session(plan, today, sessions)
    return found if found and found not in made else None


def _month(plan: Plan, today: date) -> Occasion | None:
    last = calendar.monthrange(today.year, today.month)[1]
    on = today.replace(day=min(plan.day, last))
    return Occasion(Every.MONTH, on) if plan.since <= on <= today else None


def _session(plan: Plan, today: date, sessions: Iterable[date]) -> Occasion | None:
    if plan.every is not Every.SESSION:
        return None
    last = today + timedelta(days=plan.days_before)
    near = [each for each in sessions if today <= each <= last]
    return Occasion(Every.SESSION, min(near)) if near else None
