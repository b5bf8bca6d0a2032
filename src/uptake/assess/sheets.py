"""A workbook of Excel (.xlsx, .xlsm) → its sheets as rows of text, for tables that people re-save: inventories, reports, results.

Dates come as ISO 8601, whole numbers without a fraction, booleans as True and False: what a CSV of the same table would say.
openpyxl reads the parts; here stands what it may be given ([ECMA-376-1] 18.3.1.73, 18.4.8): every part is counted while it is
unpacked, so a zip bomb, a row without end or an entity costs no memory. Macros and links are never looked at.
"""

from __future__ import annotations

import io
import re
import warnings
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time
from typing import IO, Any, BinaryIO

from uptake.core.errors import UptakeError
from uptake.core.text import visible

ZIP, COMPOUND = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
TYPES, MOST_TYPES = "[Content_Types].xml", 4 << 20
TABLE = re.compile(
    rb"spreadsheetml\.(?:sheet|template)\.main\+xml|ms-excel\.(?:sheet|template)\.macroEnabled\.main\+xml"
)
BINARY = b"sheet.binary.macroEnabled.main"
ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
"""The stream of an encrypted package ([MS-OFFCRYPTO] 2.3.4.4); sensitivity labels that encrypt use it, too."""
ITEM = re.compile(rb"<(?:[A-Za-z_][\w.-]{0,20}:)?(?:row|si)[\s/>]")
LONGEST_TAG = 40
SAVE = "Save the table in Excel as “CSV UTF-8”."


@dataclass(frozen=True, slots=True)
class SheetLimits:
    """What a workbook may cost; beyond it is refused with a message."""

    unpacked: int = 2 << 30
    """Bytes of one part."""
    ratio: int = 400
    """Unpacked over packed bytes of a part above `small`; real sheets have 10 to 60, deflate can 1032."""
    small: int = 32 << 20
    items: int = 3_000_000
    """Rows of a sheet, and shared texts; a sheet has 1,048,576 rows at most."""
    item: int = 4 << 20
    """Bytes of one row or text: a cell has 32,767 characters at most."""
    sheets: int = 100
    columns: int = 16_384


LIMITS = SheetLimits()


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet; each call of `rows` reads it anew, as a stream."""

    title: str
    name: str
    limits: SheetLimits
    source: Any

    def rows(self, columns: int = 0, first: int = 1) -> Iterator[tuple[int, list[str]]]:
        """(number of the row as Excel shows it, texts) of rows that are not empty; `columns` is how many are looked at.

        Raises `UptakeError` where the sheet is damaged or over a limit.
        """
        most = min(columns or self.limits.columns, self.limits.columns)
        rows = self.source.iter_rows(min_row=first, max_col=most if columns else None, values_only=True)
        try:
            for number, row in enumerate(rows, first):
                if number > self.limits.items:
                    raise _refusal(self.name, f"has more than {self.limits.items:,} rows", "Split the table.")
                if any(value is not None for value in row):
                    yield number, [value if type(value) is str else text_of(value) for value in row]
        except UptakeError:
            raise
        except Exception as error:
            raise _damaged(self.name, error) from error


def text_of(value: object) -> str:
    """A value of a cell as a CSV of the same sheet would have it, apart from dates, which are ISO 8601."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ", "seconds")
    return str(value)


def open_sheets(source: BinaryIO, name: str, limits: SheetLimits = LIMITS) -> tuple[Sheet, ...]:
    """The sheets of a workbook, in their order. `source` stays open while they are read.

    Raises `UptakeError` with what to do for another kind of file, and for a workbook that is encrypted, damaged or over a limit.
    """
    from openpyxl.reader.excel import ExcelReader

    warnings.filterwarnings("ignore", category=UserWarning, module="openpyxl")  # of formats that nobody asked for
    source.seek(0)
    try:
        archive = _Archive(source, name, limits)
        _refuse_others(archive, name)
        reader = ExcelReader(source, read_only=True, data_only=True, keep_links=False)
        reader.archive = archive
        reader.read()
    except UptakeError:
        raise
    except Exception as error:
        raise _damaged(name, error) from error
    sheets: list[Any] = list(reader.wb.worksheets)
    if not sheets or len(sheets) > limits.sheets:
        raise _refusal(name, f"has {len(sheets):,} sheets" if sheets else "has no sheet", SAVE)
    for sheet in sheets:
        sheet.reset_dimensions()  # some programs write A1 whatever there is
    return tuple(Sheet(str(sheet.title), name, limits, sheet) for sheet in sheets)


