"""The binary formats before 2007 and their relatives: xls, doc, ppt, vsd, pub, mpp, otm, msg.

Each holds as much as readers look at: [MS-XLS] 2.1 records, the FIB of [MS-DOC] 2.5, the records of [MS-PPT] 2.3 and
2.10.40, the attachments of [MS-OXMSG] 2.2. Visio's blocks follow what was seen in files; where Project keeps its VBA
is not established, so the caller names the storage.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping, Sequence

from uptake.assess.samples.biff import workbook_stream
from uptake.assess.samples.compound import compound
from uptake.assess.samples.vba import SampleProject, project_bin, project_streams

EXCEL_CLASS = "00020820-0000-0000-c000-000000000046"
WORD_CLASS = "00020906-0000-0000-c000-000000000046"
POWERPOINT_CLASS = "64818d10-4f9b-11cf-86ea-00aa00b929e8"
PUBLISHER_CLASS = "00021201-0000-0000-00c0-000000000046"
VISIO_CLASS = "00021a14-0000-0000-c000-000000000046"
PROJECT_CLASS = "74b78f3a-c8c8-11d1-be11-00c04fb6faf1"
MESSAGE_CLASS = "00020d0b-0000-0000-c000-000000000046"
Streams = Mapping[str, bytes]


def _with_project(project: SampleProject | None, root: str) -> dict[str, bytes]:
    return project_streams(project, root) if project else {}


def xls(
    project: SampleProject | None = None,
    *,
    rows: Sequence[Sequence[str | float]] = (("Item", "Amount"), ("Travel", 1200.0)),
    macro_sheet: Sequence[str] = (),
    extra: Streams | None = None,
) -> bytes:
    """An Excel 97 workbook, also an .xla or .xlt; `macro_sheet` are texts for `EXEC` in an XLM sheet."""
    streams = {"Workbook": workbook_stream(rows, macro_sheet)} | _with_project(project, "_VBA_PROJECT_CUR")
    return compound(streams | dict(extra or {}), clsids={"": EXCEL_CLASS})


def doc(project: SampleProject | None = None, *, text: str = "Notes", extra: Streams | None = None) -> bytes:
    """A Word 97 document: a FIB with its text behind it, and the piece table that says so."""
    body = (text + "\r").encode("utf-16-le")
    streams = {"WordDocument": _fib(len(text) + 1).ljust(1536, b"\0") + body, "1Table": _piece_table(len(text) + 1)}
    streams |= _with_project(project, "Macros")
    return compound(streams | dict(extra or {}), clsids={"": WORD_CLASS})


def _piece_table(characters: int) -> bytes:
    """One piece from offset 1536 in UTF-16 ([MS-DOC] 2.8.35, 2.9.38)."""
    plc = struct.pack("<IIHIH", 0, characters, 0, 1536, 0)
    return b"\x02" + struct.pack("<I", len(plc)) + plc


def _fib(characters: int) -> bytes:
    """File information block of Word 97 ([MS-DOC] 2.5.1): counts of characters and where the piece table is."""
    base = struct.pack(
        "<HHHHHHHIBBHHII", 0xA5EC, 0xC1, 0, 0x409, 0, 0x1200, 0xBF, 0, 0, 0, 0, 0, 1536, 1536 + 2 * characters
    )
    numbers = [0] * 22
    numbers[0], numbers[3] = 1536 + 2 * characters, characters
    places = [0] * (93 * 2)
    places[33 * 2], places[33 * 2 + 1] = 0, 21
    return b"".join(
        (
            base,
            struct.pack("<H14H", 14, *[0] * 14),
            struct.pack("<H22I", 22, *numbers),
            struct.pack("<H186I", 93, *places),
            struct.pack("<H", 0),
        )
    )


def ppt(project: SampleProject | None = None, *, stored: bool = False, extra: Streams | None = None) -> bytes:
    """A PowerPoint 97 presentation; the project is in a 0x1011 record, compressed unless `stored`."""
    objects = _record(0x03E9, bytes(40), 1)
    if project:
        # VBAInfoAtom: the project is persist object 2, there are macros, version 2.
        objects += _record(0x07D0, _record(0x03FF, _record(0x0400, struct.pack("<III", 2, 1, 2), 2), 0xF, 1), 0xF)
    document = _record(0x03E8, objects, 0xF)
    storage = _storage_record(project, stored) if project else b""
    offsets = [0, len(document)] if project else [0]
    directory_at = len(document) + len(storage)
    entries = struct.pack("<I", 1 | len(offsets) << 20) + struct.pack(f"<{len(offsets)}I", *offsets)
    directory = _record(0x1772, entries)
    edit_at = directory_at + len(directory)
    edit = _record(0x0FF5, struct.pack("<IHBBIIIIHH", 256, 0, 0, 3, 0, directory_at, 1, len(offsets) + 1, 1, 0))
    user = b"sample"
    atom = struct.pack("<IIIHHBBH", 20, 0xE391C05F, edit_at, len(user), 0x3F4, 3, 0, 0) + user + struct.pack("<I", 8)
    streams = {"PowerPoint Document": document + storage + directory + edit, "Current User": _record(0x0FF6, atom)}
    return compound(streams | dict(extra or {}), clsids={"": POWERPOINT_CLASS})


def _storage_record(project: SampleProject, stored: bool) -> bytes:
    data = project_bin(project)
    if stored:
        return _record(0x1011, data)
    return _record(0x1011, struct.pack("<I", len(data)) + zlib.compress(data), 0, 1)


def _record(number: int, data: bytes, version: int = 0, instance: int = 0) -> bytes:
    """PowerPoint record: version and instance in one word, type, length ([MS-PPT] 2.3.1)."""
    return struct.pack("<HHI", version | instance << 4, number, len(data)) + data


def vsd(project: SampleProject | None = None, *, block: int = 8192) -> bytes:
    """A Visio 2003-2010 drawing: the project is cut into LZW-compressed blocks of stream `VisioDocument`."""
    # The version word at 0x1A: 11 is Visio 2003 to 2010; files before 6 keep their VBA otherwise.
    stream = b"Visio (TM) Drawing\r\n\0".ljust(0x1A, b"\0") + struct.pack("<H", 11) + bytes(228)
    data = project_bin(project) if project else b""
    for start in range(0, len(data), block):
        part = data[start : start + block]
        stream += _literals(struct.pack("<I", len(part)) + part) + bytes(4)
    return compound({"VisioDocument": stream}, clsids={"": VISIO_CLASS})


def _literals(data: bytes) -> bytes:
    """Visio's LZW with literals only: each flag byte says that the next eight bytes are themselves."""
    groups = (data[start : start + 8] for start in range(0, len(data), 8))
    return b"".join(bytes([(1 << len(group)) - 1]) + group for group in groups)


