"""Whatever a document says, no report runs it: markup, formulas, terminal escapes, broken Unicode."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator

import openpyxl
import pyarrow.parquet as pq
import pytest
from lxml import html

from uptake.reporting import FORMATS, write_report, write_text
from uptake.reporting.clean import cut, no_formula, visible, visible_lines
from uptake.reporting.model import ListReport

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
CONTROLS = {chr(code) for code in (*range(9), 11, 12, *range(14, 32), 127, *range(0x80, 0xA0))} | {"\u202e"}


def written(report: ListReport, name: str, lang: str = "en") -> bytes:
    stream = io.BytesIO()
    write_report(report, name, stream, lang)
    return stream.getvalue()


def csv_cells(report: ListReport) -> Iterator[tuple[str, str]]:
    data = written(report, "csv")
    assert data.startswith(b"\xef\xbb\xbf")
    for row in csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")):
        yield from row.items()


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_html_has_no_script_handler_or_address_but_its_own(report: ListReport, lang: str) -> None:
    page = html.fromstring(written(report, "html", lang))
    assert len(page.findall(".//script")) == 1
    assert len(page.findall(".//style")) == 1
    assert not page.xpath("//img|//iframe|//object|//embed|//form|//base|//link")
    for element in page.iter():
        assert not [name for name in element.keys() if name.lower().startswith("on") or name == "style"]  # noqa: SIM118
        for name in ("href", "src", "action"):
            assert (element.get(name) or "#").startswith("#")


def test_html_policy_names_the_hashes_of_what_is_inline(report: ListReport) -> None:
    import base64
    import hashlib

    page = html.fromstring(written(report, "html"))
    policy = page.xpath('//meta[@http-equiv="Content-Security-Policy"]/@content')[0]
    for tag in ("script", "style"):
        digest = hashlib.sha256(page.find(f".//{tag}").text.encode()).digest()
        assert f"{tag}-src 'sha256-{base64.b64encode(digest).decode()}'" in policy
    assert policy.startswith("default-src 'none'")


def test_html_shows_hostile_names_as_text(report: ListReport) -> None:
    text = html.fromstring(written(report, "html")).text_content()
    assert "<script>alert(1)</script>.xlsm" in text
    assert "␛[31mred␇" in text
    assert "gpj.<U+202E>mslx.xlsm" in text


def test_csv_cells_never_begin_like_a_formula(report: ListReport) -> None:
    cells = list(csv_cells(report))
    assert not [cell for cell in cells if cell[1].lstrip(" \n\"'").startswith(FORMULA_STARTS) and cell[1][0] != "'"]
    assert any(value.startswith("'=cmd") for _, value in cells)
    assert not [value for _, value in cells if CONTROLS & set(value)]


def test_workbook_has_no_formula_and_no_link_out(report: ListReport) -> None:
    book = openpyxl.load_workbook(io.BytesIO(written(report, "xlsx")))
    for sheet in book:
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.data_type in ("s", "n", "inlineStr"), (sheet.title, cell.coordinate)
                assert cell.hyperlink is None or (cell.hyperlink.target is None and sheet.title == "Overview")
                assert not isinstance(cell.value, str) or not CONTROLS & set(cell.value)
    values = {cell.value for row in book["VBA Results"].iter_rows() for cell in row}
    assert "=cmd|' /C calc'!A0.xlsm" in values


@pytest.mark.parametrize("is_rich", [False, True])
def test_terminal_gets_no_escape_from_a_name(report: ListReport, is_rich: bool) -> None:
    stream = io.StringIO()
    write_text(report, stream, "en", rich=is_rich)
    text = stream.getvalue()
    assert "\x1b[31mred" not in text
    assert not {"\x07", "\x9b", "\u202e"} & set(text)
    assert ("\x1b" in text) == is_rich


@pytest.mark.parametrize("name", [name for name in FORMATS if name not in ("parquet", "xlsx")])
def test_output_is_utf_8_whatever_the_names(report: ListReport, name: str) -> None:
    written(report, name).decode("utf-8")


def test_json_keeps_names_as_they_are(report: ListReport) -> None:
    lines = written(report, "jsonl").decode().splitlines()
    assert [json.loads(line) for line in lines] == list(report.files())
    whole = json.loads(written(report, "json"))
    assert whole["files"] == list(report.files())
    assert whole["schema"] == "uptake.scan/1"
    assert whole["tool"]["name"] == "uptake"
    assert whole["summary"] == report.summary


def test_parquet_takes_names_that_are_no_unicode(report: ListReport, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("parquet")
    write_report(report, "parquet", folder)
    paths = pq.read_table(folder / "files.parquet")["path"].to_pylist()
    assert any("\\udcff" in path for path in paths)


def test_visible_spells_what_eyes_cannot_see() -> None:
    assert visible("a\x00\x1b\r\n\t\x7f\u202e\u200b\ufeff\ud800") == "a␀␛␍␊␉␡<U+202E><U+200B><U+FEFF><U+D800>"
    assert visible_lines("a\r\n\tb\rc\x1b") == "a\n\tb␍c␛"
    assert visible("経理部 ñ 🙂") == "経理部 ñ 🙂"


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@x", " =1", "\n=1", '"=1', "'=1", "＝1"])
def test_formula_starts_are_neutralised(text: str) -> None:
    assert no_formula(text) == "'" + text


def test_cut_counts_as_excel_does_and_leaves_a_mark() -> None:
    assert cut("a" * 100, 100, "…") == "a" * 100
    assert cut("🙂" * 60, 100, "…") == "🙂" * 49 + "…"
    assert len(cut("x" * 40_000, 32_767, " [cut]")) == 32_767
