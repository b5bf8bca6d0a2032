"""CSV of add-ins from the inventory of the Microsoft 365 Apps admin center and from Configuration Manager's class OFFICE_ADDIN.

Both have the columns Architecture, CLSID, CompanyName, Description, FileName, FileTimeStamp, FileVersion, FriendlyName, ID,
OfficeApplication, ProductName, ProductVersion and Type (OfficeDocs-DeployOffice, 2024-10-21; memdocs, 2023-07). A SQL view of
Configuration Manager writes a 0 behind each. Values are not documented: what is not understood is named, and unknown.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from uptake.assess.addins.binaries import ANY, UNKNOWN
from uptake.assess.addins.derive import APPS, BOTH, EXTENSIONS, ONLY_32, ONLY_64, AddIn
from uptake.assess.addins.registry import decoded
from uptake.core.errors import UptakeError

NEEDED = ("friendlyname", "officeapplication", "type")
DEVICES = ("device", "devicename", "machinename", "computername", "netbiosname")
READINESS = {"addinreadiness", "adoptionstatus"}
HEALTH = {"overallhealth", "loadhealth"}
BITNESS = {"x86": ONLY_32, "32-bit": ONLY_32, "x64": ONLY_64, "amd64": ONLY_64, "64-bit": ONLY_64, "arm64": "arm64"}
KINDS = {
    "com": "com",
    "vsto": "vsto",
    "xll": "xll",
    "wll": "wll",
    "automation": "automation",
    "vba": "vba",
    "web": "web",
}
MOST_PROBLEMS = 20


@dataclass(slots=True)
class Listing:
    """What an export lists of one device."""

    device: str
    addins: dict[tuple[str, str], AddIn] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def is_listing(content: bytes) -> bool:
    """Whether the first line is that of a table with names of columns, more than two of them."""
    first = decoded(content[:4096]).lstrip("\ufeff").partition("\n")[0]
    return len(re.split(r"[,;\t]", first)) > 2 and not first.lstrip().startswith(("{", "[", "<"))


def read_listing(content: bytes, name: str) -> list[Listing]:
    """Add-ins by device. Raises `UptakeError` that says what to do where columns or a whole export are not documented."""
    text = decoded(content).lstrip("\ufeff")
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    found: dict[str, Listing] = {}
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        columns = [_folded(each) for each in next(rows, [])]
        _check(columns, name)
        device = next((each for each in DEVICES if each in columns), "")
        problems: list[str] = []
        for row in rows:
            if any(cell.strip() for cell in row):
                _add(
                    found,
                    dict(zip(columns, row, strict=False)),
                    device,
                    name,
                    problems,
                    rows.line_num,
                    len(row) - len(columns),
                )
    except csv.Error as error:
        raise UptakeError(f"{name}, line {rows.line_num}: {error}", hint="Export the list again as CSV.") from None
    if not device:
        problems.insert(0, "the export names no device, so that all of it stands as one")
    if not found:
        found[""] = Listing(name)
        problems.append("the export lists no add-in")
    next(iter(found.values())).problems += problems[:MOST_PROBLEMS]
    if len(problems) > MOST_PROBLEMS:
        next(iter(found.values())).problems.append(f"and {len(problems) - MOST_PROBLEMS:,} lines more")
    return list(found.values())


def _folded(header: str) -> str:
    return re.sub(r"[^a-z]", "", header.lower())


def _check(columns: list[str], name: str) -> None:
    if len(set(columns)) < len(columns):
        raise UptakeError(f"{name} names a column twice", hint="Export each column once.")
    if set(NEEDED) <= set(columns):
        return
    if set(columns) & READINESS:
        raise UptakeError(
            f"{name} is Configuration Manager's list of add-in readiness, whose values Microsoft has not documented",
            hint="Export the hardware inventory class OFFICE_ADDIN, and give what vendors say with --statements.",
        )
    if set(columns) & HEALTH:
        raise UptakeError(
            f"{name} is Configuration Manager's list of add-in health, whose values Microsoft has not documented",
            hint="Run the collector on these devices: it reads what Outlook wrote of slow and disabled add-ins.",
        )
    raise UptakeError(
        f"{name} has no columns FriendlyName, OfficeApplication and Type",
        hint="Export the add-ins of the Microsoft 365 Apps inventory or of the class OFFICE_ADDIN, with English columns.",
    )


def _add(
    found: dict[str, Listing], row: Mapping[str, str], device: str, name: str, problems: list[str], line: int, surplus: int
) -> None:  # fmt: skip
    if surplus:
        problems.append(f"line {line} was not counted: another number of fields")
        return
    cells = {column: cell.strip()[:500] for column, cell in row.items()}
    title, host = cells.get("id") or cells["friendlyname"], cells[device] if device else name
    if not title or not host:
        problems.append(f"line {line} was not counted: no name of " + ("an add-in" if host else "a device"))
        return
    listing = found.setdefault(host.casefold(), Listing(host))
    addin, doubts = _addin(cells, title)
    problems += [f"line {line}: {doubt}" for doubt in doubts]
    key = (addin.app, addin.id.casefold())
    listing.addins[key] = _joined(listing.addins[key], addin) if key in listing.addins else addin


def _addin(cells: Mapping[str, str], title: str) -> tuple[AddIn, list[str]]:
    doubts = []
    path = cells.get("filename", "")
    extension = "." + path.rpartition(".")[2].lower()
    kind = KINDS.get(cells["type"].casefold(), "")
    if not kind:
        kind = EXTENSIONS.get(extension, "com")
        doubts.append(f"type {cells['type'][:40]!r} is not known and was read as {kind}")
    app = APPS.get(cells["officeapplication"].casefold().removeprefix("microsoft "), "")
    if not app:
        app = cells["officeapplication"].casefold() or UNKNOWN
        doubts.append(f"application {cells['officeapplication'][:40]!r} is not known")
    written = cells.get("architecture", "")
    bitness = ANY if kind in ("vba", "web") else BITNESS.get(written.casefold(), UNKNOWN)
    if written and written.casefold() not in BITNESS:
        doubts.append(f"architecture {written[:40]!r} is not known")
    load = cells.get("loadbehavior", "")
    return AddIn(
        id=title, kind=kind, app=app, name=cells["friendlyname"], path=path, clsid=cells.get("clsid", ""),
        load={"hklm": int(load)} if re.fullmatch(r"\d{1,2}", load) else {}, is_disabled=load in ("0", "2"), bitness=bitness,
        publisher=cells.get("companyname", ""), version=cells.get("fileversion") or cells.get("productversion", ""),
    ), doubts  # fmt: skip


def _joined(one: AddIn, other: AddIn) -> AddIn:
    """The same add-in again: with both architectures it is there for both."""
    known = {one.bitness, other.bitness} - {UNKNOWN}
    return replace(one, bitness=BOTH if known >= {ONLY_32, ONLY_64} or BOTH in known else next(iter(known), UNKNOWN))
