"""Compound files written from named streams, the container of the binary Office formats and of VBA projects.

The tests, the demo and the benchmarks build their documents themselves, so the project ships no document by a stranger.
Version 3 with 512-byte sectors as in [MS-CFB] 2; nothing is random, equal input gives equal bytes.
"""

from __future__ import annotations

import struct
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

SECTOR, MINI_SECTOR, MINI_CUTOFF = 512, 64, 4096
PER_SECTOR = SECTOR // 4
HEADER_DIFAT = 109
MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
FREE, END, FAT_SECTOR, DIFAT_SECTOR = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD, 0xFFFFFFFC
NOTHING = 0xFFFFFFFF
STORAGE, STREAM, ROOT = 1, 2, 5
RED, BLACK = 0, 1
UNUSED_ENTRY = (b"\0" * 68 + b"\xff" * 12).ljust(128, b"\0")


@dataclass(slots=True)
class Entry:
    """One directory entry ([MS-CFB] 2.6.1)."""

    name: str
    kind: int
    data: bytes = b""
    clsid: str = ""
    children: list[Entry] = field(default_factory=list)
    number: int = 0
    left: int = NOTHING
    right: int = NOTHING
    child: int = NOTHING
    colour: int = BLACK
    start: int = 0

    def sort_key(self) -> tuple[int, str]:
        """Shorter names first, then by upper-cased text ([MS-CFB] 2.6.4)."""
        return len(self.name.encode("utf-16-le")), self.name.upper()

    def packed(self) -> bytes:
        name = self.name.encode("utf-16-le")[:62]
        return struct.pack(
            "<64sHBBIII16sIQQIQ",
            name,
            len(name) + 2,
            self.kind,
            self.colour,
            self.left,
            self.right,
            self.child,
            uuid.UUID(self.clsid).bytes_le if self.clsid else b"",
            0,
            0,
            0,
            self.start,
            len(self.data),
        )


def compound(
    streams: Mapping[str, bytes], *, clsids: Mapping[str, str] | None = None, storages: Iterable[str] = ()
) -> bytes:
    """A compound file of `streams`: path with `/` between storages → bytes.

    `clsids` gives storages a class id, the root by the path `""`; `storages` adds storages that hold nothing.
    """
    root = _tree(streams, clsids or {}, storages)
    entries = _numbered(root)
    mini = _place_small_streams(entries)
    root.data = mini.pack_data()
    return _assemble(entries, root, mini)


def _tree(streams: Mapping[str, bytes], clsids: Mapping[str, str], storages: Iterable[str]) -> Entry:
    root = Entry("Root Entry", ROOT, clsid=clsids.get("", ""))
    known = {"": root}
    for path in storages:
        _storage(known, path, clsids)
    for path, data in streams.items():
        parent, _, name = path.rpartition("/")
        _storage(known, parent, clsids).children.append(Entry(name, STREAM, data))
    return root


def _storage(known: dict[str, Entry], path: str, clsids: Mapping[str, str]) -> Entry:
    if path not in known:
        parent, _, name = path.rpartition("/")
        known[path] = Entry(name, STORAGE, clsid=clsids.get(path, ""))
        _storage(known, parent, clsids).children.append(known[path])
    return known[path]


def _numbered(root: Entry) -> list[Entry]:
    """Every entry in directory order, numbers given and sibling trees linked."""
    entries = [root]
    for entry in entries:  # grows while it is read: breadth first
        for child in entry.children:
            child.number = len(entries)
            entries.append(child)
    for entry in entries:
        siblings = sorted(entry.children, key=Entry.sort_key)
        # A balanced tree is red-black when all levels but an incomplete last one are black.
        full = (len(siblings) + 1).bit_length() - 1
        entry.child = _link(siblings, 0, full)
    return entries


def _link(siblings: list[Entry], level: int, full: int) -> int:
    if not siblings:
        return NOTHING
    middle = len(siblings) // 2
    node = siblings[middle]
    node.colour = RED if level >= full else BLACK
    node.left = _link(siblings[:middle], level + 1, full)
    node.right = _link(siblings[middle + 1 :], level + 1, full)
    return node.number


class _Sectors:
    """Chains in one allocation table: of the file in sectors, or of the mini stream in mini sectors."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.chunks: list[bytes] = []
        self.table: list[int] = []

    def add(self, data: bytes) -> int:
        """Stores `data`; returns its first sector."""
        if not data:
            return END
        first, count = len(self.table), -(-len(data) // self.size)
        self.table.extend(range(first + 1, first + count))
        self.table.append(END)
        self.chunks.append(data.ljust(count * self.size, b"\0"))
        return first

    def pack_data(self) -> bytes:
        return b"".join(self.chunks)


def _place_small_streams(entries: list[Entry]) -> _Sectors:
    mini = _Sectors(MINI_SECTOR)
    for entry in entries:
        if entry.kind == STREAM and len(entry.data) < MINI_CUTOFF:
            entry.start = mini.add(entry.data)
    return mini


def _assemble(entries: list[Entry], root: Entry, mini: _Sectors) -> bytes:
    file = _Sectors(SECTOR)
    for entry in entries:
        if entry is root or (entry.kind == STREAM and len(entry.data) >= MINI_CUTOFF):
            entry.start = file.add(entry.data)
    mini_fat = file.add(_packed_table(mini.table))
    directory = b"".join(entry.packed() for entry in entries)
    directory += UNUSED_ENTRY * (-len(entries) % (SECTOR // len(UNUSED_ENTRY)))
    directory_start = file.add(directory)
    fat_start, fat_count, difat_start, difat_count = _close_table(file)
    header = struct.pack(
        "<8s16xHHHHH6xIIIIIIIII",
        MAGIC,
        0x3E,
        3,
        0xFFFE,
        9,
        6,
        0,
        fat_count,
        directory_start,
        0,
        MINI_CUTOFF,
        mini_fat,
        -(-len(mini.table) // PER_SECTOR),
        difat_start,
        difat_count,
    )
    return header + _header_difat(fat_start, fat_count) + file.pack_data()


def _packed_table(table: list[int]) -> bytes:
    padding = -len(table) % PER_SECTOR
    return struct.pack(f"<{len(table) + padding}I", *table, *[FREE] * padding)


def _close_table(file: _Sectors) -> tuple[int, int, int, int]:
    """Adds the FAT and, past 109 FAT sectors, the DIFAT; both describe themselves, hence the little search."""
    used, fat, difat = len(file.table), 0, 0
    while True:
        need_fat = -(-(used + fat + difat) // PER_SECTOR)
        need_difat = max(0, -(-(need_fat - HEADER_DIFAT) // (PER_SECTOR - 1)))
        if (need_fat, need_difat) == (fat, difat):
            break
        fat, difat = need_fat, need_difat
    file.table += [FAT_SECTOR] * fat + [DIFAT_SECTOR] * difat
    file.chunks.append(_packed_table(file.table))
    later = list(range(used + HEADER_DIFAT, used + fat))
    for index in range(difat):
        part = later[index * (PER_SECTOR - 1) : (index + 1) * (PER_SECTOR - 1)]
        following = used + fat + index + 1 if index + 1 < difat else END
        file.chunks.append(struct.pack("<128I", *part, *[FREE] * (PER_SECTOR - 1 - len(part)), following))
    return used, fat, used + fat if difat else END, difat


def _header_difat(start: int, count: int) -> bytes:
    first = [start + index for index in range(min(count, HEADER_DIFAT))]
    return struct.pack("<109I", *first, *[FREE] * (HEADER_DIFAT - len(first)))
