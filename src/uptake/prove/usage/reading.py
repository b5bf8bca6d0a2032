"""A report or export → `UsageReport`: recognised by its columns, read as a stream, every line that does not count named.

The counting follows usage.md: a user is active in the window when the last activity date lies at most 27 days before the refresh
date; flags speak of the report's own period. Names are looked at for double rows and concealment, and forgotten.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import chain
from typing import BinaryIO, NamedTuple

from uptake.prove.usage.answers import Answer, read_answer
from uptake.prove.usage.decoding import Dates, open_table, sampled
from uptake.prove.usage.model import (
    NOBODY_COUNTED,
    WINDOW,
    Active,
    LicenceLine,
    NotAReportError,
    ProductLine,
    ReadLimits,
    Skipped,
    Trend,
    UsageReport,
)
from uptake.prove.usage.tables import APPS, Header, ReportKind, flags, kind_of

CONCEALED = re.compile(r"[0-9A-Fa-f]{32}")
UNKNOWN = "(unknown)"
LIMITS = ReadLimits()
SAMPLE = 2000
"""Records that are looked at to find out in which order dates are written."""
LONGEST_FLAGS = 31
"""Days of the longest period whose flags are taken for the 28-day window: those of 90 or 180 days say too much."""
Records = Iterator[tuple[int, list[str]]]


class Use(NamedTuple):
    """What one user of the apps' detail adds to the counts; for joining, and the caller decides how long it is kept."""

    name: str
    bits: int
    """Bits 0 to 2: active in the window in any app, on the desktop, without Teams; 3 to 5: the same as reported."""


Witness = Callable[[Use], None]


def read_report(
    source: BinaryIO, name: str, limits: ReadLimits = LIMITS, witness: Witness | None = None
) -> UsageReport:
    """What a file says. `source` is read twice at most, in pieces; `name` is only for messages.

    `witness` is told of each user of the apps' detail who was counted, where somebody joins them with departments.
    Raises `NotAReportError` for a file that is not one of the reports, with what to do instead in its hint.
    """
    digest = _digest(source, limits, name)
    source.seek(0)
    start = source.read(1 << 12).lstrip(b"\xef\xbb\xbf\xff\xfe\x00 \r\n\t")
    source.seek(0)
    if start[:1] in (b"{", b"["):
        return _from_answer(read_answer(_all_of(source, limits, name), name), name, digest, limits, witness)
    table = open_table(source, name, limits)
    kind = _recognised(table.header, name)
    first, records = sampled(table.records, SAMPLE)
    dates = Dates(table.delimiter)
    dates.learn(value for fields in first for value in _date_values(fields, table.header))
    return _Reading(name, kind, table.header, dates, limits, witness).read(records, digest, table.encoding)


def read_bytes(data: bytes, name: str, limits: ReadLimits = LIMITS) -> UsageReport:
    """The same of a file in memory: an upload, an answer of a connector."""
    return read_report(io.BytesIO(data), name, limits)


def _digest(source: BinaryIO, limits: ReadLimits, name: str) -> str:
    digest, size = hashlib.sha256(), 0
    while piece := source.read(1 << 20):
        size += len(piece)
        if size > limits.size:
            raise NotAReportError(f"{name} is larger than {limits.size:,} bytes", hint="Split the file by user.")
        digest.update(piece)
    return digest.hexdigest()


def _all_of(source: BinaryIO, limits: ReadLimits, name: str) -> bytes:
    data = source.read(limits.json_size + 1)
    if len(data) > limits.json_size:
        raise NotAReportError(
            f"{name} is more than {limits.json_size:,} bytes of JSON",
            hint="Fetch the report as CSV: it is a fifth of the size and read as a stream.",
        )
    return data


def _recognised(header: Header, name: str) -> ReportKind:
    kind = kind_of(header.columns)
    if kind is None:
        shown = ", ".join(column for column in header.columns[:8] if column) or "none"
        raise NotAReportError(
            f"{name} is not one of the usage or licence reports; its columns are: {shown[:300]}",
            hint="Export “Microsoft 365 Apps usage”, “Activations” or “Your products” as CSV and leave the first line as it is.",
        )
    return kind