def is_encrypted(source: BinaryIO) -> bool:
    """Whether a compound file is a package that is encrypted: with a password, or by a sensitivity label."""
    source.seek(0)
    if source.read(4) != COMPOUND:
        return False
    kept = b""
    while piece := source.read(1 << 20):
        if ENCRYPTED in kept + piece:
            return True
        kept = piece[-len(ENCRYPTED) :]
    return False


def _refuse_others(archive: zipfile.ZipFile, name: str) -> None:
    if TYPES not in archive.namelist():
        raise _refusal(name, "is a zip file and no workbook", "Unpack it first.")
    types = archive.read(TYPES)
    if BINARY in types:
        raise _refusal(name, "is a binary workbook (.xlsb)", "Save it in Excel as .xlsx or as “CSV UTF-8”.")
    if not TABLE.search(types):
        raise _refusal(name, "is a document of Office and no workbook", "Choose the workbook or CSV with the table.")


def _refusal(name: str, what: str, hint: str) -> UptakeError:
    return UptakeError(f"{name} {what}", hint=hint)


def _damaged(name: str, error: Exception) -> UptakeError:
    """What openpyxl, zipfile and expat raise over a file that somebody made is one answer: it cannot be read."""
    told = visible(str(error).partition("\n")[0])[:160]
    return _refusal(name, f"is no workbook that can be read ({type(error).__name__}: {told})", SAVE)


class _Archive(zipfile.ZipFile):
    """A package whose parts are counted while they are read."""

    def __init__(self, source: BinaryIO, name: str, limits: SheetLimits) -> None:
        super().__init__(source)
        self._title, self._limits = name, limits

    def open(self, name: str | zipfile.ZipInfo, mode: Any = "r", *_: Any, **__: Any) -> IO[bytes]:
        part = name if isinstance(name, zipfile.ZipInfo) else self.getinfo(name)
        limits = self._limits
        if part.file_size > limits.unpacked:
            raise _refusal(self._title, f"unpacks to more than {limits.unpacked:,} bytes", "Split the table.")
        if part.file_size > max(limits.small, part.compress_size * limits.ratio):
            raise _refusal(self._title, f"is packed more than {limits.ratio} times: no table of a program is", SAVE)
        return io.BufferedReader(_Watched(super().open(part, mode), self._title, limits), 1 << 16)


class _Watched(io.RawIOBase):
    """The bytes of a part; `UptakeError` when an item is too long, there are too many, or it declares something.

    A comment or CDATA could pretend to be a row, and an entity could grow: no spreadsheet program writes `<!`.
    """

    def __init__(self, source: IO[bytes], name: str, limits: SheetLimits) -> None:
        super().__init__()
        self._source, self._name, self._limits = source, name, limits
        self._items, self._since, self._kept = 0, 0, b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._source.read(len(buffer))
        buffer[: len(data)] = data
        self._count(self._kept + data)
        return len(data)

    def _count(self, data: bytes) -> None:
        cut = data.rfind(b"<", max(0, len(data) - LONGEST_TAG))
        data, self._kept = (data[:cut], data[cut:]) if cut >= 0 else (data, b"")
        if b"<!" in data:
            raise _refusal(self._name, "holds declarations or comments, which no spreadsheet program writes", SAVE)
        ends = [found.end() for found in ITEM.finditer(data)]
        self._items += len(ends)
        self._since = len(data) - ends[-1] if ends else self._since + len(data)
        if self._since > self._limits.item:
            raise _refusal(self._name, f"has a row of more than {self._limits.item:,} bytes", SAVE)
        if self._items > self._limits.items:
            raise _refusal(self._name, f"has more than {self._limits.items:,} rows or texts", "Split the table.")
