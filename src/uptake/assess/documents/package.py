"""Package: the members of a zip file by its central directory, for OOXML and for plain archives (APPNOTE.TXT 4.3).

The standard library's reader makes an object of 28 attributes for every member; an estate is mostly packages of which
one member is wanted. This one reads the directory into tuples, and treats sizes, names and offsets as claims.
"""

from __future__ import annotations

import bz2
import zlib
from collections.abc import Iterable, Iterator
from itertools import pairwise
from struct import Struct
from struct import error as StructError  # noqa: N812
from typing import NamedTuple

from uptake.assess.documents.budget import Budget, Bytes, complain
from uptake.assess.documents.model import DocumentDefect, Status

_END = Struct("<4s4H2LH")  # 4.3.16 end of central directory
_END64_LOCATOR = Struct("<4sLQL")  # 4.3.15
_END64 = Struct("<4sQ2H2L4Q")  # 4.3.14
_CENTRAL = Struct("<4s4x2H4x3L3H8xL")  # 4.3.12
_LOCAL = Struct("<4s2x2H4x3L2H")  # 4.3.7
_LENGTHS = Struct("<2H").unpack_from
"""Of name and extra field in a local header, at its byte 26."""
_RATIO_FLOOR = 16 << 20
"""Below this many bytes no ratio is suspicious: empty bitmaps and blank sheets pack a thousand to one."""
_KEPT = 4096
"""Relationship parts up to this size are unpacked once (bytes)."""
STORED, DEFLATED, BZIP2 = 0, 8, 12


class Member(NamedTuple):
    """A row of the central directory: claims, not facts."""

    flags: int
    method: int
    crc: int
    packed: int
    size: int
    offset: int

    @property
    def is_encrypted(self) -> bool:
        return bool(self.flags & 1)