def _date_values(fields: list[str], header: Header) -> Iterator[str]:
    return (
        value for column, value in zip(header.columns, fields, strict=False) if "Date" in column or "date" in column
    )


def _from_answer(answer: Answer, name: str, digest: str, limits: ReadLimits, witness: Witness | None) -> UsageReport:
    if answer.kind:
        return UsageReport(
            name, answer.kind, None, answer.rows, concealed=answer.concealed, is_complete=answer.is_complete,
            licences=answer.licences, trial_sku_ids=answer.trials or {}, encoding="json", digest=digest,
        )  # fmt: skip
    kind = _recognised(answer.header, name)
    reading = _Reading(name, kind, answer.header, Dates(), limits, witness)
    if not answer.is_complete:
        reading.skip(0, "this is one page of several: its numbers are not the tenant's; fetch all pages or the CSV")
        reading.is_complete = False
    return reading.read(iter(answer.records), digest, "json")


class BadFieldError(Exception):
    """A field that cannot be what its column says; the row is skipped."""


@dataclass(slots=True)
class _Reading:
    """One pass over the records of a file."""

    name: str
    kind: ReportKind
    header: Header
    dates: Dates
    limits: ReadLimits
    witness: Witness | None = None
    rows: int = 0
    refresh: date | None = None
    period: int | None = None
    is_complete: bool = True
    skipped: list[Skipped] = field(default_factory=list)
    skipped_count: int = 0
    concealed_names: int = 0
    plain_names: int = 0
    unnamed: int = 0
    seen: dict[str, int] = field(default_factory=dict)
    counts: list[int] = field(default_factory=lambda: [0] * 6)
    trends: list[Trend] = field(default_factory=list)
    products: dict[str, dict[str, int]] = field(default_factory=dict)
    licences: list[LicenceLine] = field(default_factory=list)

    def skip(self, line: int, why: str) -> None:
        self.skipped_count += 1
        if len(self.skipped) < self.limits.skipped:
            self.skipped.append(Skipped(line, why))

    def read(self, records: Records, digest: str, encoding: str) -> UsageReport:
        take = READERS.get(self.kind.name, _passed)(self)
        width, find_refresh = len(self.header.columns), self._refresh_reader()
        for line, fields in records:
            count = len(fields)
            if count != width:
                if count < width or any(value.strip() for value in fields[width:]):
                    self.skip(line, f"{count} fields where the first line has {width}")
                    continue
                fields = fields[:width]
            try:
                find_refresh(fields)
                take(line, fields)
            except BadFieldError as error:
                self.skip(line, str(error))
            else:
                self.rows += 1
        return self._report(digest, encoding)

    def _refresh_reader(self) -> Callable[[list[str]], None]:
        """Takes the refresh date from the first row that has one; rows of another day do not belong to the report."""
        place = self.header.place("Report Refresh Date")
        first: list[str] = []

        def find(fields: list[str]) -> None:
            text = fields[place]
            if first and text == first[0]:
                return
            day = self.day(text, "Report Refresh Date")
            if day is None:
                raise BadFieldError("the Report Refresh Date is missing")
            if self.refresh is None:
                self.refresh = day
                first.append(text)
            elif day != self.refresh:
                raise BadFieldError(f"its Report Refresh Date is {day}, that of the report {self.refresh}")

        return find if place >= 0 else lambda _: None

    def day(self, text: str, column: str) -> date | None:
        try:
            return self.dates.read(text)
        except ValueError:
            raise BadFieldError(f"{column} is no date: {text[:40]!r}") from None

    def number(self, text: str, column: str) -> int:
        plain = text.strip().replace(",", "").replace("\xa0", "")
        if not plain:
            return 0
        if not (plain.isascii() and plain.isdigit() and len(plain) < 16):
            raise BadFieldError(f"{column} is no number: {text[:40]!r}")
        return int(plain)

    def user(self, line: int, text: str) -> None:
        """One row for each user; names are compared and counted, not kept."""
        name = text.strip().lower()
        if name == UNKNOWN or not name:
            self.unnamed += 1
            return
        before = self.seen.setdefault(name, line)
        if before != line:
            raise BadFieldError(f"this user stands on line {before} already")
        if CONCEALED.fullmatch(name):
            self.concealed_names += 1
        else:
            self.plain_names += 1

    def _report(self, digest: str, encoding: str) -> UsageReport:
        left = self.skipped_count - len(self.skipped)
        if left > 0:
            self.skipped.append(Skipped(0, f"and {left} more lines"))
        active, reported = _active(self)
        return UsageReport(
            file=self.name,
            report=self.kind.name,
            refresh_date=self.refresh,
            rows=self.rows,
            skipped=tuple(self.skipped),
            skipped_count=self.skipped_count,
            active=active,
            as_reported=reported,
            period=self.period,
            concealed=self.concealed_names > self.plain_names,
            is_complete=self.is_complete,
            unnamed=self.unnamed,
            trends=tuple(sorted(self.trends, key=lambda trend: trend.day)),
            products=tuple(ProductLine(product, numbers) for product, numbers in self.products.items()),
            licences=tuple(self.licences),
            languages=self.header.languages,
            unknown_columns=tuple(filter(None, self.header.unknown)),
            encoding=encoding,
            digest=digest,
        )


