"""Reports as the tests build them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from datetime import date

import xlsxwriter

APPS = ("Outlook", "Word", "Excel", "PowerPoint", "OneNote", "Teams")
PLATFORMS = ("Windows", "Mac", "Mobile", "Web")
DETAIL = (
    "Report Refresh Date", "User Principal Name", "Last Activation Date", "Last Activity Date", "Report Period",
    *PLATFORMS, *APPS, *(f"{app} ({platform})" for platform in PLATFORMS for app in APPS),
)  # fmt: skip


def row(
    name: str, last: str, *used: str, refresh: str = "2026-11-19", period: str = "30", yes: str = "Yes"
) -> list[str]:
    """A row of the apps' user detail; `used` are the columns that say yes."""
    no = {"Yes": "No", "True": "False", "1": "0", "TRUE": "FALSE", "はい": "いいえ", "是": "否", "Ja": "Nein"}[yes]
    return [refresh, name, "", last, period, *(yes if column in used else no for column in DETAIL[5:])]


def table(*rows: list[str], header: tuple[str, ...] = DETAIL, delimiter: str = ",", end: str = "\r\n") -> str:
    return "".join(delimiter.join(fields) + end for fields in (list(header), *rows))


def workbook(rows: Sequence[Sequence[object]], title: str = "Sheet1", **more: Sequence[Sequence[object]]) -> bytes:
    """The rows as Excel saves them, in the first sheet; `more` are sheets behind it."""
    stream = io.BytesIO()
    texts = dict.fromkeys(("strings_to_formulas", "strings_to_urls", "strings_to_numbers"), False)
    with xlsxwriter.Workbook(stream, {**texts, "default_date_format": "yyyy-mm-dd"}) as book:
        for name, lines in {title: rows, **more}.items():
            sheet = book.add_worksheet(name)
            for number, line in enumerate(lines):
                sheet.write_row(number, 0, line)
    return stream.getvalue()


def as_excel_keeps(rows: Sequence[Sequence[str]]) -> list[list[object]]:
    """Texts of a CSV as cells after Excel has opened it: dates, numbers and booleans; empty fields are no cells."""
    return [[_cell(field) for field in fields] for fields in rows]


def _cell(text: str) -> object:
    if text in ("True", "False"):
        return text == "True"
    if text.isascii() and text.isdigit():
        return int(text)
    try:
        return date.fromisoformat(text)
    except ValueError:
        return text or None


def with_part(content: bytes, part: str, body: bytes) -> bytes:
    """A workbook one of whose parts says something else."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, body if name == part else old.read(name))
    return out.getvalue()
