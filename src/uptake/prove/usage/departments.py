"""Rows about people and the departments that they belong to → active users by department, without a way back to a person.

A department of fewer than five people is named without its numbers, and where what is left would tell them all the same, the next
smallest one is silent as well. Nothing here keeps a name: the caller decides how long rows about people may stay.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from uptake.deploy.rollout.inventory import Device
from uptake.prove.usage.model import NOBODY_COUNTED, Active, UsageReport
from uptake.prove.usage.reading import Person, Use
from uptake.prove.usage.snapshots import Denominator, Formula, Window

LEAST_PEOPLE = 5
"""People of a department whose numbers are shown; our own figure, as statistical offices choose it."""
COUNTS = ("any", "desktop", "without_teams")
Membership = Mapping[str, str]
"""Name of a user in lower case → department."""


class Silence(StrEnum):
    """Why a department has no numbers."""

    SMALL = "small"
    WOULD_TELL = "would_tell"
    """Its numbers would let those of a small one be worked out."""


@dataclass(frozen=True, slots=True)
class Line:
    """One department; '' are the people of whom none is known."""

    name: str
    people: int | None = None
    """Users of the report: those with a licence."""
    active: Active = NOBODY_COUNTED
    as_reported: Active = NOBODY_COUNTED
    silence: Silence | None = None


@dataclass(frozen=True, slots=True)
class Departments:
    """What is kept of one data date."""

    data_date: date
    lines: tuple[Line, ...]
    source: str = ""
    """Where the departments come from: the name of a list or inventory."""
    report: str = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """A department by a formula: numerator, denominator, percent; None where it is silent or the report does not say it."""

    name: str
    active: int | None
    people: int | None
    percent: float | None
    silence: Silence | None = None


def members(people: Iterable[Person]) -> dict[str, str]:
    """Departments by a list of people."""
    return _agreed((person.name, (person.department,)) for person in people)


def members_of_devices(devices: Iterable[Device]) -> dict[str, str]:
    """Departments by an inventory: each user has the department of the device; somebody with devices of two has none."""
    return _agreed((user, device.traits.get("department", ())) for device in devices for user in device.users)


def _agreed(found: Iterable[tuple[str, Iterable[str]]]) -> dict[str, str]:
    """User → the one department; '' where they differ."""
    known: dict[str, str] = {}
    for name, departments in found:
        key = name.strip().lower().rpartition("\\")[2]
        for department in filter(None, (each.strip() for each in departments)):
            known[key] = department if known.get(key, department) == department else ""
    return {key: department for key, department in known.items() if key and department}


def department_of(name: str, known: Membership) -> str:
    """By the whole name, or by the part before the @ where the source has short names only (`CONTOSO\\taro`)."""
    key = name.strip().lower()
    return known.get(key) or known.get(key.partition("@")[0], "")


def by_department(report: UsageReport, uses: Iterable[Use], known: Membership, source: str) -> Departments | None:
    """The table of a report; None where names are concealed, nobody's department is known, or the report has no date."""
    if report.concealed or report.refresh_date is None or not known:
        return None
    counts: dict[str, list[int]] = {}
    for use in uses:
        found = counts.setdefault(department_of(use.name, known), [0] * 7)
        found[6] += 1
        for place in range(6):
            found[place] += use.bits >> place & 1
    if not any(counts):
        return None
    lines = [_line(name, found, report) for name, found in sorted(counts.items())]
    return Departments(report.refresh_date, tuple(_silenced(lines)), source, report.file)


def _line(name: str, found: list[int], report: UsageReport) -> Line:
    def active(numbers: list[int], as_counted: Active) -> Active:
        known = {key: n for key, n in zip(COUNTS, numbers, strict=True) if getattr(as_counted, key) is not None}
        return Active(**known, window_days=as_counted.window_days)

    return Line(name, found[6], active(found[:3], report.active), active(found[3:6], report.as_reported))


def _silenced(lines: list[Line]) -> list[Line]:
    """Small departments without numbers, and as many more as it takes for the rest not to tell them."""
    why = {each.name: Silence.SMALL for each in lines if (each.people or 0) < LEAST_PEOPLE}
    others = sorted((each for each in lines if each.name not in why), key=lambda each: each.people or 0)
    hidden = sum(each.people or 0 for each in lines if each.name in why)
    while 0 < hidden < LEAST_PEOPLE and others:
        next_ = others.pop(0)
        why[next_.name] = Silence.WOULD_TELL
        hidden += next_.people or 0
    return [Line(each.name, silence=why[each.name]) if each.name in why else each for each in lines]


def counted_by(formula: Formula) -> Formula:
    """What the shares are made of: whatever an engagement divides by, a department has its users with a licence."""
    return replace(formula, denominator=Denominator.ASSIGNED)


def shown(table: Departments, formula: Formula) -> tuple[Shown, ...]:
    """The lines by a formula, the lowest share first, silent ones and those without a department last."""
    found = [_shown(each, formula) for each in table.lines]
    return tuple(sorted(found, key=lambda each: (each.percent is None, not each.name, each.percent or 0.0, each.name)))


def _shown(line: Line, formula: Formula) -> Shown:
    active = line.active if formula.window is Window.DAYS_28 else line.as_reported
    count: int | None = getattr(active, formula.numerator.value)
    percent = 100.0 * count / line.people if count is not None and line.people else None
    return Shown(line.name, count, line.people, percent, line.silence)
