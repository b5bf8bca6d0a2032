"""Licence exports and answers → paid available units (PAU), assigned and enabled seats of Microsoft 365 Apps for the desktop.

PAU are paid licences on the tenant (Partner Center KB-01319). Trials, unattended, device and developer licences are no paid seats
of users and stay out, each with the reason. Which products carry the apps is a table with dates: `apps_skus.csv`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from uptake import catalogue
from uptake.prove.usage.model import NO_NUMBERS, LicenceLine, UsageReport

TRIAL = re.compile(r"(?i)\btrial\b|評価|試用|\btest\b(?=.*lizenz)|kostenlos")
LEFT_OUT = {
    "unattended": "for robots, not for users",
    "device": "licensed by device, not by user",
    "developer": "developer licences are not bought",
    "benefit": "students' use benefit is not bought",
    "none": "carries the apps for web and mobile only",
}
STANDING = frozenset(("", "enabled", "warning"))


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A product that is no part of the paid seats, and why."""

    product: str
    seats: int
    why: str


@dataclass(frozen=True, slots=True)
class Seats:
    """Denominators of one tenant on one day. None: the source does not say it."""

    paid: int | None
    assigned: int | None = None
    enabled: int | None = None
    """Enabled accounts whose licence has the plan of the apps switched on."""
    in_grace: int = 0
    """Seats in warning state: still usable, not counted as paid."""
    counted: tuple[str, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    as_of: date | None = None
    source: str = ""


@lru_cache(maxsize=1)
def _skus() -> tuple[Mapping[str, Mapping[str, str]], Mapping[str, str]]:
    """SKU id → row, and product name in lower case → how it counts."""
    rows = catalogue.read_table("apps_skus")
    names: dict[str, str] = {}
    for row in rows:
        names.setdefault(_plain(row["product"]), row["counts"])
        names.setdefault(_plain(row["part_number"]), row["counts"])
    return {row["sku_id"].lower(): row for row in rows}, names


@lru_cache(maxsize=1)
def _plans() -> Mapping[str, str]:
    return {row["plan_id"].lower(): row["counts"] for row in catalogue.read_table("apps_plans")}


def _plain(name: str) -> str:
    return " ".join(name.replace("\xa0", " ").casefold().split())


def seats_of(report: UsageReport, trials: Mapping[str, int] = NO_NUMBERS, as_of: date | None = None) -> Seats:
    """The seats in a product list, subscription export, `/subscribedSkus` or `/users` answer.

    `trials` are trial seats by SKU id (`/directory/subscriptions`); they are taken off. `as_of` is the day of the export.
    """
    if report.report == "licensed_users":
        return Seats(None, None, _enabled(report.licences), as_of=as_of, source=report.file)
    paid = assigned = grace = 0
    counted: list[str] = []
    left_out: list[LeftOut] = []
    knows_assigned = any(line.assigned is not None for line in report.licences)
    for line in report.licences:
        why = _why_left_out(line)
        trial = min(line.total, trials.get(line.sku_id, 0))
        if why is not None:
            left_out += [LeftOut(line.product, line.total, why)] if why else []
            continue
        if trial:
            left_out.append(LeftOut(line.product, trial, "a trial is not paid"))
        paid += line.total - trial
        assigned += line.assigned or 0
        grace += line.warning
        counted.append(line.product)
    is_known = bool(report.licences) and report.is_complete
    return Seats(
        paid if is_known else None, assigned if is_known and knows_assigned else None, None, grace, tuple(counted),
        tuple(left_out), as_of, report.file,
    )  # fmt: skip


def _why_left_out(line: LicenceLine) -> str | None:
    """None: it counts. Empty: it has nothing to do with the apps."""
    counts = _counts(line)
    if counts is None:
        return ""
    if counts != "user":
        return LEFT_OUT.get(counts, "")
    if TRIAL.search(line.product):
        return "a trial is not paid"
    if line.is_company_wide:
        return "given to the tenant, not to users"
    if line.part_number and line.status.lower() not in STANDING:
        return f"its state is {line.status}"
    return None


def _counts(line: LicenceLine) -> str | None:
    """How a product counts: by its plans where they are named, by its id, by its name."""
    skus, names = _skus()
    kinds = {_plans()[plan] for plan in line.plans if plan in _plans()}
    for kind in ("user", "unattended", "device", "none"):
        if kind in kinds:
            row = skus.get(line.sku_id)
            return row["counts"] if row and kind == "user" else kind
    if line.plans and line.sku_id not in skus:
        return None
    row = skus.get(line.sku_id)
    if row:
        return row["counts"]
    plain = _plain(line.product)
    return names.get(plain) or names.get(_plain(TRIAL.sub("", line.product)))


def _enabled(lines: Iterable[LicenceLine]) -> int:
    """Users whose licence carries the apps with the plan switched on; SKUs of one user are not joined, so it is an upper bound."""
    skus, plans = _skus()[0], _plans()
    names = {row["name"]: key for key, row in _plan_rows().items()}
    count = 0
    for line in lines:
        row = skus.get(line.sku_id)
        if row is None or row["counts"] != "user":
            continue
        off = {plan[1:] for plan in line.plans}
        own = [names[name] for name in row["plan"].split() if name in names and plans[names[name]] == "user"]
        if any(plan not in off for plan in own):
            count += line.assigned or 0
    return count


@lru_cache(maxsize=1)
def _plan_rows() -> Mapping[str, Mapping[str, str]]:
    return {row["plan_id"].lower(): row for row in catalogue.read_table("apps_plans")}


def joined(parts: Sequence[Seats]) -> Seats:
    """Denominators of one day from several sources: the first that says a number says it."""

    def first(name: str) -> int | None:
        return next((getattr(part, name) for part in parts if getattr(part, name) is not None), None)

    return Seats(
        first("paid"), first("assigned"), first("enabled"), sum(part.in_grace for part in parts),
        tuple(name for part in parts for name in part.counted), tuple(out for part in parts for out in part.left_out),
        max((part.as_of for part in parts if part.as_of), default=None),
        ", ".join(part.source for part in parts if part.source),
    )  # fmt: skip