Take = Callable[[int, list[str]], None]


def _passed(_: _Reading) -> Take:
    return lambda _line, _fields: None


def _flag_reader(reading: _Reading, columns: tuple[str, ...]) -> Callable[[list[str]], list[bool]]:
    places = [(place, column) for column in columns if (place := reading.header.place(column)) >= 0]
    known = flags()

    def read(fields: list[str]) -> list[bool]:
        found = []
        for place, column in places:
            word = fields[place]
            flag = known.get(word)
            if flag is None:
                flag = known.get(word.strip().casefold())
                if flag is None:
                    raise BadFieldError(f"{column} says neither yes nor no: {word[:40]!r}")
            found.append(flag)
        return found

    return read


def _app_users(reading: _Reading) -> Take:
    """`getM365AppUserDetail`. Counts: in the window any, desktop, without Teams; in the report's period the same three."""
    place = reading.header.place
    name_at, activity_at, period_at = place("User Principal Name"), place("Last Activity Date"), place("Report Period")
    desktop = _flag_reader(reading, ("Windows", "Mac"))
    elsewhere = _flag_reader(reading, ("Mobile", "Web"))
    apps = _flag_reader(reading, tuple(app for app in APPS if app != "Teams"))
    teams = _flag_reader(reading, ("Teams",))
    counts, period, witness = reading.counts, 0, reading.witness
    starts: list[date] = []

    def take(line: int, fields: list[str]) -> None:
        nonlocal period
        last = reading.day(fields[activity_at], "Last Activity Date")
        on_desktop, in_apps = any(desktop(fields)), any(apps(fields))
        flagged = on_desktop or in_apps or any(elsewhere(fields)) or any(teams(fields))
        if not starts:
            period = reading.number(fields[period_at], "Report Period") if period_at >= 0 else 0
            reading.period = period or None
            window = min(WINDOW, period) if period else WINDOW
            starts.append((reading.refresh or date.min) - timedelta(days=window - 1 if reading.refresh else 0))
        if last is not None and reading.refresh is not None and last > reading.refresh:
            raise BadFieldError(f"Last Activity Date {last} lies after the Report Refresh Date {reading.refresh}")
        reading.user(line, fields[name_at])
        is_active = last is not None and last >= starts[0]
        if is_active:
            counts[0] += 1
            counts[1] += on_desktop
            counts[2] += in_apps
        counts[3] += flagged
        counts[4] += on_desktop
        counts[5] += in_apps
        if witness is not None:
            window = is_active | (is_active and on_desktop) << 1 | (is_active and in_apps) << 2
            witness(Use(fields[name_at].strip(), window | flagged << 3 | on_desktop << 4 | in_apps << 5))

    return take


