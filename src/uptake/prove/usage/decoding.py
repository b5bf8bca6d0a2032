"""Bytes of a table → its header and records, whatever Excel made of the file on its way.

Reports start as UTF-8 with a byte order mark and commas; a re-save makes UTF-16 with tabs, cp932, cp1252 or gb18030, semicolons
and other dates, or a workbook. The first line decides: the reading that knows most of its columns is it.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain, islice
from typing import BinaryIO

from uptake.assess.sheets import COMPOUND, ZIP, Sheet, SheetLimits, is_encrypted, open_sheets
from uptake.core.errors import UptakeError
from uptake.prove.usage.model import NotAReportError, ReadLimits
from uptake.prove.usage.tables import Header, flags, kind_of, read_header

HEAD = 1 << 16
MOST_LINES = 50
"""Lines of one record: a quotation mark that is never closed would swallow all that follow."""
DELIMITERS = ",;\t|"
GUESSES = ("cp932", "gb18030", "cp1252")
MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
OTHER_FORMATS = (
    (COMPOUND, "an old Excel workbook", "Save it in Excel as .xlsx or as “CSV UTF-8”."),
    (b"%PDF", "a PDF file", "Export the report as CSV from the admin center (Reports > Usage > Export)."),
    (b"<", "a web page or XML", "Export the report as CSV from the admin center (Reports > Usage > Export)."),
)


@dataclass(frozen=True, slots=True)
class Table:
    """A table that is open for reading: its header, and its records as they come."""

    header: Header
    encoding: str
    delimiter: str
    records: Iterator[tuple[int, list[str]]]
    """(line on which the record begins, fields); empty records left out."""


def open_table(source: BinaryIO, name: str, limits: ReadLimits) -> Table:
    """The header, and records as a stream. `source` can be read again from its start."""
    head = source.read(HEAD)
    if head.startswith(ZIP):
        return _open_workbook(source, name, limits)
    if head.startswith(COMPOUND) and is_encrypted(source):
        raise NotAReportError(f"{name} is encrypted", hint=DECRYPT)
    _refuse_other_formats(head, name)
    best: tuple[tuple[int, int], str, str, list[str]] | None = None
    for encoding in _encodings(source, head):
        first, delimiter = _first_line(head, encoding)
        for each in delimiter or DELIMITERS:
            fields = next(csv.reader([first], delimiter=each), [])
            known = read_header(fields).known, _known_words(head, encoding, each)
            if best is None or known > best[0]:
                best = (known, encoding, each, fields)
    if best is None or not best[3] or len(best[3]) > limits.columns:
        raise NotAReportError(f"{name} is not a table", hint=HINT)
    _, encoding, delimiter, fields = best
    header = read_header(_without_empty_end(fields))
    source.seek(0)
    return Table(header, encoding, delimiter, _records(source, encoding, delimiter, name, limits))


def _open_workbook(source: BinaryIO, name: str, limits: ReadLimits) -> Table:
    """The same of a workbook: its first sheet, or the only one whose header is that of a report."""
    allowed = SheetLimits(unpacked=limits.sheet_size, items=min(limits.rows, SheetLimits().items))
    try:
        sheet, line, fields = _report_sheet(open_sheets(source, name, allowed), limits)
    except UptakeError as error:
        raise NotAReportError(str(error), hint=error.hint or HINT) from error
    if not fields or len(fields) > limits.columns:
        raise NotAReportError(f"{name} is not a table", hint=HINT)
    return Table(read_header(fields), "xlsx", "", _sheet_records(sheet, line, len(fields)))


def _report_sheet(sheets: Sequence[Sheet], limits: ReadLimits) -> tuple[Sheet, int, list[str]]:
    """The sheet to read, the row of its header, and the header."""
    found: list[tuple[Sheet, int, list[str]]] = []
    for sheet in sheets:
        line, fields = next(sheet.rows(limits.columns + 1), (0, []))
        found.append((sheet, line, _without_empty_end(fields)))
    known = [each for each in found if kind_of(read_header(each[2]).columns)]
    return known[0] if len(known) == 1 or known[:1] == found[:1] else found[0]


def _sheet_records(sheet: Sheet, header: int, width: int) -> Iterator[tuple[int, list[str]]]:
    """Rows under the header; a row ends with the header, unless something stands in the column behind it."""
    try:
        for line, fields in sheet.rows(width + 1, header + 1):
            if any(fields):
                yield line, fields if fields[width] else fields[:width]
    except UptakeError as error:
        raise NotAReportError(str(error), hint=error.hint or HINT) from error


def _known_words(head: bytes, encoding: str, delimiter: str) -> int:
    """Fields of the first lines that are a Yes or No of some language: what tells the code page below an English first line."""
    lines = head[: 1 << 14].decode(encoding, "replace").splitlines()[1:20]
    words = (field.strip('" ').casefold() for line in lines for field in line.split(delimiter))
    return sum(word in flags() and not word.isascii() for word in words)


DECRYPT = (
    "Open it in Excel, take away the password or the label that encrypts it (File > Info > Protect), and save it again."
)
HINT = "Export “Microsoft 365 Apps usage” as CSV from the admin center, or fetch getM365AppUserDetail from Microsoft Graph."


def _refuse_other_formats(head: bytes, name: str) -> None:
    if not head.strip():
        raise NotAReportError(
            f"{name} is empty", hint="Fetch the report again; an empty answer says nothing about use."
        )
    for start, what, hint in OTHER_FORMATS:
        if head.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(start):
            raise NotAReportError(f"{name} is {what}, not a report as CSV, JSON or .xlsx", hint=hint)


def _encodings(source: BinaryIO, head: bytes) -> list[str]:
    """How the bytes can be read; one where they leave no choice."""
    for mark, encoding in MARKS:
        if head.startswith(mark):
            return [encoding]
    if head[1::2].count(0) > len(head) // 4:
        return ["utf-16-le"]
    if head[0::2].count(0) > len(head) // 4:
        return ["utf-16-be"]
    if _is_whole(source, "utf-8"):
        return ["utf-8"]
    return [each for each in GUESSES if _is_whole(source, each)] or ["cp1252"]


def _is_whole(source: BinaryIO, encoding: str) -> bool:
    """Whether the whole file can be decoded; nothing of it is kept."""
    source.seek(0)
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        while piece := source.read(1 << 20):
            decoder.decode(piece)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _first_line(head: bytes, encoding: str) -> tuple[str, str]:
    """The first line that is not empty, and the delimiter where Excel's `sep=` line names it."""
    lines = [line for line in head.decode(encoding, "replace").lstrip("\ufeff").splitlines() if line.strip()]
    if lines and lines[0].lower().startswith("sep=") and len(lines[0]) == 5:
        return (lines[1] if len(lines) > 1 else ""), lines[0][4]
    return (lines[0] if lines else ""), ""


