"""A CSV of many customers → their figures and what other sources say of them; every line that cannot be read is named."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TypeVar

from uptake.core.errors import UptakeError
from uptake.prove.usage.forecast import forecast
from uptake.prove.usage.portfolio import Colour, Standing
from uptake.prove.usage.rows import read_rows
from uptake.prove.usage.rules import Verdict, judge
from uptake.prove.usage.snapshots import Point, point_of

NEEDED = ("series", "date", "active", "paid")
MOST_TEXT = 1000
"""Characters of one field; the limit of the csv module is one for the whole process, and others set it."""
MOST_NAMED = 20
"""Bad lines that a message names; the rest is a number."""
ENTERPRISE = (Colour.RED, Colour.YELLOW, Colour.GREEN)
"""Colours that the Enterprise status has; blue is only for the health of a whole customer (M10)."""

T = TypeVar("T")


class _BadLineError(ValueError):
    """What is wrong with a line, in words."""


@dataclass(frozen=True, slots=True)
class Records:
    """What a line says of a customer beside its figures; None where it says nothing."""

    day: date
    l1: str | None = None
    enterprise: Colour | None = None
    next_action: date | None = None


@dataclass(slots=True)
class Customer:
    """One series of the file: points by date, where the last line of a date counts, and records in the order of the file."""

    points: dict[date, Point] = field(default_factory=dict)
    records: list[Records] = field(default_factory=list)


def read_portfolio(text: str, name: str, known_l1: Collection[str]) -> dict[str, Customer]:
    """Customers by name. `known_l1`: ids of the L1 statuses; `No Intent` is read as `no-intent`.

    Raises `UptakeError` that names every bad line: a customer without one of its months would be judged by other figures.
    """
    found: dict[str, Customer] = {}
    bad: list[str] = []
    for line, row in read_rows(text, name, NEEDED, ("l1", "next_action", "enterprise")):
        try:
            if any(len(value) > MOST_TEXT for value in row.values()):
                raise _BadLineError(f"a field is longer than {MOST_TEXT:,} characters")
            _add(found, row, known_l1)
        except _BadLineError as error:
            bad.append(f"line {line}: {error}")
    if bad:
        more = f"; and {len(bad) - MOST_NAMED:,} more" if len(bad) > MOST_NAMED else ""
        raise UptakeError(
            f"{name} was not judged. " + "; ".join(bad[:MOST_NAMED]) + more,
            hint="A line looks like Contoso,2026-11-30,412,1000. Correct these lines; nothing is judged by half a series.",
        )
    if not found:
        raise UptakeError(
            f"{name} has no line below its columns", hint="A line looks like Contoso,2026-11-30,412,1000."
        )
    return found


def _add(found: dict[str, Customer], row: Mapping[str, str], known_l1: Collection[str]) -> None:
    series = row["series"]
    if not series:
        raise _BadLineError("no name of a series")
    point = _point(row)
    records = Records(point.date, _l1(row, known_l1), _enterprise(row), _next_action(row))
    customer = found.setdefault(series, Customer())
    customer.points[point.date] = point
    customer.records.append(records)


def _point(row: Mapping[str, str]) -> Point:
    try:
        return point_of(row)
    except ValueError as error:
        raise _BadLineError(str(error)) from None


def _l1(row: Mapping[str, str], known: Collection[str]) -> str | None:
    written = row.get("l1", "")
    status = re.sub(r"[^a-z0-9]+", "-", written.lower()).strip("-")
    if written and status not in known:
        raise _BadLineError(f"no L1 {written[:40]!r}; there are {', '.join(known)}")
    return status or None


def _enterprise(row: Mapping[str, str]) -> Colour | None:
    written = row.get("enterprise", "").lower()
    if not written:
        return None
    if written == Colour.UNKNOWN:
        return Colour.UNKNOWN
    if written not in ENTERPRISE:
        raise _BadLineError(f"no colour {written[:40]!r}; the Enterprise status is red, yellow or green")
    return Colour(written)


def _next_action(row: Mapping[str, str]) -> date | None:
    written = row.get("next_action", "")
    try:
        return date.fromisoformat(written) if written else None
    except ValueError:
        raise _BadLineError(f"the next action {written[:40]!r} is not a date, for example 2026-11-30") from None


def standing_of(name: str, customer: Customer, as_of: date) -> Standing:
    """What is known of a customer on a day. Lines of later dates are not looked at, so that a past day can be judged again."""
    judged = judge(sorted(customer.points.values(), key=lambda point: point.date), as_of)
    known = sorted((each for each in customer.records if each.day <= as_of), key=lambda each: each.day)
    made = forecast(judged.inputs) if judged.healthy is not Verdict.UNKNOWN else None
    return Standing(
        name, name, judged, made,
        l1=_last(each.l1 for each in known) or "",
        enterprise=_last(each.enterprise for each in known) or Colour.UNKNOWN,
        has_open_case=None,
        next_action=_last(each.next_action for each in known),
    )  # fmt: skip


def _last(values: Iterable[T | None]) -> T | None:
    return next((value for value in reversed(tuple(values)) if value is not None), None)
