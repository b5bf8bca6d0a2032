"""Compression of VBA source and of the dir stream, [MS-OVBA] 2.4.1.3.

A table of the last places of every three bytes finds matches, so that a module of 100 KB takes
about 50 ms.
"""

from __future__ import annotations

import struct

CHUNK = 4096
CANDIDATES = 8
"""Earlier places tried per position: more gains almost nothing on source code."""


def compress(data: bytes) -> bytes:
    """The compressed container of `data`: signature byte 0x01 and chunks of up to 4,096 bytes."""
    return b"\x01" + b"".join(_chunk(data[start : start + CHUNK]) for start in range(0, len(data), CHUNK))


def raw_container(data: bytes) -> bytes:
    """A container whose chunks are stored, not compressed; the last one is padded with zeros as the format wants."""
    chunks = (data[start : start + CHUNK].ljust(CHUNK, b"\0") for start in range(0, len(data), CHUNK))
    return b"\x01" + b"".join(struct.pack("<H", 0x3000 | (CHUNK - 1)) + chunk for chunk in chunks)


def _chunk(data: bytes) -> bytes:
    packed = _tokens(data)
    if len(packed) > CHUNK:
        return struct.pack("<H", 0x3000 | (CHUNK - 1)) + data.ljust(CHUNK, b"\0")
    return struct.pack("<H", 0xB000 | (len(packed) - 1)) + packed


def _tokens(data: bytes) -> bytes:
    """Flag bytes, each followed by its eight literal or copy tokens ([MS-OVBA] 2.4.1.3.8 to 2.4.1.3.19)."""
    out = bytearray()
    seen: dict[bytes, list[int]] = {}
    position, size = 0, len(data)
    while position < size:
        flag_at, flags = len(out), 0
        out.append(0)
        for bit in range(8):
            if position >= size:
                break
            offset, length, bits = _match(data, position, seen)
            if length >= 3:
                flags |= 1 << bit
                out += struct.pack("<H", (offset - 1) << (16 - bits) | (length - 3))
            else:
                out.append(data[position])
                length = 1
            for place in range(position, min(position + length, size - 2)):
                seen.setdefault(data[place : place + 3], []).append(place)
            position += length
        out[flag_at] = flags
    return bytes(out)


def _match(data: bytes, position: int, seen: dict[bytes, list[int]]) -> tuple[int, int, int]:
    """Longest earlier match as (offset, length, bits of the offset); length 0 where there is none."""
    places = seen.get(data[position : position + 3])
    if not places:
        return 0, 0, 0
    bits = max((position - 1).bit_length(), 4)
    longest = min((0xFFFF >> bits) + 3, len(data) - position)
    best, best_at = 0, 0
    for place in places[-1 : -CANDIDATES - 1 : -1]:
        length = _common(data, place, position, longest)
        if length > best:
            best, best_at = length, place
            if best == longest:
                break
    return position - best_at, best, bits


def _common(data: bytes, earlier: int, position: int, longest: int) -> int:
    length = 3
    while (
        length + 8 <= longest
        and data[earlier + length : earlier + length + 8] == (data[position + length : position + length + 8])
    ):
        length += 8
    while length < longest and data[earlier + length] == data[position + length]:
        length += 1
    return min(length, longest)