def _without_empty_end(fields: list[str]) -> list[str]:
    while fields and not fields[-1].strip():
        fields = fields[:-1]
    return fields


def _records(
    source: BinaryIO, encoding: str, delimiter: str, name: str, limits: ReadLimits
) -> Iterator[tuple[int, list[str]]]:
    text = io.TextIOWrapper(source, encoding, errors="replace", newline="")
    try:
        reader = csv.reader(_lines(text, name, limits), delimiter=delimiter)
        before, is_header = 0, True
        for fields in reader:
            line, before = before + 1, reader.line_num
            if before - line >= MOST_LINES:
                raise NotAReportError(
                    f"{name} has one record from line {line} to line {before}",
                    hint="Look there for an open quotation mark.",
                )
            if not any(fields) or (is_header and fields[0].lstrip("\ufeff").lower().startswith("sep=")):
                continue
            if is_header:
                is_header = False
                continue
            if line > limits.rows:
                raise NotAReportError(f"{name} has more than {limits.rows:,} lines", hint="Split the file by user.")
            yield line, fields
    except csv.Error as error:
        raise NotAReportError(
            f"{name} cannot be read from line {before + 1} on: {error}",
            hint="Look there for a quotation mark that is never closed, and export the report again.",
        ) from None
    finally:
        text.detach()


def _lines(text: io.TextIOWrapper, name: str, limits: ReadLimits) -> Iterator[str]:
    size = 0
    while line := text.readline(limits.line):
        size += len(line)
        if len(line) >= limits.line and not line.endswith("\n"):
            raise NotAReportError(f"{name} has a line of more than {limits.line:,} characters", hint=HINT)
        if size > limits.size:
            raise NotAReportError(f"{name} is larger than {limits.size:,} characters", hint="Split the file by user.")
        yield line


class Dates:
    """Dates of one file: ISO, or as Excel writes them in a country; which part is the day is found out from the file itself."""

    def __init__(self, delimiter: str = ",") -> None:
        self._is_day_first: bool | None = None
        self._seems_day_first = delimiter == ";"
        self._known: dict[str, date | None] = {"": None}

    def learn(self, values: Iterator[str]) -> None:
        """Look at dates before the first one is read: a part above 12 tells the order."""
        for value in values:
            parts = _parts(value)
            if parts and len(parts[0]) < 3 and "." not in value and int(parts[0]) != int(parts[1]):
                if int(parts[0]) > 12:
                    self._is_day_first = True
                    return
                if int(parts[1]) > 12:
                    self._is_day_first = False
                    return

    def read(self, value: str) -> date | None:
        """A date, None for an empty field. Raises ValueError for anything else."""
        try:
            return self._known[value]
        except KeyError:
            found = self._read(value.strip())
            if len(self._known) < 20_000:
                self._known[value] = found
            return found

    def _read(self, value: str) -> date | None:
        if not value:
            return None
        if len(value) >= 10 and value[4] == value[7] == "-" and (len(value) == 10 or value[10] in "T "):
            return date.fromisoformat(value[:10])
        parts = _parts(value)
        if not parts:
            raise ValueError(value)
        first, second, third = map(int, parts)
        if len(parts[0]) == 4:
            return date(first, second, third)
        year = third if third > 99 else 2000 + third
        day_first = "." in value or (self._seems_day_first if self._is_day_first is None else self._is_day_first)
        return date(year, second, first) if day_first else date(year, first, second)


def _parts(value: str) -> list[str]:
    """Three numbers of a date with or without a time behind it; empty for anything else."""
    text = value.strip().translate(SEPARATORS).split()
    parts = text[:3]
    is_date = len(parts) == 3 and all(part.isascii() and part.isdigit() and len(part) <= 4 for part in parts)
    return parts if is_date and value.strip()[:1].isdigit() else []


SEPARATORS = {ord(c): " " for c in "./-年月日T"}


def sampled(
    records: Iterator[tuple[int, list[str]]], count: int
) -> tuple[list[list[str]], Iterator[tuple[int, list[str]]]]:
    """The first records to look at, and all of them again as a stream."""
    first = list(islice(records, count))
    return [fields for _, fields in first], chain(first, records)
