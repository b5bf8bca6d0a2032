"""CompoundFile: the storages and streams of an OLE compound file, versions 3 and 4 ([MS-CFB]).

Hostile compound files are what this project exists to open, so every chain is bounded, every index is checked and no
stream is read before it is asked for. Tables are `array`s and a stream that lies in one piece is one slice.
"""

from __future__ import annotations

import sys
from array import array
from bisect import bisect_left
from codecs import utf_16_le_decode
from collections.abc import Iterator
from struct import Struct
from typing import NamedTuple

from uptake.assess.documents.budget import Budget, Bytes, complain
from uptake.assess.documents.model import DocumentDefect, Status

SIGNATURE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
MAX_SECTOR = 0xFFFFFFFA  # [MS-CFB] 2.1: MAXREGSECT
FREE_SECTOR = 0xFFFFFFFF
NO_ENTRY = 0xFFFFFFFF
STORAGE, STREAM, ROOT = 1, 2, 5  # [MS-CFB] 2.6.1, object types
DEEPEST = 64
"""Storages inside storages; Office's own files have no more than eight."""
_HEADER = Struct("<24xHHHHH6x I I I 4x I I I I I 109I")
_ENTRY = Struct("<64sHBxIII16s20xIQ")


class Entry(NamedTuple):
    """A stream of the directory: its first sector and its size in bytes."""

    start: int
    size: int