def _active(reading: _Reading) -> tuple[Active, Active]:
    """Both countings; nothing where there is no row, no refresh date, or where the report is another one."""
    if reading.kind.name != "m365_app_user_detail" or not reading.rows or reading.refresh is None:
        return NOBODY_COUNTED, NOBODY_COUNTED
    any_app, desktop, without, *reported = reading.counts
    period = reading.period
    window = min(WINDOW, period) if period else WINDOW
    usable = period is None or period <= LONGEST_FLAGS
    return (
        Active(any_app, desktop if usable else None, without if usable else None, window),
        Active(reported[0], reported[1], reported[2], period),
    )


def _activations(reading: _Reading) -> Take:
    """`getOffice365ActivationsUserDetail`: users by product, on how many a device is activated, and on shared computers."""
    place = reading.header.place
    product_at, name_at = place("Product Type"), place("User Principal Name")
    devices = [(at, c) for c in ("Windows", "Mac", "Windows 10 Mobile", "iOS", "Android") if (at := place(c)) >= 0]
    shared = _flag_reader(reading, ("Activated On Shared Computer",))
    activated_at = place("Last Activated Date")

    def take(line: int, fields: list[str]) -> None:
        numbers = [reading.number(fields[at], column) for at, column in devices]
        is_shared = any(shared(fields))
        reading.day(fields[activated_at], "Last Activated Date")
        _name_of(reading, line, fields[name_at], fields[product_at])
        found = _product(reading, fields[product_at])
        for key, value in (
            ("users", 1), ("activated", int(any(numbers) or is_shared)), ("shared", int(is_shared)),
            *((column, number) for (_, column), number in zip(devices, numbers, strict=True)),
        ):  # fmt: skip
            found[key] = found.get(key, 0) + value

    return take


def _name_of(reading: _Reading, line: int, name: str, product: str) -> None:
    """A user has a row for each product; the same product twice is a double row."""
    key = f"{name.strip().lower()}\t{product.strip().lower()}"
    if name.strip().lower() in (UNKNOWN, ""):
        reading.unnamed += 1
        return
    before = reading.seen.setdefault(key, line)
    if before != line:
        raise BadFieldError(f"this user and product stand on line {before} already")
    if CONCEALED.fullmatch(name.strip()):
        reading.concealed_names += 1
    else:
        reading.plain_names += 1


def _product(reading: _Reading, text: str) -> dict[str, int]:
    """Products are told apart without regard to case: real reports shout."""
    return reading.products.setdefault(text.strip().upper(), {})


def _product_counts(columns: tuple[str, ...]) -> Callable[[_Reading], Take]:
    def reader(reading: _Reading) -> Take:
        places = [(at, column) for column in columns if (at := reading.header.place(column)) >= 0]
        product_at = reading.header.place("Product Type")

        def take(_: int, fields: list[str]) -> None:
            numbers = {column: reading.number(fields[at], column) for at, column in places}
            _product(reading, fields[product_at]).update(numbers)

        return take

    return reader


def _daily(reading: _Reading) -> Take:
    """Reports of counts: one row a day."""
    day_at, period_at = reading.header.place("Report Date"), reading.header.place("Report Period")
    other = {"Report Refresh Date", "Report Date", "Report Period"}
    unknown = set(reading.header.unknown)
    places = [(at, c) for at, c in enumerate(reading.header.columns) if c not in other and c not in unknown]

    def take(_: int, fields: list[str]) -> None:
        day = reading.day(fields[day_at], "Report Date") if day_at >= 0 else reading.refresh
        if day is None:
            raise BadFieldError("the Report Date is missing")
        numbers = {column: reading.number(fields[at], column) for at, column in places}
        if period_at >= 0:
            reading.period = reading.number(fields[period_at], "Report Period") or None
        reading.trends.append(Trend(day, numbers))

    return take


