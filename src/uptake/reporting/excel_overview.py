"""The first three sheets of the workbook: the verdict with its numbers, three charts, and the summary tables.

Charts are Excel's own, drawn from the cells beside them, so that they can be copied into a slide and stay editable.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from uptake.reporting.clean import visible
from uptake.reporting.model import SEVERITIES, ScanReport, rule_title
from uptake.reporting.verdict import first_rule, shown_labels, state_counts, verdict
from uptake.reporting.words import Words

COLOURS = {
    "ready": "#9FC3B4",
    "design": "#D9D6A3",
    "minimal": "#E6BF73",
    "limited": "#D98B4A",
    "significant": "#B3432F",
}
TONES = {"ready": "#2F6F3E", "minimal": "#8A5A00", "limited": "#9C4A12", "significant": "#A4262C"}
STATUS_COLOURS = ("#0F5D5C", "#9FC3B4", "#8A5A00", "#E6BF73", "#A4262C", "#5D6268", "#D9D6A3", "#D98B4A")
STATE_COLOURS = ("#B3432F", "#E6BF73", "#9FC3B4", "#B9BDC2", "#E3E3DE")
INK, SOFT, ACCENT = "#1C1D1F", "#5D6268", "#0F5D5C"
OWNER_ROWS = 500


def fit_to_paper(sheet: Any) -> None:
    """Landscape A4, all columns on one page."""
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)


def write_overview(book: Any, report: ScanReport, words: Words, sheets: Sequence[str]) -> None:
    """Verdict, next step, the headline numbers with their chart, and links to the other `sheets`."""
    sheet, summary = book.add_worksheet("Overview"), report.summary
    sheet.hide_gridlines(2)
    fit_to_paper(sheet)
    sheet.set_column(0, 0, 34)
    sheet.set_column(1, 1, 18)
    sheet.set_column(2, 2, 66)
    sheet.set_row(1, 26)
    big = book.add_format({"bold": True, "font_size": 18, "font_color": INK, "valign": "vcenter"})
    soft, number = book.add_format({"font_color": SOFT}), book.add_format({"num_format": "#,##0", "align": "left"})
    sheet.write_string(0, 0, words("title"), soft)
    sheet.write_string(1, 0, verdict(summary, words), big)
    sheet.write_string(2, 0, _next_step(report, words), soft)
    for row, (label, value, note) in enumerate(_headline_rows(summary, words), 4):
        sheet.write_string(row, 0, label, soft)
        if isinstance(value, int):
            sheet.write_number(row, 1, value, number)
        else:
            sheet.write_string(row, 1, value)
        sheet.write_string(row, 2, note, soft)
    _chart(book, sheet, words("where_files_stand"), (5, 9), STATE_COLOURS, at=4)
    link = book.add_format({"font_color": ACCENT, "underline": 1})
    sheet.write_string(row + 2, 0, words("sheets"), soft)
    for offset, name in enumerate(sheets):
        sheet.write_url(row + 2 + offset, 1, f"internal:'{name}'!A1", link, name)


def _next_step(report: ScanReport, words: Words) -> str:
    rule = first_rule(report)
    if not rule:
        return words("next_none")
    return f"{words('next')}: {words('next_rule', rule=rule, title=visible(rule_title(report.rules, rule)))}"


def _headline_rows(summary: Mapping[str, Any], words: Words) -> Iterable[tuple[str, int | str, str]]:
    states = state_counts(summary)
    yield words("all_files"), summary["files"], words.size(summary["bytes"])
    for name in ("work", "check", "ready", "unread", "other"):
        yield words.state(name), states[name], ""
    yield words("macros"), summary["with_macros"], ""
    yield words("modules"), summary["modules"], f"{words('unique_modules')}: {sum(summary['unique_macros'].values()):,}"
    yield words("code_lines"), summary["lines"], ""
    yield words("findings"), summary["findings"], words("proposal_note")
    copies = summary["duplicates"]
    yield words("duplicates"), copies["files"], words.size(copies["bytes"])
    if summary.get("sources"):
        yield words("sources"), "", visible(", ".join(summary["sources"]))
    if summary.get("labels"):
        yield words("labels"), "", visible(shown_labels(summary))
    if summary.get("finished"):
        yield words("scanned"), words.date(summary["finished"]), ""
    if summary["unique_is_lower_bound"]:
        yield "", "", words("lower_bound")


def write_vba_overview(book: Any, report: ScanReport, words: Words) -> None:
    """Three charts: file status, distinct macros by severity, macro files by severity; with the numbers beside them."""
    sheet, summary = book.add_worksheet("VBA Overview"), report.summary
    sheet.hide_gridlines(2)
    fit_to_paper(sheet)
    sheet.fit_to_pages(1, 1)
    sheet.set_column(0, 0, 38)
    statuses = [(words.maybe(name), count) for name, count in summary["statuses"].items()]
    tables = (
        (words("statuses"), statuses, STATUS_COLOURS),
        (words("macros_by_severity"), _by_severity(summary["unique_macros"], words), tuple(COLOURS.values())),
        (words("macro_files"), _by_severity(summary["macro_files"], words), tuple(COLOURS.values())),
    )
    row = 0
    for title, rows, colours in tables:
        _table(book, sheet, row, (title, words("numbers")), rows)
        _chart(book, sheet, title, (row + 1, row + len(rows)), colours, at=row)
        row += max(len(rows) + 3, 16)


def _by_severity(counts: Mapping[str, int], words: Words) -> list[tuple[str, int]]:
    return [(words(word), counts[word]) for word in SEVERITIES]


def _table(book: Any, sheet: Any, top: int, headings: Sequence[str], rows: Iterable[Sequence[str | int]]) -> int:
    """Writes a table; returns the row behind it."""
    styles = [
        book.add_format({"bold": True, "bottom": 1, "font_color": SOFT, "align": side}) for side in ("left", "right")
    ]
    number = book.add_format({"num_format": "#,##0"})
    lines = list(rows)
    for column, title in enumerate(headings):
        is_number = bool(lines) and isinstance(lines[0][column], int)
        sheet.write_string(top, column, title, styles[is_number])
    for line in lines:
        top += 1
        for column, value in enumerate(line):
            if isinstance(value, int):
                sheet.write_number(top, column, value, number)
            else:
                sheet.write_string(top, column, value)
    return top + 1


def _chart(book: Any, sheet: Any, title: str, rows: tuple[int, int], colours: Sequence[str], *, at: int) -> None:
    chart = book.add_chart({"type": "bar"})
    first, last = rows
    chart.add_series(
        {
            "name": title,
            "categories": [sheet.get_name(), first, 0, last, 0],
            "values": [sheet.get_name(), first, 1, last, 1],
            "points": [{"fill": {"color": colours[n % len(colours)]}} for n in range(last - first + 1)],
            "data_labels": {"value": True, "num_format": "#,##0", "font": {"color": INK}},
            "gap": 40,
        }
    )
    chart.set_title({"name": title, "name_font": {"size": 11, "bold": True, "color": INK}, "overlay": False})
    chart.set_legend({"none": True})
    chart.set_x_axis({"visible": False, "major_gridlines": {"visible": False}})
    chart.set_y_axis({"reverse": True, "line": {"none": True}, "num_font": {"color": SOFT}, "major_tick_mark": "none"})
    chart.set_size({"width": 620, "height": 280})
    chart.set_chartarea({"border": {"none": True}})
    sheet.insert_chart(at, 3, chart, {"description": title})


def write_summary(book: Any, report: ScanReport, words: Words) -> None:
    """Tables by rule, by folder, by format and of what could not be read, in place of the toolkit's pivot tables."""
    sheet, summary = book.add_worksheet("VBA Summary"), report.summary
    fit_to_paper(sheet)
    for column, width in enumerate((60, 26, 12, 12, 12, 12, 12, 12)):
        sheet.set_column(column, column, width)
    keys = ("what", "severity", "all_files", "findings", "modules", "proposals")
    row = _table(book, sheet, 0, [words(key) for key in keys], _rule_rows(report, words)) + 1
    states = [words.state(key) for key in ("work", "check", "ready", "unread", "all_files", "macros")]
    row = _table(book, sheet, row, [words("folder"), "", *states], _owner_rows(summary, words)) + 1
    formats = [(name, "", count) for name, count in summary["formats"].items()]
    row = _table(book, sheet, row, [words("format"), "", words("all_files")], formats) + 1
    unread = [(visible(r["reason"]), words.maybe(r["status"]), r["files"]) for r in summary["unread"]]
    _table(book, sheet, row, [words("could_not_read"), words("status"), words("all_files")], unread)


def _rule_rows(report: ScanReport, words: Words) -> Iterable[tuple[str | int, ...]]:
    for rule, row in report.summary["rules"].items():
        title = visible(f"{rule} {rule_title(report.rules, rule)}")
        yield (title, words.maybe(row["severity"]), row["files"], row["findings"], row["modules"], row["proposals"])


def _owner_rows(summary: Mapping[str, Any], words: Words) -> Iterable[tuple[str | int, ...]]:
    for row in summary["owners"][:OWNER_ROWS]:
        counts = (row[name] for name in ("work", "check", "ready", "unread", "files", "macros"))
        yield (visible(row["owner"]) or words("root_folder"), "", *counts)
