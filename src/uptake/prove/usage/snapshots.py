"""Reports → snapshots by data date → one series of a stored formula; restated figures replace the old ones and keep them.

Keyed by the Report Refresh Date, never by the day of the pull: data is late by two days as a rule and by a week at times.
Aggregates are kept for ever, rows about people only as long as they are needed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from uptake.core.errors import UptakeError
from uptake.prove.usage.licences import Seats
from uptake.prove.usage.model import Active, UsageReport
from uptake.prove.usage.rows import read_rows

KEEP_PEOPLE_DAYS = 35
SHARED_SHARE = 0.1
"""From this share of activated users on, a tenant counts as one with shared computers; our own figure."""
APPS = ("MICROSOFT 365 APPS", "OFFICE 365 PROPLUS", "MICROSOFT OFFICE 365 PROPLUS")


class Numerator(StrEnum):
    """Who counts as active."""

    ANY = "any"
    DESKTOP = "desktop"
    WITHOUT_TEAMS = "without_teams"


class Window(StrEnum):
    """In which days."""

    DAYS_28 = "28"
    AS_REPORTED = "reported"


class Denominator(StrEnum):
    """Of which seats."""

    PAID = "paid"
    ASSIGNED = "assigned"
    ENABLED = "enabled"


@dataclass(frozen=True, slots=True)
class Formula:
    """A named choice that an engagement stores; every percentage shows it."""

    numerator: Numerator = Numerator.ANY
    window: Window = Window.DAYS_28
    denominator: Denominator = Denominator.PAID

    @property
    def name(self) -> str:
        return f"{self.numerator.value}/{self.window.value}/{self.denominator.value}"

    @classmethod
    def named(cls, name: str) -> Formula:
        """`any/28/paid`. Raises `UptakeError` for anything else."""
        try:
            numerator, window, denominator = name.split("/")
            return cls(Numerator(numerator), Window(window), Denominator(denominator))
        except ValueError:
            raise UptakeError(f"no formula {name!r}", hint="For example any/28/paid or desktop/28/assigned.") from None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What was known of one data date."""

    refresh_date: date
    active: Active
    as_reported: Active
    seats: Seats | None = None
    rows: int = 0
    source: str = ""
    digest: str = ""
    concealed: bool = False
    before: tuple[Snapshot, ...] = ()
    """Earlier figures of the same date, oldest first."""


@dataclass(frozen=True, slots=True)
class Point:
    """One value of the series that rules and forecasts read. `basis` names what the denominator is; '' is one and the same."""

    date: date
    active: int
    paid: int
    basis: str = ""

    @property
    def percent(self) -> float | None:
        """Usage in percent, above 100 shown as it is; None without seats."""
        return 100.0 * self.active / self.paid if self.paid > 0 else None


@dataclass(frozen=True, slots=True)
class Percentage:
    """A percentage with everything that has to be shown beside it."""

    value: float
    active: int
    seats: int
    formula: str
    window_days: int | None
    data_date: date
    source: str
    seats_source: str
    seats_date: date | None


class Outcome(StrEnum):
    """What became of an import."""

    ADDED = "added"
    UNCHANGED = "unchanged"
    RESTATED = "restated"


def snapshot_of(report: UsageReport, seats: Seats | None = None) -> Snapshot:
    """The snapshot of a user detail report. Raises `UptakeError` where the report is empty, a part, or another one."""
    if report.report != "m365_app_user_detail":
        raise UptakeError(
            f"{report.file} ({report.report}) does not say who is active", hint="Import getM365AppUserDetail."
        )
    if not report.is_complete:
        raise UptakeError(f"{report.file} is one page of several", hint="Fetch all pages, or the CSV, and import that.")
    if not report.rows or report.refresh_date is None or report.active.any is None:
        raise UptakeError(
            f"{report.file} holds no rows, which does not mean that nobody is active",
            hint="Microsoft's data is late at times. Export the report again tomorrow; nothing was stored.",
        )
    return Snapshot(
        report.refresh_date, report.active, report.as_reported, seats, report.rows, report.file, report.digest,
        report.concealed,
    )  # fmt: skip


def merged(history: Sequence[Snapshot], new: Snapshot) -> tuple[tuple[Snapshot, ...], Outcome]:
    """The history with one more snapshot, by date. The same figures twice change nothing; other figures restate the date."""
    known = {each.refresh_date: each for each in history}
    old = known.get(new.refresh_date)
    if old is None:
        outcome, kept = Outcome.ADDED, new
    elif new.seats in (None, old.seats) and (_figures(old) == _figures(new) or _is_known(old, new)):
        return tuple(history), Outcome.UNCHANGED
    else:
        seats = new.seats if new.seats is not None else old.seats
        kept = replace(new, seats=seats, before=(*old.before, replace(old, before=())))
        outcome = Outcome.RESTATED
    known[new.refresh_date] = kept
    return tuple(known[day] for day in sorted(known)), outcome


