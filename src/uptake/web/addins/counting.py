"""What pages show of add-ins, counted once after each change: devices, departments, bitness, findings, statements."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.db.models import Count

from uptake.assess.addins.readiness import shipped_statements, statement_of, status_of
from uptake.core.errors import UptakeError
from uptake.web.accounts.models import Organisation
from uptake.web.addins.models import SEVERITIES, AddInFinding, AddInRow, DeviceRow, Installed, Statement
from uptake.web.assessments.models import RANK
from uptake.web.engagements.models import Engagement

COUNTED = (
    "bitness", "severity", "rules", "versions_count", "devices_count", "departments_count", "status", "statement", "statement_source",
    "statement_date",
)  # fmt: skip
Row = Mapping[str, str]


@dataclass(slots=True)
class _Counts:
    devices: int = 0
    severity: int = 0
    departments: set[str] = field(default_factory=set)
    versions: set[str] = field(default_factory=set)
    bitness: set[str] = field(default_factory=set)
    findings: dict[str, AddInFinding] = field(default_factory=dict)


@transaction.atomic
def count_addins(row: Engagement) -> int:
    """Count everything anew; how many add-ins are on devices."""
    counts = _counted(row)
    statements = statements_of(row.organisation)
    addins = list(AddInRow.objects.filter(engagement=row))
    for addin in addins:
        _put(addin, counts.get(addin.pk, _Counts()))
        _state(addin, statements)
    AddInRow.objects.bulk_update(addins, COUNTED, batch_size=300)
    AddInFinding.objects.filter(addin__engagement=row).delete()
    AddInFinding.objects.bulk_create(
        [each for found in counts.values() for each in found.findings.values()], batch_size=1_000
    )
    return sum(addin.devices_count > 0 for addin in addins)


def _counted(row: Engagement) -> dict[int, _Counts]:
    found: dict[int, _Counts] = {}
    rows = Installed.objects.filter(device__engagement=row).order_by("addin_id")
    for addin, department, version, bitness, severity, findings in rows.values_list(
        "addin_id", "device__department", "version", "bitness", "severity", "findings"
    ).iterator(5_000):
        counts = found.setdefault(addin, _Counts())
        counts.devices += 1
        counts.severity = max(counts.severity, severity)
        counts.departments.add(department)
        counts.versions.add(version)
        counts.bitness.add(bitness)
        for each in findings:
            _count_finding(counts, addin, each)
    return found


def _count_finding(counts: _Counts, addin: int, finding: Mapping[str, Any]) -> None:
    """One row a rule; where it holds in several ways, the worst of them speaks."""
    rank = RANK[finding["severity"]]
    known = counts.findings.get(finding["rule"])
    if known is None or rank > known.severity:
        count = known.devices_count if known else 0
        known = counts.findings[finding["rule"]] = AddInFinding(
            addin_id=addin, rule=finding["rule"], severity=rank, certainty=finding["certainty"], message=finding["message"],
            arguments=finding["arguments"], devices_count=count,
        )  # fmt: skip
    known.devices_count += 1


def _put(addin: AddInRow, counts: _Counts) -> None:
    addin.devices_count, addin.severity = counts.devices, counts.severity
    addin.departments_count = len(counts.departments - {""})
    addin.versions_count = len(counts.versions - {""})
    addin.rules = sorted(counts.findings)
    addin.bitness = next(iter(counts.bitness), "unknown") if len(counts.bitness) < 2 else "mixed"


def statements_of(organisation: Organisation) -> list[Row]:
    """The organisation's own rows, then ours."""
    own = Statement.objects.filter(organisation=organisation)
    return [
        *(
            {
                "addin": each.key,
                "status": each.status,
                "statement": each.statement,
                "source": each.source,
                "date": str(each.on),
            }
            for each in own
        ),
        *shipped_statements(),
    ]


def _state(addin: AddInRow, statements: Iterable[Row]) -> None:
    found = statement_of(addin.key, addin.file, statements)
    addin.status = status_of(found)
    addin.statement, addin.statement_source = found.get("statement", ""), found.get("source", "")[:300]
    addin.statement_date = found.get("date", "")[:20]


@transaction.atomic
def restate(organisation: Organisation) -> None:
    """Say anew what vendors say, in all engagements of an organisation."""
    statements = statements_of(organisation)
    names = {each["addin"].casefold() for each in statements}
    changed = []
    for addin in AddInRow.objects.filter(engagement__organisation=organisation).iterator(2_000):
        if addin.key in names or addin.file in names or addin.status != "Unknown" or addin.statement:
            _state(addin, statements)
            changed.append(addin)
    AddInRow.objects.bulk_update(changed, ["status", "statement", "statement_source", "statement_date"], batch_size=300)


def severities_of(row: Engagement) -> dict[str, int]:
    """Severity → devices whose worst add-in has it."""
    found = DeviceRow.objects.filter(engagement=row).values_list("severity").annotate(n=Count("pk")).order_by()
    return {SEVERITIES[severity]: count for severity, count in found}


def departments_of(row: Engagement) -> dict[str, str]:
    """Device → department, as the newest inventory of the rollout says; empty without one, or where it cannot be read again."""
    from uptake.web.packages.models import InventoryRow
    from uptake.web.packages.services import listed_devices

    inventory = InventoryRow.objects.filter(engagement=row).first()
    try:
        devices = listed_devices(inventory).devices if inventory else ()
    except (UptakeError, OSError):
        return {}
    return {device_key(each.name): each.first("department") for each in devices if each.first("department")}


def join_inventory(row: Engagement) -> None:
    """Departments of a new inventory take the place of what the collector was told."""
    departments = departments_of(row)
    changed = []
    for device in DeviceRow.objects.filter(engagement=row):
        department = departments.get(device.key, device.own_department)[:200]
        if department != device.department:
            device.department = department
            changed.append(device)
    DeviceRow.objects.bulk_update(changed, ["department"], batch_size=500)
    if changed:
        count_addins(row)


def device_key(name: str) -> str:
    """A device's name for comparing; folding can make it longer."""
    return name.casefold()[:200]


def items_of(row: Engagement) -> dict[str, tuple[str, ...]]:
    """Device → its add-ins as items that a pilot covers."""
    found: dict[str, list[str]] = {}
    rows = Installed.objects.filter(device__engagement=row).order_by("device_id", "addin_id")
    for device, title in rows.values_list("device__key", "addin__title"):
        found.setdefault(device, []).append(title)
    return {device: tuple(titles) for device, titles in found.items()}


def counted_departments(row: Engagement) -> list[tuple[str, dict[str, int], int]]:
    """Department, its devices by worst severity, and how many there are; the worst first."""
    found: dict[str, Counter[str]] = {}
    rows = (
        DeviceRow.objects.filter(engagement=row)
        .values_list("department", "severity")
        .annotate(n=Count("pk"))
        .order_by()
    )
    for department, severity, count in rows:
        found.setdefault(department, Counter())[SEVERITIES[severity]] += count
    ranked = sorted(found.items(), key=lambda each: (-each[1]["significant"], -each[1]["limited"], each[0]))
    return [(department, dict(counts), counts.total()) for department, counts in ranked]
