"""Excel workbooks in binary records: encryption, kind of file and sheets ([MS-XLS] 2.4).

Only the start of the stream is read; a workbook's rows are nobody's business here.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from uptake.assess.documents.budget import Visit
from uptake.assess.documents.compound import CompoundFile, Storage
from uptake.assess.documents.model import Document, Status

BOF, EOF, FILEPASS, BOUNDSHEET, TEMPLATE, ADDIN = 0x809, 0x0A, 0x2F, 0x85, 0x60, 0x87
_BOFS = (0x009, 0x209, 0x409, 0x809)
_ENDS = frozenset((*_BOFS, EOF))
_TELLING = frozenset((BOF, FILEPASS, ADDIN, TEMPLATE))
_HEADER = struct.Struct("<HH")
_HEAD = 4096
_VELVET = "the workbook is encrypted with a password"


class Record(NamedTuple):
    """One record: its type, its place in the stream and its content."""

    kind: int
    offset: int
    content: bytes


def globals_of(stream: bytes, wanted: frozenset[int] | None = None) -> Iterator[Record]:
    """Records of the first substream, which describes the workbook as a whole ([MS-XLS] 2.1.7.20.1); some kinds or all."""
    depth = 0
    for record in _wanted(stream, wanted and wanted | _ENDS):
        if record.kind in _BOFS:
            depth += 1
        elif record.kind == EOF:
            depth -= 1
            if depth <= 0:
                return
        yield record


def _wanted(stream: bytes, wanted: frozenset[int] | None) -> Iterator[Record]:
    """Records from the start of a stream, until it ends or a record says to be longer than any may be."""
    position, end, unpack = 0, len(stream) - 4, _HEADER.unpack_from
    while position <= end:
        kind, length = unpack(stream, position)
        if length > 0x2020 + 16:
            return
        if wanted is None or kind in wanted:
            yield Record(kind, position, stream[position + 4 : position + 4 + length])
        position += 4 + length


def inspect_workbook(document: Document, container: CompoundFile | Storage, name: str, _: Visit) -> None:
    """Fills in what a Workbook (BIFF8) or Book (BIFF5) stream says at its start."""
    document.format, document.host, document.status, document.reason = "xls", "excel", Status.NO_VBA, ""
    head = container.head(name, _HEAD)
    if not head:
        document.status, document.reason = Status.ERROR, "the workbook stream is empty"
        return
    is_old = _read_head(document, head)
    if is_old and document.status is not Status.PASSWORD_PROTECTED:
        _inspect_excel95(document, container.read(name))


def _read_head(document: Document, head: bytes) -> bool:
    """Looks at the records before the sheets; returns whether the workbook is of Excel 95 or older."""
    is_old = False
    for record in globals_of(head, _TELLING):
        if record.kind == BOF and record.offset == 0:
            is_old = int.from_bytes(record.content[:2], "little") < 0x600
        elif record.kind == FILEPASS:
            document.status, document.reason = Status.PASSWORD_PROTECTED, _VELVET
            document.marks.add("legacy-encryption")
        elif record.kind == ADDIN:
            document.format = "xla"
        elif record.kind == TEMPLATE:
            document.format = "xlt"
    return is_old


def _inspect_excel95(document: Document, stream: bytes) -> None:
    """Excel 95 keeps Visual Basic in sheets of type 6; nobody has published how."""
    for record in globals_of(stream, frozenset((BOUNDSHEET,))):
        if record.kind == BOUNDSHEET and len(record.content) > 5 and record.content[5] == 6:
            document.status = Status.NOT_READABLE_YET
            document.reason = "Visual Basic modules of Excel 5.0/95 cannot be read"
            return


def open_raw_workbook(data: bytes) -> Document:
    """A workbook of Excel 2 to 5 without a compound file around it: no place for VBA, only for macro sheets."""
    document = Document("xls", "excel", Status.NO_VBA, "a workbook of Excel 4.0 or older cannot hold VBA")
    if _read_head(document, data[:_HEAD]) and data[:2] == b"\x09\x08":
        document.reason = ""
        _inspect_excel95(document, data)
    return document