def _people(reading: _Reading) -> Take:
    """Active users of the services (no column of the apps), and lists of users: counted, and looked at for concealed names."""
    name_at = reading.header.place("User Principal Name")
    days = [(at, column) for at, column in enumerate(reading.header.columns) if column.endswith("Date")]
    deleted = _flag_reader(reading, ("Is Deleted",))

    def take(line: int, fields: list[str]) -> None:
        for at, column in days:
            reading.day(fields[at], column)
        deleted(fields)
        reading.user(line, fields[name_at])

    return take


def _seats(title: str, total: str, assigned: str, expired: str = "", status: str = "") -> Callable[[_Reading], Take]:
    def reader(reading: _Reading) -> Take:
        at: Mapping[str, int] = {c: reading.header.place(c) for c in (title, total, assigned, expired, status) if c}

        def value(fields: list[str], column: str) -> str:
            return fields[at[column]] if column and at[column] >= 0 else ""

        def take(_: int, fields: list[str]) -> None:
            bought = reading.number(value(fields, total), total)
            gone = reading.number(value(fields, expired), expired)
            given = reading.number(value(fields, assigned), assigned) if at[assigned] >= 0 else None
            product = value(fields, title).strip()
            reading.licences.append(
                LicenceLine(
                    product, total=max(0, bought - gone), expired=gone, assigned=given, status=value(fields, status)
                )
            )

        return take

    return reader


READERS: dict[str, Callable[[_Reading], Take]] = {
    "m365_app_user_detail": _app_users,
    "m365_app_user_counts": _daily,
    "m365_app_platform_user_counts": _daily,
    "activations_user_detail": _activations,
    "activations_user_counts": _product_counts(("Assigned", "Activated", "Shared Computer Activation")),
    "activation_counts": _product_counts(("Windows", "Mac", "Android", "iOS", "Windows 10 Mobile")),
    "active_user_detail": _people,
    "active_user_counts": _daily,
    "services_user_counts": _daily,
    "users_export": _people,
    "people_list": _people,
    "product_list": _seats(
        "Product Title", "Total Licenses", "Assigned licenses", "Expired Licenses", "Status Message"
    ),
    "subscriptions_export": _seats("Product name", "Purchased quantity", "Assigned quantity"),
}


@dataclass(frozen=True, slots=True)
class Person:
    """One row about one person, for joining; the caller decides how long it is kept."""

    name: str
    department: str = ""
    last_activity: date | None = None
    is_active: bool = False


def people(source: BinaryIO, name: str, limits: ReadLimits = LIMITS) -> Iterator[Person]:
    """Rows of the apps' user detail or of a list of users, as a stream; rows that cannot be read are left out."""
    table = open_table(source, name, limits)
    kind = _recognised(table.header, name)
    first, records = sampled(table.records, SAMPLE)
    dates = Dates(table.delimiter)
    dates.learn(value for fields in first for value in _date_values(fields, table.header))
    place, width = table.header.place, len(table.header.columns)
    name_at, refresh_at = place("User Principal Name"), place("Report Refresh Date")
    activity_at, department_at = place("Last Activity Date"), place("Department")
    if name_at < 0:
        raise NotAReportError(f"{name} ({kind.name}) has no column with names of users", hint="Export the user detail.")
    for _, fields in chain(records):
        if len(fields) < width:
            continue
        try:
            last = dates.read(fields[activity_at]) if activity_at >= 0 else None
            refresh = dates.read(fields[refresh_at]) if refresh_at >= 0 else None
        except ValueError:
            continue
        is_active = bool(last and refresh and refresh - timedelta(days=WINDOW - 1) <= last <= refresh)
        department = fields[department_at].strip() if department_at >= 0 else ""
        yield Person(fields[name_at].strip(), department, last, is_active)
