"""A report that was saved as a workbook says what its CSV said; a workbook that cannot be read says what to do."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_reports import DETAIL, as_excel_keeps, row, table, with_part, workbook
from msoffcrypto.format.ooxml import OOXMLFile

from uptake.assess.sheets import SheetLimits, open_sheets
from uptake.core.errors import UptakeError
from uptake.prove.usage.licences import seats_of
from uptake.prove.usage.model import NotAReportError, ReadLimits, UsageReport
from uptake.prove.usage.reading import people, read_bytes

SHEET, STRINGS = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"
PRODUCTS = ["Product Title", "Total Licenses", "Expired Licenses", "Assigned licenses", "Status Message"]
REFRESH = date(2026, 11, 19)


def said(report: UsageReport) -> UsageReport:
    """What a report says, without the file that said it."""
    return replace(report, file="", digest="", encoding="")


def detail(*rows: list[str]) -> bytes:
    return workbook(as_excel_keeps([list(DETAIL), *rows]))


NAMES = st.text(alphabet="abc式=+@-(\"'<&", min_size=1, max_size=9).filter(lambda name: name.strip() == name)
ROWS = st.dictionaries(
    NAMES,
    st.tuples(st.integers(-3, 60), st.sets(st.sampled_from(["Windows", "Mac", "Web", "Word", "Excel", "Teams"]))),
    max_size=12,
)


@settings(deadline=None, max_examples=60)
@given(ROWS, st.sampled_from(["Yes", "True", "1", "はい"]), st.sampled_from(["", "perhaps", "7"]), st.booleans())
def test_a_report_as_csv_and_as_workbook_is_the_same_import(
    users: dict[str, tuple[int, set[str]]], yes: str, odd: str, has_fresh_column: bool
) -> None:
    rows = [row(name, str(REFRESH - timedelta(days=ago)), *used, yes=yes) for name, (ago, used) in users.items()]
    if odd:
        rows.append(row("odd one", odd, "Web", yes=yes))
    header = list(DETAIL)
    if has_fresh_column:
        header.append("Copilot (Web)")
        rows = [[*fields, "4711"] for fields in rows]
    quoted = [[f'"{field.replace(chr(34), chr(34) * 2)}"' for field in fields] for fields in rows]
    as_csv = read_bytes(table(*quoted, header=tuple(header)).encode(), "x.csv")
    as_workbook = read_bytes(workbook(as_excel_keeps([header, *rows])), "x.xlsx")
    assert said(as_workbook) == said(as_csv)


def test_every_sample_that_is_a_table_says_the_same_as_a_workbook(samples: Path) -> None:
    import csv

    for name in ("ProPlusUsageUserDetailV211_21_2026 9_05_11 AM.csv", "ProductList_11_21_2026_9_10_02_AM.csv", "users_export.en.csv",
                 "Office365ActivationsUserDetail11_21_2026 9_06_40 AM.csv", "activations_user_detail.ja.utf8bom.csv", "m365_app_user_detail.concealed.csv"):  # fmt: skip
        data = (samples / name).read_bytes()
        rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))
        assert said(read_bytes(workbook(as_excel_keeps(rows)), name)) == said(read_bytes(data, name)), name


def test_a_product_list_gives_its_seats() -> None:
    rows = [PRODUCTS, ["Microsoft 365 Apps for enterprise", 120, 0, 80.0, "Active"]]
    seats = seats_of(read_bytes(workbook(rows), "products.xlsx"))
    assert (seats.paid, seats.assigned) == (120, 80)


def test_lines_that_do_not_count_are_named_with_the_row_that_excel_shows() -> None:
    rows: list[list[object]] = [
        [], list(DETAIL), as_excel_keeps([row("a", "2026-11-18", "Web")])[0], [],
        as_excel_keeps([row("b", "yesterday", "Web")])[0], [*as_excel_keeps([row("c", "2026-11-18")])[0], "more"], ["total", 3],
    ]  # fmt: skip
    report = read_bytes(workbook(rows), "x.xlsx")
    assert (report.rows, [each.line for each in report.skipped]) == (1, [5, 6, 7])
    assert "40 fields where the first line has 39" in report.skipped[1].why


def test_the_only_sheet_with_a_known_header_is_read_and_else_the_first() -> None:
    report = [list(DETAIL), *as_excel_keeps([row("a", "2026-11-18", "Web")])]
    assert read_bytes(workbook([["What this is"], ["Notes"]], "About", Detail=report), "x.xlsx").rows == 1
    products = [PRODUCTS, ["Microsoft 365 Apps for enterprise", 1, 0, 1, ""]]
    assert read_bytes(workbook(report, "Detail", Products=products), "x.xlsx").report == "m365_app_user_detail"
    with pytest.raises(NotAReportError, match="What this is"):
        read_bytes(workbook([["What this is"]], "About", Detail=report, Products=products), "x.xlsx")


def test_a_sheet_that_hides_its_size_is_read_whole() -> None:
    content = detail(row("a", "2026-11-18", "Web"), row("b", "2026-11-18", "Web"))
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        sheet = package.read(SHEET)
    assert b'<dimension ref="A1:AM3"' in sheet
    hidden = with_part(content, SHEET, sheet.replace(b'ref="A1:AM3"', b'ref="A1"'))
    assert read_bytes(hidden, "x.xlsx").rows == 2


def test_people_are_read_from_a_workbook_too() -> None:
    content = detail(row("A@x", "2026-11-18", "Web"), row("b@x", "2026-01-18"))
    assert [(each.name, each.is_active) for each in people(io.BytesIO(content), "x.xlsx")] == [
        ("A@x", True),
        ("b@x", False),
    ]


def refused(content: bytes, limits: ReadLimits | None = None) -> NotAReportError:
    with pytest.raises(NotAReportError) as refusal:
        read_bytes(content, "x.xlsx", limits or ReadLimits())
    assert refusal.value.hint
    return refusal.value


def test_an_encrypted_workbook_says_how_to_open_it() -> None:
    out = io.BytesIO()
    OOXMLFile(io.BytesIO(detail(row("a", "2026-11-18")))).encrypt("secret", out)
    refusal = refused(out.getvalue())
    assert "encrypted" in str(refusal)
    assert "label" in refusal.hint


def zipped(**parts: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        for name, body in parts.items():
            package.writestr(name, body)
    return out.getvalue()


def test_other_packages_and_broken_ones_say_what_they_are() -> None:
    content = detail(row("a", "2026-11-18"))
    assert "zip file" in str(refused(zipped(report=b"x")))
    types = b'<Types><Override PartName="/xl/workbook.bin" ContentType="application/vnd.ms-excel.sheet.binary.macroEnabled.main"/></Types>'
    assert "xlsb" in str(refused(zipped(**{"[Content_Types].xml": types})))
    word = b'<Types><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>'
    assert "no workbook" in str(refused(zipped(**{"[Content_Types].xml": word})))
    for broken in (content[:-200], content[: len(content) // 2], with_part(content, SHEET, b"<worksheet><sheetData><row"),
                   with_part(content, SHEET, b""), with_part(content, STRINGS, b"\x00\x01"), with_part(content, "xl/workbook.xml", b"<a/>")):  # fmt: skip
        refused(broken)


MAIN = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'


@pytest.mark.parametrize(
    ("sheet", "why"),
    [
        (MAIN + b"<sheetData>" + b"<row/>" * 20_000 + b"</sheetData></worksheet>", "more than 10,000 rows"),
        (MAIN + b"<sheetData><row r='1'>" + b"<c><v>1</v></c>" * 10_000 + b"</row></sheetData></worksheet>", "a row of more than"),
        (MAIN + b"<sheetData><row r='999999999'><c><v>1</v></c></row></sheetData></worksheet>", "more than 10,000 rows"),
        (b"<!DOCTYPE x [<!ENTITY a 'aaaaaaaaaa'>]>" + MAIN + b"<sheetData/></worksheet>", "declarations"),
        (MAIN + b"<sheetData><row>" + b"<!-- <row> -->" * 9 + b"</row></sheetData></worksheet>", "declarations"),
        (MAIN + b" " * 4_000_000 + b"</worksheet>", "packed more than"),
    ],
    ids=["rows", "one row", "row number", "entity", "comment", "ratio"],
)  # fmt: skip
def test_a_bomb_is_refused_while_it_is_unpacked(sheet: bytes, why: str) -> None:
    content = with_part(detail(row("a", "2026-11-18")), SHEET, sheet)
    limits = SheetLimits(items=10_000, item=100_000, small=1_000_000)
    with pytest.raises(UptakeError, match=why) as refusal:
        list(open_sheets(io.BytesIO(content), "x.xlsx", limits)[0].rows())
    assert refusal.value.hint


def test_a_workbook_that_is_too_large_or_too_wide_is_refused() -> None:
    content = detail(*[row(f"user{n}", "2026-11-18", "Web") for n in range(50)])
    assert "unpacks to more than" in str(refused(content, ReadLimits(sheet_size=10_000)))
    assert "10 rows" in str(refused(content, ReadLimits(rows=10)))
    assert "not a table" in str(refused(content, ReadLimits(columns=10)))


@settings(deadline=None, max_examples=150)
@given(
    st.integers(0, 10**9),
    st.binary(max_size=40),
    st.sampled_from([SHEET, STRINGS, "xl/styles.xml", "xl/workbook.xml", None]),
)
def test_any_damage_is_a_report_or_a_refusal(place: int, bytes_: bytes, part: str | None) -> None:
    content = detail(row("a", "2026-11-18", "Web"))
    if part:
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            body = package.read(part)
        at = place % len(body)
        content = with_part(content, part, body[:at] + bytes_ + body[at + len(bytes_) :])
    else:
        at = place % len(content)
        content = content[:at] + bytes_ + content[at + len(bytes_) :]
    try:
        report = read_bytes(content, "x.xlsx")
    except NotAReportError as refusal:
        answer = refusal.hint
    else:
        answer = report.report
    assert answer
