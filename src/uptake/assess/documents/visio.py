"""Visio drawings before 2013: the VBA project in chunks of the VisioDocument stream.

The format is not published. A trailer points to a tree of pointers; each pointer of type 0x1F leads to a block that is
LZ-compressed when its format says so and holds a 32-bit length and up to 8 KiB. Concatenated in the order of the file
the blocks are a compound file. Layout as in the Apache POI HDGF documentation, and found out on its sample drawings.
"""

from __future__ import annotations

from collections.abc import Iterator
from struct import Struct
from typing import NamedTuple

from uptake.assess.documents.budget import Visit, note
from uptake.assess.documents.compound import CompoundFile, Storage
from uptake.assess.documents.model import Document, DocumentDefect, Status
from uptake.assess.documents.projects import find_projects

_TRAILER = 0x24
_POINTER = Struct("<LLLLH")
_PROJECT_BLOCK = 0x1F
_COMPRESSED = 2
_BLOCK = 8192
_MOST_UNPACKED = 1 << 20
_MOST_POINTERS = 100_000


class Pointer(NamedTuple):
    """Where a stream of the drawing lies."""

    kind: int
    address: int
    offset: int
    length: int
    format: int


def inspect_drawing(document: Document, container: CompoundFile | Storage, name: str, visit: Visit) -> None:
    """Fills in what the VisioDocument stream holds."""
    document.format, document.host, document.status, document.reason = "vsd", "visio", Status.NO_VBA, ""
    stream = container.read(name)
    if len(stream) < 0x1C or not stream.startswith(b"Visio (TM) Drawing"):
        document.status, document.reason = Status.ERROR, "the VisioDocument stream is damaged"
        return
    if int.from_bytes(stream[0x1A:0x1C], "little") < 6:
        document.reason = "Visio 5 and older: VBA is not looked for"
        document.status = Status.NOT_READABLE_YET
        return
    project = b"".join(blocks(stream))
    if not project:
        return
    try:
        file = CompoundFile(project, visit.budget)
    except DocumentDefect as problem:
        note(document, f"the VBA project of the drawing: {problem}")
        document.status, document.reason = Status.ERROR, str(problem)
        return
    document.projects += find_projects(file, name)


def blocks(stream: bytes) -> Iterator[bytes]:
    """The pieces of the project's compound file, in the order of the file."""
    pointers = [pointer for pointer in walk(stream) if pointer.kind == _PROJECT_BLOCK]
    for pointer in sorted(pointers, key=lambda pointer: pointer.offset):
        content = _content(stream, pointer)
        size = int.from_bytes(content[:4], "little")
        if 0 < size <= _BLOCK:
            yield content[4 : 4 + size]


def walk(stream: bytes) -> Iterator[Pointer]:
    """Every pointer of the drawing, each once."""
    if len(stream) < _TRAILER + _POINTER.size:
        return
    pending = [Pointer(*_POINTER.unpack_from(stream, _TRAILER))]
    seen: set[int] = set()
    room = 2 * len(stream)  # no drawing points to its bytes twice, let alone to all of them from everywhere
    while pending and room > 0 and len(seen) < _MOST_POINTERS:
        pointer = pending.pop()
        if pointer.offset in seen or pointer.offset >= len(stream):
            continue
        seen.add(pointer.offset)
        room -= min(pointer.length, len(stream))
        yield pointer
        if _has_children(pointer):
            pending += _children(stream, pointer)


def _has_children(pointer: Pointer) -> bool:
    """Trailer, or a stream whose format says that pointers follow."""
    return pointer.kind == 0x14 or 0x1D <= pointer.format < 0x1F or 0x50 <= pointer.format < 0x60


def _children(stream: bytes, pointer: Pointer) -> list[Pointer]:
    """The pointers in a stream: where their number stands, their number, four bytes more, the pointers."""
    content = _content(stream, pointer)
    if pointer.format & _COMPRESSED:
        content = content[4:]
    start = int.from_bytes(content[:4], "little")
    count = int.from_bytes(content[start : start + 4], "little")
    start += 8
    count = min(count, (len(content) - start) // _POINTER.size)
    return [Pointer(*_POINTER.unpack_from(content, start + index * _POINTER.size)) for index in range(count)]


def _content(stream: bytes, pointer: Pointer) -> bytes:
    raw = stream[pointer.offset : pointer.offset + pointer.length]
    return unpack(raw, _MOST_UNPACKED) if pointer.format & _COMPRESSED else raw


def unpack(packed: bytes, limit: int) -> bytes:
    """Visio's LZ: a flag byte for eight items; bit 1 is a literal, bit 0 a copy from a ring of 4,096 bytes."""
    ring = bytearray(4096)
    out = bytearray()
    position, end = 0, len(packed)
    while position < end and len(out) < limit:
        flags = packed[position]
        position += 1
        for bit in range(8):
            if flags >> bit & 1:
                if position >= end:
                    break
                ring[len(out) & 4095] = packed[position]
                out.append(packed[position])
                position += 1
                continue
            if position + 1 >= end:
                position = end
                break
            low, high = packed[position], packed[position + 1]
            position += 2
            _copy(ring, out, low + ((high & 0xF0) << 4), (high & 15) + 3)
    return bytes(out[:limit])


def _copy(ring: bytearray, out: bytearray, pointer: int, length: int) -> None:
    source = pointer - 4078 if pointer > 4078 else pointer + 18
    for step in range(length):
        value = ring[(source + step) & 4095]
        ring[len(out) & 4095] = value
        out.append(value)
