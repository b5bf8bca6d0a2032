"""Departments of users: joined when a report comes in, kept as sums for ever, and as rows about people only while they may stay.

How long, is a setting of the organisation (35 days by default; 0: never). Each file is one packed row, so that forgetting it is
one deletion. What is stored by department is silent about small ones already (`prove/usage/departments.py`).
"""

from __future__ import annotations

import json
import zlib
from datetime import date, timedelta
from typing import BinaryIO

from django.utils import timezone

from uptake.core.errors import UptakeError
from uptake.core.plain import as_plain as stored
from uptake.core.plain import from_plain as restored
from uptake.prove.usage.departments import Departments, by_department, members, members_of_devices
from uptake.prove.usage.model import UsageReport
from uptake.prove.usage.reading import Use, people
from uptake.prove.usage.snapshots import Snapshot, people_may_stay
from uptake.web.engagements.models import Engagement
from uptake.web.insights.models import DepartmentsRow, PeopleRow, SnapshotRow
from uptake.web.packages.models import InventoryRow
from uptake.web.packages.services import inventory_of

LISTS = ("people_list", "users_export")


def departments_of(row: Engagement) -> Departments | None:
    """The newest table."""
    found = DepartmentsRow.objects.filter(engagement=row).first()
    return restored(Departments, found.value) if found else None


def membership_of(row: Engagement) -> tuple[dict[str, str], str]:
    """User → department, and the name of the file that says it: the list of people that is kept, or else the inventory."""
    listed = PeopleRow.objects.filter(engagement=row, kind=PeopleRow.Kind.MEMBERSHIP).first()
    if listed:
        return dict(_unpacked(listed)), listed.source
    inventory = InventoryRow.objects.filter(engagement=row).first()
    if inventory is None or not {"user", "department"} <= set(inventory.columns):
        return {}, ""
    return members_of_devices(inventory_of(inventory).devices), inventory.name


def read_membership(source: BinaryIO, name: str) -> dict[str, str]:
    """User → department of a list of people. Raises `UptakeError` where it says of nobody."""
    found = members(people(source, name))
    if not found:
        raise UptakeError(
            f"{name} names no department", hint="It needs the columns User principal name and Department."
        )
    return found


def keep_membership(row: Engagement, found: dict[str, str], name: str) -> bool:
    """Keep a list of people in place of the one before; False where the organisation keeps none."""
    if not row.organisation.keep_people_days:
        return False
    PeopleRow.objects.filter(engagement=row, kind=PeopleRow.Kind.MEMBERSHIP).delete()
    _keep(row, PeopleRow.Kind.MEMBERSHIP, timezone.localdate(), name, sorted(found.items()))
    return True


def keep_use(row: Engagement, report: UsageReport, uses: list[Use]) -> None:
    """Keep who used what, while the organisation allows it for the date of these data."""
    days = row.organisation.keep_people_days
    if days and report.refresh_date and people_may_stay(report.refresh_date, timezone.localdate(), days):
        _keep(row, PeopleRow.Kind.USE, report.refresh_date, report.file, uses)


def _keep(row: Engagement, kind: str, data_date: date, source: str, rows: list[Use] | list[tuple[str, str]]) -> None:
    packed = zlib.compress(json.dumps(rows, ensure_ascii=False, separators=(",", ":")).encode(), 6)
    PeopleRow.objects.update_or_create(
        engagement=row,
        kind=kind,
        data_date=data_date,
        defaults={"source": source, "people": len(rows), "content": packed},
    )


def _unpacked(row: PeopleRow) -> list[list[str]]:
    found: list[list[str]] = json.loads(zlib.decompress(bytes(row.content)))
    return found


def count(row: Engagement, report: UsageReport, uses: list[Use], known: dict[str, str], source: str) -> None:
    """Keep the table of a report, where one can be made."""
    made = by_department(report, uses, known, source)
    if made is not None:
        DepartmentsRow.objects.update_or_create(
            engagement=row, data_date=made.data_date, defaults={"value": stored(made)}
        )


def count_again(row: Engagement, known: dict[str, str], source: str) -> int:
    """The tables of all data dates whose rows about people are kept, after a new list or inventory; how many."""
    kept = {each.refresh_date: each.value for each in SnapshotRow.objects.filter(engagement=row)}
    rows = [
        each for each in PeopleRow.objects.filter(engagement=row, kind=PeopleRow.Kind.USE) if each.data_date in kept
    ]
    for each in rows:
        snapshot = restored(Snapshot, kept[each.data_date])
        report = UsageReport(
            each.source,
            "",
            snapshot.refresh_date,
            snapshot.rows,
            active=snapshot.active,
            as_reported=snapshot.as_reported,
        )
        count(row, report, [Use(str(name), int(bits)) for name, bits in _unpacked(each)], known, source)
    return len(rows)


def forget(today: date | None = None) -> int:
    """Delete rows about people that are older than their organisation says; how many files."""
    today = today or timezone.localdate()
    gone = 0
    days = PeopleRow.objects.order_by().values_list(
        "engagement__organisation", "engagement__organisation__keep_people_days"
    )
    for organisation, most in set(days):
        old = PeopleRow.objects.filter(engagement__organisation=organisation)
        if most:
            old = old.filter(data_date__lt=today - timedelta(days=most))
        gone += old.delete()[0]
    return gone
