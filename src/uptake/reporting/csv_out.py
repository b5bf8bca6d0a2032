"""One row a finding for spreadsheets; files without findings have one row too.

UTF-8 with a byte order mark, as Excel wants it. A cell that a spreadsheet would run as a formula (`=`, `+`, `-`, `@`,
tab or return first) has an apostrophe before it; control characters stand as pictures.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any, BinaryIO

from uptake.reporting.clean import no_formula, visible, visible_lines
from uptake.reporting.model import FileResult, ScanReport, editor_line, module_hashes, rule_title

COLUMNS = (
    "path",
    "status",
    "reason",
    "format",
    "size",
    "file_sha256",
    "severity",
    "rule",
    "title",
    "certainty",
    "target",
    "container",
    "module",
    "line",
    "member",
    "statement",
    "message",
    "proposal",
    "module_sha256",
)
NUMBERS = frozenset(("size", "line"))
FLUSH_ROWS = 2000


def write_csv(report: ScanReport, stream: BinaryIO, lang: str = "en") -> None:  # noqa: ARG001
    """Rows of `COLUMNS`; column names are the same in every language."""
    stream.write(b"\xef\xbb\xbf")
    buffer = io.StringIO(newline="")
    rows = csv.writer(buffer)
    rows.writerow(COLUMNS)
    for number, row in enumerate(_rows(report)):
        rows.writerow([_cell(name, row.get(name)) for name in COLUMNS])
        if number % FLUSH_ROWS == 0:
            _flush(buffer, stream)
    _flush(buffer, stream)


def _flush(buffer: io.StringIO, stream: BinaryIO) -> None:
    stream.write(buffer.getvalue().encode("utf-8"))
    buffer.seek(0)
    buffer.truncate()


def _rows(report: ScanReport) -> Iterator[dict[str, Any]]:
    for result in report.files():
        hashes = module_hashes(result)
        file = _file_cells(result)
        for finding in result.get("findings", ()):
            place = (finding.get("container") or "", (finding.get("module") or "").lower())
            yield (
                file
                | finding
                | {
                    "title": rule_title(report.rules, finding["rule"]),
                    "line": editor_line(finding) or "",
                    "module_sha256": hashes.get(place, ""),
                }
            )
        if not result.get("findings"):
            yield file


def _file_cells(result: FileResult) -> dict[str, Any]:
    cells = {name: result.get(name) for name in ("path", "status", "reason", "format", "size")}
    return cells | {"file_sha256": result.get("sha256")}


def _cell(name: str, value: object) -> object:
    if value is None or name in NUMBERS:
        return "" if value is None else value
    text = visible_lines(value) if name in ("proposal", "statement") else visible(value)
    return no_formula(text.replace("\t", "␉"))
