"""The `Workbook` stream of Excel 97, BIFF8 ([MS-XLS] 2.1.4): the records without which readers refuse."""

from __future__ import annotations

import struct
from collections.abc import Sequence

WORKSHEET, MACRO_SHEET = 0x0010, 0x0040


def workbook_stream(rows: Sequence[Sequence[str | float]], macro_texts: Sequence[str] = ()) -> bytes:
    """Globals, one worksheet of `rows` and, for `macro_texts`, a hidden XLM sheet of `EXEC` formulas."""
    sheets = [("Sheet1", WORKSHEET, _sheet(WORKSHEET, _cells(rows)))]
    if macro_texts:
        sheets.append(("Macro1", MACRO_SHEET, _sheet(MACRO_SHEET, _commands(macro_texts))))
    offset = len(_globals([(name, kind, 0) for name, kind, _ in sheets]))
    entries = []
    for name, kind, data in sheets:
        entries.append((name, kind, offset))
        offset += len(data)
    return _globals(entries) + b"".join(data for _, _, data in sheets)


def _record(number: int, data: bytes = b"") -> bytes:
    return struct.pack("<HH", number, len(data)) + data


def _bof(kind: int) -> bytes:
    return _record(0x0809, struct.pack("<HHHHII", 0x0600, kind, 0x0DBB, 0x07CC, 0x41, 6))


def _globals(sheets: Sequence[tuple[str, int, int]]) -> bytes:
    font = _record(0x31, struct.pack("<HHHHHBBBBBB", 200, 0, 0x7FFF, 400, 0, 0, 0, 0, 0, 5, 0) + b"Arial")
    style = _record(0xE0, struct.pack("<HHHBBBBIIH", 0, 0, 0xFFF5, 0x20, 0, 0, 0, 0, 0, 0x20C0))
    cell = _record(0xE0, struct.pack("<HHHBBBBIIH", 0, 0, 1, 0x20, 0, 0, 0, 0, 0, 0x20C0))
    parts = [
        _bof(0x0005),
        _record(0x42, struct.pack("<H", 1200)),
        _record(0x3D, struct.pack("<9H", 0, 0, 0x3000, 0x2000, 0x38, 0, 0, 1, 600)),
        font * 5,
        style * 15 + cell,
        _record(0x0293, struct.pack("<HBB", 0x8000, 0, 0xFF)),
    ]
    for name, kind, offset in sheets:
        hidden, macro = (1, 1) if kind == MACRO_SHEET else (0, 0)
        parts.append(_record(0x85, struct.pack("<IBBBB", offset, hidden, macro, len(name), 0) + name.encode("ascii")))
    return b"".join(parts) + _record(0x0A)


def _sheet(kind: int, cells: bytes) -> bytes:
    window = _record(0x023E, struct.pack("<HHHIHHI", 0x06B6, 0, 0, 64, 0, 0, 0))
    return _bof(kind) + _record(0x0200, struct.pack("<IIHHH", 0, 100, 0, 26, 0)) + cells + window + _record(0x0A)


def _cells(rows: Sequence[Sequence[str | float]]) -> bytes:
    out = b""
    for r, row in enumerate(rows):
        for c, value in enumerate(row):
            head = struct.pack("<HHH", r, c, 15)
            if isinstance(value, str):
                text = value.encode("utf-16-le")
                out += _record(0x0204, head + struct.pack("<HB", len(value), 1) + text)
            else:
                out += _record(0x0203, head + struct.pack("<d", value))
    return out


def _commands(texts: Sequence[str]) -> bytes:
    """`=EXEC("…")` down column A: a string token and the function with one argument ([MS-XLS] 2.2.2)."""
    out = b""
    for row, text in enumerate(texts):
        tokens = struct.pack("<BBB", 0x17, len(text), 0) + text.encode("latin-1", "replace")
        tokens += struct.pack("<BBH", 0x42, 1, 110)
        value = struct.pack("<HHH", row, 0, 15) + bytes(8) + struct.pack("<HIH", 0, 0, len(tokens))
        out += _record(0x06, value + tokens)
    return out
