"""The usage report as page, workbook and deck: verdict first, every percentage with its parts, nothing hostile gets out."""

from __future__ import annotations

import base64
import hashlib
import io
import re
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, BinaryIO

import openpyxl
import pytest
from pptx import Presentation

import uptake.reporting
from uptake.prove.acceleration.case import Effort
from uptake.prove.acceleration.effect import Effect, Finding
from uptake.prove.usage.departments import Departments, Line, Silence
from uptake.prove.usage.forecast import forecast, months_after
from uptake.prove.usage.model import Active
from uptake.prove.usage.rules import judge
from uptake.prove.usage.snapshots import Percentage, Point
from uptake.reporting.usage_chart import trend
from uptake.reporting.usage_excel import write_usage_excel
from uptake.reporting.usage_html import usage_html, write_usage_html
from uptake.reporting.usage_model import WORDS, Mark, UsageBook, UsageWords, formula_of, headline
from uptake.reporting.usage_slides import write_usage_slides

DAY = date(2026, 5, 31)
HOSTILE = '=HYPERLINK("http://evil")<script>alert(1)</script>\x1b[31m\u202e"&'
POINTS = [Point(months_after(date(2025, 5, 31), n), 300 + 15 * min(n, 9), 1000) for n in range(13)]
TABLE = Departments(
    DAY, (Line("", 40, Active(10, 9, 8, 28)), Line("Board", silence=Silence.SMALL), Line("Sales", 300, Active(120, 90, 100, 28))),
    "people.csv", "detail.csv",
)  # fmt: skip
BOOK = UsageBook(
    "Contoso", DAY, judge(POINTS, DAY, formula="any/28/paid"), forecast(POINTS),
    Percentage(43.5, 435, 1000, "any/28/paid", 28, DAY, "detail.csv", "ProductList.csv", DAY),
    marks=(Mark(date(2025, 9, 1), "Wave 1", "wave"), Mark(date(2026, 3, 1), "Workshop"), Mark(date(2020, 1, 1), "Long ago")),
    effects=(Effect("mini-acm", date(2026, 3, 1), Finding.WITHIN, DAY, 43.0, 43.5, 44.0, 42.0, 46.0),),
    efforts=(Effort(date(2026, 4, 1), "Max", "Call with the sponsor", 43.0, 43.5),),
    departments=TABLE, next_steps=("Engage an SME",),
)  # fmt: skip
NASTY = replace(
    BOOK, customer=HOSTILE, marks=(Mark(date(2025, 9, 1), HOSTILE),), departments=replace(TABLE, lines=(Line(HOSTILE, 9, Active(3, 2, 1, 28)),), source=HOSTILE), next_steps=(HOSTILE,),
    effects=(replace(BOOK.effects[0], what=HOSTILE),), efforts=(Effort(DAY, "Max", HOSTILE),),
)  # fmt: skip
EMPTY = UsageBook("Nobody", DAY, judge((), DAY))
WRITERS = (write_usage_html, write_usage_excel, write_usage_slides)
Write = Callable[[UsageBook, BinaryIO, str], None]


def written(write: Write, book: UsageBook, lang: str = "en") -> bytes:
    stream = io.BytesIO()
    write(book, stream, lang)
    return stream.getvalue()


def deck_text(data: bytes) -> list[str]:
    return [
        shape.text_frame.text
        for slide in Presentation(io.BytesIO(data)).slides
        for shape in slide.shapes
        if shape.has_text_frame
    ]