def pub(project: SampleProject | None = None) -> bytes:
    """A Publisher file; without a project its `VBA` storage is there and empty, as in every file seen."""
    streams = {"Contents": b"\xe8\xac" + bytes(510), "Quill/QuillSub/CONTENTS": b"CHNKINK " + bytes(500)}
    storages = () if project else ("VBA",)
    return compound(streams | _with_project(project, "VBA"), clsids={"": PUBLISHER_CLASS}, storages=storages)


def mpp(project: SampleProject | None = None, *, root: str = "   114/VBA") -> bytes:
    """A Project file with its VBA, if any, under `root`."""
    streams = {"   114/TBkndTask/FixedMeta": bytes(64), "Props14": bytes(128)}
    return compound(streams | _with_project(project, root), clsids={"": PROJECT_CLASS})


def otm(project: SampleProject) -> bytes:
    """Outlook's VbaProject.OTM: the project root is the root of the file."""
    return compound({"OutlookProjectData": bytes(20)} | project_streams(project))


def msg(attachments: Sequence[tuple[str, bytes]], *, subject: str = "Report") -> bytes:
    """An Outlook message; every attachment by long file name and bytes."""
    streams = {
        "__properties_version1.0": bytes(24) + struct.pack("<II", len(attachments), len(attachments)),
        "__substg1.0_001A001F": "IPM.Note".encode("utf-16-le"),
        "__substg1.0_0037001F": subject.encode("utf-16-le"),
        "__nameid_version1.0/__substg1.0_00020102": b"",
        "__nameid_version1.0/__substg1.0_00030102": b"",
        "__nameid_version1.0/__substg1.0_00040102": b"",
    }
    for number, (name, data) in enumerate(attachments):
        folder = f"__attach_version1.0_#{number:08X}"
        streams[f"{folder}/__properties_version1.0"] = bytes(8) + struct.pack("<IIII", 0x37050003, 6, 1, 0)
        streams[f"{folder}/__substg1.0_3707001F"] = name.encode("utf-16-le")
        streams[f"{folder}/__substg1.0_37010102"] = data
    return compound(streams, clsids={"": MESSAGE_CLASS})


def embedded_project(project: SampleProject, storage: str = "MBD00082648") -> dict[str, bytes]:
    """Streams of a workbook embedded as an OLE object, for `extra` of `doc` (`ObjectPool/_1`) or `xls` (`MBD…`)."""
    streams = {"Workbook": workbook_stream((("Item", 1.0),), ())} | project_streams(project, "_VBA_PROJECT_CUR")
    return {f"{storage}/{path}": data for path, data in streams.items()}