class Package:
    """A zip file as a `Container`; `DocumentDefect` when not even local headers can be found."""

    def __init__(self, data: Bytes, budget: Budget | None = None) -> None:
        self.data = data
        self.budget = budget or Budget()
        self.defects: list[str] = []
        self.members: dict[str, Member] = {}
        self.is_recovered = False
        """The directory could not be used, so members may be missing."""
        self._lower: dict[str, str] | None = None
        self._relations: dict[str, bytes] = {}
        try:
            self._read_directory()
        except (StructError, DocumentDefect) as problem:
            if isinstance(problem, DocumentDefect) and problem.status is Status.LIMIT_REACHED:
                raise
            self._recover()

    def names(self) -> list[str]:
        return list(self.members)

    def size(self, name: str) -> int:
        return self._member(name).size

    def find(self, name: str) -> str | None:
        """The member's name as written, found in any case: part names are equal regardless of it ([ECMA-376-2] 6.2)."""
        if name in self.members:
            return name
        if self._lower is None:
            self._lower = {known.lower(): known for known in self.members}
        return self._lower.get(name.lower())

    def read(self, name: str, limit: int | None = None) -> bytes:
        """One member, unpacked; a wrong checksum or size is noted in `defects`, worse is a `DocumentDefect`."""
        member = self._member(name)
        allowed = self.budget.limits.part_size if limit is None else limit
        if name in self._relations and member.size <= allowed:
            return self._relations[name]
        if member.size > allowed:
            raise DocumentDefect(f"part {name!r} is larger than {allowed} bytes", Status.LIMIT_REACHED)
        content = self._unpack(name, member, allowed + 1)
        if len(content) > allowed:
            raise DocumentDefect(f"part {name!r} is larger than {allowed} bytes", Status.LIMIT_REACHED)
        if self.is_recovered and member.flags & 8:  # size and checksum stand behind the content, unread
            return content
        if len(content) != member.size or zlib.crc32(content) != member.crc:
            self._note(f"part {name!r} does not have the size or the checksum that the zip directory says")
        elif len(content) <= _KEPT and name.endswith(".rels"):  # small, and asked for by everyone who follows links
            self._relations[name] = content
        return content

    def small_parts(self, names: Iterable[str], limit: int) -> Iterator[tuple[str, bytes]]:
        """What `read` gives for many small parts in a row; a part that it cannot read is passed over.

        A document has more relationship parts than any other, and the steps of `read` cost more than the unpacking: a part
        that is as the directory says is unpacked here, every other one by `read`.
        """
        members, kept, budget = self.members, self._relations, self.budget
        for name in names:
            content = kept.get(name)
            if content is None or len(content) > limit:
                try:
                    member = members[name]
                    content = self._as_promised(*member) if member.size <= limit else None
                    if content is None:
                        content = self.read(name, limit)
                    else:
                        budget.spend(len(content))
                except DocumentDefect:
                    continue
            yield name, content

    def _as_promised(self, flags: int, method: int, crc: int, packed: int, size: int, offset: int) -> bytes | None:
        """A small member that is deflated, in the clear and as the directory says; None: `read` has to look closer."""
        header = self.data[offset : offset + 30]
        if method != DEFLATED or flags & 1 or size > _RATIO_FLOOR or len(header) < 30 or header[:4] != b"PK\x03\x04":
            return None
        named, extra = _LENGTHS(header, 26)
        start = offset + 30 + named + extra
        content = self.data[start : start + packed]
        if len(content) < packed:
            return None
        try:
            content = zlib.decompressobj(-15).decompress(content, size + 1)
        except zlib.error:
            return None
        return content if len(content) == size and zlib.crc32(content) == crc else None

    def head(self, name: str, size: int) -> bytes:
        """The first `size` bytes of a member, or all of a shorter one."""
        return self._unpack(name, self._member(name), size)[:size]

    def _member(self, name: str) -> Member:
        try:
            return self.members[name]
        except KeyError:
            raise DocumentDefect(f"there is no part {name!r}") from None

    def _unpack(self, name: str, member: Member, most: int) -> bytes:
        """At most `most` bytes of a member."""
        if member.is_encrypted:
            raise DocumentDefect(f"part {name!r} is encrypted", Status.PASSWORD_PROTECTED)
        packed = self._packed(name, member)
        content = packed[:most] if member.method == STORED else _inflate(name, member.method, packed, most)
        self.budget.spend(len(content))
        if len(content) > _RATIO_FLOOR and len(content) > len(packed) * self.budget.limits.ratio:
            raise DocumentDefect(f"part {name!r} unpacks to a suspicious size", Status.LIMIT_REACHED)
        return content

    def _packed(self, name: str, member: Member) -> bytes:
        header = self.data[member.offset : member.offset + _LOCAL.size]
        if len(header) < _LOCAL.size or header[:4] != b"PK\x03\x04":
            raise DocumentDefect(f"part {name!r} is not where the zip directory says")
        *_, name_length, extra_length = _LOCAL.unpack(header)
        start = member.offset + _LOCAL.size + name_length + extra_length
        packed = self.data[start : start + member.packed]
        if len(packed) < member.packed:
            self._note(f"part {name!r} is cut off")
        return packed

    def _note(self, sentence: str) -> None:
        complain(self.defects, sentence)

    # The directory

    def _read_directory(self) -> None:
        start, size, count, shift = self._find_directory()
        limit = self.budget.limits.entries
        if count > limit:
            raise DocumentDefect(f"the zip directory has more than {limit} members", Status.LIMIT_REACHED)
        directory = self.data[start : start + size]
        if len(directory) < size:
            raise DocumentDefect("the zip directory is cut off")
        self._parse(directory, shift, limit)

    def _find_directory(self) -> tuple[int, int, int, int]:
        """Where the directory starts, its size, its number of members, and by how much all offsets are shifted."""
        data = self.data
        end = data.rfind(b"PK\x05\x06", max(0, len(data) - _END.size - 0xFFFF))
        if end < 0:
            raise DocumentDefect("the zip directory is missing")
        _, _, _, _, count, size, offset, _ = _END.unpack_from(data, end)
        locator = end - _END64_LOCATOR.size
        if locator >= 0 and data[locator : locator + 4] == b"PK\x06\x07":
            where = locator - _END64.size
            if where >= 0 and data[where : where + 4] == b"PK\x06\x06":
                *_, count, size, offset = _END64.unpack_from(data, where)
                end = where
        start = end - size
        if start < 0:
            raise DocumentDefect("the zip directory is cut off")
        return start, size, count, start - offset

    def _parse(self, directory: bytes, shift: int, limit: int) -> None:
        position, end, unpack, members = 0, len(directory), _CENTRAL.unpack_from, self.members
        reached = -1
        overlapping = repeated = False
        while position + 46 <= end:
            signature, flags, method, crc, packed, size, named, extra, comment, offset = unpack(directory, position)
            if signature != b"PK\x01\x02":
                raise DocumentDefect("the zip directory is damaged")
            raw = directory[position + 46 : position + 46 + named]
            if size == 0xFFFFFFFF or packed == 0xFFFFFFFF or offset == 0xFFFFFFFF:
                tail = directory[position + 46 + named : position + 46 + named + extra]
                packed, size, offset = _zip64(tail, packed, size, offset)
            position += 46 + named + extra + comment
            offset += shift
            if offset < reached:
                overlapping = True
            reached = offset + packed
            name = _member_name(raw, flags)
            if name in members:
                repeated = True
            members[name] = Member(flags, method, crc, packed, size, offset)
            if len(members) > limit:
                raise DocumentDefect(f"the zip directory has more than {limit} members", Status.LIMIT_REACHED)
        if repeated:
            self._note("several parts have the same name: the last one of each was read")
        if overlapping and self._has_overlap():
            self._note("parts of the zip file overlap")

    def _has_overlap(self) -> bool:
        spans = sorted((member.offset, member.offset + member.packed) for member in self.members.values())
        return any(before[1] > after[0] for before, after in pairwise(spans))

    def _recover(self) -> None:
        """Reads local headers one after another, for what a cut-off file still holds."""
        self.members.clear()
        self.is_recovered = True
        self._note("the zip directory is damaged: parts were read from their own headers")
        data = self.data
        position = data.find(b"PK\x03\x04")
        while 0 <= position <= len(data) - _LOCAL.size and len(self.members) < self.budget.limits.entries:
            _, flags, method, crc, packed, size, named, extra = _LOCAL.unpack_from(data, position)
            start = position + _LOCAL.size + named + extra
            following = data.find(b"PK\x03\x04", max(start, position + 4) + (0 if flags & 8 else packed))
            if flags & 8 and not packed:  # sizes stand behind the content: take all up to the next header
                packed = (following if following >= 0 else len(data)) - start
            raw = data[position + _LOCAL.size : position + _LOCAL.size + named]
            self.members.setdefault(_member_name(raw, flags), Member(flags, method, crc, packed, size, position))
            position = following
        if not self.members:
            raise DocumentDefect("the zip file is damaged", Status.INACCESSIBLE)


