"""A short deck for the follow-on session: verdict, trend, departments, what was done, next steps. 16:9, a real chart.

The fonts are those of the reader's system; Japanese text names one, because PowerPoint would guess.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, BinaryIO

from pptx import Presentation
from pptx.chart.data import CategoryChartData
from pptx.dml.color import RGBColor
from pptx.enum.chart import XL_CHART_TYPE, XL_LEGEND_POSITION, XL_MARKER_STYLE
from pptx.enum.dml import MSO_LINE
from pptx.enum.text import PP_ALIGN
from pptx.oxml.ns import qn
from pptx.util import Emu, Inches, Pt

from uptake.reporting.clean import cut, visible
from uptake.reporting.usage_model import (
    UsageBook,
    UsageWords,
    department_cells,
    departments_said,
    formula_of,
    headline,
    reached,
    reasons,
    what_was_done,
)  # fmt: skip

COLOUR: Any = RGBColor
INK, SOFT, ACCENT = COLOUR(0x1C, 0x1D, 0x1F), COLOUR(0x5D, 0x62, 0x68), COLOUR(0x0F, 0x5D, 0x5C)
OK, BAND, GRID = COLOUR(0x2F, 0x6F, 0x3E), COLOUR(0x9F, 0xC3, 0xB4), COLOUR(0xE3, 0xE3, 0xDE)
Box = tuple[int, int, int, int]
FONTS = {"en": ("Segoe UI", "Segoe UI"), "ja": ("Yu Gothic UI", "Yu Gothic UI")}
LONGEST = 260
MOST_LINES = 7
MOST_DEPARTMENTS = 11
MARGIN = Inches(0.7)
WIDTH, HEIGHT = Inches(13.333), Inches(7.5)
BLANK = 6
CHART_DATA: Any = CategoryChartData


def write_usage_slides(book: UsageBook, stream: BinaryIO, lang: str = "en") -> None:
    """The deck."""
    words = UsageWords(lang)
    deck = Presentation()
    deck.slide_width, deck.slide_height = WIDTH, HEIGHT
    properties = deck.core_properties
    properties.title, properties.author = cut(visible(f"{words('title')}: {book.customer}"), 240, "…"), "uptake"
    properties.created = properties.modified = book.moment
    _verdict(deck, book, words)
    _trend(deck, book, words)
    if book.by_department:
        _departments(deck, book, words)
    _list(deck, book, words, words("done"), _done(book, words))
    _list(deck, book, words, words("next"), list(book.next_steps) or [words("no_next")])
    deck.save(stream)


def _slide(deck: Any, title: str, book: UsageBook, words: UsageWords, size: int = 30) -> Any:
    slide = deck.slides.add_slide(deck.slide_layouts[BLANK])
    _text(slide, words, [title], (MARGIN, Inches(0.45), WIDTH - 2 * MARGIN, Inches(1.25)), size, INK, bold=True)
    footer = f"{words('title')}   {visible(book.customer)}   {book.made_on}"
    _text(slide, words, [footer], (MARGIN, HEIGHT - Inches(0.55), WIDTH - 2 * MARGIN, Inches(0.35)), 11, SOFT)
    return slide


def _text(
    slide: Any, words: UsageWords, lines: Sequence[str], box: Box, size: int, colour: RGBColor, *, bold: bool = False
) -> Any:
    frame = slide.shapes.add_textbox(*(Emu(int(each)) for each in box)).text_frame
    frame.word_wrap = True
    for number, line in enumerate(lines):
        paragraph = frame.paragraphs[0] if number == 0 else frame.add_paragraph()
        paragraph.space_after = Pt(size * 0.45)
        run = paragraph.add_run()
        run.text = cut(visible(line), LONGEST * 2, "…")
        run.font.size, run.font.bold, run.font.color.rgb = Pt(size), bold, colour
        _name_fonts(run, words.lang)
    return frame


def _name_fonts(run: Any, lang: str) -> None:
    latin, asian = FONTS[lang]
    run.font.name = latin
    properties = run._r.get_or_add_rPr()  # noqa: SLF001 — the only way to the font of Japanese text
    properties.set("lang", "ja-JP" if lang == "ja" else "en-US")
    element = properties.makeelement(qn("a:ea"), {"typeface": asian})
    properties.append(element)


def _verdict(deck: Any, book: UsageBook, words: UsageWords) -> None:
    slide, judged = _slide(deck, headline(book, words), book, words, 32), book.judgement
    big = words.percent(judged.usage_pct)
    _text(slide, words, [big], (MARGIN, Inches(1.9), Inches(4.4), Inches(1.6)), 72, ACCENT, bold=True)
    shown = [
        f"{words(name)}: {words.verdict(name, value.value)}"
        for name, value in (("healthy", judged.healthy), ("sustained", judged.sustained), ("stalled", judged.stalled))
    ]
    shown.append(f"{words('certainty')}: {words(judged.certainty.value)}")
    _text(slide, words, shown, (MARGIN, Inches(3.6), Inches(4.4), Inches(2.4)), 18, INK)
    growth = words(
        "growth_line", points=words.points(judged.growth_points), months=judged.thresholds.months,
        relative=words.percent(judged.growth_relative),
    )  # fmt: skip
    said = [f"{words('growth')}: {growth}", f"{words('forecast')}: {reached(book, words)}", *reasons(book, words)][
        :MOST_LINES
    ]
    right = (MARGIN + Inches(4.8), Inches(2.1), WIDTH - 2 * MARGIN - Inches(4.8), Inches(4.2))
    _text(slide, words, said, right, 16, INK)
    _text(slide, words, [formula_of(book, words)], (MARGIN, Inches(6.25), WIDTH - 2 * MARGIN, Inches(0.6)), 12, SOFT)


def _trend(deck: Any, book: UsageBook, words: UsageWords) -> None:
    slide = _slide(deck, words("trend"), book, words)
    points, steps = book.points[-SHOWN:], book.forecast.path if book.forecast else ()
    if not points:
        _text(slide, words, [words("formula_none")], (MARGIN, Inches(2), Inches(8), Inches(1)), 18, SOFT)
        return
    data: Any = CHART_DATA(number_format='0" %"')
    data.categories = [*(point.date for point in points), *(step.date for step in steps)]
    nothing = [None] * len(points)
    goal = book.judgement.thresholds.goal
    data.add_series(words("usage"), [*(point.percent for point in points), *([None] * len(steps))])
    data.add_series(words("goal"), [goal] * (len(points) + len(steps)))
    if steps:
        data.add_series(words("forecast"), [*nothing, *(step.median for step in steps)])
        data.add_series(words("low"), [*nothing, *(step.low for step in steps)])
        data.add_series(words("high"), [*nothing, *(step.high for step in steps)])
    box = (MARGIN, Inches(1.4), WIDTH - 2 * MARGIN, Inches(4.9))
    chart = slide.shapes.add_chart(XL_CHART_TYPE.LINE, *(Emu(int(each)) for each in box), data).chart
    chart.has_legend, chart.has_title = True, False
    chart.legend.position, chart.legend.include_in_layout = XL_LEGEND_POSITION.BOTTOM, False
    chart.value_axis.minimum_scale = 0
    if max([*(point.percent or 0.0 for point in points), *(step.high for step in steps)]) <= 100:
        chart.value_axis.maximum_scale = 100
    chart.value_axis.tick_labels.number_format, chart.value_axis.tick_labels.number_format_is_linked = '0" %"', False
    _label_every_third_month(chart)
    chart.value_axis.major_gridlines.format.line.color.rgb = GRID
    chart.category_axis.tick_labels.number_format, chart.category_axis.tick_labels.number_format_is_linked = (
        "yyyy-mm",
        False,
    )
    for part in (chart.value_axis.tick_labels, chart.category_axis.tick_labels, chart.legend):
        part.font.size = Pt(12)
    for series, (colour, width, dash) in zip(chart.plots[0].series, LINES, strict=False):
        series.smooth = False
        series.marker.style = XL_MARKER_STYLE.NONE
        line = series.format.line
        line.color.rgb, line.width = colour, Pt(width)
        if dash:
            line.dash_style = MSO_LINE.DASH
    _text(slide, words, [reached(book, words)], (MARGIN, Inches(6.35), WIDTH - 2 * MARGIN, Inches(0.5)), 16, INK)


def _departments(deck: Any, book: UsageBook, words: UsageWords) -> None:
    """The departments with the lowest shares; those with no numbers are in the page and the workbook."""
    slide = _slide(deck, words("departments"), book, words)
    found = [each for each in book.by_department if each.percent is not None]
    rows = [department_cells(each, words) for each in found[:MOST_DEPARTMENTS]]
    head = (words("department"), words("active"), words("users"), words("usage"))
    box = (MARGIN, Inches(1.5), WIDTH - 2 * MARGIN, Inches(0.36) * (len(rows) + 1))
    grid = slide.shapes.add_table(len(rows) + 1, 4, *(Emu(int(each)) for each in box)).table
    for place, part in enumerate((0.52, 0.16, 0.16, 0.16)):
        grid.columns[place].width = Emu(int((WIDTH - 2 * MARGIN) * part))
    for number, values in enumerate((head, *rows)):
        for place, value in enumerate(values):
            _fill(grid.cell(number, place), value, words, is_head=number == 0, is_number=place > 0)
    said = departments_said(book, words)
    left = len(book.by_department) - len(rows)
    _text(
        slide,
        words,
        [f"{said} + {left}" if left else said],
        (MARGIN, Inches(6.25), WIDTH - 2 * MARGIN, Inches(0.6)),
        12,
        SOFT,
    )


def _fill(cell: Any, value: str, words: UsageWords, *, is_head: bool, is_number: bool) -> None:
    cell.fill.background()
    paragraph = cell.text_frame.paragraphs[0]
    paragraph.alignment = PP_ALIGN.RIGHT if is_number else PP_ALIGN.LEFT
    run = paragraph.add_run()
    run.text = cut(visible(value), 60, "…")
    run.font.size, run.font.bold, run.font.color.rgb = Pt(14), is_head, SOFT if is_head else INK
    _name_fonts(run, words.lang)


def _label_every_third_month(chart: Any) -> None:
    """Python-pptx has no word for it: `c:majorUnit` behind the base unit of a date axis ([ECMA-376-1] 21.2.2.39)."""
    axis = chart.category_axis._element  # noqa: SLF001
    base = axis.find(qn("c:baseTimeUnit"))
    for name, value in (("c:majorTimeUnit", "months"), ("c:majorUnit", "3")):
        if base is not None and axis.find(qn(name)) is None:
            base.addnext(axis.makeelement(qn(name), {"val": value}))


SHOWN = 60
LINES = ((ACCENT, 2.75, False), (OK, 1.5, True), (ACCENT, 2.0, True), (BAND, 1.5, False), (BAND, 1.5, False))


def _done(book: UsageBook, words: UsageWords) -> list[str]:
    def use(before: float | None, after: float | None) -> str:
        return f"{words.percent(before)} → {words.percent(after)}"

    lines = []
    for each in book.effects:
        came = words(f"effect_{each.finding.value}")
        lines.append(f"{each.on}  {what_was_done(each, words)}: {use(each.usage_before, each.usage_after)}, {came}")
    lines += [f"{each.on}  {each.what}: {use(each.usage_before, each.usage_after)}" for each in book.efforts]
    return lines or [words("nothing_done")]


def _list(deck: Any, book: UsageBook, words: UsageWords, title: str, lines: list[str]) -> None:
    slide = _slide(deck, title, book, words)
    shown = [f"• {cut(line, LONGEST, '…')}" for line in lines[:MOST_LINES]]
    if len(lines) > MOST_LINES:
        shown.append(f"… + {len(lines) - MOST_LINES}")
    _text(slide, words, shown, (MARGIN, Inches(1.8), WIDTH - 2 * MARGIN, Inches(4.7)), 20, INK)
