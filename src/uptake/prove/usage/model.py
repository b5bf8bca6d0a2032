"""What a report says, as values: rows, skipped lines, active users by three definitions, trends, licences.

A number that a report does not say is None, never 0: an empty report is not a customer who uses nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from uptake.core.errors import UptakeError

NO_NUMBERS: Mapping[str, int] = {}
WINDOW = 28
"""Days of the rolling window of monthly active users (MAU) as Partner Center counts them."""


class NotAReportError(UptakeError):
    """A file that is not one of the reports; `hint` says what to do instead."""


@dataclass(frozen=True, slots=True)
class ReadLimits:
    """What a file may cost; beyond it is refused with a message."""

    size: int = 1 << 30
    """Bytes of a table."""
    json_size: int = 48 << 20
    """Bytes of a JSON answer: it is not read as a stream."""
    sheet_size: int = 2 << 30
    """Bytes of a sheet of a workbook when it is unpacked."""
    rows: int = 5_000_000
    line: int = 1 << 20
    """Characters of one line."""
    columns: int = 500
    skipped: int = 1000
    """Skipped lines that are named one by one; the others are counted."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """A line that was not counted, and why. In JSON the line is the number of the item; 0 speaks of the whole file."""

    line: int
    why: str


@dataclass(frozen=True, slots=True)
class Active:
    """Users with an intentional action within `window_days` up to the refresh date; None: the report does not say it.

    Sources: Microsoft Graph, getM365AppUserDetail; 28 days: Partner Center KB-01319. The flags of a D30 report speak of 30 days,
    so `desktop` and `without_teams` of 28 days count users whose last action lies in the window and whose flags say so.
    """

    any: int | None = None
    desktop: int | None = None
    """On Windows or Mac."""
    without_teams: int | None = None
    """In another app than Teams, on any platform."""
    window_days: int | None = None


NOBODY_COUNTED = Active()


@dataclass(frozen=True, slots=True)
class Trend:
    """Numbers of one day in a report of counts, by column."""

    day: date
    numbers: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class ProductLine:
    """Activations of one product (“MICROSOFT 365 APPS FOR ENTERPRISE”): users or devices by column."""

    product: str
    numbers: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class LicenceLine:
    """One product of a tenant with its seats, from whatever export or answer."""

    product: str
    sku_id: str = ""
    part_number: str = ""
    total: int = 0
    """Bought, warning (grace) and expired ones left out."""
    expired: int = 0
    warning: int = 0
    assigned: int | None = None
    status: str = ""
    plans: tuple[str, ...] = ()
    """Ids of the service plans, where the source names them."""
    is_company_wide: bool = False
    """Given to the tenant and not to users (`appliesTo` Company)."""


@dataclass(frozen=True, slots=True)
class UsageReport:
    """All that one file says in sum. Names of people are not kept here: `rows.people` reads them where somebody needs them."""

    file: str
    report: str
    refresh_date: date | None
    rows: int
    skipped: tuple[Skipped, ...] = ()
    skipped_count: int = 0
    active: Active = NOBODY_COUNTED
    """In the 28-day window, or in the period of a shorter report."""
    as_reported: Active = NOBODY_COUNTED
    """By the flags and dates of the report's own period."""
    period: int | None = None
    concealed: bool = False
    is_complete: bool = True
    """False: a page of several; its numbers must not become a percentage."""
    unnamed: int = 0
    """Rows called “(Unknown)”: users like all others, whose names Microsoft did not find."""
    trends: tuple[Trend, ...] = ()
    products: tuple[ProductLine, ...] = ()
    licences: tuple[LicenceLine, ...] = ()
    trial_sku_ids: Mapping[str, int] = field(default_factory=lambda: NO_NUMBERS)
    """SKU id → seats of trial subscriptions (`/directory/subscriptions`)."""
    languages: tuple[str, ...] = ()
    """Languages whose column names occurred; empty: English."""
    unknown_columns: tuple[str, ...] = ()
    encoding: str = ""
    digest: str = ""
    """sha256 of the bytes: the same file twice is one import."""

    def as_json(self) -> dict[str, Any]:
        """The contract of `uptake usage import --format json`."""
        return {
            "file": self.file,
            "report": self.report,
            "refresh_date": self.refresh_date.isoformat() if self.refresh_date else None,
            "rows": self.rows,
            "skipped": [{"line": each.line, "why": each.why} for each in self.skipped],
            "active": {
                "any": self.active.any,
                "desktop": self.active.desktop,
                "without_teams": self.active.without_teams,
                "window_days": self.active.window_days,
            },
            "concealed": self.concealed,
        }