def _inflate(name: str, method: int, packed: bytes, most: int) -> bytes:
    if method == DEFLATED:
        try:
            return zlib.decompressobj(-15).decompress(packed, most)
        except zlib.error:
            return _inflate_start(name, packed, most)
    if method == BZIP2:
        try:
            return bz2.BZ2Decompressor().decompress(packed, most)
        except (OSError, ValueError, EOFError):
            raise DocumentDefect(f"part {name!r} is damaged") from None
    raise DocumentDefect(f"part {name!r} is packed by method {method}, which Office does not use")


def _inflate_start(name: str, packed: bytes, most: int) -> bytes:
    """What can be unpacked before the damage; `DocumentDefect` when that is nothing."""
    unpacker, pieces, size = zlib.decompressobj(-15), [], 0
    for position in range(0, len(packed), 512):
        try:
            piece = unpacker.decompress(packed[position : position + 512], most - size)
        except zlib.error:
            break
        pieces.append(piece)
        size += len(piece)
        if size >= most:
            break
    if not size:
        raise DocumentDefect(f"part {name!r} is damaged")
    return b"".join(pieces)


def _zip64(extra: bytes, packed: int, size: int, offset: int) -> tuple[int, int, int]:
    """The real numbers of a zip64 member (4.5.3); the claims as they are where the extra field lacks them."""
    position = 0
    while position + 4 <= len(extra):
        kind = int.from_bytes(extra[position : position + 2], "little")
        length = int.from_bytes(extra[position + 2 : position + 4], "little")
        if kind == 1:
            body = extra[position + 4 : position + 4 + length]
            numbers = iter([int.from_bytes(body[at : at + 8], "little") for at in range(0, len(body) - 7, 8)])
            size = next(numbers, size) if size == 0xFFFFFFFF else size
            packed = next(numbers, packed) if packed == 0xFFFFFFFF else packed
            offset = next(numbers, offset) if offset == 0xFFFFFFFF else offset
            break
        position += 4 + length
    return packed, size, offset


def _member_name(raw: bytes, flags: int) -> str:
    """A member's name with `/`; UTF-8 when flag 11 says so, else code page 437 (APPNOTE.TXT appendix D)."""
    name = raw.decode("utf-8", "surrogateescape") if flags & 0x800 or raw.isascii() else raw.decode("cp437")
    return name.replace("\\", "/") if "\\" in name else name
