"""Very many files, fast, for benchmarks: a few hundred documents are made once and written again and again.

A file becomes unique by bytes that no reader looks at (the comment of a zip archive, slack behind a compound file), so
200,000 files cost about as much as writing them.
"""

from __future__ import annotations

import os
import random
import struct
from collections.abc import Sequence
from pathlib import Path

from uptake.assess.samples import binary
from uptake.assess.samples.excel import workbook
from uptake.assess.samples.library import code, project
from uptake.assess.samples.ooxml import ooxml
from uptake.assess.samples.parts import Extras
from uptake.assess.samples.vba import SampleModule, SampleProject

FILES_PER_FOLDER = 400
MARK = 16
Pool = Sequence[tuple[str, bytes]]
MACROS = (
    "declares_2007.bas",
    "half_migrated.bas",
    "guarded_api.bas",
    "clipboard.bas",
    "registry.bas",
    "jet_import.bas",
    "check_codes.bas",
    "toolbar.bas",
    "monthly_report.bas",
    "budget.bas",
    "group_totals.bas",
    "browse_folder.bas",
)


def generate(
    folder: Path, count: int, *, seed: int = 1, macro_share: float = 0.05, duplicate_share: float = 0.4
) -> int:
    """Writes `count` documents below `folder`; returns the bytes written.

    `macro_share` of them have VBA; `duplicate_share` are byte for byte copies of another file.
    """
    chance = random.Random(seed)  # noqa: S311
    plain, macros = _plain_pool(chance), _macro_pool(chance)
    written = 0
    for number in range(count):
        if number % FILES_PER_FOLDER == 0:
            place = folder / f"Department {number // FILES_PER_FOLDER % 40:02d}" / f"{number // FILES_PER_FOLDER:05d}"
            place.mkdir(parents=True, exist_ok=True)
        extension, data = chance.choice(macros if chance.random() < macro_share else plain)
        if chance.random() >= duplicate_share:
            data = data[:-MARK] + struct.pack("<QQ", number, seed)
        written += _write(f"{place}{os.sep}Document {number:07d}.{extension}", data)
    return written


def _write(path: str, data: bytes) -> int:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    try:
        return os.write(handle, data)
    finally:
        os.close(handle)


def _marked(data: bytes) -> bytes:
    """`data` with sixteen free bytes at its end."""
    if data[:2] == b"PK":
        return data[:-2] + struct.pack("<H", MARK) + bytes(MARK)
    return data + bytes(512)


def _plain_pool(chance: random.Random) -> Pool:
    pool = []
    for number in range(60):
        rows: list[list[str | int | float]] = [
            [f"Item {n}", chance.randrange(10**6)] for n in range(chance.randrange(5, 200))
        ]
        pool.append(("xlsx", workbook("xlsx", sheets={"Sheet1": rows}, title=str(number))))
        if number % 3 == 0:
            pool.append(("docx", ooxml("docx", title=str(number))))
        if number % 6 == 0:
            pool.append(("pptx", ooxml("pptx", title=str(number))))
            pool.append(("xls", binary.xls(rows=rows)))
            pool.append(("doc", binary.doc(text=f"Letter {number}")))
    return [(extension, _marked(data)) for extension, data in pool]


def _macro_pool(chance: random.Random) -> Pool:
    pool = []
    for number in range(120):
        made = _project(chance, number)
        pool.append(("xls", binary.xls(made)) if number % 5 == 0 else ("xlsm", ooxml("xlsm", Extras(project=made))))
    return [(extension, _marked(data)) for extension, data in pool]


def _project(chance: random.Random, number: int) -> SampleProject:
    """A few modules of the library and one that nobody else has."""
    chosen = chance.sample(MACROS, chance.randrange(1, 5))
    base = project(*chosen, name=f"Project{number}")
    lines = [code(chance.choice(MACROS)).replace("Option Explicit", f"' Copy {number}.{n}") for n in range(3)]
    own = SampleModule(f"Module{number}", "\n".join(lines))
    return SampleProject([*base.modules, own], base.name, base.references)
