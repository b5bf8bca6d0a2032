"""The workbook: sheets and columns of Microsoft's retired Readiness Toolkit, so that people who know it are at home.

Columns that only its scan of user profiles filled (UserHash, DeviceName, Label1 to Label4, the masked file reference)
are left out; Rule, Certainty, Target, Member and Container say what that report could not. Nothing is ever written as a
formula or a link, rows past the limit of a sheet continue on a numbered one, control characters are made visible.
XlsxWriter streams every row to disk, so the size of a scan does not show in memory.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, BinaryIO

import xlsxwriter

from uptake.reporting.clean import cut, visible, visible_lines
from uptake.reporting.excel_overview import TONES, fit_to_paper, write_overview, write_summary, write_vba_overview
from uptake.reporting.model import (
    SEVERITIES,
    TOOL,
    FileResult,
    ScanReport,
    editor_line,
    extension_of,
    folder_and_name,
    module_hashes,
    rule_title,
    worst,
)
from uptake.reporting.summary import READ
from uptake.reporting.words import Words

SHEETS = ("VBA Overview", "VBA Summary", "VBA Results", "VBA Remediation", "VBA References", "Files")
ROW_LIMIT = 1_048_576
CELL_LIMIT = 32_767
RESULT_COLUMNS = {
    "Guideline": 44,
    "Severity": 22,
    "Source Location": 34,
    "Source File": 30,
    "Source File Extension": 9,
    "Source File Hash": 16,
    "Module": 18,
    "Line #": 7,
    "Member": 18,
    "Statement": 60,
    "Type": 8,
    "VBA Hash": 16,
    "Reference": 40,
    "FileStatus": 16,
    "64-bit": 7,
    "Rule": 8,
    "Certainty": 11,
    "Target": 10,
    "Container": 24,
    "RT Version": 12,
}
REMEDIATION_COLUMNS = {
    **{name: RESULT_COLUMNS[name] for name in ("Rule", "Guideline", "Severity", "Source Location", "Source File")},
    **{name: RESULT_COLUMNS[name] for name in ("Module", "Line #", "Member")},
    "Original code": 70,
    "Proposed changes": 70,
    "What to do": 60,
}
REFERENCE_COLUMNS = {
    **{name: RESULT_COLUMNS[name] for name in ("Source Location", "Source File", "Source File Hash", "Container")},
    "Project": 18,
    "Reference name": 22,
    "Reference kind": 13,
    "GUID": 40,
    "Version": 9,
    "Path": 50,
    "Description": 44,
}
FILE_COLUMNS = {
    **{name: RESULT_COLUMNS[name] for name in ("Source Location", "Source File", "Source File Extension")},
    "Source File Hash": 16,
    "FileStatus": 18,
    "Reason": 40,
    "Format": 9,
    "Size": 12,
    "Severity": 22,
    "Findings": 9,
    "Projects": 9,
    "Modules": 9,
    "Lines": 9,
    "Locked": 8,
    "Signed": 8,
}
NUMBERS = frozenset(("Line #", "Size", "Findings", "Projects", "Modules", "Lines"))
LINES_KEPT = frozenset(("Statement", "Original code", "Proposed changes"))


class Sheet:
    """A table that goes on over numbered sheets when one is full: `VBA Results`, `VBA Results (2)`, …"""

    def __init__(self, book: Any, name: str, columns: Mapping[str, int], words: Words, row_limit: int) -> None:
        self._book, self._name, self._columns, self._limit = book, name, columns, row_limit
        self._mark = words("cut")
        self._heading = book.add_format({"bold": True, "bottom": 1, "font_color": "#5D6268", "valign": "top"})
        self._tones = {words(word): book.add_format({"font_color": colour}) for word, colour in TONES.items()}
        self._number = 0
        self._open()

    def _open(self) -> None:
        self._number += 1
        name = self._name if self._number == 1 else f"{self._name} ({self._number})"
        self._sheet = self._book.add_worksheet(name)
        self._sheet.freeze_panes(1, 0)
        self._sheet.repeat_rows(0)
        fit_to_paper(self._sheet)
        for column, (title, width) in enumerate(self._columns.items()):
            self._sheet.set_column(column, column, width)
            self._sheet.write_string(0, column, title, self._heading)
        self._row = 1

    def add(self, cells: Mapping[str, Any]) -> None:
        """One row; strings are strings, whatever they begin with."""
        if self._row >= self._limit:
            self.close()
            self._open()
        for column, title in enumerate(self._columns):
            value = cells.get(title)
            if value is None or value == "":
                continue
            if title in NUMBERS:
                self._sheet.write_number(self._row, column, value)
            else:
                text = cell_text(value, self._mark, lines=title in LINES_KEPT)
                self._sheet.write_string(self._row, column, text, self._tones.get(text))
        self._row += 1

    def close(self) -> None:
        """Puts the filter on, for which all rows have to be there."""
        self._sheet.autofilter(0, 0, max(self._row - 1, 1), len(self._columns) - 1)


def cell_text(value: object, mark: str, *, lines: bool = False) -> str:
    """`value` fit for a cell: visible, and cut with a mark at what Excel can hold."""
    return cut(visible_lines(value) if lines else visible(value), CELL_LIMIT, mark)


def write_xlsx(report: ScanReport, stream: BinaryIO, lang: str = "en", *, row_limit: int = ROW_LIMIT) -> None:
    """The whole workbook; `row_limit` rows a sheet, heading included."""
    words = Words(lang)
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(stream, options) as book:
        book.set_properties({"title": words("title"), "comments": words("made_by", version=TOOL["version"])})
        write_overview(book, report, words, SHEETS)
        write_vba_overview(book, report, words)
        write_summary(book, report, words)
        sheets = {
            "results": Sheet(book, "VBA Results", RESULT_COLUMNS, words, row_limit),
            "remediation": Sheet(book, "VBA Remediation", REMEDIATION_COLUMNS, words, row_limit),
            "references": Sheet(book, "VBA References", REFERENCE_COLUMNS, words, row_limit),
            "files": Sheet(book, "Files", FILE_COLUMNS, words, row_limit),
        }
        for result in report.files():
            _add_file(sheets, report, result, words)
        for sheet in sheets.values():
            sheet.close()


def _add_file(sheets: Mapping[str, Sheet], report: ScanReport, result: FileResult, words: Words) -> None:
    common = _file_cells(result, words)
    findings = result.get("findings", ())
    hashes = module_hashes(result) if findings else {}
    for finding in findings:
        cells = common | _finding_cells(finding, report, words, hashes)
        sheets["results"].add(cells)
        if finding.get("proposal") is not None:
            sheets["remediation"].add(cells)
    if not findings:
        sheets["results"].add(common | {"Severity": _file_severity(result, words)})
    for cells in _reference_cells(result):
        sheets["references"].add(common | cells)
    sheets["files"].add(common | _count_cells(result, words))


def _file_cells(result: FileResult, words: Words) -> dict[str, Any]:
    folder, name = folder_and_name(result["path"])
    return {
        "Source Location": folder,
        "Source File": name,
        "Source File Extension": extension_of(result["path"]),
        "Source File Hash": result.get("sha256"),
        "FileStatus": words.maybe(result["status"]),
        "RT Version": f"{TOOL['name']} {TOOL['version']}",
    }


def _finding_cells(
    finding: Mapping[str, Any], report: ScanReport, words: Words, hashes: Mapping[tuple[str, str], str]
) -> dict[str, Any]:
    rule, module = finding["rule"], finding.get("module") or ""
    texts = report.rules.get(rule, {})
    return {
        "Guideline": finding.get("message") or rule_title(report.rules, rule),
        "Severity": words.maybe(finding["severity"]),
        "Module": module,
        "Line #": editor_line(finding) or None,
        "Member": finding.get("member"),
        "Statement": finding.get("statement"),
        "Type": "VBA" if module else "File",
        "VBA Hash": hashes.get((finding.get("container") or "", module.lower())),
        "Reference": _sources(texts.get("sources", ())),
        "64-bit": "Yes" if finding.get("target") == "m365-64" else "",
        "Rule": rule,
        "Certainty": words.maybe(finding.get("certainty") or "unknown"),
        "Target": finding.get("target"),
        "Container": finding.get("container"),
        "Original code": finding.get("statement"),
        "Proposed changes": finding.get("proposal"),
        "What to do": texts.get("fix"),
    }


def _sources(sources: Sequence[Any]) -> str:
    return "; ".join(
        f"{s.get('what', '')} ({s.get('date', '')})" if isinstance(s, Mapping) else str(s) for s in sources
    )


def _file_severity(result: FileResult, words: Words) -> str:
    """The worst finding; empty where a file was not read, for then nothing is known."""
    findings = result.get("findings", ())
    return words(SEVERITIES[worst(findings)]) if findings or result["status"] in READ else ""


def _reference_cells(result: FileResult) -> list[dict[str, Any]]:
    titles = {"name": "Reference name", "kind": "Reference kind", "guid": "GUID", "version": "Version"}
    titles |= {"path": "Path", "description": "Description"}
    return [
        {title: reference.get(key) for key, title in titles.items()}
        | {"Project": project.get("name"), "Container": project.get("container")}
        for project in result.get("projects", ())
        for reference in project.get("references", ())
    ]


def _count_cells(result: FileResult, words: Words) -> dict[str, Any]:
    projects = result.get("projects", ())
    modules = [module for project in projects for module in project.get("modules", ())]
    return {
        "Reason": result.get("reason"),
        "Format": result.get("format"),
        "Size": result.get("size"),
        "Severity": _file_severity(result, words),
        "Findings": len(result.get("findings", ())),
        "Projects": len(projects),
        "Modules": len(modules),
        "Lines": sum(int(module.get("lines") or 0) for module in modules),
        "Locked": "Yes" if any(project.get("protected") for project in projects) else "",
        "Signed": "Yes" if any(project.get("signed") for project in projects) else "",
    }