def cells(data: bytes) -> list[Any]:
    book = openpyxl.load_workbook(io.BytesIO(data))
    return [cell.value for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_the_verdict_comes_first_and_every_percentage_shows_its_parts(lang: str) -> None:
    words = UsageWords(lang)
    page = written(write_usage_html, BOOK, lang).decode()
    assert headline(BOOK, words) in page
    assert page.index("<h1>") < page.index("<svg")
    for part in ("435", "1,000", "28", "any/28/paid", "2026-05-31", "detail.csv", "ProductList.csv"):
        assert part in formula_of(BOOK, words)
    assert formula_of(BOOK, words) in page
    assert f'<html lang="{lang}">' in page


def test_the_page_stands_alone_under_its_own_policy() -> None:
    page = usage_html(BOOK)
    style = page[page.index("<style>") + 7 : page.index("</style>")]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in page
    assert "<script" not in page
    assert not re.search(r'(?:src|href)="(?!#)', page)
    assert ' style="' not in page


def test_the_trend_has_goal_band_and_marks_within_its_time() -> None:
    picture = trend(BOOK.points, BOOK.forecast, 70, BOOK.marks, title="a <b>", goal_word="Goal")
    assert picture.count('class="flag"') == 2
    assert "Long ago" not in picture
    assert 'class="band"' in picture
    assert "a &lt;b&gt;" in picture
    numbers = [float(n) for n in re.findall(r'(?:c?[xy][12]?)="([-\d.]+)"', picture)]
    assert all(0 <= number <= 900 for number in numbers)
    assert trend([], None, 70, title="") == ""


def test_usage_above_100_stays_in_the_picture() -> None:
    points = [Point(months_after(date(2025, 5, 31), n), 1300, 1000) for n in range(5)]
    picture = trend(points, forecast(points), 70, title="x")
    heights = [float(pair.split(",")[1]) for line in re.findall(r'points="([^"]+)"', picture) for pair in line.split()]
    assert all(20 <= height <= 320 for height in heights)


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_the_workbook_holds_figures_forecast_effects_and_departments(lang: str) -> None:
    data = written(write_usage_excel, BOOK, lang)
    book = openpyxl.load_workbook(io.BytesIO(data))
    assert len(book.sheetnames) == 4
    figures = book.worksheets[1]
    assert figures.max_row == 1 + len(POINTS) + 12
    assert figures.cell(2, 2).value == 300
    assert zipfile.ZipFile(io.BytesIO(data)).namelist().count("xl/charts/chart1.xml") == 1


@pytest.mark.parametrize("write", [write_usage_excel, write_usage_slides])
def test_a_file_states_the_day_of_its_report_and_not_the_hour_in_which_it_was_written(write: Write) -> None:
    with zipfile.ZipFile(io.BytesIO(written(write, BOOK, "en"))) as archive:
        stated = re.findall(r"\d{4}-\d\d-\d\dT[\d:]+Z", archive.read("docProps/core.xml").decode())
    assert stated == [f"{BOOK.made_on}T00:00:00Z"] * 2


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_the_deck_is_short_and_has_a_real_chart(lang: str) -> None:
    deck = Presentation(io.BytesIO(written(write_usage_slides, BOOK, lang)))
    assert len(deck.slides) == 5
    chart = next(shape.chart for shape in deck.slides[1].shapes if shape.has_chart)
    assert len(chart.plots[0].series) == 5
    assert len(list(chart.plots[0].categories)) == len(POINTS) + 12
    texts = "\n".join(deck_text(written(write_usage_slides, BOOK, lang)))
    assert headline(BOOK, UsageWords(lang)) in texts
    assert "mini-acm" not in texts


def test_nothing_hostile_gets_out() -> None:
    page = written(write_usage_html, NASTY).decode()
    assert "<script>" not in page
    assert "\x1b" not in page
    assert "\u202e" not in page
    data = written(write_usage_excel, NASTY)
    sheets = [text for name, text in _parts(data) if name.startswith("xl/worksheets/")]
    assert not any("<f>" in text for text in sheets)
    assert any(isinstance(value, str) and value.startswith("=HYPERLINK") for value in cells(data))
    assert not any("\x1b" in text for text in deck_text(written(write_usage_slides, NASTY)))


def _parts(data: bytes) -> list[tuple[str, str]]:
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        return [(name, file.read(name).decode("utf-8", "replace")) for name in file.namelist()]


@pytest.mark.parametrize("write", WRITERS)
@pytest.mark.parametrize("lang", ["en", "ja"])
def test_a_customer_without_figures_gets_a_report_that_says_so(write: Write, lang: str) -> None:
    assert written(write, EMPTY, lang)
    assert WORDS["headline_unknown"][lang].split("{customer}")[1] in usage_html(EMPTY, lang)


@pytest.mark.parametrize(
    ("lang", "few", "none"), [("en", "fewer than 5", "No department known"), ("ja", "5 人未満", "部署不明")]
)
def test_departments_stand_in_page_workbook_and_deck_with_their_parts(lang: str, few: str, none: str) -> None:
    page = written(write_usage_html, BOOK, lang).decode()
    for part in ("Sales", "40.0 %", "120", "300", few, none, "people.csv", "2026-05-31"):
        assert part in page, part
    assert {"Sales", 120, 300, few, none, "Board"} <= set(cells(written(write_usage_excel, BOOK, lang)))
    slides = Presentation(io.BytesIO(written(write_usage_slides, BOOK, lang))).slides
    [table] = [shape.table for slide in slides for shape in slide.shapes if shape.has_table]
    assert [[cell.text for cell in row.cells] for row in table.rows][1:] == [
        ["Sales", "120", "300", "40.0 %"], [none, "10", "40", "25.0 %"],
    ]  # fmt: skip
    assert len(Presentation(io.BytesIO(written(write_usage_slides, replace(BOOK, departments=None), lang))).slides) == 4


def test_concealed_names_show_no_departments() -> None:
    concealed = replace(BOOK, is_concealed=True)
    assert "Sales" not in usage_html(concealed)
    assert "concealed" in usage_html(concealed)
    assert "Sales" not in cells(written(write_usage_excel, concealed))


def test_many_effects_do_not_run_off_the_slide() -> None:
    many = replace(BOOK, effects=BOOK.effects * 30, next_steps=("x" * 2000,) * 3)
    texts = deck_text(written(write_usage_slides, many))
    assert any("+ 24" in text for text in texts)
    assert all(len(text) < 7 * 300 for text in texts)


def test_every_word_that_the_code_asks_for_is_there() -> None:
    folder = Path(uptake.reporting.__file__).parent
    asked = {
        key
        for path in folder.glob("usage_*.py")
        for key in re.findall(r'\bwords\("(\w+)"', path.read_text(encoding="utf-8"))
    }
    assert len(asked) > 25
    assert asked <= set(WORDS)


def test_words_have_both_languages_with_the_same_names() -> None:
    for key, texts in WORDS.items():
        assert set(texts) == {"en", "ja"}, key
        assert set(re.findall(r"{(\w+)}", texts["en"])) == set(re.findall(r"{(\w+)}", texts["ja"])), key