class CompoundFile:
    """A compound file as a `Container`; `DocumentDefect` when there is no directory that could be read.

    `storages` maps the path of every storage to its CLSID (16 bytes as stored, [MS-DTYP] 2.3.4.2); the root is `""`.
    """

    def __init__(self, data: Bytes, budget: Budget | None = None) -> None:
        self.data = data
        self.budget = budget or Budget()
        self.defects: list[str] = []
        self.storages: dict[str, bytes] = {}
        self.streams: dict[str, Entry] = {}
        self.is_incomplete = False
        """The directory could not be read to its end, so streams may be missing."""
        self._upper: dict[str, str] | None = None
        self._sorted: tuple[list[str], list[str]] | None = None
        self._mini_table: array[int] | None = None
        self._mini_stream: bytes | None = None
        self._root = Entry(FREE_SECTOR, 0)
        self._read_header()
        self._read_directory()

    def names(self) -> list[str]:
        return list(self.streams)

    def size(self, name: str) -> int:
        return self._entry(name).size

    def read(self, name: str, limit: int | None = None) -> bytes:
        """A whole stream; what lies past `limit` or the end of a broken chain makes a `DocumentDefect` or a defect."""
        entry = self._entry(name)
        allowed = self.budget.limits.part_size if limit is None else limit
        if entry.size > allowed:
            raise DocumentDefect(f"stream {name!r} is larger than {allowed} bytes", Status.LIMIT_REACHED)
        return self._read(name, entry, entry.size)

    def head(self, name: str, size: int) -> bytes:
        """The first `size` bytes of a stream, or all of a shorter one."""
        entry = self._entry(name)
        return self._read(name, entry, min(size, entry.size))

    def find(self, name: str) -> str | None:
        """The stream's name as written, found in any case."""
        if name in self.streams:
            return name
        if self._upper is None:
            self._upper = {known.upper(): known for known in self.streams}
        return self._upper.get(name.upper())

    def below(self, prefix: str) -> tuple[list[str], list[str]]:
        """Names of the streams and paths of the storages that start with a prefix."""
        if self._sorted is None:
            self._sorted = sorted(self.streams), sorted(self.storages)
        streams, storages = (
            names[bisect_left(names, prefix) : bisect_left(names, prefix + "\U0010ffff")] for names in self._sorted
        )
        return streams, storages

    def _entry(self, name: str) -> Entry:
        try:
            return self.streams[name]
        except KeyError:
            raise DocumentDefect(f"there is no stream {name!r}") from None

    def _read(self, name: str, entry: Entry, size: int) -> bytes:
        if not size:
            return b""
        self.budget.spend(min(size, len(self.data)))
        content = self._mini(entry.start, size) if entry.size < self._cutoff else self._chain(entry.start, size)
        if len(content) < size:
            complain(self.defects, f"stream {name!r} ends after {len(content)} of {size} bytes")
        return content

    # Header and sector tables: [MS-CFB] 2.2, 2.3, 2.5

    def _read_header(self) -> None:
        data = self.data
        if len(data) < 512 or data[:8] != SIGNATURE:
            raise DocumentDefect("the compound file ends inside its header", Status.INACCESSIBLE)
        fields = _HEADER.unpack_from(data)
        _, major, _, shift, mini_shift, _, fat_count, self._directory_start = fields[:8]
        self._cutoff, self._mini_table_start, self._mini_table_count, difat_start, difat_count = fields[8:13]
        if shift not in (9, 12) or mini_shift >= shift or mini_shift < 4:
            raise DocumentDefect("the header of the compound file is damaged", Status.INACCESSIBLE)
        self.version = major
        self._sector = 1 << shift
        self._mini_size = 1 << mini_shift
        self._sectors = (len(data) + self._sector - 1) // self._sector - 1
        self._table = self._load_table(self._fat_sectors(list(fields[13:]), fat_count, difat_start, difat_count))

    def _fat_sectors(self, sectors: list[int], count: int, start: int, difat_count: int) -> list[int]:
        """Where the FAT lies: 109 numbers in the header, the others in the chain of DIFAT sectors."""
        per_sector = self._sector // 4 - 1
        seen: set[int] = set()
        while count > len(sectors) and start < self._sectors and start not in seen and len(seen) < difat_count:
            seen.add(start)
            numbers = _numbers(self._slice(start, 1))
            sectors.extend(numbers[:per_sector])
            start = numbers[per_sector] if len(numbers) > per_sector else FREE_SECTOR
        wanted = [number for number in sectors[: min(count, len(sectors))] if number != FREE_SECTOR]
        if count > len(wanted) or any(number >= self._sectors for number in wanted):
            complain(self.defects, "the sector table of the compound file is incomplete")
        return wanted

    def _load_table(self, sectors: list[int]) -> array[int]:
        size = self._sector
        blank = b"\xff" * size
        longest = self._sectors * 4 // size + 1  # more FAT than the file could need is never read
        return _numbers(
            b"".join((self._slice(number, 1) or blank).ljust(size, b"\xff") for number in sectors[:longest])
        )

    def _slice(self, first: int, count: int) -> bytes:
        """`count` sectors in a row; short or empty where the file ends."""
        offset = (first + 1) * self._sector
        return self.data[offset : offset + count * self._sector]

    def _chain(self, start: int, size: int) -> bytes:
        """`size` bytes of the chain that starts at a sector; fewer where the chain or the file ends too early."""
        pieces = [self._slice(*run) for run in _runs(self._table, start, -(-size // self._sector))]
        return (pieces[0] if len(pieces) == 1 else b"".join(pieces))[:size]

    def _mini(self, start: int, size: int) -> bytes:
        """The same for the mini stream ([MS-CFB] 2.4): small streams in 64-byte sectors inside the root's stream."""
        if self._mini_stream is None:
            self._mini_stream = self._chain(self._root.start, min(self._root.size, len(self.data)))
            wanted = min(self._mini_table_count, self._sectors) * self._sector
            self._mini_table = _numbers(self._chain(self._mini_table_start, wanted))
        width, stream = self._mini_size, self._mini_stream
        runs = _runs(self._mini_table or array("I"), start, -(-size // width))
        return b"".join(stream[first * width : (first + count) * width] for first, count in runs)[:size]

    # Directory: [MS-CFB] 2.6

    def _read_directory(self) -> None:
        content = self._directory_bytes()
        usable = len(content) // _ENTRY.size * _ENTRY.size
        entries = list(_ENTRY.iter_unpack(content[:usable]))
        if not entries or entries[0][2] != ROOT:
            raise DocumentDefect("the directory of the compound file is damaged", Status.INACCESSIBLE)
        self._root = Entry(entries[0][7], entries[0][8] & 0xFFFFFFFF if self.version < 4 else entries[0][8])
        self.storages[""] = entries[0][6]
        paths = self._paths(entries)
        for number in sorted(paths):
            self._register(paths[number], entries[number])

    def _directory_bytes(self) -> bytes:
        table, sector = self._table, self._directory_start
        most = self.budget.limits.entries * _ENTRY.size // self._sector + 1
        numbers: dict[int, None] = {}
        while sector < self._sectors and sector < len(table) and sector not in numbers:
            if len(numbers) >= most:
                raise DocumentDefect("the directory of the compound file is too long", Status.LIMIT_REACHED)
            numbers[sector] = None
            sector = table[sector]
        if sector < MAX_SECTOR:
            self.is_incomplete = True
            complain(self.defects, "the directory of the compound file is incomplete")
            if not numbers and sector < self._sectors:
                numbers[sector] = None
        return b"".join([self._slice(number, 1) for number in numbers])

    def _paths(self, entries: list[tuple[bytes, int, int, int, int, int, bytes, int, int]]) -> dict[int, str]:
        """Paths by entry number; siblings are a binary tree whose order and colours are not trusted."""
        paths: dict[int, str] = {}
        seen = {0}
        pending = [(entries[0][5], "")]
        while pending:
            number, parent = pending.pop()
            if number == NO_ENTRY:
                continue
            if number >= len(entries) or number in seen:
                self._broken_tree()
                continue
            seen.add(number)
            raw, length, kind, left, right, child, *_ = entries[number]
            pending += ((left, parent), (right, parent))
            if kind not in (STORAGE, STREAM):
                self._broken_tree()
                continue
            path = parent + _name(raw, length)
            paths[number] = path
            if kind == STORAGE and path.count("/") < DEEPEST:
                pending.append((child, path + "/"))
        return paths

    def _broken_tree(self) -> None:
        self.is_incomplete = True
        complain(self.defects, "the directory of the compound file points to entries that are not there")

    def _register(self, path: str, entry: tuple[bytes, int, int, int, int, int, bytes, int, int]) -> None:
        _, _, kind, _, _, _, clsid, start, size = entry
        if kind == STORAGE:
            self.storages.setdefault(path, clsid)
        elif path in self.streams:
            complain(self.defects, f"two streams are called {path!r}: the first was read")
        else:
            self.streams[path] = Entry(start, size & 0xFFFFFFFF if self.version < 4 else size)


class Storage:
    """One storage of a compound file seen as a `Container` of its own: an embedded object."""

    def __init__(self, file: CompoundFile, root: str) -> None:
        self.file = file
        self.root = root
        self._prefix = root + "/" if root else ""
        skip = len(self._prefix)
        streams, storages = file.below(self._prefix)
        self.streams = {name[skip:]: file.streams[name] for name in streams}
        self.storages = {path[skip:]: file.storages[path] for path in storages}
        self.storages[""] = file.storages.get(root, bytes(16))

    def names(self) -> list[str]:
        return list(self.streams)

    def size(self, name: str) -> int:
        return self.file.size(self._prefix + name)

    def read(self, name: str, limit: int | None = None) -> bytes:
        return self.file.read(self._prefix + name, limit)

    def head(self, name: str, size: int) -> bytes:
        """The first `size` bytes of a stream, or all of a shorter one."""
        return self.file.head(self._prefix + name, size)

    def find(self, name: str) -> str | None:
        """The stream's name as written, found in any case."""
        found = self.file.find(self._prefix + name)
        return None if found is None else found[len(self._prefix) :]


def _numbers(content: bytes) -> array[int]:
    numbers = array("I")
    numbers.frombytes(content[: len(content) // 4 * 4])
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers


def _name(raw: bytes, length: int) -> str:
    """An entry's name; `/` cannot stand in one ([MS-CFB] 2.6.1) and must not forge a path here."""
    name, _ = utf_16_le_decode(raw[: max(0, min(length, 64) - 2) & ~1], "surrogatepass")
    return name.replace("/", "∕")


def _runs(table: array[int], start: int, count: int) -> Iterator[tuple[int, int]]:
    """The first `count` sectors of a chain as (first, length) of pieces that lie in a row."""
    if start + count <= len(table) and (
        count < 3 or table[start : start + count - 1] == array("I", range(start + 1, start + count))
    ):
        in_a_row = count < 2 or table[start] == start + 1
        if in_a_row:
            yield start, count
            return
    first, length, known = start, 0, len(table)
    sector = start
    for _ in range(min(count, known)):
        if sector >= known:
            break
        if sector != first + length:
            yield first, length
            first, length = sector, 0
        length += 1
        sector = table[sector]
    if length:
        yield first, length
