"""Decompression of VBA streams: the `dir` stream and the source of every module ([MS-OVBA] 2.4.1).

Most of the time that a scan spends on a project is spent here. So the eight tokens of a flag byte are taken from a
table as runs of literals, which are copied as slices; `decompress_slowly` is the specification, word by word.
"""

from __future__ import annotations

from uptake.assess.documents.model import DocumentDefect, Status
from uptake.assess.extraction.twins import twins

CHUNK = 4096
"""Decompressed size of every chunk but the last ([MS-OVBA] 2.4.1.1.3)."""


def _literal_runs(flags: int) -> tuple[tuple[int, ...], int]:
    """For a flag byte: how many literals stand before each copy token, and how many behind the last one."""
    runs, literals = [], 0
    for bit in range(8):
        if flags >> bit & 1:
            runs.append(literals)
            literals = 0
        else:
            literals += 1
    return tuple(runs), literals


_RUNS = tuple(_literal_runs(flags) for flags in range(256))
_SHIFT = tuple(16 - max(4, (size - 1).bit_length() if size > 1 else 0) for size in range(CHUNK + 1))
"""By the decompressed size so far: how far a copy token's offset is shifted ([MS-OVBA] 2.4.1.3.19.1)."""
_MASK = tuple((1 << shift) - 1 for shift in _SHIFT)
_LONGEST_GROUP = 16
"""Bytes behind a flag byte: eight copy tokens."""


def decompress(data: bytes, limit: int) -> bytes:
    """The whole content; `DocumentDefect` where `data` is damaged or unpacks to more than `limit` bytes."""
    content, defect = decompress_tolerantly(data, limit)
    if defect is not None:
        raise defect
    return content


def decompress_tolerantly(data: bytes, limit: int) -> tuple[bytes, DocumentDefect | None]:
    """What can be unpacked, and what is wrong with the rest."""
    if twins is not None:
        content: bytes | None = twins.decompress(data, limit)
        if content is not None:
            return content, None
    return decompress_in_python(data, limit)


def decompress_in_python(data: bytes, limit: int) -> tuple[bytes, DocumentDefect | None]:
    """The same without the twin in C, which knows sound input only."""
    if data[:1] != b"\x01":
        return b"", DocumentDefect("compressed content does not start with its signature")
    chunks: list[bytes] = []
    position, end, room = 1, len(data), limit
    while position + 1 < end:
        header = data[position] | data[position + 1] << 8
        following = position + (header & 0xFFF) + 3
        if header & 0x7000 != 0x3000:
            return b"".join(chunks), DocumentDefect("a chunk of compressed content has a wrong signature")
        piece, sound = _chunk(data, position + 2, min(following, end), bool(header & 0x8000))
        chunks.append(piece)
        room -= len(piece)
        if room < 0:
            return b"".join(chunks)[:limit], DocumentDefect(f"more than {limit} bytes of source", Status.LIMIT_REACHED)
        if not sound or following > end:
            return b"".join(chunks), DocumentDefect("compressed content is damaged")
        position = following
    return b"".join(chunks), None


def _chunk(data: bytes, position: int, end: int, compressed: bool) -> tuple[bytes, bool]:
    """One chunk between two positions, and whether it was sound."""
    if not compressed:  # [MS-OVBA] 2.4.1.3.3: 4,096 bytes as they are
        return data[position:end], end - position <= CHUNK
    out = bytearray()
    try:
        position, sound = _whole_groups(data, position, end - _LONGEST_GROUP, out)
        while sound and position < end:
            position = _token_sequence_slowly(data, position, end, out)
    except (DocumentDefect, IndexError):  # IndexError: a token behind 4,096 bytes has no place in the tables
        sound = False
    return bytes(out[:CHUNK]), sound and len(out) <= CHUNK


def _whole_groups(data: bytes, position: int, safe: int, out: bytearray) -> tuple[int, bool]:
    """Unpacks groups of eight tokens that start before `safe`, where no group can run past the chunk's end."""
    runs, shifts, masks = _RUNS, _SHIFT, _MASK
    size = 0
    while position < safe:
        copies, rest = runs[data[position]]
        position += 1
        for literals in copies:
            if literals:
                out += data[position : position + literals]
                position += literals
                size += literals
            token = data[position] | data[position + 1] << 8
            position += 2
            start = size - (token >> shifts[size]) - 1
            length = (token & masks[size]) + 3
            if start < 0:
                return position, False
            if start + length <= size:
                out += out[start : start + length]
            else:  # the copy overlaps what it writes: a pattern repeats
                pattern = out[start:]
                out += (pattern * (length // len(pattern) + 1))[:length]
            size += length
        if rest:
            out += data[position : position + rest]
            position += rest
            size += rest
    return position, True


def decompress_slowly(data: bytes, limit: int) -> bytes:
    """The algorithm as [MS-OVBA] 2.4.1.3 writes it, token by token: the reference that `decompress` is held against."""
    if not data or data[0] != 1:
        raise DocumentDefect("compressed content does not start with its signature")
    out = bytearray()
    current = 1
    while current + 1 < len(data):
        current = _chunk_slowly(data, current, out)
        if len(out) > limit:
            raise DocumentDefect(f"more than {limit} bytes of source", Status.LIMIT_REACHED)
    return bytes(out)


def _chunk_slowly(data: bytes, start: int, out: bytearray) -> int:
    """Appends one chunk to `out`; returns where the next one starts ([MS-OVBA] 2.4.1.3.2)."""
    header = int.from_bytes(data[start : start + 2], "little")
    end = start + (header & 0xFFF) + 3
    if header >> 12 & 7 != 3:
        raise DocumentDefect("a chunk of compressed content has a wrong signature")
    if end > len(data):
        raise DocumentDefect("compressed content is damaged")
    if not header >> 15:
        if end - start - 2 > CHUNK:
            raise DocumentDefect("compressed content is damaged")
        out += data[start + 2 : end]
        return end
    chunk = bytearray()
    current = start + 2
    while current < end:
        current = _token_sequence_slowly(data, current, end, chunk)
    if len(chunk) > CHUNK:
        raise DocumentDefect("compressed content is damaged")
    out += chunk
    return end


def _token_sequence_slowly(data: bytes, current: int, end: int, chunk: bytearray) -> int:
    """Appends the tokens of one flag byte to `chunk` ([MS-OVBA] 2.4.1.3.4)."""
    flags = data[current]
    current += 1
    for index in range(8):
        if current >= end:
            break
        if not flags >> index & 1:
            chunk.append(data[current])
            current += 1
            continue
        if current + 1 >= end:
            raise DocumentDefect("compressed content is damaged")
        _copy_slowly(int.from_bytes(data[current : current + 2], "little"), chunk)
        current += 2
    return current


def _copy_slowly(token: int, chunk: bytearray) -> None:
    """Unpacks one copy token ([MS-OVBA] 2.4.1.3.19.2) and copies byte by byte ([MS-OVBA] 2.4.1.3.11)."""
    if len(chunk) > CHUNK:
        raise DocumentDefect("compressed content is damaged")
    bits = 4
    while 1 << bits < len(chunk):
        bits += 1
    length = (token & 0xFFFF >> bits) + 3
    offset = (token >> 16 - bits) + 1
    if offset > len(chunk):
        raise DocumentDefect("compressed content is damaged")
    for _ in range(length):
        chunk.append(chunk[-offset])