def _figures(snapshot: Snapshot) -> tuple[object, ...]:
    return snapshot.active, snapshot.as_reported, snapshot.rows


def _is_known(old: Snapshot, new: Snapshot) -> bool:
    """Whether these very bytes were imported already, as the present figures or as earlier ones."""
    return bool(new.digest) and new.digest in {old.digest, *(each.digest for each in old.before)}


def with_seats(history: Sequence[Snapshot], seats: Seats, on: date) -> tuple[Snapshot, ...]:
    """Seats that were exported on a day, given to the snapshots from that day on that have none of their own."""
    return tuple(replace(s, seats=seats) if s.seats is None and s.refresh_date >= on else s for s in history)


def is_truncated(report: UsageReport, assigned: int | None, last_rows: int | None) -> bool:
    """Whether a report seems cut off: 100 rows as in the fault of 2019-10, or less than half of what was or should be there."""
    expected = max(assigned or 0, last_rows or 0)
    return expected > report.rows and (report.rows == 100 or report.rows * 2 < expected)


def _numerator(snapshot: Snapshot, formula: Formula) -> tuple[int | None, int | None]:
    active = snapshot.active if formula.window is Window.DAYS_28 else snapshot.as_reported
    found: int | None = getattr(active, formula.numerator.value)
    return found, active.window_days


def percentage(snapshot: Snapshot, formula: Formula) -> Percentage | None:
    """The percentage by a formula; None where the report or the seats do not say it."""
    active, window = _numerator(snapshot, formula)
    seats = getattr(snapshot.seats, formula.denominator.value) if snapshot.seats else None
    if active is None or not seats or snapshot.seats is None:
        return None
    return Percentage(
        100.0 * active / seats, active, seats, formula.name, window, snapshot.refresh_date, snapshot.source,
        snapshot.seats.source, snapshot.seats.as_of,
    )  # fmt: skip


def series(history: Iterable[Snapshot], formula: Formula) -> tuple[Point, ...]:
    """The points that a formula makes of a history, in order; dates without a number are left out, never 0."""
    found = []
    for snapshot in history:
        shown = percentage(snapshot, formula)
        if shown is not None:
            basis = f"{formula.denominator.value}:{','.join(snapshot.seats.counted) if snapshot.seats else ''}"
            found.append(Point(shown.data_date, shown.active, shown.seats, basis))
    return tuple(sorted(found, key=lambda point: point.date))


def people_may_stay(data_date: date, today: date, days: int = KEEP_PEOPLE_DAYS) -> bool:
    """Whether rows about people of a data date may still be kept."""
    return (today - data_date).days <= days


@dataclass(frozen=True, slots=True)
class SharedComputers:
    """Users who are activated on shared computers: their use is not in the apps report, so it looks lower than it is."""

    users: int
    activated: int
    is_flagged: bool


def shared_computers(report: UsageReport, share: float = SHARED_SHARE) -> SharedComputers | None:
    """From an activations report; None where it says nothing of Microsoft 365 Apps."""
    for line in report.products:
        if line.product.startswith(APPS):
            users = line.numbers.get("shared", line.numbers.get("Shared Computer Activation"))
            activated = line.numbers.get("activated", line.numbers.get("Activated"))
            if users is not None and activated is not None:
                total = max(activated, users)
                return SharedComputers(users, total, total > 0 and users / total >= share)
    return None


def read_series(text: str, name: str) -> tuple[Point, ...]:
    """Points from CSV with the columns date, active, paid (and basis), ascending; the last row of a date counts.

    Raises `UptakeError` with the line of everything that is no point.
    """
    found: dict[date, Point] = {}
    for line, row in read_rows(text, name, ("date", "active", "paid")):
        point = _point(row, f"{name}, line {line}")
        found[point.date] = point
    return tuple(found[day] for day in sorted(found))


def _point(row: Mapping[str, str], where: str) -> Point:
    try:
        return point_of(row)
    except ValueError as error:
        raise UptakeError(f"{where}: {error}", hint="For example 2026-11-19,412,1000") from None


def point_of(row: Mapping[str, str]) -> Point:
    """The point of a row with the cells date, active, paid (and basis). Raises `ValueError` with a reason to be shown."""
    if "" in row:
        raise ValueError("more fields than columns; a number is written without separators, 1000")
    try:
        day = date.fromisoformat(row["date"][:10])
        active, paid = int(row["active"]), int(row["paid"])
    except ValueError:
        raise ValueError("not a date and two whole numbers") from None
    if active < 0 or paid < 0:
        raise ValueError("a number of users is negative")
    return Point(day, active, paid, row.get("basis", ""))
