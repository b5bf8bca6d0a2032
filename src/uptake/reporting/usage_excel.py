"""The usage report of a customer as a workbook: verdicts, figures with a chart, forecast, what was done, departments.

Nothing is written as a formula or a link; text of people is text.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, BinaryIO

import xlsxwriter

from uptake.reporting.clean import cut, visible
from uptake.reporting.usage_model import (
    UsageBook,
    UsageWords,
    departments_said,
    formula_of,
    headline,
    reached,
    reasons,
    what_was_done,
)  # fmt: skip

CELL_LIMIT = 32_767
OPTIONS = {
    "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "in_memory": True,
    "remove_timezone": True,
}  # fmt: skip


def write_usage_excel(book: UsageBook, stream: BinaryIO, lang: str = "en") -> None:
    """The workbook."""
    words = UsageWords(lang)
    workbook = xlsxwriter.Workbook(stream, OPTIONS)
    workbook.set_properties({"author": "uptake", "created": book.moment})
    forms = {
        "head": workbook.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"}),
        "title": workbook.add_format({"bold": True, "font_size": 14}),
        "text": workbook.add_format({"text_wrap": True, "valign": "top"}),
        "date": workbook.add_format({"num_format": "yyyy-mm-dd", "align": "left", "valign": "top"}),
        "number": workbook.add_format({"num_format": "#,##0", "valign": "top"}),
        "percent": workbook.add_format({"num_format": '0.0" %"', "valign": "top"}),
    }
    _verdicts(workbook, forms, book, words)
    _figures(workbook, forms, book, words)
    _effects(workbook, forms, book, words)
    if book.by_department:
        _departments(workbook, forms, book, words)
    workbook.close()


def _departments(workbook: Any, forms: dict[str, Any], book: UsageBook, words: UsageWords) -> None:
    columns = [("department", 34), ("active", 14), ("users", 16), ("usage", 12), ("date", 12)]
    sheet = _sheet(workbook, words("departments"))
    day = book.departments.data_date if book.departments else None
    rows: list[Sequence[object]] = [
        (each.name or words("no_department"), each.active, words(f"silence_{each.silence.value}") if each.silence else each.people,
         each.percent, day)
        for each in book.by_department
    ]  # fmt: skip
    last = _table(sheet, forms, words, columns, rows)
    sheet.write_string(last + 2, 0, visible(departments_said(book, words)))


def _sheet(workbook: Any, name: str) -> Any:
    sheet = workbook.add_worksheet(name[:31])
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.set_paper(9)
    return sheet


def _put(sheet: Any, forms: dict[str, Any], row: int, column: int, value: object) -> None:
    if isinstance(value, date):
        sheet.write_datetime(row, column, value, forms["date"])
    elif isinstance(value, float):
        sheet.write_number(row, column, value, forms["percent"])
    elif isinstance(value, int):
        sheet.write_number(row, column, value, forms["number"])
    elif value is not None:
        sheet.write_string(row, column, cut(visible(value), CELL_LIMIT, " […]"), forms["text"])


def _table(
    sheet: Any,
    forms: dict[str, Any],
    words: UsageWords,
    columns: Sequence[tuple[str, int]],
    rows: Iterable[Sequence[object]],
) -> int:
    """A heading and rows from the first line on; returns the number of the last row."""
    for place, (key, width) in enumerate(columns):
        sheet.set_column(place, place, width)
        sheet.write_string(0, place, words(key), forms["head"])
    sheet.freeze_panes(1, 0)
    number = 0
    for number, row in enumerate(rows, 1):
        for place, value in enumerate(row):
            _put(sheet, forms, number, place, value)
    return number


def _verdicts(workbook: Any, forms: dict[str, Any], book: UsageBook, words: UsageWords) -> None:
    sheet, judged = _sheet(workbook, words("verdicts")), book.judgement
    sheet.set_column(0, 0, 22)
    sheet.set_column(1, 1, 100)
    sheet.write_string(0, 0, visible(headline(book, words)), forms["title"])
    growth = words(
        "growth_line", points=words.points(judged.growth_points), months=judged.thresholds.months,
        relative=words.percent(judged.growth_relative),
    )  # fmt: skip
    rows: list[tuple[str, object]] = [
        (words("usage"), judged.usage_pct),
        (words("figures"), formula_of(book, words)),
        *((words(name), words.verdict(name, value.value)) for name, value in
          (("healthy", judged.healthy), ("sustained", judged.sustained), ("stalled", judged.stalled))),
        (words("certainty"), words(judged.certainty.value)),
        (words("growth"), growth),
        (words("forecast"), reached(book, words)),
        *((words("why"), reason) for reason in reasons(book, words)),
        *((words("next"), step) for step in book.next_steps),
        *([(words("departments"), words("concealed"))] if book.is_concealed else []),
    ]  # fmt: skip
    for number, (name, value) in enumerate(rows, 2):
        sheet.write_string(number, 0, name, forms["head"])
        _put(sheet, forms, number, 1, value)
    sheet.write_string(len(rows) + 3, 0, words("made", date=book.made_on), forms["text"])


def _figures(workbook: Any, forms: dict[str, Any], book: UsageBook, words: UsageWords) -> None:
    """Figures and forecast below each other, so that one chart shows both with the goal."""
    name = words("figures")
    sheet, goal = _sheet(workbook, name), book.judgement.thresholds.goal
    columns = [
        ("date", 12),
        ("active", 14),
        ("seats", 12),
        ("usage", 12),
        ("goal", 10),
        ("low", 10),
        ("median", 12),
        ("high", 10),
    ]
    rows: list[Sequence[object]] = [(p.date, p.active, p.paid, p.percent, goal) for p in book.points]
    steps = book.forecast.path if book.forecast else ()
    rows += [(step.date, None, None, None, goal, step.low, step.median, step.high) for step in steps]
    last = _table(sheet, forms, words, columns, rows)
    if not last:
        return
    chart = workbook.add_chart({"type": "line"})
    colours = {3: "#0f5d5c", 4: "#2f6f3e", 5: "#9fc3b4", 6: "#0f5d5c", 7: "#9fc3b4"}
    for column, colour in colours.items():
        line = {
            "color": colour,
            "width": 2.25 if column == 3 else 1.25,
            "dash_type": "solid" if column == 3 else "dash",
        }
        categories, values = [name[:31], 1, 0, last, 0], [name[:31], 1, column, last, column]
        chart.add_series({"name": [name[:31], 0, column], "categories": categories, "values": values, "line": line})
    chart.set_x_axis({"date_axis": True, "num_format": "yyyy-mm", "major_unit": 3, "major_unit_type": "months"})
    chart.set_y_axis(
        {"min": 0, "num_format": '0" %"', "major_gridlines": {"visible": True, "line": {"color": "#e3e3de"}}}
    )
    chart.set_title({"name": words("trend")})
    chart.set_size({"width": 820, "height": 380})
    chart.set_legend({"position": "bottom"})
    sheet.insert_chart(1, 9, chart, {"description": words("trend")})


def _effects(workbook: Any, forms: dict[str, Any], book: UsageBook, words: UsageWords) -> None:
    columns = [("date", 12), ("what", 60), ("before", 12), ("after", 12), ("foretold", 12), ("effect", 28)]
    rows: list[Sequence[object]] = [
        (
            each.on,
            what_was_done(each, words),
            each.usage_before,
            each.usage_after,
            each.foretold,
            words(f"effect_{each.finding.value}"),
        )
        for each in book.effects
    ]
    rows += [(each.on, each.what, each.usage_before, each.usage_after, None, None) for each in book.efforts]
    _table(_sheet(workbook, words("what")), forms, words, columns, rows)
