r"""Programs outside of Office that use it: what the registry names as such, and nothing that is guessed from a name alone.

Two places are evidence. `Windows Messaging Subsystem\MSMapiApps` lists programs whose MAPI calls Windows routes by name
(Microsoft Learn, “Explicitly Mapping MAPI Calls to MAPI DLLs”, read 2026-11-22). The entries below `Uninstall` are installed
programs; those that the table `office_users` names with a source are taken. What a program really calls stands in neither.
`Clients\Mail` names who answers MAPI and not who asks, and interop assemblies come with Office itself, so that both say nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from uptake import catalogue
from uptake.assess.addins.binaries import UNKNOWN, Binary
from uptake.assess.addins.derive import MACHINE, USER, AddIn, folded
from uptake.assess.addins.registry import Registry

KIND = "program"
MAPI, AUTOMATION, OWN = "mapi", "automation", "ok"
USES = frozenset((MAPI, AUTOMATION, OWN))
VIEWS = (
    (MACHINE, r"hklm\software"), (MACHINE + "32", r"hklm\software\wow6432node"), (USER, r"hkcu\software"),
)  # fmt: skip
MAPI_KEY = r"microsoft\windows messaging subsystem\msmapiapps"
INSTALLED_KEY = r"microsoft\windows\currentversion\uninstall"
PATHS_KEY = r"microsoft\windows\currentversion\app paths"
Row = Mapping[str, str]


def shipped_programs() -> tuple[dict[str, str], ...]:
    """Programs that are said to use Office: program, publisher, uses, source, date; `ok` stands for a part of Office or Windows."""
    return catalogue.read_table("office_users")


def programs_of(
    registry: Registry, files: Mapping[str, Binary], table: Sequence[Row] | None = None
) -> tuple[AddIn, ...]:
    """Programs on a device for which there is evidence; the first row of the table that names one speaks for it."""
    rows = shipped_programs() if table is None else table
    known = {folded(path): binary for path, binary in files.items()}
    found: dict[str, AddIn] = {}
    for program in (*_of_mapi(registry, known, rows), *_installed(registry, known, rows)):
        found.setdefault(program.id.casefold(), program)
    return tuple(found.values())


def _of_mapi(registry: Registry, known: Mapping[str, Binary], rows: Sequence[Row]) -> Iterator[AddIn]:
    for hive, base in VIEWS:
        for name in registry.get(rf"{base}\{MAPI_KEY}"):
            row = next((each for each in rows if each["program"].casefold() == name.casefold()), {})
            if name and row.get("uses") != OWN:
                path = _path_of(registry, name)
                yield _program(name, hive, "MSMapiApps", MAPI, path, known)


def _path_of(registry: Registry, name: str) -> str:
    """Where a program of this name is, if it registered its path."""
    places = (rf"{base}\{PATHS_KEY}\{name}" for _, base in VIEWS)
    return next((path for place in places if (path := registry.text(place))), "")


def _installed(registry: Registry, known: Mapping[str, Binary], rows: Sequence[Row]) -> Iterator[AddIn]:
    for hive, base in VIEWS:
        for _, key in registry.children(rf"{base}\{INSTALLED_KEY}"):
            title, publisher = registry.text(key, "displayname"), registry.text(key, "publisher")
            row = next((each for each in rows if _names(each, title, publisher)), None)
            if row and row["uses"] in (MAPI, AUTOMATION):
                icon = re.sub(r",\s*-?\d+\s*$", "", registry.text(key, "displayicon"))
                path = icon if folded(icon).endswith(".exe") else ""
                source = f"{row['source']}, {row['date']}"
                made = _program(row["program"], hive, source, row["uses"], path, known, title)
                yield made if made.version else _versioned(made, registry.text(key, "displayversion"), publisher)


def _names(row: Row, title: str, publisher: str) -> bool:
    """Whether a row names an installed program: its title begins with the row's words, and the publisher holds the row's."""
    if not re.match(re.escape(row["program"]) + r"(?!\w)", title, re.IGNORECASE):
        return False
    return row.get("publisher", "").casefold() in publisher.casefold()


def _program(
    name: str, hive: str, evidence: str, uses: str, path: str, known: Mapping[str, Binary], title: str = ""
) -> AddIn:
    binary = known.get(folded(path))
    return AddIn(
        id=name, kind=KIND, app="outlook" if uses == MAPI else "office", name=title or name, path=path, hives=(hive,),
        bitness=binary.bitness if binary else UNKNOWN, uses=uses, evidence=evidence,
        publisher=binary.company if binary else "", version=binary.version if binary else "",
    )  # fmt: skip


def _versioned(program: AddIn, version: str, publisher: str) -> AddIn:
    return replace(program, version=version, publisher=program.publisher or publisher)
